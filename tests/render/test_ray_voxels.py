"""What rays go through: the volume's own memory where nothing else is needed, and never more than can be paid for."""

from __future__ import annotations

import numpy as np
import pytest
from vtkmodules.util.numpy_support import vtk_to_numpy

from dicomvtk.geometry import Geometry
from dicomvtk.metadata import SeriesInfo
from dicomvtk.processing.phantom import head_phantom
from dicomvtk.render import ray_voxels
from dicomvtk.render.layers import VolumeLayer
from dicomvtk.render.presets import PRESETS, is_shaded
from dicomvtk.render.ray_voxels import RayVoxels
from dicomvtk.render.raycast import Raycast
from dicomvtk.render.scene import View
from dicomvtk.render.viewer import snapshot
from dicomvtk.volume import Volume

MOST = 4000


@pytest.fixture(autouse=True)
def few_voxels(monkeypatch: pytest.MonkeyPatch) -> None:
    """Count a volume of 24 voxels a side as one that is too large to be shaded as it is."""
    monkeypatch.setattr(ray_voxels, "_MOST_SOFTWARE", MOST)
    monkeypatch.setattr(ray_voxels, "_MOST_UNSHADED", 300_000)
    monkeypatch.setattr(ray_voxels, "_PROXY", 500)


def head() -> Volume:
    return head_phantom((24, 24, 24))


def shares_memory(rays: Raycast, volume: Volume) -> bool:
    scalars = vtk_to_numpy(rays.image.GetPointData().GetScalars())
    return bool(np.shares_memory(scalars, volume.array))


@pytest.mark.parametrize("layer", [VolumeLayer("ct-mip"), VolumeLayer("ct-bone", shade=False)])
def test_unshaded_rays_share_the_memory_of_the_volume(layer: VolumeLayer) -> None:
    volume = head()
    rays = Raycast(volume, software=True)

    rays.set_look(layer)

    assert shares_memory(rays, volume)
    assert rays.note(layer) == ""


def test_shaded_rays_go_through_so_many_voxels_at_most_and_say_so() -> None:
    volume = head()
    rays = Raycast(volume, software=True)

    rays.set_look(VolumeLayer("ct-bone"))

    assert not shares_memory(rays, volume)
    assert rays.image.GetNumberOfPoints() <= MOST
    shape = " x ".join(str(n) for n in rays.image.GetDimensions())
    assert rays.note(VolumeLayer("ct-bone")) == f"3-D reduced to {shape}"


def test_the_largest_value_along_a_ray_is_the_volume_s_own_and_no_mean(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dicomvtk.render.stage.is_software", lambda window: True)
    monkeypatch.setattr(ray_voxels, "_MOST_SOFTWARE", 24**3)
    array = np.full((48, 48, 48), -1000, np.int16, order="F")
    array[22:25, 21:24, 23:26] = 1000  # brighter than the white end of the table; no block of 2 x 2 x 2 is full of it
    view = View(layout="3d", annotations=False, show_crosshair=False, layers=(VolumeLayer("ct-mip"),))
    brightest = {}

    for most in (48**3, 0):  # as it is, and as it was where a copy is made
        monkeypatch.setattr(ray_voxels, "_MOST_UNSHADED", most)
        picture = snapshot(Volume(array), view=view, size=(240, 240))
        brightest[most] = int(picture[60:180, 60:180].max())

    assert brightest[48**3] == 255
    assert brightest[0] < brightest[48**3]


def test_another_look_casts_other_voxels() -> None:
    volume = head()
    rays = Raycast(volume, software=True)
    shared = []

    for layer in (VolumeLayer("ct-bone"), VolumeLayer("ct-bone", blend="max"), VolumeLayer("ct-skin")):
        rays.set_look(layer)
        shared.append(shares_memory(rays, volume))

    assert shared == [False, True, False]


def test_all_voxels_are_cast_at_the_same_distance_of_samples() -> None:
    voxels = RayVoxels(head(), software=True, proxy=False)

    assert voxels.cast(VolumeLayer("ct-bone")).spacing == pytest.approx(voxels.spacing)
    assert min(voxels.spacing) > min(voxels.cast(VolumeLayer("ct-mip")).spacing)


@pytest.mark.parametrize(("software", "proxy"), [(True, True), (False, False)])
def test_stand_ins_and_cards_never_get_more_voxels_than_they_draw_in_time(
    software: bool, proxy: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ray_voxels, "_MOST_HARDWARE", MOST)
    voxels = RayVoxels(head(), software=software, proxy=proxy)

    assert voxels.cast(VolumeLayer("ct-mip")).array.size <= (500 if proxy else MOST)


def test_a_volume_too_large_for_the_processor_is_reduced_unshaded_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ray_voxels, "_MOST_UNSHADED", 24**3 - 1)
    voxels = RayVoxels(head(), software=True, proxy=False)

    assert voxels.cast(VolumeLayer("ct-mip")).array.size <= MOST
    assert voxels.note(VolumeLayer("ct-mip")).startswith("3-D reduced to")


def test_the_couch_is_taken_out_of_a_smaller_copy_and_the_volume_keeps_it() -> None:
    shape = (80, 80, 40)
    geometry = Geometry(shape, (4.0, 4.0, 4.0), (-160.0, -160.0, -80.0))
    x, y, _z = np.moveaxis(geometry.index_to_physical(np.stack(np.indices(shape), axis=-1)), -1, 0)
    couch = np.abs(y - 104) < 3
    values = np.where((x / 110) ** 2 + (y / 80) ** 2 < 1, 40, np.where(couch, 300, -1000)).astype(np.int16)
    volume = Volume(np.asfortranarray(values), geometry, SeriesInfo(modality="CT", unit="HU"))
    voxels = RayVoxels(volume, software=True, proxy=False)
    alone, all_of_it = VolumeLayer("ct-mip"), VolumeLayer("ct-mip", couch=True)

    cast = voxels.cast(alone)

    assert cast.array.size <= MOST
    depth = cast.geometry.index_to_physical(np.stack(np.indices(cast.shape), axis=-1))[..., 1]
    assert cast.array[np.abs(depth - 104) < 12].max() < 0
    assert cast.array.max() == 40
    assert voxels.note(alone).endswith(", couch left out")
    assert np.shares_memory(voxels.cast(all_of_it).array, volume.array)
    assert volume.array[couch].min() == 300


def test_light_falls_on_no_largest_or_smallest_value() -> None:
    assert is_shaded(VolumeLayer("ct-bone"))
    assert not is_shaded(VolumeLayer("ct-bone", blend="max"))
    assert not is_shaded(VolumeLayer("ct-bone", blend="min", shade=True))
    assert not is_shaded(VolumeLayer("ct-bone", shade=False))
    assert not any(is_shaded(VolumeLayer(name)) for name, table in PRESETS.items() if table.blend != "composite")
