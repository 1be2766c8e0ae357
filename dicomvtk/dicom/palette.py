"""Palettes: the red, green and blue tables that PALETTE COLOR pixels point into (PS3.3 C.7.6.3.1.5 and C.7.9.2)."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dicomvtk.dicom.elements import NotDicom, RawHeader, Unsure, walk_file
from dicomvtk.dicom.files import file_version
from dicomvtk.dicom.tags import Tag
from dicomvtk.errors import PixelDecodeError

__all__ = ["Palette", "palette_of"]

_DESCRIPTORS = (Tag.RedPaletteDescriptor, Tag.GreenPaletteDescriptor, Tag.BluePaletteDescriptor)
_TABLES = (Tag.RedPaletteData, Tag.GreenPaletteData, Tag.BluePaletteData)
_SEGMENTED = (Tag.SegmentedRedPaletteData, Tag.SegmentedGreenPaletteData, Tag.SegmentedBluePaletteData)
_WANTED = frozenset({*_DESCRIPTORS, *_TABLES, *_SEGMENTED})
_COLOURS = ("Red", "Green", "Blue")
_MOST_ENTRIES = 1 << 16
_BYTE = 255


@dataclass(frozen=True, eq=False)
class Palette:
    """`colours` (entry, 3) uint8; `first` is the stored value of entry 0, and values beyond an end take its colour."""

    first: int
    colours: NDArray[np.uint8]

    def apply(self, samples: NDArray[Any]) -> NDArray[np.uint8]:
        """Return stored values (row, column) as RGB (row, column, 3)."""
        index = samples.astype(np.int64) - self.first
        return self.colours[np.clip(index, 0, len(self.colours) - 1, out=index)]


def palette_of(path: str, signed: bool) -> Palette:
    """Return the palette of the file at `path`; `signed` says whether its pixels are.

    Raises PixelDecodeError where the tables are absent or damaged.
    """
    return _palette_of(path, signed, file_version(path))


@lru_cache(maxsize=16)
def _palette_of(path: str, signed: bool, version: tuple[int, ...]) -> Palette:
    """Return the palette of this version of the file."""
    try:
        header = walk_file(path, _WANTED, frozenset())
    except (Unsure, NotDicom):
        header = _by_pydicom(path)
    words = [_table(path, header, n) for n in range(3)]
    lengths = {len(table) for table in words}
    if len(lengths) != 1:
        raise PixelDecodeError(
            f"Cannot decode {path}: its palettes are of {sorted(lengths)} entries; expected as many each."
        )
    table = np.stack(words, axis=-1)
    # Sixteen bits show their upper byte; writers of either depth give 8-bit entries a word each.
    colours = (table >> 8 if table.max() > _BYTE else table).astype(np.uint8)
    first = struct.unpack("<h" if signed else "<H", header.values[Tag.RedPaletteDescriptor][2:4])[0]
    return Palette(first, colours)


def _by_pydicom(path: str) -> RawHeader:
    from dicomvtk.dicom.headers_pydicom import read_elements

    return RawHeader(values=read_elements(path, _WANTED))


def _table(path: str, header: RawHeader, n: int) -> NDArray[np.uint16]:
    """Return one colour's entries as they are stored."""
    name, raw = f"{_COLOURS[n]}PaletteColorLookupTable", header.values
    descriptor = raw.get(_DESCRIPTORS[n], b"")
    if len(descriptor) != 6:
        raise PixelDecodeError(
            f"Cannot decode {path}: PhotometricInterpretation (0028,0004) is PALETTE COLOR, and {name}Descriptor "
            f"(0028,{0x1101 + n:04X}) holds {len(descriptor) // 2} numbers; expected 3."
        )
    entries, _, bits = struct.unpack("<3H", descriptor)
    entries = entries or _MOST_ENTRIES
    if bits not in (8, 16):
        raise PixelDecodeError(f"Cannot decode {path}: {name}Descriptor says {bits} bits an entry; expected 8 or 16.")
    data, segmented = raw.get(_TABLES[n], b""), raw.get(_SEGMENTED[n])
    if not data and segmented:
        try:
            table = np.array(_unfolded(segmented, bits, entries), np.uint16)
        except (ValueError, IndexError, OverflowError) as error:
            raise PixelDecodeError(f"Cannot decode {path}: Segmented{name}Data is damaged: {error}.") from error
    elif bits == 8 and len(data) < 2 * entries:
        table = np.frombuffer(data, np.uint8).astype(np.uint16)
    else:
        table = np.frombuffer(data[: len(data) // 2 * 2], "<u2")
    if len(table) < entries:
        raise PixelDecodeError(
            f"Cannot decode {path}: {name}Data (0028,{0x1201 + n:04X}) holds {len(table)} entries; "
            f"{name}Descriptor says {entries}."
        )
    return table[:entries]


def _unfolded(data: bytes, bits: int, entries: int) -> list[int]:
    """Return a segmented table whole: runs of discrete, linear and repeated segments (PS3.3 C.7.9.2.2 to C.7.9.2.5)."""
    values = np.frombuffer(data, np.uint8 if bits == 8 else "<u2").tolist()
    table: list[int] = []
    starts: list[int] = []
    pos = 0
    while pos + 1 < len(values) and len(table) < entries:
        starts.append(pos)
        pos = _segment(values, pos, bits, table, starts, entries)
    return table


def _segment(values: list[int], pos: int, bits: int, table: list[int], starts: list[int], entries: int) -> int:
    """Add what the segment at `pos` stands for to `table`; return the position after it."""
    kind, count = values[pos], values[pos + 1]
    if count == 0:
        raise ValueError("a segment is of length 0")
    if kind == 0:
        if pos + 2 + count > len(values):
            raise ValueError("a discrete segment is cut short")
        table.extend(values[pos + 2 : pos + 2 + count])
        return pos + 2 + count
    if kind == 1:
        if not table:
            raise ValueError("a linear segment comes first, without a value to start from")
        steps = np.linspace(table[-1], values[pos + 2], count + 1)[1:]
        table.extend(np.rint(steps).astype(int).tolist())
        return pos + 3
    if kind != 2:
        raise ValueError(f"a segment is of type {kind}, expected 0 to 2")
    if bits == 8:
        low = values[pos + 2 : pos + 6]
        target, after = int.from_bytes(bytes(low), "little"), pos + 6
    else:
        target, after = values[pos + 2] | values[pos + 3] << 16, pos + 4
    target = target // (bits // 8)  # the offset counts bytes
    if target not in starts[:-1]:
        raise ValueError("an indirect segment points to no segment before it")
    again = target
    for _ in range(count):
        if values[again] == 2:
            raise ValueError("an indirect segment points to another")
        again = _segment(values, again, bits, table, starts, entries)
        if len(table) >= entries:
            break
    return after
