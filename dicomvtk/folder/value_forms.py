"""Python values as DICOM values, checked against the VR before anything changes (PS3.5 table 6.2-1)."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from pydicom.charset import convert_encodings, decode_bytes, encode_string
from pydicom.config import RAISE
from pydicom.datadict import dictionary_VM
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence
from pydicom.valuerep import PN_DELIMS

from dicomvtk.dicom.decimal_strings import ds_text
from dicomvtk.errors import UnsupportedError
from dicomvtk.folder.attribute_path import AttributePath, Step, parse

__all__ = ["TEXT_VRS", "element_of", "encodable"]

_DAY_S = 86400.0
#: How dates are written outside of DICOM.
_DATE_FORMS = ("%Y-%m-%d", "%Y.%m.%d", "%Y/%m/%d", "%d%m%Y", "%m%d%Y", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y")
#: What each VR looks like, for messages.
_FORMS = {
    "AE": "a text of at most 16 characters",
    "AS": "three digits and D, W, M or Y, for example '045Y'",
    "CS": "at most 16 capitals, digits, spaces and underscores",
    "DA": "YYYYMMDD, for example '20221119', or a datetime.date",
    "DS": "a number, or a text of at most 16 characters such as '1.25'",
    "FL": "a number",
    "FD": "a number",
    "DT": "YYYYMMDDHHMMSS.FFFFFF&ZZXX, for example '20221119143000', or a datetime.datetime",
    "IS": "a whole number from -2147483648 to 2147483647",
    "LO": "a text of at most 64 characters without a backslash",
    "LT": "a text of at most 10240 characters",
    "PN": "Family^Given^Middle^Prefix^Suffix, at most 64 characters a group",
    "SH": "a text of at most 16 characters without a backslash",
    "ST": "a text of at most 1024 characters",
    "TM": "HHMMSS.FFFFFF, for example '143000', a datetime.time, or seconds since midnight",
    "UI": "digits and dots, at most 64, no component with a leading zero",
    "SQ": "a list of mappings by keyword, or of pydicom datasets",
}
_INTEGERS = {
    "US": (0, 2**16 - 1),
    "SS": (-(2**15), 2**15 - 1),
    "UL": (0, 2**32 - 1),
    "SL": (-(2**31), 2**31 - 1),
    "UV": (0, 2**64 - 1),
    "SV": (-(2**63), 2**63 - 1),
    "IS": (-(2**31), 2**31 - 1),
}
_FLOATS = ("FL", "FD", "DS")
_WHOLE = re.compile(r"\s*[+-]?\d+\s*", re.ASCII)
_LARGEST_SINGLE = float(np.finfo(np.float32).max)
#: VRs whose bytes depend on SpecificCharacterSet (PS3.5 section 6.1.2.3).
TEXT_VRS = frozenset({"SH", "LO", "ST", "LT", "UC", "UT", "PN"})
#: Names of the default repertoire (PS3.3 C.12.1.1.2), which pydicom reads as Latin-1.
_ASCII_ONLY = frozenset({"", "ISO_IR 6", "ISO 2022 IR 6"})
_SINGLE = frozenset({"LT", "ST", "UT", "UR", "SQ"})
_UNCHECKED_VM = {"1-n", "0-n", ""}


def element_of(path: AttributePath, value: Any, *, vr: str = "", signed: bool = False) -> DataElement:
    """Return the element that holds `value`, in the form its VR asks for.

    `vr` is the VR that a private element has in the file; for one that is new, it follows from the value. `signed`
    (PixelRepresentation) decides between US and SS. Raises UnsupportedError with the form that is right.
    """
    vr = _resolved(path.vr or vr or _vr_of(value), value, signed)
    listed = [value] if _is_single(value, vr) else list(value)
    try:
        if vr == "SQ":
            return DataElement(path.last.tag, "SQ", DicomSequence([_item(item) for item in listed if item is not None]))
        formed = [_formed(vr, one) for one in listed]
        _check_count(path, len(formed))
        content = formed[0] if len(formed) == 1 else formed
        tag = path.last.tag if not path.last.creator else path.last.group << 16 | 0x1000 | path.last.element
        return DataElement(tag, vr, content, validation_mode=RAISE)
    except (ValueError, TypeError, OverflowError, AttributeError) as error:
        if isinstance(error, UnsupportedError):
            raise
        raise UnsupportedError(_unfit(path, vr, value, error)) from error


def encodable(element: DataElement, charset: Any) -> bool:
    """Return whether the text of an element can be written in a SpecificCharacterSet."""
    if element.VR == "SQ":
        return all(encodable(inner, charset) for item in element.value for inner in item)
    if element.VR not in TEXT_VRS or element.value is None:
        return True
    values = element.value if element.VM > 1 else [element.value]
    text = "\\".join(map(str, values))
    if text.isascii():
        return True
    names = [charset] if isinstance(charset, str) else list(charset)
    encodings = convert_encodings([name or "ISO_IR 6" for name in names])
    beyond = [e for name, e in zip(names, encodings, strict=True) if name not in _ASCII_ONLY]
    try:
        if len(encodings) == 1:
            return bool(beyond) and bool(text.encode(beyond[0]))
        by_one = all(any(_has(encoding, letter) for encoding in beyond) for letter in text if not letter.isascii())
        return by_one and decode_bytes(encode_string(text, encodings), encodings, PN_DELIMS) == text
    except (UnicodeError, LookupError):
        return False


def _has(encoding: str, letter: str) -> bool:
    try:
        return bool(letter.encode(encoding))
    except UnicodeError:
        return False


def _is_single(value: Any, vr: str) -> bool:
    if vr == "SQ":
        return isinstance(value, (Mapping, Dataset))
    return isinstance(value, (str, bytes)) or not (isinstance(value, (Sequence, np.ndarray)) and np.ndim(value) == 1)


def _resolved(vr: str, value: Any, signed: bool) -> str:
    if vr == "US or SS":
        return "SS" if signed else "US"
    if " or " in vr:
        return "OW" if isinstance(value, bytes) else ("SS" if signed and "SS" in vr else "US")
    return vr


def _vr_of(value: Any) -> str:
    """Return the VR of a new private element, by its value."""
    first = value[0] if isinstance(value, (list, tuple)) and value else value
    if isinstance(first, (Mapping, Dataset)):
        return "SQ"
    if isinstance(first, bytes):
        return "OB"
    if isinstance(first, (bool, int, np.integer)):
        return "SL"
    if isinstance(first, (float, np.floating)):
        return "FD"
    return "LO" if len(str(first)) <= 64 else "UT"


def _formed(vr: str, value: Any) -> Any:
    """Return one value in the form of its VR; raises ValueError."""
    if value is None or value == "":
        return "" if vr not in _INTEGERS and vr not in _FLOATS else None
    if vr in ("DA", "TM", "DT"):
        return _moment(vr, value)
    if vr in _INTEGERS:
        low, high = _INTEGERS[vr]
        number = int(value) if _WHOLE.fullmatch(str(value)) else _number(value)
        if number != int(number) or not low <= number <= high:
            raise ValueError("not a whole number" if number != int(number) else "beyond that")
        return int(number)
    if vr in _FLOATS:
        number = _number(value)
        if vr == "DS":
            if not np.isfinite(number):
                raise ValueError("expected a finite number")
            return value if isinstance(value, str) else ds_text(number)
        if vr == "FL" and _LARGEST_SINGLE < abs(number) < float("inf"):
            raise ValueError("beyond single precision")
        return number
    if isinstance(value, np.generic):
        value = value.item()
    if vr.startswith("O") or vr == "UN":
        if not isinstance(value, (bytes, bytearray)):
            raise TypeError("expected bytes")
        return bytes(value)
    if isinstance(value, (int, float)) and vr != "AT":
        return str(value)
    if vr not in _SINGLE and isinstance(value, str) and "\\" in value:
        raise ValueError("a backslash separates values; give a list")
    return value


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        raise ValueError("not a number") from None


def _moment(vr: str, value: Any) -> str:
    if vr == "DA":
        if isinstance(value, datetime.date):
            return f"{value.year:04d}{value.month:02d}{value.day:02d}"
        text = str(value)
        if _date(text, "%Y%m%d") is None:
            raise ValueError(_other_date(text))
        return text
    if vr == "TM":
        if isinstance(value, datetime.datetime):
            value = value.time()
        if isinstance(value, datetime.time):
            return value.strftime("%H%M%S") + (f".{value.microsecond:06d}" if value.microsecond else "")
        if isinstance(value, (int, float, np.number)):
            return _clock(float(value))
    if isinstance(value, datetime.datetime):
        fraction = f".{value.microsecond:06d}" if value.microsecond else ""
        zone = value.strftime("%z")[:5]
        return f"{value.year:04d}{value:%m%d%H%M%S}{fraction}{zone}"
    if isinstance(value, datetime.date):
        return f"{value.year:04d}{value.month:02d}{value.day:02d}"
    return str(value)


def _date(text: str, form: str) -> datetime.date | None:
    length = len(datetime.date(2000, 1, 1).strftime(form))
    try:
        return datetime.datetime.strptime(text, form).date() if len(text) == length and text.isascii() else None
    except ValueError:
        return None


def _other_date(text: str) -> str:
    """Return what a text that is no DA may have been meant as; nothing is guessed, the caller is asked."""
    meant = {day for form in _DATE_FORMS if (day := _date(text.strip(), form)) is not None}
    named = " or ".join(repr(f"{day.year:04d}{day:%m%d}") for day in sorted(meant))
    return f"{named} is meant?" if named else "not a date"


def _clock(seconds: float) -> str:
    if not 0 <= seconds < _DAY_S:
        raise ValueError("seconds since midnight are from 0 up to 86400")
    microseconds = round(seconds * 1e6)
    whole, fraction = divmod(min(microseconds, round(_DAY_S * 1e6) - 1), 1_000_000)
    text = f"{whole // 3600:02d}{whole // 60 % 60:02d}{whole % 60:02d}"
    return text + (f".{fraction:06d}" if fraction else "")


def _item(item: Any) -> Dataset:
    if isinstance(item, Dataset):
        return item
    dataset = Dataset()
    for name, value in item.items():
        path = parse(name)
        if len(path.steps) > 1 or path.last.creator:
            raise ValueError(f"an item names its elements by keyword or tag, not {name!r}")
        dataset.add(element_of(path, value))
    return dataset


def _check_count(path: AttributePath, count: int) -> None:
    allowed = _multiplicity(path.last)
    if allowed in _UNCHECKED_VM or count == 0:
        return
    low, _, high = allowed.partition("-")
    least = int(low)
    if not high:
        fits = count == least
    elif high.isdigit():
        fits = least <= count <= int(high)
    else:
        step = int(high[:-1] or 1)
        fits = count >= least and count % step == 0
    if not fits and count > 1:
        raise ValueError(f"it takes {allowed} values, found {count}")
    if not fits and least > 1:
        raise ValueError(f"it takes {allowed} values, found 1")


def _multiplicity(step: Step) -> str:
    try:
        return "" if step.creator else str(dictionary_VM(step.tag))
    except KeyError:
        return ""


def _unfit(path: AttributePath, vr: str, value: Any, error: Exception) -> str:
    said = str(error).split(" Please see")[0].rstrip(".")
    low_high = _INTEGERS.get(vr)
    form = _FORMS.get(vr) or (f"a whole number from {low_high[0]} to {low_high[1]}" if low_high else "another value")
    return f"Cannot set {path.spelled()} to {value!r:.60}: its VR is {vr}, {form} ({said})."
