"""A real window on a real X server (Xvfb), real keys by xdotool: the picture off screen is the picture on it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import SimpleITK
from vtkmodules.vtkRenderingUI import vtkGenericRenderWindowInteractor

import dicomvtk
from dicomvtk.processing.phantom import head_phantom
from dicomvtk.render import window
from dicomvtk.render.opengl import offscreen_window
from dicomvtk.render.scene import View

pytestmark = pytest.mark.skipif(
    not all(shutil.which(tool) for tool in ("Xvfb", "xdotool")), reason="needs Xvfb and xdotool"
)
DISPLAY = f":{200 + os.getpid() % 400}"
SCRIPT = """
import sys, dicomvtk
from dicomvtk.render.scene import View
print("ready", flush=True)
left = dicomvtk.view(dicomvtk.phantom((48, 48, 40)), View(annotations=False), size=(480, 360))
open(sys.argv[1], "w").write(left.to_json())
"""


@pytest.fixture(scope="module")
def display() -> Iterator[dict[str, str]]:
    server = subprocess.Popen(
        ["Xvfb", DISPLAY, "-screen", "0", "800x600x24"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    time.sleep(1.0)
    yield {**os.environ, "DISPLAY": DISPLAY}
    server.terminate()
    server.wait()


def opened(display: dict[str, str], folder: Path) -> tuple[subprocess.Popen[str], str]:
    """Return the process of a window, and the window's number for xdotool."""
    command = [sys.executable, "-c", SCRIPT, str(folder / "view.json")]
    env = {**display, "XDG_CONFIG_HOME": str(folder)}
    process = subprocess.Popen(command, cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    for _ in range(240):
        found = subprocess.run(
            ["xdotool", "search", "--onlyvisible", "--name", "dicomvtk"], env=display, capture_output=True, text=True
        ).stdout.split()
        if found:
            time.sleep(2.0)
            return process, found[-1]
        time.sleep(0.25)
    process.kill()
    pytest.fail(f"no window came: {process.communicate()}")


def act(display: dict[str, str], *words: object) -> None:
    subprocess.run(["xdotool", *map(str, words)], env=display, check=True)
    time.sleep(0.6)


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    _out, err = process.communicate(timeout=60)
    return process.returncode, err


def test_the_picture_on_the_screen_is_the_one_off_it(display: dict[str, str], tmp_path: Path) -> None:
    process, _window = opened(display, tmp_path)
    act(display, "mousemove", 100, 100)
    act(display, "click", 5)  # next axial slice
    act(display, "key", "n")
    act(display, "key", "c")
    act(display, "key", "ctrl+s")
    shot = tmp_path / "dicomvtk-1.png"
    for _ in range(120):
        if shot.exists():
            break
        time.sleep(0.25)
    act(display, "key", "q")

    assert ended(process) == (0, "")
    view = View.from_json((tmp_path / "view.json").read_text())
    assert (view.neurological, view.colour_map) == (True, "hot")
    on_screen = SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(shot))).astype(int)
    volume = dicomvtk.phantom((48, 48, 40))
    off_screen = dicomvtk.snapshot(volume, view=view, size=(480, 360)).astype(int)
    assert np.mean(np.abs(on_screen - off_screen).max(axis=2) > 16) < 0.01
    assert view.crosshair != dicomvtk.render.resolve.resolve(View(), volume).crosshair


@pytest.mark.parametrize("how", ["q", "Escape", "interrupt"])
def test_every_way_out_ends_with_status_0(display: dict[str, str], tmp_path: Path, how: str) -> None:
    process, _window = opened(display, tmp_path)
    if how == "interrupt":
        process.send_signal(signal.SIGINT)
    else:
        act(display, "mousemove", 100, 100)
        act(display, "key", how)

    assert ended(process) == (0, "")


def test_a_window_put_away_while_it_was_busy_lives_on(display: dict[str, str], tmp_path: Path) -> None:
    process, window = opened(display, tmp_path)
    act(display, "mousemove", 100, 100)
    process.send_signal(signal.SIGSTOP)
    for change in ("windowunmap", "windowmap", "windowunmap"):  # under the pointer VTK asks for the keyboard: too late
        act(display, change, window)
    process.send_signal(signal.SIGCONT)
    time.sleep(1.0)
    act(display, "windowmap", window)
    act(display, "key", "n")
    act(display, "key", "q")

    assert ended(process) == (0, "")
    assert View.from_json((tmp_path / "view.json").read_text()).neurological


@pytest.mark.skipif(not shutil.which("import"), reason="needs ImageMagick's import")
def test_what_the_x_server_shows_is_the_picture_of_the_view_saved(display: dict[str, str], tmp_path: Path) -> None:
    process, window = opened(display, tmp_path)
    act(display, "mousemove", 100, 100)
    act(display, "click", 5)
    act(display, "key", "n")
    shot = tmp_path / "screen.png"
    before = None
    for _ in range(20):  # until the volume is there in full
        subprocess.run(["import", "-silent", "-window", window, str(shot)], env=display, check=True)
        now = SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(shot)))
        if before is not None and np.array_equal(now, before):
            break
        before = now
        time.sleep(2.0)
    act(display, "key", "q")

    assert ended(process) == (0, "")
    view = View.from_json((tmp_path / "view.json").read_text())
    on_screen = SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(shot)))[..., :3].astype(int)
    expected = dicomvtk.snapshot(dicomvtk.phantom((48, 48, 40)), view=view, size=(480, 360)).astype(int)
    assert on_screen.shape == expected.shape
    assert np.mean(np.abs(on_screen - expected).max(axis=2) > 16) < 0.01
    plain = dicomvtk.snapshot(dicomvtk.phantom((48, 48, 40)), view=View(annotations=False), size=(480, 360))
    assert np.mean(np.abs(on_screen - plain.astype(int)).max(axis=2) > 16) > 0.015  # what was done is seen


def test_an_interrupt_before_the_first_picture_closes_the_window_like_any_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def interrupted(*_args: object, **_options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(window, "screen_window", offscreen_window)
    monkeypatch.setattr(window, "vtkRenderWindowInteractor", vtkGenericRenderWindowInteractor)
    monkeypatch.setattr(window.Session, "draw", interrupted)
    left = window.run_window(head_phantom((24, 22, 16)), View(layout="coronal"))
    assert left.layout == "coronal"


def test_an_interrupt_while_a_window_closes_does_not_keep_it_from_closing_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    released = []
    release = window.Session.release

    def interrupted(session: window.Session) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        release(session)
        released.append(session)

    monkeypatch.setattr(window, "screen_window", offscreen_window)
    monkeypatch.setattr(window, "vtkRenderWindowInteractor", vtkGenericRenderWindowInteractor)
    monkeypatch.setattr(window, "_serve", lambda *_args: None)
    monkeypatch.setattr(window.Session, "release", interrupted)
    before = signal.getsignal(signal.SIGINT)
    window.run_window(head_phantom((24, 22, 16)), View())
    assert released
    assert signal.getsignal(signal.SIGINT) is before
