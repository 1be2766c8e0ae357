"""Rays made ready in a thread, so that nobody waits for them."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from vtkmodules.vtkRenderingCore import vtkRenderer, vtkVolume

from dicomvtk.errors import RenderError
from dicomvtk.render.layers import VolumeLayer
from dicomvtk.render.opengl import offscreen_window
from dicomvtk.volume import Volume

if TYPE_CHECKING:
    from dicomvtk.render.raycast import Raycast

__all__ = ["RaysAhead"]

#: A window this small is drawn in no time: what takes seconds is what the mapper makes of the volume before.
_SIDE_PIXELS = 8


class RaysAhead:
    """The `Raycast` of a volume for the processor, with the gradients that its first drawing takes seconds for.

    One is made at a time; what is no longer wanted is let go when it is done.
    """

    def __init__(self) -> None:
        self._thread: threading.Thread | None = None
        self._volume: Volume | None = None
        self._made: Raycast | None = None
        self._failure: BaseException | None = None

    def ready(self, volume: Volume, layer: VolumeLayer) -> Raycast | None:
        """Return the rays of `volume`, once; None while they are being made, which this begins where it is not so.

        Raises what went wrong in the making.
        """
        if self._thread is not None and self._thread.is_alive():
            return None
        if self._thread is None or self._volume is not volume:
            self._volume, self._made = volume, None
            self._thread = threading.Thread(target=self._make, args=(volume, layer), daemon=True)
            self._thread.start()
            return None
        made, failure = self._made, self._failure
        self._thread = self._volume = self._made = self._failure = None
        if failure is not None:
            raise failure
        return made

    def finish(self) -> None:
        """Wait for the thread: VTK must not be at work when the process ends."""
        if self._thread is not None:
            self._thread.join()

    def _make(self, volume: Volume, layer: VolumeLayer) -> None:
        from dicomvtk.render.raycast import Raycast

        try:
            made = Raycast(volume, software=True)
            made.set_look(layer)
            _draw_once(made.prop)
            self._made = made
        except BaseException as error:
            self._failure = error


def _draw_once(prop: vtkVolume) -> None:
    """Draw `prop` out of sight: VTK gives other threads their turn during `Render`, and nowhere else (VTK 9.7)."""
    try:
        window = offscreen_window()
    except RenderError:  # then its first drawing takes long, and that is all
        return
    if not window.IsA("vtkXOpenGLRenderWindow"):  # libX11 is for one thread
        renderer = vtkRenderer()
        window.SetSize(_SIDE_PIXELS, _SIDE_PIXELS)
        window.AddRenderer(renderer)
        renderer.AddVolume(prop)
        renderer.ResetCamera()
        window.Render()
        renderer.RemoveVolume(prop)
    window.Finalize()
