"""Modality values as a screen shows them: VOI LUT or window, then presentation (PS3.3 C.11.2, C.11.6; PS3.4 N.2).

The chain begins where reading ends: modality LUT and rescale are behind it, palettes are RGB already.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dicomvtk.display import CT_WINDOWS, WindowLevel, auto_window
from dicomvtk.errors import UnsupportedError
from dicomvtk.metadata import LookupTable, SeriesInfo

__all__ = ["Voi", "as_greys", "chosen_voi", "named_voi", "to_uint8", "voi_levels"]

#: What turns modality values into levels between black and white.
Voi = WindowLevel | LookupTable

#: Values of 16 bits are looked up in a table of all of them when there are more voxels than that.
_TABLE_ENTRIES = 1 << 16


def voi_levels(values: NDArray[Any], voi: Voi) -> NDArray[np.float64]:
    """Return levels from 0.0 (black) to 1.0 (white) of modality values, any shape; NaN is black.

    Windows by the formulas of PS3.3 C.11.2.1.2.1 (LINEAR), C.11.2.1.3.2 (LINEAR_EXACT) and C.11.2.1.3.1 (SIGMOID);
    LINEAR of a width below 1, which the standard does not allow, counts as LINEAR_EXACT.

    Examples
    --------
    >>> voi_levels(np.array([-160, 40, 239]), WindowLevel(40, 400)).round(3).tolist()
    [0.0, 0.501, 1.0]
    """
    if isinstance(voi, LookupTable):
        return _looked_up(values, voi)
    x = values.astype(np.float64)
    if voi.function == "SIGMOID":
        with np.errstate(over="ignore"):
            level = 1.0 / (1.0 + np.exp(-4.0 * (x - voi.center) / voi.width))
    elif voi.function == "LINEAR" and voi.width >= 1:
        level = _between(x - (voi.center - 0.5), voi.width - 1)
    else:
        level = _between(x - voi.center, voi.width)
    return np.nan_to_num(level, copy=False, nan=0.0)


def _between(distance: NDArray[np.float64], width: float) -> NDArray[np.float64]:
    """Return levels of values that lie `distance` from the middle of a ramp of `width`; a step where that is 0."""
    if width == 0:
        return (distance > 0).astype(np.float64)
    distance /= width
    distance += 0.5
    return np.clip(distance, 0.0, 1.0, out=distance)


def _looked_up(values: NDArray[Any], lut: LookupTable) -> NDArray[np.float64]:
    whole = np.rint(np.nan_to_num(values)) if values.dtype.kind == "f" else values
    index = np.clip(whole.astype(np.float64) - lut.first, 0, len(lut.table) - 1).astype(np.intp)
    return lut.table[index] / float(2**lut.bits - 1)


def as_greys(values: NDArray[Any], voi: Voi, *, inverted: bool = False) -> NDArray[np.uint8]:
    """Return greys 0 to 255 of modality values (i, j, k, ...), Fortran order; `inverted` for MONOCHROME1."""
    if values.dtype.kind in "iu" and values.dtype.itemsize <= 2 and values.size > _TABLE_ENTRIES:
        limits = np.iinfo(values.dtype)
        table = to_uint8(voi_levels(np.arange(limits.min, limits.max + 1), voi), inverted)
        index = values.view(np.dtype(f"u{values.dtype.itemsize}"))
        greys: NDArray[np.uint8] = np.roll(table, limits.min)[index]  # negative values are the upper half, unsigned
        return np.asfortranarray(greys)
    greys = np.empty(values.shape, np.uint8, order="F")
    for k in np.ndindex(*values.shape[2:]):  # a slice at a time: the doubles of a whole volume would be eight times it
        plane = (slice(None), slice(None), *k)
        greys[plane] = to_uint8(voi_levels(values[plane], voi), inverted)
    return greys


def to_uint8(levels: NDArray[np.float64], inverted: bool = False) -> NDArray[np.uint8]:
    """Return levels 0.0 to 1.0 as 0 to 255, to the nearest."""
    return np.rint(255.0 * (1.0 - levels if inverted else levels)).astype(np.uint8)


def chosen_voi(
    values: NDArray[Any],
    info: SeriesInfo,
    window: WindowLevel | LookupTable | str | None = None,
    voi: int | str | None = None,
) -> Voi:
    """Return the window or VOI LUT that was asked for, else the header's first, else one from the values.

    `window` is one, the name of a CT window, ``"C,W"``, or ``"auto"``; `voi` one of the header's, by index (VOI LUTs
    first, then windows, in their order) or by explanation. Raises UnsupportedError for both, and for what is not there.
    """
    if window is not None and voi is not None:
        raise UnsupportedError("Give window= or voi=, not both: a window takes the place of the header's.")
    if isinstance(window, WindowLevel | LookupTable):
        return window
    if window is not None and not isinstance(window, str):
        raise UnsupportedError(f"Unknown window {window!r}; expected WindowLevel(C, W), the name of one, or 'C,W'.")
    if window is not None:
        return auto_window(values) if window.casefold() == "auto" else named_voi(window)
    stated: tuple[Voi, ...] = (*info.voi_luts, *info.windows)
    if voi is not None:
        return _of_header(stated, voi)
    return stated[0] if stated else auto_window(values)


def named_voi(text: str) -> WindowLevel:
    """Return a CT window by its name, such as ``CT-BONE`` or ``bone``, or the window written ``C,W``."""
    named = CT_WINDOWS.get(f"CT-{text.upper().removeprefix('CT-')}")
    if named is not None:
        return named
    try:
        center, width = (float(word) for word in text.split(","))
    except ValueError:
        raise UnsupportedError(f"Unknown window {text!r}; expected {', '.join(CT_WINDOWS)}, auto or C,W.") from None
    return WindowLevel(center, width)


def _of_header(stated: Sequence[Voi], voi: int | str) -> Voi:
    if isinstance(voi, str):
        named = [one for one in stated if one.explanation.casefold() == voi.casefold()]
    else:
        whole = isinstance(voi, int) and not isinstance(voi, bool) and voi >= 0
        named = list(stated[voi : voi + 1]) if whole else []
    if named:
        return named[0]
    there = ", ".join(f"{n} {one.explanation!r}" for n, one in enumerate(stated)) or "none"
    raise UnsupportedError(f"The header has no VOI LUT or window {voi!r}; it has: {there}.")
