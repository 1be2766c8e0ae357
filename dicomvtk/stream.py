"""A volume of which no more is in memory than is being worked on: what it is, and its voxels part by part."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from dicomvtk.errors import UnsupportedError
from dicomvtk.geometry import Geometry
from dicomvtk.metadata import Axis, Finding, SeriesInfo
from dicomvtk.volume import Volume

__all__ = ["Part", "VolumeStream", "WiderValuesError", "block_of", "in_order"]

#: Gives consecutive voxels, i fastest (colour samples before), as a C-ordered array; any thread may call it.
Part = Callable[[], NDArray[Any]]
Result = TypeVar("Result")

#: A part of a volume in memory: small enough to stay in a core's cache, large enough that handing it over is nothing.
_PART_BYTES = 1 << 20
_MAX_THREADS = 8


class WiderValuesError(UnsupportedError):
    """A value does not fit the dtype that the headers let expect: the series must be read whole to know its dtype."""


@dataclass(frozen=True, eq=False)
class VolumeStream:
    """What a volume is (see `Volume`), and its voxels as parts that follow each other in memory order.

    `shape` is (i, j, k, *axes), colour samples last; the parts in a row are that array's memory.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    geometry: Geometry
    info: SeriesInfo
    findings: tuple[Finding, ...]
    axes: tuple[Axis, ...]
    parts: tuple[Part, ...]

    @classmethod
    def of(cls, volume: Volume) -> VolumeStream:
        """Return the stream of a volume in memory, nothing copied where memory is in the order of the contract."""
        flat = block_of(volume).reshape(-1)
        step = max(1, _PART_BYTES // flat.itemsize)

        def part(start: int) -> Part:
            return lambda: flat[start : start + step]

        parts = tuple(part(start) for start in range(0, flat.size, step))
        return cls(volume.shape, volume.dtype, volume.geometry, volume.info, volume.findings, volume.axes, parts)

    @property
    def is_colour(self) -> bool:
        return len(self.shape) == 3 + len(self.axes) + 1


def block_of(volume: Volume) -> NDArray[Any]:
    """Return the voxels as the C-ordered view ``(..., k, j, i[, c])``, the same memory where that is how they lie."""
    grid = volume.array.ndim - (1 if volume.is_colour else 0)
    return np.ascontiguousarray(volume.array.transpose(*reversed(range(grid)), *range(grid, volume.array.ndim)))


def in_order(parts: tuple[Part, ...], work: Callable[[NDArray[Any]], Result]) -> Iterator[Result]:
    """Yield ``work(part())`` of each part in order, made in threads; only a few are in memory at a time."""
    threads = min(_MAX_THREADS, os.cpu_count() or 1, len(parts))
    with ThreadPoolExecutor(threads, thread_name_prefix="dicomvtk-stream") as pool:
        waiting: deque[Future[Result]] = deque()
        try:
            for part in parts:
                waiting.append(pool.submit(lambda part: work(part()), part))
                if len(waiting) > 2 * threads:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
