"""One volume being looked at: the state now, the stage that shows it, and when to draw."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from vtkmodules.vtkRenderingCore import vtkRenderWindow

from dicomvtk.errors import DicomVtkError
from dicomvtk.render.drawable import drawable, frame_note
from dicomvtk.render.layout import Rect
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
        self.volume = drawable(volume)
        self.state = self._first = resolve(view, self.volume)
        self.failure: BaseException | None = None
        self.closed = False
        self._stage = Stage(self.volume, window, frame_note(volume.axes))
        self._stage.apply(self.state, build_3d=False)
        self._stale = True
        self._coarse = False

    @property
    def rects(self) -> dict[str, Rect]:
        """The rectangle of each visible pane in the window, pixels from the lower left."""
        return self._stage.rects

    @property
    def planes(self) -> dict[str, SlicePlane]:
        return self._stage.planes

    def update(self, view: View) -> None:
        """Make `view` what is shown from the next `draw` on."""
        state = resolve(view, self.volume)
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

    def draw(self, *, coarse: bool = False, build_3d: bool = True) -> bool:
        """Bring the window up to date if it is not; return whether anything was drawn. `coarse` casts fewer rays."""
        if not (self._stale or self._stage.resized or (self._coarse and not coarse)):
            return False
        self._stage.apply(self.state, build_3d=build_3d)
        self._stage.render(coarse=coarse)
        self._stale, self._coarse = not build_3d, coarse
        return True

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
