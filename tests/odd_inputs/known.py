"""The volume that nearly every case holds, chosen so that any wrong order, sign, flip or spacing shows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "COLUMNS",
    "INTERCEPT",
    "KNOWN",
    "ORIGIN",
    "ROWS",
    "SLICES",
    "SPACING",
    "Known",
    "affine_of",
    "same",
    "stored",
]

COLUMNS, ROWS, SLICES = 10, 8, 5
#: Between columns, between rows, between slices, mm: all different.
SPACING = (0.5, 0.75, 2.5)
ORIGIN = (-10.0, 20.0, 30.0)
INTERCEPT = -1024
AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)


@dataclass(frozen=True)
class Known:
    """Modality values (i, j, k, ...) and the (4, 4) affine to LPS mm; `affine` None where the place is not known."""

    values: NDArray[np.float64]
    affine: NDArray[np.float64] | None


def stored(columns: int = COLUMNS, rows: int = ROWS, slices: int = SLICES) -> NDArray[np.uint16]:
    """Return stored values (i, j, k): each voxel's own, linear along every axis, so that gaps can be filled."""
    i, j, k = np.meshgrid(np.arange(columns), np.arange(rows), np.arange(slices), indexing="ij")
    return (5 + 3 * i + 40 * j + 400 * k).astype(np.uint16)


def affine_of(
    spacing: ArrayLike = SPACING, origin: ArrayLike = ORIGIN, orientation: ArrayLike = AXIAL
) -> NDArray[np.float64]:
    """Return the (4, 4) affine from voxel index to LPS mm of slices that rise along row x column."""
    cosines = np.asarray(orientation, float).reshape(2, 3)
    affine = np.eye(4)
    affine[:3, :3] = np.column_stack([*cosines, np.cross(*cosines)]) * np.asarray(spacing, float)
    affine[:3, 3] = origin
    return affine


def same(
    values: NDArray[np.float64], affine: NDArray[np.float64] | None, known: Known, tolerance: float = 1e-3
) -> bool:
    """True where every voxel has the right value at the right place, whatever the order and sense of the axes.

    `affine` None skips the place, and so does a `known` without one: then the axes must be in the known order, k in
    either sense if only `affine` is missing.
    """
    if affine is None or known.affine is None:
        senses = [values] if known.affine is None else [values, values[:, :, ::-1]]
        return any(_equal(v, known.values, tolerance) for v in senses)
    if not (np.all(np.isfinite(affine)) and abs(np.linalg.det(affine)) > 0):
        return False
    step = np.linalg.inv(known.affine) @ affine  # from the index found to the known index
    turn = np.rint(step[:3, :3]).astype(int)
    if not np.array_equal(np.abs(turn).sum(axis=0), [1, 1, 1]) or abs(round(float(np.linalg.det(turn)))) != 1:
        return False
    order = [int(np.argmax(np.abs(turn[axis]))) for axis in range(3)]
    moved = values.transpose(*order, *range(3, values.ndim))
    for axis in range(3):
        if turn[axis, order[axis]] < 0:
            moved = np.flip(moved, axis)
    size = np.array(values.shape[:3]) - 1
    corners = np.stack(np.meshgrid(*[[0, n] for n in size], indexing="ij"), axis=-1).reshape(-1, 3)
    start = np.array([size[order[a]] if turn[a, order[a]] < 0 else 0 for a in range(3)])
    wanted = corners @ turn.T + start
    apart = known.affine[:3, :3] @ (corners @ step[:3, :3].T + step[:3, 3] - wanted).T
    return bool(np.max(np.abs(apart)) <= 0.01) and _equal(moved, known.values, tolerance)


def _equal(found: NDArray[np.float64], known: NDArray[np.float64], tolerance: float) -> bool:
    return found.shape == known.shape and bool(np.allclose(found, known, rtol=1e-6, atol=tolerance))


KNOWN = Known(stored().astype(float) + INTERCEPT, affine_of())
