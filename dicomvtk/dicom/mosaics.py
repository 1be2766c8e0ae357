"""Mosaics: a whole volume laid out as tiles of one image, by Siemens (MOSAIC) and United Imaging (VFRAME).

Each tile becomes a frame of its own, with the position that the private header gives it. Siemens: the CSA image header
tells the number of tiles and the slice normal, and ImagePositionPatient is that of the mosaic's own corner, so that the
slices' corner lies half the surplus further in. United Imaging: each tile's position is stated.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from dicomvtk.dicom import values
from dicomvtk.dicom.elements import RawHeader, walk_file
from dicomvtk.dicom.tags import Tag
from dicomvtk.dicom.values import BadValue

__all__ = ["Mosaic", "MosaicTile", "is_mosaic", "read_mosaic"]

#: Private elements that describe the tiles, by their usual block; the creators in group 0029 and 0065 are checked.
_CSA_CREATORS = {0x00100029: 0x10100029, 0x00110029: 0x11100029, 0x00120029: 0x12100029}
_CSA_CREATOR = b"SIEMENS CSA HEADER"
_SIEMENS_COUNT = 0x100A0019
_UIH_CREATOR_TAG, _UIH_CREATOR = 0x00100065, b"Image Private Header"
_UIH_COUNT = 0x10500065
_UIH_FRAMES = 0x10510065

_PRIVATE = frozenset({*_CSA_CREATORS, *_CSA_CREATORS.values(), _SIEMENS_COUNT, _UIH_CREATOR_TAG, _UIH_COUNT})

_CSA_WANTED = (b"NumberOfImagesInMosaic", b"SliceNormalVector")
#: An entry of a CSA header: 64 bytes of name, then vm, vr, type, number of items and a check word.
_CSA_ITEMS, _CSA_ENTRY_BYTES = 76, 84
_INT = struct.Struct("<i").unpack_from
_MOST_TILES = 4096


class MosaicTile(NamedTuple):
    """One tile: row and column of its first pixel in the mosaic, and its ImagePositionPatient as a header has it."""

    top: int
    left: int
    position: bytes


class Mosaic(NamedTuple):
    """The tiles in the order in which they are laid out, and the header's values with the size of a tile in them."""

    values: dict[int, bytes]
    tiles: list[MosaicTile]


def is_mosaic(header: RawHeader) -> bool:
    """True where ImageType says that one image holds a volume of tiles."""
    kind = header.values.get(Tag.ImageType, b"")
    return b"MOSAIC" in kind or b"VFRAME" in kind


def read_mosaic(path: str, header: RawHeader) -> Mosaic:
    """Return the tiles of the mosaic in `path`; raises BadValue where the private header does not describe them."""
    private = walk_file(path, _PRIVATE, frozenset({_UIH_FRAMES}))
    if private.values.get(_UIH_CREATOR_TAG, b"").strip(b" \0") == _UIH_CREATOR:
        return _united_imaging(header, private)
    return _siemens(header, private)


def _siemens(header: RawHeader, private: RawHeader) -> Mosaic:
    csa = _csa(private)
    stated = csa.get("NumberOfImagesInMosaic", [])
    count = _checked(int(stated[0]) if stated else values.unsigned(private.values.get(_SIEMENS_COUNT)))
    normal = [float(text) for text in csa.get("SliceNormalVector", [])[:3]]
    if len(normal) != 3:
        raise BadValue("the CSA image header states no SliceNormalVector")
    orientation = _required(header, Tag.ImageOrientationPatient, 6)
    corner = _required(header, Tag.ImagePositionPatient, 3)
    spacing = _required(header, Tag.PixelSpacing, 2)
    between = _required(header, Tag.SpacingBetweenSlices, 1)[0]
    tops, rows, columns = _layout(header, count)
    surplus_columns = (_size(header, Tag.Columns) - columns) / 2 * spacing[1]
    surplus_rows = (_size(header, Tag.Rows) - rows) / 2 * spacing[0]
    first = [
        c + row * surplus_columns + column * surplus_rows
        for c, row, column in zip(corner, orientation[:3], orientation[3:], strict=True)
    ]
    step = [between * n for n in normal]
    places = [[start + n * along for start, along in zip(first, step, strict=True)] for n in range(count)]
    return _mosaic(header, tops, rows, columns, places)


def _united_imaging(header: RawHeader, private: RawHeader) -> Mosaic:
    frames = private.sequences.get(_UIH_FRAMES, [])
    count = _checked(values.integer(private.values.get(_UIH_COUNT)))
    if len(frames) != count:
        raise BadValue(f"the private frame sequence (0065,1051) describes {len(frames)} of {count} tiles")
    tops, rows, columns = _layout(header, count)
    places = []
    for item in frames:
        place = item.get(Tag.ImagePositionPatient)
        position = values.decimals(place if isinstance(place, bytes) else None, 3)
        if position is None:
            raise BadValue("a tile states no ImagePositionPatient in the private frame sequence (0065,1051)")
        places.append(position)
    return _mosaic(header, tops, rows, columns, places)


def _checked(count: int | None) -> int:
    if count is None or not 1 <= count <= _MOST_TILES:
        raise BadValue(f"the private header states {'no number of' if count is None else count} tiles")
    return count


def _layout(header: RawHeader, count: int) -> tuple[list[tuple[int, int]], int, int]:
    """Return (first row, first column) of each tile, and the tiles' rows and columns: a square of tiles, row by row."""
    across = math.ceil(math.sqrt(count))
    rows, columns = _size(header, Tag.Rows), _size(header, Tag.Columns)
    if rows % across or columns % across:
        across = _united_across(rows, columns, count)
    down = across if rows % across == 0 else math.ceil(count / across)
    height, width = rows // down, columns // across
    return [(n // across * height, n % across * width) for n in range(count)], height, width


def _united_across(rows: int, columns: int, count: int) -> int:
    """Return the tiles in a row of a layout that is not square: the fewest rows that hold all of them."""
    for across in range(1, count + 1):
        down = math.ceil(count / across)
        if columns % across == 0 and rows % down == 0 and columns // across == rows // down:
            return across
    raise BadValue(f"{count} tiles do not fill an image of {columns} x {rows}")


def _mosaic(
    header: RawHeader, tops: list[tuple[int, int]], rows: int, columns: int, places: Sequence[Sequence[float]]
) -> Mosaic:
    own = dict(header.values)
    own[Tag.Rows] = struct.pack("<H", rows)
    own[Tag.Columns] = struct.pack("<H", columns)
    tiles = [
        MosaicTile(top, left, b"%.12g\\%.12g\\%.12g" % (x, y, z))
        for (top, left), (x, y, z) in zip(tops, places, strict=True)
    ]
    return Mosaic(own, tiles)


def _size(header: RawHeader, tag: int) -> int:
    return values.unsigned(header.values.get(tag)) or 0


def _required(header: RawHeader, tag: int, count: int) -> tuple[float, ...]:
    found = values.decimals(header.values.get(tag), count)
    if found is None:
        raise BadValue("ImagePositionPatient, ImageOrientationPatient, PixelSpacing or SpacingBetweenSlices is missing")
    return found


def _csa(private: RawHeader) -> dict[str, list[str]]:
    """Return the CSA image header's entries by name; empty where there is none."""
    for creator, element in _CSA_CREATORS.items():
        if private.values.get(creator, b"").strip(b" \0") == _CSA_CREATOR and element in private.values:
            return dict(_csa_entries(private.values[element]))
    return {}


def _csa_entries(data: bytes) -> Iterator[tuple[str, list[str]]]:
    """Yield name and texts of the wanted entries of a CSA header, of its second version ("SV10") or its first."""
    second = data[:4] == b"SV10"
    pos = 8 if second else 0
    length_at = 4 if second else 0
    wanted = set(_CSA_WANTED)
    try:
        (count,) = _INT(data, pos)
        pos += 8
        for _ in range(min(count, 1024)):
            name = data[pos : pos + 64].partition(b"\0")[0]
            (items,) = _INT(data, pos + _CSA_ITEMS)
            pos += _CSA_ENTRY_BYTES
            texts = []
            for _ in range(min(max(items, 0), 4096)):
                length = max(0, _INT(data, pos + length_at)[0])
                pos += 16
                if name in wanted:
                    text = data[pos : pos + length].split(b"\0")[0].strip()
                    if text:
                        texts.append(text.decode("latin-1"))
                pos += (length + 3) // 4 * 4
            if name in wanted:
                yield name.decode("latin-1"), texts
                wanted.discard(name)
                if not wanted:
                    return
    except struct.error:
        return
