"""What a window was given to draw never ends within `Render`: a thread that makes VTK objects would wait for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from vtkmodules.vtkCommonDataModel import vtkImageData
from vtkmodules.vtkRenderingCore import vtkRenderWindow

from dicomvtk.metadata import Axis
from dicomvtk.processing.phantom import head_phantom
from dicomvtk.render import raycast, slice_pane, stage
from dicomvtk.render.drawable import drawable
from dicomvtk.render.opengl import offscreen_window
from dicomvtk.render.resolve import resolve
from dicomvtk.render.scene import Slab, SliceLayer, View, VolumeLayer
from dicomvtk.volume import Volume

#: Slices in 3-D and rays: everything that keeps an image in a mapper.
EVERYTHING = View(layers=(SliceLayer(in_3d=True), VolumeLayer("ct-bone")))


class Ends:
    """Whether images and arrays made for VTK ended, and which of them while a window drew."""

    def __init__(self) -> None:
        self.drawing = False
        self.ended = 0
        self.in_render: list[str] = []

    def watch(self, image: vtkImageData) -> vtkImageData:
        for name, one in (("image", image), ("array", image.GetPointData().GetScalars())):
            one.AddObserver("DeleteEvent", lambda _source, _event, name=name: self._end(name))
        return image

    def _end(self, name: str) -> None:
        self.ended += 1
        if self.drawing:
            self.in_render.append(name)


@pytest.fixture
def ends(monkeypatch: pytest.MonkeyPatch) -> Ends:
    watched = Ends()
    for module in (raycast, slice_pane, stage):
        made = module.to_vtk
        monkeypatch.setattr(module, "to_vtk", lambda volume, made=made: watched.watch(made(volume)))
    draw = stage.Stage.render

    def render(self: stage.Stage, **options: Any) -> None:
        watched.drawing = True
        draw(self, **options)
        watched.drawing = False

    monkeypatch.setattr(stage.Stage, "render", render)
    return watched


@pytest.fixture
def window() -> Iterator[vtkRenderWindow]:
    window = offscreen_window()
    window.SetSize(240, 180)
    yield window
    window.Finalize()


def show(on: stage.Stage, view: View, volume: Volume) -> None:
    on.apply(resolve(view, volume))
    on.render()


def test_frames_that_were_shown_end_outside_of_render(ends: Ends, window: vtkRenderWindow) -> None:
    head = head_phantom((24, 22, 16), spacing=(8.0, 8.0, 8.0))
    moving = Volume(
        np.stack([head.array + 10 * n for n in range(6)], axis=-1),
        head.geometry,
        head.info,
        axes=(Axis("TemporalPositionIndex", tuple(range(6))),),
    )
    on = stage.Stage(drawable(moving, (0,)), window)
    for n, layout in enumerate(("quad", "quad", "axial", "axial", "quad", "3d")):
        frame = drawable(moving, (n,))
        if n:
            on.set_volume(frame)
        show(on, replace(EVERYTHING, layout=layout), frame)
    on.set_volume(frame)
    assert ends.ended
    assert not ends.in_render


def test_slabs_and_rays_that_were_shown_end_outside_of_render(ends: Ends, window: vtkRenderWindow) -> None:
    head = head_phantom((24, 22, 16), spacing=(8.0, 8.0, 8.0))
    on = stage.Stage(head, window)
    for n in range(4):
        show(on, replace(EVERYTHING, slab=Slab(30.0), crosshair=(0.0, 8.0 * n, 8.0 * n)), head)
    show(on, replace(EVERYTHING, crosshair=(0.0, 0.0, 0.0)), head)
    assert ends.ended
    assert not ends.in_render
