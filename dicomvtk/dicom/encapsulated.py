"""Encapsulated pixel data: where each frame's compressed bytes are (PS3.5 section A.4)."""

from __future__ import annotations

import os
import struct
from collections.abc import Callable
from functools import lru_cache

from dicomvtk.dicom.elements import Unsure, walk_file
from dicomvtk.dicom.frames import Frame
from dicomvtk.dicom.tags import Tag
from dicomvtk.errors import PixelDecodeError

__all__ = ["codestream"]

_ITEM, _SEQUENCE_END = 0xE000FFFE, 0xE0DDFFFE
_HEAD = struct.Struct("<II").unpack_from
_PIXEL_GROUP = 0x7FE0

#: The rest of a file of one frame is read at once up to here; of a longer one, and of many frames, only the items.
_AT_ONCE = 64 << 20
#: First bytes of a codestream: JPEG and JPEG-LS, JPEG 2000 (bare, and in its file format), JPEG XL (the same).
_STARTS = (b"\xff\xd8", b"\xff\x4f\xff\x51", b"\0\0\0\x0cjP  ", b"\xff\x0a", b"\0\0\0\x0cJXL ")
_LONGEST_START = 8

#: (offset of the value in the file, its length) of one fragment.
Fragment = tuple[int, int]
#: Bytes from an offset in the file, as many as asked for or fewer at its end.
Read = Callable[[int, int], bytes]


def codestream(frame: Frame) -> bytes:
    """Return the compressed bytes of one frame, its fragments joined.

    Raises PixelDecodeError where the fragments do not fit the file or the number of frames.
    """
    count = frame.common.frames or 1
    fd = os.open(frame.path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
    try:
        state = os.fstat(fd)
        rest = state.st_size - frame.offset
        if count == 1 and rest <= _AT_ONCE:
            return _only_frame(frame.path, frame.offset, os.pread(fd, max(0, rest), frame.offset))
        frames = _frame_fragments(frame.path, frame.offset, count, (state.st_ino, state.st_size, state.st_mtime_ns))
        if frame.number >= len(frames):
            raise PixelDecodeError(
                f"Cannot decode {frame.path}: frame {frame.number + 1} has no compressed data; found {len(frames)} "
                f"frames, NumberOfFrames (0028,0008) is {count}."
            )
        return b"".join([os.pread(fd, length, offset) for offset, length in frames[frame.number]])
    finally:
        os.close(fd)


def _only_frame(path: str, offset: int, data: bytes) -> bytes:
    """Return all fragments in `data`, the file from `offset` to its end."""

    def read(pos: int, length: int) -> bytes:
        return data[pos - offset : pos - offset + length]

    _, fragments = _items(path, offset, read, offset + len(data), 1)
    if len(fragments) == 1:
        return read(*fragments[0])
    return b"".join([read(*fragment) for fragment in fragments])


@lru_cache(maxsize=64)
def _frame_fragments(path: str, offset: int, count: int, version: tuple[int, ...]) -> list[list[Fragment]]:
    """Return the fragments of each frame: one a frame, else as an offset table says, else by where codestreams start.

    `version` keeps those of an older file of this name from being taken for its.
    """
    size = version[1]
    with open(path, "rb", buffering=0) as file:

        def read(pos: int, length: int) -> bytes:
            return os.pread(file.fileno(), length, pos)

        table, fragments = _items(path, offset, read, size, count)
        if count == 1:
            return [fragments]
        if len(fragments) == count:
            return [[fragment] for fragment in fragments]
        if len(table) != count:
            table = _extended_table(path)
        if len(table) == count:
            return _by_table(path, table, fragments)
        return _by_start(path, read, fragments, count)


def _items(path: str, offset: int, read: Read, size: int, count: int) -> tuple[tuple[int, ...], list[Fragment]]:
    """Return the basic offset table at `offset`, and the fragments after it."""
    length, pos = _item_head(read, path, offset, size)
    if length is None:
        raise PixelDecodeError(f"Cannot decode {path}: no basic offset table begins the encapsulated pixel data.")
    table = struct.unpack(f"<{length // 4}I", read(pos, length // 4 * 4)) if count > 1 else ()
    pos += length
    fragments: list[Fragment] = []
    while pos + 8 <= size:
        length, start = _item_head(read, path, pos, size, enough=len(fragments) >= count)
        if length is None:
            break
        fragments.append((start, length))
        pos = start + length
    if not fragments:
        raise PixelDecodeError(f"Cannot decode {path}: the pixel data hold no fragment; expected at least one a frame.")
    return table, fragments


def _item_head(read: Read, path: str, pos: int, size: int, *, enough: bool = False) -> tuple[int | None, int]:
    """Return the length of the item at `pos`, None for the end of the sequence, and where its value starts.

    Where there is `enough`, the next element of the data set also ends a sequence that lacks its delimiter.
    """
    head = read(pos, 8)
    if len(head) < 8:
        return None, pos
    tag, length = _HEAD(head)
    if tag == _SEQUENCE_END or (enough and tag != _ITEM and tag & 0xFFFF > _PIXEL_GROUP):
        return None, pos + 8
    if tag != _ITEM:
        raise PixelDecodeError(
            f"Cannot decode {path}: found tag {tag & 0xFFFF:04X},{tag >> 16:04X} at byte {pos} of the encapsulated "
            "pixel data; expected an item (FFFE,E000)."
        )
    if pos + 8 + length > size:
        raise PixelDecodeError(
            f"Cannot decode {path}: truncated, a fragment at byte {pos} declares {length} bytes "
            f"and the file has {size - pos - 8} left."
        )
    return length, pos + 8


def _extended_table(path: str) -> tuple[int, ...]:
    """Return ExtendedOffsetTable (7FE0,0001), empty where there is none; its lengths say nothing that items do not."""
    try:
        header = walk_file(path, frozenset({Tag.ExtendedOffsetTable}), frozenset())
    except Unsure:
        return ()
    data = header.values.get(Tag.ExtendedOffsetTable, b"")
    return struct.unpack(f"<{len(data) // 8}Q", data[: len(data) // 8 * 8])


def _by_table(path: str, table: tuple[int, ...], fragments: list[Fragment]) -> list[list[Fragment]]:
    first = fragments[0][0] - 8
    starts = {offset + first for offset in table}
    frames: list[list[Fragment]] = []
    for start, length in fragments:
        if start - 8 in starts:
            frames.append([])
        if not frames:
            raise PixelDecodeError(f"Cannot decode {path}: the offset table does not point to the first fragment.")
        frames[-1].append((start, length))
    return frames


def _by_start(path: str, read: Read, fragments: list[Fragment], count: int) -> list[list[Fragment]]:
    """Without a table, a fragment that begins as a codestream does begins a frame; RLE has no such beginning."""
    frames: list[list[Fragment]] = []
    for start, length in fragments:
        if not frames or read(start, _LONGEST_START).startswith(_STARTS):
            frames.append([])
        frames[-1].append((start, length))
    if len(frames) != count:
        raise PixelDecodeError(
            f"Cannot decode {path}: {len(fragments)} fragments make {len(frames)} frames; "
            f"NumberOfFrames (0028,0008) is {count} and there is no offset table that fits."
        )
    return frames
