"""``dicomvtk convert``: one volume from one format to another."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

import dicomvtk
from dicomvtk import formats
from dicomvtk.cli.console import Console
from dicomvtk.cli.source import Source, source_options
from dicomvtk.errors import WriteError
from dicomvtk.volume import Volume

__all__ = ["convert"]


@click.command()
@source_options
@click.argument("out", type=click.Path())
@click.option("--overwrite", is_flag=True, help="Replace OUT where it exists.")
@click.option("--like", type=click.Path(exists=True), help="DICOM to take patient and study from, for a DICOM OUT.")
@click.pass_obj
def convert(
    console: Console,
    /,
    out: str,
    overwrite: bool,
    like: str | None,
    **options: Any,
) -> None:
    """Write the volume in SRC to OUT: a file by its suffix (.nii.gz .nii .nrrd .mha .vti .npz), or a folder of DICOM.

    No identifier of the patient goes along, unless --like names where to take it from.
    """
    to_file = formats.handles(out) and not Path(out).is_dir()
    if not to_file and Path(out).suffix and not Path(out).is_dir():
        raise formats.unknown_suffix(out)
    if to_file and like is not None:
        raise click.UsageError("--like is for a DICOM OUT: other formats hold no patient and no study.")
    if to_file and Path(out).exists() and not overwrite:
        raise WriteError(f"Cannot write {out}: it exists. --overwrite replaces it.")
    volume = Source.of(options).read(console)
    if to_file:
        formats.save(volume, out)
        console.done(f"{out}: {' x '.join(map(str, volume.shape))} {volume.dtype.name}")
    else:
        console.done(_write_dicom(console, volume, out, like, overwrite))


def _write_dicom(console: Console, volume: Volume, out: str, like: str | None, overwrite: bool) -> str:
    with console.progress("writing") as progress:
        return str(dicomvtk.write_series(volume, out, like=like, overwrite=overwrite, progress=progress))
