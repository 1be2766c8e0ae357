"""Numbers as DICOM decimal strings: the nearest one that fits, or the nearest from one side (PS3.5 section 6.2, DS)."""

from __future__ import annotations

import math
from decimal import ROUND_HALF_EVEN, Context, Decimal

from dicomvtk.errors import UnsupportedError

__all__ = ["MAX_CHARACTERS", "coordinate_text", "ds_text"]

MAX_CHARACTERS = 16

#: Positions (mm) and cosines below this are rounding dust of a rotation, and print as 0.
_DUST = 1e-12

#: Digits that tell any two float64 apart.
_FLOAT64_DIGITS = 17


def ds_text(value: float, rounding: str = ROUND_HALF_EVEN) -> str:
    """Return `value` in at most 16 characters, exactly where its shortest text fits, else with as many digits as do.

    `rounding` is one of `decimal`'s modes, so that ``ROUND_FLOOR`` never gives a larger number than `value` and
    ``ROUND_CEILING`` never a smaller one. There is always a digit before the point: vtkDICOMImageReader reads ``.9``
    as 0. Raises UnsupportedError for a value that is not finite.

    >>> ds_text(1 / 3), ds_text(-2.5), ds_text(1.25e-11)
    ('0.33333333333333', '-2.5', '0.0000000000125')
    """
    if not math.isfinite(value):
        raise UnsupportedError(f"Cannot write {value} as a decimal string (DS); expected a finite number.")
    shortest = Decimal(repr(float(value)))
    exact = Decimal(float(value))  # the shortest text may be a tie that the number itself is not
    for digits in range(_FLOAT64_DIGITS, 0, -1):
        fits = len(shortest.as_tuple().digits) <= digits
        rounded = shortest if fits else Context(prec=digits, rounding=rounding).plus(exact)
        for text in (_plain(rounded), _scientific(rounded)):
            if len(text) <= MAX_CHARACTERS:
                return text
    raise AssertionError("one digit and an exponent always fit")  # pragma: no cover


def coordinate_text(value: float) -> str:
    """Return a position (mm) or cosine as a decimal string, rounding dust as 0."""
    return ds_text(0.0 if abs(value) < _DUST else float(value))


def _plain(number: Decimal) -> str:
    text = format(number, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def _scientific(number: Decimal) -> str:
    mantissa, _, exponent = format(number, "e").partition("e")
    if "." in mantissa:
        mantissa = mantissa.rstrip("0").rstrip(".")
    return f"{mantissa}e{int(exponent or 0)}"
