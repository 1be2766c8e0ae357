"""How a file starts: preamble and file meta information, or neither; and in which syntax its data set goes on.

The layout is PS3.10 chapter 7. Group 0002 is explicit little endian whatever the data set is.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from dicomvtk.dicom.repeats import Repeats
from dicomvtk.dicom.sequences import LONG_VR, SHORT_VR, Unsure, explicit_head, implicit_head, long_length
from dicomvtk.dicom.tags import Tag, describe

__all__ = ["ANY_VR", "EXPLICIT_LITTLE", "IMPLICIT_LITTLE", "META_WANTED", "FileStart", "NotDicom", "file_start"]

EXPLICIT_LITTLE = "1.2.840.10008.1.2.1"
IMPLICIT_LITTLE = "1.2.840.10008.1.2"

ANY_VR = SHORT_VR | LONG_VR
#: What is read of the file meta information.
META_WANTED = frozenset({Tag.TransferSyntaxUID, Tag.MediaStorageSOPClassUID})

_PREAMBLE = 128
#: No first element of a data set in implicit VR is longer.
_LONGEST_FIRST = 1024


class NotDicom(Exception):  # noqa: N818  # not a failure: the answer to "is this DICOM?"
    """The bytes are not a DICOM file; the text says what they are instead."""


class FileStart(NamedTuple):
    """What comes before the data set, and where that starts in the file."""

    transfer_syntax: str
    media_class: str
    data_set: int


def file_start(block: bytes, size: int, repeats: Repeats) -> FileStart:
    """Return how the file of `size` bytes starts whose first ones are in `block`; raises NotDicom or Unsure."""
    if size == 0:
        raise NotDicom("empty file")
    if block.startswith(b"DICM", _PREAMBLE):
        return _file_meta(block, _PREAMBLE + 4, repeats)
    return _bare_start(block, size, repeats)


def _file_meta(block: bytes, pos: int, repeats: Repeats) -> FileStart:
    found: dict[int, bytes] = {}
    begin = pos
    repeats.begin(explicit=True)
    while pos + 12 <= len(block):
        tag, vr, length = explicit_head(block, pos)
        if tag & 0xFFFF != 0x0002:
            break
        stretch = repeats.known.get(tag)
        if stretch is not None and pos + len(stretch.data) <= len(block):
            if block.startswith(stretch.data, pos):
                found.update(stretch.values)
                pos += len(stretch.data)
                continue
            repeats.split(stretch, block, pos)
        start = pos + 8
        if vr in LONG_VR:
            length, start = long_length(block, pos + 8)[0], pos + 12
        elif vr not in SHORT_VR:
            raise Unsure(f"unknown VR {vr!r} in {describe(tag)}")
        if start + length > len(block):
            raise Unsure(f"{describe(tag)} declares {length} bytes in the file meta information")
        pos = start + length
        if tag in META_WANTED:
            found[tag] = block[start:pos]
    if repeats.learning:
        repeats.learn(block, begin, pos)
    syntax = _uid(found.get(Tag.TransferSyntaxUID))
    if not syntax:
        raise Unsure("no TransferSyntaxUID (0002,0010)")
    return FileStart(syntax, _uid(found.get(Tag.MediaStorageSOPClassUID)), pos)


@lru_cache(maxsize=256)
def _uid(raw: bytes | None) -> str:
    return raw.rstrip(b"\0 ").decode("ascii", "replace") if raw else ""


def _bare_start(block: bytes, size: int, repeats: Repeats) -> FileStart:
    """Recognise a data set without preamble by its first element (PS3.10 asks for a preamble)."""
    if len(block) < 16:
        raise NotDicom("not DICOM")
    tag, vr, _ = explicit_head(block, 0)
    group = tag & 0xFFFF
    if group == 0x0002 and vr in ANY_VR:
        return _file_meta(block, 0, repeats)
    if group != 0x0008:
        raise NotDicom("not DICOM")
    if vr in SHORT_VR:
        return FileStart(EXPLICIT_LITTLE, "", 0)
    if implicit_head(block, 0)[1] > min(_LONGEST_FIRST, size):
        raise NotDicom("not DICOM")
    return FileStart(IMPLICIT_LITTLE, "", 0)
