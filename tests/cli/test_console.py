"""What reaches the terminal: escaped text, and a bar only where someone watches and waits."""

from __future__ import annotations

import io
import sys

import pytest

from dicomvtk.cli import console as console_module
from dicomvtk.cli.console import Console, printable


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def watched(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Return a terminal in the place of stderr; called inside a test, as pytest puts its own there before."""
    made = Terminal()
    monkeypatch.setattr(sys, "stderr", made)
    return made


def test_a_bar_is_drawn_on_a_terminal_for_what_takes_long(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = watched(monkeypatch)
    monkeypatch.setattr(console_module, "_PATIENCE_SECONDS", 0.0)
    with Console().progress("reading") as progress:
        assert progress is not None
        progress(3, 7)
        progress(7, 7)
    assert "reading" in terminal.getvalue()
    assert "7/7" in terminal.getvalue()


def test_no_bar_for_what_is_soon_over(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = watched(monkeypatch)
    with Console().progress("reading") as progress:
        assert progress is not None
        progress(3, 7)
    assert terminal.getvalue() == ""


def test_no_bar_where_nobody_watches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    with Console().progress("reading") as progress:
        assert progress is None


def test_no_bar_when_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    watched(monkeypatch)
    with Console(quiet=True).progress("reading") as progress:
        assert progress is None


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain Ünï 漢字", "plain Ünï 漢字"),
        ("tab\there", "tab\\there"),
        ("bell\x07", "bell\\x07"),
        ("\x9b31m", "\\x9b31m"),
        ("a\u202eb\u200bc", "a\\u202eb\\u200bc"),
        ("cut \udc80 name", "cut \\udc80 name"),
        ("two\nlines", "two\\nlines"),
    ],
)
def test_what_a_terminal_would_act_on_is_escaped(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_only_line_feeds_are_kept_in_several_lines() -> None:
    assert printable("two\nlines\r\x1b", lines=True) == "two\nlines\\r\\x1b"
