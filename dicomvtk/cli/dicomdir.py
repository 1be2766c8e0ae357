"""``dicomvtk dicomdir``: write the DICOMDIR of a folder, or copy a folder as a file-set with one."""

from __future__ import annotations

import click

from dicomvtk.cli.console import Console

__all__ = ["dicomdir"]

_SOME_DONE = 3


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False))
@click.option("--copy", "out", type=click.Path(), metavar="OUT", help="Copy the files there, renamed as needed.")
@click.pass_context
def dicomdir(context: click.Context, /, folder: str, out: str | None) -> None:
    """Write FOLDER/DICOMDIR, which lists the DICOM files below FOLDER by patient, study and series.

    Names that a DICOMDIR cannot hold (longer than 8 characters, lower case, a suffix) need --copy. Exit code 3 where
    DICOM files had to be left out.
    """
    from dicomvtk.dicom.media_directory_write import copy_as_file_set, write_directory

    console: Console = context.obj
    with console.progress("reading") as progress:
        if out is None:
            report = write_directory(folder, progress=progress)
        else:
            report = copy_as_file_set(folder, out, progress=progress)
    for path, why in report.left_out:
        console.note(f"left out {path}: {why}")
    console.done(f"{report.path}: {report.listed} files listed")
    context.exit(_SOME_DONE if report.left_out else 0)
