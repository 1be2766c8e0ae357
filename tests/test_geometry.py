"""Geometry: LPS millimetres, centres at integers, either handedness; checked against nibabel and plain arithmetic."""

from __future__ import annotations

import itertools

import nibabel
import numpy as np
import pytest

from dicomvtk import Geometry, GeometryError
from dicomvtk.anatomy import orientation_letters
from dicomvtk.geometry import axis_moves

LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])


def turned(degrees: float) -> np.ndarray:
    a = np.radians(degrees)
    about_z = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])
    about_x = np.array([[1, 0, 0], [0, np.cos(a / 2), -np.sin(a / 2)], [0, np.sin(a / 2), np.cos(a / 2)]])
    return about_z @ about_x


OBLIQUE = Geometry((5, 4, 3), (0.5, 1.5, 4.0), (-10.0, 20.0, 30.0), turned(20))
LEFT_HANDED = Geometry((5, 4, 3), (0.5, 1.5, 4.0), (-10.0, 20.0, 30.0), turned(20) @ np.diag([1, 1, -1]))


def all_codes() -> list[str]:
    letters = ["LR", "PA", "SI"]
    return ["".join(c) for order in itertools.permutations(letters) for c in itertools.product(*order)]


@pytest.mark.parametrize("geometry", [OBLIQUE, LEFT_HANDED])
def test_index_and_millimetres_go_both_ways(geometry: Geometry) -> None:
    index = np.array([[0, 0, 0], [4, 3, 2], [1.5, 0.25, 2]])
    points = geometry.index_to_physical(index)
    np.testing.assert_allclose(points, (geometry.affine @ np.c_[index, np.ones(3)].T).T[:, :3])
    np.testing.assert_allclose(geometry.physical_to_index(points), index, atol=1e-12)
    again = Geometry.from_affine(geometry.affine, geometry.shape)
    assert again.is_close(geometry, 1e-9)


def test_image_plane_is_right_handed_and_has_spacing_in_its_order() -> None:
    plane = Geometry.from_image_plane((7, 5, 4), (0, 1, 0, 0, 0, -1), (1, 2, 3), (0.5, 0.25), 2.0)
    assert plane.spacing == (0.25, 0.5, 2.0)  # PixelSpacing is between rows, then between columns
    assert plane.is_right_handed
    assert plane.axis_codes == "PIR"
    np.testing.assert_allclose(plane.index_to_physical((1, 0, 0)), (1, 2.25, 3))
    np.testing.assert_allclose(plane.index_to_physical((0, 1, 0)), (1, 2, 2.5))
    np.testing.assert_allclose(plane.index_to_physical((0, 0, 1)), (-1, 2, 3))


@pytest.mark.parametrize("codes", all_codes())
@pytest.mark.parametrize("geometry", [OBLIQUE, LEFT_HANDED])
def test_all_48_orientations_keep_every_voxel_in_its_place(geometry: Geometry, codes: str) -> None:
    array = np.arange(60).reshape(geometry.shape)
    moves = axis_moves(geometry, codes)
    moved = array.transpose(moves.order)
    moved = np.flip(moved, [axis for axis, flip in enumerate(moves.flip) if flip])
    turned_geometry = geometry.reoriented(codes)
    assert turned_geometry.axis_codes == codes
    assert turned_geometry.shape == moved.shape
    for index in itertools.product(*(range(n) for n in moved.shape)):
        here = geometry.physical_to_index(turned_geometry.index_to_physical(index))
        assert array[tuple(np.rint(here).astype(int))] == moved[index]


@pytest.mark.parametrize("geometry", [OBLIQUE, LEFT_HANDED])
def test_axis_codes_are_nibabels(geometry: Geometry) -> None:
    assert geometry.axis_codes == "".join(nibabel.aff2axcodes(LPS_TO_RAS @ geometry.affine))


def test_crops_flips_and_permutations_move_no_voxel() -> None:
    cropped = OBLIQUE.cropped((1, 0, 2), (4, 2, 3))
    assert cropped.shape == (3, 2, 1)
    np.testing.assert_allclose(cropped.index_to_physical((0, 0, 0)), OBLIQUE.index_to_physical((1, 0, 2)))
    flipped = OBLIQUE.flipped(0, 2)
    np.testing.assert_allclose(flipped.index_to_physical((0, 1, 0)), OBLIQUE.index_to_physical((4, 1, 2)))
    permuted = OBLIQUE.permuted((2, 0, 1))
    assert permuted.shape == (3, 5, 4)
    np.testing.assert_allclose(permuted.index_to_physical((2, 4, 1)), OBLIQUE.index_to_physical((4, 1, 2)))


def test_centres_and_edges_are_millimetres_along_the_axis() -> None:
    axial = Geometry((4, 3, 2), (0.5, 1.0, 3.0), (10.0, 20.0, 30.0), np.diag([1.0, -1.0, -1.0]))
    np.testing.assert_allclose(axial.centres(0), [10, 10.5, 11, 11.5])
    np.testing.assert_allclose(axial.edges(0), [9.75, 10.25, 10.75, 11.25, 11.75])
    np.testing.assert_allclose(axial.centres(1), [-20, -19, -18])  # along -y: minus the LPS coordinate
    assert len(axial.edges(2)) == 3


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"shape": (4, 0, 2)}, "three sizes of at least 1"),
        ({"spacing": (1, -1, 1)}, "three positive spacings"),
        ({"spacing": (1, float("nan"), 1)}, "three positive spacings"),
        ({"origin": (0, float("inf"), 0)}, "finite origin"),
        ({"direction": np.ones((3, 3))}, "orthogonal unit directions"),
        ({"direction": np.eye(3) * 1.01}, "orthogonal unit directions"),
    ],
)
def test_what_is_no_grid_is_refused(change: dict[str, object], text: str) -> None:
    with pytest.raises(GeometryError, match=text):
        Geometry(**{"shape": (4, 3, 2), **change})  # type: ignore[arg-type]


def test_sheared_and_singular_affines_are_refused() -> None:
    sheared = np.eye(4)
    sheared[0, 2] = 0.3
    with pytest.raises(GeometryError, match="gantry tilt"):
        Geometry.from_affine(sheared, (2, 2, 2))
    with pytest.raises(GeometryError, match="singular affine"):
        Geometry.from_affine(np.diag([1.0, 0.0, 1.0, 1.0]), (2, 2, 2))


@pytest.mark.parametrize("codes", ["RAR", "RA", "XYZ"])
def test_codes_that_name_no_orientation_are_refused(codes: str) -> None:
    with pytest.raises(GeometryError):
        OBLIQUE.reoriented(codes)


def test_geometry_is_a_value() -> None:
    same = Geometry(OBLIQUE.shape, OBLIQUE.spacing, OBLIQUE.origin, OBLIQUE.direction)
    assert same == OBLIQUE
    assert hash(same) == hash(OBLIQUE)
    assert same != LEFT_HANDED
    with pytest.raises(ValueError, match="read-only"):
        OBLIQUE.direction[0, 0] = 2
    assert OBLIQUE.extent_mm == (2.5, 6.0, 12.0)


@pytest.mark.parametrize(
    ("vector", "letters"),
    [
        ((1, 0, 0), "L"),
        ((0, -1, 0), "A"),
        ((0, 0, 1), "H"),
        ((0.6, 0.6, -0.52), "LPF"),
        ((0, 0.1, -1), "F"),
        ((0, 0, 0), ""),
    ],
)
def test_letters_on_the_screen_are_dicoms(vector: tuple[float, float, float], letters: str) -> None:
    assert orientation_letters(vector) == letters
