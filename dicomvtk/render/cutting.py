"""What is cut off the 3-D scene: the outside of a box, and all that lies beyond a slice."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from vtkmodules.vtkCommonDataModel import vtkPlane, vtkPlaneCollection, vtkPolyData
from vtkmodules.vtkFiltersCore import vtkClipPolyData

from dicomvtk.anatomy import letter_vector
from dicomvtk.bridge.pipeline import run
from dicomvtk.geometry import Geometry, axis_moves
from dicomvtk.render.planes import SlicePlane
from dicomvtk.render.resolve import State
from dicomvtk.render.scene import CLIP_SIDES, SliceLayer

__all__ = ["MOST_PLANES", "HalfSpace", "cut_off", "faces", "kept", "vtk_planes"]

#: A mapper of surfaces takes no more clipping planes (VTK 9.7, by OpenGL).
MOST_PLANES = 6

#: A point in LPS mm and the unit vector to the side that stays.
HalfSpace = tuple[NDArray[np.float64], NDArray[np.float64]]


def kept(state: State, geometry: Geometry, planes: dict[str, SlicePlane]) -> tuple[HalfSpace, ...]:
    """Return the half spaces whose common part `state` shows in 3-D; none where all is shown."""
    return (*_box(state.crop, geometry), *_beyond_slice(state, planes))


def faces(state: State, geometry: Geometry, planes: dict[str, SlicePlane]) -> tuple[HalfSpace, ...]:
    """Return the half spaces that end on a face of what `state` shows in 3-D: those kept, and the grid's own.

    The slice that cuts is left out where the scene shows the slices themselves.
    """
    slices = any(layer.in_3d for layer in state.shown(SliceLayer))
    return (*_box(state.crop, geometry, whole=True), *(() if slices else _beyond_slice(state, planes)))


def _beyond_slice(state: State, planes: dict[str, SlicePlane]) -> list[HalfSpace]:
    if state.clip is None:
        return []
    plane = planes[CLIP_SIDES[state.clip]]
    towards = letter_vector(state.clip)
    normal = plane.normal if float(plane.normal @ towards) < 0 else -plane.normal
    return [(plane.shown_at(state.crosshair), normal)]


def vtk_planes(spaces: tuple[HalfSpace, ...]) -> vtkPlaneCollection:
    """Return half spaces as the clipping planes of a mapper."""
    collection = vtkPlaneCollection()
    for point, normal in spaces:
        plane = vtkPlane()
        plane.SetOrigin(*point)
        plane.SetNormal(*normal)
        collection.AddItem(plane)
    return collection


def cut_off(surface: vtkPolyData, spaces: tuple[HalfSpace, ...]) -> vtkPolyData:
    """Return what of `surface` lies in all of these half spaces."""
    for plane in vtk_planes(spaces):
        clip = vtkClipPolyData()
        clip.SetInputData(surface)
        clip.SetClipFunction(plane)
        surface = run(clip)
    return surface


def _box(crop: tuple[float, ...], geometry: Geometry, *, whole: bool = False) -> list[HalfSpace]:
    """Return the half spaces of the sides that `crop` moves; with `whole` also of the others, at the last voxels."""
    moves = axis_moves(geometry, "LPS")
    centre = geometry.index_to_physical((np.asarray(geometry.shape) - 1) / 2)
    spaces: list[HalfSpace] = []
    for number, (axis, flip) in enumerate(zip(moves.order, moves.flip, strict=True)):
        along = geometry.direction[:, axis] * (-1.0 if flip else 1.0)
        size, half_voxel = geometry.extent_mm[axis], geometry.spacing[axis] / 2
        low, high = crop[2 * number], crop[2 * number + 1]
        if low > 0.0 or whole:
            spaces.append((centre + ((low - 0.5) * size + (0.0 if low > 0.0 else half_voxel)) * along, along))
        if high < 1.0 or whole:
            spaces.append((centre + ((high - 0.5) * size - (0.0 if high < 1.0 else half_voxel)) * along, -along))
    return spaces
