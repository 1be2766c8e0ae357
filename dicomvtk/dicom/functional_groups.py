"""Functional groups of enhanced multi-frame objects (PS3.3 C.7.6.16), as the attributes a classic header would have.

Each frame gets the shared groups' values with its own per-frame values over them.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping

from dicomvtk.dicom.elements import Items, RawHeader
from dicomvtk.dicom.tags import COMMON, VARYING, Tag

__all__ = ["frame_values"]

_WANTED = frozenset({*COMMON, *VARYING})

#: Attributes of functional groups that a classic header has under another name. FrameType stands for the ImageType of
#: its frame (PS3.3 C.8.16.1).
_RENAMED = {
    Tag.FrameType: Tag.ImageType,
    Tag.EffectiveEchoTime: Tag.EchoTime,
    Tag.NominalCardiacTriggerDelayTime: Tag.TriggerTime,
}
#: FD attributes renamed to DS ones.
_DOUBLES = frozenset({Tag.EffectiveEchoTime, Tag.NominalCardiacTriggerDelayTime})


def frame_values(header: RawHeader) -> list[dict[int, bytes]]:
    """Return, for each frame, value bytes by tag: top level, then shared groups, then the frame's own."""
    classic = _Classic()
    base = dict(header.values)
    for group in header.sequences.get(Tag.SharedFunctionalGroupsSequence, [])[:1]:
        classic.gather(group, base)
    frames = []
    for group in header.sequences[Tag.PerFrameFunctionalGroupsSequence]:
        own = dict(base)
        classic.gather(group, own)
        frames.append(own)
    return frames


class _Classic:
    """Turns macros to classic attributes, one that many frames share (the same object) once."""

    def __init__(self) -> None:
        self._known: dict[int, dict[int, bytes]] = {}

    def gather(self, group: Mapping[int, bytes | Items], into: dict[int, bytes]) -> None:
        """Take the wanted attributes of the first item of each standard macro."""
        for tag, macro in group.items():
            if tag & 1 or not isinstance(macro, list):  # Philips repeats positions in a private macro, half a voxel off
                continue
            for item in macro[:1]:
                taken = self._known.get(id(item))
                if taken is None:
                    taken = self._known[id(item)] = dict(_classic(item))
                into.update(taken)


def _classic(item: Mapping[int, bytes | Items]) -> Iterator[tuple[int, bytes]]:
    for tag, value in item.items():
        if isinstance(value, bytes):
            name = _RENAMED.get(tag, tag)
            if name in _WANTED:
                yield name, _as_decimal(value) if tag in _DOUBLES else value


def _as_decimal(value: bytes) -> bytes:
    return f"{struct.unpack('<d', value)[0]:.10g}".encode() if len(value) == 8 else b""
