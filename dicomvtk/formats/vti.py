"""VTK's XML image data, ``.vti``, with its Direction: what ParaView and f3d open."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from vtkmodules.vtkCommonCore import vtkUnsignedCharArray
from vtkmodules.vtkCommonDataModel import vtkImageData
from vtkmodules.vtkIOXML import vtkXMLImageDataReader, vtkXMLImageDataWriter

from dicomvtk.atomic import atomic_file
from dicomvtk.bridge.images import from_vtk, to_vtk
from dicomvtk.bridge.pipeline import run
from dicomvtk.errors import PixelDecodeError, UnsupportedError, VtkError, WriteError
from dicomvtk.formats.vti_screen import screen
from dicomvtk.geometry import Geometry
from dicomvtk.metadata import SeriesInfo
from dicomvtk.volume import Volume

__all__ = ["load", "save"]

#: Field data that says the direction and origin are no place in a patient.
_UNPLACED = "dicomvtk_unplaced"


def load(path: Path) -> Volume:
    """Return the volume in a ``.vti`` file of one point data array; its coordinates are taken as LPS mm."""
    screen(path)
    reader = vtkXMLImageDataReader()
    reader.SetFileName(str(path))
    try:
        run(reader)
        volume = from_vtk(reader.GetOutput())
    except VtkError as error:
        raise PixelDecodeError(f"Cannot read {path}: {error}") from error
    except UnsupportedError as error:
        raise UnsupportedError(f"Cannot read {path}: {error}") from error
    placed = not reader.GetOutput().GetFieldData().HasArray(_UNPLACED)
    return Volume(volume.array, replace(volume.geometry, placed=placed), SeriesInfo(description=path.name))


def save(volume: Volume, path: Path) -> None:
    """Write a ``.vti`` file, LZ4 and appended raw. bool becomes uint8 and float16 float32; other dtypes are kept."""
    writer = vtkXMLImageDataWriter()
    writer.SetInputData(_image(volume))
    writer.SetDataModeToAppended()
    writer.EncodeAppendedDataOff()
    writer.SetCompressorTypeToLZ4()
    with atomic_file(path) as sibling:
        writer.SetFileName(str(sibling))
        try:
            run(writer)
        except VtkError as error:
            raise WriteError(f"Cannot write {path}: {error}") from error


def _image(volume: Volume) -> vtkImageData:
    """Return the image on exactly the grid of the volume: a file may keep the left-handed, which to_vtk turns over."""
    geometry = volume.geometry
    upright = Geometry(geometry.shape, geometry.spacing, geometry.origin, np.eye(3))
    image = to_vtk(replace(volume, geometry=upright))
    image.SetDirectionMatrix(geometry.direction.ravel().tolist())
    if not geometry.placed:
        mark = vtkUnsignedCharArray()
        mark.SetName(_UNPLACED)
        mark.InsertNextValue(1)
        image.GetFieldData().AddArray(mark)
    return image
