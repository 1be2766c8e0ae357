"""Many values as one, where they agree, or as the sorted list of the different ones."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

__all__ = ["one_or_unique", "order", "unique"]


def one_or_unique(values: Iterable[Any]) -> Any:
    """Return the value that all agree on, else the sorted list of the different ones."""
    found = unique(values)
    return found[0] if len(found) == 1 else found


def unique(values: Iterable[Any]) -> list[Any]:
    """Return the different values, sorted; None first, and values of unlike kinds by their text."""
    different: list[Any] = []
    seen: set[Any] = set()
    for value in values:
        key = frozen(value)
        if key is None:
            if not any(type(value) is type(other) and value == other for other in different):
                different.append(value)
        elif key not in seen:
            seen.add(key)
            different.append(value)
    return sorted(different, key=order)


def frozen(value: Any) -> Any:
    """Return something hashable that is equal where the values are, None where there is no such thing."""
    if isinstance(value, list):
        inner = tuple(frozen(one) for one in value)
        return None if None in inner else ("list", inner)
    try:
        hash(value)
    except TypeError:
        return None
    return (type(value) is str, value)


def order(value: Any) -> tuple[int, Any]:
    """Return a key that sorts values of any kinds: nothing, numbers, lists of numbers, then texts."""
    if value is None:
        return (0, 0)
    if isinstance(value, (bool, int, float)):
        return (1, value)
    if isinstance(value, list) and value and all(isinstance(one, (int, float)) for one in value):
        return (2, tuple(value))
    return (3, str(value))
