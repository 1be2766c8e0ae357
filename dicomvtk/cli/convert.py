"""``dicomvtk convert``: one volume from one format to another, or every volume of many inputs into a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from dicomvtk import formats
from dicomvtk.cli.console import Console
from dicomvtk.cli.converter import Converter, Existing
from dicomvtk.cli.many import DICOM, Job, convert_all
from dicomvtk.cli.source import Source, reading_options
from dicomvtk.errors import UnsupportedError

__all__ = ["convert"]

_ALL = "all"
_TARGETS = (*formats.SUFFIXES, DICOM)


@click.command()
@click.argument("sources", metavar="SRC...", type=click.Path(), nargs=-1, required=True)
@click.argument("out", type=click.Path())
@reading_options
@click.option("--to", type=click.Choice(_TARGETS), help="Write every volume of every SRC into the folder OUT.")
@click.option("--template", help="Names in the folder OUT, such as '{PatientID}/{SeriesNumber}.nii.gz'; see above.")
@click.option("--overwrite", is_flag=True, help="Replace what exists.")
@click.option("--resume", is_flag=True, help="Leave out what exists: files are whole or absent, so it is done.")
@click.option("--sidecar", is_flag=True, help="Beside it a .json of the acquisition (BIDS); .bval, .bvec of diffusion.")
@click.option("--identifiers", is_flag=True, help="Patient, place, date and time in the --sidecar.")
@click.option("--like", type=click.Path(exists=True), help="DICOM to take patient and study from, for a DICOM OUT.")
@click.option("--fill", type=float, help="Value for NaN and infinities, for a DICOM OUT.")
@click.pass_context
def convert(
    context: click.Context,
    /,
    sources: tuple[str, ...],
    out: str,
    to: str | None,
    template: str | None,
    overwrite: bool,
    resume: bool,
    sidecar: bool,
    identifiers: bool,
    like: str | None,
    fill: float | None,
    **options: Any,
) -> None:
    """Write the volume in SRC to OUT: a file (.nii.gz .nii .nrrd .mha .vti .npz .tif by suffix) or a folder of DICOM.

    With --to, --template, --series all or several SRC, every volume is written into the folder OUT, each to a file of
    its own; one that fails is named, the others go on, and the exit code is 3. In a template {Keyword} is any DICOM
    attribute, {key} the series in `info`, {source} the name of the SRC, {n} the number of the volume; a slash makes a
    folder. .nii, .nii.gz, .nrrd and .mha are written while the slices are read, and need no memory for the volume.

    No identifier of the patient goes along, unless --like or the template names it.
    """
    if overwrite and resume:
        raise click.UsageError("--overwrite and --resume do not go together: one replaces what exists, one keeps it.")
    if identifiers and not sidecar:
        raise click.UsageError("--identifiers is for the --sidecar.")
    if sidecar and (options["frame"] is not None or options["dims"] is not None):
        raise click.UsageError("--sidecar tells of whole series in their own order: neither --frame nor --dims.")
    existing = Existing.REPLACE if overwrite else Existing.KEEP if resume else Existing.REFUSE
    console: Console = context.obj
    converter = Converter(console, existing, like, fill, sidecar, identifiers)
    every = options["series"] == _ALL
    if every:
        options["series"] = None
    read_from = [Source.of({**options, "src": src}) for src in sources]
    if to is None and template is None and not every and len(sources) == 1:
        _check(out, like, fill, sidecar)
        converter.convert(read_from[0], out)
        return
    job = Job.of(Path(out), to, template, several=len(sources) > 1)
    if job.suffix != DICOM:
        _check_for_dicom_alone(like, fill)
    context.exit(convert_all(console, converter, read_from, job))


def _check(out: str, like: str | None, fill: float | None, sidecar: bool) -> None:
    """Refuse before anything is read what cannot be written."""
    to_file = not formats.names_folder(out)
    if to_file and not formats.handles(out):
        raise formats.unknown_suffix(out)
    if to_file:
        _check_for_dicom_alone(like, fill)
    if sidecar and not to_file:
        raise UnsupportedError("A --sidecar goes beside a file; the headers of a DICOM OUT hold what it would say.")


def _check_for_dicom_alone(like: str | None, fill: float | None) -> None:
    if like is not None:
        raise click.UsageError("--like is for a DICOM OUT: other formats hold no patient and no study.")
    if fill is not None:
        raise click.UsageError("--fill is for a DICOM OUT: other formats hold NaN and infinities as they are.")
