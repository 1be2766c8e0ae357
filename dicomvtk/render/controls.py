"""From the events of a window to moves of the view: which button or key means what."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from vtkmodules.vtkRenderingCore import vtkRenderWindowInteractor

from dicomvtk.render import moves
from dicomvtk.render.layout import PANE_3D, pane_at
from dicomvtk.render.pane_3d import mm_per_pixel_3d
from dicomvtk.render.resolve import State
from dicomvtk.render.scene import PLANES, Layer, SurfaceLayer, VolumeLayer
from dicomvtk.render.session import Session

__all__ = ["Controls"]

#: A press and release closer than this (pixels) is a click.
_CLICK_PIXELS = 4
_WHEEL_ZOOM = 1.1
#: Pixels of a drag that double the zoom.
_ZOOM_PIXELS = 150.0

#: Slices to move by key.
_STEPS = {"Up": -1, "Left": -1, "Prior": -1, "b": -1, "Down": 1, "Right": 1, "Next": 1, "f": 1}
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
_SWITCHES: dict[str, Callable[[State], State]] = {
    "i": lambda state: replace(state, invert=not state.invert),
    "l": lambda state: replace(state, annotations=not state.annotations),
    "x": lambda state: replace(state, show_crosshair=not state.show_crosshair),
    "n": lambda state: replace(state, interpolation=not state.interpolation),
    "o": lambda state: replace(state, along="patient" if state.along == "volume" else "volume"),
    "s": moves.toggled_slices_in_3d,
    "h": lambda state: replace(state, help_sheet=not state.help_sheet),
    "question": lambda state: replace(state, help_sheet=not state.help_sheet),
}


@dataclass(frozen=True)
class _Drag:
    """A button held down: what it does, where it began and what the state was then, so that no move adds up errors."""

    kind: str
    pane: str
    x: int
    y: int
    state: State
    moved: bool = False


class Controls:
    """Observers of an interactor that give a session its next state."""

    def __init__(self, session: Session, interactor: vtkRenderWindowInteractor) -> None:
        self._session = session
        self._interactor = interactor
        self._drag: _Drag | None = None
        self._hand_over_events()

    @property
    def dragging(self) -> bool:
        """Whether a button is held down that turns the volume or the planes: drawing had better be fast."""
        drag = self._drag
        return drag is not None and drag.moved and (drag.pane == PANE_3D or drag.kind == "tilt")

    def _hand_over_events(self) -> None:
        """Listen to the interactor itself: VTK's styles take the focus during a drag, and quit on keys of their own."""
        self._interactor.SetInteractorStyle(None)  # type: ignore[arg-type]  # VTK takes None for no style
        handlers: dict[str, Callable[[], None]] = {
            "LeftButtonPressEvent": lambda: self._press("left"),
            "LeftButtonDoubleClickEvent": self._double_click,
            "MiddleButtonPressEvent": lambda: self._press("middle"),
            "RightButtonPressEvent": lambda: self._press("right"),
            "LeftButtonReleaseEvent": self._release,
            "MiddleButtonReleaseEvent": self._release,
            "RightButtonReleaseEvent": self._release,
            "MouseMoveEvent": self._move,
            "MouseWheelForwardEvent": lambda: self._wheel(-1),
            "MouseWheelBackwardEvent": lambda: self._wheel(1),
            "KeyPressEvent": self._key,
        }
        for event, handler in handlers.items():
            self._interactor.AddObserver(event, self._session.guarded(handler))

    def _press(self, button: str) -> None:
        if button == "left" and self._interactor.GetRepeatCount() > 0:
            self._double_click()
            return
        pane = self._pane()
        if pane is None or self._drag is not None:
            return
        x, y = self._interactor.GetEventPosition()
        self._drag = _Drag(self._kind(button, pane), pane, x, y, self._session.state)
        if self._drag.kind == "point":
            self._point(x, y, pane)

    def _kind(self, button: str, pane: str) -> str:
        """Return what a drag with `button` does in `pane`."""
        control, shift = self._interactor.GetControlKey(), self._interactor.GetShiftKey()
        if button == "right":
            return "zoom"
        if button == "middle" or shift:
            return "pan"
        if pane == PANE_3D:
            return "roll" if control else "turn"
        return "point" if control else "window"

    def _move(self) -> None:
        x, y = self._interactor.GetEventPosition()
        drag = self._drag
        if drag is None:
            pane = self._pane()
            if pane in PLANES and self._interactor.GetShiftKey():
                self._point(x, y, pane)
            return
        if not drag.moved and math.hypot(x - drag.x, y - drag.y) < _CLICK_PIXELS:
            return
        self._drag = drag = replace(drag, moved=True)
        if drag.kind == "point":
            self._point(x, y, drag.pane)
        elif drag.pane in self._session.rects:
            self._session.update(self._dragged(drag, x, y))

    def _dragged(self, drag: _Drag, x: int, y: int) -> State:
        """Return the state that `drag` began with, after it has come to window pixel (x, y)."""
        rect = self._session.rects[drag.pane]
        dx, dy = x - drag.x, y - drag.y
        if drag.kind == "zoom":
            return moves.zoomed(drag.state, drag.pane, 2.0 ** (dy / _ZOOM_PIXELS))
        if drag.kind == "window":
            return moves.windowed(drag.state, dx / rect.width, dy / rect.height)
        if drag.kind == "turn":
            side = min(rect.width, rect.height)
            return moves.turned(drag.state, dx / side, dy / side)
        if drag.kind == "roll":
            middle = (rect.x + rect.width / 2, rect.y + rect.height / 2)
            angles = [math.degrees(math.atan2(b - middle[1], a - middle[0])) for a, b in ((drag.x, drag.y), (x, y))]
            return moves.rolled(drag.state, angles[1] - angles[0])
        if drag.pane == PANE_3D:
            scale = mm_per_pixel_3d(self._session.volume.geometry, drag.state.camera, rect)
            return moves.panned_3d(drag.state, scale, dx, dy)
        return moves.panned(drag.state, self._session.planes[drag.pane], rect, dx, dy)

    def _release(self) -> None:
        drag, self._drag = self._drag, None
        if drag is None:
            return
        if drag.kind == "window" and not drag.moved:
            self._point(drag.x, drag.y, drag.pane)
        self._session.touch()

    def _double_click(self) -> None:
        pane, self._drag = self._pane(), None
        if pane is not None:
            self._session.update(moves.maximised(self._session.state, pane))

    def _point(self, x: int, y: int, pane: str) -> None:
        session = self._session
        if pane in session.rects and pane in PLANES:
            session.update(moves.pointed(session.state, session.planes[pane], session.rects[pane], x, y))

    def _wheel(self, step: int) -> None:
        pane = self._pane()
        if pane is None:
            return
        if pane == PANE_3D or self._interactor.GetControlKey():
            self._session.update(moves.zoomed(self._session.state, pane, _WHEEL_ZOOM**-step))
        else:
            self._scroll(step)

    def _scroll(self, slices: int) -> None:
        plane = self._session.planes[self._slice_pane()]
        self._session.update(moves.scrolled(self._session.state, plane, slices))

    def _key(self) -> None:
        session, state = self._session, self._session.state
        symbol = self._interactor.GetKeySym() or ""
        key = symbol.lower() if len(symbol) == 1 else symbol
        if key in ("q", "Escape"):
            session.close()
        elif key in _STEPS:
            self._scroll(_STEPS[key])
        elif key in _ENDS:
            self._scroll(_ENDS[key] * session.planes[self._slice_pane()].count)
        elif key in _SWITCHES:
            session.update(_SWITCHES[key](state))
        elif key in _LAYER_KEYS:
            session.update(moves.toggled(state, _LAYER_KEYS[key]))
        elif key in _KEYPAD:
            session.update(moves.faced(state, _KEYPAD[key][bool(self._interactor.GetShiftKey())]))
        else:
            self._other_key(key, state)

    def _other_key(self, key: str, state: State) -> None:
        session = self._session
        pane = self._pane()
        if key.isdigit():
            session.update(moves.preset_window(state, session.volume, int(key)))
        elif key == "w":
            session.update(moves.next_window(state, session.volume))
        elif key == "space" and pane is not None:
            session.update(moves.maximised(state, pane))
        elif key in _ZOOM_KEYS and pane is not None:
            session.update(moves.zoomed(state, pane, _WHEEL_ZOOM ** _ZOOM_KEYS[key]))
        elif key == "r":
            session.reset()
        elif key == "F12":
            session.save_screenshot()

    def _pane(self) -> str | None:
        """Return the pane under the pointer."""
        x, y = self._interactor.GetEventPosition()
        return pane_at(self._session.rects, x, y)

    def _slice_pane(self) -> str:
        """Return the slice pane under the pointer, or the first one shown, or axial."""
        pane: Any = self._pane()
        return pane if pane in PLANES else next((name for name in self._session.rects if name in PLANES), PLANES[0])
