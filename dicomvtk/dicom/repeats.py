"""What the headers of a series repeat: stretches of elements that are the same bytes in one file after the other.

An element is read from its own bytes alone, so that a stretch of known bytes says what it said before, wherever it
begins: it is compared, and not read again. Nothing else is taken from the header before.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple

from dicomvtk.dicom.sequences import LONG_VR, explicit_head, implicit_head, long_length

__all__ = ["Repeats", "Stretch"]

#: An element alone is read as fast as it is compared.
_SHORTEST = 2


class _Element(NamedTuple):
    """A whole element of known length: its bytes and, where it is wanted, its value."""

    tag: int
    data: bytes
    value: bytes | None


class Stretch(NamedTuple):
    """Elements that follow each other: their bytes, the values of the wanted ones, and where each ends."""

    data: bytes
    values: dict[int, bytes]
    elements: Sequence[_Element]
    ends: list[int]


class Repeats:
    """The stretches known of one kind of header, by the tag of their first element.

    `stops` is the tags that end a run of plain elements: those given, and those that begin a stretch. While `learning`
    is set, a walk hands over what it has read. Stretches only become shorter, by what turned out to differ, until they
    are learned anew.
    """

    def __init__(self, wanted: frozenset[int], stops: frozenset[int]) -> None:
        self.known: dict[int, Stretch] = {}
        self.stops: set[int] = set(stops)
        self.learning = False
        self._explicit = True
        self._wanted = wanted
        self._own_stops = stops

    def begin(self, explicit: bool) -> None:
        """Forget the stretches before learning anew, and those of the other way of writing heads."""
        if self.learning or explicit != self._explicit:
            self.known.clear()
            self.stops = set(self._own_stops)
            self._explicit = explicit

    def learn(self, block: bytes, start: int, stop: int) -> None:
        """Keep the elements from `start` to `stop`, all of known length and read without doubt."""
        elements: dict[int, _Element] = {}
        while start < stop:
            tag, value_at, end = self._extent(block, start)
            if end > stop:  # the block ends within its value
                break
            if tag in elements:  # a stretch has each once: what stands twice is for the walk to see
                self._keep(list(elements.values()))
                elements = {}
            elements[tag] = _Element(tag, block[start:end], block[value_at:end] if tag in self._wanted else None)
            start = end
        self._keep(list(elements.values()))

    def split(self, stretch: Stretch, block: bytes, pos: int) -> None:
        """Take the first element out of a stretch that is not as it was in the block at `pos`."""
        same = _same_bytes(stretch.data, block, pos)
        n = bisect_right(stretch.ends, same)
        del self.known[stretch.elements[0].tag]
        self.stops.discard(stretch.elements[0].tag)
        self._keep(stretch.elements[:n])
        self._keep(stretch.elements[n + 1 :])

    def _keep(self, elements: Sequence[_Element]) -> None:
        if len(elements) < _SHORTEST or elements[0].tag in self._own_stops:
            return
        ends, end = [], 0
        for element in elements:
            end += len(element.data)
            ends.append(end)
        values = {element.tag: element.value for element in elements if element.value is not None}
        self.known[elements[0].tag] = Stretch(b"".join(e.data for e in elements), values, elements, ends)
        self.stops.add(elements[0].tag)

    def _extent(self, block: bytes, pos: int) -> tuple[int, int, int]:
        """Return the tag of the element at `pos`, and where its value starts and ends."""
        if not self._explicit:
            tag, length = implicit_head(block, pos)
            return tag, pos + 8, pos + 8 + length
        tag, vr, length = explicit_head(block, pos)
        if vr in LONG_VR:
            length = long_length(block, pos + 8)[0]
            return tag, pos + 12, pos + 12 + length
        return tag, pos + 8, pos + 8 + length


def _same_bytes(data: bytes, block: bytes, pos: int) -> int:
    """Return how many of the first bytes of `data` are those of the block from `pos` on."""
    low, high = 0, len(data)
    while low < high:
        middle = (low + high + 1) // 2
        if block.startswith(data[:middle], pos):
            low = middle
        else:
            high = middle - 1
    return low
