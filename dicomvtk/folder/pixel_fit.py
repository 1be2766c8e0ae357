"""Whether the pixel data of a file still are what its header says, once attributes that say so were edited."""

from __future__ import annotations

import warnings
from typing import Any

import pydicom
from pydicom.dataelem import RawDataElement

from dicomvtk.errors import UnsupportedError
from dicomvtk.folder.attribute_path import parse
from dicomvtk.folder.header_values import ABSENT
from dicomvtk.folder.instance import Instance

__all__ = ["check_fit"]

_BITS = parse("BitsAllocated")
_SAYING = (*map(parse, ("Rows", "Columns", "SamplesPerPixel", "NumberOfFrames")), _BITS)
_PIXEL_DATA = (0x7FE00010, 0x7FE00008, 0x7FE00009)
_UNDEFINED = 0xFFFFFFFF
#: Longer values are left on the disk when only their length is asked for.
_DEFERRED = 1024


def check_fit(instance: Instance) -> None:
    """Refuse edits of the size of the pixels, which cuts the same bytes into another image.

    Where the header does not fit its pixels on the disk, edits that make it fit are let pass.
    """
    edited = [path for path in _SAYING if path in instance.edits]
    if instance.pixels is not None and instance.value(_BITS) == instance.pixels.bits_allocated:
        edited = [path for path in edited if path != _BITS]
    if not edited:
        return
    length = _pixel_bytes(instance)
    if length is None:
        return
    before, after = instance.on_disk(_SAYING), instance.values(_SAYING)
    mended = instance.pixels is None and not _fits(before, length) and _fits(after, length)
    if mended and length != _UNDEFINED:
        return
    changes = ", ".join(f"{path.spelled()} {before[path]} -> {after[path]}" for path in edited)
    raise UnsupportedError(
        f"{changes} would cut the pixels of {instance.path or instance.source} into another image. "
        "For another size, make a new series of the array."
    )


def _pixel_bytes(instance: Instance) -> int | None:
    """Return the length of the pixel data on the disk, None where there are none."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset = pydicom.dcmread(instance.source, specific_tags=list(_PIXEL_DATA), defer_size=_DEFERRED, force=True)
    for tag in _PIXEL_DATA:
        if tag in dataset:
            element = dataset.get_item(tag)
            return int(element.length) if isinstance(element, RawDataElement) else len(element.value or b"")
    return None


def _fits(values: dict[Any, Any], length: int) -> bool:
    """Return whether uncompressed pixels of this size have `length` bytes, padded to an even number or not."""
    if length == _UNDEFINED:
        return True
    bits = 1
    for path, usual in zip(_SAYING, (None, None, 1, 1, None), strict=True):
        found = values[path]
        number = usual if found is ABSENT or found is None else found
        if not isinstance(number, int):
            return False
        bits *= number
    count = (bits + 7) // 8
    return length in (count, count + count % 2)
