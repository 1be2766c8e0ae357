"""Explicit big endian, which old files are in: an element swapped is as long as before, and where it was.

The syntax is retired; PS3.5-2016 section A.3 is the last to describe it.
"""

from __future__ import annotations

import struct

from dicomvtk.dicom.sequences import LONG_VR, SHORT_VR, UNDEFINED

__all__ = ["as_little_endian"]

_short_head = struct.Struct(">HH2sH").unpack_from
_delimiter = struct.Struct(">HHI").unpack_from
_long_length = struct.Struct(">I").unpack_from
_pack_short = struct.Struct("<HH2sH").pack_into
_pack_delimiter = struct.Struct("<HHI").pack_into
_pack_length = struct.Struct("<I").pack_into

#: Bytes of one number, by VR (PS3.5 section 7.3); all others are bytes and text.
_SIZES = {
    vr: size
    for size, of_size in ((2, b"AT OW SS US"), (4, b"FL OF OL SL UL"), (8, b"FD OD OV SV UV"))
    for vr in of_size.split()
}

_DELIMITERS, _PIXELS = 0xFFFE, 0x7FE0


def as_little_endian(block: bytes, start: int) -> bytes:
    """Return the block with its elements from `start` on as a little-endian file has them, each where it was.

    It ends before the first element that does not end in the block or whose VR does not say how to swap it, with the
    head of that element where its value is all that is missing. Values of group 7FE0, the pixels, stay as they are.
    """
    out = bytearray(block)
    pos, size = start, len(block)
    while pos + 12 <= size:
        group, element, vr, length = _short_head(block, pos)
        if group == _DELIMITERS:  # items and delimiters: a tag and a length; what is inside comes next
            _pack_delimiter(out, pos, *_delimiter(block, pos))
            pos += 8
            continue
        if vr in SHORT_VR:
            value = pos + 8
        elif vr in LONG_VR:
            value, length = pos + 12, _long_length(block, pos + 8)[0]
        else:
            break
        number = _SIZES.get(vr, 1)
        if vr == b"UN" and length == UNDEFINED:
            break
        if number > 1 and length % number and length != UNDEFINED:
            break
        _pack_short(out, pos, group, element, vr, length if value == pos + 8 else 0)
        if value == pos + 12:
            _pack_length(out, pos + 8, length)
        pos = value
        if vr == b"SQ":
            continue
        pos += length
        if pos > size:
            return bytes(out[:value])
        if number > 1 and group != _PIXELS:
            for n in range(number):
                out[value + n : pos : number] = block[value + number - 1 - n : pos : number]
    return bytes(out[:pos])
