"""Names from right to left are drawn as they are read."""

from __future__ import annotations

import unicodedata

import numpy as np
import pytest
from vtkmodules.vtkRenderingCore import vtkTextProperty

from dicomvtk.render import fonts
from dicomvtk.render.fonts import readable, text_bounds
from dicomvtk.render.labels import fitted
from dicomvtk.render.writing_direction import drawn_order

SHIN, RESH, VAV, NUN = "\u05e9", "\u05e8", "\u05d5", "\u05df"


@pytest.mark.parametrize(
    ("stored", "drawn"),
    [
        ("Doe, Jane 12", "Doe, Jane 12"),
        ("\u5c71\u7530 \u592a\u90ce", "\u5c71\u7530 \u592a\u90ce"),
        (SHIN + RESH + VAV + NUN, NUN + VAV + RESH + SHIN),
        (f"{SHIN}{RESH} {VAV}{NUN}", f"{NUN}{VAV} {RESH}{SHIN}"),
        (f"{SHIN}{RESH} 120 {VAV}", f"{VAV} 120 {RESH}{SHIN}"),
        (f"{SHIN} ({RESH})", f"({RESH}) {SHIN}"),
        (f"3: {SHIN}{RESH}", f"{RESH}{SHIN} :3"),
        (f"CT {SHIN}{RESH} T1", f"CT {RESH}{SHIN} T1"),
        (f"{SHIN}\u05c1{RESH}", f"{RESH}{SHIN}\u05c1"),
    ],
    ids=["latin", "cjk", "word", "two words", "number", "brackets", "numbered", "in latin", "point"],
)
def test_runs_from_right_to_left_are_turned_and_nothing_else(stored: str, drawn: str) -> None:
    assert drawn_order(stored) == drawn


@pytest.mark.parametrize(
    ("word", "forms"),
    [
        ("\u0642\u0628\u0627\u0646\u064a", ["INITIAL", "MEDIAL", "FINAL", "INITIAL", "FINAL"]),  # qabbani of PS3.5 H
        ("\u0644\u0646\u0632\u0627\u0631", ["INITIAL", "MEDIAL", "FINAL", "ISOLATED", "ISOLATED"]),
        ("\u0633\u0644\u0627\u0645", ["INITIAL", "FINAL", "ISOLATED"]),  # lam and alef are one
    ],
)
def test_arabic_letters_join_as_they_stand_in_the_word(word: str, forms: list[str]) -> None:
    drawn = drawn_order(word)

    assert [unicodedata.name(c).split()[-2] for c in reversed(drawn)] == forms
    assert unicodedata.normalize("NFKC", drawn[::-1]) == word


def test_a_font_without_arabic_leaves_codes_in_the_order_of_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "_system_fonts", lambda: ())
    assert readable("\u0642\u0628 1").text == "\\u0642\\u0628 1"


def test_a_long_line_from_right_to_left_keeps_its_beginning() -> None:
    if not any(fonts._has(font, SHIN) for font in fonts._system_fonts()):
        pytest.skip("no font here has Hebrew letters")
    text = readable(f"{SHIN}{RESH} " + 10 * f"{VAV}{NUN} ")
    style = vtkTextProperty()
    style.SetFontSize(12)
    fonts.set_font(style, text.font)

    short = fitted(text.text, style, 60)

    assert short.startswith("...")
    assert short.endswith(RESH + SHIN)
    assert text_bounds(short, style)[1] <= 60


def test_marks_that_take_no_width_are_known_by_their_ink() -> None:
    style = vtkTextProperty()
    style.SetFontSize(24)
    if not any(fonts._has(font, "\u0e35") for font in fonts._system_fonts()):
        pytest.skip("no font here has Thai letters")
    text = readable("\u0e14\u0e35")
    assert text.text == "\u0e14\u0e35"
    fonts.set_font(style, text.font)
    with_mark, without = (np.frombuffer(fonts._ink(t, style), np.uint8) for t in (text.text, "\u0e14"))
    assert with_mark.size != without.size or np.any(with_mark != without)
