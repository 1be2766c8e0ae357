"""Arrays without a spacing: what is written says that its images are one stack, and nothing of where they lie."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest

import dicomvtk
from dicomvtk import GeometryError
from dicomvtk.formats import load

VALUES = (np.arange(7 * 6 * 12) % 251).reshape(7, 6, 12)


@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint16", "int32", "float32", "bool"])
def test_an_array_without_spacing_comes_back_as_one_unplaced_volume(dtype: str, tmp_path: Path) -> None:
    array = VALUES.astype(dtype)
    report = dicomvtk.write_series(array, tmp_path / "out", verify=True)
    (entry,) = dicomvtk.find_series(tmp_path / "out")
    volume = dicomvtk.read(entry)
    assert len(report.files) == 12
    assert "one stack without a place in the patient" in str(report)
    assert [found.code for found in volume.findings] == ["unplaced"]
    assert not volume.geometry.placed
    assert volume.spacing == (1.0, 1.0, 1.0)
    np.testing.assert_array_equal(volume.array, array)


def test_images_of_an_array_without_spacing_state_no_geometry(tmp_path: Path) -> None:
    report = dicomvtk.write_series(VALUES.astype(np.int16), tmp_path / "out")
    for k, file in enumerate(report.files):
        header = pydicom.dcmread(file)
        assert list(header.ImageType) == ["DERIVED", "SECONDARY", "OTHER", "STACK OF 12"]
        assert header.InstanceNumber == k + 1
        for keyword in ("PixelSpacing", "SpacingBetweenSlices", "SliceThickness", "ImagePositionPatient"):
            assert keyword not in header
        np.testing.assert_array_equal(header.pixel_array, VALUES[:, :, k].T)


def test_colour_without_a_place_comes_back_as_one_volume(tmp_path: Path) -> None:
    array = np.random.default_rng(3).integers(0, 256, (7, 6, 5, 3), dtype=np.uint8)
    dicomvtk.write_series(array, tmp_path / "out")
    np.testing.assert_array_equal(dicomvtk.read(tmp_path / "out").array, array)


def test_pages_of_one_file_are_slices(tmp_path: Path) -> None:
    dicomvtk.write_series(VALUES.astype(np.uint16), tmp_path / "out", multi_frame=True, verify=True)
    volume = dicomvtk.read(tmp_path / "out")
    assert (volume.axes, volume.geometry.placed) == ((), False)
    np.testing.assert_array_equal(volume.array, VALUES)


def test_a_stated_spacing_without_a_place_is_kept(tmp_path: Path) -> None:
    geometry = dicomvtk.Geometry(VALUES.shape, (0.4, 0.5, 2.5), placed=False)
    dicomvtk.write_series(dicomvtk.Volume(VALUES.astype(np.int16), geometry), tmp_path / "out")
    volume = dicomvtk.read(tmp_path / "out")
    assert (volume.spacing, volume.geometry.placed) == ((0.4, 0.5, 2.5), False)


def test_a_tiff_stack_goes_to_dicom_and_back_as_one_volume(tmp_path: Path) -> None:
    dicomvtk.write(dicomvtk.Volume(VALUES.astype(np.uint16)), tmp_path / "stack.tif")
    dicomvtk.write_series(load(tmp_path / "stack.tif"), tmp_path / "out")
    np.testing.assert_array_equal(dicomvtk.read(tmp_path / "out").array, VALUES)


def test_an_absent_slice_of_an_unplaced_stack_stops(tmp_path: Path) -> None:
    report = dicomvtk.write_series(VALUES.astype(np.int16), tmp_path / "out")
    report.files[4].unlink()
    with pytest.raises(GeometryError, match=r"InstanceNumber .* expected 1 to 12, since ImageType .* STACK OF 12"):
        dicomvtk.read(tmp_path / "out")
    volume = dicomvtk.read(tmp_path / "out", allow={"missing-position"})
    np.testing.assert_array_equal(volume.array, np.delete(VALUES, 4, axis=2))


def test_one_file_of_an_unplaced_stack_is_an_image(tmp_path: Path) -> None:
    report = dicomvtk.write_series(VALUES.astype(np.int16), tmp_path / "out")
    np.testing.assert_array_equal(dicomvtk.read(report.files[4]).array[:, :, 0], VALUES[:, :, 4])


def test_screens_of_one_series_stay_images_of_their_own(tmp_path: Path) -> None:
    report = dicomvtk.write_series(VALUES.astype(np.uint8), tmp_path / "out")
    for file in report.files:
        header = pydicom.dcmread(file)
        header.ImageType = ["DERIVED", "SECONDARY"]
        header.save_as(file)
    assert len(dicomvtk.find_series(tmp_path / "out")) == 12
