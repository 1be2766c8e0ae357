"""Surfaces of equal value through a volume, and the files that keep them."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from vtkmodules.vtkCommonCore import vtkStringArray
from vtkmodules.vtkCommonDataModel import vtkMultiBlockDataSet, vtkPolyData
from vtkmodules.vtkCommonTransforms import vtkTransform
from vtkmodules.vtkFiltersGeneral import vtkTransformFilter
from vtkmodules.vtkIOGeometry import vtkGLTFWriter, vtkOBJWriter, vtkSTLWriter
from vtkmodules.vtkIOPLY import vtkPLYWriter
from vtkmodules.vtkIOXML import vtkXMLPolyDataWriter

from dicomvtk.atomic import atomic_file
from dicomvtk.bridge.pipeline import run
from dicomvtk.errors import UnsupportedError, VtkError, WriteError
from dicomvtk.processing.contour import contour
from dicomvtk.processing.gltf import place_in_gltf
from dicomvtk.volume import Volume

__all__ = ["SURFACE_SUFFIXES", "extract_surface", "save_surface"]

#: What the comment of a file says of its coordinates; STL has 80 bytes for it.
_SPACE_NOTES = {
    "LPS": "dicomvtk surface, LPS mm (x left, y posterior, z superior)",
    "RAS": "dicomvtk surface, RAS mm (x right, y anterior, z superior)",
}


def extract_surface(volume: Volume, level: float) -> vtkPolyData:
    """Return the surface where `volume` crosses `level`, as triangles in LPS millimetres.

    Triangles wind counter-clockwise and normals point towards the lower values, so out of anything brighter than its
    surroundings, whichever handedness the grid has. What the edge of the volume cuts stays open there. A voxel that is
    not a number is as low as the lowest.

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
    _check_kind(volume)
    surface = contour(volume, level)
    if surface.GetNumberOfPolys() == 0:
        raise _no_surface(volume, level)
    return surface


def save_surface(surface: vtkPolyData, path: str | os.PathLike[str], space: str = "LPS") -> None:
    """Write `surface`, in LPS millimetres, to `path` by its suffix ``.stl .ply .obj .vtp`` or ``.glb``.

    Coordinates stay LPS, or become RAS where `space` says so, and the file tells which: comments of STL, PLY and OBJ,
    field data of VTP, ``extras`` of the asset of GLB. The scene of GLB is in metres with the head up and the face to
    +Z, as glTF has it, by the matrix of its node. STL, PLY, VTP and GLB are binary. The file is whole or absent.
    Raises UnsupportedError for another suffix, WriteError where writing fails.
    """
    target = Path(path)
    suffix = target.suffix.lower()
    if suffix not in _WRITERS:
        raise UnsupportedError(
            f"Cannot write a surface to {target}: unknown suffix {suffix!r}; expected one of {', '.join(_WRITERS)}."
        )
    if space not in _SPACE_NOTES:
        raise UnsupportedError(f"Unknown space {space!r} for a surface; expected {' or '.join(_SPACE_NOTES)}.")
    writer = _WRITERS[suffix](_SPACE_NOTES[space])
    placed = surface if space == "LPS" else _in_ras(surface)
    writer.SetInputData(_blocks(placed) if suffix == ".glb" else _named(placed, space))
    with atomic_file(target) as sibling:
        writer.SetFileName(str(sibling))
        try:
            run(writer)
        except VtkError as error:
            raise WriteError(f"Cannot write {target}: {error}") from error
        if suffix == ".obj":  # VTK's writer of it takes no comment
            _put_first(sibling, f"# {_SPACE_NOTES[space]}\n")
        elif suffix == ".glb":
            place_in_gltf(sibling, space, _SPACE_NOTES[space])


def _put_first(path: Path, line: str) -> None:
    """Write `line` before what is in the file."""
    whole = path.read_bytes()
    path.write_bytes(line.encode("ascii") + whole)


def _in_ras(surface: vtkPolyData) -> vtkPolyData:
    """Return `surface` turned half about the head-foot axis: x and y change sign, outside stays outside."""
    turn = vtkTransform()
    turn.Scale(-1.0, -1.0, 1.0)
    moved = vtkTransformFilter()
    moved.SetTransform(turn)
    moved.SetInputData(surface)
    return run(moved)


def _named(surface: vtkPolyData, space: str) -> vtkPolyData:
    """Return `surface`, its arrays shared, with field data that say its space and unit."""
    named = vtkPolyData()
    named.ShallowCopy(surface)
    for name, text in (("Space", space), ("Unit", "mm"), ("Comment", _SPACE_NOTES[space])):
        words = vtkStringArray()
        words.SetName(name)
        words.InsertNextValue(text)
        named.GetFieldData().AddArray(words)
    return named


def _blocks(surface: vtkPolyData) -> vtkMultiBlockDataSet:
    """Return `surface` as VTK's writer of GLTF wants it: a block of blocks."""
    inner, outer = vtkMultiBlockDataSet(), vtkMultiBlockDataSet()
    inner.SetBlock(0, surface)
    outer.SetBlock(0, inner)
    return outer


def _stl_writer(note: str) -> vtkSTLWriter:
    writer = vtkSTLWriter()
    writer.SetFileTypeToBinary()
    writer.SetHeader(note)
    return writer


def _ply_writer(note: str) -> vtkPLYWriter:
    writer = vtkPLYWriter()
    writer.SetFileTypeToBinary()
    writer.AddComment(note)
    return writer


def _obj_writer(_note: str) -> vtkOBJWriter:
    return vtkOBJWriter()


def _vtp_writer(_note: str) -> vtkXMLPolyDataWriter:
    writer = vtkXMLPolyDataWriter()
    writer.SetDataModeToAppended()
    writer.EncodeAppendedDataOff()
    writer.SetCompressorTypeToLZ4()
    return writer


def _glb_writer(_note: str) -> vtkGLTFWriter:
    writer = vtkGLTFWriter()
    writer.InlineDataOn()
    writer.SaveNormalOn()
    return writer


_WRITERS: dict[str, Callable[[str], Any]] = {
    ".stl": _stl_writer,
    ".ply": _ply_writer,
    ".obj": _obj_writer,
    ".vtp": _vtp_writer,
    ".glb": _glb_writer,
}

SURFACE_SUFFIXES = tuple(_WRITERS)


def _check_kind(volume: Volume) -> None:
    if volume.axes or volume.is_colour:
        raise UnsupportedError(
            f"Cannot extract a surface from a volume of shape {volume.shape}; expected one 3-D frame of one sample "
            "a voxel: choose one with volume.frame(...)."
        )
    if min(volume.geometry.shape) < 2:
        raise UnsupportedError(
            f"Cannot extract a surface from a volume of shape {volume.shape}; expected at least two voxels an axis."
        )


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
