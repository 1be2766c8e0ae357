"""Resampling onto every kind of grid: SimpleITK's values at the same places."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK
from grids import DIRECTIONS, assert_same, from_sitk, grid, smooth_volume, to_sitk

from dicomvtk import Axis, Geometry, GeometryError, SeriesInfo, UnsupportedError, Volume
from dicomvtk.metadata import Segment
from dicomvtk.processing.parallel_grids import axis_maps
from dicomvtk.processing.resample import grid_of_spacing, isotropic, resample, resample_like, resample_to

SITK = {"linear": SimpleITK.sitkLinear, "nearest": SimpleITK.sitkNearestNeighbor}


def by_sitk(volume: Volume, target: Geometry, how: str, fill: float) -> Volume:
    reference = to_sitk(Volume(np.zeros(target.shape, np.uint8), target))
    return from_sitk(SimpleITK.Resample(to_sitk(volume), reference, SimpleITK.Transform(), SITK[how], fill))


@pytest.mark.parametrize("to", DIRECTIONS)
@pytest.mark.parametrize("name", DIRECTIONS)
def test_between_any_two_grids_it_is_simpleitk(name: str, to: str) -> None:
    volume = smooth_volume(name)
    centre = volume.geometry.index_to_physical(np.subtract(volume.shape, 1) / 2)
    other = grid(to)
    middle = other.index_to_physical(np.subtract(other.shape, 1) / 2)
    origin = np.subtract(other.origin, middle) + centre + [0.3, -0.2, 0.4]
    target = Geometry((21, 24, 13), (0.9, 0.7, 2.1), tuple(origin), other.direction)

    ours = resample_to(volume, target, fill=-7.0)

    assert_same(ours, by_sitk(volume, target, "linear", -7.0), atol=2e-3)  # of 400: VTK weighs in float32
    assert (ours.array != -7.0).mean() > 0.3


@pytest.mark.parametrize("how", SITK)
@pytest.mark.parametrize("codes", ["LPS", "RAS", "SRA", "PIL", "ALI"])
@pytest.mark.parametrize("name", DIRECTIONS)
def test_between_parallel_grids_of_other_axes_it_is_simpleitk_to_float64(name: str, codes: str, how: str) -> None:
    volume = smooth_volume(name)
    finer = grid_of_spacing(volume.geometry.reoriented(codes), (0.63, 1.71, 0.97))
    start = finer.index_to_physical((3.13, -2.21, 1.37))
    target = Geometry((27, 21, 33), finer.spacing, tuple(start), finer.direction)

    ours = resample_to(volume, target, interpolation=how, fill=-7.0)  # type: ignore[arg-type]

    assert axis_maps(volume.geometry, target) is not None
    assert_same(ours, by_sitk(volume, target, how, -7.0), atol=1e-9)
    assert (ours.array != -7.0).mean() > 0.3


@pytest.mark.parametrize("how", ["linear", "nearest", "cubic"])
@pytest.mark.parametrize("dtype", ["int16", "float32"])
def test_parallel_grids_and_turned_ones_agree(dtype: str, how: str) -> None:
    volume = smooth_volume("oblique", dtype)
    turned = np.radians(1e-3)
    nearly = np.array([[np.cos(turned), -np.sin(turned), 0], [np.sin(turned), np.cos(turned), 0], [0, 0, 1]])
    target = Geometry((19, 21, 13), (0.77, 0.91, 2.03), (-38.0, 17.0, 307.0), volume.direction)
    astray = Geometry(target.shape, target.spacing, target.origin, nearly @ target.direction)
    assert axis_maps(volume.geometry, target) is not None
    assert axis_maps(volume.geometry, astray) is None

    by_axes = resample_to(volume, target, interpolation=how, fill=0)  # type: ignore[arg-type]
    by_vtk = resample_to(volume, astray, interpolation=how, fill=0)  # type: ignore[arg-type]

    apart = np.abs(by_axes.array.astype(float) - by_vtk.array)
    assert np.quantile(apart, 0.98) <= (1.0 if dtype == "int16" else 0.1)


def test_nan_stays_where_it_has_a_weight() -> None:
    volume = smooth_volume("axial", "float32")
    volume.array[8, 8, 5] = np.nan
    same = resample_to(volume, volume.geometry)
    np.testing.assert_array_equal(same.array, volume.array)
    finer = resample(volume, np.divide(volume.spacing, 2))
    assert np.isnan(finer.array).sum() == 4**3


@pytest.mark.parametrize("how", SITK)
@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint16", "int32", "float32"])
def test_every_dtype_is_the_nearest_to_simpleitks_float(dtype: str, how: str) -> None:
    volume = smooth_volume("oblique", "float64")
    volume = Volume(np.abs(volume.array).clip(0, 255).astype(dtype), volume.geometry)
    target = grid_of_spacing(volume.geometry, (0.53, 0.91, 1.7))

    ours = resample(volume, (0.53, 0.91, 1.7), interpolation=how, fill=3)  # type: ignore[arg-type]

    assert ours.dtype == np.dtype(dtype)
    exact = by_sitk(Volume(volume.array.astype(float), volume.geometry), target, how, 3)
    apart = np.abs(ours.array.astype(float) - exact.array)
    assert apart.max() <= (0.5 if how == "linear" and dtype != "float32" else 0) + 2e-3


def test_cubic_is_the_catmull_rom_spline() -> None:
    row = np.array([0.0, 3, -1, 4, 8, 2]).reshape(6, 1, 1)
    half = Geometry((1, 1, 1), origin=(2.5, 0, 0))

    value = resample_to(Volume(row, Geometry((6, 1, 1))), half, interpolation="cubic").array[0, 0, 0]

    assert value == pytest.approx((-3 + 9 * -1 + 9 * 4 - 8) / 16)


@pytest.mark.parametrize("name", DIRECTIONS)
def test_the_outer_faces_stay(name: str) -> None:
    old = grid(name)
    new = grid_of_spacing(old, (0.4, 2.2, 2.5))

    assert new.shape == (46, 10, 11)  # 18.4 / 0.4, 20.9 / 2.2 = 9.5, 27.5 / 2.5
    np.testing.assert_allclose(new.index_to_physical((-0.5,) * 3), old.index_to_physical((-0.5,) * 3), atol=1e-9)
    assert new.spacing == (0.4, 2.2, 2.5)


def test_isotropic_takes_the_finest_spacing() -> None:
    volume = smooth_volume("oblique")
    assert isotropic(volume).spacing == (0.8, 0.8, 0.8)
    assert isotropic(volume, 2.0).shape == (9, 10, 14)


def test_labels_stay_labels_and_outside_is_the_lowest_value() -> None:
    array = np.asfortranarray(np.random.default_rng(2).integers(0, 3, (9, 9, 9)) * 100).astype(np.int16)
    labels = Volume(array, Geometry((9, 9, 9)), SeriesInfo(segments=(Segment(1, "x"),)))
    assert set(np.unique(resample(labels, 0.37).array)) <= {0, 100, 200}
    far = Volume(np.zeros((2, 2, 2)), Geometry((2, 2, 2), origin=(500, 0, 0)))
    assert np.all(resample_like(Volume(array - 1000, labels.geometry), far).array == -1000)
    mask = Volume(array > 0, labels.geometry)
    assert resample(mask, 0.5).dtype == bool
    assert resample(mask, 0.5).array.mean() == pytest.approx(mask.array.mean(), abs=0.02)


def test_frames_and_colours_each_by_themselves() -> None:
    volume = smooth_volume("oblique", "float32")
    two = Volume(
        np.stack([volume.array, 2 * volume.array], axis=-1), volume.geometry, axes=(Axis("EchoTime", (1.0, 2.0), "ms"),)
    )
    alone = resample(volume, 1.3, fill=0).array
    both = resample(two, 1.3, fill=0)
    np.testing.assert_allclose(both.array[..., 0], alone)
    np.testing.assert_allclose(both.array[..., 1], 2 * alone, rtol=1e-6)
    assert both.axes == two.axes
    grey = volume.array.clip(0, 255).astype(np.uint8)
    colour = resample(Volume(np.stack([grey, grey, grey], axis=-1), volume.geometry), 1.3)
    np.testing.assert_array_equal(colour.array[..., 1], resample(Volume(grey, volume.geometry), 1.3, fill=0).array)


def test_the_step_is_told_and_the_files_are_gone() -> None:
    ours = resample(smooth_volume("axial"), 1.1)
    assert ours.history == ("resample to 17 x 19 x 25 voxels of 1.1 x 1.1 x 1.1 mm, linear",)
    assert ours.info.sources == ()


def test_what_is_refused_says_why() -> None:
    volume = smooth_volume("axial", "uint8")
    with pytest.raises(UnsupportedError, match="Cannot fill uint8 voxels with -1"):
        resample(volume, 1.0, fill=-1)
    with pytest.raises(UnsupportedError, match="Unknown interpolation 'sinc'; expected linear, nearest, cubic"):
        resample(volume, 1.0, interpolation="sinc")  # type: ignore[arg-type]
    with pytest.raises(GeometryError, match="spacing of"):
        resample(volume, 0.0)
    with pytest.raises(GeometryError, match=r"\[1.0, 2.0\] mm; expected one number or three"):
        resample(volume, (1, 2))
    with pytest.raises(GeometryError, match="no place in the patient"):
        resample_like(volume, Volume(np.zeros((2, 2, 2))))
