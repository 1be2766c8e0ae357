"""How each reader is asked for a case: the shortest code its own documentation would call right.

Each function is what ``odd_inputs.server`` calls in a forked process. What a reader raises on purpose is `Refused`; any
other exception is a raw traceback. Words are what it said of the data: Python warnings, and what it printed as an error
or a warning.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
import traceback
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from odd_inputs.attempt import Attempt, Refused
from odd_inputs.cases import Case
from readers import dcm2niix_program

__all__ = ["dcm2niix", "dicom_numpy", "highdicom", "simpleitk", "vtk"]


def simpleitk(path: Path, case: Case, repair: bool) -> Attempt:
    """ImageSeriesReader over the files that GDCM finds, as in SimpleITK's own examples."""
    import SimpleITK

    with _printed() as printed:
        try:
            if path.is_dir():
                reader = SimpleITK.ImageSeriesReader()
                reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(path)))
                image = reader.Execute()
            else:
                image = SimpleITK.ReadImage(str(path))
        except RuntimeError as error:
            raise Refused(str(error)) from error
    values = SimpleITK.GetArrayFromImage(image)
    grid = image.GetDimension()
    if grid != 3:
        raise Refused(f"an image of {grid} dimensions")
    affine = np.eye(4)
    affine[:3, :3] = np.reshape(image.GetDirection(), (3, 3)) * np.asarray(image.GetSpacing())
    affine[:3, 3] = image.GetOrigin()
    return Attempt(values.transpose(2, 1, 0, *range(3, values.ndim)), affine, None, _complaints(printed))


def vtk(path: Path, case: Case, repair: bool) -> Attempt:
    """vtkDICOMImageReader; it knows no place, so spacing alone is judged. Its rows go from the bottom up."""
    from vtkmodules.util.numpy_support import vtk_to_numpy
    from vtkmodules.vtkIOImage import vtkDICOMImageReader

    reader = vtkDICOMImageReader()
    with _printed() as printed:
        reader.SetDirectoryName(str(path)) if path.is_dir() else reader.SetFileName(str(path))
        reader.Update()
    image = reader.GetOutput()
    scalars = image.GetPointData().GetScalars()
    if scalars is None or 0 in image.GetDimensions():
        raise Refused(" ".join(_complaints(printed)) or "no image")
    values = vtk_to_numpy(scalars).reshape(*reversed(image.GetDimensions()), -1)
    values = values[..., 0] if values.shape[-1] == 1 else values
    upright = values.transpose(2, 1, 0, *range(3, values.ndim))[:, ::-1]
    return Attempt(upright, None, image.GetSpacing(), _complaints(printed))


def dicom_numpy(path: Path, case: Case, repair: bool) -> Attempt:
    import dicom_numpy as package

    def read() -> tuple[Any, Any]:
        return package.combine_slices(_data_sets(path))

    (values, affine), words = _guarded(read, "dicom_numpy")
    return Attempt(values, affine, None, words)


def highdicom(path: Path, case: Case, repair: bool) -> Attempt:
    import highdicom as package

    def read() -> Any:
        found = _data_sets(path)
        if len(found) == 1 and int(found[0].get("NumberOfFrames") or 1) > 1:
            return package.Image.from_dataset(found[0]).get_volume()
        return package.get_volume_from_series(found)

    volume, words = _guarded(read, "highdicom")
    affine = np.array(volume.affine)[:, [2, 1, 0, 3]]
    values = np.asarray(volume.array)
    return Attempt(values.transpose(2, 1, 0, *range(3, values.ndim)), affine, None, words)


def dcm2niix(path: Path, case: Case, repair: bool) -> Attempt:
    """The program; where it writes several volumes, which is its way, the largest is judged."""
    import nibabel

    out = Path(tempfile.mkdtemp(prefix="odd-out-", dir=path if path.is_dir() and os.access(path, os.W_OK) else None))
    source = path if path.is_dir() else path.parent
    command = [dcm2niix_program(), "-z", "n", "-b", "n", "-p", "n", "-f", "out_%s", "-o", str(out), str(source)]
    done = subprocess.run(command, capture_output=True, check=False, stdin=subprocess.DEVNULL)
    if done.returncode < 0:
        os.kill(os.getpid(), -done.returncode)
    said = (done.stdout + done.stderr).decode("utf-8", "replace")
    images = [nibabel.load(one) for one in out.glob("*.nii")]
    if not images:
        raise Refused(said)
    image = max(images, key=lambda one: int(np.prod(one.shape)))
    values = np.asarray(image.dataobj)
    if values.dtype.names:
        values = np.stack([values[name] for name in values.dtype.names], axis=-1)
    affine = np.diag([-1.0, -1.0, 1.0, 1.0]) @ image.affine
    while values.ndim < 3:
        values = values[..., np.newaxis]
    return Attempt(values, affine, None, _complaints([said]))


def _data_sets(path: Path) -> list[Any]:
    """Every file as a data set: what is no DICOM is left to fail, as the documentation's loop would."""
    import pydicom

    files = [one for one in sorted(path.rglob("*")) if one.is_file()] if path.is_dir() else [path]
    try:
        return [pydicom.dcmread(one) for one in files]
    except pydicom.errors.InvalidDicomError as error:
        raise Refused(str(error)) from error


def _guarded(read: Callable[[], Any], package: str) -> tuple[Any, tuple[str, ...]]:
    """Return what was read and the warnings; an error that the package raises itself is `Refused`."""
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        try:
            found = read()
        except (Refused, MemoryError):
            raise
        except Exception as error:
            raised_in = traceback.extract_tb(error.__traceback__)[-1].filename
            if f"{os.sep}{package}{os.sep}" in raised_in or type(error).__module__.startswith(package):
                raise Refused(str(error)) from error
            raise
    return found, tuple(f"{one.category.__name__}: {one.message}" for one in told)


@contextlib.contextmanager
def _printed() -> Iterator[list[str]]:
    """Collect what C++ code prints meanwhile."""
    lines: list[str] = []
    with tempfile.TemporaryFile() as file:
        kept = os.dup(2)
        os.dup2(file.fileno(), 2)
        try:
            yield lines
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            file.seek(0)
            lines += file.read().decode("utf-8", "replace").splitlines()


def _complaints(printed: list[str]) -> tuple[str, ...]:
    text = "\n".join(printed).splitlines()
    return tuple(line for line in text if "error" in line.lower() or "warning" in line.lower())[:20]
