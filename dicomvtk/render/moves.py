"""What the hands do to a view: functions from a state to the next, without VTK."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from dicomvtk.display import CT_WINDOWS, WindowLevel, auto_window
from dicomvtk.render.layout import PANE_3D, Rect, mm_per_pixel, point_under
from dicomvtk.render.planes import SlicePlane
from dicomvtk.render.resolve import State
from dicomvtk.render.rotations import rotation
from dicomvtk.render.scene import Camera3D, Layer, PaneCamera, SliceLayer
from dicomvtk.render.viewpoints import SIDES
from dicomvtk.volume import Volume

__all__ = [
    "faced",
    "maximised",
    "next_window",
    "panned",
    "panned_3d",
    "pointed",
    "preset_window",
    "rolled",
    "scrolled",
    "toggled",
    "toggled_slices_in_3d",
    "turned",
    "windowed",
    "zoomed",
]

_LEAST_ZOOM, _MOST_ZOOM = 0.05, 100.0
#: A drag across a whole pane makes the window eight times wider, and moves the level by twice its width.
_WINDOW_DOUBLINGS = 3.0
_LEVEL_WIDTHS = 2.0
#: Degrees that the volume turns in a drag across the pane.
_TURN_DEGREES = 200.0


def scrolled(state: State, plane: SlicePlane, slices: int) -> State:
    """Return `state` with `plane` moved by `slices`, onto a whole slice, not past the first or last."""
    return replace(state, crosshair=plane.moved(state.crosshair, plane.index_at(state.crosshair) + slices))


def pointed(state: State, plane: SlicePlane, rect: Rect, x: float, y: float) -> State:
    """Return `state` with the crosshair under window pixel (x, y) of the pane of `plane`."""
    return replace(state, crosshair=point_under(plane, state.pane_camera(plane.name), rect, state.crosshair, x, y))


def windowed(state: State, dx: float, dy: float) -> State:
    """Return `state` after a drag by shares (dx, dy) of the pane: right is wider, up is brighter."""
    old = state.window
    width = old.width * 2.0 ** (_WINDOW_DOUBLINGS * dx)
    return replace(state, window=WindowLevel(old.center - _LEVEL_WIDTHS * dy * old.width, width))


def preset_window(state: State, volume: Volume, number: int) -> State:
    """Return `state` with the CT window of key `number` (1 to 5); unchanged for other modalities."""
    if volume.info.modality != "CT" or not 1 <= number <= len(CT_WINDOWS):
        return state
    return replace(state, window=list(CT_WINDOWS.values())[number - 1])


def next_window(state: State, volume: Volume) -> State:
    """Return `state` with the next window of the header; after the last, the automatic one, then the first again."""
    windows = [*volume.info.windows, auto_window(volume.array)]
    known = windows.index(state.window) if state.window in windows else -1
    return replace(state, window=windows[(known + 1) % len(windows)])


def zoomed(state: State, pane: str, factor: float) -> State:
    """Return `state` with `pane` magnified by `factor`."""
    if pane == PANE_3D:
        return replace(state, camera=replace(state.camera, zoom=_clamped(state.camera.zoom * factor)))
    camera = state.pane_camera(pane)
    return _with_pane(state, pane, replace(camera, zoom=_clamped(camera.zoom * factor)))


def panned(state: State, plane: SlicePlane, rect: Rect, dx: float, dy: float) -> State:
    """Return `state` with the slice of `plane` pushed by (dx, dy) pixels."""
    camera = state.pane_camera(plane.name)
    scale = mm_per_pixel(plane, camera, rect)
    pan = (camera.pan_mm[0] - dx * scale, camera.pan_mm[1] - dy * scale)
    return _with_pane(state, plane.name, replace(camera, pan_mm=pan))


def panned_3d(state: State, mm_per_pixel_at_centre: float, dx: float, dy: float) -> State:
    """Return `state` with the volume in the 3-D pane pushed by (dx, dy) pixels."""
    pan = state.camera.pan_mm
    moved = (pan[0] - dx * mm_per_pixel_at_centre, pan[1] - dy * mm_per_pixel_at_centre)
    return replace(state, camera=replace(state.camera, pan_mm=moved))


def turned(state: State, dx: float, dy: float) -> State:
    """Return `state` with the volume turned by a drag of shares (dx, dy) of the pane, as if taken by its front."""
    direction, up = np.asarray(state.camera.direction), np.asarray(state.camera.up)
    about_up = rotation(up, -np.radians(_TURN_DEGREES) * dx)
    direction = about_up @ direction
    about_right = rotation(np.cross(direction, up), np.radians(_TURN_DEGREES) * dy)
    return replace(state, camera=_camera(state.camera, about_right @ direction, about_right @ up))


def rolled(state: State, degrees: float) -> State:
    """Return `state` with the volume rolled counter-clockwise on the screen."""
    direction = np.asarray(state.camera.direction)
    about = rotation(direction, np.radians(degrees))
    return replace(state, camera=_camera(state.camera, direction, about @ np.asarray(state.camera.up)))


def faced(state: State, side: str) -> State:
    """Return `state` with the 3-D pane seen from one side (A P L R H F), in the middle."""
    direction, up = SIDES[side]
    return replace(state, camera=Camera3D(direction, up, state.camera.zoom))


def maximised(state: State, pane: str) -> State:
    """Return `state` with `pane` alone in the window, or all panes where it was alone."""
    return replace(state, layout="quad" if state.layout == pane else pane)


def toggled(state: State, kind: type[Layer]) -> State:
    """Return `state` with the layers of one kind hidden, or shown where all were hidden; one is added to none."""
    if not any(isinstance(layer, kind) for layer in state.layers):
        return replace(state, layers=(*state.layers, kind()))
    visible = not any(isinstance(layer, kind) and layer.visible for layer in state.layers)
    return replace(
        state, layers=tuple(replace(la, visible=visible) if isinstance(la, kind) else la for la in state.layers)
    )


def toggled_slices_in_3d(state: State) -> State:
    """Return `state` with the slices also shown in the 3-D pane, or no longer."""
    return replace(
        state,
        layers=tuple(replace(la, in_3d=not la.in_3d) if isinstance(la, SliceLayer) else la for la in state.layers),
    )


def _with_pane(state: State, pane: str, camera: PaneCamera) -> State:
    if pane == "axial":
        return replace(state, axial=camera)
    return replace(state, sagittal=camera) if pane == "sagittal" else replace(state, coronal=camera)


def _clamped(zoom: float) -> float:
    return min(max(zoom, _LEAST_ZOOM), _MOST_ZOOM)


def _camera(camera: Camera3D, direction: NDArray[np.float64], up: NDArray[np.float64]) -> Camera3D:
    """Return `camera` with another direction, its vectors made orthonormal again: many small turns add up."""
    direction = direction / np.linalg.norm(direction)
    up = up - (up @ direction) * direction
    up = up / np.linalg.norm(up)
    dx, dy, dz = (float(v) for v in direction)
    ux, uy, uz = (float(v) for v in up)
    return replace(camera, direction=(dx, dy, dz), up=(ux, uy, uz))
