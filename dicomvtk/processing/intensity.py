"""Values voxel by voxel: threshold and clip."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dicomvtk.errors import UnsupportedError
from dicomvtk.metadata import SeriesInfo
from dicomvtk.processing.by_frame import check_real
from dicomvtk.volume import Volume

__all__ = ["clip", "mask_volume", "threshold"]


def threshold(volume: Volume, low: float | None = None, high: float | None = None) -> Volume:
    """Return a mask, uint8: 1 where low <= value <= high, 0 elsewhere and at NaN. One end may be left out.

    Examples
    --------
    >>> threshold(Volume(np.array([[[-5, 0, 7, 9]]])), 0, 7).array.ravel().tolist()
    [0, 1, 1, 0]
    """
    check_real(volume, "threshold")
    if volume.is_colour:
        raise UnsupportedError("Cannot threshold colour; expected one sample a voxel.")
    if low is None and high is None:
        raise UnsupportedError("threshold() needs low=, high= or both.")
    if low is not None and high is not None and low > high:
        raise UnsupportedError(f"Cannot threshold from {low:g} to {high:g}; expected low <= high.")
    inside = np.ones(volume.shape, dtype=bool, order="F")
    if low is not None:
        inside &= volume.array >= low
    if high is not None:
        inside &= volume.array <= high
    ends = f"{'' if low is None else f' from {low:g}'}{'' if high is None else f' to {high:g}'}"
    return mask_volume(volume, inside, f"threshold{ends}")


def clip(volume: Volume, low: float | None = None, high: float | None = None) -> Volume:
    """Return the volume with values below `low` and above `high` set to them; the dtype stays, NaN too.

    Raises UnsupportedError for ends that the dtype does not hold although values reach them.
    """
    check_real(volume, "clip")
    if low is not None and high is not None and low > high:
        raise UnsupportedError(f"Cannot clip to {low:g} to {high:g}; expected low <= high.")
    array = volume.array
    if low is not None and (array < low).any():
        array = np.maximum(array, _held(array, low))
    if high is not None and (array > high).any():
        array = np.minimum(array, _held(array, high))
    ends = f"{'' if low is None else f' from {low:g}'}{'' if high is None else f' to {high:g}'}"
    return volume.with_array(array, step=f"clip{ends}")


def _held(array: NDArray[Any], end: float) -> Any:
    """Return `end` in the dtype of `array`."""
    held = np.asarray(end).astype(array.dtype)
    if array.dtype.kind in "iub" and held != end:
        raise UnsupportedError(f"Cannot clip {array.dtype} values to {end:g}; expected a number that dtype holds.")
    return held


def mask_volume(volume: Volume, mask: NDArray[np.bool_], step: str) -> Volume:
    """Return a mask on the grid of `volume`, as uint8: windows, units and padding of the values do not go with it."""
    return replace(volume, info=without_values(volume.info)).with_array(mask.view(np.uint8), step=step)


def without_values(info: SeriesInfo) -> SeriesInfo:
    """Return `info` without what it says of the values."""
    return replace(info, unit="", windows=(), voi_luts=(), padding=(), segments=(), photometric="MONOCHROME2")
