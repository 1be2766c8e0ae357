"""Functional groups of enhanced multi-frame objects (PS3.3 C.7.6.16), as the attributes a classic header would have.

Each frame gets the shared groups' values with its own per-frame values over them.
"""

from __future__ import annotations

import struct

from dicomvtk.dicom.elements import Items, RawHeader
from dicomvtk.dicom.tags import COMMON, VARYING, Tag

__all__ = ["frame_values"]

_WANTED = frozenset({*COMMON, *VARYING})

#: Attributes of functional groups that a classic header has under another name.
_CLASSIC_NAME = {
    Tag.EffectiveEchoTime: Tag.EchoTime,
}
#: FrameType stands for the ImageType of its frame (PS3.3 C.8.16.1); both are (0008,xxxx).
_FRAME_TYPE = 0x90070008
_RENAMED = {_FRAME_TYPE: Tag.ImageType, **_CLASSIC_NAME, Tag.NominalCardiacTriggerDelayTime: Tag.TriggerTime}


def frame_values(header: RawHeader) -> list[dict[int, bytes]]:
    """Return, for each frame, value bytes by tag: top level, then shared groups, then the frame's own."""
    base = dict(header.values)
    for group in header.sequences.get(Tag.SharedFunctionalGroupsSequence, [])[:1]:
        _gather(group, base)
    frames = []
    for group in header.sequences[Tag.PerFrameFunctionalGroupsSequence]:
        own = dict(base)
        _gather(group, own)
        frames.append(own)
    return frames


#: FD attributes renamed to DS ones.
_DOUBLES = frozenset({Tag.EffectiveEchoTime, Tag.NominalCardiacTriggerDelayTime})


def _as_decimal(value: bytes) -> bytes:
    return f"{struct.unpack('<d', value)[0]:.10g}".encode() if len(value) == 8 else b""


def _gather(group: dict[int, bytes | Items], into: dict[int, bytes]) -> None:
    """Take the wanted attributes of the first item of each standard macro."""
    for tag, macro in group.items():
        if isinstance(macro, list) and not tag & 1:  # Philips repeats positions in a private macro, half a voxel off
            for item in macro[:1]:
                _take(item, into)


def _take(item: dict[int, bytes | Items], into: dict[int, bytes]) -> None:
    for tag, value in item.items():
        if isinstance(value, list):
            continue
        name = _RENAMED.get(tag, tag)
        if name in _WANTED:
            into[name] = _as_decimal(value) if tag in _DOUBLES else value
