"""The DICOMDIR of a medium (PS3.3 annex F, PS3.10 section 8): read as a tree, checked against the disk."""

from __future__ import annotations

import contextlib
import os
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dicomvtk.dicom.elements import NotDicom, Unsure, walk_file
from dicomvtk.errors import NoDicomError, PixelDecodeError

__all__ = ["Directory", "Record", "check_directory", "is_directory_name", "read_directory"]

#: The order of the levels, for directories whose offsets lead nowhere.
_LEVELS = {"PATIENT": 0, "STUDY": 1, "SERIES": 2}
_INSTANCE_LEVEL = 3
#: What tells a record in words, by its type.
_WORDS = {
    "PATIENT": ("PatientName", "PatientID"),
    "STUDY": ("StudyDate", "StudyDescription", "StudyID"),
    "SERIES": ("SeriesNumber", "Modality", "SeriesDescription"),
}


@dataclass(frozen=True)
class Record:
    """One directory record: its type (PATIENT, STUDY, SERIES, IMAGE, ...), what it is called, and what is below it.

    `file` is the ReferencedFileID with ``/`` between its parts, empty for records that refer to none.
    """

    kind: str
    text: str
    file: str
    children: tuple[Record, ...] = ()

    def walk(self) -> Iterator[Record]:
        """Yield this record and all below it."""
        yield self
        for child in self.children:
            yield from child.walk()


@dataclass(frozen=True)
class Directory:
    """A DICOMDIR: where it lies, and the records of its upper level."""

    path: Path
    records: tuple[Record, ...]

    def walk(self) -> Iterator[Record]:
        for record in self.records:
            yield from record.walk()

    @property
    def counts(self) -> dict[str, int]:
        """How many records of each type there are."""
        found: dict[str, int] = {}
        for record in self.walk():
            found[record.kind] = found.get(record.kind, 0) + 1
        return found

    @property
    def files(self) -> dict[str, Path | None]:
        """The files referred to, with their place on the disk: None where they are not there, or not in the folder."""
        folder = self.path.parent
        return {record.file: _on_disk(folder, record.file) for record in self.walk() if record.file}


def is_directory_name(path: str | os.PathLike[str]) -> bool:
    return Path(path).name.upper() == "DICOMDIR"


def read_directory(path: str | os.PathLike[str]) -> Directory:
    """Return the DICOMDIR at `path`. Raises NoDicomError for what is none, PixelDecodeError for a damaged one."""
    items = _items(os.fspath(path))
    roots = _by_offsets(items)
    if roots is None:
        roots = _by_levels(items)
    return Directory(Path(path), roots)


def check_directory(directory: Directory) -> tuple[list[str], list[str]]:
    """Return the files that the directory lists and the disk lacks, and those of the disk that it does not list.

    Only DICOM files count for the second, as paths below the folder.
    """
    files = directory.files
    missing = [name for name, place in files.items() if place is None]
    listed = {place.resolve() for place in files.values() if place is not None}
    folder = directory.path.parent
    extra = [
        str(path.relative_to(folder))
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.upper().startswith("DICOMDIR") and path.resolve() not in listed
        if _is_part_10(path)
    ]
    return missing, extra


def _items(path: str) -> list[Any]:
    """Return pydicom's items of the DirectoryRecordSequence, in the order of the file."""
    import pydicom

    if not os.path.isfile(path):
        raise NoDicomError(f"Cannot read {path}: expected a DICOMDIR.")
    _check_whole(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            data_set = pydicom.dcmread(path)
            items = list(data_set.get("DirectoryRecordSequence") or ())
            for item in items:
                item.get("ReferencedFileID")
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # whatever pydicom raises on damage
            raise PixelDecodeError(f"Cannot read the DICOMDIR {path}: {type(error).__name__}: {error}.") from error
    if "DirectoryRecordSequence" not in data_set:
        raise NoDicomError(f"Cannot read {path}: no DirectoryRecordSequence (0004,1220); it is not a DICOMDIR.")
    return items


def _check_whole(path: str) -> None:
    """Raise PixelDecodeError where the records run past the end of the file: pydicom takes what is left for all."""
    with contextlib.suppress(NotDicom):
        try:
            walk_file(path, frozenset(), frozenset())
        except Unsure as doubt:
            if "past the end of the file" in str(doubt):
                raise PixelDecodeError(f"Cannot read the DICOMDIR {path}: {doubt}. It is cut short.") from doubt


def _by_offsets(items: list[Any]) -> tuple[Record, ...] | None:
    """Return the tree that the offsets of the records make, None where they do not reach each record once."""
    at = {int(getattr(item, "seq_item_tell", None) or 0): item for item in items}
    below = {_offset(item, "OffsetOfReferencedLowerLevelDirectoryEntity") for item in items}
    after = {_offset(item, "OffsetOfTheNextDirectoryRecord") for item in items}
    firsts = [tell for tell in at if tell not in below and tell not in after]
    reached: set[int] = set()

    def chain(tell: int) -> tuple[Record, ...]:
        made = []
        while tell and tell in at and tell not in reached:
            reached.add(tell)
            item = at[tell]
            made.append(_record(item, chain(_offset(item, "OffsetOfReferencedLowerLevelDirectoryEntity"))))
            tell = _offset(item, "OffsetOfTheNextDirectoryRecord")
        return tuple(made)

    if len(firsts) != 1:
        return () if not items else None
    try:
        roots = chain(firsts[0])
    except RecursionError:
        return None
    return roots if len(reached) == len(items) else None


def _by_levels(items: list[Any]) -> tuple[Record, ...]:
    """Return the tree of records in the order of the file, each below the last one of a higher level."""

    def take(position: int, level: int) -> tuple[list[Record], int]:
        made: list[Record] = []
        while position < len(items) and _level(items[position]) >= level:
            own = _level(items[position])
            children, following = take(position + 1, own + 1) if own < _INSTANCE_LEVEL else ([], position + 1)
            made.append(_record(items[position], tuple(children)))
            position = following
        return made, position

    return tuple(take(0, 0)[0])


def _level(item: Any) -> int:
    return _LEVELS.get(str(item.get("DirectoryRecordType", "")), _INSTANCE_LEVEL)


def _offset(item: Any, keyword: str) -> int:
    value = item.get(keyword)
    return value if isinstance(value, int) else 0


def _record(item: Any, children: tuple[Record, ...]) -> Record:
    kind = str(item.get("DirectoryRecordType", "")) or "?"
    name = item.get("ReferencedFileID") or ""
    parts = name.split("\\") if isinstance(name, str) else [str(part) for part in name]
    words = [str(item.get(keyword) or "") for keyword in _WORDS.get(kind, ("InstanceNumber",))]
    return Record(kind, " ".join(word for word in words if word), "/".join(parts), children)


def _on_disk(folder: Path, name: str) -> Path | None:
    """Return the file that a ReferencedFileID names inside `folder`; media change the case of names."""
    place = folder
    for part in name.split("/"):
        if part in ("", ".", "..") or os.sep in part or (os.altsep and os.altsep in part):
            return None
        found = place / part
        place = found if found.exists() else _same_but_case(place, part)
    return place if place.is_file() and place.resolve().is_relative_to(folder.resolve()) else None


def _same_but_case(folder: Path, name: str) -> Path:
    """Return the entry of `folder` called `name` in another case, or with the ``.`` or ``;1`` that ISO 9660 adds."""
    try:
        for entry in os.scandir(folder):
            if entry.name.partition(";")[0].rstrip(".").casefold() == name.casefold():
                return Path(entry.path)
    except OSError:
        pass
    return folder / name


def _is_part_10(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(132)[128:] == b"DICM"
    except OSError:
        return False
