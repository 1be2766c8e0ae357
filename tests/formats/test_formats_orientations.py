"""Every orientation a grid can have, through every format, judged by SimpleITK and nibabel."""

from __future__ import annotations

import itertools
from pathlib import Path

import nibabel
import numpy as np
import pytest

from dicomvtk import Geometry, Volume
from dicomvtk.formats import SUFFIXES, load, save

SimpleITK = pytest.importorskip("SimpleITK")

LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])
TILT = np.array([[0.8, -0.36, 0.48], [0.6, 0.48, -0.64], [0.0, 0.8, 0.6]])
#: TIFF holds no place.
PLACING = [suffix for suffix in SUFFIXES if suffix not in (".tif", ".tiff")]
READ_BY_SIMPLEITK = [".nii", ".nii.gz", ".nrrd", ".mha"]


def signed_permutations() -> list[np.ndarray]:
    """Return all 48 directions along the body's axes: 24 right-handed, 24 left-handed."""
    return [
        np.eye(3)[:, order] * signs
        for order in itertools.permutations(range(3))
        for signs in itertools.product((1.0, -1.0), repeat=3)
    ]


DIRECTIONS = [*signed_permutations(), TILT, TILT[:, [1, 0, 2]], TILT * [1, 1, -1]]


def volume_along(direction: np.ndarray) -> Volume:
    shape = (5, 4, 3)
    array = np.arange(60, dtype=np.int16).reshape(shape, order="F") * 50 - 1000
    return Volume(array, Geometry(shape, (0.7, 1.25, 2.5), (-101.5, 33.25, 712.125), direction))


@pytest.mark.parametrize("suffix", PLACING)
def test_all_orientations_come_back_exactly(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"v{suffix}"
    for direction in DIRECTIONS:
        volume = volume_along(direction)
        save(volume, path)
        again = load(path)
        assert again.geometry.is_close(volume.geometry, 1e-4), direction
        assert again.geometry.placed
        assert again.dtype == np.int16
        assert again.array.flags.f_contiguous
        np.testing.assert_array_equal(again.array, volume.array)


@pytest.mark.parametrize("suffix", READ_BY_SIMPLEITK)
def test_simpleitk_sees_the_same_place_and_voxels(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"v{suffix}"
    for direction in DIRECTIONS:
        volume = volume_along(direction)
        save(volume, path)
        image = SimpleITK.ReadImage(str(path))
        np.testing.assert_array_equal(SimpleITK.GetArrayFromImage(image).T, volume.array)
        for index in [(0, 0, 0), (4, 0, 0), (0, 3, 0), (0, 0, 2)]:
            seen = image.TransformIndexToPhysicalPoint(index)
            np.testing.assert_allclose(seen, volume.geometry.index_to_physical(index), atol=1e-4)


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
def test_nibabel_sees_the_same_place_by_sform_and_by_qform(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"v{suffix}"
    for direction in DIRECTIONS:
        volume = volume_along(direction)
        save(volume, path)
        image = nibabel.load(path)
        for form in (image.affine, image.get_sform(), image.get_qform()):
            np.testing.assert_allclose(form, LPS_TO_RAS @ volume.affine, atol=1e-4)
        np.testing.assert_array_equal(np.asarray(image.dataobj), volume.array)
        assert int(image.header["sform_code"]) == int(image.header["qform_code"]) == 1
        assert image.header.get_xyzt_units()[0] == "mm"


@pytest.mark.parametrize("suffix", READ_BY_SIMPLEITK)
def test_what_simpleitk_writes_is_read_in_the_same_place(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"v{suffix}"
    for direction in DIRECTIONS:
        volume = volume_along(direction)
        image = SimpleITK.GetImageFromArray(volume.array.T)
        image.SetSpacing(volume.spacing)
        image.SetOrigin(volume.origin)
        image.SetDirection(direction.ravel().tolist())
        SimpleITK.WriteImage(image, str(path), suffix in (".nrrd", ".mha"))
        again = load(path)
        assert again.geometry.is_close(volume.geometry, 1e-4), direction
        assert again.geometry.placed
        np.testing.assert_array_equal(again.array, volume.array)
