"""What to show, from options of the command line: shared by `view` and `snapshot`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from dicomvtk.cli.values import Numbers, Window
from dicomvtk.render.scene import LAYOUTS, View, from_json

__all__ = ["DEFAULT_SIZE", "made_view", "size_option", "view_options"]

DEFAULT_SIZE = "1600x1200"


def view_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that make a `View`; `made_view` takes their values."""
    for decorate in (
        click.option("--view", "view_file", type=click.Path(exists=True, dir_okay=False), help="JSON of a saved view."),
        click.option(
            "--no-annotations", is_flag=True, help="Leave out letters and corner text: no name in the picture."
        ),
        click.option("--crosshair", type=Numbers(float, 3), metavar="X,Y,Z", help="LPS point in mm to go through."),
        click.option("--window", type=Window(), metavar="C,W|NAME", help="Centre and width, or soft, lung, bone ..."),
        click.option("--layout", type=click.Choice(LAYOUTS), help="What to show (default quad)."),
    ):
        command = decorate(command)
    return command


def size_option(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--size",
        type=Numbers(int, 2, above_zero=True),
        default=DEFAULT_SIZE,
        show_default=True,
        metavar="WxH",
        help="Size of the picture in pixels.",
    )(command)


def made_view(options: dict[str, Any]) -> View:
    """Return the view of the file, if there is one, with what the other options say in place of what it says."""
    view_file = options.pop("view_file", None)
    view = from_json(Path(view_file).read_text(encoding="utf-8")) if view_file else View()
    if options.pop("no_annotations", False):
        view = replace(view, annotations=False)
    return replace(view, **{name: value for name, value in options.items() if value is not None})
