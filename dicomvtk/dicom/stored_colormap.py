"""The colours a series is to be shown in, as this package keeps them: a name in a private block (PS3.5 section 7.8)."""

from __future__ import annotations

from collections.abc import Iterable

from dicomvtk.dicom import values
from dicomvtk.dicom.elements import NotDicom, Unsure, walk_file

__all__ = ["CREATOR", "ELEMENT", "GROUP", "stored_colormap"]

GROUP, ELEMENT, CREATOR = 0x0913, 0x01, "DICOMVTK"

#: A block lies where there was room when it was made; the first of these is as good as always free.
_BLOCKS = range(0x10, 0x20)
_CREATORS = {block << 16 | GROUP: (block << 8 | ELEMENT) << 16 | GROUP for block in _BLOCKS}
_WANTED = frozenset({*_CREATORS, *_CREATORS.values()})


def stored_colormap(paths: Iterable[str]) -> str:
    """Return the name that all files agree on, empty where the first has none or another differs.

    Only the first header is read where it has no block of ours.
    """
    name = ""
    for path in dict.fromkeys(paths):
        found = _of_file(path)
        if not found or (name and found != name):
            return ""
        name = found
    return name


def _of_file(path: str) -> str:
    try:
        found = walk_file(path, _WANTED, frozenset()).values
    except Unsure:
        from dicomvtk.dicom.headers_pydicom import read_elements

        try:
            found = read_elements(path, _WANTED)
        except Exception:  # whatever pydicom raises on damage: colours are worth no failure of a read
            return ""
    except (NotDicom, OSError):
        return ""
    return next((values.text(found.get(at)) for creator, at in _CREATORS.items() if _is_ours(found.get(creator))), "")


def _is_ours(creator: bytes | None) -> bool:
    return creator is not None and values.text(creator) == CREATOR
