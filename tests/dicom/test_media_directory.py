"""DICOMDIRs read as trees and checked against the disk; written, and read back by pydicom and DCMTK."""

from __future__ import annotations

import json
import shutil
import subprocess
import warnings
from pathlib import Path

import pydicom
import pytest
from pydicom.fileset import FileSet

import dicomvtk
from dicomvtk.cli import main
from dicomvtk.dicom.media_directory import check_directory, read_directory
from dicomvtk.dicom.media_directory_write import copy_as_file_set, write_directory
from dicomvtk.errors import NoDicomError, PixelDecodeError, UnsupportedError, WriteError


def run(*argv: object) -> int:
    with pytest.raises(SystemExit) as ended:
        main([str(word) for word in argv])
    return int(ended.value.code or 0)


def medium(folder: Path, series: int = 2, slices: int = 4) -> Path:
    """Write series under names that a DICOMDIR can hold."""
    for number in range(1, series + 1):
        place = folder / f"SER{number}"
        description = {"SeriesNumber": number, "SeriesDescription": f"series {number}", "StudyID": "1"}
        dicomvtk.write_series(dicomvtk.phantom((16, 12, slices)), place, attributes=description)
        for n, path in enumerate(sorted(place.iterdir())):
            path.rename(place / f"IM{n:04}")
    return folder


@pytest.fixture
def test_files(shared_data: Path) -> Path:
    return shared_data / "pydicom_files" / "test_files" / "dicomdirtests"


NAMES = ["DICOMDIR", "DICOMDIR-implicit", "DICOMDIR-bigEnd", "DICOMDIR-reordered", "DICOMDIR-nooffset"]


@pytest.mark.parametrize("name", NAMES)
def test_the_tree_is_what_pydicom_makes_of_it(name: str, test_files: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        file_set = FileSet(pydicom.dcmread(test_files / "DICOMDIR"))
    directory = read_directory(test_files / name)

    counts = directory.counts
    assert counts["IMAGE"] == len(file_set) == 31
    assert counts["PATIENT"] == len(file_set.find_values("PatientID")) == 2
    assert counts["STUDY"] == len(file_set.find_values("StudyInstanceUID"))
    assert counts["SERIES"] == len(file_set.find_values("SeriesInstanceUID"))
    if name != "DICOMDIR-nooffset":
        assert sorted(r.text for r in directory.records) == ["Doe^Archibald 77654033", "Doe^Peter 98890234"]
    expected = {str(Path(instance.path).relative_to(test_files.resolve())) for instance in file_set}
    assert set(directory.files) == expected


def test_a_directory_is_checked_against_the_disk(tmp_path: Path) -> None:
    folder = medium(tmp_path / "cd")
    write_directory(folder)
    (folder / "SER1" / "IM0002").unlink()
    shutil.copy(folder / "SER1" / "IM0001", folder / "SER2" / "NEW")
    (folder / "README.TXT").write_text("no DICOM")

    missing, not_listed = check_directory(read_directory(folder / "DICOMDIR"))

    assert missing == ["SER1/IM0002"]
    assert not_listed == ["SER2/NEW"]


def test_info_tells_the_tree_and_the_check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = medium(tmp_path / "cd")
    write_directory(folder)
    (folder / "SER1" / "IM0003").unlink()
    capsys.readouterr()

    assert run("info", folder / "DICOMDIR") == 0
    told = capsys.readouterr().out
    assert "1 PATIENT, 2 STUDY, 2 SERIES, 8 IMAGE" in told
    assert "SERIES 2 CT (4 files)" in told
    assert "missing: 1 files (SER1/IM0003)" in told
    assert "not listed: 0 files" in told
    assert run("info", folder / "DICOMDIR", "--json") == 0
    assert json.loads(capsys.readouterr().out)["dicomdir"]["missing"] == ["SER1/IM0003"]


def test_it_is_used_as_an_index(tmp_path: Path) -> None:
    folder = medium(tmp_path / "cd")
    write_directory(folder)
    dicomvtk.write_series(dicomvtk.phantom((16, 12, 4)), folder / "later")

    assert len(dicomvtk.find_series(folder / "DICOMDIR")) == 2
    assert len(dicomvtk.find_series(folder)) == 3


def test_a_series_that_lacks_listed_files_says_so(tmp_path: Path) -> None:
    """Two slices gone from the end leave even steps: the DICOMDIR alone knows of them."""
    folder = medium(tmp_path / "cd", slices=6)
    write_directory(folder)
    (folder / "SER2").rename(folder / "ser2")
    for name in ("IM0004", "IM0005"):
        (folder / "ser2" / name).unlink()
    entries = dicomvtk.find_series(folder / "DICOMDIR")

    assert {entry.key: [finding.code for finding in entry.findings] for entry in entries} == {
        "1": [],
        "2": ["unreadable"],
    }
    assert entries.skipped == {"listed in the DICOMDIR, not there": 2}
    with pytest.warns(dicomvtk.DicomVtkWarning, match=r"IM0004 beside it .*listed in the DICOMDIR, not there.*1 more"):
        assert dicomvtk.read(folder / "DICOMDIR", series=2).shape == (16, 12, 4)
    assert dicomvtk.read(folder / "DICOMDIR", series=1).shape == (16, 12, 6)


def test_a_directory_cut_short_hides_no_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = medium(tmp_path / "cd")
    write_directory(folder)
    whole = (folder / "DICOMDIR").read_bytes()
    for length in (len(whole) - 1, len(whole) * 2 // 3):
        (folder / "DICOMDIR").write_bytes(whole[:length])
        with pytest.raises(PixelDecodeError, match="It is cut short"):
            read_directory(folder / "DICOMDIR")
        assert [entry.shape for entry in dicomvtk.find_series(folder / "DICOMDIR")] == [(16, 12, 4), (16, 12, 4)]
    capsys.readouterr()
    assert run("info", folder / "DICOMDIR") == 0
    assert "1 damaged DICOMDIR, all of its folder is read" in capsys.readouterr().out


def test_names_in_another_case_and_names_that_lead_out(tmp_path: Path) -> None:
    folder = medium(tmp_path / "cd", series=1)
    write_directory(folder)
    (folder / "SER1").rename(folder / "ser1")
    (folder / "ser1" / "IM0000").rename(folder / "ser1" / "im0000.;1")
    assert None not in read_directory(folder / "DICOMDIR").files.values()

    directory = pydicom.dcmread(folder / "DICOMDIR")
    (tmp_path / "SECRET").write_bytes((folder / "ser1" / "IM0001").read_bytes())
    for item in directory.DirectoryRecordSequence:
        if "ReferencedFileID" in item:
            item.ReferencedFileID = ["..", "SECRET"]
    directory.save_as(folder / "DICOMDIR")
    assert set(read_directory(folder / "DICOMDIR").files.values()) == {None}


@pytest.mark.parametrize("program", ["dcmftest", "dcmdump"])
def test_dcmtk_reads_what_is_written(program: str, tmp_path: Path) -> None:
    if shutil.which(program) is None:
        pytest.skip(f"no {program} here")
    folder = medium(tmp_path / "cd")
    report = write_directory(folder)
    assert report.listed == 8
    ran = subprocess.run([program, report.path], capture_output=True, text=True, check=True)
    assert "yes:" in ran.stdout or ran.stdout.count("DirectoryRecordType") == 1 + 2 + 2 + 8
    assert "E:" not in ran.stderr + ran.stdout


def test_pydicom_reads_what_is_written(tmp_path: Path) -> None:
    folder = medium(tmp_path / "cd")
    write_directory(folder)

    file_set = FileSet(folder / "DICOMDIR")

    assert len(file_set) == 8
    assert sorted(str(Path(i.path).relative_to(folder)) for i in file_set) == sorted(
        f"SER{s}/IM{n:04}" for s in (1, 2) for n in range(4)
    )
    for instance in file_set:
        assert instance.load().SOPInstanceUID == instance.SOPInstanceUID


@pytest.mark.parametrize("way", ["write --dicomdir", "dicomdir", "dicomdir --copy"])
def test_every_way_to_a_dicomdir_passes_the_validators(way: str, tmp_path: Path) -> None:
    programs = ("dcmftest", "dcmdump", "dciodvfy", "dcentvfy")
    if any(shutil.which(program) is None for program in programs):
        pytest.skip(f"needs {', '.join(programs)}")
    out = tmp_path / "out"
    if way == "write --dicomdir":
        dicomvtk.write_series(dicomvtk.phantom((16, 12, 4)), out, dicomdir=True)
    elif way == "dicomdir":
        assert run("dicomdir", medium(out)) == 0
    else:
        dicomvtk.write_series(dicomvtk.phantom((16, 12, 4)), tmp_path / "in")
        assert run("dicomdir", tmp_path / "in", "--copy", out) == 0
    images = [str(out / name) for name in read_directory(out / "DICOMDIR").files]
    assert None not in read_directory(out / "DICOMDIR").files.values()
    assert len(images) == (8 if way == "dicomdir" else 4)
    assert FileSet(out / "DICOMDIR").ID == "DICOMVTK"
    for words in (["dcmftest"], ["dcmdump", "-q"], ["dciodvfy"]):
        ran = subprocess.run([*words, out / "DICOMDIR"], capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stderr
        assert "Error" not in ran.stderr
    ran = subprocess.run(["dcentvfy", *images], capture_output=True, text=True, check=False)
    assert "Error" not in ran.stdout + ran.stderr


def test_names_beyond_the_standard_are_refused_and_copied_on_request(tmp_path: Path) -> None:
    dicomvtk.write_series(dicomvtk.phantom((16, 12, 4)), tmp_path / "in")

    with pytest.raises(UnsupportedError, match=r"Cannot list .*8 characters A-Z, 0-9 and _ .*--copy OUT"):
        write_directory(tmp_path / "in")
    assert not (tmp_path / "in" / "DICOMDIR").exists()

    assert run("dicomdir", tmp_path / "in", "--copy", tmp_path / "out") == 0
    assert len(FileSet(tmp_path / "out" / "DICOMDIR")) == 4
    volume = dicomvtk.read(tmp_path / "out" / "DICOMDIR")
    assert (volume.array == dicomvtk.read(tmp_path / "in").array).all()
    with pytest.raises(WriteError, match="not an empty folder"):
        copy_as_file_set(tmp_path / "in", tmp_path / "out")


def test_what_is_left_out_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = medium(tmp_path / "cd", series=1)
    shutil.copy(folder / "SER1" / "IM0000", folder / "SER1" / "AGAIN")
    (folder / "NOTES").write_text("no DICOM")
    capsys.readouterr()

    assert run("dicomdir", folder) == 3

    told = capsys.readouterr()
    assert "4 files listed" in told.out
    assert "NOTES" in told.err
    assert "is another file's too" in told.err
    (folder / "none").mkdir()
    with pytest.raises(NoDicomError, match="no DICOM file below it"):
        write_directory(folder / "none")


def test_what_files_lack_is_told_and_made_up_on_request_in_the_directory_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """De-identified studies lack StudyID, dates and times; two of no patient are not taken for one patient's."""
    folder = medium(tmp_path / "cd")
    studies = {}
    for path in sorted(folder.rglob("IM*")):
        data_set = pydicom.dcmread(path)
        data_set.PatientID = data_set.StudyID = data_set.StudyTime = ""
        del data_set.StudyDate
        data_set.save_as(path)
        studies.setdefault(str(data_set.StudyInstanceUID), []).append(path)
    assert len(studies) == 2
    before = {path: path.read_bytes() for path in folder.rglob("IM*")}

    assert run("dicomdir", folder) == 1
    told = capsys.readouterr().err
    assert "PatientID, StudyDate, StudyTime, StudyID absent or empty" in told
    assert "--invent makes them up" in told

    for out, words in ((folder, []), (tmp_path / "copy", ["--copy", tmp_path / "copy"])):
        assert run("dicomdir", folder, *words, "--invent") == 0
        assert "lack it: PatientID, StudyDate, StudyTime, StudyID" in capsys.readouterr().err
        listed = FileSet(out / "DICOMDIR")
        assert sorted(Path(image.path).read_bytes() for image in listed) == sorted(before.values())
        assert len({image.PatientID for image in listed}) == 2
        assert {(image.StudyDate, image.StudyTime) for image in listed} == {("19000101", "000000")}
        for program in ("dcmftest", "dciodvfy"):
            if shutil.which(program) is not None:
                ran = subprocess.run([program, out / "DICOMDIR"], capture_output=True, text=True, check=False)
                assert ran.returncode == 0, ran.stderr
                assert "Error" not in ran.stderr


def test_what_is_no_directory_says_so(tmp_path: Path) -> None:
    folder = medium(tmp_path / "cd", series=1, slices=1)
    with pytest.raises(NoDicomError, match=r"DirectoryRecordSequence \(0004,1220\)"):
        read_directory(folder / "SER1" / "IM0000")
    with pytest.raises(NoDicomError, match="expected a DICOMDIR"):
        read_directory(tmp_path)
