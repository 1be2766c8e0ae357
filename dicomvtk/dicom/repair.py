"""Repairs that the caller asked for with `fix`: onto a regular grid, and it is said which slices are made up.

Tilt: each slice is moved back in its plane by the shear measured from positions. Gap and uneven: slices are
interpolated linearly between their neighbours onto even steps of the usual spacing.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dicomvtk.errors import UnsupportedError
from dicomvtk.geometry import Geometry
from dicomvtk.volume import Volume

__all__ = ["repair"]

#: A wanted slice nearer than this share of the spacing to one that was read is that slice, not an interpolation.
_SAME_SLICE = 1e-2


def repair(volume: Volume, codes: Collection[str]) -> Volume:
    """Return `volume` on a regular grid: `codes` are the findings to be fixed."""
    if not codes or volume.regular:
        return volume
    if volume.axes or volume.is_colour:
        raise UnsupportedError("Only 3-D grey volumes can be repaired; read this one with allow= instead.")
    positions = volume.info.positions
    if positions is None:
        return volume
    if "tilt" in codes:
        volume = _upright(volume, positions)
        positions = _on_normal(positions, volume.geometry)
    if {"gap", "uneven"} & set(codes):
        volume = _evened(volume, positions)
    return replace(volume, regular=True, info=replace(volume.info, positions=None))


def _on_normal(positions: NDArray[np.float64], geometry: Geometry) -> NDArray[np.float64]:
    normal = geometry.direction[:, 2]
    along = (positions - positions[0]) @ normal
    return positions[0] + np.outer(along, normal)


def _upright(volume: Volume, positions: NDArray[np.float64]) -> Volume:
    """Move every slice within its plane to where it lies over the first; outside it is the lowest value present."""
    geometry = volume.geometry
    offsets = positions - positions[0]
    columns = offsets @ geometry.direction[:, 0] / geometry.spacing[0]
    rows = offsets @ geometry.direction[:, 1] / geometry.spacing[1]
    fill = volume.array.min()
    array = np.empty_like(volume.array, order="F")
    for k in range(array.shape[2]):
        moved = _shifted(volume.array[:, :, k], float(columns[k]), float(rows[k]), fill)
        array[:, :, k] = np.rint(moved) if array.dtype.kind in "iu" else moved
    return volume.with_array(array, step="Sheared slices moved back in their planes (gantry tilt undone), linear.")


def _shifted(image: NDArray[Any], columns: float, rows: float, fill: Any) -> NDArray[np.float64]:
    """Return `image` (i, j) moved by (columns, rows) pixels, linear between pixels, `fill` from outside."""
    result = image.astype(np.float64)
    for axis, shift in ((0, columns), (1, rows)):
        whole = int(np.floor(shift))
        share = shift - whole
        lower = _rolled(result, whole, axis, fill)
        result = lower if share == 0 else (1 - share) * lower + share * _rolled(result, whole + 1, axis, fill)
    return result


def _rolled(image: NDArray[np.float64], shift: int, axis: int, fill: Any) -> NDArray[np.float64]:
    """Return `image` moved by a whole number of pixels along `axis`; what comes in from outside is `fill`."""
    moved = np.full_like(image, float(fill))
    size = image.shape[axis]
    if abs(shift) >= size:
        return moved
    to = slice(max(0, shift), size + min(0, shift))
    source = slice(max(0, -shift), size - max(0, shift))
    index: list[slice] = [slice(None), slice(None)]
    index_from = list(index)
    index[axis], index_from[axis] = to, source
    moved[tuple(index)] = image[tuple(index_from)]
    return moved


def _evened(volume: Volume, positions: NDArray[np.float64]) -> Volume:
    """Interpolate slices onto even steps from the first position to the last; tell which were not read."""
    geometry = volume.geometry
    along = (positions - positions[0]) @ geometry.direction[:, 2]
    spacing = geometry.spacing[2]
    count = round(float(along[-1]) / spacing) + 1
    wanted = np.arange(count) * spacing
    array = np.empty((*volume.array.shape[:2], count), volume.array.dtype, order="F")
    made_up = np.zeros(count, dtype=bool)
    for k, place in enumerate(wanted):
        above = int(np.clip(np.searchsorted(along, place), 1, len(along) - 1))
        share = float(np.clip((place - along[above - 1]) / (along[above] - along[above - 1]), 0.0, 1.0))
        nearest = above if share >= 0.5 else above - 1
        if abs(along[nearest] - place) <= _SAME_SLICE * spacing:
            array[:, :, k] = volume.array[:, :, nearest]
            continue
        made_up[k] = True
        mixed = (1 - share) * volume.array[:, :, above - 1].astype(np.float64) + share * volume.array[:, :, above]
        array[:, :, k] = np.rint(mixed) if array.dtype.kind in "iu" else mixed
    grid = replace(geometry, shape=(*geometry.shape[:2], count))
    names = ", ".join(str(k) for k in np.nonzero(made_up)[0])
    evened = volume.with_array(
        array, grid, step=f"Slices {names} interpolated between their neighbours onto even steps."
    )
    attributes = MappingProxyType(
        {**volume.info.attributes, "made_up_slices": tuple(int(k) for k in np.nonzero(made_up)[0])}
    )
    return replace(evened, info=replace(evened.info, attributes=attributes, sources=()))
