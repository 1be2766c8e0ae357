"""Small series whose every value and position is known: read right, or told what is wrong."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset

import dicomvtk
from dicomvtk import DicomVtkWarning, GeometryError, NoDicomError, PixelDecodeError, SeriesError, UnsupportedError

from .conftest import COLUMNS, ROWS, SLICES, ct_slice, plane, volume_values

MakeSeries = Callable[..., Path]


def test_array_is_column_row_slice_in_fortran_order_and_lps(make_series: MakeSeries) -> None:
    volume = dicomvtk.read(make_series())
    np.testing.assert_array_equal(volume.array, volume_values())
    assert volume.array.flags.f_contiguous
    assert volume.dtype == np.int16
    assert volume.shape == (7, 5, 4)
    assert volume.spacing == (0.25, 0.5, 2.5)
    assert volume.origin == (-10.0, -20.0, 30.0)
    np.testing.assert_array_equal(volume.direction, np.eye(3))
    assert [Path(source.file).name for source in volume.info.sources] == ["4.dcm", "3.dcm", "2.dcm", "1.dcm"]
    assert volume.info.unit == "HU"
    assert not volume.findings


def test_slices_are_counted_along_row_x_column_whatever_the_positions_order(make_series: MakeSeries) -> None:
    folder = make_series(change=lambda k: {"ImagePositionPatient": [0, 0, -2.5 * k]})
    volume = dicomvtk.read(folder)
    assert volume.geometry.is_right_handed
    assert volume.origin == (0.0, 0.0, -7.5)
    np.testing.assert_array_equal(volume.array, volume_values()[:, :, ::-1])


@pytest.mark.parametrize(
    ("allocated", "stored", "signed", "intercept", "dtype"),
    [
        (16, 12, 0, -1024, np.int16),
        (16, 16, 0, 0, np.uint16),
        (16, 16, 1, 0, np.int16),
        (16, 16, 0, -1024, np.int16),
        (8, 8, 0, 0, np.uint8),
        (8, 8, 0, -10, np.int16),
        (32, 32, 1, 0, np.int16),
        (32, 32, 0, 70_000, np.int32),
        (16, 16, 0, -40_000, np.int32),
    ],
)
def test_dtype_is_the_smallest_that_holds_the_values(
    make_series: MakeSeries, allocated: int, stored: int, signed: int, intercept: int, dtype: type
) -> None:
    samples = (np.arange(35).reshape(5, 7) * 3).astype(f"<{'iu'[1 - signed]}{allocated // 8}")
    folder = make_series(
        2,
        BitsAllocated=allocated,
        BitsStored=stored,
        HighBit=stored - 1,
        PixelRepresentation=signed,
        RescaleIntercept=intercept,
        PixelData=samples.tobytes() + bytes(samples.nbytes % 2),
    )
    volume = dicomvtk.read(folder)
    assert volume.dtype == dtype
    np.testing.assert_array_equal(volume.array[:, :, 1].T, samples.astype(int) + intercept)
    raw = dicomvtk.read(folder, stored=True)
    np.testing.assert_array_equal(raw.array[:, :, 0].T, samples)


def test_values_that_need_more_than_16_bits_get_them(make_series: MakeSeries) -> None:
    samples = np.array([[0, 65535] + [5] * 5] * 5, dtype="<u2")
    folder = make_series(3, PixelRepresentation=0, RescaleIntercept=-1024, PixelData=samples.tobytes())
    volume = dicomvtk.read(folder)
    assert volume.dtype == np.int32
    assert volume.array[0, 0, 0] == -1024
    assert volume.array[1, 0, 2] == 64511


def test_each_slice_is_scaled_by_its_own_slope(make_series: MakeSeries) -> None:
    volume = dicomvtk.read(make_series(change=lambda k: {"RescaleSlope": 0.5 + k, "RescaleIntercept": -k}))
    assert volume.dtype == np.float32
    for k in range(SLICES):
        np.testing.assert_array_equal(volume.array[:, :, k].T, (plane(k) * (0.5 + k) - k).astype(np.float32))
    assert [f.code for f in volume.findings] == ["mixed-rescale"]


def test_bits_above_bits_stored_are_cleaned(make_series: MakeSeries) -> None:
    clean = plane(0)
    dirty = (clean | 0xA000).astype("<u2")
    unsigned = make_series(1, BitsStored=12, HighBit=11, PixelRepresentation=0, PixelData=dirty.tobytes())
    np.testing.assert_array_equal(dicomvtk.read(unsigned).array[:, :, 0].T, clean)
    negative = ((clean - 60) & 0x0FFF).astype("<u2")
    signed = make_series(1, BitsStored=12, HighBit=11, PixelRepresentation=1, PixelData=negative.tobytes())
    np.testing.assert_array_equal(dicomvtk.read(signed).array[:, :, 0].T, clean - 60)


def test_monochrome1_is_left_alone(make_series: MakeSeries) -> None:
    volume = dicomvtk.read(make_series(PhotometricInterpretation="MONOCHROME1"))
    np.testing.assert_array_equal(volume.array, volume_values())
    assert volume.info.photometric == "MONOCHROME1"


def without(folder: Path, name: str) -> Path:
    (folder / name).unlink()
    return folder


def test_a_gap_is_refused_allowed_or_filled(make_series: MakeSeries) -> None:
    folder = without(make_series(6), "3.dcm")  # slice 3 of 0..5
    with pytest.raises(
        GeometryError, match=r"4\.dcm and 2\.dcm are 5\.00 mm apart, the others 2\.50 mm: 1 slice missing"
    ):
        dicomvtk.read(folder)
    [entry] = dicomvtk.find_series(folder)
    assert not entry.readable
    assert entry.needs == ("fix=gap", "allow=gap")

    loose = dicomvtk.read(folder, allow={"gap"})
    assert not loose.regular
    np.testing.assert_array_equal(loose.array, volume_values(6)[:, :, [0, 1, 2, 4, 5]])
    np.testing.assert_allclose(loose.info.positions[:, 2], [30, 32.5, 35, 40, 42.5])

    with pytest.warns(DicomVtkWarning, match=r"1 of 6 slices interpolated between their neighbours \(k = 3\)"):
        filled = dicomvtk.read(folder, fix={"gap"})
    assert filled.regular
    np.testing.assert_array_equal(filled.array, volume_values(6))  # values are linear in k
    assert filled.info.attributes["made_up_slices"] == (3,)


def test_uneven_slices_are_resampled_on_request(make_series: MakeSeries) -> None:
    places = [0.0, 2.0, 4.7, 6.0]
    folder = make_series(change=lambda k: {"ImagePositionPatient": [0, 0, places[k]]})
    with pytest.raises(GeometryError, match=r"Steps between slices go from 1\.300 mm"):
        dicomvtk.read(folder)
    with pytest.warns(DicomVtkWarning, match="slices interpolated"):
        volume = dicomvtk.read(folder, fix={"uneven"})
    assert volume.spacing[2] == pytest.approx(2.0)
    assert volume.array[0, 0, 2] == round(1000 + 1000 * (4.0 - 2.0) / 2.7)


def test_tilt_is_measured_from_positions_and_undone(make_series: MakeSeries) -> None:
    folder = make_series(change=lambda k: {"ImagePositionPatient": [0, 1.0 * k, 2.5 * k]})
    with pytest.raises(GeometryError, match=r"sheared by 21\.80 degrees"):
        dicomvtk.read(folder)
    with pytest.warns(DicomVtkWarning, match="0 columns and 6 rows added"):
        volume = dicomvtk.read(folder, fix={"tilt"})
    assert volume.regular
    assert volume.shape == (7, 5 + 6, 4)
    assert volume.origin == (0.0, 0.0, 0.0)
    for k in range(SLICES):  # slice k lies 1.0 k mm further in +y: 2 k rows of 0.5 mm
        np.testing.assert_array_equal(volume.array[:, 2 * k : 2 * k + 5, k].T, plane(k))


def test_tiny_deviations_are_no_finding_and_small_ones_a_warning(make_series: MakeSeries) -> None:
    jitter = [0.0, 1e-15, -1e-15, 0.0]
    assert not dicomvtk.read(
        make_series(change=lambda k: {"ImagePositionPatient": [jitter[k], 0, 2.5 * k + jitter[k]]})
    ).findings
    off = [0.0, 0.0, 0.01, 0.0]
    with pytest.warns(DicomVtkWarning, match="stray by up to 0.01 mm"):
        dicomvtk.read(make_series(change=lambda k: {"ImagePositionPatient": [0, 0, 2.5 * k + off[k]]}))


def test_copies_are_dropped_and_named(make_series: MakeSeries) -> None:
    folder = make_series()
    shutil.copy(folder / "2.dcm", folder / "copy of 2.dcm")
    with pytest.warns(DicomVtkWarning, match=r"is a copy of another and left out: copy of 2\.dcm"):
        volume = dicomvtk.read(folder)
    np.testing.assert_array_equal(volume.array, volume_values())


def test_two_series_must_be_told_apart(make_series: MakeSeries, uids: dict[str, str]) -> None:
    folder = make_series()
    uids["series"] = uids["series"][:-2] + ".9"
    for k in range(2):
        ct_slice(k, uids, SeriesNumber=8, SeriesDescription="other one").save_as(
            folder / f"b{k}", enforce_file_format=True
        )
    listed = (
        r"2 volumes(.|\n)*3: CT 7 x 5 x 4 small, .* and 3 more files\n  8: CT 7 x 5 x 2 other one, b0 and 1 more files"
    )
    with pytest.raises(SeriesError, match=listed):
        dicomvtk.read(folder)
    entries = dicomvtk.find_series(folder)
    assert [entry.key for entry in entries] == ["3", "8"]
    for name in ("8", 8, uids["series"], "OTHER", entries[1]):
        assert dicomvtk.read(folder, series=name).shape == (7, 5, 2)
    with pytest.raises(SeriesError, match="No series 'nothing like it'"):
        dicomvtk.read(folder, series="nothing like it")
    assert len(dicomvtk.read_many(folder)) == 2


def test_sizes_in_one_series_become_entries(make_series: MakeSeries, uids: dict[str, str]) -> None:
    folder = make_series()
    ct_slice(9, uids, Rows=7, Columns=5).save_as(folder / "scout", enforce_file_format=True)
    entries = dicomvtk.find_series(folder)
    assert [(entry.key, entry.shape) for entry in entries] == [("3a", (7, 5, 4)), ("3b", (5, 7, 1))]
    assert "mixed-size" in {finding.code for finding in entries[0].findings}


def test_a_text_file_named_dcm_is_passed_over_and_counted(make_series: MakeSeries) -> None:
    folder = make_series()
    (folder / "readme.dcm").write_text("this is not DICOM, it only says so")
    entries = dicomvtk.find_series(folder)
    assert entries.skipped == {"not DICOM": 1}
    assert dicomvtk.read(folder).shape == (7, 5, 4)


@pytest.mark.parametrize(
    ("setup", "error", "text"),
    [
        (lambda folder: None, NoDicomError, "it holds no files"),
        (lambda folder: (folder / "a.dcm").write_text("nothing but words"), NoDicomError, "1 not DICOM"),
        (lambda folder: folder.rmdir(), NoDicomError, "No such file or directory"),
    ],
)
def test_nothing_to_read_is_said(tmp_path: Path, setup: Callable[[Path], Any], error: type, text: str) -> None:
    folder = tmp_path / "none"
    folder.mkdir()
    setup(folder)
    with pytest.raises(error, match=text):
        dicomvtk.read(folder)


def test_truncated_pixels_are_refused_by_name(make_series: MakeSeries) -> None:
    folder = make_series()
    path = folder / "2.dcm"
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(PixelDecodeError, match=r"2\.dcm lacks 20 of 70 bytes of pixel data"):
        dicomvtk.read(folder)
    assert dicomvtk.read(folder, allow={"truncated"}).array[-1, -1, 2] == 0


def test_a_file_cut_in_its_header_is_told_to_the_series_beside_it(make_series: MakeSeries) -> None:
    folder = make_series(5)
    path = folder / "1.dcm"  # the last slice: its absence leaves no gap
    path.write_bytes(path.read_bytes()[:420])
    with pytest.warns(DicomVtkWarning, match=r"1\.dcm beside it cannot be read"):
        assert dicomvtk.read(folder).shape == (7, 5, 4)


@pytest.mark.parametrize(
    ("attribute", "code"),
    [
        ("ImagePositionPatient", "missing-position"),
        ("ImageOrientationPatient", "missing-orientation"),
        ("PixelSpacing", "missing-spacing"),
    ],
)
def test_no_geometry_is_made_up(make_series: MakeSeries, attribute: str, code: str) -> None:
    folder = make_series(**{attribute: None})
    with pytest.raises(GeometryError, match=attribute):
        dicomvtk.read(folder)
    volume = dicomvtk.read(folder, allow={code})
    assert not volume.geometry.placed
    np.testing.assert_array_equal(volume.array, volume_values())


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"PixelSpacing": [0, 1]}, "PixelSpacing"),
        ({"ImageOrientationPatient": [1, 0, 0, 1, 0, 0]}, r"ImageOrientationPatient \(0020,0037\)"),
        ({"ImageOrientationPatient": [2, 0, 0, 0, 2, 0]}, "orthogonal unit vectors"),
    ],
)
def test_bad_geometry_is_refused(make_series: MakeSeries, changes: dict[str, Any], text: str) -> None:
    with pytest.raises(GeometryError, match=text):
        dicomvtk.read(make_series(**changes))


@pytest.mark.parametrize("slope", ["0", "nan", "1,5", "1\\2"])
def test_a_bad_slope_is_refused(make_series: MakeSeries, slope: str) -> None:
    folder = make_series(RescaleSlope="2.5")
    for path in folder.iterdir():
        content = path.read_bytes()
        old = b"DS\x04\x002.5 "
        assert content.count(old) == 1
        text = slope.encode().ljust(4)
        path.write_bytes(content.replace(old, b"DS\x04\x00" + text))
    with pytest.raises(PixelDecodeError, match=r"RescaleSlope \(0028,1053\)"):
        dicomvtk.read(folder)


def test_a_slope_in_some_slices_only_is_refused(make_series: MakeSeries) -> None:
    def change(k: int) -> dict[str, Any]:
        return {"RescaleSlope": None, "RescaleIntercept": None} if k == 2 else {"RescaleSlope": 2}

    with pytest.raises(PixelDecodeError, match=r"missing in .*2\.dcm and present in the other 3"):
        dicomvtk.read(make_series(change=change))


def test_high_bit_must_fit(make_series: MakeSeries) -> None:
    with pytest.raises(PixelDecodeError, match=r"HighBit \(0028,0102\) is 15; expected BitsStored - 1, 11"):
        dicomvtk.read(make_series(BitsStored=12, HighBit=15))


def test_images_that_nothing_tells_apart_are_refused(make_series: MakeSeries) -> None:
    def change(k: int) -> dict[str, Any]:
        return {"ImagePositionPatient": [0, 0, 2.5 * (k // 2)], "InstanceNumber": 1}

    with pytest.raises(SeriesError, match="4 images lie at 2 positions"):
        dicomvtk.read(make_series(change=change))


def test_some_slices_only(make_series: MakeSeries) -> None:
    volume = dicomvtk.read(make_series(8), slices=slice(2, 7, 2))
    np.testing.assert_array_equal(volume.array, volume_values(8)[:, :, 2:7:2])
    assert volume.origin == (-10.0, -20.0, 35.0)
    assert volume.spacing[2] == 5.0
    assert len(volume.info.sources) == 3
    with pytest.raises(UnsupportedError, match="picks none of 8 slices"):
        dicomvtk.read(make_series(8), slices=slice(9, 12))


def test_options_are_checked_by_name(make_series: MakeSeries) -> None:
    folder = make_series()
    with pytest.raises(UnsupportedError, match=r"Cannot allow 'gaps'; what can be is: .*gap"):
        dicomvtk.read(folder, allow={"gaps"})
    with pytest.raises(UnsupportedError, match="Unknown decoder 'itk'"):
        dicomvtk.read(folder, decoder="itk")


def test_one_slice_says_where_its_spacing_is_from(make_series: MakeSeries) -> None:
    volume = dicomvtk.read(make_series(1))
    assert volume.spacing[2] == 9.0
    assert [f.code for f in volume.findings] == ["thickness-used"]


def test_pydicom_decoder_gives_the_same(make_series: MakeSeries) -> None:
    folder = make_series(RescaleSlope=0.5, BitsStored=12, HighBit=11)
    np.testing.assert_array_equal(dicomvtk.read(folder, decoder="pydicom").array, dicomvtk.read(folder).array)


def lut_item(first: int, table: list[int], signed: bool) -> Dataset:
    item = Dataset()
    item.add_new("LUTDescriptor", "SS" if signed else "US", [len(table), first, 16])
    item.ModalityLUTType = "OD"
    item.add_new("LUTData", "US", table)
    return item


def test_a_modality_lut_stands_in_the_place_of_the_rescale(make_series: MakeSeries) -> None:
    table = [7 * n + 3 for n in range(40)]
    samples = np.arange(35).reshape(5, 7).astype("<i2") - 2  # two below the table, which starts at 0
    folder = make_series(
        2,
        RescaleSlope=None,
        RescaleIntercept=None,
        PixelData=samples.tobytes(),
        ModalityLUTSequence=[lut_item(0, table, signed=True)],
    )
    volume = dicomvtk.read(folder)
    np.testing.assert_array_equal(volume.array[:, :, 1].T, np.array(table)[np.clip(samples, 0, 39)])
    assert volume.info.unit == "OD"
    np.testing.assert_array_equal(dicomvtk.read(folder, stored=True).array[:, :, 0].T, samples)


def test_windows_and_voi_luts_are_kept_in_order_with_their_explanations(make_series: MakeSeries) -> None:
    voi = Dataset()
    voi.add_new("LUTDescriptor", "SS", [4, -1, 16])
    voi.LUTExplanation = "steep"
    voi.add_new("LUTData", "US", [0, 10, 100, 1000])
    info = dicomvtk.read(
        make_series(
            WindowCenter=[40, -600],
            WindowWidth=[400, 1500],
            WindowCenterWidthExplanation=["SOFT", "LUNG"],
            VOILUTSequence=[voi],
        )
    ).info
    assert [(w.center, w.width, w.explanation) for w in info.windows] == [(40, 400, "SOFT"), (-600, 1500, "LUNG")]
    [table] = info.voi_luts
    assert (table.first, table.table.tolist(), table.explanation) == (-1, [0, 10, 100, 1000], "steep")


def test_padding_is_a_mask(make_series: MakeSeries) -> None:
    samples = np.array([[-2000, 5, -1990, 7, 8, 9, 10]] * 5, dtype="<i2")
    same = {"PixelData": samples.tobytes(), "PixelPaddingValue": -2000, "PixelPaddingRangeLimit": -1990}
    whole = dicomvtk.read(make_series(RescaleIntercept=-24, **same))
    assert whole.info.padding == ((-2024.0, -2014.0),)
    np.testing.assert_array_equal(whole.padding_mask()[:, 0, 2], [True, False, True] + [False] * 4)
    by_slice = dicomvtk.read(make_series(change=lambda k: {"RescaleSlope": 0.1 + k}, **same))
    assert len(by_slice.info.padding) == SLICES
    np.testing.assert_array_equal(by_slice.padding_mask().sum(axis=(0, 1)), [10] * SLICES)
    assert not dicomvtk.read(make_series()).padding_mask().any()


def test_each_slice_leads_to_its_header(make_series: MakeSeries) -> None:
    volume = dicomvtk.read(make_series())
    assert [dicomvtk.header(volume, k).InstanceNumber for k in range(SLICES)] == [1, 2, 3, 4]
    with pytest.raises(UnsupportedError, match="No slice 9"):
        dicomvtk.header(volume, 9)


def test_a_tilt_to_the_other_side_grows_the_grid_there(make_series: MakeSeries) -> None:
    folder = make_series(change=lambda k: {"ImagePositionPatient": [-0.25 * k, 0, 2.5 * k]})
    with pytest.warns(DicomVtkWarning, match="3 columns and 0 rows added"):
        volume = dicomvtk.read(folder, fix={"tilt"})
    assert volume.shape == (10, 5, 4)
    assert volume.origin == (-0.75, 0.0, 0.0)
    for k in range(SLICES):
        np.testing.assert_array_equal(volume.array[3 - k : 10 - k, :, k].T, plane(k))


@pytest.mark.parametrize(
    ("attribute", "value", "text"),
    [
        ("PixelRepresentation", 0, r"PixelRepresentation \(0028,0103\) is 0 in 2\.dcm and 1 in the others"),
        ("RescaleType", "US", r"RescaleType \(0028,1054\) is 'US' in 2\.dcm and 'HU' in the others"),
    ],
)
def test_a_slice_that_means_its_pixels_otherwise_is_told(
    make_series: MakeSeries, attribute: str, value: object, text: str
) -> None:
    def change(k: int) -> dict[str, Any]:
        return {"RescaleType": "HU", **({attribute: value} if k == 2 else {})}

    with pytest.warns(DicomVtkWarning, match=text):
        volume = dicomvtk.read(make_series(change=change))
    np.testing.assert_array_equal(volume.array, volume_values())


def test_an_inverted_slice_is_no_part_of_the_others(make_series: MakeSeries) -> None:
    def change(k: int) -> dict[str, Any]:
        return {"PhotometricInterpretation": "MONOCHROME1"} if k == 3 else {}

    assert sorted(entry.shape for entry in dicomvtk.find_series(make_series(change=change))) == [(7, 5, 1), (7, 5, 3)]


@pytest.mark.parametrize(
    ("allocated", "stored", "dtype"), [(8, 8, np.uint8), (16, 12, np.uint16), (16, 16, np.uint16), (32, 32, np.float64)]
)
def test_colours_are_of_the_dtype_that_their_header_lets_expect(
    tmp_path: Path, uids: dict[str, str], allocated: int, stored: int, dtype: type
) -> None:
    colours = np.random.default_rng(3).integers(0, 2**stored, (ROWS, COLUMNS, 3)).astype(f"<u{allocated // 8}")
    data = ct_slice(0, uids, RescaleSlope=None, RescaleIntercept=None)
    data.SamplesPerPixel, data.PhotometricInterpretation, data.PlanarConfiguration = 3, "RGB", 0
    data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelRepresentation = allocated, stored, stored - 1, 0
    for values in (colours, np.zeros_like(colours)):  # of black images the header says the same
        data.PixelData = values.tobytes() + b"\0" * (values.nbytes % 2)
        data.save_as(tmp_path / "rgb.dcm", enforce_file_format=True)
        (entry,) = dicomvtk.find_series(tmp_path)
        volume = dicomvtk.read(entry)
        assert entry.dtype == volume.dtype == dtype
        np.testing.assert_array_equal(volume.array[:, :, 0], values.swapaxes(0, 1))
        assert volume.display().dtype == np.uint8
