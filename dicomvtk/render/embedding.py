"""The viewer inside a window of somebody else's: their event loop, our panes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from vtkmodules.vtkRenderingCore import vtkRenderWindow, vtkRenderWindowInteractor

from dicomvtk.errors import RenderError
from dicomvtk.render.controls import Controls
from dicomvtk.render.pictures import Picture, grab
from dicomvtk.render.scene import View, checked_view
from dicomvtk.render.session import Session
from dicomvtk.volume import Volume

__all__ = ["Viewer"]


class Viewer:
    """A volume in a caller's own ``vtkRenderWindow``, which must be able to draw already.

    Parameters
    ----------
    volume : Volume
    window : vtkRenderWindow
        Shared with what else is in it: layers 0 to 2 are used, over renderers that were there before; what is added
        later to layer 2 lies on top. `close` leaves the window as it was.
    interactor : vtkRenderWindowInteractor, optional
        Its mouse and keys work as in `dicomvtk.view`; drawing then follows each event. Its style is taken off, and put
        back by `close`.
    view : View, optional

    Examples
    --------
    >>> viewer = Viewer(volume, window)                      # doctest: +SKIP
    >>> viewer.change(layout="axial", invert=True)           # doctest: +SKIP
    """

    def __init__(
        self,
        volume: Volume,
        window: vtkRenderWindow,
        interactor: vtkRenderWindowInteractor | None = None,
        view: View | None = None,
    ) -> None:
        self._before = (window.GetNumberOfLayers(), window.GetMultiSamples(), window.GetDPI())
        self._session = Session(volume, checked_view(view) or View(), window)
        self._window = window
        self._closed = False
        self._tags: list[int] = []
        self._interactor = interactor
        if interactor is not None:
            self._style = interactor.GetInteractorStyle()
            self._controls = Controls(self._session, interactor)
            self._tags = [interactor.AddObserver(event, self._follow, -1.0) for event in ("AnyEvent",)]

    @property
    def view(self) -> View:
        """What is shown; setting it shows another."""
        return self._session.view

    @view.setter
    def view(self, view: View) -> None:
        self._check_open()
        self._session.update(checked_view(view) or View())

    @property
    def volume(self) -> Volume:
        return self._session.source

    def change(self, **values: Any) -> None:
        """Show the view with other values for some of its fields, and draw it."""
        self.view = replace(self.view, **values)
        self.render()

    def render(self) -> None:
        """Draw what changed since the last drawing."""
        self._check_open()
        self._session.draw()

    def picture(self) -> Picture:
        """Return what the window shows, (height, width, 3) uint8, row 0 at the top."""
        self._check_open()
        self._session.touch()
        self.render()
        return grab(self._window)

    def close(self) -> None:
        """Take everything out of the window and leave it to its owner as it was; a second time does nothing."""
        if self._closed:
            return
        self._closed = True
        if self._interactor is not None:
            self._controls.let_go()
            for tag in self._tags:
                self._interactor.RemoveObserver(tag)
            self._interactor.SetInteractorStyle(self._style)
        self._session.clear()
        layers, samples, dpi = self._before
        self._window.SetNumberOfLayers(layers)
        self._window.SetMultiSamples(samples)
        self._window.SetDPI(dpi)

    def _check_open(self) -> None:
        if self._closed:
            raise RenderError("Cannot draw with a viewer that is closed; Viewer(volume, window) makes another.")

    def _follow(self, _source: Any, event: str) -> None:
        if event not in ("RenderEvent", "StartEvent", "EndEvent", "ModifiedEvent"):
            self._session.draw(coarse=self._controls.dragging)
