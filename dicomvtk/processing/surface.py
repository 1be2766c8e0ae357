"""Surfaces of equal value through a volume, and the files that keep them."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from vtkmodules.vtkCommonDataModel import vtkPolyData
from vtkmodules.vtkFiltersCore import vtkFlyingEdges3D
from vtkmodules.vtkIOGeometry import vtkOBJWriter, vtkSTLWriter
from vtkmodules.vtkIOPLY import vtkPLYWriter
from vtkmodules.vtkIOXML import vtkXMLPolyDataWriter

from dicomvtk.atomic import atomic_file
from dicomvtk.bridge.images import to_vtk
from dicomvtk.bridge.pipeline import run
from dicomvtk.errors import UnsupportedError, VtkError, WriteError
from dicomvtk.volume import Volume

__all__ = ["SURFACE_SUFFIXES", "extract_surface", "save_surface"]

#: STL keeps 80 bytes of header; PLY and OBJ take comment lines.
_SPACE_NOTE = "dicomvtk surface, LPS mm (x left, y posterior, z superior)"


def extract_surface(volume: Volume, level: float) -> vtkPolyData:
    """Return the surface where `volume` crosses `level`, as triangles in LPS millimetres.

    Triangles wind counter-clockwise and normals point towards the lower values, so out of anything brighter than its
    surroundings, whichever handedness the grid has. What the edge of the volume cuts stays open there.

    Parameters
    ----------
    volume : Volume
        One 3-D frame of one sample a voxel, at least two voxels along each axis.
    level : float
        In modality values (HU for CT).

    Raises
    ------
    UnsupportedError
        Where the level lies outside the values of the volume (which are named), so that there is no surface; for
        colour, further axes, and volumes of a single slice.

    Examples
    --------
    >>> block = np.zeros((4, 4, 4), np.uint8)
    >>> block[1:3, 1:3, 1:3] = 100
    >>> extract_surface(Volume(block), 50.0).GetBounds()
    (0.5, 2.5, 0.5, 2.5, 0.5, 2.5)
    """
    _check_level(volume, level)
    contour = vtkFlyingEdges3D()
    contour.SetInputDataObject(to_vtk(volume))
    contour.SetValue(0, float(level))
    contour.ComputeNormalsOn()
    contour.ComputeScalarsOff()
    run(contour)
    surface = contour.GetOutput()
    if surface.GetNumberOfPolys() == 0:
        raise _no_surface(volume, level)
    return surface


def save_surface(surface: vtkPolyData, path: str | os.PathLike[str]) -> None:
    """Write `surface` to `path`, by its suffix ``.stl .ply .obj`` or ``.vtp``; coordinates stay LPS millimetres.

    STL, PLY and VTP are binary. The file is whole or absent. Raises UnsupportedError for another suffix, WriteError
    where writing fails.
    """
    target = Path(path)
    suffix = target.suffix.lower()
    if suffix not in _WRITERS:
        raise UnsupportedError(
            f"Cannot write a surface to {target}: unknown suffix {suffix!r}; expected one of {', '.join(_WRITERS)}."
        )
    writer = _WRITERS[suffix]()
    writer.SetInputData(surface)
    with atomic_file(target) as sibling:
        writer.SetFileName(str(sibling))
        try:
            run(writer)
        except VtkError as error:
            raise WriteError(f"Cannot write {target}: {error}") from error


def _stl_writer() -> vtkSTLWriter:
    writer = vtkSTLWriter()
    writer.SetFileTypeToBinary()
    writer.SetHeader(_SPACE_NOTE)
    return writer


def _ply_writer() -> vtkPLYWriter:
    writer = vtkPLYWriter()
    writer.SetFileTypeToBinary()
    writer.AddComment(_SPACE_NOTE)
    return writer


def _vtp_writer() -> vtkXMLPolyDataWriter:
    writer = vtkXMLPolyDataWriter()
    writer.SetDataModeToAppended()
    writer.EncodeAppendedDataOff()
    writer.SetCompressorTypeToLZ4()
    return writer


_WRITERS: dict[str, Callable[[], Any]] = {
    ".stl": _stl_writer,
    ".ply": _ply_writer,
    ".obj": vtkOBJWriter,
    ".vtp": _vtp_writer,
}

SURFACE_SUFFIXES = tuple(_WRITERS)


def _check_level(volume: Volume, level: float) -> None:
    if volume.axes or volume.is_colour:
        raise UnsupportedError(
            f"Cannot extract a surface from a volume of shape {volume.shape}; expected one 3-D frame of one sample "
            "a voxel: choose one with volume.frame(...)."
        )
    if min(volume.geometry.shape) < 2:
        raise UnsupportedError(
            f"Cannot extract a surface from a volume of shape {volume.shape}; expected at least two voxels an axis."
        )
    low, high = _value_range(volume.array)
    # Flying edges counts a voxel equal to the level as inside: at the lowest value all is inside and nothing crosses.
    if not low < level <= high:
        raise _no_surface(volume, level)


def _value_range(array: NDArray[Any]) -> tuple[float, float]:
    if array.dtype.kind == "f" and not np.isfinite(array).any():
        return (np.nan, np.nan)
    if array.dtype.kind == "f":
        return float(np.nanmin(array)), float(np.nanmax(array))
    return float(array.min()), float(array.max())


def _no_surface(volume: Volume, level: float) -> UnsupportedError:
    low, high = _value_range(volume.array)
    unit = f" {volume.info.unit}" if volume.info.unit else ""
    return UnsupportedError(
        f"No surface at level {level:g}{unit}: the values of the volume go from {low:g} to {high:g}{unit}; "
        "choose a level between them."
    )
