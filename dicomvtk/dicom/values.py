"""Value bytes of a header as Python values, by one strict reader for each kind.

Numbers are read in full or refused: the wrong count, text that is no number, and values that are not finite raise
`BadValue`. Absent and empty are None. The text forms are those of PS3.5 section 6.2.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from typing import TypeVar

__all__ = ["BadValue", "decimals", "has_comma", "integer", "short", "shorts", "text", "texts", "unsigned"]

_T = TypeVar("_T")
_PADDING = b" \0"
_CACHE_LIMIT = 20_000
_LARGEST_US = 0xFFFF


class BadValue(ValueError):  # noqa: N818
    """A value that is not what its attribute must hold; the text is the value found."""


def _cached(function: Callable[[bytes], _T]) -> Callable[[bytes], _T]:
    """Remember results by value bytes: most values of a series are the same in each file."""
    known: dict[bytes, _T] = {}

    def cached(raw: bytes) -> _T:
        try:
            return known[raw]
        except KeyError:
            result = function(raw)
            if len(known) >= _CACHE_LIMIT:
                known.clear()
            known[raw] = result
            return result

    return cached


@_cached
def _parse_decimals(raw: bytes) -> tuple[float, ...]:
    try:
        numbers = tuple(float(part) for part in raw.replace(b",", b".").strip(_PADDING).split(b"\\"))
    except ValueError:
        raise BadValue(repr(raw.decode("latin-1"))) from None
    if b"_" in raw or not all(map(math.isfinite, numbers)):
        raise BadValue(repr(raw.decode("latin-1")))
    return numbers


def decimals(raw: bytes | None, count: int = 0) -> tuple[float, ...] | None:
    """Return the numbers of a DS value, None where absent or empty; exactly `count` of them where it is given.

    A decimal comma, which DS forbids, is read as the point; `has_comma` tells where it was.
    """
    if raw is None or not raw.strip(_PADDING):
        return None
    numbers = _parse_decimals(raw)
    if count and len(numbers) != count:
        raise BadValue(f"{len(numbers)} values {raw.decode('latin-1').strip()!r}")
    return numbers


def has_comma(raw: bytes | None) -> bool:
    """True where a number is written with a comma, of decimals or of thousands."""
    return raw is not None and b"," in raw


def integer(raw: bytes | None) -> int | None:
    """Return the number of an IS value, None where absent or empty; one written as a whole decimal will do."""
    numbers = decimals(raw, 1)
    if numbers is None:
        return None
    if not numbers[0].is_integer() or has_comma(raw):
        raise BadValue(repr(numbers[0]))
    return int(numbers[0])


def unsigned(raw: bytes | None) -> int | None:
    """Return the number of a US (or UL, where it was written so) value, None where absent or empty."""
    if not raw:
        return None
    value = int.from_bytes(raw, "little")
    if len(raw) not in (2, 4) or value > _LARGEST_US:
        raise BadValue(f"{len(raw)} bytes where one 16-bit number is expected")
    return value


def short(raw: bytes | None, *, signed: bool) -> int | None:
    """Return the number of a US or SS value, None where absent, empty or of another length."""
    if raw is None or len(raw) != 2:
        return None
    return int.from_bytes(raw, "little", signed=signed)


def shorts(raw: bytes | None) -> tuple[int, ...]:
    """Return all numbers of a US value."""
    if not raw:
        return ()
    return struct.unpack(f"<{len(raw) // 2}H", raw[: len(raw) // 2 * 2])


def texts(raw: bytes | None, charset: str = "") -> tuple[str, ...]:
    """Return the values of a text element, padding removed; `charset` is SpecificCharacterSet as stored."""
    value = text(raw, charset)
    return tuple(part.strip(" \0") for part in value.split("\\")) if value else ()


def text(raw: bytes | None, charset: str = "") -> str:
    """Return a text element, padding removed, all its values in one; empty where absent."""
    if not raw:
        return ""
    if raw.isascii() and 0x1B not in raw:
        return raw.decode("ascii").strip(" \0")
    return _foreign(raw, charset).strip(" \0")


def _foreign(raw: bytes, charset: str) -> str:
    """Decode by SpecificCharacterSet (0008,0005); what cannot be decoded is shown, not dropped."""
    if charset in ("ISO_IR 192", "ISO 2022 IR 192"):
        return raw.decode("utf-8", "backslashreplace")
    import warnings

    from pydicom.charset import convert_encodings, decode_bytes
    from pydicom.valuerep import PN_DELIMS

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            encodings = convert_encodings([part.strip() for part in charset.split("\\")] or [""])
            return decode_bytes(raw, encodings, PN_DELIMS)
        except (LookupError, UnicodeError, ValueError):
            return raw.decode("latin-1")
