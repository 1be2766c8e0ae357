"""The 3-D scene by facts: what is cut off is gone, presets differ, cameras stand where they say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dicomvtk.errors import UnsupportedError
from dicomvtk.geometry import Geometry
from dicomvtk.metadata import SeriesInfo
from dicomvtk.processing.phantom import head_phantom
from dicomvtk.render.annotations import Corners, pane_3d_corners
from dicomvtk.render.layers import SliceLayer, SurfaceLayer, VolumeLayer
from dicomvtk.render.presets import PRESETS, adjusted, next_preset, transfer_table
from dicomvtk.render.raycast import Raycast
from dicomvtk.render.resolve import State, resolve
from dicomvtk.render.scene import View
from dicomvtk.render.surfaces import surface_layers, with_surfaces
from dicomvtk.render.viewer import snapshot
from dicomvtk.render.viewpoints import camera_from, on_slice
from dicomvtk.volume import Volume

SIDE = 240
C, S = np.cos(0.3), np.sin(0.3)
TILT = np.array([[C, -S, 0], [S, C, 0], [0, 0, 1]])


def ball(direction: np.ndarray | None = None) -> Volume:
    """Return a ball of 1000 and 16 mm around the origin, in a grid of 48 mm."""
    direction = np.eye(3) if direction is None else direction
    origin = -direction @ np.full(3, 23.5)
    geometry = Geometry((48, 48, 48), origin=tuple(origin), direction=direction)
    points = geometry.index_to_physical(np.stack(np.indices((48, 48, 48)), axis=-1))
    inside = np.linalg.norm(points, axis=-1) < 16
    return Volume(np.where(inside, 1000, -1000).astype(np.int16), geometry, SeriesInfo(modality="CT", unit="HU"))


def shadow(volume: Volume, view: View) -> np.ndarray:
    """Return where (row, column) there is something, from the middle of the pane, up and right positive."""
    view = replace(view, layout="3d", annotations=False)
    empty = snapshot(volume, view=replace(view, layers=()), size=(SIDE, SIDE)).astype(int)
    seen = np.abs(snapshot(volume, view=view, size=(SIDE, SIDE)).astype(int) - empty).max(axis=2) > 25
    rows, columns = np.nonzero(seen)
    return np.column_stack([columns - SIDE / 2, SIDE / 2 - rows])


LAYERS = {"rays": (VolumeLayer("ct-bone"),), "surface": (SurfaceLayer(0.0),)}


@pytest.mark.parametrize("layers", LAYERS.values(), ids=LAYERS)
@pytest.mark.parametrize("direction", [np.eye(3), TILT, np.diag([1.0, 1.0, -1.0])], ids=["axial", "turned", "left"])
@pytest.mark.parametrize(
    ("side", "axis", "sign"), [("L", 0, 1), ("R", 0, -1), ("H", 1, 1), ("F", 1, -1)], ids=["L", "R", "H", "F"]
)
def test_what_lies_beyond_the_slice_is_cut_off(
    layers: tuple[VolumeLayer, ...], direction: np.ndarray, side: str, axis: int, sign: int
) -> None:
    view = View(layers=layers, crosshair=(0.0, 0.0, 0.0))  # seen from the front: left is right, head is up
    whole, cut = shadow(ball(direction), view), shadow(ball(direction), replace(view, clip=side))

    assert 0.28 < len(cut) / len(whole) < 0.75
    assert (sign * cut[:, axis]).min() < -20
    allowed = 4 if direction is not TILT or axis else 36  # a turned slice is seen at an angle
    assert (sign * cut[:, axis]).max() < allowed + 2


@pytest.mark.parametrize("layers", LAYERS.values(), ids=LAYERS)
@pytest.mark.parametrize("mirror", [1.0, -1.0])
def test_crop_keeps_the_box(layers: tuple[VolumeLayer, ...], mirror: float) -> None:
    volume = ball(np.diag([1.0, 1.0, mirror]))
    upper_left = shadow(volume, View(layers=layers, crop=(0.5, 1.0, 0.0, 1.0, 0.5, 1.0)))

    assert upper_left.min() > -4
    assert upper_left.max() > 30


def test_boxes_and_sides_that_cannot_be_are_refused() -> None:
    with pytest.raises(UnsupportedError, match="0 <= from < to <= 1"):
        View(crop=(0.5, 0.5, 0, 1, 0, 1))
    with pytest.raises(UnsupportedError, match="Unknown side to clip 'S'"):
        View(clip="S")


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_draws(name: str) -> None:
    volume = ball()
    away = np.linalg.norm(volume.geometry.index_to_physical(np.stack(np.indices((48, 48, 48)), axis=-1)), axis=-1)
    volume = volume.with_array((1200 - 80 * away).astype(np.int16))

    assert len(shadow(volume, View(layers=(VolumeLayer(name),)))) > 300


def test_tables_are_shifted_stretched_and_blended() -> None:
    table = PRESETS["ct-bone"]
    begin, next_value = (point[0] for point in table.points[1:3])

    moved = adjusted(table, VolumeLayer(shift=100.0, stretch=2.0))
    assert moved.points[1][0] == begin + 100
    assert moved.points[2][0] == begin + 2 * (next_value - begin) + 100
    assert adjusted(table, VolumeLayer()) == table
    assert adjusted(table, VolumeLayer(blend="max", shade=False)).blend == "max"
    assert adjusted(table, VolumeLayer(shade=False)).shade is False
    with pytest.raises(UnsupportedError, match="Unknown blend"):
        VolumeLayer(blend="sum")


def test_presets_of_a_modality_come_round() -> None:
    name, seen = "ct-bone", []
    for _ in range(20):
        seen.append(name)
        name = next_preset(name, "CT")
    assert {n for n in PRESETS if n.startswith("ct-")} <= set(seen)
    assert not any(n.startswith("mr-") for n in seen)
    assert transfer_table(seen[1], None).points  # type: ignore[arg-type]  # tables of CT need no spread


@pytest.mark.parametrize(
    ("where", "into"),
    [
        ("A", (0, 1, 0)),
        ("l", (-1, 0, 0)),
        ("S", (0, 0, -1)),
        ("I", (0, 0, 1)),
        ("90,0", (-1, 0, 0)),
        ("180,0", (0, -1, 0)),
    ],
)
def test_cameras_by_side_and_angle(where: str, into: tuple[float, float, float]) -> None:
    np.testing.assert_allclose(camera_from(where).direction, into, atol=1e-9)


def test_camera_above_the_front_looks_down() -> None:
    camera = camera_from("0,30")

    assert camera.direction[2] == pytest.approx(-0.5)
    assert camera.up[2] == pytest.approx(np.cos(np.radians(30)))
    assert camera_from("0,90").direction[2] == pytest.approx(-1, abs=1e-3)
    for wrong in ("X", "1,2,3", "0,91", "nan,0"):
        with pytest.raises(UnsupportedError, match="Unknown camera"):
            camera_from(wrong)


def test_slices_by_place_and_number() -> None:
    volume = ball()  # slices from -23.5 to 23.5 mm

    assert on_slice(View(), volume, "axial", "10.5mm").crosshair == pytest.approx((0.5, 0.5, 10.5))
    assert on_slice(View(), volume, "sagittal", "1").crosshair == pytest.approx((-23.5, 0.5, 0.5))
    with pytest.raises(UnsupportedError, match=r"from -23.5mm to 23.5mm, numbers 1 to 48"):
        on_slice(View(), volume, "axial", "49")
    with pytest.raises(UnsupportedError, match="expected a position such as 40mm"):
        on_slice(View(), volume, "axial", "middle")


def test_surfaces_by_name_level_and_layer() -> None:
    own = SurfaceLayer(5.0, opacity=0.5)
    bone, skin, level, same = surface_layers(["bone", "Skin", 300, own])

    assert (bone.name, bone.level, skin.opacity < 1, level.level, same) == ("bone", None, True, 300.0, own)
    with pytest.raises(UnsupportedError, match="Unknown surface 'liver'; expected a level or one of bone"):
        surface_layers(["liver"])


def test_several_surfaces_show_each_in_its_colour() -> None:
    volume = ball()
    inner = np.where(np.linalg.norm(np.stack(np.indices((48, 48, 48))) - 23.5, axis=0) < 8, 3000, volume.array)
    volume = volume.with_array(inner.astype(np.int16))
    red, blue = SurfaceLayer(0.0, (1.0, 0.0, 0.0), 0.3), SurfaceLayer(2000.0, (0.0, 0.0, 1.0))
    view = View(layout="3d", annotations=False, layers=(SliceLayer(), red, blue))

    middle = snapshot(volume, view=view, size=(SIDE, SIDE))[SIDE // 2, SIDE // 2].astype(int)
    alone = snapshot(volume, view=replace(view, layers=(red,)), size=(SIDE, SIDE))[SIDE // 2, SIDE // 2].astype(int)

    assert middle[2] > middle[0]
    assert alone[0] > alone[2]


@pytest.mark.parametrize("shade", [True, False])
@pytest.mark.parametrize(
    "cut", [{"clip": "A"}, {"crop": (0, 1, 0.5, 1, 0, 1)}, {"clip": "A", "crop": (0, 0.75, 0, 1, 0, 1)}]
)
def test_a_cut_face_shows_the_colour_of_what_is_cut(cut: dict[str, object], *, shade: bool) -> None:
    volume = ball()  # of one value: no gradient on the face, and by it no light
    view = View(
        layout="3d", annotations=False, crosshair=(0.0, 0.0, 0.0), layers=(VolumeLayer("ct-bone", shade=shade),)
    )

    face = snapshot(volume, view=replace(view, **cut), size=(SIDE, SIDE))[SIDE // 2, SIDE // 2]  # type: ignore[arg-type]

    light = 255 * (0.88 if shade else 1.0)
    red, green, blue = (light * share for share in (0.98, 0.95, 0.86))  # of 900 HU; of 1000 a little more
    np.testing.assert_allclose(face, (red, green, blue), atol=6)


def test_a_volume_that_fills_its_grid_is_closed_at_the_grid_s_faces() -> None:
    volume = ball()
    full = volume.with_array(np.full((48, 48, 48), 1000, np.int16))
    view = View(layout="3d", annotations=False, layers=(VolumeLayer("ct-bone"),))

    assert snapshot(full, view=view, size=(SIDE, SIDE))[SIDE // 2, SIDE // 2].min() > 150


def test_what_is_mist_has_no_faces() -> None:
    volume = ball()
    lung = volume.with_array(np.where(volume.array > 0, -700, -1000).astype(np.int16))
    view = View(layout="3d", annotations=False, crosshair=(0.0, 0.0, 0.0), layers=(VolumeLayer("ct-lung"),), clip="A")
    opaque = transfer_table("ct-lung", None).points[3][1:4]  # type: ignore[arg-type]  # tables of CT need no spread

    face = snapshot(lung, view=view, size=(SIDE, SIDE))[SIDE // 2, SIDE // 2]

    assert face.max() < 0.8 * 255 * max(opaque)


@pytest.mark.parametrize("software", [True, False])
def test_too_many_voxels_are_fewer_in_3d_alone_and_the_pane_says_so(
    monkeypatch: pytest.MonkeyPatch, *, software: bool
) -> None:
    volume, notes = ball(), []

    def noted(state: State, unit: str, note: str) -> Corners:
        notes.append(note)
        return pane_3d_corners(state, unit, "")

    monkeypatch.setattr("dicomvtk.render.stage.is_software", lambda window: software)
    monkeypatch.setattr("dicomvtk.render.stage.pane_3d_corners", noted)
    view, size = View(layers=(SliceLayer(), VolumeLayer("ct-bone"))), (2 * SIDE, 2 * SIDE)

    whole = snapshot(volume, view=view, size=size).astype(int)
    for name in ("_MOST_SOFTWARE", "_MOST_HARDWARE"):
        monkeypatch.setattr(f"dicomvtk.render.ray_voxels.{name}", 48**3 // 4)
    fewer = snapshot(volume, view=view, size=size).astype(int)

    assert notes == ["", "3-D reduced to 24 x 24 x 48"]
    apart = np.abs(whole - fewer).max(axis=-1)
    assert apart[SIDE:, SIDE:].max() > 10
    apart[SIDE:, SIDE:] = 0
    assert apart.max() == 0  # the slices are those of all voxels
    seen, seen_in_fewer = (picture[SIDE : SIDE + 180, SIDE + 4 :].max(axis=-1) > 28 for picture in (whole, fewer))
    assert seen.mean() > 0.1
    assert np.mean(seen != seen_in_fewer) < 0.02  # and the rays meet the same ball


def on_a_couch() -> tuple[Volume, np.ndarray]:
    """Return a body with a spine on a couch, in HU, and the values without the couch."""
    shape = (80, 80, 40)
    geometry = Geometry(shape, (4.0, 4.0, 4.0), (-160.0, -160.0, -80.0))
    x, y, _z = np.moveaxis(geometry.index_to_physical(np.stack(np.indices(shape), axis=-1)), -1, 0)
    bare = np.where((x / 110) ** 2 + (y / 80) ** 2 < 1, 40, -1000).astype(np.int16)
    bare[(np.abs(x) < 20) & (np.abs(y - 50) < 16)] = 900  # the spine
    values = np.where(np.abs(y - 104) < 3, 300, bare)
    volume = Volume(np.asfortranarray(values), geometry, SeriesInfo(modality="CT", unit="HU"))
    return volume, np.asfortranarray(bare)


def test_the_couch_does_not_hide_the_patient_from_behind_and_the_pane_says_so() -> None:
    volume, bare = on_a_couch()
    view = View(layout="3d", annotations=False, camera=camera_from("P"), layers=(VolumeLayer("ct-bone"),))

    seen = snapshot(volume, view=view, size=(SIDE, SIDE))
    without = snapshot(volume.with_array(bare), view=view, size=(SIDE, SIDE))
    with_couch = snapshot(volume, view=replace(view, layers=(VolumeLayer("ct-bone", couch=True),)), size=(SIDE, SIDE))

    np.testing.assert_array_equal(seen, without)
    assert (with_couch != without).any(axis=2).mean() > 0.15
    made = Raycast(volume, software=True)
    assert (made.note(VolumeLayer()), made.note(VolumeLayer(couch=True))) == ("couch left out", "")


@pytest.mark.parametrize("surface", [SurfaceLayer(250.0), SurfaceLayer(name="bone"), SurfaceLayer(name="skin")])
def test_surfaces_are_of_the_patient_without_the_couch_as_the_volume_is(
    surface: SurfaceLayer, monkeypatch: pytest.MonkeyPatch
) -> None:
    notes: list[str] = []

    def noted(state: State, unit: str, note: str) -> Corners:
        notes.append(note)
        return pane_3d_corners(state, unit, note)

    volume, bare = on_a_couch()
    behind = View(layout="3d", annotations=False, camera=camera_from("P"), layers=(surface,))
    asked = replace(behind, layers=(surface, VolumeLayer(visible=False, couch=True)))
    without = snapshot(volume.with_array(bare), view=behind, size=(SIDE, SIDE))
    monkeypatch.setattr("dicomvtk.render.stage.pane_3d_corners", noted)
    seen = snapshot(volume, view=behind, size=(SIDE, SIDE))
    with_couch = snapshot(volume, view=asked, size=(SIDE, SIDE))

    np.testing.assert_array_equal(seen, without)
    assert (with_couch != without).any(axis=2).mean() > 0.15
    assert (notes[0], notes[-1]) == ("couch left out", "")


@pytest.mark.parametrize("side", ["A", "H"])
def test_cut_faces_have_no_dark_edges_nor_does_the_grid(side: str) -> None:
    volume = ball()
    hollow = np.where(np.linalg.norm(np.stack(np.indices((48, 48, 48))) - 23.5, axis=0) < 8, -1000, volume.array)
    view = View(layout="3d", annotations=False, crosshair=(0.0, 0.0, 0.0), camera=camera_from("-35,35"), clip=side)
    view = replace(view, show_crosshair=False, background=(0.0, 0.0, 0.0))
    view = replace(view, layers=(VolumeLayer("ct-bone", shade=False),))
    size = (2 * SIDE, 2 * SIDE)

    cut = snapshot(volume.with_array(hollow.astype(np.int16)), view=view, size=size)[..., 0]
    empty = snapshot(volume, view=replace(view, layers=()), size=size).max(axis=2)

    there = (cut > 0.5 * 255) & (empty == 0)
    dark = 0
    for row in np.nonzero(there.sum(axis=1) > 20)[0]:  # what is left of the ball is convex: rows have no gaps
        first, last = np.nonzero(there[row])[0][[0, -1]]
        dark += int((cut[row, first + 6 : last - 5] < 0.5 * 255).sum())
    assert dark < 0.003 * there.sum()


def test_a_surface_is_cut_by_a_box_of_six_sides_and_a_slice() -> None:
    volume = head_phantom((48, 48, 40))
    box = View(layout="3d", layers=(SurfaceLayer(300),), crop=(0.1, 0.9, 0.1, 0.9, 0.1, 0.9), annotations=False)

    def bright(view: View) -> np.ndarray:
        return snapshot(volume, view=view, size=(200, 200)).max(axis=2) > 110

    whole, half = bright(box), bright(replace(box, clip="L"))
    assert whole[:, 110:].sum() > 500
    assert half[:, 110:].sum() < 0.1 * whole[:, 110:].sum(), "the patient's left, on the right of the screen, is gone"
    assert (half & whole)[:, :90].sum() > 0.9 * whole[:, :90].sum()


def test_surfaces_are_one_or_several() -> None:
    assert with_surfaces(None, "bone") == with_surfaces(None, ["bone"])
    assert with_surfaces(None, 300) == with_surfaces(None, (300.0,))
    assert with_surfaces(View(layout="3d"), []) == View(layout="3d")


@pytest.mark.parametrize("odd", ["muscle", float("nan"), None, [300]])
def test_what_is_no_surface_is_refused_by_name(odd: object) -> None:
    with pytest.raises(UnsupportedError, match="Unknown surface"):
        with_surfaces(None, [odd])


def test_the_corner_says_that_the_scene_is_cropped() -> None:
    whole = resolve(View(), ball())
    assert "Cropped" not in pane_3d_corners(whole, "HU", "").bottom_left
    assert "Cropped" in pane_3d_corners(replace(whole, crop=(0.0, 1.0, 0.3, 1.0, 0.0, 1.0)), "HU", "").bottom_left
