"""Numbers that a view is made of, checked when it is made: what cannot be drawn is refused by name."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from dicomvtk.errors import UnsupportedError

__all__ = ["check_flags", "check_kinds", "check_zoom", "colour", "finite", "floats", "indices", "unit"]

_UNIT_TOLERANCE = 1e-12


def check_zoom(zoom: float) -> None:
    """Raise UnsupportedError for a zoom that is not a finite number above 0."""
    if not (finite(zoom) and zoom > 0):
        raise UnsupportedError(f"A zoom of {zoom}; expected a finite number above 0.")


def check_kinds(values: Mapping[str, object], kinds: Mapping[str, type[object]]) -> None:
    """Raise UnsupportedError for one of `values` that is of another kind than `kinds` says; None is of any."""
    for name, kind in kinds.items():
        if values[name] is not None and not isinstance(values[name], kind):
            raise UnsupportedError(f"{name} is {values[name]!r:.60}; expected a {kind.__name__}.")


def finite(value: object) -> bool:
    """Return whether `value` is a finite number, NumPy's too."""
    try:
        return math.isfinite(value)  # type: ignore[arg-type]
    except TypeError:
        return False


def check_flags(flags: Mapping[str, object]) -> None:
    """Raise UnsupportedError for a value that is neither True nor False nor None: any text would count as True."""
    for name, value in flags.items():
        if value not in (None, True, False):
            raise UnsupportedError(f"{name} is {value!r}; expected true or false.")


def colour(values: Sequence[float], name: str) -> tuple[float, ...]:
    """Return red, green and blue, refusing what does not lie from 0 to 1."""
    numbers = floats(values, 3, name)
    if not all(0.0 <= v <= 1.0 for v in numbers):
        raise UnsupportedError(f"{name} is {numbers}; expected red, green and blue, each from 0 to 1.")
    return numbers


def floats(values: Sequence[float], count: int, name: str) -> tuple[float, ...]:
    """Return `values` as floats, refusing another number of them and what is not finite."""
    numbers = _numbers(values)
    if numbers is None or len(numbers) != count or not all(math.isfinite(v) for v in numbers):
        raise UnsupportedError(f"{name} is {values!r:.60}; expected {count} finite numbers.")
    return numbers


def indices(values: Sequence[int], name: str) -> tuple[int, ...]:
    """Return `values` as whole numbers of 0 or more, refusing others."""
    numbers = _numbers(values)
    if numbers is None or not all(v.is_integer() and v >= 0 for v in numbers):
        raise UnsupportedError(f"{name} is {values!r:.60}; expected whole numbers of 0 or more.")
    return tuple(int(v) for v in numbers)


def _numbers(values: object) -> tuple[float, ...] | None:
    """Return `values` as floats, None where they are none: digits of a text are no numbers either."""
    if isinstance(values, str) or not isinstance(values, Iterable):
        return None
    try:
        return tuple(float(v) for v in values)
    except (TypeError, ValueError):
        return None


def unit(vector: Sequence[float], name: str) -> tuple[float, ...]:
    """Return `vector` (3,) at length 1, refusing one without length."""
    numbers = floats(vector, 3, name)
    length = math.hypot(*numbers)
    if length == 0:
        raise UnsupportedError(f"{name} is {numbers}; expected a direction, and this has no length.")
    # Left alone where it is one already, so that a view read back is the same to the last bit.
    return numbers if abs(length - 1) < _UNIT_TOLERANCE else tuple(v / length for v in numbers)
