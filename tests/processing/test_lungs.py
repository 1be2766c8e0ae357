"""Lungs are told from the air outside, on any grid, and measure what they are."""

from __future__ import annotations

import numpy as np
import pytest

from dicomvtk import SeriesInfo, UnsupportedError, Volume, extract_surface
from dicomvtk.geometry import Geometry
from dicomvtk.processing.lungs import LUNG_LEVEL, lungs
from dicomvtk.processing.mesh import capped, finished, measures
from dicomvtk.processing.phantom import ORIENTATIONS, head_phantom

#: Two cylinders along head to foot, which both ends of the grid cut: radius and half the grid's length, mm.
RADIUS, HALF = 40.0, 60.0


def chest(orientation: str = "axial", *, nose: bool = False) -> Volume:
    """Return a body with two lungs, a bubble, and a hollow table; `nose` lets the air of one lung out at a side."""
    direction = ORIENTATIONS[orientation]
    size = np.abs(direction.T @ (320, 240, 2 * HALF))
    spacing = np.array([2.0, 2.0, 2.0])
    shape = tuple(int(n) for n in np.rint(size / spacing))
    origin = -direction @ ((np.array(shape) - 1) / 2 * spacing)
    geometry = Geometry(shape, tuple(spacing), tuple(origin), direction)
    x, y, z = np.moveaxis(geometry.index_to_physical(np.stack(np.indices(shape), axis=-1)), -1, 0)
    values = np.full(shape, -1000, np.int16, order="F")
    values[(x / 140) ** 2 + (y / 80) ** 2 < 1] = 30
    values[(np.abs(y - 100) < 15) & (np.abs(x) < 130)] = 30  # the table, hollow
    values[(np.abs(y - 100) < 12) & (np.abs(x) < 127)] = -1000
    for side in (-1, 1):
        values[(x - side * 60) ** 2 + y**2 < RADIUS**2] = -850
    values[x**2 + y**2 + z**2 < 12**2] = -900
    if nose:
        values[(np.abs(y) < 6) & (np.abs(z) < 6)] = -1000
    return Volume(values, geometry, SeriesInfo(modality="CT", unit="HU"))


@pytest.mark.parametrize("orientation", ["axial", "coronal", "sagittal"])
def test_the_surface_of_the_lungs_holds_two_lungs_and_nothing_else(orientation: str) -> None:
    volume = chest(orientation)
    before = volume.array.copy()

    alone = lungs(volume)
    mesh = finished(extract_surface(capped(alone), LUNG_LEVEL))
    found = measures(mesh)

    assert found.closed
    assert found.volume_mm3 == pytest.approx(2 * np.pi * RADIUS**2 * 2 * HALF, rel=0.03)
    x_low, x_high, y_low, y_high, *_ = mesh.GetBounds()
    np.testing.assert_allclose((x_low, x_high, y_low, y_high), (-100, 100, -40, 40), atol=2)
    np.testing.assert_array_equal(volume.array, before)
    assert alone.geometry == volume.geometry


def test_what_has_no_lungs_is_refused() -> None:
    with pytest.raises(UnsupportedError, match="no air below -500 HU is enclosed by the body"):
        lungs(head_phantom((96, 96, 64)))
    with pytest.raises(UnsupportedError, match="no air below -500 HU is enclosed"):
        lungs(chest(nose=True))
    with pytest.raises(UnsupportedError, match="Cannot find lungs in MR"):
        lungs(head_phantom((16, 16, 16), modality="MR"))


def test_lungs_of_a_real_chest_are_as_large_as_lungs_are(shared_data) -> None:  # type: ignore[no-untyped-def]
    import dicomvtk

    volume = dicomvtk.read(shared_data / "ct_chest")
    inside = lungs(volume).array > LUNG_LEVEL

    litres = inside.sum() * np.prod(volume.spacing) / 1e6
    assert 0.5 < litres < 3.0  # 72 mm of them
    assert not inside[[0, -1]].any()
    assert (volume.array[inside] < LUNG_LEVEL).all()
    assert -900 < volume.array[inside].mean() < -600
