"""Weighted sums along the axes: NumPy's einsum over dense matrices, and what is not finite."""

from __future__ import annotations

import numpy as np
import pytest

from dicomvtk.processing.separable import Weights, weighted


def random_weights(outputs: int, inputs: int, taps: int, rng: np.random.Generator) -> Weights:
    first = np.sort(rng.integers(0, max(inputs - taps, 0) + 1, outputs))
    index = np.minimum(first[:, None] + np.arange(taps), inputs - 1)
    return Weights(index, rng.normal(size=(outputs, taps)))


def dense(weights: Weights, inputs: int) -> np.ndarray:
    matrix = np.zeros((len(weights), inputs))
    for row, (indices, values) in enumerate(zip(weights.index, weights.weight, strict=True)):
        for index, value in zip(indices, values, strict=True):
            matrix[row, index] += value
    return matrix


@pytest.mark.parametrize("outputs", [(1, 1, 1), (5, 40, 70), (90, 3, 33), (12, 9, 150)])
@pytest.mark.parametrize("inputs", [(1, 4, 2), (23, 19, 61), (40, 40, 7)])
@pytest.mark.parametrize("taps", [1, 2, 9])
def test_sums_are_those_of_the_dense_matrices(
    inputs: tuple[int, int, int], outputs: tuple[int, int, int], taps: int
) -> None:
    rng = np.random.default_rng(8)
    array = np.asfortranarray(rng.normal(size=inputs))
    i, j, k = (random_weights(m, n, taps, rng) for m, n in zip(outputs, inputs, strict=True))

    ours = weighted(array, (i, j, k))

    matrices = [dense(weights, n) for weights, n in zip((i, j, k), inputs, strict=True)]
    np.testing.assert_allclose(ours, np.einsum("ai,bj,ck,ijk->abc", *matrices, array, optimize=True), atol=1e-10)
    assert ours.flags.f_contiguous


@pytest.mark.parametrize("odd", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_nan_where_it_has_a_weight_and_nowhere_else(odd: float) -> None:
    rng = np.random.default_rng(9)
    array = rng.normal(size=(20, 21, 22)).astype(np.float32)
    i, j, k = (random_weights(n, n, 3, rng) for n in array.shape)
    expected = weighted(array, (i, j, k))
    array[4, 5, 6] = odd
    reached = np.ix_(*(np.any(w.index == n, axis=1) for w, n in zip((i, j, k), (4, 5, 6), strict=True)))

    ours = weighted(array, (i, j, k))

    assert np.isnan(ours[reached]).all()
    expected[reached] = np.nan
    np.testing.assert_allclose(ours, expected, rtol=1e-5, atol=1e-6)


def test_integers_are_rounded_once_and_kept_within_their_bounds() -> None:
    array = np.array([0, 255, 255, 0], np.uint8).reshape(4, 1, 1)
    twice = Weights(np.arange(4)[:, None], np.array([[1.0], [2.0], [-1.0], [1.0]]))
    one = Weights(np.zeros((1, 1), int), np.ones((1, 1)))
    assert weighted(array, (twice, one, one)).ravel().tolist() == [0, 255, 0, 0]
    halves = Weights(np.array([[0, 1]]), np.array([[0.5, 0.5]]))
    for values, mean in (((1, 2), 2), ((2, 3), 2), ((-1, -2), -2)):
        pair = np.array(values, np.int16).reshape(2, 1, 1)
        assert weighted(pair, (halves, one, one)).item() == mean
