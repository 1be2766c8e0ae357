"""Small pictures for a list of series: a slice as its pane would show it."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from dicomvtk.bridge.images import to_vtk
from dicomvtk.render.annotations import Corners
from dicomvtk.render.around import Thumbnail
from dicomvtk.render.drawable import drawable
from dicomvtk.render.flat_window import FlatWindow
from dicomvtk.render.greys import ColourTables
from dicomvtk.render.layout import Rect
from dicomvtk.render.pictures import grab
from dicomvtk.render.planes import slice_planes
from dicomvtk.render.resolve import resolve
from dicomvtk.render.scene import PLANES, View
from dicomvtk.render.slice_pane import SlicePane, slice_style, style_slices
from dicomvtk.volume import Volume

if TYPE_CHECKING:
    from vtkmodules.vtkRenderingCore import vtkRenderWindow

__all__ = ["thumbnail"]


def thumbnail(volume: Volume, pixels: int) -> Thumbnail:
    """Return the only slice of `volume` in a square of `pixels`, (row, column, 3), or its middle one as acquired.

    Window, VOI LUT, colours, orientation and the shape of pixels are those of its pane. Drawn without OpenGL, and so in
    any thread.
    """
    shown = drawable(volume)
    state = resolve(View(layout="three", annotations=False, show_crosshair=False), shown)
    planes = slice_planes(shown.geometry)
    name = state.layout if state.layout in PLANES else next(n for n in PLANES if planes[n].axis == 2)
    style = slice_style(colour=shown.is_colour)
    style_slices(style, state, shown, ColourTables())
    pane = SlicePane(name, shown, to_vtk(shown), style)
    pane.apply(state, planes, Corners(), Rect(0, 0, pixels, pixels))
    window = FlatWindow((pixels, pixels))
    window.AddRenderer(pane.renderer)
    window.Render()
    return grab(cast("vtkRenderWindow", window))
