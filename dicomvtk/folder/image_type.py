"""What the values of an image are: magnitude, phase, real or imaginary part, in whatever words the maker used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dicomvtk.errors import UnsupportedError
from dicomvtk.folder.attribute_path import parse

if TYPE_CHECKING:
    from dicomvtk.folder.instance import Instance

__all__ = ["get", "set_"]

_IMAGE_TYPE = parse("ImageType")
_COMPONENT = parse("ComplexImageComponent")
_GE_TYPE = parse((0x0043, 0x2F, "GEMS_PARM_01"))

_PARTS = ("MAGNITUDE", "PHASE", "REAL", "IMAGINARY")
#: What each part is called in ImageType (PS3.3 C.8.13.3.1.1, and Siemens, Philips and GE in practice).
_WORDS = {
    "MAGNITUDE": ("M", "M_FFE", "M_SE", "M_IR", "MAG", "MAGNITUDE"),
    "PHASE": ("P", "PHASE", "PHASE MAP", "P_FFE", "PHASE_IMAGE"),
    "REAL": ("R", "REAL", "R_FFE", "R_IR"),
    "IMAGINARY": ("I", "IMAGINARY", "I_FFE", "I_IR"),
}
_MEANING = {word: part for part, words in _WORDS.items() for word in words}
_SAYS_NOTHING = "OTHER"
#: Values 1 and 2 say what pixels and patient examination are (PS3.3 C.7.6.1.1.2): no part of a complex number.
_FIRST_WORD = 2


def get(instance: Instance) -> str | None:
    """Return MAGNITUDE, PHASE, REAL or IMAGINARY, MIXED where a file holds several, None where it does not say."""
    found = instance.values([_COMPONENT, _IMAGE_TYPE])
    component, words = found[_COMPONENT], found[_IMAGE_TYPE]
    if component in (*_PARTS, "MIXED"):
        return str(component)
    for word in words[_FIRST_WORD:] if isinstance(words, list) else ():
        if word in _MEANING:
            return _MEANING[word]
    if instance.get("Manufacturer", "").startswith("GE"):
        number = instance.get(_GE_TYPE)
        if isinstance(number, int) and 0 <= number < len(_PARTS):
            return _PARTS[number]
    return None


def set_(instance: Instance, value: Any) -> None:
    """Write the part into ImageType, and into ComplexImageComponent where the file has it."""
    if value not in _PARTS:
        raise UnsupportedError(f"Cannot set image_type to {value!r}; expected one of {', '.join(_PARTS)}.")
    words = instance.get(_IMAGE_TYPE) or []
    words = words if isinstance(words, list) else [words]
    kept = [word for word in words[_FIRST_WORD:] if word not in _MEANING and word != _SAYS_NOTHING]
    head = words[:_FIRST_WORD] if len(words) >= _FIRST_WORD else ["DERIVED", "SECONDARY"]
    instance.set_value(_IMAGE_TYPE, [*head, _word(words, value), *kept])
    if instance.get(_COMPONENT) is not None:
        instance.set_value(_COMPONENT, value)


def _word(words: list[str], part: str) -> str:
    """Return the word for a part in the manner of the file: one letter, or the whole word."""
    spelled = any(len(word) > 1 and word in _PARTS for word in words[_FIRST_WORD:])
    return part if spelled else part[0]
