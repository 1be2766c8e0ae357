"""Sidecars and gradients, beside what dcm2niix makes of the same files."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pydicom
import pytest

import dicomvtk
from dicomvtk.dicom.diffusion import Gradients, gradients
from dicomvtk.dicom.reader import find_series
from dicomvtk.dicom.sidecar import sidecar

#: What both tell in the same words and units, by item.
SAME = {
    "mr_head_t1": "EchoTime RepetitionTime FlipAngle SliceThickness SpacingBetweenSlices MagneticFieldStrength "
    "ImagingFrequency PixelBandwidth EchoTrainLength SAR ScanningSequence SequenceVariant MRAcquisitionType "
    "PercentSampling PhaseEncodingSteps ImageOrientationPatientDICOM PhaseEncodingAxis",
    "mr_4d_classic_ge": "EchoTime RepetitionTime FlipAngle SliceThickness ScanningSequence ScanOptions "
    "PixelBandwidth InPlanePhaseEncodingDirectionDICOM SoftwareVersions SeriesDescription ProtocolName",
    "mr_mosaic_ax_ascending": "EchoTime RepetitionTime FlipAngle SequenceName ScanOptions PercentPhaseFOV SAR",
    "mr_mosaic_sag_descending": "EchoTime RepetitionTime FlipAngle SequenceName ScanOptions PercentPhaseFOV SAR",
    "mr_enhanced_siemens_4d": "RepetitionTime FlipAngle SliceThickness PixelBandwidth MagneticFieldStrength "
    "EchoTime InPlanePhaseEncodingDirectionDICOM",
    "ct_chest": "ConvolutionKernel XRayTubeCurrent XRayExposure PatientPosition BodyPart",
    "pet_whole_body": "RadionuclideHalfLife InjectedRadioactivity InjectedRadioactivityUnits Units DecayCorrection "
    "AttenuationCorrectionMethod DoseCalibrationFactor FrameDuration",
}


def dcm2niix(folder: Path, out: Path) -> Path:
    """Return the JSON that dcm2niix writes for the files of `folder`, its image and gradients beside it."""
    beside = Path(sys.executable).with_name("dcm2niix")
    program = str(beside) if beside.exists() else shutil.which("dcm2niix")
    if program is None:
        pytest.skip("dcm2niix is not installed")
    words = [program, "-b", "y", "-ba", "n", "-z", "n", "-f", "theirs", "-o", str(out), str(folder)]
    subprocess.run(words, check=True, capture_output=True)
    return next(iter(sorted(out.glob("*.json"))))


@pytest.mark.parametrize("item", SAME)
def test_the_sidecar_says_what_that_of_dcm2niix_says(item: str, shared_data: Path, tmp_path: Path) -> None:
    theirs: dict[str, Any] = json.loads(dcm2niix(shared_data / item, tmp_path).read_text())
    ours = sidecar(find_series(shared_data / item)[0])
    assert json.loads(json.dumps(ours)) == ours
    for name in SAME[item].split():
        if isinstance(theirs[name], str):
            assert ours[name] == theirs[name], name
        else:
            np.testing.assert_allclose(ours[name], theirs[name], rtol=1e-5, atol=1e-5, err_msg=name)


@pytest.mark.parametrize("item", ["mr_mosaic_ax_ascending", "mr_mosaic_sag_descending", "mr_mosaic_cor_interleaved"])
def test_the_slice_times_of_a_mosaic_follow_its_slices(item: str, shared_data: Path, tmp_path: Path) -> None:
    """dcm2niix may turn the slices round: times are compared by where each slice lies. Siemens' clock has 2.5 ms."""
    path = dcm2niix(shared_data / item, tmp_path)
    affine = nibabel.load(path.with_suffix(".nii")).affine
    theirs = json.loads(path.read_text())["SliceTiming"]
    stack = find_series(shared_data / item)[0]
    ours = sidecar(stack)["SliceTiming"]
    assert stack.geometry is not None
    normal = stack.geometry.direction[:, 2]
    at = [float(normal @ stack.geometry.index_to_physical((0, 0, k))) for k in range(len(ours))]
    places = [float(normal @ (np.diag([-1, -1, 1, 1]) @ affine @ [0, 0, k, 1])[:3]) for k in range(len(theirs))]
    same_place = np.argsort(places)[np.argsort(np.argsort(at))]
    np.testing.assert_allclose(ours, np.array(theirs)[same_place], atol=3e-3)
    assert len(set(ours)) > len(ours) // 2


@pytest.mark.parametrize(
    "item",
    ["mr_mosaic_ax_ascending", "mr_mosaic_cor_interleaved", "mr_mosaic_sag_descending", "mr_mosaic_jpeg_lossless"],
)
def test_phase_encoding_of_a_mosaic_is_what_dcm2niix_says(item: str, shared_data: Path, tmp_path: Path) -> None:
    """The sense is compared in the patient: dcm2niix turns rows round, so that its j is the other way."""
    path = dcm2niix(shared_data / item, tmp_path)
    theirs = json.loads(path.read_text())
    stack = find_series(shared_data / item)[0]
    ours = sidecar(stack)
    for name in ("BandwidthPerPixelPhaseEncode", "ReconMatrixPE", "EffectiveEchoSpacing", "TotalReadoutTime"):
        np.testing.assert_allclose(ours[name], theirs[name], rtol=2e-5, err_msg=name)
    assert stack.geometry is not None
    affines = (stack.geometry.affine, np.diag([-1, -1, 1, 1]) @ nibabel.load(path.with_suffix(".nii")).affine)
    senses = []
    for affine, told in zip(affines, (ours, theirs), strict=True):
        along = affine[:3, "ij".index(told["PhaseEncodingDirection"][0])]
        senses.append((-1 if told["PhaseEncodingDirection"].endswith("-") else 1) * along / np.linalg.norm(along))
    np.testing.assert_allclose(senses[0], senses[1], atol=1e-4)


def test_a_sense_of_phase_encoding_that_no_header_states_is_not_made_up(shared_data: Path) -> None:
    told = sidecar(find_series(shared_data / "mr_head_t1")[0])
    assert "PhaseEncodingAxis" in told
    assert not {"PhaseEncodingDirection", "EffectiveEchoSpacing", "TotalReadoutTime"} & set(told)


def test_gradients_point_where_those_of_dcm2niix_point(shared_data: Path, tmp_path: Path) -> None:
    theirs = dcm2niix(shared_data / "mr_uih_grid", tmp_path)
    target = tmp_path / "ours.nii.gz"
    found = gradients(find_series(shared_data / "mr_uih_grid")[0])
    volume = dicomvtk.read(shared_data / "mr_uih_grid")
    dicomvtk.write(volume, target)
    assert found is not None
    text = found.bvec(volume.direction)
    assert text is not None
    ours = along_patient(np.array([line.split() for line in text.splitlines()], float), nibabel.load(target).affine)
    stated = np.loadtxt(theirs.with_suffix(".bvec"))
    other = along_patient(stated, nibabel.load(theirs.with_suffix(".nii")).affine)
    np.testing.assert_allclose(ours, other, atol=2e-4)
    np.testing.assert_allclose(
        [float(b) for b in found.bval().split()], np.loadtxt(theirs.with_suffix(".bval")), rtol=1e-4
    )


def along_patient(bvec: np.ndarray, affine: np.ndarray) -> np.ndarray:
    """Return FSL's gradients (3, n) in the scanner's RAS: x turned round where the affine is right-handed."""
    along = bvec.T.copy()
    if np.linalg.det(affine[:3, :3]) > 0:
        along[:, 0] *= -1
    turned: np.ndarray = along @ (affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0)).T
    return turned


def diffusion_series(folder: Path, directions: list[list[float] | None]) -> Path:
    """Write two slices for each gradient: b = 0 where there is no direction, else 1000."""
    folder.mkdir()
    written = dicomvtk.phantom((6, 5, 2), modality="MR")
    for n, direction in enumerate(directions):
        dicomvtk.write_series(written, folder / str(n))
        for k, path in enumerate(sorted((folder / str(n)).glob("*.dcm"))):
            data = pydicom.dcmread(path)
            data.SeriesInstanceUID, data.StudyInstanceUID, data.FrameOfReferenceUID = "1.2.3", "1.2.4", "1.2.5"
            data.InstanceNumber, data.AcquisitionNumber = n * 2 + k + 1, n + 1
            data.DiffusionBValue = 1000.0 if direction is not None else 0.0
            if direction:
                data.DiffusionGradientOrientation = direction
            data.save_as(path)
    return folder


def test_gradients_of_the_standard_are_kept_in_the_patient(tmp_path: Path) -> None:
    folder = diffusion_series(tmp_path / "dwi", [None, [1.0, 0.0, 0.0], [0.0, 0.6, 0.8]])
    (stack,) = find_series(folder)
    found = gradients(stack)
    assert found is not None
    assert found.bval() == "0 1000 1000\n"
    assert found.directions is not None
    np.testing.assert_allclose(found.directions, [[0, 0, 0], [1, 0, 0], [0, 0.6, 0.8]])
    assert found.bvec(np.eye(3)) == "0 -1 0\n0 0 0.6\n0 0 0.8\n"
    assert found.bvec(np.diag([1.0, -1.0, 1.0])) == "0 1 0\n0 0 -0.6\n0 0 0.8\n"


def test_directions_that_the_headers_do_not_state_are_not_made_up(tmp_path: Path) -> None:
    found = gradients(find_series(diffusion_series(tmp_path / "trace", [None, []]))[0])
    assert isinstance(found, Gradients)
    assert found.directions is None
    assert found.bvec(np.eye(3)) is None
    dicomvtk.write_series(dicomvtk.phantom((6, 5, 2), modality="MR"), tmp_path / "plain")
    assert gradients(find_series(tmp_path / "plain")[0]) is None
