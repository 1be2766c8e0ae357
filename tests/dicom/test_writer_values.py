"""How floats are stored, as the caller chose, and what is checked before a series gets its name."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest

import dicomvtk
from dicomvtk import UnsupportedError, WriteError
from dicomvtk.dicom import writer
from dicomvtk.dicom.encode import encode_floats
from dicomvtk.dicom.image_files import PixelWriter

SHAPE = (6, 5, 4)
VALUES = np.round(np.random.default_rng(4).random(SHAPE) * 200 - 50, 2)


def write(array: np.ndarray, folder: Path, **options: Any) -> writer.WriteReport:
    return dicomvtk.write_series(array, folder, **{"modality": "MR", "spacing": (1, 1, 1), **options})


def test_digits_keep_decimals(tmp_path: Path) -> None:
    report = write(VALUES, tmp_path / "out", digits=2)

    assert report.slope == 0.01
    assert report.max_error == pytest.approx(0.005, rel=1e-6)
    back = dicomvtk.read(tmp_path / "out").array
    np.testing.assert_array_equal(np.round(back.astype(float), 2), VALUES)
    dataset = pydicom.dcmread(report.files[0])
    assert str(dataset.RescaleSlope) == "0.01"
    assert "slope 0.01" in dataset.DerivationDescription


@pytest.mark.parametrize("step", [0.5, 0.25, 3.0, 0.01, 1 / 3])
def test_chosen_slope_holds_its_error(step: float, tmp_path: Path) -> None:
    report = write(VALUES, tmp_path / "out", slope=step)
    np.testing.assert_allclose(dicomvtk.read(tmp_path / "out").array, VALUES, atol=step / 2 + 1e-4)
    assert report.slope == pytest.approx(step, rel=1e-13)


def test_multiples_of_the_slope_come_back_exactly(tmp_path: Path) -> None:
    values = np.arange(120).reshape(SHAPE) * 0.25 - 7.5
    write(values, tmp_path / "out", slope=0.25)
    np.testing.assert_array_equal(dicomvtk.read(tmp_path / "out").array, values)


def test_pet_keeps_an_intercept_of_zero() -> None:
    encoding = encode_floats(-3.0, 12.0, zero_intercept=True, slope=0.5)
    assert (encoding.dtype.str, encoding.slope, encoding.intercept) == ("<i2", "0.5", "0")
    np.testing.assert_array_equal(encoding.stored(np.array([-3.0, 0.0, 12.0])), [-6, 0, 24])


@pytest.mark.parametrize(
    ("array", "options", "told"),
    [
        (VALUES, {"digits": 4}, "in steps of 0.0001: 16 bits hold 65536 steps. Take a slope of at least 0.00298"),
        (VALUES, {"slope": 0.0}, "slope=0.0; expected a number above 0"),
        (VALUES, {"slope": float("nan")}, "slope=nan"),
        (VALUES, {"slope": 1.0, "digits": 1}, "slope= and digits="),
        (VALUES.astype(np.int16), {"slope": 2.0}, "Cannot scale int16 values"),
        (VALUES, {"fill": float("nan")}, "fill=nan; expected a finite number"),
        (np.where(VALUES > 100, np.nan, VALUES), {}, "NaN or infinite"),
    ],
)
def test_values_that_do_not_go_are_refused(
    array: np.ndarray, options: dict[str, Any], told: str, tmp_path: Path
) -> None:
    with pytest.raises(UnsupportedError, match=told):
        write(array, tmp_path / "out", **options)
    assert list(tmp_path.iterdir()) == []


def test_fill_stands_for_what_is_no_number(tmp_path: Path) -> None:
    array = VALUES.copy()
    array[0, 0, 0], array[1, 1, 1], array[2, 2, 2] = np.nan, np.inf, -np.inf
    kept = array.copy()

    report = write(array, tmp_path / "out", fill=-60, digits=2)

    back = dicomvtk.read(tmp_path / "out").array
    assert [round(float(back[n, n, n]), 2) for n in range(3)] == [-60.0, -60.0, -60.0]
    np.testing.assert_array_equal(array, kept)  # the caller's array is as it was
    assert report.max_error < 0.006
    assert "3 values that were NaN" in pydicom.dcmread(report.files[0]).DerivationDescription


def test_verify_finds_a_wrong_pixel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    right = PixelWriter.write

    def wrong(self: PixelWriter, image: Any, folder: Path) -> None:
        right(self, image, folder)
        if image.name == "IM0003.dcm":
            path = folder / image.name
            raw = path.read_bytes()
            path.write_bytes(raw[:-1] + bytes([raw[-1] ^ 0x40]))

    monkeypatch.setattr(PixelWriter, "write", wrong)
    with pytest.raises(
        WriteError, match="it reads back differently: slice 2 differs by up to 16384; expected at most 0"
    ):
        write(np.zeros(SHAPE, np.int16), tmp_path / "out", verify=True)
    assert list(tmp_path.iterdir()) == []


def test_verify_accepts_a_left_handed_oblique_grid(tmp_path: Path) -> None:
    turn = np.deg2rad(20)
    direction = np.array([[np.cos(turn), -np.sin(turn), 0], [np.sin(turn), np.cos(turn), 0], [0, 0, -1]])
    report = write(VALUES, tmp_path / "out", direction=direction, origin=(1e3, -2e3, 0.1), verify=True)
    assert len(report.files) == 4


@pytest.mark.parametrize("dtype", ["int16", "float32"])
@pytest.mark.parametrize("multi_frame", [False, True])
def test_an_array_of_any_memory_order_is_written_without_a_second_one(
    dtype: str, multi_frame: bool, tmp_path: Path
) -> None:
    array = (np.arange(256 * 256 * 400, dtype=np.int32) % 4999).reshape(256, 256, 400).astype(dtype)
    if dtype == "float32":
        array /= 7
    tracemalloc.start()
    try:
        report = write(array, tmp_path / "c", modality="OT", multi_frame=multi_frame)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert most < 0.5 * array.nbytes
    files = [pydicom.dcmread(file) for file in report.files]
    planes = files[0].pixel_array if multi_frame else [file.pixel_array for file in files]
    slope, intercept = float(files[0].get("RescaleSlope", 1)), float(files[0].get("RescaleIntercept", 0))
    for k, plane in enumerate(planes):
        assert np.abs(plane * slope + intercept - array[:, :, k].T).max() <= report.max_error


def test_modality_of_what_is_no_image_is_told(tmp_path: Path) -> None:
    report = write(np.ones(SHAPE, np.uint8), tmp_path / "out", modality="SEG")
    assert (report.modality, report.note) == ("OT", "SEG is a modality of objects that are no images")
