"""Read, process, write: whose it is and where it lies stays, what was done is said, and nobody is named unasked."""

from __future__ import annotations

import datetime
import itertools
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.pixels import apply_voi_lut

import dicomvtk
from dicomvtk import Geometry, Volume
from dicomvtk.processing.grid import pad, permute
from dicomvtk.processing.intensity import threshold
from dicomvtk.processing.projection import project
from dicomvtk.processing.resample import resample

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


def resampled(volume: Volume) -> Volume:
    return resample(volume, 3.0)


def turned(volume: Volume) -> Volume:
    return permute(volume, (2, 1, 0))


def padded(volume: Volume) -> Volume:
    return pad(volume, (0, 0, 1), (0, 0, 1), value=-1000)


@pytest.mark.parametrize("made", [resampled, turned, padded, project], ids=lambda made: made.__name__)
def test_slices_that_no_file_holds_any_more_are_still_of_that_patient(
    made: Callable[[Volume], Volume], source: Volume, tmp_path: Path
) -> None:
    dicomvtk.write_series(made(source), tmp_path / "out")

    new, old = first(tmp_path / "out"), first(tmp_path / "source")
    for keyword in ("StudyInstanceUID", "FrameOfReferenceUID", "PatientID"):
        assert new[keyword].value == old[keyword].value, keyword
    uids = {pydicom.dcmread(path).SOPInstanceUID for path in (tmp_path / "source").glob("*.dcm")}
    assert set(sources_of(new)) <= uids


@pytest.mark.filterwarnings("ignore::dicomvtk.DicomVtkWarning")
def test_slices_invented_in_a_gap_are_of_the_patient_of_the_others(source: Volume, tmp_path: Path) -> None:
    (tmp_path / "source" / "IM0003.dcm").unlink()

    dicomvtk.write_series(dicomvtk.read(tmp_path / "source", fix={"gap"}), tmp_path / "out")

    new, old = pydicom.dcmread(tmp_path / "out" / "IM0003.dcm"), first(tmp_path / "source")
    assert new.StudyInstanceUID == old.StudyInstanceUID
    neighbours = [pydicom.dcmread(tmp_path / "source" / f"IM000{n}.dcm").SOPInstanceUID for n in (2, 4)]
    assert set(sources_of(new)) == set(neighbours)


def pet(folder: Path) -> Volume:
    """Return a PET read from DICOM, in Bq/ml, of 70 kg and 370 MBq given at the time of the scan."""
    agent = {
        "RadionuclideTotalDose": 3.7e8,
        "RadionuclideHalfLife": 6588,
        "RadiopharmaceuticalStartTime": "120000",
    }
    dicomvtk.write_series(
        np.arange(1920, dtype=np.float32).reshape(SHAPE) * 10,
        folder,
        modality="PT",
        spacing=(4, 4, 4),
        now=datetime.datetime(2026, 3, 1, 12),
        attributes={
            "Units": "BQML",
            "DecayCorrection": "START",
            "DecayFactor": 1,
            "FrameReferenceTime": 0,
            "PatientWeight": 70,
            "AcquisitionDate": "20260301",
            "AcquisitionTime": "120000",
            "RadiopharmaceuticalInformationSequence": [agent],
        },
    )
    return dicomvtk.read(folder)


def test_standard_uptake_values_are_not_called_becquerels(tmp_path: Path) -> None:
    report = dicomvtk.write_series(dicomvtk.to_suv(pet(tmp_path / "pet")), tmp_path / "suv")

    assert report.sop_class == "Positron Emission Tomography Image Storage"
    assert first(tmp_path / "suv").Units == "GML"  # by body weight where no SUVType says otherwise (C.8.9.1.1.3)
    assert dicomvtk.read(tmp_path / "suv").info.unit == "GML"


def test_a_mask_of_a_pet_is_no_pet(tmp_path: Path) -> None:
    report = dicomvtk.write_series(threshold(pet(tmp_path / "pet"), 100), tmp_path / "mask")

    assert report.sop_class == "Secondary Capture Image Storage"
    assert "Units" in report.note
    assert "Units" not in first(tmp_path / "mask")


def test_uids_that_begin_again_do_not_make_the_source_a_second_time(tmp_path: Path) -> None:
    def numbered() -> Callable[[], str]:
        numbers = itertools.count(1)
        return lambda: f"1.2.3.{next(numbers)}"

    dicomvtk.write_series(dicomvtk.phantom(SHAPE), tmp_path / "source", uids=numbered())

    with pytest.raises(dicomvtk.UnsupportedError, match="already that of an object of the source"):
        dicomvtk.write_series(dicomvtk.read(tmp_path / "source"), tmp_path / "out", uids=numbered())
    assert not (tmp_path / "out").exists()


def test_a_series_that_is_that_of_the_source_is_refused(source: Volume, tmp_path: Path) -> None:
    with pytest.raises(dicomvtk.UnsupportedError, match=f"SeriesInstanceUID {source.info.uid}"):
        dicomvtk.write_series(source, tmp_path / "out", attributes={"SeriesInstanceUID": source.info.uid})


def test_a_mask_is_not_shown_in_the_window_of_what_it_was_made_of(tmp_path: Path) -> None:
    window = {"WindowCenter": -450, "WindowWidth": 2000}
    dicomvtk.write_series(dicomvtk.phantom(SHAPE), tmp_path / "source", attributes=window)
    source = dicomvtk.read(tmp_path / "source")

    dicomvtk.write_series(source.with_array((source.array > 0).astype(np.uint8)), tmp_path / "mask")
    dicomvtk.write_series(source.with_array(source.array // 2), tmp_path / "half")

    mask, half = pydicom.dcmread(tmp_path / "mask" / "IM0003.dcm"), first(tmp_path / "half")
    assert set(np.unique(apply_voi_lut(mask.pixel_array, mask))) == {0, 65535}  # pydicom's own: black and white
    assert (half.WindowCenter, half.WindowWidth) == (-450, 2000)
