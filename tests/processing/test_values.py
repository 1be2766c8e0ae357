"""Median, threshold, clip, components, statistics and projections: SciPy and SimpleITK on the same work."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK
from grids import DIRECTIONS, assert_same, from_sitk, grid, smooth_volume, to_sitk
from scipy import ndimage

from dicomvtk import Axis, SeriesInfo, UnsupportedError, Volume, WindowLevel
from dicomvtk.processing.components import connected_components, largest_component
from dicomvtk.processing.filters import median
from dicomvtk.processing.intensity import clip, threshold
from dicomvtk.processing.projection import project, slabs
from dicomvtk.processing.statistics import statistics

NOISE = np.random.default_rng(7).normal(0, 300, (23, 19, 11))


def noisy(dtype: str = "int16", name: str = "oblique") -> Volume:
    return Volume(np.asfortranarray(NOISE).astype(dtype), grid(name))


@pytest.mark.parametrize("dtype", ["int16", "uint8", "float32", "float64"])
@pytest.mark.parametrize("size", [3, (5, 3, 1)])
def test_median_is_scipys_to_the_edges(dtype: str, size: int | tuple[int, int, int]) -> None:
    volume = noisy(dtype)
    expected = ndimage.median_filter(volume.array, size, mode="nearest")
    np.testing.assert_array_equal(median(volume, size).array, expected)


@pytest.mark.parametrize("name", DIRECTIONS)
def test_median_is_simpleitks_in_its_place(name: str) -> None:
    volume = noisy(name=name)
    assert_same(median(volume, 3), from_sitk(SimpleITK.Median(to_sitk(volume), (1, 1, 1))))


def test_median_of_frames_and_colour() -> None:
    first = noisy("uint8").array
    volume = Volume(np.stack([first, first[::-1]], axis=-1), grid("axial"), axes=(Axis("Time", (0, 1)),))
    np.testing.assert_array_equal(median(volume).array[..., 1], ndimage.median_filter(first[::-1], 3, mode="nearest"))
    colour = Volume(np.stack([first, first, first], axis=-1), grid("axial"))
    np.testing.assert_array_equal(median(colour).array[..., 2], ndimage.median_filter(first, 3, mode="nearest"))
    with pytest.raises(UnsupportedError, match="odd sizes"):
        median(colour, 4)


def test_threshold_is_simpleitks() -> None:
    volume = noisy()
    expected = SimpleITK.BinaryThreshold(to_sitk(volume), -100.0, 250.0, 1, 0)
    assert_same(threshold(volume, -100, 250), from_sitk(expected))
    shown = Volume(volume.array, volume.geometry, SeriesInfo(windows=(WindowLevel(40, 400),), unit="HU"))
    assert threshold(shown, 0).info.windows == ()
    assert threshold(shown, 0).history == ("threshold from 0",)
    assert threshold(Volume(np.array([[[np.nan, 1.0]]])), 0).array.ravel().tolist() == [0, 1]
    with pytest.raises(UnsupportedError, match="needs low=, high= or both"):
        threshold(volume)


def test_clip_is_numpys_and_refuses_what_the_dtype_does_not_hold() -> None:
    volume = noisy()
    np.testing.assert_array_equal(clip(volume, -100, 250).array, np.clip(volume.array, -100, 250))
    assert clip(volume, -100_000, 70_000).array.dtype == np.int16
    with pytest.raises(UnsupportedError, match=r"Cannot clip int16 values to 2\.5"):
        clip(volume, high=2.5)


@pytest.mark.parametrize("connectivity", [6, 26])
@pytest.mark.parametrize("name", ["axial", "left-handed"])
def test_components_are_simpleitks_largest_first(connectivity: int, name: str) -> None:
    volume = threshold(noisy(name=name), 200)
    image = SimpleITK.ConnectedComponent(to_sitk(volume), connectivity == 26)
    theirs = from_sitk(SimpleITK.RelabelComponent(image, sortByObjectSize=True))

    ours = connected_components(volume, connectivity=connectivity)

    assert ours.dtype == np.int32
    assert ours.geometry.is_close(theirs.geometry, 1e-9)
    np.testing.assert_array_equal(np.bincount(ours.array.ravel()), np.bincount(theirs.array.ravel()))
    pairs = np.unique(np.stack([ours.array.ravel(), theirs.array.ravel()]), axis=1)
    assert pairs.shape[1] == ours.array.max() + 1, "one label of theirs for each of ours"
    largest = largest_component(volume, connectivity=connectivity)
    assert int(largest.array.sum()) == int((theirs.array == 1).sum())


def test_components_of_an_empty_mask_are_none() -> None:
    empty = Volume(np.zeros((4, 4, 4), np.uint8))
    assert connected_components(empty).array.max() == 0
    assert largest_component(empty).array.max() == 0


def test_statistics_are_simpleitks() -> None:
    volume = noisy()
    theirs = SimpleITK.StatisticsImageFilter()
    theirs.Execute(to_sitk(volume))

    ours = statistics(volume)

    assert ours.count == 23 * 19 * 11
    assert (ours.minimum, ours.maximum) == (theirs.GetMinimum(), theirs.GetMaximum())
    assert ours.mean == pytest.approx(theirs.GetMean())
    assert ours.std == pytest.approx(theirs.GetSigma(), rel=1e-3)  # theirs has n - 1 in the denominator
    assert ours.volume_ml == pytest.approx(23 * 19 * 11 * 0.8 * 1.1 * 2.5 / 1000)
    assert ours.median == np.median(volume.array)


def test_statistics_in_a_mask_without_padding() -> None:
    values = np.array([-2000, 10, 20, 30]).reshape(4, 1, 1)
    volume = Volume(values, info=SeriesInfo(padding=((-2000, -2000),), unit="HU"))
    assert statistics(volume).mean == 20
    assert statistics(volume, np.array([1, 1, 1, 0]).reshape(4, 1, 1)).mean == 15
    with pytest.raises(UnsupportedError, match="No voxel to measure"):
        statistics(volume, np.array([1, 0, 0, 0]).reshape(4, 1, 1))
    with pytest.raises(UnsupportedError, match="another grid"):
        statistics(noisy(), smooth_volume("axial"))


@pytest.mark.parametrize("name", DIRECTIONS)
@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize(
    ("how", "theirs"),
    [("max", SimpleITK.MaximumProjection), ("min", SimpleITK.MinimumProjection), ("mean", SimpleITK.MeanProjection)],
)
def test_projections_are_simpleitks(name: str, axis: int, how: str, theirs: object) -> None:
    volume = noisy(name=name)

    ours = project(volume, how, axis=axis)  # type: ignore[arg-type]

    np.testing.assert_allclose(ours.array, from_sitk(theirs(to_sitk(volume), axis)).array, rtol=1e-6, atol=1e-4)  # type: ignore[operator]
    middle = np.zeros(3)
    middle[axis] = (volume.shape[axis] - 1) / 2
    np.testing.assert_allclose(ours.origin, volume.geometry.index_to_physical(middle), atol=1e-9)
    assert ours.spacing[axis] == pytest.approx(volume.spacing[axis] * volume.shape[axis])
    assert ours.dtype == (np.float32 if how == "mean" else np.int16)


def test_slabs_lie_where_their_voxels_are() -> None:
    volume = noisy()  # 11 slices of 2.5 mm
    blocks = slabs(volume, 7.5, "mean")
    assert blocks.shape == (23, 19, 3)
    np.testing.assert_allclose(blocks.array[:, :, 1], volume.array[:, :, 3:6].mean(axis=2), rtol=1e-5)
    np.testing.assert_allclose(blocks.origin, volume.geometry.index_to_physical((0, 0, 1)))
    assert blocks.spacing[2] == 7.5
    sliding = slabs(volume, 7.5, "max", step_mm=2.5)
    assert sliding.shape == (23, 19, 9)
    assert sliding.spacing == volume.spacing
    np.testing.assert_array_equal(sliding.array[:, :, 8], volume.array[:, :, 8:11].max(axis=2))
    with pytest.raises(UnsupportedError, match="does not fit"):
        slabs(volume, 300)
