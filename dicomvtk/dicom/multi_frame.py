"""All slices in one file: multi-frame Secondary Capture and Parametric Map (PS3.3 A.8.3 to A.8.5, A.75).

Functional groups (C.7.6.16) say what classic files say at the top level: once for all frames, or frame by frame.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydicom.datadict import tag_for_keyword

from dicomvtk.dicom.encode import Encoding
from dicomvtk.dicom.modules import Attributes, image_plane, slice_plane
from dicomvtk.dicom.storage import PARAMETRIC_MAP, SeriesPlan
from dicomvtk.dicom.value_modules import window
from dicomvtk.display import WindowLevel
from dicomvtk.geometry import Geometry
from dicomvtk.version import __version__

__all__ = ["burned_in", "derived_frames", "multi_frame_modules"]

_OF_PLANE = ("PixelSpacing", "SliceThickness", "SpacingBetweenSlices")
_MAP_TYPE = ["DERIVED", "PRIMARY", "VOLUME", "NONE"]


def multi_frame_modules(
    plan: SeriesPlan, geometry: Geometry, windows: Sequence[WindowLevel], unit: str, organisation_uid: str
) -> Attributes:
    """Return what the image of all slices has beyond one of one slice: its frames, and where each lies."""
    if plan.storage is PARAMETRIC_MAP:
        return _parametric_map(plan.encoding, geometry, windows, unit, organisation_uid)
    return _secondary_capture(plan, geometry, unit)


def burned_in(said: str, made_here: bool) -> Attributes:
    """Return BurnedInAnnotation, which these images must state: YES of pixels of which nobody said it (C.7.6.1)."""
    return {"BurnedInAnnotation": said or ("NO" if made_here else "YES")}


def derived_frames(header: Mapping[str, Any], sources: Sequence[Mapping[str, Any]]) -> Attributes:
    """Return the shared functional groups of `header` with the source images of all frames (C.7.6.16.2.6)."""
    shared = header["SharedFunctionalGroupsSequence"][0]
    codes = header.get("DerivationCodeSequence") or [_code("110001", "DCM", "Image Processing")]
    derivation = {"DerivationCodeSequence": codes, "SourceImageSequence": list(sources)}
    return {"SharedFunctionalGroupsSequence": [{**shared, "DerivationImageSequence": [derivation]}]}


def _secondary_capture(plan: SeriesPlan, geometry: Geometry, unit: str) -> Attributes:
    """Return the SC Multi-frame Image module (C.8.6.3) and the functional groups that place its frames.

    Without the Multi-frame Dimension module: readers that see it look for a Frame Content group, which this image does
    not have.
    """
    count = geometry.shape[2]
    attributes: Attributes = {"NumberOfFrames": count, "ConversionType": "WSD"}
    if plan.encoding.dtype.itemsize > 1 or plan.storage.name.find("Grayscale") > 0:
        attributes.update(
            PresentationLUTShape="IDENTITY",
            RescaleSlope=plan.encoding.slope,
            RescaleIntercept=plan.encoding.intercept,
            RescaleType=unit or "US",
        )
    if geometry.placed:
        attributes.update(_placed_frames(geometry))
        heights = [slice_plane(geometry, k)["SliceLocation"] for k in range(count)]
        attributes.update(SliceLocationVector=heights, FrameIncrementPointer=tag_for_keyword("SliceLocationVector"))
    else:  # never of one frame, which is written as a single-frame image
        pages = list(range(1, count + 1))
        attributes.update(PageNumberVector=pages, FrameIncrementPointer=tag_for_keyword("PageNumberVector"))
    return attributes


def _placed_frames(geometry: Geometry) -> Attributes:
    plane = image_plane(geometry)
    return {
        "SharedFunctionalGroupsSequence": [
            {
                "PixelMeasuresSequence": [{keyword: plane[keyword] for keyword in _OF_PLANE}],
                "PlaneOrientationSequence": [{"ImageOrientationPatient": plane["ImageOrientationPatient"]}],
            }
        ],
        "PerFrameFunctionalGroupsSequence": [
            {"PlanePositionSequence": [{"ImagePositionPatient": slice_plane(geometry, k)["ImagePositionPatient"]}]}
            for k in range(geometry.shape[2])
        ],
    }


def _parametric_map(
    encoding: Encoding, geometry: Geometry, windows: Sequence[WindowLevel], unit: str, organisation_uid: str
) -> Attributes:
    """Return the Parametric Map Series and Image modules and their functional groups (C.8.32)."""
    frames = _placed_frames(geometry)
    shared = frames["SharedFunctionalGroupsSequence"][0]
    shared.update(
        PixelValueTransformationSequence=[{"RescaleIntercept": "0", "RescaleSlope": "1", "RescaleType": "US"}],
        FrameVOILUTSequence=[window(encoding, windows)],
        RealWorldValueMappingSequence=[_identity_mapping(encoding, unit)],
        ParametricMapFrameTypeSequence=[{"FrameType": _MAP_TYPE}],
        FrameAnatomySequence=[
            {"AnatomicRegionSequence": [_code("38266002", "SCT", "Entire body")], "FrameLaterality": "U"}
        ],
    )
    for k, own in enumerate(frames["PerFrameFunctionalGroupsSequence"]):
        own["FrameContentSequence"] = [{"DimensionIndexValues": [k + 1]}]
    return {
        **frames,
        "NumberOfFrames": geometry.shape[2],
        "ImageType": _MAP_TYPE,
        "ContentQualification": "RESEARCH",
        "ContentLabel": "VALUES",
        "ContentDescription": "Values of a volume, bit by bit",
        "ContentCreatorName": "",
        "RecognizableVisualFeatures": "YES",
        "PresentationLUTShape": "IDENTITY",
        "AcquisitionContextSequence": [],
        "DeviceSerialNumber": __version__,
        "DimensionOrganizationSequence": [{"DimensionOrganizationUID": organisation_uid}],
        "DimensionIndexSequence": [
            {
                "DimensionOrganizationUID": organisation_uid,
                "DimensionIndexPointer": tag_for_keyword("ImagePositionPatient"),
                "FunctionalGroupPointer": tag_for_keyword("PlanePositionSequence"),
                "DimensionDescriptionLabel": "Position",
            }
        ],
    }


def _identity_mapping(encoding: Encoding, unit: str) -> Attributes:
    return {
        "DoubleFloatRealWorldValueFirstValueMapped": encoding.low,
        "DoubleFloatRealWorldValueLastValueMapped": encoding.high,
        "RealWorldValueIntercept": 0.0,
        "RealWorldValueSlope": 1.0,
        "LUTExplanation": "Values as they are",
        "LUTLabel": "VALUES",
        "MeasurementUnitsCodeSequence": [_units(unit)],
    }


def _units(unit: str) -> Mapping[str, str]:
    """Return the code of a unit (UCUM) where it is one that a volume may have, no units otherwise."""
    codes = {"HU": ("[hnsf'U]", "Hounsfield unit"), "BQML": ("Bq/ml", "Becquerels/milliliter")}
    value, meaning = codes.get(unit, ("1", "no units"))
    return _code(value, "UCUM", meaning)


def _code(value: str, scheme: str, meaning: str) -> dict[str, str]:
    return {"CodeValue": value, "CodingSchemeDesignator": scheme, "CodeMeaning": meaning}
