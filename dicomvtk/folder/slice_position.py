"""Where a slice lies along the normal of its plane, from ImagePositionPatient: SliceLocation that can be relied on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dicomvtk.folder.attribute_path import parse

if TYPE_CHECKING:
    from dicomvtk.folder.instance import Instance

__all__ = ["get", "position_along_normal"]

_POSITION, _ORIENTATION = parse("ImagePositionPatient"), parse("ImageOrientationPatient")
#: Decimal strings of positions differ by rounding: 1 micrometre tells no two slices apart.
_DECIMALS = 3


def get(instance: Instance) -> float | None:
    """Return mm along row x column (LPS), None where the file states no plane."""
    found = instance.values([_POSITION, _ORIENTATION])
    return position_along_normal(found[_POSITION], found[_ORIENTATION])


def position_along_normal(position: Any, orientation: Any) -> float | None:
    """Return the same of ImagePositionPatient and ImageOrientationPatient, None where one of them is not there."""
    if not isinstance(position, list) or not isinstance(orientation, list) or len(orientation) != 6:
        return None
    normal = np.cross(orientation[:3], orientation[3:])
    return round(float(np.dot(position, normal)), _DECIMALS) + 0.0
