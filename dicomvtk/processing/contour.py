"""The triangles where a volume crosses a level, slab by slab: VTK's notes on a whole CT are half as large as it is."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from vtkmodules.util.numpy_support import numpy_to_vtk, vtk_to_numpy
from vtkmodules.vtkCommonCore import vtkPoints
from vtkmodules.vtkCommonDataModel import vtkCellArray, vtkPolyData
from vtkmodules.vtkFiltersCore import vtkFlyingEdges3D

from dicomvtk.bridge.images import to_vtk
from dicomvtk.bridge.pipeline import run
from dicomvtk.volume import Volume

__all__ = ["contour"]

Array = NDArray[Any]

#: Voxels of a slab: few enough for the notes on it to be small, so many that the slices run twice weigh little.
_SLAB_VOXELS = 8_000_000
_FEWEST_SLICES = 8


@dataclass(eq=False)
class _Mesh:
    """Points in LPS mm and normals, (n, 3) float32, and triangles, (m, 3) numbers of points."""

    points: Array
    normals: Array
    triangles: Array


def contour(volume: Volume, level: float) -> vtkPolyData:
    """Return the triangles where `volume`, a 3-D frame of scalars, crosses `level`, with normals, in LPS mm.

    They are those that flying edges gives for the whole volume (Schroeder et al., Flying edges, LDAV 2015), in its
    order: by slice, so that slabs join without a search. What lies in the slice that two slabs share comes last in the
    one and first in the other, in one order. What is not a number counts as the lowest value.
    """
    flip = not volume.geometry.is_right_handed  # as `to_vtk` does, a slab at a time
    array = volume.array[:, :, ::-1] if flip else volume.array
    geometry = volume.geometry.flipped(2) if flip else volume.geometry
    columns, rows, slices = array.shape
    number = np.int32 if 3 * array.size <= np.iinfo(np.int32).max else np.int64  # three edges a voxel, a point on each
    thickness = max(_FEWEST_SLICES, _SLAB_VOXELS // (columns * rows))
    surface = _Mesh(np.empty((0, 3), np.float32), np.empty((0, 3), np.float32), np.empty((0, 3), number))
    bounds = _finite_bounds(array)
    for low in range(0, slices - 1, thickness):
        high = min(low + thickness, slices - 1)
        start, stop = max(low - 1, 0), min(high + 2, slices)  # a slice more on either side, for normals and seam
        grid = geometry.cropped((0, 0, start), (columns, rows, stop))
        slab = _interpolable(array[:, :, start:stop], bounds)
        mesh = _flying_edges(volume.with_array(slab, grid), level)
        first, begin = _seam_below(mesh, slab[:, :, : low + 1 - start], level)
        end, until = _seam_above(mesh, slab[:, :, high - 1 - start :], level)
        moved = len(surface.points) - first
        surface.points = _extended(surface.points, mesh.points[first:end])
        surface.normals = _extended(surface.normals, mesh.normals[first:end])
        surface.triangles = _extended(surface.triangles, mesh.triangles[begin:until], moved)
    return _poly_data(surface)


def _finite_bounds(array: Array) -> tuple[float, float] | None:
    """Return the lowest and highest finite value where some are not finite, else None."""
    if array.dtype.kind != "f" or (np.isfinite(array.min()) and np.isfinite(array.max())):
        return None
    finite = array[np.isfinite(array)]
    return (float(finite.min()), float(finite.max())) if finite.size else None


def _interpolable(slab: Array, bounds: tuple[float, float] | None) -> Array:
    """Return `slab` in values that flying edges finds points between.

    It subtracts integers of 32 bits and more as they are, so that unsigned ones wrap, and gives points that are not
    numbers beside values that are not (VTK 9.7).
    """
    if slab.dtype.kind in "iu" and slab.dtype.itemsize >= 4:
        return slab.astype(np.float64)
    return slab if bounds is None else np.nan_to_num(slab, nan=bounds[0], neginf=bounds[0], posinf=bounds[1])


def _flying_edges(volume: Volume, level: float) -> _Mesh:
    edges = vtkFlyingEdges3D()
    edges.SetInputDataObject(to_vtk(volume))
    edges.SetValue(0, float(level))
    edges.ComputeNormalsOn()
    edges.ComputeScalarsOff()
    made = run(edges)
    if made.GetNumberOfPolys() == 0:
        none = np.empty((0, 3), np.float32)
        return _Mesh(none, none, np.empty((0, 3), np.int64))
    triangles = vtk_to_numpy(made.GetPolys().GetConnectivityArray()).reshape(-1, 3)
    return _Mesh(vtk_to_numpy(made.GetPoints().GetData()), vtk_to_numpy(made.GetPointData().GetNormals()), triangles)


def _seam_below(mesh: _Mesh, slices: Array, level: float) -> tuple[int, int]:
    """Return the first point and triangle of a slab that begins at the last of `slices`, of one or two."""
    if slices.shape[2] == 1:
        return 0, 0
    inside, between = _edges_crossed(slices, level)
    first = inside[0] + between[0]
    return first, _behind_last_below(first, mesh.triangles[: _most_triangles(inside, between)])


def _seam_above(mesh: _Mesh, slices: Array, level: float) -> tuple[int, int]:
    """Return the ends of the points and triangles of a slab that ends at the second of `slices`, of two or three."""
    if slices.shape[2] == 2:
        return len(mesh.points), len(mesh.triangles)
    inside, between = _edges_crossed(slices, level)
    end = len(mesh.points) - inside[1] - between[1] - inside[2]
    before = max(0, len(mesh.triangles) - _most_triangles(inside, between))
    return end, before + _behind_last_below(end, mesh.triangles[before:])


def _edges_crossed(slices: Array, level: float) -> tuple[list[int], list[int]]:
    """Return how many edges of the grid have a point: inside each slice, and from each to the next."""
    above = [slices[:, :, k] >= np.float64(level) for k in range(slices.shape[2])]
    inside = [int(np.count_nonzero(a[1:] != a[:-1]) + np.count_nonzero(a[:, 1:] != a[:, :-1])) for a in above]
    between = [int(np.count_nonzero(one != other)) for one, other in itertools.pairwise(above)]
    return inside, between


def _most_triangles(inside: list[int], between: list[int]) -> int:
    """Return a bound: a cell has fewer triangles than crossed edges, and an edge is one of four cells a layer."""
    return 4 * (sum(inside) + sum(between))


def _behind_last_below(point: int, triangles: Array) -> int:
    """Return the number of the triangle behind the last of `triangles` with a point before `point`; 0 without one."""
    found = np.flatnonzero(triangles.reshape(-1) < point)
    return int(found[-1]) // 3 + 1 if found.size else 0


def _extended(whole: Array, part: Array, moved: int = 0) -> Array:
    """Return `whole` with `part`, its numbers moved on, behind it, in the same memory where that can grow."""
    rows = len(whole)
    whole.resize((rows + len(part), 3), refcheck=False)
    if moved:
        np.add(part, moved, out=whole[rows:], casting="unsafe")
    else:
        whole[rows:] = part
    return whole


def _poly_data(mesh: _Mesh) -> vtkPolyData:
    surface, points, cells = vtkPolyData(), vtkPoints(), vtkCellArray()
    points.SetData(numpy_to_vtk(mesh.points))
    cells.SetData(3, numpy_to_vtk(mesh.triangles.reshape(-1)))
    normals = numpy_to_vtk(mesh.normals)
    normals.SetName("Normals")
    surface.SetPoints(points)
    surface.GetPointData().SetNormals(normals)
    surface.SetPolys(cells)
    return surface
