"""Files under a path: every regular file, recursively, in natural order, and nothing else is ever opened."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable
from pathlib import Path

from dicomvtk.errors import DicomVtkError, NoDicomError

__all__ = ["STAGING", "Skipped", "file_version", "list_files", "natural_order"]

#: Where new versions of files wait while a folder is saved: never entered, since each is a copy of a file beside it.
STAGING = ".dicomvtk-saving"

#: Why files were passed over: reason to paths.
Skipped = dict[str, list[str]]

#: Reasons for passing over: what a DICOMDIR lists, and a DICOMDIR itself.
NOT_THERE = "listed in the DICOMDIR, not there"
DAMAGED_DIRECTORY = "damaged DICOMDIR, all of its folder is read"

_NUMBER = re.compile("([0-9]+)")
_ANY_DIGIT = str.maketrans("123456789", "000000000")


def list_files(path: str | os.PathLike[str] | Iterable[str | os.PathLike[str]], skipped: Skipped) -> list[str]:
    """Return the regular files at `path`, a file, a folder (searched recursively) or several of either.

    Folders come in natural order and so do the names in each. Links are followed once: a folder already seen (by
    device and inode) is not entered again. Devices, pipes and sockets are never opened; what is passed over is added
    to `skipped` by reason. Raises NoDicomError for a path that does not exist.
    """
    if isinstance(path, str | os.PathLike):
        return _under(os.fspath(path), skipped)
    found: list[str] = []
    for one in path:
        found += _under(os.fspath(one), skipped)
    return list(dict.fromkeys(found))


def file_version(path: str) -> tuple[int, int, int]:
    """Return what changes when a file is written anew: its inode, size and time of change."""
    status = os.stat(path)
    return status.st_ino, status.st_size, status.st_mtime_ns


def _under(path: str, skipped: Skipped) -> list[str]:
    try:
        status = os.stat(path)
    except OSError as error:
        raise NoDicomError(f"Cannot read {path}: {error.strerror or error}. Expected a DICOM file or folder.") from None
    if stat.S_ISDIR(status.st_mode):
        return _in_folder(path, skipped)
    if stat.S_ISREG(status.st_mode):
        if Path(path).name.upper() == "DICOMDIR":
            return _listed(path, skipped) or _in_folder(os.path.dirname(path) or ".", skipped)
        return [path]
    raise NoDicomError(f"Cannot read {path}: it is not a regular file or folder. Expected a DICOM file or folder.")


def _listed(path: str, skipped: Skipped) -> list[str]:
    """Return the files that a DICOMDIR lists and that are there; none where it is damaged: then its folder counts.

    Those that are not there are told beside the others of their folder.
    """
    from dicomvtk.dicom.media_directory import read_directory

    try:
        files = read_directory(path).files
    except DicomVtkError:
        skipped.setdefault(DAMAGED_DIRECTORY, []).append(path)
        return []
    folders = {os.path.dirname(name): str(place.parent) for name, place in files.items() if place is not None}
    missing = [name for name, place in files.items() if place is None]
    if folders and missing:
        top = os.path.dirname(path)
        skipped[NOT_THERE] = [
            os.path.join(folders.get(os.path.dirname(name), os.path.join(top, os.path.dirname(name))), Path(name).name)
            for name in missing
        ]
    return natural_order([str(place) for place in files.values() if place is not None])


def _in_folder(top: str, skipped: Skipped) -> list[str]:
    found: list[str] = []
    seen: set[tuple[int, int]] = set()
    waiting = [top]
    while waiting:
        folder = waiting.pop()
        try:
            status = os.stat(folder)
            if (status.st_dev, status.st_ino) in seen:
                continue
            seen.add((status.st_dev, status.st_ino))
            with os.scandir(folder) as entries:
                folders, names = _sorted_entries(entries, skipped)
        except OSError as error:
            skipped.setdefault(f"unreadable folder ({error.strerror})", []).append(folder)
            continue
        start = os.path.join(folder, "")
        found += [start + name for name in names]
        waiting += [start + name for name in reversed(folders)]
    return found


def _sorted_entries(entries: Iterable[os.DirEntry[str]], skipped: Skipped) -> tuple[list[str], list[str]]:
    folders, names = [], []
    for entry in entries:
        try:
            if entry.is_file():
                names.append(entry.name)
            elif entry.is_dir():
                if entry.name != STAGING:
                    folders.append(entry.name)
            else:
                reason = "dangling link" if entry.is_symlink() else "not a regular file"
                skipped.setdefault(reason, []).append(entry.path)
        except OSError:
            skipped.setdefault("dangling link", []).append(entry.path)
    return natural_order(folders), natural_order(names)


def natural_order(names: list[str]) -> list[str]:
    """Return names in the order people mean: numbers in them by their value, IM2 before IM10."""
    if not all(map(str.isascii, names)):  # digits and accents of all scripts
        from natsort import natsorted

        return natsorted(names)
    if len({name.translate(_ANY_DIGIT) for name in names}) == 1:  # numbers of one width sort as text does
        return sorted(names)
    return sorted(names, key=_texts_and_numbers)


def _texts_and_numbers(name: str) -> list[str | int]:
    parts: list[str | int] = list(_NUMBER.split(name))
    parts[1::2] = map(int, parts[1::2])
    return parts
