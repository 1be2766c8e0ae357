"""Files byte by byte: a data set is a dict of raw elements, so that anything wrong can be written, on purpose alone."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from odd_inputs.known import AXIAL, INTERCEPT, ORIGIN, SPACING, affine_of, stored
from pydicom.datadict import dictionary_VR, tag_for_keyword

__all__ = [
    "BIG", "CT", "DEFLATED", "EXPLICIT", "IMPLICIT", "UNDEFINED", "Header", "element", "encode", "header", "item",
    "part10", "save", "slices", "write",
]  # fmt: skip

IMPLICIT = "1.2.840.10008.1.2"
EXPLICIT = "1.2.840.10008.1.2.1"
BIG = "1.2.840.10008.1.2.2"
DEFLATED = "1.2.840.10008.1.2.1.99"
CT = "1.2.840.10008.5.1.4.1.1.2"
UNDEFINED = 0xFFFFFFFF

_LONG = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())
_NUMBERS = {b"US": "H", b"SS": "h", b"UL": "I", b"SL": "i", b"FL": "f", b"FD": "d"}
#: File names in another order than the slices, as archives deal them.
_SHUFFLED = (3, 0, 4, 1, 2)


class Header(dict[int, tuple[bytes, bytes]]):
    """Elements by tag: (VR, value bytes). Written in the order of tags."""

    def put(self, keyword: str, value: object, vr: str = "") -> Header:
        """Set an element by keyword: text and bytes as they are, numbers packed as its VR says."""
        tag = tag_for_keyword(keyword)
        assert tag is not None, keyword
        kind = (vr or dictionary_VR(tag).split(" or ")[0]).encode()
        self[tag] = (kind, _bytes(value, kind))
        return self

    def drop(self, *keywords: str) -> Header:
        for keyword in keywords:
            self.pop(tag_for_keyword(keyword) or 0)
        return self


def _bytes(value: object, vr: bytes) -> bytes:
    if isinstance(value, bytes):
        return value
    if vr in _NUMBERS:
        many = value if isinstance(value, list | tuple) else [value]
        return struct.pack(f"<{len(many)}{_NUMBERS[vr]}", *many)
    text = "\\".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    raw = text.encode("latin-1")
    return raw + (b"\0" if vr == b"UI" else b" ") * (len(raw) % 2)


def header(k: int = 0, values: NDArray[np.generic] | None = None) -> Header:
    """Return the elements of slice `k` of the known volume; `values` (rows, columns) for other pixels."""
    pixels = stored()[:, :, k].T if values is None else values
    position = affine_of()[:3, :3] @ [0, 0, k] + ORIGIN
    made = Header()
    for keyword, value in {
        "ImageType": "ORIGINAL\\PRIMARY\\AXIAL", "SOPClassUID": CT, "SOPInstanceUID": f"1.2.3.4.{k + 1}",
        "StudyDate": "20240102", "Modality": "CT", "Manufacturer": "Odd",
        "PatientPosition": "HFS", "SeriesDescription": "known volume", "PatientName": "Odd^Input",
        "PatientID": "ODD1", "SliceThickness": "2.5", "StudyInstanceUID": "1.2.3.1", "SeriesInstanceUID": "1.2.3.2",
        "SeriesNumber": "7", "InstanceNumber": k + 1, "ImagePositionPatient": [*position],
        "ImageOrientationPatient": [*AXIAL], "FrameOfReferenceUID": "1.2.3.3", "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2", "Rows": pixels.shape[0], "Columns": pixels.shape[1],
        "PixelSpacing": [SPACING[1], SPACING[0]], "BitsAllocated": 16, "BitsStored": 12, "HighBit": 11,
        "PixelRepresentation": 0, "RescaleIntercept": INTERCEPT, "RescaleSlope": 1,
    }.items():  # fmt: skip
        made.put(keyword, value)
    return made.put("PixelData", np.ascontiguousarray(pixels).tobytes(), "OW")


def slices(change: Callable[[Header, int], object] | None = None, count: int = 5) -> list[Header]:
    """Return the headers of the known volume's slices, each changed by `change(header, k)`."""
    made = [header(k) for k in range(count)]
    if change is not None:
        for k, one in enumerate(made):
            change(one, k)
    return made


def element(tag: int, vr: bytes, value: bytes, syntax: str = EXPLICIT, length: int | None = None) -> bytes:
    """Return one element; `length` where the length declared is not the length there is."""
    size = len(value) if length is None else length
    if syntax == IMPLICIT:
        return struct.pack("<HHI", tag >> 16, tag & 0xFFFF, size) + value
    order = ">" if syntax == BIG else "<"
    if syntax == BIG:
        value = _swapped(vr, value)
    head = struct.pack(f"{order}HH2s", tag >> 16, tag & 0xFFFF, vr)
    if vr in _LONG:
        return head + struct.pack(f"{order}HI", 0, size) + value
    return head + struct.pack(f"{order}H", size) + value


def _swapped(vr: bytes, value: bytes) -> bytes:
    width = {b"US": 2, b"SS": 2, b"OW": 2, b"UL": 4, b"SL": 4, b"FL": 4, b"FD": 8}.get(vr, 1)
    return b"".join(value[n : n + width][::-1] for n in range(0, len(value), width))


def item(content: bytes, *, undefined: bool = False) -> bytes:
    """Return an item of a sequence or a fragment."""
    if undefined:
        return struct.pack("<HHI", 0xFFFE, 0xE000, UNDEFINED) + content + struct.pack("<HHI", 0xFFFE, 0xE00D, 0)
    return struct.pack("<HHI", 0xFFFE, 0xE000, len(content)) + content


def encode(elements: Header, syntax: str = EXPLICIT) -> bytes:
    """Return the data set; pixels in fragments (VR OB, beginning with an item) get an undefined length."""
    parts = []
    for tag, (vr, value) in sorted(elements.items()):
        fragments = tag == 0x7FE00010 and vr == b"OB" and value[:4] == b"\xfe\xff\x00\xe0"
        parts.append(element(tag, vr, value, syntax, UNDEFINED if fragments else None))
    return b"".join(parts)


def part10(
    data_set: bytes, syntax: str = EXPLICIT, *, more_meta: bytes = b"", group_length: int | None = None
) -> bytes:
    """Return a whole file around an encoded data set; `group_length` where a wrong one is wanted, -1 for none."""
    uid = syntax.encode() + b"\0" * (len(syntax) % 2)
    meta = element(0x00020002, b"UI", CT.encode() + b"\0" * (len(CT) % 2)) + element(0x00020003, b"UI", b"1.2.3.4\0")
    meta += element(0x00020010, b"UI", uid) if syntax else b""
    meta += element(0x00020012, b"UI", b"1.2.3.9\0") + more_meta
    size = len(meta) if group_length is None else group_length
    head = b"" if size < 0 else element(0x00020000, b"UL", struct.pack("<I", size))
    return bytes(128) + b"DICM" + head + meta + data_set


def save(folder: Path, files: Iterable[bytes], names: Sequence[str] = ()) -> None:
    """Write files in order of their slices under names of another order."""
    for k, content in enumerate(files):
        order = _SHUFFLED[k] if k < len(_SHUFFLED) else k
        (folder / (names[k] if names else f"IM{order:03d}.dcm")).write_bytes(content)


def write(folder: Path, headers: Iterable[Header], syntax: str = EXPLICIT) -> None:
    """Write headers as files in one transfer syntax."""
    save(folder, [part10(encode(one, syntax), syntax) for one in headers])
