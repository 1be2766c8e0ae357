"""Functional group sequences, read no deeper than they are used (PS3.3 C.7.6.16): of each macro its wanted attributes.

A frame of an enhanced object is described by dozens of macros, and most of them are the same bytes in every frame.
Each macro is found by its length, and one of known bytes is not read again.
"""

from __future__ import annotations

import struct

from dicomvtk.dicom.sequences import (
    ITEM,
    ITEM_END,
    LONG_VR,
    SEQUENCE_END,
    SHORT_VR,
    UNDEFINED,
    Items,
    NeedMore,
    Unsure,
    explicit_head,
    implicit_head,
    long_length,
    read_items,
    skip_undefined,
)
from dicomvtk.dicom.tags import IN_MACROS, describe

__all__ = ["GroupReader"]

_SEQUENCE_VR = (b"SQ", b"")

#: The wanted attributes of a macro.
_Macro = dict[int, "bytes | Items"]
#: An element: its tag, VR (empty in implicit VR), where its value starts, and the declared length.
_Head = tuple[int, bytes, int, int]


class GroupReader:
    """Reads one sequence of functional groups, block by block; `items` grows by one a frame.

    An item holds, for each standard macro, the first item's attributes in `IN_MACROS`; private macros are left out.
    The macros of `whole`, private or not, are held with all their items and attributes.
    """

    def __init__(self, explicit: bool, whole: frozenset[int] = frozenset()) -> None:
        self.items: Items = []
        self._explicit = explicit
        self._whole = whole
        #: The last macro of each tag: its declared length, its bytes, and the items they say.
        self._last: dict[int, tuple[int, bytes, Items]] = {}

    def read(self, block: bytes, pos: int, stop: int) -> tuple[int, bool]:
        """Read the items from `pos` that the block holds whole; return where the next begins, and if all are read.

        `stop` is where the sequence ends, perhaps past the block; -1 where a delimiter ends it.
        """
        while stop < 0 or pos < stop:
            try:
                tag, length = implicit_head(block, pos)
                if tag == SEQUENCE_END and stop < 0:
                    return pos + 8, True
                if tag != ITEM:
                    raise Unsure(f"found tag {tag:08X} where an item of a sequence was expected")
                group, end = self._group(block, pos + 8, pos + 8 + length if length != UNDEFINED else -1)
            except (NeedMore, struct.error):
                return pos, False
            self.items.append(group)
            pos = end
        if pos != stop:
            raise Unsure("the items of a sequence overrun its length")
        return pos, True

    def _group(self, block: bytes, pos: int, stop: int) -> tuple[_Macro, int]:
        """Return the macros of one frame, and the position after its item."""
        group: _Macro = {}
        size, last = len(block), self._last
        if stop > size:
            raise NeedMore
        while stop < 0 or pos < stop:
            tag, vr, start, length = _head(block, pos, self._explicit)
            if tag == ITEM_END and stop < 0:
                return group, start
            if length != UNDEFINED:
                pos = start + length
                if pos > size:
                    raise NeedMore
                if (tag & 1 and tag not in self._whole) or vr not in _SEQUENCE_VR:
                    continue
            seen = last.get(tag)
            # The same bytes say the same; of undefined length they end in the same place, in their own delimiter.
            if seen is not None and length == seen[0] and block.startswith(seen[1], start):
                pos = start + len(seen[1])
            else:
                items, pos = self._macro(block, tag, start, length)
                seen = last[tag] = (length, block[start:pos], items)
            # Philips repeats positions in a private macro, half a voxel off.
            if not tag & 1 or tag in self._whole:
                group[tag] = seen[2]
        if pos != stop:
            raise Unsure("the elements of an item overrun its length")
        return group, pos

    def _macro(self, block: bytes, tag: int, start: int, length: int) -> tuple[Items, int]:
        """Return what is wanted of the macro whose value starts at `start`, and the position after it."""
        if tag in self._whole:
            return read_items(block, start, start + length if length != UNDEFINED else -1, self._explicit, 0)
        macro, pos = _macro(block, start, length, self._explicit)
        return [macro], pos


def _macro(block: bytes, start: int, length: int, explicit: bool) -> tuple[_Macro, int]:
    """Return the wanted attributes on the top level of the first item of a macro, and the position after the macro."""
    stop = start + length if length != UNDEFINED else -1
    found: _Macro = {}
    if 0 <= stop < start + 8:
        return found, stop
    tag, size = implicit_head(block, start)
    if tag != ITEM:
        return (found, stop) if stop >= 0 else (found, skip_undefined(block, start, explicit))
    pos = _first_item(block, start + 8, start + 8 + size if size != UNDEFINED else -1, explicit, found)
    if stop < 0:
        return found, skip_undefined(block, pos, explicit)
    if pos > stop:
        raise Unsure("an item of a functional group overruns its sequence")
    return found, stop


def _first_item(block: bytes, pos: int, stop: int, explicit: bool, found: _Macro) -> int:
    """Add the wanted attributes of the item at `pos` to `found`; return the position after it."""
    while stop < 0 or pos < stop:
        tag, _, start, length = _head(block, pos, explicit)
        if tag == ITEM_END and stop < 0:
            return start
        pos = start + length if length != UNDEFINED else skip_undefined(block, start, explicit)
        if pos > len(block):
            raise NeedMore
        if tag in IN_MACROS and length != UNDEFINED:
            found[tag] = block[start:pos]
    if pos != stop:
        raise Unsure("the elements of an item overrun its length")
    return pos


def _head(block: bytes, pos: int, explicit: bool) -> _Head:
    """Return the head of the element at `pos`; the tags of items and delimiters are without VR in every syntax."""
    if not explicit:
        tag, length = implicit_head(block, pos)
        return tag, b"", pos + 8, length
    tag, vr, length = explicit_head(block, pos)
    if vr in SHORT_VR:
        return tag, vr, pos + 8, length
    if vr in LONG_VR:
        return tag, vr, pos + 12, long_length(block, pos + 8)[0]
    if tag == ITEM_END:
        return tag, b"", pos + 8, 0
    raise Unsure(f"unknown VR {vr!r} in {describe(tag)}")
