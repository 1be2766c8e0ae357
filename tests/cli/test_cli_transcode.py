"""``dicomvtk transcode``: other bytes of pixels, the same values, and no other attribute touched."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK
from pydicom.data import get_testdata_file

import dicomvtk
from dicomvtk.cli import main

UIDS = {
    "explicit": "1.2.840.10008.1.2.1",
    "rle": "1.2.840.10008.1.2.5",
    "jpegls": "1.2.840.10008.1.2.4.80",
    "j2k": "1.2.840.10008.1.2.4.90",
    "htj2k": "1.2.840.10008.1.2.4.201",
}


def run(*words: object) -> int:
    with pytest.raises(SystemExit) as end:
        main([str(word) for word in words])
    return int(end.value.code or 0)


def without_pixels(path: Path) -> dict[int, object]:
    dataset = pydicom.dcmread(path, stop_before_pixels=True)
    return {int(element.tag): element.value for element in dataset}


@pytest.fixture
def series(tmp_path: Path) -> Path:
    dicomvtk.write_series(dicomvtk.phantom((17, 21, 4)), tmp_path / "ct")
    return tmp_path / "ct"


@pytest.mark.parametrize("second", UIDS)
@pytest.mark.parametrize("first", UIDS)
def test_from_any_coding_to_any_other(first: str, second: str, series: Path, tmp_path: Path) -> None:
    assert run("transcode", series, tmp_path / "a", "--syntax", first) == 0
    assert run("transcode", tmp_path / "a", tmp_path / "b", "--syntax", second) == 0

    for path in sorted(series.iterdir()):
        assert without_pixels(tmp_path / "b" / path.name) == without_pixels(path)
        assert pydicom.dcmread(tmp_path / "b" / path.name).file_meta.TransferSyntaxUID == UIDS[second]
    np.testing.assert_array_equal(dicomvtk.read(tmp_path / "b").array, dicomvtk.read(series).array)


@pytest.mark.parametrize("syntax", UIDS)
def test_many_frames_and_colour(syntax: str, tmp_path: Path) -> None:
    array = np.random.default_rng(0).integers(0, 256, (7, 5, 3, 3)).astype(np.uint8)
    dicomvtk.write_series(array, tmp_path / "rgb", multi_frame=True)

    assert run("transcode", tmp_path / "rgb", tmp_path / "out", "--syntax", syntax) == 0

    np.testing.assert_array_equal(dicomvtk.read(tmp_path / "out").array, dicomvtk.read(tmp_path / "rgb").array)


def test_back_to_the_same_bytes(series: Path, tmp_path: Path) -> None:
    assert run("transcode", series, tmp_path / "a", "--syntax", "rle") == 0
    assert run("transcode", tmp_path / "a", tmp_path / "b", "--syntax", "explicit") == 0
    for path in series.iterdir():
        assert pydicom.dcmread(tmp_path / "b" / path.name).PixelData == pydicom.dcmread(path).PixelData


def test_what_cannot_be_held_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    dicomvtk.write_series(np.full((4, 4, 2), 10**6), tmp_path / "long")
    assert run("transcode", tmp_path / "long", tmp_path / "out", "--syntax", "jpegls") == 1
    assert "Cannot compress int32 pixels as jpegls" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_lossy_history_stays(series: Path, tmp_path: Path) -> None:
    for path in series.iterdir():
        dataset = pydicom.dcmread(path)
        dataset.LossyImageCompression, dataset.LossyImageCompressionRatio = "01", "10"
        dataset.save_as(path)
    assert run("transcode", series, tmp_path / "out", "--syntax", "rle") == 0
    made = pydicom.dcmread(tmp_path / "out" / "IM0001.dcm")
    assert (made.LossyImageCompression, made.LossyImageCompressionRatio) == ("01", 10)


@pytest.mark.parametrize("name", ["TestPattern_Palette.dcm", "TestPattern_Palette_16.dcm"])
@pytest.mark.parametrize("syntax", UIDS)
def test_a_palette_stays_a_palette(syntax: str, name: str, shared_data: Path, tmp_path: Path) -> None:
    source = shared_data / "syntaxes_ct_and_pattern" / name
    assert run("transcode", source, tmp_path / "out", "--syntax", syntax) == 0
    before, after = pydicom.dcmread(source), pydicom.dcmread(tmp_path / "out" / name)
    assert after.file_meta.TransferSyntaxUID == UIDS[syntax]
    assert after.PhotometricInterpretation == "PALETTE COLOR"
    assert after.RedPaletteColorLookupTableData == before.RedPaletteColorLookupTableData
    np.testing.assert_array_equal(dicomvtk.read(tmp_path / "out").array, dicomvtk.read(source).array)
    if syntax in ("explicit", "rle"):  # which pydicom decodes by itself
        np.testing.assert_array_equal(after.pixel_array, before.pixel_array)


def test_big_endian_becomes_little(tmp_path: Path) -> None:
    source = Path(str(get_testdata_file("MR_small_bigendian.dcm")))
    same = pydicom.dcmread(str(get_testdata_file("MR_small.dcm")))  # pydicom's own pair of one image
    same.add_new(0x00281101, "US", [4, 0, 16])
    same.add_new(0x00281201, "OW", np.arange(4, dtype="<u2").tobytes())
    big = pydicom.dcmread(source)
    big.add_new(0x00281101, "US", [4, 0, 16])
    big.add_new(0x00281201, "OW", np.arange(4, dtype=">u2").tobytes())
    big.save_as(tmp_path / "big.dcm")

    for syntax in ("explicit", "rle"):
        assert run("transcode", tmp_path / "big.dcm", tmp_path / syntax, "--syntax", syntax) == 0
        made = pydicom.dcmread(tmp_path / syntax / "big.dcm")
        assert made.file_meta.TransferSyntaxUID == UIDS[syntax]
        np.testing.assert_array_equal(made.pixel_array, same.pixel_array)
        assert made.RedPaletteColorLookupTableData == same.RedPaletteColorLookupTableData
        assert made.PixelSpacing == same.PixelSpacing


def test_images_of_single_bits_stay_bits_or_are_refused(
    shared_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = min((shared_data / "seg_of_pet").rglob("*.dcm"))
    assert run("transcode", source, tmp_path / "plain", "--syntax", "explicit") == 0
    made = pydicom.dcmread(tmp_path / "plain" / source.name)
    assert made.BitsAllocated == 1
    assert made.PixelData == pydicom.dcmread(source).PixelData

    assert run("transcode", source, tmp_path / "rle", "--syntax", "rle") == 1
    assert "BitsAllocated (0028,0100) 1 is written in rle" in capsys.readouterr().err
    assert not (tmp_path / "rle").exists()


@pytest.mark.parametrize("syntax", ["explicit", "rle"])
@pytest.mark.parametrize("item", ["mr_mosaic_jpeg_lossless", "mr_mosaic_ax_ascending"])
def test_mosaics_stay_mosaics(item: str, syntax: str, shared_data: Path, tmp_path: Path) -> None:
    source = min(path for path in (shared_data / item).iterdir() if path.is_file() and path.suffix != ".json")
    assert run("transcode", source, tmp_path / "out", "--syntax", syntax) == 0
    before, after = pydicom.dcmread(source), pydicom.dcmread(tmp_path / "out" / source.name)
    assert (after.Rows, after.Columns, after.file_meta.TransferSyntaxUID) == (before.Rows, before.Columns, UIDS[syntax])
    np.testing.assert_array_equal(after.pixel_array, SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(source))[0])


def test_loss_that_only_the_coding_told_is_told(tmp_path: Path) -> None:
    source = Path(str(get_testdata_file("examples_ybr_color.dcm")))  # lossy JPEG
    dataset = pydicom.dcmread(source)
    for keyword in ("LossyImageCompression", "LossyImageCompressionRatio", "LossyImageCompressionMethod"):
        if keyword in dataset:
            del dataset[keyword]
    dataset.save_as(tmp_path / "jpeg.dcm")
    assert dataset.file_meta.TransferSyntaxUID == pydicom.uid.JPEGBaseline8Bit

    assert run("transcode", tmp_path / "jpeg.dcm", tmp_path / "out", "--syntax", "rle") == 0
    made = pydicom.dcmread(tmp_path / "out" / "jpeg.dcm")
    assert (made.LossyImageCompression, made.LossyImageCompressionMethod) == ("01", "ISO_10918_1")
    assert made.LossyImageCompressionRatio > 1
