"""What the mouse and the keys do, told in the window."""

from __future__ import annotations

__all__ = ["HELP", "help_columns"]

#: (what to press, what it does); an empty first text is a heading.
HELP: tuple[tuple[str, str], ...] = (
    ("", "Slices"),
    ("wheel, arrows; Page Up/Down", "previous or next slice of the pane under the pointer; ten slices"),
    ("Home, End", "first, last slice"),
    ("left drag", "window (right = wider) and level (up = brighter)"),
    ("left click, Ctrl+left, Shift+move", "crosshair, in all panes"),
    ("left drag on a line", "move its plane; at its end, tilt the other planes; z sets them straight"),
    ("right drag, Ctrl+wheel, + -", "zoom"),
    ("middle drag, Shift+left drag; 0", "pan; fit the panes"),
    ("1 2 3 4 5", "CT windows: soft tissue, lung, liver, bone, brain"),
    ("w, a, i", "next window of the header, automatic, invert"),
    ("c, Shift+C", "next colours, colour bar"),
    ("square brackets, d", "thicker or thinner slab; maximum, minimum, mean"),
    ("n, o, u", "neurological; along the patient; smooth or plain voxels"),
    ("", "3-D"),
    ("left drag, Ctrl+left drag", "rotate, roll"),
    ("left click, Shift+move", "crosshair to what is seen there"),
    ("middle drag, right drag, wheel", "pan, zoom, zoom"),
    ("Ctrl+Shift+left drag", "stretch and shift the colours of the volume"),
    ("v, g, s", "volume, surface, slices on or off"),
    ("e, Shift+E, Shift+K", "next colours; maximum, minimum; shading"),
    ("t", "histogram: click a value for the surface"),
    ("k, j", "cut at a slice; crop to what the slices show"),
    ("Shift+J", "crop box: drag the middle of its faces"),
    ("keypad 1, 3, 7 (+ Shift)", "from the front, left, above (back, right, below)"),
    ("", "Window"),
    ("double click, space", "one pane large, and back"),
    ("F2, F3, F4", "four panes, three slices, 3-D"),
    (", . p < >", "previous or next frame, play, slower, faster"),
    ("Tab, Ctrl+Page Up/Down", "series of the folder; previous or next one"),
    ("drop a folder or file", "look at it here"),
    ("m", "header, with search"),
    ("l, x", "text, crosshair on or off"),
    ("r", "reset"),
    ("F12, Ctrl+S", "save a picture here"),
    ("h or ?", "this sheet; Esc or a click closes it"),
    ("q, Esc", "close"),
)


def help_columns(rows: int = 1000) -> tuple[list[str], list[str]]:
    """Return the two columns of the help sheet, line by line: what to press, and what it does.

    In less than all their lines there is no air between the groups; what still has no room is left out, and the last
    line says so.
    """
    lines: list[tuple[str, str]] = []
    air = rows >= len(HELP) + sum(not keys for keys, _ in HELP[1:])
    for keys, meaning in HELP:
        if not keys and lines and air:
            lines.append(("", ""))
        lines.append((keys, meaning) if keys else (meaning.upper(), ""))
    if len(lines) > rows:
        lines = [*lines[: max(0, rows - 1)], ("...", "a larger window shows all keys")]
    return [keys for keys, _ in lines], [meaning for _, meaning in lines]
