"""Whether the pixels of a frame can be read as the header describes them, checked before anything is allocated."""

from __future__ import annotations

from dicomvtk.dicom import values
from dicomvtk.dicom.common_header import PHOTOMETRIC
from dicomvtk.dicom.frames import Common
from dicomvtk.dicom.tags import Tag

__all__ = ["assumptions", "format_problem"]

_ALLOCATED = (1, 8, 16, 32, 64)
_FLOAT_ALLOCATED = (32, 64)
_SAMPLES = (1, 3, 4)


def format_problem(common: Common) -> str:
    """Return what is wrong with the Image Pixel attributes (PS3.3 C.7.6.3), empty where nothing is."""
    if common.problem:
        return common.problem
    for keyword, tag, value in (
        ("Rows", "(0028,0010)", common.rows),
        ("Columns", "(0028,0011)", common.columns),
        ("BitsAllocated", "(0028,0100)", common.bits_allocated),
    ):
        if not value:
            return f"{keyword} {tag} is {'missing' if value is None else value}; expected a number above 0"
    if common.frames is not None and common.frames < 1:
        return f"NumberOfFrames (0028,0008) is {common.frames}; expected at least 1"
    if common.samples not in _SAMPLES:
        return f"SamplesPerPixel (0028,0002) is {common.samples}; expected 1 or 3"
    return _bits_problem(common)


def _bits_problem(common: Common) -> str:
    allocated = common.bits_allocated or 0
    if common.float_pixels:
        return "" if allocated in _FLOAT_ALLOCATED else f"BitsAllocated (0028,0100) is {allocated}; expected 32 or 64"
    if allocated not in _ALLOCATED:
        return f"BitsAllocated (0028,0100) is {allocated}; expected 1, 8, 16, 32 or 64"
    stored = allocated if common.bits_stored is None else common.bits_stored
    if not 1 <= stored <= allocated:
        return f"BitsStored (0028,0101) is {stored}; expected 1 to BitsAllocated, {allocated}"
    if common.high_bit is not None and common.high_bit != stored - 1:
        return f"HighBit (0028,0102) is {common.high_bit}; expected BitsStored - 1, {stored - 1}"
    return ""


def assumptions(common: Common) -> list[str]:
    """Return, a sentence each, what is read as the standard's plainest case because the header does not say it."""
    assumed = [common.note] if common.note else []
    stated = values.text(common.value(Tag.PhotometricInterpretation))
    if common.samples == 1 and stated not in PHOTOMETRIC:
        what = repr(stated) if stated else "missing"
        assumed.append(f"PhotometricInterpretation (0028,0004) is {what}; the image is read as MONOCHROME2")
    if not common.float_pixels and not common.value(Tag.PixelRepresentation):
        assumed.append("PixelRepresentation (0028,0103) is missing; values are read as unsigned")
    return assumed
