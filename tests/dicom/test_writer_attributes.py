"""Whose series it is: what the caller states, what a volume passes on, and what a derived series keeps."""

from __future__ import annotations

import datetime
import itertools
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

import dicomvtk
from dicomvtk import FrameSource, Geometry, NoDicomError, SeriesError, SeriesInfo, UnsupportedError, Volume
from dicomvtk.dicom.writer import WriteReport

SHAPE = (4, 3, 5)
ARRAY = np.arange(60, dtype=np.int16).reshape(SHAPE)
STUDY, SERIES, FRAME = "1.2.3.4.5", "1.2.3.4.5.6", "1.2.3.4.5.7"


def write(folder: Path, array: Any = ARRAY, **options: Any) -> WriteReport:
    return dicomvtk.write_series(array, folder, **{"modality": "CT", "spacing": (1, 1, 2), **options})


def first(folder: Path) -> Dataset:
    return pydicom.dcmread(min(folder.iterdir()))


def source_series(folder: Path, **changes: Any) -> None:
    """Write a small CT by pydicom alone: five slices 2 mm apart, of a patient with an umlaut in ISO 8859-1."""
    folder.mkdir()
    for k in range(5):
        dataset = Dataset()
        dataset.SpecificCharacterSet = "ISO_IR 100"
        dataset.SOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
        dataset.SOPInstanceUID = f"{SERIES}.{k + 1}"
        dataset.StudyInstanceUID, dataset.SeriesInstanceUID, dataset.FrameOfReferenceUID = STUDY, SERIES, FRAME
        dataset.PatientName, dataset.PatientID, dataset.PatientSex = "Müller^Jörg", "4711", "M"
        dataset.StudyDate, dataset.StudyTime, dataset.AccessionNumber = "20200102", "", "A1"
        dataset.StudyDescription, dataset.SeriesDescription, dataset.SeriesNumber = "Schädel", "Quelle", 3
        dataset.Modality, dataset.BodyPartExamined, dataset.PatientPosition = "CT", "HEAD", "FFS"
        dataset.Manufacturer, dataset.KVP, dataset.BurnedInAnnotation = "Scanner", 120, "YES"
        dataset.LossyImageCompression, dataset.LossyImageCompressionRatio = "01", 8
        dataset.LossyImageCompressionMethod = "ISO_10918_1"
        procedure = Dataset()
        procedure.CodeValue, procedure.CodingSchemeDesignator, procedure.CodeMeaning = "1", "99X", "Übersicht"
        procedure.add_new(0x00091001, "LO", "private")
        dataset.ProcedureCodeSequence = [procedure]
        dataset.add_new(0x00090010, "LO", "MAKER")
        dataset.add_new(0x00091001, "LO", "private")
        dataset.WindowCenter, dataset.WindowWidth, dataset.SmallestImagePixelValue = 1, 2, 0
        dataset["SmallestImagePixelValue"].VR = "US"
        dataset.ImagePositionPatient, dataset.ImageOrientationPatient = [0, 0, 2 * k], [1, 0, 0, 0, 1, 0]
        dataset.PixelSpacing, dataset.InstanceNumber, dataset.SliceThickness = [1, 1], k + 1, 2
        dataset.Rows, dataset.Columns, dataset.SamplesPerPixel = 3, 4, 1
        dataset.BitsAllocated = dataset.BitsStored = 16
        dataset.HighBit, dataset.PixelRepresentation, dataset.PhotometricInterpretation = 15, 0, "MONOCHROME2"
        dataset.PixelData = bytes(24)
        for keyword, value in changes.items():
            setattr(dataset, keyword, value(k) if callable(value) else value)
        dataset.file_meta = FileMetaDataset()
        dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        dataset.save_as(folder / f"s{k}.dcm", enforce_file_format=True)


@pytest.mark.parametrize("name", ["SeriesDescription", (0x0008, 0x103E), "0008,103e", "(0008,103E)", 0x0008103E])
def test_an_attribute_is_named_in_any_of_these_ways(name: Any, tmp_path: Path) -> None:
    write(tmp_path / "out", attributes={name: "smoothed – σ 2 mm"})

    assert first(tmp_path / "out").SeriesDescription == "smoothed – σ 2 mm"


def test_attributes_win_over_defaults_and_text_survives(tmp_path: Path) -> None:
    study = generate_uid()
    stated = {
        "PatientName": "Müller^Jörg=山田^太郎",
        "StudyInstanceUID": study,
        "ImageType": ("DERIVED", "PRIMARY", "AXIAL"),
        "KVP": 119.99999999999999,
        "ProcedureCodeSequence": [{"CodeValue": "1", "CodingSchemeDesignator": "99X", "CodeMeaning": "Übersicht"}],
        "BodyPartExamined": "KNEE",
        "Laterality": "L",
    }

    report = write(tmp_path / "out", attributes=stated)

    dataset = first(tmp_path / "out")
    assert dataset.PatientName == "Müller^Jörg=山田^太郎"
    assert dataset.StudyInstanceUID == report.study_uid == study
    assert list(dataset.ImageType) == ["DERIVED", "PRIMARY", "AXIAL"]
    assert dataset.KVP == 120
    assert dataset.ProcedureCodeSequence[0].CodeMeaning == "Übersicht"
    assert dataset.Laterality == "L"


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({}, ""),
        ({"BodyPartExamined": "HEAD"}, None),
        ({"BodyPartExamined": "KNEE"}, ""),
        ({"BodyPartExamined": "KNEE", "Laterality": "R"}, "R"),
    ],
)
def test_laterality_has_three_states(attributes: dict[str, str], expected: str | None, tmp_path: Path) -> None:
    write(tmp_path / "out", attributes=attributes)

    assert first(tmp_path / "out").get("Laterality") == expected


def test_slices_get_their_own_attributes(tmp_path: Path) -> None:
    write(tmp_path / "out", per_slice=lambda k: {"AcquisitionNumber": 10 + k, "0020,4000": f"slice {k}"})

    found = [pydicom.dcmread(path) for path in sorted((tmp_path / "out").iterdir())]
    assert [dataset.AcquisitionNumber for dataset in found] == [10, 11, 12, 13, 14]
    assert [dataset.ImageComments for dataset in found] == [f"slice {k}" for k in range(5)]


@pytest.mark.parametrize(
    ("attributes", "words"),
    [
        ({"SeriesDescripton": "x"}, "Unknown attribute 'SeriesDescripton'; expected a DICOM keyword"),
        ({(0x0009, 0x1001): "x"}, "Unknown attribute (9, 4097); expected"),
        ({"0008,9999": "x"}, "Unknown attribute '0008,9999'"),
        ({1.5: "x"}, "Unknown attribute 1.5"),
        ({"Rows": 3}, "Cannot set Rows (0028,0010) US: it follows from the voxels"),
        ({"PixelData": b""}, "Cannot set PixelData (7FE0,0010)"),
        ({"ImagePositionPatient": [0, 0, 0]}, "it follows from the geometry; use spacing=, origin= and direction="),
        (
            {"SOPInstanceUID": "1.2"},
            "Cannot set SOPInstanceUID (0008,0018) UI: each slice gets its own; per_slice= may give them",
        ),
        ({"Modality": "MR"}, "Cannot set Modality (0008,0060) CS: use modality="),
        ({"TransferSyntaxUID": "1.2"}, "only attributes of the dataset before its pixels"),
        ({"SeriesNumber": "two"}, "Cannot write SeriesNumber (0020,0011): the value 'two' does not fit its VR IS"),
        ({"KVP": float("nan")}, "Cannot write nan as a decimal string"),
        ({"SeriesInstanceUID": "not a uid"}, "Cannot write SeriesInstanceUID (0020,000E)"),
        ({"StudyDate": "yesterday"}, "Cannot write StudyDate (0008,0020)"),
        ({"SeriesDescription": ["a", "b"]}, "Cannot write SeriesDescription (0008,103E)"),
        ({"SeriesDescription": "x" * 65}, "Cannot write SeriesDescription (0008,103E)"),
        ({"ProcedureCodeSequence": ["x"]}, "Cannot write ProcedureCodeSequence (0008,1032)"),
    ],
)
def test_attributes_that_cannot_be_are_refused(attributes: dict[Any, Any], words: str, tmp_path: Path) -> None:
    with pytest.raises(UnsupportedError, match=re.escape(words)):
        write(tmp_path / "out", attributes=attributes)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("keyword", ["PatientID", "StudyInstanceUID", "FrameOfReferenceUID", "SeriesDescription"])
def test_what_a_series_shares_cannot_differ_between_slices(keyword: str, tmp_path: Path) -> None:
    with pytest.raises(UnsupportedError, match=rf"per_slice\(0\) gives {keyword} .*use attributes="):
        write(tmp_path / "out", per_slice=lambda k: {keyword: f"1.{k}"})
    assert list(tmp_path.iterdir()) == []


def test_who_was_scanned_is_not_passed_on_unasked(tmp_path: Path) -> None:
    info = SeriesInfo(
        uid=SERIES, modality="CT", patient_name="Doe^Jane", patient_id="4711", study_uid=STUDY, study_description="x"
    )
    volume = Volume(ARRAY, Geometry(SHAPE), info)

    numbers = itertools.count(1)  # random digits might happen to be those that are looked for
    known = {"uids": lambda: f"1.2.{next(numbers)}", "now": datetime.datetime(2020, 1, 2)}
    dicomvtk.write_series(volume, tmp_path / "read", **known)
    dicomvtk.write_series(replace(volume, info=replace(info, uid="")), tmp_path / "made")

    read, made = first(tmp_path / "read"), first(tmp_path / "made")
    assert (read.PatientName, made.PatientName, made.PatientID) == ("Anonymous^Patient", "Doe^Jane", "4711")
    assert read.PatientID.startswith("ANON-")
    assert STUDY not in (read.StudyInstanceUID, made.StudyInstanceUID)
    for text in (b"Doe", b"4711", SERIES.encode()):
        assert text not in min((tmp_path / "read").iterdir()).read_bytes()


def test_text_of_a_volume_is_cut_to_what_fits(tmp_path: Path) -> None:
    info = SeriesInfo(modality="CT", description="a\\b\n" + 80 * "c", patient_name=80 * "d")

    dicomvtk.write_series(Volume(ARRAY, Geometry(SHAPE), info), tmp_path / "out")

    dataset = first(tmp_path / "out")
    assert dataset.SeriesDescription == "a/b " + 60 * "c"
    assert dataset.PatientName == 64 * "d"


@pytest.mark.parametrize("kind", ["folder", "file", "volume", "entry"])
def test_derived_series_keeps_patient_study_and_space(kind: str, tmp_path: Path) -> None:
    source_series(tmp_path / "source")
    files = tuple(FrameSource(str(path)) for path in sorted((tmp_path / "source").iterdir()))
    likes = {
        "folder": lambda: tmp_path / "source",
        "file": lambda: str(tmp_path / "source" / "s0.dcm"),
        "volume": lambda: Volume(ARRAY, Geometry(SHAPE), SeriesInfo(uid=SERIES, sources=files)),
        "entry": lambda: dicomvtk.find_series(tmp_path / "source")[0],
    }

    report = write(tmp_path / "out", modality=None, like=likes[kind]())

    dataset = first(tmp_path / "out")
    assert report.sop_class == "CT Image Storage", "the modality is the source's"
    kept = {
        "PatientName": "Müller^Jörg",
        "PatientID": "4711",
        "PatientSex": "M",
        "StudyInstanceUID": STUDY,
        "StudyDate": "20200102",
        "StudyTime": "",
        "AccessionNumber": "A1",
        "StudyDescription": "Schädel",
        "FrameOfReferenceUID": FRAME,
        "BodyPartExamined": "HEAD",
        "PatientPosition": "FFS",
        "BurnedInAnnotation": "YES",
        "LossyImageCompression": "01",
        "LossyImageCompressionMethod": "ISO_10918_1",
        "KVP": 120,
    }
    assert {keyword: dataset[keyword].value for keyword in kept} == kept
    assert dataset.ProcedureCodeSequence[0].CodeMeaning == "Übersicht"
    assert (dataset.SeriesInstanceUID, dataset.SOPInstanceUID, dataset.SeriesNumber) != (SERIES, f"{SERIES}.1", 3)
    assert dataset.SeriesNumber == 1003
    assert dataset.Manufacturer == "dicomvtk"
    assert list(dataset.ImageType)[:2] == ["DERIVED", "SECONDARY"]
    assert dataset.DerivationDescription
    assert "SmallestImagePixelValue" not in dataset
    assert not [element for element in dataset.iterall() if element.tag.is_private]


def test_every_slice_refers_to_its_nearest_source(tmp_path: Path) -> None:
    source_series(tmp_path / "source")

    write(
        tmp_path / "out",
        np.zeros((4, 3, 3), np.int16),
        spacing=(1, 1, 2.9),
        origin=(7, 8, 1.9),
        like=tmp_path / "source",
    )

    found = [pydicom.dcmread(path) for path in sorted((tmp_path / "out").iterdir())]
    references = [dataset.SourceImageSequence[0].ReferencedSOPInstanceUID for dataset in found]
    assert references == [f"{SERIES}.2", f"{SERIES}.3", f"{SERIES}.5"]  # at 1.9, 4.8 and 7.7 mm of 0, 2, 4, 6, 8
    assert found[0].SourceImageSequence[0].PurposeOfReferenceCodeSequence[0].CodeValue == "121322"
    series = found[0].ReferencedSeriesSequence[0]
    assert series.SeriesInstanceUID == SERIES
    assert series.ReferencedInstanceSequence[0].ReferencedSOPInstanceUID == f"{SERIES}.2"


def test_array_takes_the_grid_of_a_volume_it_is_like(tmp_path: Path) -> None:
    source_series(tmp_path / "source")
    volume = dicomvtk.read(tmp_path / "source")

    dicomvtk.write_series(volume.array * 2, tmp_path / "out", like=volume)

    again = dicomvtk.read(tmp_path / "out")
    assert again.geometry.is_close(volume.geometry, 1e-9)
    assert again.info.modality == "CT"


def test_history_is_the_derivation(tmp_path: Path) -> None:
    source_series(tmp_path / "source")
    volume = dicomvtk.read(tmp_path / "source")
    halved = volume.with_array(volume.array * np.float32(0.5) + np.linspace(0, 1, 5), step="halved and sloped")

    dicomvtk.write_series(halved, tmp_path / "out", like=volume)

    assert re.search(r"halved and sloped; Values from .* quantised", first(tmp_path / "out").DerivationDescription)


def test_frame_of_reference_that_differs_from_slice_to_slice_is_not_kept(tmp_path: Path) -> None:
    source_series(tmp_path / "source", FrameOfReferenceUID=lambda k: f"{FRAME}.{k}")

    write(tmp_path / "out", like=tmp_path / "source")

    found = {pydicom.dcmread(path).FrameOfReferenceUID for path in (tmp_path / "out").iterdir()}
    assert len(found) == 1
    assert not any(uid.startswith(FRAME) for uid in found)


def test_acquisition_that_differs_between_slices_is_not_kept(tmp_path: Path) -> None:
    source_series(tmp_path / "source", KVP=lambda k: 100 + k)

    write(tmp_path / "out", like=tmp_path / "source")

    assert first(tmp_path / "out").KVP is None


def test_several_series_to_be_like_are_refused(tmp_path: Path) -> None:
    source_series(tmp_path / "source", SeriesInstanceUID=lambda k: f"{SERIES}.9{k % 2}")

    with pytest.raises(SeriesError, match=r"it holds 2 series \(1.2.3.4.5.6.90, 1.2.3.4.5.6.91\)"):
        write(tmp_path / "out", like=tmp_path / "source")


def test_nothing_to_be_like_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "note.txt").write_text("x")

    with pytest.raises(NoDicomError, match="no DICOM image found there"):
        write(tmp_path / "out", like=tmp_path / "empty")
    with pytest.raises(NoDicomError, match="no such file or folder"):
        write(tmp_path / "out", like=tmp_path / "absent")
    with pytest.raises(SeriesError, match="was not read from DICOM"):
        write(tmp_path / "out", like=Volume(ARRAY))


def test_an_array_takes_the_grid_of_a_path_it_is_like_or_is_refused(tmp_path: Path) -> None:
    made = dicomvtk.phantom((16, 12, 8), orientation="oblique")
    dicomvtk.write_series(made, tmp_path / "source")
    dicomvtk.write_series(made.array + 1, tmp_path / "out", like=tmp_path / "source")
    again = dicomvtk.read(tmp_path / "out")
    assert again.geometry.is_close(made.geometry, 1e-3)
    np.testing.assert_array_equal(again.array, made.array + 1)
    with pytest.raises(dicomvtk.GeometryError, match=r"shape \(16, 12, 7\) like a series of \(16, 12, 8\)"):
        dicomvtk.write_series(made.array[:, :, :7], tmp_path / "no", like=tmp_path / "source")
    assert not (tmp_path / "no").exists()


@pytest.mark.parametrize("keyword", ["PatientAge", "ReferringPhysicianName", "InstitutionAddress"])
def test_no_slice_has_a_patient_or_a_place_of_its_own(keyword: str, tmp_path: Path) -> None:
    with pytest.raises(UnsupportedError, match=rf"per_slice\(0\) gives {keyword} .*which all slices of a series share"):
        write(tmp_path / "out", per_slice=lambda k: {keyword: "050Y"})


def test_what_per_slice_gives_must_be_attributes(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedError, match=r"per_slice\(0\) gives 5; expected attributes by keyword"):
        write(tmp_path / "out", per_slice=lambda k: k + 5)
