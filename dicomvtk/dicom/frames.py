"""One frame and what it shares with others: the values that everything after the headers works on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from dicomvtk.dicom import values
from dicomvtk.dicom.elements import DEFLATED, EXPLICIT_BIG, EXPLICIT_LITTLE, IMPLICIT_LITTLE
from dicomvtk.dicom.lut import ModalityLut
from dicomvtk.dicom.tags import COMMON, VARYING, Tag
from dicomvtk.dicom.values import BadValue
from dicomvtk.metadata import LookupTable, Segment

__all__ = ["Common", "Frame", "frame_bytes"]

_INDEX = {tag: n for n, tag in enumerate(VARYING)}
_COMMON_INDEX = {tag: n for n, tag in enumerate(COMMON)}


@dataclass(frozen=True, eq=False)
class Common:
    """What many frames share: who, which series, and how the pixels are stored. One object for all that agree.

    `rows`, `columns`, `bits_allocated` and the like are None where the header does not state them. `problem` is not
    empty where a value is not what its attribute must hold.
    """

    transfer_syntax: str
    raw: tuple[bytes | None, ...]
    rows: int | None
    columns: int | None
    samples: int
    photometric: str
    planar: int
    frames: int | None
    bits_allocated: int | None
    bits_stored: int | None
    high_bit: int | None
    signed: bool
    float_pixels: bool
    orientation: tuple[float, ...] | None
    pixel_spacing: tuple[float, ...] | None
    spacing_attribute: str
    slice_thickness: float | None
    spacing_between_slices: float | None
    charset: str
    modality: str
    sop_class_uid: str
    study_uid: str
    series_uid: str
    frame_of_reference_uid: str
    series_number: int | None
    image_type: tuple[str, ...]
    stack_id: str
    modality_lut: ModalityLut | None
    voi_luts: tuple[LookupTable, ...]
    segments: tuple[Segment, ...]
    segmentation_type: str
    fractional_maximum: int
    problem: str
    note: str

    @cached_property
    def frame_bits(self) -> int:
        """The bits of one uncompressed frame, 0 where the header does not say."""
        pixels = (self.rows or 0) * (self.columns or 0) * self.samples
        halved = self.photometric in ("YBR_FULL_422", "YBR_PARTIAL_422")
        if halved and self.transfer_syntax in (IMPLICIT_LITTLE, EXPLICIT_LITTLE, EXPLICIT_BIG, DEFLATED):
            pixels = pixels // 3 * 2
        return pixels * (self.bits_allocated or 0)

    def text(self, tag: int) -> str:
        """Return a text attribute, decoded."""
        return values.text(self.raw[_COMMON_INDEX[tag]], self.charset)

    def value(self, tag: int) -> bytes | None:
        """Return the stored bytes of an attribute."""
        return self.raw[_COMMON_INDEX[tag]]


class Frame(NamedTuple):
    """One 2-D image: what it shares with others, what is its own, and where its pixels are.

    `offset` is the file offset of an uncompressed frame, or of the pixel data element's value where encapsulated;
    -1 where only pydicom reads the file. `length` is the number of bytes of an uncompressed frame, `UNDEFINED` where
    encapsulated. `shortfall` counts the bytes missing at the end of the file, `excess` those of the pixel data element
    that no frame accounts for. A tile of a mosaic has the mosaic as its `whole`, in `tile` the row and column of its
    first pixel there, and in `place` its position in LPS mm, which no header states.
    """

    path: str
    number: int
    common: Common
    raw: tuple[bytes | None, ...]
    offset: int
    length: int
    shortfall: int = 0
    excess: int = 0
    whole: Frame | None = None
    tile: tuple[int, int] = (0, 0)
    place: tuple[float, ...] | None = None

    def value(self, tag: int) -> bytes | None:
        """Return the stored bytes of one of the varying attributes; those of its place are made for a tile."""
        if tag == Tag.ImagePositionPatient and self.place is not None:
            return b"%.12g\\%.12g\\%.12g" % self.place
        return self.raw[_INDEX[tag]]

    @property
    def where(self) -> bytes | tuple[float, ...] | None:
        """What is the same for frames that state the same position; empty or None where absent."""
        return self.raw[_POSITION] if self.place is None else self.place

    @property
    def position(self) -> tuple[float, ...] | None:
        """ImagePositionPatient in LPS mm, None where absent; raises BadValue."""
        return values.decimals(self.raw[_POSITION], 3) if self.place is None else self.place

    @property
    def instance_number(self) -> int | None:
        try:
            return values.integer(self.raw[_INSTANCE])
        except BadValue:
            return None


_POSITION = _INDEX[Tag.ImagePositionPatient]
_INSTANCE = _INDEX[Tag.InstanceNumber]


def frame_bytes(common: Common, count: int = 1) -> int:
    """Return the bytes of `count` uncompressed frames, 0 where the header does not say; 1-bit frames share bytes."""
    return (common.frame_bits * count + 7) // 8
