"""Colour as RGB: what the photometric interpretations of PS3.3 C.7.6.3.1.2 make of their samples."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dicomvtk.errors import PixelDecodeError

__all__ = ["UNKNOWN_COLOUR", "from_422", "is_ybr", "ybr_to_rgb"]

#: Retired interpretations that no decoder here turns to RGB.
UNKNOWN_COLOUR = frozenset({"HSV", "ARGB", "CMYK"})

_FULL, _PARTIAL = "YBR_FULL", "YBR_PARTIAL"
#: Red, green and blue of (Y, Cb, Cr), of the full range and of the range that leaves head room (16 to 235 and 240).
_FROM_FULL = np.array([[1, 0, 1.402], [1, -0.344136, -0.714136], [1, 1.772, 0]])
_FROM_PARTIAL = np.array([[1.1644, 0, 1.5960], [1.1644, -0.3917, -0.8130], [1.1644, 2.0173, 0]])
#: Pixels converted at a time, so that the double-precision intermediates stay in the cache.
_PIXELS = 1 << 14


def is_ybr(photometric: str) -> bool:
    """True where samples are luminance and colour differences; those of JPEG 2000's own transforms come out as RGB."""
    return photometric.startswith((_FULL, _PARTIAL))


def ybr_to_rgb(ybr: NDArray[Any], photometric: str) -> NDArray[np.uint8]:
    """Return 8-bit YBR samples (row, column, 3) as RGB of the same shape, rounded to the nearest."""
    if ybr.dtype.itemsize != 1:
        raise PixelDecodeError(f"{photometric} is defined for 8 bits a sample; found {ybr.dtype.itemsize * 8}.")
    partial = photometric.startswith(_PARTIAL)
    matrix = (_FROM_PARTIAL if partial else _FROM_FULL).T
    offset = np.array([16.0 if partial else 0.0, 128.0, 128.0])
    flat = ybr.reshape(-1, 3)
    rgb = np.empty(flat.shape, np.uint8)
    for start in range(0, len(flat), _PIXELS):
        part = (flat[start : start + _PIXELS] - offset) @ matrix
        np.clip(np.rint(part, out=part), 0, 255, out=part)
        rgb[start : start + _PIXELS] = part
    return rgb.reshape(ybr.shape)


def from_422(data: NDArray[np.uint8], rows: int, columns: int) -> NDArray[np.uint8]:
    """Return samples stored as Y Y Cb Cr for each two pixels of a row as (row, column, 3)."""
    if columns % 2:
        raise PixelDecodeError(f"Columns (0028,0011) is {columns}; two pixels share their colour, so it must be even.")
    pairs = data[: rows * columns * 2].reshape(rows, columns // 2, 4)
    out = np.empty((rows, columns // 2, 2, 3), np.uint8)
    out[..., 0] = pairs[..., :2]
    out[..., 1] = pairs[..., 2, None]
    out[..., 2] = pairs[..., 3, None]
    return out.reshape(rows, columns, 3)
