"""Surfaces of label maps: one for each label, closed for itself, of which several go into one file."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from vtkmodules.util.numpy_support import numpy_to_vtk, vtk_to_numpy
from vtkmodules.vtkCommonDataModel import vtkPolyData
from vtkmodules.vtkFiltersCore import vtkAppendPolyData, vtkSurfaceNets3D

from dicomvtk.bridge.images import to_vtk
from dicomvtk.bridge.pipeline import run
from dicomvtk.errors import UnsupportedError
from dicomvtk.processing.mesh import corners_of, mesh_of, slits_filled, smoothed
from dicomvtk.volume import Volume

__all__ = ["as_one", "label_surfaces"]

#: Of the filter of `mesh`: area within a percent on balls of 5 voxels across and more. The nets' own smoothing would
#: take a third of something of 50 voxels (VTK 9.7).
_ROUNDS = 30
#: Of a label's volume; where the filter would take more, as of a single voxel, its steps stay.
_MOST_LOST = 0.1
_MOST_LABELS = 1000


def label_surfaces(volume: Volume, *, smooth: bool = True) -> dict[int, vtkPolyData]:
    """Return the surface of each label of `volume`, integers of which 0 is nothing, as triangles in LPS mm.

    By surface nets (Frisken 2022, as in VTK), which do not leave gaps between neighbours. Each surface faces outward
    and is closed but where the edge of the volume cuts it; two neighbours both have the wall between them. Raises
    UnsupportedError for values that are no labels.
    """
    array = volume.array
    if min(volume.geometry.shape) < 2:
        raise UnsupportedError(f"Cannot make surfaces of labels of shape {volume.shape}; expected 2 voxels an axis.")
    if array.dtype.kind not in "iub" or volume.axes or volume.is_colour:
        raise UnsupportedError(f"Cannot take {array.dtype} of shape {volume.shape} for labels; expected 3-D integers.")
    labels = np.unique(array)
    labels = labels[labels != 0]
    if not 0 < len(labels) <= _MOST_LABELS:
        raise UnsupportedError(
            f"Cannot take values from {array.min()} to {array.max()} for labels: {len(labels)} of them differ "
            f"from 0; expected 1 to {_MOST_LABELS}."
        )
    nets = vtkSurfaceNets3D()
    nets.SetInputDataObject(to_vtk(volume))
    for number, label in enumerate(labels):
        nets.SetValue(number, float(label))
    nets.SetOutputMeshTypeToTriangles()
    nets.SmoothingOff()
    walls = run(nets)
    if walls.GetNumberOfPolys() == 0:
        return {}
    # A triangle winds outward for the first of the two labels it parts, inward for the second (VTK 9.7).
    sides = vtk_to_numpy(walls.GetCellData().GetArray("BoundaryLabels")).astype(np.int64)
    points, corners = vtk_to_numpy(walls.GetPoints().GetData()), corners_of(walls)
    whose = {label: _corners_of_label(corners, sides, label) for label in labels.tolist()}
    if smooth:
        points = _without_steps(walls, points, whose)
    at_border = {int(label) for axis in range(3) for label in np.unique(array.take((0, -1), axis))}
    surfaces = {}
    for label, own in whose.items():
        used, own = np.unique(own, return_inverse=True)
        if len(used):
            mesh = mesh_of(points[used], own.reshape(-1, 3))
            surfaces[int(label)] = mesh if label in at_border else slits_filled(mesh)
    return surfaces


def _corners_of_label(corners: NDArray[np.int64], sides: NDArray[np.int64], label: int) -> NDArray[np.int64]:
    """Return the triangles that bound `label`, numbers of points (n, 3), wound outward."""
    return np.concatenate([corners[sides[:, 0] == label], corners[sides[:, 1] == label][:, ::-1]])


def _without_steps(
    walls: vtkPolyData, points: NDArray[np.float32], whose: Mapping[int, NDArray[np.int64]]
) -> NDArray[np.float32]:
    """Return `points` of `walls` moved off the steps of the voxels, but those of labels too small for it."""
    moved = vtk_to_numpy(smoothed(walls, _ROUNDS).GetPoints().GetData()).copy()
    fine = {
        label: abs(_volume(moved, own) / before - 1) <= _MOST_LOST
        for label, own in whose.items()
        if (before := _volume(points, own)) > 0
    }
    for label, is_fine in fine.items():
        if not is_fine:
            used = np.unique(whose[label])
            moved[used] = points[used]
    return moved


def _volume(points: NDArray[np.float32], corners: NDArray[np.int64]) -> float:
    a, b, c = (points[corners[:, n]].astype(np.float64) - points[corners[0, 0]] for n in range(3))
    return float(np.einsum("ij,ij->", a, np.cross(b, c))) / 6


def as_one(surfaces: Mapping[int, vtkPolyData]) -> vtkPolyData:
    """Return `surfaces` as one, in their order; the cell array ``Label`` says whose each triangle is."""
    append = vtkAppendPolyData()
    for label, surface in surfaces.items():
        labelled = vtkPolyData()
        labelled.ShallowCopy(surface)
        numbers = numpy_to_vtk(np.full(surface.GetNumberOfPolys(), label, np.int32), deep=True)
        numbers.SetName("Label")
        labelled.GetCellData().AddArray(numbers)
        append.AddInputData(labelled)
    return run(append)
