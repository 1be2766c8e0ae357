"""Every attribute of a file as lines of text, nested items indented."""

from __future__ import annotations

import io
import os
import warnings
from collections.abc import Iterator
from typing import Any, NamedTuple

from dicomvtk.dicom.elements import DEFLATED, NotDicom, Unsure, walk_file
from dicomvtk.dicom.headers_pydicom import DamagedFile, inflated_data_set
from dicomvtk.errors import DicomVtkError, NoDicomError, PixelDecodeError

__all__ = ["Line", "data_set_lines"]

#: Values longer than this are left on disk: their length is what is shown.
_DEFER_BYTES = 64 * 1024
#: Bytes that are shown one by one where a value is not text.
_BYTES_SHOWN = 16
_NAME_WIDTH = 32
_UNDEFINED = 0xFFFFFFFF


class Line(NamedTuple):
    """One attribute or item; `depth` counts the sequences it is in."""

    depth: int
    text: str


def data_set_lines(path: str | os.PathLike[str]) -> Iterator[Line]:
    """Yield the file meta information and the data set of the file at `path`: tag, VR, VM, keyword, value.

    Long and binary values are told by their size; pixels are not read. Raises NoDicomError for what is no DICOM file,
    PixelDecodeError for one that cannot be parsed.
    """
    source = os.fspath(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield from _lines(_data_set(source))
        except (KeyboardInterrupt, SystemExit, GeneratorExit, DicomVtkError):
            raise
        except BaseException as error:  # whatever pydicom raises on damage, RecursionError included
            raise PixelDecodeError(f"Cannot read {source}: {type(error).__name__}: {error}") from error


def _data_set(path: str) -> Any:
    """Return pydicom's data set of a file that is DICOM beyond doubt."""
    import pydicom

    if not os.path.isfile(path):
        found = (
            "it is a folder" if os.path.isdir(path) else "it is no file" if os.path.exists(path) else "there is none"
        )
        raise NoDicomError(f"Cannot read {path}: {found}; expected a file, one at a time.")
    try:
        syntax = walk_file(path).transfer_syntax
    except NotDicom as no:
        raise NoDicomError(f"Cannot read {path}: {no}.") from no
    except Unsure as doubt:
        syntax = DEFLATED if str(doubt).endswith(DEFLATED) else ""
    if syntax != DEFLATED:
        return pydicom.dcmread(path, force=True, defer_size=_DEFER_BYTES)
    try:
        data_set = pydicom.dcmread(io.BytesIO(inflated_data_set(path)), force=True)
    except DamagedFile as damage:
        raise PixelDecodeError(f"Cannot read {path}: {damage}.") from damage
    data_set.file_meta = pydicom.filereader.read_file_meta_info(path)
    return data_set


def _lines(data_set: Any) -> Iterator[Line]:
    """Yield the lines of a data set without recursion: files nest as deep as they like."""
    meta = getattr(data_set, "file_meta", None)
    waiting = [_elements(part, 0) for part in (data_set, meta) if part is not None]
    while waiting:
        line, items = next(waiting[-1], (None, None))
        if line is None:
            waiting.pop()
            continue
        yield line
        waiting += [
            _elements(item, line.depth + 2, number) for number, item in reversed(list(enumerate(items or (), 1)))
        ]


def _elements(data_set: Any, depth: int, item: int = 0) -> Iterator[tuple[Line, Any]]:
    """Yield the line of each element, and its items where it is a sequence; first the line of the item itself."""
    if item:
        yield Line(depth - 1, f"item {item}"), None
    for tag in sorted(data_set.keys()):
        yield _element(data_set, tag, depth)


def _element(data_set: Any, tag: Any, depth: int) -> tuple[Line, Any]:
    raw: Any = data_set.get_item(tag, keep_deferred=True)
    start = f"({tag.group:04x},{tag.element:04x})"
    if raw.value is None and getattr(raw, "length", None):
        return Line(depth, f"{start} {raw.VR or '??'} 1 {_name(tag):{_NAME_WIDTH}} <{_length(raw.length)}>"), None
    try:
        element = data_set[tag]
        items = element.value if element.VR == "SQ" else None
        value = _value(element) if items is None else f"<{len(items)} items>"
        name, count = element.keyword or element.name, 1 if element.VR == "SQ" else element.VM
    except Exception as error:  # a value against its VR: pydicom raises whatever its parsing does
        return Line(depth, f"{start} {raw.VR or '??'} ? {_name(tag):{_NAME_WIDTH}} <not readable: {error}>"), None
    return Line(depth, f"{start} {element.VR} {count} {name:{_NAME_WIDTH}} {value}".rstrip()), items


def _name(tag: Any) -> str:
    from pydicom.datadict import keyword_for_tag

    return str(keyword_for_tag(tag))


def _value(element: Any) -> str:
    value = element.value
    if isinstance(value, bytes):
        if len(value) > _BYTES_SHOWN:
            return f"<{len(value)} bytes>"
        return value.hex(" ")
    if value is None:
        return ""
    if isinstance(value, str | int | float) or not hasattr(value, "__iter__") or hasattr(value, "components"):
        return str(value)
    return "\\".join(str(item) for item in value)


def _length(declared: int) -> str:
    return "undefined length" if declared == _UNDEFINED else f"{declared} bytes"
