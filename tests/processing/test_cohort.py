"""Unlike volumes on one grid: shapes that stack, values that stay where they were, and what was done told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from grids import smooth_volume

import dicomvtk
from dicomvtk import DicomVtkWarning, GeometryError, UnsupportedError, Volume
from dicomvtk.processing.cohort import to_common_grid
from dicomvtk.processing.phantom import LESION_LPS, LESION_VALUE


def test_unlike_phantoms_stack_and_keep_their_places() -> None:
    shapes = {"axial": (64, 56, 40), "sagittal": (60, 48, 44), "oblique": (52, 56, 48)}
    volumes = [dicomvtk.phantom(shape, orientation=name) for name, shape in shapes.items()]

    cohort = to_common_grid(volumes, spacing=4.0, size=(70, 70, 60))

    assert cohort.stacked().shape == (3, 70, 70, 60)
    for volume, steps in zip(cohort.volumes, cohort.steps, strict=True):
        assert volume.spacing == (4.0, 4.0, 4.0)
        assert volume.geometry.axis_codes == "LPS"
        assert volume.history[1:] == steps
        index = tuple(np.rint(volume.geometry.physical_to_index(LESION_LPS)).astype(int))
        assert abs(float(volume.array[index]) - LESION_VALUE) < 150
    assert cohort.steps[1][0].startswith("reoriented from ")
    assert any(step.startswith("resampled from") for step in cohort.steps[0])
    assert any(step.startswith("padded along") for step in cohort.steps[0])


def test_cropping_and_padding_alone_change_no_value() -> None:
    volume = smooth_volume("oblique")  # 23 x 19 x 11
    codes = volume.geometry.axis_codes
    cohort = to_common_grid([volume], spacing=volume.spacing, size=(20, 25, 11), orientation=codes, fill=-1)
    (made,) = cohort.volumes
    assert cohort.steps == (("cropped along i from 23 to 20", "padded along j from 19 to 25"),)
    np.testing.assert_allclose(made.array[:, 3:22], volume.array[1:21], atol=2e-3)
    assert (made.array[:, :3] == -1).all()
    assert (made.array[:, 22:] == -1).all()
    np.testing.assert_allclose(made.geometry.index_to_physical((0, 3, 0)), volume.geometry.index_to_physical((1, 0, 0)))


def test_what_fits_is_left_alone() -> None:
    volume = smooth_volume("axial")
    cohort = to_common_grid([volume, volume])
    assert cohort.steps == (("unchanged",), ("unchanged",))
    assert cohort.volumes[0].array is volume.array


def test_what_does_not_stack_is_refused() -> None:
    with pytest.raises(UnsupportedError, match="no volumes"):
        to_common_grid([])
    colour = Volume(np.zeros((4, 4, 4, 3), np.uint8))
    with pytest.raises(UnsupportedError, match="past i, j, k differ"):
        to_common_grid([colour, Volume(np.zeros((4, 4, 4)))])
    with pytest.raises(GeometryError, match="not regular"):
        to_common_grid([Volume(np.zeros((4, 4, 4)), smooth_volume("axial", shape=(4, 4, 4)).geometry, regular=False)])


def test_read_many_gives_what_stacks(tmp_path) -> None:  # type: ignore[no-untyped-def]
    for number, shape in ((1, (24, 20, 8)), (2, (20, 24, 12))):
        dicomvtk.write_series(dicomvtk.phantom(shape), tmp_path / str(number))
    cohort = to_common_grid(dicomvtk.read_many(tmp_path), spacing=10)
    assert cohort.stacked().ndim == 4


def test_read_many_says_what_it_leaves_out(tmp_path: Path) -> None:
    """A gap is found at the scan, a file cut short when its pixels are read: neither takes the others along."""
    for number in range(1, 4):
        dicomvtk.write_series(
            dicomvtk.phantom((12, 10, 8)), tmp_path / str(number), attributes={"SeriesNumber": number}
        )
    (tmp_path / "1" / "IM0004.dcm").unlink()
    cut = tmp_path / "2" / "IM0004.dcm"
    cut.write_bytes(cut.read_bytes()[:-20])

    with pytest.warns(DicomVtkWarning) as told:
        volumes = dicomvtk.read_many(tmp_path)

    assert [volume.info.number for volume in volumes] == [3]
    texts = sorted(str(one.message) for one in told)
    assert len(texts) == 2
    assert all(text.startswith("Left out: Cannot read series") for text in texts)
    assert "missing" in texts[0]
    assert "IM0004.dcm lacks 20" in texts[1]
