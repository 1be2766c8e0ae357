"""Folders to work on: two patients of two studies of two small series, and copies of real ones."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import dicomvtk


def build_two_patients() -> dicomvtk.folder.tree.Folder:
    """Return the example: two patients, two studies each, two series each, three images a series."""
    folder = dicomvtk.new_folder()
    voxels = np.arange(8 * 6 * 3, dtype=np.int16).reshape((8, 6, 3), order="F")
    for name, identifier in (("Doe^Jane", "P1"), ("Roe^Richard", "P2")):
        patient = folder.new_patient(PatientName=name, PatientID=identifier)
        for date in ("20200102", "20210304"):
            study = patient.new_study(StudyDate=date, StudyDescription="brain")
            for description in ("T1", "T2"):
                study.new_series(voxels, Modality="MR", SeriesDescription=description, spacing=(1.0, 1.0, 2.0))
    return folder


@pytest.fixture
def two_patients(tmp_path: Path) -> Path:
    """Return the path of the example, saved."""
    build_two_patients().save(tmp_path / "two_patients")
    return tmp_path / "two_patients"


@pytest.fixture
def copied(shared_data: Path, tmp_path: Path) -> Callable[[str], Path]:
    """Return what copies a real item, to be written over."""

    def copy(item: str) -> Path:
        return Path(shutil.copytree(shared_data / item, tmp_path / item, ignore=shutil.ignore_patterns("Ref*")))

    return copy
