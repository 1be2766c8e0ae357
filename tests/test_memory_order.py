"""Fortran order from any strides: the same values at the same indices, whichever way they are copied."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from dicomvtk.memory_order import in_fortran_order, slice_rows


@pytest.mark.parametrize("dtype", ["uint8", "int16", "float32", "complex128"])
@pytest.mark.parametrize("shape", [(128, 64, 640), (512, 512, 20), (1, 2100, 2050), (2050, 1, 2100), (40, 30, 20)])
def test_every_order_of_axes_and_every_reversal_keeps_the_values(shape: tuple[int, int, int], dtype: str) -> None:
    array = np.asfortranarray(np.arange(np.prod(shape)).reshape(shape).astype(dtype))
    for order in permutations(range(3)):
        for step in (1, -1):
            view = array.transpose(order)[::step, :, ::step]
            made = in_fortran_order(view)
            assert made.flags.f_contiguous
            np.testing.assert_array_equal(made, view)


def test_further_axes_and_a_window_of_a_larger_array() -> None:
    array = np.arange(70 * 80 * 90 * 6, dtype=np.int32).reshape(70, 80, 90, 6)[2:, 5:75, ::2]
    made = in_fortran_order(array)
    assert made.flags.f_contiguous
    np.testing.assert_array_equal(made, array)


def test_what_is_in_order_is_not_copied() -> None:
    array = np.zeros((200, 200, 200), np.int16, order="F")
    assert in_fortran_order(array) is array


@pytest.mark.parametrize("shape", [(300, 200, 90), (30, 20, 5), (256, 256, 1), (130, 90, 200)])
def test_slices_of_every_order_of_axes_are_rows_without_gaps(shape: tuple[int, int, int]) -> None:
    array = np.arange(np.prod(shape), dtype=np.int32).reshape(shape)
    for order in permutations(range(3)):
        for step in (1, -1):
            view = array.transpose(order)[:, ::step, ::step]
            rows = list(slice_rows(view))
            assert len(rows) == view.shape[2]
            assert all(plane.flags.c_contiguous for plane in rows)
            assert all(np.array_equal(plane, view[:, :, k].T) for k, plane in enumerate(rows))


def test_slices_of_colour_keep_the_samples_of_a_pixel_together() -> None:
    array = np.arange(90 * 80 * 700 * 3, dtype=np.uint8).reshape(90, 80, 700, 3)
    for view in (array, array.transpose(1, 2, 0, 3), np.asfortranarray(array)):
        for k, plane in enumerate(slice_rows(view, colour=True)):
            assert plane.flags.c_contiguous
            np.testing.assert_array_equal(plane, view[:, :, k].transpose(1, 0, 2))


def test_slices_that_lie_together_are_views() -> None:
    array = np.zeros((60, 50, 40), np.int16, order="F")
    assert all(np.shares_memory(plane, array) for plane in slice_rows(array))
