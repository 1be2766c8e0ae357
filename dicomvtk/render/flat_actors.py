"""Actors of two dimensions drawn into an array without OpenGL: lines, filled boxes, pictures and text."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkCommonDataModel import vtkImageData, vtkPolyData
from vtkmodules.vtkRenderingCore import vtkActor2D, vtkPolyDataMapper2D, vtkTextActor, vtkTextRenderer

from dicomvtk.render.fonts import text_bounds

__all__ = ["Canvas", "draw_actor", "lay_over"]

_DPI = 72
_BYTE = 255.0
_NORMALIZED_VIEWPORT = 3

#: Colours 0 to 1, (height, width, 3), row 0 at the bottom.
Canvas = NDArray[np.float32]


def draw_actor(pane: Canvas, actor: vtkActor2D) -> None:
    """Draw `actor` into the pane of its renderer; of a kind that is not known here, nothing."""
    if isinstance(actor, vtkTextActor):
        _draw_text(pane, actor)
    elif isinstance(actor.GetMapper(), vtkPolyDataMapper2D):
        _draw_shapes(pane, actor)


def _draw_text(pane: Canvas, actor: vtkTextActor) -> None:
    text, style = actor.GetInput(), actor.GetTextProperty()
    image, drawn = vtkImageData(), [0, 0]
    if not text or not vtkTextRenderer.GetInstance().RenderString(style, text, image, drawn, _DPI):
        return
    columns, rows, _ = image.GetDimensions()
    ink = vtk_to_numpy(image.GetPointData().GetScalars()).reshape(rows, columns, 4)[: drawn[1], : drawn[0]]
    left, _right, bottom, _top = text_bounds(text, style)
    x, y = actor.GetPosition()
    _blend(pane, ink.astype(np.float32) / np.float32(_BYTE), math.floor(x + 0.5) + left, math.floor(y + 0.5) + bottom)


def _blend(pane: Canvas, ink: NDArray[np.float32], left: int, low: int) -> None:
    """Lay `ink` (rows, columns, RGBA), row 0 at the bottom, over `pane`, from its pixel (left, low) on."""
    height, width = pane.shape[:2]
    x0, y0 = max(0, left), max(0, low)
    x1, y1 = min(width, left + ink.shape[1]), min(height, low + ink.shape[0])
    if x0 < x1 and y0 < y1:
        lay_over(pane[y0:y1, x0:x1], ink[y0 - low : y1 - low, x0 - left : x1 - left])


def lay_over(pane: Canvas, ink: NDArray[np.float32]) -> None:
    """Lay `ink` (height, width, RGBA), 0 to 1, over `pane` of the same size."""
    alpha = ink[..., 3:]
    pane[:] = pane * (1 - alpha) + ink[..., :3] * alpha


def _draw_shapes(pane: Canvas, actor: vtkActor2D) -> None:
    mapper, style = actor.GetMapper(), actor.GetProperty()
    mapper.Update()
    data: vtkPolyData = mapper.GetInput()
    if data is None or not data.GetNumberOfPoints():
        return
    points = vtk_to_numpy(data.GetPoints().GetData())[:, :2].astype(np.float64)
    coordinate = mapper.GetTransformCoordinate()
    if coordinate is not None and coordinate.GetCoordinateSystem() == _NORMALIZED_VIEWPORT:
        points = points * (pane.shape[1] - 1, pane.shape[0] - 1)
    points = np.floor(points + 0.5) + np.floor(actor.GetPosition())  # to whole pixels, as VTK rounds them
    colours = data.GetCellData().GetScalars() if mapper.GetScalarVisibility() else None
    own = None if colours is None else vtk_to_numpy(colours)[:, :3].astype(np.float32) / np.float32(_BYTE)
    plain, opacity = np.array(style.GetColor(), np.float32), style.GetOpacity()
    lines = list(_cells(data.GetLines()))
    for number, cell in enumerate(lines):
        colour = plain if own is None else own[number]
        for start, end in itertools.pairwise(cell):
            _draw_line(pane, points[start], points[end], colour, opacity, style.GetLineWidth())
    for number, cell in enumerate(_cells(data.GetPolys()), start=len(lines)):
        _fill(pane, points[cell], plain if own is None else own[number], opacity)


def _cells(cells: Any) -> list[NDArray[np.int64]]:
    offsets = vtk_to_numpy(cells.GetOffsetsArray())
    ids = vtk_to_numpy(cells.GetConnectivityArray())
    return [ids[a:b] for a, b in itertools.pairwise(offsets)]


def _draw_line(
    pane: Canvas,
    start: NDArray[np.float64],
    end: NDArray[np.float64],
    colour: NDArray[np.float32],
    opacity: float,
    wide: float,
) -> None:
    """Draw one pixel for each step along the longer way, as OpenGL does; wide lines grow across it."""
    height, width = pane.shape[:2]
    far = int(np.argmax(np.abs(end - start)))
    a, b = (start, end) if start[far] <= end[far] else (end, start)
    first, last = math.ceil(a[far] - 0.5), math.ceil(b[far] - 0.5)
    steps = np.arange(max(first, 0), min(last, (width, height)[far]))
    if not len(steps):
        return
    share = (steps + 0.5 - a[far]) / (b[far] - a[far])
    near = 1 - far
    middle = a[near] + share * (b[near] - a[near])
    across = max(1, round(wide))
    lowest = np.ceil(middle - (across - 1) / 2).astype(int) - 1
    for offset in range(across):
        other = lowest + offset
        seen = (other >= 0) & (other < (width, height)[near])
        rows, columns = (other[seen], steps[seen]) if far == 0 else (steps[seen], other[seen])
        pane[rows, columns] = pane[rows, columns] * (1 - opacity) + colour * opacity


def _fill(pane: Canvas, corners: NDArray[np.float64], colour: NDArray[np.float32], opacity: float) -> None:
    """Fill a convex polygon: the pixels whose middles lie in it."""
    height, width = pane.shape[:2]
    low = np.maximum(np.ceil(corners.min(axis=0) - 0.5), 0).astype(int)
    high = np.minimum(np.ceil(corners.max(axis=0) - 0.5), (width, height)).astype(int)
    if np.any(low >= high):
        return
    xs, ys = np.arange(low[0], high[0]) + 0.5, np.arange(low[1], high[1])[:, np.newaxis] + 0.5
    sides = []
    for (x0, y0), (x1, y1) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        sides.append((x1 - x0) * (ys - y0) - (y1 - y0) * (xs - x0))
    inside = np.all([side >= 0 for side in sides], axis=0) | np.all([side <= 0 for side in sides], axis=0)
    place = pane[low[1] : high[1], low[0] : high[0]]
    place[inside] = place[inside] * (1 - opacity) + colour * opacity
