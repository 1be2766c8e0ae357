"""One slice pane: the image cut by a plane, crosshair lines and labels, in a renderer of its own."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from vtkmodules.vtkCommonCore import vtkPoints
from vtkmodules.vtkCommonDataModel import vtkCellArray, vtkImageData, vtkPlane, vtkPolyData
from vtkmodules.vtkRenderingCore import (
    vtkActor2D,
    vtkCoordinate,
    vtkImageProperty,
    vtkImageSlice,
    vtkPolyDataMapper2D,
    vtkRenderer,
)
from vtkmodules.vtkRenderingImage import vtkImageResliceMapper

from dicomvtk.geometry import Float3
from dicomvtk.render.annotations import Corners
from dicomvtk.render.frame import PLANE_COLOURS, PaneFrame
from dicomvtk.render.labels import PaneLabels, font_size
from dicomvtk.render.layout import Rect, mm_per_pixel, point_on_screen, view_centre
from dicomvtk.render.planes import SlicePlane
from dicomvtk.render.resolve import State
from dicomvtk.render.scene import SliceLayer

__all__ = ["SlicePane", "slice_prop", "slice_style"]

#: Which plane a line along the screen's width, and one along its height, is the trace of.
_TRACES = {"axial": ("coronal", "sagittal"), "sagittal": ("axial", "coronal"), "coronal": ("axial", "sagittal")}
#: Half of the gap in the middle of the crosshair, so that it does not hide what it points at.
_GAP_PIXELS = 10


class SlicePane:
    """The VTK side of a slice plane; `apply` brings it to a state."""

    def __init__(self, name: str, image: vtkImageData, style: vtkImageProperty) -> None:
        self.renderer = vtkRenderer()
        self.renderer.SetBackground(0.0, 0.0, 0.0)
        self._name = name
        self._cut = vtkPlane()
        self._slice = slice_prop(image, self._cut, style)
        self.renderer.AddViewProp(self._slice)
        self._lines = [_line_actor(self.renderer, PLANE_COLOURS[trace]) for trace in _TRACES[name]]
        self._labels = PaneLabels(self.renderer)
        self._frame = PaneFrame(self.renderer, PLANE_COLOURS[name])
        self.renderer.GetActiveCamera().ParallelProjectionOn()

    def apply(self, state: State, plane: SlicePlane, corners: Corners, rect: Rect) -> None:
        """Show `plane` of `state` in a pane that takes `rect` of the window."""
        point = plane.shown_at(state.crosshair)
        self._cut.SetOrigin(*point)
        self._cut.SetNormal(*plane.normal)
        self._slice.SetVisibility(bool(state.shown(SliceLayer)))
        scale = mm_per_pixel(plane, state.pane_camera(plane.name), rect)
        self._look(state, plane, scale, rect)
        self._point(state, plane, point, scale, rect)
        self._frame.apply(rect, visible=state.layout == "quad")
        self._labels.apply(corners, plane.letters(), rect, visible=state.annotations)

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

    def _point(self, state: State, plane: SlicePlane, point: NDArray[np.float64], scale: float, rect: Rect) -> None:
        """Draw the traces of the other planes; they end short of the letters at the edge of the pane."""
        x, y = point_on_screen(plane, state.pane_camera(plane.name), rect, point)
        edge = 2.5 * font_size(rect) if state.annotations else 0.0
        across = (rect.x + edge - x, rect.x + rect.width - edge - x)
        down = (rect.y + edge - y, rect.y + rect.height - edge - y)
        inside = across[0] <= 0 <= across[1], down[0] <= 0 <= down[1]
        for line, direction, (low, high), seen in zip(
            self._lines, (plane.right, plane.up), (across, down), reversed(inside), strict=True
        ):
            line.SetVisibility(state.show_crosshair and seen)
            steps = [(low, min(-_GAP_PIXELS, high)), (max(_GAP_PIXELS, low), high)]
            ends = [point + step * scale * direction for pair in steps if pair[0] < pair[1] for step in pair]
            _set_segments(line, ends)


def slice_style(*, colour: bool) -> vtkImageProperty:
    """Return the property that slices of one volume share, so that window and level move together."""
    style = vtkImageProperty()
    style.SetAmbient(1.0)
    style.SetDiffuse(0.0)
    if not colour:
        style.SetUseLookupTableScalarRange(False)
    return style


def slice_prop(image: vtkImageData, cut: vtkPlane, style: vtkImageProperty) -> vtkImageSlice:
    """Return the prop of `image` cut by `cut`. Each renderer needs its own: VTK keeps one view's state in a mapper."""
    mapper = vtkImageResliceMapper()
    mapper.SetInputData(image)
    mapper.SetSlicePlane(cut)
    mapper.SliceFacesCameraOff()
    mapper.SliceAtFocalPointOff()
    mapper.BorderOn()  # half a voxel all around: also what makes a single slice visible
    mapper.AutoAdjustImageQualityOff()
    prop = vtkImageSlice()
    prop.SetMapper(mapper)
    prop.SetProperty(style)
    return prop


def _line_actor(renderer: vtkRenderer, colour: Float3) -> vtkActor2D:
    """Add two segments in patient space, drawn over the image whatever its depth."""
    coordinate = vtkCoordinate()
    coordinate.SetCoordinateSystemToWorld()
    mapper = vtkPolyDataMapper2D()
    mapper.SetInputData(vtkPolyData())
    mapper.SetTransformCoordinate(coordinate)
    actor = vtkActor2D()
    actor.SetMapper(mapper)
    actor.GetProperty().SetColor(colour)
    renderer.AddViewProp(actor)
    return actor


def _set_segments(actor: vtkActor2D, ends: list[NDArray[np.float64]]) -> None:
    points, lines = vtkPoints(), vtkCellArray()
    points.SetDataTypeToDouble()
    for number, end in enumerate(ends):
        points.InsertNextPoint(*end)
        if number % 2:
            lines.InsertNextCell(2)
            lines.InsertCellPoint(number - 1)
            lines.InsertCellPoint(number)
    segments = actor.GetMapper().GetInput()
    segments.SetPoints(points)
    segments.SetLines(lines)
