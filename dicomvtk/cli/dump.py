"""``dicomvtk dump``: every attribute of a file."""

from __future__ import annotations

import click

from dicomvtk.cli.console import Console
from dicomvtk.errors import NoDicomError

__all__ = ["dump"]

_INDENT = "  "


@click.command()
@click.argument("file", type=click.Path())
@click.option("--grep", metavar="TEXT", help="Only lines with this text, in any case, under the sequences they are in.")
@click.pass_obj
def dump(console: Console, file: str, grep: str | None) -> None:
    """Show the attributes of a DICOM FILE: tag, VR, keyword, value; items of sequences are indented."""
    from dicomvtk.dicom.dump import data_set_lines

    wanted = (grep or "").casefold()
    above: dict[int, str] = {}
    shown = 0
    for depth, text in data_set_lines(file):
        above = {d: line for d, line in above.items() if d < depth}
        if wanted in text.casefold():
            for d in sorted(above):
                console.say(_INDENT * d + above[d])
            above.clear()
            console.say(_INDENT * depth + text)
            shown += 1
        else:
            above[depth] = text
    if not shown:
        raise NoDicomError(f"No attribute of {file} has the text {grep!r}.")
