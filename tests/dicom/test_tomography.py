"""Reconstructed NM tomography, whose slices SliceVector places: known beforehand, and as ITK and dcm2niix see it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, NuclearMedicineImageStorage, RTDoseStorage, generate_uid

import dicomvtk

ROWS, COLUMNS, SLICES = 6, 8, 5
POSITION = [-30.0, 12.0, 7.5]
OBLIQUE = [np.cos(0.3), np.sin(0.3), 0.0, -np.sin(0.3), np.cos(0.3), 0.0]
AXIAL = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0]


def frames() -> NDArray[np.uint16]:
    """Return counts by (frame, row, column)."""
    n, row, column = np.ogrid[:SLICES, :ROWS, :COLUMNS]
    return (1000 * n + 10 * row + column).astype("<u2")


def tomography(path: Path, orientation: list[float], spacing: float, **changes: Any) -> Path:
    """Write a reconstructed tomogram, frame n being slice n + 1."""
    data, detector, rotation = Dataset(), Dataset(), Dataset()
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data.SOPClassUID, data.SOPInstanceUID = NuclearMedicineImageStorage, generate_uid()
    data.StudyInstanceUID, data.SeriesInstanceUID = generate_uid(), generate_uid()
    data.FrameOfReferenceUID, data.Modality = generate_uid(), "NM"
    data.PatientName, data.PatientID, data.PatientPosition = "Test^Tomo", "1", "HFS"
    data.SeriesNumber, data.InstanceNumber = 1, 1
    data.ImageType = ["ORIGINAL", "PRIMARY", "RECON TOMO", "EMISSION"]
    data.FrameIncrementPointer = 0x00540080
    data.NumberOfFrames = data.NumberOfSlices = SLICES
    data.SliceVector = list(range(1, SLICES + 1))
    detector.ImagePositionPatient, detector.ImageOrientationPatient = POSITION, orientation
    data.DetectorInformationSequence, data.RotationInformationSequence = [detector], [rotation]
    data.PixelSpacing, data.SliceThickness, data.SpacingBetweenSlices = [4.0, 3.0], abs(spacing), spacing
    data.Rows, data.Columns = ROWS, COLUMNS
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
    data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelRepresentation = 16, 16, 15, 0
    data.PixelData = frames().tobytes()
    for keyword, value in changes.items():
        setattr(data, keyword, value)
    path.parent.mkdir(exist_ok=True)
    data.save_as(path, enforce_file_format=True)
    return path


def positions(volume: dicomvtk.Volume) -> dict[int, tuple[float, ...]]:
    """Return where each count lies, LPS mm."""
    index = np.indices(volume.shape).reshape(3, -1).T
    places = volume.geometry.index_to_physical(index)
    return {int(volume.array[tuple(i)]): tuple(p) for i, p in zip(index, places, strict=True)}


@pytest.mark.parametrize("orientation", [AXIAL, OBLIQUE])
@pytest.mark.parametrize("spacing", [5.0, -5.0])
def test_slices_lie_along_the_normal_from_the_detectors_position(
    tmp_path: Path, orientation: list[float], spacing: float
) -> None:
    found = positions(dicomvtk.read(tomography(tmp_path / "nm.dcm", orientation, spacing)))
    row, column = np.array(orientation[:3]), np.array(orientation[3:])
    for (n, j, i), count in np.ndenumerate(frames()):
        expected = np.array(POSITION) + 3.0 * i * row + 4.0 * j * column + spacing * n * np.cross(row, column)
        np.testing.assert_allclose(found[int(count)], expected, atol=1e-9)


def test_frames_are_slices_by_their_number_not_by_their_order(tmp_path: Path) -> None:
    order = [3, 1, 5, 2, 4]
    path = tomography(tmp_path / "nm.dcm", AXIAL, 5.0, SliceVector=order)
    volume = dicomvtk.read(path)
    expected = np.empty_like(frames())
    expected[np.array(order) - 1] = frames()
    np.testing.assert_array_equal(volume.array.T, expected)


@pytest.mark.parametrize("orientation", [AXIAL, OBLIQUE])
@pytest.mark.parametrize("spacing", [5.0, -5.0])
def test_itk_sees_the_same_voxels_at_the_same_places(tmp_path: Path, orientation: list[float], spacing: float) -> None:
    sitk = pytest.importorskip("SimpleITK")
    path = tomography(tmp_path / "nm.dcm", orientation, spacing)
    image, found = sitk.ReadImage(str(path)), positions(dicomvtk.read(path))
    counts = sitk.GetArrayFromImage(image).T
    assert counts.size == len(found)
    for index, count in np.ndenumerate(counts):
        there = image.TransformIndexToPhysicalPoint([int(n) for n in index])
        np.testing.assert_allclose(there, found[int(count)], atol=1e-6)


def test_dcm2niix_sees_the_same_voxels_at_the_same_places(tmp_path: Path) -> None:
    program = shutil.which("dcm2niix")
    if program is None:
        pytest.skip("dcm2niix is not installed")
    path = tomography(tmp_path / "in" / "nm.dcm", AXIAL, 5.0)
    subprocess.run([program, "-o", tmp_path, "-f", "out", path.parent], check=True, capture_output=True)
    image = nibabel.load(tmp_path / "out.nii")
    found = positions(dicomvtk.read(path))
    values = np.asarray(image.dataobj)
    assert values.size == len(found)
    for index, count in np.ndenumerate(values):
        there = image.affine @ (*index[:3], 1)
        np.testing.assert_allclose(there[:3] * (-1, -1, 1), found[int(count)], atol=1e-4)


def test_parts_of_the_cardiac_cycle_are_an_axis(tmp_path: Path) -> None:
    slots, slices = [2, 1, 2, 1], [1, 1, 2, 2]
    path = tomography(
        tmp_path / "nm" / "gated",
        AXIAL,
        4.0,
        ImageType=["ORIGINAL", "PRIMARY", "RECON GATED TOMO", "EMISSION"],
        FrameIncrementPointer=[0x00540070, 0x00540080],
        NumberOfFrames=4,
        NumberOfTimeSlots=2,
        NumberOfSlices=2,
        TimeSlotVector=slots,
        SliceVector=slices,
        PixelData=frames()[:4].tobytes(),
    )
    volume = dicomvtk.read(path)

    assert [(axis.keyword, axis.values) for axis in volume.axes] == [("TemporalPositionIndex", (1.0, 2.0))]
    assert volume.shape == (COLUMNS, ROWS, 2, 2)
    for n, (slot, k) in enumerate(zip(slots, slices, strict=True)):
        np.testing.assert_array_equal(volume.array[..., k - 1, slot - 1], frames()[n].T)


def test_dose_without_its_scaling_is_refused(tmp_path: Path) -> None:
    changes: dict[str, Any] = {
        "SOPClassUID": RTDoseStorage,
        "Modality": "RTDOSE",
        "ImagePositionPatient": POSITION,
        "ImageOrientationPatient": AXIAL,
        "GridFrameOffsetVector": [0, 3, 6, 9, 12],
    }
    path = tomography(tmp_path / "dose" / "one", AXIAL, 3.0, **changes)
    with pytest.raises(dicomvtk.NoDicomError, match=r"DoseGridScaling \(3004,000E\) is missing"):
        dicomvtk.read(path)
    scaled = dicomvtk.read(tomography(path, AXIAL, 3.0, **changes, DoseGridScaling="0.5", DoseUnits="GY"))
    np.testing.assert_array_equal(scaled.array, frames().T * 0.5)
