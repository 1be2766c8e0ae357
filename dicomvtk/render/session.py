"""One volume being looked at: the state now, the stage that shows it, and when to draw."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from vtkmodules.vtkRenderingCore import vtkRenderWindow

from dicomvtk.errors import DicomVtkError
from dicomvtk.render.around import Around
from dicomvtk.render.cine import Cine, natural_fps
from dicomvtk.render.drawable import drawable, frame_note, whole_frame
from dicomvtk.render.greeting import findings_told
from dicomvtk.render.layout import PANES, Rect
from dicomvtk.render.making import Making
from dicomvtk.render.moves import framed, surfaced
from dicomvtk.render.opening import Opened, Opening
from dicomvtk.render.panels import Panels, Sheet
from dicomvtk.render.pictures import free_path, grab, save_picture
from dicomvtk.render.planes import SlicePlane
from dicomvtk.render.preferences import Preferences
from dicomvtk.render.resolve import resolve
from dicomvtk.render.scene import SurfaceLayer, View
from dicomvtk.render.scene_3d import Detail
from dicomvtk.render.stage import Stage
from dicomvtk.volume import Volume

__all__ = ["Session"]


class Session:
    """What interaction works on. Every change is a new state; drawing waits for `draw`, once for many events.

    With `in_thread`, where a processor draws, fine pictures of the 3-D pane come from a thread (`waits_for_fine`).
    """

    def __init__(
        self,
        volume: Volume,
        view: View,
        window: vtkRenderWindow,
        around: Around | None = None,
        preferences: Preferences | None = None,
        *,
        in_thread: bool = False,
    ) -> None:
        self.failure: BaseException | None = None
        self.closed = False
        self._window = window
        self._stale = True
        self._coarse = False
        self._reading = ""
        self._making = Making(self.touch, in_thread=in_thread)
        self._preferences = preferences or Preferences()
        self.cine = Cine(self._advance, self._preferences.fps)
        self._threads = in_thread
        self._opening = Opening(in_thread=in_thread)
        self._panels = Panels(around or Around(), self.open_series, self.set_level, in_thread=in_thread)
        view = replace(view, frame=whole_frame(volume.axes, view.frame))
        self._begin(volume, drawable(volume, view.frame), view)

    def _begin(self, volume: Volume, drawn: Volume, view: View) -> None:
        self.source, self.volume = volume, drawn
        self.state = self._first = resolve(view, self.volume)
        self.several = self.state.layout if self.state.layout in PANES else "quad"
        self._layout = view.layout  # a slice alone has one pane, and gives way to what comes after it
        self.cine.fps = natural_fps(volume.axes) or self._preferences.fps
        note = self._note(view.frame)
        self._making.errands.give_up()
        self._stage = Stage(
            self.volume, self._window, note, in_thread=self._making.in_thread, errands=self._making.errands
        )
        self._count_frames()
        self._stage.apply(self.state, detail=Detail.NOTHING)
        self.say(findings_told(volume))

    def open(self, volume: Volume, drawn: Volume | None = None) -> None:
        """Look at another volume in the same window; layout, text and lines stay as they are.

        `drawn` is its first frame as `drawable` gives it, where that is at hand.
        """
        old = self.state
        frame = whole_frame(volume.axes, ())
        drawn = drawable(volume, frame) if drawn is None else drawn
        kept = View(
            layout=self._layout,
            annotations=old.annotations,
            show_crosshair=old.show_crosshair,
            neurological=old.neurological,
            background=old.background,
            frame=frame,
        )
        self._stage.clear()
        self._begin(volume, drawn, kept)
        self.touch()

    def open_series(self, key: str) -> None:
        """Look at another series of the folder, by its key; where it cannot be read, the window says why."""
        around = self._panels.around
        opens = around.open_series
        if opens is None or key in (self._opening.key, around.current if not self._opening.key else ""):
            return
        name = next((" - ".join(card.lines[:2]) for card in around.cards if card.key == key), key)
        self._opening.begin(name, lambda progress: (opens(key, progress), replace(around, current=key)), key)
        self._take_opened()

    def open_neighbour(self, step: int) -> None:
        """Look at the series `step` further in the folder's list."""
        around = self._panels.around
        self.open_series(around.neighbour(self._opening.key or around.current, step))

    def open_paths(self, paths: tuple[str, ...]) -> None:
        """Look at what is under `paths`, in the place of this folder."""
        opens = self._panels.around.open_paths
        if opens is None or not paths:
            self.say("This window opens no files.")
            return
        self._opening.begin(paths[0], lambda progress: opens(paths, progress))
        self._take_opened()

    def attend(self) -> None:
        """Take what threads brought since the last call."""
        if self._panels.news():
            self.touch()
        if not self.undrawn:
            self._making.take_small_rays(self._stage, self.volume, self.state)
        try:
            self._take_opened()
        except DicomVtkError as error:
            self._reading = ""
            self.say(str(error))

    def _take_opened(self) -> None:
        opened = self._opening.take()
        if opened is not None:
            self._show_opened(opened)
        elif self._opening.line != self._reading:
            self._reading = self._opening.line
            self.say(self._reading)

    def _show_opened(self, opened: Opened) -> None:
        if opened.around.open_series is self._panels.around.open_series:
            self._panels.around = opened.around
        else:
            self._panels.finish()
            self._panels = Panels(opened.around, self.open_series, self.set_level, in_thread=self._threads)
        self._reading = ""
        self.open(opened.volume, opened.drawn)

    def set_level(self, level: float) -> None:
        """Show the surface at `level`, in place of the first surface there is."""
        self.update(surfaced(self.state, level))

    def show_panel(self, name: str) -> None:
        """Open or close a sheet: ``series``, ``header`` or ``histogram``."""
        self._panels.show(name)
        self.say("")

    def panel_takes(self, symbol: str, text: str, *, control: bool) -> bool:
        """Return whether an open sheet had a use for a key."""
        taken = self._panels.take(symbol, text, control=control)
        if taken:
            self.touch()
        return taken

    def panel_wheeled(self, x: int, step: int) -> bool:
        """Return whether the wheel at window column `x` was for an open sheet."""
        wheeled = self._panels.wheeled(x, step)
        if wheeled:
            self.touch()
        return wheeled

    def panel_clicked(self, x: int, y: int) -> bool:
        """Return whether a click at window pixel (x, y) was for an open sheet."""
        sheet = self._sheet()
        clicked = sheet is not None and self._panels.clicked(x, y, self.size, sheet)
        if clicked:
            self.touch()
        return clicked

    @property
    def in_thread(self) -> bool:
        """Whether fine pictures of the 3-D pane come from a thread."""
        return self._stage.in_thread

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the window in pixels."""
        width, height = self._window.GetSize()
        return (width, height)

    @property
    def frame_count(self) -> int:
        """How many frames the longest axis past the slices has; 1 without one."""
        return max((len(axis) for axis in self.source.axes), default=1)

    def show_frame(self, index: int) -> None:
        """Show frame `index` of the longest axis."""
        self.update(framed(self.state, self.source.axes, index - self._stage.frames[0]))

    def play(self) -> None:
        """Play the frames round and round, or stop."""
        if self.frame_count == 1:
            self.say("There is one frame only, and nothing to play.")
            return
        self.cine.toggle()
        self._stage.set_volume(self.volume, self._note(self.state.frame))
        self._stage.say("")
        self.touch()

    def play_faster(self, factor: float) -> None:
        """Play so many times as fast, and say how fast that is."""
        self.cine.speed(factor)
        self._stage.set_volume(self.volume, self._note(self.state.frame))
        self.say(f"{self.cine.fps:.3g} frames a second")

    def _note(self, frame: tuple[int, ...]) -> str:
        note = frame_note(self.source.axes, frame)
        return f"{note}, {self.cine.fps:.3g} frames/s" if self.cine.playing and note else note

    def _advance(self, frames: int) -> None:
        self.update(framed(self.state, self.source.axes, frames))

    def _count_frames(self) -> None:
        if self.source.axes:
            longest = [len(axis) for axis in self.source.axes].index(self.frame_count)
            self._stage.frames = (self.state.frame[longest], self.frame_count)

    def _sheet(self) -> Sheet | None:
        index = self.volume.geometry.physical_to_index(self.state.crosshair)[2]
        k = min(max(round(float(index)), 0), self.volume.geometry.shape[2] - 1)
        levels = tuple(layer.level for layer in self.state.shown(SurfaceLayer) if layer.level is not None)
        return self._panels.sheet(self.volume, k, levels, self.size[1])

    @property
    def view(self) -> View:
        """The view that gives this picture again."""
        return View(**{f.name: getattr(self.state, f.name) for f in fields(View)})

    @property
    def rects(self) -> dict[str, Rect]:
        """The rectangle of each visible pane in the window, pixels from the lower left."""
        return self._stage.rects

    @property
    def planes(self) -> dict[str, SlicePlane]:
        return self._stage.planes

    def update(self, view: View) -> None:
        """Make `view` what is shown from the next `draw` on."""
        frame = whole_frame(self.source.axes, view.frame)
        if frame != self.state.frame:
            self.volume = drawable(self.source, frame)
            self._stage.set_volume(self.volume, self._note(frame))
        state = resolve(replace(view, frame=frame), self.volume)
        if state != self.state:
            self._layout = self._layout if state.layout == self.state.layout else state.layout
            self.state = state
            self.several = state.layout if state.layout in PANES else self.several
            self._count_frames()
            self._stage.say(self._reading)
            self.touch()

    def point_in_3d(self, x: int, y: int) -> None:
        """Bring the crosshair to what window pixel (x, y) of the 3-D pane shows; beside the scene it stays."""
        point = self._stage.point_in_3d(x, y)
        if point is not None:
            x_mm, y_mm, z_mm = (float(v) for v in point)
            self.update(replace(self.state, crosshair=(x_mm, y_mm, z_mm)))

    def reset(self) -> None:
        """Show again what the window began with."""
        self.update(self._first)

    def touch(self) -> None:
        """Ask for a fresh drawing."""
        self._stale = True

    def say(self, text: str) -> None:
        """Show one line at the foot of the window until the next change."""
        self._stage.say(text)
        self.touch()

    def draw(self, *, coarse: bool = False, detail: Detail = Detail.FULL) -> bool:
        """Bring the window up to date if it is not; return whether anything was drawn.

        `coarse` casts fewer rays; `detail` is how much of what takes long may be made now.
        """
        if detail is Detail.FULL:
            if self.in_thread and self.undrawn:
                self._stage.apply(self.state, detail=Detail.NOTHING)
            self._making.wait(self._stage, self.state)
        coarse = coarse or self._panels.open is not None  # under a sheet nothing need be fine, and every key draws it
        stale = self.undrawn or (self._coarse and not coarse)
        if not stale and not self.lacks(detail):
            return False
        sheet = self._sheet()
        self._stage.show_sheet(sheet)
        self._stage.apply(self.state, detail=detail)
        self._making.give_up_others(self._stage, self.state)
        self._stage.render(coarse=coarse)
        self._stale, self._coarse = False, coarse
        return True

    def lacks(self, detail: Detail) -> bool:
        """Return whether a drawing of so much detail would show more than there is."""
        return self._stage.lacks(self.state, detail)

    def waits_for_fine(self) -> bool:
        """Return whether the 3-D pane in full is still to come, which this begins where it is not so.

        It comes from a thread, a picture or for a graphics card what goes into it, after `draw` has shown stand-ins;
        when it is there, the next drawing shows it.
        """
        return self._threads and (self.undrawn or self._making.waits(self._stage, self.state))

    @property
    def undrawn(self) -> bool:
        """Whether the window does not show yet what it should."""
        return self._stale or self._stage.resized

    def tell_trouble(self, errors: list[str]) -> None:
        """Say what VTK could not do; where that was casting rays on a graphics card, the processor does it now."""
        if self._stage.leave_card(errors):
            self.say(f"The graphics card cannot draw this volume, the processor does. {errors[0]}")
        else:
            self.say(errors[-1])

    def save_screenshot(self) -> Path:
        """Save what the window shows by the template of the preferences, and say so; return the path."""
        path = free_path(self._preferences.screenshot, self.source.info)
        self._stage.say("")
        self.touch()
        self.draw()
        save_picture(grab(self._stage.window), path)
        self.say(f"Saved {path}")
        return path

    def guarded(self, handler: Callable[[], None]) -> Callable[..., None]:
        """Return `handler` as a VTK observer: VTK would print an exception and go on.

        What this package refuses (a folder that cannot be written) is told in the window; anything else ends the
        session and is kept in `failure`.
        """

        def observer(_source: Any, _event: str) -> None:
            try:
                handler()
            except DicomVtkError as error:
                self.say(str(error))
            except BaseException as error:
                self.failure = self.failure or error
                self.closed = True

        return observer

    def close(self) -> None:
        """End the session at the next occasion."""
        self.closed = True

    def clear(self) -> None:
        """Leave the window to its owner, empty of what was drawn here."""
        self._stage.clear()

    def release(self) -> None:
        """Give the window back."""
        self._stage.close()
        self._making.stop()  # all threads end at once, and are waited for one by one
        self._opening.finish()
        self._panels.finish()
        self._making.finish()
