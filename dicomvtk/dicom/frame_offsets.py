"""Multi-frame objects without functional groups that say where their frames lie: RT Dose and NM.

RT Dose: GridFrameOffsetVector, distances along the normal from ImagePositionPatient, or patient z where its first
value is that position's own z (PS3.3 C.8.8.3.2); DoseGridScaling is the slope, DoseUnits the unit. NM: the detector's
orientation and position, and SpacingBetweenSlices from slice to slice (C.8.4.15); TimeSlotVector, the part of the
cardiac cycle (C.8.4.8), is their temporal position.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import numpy as np

from dicomvtk.dicom import values
from dicomvtk.dicom.elements import RawHeader
from dicomvtk.dicom.tags import Tag, describe
from dicomvtk.dicom.values import BadValue

__all__ = ["offset_frames"]

_DOSE_CLASS = "1.2.840.10008.5.1.4.1.1.481.2"
_SAME_MM = 1e-3
_T = TypeVar("_T")


def offset_frames(header: RawHeader) -> list[dict[int, bytes]] | None:
    """Return value bytes by tag for each frame, None for an object of another kind; raises BadValue."""
    if Tag.DoseGridScaling in header.values:
        return _dose(dict(header.values))
    if values.text(header.values.get(Tag.SOPClassUID)) == _DOSE_CLASS:
        raise BadValue("DoseGridScaling (3004,000E) is missing, which makes dose of what is stored")
    if Tag.SliceVector in header.values and Tag.DetectorInformationSequence in header.sequences:
        return _tomography(header)
    return None


def _dose(found: dict[int, bytes]) -> list[dict[int, bytes]]:
    found[Tag.RescaleSlope] = found[Tag.DoseGridScaling]
    found[Tag.RescaleIntercept] = b"0"
    if found.get(Tag.DoseUnits):
        found[Tag.Units] = found[Tag.DoseUnits]
    count = _named(Tag.NumberOfFrames, values.integer, found) or 1
    offsets = _named(Tag.GridFrameOffsetVector, values.decimals, found)
    if offsets is None or count == 1:
        return [found] * count
    if len(offsets) != count:
        raise BadValue(f"GridFrameOffsetVector (3004,000C) holds {len(offsets)} values for {count} frames")
    corner = values.decimals(found.get(Tag.ImagePositionPatient), 3)
    orientation = values.decimals(found.get(Tag.ImageOrientationPatient), 6)
    if corner is None or orientation is None:
        return [found] * count
    normal = np.cross(orientation[:3], orientation[3:])
    absolute = abs(offsets[0] - corner[2]) < _SAME_MM and abs(offsets[0]) > _SAME_MM
    steps = np.asarray(offsets) - offsets[0]
    along = np.array([0.0, 0.0, 1.0]) if absolute else normal
    return _at(found, np.asarray(corner) + np.outer(steps, along))


def _tomography(header: RawHeader) -> list[dict[int, bytes]] | None:
    found = dict(header.values)
    detector = header.sequences[Tag.DetectorInformationSequence]
    for tag in (Tag.ImagePositionPatient, Tag.ImageOrientationPatient):
        value = detector[0].get(tag) if detector else None
        if isinstance(value, bytes):
            found[tag] = value
    corner = values.decimals(found.get(Tag.ImagePositionPatient), 3)
    orientation = values.decimals(found.get(Tag.ImageOrientationPatient), 6)
    spacing = values.decimals(found.get(Tag.SpacingBetweenSlices), 1)
    numbers = values.shorts(found[Tag.SliceVector])
    if corner is None or orientation is None or spacing is None or len(numbers) < 2:
        return None
    normal = np.cross(orientation[:3], orientation[3:])
    steps = (np.asarray(numbers, dtype=float) - 1) * spacing[0]
    frames = _at(found, np.asarray(corner) + np.outer(steps, normal))
    slots = values.shorts(found[Tag.TimeSlotVector]) if Tag.TimeSlotVector in found else ()
    if len(set(slots)) < 2:
        return frames
    if len(slots) != len(frames):
        raise BadValue(f"TimeSlotVector (0054,0070) holds {len(slots)} values, SliceVector (0054,0080) {len(frames)}")
    return [
        {**frame, Tag.TemporalPositionIndex: slot.to_bytes(4, "little")}
        for frame, slot in zip(frames, slots, strict=True)
    ]


def _at(found: dict[int, bytes], positions: np.ndarray) -> list[dict[int, bytes]]:
    return [
        {**found, Tag.ImagePositionPatient: "\\".join(f"{x:.12g}" for x in position).encode()} for position in positions
    ]


def _named(tag: int, reader: Callable[[bytes | None], _T], found: dict[int, bytes]) -> _T:
    """Return what `reader` makes of an attribute; a bad value is told with its name."""
    try:
        return reader(found.get(tag))
    except BadValue as bad:
        raise BadValue(f"{describe(tag)} is {bad}") from None
