"""Where the panes lie in the window, and how screen pixels and millimetres of a slice pane correspond."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dicomvtk.geometry import Float3
from dicomvtk.render.planes import SlicePlane
from dicomvtk.render.scene import PaneCamera

__all__ = ["PANES", "PANE_3D", "Rect", "mm_per_pixel", "pane_at", "pane_rects", "point_on_screen", "point_under"]

PANE_3D = "3d"

#: The panes of the layouts of several. Coronal under axial, so that left and right line up.
PANES: dict[str, tuple[str, ...]] = {
    "quad": ("axial", "sagittal", "coronal", PANE_3D),
    "three": ("axial", "sagittal", "coronal"),
}
#: Width of the large pane of the layout of three, as a share of the window's.
_LARGE = 0.6


@dataclass(frozen=True)
class Rect:
    """A rectangle of window pixels, counted from the lower left corner as VTK does."""

    x: int
    y: int
    width: int
    height: int

    def contains(self, x: float, y: float) -> bool:
        return self.x <= x < self.x + self.width and self.y <= y < self.y + self.height


def pane_rects(layout: str, size: tuple[int, int]) -> dict[str, Rect]:
    """Return the rectangle of each visible pane of `layout` in a window of `size` (width, height) pixels.

    >>> pane_rects("axial", (400, 300))
    {'axial': Rect(x=0, y=0, width=400, height=300)}
    """
    width, height = max(2, size[0]), max(2, size[1])
    if layout not in PANES:
        return {layout: Rect(0, 0, width, height)}
    bottom = height // 2
    places: tuple[tuple[int, int, int, int], ...]
    if layout == "three":
        left = max(1, round(_LARGE * width))
        places = ((0, 0, left, height), (left, bottom, width - left, height - bottom), (left, 0, width - left, bottom))
    else:
        left = width // 2
        upper = ((0, bottom, left, height - bottom), (left, bottom, width - left, height - bottom))
        places = (*upper, (0, 0, left, bottom), (left, 0, width - left, bottom))
    return {name: Rect(*place) for name, place in zip(PANES[layout], places, strict=True)}


def pane_at(rects: dict[str, Rect], x: float, y: float) -> str | None:
    """Return the pane under window pixel (x, y), None outside all."""
    return next((name for name, rect in rects.items() if rect.contains(x, y)), None)


def mm_per_pixel(plane: SlicePlane, camera: PaneCamera, rect: Rect) -> float:
    """Return the size of a screen pixel on the slice: at zoom 1 the whole slice, not tilted, just fits the pane."""
    width, height = plane.size_mm
    return max(width / rect.width, height / rect.height) / camera.zoom


def point_under(plane: SlicePlane, camera: PaneCamera, rect: Rect, crosshair: ArrayLike, x: float, y: float) -> Float3:
    """Return the LPS point in mm, on the slice shown at `crosshair`, under window pixel (x, y)."""
    scale = mm_per_pixel(plane, camera, rect)
    right = (x + 0.5 - rect.x - rect.width / 2) * scale + camera.pan_mm[0]
    up = (y + 0.5 - rect.y - rect.height / 2) * scale + camera.pan_mm[1]
    middle = view_centre(plane, crosshair)
    px, py, pz = (float(v) for v in middle + right * plane.right + up * plane.up)
    return (px, py, pz)


def point_on_screen(plane: SlicePlane, camera: PaneCamera, rect: Rect, point: ArrayLike) -> tuple[float, float]:
    """Return the window pixel (x, y), fractions included, where `point` (LPS mm) is drawn: `point_under` undone."""
    scale = mm_per_pixel(plane, camera, rect)
    away = np.asarray(point, dtype=np.float64) - plane.centre
    x = (float(away @ plane.right) - camera.pan_mm[0]) / scale + rect.x + rect.width / 2 - 0.5
    y = (float(away @ plane.up) - camera.pan_mm[1]) / scale + rect.y + rect.height / 2 - 0.5
    return (x, y)


def view_centre(plane: SlicePlane, crosshair: ArrayLike) -> NDArray[np.float64]:
    """Return the LPS point on the shown slice that an unpanned pane has in its middle."""
    return plane.centre + float((plane.shown_at(crosshair) - plane.centre) @ plane.normal) * plane.normal
