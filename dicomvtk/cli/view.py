"""``dicomvtk view``: a window on a volume, or its picture."""

from __future__ import annotations

from typing import Any

import click

import dicomvtk
from dicomvtk.cli.console import Console
from dicomvtk.cli.pictures import Wanted, size_option, view_options
from dicomvtk.cli.source import Source, source_options

__all__ = ["view"]


@click.command()
@source_options
@view_options
@size_option
@click.option("--output", type=click.Path(), help="Save the picture here (PNG, JPEG, TIFF) and open no window.")
@click.pass_obj
def view(
    console: Console,
    /,
    size: tuple[int, int],
    output: str | None,
    **options: Any,
) -> None:
    """Open a window on the volume in SRC: a DICOM folder or file, or a file of another format.

    Of several series the one of most slices is opened. H in the window shows the keys.
    """
    source = Source.of(options)
    wanted = Wanted.of(options)
    volume = source.read(console, largest=True)
    if output is None:
        dicomvtk.view(volume, wanted.on(volume))
    else:
        dicomvtk.snapshot(volume, output, wanted.on(volume), size)
        console.done(output)
