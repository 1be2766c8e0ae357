"""Encapsulated pixel data: where each frame's compressed bytes are (PS3.5 section A.4)."""

from __future__ import annotations

import os
import struct
from functools import lru_cache

from dicomvtk.dicom.files import file_version
from dicomvtk.dicom.frames import Frame
from dicomvtk.errors import PixelDecodeError

__all__ = ["codestream"]

_ITEM = 0xE000FFFE
_SEQUENCE_END = 0xE0DDFFFE

#: (offset of the value in the file, its length) of one fragment.
Fragment = tuple[int, int]


def codestream(frame: Frame) -> bytes:
    """Return the compressed bytes of one frame, its fragments joined.

    Raises PixelDecodeError where the fragments do not fit the file or the number of frames.
    """
    count = frame.common.frames or 1
    fragments = _frame_fragments(frame.path, frame.offset, count, file_version(frame.path))
    if frame.number >= len(fragments):
        raise PixelDecodeError(
            f"Cannot decode {frame.path}: frame {frame.number + 1} has no compressed data; found {len(fragments)} "
            f"frames, NumberOfFrames (0028,0008) is {count}."
        )
    with open(frame.path, "rb") as file:
        parts = []
        for offset, length in fragments[frame.number]:
            file.seek(offset)
            parts.append(file.read(length))
    return b"".join(parts)


@lru_cache(maxsize=64)
def _frame_fragments(path: str, offset: int, count: int, version: tuple[int, ...]) -> list[list[Fragment]]:
    """Return the fragments of each frame: by the basic offset table, else one a frame, else all to the only frame.

    `version` keeps those of an older file of this name from being taken for its.
    """
    table, fragments = _fragments(path, offset)
    if not fragments:
        raise PixelDecodeError(f"Cannot decode {path}: the pixel data hold no fragment; expected at least one a frame.")
    if count == 1:
        return [fragments]
    if len(fragments) == count:
        return [[fragment] for fragment in fragments]
    if len(table) == count:
        return _by_table(path, table, fragments)
    return _by_start_of_image(path, fragments, count)


def _fragments(path: str, offset: int) -> tuple[tuple[int, ...], list[Fragment]]:
    """Walk the items after the pixel data element's head: the basic offset table, then the fragments."""
    size = os.path.getsize(path)
    with open(path, "rb") as file:
        table_length, pos = _item_head(file, path, offset, size)
        if table_length is None:
            raise PixelDecodeError(f"Cannot decode {path}: no basic offset table begins the encapsulated pixel data.")
        table = struct.unpack(f"<{table_length // 4}I", file.read(table_length // 4 * 4))
        pos += table_length
        fragments: list[Fragment] = []
        while pos + 8 <= size:
            length, start = _item_head(file, path, pos, size)
            if length is None:
                break
            fragments.append((start, length))
            pos = start + length
    return table, fragments


def _item_head(file, path: str, pos: int, size: int) -> tuple[int | None, int]:  # type: ignore[no-untyped-def]
    """Return the length of the item at `pos`, None for the end of the sequence, and where its value starts."""
    file.seek(pos)
    head = file.read(8)
    if len(head) < 8:
        return None, pos
    tag, length = struct.unpack("<II", head)
    if tag == _SEQUENCE_END:
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


def _by_table(path: str, table: tuple[int, ...], fragments: list[Fragment]) -> list[list[Fragment]]:
    first = fragments[0][0] - 8
    starts = {offset + first: n for n, offset in enumerate(table)}
    frames: list[list[Fragment]] = []
    for start, length in fragments:
        if start - 8 in starts:
            frames.append([])
        if not frames:
            raise PixelDecodeError(
                f"Cannot decode {path}: the basic offset table does not point to the first fragment."
            )
        frames[-1].append((start, length))
    return frames


def _by_start_of_image(path: str, fragments: list[Fragment], count: int) -> list[list[Fragment]]:
    """Without a table, a fragment that begins with a codestream's first marker begins a frame (JPEG, JPEG 2000)."""
    frames: list[list[Fragment]] = []
    with open(path, "rb") as file:
        for start, length in fragments:
            file.seek(start)
            if not frames or file.read(2) in (b"\xff\xd8", b"\xff\x4f"):
                frames.append([])
            frames[-1].append((start, length))
    if len(frames) != count:
        raise PixelDecodeError(
            f"Cannot decode {path}: {len(fragments)} fragments make {len(frames)} frames; "
            f"NumberOfFrames (0028,0008) is {count} and there is no offset table."
        )
    return frames
