"""How an attribute is named: a keyword, a tag, a private element of a creator, or a path into a sequence."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pydicom.datadict import DicomDictionary, dictionary_VR, keyword_for_tag, tag_for_keyword

from dicomvtk.errors import DicomVtkError

__all__ = ["AttributePath", "MissingAttributeError", "Name", "Step", "is_keyword", "named", "parse", "spelled_alike"]

#: What a caller may write for one attribute.
Name = Any

_TAG = re.compile(r"\(?\s*([0-9a-fA-F]{4})\s*,\s*([0-9a-fA-F]{4})\s*\)?")
#: As DICOM JSON writes it (PS3.18 F.2.2).
_BARE_TAG = re.compile(r"([0-9a-fA-F]{4})([0-9a-fA-F]{4})")
_PRIVATE = re.compile(r"\(?\s*([0-9a-fA-F]{4})\s*,\s*(?:xx)?([0-9a-fA-F]{2})\s*,\s*(.+?)\s*\)?")
#: One step of a path: anything but a dot outside brackets, then perhaps an item number.
_STEP = re.compile(r"(\([^)]*\)|[^.\[\]()]+)(?:\[(-?\d+)\])?")
#: The last tag of group 0000 (PS3.7 annex E).
_COMMANDS = 0xFFFF


class MissingAttributeError(DicomVtkError, AttributeError, KeyError):
    """An attribute that DICOM does not have, or that none of the files has."""

    __str__ = Exception.__str__


@dataclass(frozen=True)
class Step:
    """One element: its tag, or group and last byte with the `creator` of the private block; `item` goes inside it."""

    group: int
    element: int
    creator: str = ""
    item: int | None = None

    @property
    def tag(self) -> int:
        """(gggg,eeee) as one number; not known beforehand for a private element named by its creator."""
        return self.group << 16 | self.element

    def __str__(self) -> str:
        inside = "" if self.item is None else f"[{self.item}]"
        if self.creator:
            return f"({self.group:04X},{self.element:02X},{self.creator}){inside}"
        keyword = str(keyword_for_tag(self.tag))
        return (keyword or f"({self.group:04X},{self.element:04X})") + inside


@dataclass(frozen=True)
class AttributePath:
    """Where an attribute is: the steps from the top of a data set to it."""

    steps: tuple[Step, ...]

    @property
    def top(self) -> Step:
        return self.steps[0]

    @property
    def last(self) -> Step:
        return self.steps[-1]

    @property
    def is_plain(self) -> bool:
        """True for one standard element at the top level."""
        return len(self.steps) == 1 and not self.top.creator and self.top.group % 2 == 0 and self.top.item is None

    @property
    def vr(self) -> str:
        """The VR that the standard gives it, empty for private and unknown elements."""
        try:
            return "" if self.last.creator else str(dictionary_VR(self.last.tag))
        except KeyError:
            return ""

    def __str__(self) -> str:
        return ".".join(map(str, self.steps))

    def spelled(self) -> str:
        """Return keyword and tag for a message: ``StudyDate (0008,0020)``."""
        if self.last.creator or not keyword_for_tag(self.last.tag):
            return str(self)
        return f"{self} ({self.last.group:04X},{self.last.element:04X})"


def is_keyword(name: str) -> bool:
    """Return whether `name` is a keyword of the standard (CamelCase)."""
    return tag_for_keyword(name) is not None


def named(names: Any) -> tuple[list[AttributePath], bool]:
    """Return the attributes that `names` names, and whether it was a list of them.

    A list, or a tuple of texts, is several; a tuple of two numbers is a tag.
    """
    if isinstance(names, list) or (isinstance(names, tuple) and names and not _is_tag(names)):
        return [parse(name) for name in names], True
    return [parse(names)], False


def parse(name: Name) -> AttributePath:
    """Return the path that one name means.

    A keyword (``"Rows"``), ``(0x0028, 0x0010)``, ``"0028,0010"``; ``(0x0019, 0x0C, "SIEMENS MR HEADER")`` or
    ``"(0019,0C,SIEMENS MR HEADER)"`` for a private element wherever its block lies; dots and item numbers go into
    sequences: ``"ReferencedImageSequence[0].ReferencedSOPInstanceUID"``. Raises
    MissingAttributeError for anything else.
    """
    if isinstance(name, AttributePath):
        return name
    if isinstance(name, str):
        return _parse_text(name)
    if _is_tag(name):
        return AttributePath((Step(int(name[0]), int(name[1]), str(name[2]) if len(name) > 2 else ""),))
    if isinstance(name, int) and name > _COMMANDS:  # no file holds the group of network commands
        return AttributePath((Step(int(name) >> 16, int(name) & 0xFFFF),))
    raise _unknown(name)


def _is_tag(name: Any) -> bool:
    if not isinstance(name, tuple) or len(name) not in (2, 3):
        return False
    numbers = all(isinstance(part, int) and 0 <= part <= 0xFFFF for part in name[:2])
    return numbers and (len(name) == 2 or (isinstance(name[2], str) and name[0] % 2 == 1 and name[1] <= 0xFF))


@lru_cache(maxsize=4096)
def _parse_text(text: str) -> AttributePath:
    steps = tuple(_steps(text))
    for step in steps[:-1]:
        if step.item is None:
            raise MissingAttributeError(f"Cannot read {text!r}: say which item of {step}, for example {step}[0].")
    return AttributePath(steps)


def _steps(text: str) -> Iterator[Step]:
    pos = 0
    while True:
        match = _STEP.match(text, pos)
        if match is None:
            raise _unknown(text)
        yield _step(match[1].strip(), None if match[2] is None else int(match[2]), text)
        pos = match.end()
        if pos == len(text):
            return
        if text[pos] != ".":
            raise _unknown(text)
        pos += 1


def _step(name: str, item: int | None, text: str) -> Step:
    if match := _TAG.fullmatch(name) or _BARE_TAG.fullmatch(name):
        return Step(int(match[1], 16), int(match[2], 16), "", item)
    if (match := _PRIVATE.fullmatch(name)) and int(match[1], 16) % 2 == 1:
        return Step(int(match[1], 16), int(match[2], 16), match[3], item)
    tag = tag_for_keyword(name)
    if tag is None:
        raise _unknown(text)
    return Step(int(tag) >> 16, int(tag) & 0xFFFF, "", item)


def spelled_alike(name: str) -> list[str]:
    """Return the keyword that `name` is but for capitals and underscores, if any."""
    wanted = name.replace("_", "").casefold()
    return [keyword for keyword in _keywords() if keyword.casefold() == wanted][:1]


def _unknown(name: Any) -> MissingAttributeError:
    near = difflib.get_close_matches(str(name), _keywords(), n=1)
    hint = f"; did you mean {near[0]}?" if near else "."
    return MissingAttributeError(
        f"No DICOM attribute {name!r}{hint} Expected a keyword such as 'Rows', (0x0028, 0x0010), '0028,0010', "
        "a path such as 'ReferencedImageSequence[0].ReferencedSOPInstanceUID' or '(0019,0C,CREATOR)'."
    )


@lru_cache(maxsize=1)
def _keywords() -> tuple[str, ...]:
    return tuple(entry[4] for entry in DicomDictionary.values() if entry[4])
