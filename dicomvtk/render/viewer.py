"""Pictures of a volume off screen, and a window to look around in: both draw a view on the same stage."""

from __future__ import annotations

import os

from dicomvtk.bridge.pipeline import quiet
from dicomvtk.errors import RenderError, UnsupportedError
from dicomvtk.render.drawable import drawable, frame_note
from dicomvtk.render.opengl import offscreen_window
from dicomvtk.render.pictures import Picture, check_suffix, grab, save_picture
from dicomvtk.render.resolve import resolve
from dicomvtk.render.scene import View
from dicomvtk.render.stage import Stage
from dicomvtk.volume import Volume

__all__ = ["show", "snapshot"]

#: No OpenGL draws more pixels along one side at once.
_LONGEST_SIDE = 16384


def snapshot(
    volume: Volume,
    path: str | os.PathLike[str] | None = None,
    view: View | None = None,
    size: tuple[int, int] = (1600, 1200),
) -> Picture:
    """Return the picture of `volume` that `view` describes, (height, width, 3) uint8, row 0 at the top.

    Drawn off screen; with `path` also saved there, PNG, JPEG or TIFF by suffix. `size` is (width, height) in pixels.
    Of a volume with further axes the first frame is drawn, and the picture says so.

    Raises
    ------
    UnsupportedError
        For another suffix, or a size that is not drawable.
    GeometryError
        Where the slices are not regular (`Volume.regular`).
    RenderError
        Where the machine has no OpenGL library, or VTK reports an error.
    """
    if path is not None:
        check_suffix(path)
    _check_size(size)
    drawn = drawable(volume)
    state = resolve(view or View(), drawn)
    with quiet() as said:
        window = offscreen_window()
        window.SetSize(*size)
        stage = Stage(drawn, window, frame_note(volume.axes))
        try:
            stage.apply(state)
            stage.render()
            picture = grab(window)
        finally:
            stage.close()
    if said.errors:
        raise RenderError(f"Cannot draw this view: {'; '.join(dict.fromkeys(said.errors))}")
    if path is not None:
        save_picture(picture, path)
    return picture


def show(volume: Volume, view: View | None = None) -> None:
    """Open a window on `volume` and return when it is closed (q, Esc, the window's own button)."""
    from dicomvtk.render.window import run_window

    run_window(volume, view or View())


def _check_size(size: tuple[int, int]) -> None:
    if len(size) != 2 or not all(1 <= int(side) <= _LONGEST_SIDE for side in size):
        raise UnsupportedError(f"Cannot draw {size} pixels; expected (width, height), each from 1 to {_LONGEST_SIDE}.")
