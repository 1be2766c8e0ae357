"""TIFF stacks both ways, judged by tifffile, SimpleITK and Pillow."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

import dicomvtk
from dicomvtk import DicomVtkWarning, Geometry, NoDicomError, PixelDecodeError, SeriesInfo, UnsupportedError, Volume
from dicomvtk.cli import main
from dicomvtk.formats import load, reads, save

SimpleITK = pytest.importorskip("SimpleITK")

SHAPE = (7, 5, 3)
GRID = Geometry(SHAPE, (0.7, 1.25, 2.5), placed=False)
GREYS = [np.uint8, np.int8, np.uint16, np.int16, np.uint32, np.int32, np.float32, np.float64]


def greys(dtype: type) -> Volume:
    array = np.arange(np.prod(SHAPE)).reshape(SHAPE, order="F").astype(dtype)
    array[0, 0, 0] = np.iinfo(dtype).min if np.dtype(dtype).kind in "iu" else -1.5
    return Volume(array, GRID)


def colours(dtype: type) -> Volume:
    array = np.arange(np.prod(SHAPE) * 3).reshape((*SHAPE, 3)).astype(dtype)
    return Volume(array, GRID)


@pytest.mark.parametrize("dtype", GREYS)
def test_grey_pages_are_what_other_readers_see(dtype: type, tmp_path: Path) -> None:
    volume = greys(dtype)
    save(volume, tmp_path / "v.tif")
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "v.tif"), volume.array.T)
    if dtype is not np.float64:  # which ITK does not read
        image = SimpleITK.ReadImage(str(tmp_path / "v.tif"))
        np.testing.assert_array_equal(SimpleITK.GetArrayFromImage(image), volume.array.T)
        assert image.GetSpacing()[:2] == pytest.approx((0.7, 1.25))
    with tifffile.TiffFile(tmp_path / "v.tif") as tiff:
        assert tiff.imagej_metadata is not None
        assert (tiff.imagej_metadata["slices"], tiff.imagej_metadata["unit"]) == (3, "cm")
        assert tiff.imagej_metadata["spacing"] == pytest.approx(0.25)
    again = load(tmp_path / "v.tif")
    np.testing.assert_array_equal(again.array, volume.array)
    assert again.dtype == dtype
    assert again.spacing == pytest.approx(volume.spacing, rel=1e-6)
    assert not again.geometry.placed


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_colour_pages_are_what_other_readers_see(dtype: type, tmp_path: Path) -> None:
    volume = colours(dtype)
    save(volume, tmp_path / "v.tiff")
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "v.tiff"), volume.array.transpose(2, 1, 0, 3))
    np.testing.assert_array_equal(load(tmp_path / "v.tiff").array, volume.array)
    if dtype is np.uint8:
        with Image.open(tmp_path / "v.tiff") as pages:
            pages.seek(2)
            np.testing.assert_array_equal(np.asarray(pages), volume.array[:, :, 2].transpose(1, 0, 2))


@pytest.mark.parametrize("compressed", [False, True])
def test_pages_of_simpleitk_are_read(compressed: bool, tmp_path: Path) -> None:
    volume = greys(np.uint16)
    image = SimpleITK.GetImageFromArray(volume.array.T)
    image.SetSpacing(volume.spacing)
    SimpleITK.WriteImage(image, str(tmp_path / "v.tif"), compressed)
    with pytest.warns(DicomVtkWarning, match="distance between its slices"):
        again = load(tmp_path / "v.tif")
    np.testing.assert_array_equal(again.array, volume.array)
    assert again.spacing == pytest.approx((0.7, 1.25, 1.0), rel=1e-3)
    assert [(found.code, found.severity) for found in again.findings] == [("unplaced", "info"), ("assumed", "warn")]


@pytest.mark.parametrize("unit", ["mm", "micron", "um", "cm"])
def test_imagej_stacks_of_tifffile_keep_their_spacing(unit: str, tmp_path: Path) -> None:
    mm = {"mm": 1.0, "micron": 1e-3, "um": 1e-3, "cm": 10.0}[unit]
    volume = greys(np.uint16)
    tifffile.imwrite(
        tmp_path / "v.tif",
        volume.array.T,
        imagej=True,
        resolution=(mm / 0.7, mm / 1.25),
        metadata={"spacing": 2.5 / mm, "unit": unit, "axes": "ZYX"},
    )
    again = load(tmp_path / "v.tif")
    np.testing.assert_array_equal(again.array, volume.array)
    assert again.spacing == pytest.approx((0.7, 1.25, 2.5), rel=1e-5)


@pytest.mark.parametrize("options", [{"planarconfig": "separate"}, {"compression": "lzw"}, {"tile": (16, 16)}])
def test_other_layouts_of_colour_are_read(options: dict[str, object], tmp_path: Path) -> None:
    volume = colours(np.uint8)
    pages = volume.array.transpose(2, 1, 0, 3)
    pages = pages.transpose(0, 3, 1, 2) if "planarconfig" in options else pages
    tifffile.imwrite(tmp_path / "v.tif", np.ascontiguousarray(pages), photometric="rgb", **options)
    with pytest.warns(DicomVtkWarning, match="taken as 1 mm"):
        np.testing.assert_array_equal(load(tmp_path / "v.tif").array, volume.array)


def test_numbered_files_are_slices_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    volume = greys(np.int16)
    save(volume, tmp_path / "out" / "slice_%d.tif")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [f"slice_{n}.tif" for n in (1, 2, 3)]
    for n in (1, 2, 3):
        page = SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(tmp_path / "out" / f"slice_{n}.tif")))
        np.testing.assert_array_equal(np.squeeze(page), volume.array[:, :, n - 1].T)
    (tmp_path / "out" / "slice_2.tif").rename(tmp_path / "out" / "slice_10.tif")
    with pytest.raises(UnsupportedError, match="of files 1 to 10 number 2, 4, 5 is absent"):
        load(tmp_path / "out")
    (tmp_path / "out" / "slice_1.tif").rename(tmp_path / "out" / "slice_9.tif")
    (tmp_path / "out" / "slice_3.tif").rename(tmp_path / "out" / "slice_11.tif")
    again = load(tmp_path / "out")
    np.testing.assert_array_equal(again.array, volume.array[:, :, [0, 1, 2]])
    np.testing.assert_array_equal(dicomvtk.load(tmp_path / "out" / "slice_%02d.tif").array, volume.array)
    assert again.spacing == pytest.approx(volume.spacing, rel=1e-6)
    assert reads(tmp_path / "out")
    (tmp_path / "out" / "notes.txt").write_text("not a slice")
    assert not reads(tmp_path / "out")


def test_numbered_files_that_differ_or_are_not_there_are_refused(tmp_path: Path) -> None:
    for n, width in ((1, 4), (2, 5)):
        tifffile.imwrite(tmp_path / f"{n}.tif", np.zeros((3, width), np.uint8), resolution=(10, 10), resolutionunit=3)
    with pytest.raises(UnsupportedError, match=r"2\.tif as a slice"):
        load(tmp_path)
    with pytest.raises(NoDicomError, match="no numbered TIFF"):
        load(tmp_path / "other_%d.tif")


def test_the_place_that_tiff_cannot_hold_is_said(tmp_path: Path) -> None:
    placed = Volume(greys(np.uint8).array, Geometry(SHAPE, (1, 1, 1), (5, 6, 7)))
    with pytest.warns(DicomVtkWarning, match="origin and direction are lost"):
        save(placed, tmp_path / "v.tif")
    assert [found.code for found in load(tmp_path / "v.tif").findings] == ["unplaced"]


def test_dark_on_white_stays_so(tmp_path: Path) -> None:
    volume = Volume(greys(np.uint8).array, GRID, SeriesInfo(photometric="MONOCHROME1"))
    save(volume, tmp_path / "v.tif")
    again = load(tmp_path / "v.tif")
    assert again.info.photometric == "MONOCHROME1"
    np.testing.assert_array_equal(again.array, volume.array)


def test_pages_that_are_no_slices_are_refused_by_name(tmp_path: Path) -> None:
    with tifffile.TiffWriter(tmp_path / "mixed.tif") as tiff:
        tiff.write(np.zeros((4, 4), np.uint8))
        tiff.write(np.zeros((5, 4), np.uint8))
    tifffile.imwrite(tmp_path / "palette.tif", np.zeros((4, 4), np.uint8), colormap=np.zeros((3, 256), np.uint16))
    tifffile.imwrite(tmp_path / "hyper.tif", np.zeros((2, 3, 4, 4), np.uint8), imagej=True, metadata={"axes": "ZCYX"})
    for name, message in (("mixed", "2 sizes or kinds"), ("palette", "PALETTE"), ("hyper", "hyperstack")):
        with pytest.raises(UnsupportedError, match=rf"{name}\.tif.*{message}"):
            load(tmp_path / f"{name}.tif")
    with pytest.raises(UnsupportedError, match="no complex64 voxels"):
        save(Volume(np.zeros(SHAPE, np.complex64)), tmp_path / "c.tif")


def test_a_stack_without_its_last_pages_is_not_taken_for_whole(tmp_path: Path) -> None:
    save(greys(np.uint8), tmp_path / "v.tif")
    with tifffile.TiffFile(tmp_path / "v.tif") as tiff:
        last = tiff.pages[1].offset
        data = bytearray((tmp_path / "v.tif").read_bytes())
        place = last + 2 + len(tiff.pages[1].tags) * 12
    data[place : place + 4] = b"\0\0\0\0"
    (tmp_path / "short.tif").write_bytes(data)
    with pytest.raises(PixelDecodeError, match="2 of its 3 images"):
        load(tmp_path / "short.tif")


def test_dicom_to_tiff_says_on_the_command_line_what_is_lost(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = dicomvtk.phantom((12, 10, 4))
    dicomvtk.write_series(made, tmp_path / "dicom")
    for out in (tmp_path / "one.tif", tmp_path / "more" / "%d.tif"):
        with pytest.raises(SystemExit) as ended:
            main(["convert", str(tmp_path / "dicom"), str(out)])
        assert not ended.value.code
        assert "origin and direction are lost" in capsys.readouterr().err
    for path in (tmp_path / "one.tif", tmp_path / "more"):
        np.testing.assert_array_equal(load(path).array, made.array)
        assert load(path).spacing == pytest.approx(made.spacing, rel=1e-6)
