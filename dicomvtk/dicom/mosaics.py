"""Mosaics: a whole volume laid out as tiles of one image, by Siemens (MOSAIC) and United Imaging (VFRAME).

Each tile becomes a frame of its own, with the position that the private header gives it. Siemens: the CSA image header
tells the number of tiles and the slice normal, and ImagePositionPatient is that of the mosaic's own corner, so that the
slices' corner lies half the surplus further in. United Imaging: each tile's position is stated.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from dicomvtk.dicom import values
from dicomvtk.dicom.elements import RawHeader
from dicomvtk.dicom.tags import Tag
from dicomvtk.dicom.values import BadValue

__all__ = ["MOSAIC_SEQUENCES", "MOSAIC_TAGS", "Mosaic", "csa_entry", "csa_texts", "is_mosaic", "read_mosaic"]

#: Private elements that describe the tiles, by their usual block; the creators in group 0029 and 0065 are checked.
_CSA_CREATORS = {0x00100029: 0x10100029, 0x00110029: 0x11100029, 0x00120029: 0x12100029}
_CSA_CREATOR = b"SIEMENS CSA HEADER"
_SIEMENS_COUNT = 0x100A0019
_UIH_CREATOR_TAG, _UIH_CREATOR = 0x00100065, b"Image Private Header"
_UIH_COUNT = 0x10500065
_UIH_FRAMES = 0x10510065

#: What a walk reads of a header, besides the usual, for mosaics in it to be understood.
MOSAIC_TAGS = frozenset({*_CSA_CREATORS, *_CSA_CREATORS.values(), _SIEMENS_COUNT, _UIH_CREATOR_TAG, _UIH_COUNT})
MOSAIC_SEQUENCES = frozenset({_UIH_FRAMES})

_CSA_SECOND, _CSA_START, _CSA_ITEM_BYTES, _CSA_MOST_ITEMS = b"SV10", 8, 16, 64
#: Where the first version tells how many items its first entry has, which it adds to every length.
_CSA_SURPLUS = _CSA_START + 76
#: An entry of a CSA header: 64 bytes of name, vm, vr, type, number of items and a check word. Its items follow.
_CSA_ENTRY = rb"%s\0[\s\S]{%d}[\s\S]{4}[A-Z]{2}\0[\s\S]{5}([\s\S]{4})[\x4D\xCD]\0\0\0"
_INT = struct.Struct("<i").unpack_from
_MOST_TILES = 4096


def csa_entry(name: bytes) -> re.Pattern[bytes]:
    """Return what finds the entry `name` of a CSA header."""
    return re.compile(_CSA_ENTRY % (name, 63 - len(name)))


_CSA_COUNT, _CSA_NORMAL = csa_entry(b"NumberOfImagesInMosaic"), csa_entry(b"SliceNormalVector")


class Mosaic(NamedTuple):
    """The tiles in the order in which they are laid out, and the header's values with the size of a tile in them.

    Of each tile `corners` holds the row and column of its first pixel in the mosaic, `places` the position of that
    pixel's centre in LPS mm.
    """

    values: dict[int, bytes]
    corners: Sequence[tuple[int, int]]
    places: Sequence[tuple[float, ...]]


def is_mosaic(header: RawHeader) -> bool:
    """True where ImageType says that one image holds a volume of tiles."""
    kind = header.values.get(Tag.ImageType, b"")
    return b"MOSAIC" in kind or b"VFRAME" in kind


def read_mosaic(header: RawHeader) -> Mosaic:
    """Return the tiles of the mosaic with this header; raises BadValue where its private part does not describe them.

    The header was walked with `MOSAIC_TAGS` and `MOSAIC_SEQUENCES` among what is wanted.
    """
    if header.values.get(_UIH_CREATOR_TAG, b"").strip(b" \0") == _UIH_CREATOR:
        return _united_imaging(header)
    return _siemens(header)


def _siemens(header: RawHeader) -> Mosaic:
    csa = _csa(header)
    stated = csa_texts(csa, _CSA_COUNT)
    count = _checked(values.integer(stated[0]) if stated else values.unsigned(header.values.get(_SIEMENS_COUNT)))
    normal = values.decimals(b"\\".join(csa_texts(csa, _CSA_NORMAL)[:3]), 3)
    if normal is None:
        raise BadValue("the CSA image header states no SliceNormalVector")
    orientation = _required(header, Tag.ImageOrientationPatient, 6)
    corner = _required(header, Tag.ImagePositionPatient, 3)
    spacing = _required(header, Tag.PixelSpacing, 2)
    between = _required(header, Tag.SpacingBetweenSlices, 1)[0]
    whole_rows, whole_columns = _size(header, Tag.Rows), _size(header, Tag.Columns)
    corners, rows, columns = _layout(whole_rows, whole_columns, count)
    surplus_columns = (whole_columns - columns) / 2 * spacing[1]
    surplus_rows = (whole_rows - rows) / 2 * spacing[0]
    x, y, z = (
        c + row * surplus_columns + column * surplus_rows
        for c, row, column in zip(corner, orientation[:3], orientation[3:], strict=True)
    )
    dx, dy, dz = (between * n for n in normal)
    places = [(x + n * dx, y + n * dy, z + n * dz) for n in range(count)]
    if not all(map(math.isfinite, places[-1])):
        raise BadValue(f"the last tile would lie at {places[-1]}")
    return Mosaic(_of_tile(header, rows, columns), corners, places)


def _united_imaging(header: RawHeader) -> Mosaic:
    frames = header.sequences.get(_UIH_FRAMES, [])
    count = _checked(values.integer(header.values.get(_UIH_COUNT)))
    if len(frames) != count:
        raise BadValue(f"the private frame sequence (0065,1051) describes {len(frames)} of {count} tiles")
    corners, rows, columns = _layout(_size(header, Tag.Rows), _size(header, Tag.Columns), count)
    places = []
    for item in frames:
        place = item.get(Tag.ImagePositionPatient)
        position = values.decimals(place if isinstance(place, bytes) else None, 3)
        if position is None:
            raise BadValue("a tile states no ImagePositionPatient in the private frame sequence (0065,1051)")
        places.append(position)
    return Mosaic(_of_tile(header, rows, columns), corners, places)


def _checked(count: int | None) -> int:
    if count is None or not 1 <= count <= _MOST_TILES:
        raise BadValue(f"the private header states {'no number of' if count is None else count} tiles")
    return count


@lru_cache(maxsize=64)
def _layout(rows: int, columns: int, count: int) -> tuple[tuple[tuple[int, int], ...], int, int]:
    """Return (first row, first column) of each tile of a mosaic of so many rows and columns, and a tile's own two.

    The tiles lie in a square, row by row. Raises BadValue where they do not fill the mosaic.
    """
    across = math.ceil(math.sqrt(count))
    if rows % across or columns % across:
        across = _united_across(rows, columns, count)
    down = across if rows % across == 0 else math.ceil(count / across)
    height, width = rows // down, columns // across
    return tuple((n // across * height, n % across * width) for n in range(count)), height, width


def _united_across(rows: int, columns: int, count: int) -> int:
    """Return the tiles in a row of a layout that is not square: the fewest rows that hold all of them."""
    for across in range(1, count + 1):
        down = math.ceil(count / across)
        if columns % across == 0 and rows % down == 0 and columns // across == rows // down:
            return across
    raise BadValue(f"{count} tiles do not fill an image of {columns} x {rows}")


def _of_tile(header: RawHeader, rows: int, columns: int) -> dict[int, bytes]:
    return {**header.values, Tag.Rows: struct.pack("<H", rows), Tag.Columns: struct.pack("<H", columns)}


def _size(header: RawHeader, tag: int) -> int:
    return values.unsigned(header.values.get(tag)) or 0


def _required(header: RawHeader, tag: int, count: int) -> tuple[float, ...]:
    found = values.decimals(header.values.get(tag), count)
    if found is None:
        raise BadValue("ImagePositionPatient, ImageOrientationPatient, PixelSpacing or SpacingBetweenSlices is missing")
    return found


def _csa(header: RawHeader) -> bytes:
    """Return the CSA image header; empty where there is none."""
    for creator, element in _CSA_CREATORS.items():
        if header.values.get(creator, b"").strip(b" \0") == _CSA_CREATOR and element in header.values:
            return header.values[element]
    return b""


def csa_texts(csa: bytes, entry: re.Pattern[bytes]) -> list[bytes]:
    """Return the texts of one entry of a CSA header, empty ones left out; none where it has no such entry.

    An entry is found by its name and its form, and not by the lengths of all before it.
    """
    found = entry.search(csa, _CSA_START)
    if found is None:
        return []
    second = csa.startswith(_CSA_SECOND)
    pos, length_at = found.end(), 4 if second else 0
    texts = []
    try:
        surplus = 0 if second else _INT(csa, _CSA_SURPLUS)[0]
        for _ in range(min(_INT(found[1])[0], _CSA_MOST_ITEMS)):
            length = _INT(csa, pos + length_at)[0] - surplus
            pos += _CSA_ITEM_BYTES
            if length > 0:
                texts.append(csa[pos : pos + length].partition(b"\0")[0].strip())
                pos += (length + 3) // 4 * 4
    except struct.error:  # cut short within the entry
        return []
    return [text for text in texts if text]
