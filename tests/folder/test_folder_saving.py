"""Changes wait in memory, are saved whole or not at all, and go back; a crash loses nothing."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.config import IGNORE
from pydicom.dataelem import DataElement

import dicomvtk
from dicomvtk.dicom.files import STAGING
from dicomvtk.errors import DicomVtkWarning, NoDicomError, UnsupportedError, WriteError
from dicomvtk.folder import edits, journal
from dicomvtk.folder.attribute_path import parse

FILES = 200
TRIALS = 20


def digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_nothing_is_on_disk_before_save_and_restore_goes_back(two_patients: Path) -> None:
    before = digests(two_patients)
    folder = dicomvtk.open_folder(two_patients)

    folder.PatientSex = "F"
    folder.series[0].delete()
    folder.series[1].set_ndarray(np.zeros((8, 6, 3)))
    folder.series[0].copy_to()
    folder.patients[0].new_study(StudyDate="20220101").new_series(shape=(4, 4, 1))
    assert digests(two_patients) == before
    folder.restore()

    assert folder.changes == []
    assert digests(two_patients) == before
    assert [len(level) for level in (folder.patients, folder.studies, folder.series)] == [2, 4, 8]
    assert folder.PatientSex == [""]
    folder.save()
    assert digests(two_patients) == before


@pytest.mark.parametrize("level", ["patients", "studies", "series"])
def test_save_and_restore_of_a_part_leave_the_rest(two_patients: Path, level: str) -> None:
    folder = dicomvtk.open_folder(two_patients)
    folder.PatientComments = "changed"
    first, *others = getattr(folder, level)

    first.save()
    others[0].restore()

    again = dicomvtk.open_folder(two_patients)
    assert getattr(again, level)[0].get("PatientComments") in ("changed", ["changed"])
    assert all(one.get("PatientComments", []) == [] for one in getattr(again, level)[1:])
    assert others[0].changes == []
    assert len(folder.changes) == len(folder.instances) - len(first.instances) - len(others[0].instances)


def test_changes_say_what_save_would_do(two_patients: Path) -> None:
    folder = dicomvtk.open_folder(two_patients)
    series = folder.series[0]
    series.SeriesNumber = 5
    series.SeriesNumber = 1  # as it was: no change
    series.StudyDate = "20220202"
    del series.instances[0:0]
    folder.series[1].delete()
    folder.series[1].copy_to()

    changes = folder.changes

    assert [(c.action, c.attribute, c.before, c.after) for c in changes[:3]] == [
        ("set", "StudyDate", "20200102", "20220202")
    ] * 3
    assert [c.action for c in changes[3:]] == ["delete"] * 3 + ["new"] * 3
    assert changes[0].file == str(series.files[0])
    assert str(changes[0]).endswith("IM0001.dcm: StudyDate '20200102' -> '20220202'")
    assert edits.describe(changes).splitlines()[0].endswith("StudyDate '20200102' -> '20220202' in 3 files")


ITEMS = [
    "ct_chest",
    "pet_whole_body",
    "mr_enhanced_siemens_4d",
    "mr_mosaic_jpeg_lossless",
    "mr_uih_grid",
    "seg_of_pet",
    "odd_files_fo_dicom",
    "pydicom_files/charset_files",
    "syntaxes_ct_and_pattern",
    "pydicom_data",
]


@pytest.mark.parametrize("item", ITEMS)
def test_all_but_the_edited_element_stays_byte_for_byte(item: str, copied: Callable[[str], Path]) -> None:
    """An attribute set, saved, taken away and saved again gives the very bytes of the file as published."""
    path = copied(item)
    before = digests(path)
    folder = dicomvtk.open_folder(path)
    wanted = [
        one for one in folder.instances if one.get("PatientMotherBirthName") is None and plain_syntax(one.source)
    ][:8]
    assert wanted

    for one in wanted:
        one.set_value("PatientMotherBirthName", "seen")
    folder.save()
    middle = digests(path)
    for one in wanted:
        assert pydicom.dcmread(one.source, force=True).PatientMotherBirthName == "seen"
    reopened = dicomvtk.open_folder(path)
    for one in reopened.instances:
        if one.get("PatientMotherBirthName") == "seen":
            one.set(parse("PatientMotherBirthName"), None)
    reopened.save()

    assert len({name for name in before if before[name] != middle[name]}) == len(wanted)
    assert digests(path) == before


def plain_syntax(path: Path) -> bool:
    """True for little-endian files, which are cut and not parsed."""
    header = pydicom.dcmread(path, stop_before_pixels=True, force=True)
    meta = header.file_meta.get("TransferSyntaxUID", "1.2.840.10008.1.2")
    return meta not in ("1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99")


@pytest.mark.parametrize("name", ["CTImage.dcm_BigEndianExplicitTransferSyntax_1.2.840.10008.1.2.2.dcm", "deflated"])
def test_big_endian_and_deflated_files_keep_their_pixels(name: str, copied: Callable[[str], Path]) -> None:
    path = copied("syntaxes_ct_and_pattern")
    file = next(one for one in sorted(path.rglob("*.dcm")) if name.lower() in one.name.lower())
    before = pydicom.dcmread(file)
    folder = dicomvtk.open_folder(file)

    folder.PatientName = "Roe^Jane"
    folder.save()

    after = pydicom.dcmread(file)
    assert after.PatientName == "Roe^Jane"
    assert after.file_meta.TransferSyntaxUID == before.file_meta.TransferSyntaxUID
    assert np.array_equal(after.pixel_array, before.pixel_array)


def test_the_file_meta_follows_the_identity(two_patients: Path) -> None:
    folder = dicomvtk.open_folder(two_patients)
    series = folder.series[0].copy_to()
    folder.save()

    for file in series.files:
        header = pydicom.dcmread(file)
        assert header.file_meta.MediaStorageSOPInstanceUID == header.SOPInstanceUID
        assert header.SeriesInstanceUID == series.SeriesInstanceUID


def test_what_another_program_wrote_meanwhile_is_not_written_over(two_patients: Path) -> None:
    folder = dicomvtk.open_folder(two_patients)
    file = folder.series[0].files[0]
    folder.PatientSex = "F"
    header = pydicom.dcmread(file)
    header.PatientComments = "by another"
    header.save_as(file)
    before = digests(two_patients)

    with pytest.raises(WriteError, match="changed on disk since it was opened"):
        folder.save()

    assert digests(two_patients) == before
    folder.restore()
    assert folder.PatientComments == ["by another"]


def test_a_full_disk_changes_nothing(two_patients: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = dicomvtk.open_folder(two_patients)
    before = digests(two_patients)
    folder.PatientSex = "F"
    written = 0

    def failing(instance: Any, target: Path) -> None:
        nonlocal written
        written += 1
        if written == 5:
            raise OSError(28, "No space left on device")
        target.write_bytes(instance.source.read_bytes())

    monkeypatch.setattr(edits, "write_instance", failing)
    with pytest.raises(WriteError, match=r"No space left on device. Nothing was changed."):
        folder.save()

    assert digests(two_patients) == before
    assert not list(two_patients.rglob(STAGING))
    monkeypatch.undo()
    folder.save()
    assert dicomvtk.open_folder(two_patients).PatientSex == ["F"]


@pytest.fixture(scope="module")
def many_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("many") / "original"
    series = dicomvtk.as_series(
        np.arange(16 * 12 * FILES, dtype=np.int32).reshape(16, 12, FILES) % 30000, Modality="MR", StudyDate="20200101"
    )
    series.save(path)
    return path


@pytest.mark.skipif(sys.platform == "win32", reason="needs fork and SIGKILL")
@pytest.mark.parametrize("trial", range(TRIALS))
def test_kill_in_the_middle_of_save_leaves_every_file_whole(trial: int, many_files: Path, tmp_path: Path) -> None:
    path = Path(shutil.copytree(many_files, tmp_path / "copy"))
    original = {file.name: pydicom.dcmread(file) for file in many_files.iterdir()}
    moves, nth = divmod(trial, 2)[::-1]
    kill_in_a_save(path, "replace" if moves else "fsync", 1 + nth * (FILES + 1) // (TRIALS // 2))

    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always", DicomVtkWarning)
        folder = dicomvtk.open_folder(path)

    dates = {}
    for file in sorted(path.glob("*.dcm")):
        header = pydicom.dcmread(file)
        assert header.PixelData == original[file.name].PixelData
        assert header.SOPInstanceUID == original[file.name].SOPInstanceUID
        assert header.StudyDate in ("20200101", "20221119")
        dates[file] = header.StudyDate
    assert len(dates) == len(folder.instances) == FILES
    old = [file for file, date in dates.items() if date == "20200101"]
    assert sorted(folder.unsaved) == old
    assert old, "the save was not interrupted"
    messages = [str(one.message) for one in said if issubclass(one.category, DicomVtkWarning)]
    assert len(messages) == 1
    assert f"{len(old)} of {FILES} files were not yet saved" in messages[0]
    folder.PatientComments = "later"
    with pytest.raises(WriteError, match="was interrupted"):
        folder.save()
    check_the_way_on(folder, path, moved=len(old) < FILES)


def kill_in_a_save(path: Path, call: str, nth: int) -> None:
    """Open, edit and save in a child process that kills itself at its nth os.fsync or os.replace."""
    child = os.fork()
    if child == 0:  # pragma: no cover  # dies
        real: Callable[..., Any] = getattr(os, call)
        count = 0

        def deadly(*args: Any) -> Any:
            nonlocal count
            count += 1
            if count == nth + (2 if call == "replace" else 1):  # past the journal's own
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*args)

        try:
            folder = dicomvtk.open_folder(path)
            folder.StudyDate = "20221119"
            setattr(os, call, deadly)
            folder.save()
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status)
    assert os.WTERMSIG(status) == signal.SIGKILL


def check_the_way_on(folder: Any, path: Path, *, moved: bool) -> None:
    """Where all new versions were whole the save can be completed, where not it can be dropped."""
    found = journal.interrupted(path)
    assert found is not None
    assert found.can_finish or not moved
    if found.can_finish:
        folder.finish_save()
        assert folder.StudyDate == ["20221119"]
    else:
        with pytest.raises(WriteError, match="were not complete and are lost"):
            folder.finish_save()
        folder.drop_save()
    assert folder.unsaved == []
    assert not list(path.rglob(STAGING))
    again = dicomvtk.open_folder(path)
    assert again.unsaved == []
    assert len(again.instances) == FILES


def test_files_that_wait_are_never_read_as_data(two_patients: Path) -> None:
    waiting = two_patients / STAGING
    waiting.mkdir()
    shutil.copy(next(two_patients.rglob("*.dcm")), waiting / "000000-IM0001.dcm")

    assert len(dicomvtk.open_folder(two_patients).instances) == 24
    assert sum(len(entry.files) for entry in dicomvtk.find_series(two_patients)) == 24


def test_a_folder_in_memory_needs_a_path_and_a_taken_one_is_refused(two_patients: Path, tmp_path: Path) -> None:
    series = dicomvtk.series((4, 3, 2))
    with pytest.raises(WriteError, match="give save\\(\\) the path"):
        series.save()
    with pytest.raises(WriteError, match=r"already holds 2 entries\. Give a new or empty folder; save\(\) without"):
        series.save(two_patients)
    series.save(tmp_path / "out")
    series.PatientName = "Late^Change"
    series.save()
    assert pydicom.dcmread(tmp_path / "out" / "IM0002.dcm").PatientName == "Late^Change"


def test_a_value_that_cannot_be_written_saves_nothing(two_patients: Path) -> None:
    folder = dicomvtk.open_folder(two_patients)
    before = digests(two_patients)
    folder.PatientSex = "F"
    planes = parse("PlanesInAcquisition")
    folder.instances[-1].edits[planes] = DataElement(planes.top.tag, "US", 70_000, validation_mode=IGNORE)

    with pytest.raises(UnsupportedError, match=r"Cannot write PlanesInAcquisition: .*65535\. Nothing was saved."):
        folder.save()

    assert digests(two_patients) == before


def test_a_path_without_dicom_says_so(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("hello, this is no image at all")

    with pytest.raises(NoDicomError, match=r"No DICOM file in .*: 1 file of other kinds.*new_folder"):
        dicomvtk.open_folder(tmp_path)
    with pytest.raises(NoDicomError):
        dicomvtk.open_folder(tmp_path / "absent")


def test_an_archive_is_not_edited_in_place(two_patients: Path, tmp_path: Path) -> None:
    archive = shutil.make_archive(str(tmp_path / "packed"), "zip", two_patients)

    with pytest.raises(UnsupportedError, match=r"packed.zip as a folder.*Unpack it first"):
        dicomvtk.open_folder(archive)


def test_a_file_that_another_program_removed_is_named(two_patients: Path) -> None:
    series = dicomvtk.open_folder(two_patients).series[0]
    gone = series.files[1]
    gone.unlink()

    for wrong in (lambda: series.Rows, lambda: series.header(1), lambda: setattr(series, "PatientComments", "x")):
        with pytest.raises(NoDicomError, match=rf"Cannot read {gone}: it is no longer there\. .*open the folder again"):
            wrong()
    assert series.changes == []
