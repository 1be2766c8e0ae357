"""Names of files made of attributes: a template in, a path under one folder out, never one that leaves it."""

from __future__ import annotations

import string
import threading
import unicodedata
from collections.abc import Mapping, MutableSequence
from typing import TYPE_CHECKING, Any

from dicomvtk.errors import UnsupportedError

if TYPE_CHECKING:
    from pydicom import Dataset

__all__ = ["NameTemplate", "file_header"]

#: Longest name of one folder or file: two UIDs in characters, and in bytes what file systems allow, a suffix left out.
_LONGEST, _LONGEST_BYTES = 128, 240
_ALLOWED = frozenset(" ._-+=,()")
#: Names that Windows keeps for devices.
_DEVICES = frozenset({"CON", "PRN", "AUX", "NUL", *(f"{port}{n}" for port in ("COM", "LPT") for n in range(1, 10))})


class NameTemplate:
    """A template such as ``{PatientID}/{SeriesNumber}/{InstanceNumber}``: attributes by keyword between braces.

    A slash in the template makes a folder; a slash in a value does not. A value that is missing or empty is told as
    ``no-Keyword``. Characters other than letters, digits and ``._-+=,()`` and space become ``_``; so do dots at the
    start. Several values are joined by ``_``. A name that was given before gets ``-2``, ``-3``, ... before its suffix.
    Numbers take a width: ``{InstanceNumber:04}``.

    Raises UnsupportedError for what is no keyword and none of `further`.
    """

    def __init__(self, template: str, further: tuple[str, ...] = ()) -> None:
        self._parts = [part for part in template.split("/") if part]
        self._given: set[str] = set()
        self._lock = threading.Lock()
        self.keywords = frozenset(_fields(template)) - set(further)
        if not self._parts:
            raise UnsupportedError(f"The template {template!r} names no file.")
        for keyword in sorted(self.keywords):
            _check_keyword(keyword, template)

    def name(self, data_set: Dataset | None, further: Mapping[str, Any], suffix: str) -> str:
        """Return a path with ``/`` between its parts, ending in `suffix`, that was not returned before."""
        parts = [_safe(_filled(part, data_set, further)) for part in self._parts]
        if suffix and parts[-1].lower().endswith(suffix.lower()):
            parts[-1] = parts[-1][: -len(suffix)]
        stem = "/".join(parts)
        with self._lock:
            name, again = stem + suffix, 2
            while name.casefold() in self._given:
                name, again = f"{stem}-{again}{suffix}", again + 1
            self._given.add(name.casefold())
        return name


def file_header(path: str) -> Dataset:
    """Return the data set of the file at `path` without its pixels."""
    import pydicom

    return pydicom.dcmread(path, stop_before_pixels=True, force=True)


def _fields(template: str) -> list[str]:
    try:
        return [field for _, field, _, _ in string.Formatter().parse(template) if field is not None]
    except ValueError as error:
        raise UnsupportedError(f"Cannot use the template {template!r}: {error}.") from error


def _check_keyword(keyword: str, template: str) -> None:
    from pydicom.datadict import tag_for_keyword

    if tag_for_keyword(keyword) is None:
        raise UnsupportedError(
            f"Cannot use the template {template!r}: {keyword!r} is no DICOM keyword; expected one such as PatientID."
        )


def _filled(part: str, data_set: Dataset | None, further: Mapping[str, Any]) -> str:
    text = ""
    for literal, field, spec, _ in string.Formatter().parse(part):
        text += literal
        if field is not None:
            text += _value_text(field, spec or "", data_set, further)
    return text


def _value_text(field: str, spec: str, data_set: Dataset | None, further: Mapping[str, Any]) -> str:
    value = further[field] if field in further else (None if data_set is None else data_set.get(field))
    if value is None or str(value) == "":
        return f"no-{field}"
    if isinstance(value, MutableSequence):
        return "_".join(map(str, value))
    try:
        return format(int(value), spec) if spec else str(value)
    except (TypeError, ValueError):
        return str(value)


def _safe(text: str) -> str:
    """Return `text` as the name of one file or folder on any system."""
    plain = unicodedata.normalize("NFC", text)
    name = "".join(c if c.isalnum() or c in _ALLOWED else "_" for c in plain)
    name = name[:_LONGEST].encode()[:_LONGEST_BYTES].decode(errors="ignore").strip(" ").rstrip(".")
    dots = len(name) - len(name.lstrip("."))
    name = "_" * dots + name[dots:] or "_"
    return f"_{name}" if name.split(".")[0].upper() in _DEVICES else name
