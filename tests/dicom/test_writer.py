"""A written series comes back the same from readers that share no code with the writer: pydicom and SimpleITK."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
import SimpleITK

import dicomvtk
from dicomvtk import Geometry, GeometryError, SeriesInfo, UnsupportedError, Volume, WindowLevel
from dicomvtk.processing.phantom import ORIENTATIONS

SHAPE = (11, 7, 5)
SPACING = (0.7, 0.9, 2.5)
ORIGIN = (-30.5, 12.25, -7.125)
CT_UID = "1.2.840.10008.5.1.4.1.1.2"
MR_UID = "1.2.840.10008.5.1.4.1.1.4"
PET_UID = "1.2.840.10008.5.1.4.1.1.128"
SC_UID = "1.2.840.10008.5.1.4.1.1.7"
PET_FACTS = {"Units": "BQML", "DecayCorrection": "NONE", "FrameReferenceTime": 0}


def noise(dtype: str, low: float, high: float, shape: tuple[int, ...] = SHAPE) -> np.ndarray:
    """Return values that differ from voxel to voxel and reach both ends."""
    rng = np.random.default_rng(7)
    if np.dtype(dtype).kind == "f":
        array = (low + rng.random(shape) * (high - low)).astype(dtype)
    else:
        array = rng.integers(int(low), int(high), shape, dtype=dtype, endpoint=True)
    array[0, 0, 0], array[-1, -1, -1] = low, high
    return array


def left_handed(direction: np.ndarray) -> np.ndarray:
    return direction * np.array([1.0, 1.0, -1.0])


def write(array: Any, folder: Path, **options: Any) -> dicomvtk.dicom.writer.WriteReport:
    options = {"spacing": SPACING, "origin": ORIGIN, **options}
    return dicomvtk.write_series(array, folder, **options)


def datasets(folder: Path) -> list[pydicom.Dataset]:
    return [pydicom.dcmread(path) for path in sorted(folder.iterdir())]


def pydicom_voxels(folder: Path) -> np.ndarray:
    """Return modality values (i, j, k[, c]), slices in the order of the files."""
    planes = []
    for dataset in datasets(folder):
        plane = dataset.pixel_array
        if "RescaleSlope" in dataset:
            plane = plane * float(dataset.RescaleSlope) + float(dataset.RescaleIntercept)
        planes.append(plane.swapaxes(0, 1))
    return np.stack(planes, axis=2)


def simpleitk_image(folder: Path) -> SimpleITK.Image:
    return SimpleITK.ReadImage([str(path) for path in sorted(folder.iterdir())])


def check_geometry(image: SimpleITK.Image, spacing: Any, origin: Any, direction: np.ndarray) -> None:
    np.testing.assert_allclose(image.GetSpacing(), spacing, atol=1e-9)
    np.testing.assert_allclose(image.GetOrigin(), origin, atol=1e-6)
    np.testing.assert_allclose(np.reshape(image.GetDirection(), (3, 3)), direction, atol=1e-9)


@pytest.mark.parametrize("modality", ["CT", "MR", None])
@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_grid_and_voxels_come_back(orientation: str, modality: str | None, tmp_path: Path) -> None:
    direction = ORIENTATIONS[orientation]
    array = noise("int16", -1024, 3071)

    report = write(array, tmp_path / "out", modality=modality, direction=direction)

    assert report.max_error == 0
    np.testing.assert_array_equal(pydicom_voxels(tmp_path / "out"), array)
    image = simpleitk_image(tmp_path / "out")
    np.testing.assert_array_equal(SimpleITK.GetArrayFromImage(image).T, array)
    check_geometry(image, SPACING, ORIGIN, direction)


@pytest.mark.parametrize("orientation", ["axial", "oblique"])
def test_left_handed_grid_is_carried_by_positions(orientation: str, tmp_path: Path) -> None:
    direction = left_handed(ORIENTATIONS[orientation])
    array = noise("int16", -1024, 3071)

    write(array, tmp_path / "out", modality="CT", direction=direction)

    np.testing.assert_array_equal(pydicom_voxels(tmp_path / "out"), array)
    for k, dataset in enumerate(datasets(tmp_path / "out")):
        expected = np.asarray(ORIGIN) + k * SPACING[2] * direction[:, 2]
        np.testing.assert_allclose(dataset.ImagePositionPatient, expected, atol=1e-9)
        np.testing.assert_allclose(dataset.ImageOrientationPatient, direction[:, :2].T.ravel(), atol=1e-12)


@pytest.mark.parametrize("shape", [(11, 7, 1), (5, 7, 3), (2, 3, 2), (7, 5, 1)])
@pytest.mark.parametrize(("dtype", "modality"), [("int16", "CT"), ("uint8", None)])
def test_odd_sizes_and_single_slices(dtype: str, modality: str | None, shape: tuple[int, ...], tmp_path: Path) -> None:
    array = noise(dtype, 0, 255, shape)

    write(array, tmp_path / "out", modality=modality, direction=ORIENTATIONS["oblique"])

    np.testing.assert_array_equal(pydicom_voxels(tmp_path / "out"), array)
    image = simpleitk_image(tmp_path / "out")
    np.testing.assert_array_equal(SimpleITK.GetArrayFromImage(image).T, array)
    check_geometry(image, SPACING, ORIGIN, ORIENTATIONS["oblique"])


@pytest.mark.parametrize(
    ("dtype", "low", "high", "modality", "sop_class", "stored"),
    [
        ("int16", -32768, 32767, "CT", CT_UID, "int16"),
        ("uint16", 0, 65535, "MR", MR_UID, "uint16"),
        ("uint8", 0, 255, "CT", CT_UID, "uint16"),
        ("int64", -1000, 3000, "MR", MR_UID, "int16"),
        ("uint64", 0, 65535, "CT", CT_UID, "uint16"),
        (">i2", -1000, 3000, "CT", CT_UID, "int16"),
        ("float64", -1000, 3000.5, "PT", PET_UID, "int16"),
        ("float32", 0, 3000.5, "PT", PET_UID, "uint16"),
        ("int16", -5, 3000, "PT", PET_UID, "int16"),
        ("int32", 0, 65536, "CT", SC_UID, "int32"),
        ("int8", -128, 127, None, SC_UID, "int16"),
        ("uint8", 0, 255, None, SC_UID, "uint8"),
        ("int32", -(2**31), 2**31 - 1, None, SC_UID, "int32"),
        ("uint32", 0, 2**32 - 1, None, SC_UID, "uint32"),
        ("int64", 0, 2**32 - 1, None, SC_UID, "uint32"),
        ("float32", -2.5, 1000, None, SC_UID, "uint16"),
        ("uint8", 0, 255, "US", SC_UID, "uint8"),
    ],
)
def test_class_and_stored_values_follow_modality_and_range(
    dtype: str, low: float, high: float, modality: str | None, sop_class: str, stored: str, tmp_path: Path
) -> None:
    array = noise(dtype.replace(">", ""), low, high).astype(dtype)

    report = write(array, tmp_path / "out", modality=modality, attributes=PET_FACTS if modality == "PT" else {})

    assert (report.sop_class_uid, report.dtype) == (sop_class, stored)
    assert {dataset.SOPClassUID for dataset in datasets(tmp_path / "out")} == {sop_class}
    values = pydicom_voxels(tmp_path / "out")
    if np.dtype(dtype).kind in "iu":
        assert report.max_error == 0
        np.testing.assert_array_equal(values, array)
    else:
        np.testing.assert_allclose(values, array, atol=report.max_error, rtol=0)


def test_unit_survives_values_too_large_for_ct(tmp_path: Path) -> None:
    report = write(noise("int32", -1000, 2**17), tmp_path / "out", modality="CT")

    dataset = datasets(tmp_path / "out")[0]
    assert "values from -1000 to 131072 do not fit the 16 bits of CT Image Storage" in str(report)
    assert (dataset.Modality, dataset.RescaleType, dataset.RescaleSlope) == ("CT", "HU", 1)
    image = simpleitk_image(tmp_path / "out")
    np.testing.assert_array_equal(SimpleITK.GetArrayFromImage(image).T, noise("int32", -1000, 2**17))


def test_whole_floats_are_stored_as_the_integers_they_are(tmp_path: Path) -> None:
    array = noise("int16", -1000, 3000).astype(np.float32)

    report = write(array, tmp_path / "out", modality="CT")

    assert (report.dtype, report.slope, report.intercept, report.max_error) == ("int16", 1.0, 0.0, 0.0)
    np.testing.assert_array_equal(pydicom_voxels(tmp_path / "out"), array)


@pytest.mark.parametrize(
    ("low", "high"), [(-1000.5, 3000.25), (0, 1e-6), (1e6, 1e6 + 1), (-1e7, 1e7), (1 / 3, 2 / 3), (-5, -3.5)]
)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_floats_come_back_within_half_a_step(dtype: str, low: float, high: float, tmp_path: Path) -> None:
    array = noise(dtype, low, high)

    report = write(array, tmp_path / "out", modality="MR")

    span = float(array.max()) - float(array.min())
    rounding = float(np.spacing(max(abs(low), abs(high))))  # of float64, which readers rescale in
    assert report.max_error <= 0.5 * span / 65535 * (1 + 1e-6) + rounding
    wrong = np.abs(pydicom_voxels(tmp_path / "out") - array.astype(np.float64)).max()
    assert 0 < wrong <= report.max_error
    again = SimpleITK.GetArrayFromImage(simpleitk_image(tmp_path / "out")).T
    assert np.abs(again - array.astype(np.float64)).max() <= report.max_error * 1.01
    dataset = datasets(tmp_path / "out")[0]
    assert f"error at most {report.max_error:.3g}" in dataset.DerivationDescription
    mapping = dataset.RealWorldValueMappingSequence[0]
    assert (mapping.RealWorldValueSlope, mapping.RealWorldValueIntercept) == (report.slope, report.intercept)


@pytest.mark.parametrize("value", [-3.3, 0.0, 1e-30, 123456.789])
def test_constant_floats_are_the_intercept(value: float, tmp_path: Path) -> None:
    report = write(np.full(SHAPE, value), tmp_path / "out", modality="MR")

    assert report.max_error <= 1e-15 * max(1.0, abs(value))
    np.testing.assert_allclose(pydicom_voxels(tmp_path / "out"), value, rtol=1e-13)


def test_pet_has_no_intercept_even_for_negative_values(tmp_path: Path) -> None:
    array = noise("float32", -20.5, 30000.25)

    report = write(array, tmp_path / "out", modality="PT", attributes=PET_FACTS)

    assert (report.sop_class_uid, report.intercept, report.dtype) == (PET_UID, 0.0, "int16")
    np.testing.assert_allclose(pydicom_voxels(tmp_path / "out"), array, atol=report.max_error, rtol=0)
    dataset = datasets(tmp_path / "out")[2]
    assert (dataset.ImageIndex, dataset.NumberOfSlices, dataset.Units) == (3, SHAPE[2], "BQML")
    assert "PatientPosition" not in dataset


def test_pet_without_its_facts_is_a_capture_and_says_so(tmp_path: Path) -> None:
    report = write(noise("float32", 0, 9.5), tmp_path / "out", modality="PT", attributes={"Units": "BQML"})

    assert (report.sop_class_uid, report.modality) == (SC_UID, "PT")
    assert "must state DecayCorrection and FrameReferenceTime, which are not known" in str(report)


def test_decay_corrected_pet_wants_the_factor_of_each_slice(tmp_path: Path) -> None:
    array = noise("float32", 0, 9.5)
    corrected = {**PET_FACTS, "DecayCorrection": "START"}

    without = write(array, tmp_path / "without", modality="PT", attributes=corrected)
    report = write(
        array, tmp_path / "with", modality="PT", attributes=corrected, per_slice=lambda k: {"DecayFactor": 1 + k / 8}
    )

    assert "must state DecayFactor" in without.note
    assert report.sop_class_uid == PET_UID
    assert [dataset.DecayFactor for dataset in datasets(tmp_path / "with")] == [1, 1.125, 1.25, 1.375, 1.5]


@pytest.mark.parametrize("shape", [(11, 7, 5, 3), (5, 7, 3, 3)])
def test_colour_comes_back(shape: tuple[int, ...], tmp_path: Path) -> None:
    array = noise("uint8", 0, 255, shape)

    report = write(array, tmp_path / "out")

    assert report.sop_class_uid == SC_UID
    np.testing.assert_array_equal(pydicom_voxels(tmp_path / "out"), array)
    image = simpleitk_image(tmp_path / "out")
    np.testing.assert_array_equal(SimpleITK.GetArrayFromImage(image).transpose(2, 1, 0, 3), array)
    check_geometry(image, SPACING, ORIGIN, np.eye(3))


def test_mask_of_a_ct_is_not_said_to_be_hounsfield(tmp_path: Path) -> None:
    head = dicomvtk.phantom((16, 16, 4))

    report = dicomvtk.write_series(head.with_array(head.array > 300), tmp_path / "out")

    assert (report.sop_class_uid, report.modality) == (SC_UID, "OT")
    assert "RescaleType" not in datasets(tmp_path / "out")[0]


def test_two_dimensional_array_is_one_image(tmp_path: Path) -> None:
    array = noise("uint8", 0, 255, (6, 4, 1))[:, :, 0]

    report = dicomvtk.write_series(array, tmp_path / "out")

    assert [path.name for path in report.files] == ["IM0001.dcm"]
    dataset = datasets(tmp_path / "out")[0]
    np.testing.assert_array_equal(dataset.pixel_array.T, array)
    assert "ImagePositionPatient" not in dataset, "nobody said where it lies"
    assert "FrameOfReferenceUID" not in dataset


def test_files_share_what_a_series_shares_and_nothing_else(tmp_path: Path) -> None:
    report = write(noise("int16", 0, 9), tmp_path / "out", modality="CT")

    series = datasets(tmp_path / "out")
    assert [path.name for path in report.files] == [f"IM{n:04d}.dcm" for n in range(1, 6)]
    assert all(path.is_file() for path in report.files)
    shared = (
        "StudyInstanceUID SeriesInstanceUID FrameOfReferenceUID StudyDate StudyTime SeriesTime SeriesNumber PatientID"
    )
    for keyword in shared.split():
        assert len({str(dataset[keyword].value) for dataset in series}) == 1, keyword
    uids = {dataset.SOPInstanceUID for dataset in series}
    assert len(uids) == SHAPE[2]
    assert all(uid.startswith("2.25.") and len(uid) <= 44 for uid in uids)
    assert [dataset.InstanceNumber for dataset in series] == [1, 2, 3, 4, 5]
    assert (series[0].SeriesInstanceUID, series[0].StudyInstanceUID) == (report.series_uid, report.study_uid)
    for dataset in series:
        assert dataset.file_meta.MediaStorageSOPInstanceUID == dataset.SOPInstanceUID
        assert dataset.SliceThickness == dataset.SpacingBetweenSlices == SPACING[2]
        assert dataset.PixelSpacing == [SPACING[1], SPACING[0]]


def test_two_runs_share_no_identifier(tmp_path: Path) -> None:
    array = noise("int16", 0, 9)

    first = write(array, tmp_path / "a", modality="CT")
    second = write(array, tmp_path / "b", modality="CT")

    assert first.study_uid != second.study_uid
    assert first.series_uid != second.series_uid
    assert datasets(tmp_path / "a")[0].PatientID != datasets(tmp_path / "b")[0].PatientID


def test_names_of_many_files_sort_as_their_slices(tmp_path: Path) -> None:
    report = write(noise("uint8", 0, 9, (2, 2, 10001)), tmp_path / "out")

    assert report.files[0].name == "IM00001.dcm"
    assert sorted(path.name for path in report.files) == [path.name for path in report.files]


def test_window_of_the_volume_is_kept_and_the_full_range_is_the_default(tmp_path: Path) -> None:
    array = noise("int16", -1000, 2000)
    info = SeriesInfo(modality="CT", unit="HU", windows=(WindowLevel(40, 400, "soft"), WindowLevel(480, 2500, "bone")))

    dicomvtk.write_series(Volume(array, Geometry(SHAPE), info), tmp_path / "kept")
    write(array, tmp_path / "default", modality="CT")

    kept, default = datasets(tmp_path / "kept")[0], datasets(tmp_path / "default")[0]
    assert (list(kept.WindowCenter), list(kept.WindowWidth)) == ([40, 480], [400, 2500])
    assert list(kept.WindowCenterWidthExplanation) == ["soft", "bone"]
    # LINEAR (PS3.3 C.11.2.1.2.1): black at or below c - 0.5 - (w - 1) / 2, white above c - 0.5 + (w - 1) / 2.
    centre, width = float(default.WindowCenter), float(default.WindowWidth)
    assert centre - 0.5 - (width - 1) / 2 == -1000
    assert centre - 0.5 + (width - 1) / 2 == 2000


def test_window_narrower_than_one_is_exact(tmp_path: Path) -> None:
    write(noise("float64", 0, 1e-3), tmp_path / "out", modality="MR")

    dataset = datasets(tmp_path / "out")[0]
    assert dataset.VOILUTFunction == "LINEAR_EXACT"
    assert float(dataset.WindowCenter) == pytest.approx(5e-4)
    assert float(dataset.WindowWidth) == pytest.approx(1e-3)


def test_unit_of_ct_values(tmp_path: Path) -> None:
    array = noise("int16", -1000, 2000)

    write(array, tmp_path / "array", modality="CT")
    dicomvtk.write_series(Volume(array, Geometry(SHAPE), SeriesInfo(modality="CT")), tmp_path / "unknown")

    info = SeriesInfo(modality="CT", unit="mg/ml")
    dicomvtk.write_series(Volume(array, Geometry(SHAPE), info), tmp_path / "other")

    assert datasets(tmp_path / "array")[0].RescaleType == "HU"
    assert datasets(tmp_path / "other")[0].RescaleType == "mg/ml"
    assert datasets(tmp_path / "unknown")[0].RescaleType == "US"


def test_every_decimal_string_fits_and_positions_do_not_drift(tmp_path: Path) -> None:
    third = 1 / 3
    write(
        noise("uint8", 0, 9, (3, 4, 200)),
        tmp_path / "out",
        spacing=(third, 2 * third, third),
        origin=(third, -1e-17, 1e5 / 3),
        direction=ORIENTATIONS["oblique"],
    )

    for k, dataset in enumerate(datasets(tmp_path / "out")):
        for element in dataset:
            if element.VR == "DS":
                values = element.value if element.VM > 1 else [element.value]
                assert all(len(str(getattr(v, "original_string", v))) <= 16 for v in values if v is not None), element
        expected = np.array([third, 0, 1e5 / 3]) + k * third * ORIENTATIONS["oblique"][:, 2]
        np.testing.assert_allclose(dataset.ImagePositionPatient, expected, rtol=0, atol=1e-9)


def test_progress_counts_slices(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []

    write(noise("uint8", 0, 9), tmp_path / "out", progress=lambda done, total: seen.append((done, total)))

    assert seen == [(1, 5), (2, 5), (3, 5), (4, 5), (5, 5)]


def test_report_says_it_in_a_line(tmp_path: Path) -> None:
    report = write(noise("int16", 0, 9), tmp_path / "out", modality="CT")

    assert str(report) == f"5 files of CT Image Storage (CT, int16, exact) in {tmp_path / 'out'}"


def with_value(value: float) -> np.ndarray:
    array = noise("float32", 0, 7.5)
    array[1, 2, 3] = value
    return array


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (with_value(np.nan), "1 of 385 values as DICOM: they are NaN or infinite (the finite ones span 0 to 7.5)"),
        (with_value(-np.inf), "1 of 385 values as DICOM: they are NaN or infinite (the finite ones span 0 to 7.5)"),
        (np.full(SHAPE, np.nan), "385 of 385 values as DICOM: they are NaN or infinite (none is finite)"),
        (noise("int64", 0, 2**33), "int64 values from 0 to 8589934592 as DICOM images: they do not fit 32 bits"),
        (noise("int64", -1, 2**31), "int64 values from -1 to 2147483648 as DICOM images: they do not fit 32 bits"),
        (np.zeros(SHAPE, complex), "values of dtype complex128 as DICOM"),
        (np.zeros(SHAPE, object), "shape (11, 7, 5) and dtype object"),
        (np.zeros((4, 0, 5)), "shape (4, 0, 5)"),
        (np.zeros((4,)), "shape (4,)"),
        (np.zeros((4, 4, 4, 2)), "shape (4, 4, 4, 2)"),
        (np.zeros((2, 2, 2, 2, 2, 2)), "shape (2, 2, 2, 2, 2, 2)"),
        (np.zeros((4, 4, 4, 4), np.uint8), "4 samples of uint8 as DICOM; expected 3 samples of uint8 (RGB). Drop"),
        (np.zeros((4, 4, 4, 3), np.uint16), "3 samples of uint16 as DICOM; expected 3 samples of uint8"),
        (np.zeros((65536, 1, 1), np.uint8), "slices of 65536 columns and 1 rows"),
        (np.ma.masked_array(np.zeros(SHAPE), mask=True), "Cannot write a masked array"),
        (["a", "b"], "dtype <U1"),
    ],
)
def test_what_dicom_cannot_hold_is_refused_with_what_was_found(array: Any, words: str, tmp_path: Path) -> None:
    with pytest.raises(UnsupportedError, match=re.escape(words)):
        dicomvtk.write_series(array, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_irregular_slices_are_refused(tmp_path: Path) -> None:
    volume = Volume(np.zeros(SHAPE, np.int16), Geometry(SHAPE), regular=False)

    with pytest.raises(GeometryError, match="not on a regular grid"):
        dicomvtk.write_series(volume, tmp_path / "out")


def test_ct_wants_a_place_in_the_patient(tmp_path: Path) -> None:
    with pytest.raises(GeometryError, match=r"CT images of an array without a place.*give spacing="):
        dicomvtk.write_series(np.zeros(SHAPE, np.int16), tmp_path / "out", modality="CT")


@pytest.mark.parametrize(
    ("grid", "words"),
    [
        ({"spacing": (1, 1)}, "three positive spacings"),
        ({"spacing": (1, 0, 1)}, "three positive spacings"),
        ({"origin": "abc"}, "origin='abc'"),
        ({"direction": np.ones((3, 3))}, "orthogonal unit directions"),
        ({"direction": "LPS"}, "direction='LPS'"),
    ],
)
def test_grid_that_is_none_is_refused(grid: dict[str, Any], words: str, tmp_path: Path) -> None:
    with pytest.raises(GeometryError, match=words):
        dicomvtk.write_series(np.zeros(SHAPE, np.int16), tmp_path / "out", **grid)


@pytest.mark.parametrize("modality", ["ct", "C T", "MAGNETICRESONANCE", "Ä"])
def test_modality_is_a_code(modality: str, tmp_path: Path) -> None:
    with pytest.raises(UnsupportedError, match=f"Unknown modality '{modality}'"):
        write(np.zeros(SHAPE, np.int16), tmp_path / "out", modality=modality)
