"""``convert`` of many volumes: their names, what fails, what exists already, and what goes beside them."""

from __future__ import annotations

import json
from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest

import dicomvtk
from dicomvtk import formats
from dicomvtk.cli import main
from dicomvtk.dicom import reader

SHAPE = (24, 20, 8)


def run(*argv: object) -> int:
    """Return the exit code of a command line run in this process."""
    with pytest.raises(SystemExit) as ended:
        main([str(word) for word in argv])
    return int(ended.value.code or 0)


@pytest.fixture
def studies(tmp_path: Path) -> list[Path]:
    """Two folders: one of two series, one of one, and the last as NIfTI too."""
    folders = [tmp_path / "first", tmp_path / "second"]
    for folder, number in ((folders[0] / "a", 3), (folders[0] / "b", 4), (folders[1], 3)):
        attributes = {"SeriesNumber": number, "SeriesDescription": f"so/called {number}", "PatientID": folder.name}
        dicomvtk.write_series(dicomvtk.phantom(SHAPE), folder, attributes=attributes)
    dicomvtk.write(dicomvtk.phantom(SHAPE), tmp_path / "third.nrrd")
    return [*folders, tmp_path / "third.nrrd"]


def names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_all_volumes_of_many_inputs_get_names_of_their_own(studies: list[Path], tmp_path: Path) -> None:
    assert run("convert", *studies, tmp_path / "out", "--to", ".nii.gz") == 0
    assert names(tmp_path / "out") == ["first_3.nii.gz", "first_4.nii.gz", "second_3.nii.gz", "third_third.nii.gz"]
    expected = dicomvtk.phantom(SHAPE)
    for name in names(tmp_path / "out"):
        image = nibabel.load(tmp_path / "out" / name)
        np.testing.assert_array_equal(np.asarray(image.dataobj), expected.array)
        np.testing.assert_allclose(image.affine, np.diag([-1, -1, 1, 1]) @ expected.affine, atol=1e-3)


def test_a_template_names_files_and_folders_and_never_leads_out(studies: list[Path], tmp_path: Path) -> None:
    template = "{PatientID}/{SeriesNumber:03}_{SeriesDescription}.nrrd"
    assert run("convert", *studies[:2], tmp_path / "out", "--template", template) == 0
    assert names(tmp_path / "out") == [
        "a/003_so_called 3.nrrd",
        "b/004_so_called 4.nrrd",
        "second/003_so_called 3.nrrd",
    ]
    assert run("convert", *studies[:2], tmp_path / "same", "--template", "{Modality}.mha") == 0
    assert names(tmp_path / "same") == ["CT-2.mha", "CT-3.mha", "CT.mha"]


def test_series_all_takes_every_series_into_dicom_folders(studies: list[Path], tmp_path: Path) -> None:
    assert run("convert", studies[0], tmp_path / "out", "--series", "all", "--to", "dicom") == 0
    folders = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert folders == ["3", "4"]
    for folder in folders:
        np.testing.assert_array_equal(dicomvtk.read(tmp_path / "out" / folder).array, dicomvtk.phantom(SHAPE).array)


def test_one_that_fails_is_named_and_the_others_are_whole(
    studies: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    assert run("convert", studies[1], tmp_path / "empty", studies[2], tmp_path / "out", "--to", ".nii") == 3
    assert names(tmp_path / "out") == ["second_3.nii", "third_third.nii"]
    assert f"No DICOM image in {tmp_path / 'empty'}" in capsys.readouterr().err
    assert run("convert", tmp_path / "empty", tmp_path / "missing", tmp_path / "none", "--to", ".nii") == 1


def test_what_exists_is_refused_kept_or_replaced_as_told(studies: list[Path], tmp_path: Path) -> None:
    target = tmp_path / "out" / "first_3.nii"
    target.parent.mkdir()
    target.write_text("from before")
    many = ["convert", *studies[:2], tmp_path / "out", "--to", ".nii"]
    assert run(*many) == 3
    assert target.read_text() == "from before"
    assert names(tmp_path / "out") == ["first_3.nii", "first_4.nii", "second_3.nii"]
    (tmp_path / "out" / "second_3.nii").unlink()
    assert run(*many, "--resume") == 0
    assert target.read_text() == "from before"
    assert names(tmp_path / "out") == ["first_3.nii", "first_4.nii", "second_3.nii"]
    assert run(*many, "--overwrite") == 0
    assert nibabel.load(target).shape == SHAPE
    assert run(*many, "--overwrite", "--resume") == 2


def test_several_inputs_without_a_format_are_a_matter_of_usage(studies: list[Path], tmp_path: Path) -> None:
    assert run("convert", *studies, tmp_path / "out") == 2
    assert run("convert", *studies, tmp_path / "out", "--to", ".nii", "--template", "{key}.mha") == 2
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz", ".nrrd", ".mha"])
def test_what_is_written_while_it_is_read_is_the_same_file(suffix: str, studies: list[Path], tmp_path: Path) -> None:
    formats.save(dicomvtk.read(studies[1]), tmp_path / f"whole{suffix}")
    stream = reader.stream(studies[1])
    assert stream is not None
    formats.save_stream(stream, tmp_path / f"streamed{suffix}")
    assert (tmp_path / f"streamed{suffix}").read_bytes() == (tmp_path / f"whole{suffix}").read_bytes()


def test_values_wider_than_the_headers_let_expect_are_converted_all_the_same(
    studies: list[Path], tmp_path: Path
) -> None:
    """16 stored bits and an intercept may need 17; whether they do, the last slice says here."""
    paths = sorted(studies[1].glob("*.dcm"))
    for path in paths:
        data_set = pydicom.dcmread(path)
        pixels = np.zeros(SHAPE[1::-1], np.uint16)
        pixels[0, 0] = 65535 if path == paths[-1] else 7
        data_set.BitsStored, data_set.HighBit, data_set.PixelRepresentation = 16, 15, 0
        data_set.RescaleIntercept, data_set.RescaleSlope = -1024, 1
        for keyword in ("SmallestImagePixelValue", "LargestImagePixelValue", "PixelPaddingValue"):
            data_set.pop(keyword, None)
        data_set.PixelData = pixels.tobytes()
        data_set.save_as(path)
    assert run("convert", studies[1], tmp_path / "wide.nii.gz") == 0
    values = np.asarray(nibabel.load(tmp_path / "wide.nii.gz").dataobj)
    assert (values.min(), values.max(), values[0, 0, 0]) == (-1024, 64511, -1017)


def test_the_sidecar_names_nobody_unless_asked(studies: list[Path], tmp_path: Path) -> None:
    assert run("convert", studies[1], tmp_path / "a.v1.nii.gz", "--sidecar") == 0
    told = json.loads((tmp_path / "a.v1.json").read_text())
    assert (told["Modality"], told["SeriesNumber"], told["ConversionSoftware"]) == ("CT", 3, "dicomvtk")
    header = pydicom.dcmread(next(studies[1].glob("*.dcm")))
    text = (tmp_path / "a.v1.json").read_text()
    for keyword in ("PatientName", "PatientID", "StudyInstanceUID", "SeriesInstanceUID", "StudyDate"):
        assert str(header[keyword].value) not in text
    assert run("convert", studies[1], tmp_path / "b.nii.gz", "--sidecar", "--identifiers") == 0
    told = json.loads((tmp_path / "b.json").read_text())
    assert told["PatientID"] == str(header.PatientID)
    assert told["SeriesInstanceUID"] == str(header.SeriesInstanceUID)
    assert run("convert", studies[2], tmp_path / "c.nii.gz", "--sidecar") == 1
    assert not (tmp_path / "c.nii.gz").exists()
