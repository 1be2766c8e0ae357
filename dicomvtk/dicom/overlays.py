"""Overlay planes of the images behind a volume, as masks on its grid (PS3.3 C.9.2 and C.9.3).

A plane is packed one bit a pixel in OverlayData (PS3.5 section 8.1.2), or, in older files, it is a bit of the pixel
cells that the values leave unused (PS3.5-2004 section 8.1.2). Nothing here is read unless it is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dicomvtk.dicom import decoders, values
from dicomvtk.dicom.elements import EXPLICIT_LITTLE, IMPLICIT_LITTLE, NotDicom, Unsure, walk_file
from dicomvtk.dicom.frames import Frame
from dicomvtk.dicom.headers import HeaderReader
from dicomvtk.dicom.tags import Tag
from dicomvtk.dicom.values import BadValue
from dicomvtk.errors import PixelDecodeError, UnsupportedError
from dicomvtk.volume import Volume

__all__ = ["Overlay", "overlays"]

#: Groups of overlay planes (PS3.5 section 7.6), and the elements of each that are read.
_GROUPS = range(0x6000, 0x6020, 2)
_ROWS, _COLUMNS, _FRAMES, _KIND, _SUBTYPE = 0x0010, 0x0011, 0x0015, 0x0040, 0x0045
_ORIGIN, _FIRST_FRAME, _DESCRIPTION, _ALLOCATED, _BIT = 0x0050, 0x0051, 0x0022, 0x0100, 0x0102
_LABEL, _DATA = 0x1500, 0x3000
_TEXTS = (_DESCRIPTION, _KIND, _SUBTYPE, _LABEL)
_ELEMENTS = (_ROWS, _COLUMNS, _FRAMES, _ORIGIN, _FIRST_FRAME, _ALLOCATED, _BIT, _DATA, *_TEXTS)
_NAMES = {
    _ROWS: "OverlayRows",
    _COLUMNS: "OverlayColumns",
    _FRAMES: "NumberOfFramesInOverlay",
    _ORIGIN: "OverlayOrigin",
    _FIRST_FRAME: "ImageFrameOrigin",
    _ALLOCATED: "OverlayBitsAllocated",
    _BIT: "OverlayBitPosition",
    _DATA: "OverlayData",
}
_RLE = "1.2.840.10008.1.2.5"
#: Pixel cells come out of these as they were stored, unused bits included.
_CELLS_AS_STORED = (IMPLICIT_LITTLE, EXPLICIT_LITTLE, _RLE)
#: Cosine, and pixels, by which a slice may be off where its file says: what DS values round away.
_SAME_DIRECTION, _SAME_PLACE = 0.999, 0.5


def _tag(group: int, element: int) -> int:
    return element << 16 | group


_WANTED = frozenset(_tag(group, element) for group in _GROUPS for element in _ELEMENTS) | {Tag.SpecificCharacterSet}


@dataclass(frozen=True, eq=False)
class Overlay:
    """One overlay plane over all slices.

    `mask` is of the volume's shape without colour, ``(i, j, k, *axes)``, Fortran order, True where the plane is set.
    `kind` is OverlayType, ``"G"`` for graphics or ``"R"`` for a region of interest; `name` is the label, or
    ``overlay 6000`` where there is none.
    """

    name: str
    group: int
    kind: str
    subtype: str
    label: str
    description: str
    mask: NDArray[np.bool_]


def overlays(volume: Volume) -> tuple[Overlay, ...]:
    """Return the overlay planes of the files behind a volume read from DICOM, in the order of their groups.

    Slices whose file has no such plane are False in it; what lies off the image is cut off. A plane is told from
    another by its group, type and label.

    Raises
    ------
    UnsupportedError
        Where the volume was not read from DICOM, was turned or cropped since, or is made of mosaics.
    PixelDecodeError
        For a plane that is damaged, naming the file and the attribute.
    """
    shape = (*volume.geometry.shape, *(len(axis) for axis in volume.axes))
    count = int(np.prod(shape[2:], dtype=int))
    sources = volume.info.sources
    if len(sources) != count:
        raise UnsupportedError(
            "Cannot find overlays: this volume was not read from DICOM, or its slices were resampled, so that no file "
            "is known behind each. Ask for the overlays of the volume as read."
        )
    masks: dict[tuple[int, str, str], NDArray[np.bool_]] = {}
    first: dict[tuple[int, str, str], _Plane] = {}
    known: dict[str, tuple[list[_Plane], list[Frame]]] = {}
    for n, source in enumerate(sources):
        if source.file not in known:
            known[source.file] = list(_planes(source.file)), []
        planes, frames = known[source.file]
        if not planes:
            continue
        if not frames:
            frames += HeaderReader().frames(source.file)
        frame = frames[source.frame]
        _check_place(volume, frame, n % shape[2])
        for plane in planes:
            key = plane.group, plane.kind, plane.label
            if key not in masks:
                masks[key], first[key] = np.zeros((shape[0], shape[1], count), dtype=bool, order="F"), plane
            plane.draw(frame, masks[key][:, :, n])
    return tuple(first[key].overlay(masks[key].reshape(shape, order="F")) for key in sorted(masks))


def _check_place(volume: Volume, frame: Frame, k: int) -> None:
    """Refuse where the slice is not its file's image, pixel for pixel."""
    common = frame.common
    if frame.whole is not None:
        raise UnsupportedError(f"Cannot find overlays: {frame.path} is a mosaic, whose overlays lie on no one slice.")
    same = (common.columns, common.rows) == volume.geometry.shape[:2]
    if same and volume.geometry.placed and volume.regular and common.orientation and frame.position:
        across, down = np.array(common.orientation[:3]), np.array(common.orientation[3:])
        offset = volume.geometry.physical_to_index(frame.position) - (0, 0, k)
        same = bool(
            across @ volume.direction[:, 0] > _SAME_DIRECTION
            and down @ volume.direction[:, 1] > _SAME_DIRECTION
            and np.abs(offset).max() < _SAME_PLACE
        )
    if not volume.geometry.placed:
        same = same and bool(np.allclose(volume.direction, np.eye(3)))
    if not same:
        raise UnsupportedError(
            f"Cannot find overlays: slice {k} is no longer the image of {frame.path} (turned or cropped since). "
            "Ask for the overlays of the volume as read."
        )


def _planes(path: str) -> Iterator[_Plane]:
    """Yield the overlay planes that a file's header describes."""
    try:
        found = walk_file(path, _WANTED, frozenset()).values
    except (Unsure, NotDicom):
        found = _by_pydicom(path)
    charset = values.text(found.get(Tag.SpecificCharacterSet))
    for group in _GROUPS:
        raw = {element: found[tag] for element in _ELEMENTS if (tag := _tag(group, element)) in found}
        if raw:
            yield _plane(path, group, raw, charset)


def _by_pydicom(path: str) -> dict[int, bytes]:
    from dicomvtk.dicom.headers_pydicom import read_elements

    return read_elements(path, _WANTED)


@dataclass(frozen=True, eq=False)
class _Plane:
    """One plane of one file. `top` and `left` are where its first pixel lies on the image, from 0.

    `frames` is None where the plane belongs to every frame of the image; `data` is empty where it lies in the pixel
    cells, in their bit `bit`.
    """

    path: str
    group: int
    kind: str
    subtype: str
    label: str
    description: str
    rows: int
    columns: int
    top: int
    left: int
    frames: int | None
    first_frame: int
    data: bytes
    bit: int

    def overlay(self, mask: NDArray[np.bool_]) -> Overlay:
        name = self.label or f"overlay {self.group:04X}"
        return Overlay(name, self.group, self.kind, self.subtype, self.label, self.description, mask)

    def draw(self, frame: Frame, mask: NDArray[np.bool_]) -> None:
        """Set the pixels of one frame in `mask` (i, j)."""
        if self.frames is not None and not 0 <= frame.number - self.first_frame < self.frames:
            return
        bits = self._of_cells(frame) if not self.data else self._of_data(frame)
        # From the plane's own rows and columns to those that the image has.
        i0, j0 = max(0, self.left), max(0, self.top)
        i1, j1 = min(mask.shape[0], self.left + self.columns), min(mask.shape[1], self.top + self.rows)
        if i0 < i1 and j0 < j1:
            mask[i0:i1, j0:j1] |= bits[j0 - self.top : j1 - self.top, i0 - self.left : i1 - self.left].T

    def _of_data(self, frame: Frame) -> NDArray[np.bool_]:
        """Return the packed plane, (row, column); frames follow each other without a gap, the lowest bit first."""
        pixels = self.rows * self.columns
        start = 0 if self.frames is None else pixels * (frame.number - self.first_frame)
        held = np.frombuffer(self.data, np.uint8)[start // 8 : (start + pixels + 7) // 8]
        bits = np.unpackbits(held, count=start % 8 + pixels, bitorder="little")[start % 8 :]
        return bits.reshape(self.rows, self.columns).astype(bool)

    def _of_cells(self, frame: Frame) -> NDArray[np.bool_]:
        """Return the plane that an unused bit of the pixel cells holds, (row, column)."""
        common = frame.common
        if common.transfer_syntax not in _CELLS_AS_STORED or common.samples != 1:
            raise PixelDecodeError(
                f"Cannot read the overlay of {self.path}: it lies in bit {self.bit} of the pixel cells, which transfer "
                f"syntax {common.transfer_syntax} does not keep as they were."
            )
        samples = decoders.decode(frame)
        return (samples.view(f"u{samples.dtype.itemsize}") >> self.bit & 1).astype(bool)


def _plane(path: str, group: int, raw: dict[int, bytes], charset: str) -> _Plane:
    """Return a plane of its value bytes; raises PixelDecodeError naming what is wrong with them."""
    read = _Reader(path, group, raw)
    rows, columns = read.number(_ROWS, least=1), read.number(_COLUMNS, least=1)
    frames = read.number(_FRAMES, least=1, kind="IS") if raw.get(_FRAMES) else None
    first_frame = read.number(_FIRST_FRAME, least=1) if raw.get(_FIRST_FRAME) else 1
    data = raw.get(_DATA, b"")
    bit = -1
    if data:
        needed = (rows * columns * (frames or 1) + 7) // 8
        if len(data) < needed:
            raise read.problem(_DATA, f"holds {len(data)} bytes", f"{needed} for {frames or 1} x {rows} x {columns}")
    else:
        bit = _bit_of_cells(path, read)
    top, left = read.origin()
    return _Plane(
        path=path,
        group=group,
        kind=values.text(raw.get(_KIND)),
        subtype=values.text(raw.get(_SUBTYPE), charset),
        label=values.text(raw.get(_LABEL), charset),
        description=values.text(raw.get(_DESCRIPTION), charset),
        rows=rows,
        columns=columns,
        top=top,
        left=left,
        frames=frames,
        first_frame=first_frame - 1,
        data=data,
        bit=bit,
    )


def _bit_of_cells(path: str, read: _Reader) -> int:
    """Return which bit of the pixel cells the plane is; it must be one that the values leave unused."""
    if not read.raw.get(_BIT) or read.number(_ALLOCATED, least=1) == 1:
        raise read.problem(_DATA, "is missing", "one bit a pixel")
    bit = read.number(_BIT)
    common = HeaderReader().frames(path)[0].common
    allocated = common.bits_allocated or 0
    stored = common.bits_stored or allocated
    high = stored - 1 if common.high_bit is None else common.high_bit
    if not (high < bit < allocated or bit < high + 1 - stored):
        raise read.problem(_BIT, f"is {bit}", f"a bit outside {high + 1 - stored} to {high}, which hold the values")
    if (read.number(_ROWS), read.number(_COLUMNS)) != (common.rows, common.columns):
        raise read.problem(
            _ROWS, f"is {read.number(_ROWS)}", f"the image's {common.rows} rows for a plane in its cells"
        )
    return bit


class _Reader:
    """Reads the attributes of one plane strictly."""

    def __init__(self, path: str, group: int, raw: dict[int, bytes]) -> None:
        self.path, self.group, self.raw = path, group, raw

    def number(self, element: int, *, least: int = 0, kind: str = "US") -> int:
        try:
            value = (values.integer if kind == "IS" else values.unsigned)(self.raw.get(element))
        except BadValue as bad:
            raise self.problem(element, f"is {bad}", "one number") from None
        if value is None or value < least:
            raise self.problem(element, "is missing" if value is None else f"is {value}", f"{least} or more")
        return value

    def origin(self) -> tuple[int, int]:
        """Return the row and column of the plane's first pixel on the image, from 0; OverlayOrigin counts from 1."""
        raw = self.raw.get(_ORIGIN, b"")
        if len(raw) != 4:
            raise self.problem(_ORIGIN, f"holds {len(raw) // 2} numbers" if raw else "is missing", "row and column")
        row, column = np.frombuffer(raw, "<i2").tolist()
        return row - 1, column - 1

    def problem(self, element: int, found: str, expected: str) -> PixelDecodeError:
        name = f"{_NAMES[element]} ({self.group:04X},{element:04X})"
        return PixelDecodeError(f"Cannot read the overlay of {self.path}: {name} {found}; expected {expected}.")
