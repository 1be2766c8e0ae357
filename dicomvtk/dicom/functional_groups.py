"""Functional groups of enhanced multi-frame objects (PS3.3 C.7.6.16), as the attributes a classic header would have.

Each frame gets the shared groups' values with its own per-frame values over them.
"""

from __future__ import annotations

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


def _gather(group: dict[int, bytes | Items], into: dict[int, bytes]) -> None:
    """Take the wanted attributes of each macro's first item; a macro's own sequences are gone into one deeper."""
    for macro in group.values():
        if isinstance(macro, list):
            for item in macro[:1]:
                _take(item, into, 0)


def _take(item: dict[int, bytes | Items], into: dict[int, bytes], depth: int) -> None:
    for tag, value in item.items():
        if isinstance(value, list):
            continue
        name = _RENAMED.get(tag, tag)
        if name in _WANTED:
            into[name] = value
