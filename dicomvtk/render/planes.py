"""The three slice planes of a volume: which way is right and up on the screen, and where their slices lie.

Radiological: axial from the feet, coronal from the front, sagittal from the left (docs/conventions.md).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dicomvtk.anatomy import orientation_letters
from dicomvtk.geometry import Float3, Geometry, axis_moves
from dicomvtk.render.scene import PLANES

__all__ = ["SlicePlane", "flat_plane", "slice_planes"]

Vector = NDArray[np.float64]

#: (screen right, screen up, normal) as (body axis 0 L, 1 P, 2 S, sign).
_SCREEN: dict[str, tuple[tuple[int, int], tuple[int, int], int]] = {
    "axial": ((0, 1), (1, -1), 2),
    "sagittal": ((1, 1), (2, 1), 0),
    "coronal": ((0, 1), (2, 1), 1),
}


@dataclass(frozen=True, eq=False)
class SlicePlane:
    """One plane of slices through a volume.

    Parameters
    ----------
    name : ``"axial"``, ``"sagittal"`` or ``"coronal"``
    right, up : (3,) arrays
        LPS unit vectors to the right and the top of the screen.
    normal : (3,) array
        LPS unit vector along which slices are counted.
    first_mm, step_mm, count
        Slice n lies at ``first_mm + n * step_mm`` along `normal`, n from 0 to count - 1.
    snaps : bool
        Only whole slices are shown, as they were acquired; otherwise the plane goes exactly through the crosshair.
    centre : (3,) array
        Middle of the volume, LPS mm.
    size_mm : (width, height)
        Extent of the volume along `right` and `up`, outer faces of voxels included.
    placed : bool
        Whether letters may be drawn.
    """

    name: str
    right: Vector
    up: Vector
    normal: Vector
    first_mm: float
    step_mm: float
    count: int
    snaps: bool
    centre: Vector
    size_mm: tuple[float, float]
    placed: bool

    @property
    def into(self) -> Vector:
        """LPS unit vector from the eye into the screen."""
        return np.cross(self.up, self.right)

    def index_at(self, point: ArrayLike) -> int:
        """Return the number, from 0, of the slice nearest to `point` (LPS mm); the first or last one outside."""
        index = round((float(np.asarray(point) @ self.normal) - self.first_mm) / self.step_mm)
        return min(max(index, 0), self.count - 1)

    def shown_at(self, crosshair: ArrayLike) -> Vector:
        """Return the point (3,) in LPS mm, beside or at `crosshair`, that the slice on the screen goes through."""
        point = np.asarray(crosshair, dtype=np.float64)
        along = float(point @ self.normal)
        last = self.first_mm + (self.count - 1) * self.step_mm
        wanted = self.first_mm + self.index_at(point) * self.step_mm if self.snaps else along
        return point + (min(max(wanted, self.first_mm), last) - along) * self.normal

    def moved(self, crosshair: ArrayLike, index: int) -> Float3:
        """Return `crosshair` (LPS mm) moved along the normal onto slice `index`, clamped to the first and last."""
        point = np.asarray(crosshair, dtype=np.float64)
        wanted = self.first_mm + min(max(index, 0), self.count - 1) * self.step_mm
        x, y, z = (float(v) for v in point + (wanted - float(point @ self.normal)) * self.normal)
        return (x, y, z)

    def letters(self) -> tuple[str, str, str, str]:
        """Return the letters at the left, right, bottom and top of the screen; empty for an unplaced volume."""
        if not self.placed:
            return ("", "", "", "")
        edges = (-self.right, self.right, -self.up, self.up)
        left, right, bottom, top = (orientation_letters(edge.tolist()) for edge in edges)
        return (left, right, bottom, top)


def slice_planes(geometry: Geometry, along: str = "volume") -> dict[str, SlicePlane]:
    """Return the axial, sagittal and coronal plane of a grid, by name.

    `along` is ``"volume"``: along the grid's own axes, each plane the one nearest to its name, slices as acquired; or
    ``"patient"``: exactly along L, P and S, through an oblique grid.
    """
    moves = axis_moves(geometry, "LPS")
    signs = [-1.0 if flip else 1.0 for flip in moves.flip]
    grid = np.column_stack([geometry.direction[:, axis] * sign for axis, sign in zip(moves.order, signs, strict=True)])
    body = grid if along == "volume" else np.eye(3)
    return {name: _plane(geometry, name, body, moves.order, along) for name in PLANES}


def flat_plane(geometry: Geometry) -> str | None:
    """Return the plane whose one slice is the whole volume, None for a volume of several slices each way."""
    for name, plane in slice_planes(geometry).items():
        if plane.count == 1:
            return name
    return None


def _plane(geometry: Geometry, name: str, body: Vector, order: tuple[int, int, int], along: str) -> SlicePlane:
    (right_axis, right_sign), (up_axis, up_sign), normal_axis = _SCREEN[name]
    right, up = body[:, right_axis] * right_sign, body[:, up_axis] * up_sign
    axis = order[normal_axis]
    step = geometry.spacing[axis]
    centre = geometry.index_to_physical((np.asarray(geometry.shape) - 1) / 2)
    if along == "volume":
        normal = geometry.direction[:, axis]
        count = geometry.shape[axis]
    else:
        normal = body[:, normal_axis]
        count = max(1, round(_extent(geometry, normal) / step))
    return SlicePlane(
        name=name,
        right=right,
        up=up,
        normal=normal,
        first_mm=float(centre @ normal) - (count - 1) / 2 * step,
        step_mm=step,
        count=count,
        snaps=along == "volume",
        centre=centre,
        size_mm=(_extent(geometry, right), _extent(geometry, up)),
        placed=geometry.placed,
    )


def _extent(geometry: Geometry, direction: Vector) -> float:
    """Return the length in mm of the shadow of the grid's box on `direction`, a unit vector (3,)."""
    return float(np.abs(direction @ geometry.direction) @ np.asarray(geometry.extent_mm))
