"""Pictures of a volume off screen, and a window to look around in: both draw a view on the same stage."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

import numpy as np

from dicomvtk.bridge.pipeline import quiet
from dicomvtk.errors import DicomVtkWarning, RenderError, UnsupportedError
from dicomvtk.render.around import Around
from dicomvtk.render.drawable import drawable, frame_note
from dicomvtk.render.opengl import offscreen_window
from dicomvtk.render.pictures import Picture, check_suffix, grab, save_picture
from dicomvtk.render.resolve import State, resolve
from dicomvtk.render.scene import View, VolumeLayer, checked_view
from dicomvtk.render.stage import Stage
from dicomvtk.render.viewpoints import outside
from dicomvtk.volume import Volume

if TYPE_CHECKING:
    from vtkmodules.vtkRenderingCore import vtkRenderWindow

__all__ = ["LONGEST_SIDE", "show", "snapshot"]

#: No OpenGL draws more pixels along one side at once.
LONGEST_SIDE = 16384


def snapshot(
    volume: Volume,
    path: str | os.PathLike[str] | None = None,
    view: View | None = None,
    size: tuple[int, int] = (1600, 1200),
) -> Picture:
    """Return the picture of `volume` that `view` describes, (height, width, 3) uint8, row 0 at the top.

    Drawn off screen; with `path` also saved there, PNG, JPEG or TIFF by suffix. `size` is (width, height) in pixels.
    Of a volume with further axes the frame that the view names is drawn, and the picture says so.

    Raises
    ------
    UnsupportedError
        For another suffix, or a size that is not drawable.
    GeometryError
        Where the slices are not regular (`Volume.regular`).
    RenderError
        Where VTK reports an error. A machine without an OpenGL library is none: the same is drawn without one, and a
        DicomVtkWarning says so.
    """
    if path is not None:
        check_suffix(path)
    _check_size(size)
    view = checked_view(view) or View()
    drawn = drawable(volume, view.frame)
    state = resolve(view, drawn)
    _warn(state, drawn)
    picture = _picture(drawn, state, size, frame_note(volume.axes, view.frame))
    if path is not None:
        save_picture(picture, path)
    return picture


def _picture(drawn: Volume, state: State, size: tuple[int, int], note: str) -> Picture:
    """Return the picture by OpenGL; without one by NumPy, with a warning that names what to install."""
    with quiet() as said:
        try:
            window = offscreen_window()
            window.SetSize(*size)
        except RenderError as error:
            warnings.warn(f"{error} Drawn without it.", DicomVtkWarning, stacklevel=3)
            from dicomvtk.render.flat_window import FlatWindow

            window = cast("vtkRenderWindow", FlatWindow(size))
        stage = Stage(drawn, window, note)
        try:
            stage.apply(state)
            stage.render()
            picture = grab(window)
        finally:
            stage.close()
    if said.errors:
        raise RenderError(f"Cannot draw this view: {'; '.join(dict.fromkeys(said.errors))}")
    return picture


def show(
    volume: Volume, view: View | None = None, around: Around | None = None, size: tuple[int, int] | None = None
) -> View:
    """Open a window on `volume` and return its view when it is closed (q, Esc, Ctrl-C, the window's own button).

    `around` gives the window the other series of the folder and the header; `size` in pixels is met where the screen
    has it.
    """
    from dicomvtk.render.window import run_window

    view = checked_view(view)
    if size is not None:
        _check_size(size)
    if view is not None:
        _warn(view, volume)
    return run_window(volume, view, around, size)


def _warn(view: View, volume: Volume) -> None:
    """Say what of `view` is not as `volume` is: nobody would see it in the picture."""
    modality = volume.info.modality
    presets = [layer.preset for layer in view.layers or () if isinstance(layer, VolumeLayer) and layer.visible]
    odd = [preset for preset in presets if preset and preset.startswith("ct-") and modality not in ("", "CT")]
    told = [f"The colours of {preset} are those of HU: of {modality} they may show nothing." for preset in odd]
    for text in filter(None, (outside(view, volume), *told)):
        warnings.warn(text, DicomVtkWarning, stacklevel=4)


def _check_size(size: tuple[int, int]) -> None:
    sides = tuple(size) if isinstance(size, Sequence) else ()
    if len(sides) != 2 or not all(isinstance(side, int | np.integer) and 1 <= side <= LONGEST_SIDE for side in sides):
        raise UnsupportedError(
            f"Cannot draw {size!r} pixels; expected (width, height), whole numbers from 1 to {LONGEST_SIDE}."
        )
