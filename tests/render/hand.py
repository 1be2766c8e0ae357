"""A mouse and a keyboard for sessions off screen: real events through a real interactor."""

from __future__ import annotations

import numpy as np
from vtkmodules.vtkRenderingUI import vtkGenericRenderWindowInteractor

from dicomvtk.render.around import Around
from dicomvtk.render.controls import Controls
from dicomvtk.render.layout import PANE_3D
from dicomvtk.render.opengl import offscreen_window
from dicomvtk.render.pictures import grab
from dicomvtk.render.scene import View
from dicomvtk.render.scene_3d import Detail
from dicomvtk.render.session import Session
from dicomvtk.volume import Volume

SIZE = (600, 400)
MIDDLE = {"axial": (150, 300), "sagittal": (450, 300), "coronal": (150, 100), PANE_3D: (450, 100)}


class Hand:
    """A mouse and a keyboard for a session off screen."""

    def __init__(self, volume: Volume, around: Around | None = None) -> None:
        self.window = offscreen_window()
        self.window.SetSize(*SIZE)
        self.session = Session(volume, View(), self.window, around)
        self.interactor = vtkGenericRenderWindowInteractor()
        self.interactor.SetRenderWindow(self.window)
        self.controls = Controls(self.session, self.interactor)
        self.session.draw(detail=Detail.NOTHING)

    def send(self, event: str, at: tuple[int, int], key: str = "", **held: bool) -> None:
        control, shift = held.get("control", False), held.get("shift", False)
        self.interactor.SetEventInformation(*at, control, shift, key if len(key) == 1 else "\0", 0, key or None)
        self.interactor.InvokeEvent(event)
        if self.session.failure is not None:
            raise self.session.failure

    def drag(self, start: tuple[int, int], end: tuple[int, int], **held: bool) -> None:
        self.send("LeftButtonPressEvent", start, **held)
        self.send("MouseMoveEvent", end, **held)
        self.send("LeftButtonReleaseEvent", end, **held)

    def key(self, symbol: str, at: tuple[int, int] = MIDDLE["axial"], **held: bool) -> None:
        self.send("KeyPressEvent", at, symbol, **held)

    def picture(self) -> np.ndarray:
        self.session.draw()
        return grab(self.window).astype(int)
