"""Surfaces of balls and boxes whose area, volume and place are known."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkCommonDataModel import vtkPolyData
from vtkmodules.vtkIOGeometry import vtkOBJReader, vtkSTLReader
from vtkmodules.vtkIOPLY import vtkPLYReader
from vtkmodules.vtkIOXML import vtkXMLPolyDataReader

from dicomvtk import Axis, Geometry, SeriesInfo, UnsupportedError, Volume, WriteError
from dicomvtk.processing.surface import SURFACE_SUFFIXES, extract_surface, save_surface

RADIUS_MM = 20.0
CENTRE_LPS = np.array([30.0, -12.0, 55.0])

TILT = np.array([[0.8, -0.36, 0.48], [0.6, 0.48, -0.64], [0.0, 0.8, 0.6]])
HANDEDNESS = {
    "axial": np.eye(3),
    "oblique": TILT,
    "left-handed": np.diag([1.0, 1.0, -1.0]),
    "left oblique": TILT * [1, -1, 1],
}


def ball(direction: np.ndarray, dtype: type = np.float32) -> Volume:
    """Return a volume of 100 - (mm from the centre), so that level 100 - r is a sphere of radius r."""
    shape, spacing = (60, 52, 44), np.array([0.9, 1.1, 1.3])
    corner = CENTRE_LPS - direction @ (spacing * (np.array(shape) - 1) / 2)
    geometry = Geometry(shape, tuple(spacing), tuple(corner), direction)
    points = geometry.index_to_physical(np.stack(np.indices(shape), axis=-1))
    return Volume((100 - np.linalg.norm(points - CENTRE_LPS, axis=-1)).astype(dtype), geometry)


def triangles(surface: vtkPolyData) -> np.ndarray:
    """Return the corners (n, 3, 3) of the triangles in their winding order."""
    points = vtk_to_numpy(surface.GetPoints().GetData()).astype(float)
    return points[vtk_to_numpy(surface.GetPolys().GetConnectivityArray()).reshape(-1, 3)]


def signed_volume(surface: vtkPolyData) -> float:
    a, b, c = np.moveaxis(triangles(surface) - CENTRE_LPS, 1, 0)
    return float(np.einsum("ij,ij->", a, np.cross(b, c)) / 6)


def area(surface: vtkPolyData) -> float:
    a, b, c = np.moveaxis(triangles(surface), 1, 0)
    return float(np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2)


@pytest.mark.parametrize("direction", HANDEDNESS.values(), ids=HANDEDNESS.keys())
def test_ball_has_its_area_volume_and_place_and_faces_outward(direction: np.ndarray) -> None:
    surface = extract_surface(ball(direction), 100 - RADIUS_MM)

    # positive only where triangles wind counter-clockwise seen from outside
    assert signed_volume(surface) == pytest.approx(4 / 3 * np.pi * RADIUS_MM**3, rel=0.01)
    assert area(surface) == pytest.approx(4 * np.pi * RADIUS_MM**2, rel=0.01)
    outward = vtk_to_numpy(surface.GetPoints().GetData()) - CENTRE_LPS
    normals = vtk_to_numpy(surface.GetPointData().GetNormals())
    assert np.max(np.abs(np.linalg.norm(outward, axis=1) - RADIUS_MM)) < 0.05
    assert np.min(np.einsum("ij,ij->i", outward, normals)) > 0.99 * RADIUS_MM


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint16, np.int32, np.float64])
def test_every_dtype_gives_the_ball(dtype: type) -> None:
    surface = extract_surface(ball(np.eye(3), dtype), 100 - RADIUS_MM)
    assert signed_volume(surface) == pytest.approx(4 / 3 * np.pi * RADIUS_MM**3, rel=0.1)  # values cut to whole mm


@pytest.mark.parametrize("level", [-1001.0, -1000.0, 500.5, np.nan])
def test_level_outside_the_values_names_their_range(level: float) -> None:
    array = np.full((4, 4, 4), -1000, np.int16)
    array[1, 1, 1] = 500
    with pytest.raises(UnsupportedError, match="from -1000 to 500 HU"):
        extract_surface(Volume(array, info=SeriesInfo(unit="HU")), level)


def test_the_highest_value_is_a_level() -> None:
    array = np.zeros((4, 4, 4), np.int16)
    array[1, 1, 1] = 500
    assert extract_surface(Volume(array), 500).GetNumberOfPolys() == 8


def test_only_nan_is_refused_and_some_nan_ignored() -> None:
    array = np.full((4, 4, 4), np.nan)
    with pytest.raises(UnsupportedError, match="nan"):
        extract_surface(Volume(array), 0.0)
    array[:] = 0.0
    array[0, 0, 0] = np.nan
    array[2, 2, 2] = 1.0
    assert extract_surface(Volume(array), 0.5).GetNumberOfPolys() > 0


@pytest.mark.parametrize(
    "volume",
    [
        Volume(np.eye(4, dtype=np.uint8)[..., None]),
        Volume(np.zeros((4, 4, 4, 3), np.uint8)),
        Volume(np.zeros((4, 4, 4, 2)), axes=(Axis("EchoTime", (1, 2)),)),
    ],
    ids=["one slice", "colour", "further axis"],
)
def test_what_has_no_surface_is_refused_with_its_shape(volume: Volume) -> None:
    with pytest.raises(UnsupportedError, match=r"shape \(4, 4"):
        extract_surface(volume, 0.5)


READERS = {  # GLB is read in test_mesh
    ".stl": vtkSTLReader,
    ".ply": vtkPLYReader,
    ".obj": vtkOBJReader,
    ".vtp": vtkXMLPolyDataReader,
}


@pytest.mark.parametrize("suffix", [suffix for suffix in SURFACE_SUFFIXES if suffix in READERS])
def test_saved_surface_is_read_back_the_same(suffix: str, tmp_path: Path) -> None:
    surface = extract_surface(ball(TILT), 100 - RADIUS_MM)
    path = tmp_path / f"ball{suffix}"
    path.write_text("what stood there before")

    save_surface(surface, path)

    assert [p.name for p in tmp_path.iterdir()] == [path.name]
    reader = READERS[suffix]()
    reader.SetFileName(str(path))
    reader.Update()
    np.testing.assert_allclose(signed_volume(reader.GetOutput()), signed_volume(surface), rtol=1e-5)
    np.testing.assert_allclose(reader.GetOutput().GetBounds(), surface.GetBounds(), atol=1e-3)


def test_stl_and_ply_say_their_space_and_are_binary(tmp_path: Path) -> None:
    surface = extract_surface(ball(np.eye(3)), 100 - RADIUS_MM)
    for suffix in (".stl", ".ply"):
        save_surface(surface, tmp_path / f"ball{suffix}")
        assert b"LPS mm" in (tmp_path / f"ball{suffix}").read_bytes()[:200]
    assert (tmp_path / "ball.stl").stat().st_size == 84 + 50 * surface.GetNumberOfPolys()


def test_unknown_suffix_lists_the_known(tmp_path: Path) -> None:
    surface = extract_surface(ball(np.eye(3)), 100 - RADIUS_MM)
    with pytest.raises(UnsupportedError, match=r"\.stl, \.ply, \.obj, \.vtp"):
        save_surface(surface, tmp_path / "ball.step")


def test_what_cannot_be_written_leaves_what_stood_there(tmp_path: Path) -> None:
    surface = extract_surface(ball(np.eye(3)), 100 - RADIUS_MM)
    with pytest.raises(WriteError, match="no folder"):
        save_surface(surface, tmp_path / "absent" / "ball.stl")
    (tmp_path / "folder.stl").mkdir()
    with pytest.raises(WriteError, match="it is a folder"):
        save_surface(surface, tmp_path / "folder.stl")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["folder.stl"]


def test_every_one_of_eight_flips_faces_outward() -> None:
    for signs in itertools.product((1.0, -1.0), repeat=3):
        assert signed_volume(extract_surface(ball(np.diag(signs)), 100 - RADIUS_MM)) > 0
