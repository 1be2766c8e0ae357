"""``dicomvtk phantom``: a head whose every value is known, to try the rest on."""

from __future__ import annotations

from pathlib import Path

import click

import dicomvtk
from dicomvtk import formats
from dicomvtk.cli.console import Console
from dicomvtk.cli.values import Numbers
from dicomvtk.errors import WriteError

__all__ = ["phantom"]


@click.command()
@click.argument("out", type=click.Path())
@click.option(
    "--shape",
    type=Numbers(int, 3, above=0),
    default="256,256,180",
    show_default=True,
    metavar="I,J,K",
    help="Columns, rows, slices.",
)
@click.option("--spacing", type=Numbers(float, 3, above=0), metavar="I,J,K", help="mm; fits the head if left out.")
@click.option(
    "--orientation",
    type=click.Choice(["axial", "sagittal", "coronal", "oblique"]),
    default="axial",
    show_default=True,
)
@click.option("--modality", type=click.Choice(["CT", "MR"]), default="CT", show_default=True)
@click.option("--overwrite", is_flag=True, help="Replace OUT where it exists.")
@click.pass_obj
def phantom(
    console: Console,
    out: str,
    shape: tuple[int, int, int],
    spacing: tuple[float, float, float] | None,
    orientation: str,
    modality: str,
    overwrite: bool,
) -> None:
    """Make a head-like phantom with a lesion on its left in OUT: a folder of DICOM, or a file by its suffix."""
    to_file = formats.handles(out) and not Path(out).is_dir()
    if not to_file and Path(out).suffix and not Path(out).is_dir():
        raise formats.unknown_suffix(out)
    if to_file and Path(out).exists() and not overwrite:
        raise WriteError(f"Cannot write {out}: it exists. --overwrite replaces it.")
    volume = dicomvtk.phantom(shape, spacing, orientation, modality)
    if to_file:
        formats.save(volume, out)
        console.done(f"{out}: {' x '.join(map(str, volume.shape))} {volume.dtype.name}")
        return
    with console.progress("writing") as progress:
        console.done(str(dicomvtk.write_series(volume, out, overwrite=overwrite, progress=progress)))
