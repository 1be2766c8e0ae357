"""What of the 3-D pane is made in threads: fine pictures where a processor draws, for a graphics card what it draws."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from dicomvtk.errors import RenderError
from dicomvtk.render.errands import Errands
from dicomvtk.render.fine import FinePictures
from dicomvtk.render.resolve import State
from dicomvtk.render.stage import Stage
from dicomvtk.volume import Volume

__all__ = ["Making"]

#: Between looks for what somebody waits for.
_PAUSE_SECONDS = 0.005

logger = logging.getLogger(__name__)


class Making:
    """The threads of one window, and what they bring to its stage, which `touch` tells.

    Without `in_thread` there are none, and the stage makes everything itself.
    """

    def __init__(self, touch: Callable[[], None], *, in_thread: bool) -> None:
        self.errands = Errands(in_thread=in_thread)
        self._touch = touch
        self._fine = FinePictures() if in_thread else None

    @property
    def in_thread(self) -> bool:
        """Whether a thread may draw fine pictures here."""
        return self._fine is not None

    def take_small_rays(self, stage: Stage, volume: Volume, state: State) -> None:
        """Have small rays made where there are none: nothing is to be seen in 3-D without them. `state` was applied."""
        if self._fine is None or not stage.lacks_rays(state):
            return
        rays = self._fine.small_rays(volume)
        if rays is not None:
            stage.offer_rays(rays)
            self._touch()
        else:
            self.lacks_fine(stage, state)

    def waits(self, stage: Stage, state: State) -> bool:
        """Return whether something of `state` in full is on its way, which this begins. `state` was applied."""
        if stage.in_thread:
            return self.lacks_fine(stage, state)
        if not self.errands.in_thread:
            return False
        before = stage.built
        waits = stage.begin(state)
        if stage.built != before:
            self._touch()
        return waits

    def lacks_fine(self, stage: Stage, state: State) -> bool:
        """Return whether the fine picture of `state`, which was applied, is being drawn, which this begins."""
        wanted = stage.fine_wanted(state)
        if wanted is None or self._fine is None:
            return False
        try:
            made = self._fine.ready(wanted)
        except RenderError as error:
            logger.debug("The 3-D pane is drawn in place: %s", error)
            stage.draw_in_place()
            self._fine = None
            self._touch()
            return False
        if made is not None:
            stage.offer_fine(made)
            self._touch()
        return made is None

    def wait(self, stage: Stage, state: State) -> None:
        """Come back when everything of `state`, which was applied, is there."""
        before = stage.built
        while self.lacks_fine(stage, state) or stage.waits(state):
            stage.apply(state)
            time.sleep(_PAUSE_SECONDS)
        if stage.built != before:
            self._touch()

    def give_up_others(self, stage: Stage, state: State) -> None:
        """Let the thread stop drawing what is not `state` any longer."""
        if self._fine is not None:
            self._fine.give_up_others(stage.fine_wanted(state))

    def stop(self) -> None:
        """Let the threads end at the next occasion."""
        self.errands.give_up()
        if self._fine is not None:
            self._fine.stop()

    def finish(self) -> None:
        """Stop, and wait for the threads."""
        self.stop()
        self.errands.finish()
        if self._fine is not None:
            self._fine.finish()
