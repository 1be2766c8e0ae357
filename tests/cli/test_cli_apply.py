"""A user's function over series: what comes out, where, and what is said when it fails."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK

import dicomvtk
from dicomvtk.cli import main

SCRIPT = '''
import numpy as np
from dicomvtk import Volume
from dicomvtk.processing.resample import isotropic

def halved(array, by=2):
    """An array in, an array out."""
    return array // by

def cubes(volume: Volume, mm: float = 4.0) -> Volume:
    return isotropic(volume, mm)

def cut(values):
    return values[1:]

def fails_on_small(volume):
    if volume.shape[2] < 10:
        raise KeyError("too small")
    return volume.with_array(volume.array + 1, step="plus one")

def holes(array):
    return np.where(array > 0, array, np.nan)

def leaves(array):
    raise SystemExit(7)

def text(array):
    return "no array"
'''


def run(*argv: object) -> int:
    with pytest.raises(SystemExit) as ended:
        main([str(word) for word in argv])
    return int(ended.value.code or 0)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("apply")
    (folder / "script.py").write_text(SCRIPT)
    for number, slices in ((1, 8), (2, 12)):
        attributes = {"SeriesNumber": number, "SeriesDescription": f"head {number}", "PatientID": "P1"}
        dicomvtk.write_series(dicomvtk.phantom((24, 20, slices)), folder / "in" / str(number), attributes=attributes)
    return folder


def test_an_array_function_makes_a_derived_series(place: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert run("apply", f"{place}/script.py:halved", place / "in" / "1", out, "--arg", "by=4") == 0

    source, made = dicomvtk.read(place / "in" / "1"), dicomvtk.read(out)
    np.testing.assert_array_equal(made.array, source.array // 4)
    assert made.geometry.is_close(source.geometry, 1e-6)
    header = dicomvtk.header(made)
    assert header.SeriesDescription == "script.py:halved head 1"
    assert header.PatientID == "P1"
    assert header.StudyInstanceUID == source.info.study_uid
    assert header.SeriesInstanceUID != source.info.uid
    assert header.ImageType[0] == "DERIVED"
    assert "apply script.py:halved(by=4)" in header.DerivationDescription
    referred = {item.ReferencedSOPInstanceUID for item in header.SourceImageSequence}
    assert referred <= {str(pydicom.dcmread(s.file).SOPInstanceUID) for s in source.info.sources}


def test_a_volume_function_over_every_series(place: Path, tmp_path: Path) -> None:
    assert run("apply", f"{place}/script.py:cubes", place / "in", tmp_path / "out", "--arg", "mm=6.5") == 0
    for key in ("1", "2"):
        made = dicomvtk.read(tmp_path / "out" / key)
        assert made.spacing == pytest.approx((6.5, 6.5, 6.5))


def test_a_file_by_suffix_and_key(place: Path, tmp_path: Path) -> None:
    assert run("apply", f"{place}/script.py:halved", place / "in", tmp_path / "{key}.nii.gz") == 0
    image = SimpleITK.ReadImage(str(tmp_path / "2.nii.gz"))
    expected = dicomvtk.read(place / "in" / "2").array // 2
    np.testing.assert_array_equal(SimpleITK.GetArrayFromImage(image).T, expected)
    assert run("apply", f"{place}/script.py:halved", tmp_path / "2.nii.gz", tmp_path / "again.mha") == 0
    again = SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(tmp_path / "again.mha"))).T
    np.testing.assert_array_equal(again, expected // 2)


def test_a_series_that_fails_is_named_and_the_others_go_on(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("apply", f"{place}/script.py:fails_on_small", place / "in", tmp_path / "out") == 3
    assert "1: script.py:fails_on_small: KeyError: 'too small'" in capsys.readouterr().err
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["2"]


@pytest.mark.parametrize(
    ("function", "arguments", "said"),
    [
        ("script.py:nothing", (), "it has: cubes, cut, fails_on_small, halved, holes, leaves, text"),
        ("script.py:halved", ("--arg", "per=2"), "Cannot call script.py:halved(array, by=2)"),
        ("script.py:halved", ("--arg", "by"), "expected key=value"),
        ("script.py:cut", (), "where its voxels lie is not known. Return a Volume with its geometry."),
        ("script.py:text", (), "returned str; expected a Volume or an array"),
        ("script.py", (), "expected path/to/script.py:function"),
        ("absent.py:f", (), "expected a Python file"),
    ],
)
def test_what_is_wrong_is_said(
    function: str,
    arguments: tuple[str, ...],
    said: str,
    place: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run("apply", place / function, place / "in" / "1", tmp_path / "out", *arguments) == 1
    assert said in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_several_series_do_not_fit_in_one_file(place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("apply", f"{place}/script.py:halved", place / "in", tmp_path / "one.nii.gz") == 1
    assert "put {key} into its name" in capsys.readouterr().err


def test_what_dicom_cannot_hold_is_filled_on_request(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The way on that the error names is an option of this command, and of convert."""
    source = dicomvtk.read(place / "in" / "1").array
    expected = np.where(source > 0, source, -5)
    assert run("apply", f"{place}/script.py:holes", place / "in" / "1", tmp_path / "out") == 1
    assert "--fill what to write for them" in capsys.readouterr().err
    assert run("apply", f"{place}/script.py:holes", place / "in" / "1", tmp_path / "out", "--fill", "-5") == 0
    np.testing.assert_allclose(dicomvtk.read(tmp_path / "out").array, expected, atol=0.1)

    holes = tmp_path / "holes.nii.gz"
    assert run("apply", f"{place}/script.py:holes", place / "in" / "1", holes) == 0
    capsys.readouterr()
    assert run("convert", holes, tmp_path / "again") == 1
    assert "--fill what to write for them" in capsys.readouterr().err
    assert run("convert", holes, tmp_path / "again", "--fill", "-5") == 0
    written = dicomvtk.read(tmp_path / "again").array
    np.testing.assert_allclose(np.sort(written, axis=None), np.sort(expected, axis=None), atol=0.1)
    assert run("convert", holes, tmp_path / "other.nrrd", "--fill", "-5") == 2


def test_a_function_that_leaves_is_named_and_the_rest_go_on(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("apply", f"{place}/script.py:leaves", place / "in", tmp_path / "out") == 1
    assert capsys.readouterr().err.count("script.py:leaves: SystemExit: 7") == 2
