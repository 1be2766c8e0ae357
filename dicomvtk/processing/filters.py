"""Filters from a volume to a volume on the same grid."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from vtkmodules.vtkImagingGeneral import vtkImageMedian3D

from dicomvtk.bridge.images import from_vtk, to_vtk
from dicomvtk.bridge.pipeline import run
from dicomvtk.errors import GeometryError, UnsupportedError
from dicomvtk.geometry import Float3
from dicomvtk.processing.by_frame import by_frame, check_real, check_regular
from dicomvtk.processing.median_network import medians_of_three
from dicomvtk.processing.separable import Weights, weighted
from dicomvtk.volume import Volume

__all__ = ["gaussian", "median"]

#: The kernel ends this many sigmas from its centre, where a Gaussian has 6e-5 of its area left outside.
_RADIUS_IN_SIGMAS = 4.0

#: Integers further from 0 are not all representable as float64.
_EXACT_IN_FLOAT64 = 2**53


def gaussian(volume: Volume, sigma_mm: float | ArrayLike) -> Volume:
    """Return `volume` smoothed by a Gaussian of standard deviation `sigma_mm`, on the same grid.

    Each frame of the further axes, and each colour sample, is smoothed by itself. At the edges the kernel is cut to
    what lies inside the volume and scaled to sum to 1.

    Parameters
    ----------
    volume : Volume
        Of any real dtype. Integers keep their dtype: they are smoothed as floats and rounded once, to even at halves.
        Booleans and float16 become float32. Around what is not finite all is NaN as far as the kernel reaches.
    sigma_mm : float or three floats
        Millimetres, for all axes or along i, j and k; 0 leaves an axis alone.

    Raises
    ------
    UnsupportedError
        For a sigma that is negative or not finite, and for complex values.
    GeometryError
        For slices that are not regular.

    Examples
    --------
    >>> spike = np.zeros((11, 11, 11), np.float32)
    >>> spike[5, 5, 5] = 1.0
    >>> round(float(gaussian(Volume(spike), 1.0).array.sum()), 3)
    1.0
    """
    sigmas = _three_sigmas(sigma_mm)
    _check(volume)
    i, j, k = (
        _kernel(sigma / spacing, size)
        for sigma, spacing, size in zip(sigmas, volume.spacing, volume.geometry.shape, strict=True)
    )
    dtype = _result_dtype(volume.dtype)
    smooth = by_frame(volume, lambda frame: weighted(frame.array, (i, j, k), dtype), dtype=dtype)
    return volume.with_array(smooth, step=f"gaussian, sigma {_in_words(sigmas)} mm")


def median(volume: Volume, size: int | tuple[int, int, int] = 3) -> Volume:
    """Return `volume` with each voxel the median of the `size` voxels around it along i, j and k; the dtype stays.

    Each frame of the further axes, and each colour sample, by itself. Beyond the edges the outermost voxels go on.
    Where a NaN is among the voxels the median is NaN.

    Raises UnsupportedError for sizes that are not odd, and for complex or boolean values.

    Examples
    --------
    >>> noisy = np.zeros((5, 5, 5), np.int16)
    >>> noisy[2, 2, 2] = 99
    >>> int(median(Volume(noisy)).array.max())
    0
    """
    check_real(volume, "smooth")
    check_regular(volume, "smooth")
    sizes = (size, size, size) if isinstance(size, int) else tuple(size)
    if len(sizes) != 3 or any(n < 1 or n % 2 == 0 for n in sizes) or volume.dtype.kind == "b":
        raise UnsupportedError(
            f"Cannot take the median of {sizes} {volume.dtype} voxels; expected odd sizes of numbers."
        )
    array = by_frame(volume, lambda frame: _medians(frame, sizes))
    return volume.with_array(array, step=f"median of {' x '.join(map(str, sizes))} voxels")


def _medians(frame: Volume, sizes: tuple[int, ...]) -> NDArray[Any]:
    if not set(sizes) <= {1, 3}:
        return _medians_by_vtk(frame, sizes)
    axes = [2 - axis for axis, size in enumerate(sizes) if size == 3]
    if not axes:
        return frame.array
    if not frame.is_colour:
        return medians_of_three(frame.array.T, axes).T
    samples = [medians_of_three(frame.array[..., sample].T, axes) for sample in range(frame.shape[3])]
    return np.stack(samples, axis=-1).swapaxes(0, 2)


def _medians_by_vtk(frame: Volume, sizes: tuple[int, ...]) -> NDArray[Any]:
    """Return the medians of one frame; VTK looks at fewer voxels at the edges, so it is given more of them."""
    widths = [(n // 2, n // 2) for n in sizes]
    wider = np.pad(frame.array, [*widths, *[(0, 0)] * (frame.array.ndim - 3)], mode="edge")
    medians = vtkImageMedian3D()
    medians.SetInputDataObject(to_vtk(Volume(wider)))
    medians.SetKernelSize(*sizes)
    run(medians)
    inner = tuple(slice(a, a + n) for (a, _), n in zip(widths, frame.geometry.shape, strict=True))
    made = from_vtk(medians.GetOutput()).array[inner]
    if frame.dtype.kind == "f" and np.isnan(frame.array).any():
        i, j, k = (_window(size, n) for size, n in zip(sizes, frame.geometry.shape, strict=True))
        made[weighted(np.isnan(frame.array), (i, j, k), np.float32) > 0] = np.nan
    return made


def _window(size: int, length: int) -> Weights:
    """Return the sum of `size` voxels along an axis of `length`."""
    index = np.arange(length)[:, None] + np.arange(size) - size // 2
    return Weights(np.clip(index, 0, length - 1), np.ones(index.shape))


def _three_sigmas(sigma_mm: float | ArrayLike) -> Float3:
    values = np.asarray(sigma_mm, dtype=np.float64)
    if values.shape not in ((), (3,)) or not np.all(np.isfinite(values)) or np.any(values < 0):
        raise UnsupportedError(
            f"Cannot smooth with sigma {values.tolist()} mm; expected one number or three, 0 or more."
        )
    i, j, k = (float(s) for s in np.broadcast_to(values, 3))
    return (i, j, k)


def _check(volume: Volume) -> None:
    if volume.dtype.kind == "c":
        raise UnsupportedError("Cannot smooth complex values; smooth their real and imaginary parts.")
    if volume.dtype.kind in "iu" and volume.dtype.itemsize > 4 and np.abs(volume.array).max() > _EXACT_IN_FLOAT64:
        raise UnsupportedError(
            f"Cannot smooth {volume.dtype} values beyond 2^53 without loss; convert them to float64 first."
        )
    if not volume.regular:
        raise GeometryError(
            "Cannot smooth a volume whose slices are not regular; read it again with fix= so that they are."
        )


def _result_dtype(dtype: np.dtype[Any]) -> np.dtype[Any]:
    return np.dtype(np.float32) if dtype.kind == "b" or dtype == np.float16 else dtype.newbyteorder("=")


def _kernel(sigma: float, size: int) -> Weights:
    """Return the weights of a Gaussian along an axis of `size` voxels, sigma in voxels."""
    radius = min(int(_RADIUS_IN_SIGMAS * sigma + 0.5), size - 1)
    offsets = np.arange(-radius, radius + 1)
    bell = np.exp(-0.5 * (offsets / sigma) ** 2) if radius else np.ones(1)
    index = np.arange(size)[:, None] + offsets
    inside = (index >= 0) & (index < size)
    weight = np.where(inside, bell, 0.0)
    return Weights(np.clip(index, 0, size - 1), weight / weight.sum(axis=1, keepdims=True))


def _in_words(sigmas_mm: Float3) -> str:
    same = len(set(sigmas_mm)) == 1
    return f"{sigmas_mm[0]:g}" if same else " x ".join(f"{s:g}" for s in sigmas_mm)
