"""How a derived series came to be: source images, what was done to them, and by which equipment (PS3.3 C.7.6.1.1.3)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dicomvtk.dicom.derived import Source
from dicomvtk.geometry import Geometry
from dicomvtk.version import __version__

__all__ = ["contributing", "derivation", "equipment_used", "nearest", "references"]

#: Text of DerivationDescription (ST).
_LONGEST_DESCRIPTION = 1024

#: Words of a step of the history, and the code of PS3.16 CID 7203 for what they say.
_OPERATIONS = (
    (r"\bgaussian", "113088", "Gaussian blur"),
    (r"\bsmooth|\bmedian|\bdenois", "113087", "Smoothing"),
    (r"\bresampl|\binterpolat|\bsheared slices moved", "113085", "Spatial resampling"),
    (r"\breformat", "113072", "Multiplanar reformatting"),
    (r"\bsegment|\blabel", "113076", "Segmentation"),
    (r"\bmaximum (intensity )?projection|\bmip\b", "113078", "Maximum intensity projection"),
    (r"\bminimum (intensity )?projection|\bminip\b", "113079", "Minimum intensity projection"),
    (r"\bsubtract", "113062", "Pixel by pixel subtraction"),
    (r"\bunsharp|\bsharpen", "113089", "Unsharp mask"),
)
#: PS3.16 CID 7202.
_PURPOSE = {
    "CodeValue": "121322",
    "CodingSchemeDesignator": "DCM",
    "CodeMeaning": "Source image for image processing operation",
}
_ACQUIRED_WITH = ("Manufacturer", "InstitutionName", "StationName", "ManufacturerModelName", "DeviceSerialNumber")
#: A slice nearer to a source image than this share of their distance takes nothing from its neighbours.
_SAME_PLACE = 1e-2


def derivation(history: Sequence[str], quantised: str) -> dict[str, Any]:
    """Return what was done to the source, in words and in the codes that the words have."""
    steps = [*history, quantised] if quantised else list(history)
    said: dict[str, Any] = {"DerivationDescription": "; ".join(steps)[-_LONGEST_DESCRIPTION:] or "Written by dicomvtk"}
    text = " ".join(history).lower()
    codes = [
        {"CodeValue": value, "CodingSchemeDesignator": "DCM", "CodeMeaning": meaning}
        for words, value, meaning in _OPERATIONS
        if re.search(words, text)
    ]
    if codes:
        said["DerivationCodeSequence"] = codes
    return said


def equipment_used(source: Source) -> dict[str, Any]:
    """Return the equipment that had a part in this (C.12.1.1.5): this software, and the scanner of the source."""
    items: list[dict[str, Any]] = [
        {
            "PurposeOfReferenceCodeSequence": [_purpose("109102", "Processing Equipment")],
            "Manufacturer": "dicomvtk",
            "ManufacturerModelName": "dicomvtk",
            "SoftwareVersions": __version__,
        }
    ]
    header = source.header
    if not header.get("Manufacturer"):
        return {"ContributingEquipmentSequence": items}
    scanner = {keyword: header[keyword] for keyword in _ACQUIRED_WITH if header.get(keyword)}
    acquired = {"PurposeOfReferenceCodeSequence": [_purpose("109101", "Acquisition Equipment")], **scanner}
    return {"ContributingEquipmentSequence": [acquired, *items]}


def contributing(source: Source, geometry: Geometry, k: int) -> tuple[int, ...]:
    """Return which source images slice `k` of `geometry` was made from, the nearest first.

    Those are the images it lies between, or cuts; linear interpolation takes from no other.
    """
    first = nearest(source, geometry.index_to_physical((0, 0, k)))
    normal = source.normal
    if source.positions is None or normal is None or len(source.datasets) == 1:
        return (first,)
    columns, rows, _ = geometry.shape
    corners = [(0, 0, k), (columns - 1, 0, k), (0, rows - 1, k), (columns - 1, rows - 1, k)]
    heights: NDArray[np.float64] = geometry.index_to_physical(corners) @ normal
    places: NDArray[np.float64] = source.positions @ normal
    steps = np.diff(np.unique(np.round(places, 3)))
    step = float(np.median(steps)) if steps.size else 0.0
    same = _SAME_PLACE * step
    if np.all(np.abs(heights - places[first]) <= same):
        return (first,)
    below = places[places <= heights.min() + same].max(initial=-np.inf)
    above = places[places >= heights.max() - same].min(initial=np.inf)
    among = np.flatnonzero((places >= below) & (places <= above)).tolist()
    return (first, *(n for n in among if n != first))


def nearest(source: Source, position: NDArray[np.float64], among: slice | None = None) -> int:
    """Return which source image lies nearest to `position` (LPS mm) along its normal; the first where none is placed.

    `among` narrows the search to some of the images.
    """
    start = 0 if among is None else among.start
    if source.positions is None:
        return start
    apart = source.positions[among or slice(None)] - position
    normal = source.normal
    distances = np.linalg.norm(apart, axis=1) if normal is None else np.abs(apart @ normal)
    return start + int(np.argmin(distances))


def references(source: Source, images: Sequence[int]) -> dict[str, Any]:
    """Return the sequences that name source images: each of them, and the series they are of (dciodvfy wants both)."""
    named = []
    for n in images:
        dataset = source.datasets[n]
        named.append(
            {
                "ReferencedSOPClassUID": str(dataset.SOPClassUID),
                "ReferencedSOPInstanceUID": str(dataset.SOPInstanceUID),
            }
        )
    series = {
        "SeriesInstanceUID": str(source.datasets[images[0]].SeriesInstanceUID),
        "ReferencedInstanceSequence": named,
    }
    return {
        "SourceImageSequence": [{**reference, "PurposeOfReferenceCodeSequence": [_PURPOSE]} for reference in named],
        "ReferencedSeriesSequence": [series],
    }


def _purpose(value: str, meaning: str) -> dict[str, str]:
    return {"CodeValue": value, "CodingSchemeDesignator": "DCM", "CodeMeaning": meaning}
