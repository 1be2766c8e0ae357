"""DICOMDIRs, made by pydicom's FileSet: for files where they lie, or for files renamed as a medium allows (PS3.10).

Names on a medium have up to 8 capitals and digits and no suffix, in folders of patient, study and series.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import tempfile
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dicomvtk.atomic import atomic_file
from dicomvtk.atomic_folder import new_folder
from dicomvtk.dicom.files import list_files
from dicomvtk.dicom.media_directory import is_directory_name
from dicomvtk.errors import NoDicomError, UnsupportedError, WriteError

__all__ = ["DirectoryReport", "copy_as_file_set", "rename_as_file_set", "write_directory"]

Progress = Callable[[int, int], None]

_FILE_SET_ID = "DICOMVTK"
#: What records of patient, study, series and image must have (PS3.3 F.5.1 to F.5.4), and files often do not.
_KEYS = ("PatientID", "StudyDate", "StudyTime", "StudyID", "Modality", "SeriesNumber", "InstanceNumber")
#: A File ID component (PS3.10 section 8.2), and how many there may be.
_COMPONENT = re.compile("[A-Z0-9_]{1,8}")
_MOST_COMPONENTS = 8


@dataclass(frozen=True)
class DirectoryReport:
    """What was written: the DICOMDIR, how many files it lists, and (file, why) of those it does not.

    `invented` names the attributes that its records have and some files lack.
    """

    path: Path
    listed: int
    left_out: tuple[tuple[str, str], ...]
    invented: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Listed:
    """A file to list: its header, and which attributes of it were made up."""

    path: Path
    header: Any
    invented: tuple[str, ...] = ()


def write_directory(
    folder: str | os.PathLike[str], *, invent: bool = False, progress: Progress | None = None
) -> DirectoryReport:
    """Write ``folder/DICOMDIR`` for the DICOM files below `folder`, where they lie; one that is there is replaced.

    Files without a date, time or ID of their study, or without the other values that records must have, are left out,
    or with `invent` get such values in the DICOMDIR alone: 1900-01-01, 0:00, and numbers, one for each study or series.

    Raises UnsupportedError for file names that a DICOMDIR cannot hold (PS3.10 section 8.2: up to 8 parts of up to 8
    characters A-Z, 0-9 and _); `copy_as_file_set` gives files such names. NoDicomError where there is no DICOM.
    """
    top = Path(folder)
    found, left_out = _gather(top, progress, invent, with_pixels=False)
    places = {str(one.header.SOPInstanceUID): one.path.relative_to(top).parts for one in found}
    for parts in places.values():
        _check_name(parts, top)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        data_set = _pointing_to(_made_directory([one.header for one in found]), places)
    target = top / "DICOMDIR"
    with atomic_file(target) as sibling:
        sibling.write_bytes(data_set)
    return DirectoryReport(target, len(places), tuple(left_out), _invented(found))


def copy_as_file_set(
    folder: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    invent: bool = False,
    progress: Progress | None = None,
) -> DirectoryReport:
    """Copy the DICOM files below `folder` to `out`, which must be empty or absent, under names fit for a DICOMDIR.

    The copies are the files byte for byte; `invent` is as in `write_directory`.
    """
    target = Path(out)
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise WriteError(f"Cannot write a file-set to {target}: it exists and is not an empty folder.")
    found, left_out = _gather(Path(folder), progress, invent, with_pixels=True)
    with new_folder(target) as filling:
        _write_file_set(((one.path, one.header if one.invented else one.path) for one in found), filling)
    return DirectoryReport(target / "DICOMDIR", len(found), tuple(left_out), _invented(found))


def rename_as_file_set(folder: Path, names: Sequence[str]) -> list[str]:
    """Give the images `names` of `folder` names fit for a DICOMDIR, and write it; return them in the same order."""
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        places = _write_file_set(((folder / name, folder / name) for name in names), Path(scratch))
        renamed = [places[_instance_uid(folder / name)] for name in names]
        for name in names:
            (folder / name).unlink()
        for entry in Path(scratch).iterdir():
            entry.rename(folder / entry.name)
    return [str(path) for path in renamed]


def _write_file_set(files: Iterable[tuple[Path, Any]], target: Path) -> dict[str, Path]:
    """Copy files into the folder `target` with a DICOMDIR; return where each lies in it, by SOPInstanceUID.

    Each comes with what its records are made of: the file, or another header in its place.
    """
    from pydicom.fileset import FileSet

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        file_set = FileSet()
        file_set.ID = _FILE_SET_ID
        stand_ins: dict[str, Path] = {}
        for path, described_by in files:
            try:
                added = file_set.add(described_by)
            except (ValueError, AttributeError, KeyError) as error:
                raise UnsupportedError(f"Cannot list {path} in a DICOMDIR: {error}. Write it without.") from error
            if described_by is not path:
                stand_ins[str(added.SOPInstanceUID)] = path
        try:
            file_set.write(target)
            places = {str(image.SOPInstanceUID): Path(image.path).relative_to(target) for image in file_set}
            for uid, path in stand_ins.items():
                shutil.copyfile(path, target / places[uid])
        except OSError as error:
            raise WriteError(f"Cannot write a file-set to {target}: {error.strerror or error}.") from error
    return places


def _instance_uid(path: Path) -> str:
    import pydicom

    return str(pydicom.dcmread(path, specific_tags=["SOPInstanceUID"], stop_before_pixels=True).SOPInstanceUID)


def _gather(
    top: Path, progress: Progress | None, invent: bool, *, with_pixels: bool
) -> tuple[list[_Listed], list[tuple[str, str]]]:
    """Return what a directory can list, one of each SOPInstanceUID, and (file, why) of the rest."""
    found: list[_Listed] = []
    left_out: list[tuple[str, str]] = []
    seen: set[str] = set()
    numbers = _Numbers()
    paths = [path for path in list_files(top, {}) if not is_directory_name(path)]
    for n, path in enumerate(paths):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                one = _listed(path, numbers if invent else None, with_pixels)
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # whatever pydicom raises on damage, or where a record needs more than it finds
            left_out.append((path, str(error).partition("\n")[0]))
            continue
        if one.header.SOPInstanceUID in seen:
            left_out.append((path, f"SOPInstanceUID (0008,0018) {one.header.SOPInstanceUID} is another file's too"))
            continue
        seen.add(one.header.SOPInstanceUID)
        found.append(one)
        if progress is not None:
            progress(n + 1, len(paths))
    if not found:
        reason = f"; {left_out[0][0]}: {left_out[0][1]}" if left_out else "."
        more = f" ({len(left_out) - 1} more files were left out)" if len(left_out) > 1 else ""
        raise NoDicomError(
            f"Cannot write a DICOMDIR for {top}: no DICOM file below it that a directory can list{reason}{more}"
        )
    return found, left_out


def _listed(path: str, numbers: _Numbers | None, with_pixels: bool) -> _Listed:
    """Return the header of a file, with what it lacks from `numbers`; raises where no directory can list it."""
    import pydicom
    from pydicom.errors import InvalidDicomError
    from pydicom.fileset import FileSet

    try:
        header = pydicom.dcmread(path, stop_before_pixels=True)
    except InvalidDicomError as error:
        raise UnsupportedError("no DICOM file, or one without the file meta information of PS3.10") from error
    lacking = tuple(key for key in _KEYS if header.get(key) in (None, ""))
    if lacking and numbers is None:
        raise UnsupportedError(
            f"{', '.join(lacking)} absent or empty, which a DICOMDIR must have (PS3.3 F.5); invent=True makes them up."
        )
    if numbers is not None:
        for key in lacking:
            setattr(header, key, numbers.made_up(key, header))
    FileSet().add(path if with_pixels and not lacking else header)
    return _Listed(Path(path), header, lacking)


class _Numbers:
    """Values for attributes that files lack: the same for all of a study or series, and no two alike."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[str, str], int] = {}
        self._counted: Counter[str] = Counter()

    def made_up(self, key: str, header: Any) -> str:
        if key in ("StudyDate", "StudyTime", "Modality"):
            return {"StudyDate": "19000101", "StudyTime": "000000", "Modality": "OT"}[key]
        uid = {"SeriesNumber": "SeriesInstanceUID", "InstanceNumber": "SOPInstanceUID"}.get(key, "StudyInstanceUID")
        if not header.get(uid):
            raise UnsupportedError(f"{key} cannot be made up: {uid} is absent or empty too")
        known = (key, str(header[uid].value))
        if known not in self._numbers:
            self._counted[key] += 1
            self._numbers[known] = self._counted[key]
        number = self._numbers[known]
        # Patients are told apart by their ID alone: of two studies without one it is not known to be the same.
        return f"{_FILE_SET_ID}-{number}" if key == "PatientID" else str(number)


def _invented(found: Sequence[_Listed]) -> tuple[str, ...]:
    return tuple(key for key in _KEYS if any(key in one.invented for one in found))


def _check_name(parts: tuple[str, ...], top: Path) -> None:
    if len(parts) <= _MOST_COMPONENTS and all(_COMPONENT.fullmatch(part) for part in parts):
        return
    raise UnsupportedError(
        f"Cannot list {top.joinpath(*parts)} in a DICOMDIR: names there are up to 8 parts of up to 8 characters A-Z, "
        "0-9 and _ (PS3.10 section 8.2). Copy the files under such names: copy_as_file_set(), --copy OUT."
    )


def _made_directory(headers: list[Any]) -> Any:
    """Return the DICOMDIR that pydicom makes of these headers, with the file names of its own."""
    import pydicom
    from pydicom.fileset import FileSet

    file_set = FileSet()
    file_set.ID = _FILE_SET_ID
    for header in headers:
        file_set.add(header)
    with tempfile.TemporaryDirectory(prefix="dicomvtk-") as place:
        file_set.write(place)
        return pydicom.dcmread(os.path.join(place, "DICOMDIR"))


def _pointing_to(directory: Any, places: dict[str, tuple[str, ...]]) -> bytes:
    """Return the bytes of the DICOMDIR with other file names, and the offsets of its records as they then are."""
    import pydicom

    old = [int(item.seq_item_tell) for item in directory.DirectoryRecordSequence]
    for item in directory.DirectoryRecordSequence:
        if "ReferencedFileID" in item:
            item.ReferencedFileID = list(places[str(item.ReferencedSOPInstanceUIDInFile)])
    moved = pydicom.dcmread(io.BytesIO(_written(directory)))
    new = dict(zip(old, (int(item.seq_item_tell) for item in moved.DirectoryRecordSequence), strict=True))
    for holder in (directory, *directory.DirectoryRecordSequence):
        for element in holder:
            if element.keyword.startswith("OffsetOf"):
                element.value = new.get(element.value, 0)
    return _written(directory)


def _written(data_set: Any) -> bytes:
    stream = io.BytesIO()
    data_set.save_as(stream, enforce_file_format=True)
    return stream.getvalue()
