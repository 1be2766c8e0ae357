"""Headers that our own walk is not sure of, read by pydicom into the same form."""

from __future__ import annotations

import os
import struct
import warnings
import zlib
from collections.abc import Callable
from typing import Any

from dicomvtk.dicom.bounded_file import BoundedFile
from dicomvtk.dicom.elements import (
    DEFLATED,
    EXPLICIT_BIG,
    EXPLICIT_LITTLE,
    IMPLICIT_LITTLE,
    UNDEFINED,
    Items,
    NotDicom,
    RawHeader,
    walk_bytes,
)
from dicomvtk.dicom.tags import PIXEL_TAGS, SEQUENCES, WANTED, group_element

__all__ = ["DamagedFile", "inflated_data_set", "past_pixels", "read_elements", "read_header"]

#: The preamble and more than any file meta information (PS3.10 section 7.1).
_HEAD = 4096

#: A deflated data set may inflate to 256 MiB; beyond, to 200 times its size and 2 GiB. Images deflate to a half or a
#: third; only emptiness comes near deflate's best ratio, 1032.
_FREELY_INFLATED = 256 << 20
_MAX_INFLATED = 2 << 30
_MAX_RATIO = 200
_INFLATE_BLOCK = 1 << 20
#: Bytes that pydicom may read of a header, its long values left out.
_MOST_HEADER = 512 << 20
#: Values longer than this are left on disk by pydicom until asked for.
_DEFER_BYTES = 64 * 1024


class DamagedFile(Exception):  # noqa: N818  # an answer for the scan, which makes a finding of it
    """A DICOM file that neither our walk nor pydicom can read; the text says why."""


def read_header(
    path: str, doubt: str, wanted: frozenset[int] = WANTED, sequences: frozenset[int] = SEQUENCES
) -> RawHeader:
    """Return the raw header of a file that the walk gave up on because of `doubt`: `wanted` elements and `sequences`.

    Raises NotDicom where it was never DICOM, DamagedFile where it is but cannot be read.
    """
    with open(path, "rb") as file:
        head = file.read(_HEAD)
    is_part10 = head[128:132] == b"DICM"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            if is_part10 and DEFLATED.encode() in head:
                return _of_deflated(path, wanted, sequences)
            return _of_data_set(path, wanted, sequences)
        except (KeyboardInterrupt, SystemExit, DamagedFile):
            raise
        except BaseException as error:  # whatever pydicom raises on damage, RecursionError included
            if not is_part10:
                raise NotDicom("not DICOM") from None
            raise DamagedFile(f"{doubt}; pydicom: {type(error).__name__}: {error}") from None


def read_elements(path: str, wanted: frozenset[int]) -> dict[int, bytes]:
    """Return the value bytes of the wanted elements of the top level, as a little-endian file would hold them.

    Raises what `inflated_data_set` or pydicom does where the file is damaged.
    """
    from pydicom.filereader import read_partial

    with open(path, "rb") as file:
        head = file.read(_HEAD)
    if head[128:132] == b"DICM" and DEFLATED.encode() in head:
        return walk_bytes(inflated_data_set(path), EXPLICIT_LITTLE, wanted, frozenset()).values
    with warnings.catch_warnings(), BoundedFile(path, _MOST_HEADER) as file:
        warnings.simplefilter("ignore")
        data_set = read_partial(file, past_pixels(), defer_size=_DEFER_BYTES, force=True)
        little = bool(data_set.original_encoding[1])
        present = [tag for tag in wanted if _pydicom_tag(tag) in data_set]
        return {tag: _raw_value(data_set, _pydicom_tag(tag), little) for tag in present}


def inflated_data_set(path: str) -> bytes:
    """Return the data set of a deflated file (PS3.5 section A.5), inflated no further than is believable."""
    from pydicom.filereader import read_file_meta_info

    meta = read_file_meta_info(path)
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    data, taken = bytearray(), 0
    with open(path, "rb") as file:
        file.seek(132 + 12 + int(meta.FileMetaInformationGroupLength))
        while not inflater.eof:
            block = inflater.unconsumed_tail or file.read(_INFLATE_BLOCK)
            if not block:
                raise DamagedFile("the deflated data set is cut short")
            data += inflater.decompress(block, _INFLATE_BLOCK)
            taken += len(block) - len(inflater.unconsumed_tail)
            if len(data) > min(_MAX_INFLATED, max(_FREELY_INFLATED, taken * _MAX_RATIO)):
                raise DamagedFile(f"its {taken} deflated bytes inflate to more than {len(data) >> 20} MiB")
    return bytes(data)


def past_pixels() -> Callable[[int, str | None, int], bool]:
    """Return a condition for pydicom to stop after the pixel data, or at zeros, which are no element."""
    seen = False

    def stop(tag: int, vr: str | None, length: int) -> bool:
        nonlocal seen
        if seen or tag == 0:
            return True
        seen = tag in _PYDICOM_PIXEL_TAGS
        return False

    return stop


def _of_deflated(path: str, wanted: frozenset[int], sequences: frozenset[int]) -> RawHeader:
    header = walk_bytes(inflated_data_set(path), EXPLICIT_LITTLE, wanted, sequences)
    header.transfer_syntax = DEFLATED
    if header.pixel_tag:  # an offset into the inflated bytes, which is none into the file
        header.pixel_length = min(header.pixel_length, header.file_size - header.pixel_offset)
        header.pixel_offset = -1
    return header


def _of_data_set(path: str, wanted: frozenset[int], sequences: frozenset[int]) -> RawHeader:
    from pydicom.filereader import read_partial

    with BoundedFile(path, _MOST_HEADER) as file:
        data_set = read_partial(file, past_pixels(), defer_size=_DEFER_BYTES, force=True)
    syntax = _transfer_syntax(data_set)
    meta = getattr(data_set, "file_meta", None)
    header = RawHeader(transfer_syntax=syntax, file_size=os.path.getsize(path))
    header.media_class = str(getattr(meta, "MediaStorageSOPClassUID", "") or "")
    little = syntax != EXPLICIT_BIG
    for tag in wanted:
        key = _pydicom_tag(tag)
        if key in data_set:
            header.values[tag] = _raw_value(data_set, key, little)
    for tag in sequences:
        key = _pydicom_tag(tag)
        if key in data_set and data_set[key].VR == "SQ":
            header.sequences[tag] = [_raw_item(item, little) for item in data_set[key].value]
    if not header.values and not header.media_class:
        if getattr(data_set, "preamble", None):
            raise DamagedFile("nothing after the preamble can be read")
        raise NotDicom("not DICOM")
    for tag in sorted(PIXEL_TAGS):
        if _pydicom_tag(tag) in data_set:
            _locate_pixels(header, data_set, tag, little)
    return header


def _transfer_syntax(data_set: Any) -> str:
    """Return the syntax that the file declares, unless the data set is plainly in another (PS3.5 section 10)."""
    stated = str(getattr(getattr(data_set, "file_meta", None), "TransferSyntaxUID", "") or "")
    implicit, little = data_set.original_encoding
    found = IMPLICIT_LITTLE if implicit else EXPLICIT_LITTLE if little else EXPLICIT_BIG
    return found if stated in ("", IMPLICIT_LITTLE, EXPLICIT_LITTLE, EXPLICIT_BIG) else stated


def _locate_pixels(header: RawHeader, data_set: Any, tag: int, little: bool) -> None:
    """Note where the pixels lie, where they can be read by offset; else how many bytes pydicom will find of them."""
    element = data_set.get_item(_pydicom_tag(tag), keep_deferred=True)
    header.pixel_tag = tag
    tell = getattr(element, "value_tell", None)
    if not tell:
        return
    header.pixel_length = int(element.length)
    if little:
        header.pixel_offset = int(tell)
    elif header.pixel_length != UNDEFINED:
        header.pixel_length = min(header.pixel_length, header.file_size - int(tell))


def _pydicom_tag(tag: int) -> int:
    group, element = group_element(tag)
    return group << 16 | element


_PYDICOM_PIXEL_TAGS = frozenset(_pydicom_tag(tag) for tag in PIXEL_TAGS)


def _raw_item(item: Any, little: bool) -> dict[int, bytes | Items]:
    found: dict[int, bytes | Items] = {}
    for key in item.keys():  # noqa: SIM118  # iterating a data set itself converts every value
        tag = key.element << 16 | key.group
        raw = item.get_item(key)
        if getattr(raw, "VR", None) in ("SQ", None, "UN") and item[key].VR == "SQ":
            found[tag] = [_raw_item(inner, little) for inner in item[key].value]
        else:
            found[tag] = _raw_value(item, key, little)
    return found


def _raw_value(data_set: Any, key: Any, little: bool) -> bytes:
    """Return the value as a little-endian file would hold it: the very bytes where the file is one."""
    raw = data_set.get_item(key)
    value = raw.value
    if value is None:
        return b""
    vr = raw.VR or data_set[key].VR
    if isinstance(value, bytes):
        size = {"US": 2, "SS": 2, "AT": 2, "US or SS": 2, "UL": 4, "SL": 4, "FL": 4, "FD": 8, "OW": 2}.get(str(vr), 1)
        return value if little or size == 1 else _swapped(value, size)
    many = list(value) if isinstance(value, list | tuple) or hasattr(value, "append") else [value]
    if vr in ("US", "SS", "UL", "SL"):
        return b"".join(int(v).to_bytes(2 if vr[1] == "S" else 4, "little", signed=vr[0] == "S") for v in many)
    if vr in ("FD", "FL"):
        return struct.pack(f"<{len(many)}{'d' if vr == 'FD' else 'f'}", *map(float, many))
    return "\\".join(map(_as_written, many)).encode("utf-8")


def _as_written(value: Any) -> str:
    """Return the text of one value, a number's as the file has it; an empty name's original is None, not text."""
    original = getattr(value, "original_string", None)
    return original if isinstance(original, str) else str(value)


def _swapped(value: bytes, size: int) -> bytes:
    return b"".join(value[n : n + size][::-1] for n in range(0, len(value), size))
