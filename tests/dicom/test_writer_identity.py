"""UIDs and times: new ones that are nobody else's, or those the caller gives; a run that repeats byte for byte."""

from __future__ import annotations

import datetime
import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest

import dicomvtk
from dicomvtk import UnsupportedError

ARRAY = np.arange(60, dtype=np.int16).reshape(5, 4, 3)
NOW = datetime.datetime(2024, 2, 29, 23, 59, 58, 123456)


def write(folder: Path, **options: Any) -> list[pydicom.Dataset]:
    report = dicomvtk.write_series(ARRAY, folder, modality="CT", spacing=(1, 1, 1), **options)
    return [pydicom.dcmread(file) for file in report.files]


def test_series_of_one_study_with_an_image_each(tmp_path: Path) -> None:
    first, second = write(tmp_path / "a"), write(tmp_path / "b")

    for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID"):
        assert len({dataset[keyword].value for dataset in first}) == 1
        assert first[0][keyword].value != second[0][keyword].value
    uids = [dataset.SOPInstanceUID for dataset in first + second]
    assert len(set(uids)) == 6
    assert all(uid.startswith("2.25.") and len(uid) <= 64 for uid in uids)


def test_given_uids_and_time_make_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        counter = itertools.count(1)
        write(tmp_path / name, now=NOW, uids=lambda c=counter: f"1.2.3.{next(c)}")
    for first, second in zip(*(sorted((tmp_path / name).iterdir()) for name in ("a", "b")), strict=True):
        assert first.read_bytes() == second.read_bytes()
    dataset = pydicom.dcmread(tmp_path / "a" / "IM0003.dcm")
    for keyword in ("Study", "Series", "InstanceCreation", "Content"):
        assert (dataset[f"{keyword}Date"].value, dataset[f"{keyword}Time"].value) == ("20240229", "235958.123456")


def test_root_of_the_caller(tmp_path: Path) -> None:
    root = "1.2.826.0.1.3680043.9.1234"
    for dataset in write(tmp_path / "out", uids=root):
        for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID", "SOPInstanceUID"):
            uid = dataset[keyword].value
            assert uid.startswith(f"{root}.")
            assert pydicom.uid.UID(uid).is_valid


def test_given_uids_are_kept(tmp_path: Path) -> None:
    given = {"StudyInstanceUID": "1.2.1", "SeriesInstanceUID": "1.2.2", "FrameOfReferenceUID": "1.2.3"}
    found = write(tmp_path / "out", attributes=given, per_slice=lambda k: {"SOPInstanceUID": f"1.2.4.{k}"})
    for k, dataset in enumerate(found):
        assert {keyword: dataset[keyword].value for keyword in given} == given
        assert dataset.SOPInstanceUID == dataset.file_meta.MediaStorageSOPInstanceUID == f"1.2.4.{k}"


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"uids": "1.02"}, "'1.02' is no UID"),
        ({"uids": "hello"}, "'hello' is no UID"),
        ({"uids": "1." + "2" * 50}, "fewer than 20"),
        ({"uids": lambda: "1.2.3"}, "1.2.3 was given twice"),
        ({"uids": lambda: "1.2." + "3" * 64}, "is no UID"),
        ({"per_slice": lambda k: {"SOPInstanceUID": "1.2.3"}}, "1.2.3 was given twice"),
        ({"attributes": {"StudyInstanceUID": "1.2.3", "SeriesInstanceUID": "1.2.3"}}, "no UID serves two objects"),
    ],
)
def test_uids_that_are_none_are_refused(options: dict[str, Any], told: str, tmp_path: Path) -> None:
    with pytest.raises(UnsupportedError, match=told):
        write(tmp_path / "out", **options)
    assert list(tmp_path.iterdir()) == []


def test_series_says_who_wrote_it(tmp_path: Path) -> None:
    assert write(tmp_path / "out")[0].SeriesDescription == "Written by dicomvtk"
