"""What `info` tells of a DICOMDIR: the tree of its records, how many of each, and how it agrees with the disk."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from dicomvtk.errors import DicomVtkError

if TYPE_CHECKING:
    from dicomvtk.dicom.media_directory import Directory, Record

__all__ = ["directory_at", "directory_entry", "directory_lines"]

_FILES_NAMED = 5


def directory_at(path: str) -> Directory | None:
    """Return the DICOMDIR at `path`; None for a path of another name, and for one that cannot be read."""
    if os.path.basename(path).upper() != "DICOMDIR" or not os.path.isfile(path):
        return None
    from dicomvtk.dicom.media_directory import read_directory

    try:
        return read_directory(path)
    except DicomVtkError:
        return None


def directory_entry(directory: Directory) -> dict[str, Any]:
    from dicomvtk.dicom.media_directory import check_directory

    missing, not_listed = check_directory(directory)
    return {"records": directory.counts, "missing": missing, "not_listed": not_listed}


def directory_lines(directory: Directory) -> Iterator[str]:
    told = directory_entry(directory)
    yield f"{directory.path}: " + ", ".join(f"{count} {kind}" for kind, count in told["records"].items())
    for record in directory.records:
        yield from _lines(record, 1)
    for word, files in (("missing", told["missing"]), ("not listed", told["not_listed"])):
        more = f" and {len(files) - _FILES_NAMED} more" if len(files) > _FILES_NAMED else ""
        yield f"{word}: {len(files)} files" + (f" ({', '.join(files[:_FILES_NAMED])}{more})" if files else "")


def _lines(record: Record, depth: int) -> Iterator[str]:
    """Yield a line for each record down to the series, with the number of those below."""
    leaves = [child for child in record.children if not child.children and child.file]
    count = f" ({len(leaves)} files)" if leaves else ""
    yield f"{'  ' * depth}{record.kind} {record.text}".rstrip() + count
    for child in record.children:
        if child not in leaves:
            yield from _lines(child, depth + 1)
