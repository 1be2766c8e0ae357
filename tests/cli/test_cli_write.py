"""``dicomvtk write``: arrays become series that SimpleITK reads, and what cannot is told in one line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK

import dicomvtk
from dicomvtk.cli import main

SHAPE = (3, 4, 5)
SPACING = (2.5, 3.5, 4.5)


def run(*words: object) -> int:
    with pytest.raises(SystemExit) as end:
        main([str(word) for word in words])
    return int(end.value.code or 0)


@pytest.fixture
def array(tmp_path: Path) -> Path:
    np.save(tmp_path / "a.npy", np.arange(60).reshape(SHAPE))
    return tmp_path / "a.npy"


@pytest.mark.parametrize("dtype", ["int16", "float64"])
def test_one_line_does_the_job_of_the_simpleitk_script(dtype: str, array: Path, tmp_path: Path) -> None:
    assert run("write", array, tmp_path / "out", "--spacing", "2.5,3.5,4.5", "--dtype", dtype, "--modality", "CT") == 0

    image = SimpleITK.ReadImage(SimpleITK.ImageSeriesReader.GetGDCMSeriesFileNames(str(tmp_path / "out")))
    np.testing.assert_allclose(image.GetSpacing(), SPACING, rtol=0, atol=1e-12)
    np.testing.assert_array_equal(SimpleITK.GetArrayFromImage(image).T, np.load(array))


def test_what_was_written_is_told(array: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("write", array, tmp_path / "out", "--spacing", "1,1,1", "--modality", "MR") == 0
    told = capsys.readouterr().out
    assert told == f"5 files of MR Image Storage (MR, int16, exact) in {tmp_path / 'out'}\n"


def test_place_and_attributes_are_written(array: Path, tmp_path: Path) -> None:
    words = ["--spacing", "1,2,3", "--origin", "-10,20,30.5", "--direction", "0,0,1,1,0,0,0,1,0", "--modality", "MR"]
    named = ["--attribute", "SeriesDescription=made", "--attribute", "0018,1030=protocol", "--uid-root", "1.2.3.4"]
    assert run("write", array, tmp_path / "out", *words, *named, "--compress", "rle", "--verify") == 0

    dataset = pydicom.dcmread(tmp_path / "out" / "IM0001.dcm")
    assert list(dataset.ImagePositionPatient) == [-10, 20, 30.5]
    assert list(dataset.ImageOrientationPatient) == [0, 1, 0, 0, 0, 1]
    assert (dataset.SeriesDescription, dataset.ProtocolName) == ("made", "protocol")
    assert dataset.SeriesInstanceUID.startswith("1.2.3.4.")
    assert dataset.file_meta.TransferSyntaxUID == "1.2.840.10008.1.2.5"


def test_further_dimensions_by_name(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.arange(120, dtype=np.int16).reshape(*SHAPE, 2))
    words = ["--spacing", "1,1,2", "--modality", "MR", "--axis", "EchoTime=5,10.5"]
    assert run("write", tmp_path / "a.npy", tmp_path / "out", *words) == 0
    volume = dicomvtk.read(tmp_path / "out")
    assert volume.axes[0].values == (5.0, 10.5)
    np.testing.assert_array_equal(volume.array, np.load(tmp_path / "a.npy"))


def test_like_gives_grid_patient_and_study(tmp_path: Path) -> None:
    source = dicomvtk.write_series(dicomvtk.phantom((8, 9, 5)), tmp_path / "source")
    np.save(tmp_path / "a.npy", np.ones((8, 9, 5), np.int16))
    assert run("write", tmp_path / "a.npy", tmp_path / "out", "--like", tmp_path / "source") == 0
    volume = dicomvtk.read(tmp_path / "out")
    assert volume.info.study_uid == source.study_uid
    assert volume.geometry.is_close(dicomvtk.read(tmp_path / "source").geometry, 1e-9)


def test_dicomdir_lists_the_images(array: Path, tmp_path: Path) -> None:
    assert run("write", array, tmp_path / "out", "--spacing", "1,1,1", "--modality", "CT", "--dicomdir") == 0
    listed = pydicom.fileset.FileSet(tmp_path / "out" / "DICOMDIR")
    assert len(listed) == 5
    np.testing.assert_array_equal(dicomvtk.read(tmp_path / "out").array, np.load(array))


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["--dtype", "int12"], 2, "'int12' is not one of 'bool', 'uint8'"),
        (["--compress", "zip"], 2, "'rle', 'jpegls', 'j2k', 'htj2k'"),
        (["--spacing", "1,2"], 2, "expected 3 numbers above 0"),
        (["--attribute", "novalue"], 2, "expected NAME=VALUE"),
        (["--attribute", "Nonsense=1"], 1, "Unknown attribute 'Nonsense'"),
        (["--axis", "EchoTime=1,2"], 1, "does not fit the axes [('EchoTime', 2)]"),
        (["--dtype", "uint8", "--fill", "0"], 0, ""),
    ],
)
def test_mistakes_are_told_in_one_line(
    words: list[str], code: int, told: str, array: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("write", array, tmp_path / "out", *words) == code
    assert told in capsys.readouterr().err
    assert (tmp_path / "out").exists() == (code == 0)


@pytest.mark.parametrize(
    ("made", "told"),
    [
        (np.zeros(7), r"array of shape (7,)"),
        (np.zeros((2, 2, 2, 2, 2)), "array of shape (2, 2, 2, 2, 2)"),
        (np.zeros((2, 2, 2), complex), "complex128"),
        (np.array([[0.0, np.nan]]), "1 of 2 values as DICOM: they are NaN or infinite"),
        (np.array([[0.0, np.nan]]), "--fill"),
        (np.zeros((2, 2, 2, 2)), "--axis"),
    ],
)
def test_arrays_that_are_no_volume(
    made: np.ndarray, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    np.save(tmp_path / "a.npy", made)
    assert run("write", tmp_path / "a.npy", tmp_path / "out") == 1
    assert told in capsys.readouterr().err


def test_values_that_do_not_fit_the_dtype(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.save(tmp_path / "a.npy", np.array([[0.5, 300.0]]))
    assert run("write", tmp_path / "a.npy", tmp_path / "out", "--dtype", "uint8") == 1
    assert "float64 values from 0.5 to 300.0 to uint8 without loss" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["absent.npy", "text.npy", "a.txt"])
def test_files_that_are_no_array(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if name != "absent.npy":
        (tmp_path / name).write_text("hello")
    assert run("write", tmp_path / name, tmp_path / "out") == 1
    assert "Cannot read" in capsys.readouterr().err
