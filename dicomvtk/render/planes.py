"""The three slice planes of a volume: which way is right and up on the screen, and where their slices lie.

Radiological: axial from the feet, coronal from the front, sagittal from the left (docs/conventions.md).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dicomvtk.anatomy import orientation_letters
from dicomvtk.geometry import Float3, Geometry, axis_moves
from dicomvtk.render.rotations import carried, rotation_of
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
    axis : int
        The grid axis (0, 1, 2 for i, j, k) that the normal lies along, or nearest to.
    centre : (3,) array
        Middle of the volume, LPS mm.
    size_mm : (width, height)
        Extent of the volume along `right` and `up`, outer faces of voxels included; of a tilted plane that before the
        tilt, so that what fits the pane keeps its scale while it turns.
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
    axis: int
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

    def trace_of(self, other: SlicePlane) -> Vector:
        """Return the unit vector (3,) along which this plane and `other` cross."""
        along = np.cross(self.normal, other.normal)
        return np.asarray(along / np.linalg.norm(along))

    def letters(self) -> tuple[str, str, str, str]:
        """Return the letters at the left, right, bottom and top of the screen; empty for an unplaced volume."""
        if not self.placed:
            return ("", "", "", "")
        edges = (-self.right, self.right, -self.up, self.up)
        left, right, bottom, top = (orientation_letters(edge.tolist()) for edge in edges)
        return (left, right, bottom, top)


def slice_planes(
    geometry: Geometry, along: str = "volume", tilt: Float3 = (0.0, 0.0, 0.0), *, neurological: bool = False
) -> dict[str, SlicePlane]:
    """Return the axial, sagittal and coronal plane of a grid, by name.

    `along` is ``"volume"``: along the grid's own axes, each plane the one nearest to its name, slices as acquired; or
    ``"patient"``: exactly along L, P and S, through an oblique grid. `tilt` turns all three from there, a rotation
    vector in LPS degrees. `neurological` looks at axial and coronal slices from the other side; where no side is known
    (an unplaced volume) they stay as they are, as no letter would tell that they are mirrored.
    """
    moves = axis_moves(geometry, "LPS")
    signs = [-1.0 if flip else 1.0 for flip in moves.flip]
    grid = np.column_stack([geometry.direction[:, axis] * sign for axis, sign in zip(moves.order, signs, strict=True)])
    frame = _Frame(grid if along == "volume" else np.eye(3), moves.order, rotation_of(tilt), along == "volume")
    return {name: _plane(geometry, name, frame, neurological=neurological) for name in PLANES}


def flat_plane(geometry: Geometry) -> str | None:
    """Return the plane whose one slice is the whole volume, None for a volume of several slices each way."""
    for name, plane in slice_planes(geometry).items():
        if plane.count == 1:
            return name
    return None


@dataclass(frozen=True, eq=False)
class _Frame:
    """The directions that planes lie along: columns nearest to L, P, S of `body`, and the grid axis of each."""

    body: Vector
    order: tuple[int, int, int]
    turn: Vector
    whole_slices: bool

    @property
    def turned(self) -> bool:
        return not np.array_equal(self.turn, np.eye(3))


def _plane(geometry: Geometry, name: str, frame: _Frame, *, neurological: bool) -> SlicePlane:
    (right_axis, right_sign), (up_axis, up_sign), normal_axis = _SCREEN[name]
    if neurological and geometry.placed and name != "sagittal":
        right_sign = -right_sign
    axis = frame.order[normal_axis]
    snaps = frame.whole_slices and not frame.turned
    normal = geometry.direction[:, axis] if frame.whole_slices else frame.body[:, normal_axis]
    # The smallest turn: a plane that turns within itself leaves the picture as it is, and only its traces turn.
    turn = carried(normal, frame.turn @ normal)
    normal = turn @ normal if frame.turned else normal
    right, up = frame.body[:, right_axis] * right_sign, frame.body[:, up_axis] * up_sign
    size_mm = (_extent(geometry, right), _extent(geometry, up))
    if frame.turned:
        right, up = turn @ right, turn @ up
    step = geometry.spacing[axis]
    centre = geometry.index_to_physical((np.asarray(geometry.shape) - 1) / 2)
    count = geometry.shape[axis] if snaps else max(1, round(_extent(geometry, normal) / step))
    return SlicePlane(
        name=name,
        right=right,
        up=up,
        normal=normal,
        first_mm=float(centre @ normal) - (count - 1) / 2 * step,
        step_mm=step,
        count=count,
        snaps=snaps,
        axis=axis,
        centre=centre,
        size_mm=size_mm,
        placed=geometry.placed,
    )


def _extent(geometry: Geometry, direction: Vector) -> float:
    """Return the length in mm of the shadow of the grid's box on `direction`, a unit vector (3,)."""
    return float(np.abs(direction @ geometry.direction) @ np.asarray(geometry.extent_mm))
