"""The phantom is one head whatever the grid, with known values at known places."""

from __future__ import annotations

import re

import numpy as np
import pytest

from dicomvtk import GeometryError, UnsupportedError, Volume
from dicomvtk.processing.phantom import LESION_LPS, LESION_VALUE, ORIENTATIONS, TISSUES, head_phantom

#: Points deep inside one tissue, LPS mm: what a reader of the anatomy expects there.
KNOWN = {
    (0.0, 0.0, 117.0): "air",
    (118.0, 128.0, 100.0): "air",
    (0.0, -22.0, -100.0): "air",
    (32.0, -72.0, -18.0): "eye",
    (-32.0, -72.0, -18.0): "eye",
    (12.0, -4.0, 24.0): "csf",
    (-40.0, -12.0, 20.0): "white",
    (0.0, -108.0, -28.0): "fat",
    (100.0, 0.0, 20.0): "marker",
    (114.0, 11.0, 20.0): "marker",
    (115.0, -11.0, 20.0): "air",
    (-100.0, 0.0, 20.0): "air",
    (0.0, -126.0, 20.0): "marker",
    (10.0, -106.5, 20.0): "marker",
    (0.0, -104.0, 20.0): "air",
    (100.0, 0.0, -20.0): "marker",
    (114.0, 0.0, -37.0): "marker",
    (115.0, 0.0, -15.0): "air",
    (0.0, -109.0, 65.0): "marker",
    (10.0, -109.0, 45.0): "marker",
    (0.0, -109.0, 43.0): "air",
    LESION_LPS: "lesion",
}


def at(volume: Volume, point: tuple[float, float, float]) -> int:
    index = np.rint(volume.geometry.physical_to_index(point)).astype(int)
    return int(volume.array[tuple(index)])


@pytest.mark.parametrize("modality", ["CT", "MR"])
@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_every_orientation_samples_the_same_head(orientation: str, modality: str) -> None:
    volume = head_phantom((256, 240, 220), orientation=orientation, modality=modality)

    for point, tissue in KNOWN.items():
        # The strokes of the letters are a few voxels wide: what surrounds them is felt in their middle.
        rel = 0.02 if tissue == "marker" else 0.0
        assert at(volume, point) == pytest.approx(TISSUES[modality][tissue], rel=rel, abs=0.0), (point, tissue)


@pytest.mark.parametrize("orientation", ORIENTATIONS)
@pytest.mark.parametrize("shape", [(32, 32, 32), (96, 80, 64), (40, 64, 33)])
def test_lesion_is_on_the_left_only(shape: tuple[int, int, int], orientation: str) -> None:
    volume = head_phantom(shape, orientation=orientation)

    assert LESION_LPS[0] > 0
    assert at(volume, LESION_LPS) == LESION_VALUE
    lesion = volume.geometry.index_to_physical(np.argwhere(volume.array == LESION_VALUE))
    distances = np.linalg.norm(lesion - LESION_LPS, axis=1)
    assert distances.max() < 11.01
    np.testing.assert_allclose(lesion.mean(axis=0), LESION_LPS, atol=max(volume.spacing) / 2)


def test_no_other_tissue_has_the_value_of_the_lesion() -> None:
    for values in TISSUES.values():
        assert [name for name, value in values.items() if value == LESION_VALUE] == ["lesion"]


@pytest.mark.parametrize(
    ("orientation", "codes"), [("axial", "LPS"), ("sagittal", "PIR"), ("coronal", "LIP"), ("oblique", "LPS")]
)
def test_grid_is_right_handed_centred_and_in_vtk_order(orientation: str, codes: str) -> None:
    volume = head_phantom((96, 80, 64), orientation=orientation)

    assert volume.geometry.axis_codes == codes
    assert volume.geometry.is_right_handed
    np.testing.assert_allclose(volume.geometry.index_to_physical([47.5, 39.5, 31.5]), 0, atol=1e-6)
    assert volume.array.flags.f_contiguous
    assert volume.dtype == np.int16
    assert len(set(volume.spacing)) == 3


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_the_whole_head_fits(orientation: str) -> None:
    array = head_phantom((96, 80, 64), orientation=orientation).array

    border = [array.take(0, axis) for axis in range(3)] + [array.take(-1, axis) for axis in range(3)]
    cut = [face.max() > 500 for face in border]  # not just the soft border of something
    assert sum(cut) <= 1, "only the neck may reach a face of the box"


def test_given_spacing_is_kept_and_still_centred() -> None:
    volume = head_phantom((20, 30, 40), spacing=(2.0, 3.0, 4.0))

    assert volume.spacing == (2.0, 3.0, 4.0)
    assert volume.origin == (-19.0, -43.5, -78.0)


def test_information_names_no_real_person() -> None:
    info = head_phantom((32, 32, 32)).info

    assert (info.modality, info.unit, info.description) == ("CT", "HU", "dicomvtk head phantom")
    assert info.patient_name == "Phantom^Head"
    assert info.windows[0].width == 80
    assert head_phantom((32, 32, 32), modality="MR").info.unit == ""


def test_unknown_words_are_refused_with_the_known_ones() -> None:
    with pytest.raises(UnsupportedError, match=re.escape("'US'; expected one of CT, MR")):
        head_phantom((8, 8, 8), modality="US")
    with pytest.raises(UnsupportedError, match="'tilted'; expected one of axial, sagittal, coronal, oblique"):
        head_phantom((8, 8, 8), orientation="tilted")
    with pytest.raises(GeometryError, match="three sizes"):
        head_phantom((8, 8))


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_voxels_on_a_border_are_mixtures_and_the_head_keeps_its_size(orientation: str) -> None:
    volume = head_phantom((120, 120, 110), orientation=orientation)
    away = volume.geometry.index_to_physical(np.stack(np.indices(volume.shape), axis=-1))
    # The vault of the skull from behind: an ellipsoid about (0, 4, 20) of radii 74, 91, 88, and air far from it.
    level = np.linalg.norm((away - (0, 4, 20)) / (74, 91, 88), axis=-1)
    values = {TISSUES["CT"][name] for name in TISSUES["CT"]}

    mixed = ~np.isin(volume.array, list(values))
    back = (away[..., 1] > 20) & (away[..., 2] > 20)
    assert 0.02 < mixed.mean() < 0.25
    assert not (mixed & back & (level < 0.5) & (away[..., 0] < -40)).all()
    assert mixed[back & (np.abs(level - 1) < 0.005)].mean() > 0.8
    bone = (volume.array > (1100 + TISSUES["CT"]["fat"]) / 2) & back & (level > 0.9)
    np.testing.assert_allclose(away[bone][:, 1].max(), 4 + 91, atol=1.2 * max(volume.spacing))
