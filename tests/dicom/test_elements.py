"""The header walk beside pydicom, on every real file and on shapes that it must get right."""

from __future__ import annotations

import struct
import warnings
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pydicom
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from dicomvtk.dicom.elements import UNDEFINED, NotDicom, Unsure, walk_file
from dicomvtk.dicom.tags import PIXEL_TAGS, WANTED, Tag, group_element


def real_files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())


def reference(path: Path) -> pydicom.Dataset:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pydicom.dcmread(path, force=True, defer_size=64 * 1024)


def raw_bytes(data_set: pydicom.Dataset, tag: int) -> bytes | None:
    group, element = group_element(tag)
    if (group, element) not in data_set:
        return None
    raw = data_set.get_item((group, element))
    size = {"US": 2, "SS": 2, "AT": 2, "UL": 4, "SL": 4, "FL": 4, "FD": 8}.get(raw.VR, 1)
    if size == 1 or data_set.original_encoding != (False, False) or not isinstance(raw.value, bytes):
        return b"" if raw.value is None else raw.value
    return b"".join(raw.value[n : n + size][::-1] for n in range(0, len(raw.value), size))


def test_walk_agrees_with_pydicom_on_every_real_file(shared_data: Path) -> None:
    walked = 0
    for path in real_files(shared_data):
        try:
            header = walk_file(str(path))
        except (NotDicom, Unsure):
            continue
        known = reference(path)
        if len(known) == 0:  # no delimiter after the pixels: pydicom gives up on all of it
            continue
        walked += 1
        for tag in WANTED - {Tag.SpecificCharacterSet}:  # pydicom has decoded that one already
            expected = raw_bytes(known, tag)
            if isinstance(expected, bytes | None):
                assert header.values.get(tag) == expected, (path, group_element(tag))
        pixel_tags = [tag for tag in PIXEL_TAGS if group_element(tag) in known]
        assert header.pixel_tag == (pixel_tags[0] if pixel_tags else 0), path
        if pixel_tags:
            element = known.get_item(group_element(pixel_tags[0]), keep_deferred=True)
            left_to_pydicom = header.transfer_syntax == ExplicitVRBigEndian
            assert header.pixel_offset == (-1 if left_to_pydicom else element.value_tell), path
            assert header.pixel_length == element.length, path
    assert walked > 1000


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian])
@pytest.mark.parametrize("undefined", [False, True])
def test_nested_sequences_with_pixels_of_their_own_are_stepped_over(
    tmp_path: Path, syntax: pydicom.uid.UID, undefined: bool
) -> None:
    icon = Dataset()
    icon.Rows = icon.Columns = 2
    icon.BitsAllocated = icon.BitsStored = 8
    icon.PixelData = b"\1\2\3\4"
    icon["PixelData"].VR = "OB"
    inner = Dataset()
    inner.IconImageSequence = Sequence([icon])
    data = Dataset()
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = syntax
    data.SOPClassUID, data.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.7", "1.2.3"
    data.ReferencedImageSequence = Sequence([inner, Dataset(), inner])
    data.IconImageSequence = Sequence([icon])
    data.Rows, data.Columns, data.BitsAllocated = 3, 5, 8
    data.PixelData = bytes(range(16))
    data["PixelData"].VR = "OB"
    for element in (data["ReferencedImageSequence"], data["IconImageSequence"], inner["IconImageSequence"]):
        element.is_undefined_length = undefined
        for item in element.value:
            item.is_undefined_length_sequence_item = undefined
    path = tmp_path / "nested"
    data.save_as(path, enforce_file_format=True)

    header = walk_file(str(path))

    assert header.values[Tag.Rows] == struct.pack("<H", 3)
    assert header.values[Tag.Columns] == struct.pack("<H", 5)
    assert header.pixel_length == 16
    if syntax == ExplicitVRBigEndian:  # its pixels are left to pydicom
        assert header.pixel_offset == -1
    else:
        assert path.read_bytes()[header.pixel_offset :] == bytes(range(16))


def explicit(group: int, element: int, vr: bytes, value: bytes) -> bytes:
    return struct.pack("<HH2sH", group, element, vr, len(value)) + value


def part10(body: bytes, syntax: bytes = b"1.2.840.10008.1.2.1\0") -> bytes:
    return bytes(128) + b"DICM" + explicit(2, 0x10, b"UI", syntax) + body


def test_a_declared_length_past_the_end_is_not_believed(tmp_path: Path) -> None:
    path = tmp_path / "lying"
    path.write_bytes(part10(explicit(8, 0x60, b"CS", b"CT") + struct.pack("<HH2sHI", 9, 0x10, b"OB", 0, 4_000_000_000)))
    with pytest.raises(Unsure, match="past the end of the file"):
        walk_file(str(path))


def test_depth_costs_no_recursion(tmp_path: Path) -> None:
    depth = 200_000
    opening = struct.pack("<HH2sHI", 9, 0x1010, b"SQ", 0, UNDEFINED) + struct.pack("<HHI", 0xFFFE, 0xE000, UNDEFINED)
    closing = struct.pack("<HHI", 0xFFFE, 0xE00D, 0) + struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)
    body = explicit(8, 0x60, b"CS", b"CT") + opening * depth + closing * depth + explicit(0x28, 0x10, b"US", b"\3\0")
    path = tmp_path / "deep"
    path.write_bytes(part10(body))
    assert walk_file(str(path)).values[Tag.Rows] == b"\3\0"


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"", "empty file"), (b"Dear all,\nplease find attached", "not DICOM"), (bytes(4096), "not DICOM")],
)
def test_what_is_not_dicom_is_told_by_content(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "IM0001.dcm"
    path.write_bytes(content)
    with pytest.raises(NotDicom, match=reason):
        walk_file(str(path))


def test_a_bare_data_set_is_recognised(tmp_path: Path) -> None:
    data = Dataset()
    data.SOPClassUID, data.Modality, data.Rows = "1.2.840.10008.5.1.4.1.1.2", "CT", 9
    for implicit in (True, False):
        stream = BytesIO()
        pydicom.dcmwrite(stream, data, implicit_vr=implicit, little_endian=True)
        path = tmp_path / f"bare{implicit}"
        path.write_bytes(stream.getvalue())
        header = walk_file(str(path))
        assert header.values[Tag.Rows] == b"\x09\0"
        assert header.transfer_syntax == (ImplicitVRLittleEndian if implicit else ExplicitVRLittleEndian)
