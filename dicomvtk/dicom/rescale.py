"""From stored values to modality values: the slope and intercept of each frame, and the dtype that holds the result.

The Modality LUT module (PS3.3 C.11.1) and the Pixel Value Transformation macro (C.7.6.16.2.9) are read for every
modality: what a file says of its values is taken at its word.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dicomvtk.dicom import values
from dicomvtk.dicom.findings import finding
from dicomvtk.dicom.frames import Common, Frame
from dicomvtk.dicom.tags import Tag, describe
from dicomvtk.dicom.values import BadValue
from dicomvtk.metadata import Finding

__all__ = [
    "IDENTITY",
    "Bounds",
    "Rescale",
    "ValuePlan",
    "clean_bits",
    "narrowest_integer",
    "padding_range",
    "plan_rescaled",
    "plan_values",
    "stored_bounds",
    "stored_dtype",
]

#: (slope, intercept) of a frame.
Rescale = tuple[float, float]
#: Lowest and highest value.
Bounds = tuple[float, float]

IDENTITY: Rescale = (1.0, 0.0)

#: Slopes and intercepts up to here keep 16-bit values within float32.
_LARGEST = 1e30


@dataclass(frozen=True)
class ValuePlan:
    """How the values of a stack are made.

    `dtype` holds every value that the headers allow, except where `by_content` is set: then the headers allow more
    than 16 bits and `dtype` is the narrowest that may do, to be widened by the values present. `with_tables` is set
    where a Modality LUT stands in the place of slope and intercept for the frames that have one.
    """

    dtype: np.dtype[Any]
    by_content: bool
    rescales: tuple[Rescale, ...]
    findings: tuple[Finding, ...] = ()
    fits_32_bit: bool = True
    with_tables: bool = False


def stored_dtype(common: Common) -> np.dtype[Any]:
    """Return the dtype in which one sample is stored, little-endian; 1-bit samples unpack to uint8."""
    return _little_endian("f" if common.float_pixels else "i" if common.signed else "u", common.bits_allocated or 0)


@lru_cache(maxsize=64)
def _little_endian(kind: str, bits: int) -> np.dtype[Any]:
    return np.dtype(f"<{kind}{bits // 8 if kind == 'f' else max(1, bits // 8)}")


def stored_bounds(common: Common) -> Bounds:
    """Return the lowest and highest value that BitsStored and PixelRepresentation allow."""
    bits = common.bits_stored or common.bits_allocated or 0
    if common.signed:
        return -(2.0 ** (bits - 1)), 2.0 ** (bits - 1) - 1
    return 0.0, 2.0**bits - 1


def padding_range(common: Common) -> tuple[int, int] | None:
    """Return PixelPaddingValue to PixelPaddingRangeLimit as stored values (PS3.3 C.7.5.1.1.2), None where absent."""
    value = values.short(common.value(Tag.PixelPaddingValue), signed=common.signed)
    if value is None:
        return None
    limit = values.short(common.value(Tag.PixelPaddingRangeLimit), signed=common.signed)
    low, high = sorted((value, value if limit is None else limit))
    return low, high


def clean_bits(samples: NDArray[Any], common: Common) -> None:
    """Mask or sign-extend, in place, what lies above BitsStored (PS3.5 section 8.1.1): overlays or junk."""
    stored = common.bits_stored or common.bits_allocated or 0
    width = samples.dtype.itemsize * 8
    if samples.dtype.kind not in "iu" or stored >= width:
        return
    if samples.dtype.kind == "u":
        np.bitwise_and(samples, samples.dtype.type((1 << stored) - 1), out=samples)
    else:
        shift = samples.dtype.type(width - stored)
        np.left_shift(samples, shift, out=samples)
        np.right_shift(samples, shift, out=samples)


def plan_values(frames: Sequence[Frame], stored: bool = False) -> ValuePlan:
    """Return how to make the values of these frames, decided over all of them before anything is allocated.

    Integers where every slope is 1 and every intercept whole: uint8 as it is, else the smallest of int16, uint16 and
    int32 that the headers' bounds need. float32 otherwise, float64 for scaled 32-bit data.
    """
    if all(frame.common.photometric == "PALETTE COLOR" for frame in frames):
        return ValuePlan(np.dtype(np.uint8), False, (IDENTITY,) * len(frames))
    rescales, findings = _rescales(frames)
    if stored:
        rescales = [IDENTITY] * len(frames)
    commons = list({id(f.common): f.common for f in frames}.values())
    with_floats = any(common.float_pixels for common in commons)
    if not stored and not with_floats and any(common.modality_lut for common in commons):
        return replace(_table_plan(commons, tuple(rescales)), findings=findings)
    return replace(plan_rescaled(frames, rescales), findings=findings)


def plan_rescaled(frames: Sequence[Frame], rescales: Sequence[Rescale]) -> ValuePlan:
    """Return how to make the values of these frames with these (slope, intercept), one a frame."""
    commons = list({id(f.common): f.common for f in frames}.values())
    if any(common.float_pixels for common in commons):
        wide = any(stored_dtype(common).itemsize > 4 for common in commons)
        return ValuePlan(np.dtype(np.float64 if wide else np.float32), False, tuple(rescales))
    if all(common.samples > 1 and not common.signed for common in commons) and set(rescales) == {IDENTITY}:
        return ValuePlan(_colour_dtype(commons), False, tuple(rescales))
    if all(slope == 1.0 and intercept.is_integer() for slope, intercept in rescales):
        return _integer_plan(frames, tuple(rescales))
    wide = any((common.bits_allocated or 0) > 16 for common in commons)
    return ValuePlan(np.dtype(np.float64 if wide else np.float32), False, tuple(rescales))


def _colour_dtype(commons: Iterable[Common]) -> np.dtype[Any]:
    """Return the dtype of colour samples, as wide as they are stored; 32 bits need float64 (no uint32 is ours)."""
    bits = max(common.bits_allocated or 0 for common in commons)
    return np.dtype(np.uint8 if bits <= 8 else np.uint16 if bits <= 16 else np.float64)


def narrowest_integer(bounds: Bounds) -> np.dtype[Any]:
    """Return the smallest of int16, uint16 and int32 that holds `bounds`, float64 where none does."""
    low, high = bounds
    for integer in (np.int16, np.uint16, np.int32):
        limits = np.iinfo(integer)
        if limits.min <= low and high <= limits.max:
            return np.dtype(integer)
    return np.dtype(np.float64)


def _integer_plan(frames: Sequence[Frame], rescales: tuple[Rescale, ...]) -> ValuePlan:
    kinds = {(id(f.common), r[1]): (f.common, r[1]) for f, r in zip(frames, rescales, strict=True)}
    low, high = np.inf, -np.inf
    for common, intercept in kinds.values():
        a, b = stored_bounds(common)
        low, high = min(low, a + intercept), max(high, b + intercept)
    if low >= 0 and high <= 255 and all((common.bits_allocated or 0) <= 8 for common, _ in kinds.values()):
        return ValuePlan(np.dtype(np.uint8), False, rescales)
    needed = narrowest_integer((low, high))
    if needed.itemsize <= 2:
        return ValuePlan(needed, False, rescales)
    return ValuePlan(np.dtype(np.int16), True, rescales, fits_32_bit=needed.kind == "i")


def _table_plan(commons: Sequence[Common], rescales: tuple[Rescale, ...]) -> ValuePlan:
    """Return the plan of frames with Modality LUTs: wide enough for every table, and for what is not in a table."""
    ends = [
        (float(lut.table.min()), float(lut.table.max())) if (lut := common.modality_lut) else stored_bounds(common)
        for common in commons
    ]
    if any(rescale != IDENTITY for rescale in rescales):
        return ValuePlan(np.dtype(np.float64), False, rescales, with_tables=True)
    bounds = min(low for low, _ in ends), max(high for _, high in ends)
    return ValuePlan(narrowest_integer(bounds), False, rescales, with_tables=True)


def _rescales(frames: Sequence[Frame]) -> tuple[list[Rescale], tuple[Finding, ...]]:
    stated = [(frame.value(Tag.RescaleSlope), frame.value(Tag.RescaleIntercept)) for frame in frames]
    meant = dict.fromkeys(stated, IDENTITY)  # each pair is read once: most frames say the same
    problems: dict[tuple[bytes | None, bytes | None], str] = {}
    for pair in meant:
        try:
            meant[pair] = _rescale(*pair)
        except BadValue as problem:
            problems[pair] = str(problem)
    found = [meant[pair] for pair in stated]
    without = any(not slope and not intercept for slope, intercept in meant)
    bad: dict[str, list[str]] = {}
    for frame, pair in zip(frames, stated, strict=True) if problems else ():
        if pair in problems:
            bad.setdefault(problems[pair], []).append(frame.path)
    findings = [
        finding("bad-rescale", f"{problem} in {_files(files)}; expected one finite number, the slope not 0.", files)
        for problem, files in bad.items()
    ]
    findings += _present_in_some(frames, found) if not findings else []
    findings += _halves(frames, found) if not findings else []
    distinct = dict.fromkeys(found)
    if len(distinct) > 1 and not bad and not without:
        findings.append(_mixed(distinct))
    return found, tuple(findings)


def _present_in_some(frames: Sequence[Frame], found: Sequence[Rescale]) -> list[Finding]:
    """Refuse a slope or an intercept that some images have and others lack, unless it changes nothing."""
    for n, tag in enumerate((Tag.RescaleSlope, Tag.RescaleIntercept)):
        lacking = [frame.path for frame in frames if not frame.value(tag)]
        if 0 < len(lacking) < len(frames) and any(rescale[n] != IDENTITY[n] for rescale in found):
            others = len(frames) - len(lacking)
            message = f"{describe(tag)} is missing in {_files(lacking)} and present in the other {others}."
            return [finding("bad-rescale", message, lacking)]
    return []


def _halves(frames: Sequence[Frame], found: Sequence[Rescale]) -> list[Finding]:
    """Tell of a slope without an intercept, the reverse, and both beside a table: it is two or one (PS3.3 C.11.1)."""
    for lacking, other, taken in (
        (Tag.RescaleSlope, Tag.RescaleIntercept, 1),
        (Tag.RescaleIntercept, Tag.RescaleSlope, 0),
    ):
        bare = [f.path for f in frames if not f.value(lacking) and f.value(other)]
        if bare:
            message = (
                f"{describe(lacking)} is missing in {_files(bare)}, {describe(other)} is not; {taken} is taken for it."
            )
            return [finding("assumed", message, bare)]
    both = [f.path for f, rescale in zip(frames, found, strict=True) if f.common.modality_lut and rescale != IDENTITY]
    if both:
        message = f"ModalityLUTSequence (0028,3000) and RescaleSlope (0028,1053) are both in {_files(both)}"
        return [finding("assumed", f"{message}; the table counts.", both)]
    return []


def _rescale(slope: bytes | None, intercept: bytes | None) -> Rescale:
    try:
        a = values.decimals(slope, 1)
    except BadValue as bad:
        raise BadValue(f"RescaleSlope (0028,1053) is {bad}") from None
    try:
        b = values.decimals(intercept, 1)
    except BadValue as bad:
        raise BadValue(f"RescaleIntercept (0028,1052) is {bad}") from None
    scale, offset = a[0] if a else 1.0, b[0] if b else 0.0
    if scale == 0.0:
        raise BadValue("RescaleSlope (0028,1053) is 0")
    if not 1 / _LARGEST < abs(scale) < _LARGEST:
        raise BadValue(f"RescaleSlope (0028,1053) is {scale:g}, beyond what values can be scaled by")
    if abs(offset) >= _LARGEST:
        raise BadValue(f"RescaleIntercept (0028,1052) is {offset:g}, beyond what can be added to values")
    return scale, offset


def _mixed(distinct: Iterable[Rescale]) -> Finding:
    slopes = sorted({slope for slope, _ in distinct})
    intercepts = sorted({intercept for _, intercept in distinct})
    return finding(
        "mixed-rescale",
        f"Slopes from {slopes[0]:g} to {slopes[-1]:g} and intercepts from {intercepts[0]:g} to {intercepts[-1]:g} "
        "differ between slices; each slice is scaled by its own.",
    )


def _files(files: Sequence[str]) -> str:
    return files[0] if len(files) == 1 else f"{files[0]} and {len(files) - 1} more"
