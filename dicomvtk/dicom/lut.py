"""Lookup tables of a header: Modality LUT (PS3.3 C.11.1) and VOI LUT (C.11.2), from their descriptor and data."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dicomvtk.dicom import values
from dicomvtk.dicom.elements import Items
from dicomvtk.dicom.tags import Tag, describe
from dicomvtk.dicom.values import BadValue
from dicomvtk.metadata import LookupTable

__all__ = ["ModalityLut", "lookup_tables", "modality_lut", "reached_by"]

_FULL_TABLE = 1 << 16


@dataclass(frozen=True, eq=False)
class ModalityLut:
    """A table from stored to modality values: `table[stored - first]`, the ends held beyond it."""

    first: int
    table: NDArray[Any]
    unit: str

    def apply(self, stored: NDArray[Any]) -> NDArray[Any]:
        """Return modality values of the shape of `stored`."""
        index = np.clip(stored.astype(np.int64) - self.first, 0, len(self.table) - 1)
        return self.table[index]


def modality_lut(items: Items, signed: bool) -> ModalityLut | None:
    """Return the table of a ModalityLUTSequence, None where it is empty; raises BadValue."""
    if not items:
        return None
    first, table, _ = _table(items[0], signed)
    unit = values.text(_bytes(items[0], Tag.ModalityLUTType))
    return ModalityLut(first, table, unit)


def lookup_tables(items: Items, charset: str) -> tuple[LookupTable, ...]:
    """Return the tables of a VOILUTSequence, their first value taken as unsigned, those that are damaged left out."""
    found = []
    for item in items:
        try:
            first, table, bits = _table(item, signed=False)
        except BadValue:
            continue
        found.append(LookupTable(first, table, values.text(_bytes(item, Tag.LUTExplanation), charset), bits))
    return tuple(found)


def reached_by(tables: tuple[LookupTable, ...], low: float, high: float) -> tuple[LookupTable, ...]:
    """Return VOI LUTs whose first value is signed or not as lies nearest to modality values from `low` to `high`.

    The first value mapped is US or SS (PS3.3 C.11.2.1.1). An implicit VR does not say which, PixelRepresentation speaks
    of stored values, and a rescale may take unsigned ones below 0, as in CT.
    """

    def distance(first: int) -> float:
        return max(low - first, first - high, 0.0)

    return tuple(replace(table, first=min(table.first - _FULL_TABLE, table.first, key=distance)) for table in tables)


def _table(item: dict[int, bytes | Items], signed: bool) -> tuple[int, NDArray[Any], int]:
    """Return the first value mapped, the entries, and the bits of an entry."""
    descriptor = _bytes(item, Tag.LUTDescriptor)
    if len(descriptor) != 6:
        raise BadValue(f"{describe(Tag.LUTDescriptor)} holds {len(descriptor) // 2} values, expected 3")
    count = int.from_bytes(descriptor[:2], "little") or _FULL_TABLE
    first = int.from_bytes(descriptor[2:4], "little", signed=signed)
    data = _bytes(item, Tag.LUTData)
    if len(data) < count or (len(data) < 2 * count and len(data) > count + 1):
        raise BadValue(f"{describe(Tag.LUTData)} holds {len(data)} bytes, expected {count} entries")
    dtype = "<u2" if len(data) >= 2 * count else "u1"
    table = np.frombuffer(data, dtype=dtype, count=count)
    return first, table, _entry_bits(int.from_bytes(descriptor[4:], "little"), table)


def _entry_bits(stated: int, table: NDArray[Any]) -> int:
    """Return the bits of an entry as stated (8 to 16, PS3.3 C.11.2.1.1), or as many as the entries need."""
    needed = int(table.max()).bit_length()
    return stated if 8 <= stated <= 16 and stated >= needed else max(8, needed)


def _bytes(item: dict[int, bytes | Items], tag: int) -> bytes:
    value = item.get(tag, b"")
    return value if isinstance(value, bytes) else b""
