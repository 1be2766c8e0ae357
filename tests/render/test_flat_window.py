"""Pictures where there is no OpenGL: the same as with it, and a line that names what to install."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dicomvtk.display import WindowLevel
from dicomvtk.errors import DicomVtkWarning, RenderError
from dicomvtk.geometry import Geometry
from dicomvtk.metadata import SeriesInfo
from dicomvtk.processing.phantom import head_phantom
from dicomvtk.render import opengl
from dicomvtk.render.scene import PLANES, Camera3D, PaneCamera, Slab, SliceLayer, SurfaceLayer, View, VolumeLayer
from dicomvtk.render.viewer import snapshot
from dicomvtk.render.viewpoints import camera_from
from dicomvtk.volume import Volume

SIZE = (400, 300)
BARE = {"annotations": False, "show_crosshair": False}


def both(
    volume: Volume, view: View, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int] = SIZE
) -> tuple[np.ndarray, np.ndarray]:
    """Return the picture with OpenGL and the one without."""
    if not opengl.sys.platform.startswith("linux"):
        pytest.skip("other systems bring their OpenGL")
    try:
        usual = snapshot(volume, view=view, size=size).astype(int)
    except RenderError as error:
        pytest.skip(str(error))
    monkeypatch.setattr(opengl, "_offscreen_choices", dict)
    with pytest.warns(DicomVtkWarning, match=r"apt-get install libegl1 .* Drawn without it"):
        flat = snapshot(volume, view=view, size=size).astype(int)
    return usual, flat


def apart(usual: np.ndarray, flat: np.ndarray, by: int) -> float:
    """Return the share of pixels that differ by more than so much in some colour."""
    return float(np.mean(np.abs(usual - flat).max(axis=2) > by))


@pytest.mark.parametrize("plane", PLANES)
@pytest.mark.parametrize(
    "values",
    [
        {},
        {"neurological": True},
        {"tilt": (10.0, 0.0, 20.0)},
        {"along": "patient"},
        {"slab": Slab(20.0, "max"), "colour_map": "viridis"},
        {"slab": Slab(15.0, "mean"), "tilt": (0.0, 15.0, 5.0)},
        {"interpolation": False, "background": (1.0, 1.0, 1.0), "invert": True},
        {"window": WindowLevel(300, 900, function="SIGMOID"), "colour_map": "hot_r"},
        dict.fromkeys(PLANES, PaneCamera(2.5, (20.0, -10.0))),
    ],
    ids=["plain", "neurological", "tilted", "patient", "slab", "tilted slab", "white", "sigmoid", "zoomed"],
)
def test_slices_are_those_of_opengl(plane: str, values: dict[str, object], monkeypatch: pytest.MonkeyPatch) -> None:
    view = replace(View(layout=plane, **BARE), **values)

    usual, flat = both(head_phantom((96, 80, 64), orientation="oblique"), view, monkeypatch)

    assert usual.std() > 5
    assert apart(usual, flat, by=8) < 0.004  # oblique slabs are sampled as finely, not at the same places


@pytest.mark.parametrize("interpolation", [True, False], ids=["smooth", "voxels"])
def test_pixels_that_are_not_square_are_those_of_opengl(interpolation: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = np.arange(12 * 10 * 4, dtype=np.int16).reshape((12, 10, 4), order="F")
    volume = Volume(steps, Geometry(steps.shape, spacing=(1.0, 2.5, 7.0)))

    usual, flat = both(volume, View(layout="three", interpolation=interpolation, **BARE), monkeypatch)

    assert apart(usual, flat, by=8) < 0.003


def test_colour_without_opengl_is_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    array = np.zeros((20, 20, 20, 3), np.uint8)
    array[10:, :, :, 0] = 255

    usual, flat = both(Volume(array), View(layout="axial", **BARE), monkeypatch)

    assert apart(usual, flat, by=8) == 0


@pytest.mark.parametrize("size", [(400, 300), (801, 601), (240, 900), (170, 130)])
@pytest.mark.parametrize("layout", ["three", "coronal"])
@pytest.mark.parametrize("background", [None, (1.0, 1.0, 1.0)], ids=["dark", "white"])
def test_text_ruler_crosshair_and_colour_bar_stand_where_they_stand(
    layout: str, size: tuple[int, int], background: tuple[float, ...] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = View(layout=layout, colour_bar=True, background=background, neurological=True, tilt=(0.0, 0.0, 5.0))
    bare = snapshot(head_phantom((48, 48, 40)), view=replace(view, **BARE, colour_bar=False), size=size).astype(int)

    usual, flat = both(head_phantom((48, 48, 40)), view, monkeypatch, size)

    written = np.abs(usual - bare).max(axis=2) > 8
    assert written.any()
    # A label on half a pixel may be rounded either way.
    assert np.mean((np.abs(usual - flat).max(axis=2) > 8)[written]) < 0.08
    assert apart(usual, flat, by=8) < 0.005


@pytest.mark.parametrize(
    ("view", "share"),
    [
        (View(layout="3d"), 0.005),
        (View(layout="3d", layers=(VolumeLayer("ct-skin"),), camera=camera_from("30,20"), clip="A"), 0.005),
        (View(layout="3d", layers=(VolumeLayer("ct-mip"),), camera=Camera3D((0, 0, 1), (0, -1, 0), 1.5)), 0.01),
        (View(layout="3d", layers=(SurfaceLayer(300),), camera=camera_from("30,20")), 0.01),
        (View(layout="3d", layers=(SurfaceLayer(300), VolumeLayer("ct-skin")), crop=(0, 0.7, 0, 1, 0.2, 1)), 0.01),
        (View(layout="3d", layers=(SliceLayer(in_3d=True), SurfaceLayer(300)), camera=camera_from("-40,20")), 0.02),
        # Of a surface that lets through only what is nearest shows: OpenGL shows its far side too.
        (View(layout="3d", layers=(SurfaceLayer(300), SurfaceLayer(-300, opacity=0.35))), 0.05),
        (View(layout="3d", crop_box=True, crop=(0, 0.8, 0, 1, 0, 1)), 0.01),
    ],
    ids=["rays", "cut", "mip", "surface", "both", "slices", "through", "box"],
)
def test_3d_without_opengl_is_that_of_opengl(view: View, share: float, monkeypatch: pytest.MonkeyPatch) -> None:
    volume = head_phantom((96, 80, 64), orientation="oblique")

    usual, flat = both(volume, view, monkeypatch)

    assert usual.std() > 5
    assert apart(usual, flat, by=24) < share


def test_3d_of_other_values_and_places_is_that_of_opengl(monkeypatch: pytest.MonkeyPatch) -> None:
    i, j, k = np.indices((40, 30, 20))
    ball = (np.hypot(np.hypot(i - 20, j - 15), (k - 10) * 2) < 12) * 1.0 + (i > 30) * 0.5
    turned = Geometry(ball.shape, (2.0, 2.0, 4.0), (-30.0, 50.0, 900.0), np.diag([1.0, -1.0, 1.0]))
    volume = Volume(ball.astype(np.float32), turned, SeriesInfo(modality="MR"))

    usual, flat = both(volume, View(layout="3d", camera=camera_from("200,-15")), monkeypatch)

    assert usual.std() > 5
    assert apart(usual, flat, by=24) < 0.01


def test_four_panes_without_opengl_are_those_of_opengl(monkeypatch: pytest.MonkeyPatch) -> None:
    usual, flat = both(head_phantom((48, 48, 40)), View(), monkeypatch)

    assert flat[150:, 200:].std() > 5, "the 3-D pane shows the volume"
    assert apart(usual, flat, by=24) < 0.01


def test_a_volume_beside_the_pane_is_not_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    away = Camera3D(pan_mm=(5000.0, 0.0))

    usual, flat = both(head_phantom((48, 48, 40)), View(layout="3d", camera=away, **BARE), monkeypatch)

    assert apart(usual, flat, by=8) < 0.002
