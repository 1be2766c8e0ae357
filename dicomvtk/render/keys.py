"""What each key does to a session."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from dicomvtk.render import moves, windowing
from dicomvtk.render.layout import PANE_3D
from dicomvtk.render.resolve import State
from dicomvtk.render.scene import PLANES, Layer, SurfaceLayer, VolumeLayer
from dicomvtk.render.session import Session

__all__ = ["KeyPress", "press_key"]

_WHEEL_ZOOM = 1.1
#: Slices to move by key.
_PAGE = 10
_STEPS = {"Up": -1, "Left": -1, "Prior": -_PAGE, "b": -1, "Down": 1, "Right": 1, "Next": _PAGE, "f": 1}
_ENDS = {"Home": -1, "End": 1}
#: Side to look from by key of the keypad, alone and with Shift; the second names are those without NumLock.
_KEYPAD = {
    "KP_1": ("A", "P"),
    "KP_End": ("A", "P"),
    "KP_3": ("L", "R"),
    "KP_Next": ("L", "R"),
    "KP_7": ("H", "F"),
    "KP_Home": ("H", "F"),
}
_ZOOM_KEYS = {"plus": 1, "equal": 1, "KP_Add": 1, "minus": -1, "KP_Subtract": -1}
_LAYER_KEYS: dict[str, type[Layer]] = {"v": VolumeLayer, "g": SurfaceLayer}
_LAYOUT_KEYS = {"F2": "quad", "F3": "three", "F4": PANE_3D}
_FRAME_KEYS = {"comma": -1, "period": 1}
_SPEED_KEYS = {"less": 0.8, "greater": 1.25}
_WINDOW_KEYS = ("1", "2", "3", "4", "5", "w", "a")
_PANELS = {"Tab": "series", "m": "header", "t": "histogram"}
_SERIES_KEYS = {"Prior": -1, "Next": 1}

#: Keys that change the state and nothing else.
_SWITCHES: dict[str, Callable[[State], State]] = {
    "i": lambda state: replace(state, invert=not state.invert),
    "l": lambda state: replace(state, annotations=not state.annotations),
    "x": lambda state: replace(state, show_crosshair=not state.show_crosshair),
    "n": lambda state: replace(state, neurological=not state.neurological),
    "u": lambda state: replace(state, interpolation=not state.interpolation),
    "o": lambda state: replace(state, along="patient" if state.along == "volume" else "volume"),
    "z": lambda state: replace(state, tilt=(0.0, 0.0, 0.0)),
    "s": moves.toggled_slices_in_3d,
    "h": lambda state: replace(state, help_sheet=not state.help_sheet),
    "question": lambda state: replace(state, help_sheet=not state.help_sheet),
    "c": moves.next_colour_map,
    "C": lambda state: replace(state, colour_bar=not state.colour_bar),
    "bracketright": lambda state: moves.thickened(state, 1),
    "bracketleft": lambda state: moves.thickened(state, -1),
    "d": moves.next_slab_blend,
    "k": moves.clipped_next,
    "E": moves.reblended_rays,
    "K": moves.reshaded_rays,
    "J": lambda state: replace(state, crop_box=not state.crop_box),
}


_BLENDS = {"max": "the maximum", "min": "the minimum", "mean": "the mean"}
#: What is said of those that the picture may not tell.
_TOLD: dict[str, Callable[[State], str]] = {
    "c": lambda state: f"Colours: {state.colour_map}",
    "d": lambda state: (
        f"Slabs show {_BLENDS[state.slab.blend]} of their slices"
        + ("" if state.slab.thickness_mm else "; ] makes slices thick")
    ),
    "o": lambda state: (
        "Slices along the patient's axes" if state.along == "patient" else "Slices as they were acquired"
    ),
    "u": lambda state: "Smooth between voxels" if state.interpolation else "Voxels as they are",
}
#: Of these, what colours that are there already leave no room for.
_GREYS_ONLY = ("i", "c", "C")


@dataclass(frozen=True)
class KeyPress:
    """A key by its X name, in the pane under the pointer, with what was held down; `text` is what it types."""

    symbol: str
    pane: str | None = None
    control: bool = False
    shift: bool = False
    text: str = ""


def press_key(session: Session, press: KeyPress) -> None:
    """Do what `press` means; an open panel takes text and arrows first."""
    if session.panel_takes(press.symbol, press.text, control=press.control):
        return
    symbol = press.symbol
    key = symbol.lower() if len(symbol) == 1 and not press.shift else symbol
    if len(symbol) == 1 and press.shift:
        key = symbol.upper()
        if key not in _SWITCHES:
            key = symbol.lower()
    if press.control:
        _with_control(session, key.lower() if len(key) == 1 else key)
    elif key == "Escape" and session.state.help_sheet:
        session.update(replace(session.state, help_sheet=False))
    elif key in ("q", "Escape"):
        session.close()
    elif key in _STEPS or key in _ENDS:
        _scroll(session, key, press.pane)
    elif key in _GREYS_ONLY and session.volume.is_colour:
        session.say(windowing.OWN_COLOURS)
    elif key == "n" and not session.volume.geometry.placed:
        session.say("Where left is, this image does not say: it is never mirrored.")
    elif key in _SWITCHES:
        session.update(_SWITCHES[key](session.state))
        if key in _TOLD:
            session.say(_TOLD[key](session.state))
    elif key in _PANELS:
        session.show_panel(_PANELS[key])
    else:
        _other(session, key, press)


def _with_control(session: Session, key: str) -> None:
    if key == "s":
        session.save_screenshot()
    elif key in _SERIES_KEYS:
        session.open_neighbour(_SERIES_KEYS[key])


def _scroll(session: Session, key: str, pane: str | None) -> None:
    name = pane if pane in PLANES else next((n for n in session.rects if n in PLANES), PLANES[0])
    plane = session.planes[name]
    slices = _STEPS[key] if key in _STEPS else _ENDS[key] * plane.count
    session.update(moves.scrolled(session.state, plane, slices))


def _set_window(session: Session, key: str) -> None:
    """Show the window of `key`, and say which it is, or why there is none."""
    state, volume = session.state, session.volume
    if volume.is_colour:
        session.say(windowing.OWN_COLOURS)
    elif key == "w":
        session.update(windowing.next_window(state, volume))
        session.say(windowing.window_origin(session.state, volume))
    elif key == "a":
        session.update(windowing.auto_windowed(state, volume))
    elif volume.info.modality == "CT":
        session.update(windowing.preset_window(state, volume, int(key)))
    else:
        what = volume.info.modality or "a volume of no modality"
        session.say(f"Windows 1 to 5 are of CT, this is {what}: a for one from its values, w for the header's.")


def _other(session: Session, key: str, press: KeyPress) -> None:
    state, volume, pane = session.state, session.volume, press.pane
    if key in _LAYER_KEYS:
        session.update(moves.toggled(state, _LAYER_KEYS[key]))
    elif key in _KEYPAD:
        session.update(moves.faced(state, _KEYPAD[key][press.shift]))
    elif key in _LAYOUT_KEYS:
        session.update(replace(state, layout=_LAYOUT_KEYS[key]))
        if session.state.layout != _LAYOUT_KEYS[key]:
            session.say("One slice alone has no other panes.")
    elif key in _FRAME_KEYS and session.frame_count == 1:
        session.say("There is one frame only.")
    elif key in _FRAME_KEYS:
        session.update(moves.framed(state, session.source.axes, _FRAME_KEYS[key]))
    elif key in _SPEED_KEYS:
        session.play_faster(_SPEED_KEYS[key])
    elif key == "p":
        session.play()
    elif key == "0":
        session.update(moves.fitted(state))
    elif key in _WINDOW_KEYS:
        _set_window(session, key)
    elif key == "e":
        session.update(moves.next_rays(state, volume.info.modality))
    elif key == "j":
        rect = next((r for n, r in session.rects.items() if n in PLANES), None)
        if rect is not None:
            size = (rect.width, rect.height)
            session.update(moves.cropped_to_slices(state, volume.geometry, session.planes, size))
    elif key == "space" and pane is not None:
        session.update(moves.maximised(state, pane, session.several))
    elif key in _ZOOM_KEYS and pane is not None:
        session.update(moves.zoomed(state, pane, _WHEEL_ZOOM ** _ZOOM_KEYS[key]))
    elif key == "r":
        session.reset()
    elif key == "F12":
        session.save_screenshot()
