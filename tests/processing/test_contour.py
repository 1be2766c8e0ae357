"""Triangles made slab by slab are those of flying edges on the whole volume, one by one."""

from __future__ import annotations

import numpy as np
import pytest
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkCommonDataModel import vtkPolyData
from vtkmodules.vtkFiltersCore import vtkFeatureEdges, vtkFlyingEdges3D

from dicomvtk.bridge.images import to_vtk
from dicomvtk.geometry import Geometry
from dicomvtk.processing import contour as module
from dicomvtk.processing.contour import contour
from dicomvtk.volume import Volume


def whole(volume: Volume, level: float) -> vtkPolyData:
    edges = vtkFlyingEdges3D()
    edges.SetInputData(to_vtk(volume))
    edges.SetValue(0, level)
    edges.ComputeScalarsOff()
    edges.Update()
    return edges.GetOutput()


def triangles(surface: vtkPolyData) -> np.ndarray:
    return np.asarray(vtk_to_numpy(surface.GetPolys().GetConnectivityArray())).reshape(-1, 3)


def placed(array: np.ndarray, *, mirrored: bool, seed: int) -> Volume:
    random = np.random.default_rng(seed)
    turn, _ = np.linalg.qr(random.normal(size=(3, 3)))
    turn = turn if (np.linalg.det(turn) < 0) == mirrored else -turn
    geometry = Geometry(array.shape, (0.5, 0.8, 1.7), (30.0, -70.0, 11.0), turn)
    return Volume(np.asfortranarray(array), geometry)


def assert_same(volume: Volume, level: float) -> None:
    expected, made = whole(volume, level), contour(volume, level)
    np.testing.assert_array_equal(triangles(made), triangles(expected))
    if expected.GetNumberOfPolys():
        for of in (lambda one: one.GetPoints().GetData(), lambda one: one.GetPointData().GetNormals()):
            np.testing.assert_allclose(vtk_to_numpy(of(made)), vtk_to_numpy(of(expected)), atol=3e-5, equal_nan=True)


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("slices", [1, 2, 3])
@pytest.mark.parametrize("seed", range(12))
def test_slabs_join_to_the_surface_of_the_whole(
    seed: int, slices: int, mirrored: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whole numbers put points on the grid's own points, where an edge and its neighbour meet the level at once."""
    monkeypatch.setattr(module, "_SLAB_VOXELS", 1)
    monkeypatch.setattr(module, "_FEWEST_SLICES", slices)
    random = np.random.default_rng(seed)
    array = random.integers(0, 4, tuple(random.integers(2, 12, 3))).astype(np.int16)
    if seed % 3 == 0:
        array[:, :, array.shape[2] // 2 :] = 0  # nothing in some slabs

    assert_same(placed(array, mirrored=mirrored, seed=seed), 2.0)
    assert_same(placed(array.astype(np.float64) - 1.5, mirrored=mirrored, seed=seed), 0.1)


def test_slabs_join_where_values_are_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_SLAB_VOXELS", 1)
    monkeypatch.setattr(module, "_FEWEST_SLICES", 2)
    array = np.random.default_rng(3).normal(size=(9, 8, 11)).astype(np.float32)
    array[4, 3, 2:9] = array.min()
    lowest = placed(array, mirrored=False, seed=3)
    missing = array.copy()
    missing[4, 3, 2:9] = np.nan

    assert_same(lowest, 0.1)
    expected, made = contour(lowest, 0.1), contour(lowest.with_array(np.asfortranarray(missing)), 0.1)
    np.testing.assert_array_equal(triangles(made), triangles(expected))
    np.testing.assert_array_equal(
        vtk_to_numpy(made.GetPoints().GetData()), vtk_to_numpy(expected.GetPoints().GetData())
    )


def test_a_surface_through_many_slabs_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_SLAB_VOXELS", 1)
    ball = 20.0 - np.linalg.norm(np.stack(np.indices((48, 48, 48))) - 23.6, axis=0)

    edges = vtkFeatureEdges()
    edges.SetInputData(contour(Volume(np.asfortranarray(ball.astype(np.float32))), 0.0))
    edges.BoundaryEdgesOn()
    edges.NonManifoldEdgesOn()
    edges.FeatureEdgesOff()
    edges.ManifoldEdgesOff()
    edges.Update()

    assert edges.GetInput().GetNumberOfPolys() > 10_000
    assert edges.GetOutput().GetNumberOfCells() == 0


def test_numbers_of_points_take_four_bytes() -> None:
    ball = 5.0 - np.linalg.norm(np.stack(np.indices((16, 16, 16))) - 7.5, axis=0)

    assert triangles(contour(Volume(np.asfortranarray(ball)), 0.0)).dtype == np.int32


@pytest.mark.parametrize("dtype", ["u1", "u2", "u4", "u8", "i4", "i8", "f2", "f4", "f8"])
def test_every_type_of_number_has_the_surface_of_its_values(dtype: str) -> None:
    away = np.linalg.norm(np.stack(np.indices((24, 24, 24))) - 11.5, axis=0)
    values = np.where(away < 8, 200, 10)

    made, expected = (contour(Volume(values.astype(t, order="F")), 60.0) for t in (dtype, np.float64))

    points, of_doubles = (vtk_to_numpy(one.GetPoints().GetData()) for one in (made, expected))
    np.testing.assert_allclose(points, of_doubles, atol=1e-5)
    shares = np.abs(points - np.rint(points)).max(axis=1)
    np.testing.assert_allclose(np.minimum(shares, 1 - shares), 50 / 190, atol=1e-5)  # where 10 to 200 is 60


@pytest.mark.parametrize("odd", [np.nan, np.inf, -np.inf])
def test_values_that_are_no_numbers_lie_outside_or_inside_of_a_surface_of_numbers(odd: float) -> None:
    away = np.linalg.norm(np.stack(np.indices((24, 24, 24))) - 11.5, axis=0)
    values = (20 - away).astype(np.float32)
    values[:, :, :8] = odd

    made = contour(Volume(np.asfortranarray(values)), 12.0)

    points = vtk_to_numpy(made.GetPoints().GetData())
    assert np.isfinite(points).all()
    assert np.isfinite(vtk_to_numpy(made.GetPointData().GetNormals())).all()
    good = points[points[:, 2] > 9]
    assert len(good) > 100
    np.testing.assert_allclose(np.linalg.norm(good - 11.5, axis=1), 8.0, atol=0.05)
    assert (np.linalg.norm(points - 11.5, axis=1).max() > 10) == (odd == np.inf)  # a wall of what is high
