"""Volumes as vtkImageData and back, sharing one block of memory.

VTK keeps the first axis fastest, as `Volume.array` does, so no voxel moves at this door; see docs/conventions.md.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from vtkmodules.util.numpy_support import numpy_to_vtk, vtk_to_numpy
from vtkmodules.vtkCommonCore import vtkDataArray
from vtkmodules.vtkCommonDataModel import vtkImageData
from vtkmodules.vtkCommonMath import vtkMatrix3x3, vtkMatrix4x4

from dicomvtk.errors import GeometryError, UnsupportedError
from dicomvtk.geometry import Geometry
from dicomvtk.volume import Volume

__all__ = ["SCALARS_NAME", "from_vtk", "geometry_of", "identity_image", "to_vtk"]

#: The name of the point data array that `to_vtk` makes: what ParaView lists for a saved file.
SCALARS_NAME = "values"

#: VTK's own bookkeeping, never voxels.
_VTK_GHOSTS = "vtkGhostType"

_COLOUR_SAMPLES = (3, 4)


def to_vtk(volume: Volume) -> vtkImageData:
    """Return `volume` as right-handed vtkImageData in LPS mm that shares its memory.

    Origin, spacing and DirectionMatrix are those of `volume.geometry`; the scalars are named `SCALARS_NAME`. The
    array lives as long as any VTK object that uses it. What VTK writes in place appears in ``volume.array``; call
    ``Modified()`` on the scalars after writing from NumPy. A read-only array is shared too: VTK does not know and
    must not write to it.

    Copied, because VTK cannot have them as they are: a left-handed grid (its slices are reversed and the origin moves
    to the other end, since VTK's volume mappers and surfaces fail on it), float16 (as float32), and bytes in another
    order than the machine's. bool is seen as uint8 without a copy.

    Parameters
    ----------
    volume : Volume
        One 3-D frame, ``(i, j, k)`` or colour ``(i, j, k, c)``.

    Raises
    ------
    UnsupportedError
        For further axes (take one with ``volume.frame(...)``) and for complex or extended-precision values.
    GeometryError
        Where the slices are not regular (``regular=False``).

    Examples
    --------
    >>> image = to_vtk(Volume(np.zeros((4, 3, 2), np.int16, order="F")))
    >>> image.GetDimensions(), image.GetScalarTypeAsString()
    ((4, 3, 2), 'short')
    """
    _check_one_regular_frame(volume)
    array, geometry = _right_handed(_vtk_dtype(volume.array), volume.geometry)
    image = vtkImageData()
    image.SetDimensions(geometry.shape)
    image.SetSpacing(geometry.spacing)
    image.SetOrigin(geometry.origin)
    image.SetDirectionMatrix(geometry.direction.ravel().tolist())
    scalars = numpy_to_vtk(_flat(array))
    scalars.SetName(SCALARS_NAME)
    image.GetPointData().SetScalars(scalars)
    return image


def from_vtk(image: vtkImageData, name: str | None = None) -> Volume:
    """Return `image` as a volume that shares its memory.

    The array is ``(i, j, k)``, or ``(i, j, k, c)`` for 3 or 4 components. Coordinates are taken as LPS mm.
    Voxel (0, 0, 0) is the one at the lower end of the extent, wherever that starts; a negative spacing becomes a
    reversed direction.

    Parameters
    ----------
    image : vtkImageData
        Its values are read from point data. An implicit (computed) array is copied into an explicit one.
    name : str, optional
        Which point data array, where there are several.

    Raises
    ------
    UnsupportedError
        For an empty image, no or several arrays without `name`, an unknown `name`, cell data only, or a number of
        components other than 1, 3 and 4.
    GeometryError
        Where the DirectionMatrix is not orthonormal or a spacing is 0.

    Examples
    --------
    >>> image = vtkImageData(dimensions=(4, 3, 2), spacing=(1.0, 1.0, 2.5))
    >>> image.AllocateScalars(4, 1)
    >>> from_vtk(image).spacing
    (1.0, 1.0, 2.5)
    """
    if not isinstance(image, vtkImageData):
        raise UnsupportedError(f"Cannot make a volume of {type(image).__name__}; expected vtkImageData.")
    dimensions = image.GetDimensions()
    if min(dimensions) < 1:
        raise UnsupportedError(f"Cannot make a volume of an empty image (dimensions {dimensions}); was it updated?")
    values = _explicit(_chosen_array(image, name))
    count, components = values.GetNumberOfTuples(), values.GetNumberOfComponents()
    if count != int(np.prod(dimensions)):
        raise UnsupportedError(f"Array {values.GetName()!r} has {count} values; expected {dimensions} of them.")
    flat = vtk_to_numpy(values)
    if components == 1:
        array = flat.reshape(dimensions, order="F")
    elif components in _COLOUR_SAMPLES:
        array = flat.reshape(*reversed(dimensions), components).transpose(2, 1, 0, 3)
    else:
        raise UnsupportedError(
            f"Array {values.GetName()!r} has {components} components; expected 1, or 3 or 4 of colour. "
            "vtkImageExtractComponents takes one out."
        )
    return Volume(array, geometry_of(image))


def identity_image(image: vtkImageData) -> tuple[vtkImageData, vtkMatrix4x4]:
    """Return `image` without rotation and origin, and the matrix that puts it back: for volume props and their picking.

    The first is a shallow copy with identity direction and origin 0 that keeps its spacing and extent; the second,
    the rotation and origin, is for ``vtkProp3D.SetUserMatrix``. VTK's volume mappers ignore or fail on a
    DirectionMatrix (vtkFixedPointVolumeRayCastMapper draws it unrotated, pickers find no hit, VTK 9.7).
    """
    matrix = vtkMatrix4x4()
    direction = image.GetDirectionMatrix()
    for row in range(3):
        for column in range(3):
            matrix.SetElement(row, column, direction.GetElement(row, column))
        matrix.SetElement(row, 3, image.GetOrigin()[row])
    plain = vtkImageData()
    plain.ShallowCopy(image)
    plain.SetOrigin(0.0, 0.0, 0.0)
    plain.SetDirectionMatrix(vtkMatrix3x3())
    return plain, matrix


def _check_one_regular_frame(volume: Volume) -> None:
    if volume.axes:
        names = ", ".join(f"{axis.keyword} ({len(axis)})" for axis in volume.axes)
        raise UnsupportedError(
            f"VTK takes one 3-D frame at a time, and this volume has further axes: {names}. "
            f"Choose one with volume.frame({', '.join('0' for _ in volume.axes)})."
        )
    if not volume.regular:
        codes = [found.code for found in volume.findings if found.severity == "stop"] or ["gap"]
        raise GeometryError(
            f"The slices of this volume are not on a regular grid ({', '.join(codes)}), and VTK's images can only be. "
            f'fix={{"{codes[0]}"}} in the place of allow= puts them on one, where there is such a repair.'
        )


def _vtk_dtype(array: NDArray[Any]) -> NDArray[Any]:
    """Return `array` in a dtype VTK has, the same memory where it can be."""
    kind, size = array.dtype.kind, array.dtype.itemsize
    if kind == "c" or (kind == "f" and size > np.dtype(np.float64).itemsize):
        raise UnsupportedError(
            f"VTK has no {array.dtype} values. Give it the part wanted, such as "
            f"volume.with_array({'abs(volume.array)' if kind == 'c' else 'volume.array.astype(float)'})."
        )
    if kind == "b":
        return array.view(np.uint8)
    if kind == "f" and size < np.dtype(np.float32).itemsize:
        return array.astype(np.float32)
    return array.astype(array.dtype.newbyteorder("="), copy=False)


def _right_handed(array: NDArray[Any], geometry: Geometry) -> tuple[NDArray[Any], Geometry]:
    """Return both with k reversed where the grid is left-handed; every voxel stays where it was."""
    if geometry.is_right_handed:
        return array, geometry
    return array[:, :, ::-1], geometry.flipped(2)


def _flat(array: NDArray[Any]) -> NDArray[Any]:
    """Return the voxels of ``(i, j, k)`` or ``(i, j, k, c)`` in VTK's order, (n,) or (n, c); a view if they lie so."""
    if array.ndim == 3:
        return array.reshape(-1, order="F")
    return np.ascontiguousarray(array.transpose(2, 1, 0, 3)).reshape(-1, array.shape[3])


def _chosen_array(image: vtkImageData, name: str | None) -> vtkDataArray:
    data = image.GetPointData()
    names = _array_names(data)
    if name is not None:
        found = data.GetArray(name)
        if found is None:
            raise UnsupportedError(f"The image has no point data array {name!r}; it has: {_listed(names)}.")
        return found
    if len(names) > 1:
        raise UnsupportedError(f"The image has several point data arrays, {_listed(names)}: choose one with name=.")
    if names:
        return data.GetArray(names[0]) if names[0] else data.GetArray(0)
    cells = _array_names(image.GetCellData())
    if cells:
        raise UnsupportedError(
            f"The image has values on cells only ({_listed(cells)}), and a volume has them at points: "
            "run vtkCellDataToPointData first."
        )
    raise UnsupportedError("The image has no values (no point data array); was the algorithm that makes it updated?")


def _array_names(data: Any) -> list[str]:
    """Return the names of the numeric arrays of vtkPointData or vtkCellData, empty text for one without."""
    found = (data.GetArray(index) for index in range(data.GetNumberOfArrays()))
    return [array.GetName() or "" for array in found if array is not None and array.GetName() != _VTK_GHOSTS]


def _listed(names: list[str]) -> str:
    return ", ".join(repr(name) for name in names) or "none"


def _explicit(values: vtkDataArray) -> vtkDataArray:
    """Return `values` as one block of memory, tuples together; itself where it is so already."""
    if values.HasStandardMemoryLayout():
        return values
    copy = vtkDataArray.CreateDataArray(values.GetDataType())
    copy.DeepCopy(values)
    copy.SetName(values.GetName())
    return copy


def geometry_of(image: vtkImageData) -> Geometry:
    """Return where the voxels of `image` lie, counted from the lower end of its extent."""
    direction = image.GetDirectionMatrix()
    columns = np.array([[direction.GetElement(row, column) for column in range(3)] for row in range(3)])
    spacing = np.array(image.GetSpacing())
    extent = image.GetExtent()
    first = np.array(image.GetOrigin()) + columns @ (spacing * (extent[0], extent[2], extent[4]))
    reversing = np.where(spacing < 0, -1.0, 1.0)
    return Geometry(image.GetDimensions(), tuple(np.abs(spacing)), tuple(first), columns * reversing)
