"""A series as an array on the grid of any attributes, and arrays back into its files."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK

import dicomvtk
from dicomvtk.errors import PixelDecodeError, SeriesError, UnsupportedError


def rescaled(file: Path) -> np.ndarray:
    """Return the values (i, j) of one file as pydicom and its rescale give them."""
    header = pydicom.dcmread(file)
    return header.pixel_array.T * float(header.RescaleSlope) + float(header.RescaleIntercept)


def test_without_dims_the_images_come_in_the_order_of_the_files(shared_data: Path) -> None:
    series = dicomvtk.open_folder(shared_data / "mr_mag_phase_2echo").series[0]

    array = series.ndarray()

    assert array.shape == (96, 96, 120)
    assert array.flags.f_contiguous
    for n in (0, 47, 119):
        np.testing.assert_allclose(array[:, :, n], rescaled(series.files[n]), rtol=1e-6)
    stored = series.ndarray(stored=True)
    np.testing.assert_array_equal(stored[:, :, 5], pydicom.dcmread(series.files[5]).pixel_array.T)


def test_dims_of_any_attributes_put_each_image_in_its_cell(shared_data: Path) -> None:
    series = dicomvtk.open_folder(shared_data / "mr_mag_phase_2echo").series[0]
    dims = ("SliceLocation", (0x0018, 0x0081), "image_type")

    array = series.ndarray(dims=dims)
    axes = series.coordinates(dims)

    assert array.shape == (96, 96, 30, 2, 2)
    assert [axis.keyword for axis in axes] == ["SliceLocation", "EchoTime", "image_type"]
    assert axes[1].values == (7.001, 10.0)
    assert axes[2].values == ("MAGNITUDE", "PHASE")
    seen = 0
    for file in series.files[::13]:
        header = pydicom.dcmread(file, stop_before_pixels=True)
        part = "PHASE" if "PHASE MAP" in header.ImageType else "MAGNITUDE"
        cell = (
            axes[0].values.index(float(header.SliceLocation)),
            axes[1].values.index(float(header.EchoTime)),
            axes[2].values.index(part),
        )
        np.testing.assert_allclose(array[(slice(None), slice(None), *cell)], rescaled(file), rtol=1e-6)
        seen += 1
    assert seen == 10


def test_frames_of_enhanced_files_are_told_apart_by_their_own_attributes(shared_data: Path) -> None:
    series = dicomvtk.open_folder(shared_data / "mr_enhanced_siemens_4d").series[0]
    volume = dicomvtk.read(shared_data / "mr_enhanced_siemens_4d")

    array = series.ndarray(dims=("slice_position", "TemporalPositionIndex"))

    np.testing.assert_array_equal(array, volume.array)


def test_a_grid_that_is_not_full_is_shown(shared_data: Path) -> None:
    series = dicomvtk.open_folder(shared_data / "mr_mag_phase_2echo").series[0]

    with pytest.raises(SeriesError) as crowded:
        series.ndarray(dims=("EchoTime", "SeriesNumber"))
    with pytest.raises(SeriesError, match="120 of its 120 images have none"):
        series.ndarray(dims=("SliceLocation", "InversionTime"))
    with pytest.raises(UnsupportedError, match="dims must be several names"):
        series.ndarray(dims="EchoTime")

    lines = str(crowded.value).splitlines()
    assert "120 images on a grid of 2 EchoTime x 1 SeriesNumber (2 cells), 0 cells empty and 2 with more" in lines[0]
    assert [line.split() for line in lines[1:4]] == [
        ["EchoTime", "\\", "SeriesNumber", "1301"],
        ["7.001", "60"],
        ["10", "60"],
    ]
    assert "Name a further attribute" in lines[4]


def test_holes_are_counted(shared_data: Path) -> None:
    """16 echoes are published, seven files of them: an uneven grid."""
    series = dicomvtk.open_folder(shared_data / "mr_variable_spacing_multiecho").series[0]
    files = [pydicom.dcmread(file, stop_before_pixels=True) for file in series.files]
    echoes = {float(header.EchoTime) for header in files}
    places = {float(header.SliceLocation) for header in files}
    cells = {(float(header.SliceLocation), float(header.EchoTime)) for header in files}

    with pytest.raises(SeriesError, match=rf"{len(places) * len(echoes) - len(cells)} cells empty and"):
        series.ndarray(dims=("SliceLocation", "EchoTime"))


@pytest.mark.parametrize("dims", [None, ("SliceLocation", "EchoTime", "image_type")])
def test_setting_what_was_read_changes_no_byte(copied: Callable[[str], Path], dims: tuple[str, ...] | None) -> None:
    path = copied("mr_mag_phase_2echo")
    before = {file: file.read_bytes() for file in sorted(path.glob("*.dcm"))}
    folder = dicomvtk.open_folder(path)
    series = folder.series[0]

    series.set_ndarray(series.ndarray(dims=dims), dims=dims)
    folder.save()

    assert {file: file.read_bytes() for file in sorted(path.glob("*.dcm"))} == before


def test_integers_come_back_exactly_from_an_independent_reader(copied: Callable[[str], Path]) -> None:
    path = copied("mr_decubitus_left")
    folder = dicomvtk.open_folder(path)
    series = folder.series[0]
    values = series.ndarray(dims=("slice_position",))
    changed = values[::-1] // 2 + 7

    series.set_ndarray(changed, dims=("slice_position",))
    np.testing.assert_array_equal(series.ndarray(dims=("slice_position",)), changed)
    np.testing.assert_array_equal(series.volume().array, changed)
    folder.save()

    names = SimpleITK.ImageSeriesReader.GetGDCMSeriesFileNames(str(path))
    voxels = SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(names)).T
    assert np.array_equal(voxels, changed) or np.array_equal(voxels[:, :, ::-1], changed)
    np.testing.assert_array_equal(dicomvtk.open_folder(path).series[0].ndarray(dims=("slice_position",)), changed)


def test_floats_get_a_slope_of_their_own(copied: Callable[[str], Path]) -> None:
    path = copied("mr_mag_phase_2echo")
    folder = dicomvtk.open_folder(path)
    series = folder.series[0]
    values = np.random.default_rng(3).normal(0.0, 1e-3, (96, 96, 120))

    series.set_ndarray(values)
    folder.save()

    again = dicomvtk.open_folder(path).series[0]
    step = again.RescaleSlope
    assert isinstance(step, float)
    assert step < 1e-6
    np.testing.assert_allclose(again.ndarray(), values, atol=0.51 * step)
    np.testing.assert_allclose(rescaled(again.files[3]), values[:, :, 3], atol=0.51 * step)
    assert again[["BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation"]] == [16, 16, 15, 0]


def test_a_compressed_file_becomes_uncompressed_with_its_new_pixels(copied: Callable[[str], Path]) -> None:
    path = copied("mr_mosaic_jpeg_lossless")
    folder = dicomvtk.open_folder(path)
    series = folder.series[0]
    values = series.ndarray()

    series.set_ndarray(values + 1)
    folder.save()

    header = pydicom.dcmread(series.files[0])
    assert header.file_meta.TransferSyntaxUID == "1.2.840.10008.1.2.1"
    np.testing.assert_array_equal(header.pixel_array.T, values[:, :, 0] + 1)


def test_what_cannot_be_stored_is_refused(two_patients: Path, shared_data: Path) -> None:
    series = dicomvtk.open_folder(two_patients).series[0]

    with pytest.raises(UnsupportedError, match=r"shape \(8, 6, 4\).*expected \(8, 6, 3\)"):
        series.set_ndarray(np.zeros((8, 6, 4)))
    with pytest.raises(UnsupportedError, match="NaN or infinite"):
        series.set_ndarray(np.full((8, 6, 3), np.nan))
    with pytest.raises(UnsupportedError, match="16 bits exactly"):
        series.set_ndarray(np.full((8, 6, 3), 100_000))
    with pytest.raises(UnsupportedError, match=r"from 1e\+300 to 1e\+300; expected none beyond 1e\+30"):
        series.set_ndarray(np.full((8, 6, 3), 1e300))
    with pytest.raises(UnsupportedError, match="inhomogeneous"):
        series.set_ndarray([[1, 2], [3]])
    colour = dicomvtk.as_series(np.zeros((4, 4, 2, 3), np.uint8))
    with pytest.raises(UnsupportedError, match="whole numbers from 0 to 255"):
        colour.set_ndarray(np.full((4, 4, 2, 3), 256))
    palette = dicomvtk.open_folder(shared_data / "pydicom_data" / "OBXXXX1A.dcm").series[0]
    with pytest.raises(UnsupportedError, match="PhotometricInterpretation"):
        palette.set_ndarray(np.zeros(palette.ndarray(stored=True).shape[:3]))
    assert series.changes == []


@pytest.mark.parametrize(("name", "value"), [("RescaleIntercept", 1e300), ("RescaleSlope", 0)])
def test_values_that_the_header_does_not_give_are_refused(two_patients: Path, name: str, value: float) -> None:
    series = dicomvtk.open_folder(two_patients).series[0]
    stored = series.ndarray(stored=True)

    series[["RescaleSlope", "RescaleIntercept"]] = [1, 0]
    series[name] = value

    with pytest.raises(PixelDecodeError, match=rf"{name}.*stored=True gives the stored values"):
        series.ndarray()
    with pytest.raises(PixelDecodeError, match=name):
        series.volume()
    np.testing.assert_array_equal(series.ndarray(stored=True), stored)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("BitsStored", 17, "BitsStored .* is 17; expected 1 to BitsAllocated"),
        ("HighBit", 3, "HighBit .* is 3; expected BitsStored - 1"),
        ("PixelRepresentation", 7, "PixelRepresentation .* is 7"),
        ("PixelData", None, "lack 20 bytes"),
    ],
)
def test_pixels_that_are_damaged_are_refused_with_the_name_of_the_file(
    two_patients: Path, name: str, value: int | None, said: str
) -> None:
    file = dicomvtk.open_folder(two_patients).series[0].files[1]
    header = pydicom.dcmread(file)
    if value is None:
        os.truncate(file, file.stat().st_size - 20)
    else:
        header[name].value = value
        header.save_as(file)
    series = dicomvtk.open_folder(two_patients).series[0]

    with pytest.raises(PixelDecodeError, match=said) as refused:
        series.ndarray()
    assert str(file) in str(refused.value)
    assert series.subseries(InstanceNumber=[1, 3]).ndarray().shape == (8, 6, 2)


def test_edits_of_the_rescale_are_seen_before_they_are_saved(two_patients: Path) -> None:
    series = dicomvtk.open_folder(two_patients).series[0]
    values = series.ndarray()

    series.RescaleSlope, series.RescaleIntercept = 2, -10

    np.testing.assert_array_equal(series.ndarray(), values * 2 - 10)
    np.testing.assert_array_equal(series.volume().array, values * 2 - 10)
    series.restore()
    np.testing.assert_array_equal(series.ndarray(), values)


def test_volume_is_what_read_gives(shared_data: Path) -> None:
    volume = dicomvtk.open_folder(shared_data / "ct_chest").series[0].volume()
    truth = dicomvtk.read(shared_data / "ct_chest")

    np.testing.assert_array_equal(volume.array, truth.array)
    assert volume.geometry == truth.geometry
    assert volume.info.sources == truth.info.sources


def test_rank_numbers_what_nothing_else_tells_apart(two_patients: Path) -> None:
    """Each position three times: by InstanceNumber, by AcquisitionTime where that is the same, else as they lie."""
    folder = dicomvtk.open_folder(two_patients)
    study = folder.studies[0]
    merged = study.merge(*study.series, study.series[0])
    turns = [(3, "100000"), (2, "080000"), (2, "070000")]  # of the three copies
    expected = [2, 1, 0]
    for n, one in enumerate(merged.instances):
        one.set_value("InstanceNumber", turns[n // 3][0])
        one.set_value("AcquisitionTime", turns[n // 3][1])
    plain = np.arange(8 * 6 * 9).reshape((8, 6, 9), order="F")
    merged.set_ndarray(plain)

    array = merged.ndarray(dims=("SliceLocation", "rank"))

    assert array.shape == (8, 6, 3, 3)
    assert merged.coordinates(("rank", "SliceLocation"))[0].values == (0, 1, 2)
    for n in range(9):
        np.testing.assert_array_equal(array[:, :, n % 3, expected[n // 3]], plain[:, :, n])
    np.testing.assert_array_equal(merged.ndarray(dims=("rank",))[..., 0], plain[:, :, 6])
    merged.set_ndarray(array[..., ::-1], dims=("SliceLocation", "rank"))
    np.testing.assert_array_equal(merged.ndarray()[:, :, 0], plain[:, :, 6])
    with pytest.raises(SeriesError, match="'rank' numbers them"):
        merged.ndarray(dims=("SliceLocation",))
    with pytest.raises(UnsupportedError, match="each dimension once"):
        merged.ndarray(dims=("rank", "rank"))
    with pytest.raises(UnsupportedError, match="already means"):
        dicomvtk.register_attribute("rank", lambda instance: 1)


def test_maps_from_stored_values_go_when_values_are_stored_another_way(copied: Callable[[str], Path]) -> None:
    """Philips' FV and padding are of the old stored values: under a new slope they would give wrong ones in silence."""
    path = copied("mr_mag_phase_2echo")
    folder = dicomvtk.open_folder(path)
    part = folder.series[0].subseries(image_type="MAGNITUDE", EchoTime=10)
    part.PixelPaddingValue = 0
    part.RealWorldValueMappingSequence = [{"LUTLabel": "OLD", "RealWorldValueSlope": 2.0, "RealWorldValueIntercept": 0}]
    assert [one.label for one in part.volume().info.value_maps] == ["FV"]

    part.set_ndarray(part.ndarray())
    assert part.get("(2005,0E,Philips MR Imaging DD 001)") is not None
    assert part.get("PixelPaddingValue") == 0
    part.set_ndarray(part.ndarray() * 2 + 1.5)

    assert part.volume().info.value_maps == ()
    assert part.volume().info.padding == ()
    folder.save()
    header = pydicom.dcmread(part.files[0])
    assert 0x0E not in header.private_block(0x2005, "Philips MR Imaging DD 001")
    assert "RealWorldValueMappingSequence" not in header
    assert "PixelPaddingValue" not in header
    with pytest.raises(UnsupportedError, match=r"'FV': there is no such map"):
        dicomvtk.read(part.files, values="FV")


@pytest.mark.parametrize("edited", [{"Rows": 3, "Columns": 16}, {"Rows": 128}, {"BitsAllocated": 8}])
def test_the_size_of_pixels_that_stay_is_not_changed_by_save(two_patients: Path, edited: dict[str, int]) -> None:
    """6 rows of 8 as 3 of 16 are the same bytes: a picture that is torn, and nothing that tells."""
    folder = dicomvtk.open_folder(two_patients)
    series = folder.series[0]
    before = [file.read_bytes() for file in series.files]

    series[list(edited)] = list(edited.values())

    said = rf"{next(iter(edited))} \(0028,0\d\d0\) \d+ -> \d+.*would cut the pixels of .*IM0001.dcm"
    with pytest.raises(UnsupportedError, match=said + ".*Nothing was saved"):
        folder.save()
    with pytest.raises(UnsupportedError, match=said):
        series.ndarray()
    with pytest.raises(UnsupportedError, match=said):
        folder.save(two_patients.parent / "elsewhere")
    assert not (two_patients.parent / "elsewhere").exists()
    assert [file.read_bytes() for file in series.files] == before


def test_a_size_that_does_not_fit_the_pixels_is_mended(two_patients: Path) -> None:
    file = dicomvtk.open_folder(two_patients).series[0].files[1]
    header = pydicom.dcmread(file)
    truth = header.pixel_array
    header.Rows = 5
    header.save_as(file)
    series = dicomvtk.open_folder(two_patients).series[0]

    series.Rows = 6
    series.save()

    np.testing.assert_array_equal(pydicom.dcmread(file).pixel_array, truth)


def test_an_array_on_no_dimension_is_refused(two_patients: Path) -> None:
    with pytest.raises(UnsupportedError, match="name an attribute or more"):
        dicomvtk.open_folder(two_patients).series[0].ndarray(dims=())


def test_a_damaged_number_is_told_with_its_name(shared_data: Path) -> None:
    series = dicomvtk.open_folder(shared_data / "pydicom_files" / "test_files" / "badVR.dcm").series[0]

    with pytest.raises(PixelDecodeError, match=r"badVR.dcm: NumberOfFrames \(0028,0008\) is '1A'"):
        series.ndarray()
