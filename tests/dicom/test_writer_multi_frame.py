"""All slices in one file: multi-frame Secondary Capture, and floats bit by bit in a Parametric Map."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
import SimpleITK

import dicomvtk
from dicomvtk import Axis, Geometry, GeometryError, UnsupportedError, Volume
from dicomvtk.processing.phantom import ORIENTATIONS

SHAPE = (21, 17, 6)
GRID: dict[str, Any] = {
    "spacing": (0.7, 0.9, 2.5),
    "origin": (-30.5, 12.25, -7.125),
    "direction": ORIENTATIONS["oblique"],
}
RANDOM = np.random.default_rng(1)
BYTE, WORD, COLOUR = (f"1.2.840.10008.5.1.4.1.1.7.{n}" for n in (2, 3, 4))
PARAMETRIC_MAP = "1.2.840.10008.5.1.4.1.1.30"

CAPTURES = {
    "byte": (RANDOM.integers(0, 256, SHAPE).astype(np.uint8), BYTE),
    "mask": (RANDOM.random(SHAPE) > 0.5, BYTE),
    "unsigned": (RANDOM.integers(0, 65536, SHAPE).astype(np.uint16), WORD),
    "signed": (RANDOM.integers(-32768, 32768, SHAPE).astype(np.int16), WORD),
    "float": (RANDOM.random(SHAPE) * 1e4 - 300, WORD),
    "long, short values": (RANDOM.integers(-40000, 20000, SHAPE).astype(np.int32), WORD),
    "colour": (RANDOM.integers(0, 256, (*SHAPE, 3)).astype(np.uint8), COLOUR),
}


def errors(file: Path) -> list[str]:
    if shutil.which("dciodvfy") is None:
        pytest.skip("dciodvfy is not installed (Debian: dicom3tools)")
    told = subprocess.run(["dciodvfy", str(file)], capture_output=True, text=True, errors="replace", check=False).stderr
    return [line for line in told.splitlines() if line.startswith("Error")]


@pytest.mark.parametrize("case", CAPTURES)
def test_slices_in_one_file_come_back(case: str, tmp_path: Path) -> None:
    array, uid = CAPTURES[case]

    report = dicomvtk.write_series(array, tmp_path / "out", multi_frame=True, verify=True, **GRID)

    assert [file.name for file in report.files] == ["IM0001.dcm"]
    assert report.sop_class_uid == uid
    dataset = pydicom.dcmread(report.files[0])
    assert dataset.NumberOfFrames == 6
    again = dicomvtk.read(tmp_path / "out")
    np.testing.assert_allclose(again.array, array, atol=report.max_error * 1.001, rtol=1e-6)
    assert again.geometry.is_close(Geometry(SHAPE, **GRID), 1e-6)
    image = SimpleITK.ReadImage(str(report.files[0]))
    np.testing.assert_allclose(image.GetSpacing(), GRID["spacing"], atol=1e-6)
    np.testing.assert_allclose(image.GetOrigin(), GRID["origin"], atol=1e-6)
    found = SimpleITK.GetArrayFromImage(image)
    found = found.transpose(2, 1, 0, 3) if array.ndim == 4 else found.T
    np.testing.assert_allclose(found, array, atol=report.max_error * 1.001)


@pytest.mark.parametrize("case", CAPTURES)
def test_dciodvfy_finds_no_error_in_captures(case: str, tmp_path: Path) -> None:
    report = dicomvtk.write_series(CAPTURES[case][0], tmp_path / "out", multi_frame=True, **GRID)
    assert errors(report.files[0]) == []


def test_pages_of_a_bare_array(tmp_path: Path) -> None:
    array = CAPTURES["byte"][0]
    report = dicomvtk.write_series(array, tmp_path / "out", multi_frame=True)
    dataset = pydicom.dcmread(report.files[0])
    assert list(dataset.PageNumberVector) == [1, 2, 3, 4, 5, 6]
    np.testing.assert_array_equal(dataset.pixel_array.T, array)
    assert errors(report.files[0]) == []


def test_one_slice_needs_no_multi_frame(tmp_path: Path) -> None:
    report = dicomvtk.write_series(CAPTURES["byte"][0][:, :, :1], tmp_path / "out", multi_frame=True)
    assert report.sop_class == "Secondary Capture Image Storage"


def test_compressed_frames_in_one_file(tmp_path: Path) -> None:
    array = CAPTURES["unsigned"][0]
    report = dicomvtk.write_series(array, tmp_path / "out", multi_frame=True, compress="rle", **GRID)
    np.testing.assert_array_equal(pydicom.dcmread(report.files[0]).pixel_array.T, array)
    np.testing.assert_array_equal(dicomvtk.read(tmp_path / "out").array, array)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_floats_come_back_bit_by_bit(dtype: str, tmp_path: Path) -> None:
    array = (RANDOM.random(SHAPE) * 1e3 - 7).astype(dtype)
    array[0, 0, 0], array[1, 0, 0] = np.nan, np.inf

    report = dicomvtk.write_series(array, tmp_path / "out", lossless=True, verify=True, modality="MR", **GRID)

    assert (report.sop_class_uid, report.max_error) == (PARAMETRIC_MAP, 0.0)
    np.testing.assert_array_equal(pydicom.dcmread(report.files[0]).pixel_array.T, array)
    again = dicomvtk.read(tmp_path / "out")
    np.testing.assert_array_equal(again.array, array)
    assert again.geometry.is_close(Geometry(SHAPE, **GRID), 1e-6)
    assert errors(report.files[0]) == []


def test_whole_numbers_need_no_map(tmp_path: Path) -> None:
    report = dicomvtk.write_series(
        np.arange(60.0).reshape(5, 4, 3), tmp_path / "out", lossless=True, modality="CT", spacing=(1, 1, 1)
    )
    assert (report.sop_class, report.max_error) == ("CT Image Storage", 0.0)


def test_map_derived_from_a_series_names_its_images(tmp_path: Path) -> None:
    source = dicomvtk.write_series(dicomvtk.phantom((16, 20, 4)), tmp_path / "source")
    volume = dicomvtk.read(tmp_path / "source")

    report = dicomvtk.write_series(volume.with_array(volume.array / 7.0), tmp_path / "map", lossless=True)

    dataset = pydicom.dcmread(report.files[0])
    assert report.study_uid == source.study_uid
    named = dataset.ReferencedSeriesSequence[0].ReferencedInstanceSequence
    assert [item.ReferencedSOPInstanceUID for item in named] == [
        pydicom.dcmread(file).SOPInstanceUID for file in source.files
    ]
    assert errors(report.files[0]) == []


@pytest.mark.parametrize(
    ("array", "options", "error", "told"),
    [
        (np.arange(60).reshape(5, 4, 3) * 70000, {"multi_frame": True}, UnsupportedError, "16 bits hold 65536 values"),
        (np.ones((5, 4, 3)) / 3, {"lossless": True}, GeometryError, "Parametric Map Storage of an array without"),
        (np.ones((5, 4, 3)) / 3, {"lossless": True, "slope": 1.0}, UnsupportedError, "slope= and lossless=True"),
        (
            np.ones((5, 4, 3), np.uint8),
            {"multi_frame": True, "per_slice": lambda k: {"ImageComments": "x"}},
            UnsupportedError,
            "Cannot write per_slice= in one file",
        ),
    ],
)
def test_what_one_file_cannot_hold_is_refused(
    array: np.ndarray, options: dict[str, Any], error: type[Exception], told: str, tmp_path: Path
) -> None:
    with pytest.raises(error, match=told):
        dicomvtk.write_series(array, tmp_path / "out", **options)
    assert list(tmp_path.iterdir()) == []


def test_axes_do_not_fit_one_file(tmp_path: Path) -> None:
    axes = (Axis("EchoTime", (1.0, 2.0)),)
    volume = Volume(np.zeros((5, 4, 3, 2), np.uint8), Geometry((5, 4, 3)), axes=axes)
    with pytest.raises(UnsupportedError, match="the axis EchoTime in one file of all slices"):
        dicomvtk.write_series(volume, tmp_path / "out", multi_frame=True)
