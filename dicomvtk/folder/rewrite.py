"""A file with some of its elements replaced, all else byte for byte: pixels are copied, never decoded.

The top level of a little-endian data set is cut into elements (PS3.5 section 7.1) and put together again with the new
ones in their places. Big endian, deflated and damaged files are left to pydicom.
"""

from __future__ import annotations

import mmap
import struct
import warnings
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pydicom
from pydicom.charset import convert_encodings
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import correct_ambiguous_vr_element, write_data_element, write_file_meta_info

from dicomvtk.dicom import values
from dicomvtk.dicom.elements import DEFLATED, EXPLICIT_BIG, EXPLICIT_LITTLE, IMPLICIT_LITTLE, walk_file
from dicomvtk.dicom.sequences import (
    LONG_VR,
    SHORT_VR,
    UNDEFINED,
    NeedMore,
    Unsure,
    explicit_head,
    implicit_head,
    long_length,
    skip_undefined,
)
from dicomvtk.dicom.tags import Tag
from dicomvtk.errors import UnsupportedError, WriteError
from dicomvtk.folder.header_values import read_header
from dicomvtk.folder.instance import Instance
from dicomvtk.folder.pixel_fit import check_fit

__all__ = ["write_instance"]

_PREAMBLE = 128
_PIXEL_DATA = 0x7FE00010
_PIXEL_GROUP = 0x7FE0
#: What says how the other elements are coded.
_CODING = frozenset({Tag.SpecificCharacterSet})
_SOP_CLASS, _SOP_INSTANCE = 0x00080016, 0x00080018
_UNCOMPRESSED = (IMPLICIT_LITTLE, EXPLICIT_LITTLE, EXPLICIT_BIG, DEFLATED)
_LONG_HEAD = struct.Struct("<HH2sHI")
_GROUP_LENGTH = struct.Struct("<I")
_IMPLICIT_HEAD = struct.Struct("<HHI")


class _Span(NamedTuple):
    """Where one element of the top level lies in the file."""

    tag: int
    start: int
    stop: int


def write_instance(instance: Instance, target: Path) -> None:
    """Write an instance with its edits to `target`, a new file. Raises WriteError and UnsupportedError."""
    try:
        if not instance.edits and instance.pixels is None:
            target.write_bytes(instance.source.read_bytes())
            return
        check_fit(instance)
        try:
            if _is_simple(instance):
                _with_elements(instance, target)
            else:
                _spliced(instance, target)
        except (Unsure, NeedMore, struct.error):
            _by_pydicom(instance, target)
    except OSError as error:
        if isinstance(error, WriteError):
            raise
        raise WriteError(f"Cannot write {target}: {error.strerror or error}.") from error


def _is_simple(instance: Instance) -> bool:
    """True where each edit is one whole element of the top level, and no other element says how to write it."""
    plain = all(
        path.is_plain and path.top.tag not in (_SOP_CLASS, _SOP_INSTANCE) and (element is None or element.VR != "SQ")
        for path, element in instance.edits.items()
    )
    return plain and not instance.recode and instance.pixels is None


def _with_elements(instance: Instance, target: Path) -> None:
    """Write a file with simple edits: of its header no more is read than how elements are coded."""
    header = walk_file(str(instance.source), _CODING, frozenset())
    if header.transfer_syntax == EXPLICIT_BIG:
        raise Unsure("left to pydicom")
    implicit = header.transfer_syntax == IMPLICIT_LITTLE
    charset = list(values.texts(header.values.get(Tag.SpecificCharacterSet)))
    new = {
        path.top.tag: b"" if element is None else _element_bytes(element, charset, implicit)
        for path, element in instance.edits.items()
    }
    with open(instance.source, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        _, start = _meta_span(data)
        parts = _merged(data, list(_spans(data, start, not implicit)), new, all_pixels=False)
        _write(target, data[:start], parts)


def _write(target: Path, head: bytes, elements: Iterable[bytes]) -> None:
    with open(target, "wb") as out:
        out.write(head)
        out.writelines(elements)


def _spliced(instance: Instance, target: Path) -> None:
    header = read_header(instance.source)
    if _syntax(header) in (EXPLICIT_BIG, DEFLATED):
        raise Unsure("left to pydicom")
    implicit = bool(header.original_encoding[0])
    touched = instance.apply_to(header)
    new = {tag: _encoded(header, tag, implicit) if tag in header else b"" for tag in touched}
    if instance.pixels is not None:
        new[_PIXEL_DATA] = _pixel_element(instance.pixels.data, instance.pixels.bits_allocated, implicit)
    with open(instance.source, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        meta, start = _meta_span(data)
        head = bytes(data[:start])
        if meta and (touched & {_SOP_CLASS, _SOP_INSTANCE} or instance.pixels is not None):
            head = bytes(data[: meta[0]]) + _file_meta(header, instance.pixels is not None)
        parts = _merged(data, list(_spans(data, start, not implicit)), new, all_pixels=instance.pixels is not None)
        _write(target, head, parts)


def _merged(data: Any, spans: list[_Span], new: Mapping[int, bytes], *, all_pixels: bool) -> Iterator[bytes]:
    """Yield the elements in order, those in `new` in the place of old ones; group lengths follow what changed."""
    grown = _growth(spans, new)
    waiting = sorted(new.items())
    for span in spans:
        while waiting and waiting[0][0] < span.tag:
            yield waiting.pop(0)[1]
        if waiting and waiting[0][0] == span.tag:
            yield waiting.pop(0)[1]
        elif span.tag in new:
            continue  # the second of two, where elements are out of order
        elif all_pixels and span.tag >> 16 == _PIXEL_GROUP:
            continue
        elif span.tag & 0xFFFF == 0 and span.tag >> 16 in grown:
            length = _GROUP_LENGTH.unpack_from(data, span.stop - 4)[0] + grown[span.tag >> 16]
            yield data[span.start : span.stop - 4] + _GROUP_LENGTH.pack(length)
        else:
            yield data[span.start : span.stop]
    for _, element in waiting:
        yield element


def _growth(spans: list[_Span], new: Mapping[int, bytes]) -> dict[int, int]:
    """Return by how many bytes each changed group grows, for its group length (PS3.5 section 7.2)."""
    before = {span.tag: span.stop - span.start for span in spans}
    grown: dict[int, int] = {}
    for tag, element in new.items():
        grown[tag >> 16] = grown.get(tag >> 16, 0) + len(element) - before.get(tag, 0)
    return grown


def _spans(data: Any, pos: int, explicit: bool) -> Iterator[_Span]:
    """Yield the elements of the top level from `pos` to the end of the file."""
    size = len(data)
    while pos < size:
        if pos + 8 > size:
            raise Unsure("bytes after the last element")
        if explicit:
            tag, vr, length = explicit_head(data, pos)
            start = pos + 8
            if vr in LONG_VR:
                length, start = long_length(data, start)[0], pos + 12
            elif vr not in SHORT_VR:
                raise Unsure(f"unknown VR {vr!r}")
        else:
            tag, length = implicit_head(data, pos)
            start = pos + 8
        stop = skip_undefined(data, start, explicit) if length == UNDEFINED else start + length
        number = (tag & 0xFFFF) << 16 | tag >> 16
        if stop > size and number != _PIXEL_DATA:
            raise Unsure("an element runs past the end of the file")
        yield _Span(number, pos, min(stop, size))
        pos = stop


def _meta_span(data: Any) -> tuple[tuple[int, int] | None, int]:
    """Return where group 0002 lies, None without one, and where the data set starts."""
    begin = _PREAMBLE + 4 if data[_PREAMBLE : _PREAMBLE + 4] == b"DICM" else 0
    pos = begin
    while pos + 12 <= len(data):
        tag, vr, length = explicit_head(data, pos)
        if tag & 0xFFFF != 0x0002:
            break
        pos += 12 + long_length(data, pos + 8)[0] if vr in LONG_VR else 8 + length
    return ((begin, pos) if pos > begin else None), pos


def _file_meta(header: Dataset, new_pixels: bool) -> bytes:
    """Return group 0002 with the identity that the data set has now, and an uncompressed syntax for new pixels."""
    meta: FileMetaDataset = header.file_meta
    _follow(meta, header)
    if new_pixels and _syntax(header) not in _UNCOMPRESSED:
        meta.TransferSyntaxUID = EXPLICIT_LITTLE
    buffer = DicomBytesIO()
    write_file_meta_info(buffer, meta, enforce_standard=False)
    return bytes(buffer.getvalue())


def _follow(meta: FileMetaDataset, header: Dataset) -> None:
    if _SOP_CLASS in header:
        meta.MediaStorageSOPClassUID = header.SOPClassUID
    if _SOP_INSTANCE in header:
        meta.MediaStorageSOPInstanceUID = header.SOPInstanceUID


def _encoded(header: Dataset, tag: int, implicit: bool) -> bytes:
    element: DataElement = header[tag]
    try:
        element = correct_ambiguous_vr_element(element, header, True)
    except Exception as error:  # pydicom raises whatever its own checks raise
        raise UnsupportedError(f"Cannot write {element.keyword or element.tag}: {error}.") from error
    return _element_bytes(element, header.get("SpecificCharacterSet"), implicit)


def _element_bytes(element: DataElement, charset: Any, implicit: bool) -> bytes:
    buffer = DicomBytesIO()
    buffer.is_little_endian, buffer.is_implicit_VR = True, implicit
    try:
        write_data_element(buffer, element, convert_encodings(charset or "ISO_IR 6"))
    except Exception as error:  # pydicom raises whatever struct, str or its own checks raise
        raise UnsupportedError(f"Cannot write {element.keyword or element.tag}: {_first_line(error)}.") from error
    return bytes(buffer.getvalue())


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)


def _pixel_element(data: bytes, bits: int, implicit: bool) -> bytes:
    padded = data + b"\0" * (len(data) % 2)
    if implicit:
        return _IMPLICIT_HEAD.pack(0x7FE0, 0x0010, len(padded)) + padded
    return _LONG_HEAD.pack(0x7FE0, 0x0010, b"OB" if bits <= 8 else b"OW", 0, len(padded)) + padded


def _syntax(header: Dataset) -> str:
    meta = getattr(header, "file_meta", None)
    stated = str(meta.get("TransferSyntaxUID", "")) if meta is not None else ""
    return stated or (IMPLICIT_LITTLE if header.original_encoding[0] else EXPLICIT_LITTLE)


def _by_pydicom(instance: Instance, target: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            dataset = pydicom.dcmread(instance.source, force=True)
            touched = instance.apply_to(dataset)
            for tag in [e.tag for e in dataset if e.tag.element == 0 and any(t >> 16 == e.tag.group for t in touched)]:
                del dataset[tag]
            _follow(dataset.file_meta, dataset)
            if instance.pixels is not None:
                _replace_pixels(dataset, instance)
            dataset.save_as(target, enforce_file_format=False)
        except OSError:
            raise
        except Exception as error:  # a damaged file, in whatever way pydicom says so
            raise UnsupportedError(f"Cannot write {instance.source} with its edits: {error}.") from error


def _replace_pixels(dataset: Dataset, instance: Instance) -> None:
    pixels = instance.pixels
    assert pixels is not None
    data = pixels.data + b"\0" * (len(pixels.data) % 2)
    syntax = _syntax(dataset)
    if syntax == EXPLICIT_BIG and pixels.bits_allocated > 8:
        data = np.frombuffer(data, f"<u{pixels.bits_allocated // 8}").byteswap().tobytes()
    for tag in [tag for tag in dataset.keys() if tag.group == _PIXEL_GROUP]:  # noqa: SIM118  # a Dataset iterates elements
        del dataset[tag]
    dataset[_PIXEL_DATA] = DataElement(_PIXEL_DATA, "OB" if pixels.bits_allocated <= 8 else "OW", data)
    if syntax not in _UNCOMPRESSED:
        dataset.file_meta.TransferSyntaxUID = EXPLICIT_LITTLE
