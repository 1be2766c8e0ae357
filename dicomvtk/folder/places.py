"""Where files are kept: patient/study/series/file, by names made of their attributes that no other file has."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from dicomvtk.folder.instance import Instance

if TYPE_CHECKING:
    from dicomvtk.folder.levels import Level
    from dicomvtk.folder.series import Series

__all__ = ["layout", "places"]

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_NAME_LENGTH = 40
#: How many folders above its files a level leaves out.
_DEPTHS = {"Folder": 0, "Selection": 0, "Patient": 1, "Study": 2, "Series": 3}


def places(root: Path, instances: Iterable[Instance]) -> Iterator[tuple[Instance, Path]]:
    """Yield the place under `root` of each file: where it is, or a free name for a new one."""
    folders: dict[Series, Path] = {}
    numbers: dict[Path, int] = {}
    for one in instances:
        if one.path is not None:
            yield one, one.path
            continue
        folder = folders.get(one.series)
        if folder is None:
            kept = next((other.path.parent for other in one.series.instances if other.path), None)
            folder = folders[one.series] = kept or _free_folder(root, one.series, set(folders.values()))
        number = numbers.get(folder, 0) + 1
        while (folder / _file_name(number)).exists():
            number += 1
        numbers[folder] = number
        yield one, folder / _file_name(number)


def layout(level: Level, instances: Sequence[Instance]) -> Iterator[tuple[Instance, Path]]:
    """Yield the name of each file in a new folder: patient/study/series/file, from where `level` begins."""
    depth = _DEPTHS[type(level).__name__]
    folders: dict[Series, Path] = {}
    numbers: dict[Path, int] = {}
    for one in instances:
        folder = folders.get(one.series)
        if folder is None:
            names = _folder_names(one.series)[depth:]
            folder = _free(Path(*names), set(folders.values())) if names else Path()
            folders[one.series] = folder
        numbers[folder] = numbers.get(folder, 0) + 1
        yield one, folder / _file_name(numbers[folder])


def _free_folder(root: Path, series: Series, taken: set[Path]) -> Path:
    parts = _folder_names(series)
    near = next((other.path.parent.parent for other in series.study.instances if other.path), None)
    parent = near if near is not None and near.is_relative_to(root) else root
    if near is None:
        parent = root / parts[0] / parts[1]
    return _free(parent / parts[2], taken)


def _folder_names(series: Series) -> tuple[str, str, str]:
    """Return what the folders of a series are called: by patient, by study, by series."""
    first = series.instances[0]

    def text(*keywords: str) -> str:
        return "-".join(str(first.get(keyword)) for keyword in keywords if first.get(keyword) not in (None, ""))

    return (
        _safe(text("PatientID") or text("PatientName"), "patient"),
        _safe(text("StudyDate", "StudyDescription") or text("StudyID"), "study"),
        _safe(text("SeriesNumber", "SeriesDescription"), "series"),
    )


def _safe(text: str, otherwise: str) -> str:
    return _UNSAFE.sub("_", text).strip("._-")[:_NAME_LENGTH] or otherwise


def _free(folder: Path, taken: set[Path]) -> Path:
    """Return `folder`, or with a number behind it where that name is taken."""
    candidate, again = folder, 2
    while candidate in taken or candidate.exists():
        candidate, again = folder.with_name(f"{folder.name}-{again}"), again + 1
    return candidate


def _file_name(number: int) -> str:
    return f"IM{number:04d}.dcm"
