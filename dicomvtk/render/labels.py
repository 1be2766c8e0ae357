"""Text in a pane: the four corners, and the letters of the four sides."""

from __future__ import annotations

from vtkmodules.vtkRenderingCore import vtkRenderer, vtkTextActor, vtkTextProperty

from dicomvtk.geometry import Float3
from dicomvtk.render.annotations import Corners
from dicomvtk.render.fonts import readable, set_font, text_bounds
from dicomvtk.render.layout import Rect
from dicomvtk.render.text import ink, text_actor

__all__ = ["PaneLabels", "fitted", "font_size"]

_CORNER_COLOUR = (0.86, 0.88, 0.90)
_LETTER_COLOUR = (1.0, 0.80, 0.35)
_MARGIN = 6
#: Below this width (pixels) the corners would cover the picture: only the first line at the bottom left stays.
_NARROW = 240
#: Below this width or height (pixels) there is no room for any text.
_TINY = 64
_SMALLEST, _LARGEST = 10, 20
#: A line of text for so many pixels of pane height.
_PANE_LINES = 36
_LINE_SHARE = 1.2
_LETTER_SHARE = 1.25

#: Where text stands in the pane, as shares of its width and height.
Place = tuple[float, float]
_CORNERS: dict[str, Place] = {
    "top_left": (0.0, 1.0),
    "top_right": (1.0, 1.0),
    "bottom_left": (0.0, 0.0),
    "bottom_right": (1.0, 0.0),
}
_SIDES: tuple[Place, ...] = ((0.0, 0.5), (1.0, 0.5), (0.5, 0.0), (0.5, 1.0))


def font_size(rect: Rect) -> int:
    """Return the size in pixels of text in a pane."""
    return min(max(round(min(rect.height, rect.width) / _PANE_LINES), _SMALLEST), _LARGEST)


class PaneLabels:
    """The text actors of one pane: one a line, since a line may need a font of its own."""

    def __init__(self, renderer: vtkRenderer) -> None:
        self._renderer = renderer
        self._lines: dict[str, list[vtkTextActor]] = {name: [] for name in _CORNERS}
        self._letters = [_actor_at(renderer, place, _LETTER_COLOUR, bold=True) for place in _SIDES]
        self._now: object = None

    def apply(
        self, corners: Corners, letters: tuple[str, str, str, str], rect: Rect, *, visible: bool, light: bool = False
    ) -> None:
        """Show `corners` and the `letters` at left, right, bottom and top of a pane that takes `rect`.

        `light` writes for a bright background.
        """
        wanted = (corners, letters, rect, visible, light)
        if wanted == self._now:
            return
        self._now = wanted
        visible = visible and min(rect.width, rect.height) >= _TINY
        shown = corners if rect.width >= _NARROW else Corners(bottom_left=corners.bottom_left[:1])
        size = font_size(rect)
        for name, actors in self._lines.items():
            self._write_corner(actors, getattr(shown if visible else Corners(), name), name, rect, size)
        for letter, actor, place in zip(letters, self._letters, _SIDES, strict=True):
            _write(actor, letter if visible else "", place, rect, round(size * _LETTER_SHARE), 0)
            ink(actor, _LETTER_COLOUR, light=light)
        for actor in (actor for actors in self._lines.values() for actor in actors):
            ink(actor, _CORNER_COLOUR, light=light)

    def _write_corner(
        self, actors: list[vtkTextActor], lines: tuple[str, ...], name: str, rect: Rect, size: int
    ) -> None:
        place = _CORNERS[name]
        while len(actors) < len(lines):
            actors.append(_actor_at(self._renderer, place, _CORNER_COLOUR))
        for number, actor in enumerate(actors):
            line = lines[number] if number < len(lines) else ""
            from_top = number if place[1] else number - (len(lines) - 1)
            _write(actor, line, place, rect, size, -round(from_top * size * _LINE_SHARE))


def _actor_at(renderer: vtkRenderer, place: Place, colour: Float3, *, bold: bool = False) -> vtkTextActor:
    justification, vertical = ({0.0: 0, 0.5: 1, 1.0: 2}[share] for share in place)
    return text_actor(renderer, colour, justification=justification, vertical=vertical, bold=bold)


def _write(actor: vtkTextActor, line: str, place: Place, rect: Rect, size: int, raise_by: int) -> None:
    """Let `actor` show `line` at `place`, cut to half the pane, `raise_by` pixels above where a first line stands."""
    actor.SetVisibility(bool(line))
    if not line:
        return
    style = actor.GetTextProperty()
    text = readable(line)
    set_font(style, text.font)
    style.SetFontSize(size)
    shown = fitted(text.text, style, rect.width // 2 - 2 * _MARGIN)
    actor.SetInput(shown)
    x, y = _inside(place[0], rect.width), _inside(place[1], rect.height) + raise_by
    actor.SetPosition(x, y + _correction(shown, style, place[1]))


def _inside(share: float, side: int) -> float:
    return min(max(share * side, _MARGIN), side - _MARGIN)


def _correction(line: str, style: vtkTextProperty, share: float) -> int:
    """Return by how much to move text that VTK puts outside: it aligns by Latin letters, and some fonts have none."""
    _left, _right, bottom, top = text_bounds(line, style)
    if share == 1.0:
        return -max(0, top)
    return max(0, -bottom) if share == 0.0 else 0


def fitted(line: str, style: vtkTextProperty, widest: int) -> str:
    """Return `line`, its end replaced by dots where it is wider than `widest` pixels."""
    if _width(line, style) <= widest:
        return line
    low, high = 0, len(line)
    while low < high:
        middle = (low + high + 1) // 2
        if _width(line[:middle] + "...", style) <= widest:
            low = middle
        else:
            high = middle - 1
    return line[:low].rstrip() + "..."


def _width(line: str, style: vtkTextProperty) -> int:
    left, right, _bottom, _top = text_bounds(line, style)
    return right - left + 1
