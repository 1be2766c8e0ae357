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

from dicomvtk.dicom.findings import finding
from dicomvtk.errors import UnsupportedError
from dicomvtk.geometry import Geometry
from dicomvtk.volume import Volume

__all__ = ["repair"]

#: A wanted slice nearer than this share of the spacing to one that was read is that slice, not an interpolation.
_SAME_SLICE = 1e-2
#: Interpolated slices named in a message.
_NAMED = 8


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
    told = finding("repaired", volume.history[-1] if len(volume.history) == 1 else " ".join(volume.history))
    findings = (*volume.findings, told)
    return replace(volume, regular=True, info=replace(volume.info, positions=None), findings=findings)


def _on_normal(positions: NDArray[np.float64], geometry: Geometry) -> NDArray[np.float64]:
    normal = geometry.direction[:, 2]
    along = (positions - positions[0]) @ normal
    return positions[0] + np.outer(along, normal)


def _upright(volume: Volume, positions: NDArray[np.float64]) -> Volume:
    """Move every slice within its plane to where it lies over the first, on a grid that holds all of them.

    What a slice does not reach is the lowest value present.
    """
    geometry = volume.geometry
    offsets = positions - positions[0]
    columns = offsets @ geometry.direction[:, 0] / geometry.spacing[0]
    rows = offsets @ geometry.direction[:, 1] / geometry.spacing[1]
    before = (_outside(-columns), _outside(-rows))
    after = (_outside(columns), _outside(rows))
    width, height, count = geometry.shape
    shape = (width + before[0] + after[0], height + before[1] + after[1], count)
    fill = volume.array.min()
    array = np.empty(shape, volume.dtype, order="F")
    for k in range(count):
        padded = np.full(shape[:2], fill, dtype=np.float64)
        padded[before[0] : before[0] + width, before[1] : before[1] + height] = volume.array[:, :, k]
        moved = _shifted(padded, float(columns[k]), float(rows[k]), fill)
        array[:, :, k] = np.rint(moved) if array.dtype.kind in "iu" else moved
    origin = geometry.index_to_physical((-before[0], -before[1], 0))
    grid = replace(geometry, shape=shape, origin=(float(origin[0]), float(origin[1]), float(origin[2])))
    grown = f", {shape[0] - width} columns and {shape[1] - height} rows added around them"
    step = f"All {count} slices moved back in their planes (gantry tilt undone), linear{grown}."
    return volume.with_array(array, grid, step=step)


def _outside(shifts: NDArray[np.float64]) -> int:
    """Return the pixels by which slices run out of the grid at one side; rounding of positions is not outside."""
    return max(0, int(np.ceil(float(np.max(shifts)) - _SAME_SLICE)))


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
    invented = tuple(int(k) for k in np.nonzero(made_up)[0])
    named = ", ".join(map(str, invented[:_NAMED])) + (" ..." if len(invented) > _NAMED else "")
    step = f"{len(invented)} of {count} slices interpolated between their neighbours (k = {named})."
    attributes = MappingProxyType({**volume.info.attributes, "made_up_slices": invented})
    evened = volume.with_array(array, grid, step=step)
    return replace(evened, info=replace(evened.info, attributes=attributes).without_sources())
