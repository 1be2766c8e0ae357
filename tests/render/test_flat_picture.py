"""Pictures where there is no OpenGL: the same slices and text, and a line that names what to install."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dicomvtk.errors import DicomVtkWarning, RenderError
from dicomvtk.processing.phantom import head_phantom
from dicomvtk.render import opengl
from dicomvtk.render.scene import PLANES, Slab, View
from dicomvtk.render.viewer import snapshot
from dicomvtk.volume import Volume

SIZE = (400, 300)


@pytest.fixture
def no_opengl(monkeypatch: pytest.MonkeyPatch) -> None:
    if not opengl.sys.platform.startswith("linux"):
        pytest.skip("other systems bring their OpenGL")
    monkeypatch.setattr(opengl, "_offscreen_choices", dict)


def both(volume: Volume, view: View, monkeypatch: pytest.MonkeyPatch) -> tuple[np.ndarray, np.ndarray]:
    """Return the picture with OpenGL and the one without."""
    usual = snapshot(volume, view=view, size=SIZE).astype(int)
    monkeypatch.setattr(opengl, "_offscreen_choices", dict)
    with pytest.warns(DicomVtkWarning, match=r"apt-get install libegl1 .* Slices and text are drawn without it"):
        flat = snapshot(volume, view=view, size=SIZE).astype(int)
    return usual, flat


@pytest.mark.parametrize("plane", PLANES)
@pytest.mark.parametrize(
    "values",
    [
        {},
        {"neurological": True},
        {"tilt": (10.0, 0.0, 20.0)},
        {"slab": Slab(20.0, "max"), "colour_map": "viridis"},
        {"interpolation": False, "background": (1.0, 1.0, 1.0), "invert": True},
    ],
    ids=["plain", "neurological", "tilted", "slab", "white"],
)
def test_slices_are_those_of_opengl(plane: str, values: dict[str, object], monkeypatch: pytest.MonkeyPatch) -> None:
    view = replace(View(layout=plane, annotations=False, show_crosshair=False), **values)

    usual, flat = both(head_phantom((96, 80, 64), orientation="oblique"), view, monkeypatch)

    assert usual.std() > 5
    assert np.mean(np.abs(usual - flat).max(axis=2) > 16) < 0.02


def test_colour_is_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    array = np.zeros((20, 20, 20, 3), np.uint8)
    array[10:, :, :, 0] = 255

    usual, flat = both(Volume(array), View(layout="axial", annotations=False, show_crosshair=False), monkeypatch)

    assert np.mean(np.abs(usual - flat).max(axis=2) > 8) < 0.02


def test_letters_lines_and_corners_stand_where_they_stand(monkeypatch: pytest.MonkeyPatch) -> None:
    volume = head_phantom((48, 48, 40))
    usual, flat = both(volume, View(layout="axial"), monkeypatch)

    def amber(picture: np.ndarray) -> np.ndarray:
        return (picture[..., 0] > 180) & (picture[..., 2] < 130) & (picture[..., 1] > 120)

    for box in (np.s_[130:170, :40], np.s_[130:170, -40:], np.s_[:30, 180:220], np.s_[-30:, 180:220]):
        assert amber(usual[box]).any()
        assert amber(flat[box]).any()
    corner = np.s_[-60:, :120]
    assert (flat[corner].min(axis=2) > 150).sum() == pytest.approx((usual[corner].min(axis=2) > 150).sum(), rel=0.6)
    line = np.s_[100:200, 120:180]
    shares = [np.mean(np.ptp(picture[line], axis=2) > 60) for picture in (usual, flat)]
    assert shares[0] == pytest.approx(shares[1], abs=0.01)


@pytest.mark.usefixtures("no_opengl")
def test_four_panes_say_what_the_fourth_needs() -> None:
    with pytest.warns(DicomVtkWarning):
        picture = snapshot(head_phantom((48, 48, 40)), size=SIZE)

    assert picture[150:, 200:].max() > 150, "the 3-D pane has text"
    assert picture[:150, :200].std() > 20


@pytest.mark.usefixtures("no_opengl")
def test_nothing_but_3d_is_an_error_that_names_the_packages() -> None:
    with pytest.raises(RenderError, match="apt-get install libegl1 libgl1-mesa-dri"):
        snapshot(head_phantom((48, 48, 40)), view=View(layout="3d"), size=SIZE)
