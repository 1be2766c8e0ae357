"""Fine pictures of the 3-D scene, drawn in a thread: on a processor each takes longer than a hand should wait."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vtkmodules.vtkRenderingCore import vtkRenderWindow

from dicomvtk.bridge.images import to_vtk
from dicomvtk.errors import RenderError
from dicomvtk.render.errands import Errands, Progress, go_behind
from dicomvtk.render.greys import ColourTables
from dicomvtk.render.layout import Rect
from dicomvtk.render.opengl import offscreen_window
from dicomvtk.render.pictures import Picture, grab
from dicomvtk.render.planes import slice_planes
from dicomvtk.render.resolve import State
from dicomvtk.render.scene import VolumeLayer
from dicomvtk.render.scene_3d import Detail, Scene3D, StandIns
from dicomvtk.render.slice_pane import slice_style, style_slices
from dicomvtk.volume import Volume

if TYPE_CHECKING:
    from dicomvtk.render.raycast import Raycast

__all__ = ["Fine", "FinePictures", "Wanted"]


@dataclass(frozen=True, eq=False)
class Wanted:
    """A picture of the scene of `state`, `size` (width, height) pixels; `looks` is equal where pictures are."""

    volume: Volume
    state: State
    size: tuple[int, int]
    looks: object

    def same(self, other: Wanted | None) -> bool:
        """Return whether the picture of `other` is this one."""
        return other is not None and self.volume is other.volume and self.alike(other)

    def alike(self, other: Wanted) -> bool:
        """Return whether the picture of `other` is this one but for the frame that it is of."""
        return (self.size, self.looks) == (other.size, other.looks)


@dataclass(frozen=True, eq=False)
class Fine:
    """The picture that was wanted, the scene's note, and its surfaces with few triangles."""

    wanted: Wanted
    picture: Picture
    note: str
    surfaces: StandIns


class _FinishedError(Exception):
    """The window is closed: nobody wants what is being made."""


class FinePictures:
    """A thread with a window and a scene of its own that draws what was wanted last.

    Before the first picture of a volume it makes the small rays that the window follows the hand with.

    VTK gives other threads their turn during `Render` and in filters, and stops casting rays within a row of pixels
    when a window is told to (VTK 9.7).
    """

    def __init__(self) -> None:
        self._turn = threading.Condition()
        self._thread: threading.Thread | None = None
        self._next: Wanted | None = None
        self._drawing: Wanted | None = None
        self._made: Fine | None = None
        self._small_rays: tuple[Volume, Raycast] | None = None
        self._window: vtkRenderWindow | None = None
        self._failure: BaseException | None = None
        self._finished = False

    def ready(self, wanted: Wanted) -> Fine | None:
        """Return the picture; None while it is being drawn, which this begins where it is not so.

        Raises what went wrong in the drawing, RenderError where a thread can have no window here.
        """
        with self._turn:
            failure, self._failure = self._failure, None
            if failure is not None:
                raise failure
            if self._made is not None and wanted.same(self._made.wanted):
                return self._made
            if not (wanted.same(self._next) or (self._next is None and wanted.same(self._drawing))):
                self._give_up()
                self._next = wanted
                self._turn.notify()
            if self._thread is None:
                self._thread = threading.Thread(target=self._serve, daemon=True)
                self._thread.start()
        return None

    def small_rays(self, volume: Volume) -> Raycast | None:
        """Return rays through a small stand-in of `volume`, handed over once and ready to be drawn; None else."""
        with self._turn:
            if self._small_rays is None or self._small_rays[0] is not volume:
                return None
            rays, self._small_rays = self._small_rays[1], None
            return rays

    def give_up_others(self, wanted: Wanted | None) -> None:
        """Stop drawing what is not `wanted` any longer."""
        with self._turn:
            if self._next is not None and not self._next.same(wanted):
                self._next = None
            if self._drawing is not None and not self._drawing.same(wanted):
                self._give_up()

    def stop(self) -> None:
        """Draw nothing more; what is being made ends at the next occasion."""
        with self._turn:
            self._finished = True
            self._give_up()
            self._turn.notify()

    def finish(self) -> None:
        """Stop, and wait for the thread: VTK must not be at work when the process ends."""
        self.stop()
        if self._thread is not None:
            self._thread.join()

    def _give_up(self) -> None:
        self._drawing = None
        if self._window is not None:
            self._window.SetAbortRender(1)

    def _serve(self) -> None:
        go_behind()
        try:
            studio = _Studio(self._tell)
        except BaseException as error:
            with self._turn:
                self._failure, self._thread = error, None
            return
        self._window = studio.window
        while (wanted := self._taken()) is not None:
            try:
                made = self._drawn(studio, wanted)
            except BaseException as error:
                with self._turn:
                    self._failure = error
            else:
                with self._turn:
                    self._made = made or self._made
            with self._turn:
                self._drawing = None
        self._window = None
        studio.window.Finalize()

    def _tell(self, _done: int, _total: int) -> None:
        if self._finished:
            raise _FinishedError

    def _taken(self) -> Wanted | None:
        """Return what is to be drawn next, when there is something; None at the end."""
        with self._turn:
            self._turn.wait_for(lambda: self._next is not None or self._finished)
            self._drawing, self._next = self._next, None
            return None if self._finished else self._drawing

    def _drawn(self, studio: _Studio, wanted: Wanted) -> Fine | None:
        rays = studio.small_rays(wanted)
        if rays is not None:
            with self._turn:
                self._small_rays = (wanted.volume, rays)
        self._tell(0, 1)
        note = studio.build(wanted)
        if self._drawing is not wanted:
            return None
        picture = studio.picture()
        if picture is None or self._drawing is not wanted:
            return None
        return Fine(wanted, picture, note, studio.surfaces())


class _Studio:
    """The window and the scene of the thread."""

    def __init__(self, progress: Progress) -> None:
        self._errands = Errands(in_thread=False, progress=progress)
        self.window = offscreen_window()
        if self.window.IsA("vtkXOpenGLRenderWindow"):
            self.window.Finalize()
            raise RenderError("Cannot draw in a thread: there is no OpenGL but that of X, for one thread alone.")
        self.window.SetMultiSamples(0)
        self._volume: Volume | None = None
        self._scene: Scene3D | None = None
        self._small_rays_of: Volume | None = None

    def small_rays(self, wanted: Wanted) -> Raycast | None:
        """Return rays through a small stand-in, ready to be drawn, where they are wanted and were not made yet."""
        layers = wanted.state.shown(VolumeLayer)
        if not layers or wanted.volume is self._small_rays_of:
            return None
        from dicomvtk.render.raycast import Raycast  # two more libraries of VTK

        self._small_rays_of = wanted.volume
        rays = Raycast(wanted.volume, software=True, proxy=True)
        rays.prepare(layers[0], self.window)
        return rays

    def build(self, wanted: Wanted) -> str:
        """Make all that is wanted ready to be drawn, and return the scene's note."""
        volume, state = wanted.volume, wanted.state
        if self._scene is None or self._volume is not volume:
            self._scene = self._begin(volume)
        scene = self._scene
        style_slices(self._style, state, volume, self._tables)
        scene.build(state, Detail.FULL, software=True)
        planes = slice_planes(volume.geometry, state.along, state.tilt, neurological=state.neurological)
        self.window.SetSize(*wanted.size)
        scene.apply(state, planes, Rect(0, 0, *wanted.size))
        scene.set_rays(1.0)
        return scene.note(state)

    def picture(self) -> Picture | None:
        """Return what was built, drawn; None where it was given up."""
        self.window.Render()
        return None if self.window.GetAbortRender() else grab(self.window)

    def surfaces(self) -> StandIns:
        return {} if self._scene is None else self._scene.surface_stand_ins()

    def _begin(self, volume: Volume) -> Scene3D:
        if self._scene is not None:
            self.window.RemoveRenderer(self._scene.renderer)
        self._volume = volume
        self._style = slice_style(colour=volume.is_colour)
        self._tables = ColourTables()
        scene = Scene3D(volume, to_vtk(volume), self._style, self._errands)
        self.window.AddRenderer(scene.renderer)
        return scene
