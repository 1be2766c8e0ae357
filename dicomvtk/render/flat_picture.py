"""Slices and text without any OpenGL: cut by vtkImageReslice, written by VTK's text renderer, put together in NumPy.

Everything is placed by the functions that place it on the stage; the 3-D pane says what is missing.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkCommonCore import vtkUnsignedCharArray
from vtkmodules.vtkCommonDataModel import vtkImageData
from vtkmodules.vtkImagingCore import vtkImageReslice
from vtkmodules.vtkRenderingCore import vtkTextProperty, vtkTextRenderer

from dicomvtk.bridge.images import to_vtk
from dicomvtk.bridge.pipeline import run
from dicomvtk.display.screen import voi_levels
from dicomvtk.geometry import Float3
from dicomvtk.render.annotations import Corners, slice_corners
from dicomvtk.render.colour_maps import colour_table
from dicomvtk.render.fonts import readable, set_font
from dicomvtk.render.frame import PLANE_COLOURS
from dicomvtk.render.greys import voi_of
from dicomvtk.render.labels import fitted, font_size
from dicomvtk.render.layout import PANE_3D, Rect, mm_per_pixel, pane_rects, point_on_screen, view_centre
from dicomvtk.render.pixel_shapes import Segment, clipped
from dicomvtk.render.planes import SlicePlane, slice_planes
from dicomvtk.render.resolve import State
from dicomvtk.render.scene import PLANES, SliceLayer
from dicomvtk.render.slab import slab_slice, slices_across
from dicomvtk.volume import Volume

__all__ = ["flat_picture"]

_BLACK = (0.0, 0.0, 0.0)
_INK = (0.86, 0.88, 0.90)
_LETTERS = (1.0, 0.80, 0.35)
_GAP_PIXELS = 10
_MARGIN = 6
_DPI = 72
#: What is left of the picture behind text.
_SHADE = 0.55
_NO_3D = ("3-D needs an OpenGL library:", "apt-get install libegl1 libgl1-mesa-dri")

#: Colours 0 to 1, (height, width, 3), row 0 at the bottom.
Canvas = NDArray[np.float32]


def flat_picture(volume: Volume, state: State, size: tuple[int, int], note: str = "") -> NDArray[np.uint8]:
    """Return the picture (height, width, 3) of `state`, row 0 at the top, without its 3-D pane.

    `volume` is a real 3-D frame (see `drawable`); `note` is written where the series is named.
    """
    width, height = size
    canvas: Canvas = np.zeros((height, width, 3), np.float32)
    canvas[:] = state.background or _BLACK
    planes = slice_planes(volume.geometry, state.along, state.tilt, neurological=state.neurological)
    rects = pane_rects(state.layout, size)
    first = next(iter(rects))
    for name, rect in rects.items():
        pane = canvas[rect.y : rect.y + rect.height, rect.x : rect.x + rect.width]
        if name == PANE_3D:
            _write_corners(pane, Corners(bottom_left=_NO_3D), ("", "", "", ""))
            continue
        if state.shown(SliceLayer):
            _draw_slice(pane, volume, state, planes[name], rect)
        if state.show_crosshair:
            _draw_traces(pane, state, planes, name, rect)
        if state.annotations:
            corners = slice_corners(volume, state, planes[name], first=name == first, note=note)
            _write_corners(pane, corners, planes[name].letters())
    return np.ascontiguousarray(np.rint(canvas[::-1] * 255).astype(np.uint8))


def _draw_slice(pane: Canvas, volume: Volume, state: State, plane: SlicePlane, rect: Rect) -> None:
    scale = mm_per_pixel(plane, state.pane_camera(plane.name), rect)
    pan = state.pane_camera(plane.name).pan_mm
    centre = view_centre(plane, state.crosshair) + pan[0] * plane.right + pan[1] * plane.up
    corner = centre - (rect.width - 1) / 2 * scale * plane.right - (rect.height - 1) / 2 * scale * plane.up
    cut = _thick(volume, state, plane)
    values = _cut(cut, state, plane, corner, scale, rect)
    inside = _inside(volume, plane, corner, scale, rect)
    if volume.is_colour:
        shares = np.clip((values.astype(np.float32) - state.window.low) / state.window.width, 0.0, 1.0)
        colours = shares[..., :3]
    else:
        table = colour_table(state.colour_map, inverted=state.invert).astype(np.float32)
        colours = table[np.rint(voi_levels(values, voi_of(state, volume)) * (len(table) - 1)).astype(np.intp)]
    pane[inside] = colours[inside]


def _thick(volume: Volume, state: State, plane: SlicePlane) -> Volume:
    count = slices_across(state.slab.thickness_mm, plane.step_mm)
    if count == 1 or not plane.snaps or volume.is_colour:
        return volume
    index = round(float(volume.geometry.physical_to_index(plane.shown_at(state.crosshair))[plane.axis]))
    return slab_slice(volume, plane.axis, index, count, state.slab.blend)


def _cut(
    volume: Volume, state: State, plane: SlicePlane, corner: NDArray[np.float64], scale: float, rect: Rect
) -> NDArray[np.generic]:
    """Return the values (height, width) or (height, width, samples) on a grid of `scale` mm from `corner` (LPS)."""
    reslice = vtkImageReslice()
    reslice.SetInputData(to_vtk(volume))
    reslice.SetOutputDimensionality(2)
    reslice.SetResliceAxesDirectionCosines(*plane.right, *plane.up, *np.cross(plane.right, plane.up))
    reslice.SetResliceAxesOrigin(*corner)
    reslice.SetOutputOrigin(0.0, 0.0, 0.0)
    reslice.SetOutputSpacing(scale, scale, 1.0)
    reslice.SetOutputExtent(0, rect.width - 1, 0, rect.height - 1, 0, 0)
    reslice.SetOutputDirection(1, 0, 0, 0, 1, 0, 0, 0, 1)
    reslice.BorderOn()
    reslice.SetInterpolationMode(1 if state.interpolation else 0)
    count = slices_across(state.slab.thickness_mm, plane.step_mm)
    if count > 1 and not plane.snaps:
        reslice.SetSlabNumberOfSlices(count)
        reslice.SetSlabMode({"min": 0, "max": 1, "mean": 2}[state.slab.blend])
        reslice.SetSlabSliceSpacingFraction(plane.step_mm)
    image = run(reslice)
    values = vtk_to_numpy(image.GetPointData().GetScalars())
    return values.reshape((rect.height, rect.width, -1) if volume.is_colour else (rect.height, rect.width))


def _inside(
    volume: Volume, plane: SlicePlane, corner: NDArray[np.float64], scale: float, rect: Rect
) -> NDArray[np.bool_]:
    """Return which pixels (height, width) lie in a voxel."""
    geometry = volume.geometry
    start = geometry.physical_to_index(corner)
    right = geometry.physical_to_index(corner + scale * plane.right) - start
    up = geometry.physical_to_index(corner + scale * plane.up) - start
    xs, ys = np.arange(rect.width), np.arange(rect.height)[:, np.newaxis]
    inside = np.ones((rect.height, rect.width), bool)
    for axis, n in enumerate(geometry.shape):
        index = start[axis] + xs * right[axis] + ys * up[axis]
        inside &= (index >= -0.5) & (index <= n - 0.5)
    return inside


def _draw_traces(pane: Canvas, state: State, planes: dict[str, SlicePlane], name: str, rect: Rect) -> None:
    plane = planes[name]
    x, y = point_on_screen(plane, state.pane_camera(name), rect, plane.shown_at(state.crosshair))
    edge = 2.5 * font_size(rect) if state.annotations else 0.0
    box = (edge, edge, rect.width - 1 - edge, rect.height - 1 - edge)
    for other in PLANES:
        if other != name:
            along = plane.trace_of(planes[other])
            direction = (float(along @ plane.right), float(along @ plane.up))
            for segment in clipped((x - rect.x, y - rect.y), direction, box, _GAP_PIXELS):
                _draw_line(pane, segment, PLANE_COLOURS[other])


def _draw_line(pane: Canvas, segment: Segment, colour: Float3) -> None:
    x0, y0, x1, y1 = segment
    steps = int(max(abs(x1 - x0), abs(y1 - y0))) + 1
    columns = np.rint(np.linspace(x0, x1, steps)).astype(int)
    rows = np.rint(np.linspace(y0, y1, steps)).astype(int)
    pane[np.clip(rows, 0, pane.shape[0] - 1), np.clip(columns, 0, pane.shape[1] - 1)] = colour


def _write_corners(pane: Canvas, corners: Corners, letters: tuple[str, str, str, str]) -> None:
    """Write the corners' lines and the letters at left, right, bottom and top."""
    height, width = pane.shape[:2]
    font = font_size(Rect(0, 0, width, height))
    line_height = round(1.3 * font)
    for x, y, line in _corner_lines(corners, line_height, height):
        _write(pane, line, font, x, y, _INK)
    for letter, x, y in zip(letters, (0.0, 1.0, 0.5, 0.5), (0.5, 0.5, 0.0, 1.0), strict=True):
        _write(pane, letter, round(1.25 * font), x, _MARGIN + y * (height - 2 * _MARGIN - line_height), _LETTERS)


def _corner_lines(corners: Corners, line_height: int, height: int) -> Iterator[tuple[float, float, str]]:
    """Yield the share across, the lower edge in pixels and the text of each line."""
    for x, lines in ((0.0, corners.top_left), (1.0, corners.top_right)):
        for number, line in enumerate(lines):
            yield x, height - _MARGIN - (number + 1) * line_height, line
    for x, lines in ((0.0, corners.bottom_left), (1.0, corners.bottom_right)):
        for number, line in enumerate(reversed(lines)):
            yield x, _MARGIN + number * line_height, line


def _write(pane: Canvas, line: str, font: int, across: float, bottom: float, colour: Float3) -> None:
    """Write `line` at `across`, a share of the pane's width, its lower edge at `bottom` pixels."""
    if not line:
        return
    text = readable(line)
    style = vtkTextProperty()
    set_font(style, text.font)
    style.SetFontSize(font)
    style.SetColor(*colour)
    image, dimensions = vtkImageData(), [0, 0]
    shown = fitted(text.text, style, pane.shape[1] // 2 - 2 * _MARGIN)
    if not vtkTextRenderer.GetInstance().RenderString(style, shown, image, dimensions, _DPI):
        return
    scalars: vtkUnsignedCharArray = image.GetPointData().GetScalars()
    columns, rows, _ = image.GetDimensions()
    ink = vtk_to_numpy(scalars).reshape(rows, columns, 4)[: dimensions[1], : dimensions[0]].astype(np.float32) / 255
    left = round(_MARGIN + across * (pane.shape[1] - 2 * _MARGIN - dimensions[0]))
    low = round(bottom)
    x0, y0 = max(0, left), max(0, low)
    place = pane[y0 : low + ink.shape[0], x0 : left + ink.shape[1]]
    ink = ink[y0 - low : y0 - low + place.shape[0], x0 - left : x0 - left + place.shape[1]]
    alpha = ink[..., 3:]
    place[:] = place * _SHADE * (1 - alpha) + ink[..., :3] * alpha
