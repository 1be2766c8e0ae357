"""The VTK side of a view: panes in a window, and the one function that brings them to a state."""

from __future__ import annotations

from vtkmodules.vtkCommonCore import vtkLookupTable
from vtkmodules.vtkRenderingCore import vtkImageProperty, vtkRenderer, vtkRenderWindow

from dicomvtk.bridge.images import to_vtk
from dicomvtk.render.annotations import pane_3d_corners, slice_corners
from dicomvtk.render.layout import PANE_3D, Rect, pane_rects
from dicomvtk.render.opengl import is_software
from dicomvtk.render.overlay import Overlay
from dicomvtk.render.pane_3d import Pane3D
from dicomvtk.render.planes import SlicePlane, slice_planes
from dicomvtk.render.resolve import State
from dicomvtk.render.scene import PLANES, SliceLayer
from dicomvtk.render.slice_pane import SlicePane, slice_style
from dicomvtk.volume import Volume

__all__ = ["Stage"]

_GREYS = 256
_COMPASS_SHARE = 0.2
_LAYERS = 3


class Stage:
    """A window with the panes of one volume, a real 3-D frame (see `drawable`).

    `note` is written where the series is named. Nothing shows before `apply` and `render`.
    """

    def __init__(self, volume: Volume, window: vtkRenderWindow, note: str = "") -> None:
        self.window = window
        self.rects: dict[str, Rect] = {}
        self.planes: dict[str, SlicePlane] = {}
        self._volume = volume
        self._note = note
        self._style = slice_style(colour=volume.is_colour)
        self._tables = {inverted: _grey_table(inverted=inverted) for inverted in (False, True)}
        image = to_vtk(volume)
        self._panes = {name: SlicePane(name, image, self._style) for name in PLANES}
        self._pane_3d = Pane3D(volume, image, self._style)
        self._overlay = Overlay()
        self._state: State | None = None
        self._size = (0, 0)
        self._message = ""
        self._drawn_3d: object = None
        self._software: bool | None = None
        _prepare(window)

    @property
    def resized(self) -> bool:
        """True where the window has another size than the last state was applied to."""
        return tuple(self.window.GetSize()) != self._size

    def apply(self, state: State, *, build_3d: bool = True) -> None:
        """Bring every pane to `state`. With `build_3d` off, what is slow to make in 3-D is left for a later call."""
        size: tuple[int, int] = tuple(self.window.GetSize())
        if self._state is None or self._state.along != state.along:
            self.planes = slice_planes(self._volume.geometry, state.along)
        self.rects = pane_rects(state.layout, size)
        self._hang(size)
        self._style_slices(state)
        first = next(iter(self.rects))
        for name, pane in self._panes.items():
            if name in self.rects:
                corners = slice_corners(self._volume, state, self.planes[name], first=name == first, note=self._note)
                pane.apply(state, self.planes[name], corners, self.rects[name])
        if PANE_3D in self.rects:
            if build_3d:
                self._pane_3d.build(state, software=self._is_software())
            corners = pane_3d_corners(state, self._volume.info.unit, self._pane_3d.note)
            self._pane_3d.apply(state, self.planes, corners, self.rects[PANE_3D])
        self._overlay.apply(size, help_sheet=state.help_sheet)
        self._state, self._size = state, size

    def say(self, text: str) -> None:
        """Show one line at the foot of the window; empty text takes it away."""
        self._overlay.say(text)
        self._message = text

    def render(self, *, coarse: bool = False) -> None:
        """Draw the state applied last. The 3-D pane keeps its pixels where nothing of it changed."""
        looks = (self._looks_3d(), coarse)
        keeps = looks == self._drawn_3d
        self._pane_3d.set_coarse(coarse)
        still = (self._pane_3d.renderer, self._pane_3d.compass.renderer)
        for renderer in still:
            renderer.SetDraw(not keeps)
        self.window.Render()
        for renderer in still:  # VTK itself renders too, when the window was covered: then all must be drawn
            renderer.SetDraw(True)
        self._drawn_3d = looks

    def close(self) -> None:
        """Give back what the window holds; the stage is of no use afterwards."""
        for renderer in list(self.window.GetRenderers()):
            self.window.RemoveRenderer(renderer)
        self.window.Finalize()

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

    def _style_slices(self, state: State) -> None:
        style: vtkImageProperty = self._style
        style.SetColorWindow(state.window.width)
        style.SetColorLevel(state.window.center)
        if not self._volume.is_colour:
            style.SetLookupTable(self._tables[state.invert])
        if state.interpolation:
            style.SetInterpolationTypeToLinear()
        else:
            style.SetInterpolationTypeToNearest()

    def _looks_3d(self) -> object:
        """Return all that the pixels of the 3-D pane depend on, to be compared."""
        state = self._state
        if state is None:
            return None
        slices = any(layer.in_3d for layer in state.shown(SliceLayer))
        cut = (state.crosshair, state.window, state.invert, state.interpolation, state.along) if slices else ()
        own = (state.layout, state.camera, state.layers, state.annotations, cut)
        return (*own, self._pane_3d.built, self._pane_3d.note, self._size, state.help_sheet, self._message)


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


def _grey_table(*, inverted: bool) -> vtkLookupTable:
    table = vtkLookupTable()
    table.SetNumberOfTableValues(_GREYS)
    for number in range(_GREYS):
        grey = number / (_GREYS - 1)
        grey = 1.0 - grey if inverted else grey
        table.SetTableValue(number, grey, grey, grey, 1.0)
    return table
