"""Real world values: Philips' own scale as dcm2niix applies it, maps as highdicom does, and maps made by hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray
from pydicom.dataset import Dataset

import dicomvtk
from dicomvtk.dicom.elements import EXPLICIT_BIG

from .conftest import COLUMNS, ROWS, SLICES, ct_slice, plane, volume_values

MakeSeries = Callable[..., Path]
LAST = 1000 * SLICES


def value_map(**changes: Any) -> Dataset:
    """Return an item of RealWorldValueMappingSequence: blood flow, 0.25 * stored - 8 for 0 to 4000."""
    item, unit = Dataset(), Dataset()
    item.add_new(0x00409211, "SS" if changes.pop("signed", True) else "US", changes.pop("last", LAST))
    item.add_new(0x00409216, item[0x00409211].VR, changes.pop("first", 0))
    item.LUTLabel, item.LUTExplanation = "FLOW", "Blood flow"
    item.RealWorldValueSlope, item.RealWorldValueIntercept = 0.25, -8.0
    unit.CodeValue, unit.CodingSchemeDesignator, unit.CodeMeaning = changes.pop("unit", "ml/min"), "UCUM", "flow"
    item.MeasurementUnitsCodeSequence = [unit]
    for keyword, value in changes.items():
        if value is None:
            delattr(item, keyword)
        else:
            setattr(item, keyword, value)
    return item


def in_our_grid(image: Any, volume: dicomvtk.Volume) -> NDArray[np.float64]:
    """Return a NIfTI's voxels at the voxels of `volume`, by the two affines (RAS against LPS)."""
    ours = np.diag([-1.0, -1.0, 1.0, 1.0]) @ volume.affine
    index = np.indices(volume.geometry.shape).reshape(3, -1)
    there = np.linalg.inv(image.affine) @ ours @ np.vstack([index, np.ones(index.shape[1])])
    whole = np.rint(there[:3]).astype(int)
    assert np.abs(there[:3] - whole).max() < 0.05
    values = np.asarray(image.dataobj, dtype=np.float64)
    return values[tuple(whole)].reshape(volume.geometry.shape)


@pytest.mark.parametrize(
    ("folder", "key", "frame", "name"),
    [
        ("mr_mag_phase_2echo", "1301a", (0,), "Ph_727468159_1301_Dual-echo_iso_e1.nii"),
        ("mr_mag_phase_2echo", "1301a", (1,), "Ph_727468159_1301_Dual-echo_iso_e2.nii"),
        ("mr_mag_phase_2echo", "1301b", (0,), "Ph_727468159_1301_Dual-echo_iso_e1_ph.nii"),
        ("mr_mag_phase_2echo", "1301b", (1,), "Ph_727468159_1301_Dual-echo_iso_e2_ph.nii"),
        ("mr_enhanced_philips_fieldmap", "801a", (), "Philips_WIP_B0_NS_801_e1.nii"),
        ("mr_enhanced_philips_fieldmap", "801b", (), "Philips_WIP_B0_NS_801_e2_fieldmaphz.nii"),
    ],
)
def test_what_a_philips_scanner_measured_is_what_dcm2niix_writes(
    shared_data: Path, folder: str, key: str, frame: tuple[int, ...], name: str
) -> None:
    volume = dicomvtk.read(shared_data / folder, series=key, values="FV")
    image = nibabel.load(shared_data / folder / "Ref" / name)
    expected = in_our_grid(image, volume.frame(*frame))
    found = volume.frame(*frame).array
    # dcm2niix states the slope of values around 0 to four figures only; the scanner's own numbers judge those below.
    rounded = 4e-7 if expected.min() == 0 else 1.5e-4
    np.testing.assert_allclose(found, expected, rtol=0, atol=rounded * np.abs(expected).max())
    assert volume.info.unit == ""
    assert volume.history == ("real world values by map 'FV'",)


@pytest.mark.parametrize("key", ["1301a", "1301b"])
def test_what_a_philips_scanner_measured_agrees_with_the_intercept_it_states(shared_data: Path, key: str) -> None:
    folder = shared_data / "mr_mag_phase_2echo"
    volume = dicomvtk.read(folder, series=key, values="FV")
    slices = volume.array.reshape(*volume.shape[:2], -1, order="F")
    for n, source in enumerate(volume.info.sources[::7]):
        data = pydicom.dcmread(source.file)
        scale, intercept = data[0x2005, 0x100E].value, data[0x2005, 0x100D].value  # FV = (SV - intercept) / scale
        expected = (data.pixel_array.T.astype(np.float64) - intercept) / scale
        np.testing.assert_allclose(slices[:, :, 7 * n], expected, rtol=1e-6, atol=1e-6)


def test_each_frame_of_an_enhanced_object_has_its_own_maps(shared_data: Path) -> None:
    magnitude, field = dicomvtk.find_series(shared_data / "mr_enhanced_philips_fieldmap")
    assert [(m.label, m.unit) for m in magnitude.value_maps] == [("Philips", "1"), ("FV", "")]
    volume = dicomvtk.read(field)
    assert [(m.label, m.unit, m.intercept) for m in volume.info.value_maps[:1]] == [("Philips", "Hz", -500.0)]
    hertz = dicomvtk.read(field, values="Hz")
    assert hertz.info.unit == "Hz"
    np.testing.assert_allclose(hertz.array, volume.array, atol=1e-4)
    with pytest.raises(dicomvtk.UnsupportedError, match=r"no such map. Its headers have: 'Philips', 'FV'"):
        dicomvtk.read(magnitude, values="Hz")


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("float_pixels/parametric_map_float.dcm", ""),
        ("mr_enhanced_philips_fieldmap/IM_0027_fMAP.dcm", "Hz"),
    ],
)
def test_frames_are_those_highdicom_makes_by_the_map(shared_data: Path, name: str, unit: str) -> None:
    highdicom = pytest.importorskip("highdicom")
    data = pydicom.dcmread(shared_data / name)
    data.pop("DimensionIndexSequence", None)  # Philips names private attributes in it, which highdicom does not know
    peer = highdicom.Image.from_dataset(data)
    for entry in dicomvtk.find_series(shared_data / name):
        volume = dicomvtk.read(entry, values="real-world")
        numbers = [source.frame + 1 for source in volume.info.sources]
        frames = peer.get_frames(numbers, apply_real_world_transform=True)
        np.testing.assert_allclose(volume.array, np.moveaxis(frames, 0, -1).swapaxes(0, 1), rtol=1e-6, atol=1e-4)
    assert volume.info.unit == unit


def test_a_map_goes_from_stored_values_whatever_the_rescale(make_series: MakeSeries) -> None:
    folder = make_series(RealWorldValueMappingSequence=[value_map()], RescaleSlope=3, RescaleIntercept=-1000)
    volume = dicomvtk.read(folder)
    (offered,) = volume.info.value_maps
    assert (offered.label, offered.unit, offered.meaning) == ("FLOW", "ml/min", "flow")
    assert (offered.explanation, offered.first, offered.last) == ("Blood flow", 0, LAST)
    for name in ("real-world", "FLOW", "ml/min", "flow", "Blood flow"):
        mapped = dicomvtk.read(folder, values=name)
        np.testing.assert_array_equal(mapped.array, (volume_values() * 0.25 - 8).astype(np.float32))
    assert mapped.info.unit == "ml/min"
    assert mapped.info.windows == mapped.info.value_maps == ()
    assert mapped.history == ("real world values by map 'FLOW'",)
    assert mapped.geometry.is_close(volume.geometry)


def test_whole_numbers_stay_whole_and_slices_have_their_own_maps(make_series: MakeSeries) -> None:
    def change(k: int) -> dict[str, Any]:
        one = value_map(RealWorldValueSlope=1.0, RealWorldValueIntercept=float(-k))
        return {"RealWorldValueMappingSequence": [one]}

    mapped = dicomvtk.read(make_series(change=change), values="FLOW", slices=slice(1, 3))
    assert mapped.dtype == np.int16
    np.testing.assert_array_equal(mapped.array, volume_values()[:, :, 1:3] - [1, 2])


def test_a_table_maps_value_by_value(make_series: MakeSeries) -> None:
    table = np.sqrt(np.arange(LAST + 1.0)).tolist()
    one = value_map(RealWorldValueLUTData=table, RealWorldValueSlope=None, RealWorldValueIntercept=None)
    mapped = dicomvtk.read(make_series(RealWorldValueMappingSequence=[one]), values="real-world")
    np.testing.assert_array_equal(mapped.array, np.sqrt(volume_values()))


def test_parts_of_one_map_hold_side_by_side(make_series: MakeSeries) -> None:
    low = value_map(last=1999)
    high = value_map(first=2000, RealWorldValueSlope=2.0, RealWorldValueIntercept=5.0)
    mapped = dicomvtk.read(make_series(RealWorldValueMappingSequence=[low, high]), values="FLOW")
    stored = volume_values()
    np.testing.assert_array_equal(mapped.array, np.where(stored < 2000, stored * 0.25 - 8, stored * 2.0 + 5))


def test_of_several_maps_one_must_be_named(make_series: MakeSeries) -> None:
    other = value_map(LUTLabel="VOLUME", RealWorldValueSlope=2.0, unit="ml")
    folder = make_series(RealWorldValueMappingSequence=[value_map(), other])
    with pytest.raises(dicomvtk.UnsupportedError, match="several fit it, 'FLOW' in ml/min, 'VOLUME' in ml"):
        dicomvtk.read(folder, values="real-world")
    np.testing.assert_array_equal(dicomvtk.read(folder, values="ml").array, volume_values() * 2.0 - 8)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"last": 2500}, r"\d+ voxels of .*dcm, frame 1, are stored as values outside 0 to 2500"),
        ({"first": 10}, r"\d+ voxels of .* outside 10 to 4000"),
        ({"last": 20, "RealWorldValueLUTData": [1.0] * 21}, "outside 0 to 20"),
    ],
)
def test_values_that_the_map_does_not_hold_for_are_refused(
    make_series: MakeSeries, change: dict[str, Any], text: str
) -> None:
    folder = make_series(RealWorldValueMappingSequence=[value_map(**change)])
    with pytest.raises(dicomvtk.UnsupportedError, match=text):
        dicomvtk.read(folder, values="FLOW")


def test_padding_need_not_be_mapped(make_series: MakeSeries) -> None:
    folder = make_series(RealWorldValueMappingSequence=[value_map(first=1)], PixelPaddingValue=0)
    mapped = dicomvtk.read(folder, values="FLOW")
    assert mapped.padding_mask().sum() == 1
    np.testing.assert_array_equal(mapped.array.ravel()[1:], volume_values().ravel()[1:] * 0.25 - 8)
    table = value_map(first=1, RealWorldValueLUTData=[1.0] * LAST)
    folder = make_series(RealWorldValueMappingSequence=[table], PixelPaddingValue=0)
    array = dicomvtk.read(folder, values="FLOW").array
    assert np.isnan(array).sum() == np.isnan(array[0, 0, 0]) == 1


def test_float_pixels_that_are_no_number_stay_so(tmp_path: Path, shared_data: Path) -> None:
    data = pydicom.dcmread(shared_data / "float_pixels" / "parametric_map_float.dcm")
    pixels = np.frombuffer(data.FloatPixelData, "<f4").copy()
    pixels[:3] = np.nan
    data.FloatPixelData = pixels.tobytes()
    data.save_as(tmp_path / "map.dcm")
    array = dicomvtk.read(tmp_path, values="real-world").array
    assert np.isnan(array[:3, 0, 0]).all()
    np.testing.assert_array_equal(array.ravel(order="F")[3:], pixels[3:])
    pixels[5] = 1.5  # the map holds from 0 to 1
    data.FloatPixelData = pixels.tobytes()
    data.save_as(tmp_path / "map.dcm")
    with pytest.raises(dicomvtk.UnsupportedError, match=r"1 voxels of .* outside 0 to 1"):
        dicomvtk.read(tmp_path, values="real-world")


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"RealWorldValueSlope": None}, r"RealWorldValueSlope \(0040,9225\) .* of map 'FLOW' are None and -8.0"),
        ({"RealWorldValueSlope": 0.0}, "expected numbers, the slope not 0"),
        ({"RealWorldValueLUTData": [1.0, 2.0]}, r"of map 'FLOW' holds 2 values, expected 4001"),
        ({"first": 5000}, "holds from 5000 to 4000, which is no range"),
    ],
)
def test_a_damaged_map_is_refused_and_not_offered(make_series: MakeSeries, change: dict[str, Any], text: str) -> None:
    folder = make_series(RealWorldValueMappingSequence=[value_map(**change)])
    assert dicomvtk.read(folder).info.value_maps == ()
    with pytest.raises(dicomvtk.PixelDecodeError, match=text):
        dicomvtk.read(folder, values="FLOW")


def test_a_series_without_maps_or_of_colours_says_so(make_series: MakeSeries, shared_data: Path) -> None:
    with pytest.raises(dicomvtk.UnsupportedError, match=r"there is no such map.* have: none"):
        dicomvtk.read(make_series(), values="real-world")
    with pytest.raises(dicomvtk.UnsupportedError, match="it holds no quantity"):
        dicomvtk.read(shared_data / "mr_enhanced_rgb", values="FV")
    with pytest.raises(dicomvtk.UnsupportedError, match="at once"):
        dicomvtk.read(make_series(), values="FV", stored=True)
    with pytest.raises(dicomvtk.UnsupportedError, match="decoder='vtk'"):
        dicomvtk.read(make_series(), values="FV", decoder="vtk")


@pytest.mark.parametrize("block", [0x10, 0x3A])
@pytest.mark.parametrize("creator", ["Philips MR Imaging DD 001", "Somebody else"])
def test_the_philips_scale_counts_under_its_own_creator_alone(
    tmp_path: Path, uids: dict[str, str], block: int, creator: str
) -> None:
    for k in range(SLICES):
        data = ct_slice(k, uids, RescaleSlope=2, RescaleIntercept=-6)
        data.add_new(0x20050000 | block, "LO", creator)
        data.add_new(0x2005000D | block << 8, "FL", 0.0)
        data.add_new(0x2005000E | block << 8, "FL", 0.5 + k)
        data.save_as(tmp_path / f"{k}.dcm", enforce_file_format=True)
    labels = [m.label for m in dicomvtk.read(tmp_path).info.value_maps]
    assert labels == (["FV"] if creator.startswith("Philips") else [])
    if labels:
        scale = 0.5 + np.arange(SLICES)
        expected = (volume_values() * 2.0 - 6) / (2.0 * scale)
        assert np.allclose(dicomvtk.read(tmp_path, values="FV").array, expected, rtol=1e-6)


def test_maps_of_a_big_endian_file_are_found_too(tmp_path: Path, uids: dict[str, str]) -> None:
    for k in range(SLICES):
        data = ct_slice(k, uids, RealWorldValueMappingSequence=[value_map()])
        data.PixelData = plane(k).astype(">i2").tobytes()
        data.file_meta.TransferSyntaxUID = EXPLICIT_BIG
        data.save_as(tmp_path / f"{k}.dcm", enforce_file_format=True)
    volume = dicomvtk.read(tmp_path, values="FLOW")
    assert volume.shape == (COLUMNS, ROWS, SLICES)
    np.testing.assert_array_equal(volume.array, volume_values() * 0.25 - 8)
