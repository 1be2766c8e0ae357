"""Lines and coloured boxes drawn over a pane, in pixels from its lower left corner."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from vtkmodules.vtkCommonCore import vtkPoints, vtkUnsignedCharArray
from vtkmodules.vtkCommonDataModel import vtkCellArray, vtkPolyData
from vtkmodules.vtkRenderingCore import vtkActor2D, vtkCoordinate, vtkPolyDataMapper2D, vtkRenderer

from dicomvtk.geometry import Float3

__all__ = ["PixelBoxes", "PixelLines", "Segment", "clipped"]

#: x and y of one end, x and y of the other.
Segment = tuple[float, float, float, float]


class PixelLines:
    """Straight lines of one colour."""

    def __init__(self, renderer: vtkRenderer, colour: Float3, width: float = 1.0, opacity: float = 1.0) -> None:
        self._data, self._actor = _shape(renderer)
        self._actor.GetProperty().SetColor(*colour)
        self._actor.GetProperty().SetLineWidth(width)
        self._actor.GetProperty().SetOpacity(opacity)
        self._now: tuple[Segment, ...] | None = None

    def set_colour(self, colour: Float3) -> None:
        self._actor.GetProperty().SetColor(*colour)

    def draw(self, segments: Sequence[Segment]) -> None:
        """Show these lines, and no others."""
        wanted = tuple(segments)
        self._actor.SetVisibility(bool(wanted))
        if wanted == self._now:
            return
        self._now = wanted
        points, lines = vtkPoints(), vtkCellArray()
        for number, (x0, y0, x1, y1) in enumerate(wanted):
            points.InsertNextPoint(x0, y0, 0.0)
            points.InsertNextPoint(x1, y1, 0.0)
            lines.InsertNextCell(2)
            lines.InsertCellPoint(2 * number)
            lines.InsertCellPoint(2 * number + 1)
        self._data.SetPoints(points)
        self._data.SetLines(lines)


class PixelBoxes:
    """Filled boxes, each of a colour of its own."""

    def __init__(self, renderer: vtkRenderer, opacity: float = 1.0) -> None:
        self._data, self._actor = _shape(renderer)
        self._actor.GetProperty().SetOpacity(opacity)
        self._now: object = None

    def draw(self, boxes: Sequence[Segment], colours: NDArray[np.float64]) -> None:
        """Show `boxes`, each from one corner to the other, in `colours` (n, 3), 0 to 1."""
        wanted = (tuple(boxes), colours.tobytes())
        self._actor.SetVisibility(bool(boxes))
        if wanted == self._now:
            return
        self._now = wanted
        points, cells, scalars = vtkPoints(), vtkCellArray(), vtkUnsignedCharArray()
        scalars.SetNumberOfComponents(3)
        for number, ((x0, y0, x1, y1), colour) in enumerate(zip(boxes, colours, strict=True)):
            cells.InsertNextCell(4)
            for corner, (x, y) in enumerate(((x0, y0), (x1, y0), (x1, y1), (x0, y1))):
                points.InsertNextPoint(x, y, 0.0)
                cells.InsertCellPoint(4 * number + corner)
            scalars.InsertNextTuple3(*(round(255 * float(c)) for c in colour))
        self._data.SetPoints(points)
        self._data.SetPolys(cells)
        self._data.GetCellData().SetScalars(scalars)


def clipped(
    through: tuple[float, float], direction: tuple[float, float], box: Segment, gap: float = 0.0
) -> list[Segment]:
    """Return the line through a point, cut to `box` (x0, y0, x1, y1), in two where `gap` around the point is left out.

    >>> clipped((5.0, 5.0), (1.0, 0.0), (0.0, 0.0, 20.0, 10.0), gap=2.0)
    [(0.0, 5.0, 3.0, 5.0), (7.0, 5.0, 20.0, 5.0)]
    """
    low, high = -np.inf, np.inf
    for at, step, first, last in zip(through, direction, box[:2], box[2:], strict=True):
        if abs(step) < 1e-12:
            if not first <= at <= last:
                return []
            continue
        ends = sorted(((first - at) / step, (last - at) / step))
        low, high = max(low, ends[0]), min(high, ends[1])
    pieces = [(low, min(-gap, high)), (max(gap, low), high)]
    (x, y), (dx, dy) = through, direction
    return [(float(x + a * dx), float(y + a * dy), float(x + b * dx), float(y + b * dy)) for a, b in pieces if a < b]


def _shape(renderer: vtkRenderer) -> tuple[vtkPolyData, vtkActor2D]:
    pixels = vtkCoordinate()
    pixels.SetCoordinateSystemToViewport()
    data = vtkPolyData()
    mapper = vtkPolyDataMapper2D()
    mapper.SetInputData(data)
    mapper.SetTransformCoordinate(pixels)
    actor = vtkActor2D()
    actor.SetMapper(mapper)
    actor.VisibilityOff()
    renderer.AddViewProp(actor)
    return data, actor
