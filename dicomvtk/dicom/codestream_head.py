"""What a compressed image says of itself, read before a decoder written in C gets to see it.

JPEG (ISO 10918-1 annex B), JPEG-LS (ISO 14495-1 annex C), JPEG 2000 and HTJ2K (ISO 15444-1 annex A), JPEG XL
(ISO 18181-1 annex D). RLE has no such head.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

__all__ = ["CodestreamHead", "read_head"]

_JPEG, _J2K = b"\xff\xd8", b"\xff\x4f\xff\x51"
_JP2_BOX, _J2K_BOX = b"\0\0\0\x0cjP  ", b"jp2c"
_JXL, _JXL_BOX = b"\xff\x0a", b"\0\0\0\x0cJXL "
#: Start of frame markers of JPEG (C4, C8 and CC are other things), and that of JPEG-LS.
_FRAMES = frozenset({*range(0xC0, 0xD0), 0xF7}) - {0xC4, 0xC8, 0xCC}
_LOSSLESS_FRAMES = frozenset({0xC3, 0xC7, 0xCB, 0xCF})
_JPEG_LS_FRAME, _SCAN = 0xF7, b"\xff\xda"
_CODING_STYLE, _TILE = b"\xff\x52", b"\xff\x90"
_ALONE = frozenset({0x01, *range(0xD0, 0xD9)})
_RGB_IDS = ((82, 71, 66), (114, 103, 98))
#: Width over height by the ratio's number in a JPEG XL size header.
_RATIOS = ((1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))


@dataclass(frozen=True)
class CodestreamHead:
    """Size and kind of a compressed image; `components` and `bits` are 0 where the head is not read so far.

    `colour` is what a JPEG says of its components: ``RGB``, ``YBR``, or empty where it says nothing. `lossy` is set
    where decoded values may be others than those encoded, also others than BitsStored allows.
    """

    rows: int
    columns: int
    components: int = 0
    bits: int = 0
    signed: bool = False
    colour: str = ""
    lossy: bool = False


def read_head(data: bytes) -> CodestreamHead | None:
    """Return what the codestream says of itself, None where its head is of no kind known here."""
    try:
        if data[:2] == _JPEG:
            return _jpeg(data)
        if data[:4] == _J2K:
            return _jpeg_2000(data, 4)
        if data[:8] == _JP2_BOX:
            at = _box(data, _J2K_BOX)
            return _jpeg_2000(data, at + 4) if data[at : at + 4] == _J2K else None
        if data[:2] == _JXL:
            return _jpeg_xl(data, 2)
        if data[:8] == _JXL_BOX:
            return _jpeg_xl_in_boxes(data)
    except (struct.error, IndexError):
        return None
    return None


def _jpeg(data: bytes) -> CodestreamHead | None:
    pos, jfif = 2, False
    while True:
        if data[pos] != 0xFF:
            return None
        marker = data[pos + 1]
        if marker == 0xFF or marker in _ALONE:
            pos += 1 if marker == 0xFF else 2
            continue
        if marker in _FRAMES:
            break
        jfif = jfif or data[pos + 4 : pos + 8] == b"JFIF"
        pos += 2 + int.from_bytes(data[pos + 2 : pos + 4], "big")
    bits, rows, columns, components = struct.unpack_from(">BHHB", data, pos + 4)
    ids = tuple(data[pos + 10 : pos + 10 + 3 * components : 3])
    colour = "RGB" if ids in _RGB_IDS else "YBR" if jfif and components == 3 else ""
    lossy = _is_near(data, pos) if marker == _JPEG_LS_FRAME else marker not in _LOSSLESS_FRAMES
    return CodestreamHead(rows, columns, components, bits, False, colour, lossy)


def _is_near(data: bytes, pos: int) -> bool:
    """True where the first scan after `pos` of a JPEG-LS codestream allows values to be off (NEAR, C.2.3)."""
    scan = data.find(_SCAN, pos)
    return 0 <= scan < len(data) - 5 and data[scan + 5 + 2 * data[scan + 4]] > 0


def _jpeg_2000(data: bytes, pos: int) -> CodestreamHead:
    """Read the SIZ segment whose length is at `pos`; all components are taken to be as the first."""
    right, bottom, left, top = struct.unpack_from(">4I", data, pos + 4)
    components, depth = struct.unpack_from(">HB", data, pos + 36)
    lossy = _is_irreversible(data, pos)
    return CodestreamHead(bottom - top, right - left, components, (depth & 0x7F) + 1, bool(depth & 0x80), lossy=lossy)


def _is_irreversible(data: bytes, pos: int) -> bool:
    """True where the main header, from the segment whose length is at `pos`, tells of the 9-7 wavelet (A.6.1)."""
    while pos + 12 <= len(data) and data[pos - 2] == 0xFF and data[pos - 2 : pos] != _TILE:
        if data[pos - 2 : pos] == _CODING_STYLE:
            return data[pos + 11] == 0
        pos += 2 + int.from_bytes(data[pos : pos + 2], "big")
    return False


def _jpeg_xl(data: bytes, pos: int) -> CodestreamHead:
    bits = _Bits(data, pos)
    small = bits.read(1)
    rows = _jpeg_xl_length(bits, small)
    ratio = bits.read(3)
    if ratio:
        across, down = _RATIOS[ratio - 1]
        return CodestreamHead(rows, rows * across // down, lossy=True)
    return CodestreamHead(rows, _jpeg_xl_length(bits, small), lossy=True)


def _jpeg_xl_length(bits: _Bits, small: int) -> int:
    return (bits.read(5) + 1) * 8 if small else bits.read((9, 13, 18, 30)[bits.read(2)]) + 1


def _jpeg_xl_in_boxes(data: bytes) -> CodestreamHead | None:
    at = _box(data, b"jxlc")
    if at < 0:
        at = _box(data, b"jxlp")
        at = at + 4 if at >= 0 else at  # the number of the part
    return _jpeg_xl(data, at + 2) if at >= 0 and data[at : at + 2] == _JXL else None


class _Bits:
    """Bits of a JPEG XL head, the least significant of each byte first."""

    def __init__(self, data: bytes, pos: int) -> None:
        self._left = int.from_bytes(data[pos : pos + 16], "little")

    def read(self, count: int) -> int:
        value = self._left & ((1 << count) - 1)
        self._left >>= count
        return value


def _box(data: bytes, kind: bytes) -> int:
    """Return where the content of the first box of `kind` starts, -1 where there is none (ISO 15444-1 annex I)."""
    pos = 0
    while pos + 8 <= len(data):
        size, found = struct.unpack_from(">I4s", data, pos)
        head = 8
        if size == 1:
            (size,) = struct.unpack_from(">Q", data, pos + 8)
            head = 16
        if found == kind:
            return pos + head
        if size < head:
            return -1
        pos += size
    return -1
