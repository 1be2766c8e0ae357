"""Nobody waits for 3-D: fine pictures come from a thread, what did not change keeps its pixels, frames keep pace."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from vtkmodules.vtkCommonDataModel import vtkPolyData
from vtkmodules.vtkRenderingUI import vtkGenericRenderWindowInteractor

from dicomvtk.display import WindowLevel
from dicomvtk.errors import GeometryError, RenderError
from dicomvtk.metadata import Axis
from dicomvtk.processing.phantom import head_phantom
from dicomvtk.processing.surface import extract_surface
from dicomvtk.render import moves, scene_3d, stage
from dicomvtk.render.controls import Controls
from dicomvtk.render.fine import Fine, FinePictures, Wanted
from dicomvtk.render.opengl import is_software, offscreen_window
from dicomvtk.render.pictures import grab
from dicomvtk.render.resolve import resolve
from dicomvtk.render.scene import SliceLayer, SurfaceLayer, View, VolumeLayer
from dicomvtk.render.scene_3d import Detail
from dicomvtk.render.session import Session
from dicomvtk.render.turns import Turns
from dicomvtk.render.viewer import snapshot
from dicomvtk.render.viewpoints import camera_from
from dicomvtk.volume import Volume

SIZE = (400, 300)
#: Rows of a picture above the slider of frames.
SLIDER = -12
PATIENCE_SECONDS = 60


@pytest.fixture
def session() -> Iterator[Session]:
    window = offscreen_window()
    window.SetSize(*SIZE)
    made = Session(head_phantom((40, 40, 30)), View(), window, in_thread=True)
    made.draw(detail=Detail.PROXY)
    if not is_software(window):
        made.release()
        pytest.skip("a graphics card draws here: nothing is made ahead")
    yield made
    made.release()


def wait_for_fine(session: Session) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while session.waits_for_fine():
        assert time.monotonic() < until, "the picture never came"
        session.draw(detail=Detail.PROXY)
        time.sleep(0.01)


def shows(session: Session) -> np.ndarray:
    return grab(session._window)


def ready(fine: FinePictures, wanted: Wanted) -> Fine:
    until = time.monotonic() + PATIENCE_SECONDS
    while (made := fine.ready(wanted)) is None:
        assert time.monotonic() < until, "the picture never came"
        time.sleep(0.01)
    return made


def assert_same_picture(one: np.ndarray, other: np.ndarray) -> None:
    """A pane that lies elsewhere in its window is rounded elsewhere: by one grey level, at a few edges."""
    differences = np.abs(one.astype(int) - other)
    assert differences.max() <= 1
    assert np.mean(differences.max(axis=2) > 0) < 1e-3


def test_rays_made_in_a_thread_draw_what_a_snapshot_does(session: Session) -> None:
    assert session.waits_for_fine(), "they are begun with the first question, and nobody waits"
    wait_for_fine(session)
    session.draw(detail=Detail.FULL)

    assert not session.waits_for_fine()
    assert not session.lacks(Detail.FULL)
    assert_same_picture(shows(session), snapshot(session.source, view=session.view, size=SIZE))


def test_rays_of_a_volume_that_is_shown_no_longer_are_let_go(session: Session) -> None:
    session.waits_for_fine()
    other = head_phantom((30, 36, 24))
    session.open(other)
    wait_for_fine(session)
    session.draw(detail=Detail.FULL)

    assert_same_picture(shows(session), snapshot(other, view=session.view, size=SIZE))


def test_what_goes_wrong_in_the_thread_is_raised_where_it_is_asked_for() -> None:
    phantom = head_phantom((20, 20, 20))
    irregular = Volume(phantom.array, phantom.geometry, phantom.info, regular=False)
    state = resolve(View(), phantom)
    fine = FinePictures()
    try:
        assert fine.ready(Wanted(irregular, state, SIZE, "")) is None
        with pytest.raises(GeometryError):
            ready(fine, Wanted(irregular, state, SIZE, ""))
    finally:
        fine.finish()


def test_panes_that_keep_their_pixels_show_what_a_snapshot_does(session: Session) -> None:
    wait_for_fine(session)
    session.draw(detail=Detail.FULL)
    crop = (0.1, 0.9, 0.2, 1.0, 0.0, 0.8)
    turned = replace(session.state, camera=camera_from("40,20"), crop=crop, crop_box=True)
    for state in (turned, replace(turned, window=WindowLevel(100, 900)), replace(turned, clip="L", neurological=True)):
        session.update(state)
        session.draw(coarse=True, detail=Detail.NOTHING)
        session.draw(detail=Detail.FULL)
        assert_same_picture(shows(session), snapshot(session.source, view=state, size=SIZE))


@pytest.mark.parametrize(
    "change",
    [
        {"camera": camera_from("60,-20")},
        {"clip": "L", "crop": (0.1, 0.9, 0.2, 1.0, 0.0, 0.8)},
        {"layers": (SliceLayer(in_3d=True), VolumeLayer("ct-bone")), "tilt": (10.0, 20.0, 0.0)},
        {"layers": (SliceLayer(), SurfaceLayer(-300.0, opacity=0.5), SurfaceLayer(250.0, (0.9, 0.5, 0.4)))},
        {"background": (1.0, 1.0, 1.0), "layout": "3d"},
    ],
    ids=["turned", "cut", "slices", "surfaces", "alone"],
)
def test_a_picture_from_the_thread_is_what_is_drawn_in_place(session: Session, change: dict[str, Any]) -> None:
    session.update(replace(session.state, **change))
    session.draw(coarse=True, detail=Detail.NOTHING)
    wait_for_fine(session)
    session.draw(detail=Detail.FULL)

    assert_same_picture(shows(session), snapshot(session.source, view=session.view, size=SIZE))


def test_a_hand_is_followed_by_stand_ins_alone_and_the_last_place_is_drawn_in_full(session: Session) -> None:
    scene = session._stage._pane_3d.scene
    for angle in range(0, 90, 5):
        session.update(replace(session.state, camera=camera_from(f"{angle},10")))
        session.draw(coarse=True, detail=Detail.NOTHING)
        assert session.waits_for_fine(), "begun, and given up with the next move"
        session.draw(detail=Detail.PROXY)
        assert set(scene._raycasts) <= {Detail.PROXY}
    session.draw(detail=Detail.FULL)

    assert_same_picture(shows(session), snapshot(session.source, view=session.view, size=SIZE))


@pytest.mark.filterwarnings("ignore:Not drawn in 3-D")
def test_a_surface_is_made_in_the_thread_and_the_corner_says_so(session: Session) -> None:
    wait_for_fine(session)
    session.draw(detail=Detail.FULL)
    session.update(moves.toggled(session.state, SurfaceLayer))
    session.draw(detail=Detail.PROXY)
    scene, state = session._stage._pane_3d.scene, session.state
    assert scene.note(state) == "making the surface ..."
    assert session._stage._note_3d == "making the surface ..."

    wait_for_fine(session)
    session.draw(detail=Detail.FULL)
    assert session._stage._note_3d == ""
    assert_same_picture(shows(session), snapshot(session.source, view=session.view, size=SIZE))

    session.update(replace(session.state, layers=(SurfaceLayer(9e6),)))
    session.draw(detail=Detail.PROXY)
    wait_for_fine(session)
    session.draw(detail=Detail.FULL)
    assert session._stage._note_3d == "no surface at this level"


def test_where_a_thread_can_have_no_window_all_is_drawn_in_place(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none() -> None:
        raise RenderError("no window for you")

    monkeypatch.setattr("dicomvtk.render.fine.offscreen_window", none)
    wait_for_fine(session)
    session.draw(detail=Detail.FULL)

    assert not session.in_thread
    assert_same_picture(shows(session), snapshot(session.source, view=session.view, size=SIZE))


def test_slow_frames_are_cast_with_fewer_rays_and_quick_ones_with_more_again() -> None:
    apart = [3.0]
    for seconds in (0.5, 0.5, 0.05, 0.5, *[0.5] * 20):
        apart.append(stage._paced(apart[-1], seconds))
    assert apart[1] > apart[0]
    assert apart[3] == apart[2] > apart[1], "what is quick enough stays"
    assert apart[-1] == apart[-2] < 10, "there is an end to it"

    for _ in range(30):
        apart.append(stage._paced(apart[-1], 0.001))
    assert apart[-1] == 3.0


@pytest.mark.parametrize("card", [False, True])
def test_a_window_that_closes_ends_the_making_of_a_surface_between_its_steps(
    monkeypatch: pytest.MonkeyPatch, card: bool
) -> None:
    reached, closing, lightened = threading.Event(), threading.Event(), []

    def extract(volume: Volume, level: float) -> vtkPolyData:
        reached.set()
        assert closing.wait(PATIENCE_SECONDS)
        return extract_surface(volume, level)

    monkeypatch.setattr("dicomvtk.processing.surface.extract_surface", extract)
    monkeypatch.setattr(scene_3d, "_light", lambda surface, *_: lightened.append(surface) or surface)
    if card:
        monkeypatch.setattr(stage, "is_software", lambda _window: False)
    window = offscreen_window()
    window.SetSize(*SIZE)
    session = Session(head_phantom((24, 24, 24)), View(layers=(SurfaceLayer(250.0),)), window, in_thread=True)
    session.draw(detail=Detail.NOTHING)
    assert session.waits_for_fine()
    assert reached.wait(PATIENCE_SECONDS)
    making = session._making
    monkeypatch.setattr(making, "finish", lambda finish=making.finish: (closing.set(), finish()))
    session.release()

    assert lightened == []
    assert threading.active_count() == 1


def test_a_drag_that_rests_becomes_fine_with_the_button_held_and_coarse_again_on_the_next_move(
    session: Session,
) -> None:
    interactor = vtkGenericRenderWindowInteractor()
    interactor.SetRenderWindow(session._window)
    turns = Turns(session, Controls(session, interactor))
    rect = session.rects["3d"]

    def hand(event: str, across: int) -> None:
        interactor.SetEventInformation(rect.x + rect.width // 2 + across, rect.y + rect.height // 2)
        interactor.InvokeEvent(event)

    def rests() -> None:
        until = time.monotonic() + PATIENCE_SECONDS
        while not session._stage._shows_fine(session.state) or session.undrawn or session._coarse:
            assert time.monotonic() < until, "it never became fine"
            turns.take()
            time.sleep(0.005)

    try:
        hand("LeftButtonPressEvent", 0)
        for across in (20, 40):
            hand("MouseMoveEvent", across)
            assert turns.take()
            assert session._coarse
            assert not session._stage._shows_fine(session.state)
            rests()
            assert_same_picture(shows(session), snapshot(session.source, view=session.view, size=SIZE))
        hand("LeftButtonReleaseEvent", 40)
    finally:
        interactor.SetRenderWindow(None)  # type: ignore[arg-type]


def test_a_pane_that_is_zoomed_is_drawn_alone_and_the_window_shows_what_a_snapshot_does(session: Session) -> None:
    wait_for_fine(session)
    session.draw(detail=Detail.FULL)
    panes = session._stage._panes
    drawn: list[str] = []
    for name, pane in panes.items():
        pane.renderer.AddObserver("StartEvent", lambda _source, _event, name=name: drawn.append(name))

    session.update(moves.zoomed(session.state, "coronal", 2.0))
    session.draw(detail=Detail.FULL)
    assert drawn == ["coronal"]
    session.update(moves.panned(session.state, session.planes["axial"], session.rects["axial"], 9, -7))
    session.draw(detail=Detail.FULL)
    assert drawn == ["coronal", "axial"]
    assert_same_picture(shows(session), snapshot(session.source, view=session.view, size=SIZE))

    session.update(replace(session.state, window=WindowLevel(100, 900)))
    session.draw(detail=Detail.FULL)
    assert sorted(drawn[2:]) == sorted(panes), "the greys are those of all"


def test_while_frames_are_played_the_3d_pane_keeps_the_picture_before_until_there_is_another() -> None:
    head = head_phantom((40, 40, 30))
    frames = np.stack([head.array, head.array[::-1], np.full_like(head.array, -1000)], axis=-1)
    movie = Volume(frames, head.geometry, head.info, axes=(Axis("TriggerTime", (0.0, 40.0, 80.0)),))
    window = offscreen_window()
    window.SetSize(*SIZE)
    session = Session(movie, View(layout="3d", annotations=False, show_crosshair=False), window, in_thread=True)
    try:
        session.draw(detail=Detail.PROXY)
        if not is_software(window):
            pytest.skip("a graphics card draws here: nothing is made ahead")
        wait_for_fine(session)
        session.draw(detail=Detail.NOTHING)
        first = shows(session)
        session.show_frame(2)
        session.draw(detail=Detail.NOTHING)
        assert np.array_equal(shows(session)[:SLIDER], first[:SLIDER])
        assert session._stage._note_3d == "making the volume ... an earlier frame is shown"

        wait_for_fine(session)
        session.draw(detail=Detail.NOTHING)
        assert np.ptp(shows(session)[: SIZE[1] // 2].reshape(-1, 3), axis=0).max() == 0, "there is only air in it"
        session.show_frame(0)
        session.update(replace(session.state, camera=camera_from("L")))
        session.draw(detail=Detail.NOTHING)
        wait_for_fine(session)
        session.draw(detail=Detail.NOTHING)
        seen = replace(session.view, frame=(0,))
        assert_same_picture(shows(session)[:SLIDER], snapshot(movie, view=seen, size=SIZE)[:SLIDER])
    finally:
        session.release()
