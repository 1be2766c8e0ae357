"""The first picture of a volume in 3-D by facts: what it shows when no preset is named, whatever the values are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import dicomvtk
from dicomvtk.geometry import Geometry
from dicomvtk.metadata import Segment, SeriesInfo
from dicomvtk.render.drawable import reduced
from dicomvtk.render.layers import SurfaceLayer, VolumeLayer
from dicomvtk.render.levels import noise_ceiling
from dicomvtk.render.resolve import resolve
from dicomvtk.render.scene import View
from dicomvtk.render.viewer import snapshot
from dicomvtk.render.viewpoints import camera_from
from dicomvtk.volume import Volume

SIDE, SHAPE = 240, (48, 48, 48)
FROM_CENTRE = np.linalg.norm(np.stack(np.indices(SHAPE)) - 23.5, axis=0)
VIEW = View(layout="3d", annotations=False, show_crosshair=False)


def made(array: np.ndarray, modality: str, mm: float = 4.0, **info: object) -> Volume:
    return Volume(np.asfortranarray(array), Geometry(SHAPE, (mm, mm, mm)), SeriesInfo(modality=modality, **info))  # type: ignore[arg-type]


def picture(volume: Volume, view: View = VIEW) -> np.ndarray:
    """Return the pane without the corner of the cube that names directions, as integers."""
    return snapshot(volume, view=view, size=(SIDE, SIDE))[: SIDE - 60].astype(int)


def seen(volume: Volume, view: View = VIEW) -> np.ndarray:
    return np.abs(picture(volume, view) - picture(volume, replace(view, layers=()))).max(axis=2) > 25


def preset(volume: Volume) -> str | None:
    return resolve(View(), volume).shown(VolumeLayer)[0].preset


@pytest.mark.parametrize("sigma", [20.0, 60.0])
def test_the_noise_of_air_hides_nothing_in_mr(sigma: float) -> None:
    rng = np.random.default_rng(0)
    signal = np.where(FROM_CENTRE < 16, 400.0, 0.0)
    noisy = np.hypot(signal + rng.normal(0, sigma, SHAPE), rng.normal(0, sigma, SHAPE)).astype(np.float32)

    ball, clean = seen(made(noisy, "MR")), seen(made(signal.astype(np.float32), "MR"))

    assert 0.1 < clean.mean() < 0.5
    assert (ball & clean).sum() > 0.9 * clean.sum()
    beside = ball.copy()
    rows, columns = np.nonzero(clean)
    beside[rows.min() - 12 : rows.max() + 13, columns.min() - 12 : columns.max() + 13] = False
    assert beside.mean() < 0.01


def test_noise_ends_where_three_to_four_sigma_end_and_only_where_there_is_noise() -> None:
    rng = np.random.default_rng(1)
    signal = np.where(FROM_CENTRE < 16, 400.0, 0.0)
    rician = np.hypot(signal + rng.normal(0, 30, SHAPE), rng.normal(0, 30, SHAPE))
    offset = 5000 + 10 * signal + rng.normal(0, 100, SHAPE)

    assert 3 * 30 < noise_ceiling(made(rician, "MR")) < 4.5 * 30
    assert 5000 + 3 * 100 < noise_ceiling(made(offset, "OT")) < 5000 + 4.5 * 100
    assert noise_ceiling(made(signal, "MR")) == -np.inf
    assert noise_ceiling(made(np.zeros(SHAPE), "MR")) == -np.inf


def test_counts_of_a_detector_are_not_taken_for_hounsfield_units() -> None:
    rng = np.random.default_rng(2)
    counts = np.where(FROM_CENTRE < 16, 38000, 21000) + rng.normal(0, 1500, SHAPE)
    specimen = made(counts.clip(0, 65535).astype(np.uint16), "CT", mm=0.02)

    assert preset(specimen) == "default"
    assert 0.05 < seen(specimen).mean() < 0.5  # the ball, not the cube around it


@pytest.mark.parametrize("mm", [0.01, 4.0])
def test_a_specimen_is_as_opaque_as_a_body(mm: float) -> None:
    values = np.where(FROM_CENTRE < 16, 1000, 0).astype(np.uint16)

    middle = picture(made(values, "OT", mm))[SIDE // 2, SIDE // 2]

    assert middle.min() > 150


def test_labels_have_each_its_colour_and_none_between_them() -> None:
    x = np.indices(SHAPE)[0]
    labels = np.where(FROM_CENTRE < 18, np.where(x < 24, 1, 3), 0).astype(np.uint8)
    segments = (Segment(1, "one", (200, 0, 0)), Segment(2, "two", (0, 200, 0)), Segment(3, "three", (0, 0, 200)))
    volume = made(labels, "SEG", segments=segments)

    red, green, blue = np.moveaxis(picture(volume), -1, 0)

    assert preset(volume) == "labels"
    assert (red > 100).sum() > 500
    assert (blue > 100).sum() > 500
    assert (green > 60).sum() == 0  # no edge of 3 or between 1 and 3 is the colour of 2
    right_of_screen = np.arange(SIDE) > SIDE / 2 + 3
    assert not (red > 100)[:, right_of_screen].any()  # x grows to the patient's left: screen right, from the front


@pytest.mark.parametrize("smaller", [False, True])
def test_labels_stay_apart_where_they_are_cut_and_where_voxels_are_fewer(
    monkeypatch: pytest.MonkeyPatch, *, smaller: bool
) -> None:
    if smaller:
        monkeypatch.setattr("dicomvtk.render.ray_voxels._MOST_SOFTWARE", 48**3 // 8)
    x = np.indices(SHAPE)[0]
    labels = np.where(FROM_CENTRE < 18, np.where(x < 24, 1, 3), 0).astype(np.uint8)
    segments = (Segment(1, "one", (200, 0, 0)), Segment(2, "two", (0, 200, 0)), Segment(3, "three", (0, 0, 200)))
    cut = replace(VIEW, clip="A", crosshair=(94.0, 94.0, 94.0))

    red, green, blue = np.moveaxis(picture(made(labels, "SEG", segments=segments), cut), -1, 0)

    assert (red > 100).sum() > 500
    assert (blue > 100).sum() > 500
    assert (green > 60).sum() == 0


def test_fewer_voxels_of_labels_lie_where_their_labels_do() -> None:
    labels = np.zeros(SHAPE, np.uint8)
    labels[20:30, 10:20, 30:40] = 4
    volume = made(labels, "SEG")

    small = reduced(volume, 48**3 // 8).volume
    at = np.argwhere(small.array == 4)

    assert set(np.unique(small.array)) == {0, 4}
    places = small.geometry.index_to_physical(at)
    indices = volume.geometry.physical_to_index(places)
    assert (labels[tuple(np.rint(indices).astype(int).T)] == 4).all()
    assert len(at) == 125


def test_labels_without_colours_are_told_apart() -> None:
    x = np.indices(SHAPE)[0]
    labels = np.where(FROM_CENTRE < 18, np.where(x < 24, 1, 2), 0).astype(np.uint8)

    shown = picture(made(labels, "SEG"))
    left, right = shown[SIDE // 2, SIDE // 2 - 30], shown[SIDE // 2, SIDE // 2 + 30]

    assert np.abs(left - right).max() > 60
    assert preset(made(labels / np.float32(2), "SEG")) == "default"  # fractions are no labels


def test_pet_is_black_on_white_and_on_black_as_asked_for_white() -> None:
    values = np.where(FROM_CENTRE < 8, 20000.0, np.where(FROM_CENTRE < 20, 2000.0, 0.0)).astype(np.float32)
    volume = made(values, "PT")

    usual, dark = picture(volume), picture(volume, replace(VIEW, background=(0.0, 0.0, 0.0)))

    assert usual[2, 2].tolist() == [255, 255, 255]
    assert usual[SIDE // 2, SIDE // 2].max() < 40
    assert dark[2, 2].max() == 0
    assert dark[SIDE // 2, SIDE // 2].min() > 215
    np.testing.assert_allclose(usual, 255 - dark, atol=3)


@pytest.mark.parametrize(("blend", "name"), [(None, "ct-mip"), ("max", "ct-bone"), ("min", "ct-bone")])
def test_largest_and_smallest_values_are_seen_on_a_light_background_too(blend: str | None, name: str) -> None:
    volume = made(np.where(FROM_CENTRE < 16, 1000, -1000).astype(np.int16), "CT")
    view = replace(VIEW, layers=(VolumeLayer(name, blend=blend),), background=(1.0, 1.0, 1.0))
    whole = replace(view, layers=(VolumeLayer(name, blend=blend, shift=-5000.0),))

    assert picture(volume, whole if blend == "min" else view)[SIDE // 2, SIDE // 2].max() < 200


@pytest.mark.parametrize("software", [True, False], ids=["processor", "card"])
def test_a_ball_is_lit_alike_from_every_side(monkeypatch: pytest.MonkeyPatch, *, software: bool) -> None:
    monkeypatch.setattr("dicomvtk.render.stage.is_software", lambda window: software)
    values = np.clip((16 - FROM_CENTRE) * 500, -1000, 1000).astype(np.int16)
    middles = []
    for where in ("A", "P", "L", "S", "-30,25", "150,-40"):
        view = replace(VIEW, camera=camera_from(where), layers=(VolumeLayer("ct-bone"),))
        middles.append(picture(made(values, "CT"), view)[110:130, 110:130].mean())

    assert min(middles) > 190
    assert max(middles) - min(middles) < 25


@pytest.mark.parametrize("name", ["ct-bone", "ct-skin", "ct-muscle", "default"])
def test_looks_depend_neither_on_the_distance_of_samples_nor_much_on_that_of_voxels(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    head = dicomvtk.phantom((96, 96, 72))
    view = replace(VIEW, layers=(VolumeLayer(name),))

    def brightness() -> float:
        shown = picture(head, view)
        there = np.abs(shown - shown[1, 1]).max(axis=2) > 12
        return float(shown[there].mean())

    whole = brightness()
    monkeypatch.setattr("dicomvtk.render.raycast._SAMPLE_SHARE", 0.3)
    finer = brightness()
    monkeypatch.setattr("dicomvtk.render.raycast._SAMPLE_SHARE", 0.6)
    monkeypatch.setattr("dicomvtk.render.ray_voxels._MOST_SOFTWARE", 96 * 96 * 72 // 8)
    fewer = brightness()

    assert finer == pytest.approx(whole, rel=0.02)
    assert fewer == pytest.approx(whole, rel=0.15)
    assert fewer != whole


def test_bone_is_seen_through_skin_beside_rays_and_alone() -> None:
    values = np.where(FROM_CENTRE < 10, 1000, np.where(FROM_CENTRE < 20, 40, -1000)).astype(np.int16)
    skin = SurfaceLayer(-300.0, (0.2, 0.2, 1.0), 0.35)
    bone, rays = SurfaceLayer(300.0, (1.0, 0.9, 0.2)), VolumeLayer("ct-bone")
    volume = made(values, "CT")
    alone = picture(volume, replace(VIEW, layers=(skin,)))
    middle, beside = (SIDE // 2, SIDE // 2), (SIDE // 2, SIDE // 2 + 52)

    for behind in (bone, rays):
        both = picture(volume, replace(VIEW, layers=(behind, skin)))
        assert both[middle][0] > alone[middle][0] + 60  # the yellow of bone through the blue of skin
        assert both[middle][2] > picture(volume, replace(VIEW, layers=(behind,)))[middle][2] - 60
        np.testing.assert_allclose(both[beside], alone[beside], atol=12)
        swapped = picture(volume, replace(VIEW, layers=(skin, behind)))
        np.testing.assert_allclose(swapped, both, atol=12)
