"""``dicomvtk snapshot``: the picture that `view` would show."""

from __future__ import annotations

from typing import Any

import click

import dicomvtk
from dicomvtk.cli.console import Console
from dicomvtk.cli.pictures import Wanted, size_option, view_options
from dicomvtk.cli.source import Source, source_options

__all__ = ["snapshot"]


@click.command()
@source_options
@click.argument("out", type=click.Path())
@view_options
@size_option
@click.pass_obj
def snapshot(
    console: Console,
    /,
    out: str,
    size: tuple[int, int],
    **options: Any,
) -> None:
    """Save the picture of the volume in SRC as OUT (PNG, JPEG or TIFF by suffix); needs no display."""
    source = Source.of(options)
    wanted = Wanted.of(options)
    volume = source.read(console, largest=True)
    shown = wanted.on(volume)
    dicomvtk.snapshot(volume, out, shown, size)
    wanted.save(shown)
    console.done(out)
