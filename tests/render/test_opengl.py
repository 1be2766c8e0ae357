"""Whatever OpenGL is missing, an error says what to install; the process lives."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="X and EGL are of Linux")

#: Stands before the code of a child process: libraries whose name begins so cannot be loaded.
HIDE = """
import ctypes
whole = ctypes.CDLL
def without(name, *rest, **more):
    if name and name.startswith({names!r}):
        raise OSError(f"{{name}}: cannot open shared object file")
    return whole(name, *rest, **more)
ctypes.CDLL = without
"""
VOLUME = """
import numpy as np, dicomvtk
volume = dicomvtk.Volume(np.zeros((8, 8, 8), np.int16))
"""


def child(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "VTK_DEFAULT_OPENGL_WINDOW")}
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, env={**kept, **environment}
    )


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    """An X server of our own."""
    if shutil.which("Xvfb") is None:
        pytest.skip("needs Xvfb")
    read, write = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", "1000x800x24"], pass_fds=[write], stderr=subprocess.DEVNULL
    )
    os.close(write)
    with os.fdopen(read) as pipe:
        number = pipe.readline().strip()
    yield f":{number}"
    server.terminate()
    server.wait()


@pytest.mark.parametrize("layout", ["quad", "axial", "3d"])
def test_without_any_library_the_picture_is_drawn_and_a_warning_says_what_to_install(layout: str) -> None:
    names = ("libEGL", "libOSMesa", "libX11", "libGL")
    code = f"picture = dicomvtk.snapshot(volume, view=dicomvtk.View(layout={layout!r}), size=(300, 200))"
    done = child(HIDE.format(names=names) + VOLUME + code + "\nprint(picture.shape, picture.std() > 5)")

    assert (done.returncode, done.stdout) == (0, "(200, 300, 3) True\n")
    assert "DicomVtkWarning: Cannot draw: found no OpenGL" in done.stderr
    assert "apt-get install libegl1 libgl1-mesa-dri (or libosmesa6" in done.stderr


@pytest.mark.parametrize("wish", ["vtkOSOpenGLRenderWindow", "vtkXOpenGLRenderWindow", "nonsense"])
def test_a_wish_that_cannot_be_met_is_passed_over(wish: str) -> None:
    code = HIDE.format(names=("libOSMesa",)) + VOLUME + "print(dicomvtk.snapshot(volume, size=(40, 30)).shape)"

    done = child(code, VTK_DEFAULT_OPENGL_WINDOW=wish)

    assert (done.returncode, done.stdout, done.stderr) == (0, "(30, 40, 3)\n", "")


@pytest.mark.parametrize("name", ["", ":987", "nowhere.invalid:0"])
def test_without_a_display_the_window_points_to_the_picture(name: str) -> None:
    done = child(VOLUME + "dicomvtk.view(volume)", **({"DISPLAY": name} if name else {}))

    assert done.returncode == 1
    last = done.stderr.rstrip().splitlines()[-1]
    assert last.startswith(
        f"dicomvtk.errors.RenderError: Cannot open a window: no X display answers (DISPLAY is {name!r})"
    )
    assert "--output FILE.png" in last


def test_a_display_without_its_library_is_told_by_the_name_of_the_package(display: str) -> None:
    done = child(HIDE.format(names=("libX11",)) + VOLUME + "dicomvtk.view(volume)", DISPLAY=display)

    assert done.returncode == 1
    assert "found no libX11.so.6. Try apt-get install libx11-6" in done.stderr


@pytest.mark.parametrize("call", ["volume.show()", "dicomvtk.view(volume)"])
def test_without_a_display_a_volume_says_why_it_shows_no_window(call: str) -> None:
    done = child(VOLUME + call)

    assert done.returncode == 1
    assert "RenderError: Cannot open a window: no X display answers" in done.stderr


def test_display_without_opengl_is_told(display: str) -> None:
    done = child(HIDE.format(names=("libGL",)) + VOLUME + "dicomvtk.view(volume)", DISPLAY=display)

    assert done.returncode == 1
    assert "Cannot open a window: the X display gives no OpenGL 3.2" in done.stderr
    assert "apt-get install libgl1 libgl1-mesa-dri" in done.stderr


def test_window_shows_the_snapshots_picture(display: str) -> None:
    code = """
import numpy as np
from dicomvtk.processing.phantom import head_phantom
from dicomvtk.render.opengl import screen_window
from dicomvtk.render.pictures import grab
from dicomvtk.render.scene import View
from dicomvtk.render.session import Session
from dicomvtk.render.viewer import snapshot
volume = head_phantom((48, 48, 40))
window = screen_window()
window.SetSize(400, 300)
session = Session(volume, View(), window)
session.draw()
on = grab(window).astype(int)
session.release()
off = snapshot(volume, size=(400, 300)).astype(int)
print(on.std() > 5, np.abs(on - off).max() <= 2)
"""
    done = child(code, DISPLAY=display)

    assert (done.returncode, done.stdout, done.stderr) == (0, "True True\n", "")


@pytest.mark.skipif(shutil.which("xdotool") is None, reason="needs xdotool")
def test_window_opens_obeys_and_closes(display: str) -> None:
    code = VOLUME + "dicomvtk.view(volume)\nprint('closed')"
    viewer = subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "DISPLAY": display},
    )
    try:
        hands = {**os.environ, "DISPLAY": display}
        subprocess.run(
            ["xdotool", "search", "--sync", "--onlyvisible", "--name", "dicomvtk"], env=hands, check=True, timeout=60
        )
        subprocess.run(
            ["xdotool", "mousemove", "200", "200", "click", "5", "key", "i", "click", "1"], env=hands, check=True
        )
        deadline = time.monotonic() + 60
        while viewer.poll() is None and time.monotonic() < deadline:
            subprocess.run(["xdotool", "key", "q"], env=hands, check=True)
            time.sleep(0.3)
        out, err = viewer.communicate(timeout=10)
    finally:
        viewer.kill()

    assert (viewer.returncode, out, err) == (0, "closed\n", "")
