"""How the 3-D pane sees: from how far, how large, and where a point of space comes to lie on the screen."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dicomvtk.geometry import Geometry
from dicomvtk.render.layout import Rect
from dicomvtk.render.scene import Camera3D

__all__ = ["VIEW_ANGLE_DEGREES", "eye_of", "fit_distance_mm", "mm_per_pixel_3d", "pixels_of", "ray_through"]

Vector = NDArray[np.float64]

#: The angle between the rays to the lower and the upper edge of the pane.
VIEW_ANGLE_DEGREES = 30.0
#: What is worth seeing seldom fills the faces of the grid: the near half of it may reach past the edge of the pane.
_DEPTH_SHARE = 0.55


def fit_distance_mm(geometry: Geometry, aspect: float) -> float:
    """Return how far from the centre the eye must be to see the middle section of the grid, from any of its sides.

    `aspect` is width over height of the pane. The distance does not depend on where the eye is, so that turning the
    volume does not make it breathe.
    """
    half = np.asarray(geometry.extent_mm) / 2
    tangent = float(np.tan(np.radians(VIEW_ANGLE_DEGREES / 2))) * min(1.0, aspect)
    return float(half.max() / tangent + _DEPTH_SHARE * half.max())


def mm_per_pixel_3d(geometry: Geometry, camera: Camera3D, rect: Rect) -> float:
    """Return the size of a screen pixel in the 3-D pane at the depth of the volume's centre."""
    distance = fit_distance_mm(geometry, rect.width / rect.height) / camera.zoom
    return float(2 * distance * np.tan(np.radians(VIEW_ANGLE_DEGREES / 2)) / rect.height)


def pixels_of(geometry: Geometry, camera: Camera3D, rect: Rect, points: ArrayLike) -> NDArray[np.float64]:
    """Return where `points` (n, 3), LPS mm, are drawn in the pane that takes `rect`: (n, 2) pixels of the window.

    x to the right and y up, fractions included; NaN for points beside or behind the eye.
    """
    eye, right, up, forward = eye_of(geometry, camera, rect)
    away = np.asarray(points, dtype=np.float64) - eye
    depth = np.where(away @ forward > 0, away @ forward, np.nan)
    scale = rect.height / (2 * np.tan(np.radians(VIEW_ANGLE_DEGREES / 2)))
    x = away @ right / depth * scale + rect.x + rect.width / 2
    y = away @ up / depth * scale + rect.y + rect.height / 2
    return np.column_stack([x, y])


def ray_through(geometry: Geometry, camera: Camera3D, rect: Rect, x: float, y: float) -> tuple[Vector, Vector]:
    """Return the eye (3,), LPS mm, and the unit vector (3,) from it through the middle of window pixel (x, y)."""
    eye, right, up, forward = eye_of(geometry, camera, rect)
    scale = 2 * np.tan(np.radians(VIEW_ANGLE_DEGREES / 2)) / rect.height
    across, above = x + 0.5 - rect.x - rect.width / 2, y + 0.5 - rect.y - rect.height / 2
    direction = forward + scale * (across * right + above * up)
    return eye, direction / np.linalg.norm(direction)


def eye_of(geometry: Geometry, camera: Camera3D, rect: Rect) -> tuple[Vector, Vector, Vector, Vector]:
    """Return where the eye is, LPS mm, and the unit vectors to its right, up and forward."""
    forward, up = np.asarray(camera.direction), np.asarray(camera.up)
    right = np.cross(forward, up)
    centre = geometry.index_to_physical((np.asarray(geometry.shape) - 1) / 2)
    focus = centre + camera.pan_mm[0] * right + camera.pan_mm[1] * up
    distance = fit_distance_mm(geometry, rect.width / rect.height) / camera.zoom
    return focus - distance * forward, right, up, forward
