"""Volumes of unlike grids brought onto one size and spacing, so that their arrays stack."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from dicomvtk.errors import UnsupportedError
from dicomvtk.geometry import Geometry, Int3
from dicomvtk.processing.grid import reorient
from dicomvtk.processing.resample import Interpolation, grid_of_spacing, resample_to
from dicomvtk.volume import Volume

__all__ = ["Cohort", "to_common_grid"]

#: Grids whose centres are nearer to whole voxels than this need no interpolation.
_SAME_SPACING = 1e-6


@dataclass(frozen=True)
class Cohort:
    """Volumes of one shape and spacing, and for each what was done to it, a sentence a step."""

    volumes: tuple[Volume, ...]
    steps: tuple[tuple[str, ...], ...]

    def stacked(self) -> np.ndarray:
        """Return all arrays as one, (n, i, j, k)."""
        return np.stack([volume.array for volume in self.volumes])


def to_common_grid(
    volumes: Sequence[Volume],
    spacing: float | ArrayLike | None = None,
    size: Int3 | None = None,
    *,
    orientation: str = "LPS",
    interpolation: Interpolation | None = None,
    fill: float | None = None,
) -> Cohort:
    """Return `volumes` with one orientation, spacing and size, and what was done to each.

    Each is reoriented, resampled in its own directions, and padded or cropped about its middle; where it lies in the
    patient stays known, and nothing is registered. Oblique grids stay oblique.

    Parameters
    ----------
    spacing : mm, one number or three for i, j, k
        The median of the volumes' spacings, axis by axis, if left out.
    size : (i, j, k)
        Large enough for every volume if left out.
    orientation : three letters
        Where i, j and k grow; volumes without a place in a patient are left as they are.
    fill : float
        What pads; each volume's lowest value if left out (0 for labels and colour).

    Raises
    ------
    UnsupportedError
        For no volumes, and for further axes or colour in some and not in others.
    GeometryError
        For irregular slices.

    Examples
    --------
    >>> small, large = Volume(np.zeros((4, 4, 4))), Volume(np.zeros((6, 4, 2)))
    >>> to_common_grid([small, large]).stacked().shape
    (2, 6, 4, 4)
    """
    if not volumes:
        raise UnsupportedError("Cannot bring no volumes onto a grid; expected at least one.")
    kinds = {volume.shape[3:] for volume in volumes}
    if len(kinds) > 1:
        raise UnsupportedError(f"Cannot stack volumes whose dimensions past i, j, k differ: {sorted(kinds)}.")
    turned = [reorient(v, orientation) if v.geometry.placed else v for v in volumes]
    chosen = np.median([v.spacing for v in turned], axis=0) if spacing is None else spacing
    grids = [grid_of_spacing(v.geometry, chosen) for v in turned]
    i, j, k = size or tuple(int(n) for n in np.max([grid.shape for grid in grids], axis=0))
    made = [
        _onto(old, new, grid, (i, j, k), interpolation, fill)
        for old, new, grid in zip(volumes, turned, grids, strict=True)
    ]
    return Cohort(tuple(volume for volume, _ in made), tuple(steps for _, steps in made))


def _onto(
    old: Volume, turned: Volume, grid: Geometry, size: Int3, interpolation: Interpolation | None, fill: float | None
) -> tuple[Volume, tuple[str, ...]]:
    target = _about_the_middle(grid, size)
    steps = []
    if turned.geometry != old.geometry:
        steps.append(f"reoriented from {old.geometry.axis_codes} to {turned.geometry.axis_codes}")
    if not np.allclose(turned.spacing, grid.spacing, rtol=_SAME_SPACING):
        steps.append(f"resampled from {_words(turned.spacing)} to {_words(grid.spacing)} mm")
    for axis, (had, wanted) in enumerate(zip(grid.shape, size, strict=True)):
        if had != wanted:
            steps.append(f"{'padded' if had < wanted else 'cropped'} along {'ijk'[axis]} from {had} to {wanted}")
    if not steps:
        return old, ("unchanged",)
    made = resample_to(turned, target, interpolation=interpolation, fill=fill)
    return replace(made, history=(*old.history, *steps)), tuple(steps)


def _about_the_middle(grid: Geometry, size: Int3) -> Geometry:
    """Return the grid of `size` whose middle is that of `grid`, to a voxel: whole voxels are added or taken away."""
    before = [(had - wanted) // 2 for had, wanted in zip(grid.shape, size, strict=True)]
    x, y, z = grid.index_to_physical(before).tolist()
    return replace(grid, shape=size, origin=(x, y, z))


def _words(values: Sequence[float]) -> str:
    return " x ".join(f"{value:.4g}" for value in values)
