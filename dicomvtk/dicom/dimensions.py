"""Attributes that can tell images at one position apart, in order of preference, and how each is read."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from dicomvtk.dicom import values
from dicomvtk.dicom.frames import Frame
from dicomvtk.dicom.tags import Tag
from dicomvtk.dicom.values import BadValue
from dicomvtk.metadata import Axis

__all__ = ["DIMENSIONS", "SECONDS_A_DAY", "Dimension", "Value"]

Value = float

SECONDS_A_DAY = 86400
_CLOCK = re.compile(r"(\d{2})(\d{2})?(\d{2})?(\.\d{1,6})?$")
_MOMENT = re.compile(r"(\d{8})(\d{2})?(\d{2})?(\d{2})?(\.\d{1,6})?(?:([+-])(\d{2})(\d{2}))?$")


@dataclass(frozen=True)
class Dimension:
    """One attribute that can separate images: how to read it, and whether its values are shared by all positions.

    `ranked` ones (times) differ from slice to slice: only their order within a position counts. `temporal` ones come
    first among the axes, where NIfTI and most tools expect time. `date` is the attribute with the day of a clock time.
    """

    keyword: str
    tag: int
    unit: str
    read: Callable[[bytes | None], Value | None]
    ranked: bool = False
    temporal: bool = False
    date: int = 0

    def of(self, frame: Frame) -> Value | None:
        """Return what a frame has, None where it says nothing that can be read; times count from day 0."""
        found = self.read(frame.value(self.tag))
        if found is None or not self.date:
            return found
        return found + (_day(values.text(frame.value(self.date))) or 0) * SECONDS_A_DAY

    def axis(self, found: Sequence[Value]) -> Axis:
        """Return the axis of rising values: times in s since midnight of the first day, indices counted from 1."""
        if self.read is _indices:
            return Axis(self.keyword, tuple(map(float, range(1, len(found) + 1))))
        if found and self.read in (_clock, _moment):
            midnight = found[0] // SECONDS_A_DAY * SECONDS_A_DAY
            found = [round(value - midnight, 6) for value in found]
        return Axis(self.keyword, tuple(found), self.unit)


def _number(raw: bytes | None) -> float | None:
    try:
        found = values.decimals(raw)
    except BadValue:
        return None
    return found[0] if found else None


def _double(raw: bytes | None) -> float | None:
    return struct.unpack("<d", raw)[0] if raw is not None and len(raw) == 8 else None


def _index(raw: bytes | None) -> float | None:
    return float(int.from_bytes(raw, "little")) if raw is not None and len(raw) in (2, 4) else None


def _indices(raw: bytes | None) -> int | None:
    """Return several indices as one number of the same order: the first counts most (PS3.3 C.7.6.17)."""
    if not raw or len(raw) % 4:
        return None
    return int.from_bytes(struct.pack(f">{len(raw) // 4}I", *struct.unpack(f"<{len(raw) // 4}I", raw)), "big")


def _clock(raw: bytes | None) -> float | None:
    """Return the seconds since midnight of a TM value."""
    found = _CLOCK.match(values.text(raw))
    return _seconds(*found.groups()) if found else None


def _moment(raw: bytes | None) -> float | None:
    """Return the seconds from day 0 to a DT value, in universal time where it states an offset from it."""
    found = _MOMENT.match(values.text(raw))
    day = _day(found.group(1)) if found else None
    if found is None or day is None:
        return None
    sign, hours, minutes = found.group(6, 7, 8)
    offset = int(f"{sign}1") * (int(hours) * 3600 + int(minutes) * 60) if sign else 0
    return day * SECONDS_A_DAY + _seconds(*found.group(2, 3, 4, 5)) - offset


def _seconds(hours: str | None, minutes: str | None, seconds: str | None, fraction: str | None) -> float:
    return int(hours or 0) * 3600 + int(minutes or 0) * 60 + int(seconds or 0) + float(fraction or 0)


def _day(text: str) -> int | None:
    """Return the number of the day of a DA value, None where it is no date."""
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:8])).toordinal()
    except ValueError:
        return None


#: In order of preference: what an image is, before when it was taken, before how it was numbered.
DIMENSIONS: tuple[Dimension, ...] = (
    Dimension("EchoTime", Tag.EchoTime, "ms", _number),
    Dimension("InversionTime", Tag.InversionTime, "ms", _number),
    Dimension("DiffusionBValue", Tag.DiffusionBValue, "s/mm2", _double),
    Dimension("FlipAngle", Tag.FlipAngle, "degree", _number),
    Dimension("RepetitionTime", Tag.RepetitionTime, "ms", _number),
    Dimension("EchoNumbers", Tag.EchoNumbers, "", _number),
    Dimension("TemporalPositionIdentifier", Tag.TemporalPositionIdentifier, "", _number, temporal=True),
    Dimension("TemporalPositionIndex", Tag.TemporalPositionIndex, "", _index, temporal=True),
    Dimension("TriggerTime", Tag.TriggerTime, "ms", _number, temporal=True),
    Dimension("AcquisitionNumber", Tag.AcquisitionNumber, "", _number, temporal=True),
    Dimension("TriggerTime", Tag.TriggerTime, "ms", _number, ranked=True, temporal=True),
    Dimension("FrameAcquisitionDateTime", Tag.FrameAcquisitionDateTime, "s", _moment, ranked=True, temporal=True),
    Dimension(
        "AcquisitionTime", Tag.AcquisitionTime, "s", _clock, ranked=True, temporal=True, date=Tag.AcquisitionDate
    ),
    Dimension("DimensionIndexValues", Tag.DimensionIndexValues, "", _indices, ranked=True, temporal=True),
    Dimension("InstanceNumber", Tag.InstanceNumber, "", _number, ranked=True, temporal=True),
)
