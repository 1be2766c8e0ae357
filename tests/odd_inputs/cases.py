"""A case: how a folder is written, what is right about it, and what a reader must make of it.

Kinds: ``good`` (odd, and must load right), ``repairable`` (loads right with a finding, or after the case's `allow` or
`fix`), ``refuse`` (an error that names the file or the attribute), ``hostile`` (bounded in time and memory; an error or
the right volume).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from odd_inputs.known import KNOWN, Known

__all__ = ["CASES", "Case", "Write", "add", "case"]

Kind = Literal["good", "repairable", "refuse", "hostile"]
#: Writes a case into an empty folder; returns the volume in it where that is not the usual one.
Write = Callable[[Path], Known | None]


@dataclass(frozen=True)
class Case:
    """One input.

    `code` is the finding that must be told, `error` the class that must be raised, `says` what its message must hold.
    `allow`, `fix` and `series` are what opens a repairable case, or picks the volume in a good one; `at` is the path to
    read, inside the folder. `warns` marks a good case that may be warned of.
    """

    group: str
    name: str
    kind: Kind
    write: Write
    code: str = ""
    error: str = ""
    says: str = ""
    allow: tuple[str, ...] = ()
    fix: tuple[str, ...] = ()
    series: str | None = None
    at: str = ""
    warns: bool = False

    @property
    def key(self) -> str:
        return f"{self.group}-{self.name}"

    def make(self, folder: Path) -> Known:
        """Write the input into `folder`; return its right volume."""
        return self.write(folder) or KNOWN


#: Every case by its key, in the order of the modules that register them.
CASES: dict[str, Case] = {}


def add(name: str, kind: Kind, write: Write, **more: object) -> None:
    """Register a case; its group is the module that `write` is from, or `group`."""
    group = str(more.pop("group", "")) or write.__module__.rpartition(".")[2]
    made = Case(group, name, kind, write, **more)  # type: ignore[arg-type]
    if made.key in CASES:
        raise ValueError(f"two cases are called {made.key}")
    CASES[made.key] = made


def case(kind: Kind, **more: object) -> Callable[[Write], Write]:
    """Register the decorated writer as a case of its own name."""

    def register(write: Write) -> Write:
        add(write.__name__, kind, write, **more)
        return write

    return register
