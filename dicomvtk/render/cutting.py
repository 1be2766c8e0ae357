"""What is cut off the 3-D scene: the outside of a box, and all that lies beyond a slice."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from vtkmodules.vtkCommonDataModel import vtkPlane, vtkPlaneCollection

from dicomvtk.anatomy import letter_vector
from dicomvtk.geometry import Geometry, axis_moves
from dicomvtk.render.planes import SlicePlane
from dicomvtk.render.resolve import State
from dicomvtk.render.scene import CLIP_SIDES

__all__ = ["HalfSpace", "kept", "vtk_planes"]

#: A point in LPS mm and the unit vector to the side that stays.
HalfSpace = tuple[NDArray[np.float64], NDArray[np.float64]]


def kept(state: State, geometry: Geometry, planes: dict[str, SlicePlane]) -> tuple[HalfSpace, ...]:
    """Return the half spaces whose common part `state` shows in 3-D; none where all is shown."""
    spaces = list(_box(state.crop, geometry))
    if state.clip is not None:
        plane = planes[CLIP_SIDES[state.clip]]
        towards = letter_vector(state.clip)
        normal = plane.normal if float(plane.normal @ towards) < 0 else -plane.normal
        spaces.append((plane.shown_at(state.crosshair), normal))
    return tuple(spaces)


def vtk_planes(spaces: tuple[HalfSpace, ...]) -> vtkPlaneCollection:
    """Return half spaces as the clipping planes of a mapper."""
    collection = vtkPlaneCollection()
    for point, normal in spaces:
        plane = vtkPlane()
        plane.SetOrigin(*point)
        plane.SetNormal(*normal)
        collection.AddItem(plane)
    return collection


def _box(crop: tuple[float, ...], geometry: Geometry) -> list[HalfSpace]:
    moves = axis_moves(geometry, "LPS")
    centre = geometry.index_to_physical((np.asarray(geometry.shape) - 1) / 2)
    spaces: list[HalfSpace] = []
    for number, (axis, flip) in enumerate(zip(moves.order, moves.flip, strict=True)):
        along = geometry.direction[:, axis] * (-1.0 if flip else 1.0)
        size = geometry.extent_mm[axis]
        low, high = crop[2 * number], crop[2 * number + 1]
        if low > 0.0:
            spaces.append((centre + (low - 0.5) * size * along, along))
        if high < 1.0:
            spaces.append((centre + (high - 0.5) * size * along, -along))
    return spaces
