"""Volumes to vtkImageData and back: one memory, one place in space, and clear refusals."""

from __future__ import annotations

import gc
from pathlib import Path

import numpy as np
import pytest
import SimpleITK
from vtkmodules.util.numpy_support import numpy_to_vtk, vtk_to_numpy
from vtkmodules.vtkCommonCore import vtkSOADataArrayTemplate
from vtkmodules.vtkCommonDataModel import vtkImageData
from vtkmodules.vtkFiltersCore import vtkFlyingEdges3D
from vtkmodules.vtkImagingCore import vtkImageChangeInformation, vtkRTAnalyticSource

from dicomvtk.bridge.images import SCALARS_NAME, from_vtk, identity_image, to_vtk
from dicomvtk.errors import GeometryError, UnsupportedError
from dicomvtk.geometry import Geometry
from dicomvtk.metadata import Axis
from dicomvtk.volume import Volume

SHAPE = (4, 3, 2)
#: 30 degrees about z, then 20 about x: no axis keeps its place.
OBLIQUE = np.array([[1, 0, 0], [0, 0.9396926, -0.3420201], [0, 0.3420201, 0.9396926]]) @ np.array(
    [[0.8660254, -0.5, 0], [0.5, 0.8660254, 0], [0, 0, 1]]
)


def numbered(dtype: str = "int16", shape: tuple[int, ...] = SHAPE) -> np.ndarray:
    return np.arange(np.prod(shape)).astype(dtype).reshape(shape, order="F")


def oblique_geometry(direction: np.ndarray = OBLIQUE) -> Geometry:
    return Geometry(SHAPE, (0.5, 0.75, 2.5), (-12.5, 40.0, 7.0), direction)


def index_to_physical(image: vtkImageData) -> np.ndarray:
    matrix = image.GetIndexToPhysicalMatrix()
    return np.array([[matrix.GetElement(row, column) for column in range(4)] for row in range(4)])


def value_at(image: vtkImageData, point: tuple[float, float, float]) -> float:
    """Return the value of the voxel nearest to an LPS point, found by VTK."""
    return image.GetPointData().GetScalars().GetTuple1(image.FindPoint(point))


def test_voxels_and_place_are_the_volumes() -> None:
    volume = Volume(numbered(), oblique_geometry())

    image = to_vtk(volume)

    assert image.GetDimensions() == SHAPE
    assert image.GetScalarTypeAsString() == "short"
    assert image.GetPointData().GetScalars().GetName() == SCALARS_NAME == "values"
    np.testing.assert_allclose(index_to_physical(image), volume.affine, atol=1e-12)
    for index in np.ndindex(SHAPE):
        assert value_at(image, tuple(volume.geometry.index_to_physical(index))) == volume.array[index]


def test_simpleitk_puts_the_same_index_at_the_same_point() -> None:
    geometry = oblique_geometry()
    image = SimpleITK.Image(SHAPE, SimpleITK.sitkInt16)
    image.SetSpacing(geometry.spacing)
    image.SetOrigin(geometry.origin)
    image.SetDirection(geometry.direction.ravel().tolist())

    other = to_vtk(Volume(numbered(), geometry))

    point = [0.0, 0.0, 0.0]
    other.TransformIndexToPhysicalPoint(3, 1, 1, point)
    np.testing.assert_allclose(point, image.TransformIndexToPhysicalPoint((3, 1, 1)), atol=1e-9)


def test_writing_on_either_side_is_seen_on_the_other() -> None:
    volume = Volume(numbered())
    scalars = to_vtk(volume).GetPointData().GetScalars()

    scalars.SetValue(5, -77)
    volume.array[3, 2, 1] = 999

    assert volume.array[1, 1, 0] == -77
    assert scalars.GetValue(23) == 999


def test_the_array_lives_as_long_as_vtk_needs_it() -> None:
    volume = Volume(numbered("int32", (64, 64, 64)))
    shallow = vtkImageData()
    shallow.ShallowCopy(to_vtk(volume))
    del volume
    gc.collect()
    churn = [np.full((64, 64, 64), 7, np.int32) for _ in range(4)]  # would take freed memory over

    values = shallow.GetPointData().GetScalars()
    assert [values.GetValue(n) for n in (0, 1, 64**3 - 1)] == [0, 1, 64**3 - 1]
    assert len(churn) == 4


def test_the_volume_keeps_the_image_memory() -> None:
    image = vtkImageData(dimensions=(32, 32, 32))
    image.AllocateScalars(6, 1)
    vtk_to_numpy(image.GetPointData().GetScalars())[:] = np.arange(32**3)

    volume = from_vtk(image)
    del image
    gc.collect()
    churn = [np.full((32, 32, 32), 7, np.int32) for _ in range(4)]

    assert volume.array[31, 31, 31] == 32**3 - 1
    assert volume.array[1, 0, 0] == 1
    assert len(churn) == 4


def test_there_and_back_is_the_same_memory() -> None:
    volume = Volume(numbered("float32"), oblique_geometry())

    back = from_vtk(to_vtk(volume))

    assert np.shares_memory(back.array, volume.array)
    assert back.array.flags.f_contiguous
    np.testing.assert_array_equal(back.array, volume.array)
    assert back.geometry.is_close(volume.geometry, 1e-9)


def test_a_read_only_array_is_shared_too(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", numbered())
    mapped = np.load(tmp_path / "a.npy", mmap_mode="r")
    volume = Volume(mapped)

    back = from_vtk(to_vtk(volume))

    assert not volume.array.flags.writeable
    assert np.shares_memory(back.array, volume.array)
    np.testing.assert_array_equal(back.array, numbered())


@pytest.mark.parametrize(
    ("dtype", "seen"),
    [
        ("bool", "uint8"),
        ("uint8", "uint8"),
        ("int8", "int8"),
        ("uint16", "uint16"),
        ("int32", "int32"),
        ("int64", "int64"),
        ("uint64", "uint64"),
        ("float32", "float32"),
        ("float64", "float64"),
        ("float16", "float32"),
        (">i2", "int16"),
        (">f8", "float64"),
    ],
)
def test_every_real_dtype_keeps_its_values(dtype: str, seen: str) -> None:
    array = numbered(dtype)

    image = to_vtk(Volume(array))

    back = from_vtk(image)
    assert back.dtype == np.dtype(seen)
    np.testing.assert_array_equal(back.array, array.astype(seen))
    assert image.GetPointData().GetScalars().GetTuple1(5) == float(array[1, 1, 0])
    copied = dtype in ("float16", ">i2", ">f8")
    assert np.shares_memory(back.array, array) is not copied


@pytest.mark.parametrize("dtype", ["complex64", "complex128", np.longdouble])
def test_values_vtk_lacks_are_refused(dtype: object) -> None:
    with pytest.raises(UnsupportedError, match=r"VTK has no .* values.*volume\.with_array"):
        to_vtk(Volume(numbered("int16").astype(dtype)))


def test_a_left_handed_volume_becomes_right_handed_in_place() -> None:
    volume = Volume(numbered(), oblique_geometry(OBLIQUE * (1, 1, -1)))
    assert not volume.geometry.is_right_handed

    image = to_vtk(volume)

    assert np.linalg.det(index_to_physical(image)[:3, :3]) > 0
    for index in np.ndindex(SHAPE):
        assert value_at(image, tuple(volume.geometry.index_to_physical(index))) == volume.array[index]
    np.testing.assert_array_equal(from_vtk(image).array, volume.array[:, :, ::-1])
    assert volume.array[0, 0, 0] == 0


@pytest.mark.parametrize("sign", [1, -1])
def test_surfaces_of_either_handedness_face_outward(sign: int) -> None:
    ball = np.zeros((12, 12, 12), np.uint8, order="F")
    ball[3:9, 3:9, 3:9] = 100
    volume = Volume(ball, Geometry(ball.shape, direction=OBLIQUE * (1, 1, sign), origin=(5, 6, 7)))

    edges = vtkFlyingEdges3D()
    edges.SetInputData(to_vtk(volume))
    edges.SetValue(0, 50)
    edges.ComputeNormalsOn()
    edges.Update()

    points = vtk_to_numpy(edges.GetOutput().GetPoints().GetData())
    normals = vtk_to_numpy(edges.GetOutput().GetPointData().GetNormals())
    centre = volume.geometry.index_to_physical((5.5, 5.5, 5.5))
    np.testing.assert_allclose(points.mean(axis=0), centre, atol=1e-4)
    assert (np.sum(normals * (points - centre), axis=1) > 0).mean() > 0.99


def test_one_slice_is_enough() -> None:
    volume = Volume(numbered(shape=(4, 3)), Geometry((4, 3, 1), direction=np.diag([1.0, 1.0, -1.0])))

    back = from_vtk(to_vtk(volume))

    assert back.shape == (4, 3, 1)
    np.testing.assert_array_equal(back.array[:, :, 0], numbered(shape=(4, 3)))


@pytest.mark.parametrize("samples", [3, 4])
def test_colour_is_components(samples: int) -> None:
    colours = np.arange(24 * samples, dtype=np.uint8).reshape(*SHAPE, samples)
    volume = Volume(colours)

    image = to_vtk(volume)

    assert image.GetNumberOfScalarComponents() == samples
    assert [image.GetScalarComponentAsDouble(1, 2, 1, c) for c in range(samples)] == colours[1, 2, 1].tolist()
    back = from_vtk(image)
    assert back.is_colour
    assert np.shares_memory(back.array, volume.array)
    np.testing.assert_array_equal(back.array, colours)


def test_left_handed_colour_is_reversed_with_its_samples() -> None:
    colours = np.arange(72, dtype=np.uint8).reshape(*SHAPE, 3)

    image = to_vtk(Volume(colours, Geometry(SHAPE, direction=np.diag([1.0, 1.0, -1.0]))))

    assert [image.GetScalarComponentAsDouble(1, 2, 0, c) for c in range(3)] == colours[1, 2, 1].tolist()


def test_further_axes_are_taken_one_frame_at_a_time() -> None:
    volume = Volume(numbered(shape=(*SHAPE, 5)), axes=(Axis("EchoTime", (1, 2, 3, 4, 5), "ms"),))

    with pytest.raises(UnsupportedError, match=r"EchoTime \(5\)\. Choose one with volume\.frame\(0\)\."):
        to_vtk(volume)

    back = from_vtk(to_vtk(volume.frame(3)))
    np.testing.assert_array_equal(back.array, volume.array[..., 3])
    assert np.shares_memory(back.array, volume.array)


def test_irregular_slices_are_refused() -> None:
    with pytest.raises(GeometryError, match=r"not on a regular grid .*fix="):
        to_vtk(Volume(numbered(), regular=False))


def test_an_extent_that_starts_elsewhere_is_placed_by_its_first_voxel() -> None:
    source = vtkRTAnalyticSource(whole_extent=(10, 13, -2, 0, 5, 6))
    move = vtkImageChangeInformation()
    move.SetInputConnection(source.GetOutputPort())
    move.SetOutputSpacing(0.5, 0.75, 2.5)
    move.SetOutputOrigin(1.0, 2.0, 3.0)
    move.Update()
    image = move.GetOutput()
    image.SetDirectionMatrix(OBLIQUE.ravel().tolist())

    volume = from_vtk(image)

    point = [0.0, 0.0, 0.0]
    image.TransformIndexToPhysicalPoint(12, -1, 6, point)
    assert volume.shape == SHAPE
    np.testing.assert_allclose(volume.geometry.index_to_physical((2, 1, 1)), point, atol=1e-9)
    assert volume.array[2, 1, 1] == image.GetScalarComponentAsDouble(12, -1, 6, 0)


def test_a_negative_spacing_becomes_a_direction() -> None:
    image = vtkImageData(dimensions=SHAPE, spacing=(1.0, -2.0, 3.0))
    image.AllocateScalars(4, 1)

    volume = from_vtk(image)

    assert volume.spacing == (1.0, 2.0, 3.0)
    np.testing.assert_allclose(volume.geometry.index_to_physical((0, 1, 0)), (0, -2, 0))


def named_arrays(*names: str) -> vtkImageData:
    image = vtkImageData(dimensions=SHAPE)
    for number, name in enumerate(names):
        values = numpy_to_vtk(np.full(24, number, np.float32), deep=1)
        values.SetName(name)
        image.GetPointData().AddArray(values)
    return image


def test_one_of_several_arrays_is_chosen_by_name() -> None:
    image = named_arrays("dose", "density")

    assert from_vtk(image, "density").array.max() == 1
    assert from_vtk(image, name="dose").array.max() == 0
    with pytest.raises(UnsupportedError, match=r"several point data arrays, 'dose', 'density': choose one with name="):
        from_vtk(image)
    with pytest.raises(UnsupportedError, match=r"no point data array 'mass'; it has: 'dose', 'density'"):
        from_vtk(image, "mass")


def test_vtk_ghosts_are_not_a_second_array() -> None:
    assert from_vtk(named_arrays("dose", "vtkGhostType")).array.max() == 0


def test_cell_data_are_not_voxels() -> None:
    image = vtkImageData(dimensions=SHAPE)
    values = numpy_to_vtk(np.zeros(6), deep=1)
    values.SetName("load")
    image.GetCellData().AddArray(values)

    with pytest.raises(UnsupportedError, match=r"cells only \('load'\).*vtkCellDataToPointData"):
        from_vtk(image)


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (vtkImageData(), "empty image"),
        (vtkImageData(dimensions=SHAPE), "no values"),
        (None, "NoneType; expected vtkImageData"),
    ],
)
def test_images_without_voxels_are_refused(image: vtkImageData, message: str) -> None:
    with pytest.raises(UnsupportedError, match=message):
        from_vtk(image)


def test_two_components_are_not_a_colour() -> None:
    image = vtkImageData(dimensions=SHAPE)
    image.AllocateScalars(10, 2)

    with pytest.raises(UnsupportedError, match=r"2 components; expected 1, or 3 or 4 of colour"):
        from_vtk(image)


def test_components_in_separate_blocks_are_gathered() -> None:
    values = vtkSOADataArrayTemplate["float32"]()
    values.SetNumberOfComponents(3)
    values.SetNumberOfTuples(24)
    for n in range(24):
        values.SetTuple3(n, n, 100 + n, 200 + n)
    image = vtkImageData(dimensions=SHAPE)
    image.GetPointData().SetScalars(values)

    assert from_vtk(image).array[1, 2, 1].tolist() == [21, 121, 221]


def test_identity_image_and_matrix_are_the_image() -> None:
    volume = Volume(numbered(), oblique_geometry())
    image = to_vtk(volume)

    plain, matrix = identity_image(image)

    assert plain.GetOrigin() == (0, 0, 0)
    assert plain.GetDirectionMatrix().IsIdentity()
    assert plain.GetSpacing() == volume.spacing
    assert plain.GetPointData().GetScalars() is image.GetPointData().GetScalars()
    placed = matrix.MultiplyPoint((*np.multiply((3, 2, 1), plain.GetSpacing()), 1.0))
    np.testing.assert_allclose(placed[:3], volume.geometry.index_to_physical((3, 2, 1)), atol=1e-12)
    np.testing.assert_allclose(index_to_physical(image), volume.affine, atol=1e-12)


def test_identity_image_keeps_an_extent() -> None:
    source = vtkRTAnalyticSource(whole_extent=(10, 13, 0, 2, 5, 6))
    source.Update()
    image = source.GetOutput()
    image.SetDirectionMatrix(OBLIQUE.ravel().tolist())
    image.SetOrigin(1.0, 2.0, 3.0)

    plain, matrix = identity_image(image)

    local, placed, expected = [0.0] * 3, (), [0.0] * 3
    plain.TransformIndexToPhysicalPoint(12, 1, 6, local)
    image.TransformIndexToPhysicalPoint(12, 1, 6, expected)
    placed = matrix.MultiplyPoint((*local, 1.0))[:3]
    np.testing.assert_allclose(placed, expected, atol=1e-9)
