"""Slices are as dark as the standard's functions say: judged by `Volume.display`, which VTK has no part in."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import dicomvtk
from dicomvtk.display import WindowLevel, auto_window
from dicomvtk.errors import UnsupportedError
from dicomvtk.geometry import Geometry
from dicomvtk.metadata import LookupTable, SeriesInfo
from dicomvtk.render import viewer
from dicomvtk.render.probe import egl_device
from dicomvtk.render.resolve import resolve
from dicomvtk.render.scene import View
from dicomvtk.render.viewer import snapshot
from dicomvtk.render.windowing import next_window, windowed
from dicomvtk.volume import Volume

PLAIN = View(layout="axial", annotations=False, show_crosshair=False, interpolation=False)
#: 64 x 64 voxels, each a pixel on the screen.
SIDE = 64
WINDOWS = [
    WindowLevel(40, 400),
    WindowLevel(40, 400, function="LINEAR_EXACT"),
    WindowLevel(300, 700, function="SIGMOID"),
    WindowLevel(100, 1),
    WindowLevel(100.5, 2),
    WindowLevel(0.5, 0.2),
]
#: A curve that no window has: up, flat, down.
CURVE = LookupTable(-100, np.r_[np.arange(0, 600, 2), np.full(100, 600), np.arange(600, 100, -1)], "curve", bits=10)


def ramp(**info: object) -> Volume:
    values = (np.arange(SIDE * SIDE, dtype=np.int16) - 1024).reshape(SIDE, SIDE, 1, order="F")
    return Volume(values, Geometry(values.shape, (1.0, 1.0, 1.0)), SeriesInfo(modality="MR", **info))


def shown(volume: Volume, view: View) -> np.ndarray:
    return snapshot(volume, view=view, size=(SIDE, SIDE))[..., 0].astype(int)


def differences(volume: Volume, view: View, **asked: object) -> np.ndarray:
    return np.abs(shown(volume, view) - volume.display(**asked)[:, :, 0].T.astype(int))


@pytest.mark.parametrize("window", WINDOWS, ids=str)
def test_a_window_on_the_screen_is_that_of_the_standard(window: WindowLevel) -> None:
    assert differences(ramp(), replace(PLAIN, window=window), window=window).max() <= 1


@pytest.mark.parametrize("window", WINDOWS, ids=str)
def test_a_window_without_opengl_is_that_of_the_standard(window: WindowLevel, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise dicomvtk.errors.RenderError("no OpenGL")

    monkeypatch.setattr(viewer, "offscreen_window", refuse)
    with pytest.warns(dicomvtk.errors.DicomVtkWarning):
        assert differences(ramp(), replace(PLAIN, window=window), window=window).max() <= 1


def test_the_header_s_voi_lut_is_shown_before_its_windows() -> None:
    volume = ramp(voi_luts=(CURVE,), windows=(WindowLevel(40, 80),))

    assert differences(volume, PLAIN, voi=0).max() <= 1
    assert differences(volume, replace(PLAIN, invert=True), voi=0).max() > 100
    assert differences(volume, replace(PLAIN, window=WindowLevel(40, 80)), voi=1).max() <= 1


def test_a_file_s_own_voi_lut_is_shown_as_it_says(shared_data: Path) -> None:
    path = shared_data / "pydicom_data" / "vlut_04.dcm"
    volume = dicomvtk.read(path)
    picture = snapshot(volume, view=PLAIN, size=volume.shape[:2])[..., 0].astype(int)

    np.testing.assert_allclose(picture, volume.display(voi=0)[:, :, 0].T, atol=1)


def test_windows_of_the_header_are_gone_through_voi_luts_first() -> None:
    bone = WindowLevel(480, 2500, "bone", "SIGMOID")
    volume = ramp(voi_luts=(CURVE,), windows=(bone,))
    state = resolve(View(), volume)
    assert state.voi_lut == 0
    seen = []
    for _ in range(3):
        state = next_window(state, volume)
        seen.append((state.voi_lut, state.window))

    assert seen == [(None, bone), (None, auto_window(volume.array)), (0, resolve(View(), volume).window)]


def test_a_drag_keeps_the_function_of_a_window_and_leaves_a_voi_lut_for_its_range() -> None:
    curved = resolve(View(window=WindowLevel(100, 50, "", "SIGMOID")), ramp())
    assert windowed(curved, 0.1, 0.0).window.function == "SIGMOID"
    looked_up = resolve(View(), ramp(voi_luts=(CURVE,)))

    dragged = windowed(looked_up, 0.0, 0.0)
    assert dragged.voi_lut is None
    assert (dragged.window.low, dragged.window.high) == (-100, -100 + len(CURVE.table) - 1)


def test_a_view_with_a_voi_lut_comes_back_from_json_and_another_is_refused() -> None:
    volume = ramp(voi_luts=(CURVE,))
    state = resolve(View.from_json(View(voi_lut=0).to_json()), volume)
    assert state.voi_lut == 0
    with pytest.raises(UnsupportedError, match=r"no VOI LUT 1 .* has 1"):
        resolve(View(voi_lut=1), volume)


def test_opengl_draws_these_tests_where_it_can() -> None:
    if egl_device() < 0:
        pytest.skip("no EGL: slices are cut without OpenGL")
    assert len(np.unique(shown(ramp(), replace(PLAIN, window=WindowLevel(40, 400))))) == 256
