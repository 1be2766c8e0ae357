"""New series: of parts of others, copied, moved, merged, deleted, and from nothing."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
import pytest

import dicomvtk
from dicomvtk.errors import SeriesError, UnsupportedError, WriteError
from dicomvtk.folder.attribute_path import MissingAttributeError


def test_the_example_is_built_and_saved(two_patients: Path) -> None:
    headers = [pydicom.dcmread(file) for file in sorted(two_patients.rglob("*.dcm"))]

    assert len(headers) == 24
    assert {str(h.PatientName) for h in headers} == {"Doe^Jane", "Roe^Richard"}
    assert len({h.StudyInstanceUID for h in headers}) == 4
    assert len({h.SeriesInstanceUID for h in headers}) == 8
    assert len({h.SOPInstanceUID for h in headers}) == 24
    assert {(h.PatientID, h.StudyDate) for h in headers} == {
        (p, d) for p in ("P1", "P2") for d in ("20200102", "20210304")
    }
    assert sorted({int(h.SeriesNumber) for h in headers}) == [1, 2]
    assert (two_patients / "P1" / "20200102-brain" / "1-T1" / "IM0003.dcm").is_file()


def test_subseries_are_new_series_of_the_same_study(copied: Callable[[str], Path]) -> None:
    path = copied("mr_mag_phase_2echo")
    folder = dicomvtk.open_folder(path)
    series = folder.series[0]

    phase = series.subseries(image_type="PHASE", EchoTime=10)

    assert len(phase) == 30
    assert phase.study is series.study
    assert (phase.EchoTime, phase.image_type) == (10, "PHASE")
    assert phase.SeriesInstanceUID != series.SeriesInstanceUID
    assert not set(phase.SOPInstanceUID) & set(series.SOPInstanceUID)
    assert len(list(path.rglob("*.dcm"))) == 120
    folder.save()
    again = dicomvtk.open_folder(path)
    assert [len(s) for s in again.series] == [120, 30]
    saved = again.find(SeriesInstanceUID=phase.SeriesInstanceUID)[0]
    volume = dicomvtk.read(saved.files)
    everything = again.series[0].ndarray(dims=("slice_position", "EchoTime", "image_type"))
    np.testing.assert_array_equal(volume.array, everything[:, :, :, 1, 1])


def test_a_subseries_of_nothing_says_what_there_is(shared_data: Path) -> None:
    series = dicomvtk.open_folder(shared_data / "mr_mag_phase_2echo").series[0]

    with pytest.raises(SeriesError, match=r"EchoTime=99; EchoTime is 7\.001, 10\.0\."):
        series.subseries(EchoTime=99)


def test_split_by_gives_a_series_for_each_value(copied: Callable[[str], Path]) -> None:
    folder = dicomvtk.open_folder(copied("mr_mag_phase_2echo"))

    echoes = folder.series[0].split_by("EchoTime")
    parts = folder.series[0].split_by("image_type")

    assert [(len(part), part.EchoTime) for part in echoes] == [(60, 7.001), (60, 10.0)]
    assert [(len(part), part.image_type) for part in parts] == [(60, "MAGNITUDE"), (60, "PHASE")]
    assert [series.SeriesNumber for series in folder.series] == [1301, 1302, 1303, 1304, 1305]
    with pytest.raises(MissingAttributeError, match=r"Cannot split .* by FrameType: none of its files has it"):
        folder.series[0].split_by("FrameType")
    assert len(folder.series) == 5
    assert repr(folder) == f"<Folder {folder.root}: 1 patient, 1 study, 5 series, 360 files>"
    assert repr(folder.patients[0]).endswith(": 1 study>")


def test_a_copy_to_another_patient_takes_their_identity(two_patients: Path) -> None:
    folder = dicomvtk.open_folder(two_patients)
    series, target = folder.series[0], folder.patients[1].studies[0]
    series.PatientWeight = 70

    copy = series.copy_to(target, SeriesDescription="copy")
    folder.save()

    header = pydicom.dcmread(copy.files[0])
    assert (header.PatientID, header.StudyInstanceUID) == ("P2", target.StudyInstanceUID[0])
    assert (header.SeriesDescription, header.SeriesNumber) == ("copy", 3)
    assert "PatientWeight" not in header
    assert series.PatientID == "P1"
    np.testing.assert_array_equal(copy.ndarray(), series.ndarray())
    assert copy.files[0].parent.parent == target.series[0].files[0].parent.parent


def test_a_copy_to_another_folder_is_theirs(two_patients: Path, tmp_path: Path) -> None:
    source = dicomvtk.open_folder(two_patients)
    other = dicomvtk.new_folder()
    copy = source.series[0].copy_to(other.new_patient(PatientID="X").new_study())

    other.save(tmp_path / "other")

    assert len(source.series) == 8
    assert dicomvtk.open_folder(tmp_path / "other").PatientID == ["X"]
    np.testing.assert_array_equal(copy.ndarray(), source.series[0].ndarray())
    with pytest.raises(UnsupportedError, match="another folder; copy_to"):
        source.series[0].move_to(other.patients[0])


def test_a_copy_is_of_what_was_copied_though_the_original_is_saved_first(two_patients: Path) -> None:
    folder = dicomvtk.open_folder(two_patients)
    series = folder.series[0]
    values = series.ndarray()
    copy = series.copy_to()

    series.set_ndarray(values * 0)
    series.SeriesDescription = "emptied"
    series.save()
    copy.save()

    assert copy.SeriesDescription == "T1"
    np.testing.assert_array_equal(copy.ndarray(), values)
    assert not series.ndarray().any()


def test_move_delete_and_their_return(two_patients: Path) -> None:
    folder = dicomvtk.open_folder(two_patients)
    moved, deleted = folder.series[0], folder.series[1]
    files = deleted.files

    assert moved.move_to(folder.studies[3]) is moved
    deleted.delete()
    assert [len(study.series) for study in folder.studies] == [2, 2, 3]
    folder.restore()
    assert [len(study.series) for study in folder.studies] == [2, 2, 2, 2]
    moved.move_to(folder.patients[1])
    deleted.delete()
    folder.save()

    again = dicomvtk.open_folder(two_patients)
    assert len(again.instances) == 21
    assert not any(file.exists() for file in files)
    (target,) = [patient for patient in again.patients if patient.PatientID == ["P2"]]
    assert sorted(len(study.series) for study in target.studies) == [1, 2, 2]
    assert again.find(SeriesInstanceUID=moved.SeriesInstanceUID)[0].PatientName == "Roe^Richard"


def test_merge_numbers_on(two_patients: Path) -> None:
    folder = dicomvtk.open_folder(two_patients)
    first, second = folder.studies[0].series

    merged = first.merge(second, SeriesDescription="both")

    assert len(merged) == 6
    assert merged.InstanceNumber == [1, 2, 3, 4, 5, 6]
    assert merged.SeriesDescription == "both"
    np.testing.assert_array_equal(merged.ndarray(), np.concatenate([first.ndarray(), second.ndarray()], axis=2))
    with pytest.raises(SeriesError, match="Nothing to merge"):
        folder.studies[0].merge()


def test_an_array_as_a_series(tmp_path: Path) -> None:
    voxels = np.random.default_rng(1).normal(size=(12, 10, 4)).astype(np.float32)

    series = dicomvtk.as_series(voxels, spacing=(0.5, 0.5, 3), Modality="MR", PatientName="Doe^Jane", colormap="hot")
    series.StudyDate = "20221119"
    series.AcquisitionTime = 3600
    series.save(tmp_path / "out")

    header = pydicom.dcmread(tmp_path / "out" / "IM0002.dcm")
    assert (header.PatientName, header.StudyDate, header.AcquisitionTime) == ("Doe^Jane", "20221119", "010000")
    volume = dicomvtk.read(tmp_path / "out")
    assert volume.spacing == (0.5, 0.5, 3)
    np.testing.assert_allclose(volume.array, voxels, atol=1e-4)
    assert series.files == sorted((tmp_path / "out").iterdir())
    assert series.colormap == "hot"
    assert series.changes == []


def test_a_volume_as_a_series_keeps_its_place(tmp_path: Path) -> None:
    volume = dicomvtk.phantom((20, 18, 16), orientation="oblique")

    series = dicomvtk.as_series(volume, PatientID="PHANTOM")
    series.save(tmp_path / "out")

    again = dicomvtk.read(tmp_path / "out")
    assert again.geometry.is_close(volume.geometry)
    np.testing.assert_array_equal(again.array, volume.array)


def test_a_blank_series_of_a_shape(tmp_path: Path) -> None:
    series = dicomvtk.series((128, 192, 10), Modality="CT")

    assert series.ndarray().shape == (128, 192, 10)
    assert series[["Columns", "Rows", "Modality"]] == [128, 192, "CT"]
    for shape in (3, "abc", (2.5, 2, 3), (-1, 2, 3)):
        with pytest.raises(UnsupportedError, match=r"Cannot make a blank series of shape .*expected \(i, j, k\)"):
            dicomvtk.series(shape)
    series.set_ndarray(np.full((128, 192, 10), -7))
    series.save(tmp_path / "out")
    assert (dicomvtk.read(tmp_path / "out").array == -7).all()


def test_a_wrong_attribute_leaves_no_half_series(two_patients: Path) -> None:
    folder = dicomvtk.open_folder(two_patients)

    with pytest.raises(UnsupportedError, match="YYYYMMDD"):
        folder.studies[0].new_series(shape=(4, 4, 1), SeriesDate="yesterday")
    with pytest.raises(UnsupportedError, match="at most 16 capitals"):
        folder.series[0].copy_to(Modality="mr")

    assert folder.changes == []
    assert len(folder.series) == 8


def test_a_patient_without_images_is_not_written(tmp_path: Path) -> None:
    folder = dicomvtk.new_folder()
    patient = folder.new_patient(PatientName="Doe^Jane")
    study = patient.new_study(StudyDescription="to come")

    assert folder.patients == [patient]
    assert (patient.PatientName, study.StudyDescription) == (["Doe^Jane"], ["to come"])
    patient.PatientSex = "F"
    with pytest.raises(WriteError, match="it has no files"):
        folder.save(tmp_path / "out")
    series = study.new_series(shape=(4, 4, 1))
    assert (series.PatientSex, series.PatientName, series.StudyDescription) == ("F", "Doe^Jane", "to come")
    assert (series.study, series.patient) == (study, patient)


def test_what_is_saved_passes_a_validator(two_patients: Path) -> None:
    """dciodvfy finds no error in files whose patient and study were given here."""
    for file in sorted(two_patients.rglob("*.dcm"))[::7]:
        try:
            done = subprocess.run(["dciodvfy", str(file)], capture_output=True, text=True, check=False)
        except FileNotFoundError:
            pytest.skip("dciodvfy is not installed")
        assert "Error" not in done.stderr, done.stderr


@pytest.mark.parametrize("level", ["patients", "studies"])
def test_a_patient_or_study_is_deleted_with_all_its_series(two_patients: Path, level: str) -> None:
    folder = dicomvtk.open_folder(two_patients)
    gone, *rest = getattr(folder, level)
    files = gone.files

    gone.delete()
    assert getattr(folder, level) == rest
    folder.restore()
    assert getattr(folder, level) == [gone, *rest]
    gone.delete()
    folder.save()

    assert not any(file.exists() for file in files)
    assert len(dicomvtk.open_folder(two_patients).instances) == 24 - len(files)
    empty = folder.new_patient(PatientID="X")
    empty.delete()
    assert empty not in folder.patients


def test_what_is_no_place_for_a_series_is_refused(two_patients: Path) -> None:
    folder = dicomvtk.open_folder(two_patients)
    series = folder.series[0]

    for wrong in (folder, "P1", series):
        with pytest.raises(UnsupportedError, match="expected a study, or a patient"):
            series.copy_to(wrong)
        with pytest.raises(UnsupportedError, match="expected a study, or a patient"):
            series.move_to(wrong)
    with pytest.raises(UnsupportedError, match="Cannot merge None; expected a series"):
        series.merge(None)
    with pytest.raises(UnsupportedError, match="expected a series or a Volume"):
        series.map_to("other")
    assert folder.changes == []
