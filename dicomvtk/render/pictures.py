"""Pictures of a window as arrays, and arrays as PNG, JPEG and TIFF files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from vtkmodules.util.numpy_support import numpy_to_vtk, vtk_to_numpy
from vtkmodules.vtkCommonCore import vtkUnsignedCharArray
from vtkmodules.vtkCommonDataModel import vtkImageData
from vtkmodules.vtkIOImage import vtkJPEGWriter, vtkPNGWriter, vtkTIFFWriter
from vtkmodules.vtkRenderingCore import vtkRenderWindow

from dicomvtk.atomic import atomic_file
from dicomvtk.bridge.pipeline import quiet
from dicomvtk.errors import UnsupportedError, WriteError

__all__ = ["PICTURE_SUFFIXES", "check_suffix", "grab", "save_picture"]

Picture = NDArray[np.uint8]

_WRITERS: dict[str, type[Any]] = {
    ".png": vtkPNGWriter,
    ".jpg": vtkJPEGWriter,
    ".jpeg": vtkJPEGWriter,
    ".tif": vtkTIFFWriter,
    ".tiff": vtkTIFFWriter,
}
PICTURE_SUFFIXES: tuple[str, ...] = tuple(_WRITERS)


def grab(window: vtkRenderWindow) -> Picture:
    """Return what `window` has rendered, (height, width, 3), row 0 at the top."""
    width, height = window.GetSize()
    pixels = vtkUnsignedCharArray()
    window.GetPixelData(0, 0, width - 1, height - 1, 0, pixels, 0)
    return np.ascontiguousarray(vtk_to_numpy(pixels).reshape(height, width, 3)[::-1])


def check_suffix(path: str | os.PathLike[str]) -> None:
    """Raise UnsupportedError for a path whose suffix is of no picture format written here."""
    suffix = Path(path).suffix.lower()
    if suffix not in _WRITERS:
        raise UnsupportedError(
            f"Cannot save a picture as {os.fspath(path)}: the suffix is {suffix!r}; "
            f"expected one of {', '.join(PICTURE_SUFFIXES)}."
        )


def save_picture(picture: Picture, path: str | os.PathLike[str]) -> None:
    """Write `picture` (height, width, 3), row 0 at the top, to `path` by its suffix; the file is whole or absent.

    Raises UnsupportedError for another suffix, WriteError where writing fails.
    """
    check_suffix(path)
    height, width, samples = picture.shape
    image = vtkImageData()
    image.SetDimensions(width, height, 1)
    # VTK counts rows from the bottom; its writers put them back.
    pixels = np.ascontiguousarray(picture[::-1]).reshape(-1, samples)
    image.GetPointData().SetScalars(numpy_to_vtk(pixels))
    writer = _WRITERS[Path(path).suffix.lower()]()
    writer.SetInputData(image)
    with atomic_file(path) as sibling, quiet() as said:
        writer.SetFileName(str(sibling))
        writer.Write()
        if said.errors or writer.GetErrorCode():
            raise WriteError(f"Cannot write {os.fspath(path)}: {'; '.join(said.errors) or 'VTK wrote nothing'}.")
