"""From the events of a window to moves of the view: which button or key means what."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from vtkmodules.vtkRenderingCore import vtkRenderWindowInteractor

from dicomvtk.render import moves
from dicomvtk.render.crop_box import face_at, with_face_dragged
from dicomvtk.render.dropped import open_what_is_dropped
from dicomvtk.render.keys import KeyPress, press_key
from dicomvtk.render.layout import PANE_3D, pane_at, point_on_screen
from dicomvtk.render.lens import mm_per_pixel_3d
from dicomvtk.render.resolve import State
from dicomvtk.render.scene import PLANES
from dicomvtk.render.session import Session
from dicomvtk.render.windowing import OWN_COLOURS, windowed

__all__ = ["Controls"]

#: A press and release closer than this (pixels) is a click, and two of them within so many seconds a double click.
_CLICK_PIXELS = 4
_DOUBLE_CLICK_SECONDS = 0.4
_WHEEL_ZOOM = 1.1
#: Pixels of a drag that double the zoom.
_ZOOM_PIXELS = 150.0

#: A trace is taken hold of so near (pixels), beyond the gap in its middle; so far from there, as a share of the
#: pane's side, its ends begin.
_TRACE_PIXELS = 5.0
_GAP_PIXELS = 10.0
_TRACE_SHARE = 0.3
#: Shapes of the pointer by what is under it: VTK_CURSOR_DEFAULT, _SIZEALL and _HAND of vtkRenderWindow.h.
_CURSORS = {"": 0, "shift": 8, "face": 8, "tilt": 9}
#: Height (pixels) of the strip at the foot of the window that moves through the frames.
_SLIDER_PIXELS = 14


@dataclass(frozen=True)
class _Drag:
    """A button held down: what it does, where it began and what the state was then, so that no move adds up errors.

    `what` names the plane whose trace is dragged, or the number of the face of the crop box.
    """

    kind: str
    pane: str
    x: int
    y: int
    state: State
    moved: bool = False
    what: str = ""
    button: str = "left"


class Controls:
    """Observers of an interactor that give a session its next state."""

    def __init__(self, session: Session, interactor: vtkRenderWindowInteractor) -> None:
        self._session = session
        self._interactor = interactor
        self._drag: _Drag | None = None
        self._before_click: State | None = None
        #: Where and when the left button clicked, if nothing else was touched since.
        self._clicked: tuple[int, int, float] | None = None
        #: When the 3-D scene or the planes were turned last, by `time.monotonic`.
        self.moved_3d_at = -math.inf
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
        self._tags = [
            self._interactor.AddObserver(event, self._session.guarded(handler)) for event, handler in handlers.items()
        ]
        self._tags.append(open_what_is_dropped(self._session, self._interactor))

    def let_go(self) -> None:
        """Listen no longer."""
        for tag in self._tags:
            self._interactor.RemoveObserver(tag)

    def _press(self, button: str) -> None:
        clicked, self._clicked = self._clicked, None
        pane = self._pane()
        if pane is None or self._drag is not None:
            return
        if button == "left" and clicked is not None and self._is_second(clicked):
            self._double_click()
            return
        self._before_click = None
        x, y = self._interactor.GetEventPosition()
        if self._session.panel_clicked(x, y):
            return
        if self._session.state.help_sheet:  # what is under it cannot be seen, and is not meant
            self._session.update(replace(self._session.state, help_sheet=False))
            return
        kind, what = self._kind(button, pane, x, y)
        self._drag = _Drag(kind, pane, x, y, self._session.state, what=what, button=button)
        if self._drag.kind == "frame":
            self._slide(x)
        if self._drag.kind == "point":
            self._point(x, y, pane)

    def _kind(self, button: str, pane: str, x: int, y: int) -> tuple[str, str]:
        """Return what a drag with `button` that begins at (x, y) in `pane` does, and to which thing in it."""
        control, shift = self._interactor.GetControlKey(), self._interactor.GetShiftKey()
        if button == "left" and y < _SLIDER_PIXELS and self._session.frame_count > 1:
            return "frame", ""
        if button == "right":
            return "zoom", ""
        if pane == PANE_3D and control and shift:
            return "rays", ""
        if button == "middle" or shift:
            return "pan", ""
        if pane == PANE_3D:
            return ("roll", "") if control else self._handle(pane, x, y) or ("turn", "")
        if control:
            return "point", ""
        return self._handle(pane, x, y) or ("window", "")

    def _handle(self, pane: str, x: int, y: int) -> tuple[str, str] | None:
        """Return what is to be taken hold of at (x, y), the trace of a plane or a face of the crop box, and which."""
        session = self._session
        state, planes, rect = session.state, session.planes, session.rects[pane]
        if pane == PANE_3D:
            face = face_at(state, session.volume.geometry, rect, x, y)
            return None if face is None else ("face", str(face))
        if not state.show_crosshair:
            return None
        across, up = self._from_crosshair(state, pane, x, y)
        far = math.hypot(across, up)
        plane = planes[pane]
        for other in PLANES:
            if other != pane and far > _GAP_PIXELS:
                along = plane.trace_of(planes[other])
                if abs(across * (along @ plane.up) - up * (along @ plane.right)) < _TRACE_PIXELS:
                    return "shift" if far < _TRACE_SHARE * min(rect.width, rect.height) else "tilt", other
        return None

    def _from_crosshair(self, state: State, pane: str, x: int, y: int) -> tuple[float, float]:
        plane, rect = self._session.planes[pane], self._session.rects[pane]
        at = point_on_screen(plane, state.pane_camera(pane), rect, plane.shown_at(state.crosshair))
        return x - at[0], y - at[1]

    def _slide(self, x: int) -> None:
        share = x / max(1, self._session.size[0] - 1)
        self._session.show_frame(round(share * (self._session.frame_count - 1)))

    def _move(self) -> None:
        x, y = self._interactor.GetEventPosition()
        drag = self._drag
        if drag is None:
            pane = self._pane()
            if pane is not None and self._interactor.GetShiftKey():
                self._point(x, y, pane)
            self._show_cursor(pane, x, y)
            return
        if not drag.moved and math.hypot(x - drag.x, y - drag.y) < _CLICK_PIXELS:
            return
        self._drag = drag = replace(drag, moved=True)
        if self.dragging:
            self.moved_3d_at = time.monotonic()
        if drag.kind == "point":
            self._point(x, y, drag.pane)
        elif drag.kind == "frame":
            self._slide(x)
        elif drag.pane in self._session.rects:
            self._session.update(self._dragged(drag, x, y))

    def _show_cursor(self, pane: str | None, x: int, y: int) -> None:
        """Let the pointer's shape tell what can be taken hold of."""
        handle = self._handle(pane, x, y) if pane is not None else None
        self._interactor.GetRenderWindow().SetCurrentCursor(_CURSORS[handle[0] if handle is not None else ""])

    def _dragged(self, drag: _Drag, x: int, y: int) -> State:
        """Return the state that `drag` began with, after it has come to window pixel (x, y)."""
        rect = self._session.rects[drag.pane]
        dx, dy = x - drag.x, y - drag.y
        if drag.kind == "zoom":
            return self._zoomed(drag.state, drag.pane, 2.0 ** (dy / _ZOOM_PIXELS), drag.x, drag.y)
        if drag.kind == "shift":
            planes = self._session.planes
            return moves.shifted(drag.state, planes[drag.pane], planes[drag.what], rect, dx, dy)
        if drag.kind == "face":
            geometry = self._session.volume.geometry
            return replace(drag.state, crop=with_face_dragged(drag.state, geometry, rect, int(drag.what), dx, dy))
        if drag.kind == "tilt":
            places = [self._from_crosshair(drag.state, drag.pane, *at) for at in ((drag.x, drag.y), (x, y))]
            before, now = (math.degrees(math.atan2(up, across)) for across, up in places)
            return moves.tilted(drag.state, self._session.planes[drag.pane], now - before)
        if drag.kind == "rays":
            return moves.adjusted_rays(drag.state, self._session.volume, dx / rect.width, dy / rect.height)
        if drag.kind == "window" and self._session.volume.is_colour:
            self._session.say(OWN_COLOURS)
            return drag.state
        if drag.kind == "window":
            return windowed(drag.state, dx / rect.width, dy / rect.height)
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
        if not drag.moved and drag.button == "left":
            self._clicked = drag.x, drag.y, time.monotonic()
        if drag.kind in ("window", "turn", "shift", "tilt") and not drag.moved:
            self._before_click = drag.state
            self._point(drag.x, drag.y, drag.pane)
        self._session.touch()

    def _is_second(self, clicked: tuple[int, int, float]) -> bool:
        """Return whether a press now makes a double click of a click before.

        VTK's count (X11, 9.7) takes a turn of the wheel or another button for the first click, wherever the second is.
        """
        x, y = self._interactor.GetEventPosition()
        near = math.hypot(x - clicked[0], y - clicked[1]) <= _CLICK_PIXELS
        soon = time.monotonic() - clicked[2] < _DOUBLE_CLICK_SECONDS
        return near and (soon or self._interactor.GetRepeatCount() > 0)

    def _double_click(self) -> None:
        pane, self._drag = self._pane(), None
        if pane is None:
            return
        state, before = self._session.state, self._before_click
        if before is not None:  # the first click of the two was not meant for the crosshair
            state = replace(state, crosshair=before.crosshair)
        self._session.update(moves.maximised(state, pane, self._session.several))

    def _point(self, x: int, y: int, pane: str) -> None:
        session = self._session
        if pane == PANE_3D:
            session.point_in_3d(x, y)
        elif pane in session.rects:
            session.update(moves.pointed(session.state, session.planes[pane], session.rects[pane], x, y))

    def _wheel(self, step: int) -> None:
        self._clicked = None
        pane = self._pane()
        if pane is None or self._session.panel_wheeled(self._interactor.GetEventPosition()[0], step):
            return
        if pane == PANE_3D or self._interactor.GetControlKey():
            at = self._interactor.GetEventPosition()
            if pane == PANE_3D:
                self.moved_3d_at = time.monotonic()
            self._session.update(self._zoomed(self._session.state, pane, _WHEEL_ZOOM**-step, *at))
        else:
            self._scroll(step)

    def _zoomed(self, state: State, pane: str, factor: float, x: int, y: int) -> State:
        """Return `state` with `pane` magnified, a slice about the pointer."""
        session = self._session
        if pane == PANE_3D:
            return moves.zoomed(state, pane, factor)
        return moves.zoomed_about(state, session.planes[pane], session.rects[pane], factor, x, y)

    def _scroll(self, slices: int) -> None:
        plane = self._session.planes[self._slice_pane()]
        self._session.update(moves.scrolled(self._session.state, plane, slices))

    def _key(self) -> None:
        keys = self._interactor
        text = keys.GetKeyCode() or ""
        press = KeyPress(
            keys.GetKeySym() or "",
            self._pane(),
            control=bool(keys.GetControlKey()),
            shift=bool(keys.GetShiftKey()),
            text=text if text.isprintable() else "",
        )
        press_key(self._session, press)

    def _pane(self) -> str | None:
        """Return the pane under the pointer."""
        x, y = self._interactor.GetEventPosition()
        return pane_at(self._session.rects, x, y)

    def _slice_pane(self) -> str:
        """Return the slice pane under the pointer, or the first one shown, or axial."""
        pane: Any = self._pane()
        return pane if pane in PLANES else next((name for name in self._session.rects if name in PLANES), PLANES[0])
