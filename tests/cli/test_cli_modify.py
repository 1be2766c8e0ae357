"""``dicomvtk modify``: attributes set in place, tried beforehand, refused with the right form; nothing else touched."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pydicom
import pytest

import dicomvtk
from dicomvtk.cli import main
from dicomvtk.dicom.files import STAGING


def run(*words: object) -> int:
    with pytest.raises(SystemExit) as end:
        main([str(word) for word in words])
    return int(end.value.code or 0)


def digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture
def clinic(tmp_path: Path) -> Path:
    """Return a folder of a CT and an MR series, three files each."""
    folder = dicomvtk.new_folder()
    study = folder.new_patient(PatientName="Doe^Jane", PatientID="P1").new_study(StudyDate="20200102")
    for modality in ("CT", "MR"):
        study.new_series(dicomvtk.phantom((10, 8, 3)), Modality=modality, SeriesDescription=f"head {modality}")
    folder.save(tmp_path / "clinic")
    return tmp_path / "clinic"


def headers(folder: Path) -> list[pydicom.Dataset]:
    return [pydicom.dcmread(path) for path in sorted(folder.rglob("*.dcm")) if STAGING not in path.parts]


def test_attributes_are_set_and_all_else_is_as_it_was(clinic: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = headers(clinic)

    assert run("modify", clinic, "StudyDate=20221119", "PatientName=Müller^Jörg", "PixelSpacing=0.5\\0.25") == 0

    told = capsys.readouterr()
    assert "StudyDate '20200102' -> '20221119' in 3 files" in told.out
    assert told.out.rstrip().endswith("6 of 6 files changed")
    for old, new in zip(before, headers(clinic), strict=True):
        assert (new.StudyDate, str(new.PatientName), list(new.PixelSpacing)) == ("20221119", "Müller^Jörg", [0.5, 0.25])
        for keyword in ("StudyDate", "PatientName", "PixelSpacing"):
            new[keyword] = old[keyword]
        new.SpecificCharacterSet = old.get("SpecificCharacterSet")
        old.SpecificCharacterSet = old.get("SpecificCharacterSet")
        assert new == old


def test_modified_and_modified_back_are_the_same_bytes(clinic: Path) -> None:
    before = digests(clinic)

    assert run("modify", clinic, "PatientComments=seen", "colormap=YlGnBu", "StudyID=7") == 0
    assert set(digests(clinic).values()).isdisjoint(before.values())
    assert run("modify", clinic, "colormap=", "StudyID=", "--remove", "PatientComments") == 0

    assert digests(clinic) == before


@pytest.mark.skipif(shutil.which("dcmodify") is None, reason="needs dcmodify of DCMTK")
def test_the_data_set_is_that_of_dcmodify(clinic: Path, tmp_path: Path) -> None:
    theirs = Path(shutil.copytree(clinic, tmp_path / "theirs"))
    files = sorted(theirs.rglob("*.dcm"))
    words = ["-nb", "-i", "(0018,5100)=FFS", "-m", "(0010,0010)=Roe^Richard", "-e", "(0008,103e)"]
    subprocess.run(["dcmodify", *words, *map(str, files)], check=True)

    assert run("modify", clinic, "PatientPosition=FFS", "PatientName=Roe^Richard", "--remove", "SeriesDescription") == 0

    assert headers(clinic) == headers(theirs)


def test_a_dry_run_says_what_would_change_and_changes_nothing(clinic: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = digests(clinic)

    assert run("modify", clinic, "InstanceNumber=2", "--where", "Modality=CT", "--dry-run") == 0

    out = capsys.readouterr().out
    assert "<Series 1 CT head CT: 3 files>: InstanceNumber 1, 3 -> 2 in 2 files" in out
    assert out.rstrip().endswith("2 of 6 files would change; nothing was written")
    assert digests(clinic) == before


def test_where_chooses_files_by_wildcards_ranges_and_numbers(clinic: Path, capsys: pytest.CaptureFixture[str]) -> None:
    where = ("--where", "Modality=M?", "--where", "StudyDate=2020-", "--where", "InstanceNumber=1")

    assert run("modify", clinic, "PatientSex=F", *where, "--where", "InstanceNumber=3", "--where", "Rows=8") == 0

    changed = [(h.Modality, int(h.InstanceNumber)) for h in headers(clinic) if h.PatientSex == "F"]
    assert sorted(changed) == [("MR", 1), ("MR", 3)]
    capsys.readouterr()
    assert run("modify", clinic, "PatientSex=F", "--where", "Modality=PT") == 1
    assert "None of the 6 files" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("StudyDate=19112022", "YYYYMMDD, for example '20221119', or a datetime.date ('20221119' is meant?)"),
        ("Rows=many", "a whole number from 0 to 65535 (not a number)"),
        ("Modality=mr", "at most 16 capitals"),
        ("PixelSpacing=1\\2\\3", "it takes 2 values, found 3"),
        ("Rowz=3", "did you mean Rows?"),
        ("flavour=mint", "own ones are colormap"),
        ("colormap=virids", "did you mean 'viridis'?"),
        ("PixelData=0", "Cannot set PixelData (7FE0,0010)"),
        ("SOPInstanceUID=1.2.3", "each needs its own"),
    ],
)
def test_what_does_not_fit_is_refused_and_nothing_is_written(
    word: str, said: str, clinic: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = digests(clinic)

    assert run("modify", clinic, "PatientSex=F", word) == 1

    assert said in capsys.readouterr().err
    assert digests(clinic) == before


@pytest.mark.parametrize("words", [[], ["Rows"], ["=3"], ["Rows=3", "--where", "Modality"]])
def test_modify_without_an_assignment_is_a_matter_of_usage(words: list[str], clinic: Path) -> None:
    assert run("modify", clinic, *words) == 2


def test_nothing_to_change_writes_nothing(clinic: Path, capsys: pytest.CaptureFixture[str]) -> None:
    times = [path.stat().st_mtime_ns for path in sorted(clinic.rglob("*.dcm"))]

    assert run("modify", clinic, "PatientID=P1") == 0

    assert "nothing to change" in capsys.readouterr().out
    assert [path.stat().st_mtime_ns for path in sorted(clinic.rglob("*.dcm"))] == times


def test_output_is_a_new_folder_and_the_path_stays(clinic: Path, tmp_path: Path) -> None:
    before = digests(clinic)

    assert run("modify", clinic, "PatientID=X", "--where", "Modality=CT", "--output", tmp_path / "out") == 0

    assert digests(clinic) == before
    assert (
        sorted((h.Modality, h.PatientID) for h in headers(tmp_path / "out")) == [("CT", "X")] * 3 + [("MR", "P1")] * 3
    )
    assert run("modify", clinic, "PatientID=X", "--output", tmp_path / "out") == 1


def test_own_attributes_take_their_words(clinic: Path) -> None:
    assert run("modify", clinic, "window=40,400", "image_type=PHASE", "--where", "Modality=MR") == 0

    series = dicomvtk.open_folder(clinic).find(Modality="MR")[0]
    assert (series.window.center, series.window.width, series.image_type) == (40, 400, "PHASE")


def test_an_interrupted_save_is_told_and_completed(
    clinic: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    real, moved = os.replace, 0

    def failing(source: Any, target: Any) -> None:
        nonlocal moved
        if str(target).endswith(".dcm"):
            moved += 1
            if moved >= 4:
                raise OSError(5, "Input/output error")
        real(source, target)

    monkeypatch.setattr(os, "replace", failing)
    assert run("modify", clinic, "PatientSex=F") == 3
    assert "Input/output error" in capsys.readouterr().err
    monkeypatch.undo()
    assert [header.PatientSex for header in headers(clinic)].count("F") == 3

    assert run("modify", clinic, "PatientSex=M") == 1
    told = capsys.readouterr().err
    assert "3 of 6 files were not yet saved" in told
    assert "--finish-save completes it, --drop-save keeps the files as they are" in told
    assert run("modify", clinic, "--finish-save") == 0
    assert [header.PatientSex for header in headers(clinic)] == ["F"] * 6


def test_one_file_alone_is_modified(clinic: Path) -> None:
    file = min(clinic.rglob("*.dcm"))
    before = digests(clinic)

    assert run("modify", file, "SOPInstanceUID=1.2.3") == 0

    header = pydicom.dcmread(file)
    assert header.SOPInstanceUID == header.file_meta.MediaStorageSOPInstanceUID == "1.2.3"
    assert len(set(before.items()) - set(digests(clinic).items())) == 1


def test_a_dry_run_refuses_what_the_run_would(clinic: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = digests(clinic)
    for words in (("--dry-run",), ()):
        assert run("modify", clinic, "Rows=4", "Columns=20", "--where", "Modality=CT", *words) == 1
        assert "would cut the pixels of" in capsys.readouterr().err
    assert run("modify", clinic, "--finish-save", "--dry-run") == 2
    assert digests(clinic) == before
