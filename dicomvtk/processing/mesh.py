"""From a volume to a surface for printing and modelling: closed, clean, smooth, of as many triangles as wanted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from vtkmodules.util.numpy_support import numpy_to_vtk, numpy_to_vtkIdTypeArray, vtk_to_numpy
from vtkmodules.vtkCommonDataModel import vtkCellArray, vtkPolyData
from vtkmodules.vtkFiltersCore import (
    vtkCleanPolyData,
    vtkFeatureEdges,
    vtkPolyDataConnectivityFilter,
    vtkPolyDataNormals,
    vtkQuadricDecimation,
    vtkTriangleFilter,
    vtkWindowedSincPolyDataFilter,
)

from dicomvtk.bridge.pipeline import run
from dicomvtk.errors import UnsupportedError
from dicomvtk.geometry import Geometry
from dicomvtk.volume import Volume

__all__ = [
    "MeshMeasures",
    "capped",
    "corners_of",
    "finished",
    "measures",
    "mesh_of",
    "slits_filled",
    "smoothed",
    "together",
]

#: Taubin's filter so often and so strong: steps of voxels go, volume stays within a part in a thousand.
_SMOOTHING_ROUNDS = 15
_PASS_BAND = 0.1
_ROUNDS_TO_WANTED = 10
_CORNERS = 3
#: Triangles whose corners are copied at once.
_AT_ONCE = 250_000
#: Of the smallest thing that has an inside.
_FEWEST = 4


@dataclass(frozen=True)
class MeshMeasures:
    """What a surface measures. `volume_mm3` means what it says where the surface is `closed`."""

    triangles: int
    area_mm2: float
    volume_mm3: float
    closed: bool


def capped(volume: Volume, value: float | None = None) -> Volume:
    """Return `volume` with one voxel of `value` all around, so that surfaces of it are closed at the border.

    None = its lowest value; of a label map 0 is outside.
    """
    geometry = volume.geometry
    around = volume.array.min() if value is None else value
    array = np.full([n + 2 for n in volume.shape], around, volume.dtype, order="F")
    array[1:-1, 1:-1, 1:-1] = volume.array
    affine = geometry.affine
    affine[:3, 3] = geometry.index_to_physical((-1, -1, -1))
    return volume.with_array(array, Geometry.from_affine(affine, array.shape, placed=geometry.placed))


def finished(
    surface: vtkPolyData,
    *,
    smooth: bool = True,
    largest: bool = False,
    least_triangles: int = 0,
    reduce: float = 0.0,
    triangles: int | None = None,
) -> vtkPolyData:
    """Return `surface` cleaned and, as asked, smoothed, freed of small pieces, and of fewer triangles.

    Parameters
    ----------
    surface : vtkPolyData
        Triangles whose normals point outward.
    smooth : bool
        Windowed sinc, which keeps the volume.
    largest : bool
        Only the piece of most triangles.
    least_triangles : int
        Pieces of fewer go.
    reduce : float
        Share of the triangles to take away, from 0 up to 1.
    triangles : int, optional
        As many as there may be; in place of `reduce`.

    Raises
    ------
    UnsupportedError
        For shares and counts that make no surface, and where no piece, or nothing solid, is left.
    """
    _check(reduce, triangles)
    mesh = _cleaned(surface)
    if largest or least_triangles > 0:
        mesh = _pieces(mesh, largest=largest, least=least_triangles)
    if smooth:
        mesh = smoothed(mesh)
    if triangles is not None:
        reduce = max(0.0, 1.0 - triangles / max(1, mesh.GetNumberOfPolys()))
    if reduce > 0:
        before = mesh.GetNumberOfPolys()
        mesh = _reduced(mesh, reduce)
        if mesh.GetNumberOfPolys() < _FEWEST:
            raise UnsupportedError(
                f"Cannot take away {reduce:g} of {before} triangles: fewer than {_FEWEST}, as are left, hold nothing."
            )
    return _with_normals(mesh)


def measures(surface: vtkPolyData) -> MeshMeasures:
    """Return count, area and volume of `surface`, triangles in mm, and whether it has no border."""
    edges = vtkFeatureEdges()
    edges.SetInputData(surface)
    edges.BoundaryEdgesOn()
    edges.NonManifoldEdgesOff()
    edges.FeatureEdgesOff()
    edges.ManifoldEdgesOff()
    closed = run(edges).GetNumberOfCells() == 0
    area, volume = _area_and_volume(surface)
    return MeshMeasures(surface.GetNumberOfPolys(), area, volume, closed)


def _area_and_volume(surface: vtkPolyData) -> tuple[float, float]:
    """Return the sum of the triangles, and what they enclose by the divergence theorem: VTK's own is an estimate."""
    corners = corners_of(surface)
    points = vtk_to_numpy(surface.GetPoints().GetData()) if len(corners) else np.zeros((1, 3))
    middle, area, volume = points.mean(axis=0, dtype=np.float64), 0.0, 0.0
    for first in range(0, len(corners), _AT_ONCE):
        a, b, c = (points[corners[first : first + _AT_ONCE, n]] - middle for n in range(3))
        across = np.cross(b - a, c - a)
        area += float(np.linalg.norm(across, axis=1).sum()) / 2
        volume += float(np.einsum("ij,ij->", a, across)) / 6
    return area, volume


def together(measured: Sequence[MeshMeasures]) -> MeshMeasures:
    """Return what several surfaces measure together, walls that two of them have counted twice."""
    return MeshMeasures(
        sum(one.triangles for one in measured),
        sum(one.area_mm2 for one in measured),
        sum(one.volume_mm3 for one in measured),
        all(one.closed for one in measured),
    )


def _check(reduce: float, triangles: int | None) -> None:
    if not 0.0 <= reduce < 1.0:
        raise UnsupportedError(f"Cannot take away {reduce:g} of the triangles; expected a share from 0 up to 1.")
    if triangles is not None and triangles < _FEWEST:
        raise UnsupportedError(f"Cannot make a surface of {triangles} triangles; expected {_FEWEST} or more.")


def _cleaned(surface: vtkPolyData) -> vtkPolyData:
    """Return `surface` with points that coincide made one: decimation and smoothing work on nothing else."""
    bare = vtkPolyData()
    bare.SetPoints(surface.GetPoints())
    bare.SetPolys(surface.GetPolys())
    clean = vtkCleanPolyData()
    clean.SetInputData(bare)
    clean.SetTolerance(0.0)
    only = vtkTriangleFilter()
    only.SetInputConnection(clean.GetOutputPort())
    only.PassLinesOff()
    only.PassVertsOff()
    return run(only)


def _pieces(mesh: vtkPolyData, *, largest: bool, least: int) -> vtkPolyData:
    connectivity = vtkPolyDataConnectivityFilter()
    connectivity.SetInputData(mesh)
    connectivity.SetExtractionModeToAllRegions()
    connectivity.ColorRegionsOn()
    coloured = run(connectivity)
    region_of_point = vtk_to_numpy(coloured.GetPointData().GetArray("RegionId"))
    corners = corners_of(coloured)
    region = region_of_point[corners[:, 0]]
    counts = np.bincount(region)
    keep = counts == counts.max() if largest else counts >= least
    if largest:
        keep &= np.arange(len(counts)) == int(np.argmax(counts))
    if least > 0:
        keep &= counts >= least
    if not keep.any():
        raise UnsupportedError(
            f"No piece of the surface has {least} triangles; the largest of {len(counts)} has {counts.max()}."
        )
    return _cleaned(mesh_of(vtk_to_numpy(coloured.GetPoints().GetData()), corners[keep[region]]))


def corners_of(mesh: vtkPolyData) -> NDArray[np.int64]:
    """Return the point numbers (n, 3) of the triangles."""
    return np.asarray(vtk_to_numpy(mesh.GetPolys().GetConnectivityArray()).reshape(-1, _CORNERS), np.int64)


def mesh_of(points: NDArray[Any], corners: NDArray[np.int64]) -> vtkPolyData:
    """Return the triangles `corners` (n, 3), numbers of `points` (m, 3) in LPS mm, as VTK has them."""
    from vtkmodules.vtkCommonCore import vtkPoints

    made, polys = vtkPoints(), vtkCellArray()
    made.SetData(numpy_to_vtk(points, deep=True))
    offsets = np.arange(0, corners.size + 1, _CORNERS, dtype=np.int64)
    polys.SetData(numpy_to_vtkIdTypeArray(offsets, deep=True), numpy_to_vtkIdTypeArray(corners.ravel(), deep=True))
    mesh = vtkPolyData()
    mesh.SetPoints(made)
    mesh.SetPolys(polys)
    return mesh


def smoothed(mesh: vtkPolyData, rounds: int = _SMOOTHING_ROUNDS) -> vtkPolyData:
    """Return `mesh` without the steps of the voxels, its volume kept; borders stay where they are."""
    sinc = vtkWindowedSincPolyDataFilter()
    sinc.SetInputData(mesh)
    sinc.SetNumberOfIterations(rounds)
    sinc.SetPassBand(_PASS_BAND)
    sinc.BoundarySmoothingOff()
    sinc.FeatureEdgeSmoothingOff()
    sinc.NonManifoldSmoothingOn()
    sinc.NormalizeCoordinatesOn()
    return run(sinc)


def _reduced(mesh: vtkPolyData, share: float) -> vtkPolyData:
    """Return `mesh` without this share of its triangles; closed where `mesh` is."""
    if len(_unmatched(corners_of(mesh))):
        return _decimated(mesh, share)
    wanted = round(mesh.GetNumberOfPolys() * (1.0 - share))
    fewer = slits_filled(_decimated(mesh, share))
    for _ in range(_ROUNDS_TO_WANTED):  # what fills slits comes on top
        count = fewer.GetNumberOfPolys()
        if count <= wanted:
            break
        fewer = slits_filled(_decimated(fewer, 1.0 - wanted / count))
    return fewer


def _decimated(mesh: vtkPolyData, share: float) -> vtkPolyData:
    quadric = vtkQuadricDecimation()
    quadric.SetInputData(mesh)
    quadric.SetTargetReduction(share)
    quadric.VolumePreservationOn()
    return run(quadric)


def _unmatched(corners: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the edges (n, 2) from point to point that no neighbour runs through the other way: none if closed."""
    edges = np.concatenate([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [2, 0]]])
    forward = edges[:, 0] < edges[:, 1]
    ends = np.sort(edges, axis=1)
    keys, where = np.unique((ends[:, 0] << 32) | ends[:, 1], return_inverse=True)
    surplus = np.bincount(where, np.where(forward, 1.0, -1.0)).astype(np.int64)
    key, times = keys[surplus != 0], surplus[surplus != 0]
    pairs = np.stack([key >> 32, key & 0xFFFFFFFF], axis=1)
    pairs[times < 0] = pairs[times < 0, ::-1]
    return np.asarray(np.repeat(pairs, np.abs(times), axis=0), np.int64)


def slits_filled(mesh: vtkPolyData) -> vtkPolyData:
    """Return `mesh` with a fan of triangles in each slit.

    The decimation tears some where sheets touch, and surface nets leave some where voxels meet at an edge (VTK 9.7).
    """
    corners = corners_of(mesh)
    following: dict[int, list[int]] = {}
    for start, end in _unmatched(corners).tolist():
        following.setdefault(start, []).append(end)
    fans: list[tuple[int, int, int]] = []
    for first in following:
        while following[first]:  # as many edges lead to a point as away from it, so that each walk comes back
            walk = [first, following[first].pop()]
            while walk[-1] != first:
                walk.append(following[walk[-1]].pop())
            fans += [(first, later, earlier) for earlier, later in pairwise(walk[1:-1])]
    if not fans:
        return mesh
    return mesh_of(vtk_to_numpy(mesh.GetPoints().GetData()), np.concatenate([corners, np.array(fans, np.int64)]))


def _with_normals(mesh: vtkPolyData) -> vtkPolyData:
    """Return `mesh` with a normal a point; which way is out is what the winding says."""
    normals = vtkPolyDataNormals()
    normals.SetInputData(mesh)
    normals.SplittingOff()
    normals.ConsistencyOff()
    normals.AutoOrientNormalsOff()
    return run(normals)
