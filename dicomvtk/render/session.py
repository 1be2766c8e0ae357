"""One volume being looked at: the state now, the stage that shows it, and when to draw."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from vtkmodules.vtkRenderingCore import vtkRenderWindow

from dicomvtk.errors import DicomVtkError
from dicomvtk.render.drawable import drawable, frame_note, whole_frame
from dicomvtk.render.layout import Rect
from dicomvtk.render.pane_3d import Detail
from dicomvtk.render.pictures import grab, save_picture
from dicomvtk.render.planes import SlicePlane
from dicomvtk.render.resolve import resolve
from dicomvtk.render.scene import View
from dicomvtk.render.stage import Stage
from dicomvtk.volume import Volume

__all__ = ["Session"]

logger = logging.getLogger(__name__)


class Session:
    """What interaction works on. Every change is a new state; drawing waits for `draw`, once for many events."""

    def __init__(self, volume: Volume, view: View, window: vtkRenderWindow) -> None:
        self.failure: BaseException | None = None
        self.closed = False
        self._window = window
        self._stale = True
        self._coarse = False
        self._begin(volume, view)

    def _begin(self, volume: Volume, view: View) -> None:
        self.source = volume
        view = replace(view, frame=whole_frame(volume.axes, view.frame))
        self.volume = drawable(volume, view.frame)
        self.state = self._first = resolve(view, self.volume)
        self._stage = Stage(self.volume, self._window, frame_note(volume.axes, view.frame))
        self._stage.apply(self.state, detail=Detail.NOTHING)

    def open(self, volume: Volume, view: View | None = None) -> None:
        """Look at another volume in the same window; layout, text and lines stay as they are."""
        old = self.state
        self._stage.clear()
        kept = View(
            layout=old.layout,
            annotations=old.annotations,
            show_crosshair=old.show_crosshair,
            neurological=old.neurological,
            background=old.background,
        )
        self._begin(volume, view or kept)
        self.touch()

    @property
    def rects(self) -> dict[str, Rect]:
        """The rectangle of each visible pane in the window, pixels from the lower left."""
        return self._stage.rects

    @property
    def planes(self) -> dict[str, SlicePlane]:
        return self._stage.planes

    def update(self, view: View) -> None:
        """Make `view` what is shown from the next `draw` on."""
        frame = whole_frame(self.source.axes, view.frame)
        if frame != self.state.frame:
            self.volume = drawable(self.source, frame)
            self._stage.set_volume(self.volume, frame_note(self.source.axes, frame))
        state = resolve(replace(view, frame=frame), self.volume)
        if state != self.state:
            self.state = state
            self._stage.say("")
            self.touch()

    def reset(self) -> None:
        """Show again what the window began with."""
        self.update(self._first)

    def touch(self) -> None:
        """Ask for a fresh drawing."""
        self._stale = True

    def say(self, text: str) -> None:
        """Show one line at the foot of the window until the next change."""
        self._stage.say(text)
        self.touch()

    def draw(self, *, coarse: bool = False, detail: Detail = Detail.FULL) -> bool:
        """Bring the window up to date if it is not; return whether anything was drawn.

        `coarse` casts fewer rays; `detail` is how much of what takes long may be made now.
        """
        stale = self._stale or self._stage.resized or (self._coarse and not coarse)
        if not stale and not self.lacks(detail):
            return False
        self._stage.apply(self.state, detail=detail)
        self._stage.render(coarse=coarse)
        self._stale, self._coarse = False, coarse
        return True

    def lacks(self, detail: Detail) -> bool:
        """Return whether a drawing of so much detail would show more than there is."""
        return self._stage.lacks(self.state, detail)

    def save_screenshot(self) -> Path:
        """Save what the window shows as dicomvtk-N.png in the working directory, and say so; return the path."""
        path = next(p for p in (Path(f"dicomvtk-{n}.png").resolve() for n in range(1, 1_000_000)) if not p.exists())
        self._stage.say("")
        self.touch()
        self.draw()
        save_picture(grab(self._stage.window), path)
        self.say(f"Saved {path}")
        return path

    def guarded(self, handler: Callable[[], None]) -> Callable[..., None]:
        """Return `handler` as a VTK observer: VTK would print an exception and go on.

        What this package refuses (a folder that cannot be written) is told in the window; anything else ends the
        session and is kept in `failure`.
        """

        def observer(_source: Any, _event: str) -> None:
            try:
                handler()
            except DicomVtkError as error:
                self.say(str(error))
            except BaseException as error:
                self.failure = self.failure or error
                self.closed = True

        return observer

    def close(self) -> None:
        """End the session at the next occasion."""
        self.closed = True

    def release(self) -> None:
        """Give the window back."""
        self._stage.close()
