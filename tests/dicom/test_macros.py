"""Functional groups, read block by block, beside what was written into them."""

from __future__ import annotations

from pathlib import Path

import pydicom
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from dicomvtk.dicom import elements
from dicomvtk.dicom.elements import Unsure, walk_file
from dicomvtk.dicom.functional_groups import frame_values
from dicomvtk.dicom.tags import Tag

FRAMES = 200


def item(**values: object) -> Dataset:
    made = Dataset()
    for keyword, value in values.items():
        setattr(made, keyword, value)
    return made


def group(n: int) -> Dataset:
    """Return the groups of frame n: a place of its own, an echo time shared by ten, a macro that is not wanted."""
    made = Dataset()
    made.FrameContentSequence = [item(InStackPositionNumber=n + 1, DimensionIndexValues=[1, n + 1], StackID="1")]
    made.PlanePositionSequence = [item(ImagePositionPatient=[1.5, -2.0, float(n)])]
    made.MREchoSequence = [item(EffectiveEchoTime=float(n // 10))]
    deeper = item(CodeValue="1", CodingSchemeDesignator="99TEST", CodeMeaning="m" * 40)
    made.ReferencedImageSequence = [item(PurposeOfReferenceCodeSequence=[deeper, deeper], ReferencedSOPClassUID="1.2")]
    block = made.private_block(0x2005, "TEST PRIVATE", create=True)
    block.add_new(0x0E, "SQ", [item(ImagePositionPatient=[9.0, 9.0, 9.0], StackID="no")])
    return made


def write(path: Path, syntax: pydicom.uid.UID, undefined: bool) -> str:
    data = Dataset()
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = syntax
    data.SOPClassUID, data.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.4.1", "1.2.3"
    data.Rows = data.Columns = 1
    data.BitsAllocated, data.NumberOfFrames = 8, FRAMES
    shared = item(PixelMeasuresSequence=[item(PixelSpacing=[0.5, 0.25], SliceThickness=2.0)])
    data.SharedFunctionalGroupsSequence = [shared]
    data.PerFrameFunctionalGroupsSequence = [group(n) for n in range(FRAMES)]
    data.PixelData = bytes(FRAMES)
    data["PixelData"].VR = "OB"
    if undefined:
        unbound(data)
    data.save_as(path, enforce_file_format=True)
    return str(path)


def unbound(data: Dataset) -> None:
    """Give every sequence and item below an undefined length."""
    for element in data:
        if element.VR == "SQ":
            element.is_undefined_length = True
            assert isinstance(element.value, Sequence)
            for inner in element.value:
                inner.is_undefined_length_sequence_item = True
                unbound(inner)


@pytest.mark.parametrize("block", [256 * 1024, 16 * 1024])
@pytest.mark.parametrize("undefined", [False, True])
@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
def test_each_frame_has_its_own_values_over_the_shared_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, syntax: pydicom.uid.UID, undefined: bool, block: int
) -> None:
    monkeypatch.setattr(elements, "_GROUPS_BLOCK", block)
    header = walk_file(write(tmp_path / "enhanced", syntax, undefined))
    frames = frame_values(header)
    assert header.pixel_length == FRAMES
    assert len(frames) == FRAMES
    for n, values in enumerate(frames):
        assert values[Tag.ImagePositionPatient].strip() == f"1.5\\-2.0\\{float(n)}".encode()
        assert values[Tag.InStackPositionNumber] == (n + 1).to_bytes(4, "little")
        assert values[Tag.EchoTime] == str(n // 10).encode()
        assert values[Tag.StackID].strip() == b"1"
        assert values[Tag.PixelSpacing].strip() == b"0.5\\0.25"


def test_macros_of_the_same_bytes_are_kept_once(tmp_path: Path) -> None:
    header = walk_file(write(tmp_path / "enhanced", ExplicitVRLittleEndian, undefined=True))
    groups = header.sequences[Tag.PerFrameFunctionalGroupsSequence]
    echoes = {id(one[Tag.MREchoSequence][0]) for one in groups}  # type: ignore[index]
    assert len(echoes) == FRAMES // 10


@pytest.mark.parametrize("undefined", [False, True])
def test_groups_that_are_cut_short_are_not_taken_for_whole(tmp_path: Path, undefined: bool) -> None:
    path = Path(write(tmp_path / "enhanced", ExplicitVRLittleEndian, undefined))
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(Unsure, match=r"PerFrameFunctionalGroupsSequence \(5200,9230\)"):
        walk_file(str(path))


def test_macros_that_begin_alike_and_end_otherwise_are_read_each_by_itself(tmp_path: Path) -> None:
    """An empty macro of length 0, then one that a delimiter ends; then both ways to bound the same item."""
    data = Dataset()
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data.SOPClassUID, data.NumberOfFrames, data.BitsAllocated = "1.2.840.10008.5.1.4.1.1.4.1", 4, 8
    data.Rows = data.Columns = 1
    groups = [item(MREchoSequence=Sequence()), *(item(MREchoSequence=[item(EffectiveEchoTime=7.0)]) for _ in range(3))]
    for n in (1, 3):
        groups[n]["MREchoSequence"].is_undefined_length = True
    data.PerFrameFunctionalGroupsSequence = groups
    data.add_new(0x7FE00010, "OB", bytes(4))
    data.save_as(tmp_path / "a.dcm", enforce_file_format=False)
    frames = frame_values(walk_file(str(tmp_path / "a.dcm")))
    assert [frame.get(Tag.EchoTime) for frame in frames] == [None, b"7", b"7", b"7"]


def test_a_macro_asked_for_by_name_is_read_whole_and_so_is_a_private_one(tmp_path: Path) -> None:
    path = write(tmp_path / "a.dcm", ExplicitVRLittleEndian, undefined=True)
    private = 0x100E2005
    header = walk_file(path, frozenset(), frozenset({Tag.PerFrameFunctionalGroupsSequence, private}))
    groups = header.sequences[Tag.PerFrameFunctionalGroupsSequence]
    assert len(groups) == FRAMES
    assert [frame[private][0][Tag.StackID] for frame in groups] == [b"no"] * FRAMES  # type: ignore[index, call-overload]
