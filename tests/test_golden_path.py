"""The whole way: phantom and real series go read -> VTK -> picture -> DICOM and NIfTI -> SimpleITK and nibabel.

At every station: the same voxels, the same geometry, left still left.
"""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
import pytest
import SimpleITK

import dicomvtk
from dicomvtk.processing.phantom import LESION_LPS, LESION_VALUE
from dicomvtk.render.scene import View

ORIENTATIONS = ["axial", "sagittal", "coronal", "oblique"]
REAL_SERIES = ["ct_chest", "mr_head_t1", "pet_whole_body", "mr_decubitus_left", "mr_enhanced_3d_sag"]
LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])


def sitk_volume(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return voxels (i, j, k) and the LPS affine as SimpleITK reads a folder."""
    names = SimpleITK.ImageSeriesReader.GetGDCMSeriesFileNames(str(folder))
    image = SimpleITK.ReadImage(names)
    affine = np.eye(4)
    affine[:3, :3] = np.reshape(image.GetDirection(), (3, 3)) * np.asarray(image.GetSpacing())
    affine[:3, 3] = image.GetOrigin()
    return SimpleITK.GetArrayFromImage(image).T, affine


def value_at(volume: dicomvtk.Volume, point: tuple[float, float, float]) -> float:
    index = tuple(np.rint(volume.geometry.physical_to_index(point)).astype(int))
    return float(volume.array[index])


def mirrored(point: tuple[float, float, float]) -> tuple[float, float, float]:
    return (-point[0], point[1], point[2])


def check_vtk_station(volume: dicomvtk.Volume) -> None:
    image = dicomvtk.to_vtk(volume)
    matrix = np.reshape([image.GetIndexToPhysicalMatrix().GetElement(r, c) for r in range(4) for c in range(4)], (4, 4))
    np.testing.assert_allclose(matrix, volume.affine, atol=1e-6)
    back = dicomvtk.from_vtk(image)
    np.testing.assert_array_equal(back.array, volume.array)
    assert back.geometry.is_close(volume.geometry, 1e-6)
    assert np.shares_memory(back.array, volume.array)


def check_dicom_station(volume: dicomvtk.Volume, folder: Path) -> None:
    report = dicomvtk.write_series(volume, folder)
    again = dicomvtk.read(folder)
    assert again.geometry.is_close(volume.geometry, 1e-3)
    np.testing.assert_allclose(again.array, volume.array, atol=report.max_error, rtol=1e-6)
    voxels, affine = sitk_volume(folder)
    np.testing.assert_allclose(affine, volume.affine, atol=1e-3)
    np.testing.assert_allclose(voxels, volume.array, atol=max(report.max_error, 1e-6) * 1.01, rtol=1e-6)


def check_nifti_station(volume: dicomvtk.Volume, path: Path) -> None:
    dicomvtk.write(volume, path)
    image = nibabel.load(path)
    np.testing.assert_allclose(image.affine, LPS_TO_RAS @ volume.affine, atol=1e-3)
    np.testing.assert_array_equal(np.asarray(image.dataobj), volume.array)
    again = dicomvtk.load(path)
    assert again.geometry.is_close(volume.geometry, 1e-3)
    np.testing.assert_array_equal(again.array, volume.array)


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_phantom_keeps_voxels_geometry_and_left_all_the_way(orientation: str, tmp_path: Path) -> None:
    made = dicomvtk.phantom((96, 80, 64), orientation=orientation)
    dicomvtk.write_series(made, tmp_path / "in")

    volume = dicomvtk.read(tmp_path / "in")

    np.testing.assert_array_equal(volume.array, made.array)
    assert volume.geometry.is_close(made.geometry, 1e-6)
    assert LESION_LPS[0] > 0, "the lesion is on the patient's left"
    assert value_at(volume, LESION_LPS) == LESION_VALUE
    assert value_at(volume, mirrored(LESION_LPS)) != LESION_VALUE
    check_vtk_station(volume)
    check_dicom_station(volume, tmp_path / "out")
    check_nifti_station(volume, tmp_path / "out.nii.gz")


@pytest.mark.parametrize("orientation", ORIENTATIONS)
@pytest.mark.parametrize("plane", ["axial", "coronal"])
def test_left_is_on_the_right_of_the_picture(orientation: str, plane: str) -> None:
    volume = dicomvtk.phantom((96, 80, 64), orientation=orientation)
    narrow = dicomvtk.WindowLevel.from_range(LESION_VALUE - 1, LESION_VALUE + 1)
    view = View(layout=plane, crosshair=LESION_LPS, window=narrow, annotations=False, show_crosshair=False)

    picture = dicomvtk.snapshot(volume, view=view, size=(400, 400)).astype(int)

    grey = picture[..., 0]
    lesion = (grey > 100) & (grey < 155)  # centre of the window is mid grey; all else is black or white
    assert lesion.any()
    assert np.nonzero(lesion)[1].mean() > 200 + 10


@pytest.mark.parametrize("item", REAL_SERIES)
def test_real_series_goes_all_the_way(item: str, shared_data: Path, tmp_path: Path) -> None:
    folder = shared_data / item

    volume = dicomvtk.read(folder)

    check_vtk_station(volume)
    check_dicom_station(volume, tmp_path / "out")
    check_nifti_station(volume, tmp_path / "out.nii.gz")
    picture = dicomvtk.snapshot(volume, size=(400, 300))
    assert picture.shape == (300, 400, 3)
    assert picture.std() > 5
    if item != "mr_enhanced_3d_sag":  # one file: SimpleITK's series reader does not apply
        voxels, affine = sitk_volume(folder)
        if not np.allclose(affine[:3, 3], volume.origin, atol=1e-3):  # sorted the other way round
            voxels, affine[:3, 3] = voxels[:, :, ::-1], affine[:3, 3] + affine[:3, 2] * (voxels.shape[2] - 1)
            affine[:3, 2] *= -1
        np.testing.assert_allclose(affine, volume.affine, atol=1e-2)
        np.testing.assert_allclose(voxels, volume.array, rtol=1e-6, atol=1e-4)
