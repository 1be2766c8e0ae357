"""A volume made fit for the screen keeps its values and its place."""

from __future__ import annotations

import numpy as np
import pytest

from dicomvtk.errors import UnsupportedError
from dicomvtk.geometry import Geometry
from dicomvtk.metadata import Axis
from dicomvtk.render.drawable import drawable, frame_note, grey, reduced, reduction
from dicomvtk.volume import Volume


def test_what_can_be_drawn_is_not_copied() -> None:
    volume = Volume(np.zeros((4, 4, 4), np.int16))

    assert drawable(volume) is volume


def test_first_frame_is_taken_and_named() -> None:
    axes = (Axis("EchoTime", (1.0, 2.0)), Axis("TemporalPositionIndex", (1, 2, 3)), Axis("StackID", ("1",)))
    volume = Volume(np.arange(4 * 4 * 4 * 6).reshape(4, 4, 4, 2, 3, 1).astype(np.int32), axes=axes)

    np.testing.assert_array_equal(drawable(volume).array, volume.array[:, :, :, 0, 0, 0])
    assert frame_note(axes) == "EchoTime 1/2: 1, TemporalPositionIndex 1/3: 1"
    assert frame_note(()) == ""


def test_any_frame_is_taken_and_named_with_its_value() -> None:
    axes = (Axis("EchoTime", (1.0, 2.5), "ms"), Axis("TemporalPositionIndex", (1, 2, 3)))
    volume = Volume(np.arange(4 * 4 * 4 * 6).reshape(4, 4, 4, 2, 3).astype(np.int32), axes=axes)

    np.testing.assert_array_equal(drawable(volume, (1, 2)).array, volume.array[:, :, :, 1, 2])
    np.testing.assert_array_equal(drawable(volume, (1,)).array, volume.array[:, :, :, 1, 0])
    assert frame_note(axes, (1, 2)) == "EchoTime 2/2: 2.5 ms, TemporalPositionIndex 3/3: 3"


@pytest.mark.parametrize("frame", [(2,), (0, 3), (0, 0, 0)])
def test_a_frame_that_is_not_there_is_refused_with_those_that_are(frame: tuple[int, ...]) -> None:
    axes = (Axis("EchoTime", (1.0, 2.5), "ms"), Axis("TemporalPositionIndex", (1, 2, 3)))
    volume = Volume(np.zeros((4, 4, 4, 2, 3), np.int16), axes=axes)

    with pytest.raises(UnsupportedError, match="EchoTime 0 to 1, TemporalPositionIndex 0 to 2"):
        drawable(volume, frame)


def test_holes_get_the_smallest_value() -> None:
    array = np.array([3.0, np.nan, -2.0, np.inf, -np.inf, 5.0], np.float32).reshape(6, 1, 1)

    assert drawable(Volume(array)).array.ravel().tolist() == [3.0, -2.0, -2.0, -2.0, -2.0, 5.0]
    assert drawable(Volume(np.full((2, 2, 2), np.nan))).array.max() == 0


def test_kinds_vtk_lacks_become_kinds_it_has() -> None:
    assert drawable(Volume(np.full((2, 2, 2), 3 + 4j))).array.tolist() == np.full((2, 2, 2), 5.0).tolist()
    assert drawable(Volume(np.ones((2, 2, 2), bool))).array.dtype == np.uint8
    assert drawable(Volume(np.ones((2, 2, 2), np.float16))).array.dtype == np.float32
    assert drawable(Volume(np.full((2, 2, 2), 7, np.int64))).array.dtype == np.int32
    huge = np.full((2, 2, 2), 2**40, np.uint64)
    assert drawable(Volume(huge)).array[0, 0, 0] == 2.0**40


def test_brightness_of_colour() -> None:
    array = np.zeros((2, 2, 2, 3), np.uint8)
    array[0] = (255, 255, 255)
    array[1] = (0, 255, 0)

    values = grey(Volume(array)).array

    assert values.shape == (2, 2, 2)
    assert values[0, 0, 0] >= 254
    assert values[1, 0, 0] == int(255 * 0.587)


def test_small_volumes_stay_whole() -> None:
    volume = Volume(np.zeros((8, 8, 8), np.int16))

    assert reduced(volume, 512).volume is volume
    assert reduced(volume, 512).factors == (1, 1, 1)


def test_reduced_volume_has_the_means_where_they_belong() -> None:
    """A value that grows linearly in space has, in every block, the value of the block's centre as its mean."""
    c, s = np.cos(0.5), np.sin(0.5)
    geometry = Geometry((21, 16, 10), (0.5, 0.7, 2.0), (3.0, -4.0, 5.0), np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]))
    place = geometry.index_to_physical(np.stack(np.indices((21, 16, 10)), axis=-1))
    slope = np.array([1.0, -2.0, 0.5])
    volume = Volume((place @ slope).astype(np.float32), geometry)

    small = reduced(volume, 1000)

    assert small.factors == (2, 2, 1)
    assert small.volume.shape == (10, 8, 10)
    expected = small.volume.geometry.index_to_physical(np.stack(np.indices((10, 8, 10)), axis=-1)) @ slope
    np.testing.assert_allclose(small.volume.array, expected, atol=1e-4)


def test_reduction_rounds_whole_numbers_and_keeps_their_kind() -> None:
    array = np.zeros((4, 4, 4), np.uint16)
    array[:2, :2, :2] = 65535

    small = reduced(Volume(array), 8).volume

    assert small.array.dtype == np.uint16
    assert small.array[0, 0, 0] == 65535
    assert small.array[1, 1, 1] == 0


def test_no_side_outgrows_a_texture() -> None:
    assert reduction(Volume(np.zeros((5000, 2, 2), np.uint8)).geometry, 10**9) == (3, 1, 1)
