"""Text over the whole window: the help sheet, and a line that says what just happened."""

from __future__ import annotations

import textwrap

import numpy as np
from vtkmodules.vtkFiltersSources import vtkPlaneSource
from vtkmodules.vtkRenderingCore import (
    vtkActor2D,
    vtkCoordinate,
    vtkPolyDataMapper2D,
    vtkRenderer,
    vtkTextActor,
    vtkTextProperty,
)

from dicomvtk.render.fonts import readable, set_font, text_bounds
from dicomvtk.render.help import help_columns
from dicomvtk.render.labels import fitted
from dicomvtk.render.panels import Sheet
from dicomvtk.render.pixel_shapes import PixelBoxes
from dicomvtk.render.sheet_actors import SheetActors

__all__ = ["Overlay"]

_PAPER = (0.07, 0.08, 0.10)
_PAPER_OPACITY = 0.88
_INK = (0.92, 0.93, 0.94)
_KEYS = (1.0, 0.80, 0.35)
_SLIDER = (0.35, 0.40, 0.46)
_HANDLE = 14.0
_LARGEST, _SMALLEST = 20, 8
#: Height of a line of text as a share of its font's size, VTK's own font, and what of it is for more air.
_LINE_SHARE, _LINE_SPACING = 1.2, 1.2
#: Where what is said stands above the foot of the window (pixels), and how much of the picture its strip hides.
_MESSAGE_FOOT, _STRIP_OPACITY = 16, 0.95
#: What is said takes this share of the window's width, and so many lines, at most.
_MESSAGE_SHARE, _MESSAGE_LINES = 0.94, 5
#: The most that the columns of the help sheet take of the window's width, and the sheet of its height; the gap
#: between them as a share of the font's size.
_HELP_SHARES, _HELP_HEIGHT, _HELP_GAP = (0.36, 0.58), 0.98, 1.5


class Overlay:
    """A renderer for the uppermost layer, transparent but for its text."""

    def __init__(self) -> None:
        self.renderer = vtkRenderer()
        self.renderer.SetLayer(2)
        self.renderer.InteractiveOff()
        self._paper = _sheet(self.renderer)
        self._keys = _text_actor(self.renderer, _KEYS, justification=2)
        self._meaning = _text_actor(self.renderer, _INK)
        self._sheet = SheetActors(self.renderer)
        self._strip = PixelBoxes(self.renderer, opacity=_STRIP_OPACITY)
        self._message = _text_actor(self.renderer, _INK, justification=1)
        self._said = ""
        for actor in (self._keys, self._meaning):
            actor.GetTextProperty().SetLineSpacing(_LINE_SPACING)
        self._slider = PixelBoxes(self.renderer, opacity=0.8)

    def apply(
        self,
        size: tuple[int, int],
        *,
        help_sheet: bool,
        sheet: Sheet | None = None,
        frames: tuple[int, int] = (0, 1),
    ) -> None:
        """Show the help sheet or not, `sheet` if there is one, and a slider where `frames` (index, count) are many.

        The window has `size` (width, height) pixels.
        """
        width = size[0]
        self._sheet.apply(sheet, size)
        self._slide(width, *frames)
        self._paper.SetVisibility(help_sheet)
        font = _font(size)
        self._explain(size, font, visible=help_sheet)
        self._tell(width, font)

    def _tell(self, width: int, font: int) -> None:
        """Show what is said on a strip of its own, so that no text of the panes is read into it."""
        style = self._message.GetTextProperty()
        style.SetFontSize(font)
        self._message.SetPosition(width / 2, _MESSAGE_FOOT)
        text = _wrapped(self._said, style, round(_MESSAGE_SHARE * width))
        self._message.SetInput(text)
        if not text:
            self._strip.draw([], np.empty((0, 3)))
            return
        left, right, bottom, top = text_bounds(text, style)
        x, y, air = width / 2, _MESSAGE_FOOT, font / 2
        box = (x + left - 2 * air, y + bottom - air, x + right + 2 * air, y + top + air)
        self._strip.draw([box], np.array([_PAPER]))

    def _explain(self, size: tuple[int, int], font: int, *, visible: bool) -> None:
        """Show the help sheet in the middle of the window, as much of it as has room."""
        for actor in (self._keys, self._meaning):
            actor.SetVisibility(visible)
        if not visible:
            return
        width, height = size
        rows = int(_HELP_HEIGHT * height / (font * _LINE_SHARE))
        columns = []
        for actor, lines, share in zip((self._keys, self._meaning), help_columns(rows), _HELP_SHARES, strict=True):
            style = actor.GetTextProperty()
            style.SetFontSize(font)
            style.SetVerticalJustificationToCentered()
            actor.SetInput("\n".join(fitted(line, style, round(share * width)) for line in lines))
            bounds = [text_bounds(line, style) for line in actor.GetInput().split("\n") if line]
            columns.append(max((right - left for left, right, _bottom, _top in bounds), default=0))
        between = round(_HELP_GAP * font)
        middle = round((width - sum(columns) - between) / 2) + columns[0]
        self._keys.SetPosition(middle, height / 2)
        self._meaning.SetPosition(middle + between, height / 2)

    def _slide(self, width: int, index: int, count: int) -> None:
        if count < 2:
            self._slider.draw([], np.empty((0, 3)))
            return
        x = index / (count - 1) * (width - _HANDLE)
        boxes = [(0.0, 1.0, float(width), 4.0), (x, 0.0, x + _HANDLE, 6.0)]  # below the lowest text of a pane
        self._slider.draw(boxes, np.array([_SLIDER, _KEYS]))

    def say(self, text: str) -> None:
        """Show a few words at the foot of the window from the next `apply` on; empty text takes them away."""
        shown = readable(text)
        set_font(self._message.GetTextProperty(), shown.font)
        self._said = shown.text
        self._message.SetVisibility(bool(text))


def _font(size: tuple[int, int]) -> int:
    """Return the size in pixels of text over a window of `size`, so that the help sheet fits where it can."""
    width, height = size
    lines = len(help_columns()[0])
    return max(min(_LARGEST, int(height * 0.9 / (lines * _LINE_SHARE)), int(width / 56)), _SMALLEST)


def _wrapped(text: str, style: vtkTextProperty, widest: int) -> str:
    """Return `text` in as many lines as `widest` pixels make of each of its own; what is too long ends in dots."""
    if not text:
        return text
    given = text.split("\n")
    lines = []
    for line in given:
        left, right, _bottom, _top = text_bounds(line, style)
        letters = max(8, int(len(line) * widest / max(1, right - left)))
        most = max(1, _MESSAGE_LINES - len(given) + 1)
        lines += textwrap.wrap(line, letters, max_lines=most, placeholder=" ...")
    return "\n".join(lines)


def _sheet(renderer: vtkRenderer) -> vtkActor2D:
    """Add a dark sheet over the whole window that lets the picture shine through a little."""
    plane = vtkPlaneSource()
    plane.SetOrigin(-1.0, -1.0, 0.0)
    plane.SetPoint1(2.0, -1.0, 0.0)
    plane.SetPoint2(-1.0, 2.0, 0.0)
    coordinate = vtkCoordinate()
    coordinate.SetCoordinateSystemToNormalizedViewport()
    mapper = vtkPolyDataMapper2D()
    mapper.SetInputConnection(plane.GetOutputPort())
    mapper.SetTransformCoordinate(coordinate)
    actor = vtkActor2D()
    actor.SetMapper(mapper)
    actor.GetProperty().SetColor(_PAPER)
    actor.GetProperty().SetOpacity(_PAPER_OPACITY)
    renderer.AddViewProp(actor)
    return actor


def _text_actor(renderer: vtkRenderer, colour: tuple[float, float, float], *, justification: int = 0) -> vtkTextActor:
    actor = vtkTextActor()
    actor.SetTextScaleModeToNone()
    actor.VisibilityOff()
    style = actor.GetTextProperty()
    style.SetColor(colour)
    style.SetJustification(justification)
    style.ShadowOn()
    renderer.AddViewProp(actor)
    return actor
