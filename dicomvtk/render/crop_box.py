"""The box that the 3-D scene is cropped to, drawn in the pane, and its faces as handles for the mouse."""

from __future__ import annotations

import itertools
import math

import numpy as np
from numpy.typing import NDArray
from vtkmodules.vtkRenderingCore import vtkRenderer

from dicomvtk.geometry import Geometry, axis_moves
from dicomvtk.render.frame import PLANE_COLOURS
from dicomvtk.render.layout import Rect
from dicomvtk.render.lens import mm_per_pixel_3d, pixels_of, ray_through
from dicomvtk.render.pixel_shapes import PixelBoxes, PixelLines
from dicomvtk.render.resolve import State
from dicomvtk.render.scene import Camera3D

__all__ = ["CropBox", "face_at", "face_pixels", "with_face_dragged"]

#: The plane that each pair of faces lies along: towards L, P and H.
_ALONG = ("sagittal", "coronal", "axial")
_EDGE = (0.62, 0.66, 0.72)
_HALF_HANDLE, _REACH_PIXELS = 5.0, 9.0
#: A box is not pushed thinner than this share of the volume.
_THINNEST = 0.01
#: An axis that a millimetre of moves less than this share of one on the screen points into it: then up is outward.
_SEEN_FROM_THE_END = 0.15


class CropBox:
    """Twelve edges, and a handle in the middle of each face, over the 3-D pane."""

    def __init__(self, renderer: vtkRenderer) -> None:
        self._edges = PixelLines(renderer, _EDGE)
        self._handles = PixelBoxes(renderer)

    def apply(self, state: State, geometry: Geometry, rect: Rect) -> None:
        """Show the box of `state`, where it asks for it, in a pane that takes `rect`."""
        if not state.crop_box:
            self._edges.draw([])
            self._handles.draw([], np.empty((0, 3)))
            return
        corners = list(itertools.product((0, 1), repeat=3))
        places = pixels_of(geometry, state.camera, rect, [_point(state.crop, geometry, _at(c)) for c in corners])
        ends = [
            (a, b)
            for a, b in itertools.combinations(range(len(corners)), 2)
            if sum(m != n for m, n in zip(corners[a], corners[b], strict=True)) == 1
        ]
        inside = places - (rect.x, rect.y)
        self._edges.draw([(*inside[a], *inside[b]) for a, b in ends if np.isfinite(inside[[a, b]]).all()])
        faces = [(n, x - rect.x, y - rect.y) for n, (x, y) in face_pixels(state, geometry, rect).items()]
        boxes = [(x - _HALF_HANDLE, y - _HALF_HANDLE, x + _HALF_HANDLE, y + _HALF_HANDLE) for _n, x, y in faces]
        self._handles.draw(boxes, np.array([PLANE_COLOURS[_ALONG[n // 2]] for n, _x, _y in faces]).reshape(-1, 3))


def face_pixels(state: State, geometry: Geometry, rect: Rect) -> dict[int, tuple[float, float]]:
    """Return the window pixel of each face's handle, by the face's place in `View.crop`; none beside the eye."""
    points = [_point(state.crop, geometry, _middle(face)) for face in range(6)]
    places = pixels_of(geometry, state.camera, rect, points)
    return {face: (float(x), float(y)) for face, (x, y) in enumerate(places) if math.isfinite(x) and math.isfinite(y)}


def face_at(state: State, geometry: Geometry, rect: Rect, x: float, y: float) -> int | None:
    """Return the face whose handle is under window pixel (x, y), the nearest of several to the eye; None without."""
    if not state.crop_box:
        return None
    forward = np.asarray(state.camera.direction)
    near = [
        (float(_point(state.crop, geometry, _middle(face)) @ forward), face)
        for face, (a, b) in face_pixels(state, geometry, rect).items()
        if max(abs(a - x), abs(b - y)) <= _REACH_PIXELS
    ]
    return min(near)[1] if near else None


def with_face_dragged(
    state: State, geometry: Geometry, rect: Rect, face: int, dx: float, dy: float
) -> tuple[float, ...]:
    """Return the crop of `state` with `face` pulled by (dx, dy) pixels, along its axis as the screen shows it."""
    axis, upper = divmod(face, 2)
    along, size_mm = _axes(geometry)[axis]
    if math.hypot(*_direction_on_screen(state.camera, along)) < _SEEN_FROM_THE_END:
        moved_mm = (dy if upper else -dy) * mm_per_pixel_3d(geometry, state.camera, rect)
    else:
        handle = _point(state.crop, geometry, _middle(face))
        x, y = pixels_of(geometry, state.camera, rect, [handle])[0]
        moved_mm = _nearest_mm(handle, along, *ray_through(geometry, state.camera, rect, float(x) + dx, float(y) + dy))
    share = state.crop[face] + moved_mm / size_mm
    low, high = state.crop[2 * axis], state.crop[2 * axis + 1]
    share = min(max(share, low + _THINNEST), 1.0) if upper else max(min(share, high - _THINNEST), 0.0)
    return (*state.crop[:face], share, *state.crop[face + 1 :])


def _nearest_mm(
    start: NDArray[np.float64], along: NDArray[np.float64], eye: NDArray[np.float64], sight: NDArray[np.float64]
) -> float:
    """Return how far from `start` along `along` a line comes nearest to the one from `eye` along `sight`."""
    across = float(along @ sight)
    away = start - eye
    return float(across * (sight @ away) - along @ away) / (1.0 - across**2)


def _direction_on_screen(camera: Camera3D, along: NDArray[np.float64]) -> tuple[float, float]:
    up = np.asarray(camera.up)
    right = np.cross(np.asarray(camera.direction), up)
    return (float(along @ right), float(along @ up))


def _axes(geometry: Geometry) -> list[tuple[NDArray[np.float64], float]]:
    """Return unit vector and length in mm of the grid's axes nearest to L, P and H."""
    order = axis_moves(geometry, "LPS")
    return [
        (geometry.direction[:, axis] * (-1.0 if flip else 1.0), float(geometry.extent_mm[axis]))
        for axis, flip in zip(order.order, order.flip, strict=True)
    ]


def _point(crop: tuple[float, ...], geometry: Geometry, at: tuple[float, ...]) -> NDArray[np.float64]:
    """Return the LPS point at shares `at` (3,) of the box `crop`."""
    point = geometry.index_to_physical((np.asarray(geometry.shape) - 1) / 2)
    for number, (along, size_mm) in enumerate(_axes(geometry)):
        low, high = crop[2 * number], crop[2 * number + 1]
        point = point + (low + at[number] * (high - low) - 0.5) * size_mm * along
    return np.asarray(point)


def _at(corner: tuple[int, ...]) -> tuple[float, ...]:
    return tuple(float(n) for n in corner)


def _middle(face: int) -> tuple[float, ...]:
    axis, upper = divmod(face, 2)
    return tuple(float(upper) if n == axis else 0.5 for n in range(3))
