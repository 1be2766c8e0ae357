"""Read, process, write: whose it is and where it lies stays, what was done is said, and nobody is named unasked."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest

import dicomvtk
from dicomvtk import Geometry, Volume

SHAPE = (16, 20, 6)


@pytest.fixture
def source(tmp_path: Path) -> Volume:
    """Return a phantom read from DICOM, of a scanner and a body part."""
    facts = {"BodyPartExamined": "HEAD", "Manufacturer": "Scanner Works", "SeriesDescription": "head", "KVP": 120}
    dicomvtk.write_series(dicomvtk.phantom(SHAPE), tmp_path / "source", attributes=facts)
    return dicomvtk.read(tmp_path / "source")


def first(folder: Path) -> pydicom.Dataset:
    return pydicom.dcmread(folder / "IM0001.dcm")


def sources_of(dataset: pydicom.Dataset) -> list[str]:
    return [item.ReferencedSOPInstanceUID for item in dataset.SourceImageSequence]


def test_what_was_read_is_derived_from_its_files(source: Volume, tmp_path: Path) -> None:
    smooth = source.with_array(source.array // 2, step="gaussian, sigma 1 mm")

    dicomvtk.write_series(smooth, tmp_path / "out")

    made, old = first(tmp_path / "out"), first(tmp_path / "source")
    for keyword in ("StudyInstanceUID", "FrameOfReferenceUID", "PatientName", "PatientID", "KVP", "BodyPartExamined"):
        assert made[keyword].value == old[keyword].value, keyword
    for keyword in ("SeriesInstanceUID", "SOPInstanceUID", "SeriesDescription", "SeriesNumber"):
        assert made[keyword].value != old[keyword].value, keyword
    assert made.SeriesDescription == "head (gaussian, sigma 1 mm)"
    assert made.DerivationDescription.startswith("gaussian, sigma 1 mm")
    assert [code.CodeMeaning for code in made.DerivationCodeSequence] == ["Gaussian blur"]
    used = {item.PurposeOfReferenceCodeSequence[0].CodeValue: item for item in made.ContributingEquipmentSequence}
    assert (used["109101"].Manufacturer, used["109102"].Manufacturer) == ("Scanner Works", "dicomvtk")
    assert sources_of(made) == [old.SOPInstanceUID]


def test_nobody_is_named_where_that_is_asked(source: Volume, tmp_path: Path) -> None:
    dicomvtk.write_series(source, tmp_path / "out", like=False)

    made, old = first(tmp_path / "out"), first(tmp_path / "source")
    assert made.PatientName == "Anonymous^Patient"
    assert made.StudyInstanceUID != old.StudyInstanceUID
    raw = (tmp_path / "out" / "IM0001.dcm").read_bytes()
    for uid in (old.StudyInstanceUID, old.SeriesInstanceUID, old.SOPInstanceUID, old.FrameOfReferenceUID):
        assert uid.encode() not in raw


def test_files_that_are_gone_are_told(source: Volume, tmp_path: Path) -> None:
    shutil.rmtree(tmp_path / "source")
    report = dicomvtk.write_series(source, tmp_path / "out")
    assert "the files it was read from are gone" in str(report)


def test_a_slice_between_two_images_names_both(source: Volume, tmp_path: Path) -> None:
    grid = source.geometry
    middle = Geometry(SHAPE, grid.spacing, tuple(grid.index_to_physical((0, 0, 0.5))), grid.direction)
    moved = source.with_array(source.array, middle, step="resampled")

    dicomvtk.write_series(moved, tmp_path / "out")

    uids = [pydicom.dcmread(path).SOPInstanceUID for path in sorted((tmp_path / "source").iterdir())]
    assert set(sources_of(first(tmp_path / "out"))) == {uids[0], uids[1]}
    assert first(tmp_path / "out").DerivationCodeSequence[0].CodeValue == "113085"


def test_a_slice_across_all_images_names_all(source: Volume, tmp_path: Path) -> None:
    turned = source.with_array(source.array.transpose(0, 2, 1), source.geometry.permuted((0, 2, 1)))
    dicomvtk.write_series(turned, tmp_path / "out")
    assert len(set(sources_of(first(tmp_path / "out")))) == SHAPE[2]


@pytest.mark.parametrize("change", ["origin", "direction", "other space"])
def test_another_space_has_another_frame_of_reference(change: str, source: Volume, tmp_path: Path) -> None:
    options = {"origin": {"origin": (1, 2, 3)}, "direction": {"direction": -np.eye(3)[[1, 0, 2]]}}.get(change, {})
    volume = source
    if change == "other space":
        volume = replace(source, info=replace(source.info, frame_of_reference_uid="1.2.3"))

    dicomvtk.write_series(volume, tmp_path / "out", like=source, **options)

    made, old = first(tmp_path / "out"), first(tmp_path / "source")
    assert made.StudyInstanceUID == old.StudyInstanceUID
    assert made.FrameOfReferenceUID != old.FrameOfReferenceUID


def test_marks_of_the_source_that_no_longer_hold_are_dropped(source: Volume, tmp_path: Path) -> None:
    for path in (tmp_path / "source").iterdir():
        dataset = pydicom.dcmread(path)
        dataset.add_new(0x00091010, "LO", "private")
        dataset.add_new(0x60003000, "OW", b"\0\0")
        dataset.add_new("SmallestImagePixelValue", "SS", 0)
        dataset.add_new("PixelPaddingValue", "SS", -2000)
        dataset.PatientIdentityRemoved, dataset.DeidentificationMethod = "YES", "by hand"
        dataset.save_as(path)

    dicomvtk.write_series(source, tmp_path / "out")

    made = first(tmp_path / "out")
    assert not [element for element in made if element.tag.is_private or element.tag.group == 0x6000]
    assert "SmallestImagePixelValue" not in made
    assert "PixelPaddingValue" not in made
    assert (made.PatientIdentityRemoved, made.DeidentificationMethod) == ("YES", "by hand")
