"""``dicomvtk view``: a window on a volume, or its picture."""

from __future__ import annotations

from typing import Any

import click

import dicomvtk
from dicomvtk.cli.around import around, open_paths
from dicomvtk.cli.console import Console
from dicomvtk.cli.pictures import Wanted, size_option, view_options
from dicomvtk.cli.source import Source, source_options
from dicomvtk.render.around import Around
from dicomvtk.render.preferences import load_preferences
from dicomvtk.volume import Volume

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
    if output is None:
        wanted = Wanted.of(options, load_preferences().view())
        volume, surroundings = _opened(source, console)
        wanted.save(dicomvtk.view(volume, wanted.on(volume), around=surroundings))
        return
    wanted = Wanted.of(options)
    volume = source.read(console, largest=True)
    shown = wanted.on(volume)
    dicomvtk.snapshot(volume, output, shown, size)
    wanted.save(shown)
    console.done(output)


def _opened(source: Source, console: Console) -> tuple[Volume, Around]:
    """Return the volume, and what a window may say of the folder it came from."""
    if not source.is_dicom:
        return source.read(console), Around(open_paths=open_paths)
    entries = source.entries(console)
    if source.series is not None:
        volume = source.read(console)
        return volume, around(entries, volume.info.key)
    entry = source.largest(console, entries)
    return source.read_entry(console, entry), around(entries, entry.key)
