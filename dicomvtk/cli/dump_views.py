"""A dump in other shapes: a page with sequences to fold, and what differs between two data sets."""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dicomvtk.dicom.dump import Line

__all__ = ["differences", "tree_page"]

_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{title}</title>
<style>
body {{ font: 13px/1.5 ui-monospace, monospace; margin: 1rem; white-space: pre-wrap; overflow-wrap: anywhere; }}
details > div, details > details {{ margin-left: 1.5rem; }}
summary {{ cursor: pointer; }}
</style></head><body>
<h1>{title}</h1>
{body}
</body></html>
"""

#: Where an element is: tags and item numbers from the top.
_Path = tuple[str, ...]


def tree_page(name: str, lines: Iterable[Line]) -> str:
    """Return a page (HTML, nothing from elsewhere) of a dump; sequences and items fold."""
    waiting = list(lines)
    parts: list[str] = []
    open_at: list[int] = []
    for n, line in enumerate(waiting):
        while open_at and open_at[-1] >= line.depth:
            open_at.pop()
            parts.append("</details>")
        text = html.escape(line.text)
        if n + 1 < len(waiting) and waiting[n + 1].depth > line.depth:
            parts.append(f"<details><summary>{text}</summary>")
            open_at.append(line.depth)
        else:
            parts.append(f"<div>{text}</div>")
    parts += ["</details>"] * len(open_at)
    return _PAGE.format(title=html.escape(name), body="\n".join(parts))


def differences(ours: Sequence[Line], theirs: Sequence[Line]) -> Iterator[str]:
    """Yield what differs, ``-`` as in `ours` and ``+`` as in `theirs`, under the sequences it is in.

    Elements are compared place by place: by tag, and by number in a sequence.
    """
    left, right = dict(_placed(ours)), dict(_placed(theirs))
    order = list(dict.fromkeys(path for path in sorted({*left, *right}, key=_sort_key)))
    told: set[_Path] = set()
    for path in order:
        a, b = left.get(path), right.get(path)
        if a == b:
            continue
        for end in range(1, len(path)):
            above = path[:end]
            if above not in told:
                told.add(above)
                yield "  " * end + (left.get(above) or right[above])
        indent = "  " * (len(path) - 1)
        told.add(path)
        if a is not None:
            yield f"- {indent}{a}"
        if b is not None:
            yield f"+ {indent}{b}"


def _placed(lines: Iterable[Line]) -> Iterator[tuple[_Path, str]]:
    above: list[tuple[int, str]] = []
    for line in lines:
        while above and above[-1][0] >= line.depth:
            above.pop()
        above.append((line.depth, line.text if line.text.startswith("item ") else line.text[:11]))
        yield tuple(name for _, name in above), line.text


def _sort_key(path: _Path) -> tuple[tuple[int, str], ...]:
    """Sort by tag, and items by number."""
    return tuple((int(part[5:]), "") if part.startswith("item ") else (0, part) for part in path)
