"""The couch is told from the patient: by its shape, never by its brightness alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dicomvtk.geometry import Geometry
from dicomvtk.metadata import SeriesInfo
from dicomvtk.processing.couch import patient_in
from dicomvtk.volume import Volume

#: LPS mm: a chest of 280 x 200 with two lungs, an ear-like flap, a mark in the air, and a couch under its back.
SIZE = (200, 160, 60)


def chest(*, couch: bool = True, spacing: tuple[float, float, float] = (2.0, 2.0, 2.0)) -> Volume:
    geometry = Geometry(SIZE, spacing=spacing, origin=(-200.0, -160.0, -60.0))
    x, y, z = np.moveaxis(geometry.index_to_physical(np.stack(np.indices(SIZE), axis=-1)), -1, 0)
    values = np.full(SIZE, -1000, np.int16)
    values[(x / 140) ** 2 + (y / 100) ** 2 < 1] = 40
    for side in (-60, 60):
        values[((x - side) / 40) ** 2 + (y / 60) ** 2 < 1] = -850
        values[np.hypot(x - side, y) < 5] = 60  # a vessel in the lung
    values[(np.abs(x) < 12) & (np.abs(y - 70) < 12)] = 700  # the spine
    values[(np.abs(x - 150) < 15) & (np.abs(y) < 3) & (np.abs(z) < 15)] = 20  # hangs on the skin
    values[(np.abs(x + 170) < 8) & (np.abs(y) < 8) & (np.abs(z) < 20)] = 500  # a mark in the air
    if couch:
        shell = np.abs(y - (110 + (x / 60) ** 2)) < 4
        values[shell] = 300
    return Volume(np.asfortranarray(values), geometry, SeriesInfo(modality="CT", unit="HU"))


def turned(volume: Volume, order: tuple[int, int, int], flip: int) -> Volume:
    """Return the same patient in a grid whose axes are counted in another order and one of them from its end."""
    affine = volume.geometry.affine[:, [*order, 3]]
    affine[:, 3] += affine[:, flip] * (volume.shape[order[flip]] - 1)
    affine[:, flip] *= -1
    array = np.asfortranarray(np.flip(volume.array.transpose(order), flip))
    return volume.with_array(array, Geometry.from_affine(affine, array.shape))


@pytest.mark.parametrize("spacing", [(2.0, 2.0, 2.0), (2.0, 2.0, 5.0)])
def test_the_couch_goes_and_not_a_voxel_of_the_patient(spacing: tuple[float, float, float]) -> None:
    volume = chest(spacing=spacing)
    patient = patient_in(volume)

    assert patient is not None
    alone = patient.alone(volume.array)
    np.testing.assert_array_equal(alone, chest(couch=False, spacing=spacing).array)
    assert volume.array.max() == 700  # and the volume itself is as it was
    assert (volume.array == 300).any()


@pytest.mark.parametrize(("order", "flip"), [((0, 1, 2), 2), ((0, 2, 1), 1), ((1, 2, 0), 0)])
def test_the_couch_is_found_however_the_grid_is_counted(order: tuple[int, int, int], flip: int) -> None:
    volume = turned(chest(), order, flip)
    patient = patient_in(volume)

    assert patient is not None
    np.testing.assert_array_equal(patient.alone(volume.array), turned(chest(couch=False), order, flip).array)


def test_nothing_is_left_out_where_no_couch_is() -> None:
    with_couch, bare = chest(), chest(couch=False)
    thin = with_couch.with_array(np.where(with_couch.array == 300, with_couch.array, np.int16(-1000)))
    short = with_couch.with_array(np.where(np.arange(60) < 40, with_couch.array, bare.array))

    assert patient_in(bare) is None
    assert patient_in(thin) is None  # the shell alone: it is what was scanned
    assert patient_in(short) is None  # a couch does not end within the scan
    assert patient_in(replace(with_couch, info=SeriesInfo(modality="MR"))) is None
    assert patient_in(with_couch.with_array(np.full(SIZE, -1000, np.int16))) is None
