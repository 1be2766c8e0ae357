"""Modality values as stored values: which integers, and with which slope and intercept as they will be written.

Integers are stored exactly or not at all. Floats share one slope for the whole volume and are quantised with slope and
intercept as written, so that no reader is further off than half a slope.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dicomvtk.dicom.decimal_strings import ds_text
from dicomvtk.errors import UnsupportedError

__all__ = ["Encoding", "encode_floats", "encode_integers", "finite_range", "is_whole"]

_STORED_16 = ("<i2", "<u2")
_STORED_32 = ("<i4", "<u4")
_UINT16_MAX = 65535
_INT16_MAX = 32767


@dataclass(frozen=True)
class Encoding:
    """How modality values become stored ones: ``stored = rint((value - intercept) / slope)``.

    `slope` and `intercept` are decimal strings as written; `low` and `high` the range of the modality values;
    `max_error` bounds how far the rescaled stored values are from the modality values, 0.0 when exact.
    """

    dtype: np.dtype[Any]
    low: float
    high: float
    slope: str = "1"
    intercept: str = "0"
    max_error: float = 0.0

    @property
    def is_rescaled(self) -> bool:
        return (self.slope, self.intercept) != ("1", "0")

    def stored(self, values: NDArray[Any]) -> NDArray[Any]:
        """Return `values` as stored values, little endian, C-contiguous; no copy where they already are."""
        if values.dtype.kind in "biu" and self.is_rescaled:
            return np.subtract(values, int(self.intercept), dtype=np.int64).astype(self.dtype)
        if values.dtype.kind in "biu" or self.dtype.kind == "f":
            return np.ascontiguousarray(values, dtype=self.dtype)
        scaled = np.subtract(values, float(self.intercept), dtype=np.float64)
        scaled /= float(self.slope)
        np.rint(scaled, out=scaled)
        limits = np.iinfo(self.dtype)
        np.clip(scaled, limits.min, limits.max, out=scaled)
        return scaled.astype(self.dtype)


def finite_range(array: NDArray[Any]) -> tuple[float, float]:
    """Return the least and greatest value of `array`, Python ints for integers; NaN and inf are refused."""
    low, high = array.min(), array.max()
    if array.dtype.kind != "f":
        return int(low), int(high)
    if not (np.isfinite(low) and np.isfinite(high)):
        finite = array[np.isfinite(array)]
        span = f"the finite ones span {finite.min():g} to {finite.max():g}" if finite.size else "none is finite"
        raise UnsupportedError(
            f"Cannot write {array.size - finite.size} of {array.size} values as DICOM: they are NaN or infinite "
            f"({span}). Say with fill= what to write for them."
        )
    return float(low), float(high)


def is_whole(array: NDArray[Any]) -> bool:
    """True where every value of a float `array` (i, j, k, ...) is an integer; stops at the first part that is not."""
    slowest = max(range(3), key=lambda axis: abs(array.strides[axis]))
    return all(bool(np.all(np.rint(part) == part)) for part in np.moveaxis(array, slowest, 0))


def encode_integers(low: int, high: int, *, unsigned: bool, bits: int) -> Encoding | None:
    """Return the smallest exact encoding for integers from `low` to `high`; None where `bits` (16 or 32) are too few.

    `unsigned` says which of two fitting kinds is taken: that of the array. An intercept never moves a range into 16
    bits: vtk-dicom keeps rescaled integers in 16 bits, and would wrap them.
    """
    for pair in (_STORED_16, _STORED_32)[: bits // 16]:
        for code in reversed(pair) if unsigned else pair:
            if _fits(low, high, code):
                return Encoding(np.dtype(code), low, high)
    return None


def encode_floats(low: float, high: float, *, zero_intercept: bool = False, slope: float | None = None) -> Encoding:
    """Return the 16-bit encoding of floats from `low` to `high` with the smallest error: unsigned, one slope.

    With `zero_intercept` (PET: PS3.3 C.8.9.4) the intercept is 0, and negative values make it signed. Slope and
    intercept are rounded to decimal strings that still cover the range, so nothing is clipped by more than rounding.
    With `slope` given it is that slope, and the intercept a multiple of it: multiples of the slope come back as such.
    """
    if slope is not None:
        return _with_slope(low, high, slope, zero_intercept)
    if not np.isfinite(high - low):
        raise UnsupportedError(f"Cannot scale values from {low:g} to {high:g} to 16 bits: the range overflows float64.")
    signed = zero_intercept and low < 0
    dtype: np.dtype[Any] = np.dtype("<i2" if signed else "<u2")
    steps = _INT16_MAX if signed else _UINT16_MAX
    intercept = "0" if zero_intercept else ds_text(low, ROUND_FLOOR)
    reach = max(-low, high) if signed else high - float(intercept)
    rounding = float(np.spacing(max(abs(low), abs(high))))
    slope = reach / steps
    if low == high and not zero_intercept:
        nearest = ds_text(low)
        return Encoding(dtype, low, high, intercept=nearest, max_error=abs(low - float(nearest)))
    if slope < np.finfo(np.float64).tiny:  # all zero, or so narrow that no slope can be written
        return Encoding(dtype, low, high, intercept=intercept, max_error=reach)
    text = ds_text(slope, ROUND_CEILING)
    return Encoding(dtype, low, high, text, intercept, float(text) / 2 + rounding)


def _with_slope(low: float, high: float, slope: float, zero_intercept: bool) -> Encoding:
    """Return the encoding of floats in steps of `slope`; raises UnsupportedError where 16 bits are too few steps."""
    if not (np.isfinite(slope) and slope > 0):
        raise UnsupportedError(f"Cannot use slope={slope!r}; expected a number above 0.")
    text = ds_text(slope)
    step = float(text)
    signed = zero_intercept and low < 0
    intercept = "0" if zero_intercept else ds_text(np.floor(low / step) * step)
    first, last = (low - float(intercept)) / step, (high - float(intercept)) / step
    limits = np.iinfo("<i2" if signed else "<u2")
    if not (limits.min - 0.5 <= first and last <= limits.max + 0.5):
        smallest = max((high - low) / _UINT16_MAX, max(-low, high) / _INT16_MAX if signed else 0.0)
        raise UnsupportedError(
            f"Cannot write values from {low:g} to {high:g} in steps of {text}: 16 bits hold 65536 steps. "
            f"Take a slope of at least {smallest:.3g}, or lossless=True."
        )
    rounding = float(np.spacing(max(abs(low), abs(high), abs(float(intercept)))))
    return Encoding(np.dtype("<i2" if signed else "<u2"), low, high, text, intercept, step / 2 + 2 * rounding)


def _fits(low: int, high: int, code: str) -> bool:
    limits = np.iinfo(code)
    return bool(limits.min <= low and high <= limits.max)
