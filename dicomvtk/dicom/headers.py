"""Headers: a file in, its frames out.

A *frame* is one 2-D image. A classic file holds one, an enhanced multi-frame file many; from here on both take the
same way. What the frames of a series have in common is kept once, in `Common`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

from dicomvtk.dicom import values
from dicomvtk.dicom.common_header import read_common
from dicomvtk.dicom.elements import (
    DEFLATED,
    EXPLICIT_BIG,
    EXPLICIT_LITTLE,
    IMPLICIT_LITTLE,
    UNDEFINED,
    HeaderWalker,
    RawHeader,
    Unsure,
)
from dicomvtk.dicom.frame_offsets import offset_frames
from dicomvtk.dicom.frames import Common, Frame, frame_bytes
from dicomvtk.dicom.functional_groups import frame_values
from dicomvtk.dicom.mosaics import MOSAIC_SEQUENCES, MOSAIC_TAGS, is_mosaic, read_mosaic
from dicomvtk.dicom.tags import COMMON, SEQUENCES, VARYING, WANTED, Tag
from dicomvtk.dicom.values import BadValue

__all__ = ["DamagedImage", "HeaderReader", "NotAnImage"]

#: Classes of the DICOMDIR, which points to images and holds none (PS3.3 annex F).
_DIRECTORY_CLASS = "1.2.840.10008.1.3.10"

#: How the UIDs of classes begin that hold waveforms, presentation states, raw data, measurements, reports, documents
#: and plans (PS3.4 table B.5-1).
_WITHOUT_PIXELS = (
    _DIRECTORY_CLASS,
    *(f"1.2.840.10008.5.1.4.1.1.{n}" for n in ("9.", "11.", "66", "67", "78.", "79.", "80.", "88.", "104.", "481.")),
    "1.2.840.10008.5.1.4.34.",
)

#: Classes that always hold pixels: CT, MR, NM, PET, CR, SC, US and the enhanced ones (PS3.4 table B.5-1).
_IMAGE_CLASSES = frozenset(
    f"1.2.840.10008.5.1.4.1.1.{n}" for n in ("1", "2", "2.1", "4", "4.1", "6.1", "3.1", "7", "20", "128", "130", "12.1")
)


#: Syntaxes whose pixel data are as they are; big endian and deflated data sets are left to pydicom.
_NATIVE = (IMPLICIT_LITTLE, EXPLICIT_LITTLE)
_LEFT_TO_PYDICOM = (EXPLICIT_BIG, DEFLATED)
_UNCOMPRESSED = (*_NATIVE, *_LEFT_TO_PYDICOM)
_STANDARD_SYNTAXES = f"{IMPLICIT_LITTLE}."

_READ = WANTED | MOSAIC_TAGS
_READ_SEQUENCES = SEQUENCES | MOSAIC_SEQUENCES
_POSITION = VARYING.index(Tag.ImagePositionPatient)
_DEFLATE_RATIO = 1032
_FRAGMENT_HEAD = 8
#: So many files alike in a row, and more will come: what they repeat is worth learning.
_A_SERIES = 12
#: So many frames are listed whether or not the file holds them: none of it costs memory.
_FEW_FRAMES = 4096


class NotAnImage(Exception):  # noqa: N818  # an answer, not a failure
    """A DICOM object without pixels; the text says what it is."""


class DamagedImage(Exception):  # noqa: N818  # an answer, not a failure
    """An image whose file ends before its pixels begin; the text says so."""


class _Plain(NamedTuple):
    """A header of one uncompressed frame and nothing odd: what the next must be like to be read in the same way."""

    common: Common
    pixel_tag: int
    length: int


class HeaderReader:
    """Reads headers one after the other, and keeps one `Common` for all frames that agree."""

    def __init__(self) -> None:
        self._common: dict[tuple[Any, ...], Common] = {}
        self._walker = HeaderWalker(_READ, _READ_SEQUENCES)
        self._last: Common | None = None
        self._alike = 0
        self._plain: _Plain | None = None
        self._learned: Common | None = None

    def frames(self, path: str) -> list[Frame]:
        """Return the frames of the file at `path`.

        Raises NotDicom for a file of another kind, NotAnImage for a DICOM object without pixels, DamagedImage or
        DamagedFile for an image that cannot be read, and OSError.
        """
        try:
            header = self._walker.walk(path)
        except Unsure as unsure:
            from dicomvtk.dicom.headers_pydicom import read_header

            header = read_header(path, str(unsure), _READ, _READ_SEQUENCES)
            if not header.pixel_tag and not _has_no_pixels(header):
                raise DamagedImage(f"{unsure}; no pixel data were found after that") from None
        frame = self._another(path, header)
        frames = [frame] if frame is not None else self.of_header(path, header)
        common = frames[0].common
        self._alike = self._alike + 1 if common is self._last else 1
        if self._alike == _A_SERIES and common is not self._learned:
            self._walker.learn()
            self._learned = common
        self._last = common
        if frame is None:
            self._plain = _plain(frames, header)
        return frames

    def _another(self, path: str, header: RawHeader) -> Frame | None:
        """Return the frame of a header that is like the last one in all that is common, None for any other."""
        last = self._plain
        if last is None or header.pixel_offset < 0 or (header.pixel_tag, header.pixel_length) != last[1:]:
            return None
        common, found = last.common, header.values
        if header.sequences or header.note or header.transfer_syntax != common.transfer_syntax:
            return None
        if Tag.DoseGridScaling in found or Tag.SliceVector in found or tuple(map(found.get, COMMON)) != common.raw:
            return None
        if header.pixel_offset + last.length > header.file_size:
            return None
        return Frame(path, 0, common, tuple(map(found.get, VARYING)), header.pixel_offset, last.length)

    def of_header(self, path: str, header: RawHeader) -> list[Frame]:
        """Return the frames that a raw header describes."""
        found = header.values
        if not header.pixel_tag:
            sop_class = values.text(found.get(Tag.SOPClassUID)) or header.media_class
            if Tag.Rows in found or sop_class in _IMAGE_CLASSES:
                raise DamagedImage("an image without pixel data; the file may be cut short")
            raise NotAnImage(_what(header))
        common = self._common_of(header, found)
        as_it_is = _as_it_is(header, common)
        if as_it_is is not header:
            header, common = as_it_is, self._common_of(as_it_is, found)
        try:
            groups = _frame_groups(header)
        except BadValue as bad:
            raise DamagedImage(str(bad)) from None
        if groups is None:
            count = common.frames or 1
            if count > _most_frames(header, common):
                return [_overstated(path, header, common, count)]
            if is_mosaic(header) and count <= 1:
                return self._tiles(path, header, common, found)
            raw = tuple(map(found.get, VARYING))
            return [_frame(path, n, header, common, raw) for n in range(max(1, count))]
        stated = common.frames or len(groups)
        if stated > _most_frames(header, common):
            return [_overstated(path, header, common, stated)]
        if stated != len(groups):
            raise DamagedImage(
                f"NumberOfFrames (0028,0008) is {stated}, "
                f"PerFrameFunctionalGroupsSequence (5200,9230) describes {len(groups)}"
            )
        return [
            _frame(path, n, header, self._common_of(header, own), tuple(map(own.get, VARYING)))
            for n, own in enumerate(groups)
        ]

    def _tiles(self, path: str, header: RawHeader, common: Common, found: dict[int, bytes]) -> list[Frame]:
        """Return the tiles of a mosaic as frames; the mosaic itself, with a problem, where its tiles are not known."""
        whole = _frame(path, 0, header, common, tuple(map(found.get, VARYING)))
        try:
            mosaic = read_mosaic(header)
        except BadValue as bad:
            problem = f"the image is a mosaic of tiles (ImageType (0008,0008)), and {bad}"
            return [whole._replace(common=replace(common, problem=problem))]
        shared = self._common_of(header, mosaic.values)
        raw = (*whole.raw[:_POSITION], None, *whole.raw[_POSITION + 1 :])
        return [
            Frame(path, 0, shared, raw, *whole[4:8], whole, corner, place)
            for corner, place in zip(mosaic.corners, mosaic.places, strict=True)
        ]

    def _common_of(self, header: RawHeader, found: dict[int, bytes]) -> Common:
        raw = tuple(map(found.get, COMMON))
        key = (raw, header.transfer_syntax, header.pixel_tag, header.note, _tables(header) if header.sequences else ())
        common = self._common.get(key)
        if common is None:
            common = self._common[key] = read_common(raw, header)
        return common


def _plain(frames: list[Frame], header: RawHeader) -> _Plain | None:
    """Return what the next header may be like, None where this one is not of one plain frame."""
    frame, common = frames[0], frames[0].common
    if len(frames) > 1 or frame.whole is not None or (common.frames or 1) > 1 or common.problem or frame.shortfall:
        return None
    if frame.offset < 0 or frame.length != header.pixel_length:
        return None
    if header.sequences or header.note or header.transfer_syntax not in _NATIVE:
        return None
    return _Plain(common, header.pixel_tag, header.pixel_length)


def _frame(path: str, number: int, header: RawHeader, common: Common, raw: tuple[bytes | None, ...]) -> Frame:
    to_pydicom = header.pixel_offset < 0
    if header.pixel_length == UNDEFINED or (to_pydicom and header.transfer_syntax not in _LEFT_TO_PYDICOM):
        return Frame(path, number, common, raw, header.pixel_offset, header.pixel_length)
    size = frame_bytes(common)
    held = header.pixel_length
    if not to_pydicom:
        held = min(held, max(0, header.file_size - header.pixel_offset))
    if number == 0 and (common.frames or 1) == 1 and size == held:
        return Frame(path, 0, common, raw, header.pixel_offset, size)
    offset = -1 if to_pydicom else header.pixel_offset + frame_bytes(common, number)
    needed = frame_bytes(common, max(1, common.frames or 1))
    excess = max(0, held - needed - needed % 2)  # an odd length is padded to an even one (PS3.5 section 7.1.1)
    return Frame(path, number, common, raw, offset, size, max(0, frame_bytes(common, number + 1) - held), excess)


def _frame_groups(header: RawHeader) -> list[dict[int, bytes]] | None:
    """Return the values of each frame of an object that describes its frames one by one, None for others."""
    if Tag.PerFrameFunctionalGroupsSequence in header.sequences:
        return frame_values(header)
    return offset_frames(header)


def _tables(header: RawHeader) -> tuple[object, ...]:
    """Return what tells headers with lookup tables apart: the bytes of the tables."""
    return tuple(
        (sequence, tag, value)
        for sequence in (Tag.ModalityLUTSequence, Tag.VOILUTSequence)
        for item in header.sequences.get(sequence, [])
        for tag, value in item.items()
        if isinstance(value, bytes)
    )


def _overstated(path: str, header: RawHeader, common: Common, count: int) -> Frame:
    """Return one frame that says why there are not `count` of them."""
    problem = f"NumberOfFrames (0028,0008) is {count}; the file is too short to hold so many"
    return _frame(path, 0, header, replace(common, problem=problem), tuple(map(header.values.get, VARYING)))


def _most_frames(header: RawHeader, common: Common) -> int:
    """Return how many frames the file can hold at most, so that NumberOfFrames is not believed beyond."""
    if header.pixel_offset < 0:  # deflated or big endian: what deflate makes of one byte is at most 1032 (RFC 1951)
        return header.file_size * _DEFLATE_RATIO // max(1, frame_bytes(common))
    held = header.file_size - header.pixel_offset
    if header.pixel_length == UNDEFINED:
        return max(1, held // _FRAGMENT_HEAD)
    # A frame that is cut short is told as that; one more than there are bytes of is not a frame.
    return max(_FEW_FRAMES, 2 * min(held, header.pixel_length) // max(1, frame_bytes(common)))


def _as_it_is(header: RawHeader, common: Common) -> RawHeader:
    """Return the header with an uncompressed syntax where the pixels are plainly not compressed, and a note of it.

    Compressed pixel data have no length (PS3.5 section A.4); of the very length of the frames, they are as they are.
    """
    standard = header.transfer_syntax.startswith(_STANDARD_SYNTAXES)  # a private one may mean another byte order
    if header.pixel_length == UNDEFINED or header.transfer_syntax in _UNCOMPRESSED or not standard:
        return header
    size = frame_bytes(common, max(1, common.frames or 1))
    if size == 0 or header.pixel_length != size + size % 2:
        return header
    note = f"TransferSyntaxUID (0002,0010) is {header.transfer_syntax}, but the pixel data are not compressed"
    return replace(header, transfer_syntax=EXPLICIT_LITTLE, note=note)


def _has_no_pixels(header: RawHeader) -> bool:
    """True for a class of objects that never hold an image; what is of no known class may be a damaged one."""
    classes = (values.text(header.values.get(Tag.SOPClassUID)), header.media_class)
    return any(sop_class.startswith(_WITHOUT_PIXELS) for sop_class in classes)


def _what(header: RawHeader) -> str:
    sop_class = values.text(header.values.get(Tag.SOPClassUID)) or header.media_class
    if header.media_class == _DIRECTORY_CLASS or sop_class == _DIRECTORY_CLASS:
        return "DICOMDIR"
    modality = values.text(header.values.get(Tag.Modality))
    return f"no pixel data ({modality or sop_class or 'unknown kind'})"
