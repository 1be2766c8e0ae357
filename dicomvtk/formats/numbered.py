"""Slices in files of their own: names that are the same but for a number, which orders them."""

from __future__ import annotations

import re
from pathlib import Path

from dicomvtk.errors import UnsupportedError

__all__ = ["is_numbered", "numbered_files", "numbered_name"]

#: A place for the number in a name, as printf has it.
_PLACE = re.compile(r"%0?(\d*)d")
#: What stands before the last number of a name, the number, and what stands after it.
_NUMBER = re.compile(r"(.*?)(\d+)(\D*)", re.DOTALL)


def is_numbered(path: Path) -> bool:
    """True where the name has a place for the number of a slice.

    >>> is_numbered(Path("slices/%04d.tif")), is_numbered(Path("slices.tif"))
    (True, False)
    """
    return _PLACE.search(path.name) is not None


def numbered_name(name: str, number: int) -> str:
    """Return `name` with the number in its place.

    >>> numbered_name("slice_%03d.tif", 7)
    'slice_007.tif'
    """
    return _PLACE.sub(lambda place: f"{number:0{place[1] or 1}d}", name)


def numbered_files(path: Path) -> list[Path]:
    """Return the files of a folder of numbered files, or of a name with a place for the number, in their order.

    Raises UnsupportedError where a number is absent or there twice, and where a folder holds other names.
    """
    folder = path.parent if is_numbered(path) else path
    entries = [entry for entry in folder.iterdir() if not entry.name.startswith(".")] if folder.is_dir() else []
    if is_numbered(path):
        start, end = (re.escape(part) for part in (_PLACE.split(path.name)[0], _PLACE.split(path.name)[-1]))
        form = re.compile(f"({start})(\\d+)({end})")
        found = [(entry, match) for entry in entries if (match := form.fullmatch(entry.name))]
    else:
        found = [(entry, match) for entry in entries if (match := _NUMBER.fullmatch(entry.stem))]
        if len(found) < len(entries) or len({(match[1], match[3]) for _, match in found}) > 1:
            raise UnsupportedError(f"Cannot read {path} as slices: its files are not one name with a number in it.")
    return _in_order([(int(match[2]), entry) for entry, match in found], path)


def _in_order(numbered: list[tuple[int, Path]], path: Path) -> list[Path]:
    numbers = sorted(number for number, _ in numbered)
    if not numbers:
        return []
    absent = sorted(set(range(numbers[0], numbers[-1])) - set(numbers))[:3]
    if absent or len(set(numbers)) < len(numbers):
        what = f"number {', '.join(map(str, absent))} is absent" if absent else "a number is there twice"
        raise UnsupportedError(f"Cannot read {path} as slices: of files {numbers[0]} to {numbers[-1]} {what}.")
    return [file for _, file in sorted(numbered)]
