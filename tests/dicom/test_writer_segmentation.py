"""Labels as Segmentations: the same labels at the same places, for our reader and for highdicom's."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pydicom
import pytest

import dicomvtk
from dicomvtk import GeometryError, UnsupportedError, Volume, write_segmentation

SHAPE = (16, 20, 6)


@pytest.fixture
def source(tmp_path: Path) -> Volume:
    dicomvtk.write_series(dicomvtk.phantom(SHAPE, orientation="oblique"), tmp_path / "ct")
    return dicomvtk.read(tmp_path / "ct")


def labels() -> np.ndarray:
    array = np.zeros(SHAPE, np.uint8)
    array[2:6, 3:9, 1:4], array[8:15, 12:18, 2:5], array[0, 0, 5] = 1, 2, 3
    return array


@pytest.mark.parametrize("label_map", [False, True])
def test_labels_come_back(label_map: bool, source: Volume, tmp_path: Path) -> None:
    highdicom = pytest.importorskip("highdicom")

    report = write_segmentation(labels(), tmp_path / "seg", source, names={1: "liver", 2: "lung"}, label_map=label_map)

    assert report.study_uid == source.info.study_uid
    found = highdicom.seg.segread(report.files[0])
    assert [found.get_segment_description(n).segment_label for n in (1, 2, 3)] == ["liver", "lung", "Segment 3"]
    grid = found.get_volume(combine_segments=True)
    for point in np.argwhere(labels()):
        where = source.geometry.index_to_physical(point)
        index = np.rint(np.linalg.solve(grid.affine, [*where, 1.0])[:3]).astype(int)
        assert grid.array[tuple(index)] == labels()[tuple(point)]
    if shutil.which("dciodvfy") and not label_map:  # which does not know label maps yet
        told = subprocess.run(["dciodvfy", str(report.files[0])], capture_output=True, text=True, check=False).stderr
        assert "Error" not in told
    if not label_map:
        again = dicomvtk.read(tmp_path / "seg")
        assert [segment.label for segment in again.info.segments] == ["liver", "lung", "Segment 3"]
        for point in np.argwhere(labels()):
            index = np.rint(again.geometry.physical_to_index(source.geometry.index_to_physical(point))).astype(int)
            assert again.array[tuple(index)] == labels()[tuple(point)]


def test_labels_with_gaps_are_counted_on(source: Volume, tmp_path: Path) -> None:
    pytest.importorskip("highdicom")
    report = write_segmentation(labels().astype(np.int32) * 10, tmp_path / "seg", source, names={20: "lung"})
    assert "counted on from 1" in report.note
    assert [item.SegmentLabel for item in pydicom.dcmread(report.files[0]).SegmentSequence] == [
        "Segment 10",
        "lung",
        "Segment 30",
    ]


def test_labels_of_a_folder_of_images(source: Volume, tmp_path: Path) -> None:
    pytest.importorskip("highdicom")
    report = write_segmentation(labels() > 0, tmp_path / "seg", tmp_path / "ct")
    assert len(pydicom.dcmread(report.files[0]).SegmentSequence) == 1


def test_what_is_no_label_is_refused(source: Volume, tmp_path: Path) -> None:
    pytest.importorskip("highdicom")
    for array, error, told in (
        (labels() / 2.0, UnsupportedError, "dtype float64"),
        (labels() * 0, UnsupportedError, "without a label: every voxel is 0"),
        (labels().astype(int) - 1, UnsupportedError, "labels from -1 to 2; expected 0 to 65535"),
        (labels()[:-1], GeometryError, "has another grid"),
    ):
        with pytest.raises(error, match=told):
            write_segmentation(array, tmp_path / "seg", source)
    assert not (tmp_path / "seg").exists()


def test_without_highdicom_it_says_what_to_install(
    source: Volume, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "highdicom", None)
    with pytest.raises(UnsupportedError, match=r"pip install 'dicomvtk\[seg\]'"):
        write_segmentation(labels(), tmp_path / "seg", source)
