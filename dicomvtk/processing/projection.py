"""Projections along an axis: maximum (MIP), minimum (MinIP) and mean, of the whole volume or slab by slab."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from dicomvtk.errors import GeometryError, UnsupportedError
from dicomvtk.geometry import Geometry
from dicomvtk.processing.by_frame import check_real, check_regular, without_sources
from dicomvtk.volume import Volume

__all__ = ["Projection", "project", "slabs"]

Projection = Literal["max", "min", "mean"]


def project(volume: Volume, how: Projection = "max", *, axis: int = 2) -> Volume:
    """Return the projection of all voxels along `axis` (0, 1, 2 for i, j, k): one voxel thick, in the middle.

    Maximum and minimum keep the dtype; means are float32, or float64 of what is wider than 16 bits.

    Examples
    --------
    >>> mip = project(Volume(np.arange(12).reshape(2, 2, 3)), axis=2)
    >>> mip.array.ravel().tolist(), mip.spacing, mip.origin
    ([2, 5, 8, 11], (1.0, 1.0, 3.0), (0.0, 0.0, 1.0))
    """
    _check(volume, how, axis)
    count = volume.geometry.shape[axis]
    return _projected(volume, how, axis, [0], count, f"{how} projection along {'ijk'[axis]}")


def slabs(
    volume: Volume, thickness_mm: float, how: Projection = "max", *, axis: int = 2, step_mm: float | None = None
) -> Volume:
    """Return slabs of about `thickness_mm` along `axis`, one after another, or one every `step_mm`.

    A slab holds a whole number of voxels, at least one; so does a step. Only whole slabs are made. The result's spacing
    along the axis is the step, its first voxel lies in the middle of the first slab.
    """
    _check(volume, how, axis)
    spacing, size = volume.spacing[axis], volume.geometry.shape[axis]
    if not thickness_mm > 0 or not (step_mm is None or step_mm > 0):
        raise UnsupportedError(f"Cannot make slabs of {thickness_mm} mm every {step_mm} mm; expected numbers above 0.")
    count = max(1, round(thickness_mm / spacing))
    step = count if step_mm is None else max(1, round(step_mm / spacing))
    if count > size:
        raise UnsupportedError(
            f"A slab of {thickness_mm:g} mm does not fit in {size * spacing:g} mm along {'ijk'[axis]}."
        )
    said = f"{how} of slabs of {count * spacing:g} mm every {step * spacing:g} mm along {'ijk'[axis]}"
    return _projected(volume, how, axis, list(range(0, size - count + 1, step)), count, said, step)


def _check(volume: Volume, how: str, axis: int) -> None:
    check_real(volume, "project")
    check_regular(volume, "project")
    if how not in get_args(Projection):
        raise UnsupportedError(f"Unknown projection {how!r}; expected {', '.join(get_args(Projection))}.")
    if axis not in (0, 1, 2):
        raise GeometryError(f"Cannot project along axis {axis}; expected 0, 1 or 2.")


def _projected(
    volume: Volume, how: Projection, axis: int, starts: list[int], count: int, said: str, step: int | None = None
) -> Volume:
    parts = [_reduced(volume.array, how, axis, start, start + count) for start in starts]
    array = np.concatenate(parts, axis=axis)
    info = without_sources(volume.info)
    return replace(volume, info=info).with_array(
        array, _slab_grid(volume.geometry, axis, len(starts), count, step or count), step=said
    )


def _reduced(array: NDArray[Any], how: Projection, axis: int, start: int, stop: int) -> NDArray[Any]:
    """Return the projection of one slab, its axis kept, 1 long."""
    part = array[(slice(None),) * axis + (slice(start, stop),)]
    if how == "max":
        return part.max(axis=axis, keepdims=True)
    if how == "min":
        return part.min(axis=axis, keepdims=True)
    narrow = array.dtype.itemsize <= 2 or array.dtype == np.float32
    return part.mean(axis=axis, keepdims=True, dtype=np.float64).astype(np.float32 if narrow else np.float64)


def _slab_grid(geometry: Geometry, axis: int, slab_count: int, voxels: int, step: int) -> Geometry:
    shape, spacing, first = list(geometry.shape), list(geometry.spacing), [0.0, 0.0, 0.0]
    shape[axis], spacing[axis], first[axis] = slab_count, spacing[axis] * step, (voxels - 1) / 2
    i, j, k = shape
    a, b, c = spacing
    x, y, z = geometry.index_to_physical(first).tolist()
    return replace(geometry, shape=(i, j, k), spacing=(a, b, c), origin=(x, y, z))
