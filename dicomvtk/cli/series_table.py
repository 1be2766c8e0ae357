"""A row for each series, its attributes in columns, as CSV (RFC 4180)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Any

import click

import dicomvtk
from dicomvtk.cli.console import Console
from dicomvtk.folder.attribute_path import MissingAttributeError

__all__ = ["tell_table"]

#: What DICOM puts between the values of one attribute (PS3.5 section 6.2).
_BETWEEN = "\\"
_BETWEEN_LISTS = " | "


def tell_table(console: Console, path: str, columns: Sequence[str] | None) -> None:
    """Print the series under `path` as CSV with a line of headings; raises NoDicomError, click.BadParameter."""
    with console.progress("scanning") as progress:
        folder = dicomvtk.open_folder(path, progress=progress)
        try:
            rows = folder.table(columns)
        except MissingAttributeError as unknown:
            raise click.BadParameter(str(unknown), param_hint="--columns") from None
    for line in _lines(rows):
        console.say(line)
    if folder.skipped:
        console.note("skipped: " + ", ".join(f"{count} {reason}" for reason, count in folder.skipped.items()))


def _lines(rows: Sequence[dict[str, Any]]) -> Iterator[str]:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="")
    for values in (list(rows[0]), *(row.values() for row in rows)):
        text.seek(0)
        text.truncate()
        writer.writerow([_in_a_cell(value) for value in values])
        yield text.getvalue()


def _in_a_cell(value: Any) -> str:
    """Return a value as text; several with a backslash between them, as DICOM writes them, and nothing for none."""
    if value is None:
        return ""
    if isinstance(value, list):
        between = _BETWEEN_LISTS if any(isinstance(one, list) for one in value) else _BETWEEN
        return between.join(map(_in_a_cell, value))
    return str(value)
