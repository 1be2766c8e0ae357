"""``dicomvtk apply``: a function of the user's over every series of a path."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

import dicomvtk
from dicomvtk import formats
from dicomvtk.cli.console import Console, as_options
from dicomvtk.cli.user_function import UserFunction, load_function, parsed_arguments
from dicomvtk.errors import DicomVtkError, UnsupportedError, WriteError
from dicomvtk.volume import Volume

if TYPE_CHECKING:
    from dicomvtk.dicom.stack import Stack

__all__ = ["apply"]

_SOME_DONE, _NOTHING_DONE = 3, 1
#: Characters of a SeriesDescription, VR LO (PS3.5 table 6.2-1).
_LONGEST_DESCRIPTION = 64


@click.command()
@click.argument("function", metavar="SCRIPT.PY:FUNCTION")
@click.argument("src", type=click.Path())
@click.argument("out", type=click.Path())
@click.option("--arg", "words", multiple=True, metavar="KEY=VALUE", help="An argument of the function; repeatable.")
@click.option("--series", help="Only this one: key, UID, number or a piece of the description.")
@click.option("--fill", type=float, help="Value for NaN and infinities, in DICOM.")
@click.option("--overwrite", is_flag=True, help="Replace what OUT holds.")
@click.pass_context
def apply(
    context: click.Context,
    /,
    function: str,
    src: str,
    out: str,
    words: tuple[str, ...],
    series: str | None,
    fill: float | None,
    overwrite: bool,
) -> None:
    """Run a function, Volume to Volume or array to array, over every series of SRC, and write what it returns.

    OUT is a folder of DICOM (a derived series that refers to its source), or a file by its suffix. {key} in OUT is the
    series in `info`; of several series each gets a folder of its own. A first parameter annotated as Volume, or called
    volume, gets the volume; array, image or values get the array. Exit code 3 where some series failed.
    """
    console: Console = context.obj
    work = load_function(function, parsed_arguments(words))
    entries = _entries(console, src, series)
    if len(entries) > 1 and formats.handles(out) and "{key}" not in out:
        raise UnsupportedError(f"{src} holds {len(entries)} series, and {out} is one file; put {{key}} into its name.")
    failed = 0
    for entry in entries:
        key = "0" if isinstance(entry, Volume) else entry.key
        try:
            _apply(console, work, entry, _target(out, key, len(entries)), fill, overwrite)
        except (Exception, SystemExit) as error:  # the user's function may raise anything; the other series go on
            if console.debug:
                raise
            failed += 1
            said = str(error) if isinstance(error, DicomVtkError) else f"{work.name}: {type(error).__name__}: {error}"
            console.failure(f"{key}: {as_options(said)}")
    context.exit(0 if not failed else _NOTHING_DONE if failed == len(entries) else _SOME_DONE)


def _entries(console: Console, src: str, series: str | None) -> list[Stack | Volume]:
    if formats.handles(src) and not Path(src).is_dir():
        return [formats.load(src)]
    if series is not None:
        from dicomvtk.dicom.reader import choose

        return [choose(src, series)]
    with console.progress("scanning") as progress:
        return list(dicomvtk.find_series(src, progress=progress))


def _target(out: str, key: str, count: int) -> str:
    safe = re.sub(r"[^A-Za-z0-9_-]", "_", key)
    if "{key}" in out:
        return out.replace("{key}", safe)
    return out if count == 1 else str(Path(out) / safe)


def _apply(
    console: Console, work: UserFunction, entry: Stack | Volume, target: str, fill: float | None, overwrite: bool
) -> None:
    volume = entry if isinstance(entry, Volume) else _read(console, entry)
    made = work(volume)
    if formats.handles(target) and not Path(target).is_dir():
        if Path(target).exists() and not overwrite:
            raise WriteError(f"Cannot write {target}: it exists. --overwrite replaces it.")
        Path(target).parent.mkdir(parents=True, exist_ok=True)
        formats.save(made, target)
        console.done(f"{target}: {' x '.join(map(str, made.shape))} {made.dtype.name}")
        return
    if Path(target).suffix and not Path(target).is_dir():
        raise formats.unknown_suffix(target)
    _write_series(console, work, made, entry, target, fill, overwrite)


def _read(console: Console, entry: Stack) -> Volume:
    with console.progress("reading") as progress:
        return dicomvtk.read(entry, progress=progress)


def _write_series(
    console: Console,
    work: UserFunction,
    made: Volume,
    entry: Stack | Volume,
    target: str,
    fill: float | None,
    overwrite: bool,
) -> None:
    description = f"{work.name} {made.info.description}".strip()[:_LONGEST_DESCRIPTION]
    like = None if isinstance(entry, Volume) else entry
    with console.progress("writing") as progress:
        report = dicomvtk.write_series(
            made,
            target,
            like=like,
            attributes={"SeriesDescription": description},
            fill=fill,
            overwrite=overwrite,
            progress=progress,
        )
    console.done(str(report))
