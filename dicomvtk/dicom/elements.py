"""One walk over the elements of a file's header, from its first byte to where the pixel data start.

The layout is PS3.5 chapter 7 (elements), 7.5 (sequences) and PS3.10 chapter 7 (file meta information). Only what is
certain is read here; anything else raises `Unsure`, and pydicom is asked instead.
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass, field

from dicomvtk.dicom.macros import GroupReader
from dicomvtk.dicom.sequences import (
    LONG_VR,
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
from dicomvtk.dicom.tags import PIXEL_TAGS, SEQUENCES, WANTED, Tag, describe

__all__ = ["UNDEFINED", "Items", "NotDicom", "RawHeader", "Unsure", "walk_bytes", "walk_file"]

EXPLICIT_LITTLE = "1.2.840.10008.1.2.1"
IMPLICIT_LITTLE = "1.2.840.10008.1.2"
EXPLICIT_BIG = "1.2.840.10008.1.2.2"
DEFLATED = "1.2.840.10008.1.2.1.99"

_FUNCTIONAL_GROUPS = (Tag.SharedFunctionalGroupsSequence, Tag.PerFrameFunctionalGroupsSequence)

#: What ends a run of elements, whatever VR is written for it.
_NEVER_SHORT = PIXEL_TAGS | SEQUENCES

_PREAMBLE = 128
_FIRST_BLOCK = 16 * 1024
#: Holds the groups of dozens of frames.
_GROUPS_BLOCK = 256 * 1024
#: No attribute read here is longer; a longer one is damage or an attack.
_MAX_VALUE = 1 << 20
#: No honest header holds one sequence larger than this; a larger one is left to pydicom, which reads from disk.
_MAX_SEQUENCE = 1 << 28


class NotDicom(Exception):  # noqa: N818  # not a failure: the answer to "is this DICOM?"
    """The bytes are not a DICOM file; the text says what they are instead."""


@dataclass
class RawHeader:
    """What a walk found: value bytes by tag, little-endian, and where the pixels are.

    `pixel_offset` is the file offset of the first byte of the pixel data element's value, -1 without pixels;
    `pixel_length` its declared length, `UNDEFINED` where encapsulated. `note` says where the file is read otherwise
    than it states.
    """

    transfer_syntax: str = IMPLICIT_LITTLE
    values: dict[int, bytes] = field(default_factory=dict)
    sequences: dict[int, Items] = field(default_factory=dict)
    pixel_tag: int = 0
    pixel_offset: int = -1
    pixel_length: int = 0
    file_size: int = 0
    media_class: str = ""
    note: str = ""


def walk_file(path: str, wanted: frozenset[int] = WANTED, sequences: frozenset[int] = SEQUENCES) -> RawHeader:
    """Return the raw header of the regular file at `path`: the `wanted` elements and `sequences` of its top level.

    Raises NotDicom, Unsure, or OSError. A file is read in blocks as far as its header goes; the pixel data are not
    touched. No declared length is believed beyond the file's size.
    """
    fd = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0))
    try:
        size = os.fstat(fd).st_size
        return _walk(fd, size, os.read(fd, _FIRST_BLOCK), wanted, sequences)
    finally:
        os.close(fd)


def walk_bytes(
    data: bytes,
    transfer_syntax: str,
    wanted: frozenset[int] = WANTED,
    sequences: frozenset[int] = SEQUENCES,
) -> RawHeader:
    """Return the raw header of a bare data set in memory, in a little-endian syntax (for inflated data)."""
    header = RawHeader(transfer_syntax=transfer_syntax, file_size=len(data))
    _Walk(-1, len(data), data, header, wanted, sequences).data_set(0, explicit=transfer_syntax != IMPLICIT_LITTLE)
    return header


def _walk(fd: int, size: int, block: bytes, wanted: frozenset[int], sequences: frozenset[int]) -> RawHeader:
    header = RawHeader(file_size=size)
    if size == 0:
        raise NotDicom("empty file")
    if block[_PREAMBLE : _PREAMBLE + 4] == b"DICM":
        start = _file_meta(block, _PREAMBLE + 4, header)
    else:
        start = _bare_start(block, header)
    if header.transfer_syntax == EXPLICIT_BIG and block[start : start + 2] == b"\x08\0":
        header.transfer_syntax = EXPLICIT_LITTLE
        header.note = f"TransferSyntaxUID (0002,0010) is {EXPLICIT_BIG}, but the data set is little endian"
    syntax = header.transfer_syntax
    if syntax in (DEFLATED, EXPLICIT_BIG):
        raise Unsure(f"transfer syntax {syntax}")
    if block[start : start + 8] == bytes(8):  # zeros are no element, and pydicom would follow them to their end
        return header
    explicit = syntax != IMPLICIT_LITTLE
    if start + 8 <= len(block) and (block[start + 4 : start + 6] in SHORT_VR | LONG_VR) != explicit:
        raise Unsure("the data set is not in the value representation that its transfer syntax says")
    _Walk(fd, size, block, header, wanted, sequences).data_set(start, explicit=explicit)
    return header


def _file_meta(block: bytes, pos: int, header: RawHeader) -> int:
    """Read group 0002, always explicit little endian; return where the data set starts."""
    syntax = None
    while pos + 12 <= len(block):
        tag, vr, length = explicit_head(block, pos)
        if tag & 0xFFFF != 0x0002:
            break
        start = pos + 8
        if vr in LONG_VR:
            length, start = long_length(block, pos + 8)[0], pos + 12
        elif vr not in SHORT_VR:
            raise Unsure(f"unknown VR {vr!r} in {describe(tag)}")
        if start + length > len(block):
            raise Unsure(f"{describe(tag)} declares {length} bytes in the file meta information")
        if tag == Tag.TransferSyntaxUID:
            syntax = block[start : start + length].rstrip(b"\0 ").decode("ascii", "replace")
        elif tag == Tag.MediaStorageSOPClassUID:
            header.media_class = block[start : start + length].rstrip(b"\0 ").decode("ascii", "replace")
        pos = start + length
    if not syntax:
        raise Unsure("no TransferSyntaxUID (0002,0010)")
    header.transfer_syntax = syntax
    return pos


def _bare_start(block: bytes, header: RawHeader) -> int:
    """Recognise a data set without preamble by its first element; return where it starts (PS3.10 asks for one)."""
    if len(block) < 16:
        raise NotDicom("not DICOM")
    tag, vr, length = explicit_head(block, 0)
    group = tag & 0xFFFF
    if group == 0x0002 and vr in SHORT_VR | LONG_VR:
        return _file_meta(block, 0, header)
    if group != 0x0008:
        raise NotDicom("not DICOM")
    if vr in SHORT_VR:
        header.transfer_syntax = EXPLICIT_LITTLE
        return 0
    length = implicit_head(block, 0)[1]
    if length > min(1024, header.file_size):
        raise NotDicom("not DICOM")
    header.transfer_syntax = IMPLICIT_LITTLE
    return 0


class _Walk:
    """The state of one walk: the block of the file that is in memory, and where it lies."""

    def __init__(
        self,
        fd: int,
        size: int,
        block: bytes,
        header: RawHeader,
        wanted: frozenset[int],
        sequences: frozenset[int],
    ) -> None:
        self.fd = fd
        self.size = size
        self.block = block
        self.base = 0  # file offset of block[0]
        self.header = header
        self.wanted = wanted
        self.sequences = sequences
        self.never_short = _NEVER_SHORT if sequences is SEQUENCES else PIXEL_TAGS | sequences

    def data_set(self, start: int, *, explicit: bool) -> None:
        """Walk the top level from file offset `start` to the pixel data or the end of the file."""
        pos = start  # in the file
        while True:
            at = self._at(pos, 12)
            if at < 0:
                return
            pos = self._level(self.block, at, len(self.block) - 12, explicit)
            if self.header.pixel_tag:
                return

    def _level(self, block: bytes, pos: int, last: int, explicit: bool) -> int:
        """Walk elements that start at or before `last` in the block; return the file offset to go on from.

        Zeros are no element: a file may end in gigabytes of them.
        """
        values = self.header.values
        wanted, sequences = self.wanted, self.sequences
        size = self.size - self.base
        held = min(len(block), size)  # the block of a last short element is filled up with zeros
        never_short = self.never_short
        while pos <= last:
            if explicit:
                tag, vr, length = explicit_head(block, pos)
                start = pos + 8
                # Most elements by far: of a short VR, whole in the block.
                if vr in SHORT_VR and tag not in never_short and start + length <= held:
                    pos = start + length
                    if tag in wanted:
                        values[tag] = block[start:pos]
                    continue
                if not tag:
                    return self.size
                if vr in LONG_VR:
                    length = long_length(block, start)[0]
                    start = pos + 12
                elif vr not in SHORT_VR:
                    raise Unsure(f"unknown VR {vr!r} in {describe(tag)}")
            else:
                tag, length = implicit_head(block, pos)
                start = pos + 8
                if not tag:
                    return self.size
            if tag in PIXEL_TAGS:
                self._pixels(tag, self.base + start, length)
                return self.base + start
            if tag in sequences:
                return self._sequence(tag, pos, start, length, explicit)
            if length == UNDEFINED:
                return self._undefined(pos, start, explicit)
            end = start + length
            if end > size:
                raise Unsure(f"{describe(tag)} declares {length} bytes, past the end of the file")
            if tag in wanted:
                if end > len(block):
                    if length > _MAX_VALUE:
                        raise Unsure(f"{describe(tag)} declares {length} bytes")
                    self._load(self.base + pos, end - pos)
                    return self.base
                values[tag] = block[start:end]
            pos = end
        return self.base + pos

    def _pixels(self, tag: int, offset: int, length: int) -> None:
        self.header.pixel_tag = tag
        self.header.pixel_offset = offset
        self.header.pixel_length = length

    def _sequence(self, tag: int, pos: int, start: int, length: int, explicit: bool) -> int:
        """Read a wanted sequence into the header; return the file offset after it."""
        file_pos, head = self.base + pos, start - pos
        if length != UNDEFINED and self.base + start + length > self.size:
            raise Unsure(f"{describe(tag)} declares {length} bytes, past the end of the file")
        if tag in _FUNCTIONAL_GROUPS:
            return self._groups(tag, file_pos + head, length, explicit)
        want = head + length if length != UNDEFINED else len(self.block) - pos
        while True:
            at = self._load(file_pos, want)
            try:
                stop = at + head + length if length != UNDEFINED else -1
                items, end = read_items(self.block, at + head, stop, explicit, 0)
            except (NeedMore, struct.error):
                want = self._grow(want, file_pos, tag)
                continue
            self.header.sequences[tag] = items
            return self.base + end

    def _groups(self, tag: int, file_pos: int, length: int, explicit: bool) -> int:
        """Read functional groups, which may be long, a block at a time; return the file offset after them."""
        reader = GroupReader(explicit, self.sequences)
        end = file_pos + length if length != UNDEFINED else -1
        want = _GROUPS_BLOCK
        while True:
            at = self._load(file_pos, min(want, self.size - file_pos))
            pos, done = reader.read(self.block, at, end - self.base if end >= 0 else -1)
            if done:
                self.header.sequences[tag] = reader.items
                return self.base + pos
            want = _GROUPS_BLOCK if pos > at else self._grow(want, file_pos, tag)
            file_pos = self.base + pos

    def _undefined(self, pos: int, start: int, explicit: bool) -> int:
        """Step over an element of undefined length that is not wanted; return the file offset after it."""
        file_pos, head = self.base + pos, start - pos
        want = len(self.block) - pos
        while True:
            at = self._load(file_pos, want)
            try:
                return self.base + skip_undefined(self.block, at + head, explicit)
            except (NeedMore, struct.error):
                want = self._grow(want, file_pos, 0)

    def _grow(self, want: int, file_pos: int, tag: int) -> int:
        if file_pos + want >= self.size:
            raise Unsure(f"{describe(tag) if tag else 'a sequence'} has no end before the end of the file")
        if want > _MAX_SEQUENCE:
            raise Unsure(f"{describe(tag) if tag else 'a sequence'} is longer than {_MAX_SEQUENCE} bytes")
        return max(want * 4, _FIRST_BLOCK)

    def _at(self, pos: int, need: int) -> int:
        """Return where file offset `pos` lies in the block, loading it if needed; -1 at the end of the file."""
        if pos + 8 > self.size:
            return -1
        at = pos - self.base
        if at >= 0 and at + need <= len(self.block):
            return at
        at = self._load(pos, _FIRST_BLOCK)
        short = need - (len(self.block) - at)
        if short > 0:  # the last element of a file may be shorter than the longest head
            self.block += bytes(short)
        return at

    def _load(self, pos: int, length: int) -> int:
        """Make the block hold `length` bytes from file offset `pos` (fewer at the end); return where they start."""
        at = pos - self.base
        if at >= 0 and (at + length <= len(self.block)):
            return at
        if self.fd < 0:
            return at
        self.block = os.pread(self.fd, max(length, _FIRST_BLOCK), pos)
        self.base = pos
        if len(self.block) < min(length, self.size - pos):
            raise Unsure("the file became shorter while it was read")
        return 0
