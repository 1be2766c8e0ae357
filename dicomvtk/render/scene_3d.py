"""What is in the 3-D pane besides its text: the volume cast by rays, its surfaces, its slices, cut and coloured."""

from __future__ import annotations

import math
import warnings
from enum import IntEnum
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from vtkmodules.vtkCommonDataModel import vtkImageData, vtkPlane, vtkPolyData, vtkStaticCellLocator
from vtkmodules.vtkFiltersCore import vtkBinnedDecimation
from vtkmodules.vtkRenderingCore import vtkActor, vtkImageProperty, vtkImageSlice, vtkPolyDataMapper, vtkRenderer

from dicomvtk.bridge.mapper_input import MapperInput
from dicomvtk.bridge.pipeline import run
from dicomvtk.errors import DicomVtkWarning, UnsupportedError
from dicomvtk.processing.couch import patient_in
from dicomvtk.processing.lungs import LUNG_LEVEL, lungs
from dicomvtk.render.caps import Caps
from dicomvtk.render.cutting import MOST_PLANES, HalfSpace, cut_off, faces, kept, vtk_planes
from dicomvtk.render.drawable import grey
from dicomvtk.render.errands import Errands, Progress
from dicomvtk.render.layout import Rect
from dicomvtk.render.lens import VIEW_ANGLE_DEGREES, eye_of, fit_distance_mm, ray_through
from dicomvtk.render.lights import light
from dicomvtk.render.picking import Ray, first_met
from dicomvtk.render.planes import SlicePlane
from dicomvtk.render.ray_voxels import COUCH_LEFT_OUT
from dicomvtk.render.resolve import State
from dicomvtk.render.scene import PLANES, Camera3D, SliceLayer, SurfaceLayer, VolumeLayer
from dicomvtk.render.slice_pane import slice_prop
from dicomvtk.render.text import is_light
from dicomvtk.volume import Volume

if TYPE_CHECKING:
    from dicomvtk.render.raycast import Raycast

__all__ = ["Detail", "Scene3D", "StandIns"]

_BACKGROUND = (0.055, 0.065, 0.08)
#: More triangles than this take a software OpenGL longer than a third of a second; than these, a stand-in too long.
_MOST_TRIANGLES, _STAND_IN_TRIANGLES = 800_000, 80_000
_BINS, _STAND_IN_BINS = 256, 72
#: What a surface follows: a level, whether only that of the lungs, and whether it is of the patient alone.
_Followed = tuple[float, bool, bool]
StandIns = dict[_Followed, vtkPolyData | None]


class Detail(IntEnum):
    """How much of what is slow to make in 3-D is made: nothing new, a small stand-in, all."""

    NOTHING = 0
    PROXY = 1
    FULL = 2


#: What takes long to make: rays in some detail, and surfaces.
_Part = Detail | _Followed


class Scene3D:
    """The props of the 3-D pane in a renderer; `apply` brings them to a state. What is hidden is not built.

    `errands` make what takes long; without them it is made in place.
    With `stand_ins` there is never more than what is drawn in no time: small rays, and the surfaces that are handed in.
    """

    def __init__(
        self, volume: Volume, image: vtkImageData, style: vtkImageProperty, errands: Errands | None = None
    ) -> None:
        self.renderer = vtkRenderer()
        self.renderer.GetActiveCamera().SetViewAngle(VIEW_ANGLE_DEGREES)
        light(self.renderer, software=True)
        self.stand_ins = False
        self._errands = errands or Errands(in_thread=False)
        self._volume = volume
        self._image = image
        self._style = style
        self._cuts: dict[str, vtkPlane] = {}
        self._slices: list[vtkImageSlice] = []
        self._slice_inputs: list[MapperInput] = []
        self._raycasts: dict[Detail, Raycast] = {}
        self._caps = Caps(self.renderer, image)
        self._surfaces: dict[_Followed, vtkActor | None] = {}
        self._whole: dict[_Followed, vtkPolyData] = {}
        self._without_couch: set[_Followed] = set()
        self._beyond: dict[_Followed, object] = {}
        self._stand_ins: StandIns = {}
        self._searched: dict[_Followed, vtkStaticCellLocator] = {}

    def note(self, state: State) -> str:
        """Return what was left out to draw `state`, what is being made, or why there is no surface; empty else."""
        levels = [_followed(layer, state) for layer in state.shown(SurfaceLayer)]
        if any(self._surfaces.get(level, self) is None for level in levels):
            return "no surface at this level"
        if any(level not in self._surfaces for level in levels):
            return "making the surface ..."
        if self.lacks_rays(state):
            return "making the volume ..."
        layers = state.shown(VolumeLayer)
        rays = self._raycast.note(layers[0]) if self._raycast and layers and not self.stand_ins else ""
        return rays or (COUCH_LEFT_OUT if self._without_couch.intersection(levels) else "")

    @property
    def built(self) -> object:
        """Which of the props that take long to make are there, to be compared."""
        return (len(self._surfaces), *((detail, id(rays)) for detail, rays in self._raycasts.items()))

    def set_volume(self, volume: Volume, image: vtkImageData) -> None:
        """Show another frame on the same grid: rays and surfaces are made anew, when there is time."""
        self._volume, self._image = volume, image
        self._errands.give_up()
        for raycast in self._raycasts.values():
            self.renderer.RemoveVolume(raycast.prop)
        for actor in self._surfaces.values():
            if actor is not None:
                self.renderer.RemoveActor(actor)
        self._raycasts, self._surfaces, self._stand_ins, self._searched = {}, {}, {}, {}
        self._whole, self._beyond, self._without_couch = {}, {}, set()
        self._caps.set_image(image)
        for given in self._slice_inputs:
            given.give(image)

    def lacks(self, state: State, detail: Detail) -> bool:
        """Return whether `build` would have something to make, or to take that was made."""
        return any(not self._errands.under_way(part) for part in self._missing(state, detail))

    def lacks_rays(self, state: State) -> bool:
        """Return whether the volume is to be seen and cannot be cast yet, however coarsely."""
        return bool(state.shown(VolumeLayer)) and not self._raycasts

    @property
    def bare(self) -> bool:
        """Whether nothing of this frame that takes long was made yet."""
        return not self._raycasts and not self._surfaces

    def waits(self, state: State) -> bool:
        """Return whether something of `state` in full is not there yet."""
        return bool(self._missing(state, Detail.FULL))

    def surface_stand_ins(self) -> StandIns:
        """Return each surface there is with few triangles, for a scene of another thread; None for an empty one."""
        for followed, actor in self._surfaces.items():
            if followed not in self._stand_ins:
                self._stand_ins[followed] = None if actor is None else _stand_in(self._whole[followed])
        return dict(self._stand_ins)

    def offer_surfaces(self, surfaces: StandIns) -> None:
        """Take the surfaces of this volume that were made elsewhere."""
        for followed, surface in surfaces.items():
            if followed not in self._surfaces:
                self._surfaces[followed] = None if surface is None else self._add_surface(surface)
                if surface is not None:
                    self._whole[followed] = surface

    def offer_rays(self, rays: Raycast) -> None:
        """Take small rays through this volume that were made elsewhere."""
        if not self._raycasts:
            self._take_rays(Detail.PROXY, rays)

    def build(self, state: State, detail: Detail, *, software: bool) -> None:
        """Make the props that `state` shows and that were not made yet: this is what takes seconds.

        Where errands have a thread, they are begun, and those that are there are taken.
        """
        if software != self._caps.software:
            self._caps.software = software
            light(self.renderer, software=software)
        for part in self._missing(state, detail):
            if isinstance(part, Detail):
                layer = state.shown(VolumeLayer)[0]
                rays = self._errands.ask(part, partial(_rays, self._volume, software, part, layer))
                if rays is not None:
                    self._take_rays(part, rays.value)
            else:
                surface = self._errands.ask(part, partial(_surface, self._volume, part))
                if surface is not None:
                    self.offer_surfaces({part: surface.value[0]})
                    self._without_couch |= {part} if surface.value[1] else set()

    def _missing(self, state: State, detail: Detail) -> list[_Part]:
        """Return what `state` shows in so much detail and is not there, in the order in which it is to be made."""
        detail = self._limited(detail)
        missing: list[_Part] = []
        if state.shown(VolumeLayer) and not self.stand_ins and not any(made >= detail for made in self._raycasts):
            first = Detail.PROXY if self._errands.in_thread and not self._raycasts else detail
            missing += [step for step in (Detail.PROXY, Detail.FULL) if first <= step <= detail]
        if detail is Detail.FULL:
            followed = dict.fromkeys(_followed(layer, state) for layer in state.shown(SurfaceLayer))
            missing += [one for one in followed if one not in self._surfaces]
        return missing

    def _take_rays(self, detail: Detail, rays: Raycast) -> None:
        for raycast in self._raycasts.values():
            self.renderer.RemoveVolume(raycast.prop)
        self._raycasts = {detail: rays}
        self.renderer.AddVolume(rays.prop)

    def apply(self, state: State, planes: dict[str, SlicePlane], rect: Rect) -> None:
        """Show what `build` made of `state` in a pane that takes `rect` of the window."""
        self.renderer.SetBackground(*(state.background_3d or _BACKGROUND))
        spaces = kept(state, self._volume.geometry, planes)
        self._look(state.camera, rect)
        self._show_volume(state, spaces)
        self._close_volume(state, spaces, planes)
        self._show_surfaces(state, spaces)
        self._show_slices(state, planes)
        self.renderer.ResetCameraClippingRange()

    def hide(self) -> None:
        """Draw none of it until the next `apply`."""
        for prop in self.renderer.GetVolumes():
            prop.VisibilityOff()
        for prop in (*self._slices, *(actor for actor in self._surfaces.values() if actor is not None)):
            prop.VisibilityOff()
        self._caps.hide()

    def point_under(
        self, state: State, planes: dict[str, SlicePlane], rect: Rect, x: float, y: float
    ) -> NDArray[np.float64] | None:
        """Return the LPS point (3,) in mm that window pixel (x, y) shows of what was made; None beside the scene."""
        geometry = self._volume.geometry
        ray = Ray(*ray_through(geometry, state.camera, rect, x, y), self._cast, kept(state, geometry, planes))
        table = self._raycast.table if self._raycast is not None and state.shown(VolumeLayer) else None
        made = [(layer, self._triangles(_followed(layer, state))) for layer in state.shown(SurfaceLayer)]
        there = [(layer, triangles) for layer, triangles in made if triangles is not None]
        return first_met(ray, state, list(planes.values()), table, there)

    def _triangles(self, followed: _Followed) -> vtkStaticCellLocator | None:
        """Return the triangles of a surface that was made, to be searched."""
        actor = self._surfaces.get(followed)
        if actor is not None and followed not in self._searched:
            self._searched[followed] = vtkStaticCellLocator()
            self._searched[followed].SetDataSet(self._whole[followed])
            self._searched[followed].BuildLocator()
        return self._searched.get(followed)

    def set_rays(self, pixels_apart: float) -> None:
        """Cast a ray for each pixel (1), or fewer, and cut less finely, for as long as the mouse moves."""
        if self._raycast is not None:
            self._raycast.set_rays(pixels_apart)
        for prop in self._slices:
            prop.GetMapper().SetResampleToScreenPixels(pixels_apart <= 1)

    def _limited(self, detail: Detail) -> Detail:
        return min(detail, Detail.PROXY) if self.stand_ins else detail

    @property
    def _raycast(self) -> Raycast | None:
        return next(iter(self._raycasts.values()), None)

    @property
    def _cast(self) -> vtkImageData:
        """The voxels that rays go through where a part of them is left out, those of the volume else."""
        part = None if self._raycast is None else self._raycast.part
        return self._image if part is None else part

    def _show_volume(self, state: State, spaces: tuple[HalfSpace, ...]) -> None:
        layers = state.shown(VolumeLayer)
        if self._raycast is not None:
            self._raycast.prop.SetVisibility(bool(layers))
            if layers:
                self._raycast.set_look(layers[0], light=is_light(state.background_3d))
                self._raycast.cut(spaces)

    def _close_volume(self, state: State, spaces: tuple[HalfSpace, ...], planes: dict[str, SlicePlane]) -> None:
        shown = self._raycast is not None and state.shown(VolumeLayer) and not self._volume.is_colour
        table = self._raycast.table if shown and self._raycast is not None else None
        self._caps.set_image(self._cast)
        eye = np.array(self.renderer.GetActiveCamera().GetPosition())
        self._caps.apply(table, faces(state, self._volume.geometry, planes), spaces, eye)

    def _show_surfaces(self, state: State, spaces: tuple[HalfSpace, ...]) -> None:
        shown = {_followed(layer, state): layer for layer in state.shown(SurfaceLayer)}
        for followed, actor in self._surfaces.items():
            if actor is None:
                continue
            actor.SetVisibility(followed in shown)
            if followed in shown:
                actor.GetProperty().SetColor(*shown[followed].colour)
                actor.GetProperty().SetOpacity(shown[followed].opacity)
                actor.GetMapper().SetClippingPlanes(vtk_planes(spaces[:MOST_PLANES]))
                self._cut(followed, actor, spaces[MOST_PLANES:])

    def _cut(self, followed: _Followed, actor: vtkActor, spaces: tuple[HalfSpace, ...]) -> None:
        """Cut the triangles of a surface themselves by the half spaces that a mapper has no planes for."""
        wanted = tuple((tuple(point), tuple(normal)) for point, normal in spaces)
        if self._beyond.get(followed, ()) != wanted:
            actor.GetMapper().SetInputData(cut_off(self._whole[followed], spaces))
            self._beyond[followed] = wanted

    def _show_slices(self, state: State, planes: dict[str, SlicePlane]) -> None:
        wanted = any(layer.in_3d for layer in state.shown(SliceLayer))
        if wanted and not self._cuts:
            self._cuts = {name: vtkPlane() for name in PLANES}
            self._slices = [slice_prop(cut, self._style) for cut in self._cuts.values()]
            self._slice_inputs = [MapperInput(prop.GetMapper()) for prop in self._slices]
            for prop, given in zip(self._slices, self._slice_inputs, strict=True):
                given.give(self._image)
                self.renderer.AddViewProp(prop)
        for (name, cut), prop in zip(self._cuts.items(), self._slices, strict=True):
            prop.SetVisibility(wanted)
            cut.SetOrigin(*planes[name].shown_at(state.crosshair))
            cut.SetNormal(*planes[name].normal)

    def _add_surface(self, surface: vtkPolyData) -> vtkActor:
        mapper = vtkPolyDataMapper()
        mapper.SetInputData(surface)
        mapper.ScalarVisibilityOff()
        actor = vtkActor()
        actor.SetMapper(mapper)
        actor.GetProperty().SetAmbient(0.10)
        actor.GetProperty().SetDiffuse(0.85)
        actor.GetProperty().SetSpecular(0.15)
        actor.GetProperty().SetSpecularPower(20)
        self.renderer.AddActor(actor)
        return actor

    def _look(self, camera: Camera3D, rect: Rect) -> None:
        at, _right, up, forward = eye_of(self._volume.geometry, camera, rect)
        eye = self.renderer.GetActiveCamera()
        eye.SetPosition(*at)
        eye.SetFocalPoint(*(at + forward * fit_distance_mm(self._volume.geometry, rect.width / rect.height)))
        eye.SetViewUp(*up)


def _followed(layer: SurfaceLayer, state: State) -> _Followed:
    level = 0.0 if layer.level is None else layer.level
    alone = not any(other.couch for other in state.layers if isinstance(other, VolumeLayer))
    return (level, layer.name.lower() == "lung" and level == LUNG_LEVEL, alone)


def _rays(volume: Volume, software: bool, detail: Detail, layer: VolumeLayer, progress: Progress) -> Raycast:
    from dicomvtk.render.raycast import Raycast  # two more libraries of VTK

    rays = Raycast(volume, software=software, proxy=detail is Detail.PROXY)
    progress(1, 2)
    rays.set_look(layer)  # here is where what takes long belongs
    return rays


def _surface(volume: Volume, followed: _Followed, progress: Progress) -> tuple[vtkPolyData | None, bool]:
    """Return the surface, None for an empty one, and whether a couch was left out of it."""
    from dicomvtk.processing.surface import extract_surface  # with the libraries of its file formats

    level, of_lungs, alone = followed
    patient = patient_in(volume) if alone and not of_lungs else None
    try:
        values = lungs(volume) if of_lungs else grey(volume)
        values = values if patient is None else values.with_array(patient.alone(values.array))
        progress(1, 3)
        surface = extract_surface(values, level)
    except UnsupportedError as error:  # nothing crosses this level, or there is no depth
        warnings.warn(f"Not drawn in 3-D: {error}", DicomVtkWarning, stacklevel=2)
        return None, patient is not None
    progress(2, 3)
    return _light(surface, _MOST_TRIANGLES, _BINS), patient is not None


def _stand_in(surface: vtkPolyData) -> vtkPolyData:
    """Return `surface` with few triangles, in memory of its own: mappers in two threads must not share it."""
    light, bins = surface, _STAND_IN_BINS
    while light.GetNumberOfPolys() > _STAND_IN_TRIANGLES and bins > 1:
        light = _light(surface, _STAND_IN_TRIANGLES, bins)
        bins = int(bins * min(0.8, math.sqrt(_STAND_IN_TRIANGLES / max(1, light.GetNumberOfPolys()))))
    small = vtkPolyData()
    small.DeepCopy(light)
    return small


def _light(surface: vtkPolyData, most: int, bins: int) -> vtkPolyData:
    """Return `surface` with few enough triangles to be turned by hand; it is the picture's, not for measuring."""
    if surface.GetNumberOfPolys() <= most:
        return surface
    binned = vtkBinnedDecimation()
    binned.SetInputData(surface)
    binned.SetNumberOfDivisions(bins, bins, bins)
    binned.AutoAdjustNumberOfDivisionsOff()
    binned.SetPointGenerationModeToBinAverages()
    binned.ProducePointDataOn()  # the normals of the volume: those of noisy triangles turn over in places and go black
    return run(binned)
