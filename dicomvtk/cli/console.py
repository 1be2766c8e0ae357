"""What goes to the terminal: lines without control characters, and a bar for what takes long."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

__all__ = ["Console", "as_options", "printable"]

#: What ends sooner than this needs no bar.
_PATIENCE_SECONDS = 1.0


#: Spaces that Python does not count as printable: no-break and ideographic.
_HARMLESS_SPACES = "\u00a0\u3000"

#: How messages of the library name its arguments.
_ARGUMENT = re.compile(r"""\b(fix|allow)=\{"([\w-]+)"\}""")

_DIMS = re.compile(r"""\bdims=\("(\w+)",\)""")

#: Arguments of `write_series` that are options of the same name.
_WRITTEN = re.compile(r"(?<![\w-])(spacing|origin|direction|modality|slope|digits|fill)=(?:\(i, j, k\))?(?=[\s.,;:)])")

_FRAME = re.compile(r"\bvolume\.frame\([^()]*\)")


def as_options(text: str) -> str:
    """Return a message of the library in the words of the command line.

    >>> as_options('fix={"gap"} interpolates them; name one in series=:')
    '--fix gap interpolates them; name one in --series:'
    >>> as_options('dims=("EchoTime",) reads each; name them in dims=.')
    '--dims EchoTime reads each; name them in --dims.'
    >>> as_options("give spacing=(i, j, k) in mm, or say with fill= what to write.")
    'give --spacing in mm, or say with --fill what to write.'
    """
    return (
        _WRITTEN.sub(r"--\1", _FRAME.sub("--frame", _DIMS.sub(r"--dims \1", _ARGUMENT.sub(r"--\1 \2", text))))
        .replace("series=:", "--series:")
        .replace("overwrite=True", "--overwrite")
        .replace("lossless=True", "--lossless")
        .replace("dims=", "--dims")
        .replace("invent=True", "--invent")
        .replace("folder.finish_save()", "--finish-save")
        .replace("folder.drop_save()", "--drop-save")
    )


def printable(text: str, *, lines: bool = False) -> str:
    r"""Return `text` with what a terminal would act on written as escapes; `lines` keeps line feeds.

    >>> printable("Doe\x1b[2JJohn")
    'Doe\\x1b[2JJohn'
    """
    if text.isprintable():
        return text
    harmless = _HARMLESS_SPACES + ("\n" if lines else "")
    return "".join(c if c.isprintable() or c in harmless else _escaped(c) for c in text)


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


@dataclass
class Console:
    """How much to say, and where: results on stdout, everything else on stderr."""

    quiet: bool = False
    debug: bool = False

    def say(self, text: str) -> None:
        """Print a result."""
        print(printable(text))

    def done(self, text: str) -> None:
        """Print what was done, where that is more than was asked for."""
        if not self.quiet:
            print(printable(text))

    def note(self, text: str) -> None:
        """Print a remark on stderr."""
        if not self.quiet:
            print(f"dicomvtk: {printable(text)}", file=sys.stderr)

    def failure(self, text: str) -> None:
        """Print what could not be done on stderr, however quiet."""
        print(f"dicomvtk: {printable(text)}", file=sys.stderr)

    @contextmanager
    def progress(self, label: str) -> Iterator[Callable[[int, int], None] | None]:
        """Give a function of (done, total) that draws a bar on a terminal, once it has taken a second; else None."""
        if self.quiet or not sys.stderr.isatty():
            yield None
            return
        bar = _Bar(label)
        try:
            yield bar.tell
        finally:
            bar.stop()


class _Bar:
    """A bar of rich, imported when there is something to draw."""

    def __init__(self, label: str) -> None:
        self._label = label
        self._since = time.monotonic()
        self._drawn: Any = None
        self._task: Any = None

    def tell(self, done: int, total: int) -> None:
        if self._drawn is None:
            if time.monotonic() - self._since < _PATIENCE_SECONDS:
                return
            self._start(total)
        self._drawn.update(self._task, completed=done, total=total)

    def stop(self) -> None:
        if self._drawn is not None:
            self._drawn.stop()

    def _start(self, total: int) -> None:
        from rich.console import Console as Terminal
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self._drawn = Progress(*columns, console=Terminal(file=sys.stderr), transient=True)
        self._drawn.start()
        self._task = self._drawn.add_task(self._label, total=total)
