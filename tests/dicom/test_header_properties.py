"""The header walk beside pydicom, on data sets made at random: whatever pydicom writes, both read the same of it."""

from __future__ import annotations

import struct
import tempfile
import warnings
from io import BytesIO
from pathlib import Path

import pydicom
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import CTImageStorage, ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from dicomvtk.dicom.elements import RawHeader, walk_file
from dicomvtk.dicom.headers_pydicom import read_header
from dicomvtk.dicom.sequences import Unsure
from dicomvtk.dicom.tags import WANTED, Tag, group_element

PIXELS = bytes(range(64))

#: What a walk must step over, by VR: values as pydicom takes them.
_TEXT = st.text("ABCxyz019 .^", max_size=20)
_VALUES = {
    "LO": _TEXT,
    "SH": st.text("ABC09", max_size=12),
    "UT": st.text("ABC09\n", max_size=300),
    "UC": _TEXT,
    "UR": st.just("http://example.org/a"),
    "DS": st.floats(-1e6, 1e6).map(lambda value: f"{value:.6g}"),
    "US": st.integers(0, 65535),
    "SS": st.integers(-32768, 32767),
    "UL": st.integers(0, 2**32 - 1),
    "UV": st.integers(0, 2**64 - 1),
    "FD": st.floats(allow_nan=False),
    "FL": st.just(1.5),
    "AT": st.integers(0, 2**32 - 1),
    "OB": st.binary(max_size=80).map(lambda value: value + b"\0" * (len(value) % 2)),
    "OW": st.binary(max_size=40).map(lambda value: value * 2),
    "UN": st.binary(max_size=40).map(lambda value: value * 2),
}

_OWN = {
    "Rows": st.integers(1, 65535),
    "Columns": st.integers(1, 65535),
    "SeriesDescription": _TEXT,
    "PatientName": st.text("ABC^", max_size=12),
    "SliceThickness": st.floats(0.1, 10).map(lambda value: f"{value:.4g}"),
    "InstanceNumber": st.integers(-1000, 100_000).map(str),
    "ImagePositionPatient": st.lists(st.floats(-500, 500).map(lambda v: f"{v:.6g}"), min_size=3, max_size=3),
    "PixelSpacing": st.lists(st.sampled_from(["0.5", "1", "0.976562"]), min_size=2, max_size=2),
    "ImageType": st.lists(st.sampled_from(["ORIGINAL", "PRIMARY", "AXIAL"]), min_size=1, max_size=3),
}

#: Private groups before, between and after what is wanted; and a standard sequence in the same places.
_PRIVATE_GROUPS = (0x0009, 0x0019, 0x0021, 0x0029, 0x0041, 0x5001)
_SEQUENCE_TAGS = (0x00081140, 0x00101002, 0x00186011, 0x00209221, 0x00283010, 0x00400275, 0x52009229, 0x52009230)


@st.composite
def elements(draw: st.DrawFn) -> DataElement:
    vr = draw(st.sampled_from(sorted(_VALUES)))
    group, number = draw(st.sampled_from(_PRIVATE_GROUPS)), draw(st.integers(0x1000, 0x10FF))
    return DataElement(group << 16 | number, vr, draw(_VALUES[vr]))


@st.composite
def data_sets(draw: st.DrawFn, depth: int = 3) -> Dataset:
    """Private elements of any VR, and sequences of defined or undefined length to some depth."""
    made = Dataset()
    for element in draw(st.lists(elements(), max_size=5)):
        made.add(element)
    if depth:
        for tag in draw(st.lists(st.sampled_from(_SEQUENCE_TAGS), max_size=2, unique=True)):
            made.add(sequence(draw, tag, depth))
    return made


def sequence(draw: st.DrawFn, tag: int, depth: int) -> DataElement:
    items = draw(st.lists(data_sets(depth=depth - 1), max_size=2))
    for one in items:
        one.is_undefined_length_sequence_item = draw(st.booleans())
    made = DataElement(tag, "SQ", Sequence(items))
    made.is_undefined_length = draw(st.booleans())
    return made


@st.composite
def images(draw: st.DrawFn) -> Dataset:
    """A data set with some of the attributes that are read, among others, and 64 bytes of pixels last."""
    made = draw(data_sets())
    for keyword, values in _OWN.items():
        if draw(st.booleans()):
            setattr(made, keyword, draw(values))
    made.SOPClassUID = CTImageStorage
    made.add(DataElement(0x7FE00010, "OW", PIXELS))
    return made


def written_meta(syntax: str) -> FileMetaDataset:
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = syntax
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = CTImageStorage, "1.2.3"
    return meta


def written(data_set: Dataset, *, implicit: bool, preamble: bool) -> bytes:
    data_set.file_meta = written_meta(ImplicitVRLittleEndian if implicit else ExplicitVRLittleEndian)
    buffer = BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pydicom.dcmwrite(buffer, data_set, implicit_vr=implicit, little_endian=True, enforce_file_format=preamble)
    return buffer.getvalue()


def walked(content: bytes, reader=walk_file) -> RawHeader:  # type: ignore[no-untyped-def]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "image.dcm")
        path.write_bytes(content)
        return reader(str(path))


def check_as_pydicom_reads(header: RawHeader, content: bytes) -> None:
    """Hold the bytes of every wanted element, and the place of the pixels, against what pydicom finds."""
    known = pydicom.dcmread(BytesIO(content), force=True)
    for tag in WANTED - {Tag.SpecificCharacterSet}:
        key = group_element(tag)
        expected = (known.get_item(key).value or b"") if key in known else None  # empty is None or text there
        assert header.values.get(tag) == expected
    assert header.pixel_tag == Tag.PixelData
    assert header.pixel_length == len(PIXELS)
    assert content[header.pixel_offset :] == PIXELS


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data_set=images(), implicit=st.booleans())
def test_walk_agrees_with_pydicom(data_set: Dataset, implicit: bool) -> None:
    content = written(data_set, implicit=implicit, preamble=True)

    try:
        header = walked(content)
    except Unsure:
        header = walked(content, lambda path: read_header(path, "unsure"))

    check_as_pydicom_reads(header, content)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data_set=images())
def test_explicit_headers_need_no_second_reader(data_set: Dataset) -> None:
    """Where every VR is told, the walk is sure of whatever pydicom writes."""
    content = written(data_set, implicit=False, preamble=True)

    check_as_pydicom_reads(walked(content), content)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data_set=images(), implicit=st.booleans())
def test_both_ways_into_a_raw_header_agree(data_set: Dataset, implicit: bool) -> None:
    content = written(data_set, implicit=implicit, preamble=True)
    try:
        own = walked(content)
    except Unsure:
        return

    other = walked(content, lambda path: read_header(path, "unsure"))

    assert own.values == other.values
    assert (own.pixel_tag, own.pixel_offset, own.pixel_length) == (
        other.pixel_tag,
        other.pixel_offset,
        other.pixel_length,
    )


def big_endian(data_set: Dataset) -> bytes:
    """Return the file of a data set in big endian; its words are swapped for that, since pydicom writes them as is."""

    def swap(_: Dataset, element: DataElement) -> None:
        if element.VR == "OW" and element.tag != 0x7FE00010:
            element.value = b"".join(element.value[n : n + 2][::-1] for n in range(0, len(element.value), 2))

    data_set.walk(swap)
    data_set.file_meta = written_meta(ExplicitVRBigEndian)
    buffer = BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pydicom.dcmwrite(buffer, data_set, implicit_vr=False, little_endian=False, enforce_file_format=True)
    return buffer.getvalue()


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data_set=images(), length=st.sampled_from([0, 2, 20_000, 70_000]))
def test_a_big_endian_header_says_what_the_little_endian_one_does(data_set: Dataset, length: int) -> None:
    data_set.add_new(0x00291010, "OB", bytes(length))
    expected = walked(written(data_set, implicit=False, preamble=True))
    content = big_endian(data_set)

    header = walked(content)

    assert header.values == expected.values
    assert header.sequences == expected.sequences
    assert (header.pixel_tag, header.pixel_offset, header.pixel_length) == (Tag.PixelData, -1, len(PIXELS))
    assert (header.transfer_syntax, header.media_class) == (ExplicitVRBigEndian, CTImageStorage)
    other = walked(content, lambda path: read_header(path, "unsure"))
    assert header.values == other.values
    assert (header.pixel_tag, header.pixel_offset, header.pixel_length) == (
        other.pixel_tag,
        other.pixel_offset,
        other.pixel_length,
    )


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data_set=images(), cut=st.floats(0, 1))
def test_a_cut_big_endian_header_gives_only_what_is_there(data_set: Dataset, cut: float) -> None:
    content = big_endian(data_set)
    whole = walked(content)

    try:
        header = walked(content[: 160 + int(cut * (len(content) - 160))])
    except Unsure:
        return

    assert all(whole.values[tag] == value for tag, value in header.values.items())
    assert header.pixel_tag in (0, Tag.PixelData)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data_set=images(), cut=st.floats(0, 1))
def test_a_cut_header_gives_only_what_is_there(data_set: Dataset, cut: float) -> None:
    """No value of a cut file differs from the whole one's, and pixels are found only where they begin."""
    content = written(data_set, implicit=False, preamble=True)
    whole = walked(content)
    left = content[: 160 + int(cut * (len(content) - 160))]

    try:
        header = walked(left)
    except Unsure:
        return

    assert all(whole.values[tag] == value for tag, value in header.values.items())
    assert header.pixel_tag in (0, Tag.PixelData)
    assert header.pixel_tag == 0 or header.pixel_offset == whole.pixel_offset


@pytest.mark.parametrize("implicit", [True, False])
def test_wanted_elements_inside_sequences_are_not_the_images_own(implicit: bool) -> None:
    inner, innermost = Dataset(), Dataset()
    for one in (inner, innermost):
        one.Rows, one.SeriesDescription = 7, "of the item"
    inner.IconImageSequence = Sequence([innermost])
    data_set = Dataset()
    data_set.Rows, data_set.SOPClassUID = 64, CTImageStorage
    data_set.ReferencedImageSequence = Sequence([inner])
    data_set.add(DataElement(0x7FE00010, "OW", PIXELS))

    header = walked(written(data_set, implicit=implicit, preamble=True))

    assert header.values[Tag.Rows] == struct.pack("<H", 64)
    assert Tag.SeriesDescription not in header.values
