"""Fortran order from any strides: the same values at the same indices, whichever way they are copied."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from dicomvtk.memory_order import in_fortran_order


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
