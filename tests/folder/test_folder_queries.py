"""Finding series by what they say, and the folder as a table."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import pytest

import dicomvtk
from dicomvtk.errors import UnsupportedError
from dicomvtk.folder.attribute_path import MissingAttributeError


@pytest.fixture
def folder(two_patients: Path) -> Any:
    folder = dicomvtk.open_folder(two_patients)
    folder.series[0].AcquisitionTime = "103059"
    folder.series[5].Modality = "CT"
    return folder


@pytest.mark.parametrize(
    ("conditions", "found"),
    [
        ({"PatientName": "Doe^Jane"}, [0, 1, 2, 3]),
        ({"PatientName": "doe*"}, [0, 1, 2, 3]),
        ({"PatientName": "?oe^*"}, [0, 1, 2, 3, 4, 5, 6, 7]),
        ({"PatientName": "Jane"}, []),
        ({"PatientID": "p1"}, []),
        ({"StudyDate": "20200101-20201231"}, [0, 1, 4, 5]),
        ({"StudyDate": "-20200102"}, [0, 1, 4, 5]),
        ({"StudyDate": "20200103-"}, [2, 3, 6, 7]),
        ({"StudyDate": datetime.date(2021, 3, 4)}, [2, 3, 6, 7]),
        ({"AcquisitionTime": "10-1030"}, [0]),
        ({"AcquisitionTime": "1031-"}, []),
        ({"Modality": "CT"}, [5]),
        ({"Modality": ["CT", "PT"], "StudyDate": "20200101-20201231"}, [5]),
        ({"SeriesDescription": "T[12]"}, []),
        ({"SeriesDescription": "T?", "SeriesNumber": 2}, [1, 3, 5, 7]),
        ({"SeriesNumber": "2"}, [1, 3, 5, 7]),
        ({"SliceLocation": 4}, [0, 1, 2, 3, 4, 5, 6, 7]),
        ({"ImageType": "DERIVED"}, [0, 1, 2, 3, 4, 5, 6, 7]),
        ({"0028,0010": 6}, [0, 1, 2, 3, 4, 5, 6, 7]),
        ({"EchoTime": None, "PatientID": "P2"}, [4, 5, 6, 7]),
    ],
)
def test_find(folder: Any, conditions: dict[str, Any], found: list[int]) -> None:
    assert [folder.series.index(series) for series in folder.find(**conditions)] == found


def test_a_query_that_makes_no_sense_is_refused(folder: Any) -> None:
    with pytest.raises(MissingAttributeError, match=r"did you mean Modality\?"):
        folder.find(Modalty="CT")
    with pytest.raises(UnsupportedError, match="20200101-20201231"):
        folder.find(StudyDate="2020-01-01")
    with pytest.raises(UnsupportedError, match="YYYYMMDD"):
        folder.find(StudyDate="20200101-20201331")


def test_a_table_has_a_row_for_each_series(folder: Any) -> None:
    rows = folder.table()

    assert len(rows) == 8
    assert list(rows[0])[:3] == ["PatientName", "PatientID", "StudyDate"]
    assert (rows[5]["Modality"], rows[5]["Rows"], rows[5]["files"]) == ("CT", 6, 3)
    assert folder.table(["Modality", "SliceLocation", "EchoTime", "slice_position"])[0] == {
        "Modality": "MR",
        "SliceLocation": [0.0, 2.0, 4.0],
        "EchoTime": None,
        "slice_position": [0.0, 2.0, 4.0],
        "files": 3,
    }


def test_real_series_are_found_where_they_are(shared_data: Path) -> None:
    folder = dicomvtk.open_folder(shared_data / "mr_several_series_one_folder_gap")

    assert len(folder.series) == 3
    assert [len(series) for series in folder.find(SeriesDescription="*MEMPRAGE*")] == [
        len(series) for series in folder.series if "MEMPRAGE" in series.SeriesDescription
    ]
    assert folder.find(Modality="CT") == []


def test_where_takes_files_of_any_series_together(two_patients: Path) -> None:
    folder = dicomvtk.open_folder(two_patients)

    chosen = folder.where(InstanceNumber=[1, 2], StudyDate="2021-2022")
    chosen.ImageComments = "seen"
    chosen.save()

    assert len(chosen) == 8
    again = dicomvtk.open_folder(two_patients)
    seen = [(one.get("StudyDate"), one.get("InstanceNumber")) for one in again.where(ImageComments="s*").instances]
    assert sorted(seen) == [("20210304", 1)] * 4 + [("20210304", 2)] * 4
    assert repr(again.where(PatientName="Doe*")) == "<12 of 24 files>"
    again.where(PatientName="doe*").save(two_patients.parent / "out")
    assert len(dicomvtk.open_folder(two_patients.parent / "out").series) == 4


def test_ranges_of_whole_years_and_months_and_those_that_run_backwards(two_patients: Path) -> None:
    folder = dicomvtk.open_folder(two_patients)

    assert len(folder.find(StudyDate="2020-2020")) == 4
    assert len(folder.find(StudyDate="202002-")) == 4
    for wrong in ("2021-2020", "2020-05", "20209999-"):
        with pytest.raises(UnsupportedError):
            folder.find(StudyDate=wrong)
