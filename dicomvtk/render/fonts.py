"""Text that can be read: a font for letters that VTK's own lacks, or their code where no font has them.

VTK leaves out, without a word, every character that its font lacks; a patient's name must not shrink that way.
"""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import vtkmodules.vtkRenderingFreeType  # noqa: F401  # VTK draws text only where this is loaded
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkCommonCore import VTK_FONT_FILE
from vtkmodules.vtkCommonDataModel import vtkImageData
from vtkmodules.vtkRenderingCore import vtkTextProperty, vtkTextRenderer

from dicomvtk.render.writing_direction import drawn_order

__all__ = ["Readable", "readable", "set_font", "text_bounds"]

#: Where systems keep fonts, and the files in them with the most writing systems, in the order of trial.
_FOLDERS = (
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "~/.local/share/fonts",
    "~/.fonts",
    "/System/Library/Fonts",
    "/Library/Fonts",
    "C:/Windows/Fonts",
)
_FILES = (
    "DejaVuSans.ttf",
    "NotoSans-Regular.ttf",
    "LiberationSans-Regular.ttf",
    "NotoSansCJK-Regular.ttc",
    "DroidSansFallbackFull.ttf",
    "wqy-zenhei.ttc",
    "wqy-microhei.ttc",
    "NotoSansMono-Regular.ttf",
    "NotoSansKR-Regular.ttf",
    "NanumGothic.ttf",
    "NotoSansThai-Regular.ttf",
    "Loma.ttf",
    "Garuda.ttf",
    "unifont.ttf",
    "FreeSans.ttf",
    "Arial Unicode.ttf",
    "Arial Unicode MS.ttf",
    "arialuni.ttf",
    "msyh.ttc",
    "msgothic.ttc",
    "malgun.ttf",
    "AppleSDGothicNeo.ttc",
    "tahoma.ttf",
    "arial.ttf",
)
_PROBE_SIZE = 24
_DPI = 72
_BUILT_IN = ""
#: Latin letters, digits and signs as wide as those of Chinese and Japanese: fonts for these may have no others.
_WIDE = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}


@dataclass(frozen=True)
class Readable:
    """Text as it can be drawn and the font file to draw it with, empty for VTK's own."""

    text: str
    font: str = _BUILT_IN


def readable(text: str) -> Readable:
    r"""Return `text` in the order it is drawn in, with a font that has all its characters.

    Without such a font, those it lacks are written as ``\uXXXX``.

    Control characters are always written as their code.
    """
    plain = "".join(c if c == "\n" or c.isprintable() else _code(c) for c in text)
    drawn = "\n".join(drawn_order(line) for line in plain.split("\n"))
    needed = {c for c in drawn if not c.isspace()}
    if all(_has(_BUILT_IN, c) for c in needed):
        return Readable(drawn)
    fonts = [_BUILT_IN, *_system_fonts()]
    # Latin letters first: beside them a code for a foreign one can be read, the other way round it cannot.
    best = max(
        fonts, key=lambda font: tuple(sum(_has(font, c) for c in needed if c.isascii() is a) for a in (True, False))
    )
    if all(_has(best, c) for c in needed):
        return Readable(drawn, best)
    for font in fonts:
        wide = "".join(c if c.isspace() or _has(font, c) else c.translate(_WIDE) for c in drawn)
        if all(c.isspace() or _has(font, c) for c in wide):
            return Readable(wide, font)
    # Codes are read from left to right, whatever they stand for: beside them the letters stay as they are stored.
    return Readable("".join(c if c.isspace() or _has(best, c) else _code(c) for c in plain), best)


def set_font(style: vtkTextProperty, font: str) -> None:
    """Let `style` draw with the font file `font`, or with VTK's own for empty text."""
    if font:
        style.SetFontFamily(VTK_FONT_FILE)
        style.SetFontFile(font)
    else:
        style.SetFontFamilyToArial()


def text_bounds(text: str, style: vtkTextProperty) -> tuple[int, int, int, int]:
    """Return left, right, bottom and top of `text` in pixels from where it is put."""
    bounds = [0, 0, 0, 0]
    vtkTextRenderer.GetInstance().GetBoundingBox(style, text, bounds, _DPI)
    return (bounds[0], bounds[1], bounds[2], bounds[3])


@functools.lru_cache(maxsize=4096)
def _has(font: str, character: str) -> bool:
    """Return whether `font` draws `character`: one that it lacks adds nothing to the width of a text."""
    style = vtkTextProperty()
    style.SetFontSize(_PROBE_SIZE)
    set_font(style, font)
    if unicodedata.combining(character) or unicodedata.category(character) == "Mn":
        return _ink(f"H{character}H", style) != _ink("HH", style)  # marks may take no width
    with_it, without = (text_bounds(text, style) for text in (f"H{character}H", "HH"))
    return with_it[1] - with_it[0] != without[1] - without[0]


def _ink(text: str, style: vtkTextProperty) -> bytes:
    """Return the pixels of `text`."""
    image = vtkImageData()
    vtkTextRenderer.GetInstance().RenderString(style, text, image, [0, 0], _DPI)
    return bytes(vtk_to_numpy(image.GetPointData().GetScalars()).tobytes())


@functools.lru_cache(maxsize=1)
def _system_fonts() -> tuple[str, ...]:
    found = {path.name: str(path) for folder in _FOLDERS for path in _font_files(Path(folder).expanduser())}
    return tuple(found[name] for name in _FILES if name in found)


def _font_files(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield from (path for path in folder.rglob("*") if path.name in _FILES)


def _code(character: str) -> str:
    number = ord(character)
    return f"\\u{number:04X}" if number <= 0xFFFF else f"\\U{number:08X}"
