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
from dicomvtk.folder.places import places
from dicomvtk.folder.rewrite import write_instance
from dicomvtk.folder.unique import unique

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
            return f"{where}: {self.attribute} {_said(self.before)} -> {_said(self.after)}"
        return f"{where}: {_WORDS[self.action]}"


#: Old values named in one line, and characters of a value.
_NAMED, _LENGTH = 3, 60
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
    """Return the changes for people: one line for all files of a folder and series that change to the same."""
    alike: dict[tuple[str, str, str], list[Change]] = {}
    for change in changes:
        where = f"{Path(change.file).parent}: {change.series}" if change.file else change.series
        said = f"-> {_said(change.after)}" if change.attribute else _WORDS[change.action]
        alike.setdefault((where, change.attribute, said), []).append(change)
    lines = []
    for (where, attribute, said), members in alike.items():
        count = f"{len(members)} file{'s' if len(members) > 1 else ''}"
        lines.append(
            f"{where}: {attribute} {_before(members)} {said} in {count}" if attribute else f"{where}: {count} {said}"
        )
    return "\n".join(lines)


def _before(members: Sequence[Change]) -> str:
    different = unique(change.before for change in members)
    named = ", ".join(map(_said, different[:_NAMED]))
    return named + (f", ... ({len(different)} values)" if len(different) > _NAMED else "")


def _said(value: Any) -> str:
    return "nothing" if value is None else f"{value!r:.{_LENGTH}}"


def save(folder: Folder, instances: Sequence[Instance]) -> None:
    """Write the changes of `instances` in their places; new files get a place. Raises WriteError."""
    changed = [one for one in instances if one.is_changed]
    if folder.root is None:
        if changed:
            raise WriteError("Cannot save: this folder is only in memory; give save() the path of a new folder.")
        return
    _check_untouched(changed)
    where = dict(places(folder.root, changed))
    work = [Replacement(place, None if one.deleted else partial(_write, one)) for one, place in where.items()]
    folder.detach(set(where.values()))
    save_all(folder.root, work, folder.progress)
    for one, place in where.items():
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
