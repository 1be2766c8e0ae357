"""A render window that does not crash: what OpenGL the machine has is found out before VTK is asked for a window.

VTK loads libX11, libEGL and libOSMesa when a window is made, and ends the process where they are missing (VTK 9.7).
"""

from __future__ import annotations

import ctypes
import functools
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from vtkmodules import vtkRenderingOpenGL2
from vtkmodules.vtkRenderingCore import vtkRenderWindow

from dicomvtk.errors import RenderError

__all__ = ["is_software", "offscreen_window", "screen_window"]

#: The variable by which VTK itself lets the user choose.
_CHOICE = "VTK_DEFAULT_OPENGL_WINDOW"
_SOFTWARE_RENDERERS = ("llvmpipe", "softpipe", "swiftshader", "software rasterizer")

_EGL_DEVICES = 16
_EGL_PLATFORM_DEVICE = 0x313F
_EGL_OPENGL_API = 0x30A2
#: A configuration VTK would accept: pbuffer surface (0x3033: 1), desktop OpenGL (0x3040: 8).
_EGL_CONFIG = (0x3033, 0x0001, 0x3040, 0x0008, 0x3038)
#: OpenGL 3.2 core (major 0x3098, minor 0x30FB, profile mask 0x30FD), the least that VTK 9 works with.
_EGL_CONTEXT = (0x3098, 3, 0x30FB, 2, 0x30FD, 0x0001, 0x3038)


def offscreen_window() -> vtkRenderWindow:
    """Return a render window that shows nothing on a screen.

    On Linux the first that works of EGL, OSMesa and X; `VTK_DEFAULT_OPENGL_WINDOW` goes before. Raises RenderError,
    which names what to install, where there is none.
    """
    if not sys.platform.startswith("linux"):
        window = vtkRenderWindow()
    else:
        window = _linux_window(_offscreen_choices())
        if isinstance(window, vtkRenderingOpenGL2.vtkEGLRenderWindow):
            window.SetDeviceIndex(max(0, _egl_device()))
    window.SetShowWindow(False)
    window.SetOffScreenRendering(True)
    return window


def screen_window() -> vtkRenderWindow:
    """Return a render window for the display; RenderError where there is no display or no OpenGL for it."""
    if not sys.platform.startswith("linux"):
        return vtkRenderWindow()
    if not _x_display_opens():
        raise RenderError(
            f"Cannot open a window: no X display answers (DISPLAY is {os.environ.get('DISPLAY', '')!r}). "
            "Use --output FILE.png (snapshot in Python) to draw without a display."
        )
    if not _loads("libGL.so.1", "libGLX.so.0"):
        raise RenderError(
            "Cannot open a window: no OpenGL library for X (libGL.so.1). "
            "Install one: apt-get install libgl1 libgl1-mesa-dri (or dnf install mesa-libGL)."
        )
    return vtkRenderingOpenGL2.vtkXOpenGLRenderWindow()


def is_software(window: vtkRenderWindow) -> bool:
    """Return whether the processor draws what `window`, which must have rendered once, shows."""
    capabilities = window.ReportCapabilities().lower()
    return any(name in capabilities for name in _SOFTWARE_RENDERERS)


def _linux_window(choices: dict[str, Callable[[], bool]]) -> vtkRenderWindow:
    wanted = os.environ.get(_CHOICE, "")
    names = sorted(choices, key=lambda name: name != wanted)
    for name in names:
        if choices[name]():
            return getattr(vtkRenderingOpenGL2, name)()
    raise RenderError(
        "Cannot draw: found no OpenGL library (EGL, OSMesa or X). Install one: apt-get install libegl1 libgl1-mesa-dri "
        "(or libosmesa6; dnf install mesa-libEGL mesa-dri-drivers)."
    )


def _offscreen_choices() -> dict[str, Callable[[], bool]]:
    """Return the window classes of VTK's wheel for Linux, best first, each with the question whether it works here."""
    choices: dict[str, Callable[[], bool]] = {
        "vtkEGLRenderWindow": lambda: _egl_device() >= 0,
        "vtkOSOpenGLRenderWindow": lambda: _loads("libOSMesa.so.8", "libOSMesa.so.6", "libOSMesa.so"),
        "vtkXOpenGLRenderWindow": lambda: _x_display_opens() and _loads("libGL.so.1", "libGLX.so.0"),
    }
    return {name: works for name, works in choices.items() if hasattr(vtkRenderingOpenGL2, name)}


def _loads(*names: str) -> bool:
    return any(_library(name) is not None for name in names)


def _library(name: str) -> Any:
    try:
        return ctypes.CDLL(name)
    except OSError:
        return None


def _x_display_opens() -> bool:
    x11 = _library("libX11.so.6")
    if x11 is None or not os.environ.get("DISPLAY"):
        return False
    x11.XOpenDisplay.restype = ctypes.c_void_p
    x11.XCloseDisplay.argtypes = [ctypes.c_void_p]
    display = x11.XOpenDisplay(None)
    if not display:
        return False
    x11.XCloseDisplay(display)
    return True


@functools.lru_cache(maxsize=1)
def _egl_device() -> int:
    """Return the first EGL device that gives an OpenGL 3.2 context, -1 where none does.

    libEGL alone is not enough: without a driver VTK crashes on the context that it did not get.
    """
    egl = _library("libEGL.so.1")
    if egl is None:
        return -1
    _declare(egl)
    with _silent_egl():
        displays = _egl_displays(egl)
        return next((index for index, display in enumerate(displays) if _gives_context(egl, display)), -1)


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
def _silent_egl() -> Iterator[None]:
    """Keep Mesa from writing to stderr about the devices that it cannot use."""
    before = os.environ.get("EGL_LOG_LEVEL")
    os.environ.setdefault("EGL_LOG_LEVEL", "fatal")
    try:
        yield
    finally:
        if before is None:
            del os.environ["EGL_LOG_LEVEL"]
