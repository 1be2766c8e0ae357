"""The 3-D pane: the volume cast by rays, its surface, its slices, and a cube that says which way is which."""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from vtkmodules.vtkCommonDataModel import vtkImageData, vtkPlane, vtkPolyData
from vtkmodules.vtkFiltersCore import vtkBinnedDecimation
from vtkmodules.vtkRenderingCore import vtkActor, vtkImageProperty, vtkImageSlice, vtkPolyDataMapper, vtkRenderer

from dicomvtk.bridge.pipeline import run
from dicomvtk.errors import UnsupportedError
from dicomvtk.geometry import Geometry
from dicomvtk.processing.surface import extract_surface
from dicomvtk.render.annotations import Corners
from dicomvtk.render.compass import Compass
from dicomvtk.render.cutting import HalfSpace, kept, vtk_planes
from dicomvtk.render.drawable import grey
from dicomvtk.render.frame import PLANE_COLOURS, PaneFrame
from dicomvtk.render.labels import PaneLabels
from dicomvtk.render.layout import Rect
from dicomvtk.render.planes import SlicePlane
from dicomvtk.render.raycast import Raycast
from dicomvtk.render.resolve import State
from dicomvtk.render.scene import PLANES, Camera3D, SliceLayer, SurfaceLayer, VolumeLayer
from dicomvtk.render.slice_pane import slice_prop
from dicomvtk.render.text import is_light
from dicomvtk.volume import Volume

__all__ = ["Detail", "Pane3D", "fit_distance_mm", "mm_per_pixel_3d"]

_BACKGROUND = (0.055, 0.065, 0.08)
_VIEW_ANGLE_DEGREES = 30.0
#: What is worth seeing seldom fills the faces of the grid: the near half of it may reach past the edge of the pane.
_DEPTH_SHARE = 0.55
#: More triangles than this take a software OpenGL longer than a third of a second.
_MOST_TRIANGLES = 800_000
_BINS = 256


class Detail(IntEnum):
    """How much of what is slow to make in 3-D is made: nothing new, a small stand-in, all."""

    NOTHING = 0
    PROXY = 1
    FULL = 2


class Pane3D:
    """The VTK side of the 3-D pane; `apply` brings it to a state. What is hidden is not built."""

    def __init__(self, volume: Volume, image: vtkImageData, style: vtkImageProperty) -> None:
        self.renderer = vtkRenderer()
        self.renderer.GetActiveCamera().SetViewAngle(_VIEW_ANGLE_DEGREES)
        self.compass = Compass(placed=volume.geometry.placed)
        self._volume = volume
        self._image = image
        self._style = style
        self._labels = PaneLabels(self.renderer)
        self._cuts: dict[str, vtkPlane] = {}
        self._slices: list[vtkImageSlice] = []
        self._raycasts: dict[Detail, Raycast] = {}
        self._surfaces: dict[float, vtkActor | None] = {}
        self._frame = PaneFrame(self.renderer, PLANE_COLOURS["3d"])

    @property
    def note(self) -> str:
        """What was left out to draw the volume, and why there is no surface; empty where all is drawn."""
        if any(actor is None for actor in self._surfaces.values()):
            return "no surface at this level"
        return self._raycast.note if self._raycast else ""

    @property
    def built(self) -> int:
        """How many of the props that take long to make are there."""
        return len(self._surfaces) + len(self._raycasts)

    def set_volume(self, volume: Volume, image: vtkImageData) -> None:
        """Show another frame on the same grid: rays and surfaces are made anew, when there is time."""
        self._volume, self._image = volume, image
        for raycast in self._raycasts.values():
            self.renderer.RemoveVolume(raycast.prop)
        for actor in self._surfaces.values():
            if actor is not None:
                self.renderer.RemoveActor(actor)
        self._raycasts, self._surfaces = {}, {}
        for prop in self._slices:
            prop.GetMapper().SetInputData(image)

    def lacks(self, state: State, detail: Detail) -> bool:
        """Return whether `build` would have something to make."""
        rays = bool(state.shown(VolumeLayer)) and not any(made >= detail for made in self._raycasts)
        levels = detail is Detail.FULL and any(la.level not in self._surfaces for la in state.shown(SurfaceLayer))
        return detail > Detail.NOTHING and (rays or levels)

    def build(self, state: State, detail: Detail, *, software: bool) -> None:
        """Make the props that `state` shows and that were not made yet: this is what takes seconds."""
        if not self.lacks(state, detail):
            return
        if state.shown(VolumeLayer) and not any(made >= detail for made in self._raycasts):
            for raycast in self._raycasts.values():
                self.renderer.RemoveVolume(raycast.prop)
            made = Raycast(self._volume, software=software, proxy=detail is Detail.PROXY)
            self._raycasts = {detail: made}
            self.renderer.AddVolume(made.prop)
        if detail is Detail.FULL:
            for layer in state.shown(SurfaceLayer):
                if layer.level is not None and layer.level not in self._surfaces:
                    self._surfaces[layer.level] = self._surface(layer.level)

    def apply(self, state: State, planes: dict[str, SlicePlane], corners: Corners, rect: Rect) -> None:
        """Show what `build` made of `state` in a pane that takes `rect` of the window."""
        self.renderer.SetBackground(*(state.background or _BACKGROUND))
        spaces = kept(state, self._volume.geometry, planes)
        self._show_volume(state, spaces)
        self._show_surfaces(state, spaces)
        self._show_slices(state, planes)
        self._look(state.camera, rect)
        self.compass.apply(state.camera)
        self._frame.apply(rect, visible=len(state.panes) > 1)
        self._labels.apply(corners, ("", "", "", ""), rect, visible=state.annotations, light=is_light(state.background))

    def set_coarse(self, coarse: bool) -> None:
        """Cast fewer rays, for as long as the mouse moves."""
        if self._raycast is not None:
            self._raycast.set_coarse(coarse)

    @property
    def _raycast(self) -> Raycast | None:
        return next(iter(self._raycasts.values()), None)

    def _show_volume(self, state: State, spaces: tuple[HalfSpace, ...]) -> None:
        layers = state.shown(VolumeLayer)
        if self._raycast is not None:
            self._raycast.prop.SetVisibility(bool(layers))
            if layers:
                self._raycast.set_look(layers[0])
                self._raycast.cut(spaces)

    def _show_surfaces(self, state: State, spaces: tuple[HalfSpace, ...]) -> None:
        shown = {layer.level: layer for layer in state.shown(SurfaceLayer)}
        for level, actor in self._surfaces.items():
            if actor is None:
                continue
            actor.SetVisibility(level in shown)
            if level in shown:
                actor.GetProperty().SetColor(*shown[level].colour)
                actor.GetProperty().SetOpacity(shown[level].opacity)
                actor.GetMapper().SetClippingPlanes(vtk_planes(spaces))

    def _show_slices(self, state: State, planes: dict[str, SlicePlane]) -> None:
        wanted = any(layer.in_3d for layer in state.shown(SliceLayer))
        if wanted and not self._cuts:
            self._cuts = {name: vtkPlane() for name in PLANES}
            self._slices = [slice_prop(self._image, cut, self._style) for cut in self._cuts.values()]
            for prop in self._slices:
                self.renderer.AddViewProp(prop)
        for (name, cut), prop in zip(self._cuts.items(), self._slices, strict=True):
            prop.SetVisibility(wanted)
            cut.SetOrigin(*planes[name].shown_at(state.crosshair))
            cut.SetNormal(*planes[name].normal)

    def _surface(self, level: float) -> vtkActor | None:
        try:
            surface = extract_surface(grey(self._volume), level)
        except UnsupportedError:  # nothing crosses this level, or there is no depth: the corner says so
            return None
        mapper = vtkPolyDataMapper()
        mapper.SetInputData(_light(surface))
        mapper.ScalarVisibilityOff()
        actor = vtkActor()
        actor.SetMapper(mapper)
        actor.GetProperty().SetSpecular(0.15)
        actor.GetProperty().SetSpecularPower(20)
        self.renderer.AddActor(actor)
        return actor

    def _look(self, camera: Camera3D, rect: Rect) -> None:
        geometry = self._volume.geometry
        forward, up = np.asarray(camera.direction), np.asarray(camera.up)
        right = np.cross(forward, up)
        centre = geometry.index_to_physical((np.asarray(geometry.shape) - 1) / 2)
        focus = centre + camera.pan_mm[0] * right + camera.pan_mm[1] * up
        distance = fit_distance_mm(geometry, rect.width / rect.height) / camera.zoom
        eye = self.renderer.GetActiveCamera()
        eye.SetFocalPoint(*focus)
        eye.SetPosition(*(focus - distance * forward))
        eye.SetViewUp(*up)
        self.renderer.ResetCameraClippingRange()


def _light(surface: vtkPolyData) -> vtkPolyData:
    """Return `surface` with few enough triangles to be turned by hand; it is the picture's, not for measuring."""
    if surface.GetNumberOfPolys() <= _MOST_TRIANGLES:
        return surface
    binned = vtkBinnedDecimation()
    binned.SetInputData(surface)
    binned.SetNumberOfDivisions(_BINS, _BINS, _BINS)
    binned.AutoAdjustNumberOfDivisionsOff()
    binned.SetPointGenerationModeToBinAverages()
    binned.ProducePointDataOn()  # the normals of the volume: those of noisy triangles turn over in places and go black
    return run(binned)


def fit_distance_mm(geometry: Geometry, aspect: float) -> float:
    """Return how far from the centre the eye must be to see the middle section of the grid, from any of its sides.

    `aspect` is width over height of the pane. The distance does not depend on where the eye is, so that turning the
    volume does not make it breathe.
    """
    half = np.asarray(geometry.extent_mm) / 2
    tangent = float(np.tan(np.radians(_VIEW_ANGLE_DEGREES / 2))) * min(1.0, aspect)
    return float(half.max() / tangent + _DEPTH_SHARE * half.max())


def mm_per_pixel_3d(geometry: Geometry, camera: Camera3D, rect: Rect) -> float:
    """Return the size of a screen pixel in the 3-D pane at the depth of the volume's centre."""
    distance = fit_distance_mm(geometry, rect.width / rect.height) / camera.zoom
    return float(2 * distance * np.tan(np.radians(_VIEW_ANGLE_DEGREES / 2)) / rect.height)
