"""Arrays of any strides brought into Fortran order, whole or slice by slice: memory's least favourite task."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["in_fortran_order", "in_vtk_order", "slice_rows"]

#: Smaller arrays are copied before threads have started.
_SMALL_BYTES = 1 << 22
#: A second-level cache as most processors have it: bytes to a line, bytes to a way, ways.
_LINE_BYTES, _WAY_BYTES, _WAYS = 64, 1 << 16, 8
#: What of it a transposition may fill, with room for the rest.
_CACHED_BYTES = 1 << 18
#: Bytes past each row of the scratch block: rows a power of two apart would share a few places of the cache.
_STAGGER_BYTES = 64
#: Slices that lie across memory are turned so many bytes at a time, or this share of the array where that is more:
#: few enough to need little memory beside it, enough of them that what the cache loads of a line is used.
_SLAB_BYTES, _SLAB_SHARE = 1 << 23, 1 / 12


def in_fortran_order(array: NDArray[Any]) -> NDArray[Any]:
    """Return `array` (three dimensions or more) with the first index fastest in memory; itself where it is so.

    NumPy goes through the array in the order of the result, and where neighbours lie so far apart that the cache has
    lost a line before its next element is wanted, reads all of it many times. There blocks are read row by row into
    scratch that stays in the cache, and turned from it, on all cores.

    Examples
    --------
    >>> turned = in_fortran_order(np.arange(24).reshape(2, 3, 4))
    >>> turned.flags.f_contiguous, int(turned[1, 2, 3])
    (True, 23)
    """
    if array.flags.f_contiguous or array.nbytes < _SMALL_BYTES or _lines_stay_cached(array):
        return np.asfortranarray(array)
    made = np.empty(array.shape, array.dtype, order="F")
    blocks = [
        (made[(..., *further)][block], array[(..., *further)][block])
        for further in np.ndindex(array.shape[3:])
        for block in _blocks(array)
    ]
    with ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="dicomvtk-order") as pool:
        list(pool.map(lambda both: _turn(*both), blocks))
    return made


def in_vtk_order(array: NDArray[Any], *, colour: bool) -> NDArray[Any]:
    """Return `array` with the first index fastest in memory; of colour, the samples, then the first."""
    if not colour:
        return in_fortran_order(array)
    grid = tuple(range(array.ndim - 1))
    reverse = (*reversed(grid), array.ndim - 1)
    return np.ascontiguousarray(array.transpose(reverse)).transpose(reverse)


def slice_rows(array: NDArray[Any], *, colour: bool = False) -> Iterator[NDArray[Any]]:
    """Yield slice after slice of `array` (i, j, k), or (i, j, k, c) where `colour`, as rows (j, i[, c]) without gaps.

    Views where memory lies so; else some slices are turned at a time, so that no second array is ever held.
    """
    rows = (1, 0, 2) if colour else (1, 0)
    if array[:, :, 0].transpose(rows).flags.c_contiguous:
        yield from (array[:, :, k].transpose(rows) for k in range(array.shape[2]))
        return
    at_once = max(1, int(max(_SLAB_BYTES, array.nbytes * _SLAB_SHARE) * array.shape[2] / array.nbytes))
    for first in range(0, array.shape[2], at_once):
        slab = in_vtk_order(array[:, :, first : first + at_once], colour=colour)
        yield from (slab[:, :, k].transpose(rows) for k in range(slab.shape[2]))
        del slab


def _blocks(array: NDArray[Any]) -> Iterator[tuple[slice, ...]]:
    """Yield windows on the first three dimensions that fit the cache, the fastest in memory at full length."""
    fastest = _fastest(array)
    slowest = 3 - fastest
    sizes = list(array.shape[:3])
    for axis in (slowest, 3 - fastest - slowest):
        others = int(np.prod(sizes)) // sizes[axis]
        sizes[axis] = min(max(_CACHED_BYTES // (others * array.itemsize), 1), sizes[axis])
    for index in np.ndindex(*(-(-n // size) for n, size in zip(array.shape, sizes, strict=False))):
        yield tuple(slice(n * size, (n + 1) * size) for n, size in zip(index, sizes, strict=True))


def _turn(target: NDArray[Any], source: NDArray[Any]) -> None:
    fastest = _fastest(source)
    rows = (3 - fastest, 0, fastest)
    first, second, length = (source.shape[axis] for axis in rows)
    scratch = np.empty((first, second, length + _STAGGER_BYTES // source.itemsize), source.dtype)[:, :, :length]
    scratch[...] = source.transpose(rows)
    target.transpose(rows)[...] = scratch


def _lines_stay_cached(array: NDArray[Any]) -> bool:
    """Return whether the lines that NumPy reads are still in the cache when it comes to their next element."""
    fastest = _fastest(array)
    lines = array.shape[0] * (array.shape[1] if fastest == 2 else 1)
    sets = _WAY_BYTES // max(math.gcd(array.strides[0], _WAY_BYTES), _LINE_BYTES)
    return fastest == 0 or lines < _WAYS * sets


def _fastest(array: NDArray[Any]) -> int:
    """Return which of the first three dimensions has its neighbours nearest to each other in memory."""
    return min((axis for axis in range(3) if array.shape[axis] > 1), key=lambda axis: abs(array.strides[axis]))
