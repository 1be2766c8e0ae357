"""Another volume for the window: read and made ready by a thread, while the window goes on with the one it has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dicomvtk.bridge.images import to_vtk
from dicomvtk.render.around import Around
from dicomvtk.render.drawable import drawable, whole_frame
from dicomvtk.render.errands import Errands, Progress
from dicomvtk.render.resolve import resolve
from dicomvtk.render.scene import View
from dicomvtk.volume import Volume

__all__ = ["Opened", "Opening"]

_Read = Callable[[Progress], tuple[Volume, Around]]


@dataclass(frozen=True, eq=False)
class Opened:
    """A volume, its first frame as the screen can take it, and what is around it."""

    volume: Volume
    drawn: Volume
    around: Around


class Opening:
    """What is being read at the moment, if anything; what was chosen last is what comes.

    Without `in_thread` it is read where it is taken.
    """

    def __init__(self, *, in_thread: bool) -> None:
        self._errands = Errands(in_thread=in_thread)
        self._read: _Read | None = None
        self._name = ""
        #: Key of the series that is on its way, empty without one.
        self.key = ""

    def begin(self, name: str, read: _Read, key: str = "") -> None:
        """Have `read` called, in place of what was chosen before; `name` tells the user what it is."""
        self._errands.give_up()
        self._name, self._read, self.key = name, read, key

    def take(self) -> Opened | None:
        """Return what was read, once; None while it is being read, and where nothing is.

        Raises what reading it raised, and what keeps it from being shown.
        """
        read = self._read
        if read is None:
            return None
        try:
            made = self._errands.ask("volume", lambda progress: _opened(*read(progress)))
        except BaseException:
            self._end()
            raise
        if made is None:
            return None
        self._end()
        return made.value

    @property
    def line(self) -> str:
        """What to say of it; empty where nothing is on its way."""
        if self._read is None:
            return ""
        return f"Reading {self._name} ..." + (f" {self._errands.share:.0%}" if self._errands.share else "")

    def finish(self) -> None:
        """Give up, and wait for the thread."""
        self._errands.finish()
        self._end()

    def _end(self) -> None:
        self._read, self.key = None, ""


def _opened(volume: Volume, around: Around) -> Opened:
    drawn = drawable(volume, whole_frame(volume.axes, ()))
    to_vtk(drawn)  # what is wrong is to be known before the window lets go of what it shows
    resolve(View(), drawn)
    return Opened(volume, drawn, around)
