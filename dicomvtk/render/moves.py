"""What the hands do to a view: functions from a state to the next, without VTK."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from dicomvtk.geometry import Geometry, axis_moves
from dicomvtk.metadata import Axis
from dicomvtk.render.colour_maps import COLOUR_MAPS
from dicomvtk.render.layout import PANE_3D, Rect, mm_per_pixel, point_under
from dicomvtk.render.levels import value_spread
from dicomvtk.render.planes import SlicePlane
from dicomvtk.render.presets import next_preset
from dicomvtk.render.resolve import State
from dicomvtk.render.rotations import rotation, rotation_of, vector_of
from dicomvtk.render.scene import (
    CLIP_SIDES,
    SLAB_BLENDS,
    Camera3D,
    Layer,
    PaneCamera,
    SliceLayer,
    SurfaceLayer,
    View,
    VolumeLayer,
)
from dicomvtk.render.viewpoints import SIDES
from dicomvtk.volume import Volume

__all__ = [
    "adjusted_rays",
    "clipped_next",
    "cropped_to_slices",
    "faced",
    "fitted",
    "framed",
    "maximised",
    "next_colour_map",
    "next_rays",
    "next_slab_blend",
    "panned",
    "panned_3d",
    "pointed",
    "rolled",
    "scrolled",
    "shifted",
    "surfaced",
    "thickened",
    "tilted",
    "toggled",
    "toggled_slices_in_3d",
    "turned",
    "zoomed",
]

_LEAST_ZOOM, _MOST_ZOOM = 0.05, 100.0
#: So much of a pane, across and up, a slice that is pushed aside still takes.
_PART_IN_SIGHT = 0.1
#: Degrees that the volume turns in a drag across the pane.
_TURN_DEGREES = 200.0
_SLABS_MM = (0.0, 2.0, 5.0, 10.0, 20.0, 40.0, 80.0)
#: Cosine above which a screen axis is taken to lie along an axis of the grid.
_ALONG = 0.7

_T = TypeVar("_T")


def scrolled(state: State, plane: SlicePlane, slices: int) -> State:
    """Return `state` with `plane` moved by `slices`, onto a whole slice, not past the first or last."""
    return replace(state, crosshair=plane.moved(state.crosshair, plane.index_at(state.crosshair) + slices))


def pointed(state: State, plane: SlicePlane, rect: Rect, x: float, y: float) -> State:
    """Return `state` with the crosshair under window pixel (x, y) of the pane of `plane`."""
    return replace(state, crosshair=point_under(plane, state.pane_camera(plane.name), rect, state.crosshair, x, y))


def shifted(state: State, plane: SlicePlane, other: SlicePlane, rect: Rect, dx: float, dy: float) -> State:
    """Return `state` with the plane `other` moved as its trace in the pane of `plane` was, by (dx, dy) pixels."""
    scale = mm_per_pixel(plane, state.pane_camera(plane.name), rect)
    moved = float((dx * plane.right + dy * plane.up) @ other.normal) * scale
    point = np.asarray(state.crosshair)
    along = float(point @ other.normal)
    last = other.first_mm + (other.count - 1) * other.step_mm
    x, y, z = (float(v) for v in point + (min(max(along + moved, other.first_mm), last) - along) * other.normal)
    return replace(state, crosshair=(x, y, z))


def tilted(state: State, plane: SlicePlane, degrees: float) -> State:
    """Return `state` with the other two planes turned counter-clockwise on the screen of `plane`, about its normal."""
    turn = rotation(np.cross(plane.right, plane.up), np.radians(degrees)) @ rotation_of(state.tilt)
    return replace(state, tilt=vector_of(turn))


def thickened(state: State, steps: int) -> State:
    """Return `state` with slabs `steps` thicker in the row of usual thicknesses."""
    known = [mm for mm in _SLABS_MM if mm <= state.slab.thickness_mm]
    number = min(max(len(known) - 1 + steps, 0), len(_SLABS_MM) - 1)
    return replace(state, slab=replace(state.slab, thickness_mm=_SLABS_MM[number]))


def next_slab_blend(state: State) -> State:
    """Return `state` with slabs by the next of maximum, minimum and mean."""
    return replace(state, slab=replace(state.slab, blend=_after(SLAB_BLENDS, state.slab.blend)))


def next_colour_map(state: State) -> State:
    """Return `state` with the slices in the next colour map."""
    return replace(state, colour_map=_after(COLOUR_MAPS, state.colour_map))


def clipped_next(state: State) -> State:
    """Return `state` with the next side cut off the 3-D scene; after the last none."""
    return replace(state, clip=_after((None, *CLIP_SIDES), state.clip))


def cropped_to_slices(state: State, geometry: Geometry, planes: dict[str, SlicePlane], size: tuple[int, int]) -> State:
    """Return `state` with the 3-D scene cropped to what the three slice panes show; all of it where it is cropped.

    `size` (width, height) in pixels is that of the panes.
    """
    if state.crop != View().crop:
        return replace(state, crop=View().crop)
    centre = geometry.index_to_physical((np.asarray(geometry.shape) - 1) / 2)
    low, high = np.full(3, -np.inf), np.full(3, np.inf)
    order = axis_moves(geometry, "LPS")
    along = [geometry.direction[:, a] * (-1 if f else 1) for a, f in zip(order.order, order.flip, strict=True)]
    for name, plane in planes.items():
        camera = state.pane_camera(name)
        scale = mm_per_pixel(plane, camera, Rect(0, 0, *size))
        for direction, pan, pixels in ((plane.right, camera.pan_mm[0], size[0]), (plane.up, camera.pan_mm[1], size[1])):
            for number, axis in enumerate(along):
                share = float(direction @ axis)
                if abs(share) > _ALONG:
                    middle = pan * share + float((plane.centre - centre) @ axis)
                    low[number] = max(low[number], middle - pixels * scale / 2)
                    high[number] = min(high[number], middle + pixels * scale / 2)
    extent = np.array([geometry.extent_mm[a] for a in order.order])
    shares = np.clip(np.stack([low, high]) / extent + 0.5, 0.0, 1.0)
    if not np.all(shares[0] < shares[1]):
        return state
    return replace(state, crop=tuple(float(v) for v in shares.T.ravel()))


def next_rays(state: State, modality: str) -> State:
    """Return `state` with the volume in the next table of colours for `modality`, as the table has it."""
    return _with_rays(state, lambda layer: VolumeLayer(next_preset(layer.preset, modality)))


def adjusted_rays(state: State, volume: Volume, dx: float, dy: float) -> State:
    """Return `state` with the table of the volume stretched and shifted by shares (dx, dy) of the pane."""
    reach = value_spread(volume).width

    def changed(layer: VolumeLayer) -> VolumeLayer:
        return replace(layer, stretch=layer.stretch * 2.0**dx, shift=layer.shift - dy * reach / 2)

    return _with_rays(state, changed)


def reblended_rays(state: State) -> State:
    """Return `state` with the next way for the values along a ray to become one; after the last the table's own."""
    return _with_rays(state, lambda layer: replace(layer, blend=_after((None, "max", "min"), layer.blend)))


def reshaded_rays(state: State) -> State:
    """Return `state` with the volume's shading switched."""
    return _with_rays(state, lambda layer: replace(layer, shade=layer.shade is False))


def framed(state: State, axes: tuple[Axis, ...], steps: int) -> State:
    """Return `state` so many frames further along the longest of `axes`; after the last comes the first."""
    if not axes:
        return state
    longest = max(range(len(axes)), key=lambda n: len(axes[n]))
    frame = [*state.frame, *[0] * (len(axes) - len(state.frame))]
    frame[longest] = (frame[longest] + steps) % len(axes[longest])
    return replace(state, frame=tuple(frame))


def zoomed_about(state: State, plane: SlicePlane, rect: Rect, factor: float, x: float, y: float) -> State:
    """Return `state` with the pane of `plane` magnified about window pixel (x, y), which stays where it is."""
    camera = state.pane_camera(plane.name)
    closer = replace(camera, zoom=_clamped(camera.zoom * factor))
    away = (x + 0.5 - rect.x - rect.width / 2, y + 0.5 - rect.y - rect.height / 2)
    change = mm_per_pixel(plane, camera, rect) - mm_per_pixel(plane, closer, rect)
    pan = (camera.pan_mm[0] + away[0] * change, camera.pan_mm[1] + away[1] * change)
    pan = _in_reach(pan, plane, rect, mm_per_pixel(plane, closer, rect), 0.0)  # a voxel under the pointer stays there
    return _with_pane(state, plane.name, replace(closer, pan_mm=pan))


def zoomed(state: State, pane: str, factor: float) -> State:
    """Return `state` with `pane` magnified by `factor` about its middle."""
    if pane == PANE_3D:
        return replace(state, camera=replace(state.camera, zoom=_clamped(state.camera.zoom * factor)))
    camera = state.pane_camera(pane)
    return _with_pane(state, pane, replace(camera, zoom=_clamped(camera.zoom * factor)))


def panned(state: State, plane: SlicePlane, rect: Rect, dx: float, dy: float) -> State:
    """Return `state` with the slice of `plane` pushed by (dx, dy) pixels."""
    camera = state.pane_camera(plane.name)
    scale = mm_per_pixel(plane, camera, rect)
    pan = (camera.pan_mm[0] - dx * scale, camera.pan_mm[1] - dy * scale)
    return _with_pane(state, plane.name, replace(camera, pan_mm=_in_reach(pan, plane, rect, scale, _PART_IN_SIGHT)))


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


def maximised(state: State, pane: str, several: str = "quad") -> State:
    """Return `state` with `pane` alone in the window, or where it was alone the layout of `several` panes."""
    return replace(state, layout=several if state.layout == pane else pane)


def fitted(state: State) -> State:
    """Return `state` with each slice as large as its pane takes it, in the middle."""
    return replace(state, axial=PaneCamera(), sagittal=PaneCamera(), coronal=PaneCamera())


def toggled(state: State, kind: type[Layer]) -> State:
    """Return `state` with the layers of one kind hidden, or shown where all were hidden; one is added to none."""
    if not any(isinstance(layer, kind) for layer in state.layers):
        return replace(state, layers=(*state.layers, kind()))
    visible = not any(isinstance(layer, kind) and layer.visible for layer in state.layers)
    return replace(
        state, layers=tuple(replace(la, visible=visible) if isinstance(la, kind) else la for la in state.layers)
    )


def surfaced(state: State, level: float) -> State:
    """Return `state` with a surface at `level`, to 4 digits, in place of the first surface there is."""
    new = SurfaceLayer(float(f"{level:.4g}"))
    old = next((n for n, layer in enumerate(state.layers) if isinstance(layer, SurfaceLayer)), len(state.layers))
    return replace(state, layers=(*state.layers[:old], new, *state.layers[old + 1 :]))


def toggled_slices_in_3d(state: State) -> State:
    """Return `state` with the slices also shown in the 3-D pane, or no longer."""
    return replace(
        state,
        layers=tuple(replace(la, in_3d=not la.in_3d) if isinstance(la, SliceLayer) else la for la in state.layers),
    )


def _in_reach(
    pan_mm: tuple[float, float], plane: SlicePlane, rect: Rect, scale: float, part: float
) -> tuple[float, float]:
    """Return `pan_mm` so that the slice still takes `part` of the pane: what is pushed out of sight looks lost."""
    most = (
        (size + (1 - 2 * part) * pixels * scale) / 2
        for size, pixels in zip(plane.size_mm, (rect.width, rect.height), strict=True)
    )
    across, up = (min(max(p, -m), m) for p, m in zip(pan_mm, most, strict=True))
    return (across, up)


def _with_rays(state: State, change: Callable[[VolumeLayer], VolumeLayer]) -> State:
    layers = tuple(change(layer) if isinstance(layer, VolumeLayer) else layer for layer in state.layers)
    return replace(state, layers=layers)


def _after(names: Iterable[_T], name: _T) -> _T:
    """Return what comes after `name`, the first after the last and for a name of another row."""
    row = list(names)
    return row[(row.index(name) + 1) % len(row)] if name in row else row[0]


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
