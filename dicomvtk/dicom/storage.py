"""Which kind of DICOM image a volume becomes: CT, MR or PET where the values fit 16 bits, else Secondary Capture.

The IODs are those of PS3.3 annex A: A.3 (CT), A.4 (MR), A.21 (PET), A.8.1 (Secondary Capture).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from dicomvtk.dicom.encode import Encoding, encode_floats, encode_integers, finite_range, is_whole
from dicomvtk.errors import GeometryError, UnsupportedError
from dicomvtk.volume import Volume

__all__ = ["CT", "MR", "PET", "PET_FACTS", "SECONDARY_CAPTURE", "SeriesPlan", "StorageClass", "plan_series"]


@dataclass(frozen=True)
class StorageClass:
    """A Storage SOP Class: its name and UID (PS3.4 table B.5-1) and the modality it is for (empty: any)."""

    name: str
    uid: str
    modality: str = ""


CT = StorageClass("CT Image Storage", "1.2.840.10008.5.1.4.1.1.2", "CT")
MR = StorageClass("MR Image Storage", "1.2.840.10008.5.1.4.1.1.4", "MR")
PET = StorageClass("Positron Emission Tomography Image Storage", "1.2.840.10008.5.1.4.1.1.128", "PT")
SECONDARY_CAPTURE = StorageClass("Secondary Capture Image Storage", "1.2.840.10008.5.1.4.1.1.7")

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


def plan_series(volume: Volume, modality: str | None, known: Mapping[str, Any]) -> SeriesPlan:
    """Return how `volume` (i, j, k, maybe with colour samples last) is to be stored.

    `modality` is what the caller asks for; None takes the volume's. `known` are attributes by keyword: a PET image is
    only made where they hold `PET_FACTS`. Raises UnsupportedError for values no DICOM image
    can hold (NaN, inf, integers beyond 32 bits, colour that is not 8-bit RGB), GeometryError where CT, MR or PET is
    asked for and the volume has no place in a patient.
    """
    wanted = modality or volume.info.modality or _OTHER
    if volume.is_colour:
        return _colour_plan(volume, wanted)
    storage = _BY_MODALITY.get(wanted)
    if storage is None:
        return _capture_plan(volume, wanted, "")
    if not volume.geometry.placed:
        if modality:
            raise GeometryError(
                f"Cannot write {wanted} images of an array without a place in the patient: "
                "give spacing=(i, j, k) in mm, and origin= and direction= where known."
            )
        return _capture_plan(volume, wanted, f"the volume has no place in the patient, which {storage.name} needs")
    if volume.dtype.kind == "b" and not modality:
        return _capture_plan(volume, _OTHER, f"a mask holds no {wanted} values")
    unknown = _unknown_facts(known) if storage is PET else []
    if unknown:
        return _capture_plan(volume, wanted, f"{storage.name} must state {' and '.join(unknown)}, which are not known")
    encoding = _sixteen_bits(volume, storage)
    if encoding is None:
        low, high = finite_range(volume.array)
        return _capture_plan(volume, wanted, f"values from {low} to {high} do not fit the 16 bits of {storage.name}")
    return SeriesPlan(storage, wanted, encoding)


def _unknown_facts(known: Mapping[str, Any]) -> list[str]:
    """Return which `PET_FACTS` are missing, and DecayFactor where decay was corrected (type 1C)."""
    correction = known.get("DecayCorrection")
    corrected = str(getattr(correction, "value", correction)) not in ("NONE", "None", "")
    facts = (*PET_FACTS, "DecayFactor") if corrected else PET_FACTS
    return [keyword for keyword in facts if known.get(keyword) in (None, "")]


def _sixteen_bits(volume: Volume, storage: StorageClass) -> Encoding | None:
    """Return the 16-bit encoding; None for integers that do not fit. PET has no intercept (C.8.9.4)."""
    low, high = finite_range(volume.array)
    if volume.dtype.kind != "f":
        return encode_integers(int(low), int(high), unsigned=volume.dtype.kind != "i", bits=16)
    return _encode_floats(volume, low, high, zero_intercept=storage is PET)


def _encode_floats(volume: Volume, low: float, high: float, *, zero_intercept: bool = False) -> Encoding:
    """Return floats that are whole numbers as the integers they are, where those fit; all others scaled."""
    exact = None
    if is_whole(volume.array):
        exact = encode_integers(int(low), int(high), unsigned=False, bits=16)
    return exact or encode_floats(low, high, zero_intercept=zero_intercept)


def _capture_plan(volume: Volume, wanted: str, note: str) -> SeriesPlan:
    low, high = finite_range(volume.array)
    dtype = volume.dtype
    if dtype.kind == "f":
        encoding = _encode_floats(volume, low, high)
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


def _colour_plan(volume: Volume, wanted: str) -> SeriesPlan:
    samples = volume.shape[-1]
    if samples != 3 or volume.dtype != np.uint8:
        raise UnsupportedError(
            f"Cannot write colour of {samples} samples of {volume.dtype} as DICOM; expected 3 samples of uint8 (RGB)."
            + (" Drop the alpha channel: array[..., :3]." if samples == 4 else "")
        )
    low, high = finite_range(volume.array)
    note = f"{_BY_MODALITY[wanted].name} holds no colour" if wanted in _BY_MODALITY else ""
    return SeriesPlan(SECONDARY_CAPTURE, _capture_modality(wanted), Encoding(np.dtype("u1"), low, high), note)


def _capture_modality(wanted: str) -> str:
    """Return `wanted` where it is a kind of image, OT where it is another DICOM object; refuse what is no code."""
    if not (wanted.isascii() and wanted.replace("_", "").isalnum() and wanted.isupper() and len(wanted) <= 16):
        raise UnsupportedError(f"Unknown modality {wanted!r}; expected a DICOM code such as CT, MR, PT, US or OT.")
    return _OTHER if wanted in _NO_IMAGES else wanted
