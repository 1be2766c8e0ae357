"""``dicomvtk view``: a window on a volume, or its picture."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import click

import dicomvtk
from dicomvtk.cli.console import Console, as_options
from dicomvtk.cli.pictures import DEFAULT_SIZE, Wanted, size_option, view_options
from dicomvtk.cli.snapshot import save_picture_of
from dicomvtk.cli.source import Source, sources_options
from dicomvtk.errors import DicomVtkError
from dicomvtk.render.around import Around
from dicomvtk.render.errands import Progress
from dicomvtk.render.opengl import check_screen
from dicomvtk.render.preferences import load_preferences
from dicomvtk.surroundings import around, around_volume, open_paths
from dicomvtk.volume import Volume

__all__ = ["view"]


@click.command()
@sources_options
@view_options
@size_option("the picture (default {}x{}), or of the window as far as the screen has them".format(*DEFAULT_SIZE))
@click.option("--output", type=click.Path(), help="Save the picture here (PNG, JPEG, TIFF) and open no window.")
@click.pass_obj
def view(
    console: Console,
    /,
    size: tuple[int, int] | None,
    output: str | None,
    **options: Any,
) -> None:
    """Open a window on the volume in SRC: DICOM folders and files, searched together, or a file of another format.

    Of several series the one of most slices is opened, and Tab lists the others. H in the window shows the keys.

    Windows begin as ~/.config/dicomvtk/viewer.toml says: lines such as layout = "three" or neurological = true, and how
    screenshots are named.
    """
    source = Source.of(options)
    if output is not None:
        save_picture_of(console, source, options, output, size)
        return
    wanted = Wanted.of(options, load_preferences().view())
    if all(os.path.exists(path) for path in source.paths):  # one that is not there is told first
        check_screen()
    volume, surroundings = _opened(source, console)
    wanted.save(dicomvtk.view(volume, wanted.on(volume), around=_in_options(surroundings), size=size))


def _opened(source: Source, console: Console) -> tuple[Volume, Around]:
    """Return the volume, and what a window may say of the place it came from."""
    if not source.is_dicom and source.more and source.reads_plainly:
        return open_paths(source.paths)
    if not source.is_dicom:
        volume = source.read(console)
        return volume, around_volume(volume)
    entries = source.entries(console)
    entry = source.largest(console, entries) if source.series is None else source.choose(console)
    accepted = (*source.allow, *source.fix)
    surroundings = around(
        entries, entry.key, lambda other, progress: source.read_entry(console, other, progress), accepted
    )
    return source.read_entry(console, entry), surroundings


def _in_options(surroundings: Around) -> Around:
    """Return `surroundings` with what it refuses to open told in the words of the command line."""
    opens, reads = surroundings.open_paths, surroundings.open_series

    def dropped(paths: tuple[str, ...], progress: Progress) -> tuple[Volume, Around]:
        assert opens is not None
        with _told_in_options():
            volume, around_it = opens(paths, progress)
        return volume, _in_options(around_it)

    def another(key: str, progress: Progress) -> Volume:
        assert reads is not None
        with _told_in_options():
            return reads(key, progress)

    return replace(surroundings, open_paths=opens and dropped, open_series=reads and another)


@contextlib.contextmanager
def _told_in_options() -> Iterator[None]:
    try:
        yield
    except DicomVtkError as error:
        error.args = (as_options(str(error)), *error.args[1:])
        raise
