"""Where the voxels of a grid lie in the patient: one frozen value, and the arithmetic on it.

Array index ``[i, j, k]`` is (column, row, slice); physical space is LPS millimetres; voxel centres are at integer
indices. See docs/conventions.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dicomvtk.anatomy import axis_code, letter_vector
from dicomvtk.errors import GeometryError

__all__ = ["AxisMove", "Geometry", "axis_moves"]

Float3 = tuple[float, float, float]
Int3 = tuple[int, int, int]

#: How far from unit length and from right angles a direction may be before it is refused, as PS3.3 C.7.6.2.1.1 asks
#: for orthogonal unit vectors and DS rounds them to 16 characters or fewer.
_ORTHONORMAL_TOLERANCE = 1e-3

_SPATIAL_AXES = 3


def _identity() -> NDArray[np.float64]:
    return np.eye(3)


@dataclass(frozen=True)
class AxisMove:
    """How to bring a grid into another axis order: take axes `order`, then reverse those marked in `flip`."""

    order: Int3
    flip: tuple[bool, bool, bool]


@dataclass(frozen=True, eq=False)
class Geometry:
    """A regular grid of voxels in LPS millimetres.

    Parameters
    ----------
    shape : (i, j, k)
        Columns, rows, slices.
    spacing : (i, j, k)
        Millimetres between voxel centres along each axis, positive.
    origin : (x, y, z)
        LPS position of the centre of voxel (0, 0, 0).
    direction : (3, 3) array
        Unit columns: the LPS directions in which i, j and k grow. Either handedness.
    placed : bool
        False where the source states no position in a patient (CR, SC, US, bare arrays): then origin and direction
        are only a frame to draw in, and no anatomical letter may be shown.

    Raises
    ------
    GeometryError
        Where a number is not finite, a spacing or a size not positive, or the direction not orthonormal to 1e-3.

    Examples
    --------
    >>> g = Geometry((4, 3, 2), spacing=(0.5, 0.5, 2.0), origin=(10.0, 20.0, 30.0))
    >>> g.index_to_physical((2, 0, 1)).tolist()
    [11.0, 20.0, 32.0]
    """

    shape: Int3
    spacing: Float3 = (1.0, 1.0, 1.0)
    origin: Float3 = (0.0, 0.0, 0.0)
    direction: NDArray[np.float64] = field(default_factory=_identity)
    placed: bool = True

    def __post_init__(self) -> None:
        shape = tuple(int(n) for n in self.shape)
        spacing = tuple(float(s) for s in self.spacing)
        origin = tuple(float(o) for o in self.origin)
        direction = np.array(self.direction, dtype=np.float64)
        _check(shape, spacing, origin, direction)
        direction.setflags(write=False)
        object.__setattr__(self, "shape", shape)
        object.__setattr__(self, "spacing", spacing)
        object.__setattr__(self, "origin", origin)
        object.__setattr__(self, "direction", direction)

    @classmethod
    def from_affine(cls, affine: ArrayLike, shape: Sequence[int], *, placed: bool = True) -> Geometry:
        """Return the grid of a (4, 4) affine from voxel index to LPS millimetres; a sheared one is refused."""
        matrix = np.asarray(affine, dtype=np.float64)
        if matrix.shape != (4, 4):
            raise GeometryError(f"Cannot use an affine of shape {matrix.shape}; expected (4, 4).")
        columns = matrix[:3, :3]
        spacing = np.linalg.norm(columns, axis=0)
        if not np.all(spacing > 0):
            raise GeometryError(f"Cannot use a singular affine: column lengths are {spacing.tolist()} mm.")
        return cls(_three(shape), _float3(spacing), _float3(matrix[:3, 3]), columns / spacing, placed)

    @classmethod
    def from_image_plane(
        cls,
        shape: Sequence[int],
        image_orientation: Sequence[float],
        image_position: Sequence[float],
        pixel_spacing: Sequence[float],
        slice_spacing: float,
    ) -> Geometry:
        """Return the right-handed grid of the DICOM Image Plane module (PS3.3 C.7.6.2.1.1).

        `image_orientation` holds the six cosines of ImageOrientationPatient (along a row, then down a column),
        `image_position` the ImagePositionPatient of the first slice, `pixel_spacing` PixelSpacing as stored (between
        rows, then between columns) and `slice_spacing` the distance between slices along row x column.
        """
        row = np.asarray(image_orientation[:3], dtype=np.float64)
        column = np.asarray(image_orientation[3:6], dtype=np.float64)
        direction = np.column_stack([row, column, np.cross(row, column)])
        lengths = np.linalg.norm(direction, axis=0)
        if not np.all(np.abs(lengths - 1.0) <= _ORTHONORMAL_TOLERANCE):
            raise GeometryError(
                f"ImageOrientationPatient (0020,0037) is {list(image_orientation)}; "
                "expected two orthogonal unit vectors."
            )
        spacing = (float(pixel_spacing[1]), float(pixel_spacing[0]), float(slice_spacing))
        return cls(_three(shape), spacing, _float3(image_position), direction / lengths)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Geometry):
            return NotImplemented
        return self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def _key(self) -> tuple[object, ...]:
        return (self.shape, self.spacing, self.origin, self.direction.tobytes(), self.placed)

    @property
    def affine(self) -> NDArray[np.float64]:
        """The (4, 4) matrix from voxel index (i, j, k, 1) to LPS millimetres."""
        matrix: NDArray[np.float64] = np.eye(4)
        matrix[:3, :3] = self.direction * np.asarray(self.spacing)
        matrix[:3, 3] = self.origin
        return matrix

    @property
    def axis_codes(self) -> str:
        """Where i, j and k grow to, a letter each: ``'LPS'`` for a plain axial CT."""
        return "".join(axis_code(self.direction[:, axis].tolist()) for axis in range(_SPATIAL_AXES))

    @property
    def is_right_handed(self) -> bool:
        return bool(np.linalg.det(self.direction) > 0)

    @property
    def extent_mm(self) -> Float3:
        """Full size along i, j and k in millimetres, outer faces included."""
        return _float3(np.multiply(self.shape, self.spacing))

    def index_to_physical(self, index: ArrayLike) -> NDArray[np.float64]:
        """Return LPS millimetres (..., 3) of voxel indices (..., 3), fractions allowed."""
        matrix = self.affine
        physical: NDArray[np.float64] = np.asarray(index, dtype=np.float64) @ matrix[:3, :3].T + matrix[:3, 3]
        return physical

    def physical_to_index(self, point: ArrayLike) -> NDArray[np.float64]:
        """Return fractional voxel indices (..., 3) of LPS millimetres (..., 3)."""
        inverse = np.linalg.inv(self.affine[:3, :3])
        index: NDArray[np.float64] = (np.asarray(point, dtype=np.float64) - np.asarray(self.origin)) @ inverse.T
        return index

    def centres(self, axis: int) -> NDArray[np.float64]:
        """Return the (n,) voxel centres along `axis`: the LPS position of each, projected on the axis' direction."""
        steps: NDArray[np.float64] = np.arange(self.shape[axis], dtype=np.float64)
        return self._start(axis) + steps * self.spacing[axis]

    def edges(self, axis: int) -> NDArray[np.float64]:
        """Return the (n + 1,) faces between voxels along `axis`, half a voxel outside the first and last centre."""
        steps: NDArray[np.float64] = np.arange(self.shape[axis] + 1, dtype=np.float64) - 0.5
        return self._start(axis) + steps * self.spacing[axis]

    def _start(self, axis: int) -> float:
        """Return the first centre along `axis`, projected on the axis' direction, mm."""
        return float(np.dot(self.origin, self.direction[:, axis]))

    def cropped(self, start: Sequence[int], stop: Sequence[int]) -> Geometry:
        """Return the grid of ``array[start:stop]`` on all three axes (0 <= start < stop <= shape)."""
        low, high = _three(start), _three(stop)
        for axis, (a, b, n) in enumerate(zip(low, high, self.shape, strict=True)):
            if not 0 <= a < b <= n:
                raise GeometryError(f"Cannot crop axis {axis} to [{a}, {b}): expected 0 <= start < stop <= {n}.")
        size = [b - a for a, b in zip(low, high, strict=True)]
        return replace(self, shape=_three(size), origin=_float3(self.index_to_physical(low)))

    def flipped(self, *axes: int) -> Geometry:
        """Return the grid after reversing the array along `axes`; every voxel stays where it was."""
        corner = [n - 1 if axis in axes else 0 for axis, n in enumerate(self.shape)]
        signs = np.array([-1.0 if axis in axes else 1.0 for axis in range(_SPATIAL_AXES)])
        return replace(self, origin=_float3(self.index_to_physical(corner)), direction=self.direction * signs)

    def permuted(self, order: Sequence[int]) -> Geometry:
        """Return the grid after ``array.transpose(order)``; every voxel stays where it was."""
        axes = _three(order)
        if sorted(axes) != [0, 1, 2]:
            raise GeometryError(f"Cannot permute axes by {list(order)}; expected an order of 0, 1, 2.")
        return replace(
            self,
            shape=_three([self.shape[a] for a in axes]),
            spacing=_float3([self.spacing[a] for a in axes]),
            direction=self.direction[:, list(axes)],
        )

    def reoriented(self, codes: str) -> Geometry:
        """Return the grid with axes permuted and reversed so that i, j, k grow nearest to `codes`, e.g. ``"RAS"``."""
        moves = axis_moves(self, codes)
        flipped = [axis for axis, flip in enumerate(moves.flip) if flip]
        return self.permuted(moves.order).flipped(*flipped)

    def is_close(self, other: Geometry, tolerance_mm: float = 1e-3) -> bool:
        """True where both grids have one shape and no corner voxel is further than `tolerance_mm` from its twin."""
        if self.shape != other.shape:
            return False
        last = np.asarray(self.shape) - 1
        corners = np.stack(np.meshgrid(*[[0, n] for n in last], indexing="ij"), axis=-1).reshape(-1, 3)
        apart = self.index_to_physical(corners) - other.index_to_physical(corners)
        return bool(np.max(np.linalg.norm(apart, axis=1)) <= tolerance_mm)


def axis_moves(geometry: Geometry, codes: str) -> AxisMove:
    """Return how the axes of `geometry` must move so that they grow to `codes` (three letters of LRAPSI).

    Each wanted direction takes the axis nearest to it; the best assignment over all three is chosen, so oblique grids
    never use one axis twice. Raises GeometryError where the letters do not name three different body axes.
    """
    if len(codes) != _SPATIAL_AXES:
        raise GeometryError(f"Cannot reorient to {codes!r}; expected three letters such as 'RAS'.")
    wanted = np.column_stack([letter_vector(letter) for letter in codes])
    if abs(np.linalg.det(wanted)) < _ORTHONORMAL_TOLERANCE:
        raise GeometryError(f"Cannot reorient to {codes!r}: it names one body axis twice; expected e.g. 'RAS'.")
    cosines = wanted.T @ geometry.direction
    orders: list[Int3] = [(0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)]
    order = max(orders, key=lambda o: sum(abs(cosines[n, axis]) for n, axis in enumerate(o)))
    flip = (
        bool(cosines[0, order[0]] < 0),
        bool(cosines[1, order[1]] < 0),
        bool(cosines[2, order[2]] < 0),
    )
    return AxisMove(order, flip)


def _check(
    shape: tuple[int, ...], spacing: tuple[float, ...], origin: tuple[float, ...], direction: NDArray[np.float64]
) -> None:
    if len(shape) != _SPATIAL_AXES or any(n < 1 for n in shape):
        raise GeometryError(f"A grid needs three sizes of at least 1; found shape {shape}.")
    if len(spacing) != _SPATIAL_AXES or not all(np.isfinite(s) and s > 0 for s in spacing):
        raise GeometryError(f"A grid needs three positive spacings in mm; found {spacing}.")
    if len(origin) != _SPATIAL_AXES or not np.all(np.isfinite(origin)):
        raise GeometryError(f"A grid needs a finite origin in LPS mm; found {origin}.")
    if direction.shape != (3, 3) or not np.all(np.isfinite(direction)):
        raise GeometryError(f"A grid needs a finite (3, 3) direction; found {direction.tolist()}.")
    if np.max(np.abs(direction.T @ direction - np.eye(3))) > _ORTHONORMAL_TOLERANCE:
        raise GeometryError(
            f"A grid needs orthogonal unit directions (to {_ORTHONORMAL_TOLERANCE:g}); found {direction.tolist()}. "
            "A sheared stack (gantry tilt) must be resampled first."
        )


def _three(values: Sequence[int]) -> Int3:
    if len(values) != _SPATIAL_AXES or any(int(v) != v for v in values):
        raise GeometryError(f"Expected three integers, one for each of i, j, k; found {list(values)}.")
    i, j, k = (int(v) for v in values)
    return (i, j, k)


def _float3(values: ArrayLike) -> Float3:
    x, y, z = (float(v) for v in np.asarray(values, dtype=np.float64))
    return (x, y, z)
