"""``dicomvtk transcode``: the same DICOM files with their pixels in another coding."""

from __future__ import annotations

import click

from dicomvtk.cli.console import Console
from dicomvtk.dicom.transcode import SYNTAXES
from dicomvtk.dicom.transcode import transcode as transcode_files

__all__ = ["transcode"]


@click.command()
@click.argument("src", type=click.Path())
@click.argument("out", type=click.Path())
@click.option(
    "--syntax", type=click.Choice(SYNTAXES), required=True, help="explicit is uncompressed; none loses a bit."
)
@click.option("--overwrite", is_flag=True, help="Replace what OUT holds.")
@click.pass_obj
def transcode(console: Console, /, src: str, out: str, syntax: str, overwrite: bool) -> None:
    """Write the DICOM files in SRC to the folder OUT in another transfer syntax, changing nothing else."""
    with console.progress("transcoding") as progress:
        count = transcode_files(src, out, syntax, overwrite=overwrite, progress=progress)
    console.done(f"{count} file{'s' if count != 1 else ''} of {syntax} in {out}")
