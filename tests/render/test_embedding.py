"""The viewer in a window of a caller's own: nothing of the caller's is lost. And volumes that show themselves."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from vtkmodules.vtkInteractionStyle import vtkInteractorStyleTrackballCamera
from vtkmodules.vtkRenderingCore import vtkRenderer, vtkRenderWindow
from vtkmodules.vtkRenderingUI import vtkGenericRenderWindowInteractor

import dicomvtk
from dicomvtk.errors import RenderError, UnsupportedError
from dicomvtk.processing.phantom import head_phantom
from dicomvtk.render.embedding import Viewer
from dicomvtk.render.layers import SurfaceLayer
from dicomvtk.render.opengl import offscreen_window
from dicomvtk.render.pictures import grab, png_bytes
from dicomvtk.render.scene import View

SIZE = (300, 200)


@pytest.fixture
def window() -> Iterator[vtkRenderWindow]:
    try:
        made = offscreen_window()
    except RenderError as error:
        pytest.skip(str(error))
    made.SetSize(*SIZE)
    yield made
    made.Finalize()


def blue(window: vtkRenderWindow, layer: int = 0) -> vtkRenderer:
    theirs = vtkRenderer()
    theirs.SetBackground(0.0, 0.0, 1.0)
    theirs.SetLayer(layer)
    window.AddRenderer(theirs)
    return theirs


def test_the_callers_style_layers_and_picture_are_back_after_close(window: vtkRenderWindow) -> None:
    blue(window)
    interactor = vtkGenericRenderWindowInteractor()
    interactor.SetRenderWindow(window)
    style = vtkInteractorStyleTrackballCamera()
    interactor.SetInteractorStyle(style)
    window.SetMultiSamples(4)
    window.SetDPI(96)

    viewer = Viewer(head_phantom((32, 32, 24)), window, interactor)
    assert viewer.picture().std() > 20
    viewer.close()

    assert interactor.GetInteractorStyle() is style
    assert (window.GetNumberOfLayers(), window.GetMultiSamples(), window.GetDPI()) == (1, 4, 96)
    window.Render()
    assert np.unique(grab(window).reshape(-1, 3), axis=0).tolist() == [[0, 0, 255]]
    interactor.SetRenderWindow(None)


def test_the_callers_renderer_may_lie_on_top_in_a_corner(window: vtkRenderWindow) -> None:
    viewer = Viewer(head_phantom((32, 32, 24)), window, view=View(layout="axial"))
    theirs = blue(window, layer=2)
    theirs.SetViewport(0.8, 0.8, 1.0, 1.0)
    theirs.SetErase(True)
    theirs.SetPreserveColorBuffer(False)

    shown = viewer.picture()

    assert (shown[:40, 240:] == (0, 0, 255)).all()
    assert shown[60:, :200].std() > 20
    viewer.close()
    assert window.HasRenderer(theirs)


def test_a_second_viewer_begins_where_the_first_ended(window: vtkRenderWindow) -> None:
    volume = head_phantom((32, 32, 24))
    first = Viewer(volume, window, view=View(layout="coronal"))
    picture = first.picture()
    first.close()

    second = Viewer(volume, window, view=View(layout="coronal"))

    np.testing.assert_array_equal(second.picture(), picture)
    second.close()


def test_a_closed_viewer_draws_no_more_and_says_so(window: vtkRenderWindow) -> None:
    viewer = Viewer(head_phantom((32, 32, 24)), window)
    viewer.close()
    viewer.close()

    for use in (viewer.render, viewer.picture, lambda: viewer.change(layout="3d")):
        with pytest.raises(RenderError, match="a viewer that is closed"):
            use()
    assert window.GetRenderers().GetNumberOfItems() == 0


def test_a_view_that_is_none_leaves_the_viewer_as_it_was(window: vtkRenderWindow) -> None:
    viewer = Viewer(head_phantom((32, 32, 24)), window, view=View(layout="axial"))
    before = viewer.picture()

    with pytest.raises(UnsupportedError, match="expected a WindowLevel"):
        viewer.change(window=(40, 400))
    with pytest.raises(UnsupportedError, match="Expected a View, found str"):
        viewer.view = "coronal"  # type: ignore[assignment]
    assert (viewer.picture() == before).all()
    viewer.close()


def test_a_volume_that_cannot_be_drawn_is_text_in_a_notebook() -> None:
    head = dicomvtk.phantom((24, 24, 20))
    torn = replace(head, regular=False)

    assert torn._repr_png_() is None
    assert head._repr_png_() is not None
    assert "24 x 24 x 20" in repr(torn)


def test_a_volume_shows_its_picture_in_a_notebook(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel = SimpleNamespace(get_ipython=lambda: SimpleNamespace(kernel=object()))
    monkeypatch.setitem(sys.modules, "IPython", kernel)
    volume = dicomvtk.Volume(np.zeros((8, 8, 8), np.int16))

    still = volume.show(View(layout="axial"), size=(64, 48))

    assert still is not None
    assert still._repr_png_() == still.png
    assert still.png[:8] == b"\x89PNG\r\n\x1a\n"
    assert int.from_bytes(still.png[16:20], "big") == 64
    assert still.png == png_bytes(dicomvtk.snapshot(volume, view=View(layout="axial"), size=(64, 48)))
    whole = volume.show(size=(64, 48))
    assert whole is not None
    assert whole.png != still.png


@pytest.mark.parametrize("shell", [None, SimpleNamespace()], ids=["python", "ipython in a terminal"])
def test_a_volume_opens_a_window_outside_of_notebooks(shell: object, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = []
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    monkeypatch.setattr("dicomvtk.render.viewer.show", lambda *given: opened.append(given))
    volume = dicomvtk.Volume(np.zeros((8, 8, 8), np.int16))

    assert volume.show(View(layout="axial")) is None
    ((shown, view, around, size),) = opened
    assert (shown, view, size) == (volume, View(layout="axial"), None)
    assert around.open_paths is not None, "what is dropped on it opens"


def test_surfaces_named_to_a_window_or_a_picture_are_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    opened = []
    monkeypatch.setattr("dicomvtk.render.viewer.show", lambda *given: opened.append(given))
    head, in_3d = head_phantom((40, 36, 30)), View(layout="3d")
    red = SurfaceLayer(-300.0, (1.0, 0.0, 0.0))

    dicomvtk.view(head, in_3d, surfaces=[700.0, "skin", red])
    ((_head, shown, _around, _size),) = opened
    surfaces = [layer for layer in shown.layers if isinstance(layer, SurfaceLayer) and layer.visible]
    assert [(one.level, one.name) for one in surfaces] == [(700.0, ""), (None, "skin"), (-300.0, "")]

    plain, bony, reddened = (
        dicomvtk.snapshot(head, view=in_3d, size=(160, 120), surfaces=given).astype(int)
        for given in ((), [700.0], [red])
    )
    assert np.abs(bony - plain).max() > 50
    assert (reddened[..., 0] - reddened[..., 2]).max() > 100 > (bony[..., 0] - bony[..., 2])[:80].max()
