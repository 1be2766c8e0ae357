"""A series on the grid of another: the same values as SimpleITK gives, and a series that says it is derived."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK

import dicomvtk
from dicomvtk.errors import GeometryError, UnsupportedError


def as_sitk(volume: dicomvtk.Volume) -> SimpleITK.Image:
    image = SimpleITK.GetImageFromArray(np.ascontiguousarray(volume.array.T).astype(np.float64))
    image.SetSpacing(volume.spacing)
    image.SetOrigin(volume.origin)
    image.SetDirection(volume.direction.ravel().tolist())
    return image


def resampled(source: dicomvtk.Volume, target: dicomvtk.Volume, how: int) -> np.ndarray:
    lowest = float(source.array.min())
    image = SimpleITK.Resample(as_sitk(source), as_sitk(target), SimpleITK.Transform(), how, lowest)
    return SimpleITK.GetArrayFromImage(image).T


@pytest.fixture
def two_grids(tmp_path: Path) -> dicomvtk.folder.tree.Folder:
    """Return a smooth image and a coarser oblique grid, of one frame of reference."""
    fine = dicomvtk.Geometry((40, 36, 30), (1.0, 1.1, 1.3), (-20.0, -18.0, -17.0))
    turned = np.array([[0.96, -0.28, 0.0], [0.28, 0.96, 0.0], [0.0, 0.0, 1.0]])
    coarse = dicomvtk.Geometry((16, 18, 10), (1.5, 1.4, 2.6), (-9.0, -13.0, -12.0), turned)
    i, j, k = np.indices(fine.shape)
    values = np.rint(1000 + 300 * np.sin(i / 6) * np.cos(j / 7) + 20 * k).astype(np.int16)
    folder = dicomvtk.new_folder()
    study = folder.new_patient(PatientID="P1").new_study()
    one = study.new_series(dicomvtk.Volume(values, fine), Modality="CT", SeriesDescription="fine")
    two = study.new_series(dicomvtk.Volume(np.zeros(coarse.shape, np.int16), coarse), Modality="CT")
    two.FrameOfReferenceUID = one.FrameOfReferenceUID
    folder.save(tmp_path / "grids")
    return folder


@pytest.mark.parametrize(
    ("method", "how", "tolerance"),
    [("linear", SimpleITK.sitkLinear, 0.51), ("nearest", SimpleITK.sitkNearestNeighbor, 0.0)],
)
def test_values_are_those_of_simpleitk(
    two_grids: dicomvtk.folder.tree.Folder, method: str, how: int, tolerance: float
) -> None:
    source, target = two_grids.series

    mapped = source.map_to(target, method)

    volume = mapped.volume()
    assert volume.geometry.is_close(target.volume().geometry)
    expected = resampled(source.volume(), target.volume(), how)
    assert expected.std() > 50
    np.testing.assert_allclose(volume.array, expected, atol=tolerance)


def test_cubic_is_nearer_to_the_function_than_linear(two_grids: dicomvtk.folder.tree.Folder) -> None:
    source, target = two_grids.series
    grid = target.volume().geometry
    index = source.volume().geometry.physical_to_index(
        grid.index_to_physical(np.moveaxis(np.indices(grid.shape), 0, -1))
    )
    truth = 1000 + 300 * np.sin(index[..., 0] / 6) * np.cos(index[..., 1] / 7) + 20 * index[..., 2]

    errors = {method: source.map_to(target, method).volume().array - truth for method in ("linear", "cubic")}

    assert np.abs(errors["cubic"]).max() < 1.5
    assert np.abs(errors["cubic"]).mean() < np.abs(errors["linear"]).mean()


def test_the_new_series_says_it_is_derived(two_grids: dicomvtk.folder.tree.Folder) -> None:
    source, target = two_grids.series

    mapped = source.map_to(target)
    two_grids.save()

    header = pydicom.dcmread(mapped.files[3])
    assert header.ImageType[:2] == ["DERIVED", "SECONDARY"]
    assert "resample to 16 x 18 x 10 voxels" in header.DerivationDescription
    assert header.SourceImageSequence[0].ReferencedSOPInstanceUID in source.SOPInstanceUID
    assert header.FrameOfReferenceUID == target.FrameOfReferenceUID
    assert (header.StudyInstanceUID, header.PatientID) == (source.StudyInstanceUID, "P1")
    assert mapped.SeriesInstanceUID not in (source.SeriesInstanceUID, target.SeriesInstanceUID)


def test_a_mask_keeps_its_labels(two_grids: dicomvtk.folder.tree.Folder) -> None:
    source, target = two_grids.series
    labels = (source.ndarray(dims=("slice_position",)) > 1400).astype(np.int16) * 5
    labels[:, :, :8] = 2
    mask = source.study.new_series(dicomvtk.Volume(labels, source.volume().geometry), Modality="OT")
    mask.FrameOfReferenceUID = source.FrameOfReferenceUID

    mapped = mask.map_mask_to(target)

    array = mapped.volume().array
    assert set(np.unique(array)) == {0, 2, 5}
    np.testing.assert_array_equal(array, resampled(mask.volume(), target.volume(), SimpleITK.sitkNearestNeighbor))


def test_a_segmentation_is_mapped_onto_the_image_it_was_drawn_in(shared_data: Path) -> None:
    folder = dicomvtk.open_folder(shared_data / "seg_liver_1bit")
    images = folder.find(Modality="CT", SeriesNumber=2)
    masks = [s for s in folder.find(Modality="SEG") if s.files[0].name == "liver.dcm"]
    assert len(images) == len(masks) == 1
    truth = dicomvtk.read(masks[0].files)

    mapped = masks[0].map_mask_to(images[0])

    array = mapped.volume().array
    assert array.shape == images[0].volume().shape
    assert set(np.unique(array)) == {0, 1}
    assert int(array.sum()) == int((truth.array > 0).sum())


def test_what_is_not_of_one_space_is_refused(two_grids: dicomvtk.folder.tree.Folder, shared_data: Path) -> None:
    source, target = two_grids.series
    target.FrameOfReferenceUID = "1.2.3"

    with pytest.raises(GeometryError, match=r"FrameOfReferenceUID \(0020,0052\).*across_frames=True"):
        source.map_to(target)
    assert source.map_to(target, across_frames=True).FrameOfReferenceUID == "1.2.3"
    with pytest.raises(UnsupportedError, match="expected linear, nearest, cubic"):
        source.map_to(target, "best", across_frames=True)
    source.RescaleSlope = 0.5
    with pytest.raises(UnsupportedError, match="not whole numbers"):
        source.map_mask_to(target, across_frames=True)
