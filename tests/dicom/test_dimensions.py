"""Images at one position told apart by the time they were taken and by the indices of their dimensions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from pathlib import Path

import numpy as np
import pydicom
import pytest

import dicomvtk
from dicomvtk import SeriesError, UnsupportedError

from .conftest import SLICES
from .test_enhanced import enhanced, group, item, stacked

MakeSeries = Callable[..., Path]
EVENING, MORNING = ("20240131", "235900"), ("20240201", "000130")


def scans(folder: Path, moments: Sequence[tuple[str, str]]) -> Path:
    """Repeat a series at each (date, time); scan n has the values of the first and n."""
    for path in list(folder.iterdir()):
        data_set = pydicom.dcmread(path)
        del data_set.InstanceNumber
        pixels = data_set.pixel_array
        for n, (day, clock) in enumerate(moments):
            data_set.PixelData = (pixels + n).astype("<u2").tobytes()
            data_set.AcquisitionTime = clock
            if day:
                data_set.AcquisitionDate = day
            data_set.SOPInstanceUID = data_set.file_meta.MediaStorageSOPInstanceUID = pydicom.uid.generate_uid()
            data_set.save_as(path.with_name(f"{path.name}.{n}"))
        path.unlink()
    return folder


def test_a_scan_past_midnight_comes_after_the_one_before(make_series: MakeSeries) -> None:
    volume = dicomvtk.read(scans(make_series(), [MORNING, EVENING]))

    (axis,) = volume.axes
    assert (axis.keyword, axis.values, axis.unit) == ("AcquisitionTime", (86340.0, 86490.0), "s")
    assert volume.shape[2:] == (SLICES, 2)
    np.testing.assert_array_equal(volume.array[..., 0], volume.array[..., 1] + 1)


@pytest.mark.parametrize("day", ["", "20240131"])
def test_clocks_that_may_have_passed_midnight_order_nothing(make_series: MakeSeries, day: str) -> None:
    with pytest.raises(SeriesError, match="no attribute tells them apart"):
        dicomvtk.read(scans(make_series(), [(day, EVENING[1]), (day, MORNING[1])]))


def test_times_of_frames_are_seconds_across_months_and_offsets(tmp_path: Path) -> None:
    moments = ["20240301000010.5+0100", "20240229235900.25+0100", "20240229230015+0000"]
    groups = [
        group((0, 0, 3.0 * k), FrameContentSequence=item(FrameAcquisitionDateTime=moment))
        for moment in moments
        for k in range(2)
    ]
    volume = dicomvtk.read(enhanced(tmp_path / "one", groups))

    (axis,) = volume.axes
    assert axis.keyword == "FrameAcquisitionDateTime"
    # 22:59:00.25, 23:00:10.5 and 23:00:15, of universal time
    assert axis.values == (82740.25, 82810.5, 82815.0)
    np.testing.assert_array_equal(volume.array[..., 0], stacked([2, 3]))
    np.testing.assert_array_equal(volume.array[..., 1], stacked([0, 1]))
    np.testing.assert_array_equal(volume.array[..., 2], stacked([4, 5]))


def test_directions_of_one_b_value_are_told_apart_by_their_dimension_index(tmp_path: Path) -> None:
    order = [(1, 2), (0, 0), (1, 0), (0, 3), (1, 1), (0, 2), (1, 3), (0, 1)]  # (slice, gradient) of each frame
    groups = [
        group(
            (0, 0, 3.0 * k),
            FrameContentSequence=item(DimensionIndexValues=[1, k + 1, 1 if t == 0 else 2, 256 * t + 1]),
            MRDiffusionSequence=item(DiffusionBValue=1000.0 if t else 0.0),
        )
        for k, t in order
    ]
    volume = dicomvtk.read(enhanced(tmp_path / "one", groups))

    assert [(axis.keyword, axis.values) for axis in volume.axes] == [("DimensionIndexValues", (1.0, 2.0, 3.0, 4.0))]
    for t in range(4):
        np.testing.assert_array_equal(volume.array[..., t], stacked([order.index((k, t)) for k in range(2)]))
    again = dicomvtk.read(dicomvtk.write_series(volume, tmp_path / "again").folder)
    np.testing.assert_array_equal(again.array, volume.array)


def echoes_and_times(folder: Path) -> Path:
    """Repeat a series for three echoes at two times."""
    for path in list(folder.iterdir()):
        data_set = pydicom.dcmread(path)
        for n, (echo, time) in enumerate(product((10, 20, 30), (1, 2))):
            data_set.EchoTime, data_set.TemporalPositionIdentifier = echo, time
            data_set.SOPInstanceUID = data_set.file_meta.MediaStorageSOPInstanceUID = pydicom.uid.generate_uid()
            data_set.save_as(path.with_name(f"{path.name}.{n}"))
        path.unlink()
    return folder


def test_holes_in_a_grid_of_two_axes_are_listed(make_series: MakeSeries) -> None:
    folder = echoes_and_times(make_series())
    assert [len(axis) for axis in dicomvtk.read(folder).axes] == [2, 3]
    for path in folder.iterdir():
        data_set = pydicom.dcmread(path)
        if (data_set.EchoTime, data_set.TemporalPositionIdentifier) == (20, 2):
            path.unlink()
            break

    (entry,) = dicomvtk.find_series(folder)
    assert "incomplete-grid" in [finding.code for finding in entry.findings]
    with pytest.raises(SeriesError, match=rf"{6 * SLICES} images; found {6 * SLICES - 1}\. Absent: EchoTime 20, Temp"):
        dicomvtk.read(folder)


def test_dims_that_are_no_list_or_too_few_are_refused_in_words(make_series: MakeSeries) -> None:
    folder = echoes_and_times(make_series())
    with pytest.raises(UnsupportedError, match=r'dims=\("EchoTime",\)'):
        dicomvtk.read(folder, dims="EchoTime")
    with pytest.raises(SeriesError, match="by position alone: 6 images at position 1; expected 1"):
        dicomvtk.read(folder, dims=())


@pytest.mark.parametrize(
    ("steps", "keyword", "times"),
    [([0, 40, 33.5], "FrameTime", (0.0, 40.0, 73.5)), ([0, 40], "FrameNumber", (1, 2, 3))],
    ids=["one-a-frame", "too-few"],
)
def test_cine_frames_have_the_times_of_their_vector(
    make_series: MakeSeries, steps: list[float], keyword: str, times: tuple[float, ...]
) -> None:
    folder = make_series()
    path, *others = sorted(folder.iterdir())
    for other in others:
        other.unlink()
    data_set = pydicom.dcmread(path)
    del data_set.ImagePositionPatient, data_set.ImageOrientationPatient
    data_set.NumberOfFrames, data_set.FrameTimeVector = 3, steps
    data_set.PixelData = data_set.PixelData * 3
    data_set.save_as(path)

    (axis,) = dicomvtk.read(path).axes
    assert (axis.keyword, axis.values) == (keyword, times)
