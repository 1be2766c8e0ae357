"""Files that pydicom reads for us: what their headers tell is known before their pixels are touched."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian

import dicomvtk
from dicomvtk import DicomVtkWarning, PixelDecodeError

from .conftest import COLUMNS, ROWS

MakeSeries = Callable[..., Path]


@pytest.fixture(params=[ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian], ids=["big-endian", "deflated"])
def slices(request: pytest.FixtureRequest, make_series: MakeSeries) -> Path:
    """Return a series in a syntax that is left to pydicom."""
    folder = make_series()
    for path in folder.iterdir():
        data_set = pydicom.dcmread(path)
        if request.param == ExplicitVRBigEndian:
            data_set.PixelData = data_set.pixel_array.astype(">u2").tobytes()
            data_set["PixelData"].VR = "OW"
        data_set.file_meta.TransferSyntaxUID = request.param
        little = request.param != ExplicitVRBigEndian
        pydicom.dcmwrite(path, data_set, implicit_vr=False, little_endian=little, force_encoding=True)
    return folder


def resize_pixels(path: Path, change: int) -> None:
    """Take bytes from the end of a file's pixel data, or add some."""
    data_set = pydicom.dcmread(path)
    data_set.PixelData = data_set.PixelData[:change] if change < 0 else data_set.PixelData + bytes(change)
    data_set.save_as(path)


def test_pixels_cut_short_are_known_at_the_scan(slices: Path) -> None:
    path = sorted(slices.iterdir())[2]
    k = int(pydicom.dcmread(path).pixel_array[0, 0]) // 1000
    whole = dicomvtk.read(slices, stored=True)
    resize_pixels(path, -2 * COLUMNS)

    (entry,) = dicomvtk.find_series(slices)
    assert not entry.readable
    assert entry.needs == ("allow=truncated",)
    with pytest.raises(PixelDecodeError, match=f"{path.name} lacks {2 * COLUMNS} of {2 * ROWS * COLUMNS} bytes"):
        dicomvtk.read(slices)
    expected = whole.array.copy()
    expected[:, -1, k] = 0
    np.testing.assert_array_equal(dicomvtk.read(slices, allow={"truncated"}, stored=True).array, expected)


def test_more_pixels_than_frames_are_told(slices: Path) -> None:
    resize_pixels(min(slices.iterdir()), 10)

    with pytest.warns(DicomVtkWarning, match="10 bytes of pixel data more"):
        dicomvtk.read(slices)


def test_frames_without_a_count_are_those_described(shared_data: Path) -> None:
    """Three frames described and the pixels of one: what the little-endian copy of the file says."""
    folder = shared_data / "pydicom_files" / "test_files"
    big, little = folder / "liver_expb_1frame.dcm", folder / "liver_1frame.dcm"
    for path in (big, little):
        (entry,) = dicomvtk.find_series(path)
        assert entry.needs == ("allow=truncated",)
    read = dicomvtk.read(big, allow={"truncated"})
    assert read.array[..., 0].any()
    assert not read.array[..., 1:].any()
    np.testing.assert_array_equal(read.array, dicomvtk.read(little, allow={"truncated"}).array)


def test_a_file_cut_short_after_the_scan_is_refused(slices: Path) -> None:
    (entry,) = dicomvtk.find_series(slices)
    resize_pixels(sorted(slices.iterdir())[1], -20)

    with pytest.raises(PixelDecodeError, match="20 bytes of it are missing"):
        dicomvtk.read(entry)
