"""The colours of the panes, and the thin line around each that tells it from its neighbours."""

from __future__ import annotations

from vtkmodules.vtkCommonCore import vtkPoints
from vtkmodules.vtkCommonDataModel import vtkCellArray, vtkPolyData
from vtkmodules.vtkRenderingCore import vtkActor2D, vtkCoordinate, vtkPolyDataMapper2D, vtkRenderer

from dicomvtk.geometry import Float3
from dicomvtk.render.layout import Rect

__all__ = ["PLANE_COLOURS", "PaneFrame"]

#: The colour of each plane's trace in the other panes and of its own frame.
PLANE_COLOURS: dict[str, Float3] = {
    "axial": (0.90, 0.38, 0.33),
    "sagittal": (0.95, 0.80, 0.30),
    "coronal": (0.42, 0.80, 0.46),
    "3d": (0.45, 0.62, 0.85),
}
_DIMMED = 0.45


class PaneFrame:
    """A line of one pixel along the inner edge of a pane: outside it, it would overwrite the neighbour."""

    def __init__(self, renderer: vtkRenderer, colour: Float3) -> None:
        pixels = vtkCoordinate()
        pixels.SetCoordinateSystemToViewport()
        lines = vtkCellArray()
        lines.InsertNextCell(5)
        for corner in (0, 1, 2, 3, 0):
            lines.InsertCellPoint(corner)
        self._outline = vtkPolyData()
        self._outline.SetLines(lines)
        mapper = vtkPolyDataMapper2D()
        mapper.SetInputData(self._outline)
        mapper.SetTransformCoordinate(pixels)
        self._actor = vtkActor2D()
        self._actor.SetMapper(mapper)
        self._actor.GetProperty().SetColor(*(_DIMMED * c for c in colour))
        renderer.AddViewProp(self._actor)

    def apply(self, rect: Rect, *, visible: bool) -> None:
        """Go along the edge of a pane that takes `rect`."""
        right, top = rect.width - 1, rect.height - 1
        points = vtkPoints()  # VTK draws a line at 0 half outside: from 1 to width - 1 is the whole pane
        for x, y in ((1, 1), (right, 1), (right, top), (1, top)):
            points.InsertNextPoint(x, y, 0.0)
        self._outline.SetPoints(points)
        self._actor.SetVisibility(visible)
