"""Compressed series hold the same voxels, for decoders that share no code with the encoder where there are some."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK

import dicomvtk
from dicomvtk import UnsupportedError
from dicomvtk.dicom.compress import CODINGS, encapsulated

SHAPE = (21, 17, 4)
UIDS = {
    "rle": "1.2.840.10008.1.2.5",
    "jpegls": "1.2.840.10008.1.2.4.80",
    "j2k": "1.2.840.10008.1.2.4.90",
    "htj2k": "1.2.840.10008.1.2.4.201",
}
#: GDCM inside SimpleITK knows these.
READ_BY_SIMPLEITK = ("rle", "jpegls", "j2k")


def noise(dtype: str, shape: tuple[int, ...] = SHAPE) -> np.ndarray:
    limits = np.iinfo(dtype)
    array = np.random.default_rng(5).integers(limits.min, limits.max, shape, dtype=dtype, endpoint=True)
    array.flat[0], array.flat[-1] = limits.min, limits.max
    return array


@pytest.mark.parametrize("dtype", ["int16", "uint16", "uint8"])
@pytest.mark.parametrize("name", UIDS)
def test_grey_values_come_back(name: str, dtype: str, tmp_path: Path) -> None:
    array = noise(dtype)
    options = {"modality": "MR"} if dtype != "uint8" else {}

    report = dicomvtk.write_series(array, tmp_path / "out", spacing=(1, 1, 2), compress=name, verify=True, **options)

    assert report.transfer_syntax == UIDS[name]
    for file in report.files:
        dataset = pydicom.dcmread(file)
        assert dataset.file_meta.TransferSyntaxUID == UIDS[name]
        assert dataset.LossyImageCompression == "00"
    np.testing.assert_array_equal(dicomvtk.read(tmp_path / "out").array, array)
    if name in READ_BY_SIMPLEITK:
        image = SimpleITK.ReadImage([str(file) for file in report.files])
        np.testing.assert_array_equal(SimpleITK.GetArrayFromImage(image).T, array)


@pytest.mark.parametrize("name", UIDS)
def test_colour_comes_back(name: str, tmp_path: Path) -> None:
    array = noise("uint8", (*SHAPE, 3))

    report = dicomvtk.write_series(array, tmp_path / "out", spacing=(1, 1, 2), compress=name)

    assert pydicom.dcmread(report.files[0]).PhotometricInterpretation in ("RGB", "YBR_RCT")
    np.testing.assert_array_equal(dicomvtk.read(tmp_path / "out").array, array)
    if name in READ_BY_SIMPLEITK:
        image = SimpleITK.ReadImage([str(file) for file in report.files])
        np.testing.assert_array_equal(SimpleITK.GetArrayFromImage(image).transpose(2, 1, 0, 3), array)


@pytest.mark.parametrize("dtype", ["int16", "uint16", "uint8", "int32"])
def test_pydicom_decodes_rle(dtype: str, tmp_path: Path) -> None:
    array = noise(dtype)

    report = dicomvtk.write_series(array, tmp_path / "out", compress="RLE")

    planes = [pydicom.dcmread(file).pixel_array.T for file in report.files]
    np.testing.assert_array_equal(np.stack(planes, axis=2), array)


@pytest.mark.parametrize("shape", [(1, 1, 1), (1, 7, 2), (7, 1, 2), (300, 2, 1)])
@pytest.mark.parametrize("name", UIDS)
def test_sizes_at_the_edge(name: str, shape: tuple[int, int, int], tmp_path: Path) -> None:
    array = noise("int16", shape)
    dicomvtk.write_series(array, tmp_path / "out", modality="CT", spacing=(1, 1, 1), compress=name)
    np.testing.assert_array_equal(dicomvtk.read(tmp_path / "out").array, array)


def test_floats_are_scaled_before_they_are_compressed(tmp_path: Path) -> None:
    array = np.random.default_rng(0).random(SHAPE)
    report = dicomvtk.write_series(array, tmp_path / "out", modality="MR", spacing=(1, 1, 1), compress="jpegls")
    np.testing.assert_allclose(dicomvtk.read(tmp_path / "out").array, array, atol=report.max_error + 1e-7)


def test_what_a_coding_cannot_hold_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedError, match="int32 pixels as jpegls, which holds integers of 16 bits; use rle"):
        dicomvtk.write_series(noise("int32"), tmp_path / "out", compress="jpegls")
    with pytest.raises(UnsupportedError, match="Unknown compression 'zip'; expected one of rle, jpegls, j2k, htj2k"):
        dicomvtk.write_series(noise("int16"), tmp_path / "out", compress="zip")
    assert list(tmp_path.iterdir()) == []


def test_the_offset_table_points_at_each_frame() -> None:
    frames = [b"abc", b"defg", b"h"]
    element = encapsulated(frames)
    fragments = list(pydicom.encaps.generate_frames(element[12:], number_of_frames=3))
    assert fragments == [b"abc\x00", b"defg", b"h\x00"]
    assert pydicom.encaps.parse_basic_offsets(element[12:]) == [0, 12, 24]


def test_jpeg_ls_has_no_spiff_header() -> None:
    stream = CODINGS["jpegls"].encode(np.zeros((4, 4), np.uint8))
    assert stream[:4] == b"\xff\xd8\xff\xf7", "the frame header follows at once"
