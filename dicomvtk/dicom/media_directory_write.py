"""DICOMDIRs, made by pydicom's FileSet: for files where they lie, or for files renamed as a medium allows (PS3.10).

Names on a medium have up to 8 capitals and digits and no suffix, in folders of patient, study and series.
"""

from __future__ import annotations

import io
import os
import re
import tempfile
import warnings
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
#: A File ID component (PS3.10 section 8.2), and how many there may be.
_COMPONENT = re.compile("[A-Z0-9_]{1,8}")
_MOST_COMPONENTS = 8


@dataclass(frozen=True)
class DirectoryReport:
    """What was written: the DICOMDIR, how many files it lists, and (file, why) of those it does not."""

    path: Path
    listed: int
    left_out: tuple[tuple[str, str], ...]


def write_directory(folder: str | os.PathLike[str], *, progress: Progress | None = None) -> DirectoryReport:
    """Write ``folder/DICOMDIR`` for the DICOM files below `folder`, where they lie; one that is there is replaced.

    Raises UnsupportedError for file names that a DICOMDIR cannot hold (PS3.10 section 8.2: up to 8 parts of up to 8
    characters A-Z, 0-9 and _); `copy_as_file_set` gives files such names. NoDicomError where there is no DICOM.
    """
    top = Path(folder)
    file_set, left_out = _gather(top, progress, with_pixels=False)
    places = {str(data_set.SOPInstanceUID): path.relative_to(top).parts for path, data_set in file_set}
    for parts in places.values():
        _check_name(parts, top)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        data_set = _pointing_to(_made_directory([d for _, d in file_set]), places)
    target = top / "DICOMDIR"
    with atomic_file(target) as sibling:
        sibling.write_bytes(data_set)
    return DirectoryReport(target, len(places), tuple(left_out))


def copy_as_file_set(
    folder: str | os.PathLike[str], out: str | os.PathLike[str], *, progress: Progress | None = None
) -> DirectoryReport:
    """Copy the DICOM files below `folder` to `out`, which must be empty or absent, under names fit for a DICOMDIR."""
    target = Path(out)
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise WriteError(f"Cannot write a file-set to {target}: it exists and is not an empty folder.")
    found, left_out = _gather(Path(folder), progress, with_pixels=True)
    with new_folder(target) as filling:
        _write_file_set((path for path, _ in found), filling)
    return DirectoryReport(target / "DICOMDIR", len(found), tuple(left_out))


def rename_as_file_set(folder: Path, names: Sequence[str]) -> list[str]:
    """Give the images `names` of `folder` names fit for a DICOMDIR, and write it; return them in the same order."""
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        places = _write_file_set((folder / name for name in names), Path(scratch))
        renamed = [places[_instance_uid(folder / name)] for name in names]
        for name in names:
            (folder / name).unlink()
        for entry in Path(scratch).iterdir():
            entry.rename(folder / entry.name)
    return [str(path) for path in renamed]


def _write_file_set(paths: Iterable[Path], target: Path) -> dict[str, Path]:
    """Copy files into the folder `target` with a DICOMDIR; return where each lies in it, by SOPInstanceUID."""
    from pydicom.fileset import FileSet

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        file_set = FileSet()
        file_set.ID = _FILE_SET_ID
        for path in paths:
            try:
                file_set.add(path)
            except (ValueError, AttributeError, KeyError) as error:
                raise UnsupportedError(f"Cannot list {path} in a DICOMDIR: {error}. Write it without.") from error
        try:
            file_set.write(target)
        except OSError as error:
            raise WriteError(f"Cannot write a file-set to {target}: {error.strerror or error}.") from error
    return {str(image.SOPInstanceUID): Path(image.path).relative_to(target) for image in file_set}


def _instance_uid(path: Path) -> str:
    import pydicom

    return str(pydicom.dcmread(path, specific_tags=["SOPInstanceUID"], stop_before_pixels=True).SOPInstanceUID)


def _gather(
    top: Path, progress: Progress | None, *, with_pixels: bool
) -> tuple[list[tuple[Path, Any]], list[tuple[str, str]]]:
    """Return (file, header) of what a directory can list, one of each SOPInstanceUID, and (file, why) of the rest."""
    import pydicom
    from pydicom.fileset import FileSet

    found: list[tuple[Path, Any]] = []
    left_out: list[tuple[str, str]] = []
    seen: set[str] = set()
    paths = [path for path in list_files(top, {}) if not is_directory_name(path)]
    for n, path in enumerate(paths):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                header = pydicom.dcmread(path, stop_before_pixels=True)
                FileSet().add(path if with_pixels else header)
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # not DICOM, or without what a directory record needs
            left_out.append((path, str(error)))
            continue
        if header.SOPInstanceUID in seen:
            left_out.append((path, f"SOPInstanceUID (0008,0018) {header.SOPInstanceUID} is another file's too"))
            continue
        seen.add(header.SOPInstanceUID)
        found.append((Path(path), header))
        if progress is not None:
            progress(n + 1, len(paths))
    if not found:
        raise NoDicomError(f"Cannot write a DICOMDIR for {top}: no DICOM file below it that a directory can list.")
    return found, left_out


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
