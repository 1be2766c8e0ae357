"""Dtypes, colour, further axes and unplaced volumes through every format."""

from __future__ import annotations

from pathlib import Path

import nibabel
import nrrd
import numpy as np
import pytest

from dicomvtk import Axis, Geometry, GeometryError, SeriesInfo, UnsupportedError, Volume, WriteError
from dicomvtk.display import WindowLevel
from dicomvtk.formats import SUFFIXES, handles, load, save, unknown_suffix

SimpleITK = pytest.importorskip("SimpleITK")

#: TIFF, which holds no place and says so, has tests of its own.
PLACING = [suffix for suffix in SUFFIXES if suffix not in (".tif", ".tiff")]
SHAPE = (5, 4, 3)
GRID = Geometry(SHAPE, (0.7, 1.25, 2.5), (-101.5, 33.25, 712.125), np.diag([1.0, -1.0, -1.0]))
EXACT = [np.int8, np.uint8, np.int16, np.uint16, np.int32, np.uint32, np.int64, np.uint64, np.float32, np.float64]
TIMES = Axis("TriggerTime", (0.5, 2.5, 4.5), "s")


def extremes(dtype: type) -> np.ndarray:
    array = np.zeros(SHAPE, dtype, order="F")
    limits = np.iinfo(dtype) if np.dtype(dtype).kind in "iu" else np.finfo(dtype)
    array[0, 1, 2], array[4, 3, 0], array[2, 2, 2] = limits.min, limits.max, 7
    return array


@pytest.mark.parametrize("suffix", PLACING)
@pytest.mark.parametrize("dtype", EXACT)
def test_dtypes_are_kept_exactly(suffix: str, dtype: type, tmp_path: Path) -> None:
    volume = Volume(extremes(dtype), GRID)
    save(volume, tmp_path / f"v{suffix}")
    again = load(tmp_path / f"v{suffix}")
    assert again.dtype == dtype
    np.testing.assert_array_equal(again.array, volume.array)
    if suffix in (".nii.gz", ".nrrd", ".mha"):
        seen = SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(tmp_path / f"v{suffix}"))).T
        assert seen.dtype == dtype
        np.testing.assert_array_equal(seen, volume.array)


@pytest.mark.parametrize("suffix", PLACING)
def test_bool_half_and_foreign_byte_order(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"v{suffix}"
    mask = np.indices(SHAPE).sum(axis=0) % 2 == 0
    for array in (mask, mask.astype(np.float16), (mask * 300).astype(">i2")):
        save(Volume(array, GRID), path)
        np.testing.assert_array_equal(load(path).array, array)
        assert load(path).dtype.isnative or suffix == ".npz"


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz", ".npz"])
def test_complex_is_kept_where_the_format_has_it(suffix: str, tmp_path: Path) -> None:
    array = (np.indices(SHAPE).sum(axis=0) + 1j).astype(np.complex64)
    save(Volume(array, GRID), tmp_path / f"v{suffix}")
    np.testing.assert_array_equal(load(tmp_path / f"v{suffix}").array, array)


@pytest.mark.parametrize("suffix", [".nrrd", ".mha", ".vti"])
def test_complex_is_refused_where_it_has_not(suffix: str, tmp_path: Path) -> None:
    with pytest.raises(UnsupportedError, match="complex"):
        save(Volume(np.zeros(SHAPE, complex), GRID), tmp_path / f"v{suffix}")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("suffix", PLACING)
@pytest.mark.parametrize("samples", [3, 4])
def test_colour_is_kept(suffix: str, samples: int, tmp_path: Path) -> None:
    array = np.random.default_rng(1).integers(0, 256, (*SHAPE, samples), dtype=np.uint8)
    volume = Volume(array, GRID)
    save(volume, tmp_path / f"v{suffix}")
    again = load(tmp_path / f"v{suffix}")
    assert again.is_colour
    assert again.array.strides[-1] == 1
    np.testing.assert_array_equal(again.array, array)
    if suffix in (".nii.gz", ".nrrd", ".mha"):
        seen = SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(tmp_path / f"v{suffix}")))
        np.testing.assert_array_equal(seen.transpose(2, 1, 0, 3), array)


@pytest.mark.parametrize("suffix", PLACING)
def test_unplaced_stays_unplaced_and_keeps_its_spacing(suffix: str, tmp_path: Path) -> None:
    save(Volume(np.ones(SHAPE, np.uint8), Geometry(SHAPE, (0.5, 0.75, 2.0), placed=False)), tmp_path / f"v{suffix}")
    again = load(tmp_path / f"v{suffix}")
    assert not again.geometry.placed
    assert again.spacing == (0.5, 0.75, 2.0)


@pytest.mark.parametrize("suffix", [".nii.gz", ".nrrd", ".npz"])
def test_times_are_kept(suffix: str, tmp_path: Path) -> None:
    array = np.arange(180, dtype=np.int16).reshape((*SHAPE, 3), order="F")
    volume = Volume(array, GRID, axes=(TIMES,))
    save(volume, tmp_path / f"v{suffix}")
    again = load(tmp_path / f"v{suffix}")
    assert again.axes[0].values == TIMES.values
    assert again.axes[0].unit == "s"
    assert again.axes[0].keyword == ("Time" if suffix == ".nii.gz" else "TriggerTime")
    assert again.array.flags.f_contiguous
    np.testing.assert_array_equal(again.array, array)


@pytest.mark.parametrize("suffix", [".nii.gz", ".nrrd", ".npz"])
def test_clock_times_are_counted_from_the_first(suffix: str, tmp_path: Path) -> None:
    clock = Axis("FrameAcquisitionDateTime", (738000.0 * 86400, 738000.0 * 86400 + 2.0), "s")
    save(Volume(np.zeros((*SHAPE, 2), np.uint8), GRID, axes=(clock,)), tmp_path / f"v{suffix}")
    assert load(tmp_path / f"v{suffix}").axes[0].values == (0.0, 2.0)


def test_echo_times_are_no_time_axis_of_nifti(tmp_path: Path) -> None:
    echoes = Axis("EchoTime", (5.0, 10.0), "ms")
    save(Volume(np.zeros((*SHAPE, 2), np.uint8), GRID, axes=(echoes,)), tmp_path / "v.nii")
    header = nibabel.load(tmp_path / "v.nii").header
    assert header.get_xyzt_units() == ("mm", "unknown")
    assert load(tmp_path / "v.nii").axes[0] == Axis("Dimension4", (0, 1))


@pytest.mark.parametrize("suffix", [".nii.gz", ".nrrd", ".npz"])
def test_two_axes_and_colour_in_time_keep_their_order(suffix: str, tmp_path: Path) -> None:
    axes = (TIMES, Axis("EchoTime", (5.0, 10.0), "ms"))
    array = np.arange(360, dtype=np.int16).reshape((*SHAPE, 3, 2), order="F")
    save(Volume(array, GRID, axes=axes), tmp_path / f"v{suffix}")
    np.testing.assert_array_equal(load(tmp_path / f"v{suffix}").array, array)
    colour = np.random.default_rng(1).integers(0, 256, (*SHAPE, 3, 3), dtype=np.uint8)
    save(Volume(colour, GRID, axes=(TIMES,)), tmp_path / f"v{suffix}")
    np.testing.assert_array_equal(load(tmp_path / f"v{suffix}").array, colour)


@pytest.mark.parametrize("suffix", [".mha", ".vti"])
def test_further_axes_are_refused_where_there_is_no_room(suffix: str, tmp_path: Path) -> None:
    volume = Volume(np.zeros((*SHAPE, 3)), GRID, axes=(TIMES,))
    with pytest.raises(UnsupportedError, match=r"TriggerTime.*volume\.frame\("):
        save(volume, tmp_path / f"v{suffix}")


@pytest.mark.parametrize("suffix", PLACING)
def test_slices_that_are_not_regular_are_refused(suffix: str, tmp_path: Path) -> None:
    with pytest.raises(GeometryError, match="fix="):
        save(Volume(np.zeros(SHAPE), GRID, regular=False), tmp_path / f"v{suffix}")


@pytest.mark.parametrize("suffix", PLACING)
def test_no_identifier_goes_with_the_file(suffix: str, tmp_path: Path) -> None:
    secrets = {
        "key": "SECRET-key",
        "uid": "1.2.3.SECRET",
        "study_uid": "1.2.4.SECRET",
        "patient_name": "SECRET^Name",
        "patient_id": "SECRET-id",
        "description": "SECRET description",
        "study_description": "SECRET study",
        "study_date": "SECRET-date",
    }
    info = SeriesInfo(**secrets, modality="CT", unit="HU", attributes={"AccessionNumber": "SECRET"})
    save(Volume(np.zeros(SHAPE, np.int16), GRID, info, history=("SECRET",)), tmp_path / f"v{suffix}")
    assert b"SECRET" not in (tmp_path / f"v{suffix}").read_bytes()


def test_npz_keeps_unit_modality_and_windows(tmp_path: Path) -> None:
    info = SeriesInfo(modality="CT", unit="HU", windows=(WindowLevel(40, 400, "soft"),), photometric="MONOCHROME1")
    save(Volume(np.zeros(SHAPE, np.int16), GRID, info), tmp_path / "v.npz")
    again = load(tmp_path / "v.npz").info
    assert (again.modality, again.unit, again.photometric) == ("CT", "HU", "MONOCHROME1")
    assert again.windows == info.windows
    with np.load(tmp_path / "v.npz", allow_pickle=False) as members:
        assert members["array"].flags.f_contiguous
        np.testing.assert_array_equal(members["direction"], GRID.direction)


def test_plain_npz_of_an_array_is_unplaced(tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "v.npz", array=np.ones(SHAPE))
    assert not load(tmp_path / "v.npz").geometry.placed
    np.savez(tmp_path / "w.npz", data=np.ones(SHAPE))
    with pytest.raises(UnsupportedError, match="'data'"):
        load(tmp_path / "w.npz")


@pytest.mark.parametrize(
    ("stored", "slope", "intercept", "dtype"),
    [
        (np.int16, 1.0, -1024.0, np.int32),
        (np.uint8, 1.0, -100.0, np.int16),
        (np.int16, 0.5, 10.0, np.float32),
        (np.int32, 0.5, 10.0, np.float64),
        (np.float32, 2.0, 1.0, np.float32),
    ],
)
def test_nifti_values_are_scaled(stored: type, slope: float, intercept: float, dtype: type, tmp_path: Path) -> None:
    raw = np.arange(60, dtype=stored).reshape(SHAPE)
    image = nibabel.Nifti1Image(raw, np.eye(4))
    image.header.set_slope_inter(slope, intercept)
    nibabel.save(image, tmp_path / "plain.nii")
    header = nibabel.load(tmp_path / "plain.nii").header
    content = bytearray((tmp_path / "plain.nii").read_bytes())
    content[112:120] = np.array([slope, intercept], header.endianness + "f4").tobytes()
    (tmp_path / "scaled.nii").write_bytes(content)
    expected = nibabel.load(tmp_path / "scaled.nii").get_fdata()
    again = load(tmp_path / "scaled.nii")
    assert again.dtype == dtype
    np.testing.assert_allclose(again.array, expected, rtol=1e-6)


@pytest.mark.parametrize(("unit", "per_second"), [("sec", 1.0), ("msec", 1e3)])
def test_nifti_of_nibabel_in_other_units_and_big_endian(unit: str, per_second: float, tmp_path: Path) -> None:
    array = np.arange(240, dtype=">i2").reshape(5, 4, 3, 4)
    image = nibabel.Nifti1Image(array, np.diag([0.002, 0.003, 0.004, 1.0]), nibabel.Nifti1Header(endianness=">"))
    image.header.set_xyzt_units("meter", unit)
    image.header["pixdim"][4] = 0.5 * per_second
    nibabel.save(image, tmp_path / "v.nii.gz")
    again = load(tmp_path / "v.nii.gz")
    np.testing.assert_array_equal(again.array, array)
    assert again.dtype.isnative
    np.testing.assert_allclose(np.abs(np.diag(again.affine)[:3]), [2.0, 3.0, 4.0], rtol=1e-6)
    np.testing.assert_allclose(again.axes[0].values, [0.0, 0.5, 1.0, 1.5])
    assert again.geometry.axis_codes == "RAS"


def test_nifti2_is_written_where_a_size_needs_it(tmp_path: Path) -> None:
    array = np.arange(40000, dtype=np.int16)[:, None, None]
    save(Volume(array, Geometry(array.shape)), tmp_path / "long.nii.gz")
    assert isinstance(nibabel.load(tmp_path / "long.nii.gz"), nibabel.Nifti2Image)
    np.testing.assert_array_equal(load(tmp_path / "long.nii.gz").array, array)
    np.testing.assert_array_equal(np.asarray(nibabel.load(tmp_path / "long.nii.gz").dataobj), array)


def test_sheared_nifti_is_refused_by_name(tmp_path: Path) -> None:
    affine = np.diag([1.0, 1.0, 3.0, 1.0])
    affine[1, 2] = 0.8
    image = nibabel.Nifti1Image(np.zeros(SHAPE, np.int16), affine)
    image.set_qform(None, 0)
    nibabel.save(image, tmp_path / "tilted.nii")
    with pytest.raises(GeometryError, match=r"tilted\.nii.*orthogonal"):
        load(tmp_path / "tilted.nii")


@pytest.mark.parametrize(
    ("space", "signs"),
    [
        ("right-anterior-superior", (-1, -1, 1)),
        ("RAS", (-1, -1, 1)),
        ("left-anterior-superior", (1, -1, 1)),
        ("left-posterior-superior", (1, 1, 1)),
    ],
)
def test_nrrd_in_other_spaces_is_turned_to_lps(space: str, signs: tuple[int, ...], tmp_path: Path) -> None:
    array = np.arange(60, dtype=np.int16).reshape(SHAPE, order="F")
    header = {
        "space": space,
        "space directions": [[2.0, 0, 0], [0, 3.0, 0], [0, 0, 4.0]],
        "space origin": [10.0, 20.0, 30.0],
        "encoding": "raw",
    }
    nrrd.write(str(tmp_path / "v.nrrd"), array, header)
    again = load(tmp_path / "v.nrrd")
    np.testing.assert_array_equal(again.array, array)
    np.testing.assert_allclose(again.origin, np.multiply(signs, (10, 20, 30)))
    np.testing.assert_allclose(np.diag(again.direction), signs)
    assert again.spacing == (2.0, 3.0, 4.0)


@pytest.mark.parametrize("encoding", ["raw", "gzip", "bzip2"])
def test_nrrd_of_pynrrd_with_a_leading_list_axis(encoding: str, tmp_path: Path) -> None:
    array = np.arange(120, dtype=np.float32).reshape((2, *SHAPE), order="F")
    header = {
        "space": "left-posterior-superior",
        "space directions": [[np.nan] * 3, [1.0, 0, 0], [0, 1.0, 0], [0, 0, 1.0]],
        "kinds": ["list", "domain", "domain", "domain"],
        "encoding": encoding,
    }
    nrrd.write(str(tmp_path / "v.nrrd"), array, header)
    again = load(tmp_path / "v.nrrd")
    assert [len(axis) for axis in again.axes] == [2]
    np.testing.assert_array_equal(again.array, np.moveaxis(array, 0, -1))


def test_suffixes_are_told_in_any_case_and_unknown_ones_listed(tmp_path: Path) -> None:
    assert handles("a/b/HEAD.Nii.GZ")
    assert not handles("head.gz")
    assert not handles(".npz")
    assert "a.xyz" in str(unknown_suffix("a.xyz"))
    for suffix in SUFFIXES:
        assert suffix in str(unknown_suffix("a.xyz"))
    with pytest.raises(UnsupportedError, match=r"\.nii\.gz, \.nii"):
        save(Volume(np.zeros(SHAPE)), tmp_path / "v.xyz")


def test_a_missing_folder_or_one_in_the_way_is_said(tmp_path: Path) -> None:
    with pytest.raises(WriteError, match="no folder"):
        save(Volume(np.zeros(SHAPE)), tmp_path / "absent" / "v.nii")
    (tmp_path / "v.nii").mkdir()
    with pytest.raises(WriteError, match="it is a folder"):
        save(Volume(np.zeros(SHAPE)), tmp_path / "v.nii")
