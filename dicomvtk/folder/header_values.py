"""Attribute values of one file, from its header: the pixels are never read.

What a plain element of the top level holds comes from one walk over the header; everything else from pydicom.
"""

from __future__ import annotations

import struct
import warnings
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import pydicom
from pydicom.charset import convert_encodings
from pydicom.dataelem import DataElement, RawDataElement, convert_raw_data_element
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError
from pydicom.multival import MultiValue
from pydicom.tag import BaseTag

from dicomvtk.dicom.elements import NotDicom, Unsure, walk_file
from dicomvtk.dicom.tags import Tag
from dicomvtk.errors import NoDicomError, UnsupportedError
from dicomvtk.folder.attribute_path import AttributePath, Step
from dicomvtk.folder.value_forms import TEXT_VRS

__all__ = ["ABSENT", "apply", "at_path", "check_reachable", "plain", "read_header", "read_plain", "resolved"]


class _Absent:
    """Stands for an attribute that a file does not have."""

    def __repr__(self) -> str:
        return "absent"


ABSENT = _Absent()

#: VRs whose bytes mean the same whichever of them the file states: the walk does not tell the VR.
_TEXT = frozenset({*TEXT_VRS, "AE", "AS", "CS", "DA", "DS", "DT", "IS", "TM", "UI", "UR"})
_SIZES = {"US": 2, "SS": 2, "UL": 4, "SL": 4, "FL": 4, "FD": 8}
_META_GROUP = 0x0002


def read_plain(path: Path, names: Iterable[AttributePath]) -> dict[AttributePath, Any]:
    """Return the values of plain attributes in the file at `path`, ABSENT where it has none.

    Raises NoDicomError for what is no DICOM file, OSError where it cannot be read.
    """
    wanted = {name: _little(name.top) for name in names}
    known = {*_TEXT, *_SIZES}
    simple = {name: tag for name, tag in wanted.items() if name.vr in known and name.top.group != _META_GROUP}
    try:
        header = walk_file(str(path), frozenset({*simple.values(), Tag.SpecificCharacterSet}), frozenset())
        charset = header.values.get(Tag.SpecificCharacterSet, b"")
        found = {
            name: _decoded(name, header.values[tag], charset) if tag in header.values else ABSENT
            for name, tag in simple.items()
        }
    except (Unsure, ValueError, struct.error):
        found = {}
    except NotDicom as no:
        raise NoDicomError(f"Cannot read {path}: {no}.") from None
    except FileNotFoundError as error:
        raise _gone(path) from error
    rest = [name for name in wanted if name not in found]
    if rest:
        dataset = read_header(path)
        found.update({name: plain(at_path(dataset, name)) for name in rest})
    return found


def read_header(path: Path) -> Dataset:
    """Return the header of the file at `path` as a pydicom dataset, pixels left out."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return pydicom.dcmread(path, stop_before_pixels=True, force=True)
    except FileNotFoundError as error:
        raise _gone(path) from error
    except (InvalidDicomError, EOFError, ValueError, NotImplementedError, struct.error) as error:
        raise NoDicomError(f"Cannot read {path}: {error}.") from error


def _gone(path: Path) -> NoDicomError:
    return NoDicomError(f"Cannot read {path}: it is no longer there. Put it back, or open the folder again.")


def at_path(dataset: Dataset, path: AttributePath) -> Any:
    """Return the element at `path` in a dataset, ABSENT where there is none; an item, where the last step names one."""
    level = dataset
    for step in path.steps:
        tag = resolved(level, step)
        if tag is None:
            return ABSENT
        source = level.file_meta if step.group == _META_GROUP and hasattr(level, "file_meta") else level
        if tag not in source:
            return ABSENT
        element = _element(source, tag)
        if step.item is not None:
            if element.VR != "SQ" or not -len(element.value) <= step.item < len(element.value):
                return ABSENT
            level = element.value[step.item]
    return level if path.last.item is not None else element


def _element(dataset: Dataset, tag: int) -> DataElement:
    """Return an element; one that cannot be understood as its bytes."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return dataset[tag]
        except (ValueError, TypeError, NotImplementedError, OverflowError):
            return DataElement(tag, "UN", dataset.get_item(tag).value)


def resolved(dataset: Dataset, step: Step, *, create: bool = False) -> int | None:
    """Return the tag of a step in this dataset, its private block made where it is missing and `create` is set."""
    if not step.creator:
        return step.tag
    try:
        return int(dataset.private_block(step.group, step.creator, create=create).get_tag(step.element))
    except KeyError:
        return None


def apply(dataset: Dataset, edits: Mapping[AttributePath, DataElement | None]) -> set[int]:
    """Make the edits in a dataset (None removes) and return the tags of its top level that changed."""
    touched: set[int] = set()
    for path, element in edits.items():
        level, top = dataset, -1
        for depth, step in enumerate(path.steps):
            last = depth == len(path.steps) - 1
            tag = resolved(level, step, create=element is not None)
            if tag is None:
                break
            if depth == 0:
                top = tag
                if step.creator:
                    touched.add(_creator_tag(tag))
            if not last:
                inner = _item(level, tag, step, create=element is not None)
                if inner is None:
                    break
                level = inner
            elif element is None:
                if tag in level:
                    del level[tag]
                    if step.creator:
                        _drop_empty_block(level, tag)
            else:
                level[tag] = DataElement(tag, element.VR, element.value)
            if depth == 0:
                touched.add(top)
    return touched


def check_reachable(dataset: Dataset, path: AttributePath) -> None:
    """Refuse a path that goes through no sequence, or into an item further on than the one past the last."""
    level: Dataset | None = dataset
    for step in path.steps[:-1]:
        tag = None if level is None else resolved(level, step)
        found = None if level is None or tag is None or tag not in level else _element(level, tag)
        if found is not None and found.VR != "SQ":
            raise UnsupportedError(f"Cannot set {path}: {step} has VR {found.VR}, expected a sequence (SQ).")
        items = [] if found is None else found.value
        number = step.item or 0
        if not -len(items) <= number <= len(items):
            raise UnsupportedError(
                f"Cannot set {path}: the sequence has {len(items)} items, so [{len(items)}] is the next one to add."
            )
        level = None if number == len(items) else items[number]


def plain(element: Any) -> Any:
    """Return the value of an element in Python's own types: float for DS, int for IS, list for several, str for PN."""
    if element is ABSENT or isinstance(element, Dataset):
        return element
    try:
        value = element.value
    except (ValueError, TypeError, NotImplementedError):
        return ABSENT
    if element.VR == "SQ":
        return list(value)
    if isinstance(value, (MultiValue, list, tuple)):
        return [_own(element.VR, one) for one in value]
    return _own(element.VR, value)


def _own(vr: str, value: Any) -> Any:
    if value is None or value == "":
        return "" if vr in _TEXT and vr not in ("DS", "IS") else None
    if vr in ("DS", "IS"):
        try:
            return float(value) if vr == "DS" else int(value)
        except ValueError:
            return str(value)
    return str(value) if vr in ("PN", "UI") else value


def _item(level: Dataset, tag: int, step: Step, *, create: bool) -> Dataset | None:
    """Return the item a step names; the one past the last is added where `create` is set."""
    number = step.item or 0
    if tag not in level:
        if not create:
            return None
        level[tag] = DataElement(tag, "SQ", [])
    items = level[tag].value
    if create and number == len(items):
        items.append(Dataset())
    return items[number] if -len(items) <= number < len(items) else None


def _creator_tag(tag: int) -> int:
    """Return the tag of the element that names the creator of a private element's block (PS3.5 section 7.8.1)."""
    return tag & 0xFFFF0000 | (tag & 0xFFFF) >> 8


def _drop_empty_block(level: Dataset, tag: int) -> None:
    """Take away the creator of the block of a private element that was its last."""
    block = (tag & 0xFFFFFF00) >> 8
    if not any(int(other) >> 8 == block for other in level.keys()):  # noqa: SIM118  # a Dataset iterates elements
        del level[_creator_tag(tag)]


def _little(step: Step) -> int:
    return step.element << 16 | step.group


@lru_cache(maxsize=8192)
def _decode(name: AttributePath, raw: bytes, charset: bytes) -> Any:
    vr = name.vr
    encodings = convert_encodings(charset.decode("latin-1").strip(" \0").split("\\"))
    element = RawDataElement(BaseTag(name.top.tag), vr, len(raw), raw, 0, False, True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return plain(convert_raw_data_element(element, encoding=encodings))


def _decoded(name: AttributePath, raw: bytes, charset: bytes) -> Any:
    """Return a value from its bytes; the same bytes are decoded once for all files that hold them."""
    size = _SIZES.get(name.vr)
    if size is not None and raw and len(raw) != size:
        raise Unsure(f"{name} has {len(raw)} bytes")
    value = _decode(name, raw, charset if not raw.isascii() or b"\x1b" in raw else b"")
    return list(value) if isinstance(value, list) else value
