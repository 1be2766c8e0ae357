"""``dicomvtk dicomdir``: write the DICOMDIR of a folder, or copy a folder as a file-set with one."""

from __future__ import annotations

import click

from dicomvtk.cli.console import Console, as_options

__all__ = ["dicomdir"]

_SOME_DONE = 3


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False))
@click.option("--copy", "out", type=click.Path(), metavar="OUT", help="Copy the files there, renamed as needed.")
@click.option("--invent", is_flag=True, help="Make up, in the DICOMDIR alone, what it must have and files lack.")
@click.pass_context
def dicomdir(context: click.Context, /, folder: str, out: str | None, invent: bool) -> None:
    """Write FOLDER/DICOMDIR, which lists the DICOM files below FOLDER by patient, study and series.

    Names that a DICOMDIR cannot hold (longer than 8 characters, lower case, a suffix) need --copy. De-identified files
    often lack the date, time or ID of their study, which a DICOMDIR must have: they are left out, or listed with
    --invent. Exit code 3 where files had to be left out.
    """
    from dicomvtk.dicom.media_directory_write import copy_as_file_set, write_directory

    console: Console = context.obj
    with console.progress("reading") as progress:
        if out is None:
            report = write_directory(folder, invent=invent, progress=progress)
        else:
            report = copy_as_file_set(folder, out, invent=invent, progress=progress)
    for path, why in report.left_out:
        console.note(f"left out {path}: {as_options(why)}")
    if report.invented:
        console.note(f"made up in the DICOMDIR, where files lack it: {', '.join(report.invented)}")
    console.done(f"{report.path}: {report.listed} files listed")
    context.exit(_SOME_DONE if report.left_out else 0)
