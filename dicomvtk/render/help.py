"""What the mouse and the keys do, told in the window."""

from __future__ import annotations

__all__ = ["HELP", "help_text"]

#: (what to press, what it does); an empty first text is a heading.
HELP: tuple[tuple[str, str], ...] = (
    ("", "Slices"),
    ("wheel, arrows, Page Up/Down", "previous or next slice of the pane under the pointer"),
    ("Home, End", "first, last slice"),
    ("left drag", "window (right = wider) and level (up = brighter)"),
    ("left click, Ctrl+left, Shift+move", "crosshair, in all panes"),
    ("right drag, Ctrl+wheel, + -", "zoom"),
    ("middle drag, Shift+left drag", "pan"),
    ("1 2 3 4 5", "CT windows: soft tissue, lung, liver, bone, brain"),
    ("w", "next window of the header, then automatic"),
    ("i", "invert"),
    ("n", "smooth or plain voxels"),
    ("o", "slices along the volume or along the patient"),
    ("", "3-D"),
    ("left drag, Ctrl+left drag", "rotate, roll"),
    ("middle drag, right drag, wheel", "pan, zoom, zoom"),
    ("v, g, s", "volume, surface, slices on or off"),
    ("keypad 1, 3, 7 (+ Shift)", "from the front, left, above (back, right, below)"),
    ("", "Window"),
    ("double click, space", "one pane large, and back"),
    ("l, x", "text, crosshair on or off"),
    ("r", "reset"),
    ("F12", "save a picture here"),
    ("h or ?", "this sheet"),
    ("q, Esc", "close"),
)


def help_text() -> tuple[str, str]:
    """Return the two columns of the help sheet, line by line: what to press, and what it does."""
    left = [keys or meaning.upper() for keys, meaning in HELP]
    right = [meaning if keys else "" for keys, meaning in HELP]
    return "\n".join(left), "\n".join(right)
