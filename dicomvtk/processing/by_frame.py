"""One 3-D frame at a time: what is done to a frame, done to each index of the further axes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from dicomvtk.errors import GeometryError, UnsupportedError
from dicomvtk.geometry import Int3
from dicomvtk.metadata import SeriesInfo
from dicomvtk.volume import Volume

__all__ = ["by_frame", "check_real", "check_regular", "without_sources"]


def by_frame(
    volume: Volume, work: Callable[[Volume], NDArray[Any]], shape: Int3 | None = None, dtype: DTypeLike | None = None
) -> NDArray[Any]:
    """Return the array of `work(frame)` for every frame, in the memory order of the contract.

    `work` returns (i, j, k[, c]); `shape` and `dtype` are those of the result where they are not the volume's.
    Integers are rounded once, to even at halves, where `work` returns floats. Of a single frame it is what `work`
    returned, not copied where it has that dtype.
    """
    kind = np.dtype(volume.dtype if dtype is None else dtype)
    if not volume.axes:
        only = work(volume)
        return only if only.dtype == kind else _rounded(only, kind).astype(kind)
    sizes = shape or volume.geometry.shape
    further = tuple(len(axis) for axis in volume.axes)
    samples = volume.shape[-1:] if volume.is_colour else ()
    block = np.empty((*reversed((*sizes, *further)), *samples), kind)
    count = len(sizes) + len(further)
    result = block.transpose(*reversed(range(count)), *range(count, block.ndim))
    for index in np.ndindex(*further):
        result[(slice(None),) * 3 + index] = _rounded(work(volume.frame(*index)), kind)
    return result


def _rounded(values: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Return `values` rounded where floats are to become integers: casting alone would truncate."""
    return np.rint(values) if dtype.kind in "iu" and values.dtype.kind == "f" else values


def check_regular(volume: Volume, doing: str) -> None:
    """Raise GeometryError where slices lie irregularly, so that the grid does not say where they are."""
    if not volume.regular:
        raise GeometryError(
            f"Cannot {doing} a volume whose slices are not regular; read it again with fix= so that they are."
        )


def check_real(volume: Volume, doing: str) -> None:
    if volume.dtype.kind == "c":
        raise UnsupportedError(f"Cannot {doing} complex values; take their real and imaginary parts.")


def without_sources(info: SeriesInfo) -> SeriesInfo:
    """Return `info` for slices that no file holds any more."""
    padding = info.padding if len(info.padding) <= 1 else ()
    return replace(info.without_sources(), positions=None, padding=padding)
