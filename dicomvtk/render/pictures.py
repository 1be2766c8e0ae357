"""Pictures of a window as arrays, and arrays as PNG, JPEG and TIFF files."""

from __future__ import annotations

import os
import re
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
from dicomvtk.metadata import SeriesInfo

__all__ = ["PICTURE_SUFFIXES", "check_suffix", "free_path", "grab", "png_bytes", "save_picture", "vtk_picture"]

Picture = NDArray[np.uint8]

_WRITERS: dict[str, type[Any]] = {
    ".png": vtkPNGWriter,
    ".jpg": vtkJPEGWriter,
    ".jpeg": vtkJPEGWriter,
    ".tif": vtkTIFFWriter,
    ".tiff": vtkTIFFWriter,
}
PICTURE_SUFFIXES: tuple[str, ...] = tuple(_WRITERS)
#: Of zlib: for slices and text as small as the usual 5, in three quarters of the time.
_PNG_LEVEL = 3


def grab(window: vtkRenderWindow) -> Picture:
    """Return what `window` has rendered, (height, width, 3), row 0 at the top."""
    width, height = window.GetSize()
    pixels = vtkUnsignedCharArray()
    window.GetPixelData(0, 0, width - 1, height - 1, 0, pixels, 0)
    return np.ascontiguousarray(vtk_to_numpy(pixels).reshape(height, width, 3)[::-1])


def free_path(template: str, info: SeriesInfo) -> Path:
    """Return the path that `template` gives with the first number ``{n}`` for which there is no file yet.

    ``{patient}``, ``{series}`` and ``{date}`` are those of `info`, with what file systems refuse taken out. Raises
    UnsupportedError for another name in braces.
    """
    known = {"patient": info.patient_id, "series": info.description, "date": info.study_date}
    values = {name: re.sub(r"[^\w.-]+", "_", text).strip("._") or "unknown" for name, text in known.items()}
    for number in range(1, 1_000_000):
        try:
            path = Path(template.format(n=number, **values)).expanduser().resolve()
        except (KeyError, IndexError, ValueError) as error:
            raise UnsupportedError(
                f"Cannot name a screenshot by {template!r}; expected {{n}}, {{patient}}, {{series}} or {{date}}."
            ) from error
        if not path.exists() or "{n}" not in template:
            return path
    raise UnsupportedError(f"Every name that {template!r} gives is taken.")


def png_bytes(picture: Picture) -> bytes:
    """Return `picture` (height, width, 3), row 0 at the top, as the bytes of a PNG file."""
    writer = vtkPNGWriter()
    writer.SetInputData(vtk_picture(picture))
    writer.WriteToMemoryOn()
    writer.Write()
    return vtk_to_numpy(writer.GetResult()).tobytes()


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
    writer = _WRITERS[Path(path).suffix.lower()]()
    if isinstance(writer, vtkPNGWriter):
        writer.SetCompressionLevel(_PNG_LEVEL)
    writer.SetInputData(vtk_picture(picture))
    with atomic_file(path) as sibling, quiet() as said:
        writer.SetFileName(str(sibling))
        writer.Write()
        if said.errors or writer.GetErrorCode():
            raise WriteError(f"Cannot write {os.fspath(path)}: {'; '.join(said.errors) or 'VTK wrote nothing'}.")


def vtk_picture(picture: Picture) -> vtkImageData:
    """Return `picture` (height, width, samples), row 0 at the top, as VTK has it: row 0 at the bottom."""
    height, width, samples = picture.shape
    image = vtkImageData()
    image.SetDimensions(width, height, 1)
    pixels = np.ascontiguousarray(picture[::-1]).reshape(-1, samples)
    image.GetPointData().SetScalars(numpy_to_vtk(pixels))
    return image
