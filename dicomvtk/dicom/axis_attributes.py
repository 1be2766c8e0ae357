"""Dimensions past k as attributes of each image, so that a reader finds them again: one series, several images a place.

Only what every image at one index has in common is written, under the keyword of the axis.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from dicomvtk.errors import UnsupportedError
from dicomvtk.metadata import Axis

__all__ = ["WRITABLE_AXES", "check_axes", "frames_of", "is_dynamic", "of_axes", "of_frame"]

_SECONDS_A_DAY = 86400.0
#: Where nothing but the number tells images apart, each frame is numbered after the one before: nothing else to write.
_BY_NUMBER = "InstanceNumber"


@dataclass(frozen=True)
class _Spelling:
    """How an axis is written: the attribute, and what makes its text or number of a value and its index."""

    keyword: str
    value: Callable[[Any, int], Any]


def _number(value: Any, _index: int) -> float:
    return float(value)


def _whole(value: Any, _index: int) -> int:
    if float(value) != int(value):
        raise ValueError(f"{value!r} is not a whole number")
    return int(value)


def _clock(value: Any, _index: int) -> str:
    """Return seconds since midnight as TM, to the microsecond."""
    microseconds = round(float(value) * 1_000_000)
    if not 0 <= microseconds < _SECONDS_A_DAY * 1_000_000:
        raise ValueError(f"{value!r} is not a number of seconds since midnight")
    seconds, fraction = divmod(microseconds, 1_000_000)
    return f"{seconds // 3600:02d}{seconds // 60 % 60:02d}{seconds % 60:02d}.{fraction:06d}"


def _counted(_value: Any, index: int) -> int:
    return index + 1


#: By the keyword of the axis. What another format can only number becomes TemporalPositionIdentifier, from 1.
_SPELLINGS = {
    **{
        keyword: _Spelling(keyword, _number)
        for keyword in (
            "EchoTime",
            "InversionTime",
            "DiffusionBValue",
            "FlipAngle",
            "RepetitionTime",
            "TriggerTime",
        )
    },
    **{
        keyword: _Spelling(keyword, _whole)
        for keyword in ("EchoNumbers", "TemporalPositionIdentifier", "AcquisitionNumber")
    },
    "AcquisitionTime": _Spelling("AcquisitionTime", _clock),
    "FrameAcquisitionDateTime": _Spelling("AcquisitionTime", _clock),
    "DimensionIndexValues": _Spelling("TemporalPositionIdentifier", _counted),
    "TemporalPositionIndex": _Spelling("TemporalPositionIdentifier", _whole),
    "Time": _Spelling("TemporalPositionIdentifier", _counted),
    _BY_NUMBER: _Spelling(_BY_NUMBER, _whole),
}
WRITABLE_AXES = tuple(_SPELLINGS)
_TEMPORAL = frozenset(
    {
        "TemporalPositionIdentifier",
        "TemporalPositionIndex",
        "TriggerTime",
        "AcquisitionNumber",
        "AcquisitionTime",
        "FrameAcquisitionDateTime",
        "Time",
    }
)


def check_axes(axes: Sequence[Axis]) -> None:
    """Raise UnsupportedError for an axis that no attribute says, or whose values do not tell its images apart."""
    spelled = [_spelling(axis).keyword for axis in axes]
    if len(set(spelled)) < len(spelled):
        raise UnsupportedError(
            f"Cannot write the axes {', '.join(axis.keyword for axis in axes)} as one series: "
            "two of them are the same attribute. Write the frames of one: volume.frame(...)."
        )
    for axis in axes:
        values = [_value(axis, n) for n in range(len(axis))]
        if sorted(set(values)) != values:
            raise UnsupportedError(
                f"Cannot write the axis {axis.keyword} with values {axis.values}: expected values that rise, each "
                "once, for a reader to find them in that order."
            )


def frames_of(axes: Sequence[Axis]) -> Iterator[tuple[int, ...]]:
    """Yield the index of each frame along `axes`, in Fortran order; one empty index where there is none."""
    for reverse in product(*(range(len(axis)) for axis in reversed(axes))):
        yield tuple(reversed(reverse))


def of_frame(axes: Sequence[Axis], index: Sequence[int]) -> dict[str, Any]:
    """Return the attributes that all images of the frame at `index` have, by keyword."""
    said = {_spelling(axis).keyword: _value(axis, n) for axis, n in zip(axes, index, strict=True)}
    said.pop(_BY_NUMBER, None)
    return said


def of_axes(axes: Sequence[Axis]) -> dict[str, Any]:
    """Return what all images say of `axes`: how many temporal positions there are, and their distance in ms if even."""
    said: dict[str, Any] = {}
    for axis in axes:
        if _spelling(axis).keyword == "TemporalPositionIdentifier":
            said["NumberOfTemporalPositions"] = len(axis)
        if axis.keyword == "Time" and len(axis) > 1 and axis.unit in ("s", "ms"):
            step = (float(axis.values[-1]) - float(axis.values[0])) / (len(axis) - 1)
            said["TemporalResolution"] = step * (1000.0 if axis.unit == "s" else 1.0)
    return said


def is_dynamic(axes: Sequence[Axis]) -> bool:
    """True where time passes along one of `axes`."""
    return any(axis.keyword in _TEMPORAL for axis in axes)


def _spelling(axis: Axis) -> _Spelling:
    spelling = _SPELLINGS.get(axis.keyword)
    if spelling is None:
        raise UnsupportedError(
            f"Cannot write the axis {axis.keyword!r} as DICOM: no attribute of an image says it. Expected one of "
            f"{', '.join(WRITABLE_AXES)}; name the axis so, or write its frames: volume.frame(0), ..."
        )
    return spelling


def _value(axis: Axis, n: int) -> Any:
    try:
        return _spelling(axis).value(axis.values[n], n)
    except (TypeError, ValueError) as error:
        raise UnsupportedError(f"Cannot write the axis {axis.keyword}: {error}.") from error
