"""What lies under the pointer in the 3-D pane: the place on a ray from the eye where the scene stops it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from vtkmodules.vtkCommonCore import vtkIdList, vtkPoints
from vtkmodules.vtkCommonDataModel import vtkImageData, vtkStaticCellLocator

from dicomvtk.bridge.images import geometry_of
from dicomvtk.geometry import Geometry
from dicomvtk.render.caps import is_closed
from dicomvtk.render.cutting import HalfSpace
from dicomvtk.render.drawable import LUMA
from dicomvtk.render.layers import SliceLayer, SurfaceLayer
from dicomvtk.render.planes import SlicePlane
from dicomvtk.render.presets import Transfer
from dicomvtk.render.resolve import State
from dicomvtk.render.sampling import sampled

__all__ = ["Ray", "first_met"]

Array = NDArray[np.float64]

#: Distance between samples as a share of the smallest spacing.
_SAMPLE_SHARE = 0.5
#: A ray that less than this share of is stopped on its way meets nothing to point at.
_LEAST_SEEN = 0.1
#: A surface more opaque than this hides what is behind it.
_DENSE = 0.5
#: So far beside a surface, as a share of the volume's length, its stand-in may lie.
_STAND_IN_SHARE = 0.03


class Ray:
    """A ray from `eye` along the unit vector `direction`, LPS mm, inside `spaces` and the grid of `image`."""

    def __init__(self, eye: Array, direction: Array, image: vtkImageData, spaces: Sequence[HalfSpace]) -> None:
        self.eye, self.direction = eye, direction
        self.geometry = geometry_of(image)
        self.step = _SAMPLE_SHARE * min(self.geometry.spacing)
        self._image = image
        low, high = _inside_grid(eye, direction, self.geometry)
        for point, normal in spaces:
            towards, away = float(direction @ normal), float((point - eye) @ normal)
            if abs(towards) < 1e-12:
                high = high if away <= 0 else -np.inf
            elif towards > 0:
                low = max(low, away / towards)
            else:
                high = min(high, away / towards)
        self.low, self.high = low, high

    def at(self, distance: float) -> Array:
        """Return the point so many mm from the eye."""
        return self.eye + distance * self.direction

    @cached_property
    def samples(self) -> tuple[Array, Array]:
        """Return distances from the eye, and the brightness there, between voxels by straight lines."""
        if not self.low < self.high:
            return np.empty(0), np.empty(0)
        distances: Array = self.low + self.step * np.arange(
            int((self.high - self.low) / self.step) + 1, dtype=np.float64
        )
        index = self.geometry.physical_to_index(self.eye + distances[:, None] * self.direction)
        values = sampled(self._image, index, linear=True).astype(np.float64)
        return distances, values[:, :3] @ np.asarray(LUMA) if values.shape[1] > 1 else values[:, 0]


def first_met(
    ray: Ray,
    state: State,
    planes: Sequence[SlicePlane],
    table: Transfer | None,
    surfaces: Sequence[tuple[SurfaceLayer, vtkStaticCellLocator]],
) -> Array | None:
    """Return the point, LPS mm, where what `state` shows in 3-D is met first; None beside it.

    `table` colours the volume, None where it is not shown; `surfaces` are layers with their triangles. A surface that
    lets most light through is met only where nothing is behind it.
    """
    met = [None if table is None else _met_rays(ray, table)]
    if any(layer.in_3d for layer in state.shown(SliceLayer)):
        met.append(_met_slices(ray, planes, state.crosshair))
    thin: list[float | None] = []
    for layer, triangles in surfaces:
        (met if layer.opacity >= _DENSE else thin).append(_met_surface(ray, triangles, layer.level or 0.0))
    there = [d for d in met if d is not None] or [d for d in thin if d is not None]
    return ray.at(min(there)) if there else None


def _met_rays(ray: Ray, table: Transfer) -> float | None:
    """Return how far from the eye the volume coloured by `table` is met; None where next to nothing shows.

    A largest or smallest value is met where it is, a cut face where it is drawn closed, and mist where as much of it
    lies before as behind.
    """
    distances, values = ray.samples
    if not len(distances):
        return None
    points = np.array(table.points)
    opacities = np.interp(values, points[:, 0], points[:, 4])
    if table.blend != "composite":
        best = int(np.argmax(values) if table.blend == "max" else np.argmin(values))
        return float(distances[best]) if opacities[best] >= _LEAST_SEEN else None
    if is_closed(table, opacities[0]):
        return ray.low
    passed = np.cumprod((1.0 - np.minimum(opacities, 0.9999)) ** (ray.step / table.unit_mm))
    stopped = 1.0 - passed
    if stopped[-1] < _LEAST_SEEN:
        return None
    return float(distances[int(np.searchsorted(stopped, stopped[-1] / 2))])


def _met_surface(ray: Ray, triangles: vtkStaticCellLocator, level: float) -> float | None:
    """Return how far from the eye a surface at `level` is met first inside the spaces; None without.

    Few triangles may stand in for it: they lead to the place, and the values say exactly where the level is crossed.
    """
    if not ray.low < ray.high:
        return None
    places, cells = vtkPoints(), vtkIdList()
    triangles.IntersectWithLine(list(ray.at(ray.low)), list(ray.at(ray.high)), 1e-6, places, cells)
    hits = [np.asarray(places.GetPoint(n)) for n in range(places.GetNumberOfPoints())]
    if not hits:
        return None
    met = min(float((hit - ray.eye) @ ray.direction) for hit in hits)
    distances, values = ray.samples
    above = values >= level
    before = np.flatnonzero(above[1:] != above[:-1])
    if not len(before):
        return met
    parts = (level - values[before]) / (values[before + 1] - values[before])
    crossed = distances[before] + parts * (distances[before + 1] - distances[before])
    nearest = float(crossed[np.argmin(np.abs(crossed - met))])
    return nearest if abs(nearest - met) <= _STAND_IN_SHARE * max(ray.geometry.extent_mm) else met


def _met_slices(ray: Ray, planes: Sequence[SlicePlane], crosshair: Sequence[float]) -> float | None:
    """Return how far from the eye the first of the slices through `crosshair` is met inside the grid; None without."""
    low, high = _inside_grid(ray.eye, ray.direction, ray.geometry)
    distances = []
    for plane in planes:
        towards = float(ray.direction @ plane.normal)
        if abs(towards) > 1e-9:
            distance = float((plane.shown_at(crosshair) - ray.eye) @ plane.normal) / towards
            distances += [distance] if low <= distance <= high else []
    return min(distances, default=None)


def _inside_grid(eye: Array, direction: Array, geometry: Geometry) -> tuple[float, float]:
    """Return between which distances a ray is inside the faces of the outermost voxels, in front of the eye."""
    begin = geometry.physical_to_index(eye)
    along = geometry.physical_to_index(eye + direction) - begin
    low, high = 0.0, np.inf
    for start, step, count in zip(begin, along, geometry.shape, strict=True):
        if abs(step) < 1e-12:
            if not -0.5 <= start <= count - 0.5:
                return 0.0, -np.inf
            continue
        first, second = sorted(((-0.5 - start) / step, (count - 0.5 - start) / step))
        low, high = max(low, first), min(high, second)
    return float(low), float(high)
