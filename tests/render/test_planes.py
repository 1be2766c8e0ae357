"""Where the slices of a plane lie, which way up they are, and which letters stand around them."""

from __future__ import annotations

import numpy as np
import pytest

from dicomvtk.geometry import Geometry
from dicomvtk.render.layout import PANE_3D, mm_per_pixel, pane_at, pane_rects, point_on_screen, point_under
from dicomvtk.render.planes import flat_plane, slice_planes
from dicomvtk.render.scene import PLANES, PaneCamera

AXIAL = Geometry((40, 50, 20), (1.0, 1.0, 3.0), (-20.0, -25.0, 100.0))
#: i to posterior, j to feet, k to the patient's right: sagittal slices counted from left to right.
SAGITTAL = Geometry(
    (50, 40, 20), (1.0, 1.0, 3.0), (30.0, -25.0, 100.0), np.array([[0, 0, -1], [1, 0, 0], [0, -1, 0.0]])
)


def turned(degrees: float) -> np.ndarray:
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.array([[1, 0, 0], [0, c, -s], [0, s, c]])


@pytest.mark.parametrize(
    "geometry", [AXIAL, SAGITTAL, AXIAL.flipped(2), AXIAL.flipped(0, 1), SAGITTAL.permuted((2, 0, 1))]
)
@pytest.mark.parametrize(
    ("name", "letters", "into"),
    [
        ("axial", ("R", "L", "P", "A"), (0, 0, 1)),
        ("sagittal", ("A", "P", "F", "H"), (-1, 0, 0)),
        ("coronal", ("R", "L", "F", "H"), (0, 1, 0)),
    ],
)
def test_screen_is_radiological_whatever_the_order_of_the_axes(
    geometry: Geometry, name: str, letters: tuple[str, ...], into: tuple[int, ...]
) -> None:
    plane = slice_planes(geometry)[name]

    assert plane.letters() == letters
    np.testing.assert_allclose(plane.into, into, atol=1e-12)


def test_oblique_planes_follow_the_volume_and_say_so() -> None:
    geometry = Geometry((40, 50, 20), direction=turned(30))

    planes = slice_planes(geometry)

    # Rows of the axial plane go along +x still; its columns lean 30 degrees towards the head.
    assert planes["axial"].letters() == ("R", "L", "PH", "AF")
    assert planes["coronal"].letters() == ("R", "L", "FP", "HA")
    assert slice_planes(geometry, "patient")["axial"].letters() == ("R", "L", "P", "A")


@pytest.mark.parametrize("name", PLANES)
def test_an_unplaced_volume_is_never_mirrored(name: str) -> None:
    unplaced = Geometry((4, 5, 6), placed=False)

    shown, asked = (slice_planes(unplaced, neurological=n)[name] for n in (False, True))

    np.testing.assert_array_equal(asked.right, shown.right)
    np.testing.assert_array_equal(asked.into, shown.into)
    placed = slice_planes(Geometry((4, 5, 6)), neurological=True)[name]
    assert np.array_equal(placed.right, shown.right) == (name == "sagittal")


def test_unplaced_volume_has_no_letters() -> None:
    plane = slice_planes(Geometry((4, 4, 4), placed=False))["axial"]

    assert plane.letters() == ("", "", "", "")
    np.testing.assert_array_equal(plane.right, (1, 0, 0))
    np.testing.assert_array_equal(plane.up, (0, -1, 0))


def test_slices_are_counted_along_the_volumes_own_axis() -> None:
    plane = slice_planes(AXIAL)["axial"]

    assert plane.count == 20
    assert plane.index_at((0, 0, 100.0)) == 0
    assert plane.index_at((0, 0, 104.6)) == 2
    assert plane.index_at((0, 0, -999)) == 0
    assert plane.index_at((0, 0, 999)) == 19
    # SAGITTAL counts from x = 30 towards the right.
    assert slice_planes(SAGITTAL)["sagittal"].index_at((24.0, 0, 0)) == 2


def test_acquired_slices_are_shown_whole_and_patient_planes_exactly() -> None:
    crosshair = (1.25, 2.5, 104.0)

    np.testing.assert_allclose(slice_planes(AXIAL)["axial"].shown_at(crosshair), (1.25, 2.5, 103.0))
    np.testing.assert_allclose(slice_planes(AXIAL, "patient")["axial"].shown_at(crosshair), crosshair)


def test_moving_to_a_slice_keeps_the_crosshair_in_the_plane() -> None:
    plane = slice_planes(AXIAL)["axial"]

    np.testing.assert_allclose(plane.moved((1.25, 2.5, 104.0), 4), (1.25, 2.5, 112.0))
    np.testing.assert_allclose(plane.moved((1.25, 2.5, 104.0), 99), (1.25, 2.5, 157.0))


def test_flat_volume_is_named_by_its_only_full_plane() -> None:
    assert flat_plane(Geometry((10, 10, 1))) == "axial"
    assert flat_plane(Geometry((10, 10, 1), direction=SAGITTAL.direction)) == "sagittal"
    assert flat_plane(AXIAL) is None


def test_panes_tile_the_window() -> None:
    rects = pane_rects("quad", (801, 601))

    assert set(rects) == {*PLANES, PANE_3D}
    assert sum(r.width * r.height for r in rects.values()) == 801 * 601
    assert pane_at(rects, 10, 590) == "axial"
    assert pane_at(rects, 790, 590) == "sagittal"
    assert pane_at(rects, 10, 10) == "coronal"
    assert pane_at(rects, 790, 10) == PANE_3D
    assert pane_at(rects, 801, 10) is None


def test_pixels_and_millimetres_correspond() -> None:
    plane = slice_planes(AXIAL)["axial"]
    rect = pane_rects("axial", (500, 500))["axial"]

    # 50 mm of rows fill 500 pixels; the middle of the volume, (-0.5, -0.5), is in the middle of the pane.
    assert mm_per_pixel(plane, PaneCamera(), rect) == pytest.approx(0.1)
    assert mm_per_pixel(plane, PaneCamera(4.0), rect) == pytest.approx(0.025)
    middle = point_under(plane, PaneCamera(), rect, (0, 0, 112.0), 249.5, 249.5)
    np.testing.assert_allclose(middle, (-0.5, -0.5, 112.0))
    right_and_up = point_under(plane, PaneCamera(), rect, (0, 0, 112.0), 349.5, 299.5)
    np.testing.assert_allclose(right_and_up, (9.5, -5.5, 112.0))


def test_point_on_screen_undoes_point_under() -> None:
    camera = PaneCamera(1.7, (3.0, -8.0))
    for name, plane in slice_planes(Geometry((40, 50, 20), (1, 1, 3), direction=turned(25))).items():
        rect = pane_rects("quad", (800, 600))[name]
        point = point_under(plane, camera, rect, (1, 2, 3), rect.x + 37, rect.y + 211)
        np.testing.assert_allclose(point_on_screen(plane, camera, rect, point), (rect.x + 37, rect.y + 211), atol=1e-9)


@pytest.mark.parametrize("along", ["volume", "patient"])
def test_what_fits_a_pane_keeps_its_scale_while_the_planes_are_tilted(along: str) -> None:
    rect = pane_rects("quad", (800, 600))["axial"]
    straight = slice_planes(AXIAL, along)
    for tilt in ((30.0, 0.0, 0.0), (5.0, -40.0, 20.0), (0.0, 0.0, 90.0)):
        for name, plane in slice_planes(AXIAL, along, tilt).items():
            assert mm_per_pixel(plane, PaneCamera(), rect) == mm_per_pixel(straight[name], PaneCamera(), rect)
