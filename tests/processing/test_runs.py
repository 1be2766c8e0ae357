"""Labels by runs: SciPy's parts, in the order of their sizes, for masks of every kind."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from dicomvtk import Axis, Volume
from dicomvtk.processing.components import connected_components
from dicomvtk.processing.runs import labels_by_size

SHAPES = [(1, 1, 1), (1, 1, 9), (1, 9, 1), (9, 1, 1), (2, 3, 2), (6, 7, 8), (17, 5, 11)]


@pytest.mark.parametrize("corners", [False, True])
@pytest.mark.parametrize("density", [0.0, 0.1, 0.3, 0.5, 0.9, 1.0])
@pytest.mark.parametrize("shape", SHAPES)
def test_runs_make_the_parts_that_scipy_finds(shape: tuple[int, int, int], density: float, corners: bool) -> None:
    rng = np.random.default_rng(4)
    for _ in range(8):
        assert_parts_of_scipy(rng.random(shape) < density, corners)


@pytest.mark.parametrize("corners", [False, True])
def test_many_neighbours_of_one_run_are_one_part(corners: bool) -> None:
    teeth = np.zeros((300, 2, 300), bool)
    teeth[:, 1, ::2] = True
    for spine in (np.s_[:, 1, -1], np.s_[:, 0, 0], np.s_[-1, 1], np.s_[0, 1], np.s_[:, 0, :]):
        comb = teeth.copy()
        comb[spine] = True
        assert_parts_of_scipy(comb, corners)


def test_a_spiral_is_one_part() -> None:
    spiral = np.zeros((1, 61, 61), bool)
    for ring in range(0, 30, 2):
        spiral[0, ring, ring : 61 - ring] = spiral[0, 60 - ring, ring : 61 - ring] = True
        spiral[0, ring : 61 - ring, 60 - ring] = spiral[0, ring + 2 : 61 - ring, ring] = True
        spiral[0, ring + 2, ring : ring + 3] = True
    assert labels_by_size(spiral, corners=False).max() == 1
    assert_parts_of_scipy(spiral, False)


def test_parts_of_one_size_are_in_the_order_of_their_first_voxels() -> None:
    mask = np.zeros((3, 3, 7), bool)
    mask[2, 2, 0:2] = mask[0, 0, 5:7] = mask[1, 1, 3] = True
    labels = labels_by_size(mask, corners=False)
    assert (labels[0, 0, 5], labels[2, 2, 0], labels[1, 1, 3]) == (1, 2, 3)


def test_each_frame_has_labels_of_its_own() -> None:
    first = np.random.default_rng(2).random((9, 8, 7)) < 0.4
    volume = Volume(np.stack([first, first[::-1]], axis=-1), axes=(Axis("Time", (0, 1)),))
    for connectivity in (6, 26):
        both = connected_components(volume, connectivity=connectivity).array
        alone = connected_components(Volume(first[::-1]), connectivity=connectivity).array
        np.testing.assert_array_equal(both[..., 1], alone)
        assert alone.dtype == np.int32


def assert_parts_of_scipy(mask: np.ndarray, corners: bool) -> None:
    theirs, count = ndimage.label(mask, np.ones((3, 3, 3)) if corners else None)
    ours = labels_by_size(mask, corners=corners)
    assert ours.max() == count
    pairs = np.unique(np.stack([ours.ravel(), theirs.ravel()]), axis=1)
    assert pairs.shape[1] == count + (not mask.all()), "one label of SciPy's for each of ours"
    sizes = np.bincount(ours.ravel())[1:]
    assert (np.diff(sizes) <= 0).all(), "the largest first"
