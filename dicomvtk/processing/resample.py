"""Onto another grid: other spacing, isotropic, like another volume, or any grid at all."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray
from vtkmodules.vtkCommonTransforms import vtkTransform
from vtkmodules.vtkImagingCore import vtkImageReslice

from dicomvtk.bridge.images import from_vtk, to_vtk
from dicomvtk.bridge.pipeline import run
from dicomvtk.errors import GeometryError, UnsupportedError
from dicomvtk.geometry import Geometry
from dicomvtk.processing.by_frame import by_frame, check_real, check_regular, without_sources
from dicomvtk.processing.parallel_grids import Interpolation, axis_maps, resampled
from dicomvtk.volume import Volume

__all__ = ["Interpolation", "grid_of_spacing", "isotropic", "resample", "resample_like", "resample_to"]


def resample(
    volume: Volume, spacing: float | ArrayLike, *, interpolation: Interpolation | None = None, fill: float | None = None
) -> Volume:
    """Return `volume` with voxels of `spacing` mm (one number, or three for i, j, k) in the same directions.

    The first faces of both grids coincide, and the last to within half a new voxel; `grid_of_spacing` is the grid. To
    make voxels much larger, smooth first: interpolation looks at no more than the neighbours.

    Examples
    --------
    >>> resample(Volume(np.zeros((8, 8, 4))), (2, 2, 0.5)).shape
    (4, 4, 8)
    """
    return resample_to(volume, grid_of_spacing(volume.geometry, spacing), interpolation=interpolation, fill=fill)


def isotropic(
    volume: Volume,
    spacing_mm: float | None = None,
    *,
    interpolation: Interpolation | None = None,
    fill: float | None = None,
) -> Volume:
    """Return `volume` with cubic voxels, of its finest spacing if no other is given."""
    return resample(volume, spacing_mm or min(volume.spacing), interpolation=interpolation, fill=fill)


def resample_like(
    volume: Volume, other: Volume, *, interpolation: Interpolation | None = None, fill: float | None = None
) -> Volume:
    """Return `volume` on the grid of `other`. Raises GeometryError where either has no place in a patient."""
    if not (volume.geometry.placed and other.geometry.placed):
        raise GeometryError("Cannot resample onto another's grid: one of them states no place in the patient.")
    return resample_to(volume, other.geometry, interpolation=interpolation, fill=fill)


def resample_to(
    volume: Volume, geometry: Geometry, *, interpolation: Interpolation | None = None, fill: float | None = None
) -> Volume:
    """Return `volume` on `geometry`, any grid in LPS mm, oblique and left-handed ones too.

    Each frame of the further axes by itself. The volume ends at the outer faces of its voxels, and up to there the
    outermost voxels go on. Between parallel grids neighbours are weighed in floats that hold the dtype, and what is not
    finite becomes NaN where it has a weight. Between others VTK weighs them in float32: about six digits of the range.

    Parameters
    ----------
    interpolation : ``"linear"``, ``"nearest"`` or ``"cubic"``
        Nearest for labels (`info.segments`, booleans) and linear for all else, if left out. Integers are rounded.
    fill : float
        What lies outside the volume; if left out, 0 for labels and colour, the lowest value present for all else.

    Raises
    ------
    UnsupportedError
        For an unknown interpolation, complex values, and a fill that the dtype does not hold.
    GeometryError
        For slices that are not regular.
    """
    check_real(volume, "resample")
    check_regular(volume, "resample")
    labels = bool(volume.info.segments) or volume.dtype.kind == "b"
    how = interpolation or ("nearest" if labels else "linear")
    if how not in get_args(Interpolation):
        raise UnsupportedError(f"Unknown interpolation {how!r}; expected {', '.join(get_args(Interpolation))}.")
    outside = _outside(volume, fill, zero=labels or volume.is_colour)
    maps = axis_maps(volume.geometry, geometry)

    def work(frame: Volume) -> NDArray[Any]:
        if maps is None:
            return _resliced(frame, geometry, how, outside)
        return resampled(frame.array, maps, how, outside)

    array = by_frame(volume, work, geometry.shape)
    spacing = " x ".join(f"{s:.4g}" for s in geometry.spacing)
    step = f"resample to {' x '.join(map(str, geometry.shape))} voxels of {spacing} mm, {how}"
    kept = replace(volume, info=without_sources(volume.info))
    return kept.with_array(array, geometry, step=step)


def grid_of_spacing(geometry: Geometry, spacing: float | ArrayLike) -> Geometry:
    """Return the grid of another spacing (mm) and the outer faces of `geometry`, the last within half a voxel."""
    stated = np.asarray(spacing, dtype=np.float64)
    if stated.shape not in ((), (3,)) or not (np.isfinite(stated).all() and np.all(stated > 0)):
        raise GeometryError(
            f"Cannot resample to a spacing of {stated.tolist()} mm; expected one number or three, above 0."
        )
    wanted = np.broadcast_to(stated, 3)
    # Half a voxel over is a voxel: the tolerance keeps 2.0 mm in 0.1 mm steps from becoming 19 or 21.
    shape = np.maximum(np.floor(np.asarray(geometry.extent_mm) / wanted + 0.5 + 1e-9).astype(int), 1)
    first = (wanted / geometry.spacing - 1) / 2
    i, j, k = (float(x) for x in geometry.index_to_physical(first))
    x, y, z = wanted.tolist()
    a, b, c = shape.tolist()
    return replace(geometry, shape=(a, b, c), spacing=(x, y, z), origin=(i, j, k))


def _outside(volume: Volume, fill: float | None, *, zero: bool) -> float:
    if fill is None:
        return 0.0 if zero else float(np.nanmin(volume.array))
    if np.asarray(fill).astype(volume.dtype) != fill and not (np.isnan(fill) and volume.dtype.kind == "f"):
        raise UnsupportedError(f"Cannot fill {volume.dtype} voxels with {fill:g}: that dtype does not hold it.")
    return float(fill)


def _resliced(frame: Volume, geometry: Geometry, how: Interpolation, outside: float) -> NDArray[Any]:
    """Return the voxels of a frame on `geometry`, reckoned from index to index: VTK sees two upright unit grids."""
    to_source = vtkTransform()
    to_source.SetMatrix((np.linalg.inv(frame.affine) @ geometry.affine).ravel().tolist())
    reslice = vtkImageReslice()
    reslice.SetInputDataObject(to_vtk(Volume(frame.array, Geometry(frame.geometry.shape))))
    reslice.SetResliceTransform(to_source)
    reslice.SetOutputSpacing(1.0, 1.0, 1.0)
    reslice.SetOutputOrigin(0.0, 0.0, 0.0)
    i, j, k = geometry.shape
    reslice.SetOutputExtent(0, i - 1, 0, j - 1, 0, k - 1)
    reslice.SetInterpolationMode({"nearest": 0, "linear": 1, "cubic": 3}[how])
    reslice.SetBackgroundColor(outside, outside, outside, outside)
    run(reslice)
    return from_vtk(reslice.GetOutput()).array
