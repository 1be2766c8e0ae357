"""``dicomvtk validate``: silent over what is right, and one line for each thing that is wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pydicom
import pytest

import dicomvtk
from dicomvtk.cli import main


def run(*words: object) -> int:
    with pytest.raises(SystemExit) as end:
        main([str(word) for word in words])
    return int(end.value.code or 0)


@pytest.fixture
def series(tmp_path: Path) -> Path:
    dicomvtk.write_series(dicomvtk.phantom((16, 20, 5)), tmp_path / "ct")
    return tmp_path / "ct"


def change(series: Path, edit: Callable[[pydicom.Dataset], None]) -> None:
    """Edit the third file."""
    path = series / "IM0003.dcm"
    dataset = pydicom.dcmread(path)
    edit(dataset)
    dataset.save_as(path)


def test_a_good_series_has_nothing_wrong(series: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("validate", series) == 0
    assert capsys.readouterr().out == "0 errors, 0 warnings\n"


def long_position(dataset: pydicom.Dataset) -> None:
    element = pydicom.DataElement("SliceLocation", "DS", "0")
    element._value = "1.00000000000000001"
    dataset["SliceLocation"] = element


EDITS: dict[str, tuple[Callable[[pydicom.Dataset], None], str]] = {
    "study": (lambda d: setattr(d, "StudyInstanceUID", "1.2.3"), "2 studies"),
    "uid of two": (
        lambda d: setattr(d, "FrameOfReferenceUID", d.SeriesInstanceUID),
        "is FrameOfReferenceUID and SeriesInstanceUID",
    ),
    "patient": (lambda d: setattr(d, "PatientID", "other"), "PatientID takes 2 values"),
    "meta": (lambda d: setattr(d, "SOPInstanceUID", "1.2.3"), "MediaStorageSOPInstanceUID (0002,0003) is not"),
    "decimal string": (long_position, "SliceLocation (0020,1041) DS holds '1.00000000000000001'"),
    "count": (lambda d: setattr(d, "PixelSpacing", [1, 1, 1]), "PixelSpacing (0028,0030) DS has 3 values; expected 2"),
    "place": (lambda d: setattr(d, "ImagePositionPatient", [0, 0, 9999]), "error: grid: "),
}


@pytest.mark.parametrize("case", EDITS)
def test_what_is_wrong_is_told(case: str, series: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit, told = EDITS[case]
    change(series, edit)
    assert run("validate", series, "--own") == 1
    assert told in capsys.readouterr().out


def test_a_copy_has_the_uid_of_another(series: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (series / "copy.dcm").write_bytes((series / "IM0001.dcm").read_bytes())
    assert run("validate", series, "--json", "--own") == 1
    found = json.loads(capsys.readouterr().out)["complaints"]
    assert any("is of 2 files" in item["message"] and len(item["files"]) == 2 for item in found)


def test_nothing_to_validate(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.txt").write_text("hello")
    assert run("validate", tmp_path) == 1
    assert "none of its 1 files is DICOM" in capsys.readouterr().err
