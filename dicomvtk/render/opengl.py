"""A render window that does not crash: what OpenGL the machine has is found out before VTK is asked for a window.

VTK loads libX11, libEGL and libOSMesa when a window is made, and ends the process where they are missing (VTK 9.7).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from vtkmodules import vtkRenderingOpenGL2
from vtkmodules.vtkRenderingCore import vtkRenderWindow

from dicomvtk.errors import RenderError
from dicomvtk.render.probe import display_opens, egl_device, glx_works, osmesa_loads, x11_loads

__all__ = ["check_screen", "is_software", "offscreen_window", "screen_window"]

#: The variable by which VTK itself lets the user choose.
_CHOICE = "VTK_DEFAULT_OPENGL_WINDOW"
_SOFTWARE_RENDERERS = ("llvmpipe", "softpipe", "swiftshader", "software rasterizer")


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
            window.SetDeviceIndex(max(0, egl_device()))
    window.SetShowWindow(False)
    window.SetOffScreenRendering(True)
    return window


def screen_window() -> vtkRenderWindow:
    """Return a render window for the display; RenderError where there is no display or no OpenGL for it."""
    check_screen()
    return vtkRenderingOpenGL2.vtkXOpenGLRenderWindow() if sys.platform.startswith("linux") else vtkRenderWindow()


def check_screen() -> None:
    """Raise RenderError where there is no display, or no OpenGL for it: what is to be shown need not be read then."""
    if not sys.platform.startswith("linux"):
        return
    if os.environ.get("DISPLAY") and not x11_loads():
        raise RenderError(
            "Cannot open a window: found no libX11.so.6. Try apt-get install libx11-6 libgl1 libgl1-mesa-dri "
            "(dnf install libX11 mesa-libGL mesa-dri-drivers), or use --output FILE.png (snapshot in Python)."
        )
    if not display_opens():
        raise RenderError(
            f"Cannot open a window: no X display answers (DISPLAY is {os.environ.get('DISPLAY', '')!r}). "
            "Use --output FILE.png (snapshot in Python) to draw without a display."
        )
    if not glx_works():
        raise RenderError(
            "Cannot open a window: the X display gives no OpenGL 3.2 (no libGL.so.1, no driver, or no GLX). "
            "Try apt-get install libgl1 libgl1-mesa-dri (dnf install mesa-libGL mesa-dri-drivers), or use --output."
        )


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
        "vtkEGLRenderWindow": lambda: egl_device() >= 0,
        "vtkOSOpenGLRenderWindow": osmesa_loads,
        "vtkXOpenGLRenderWindow": lambda: display_opens() and glx_works(),
    }
    return {name: works for name, works in choices.items() if hasattr(vtkRenderingOpenGL2, name)}
