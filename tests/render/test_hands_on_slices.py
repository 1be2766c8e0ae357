"""Hands on windows, zoom, layouts and frames of slices: what a key or a drag does, and what it says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest

from dicomvtk.display import CT_WINDOWS, WindowLevel
from dicomvtk.display.screen import voi_levels
from dicomvtk.geometry import Geometry
from dicomvtk.metadata import Axis, Finding, FrameSource, SeriesInfo
from dicomvtk.render.around import Around
from dicomvtk.render.cine import natural_fps
from dicomvtk.render.greeting import first_words
from dicomvtk.render.layout import point_on_screen, point_under
from dicomvtk.render.resolve import resolve
from dicomvtk.render.scene import PaneCamera, View
from dicomvtk.render.windowing import windowed
from dicomvtk.volume import Volume
from tests.render.hand import MIDDLE, Hand

GEOMETRY = Geometry((40, 40, 20), (1.0, 1.0, 2.0))


def series(modality: str = "CT", *, windows: tuple[WindowLevel, ...] = (), scale: float | None = None) -> Volume:
    array = np.random.default_rng(5).integers(-200, 900, GEOMETRY.shape).astype(np.int16)
    values = array if scale is None else (array * scale).astype(np.float32)
    return Volume(values, GEOMETRY, SeriesInfo(modality=modality, windows=windows))


def cine(step_ms: float, unit: str = "ms") -> Volume:
    array = np.zeros((8, 8, 4, 5), np.int16)
    axes = (Axis("FrameTime", tuple(step_ms * n for n in range(5)), unit),)
    return Volume(array, Geometry((8, 8, 4), (1.0, 1.0, 1.0)), SeriesInfo(modality="US"), axes=axes)


@pytest.fixture
def hand_on() -> Iterator[Callable[[Volume], Hand]]:
    made: list[Hand] = []

    def make(volume: Volume) -> Hand:
        made.append(Hand(volume))
        return made[-1]

    yield make
    for hand in made:
        hand.interactor.SetRenderWindow(None)
        hand.session.release()


def heard(hand: Hand, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    said: list[str] = []
    monkeypatch.setattr(hand.session, "say", said.append)
    return said


def test_w_passes_windows_that_the_header_repeats(hand_on: Callable[[Volume], Hand]) -> None:
    lung = WindowLevel(-450, 2000)
    hand = hand_on(series(windows=(lung, lung)))

    hand.key("w")
    assert hand.session.state.window.explanation == "auto"
    hand.key("w")
    assert hand.session.state.window == lung


def test_w_tells_which_window_it_came_to(hand_on: Callable[[Volume], Hand], monkeypatch: pytest.MonkeyPatch) -> None:
    hand = hand_on(series(windows=(WindowLevel(-450, 2000), WindowLevel(40, 400))))
    said = heard(hand, monkeypatch)

    for _ in range(3):
        hand.key("w")

    assert said == ["Window 2 of 2 of the header", "Window from the values", "Window 1 of 2 of the header"]


def test_ct_windows_on_other_modalities_say_what_to_press_instead(
    hand_on: Callable[[Volume], Hand], monkeypatch: pytest.MonkeyPatch
) -> None:
    hand = hand_on(series("MR"))
    before, said = hand.session.state, heard(hand, monkeypatch)

    hand.key("1")

    assert hand.session.state == before
    assert len(said) == 1
    assert "this is MR" in said[0]
    assert "a for one from its values" in said[0]


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ("c", "Colours: hot"),
        ("d", "Slabs show the minimum of their slices; ] makes slices thick"),
        ("o", "Slices along the patient's axes"),
        ("oo", "Slices as they were acquired"),
        ("u", "Voxels as they are"),
    ],
)
def test_what_the_picture_may_not_tell_is_said(
    hand_on: Callable[[Volume], Hand], monkeypatch: pytest.MonkeyPatch, keys: str, words: str
) -> None:
    hand = hand_on(series())
    said = heard(hand, monkeypatch)

    for key in keys:
        hand.key(key)

    assert said[-1] == words


@pytest.mark.parametrize("how", ["Escape", "click"])
def test_the_help_sheet_is_closed_and_not_the_window_nor_what_is_under_it_moved(
    hand_on: Callable[[Volume], Hand], how: str
) -> None:
    hand = hand_on(series())
    before = hand.session.state
    hand.key("h")

    if how == "click":
        hand.drag((60, 330), (60, 330))
    else:
        hand.key(how)

    assert not hand.session.closed
    assert hand.session.state == before
    hand.key("Escape")
    assert hand.session.closed


def test_keys_for_frames_and_panes_that_there_are_none_of_say_so(
    hand_on: Callable[[Volume], Hand], monkeypatch: pytest.MonkeyPatch
) -> None:
    flat = Volume(np.zeros((8, 8, 1), np.int16), Geometry((8, 8, 1), (1.0, 1.0, 1.0)), SeriesInfo(modality="CT"))
    hand = hand_on(flat)
    said = heard(hand, monkeypatch)

    for key in ("period", "F2"):
        hand.key(key)

    assert said == ["There is one frame only.", "One slice alone has no other panes."]


def test_the_wheel_over_a_sheet_goes_through_its_rows_and_beside_it_through_slices(
    hand_on: Callable[[Volume], Hand],
) -> None:
    hand = hand_on(series())
    hand.session._panels.around = Around(header=lambda volume, k: tuple(f"line {n}" for n in range(200)))
    before = hand.session.state

    hand.key("m")
    hand.picture()
    for _ in range(2):
        hand.send("MouseWheelBackwardEvent", MIDDLE["axial"])
    sheet = hand.session._sheet()
    assert sheet is not None
    assert sheet.lines[0] == "line 6"
    assert hand.session.state == before

    hand.key("Escape")
    hand.key("Tab")
    hand.send("MouseWheelBackwardEvent", MIDDLE["sagittal"])
    assert hand.session.state != before


def test_the_header_s_sheet_names_its_file(hand_on: Callable[[Volume], Hand]) -> None:
    volume = series()
    sources = tuple(FrameSource(f"/data/IM{n:02d}") for n in range(20))
    hand = hand_on(replace(volume, info=replace(volume.info, sources=sources)))
    hand.key("Home")
    hand.key("m")

    sheet = hand.session._sheet()
    assert sheet is not None
    assert "IM00" in sheet.title


def test_a_map_from_0_to_1_is_not_black_and_white_alone() -> None:
    volume = series("OT", windows=(WindowLevel(0.5, 1.0),), scale=1 / 1000)

    levels = voi_levels(np.array([0.25, 0.5, 0.75]), resolve(View(), volume).window)

    np.testing.assert_allclose(levels, [0.25, 0.5, 0.75])


@pytest.mark.parametrize("scale", [1e-6, 1e-3, 1.0, 1e4], ids=str)
def test_a_drag_that_narrows_a_window_never_jumps(scale: float) -> None:
    volume = series("PT", scale=scale)
    state = resolve(View(window=WindowLevel(300 * scale, 3 * scale)), volume)
    inside = np.array([(300 + 0.1) * scale])

    levels = [float(voi_levels(inside, windowed(state, dx, 0.0).window)[0]) for dx in np.linspace(0, -0.7, 71)]

    assert np.all(np.abs(np.diff(levels)) < 0.02), "each hundredth of the pane is a small step"
    assert windowed(state, -0.5, 0.0).window.width == pytest.approx(3 * scale * 2**-1.5)


def test_no_drag_makes_a_window_that_is_none() -> None:
    state = resolve(View(window=WindowLevel(1e6, 1.0)), series())
    for _ in range(40):
        state = windowed(state, -5.0, 0.0)

    assert state.window.low < state.window.center < state.window.high


def test_presets_still_are_those_of_the_table(hand_on: Callable[[Volume], Hand]) -> None:
    hand = hand_on(series())
    hand.key("3")
    assert hand.session.state.window == CT_WINDOWS["CT-LIVER"]


def test_a_pane_made_large_goes_back_to_the_layout_it_came_from(hand_on: Callable[[Volume], Hand]) -> None:
    hand = hand_on(series())
    hand.key("F3")
    for key in ("space", "space"):
        hand.session.draw()
        hand.key(key, (100, 200))

    assert hand.session.state.layout == "three"


def test_0_fits_every_slice_to_its_pane_and_leaves_the_rest(hand_on: Callable[[Volume], Hand]) -> None:
    hand = hand_on(series())
    hand.key("3")
    hand.drag(MIDDLE["axial"], (190, 250), shift=True)
    hand.send("MouseWheelForwardEvent", MIDDLE["coronal"], control=True)
    before = hand.session.state
    assert before.axial != PaneCamera() != before.coronal

    hand.key("0")

    assert hand.session.state == replace(before, axial=PaneCamera(), coronal=PaneCamera())


@pytest.mark.parametrize("end", [(4000, 300), (-4000, 300), (150, 4000), (150, -4000)], ids=str)
def test_a_slice_cannot_be_pushed_out_of_its_pane(hand_on: Callable[[Volume], Hand], end: tuple[int, int]) -> None:
    hand = hand_on(series())
    hand.drag(MIDDLE["axial"], end, shift=True)

    session = hand.session
    plane, rect = session.planes["axial"], session.rects["axial"]
    corners = [
        point_on_screen(plane, session.state.axial, rect, plane.centre + x * plane.right + y * plane.up)
        for x, y in ((-20, -20), (20, 20))
    ]
    (left, low), (right, high) = corners
    assert right > rect.x + 10
    assert left < rect.x + rect.width - 10
    assert high > rect.y + 10
    assert low < rect.y + rect.height - 10


@pytest.mark.parametrize("at", [(60, 210), (240, 390), (60, 390), (150, 300)], ids=str)
@pytest.mark.parametrize("event", ["MouseWheelForwardEvent", "MouseWheelBackwardEvent"])
def test_the_voxel_under_the_pointer_stays_however_far_the_zoom_goes(
    hand_on: Callable[[Volume], Hand], at: tuple[int, int], event: str
) -> None:
    hand = hand_on(series())

    def under() -> tuple[float, ...]:
        session = hand.session
        plane, state = session.planes["axial"], session.state
        return point_under(plane, state.axial, session.rects["axial"], state.crosshair, *at)

    before = under()
    assert np.all(np.abs(before[:2] - np.asarray([19.5, 19.5])) < 20), "on the slice"
    for _ in range(30):
        hand.send(event, at, control=True)

    assert under() == pytest.approx(before, abs=1e-6)


def test_frames_are_played_at_the_pace_they_were_taken_at() -> None:
    assert natural_fps(cine(40.0).axes) == pytest.approx(25)
    assert natural_fps(cine(2000.0).axes) is None, "nobody watches a frame in two seconds"
    assert natural_fps(cine(40.0, "s").axes) is None
    assert natural_fps(()) is None


def test_playing_shows_its_pace_and_one_frame_is_not_played(
    hand_on: Callable[[Volume], Hand], monkeypatch: pytest.MonkeyPatch
) -> None:
    hand = hand_on(cine(50.0))
    at_rest = hand.picture()[:200, :300]
    hand.key("p")
    assert hand.session.cine.playing
    assert np.any(hand.picture()[:200, :300] != at_rest), "the pace stands beside the frame's number"
    hand.key("p")
    assert not np.any(hand.picture()[:200, :300] != at_rest)

    one = hand_on(series())
    said = heard(one, monkeypatch)
    one.key("p")
    assert not one.session.cine.playing
    assert said == ["There is one frame only, and nothing to play."]


def test_what_is_said_in_two_lines_stands_in_two(hand_on: Callable[[Volume], Hand]) -> None:
    hand = hand_on(series())
    heights = []
    for text in ("Findings", "Findings - " + 200 * "long ", "Findings\nH shows the keys."):
        hand.session.say("")
        before = hand.picture()
        hand.session.say(text)
        rows = np.nonzero((np.abs(hand.picture() - before)[:, 200:280] > 4).any(axis=(1, 2)))[0]
        heights.append(int(rows.max() - rows.min()))

    assert heights[0] + 5 < heights[2] < heights[1]


def test_a_window_begins_with_what_is_odd_and_what_else_there_is() -> None:
    odd = replace(cine(40.0), findings=(Finding("gap", "warn", "Two slices are missing."),))

    assert first_words(odd, 3) == (
        "Findings - gap: Two slices are missing.\n3 series here, Tab lists them; 5 frames, p plays them; "
        "H shows the keys."
    )
    assert first_words(series()) == "H shows the keys."


def test_a_colour_image_keeps_its_colours_and_says_so(
    hand_on: Callable[[Volume], Hand], monkeypatch: pytest.MonkeyPatch
) -> None:
    colours = np.random.default_rng(2).integers(0, 255, (*GEOMETRY.shape, 3)).astype(np.uint8)
    hand = hand_on(Volume(colours, GEOMETRY, SeriesInfo(modality="MR", photometric="RGB")))
    before = hand.picture()
    said = heard(hand, monkeypatch)

    hand.drag(MIDDLE["sagittal"], (MIDDLE["sagittal"][0] + 60, MIDDLE["sagittal"][1] - 40))
    hand.key("a")

    assert said == ["A colour image is shown in its own colours."] * 2
    np.testing.assert_array_equal(hand.picture(), before)
    assert resolve(View(window=WindowLevel(40, 80)), hand.session.volume).window == hand.session.state.window


def test_n_says_that_an_image_without_sides_is_not_mirrored(
    hand_on: Callable[[Volume], Hand], monkeypatch: pytest.MonkeyPatch
) -> None:
    array = np.arange(30 * 40, dtype=np.int16).reshape(30, 40, 1)
    hand = hand_on(Volume(array, Geometry(array.shape, (1.0, 1.0, 1.0), placed=False), SeriesInfo(modality="CR")))
    before = hand.picture()
    said = heard(hand, monkeypatch)

    hand.key("n")

    assert said == ["Where left is, this image does not say: it is never mirrored."]
    np.testing.assert_array_equal(hand.picture(), before)
