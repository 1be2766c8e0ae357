"""Which OpenGL the machine has, asked of its libraries themselves.

VTK ends the process where a library, a driver or a display is missing (VTK 9.7): so each is tried first, by the calls
that VTK would make.
"""

from __future__ import annotations

import ctypes
import functools
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["display_opens", "egl_device", "glx_works", "osmesa_loads", "x11_loads", "x_library"]

_EGL_DEVICES = 16
_EGL_PLATFORM_DEVICE = 0x313F
_EGL_OPENGL_API = 0x30A2
#: A configuration VTK would accept: pbuffer surface (0x3033: 1), desktop OpenGL (0x3040: 8).
_EGL_CONFIG = (0x3033, 0x0001, 0x3040, 0x0008, 0x3038)
#: OpenGL 3.2 core (major 0x3098, minor 0x30FB, profile mask 0x30FD), the least that VTK 9 works with.
_EGL_CONTEXT = (0x3098, 3, 0x30FB, 2, 0x30FD, 0x0001, 0x3038)

#: What the same asks of GLX: double buffer (0x5: 1), RGB window (0x8010: 1), and the context's version and profile.
_GLX_CONFIG = (0x5, 1, 0x8010, 1, 0)
_GLX_CONTEXT = (0x2091, 3, 0x2092, 2, 0x9126, 1, 0)

#: One connection a display, for the life of the process.
_connections: dict[str, int] = {}


def osmesa_loads() -> bool:
    """Return whether there is an OSMesa library under a name that VTK tries."""
    return any(_library(name) is not None for name in ("libOSMesa.so.8", "libOSMesa.so.6", "libOSMesa.so"))


def x11_loads() -> bool:
    """Return whether there is the library that X displays are spoken to by."""
    return x_library() is not None


def display_opens() -> bool:
    """Return whether the X display that the environment names answers."""
    _x11, display = _x_display()
    return display is not None


@functools.lru_cache(maxsize=1)
def egl_device() -> int:
    """Return the first EGL device that gives an OpenGL 3.2 context, -1 where none does.

    libEGL alone is not enough: without a driver VTK crashes on the context that it did not get.
    """
    egl = _library("libEGL.so.1")
    if egl is None:
        return -1
    _declare(egl)
    with _silent_mesa():
        displays = _egl_displays(egl)
        return next((index for index, display in enumerate(displays) if _gives_context(egl, display)), -1)


def glx_works() -> bool:
    """Return whether the X display gives an OpenGL 3.2 context."""
    gl = _library("libGL.so.1")
    if gl is None:
        return False
    gl.glXQueryExtension.argtypes = [ctypes.c_void_p] * 3
    gl.glXChooseFBConfig.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p]
    gl.glXChooseFBConfig.restype = ctypes.POINTER(ctypes.c_void_p)
    gl.glXGetProcAddressARB.argtypes = [ctypes.c_char_p]
    gl.glXGetProcAddressARB.restype = ctypes.c_void_p
    gl.glXDestroyContext.argtypes = [ctypes.c_void_p] * 2
    x11, display = _x_display()
    if display is None:
        return False
    with _silent_mesa(), _x_errors_ignored(x11, display):
        return _gives_glx_context(gl, x11, display)


def _gives_glx_context(gl: Any, x11: Any, display: int) -> bool:
    create = gl.glXGetProcAddressARB(b"glXCreateContextAttribsARB")
    if not create or not gl.glXQueryExtension(display, None, None):
        return False
    wanted, count = (ctypes.c_int * len(_GLX_CONFIG))(*_GLX_CONFIG), ctypes.c_int(0)
    configs = gl.glXChooseFBConfig(display, x11.XDefaultScreen(display), wanted, ctypes.byref(count))
    if not configs or not count.value:
        return False
    pointer = ctypes.c_void_p
    create_context = ctypes.CFUNCTYPE(pointer, pointer, pointer, pointer, ctypes.c_int, pointer)(create)
    context = create_context(display, configs[0], None, 1, (ctypes.c_int * len(_GLX_CONTEXT))(*_GLX_CONTEXT))
    if context:
        gl.glXDestroyContext(display, context)
    return bool(context)


def x_library() -> Any:
    """Return libX11 with its calls declared, None where there is none."""
    x11 = _library("libX11.so.6")
    if x11 is not None:
        pointer = ctypes.c_void_p
        x11.XOpenDisplay.restype = x11.XSetErrorHandler.restype = pointer
        x11.XSetErrorHandler.argtypes = x11.XDefaultScreen.argtypes = [pointer]
        x11.XSync.argtypes = [pointer, ctypes.c_int]
    return x11


def _x_display() -> tuple[Any, int | None]:
    """Return libX11 and a connection to the display that the environment names, None where there is none.

    The connection is kept: an X server that loses its last client begins anew, and refuses the next for a moment.
    """
    name = os.environ.get("DISPLAY", "")
    x11 = x_library() if name else None
    if x11 is None:
        return None, None
    if name not in _connections:
        display = x11.XOpenDisplay(None)
        if not display:
            return x11, None
        _connections[name] = display
    return x11, _connections[name]


@contextmanager
def _x_errors_ignored(x11: Any, display: int) -> Iterator[None]:
    """Let X errors pass: the usual handler ends the process."""
    pointer = ctypes.c_void_p
    ignore = ctypes.CFUNCTYPE(ctypes.c_int, pointer, pointer)(lambda _display, _event: 0)
    before = x11.XSetErrorHandler(ctypes.cast(ignore, pointer))
    try:
        yield
        x11.XSync(display, 0)
    finally:
        x11.XSetErrorHandler(before)


def _library(name: str) -> Any:
    try:
        return ctypes.CDLL(name)
    except OSError:
        return None


def _declare(egl: Any) -> None:
    pointer = ctypes.c_void_p
    for name in ("eglGetProcAddress", "eglGetDisplay", "eglCreateContext"):
        getattr(egl, name).restype = pointer
    egl.eglGetProcAddress.argtypes = [ctypes.c_char_p]
    egl.eglGetDisplay.argtypes = [pointer]
    egl.eglInitialize.argtypes = [pointer, pointer, pointer]
    egl.eglChooseConfig.argtypes = [pointer, pointer, pointer, ctypes.c_int, pointer]
    egl.eglCreateContext.argtypes = [pointer, pointer, pointer, pointer]
    egl.eglDestroyContext.argtypes = [pointer, pointer]


def _egl_displays(egl: Any) -> list[int]:
    """Return the displays in the order of VTK's device index."""
    query = egl.eglGetProcAddress(b"eglQueryDevicesEXT")
    platform = egl.eglGetProcAddress(b"eglGetPlatformDisplayEXT")
    if not query or not platform:
        return [egl.eglGetDisplay(None)]
    devices, count = (ctypes.c_void_p * _EGL_DEVICES)(), ctypes.c_int(0)
    query_devices = ctypes.CFUNCTYPE(ctypes.c_uint, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)(query)
    platform_display = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_uint, ctypes.c_void_p, ctypes.c_void_p)(platform)
    if not query_devices(_EGL_DEVICES, devices, ctypes.byref(count)):
        return []
    return [platform_display(_EGL_PLATFORM_DEVICE, device, None) for device in devices[: count.value]]


def _gives_context(egl: Any, display: int | None) -> bool:
    """Return whether `display` makes an OpenGL context. It stays initialised: others in the process may share it."""
    if not display or not egl.eglInitialize(display, None, None) or not egl.eglBindAPI(_EGL_OPENGL_API):
        return False
    config, count = ctypes.c_void_p(), ctypes.c_int(0)
    wanted = (ctypes.c_int * len(_EGL_CONFIG))(*_EGL_CONFIG)
    if not egl.eglChooseConfig(display, wanted, ctypes.byref(config), 1, ctypes.byref(count)) or not count.value:
        return False
    context = egl.eglCreateContext(display, config, None, (ctypes.c_int * len(_EGL_CONTEXT))(*_EGL_CONTEXT))
    if not context:
        return False
    egl.eglDestroyContext(display, context)
    return True


@contextmanager
def _silent_mesa() -> Iterator[None]:
    """Keep Mesa from writing to stderr about the devices and drivers that it cannot use."""
    names = {"EGL_LOG_LEVEL": "fatal", "LIBGL_DEBUG": "quiet"}
    unset = [name for name in names if name not in os.environ]
    os.environ.update({name: names[name] for name in unset})
    try:
        yield
    finally:
        for name in unset:
            del os.environ[name]
