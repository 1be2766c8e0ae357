"""Medians by a network: SciPy's along any of the axes, and a network that sorts what it claims to."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from scipy import ndimage

from dicomvtk import Volume
from dicomvtk.processing.filters import median
from dicomvtk.processing.median_network import medians_of_three

SOME_AXES = [axes for count in (1, 2, 3) for axes in combinations(range(3), count)]


@pytest.mark.parametrize("axes", SOME_AXES)
@pytest.mark.parametrize("shape", [(5, 7, 9), (1, 4, 3), (2, 1, 1), (4, 300, 260)])
def test_the_network_is_scipys_median_along_any_axes(axes: tuple[int, ...], shape: tuple[int, int, int]) -> None:
    array = np.random.default_rng(3).integers(-2000, 2000, shape).astype(np.int16)
    size = [3 if axis in axes else 1 for axis in range(3)]
    np.testing.assert_array_equal(medians_of_three(array, axes), ndimage.median_filter(array, size, mode="nearest"))


def test_zeros_and_ones_in_every_number_come_out_right() -> None:
    """A network is right for all values if it is for zeros and ones; here every count of ones, in many orders."""
    rng = np.random.default_rng(11)
    blocks = np.array([rng.permutation(np.arange(27) < ones) for ones in range(28) for _ in range(200)])
    for block in blocks.reshape(-1, 3, 3, 3).astype(np.uint8):
        assert medians_of_three(block, (0, 1, 2))[1, 1, 1] == (block.sum() > 13)


@pytest.mark.parametrize("dtype", ["uint8", "int8", "uint16", "int32", "int64", "float16", "float32", "float64"])
def test_every_dtype_has_its_extremes_as_medians(dtype: str) -> None:
    kind = np.dtype(dtype)
    bounds = np.finfo(kind) if kind.kind == "f" else np.iinfo(kind)
    array = np.random.default_rng(5).choice(np.array([bounds.min, 0, 7, bounds.max], kind), (9, 8, 7))
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(array, 1, mode="edge"), (3, 3, 3))
    expected = np.sort(windows.reshape(*array.shape, 27), axis=-1)[..., 13]
    np.testing.assert_array_equal(median(Volume(array)).array, expected)


@pytest.mark.parametrize(("size", "reached"), [(3, 27), ((3, 1, 3), 9), (5, 125), ((5, 3, 1), 15)])
def test_nan_reaches_what_it_is_among_and_no_further(size: int | tuple[int, int, int], reached: int) -> None:
    array = np.random.default_rng(0).random((9, 9, 9)).astype(np.float32)
    expected = median(Volume(array), size).array
    array[4, 4, 4] = np.nan
    ours = median(Volume(array), size).array
    assert np.isnan(ours).sum() == reached
    np.testing.assert_array_equal(ours[~np.isnan(ours)], expected[~np.isnan(ours)])
