"""Validators that know DICOM better than we do: dciodvfy and dcentvfy, and an independent judge of whole series."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dicomvtk
from dicomvtk.processing.phantom import ORIENTATIONS

#: Names an interpreter that has the judge's tools (SimpleITK, highdicom, dcm2niix), where this one has not.
_ORACLE_PYTHON = os.environ.get("DICOMVTK_ORACLE_PYTHON", sys.executable)
_ORACLE = Path(__file__).resolve().parents[3] / "shared" / "oracle" / "check_series.py"
_ORACLE_PROGRAMS = ("dciodvfy", "dcentvfy", "dcmftest", "dcmdump", "dicomtonifti")

SHAPE = (21, 17, 6)
SPACING = (0.7, 0.9, 2.5)
ORIGIN = (-30.5, 12.25, -7.125)
PET_FACTS = {"Units": "BQML", "DecayCorrection": "NONE", "FrameReferenceTime": 0}


def values(dtype: str, low: float, high: float, shape: tuple[int, ...] = SHAPE) -> np.ndarray:
    return (low + np.random.default_rng(3).random(shape) * (high - low)).astype(dtype)


HEAD = {"BodyPartExamined": "HEAD"}
CASES: dict[str, tuple[np.ndarray, dict[str, Any]]] = {
    "ct": (values("int16", -1000, 2000), {"modality": "CT", "attributes": HEAD}),
    "ct one slice": (values("int16", -1000, 2000, (21, 17, 1)), {"modality": "CT"}),
    "ct 5x7": (values("int16", -1000, 2000, (5, 7, 3)), {"modality": "CT"}),
    "ct 2x3": (values("int16", -1000, 2000, (2, 3, 3)), {"modality": "CT"}),
    "ct float": (values("float64", -1000, 2000), {"modality": "CT"}),
    "ct float32": (values("float32", -1000, 2000), {"modality": "CT"}),
    "ct whole floats": (np.rint(values("float64", -1000, 2000)), {"modality": "CT"}),
    "ct two decimals": (values("float64", -100, 200), {"modality": "CT", "digits": 2}),
    "ct unsigned": (values("uint16", 0, 65535), {"modality": "CT"}),
    "ct int8": (values("int8", -128, 127), {"modality": "CT"}),
    "ct byte": (values("uint8", 0, 255), {"modality": "CT"}),
    "ct int64": (values("int64", -1000, 2000), {"modality": "CT"}),
    "ct full range": (values("int16", -32768, 32767), {"modality": "CT"}),
    "ct constant": (np.full(SHAPE, 40, np.int16), {"modality": "CT"}),
    "ct constant float": (np.full(SHAPE, 0.1), {"modality": "CT"}),
    "mr signed": (values("int16", -1000, 2000), {"modality": "MR"}),
    "mr unsigned": (values("uint16", 0, 65535), {"modality": "MR"}),
    "mr float": (values("float32", -3, 2000), {"modality": "MR"}),
    "mr tiny": (values("float64", -1e-6, 1e-6), {"modality": "MR"}),
    "mr huge": (values("float64", -1e7, 1e7), {"modality": "MR"}),
    "mr narrow on high": (values("float64", 1e6, 1e6 + 1), {"modality": "MR"}),
    "mr one slice": (values("float32", 0, 1, (21, 17, 1)), {"modality": "MR"}),
    "pet": (values("float32", 0, 20000), {"modality": "PT", "attributes": PET_FACTS}),
    "pet negative": (values("float32", -50, 20000), {"modality": "PT", "attributes": PET_FACTS}),
    "pet integers": (values("int16", 0, 20000), {"modality": "PT", "attributes": PET_FACTS}),
    "pet without facts": (values("float32", 0, 20000), {"modality": "PT"}),
    "byte": (values("uint8", 0, 255), {}),
    "byte, odd size": (values("uint8", 0, 255, (5, 7, 3)), {}),
    "mask": (values("uint8", 0, 255) > 127, {}),
    "other float": (values("float64", -1, 1), {}),
    "other signed": (values("int16", -1000, 2000), {}),
    "ultrasound": (values("uint8", 0, 255), {"modality": "US"}),
    "colour": (values("uint8", 0, 255, (*SHAPE, 3)), {}),
    "colour, odd size": (values("uint8", 0, 255, (5, 7, 3, 3)), {}),
    "long": (values("int32", -(2**31), 2**31 - 1), {}),
    "many frames: byte": (values("uint8", 0, 255), {"multi_frame": True}),
    "many frames: word": (values("int16", -1000, 2000), {"multi_frame": True}),
    "many frames: float": (values("float64", -1, 1), {"multi_frame": True}),
    "many frames: colour": (values("uint8", 0, 255, (*SHAPE, 3)), {"multi_frame": True}),
    "ct rle": (values("int16", -1000, 2000), {"modality": "CT", "compress": "rle"}),
    "ct jpegls": (values("int16", -1000, 2000), {"modality": "CT", "compress": "jpegls"}),
    "ct j2k": (values("int16", -1000, 2000), {"modality": "CT", "compress": "j2k"}),
}
DIRECTIONS = {**ORIENTATIONS, "left-handed": ORIENTATIONS["oblique"] * np.array([1.0, 1.0, -1.0])}
#: Every case once, and every direction once more with a CT.
RUNS = [(case, "oblique") for case in CASES] + [("ct", direction) for direction in DIRECTIONS if direction != "oblique"]
RUNS += [("mr float", "left-handed"), ("byte", "left-handed"), ("colour", "sagittal"), ("pet", "coronal")]


def written(case: str, direction: str, folder: Path) -> dicomvtk.dicom.writer.WriteReport:
    array, options = CASES[case]
    return dicomvtk.write_series(
        array, folder, spacing=SPACING, origin=ORIGIN, direction=DIRECTIONS[direction], **options
    )


def run(*command: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(c) for c in command], capture_output=True, text=True, errors="replace", check=False)


@pytest.fixture(scope="module")
def dciodvfy() -> Callable[[Path], list[str]]:
    if shutil.which("dciodvfy") is None:
        pytest.skip("dciodvfy is not installed (Debian: dicom3tools)")

    def complaints(file: Path) -> list[str]:
        return [line for line in run("dciodvfy", file).stderr.splitlines() if line.startswith(("Error", "Warning"))]

    return complaints


@pytest.mark.parametrize("case", [case for case in CASES if case != "long"])  # dciodvfy aborts on 32-bit pixels
def test_dciodvfy_finds_no_error(case: str, dciodvfy: Callable[[Path], list[str]], tmp_path: Path) -> None:
    report = written(case, "oblique", tmp_path / "out")

    for file in (report.files[0], report.files[-1]):
        assert [line for line in dciodvfy(file) if line.startswith("Error")] == []


def test_phantom_has_not_even_a_warning(dciodvfy: Callable[[Path], list[str]], tmp_path: Path) -> None:
    for modality in ("CT", "MR"):
        report = dicomvtk.write_series(dicomvtk.phantom((16, 20, 4), modality=modality), tmp_path / modality)
        assert dciodvfy(report.files[1]) == []


@pytest.mark.parametrize("keyword", ["EchoTime", "TemporalPositionIdentifier", "TriggerTime", "AcquisitionNumber"])
def test_further_axes_are_no_error(keyword: str, dciodvfy: Callable[[Path], list[str]], tmp_path: Path) -> None:
    array = values("int16", 0, 100, (8, 9, 3, 2))
    axes = (dicomvtk.Axis(keyword, (1.0, 2.0)),)
    geometry = dicomvtk.Geometry((8, 9, 3))
    volume = dicomvtk.Volume(array, geometry, dicomvtk.SeriesInfo(modality="MR"), axes=axes)

    report = dicomvtk.write_series(volume, tmp_path / "out", attributes=HEAD)

    assert dciodvfy(report.files[-1]) == []


def test_dcentvfy_sees_one_patient_study_and_series(tmp_path: Path) -> None:
    if shutil.which("dcentvfy") is None:
        pytest.skip("dcentvfy is not installed (Debian: dicom3tools)")
    report = written("ct", "oblique", tmp_path / "out")

    result = run("dcentvfy", *report.files)

    assert (result.stdout + result.stderr).strip() == ""


@pytest.fixture(scope="module")
def oracle() -> Callable[..., dict[str, Any]]:
    if not _ORACLE.is_file():
        pytest.skip(f"no independent judge at {_ORACLE}")
    missing = [program for program in _ORACLE_PROGRAMS if shutil.which(program) is None]
    environment = {**os.environ, "PATH": f"{Path(_ORACLE_PYTHON).parent}{os.pathsep}{os.environ['PATH']}"}
    if shutil.which("dcm2niix", path=environment["PATH"]) is None:
        missing.append("dcm2niix")
    if run(_ORACLE_PYTHON, "-c", "import SimpleITK, pydicom, highdicom").returncode:
        missing.append("SimpleITK, pydicom or highdicom")
    if missing:
        pytest.skip(f"the judge lacks {', '.join(missing)} (DICOMVTK_ORACLE_PYTHON names another interpreter)")

    def judge(*arguments: object) -> dict[str, Any]:
        command = [_ORACLE_PYTHON, str(_ORACLE), *[str(a) for a in arguments]]
        result = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
        assert result.stdout, result.stderr
        return json.loads(result.stdout)

    return judge


@pytest.mark.slow
@pytest.mark.parametrize(("case", "direction"), RUNS)
def test_strict_judge_accepts_it(case: str, direction: str, oracle: Callable[..., Any], tmp_path: Path) -> None:
    report = written(case, direction, tmp_path / "out")
    grid = {"spacing": SPACING, "origin": ORIGIN, "direction": DIRECTIONS[direction]}
    np.savez(tmp_path / "expected.npz", array=CASES[case][0], tol=report.max_error, **grid)

    verdict = oracle(tmp_path / "out", "--expect", tmp_path / "expected.npz", "--strict")

    assert verdict["errors"] == []
    assert verdict["ok"], verdict["warnings"]


#: Anonymised so that every slice has a frame of reference of its own: there is none to keep.
UNAVOIDABLE = {"ct_chest": ["FrameOfReferenceUID not kept from the source"]}


@pytest.mark.slow
@pytest.mark.parametrize("item", ["ct_chest", "mr_decubitus_left", "mr_head_t1", "pet_whole_body"])
def test_judge_accepts_a_derived_series(
    item: str, oracle: Callable[..., Any], shared_data: Path, tmp_path: Path
) -> None:
    volume = dicomvtk.read(shared_data / item)
    inverted = volume.with_array(volume.array[::-1], volume.geometry.flipped(0), step="reversed along the rows")

    report = dicomvtk.write_series(inverted, tmp_path / "out")

    geometry = inverted.geometry
    grid = {"spacing": geometry.spacing, "origin": geometry.origin, "direction": geometry.direction}
    np.savez(tmp_path / "expected.npz", array=inverted.array, tol=report.max_error, **grid)
    verdict = oracle(tmp_path / "out", "--expect", tmp_path / "expected.npz", "--source", shared_data / item)
    assert [error["msg"] for error in verdict["errors"]] == UNAVOIDABLE.get(item, [])
