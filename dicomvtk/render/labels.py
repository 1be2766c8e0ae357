"""Text in a pane: the four corners, and the letters of the four sides."""

from __future__ import annotations

from vtkmodules.vtkRenderingCore import vtkRenderer, vtkTextActor, vtkTextProperty

from dicomvtk.geometry import Float3
from dicomvtk.render.annotations import Corners
from dicomvtk.render.fonts import readable, set_font, text_bounds
from dicomvtk.render.layout import Rect
from dicomvtk.render.pixel_shapes import Segment
from dicomvtk.render.text import ink, text_actor
from dicomvtk.render.writing_direction import has_right_to_left

__all__ = ["PaneLabels", "fitted", "font_size"]

_CORNER_COLOUR = (0.86, 0.88, 0.90)
_LETTER_COLOUR = (1.0, 0.80, 0.35)
_MARGIN = 6
#: Below this width (pixels) the corners would cover the picture: only the first line at the bottom left stays, above
#: the letter.
_NARROW = 240
#: Below this width or height (pixels) there is no room for any text.
_TINY = 64
_SMALLEST, _LARGEST = 10, 20
#: A line of text for so many pixels of pane height.
_PANE_LINES = 36
_LINE_SHARE = 1.2
_LETTER_SHARE = 1.25
#: A word that is more than this share of a line is shortened in its middle.
_LONG_WORD = 0.6

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
        #: Edges (left, lower, right, upper) in pixels of the pane of each line in a corner.
        self._boxes: list[Segment] = []
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
        size = font_size(rect)
        shown = _with_room(corners, rect, size)
        self._boxes = []
        for upper in (True, False):
            self._write_rows(shown if visible else Corners(), rect, size, upper=upper)
        for letter, actor, place in zip(letters, self._letters, _SIDES, strict=True):
            _write(actor, letter if visible else "", place, rect.width, rect, round(size * _LETTER_SHARE), 0)
            ink(actor, _LETTER_COLOUR, light=light)
        for actor in (actor for actors in self._lines.values() for actor in actors):
            ink(actor, _CORNER_COLOUR, light=light)

    def free(self, low: float, high: float, width: int) -> tuple[float, float]:
        """Return from where to where the text of the corners leaves the pixel rows `low` to `high` of a pane free."""
        left, right = 0.0, float(width)
        for x0, y0, x1, y1 in self._boxes:
            if y0 < high and low < y1:
                left, right = (max(left, x1), right) if x0 + x1 < width else (left, min(right, x0))
        return left, right

    def _write_rows(self, corners: Corners, rect: Rect, size: int, *, upper: bool) -> None:
        """Write the two corners above, or those below, row by row from the edge: a line may be as long as fits."""
        names = ("top_left", "top_right") if upper else ("bottom_left", "bottom_right")
        columns = [getattr(corners, name) if upper else getattr(corners, name)[::-1] for name in names]
        for name, lines in zip(names, columns, strict=True):
            while len(self._lines[name]) < len(lines):
                self._lines[name].append(_actor_at(self._renderer, _CORNERS[name], _CORNER_COLOUR))
        for number in range(max(len(self._lines[name]) for name in names)):
            row = [lines[number] if number < len(lines) else "" for lines in columns]
            rooms = _rooms(row, rect, size, beside_letter=number == 0)
            from_edge = round(number * size * _LINE_SHARE)
            for name, line, room in zip(names, row, rooms, strict=True):
                if number < len(self._lines[name]):
                    actor = self._lines[name][number]
                    _write(actor, line, _CORNERS[name], room, rect, size, -from_edge if upper else from_edge)
                    if line:
                        self._boxes.append(_box_of(actor))


def _with_room(corners: Corners, rect: Rect, size: int) -> Corners:
    """Return of `corners` the first lines of each, as many as leave the letters at the sides of a pane free."""
    if rect.width < _NARROW:
        return Corners(bottom_left=(*corners.bottom_left[:1], ""))
    room = rect.height / 2 - size * _LETTER_SHARE / 2 - _MARGIN
    count = max(1, int(room / (size * _LINE_SHARE)))
    return Corners(**{name: getattr(corners, name)[:count] for name in _CORNERS})


def _rooms(row: list[str], rect: Rect, size: int, *, beside_letter: bool) -> tuple[int, int]:
    """Return how wide the lines at the left and right of one row may be: half of it, or what the other leaves."""
    half = rect.width // 2 - 2 * _MARGIN
    if beside_letter:
        return half - size // 2, half - size // 2
    widths = []
    for line in row:
        style, text = vtkTextProperty(), readable(line)
        set_font(style, text.font)
        style.SetFontSize(size)
        widths.append(_width(text.text, style) if line else 0)
    left, right = (max(half, rect.width - 4 * _MARGIN - other) for other in reversed(widths))
    return left, right


def _box_of(actor: vtkTextActor) -> Segment:
    left, right, bottom, top = text_bounds(actor.GetInput(), actor.GetTextProperty())
    x, y = actor.GetPosition()
    return (x + left, y + bottom, x + right, y + top)


def _actor_at(renderer: vtkRenderer, place: Place, colour: Float3, *, bold: bool = False) -> vtkTextActor:
    justification, vertical = ({0.0: 0, 0.5: 1, 1.0: 2}[share] for share in place)
    return text_actor(renderer, colour, justification=justification, vertical=vertical, bold=bold)


def _write(actor: vtkTextActor, line: str, place: Place, room: int, rect: Rect, size: int, raise_by: int) -> None:
    """Let `actor` show `line` at `place`, cut to `room` pixels, `raise_by` pixels above where a first line stands."""
    actor.SetVisibility(bool(line))
    if not line:
        return
    style = actor.GetTextProperty()
    text = readable(line)
    set_font(style, text.font)
    style.SetFontSize(size)
    shown = fitted(text.text, style, room)
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
    """Return `line` with dots in the place of what makes it wider than `widest` pixels.

    That is the end, by whole words: half a number is another number. Of a line that is mostly one word, as with a
    long file name, it is the middle of the word.
    """
    if _width(line, style) <= widest:
        return line
    word = max(line.split(), key=len, default="")
    start = line.index(word)
    if len(word) > _LONG_WORD * len(line):
        before, after = line[:start], line[start + len(word) :]
        shorter = [f"{before}{word[: (n + 1) // 2]}...{word[len(word) - n // 2 :]}{after}" for n in range(len(word))]
    else:
        ends = [n for n in range(len(line)) if not n or line[n].isspace() or n <= len(line.split()[0])]
        shorter = [line[:n].rstrip() + "..." for n in ends]
    if has_right_to_left(line):  # `line` is as it is drawn: its end is at the left
        shorter = ["..." + line[len(line) - n :].lstrip() for n in range(len(line))]
    low, high = 0, len(shorter) - 1
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if _width(shorter[middle], style) <= widest else (low, middle - 1)
    return shorter[low]


def _width(line: str, style: vtkTextProperty) -> int:
    left, right, _bottom, _top = text_bounds(line, style)
    return right - left + 1
