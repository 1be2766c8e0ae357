"""PET in standardized uptake values, normalised to body weight (SUVbw).

SUV = concentration [Bq/ml] * weight [g] / dose [Bq], the dose decayed from injection to the time that the values are
corrected to: the start of the series where DecayCorrection is START, the injection itself where it is ADMIN (PS3.3
C.8.9.1.1.3; the consensus of the Quantitative Imaging Biomarkers Alliance on vendor-neutral SUV).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from dicomvtk.dicom.reader import header
from dicomvtk.errors import UnsupportedError
from dicomvtk.volume import Volume

__all__ = ["to_suv"]

_GRAMS = 1000.0
#: An injection is not this long before its scan: a longer time means dates or times that do not belong together.
_LONGEST = timedelta(hours=24)


def to_suv(volume: Volume) -> Volume:
    """Return a PET volume in g/ml of body-weight SUV, float32; raises UnsupportedError that names what is missing."""
    if volume.info.modality != "PT":
        raise UnsupportedError(f"Cannot make SUV of modality {volume.info.modality or 'unknown'}; expected PT.")
    if volume.info.unit != "BQML":
        raise UnsupportedError(f"Cannot make SUV of Units (0054,1001) {volume.info.unit or 'missing'}; expected BQML.")
    data = header(volume)
    weight = _number(data, "PatientWeight", "(0010,1030)")
    dose = _decayed_dose(data)
    factor = weight * _GRAMS / dose
    scaled = volume.with_array(
        (volume.array * np.float64(factor)).astype(np.float32), step=f"SUV by body weight: times {factor:.6g}."
    )
    windows = tuple(replace(w, center=w.center * factor, width=w.width * factor) for w in volume.info.windows)
    return replace(scaled, info=replace(volume.info, unit="g/ml", windows=windows, padding=()))


def _decayed_dose(data: Any) -> float:
    """Return the injected activity in Bq at the time that the values are corrected to."""
    sequence = data.get("RadiopharmaceuticalInformationSequence") or []
    if len(sequence) != 1:
        raise UnsupportedError(
            "Cannot make SUV: RadiopharmaceuticalInformationSequence (0054,0016) "
            f"holds {len(sequence)} items; expected 1."
        )
    agent = sequence[0]
    dose = _number(agent, "RadionuclideTotalDose", "(0018,1074)")
    correction = str(data.get("DecayCorrection") or "")
    if correction == "ADMIN":
        return dose
    if correction != "START":
        raise UnsupportedError(
            f"Cannot make SUV: DecayCorrection (0054,1102) is {correction or 'missing'}; expected START or ADMIN."
        )
    half_life = _number(agent, "RadionuclideHalfLife", "(0018,1075)")
    start = _moment(data, "SeriesDate", "SeriesTime")
    first = _moment(data, "AcquisitionDate", "AcquisitionTime")
    injected = _injection(agent, start)
    if start > first:  # a series stamped anew after the scan: the acquisition's own time is the start
        start = first
    waited = start - injected
    if not timedelta(0) <= waited <= _LONGEST:
        raise UnsupportedError(
            f"Cannot make SUV: the injection ({injected:%Y-%m-%d %H:%M:%S}) and the scan "
            f"({start:%Y-%m-%d %H:%M:%S}) are not within a day, in that order."
        )
    return dose * 2.0 ** (-waited.total_seconds() / half_life)


def _injection(agent: Any, start: datetime) -> datetime:
    """Return when the dose was given; a time of day without a date is on the day of the scan, or before midnight."""
    stamp = str(agent.get("RadiopharmaceuticalStartDateTime") or "")
    if len(stamp) >= 14:
        return _parsed(stamp[:8], stamp[8:].split("+")[0].split("-")[0], "RadiopharmaceuticalStartDateTime (0018,1078)")
    time = str(agent.get("RadiopharmaceuticalStartTime") or "")
    if not time:
        raise UnsupportedError("Cannot make SUV: RadiopharmaceuticalStartTime (0018,1072) is missing.")
    moment = _parsed(f"{start:%Y%m%d}", time, "RadiopharmaceuticalStartTime (0018,1072)")
    return moment - timedelta(days=1) if moment > start else moment


def _moment(data: Any, date: str, time: str) -> datetime:
    day, clock = str(data.get(date) or ""), str(data.get(time) or "")
    if not day or not clock:
        raise UnsupportedError(f"Cannot make SUV: {date} or {time} is missing.")
    return _parsed(day, clock, f"{date} {time}")


def _parsed(day: str, clock: str, what: str) -> datetime:
    whole, _, fraction = clock.partition(".")
    try:
        moment = datetime.strptime(day + whole.ljust(6, "0")[:6], "%Y%m%d%H%M%S")
    except ValueError:
        raise UnsupportedError(f"Cannot make SUV: {what} is {day} {clock}; expected a date and a time.") from None
    return moment + timedelta(seconds=float(f"0.{fraction}") if fraction.isdigit() else 0.0)


def _number(data: Any, keyword: str, tag: str) -> float:
    value = data.get(keyword)
    if value is None or value == "":
        raise UnsupportedError(f"Cannot make SUV: {keyword} {tag} is missing.")
    number = float(value)
    if not number > 0:
        raise UnsupportedError(f"Cannot make SUV: {keyword} {tag} is {value}; expected a number above 0.")
    return number
