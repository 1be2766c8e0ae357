"""The same image twice: copies of one instance are dropped, and said; different images are never dropped."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from operator import itemgetter

from dicomvtk.dicom.elements import UNDEFINED
from dicomvtk.dicom.findings import finding
from dicomvtk.dicom.frames import Frame
from dicomvtk.dicom.tags import VARYING, Tag
from dicomvtk.metadata import Finding

__all__ = ["drop_duplicates"]

_BLOCK = 1 << 20

#: Of a frame's own attributes, those that are the same, like its place, in copies under new UIDs.
_number_and_time = itemgetter(
    *map(
        VARYING.index,
        (
            Tag.InstanceNumber,
            Tag.AcquisitionTime,
            Tag.EchoTime,
            Tag.TriggerTime,
            Tag.TemporalPositionIdentifier,
        ),
    )
)


def drop_duplicates(frames: Sequence[Frame]) -> tuple[list[Frame], list[Finding]]:
    """Return the frames without copies, and a finding that names those dropped.

    A copy has the SOPInstanceUID (or, where files got new ones, the position, instance number and time) of another
    frame and the same pixel bytes; only such suspects are compared.
    """
    by_identity: dict[tuple[object, ...], list[Frame]] = {}
    for frame in frames:
        by_identity.setdefault(_identity(frame), []).append(frame)
    if len(by_identity) == len(frames):
        return list(frames), []
    dropped: set[int] = set()
    for suspects in by_identity.values():
        if len(suspects) > 1:
            dropped |= _copies(suspects)
    kept = [frame for frame in frames if id(frame) not in dropped]
    if not dropped:
        return kept, []
    copies = [frame.path for frame in frames if id(frame) in dropped]
    message = (
        f"{len(copies)} file{'s are copies of others' if len(copies) > 1 else ' is a copy of another'} "
        f"and left out: {os.path.basename(copies[0])}{' ...' if len(copies) > 1 else ''}."
    )
    return kept, [finding("duplicate", message, copies)]


def _identity(frame: Frame) -> tuple[object, ...]:
    where = frame.where
    if not where:
        return (frame.value(Tag.SOPInstanceUID) or frame.path, frame.number)
    return (where, _number_and_time(frame.raw), frame.common.image_type, frame.number)


def _copies(suspects: Sequence[Frame]) -> set[int]:
    seen: set[bytes] = set()
    copies = set()
    for frame in suspects:
        try:
            digest = _digest(frame)
        except OSError:  # gone since it was listed: told when it is read
            continue
        if digest in seen:
            copies.add(id(frame))
        seen.add(digest)
    return copies


def _digest(frame: Frame) -> bytes:
    """Return a digest of the frame's stored pixels, or of the whole file where they are not found by offset."""
    digest = hashlib.blake2b(digest_size=16)
    left = frame.length if frame.offset >= 0 and frame.length != UNDEFINED else os.path.getsize(frame.path)
    with open(frame.path, "rb") as file:
        file.seek(max(0, frame.offset))
        while left > 0:
            block = file.read(min(_BLOCK, left))
            if not block:
                break
            digest.update(block)
            left -= len(block)
    return digest.digest()
