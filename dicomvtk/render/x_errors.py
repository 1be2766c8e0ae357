"""Errors of the X server that a window outlives."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager

from dicomvtk.render.probe import x_library

__all__ = ["focus_may_be_refused"]

#: X_SetInputFocus of Xproto.h.
_SET_INPUT_FOCUS = 42


class _XErrorEvent(ctypes.Structure):
    """What Xlib.h calls XErrorEvent."""

    _fields_ = (
        ("type", ctypes.c_int),
        ("display", ctypes.c_void_p),
        ("resource", ctypes.c_ulong),
        ("serial", ctypes.c_ulong),
        ("error_code", ctypes.c_ubyte),
        ("request_code", ctypes.c_ubyte),
        ("minor_code", ctypes.c_ubyte),
    )


_Handler = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.POINTER(_XErrorEvent))


@contextmanager
def focus_may_be_refused() -> Iterator[None]:
    """Let a window live that asks for the keyboard too late.

    VTK's window asks for it when it is shown anew under the pointer (VTK 9.7). Where it has been iconified or left on
    another desktop by then, the X server refuses, and Xlib's own handler ends the process. All other errors go to the
    handler that was there.
    """
    x11 = x_library()
    if x11 is None:
        yield
        return
    before: int | None = None  # no error is handled sooner than it is set
    handler = _Handler(lambda display, event: _handled(display, event, before))
    before = x11.XSetErrorHandler(ctypes.cast(handler, ctypes.c_void_p))
    try:
        yield
    finally:
        x11.XSetErrorHandler(before)


def _handled(display: int, event: ctypes._Pointer[_XErrorEvent], before: int | None) -> int:
    if event.contents.request_code == _SET_INPUT_FOCUS or not before:
        return 0
    return int(_Handler(before)(display, event))
