"""Turning things in space: rotation matrices (3, 3) that act on column vectors, and rotation vectors."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dicomvtk.geometry import Float3

__all__ = ["carried", "rotation", "rotation_of", "vector_of"]

Matrix = NDArray[np.float64]
#: Below this sine two directions are one, or opposite, and no axis can be told from them.
_PARALLEL = 1e-9


def rotation(axis: ArrayLike, radians: float) -> Matrix:
    """Return the matrix that turns by `radians` about `axis`, a vector (3,) of any length (Rodrigues)."""
    unit = np.asarray(axis, dtype=np.float64)
    x, y, z = unit / np.linalg.norm(unit)
    cross = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    turn: Matrix = np.eye(3) + np.sin(radians) * cross + (1 - np.cos(radians)) * cross @ cross
    return turn


def rotation_of(vector: Float3) -> Matrix:
    """Return the matrix of a rotation vector: its direction the axis, its length the angle in degrees."""
    degrees = float(np.linalg.norm(vector))
    return rotation(vector, np.radians(degrees)) if degrees > 0 else np.eye(3)


def vector_of(matrix: Matrix) -> Float3:
    """Return the rotation vector in degrees, at most 180 long, of a rotation matrix: `rotation_of` undone.

    >>> [round(v, 6) for v in vector_of(rotation_of((0.0, 30.0, 0.0)))]
    [0.0, 30.0, 0.0]
    """
    radians = float(np.arccos(np.clip((np.trace(matrix) - 1) / 2, -1.0, 1.0)))
    if radians < _PARALLEL:
        return (0.0, 0.0, 0.0)
    skew = np.array([matrix[2, 1] - matrix[1, 2], matrix[0, 2] - matrix[2, 0], matrix[1, 0] - matrix[0, 1]])
    if np.linalg.norm(skew) < 1e-6:  # half a turn: the axis is what the rotation leaves alone
        values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
        skew = vectors[:, int(np.argmax(values))]
    x, y, z = (float(v) for v in skew / np.linalg.norm(skew) * np.degrees(radians))
    return (x, y, z)


def carried(start: ArrayLike, end: ArrayLike) -> Matrix:
    """Return the smallest turn that carries unit vector `start` to unit vector `end`."""
    a, b = np.asarray(start, dtype=np.float64), np.asarray(end, dtype=np.float64)
    axis = np.cross(a, b)
    sine, cosine = float(np.linalg.norm(axis)), float(a @ b)
    if sine < _PARALLEL:
        if cosine > 0:
            return np.eye(3)
        axis = np.cross(a, np.eye(3)[int(np.argmin(np.abs(a)))])
    return rotation(axis, float(np.arctan2(sine, cosine)))
