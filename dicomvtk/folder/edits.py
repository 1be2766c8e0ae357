"""What waits to be saved, and the two ways on: save it, or go back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dicomvtk.errors import UnsupportedError, WriteError
from dicomvtk.folder.header_values import ABSENT, plain
from dicomvtk.folder.instance import Instance, stamp
from dicomvtk.folder.journal import Replacement, save_all
from dicomvtk.folder.rewrite import write_instance

if TYPE_CHECKING:
    from dicomvtk.folder.tree import Folder

__all__ = ["Change", "changes_of", "describe", "restore", "save"]


@dataclass(frozen=True)
class Change:
    """One thing that `save` would do to one file.

    `action` is ``set``, ``remove`` (an attribute), ``pixels``, ``new`` or ``delete`` (a file). `before` and `after`
    are the values of `attribute`, None where it is absent.
    """

    action: str
    file: str
    series: str
    attribute: str = ""
    before: Any = None
    after: Any = None

    def __str__(self) -> str:
        where = self.file or self.series
        if self.attribute:
            return f"{where}: {self.attribute} {self.before!r:.60} -> {self.after!r:.60}"
        return f"{where}: {_WORDS[self.action]}"


_WORDS = {"new": "new file", "delete": "deleted", "pixels": "new pixel values"}


def changes_of(instances: Iterable[Instance]) -> list[Change]:
    """Return what saving these would do, in order."""
    found: list[Change] = []
    called: dict[Any, str] = {}
    for one in instances:
        if not one.is_changed:
            continue
        if one.series not in called:
            called[one.series] = repr(one.series)
        file, series = str(one.path or ""), called[one.series]
        if one.deleted:
            found.append(Change("delete", file, series))
            continue
        if one.is_new:
            found.append(Change("new", file, series))
            continue
        before = one.on_disk(one.edits)
        for path, element in one.edits.items():
            action = "remove" if element is None else "set"
            was = None if before[path] is ABSENT else before[path]
            found.append(Change(action, file, series, str(path), was, None if element is None else plain(element)))
        if one.pixels is not None:
            found.append(Change("pixels", file, series))
    return found


def describe(changes: Sequence[Change]) -> str:
    """Return the changes for people: one line for all files of a series that change alike."""
    alike: dict[tuple[str, str, str], list[Change]] = {}
    for change in changes:
        said = f"{change.before!r:.60} -> {change.after!r:.60}" if change.attribute else ""
        alike.setdefault((change.series, change.attribute, said or _WORDS[change.action]), []).append(change)
    lines = []
    for (series, attribute, said), members in alike.items():
        count = f"{len(members)} file{'s' if len(members) > 1 else ''}"
        lines.append(f"{series}: {attribute} {said} in {count}" if attribute else f"{series}: {count} {said}")
    return "\n".join(lines)


def save(folder: Folder, instances: Sequence[Instance]) -> None:
    """Write the changes of `instances` in their places; new files get a place. Raises WriteError."""
    changed = [one for one in instances if one.is_changed]
    if folder.root is None:
        if changed:
            raise WriteError("Cannot save: this folder is only in memory; give save() the path of a new folder.")
        return
    _check_untouched(changed)
    places = {one: one.path or place for one, place in folder.places(changed)}
    work = [Replacement(place, None if one.deleted else partial(_write, one)) for one, place in places.items()]
    folder.detach(set(places.values()))
    save_all(folder.root, work, folder.progress)
    for one, place in places.items():
        if not one.deleted:
            one.settled(place)
    folder.forget([one for one in instances if one.deleted])
    folder.settle_drafts()
    folder.regroup()


def restore(folder: Folder, instances: Sequence[Instance]) -> None:
    """Take back all changes of `instances`: new files are forgotten, the others are as they are on disk."""
    for one in instances:
        if not one.is_new:
            one.forget_edits()
    folder.forget([one for one in instances if one.is_new])
    folder.regroup()


def _write(instance: Instance, target: Path) -> None:
    try:
        write_instance(instance, target)
    except UnsupportedError as error:
        raise UnsupportedError(f"{error} Nothing was saved.") from error


def _check_untouched(instances: Iterable[Instance]) -> None:
    """Refuse to write over what another program wrote since the folder was opened."""
    for one in instances:
        try:
            now = stamp(one.source)
        except OSError as error:
            if one.deleted:
                continue
            raise WriteError(f"Cannot save {one.source}: {error.strerror or error}.") from error
        if now != one.stamp:
            raise WriteError(f"Cannot save {one.source}: it was changed on disk since it was opened; restore() first.")
