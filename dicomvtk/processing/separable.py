"""Weighted sums along i, j and k one after the other: what smoothing and resampling between parallel grids are made of.

Along an axis, a few neighbouring outputs are one small matrix times the inputs they reach, and BLAS is good at those.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

__all__ = ["Weights", "exact_float", "weighted"]

#: Outputs of one matrix: fewer and BLAS has little to do, more and most of the matrix is zeros.
_OUTPUTS = 16
#: Slices turned to floats at a time, so that they are still in the processor's cache for the next axis.
_SLICES = 8
#: Multiplications above which OpenBLAS uses threads of its own (65536 x GEMM_MULTITHREAD_THRESHOLD of its
#: interface/gemm.c), which would stand in the way of ours.
_MULTIPLICATIONS = 262_144


@dataclass(frozen=True)
class Weights:
    """For each output along an axis the inputs it is the weighted sum of: `index` and `weight`, both (outputs, taps).

    Indices never fall from one output to the next.
    """

    index: NDArray[np.intp]
    weight: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.index)


@dataclass(frozen=True)
class _Band:
    """Outputs `start` to `stop` as the product of `matrix` (outputs, inputs) with inputs `first` to `last`."""

    start: int
    stop: int
    first: int
    last: int
    matrix: NDArray[Any]


def exact_float(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Return the floats that hold `dtype`: float32 up to 16 bits and for itself, float64 for all else."""
    return np.dtype(np.float32 if dtype.itemsize <= 2 or dtype == np.float32 else np.float64)


def weighted(
    array: NDArray[Any], along: tuple[Weights, Weights, Weights], dtype: DTypeLike | None = None
) -> NDArray[Any]:
    """Return the weighted sums of `array` (i, j, k[, c]) along its first three axes, in memory as `Volume` keeps it.

    Each sample of a colour by itself. Reckoned in `exact_float`; integers are rounded once, to even at halves, and kept
    within their dtype. What is not finite becomes NaN wherever it has a weight.

    Besides the result it takes the memory of a few slices for each core.
    """
    kind = np.dtype(array.dtype if dtype is None else dtype).newbyteorder("=")
    sizes = tuple(len(weights) for weights in along)
    if array.ndim == 3:
        made = np.empty(sizes, kind, order="F")
        _fill(made, array, along)
        return made
    block = np.empty((*reversed(sizes), array.shape[3]), kind)
    for sample in range(array.shape[3]):
        _fill(block[..., sample].T, array[..., sample], along)
    return block.transpose(2, 1, 0, 3)


def _fill(out: NDArray[Any], array: NDArray[Any], along: tuple[Weights, Weights, Weights]) -> None:
    """Put the sums of one sample a voxel into `out`."""
    if array.dtype.kind == "f" and not np.isfinite(array.sum(dtype=np.float64)):
        odd = ~np.isfinite(array)
        if odd.any():
            _fill(out, np.where(odd, 0, array), along)
            sizes = [Weights(weights.index, np.abs(weights.weight)) for weights in along]
            out[weighted(odd, (sizes[0], sizes[1], sizes[2]), np.float32) > 0] = np.nan
            return
    work = exact_float(array.dtype)
    i, j, k = (list(_bands(weights, work)) for weights in along)
    cores = min(os.cpu_count() or 1, len(k))
    parts = [k[len(k) * n // cores : len(k) * (n + 1) // cores] for n in range(cores)]
    if cores == 1:
        _fill_slices(out.T, array.T, i, j, k)
        return
    with ThreadPoolExecutor(cores, thread_name_prefix="dicomvtk-weights") as pool:
        list(pool.map(lambda part: _fill_slices(out.T, array.T, i, j, part), parts))


def _fill_slices(
    out: NDArray[Any], array: NDArray[Any], i: Sequence[_Band], j: Sequence[_Band], k: Sequence[_Band]
) -> None:
    """Put into `out` (k, j, i) the slices of the bands `k`; slices that the next band needs again are kept."""
    work = k[0].matrix.dtype
    deepest = max(band.last - band.first for band in k)
    kept = np.empty((deepest, *out.shape[1:]), work)
    sums = np.empty((max(band.stop - band.start for band in k), *out.shape[1:]), work)
    before = range(0)
    for band in k:
        had = max(before.stop - band.first, 0)
        kept[:had] = kept[band.first - before.start : before.stop - before.start] if had else 0
        for first in range(band.first + had, band.last, _SLICES):
            last = min(first + _SLICES, band.last)
            _fill_planes(kept[first - band.first : last - band.first], array[first:last], i, j)
        before = range(band.first, band.last)
        inputs, outputs = kept[: len(before)], sums[: band.stop - band.start]
        _multiply(band.matrix, inputs.transpose(1, 0, 2), outputs.transpose(1, 0, 2))
        _fill_as(out[band.start : band.stop], outputs)


def _fill_planes(out: NDArray[Any], planes: NDArray[Any], i: Sequence[_Band], j: Sequence[_Band]) -> None:
    """Put the sums of `planes` (n, j, i) along i and j into `out`."""
    values = np.ascontiguousarray(planes, out.dtype)
    half_way = np.empty((*values.shape[:2], out.shape[2]), out.dtype)
    rows, half_rows = values.reshape(-1, values.shape[2]), half_way.reshape(-1, half_way.shape[2])
    for band in i:
        step = max(_MULTIPLICATIONS // band.matrix.size, 1)
        for row in range(0, len(rows), step):
            inputs = rows[row : row + step, band.first : band.last]
            np.matmul(inputs, band.matrix.T, out=half_rows[row : row + step, band.start : band.stop])
    for band in j:
        _multiply(band.matrix, half_way[:, band.first : band.last], out[:, band.start : band.stop])


def _multiply(matrix: NDArray[Any], inputs: NDArray[Any], out: NDArray[Any]) -> None:
    """Put ``matrix @ inputs`` into `out`, both (n, along, i)."""
    step = max(_MULTIPLICATIONS // matrix.size, 1)
    for column in range(0, inputs.shape[2], step):
        np.matmul(matrix, inputs[..., column : column + step], out=out[..., column : column + step])


def _fill_as(target: NDArray[Any], values: NDArray[Any]) -> None:
    """Put `values`, which are scratch, into `target`: whole numbers within its bounds where it holds integers."""
    if target.dtype.kind in "iub":
        np.rint(values, out=values)
    if target.dtype.kind in "iu" and target.dtype.itemsize < values.dtype.itemsize:
        bounds = np.iinfo(target.dtype)
        np.clip(values, bounds.min, bounds.max, out=values)
    target[...] = values


def _bands(weights: Weights, dtype: np.dtype[Any]) -> Iterator[_Band]:
    for start in range(0, len(weights), _OUTPUTS):
        index = weights.index[start : start + _OUTPUTS]
        first, last = int(index.min()), int(index.max()) + 1
        matrix = np.zeros((len(index), last - first))
        np.add.at(matrix, (np.arange(len(index))[:, None], index - first), weights.weight[start : start + _OUTPUTS])
        yield _Band(start, start + len(index), first, last, matrix.astype(dtype))
