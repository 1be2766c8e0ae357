"""Where a graphics card draws: what it draws is made in threads, looks as a processor draws it, and fails aloud.

The card is a software OpenGL that is taken for one: the same mapper of VTK casts the rays.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from dicomvtk.bridge.pipeline import quiet
from dicomvtk.geometry import Geometry
from dicomvtk.processing.phantom import head_phantom
from dicomvtk.render import drawable, moves, scene_3d, stage
from dicomvtk.render.layers import SurfaceLayer, VolumeLayer
from dicomvtk.render.opengl import offscreen_window
from dicomvtk.render.pictures import grab
from dicomvtk.render.scene import View
from dicomvtk.render.scene_3d import Detail
from dicomvtk.render.session import Session
from dicomvtk.render.viewer import snapshot
from dicomvtk.render.viewpoints import camera_from
from dicomvtk.volume import Volume

SIZE = (240, 200)
PATIENCE_SECONDS = 60.0


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage, "is_software", lambda _window: False)


@pytest.fixture
def makers(card: None, monkeypatch: pytest.MonkeyPatch) -> dict[str, list[int]]:
    """The threads that made rays and surfaces."""
    threads: dict[str, list[int]] = {"_rays": [], "_surface": []}

    def noted(name: str) -> Callable[..., Any]:
        make = getattr(scene_3d, name)

        def maker(*given: Any) -> Any:
            threads[name].append(threading.get_ident())
            return make(*given)

        return maker

    for name in threads:
        monkeypatch.setattr(scene_3d, name, noted(name))
    return threads


@pytest.fixture
def session(makers: dict[str, list[int]]) -> Iterator[Session]:
    window = offscreen_window()
    window.SetSize(*SIZE)
    made = Session(head_phantom((40, 40, 30)), View(layout="3d"), window, in_thread=True)
    made.draw(detail=Detail.NOTHING)
    yield made
    made.release()


def served(session: Session) -> None:
    """Do what the loop of a window does until nothing is on its way."""
    until = time.monotonic() + PATIENCE_SECONDS
    while session.waits_for_fine() or session.draw(detail=Detail.FULL):
        assert time.monotonic() < until, "it never came"
        session.draw(detail=Detail.PROXY)
        time.sleep(0.005)


def test_rays_and_surfaces_for_a_card_are_made_by_another_thread(
    session: Session, makers: dict[str, list[int]]
) -> None:
    assert not session.in_thread, "the card draws by itself"
    assert session._stage._note_3d == "making the volume ..."
    assert session.waits_for_fine()
    served(session)
    session.update(moves.toggled(session.state, SurfaceLayer))
    session.draw(detail=Detail.NOTHING)
    assert session._stage._note_3d == "making the surface ..."
    served(session)

    assert session._stage._note_3d == ""
    assert len(makers["_rays"]) == 2, "small ones, and all of them"
    assert len(makers["_surface"]) == 1
    assert threading.get_ident() not in {*makers["_rays"], *makers["_surface"]}
    assert set(session._stage._pane_3d.scene._raycasts) == {Detail.FULL}
    there = snapshot(session.source, view=session.view, size=SIZE)
    np.testing.assert_array_equal(grab(session._window), there)


def test_a_drawing_in_full_waits_for_what_goes_into_it(session: Session) -> None:
    session.draw(detail=Detail.FULL)
    there = snapshot(session.source, view=session.view, size=SIZE)
    np.testing.assert_array_equal(grab(session._window), there)


def test_what_was_begun_for_one_volume_is_not_taken_for_the_next(session: Session) -> None:
    session.waits_for_fine()
    other = head_phantom((30, 36, 24))
    session.open(other)
    session.draw(detail=Detail.NOTHING)
    served(session)
    np.testing.assert_array_equal(grab(session._window), snapshot(other, view=session.view, size=SIZE))


def turned(volume: Volume, *, left_handed: bool) -> Volume:
    cosine, sine = np.cos(0.6), np.sin(0.6)
    affine = np.array([[cosine, -sine, 0, 0], [sine, cosine, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1.0]])
    affine = affine @ volume.geometry.affine @ np.diag([-1.0 if left_handed else 1.0, 1, 1, 1])
    return Volume(volume.array, Geometry.from_affine(affine, volume.array.shape), volume.info)


@pytest.mark.parametrize("left_handed", [False, True])
@pytest.mark.parametrize(
    "change",
    [
        {},
        {"clip": "L", "crop": (0.1, 0.9, 0.2, 0.8, 0.0, 0.9)},
        {"layers": (VolumeLayer("ct-bone", blend="max"),)},
        {"layers": (VolumeLayer("ct-bone", shade=False), SurfaceLayer(250.0))},
    ],
    ids=["oblique", "cut", "largest", "surface"],
)
def test_a_card_shows_what_a_processor_does(
    monkeypatch: pytest.MonkeyPatch, left_handed: bool, change: dict[str, Any]
) -> None:
    volume = turned(head_phantom((64, 64, 48)), left_handed=left_handed)
    view = View(layout="3d", annotations=False, show_crosshair=False, camera=camera_from("30,15"))
    view = replace(view, **change)

    pictures = []
    for software in (True, False):
        monkeypatch.setattr(stage, "is_software", lambda _window, software=software: software)
        pictures.append(snapshot(volume, view=view, size=SIZE).astype(int))

    empty = snapshot(volume, view=replace(view, layers=()), size=SIZE).astype(int)
    figures = [np.abs(picture - empty).max(axis=2) > 24 for picture in pictures]
    assert figures[0].mean() > 0.03
    assert np.mean(figures[0] != figures[1]) < 0.15 * figures[0].mean(), "the same outline in the same place"
    apart = np.abs(pictures[0] - pictures[1]).max(axis=2)[figures[0] & figures[1]]
    assert np.median(apart) < 64, "in much the same colours; the two mappers do not light quite alike"


def test_a_card_that_cannot_draw_a_volume_leaves_it_to_the_processor_and_says_so(
    card: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    cells = np.zeros((9000, 8, 8), np.uint8, order="F")
    cells[500:8500, 2:6, 2:6] = 200
    volume = Volume(cells, Geometry(cells.shape, (0.01, 10.0, 10.0), (0.0, 0.0, 0.0)))  # wider than a texture may be
    monkeypatch.setattr(drawable, "_LONGEST_SIDE", 10_000)
    window = offscreen_window()
    window.SetSize(*SIZE)
    with quiet() as said:
        session = Session(volume, View(layout="3d", annotations=False), window, in_thread=True)
        try:
            session.draw(detail=Detail.FULL)
            assert any("Invalid texture" in error for error in said.errors)
            session.tell_trouble(said.errors)
            session.draw(detail=Detail.FULL)
            assert "The graphics card cannot draw this volume" in session._stage._message
            assert session.in_thread, "fine pictures come from the thread now"
            picture = grab(window)
        finally:
            session.release()
    assert (picture.max(axis=2) > 100).mean() > 0.05, "it is there"
