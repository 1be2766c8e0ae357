"""``dicomvtk info --csv``: a row for each series, read back by the readers that people use."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import pydicom
import pytest

import dicomvtk
from dicomvtk.cli import main


def run(*words: object) -> int:
    with pytest.raises(SystemExit) as end:
        main([str(word) for word in words])
    return int(end.value.code or 0)


@pytest.fixture
def clinic(tmp_path: Path) -> Path:
    folder = dicomvtk.new_folder()
    study = folder.new_patient(PatientName="Müller^Jörg", PatientID="007").new_study(StudyDate="20200102")
    voxels = np.zeros((4, 6, 3), np.int16)
    study.new_series(voxels, Modality="MR", SeriesDescription='fat, "in" phase', spacing=(0.5, 0.25, 2))
    study.new_series(voxels, Modality="MR", SeriesDescription="T2")
    folder.series[1].instances[0].set_value("EchoTime", 5)
    folder.series[1].instances[1].set_value("EchoTime", 7.5)
    folder.save(tmp_path / "clinic")
    (tmp_path / "clinic" / "notes.txt").write_text("not an image")
    return tmp_path / "clinic"


def told_rows(capsys: pytest.CaptureFixture[str]) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(capsys.readouterr().out)))


def test_csv_has_a_row_for_each_series_and_the_columns_of_table(
    clinic: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("info", clinic, "--csv") == 0
    rows = told_rows(capsys)

    expected = dicomvtk.open_folder(clinic).table()
    assert [list(row) for row in rows] == [list(row) for row in expected] == [[*expected[0]]] * 2
    headers = [pydicom.dcmread(series.files[0]) for series in dicomvtk.open_folder(clinic).series]
    for row, header in zip(rows, headers, strict=True):
        assert (row["PatientID"], row["PatientName"]) == ("007", "Müller^Jörg")
        assert row["SeriesInstanceUID"] == header.SeriesInstanceUID
        assert row["SeriesDescription"] == header.SeriesDescription
        assert (row["Rows"], row["Columns"], row["files"]) == ("6", "4", "3")


def test_csv_of_chosen_columns_joins_several_values_as_dicom_does(
    clinic: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("info", clinic, "--csv", "--columns", "EchoTime,PixelSpacing,(0028,0010),colormap") == 0
    first, second = told_rows(capsys)

    assert list(first) == ["EchoTime", "PixelSpacing", "(0028,0010)", "colormap", "files"]
    assert first["PixelSpacing"] == "0.25\\0.5"
    assert second["EchoTime"] == "\\5.0\\7.5"
    assert (first["EchoTime"], first["colormap"], first["(0028,0010)"]) == ("", "", "6")


def test_csv_opens_in_pandas(clinic: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pandas = pytest.importorskip("pandas")

    assert run("info", clinic, "--csv") == 0
    frame = pandas.read_csv(io.StringIO(capsys.readouterr().out), dtype={"PatientID": str})

    assert frame["files"].tolist() == [3, 3]
    assert frame["PatientID"].tolist() == ["007", "007"]
    assert frame["SeriesDescription"].tolist() == ['fat, "in" phase', "T2"]


def test_what_was_passed_over_is_told_beside_the_table(clinic: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("info", clinic, "--csv") == 0
    assert "skipped: 1 not DICOM" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--csv", "--columns", "PatientID,Rowz"], "did you mean Rows?"),
        (["--csv", "--json"], "--csv or --json"),
        (["--columns", "PatientID"], "--columns needs --csv"),
    ],
)
def test_csv_used_wrongly_is_a_matter_of_usage(
    words: list[str], said: str, clinic: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("info", clinic, *words) == 2
    told = capsys.readouterr()
    assert said in told.err
    assert told.out == ""


def test_csv_of_a_path_without_dicom_does_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.txt").write_text("no image at all")
    assert run("info", tmp_path, "--csv") == 1
    assert "No DICOM file" in capsys.readouterr().err
