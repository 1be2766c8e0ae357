"""A volume that exists is valid, in VTK's memory order, and says what it cannot be."""

from __future__ import annotations

import numpy as np
import pytest

from dicomvtk import Axis, FrameSource, Geometry, GeometryError, SeriesInfo, UnsupportedError, Volume

TIMES = Axis("TriggerTime", (0.0, 40.0, 80.0), "ms")
ECHOES = Axis("EchoTime", (4.6, 9.2), "ms")


def numbered(*shape: int) -> np.ndarray:
    return np.arange(np.prod(shape)).reshape(shape)


def test_any_layout_becomes_one_fortran_block() -> None:
    array = numbered(4, 3, 2)
    volume = Volume(array)
    assert volume.array.flags.f_contiguous
    np.testing.assert_array_equal(volume.array, array)
    ready = np.asfortranarray(array)
    assert Volume(ready).array is ready
    block = np.zeros((2, 3, 4))  # (slice, row, column), as other libraries have it
    assert np.shares_memory(Volume(block.T).array, block)


def test_colour_samples_are_last_and_fastest() -> None:
    volume = Volume(numbered(4, 3, 2, 3).astype(np.uint8))
    assert volume.is_colour
    assert volume.array.strides == (3, 12, 36, 1)
    in_time = Volume(numbered(4, 3, 2, 3, 3).astype(np.uint8), axes=(TIMES,))
    assert in_time.is_colour
    assert in_time.frame(1).array.shape == (4, 3, 2, 3)


def test_a_plane_is_one_slice_and_a_bare_array_is_not_placed() -> None:
    volume = Volume(numbered(4, 3))
    assert volume.shape == (4, 3, 1)
    assert not volume.geometry.placed
    assert volume.spacing == (1.0, 1.0, 1.0)


def test_axes_name_the_dimensions_past_k() -> None:
    info = SeriesInfo(sources=tuple(FrameSource(f"f{n}") for n in range(2 * 3 * 2)))
    volume = Volume(numbered(4, 3, 2, 3, 2), axes=(TIMES, ECHOES), info=info)
    frame = volume.frame(2, 1)
    np.testing.assert_array_equal(frame.array, volume.array[:, :, :, 2, 1])
    assert frame.axes == ()
    assert [source.file for source in frame.info.sources] == ["f10", "f11"]
    assert np.shares_memory(frame.array, volume.array)
    with pytest.raises(UnsupportedError, match=r"further axes are: TriggerTime \(3\), EchoTime \(2\)"):
        volume.frame(1)
    with pytest.raises(UnsupportedError, match="No frame 3 along TriggerTime; expected 0 to 2"):
        volume.frame(3, 0)


@pytest.mark.parametrize(
    ("array", "text"),
    [
        (np.zeros(5), r"shape \(5,\)"),
        (np.array([["a", "b"]]), "dtype <U1"),
        (np.zeros((4, 3, 2, 5)), "name them in axes="),
        (np.zeros((4, 3, 2, 3, 2)), "name them in axes="),
    ],
)
def test_what_is_no_volume_is_refused(array: np.ndarray, text: str) -> None:
    with pytest.raises(UnsupportedError, match=text):
        Volume(array)


def test_array_axes_and_geometry_must_fit() -> None:
    with pytest.raises(UnsupportedError, match=r"does not fit the axes \[\('TriggerTime', 3\)\]"):
        Volume(numbered(4, 3, 2, 4), axes=(TIMES,))
    with pytest.raises(GeometryError, match=r"does not fit a geometry of shape \(4, 3, 3\)"):
        Volume(numbered(4, 3, 2), Geometry((4, 3, 3)))


def test_a_slice_stays_where_it_is() -> None:
    volume = Volume(numbered(4, 3, 2), Geometry((4, 3, 2), (1, 2, 5), (10, 20, 30)))
    one = volume.slice_at(1)
    np.testing.assert_array_equal(one.array[:, :, 0], volume.array[:, :, 1])
    assert one.origin == (10.0, 20.0, 35.0)
    column = volume.slice_at(3, axis=0)
    assert column.shape == (1, 3, 2)
    assert column.origin == (13.0, 20.0, 30.0)
    with pytest.raises(UnsupportedError, match="No slice 2 along axis 2; expected 0 to 1"):
        volume.slice_at(2)


def test_with_array_keeps_what_it_is_and_adds_to_the_history() -> None:
    volume = Volume(numbered(4, 3, 2), history=("made",))
    doubled = volume.with_array(volume.array * 2, step="doubled")
    assert doubled.history == ("made", "doubled")
    assert doubled.geometry == volume.geometry
    assert volume.history == ("made",)


def test_a_volume_is_told_in_a_line() -> None:
    axes = (Axis("EchoTime", (4.0, 8.0), "ms"),)
    geometry = Geometry((4, 3, 2), (0.5, 0.5, 2.0))
    info = SeriesInfo(modality="MR", description="T2 map")
    volume = Volume(np.zeros((4, 3, 2, 2), np.int16), geometry, info, axes=axes)
    assert repr(volume) == "<Volume 4 x 3 x 2 x 2 int16, 0.5 x 0.5 x 2 mm, LPS: MR, 'T2 map', EchoTime (2)>"
    assert repr(Volume(np.zeros((4, 3), np.uint8))) == "<Volume 4 x 3 x 1 uint8, 1 x 1 x 1 mm, unplaced>"
