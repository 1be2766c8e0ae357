"""Which kind of DICOM image a volume becomes: CT, MR or PET where the values fit 16 bits, else Secondary Capture.

One file a slice, or where that is asked for all slices in one: multi-frame Secondary Capture, or for floats that must
not lose a bit a Parametric Map. The IODs are those of PS3.3 annex A: A.3 (CT), A.4 (MR), A.21 (PET), A.8 (Secondary
Capture), A.75 (Parametric Map).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from dicomvtk.dicom.encode import Encoding, encode_floats, encode_integers, finite_range, is_whole
from dicomvtk.dicom.given import Given
from dicomvtk.errors import GeometryError, UnsupportedError

__all__ = [
    "CT",
    "MR",
    "PARAMETRIC_MAP",
    "PET",
    "PET_FACTS",
    "SECONDARY_CAPTURE",
    "SeriesPlan",
    "StorageClass",
    "Wishes",
    "plan_series",
]


@dataclass(frozen=True)
class StorageClass:
    """A Storage SOP Class: its name and UID (PS3.4 table B.5-1), the modality it is for (empty: any), its frames."""

    name: str
    uid: str
    modality: str = ""
    multi_frame: bool = False


CT = StorageClass("CT Image Storage", "1.2.840.10008.5.1.4.1.1.2", "CT")
MR = StorageClass("MR Image Storage", "1.2.840.10008.5.1.4.1.1.4", "MR")
PET = StorageClass("Positron Emission Tomography Image Storage", "1.2.840.10008.5.1.4.1.1.128", "PT")
SECONDARY_CAPTURE = StorageClass("Secondary Capture Image Storage", "1.2.840.10008.5.1.4.1.1.7")
_UID = "1.2.840.10008.5.1.4.1.1"
MULTI_FRAME_BYTE = StorageClass(
    "Multi-frame Grayscale Byte Secondary Capture Image Storage", f"{_UID}.7.2", multi_frame=True
)
MULTI_FRAME_WORD = StorageClass(
    "Multi-frame Grayscale Word Secondary Capture Image Storage", f"{_UID}.7.3", multi_frame=True
)
MULTI_FRAME_COLOUR = StorageClass(
    "Multi-frame True Color Secondary Capture Image Storage", f"{_UID}.7.4", multi_frame=True
)
PARAMETRIC_MAP = StorageClass("Parametric Map Storage", f"{_UID}.30", multi_frame=True)

_BY_MODALITY = {storage.modality: storage for storage in (CT, MR, PET)}

#: Modalities (PS3.3 C.7.3.1.1.1) of objects that are no images: a picture made of one is of modality OT.
_NO_IMAGES = frozenset(
    """ANN ASMT AU DOC ECG EPS FID HD KO M3D PLAN PR REG RESP RTDOSE RTPLAN RTRAD RTRECORD RTSEGANN RTSTRUCT RWV SEG SMR
    SR STAIN TEXTUREMAP""".split()  # noqa: SIM905  # a list of thirty strings reads worse
)
#: What a PET image must state and nobody can make up (PS3.3 C.8.9.1).
PET_FACTS = ("Units", "DecayCorrection", "FrameReferenceTime")
_OTHER = "OT"


@dataclass(frozen=True)
class SeriesPlan:
    """What will be written: storage class, Modality, stored values, and why it is not what was asked (or empty)."""

    storage: StorageClass
    modality: str
    encoding: Encoding
    note: str = ""


@dataclass(frozen=True)
class Wishes:
    """What the caller chose of how values are stored: the step of floats, no loss at all, all slices in one file."""

    slope: float | None = None
    lossless: bool = False
    multi_frame: bool = False


def plan_series(volume: Given, modality: str | None, known: Mapping[str, Any], wishes: Wishes = Wishes()) -> SeriesPlan:
    """Return how `volume` (i, j, k, maybe with axes or colour samples past k) is to be stored.

    `modality` is what the caller asks for; None takes the volume's. `known` are attributes by keyword: a PET image is
    only made where they hold `PET_FACTS`. Raises UnsupportedError for values no DICOM image
    can hold (NaN, inf, integers beyond 32 bits, colour that is not 8-bit RGB), GeometryError where CT, MR or PET is
    asked for and the volume has no place in a patient.
    """
    wanted = modality or volume.info.modality or _OTHER
    _check_wishes(volume, wishes)
    plan = _plan(volume, wanted, known, wishes, by_caller=bool(modality))
    if plan.modality == wanted or plan.note:
        return plan
    return replace(plan, note=f"{wanted} is a modality of objects that are no images")


def _plan(volume: Given, wanted: str, known: Mapping[str, Any], wishes: Wishes, *, by_caller: bool) -> SeriesPlan:
    if volume.is_colour:
        return _colour_plan(volume, wanted, wishes)
    if wishes.lossless and volume.dtype.kind == "f" and not _is_exact(volume):
        return _map_plan(volume, wanted)
    if wishes.multi_frame and volume.geometry.shape[2] > 1:
        return _multi_frame_plan(volume, wanted, wishes)
    storage = _BY_MODALITY.get(wanted)
    if storage is None:
        return _capture_plan(volume, wanted, "", wishes)
    if not volume.geometry.placed:
        if by_caller:
            raise GeometryError(
                f"Cannot write {wanted} images of an array without a place in the patient: "
                "give spacing=(i, j, k) in mm, and origin= and direction= where known."
            )
        return _capture_plan(
            volume, wanted, f"the volume has no place in the patient, which {storage.name} needs", wishes
        )
    if volume.dtype.kind == "b" and not by_caller:
        return _capture_plan(volume, _OTHER, f"a mask holds no {wanted} values", wishes)
    unknown = _unknown_facts(known) if storage is PET else []
    if unknown:
        are = "is" if len(unknown) == 1 else "are"
        note = f"{storage.name} must state {' and '.join(unknown)}, which {are} not known"
        return _capture_plan(volume, wanted, note, wishes)
    encoding = _sixteen_bits(volume, storage, wishes.slope)
    if encoding is None:
        low, high = finite_range(volume.array)
        note = f"values from {low} to {high} do not fit the 16 bits of {storage.name}"
        return _capture_plan(volume, wanted, note, wishes)
    return SeriesPlan(storage, wanted, encoding)


def _unknown_facts(known: Mapping[str, Any]) -> list[str]:
    """Return which `PET_FACTS` are missing, and DecayFactor where decay was corrected (type 1C)."""
    correction = known.get("DecayCorrection")
    corrected = str(getattr(correction, "value", correction)) not in ("NONE", "None", "")
    facts = (*PET_FACTS, "DecayFactor") if corrected else PET_FACTS
    return [keyword for keyword in facts if known.get(keyword) in (None, "")]


def _check_wishes(volume: Given, wishes: Wishes) -> None:
    if wishes.slope is not None and wishes.lossless:
        raise UnsupportedError("Cannot write both in steps of slope= and lossless=True; give one of them.")
    if wishes.slope is not None and (volume.dtype.kind != "f" or volume.is_colour):
        raise UnsupportedError(
            f"Cannot scale {volume.dtype} values by slope= or digits=: integers are written exactly as they are."
        )


def _is_exact(volume: Given) -> bool:
    """True where floats are whole numbers that 16 bits hold."""
    low, high = volume.array.min(), volume.array.max()
    if not (np.isfinite(low) and np.isfinite(high)) or not is_whole(volume.array):
        return False
    return encode_integers(int(low), int(high), unsigned=False, bits=16) is not None


def _sixteen_bits(volume: Given, storage: StorageClass, slope: float | None) -> Encoding | None:
    """Return the 16-bit encoding; None for integers that do not fit. PET has no intercept (C.8.9.4)."""
    low, high = finite_range(volume.array)
    if volume.dtype.kind != "f":
        return encode_integers(int(low), int(high), unsigned=volume.dtype.kind != "i", bits=16)
    return _encode_floats(volume, low, high, zero_intercept=storage is PET, slope=slope)


def _encode_floats(
    volume: Given, low: float, high: float, *, zero_intercept: bool = False, slope: float | None = None
) -> Encoding:
    """Return floats that are whole numbers as the integers they are, where those fit; all others scaled."""
    exact = None
    if slope is None and is_whole(volume.array):
        exact = encode_integers(int(low), int(high), unsigned=False, bits=16)
    return exact or encode_floats(low, high, zero_intercept=zero_intercept, slope=slope)


def _capture_plan(volume: Given, wanted: str, note: str, wishes: Wishes) -> SeriesPlan:
    low, high = finite_range(volume.array)
    dtype = volume.dtype
    if dtype.kind == "f":
        encoding = _encode_floats(volume, low, high, slope=wishes.slope)
    elif dtype.kind == "b" or dtype == np.uint8:
        encoding = Encoding(np.dtype("u1"), low, high)
    else:
        exact = encode_integers(int(low), int(high), unsigned=dtype.kind == "u", bits=32)
        if exact is None:
            raise UnsupportedError(
                f"Cannot write {dtype} values from {low} to {high} as DICOM images: they do not fit 32 bits; "
                "give values within -2147483648 to 2147483647 or 0 to 4294967295."
            )
        encoding = exact
    return SeriesPlan(SECONDARY_CAPTURE, _capture_modality(wanted), encoding, note)


def _multi_frame_plan(volume: Given, wanted: str, wishes: Wishes) -> SeriesPlan:
    """Return the multi-frame Secondary Capture of grey values: 8 or 16 bits, unsigned (A.8.3, A.8.4)."""
    low, high = finite_range(volume.array)
    modality = _capture_modality(wanted)
    if volume.dtype.kind == "b" or volume.dtype == np.uint8:
        return SeriesPlan(MULTI_FRAME_BYTE, modality, Encoding(np.dtype("u1"), low, high))
    if volume.dtype.kind == "f":
        encoding = _encode_floats(volume, low, high, slope=wishes.slope)
        if encoding.is_rescaled or encoding.dtype.kind == "u":
            return SeriesPlan(MULTI_FRAME_WORD, modality, encoding)
    first, span = int(low), int(high) - int(low)
    if span > np.iinfo(np.uint16).max:
        raise UnsupportedError(
            f"Cannot write values from {low} to {high} as {MULTI_FRAME_WORD.name}: 16 bits hold 65536 values. "
            "Leave multi_frame= out: 32 bits go one file a slice."
        )
    fits = encode_integers(first, int(high), unsigned=True, bits=16)
    if fits is None or fits.dtype.kind == "i":  # an offset that a reader can undo within int16, where it fits that
        offset = min(first, 0) if first < np.iinfo(np.int16).min else -(2**15)
        return SeriesPlan(MULTI_FRAME_WORD, modality, Encoding(np.dtype("<u2"), low, high, intercept=str(offset)))
    return SeriesPlan(MULTI_FRAME_WORD, modality, fits)


def _map_plan(volume: Given, wanted: str) -> SeriesPlan:
    """Return the Parametric Map that holds floats bit by bit, NaN and infinities included."""
    if not volume.geometry.placed:
        raise GeometryError(
            f"Cannot write a {PARAMETRIC_MAP.name} of an array without a place in the patient: "
            "give spacing=(i, j, k) in mm, and origin= and direction= where known."
        )
    finite = volume.array[np.isfinite(volume.array)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    dtype = np.dtype("<f8" if volume.dtype.itemsize > 4 else "<f4")
    note = "floats without loss, which SimpleITK and ITK do not read"
    return SeriesPlan(PARAMETRIC_MAP, _capture_modality(wanted), Encoding(dtype, low, high), note)


def _colour_plan(volume: Given, wanted: str, wishes: Wishes) -> SeriesPlan:
    samples = volume.shape[-1]
    if samples != 3 or volume.dtype != np.uint8:
        raise UnsupportedError(
            f"Cannot write colour of {samples} samples of {volume.dtype} as DICOM; expected 3 samples of uint8 (RGB)."
            + (" Drop the alpha channel: array[..., :3]." if samples == 4 else "")
        )
    low, high = finite_range(volume.array)
    note = f"{_BY_MODALITY[wanted].name} holds no colour" if wanted in _BY_MODALITY else ""
    in_one = wishes.multi_frame and volume.geometry.shape[2] > 1
    storage = MULTI_FRAME_COLOUR if in_one else SECONDARY_CAPTURE
    return SeriesPlan(storage, _capture_modality(wanted), Encoding(np.dtype("u1"), low, high), note)


def _capture_modality(wanted: str) -> str:
    """Return `wanted` where it is a kind of image, OT where it is another DICOM object; refuse what is no code."""
    if not (wanted.isascii() and wanted.replace("_", "").isalnum() and wanted.isupper() and len(wanted) <= 16):
        raise UnsupportedError(f"Unknown modality {wanted!r}; expected a DICOM code such as CT, MR, PT, US or OT.")
    return _OTHER if wanted in _NO_IMAGES else wanted
