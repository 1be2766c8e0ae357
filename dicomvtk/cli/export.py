"""``dicomvtk export``: the slices of series as picture files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np
from numpy.typing import NDArray

import dicomvtk
from dicomvtk import formats
from dicomvtk.cli.console import Console, as_options
from dicomvtk.cli.pictures_of import Pages, one_scale, pages_of
from dicomvtk.cli.values import Window
from dicomvtk.display import WindowLevel
from dicomvtk.errors import DicomVtkError, UnsupportedError, WriteError
from dicomvtk.volume import Volume

if TYPE_CHECKING:
    from dicomvtk.dicom.file_names import NameTemplate
    from dicomvtk.dicom.stack import Stack

__all__ = ["export"]

_SOME_DONE, _NOTHING_DONE = 3, 1
_DEFAULT_TEMPLATE = "{SeriesNumber}/{InstanceNumber:04}"
#: Fields of a template that are no attributes.
_FURTHER = ("n", "key")
#: Added to stored values where some are below 0, as no picture format knows a sign.
_SIGN = 1 << 15


@dataclass(frozen=True)
class _Job:
    """How to make the pictures."""

    folder: Path
    suffix: str
    window: WindowLevel | str | None
    plane: str | None
    every: int
    raw: bool
    names: NameTemplate


@click.command()
@click.argument("src", type=click.Path())
@click.argument("out", type=click.Path())
@click.option("--format", "kind", type=click.Choice(["png", "jpg", "tiff", "webp"]), help="Default png.")
@click.option(
    "--window",
    type=Window(),
    metavar="NAME|C,W|auto|dicom:N",
    help="CT-BONE, 40,400, auto, or the header's N-th (first).",
)
@click.option("--plane", type=click.Choice(["axial", "sagittal", "coronal"]), help="Another plane than the slices'.")
@click.option("--template", default=_DEFAULT_TEMPLATE, show_default=True, help="Name of a picture; see above.")
@click.option("--every", type=click.IntRange(min=1), default=1, help="Only every N-th slice.")
@click.option("--series", help="Only this one: key, UID, number or a piece of the description.")
@click.option(
    "--raw",
    is_flag=True,
    help="Stored values in 16 bits, no window: png or tiff; 32768 is added to a series that has values below 0.",
)
@click.option("--overwrite", is_flag=True, help="Replace pictures in OUT.")
@click.pass_context
def export(context: click.Context, /, src: str, out: str, series: str | None, overwrite: bool, **options: Any) -> None:
    """Write the slices of every series under SRC (file, folder, DICOMDIR) as pictures into the folder OUT.

    All slices of a series are on one scale. In a template {Keyword} is any DICOM attribute, {n} the number of the
    slice, {key} the series in `info`; a slash makes a folder. A missing value reads no-Keyword, a name taken before
    gets -2, -3, ..., unsafe characters become _. {InstanceNumber} counts the frames of a multi-frame file and the
    slices of another --plane. Exit code 3 where some images could not be written.
    """
    job = _job(out, options)
    if job.folder.exists() and not overwrite and (not job.folder.is_dir() or any(job.folder.iterdir())):
        raise WriteError(f"Cannot write to {out}: it exists and is not an empty folder. --overwrite adds and replaces.")
    console: Console = context.obj
    entries = _entries(console, src, series)
    damaged = _damaged(entries)
    for path in damaged:
        console.failure(f"{path}: damaged, or not readable")
    written, failed = 0, len(damaged)
    for entry in entries:
        pages = _pages(console, entry, job.raw)
        if job.raw and _added(pages.volumes):
            console.note(f"{_named(entry)}: {_SIGN} is added to the stored values, as some are below 0")
        done, bad = _export(console, pages, entry, job)
        for path, reason in [*pages.failed, *bad]:
            console.failure(f"{path}: {as_options(reason)}")
        written, failed = written + done, failed + len(pages.failed) + len(bad)
    console.done(f"{out}: {written} pictures" + (f", {failed} images failed" if failed else ""))
    context.exit(0 if not failed else _SOME_DONE if written else _NOTHING_DONE)


def _job(out: str, options: dict[str, Any]) -> _Job:
    from dicomvtk.dicom.file_names import NameTemplate
    from dicomvtk.formats.pictures import DEEP_SUFFIXES, PICTURE_SUFFIXES

    template, kind = options["template"], options["kind"]
    stated = Path(template).suffix.lower()
    suffix = f".{kind}" if kind else stated if stated in PICTURE_SUFFIXES else ".png"
    if options["raw"] and suffix not in DEEP_SUFFIXES:
        raise UnsupportedError(f"--raw needs 16 bits, which {suffix} does not hold; expected --format png or tiff.")
    if options["raw"] and options["window"]:
        raise click.UsageError("--raw and --window do not go together: raw values are not windowed.")
    names = NameTemplate(template[: -len(stated)] if stated in PICTURE_SUFFIXES else template, _FURTHER)
    return _Job(Path(out), suffix, options["window"], options["plane"], options["every"], options["raw"], names)


def _entries(console: Console, src: str, series: str | None) -> Sequence[Stack | Volume]:
    if formats.handles(src) and not Path(src).is_dir():
        return [formats.load(src)]
    if series is not None:
        from dicomvtk.dicom.reader import choose

        return [choose(src, series)]
    with console.progress("scanning") as progress:
        return dicomvtk.find_series(src, progress=progress)


def _damaged(entries: Sequence[Stack | Volume]) -> list[str]:
    """Return the images that the scan could not read."""
    skipped: dict[str, list[str]] = getattr(entries, "skipped_files", {})
    return [path for reason in ("damaged", "unreadable") for path in skipped.get(reason, [])]


def _pages(console: Console, entry: Stack | Volume, raw: bool) -> Pages:
    return Pages([entry]) if isinstance(entry, Volume) else pages_of(console, entry, stored=raw)


def _export(console: Console, pages: Pages, entry: Stack | Volume, job: _Job) -> tuple[int, list[tuple[str, str]]]:
    """Return how many pictures were written, and (file, reason) of those that were not."""
    key = "" if isinstance(entry, Volume) else entry.key
    first_file = "" if isinstance(entry, Volume) else entry.files[0]
    tasks: list[tuple[str, str, Future[str]]] = []
    bad: list[tuple[str, str]] = []
    with ThreadPoolExecutor(thread_name_prefix="dicomvtk-export") as pool, console.progress("writing") as progress:
        try:
            # Pictures are written while the headers of later ones are read for their names.
            for name, source, work in _tasks(pages, key, first_file, job):
                tasks.append((name, source, pool.submit(_attempt, work)))
        except DicomVtkError as error:
            bad.append((f"series {key}", str(error)))
        for number, (name, source, outcome) in enumerate(tasks, 1):
            if outcome.result():
                bad.append((source or name, outcome.result()))
            if progress is not None:
                progress(number, len(tasks))
    return len(tasks) - sum(bool(outcome.result()) for *_, outcome in tasks), bad


def _attempt(work: Callable[[], None]) -> str:
    """Return why a picture was not written, nothing where it was."""
    try:
        work()
    except (DicomVtkError, OSError) as error:
        return str(error)
    return ""


def _tasks(pages: Pages, key: str, first_file: str, job: _Job) -> Iterator[tuple[str, str, Callable[[], None]]]:
    """Yield (name, source file, what writes it) of each picture."""
    volumes = [_turned(volume, job.plane) for volume in pages.volumes]
    shown = Pages(volumes)
    scale = None if job.raw else one_scale(volumes, job.window)
    added = _added(volumes) if job.raw else 0
    greys = {id(volume): _raw(volume, added) if job.raw else volume.display(scale) for volume in volumes}
    headers = _Headers(job, first_file)
    number = 0
    for volume, index, n in shown.slices():
        number += 1
        if (number - 1) % job.every:
            continue
        sources = volume.info.sources
        source = sources[n].file if n < len(sources) else ""
        own_number = bool(source) and not any(one.frame for one in sources)
        further = {"n": f"{number:04}", "key": key, **({} if own_number else {"InstanceNumber": number})}
        name = job.names.name(headers.of(volume, n, source), further, job.suffix)
        where: tuple[Any, ...] = (slice(None), slice(None), *index)
        yield name, source, _writer(job.folder, name, greys[id(volume)][where])


def _writer(folder: Path, name: str, picture: NDArray[Any]) -> Callable[[], None]:
    from dicomvtk.formats.pictures import save_picture

    def write() -> None:
        target = folder.joinpath(*name.split("/"))
        target.parent.mkdir(parents=True, exist_ok=True)
        save_picture(picture.swapaxes(0, 1), target, durable=target.exists())

    return write


class _Headers:
    """Headers for the names: each file's own, read once; that of the first for slices that no file holds."""

    def __init__(self, job: _Job, first_file: str) -> None:
        from dicomvtk.dicom.file_names import file_header

        self._wanted = bool(job.names.keywords)
        self._first: Any = None
        self._last: tuple[str, Any] = ("", None)
        if self._wanted and first_file:
            self._first = file_header(first_file)

    def of(self, volume: Volume, n: int, source: str) -> Any:
        if not self._wanted or not source:
            return self._first
        if self._last[0] != source:
            self._last = (source, dicomvtk.header(volume, n))
        return self._last[1]


def _turned(volume: Volume, plane: str | None) -> Volume:
    if plane is None:
        return volume
    from dicomvtk.processing.planes import in_plane

    return in_plane(volume, plane)


def _added(volumes: Sequence[Volume]) -> int:
    """Return what raw pictures of a series have added to its stored values: nothing, as long as none is below 0."""
    signed = (volume.array for volume in volumes if volume.dtype.kind == "i" and volume.array.size)
    return _SIGN if any(int(array.min()) < 0 for array in signed) else 0


def _raw(volume: Volume, added: int) -> NDArray[Any]:
    """Return stored values as uint8 or uint16, with `added` to each where that is not 0."""
    array = volume.array
    if array.dtype.kind == "b":
        return array.view(np.uint8)
    if array.dtype in (np.uint8, np.uint16) and not added:
        return array
    if array.dtype.kind not in "iu" or array.dtype.itemsize > 2:
        raise UnsupportedError(f"--raw holds 16 bits; the stored values are {array.dtype}. Leave it out.")
    wide = array.astype(np.int32) + added
    if wide.size and int(wide.max()) > np.iinfo(np.uint16).max:
        raise UnsupportedError(f"--raw holds 16 bits; stored values go to {int(array.max())}, and others below 0.")
    return wide.astype(np.uint16)


def _named(entry: Stack | Volume) -> str:
    return entry.info.description or "the volume" if isinstance(entry, Volume) else f"series {entry.key}"
