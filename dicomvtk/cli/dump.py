"""``dicomvtk dump``: every attribute of a file."""

from __future__ import annotations

from pathlib import Path

import click

from dicomvtk.atomic import atomic_file
from dicomvtk.cli.console import Console
from dicomvtk.cli.dump_views import differences, tree_page
from dicomvtk.errors import NoDicomError, WriteError

__all__ = ["dump"]

_INDENT = "  "


@click.command()
@click.argument("file", type=click.Path())
@click.option("--grep", metavar="TEXT", help="Only lines with this text, in any case, under the sequences they are in.")
@click.option("--tree", type=click.Path(), metavar="OUT.html", help="Write a page with sequences to fold and unfold.")
@click.option("--diff", "other", type=click.Path(), metavar="OTHER", help="Only what differs: - in FILE, + in OTHER.")
@click.pass_obj
def dump(console: Console, file: str, grep: str | None, tree: str | None, other: str | None) -> None:
    """Show the attributes of a DICOM FILE: tag, VR, VM, keyword, value; items of sequences are indented."""
    from dicomvtk.dicom.dump import data_set_lines

    if sum(choice is not None for choice in (grep, tree, other)) > 1:
        raise click.UsageError("--grep, --tree and --diff do not go together.")
    if tree is not None:
        if Path(tree).exists():
            raise WriteError(f"Cannot write {tree}: it exists.")
        with atomic_file(tree) as sibling:
            sibling.write_text(tree_page(file, data_set_lines(file)), encoding="utf-8")
        console.done(tree)
        return
    if other is not None:
        told = list(differences(list(data_set_lines(file)), list(data_set_lines(other))))
        for line in told or ["no difference"]:
            console.say(line)
        return
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
