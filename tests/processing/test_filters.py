"""Smoothing, judged by SciPy and by sums that a Gaussian keeps."""

from __future__ import annotations

import numpy as np
import pytest

from dicomvtk import Axis, Geometry, GeometryError, UnsupportedError, Volume
from dicomvtk.processing.filters import gaussian

ndimage = pytest.importorskip("scipy.ndimage")

SPACING = (0.5, 1.0, 2.0)
LEFT_HANDED = np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])


def noise(dtype: type, low: float = -900, high: float = 3000) -> Volume:
    array = np.random.default_rng(7).uniform(low, high, (30, 24, 20)).astype(dtype)
    return Volume(array, Geometry(array.shape, SPACING, (5.0, 6.0, 7.0), LEFT_HANDED))


def scipy_gaussian(array: np.ndarray, sigma_mm: float) -> np.ndarray:
    """Return the same with the kernel cut at the edges and scaled to sum to 1."""
    options = {"sigma": np.divide(sigma_mm, SPACING), "mode": "constant", "truncate": 4.0}
    weight = ndimage.gaussian_filter(np.ones(array.shape), **options)
    return ndimage.gaussian_filter(array.astype(float), **options) / weight


@pytest.mark.parametrize("sigma_mm", [0.8, 1.5, 3.0])
def test_floats_are_scipys_and_the_grid_stays(sigma_mm: float) -> None:
    volume = noise(np.float32)
    smooth = gaussian(volume, sigma_mm)
    np.testing.assert_allclose(smooth.array, scipy_gaussian(volume.array, sigma_mm), atol=2e-3)  # of 3900
    assert smooth.geometry == volume.geometry
    assert smooth.dtype == np.float32
    assert smooth.array.flags.f_contiguous
    assert smooth.history[-1] == f"gaussian, sigma {sigma_mm:g} mm"


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint16, np.int32])
def test_integers_keep_their_dtype_and_are_rounded(dtype: type) -> None:
    volume = noise(dtype, 0, 250)
    smooth = gaussian(volume, 1.5)
    assert smooth.dtype == dtype
    error = smooth.array - scipy_gaussian(volume.array, 1.5)
    assert np.abs(error).max() < 0.501
    assert abs(error.mean()) < 0.02, "cut towards zero instead of rounded"


def test_sigma_is_in_millimetres_along_each_axis() -> None:
    spike = np.zeros((41, 41, 41), np.float64)
    spike[20, 20, 20] = 1.0
    smooth = gaussian(Volume(spike, Geometry(spike.shape, SPACING)), (2.0, 0.0, 4.0)).array
    for axis, sigma_mm in ((0, 2.0), (2, 4.0)):
        line = smooth.sum(axis=tuple(a for a in range(3) if a != axis))
        mm = (np.arange(41) - 20) * SPACING[axis]
        assert np.sqrt((line * mm**2).sum() / line.sum()) == pytest.approx(sigma_mm, rel=0.01)
    assert np.count_nonzero(smooth.sum(axis=(0, 2))) == 1


def test_each_frame_and_each_colour_by_itself() -> None:
    first, second = noise(np.int16), noise(np.int16, 0, 100)
    both = Volume(np.stack([first.array, second.array], axis=3), first.geometry, axes=(Axis("EchoTime", (3, 9)),))
    smooth = gaussian(both, 1.0)
    np.testing.assert_array_equal(smooth.frame(0).array, gaussian(first, 1.0).array)
    np.testing.assert_array_equal(smooth.frame(1).array, gaussian(second, 1.0).array)
    grey = noise(np.uint8, 0, 255)
    colour = Volume(np.stack([grey.array, 255 - grey.array, grey.array // 2], axis=3), grey.geometry)
    np.testing.assert_array_equal(gaussian(colour, 1.0).array[..., 0], gaussian(grey, 1.0).array)
    assert gaussian(colour, 1.0).is_colour


def test_bool_becomes_float_and_a_single_slice_works() -> None:
    mask = np.zeros((11, 11, 1), bool)
    mask[5, 5, 0] = True
    smooth = gaussian(Volume(mask), 1.0)
    assert smooth.dtype == np.float32
    assert smooth.array.sum() == pytest.approx(1.0, abs=1e-3)


@pytest.mark.parametrize("sigma_mm", [-1.0, np.nan, (1.0, 2.0)])
def test_other_sigmas_are_refused(sigma_mm: float) -> None:
    with pytest.raises(UnsupportedError, match="expected one number or three"):
        gaussian(noise(np.int16), sigma_mm)


def test_a_sigma_wider_than_the_volume_is_scipys_too() -> None:
    volume = noise(np.float64)
    np.testing.assert_allclose(gaussian(volume, 30.0).array, scipy_gaussian(volume.array, 30.0), rtol=1e-9)


def test_nan_spreads_as_far_as_the_kernel_reaches_and_no_further() -> None:
    volume = noise(np.float32)
    expected = gaussian(volume, 1.0).array
    volume.array[15, 12, 10] = np.nan
    smooth = gaussian(volume, 1.0).array
    reached = np.zeros(volume.shape, bool)
    reached[15 - 8 : 15 + 9, 12 - 4 : 12 + 5, 10 - 2 : 10 + 3] = True  # 4 sigma of 0.5, 1 and 2 mm
    np.testing.assert_array_equal(np.isnan(smooth), reached)
    np.testing.assert_allclose(smooth[~reached], expected[~reached], rtol=1e-6)


def test_what_cannot_be_smoothed_is_refused() -> None:
    with pytest.raises(UnsupportedError, match="complex"):
        gaussian(Volume(np.zeros((3, 3, 3), complex)), 1.0)
    with pytest.raises(UnsupportedError, match="2\\^53"):
        gaussian(Volume(np.full((3, 3, 3), 2**60)), 1.0)
    with pytest.raises(GeometryError, match="fix="):
        gaussian(Volume(np.zeros((3, 3, 3)), regular=False), 1.0)
