"""The window on the screen and the loop that serves it."""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections.abc import Iterator

import vtkmodules.vtkRenderingUI  # noqa: F401  # registers the interactor of the platform
from vtkmodules.vtkRenderingCore import vtkRenderWindow, vtkRenderWindowInteractor

from dicomvtk.bridge.pipeline import Messages, quiet
from dicomvtk.render.annotations import person_name
from dicomvtk.render.around import Around
from dicomvtk.render.controls import Controls
from dicomvtk.render.greeting import first_words
from dicomvtk.render.opengl import screen_window
from dicomvtk.render.preferences import load_preferences
from dicomvtk.render.scene import View
from dicomvtk.render.scene_3d import Detail
from dicomvtk.render.session import Session
from dicomvtk.render.turns import Turns
from dicomvtk.render.x_errors import focus_may_be_refused
from dicomvtk.volume import Volume

__all__ = ["run_window"]

_SIZE = (1200, 900)
#: Share of the screen that the window takes at most.
_SCREEN_SHARE = 0.9
#: Pause between looks for events: short beside a frame, long beside the work of looking.
_PAUSE_SECONDS = 0.005


def run_window(
    volume: Volume, view: View | None, around: Around | None = None, size: tuple[int, int] | None = None
) -> View:
    """Show `view` of `volume` in a window and return what it shows when it is closed.

    Without a view it begins as the user's preferences say; `size` in pixels is met where the screen has it. Ctrl-C in
    the terminal closes it like q.

    Raises RenderError where no window can be opened, and what went wrong in a move of the user.
    """
    preferences = load_preferences()
    with quiet() as said, focus_may_be_refused():
        window = screen_window()
        window.SetWindowName(_title(volume))
        window.SetSize(*_fitting_size(window, size or _SIZE))
        interactor = vtkRenderWindowInteractor()
        interactor.SetRenderWindow(window)
        session = Session(volume, view or preferences.view(), window, around, preferences, in_thread=True)
        session.say(first_words(volume, len(around.cards) if around is not None else 1))
        controls = Controls(session, interactor)
        try:
            with contextlib.suppress(KeyboardInterrupt):
                interactor.Initialize()
                session.draw(detail=Detail.NOTHING)  # the slices are there at once; the volume takes a moment
                _serve(interactor, session, controls, said)
        finally:
            with _no_interrupts():
                interactor.SetRenderWindow(None)  # type: ignore[arg-type]  # VTK takes None for no window
                session.release()
    if session.failure is not None:
        raise session.failure
    return session.view


@contextlib.contextmanager
def _no_interrupts() -> Iterator[None]:
    """Let Ctrl-C wait: a process that ends while threads still draw crashes (VTK 9.7), and closing takes a moment."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread is interrupted
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _serve(interactor: vtkRenderWindowInteractor, session: Session, controls: Controls, said: Messages) -> None:
    """Handle events until the window is closed.

    Not ``Start()``: that keeps the interpreter's lock, so that Ctrl-C and other threads never get a turn (VTK 9.7).
    """
    told, titled = 0, session.source
    turns = Turns(session, controls)
    while not (interactor.GetDone() or session.closed):
        interactor.ProcessEvents()
        if interactor.GetDone() or session.closed:
            break
        turns.take()
        if session.source is not titled:
            titled = session.source
            interactor.GetRenderWindow().SetWindowName(_title(titled))
        if len(said.errors) > told:
            session.tell_trouble(said.errors[told:])
            told = len(said.errors)
        time.sleep(_PAUSE_SECONDS)


def _title(volume: Volume) -> str:
    info = volume.info
    who = person_name(info.patient_name)[:1] or (info.patient_id,)
    parts = (*who, info.modality, info.description, "dicomvtk")
    return " - ".join(part for part in parts if part)


def _fitting_size(window: vtkRenderWindow, size: tuple[int, int]) -> tuple[int, int]:
    screen = window.GetScreenSize()
    width, height = (min(wanted, int(_SCREEN_SHARE * there)) for wanted, there in zip(size, screen, strict=True))
    return (width, height) if min(width, height) > 0 else size
