"""Hands on the newer parts: tilting, frames, sheets, series; real events through a real interactor, off screen."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from vtkmodules.vtkCommonCore import vtkStringArray
from vtkmodules.vtkRenderingCore import vtkRenderer
from vtkmodules.vtkRenderingUI import vtkGenericRenderWindowInteractor

from dicomvtk.errors import SeriesError, UnsupportedError
from dicomvtk.geometry import Geometry
from dicomvtk.metadata import Axis, Finding, SeriesInfo
from dicomvtk.render.around import Around, SeriesCard
from dicomvtk.render.cine import Cine
from dicomvtk.render.crop_box import face_pixels, with_face_dragged
from dicomvtk.render.embedding import Viewer
from dicomvtk.render.errands import Progress
from dicomvtk.render.layers import SurfaceLayer, VolumeLayer
from dicomvtk.render.layout import PANE_3D, Rect, mm_per_pixel
from dicomvtk.render.lens import mm_per_pixel_3d
from dicomvtk.render.opengl import offscreen_window
from dicomvtk.render.panels import SERIES_PIXELS, histogram_edges
from dicomvtk.render.pictures import free_path, grab
from dicomvtk.render.preferences import Preferences, load_preferences, preferences_path
from dicomvtk.render.resolve import resolve
from dicomvtk.render.scene import View
from dicomvtk.render.scene_3d import Detail
from dicomvtk.render.viewer import snapshot
from dicomvtk.render.viewpoints import camera_from
from dicomvtk.volume import Volume
from tests.render.hand import MIDDLE, SIZE, Hand


def movie(frames: int = 4) -> Volume:
    array = np.random.default_rng(3).integers(-200, 900, (40, 40, 20, frames)).astype(np.int16)
    axes = (Axis("TriggerTime", tuple(40.0 * n for n in range(frames)), "ms"),)
    return Volume(array, Geometry((40, 40, 20), (1.0, 1.0, 2.0)), SeriesInfo(modality="CT", unit="HU"), axes=axes)


def still(description: str = "", findings: tuple[Finding, ...] = ()) -> Volume:
    return replace(movie(1).frame(0), info=SeriesInfo(modality="CT", description=description), findings=findings)


def folder(opened: list[str]) -> Around:
    def open_series(key: str, _progress: Progress) -> Volume:
        opened.append(key)
        if key == "broken":
            raise SeriesError("Cannot read series broken: its files are gone.")
        return still(f"series {key}")

    return Around(
        cards=(SeriesCard("a", ("a: CT",)), SeriesCard("b", ("b: CT",)), SeriesCard("c", ("c: CT",), "--allow gap")),
        current="a",
        open_series=open_series,
        thumbnail=lambda key: np.full((60, 60), 200, np.uint8),
        header=lambda volume, k: tuple(f"(0020,{n:04d}) IS Number{n} {n + k}" for n in range(100)),
    )


@pytest.fixture
def hands() -> Iterator[object]:
    made: list[Hand] = []

    def make(volume: Volume, around: Around | None = None) -> Hand:
        made.append(Hand(volume, around))
        return made[-1]

    yield make
    for hand in made:
        hand.interactor.SetRenderWindow(None)
        hand.session.release()


def test_dragging_the_end_of_a_line_tilts_the_other_planes(hands: type[Hand]) -> None:
    hand = hands(still())
    planes = dict(hand.session.planes)
    x, y = MIDDLE["axial"]

    hand.drag((x + 100, y), (x + 100, y + 58))  # 30 degrees counter-clockwise
    hand.session.draw()

    tilted = hand.session.planes
    assert np.degrees(np.arccos(tilted["coronal"].normal @ planes["coronal"].normal)) == pytest.approx(30, abs=1.5)
    np.testing.assert_allclose(tilted["axial"].normal, planes["axial"].normal, atol=1e-9)
    trace = tilted["axial"].trace_of(tilted["coronal"])
    slope = (trace @ tilted["axial"].up) / (trace @ tilted["axial"].right)
    assert slope > 0.5, "the line went where the hand went"
    hand.key("z")
    assert hand.session.state.tilt == (0.0, 0.0, 0.0)


def test_wheel_with_control_keeps_what_is_under_the_pointer(hands: type[Hand]) -> None:
    from dicomvtk.render.layout import point_under

    hand = hands(still())
    at = (100, 330)

    def under() -> tuple[float, ...]:
        session = hand.session
        state, plane = session.state, session.planes["axial"]
        return point_under(plane, state.axial, session.rects["axial"], state.crosshair, *at)

    before = under()
    for _ in range(4):
        hand.send("MouseWheelForwardEvent", at, control=True)
    assert hand.session.state.axial.zoom == pytest.approx(1.1**4)
    assert under() == pytest.approx(before, abs=1e-6)


@pytest.mark.parametrize(
    ("keys", "name", "value"),
    [
        (["bracketright"] * 3, "slab.thickness_mm", 10.0),
        (["bracketright", "bracketleft", "bracketleft"], "slab.thickness_mm", 0.0),
        (["d"], "slab.blend", "min"),
        (["c"], "colour_map", "hot"),
        (["k"], "clip", "A"),
        (["F3"], "layout", "three"),
        (["F3", "F2"], "layout", "quad"),
        (["a"], "window.explanation", "auto"),
    ],
)
def test_keys_change_the_view(hands: type[Hand], keys: list[str], name: str, value: object) -> None:
    hand = hands(still())
    for key in keys:
        hand.key(key)

    found: object = hand.session.view
    for part in name.split("."):
        found = getattr(found, part)
    assert found == value


def test_colour_bar_and_rays_by_shifted_keys(hands: type[Hand]) -> None:
    hand = hands(still())

    hand.key("C", shift=True)
    hand.key("E", shift=True)
    hand.key("K", shift=True)
    (layer,) = hand.session.state.shown(VolumeLayer)
    assert hand.session.state.colour_bar
    assert (layer.blend, layer.shade) == ("max", False)
    hand.key("e")
    (layer,) = hand.session.state.shown(VolumeLayer)
    assert layer == VolumeLayer("ct-skin")
    hand.drag(MIDDLE[PANE_3D], (MIDDLE[PANE_3D][0] + 100, MIDDLE[PANE_3D][1] + 50), control=True, shift=True)
    (layer,) = hand.session.state.shown(VolumeLayer)
    assert layer.stretch > 1
    assert layer.shift < 0


def test_crop_to_what_the_slices_show_and_back(hands: type[Hand]) -> None:
    hand = hands(still())
    hand.session.update(replace(hand.session.state, axial=replace(hand.session.state.axial, zoom=2.0)))

    hand.key("j")
    crop = hand.session.state.crop
    assert crop[2:4] == pytest.approx((0.25, 0.75), abs=0.01)  # the axial pane is 200 pixels high, for 40 mm
    assert crop[4:] == (0.0, 1.0)
    hand.key("j")
    assert hand.session.state.crop == View().crop


def test_frames_by_key_slider_and_clock(hands: type[Hand]) -> None:
    hand = hands(movie())
    first = hand.picture()

    hand.key("period")
    assert hand.session.state.frame == (1,)
    assert np.abs(hand.picture() - first)[:200, :300].mean() > 5
    hand.key("comma")
    hand.key("comma")
    assert hand.session.state.frame == (3,)
    hand.drag((590, 5), (300, 5))
    assert hand.session.state.frame in {(1,), (2,)}
    hand.key("p")
    hand.session.cine.tick(100.0)
    before = hand.session.state.frame[0]
    hand.session.cine.tick(100.0 + 1.5 / 25)  # frames are 40 ms apart
    assert hand.session.state.frame[0] == (before + 1) % 4
    assert hand.session.view.frame == hand.session.state.frame


def test_the_picture_of_a_frame_is_that_of_its_view(hands: type[Hand]) -> None:
    hand = hands(movie())
    hand.key("period")
    hand.session.update(replace(hand.session.state, annotations=False))
    shown = hand.picture()[:200]  # the slider is below

    view = replace(hand.session.view)
    np.testing.assert_allclose(snapshot(movie(), view=view, size=SIZE)[:200], shown, atol=2)


def test_clock_skips_frames_where_drawing_is_slow() -> None:
    advanced: list[int] = []
    cine = Cine(advanced.append, fps=10.0)
    cine.tick(0.0)
    assert advanced == []
    cine.toggle()
    for now in (0.0, 0.05, 0.11, 0.45, 0.46):
        cine.tick(now)
    assert advanced == [1, 3]
    cine.speed(1000)
    assert cine.fps == 60.0


def test_series_are_listed_clicked_and_stepped_through(hands: type[Hand]) -> None:
    opened: list[str] = []
    hand = hands(still("first"), folder(opened))
    plain = hand.picture()

    hand.key("Tab")
    listed = hand.picture()
    assert np.abs(listed - plain)[:, :SERIES_PIXELS].mean() > 5
    assert (listed[:150, 10:70] == 200).all(axis=2).sum() > 3000, "thumbnails are there"
    hand.send("LeftButtonPressEvent", (150, SIZE[1] - 34 - 84 - 40))
    assert opened == ["b"]
    assert hand.session.volume.info.description == "series b"
    hand.key("Next", control=True)  # c needs a relaxation: it is passed over
    assert opened == ["b", "a"]
    hand.key("Tab")
    assert hand.picture()[:, :, 0].std() > 5


def test_a_long_list_of_series_opens_where_the_window_is_and_tells_how_long_it_is(hands: type[Hand]) -> None:
    around = folder([])
    cards = tuple(SeriesCard(str(n), (f"{n}: CT",)) for n in range(20))
    hand = hands(still(), replace(around, cards=cards, current="17"))
    hand.key("Tab")
    sheet = hand.session._sheet()
    assert sheet is not None
    assert "17" in [card.key for card, _ in sheet.cards]
    assert sheet.title == "17 to 20 of 20 series: click one"


def test_a_series_that_cannot_be_read_leaves_what_was_there(hands: type[Hand]) -> None:
    opened: list[str] = []
    around = folder(opened)
    hand = hands(still("first"), replace(around, cards=(*around.cards[:1], SeriesCard("broken", ("broken",)))))

    hand.key("Next", control=True)

    assert opened == ["broken"]
    assert hand.session.volume.info.description == "first"
    assert not hand.session.closed


def test_a_series_that_needs_an_option_says_which(hands: type[Hand], monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    hand = hands(still("first"), folder(opened))
    hand.key("Tab")
    said: list[str] = []
    monkeypatch.setattr(hand.session, "say", said.append)

    hand.send("LeftButtonPressEvent", (150, SIZE[1] - 34 - 2 * 84 - 40))

    assert opened == []
    assert said == ["Cannot open c: CT as it is: view it with --allow gap."]


@pytest.mark.parametrize(
    ("cards", "words"),
    [
        ((SeriesCard("a", ("a",)),), "There is no other series here."),
        (
            (SeriesCard("a", ("a",)), SeriesCard("c", ("c",), "--fix gap")),
            "No other series here opens as it is: c needs --fix gap.",
        ),
    ],
    ids=["alone", "needs"],
)
def test_no_next_series_is_told(
    hands: type[Hand], monkeypatch: pytest.MonkeyPatch, cards: tuple[SeriesCard, ...], words: str
) -> None:
    hand = hands(still("first"), replace(folder([]), cards=cards))
    said: list[str] = []
    monkeypatch.setattr(hand.session, "say", said.append)

    hand.key("Next", control=True)

    assert said == [words]


def test_lines_of_the_header_stand_in_columns_and_end_in_the_window(hands: type[Hand]) -> None:
    lines = (
        "(0008,0060) CS 1 iiiiiiii  |",
        "(0008,0016) UI 1 MMMMMMMM  |",
        "(0008,0018) UI 1 SOPInstanceUID  " + 300 * "1",
    )
    hand = hands(still(), replace(folder([]), header=lambda volume, k: lines))
    hand.key("m")
    picture = hand.picture().max(axis=2)

    rows = [picture[34 + n * 18 : 34 + (n + 1) * 18] > 150 for n in range(3)]
    ends = [int(np.nonzero(row.any(axis=0))[0].max()) for row in rows]
    assert abs(ends[0] - ends[1]) <= 1, "letters narrow and wide put the value in one column"
    assert SIZE[0] * 0.9 < ends[2] < SIZE[0] - 5, "as much of a long value as has room"


def test_what_is_said_stands_over_a_sheet(hands: type[Hand]) -> None:
    hand = hands(still(), folder([]))
    hand.key("m")
    before = hand.picture()
    hand.key("Escape")
    hand.session.say("said before")
    hand.key("m")
    foot = np.s_[-40:, :290]  # of slices: the 3-D pane may have become finer
    assert not np.any(hand.picture()[foot] != before[foot]), "what was said before is read"
    hand.session.say("something")
    changed = np.abs(hand.picture() - before).max(axis=2)

    assert changed[-40:].max() > 150, "its letters are as bright as on the picture"


def test_header_is_searched_by_typing(hands: type[Hand]) -> None:
    hand = hands(still(), folder([]))

    hand.key("m")
    for letter in "number7":
        hand.key(letter)
    sheet = hand.session._sheet()
    assert sheet is not None
    assert [line.split()[2] for line in sheet.lines] == ["Number7", *[f"Number{n}" for n in range(70, 80)]]
    assert not hand.session.closed, "q and other keys are text here"
    hand.key("Return")
    assert hand.session._sheet() is not None, "the next letter would be a command"
    hand.key("BackSpace")
    sheet = hand.session._sheet()
    assert sheet is not None
    assert "Search: number_   100 of 100" in sheet.title
    hand.key("Escape")
    assert hand.session._sheet() is None
    hand.key("Escape")
    assert hand.session.closed


def test_histogram_gives_the_surface_its_level(hands: type[Hand]) -> None:
    hand = hands(still())
    hand.key("t")
    left, right = histogram_edges(SIZE[0])
    hand.send("LeftButtonPressEvent", ((left + right) // 2, 60))
    sheet = hand.session._sheet()
    assert sheet is not None
    assert re.match(r"Surface at 3\d\d(\.\d)?; click another value: -200 to 899", sheet.title), sheet.title

    (layer,) = hand.session.state.shown(SurfaceLayer)
    assert layer.level == pytest.approx(350, abs=10)  # values go from -200 to 899
    hand.key("t")
    assert hand.session._sheet() is None


def test_the_histogram_of_colours_is_that_of_the_brightness_a_surface_follows(hands: type[Hand]) -> None:
    colours = np.zeros((20, 20, 20, 3), np.uint8)
    colours[5:15, 5:15, 5:15, 2] = 255  # blue: brightness 29 of 255 (ITU-R BT.601)
    hand = hands(Volume(colours))
    hand.key("t")
    left, right = histogram_edges(SIZE[0])
    hand.send("LeftButtonPressEvent", ((left + right) // 2, 60))
    sheet = hand.session._sheet()
    assert sheet is not None
    assert sheet.span == pytest.approx((0, 29), abs=1)
    (layer,) = hand.session.state.shown(SurfaceLayer)
    assert layer.level == pytest.approx(14.5, abs=1)


def test_findings_are_told_when_a_series_opens(hands: type[Hand]) -> None:
    finding = Finding("gap", "warn", "IM4 and IM5 are 7.50 mm apart.")
    told = hands(still(findings=(finding,))).picture()
    quiet = hands(still()).picture()

    # Beside the corner's "Warning: gap" a line stands at the foot of the window.
    assert (np.abs(told - quiet)[-36:] > 100).any()
    assert not (np.abs(told - quiet)[100:300, :290] > 100).any()


def test_a_session_gives_the_view_of_its_picture(hands: type[Hand]) -> None:
    hand = hands(still())
    for key in ("n", "c", "bracketright", "k"):
        hand.key(key)
    hand.drag((250, 300), (250, 340))

    again = snapshot(still(), view=hand.session.view, size=SIZE).astype(int)
    assert np.mean(np.abs(again - hand.picture()).max(axis=2) > 8) < 0.003  # edges of oblique slabs


def test_a_viewer_lives_in_a_window_of_somebody_else() -> None:
    window = offscreen_window()
    window.SetSize(*SIZE)
    theirs = vtkRenderer()
    window.AddRenderer(theirs)
    interactor = vtkGenericRenderWindowInteractor()
    interactor.SetRenderWindow(window)
    viewer = Viewer(still(), window, interactor, View(layout="axial"))

    np.testing.assert_allclose(viewer.picture(), snapshot(still(), view=View(layout="axial"), size=SIZE), atol=2)
    viewer.change(invert=True)
    assert viewer.view.invert is True
    before = viewer.view.crosshair
    interactor.SetEventInformation(300, 200, False, False, "\0", 0, None)
    interactor.InvokeEvent("MouseWheelForwardEvent")
    assert viewer.view.crosshair != before
    moved = viewer.view.crosshair
    viewer.close()
    interactor.InvokeEvent("MouseWheelForwardEvent")
    assert viewer.view.crosshair == moved
    assert window.GetRenderers().GetNumberOfItems() == 1
    assert window.HasRenderer(theirs)
    interactor.SetRenderWindow(None)
    window.Finalize()


def test_preferences_are_read_and_refused_by_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "viewer.toml"
    assert load_preferences(path) == Preferences()
    tutorial = (Path(__file__).parents[2] / "docs" / "tutorials" / "pictures.md").read_text(encoding="utf-8")
    told = tutorial.partition("```toml\n")[2].partition("```")[0]
    path.write_text(told)
    assert load_preferences(path) == Preferences()
    assert {line.split()[0] for line in told.splitlines()} == {f.name for f in fields(Preferences)}
    path.write_text(
        "# mine\nlayout = \"three\"\nneurological = true  # as at home\nfps = 12\nscreenshot = '{series}-{n}.png'\n"
    )

    assert load_preferences(path) == Preferences(
        layout="three", neurological=True, fps=12.0, screenshot="{series}-{n}.png"
    )
    assert load_preferences(path).view() == View(layout="three", neurological=True)
    for text, words in {
        "colour = 1": "Unknown name 'colour' in .*line 1; expected one of layout",
        "layout = 5": 'layout is 5 .* such as "quad"',
        '# mine\nlayout = "five"': "line 2: .*expected one of quad",
        "[table]": "expected name = value",
        "layout = three": "line 1: .*text in quotes",
        "fps = 0": "fps is 0",
    }.items():
        path.write_text(text)
        with pytest.raises(UnsupportedError, match=words):
            load_preferences(path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    if preferences_path().is_relative_to(tmp_path):
        assert preferences_path() == tmp_path / "dicomvtk" / "viewer.toml"


def test_screenshots_are_named_by_template(tmp_path: Path) -> None:
    info = SeriesInfo(description="T1 3D/axial", patient_id="P/7")
    template = str(tmp_path / "{patient}_{series}_{n}.png")

    first = free_path(template, info)
    first.touch()

    assert first.name == "P_7_T1_3D_axial_1.png"
    assert free_path(template, info).name == "P_7_T1_3D_axial_2.png"
    with pytest.raises(UnsupportedError, match=r"Cannot name a screenshot by '\{name\}"):
        free_path("{name}.png", info)


def test_what_is_said_is_whole_in_the_window_however_long(hands: type[Hand]) -> None:
    finding = Finding("uneven", "warn", "The slices are " + "unevenly " * 30 + "spaced.")
    hand = hands(still(findings=(finding,)))
    hand.session.draw()
    said = grab(hand.window)
    hand.session.say("")
    hand.session.draw()
    ink = np.argwhere(np.any(said != grab(hand.window), axis=2))

    assert ink[:, 1].min() > 2, "the line begins inside the window"
    assert ink[:, 1].max() < SIZE[0] - 3, "and ends in it"
    assert np.ptp(ink[:, 0]) > 20, "on several lines"


def test_keys_of_greys_leave_a_colour_image_alone(hands: type[Hand]) -> None:
    colours = np.random.default_rng(5).integers(0, 255, (20, 20, 4, 3)).astype(np.uint8)
    array = np.asfortranarray(colours.transpose(3, 0, 1, 2)).transpose(1, 2, 3, 0)
    volume = Volume(array, Geometry((20, 20, 4), (1.0, 1.0, 2.0)), SeriesInfo(photometric="RGB"))
    hand = hands(volume)
    before = hand.session.state
    for symbol in "ic":
        hand.key(symbol)

    assert hand.session.state == before


def test_dragging_a_line_near_its_middle_moves_its_plane(hands: type[Hand]) -> None:
    hand = hands(still())
    x, y = MIDDLE["axial"]
    before = hand.session.state

    hand.drag((x + 30, y), (x + 50, y + 25))  # the coronal plane's trace: only what goes across it counts
    after = hand.session.state
    hand.session.draw()

    scale = mm_per_pixel(hand.session.planes["axial"], after.axial, hand.session.rects["axial"])
    np.testing.assert_allclose(np.subtract(after.crosshair, before.crosshair), (0, -25 * scale, 0), atol=1e-9)
    assert (after.tilt, after.window) == (before.tilt, before.window)
    hand.drag((x + 30, y + 25), (x + 30, y - 400))
    coronal = hand.session.planes["coronal"]
    assert coronal.index_at(hand.session.state.crosshair) == coronal.count - 1, "not past the last slice"


def test_a_line_that_is_not_shown_is_not_dragged(hands: type[Hand]) -> None:
    hand = hands(still())
    hand.key("x")
    x, y = MIDDLE["axial"]
    hand.drag((x + 30, y), (x + 30, y + 25))

    assert hand.session.state.window != hand.session._first.window


@pytest.mark.parametrize("where", ["A", "L", "35,20", "-140,-50"])
def test_handles_of_the_crop_box_are_where_vtk_draws_the_middles_of_its_faces(hands: type[Hand], where: str) -> None:
    hand = hands(still())
    crop = (0.1, 0.8, 0.0, 0.7, 0.25, 1.0)
    camera = replace(camera_from(where), zoom=1.3, pan_mm=(4.0, -3.0))
    hand.session.update(replace(hand.session.state, crop=crop, crop_box=True, camera=camera))
    hand.session.draw(detail=Detail.NOTHING)
    rect, geometry = hand.session.rects[PANE_3D], hand.session.volume.geometry
    renderer: vtkRenderer = hand.session._stage._pane_3d.renderer
    low = np.asarray(geometry.index_to_physical((-0.5, -0.5, -0.5)))
    size = np.asarray(geometry.extent_mm)  # the grid of `still` lies along L, P and H

    for face, pixel in face_pixels(hand.session.state, geometry, rect).items():
        shares = np.add(crop[::2], crop[1::2]) / 2
        shares[face // 2] = crop[face]
        renderer.SetWorldPoint(*(low + shares * size), 1.0)
        renderer.WorldToDisplay()
        assert pixel == pytest.approx(renderer.GetDisplayPoint()[:2], abs=0.01)


def test_dragging_a_face_of_the_crop_box_takes_it_along(hands: type[Hand]) -> None:
    hand = hands(still())
    hand.key("J", MIDDLE[PANE_3D], shift=True)
    hand.session.draw(detail=Detail.NOTHING)
    rect, geometry = hand.session.rects[PANE_3D], hand.session.volume.geometry
    x, y = (round(v) for v in face_pixels(hand.session.state, geometry, rect)[1])  # the left side of the patient

    hand.drag((x, y), (x - 20, y + 9))

    crop = hand.session.state.crop
    scale = mm_per_pixel_3d(geometry, hand.session.state.camera, rect)
    assert crop == pytest.approx((0.0, 1.0 - 20 * scale / geometry.extent_mm[0], 0.0, 1.0, 0.0, 1.0), abs=0.005)
    assert hand.session.state.camera == hand.session._first.camera, "the volume is not turned"
    hand.drag((x - 20, y), (x - 600, y))
    assert 0 < hand.session.state.crop[1] < 0.02, "a face is not pushed through the one behind it"


@pytest.mark.parametrize("where", ["A", "30,20", "-50,10"])
@pytest.mark.parametrize("face", range(6))
def test_a_handle_of_the_crop_box_stays_under_the_pointer(where: str, face: int) -> None:
    geometry, rect = still().geometry, Rect(0, 0, 600, 400)
    state = resolve(View(layout="3d", crop_box=True, camera=camera_from(where)), still())
    half = tuple(0.5 if n == face else edge for n, edge in enumerate(state.crop))
    start, end = (face_pixels(replace(state, crop=crop), geometry, rect)[face] for crop in (state.crop, half))
    if where == "A" and face in (2, 3):
        return  # seen from the end: pulled upwards
    dragged = with_face_dragged(state, geometry, rect, face, end[0] - start[0], end[1] - start[1])
    assert dragged == pytest.approx(half, abs=0.01)


def test_a_crop_box_seen_from_the_end_of_an_axis_is_pulled_upwards() -> None:
    state = resolve(View(crop=(0.0, 1.0, 0.2, 1.0, 0.0, 1.0)), still())  # from the front: P points into the screen
    rect = Rect(0, 0, 300, 200)
    assert with_face_dragged(state, still().geometry, rect, 2, 0, 10)[2] < 0.2
    assert with_face_dragged(state, still().geometry, rect, 3, 0, -10)[3] < 1.0


def dropped(*paths: str) -> vtkStringArray:
    names = vtkStringArray()
    for path in paths:
        names.InsertNextValue(path)
    return names


def test_after_a_single_image_the_panes_come_back_that_were_there(hands: type[Hand]) -> None:
    hand = hands(still())
    image = replace(still(), array=still().array[:, :, :1], geometry=Geometry((40, 40, 1), (1.0, 1.0, 2.0)))
    hand.session.open(image)
    assert hand.session.state.layout == "axial"
    hand.session.open(image)
    hand.session.open(still())
    assert hand.session.state.layout == "quad"

    hand.key("F3")
    hand.session.open(image)
    hand.session.open(still())
    assert hand.session.state.layout == "three"


def test_what_is_dropped_on_the_window_opens_in_it(hands: type[Hand]) -> None:
    asked: list[tuple[str, ...]] = []

    def open_paths(paths: tuple[str, ...], _progress: Progress) -> tuple[Volume, Around]:
        asked.append(paths)
        if paths == ("nothing",):
            raise SeriesError("There is no DICOM in nothing.")
        return still("dropped"), folder([])

    hand = hands(still("first"), Around(open_paths=open_paths))
    hand.interactor.InvokeEvent("DropFilesEvent", dropped("nothing"))
    assert (hand.session.source.info.description, hand.session.failure) == ("first", None)

    hand.interactor.InvokeEvent("DropFilesEvent", dropped("some where", "else"))
    assert hand.session.source.info.description == "dropped"
    assert asked == [("nothing",), ("some where", "else")]
    hand.session.open_neighbour(1)
    assert hand.session.source.info.description == "series b", "its folder came with it"


def test_a_window_that_can_open_nothing_says_so(hands: type[Hand]) -> None:
    hand = hands(still())
    before = hand.picture()
    hand.interactor.InvokeEvent("DropFilesEvent", dropped("any"))
    assert hand.session.failure is None
    assert np.any(before != hand.picture())
