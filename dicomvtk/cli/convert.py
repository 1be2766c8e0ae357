"""``dicomvtk convert``: one volume from one format to another, or every volume under a path."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

import dicomvtk
from dicomvtk import formats
from dicomvtk.cli.console import Console, as_options
from dicomvtk.cli.source import Source, source_options
from dicomvtk.errors import DicomVtkError, WriteError
from dicomvtk.volume import Volume

if TYPE_CHECKING:
    from dicomvtk.dicom.stack import Stack

__all__ = ["convert"]

_SOME_DONE, _NOTHING_DONE = 3, 1


@click.command()
@source_options
@click.argument("out", type=click.Path())
@click.option("--overwrite", is_flag=True, help="Replace OUT where it exists.")
@click.option("--like", type=click.Path(exists=True), help="DICOM to take patient and study from, for a DICOM OUT.")
@click.option(
    "--each",
    type=click.Choice(formats.SUFFIXES),
    help="Write every volume under SRC into the folder OUT, a file each; exit code 3 where some could not be.",
)
@click.pass_context
def convert(
    context: click.Context,
    /,
    out: str,
    overwrite: bool,
    like: str | None,
    each: str | None,
    **options: Any,
) -> None:
    """Write the volume in SRC to OUT: a file by its suffix (.nii.gz .nii .nrrd .mha .vti .npz), or a folder of DICOM.

    No identifier of the patient goes along, unless --like names where to take it from.
    """
    source, console = Source.of(options), context.obj
    if each is None:
        _check(out, like, overwrite)
        _convert(console, source.read(console), out, like, overwrite)
        return
    if source.series is not None or like is not None:
        raise click.UsageError("--each goes neither with --series nor with --like.")
    context.exit(_convert_each(console, source, Path(out), each, overwrite))


def _check(out: str, like: str | None, overwrite: bool) -> None:
    """Refuse before anything is read what cannot be written."""
    to_file = not formats.names_folder(out)
    if to_file and not formats.handles(out):
        raise formats.unknown_suffix(out)
    if to_file and like is not None:
        raise click.UsageError("--like is for a DICOM OUT: other formats hold no patient and no study.")
    if to_file:
        _check_free(out, overwrite)


def _check_free(out: str, overwrite: bool) -> None:
    if Path(out).exists() and not overwrite:
        raise WriteError(f"Cannot write {out}: it exists. --overwrite replaces it.")


def _convert(console: Console, volume: Volume, out: str, like: str | None, overwrite: bool) -> None:
    if not formats.names_folder(out):
        _save(console, volume, out, overwrite)
        return
    with console.progress("writing") as progress:
        report = dicomvtk.write_series(volume, out, like=like or False, overwrite=overwrite, progress=progress)
    console.done(str(report))


def _save(console: Console, volume: Volume, out: str, overwrite: bool) -> None:
    _check_free(out, overwrite)
    formats.save(volume, out)
    console.done(f"{out}: {' x '.join(map(str, volume.shape))} {volume.dtype.name}")


def _convert_each(console: Console, source: Source, folder: Path, suffix: str, overwrite: bool) -> int:
    """Return the exit code of writing every volume; those that fail are named and the others go on."""
    entries = source.entries(console)
    folder.mkdir(parents=True, exist_ok=True)
    failed = 0
    for entry in entries:
        try:
            _save(console, source.read_entry(console, entry), str(folder / _file_name(entry, suffix)), overwrite)
        except DicomVtkError as error:
            failed += 1
            console.failure(f"{entry.key}: {as_options(str(error))}")
    if not failed:
        return 0
    return _NOTHING_DONE if failed == len(entries) else _SOME_DONE


def _file_name(entry: Stack, suffix: str) -> str:
    """Return the key of a volume as the name of a file: nothing in it leads out of the folder."""
    return re.sub(r"[^A-Za-z0-9_-]", "_", entry.key) + suffix
