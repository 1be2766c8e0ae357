"""What a slice is measured by: a ruler in mm, and a bar of the colours that values have."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from vtkmodules.vtkRenderingCore import vtkRenderer, vtkTextActor, vtkTextProperty

from dicomvtk.render.annotations import number_text
from dicomvtk.render.fonts import text_bounds
from dicomvtk.render.greys import Range
from dicomvtk.render.layout import Rect
from dicomvtk.render.pixel_shapes import PixelBoxes, PixelLines, Segment
from dicomvtk.render.text import ink, text_actor

#: From where to where (pixels) the rows between two heights of a pane of some width are free of text.
Free = Callable[[float, float, int], tuple[float, float]]

__all__ = ["BAR_COLOURS", "ColourBar", "Ruler", "ruler_length_mm"]

_INK = (0.86, 0.88, 0.90)
_BLACK, _WHITE = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)
_DARK = (0.3, 0.3, 0.3)
#: Share of the pane's width that the ruler takes at most.
_RULER_SHARE = 0.3
_RULER_STEPS = (5.0, 2.0, 1.0)
_TICKS = 5
_TICK_PIXELS = 5
#: Where the ruler stands above the foot, and how it climbs where text is in its way, as shares of the font's size.
_RULER_LINES, _RULER_STEP = 2.4, 0.6
#: Pixels from the ruler to its label, and around both to the next text.
_BESIDE, _CLEAR = 6, 5
#: Panes narrower or lower than this (pixels) have no room for scales.
_LEAST_SIDE = 160
_BAR_WIDTH = 10
#: Where the bar begins and ends, as shares of the pane's height: between the corners' text.
_BAR_FROM, _BAR_TO = 0.28, 0.72
BAR_COLOURS = 64


def ruler_length_mm(mm_per_pixel: float, width: int) -> float:
    """Return 1, 2 or 5 times a power of ten, in mm, that takes at most a good quarter of `width` pixels.

    >>> ruler_length_mm(0.5, 600)
    50.0
    """
    most = _RULER_SHARE * width * mm_per_pixel
    power = 10.0 ** math.floor(math.log10(most))
    return next(step * power for step in _RULER_STEPS if step * power <= most)


class Ruler:
    """A line with ticks above the lower letter, and its length beside it."""

    def __init__(self, renderer: vtkRenderer) -> None:
        self._edges = PixelLines(renderer, _BLACK, 3.0, opacity=0.6)
        self._lines = PixelLines(renderer, _INK)
        self._label = text_actor(renderer, _INK)

    def apply(
        self, rect: Rect, mm_per_pixel: float, font: int, free: Free, *, visible: bool, light: bool = False
    ) -> None:
        """Measure a pane that takes `rect`, in the lowest rows that `free` leaves wide enough."""
        visible = visible and min(rect.width, rect.height) >= _LEAST_SIDE
        self._label.SetVisibility(visible)
        ink(self._label, _INK, light=light)
        self._lines.set_colour(_DARK if light else _INK)
        if not visible:
            self._lines.draw([])
            self._edges.draw([])
            return
        length = ruler_length_mm(mm_per_pixel, rect.width)
        pixels = length / mm_per_pixel
        text = f"{length:g} mm" if length < 10 else f"{length / 10:g} cm"
        x, y = self._place(rect, pixels, pixels + _BESIDE + _text_width(text, font), font, free)
        ticks: list[Segment] = [
            (x + n * pixels / _TICKS, y, x + n * pixels / _TICKS, y + _TICK_PIXELS * (2 if n in (0, _TICKS) else 1))
            for n in range(_TICKS + 1)
        ]
        segments = [(x, y, x + pixels, y), *ticks]
        self._lines.draw(segments)
        self._edges.set_colour(_WHITE if light else _BLACK)
        self._edges.draw(segments)
        _put(self._label, text, x + pixels + _BESIDE, y, font)

    def _place(self, rect: Rect, pixels: float, whole: float, font: int, free: Free) -> tuple[int, int]:
        """Return where a ruler of `pixels`, and `whole` with its label, begins: in the middle, or beside the text."""
        middle = (rect.width - pixels) / 2
        lowest, step = round(_RULER_LINES * font), round(_RULER_STEP * font)
        for y in range(lowest, max(lowest + 1, rect.height // 2), step):
            left, right = free(y - _CLEAR, y + font + _CLEAR, rect.width)
            if whole + 2 * _CLEAR <= right - left:
                return round(min(max(middle, left + _CLEAR), right - _CLEAR - whole)), y
        return round(middle), lowest


class ColourBar:
    """The colours from black to white of the window, with the values at both ends and in the middle."""

    def __init__(self, renderer: vtkRenderer) -> None:
        self._boxes = PixelBoxes(renderer)
        self._outline = PixelLines(renderer, _INK)
        self._labels = [text_actor(renderer, _INK, justification=2) for _ in range(3)]

    def apply(
        self,
        rect: Rect,
        ends: Range,
        unit: str,
        colours: NDArray[np.float64],
        font: int,
        *,
        visible: bool,
        light: bool = False,
    ) -> None:
        """Show `colours` (BAR_COLOURS, 3), lowest first, between `ends`, in a pane that takes `rect`."""
        visible = visible and min(rect.width, rect.height) >= _LEAST_SIDE
        for label in self._labels:
            label.SetVisibility(visible)
            ink(label, _INK, light=light)
        if not visible:
            self._boxes.draw([], np.empty((0, 3)))
            self._outline.draw([])
            return
        right = rect.width - round(2.6 * font)
        left = right - _BAR_WIDTH
        edges = np.linspace(_BAR_FROM * rect.height, _BAR_TO * rect.height, BAR_COLOURS + 1)
        boxes = [(left, float(a), right, float(b)) for a, b in itertools.pairwise(edges)]
        self._boxes.draw(boxes, colours)
        low, high = float(edges[0]), float(edges[-1])
        box = [(left, low, right, low), (right, low, right, high), (right, high, left, high), (left, high, left, low)]
        self._outline.draw([(float(a), b, float(c), d) for a, b, c, d in box])
        for label, value, y in zip(
            self._labels, (ends.low, ends.centre, ends.high), (low, (low + high) / 2, high), strict=True
        ):
            text = f"{number_text(value)} {unit if label is self._labels[2] else ''}".rstrip()
            _put(label, text, left - 5, y - font / 2, font)


def _put(label: vtkTextActor, text: str, x: float, y: float, font: int) -> None:
    label.SetInput(text)
    label.GetTextProperty().SetFontSize(font)
    label.SetPosition(x, y)


def _text_width(text: str, font: int) -> int:
    style = vtkTextProperty()
    style.SetFontSize(font)
    left, right, _bottom, _top = text_bounds(text, style)
    return right - left + 1
