"""Surfaces for printing: balls whose area and volume are known, at the border, in pieces and by label."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkCommonDataModel import vtkPolyData
from vtkmodules.vtkIOGeometry import vtkGLTFReader, vtkOBJReader, vtkSTLReader
from vtkmodules.vtkIOXML import vtkXMLPolyDataReader

import dicomvtk
from dicomvtk import Geometry, UnsupportedError, Volume
from dicomvtk.processing.label_mesh import as_one, label_surfaces
from dicomvtk.processing.mesh import capped, finished, measures, together
from dicomvtk.processing.surface import SURFACE_SUFFIXES, extract_surface, save_surface

RADIUS_MM = 20.0
VOLUME_MM3 = 4 / 3 * np.pi * RADIUS_MM**3
AREA_MM2 = 4 * np.pi * RADIUS_MM**2
TILT = np.array([[0.8, -0.36, 0.48], [0.6, 0.48, -0.64], [0.0, 0.8, 0.6]])


def distance(geometry: Geometry, centre: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> np.ndarray:
    points = geometry.index_to_physical(np.stack(np.indices(geometry.shape), axis=-1))
    return np.linalg.norm(points - centre, axis=-1)


def grid(direction: np.ndarray | None = None) -> Geometry:
    """Return 56 mm around the origin in voxels that are not cubes."""
    direction = np.eye(3) if direction is None else direction
    spacing = np.array([1.0, 0.8, 1.2])
    shape = tuple(int(n) for n in np.round(56 / spacing))
    corner = -direction @ (spacing * (np.array(shape) - 1) / 2)
    return Geometry(shape, tuple(spacing), tuple(corner), direction)


@pytest.mark.parametrize("direction", [np.eye(3), TILT, np.diag([1.0, 1.0, -1.0])], ids=["axial", "oblique", "left"])
@pytest.mark.parametrize("options", [{}, {"reduce": 0.9}, {"triangles": 3000}, {"smooth": False}], ids=str)
def test_ball_keeps_volume_and_area_within_one_percent(direction: np.ndarray, options: dict[str, float]) -> None:
    geometry = grid(direction)
    ball = Volume((100 - distance(geometry)).astype(np.float32), geometry)

    size = measures(finished(extract_surface(ball, 100 - RADIUS_MM), **options))

    assert size.closed
    assert size.volume_mm3 == pytest.approx(VOLUME_MM3, rel=0.01)
    assert size.area_mm2 == pytest.approx(AREA_MM2, rel=0.01)


def test_triangles_are_as_many_as_asked_for() -> None:
    geometry = grid()
    surface = extract_surface(Volume((100 - distance(geometry)).astype(np.float32), geometry), 80.0)
    all_of_them = finished(surface).GetNumberOfPolys()

    assert finished(surface, triangles=1000).GetNumberOfPolys() == pytest.approx(1000, abs=20)
    assert finished(surface, reduce=0.5).GetNumberOfPolys() == pytest.approx(all_of_them / 2, rel=0.02)


def test_normals_point_outward() -> None:
    geometry = grid(np.diag([1.0, 1.0, -1.0]))
    mesh = finished(extract_surface(Volume((100 - distance(geometry)).astype(np.float32), geometry), 80.0))

    points = vtk_to_numpy(mesh.GetPoints().GetData())
    normals = vtk_to_numpy(mesh.GetPointData().GetNormals())
    assert (np.einsum("ij,ij->i", points, normals) > 0.9 * RADIUS_MM).all()


def test_cap_closes_what_the_border_cuts() -> None:
    geometry = Geometry((30, 40, 40), origin=(0.0, -19.5, -19.5))  # the right half of the ball is missing
    half = Volume((100 - distance(geometry)).astype(np.float32), geometry)

    assert not measures(finished(extract_surface(half, 82.0), smooth=False)).closed
    size = measures(finished(extract_surface(capped(half), 82.0), smooth=False))
    assert size.closed
    assert size.volume_mm3 == pytest.approx(2 / 3 * np.pi * 18**3, rel=0.05)
    np.testing.assert_allclose(capped(half).geometry.origin, (-1.0, -20.5, -20.5))


@pytest.mark.parametrize("share", [0.9, 0.95, 0.99])
def test_closed_surfaces_stay_closed_with_fewer_triangles(share: float) -> None:
    head = dicomvtk.phantom((96, 96, 80))
    whole = extract_surface(capped(head), 250.0)

    size = measures(finished(whole, reduce=share))

    assert size.closed
    assert size.volume_mm3 == pytest.approx(measures(finished(whole)).volume_mm3, rel=0.025)


def test_open_surfaces_keep_their_border_with_fewer_triangles() -> None:
    geometry = Geometry((30, 40, 40), origin=(0.0, -19.5, -19.5))
    half = extract_surface(Volume((100 - distance(geometry)).astype(np.float32), geometry), 82.0)

    size = measures(finished(half, reduce=0.9))

    assert not size.closed
    assert size.area_mm2 == pytest.approx(2 * np.pi * 18**2, rel=0.03)


@pytest.mark.parametrize("space", ["LPS", "RAS"])
def test_obj_names_its_space_in_the_first_line(tmp_path: Path, space: str) -> None:
    geometry = grid()
    mesh = finished(extract_surface(Volume((12 - distance(geometry)).astype(np.float32), geometry), 0.0))
    save_surface(mesh, tmp_path / "a.obj", space)
    reader = vtkOBJReader()
    reader.SetFileName(str(tmp_path / "a.obj"))
    reader.Update()

    assert (tmp_path / "a.obj").read_text().startswith(f"# dicomvtk surface, {space} mm")
    assert reader.GetOutput().GetNumberOfPolys() == mesh.GetNumberOfPolys()


def test_pieces_are_chosen_by_size() -> None:
    geometry = grid()
    near = np.maximum(18 - distance(geometry, (-8, 0, 0)), 6 - distance(geometry, (20, 0, 0)))
    both = extract_surface(Volume(near.astype(np.float32), geometry), 0.0)
    large = finished(both, largest=True)

    bounds = large.GetBounds()
    assert bounds[1] == pytest.approx(10, abs=0.5)
    assert finished(both).GetNumberOfPolys() > large.GetNumberOfPolys()
    assert finished(both, least_triangles=2000).GetNumberOfPolys() == large.GetNumberOfPolys()
    with pytest.raises(UnsupportedError, match=r"No piece .* has 1000000 triangles; the largest of 2 has"):
        finished(both, least_triangles=1_000_000)


@pytest.mark.parametrize("direction", [np.eye(3), TILT, np.diag([1.0, 1.0, -1.0])], ids=["axial", "oblique", "left"])
def test_each_label_has_a_closed_surface_that_fills_its_voxels(direction: np.ndarray) -> None:
    geometry = grid(direction)
    away, across = distance(geometry), np.indices(geometry.shape)[0] < geometry.shape[0] // 2
    labels = np.where(away < 10, 7, np.where(away < RADIUS_MM, np.where(across, 2, 5), 0)).astype(np.uint8)
    voxel_mm3 = float(np.prod(geometry.spacing))

    made = {label: finished(one) for label, one in label_surfaces(Volume(labels, geometry)).items()}

    assert list(made) == [2, 5, 7]
    for label, mesh in made.items():
        size = measures(mesh)
        assert size.closed
        assert size.volume_mm3 == pytest.approx((labels == label).sum() * voxel_mm3, rel=0.03)
        assert signed_volume(mesh) == pytest.approx(size.volume_mm3, rel=1e-3)  # out is out
    whole = together([measures(mesh) for mesh in made.values()])
    assert whole.closed
    assert whole.volume_mm3 == pytest.approx(VOLUME_MM3, rel=0.01)


def test_a_small_label_keeps_its_volume() -> None:
    geometry = grid()
    labels = (distance(geometry) < 4).astype(np.uint8)
    labels[5:9, 5:8, 5:8] = 2
    voxel_mm3 = float(np.prod(geometry.spacing))
    volume = Volume(labels, geometry)

    for label, mesh in label_surfaces(volume).items():
        voxels_mm3 = (labels == label).sum() * voxel_mm3
        assert measures(mesh).volume_mm3 == pytest.approx(voxels_mm3, rel=0.02 if label == 1 else 0.06)
    assert measures(label_surfaces(volume)[1]).area_mm2 == pytest.approx(4 * np.pi * 16, rel=0.05)


def test_labels_with_their_steps_left_hold_their_voxels_exactly() -> None:
    geometry = grid(TILT)
    labels = np.where(distance(geometry) < 4, 1, np.where(distance(geometry) < 9, 2, 0)).astype(np.int16)

    for label, mesh in label_surfaces(Volume(labels, geometry), smooth=False).items():
        voxels_mm3 = float((labels == label).sum() * np.prod(geometry.spacing))
        assert measures(finished(mesh, smooth=False)).volume_mm3 == pytest.approx(voxels_mm3, rel=1e-4)


def test_labels_too_small_to_be_smoothed_keep_their_voxels() -> None:
    labels = np.zeros((12, 12, 12), np.uint8)
    labels[2, 2, 2], labels[6:8, 6:8, 6] = 1, 2

    for label, mesh in label_surfaces(Volume(labels)).items():
        assert measures(mesh).volume_mm3 == pytest.approx((labels == label).sum(), rel=0.11)


def test_a_label_that_fills_its_volume_is_capped_with_nothing() -> None:
    full = Volume(np.full((12, 14, 10), 3, np.uint8))

    assert label_surfaces(full) == {}
    size = measures(label_surfaces(capped(full, 0))[3])
    assert size.closed
    assert size.volume_mm3 == pytest.approx(12 * 14 * 10, rel=0.01)
    with pytest.raises(UnsupportedError, match=r"shape \(12, 14, 1\); expected 2 voxels an axis"):
        label_surfaces(Volume(np.ones((12, 14, 1), np.uint8)))


def test_neighbouring_labels_share_the_wall_between_them() -> None:
    geometry = grid()
    half = np.indices(geometry.shape)[0] < geometry.shape[0] // 2
    labels = np.where(distance(geometry) < RADIUS_MM, np.where(half, 1, 2), 0).astype(np.uint8)

    surfaces = label_surfaces(Volume(labels, geometry)).values()

    one, other = ({tuple(point) for point in vtk_to_numpy(mesh.GetPoints().GetData()).tolist()} for mesh in surfaces)
    shared = one & other
    assert len(shared) > 0.9 * np.pi * RADIUS_MM**2 / (geometry.spacing[1] * geometry.spacing[2])


def test_labels_that_meet_at_edges_are_closed_all_the_same() -> None:
    rng = np.random.default_rng(3)
    labels = np.zeros((24, 24, 24), np.uint8)
    labels[2:-2, 2:-2, 2:-2] = rng.random((20, 20, 20)) < 0.35

    assert measures(label_surfaces(Volume(labels))[1]).closed


def test_labels_at_the_border_stay_open_there_and_capped_are_closed() -> None:
    labels = np.zeros((24, 24, 24), np.uint8)
    labels[6:18, 6:18, :12] = 1
    volume = Volume(labels)
    open_box, box = (measures(label_surfaces(one)[1]) for one in (volume, capped(volume)))

    assert (open_box.closed, box.closed) == (False, True)
    assert box.volume_mm3 == pytest.approx(12**3, rel=0.05)


def test_volume_and_area_are_those_of_the_triangles() -> None:
    rng = np.random.default_rng(5)
    values = rng.random((22, 18, 20)).astype(np.float32)
    rough = finished(extract_surface(capped(Volume(values)), 0.5), smooth=False)
    points = vtk_to_numpy(rough.GetPoints().GetData()).astype(float)
    triangles = points[vtk_to_numpy(rough.GetPolys().GetConnectivityArray()).reshape(-1, 3)]
    sides = np.linalg.norm(triangles - np.roll(triangles, 1, axis=1), axis=2)
    half = sides.sum(axis=1) / 2
    heron = np.sqrt(np.maximum(half * np.prod(half[:, None] - sides, axis=1), 0)).sum()

    size = measures(rough)

    assert size.volume_mm3 == pytest.approx(signed_volume(rough), rel=1e-6)
    assert size.area_mm2 == pytest.approx(heron, rel=1e-4)


def test_labels_as_one_surface_say_whose_each_triangle_is(tmp_path: Path) -> None:
    geometry = grid()
    labels = np.where(distance(geometry) < 10, 3, np.where(distance(geometry) < RADIUS_MM, 900, 0)).astype(np.uint16)
    surfaces = label_surfaces(Volume(labels, geometry))
    for suffix in SURFACE_SUFFIXES:
        save_surface(as_one({label: finished(one) for label, one in surfaces.items()}), tmp_path / f"a{suffix}")
    reader = vtkXMLPolyDataReader()
    reader.SetFileName(str(tmp_path / "a.vtp"))
    reader.Update()
    whose = vtk_to_numpy(reader.GetOutput().GetCellData().GetArray("Label"))

    assert {label: int((whose == label).sum()) for label in (3, 900)} == {
        label: one.GetNumberOfPolys() for label, one in surfaces.items()
    }


def test_what_is_no_label_map_has_no_surfaces_of_labels() -> None:
    geometry = grid()
    with pytest.raises(UnsupportedError, match="expected 3-D integers"):
        label_surfaces(Volume(distance(geometry).astype(np.float32), geometry))
    with pytest.raises(UnsupportedError, match="expected 1 to 1000"):
        label_surfaces(Volume(np.zeros(geometry.shape, np.uint8), geometry))


def test_a_reduction_to_nothing_is_refused() -> None:
    geometry = grid()
    ball = extract_surface(Volume((12 - distance(geometry)).astype(np.float32), geometry), 0.0)
    with pytest.raises(UnsupportedError, match=r"fewer than 4, as are left"):
        finished(ball, reduce=0.9999)


def signed_volume(mesh: vtkPolyData) -> float:
    """Return the volume (mm3) inside the winding of the triangles, by the divergence theorem."""
    points = vtk_to_numpy(mesh.GetPoints().GetData()).astype(float)
    a, b, c = (points[vtk_to_numpy(mesh.GetPolys().GetConnectivityArray()).reshape(-1, 3)[:, n]] for n in range(3))
    return float(np.einsum("ij,ij->", a, np.cross(b, c)) / 6)


@pytest.mark.parametrize(("options", "words"), [({"reduce": 1.0}, "up to 1"), ({"triangles": 3}, "4 or more")])
def test_shares_that_make_no_surface_are_refused(options: dict[str, float], words: str) -> None:
    geometry = grid()
    surface = extract_surface(Volume((100 - distance(geometry)).astype(np.float32), geometry), 80.0)

    with pytest.raises(UnsupportedError, match=words):
        finished(surface, **options)


def test_ras_turns_the_surface_and_the_file_says_so(tmp_path: Path) -> None:
    geometry = grid()
    away = 12 - distance(geometry, (6, -4, 2))
    mesh = finished(extract_surface(Volume(away.astype(np.float32), geometry), 0.0))
    save_surface(mesh, tmp_path / "a.stl", "RAS")
    reader = vtkSTLReader()
    reader.SetFileName(str(tmp_path / "a.stl"))
    reader.Update()

    assert (tmp_path / "a.stl").read_bytes()[:80].startswith(b"dicomvtk surface, RAS mm")
    assert reader.GetOutput().GetCenter() == pytest.approx((-6, 4, 2), abs=0.2)
    assert measures(reader.GetOutput()).volume_mm3 == pytest.approx(4 / 3 * np.pi * 12**3, rel=0.01)
    with pytest.raises(UnsupportedError, match="Unknown space 'XYZ'"):
        save_surface(mesh, tmp_path / "b.stl", "XYZ")


@pytest.mark.parametrize("space", ["LPS", "RAS"])
def test_glb_stands_upright_in_metres_and_says_its_space(tmp_path: Path, space: str) -> None:
    geometry = grid()
    away = 12 - distance(geometry, (6, -4, 2))  # left, in front, above
    mesh = finished(extract_surface(Volume(away.astype(np.float32), geometry), 0.0))
    save_surface(mesh, tmp_path / "a.glb", space)
    reader = vtkGLTFReader()
    reader.SetFileName(str(tmp_path / "a.glb"))
    reader.Update()
    blocks = reader.GetOutput().NewIterator()
    blocks.InitTraversal()
    read = blocks.GetCurrentDataObject()
    content = (tmp_path / "a.glb").read_bytes()
    length = int.from_bytes(content[12:16], "little")
    scene = json.loads(content[20 : 20 + length])

    assert read.GetNumberOfPolys() == mesh.GetNumberOfPolys()
    assert np.array(read.GetCenter()) * 1000 == pytest.approx((6, 2, 4), abs=0.2)  # +X left, +Y up, +Z to the front
    assert measures(read).volume_mm3 * 1e9 == pytest.approx(measures(mesh).volume_mm3, rel=1e-3)
    normals = vtk_to_numpy(read.GetPointData().GetNormals())
    outward = vtk_to_numpy(read.GetPoints().GetData()) * 1000 - (6, 2, 4)
    assert ((normals * outward).sum(axis=1) > 0).all()
    assert scene["asset"]["extras"]["space"] == space
    assert scene["asset"]["extras"]["unit"] == "mm"
    assert "cameras" not in scene
    assert len(content) == int.from_bytes(content[8:12], "little")
    assert length % 4 == 0


@pytest.mark.parametrize("space", ["LPS", "RAS"])
def test_vtp_says_its_space_and_unit(tmp_path: Path, space: str) -> None:
    geometry = grid()
    mesh = extract_surface(Volume((12 - distance(geometry)).astype(np.float32), geometry), 0.0)
    save_surface(mesh, tmp_path / "a.vtp", space)
    reader = vtkXMLPolyDataReader()
    reader.SetFileName(str(tmp_path / "a.vtp"))
    reader.Update()
    said = reader.GetOutput().GetFieldData()

    assert [said.GetAbstractArray(name).GetValue(0) for name in ("Space", "Unit")] == [space, "mm"]
    assert mesh.GetFieldData().GetNumberOfArrays() == 0
