"""Slices by facts: which side is left, how thick a slab is, what colours mean, what measures what."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from vtkmodules.vtkRenderingCore import vtkTextActor

import dicomvtk
from dicomvtk.display import WindowLevel
from dicomvtk.errors import DicomVtkWarning, UnsupportedError
from dicomvtk.geometry import Geometry
from dicomvtk.metadata import Axis, SeriesInfo
from dicomvtk.processing.phantom import LESION_LPS, LESION_VALUE, head_phantom
from dicomvtk.render import colour_maps
from dicomvtk.render.colour_maps import COLOUR_MAPS, colour_table
from dicomvtk.render.layout import pane_rects, point_on_screen
from dicomvtk.render.opengl import offscreen_window
from dicomvtk.render.planes import slice_planes
from dicomvtk.render.resolve import resolve
from dicomvtk.render.rotations import carried, rotation_of, vector_of
from dicomvtk.render.scales import ruler_length_mm
from dicomvtk.render.scene import PaneCamera, Slab, View
from dicomvtk.render.session import Session
from dicomvtk.render.viewer import snapshot
from dicomvtk.volume import Volume

PLAIN = View(annotations=False, show_crosshair=False, interpolation=False)
SIDE = 300


def cube(values: np.ndarray, spacing: tuple[float, float, float] = (1.0, 1.0, 1.0)) -> Volume:
    return Volume(values, Geometry(values.shape, spacing), SeriesInfo(modality="MR"))


def layers_along_k() -> Volume:
    """Return 20 slices of 2 mm, slice k of value 10 * k."""
    values = np.zeros((20, 20, 20), np.int16) + np.arange(20, dtype=np.int16) * 10
    return cube(values, (1.0, 1.0, 2.0))


def middle_grey(volume: Volume, **values: object) -> int:
    view = replace(PLAIN, layout="axial", window=WindowLevel(127.5, 255), **values)
    return int(snapshot(volume, view=view, size=(100, 100))[50, 50, 0])


def lesion_on_screen(view: View, volume: Volume) -> tuple[float, float]:
    window = WindowLevel.from_range(LESION_VALUE - 1, LESION_VALUE + 1)
    picture = snapshot(volume, view=replace(view, crosshair=LESION_LPS, window=window), size=(SIDE, SIDE))
    grey = picture[..., 0].astype(int)
    rows, columns = np.nonzero((grey > 100) & (grey < 155))
    assert rows.size > 20
    return float(columns.mean()), float(SIDE - 1 - rows.mean())


@pytest.mark.parametrize("plane", ["axial", "coronal"])
def test_neurological_mirrors_left_and_its_letters(plane: str) -> None:
    volume = head_phantom((96, 80, 64))
    view = replace(PLAIN, layout=plane)

    x, y = lesion_on_screen(view, volume)
    mirrored_x, mirrored_y = lesion_on_screen(replace(view, neurological=True), volume)

    assert x > SIDE / 2 + 10
    assert mirrored_x == pytest.approx(SIDE - 1 - x, abs=4)
    assert mirrored_y == pytest.approx(y, abs=2)
    letters = slice_planes(volume.geometry, neurological=True)[plane].letters()
    assert letters[:2] == ("L", "R")


def test_neurological_leaves_the_sagittal_plane() -> None:
    volume = head_phantom((48, 48, 40))
    view = replace(PLAIN, layout="sagittal")

    np.testing.assert_array_equal(
        snapshot(volume, view=view, size=(99, 99)),
        snapshot(volume, view=replace(view, neurological=True), size=(99, 99)),
    )


@pytest.mark.parametrize("plane", ["axial", "sagittal", "coronal"])
@pytest.mark.parametrize("tilt", [(0.0, 0.0, 20.0), (15.0, -10.0, 5.0)])
def test_tilted_planes_show_the_lesion_where_they_cut_it(plane: str, tilt: tuple[float, float, float]) -> None:
    volume = head_phantom((96, 80, 64), orientation="oblique")
    shown = slice_planes(volume.geometry, "volume", tilt)[plane]
    expected = point_on_screen(shown, PaneCamera(), pane_rects(plane, (SIDE, SIDE))[plane], LESION_LPS)

    assert lesion_on_screen(replace(PLAIN, layout=plane, tilt=tilt), volume) == pytest.approx(expected, abs=6)


def test_a_plane_turned_within_itself_keeps_its_picture_and_turns_the_others() -> None:
    geometry = Geometry((20, 20, 20))
    straight, tilted = slice_planes(geometry), slice_planes(geometry, "volume", (0.0, 0.0, 30.0))

    np.testing.assert_allclose(tilted["axial"].right, straight["axial"].right)
    np.testing.assert_allclose(tilted["axial"].normal, straight["axial"].normal)
    for name in ("sagittal", "coronal"):
        cosine = tilted[name].normal @ straight[name].normal
        assert np.degrees(np.arccos(cosine)) == pytest.approx(30)
    trace = tilted["axial"].trace_of(tilted["coronal"])
    assert np.degrees(np.arctan2(abs(trace[1]), abs(trace[0]))) == pytest.approx(30)
    assert tilted["coronal"].letters() == ("RA", "LP", "F", "H")


def test_rotation_vectors_go_there_and_back() -> None:
    rng = np.random.default_rng(5)
    for _ in range(50):
        vector = rng.normal(size=3)
        vector *= rng.uniform(0, 179.9) / np.linalg.norm(vector)
        np.testing.assert_allclose(vector_of(rotation_of(tuple(vector))), vector, atol=1e-6)
    half_turn = rotation_of(vector_of(np.diag([1.0, -1.0, -1.0])))
    np.testing.assert_allclose(half_turn, np.diag([1.0, -1.0, -1.0]), atol=1e-6)
    a, b = np.array([1.0, 0, 0]), np.array([-1.0, 0, 0])
    np.testing.assert_allclose(carried(a, b) @ a, b, atol=1e-9)
    np.testing.assert_allclose(carried(a, a), np.eye(3))


@pytest.mark.parametrize(("blend", "value"), [("max", 120), ("min", 80), ("mean", 100)])
def test_slab_blends_as_many_slices_as_it_is_thick(blend: str, value: int) -> None:
    volume = layers_along_k()  # the middle slice is number 10, of 100; 10 mm are slices 8 to 12

    assert middle_grey(volume) == pytest.approx(100, abs=1)
    assert middle_grey(volume, slab=Slab(10.0, blend)) == pytest.approx(value, abs=1)


@pytest.mark.parametrize(("blend", "low", "high"), [("max", 110, 135), ("min", 65, 90), ("mean", 95, 105)])
def test_oblique_slab_blends_too(blend: str, low: int, high: int) -> None:
    assert low <= middle_grey(layers_along_k(), slab=Slab(10.0, blend), tilt=(2.0, 0.0, 0.0)) <= high


def test_slab_at_the_face_takes_what_is_there() -> None:
    view = {"slab": Slab(10.0, "max"), "crosshair": (10.0, 10.0, 0.0)}

    assert middle_grey(layers_along_k(), **view) == pytest.approx(20, abs=1)


@pytest.mark.parametrize("name", ["YlGnBu", "turbo", "RdBu_r", "Set1"])
def test_every_other_colour_map_is_matplotlib_s_own(name: str) -> None:
    matplotlib = pytest.importorskip("matplotlib")
    np.testing.assert_allclose(colour_table(name), matplotlib.colormaps[name](np.linspace(0, 1, 256))[:, :3])


def test_without_matplotlib_the_colour_maps_that_are_there_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(colour_maps.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(
        UnsupportedError, match=r"'YlGnBu'; expected one of gray, .*viridis.* with Matplotlib installed"
    ):
        colour_table("YlGnBu")
    assert colour_table("viridis").shape == (256, 3)

    kept = cube(np.zeros((4, 4, 4), np.int16))
    kept = replace(kept, info=replace(kept.info, attributes={"colormap": "YlGnBu"}))
    with pytest.warns(DicomVtkWarning, match=r"Shown in greys.*'YlGnBu'"):
        assert resolve(View(), kept).colour_map == "gray"


def test_a_series_is_shown_in_the_colours_kept_in_its_files(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    folder = tmp_path / "series"
    dicomvtk.write_series(layers_along_k(), folder)
    opened = dicomvtk.open_folder(folder)
    opened.series[0].colormap = "YlGnBu"
    opened.save()

    volume = dicomvtk.read(folder)
    state = resolve(View(), volume)

    assert state.colour_map == "YlGnBu"
    assert resolve(View(colour_map="gray"), volume).colour_map == "gray", "what is asked for goes first"
    picture = snapshot(volume, view=replace(PLAIN, layout="axial", window=WindowLevel(0, 1e6)), size=(100, 100))
    np.testing.assert_allclose(picture[50, 50] / 255, colour_table("YlGnBu")[128], atol=0.03)


@pytest.mark.parametrize("name", COLOUR_MAPS)
def test_colour_maps_are_those_of_matplotlib(name: str) -> None:
    matplotlib = pytest.importorskip("matplotlib")
    expected = matplotlib.colormaps[name](np.linspace(0, 1, 256))[:, :3]

    np.testing.assert_allclose(colour_table(name), expected, atol=0.03)
    np.testing.assert_allclose(colour_table(f"{name}_r"), colour_table(name)[::-1])
    np.testing.assert_allclose(colour_table(name, inverted=True), colour_table(name)[::-1])


def test_colours_on_the_screen_are_those_of_the_map() -> None:
    view = replace(PLAIN, layout="axial", window=WindowLevel(127.5, 255), colour_map="viridis")
    picture = snapshot(layers_along_k(), view=view, size=(100, 100))

    np.testing.assert_allclose(picture[50, 50] / 255, colour_table("viridis")[100], atol=0.02)
    with pytest.raises(UnsupportedError, match="Unknown colour map 'viridian'; expected one of gray"):
        View(colour_map="viridian")


def test_colour_bar_shows_the_colours_from_low_to_high() -> None:
    view = replace(PLAIN, layout="axial", window=WindowLevel(1000, 10), colour_map="viridis", colour_bar=True)
    picture = snapshot(layers_along_k(), view=view, size=(SIDE, SIDE)).astype(int)

    low, high = (np.rint(colour_table("viridis")[n] * 255) for n in (0, 255))
    columns = np.nonzero((np.abs(picture - high).max(axis=2) < 8).any(axis=0))[0]
    assert len(columns) >= 6, "only the bar has the brightest colour, all else lies below the window"
    column = picture[:, int(np.median(columns))]
    yellow = np.nonzero(np.abs(column - high).max(axis=1) < 8)[0]
    assert yellow.max() < SIDE / 2, "high values are at the top"
    assert np.abs(column[round(0.70 * SIDE)] - low).max() < 60


def test_numbers_of_the_colour_bar_are_written_as_those_of_the_window() -> None:
    window = offscreen_window()
    window.SetSize(SIDE, SIDE)
    view = View(layout="axial", colour_bar=True, window=WindowLevel(8431, 15175, function="LINEAR_EXACT"))
    session = Session(layers_along_k(), view, window)
    try:
        session.draw()
        props = [prop for renderer in window.GetRenderers() for prop in renderer.GetViewProps()]
        texts = [prop.GetInput() for prop in props if isinstance(prop, vtkTextActor) and prop.GetVisibility()]
    finally:
        session.release()

    assert "W 15175  L 8431" in texts
    assert {"844", "8431"} <= set(texts)
    assert any(text.startswith("16018") for text in texts)


def test_ruler_is_as_long_as_it_says() -> None:
    volume = cube(np.zeros((100, 100, 10), np.int16))  # 100 mm fill 400 pixels: 4 pixels a mm
    view = View(layout="axial", show_crosshair=False, window=WindowLevel(100, 10))
    picture = snapshot(volume, view=view, size=(400, 400)).astype(int)
    without = snapshot(volume, view=replace(view, annotations=False), size=(400, 400)).astype(int)

    assert ruler_length_mm(0.25, 400) == 20.0
    row = 400 - 1 - round(2.4 * 11)
    lit = [np.nonzero(picture[r, :, 0] > 150)[0] for r in range(row - 3, row + 4)]
    longest = max(lit, key=len)
    runs = np.split(longest, np.nonzero(np.diff(longest) > 1)[0] + 1)
    assert max(len(run) for run in runs) == pytest.approx(80, abs=2)
    assert without.max() == 0


def test_background_is_behind_the_slice_and_the_text_stays_readable() -> None:
    volume = cube(np.zeros((20, 40, 10), np.int16))
    view = View(layout="axial", background=(1.0, 1.0, 1.0), show_crosshair=False, window=WindowLevel(100, 10))
    picture = snapshot(volume, view=view, size=(SIDE, SIDE))

    assert picture[150, 20].tolist() == [255, 255, 255]
    assert picture[150, 150].tolist() == [0, 0, 0]
    assert picture[-30:, :60].min() < 140, "dark letters on white"


def test_three_slices_without_3d() -> None:
    rects = pane_rects("three", (600, 400))

    assert set(rects) == {"axial", "sagittal", "coronal"}
    assert sum(rect.width * rect.height for rect in rects.values()) == 600 * 400


def test_frames_are_shown_by_index_and_refused_beyond() -> None:
    values = np.zeros((10, 10, 4, 3), np.int16) + np.array([0, 100, 200], np.int16)
    axes = (Axis("TriggerTime", (0.0, 40.0, 80.0), "ms"),)
    volume = Volume(values, Geometry((10, 10, 4)), SeriesInfo(modality="MR"), axes=axes)

    assert [middle_grey(volume, frame=(n,)) for n in range(3)] == pytest.approx([0, 100, 200], abs=1)
    with pytest.raises(UnsupportedError, match="There is no frame 3 in this volume; there are: TriggerTime 0 to 2"):
        snapshot(volume, view=View(frame=(3,)))
