"""Where to look from and at which slice, in the words people use for it."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np

from dicomvtk.errors import UnsupportedError
from dicomvtk.geometry import Float3
from dicomvtk.render.annotations import position_text
from dicomvtk.render.planes import slice_planes
from dicomvtk.render.resolve import middle_voxel
from dicomvtk.render.scene import PLANES, Camera3D, View
from dicomvtk.volume import Volume

__all__ = ["SIDES", "camera_from", "on_slice", "outside"]

#: Direction into the screen and up, LPS, by the side that the eye is on.
SIDES: dict[str, tuple[Float3, Float3]] = {
    "A": ((0.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
    "P": ((0.0, -1.0, 0.0), (0.0, 0.0, 1.0)),
    "L": ((-1.0, 0.0, 0.0), (0.0, 0.0, 1.0)),
    "R": ((1.0, 0.0, 0.0), (0.0, 0.0, 1.0)),
    "H": ((0.0, 0.0, -1.0), (0.0, -1.0, 0.0)),
    "F": ((0.0, 0.0, 1.0), (0.0, -1.0, 0.0)),
}
_SAME = {"S": "H", "I": "F"}
_STEEPEST_DEGREES = 89.9
#: Of an index: a point on the outer face of a voxel is in it, whatever was rounded on the way.
_TOLERANCE = 1e-6


def camera_from(where: str) -> Camera3D:
    """Return the camera on one side (``A P L R S I``, or H and F), or at ``azimuth,elevation`` in degrees.

    Azimuth 0 is in front and grows towards the patient's left, elevation towards the head. Raises UnsupportedError
    for anything else.

    >>> [round(v, 6) + 0.0 for v in camera_from("90,0").direction] == list(camera_from("L").direction)
    True
    """
    side = _SAME.get(where.upper(), where.upper())
    if side in SIDES:
        return Camera3D(*SIDES[side])
    try:
        azimuth, elevation = (float(word) for word in where.split(","))
    except ValueError as error:
        raise UnsupportedError(
            f"Unknown camera {where!r}; expected one of A, P, L, R, S, I, or AZIMUTH,ELEVATION in degrees."
        ) from error
    if not (math.isfinite(azimuth) and abs(elevation) <= 90):
        raise UnsupportedError(f"Unknown camera {where!r}; expected an elevation from -90 to 90 degrees.")
    a, e = math.radians(azimuth), math.radians(math.copysign(min(abs(elevation), _STEEPEST_DEGREES), elevation))
    towards_eye = np.array([math.sin(a) * math.cos(e), -math.cos(a) * math.cos(e), math.sin(e)])
    head = np.array([0.0, 0.0, 1.0])
    up = head - (head @ towards_eye) * towards_eye
    return Camera3D(_three(-towards_eye), _three(up / np.linalg.norm(up)))


def on_slice(view: View, volume: Volume, plane: str, where: str) -> View:
    """Return `view` with its crosshair on one slice of `plane`.

    `where` is ``40mm``, a position towards L, P or H as the corner shows it, or ``12``, the slice's number from 1.
    Raises UnsupportedError for another plane, and for a slice that is not there.
    """
    if plane not in PLANES:
        raise UnsupportedError(f"Unknown plane {plane!r}; expected one of {', '.join(PLANES)}.")
    shown = slice_planes(volume.geometry, view.along, view.tilt, neurological=view.neurological)[plane]
    crosshair = np.asarray(view.crosshair or middle_voxel(volume))
    last_mm = shown.first_mm + (shown.count - 1) * shown.step_mm
    in_mm = where.strip().lower().endswith("mm")
    try:
        number = float(where.strip().lower().removesuffix("mm"))
    except ValueError as error:
        raise UnsupportedError(f"Unknown slice {where!r}; expected a position such as 40mm, or a number.") from error
    along = number if in_mm else shown.first_mm + (number - 1) * shown.step_mm
    half = shown.step_mm / 2
    if not shown.first_mm - half <= along <= last_mm + half:
        raise UnsupportedError(
            f"There is no {plane} slice {where}: they lie from {shown.first_mm:.1f}mm to {last_mm:.1f}mm, "
            f"numbers 1 to {shown.count}."
        )
    point = crosshair + (along - float(crosshair @ shown.normal)) * shown.normal
    return replace(view, crosshair=_three(point))


def outside(view: View, volume: Volume) -> str:
    """Return a sentence that says that the crosshair of `view` lies outside `volume`, and where that is; else empty."""
    geometry = volume.geometry
    if view.crosshair is None:
        return ""
    shape = np.asarray(geometry.shape)
    index = geometry.physical_to_index(view.crosshair)
    if np.all((index >= -0.5 - _TOLERANCE) & (index <= shape - 0.5 + _TOLERANCE)):
        return ""
    ends = [(-0.5, n - 0.5) for n in geometry.shape]
    corners = np.array([geometry.index_to_physical(corner) for corner in itertools.product(*ends)])
    low, high = (position_text(_three(end), placed=geometry.placed) for end in (corners.min(0), corners.max(0)))
    return (
        f"The crosshair at {position_text(view.crosshair, placed=geometry.placed)} mm lies outside the volume, which "
        f"goes from {low} to {high}: the nearest slices are shown."
    )


def _three(vector: np.ndarray) -> Float3:
    x, y, z = (float(v) for v in vector)
    return (x, y, z)
