"""One file of the folder: what it holds on disk, and the edits that wait in memory."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset

from dicomvtk.errors import UnsupportedError
from dicomvtk.folder.attribute_path import AttributePath, Name, Step, parse
from dicomvtk.folder.header_values import ABSENT, apply, at_path, check_reachable, plain, read_header, read_plain
from dicomvtk.folder.value_forms import element_of, encodable

if TYPE_CHECKING:
    from dicomvtk.folder.series import Series

__all__ = ["IDENTITY", "Instance", "NewPixels"]

CHARSET = parse("SpecificCharacterSet")
PIXEL_REPRESENTATION = parse("PixelRepresentation")
UTF8 = "ISO_IR 192"

#: What tells where in the tree a file belongs, read when the folder is opened.
IDENTITY = tuple(
    parse(name)
    for name in (
        "PatientID",
        "PatientName",
        "StudyInstanceUID",
        "SeriesInstanceUID",
        "SOPInstanceUID",
        "SeriesNumber",
        "InstanceNumber",
        "StudyDate",
        "StudyTime",
        "Modality",
        "SeriesDescription",
        "SOPClassUID",
    )
)
#: The elements of a private group that name the creators of its blocks.
_CREATORS = (0x10, 0xFF)
_META_GROUP = 0x0002
_PIXEL_GROUP = 0x7FE0
#: Values are remembered up to this many characters or bytes each.
_REMEMBERED = 256


@dataclass(frozen=True)
class NewPixels:
    """Pixel data to be written in place of those of the file: uncompressed, little endian."""

    data: bytes
    bits_allocated: int


class Instance:
    """One DICOM object.

    `source` is the file whose bytes it has; `path` where it is kept in the folder, None for one not yet saved there.
    `edits` are by path in the order they were made, None where the attribute is taken away. `series` is its place in
    the tree, `home` the place it had when it was last in agreement with the disk.
    """

    def __init__(self, source: Path, path: Path | None, known: dict[AttributePath, Any] | None = None) -> None:
        self.source = source
        self.path = path
        self.edits: dict[AttributePath, DataElement | None] = {}
        self.pixels: NewPixels | None = None
        self.recode = False
        self.deleted = False
        self._series: Series | None = None
        self.home: Series | None = None
        self._known: dict[AttributePath, Any] = dict(known or {})
        self.stamp = stamp(source)

    @property
    def series(self) -> Any:
        """The series it belongs to, None before it has a place in the tree."""
        return self._series

    @series.setter
    def series(self, series: Series | None) -> None:
        self._series = series

    @property
    def is_new(self) -> bool:
        """True where nothing of it is in the folder yet."""
        return self.path is None

    @property
    def is_changed(self) -> bool:
        if self.deleted:
            return not self.is_new
        return self.is_new or bool(self.edits) or self.pixels is not None

    def value(self, path: AttributePath) -> Any:
        """Return the value of an attribute with the edits made, ABSENT where it has none."""
        return self.values([path])[path]

    def values(self, paths: Iterable[AttributePath]) -> dict[AttributePath, Any]:
        """Return the values of several attributes; the header is read once."""
        wanted = list(paths)
        found: dict[AttributePath, Any] = {}
        for path in wanted:
            if path in self.edits and path.last.item is None and not self._edited_around(path):
                element = self.edits[path]
                found[path] = ABSENT if element is None else plain(element)
            elif path in self._known and not self._edited_inside(path):
                found[path] = _own(self._known[path])
        simple = [path for path in wanted if path not in found and path.is_plain and not self._edited_inside(path)]
        if simple:
            read = read_plain(self.source, simple)
            self._remember(read)
            found.update(read)
        rest = [path for path in wanted if path not in found]
        if rest:
            found.update(self._deep_values(rest))
        return found

    def get(self, name: Name, default: Any = None) -> Any:
        """Return the value of an attribute by any of its names, `default` where the file has none."""
        found = self.value(parse(name))
        return default if found is ABSENT else found

    def set_value(self, name: Name, value: Any) -> None:
        """Set an attribute by any of its names, checked against its VR."""
        path = parse(name)
        self.set(path, self.element(path, value))

    def element(self, path: AttributePath, value: Any) -> DataElement | None:
        """Return the element that setting `value` would make here, None to take it away (ABSENT)."""
        check_editable(path)
        if value is ABSENT:
            return None
        if len(path.steps) > 1:
            check_reachable(self.header(), path)
        self._check_creator(path)
        vr = ""
        if not path.vr:
            there = at_path(read_header(self.source), path)
            vr = "" if there is ABSENT or there.VR == "UN" else str(there.VR)
        signed = " or " in path.vr and self.value(PIXEL_REPRESENTATION) == 1
        return element_of(path, value, vr=vr, signed=signed)

    def _check_creator(self, path: AttributePath) -> None:
        """Refuse a private element that no creator has reserved (PS3.5 section 7.8.1)."""
        group, element = path.last.group, path.last.element
        if group % 2 == 0 or path.last.creator or _CREATORS[0] <= element <= _CREATORS[1]:
            return
        reserved = AttributePath((*path.steps[:-1], Step(group, element >> 8)))
        if element >> 8 < _CREATORS[0] or self.value(reserved) is ABSENT:
            raise UnsupportedError(
                f"Cannot set {path}: no creator has reserved that block in {self.path or self.source}. "
                f"Name the creator, '({group:04X},{element & 0xFF:02X},CREATOR)'."
            )

    def on_disk(self, paths: Iterable[AttributePath]) -> dict[AttributePath, Any]:
        """Return the values that the file has without the edits."""
        wanted = list(paths)
        simple = [path for path in wanted if path.is_plain and path not in self._known]
        read = read_plain(self.source, simple) if simple else {}
        self._remember(read)
        found = {path: _own(self._known[path]) for path in wanted if path in self._known} | read
        deep = [path for path in wanted if path not in found]
        if deep:
            header = read_header(self.source)
            found.update({path: plain(at_path(header, path)) for path in deep})
        return found

    def header(self) -> Dataset:
        """Return the whole header with the edits made, as a dataset of its own."""
        dataset = read_header(self.source)
        self.apply_to(dataset)
        return dataset

    def apply_to(self, dataset: Dataset) -> set[int]:
        """Make the edits in a dataset read from `source`; return the top-level tags that changed."""
        if not self.recode:
            return apply(dataset, self.edits)
        dataset.decode()
        touched = apply(dataset, self.edits)
        return touched | {int(e.tag) for e in dataset if e.VR in ("SH", "LO", "ST", "LT", "UC", "UT", "PN", "SQ")}

    def set(self, path: AttributePath, element: DataElement | None) -> None:
        """Edit one attribute; None takes it away. An edit back to what is on disk is none."""
        check_editable(path)
        if element is not None and path != CHARSET and not encodable(element, self._charset()):
            self.edits[CHARSET] = DataElement(0x00080005, "CS", UTF8)
            self.recode = True
        if path == CHARSET:
            self.recode = True
        self.edits.pop(path, None)
        for inside in [other for other in self.edits if len(other.steps) > len(path.steps) and _within(other, path)]:
            del self.edits[inside]
        before = self.on_disk([path])[path]
        if not (before is ABSENT if element is None else _same(before, plain(element))) or self._depends(path):
            self.edits[path] = element

    def _depends(self, path: AttributePath) -> bool:
        """True where an edit of what surrounds `path` makes the value on disk no guide."""
        return any(_within(path, other) for other in self.edits)

    def forget_edits(self) -> None:
        """Go back to what is on disk."""
        self.edits.clear()
        self.pixels = None
        self.recode = self.deleted = False
        self._known.clear()
        self.stamp = stamp(self.source)

    def settled(self, path: Path) -> None:
        """Take note that all is written at `path`."""
        self.source = self.path = path
        self.forget_edits()
        self.home = self.series

    def _charset(self) -> Any:
        found = self.value(CHARSET)
        return "" if found is ABSENT else found

    def _edited_around(self, path: AttributePath) -> bool:
        return any(_within(other, path) or _within(path, other) for other in self.edits)

    def _edited_inside(self, path: AttributePath) -> bool:
        return any(other.top.group == path.top.group and other.top.element == path.top.element for other in self.edits)

    def _deep_values(self, paths: list[AttributePath]) -> dict[AttributePath, Any]:
        dataset = self.header()
        return {path: plain(at_path(dataset, path)) for path in paths}

    def _remember(self, values: dict[AttributePath, Any]) -> None:
        for path, value in values.items():
            if isinstance(value, list):
                if not any(isinstance(one, Dataset) for one in value):  # whoever asks may change items
                    self._known[path] = list(value)
            elif not isinstance(value, (str, bytes)) or len(value) <= _REMEMBERED:
                self._known[path] = value


def _own(value: Any) -> Any:
    """Return a value that the caller may change without changing what is remembered."""
    return list(value) if isinstance(value, list) else value


def stamp(path: Path) -> tuple[int, int]:
    """Return what changes when a file is written: its time and size."""
    status = os.stat(path)
    return status.st_mtime_ns, status.st_size


def check_editable(path: AttributePath) -> None:
    """Refuse what is not an attribute to edit."""
    group = path.top.group
    if group == _META_GROUP:
        raise UnsupportedError(f"Cannot set {path.spelled()}: the file meta information follows from the data set.")
    if group == _PIXEL_GROUP:
        raise UnsupportedError(f"Cannot set {path.spelled()}: use set_ndarray() for the pixels.")
    if path.last.element == 0 and not path.last.creator:
        raise UnsupportedError(f"Cannot set {path.spelled()}: group lengths are retired (PS3.5 section 7.2).")
    if path.last.item is not None:
        raise UnsupportedError(f"Cannot set {path}: name an attribute inside the item, or the whole sequence.")


def _within(path: AttributePath, outer: AttributePath) -> bool:
    """True where `outer` is a sequence around `path`."""
    ends = len(outer.steps) - 1
    if len(path.steps) <= len(outer.steps) or path.steps[:ends] != outer.steps[:ends]:
        return False
    inner, last = path.steps[ends], outer.steps[ends]
    return (inner.group, inner.element, inner.creator) == (last.group, last.element, last.creator)


def _same(a: Any, b: Any) -> bool:
    return type(a) is type(b) and bool(a == b)
