"""What stands around a volume in a window: the other series of its folder and its header, as plain values.

`render` never reads DICOM: whoever opens a window hands these in.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dicomvtk.errors import SeriesError
from dicomvtk.render.errands import Progress
from dicomvtk.volume import Volume

__all__ = ["Around", "SeriesCard"]

#: Greys (height, width) or colours (height, width, 3), uint8, row 0 at the top.
Thumbnail = NDArray[np.uint8]


@dataclass(frozen=True)
class SeriesCard:
    """One series of the folder: `key` opens it, `lines` tell what it is, `needs` what it wants to be opened at all."""

    key: str
    lines: tuple[str, ...]
    needs: str = ""


@dataclass(frozen=True)
class Around:
    """The series of a folder, how to open one, its thumbnail, and the header behind slice k of a volume, line by line.

    `open_paths` opens files and folders from anywhere, as those dropped on the window. Both raise an error of this
    package where nothing can be read; the window tells it. They call what they are given with (done, total), which does
    not come back where the window wants nothing of them any longer.
    """

    cards: tuple[SeriesCard, ...] = ()
    current: str = ""
    open_series: Callable[[str, Progress], Volume] | None = None
    open_paths: Callable[[tuple[str, ...], Progress], tuple[Volume, Around]] | None = None
    thumbnail: Callable[[str], Thumbnail | None] | None = None
    header: Callable[[Volume, int], tuple[str, ...]] | None = None

    def neighbour(self, key: str, step: int) -> str:
        """Return the key of the series `step` further in the list among those that open as they are.

        Raises SeriesError where there is no other.
        """
        keys = [card.key for card in self.cards if not card.needs or card.key == key]
        if len(keys) > 1 and key in keys:
            return keys[(keys.index(key) + step) % len(keys)]
        wanting = [f"{card.key} needs {card.needs}" for card in self.cards if card.needs and card.key != key]
        if wanting:
            raise SeriesError(f"No other series here opens as it is: {'; '.join(wanting)}.")
        raise SeriesError("There is no other series here.")
