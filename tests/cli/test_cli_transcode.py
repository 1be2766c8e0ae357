"""``dicomvtk transcode``: other bytes of pixels, the same values, and no other attribute touched."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest

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
