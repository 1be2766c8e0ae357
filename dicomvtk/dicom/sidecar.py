"""How a series was acquired, as a BIDS sidecar says it: BIDS names, seconds for times, as ``dcm2niix -b y`` writes it.

Only what the headers say is told: nothing is guessed from a maker's habits. What differs between the first, middle
and last file is left out, unless it is an axis of the volume, along which its values are listed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dicomvtk.dicom.file_names import file_header
from dicomvtk.dicom.frames import Frame
from dicomvtk.dicom.phase_encoding import phase_encoding
from dicomvtk.dicom.stack import Stack
from dicomvtk.version import __version__

if TYPE_CHECKING:
    from pydicom import Dataset

__all__ = ["Headers", "sidecar"]


def _same(value: Any) -> Any:
    return value


def _from_ms(value: Any) -> float:
    """Return milliseconds as seconds, without the digits that a division adds."""
    return float(f"{float(value) / 1000.0:.9g}")


def _joined(value: Any) -> str:
    return "\\".join(_listed(value))


def _listed(value: Any) -> list[str]:
    return [str(value)] if isinstance(value, str) else [str(item) for item in value]


def _numbers(value: Any) -> list[float]:
    return [float(item) for item in value]


def _row_or_column(value: Any) -> str:
    """Return the classic term for that of enhanced objects."""
    return "COL" if value == "COLUMN" else str(value)


def _clock(value: Any) -> str:
    """Return a TM as hours, minutes and seconds between colons.

    >>> _clock("130013.04")
    '13:00:13.040000'
    """
    whole, _, fraction = str(value).partition(".")
    if len(whole) != len("HHMMSS") or not whole.isdigit():
        return str(value)
    return f"{whole[:2]}:{whole[2:4]}:{whole[4:]}.{fraction:0<6.6}"


@dataclass(frozen=True)
class _Field:
    """A BIDS name, the attribute behind it, and how its value is told."""

    name: str
    keyword: str
    told: Callable[[Any], Any] = _same


def _fields(told: Callable[[Any], Any], *names: str) -> list[_Field]:
    """Return fields of names like ``Name`` or, where DICOM has another, ``Name=Keyword``."""
    pairs = [name.partition("=") for name in names]
    return [_Field(name, keyword or name, told) for name, _, keyword in pairs]


_FIELDS = (
    *_fields(str, "Modality", "Manufacturer", "ManufacturersModelName=ManufacturerModelName"),
    *_fields(str, "BodyPart=BodyPartExamined", "PatientPosition"),
    *_fields(_joined, "SoftwareVersions"),
    *_fields(str, "SeriesDescription", "ProtocolName", "MRAcquisitionType", "SequenceName"),
    *_fields(str, "PulseSequenceName", "ReceiveCoilName", "ContrastBolusAgent"),
    *_fields(_joined, "ScanningSequence", "SequenceVariant", "ScanOptions"),
    *_fields(_listed, "ImageType"),
    *_fields(int, "SeriesNumber", "AcquisitionNumber", "EchoTrainLength"),
    *_fields(int, "PhaseEncodingSteps=NumberOfPhaseEncodingSteps", "EchoNumber=EchoNumbers"),
    *_fields(float, "MagneticFieldStrength", "ImagingFrequency", "SliceThickness", "SpacingBetweenSlices", "SAR"),
    *_fields(float, "NumberOfAverages", "FlipAngle", "PercentPhaseFOV=PercentPhaseFieldOfView", "PercentSampling"),
    *_fields(float, "PixelBandwidth", "ParallelReductionFactorInPlane", "ParallelReductionFactorOutOfPlane"),
    *_fields(_from_ms, "EchoTime", "EchoTime=EffectiveEchoTime", "RepetitionTime", "InversionTime"),
    *_fields(str, "ParallelAcquisitionTechnique"),
    _Field("InPlanePhaseEncodingDirectionDICOM", "InPlanePhaseEncodingDirection", _row_or_column),
    # CT
    *_fields(_joined, "ConvolutionKernel"),
    *_fields(float, "KVP", "XRayTubeCurrent", "XRayExposure=Exposure", "GantryDetectorTilt"),
    # PET
    *_fields(float, "RadionuclidePositronFraction", "RadionuclideHalfLife", "DoseCalibrationFactor"),
    *_fields(str, "DecayCorrection", "AttenuationCorrectionMethod", "RandomsCorrectionMethod"),
    *_fields(str, "ScatterCorrectionMethod", "ReconstructionMethod"),
    *_fields(_numbers, "ImageOrientationPatientDICOM=ImageOrientationPatient"),
)
#: Who, where and when: PS3.15 table E.1-1 has each removed, replaced or cleaned.
_IDENTIFIERS = (
    *_fields(str, "PatientName", "PatientID", "PatientBirthDate", "PatientSex", "AccessionNumber"),
    *_fields(str, "StudyInstanceUID", "SeriesInstanceUID", "StudyID", "StudyDescription"),
    *_fields(str, "ProcedureStepDescription=PerformedProcedureStepDescription"),
    *_fields(str, "AcquisitionDateTime", "StudyDate"),
    *_fields(_clock, "AcquisitionTime", "SeriesTime"),
    *_fields(str, "InstitutionName", "InstitutionalDepartmentName", "InstitutionAddress"),
    *_fields(str, "StationName", "DeviceSerialNumber"),
)
#: Axes whose values a sidecar lists.
_LISTED_AXES = {"EchoTime": "ms", "InversionTime": "ms", "FlipAngle": ""}
_PET_UNITS = {"BQML": "Bq/mL"}
_SIEMENS = "SIEMENS MR HEADER"
_MOSAIC_TIMES = 0x29


class Headers:
    """The headers of a stack's files by way of pydicom, each read once; nothing of the pixels is."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self._read: dict[str, Dataset] = {}

    def of(self, n: int) -> list[Dataset]:
        """Return where attributes of frame `n` of the stack may stand: the header, and its functional groups."""
        frame = self.stack.frames[n]
        data_set = self._read.get(frame.path)
        if data_set is None:
            data_set = self._read[frame.path] = file_header(frame.path)
        groups = list(data_set.get("SharedFunctionalGroupsSequence") or [])
        per_frame = data_set.get("PerFrameFunctionalGroupsSequence") or []
        groups += per_frame[frame.number : frame.number + 1]
        items = [element.value[0] for group in groups for element in group if element.VR == "SQ" and element.value]
        return [data_set, *items]


def sidecar(stack: Stack, *, identifiers: bool = False) -> dict[str, Any]:
    """Return the acquisition attributes of a stack by BIDS name, ready for JSON.

    Patient, place and time of day go along with `identifiers` alone.
    """
    headers = Headers(stack)
    sampled = [headers.of(n) for n in sorted({0, len(stack.frames) // 2, len(stack.frames) - 1})]
    told: dict[str, Any] = {}
    for one in (*_FIELDS, *(_IDENTIFIERS if identifiers else ())):
        values = [_value(places, one) for places in sampled]
        if one.name not in told and values[0] is not None and all(value == values[0] for value in values):
            told[one.name] = values[0]
    told.update(_along_axes(stack))
    in_plane = told.get("InPlanePhaseEncodingDirectionDICOM", "")
    told.update(_same_in_all([phase_encoding(places[0], in_plane, _shape(stack)) for places in sampled]))
    told.update(_slice_timing(stack, sampled[0][0]))
    if stack.modality == "PT":
        told.update(_same_in_all([_pet(places[0]) for places in sampled]))
    told["ConversionSoftware"], told["ConversionSoftwareVersion"] = "dicomvtk", __version__
    return told


def _value(places: list[Dataset], one: _Field) -> Any:
    """Return a field as it is told, None where no place states it or it is not what it must be."""
    for place in _with_radiopharmaceutical(places):
        value = place.get(one.keyword)
        if value is None or value == "" or value == []:
            continue
        try:
            return one.told(value)
        except (TypeError, ValueError):
            return None
    return None


def _with_radiopharmaceutical(places: list[Dataset]) -> Iterator[Dataset]:
    yield from places
    yield from (places[0].get("RadiopharmaceuticalInformationSequence") or [])[:1]


def _along_axes(stack: Stack) -> Mapping[str, Any]:
    """Return the lists of values of axes that are acquisition attributes."""
    told: dict[str, Any] = {}
    for axis in stack.axes:
        if axis.keyword in _LISTED_AXES:
            in_ms = _LISTED_AXES[axis.keyword] == "ms"
            told[axis.keyword] = [_from_ms(value) if in_ms else float(value) for value in axis.values]
    return told


def _shape(stack: Stack) -> tuple[int, int]:
    """Return the columns and rows of the images, tiles for mosaics."""
    return stack.common.columns or 0, stack.common.rows or 0


def _same_in_all(fields: list[Mapping[str, Any]]) -> Mapping[str, Any]:
    """Return what is the same in all."""
    first, *others = fields
    return {name: value for name, value in first.items() if all(other.get(name) == value for other in others)}


def _slice_timing(stack: Stack, header: Dataset) -> Mapping[str, Any]:
    """Return when each slice k of a Siemens mosaic was acquired, in seconds after the first."""
    first = stack.frames[: stack.slice_count]
    if any(frame.whole is None for frame in first):
        return {}
    try:
        times = header.private_block(0x0019, _SIEMENS)[_MOSAIC_TIMES].value
        milliseconds = [float(times[_tile_number(frame)]) for frame in first]
    except (KeyError, TypeError, ValueError, IndexError):
        return {}
    start = min(milliseconds)
    return {"SliceTiming": [_from_ms(ms - start) for ms in milliseconds]}


def _tile_number(frame: Frame) -> int:
    """Return the place of a tile in its mosaic, counted row by row."""
    assert frame.whole is not None
    rows, columns = frame.common.rows or 1, frame.common.columns or 1
    across = (frame.whole.common.columns or 0) // columns
    return frame.tile[0] // rows * across + frame.tile[1] // columns


def _pet(header: Dataset) -> Mapping[str, Any]:
    told: dict[str, Any] = {}
    unit = str(header.get("Units") or "")
    if unit:
        told["Units"] = _PET_UNITS.get(unit, unit)
    drug = (header.get("RadiopharmaceuticalInformationSequence") or [None])[0]
    dose = drug.get("RadionuclideTotalDose") if drug is not None else None
    if dose:
        told["InjectedRadioactivity"], told["InjectedRadioactivityUnits"] = float(f"{float(dose) / 1e6:.12g}"), "MBq"
    if header.get("ActualFrameDuration"):
        told["FrameDuration"] = [_from_ms(header.ActualFrameDuration)]
    if header.get("DecayFactor"):
        told["DecayCorrectionFactor"] = [float(header.DecayFactor)]
    return told
