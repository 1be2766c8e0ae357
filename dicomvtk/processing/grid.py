"""Moves on the grid: crop, pad, flip, permute, reorient. No voxel changes its value or its place in the patient."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from dicomvtk.errors import GeometryError, UnsupportedError
from dicomvtk.geometry import Geometry, axis_moves
from dicomvtk.metadata import SeriesInfo
from dicomvtk.processing.by_frame import check_regular, without_sources
from dicomvtk.volume import Volume

__all__ = ["crop", "crop_to_box", "flip", "pad", "permute", "reorient"]

_NAMES = "ijk"


def crop(volume: Volume, start: Sequence[int], stop: Sequence[int]) -> Volume:
    """Return ``array[start:stop]`` on i, j and k, where it lies; a copy. Raises GeometryError for what is outside.

    Examples
    --------
    >>> crop(Volume(np.zeros((6, 5, 4))), (1, 0, 2), (6, 5, 4)).origin
    (1.0, 0.0, 2.0)
    """
    check_regular(volume, "crop")
    geometry = volume.geometry.cropped(start, stop)
    window = tuple(slice(int(a), int(b)) for a, b in zip(start, stop, strict=True))
    said = ", ".join(f"{n} {a} to {b}" for n, a, b in zip(_NAMES, start, stop, strict=True))
    kept = _with_slices(volume, range(int(start[2]), int(stop[2])))
    return kept.with_array(volume.array[window].copy(order="K"), geometry, step=f"crop, {said}")


def crop_to_box(volume: Volume, low_lps: Sequence[float], high_lps: Sequence[float]) -> Volume:
    """Return the voxels whose centres lie in a box given by two opposite corners, LPS mm.

    On an oblique grid the box is turned with the grid: its two corners are what counts.
    """
    ends = np.sort(volume.geometry.physical_to_index(np.array([low_lps, high_lps])), axis=0)
    start = np.maximum(np.ceil(ends[0] - 1e-6).astype(int), 0)
    stop = np.minimum(np.floor(ends[1] + 1e-6).astype(int) + 1, volume.geometry.shape)
    if np.any(start >= stop):
        raise GeometryError(f"No voxel of the volume lies between {low_lps} and {high_lps} (LPS mm).")
    return crop(volume, start.tolist(), stop.tolist())


def pad(volume: Volume, before: Sequence[int], after: Sequence[int], *, value: float) -> Volume:
    """Return the volume with voxels of `value` around it, so many before and after along i, j and k.

    Raises UnsupportedError for a value that the dtype does not hold, GeometryError for negative counts.
    """
    check_regular(volume, "pad")
    if not len(before) == len(after) == len(_NAMES):
        raise GeometryError(f"Cannot pad by {list(before)} and {list(after)} voxels; expected three each, for i, j, k.")
    if min(*before, *after) < 0:
        raise GeometryError(f"Cannot pad by {list(before)} and {list(after)} voxels; expected 0 or more. crop() takes.")
    filling = np.asarray(value).astype(volume.dtype)
    if filling != value and not (np.isnan(value) and volume.dtype.kind == "f"):
        raise UnsupportedError(f"Cannot pad {volume.dtype} voxels with {value:g}: that dtype does not hold it.")
    grid = volume.geometry
    shape = np.add(grid.shape, np.add(before, after)).tolist()
    origin = grid.index_to_physical(np.negative(before)).tolist()
    widths = [*zip(before, after, strict=True), *[(0, 0)] * (volume.array.ndim - 3)]
    array = np.pad(volume.array, widths, constant_values=filling)
    info = volume.info if before[2] == after[2] == 0 else without_sources(volume.info)
    padded = replace(grid, shape=tuple(shape), origin=tuple(origin))
    step = f"pad by {list(before)} before and {list(after)} after with {value:g}"
    return replace(volume, info=info).with_array(array, padded, step=step)


def flip(volume: Volume, *axes: int) -> Volume:
    """Return the volume with the array reversed along `axes` (0, 1, 2 for i, j, k); the grid turns with it."""
    check_regular(volume, "flip")
    if not set(axes) <= {0, 1, 2}:
        raise GeometryError(f"Cannot flip axes {list(axes)}; expected some of 0, 1, 2.")
    return _moved(volume, (0, 1, 2), axes, f"flip {' '.join(_NAMES[a] for a in axes)}")


def permute(volume: Volume, order: Sequence[int]) -> Volume:
    """Return the volume with i, j, k taken in another order; every voxel stays where it is in the patient."""
    check_regular(volume, "permute")
    return _moved(volume, order, (), f"permute to {' '.join(_NAMES[a] for a in order)}")


def reorient(volume: Volume, codes: str) -> Volume:
    """Return the volume with i, j, k growing nearest to three letters of LRAPSI (or H, F), any of the 48 orders.

    No resampling: an oblique grid stays oblique.

    Examples
    --------
    >>> reorient(Volume(np.zeros((4, 3, 2))), "SRA").shape
    (2, 4, 3)
    """
    check_regular(volume, "reorient")
    moves = axis_moves(volume.geometry, codes)
    reversed_axes = [axis for axis, reverse in enumerate(moves.flip) if reverse]
    return _moved(volume, moves.order, reversed_axes, f"reorient to {codes.upper()}")


def _moved(volume: Volume, order: Sequence[int], reversed_axes: Sequence[int], step: str) -> Volume:
    """Return the volume with i, j, k taken in another order and then some of them reversed; one copy."""
    geometry = volume.geometry.permuted(order).flipped(*reversed_axes)
    array = volume.array.transpose(*order, *range(3, volume.array.ndim))
    array = np.flip(array, tuple(set(reversed_axes)))
    if order[2] != 2:
        kept = replace(volume, info=without_sources(volume.info))
    elif 2 in reversed_axes:
        kept = _with_slices(volume, range(geometry.shape[2] - 1, -1, -1))
    else:
        kept = volume
    return kept.with_array(array, geometry, step=step)


def _with_slices(volume: Volume, wanted: range) -> Volume:
    """Return the volume with the sources and padding of some slices of k, in that order; its voxels are left alone."""
    return replace(volume, info=_slices_of(volume.info, volume.geometry, wanted))


def _slices_of(info: SeriesInfo, geometry: Geometry, wanted: range) -> SeriesInfo:
    count = geometry.shape[2]
    if len(info.sources) % count:
        return without_sources(info)
    kept = [n for start in range(0, len(info.sources), count) for n in (start + k for k in wanted)]
    padding = tuple(info.padding[n] for n in kept) if len(info.padding) == len(info.sources) > 1 else info.padding
    return replace(info, sources=tuple(info.sources[n] for n in kept), padding=padding)
