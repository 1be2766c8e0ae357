"""Values on the command line that are more than one word of text: lists of numbers, sizes, windows."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any, cast

import click

from dicomvtk.display import CT_WINDOWS, WindowLevel
from dicomvtk.errors import UnsupportedError

__all__ = ["Assignment", "Checked", "Colour", "Numbers", "SlicePlace", "Thickness", "Window", "Words"]

_COMMA = re.compile(r",(?![^(]*\))")


class Assignment(click.ParamType):  # type: ignore[type-arg]  # generic for type checkers of click 8.3 only
    """``KEYWORD=VALUE`` as the two."""

    name = "assignment"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        if isinstance(value, tuple):
            return value
        name, equals, text = value.partition("=")
        if not equals or not name.strip():
            self.fail(f"{value!r}; expected KEYWORD=VALUE, for example StudyDate=20221119.", param, ctx)
        return name.strip(), text


class Numbers(click.ParamType):  # type: ignore[type-arg]
    """Numbers with commas or an x between them, such as ``256,256,180`` or ``1600x1200``; `count` of them if given."""

    name = "numbers"

    def __init__(
        self, kind: Callable[[str], Any], count: int | None = None, *, above: int | None = None, most: int | None = None
    ) -> None:
        self._kind = kind
        self._count = count
        self._above = above
        self._most = most

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[Any, ...]:
        if isinstance(value, tuple):
            return value
        try:
            numbers = tuple(self._kind(word) for word in re.split(r"[,x]", value))
        except ValueError:
            numbers = ()
        right_count = len(numbers) == self._count if self._count else bool(numbers)
        if not right_count or not all(self._takes(number) for number in numbers):
            limits = "" if self._above is None else f" above {self._above}"
            limits += "" if self._most is None else f", at most {self._most}"
            form = f": {param.metavar}" if param is not None and param.metavar else ", commas between"
            self.fail(f"{value!r}; expected {self._count or 'one or more'} numbers{limits}{form}.", param, ctx)
        return numbers

    def _takes(self, number: float) -> bool:
        low, high = (
            (-math.inf if self._above is None else self._above),
            (math.inf if self._most is None else self._most),
        )
        return math.isfinite(number) and low < number <= high


class Checked(click.ParamType):  # type: ignore[type-arg]
    """Text that a function of the library understands or refuses: `of(text)` is the value where it is not None."""

    name = "text"

    def __init__(self, of: Callable[[str], Any]) -> None:
        self._of = of

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not isinstance(value, str):
            return value
        try:
            made = self._of(value)
        except UnsupportedError as error:
            self.fail(str(error), param, ctx)
        return value if made is None else made


class SlicePlace(click.ParamType):  # type: ignore[type-arg]
    """``40mm``, a place, or ``12``, the number of a slice from 1; as text, since only a volume has slices."""

    name = "slice"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        text = str(value).strip().lower()
        try:
            right = math.isfinite(float(text[:-2])) if text.endswith("mm") else int(text) >= 1
        except ValueError:
            right = False
        if not right:
            self.fail(f"{value!r}; expected a place such as 40mm, or the number of a slice from 1.", param, ctx)
        return text


class Window(click.ParamType):  # type: ignore[type-arg]
    """``C,W`` in modality values, the name of a CT window, such as ``bone``, or what waits for the volume as text.

    That is ``auto`` and, for one of the header's windows, ``dicom:N`` or ``dicom:NAME``.
    """

    name = "window"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> WindowLevel | str:
        if isinstance(value, WindowLevel) or value.lower() == "auto":
            return cast("WindowLevel | str", value)
        if value.lower().startswith("dicom:") and value[len("dicom:") :].strip(" 0"):
            return cast("str", value)
        named = CT_WINDOWS.get(f"CT-{value.upper().removeprefix('CT-')}")
        if named is not None:
            return named
        try:
            center, width = (float(word) for word in value.split(","))
            return WindowLevel(center, width)
        except (ValueError, UnsupportedError):
            names = ", ".join(name.removeprefix("CT-").lower() for name in CT_WINDOWS)
            self.fail(f"{value!r}; expected C,W with a width above 0, {names}, auto or dicom:N.", param, ctx)


class Colour(click.ParamType):  # type: ignore[type-arg]
    """``black``, ``white`` or ``#RRGGBB`` as red, green, blue from 0 to 1."""

    name = "colour"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[float, ...]:
        if isinstance(value, tuple):
            return value
        text = {"black": "#000000", "white": "#ffffff"}.get(value.lower(), value)
        if not re.fullmatch(r"#[0-9a-fA-F]{6}", text):
            self.fail(f"{value!r}; expected black, white or #RRGGBB.", param, ctx)
        return tuple(byte / 255 for byte in bytes.fromhex(text[1:]))


class Thickness(click.ParamType):  # type: ignore[type-arg]
    """A slab as ``20``, ``20mm`` or ``20mm,mean``."""

    name = "thickness"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        from dicomvtk.render.scene import Slab

        if isinstance(value, Slab):
            return value
        thickness, _, blend = value.partition(",")
        try:
            return Slab(float(thickness.lower().removesuffix("mm")), blend or "max")
        except ValueError:
            self.fail(f"{value!r}; expected a thickness in mm, and max, min or mean: 20mm,mean.", param, ctx)


class Words(click.ParamType):  # type: ignore[type-arg]
    """Words with commas between them; those of a tag, ``(0018,0081)``, are its own."""

    name = "words"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        return value if isinstance(value, tuple) else tuple(_COMMA.split(value))
