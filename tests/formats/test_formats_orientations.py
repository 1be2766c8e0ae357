"""Every orientation a grid can have, through every format, judged by SimpleITK, nibabel, pynrrd, VTK and NumPy."""

from __future__ import annotations

import itertools
from pathlib import Path

import nibabel
import nrrd
import numpy as np
import pytest
from vtkmodules.util.numpy_support import numpy_to_vtk, vtk_to_numpy
from vtkmodules.vtkCommonDataModel import vtkImageData
from vtkmodules.vtkIOXML import vtkXMLImageDataReader, vtkXMLImageDataWriter

from dicomvtk import Axis, Geometry, Volume
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


CORNERS = [(0, 0, 0), (4, 0, 0), (0, 3, 0), (0, 0, 2), (1, 2, 1)]
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


def test_vtks_own_reader_sees_the_same_place_and_voxels_in_vti(tmp_path: Path) -> None:
    path = tmp_path / "v.vti"
    for direction in DIRECTIONS:
        volume = volume_along(direction)
        save(volume, path)
        reader = vtkXMLImageDataReader()
        reader.SetFileName(str(path))
        reader.Update()
        image = reader.GetOutput()
        values = vtk_to_numpy(image.GetPointData().GetScalars()).reshape(volume.shape, order="F")
        np.testing.assert_array_equal(values, volume.array)
        for index in CORNERS:
            seen = [0.0, 0.0, 0.0]
            image.TransformIndexToPhysicalPoint(index, seen)
            np.testing.assert_allclose(seen, volume.geometry.index_to_physical(index), atol=1e-9)


def test_vti_of_vtks_own_writer_is_read_in_the_same_place(tmp_path: Path) -> None:
    path = tmp_path / "v.vti"
    for direction in DIRECTIONS:
        volume = volume_along(direction)
        image = vtkImageData()
        image.SetDimensions(volume.shape)
        image.SetSpacing(volume.spacing)
        image.SetOrigin(volume.origin)
        image.SetDirectionMatrix(direction.ravel().tolist())
        image.GetPointData().SetScalars(numpy_to_vtk(volume.array.ravel(order="F"), deep=True))
        writer = vtkXMLImageDataWriter()
        writer.SetFileName(str(path))
        writer.SetInputData(image)
        writer.Write()
        again = load(path)
        for index in CORNERS:
            mapped = np.rint(again.geometry.physical_to_index(volume.geometry.index_to_physical(index))).astype(int)
            assert again.array[tuple(mapped)] == volume.array[index], direction
        np.testing.assert_allclose(sorted(again.spacing), sorted(volume.spacing))


def test_numpy_alone_places_the_voxels_of_npz_both_ways(tmp_path: Path) -> None:
    for direction in DIRECTIONS:
        volume = volume_along(direction)
        save(volume, tmp_path / "v.npz")
        with np.load(tmp_path / "v.npz", allow_pickle=False) as members:
            for index in CORNERS:
                seen = members["origin"] + members["direction"] @ (members["spacing"] * index)
                np.testing.assert_allclose(seen, volume.geometry.index_to_physical(index), atol=1e-9)
            np.testing.assert_array_equal(members["array"], volume.array)
        grid = {"spacing": volume.spacing, "origin": volume.origin, "direction": direction, "placed": True}
        np.savez(tmp_path / "w.npz", array=volume.array, **grid)
        assert load(tmp_path / "w.npz").geometry.is_close(volume.geometry, 1e-9)


def test_nibabel_writes_what_is_read_in_the_same_place(tmp_path: Path) -> None:
    path = tmp_path / "v.nii.gz"
    for direction in DIRECTIONS:
        volume = volume_along(direction)
        nibabel.save(nibabel.Nifti1Image(volume.array, LPS_TO_RAS @ volume.affine), path)
        again = load(path)
        assert again.geometry.is_close(volume.geometry, 1e-4), direction
        np.testing.assert_array_equal(again.array, volume.array)


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz", ".nrrd"])
def test_frames_in_time_lie_where_others_see_them(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"v{suffix}"
    for direction in DIRECTIONS:
        still = volume_along(direction)
        array = np.stack([still.array, still.array + 1], axis=-1)
        volume = Volume(array, still.geometry, axes=(Axis("TriggerTime", (0.0, 1.5), "s"),))
        save(volume, path)
        if suffix == ".nrrd":
            values, header = nrrd.read(str(path), index_order="F")
            affine = np.column_stack([*header["space directions"][:3], header["space origin"]])
            assert header["space"] == "left-posterior-superior"
            assert np.all(np.isnan(header["space directions"][3]))
        else:
            image = nibabel.load(path)
            values, affine = np.asarray(image.dataobj), (LPS_TO_RAS @ image.affine)[:3]
            assert image.header.get_zooms()[3] == 1.5
            frames = SimpleITK.ReadImage(str(path))
            np.testing.assert_array_equal(SimpleITK.GetArrayFromImage(frames).T, array)
            for index in CORNERS:
                seen = frames.TransformIndexToPhysicalPoint((*index, 1))
                np.testing.assert_allclose(seen[:3], still.geometry.index_to_physical(index), atol=1e-4)
        np.testing.assert_array_equal(values, array)
        np.testing.assert_allclose(affine, still.affine[:3], atol=1e-4)
        again = load(path)
        assert again.geometry.is_close(still.geometry, 1e-4)
        np.testing.assert_array_equal(again.array, array)
