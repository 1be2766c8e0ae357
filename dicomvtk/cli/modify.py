"""``dicomvtk modify``: attributes of many files set, all else byte for byte."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

import dicomvtk
from dicomvtk.cli.console import Console, as_options
from dicomvtk.cli.values import Assignment, Window
from dicomvtk.errors import SeriesError, WriteError

if TYPE_CHECKING:
    from dicomvtk.folder.selection import Selection
    from dicomvtk.folder.tree import Folder

__all__ = ["modify"]

_SOME_DONE = 3
#: What stands between the values of one attribute (PS3.5 section 6.2), but is text in these.
_BETWEEN, _ONE_TEXT = "\\", ("ST", "LT", "UT", "UR")


@click.command()
@click.argument("path", type=click.Path())
@click.argument("assignments", nargs=-1, type=Assignment(), metavar="KEYWORD=VALUE...")
@click.option("--remove", multiple=True, metavar="KEYWORD", help="Take an attribute away; repeatable.")
@click.option("--where", multiple=True, type=Assignment(), metavar="KEYWORD=VALUE", help="Only files that match.")
@click.option("--dry-run", is_flag=True, help="Say what would change, and change nothing.")
@click.option("--output", type=click.Path(), metavar="DIR", help="Write to this new folder; PATH stays as it is.")
@click.option("--finish-save", is_flag=True, help="First complete a save that was interrupted.")
@click.option("--drop-save", is_flag=True, help="First forget a save that was interrupted.")
@click.pass_context
def modify(
    context: click.Context,
    /,
    path: str,
    assignments: tuple[tuple[str, str], ...],
    remove: tuple[str, ...],
    where: tuple[tuple[str, str], ...],
    dry_run: bool,
    output: str | None,
    finish_save: bool,
    drop_save: bool,
) -> None:
    r"""Set attributes of the DICOM files under PATH in place, each file whole, old or new; pixels are not touched.

    A KEYWORD may be a tag, (0010,0010), or a path, ReferencedImageSequence[0].ReferencedSOPInstanceUID; own attributes
    are colormap, image_type and window. A backslash stands between several values; KEYWORD= makes it empty. --where
    takes wildcards and ranges of dates, StudyDate=20200101-20201231; several must all match, of one keyword any.
    """
    console: Console = context.obj
    settling = finish_save or drop_save
    if not assignments and not remove and not settling:
        raise click.UsageError("nothing to change; give KEYWORD=VALUE or --remove KEYWORD.")
    if settling and dry_run:
        raise click.UsageError("--dry-run changes nothing, and a save that is finished or forgotten changes files.")
    with console.progress("files") as progress:
        folder = dicomvtk.open_folder(path, progress=progress)
        if finish_save:
            folder.finish_save()
        if drop_save:
            folder.drop_save()
        chosen = _chosen(folder, where)
        for name, text in assignments:
            _assign(chosen, name, text)
        if remove:
            del chosen[list(remove)]
        if settling and not (assignments or remove):
            console.done(f"{path}: no save is left unfinished")
            return
        _tell_or_save(context, folder, dry_run, output)


def _chosen(folder: Folder, where: Sequence[tuple[str, str]]) -> Selection:
    wanted: dict[str, list[str]] = {}
    for name, text in where:
        wanted.setdefault(name, []).append(text)
    chosen = folder.where(**{name: [text or None for text in texts] for name, texts in wanted.items()})
    if not len(chosen):
        said = ", ".join(f"{name}={text}" for name, text in where)
        raise SeriesError(f"None of the {len(folder.instances)} files in {folder.root} has {said}.")
    return chosen


def _assign(chosen: Selection, name: str, text: str) -> None:
    from dicomvtk.folder import own_attributes
    from dicomvtk.folder.attribute_path import parse

    if own_attributes.find(name) is not None or (name == name.lower() and name.isidentifier()):
        setattr(chosen, name, _own_value(name, text))
        return
    several = _BETWEEN in text and parse(name).vr not in _ONE_TEXT
    chosen[name] = text.split(_BETWEEN) if several else text


def _own_value(name: str, text: str) -> Any:
    if not text:
        return None
    return Window().convert(text, None, None) if name == "window" else text


def _tell_or_save(context: click.Context, folder: Folder, dry_run: bool, output: str | None) -> None:
    from dicomvtk.folder.edits import describe
    from dicomvtk.folder.pixel_fit import check_fit

    console: Console = context.obj
    changes = folder.changes
    count = len({change.file for change in changes})
    files = f"{count} of {len(folder.instances)} files"
    if not changes and (output is None or dry_run):
        console.done("nothing to change: every file says so already")
        return
    for line in describe(changes).splitlines():
        (console.say if dry_run else console.done)(line)
    if dry_run:
        for one in folder.instances:
            check_fit(one)
        console.done(f"{files} would change; nothing was written")
        return
    try:
        folder.save(output)
    except WriteError as error:
        if output is None and not folder.unsaved and 0 < len(_unsaved(folder)) < count:
            console.failure(as_options(str(error)))
            context.exit(_SOME_DONE)
        raise
    console.done(f"{files} changed" + (f", all {len(folder.instances)} written to {output}" if output else ""))


def _unsaved(folder: Folder) -> Sequence[Any]:
    from dicomvtk.folder import journal

    found = journal.interrupted(folder.root) if folder.root is not None else None
    return found.unsaved if found is not None else ()
