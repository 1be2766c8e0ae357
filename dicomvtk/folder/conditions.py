"""Which files answer to a query: values, wildcards, ranges of dates and times, lists (PS3.4 C.2.2.2)."""

from __future__ import annotations

import datetime
import fnmatch
import re
from collections.abc import Callable, Mapping
from typing import Any

from dicomvtk.errors import UnsupportedError
from dicomvtk.folder import own_attributes
from dicomvtk.folder.attribute_path import AttributePath, parse
from dicomvtk.folder.header_values import ABSENT
from dicomvtk.folder.instance import Instance
from dicomvtk.folder.value_forms import element_of

__all__ = ["Condition", "compiled", "reader"]

#: Whether one file answers.
Condition = Callable[[Instance], bool]

_RANGED = frozenset({"DA", "TM", "DT"})
_RANGE = re.compile(r"([0-9.:+]*)\s*-\s*([0-9.:+]*)")
_YEAR_OR_MONTH = re.compile(r"\d{4}(0[1-9]|1[0-2])?")
_NAME_VR = "PN"
_BACK_TO_BACK = (datetime.date, datetime.time)


def compiled(conditions: Mapping[Any, Any]) -> list[Condition]:
    """Return the conditions as tests; raises MissingAttributeError or UnsupportedError for one that makes no sense."""
    return [_condition(name, wanted) for name, wanted in conditions.items()]


def reader(name: Any) -> Callable[[Instance], Any]:
    """Return what gives the value of an attribute of a file, the standard's or an own one; ABSENT where it has none."""
    own = own_attributes.find(name)
    if own is not None:
        get = own.get

        def read(instance: Instance) -> Any:
            found = get(instance)
            return ABSENT if found is None else found

        return read
    path = parse(name)
    return lambda instance: instance.value(path)


def _condition(name: Any, wanted: Any) -> Condition:
    read = reader(name)
    path = None if own_attributes.find(name) else parse(name)
    test = _test(path, wanted)
    return lambda instance: test(read(instance))


def _test(path: AttributePath | None, wanted: Any) -> Callable[[Any], bool]:
    """Return the test of one value."""
    vr = path.vr if path is not None else ""
    if isinstance(wanted, (list, tuple, set, frozenset)):
        tests = [_test(path, one) for one in wanted]
        return lambda value: any(test(value) for test in tests)
    if wanted is None or wanted is ABSENT:
        return lambda value: value is ABSENT or value is None or value == ""
    if isinstance(wanted, _BACK_TO_BACK) and path is not None:
        wanted = element_of(path, wanted).value
    if vr in _RANGED and isinstance(wanted, str) and "-" in wanted:
        return _any_of(_range(path, vr, wanted))
    if isinstance(wanted, str):
        text = _text(wanted, fold=vr == _NAME_VR)
        return _any_of(lambda value: text(value) or (not isinstance(value, str) and _equal(value, wanted)))
    return _any_of(lambda value: _equal(value, wanted))


def _any_of(test: Callable[[Any], bool]) -> Callable[[Any], bool]:
    """Several values answer where one of them does."""

    def tested(value: Any) -> bool:
        if value is ABSENT or value is None:
            return False
        if isinstance(value, list):
            return any(test(one) for one in value)
        return test(value)

    return tested


def _text(wanted: str, *, fold: bool) -> Callable[[Any], bool]:
    pattern = wanted.casefold() if fold else wanted
    literal = re.sub(r"\[", "[[]", pattern)  # only * and ? are wildcards in DICOM
    if "*" not in pattern and "?" not in pattern:
        return lambda value: (str(value).casefold() if fold else str(value)) == pattern
    match = re.compile(fnmatch.translate(literal)).match
    return lambda value: match(str(value).casefold() if fold else str(value)) is not None


def _range(path: AttributePath | None, vr: str, wanted: str) -> Callable[[Any], bool]:
    found = _RANGE.fullmatch(wanted.strip())
    if found is None or not (found[1] or found[2]):
        name = path.spelled() if path is not None else "it"
        raise UnsupportedError(
            f"Cannot look for {name} {wanted!r}; "
            "expected a range such as '20200101-20201231', '20200101-' or '-20201231'."
        )
    low, high = found[1].replace(":", ""), found[2].replace(":", "")
    if path is not None and vr == "DA":
        for end in (low, high):
            if end and not _YEAR_OR_MONTH.fullmatch(end):
                element_of(path, end)
    if low and high and low[: len(high)] > high:
        raise UnsupportedError(f"Cannot look for {wanted!r}: the range begins after it ends.")

    def within(value: Any) -> bool:
        text = str(value).replace(":", "")
        # An end states as much as it does: '1030' as the last time includes 10:30:59, '2021' as the last day December.
        return bool(text) and (not low or text >= low) and (not high or text[: len(high)] <= high)

    return within


def _equal(value: Any, wanted: Any) -> bool:
    try:
        return bool(value == wanted) or (isinstance(wanted, str) and float(value) == float(wanted))
    except (TypeError, ValueError):
        return False
