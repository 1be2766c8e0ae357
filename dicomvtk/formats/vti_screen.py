"""A look at a ``.vti`` before VTK reads it: VTK believes the sizes in the file, and ends the process where they lie.

What is checked is what VTK allocates and copies by (VTK 9.7): the extents, and for each array the header of its data,
which says how many bytes follow, or how long each compressed piece is.
"""

from __future__ import annotations

import binascii
import math
import struct
import xml.parsers.expat
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from dicomvtk.errors import PixelDecodeError, UnsupportedError

__all__ = ["screen"]

_LONGEST_HEAD = 1 << 20
#: The best ratio of the compressors that VTK has, zlib's; LZ4 reaches a quarter of it.
_MOST_BYTES_FROM_ONE = 1032
_COMPRESSORS = ("", "vtkZLibDataCompressor", "vtkLZ4DataCompressor", "vtkLZMADataCompressor")
_WORDS = {"UInt32": "<I", "UInt64": "<Q"}
_SCALAR_BYTES = {
    **dict.fromkeys(("Int8", "UInt8"), 1),
    **dict.fromkeys(("Int16", "UInt16"), 2),
    **dict.fromkeys(("Int32", "UInt32", "Float32"), 4),
    **dict.fromkeys(("Int64", "UInt64", "Float64"), 8),
}
_INT32_MAX = 2**31 - 1

Attributes = dict[str, str]


@dataclass
class _Head:
    """The XML before the appended data: each array with the element it is in and the extent of its piece."""

    file: Attributes = field(default_factory=dict)
    image: Attributes = field(default_factory=dict)
    arrays: list[tuple[Attributes, str, str]] = field(default_factory=list)
    encoding: str = ""
    data_start: int = 0


def screen(path: Path) -> None:
    """Refuse a ``.vti`` whose sizes do not agree with each other and with the file.

    Raises UnsupportedError for what is no such file, or one of a kind not read here, and PixelDecodeError for one that
    is cut short or damaged.
    """
    with path.open("rb") as file:
        head = _read_head(file, path)
        _check_kind(head, path)
        try:
            _check_sizes(file, path.stat().st_size, head)
        except (KeyError, ValueError, struct.error, OverflowError) as error:
            raise PixelDecodeError(f"Cannot read {path}: {error}; it is cut short or damaged.") from error


def _read_head(file: BinaryIO, path: Path) -> _Head:
    text = file.read(_LONGEST_HEAD)
    root = text.find(b"<VTKFile")
    if root < 0 or b"<!" in text[:root]:  # no document type: it could define entities without end
        raise UnsupportedError(f"Cannot read {path}: it begins with {text[:16]!r}; a .vti is XML of a VTKFile.")
    appended = text.find(b"<AppendedData")
    xml_end = len(text) if appended < 0 else text.find(b">", appended) + 1
    head = _Head()
    if appended >= 0:
        after = text[xml_end:].lstrip()
        if not after.startswith(b"_"):  # VTK would look for the mark further on, in the voxels
            raise PixelDecodeError(f"Cannot read {path}: its AppendedData does not begin with an underscore.")
        head.data_start = len(text) - len(after) + 1
    opened: list[str] = []
    piece = ""

    def start(name: str, attributes: Attributes) -> None:
        nonlocal piece
        if name == "VTKFile":
            head.file = attributes
        elif name == "ImageData":
            head.image = attributes
        elif name == "Piece":
            piece = attributes.get("Extent", "")
        elif name == "AppendedData":
            head.encoding = attributes.get("encoding", "")
        elif name in ("DataArray", "Array"):
            head.arrays.append((attributes, opened[-1] if opened else "", piece))
        opened.append(name)

    parser = xml.parsers.expat.ParserCreate()
    parser.StartElementHandler = start
    parser.EndElementHandler = lambda _name: opened.pop()
    try:
        parser.Parse(text[:xml_end], appended < 0)
    except xml.parsers.expat.ExpatError as error:
        raise PixelDecodeError(f"Cannot read {path}: its XML does not parse: {error}.") from error
    return head


def _check_kind(head: _Head, path: Path) -> None:
    if head.file.get("type") != "ImageData":
        raise UnsupportedError(f"Cannot read {path}: a VTKFile of {head.file.get('type')!r}; expected 'ImageData'.")
    known = (
        head.file.get("byte_order") == "LittleEndian"
        and head.file.get("header_type", "UInt32") in _WORDS
        and head.file.get("compressor", "") in _COMPRESSORS
        and all(array.get("format") == "appended" for array, _, _ in head.arrays)
        and head.encoding in ("raw", "base64", "")
    )
    if not known:
        raise UnsupportedError(
            f"Cannot read {path}: expected appended data, little-endian, not compressed or by {_COMPRESSORS[1:]}."
        )


def _check_sizes(file: BinaryIO, size: int, head: _Head) -> None:
    """Raise ValueError for a size that is not what another says it must be."""
    whole = head.image["WholeExtent"].split()
    for array, place, piece in head.arrays:
        if place == "FieldData":
            values = _count(array["NumberOfTuples"])
        elif piece.split() != whole:
            raise ValueError(f"a piece has the extent {piece!r} of {' '.join(whole)!r}; expected one piece of all")
        else:
            points = _points(whole)
            values = math.prod(points if place == "PointData" else [max(n - 1, 1) for n in points])
        wanted = values * _count(array.get("NumberOfComponents", "1")) * _SCALAR_BYTES[array["type"]]
        if wanted > size * _MOST_BYTES_FROM_ONE:
            raise ValueError(f"array {array.get('Name')!r} would be {wanted} bytes, and the file has {size} in all")
        _check_data(file, head.data_start + _count(array["offset"]), size, head, wanted)


def _points(extent: list[str]) -> list[int]:
    """Return the number of points along i, j and k of an extent: first and last index along each."""
    ends = [int(word) for word in extent]
    sizes = [last - first + 1 for first, last in zip(ends[::2], ends[1::2], strict=True)]
    if len(sizes) != 3 or min(sizes) < 1 or max(map(abs, ends)) >= _INT32_MAX:
        raise ValueError(f"its extent is {' '.join(extent)!r}")
    return sizes


def _count(text: str) -> int:
    """Return a number written in plain digits: VTK stops at the first other character, and means another number."""
    if not (text.isascii() and text.isdigit()):
        raise ValueError(f"{text!r} is no count")
    return int(text)


def _check_data(file: BinaryIO, start: int, size: int, head: _Head, wanted: int) -> None:
    """Check the header of one array's data, which begins at byte `start`, against the `wanted` bytes of the array."""
    word = _WORDS[head.file.get("header_type", "UInt32")]
    if not head.file.get("compressor"):
        (stated,) = _header_words(file, start, head, word, 1)
        lengths = [stated]
    else:
        count, piece, last = _header_words(file, start, head, word, 3)
        if count > size:
            raise ValueError(f"an array is in {count} pieces")
        lengths = _header_words(file, start, head, word, 3 + count)[3:]
        stated = (count - 1) * piece + last if last else count * piece
        longest = piece + piece // 8 + 1024  # what a compressor may add where nothing is to be had
        if count and (last > piece or max(lengths) > longest or min(lengths) == 0):
            raise ValueError(f"the pieces of an array are {min(lengths)} to {max(lengths)} bytes of {piece}")
    if stated != wanted and not (stated == 0 and wanted == 0):
        raise ValueError(f"an array has {stated} bytes; its extent asks for {wanted}")
    header_bytes = struct.calcsize(word) * (1 if not head.file.get("compressor") else 3 + len(lengths))
    needed = header_bytes + sum(lengths)
    if head.encoding == "base64":
        needed = _base64_length(header_bytes) + _base64_length(sum(lengths))
    if start + needed > size:
        raise ValueError(f"an array ends at byte {start + needed} of {size}")


def _header_words(file: BinaryIO, start: int, head: _Head, word: str, count: int) -> list[int]:
    """Return the first `count` words of the data at byte `start`."""
    length = count * struct.calcsize(word)
    file.seek(start)
    data = file.read(_base64_length(length) if head.encoding == "base64" else length)
    if head.encoding == "base64":
        data = binascii.a2b_base64(data)
    return list(struct.unpack(f"<{count}{word[1]}", data[:length]))


def _base64_length(count: int) -> int:
    return (count + 2) // 3 * 4
