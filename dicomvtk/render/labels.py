"""Text in a pane: the four corners, and the letters of the four sides."""

from __future__ import annotations

from vtkmodules.vtkRenderingCore import vtkRenderer, vtkTextActor, vtkTextProperty

from dicomvtk.render.annotations import Corners
from dicomvtk.render.fonts import readable, set_font, text_width
from dicomvtk.render.layout import Rect

__all__ = ["PaneLabels", "font_size"]

_CORNER_COLOUR = (0.86, 0.88, 0.90)
_LETTER_COLOUR = (1.0, 0.80, 0.35)
_MARGIN = 6
_SHADE_OPACITY = 0.5
#: Below this width (pixels) the corners would cover the picture: only what is at the bottom left stays.
_NARROW = 240
_SMALLEST, _LARGEST = 10, 20
#: A line of text for so many pixels of pane height.
_PANE_LINES = 36

#: name, horizontal and vertical place as a share of the pane.
_CORNERS = {"top_left": (0.0, 1.0), "top_right": (1.0, 1.0), "bottom_left": (0.0, 0.0), "bottom_right": (1.0, 0.0)}
_SIDES = ((0.0, 0.5), (1.0, 0.5), (0.5, 0.0), (0.5, 1.0))


def font_size(rect: Rect) -> int:
    """Return the size in pixels of text in a pane."""
    return min(max(round(min(rect.height, rect.width) / _PANE_LINES), _SMALLEST), _LARGEST)


class PaneLabels:
    """The text actors of one pane."""

    def __init__(self, renderer: vtkRenderer) -> None:
        self._corners = {name: _text_actor(renderer, place, _CORNER_COLOUR) for name, place in _CORNERS.items()}
        self._letters = [_text_actor(renderer, place, _LETTER_COLOUR, bold=True) for place in _SIDES]
        self._now: object = None

    def apply(
        self, corners: Corners, letters: tuple[str, str, str, str], rect: Rect, *, visible: bool, on_white: bool = False
    ) -> None:
        """Show `corners` and the `letters` at left, right, bottom and top of a pane that takes `rect`.

        `on_white` puts a shade behind the text, for pictures with a white ground.
        """
        wanted = (corners, letters, rect, visible, on_white)
        if wanted == self._now:
            return
        self._now = wanted
        size = font_size(rect)
        narrow = rect.width < _NARROW
        for name, actor in self._corners.items():
            lines = getattr(corners, name)[:1] if narrow and name == "bottom_left" else getattr(corners, name)
            shown = visible and bool(lines) and not (narrow and name != "bottom_left")
            _write(actor, lines if shown else (), size, rect, _CORNERS[name], rect.width // 2 - 2 * _MARGIN)
        for letter, actor, place in zip(letters, self._letters, _SIDES, strict=True):
            _write(actor, (letter,) if visible and letter else (), round(size * 1.25), rect, place, rect.width)
        for actor in (*self._corners.values(), *self._letters):
            actor.GetTextProperty().SetBackgroundOpacity(_SHADE_OPACITY if on_white else 0.0)


def _text_actor(
    renderer: vtkRenderer, place: tuple[float, float], colour: tuple[float, float, float], *, bold: bool = False
) -> vtkTextActor:
    actor = vtkTextActor()
    actor.SetTextScaleModeToNone()
    style = actor.GetTextProperty()
    style.SetColor(colour)
    style.SetBold(bold)
    style.ShadowOn()
    style.SetShadowOffset(1, -1)
    style.SetJustification({0.0: 0, 0.5: 1, 1.0: 2}[place[0]])
    style.SetVerticalJustification({0.0: 0, 0.5: 1, 1.0: 2}[place[1]])
    renderer.AddViewProp(actor)
    return actor


def _write(
    actor: vtkTextActor, lines: tuple[str, ...], size: int, rect: Rect, place: tuple[float, float], widest: int
) -> None:
    actor.SetVisibility(bool(lines))
    if not lines:
        return
    style = actor.GetTextProperty()
    text = readable("\n".join(lines))
    set_font(style, text.font)
    style.SetFontSize(size)
    actor.SetInput("\n".join(_fitted(line, style, widest) for line in text.text.split("\n")))
    actor.SetPosition(*(_inside(share, side) for share, side in zip(place, (rect.width, rect.height), strict=True)))


def _inside(share: float, side: int) -> float:
    return min(max(share * side, _MARGIN), side - _MARGIN)


def _fitted(line: str, style: vtkTextProperty, widest: int) -> str:
    """Return `line`, its end replaced by dots where it is wider than `widest` pixels."""
    if text_width(line, style) <= widest:
        return line
    low, high = 0, len(line)
    while low < high:
        middle = (low + high + 1) // 2
        if text_width(line[:middle] + "...", style) <= widest:
            low = middle
        else:
            high = middle - 1
    return line[:low].rstrip() + "..."
