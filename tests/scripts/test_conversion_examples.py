"""The conversion examples run as a user runs them, and their results are read by others."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest

import dicomvtk

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"


def run(script: str, *argv: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPTS / script), *map(str, argv)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


@pytest.fixture(scope="module")
def head(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("examples") / "head"
    dicomvtk.write_series(dicomvtk.phantom((24, 20, 16)), folder)
    return folder


def test_series_to_nifti(head: Path, tmp_path: Path) -> None:
    told = run("series_to_nifti.py", head, tmp_path / "head.nii.gz")
    assert (told.returncode, told.stderr) == (0, "")
    made = dicomvtk.phantom((24, 20, 16))
    image = nibabel.load(tmp_path / "head.nii.gz")
    np.testing.assert_array_equal(np.asarray(image.dataobj), made.array)
    np.testing.assert_allclose(image.affine, np.diag([-1, -1, 1, 1]) @ made.affine, atol=1e-3)


def test_array_to_series_on_a_grid_of_its_own_or_like_another(head: Path, tmp_path: Path) -> None:
    array = np.arange(24 * 20 * 16, dtype=np.int16).reshape(24, 20, 16)
    np.save(tmp_path / "array.npy", array)
    told = run(
        "array_to_series.py", tmp_path / "array.npy", tmp_path / "a", "--spacing", 0.5, 0.75, 2, "--modality", "MR"
    )
    assert told.returncode == 0, told.stderr
    again = dicomvtk.read(tmp_path / "a")
    np.testing.assert_array_equal(again.array, array)
    np.testing.assert_allclose(again.spacing, (0.5, 0.75, 2.0))
    told = run("array_to_series.py", tmp_path / "array.npy", tmp_path / "b", "--like", head)
    assert told.returncode == 0, told.stderr
    like = dicomvtk.read(tmp_path / "b")
    np.testing.assert_array_equal(like.array, array)
    assert like.geometry.is_close(dicomvtk.read(head).geometry, 1e-3)
    assert like.info.study_uid == dicomvtk.read(head).info.study_uid


def test_smooth_series_stays_in_the_study_and_is_smoother(head: Path, tmp_path: Path) -> None:
    told = run("smooth_series.py", head, tmp_path / "smooth", "--sigma", 15)
    assert told.returncode == 0, told.stderr
    source, smooth = dicomvtk.read(head), dicomvtk.read(tmp_path / "smooth")
    assert smooth.geometry.is_close(source.geometry, 1e-3)
    assert smooth.info.study_uid == source.info.study_uid
    assert smooth.info.uid != source.info.uid
    assert smooth.array.std() < 0.9 * source.array.std()
    assert abs(float(smooth.array.mean()) - float(source.array.mean())) < 0.1 * source.array.std()
    first = pydicom.dcmread(min((tmp_path / "smooth").glob("*.dcm")), stop_before_pixels=True)
    assert first.SeriesDescription.endswith("smoothed 15 mm")
    assert "DERIVED" in first.ImageType


def test_a_mistake_is_one_line_and_1(tmp_path: Path) -> None:
    told = run("series_to_nifti.py", tmp_path, tmp_path / "x.nii")
    assert told.returncode == 1
    assert "Traceback" not in told.stderr
    assert str(tmp_path) in told.stderr
