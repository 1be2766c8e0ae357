"""Pictures, by facts: what is on the left of the patient is on the right of the screen, round things are round."""

from __future__ import annotations

import subprocess
import sys
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import SimpleITK

import dicomvtk
from dicomvtk.display import WindowLevel
from dicomvtk.errors import RenderError, UnsupportedError, WriteError
from dicomvtk.geometry import Geometry
from dicomvtk.metadata import Axis, SeriesInfo
from dicomvtk.processing.phantom import LESION_LPS, LESION_VALUE, head_phantom
from dicomvtk.render.layout import pane_rects, point_on_screen
from dicomvtk.render.planes import slice_planes
from dicomvtk.render.scene import Camera3D, PaneCamera, SliceLayer, SurfaceLayer, View, VolumeLayer
from dicomvtk.render.viewer import snapshot
from dicomvtk.volume import Volume

SHAPE = (96, 80, 64)
PLAIN = View(annotations=False, show_crosshair=False)
#: Only the lesion is grey here: all else is black or white.
LESION_ONLY = replace(
    PLAIN, crosshair=LESION_LPS, window=WindowLevel.from_range(LESION_VALUE - 1, LESION_VALUE + 1), interpolation=False
)
SIDE = 400


def lesion_on_screen(volume: Volume, plane: str, along: str = "volume") -> tuple[float, float]:
    """Return the mean (x, y) of the lesion's pixels, from the lower left."""
    picture = snapshot(volume, view=replace(LESION_ONLY, layout=plane, along=along), size=(SIDE, SIDE))
    grey = picture[..., 0].astype(int)
    rows, columns = np.nonzero((grey > 100) & (grey < 155))
    assert rows.size > 20
    return float(columns.mean()), float(SIDE - 1 - rows.mean())


def left_handed(volume: Volume) -> Volume:
    """Return the same anatomy on a grid whose slices are counted the other way."""
    return volume.with_array(volume.array[:, :, ::-1], volume.geometry.flipped(2))


def block(spacing: tuple[float, float, float], size_mm: float = 20.0) -> Volume:
    """Return a bright cube of `size_mm` in the middle of a black one of 40 mm."""
    shape = tuple(round(40 / s) for s in spacing)
    array = np.zeros(shape, np.int16)
    edge = [round((40 - size_mm) / 2 / s) for s in spacing]
    array[tuple(slice(e, n - e) for e, n in zip(edge, shape, strict=True))] = 1000
    return Volume(array, Geometry(array.shape, spacing), SeriesInfo(modality="MR"))


@pytest.mark.parametrize("orientation", ["axial", "sagittal", "coronal", "oblique"])
@pytest.mark.parametrize("plane", ["axial", "coronal", "sagittal"])
@pytest.mark.parametrize("along", ["volume", "patient"])
@pytest.mark.parametrize("mirror", [False, True], ids=["right-handed", "left-handed"])
def test_lesion_is_where_the_patient_has_it(orientation: str, plane: str, along: str, mirror: bool) -> None:
    volume = head_phantom(SHAPE, orientation=orientation)
    if mirror:
        volume = left_handed(volume)
    shown = slice_planes(volume.geometry, along)[plane]
    rect = pane_rects(plane, (SIDE, SIDE))[plane]
    expected = point_on_screen(shown, PaneCamera(), rect, LESION_LPS)

    x, y = lesion_on_screen(volume, plane, along)

    assert (x, y) == pytest.approx(expected, abs=6)  # a voxel is up to 8 pixels
    if plane != "sagittal":
        assert x > SIDE / 2 + 10, "left of the patient is right on the screen"


def test_left_handed_grid_gives_the_very_same_picture() -> None:
    volume = head_phantom(SHAPE)
    view = replace(PLAIN, layers=(SliceLayer(), VolumeLayer(), SurfaceLayer()))

    same = snapshot(volume, view=view, size=(400, 300)).astype(int)
    other = snapshot(left_handed(volume), view=view, size=(400, 300)).astype(int)

    assert np.mean(np.abs(same - other) > 2) < 0.001


def test_front_is_up_and_head_is_up() -> None:
    array = np.zeros((40, 40, 40), np.int16)
    array[:, :10, 30:] = 1000  # anterior and superior
    volume = Volume(array, Geometry(array.shape, origin=(-20.0, -20.0, -20.0)), SeriesInfo(modality="MR"))
    view = replace(PLAIN, crosshair=(0.0, -17.0, 17.0), window=WindowLevel(500, 1000))

    def bright(layout: str) -> np.ndarray:
        return np.argwhere(snapshot(volume, view=replace(view, layout=layout), size=(200, 200))[..., 0] > 200).mean(
            axis=0
        )

    assert bright("axial")[0] < 60
    assert bright("coronal")[0] < 60
    row, column = bright("sagittal")
    assert row < 60
    assert column < 60, "anterior is on the left of a sagittal picture"


@pytest.mark.parametrize("plane", ["axial", "sagittal", "coronal"])
@pytest.mark.parametrize("size", [(300, 300), (500, 300), (300, 500)])
def test_voxels_that_are_not_cubes_keep_their_proportion(plane: str, size: tuple[int, int]) -> None:
    picture = snapshot(block((0.5, 1.0, 2.0)), view=replace(PLAIN, layout=plane, interpolation=False), size=size)

    rows, columns = np.nonzero(picture[..., 0] > 128)

    # 20 of 40 mm, which fill the shorter side of 300 pixels.
    assert np.ptp(rows) + 1 == pytest.approx(150, abs=2)
    assert np.ptp(columns) + 1 == pytest.approx(150, abs=2)


def test_zoom_and_pan_are_in_true_units() -> None:
    view = replace(PLAIN, layout="axial", axial=PaneCamera(2.0, (5.0, 0.0)), interpolation=False)

    _, columns = np.nonzero(snapshot(block((1.0, 1.0, 1.0)), view=view, size=(400, 400))[..., 0] > 128)

    # 20 pixels a mm; the eye is 5 mm to the right, so the 20 mm block runs from -15 to +5 mm of the middle.
    assert columns.min() == pytest.approx(0, abs=1)
    assert columns.max() == pytest.approx(200 + 5 * 20 - 1, abs=1)


def test_window_maps_values_to_greys() -> None:
    array = np.repeat(np.arange(5, dtype=np.int16) * 100, 8).reshape(40, 1, 1) * np.ones((1, 40, 2), np.int16)
    volume = Volume(array, Geometry(array.shape))
    view = replace(PLAIN, layout="axial", window=WindowLevel(200, 400), interpolation=False)

    row = snapshot(volume, view=view, size=(200, 200))[100, 20::40, 0].astype(int)
    inverted = snapshot(volume, view=replace(view, invert=True), size=(200, 200))[100, 20::40, 0].astype(int)

    np.testing.assert_allclose(row, [0, 64, 128, 191, 255], atol=2)
    np.testing.assert_allclose(inverted, 255 - row, atol=2)


def test_monochrome1_is_inverted_by_display_alone() -> None:
    volume = block((1.0, 1.0, 1.0))
    negative = replace(volume, info=SeriesInfo(photometric="MONOCHROME1"))
    view = replace(PLAIN, layout="axial", window=WindowLevel(500, 1000))

    middle = (100, 100, 0)
    assert snapshot(volume, view=view, size=(200, 200))[middle] == 255
    assert snapshot(negative, view=view, size=(200, 200))[middle] == 0


def test_colour_shows_as_colour() -> None:
    array = np.zeros((20, 20, 20, 3), np.uint8)
    array[10:, :, :, 0] = 255
    array[:10, :, :, 2] = 128
    volume = Volume(array, Geometry((20, 20, 20)))

    picture = snapshot(volume, view=replace(PLAIN, layout="axial"), size=(200, 200))

    assert picture[100, 150].tolist() == [255, 0, 0]
    assert picture[100, 50].tolist() == pytest.approx([0, 0, 128], abs=1)
    assert snapshot(volume, view=PLAIN, size=(200, 200)).std() > 5


def test_same_view_from_json_gives_the_same_picture() -> None:
    volume = head_phantom((48, 48, 40))
    view = View(
        camera=Camera3D((-1.0, 0.0, 0.0)), sagittal=PaneCamera(1.5), layers=(SliceLayer(in_3d=True), SurfaceLayer())
    )

    picture = snapshot(volume, view=view, size=(400, 300))

    np.testing.assert_array_equal(picture, snapshot(volume, view=View.from_json(view.to_json()), size=(400, 300)))


@pytest.mark.parametrize("layer", [SliceLayer(), SliceLayer(in_3d=True), VolumeLayer(), SurfaceLayer()], ids=str)
def test_each_layer_shows(layer: SliceLayer | VolumeLayer | SurfaceLayer) -> None:
    volume = head_phantom((48, 48, 40))
    in_3d = not isinstance(layer, SliceLayer) or layer.in_3d
    view = replace(PLAIN, layout="3d" if in_3d else "axial")

    on = snapshot(volume, view=replace(view, layers=(layer,)), size=(300, 300)).astype(int)
    off = snapshot(volume, view=replace(view, layers=(replace(layer, visible=False),)), size=(300, 300)).astype(int)

    assert np.mean(np.abs(on - off).max(axis=2) > 20) > 0.05


def test_surface_and_rays_lie_where_the_voxels_do() -> None:
    """An oblique ball, far from the origin: seen from the front, its shadow is round and where it must be."""
    c, s = np.cos(0.6), np.sin(0.6)
    direction = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]) @ np.array([[1, 0, 0], [0, c, -s], [0, s, c]])
    centred = Geometry((60, 60, 60), direction=direction)
    origin = np.array((100.0, -50.0, 30.0)) - centred.index_to_physical((29.5, 29.5, 29.5))
    geometry = Geometry((60, 60, 60), origin=tuple(origin), direction=direction)
    at = np.stack(np.indices((60, 60, 60)), axis=-1)
    away = np.linalg.norm(geometry.index_to_physical(at) - (112.0, -50.0, 30.0), axis=-1)
    volume = Volume(np.where(away < 12, 1000, 0).astype(np.int16), geometry)
    view = replace(PLAIN, layout="3d")

    def shadow(layer: SurfaceLayer | VolumeLayer) -> tuple[np.ndarray, np.ndarray]:
        layers = (layer,)
        with_it = snapshot(volume, view=replace(view, layers=layers), size=(400, 400)).astype(int)
        without = snapshot(volume, view=replace(view, layers=()), size=(400, 400)).astype(int)
        points = np.argwhere(np.abs(with_it - without).max(axis=2) > 25)
        return points.mean(axis=0), np.ptp(points, axis=0)

    (row, column), extent = shadow(SurfaceLayer(500.0))
    (ray_row, ray_column), _ = shadow(VolumeLayer("ct-bone"))

    assert row == pytest.approx(199.5, abs=3)
    assert column > 199.5 + 30, "12 mm to the left of the patient"
    assert extent[0] == pytest.approx(extent[1], rel=0.06)
    assert (ray_row, ray_column) == pytest.approx((row, column), abs=4)


@pytest.mark.parametrize("preset", ["ct-bone", "pet-mip"])
def test_both_ray_casters_show_the_same_volume_in_the_same_place(preset: str, monkeypatch: pytest.MonkeyPatch) -> None:
    volume = head_phantom((60, 50, 40), orientation="oblique")
    view = View(layout="3d", camera=Camera3D((-1.0, 0.0, 0.0)), layers=(VolumeLayer(preset),), annotations=False)

    shadows = []
    for software in (True, False):
        monkeypatch.setattr("dicomvtk.render.stage.is_software", lambda window, answer=software: answer)
        shadows.append(snapshot(volume, view=view, size=(300, 300)).max(axis=2) > 40)

    assert (shadows[0] & shadows[1]).sum() > 0.95 * (shadows[0] | shadows[1]).sum()


def test_annotations_and_crosshair_can_be_left_out() -> None:
    volume = head_phantom((48, 48, 40))

    def colours(view: View) -> int:
        """Count the pixels that are not grey: letters and lines are the only colour in a slice."""
        picture = snapshot(volume, view=replace(view, layout="axial"), size=(300, 300)).astype(int)[4:-4, 4:-4]
        return int((np.ptp(picture, axis=2) > 30).sum())

    assert colours(View()) > colours(View(show_crosshair=False)) > 0
    assert colours(View(annotations=False)) > 0
    assert colours(PLAIN) == 0


def test_unplaced_volume_has_no_letters_in_the_picture() -> None:
    array = np.zeros((40, 40, 40), np.int16)
    view = View(layout="axial", show_crosshair=False)

    def amber(placed: bool) -> int:
        picture = snapshot(Volume(array, Geometry((40, 40, 40), placed=placed)), view=view, size=(300, 300)).astype(int)
        return int(((picture[..., 0] > 150) & (picture[..., 2] < 110)).sum())

    assert amber(True) > 20
    assert amber(False) == 0


def test_first_frame_of_further_axes_is_shown() -> None:
    frames = np.stack([block((1.0, 1.0, 1.0)).array, np.zeros((40, 40, 40), np.int16)], axis=-1)
    volume = Volume(frames, Geometry((40, 40, 40)), axes=(Axis("EchoTime", (10.0, 20.0), "ms"),))

    picture = snapshot(volume, view=PLAIN, size=(200, 200))

    np.testing.assert_array_equal(picture, snapshot(volume.frame(0), view=PLAIN, size=(200, 200)))
    assert picture.std() > 5


@pytest.mark.filterwarnings("ignore:Not drawn in 3-D:dicomvtk.errors.DicomVtkWarning")
@pytest.mark.parametrize(
    "array",
    [
        np.full((12, 10, 8), 7, np.int16),
        np.full((12, 10, 8), np.nan, np.float32),
        np.where(np.arange(960).reshape(12, 10, 8) % 7, 1.0, np.inf),
        np.zeros((1, 1, 1), np.uint8),
        np.arange(12, dtype=np.float16).reshape(12, 1, 1),
        np.zeros((12, 10, 8), bool),
        np.ones((12, 10, 8), np.complex64),
        np.arange(960, dtype=">i2").reshape(12, 10, 8),
        np.arange(20, dtype=np.uint32).reshape(5, 4),
    ],
    ids=["constant", "nan", "infinite", "one voxel", "a line", "bool", "complex", "big endian", "2-D"],
)
def test_odd_volumes_are_drawn(array: np.ndarray) -> None:
    layers = (SliceLayer(in_3d=True), VolumeLayer(), SurfaceLayer())

    for layout in ("quad", "3d"):
        assert snapshot(Volume(array), view=View(layout=layout, layers=layers), size=(160, 120)).std() > 1


def test_64_bit_integers_show_as_32_bit_ones_do() -> None:
    volume = block((1.0, 1.0, 1.0))
    view = replace(PLAIN, layout="axial")

    wide = snapshot(volume.with_array(volume.array.astype(np.int64)), view=view, size=(200, 200))

    np.testing.assert_array_equal(wide, snapshot(volume, view=view, size=(200, 200)))
    assert wide.max() == 255


@pytest.mark.parametrize("size", [(1, 1), (3, 2), (64, 2000), (1601, 31)])
def test_any_size_is_drawn(size: tuple[int, int]) -> None:
    picture = snapshot(head_phantom((32, 32, 32)), size=size)

    assert picture.shape == (size[1], size[0], 3)
    assert picture.dtype == np.uint8


@pytest.mark.parametrize("size", [(0, 100), (100, -1), (100, 100_000)])
def test_impossible_sizes_are_refused(size: tuple[int, int]) -> None:
    with pytest.raises(UnsupportedError, match="expected \\(width, height\\), whole numbers from 1"):
        snapshot(block((2.0, 2.0, 2.0)), size=size)


@pytest.mark.parametrize("suffix", ["png", "tif", "TIFF", "jpg"])
def test_saved_picture_is_the_returned_one(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"a picture.{suffix}"
    path.write_text("what stood there before")

    picture = snapshot(head_phantom((48, 48, 40)), path, size=(320, 240))

    read_back = SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(path)))
    if suffix == "jpg":
        assert np.abs(read_back.astype(int) - picture).mean() < 4
    else:
        np.testing.assert_array_equal(read_back, picture)
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_other_suffixes_are_refused_before_anything_is_drawn(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedError, match=r"suffix is '.bmp'; expected one of .png, .jpg"):
        snapshot(block((2.0, 2.0, 2.0)), tmp_path / "shot.bmp")
    with pytest.raises(WriteError, match="there is no folder"):
        snapshot(block((2.0, 2.0, 2.0)), tmp_path / "nowhere" / "shot.png", size=(40, 30))


def test_vtk_errors_become_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    from vtkmodules.vtkIOImage import vtkPNGReader

    from dicomvtk.render import viewer

    def grab_with_error(window: object) -> np.ndarray:
        vtkPNGReader().Update()
        return np.zeros((1, 1, 3), np.uint8)

    monkeypatch.setattr(viewer, "grab", grab_with_error)
    with pytest.raises(RenderError, match=r"Cannot draw this view: .*PNGReader"):
        snapshot(block((2.0, 2.0, 2.0)), size=(40, 30))


def test_nothing_is_left_on_stderr() -> None:
    code = (
        "from dicomvtk.processing.phantom import head_phantom\n"
        "from dicomvtk.render.scene import *\n"
        "from dicomvtk.render.viewer import snapshot\n"
        "view = View(layers=(SliceLayer(in_3d=True), SurfaceLayer(), VolumeLayer()))\n"
        "assert snapshot(head_phantom((48, 48, 40)), view=view, size=(200, 150)).std() > 5\n"
    )

    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, timeout=120)

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("repeat", range(2))
def test_pictures_do_not_depend_on_those_before(repeat: int) -> None:
    volume = head_phantom((48, 48, 40))

    first = snapshot(volume, size=(200, 150))
    snapshot(volume, view=View(layout="3d"), size=(90, 200))

    np.testing.assert_array_equal(first, snapshot(volume, size=(200, 150)))


def test_pixels_of_no_stated_size_are_not_measured() -> None:
    """An image that states no spacing gets no ruler; the same image with one does."""
    array = np.tile(np.arange(64, dtype=np.int16)[:, np.newaxis, np.newaxis], (1, 48, 1))
    unmeasured = dicomvtk.snapshot(dicomvtk.Volume(array), size=(300, 240))
    spaced = dicomvtk.Geometry((64, 48, 1), (1.0000001, 1.0, 1.0), placed=False)
    measured = dicomvtk.snapshot(dicomvtk.Volume(array, spaced), size=(300, 240))
    foot = slice(200, 235)
    assert np.abs(unmeasured[foot].astype(int) - measured[foot]).max() > 60


def test_what_draws_slices_loads_no_library_for_rays_or_files_of_surfaces() -> None:
    code = (
        "import sys, dicomvtk; from dicomvtk.render.scene import View\n"
        "dicomvtk.snapshot(dicomvtk.phantom((16, 16, 16)), view=View(layout='three'), size=(90, 90))\n"
        "print(*(name for name in sys.modules if name.startswith('vtkmodules.')))"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()

    assert "vtkmodules.vtkRenderingImage" in loaded
    for name in ("vtkRenderingVolume", "vtkIOGeometry", "vtkIOXML", "vtkImagingMorphological"):
        assert f"vtkmodules.{name}" not in loaded


@pytest.mark.parametrize(("modality", "told"), [("MR", True), ("CT", False), ("", False)])
def test_colours_of_another_modality_are_told(modality: str, told: bool) -> None:
    volume = Volume(np.arange(512, dtype=np.int16).reshape(8, 8, 8), info=SeriesInfo(modality=modality))
    view = View(layout="3d", layers=(VolumeLayer("ct-lung"),))

    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        snapshot(volume, view=view, size=(40, 30))

    assert any("ct-lung are those of HU: of MR" in str(one.message) for one in said) == told


def contrast(greys: np.ndarray) -> float:
    """Return the contrast of the darkest to the brightest of `greys`, 0 to 255, as WCAG 2 counts it."""
    shares = np.array([greys.min(), greys.max()]) / 255
    dark, bright = np.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4)
    return float((bright + 0.05) / (dark + 0.05))


@pytest.mark.parametrize("background", [(1.0, 1.0, 1.0), (0.75, 0.75, 0.7), None, (0.3, 0.3, 0.3)])
@pytest.mark.parametrize("value", [0, 1000], ids=["over black", "over white"])
def test_text_is_legible_on_every_ground_and_over_every_slice(background: tuple[float, ...] | None, value: int) -> None:
    volume = Volume(np.full((40, 40, 4), value, np.int16), Geometry((40, 40, 4), (1.0, 1.0, 2.0)))
    view = View(
        layout="axial", window=WindowLevel(500, 1000), background=background, show_crosshair=False, colour_bar=True
    )
    picture = snapshot(volume, view=view, size=(600, 600)).astype(int).min(axis=2)

    bare = snapshot(volume, view=replace(view, annotations=False, colour_bar=False), size=(600, 600)).min(axis=2)
    written = np.abs(picture - bare) > 8
    corner = picture[-60:, :150][written[-60:, :150]]
    assert contrast(corner) > 4.5, "the least for text"
    ruler = picture[540:570, 200:330][written[540:570, 200:330]]
    assert contrast(np.append(ruler, bare[300, 300])) > 3, "the least for lines"


@pytest.mark.parametrize("odd", ["axial", '{"layout": "axial"}', {"layout": "axial"}, 3])
def test_what_is_no_view_is_refused_by_name(odd: object) -> None:
    with pytest.raises(UnsupportedError, match="Expected a View, found"):
        dicomvtk.snapshot(Volume(np.zeros((4, 4, 4), np.int16)), view=odd)


@pytest.mark.parametrize("odd", [800, "800x600", (800,), (0, 5), (80.5, 60), (99999, 5), None])
def test_what_is_no_size_is_refused_by_name(odd: object) -> None:
    with pytest.raises(UnsupportedError, match="pixels; expected"):
        dicomvtk.snapshot(Volume(np.zeros((4, 4, 4), np.int16)), size=odd)
