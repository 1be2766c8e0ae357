"""The volume that a command works on: one series of DICOM, or a file of another format."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import click

import dicomvtk
from dicomvtk import formats
from dicomvtk.cli.console import Console
from dicomvtk.cli.values import Numbers, Words
from dicomvtk.errors import UnsupportedError
from dicomvtk.stream import VolumeStream
from dicomvtk.surroundings import most_slices
from dicomvtk.volume import Volume

if TYPE_CHECKING:
    from dicomvtk.dicom.stack import Stack

__all__ = ["Source", "reading_options", "source_options", "sources_options"]


@dataclass(frozen=True)
class Source:
    """Where to read, which series, what to accept or repair in it, and which frame of its further axes.

    `more` are further files and folders of DICOM that are searched together with `src`.
    """

    src: str
    more: tuple[str, ...] = ()
    series: str | None = None
    allow: tuple[str, ...] = ()
    fix: tuple[str, ...] = ()
    frame: tuple[int, ...] | None = None
    dims: tuple[str, ...] | None = None
    values: str | None = None

    @classmethod
    def of(cls, options: dict[str, Any]) -> Source:
        """Take out of `options` what `source_options` or `sources_options` put there."""
        given = options.pop("src")
        src, *more = (given,) if isinstance(given, str) else given
        rest = {field.name: options.pop(field.name) for field in fields(cls) if field.name not in ("src", "more")}
        return cls(src, tuple(more), **rest)

    @property
    def paths(self) -> tuple[str, ...]:
        return (self.src, *self.more)

    @property
    def is_dicom(self) -> bool:
        return not any(formats.reads(path) for path in self.paths)

    @property
    def reads_plainly(self) -> bool:
        """True where no option says how to read."""
        return self == Source(self.src, self.more)

    @property
    def where(self) -> str:
        """What to call the place in a message."""
        return self.src if not self.more else f"{len(self.paths)} paths"

    def holds(self, path: str) -> bool:
        """True where `path` is one of those to be read."""
        return any(os.path.exists(one) and os.path.exists(path) and os.path.samefile(one, path) for one in self.paths)

    def read(self, console: Console, *, largest: bool = False) -> Volume:
        """Return the volume; of several series `largest` takes the one of most slices, and says so."""
        if not self.is_dicom:
            self._refuse_several()
            if self.values is not None:
                raise UnsupportedError(f"--values {self.values}: {self.src} is not DICOM, which alone has such maps.")
            return self._one_frame(formats.load(self.src))
        if largest and self.series is None:
            return self.read_entry(console, self.largest(console, self.entries(console)))
        return self._read(console, self._searched)

    @property
    def _searched(self) -> str | tuple[str, ...]:
        return self.paths if self.more else self.src

    def _refuse_several(self) -> None:
        if self.more:
            odd = next(path for path in self.paths if formats.reads(path))
            raise UnsupportedError(f"Cannot read {odd} together with others: it is not DICOM. Give it alone.")

    def entries(self, console: Console) -> list[Stack]:
        """Return every volume under the path."""
        with console.progress("scanning") as progress:
            return dicomvtk.find_series(self._searched, progress=progress)

    def choose(self, console: Console) -> Stack:
        """Return the one entry of DICOM under the path that `series` names, or the only one."""
        from dicomvtk.dicom.reader import choose

        with console.progress("scanning") as progress:
            return choose(self._searched, self.series, progress)

    def read_entry(self, console: Console, entry: Stack, progress: Callable[[int, int], None] | None = None) -> Volume:
        """Return the volume of `entry`; `progress` is told how far that is in place of a bar on the terminal."""
        return self._read(console, entry, progress)

    def stream_entry(self, entry: Stack) -> VolumeStream | None:
        """Return an entry part by part, None where it must be whole: to be repaired or mapped, or one frame of it."""
        from dicomvtk.dicom.reader import stream

        if self.frame is not None or self.values is not None:
            return None
        return stream(entry, allow=self.allow, fix=self.fix, dims=self.dims)

    def _read(
        self,
        console: Console,
        what: str | tuple[str, ...] | Stack,
        progress: Callable[[int, int], None] | None = None,
    ) -> Volume:
        with nullcontext(progress) if progress is not None else console.progress("reading") as told:
            volume = dicomvtk.read(
                what,
                series=self.series,
                allow=self.allow,
                fix=self.fix,
                dims=self.dims,
                values=self.values,
                progress=told,
            )
        return self._one_frame(volume)

    def largest(self, console: Console, entries: Sequence[Stack]) -> Stack:
        """Return the entry of most slices among the readable ones, or among all where none is; tell which it is."""
        entry = most_slices(entries)
        if len(entries) > 1:
            size = " x ".join(str(n) for n in entry.shape)
            longer = any(other.slice_count > entry.slice_count for other in entries)
            why = "most slices of those that open as they are" if longer else "most slices"
            console.note(
                f"{len(entries)} series in {self.where}: this is {entry.key}, {entry.modality} {size} "
                f"{entry.description}".rstrip()
                + f" ({why}). --series chooses another; dicomvtk info lists them."
            )
        return entry

    def _one_frame(self, volume: Volume) -> Volume:
        return volume if self.frame is None else _frame(volume, self.frame)


def _frame(volume: Volume, index: tuple[int, ...]) -> Volume:
    """Return the 3-D frame at `index`; raises UnsupportedError for one that is not there."""
    lengths = [len(axis) for axis in volume.axes]
    if not lengths:
        raise UnsupportedError(
            f"--frame {','.join(map(str, index))}: this volume is 3-D and has no frames; leave it out."
        )
    if len(index) != len(lengths) or not all(0 <= n < length for n, length in zip(index, lengths, strict=True)):
        ranges = ", ".join(f"{axis.keyword} 0 to {len(axis) - 1}" for axis in volume.axes)
        raise UnsupportedError(
            f"There is no frame {','.join(map(str, index))}; expected an index along each of: {ranges}."
        )
    return volume.frame(*index)


def source_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the argument SRC and the options that say how to read it: series, allow, fix, frame, dims."""
    return click.argument("src", type=click.Path())(reading_options(command))


def sources_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the argument SRC..., one or more files and folders, and the options that say how to read them."""
    return click.argument("src", nargs=-1, required=True, type=click.Path())(reading_options(command))


def reading_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that say how to read what its arguments name."""
    for decorate in (
        click.option("--values", metavar="MAP", help="Real world values by a map: label, unit or real-world."),
        click.option("--dims", type=Words(), metavar="KEYWORD[,..]", help="What tells frames at one place apart."),
        click.option(
            "--frame", type=Numbers(int, above=-1), metavar="N[,N]", help="Index along each dimension past the slices."
        ),
        click.option("--fix", multiple=True, metavar="CODE", help="A finding to repair, such as gap; may be repeated."),
        click.option("--allow", multiple=True, metavar="CODE", help="A finding to accept as it is; may be repeated."),
        click.option("--series", metavar="S", help="Key, UID, number or a piece of the description."),
    ):
        command = decorate(command)
    return command
