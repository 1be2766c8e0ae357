"""A volume as the screen can take it: one frame, real and finite; and a smaller one where rays are to be cast."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dicomvtk.errors import UnsupportedError
from dicomvtk.geometry import Geometry
from dicomvtk.metadata import Axis
from dicomvtk.render.label_colours import is_label_map
from dicomvtk.volume import Volume

__all__ = ["LUMA", "Reduced", "drawable", "frame_note", "grey", "reduced", "reduction", "whole_frame"]

#: Bytes of the longest integers whose slices VTK draws.
_LONGEST_INTEGER = 4
#: Weights of red, green and blue in brightness (ITU-R BT.601).
LUMA = (0.299, 0.587, 0.114)
#: Voxels along each axis of a 3-D texture that every OpenGL takes.
_LONGEST_SIDE = 2048


def drawable(volume: Volume, frame: tuple[int, ...] = ()) -> Volume:
    """Return one frame of `volume`, voxels shared wherever the screen can take them as they are.

    Complex values become magnitudes, booleans 0 and 1; NaN and infinity the smallest finite value, since the volume
    mappers of VTK compute garbage tables from them; 64-bit integers 32-bit ones or floating point, since slices of
    them stay black (VTK 9.7). Raises UnsupportedError for a frame that is not there.
    """
    one = volume.frame(*whole_frame(volume.axes, frame)) if volume.axes else volume
    array = _real(one.array)
    if array.dtype.kind == "f":
        array = _finite(array)
    return one if array is one.array else one.with_array(array)


def whole_frame(axes: tuple[Axis, ...], frame: tuple[int, ...]) -> tuple[int, ...]:
    """Return `frame` with an index for each of `axes`, 0 for those it leaves out.

    Raises UnsupportedError for an index that an axis does not have, and for more indices than axes.
    """
    if len(frame) > len(axes) or any(n >= len(axis) for n, axis in zip(frame, axes, strict=False)):
        there = ", ".join(f"{axis.keyword} 0 to {len(axis) - 1}" for axis in axes) or "none: it is 3-D"
        raise UnsupportedError(f"There is no frame {', '.join(map(str, frame))} in this volume; there are: {there}.")
    return (*frame, *[0] * (len(axes) - len(frame)))


def frame_note(axes: tuple[Axis, ...], frame: tuple[int, ...] = ()) -> str:
    """Return which frame of a volume with further axes is shown, and the values it stands for; empty without axes."""
    whole = whole_frame(axes, frame)
    return ", ".join(
        f"{axis.keyword} {n + 1}/{len(axis)}{_axis_value(axis, n)}"
        for axis, n in zip(axes, whole, strict=True)
        if len(axis) > 1
    )


def _axis_value(axis: Axis, index: int) -> str:
    value = axis.values[index]
    shown = f"{value:.6g}" if isinstance(value, (int, float)) else str(value)
    return f": {shown} {axis.unit}".rstrip()


@dataclass(frozen=True, eq=False)
class Reduced:
    """A smaller volume for the 3-D pane and by how much each axis was divided."""

    volume: Volume
    factors: tuple[int, int, int]


def reduced(volume: Volume, most_voxels: int) -> Reduced:
    """Return `volume` as grey values, averaged over blocks, by `reduction`, to at most `most_voxels` voxels.

    Of a label map one voxel of each block: between two labels there is none.
    """
    brightness = grey(volume)
    factors = reduction(volume.geometry, most_voxels)
    if factors == (1, 1, 1):
        return Reduced(brightness, factors)
    geometry = volume.geometry
    if is_label_map(volume):
        array, inside = _block_picks(brightness.array, factors), [float(f // 2) for f in factors]
    else:  # the centre of a block lies (factor - 1) / 2 voxels past its first voxel
        array, inside = _block_means(brightness.array, factors), [(f - 1) / 2 for f in factors]
    origin = geometry.index_to_physical(inside)
    affine = geometry.affine @ np.diag([*factors, 1.0])
    affine[:3, 3] = origin
    small = Geometry.from_affine(affine, array.shape, placed=geometry.placed)
    return Reduced(replace(brightness, array=array, geometry=small), factors)


def reduction(geometry: Geometry, most_voxels: int) -> tuple[int, int, int]:
    """Return by how much each axis is to be divided so that at most `most_voxels` voxels are left.

    The axis of the smallest spacing is divided first, so that voxels get nearer to cubes. No side stays longer than
    the largest 3-D texture that OpenGL promises.
    """
    factors = [max(1, -(-n // _LONGEST_SIDE)) for n in geometry.shape]
    while int(np.prod([n // f for n, f in zip(geometry.shape, factors, strict=True)])) > most_voxels:
        spacing = [
            s * f if n // f > 1 else np.inf for s, f, n in zip(geometry.spacing, factors, geometry.shape, strict=True)
        ]
        factors[int(np.argmin(spacing))] *= 2
    return (factors[0], factors[1], factors[2])


def _real(array: NDArray[Any]) -> NDArray[Any]:
    if array.dtype.kind == "c":
        return np.abs(array).astype(np.float32)
    if array.dtype.kind == "b":
        return array.view(np.uint8)
    if array.dtype.kind in "iu" and array.dtype.itemsize > _LONGEST_INTEGER:
        fits = np.iinfo(np.int32).min <= array.min() and array.max() <= np.iinfo(np.int32).max
        return array.astype(np.int32 if fits else np.float64)
    if array.dtype == np.float16:
        return array.astype(np.float32)
    return array


def _finite(array: NDArray[Any]) -> NDArray[Any]:
    if np.isfinite(array.min()) and np.isfinite(array.max()):
        return array
    good = np.isfinite(array)
    lowest = array.min(where=good, initial=np.finfo(array.dtype).max) if good.any() else 0
    return np.where(good, array, array.dtype.type(lowest))


def grey(volume: Volume) -> Volume:
    """Return the brightness of a colour volume; any other as it is."""
    if not volume.is_colour:
        return volume
    array = volume.array[..., :3] @ np.asarray(LUMA, dtype=np.float32)
    return volume.with_array(array.astype(volume.dtype), axes=())


def _block_picks(array: NDArray[Any], factors: tuple[int, int, int]) -> NDArray[Any]:
    """Return the voxel after the middle of each whole block."""
    parts = tuple(slice(f // 2, (n // f) * f, f) for n, f in zip(array.shape, factors, strict=True))
    return np.asfortranarray(array[parts])


def _block_means(array: NDArray[Any], factors: tuple[int, int, int]) -> NDArray[Any]:
    """Return the means over blocks; what does not fill a block at the far faces is left out. One slab at a time."""
    fi, fj, fk = factors
    ni, nj, nk = (n // f for n, f in zip(array.shape, factors, strict=True))
    out = np.empty((ni, nj, nk), array.dtype, order="F")
    for k in range(nk):
        slab = array[: ni * fi, : nj * fj, k * fk : (k + 1) * fk]
        total = np.zeros((ni, nj), np.float32, order="F")
        for a in range(fi):
            for b in range(fj):
                total += slab[a::fi, b::fj].sum(axis=2, dtype=np.float32)
        mean = total / (fi * fj * fk)
        out[:, :, k] = np.rint(mean) if array.dtype.kind in "iu" else mean
    return out
