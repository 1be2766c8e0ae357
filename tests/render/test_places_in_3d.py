"""Where things are in the 3-D pane: a bright bead is drawn where its point in the patient is projected, from all sides.

The projection is worked out here from the camera's definition: eye, direction, up and angle.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dicomvtk.geometry import Geometry
from dicomvtk.metadata import SeriesInfo
from dicomvtk.processing.phantom import LESION_LPS
from dicomvtk.processing.phantom import head_phantom as phantom
from dicomvtk.render.layers import Layer, SliceLayer, SurfaceLayer, VolumeLayer
from dicomvtk.render.lens import VIEW_ANGLE_DEGREES, fit_distance_mm
from dicomvtk.render.scene import Camera3D, View
from dicomvtk.render.viewer import snapshot
from dicomvtk.render.viewpoints import camera_from
from dicomvtk.volume import Volume

SIZE = (360, 280)
#: Side of the corner at the lower right in which the cube with letters stands.
CUBE = 64
SHAPE = (60, 52, 44)
CENTRE, BEAD = np.array([20.0, -35.0, 50.0]), np.array([20.0 + 14, -35.0 - 11, 50.0 + 9])
A, B = 0.5, 0.35
TURN = np.array([[np.cos(A), -np.sin(A), 0], [np.sin(A), np.cos(A), 0], [0, 0, 1]]) @ np.array(
    [[1, 0, 0], [0, np.cos(B), -np.sin(B)], [0, np.sin(B), np.cos(B)]]
)
GRIDS = {
    "axial": np.eye(3),
    "left-handed": np.diag([1.0, 1.0, -1.0]),
    "sagittal": np.array([[0.0, 0, 1], [1, 0, 0], [0, -1, 0]]),
    "prone": np.diag([-1.0, -1.0, 1.0]),
    "feet first": np.diag([-1.0, 1.0, -1.0]),
    "oblique": TURN,
    "left oblique": TURN * [1, 1, -1],
}
CAMERAS = ["A", "P", "L", "R", "S", "I", "-35,25", "140,-30"]
LAYERS: dict[str, tuple[Layer, ...]] = {
    "rays": (VolumeLayer("ct-bone", shade=False),),
    "largest": (VolumeLayer("ct-mip"),),
    "surface": (SurfaceLayer(200.0),),
}


def bead(direction: np.ndarray) -> Volume:
    """Return a bead of 3 mm radius beside the middle of a grid of 1 x 1.2 x 1.5 mm."""
    spacing = (1.0, 1.2, 1.5)
    origin = CENTRE - direction @ (np.array(spacing) * (np.array(SHAPE) - 1) / 2)
    geometry = Geometry(SHAPE, spacing, tuple(origin), direction)
    away = np.linalg.norm(geometry.index_to_physical(np.stack(np.indices(SHAPE), axis=-1)) - BEAD, axis=-1)
    values = np.clip(1000 - (away - 3) * 600, -1000, 1500).astype(np.int16)
    return Volume(np.asfortranarray(values), geometry, SeriesInfo(modality="CT", unit="HU"))


def projected(point: np.ndarray, geometry: Geometry, camera: Camera3D) -> np.ndarray:
    """Return the column and row of the pixel where `point` is to be seen."""
    forward, up = np.array(camera.direction), np.array(camera.up)
    middle = geometry.index_to_physical((np.array(geometry.shape) - 1) / 2)
    eye = middle - forward * fit_distance_mm(geometry, SIZE[0] / SIZE[1])
    away = point - eye
    half = np.tan(np.radians(VIEW_ANGLE_DEGREES / 2)) * (away @ forward)
    across, above = (away @ np.cross(forward, up)) / half, (away @ up) / half
    return np.array([SIZE[0] / 2 + across * SIZE[1] / 2, SIZE[1] / 2 - above * SIZE[1] / 2]) - 0.5


def middle_of_what_is_seen(volume: Volume, view: View) -> np.ndarray:
    """Return the column and row in the middle of what `view` draws besides the background and the cube."""
    picture = snapshot(volume, view=view, size=SIZE).astype(int)
    drawn = np.abs(picture - picture[2, 2]).max(axis=2) > 40
    drawn[-CUBE:, -CUBE:] = False
    rows, columns = np.nonzero(drawn)
    assert len(rows) > 30
    return np.array([(columns.min() + columns.max()) / 2, (rows.min() + rows.max()) / 2])


@pytest.mark.parametrize(("name", "software"), [("rays", True), ("rays", False), ("largest", True), ("surface", True)])
@pytest.mark.parametrize("direction", GRIDS.values(), ids=GRIDS)
def test_a_bead_is_drawn_where_it_is_in_the_patient_from_every_side(
    monkeypatch: pytest.MonkeyPatch, name: str, direction: np.ndarray, *, software: bool
) -> None:
    monkeypatch.setattr("dicomvtk.render.stage.is_software", lambda window: software)
    volume = bead(direction)
    for where in CAMERAS:
        camera = camera_from(where)
        view = View(layout="3d", annotations=False, show_crosshair=False, layers=LAYERS[name], camera=camera)
        seen, expected = middle_of_what_is_seen(volume, view), projected(BEAD, volume.geometry, camera)
        assert np.abs(seen - expected).max() < 2, where


@pytest.mark.parametrize("direction", GRIDS.values(), ids=GRIDS)
def test_tilted_slices_in_the_scene_show_what_lies_in_them(direction: np.ndarray) -> None:
    volume = bead(direction)
    tilt, camera = (8.0, -12.0, 20.0), camera_from("-35,25")
    for beside, there in ((np.zeros(3), True), (np.array([9.0, -9.0, 9.0]), False)):
        view = View(
            layout="3d",
            annotations=False,
            show_crosshair=False,
            layers=(SliceLayer(in_3d=True),),
            camera=camera,
            tilt=tilt,
            crosshair=tuple(BEAD + beside),
        )
        picture = snapshot(volume, view=view, size=SIZE).astype(int)
        column, row = projected(BEAD, volume.geometry, camera).round().astype(int)
        assert (picture[row, column].min() > 200) == there


@pytest.mark.parametrize("orientation", ["axial", "sagittal", "coronal", "oblique"])
@pytest.mark.parametrize(("where", "side"), [("A", 1), ("P", -1), ("S", -1), ("I", 1)])
def test_the_patient_s_left_is_where_the_camera_has_it(orientation: str, where: str, side: int) -> None:
    volume = phantom((72, 72, 60), orientation=orientation)
    view = View(layout="3d", annotations=False, show_crosshair=False, camera=camera_from(where))
    view = replace(view, layers=(VolumeLayer("ct-bone"),))
    drawn = snapshot(volume, view=view, size=SIZE).astype(int)
    empty = snapshot(volume, view=replace(view, layers=()), size=SIZE).astype(int)
    columns = np.nonzero(np.abs(drawn - empty).max(axis=2) > 40)[1] - SIZE[0] / 2

    assert LESION_LPS[0] > 0
    assert side * (columns.max() + columns.min()) > 12  # the L in the air beside the left ear reaches furthest
