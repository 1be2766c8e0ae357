"""One walk over the elements of a file's header, from its first byte to where the pixel data start.

The layout is PS3.5 chapter 7 (elements), 7.5 (sequences) and PS3.10 chapter 7 (file meta information). Only what is
certain is read here; anything else raises `Unsure`, and pydicom is asked instead.
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass, field, replace

from dicomvtk.dicom.big_endian import as_little_endian
from dicomvtk.dicom.file_start import ANY_VR, EXPLICIT_LITTLE, IMPLICIT_LITTLE, META_WANTED, NotDicom, file_start
from dicomvtk.dicom.macros import GroupReader
from dicomvtk.dicom.repeats import Repeats
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
from dicomvtk.dicom.tags import PIXEL_TAGS, SEQUENCES, SHAPING, WANTED, Tag, describe

__all__ = [
    "EXPLICIT_LITTLE",
    "IMPLICIT_LITTLE",
    "UNDEFINED",
    "HeaderWalker",
    "Items",
    "NotDicom",
    "RawHeader",
    "Unsure",
    "walk_bytes",
    "walk_file",
]

EXPLICIT_BIG = "1.2.840.10008.1.2.2"
DEFLATED = "1.2.840.10008.1.2.1.99"

_FUNCTIONAL_GROUPS = (Tag.SharedFunctionalGroupsSequence, Tag.PerFrameFunctionalGroupsSequence)

_ZEROS = bytes(8)

_OPEN_FLAGS = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
_FIRST_BLOCK = 16 * 1024
#: After the first file a block is as long as the last header and some room, up to here: one read is enough then.
_MOST_AT_ONCE = 256 * 1024
_HEAD_ROOM = 1024
_PAGE = 4 * 1024
#: Holds the groups of dozens of frames.
_GROUPS_BLOCK = 256 * 1024
#: No attribute read here is longer; a longer one is damage or an attack.
_MAX_VALUE = 1 << 20
#: No honest header holds one sequence larger than this; a larger one is left to pydicom, which reads from disk.
_MAX_SEQUENCE = 1 << 28

#: No more of a big-endian file is swapped for its header.
_MAX_BIG_ENDIAN = 1 << 24

#: An element's tag, where its value starts in the block, and its declared length.
_Head = tuple[int, int, int]


@dataclass
class RawHeader:
    """What a walk found: value bytes by tag, little-endian, and where the pixels are.

    `pixel_offset` is the file offset of the first byte of the pixel data element's value, -1 without pixels;
    `pixel_length` its declared length, `UNDEFINED` where encapsulated. `note` says where the file is read otherwise
    than it states, `contradiction` what it states twice, and differently.
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
    contradiction: str = ""


class HeaderWalker:
    """Walks headers one after the other, and reads what each repeats of those before it once.

    `learn` says that the headers now coming are of one kind, so that their repeats are worth knowing.
    """

    def __init__(self, wanted: frozenset[int] = WANTED, sequences: frozenset[int] = SEQUENCES) -> None:
        self.wanted = wanted
        self.sequences = sequences
        self.meta = Repeats(META_WANTED, frozenset())
        self.data_set = Repeats(wanted, PIXEL_TAGS | sequences)
        self._block = _FIRST_BLOCK

    def walk(self, path: str) -> RawHeader:
        """Return the raw header of the regular file at `path`; see `walk_file`."""
        fd = os.open(path, _OPEN_FLAGS)
        try:
            size = os.lseek(fd, 0, os.SEEK_END)  # fstat makes an object of ten numbers
            try:
                header = _walk(fd, size, os.pread(fd, self._block, 0), self)
            except Unsure:
                if self._block >= _FIRST_BLOCK:
                    raise
                header = _walk(fd, size, os.pread(fd, _FIRST_BLOCK, 0), self)  # what is not known of a short block
        finally:
            os.close(fd)
            self.meta.learning = self.data_set.learning = False
        if header.pixel_offset >= 0:
            self._block = min(_MOST_AT_ONCE, (header.pixel_offset + _HEAD_ROOM) // _PAGE * _PAGE + _PAGE)
        return header

    def learn(self) -> None:
        """Learn the repeats of the next header anew."""
        self.meta.learning = self.data_set.learning = True


def walk_file(path: str, wanted: frozenset[int] = WANTED, sequences: frozenset[int] = SEQUENCES) -> RawHeader:
    """Return the raw header of the regular file at `path`: the `wanted` elements and `sequences` of its top level.

    Raises NotDicom, Unsure, or OSError. A file is read in blocks as far as its header goes; the pixel data are not
    touched. No declared length is believed beyond the file's size.
    """
    return HeaderWalker(wanted, sequences).walk(path)


def walk_bytes(
    data: bytes,
    transfer_syntax: str,
    wanted: frozenset[int] = WANTED,
    sequences: frozenset[int] = SEQUENCES,
) -> RawHeader:
    """Return the raw header of a bare data set in memory, in a little-endian syntax (for inflated data)."""
    header = RawHeader(transfer_syntax=transfer_syntax, file_size=len(data))
    walker = HeaderWalker(wanted, sequences)
    _Walk(-1, len(data), data, header, walker).data_set(0, explicit=transfer_syntax != IMPLICIT_LITTLE)
    return header


def _walk(fd: int, size: int, block: bytes, walker: HeaderWalker) -> RawHeader:
    syntax, media_class, start = file_start(block, size, walker.meta)
    header = RawHeader(syntax, file_size=size, media_class=media_class)
    if syntax == EXPLICIT_BIG and block.startswith(b"\x08\0", start):
        header.note = f"TransferSyntaxUID (0002,0010) is {EXPLICIT_BIG}, but the data set is little endian"
        header.transfer_syntax = syntax = EXPLICIT_LITTLE
    if syntax == DEFLATED:
        raise Unsure(f"transfer syntax {syntax}")
    if block.startswith(_ZEROS, start):  # zeros are no element, and pydicom would follow them to their end
        return header
    explicit = syntax != IMPLICIT_LITTLE
    if start + 8 <= len(block) and (block[start + 4 : start + 6] in ANY_VR) != explicit:
        raise Unsure("the data set is not in the value representation that its transfer syntax says")
    if syntax == EXPLICIT_BIG:
        return _walk_big_endian(fd, block, start, header, walker)
    _Walk(fd, size, block, header, walker).data_set(start, explicit=explicit)
    return header


def _walk_big_endian(fd: int, block: bytes, start: int, empty: RawHeader, walker: HeaderWalker) -> RawHeader:
    """Walk what a big-endian data set is in little endian, in a block that grows until it holds the whole header."""
    while True:
        little = as_little_endian(block, start)
        header = replace(empty, values={}, sequences={})
        try:
            _Walk(-1, len(little), little, header, walker).data_set(start, explicit=True)
            sure = header.pixel_tag != 0 or len(little) == empty.file_size
        except (Unsure, struct.error):
            sure = False
        if sure:
            break
        if len(block) >= min(empty.file_size, _MAX_BIG_ENDIAN):
            raise Unsure("a big-endian data set that does not end as it should")
        block = os.pread(fd, 4 * len(block), 0)
    if header.pixel_tag and header.pixel_length != UNDEFINED:
        header.pixel_length = min(header.pixel_length, header.file_size - header.pixel_offset)
    header.pixel_offset = -1  # its pixels are left to pydicom
    return header


class _Walk:
    """The state of one walk: the block of the file that is in memory, and where it lies."""

    def __init__(
        self,
        fd: int,
        size: int,
        block: bytes,
        header: RawHeader,
        walker: HeaderWalker,
    ) -> None:
        self.fd = fd
        self.size = size
        self.block = block
        self.base = 0  # file offset of block[0]
        self.header = header
        self.wanted = walker.wanted
        self.sequences = walker.sequences
        self.repeats = walker.data_set

    def data_set(self, start: int, *, explicit: bool) -> None:
        """Walk the top level from file offset `start` to the pixel data or the end of the file."""
        self.repeats.begin(explicit)
        pos = start  # in the file
        while True:
            at = self._at(pos, 12)
            if at < 0:
                return
            stop, head = self._plain(self.block, at, len(self.block) - 12, explicit)
            if self.repeats.learning:
                self.repeats.learn(self.block, at, min(stop, len(self.block), self.size - self.base))
            pos = self.base + stop if head is None else self._special(head, stop, explicit)
            if self.header.pixel_tag:
                return

    def _plain(self, block: bytes, pos: int, last: int, explicit: bool) -> tuple[int, _Head | None]:
        """Walk elements that start at or before `last` in the block, as long as they are plain.

        Return where the first special one starts, and its head; None where the block ends before it. Plain is what has
        a length, is no wanted sequence and no pixel data, and lies in the block or is not wanted.
        """
        values, wanted, sequences = self.header.values, self.wanted, self.sequences
        size = self.size - self.base
        held = min(len(block), size)  # the block of a last short element is filled up with zeros
        known, stops = self.repeats.known, self.repeats.stops
        while pos <= last:
            if explicit:
                tag, vr, length = explicit_head(block, pos)
                start = pos + 8
                # Most elements by far: of a short VR, whole in the block.
                if vr in SHORT_VR and tag not in stops and start + length <= held:
                    pos = start + length
                    if tag in wanted:
                        if tag in values:
                            self._again(tag, block[start:pos])
                        values[tag] = block[start:pos]
                    continue
            else:
                tag, length = implicit_head(block, pos)
                start, vr = pos + 8, b""
            stretch = known.get(tag)
            if stretch is not None and pos + len(stretch.data) <= held:
                if block.startswith(stretch.data, pos):
                    if not values.keys().isdisjoint(stretch.values):
                        for again in values.keys() & stretch.values.keys():
                            self._again(again, stretch.values[again])
                    values.update(stretch.values)
                    pos += len(stretch.data)
                    continue
                self.repeats.split(stretch, block, pos)
            if explicit and tag:
                if vr in LONG_VR:
                    length = long_length(block, start)[0]
                    start = pos + 12
                elif vr not in SHORT_VR:
                    raise Unsure(f"unknown VR {vr!r} in {describe(tag)}")
            end = start + length
            if not tag or tag in PIXEL_TAGS or tag in sequences or length == UNDEFINED:
                return pos, (tag, start, length)
            if end > size:
                raise Unsure(f"{describe(tag)} declares {length} bytes, past the end of the file")
            if tag in wanted:
                if end > len(block):
                    return pos, (tag, start, length)
                if tag in values:
                    self._again(tag, block[start:end])
                values[tag] = block[start:end]
            pos = end
        return pos, None

    def _again(self, tag: int, value: bytes) -> None:
        """Note that an element that shapes the volume stands there twice, which PS3.5 section 7.1 forbids."""
        if tag in SHAPING and value != self.header.values[tag]:
            text = f"{describe(tag)} is in the header twice, with different values"
            self.header.contradiction = self.header.note = text

    def _special(self, head: _Head, pos: int, explicit: bool) -> int:
        """Read the element that ended a run of plain ones at `pos`; return the file offset to go on from."""
        tag, start, length = head
        if not tag:  # zeros are no element: a file may end in gigabytes of them
            return self.size
        if tag in PIXEL_TAGS:
            self._pixels(tag, self.base + start, length)
            return self.base + start
        if tag in self.sequences:
            return self._sequence(tag, pos, start, length, explicit)
        if length == UNDEFINED:
            return self._undefined(pos, start, explicit)
        if length > _MAX_VALUE:
            raise Unsure(f"{describe(tag)} declares {length} bytes")
        self._load(self.base + pos, start + length - pos)
        return self.base

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
        want = max(1, self.base + len(self.block) - file_pos)  # most often the block holds them all
        while True:
            at = self._load(file_pos, min(want, self.size - file_pos))
            pos, done = reader.read(self.block, at, end - self.base if end >= 0 else -1)
            if done:
                self.header.sequences[tag] = reader.items
                return self.base + pos
            want = _GROUPS_BLOCK if pos > at else max(_GROUPS_BLOCK, self._grow(want, file_pos, tag))
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
