"""``dicomvtk snapshot``: the picture that `view` would show."""

from __future__ import annotations

import os
from typing import Any

import click

import dicomvtk
from dicomvtk.cli.console import Console
from dicomvtk.cli.pictures import DEFAULT_SIZE, Wanted, size_option, view_options
from dicomvtk.cli.source import Source, sources_options
from dicomvtk.errors import WriteError

__all__ = ["save_picture_of", "snapshot"]


@click.command()
@sources_options
@click.argument("out", type=click.Path())
@view_options
@size_option("the picture (default {}x{})".format(*DEFAULT_SIZE))
@click.pass_obj
def snapshot(
    console: Console,
    /,
    out: str,
    size: tuple[int, int] | None,
    **options: Any,
) -> None:
    """Save the picture of the volume in SRC as OUT (PNG, JPEG or TIFF by suffix); needs no display.

    As with cp the last path is OUT: DICOM folders and files before it are searched together.
    """
    save_picture_of(console, Source.of(options), options, out, size)


def save_picture_of(
    console: Console, source: Source, options: dict[str, Any], out: str, size: tuple[int, int] | None
) -> None:
    """Save the picture that `options` (see `view_options`) ask for; what `source` names is not overwritten."""
    from dicomvtk.render.pictures import check_suffix

    wanted = Wanted.of(options)
    check_suffix(out)
    if wanted.save_view is not None and os.path.realpath(wanted.save_view) == os.path.realpath(out):
        raise WriteError(f"Cannot write the picture and its view to one file: {out} is given for both.")
    if source.holds(out) or (source.more and os.path.exists(out)):
        raise WriteError(f"Cannot write the picture to {out}: it exists, and may be one of the files to read.")
    volume = source.read(console, largest=True)
    shown = wanted.on(volume)
    dicomvtk.snapshot(volume, out, shown, size or DEFAULT_SIZE)
    wanted.save(shown)
    console.done(out)
