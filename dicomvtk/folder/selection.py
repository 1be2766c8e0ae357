"""Some files of a folder, chosen by what their headers say, to be read, set and saved together."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from dicomvtk.folder.instance import Instance
from dicomvtk.folder.levels import Level

if TYPE_CHECKING:
    from dicomvtk.folder.tree import Folder

__all__ = ["Selection"]


class Selection(Level):
    """Files of any patients, studies and series; see `Folder.where`."""

    def __init__(self, folder: Folder, chosen: Iterable[Instance]) -> None:
        self._folder = folder
        self._chosen = frozenset(chosen)

    def _covers(self, instance: Instance) -> bool:
        return instance in self._chosen

    def _was_home(self, instance: Instance) -> bool:
        return False

    def __len__(self) -> int:
        return len(self.instances)

    def __repr__(self) -> str:
        return f"<{len(self)} of {len(self._folder.instances)} files>"
