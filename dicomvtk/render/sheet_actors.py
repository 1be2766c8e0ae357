"""The VTK side of a sheet: paper, title, lines, thumbnails and bars."""

from __future__ import annotations

import numpy as np
from vtkmodules.util.numpy_support import numpy_to_vtk
from vtkmodules.vtkCommonDataModel import vtkImageData
from vtkmodules.vtkRenderingCore import vtkActor2D, vtkImageMapper, vtkRenderer, vtkTextActor, vtkTextProperty

from dicomvtk.render.around import Thumbnail
from dicomvtk.render.fonts import readable, set_font, text_bounds
from dicomvtk.render.labels import fitted
from dicomvtk.render.panels import CARD_PIXELS, LINE_PIXELS, SERIES_PIXELS, TITLE_PIXELS, Sheet, histogram_edges
from dicomvtk.render.pixel_shapes import PixelBoxes, PixelLines
from dicomvtk.render.text import text_actor

__all__ = ["SheetActors"]

_INK = (0.92, 0.93, 0.94)
_TITLE = (1.0, 0.80, 0.35)
_PAPER = np.array([[0.07, 0.08, 0.10]])
_CURRENT = np.array([[0.20, 0.26, 0.34]])
_BAR = (0.55, 0.68, 0.85)
_FONT = 13
_MARGIN = 10
#: Letters that are measured to know the width of one.
_MEASURED = 20
#: The histogram's highest bar as a share of the window's height, and where it stands (pixels).
_BARS_SHARE, _FOOT = 0.3, 40


class SheetActors:
    """Draws one sheet, or none, in a renderer over the whole window."""

    def __init__(self, renderer: vtkRenderer) -> None:
        self._renderer = renderer
        self._paper = PixelBoxes(renderer, opacity=0.92)
        self._current = PixelBoxes(renderer)
        self._bars = PixelBoxes(renderer)
        self._marks = PixelLines(renderer, _TITLE, 2.0)
        self._title = text_actor(renderer, _TITLE, bold=True)
        self._lines: list[vtkTextActor] = []
        self._pictures: list[vtkActor2D] = []

    def apply(self, sheet: Sheet | None, size: tuple[int, int]) -> None:
        """Show `sheet` in a window of `size` (width, height) pixels; None shows nothing."""
        self._clear()
        if sheet is None:
            return
        width, height = size
        right = min(SERIES_PIXELS, width) if sheet.name == "series" else width
        top = height if sheet.counts is None else round(_BARS_SHARE * height) + _FOOT + TITLE_PIXELS
        self._paper.draw([(0, 0, right, top)], _PAPER)
        self._write(self._title, sheet.title, _MARGIN, top - TITLE_PIXELS + 8, right - 2 * _MARGIN)
        if sheet.cards:
            self._cards(sheet, right, top)
        elif sheet.counts is not None:
            self._histogram(sheet, sheet.counts, width, height)
        else:
            for number, line in enumerate(sheet.lines):
                y = top - TITLE_PIXELS - (number + 1) * LINE_PIXELS
                self._write(self._line(number), line, _MARGIN, y, width - 2 * _MARGIN, columns=True)

    def _clear(self) -> None:
        for actor in (self._title, *self._lines, *self._pictures):
            actor.VisibilityOff()
        for boxes in (self._paper, self._current, self._bars):
            boxes.draw([], np.empty((0, 3)))
        self._marks.draw([])

    def _cards(self, sheet: Sheet, right: int, top: int) -> None:
        number = 0
        for row, (card, thumbnail) in enumerate(sheet.cards):
            upper = top - TITLE_PIXELS - row * CARD_PIXELS
            if card.key == sheet.current:
                self._current.draw([(2, upper - CARD_PIXELS + 2, right - 2, upper)], _CURRENT)
            if thumbnail is not None:
                self._picture(row, thumbnail, (_MARGIN, upper - CARD_PIXELS + 8))
            shown = (*card.lines, f"needs {card.needs}" if card.needs else "")
            for offset, line in enumerate(line for line in shown if line):
                y = upper - 2 - (offset + 1) * LINE_PIXELS
                self._write(self._line(number), line, _MARGIN + CARD_PIXELS, y, right - 2 * _MARGIN - CARD_PIXELS)
                number += 1

    def _histogram(self, sheet: Sheet, counts: np.ndarray, width: int, height: int) -> None:
        left, right = histogram_edges(width)
        heights = np.log1p(counts)
        heights = heights / max(1.0, float(heights.max())) * _BARS_SHARE * height
        edges = np.linspace(left, right, len(heights) + 1)
        boxes = [
            (float(x0), float(_FOOT), float(x1), float(_FOOT + bar))
            for x0, x1, bar in zip(edges[:-1], edges[1:], heights, strict=True)
        ]
        self._bars.draw(boxes, np.tile(_BAR, (len(boxes), 1)))
        low, high = sheet.span
        places = [left + (mark - low) / (high - low) * (right - left) for mark in sheet.marks if low <= mark <= high]
        self._marks.draw([(x, _FOOT, x, _FOOT + _BARS_SHARE * height) for x in places])
        for number, (value, x) in enumerate(((low, left), ((low + high) / 2, (left + right) / 2), (high, right))):
            self._write(self._line(number), f"{value:.4g}", round(x) - 12, _FOOT - LINE_PIXELS, width)

    def _line(self, number: int) -> vtkTextActor:
        while len(self._lines) <= number:
            self._lines.append(text_actor(self._renderer, _INK))
        return self._lines[number]

    def _write(self, actor: vtkTextActor, line: str, x: float, y: float, room: float, *, columns: bool = False) -> None:
        """Let `actor` show `line` at (x, y), cut to `room` pixels; `columns` keeps columns made of spaces straight."""
        text = readable(line)
        style = actor.GetTextProperty()
        set_font(style, text.font)
        style.SetFontSize(_FONT)
        style.SetBackgroundOpacity(0.0)
        straight = columns and not text.font
        if straight:
            style.SetFontFamilyToCourier()
        actor.SetInput(_cut(text.text, style, room) if straight else fitted(text.text, style, round(room)))
        actor.SetPosition(x, y)
        actor.SetVisibility(bool(line))

    def _picture(self, row: int, thumbnail: Thumbnail, at: tuple[int, int]) -> None:
        while len(self._pictures) <= row:
            mapper = vtkImageMapper()
            mapper.SetColorWindow(255)
            mapper.SetColorLevel(127.5)
            actor = vtkActor2D()
            actor.SetMapper(mapper)
            self._renderer.AddViewProp(actor)
            self._pictures.append(actor)
        image = vtkImageData()
        height, width = thumbnail.shape[:2]
        image.SetDimensions(width, height, 1)
        pixels = np.ascontiguousarray(thumbnail[::-1]).reshape(height * width, -1)
        image.GetPointData().SetScalars(numpy_to_vtk(pixels, deep=True))
        shown: vtkActor2D = self._pictures[row]
        shown.GetMapper().SetInputData(image)
        shown.SetPosition(*at)
        shown.VisibilityOn()


def _cut(line: str, style: vtkTextProperty, room: float) -> str:
    """Return what of `line` has room where all letters are equally wide: of a value in a column as much as can be."""
    left, right, _bottom, _top = text_bounds("M" * _MEASURED, style)
    letters = int(room * _MEASURED / (right - left + 1))
    return line if len(line) <= letters else line[: max(0, letters - 3)] + "..."
