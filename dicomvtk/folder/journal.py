"""Many files changed as one: all new ones are whole on disk before the first takes its place.

A save has two phases. *Writing*: each new file is written and synced in a hidden folder beside the file it replaces.
*Moving*: the journal says that all are there, and each is renamed into place. A process that dies in the first phase
has changed nothing; one that dies in the second leaves every file whole, old or new, and the journal says which:
those whose new version still waits. `finish` moves them, `drop` forgets them.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dicomvtk.atomic import sync
from dicomvtk.dicom.files import STAGING
from dicomvtk.errors import WriteError

__all__ = ["Interrupted", "Replacement", "drop", "finish", "interrupted", "save_all"]

_JOURNAL = "journal.json"
#: Syncs and renames at a time: a disk takes several in one go, and keeps waiting those that come one by one.
_AT_A_TIME = 8


@dataclass(frozen=True)
class Replacement:
    """A file to be written at `target` by `write`, or removed where `write` is None."""

    target: Path
    write: Callable[[Path], None] | None


@dataclass(frozen=True)
class Interrupted:
    """A save that did not end: what is not yet saved, and whether it can be completed."""

    root: Path
    unsaved: tuple[Path, ...]
    total: int
    can_finish: bool
    moves: tuple[tuple[Path, Path], ...] = ()
    removals: tuple[Path, ...] = ()

    def __str__(self) -> str:
        named = ", ".join(path.name for path in self.unsaved[:3]) + (", ..." if len(self.unsaved) > 3 else "")
        way = (
            "folder.finish_save() completes it, folder.drop_save() keeps the files as they are"
            if self.can_finish
            else "the new versions were not complete and are lost; folder.drop_save() clears what is left of them"
        )
        return (
            f"The last save of {self.root} was interrupted: {len(self.unsaved)} of {self.total} files "
            f"were not yet saved ({named}). Every file is whole; {way}."
        )


def save_all(root: Path, replacements: Sequence[Replacement], progress: Callable[[int, int], None] | None) -> None:
    """Write and remove files under `root`. Raises WriteError; before the moves begin, nothing is changed by it."""
    if not replacements:
        return
    _refuse_second(root)
    waiting = [_staged(item.target, n) for n, item in enumerate(replacements) if item.write is not None]
    written = [item for item in replacements if item.write is not None]
    removals = [item.target for item in replacements if item.write is None]
    moves = list(zip(waiting, (item.target for item in written), strict=True))
    try:
        _record(root, "writing", moves, removals)
        _write(written, waiting, len(replacements), progress)
        _record(root, "moving", moves, removals)
    except BaseException as error:
        _clear(root, moves)
        if isinstance(error, OSError) and not isinstance(error, WriteError):
            raise WriteError(f"Cannot save {root}: {error.strerror or error}. Nothing was changed.") from error
        raise
    try:
        _move(moves, removals)
    except OSError as error:
        found = interrupted(root)
        raise WriteError(f"Cannot complete the save of {root}: {error.strerror or error}. {found}") from error
    _clear(root, moves)
    if progress is not None:
        progress(len(replacements), len(replacements))


def _write(
    written: Sequence[Replacement],
    waiting: Sequence[Path],
    total: int,
    progress: Callable[[int, int], None] | None,
) -> None:
    """Write the new versions; all are on the disk when this returns. The next is made while others are synced."""
    syncs = ThreadPoolExecutor(_AT_A_TIME)
    try:
        for folder in {place.parent for place in waiting}:
            folder.mkdir(parents=True, exist_ok=True)
        pending = []
        for n, (item, place) in enumerate(zip(written, waiting, strict=True)):
            assert item.write is not None
            item.write(place)
            _keep_mode(item.target, place)
            pending.append(syncs.submit(sync, place))
            if progress is not None:
                progress(n + 1, total)
        for one in pending:
            one.result()
    finally:
        syncs.shutdown(cancel_futures=True)
    for folder in {place.parent for place in waiting}:
        _sync_folder(folder)


def interrupted(root: Path) -> Interrupted | None:
    """Return what an interrupted save of `root` left undone, None where there was none."""
    try:
        text = (root / STAGING / _JOURNAL).read_text(encoding="utf-8")
    except OSError:
        return None
    try:
        record: dict[str, Any] = json.loads(text)
        moves = tuple((root / new, root / target) for new, target in record["moves"])
        removals = tuple(root / name for name in record["removals"])
        complete = record["phase"] == "moving"
    except (ValueError, KeyError, TypeError) as error:
        raise WriteError(f"Cannot understand the journal {root / STAGING / _JOURNAL}: {error}. Remove it.") from error
    unsaved = [target for new, target in moves if not complete or new.exists()]
    unsaved += [path for path in removals if path.exists()]
    return Interrupted(root, tuple(unsaved), len(moves) + len(removals), complete, moves, removals)


def finish(found: Interrupted) -> None:
    """Complete an interrupted save."""
    if not found.can_finish:
        raise WriteError(f"Cannot finish: {found}")
    _move([(new, target) for new, target in found.moves if new.exists()], found.removals)
    _clear(found.root, found.moves)


def drop(found: Interrupted) -> None:
    """Forget an interrupted save; every file stays as it is."""
    _clear(found.root, found.moves)


def _refuse_second(root: Path) -> None:
    found = interrupted(root)
    if found is not None:
        raise WriteError(f"Cannot save: {found}")


def _staged(target: Path, n: int) -> Path:
    """Return where the new version of a file waits: beside it, since a rename cannot leave its file system."""
    folder = target.parent
    while not folder.exists():
        folder = folder.parent
    return folder / STAGING / f"{n:06d}-{target.name[-48:]}"


def _record(root: Path, phase: str, moves: Sequence[tuple[Path, Path]], removals: Sequence[Path]) -> None:
    """Write the journal, whole or not at all."""
    folder = root / STAGING
    folder.mkdir(exist_ok=True)
    record = {
        "phase": phase,
        "moves": [[_inside(new, root), _inside(target, root)] for new, target in moves],
        "removals": [_inside(path, root) for path in removals],
    }
    sibling = folder / f"{_JOURNAL}-new"
    sibling.write_text(json.dumps(record), encoding="utf-8")
    sync(sibling)
    os.replace(sibling, folder / _JOURNAL)
    _sync_folder(folder)


def _move(moves: Sequence[tuple[Path, Path]], removals: Sequence[Path]) -> None:
    for folder in {target.parent for _, target in moves}:
        folder.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(_AT_A_TIME) as movers:  # a rename waits while the file it replaces is given up
        for _ in movers.map(lambda move: os.replace(*move), moves):
            pass
    for path in removals:
        path.unlink(missing_ok=True)
    for folder in {path.parent for path in (*(target for _, target in moves), *removals)}:
        _sync_folder(folder)


def _clear(root: Path, moves: Sequence[tuple[Path, Path]]) -> None:
    """Remove what waits and the journal, the journal last."""
    for new, _ in moves:
        with contextlib.suppress(OSError):
            new.unlink()
    for folder in {new.parent for new, _ in moves} - {root / STAGING}:
        with contextlib.suppress(OSError):
            folder.rmdir()
    with contextlib.suppress(OSError):
        (root / STAGING / _JOURNAL).unlink()
    with contextlib.suppress(OSError):
        (root / STAGING).rmdir()


def _inside(path: Path, root: Path) -> str:
    """Return a path as the journal keeps it: relative, so that the folder may be moved."""
    return os.path.relpath(path, root)


def _keep_mode(old: Path, new: Path) -> None:
    with contextlib.suppress(OSError):
        os.chmod(new, old.stat().st_mode & 0o777)


def _sync_folder(path: Path) -> None:
    """Put the names on the disk, where folders can be opened (not on Windows)."""
    with contextlib.suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
