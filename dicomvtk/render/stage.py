"""The VTK side of a view: panes in a window, and the one function that brings them to a state."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from vtkmodules.vtkRenderingCore import vtkRenderer, vtkRenderWindow

from dicomvtk.bridge.images import to_vtk
from dicomvtk.geometry import Float3
from dicomvtk.render.annotations import pane_3d_corners, slice_corners, unit_text
from dicomvtk.render.errands import Errands
from dicomvtk.render.fine import Fine, Wanted
from dicomvtk.render.greys import ColourTables
from dicomvtk.render.layout import PANE_3D, Rect, pane_rects
from dicomvtk.render.opengl import is_software
from dicomvtk.render.overlay import Overlay
from dicomvtk.render.pane_3d import Pane3D
from dicomvtk.render.panels import Sheet
from dicomvtk.render.planes import SlicePlane, slice_planes
from dicomvtk.render.resolve import State
from dicomvtk.render.scene import PLANES, SliceLayer, View
from dicomvtk.render.scene_3d import Detail
from dicomvtk.render.slice_pane import SlicePane, slice_style, style_slices
from dicomvtk.volume import Volume

if TYPE_CHECKING:
    from dicomvtk.render.raycast import Raycast

__all__ = ["Stage"]

_COMPASS_SHARE = 0.2
_LAYERS = 3
#: Screen pixels from ray to ray while the mouse moves: to begin with, and at most, where the machine is slow.
_PIXELS_APART, _MOST_APART = 3.0, 8.0
#: Seconds of a frame below and above which there are more rays or fewer in the next, by this factor of distance.
_QUICK, _SLOW, _PACE = 0.025, 0.05, 1.3
#: How errors of VTK begin that leave a volume undrawn.
_CARD_ERROR = re.compile(r"vtk(OpenGL)?(GPUVolume|VolumeTexture|TextureObject|ShaderProgram)")


class Stage:
    """A window with the panes of one volume, a real 3-D frame (see `drawable`).

    `note` is written where the series is named. Nothing shows before `apply` and `render`. With `in_thread`, where a
    processor draws, the 3-D pane itself draws stand-ins alone, and fine pictures are handed in (`fine_wanted`).
    """

    def __init__(
        self,
        volume: Volume,
        window: vtkRenderWindow,
        note: str = "",
        *,
        in_thread: bool = False,
        errands: Errands | None = None,
    ) -> None:
        self.window = window
        self.rects: dict[str, Rect] = {}
        self.planes: dict[str, SlicePlane] = {}
        self._volume = volume
        self._note = note
        self._style = slice_style(colour=volume.is_colour)
        self._tables = ColourTables()
        image = to_vtk(volume)
        self._panes = {name: SlicePane(name, volume, image, self._style) for name in PLANES}
        self._pane_3d = Pane3D(volume, image, self._style, errands)
        self._overlay = Overlay()
        self._state: State | None = None
        self._size = (0, 0)
        self._message = ""
        self._sheet: Sheet | None = None
        #: Index and count of the frames that the slider at the foot goes through.
        self.frames = (0, 1)
        self._drawn_3d: object = ""  # like no looks
        self._drawn_2d: dict[str, object] = {}
        self._pixels_apart = _PIXELS_APART
        self._software: bool | None = None
        self._in_thread = in_thread
        self._mark: Float3 | None = None
        self._fine: Fine | None = None
        self._note_3d = ""
        _prepare(window)

    def set_volume(self, volume: Volume, note: str = "") -> None:
        """Show another frame, on the same grid and of the same kind, from the next `apply` on."""
        self._volume, self._note = volume, note
        image = to_vtk(volume)
        for pane in self._panes.values():
            pane.set_volume(volume, image)
        self._pane_3d.scene.set_volume(volume, image)
        self._drawn_3d, self._drawn_2d = "", {}

    @property
    def resized(self) -> bool:
        """True where the window has another size than the last state was applied to."""
        return tuple(self.window.GetSize()) != self._size

    def apply(self, state: State, *, detail: Detail = Detail.FULL) -> None:
        """Bring every pane to `state`; `detail` leaves what is slow to make in 3-D for a later call."""
        size: tuple[int, int] = tuple(self.window.GetSize())
        if self._state is None or _planes_of(self._state) != _planes_of(state):
            self.planes = slice_planes(self._volume.geometry, state.along, state.tilt, neurological=state.neurological)
        self.rects = pane_rects(state.layout, size)
        self._hang(size)
        style_slices(self._style, state, self._volume, self._tables)
        first = next(iter(self.rects))
        for name, pane in self._panes.items():
            if name in self.rects:
                corners = slice_corners(self._volume, state, self.planes[name], first=name == first, note=self._note)
                pane.apply(state, self.planes, corners, self.rects[name])
        if PANE_3D in self.rects:
            self._apply_3d(state, detail)
        self._overlay.apply(size, help_sheet=state.help_sheet, sheet=self._sheet, frames=self.frames)
        self._state, self._size = state, size

    def _apply_3d(self, state: State, detail: Detail) -> None:
        scene = self._pane_3d.scene
        scene.stand_ins = self.in_thread
        scene.build(state, detail, software=self._is_software())
        fine = self._fine if self._shows_fine(state) else None
        self._note_3d = fine.note if fine is not None else scene.note(state) or (self._fine.note if self._fine else "")
        kept = self._keeps_fine(state)
        if kept:
            self._note_3d += " an earlier frame is shown"
        corners = pane_3d_corners(state, unit_text(self._volume), self._note_3d)
        picture = self._fine.picture if self._fine is not None and (fine is not None or kept) else None
        if self._mark is None or self._marks_now(state, detail):
            self._mark = state.crosshair
        self._pane_3d.apply(state, self.planes, corners, self.rects[PANE_3D], picture, mark=self._mark)

    def point_in_3d(self, x: int, y: int) -> NDArray[np.float64] | None:
        """Return the LPS point (3,) in mm that window pixel (x, y) of the 3-D pane shows; None beside the scene."""
        if self._state is None or PANE_3D not in self.rects:
            return None
        return self._pane_3d.scene.point_under(self._state, self.planes, self.rects[PANE_3D], x, y)

    def lacks(self, state: State, detail: Detail) -> bool:
        """Return whether `apply` with `detail` would make more of the 3-D pane of `state` than there is."""
        late = state.show_crosshair and self._mark != state.crosshair and self._marks_now(state, detail)
        return PANE_3D in state.panes and (late or self._pane_3d.scene.lacks(state, detail))

    def waits(self, state: State) -> bool:
        """Return whether something of the 3-D pane of `state` in full is not there yet."""
        return PANE_3D in state.panes and self._pane_3d.scene.waits(state)

    def begin(self, state: State) -> bool:
        """Have all of the 3-D pane of `state` made in full, and return whether that goes on elsewhere."""
        if PANE_3D not in state.panes:
            return False
        self._pane_3d.scene.build(state, Detail.FULL, software=self._is_software())
        return self.waits(state)

    @property
    def built(self) -> object:
        """Which parts of the 3-D pane that take long to make are there, to be compared."""
        return self._pane_3d.scene.built

    def leave_card(self, errors: list[str]) -> bool:
        """Return whether one of VTK's `errors` is of rays on a graphics card; then a processor casts them from now on.

        The pane would stay blank (VTK 9.7).
        """
        if self._is_software() or not any(_CARD_ERROR.match(error) for error in errors):
            return False
        self._software = True
        self._pane_3d.scene.set_volume(self._volume, to_vtk(self._volume))
        return True

    def lacks_rays(self, state: State) -> bool:
        """Return whether the 3-D pane is without the small rays that come from elsewhere. `state` was applied."""
        return self.in_thread and PANE_3D in self.rects and self._pane_3d.scene.lacks_rays(state)

    def offer_rays(self, rays: Raycast) -> None:
        """Take small rays through this volume, which are shown from the next `apply` on."""
        self._pane_3d.scene.offer_rays(rays)

    def _marks_now(self, state: State, detail: Detail) -> bool:
        """Return whether the 3-D pane is to follow the crosshair: over a picture at once, else only with much time."""
        if self.in_thread:
            return PANE_3D in self.rects and self._shows_fine(state)
        return detail is Detail.FULL

    @property
    def in_thread(self) -> bool:
        """Whether fine pictures of the 3-D pane are to come from elsewhere; never so where a graphics card draws."""
        return self._in_thread and self._is_software()

    def draw_in_place(self) -> None:
        """Let the 3-D pane draw everything itself from the next `apply` on."""
        self._in_thread = self._pane_3d.scene.stand_ins = False

    def fine_wanted(self, state: State) -> Wanted | None:
        """Return the fine picture that the 3-D pane is without, None where it lacks none. `state` was applied."""
        if PANE_3D not in self.rects or not self.in_thread or self._shows_fine(state):
            return None
        return self._wanted(state)

    def offer_fine(self, fine: Fine) -> None:
        """Take a fine picture, to be shown from the next `apply` on for as long as the state is the one it is of."""
        self._fine = fine
        self._pane_3d.scene.offer_surfaces(fine.surfaces)

    def show_sheet(self, sheet: Sheet | None) -> None:
        """Lay `sheet` over the window from the next `apply` on; None takes it away."""
        self._sheet = sheet

    def say(self, text: str) -> None:
        """Show one line at the foot of the window; empty text takes it away."""
        self._overlay.say(text)
        self._message = text

    def render(self, *, coarse: bool = False) -> None:
        """Draw the state applied last. Each pane keeps its pixels where nothing of it changed."""
        live = self._state is None or PANE_3D not in self.rects or not self._shows_fine(self._state)
        coarse_3d = live and (coarse or self.in_thread)
        thick = self._state is not None and self._state.slab.thickness_mm > 0
        looks = (self._looks_3d(), coarse_3d)
        looks_2d: dict[str, object] = {name: (self._looks_2d(name), coarse and thick) for name in self._panes}
        still = [] if looks != self._drawn_3d else [self._pane_3d.renderer, self._pane_3d.compass.renderer]
        still += [pane.renderer for name, pane in self._panes.items() if looks_2d[name] == self._drawn_2d.get(name)]
        self._pane_3d.scene.set_rays(self._pixels_apart if coarse_3d else 1.0)
        for pane in self._panes.values():
            pane.set_coarse(coarse)
        for renderer in still:
            renderer.SetDraw(False)
        began = time.monotonic()
        self.window.Render()
        if coarse_3d and looks != self._drawn_3d:
            self._pixels_apart = _paced(self._pixels_apart, time.monotonic() - began)
        for renderer in still:  # VTK itself renders too, when the window was covered: then all must be drawn
            renderer.SetDraw(True)
        self._drawn_3d, self._drawn_2d = looks, looks_2d

    def clear(self) -> None:
        """Take everything out of the window; the stage is of no use afterwards."""
        for renderer in list(self.window.GetRenderers()):
            if renderer in self._renderers():
                self.window.RemoveRenderer(renderer)

    def close(self) -> None:
        """Give back what the window holds; the stage is of no use afterwards."""
        self.clear()
        self.window.Finalize()

    def _renderers(self) -> list[vtkRenderer]:
        slices = [pane.renderer for pane in self._panes.values()]
        return [*slices, self._pane_3d.renderer, self._pane_3d.compass.renderer, self._overlay.renderer]

    def _is_software(self) -> bool:
        if self._software is None:
            self._software = is_software(self.window)
        return self._software

    def _hang(self, size: tuple[int, int]) -> None:
        """Put the renderers of the visible panes, and only those, into the window."""
        renderers = {name: pane.renderer for name, pane in self._panes.items()} | {PANE_3D: self._pane_3d.renderer}
        for name, renderer in renderers.items():
            self._set_present(renderer, name in self.rects)
            if name in self.rects:
                _set_viewport(renderer, self.rects[name], size)
        compass = self._pane_3d.compass.renderer
        self._set_present(compass, PANE_3D in self.rects)
        if PANE_3D in self.rects:
            _set_viewport(compass, _compass_rect(self.rects[PANE_3D]), size)
        self._set_present(self._overlay.renderer, True)

    def _set_present(self, renderer: vtkRenderer, present: bool) -> None:
        if present and not self.window.HasRenderer(renderer):
            self.window.AddRenderer(renderer)
        elif not present and self.window.HasRenderer(renderer):
            self.window.RemoveRenderer(renderer)

    def _looks_2d(self, name: str) -> object:
        """Return all that the pixels of the slice pane `name` depend on, to be compared."""
        if self._state is None:
            return None
        plain = View()
        state = replace(
            self._state,
            camera=plain.camera,
            crop=plain.crop,
            clip=None,
            crop_box=False,
            axial=plain.axial,
            sagittal=plain.sagittal,
            coronal=plain.coronal,
        )
        return (state, self._state.pane_camera(name), self._size, self._message, self._sheet, self.frames)

    def _looks_3d(self) -> object:
        """Return all that the pixels of the 3-D pane depend on, to be compared."""
        state = self._state
        if state is None or PANE_3D not in self.rects:
            return None
        return (
            _scene_looks(state),
            state.layout,
            state.annotations,
            state.crop_box,
            self._pane_3d.scene.built,
            self._note_3d,
            self._size,
            state.help_sheet,
            self._message,
            self._sheet,
            self.frames,
            self._shows_fine(state),
            self._keeps_fine(state),
            (self._mark, _planes_of(state)) if state.show_crosshair else None,
        )

    def _shows_fine(self, state: State) -> bool:
        """Return whether the fine picture handed in last is one of `state`."""
        fine = self._fine
        return fine is not None and self.in_thread and self._wanted(state).same(fine.wanted)

    def _keeps_fine(self, state: State) -> bool:
        """Return whether the picture of the frame before stays until something of this one is there.

        Else the pane would blink while frames are played.
        """
        fine = self._fine
        if fine is None or fine.wanted.volume is self._volume or not (self.in_thread and self._pane_3d.scene.bare):
            return False
        return self._wanted(state).alike(fine.wanted)

    def _wanted(self, state: State) -> Wanted:
        rect = self.rects[PANE_3D]
        return Wanted(self._volume, state, (rect.width, rect.height), _scene_looks(state))


def _scene_looks(state: State) -> object:
    """Return all that the pixels of the scene in the 3-D pane depend on, its size besides, to be compared."""
    slices = any(layer.in_3d for layer in state.shown(SliceLayer))
    greys = (state.window, state.voi_lut, state.invert, state.interpolation, state.colour_map)
    cut = (state.crosshair, *greys, state.slab, _planes_of(state)) if slices else ()
    clip = (state.clip, state.crosshair, _planes_of(state)) if state.clip else ()
    return (state.camera, state.layers, state.background, state.crop, cut, clip)


def _paced(pixels_apart: float, seconds: float) -> float:
    """Return how far apart rays are to be cast next, so that frames take between `_QUICK` and `_SLOW` seconds."""
    if seconds > _SLOW:
        return min(pixels_apart * _PACE, _MOST_APART)
    return max(pixels_apart / _PACE, _PIXELS_APART) if seconds < _QUICK else pixels_apart


def _prepare(window: vtkRenderWindow) -> None:
    window.SetNumberOfLayers(_LAYERS)
    window.SetMultiSamples(0)
    window.SetDPI(72)  # sizes of text are pixels, on every screen and off it
    window.Render()


def _set_viewport(renderer: vtkRenderer, rect: Rect, size: tuple[int, int]) -> None:
    width, height = size
    renderer.SetViewport(
        rect.x / width, rect.y / height, (rect.x + rect.width) / width, (rect.y + rect.height) / height
    )


def _compass_rect(rect: Rect) -> Rect:
    side = max(16, round(_COMPASS_SHARE * min(rect.width, rect.height)))
    return Rect(rect.x + rect.width - side - 4, rect.y + 4, side, side)


def _planes_of(state: State) -> object:
    return (state.along, state.tilt, state.neurological)
