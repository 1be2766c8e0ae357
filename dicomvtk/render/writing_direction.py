"""Text as it is to be drawn from left to right: Arabic letters joined, Hebrew and Arabic from right to left.

VTK 9.7 draws characters one after the other as they are stored. A name in Hebrew would read backwards, one in Arabic
fall into letters that stand alone.
"""

from __future__ import annotations

import functools
import unicodedata

__all__ = ["drawn_order", "has_right_to_left"]

#: Arabic Presentation Forms-B, which hold each Arabic letter by where it stands in its word.
_FORMS = range(0xFE80, 0xFEFD)
_RIGHT_TO_LEFT = ("R", "AL")
_NUMBERS = ("EN", "AN", "ES", "ET", "CS")
_MIRRORED = str.maketrans("()[]{}<>", ")(][}{><")


def has_right_to_left(text: str) -> bool:
    """Return whether some letters of `text` are read from right to left."""
    return any(unicodedata.bidirectional(c) in _RIGHT_TO_LEFT for c in text)


def drawn_order(text: str) -> str:
    """Return one line of `text` in the order in which it is drawn from left to right.

    What the Unicode bidirectional algorithm (UAX 9) makes of names and descriptions: runs of right-to-left letters,
    with the spaces and signs inside them, are turned round, numbers in them are not; the line begins on the side that
    its first letter asks for.

    >>> drawn_order("CT of \u05d0\u05d1\u05d2 12")
    'CT of \u05d2\u05d1\u05d0 12'
    """
    if not has_right_to_left(text):
        return text
    runs = _runs(_clusters(_joined(text)))
    if runs[0][0]:
        runs = runs[::-1]
    return "".join(_turned(run) if right_to_left else "".join(run) for right_to_left, run in runs)


def _clusters(text: str) -> list[str]:
    """Return the characters of `text`, each with the marks that stand over or under it."""
    clusters: list[str] = []
    for c in text:
        if clusters and unicodedata.combining(c):
            clusters[-1] += c
        else:
            clusters.append(c)
    return clusters


def _runs(clusters: list[str]) -> list[tuple[bool, list[str]]]:
    """Return stretches of one direction, and whether that is right to left; what has none goes with its sides."""
    sides = [_side(cluster) for cluster in clusters]
    first = next(side for side in sides if side is not None)
    runs: list[tuple[bool, list[str]]] = []
    for number, (cluster, side) in enumerate(zip(clusters, sides, strict=True)):
        if side is None:
            before = next((s for s in reversed(sides[:number]) if s is not None), first)
            after = next((s for s in sides[number:] if s is not None), first)
            number_inside = before and unicodedata.bidirectional(cluster[0]) in _NUMBERS
            side = before if before == after or number_inside else first
        if runs and runs[-1][0] == side:
            runs[-1][1].append(cluster)
        else:
            runs.append((side, [cluster]))
    return runs


def _side(cluster: str) -> bool | None:
    kind = unicodedata.bidirectional(cluster[0])
    return kind in _RIGHT_TO_LEFT if kind in (*_RIGHT_TO_LEFT, "L") else None


def _turned(run: list[str]) -> str:
    """Return a run from right to left as it is drawn from left to right; its numbers stay as they are."""
    pieces: list[str] = []
    digits = False
    for cluster in run:
        is_digit = unicodedata.bidirectional(cluster[0]) in ("EN", "AN")
        if is_digit and digits:
            pieces[-1] += cluster
        else:
            pieces.append(cluster.translate(_MIRRORED))
        digits = is_digit
    return "".join(reversed(pieces))


def _joined(text: str) -> str:
    """Return `text` with each Arabic letter in the form that it has beside its neighbours in the word."""
    forms, ligatures = _arabic_forms()
    for pair, form in ligatures.items():
        text = text.replace(pair, form)
    letters = [n for n, c in enumerate(text) if not unicodedata.combining(c)]
    joined = list(text)
    for place, n in enumerate(letters):
        known = forms.get(text[n])
        if known is None:
            continue
        before = forms.get(text[letters[place - 1]], {}) if place else {}
        after = forms.get(text[letters[place + 1]], {}) if place + 1 < len(letters) else {}
        from_right, to_left = "initial" in before and "final" in known, "initial" in known and "final" in after
        form = ("medial" if to_left else "final") if from_right else ("initial" if to_left else "isolated")
        joined[n] = known.get(form, text[n])
    return "".join(joined)


@functools.lru_cache(maxsize=1)
def _arabic_forms() -> tuple[dict[str, dict[str, str]], dict[str, str]]:
    """Return the forms of each letter by their names, and lam with alef, which are drawn as one, by the two letters."""
    forms: dict[str, dict[str, str]] = {}
    ligatures: dict[str, str] = {}
    for code in _FORMS:
        name, *letters = unicodedata.decomposition(chr(code)).split()
        text = "".join(chr(int(letter, 16)) for letter in letters)
        if len(text) == 1:
            forms.setdefault(text, {})[name.strip("<>")] = chr(code)
        elif name == "<isolated>":
            ligatures[text] = chr(code)
            forms.setdefault(chr(code), {})["isolated"] = chr(code)
        else:
            forms.setdefault(ligatures[text], {})["final"] = chr(code)
    return forms, ligatures
