"""The ``dicomvtk`` command: finds the sub-command, and turns what happens into an exit code and one clear line.

Exit codes: 0 done, 1 nothing done, 2 usage, 3 some done and some not, 130 interrupted.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
import warnings
from collections.abc import Iterator, Sequence
from typing import NoReturn

import click

from dicomvtk.cli.console import Console, as_options, printable
from dicomvtk.errors import DicomVtkError, DicomVtkWarning
from dicomvtk.version import __version__

__all__ = ["main"]

DONE, NOTHING_DONE, USAGE, INTERRUPTED = 0, 1, 2, 130

#: Each sub-command is the function of that name in the module of that name.
_COMMANDS = {
    "apply": "Run a function of a script over every series.",
    "convert": "Write a series or a file in another format.",
    "dicomdir": "Write the DICOMDIR of a folder.",
    "dump": "Show every attribute of a DICOM file.",
    "export": "Write slices as PNG, JPEG, TIFF or WebP.",
    "gallery": "Write a page that shows every series under a path.",
    "info": "List patients, studies and series with size, spacing and findings.",
    "modify": "Set attributes of DICOM files in place, or try it with --dry-run.",
    "montage": "Save slices side by side on one picture.",
    "phantom": "Make a head-like phantom with known values.",
    "snapshot": "Save the picture that view would show.",
    "surface": "Extract a surface as STL, PLY, OBJ or VTP.",
    "transcode": "Write DICOM files with their pixels in another coding.",
    "validate": "Check files: values, identity, what a series shares, dciodvfy.",
    "view": "Open a window on a volume, or save its picture.",
    "write": "Write an array from a .npy file as a DICOM series.",
}


class _LazyGroup(click.Group):
    """A group that imports a sub-command when it is called: what `info` does not need, it does not pay for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = getattr(importlib.import_module(f"dicomvtk.cli.{cmd_name}"), cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--quiet", is_flag=True, help="Say nothing but errors and what was asked for.")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.version_option(__version__, message="dicomvtk %(version)s")
@click.pass_context
def _dicomvtk(ctx: click.Context, quiet: bool, debug: bool) -> None:
    """See volumetric DICOM in 3-D, compute on it, and give it back."""
    console: Console = ctx.obj
    console.quiet, console.debug = quiet, debug


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """Run the command line `argv`, ``sys.argv`` without the program's name if left out, and exit with its code."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, ValueError):
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # not on a stream put in its place
    console = Console()
    with _warnings_as_lines(console):
        code = _run(argv, console)
    raise SystemExit(code)


def _run(argv: Sequence[str] | None, console: Console) -> int:
    """Return the exit code of the command line; every failure has been told on stderr."""
    try:
        words = list(sys.argv[1:] if argv is None else argv)
        with _dicomvtk.make_context("dicomvtk", words, obj=console) as context:  # click's main hides a broken pipe
            _dicomvtk.invoke(context)
        sys.stdout.flush()
        return DONE
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.ClickException as mistake:
        print(_mistake_in_words(mistake), file=sys.stderr)
        return mistake.exit_code
    except (click.Abort, KeyboardInterrupt):
        print("dicomvtk: interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has seen enough; what is left must not fail again when Python flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except Exception as error:
        if console.debug:
            raise
        print(f"dicomvtk: {printable(_in_words(error), lines=True)}", file=sys.stderr)
        return NOTHING_DONE


def _mistake_in_words(mistake: click.ClickException) -> str:
    """Return how to use the command and what was wrong; the help itself where nothing was asked for."""
    said = printable(mistake.format_message(), lines=True)
    if mistake.__class__.__name__ == "NoArgsIsHelpError":  # click 8.2 and later; its message is the help
        return said
    usage = mistake.ctx.get_usage() + "\n" if isinstance(mistake, click.UsageError) and mistake.ctx else ""
    return f"{usage}dicomvtk: {said}"


def _in_words(error: Exception) -> str:
    if isinstance(error, DicomVtkError):
        return as_options(str(error))
    if isinstance(error, MemoryError):
        return f"not enough memory. {error}".strip()
    if isinstance(error, OSError):
        return f"{error.strerror or error}{f': {error.filename}' if error.filename else ''}"
    return f"unexpected {type(error).__name__}: {error} (--debug before the command shows where)"


@contextlib.contextmanager
def _warnings_as_lines(console: Console) -> Iterator[None]:
    """Print our warnings as one line on stderr, each once; those of libraries only where --debug asks for them."""
    told: set[str] = set()

    def show(message: Warning | str, category: type[Warning], *_where: object) -> None:
        text = str(message)
        if text not in told and (issubclass(category, DicomVtkWarning) or console.debug):
            told.add(text)
            console.note(f"warning: {as_options(text)}")

    with warnings.catch_warnings():
        warnings.simplefilter("default")
        warnings.simplefilter("always", DicomVtkWarning)
        warnings.showwarning = show  # type: ignore[assignment]  # it looks at no more than these two
        yield
