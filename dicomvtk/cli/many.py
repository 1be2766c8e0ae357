"""Every volume of many inputs, each to a name made by a template; one that fails does not stop the others."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dicomvtk import formats
from dicomvtk.cli.console import Console, as_options
from dicomvtk.cli.converter import Converter
from dicomvtk.cli.source import Source
from dicomvtk.errors import DicomVtkError, WriteError

if TYPE_CHECKING:
    from dicomvtk.dicom.file_names import NameTemplate
    from dicomvtk.dicom.stack import Stack

__all__ = ["DICOM", "Job", "convert_all"]

#: Stands for a folder of DICOM where a suffix would stand.
DICOM = "dicom"
_SOME_DONE, _NOTHING_DONE = 3, 1
#: Fields of a template that are no attributes.
_FURTHER = ("key", "source", "n")


@dataclass(frozen=True)
class Job:
    """The folder to fill, the suffix of its files (or `DICOM`), and their names."""

    folder: Path
    suffix: str
    names: NameTemplate

    @classmethod
    def of(cls, folder: Path, to: str | None, template: str | None, *, several: bool) -> Job:
        """Return the job that the options describe; raises UsageError where they do not say a format, or two."""
        from dicomvtk.dicom.file_names import NameTemplate

        if folder.exists() and not folder.is_dir():
            raise WriteError(f"Cannot write into {folder}: it is a file; several volumes need a folder.")
        stated = next((one for one in formats.SUFFIXES if template and template.lower().endswith(one)), None)
        suffix = to or stated
        if suffix is None:
            raise click.UsageError("Several volumes go into a folder: --to .nii.gz (or another) says as what.")
        if stated and suffix != stated:
            raise click.UsageError(f"--to {suffix} and the template's {stated} are two formats.")
        stem = template[: len(template) - len(stated)] if template and stated else template
        return cls(folder, suffix, NameTemplate(stem or ("{source}_{key}" if several else "{key}"), _FURTHER))


def convert_all(console: Console, converter: Converter, sources: Sequence[Source], job: Job) -> int:
    """Return the exit code of converting every volume of `sources`; those that fail are named."""
    done = failed = number = 0
    for source in sources:
        try:
            entries = _entries(console, source)
        except DicomVtkError as error:
            failed += 1
            console.failure(as_options(str(error)))
            continue
        damaged = _damaged(entries)
        failed += len(damaged)
        for path in damaged:
            console.failure(f"{path}: damaged, or not readable")
        for entry in entries:
            number += 1
            label = source.src if entry is None else f"{source.src}: {entry.key}"
            try:
                converter.convert(source, _target(job, source, entry, number), entry)
                done += 1
            except (DicomVtkError, OSError) as error:
                failed += 1
                console.failure(f"{label}: {as_options(str(error))}")
    return 0 if not failed else _SOME_DONE if done else _NOTHING_DONE


def _entries(console: Console, source: Source) -> Sequence[Stack | None]:
    """Return the volumes of a source; None stands for that of a file that is not DICOM."""
    if not source.is_dicom:
        return [None]
    return source.entries(console) if source.series is None else [source.choose(console)]


def _damaged(entries: Sequence[Stack | None]) -> list[str]:
    """Return the files that the scan could not read."""
    skipped: dict[str, list[str]] = getattr(entries, "skipped_files", {})
    return [path for reason in ("damaged", "unreadable") for path in skipped.get(reason, [])]


def _target(job: Job, source: Source, entry: Stack | None, number: int) -> str:
    """Return where a volume goes, its folder made; a folder of DICOM ends in a separator, which says so."""
    from dicomvtk.dicom.file_names import file_header

    header = file_header(entry.files[0]) if entry is not None and job.names.keywords else None
    stem = _stem(source.src)
    further = {"key": stem if entry is None else entry.key, "source": stem, "n": f"{number:04}"}
    name = job.names.name(header, further, "" if job.suffix == DICOM else job.suffix)
    target = job.folder.joinpath(*name.split("/"))
    target.parent.mkdir(parents=True, exist_ok=True)
    return f"{target}{os.sep}" if job.suffix == DICOM else str(target)


def _stem(src: str) -> str:
    """Return the name of a source without a suffix of a format.

    >>> _stem("study/head.nii.gz"), _stem("study/a.b/")
    ('head', 'a.b')
    """
    name = Path(os.path.abspath(src)).name
    known = next((one for one in formats.SUFFIXES if name.lower().endswith(one)), "")
    return name[: len(name) - len(known)] or "volume"
