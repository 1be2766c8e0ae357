"""The values of an image between its voxels, at any points."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkCommonDataModel import vtkImageData

__all__ = ["sampled"]


def sampled(image: vtkImageData, index: NDArray[np.float64], *, linear: bool) -> NDArray[Any]:
    """Return the values (n, samples) at `index` (n, 3), voxels along i, j, k, as floating point.

    Between voxels by straight lines, or those of the nearest; past the outermost voxels theirs.
    """
    ni, nj, nk = image.GetDimensions()
    values = vtk_to_numpy(image.GetPointData().GetScalars()).reshape(ni * nj * nk, -1)
    kind = np.result_type(values.dtype, np.float32)
    inside = np.clip(index, 0, np.array((ni, nj, nk)) - 1)
    if not linear:
        i, j, k = np.rint(inside).astype(np.intp).T
        return values[i + ni * (j + nj * k)].astype(kind)
    low = np.floor(inside).astype(np.intp)
    share = (inside - low).astype(kind)
    high = np.minimum(low + 1, np.array((ni, nj, nk)) - 1)
    total = np.zeros((len(index), values.shape[1]), kind)
    for corner in np.ndindex(2, 2, 2):
        at = np.where(corner, high, low)
        weight = np.prod(np.where(corner, share, 1 - share), axis=1)
        total += weight[:, np.newaxis] * values[at[:, 0] + ni * (at[:, 1] + nj * at[:, 2])]
    return total
