"""The header of a new series: modules made here, then what volume and source know, then what the caller says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from dicomvtk.dicom import modules
from dicomvtk.dicom.axis_attributes import is_dynamic, of_axes
from dicomvtk.dicom.compress import Coding
from dicomvtk.dicom.derived import Source, kept_attributes, kept_of_slice
from dicomvtk.dicom.given import Given
from dicomvtk.dicom.identity import Identity
from dicomvtk.dicom.multi_frame import burned_in, multi_frame_modules
from dicomvtk.dicom.provenance import derivation, equipment_used
from dicomvtk.dicom.storage import CT, MR, PARAMETRIC_MAP, PET, SECONDARY_CAPTURE, SeriesPlan
from dicomvtk.dicom.unplaced_stack import stack_type
from dicomvtk.dicom.value_modules import modality_values, window
from dicomvtk.errors import UnsupportedError
from dicomvtk.metadata import SeriesInfo

__all__ = ["known_facts", "series_header", "text_of"]

#: What a volume says of itself that describes the images and identifies nobody.
_CARRIED = ("BodyPartExamined", "Laterality", "PatientPosition", "BurnedInAnnotation")
_CARRIED_PET = ("Units", "DecayCorrection", "FrameReferenceTime", "DecayFactor", "CountsSource", "SeriesType")
_CARRIED_LOSSY = ("LossyImageCompression", "LossyImageCompressionRatio", "LossyImageCompressionMethod")
#: Units (0054,1001) of a PET (PS3.3 C.8.9.1.1.3) for units that are spelled otherwise elsewhere.
_PET_UNITS = {"g/ml": "GML", "g/ml{SUVbw}": "GML", "Bq/ml": "BQML"}
_SERIES_UIDS = ("StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID")
#: A value of VR CS (PS3.5 table 6.2-1).
_CODE = re.compile("[A-Z0-9_ ]{1,16}")
_MADE_BY = "dicomvtk"
_SPACE = ("FrameOfReferenceUID", "PositionReferenceIndicator")
#: Modules that an image of all slices says in functional groups, or not at all.
_SAID_BY_FRAMES = ("PixelSpacing", "ImageOrientationPatient", "SliceThickness", "SpacingBetweenSlices")
_SAID_OF_INTEGERS = ("BitsStored", "HighBit", "PixelRepresentation")


def known_facts(info: SeriesInfo, source: Source | None) -> dict[str, Any]:
    """Return what volume and source say of themselves, should they be a PET: of the series, and of some slice."""
    known = dict(info.attributes)
    if source is not None:
        known.update({**kept_attributes(source, PET), **kept_of_slice(source, PET, 0)})
    if info.unit or info.uid:  # what was read and worked on may no longer have the unit of its source
        units = _PET_UNITS.get(info.unit, info.unit)
        known["Units"] = units if _CODE.fullmatch(units) else ""
    return known


def series_header(
    volume: Given,
    plan: SeriesPlan,
    identity: Identity,
    source: Source | None,
    stated: Mapping[str, Any],
    *,
    coding: Coding | None = None,
    moved: bool = False,
) -> dict[str, Any]:
    """Return what all files of the series share, by keyword.

    `source` is what the series is derived from; `moved` that its space is another. `stated` wins over all else.
    """
    if source is not None:
        identity.keep_apart_from(source.uids)
    header = _made_here(volume, plan, identity, coding)
    header.update(_carried(volume.info, plan))
    quantised = text_of(header.get("DerivationDescription"))
    if source is not None or volume.history:
        header.update(derivation(volume.history, quantised))
    if source is not None:
        header.update(_derived(volume, plan, source, moved))
    if plan.storage.multi_frame:
        header.update(_all_in_one(volume, plan, identity, header))
    if {"WindowCenter", "WindowWidth"} & set(stated):
        for keyword in ("VOILUTFunction", "WindowCenterWidthExplanation"):
            header.pop(keyword, None)
    header.update(stated)
    _check_stated_uids(header, stated, source)
    if plan.storage is PARAMETRIC_MAP:  # which says it of each frame
        header.pop("Laterality", None)
    elif "Laterality" not in stated:
        side = text_of(header.pop("Laterality", ""))
        header.update(modules.laterality(text_of(header.get("BodyPartExamined")), side))
    return header


def text_of(value: Any) -> str:
    """Return the text of a plain value or of a pydicom element."""
    return str(getattr(value, "value", value) or "")


def _made_here(volume: Given, plan: SeriesPlan, identity: Identity, coding: Coding | None) -> dict[str, Any]:
    """Return the modules of a series that is derived from nothing."""
    info, geometry, now = volume.info, volume.geometry, identity.now
    study_uid, unread = identity.new_uid(), not info.uid
    name = info.patient_name if unread else ""
    identifier = info.patient_id if unread else ""
    capture = plan.storage not in (CT, MR, PET, PARAMETRIC_MAP)
    return {
        **modules.general_image(plan, now),
        **modules.patient(name or "Anonymous^Patient", identifier or f"ANON-{study_uid[-8:]}"),
        **modules.study(study_uid, info.study_description if unread else "", now),
        **modules.series(identity.new_uid(), plan.modality, info.description or f"Written by {_MADE_BY}", now),
        **modules.equipment(),
        **(modules.frame_of_reference(identity.new_uid()) if geometry.placed else {}),
        **modules.image_plane(geometry),
        **(modules.patient_orientation(geometry) if capture else {}),
        **modules.image_pixel(volume.shape, plan.encoding, _photometric(volume, plan, coding)),
        **modality_values(plan, info.unit),
        **({} if volume.is_colour else window(plan.encoding, info.windows)),
        **modules.of_storage(plan, geometry.shape[2]),
        **({"ImageType": stack_type(geometry.shape[2])} if _is_unplaced_stack(volume, plan) else {}),
        **of_axes(volume.axes),
        **({"ScanOptions": "CG"} if plan.storage is MR and _is_gated(volume) else {}),
        **(_dynamic_pet(volume) if plan.storage is PET and is_dynamic(volume.axes) else {}),
        **({"BurnedInAnnotation": "NO"} if unread else {}),
    }


def _carried(info: SeriesInfo, plan: SeriesPlan) -> dict[str, Any]:
    """Return what the volume says of its images, less codes that are none: they would make the new files wrong too."""
    codes = [keyword for keyword in _CARRIED if _CODE.fullmatch(text_of(info.attributes.get(keyword)))]
    wanted = [*codes, *(_CARRIED_PET if plan.storage is PET else ())]
    if text_of(info.attributes.get("LossyImageCompression")) == "01":
        wanted += _CARRIED_LOSSY
    if plan.storage is PET:  # which says it in PatientOrientationCodeSequence
        wanted = [keyword for keyword in wanted if keyword != "PatientPosition"]
    known = known_facts(info, None)
    return {keyword: known[keyword] for keyword in wanted if known.get(keyword) not in (None, "")}


def _derived(volume: Given, plan: SeriesPlan, source: Source, moved: bool) -> dict[str, Any]:
    """Return what the source gives: patient and study, its space if that is still the same, and its equipment."""
    kept = kept_attributes(source, plan.storage)
    if moved or not volume.geometry.placed:
        kept = {keyword: value for keyword, value in kept.items() if keyword not in _SPACE}
    description = _description(volume, source)
    if plan.storage is PET and "Units" in kept and text_of(kept["Units"]) != known_facts(volume.info, source)["Units"]:
        del kept["Units"]
        kept.pop("SUVType", None)
    return {
        **kept,
        **equipment_used(source),
        "SeriesDescription": modules.line(description),
    }


def _check_stated_uids(header: Mapping[str, Any], stated: Mapping[str, Any], source: Source | None) -> None:
    """Raise UnsupportedError for a UID of the caller's that is already that of something else."""
    for keyword in _SERIES_UIDS:
        if keyword not in stated:
            continue
        uid = text_of(stated[keyword])
        same = [other for other in _SERIES_UIDS if other != keyword and text_of(header.get(other)) == uid]
        if keyword == "SeriesInstanceUID" and source is not None and uid in source.uids:
            same.append("a UID of the source")
        if same:
            raise UnsupportedError(f"Cannot write {keyword} {uid}: it is {same[0]} too, and no UID serves two objects.")


def _description(volume: Given, source: Source) -> str:
    """Return the volume's description, told apart from that of the source by what was done, or by who wrote it."""
    old = text_of(source.header.get("SeriesDescription"))
    own = volume.info.description or old
    if own and own != old:
        return own
    made = volume.history[-1] if volume.history else _MADE_BY
    return f"{own} ({made})" if own else f"{made[:1].upper()}{made[1:]}" if volume.history else f"Written by {_MADE_BY}"


def _all_in_one(volume: Given, plan: SeriesPlan, identity: Identity, header: dict[str, Any]) -> dict[str, Any]:
    """Return the modules of an image of all slices; takes out of `header` what they say in another place."""
    is_map = plan.storage is PARAMETRIC_MAP
    if volume.geometry.placed:
        for keyword in _SAID_BY_FRAMES:
            header.pop(keyword, None)
    if is_map:
        for keyword in (*_SAID_OF_INTEGERS, "WindowCenter", "WindowWidth", "VOILUTFunction", "PatientPosition"):
            header.pop(keyword, None)
    organisation = identity.new_uid() if is_map else ""
    said = text_of(header.get("BurnedInAnnotation"))
    return {
        "InstanceNumber": 1,
        **multi_frame_modules(plan, volume.geometry, volume.info.windows, volume.info.unit, organisation),
        **burned_in(said, made_here=not volume.info.uid),
    }


def _is_gated(volume: Given) -> bool:
    """True where images have a TriggerTime, which an MR image may only have beside heart gating (C.8.3.1)."""
    return any(axis.keyword == "TriggerTime" for axis in volume.axes)


def _dynamic_pet(volume: Given) -> dict[str, Any]:
    """Return the type of a PET series in which time passes (C.8.9.1.1.4)."""
    times = 1
    for axis in volume.axes:
        times *= len(axis)
    return {"SeriesType": ["DYNAMIC", "IMAGE"], "NumberOfTimeSlices": times}


def _is_unplaced_stack(volume: Given, plan: SeriesPlan) -> bool:
    return plan.storage is SECONDARY_CAPTURE and not volume.geometry.placed and volume.geometry.shape[2] > 1


def _photometric(volume: Given, plan: SeriesPlan, coding: Coding | None) -> str:
    if volume.is_colour:
        return "RGB" if coding is None else coding.colour
    inverted = volume.info.photometric == "MONOCHROME1" and not plan.storage.multi_frame
    return "MONOCHROME1" if inverted else "MONOCHROME2"
