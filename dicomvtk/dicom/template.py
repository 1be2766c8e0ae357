"""A header serialised once, of which each file gets a copy with its own few elements in place.

Explicit VR little endian (PS3.5 annex A.2) in a PS3.10 file: preamble, file meta information, dataset.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from pydicom.charset import convert_encodings
from pydicom.config import RAISE
from pydicom.datadict import dictionary_VM, dictionary_VR, tag_for_keyword
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import correct_ambiguous_vr, write_data_element
from pydicom.sequence import Sequence as DicomSequence
from pydicom.uid import ExplicitVRLittleEndian

from dicomvtk.dicom.decimal_strings import ds_text
from dicomvtk.errors import UnsupportedError
from dicomvtk.version import __version__

__all__ = ["IMPLEMENTATION_CLASS_UID", "HeaderTemplate", "pixel_data_head"]

#: Names this software in every file it writes (PS3.7 D.3.3.2): a UUID-derived root of its own, the same for ever.
IMPLEMENTATION_CLASS_UID = "2.25.82781745272532656673781337648800295340"

_PREAMBLE = bytes(128) + b"DICM"
_UTF8 = "ISO_IR 192"
_SHORT_STRING = 16
_GROUP_LENGTH = struct.Struct("<HH2sHI")
_LONG_HEAD = struct.Struct("<HH2sHI")
_PIXEL_ELEMENTS = {"u1": (0x0010, b"OB"), "f4": (0x0008, b"OF"), "f8": (0x0009, b"OD")}

#: Encoded elements by tag.
Elements = dict[int, bytes]


class _Plain(NamedTuple):
    """An element of ASCII text: its tag, VR, number of values, the form of each, and what makes its length even."""

    tag: int
    vr: bytes
    number: int
    form: re.Pattern[str]
    padding: bytes


_UID = re.compile(r"(?=.{1,64}$)(0|[1-9]\d*)(\.(0|[1-9]\d*))+")
_INTEGER = re.compile(r"(0|[1-9]\d{0,8})")
_DECIMAL = re.compile(r"(?=.{1,16}$)-?\d+(\.\d+)?(e-?\d+)?")
_PLAIN = {
    "MediaStorageSOPInstanceUID": _Plain(0x00020003, b"UI", 1, _UID, b"\0"),
    "SOPInstanceUID": _Plain(0x00080018, b"UI", 1, _UID, b"\0"),
    "InstanceNumber": _Plain(0x00200013, b"IS", 1, _INTEGER, b" "),
    "ImagePositionPatient": _Plain(0x00200032, b"DS", 3, _DECIMAL, b" "),
    "SliceLocation": _Plain(0x00201041, b"DS", 1, _DECIMAL, b" "),
}


class HeaderTemplate:
    """The header of a series, ready to be completed for each file.

    Parameters
    ----------
    attributes : mapping
        Values by keyword that all files share. Sequences are lists of such mappings; numbers for DS are shortened to
        fit; pydicom elements are taken as they are.

    transfer_syntax : str
        UID of the coding of the pixels; all else is explicit VR little endian in each.

    Raises
    ------
    UnsupportedError
        For a value that its VR cannot hold, naming the attribute.
    """

    def __init__(self, attributes: Mapping[str, Any], transfer_syntax: str = ExplicitVRLittleEndian) -> None:
        self._pixel_representation = int(attributes.get("PixelRepresentation", 0))
        self._shared = _encoded(attributes, self._pixel_representation)
        self._meta = _encoded(
            {
                "FileMetaInformationVersion": b"\x00\x01",
                "MediaStorageSOPClassUID": attributes["SOPClassUID"],
                "TransferSyntaxUID": transfer_syntax,
                "ImplementationClassUID": IMPLEMENTATION_CLASS_UID,
                "ImplementationVersionName": f"DICOMVTK {__version__}"[:_SHORT_STRING],
            },
            0,
        )

    def header(self, sop_instance_uid: str, attributes: Mapping[str, Any]) -> bytes:
        """Return all bytes of a file before its pixel data; `attributes` complete or replace the shared ones."""
        own = {"SOPInstanceUID": sop_instance_uid, **attributes}
        elements = {**self._shared, **_encoded(own, self._pixel_representation)}
        return self._file_meta(sop_instance_uid) + _in_order(elements)

    def _file_meta(self, sop_instance_uid: str) -> bytes:
        body = _in_order({**self._meta, **_encoded({"MediaStorageSOPInstanceUID": sop_instance_uid}, 0)})
        return _PREAMBLE + _GROUP_LENGTH.pack(0x0002, 0x0000, b"UL", 4, len(body)) + body


def pixel_data_head(length: int, dtype: np.dtype[Any]) -> bytes:
    """Return the head of the element that holds stored values of `dtype`, `length` bytes, which must be even (A.2).

    PixelData as OB for 8 bits, else OW; FloatPixelData and DoubleFloatPixelData for floats.
    """
    element, vr = _PIXEL_ELEMENTS.get(dtype.str[1:], (0x0010, b"OW"))
    return _LONG_HEAD.pack(0x7FE0, element, vr, 0, length)


def _in_order(elements: Elements) -> bytes:
    return b"".join(elements[tag] for tag in sorted(elements))


def _encoded(attributes: Mapping[str, Any], pixel_representation: int) -> Elements:
    """Return each attribute as the bytes of its element."""
    plain, others = _plain_texts(attributes)
    return {**plain, **_encoded_by_pydicom(others, pixel_representation)} if others else plain


def _plain_texts(attributes: Mapping[str, Any]) -> tuple[Elements, dict[str, Any]]:
    """Return the elements of UIDs, whole numbers and decimal strings, and the attributes that are none of these.

    These differ from file to file, and are a tenth of a millisecond each where pydicom makes them.
    """
    elements: Elements = {}
    others: dict[str, Any] = {}
    for keyword, value in attributes.items():
        kind = _PLAIN.get(keyword)
        texts = [str(v) for v in (value if isinstance(value, list) else [value])] if kind else []
        if kind is None or len(texts) != kind.number or not all(kind.form.fullmatch(text) for text in texts):
            others[keyword] = value
            continue
        raw = "\\".join(texts).encode("ascii")
        raw += kind.padding * (len(raw) % 2)
        elements[kind.tag] = struct.pack("<HH2sH", kind.tag >> 16, kind.tag & 0xFFFF, kind.vr, len(raw)) + raw
    return elements, others


def _encoded_by_pydicom(attributes: Mapping[str, Any], pixel_representation: int) -> Elements:
    dataset = Dataset()
    for keyword, value in attributes.items():
        dataset.add(_element(keyword, value))
    # Some VRs (US or SS) depend on how pixels are stored, which a slice's own few attributes do not say.
    lent = "PixelRepresentation" not in dataset
    if lent:
        dataset.PixelRepresentation = pixel_representation
    correct_ambiguous_vr(dataset, True)
    if lent:
        del dataset.PixelRepresentation
    return {int(element.tag): _element_bytes(element) for element in dataset}


def _element(keyword: str, value: Any) -> DataElement:
    tag = tag_for_keyword(keyword)
    if tag is None:
        raise UnsupportedError(f"Unknown attribute {keyword!r}; expected a DICOM keyword.")
    vr = dictionary_VR(tag)
    if isinstance(value, DataElement):
        return value
    try:
        if vr == "SQ":
            value = DicomSequence([_item(item) for item in _listed(value)])
        elif vr == "DS":
            value = _decimals(value)
        elif isinstance(value, tuple):
            value = list(value)
        element = DataElement(tag, vr, value, validation_mode=RAISE)
        _check_multiplicity(element, str(dictionary_VM(tag)))
    except (ValueError, TypeError, OverflowError, AttributeError) as error:
        raise _unfit(keyword, int(tag), vr, value, error) from error
    return element


def _item(item: Any) -> Dataset:
    """Return an item of a sequence: a mapping by keyword, or a pydicom dataset as it is."""
    if isinstance(item, Dataset):
        return item
    dataset = Dataset()
    for keyword, value in item.items():
        dataset.add(_element(keyword, value))
    return dataset


def _listed(value: Any) -> Sequence[Any]:
    return [value] if isinstance(value, (Mapping, Dataset)) else list(value or [])


def _decimals(value: Any) -> Any:
    if isinstance(value, (str, bytes)) or value is None:
        return value
    if isinstance(value, Sequence) or hasattr(value, "__len__"):
        return [_decimals(v) for v in value]
    return ds_text(float(value))


def _check_multiplicity(element: DataElement, allowed: str) -> None:
    if allowed == "1" and element.VM > 1:
        raise ValueError(f"it has {element.VM} values and may have 1")


def _element_bytes(element: DataElement) -> bytes:
    buffer = DicomBytesIO()
    buffer.is_little_endian, buffer.is_implicit_VR = True, False
    try:
        write_data_element(buffer, element, convert_encodings(_UTF8))
    except Exception as error:  # pydicom raises whatever struct, str or its own checks raise
        raise _unfit(element.keyword, int(element.tag), str(element.VR), element.value, error) from error
    return bytes(buffer.getvalue())


def _unfit(keyword: str, tag: int, vr: str, value: Any, error: Exception) -> UnsupportedError:
    return UnsupportedError(
        f"Cannot write {keyword} ({tag >> 16:04X},{tag & 0xFFFF:04X}): "
        f"the value {value!r:.80} does not fit its VR {vr} ({error})."
    )
