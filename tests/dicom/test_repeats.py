"""Headers read one after the other, what they repeat only compared: each as if it were read alone."""

from __future__ import annotations

import os
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset

from dicomvtk.dicom.elements import HeaderWalker, NotDicom, Unsure, walk_file
from dicomvtk.dicom.frames import Frame
from dicomvtk.dicom.headers import DamagedImage, HeaderReader, NotAnImage
from dicomvtk.dicom.headers_pydicom import DamagedFile
from dicomvtk.dicom.tags import Tag
from tests.dicom.test_header_properties import images, written

#: What is done to the bytes of a header to make the next: (what, where, bytes).
_EDITS = st.tuples(
    st.sampled_from(("replace", "insert", "remove", "cut", "as it is")),
    st.floats(0, 1),
    st.binary(min_size=1, max_size=4),
)


def outcome(walker: HeaderWalker | None, path: str) -> Any:
    """Return the whole raw header, or the kind of refusal."""
    try:
        return asdict(walk_file(path) if walker is None else walker.walk(path))
    except (NotDicom, Unsure) as no:
        return type(no)


def edited(content: bytes, edit: tuple[str, float, bytes]) -> bytes:
    what, share, new = edit
    at = int(share * len(content))
    if what == "cut":
        return content[:at]
    if what == "insert":
        return content[:at] + new + content[at:]
    if what == "remove":
        return content[:at] + content[at + len(new) :]
    return content[:at] + new + content[at + len(new) :] if what == "replace" else content


def check_one_after_the_other(contents: list[bytes], learned: list[bool]) -> None:
    walker = HeaderWalker()
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "image.dcm")
        for content, learn in zip(contents, learned, strict=False):
            Path(path).write_bytes(content)
            if learn:
                walker.learn()
            assert outcome(walker, path) == outcome(None, path)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(images(), st.booleans(), st.lists(_EDITS, max_size=12), st.lists(st.booleans(), min_size=14, max_size=14))
def test_damaged_headers_after_whole_ones_are_read_as_if_alone(
    image: Dataset, implicit: bool, edits: list[tuple[str, float, bytes]], learned: list[bool]
) -> None:
    whole = written(image, implicit=implicit, preamble=True)

    check_one_after_the_other([whole, whole, *(edited(whole, edit) for edit in edits)], [False, True, *learned])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(images(), st.booleans()), min_size=2, max_size=6))
def test_headers_of_different_images_and_encodings_are_read_as_if_alone(made: list[tuple[Dataset, bool]]) -> None:
    contents = [written(image, implicit=implicit, preamble=True) for image, implicit in made]

    check_one_after_the_other(contents * 2, [True] * len(contents) + [False] * len(contents))


def test_what_a_series_repeats_is_learned_and_shortened_to_what_stays(tmp_path: Path) -> None:
    walker = HeaderWalker()
    for number in range(1, 30):
        image = Dataset()
        image.PatientName, image.PatientID, image.SeriesDescription = "A^B", "1", "head"
        image.InstanceNumber, image.SliceLocation = number, number * 1.25
        image.Rows, image.Columns, image.BitsAllocated = 2, 2, 16
        image.PixelData = bytes(8)
        path = tmp_path / f"{number}.dcm"
        path.write_bytes(written(image, implicit=False, preamble=True))
        if number == 3:
            walker.learn()

        header = walker.walk(str(path))

        assert header.values[Tag.InstanceNumber].strip(b" ") == str(number).encode()
        assert header == walk_file(str(path))
    stretches = walker.data_set.known.values()
    repeated = {tag for stretch in stretches for tag in stretch.values}
    assert repeated >= {Tag.PatientName, Tag.SeriesDescription, Tag.Rows, Tag.BitsAllocated}
    assert not repeated & {Tag.InstanceNumber, Tag.SliceLocation}


def test_a_stretch_at_the_end_of_a_cut_file_is_not_completed_by_zeros(tmp_path: Path) -> None:
    image = Dataset()
    image.PatientID, image.Rows, image.Columns, image.SmallestImagePixelValue = "1", 2, 2, 0
    whole = written(image, implicit=False, preamble=True)
    walker, path = HeaderWalker(), tmp_path / "image.dcm"
    path.write_bytes(whole)
    walker.learn()
    walker.walk(str(path))
    for missing in range(3):
        path.write_bytes(whole[: len(whole) - missing])

        assert outcome(walker, str(path)) == outcome(None, str(path))


def frames_or_refusal(reader: HeaderReader, path: str) -> Any:
    try:
        return [described(frame) for frame in reader.frames(path)]
    except (NotDicom, NotAnImage, DamagedImage, DamagedFile) as no:
        return type(no), str(no)


def described(frame: Frame) -> tuple[Any, ...]:
    common = frame.common
    own = (frame.number, frame.raw, frame.offset, frame.length, frame.shortfall, frame.excess, frame.tile)
    return (*own, common.raw, common.transfer_syntax, common.float_pixels, common.problem, common.note)


def test_frames_of_every_real_file_are_those_of_the_file_alone(shared_data: Path) -> None:
    together, read = HeaderReader(), 0
    for path in sorted(str(path) for path in shared_data.rglob("*") if path.is_file()):
        alone = frames_or_refusal(HeaderReader(), path)

        assert frames_or_refusal(together, path) == alone, path
        read += isinstance(alone, list)
    assert read > 1000


def test_plain_frames_after_the_first_are_told_from_all_that_is_not_like_them(tmp_path: Path) -> None:
    """Each file in turn differs from the plain one before it in one thing that makes another frame of it."""

    def image(**changes: Any) -> bytes:
        made = Dataset()
        made.SOPClassUID, made.SeriesInstanceUID = "1.2.840.10008.5.1.4.1.1.4", "1.2.3"
        made.Rows, made.Columns, made.BitsAllocated, made.SamplesPerPixel = 4, 4, 16, 1
        made.PixelRepresentation, made.PhotometricInterpretation, made.PixelData = 0, "MONOCHROME2", bytes(32)
        for keyword, value in changes.items():
            setattr(made, keyword, value)
        return written(made, implicit=False, preamble=True)

    table = Dataset()
    table.LUTDescriptor, table.LUTData, table.ModalityLUTType = [2, 0, 16], b"\1\0\2\0", "HU"
    others = [
        image(NumberOfFrames=2, PixelData=bytes(64)),
        image(NumberOfFrames=2),
        image(DoseGridScaling="0.5"),
        image(ModalityLUTSequence=[table]),
        image(Rows=3),
        image(PixelData=bytes(40)),
        image()[:-3],
        image(ImageType=["DERIVED", "PRIMARY", "MOSAIC"]),
        image(SeriesInstanceUID="1.2.4"),
        image(PixelData=bytes(0)),
    ]
    together, path = HeaderReader(), tmp_path / "image.dcm"
    for other in others:
        for content in (image(), image(), image(), other):
            path.write_bytes(content)
            expected = frames_or_refusal(HeaderReader(), str(path))

            assert frames_or_refusal(together, str(path)) == expected
