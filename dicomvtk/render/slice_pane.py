"""One slice pane: the image cut by a plane, crosshair lines and labels, in a renderer of its own."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from vtkmodules.vtkCommonDataModel import vtkImageData, vtkPlane
from vtkmodules.vtkRenderingCore import vtkImageProperty, vtkImageSlice, vtkRenderer
from vtkmodules.vtkRenderingImage import vtkImageResliceMapper

from dicomvtk.bridge.images import to_vtk
from dicomvtk.bridge.mapper_input import MapperInput
from dicomvtk.geometry import Geometry
from dicomvtk.render.annotations import Corners, unit_text
from dicomvtk.render.frame import PLANE_COLOURS, PaneFrame
from dicomvtk.render.greys import ColourTables, bar_colours, shown_range, voi_of
from dicomvtk.render.labels import PaneLabels, font_size
from dicomvtk.render.layout import Rect, mm_per_pixel, point_on_screen, view_centre
from dicomvtk.render.pixel_shapes import PixelLines, clipped
from dicomvtk.render.planes import SlicePlane
from dicomvtk.render.resolve import State
from dicomvtk.render.scales import BAR_COLOURS, ColourBar, Ruler
from dicomvtk.render.scene import PLANES, SliceLayer
from dicomvtk.render.slab import slab_slice, slices_across
from dicomvtk.render.text import is_light
from dicomvtk.volume import Volume

__all__ = ["SlicePane", "slice_prop", "slice_style", "style_slices"]

_SLAB_TYPES = {"min": 0, "max": 1, "mean": 2}  # VTK_IMAGE_SLAB_MIN, _MAX, _MEAN
#: Half of the gap in the middle of the crosshair, so that it does not hide what it points at.
_GAP_PIXELS = 10
_BLACK = (0.0, 0.0, 0.0)
#: How dark the edge of a trace is.
_EDGE = 0.45
#: Samples across an oblique slab, for each voxel of its thickness: while something moves, and when it rests.
_COARSE_SLAB, _FINE_SLAB = 1, 2


class SlicePane:
    """The VTK side of a slice plane; `apply` brings it to a state."""

    def __init__(self, name: str, volume: Volume, image: vtkImageData, style: vtkImageProperty) -> None:
        self.renderer = vtkRenderer()
        self._name = name
        self._cut = vtkPlane()
        self._slice = slice_prop(self._cut, style)
        self._input = MapperInput(self._slice.GetMapper())
        self.renderer.AddViewProp(self._slice)
        # Over what is bright as they are the lines would not be seen without an edge.
        self._edges = {
            other: PixelLines(self.renderer, _BLACK, 3.0, opacity=_EDGE) for other in PLANES if other != name
        }
        self._traces = {other: PixelLines(self.renderer, PLANE_COLOURS[other]) for other in PLANES if other != name}
        self._labels = PaneLabels(self.renderer)
        self._ruler = Ruler(self.renderer)
        self._colour_bar = ColourBar(self.renderer)
        self._frame = PaneFrame(self.renderer, PLANE_COLOURS[name])
        self.renderer.GetActiveCamera().ParallelProjectionOn()
        self.set_volume(volume, image)

    def set_volume(self, volume: Volume, image: vtkImageData) -> None:
        """Show another volume on the same grid; `image` is the same for VTK."""
        self._volume, self._image = volume, image
        self._shown: object = None

    def apply(self, state: State, planes: dict[str, SlicePlane], corners: Corners, rect: Rect) -> None:
        """Show this pane's plane of `state` where it takes `rect` of the window."""
        plane = planes[self._name]
        point = plane.shown_at(state.crosshair)
        self.renderer.SetBackground(*(state.background or _BLACK))
        self._cut.SetOrigin(*point)
        self._cut.SetNormal(*plane.normal)
        self._thicken(state, plane)
        self._slice.SetVisibility(bool(state.shown(SliceLayer)))
        scale = mm_per_pixel(plane, state.pane_camera(plane.name), rect)
        self._look(state, plane, scale, rect)
        self._point(state, planes, point, rect)
        font, light = font_size(rect), is_light(state.background)
        self._frame.apply(rect, visible=len(state.panes) > 1)
        self._labels.apply(corners, plane.letters(), rect, visible=state.annotations, light=light)
        measured = state.annotations and _states_mm(self._volume.geometry)
        self._ruler.apply(rect, scale, font, self._labels.free, visible=measured, light=light)
        barred = state.colour_bar and not self._volume.is_colour
        ends, colours = bar_colours(state, self._volume, BAR_COLOURS if barred else 0)
        self._colour_bar.apply(rect, ends, unit_text(self._volume), colours, font, visible=barred, light=light)

    def set_coarse(self, coarse: bool) -> None:
        """Sample oblique slabs less, for as long as something moves."""
        self._slice.GetMapper().SetSlabSampleFactor(_COARSE_SLAB if coarse else _FINE_SLAB)

    def _thicken(self, state: State, plane: SlicePlane) -> None:
        """Give the mapper the volume, or one slice made of many where they lie along the grid."""
        mapper = self._slice.GetMapper()
        count = slices_across(state.slab.thickness_mm, plane.step_mm)
        if count > 1 and plane.snaps and not self._volume.is_colour:
            index = round(float(self._volume.geometry.physical_to_index(plane.shown_at(state.crosshair))[plane.axis]))
            wanted = (plane.axis, index, count, state.slab.blend)
            if wanted != self._shown:
                self._input.give(to_vtk(slab_slice(self._volume, *wanted)))
                mapper.SetSlabThickness(0.0)
                self._shown = wanted
            return
        if self._shown != "volume":
            self._input.give(self._image)
            self._shown = "volume"
        mapper.SetSlabThickness(state.slab.thickness_mm if count > 1 else 0.0)
        mapper.SetSlabType(_SLAB_TYPES[state.slab.blend])

    def _look(self, state: State, plane: SlicePlane, scale: float, rect: Rect) -> None:
        pan = state.pane_camera(plane.name).pan_mm
        focus = view_centre(plane, state.crosshair) + pan[0] * plane.right + pan[1] * plane.up
        distance = float(np.linalg.norm(plane.size_mm)) + plane.step_mm
        camera = self.renderer.GetActiveCamera()
        camera.SetFocalPoint(*focus)
        camera.SetPosition(*(focus - distance * plane.into))
        camera.SetViewUp(*plane.up)
        camera.SetParallelScale(scale * rect.height / 2)
        camera.SetClippingRange(distance / 2, distance * 1.5)

    def _point(self, state: State, planes: dict[str, SlicePlane], point: NDArray[np.float64], rect: Rect) -> None:
        """Draw the traces of the other planes; they end short of the letters at the edge of the pane."""
        plane = planes[self._name]
        x, y = point_on_screen(plane, state.pane_camera(plane.name), rect, point)
        edge = 2.5 * font_size(rect) if state.annotations else 0.0
        at = (x + 0.5 - rect.x, y + 0.5 - rect.y)
        box = (edge, edge, rect.width - edge, rect.height - edge)
        for other, lines in self._traces.items():
            along = plane.trace_of(planes[other])
            direction = (float(along @ plane.right), float(along @ plane.up))
            segments = clipped(at, direction, box, _GAP_PIXELS) if state.show_crosshair else []
            lines.draw(segments)
            self._edges[other].draw(segments)


def slice_style(*, colour: bool) -> vtkImageProperty:
    """Return the property that slices of one volume share, so that window and level move together."""
    style = vtkImageProperty()
    style.SetAmbient(1.0)
    style.SetDiffuse(0.0)
    if not colour:
        style.SetUseLookupTableScalarRange(False)
    return style


def style_slices(style: vtkImageProperty, state: State, volume: Volume, tables: ColourTables) -> None:
    """Give `style` the window, colours and interpolation of `state`."""
    span = shown_range(voi_of(state, volume))
    style.SetColorWindow(span.width)
    style.SetColorLevel(span.centre)
    if not volume.is_colour:
        style.SetLookupTable(tables.table(state, volume))
    if state.interpolation:
        style.SetInterpolationTypeToLinear()
    else:
        style.SetInterpolationTypeToNearest()


def slice_prop(cut: vtkPlane, style: vtkImageProperty) -> vtkImageSlice:
    """Return the prop of an image, yet to be given to its mapper, cut by `cut`.

    Each renderer needs its own: VTK keeps one view's state in a mapper.
    """
    mapper = vtkImageResliceMapper()
    mapper.SetSlicePlane(cut)
    mapper.SliceFacesCameraOff()
    mapper.SliceAtFocalPointOff()
    mapper.BorderOn()  # half a voxel all around: also what makes a single slice visible
    mapper.AutoAdjustImageQualityOff()
    prop = vtkImageSlice()
    prop.SetMapper(mapper)
    prop.SetProperty(style)
    return prop


def _states_mm(geometry: Geometry) -> bool:
    """False for images without a place whose pixels merely count as 1 mm: no ruler may measure them."""
    return geometry.placed or geometry.spacing[:2] != (1.0, 1.0)
