"""Resampling between grids whose axes are parallel: along each axis by itself, whichever axis of the other it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from dicomvtk.geometry import Geometry
from dicomvtk.memory_order import in_fortran_order
from dicomvtk.processing.separable import Weights, weighted

__all__ = ["AxisMap", "Interpolation", "axis_maps", "resampled"]

#: ``"linear"``, ``"nearest"``, or ``"cubic"`` (Catmull-Rom: passes through the voxels, may overshoot beside edges).
Interpolation = Literal["linear", "nearest", "cubic"]

#: Voxels: axes that are no further apart over the whole grid are parallel. VTK's own float32 weights know no more.
_PARALLEL = 1e-5
#: Voxels: nearer than this to a centre is at it, and nearer to a face is on it; rounding of affines is less.
_AT = 1e-7


@dataclass(frozen=True)
class AxisMap:
    """Where the voxels along one axis of a grid lie on `axis` of another: at `index`, fractional, rising or falling."""

    axis: int
    index: NDArray[np.float64]


def axis_maps(source: Geometry, target: Geometry) -> tuple[AxisMap, AxisMap, AxisMap] | None:
    """Return where i, j and k of `target` lie on the axes of `source`; None where the grids are not parallel."""
    to_source = np.linalg.inv(source.affine) @ target.affine
    turn, start = to_source[:3, :3], to_source[:3, 3]
    axes = np.argmax(np.abs(turn), axis=0).tolist()
    if sorted(axes) != [0, 1, 2]:
        return None
    astray = np.abs(turn)
    astray[axes, [0, 1, 2]] = 0.0
    if np.max(astray @ (np.asarray(target.shape) - 1)) > _PARALLEL:
        return None
    i, j, k = (AxisMap(axis, turn[axis, n] * np.arange(target.shape[n]) + start[axis]) for n, axis in enumerate(axes))
    return i, j, k


def resampled(
    array: NDArray[Any], maps: tuple[AxisMap, AxisMap, AxisMap], how: Interpolation, outside: float
) -> NDArray[Any]:
    """Return `array` (i, j, k[, c]) at the places of `maps`, in its dtype; `outside` beyond the faces of its voxels.

    Between those faces and the outermost centres the outermost voxels go on.
    """
    sizes = [array.shape[one.axis] for one in maps]
    falling = tuple(n for n, one in enumerate(maps) if one.index[-1] < one.index[0])
    places = [
        _on_centres(size - 1 - one.index if n in falling else one.index)
        for n, (one, size) in enumerate(zip(maps, sizes, strict=True))
    ]
    order = [one.axis for one in maps]
    turned = array.transpose(*order, *range(3, array.ndim))
    if order != [0, 1, 2] and array.ndim == 3:
        turned = in_fortran_order(turned)
    turned = np.flip(turned, falling)
    i, j, k = (np.clip(index, -0.5, size - 0.5) for index, size in zip(places, sizes, strict=True))
    if how == "nearest":
        made = _nearest(turned, i, j, k)
    else:
        weights = _linear if how == "linear" else _cubic
        made = weighted(turned, (weights(i, sizes[0]), weights(j, sizes[1]), weights(k, sizes[2])))
    for axis, (index, size) in enumerate(zip(places, sizes, strict=True)):
        beyond = (index < -0.5 - _AT) | (index > size - 0.5 + _AT)
        if beyond.any():
            made[(slice(None),) * axis + (beyond,)] = outside
    return made


def _on_centres(index: NDArray[np.float64]) -> NDArray[np.float64]:
    whole = np.rint(index)
    return np.where(np.abs(index - whole) < _AT, whole, index)


def _linear(index: NDArray[np.float64], size: int) -> Weights:
    below = np.floor(index).astype(np.intp)
    above = index - below
    return Weights(np.clip(np.stack([below, below + 1], axis=1), 0, size - 1), np.stack([1 - above, above], axis=1))


def _cubic(index: NDArray[np.float64], size: int) -> Weights:
    """Return the weights of the Catmull-Rom spline."""
    below = np.floor(index).astype(np.intp)
    t = index - below
    neighbours = below[:, None] + np.arange(-1, 3)
    weight = [t * (t * (2 - t) - 1), t * t * (3 * t - 5) + 2, t * (t * (4 - 3 * t) + 1), t * t * (t - 1)]
    return Weights(np.clip(neighbours, 0, size - 1), np.stack(weight, axis=1) / 2)


def _nearest(
    array: NDArray[Any], i: NDArray[np.float64], j: NDArray[np.float64], k: NDArray[np.float64]
) -> NDArray[Any]:
    """Return the voxels nearest to three lists of indices; half way between two, the further one."""
    columns, rows, slices = (
        np.clip(np.floor(index + 0.5 + _AT).astype(np.intp), 0, size - 1)
        for index, size in zip((i, j, k), array.shape, strict=False)
    )
    given = array.swapaxes(0, 2)
    made = np.empty((len(k), len(j), len(i), *array.shape[3:]), array.dtype)
    for n, one in enumerate(slices):
        if n and one == slices[n - 1]:
            made[n] = made[n - 1]
        else:
            made[n] = given[one].take(columns, axis=1).take(rows, axis=0)
    return made.swapaxes(0, 2)
