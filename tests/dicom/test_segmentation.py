"""Segmentations beside the label maps that their maker exported, and RT dose beside SimpleITK."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK

import dicomvtk
from dicomvtk.display import rgb_of_cielab

#: (file below seg_liver_1bit, label map beside it)
LABEL_MAPS = [
    ("liver.dcm", "liver_seg.nrrd"),
    ("24x38x3/seg/label.seg", "24x38x3/nrrd/label.nrrd"),
    ("23x38x3/seg/label.seg", "23x38x3/nrrd/label.nrrd"),
    ("sparse-labelmap-ppv5.dcm", "sparse_labelmap_ppv5_seg.nrrd"),
]


def placed_labels(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return the (n, 3) LPS positions of voxels that are not background, sorted, and their values."""
    image = SimpleITK.ReadImage(str(path))
    array = SimpleITK.GetArrayFromImage(image).T
    affine = np.reshape(image.GetDirection(), (3, 3)) * np.asarray(image.GetSpacing())
    return sorted_points(np.argwhere(array) @ affine.T + image.GetOrigin(), array[array != 0])


def sorted_points(points: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    order = np.lexsort(np.round(points, 3).T)
    return points[order], labels[order]


@pytest.mark.parametrize(("segmentation", "label_map"), LABEL_MAPS)
def test_labels_lie_where_the_label_map_has_them(shared_data: Path, segmentation: str, label_map: str) -> None:
    folder = shared_data / "seg_liver_1bit"
    volume = dicomvtk.read(folder / segmentation)
    points, labels = sorted_points(
        volume.geometry.index_to_physical(np.argwhere(volume.array)), volume.array[volume.array != 0]
    )
    expected_points, expected_labels = placed_labels(folder / label_map)
    np.testing.assert_allclose(points, expected_points, atol=1e-2)
    np.testing.assert_array_equal(labels, expected_labels)


def test_segments_have_names_and_colours(shared_data: Path) -> None:
    info = dicomvtk.read(shared_data / "seg_of_pet").info
    assert [(s.number, s.label) for s in info.segments] == [(1, "Neoplasm, Primary"), (2, "Neoplasm, Secondary")]
    assert all(s.colour is not None for s in info.segments)


def test_labels_lie_on_the_image_that_was_segmented(shared_data: Path) -> None:
    labels = dicomvtk.read(shared_data / "seg_of_pet")
    image = dicomvtk.read(shared_data / "pet_whole_body")
    index = image.geometry.physical_to_index(labels.geometry.index_to_physical((0, 0, 0)))
    np.testing.assert_allclose(index, np.rint(index), atol=1e-3)
    assert labels.spacing == pytest.approx(image.spacing)


def test_overlapping_segments_are_refused_and_read_apart(shared_data: Path) -> None:
    path = shared_data / "seg_liver_1bit" / "partial_overlaps.dcm"
    with pytest.raises(dicomvtk.SeriesError, match=r"Segments 1 and 2 overlap at position 2.*dims="):
        dicomvtk.read(path)
    assert not dicomvtk.find_series(path)[0].readable
    assert set(np.unique(dicomvtk.read(path, allow={"overlapping-segments"}).array)) <= {0, 1, 2, 3, 4, 5}
    volume = dicomvtk.read(path, dims=("ReferencedSegmentNumber",))
    [axis] = volume.axes
    assert axis.values == (1, 2, 3, 4, 5)
    assert volume.shape == (512, 512, 3, 5)
    assert volume.array.max() == 1
    assert [int(volume.frame(n).array.any()) for n in range(5)] == [1] * 5


@pytest.mark.parametrize(
    ("encoded", "rgb"),
    [((65535, 32896, 32896), (255, 255, 255)), ((0, 32896, 32896), (0, 0, 0)), ((35579, 53664, 50857), (255, 0, 0))],
)
def test_colours_are_srgb(encoded: tuple[int, int, int], rgb: tuple[int, int, int]) -> None:
    assert np.max(np.abs(np.subtract(rgb_of_cielab(encoded), rgb))) <= 3


@pytest.mark.parametrize("name", ["rtdose.dcm", "rtdose_rle.dcm", "rtdose_expb.dcm"])
def test_dose_is_scaled_and_lies_where_simpleitk_has_it(shared_data: Path, name: str) -> None:
    folder = shared_data / "pydicom_files" / "test_files"
    volume = dicomvtk.read(folder / name)
    image = SimpleITK.ReadImage(str(folder / "rtdose.dcm"))
    assert volume.spacing == pytest.approx(image.GetSpacing())
    assert volume.origin == pytest.approx(image.GetOrigin())
    np.testing.assert_allclose(volume.array, SimpleITK.GetArrayFromImage(image).T * 1e-6, rtol=1e-12)
    assert volume.dtype == np.float64
    assert volume.info.unit == "RELATIVE"
