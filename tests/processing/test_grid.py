"""Crop, pad, flip, permute, reorient: SimpleITK's result on the same grid, voxels and geometry."""

from __future__ import annotations

from itertools import permutations, product

import numpy as np
import pytest
import SimpleITK
from grids import DIRECTIONS, assert_same, from_sitk, grid, smooth_volume, to_sitk

from dicomvtk import Axis, FrameSource, GeometryError, SeriesInfo, UnsupportedError, Volume
from dicomvtk.processing.grid import crop, crop_to_box, flip, pad, permute, reorient

ALL_CODES = ["".join(c) for order in permutations(["RL", "AP", "IS"]) for c in product(*order)]


@pytest.mark.parametrize("name", DIRECTIONS)
def test_crop_and_pad_are_those_of_simpleitk(name: str) -> None:
    volume = smooth_volume(name, "int16")
    image = to_sitk(volume)

    assert_same(crop(volume, (2, 0, 3), (20, 19, 7)), from_sitk(image[2:20, 0:19, 3:7]))
    padded = SimpleITK.ConstantPad(image, (1, 2, 3), (4, 0, 1), -1000.0)
    # SimpleITK keeps the origin of index 0 and starts at a negative index: its first voxel lies where ours does.
    ours = pad(volume, (1, 2, 3), (4, 0, 1), value=-1000)
    np.testing.assert_array_equal(ours.array, SimpleITK.GetArrayFromImage(padded).T)
    np.testing.assert_allclose(ours.origin, image.TransformIndexToPhysicalPoint((-1, -2, -3)), atol=1e-9)


@pytest.mark.parametrize("name", DIRECTIONS)
def test_flip_and_permute_are_those_of_simpleitk(name: str) -> None:
    volume = smooth_volume(name, "int16")
    image = to_sitk(volume)

    flipped = SimpleITK.Flip(image, (True, False, True), False)
    np.testing.assert_array_equal(flip(volume, 0, 2).array, SimpleITK.GetArrayFromImage(flipped).T)
    assert_same(permute(volume, (2, 0, 1)), from_sitk(SimpleITK.PermuteAxes(image, (2, 0, 1))))


@pytest.mark.parametrize("codes", ALL_CODES)
def test_all_48_orientations_are_those_of_simpleitk(codes: str) -> None:
    assert len(ALL_CODES) == 48
    volume = smooth_volume("axial", "int16")

    ours = reorient(volume, codes)

    # SimpleITK's letters say where an axis grows to, as ours do ("LPS" is the identity).
    assert_same(ours, from_sitk(SimpleITK.DICOMOrient(to_sitk(volume), codes)))
    assert ours.geometry.axis_codes == codes
    assert ours.history == (f"reorient to {codes}",)


@pytest.mark.parametrize("name", DIRECTIONS)
def test_no_voxel_leaves_its_place(name: str) -> None:
    volume = smooth_volume(name)
    for moved in (
        reorient(volume, "SRA"),
        flip(volume, 1),
        permute(volume, (1, 2, 0)),
        crop(volume, (5, 4, 3), (9, 9, 9)),
    ):
        index = np.argwhere(np.ones(moved.shape, bool))
        there = np.rint(volume.geometry.physical_to_index(moved.geometry.index_to_physical(index))).astype(int)
        np.testing.assert_array_equal(moved.array[tuple(index.T)], volume.array[tuple(there.T)])


def test_a_box_in_millimetres_keeps_the_centres_inside() -> None:
    volume = smooth_volume("axial")
    x, y, z = volume.origin

    cropped = crop_to_box(volume, (x + 2.0, y, z + 5.1), (x - 99, y + 3.3, z + 99))

    assert cropped.shape == (3, 4, 8)  # x 0, .8, 1.6; y 0 .. 3.3; z 7.5 .. 25
    assert cropped.origin == pytest.approx((x, y, z + 7.5))
    with pytest.raises(GeometryError, match="No voxel of the volume lies between"):
        crop_to_box(volume, (900, 900, 900), (901, 901, 901))


def test_slices_keep_their_files_as_long_as_they_are_slices_of_files() -> None:
    sources = tuple(FrameSource(f"{t}{k}") for t in "ab" for k in range(3))
    array = np.arange(4 * 3 * 3 * 2).reshape(4, 3, 3, 2)
    volume = Volume(array, info=SeriesInfo(sources=sources), axes=(Axis("Time", (1, 2)),))

    assert [s.file for s in crop(volume, (0, 0, 1), (4, 3, 3)).info.sources] == ["a1", "a2", "b1", "b2"]
    assert [s.file for s in flip(volume, 2).info.sources] == ["a2", "a1", "a0", "b2", "b1", "b0"]
    assert [s.file for s in flip(volume, 0).info.sources] == [s.file for s in sources]
    assert permute(volume, (2, 1, 0)).info.sources == ()
    assert pad(volume, (0, 0, 1), (0, 0, 0), value=0).info.sources == ()
    np.testing.assert_array_equal(flip(volume, 2).array, array[:, :, ::-1])


def test_colour_moves_with_its_samples() -> None:
    array = np.random.default_rng(1).integers(0, 255, (*grid("axial").shape, 3), dtype=np.uint8)
    volume = Volume(array, grid("axial"))

    np.testing.assert_array_equal(permute(volume, (1, 2, 0)).array, array.transpose(1, 2, 0, 3))
    assert pad(volume, (1, 0, 0), (0, 0, 0), value=9).array[0, 3, 4].tolist() == [9, 9, 9]


def test_what_is_refused_says_why() -> None:
    volume = smooth_volume("axial", "uint8")
    with pytest.raises(UnsupportedError, match="Cannot pad uint8 voxels with -1000"):
        pad(volume, (1, 1, 1), (1, 1, 1), value=-1000)
    with pytest.raises(GeometryError, match="crop\\(\\) takes"):
        pad(volume, (-1, 0, 0), (0, 0, 0), value=0)
    with pytest.raises(GeometryError, match="three each, for i, j, k"):
        pad(volume, (1, 1), (1, 1), value=0)
    with pytest.raises(GeometryError, match=r"three integers, one for each of i, j, k; found \[0.5, 0, 0\]"):
        crop(volume, (0.5, 0, 0), (2, 2, 2))  # type: ignore[list-item, arg-type]
    with pytest.raises(GeometryError, match="Cannot crop axis 1"):
        crop(volume, (0, 5, 0), (1, 90, 1))
    with pytest.raises(GeometryError, match="not regular"):
        flip(Volume(volume.array, volume.geometry, regular=False), 1)
