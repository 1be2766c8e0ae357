"""What a view leaves open is taken from the volume; what it says stays."""

from __future__ import annotations

import numpy as np
import pytest

from dicomvtk.display import CT_WINDOWS, WindowLevel
from dicomvtk.errors import UnsupportedError
from dicomvtk.geometry import Geometry
from dicomvtk.metadata import SeriesInfo
from dicomvtk.render.levels import ray_spread, surface_level, usual_window, value_spread
from dicomvtk.render.presets import PRESETS, preset_name, transfer_table
from dicomvtk.render.resolve import resolve
from dicomvtk.render.scene import SliceLayer, SurfaceLayer, View, VolumeLayer
from dicomvtk.volume import Volume


def volume(info: SeriesInfo | None = None, array: np.ndarray | None = None) -> Volume:
    values = np.arange(4 * 6 * 8, dtype=np.int16).reshape(4, 6, 8) if array is None else array
    return Volume(values, Geometry(values.shape[:3], (1.0, 2.0, 3.0)), info or SeriesInfo())


def test_crosshair_begins_on_a_voxel_and_is_never_snapped() -> None:
    assert resolve(View(), volume()).crosshair == (2.0, 6.0, 12.0)
    assert resolve(View(crosshair=(0.3, 0.4, 0.5)), volume()).crosshair == (0.3, 0.4, 0.5)


def test_window_comes_from_view_then_header_then_modality_then_values() -> None:
    header = SeriesInfo(modality="CT", windows=(WindowLevel(1, 2), WindowLevel(3, 4)))

    assert resolve(View(window=WindowLevel(9, 9)), volume(header)).window == WindowLevel(9, 9)
    assert usual_window(volume(header)) == WindowLevel(1, 2)
    assert usual_window(volume(SeriesInfo(modality="CT"))) == CT_WINDOWS["CT-SOFT"]
    auto = usual_window(volume(SeriesInfo(modality="MR")))
    assert auto.low == pytest.approx(1.91)  # 1st percentile of 0 to 191
    assert auto.high == pytest.approx(189.09)


def test_colour_shows_its_full_range() -> None:
    colour = volume(array=np.zeros((4, 4, 4, 3), np.uint8))

    assert usual_window(colour) == WindowLevel.from_range(0, 255)


def test_monochrome1_begins_inverted() -> None:
    assert resolve(View(), volume(SeriesInfo(photometric="MONOCHROME1"))).invert is True
    assert resolve(View(), volume()).invert is False
    assert resolve(View(invert=False), volume(SeriesInfo(photometric="MONOCHROME1"))).invert is False


def test_flat_volume_shows_its_plane_alone() -> None:
    flat = volume(array=np.zeros((4, 6, 1), np.int16))

    assert resolve(View(), flat).layout == "axial"
    assert resolve(View(layout="coronal"), flat).layout == "coronal"


def test_layers_get_level_and_preset() -> None:
    state = resolve(View(), volume(SeriesInfo(modality="MR")))

    assert state.shown(SliceLayer) == (SliceLayer(),)
    assert state.shown(VolumeLayer) == (VolumeLayer("mr-brain"),)
    assert state.shown(SurfaceLayer) == ()
    assert all(layer.level is not None for layer in state.layers if isinstance(layer, SurfaceLayer))
    assert resolve(View(layers=()), volume()).layers == ()


def test_resolving_twice_changes_nothing() -> None:
    state = resolve(View(), volume())

    assert resolve(state, volume()) == state


def test_surface_level_separates_two_populations() -> None:
    two = np.full((10, 10, 10), 100.0)
    two[:, :, 5:] = 900.0
    two += np.random.default_rng(0).normal(0, 20, two.shape)

    assert 200 < surface_level(volume(SeriesInfo(modality="MR"), two)) < 800
    assert surface_level(volume(SeriesInfo(modality="CT"), two)) == 250
    assert surface_level(volume(SeriesInfo(modality="CT"), two - 1000)) == -300


def test_nan_and_constant_volumes_have_a_spread() -> None:
    assert value_spread(volume(array=np.full((3, 3, 3), np.nan))).width > 0
    assert value_spread(volume(array=np.full((3, 3, 3), 5.0))).low == pytest.approx(4.5, abs=0.5)


def test_rays_are_spread_by_their_own_brightness_and_not_by_that_of_voxels() -> None:
    vessels = np.random.default_rng(4).uniform(0, 100, (40, 40, 40))
    vessels[5:9, 5:9, :] = 1000  # a hundredth of the voxels, on a tenth of the rays from two sides
    vessels[20, 20, 20] = 5000
    spread = ray_spread(volume(SeriesInfo(modality="MR"), vessels))

    assert spread.low == pytest.approx(value_spread(volume(array=vessels)).low)
    assert 1000 <= spread.high < 5000, "one bright spot does not darken the rest"
    shares = [(vessels.max(axis=axis) > spread.high).mean() for axis in range(3)]
    assert max(shares) <= 0.01


@pytest.mark.parametrize("values", [np.full((3, 3, 3), np.nan), np.zeros((3, 3, 3), np.int16)])
def test_rays_through_nothing_have_a_spread(values: np.ndarray) -> None:
    assert ray_spread(volume(array=values)).width > 0


def test_every_preset_rises_in_value() -> None:
    for name in PRESETS:
        values = [point[0] for point in transfer_table(name, WindowLevel(500, 1000)).points]
        assert values == sorted(set(values))


def test_preset_by_modality() -> None:
    bony, soft = WindowLevel.from_range(-1000, 1200), WindowLevel.from_range(-1000, 100)

    assert preset_name("CT", bony) == "ct-bone"
    assert preset_name("CT", soft) == "ct-skin"
    assert preset_name("PT", bony) == "pet-mip"
    assert preset_name("OT", bony) == "default"
    assert transfer_table("mr-brain", WindowLevel.from_range(0, 2000)).points[-1][0] == 2000


def test_unknown_preset_is_refused_by_name() -> None:
    with pytest.raises(UnsupportedError, match="Unknown volume preset 'gold'; expected one of ct-bone"):
        transfer_table("gold", WindowLevel(0, 1))
