"""Dimensions past k: written as the attributes they are, found again by the reader and by pydicom."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest

import dicomvtk
from dicomvtk import Axis, Geometry, GeometryError, SeriesInfo, UnsupportedError, Volume

GRID = (5, 4, 3)
GEOMETRY = Geometry(GRID, (0.5, 0.75, 2.0), (1.0, 2.0, 3.0))
ECHOES = Axis("EchoTime", (5.0, 10.5), "ms")
TIMES = Axis("TemporalPositionIdentifier", (1.0, 2.0, 3.0))
NOON = 12 * 3600.0


def volume(*axes: Axis, modality: str = "MR") -> Volume:
    shape = (*GRID, *(len(axis) for axis in axes))
    array = np.arange(np.prod(shape), dtype=np.int16).reshape(shape, order="F")
    return Volume(array, GEOMETRY, SeriesInfo(modality=modality), axes=axes)


@pytest.mark.parametrize(
    "axes",
    [
        (ECHOES,),
        (TIMES,),
        (TIMES, ECHOES),
        (Axis("InversionTime", (100.0, 200.0, 400.0), "ms"),),
        (Axis("FlipAngle", (5.0, 20.0), "degree"),),
        (Axis("DiffusionBValue", (0.0, 50.0, 1000.0), "s/mm2"),),
        (Axis("TriggerTime", (0.0, 33.25, 66.5), "ms"),),
        (Axis("AcquisitionNumber", (1.0, 2.0)),),
        (Axis("AcquisitionTime", (NOON, NOON + 2.5), "s"),),
        (Axis("AcquisitionTime", (NOON, NOON + 2.5), "s"), ECHOES),
    ],
    ids=lambda axes: "-".join(axis.keyword for axis in axes),
)
def test_axes_come_back(axes: tuple[Axis, ...], tmp_path: Path) -> None:
    given = volume(*axes)

    report = dicomvtk.write_series(given, tmp_path / "out", verify=True)

    assert report.sop_class == "MR Image Storage"
    again = dicomvtk.read(tmp_path / "out")
    assert again.axes == axes
    np.testing.assert_array_equal(again.array, given.array)
    assert again.geometry.is_close(GEOMETRY, 1e-9)


def test_each_image_says_which_it_is(tmp_path: Path) -> None:
    given = volume(TIMES, ECHOES)

    dicomvtk.write_series(given, tmp_path / "out")

    files = [pydicom.dcmread(path) for path in sorted((tmp_path / "out").iterdir())]
    assert [file.InstanceNumber for file in files] == list(range(1, 19))
    assert len({file.SeriesInstanceUID for file in files}) == 1
    for file in files:
        t, e = int(file.TemporalPositionIdentifier) - 1, (5.0, 10.5).index(file.EchoTime)
        k = round((file.ImagePositionPatient[2] - 3.0) / 2.0)
        np.testing.assert_array_equal(file.pixel_array, given.array[:, :, k, t, e].T)
    assert files[0].NumberOfTemporalPositions == 3


def test_time_of_other_formats_is_numbered(tmp_path: Path) -> None:
    dicomvtk.write_series(volume(Axis("Time", (0.0, 2.5), "s")), tmp_path / "out")

    again = dicomvtk.read(tmp_path / "out")
    assert again.axes == (Axis("TemporalPositionIdentifier", (1.0, 2.0)),)
    assert pydicom.dcmread(next((tmp_path / "out").iterdir())).TemporalResolution == 2500


def test_images_in_order_of_number_alone(tmp_path: Path) -> None:
    given = volume(Axis("InstanceNumber", (1.0, 4.0)))

    dicomvtk.write_series(given, tmp_path / "out")

    again = dicomvtk.read(tmp_path / "out")
    assert again.axes == given.axes
    np.testing.assert_array_equal(again.array, given.array)


def test_dynamic_pet(tmp_path: Path) -> None:
    given = volume(Axis("AcquisitionTime", (NOON, NOON + 60.0), "s"), modality="PT")
    facts = {"Units": "BQML", "DecayCorrection": "NONE", "FrameReferenceTime": 0}

    report = dicomvtk.write_series(given, tmp_path / "out", attributes=facts)

    assert report.modality == "PT"
    last = pydicom.dcmread(report.files[-1])
    assert list(last.SeriesType) == ["DYNAMIC", "IMAGE"]
    assert (last.NumberOfSlices, last.NumberOfTimeSlices, last.ImageIndex) == (3, 2, 6)
    assert last.AcquisitionTime == "120100.000000"
    assert len(dicomvtk.read(tmp_path / "out").axes) == 1


def test_colour_that_changes_with_time(tmp_path: Path) -> None:
    array = np.random.default_rng(0).integers(0, 255, (*GRID, 2, 3), dtype=np.uint8)
    given = Volume(array, GEOMETRY, axes=(Axis("TriggerTime", (0.0, 40.0), "ms"),))

    dicomvtk.write_series(given, tmp_path / "out")

    again = dicomvtk.read(tmp_path / "out")
    np.testing.assert_array_equal(again.array, array)


@pytest.mark.parametrize(
    ("axes", "told"),
    [
        ((Axis("Phase", (1, 2)),), "the axis 'Phase' as DICOM: no attribute .* EchoTime"),
        ((Axis("Time", (0, 1)), TIMES), "two of them are the same attribute"),
        ((Axis("EchoTime", (10.0, 5.0)),), r"EchoTime with values \(10.0, 5.0\): expected values that rise"),
        ((Axis("EchoTime", ("a", "b")),), "Cannot write the axis EchoTime: could not convert"),
        ((Axis("EchoNumbers", (1.5, 2.0)),), "EchoNumbers: 1.5 is not a whole number"),
        ((Axis("AcquisitionTime", (90000.0, 90001.0)),), "90000.0 is not a number of seconds since midnight"),
    ],
)
def test_axes_no_attribute_says_are_refused(axes: tuple[Axis, ...], told: str, tmp_path: Path) -> None:
    with pytest.raises(UnsupportedError, match=told):
        dicomvtk.write_series(volume(*axes), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_axes_need_a_place(tmp_path: Path) -> None:
    given = Volume(volume(ECHOES).array, axes=(ECHOES,))
    with pytest.raises(GeometryError, match="further axes and no place"):
        dicomvtk.write_series(given, tmp_path / "out")


def test_further_attributes_count_slices_on(tmp_path: Path) -> None:
    report = dicomvtk.write_series(
        volume(ECHOES), tmp_path / "out", per_slice=lambda n: {"ImageComments": f"image {n}"}
    )
    assert [pydicom.dcmread(file).ImageComments for file in report.files] == [f"image {n}" for n in range(6)]
