"""What the frames of a series have in common, read once from value bytes: every number strictly, or a problem."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from dicomvtk.dicom import values
from dicomvtk.dicom.elements import Items, RawHeader
from dicomvtk.dicom.frames import Common
from dicomvtk.dicom.lut import ModalityLut, lookup_tables, modality_lut
from dicomvtk.dicom.segments import segments_of
from dicomvtk.dicom.tags import COMMON, Tag, describe
from dicomvtk.dicom.values import BadValue

__all__ = ["PHOTOMETRIC", "read_common"]

_COMMON_INDEX = {tag: n for n, tag in enumerate(COMMON)}

#: Defined terms of PhotometricInterpretation (PS3.3 C.7.6.3.1.2), retired ones too.
PHOTOMETRIC = frozenset(
    [
        "MONOCHROME1",
        "MONOCHROME2",
        "RGB",
        "YBR_FULL",
        "YBR_FULL_422",
        "YBR_PARTIAL_422",
        "YBR_PARTIAL_420",
        "YBR_ICT",
        "YBR_RCT",
        "HSV",
        "ARGB",
        "CMYK",
        "PALETTE COLOR",
    ]
)

_T = TypeVar("_T")


def read_common(raw: tuple[bytes | None, ...], header: RawHeader) -> Common:
    """Return the `Common` of value bytes in the order of `COMMON`, with what is wrong with them in `problem`."""

    def found(tag: int) -> bytes | None:
        return raw[_COMMON_INDEX[tag]]

    problems = _Problems(found)
    charset = values.text(found(Tag.SpecificCharacterSet))
    spacing, attribute = problems.read(Tag.PixelSpacing, _pair), "PixelSpacing"
    if spacing is None and not problems.texts:
        spacing, attribute = problems.read(Tag.ImagerPixelSpacing, _pair), "ImagerPixelSpacing"
    # No voxel of a stack depends on these two, so that damage in them stops nothing.
    thickness = _quiet(_one, found(Tag.SliceThickness))
    between = _quiet(_one, found(Tag.SpacingBetweenSlices))
    signed = bool(problems.read(Tag.PixelRepresentation, _zero_or_one) or 0)
    samples = _default(problems.read(Tag.SamplesPerPixel, values.unsigned), 1)
    number = _quiet(values.integer, found(Tag.SeriesNumber))
    return Common(
        transfer_syntax=header.transfer_syntax,
        raw=raw,
        rows=problems.read(Tag.Rows, values.unsigned),
        columns=problems.read(Tag.Columns, values.unsigned),
        samples=samples,
        photometric=_photometric(values.text(found(Tag.PhotometricInterpretation)), samples),
        planar=problems.read(Tag.PlanarConfiguration, values.unsigned) or 0,
        frames=problems.read(Tag.NumberOfFrames, values.integer),
        bits_allocated=problems.read(Tag.BitsAllocated, values.unsigned),
        bits_stored=problems.read(Tag.BitsStored, values.unsigned),
        high_bit=problems.read(Tag.HighBit, values.unsigned),
        signed=signed,
        float_pixels=header.pixel_tag != Tag.PixelData,
        orientation=problems.read(Tag.ImageOrientationPatient, _six),
        pixel_spacing=spacing,
        spacing_attribute=attribute if spacing is not None else "",
        slice_thickness=thickness[0] if thickness else None,
        spacing_between_slices=between[0] if between else None,
        charset=charset,
        modality=values.text(found(Tag.Modality)),
        sop_class_uid=values.text(found(Tag.SOPClassUID)),
        study_uid=values.text(found(Tag.StudyInstanceUID)),
        series_uid=values.text(found(Tag.SeriesInstanceUID)),
        frame_of_reference_uid=values.text(found(Tag.FrameOfReferenceUID)),
        series_number=number,
        image_type=values.texts(found(Tag.ImageType)),
        stack_id=values.text(found(Tag.StackID)),
        modality_lut=problems.lut(header.sequences.get(Tag.ModalityLUTSequence, []), signed),
        segments=segments_of(header.sequences.get(Tag.SegmentSequence, []), charset),
        segmentation_type=values.text(found(Tag.SegmentationType)),
        fractional_maximum=problems.read(Tag.MaximumFractionalValue, values.unsigned) or 1,
        voi_luts=lookup_tables(header.sequences.get(Tag.VOILUTSequence, []), charset),
        problem="; ".join(filter(None, (header.contradiction, *problems.texts))),
        note=header.note,
    )


def _numbers(count: int) -> Callable[[bytes | None], tuple[float, ...] | None]:
    def read(raw: bytes | None) -> tuple[float, ...] | None:
        return values.decimals(raw, count)

    return read


_one, _pair, _six = _numbers(1), _numbers(2), _numbers(6)


def _default(value: int | None, default: int) -> int:
    return default if value is None else value


def _zero_or_one(raw: bytes | None) -> int | None:
    value = values.unsigned(raw)
    if value is not None and value > 1:
        raise BadValue(f"{value}, expected 0 or 1")
    return value


def _photometric(stated: str, samples: int) -> str:
    """Return the photometric interpretation; one sample of no known kind is grey (`assumptions` tells of it)."""
    return stated if stated in PHOTOMETRIC or samples > 1 else "MONOCHROME2"


def _quiet(reader: Callable[[bytes | None], _T], raw: bytes | None) -> _T | None:
    try:
        return reader(raw)
    except BadValue:
        return None


class _Problems:
    """Collects what is wrong with a header while it is read."""

    def __init__(self, found: Callable[[int], bytes | None]) -> None:
        self.found = found
        self.texts: list[str] = []

    def read(self, tag: int, reader: Callable[[bytes | None], Any]) -> Any:
        try:
            return reader(self.found(tag))
        except BadValue as bad:
            self.texts.append(f"{describe(tag)} is {bad}")
            return None

    def lut(self, items: Items, signed: bool) -> ModalityLut | None:
        try:
            return modality_lut(items, signed)
        except BadValue as bad:
            self.texts.append(f"ModalityLUTSequence (0028,3000): {bad}")
            return None
