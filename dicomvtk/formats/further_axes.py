"""The axes past k as a file may have them: as one line of JSON, and without the day and hour of the scan."""

from __future__ import annotations

import json
from dataclasses import replace

from dicomvtk.metadata import Axis

__all__ = ["axes_from_json", "axes_to_json", "passing_time", "without_dates"]

#: Keywords of axes along which time passes, as the one of NIfTI does; EchoTime and the like are settings.
_TIMES = frozenset({"Time", "TriggerTime", "FrameReferenceTime", "TemporalPositionTimeOffset"})
#: Keywords of axes that tell the time of day or the date, which may identify a patient.
_CLOCKS = frozenset({"AcquisitionTime", "ContentTime", "AcquisitionDateTime", "FrameAcquisitionDateTime"})


def passing_time(axis: Axis) -> bool:
    """True where the values of `axis` are times that pass from frame to frame.

    >>> passing_time(Axis("TriggerTime", (0, 30), "ms")), passing_time(Axis("EchoTime", (5, 10), "ms"))
    (True, False)
    """
    return axis.keyword in _TIMES | _CLOCKS and axis.unit in ("s", "ms")


def without_dates(axes: tuple[Axis, ...]) -> tuple[Axis, ...]:
    """Return `axes` with clock times counted from the first.

    >>> without_dates((Axis("AcquisitionTime", (36000.0, 36002.5), "s"),))[0].values
    (0.0, 2.5)
    """
    return tuple(replace(axis, values=_from_first(axis)) if axis.keyword in _CLOCKS else axis for axis in axes)


def axes_to_json(axes: tuple[Axis, ...]) -> str:
    """Return `axes` without dates as ASCII JSON on one line; values that JSON does not have become text.

    >>> axes_to_json((Axis("EchoTime", (5.5, 11), "ms"),))
    '[{"keyword": "EchoTime", "values": [5.5, 11], "unit": "ms"}]'
    """
    plain = [{"keyword": axis.keyword, "values": list(axis.values), "unit": axis.unit} for axis in without_dates(axes)]
    return json.dumps(plain, default=_plain)


def axes_from_json(text: str) -> tuple[Axis, ...]:
    """Return the axes that `axes_to_json` wrote; none where the text is something else."""
    try:
        return tuple(
            Axis(str(item["keyword"]), tuple(_hashable(value) for value in item["values"]), str(item["unit"]))
            for item in json.loads(text or "[]")
        )
    except (ValueError, TypeError, KeyError, RecursionError):
        return ()


def _from_first(axis: Axis) -> tuple[object, ...]:
    """Return the values less the first; their indices where they are no numbers."""
    try:
        return tuple(value - axis.values[0] for value in axis.values)
    except TypeError:
        return tuple(range(len(axis)))


def _plain(value: object) -> object:
    """Return a NumPy number as Python's, anything else as text."""
    return value.item() if hasattr(value, "item") else str(value)


def _hashable(value: object) -> object:
    return tuple(_hashable(item) for item in value) if isinstance(value, list) else value
