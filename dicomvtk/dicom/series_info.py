"""What a volume keeps of its headers: one `SeriesInfo`, in plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, get_args

from dicomvtk.dicom import values
from dicomvtk.dicom.frames import Frame
from dicomvtk.dicom.lut import reached_by
from dicomvtk.dicom.real_world import MappedStack
from dicomvtk.dicom.rescale import ValuePlan, padding_range, plan_values, stored_bounds
from dicomvtk.dicom.stack import Stack
from dicomvtk.dicom.stored_colormap import stored_colormap
from dicomvtk.dicom.tags import Tag
from dicomvtk.dicom.values import BadValue
from dicomvtk.display import VoiFunction, WindowLevel
from dicomvtk.errors import UnsupportedError
from dicomvtk.metadata import FrameSource, LookupTable, SeriesInfo

__all__ = ["real_world_info", "series_info"]

#: Attributes kept by keyword where every frame agrees, with how each is read.
_TEXTS = (
    "PatientPosition",
    "Manufacturer",
    "BodyPartExamined",
    "Laterality",
    "BurnedInAnnotation",
    "LossyImageCompression",
    "LossyImageCompressionMethod",
    "DecayCorrection",
)
_NUMBERS = (
    "SliceThickness",
    "RepetitionTime",
    "EchoTime",
    "FlipAngle",
    "InversionTime",
    "LossyImageCompressionRatio",
    "FrameReferenceTime",
    "DecayFactor",
)


def series_info(stack: Stack, *, stored: bool = False) -> SeriesInfo:
    """Return the SeriesInfo of a stack; windows and maps are those of the middle slice."""
    common = stack.common
    middle = stack.frames[stack.slice_count // 2]
    return SeriesInfo(
        key=stack.key,
        uid=common.series_uid,
        study_uid=common.study_uid,
        frame_of_reference_uid=common.frame_of_reference_uid,
        sop_class_uid=common.sop_class_uid,
        transfer_syntax=common.transfer_syntax,
        modality=common.modality,
        description=stack.description,
        number=common.series_number,
        patient_name=stack.patient_name,
        patient_id=stack.patient_id,
        study_date=stack.study_date,
        study_description=stack.study_description,
        unit="" if stored else _unit(stack),
        windows=() if stored else _windows(middle),
        voi_luts=() if stored else _voi_luts(stack, middle),
        padding=() if common.modality_lut is not None else _padding(stack, plan_values(stack.frames, stored)),
        value_maps=stack.value_maps,
        segments=common.segments,
        photometric=common.photometric,
        sources=tuple(FrameSource(frame.path, frame.number) for frame in stack.frames),
        positions=None if stack.regular else stack.positions,
        attributes=_attributes(stack),
    )


def real_world_info(mapped: MappedStack) -> SeriesInfo:
    """Return the SeriesInfo of a stack that is read through maps of real world values; windows are of other values."""
    stack = mapped.stack
    return replace(
        series_info(stack, stored=True), unit=mapped.unit, padding=_padding(stack, mapped.plan), value_maps=()
    )


def _unit(stack: Stack) -> str:
    """Unit of the modality values: Units of a PET, RescaleType, HU for a CT that is rescaled."""
    common = stack.common
    units = common.text(Tag.Units)
    if units:
        return units
    if common.modality_lut is not None and common.modality_lut.unit not in ("", "US"):
        return common.modality_lut.unit
    kind = common.text(Tag.RescaleType)
    if kind and kind not in ("US", "normalized"):
        return kind
    rescaled = stack.frames[0].value(Tag.RescaleSlope) is not None
    return "HU" if common.modality == "CT" and rescaled and "LOCALIZER" not in common.image_type else ""


def _windows(frame: Frame) -> tuple[WindowLevel, ...]:
    try:
        centers = values.decimals(frame.value(Tag.WindowCenter)) or ()
        widths = values.decimals(frame.value(Tag.WindowWidth)) or ()
    except BadValue:
        return ()
    names = values.texts(frame.value(Tag.WindowCenterWidthExplanation), frame.common.charset)
    function = _voi_function(values.text(frame.value(Tag.VOILUTFunction)))
    found = []
    for n, (center, width) in enumerate(zip(centers, widths, strict=False)):
        try:
            found.append(WindowLevel(center, width, names[n] if n < len(names) else "", function))
        except UnsupportedError:
            continue
    return tuple(found)


def _voi_luts(stack: Stack, frame: Frame) -> tuple[LookupTable, ...]:
    common = frame.common
    if not common.voi_luts:
        return ()
    if common.modality_lut is not None:
        table = common.modality_lut.table
        return reached_by(common.voi_luts, float(table.min()), float(table.max()))
    slope, intercept = plan_values(stack.frames).rescales[stack.slice_count // 2]
    low, high = sorted(bound * slope + intercept for bound in stored_bounds(common))
    return reached_by(common.voi_luts, low, high)


def _voi_function(text: str) -> VoiFunction:
    """Return the VOILUTFunction of a header: LINEAR where it is absent (PS3.3 C.11.2.1.3), or not a defined term."""
    terms: tuple[VoiFunction, ...] = get_args(VoiFunction)
    return next((term for term in terms if term == text.upper()), "LINEAR")


def _padding(stack: Stack, plan: ValuePlan) -> tuple[tuple[float, float], ...]:
    """Return the padding range in the values of the volume, one for all slices where they agree."""
    stored_range = padding_range(stack.common)
    if stored_range is None or plan.with_tables:
        return ()
    low, high = stored_range
    ranges = [(low * slope + intercept, high * slope + intercept) for slope, intercept in plan.rescales]
    return tuple(ranges[:1]) if len(set(ranges)) == 1 else tuple(ranges)


def _attributes(stack: Stack) -> Mapping[str, Any]:
    """Return further attributes that are the same in every frame."""
    kept: dict[str, Any] = {}
    common = stack.common
    for keyword in _TEXTS:
        value = common.text(getattr(Tag, keyword))
        if value:
            kept[keyword] = value
    if common.image_type:
        kept["ImageType"] = common.image_type
    for keyword in _NUMBERS:
        number = _shared_number(stack, getattr(Tag, keyword))
        if number is not None:
            kept[keyword] = number
    colormap = stored_colormap(frame.path for frame in stack.frames)
    if colormap:
        kept["colormap"] = colormap
    return MappingProxyType(kept)


def _shared_number(stack: Stack, tag: int) -> float | None:
    if tag == Tag.SliceThickness:
        return stack.common.slice_thickness
    raws = {frame.value(tag) for frame in stack.frames}
    if len(raws) != 1:
        return None
    try:
        numbers = values.decimals(raws.pop(), 1)
    except BadValue:
        return None
    return numbers[0] if numbers else None
