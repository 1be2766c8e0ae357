"""Attributes a caller asks for, checked: every name is DICOM's, and none contradicts what the writer itself decides."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pydicom.datadict import dictionary_VR, keyword_for_tag, tag_for_keyword

from dicomvtk.dicom.derived import PATIENT_AND_STUDY
from dicomvtk.errors import UnsupportedError

__all__ = ["series_attributes", "slice_attributes"]

_TAG_TEXT = re.compile(r"\(?([0-9a-fA-F]{4})\s*,\s*([0-9a-fA-F]{4})\)?")

#: Who decides these, and what to use instead.
_FROM_VOXELS = "it follows from the voxels"
_FROM_GEOMETRY = "it follows from the geometry; use spacing=, origin= and direction="
_DECIDED: Mapping[str, str] = {
    **dict.fromkeys(
        """Rows Columns BitsAllocated BitsStored HighBit PixelRepresentation SamplesPerPixel
        PhotometricInterpretation PlanarConfiguration NumberOfFrames PixelData FloatPixelData
        DoubleFloatPixelData PixelAspectRatio RescaleSlope RescaleIntercept ModalityLUTSequence
        SmallestImagePixelValue LargestImagePixelValue RealWorldValueMappingSequence NumberOfSlices""".split(),  # noqa: SIM905
        _FROM_VOXELS,
    ),
    **dict.fromkeys(
        """PixelSpacing ImagePositionPatient ImageOrientationPatient SliceLocation SpacingBetweenSlices
        SliceThickness PatientOrientation""".split(),  # noqa: SIM905
        _FROM_GEOMETRY,
    ),
    **dict.fromkeys(
        ("InstanceNumber", "ImageIndex"),
        "each slice gets its own",
    ),
    "SOPInstanceUID": "each slice gets its own; per_slice= may give them",
    "Modality": "use modality=",
    "SOPClassUID": "use modality=",
    "SpecificCharacterSet": "text is always written as UTF-8 (ISO_IR 192)",
}

#: Attributes of patient, study, series, equipment and frame of reference, which all files of a series share.
_SHARED = PATIENT_AND_STUDY | frozenset(
    """SeriesInstanceUID SeriesNumber SeriesDate SeriesTime SeriesDescription BodyPartExamined Laterality
        PatientPosition ProtocolName FrameOfReferenceUID PositionReferenceIndicator Manufacturer ManufacturerModelName
        SoftwareVersions DeviceSerialNumber InstitutionName InstitutionAddress StationName SeriesType Units CountsSource
        DecayCorrection CollimatorType RescaleType""".split()  # noqa: SIM905
)
_FIRST_GROUP = 0x0008
_PIXEL_GROUP = 0x7FE0


def series_attributes(attributes: Mapping[Any, Any]) -> dict[str, Any]:
    """Return `attributes` by keyword. A name is a keyword, a ``(0x0008, 0x103E)`` pair or ``"0008,103e"``.

    Raises UnsupportedError for a name DICOM does not have, and for one the writer decides.
    """
    return {_allowed(name): value for name, value in attributes.items()}


def slice_attributes(attributes: Mapping[Any, Any], k: int) -> dict[str, Any]:
    """Return the attributes of slice `k` by keyword; those all slices must share are refused too."""
    if not isinstance(attributes, Mapping):
        raise UnsupportedError(
            f"per_slice({k}) gives {attributes!r:.80}; expected attributes by keyword, as in {{'KVP': 120}}, or None."
        )
    named = {_allowed(name, of_slice=True): value for name, value in attributes.items()}
    for keyword in named:
        if keyword in _SHARED:
            raise UnsupportedError(
                f"per_slice({k}) gives {_spelled(keyword)}, which all slices of a series share; use attributes= for it."
            )
    return named


def _allowed(name: Any, *, of_slice: bool = False) -> str:
    keyword = _keyword(name)
    if keyword in _DECIDED and not (of_slice and keyword == "SOPInstanceUID"):
        raise UnsupportedError(f"Cannot set {_spelled(keyword)}: {_DECIDED[keyword]}.")
    group = int(tag_for_keyword(keyword) or 0) >> 16
    if not _FIRST_GROUP <= group < _PIXEL_GROUP:
        raise UnsupportedError(f"Cannot set {_spelled(keyword)}: only attributes of the dataset before its pixels.")
    return keyword


def _keyword(name: Any) -> str:
    tag: int | None = None
    if isinstance(name, str):
        match = _TAG_TEXT.fullmatch(name.strip())
        tag = _tag(match[1], match[2]) if match else tag_for_keyword(name)
    elif isinstance(name, tuple) and len(name) == 2 and all(isinstance(part, int) for part in name):
        tag = (name[0] << 16) | name[1]
    elif isinstance(name, int):
        tag = int(name)
    keyword = keyword_for_tag(tag) if tag is not None else ""
    if not keyword:
        raise UnsupportedError(
            f"Unknown attribute {name!r}; expected a DICOM keyword such as 'SeriesDescription', "
            "a pair (0x0008, 0x103E) or '0008,103e'. Private attributes are not written."
        )
    return str(keyword)


def _tag(group: str, element: str) -> int:
    return (int(group, 16) << 16) | int(element, 16)


def _spelled(keyword: str) -> str:
    tag = int(tag_for_keyword(keyword) or 0)
    return f"{keyword} ({tag >> 16:04X},{tag & 0xFFFF:04X}) {dictionary_VR(tag)}"
