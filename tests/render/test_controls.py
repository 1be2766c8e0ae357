"""Hands on the viewer, without a screen: real events go through a real interactor, and the state follows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import SimpleITK
from vtkmodules.vtkRenderingUI import vtkGenericRenderWindowInteractor

from dicomvtk.display import CT_WINDOWS, WindowLevel
from dicomvtk.errors import WriteError
from dicomvtk.geometry import Geometry
from dicomvtk.metadata import SeriesInfo
from dicomvtk.render.controls import Controls
from dicomvtk.render.layout import PANE_3D, point_on_screen
from dicomvtk.render.opengl import offscreen_window
from dicomvtk.render.pictures import grab
from dicomvtk.render.resolve import State
from dicomvtk.render.scene import PLANES, SurfaceLayer, View, VolumeLayer
from dicomvtk.render.scene_3d import Detail
from dicomvtk.render.session import Session
from dicomvtk.render.viewer import snapshot
from dicomvtk.volume import Volume

SIZE = (600, 400)
#: The middle of each pane of the layout of four.
MIDDLE = {"axial": (150, 300), "sagittal": (450, 300), "coronal": (150, 100), PANE_3D: (450, 100)}
WINDOWS = (WindowLevel(40, 80, "brain"), WindowLevel(480, 2500, "bone"))


def ct() -> Volume:
    array = np.random.default_rng(3).integers(-200, 900, (40, 50, 20)).astype(np.int16)
    geometry = Geometry(array.shape, (1.0, 1.0, 2.0), (-20.0, -25.0, 100.0))
    return Volume(array, geometry, SeriesInfo(modality="CT", windows=WINDOWS, unit="HU"))


class Hand:
    """A mouse and a keyboard for a session off screen."""

    def __init__(self, view: View) -> None:
        self.window = offscreen_window()
        self.window.SetSize(*SIZE)
        self.session = Session(ct(), view, self.window)
        self.interactor = vtkGenericRenderWindowInteractor()
        self.interactor.SetRenderWindow(self.window)
        self.controls = Controls(self.session, self.interactor)
        self.session.draw(detail=Detail.NOTHING)

    @property
    def state(self) -> State:
        if self.session.failure is not None:
            raise self.session.failure
        return self.session.state

    def send(
        self,
        event: str,
        at: tuple[float, float],
        control: bool = False,
        shift: bool = False,
        key: str = "",
        repeat: int = 0,
    ) -> None:
        x, y = round(at[0]), round(at[1])
        self.interactor.SetEventInformation(x, y, control, shift, "\0", repeat, key or None)
        self.interactor.InvokeEvent(event)

    def click(self, at: tuple[float, float], repeat: int = 0) -> None:
        self.send("LeftButtonPressEvent", at, repeat=repeat)
        self.send("LeftButtonReleaseEvent", at)

    def drag(self, start: tuple[int, int], by: tuple[int, int], button: str = "Left", **keys: bool) -> None:
        self.send(f"{button}ButtonPressEvent", start, **keys)
        for share in (0.25, 0.5, 1.0):
            self.send("MouseMoveEvent", (start[0] + by[0] * share, start[1] + by[1] * share), **keys)
        self.send(f"{button}ButtonReleaseEvent", (start[0] + by[0], start[1] + by[1]), **keys)

    def key(self, symbol: str, at: tuple[int, int] = MIDDLE["axial"], shift: bool = False) -> None:
        self.send("KeyPressEvent", at, shift=shift, key=symbol)

    def indices(self) -> dict[str, int]:
        return {name: plane.index_at(self.state.crosshair) for name, plane in self.session.planes.items()}


@pytest.fixture
def hand() -> Iterator[Hand]:
    made = Hand(View())
    yield made
    assert made.session.failure is None
    made.interactor.SetRenderWindow(None)
    made.session.release()


@pytest.mark.parametrize("pane", PLANES)
def test_wheel_moves_the_slice_under_the_pointer_by_one(hand: Hand, pane: str) -> None:
    before = hand.indices()

    hand.send("MouseWheelBackwardEvent", MIDDLE[pane])
    assert hand.indices() == {**before, pane: before[pane] + 1}

    hand.send("MouseWheelForwardEvent", MIDDLE[pane])
    hand.send("MouseWheelForwardEvent", MIDDLE[pane])
    assert hand.indices() == {**before, pane: before[pane] - 1}


@pytest.mark.parametrize(
    ("key", "step"), [("Down", 1), ("Up", -1), ("Next", 10), ("Prior", -10), ("Right", 1), ("Left", -1)]
)
def test_keys_move_slices(hand: Hand, key: str, step: int) -> None:
    before = hand.indices()

    hand.key(key, MIDDLE["coronal"])

    assert hand.indices() == {**before, "coronal": before["coronal"] + step}


def test_home_and_end_are_the_first_and_last_slice_and_nothing_is_beyond(hand: Hand) -> None:
    hand.key("End")
    assert hand.indices()["axial"] == 19
    hand.key("Down")
    assert hand.indices()["axial"] == 19
    hand.key("Home")
    assert hand.indices()["axial"] == 0


def test_drag_changes_window_and_level(hand: Hand) -> None:
    hand.drag((100, 270), (100, 0))
    assert hand.state.window.width == pytest.approx(80 * 2.0)  # a third of the pane doubles it
    assert hand.state.window.center == 40

    hand.drag((100, 250), (0, 50))
    assert hand.state.window.center < 40, "up is brighter"


def test_click_moves_the_crosshair_in_all_panes(hand: Hand) -> None:
    plane, rect = hand.session.planes["axial"], hand.session.rects["axial"]
    target = (7.25, -9.5, hand.state.crosshair[2])
    at = point_on_screen(plane, hand.state.axial, rect, target)
    window = hand.state.window

    hand.send("LeftButtonPressEvent", at)
    hand.send("LeftButtonReleaseEvent", at)

    # A pixel of the 50 mm high axial slice in 200 pixels is 0.25 mm.
    np.testing.assert_allclose(hand.state.crosshair, target, atol=0.13)
    assert hand.indices() == {"axial": 10, "sagittal": 27, "coronal": pytest.approx(15, abs=1)}
    assert hand.state.window == window


@pytest.mark.parametrize("how", ["control drag", "shift move"])
def test_crosshair_follows_the_pointer(hand: Hand, how: str) -> None:
    before = hand.state.crosshair
    if how == "control drag":
        hand.drag((150, 100), (40, 20), control=True)
    else:
        hand.send("MouseMoveEvent", (190, 120), shift=True)

    # Coronal: right is L, up is H; 50 mm of rows set the scale in axial, 40 mm of columns and slices here: 0.2 mm.
    assert hand.state.crosshair[0] > before[0]
    assert hand.state.crosshair[2] > before[2]
    assert hand.state.crosshair[1] == before[1]


def test_right_drag_and_control_wheel_zoom(hand: Hand) -> None:
    hand.drag((150, 250), (0, 75), "Right")
    assert hand.state.axial.zoom == pytest.approx(2**0.5)
    hand.send("MouseWheelForwardEvent", MIDDLE["coronal"], control=True)
    assert hand.state.coronal.zoom == pytest.approx(1.1)
    hand.key("minus", MIDDLE["coronal"])
    assert hand.state.coronal.zoom == pytest.approx(1.0)


@pytest.mark.parametrize("how", ["Middle", "shift"])
def test_middle_drag_pans_with_the_picture_under_the_pointer(hand: Hand, how: str) -> None:
    plane, rect = hand.session.planes["axial"], hand.session.rects["axial"]
    point = (3.0, 4.0, 120.0)
    before = point_on_screen(plane, hand.state.axial, rect, point)

    if how == "Middle":
        hand.drag((150, 300), (30, -20), "Middle")
    else:
        hand.drag((150, 300), (30, -20), shift=True)

    after = point_on_screen(plane, hand.state.axial, rect, point)
    assert after == pytest.approx((before[0] + 30, before[1] - 20))


def test_double_click_and_space_show_one_pane_and_all_again(hand: Hand) -> None:
    hand.send("LeftButtonDoubleClickEvent", MIDDLE["coronal"])
    assert hand.state.layout == "coronal"
    hand.session.draw()
    assert set(hand.session.rects) == {"coronal"}
    hand.key("space", (300, 200))
    assert hand.state.layout == "quad"


@pytest.mark.parametrize("second", ["LeftButtonPressEvent", "LeftButtonDoubleClickEvent"])  # X11 tells no double click
def test_a_double_click_leaves_the_crosshair_where_it_was(hand: Hand, second: str) -> None:
    before = hand.state.crosshair
    hand.click((190, 340))
    moved = hand.state.crosshair
    assert moved != before

    hand.click((120, 320))
    hand.send(second, (120, 320))

    assert (hand.state.layout, hand.state.crosshair) == ("axial", moved)


@pytest.mark.parametrize(
    "first",
    ["MouseWheelForwardEvent", "MouseWheelBackwardEvent", "RightButton", "MiddleButton", "a click elsewhere", "a drag"],
)
def test_one_click_after_another_hand_is_no_double_click(hand: Hand, first: str) -> None:
    at = (120, 320)
    if first == "a click elsewhere":
        hand.click((190, 340))
    elif first == "a drag":
        hand.drag(at, (30, 0))
    elif first.endswith("Button"):
        hand.send(f"{first}PressEvent", at)
        hand.send(f"{first}ReleaseEvent", at)
    else:
        hand.send(first, at)
    before = hand.state

    hand.click(at, repeat=1)  # what X11's interactor counts: any button within 400 ms, the wheel too

    assert hand.state.layout == "quad"
    assert hand.state.crosshair != before.crosshair


def test_a_click_on_a_line_of_the_crosshair_brings_it_there(hand: Hand) -> None:
    plane, rect = hand.session.planes["axial"], hand.session.rects["axial"]
    for away in (40, 90):  # where a drag would move the plane, and where it would tilt it
        middle = point_on_screen(plane, hand.state.axial, rect, hand.state.crosshair)
        at = (round(middle[0]) + (away if middle[0] < 150 else -away), round(middle[1]))

        hand.click(at)

        assert point_on_screen(plane, hand.state.axial, rect, hand.state.crosshair) == pytest.approx(at, abs=1)


def test_volume_is_turned_rolled_pushed_and_zoomed(hand: Hand) -> None:
    hand.drag(MIDDLE[PANE_3D], (90, 0))  # 90 of 200 pixels: 90 degrees
    assert hand.controls.dragging is False
    # Pushed to the right by its front, the volume shows its right side.
    np.testing.assert_allclose(hand.state.camera.direction, (1, 0, 0), atol=1e-9)
    hand.key("r")
    hand.drag(MIDDLE[PANE_3D], (0, 90))
    np.testing.assert_allclose(hand.state.camera.direction, (0, 0, 1), atol=1e-9)  # up: seen from below
    np.testing.assert_allclose(hand.state.camera.up, (0, -1, 0), atol=1e-9)
    hand.key("r")
    hand.drag((500, 100), (-50, 50), control=True)  # a quarter turn, counter-clockwise
    np.testing.assert_allclose(hand.state.camera.direction, (0, 1, 0), atol=1e-9)
    np.testing.assert_allclose(np.abs(hand.state.camera.up), (1, 0, 0), atol=1e-9)
    hand.drag(MIDDLE[PANE_3D], (10, 0), "Middle")
    assert hand.state.camera.pan_mm[0] < 0
    hand.send("MouseWheelForwardEvent", MIDDLE[PANE_3D])
    assert hand.state.camera.zoom == pytest.approx(1.1)
    assert hand.indices() == {"axial": 10, "sagittal": 20, "coronal": 25}


@pytest.mark.parametrize(
    ("key", "shift", "direction"),
    [
        ("KP_1", False, (0, 1, 0)),
        ("KP_End", True, (0, -1, 0)),
        ("KP_3", False, (-1, 0, 0)),
        ("KP_3", True, (1, 0, 0)),
        ("KP_7", False, (0, 0, -1)),
        ("KP_Home", True, (0, 0, 1)),
    ],
)
def test_keypad_looks_from_the_sides(hand: Hand, key: str, shift: bool, direction: tuple[int, int, int]) -> None:
    hand.key(key, shift=shift)

    assert hand.state.camera.direction == direction


def test_number_keys_are_ct_windows(hand: Hand) -> None:
    for number, window in enumerate(CT_WINDOWS.values(), start=1):
        hand.key(str(number))
        assert hand.state.window == window


def test_w_goes_round_the_windows_of_the_header(hand: Hand) -> None:
    seen = [hand.state.window]
    for _ in range(3):
        hand.key("w")
        seen.append(hand.state.window)

    assert seen[:2] == list(WINDOWS)
    assert seen[2].explanation == "auto"
    assert seen[3] == WINDOWS[0]


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("i", "invert"),
        ("l", "annotations"),
        ("x", "show_crosshair"),
        ("u", "interpolation"),
        ("n", "neurological"),
        ("h", "help_sheet"),
    ],
)
def test_switches(hand: Hand, key: str, name: str) -> None:
    before = getattr(hand.state, name)

    hand.key(key)
    assert getattr(hand.state, name) is not before
    hand.key(key.upper())
    assert getattr(hand.state, name) is before


def test_question_mark_is_help_and_o_the_patients_planes(hand: Hand) -> None:
    hand.key("question")
    assert hand.state.help_sheet
    hand.key("o")
    assert hand.state.along == "patient"


def test_layers_are_switched(hand: Hand) -> None:
    hand.key("v")
    assert hand.state.shown(VolumeLayer) == ()
    hand.key("g")
    assert [layer.level for layer in hand.state.shown(SurfaceLayer)] == [250.0]
    hand.key("s")
    assert hand.session.draw()


def test_reset_brings_back_what_was_first(hand: Hand) -> None:
    first = hand.state
    for key in ("Down", "1", "i", "v"):
        hand.key(key)
    hand.drag((150, 300), (30, -20), "Middle")
    assert hand.state != first

    hand.key("r")

    assert hand.state == first


@pytest.mark.parametrize("key", ["q", "Escape"])
def test_q_and_escape_close(hand: Hand, key: str) -> None:
    hand.key(key)

    assert hand.session.closed


def test_screenshot_is_what_the_window_shows(hand: Hand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    hand.key("F12")
    hand.key("F12")

    assert sorted(p.name for p in tmp_path.iterdir()) == ["dicomvtk-1.png", "dicomvtk-2.png"]
    saved = SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(tmp_path / "dicomvtk-1.png")))
    np.testing.assert_array_equal(saved, snapshot(ct(), view=hand.state, size=SIZE))


def test_screenshot_that_cannot_be_saved_is_told_in_the_window(hand: Hand, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_given: object) -> None:
        raise WriteError("Cannot write here.")

    monkeypatch.setattr("dicomvtk.render.session.save_picture", refuse)
    hand.session.draw()
    before = grab(hand.window)

    hand.key("F12")
    hand.session.draw()

    assert not hand.session.closed
    changed = np.argwhere((grab(hand.window) != before).any(axis=2))
    assert changed.size > 0
    assert changed[:, 0].min() > SIZE[1] - 50, "at the foot of the window"


def test_every_event_that_changes_the_state_is_drawn_once(hand: Hand) -> None:
    hand.session.draw()
    assert not hand.session.draw()

    for _ in range(5):
        hand.send("MouseWheelBackwardEvent", MIDDLE["axial"])

    assert hand.session.draw()
    assert not hand.session.draw()


def test_window_after_many_moves_shows_what_a_snapshot_of_its_state_does(hand: Hand) -> None:
    hand.session.draw()
    hand.send("MouseWheelBackwardEvent", MIDDLE["axial"])
    hand.session.draw()
    hand.drag((100, 300), (60, 20))
    hand.session.draw()
    hand.key("g")
    hand.session.draw()
    hand.drag(MIDDLE[PANE_3D], (40, 10))
    hand.session.draw(coarse=True)
    hand.session.draw()
    hand.drag((150, 250), (0, 75), "Right")
    hand.session.draw()

    differs = np.any(grab(hand.window) != snapshot(ct(), view=hand.state, size=SIZE), axis=2)
    # Single pixels at the edges of cut faces depend on where the camera came from.
    assert differs.mean() < 0.0005


def test_resized_window_is_drawn_anew(hand: Hand) -> None:
    hand.session.draw()
    hand.window.SetSize(500, 300)

    assert hand.session.draw()
    np.testing.assert_array_equal(grab(hand.window), snapshot(ct(), view=hand.state, size=(500, 300)))


def test_what_goes_wrong_in_a_move_is_kept_and_ends_the_session(monkeypatch: pytest.MonkeyPatch) -> None:
    hand = Hand(View(layout="axial"))
    monkeypatch.setattr(hand.session, "update", lambda view: 1 / 0)

    hand.key("i")

    assert hand.session.closed
    assert isinstance(hand.session.failure, ZeroDivisionError)
    hand.session.release()


def test_pointer_outside_all_panes_does_nothing(hand: Hand) -> None:
    first = hand.state

    for event in ("LeftButtonPressEvent", "MouseMoveEvent", "LeftButtonReleaseEvent", "MouseWheelForwardEvent"):
        hand.send(event, (9999, 9999))
    hand.key("space", (9999, 9999))
    hand.key("unknown")

    assert hand.state == first
    assert hand.session.state == replace(first)
