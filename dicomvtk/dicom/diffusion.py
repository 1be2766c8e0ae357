"""The gradients of a diffusion series, as FSL wants them beside a NIfTI: b-values, and directions along the voxels.

Read from the standard's attributes (PS3.3 C.8.13.5.9, also in functional groups) and from the private ones of Siemens
and United Imaging. GE's and Philips' older private directions depend on how the scan was planned and are not read.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dicomvtk.dicom.sidecar import Headers
from dicomvtk.dicom.stack import Stack

if TYPE_CHECKING:
    from pydicom import Dataset

__all__ = ["Gradients", "gradients"]

_SIEMENS, _SIEMENS_B, _SIEMENS_DIRECTION = "SIEMENS MR HEADER", 0x0C, 0x0E
_UNITED, _UNITED_B, _UNITED_DIRECTION = "Image Private Header", 0x09, 0x37
_PHILIPS, _PHILIPS_B = "Philips Imaging DD 001", 0x03
_PRIVATE_B_VALUES = (
    (_SIEMENS, 0x0019, _SIEMENS_B),
    (_UNITED, 0x0065, _UNITED_B),
    (_PHILIPS, 0x2001, _PHILIPS_B),
)


@dataclass(frozen=True, eq=False)
class Gradients:
    """The gradient of each 3-D frame, in the frames' order.

    `b_values` (n,) in s/mm2; `directions` (n, 3) unit vectors in LPS, zero where b is 0 or the header says so; None
    where the headers state none for an image with b > 0 (a trace image, for one).
    """

    b_values: NDArray[np.float64]
    directions: NDArray[np.float64] | None

    def bval(self) -> str:
        """Return the text of a ``.bval``: one line."""
        return " ".join(f"{value:.10g}" for value in self.b_values) + "\n"

    def bvec(self, direction: NDArray[np.float64]) -> str | None:
        """Return the text of a ``.bvec`` for voxels along the columns of `direction` (LPS): lines of x, y and z.

        FSL's rule: components along i, j, k, that along i turned round where the grid is right-handed.
        """
        if self.directions is None:
            return None
        along = self.directions @ direction
        if np.linalg.det(direction) > 0:
            along[:, 0] *= -1
        return "".join(" ".join(f"{value + 0.0:.6g}" for value in line) + "\n" for line in along.T)


def gradients(stack: Stack) -> Gradients | None:
    """Return the gradients of a stack, None where it is no diffusion series or does not state every b-value."""
    headers = Headers(stack)
    firsts = range(0, len(stack.frames), stack.slice_count)
    places = [headers.of(n) for n in firsts]
    b_values = [_b_value(place) for place in places]
    if any(b is None for b in b_values) or not any(b_values):
        return None
    found = np.array(b_values, np.float64)
    vectors = [np.zeros(3) if b == 0 else _direction(place) for b, place in zip(found, places, strict=True)]
    directions = None if any(vector is None for vector in vectors) else np.array(vectors, np.float64)
    return Gradients(found, directions)


def _b_value(places: list[Dataset]) -> float | None:
    stated = _stated(places, "DiffusionBValue")
    for creator, group, element in _PRIVATE_B_VALUES:
        if stated is None:
            stated = _private(places[0], creator, group, element)
    try:
        value = float(stated)
    except (TypeError, ValueError):
        return None
    return value if math.isfinite(value) and value >= 0 else None


def _direction(places: list[Dataset]) -> NDArray[np.float64] | None:
    """Return the unit vector of a gradient in LPS."""
    stated = _stated(places, "DiffusionGradientOrientation")
    for place in places:
        inner = (place.get("DiffusionGradientDirectionSequence") or [None])[0]
        if stated is None and inner is not None:
            stated = inner.get("DiffusionGradientOrientation")
    if stated is None:
        stated = _private(places[0], _SIEMENS, 0x0019, _SIEMENS_DIRECTION)
    vector = _unit(stated)
    if vector is not None:
        return vector
    along_image = _unit(_private(places[0], _UNITED, 0x0065, _UNITED_DIRECTION))
    if along_image is None:
        return None
    row, column = np.reshape([float(v) for v in places[0].ImageOrientationPatient], (2, 3))
    turned: NDArray[np.float64] = np.column_stack([row, column, np.cross(row, column)]) @ along_image
    return turned


def _unit(stated: Any) -> NDArray[np.float64] | None:
    """Return three numbers as a unit vector, zero where they are all 0, None where they are something else."""
    try:
        vector = np.array([float(value) for value in stated])
    except (TypeError, ValueError):
        return None
    if vector.shape != (3,) or not np.all(np.isfinite(vector)):
        return None
    length = float(np.linalg.norm(vector))
    return vector / length if length else vector


def _stated(places: list[Dataset], keyword: str) -> Any:
    return next((place.get(keyword) for place in places if place.get(keyword) is not None), None)


def _private(header: Dataset, creator: str, group: int, element: int) -> Any:
    try:
        return header.private_block(group, creator)[element].value
    except KeyError:
        return None
