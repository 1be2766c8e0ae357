"""A volume as the pictures of a plane: slices that lie on the screen as they are looked at, pixels square."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from dicomvtk.errors import GeometryError, UnsupportedError
from dicomvtk.processing.grid import reorient
from dicomvtk.processing.resample import grid_of_spacing, resample_to
from dicomvtk.volume import Volume

__all__ = ["PLANES", "in_plane"]

#: Where i (to the right on screen), j (down) and k grow: axial from the feet, coronal from the front, sagittal from
#: the left; see docs/conventions.md.
PLANES: dict[str, str] = {"axial": "LPS", "coronal": "LIP", "sagittal": "PIL"}

#: Pixels that are square to a hundredth are square to the eye.
_SQUARE = 1.01


def in_plane(volume: Volume, plane: str) -> Volume:
    """Return the volume with its slices in `plane`: ``array[:, :, k].T`` is a picture, row 0 at the top.

    An oblique grid is not straightened: its nearest plane is taken. Pixels that are not square are resampled to the
    finer of their two spacings. Raises GeometryError for a volume without a place in a patient.
    """
    if plane not in PLANES:
        raise UnsupportedError(f"Unknown plane {plane!r}; expected {', '.join(PLANES)}.")
    if not volume.geometry.placed:
        raise GeometryError(f"Cannot show the {plane} plane: the images state no place in a patient. Leave it out.")
    turned = reorient(volume, PLANES[plane])
    i, j, k = turned.spacing
    if max(i, j) / min(i, j) <= _SQUARE:
        return turned
    fine = min(i, j)
    square = grid_of_spacing(turned.geometry, np.array([fine, fine, k]))
    return replace(resample_to(turned, square), info=turned.info)
