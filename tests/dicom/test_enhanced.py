"""Enhanced multi-frame objects whose every frame is known: any order, own scaling, several stacks, times and echoes."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import EnhancedCTImageStorage, EnhancedMRImageStorage, ExplicitVRLittleEndian, generate_uid

import dicomvtk

ROWS, COLUMNS = 6, 4
AXIAL = [1, 0, 0, 0, 1, 0]
SAGITTAL = [0, 1, 0, 0, 0, -1]


def item(**values: Any) -> Dataset:
    made = Dataset()
    for keyword, value in values.items():
        setattr(made, keyword, value)
    return made


def frame_values(n: int) -> np.ndarray:
    return (100 * n + np.arange(ROWS * COLUMNS).reshape(ROWS, COLUMNS)).astype("<u2")


def group(position: Sequence[float], **macros: Dataset) -> Dataset:
    made = item(PlanePositionSequence=[item(ImagePositionPatient=list(position))])
    for name, macro in macros.items():
        setattr(made, name, [macro])
    return made


def enhanced(path: Path, groups: list[Dataset], shared: dict[str, Dataset] | None = None, **changes: Any) -> Path:
    """Write an enhanced object of one frame for each group; frame n holds ``frame_values(n)``."""
    data = Dataset()
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data.SOPClassUID, data.SOPInstanceUID = EnhancedMRImageStorage, generate_uid()
    data.StudyInstanceUID, data.SeriesInstanceUID = "1.2.3", "1.2.3.4"
    data.FrameOfReferenceUID = "1.2.3.5"
    data.Modality, data.SeriesNumber = "MR", 7
    data.ImageType = ["ORIGINAL", "PRIMARY", "M", "NONE"]
    data.Rows, data.Columns, data.NumberOfFrames = ROWS, COLUMNS, len(groups)
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
    data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelRepresentation = 16, 16, 15, 0
    first = {
        "PixelMeasuresSequence": item(PixelSpacing=[2.0, 1.5], SliceThickness=9),
        "PlaneOrientationSequence": item(ImageOrientationPatient=AXIAL),
    }
    in_frames = {name for frame in groups for name in frame.dir()}
    macros = {**{name: macro for name, macro in first.items() if name not in in_frames}, **(shared or {})}
    data.SharedFunctionalGroupsSequence = [item(**{name: [macro] for name, macro in macros.items()})]
    data.PerFrameFunctionalGroupsSequence = groups
    data.PixelData = b"".join(frame_values(n).tobytes() for n in range(len(groups)))
    for keyword, value in changes.items():
        setattr(data, keyword, value)
    data.save_as(path, enforce_file_format=True)
    return path


def stacked(frames: Sequence[int]) -> np.ndarray:
    return np.stack([frame_values(n).T for n in frames], axis=-1)


def test_frames_come_in_any_order_and_are_ordered_by_position(tmp_path: Path) -> None:
    places = [5.0, -2.5, 10.0, 2.5, 0.0, 7.5]
    volume = dicomvtk.read(enhanced(tmp_path / "one", [group((1, 2, z)) for z in places]))
    np.testing.assert_array_equal(volume.array, stacked(np.argsort(places)))
    assert volume.origin == (1.0, 2.0, -2.5)
    assert volume.spacing == (1.5, 2.0, 2.5)
    assert [source.frame for source in volume.info.sources] == list(np.argsort(places))


def test_what_a_frame_says_goes_before_what_all_share(tmp_path: Path) -> None:
    own = [
        group((0, 0, 3.0 * n), PixelValueTransformationSequence=item(RescaleSlope=0.5 + n, RescaleIntercept=-n))
        for n in range(3)
    ]
    shared = {"PixelValueTransformationSequence": item(RescaleSlope=99, RescaleIntercept=99, RescaleType="US")}
    path = enhanced(tmp_path / "scaled", own, shared)
    volume = dicomvtk.read(path)
    assert volume.dtype == np.float32
    for n in range(3):
        np.testing.assert_array_equal(volume.array[:, :, n].T, frame_values(n).astype(float) * (0.5 + n) - n)


def test_shared_rescale_serves_all_frames(tmp_path: Path) -> None:
    shared = {"PixelValueTransformationSequence": item(RescaleSlope=1, RescaleIntercept=-1024, RescaleType="HU")}
    path = enhanced(
        tmp_path / "ct", [group((0, 0, n)) for n in range(4)], shared, SOPClassUID=EnhancedCTImageStorage, Modality="CT"
    )
    volume = dicomvtk.read(path)
    assert volume.dtype == np.int16
    assert volume.info.unit == "HU"
    np.testing.assert_array_equal(volume.array, stacked(range(4)).astype(int) - 1024)


def test_stacks_of_one_object_are_entries(tmp_path: Path) -> None:
    groups = [
        group(
            (0, 0, 2.0 * n),
            FrameContentSequence=item(StackID="1"),
            PlaneOrientationSequence=item(ImageOrientationPatient=AXIAL),
        )
        for n in range(3)
    ] + [
        group(
            (4.0 * n, 0, 0),
            FrameContentSequence=item(StackID="2"),
            PlaneOrientationSequence=item(ImageOrientationPatient=SAGITTAL),
        )
        for n in range(2)
    ]
    entries = dicomvtk.find_series(enhanced(tmp_path / "two", groups))
    assert [(entry.key, entry.shape) for entry in entries] == [("7a", (4, 6, 3)), ("7b", (4, 6, 2))]
    sagittal = dicomvtk.read(entries[1])
    assert sagittal.geometry.is_right_handed
    assert sagittal.geometry.axis_codes == "PIR"
    np.testing.assert_array_equal(sagittal.array, stacked([4, 3]))


def test_times_and_echoes_are_axes(tmp_path: Path) -> None:
    groups = [
        group(
            (0, 0, 2.0 * k),
            FrameContentSequence=item(TemporalPositionIndex=t + 1),
            MREchoSequence=item(EffectiveEchoTime=[4.5, 9.25][e]),
        )
        for t in range(3)
        for k in range(4)
        for e in range(2)
    ]
    volume = dicomvtk.read(enhanced(tmp_path / "5d", groups))
    assert [(axis.keyword, axis.values) for axis in volume.axes] == [
        ("TemporalPositionIndex", (1.0, 2.0, 3.0)),
        ("EchoTime", (4.5, 9.25)),
    ]
    assert volume.shape == (4, 6, 4, 3, 2)
    for t in range(3):
        for e in range(2):
            frames = [(t * 4 + k) * 2 + e for k in range(4)]
            np.testing.assert_array_equal(volume.frame(t, e).array, stacked(frames))
    turned = dicomvtk.read(tmp_path / "5d", dims=("EchoTime", "TemporalPositionIndex"))
    np.testing.assert_array_equal(turned.array, volume.array.transpose(0, 1, 2, 4, 3))


def test_dims_that_do_not_make_a_full_grid_are_refused(tmp_path: Path) -> None:
    groups = [
        group((0, 0, 2.0 * k), MREchoSequence=item(EffectiveEchoTime=e)) for k in range(2) for e in (4.5, 9.25, 14.0)
    ]
    path = enhanced(tmp_path / "echoes", groups[:-1])
    with pytest.raises(dicomvtk.SeriesError, match=r"6 images; found 5\. Absent: 14 at position 2"):
        dicomvtk.read(path)
    with pytest.raises(dicomvtk.SeriesError, match="0 images at EchoTime 14, position 2; expected 1"):
        dicomvtk.read(path, dims=("EchoTime",))
    with pytest.raises(dicomvtk.UnsupportedError, match="Cannot order by 'Colour'; dims= may name: EchoTime"):
        dicomvtk.read(path, dims=("Colour",))


def test_one_file_a_time_point(tmp_path: Path) -> None:
    for t in range(3):
        groups = [group((0, 0, 2.0 * k)) for k in range(4)]
        enhanced(tmp_path / f"t{t}", groups, AcquisitionNumber=t + 1, InstanceNumber=t + 1)
    volume = dicomvtk.read(tmp_path)
    assert volume.shape == (4, 6, 4, 3)
    assert volume.axes[0].keyword == "AcquisitionNumber"
    assert [Path(volume.info.sources[4 * t].file).name for t in range(3)] == ["t0", "t1", "t2"]


def test_private_macros_do_not_stand_in_for_standard_ones(tmp_path: Path) -> None:
    """Philips repeats ImagePositionPatient in a private macro of each frame, half a voxel off."""
    groups = [group((0, 0, 2.0 * k)) for k in range(3)]
    for frame in groups:
        block = frame.private_block(0x2005, "Philips MR Imaging DD 005", create=True)
        block.add_new(0x0F, "SQ", [item(ImagePositionPatient=[-77, -77, -77])])
    volume = dicomvtk.read(enhanced(tmp_path / "private", groups))
    assert volume.origin == (0.0, 0.0, 0.0)


def test_fewer_groups_than_frames_is_damage(tmp_path: Path) -> None:
    path = enhanced(tmp_path / "short", [group((0, 0, n)) for n in range(3)])
    content = path.read_bytes()
    old = struct.pack("<HH2sH", 0x28, 8, b"IS", 2) + b"3 "
    assert content.count(old) == 1
    path.write_bytes(content.replace(old, struct.pack("<HH2sH", 0x28, 8, b"IS", 2) + b"9 "))
    with pytest.raises(dicomvtk.NoDicomError, match="damaged"):
        dicomvtk.read(path)
