"""The readers compared: each takes a folder and gives the volume of the series in it, modality values, sorted.

Each is the shortest code its own documentation would call right. What a reader imports it imports inside, so that every
process loads one of them.
"""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Reader:
    """One way to a volume: `read` is what is measured, `voxels` gives its result as an array without a copy."""

    name: str
    read: Callable[[Path], Any]
    voxels: Callable[[Any], np.ndarray]
    version: Callable[[], str]


def as_it_is(result: Any) -> np.ndarray:
    return result


def files_of(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def read_bytes(folder: Path) -> np.ndarray:
    """Every byte of every file into one block: nothing parsed, nothing converted."""
    files = files_of(folder)
    block = np.empty(sum(path.stat().st_size for path in files), np.uint8)
    start = 0
    for path in files:
        with open(path, "rb", buffering=0) as file:
            start += file.readinto(memoryview(block)[start:])
    return block


def read_dicomvtk(folder: Path) -> Any:
    import dicomvtk

    return dicomvtk.read(folder)


def read_simpleitk(folder: Path) -> Any:
    import SimpleITK

    reader = SimpleITK.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder)))
    return reader.Execute()


def view_simpleitk(image: Any) -> np.ndarray:
    import SimpleITK

    return SimpleITK.GetArrayViewFromImage(image)


def read_vtk(folder: Path) -> Any:
    from vtkmodules.vtkIOImage import vtkDICOMImageReader

    reader = vtkDICOMImageReader()
    reader.SetDirectoryName(str(folder))
    reader.Update()
    return reader.GetOutput()


def view_vtk(image: Any) -> np.ndarray:
    from vtkmodules.util.numpy_support import vtk_to_numpy

    return vtk_to_numpy(image.GetPointData().GetScalars())


def read_pydicom(folder: Path) -> np.ndarray:
    """The loop that people write: every file, sorted along the normal, rescaled into one block."""
    import pydicom

    slices = []
    for path in files_of(folder):
        with contextlib.suppress(pydicom.errors.InvalidDicomError):
            slices.append(pydicom.dcmread(path))
    row, column = np.reshape(np.array(slices[0].ImageOrientationPatient, float), (2, 3))
    normal = np.cross(row, column)
    slices.sort(key=lambda data: float(np.dot(normal, np.array(data.ImagePositionPatient, float))))
    slopes = [float(data.get("RescaleSlope", 1)) for data in slices]
    dtype = np.int16 if set(slopes) == {1.0} else np.float32
    block = np.empty((len(slices), slices[0].Rows, slices[0].Columns), dtype)
    for k, (data, slope) in enumerate(zip(slices, slopes, strict=True)):
        block[k] = data.pixel_array * slope + float(data.get("RescaleIntercept", 0))
    return block


def dcm2niix_program() -> str:
    """Return the dcm2niix beside this Python, or the one on the path."""
    beside = Path(sys.executable).with_name("dcm2niix")
    found = str(beside) if beside.exists() else shutil.which("dcm2niix")
    if not found:
        raise FileNotFoundError("dcm2niix is not installed: pip install -e '.[bench]'")
    return found


def read_dcm2niix(folder: Path) -> Path:
    """A program: its start and the writing of an uncompressed NIfTI file are part of what it does."""
    out = Path(tempfile.mkdtemp(prefix="dicomvtk-benchmark-"))
    # -p n: RescaleSlope as DICOM defines it, instead of Philips' own scaling.
    command = [dcm2niix_program(), "-z", "n", "-b", "n", "-p", "n", "-f", "out", "-o", str(out), str(folder)]
    subprocess.run(command, check=True, capture_output=True)
    return out


def view_dcm2niix(out: Path) -> np.ndarray:
    import nibabel

    (nifti,) = out.glob("*.nii")
    voxels = np.asarray(nibabel.load(nifti).dataobj)
    shutil.rmtree(out)
    return voxels


def dcm2niix_version() -> str:
    said = subprocess.run([dcm2niix_program(), "-v"], capture_output=True, text=True, check=False).stdout
    return said.split()[-1]


def distribution(name: str) -> Callable[[], str]:
    def installed() -> str:
        try:
            return version(name)
        except PackageNotFoundError:
            return "not installed"

    return installed


READERS = {
    reader.name: reader
    for reader in (
        Reader("bare readinto", read_bytes, as_it_is, lambda: ""),
        Reader("dicomvtk", read_dicomvtk, lambda volume: volume.array, distribution("dicomvtk")),
        Reader("SimpleITK", read_simpleitk, view_simpleitk, distribution("SimpleITK")),
        Reader("vtkDICOMImageReader", read_vtk, view_vtk, distribution("vtk")),
        Reader("dcm2niix -z n", read_dcm2niix, view_dcm2niix, dcm2niix_version),
        Reader("pydicom loop", read_pydicom, as_it_is, distribution("pydicom")),
    )
}
