"""A volume: voxels, where they lie, where they came from, and what was found odd about them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dicomvtk.errors import GeometryError, UnsupportedError
from dicomvtk.geometry import Float3, Geometry
from dicomvtk.metadata import Axis, Finding, SeriesInfo

__all__ = ["Volume"]

_SPATIAL_AXES = 3
_COLOUR_SAMPLES = (3, 4)
#: Stands for "no geometry was given": the array's own shape, 1 mm, unplaced.
_UNPLACED = Geometry((1, 1, 1), placed=False)


@dataclass(frozen=True, eq=False)
class Volume:
    """Voxels with their geometry.

    Parameters
    ----------
    array : ndarray
        ``(i, j, k, *axes)`` in Fortran order: one block, i fastest, as VTK keeps it. Colour has one more, last,
        dimension of 3 or 4 samples that is the fastest in memory. Another layout is copied once into this one.
    geometry : Geometry, optional
        Where the voxels lie; unplaced, 1 mm, if left out.
    info : SeriesInfo
        The series they came from.
    findings : tuple of Finding
        What was odd about the data.
    history : tuple of str
        What was done since, a sentence a step.
    axes : tuple of Axis
        The dimensions past k, in order; colour samples are not an axis.
    regular : bool
        False where the slices were read in spite of a gap or tilt; `info.positions` then holds where each lies.

    Raises
    ------
    UnsupportedError
        For an array of fewer than two dimensions, a non-numeric dtype, or extra dimensions that `axes` does not name.
    GeometryError
        Where array and geometry differ in shape.

    Examples
    --------
    >>> v = Volume(np.zeros((4, 3, 2), np.int16, order="F"))
    >>> v.shape, v.spacing
    ((4, 3, 2), (1.0, 1.0, 1.0))
    """

    array: NDArray[Any]
    geometry: Geometry = _UNPLACED
    info: SeriesInfo = field(default_factory=SeriesInfo)
    findings: tuple[Finding, ...] = ()
    history: tuple[str, ...] = ()
    axes: tuple[Axis, ...] = ()
    regular: bool = True

    def __post_init__(self) -> None:
        array = np.asarray(self.array)
        if array.ndim == _SPATIAL_AXES - 1:
            array = array[:, :, np.newaxis]
        if array.ndim < _SPATIAL_AXES or array.dtype.kind not in "biufc":
            raise UnsupportedError(
                f"Cannot make a volume of an array of shape {array.shape} and dtype {array.dtype}; "
                "expected numbers of shape (i, j, k) or more."
            )
        array = _in_vtk_layout(array, self.axes)
        geometry = self.geometry
        if geometry is _UNPLACED:
            geometry = Geometry(_shape3(array), placed=False)
        if geometry.shape != array.shape[:_SPATIAL_AXES]:
            raise GeometryError(f"Array of shape {array.shape} does not fit a geometry of shape {geometry.shape}.")
        object.__setattr__(self, "array", array)
        object.__setattr__(self, "geometry", geometry)

    @property
    def shape(self) -> tuple[int, ...]:
        return self.array.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.array.dtype

    @property
    def spacing(self) -> Float3:
        return self.geometry.spacing

    @property
    def origin(self) -> Float3:
        return self.geometry.origin

    @property
    def direction(self) -> NDArray[np.float64]:
        return self.geometry.direction

    @property
    def affine(self) -> NDArray[np.float64]:
        return self.geometry.affine

    @property
    def is_colour(self) -> bool:
        """True where the last dimension holds colour samples."""
        return self.array.ndim == _SPATIAL_AXES + len(self.axes) + 1

    def padding_mask(self) -> NDArray[np.bool_]:
        """Return a mask of `shape`, True where a voxel holds padding (PixelPaddingValue, PS3.3 C.7.5.1.1.2).

        All False where the header names no padding. Meaningful for values as they were read.
        """
        pairs = self.info.padding
        if not pairs:
            return np.zeros(self.shape, dtype=bool, order="F")
        limits = np.asarray(pairs, dtype=np.float64).astype(self.dtype)
        low, high = limits[:, 0], limits[:, 1]
        if len(pairs) > 1:
            sizes = (1, 1, self.shape[2], *(len(axis) for axis in self.axes))
            low, high = low.reshape(sizes, order="F"), high.reshape(sizes, order="F")
        mask: NDArray[np.bool_] = (self.array >= low) & (self.array <= high)
        return mask

    def with_array(
        self,
        array: ArrayLike,
        geometry: Geometry | None = None,
        *,
        step: str = "",
        axes: tuple[Axis, ...] | None = None,
    ) -> Volume:
        """Return this volume with other voxels, and geometry where the grid changed; `step` joins the history."""
        return replace(
            self,
            array=np.asarray(array),
            geometry=self.geometry if geometry is None else geometry,
            history=(*self.history, step) if step else self.history,
            axes=self.axes if axes is None else axes,
        )

    def frame(self, *index: int) -> Volume:
        """Return the 3-D volume at one index of each further axis; a view, nothing is copied.

        A volume without further axes is its own only frame.
        """
        if len(index) != len(self.axes):
            names = ", ".join(f"{axis.keyword} ({len(axis)})" for axis in self.axes) or "none"
            raise UnsupportedError(f"frame() got {len(index)} indices; this volume's further axes are: {names}.")
        if not index:
            return self
        sources = self.info.sources
        count = self.geometry.shape[2]
        if len(sources) == count * int(np.prod([len(axis) for axis in self.axes])):
            flat = int(np.ravel_multi_index(index, [len(axis) for axis in self.axes], order="F"))
            sources = sources[flat * count : (flat + 1) * count]
        info = replace(self.info, sources=sources)
        return replace(self, array=self.array[(slice(None),) * _SPATIAL_AXES + index], axes=(), info=info)

    def slice_at(self, index: int, axis: int = 2) -> Volume:
        """Return the one-voxel-thick volume at `index` along `axis` (0, 1, 2 for i, j, k), where it lies."""
        start = [0, 0, 0]
        stop = list(self.geometry.shape)
        if not 0 <= index < stop[axis]:
            raise UnsupportedError(f"No slice {index} along axis {axis}; expected 0 to {stop[axis] - 1}.")
        start[axis], stop[axis] = index, index + 1
        window = tuple(slice(a, b) for a, b in zip(start, stop, strict=True))
        return self.with_array(self.array[window], self.geometry.cropped(start, stop))


def _shape3(array: NDArray[Any]) -> tuple[int, int, int]:
    return (array.shape[0], array.shape[1], array.shape[2])


def _in_vtk_layout(array: NDArray[Any], axes: tuple[Axis, ...]) -> NDArray[Any]:
    """Return `array` in the memory order of the contract, copied only where it is in another."""
    named = _SPATIAL_AXES + len(axes)
    if array.shape[_SPATIAL_AXES:named] != tuple(len(axis) for axis in axes):
        raise UnsupportedError(
            f"Array of shape {array.shape} does not fit the axes {[(a.keyword, len(a)) for a in axes]} past (i, j, k)."
        )
    if array.ndim == named:
        return np.asfortranarray(array)
    if array.ndim == named + 1 and array.shape[-1] in _COLOUR_SAMPLES:
        grid = tuple(range(named))
        return np.ascontiguousarray(array.transpose(*reversed(grid), named)).transpose(*reversed(grid), named)
    raise UnsupportedError(
        f"Cannot tell what the dimensions past (i, j, k) of shape {array.shape} are: "
        "name them in axes=, or give 3 or 4 colour samples last."
    )
