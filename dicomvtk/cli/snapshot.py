"""``dicomvtk snapshot``: the picture that `view` would show."""

from __future__ import annotations

from typing import Any

import click

import dicomvtk
from dicomvtk.cli.console import Console
from dicomvtk.cli.pictures import made_view, size_option, view_options
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
    src: str,
    out: str,
    series: str | None,
    allow: tuple[str, ...],
    fix: tuple[str, ...],
    frame: tuple[int, ...] | None,
    size: tuple[int, int],
    **look: Any,
) -> None:
    """Save the picture of the volume in SRC as OUT (PNG, JPEG or TIFF by suffix); needs no display."""
    wanted = made_view(look)
    dicomvtk.snapshot(Source(src, series, allow, fix, frame).read(console, largest=True), out, wanted, size)
    console.done(out)
