"""Sequences: items read into memory, or stepped over without recursion (PS3.5 section 7.5)."""

from __future__ import annotations

import struct
from typing import Union

from dicomvtk.dicom.tags import describe

__all__ = [
    "ITEM",
    "ITEM_END",
    "LONG_VR",
    "SEQUENCE_END",
    "SHORT_VR",
    "UNDEFINED",
    "Items",
    "NeedMore",
    "Unsure",
    "explicit_head",
    "implicit_head",
    "long_length",
    "read_items",
    "skip_undefined",
]

#: The length of an element that ends with a delimiter (PS3.5 section 7.1.1).
UNDEFINED = 0xFFFFFFFF

#: A sequence: its items, each from tag to value bytes or to a nested sequence.
Items = list[dict[int, Union[bytes, "Items"]]]

#: Functional groups nest four deep; deeper is left to pydicom.
_MAX_DEPTH = 12

ITEM = 0xE000FFFE
ITEM_END = 0xE00DFFFE
SEQUENCE_END = 0xE0DDFFFE

explicit_head = struct.Struct("<I2sH").unpack_from
implicit_head = struct.Struct("<II").unpack_from
long_length = struct.Struct("<I").unpack_from

#: VRs with a 16-bit length, and with two reserved bytes and a 32-bit one (PS3.5 tables 7.1-1 and 7.1-2).
SHORT_VR = frozenset(b"AE AS AT CS DA DS DT FL FD IS LO LT PN SH SL SS ST TM UI UL US".split())
LONG_VR = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())


class Unsure(Exception):  # noqa: N818
    """The walk met something it does not know for sure; the text says what."""


class NeedMore(Exception):  # noqa: N818
    """A sequence runs on past the end of the block in memory."""


def read_items(block: bytes, pos: int, stop: int, explicit: bool, depth: int) -> tuple[Items, int]:
    """Return the items of a sequence whose first item head is at `pos`, and the position after it.

    `stop` is where the sequence ends, -1 where a delimiter ends it.
    """
    if depth > _MAX_DEPTH:
        raise Unsure(f"sequences nested more than {_MAX_DEPTH} deep")
    items: Items = []
    while stop < 0 or pos < stop:
        tag, length = implicit_head(block, pos)
        pos += 8
        if tag == SEQUENCE_END and stop < 0:
            return items, pos
        if tag != ITEM:
            raise Unsure(f"found tag {tag:08X} where an item of a sequence was expected")
        item, pos = _item(block, pos, pos + length if length != UNDEFINED else -1, explicit, depth)
        items.append(item)
    if pos != stop:
        raise Unsure("the items of a sequence overrun its length")
    return items, pos


def _item(block: bytes, pos: int, stop: int, explicit: bool, depth: int) -> tuple[dict[int, bytes | Items], int]:
    item: dict[int, bytes | Items] = {}
    size = len(block)
    if stop > size:
        raise NeedMore
    while stop < 0 or pos < stop:
        if explicit:
            tag, vr, length = explicit_head(block, pos)
            start = pos + 8
            if tag == ITEM_END and stop < 0:
                return item, start
            if vr in LONG_VR:
                length = long_length(block, start)[0]
                start = pos + 12
            elif vr not in SHORT_VR:
                raise Unsure(f"unknown VR {vr!r} in {describe(tag)}")
            nested = vr == b"SQ"
        else:
            tag, length = implicit_head(block, pos)
            start = pos + 8
            if tag == ITEM_END and stop < 0:
                return item, start
            nested = length == UNDEFINED or _looks_like_sequence(block, start, length)
        if length == UNDEFINED and not nested:
            pos = skip_undefined(block, start, explicit)
            continue
        if nested:
            item[tag], pos = read_items(
                block, start, start + length if length != UNDEFINED else -1, explicit, depth + 1
            )
            continue
        pos = start + length
        if pos > size:
            raise NeedMore
        item[tag] = block[start:pos]
    if pos != stop:
        raise Unsure("the elements of an item overrun its length")
    return item, pos


def _looks_like_sequence(block: bytes, start: int, length: int) -> bool:
    """Implicit VR does not say SQ: a value that starts with an item head is one."""
    if length < 8 or start + 8 > len(block):
        return False
    tag, inner = implicit_head(block, start)
    return tag == ITEM and (inner == UNDEFINED or inner + 8 <= length)


def skip_undefined(block: bytes, pos: int, explicit: bool) -> int:
    """Return the position after a sequence of undefined length whose first item head is at `pos`; does not recurse.

    Private elements of VR UN with undefined length hold implicit VR items (PS3.5 section 6.2.2), whatever the syntax:
    their items are read as implicit. Raises NeedMore or struct.error where the block ends before the sequence.
    """
    in_sequence, is_explicit = True, explicit
    around: list[tuple[bool, bool]] = []  # the same of what is open around it
    while True:
        if in_sequence:
            tag, length = implicit_head(block, pos)
            pos += 8
            if tag == ITEM:
                if length == UNDEFINED:
                    around.append((True, is_explicit))
                    in_sequence = False
                else:
                    pos += length
            elif tag != SEQUENCE_END:
                raise Unsure(f"found tag {tag:08X} where an item of a sequence was expected")
            elif not around:
                return pos
            else:
                in_sequence, is_explicit = around.pop()
            continue
        vr = b""
        if is_explicit:
            tag, vr, length = explicit_head(block, pos)
            if vr in SHORT_VR:
                pos += 8 + length
                continue
        else:
            tag, length = implicit_head(block, pos)
        if tag == ITEM_END:
            pos += 8
            in_sequence, is_explicit = around.pop()
            continue
        pos += 8
        if is_explicit:
            if vr not in LONG_VR:
                raise Unsure(f"unknown VR {vr!r} in {describe(tag)}")
            length = long_length(block, pos)[0]
            pos += 4
        if length == UNDEFINED:
            around.append((False, is_explicit))
            in_sequence, is_explicit = True, is_explicit and vr != b"UN"
        else:
            pos += length
