"""The crosshair and the 3-D scene: a click finds what the eye sees there, and the mark is drawn where the point is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from vtkmodules.vtkRenderingUI import vtkGenericRenderWindowInteractor

from dicomvtk.geometry import Geometry
from dicomvtk.metadata import SeriesInfo
from dicomvtk.render.controls import Controls
from dicomvtk.render.layers import Layer, SliceLayer, SurfaceLayer, VolumeLayer
from dicomvtk.render.layout import PANE_3D, Rect
from dicomvtk.render.lens import pixels_of, ray_through
from dicomvtk.render.opengl import offscreen_window
from dicomvtk.render.pictures import grab
from dicomvtk.render.scene import Camera3D, View
from dicomvtk.render.session import Session
from dicomvtk.render.viewpoints import camera_from
from dicomvtk.volume import Volume

SIZE = (600, 400)
#: The middle of the 3-D pane among four, window pixels from below.
AT = (450, 100)
RADIUS = 16.0
CENTRE = np.array([3.0, -2.0, 5.0])
C, S = np.cos(0.5), np.sin(0.5)
TURNED = np.array([[C, -S, 0], [S, C, 0], [0, 0, 1]])
DIRECTIONS = {"axial": np.eye(3), "turned": TURNED, "left": np.diag([1.0, 1.0, -1.0])}
SEEN: dict[str, tuple[Layer, ...]] = {
    "rays": (VolumeLayer("ct-bone"),),
    "surface": (SurfaceLayer(0.0),),
    "both": (VolumeLayer("ct-bone"), SurfaceLayer(0.0, opacity=0.3)),
}


def ball(direction: np.ndarray) -> Volume:
    """Return a ball of 2000 around `CENTRE`, soft at its border, brightest in the middle."""
    geometry = Geometry(
        (60, 60, 40), (1.0, 1.0, 1.5), origin=tuple(-direction @ [29.5, 29.5, 29.25]), direction=direction
    )
    points = geometry.index_to_physical(np.stack(np.indices((60, 60, 40)), axis=-1))
    away = np.linalg.norm(points - CENTRE, axis=-1)
    array = np.clip((RADIUS - away) * 1000, -1000, 1000) + np.clip(RADIUS - away, 0, None) * 60
    return Volume(np.rint(array).astype(np.int16), geometry, SeriesInfo(modality="CT", unit="HU"))


class Hand:
    """A session off screen, with an interactor that real events are sent through."""

    def __init__(self, volume: Volume, view: View) -> None:
        self.window = offscreen_window()
        self.window.SetSize(*SIZE)
        self.session = Session(volume, view, self.window)
        self.interactor = vtkGenericRenderWindowInteractor()
        self.interactor.SetRenderWindow(self.window)
        self.controls = Controls(self.session, self.interactor)
        self.interactor.Initialize()
        self.session.draw()

    @property
    def rect(self) -> Rect:
        return self.session.rects[PANE_3D]

    def send(self, event: str, at: tuple[int, int], *, shift: bool = False) -> None:
        self.interactor.SetEventInformation(*at, 0, int(shift), "\0", 0, "")
        self.interactor.InvokeEvent(event)

    def click(self, at: tuple[int, int]) -> np.ndarray:
        self.send("LeftButtonPressEvent", at)
        self.send("LeftButtonReleaseEvent", at)
        return np.array(self.session.state.crosshair)

    def release(self) -> None:
        self.interactor.SetRenderWindow(None)  # type: ignore[arg-type]
        self.session.release()


@pytest.fixture
def hand() -> Iterator[object]:
    made: list[Hand] = []

    def make(volume: Volume, view: View | None = None) -> Hand:
        made.append(Hand(volume, view or View()))
        return made[-1]

    yield make
    for one in made:
        one.release()


def pixel_of(hand: Hand, point: np.ndarray) -> tuple[int, int]:
    state = hand.session.state
    (x, y) = pixels_of(hand.session.volume.geometry, state.camera, hand.rect, [point])[0]
    return int(x), int(y)


@pytest.mark.parametrize("layers", SEEN.values(), ids=SEEN)
@pytest.mark.parametrize("direction", DIRECTIONS.values(), ids=DIRECTIONS)
@pytest.mark.parametrize("camera", ["A", "R", "H", "30,20"])
def test_a_click_in_3d_goes_to_what_the_eye_sees(
    hand: type[Hand], layers: tuple[Layer, ...], direction: np.ndarray, camera: str
) -> None:
    one = hand(ball(direction), View(layers=(SliceLayer(), *layers), camera=camera_from(camera), crosshair=(9, 9, 9)))
    towards_eye = -np.asarray(one.session.state.camera.direction)
    found = one.click(pixel_of(one, CENTRE + RADIUS * towards_eye))
    assert np.linalg.norm(found - CENTRE) == pytest.approx(RADIUS, abs=1.8)
    assert np.linalg.norm(found - (CENTRE + RADIUS * towards_eye)) < 2.2


def test_of_a_largest_value_the_place_is_taken(hand: type[Hand]) -> None:
    one = hand(ball(TURNED), View(layers=(VolumeLayer("ct-mip"),), camera=camera_from("L"), crosshair=(9, 9, 9)))
    assert np.linalg.norm(one.click(pixel_of(one, CENTRE)) - CENTRE) < 2.0


def test_a_click_beside_everything_changes_nothing(hand: type[Hand]) -> None:
    one = hand(ball(np.eye(3)), View(crosshair=(9, 9, 9)))
    assert one.click((310, 10)).tolist() == [9.0, 9.0, 9.0]


def test_a_click_on_a_cut_face_stays_on_the_face(hand: type[Hand]) -> None:
    view = View(layers=(SliceLayer(), VolumeLayer("ct-bone")), crosshair=(3.0, -2.0, 5.0), clip="A")
    one = hand(ball(np.eye(3)), view)  # the front half is gone: the eye is in front of the face
    on_face = CENTRE + np.array([5.0, 0.0, 4.0])
    assert one.click(pixel_of(one, on_face)) == pytest.approx(on_face, abs=1.0)


def test_a_click_on_the_slices_in_3d_meets_the_nearest(hand: type[Hand]) -> None:
    one = hand(
        ball(np.eye(3)), View(layers=(SliceLayer(in_3d=True),), camera=camera_from("A"), crosshair=(0.0, 4.0, 1.5))
    )
    coronal = one.session.planes["coronal"].shown_at(one.session.state.crosshair)
    found = one.click(pixel_of(one, np.array([12.0, coronal[1], -14.0])))
    assert found == pytest.approx([12.0, coronal[1], -14.0], abs=0.6)


def test_turning_the_scene_leaves_the_crosshair(hand: type[Hand]) -> None:
    one = hand(ball(np.eye(3)), View(crosshair=(9, 9, 9)))
    one.send("LeftButtonPressEvent", AT)
    one.send("MouseMoveEvent", (AT[0] + 40, AT[1]))
    one.send("LeftButtonReleaseEvent", (AT[0] + 40, AT[1]))
    assert one.session.state.crosshair == (9.0, 9.0, 9.0)


def test_a_double_click_in_3d_leaves_the_crosshair(hand: type[Hand]) -> None:
    one = hand(ball(np.eye(3)), View(crosshair=(9, 9, 9)))
    one.click(AT)
    one.send("LeftButtonDoubleClickEvent", AT)
    assert one.session.state.layout == PANE_3D
    assert one.session.state.crosshair == (9.0, 9.0, 9.0)


def test_shift_over_the_scene_moves_the_crosshair(hand: type[Hand]) -> None:
    one = hand(ball(np.eye(3)), View(camera=camera_from("A"), crosshair=(9, 9, 9)))
    one.send("MouseMoveEvent", pixel_of(one, CENTRE), shift=True)
    assert np.linalg.norm(np.array(one.session.state.crosshair) - CENTRE) == pytest.approx(RADIUS, abs=1.5)


@pytest.mark.parametrize("direction", DIRECTIONS.values(), ids=DIRECTIONS)
@pytest.mark.parametrize("camera", ["A", "L", "20,-35"])
def test_the_mark_in_3d_is_where_the_crosshair_is(hand: type[Hand], direction: np.ndarray, camera: str) -> None:
    view = View(layers=(SliceLayer(),), camera=camera_from(camera), annotations=False, crosshair=(12.0, -8.0, 9.0))
    one = hand(ball(direction), view)
    with_mark = scene_of(one)
    one.session.update(replace(one.session.state, show_crosshair=False))
    one.session.draw()
    rows, columns = np.nonzero(np.abs(with_mark - scene_of(one)).max(axis=2) > 20)
    x, y = pixels_of(one.session.volume.geometry, one.session.state.camera, one.rect, [one.session.state.crosshair])[0]
    middle = ((columns.min() + columns.max() + 1) / 2, one.rect.height - (rows.min() + rows.max() + 1) / 2)
    assert middle == pytest.approx((x - one.rect.x, y - one.rect.y), abs=2.0)


def scene_of(one: Hand) -> np.ndarray:
    picture = grab(one.window).astype(int)
    top = SIZE[1] - one.rect.y - one.rect.height
    return picture[top : top + one.rect.height, one.rect.x : one.rect.x + one.rect.width]


def test_the_mark_follows_scrolling_when_there_is_time(hand: type[Hand]) -> None:
    one = hand(ball(np.eye(3)), View(layers=(SliceLayer(),), annotations=False))
    before = scene_of(one)
    one.session.update(replace(one.session.state, crosshair=(10.0, 10.0, 15.0)))
    one.session.draw()
    assert (scene_of(one) != before).any()


def test_a_scene_alone_has_no_mark_before_somebody_puts_one(hand: type[Hand]) -> None:
    one = hand(ball(np.eye(3)), View(layout=PANE_3D, annotations=False))
    marked = scene_of(one)
    one.session.update(replace(one.session.state, show_crosshair=False))
    one.session.draw()
    assert (scene_of(one) == marked).all()


def test_the_ray_through_a_pixel_meets_what_is_drawn_there() -> None:
    geometry = Geometry((50, 60, 70), (1.0, 0.5, 2.0), origin=(5.0, -40.0, 7.0), direction=TURNED)
    camera = replace(camera_from("40,25"), zoom=1.7, pan_mm=(4.0, -9.0))
    rect = Rect(30, 10, 400, 300)
    point = np.array([11.0, -3.0, 55.0])
    x, y = pixels_of(geometry, camera, rect, [point])[0]
    eye, direction = ray_through(geometry, camera, rect, x - 0.5, y - 0.5)
    assert np.cross(direction, point - eye) == pytest.approx([0, 0, 0], abs=1e-9)
    assert isinstance(camera, Camera3D)
