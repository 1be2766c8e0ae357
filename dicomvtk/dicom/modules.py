"""The modules of a new series (PS3.3 annex C) as plain values by keyword.

Type 2 attributes that nobody stated are present and empty. Numbers become decimal strings where they are serialised.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dicomvtk.anatomy import orientation_letters
from dicomvtk.dicom.decimal_strings import coordinate_text
from dicomvtk.dicom.encode import Encoding
from dicomvtk.dicom.storage import CT, MR, PET, SECONDARY_CAPTURE, SeriesPlan
from dicomvtk.geometry import Geometry
from dicomvtk.version import __version__

__all__ = [
    "Attributes",
    "equipment",
    "frame_of_reference",
    "general_image",
    "image_pixel",
    "image_plane",
    "laterality",
    "line",
    "of_storage",
    "patient",
    "patient_orientation",
    "series",
    "slice_plane",
    "study",
]

Attributes = dict[str, Any]

#: Body parts of which there is one (defined terms of PS3.16 annex L): Laterality does not apply to them.
UNPAIRED_BODY_PARTS = frozenset(
    """ABDOMEN ABDOMENPELVIS AORTA BACK BLADDER BRAIN CEREBELLUM CERVIX CHEST CHESTABDOMEN CHESTABDPELVIS CIRCLEOFWILLIS
    COCCYX COLON CORONARYARTERY CSPINE CTSPINE DUODENUM ESOPHAGUS FACE GALLBLADDER HEAD HEADNECK HEART ILEUM ILIUM JAW
    JEJUNUM LARYNX LIVER LSPINE LSSPINE MAXILLA MEDIASTINUM MOUTH NECK NECKCHEST NECKCHESTABDOMEN NECKCHESTABDPELV NOSE
    PANCREAS PELVIS PENIS PHARYNX PROSTATE RECTUM SCALP SKULL SPINE SPLEEN SSPINE STERNUM STOMACH THYMUS THYROID TLSPINE
    TONGUE TRACHEA TSPINE URETER URETHRA UTERUS VAGINA VULVA WHOLEBODY""".split()  # noqa: SIM905
)

#: Orientation cosines further than this from orthogonal unit vectors are replaced by the nearest ones that are.
_ORTHONORMAL = 1e-7

#: Characters of a Long String or a Person Name group (PS3.5 table 6.2-1).
_LINE_LENGTH = 64


def patient(name: str, identifier: str) -> Attributes:
    """Return the Patient module (C.7.1.1)."""
    return {"PatientName": line(name), "PatientID": line(identifier), "PatientBirthDate": "", "PatientSex": ""}


def study(uid: str, description: str, now: datetime.datetime) -> Attributes:
    """Return the General Study module (C.7.2.1)."""
    attributes: Attributes = {
        "StudyInstanceUID": uid,
        "StudyDate": _date(now),
        "StudyTime": _time(now),
        "StudyID": "1",
        "AccessionNumber": "",
        "ReferringPhysicianName": "",
    }
    if description:
        attributes["StudyDescription"] = line(description)
    return attributes


def series(uid: str, modality: str, description: str, now: datetime.datetime) -> Attributes:
    """Return the General Series module (C.7.3.1)."""
    attributes: Attributes = {
        "SeriesInstanceUID": uid,
        "Modality": modality,
        "SeriesNumber": 1,
        "SeriesDate": _date(now),
        "SeriesTime": _time(now),
    }
    if description:
        attributes["SeriesDescription"] = line(description)
    return attributes


def laterality(body_part: str, side: str) -> Attributes:
    """Return Laterality for a BodyPartExamined: absent, `side`, or empty where neither is known.

    It is required where the part is paired and forbidden where it is not (C.7.3.1); empty is the only honest value for
    a part nobody named.
    """
    return {} if body_part in UNPAIRED_BODY_PARTS else {"Laterality": side}


def frame_of_reference(uid: str) -> Attributes:
    """Return the Frame of Reference module (C.7.4.1)."""
    return {"FrameOfReferenceUID": uid, "PositionReferenceIndicator": ""}


def equipment() -> Attributes:
    """Return the General Equipment module (C.7.5.1): this software."""
    return {"Manufacturer": "dicomvtk", "ManufacturerModelName": "dicomvtk", "SoftwareVersions": __version__}


def general_image(plan: SeriesPlan, now: datetime.datetime) -> Attributes:
    """Return the General Image and SOP Common modules (C.7.6.1, C.12.1), less what differs between slices."""
    attributes: Attributes = {
        "SpecificCharacterSet": "ISO_IR 192",
        "SOPClassUID": plan.storage.uid,
        "InstanceCreationDate": _date(now),
        "InstanceCreationTime": _time(now),
        "ContentDate": _date(now),
        "ContentTime": _time(now),
        "LossyImageCompression": "00",
        "ImageType": ["DERIVED", "SECONDARY"],
    }
    if plan.encoding.max_error > 0:
        attributes["DerivationDescription"] = (
            f"Values from {plan.encoding.low:.6g} to {plan.encoding.high:.6g} quantised to 16 bits: "
            f"slope {plan.encoding.slope}, intercept {plan.encoding.intercept}, "
            f"error at most {plan.encoding.max_error:.3g}"
        )
    return attributes


def image_plane(geometry: Geometry) -> Attributes:
    """Return the Image Plane module (C.7.6.2), less what differs between slices; without a place, only the spacing,
    and of that only what is not the 1 mm that an unstated one counts as.

    SliceThickness and SpacingBetweenSlices are both the distance between slices: only so do readers find it in a
    series of one slice.
    """
    across, down, between = geometry.spacing
    if not geometry.placed:
        stated = {"PixelSpacing": [down, across]} if (across, down) != (1.0, 1.0) else {}
        return {**stated, **({"SpacingBetweenSlices": between} if between != 1.0 else {})}
    return {
        "PixelSpacing": [down, across],
        "ImageOrientationPatient": [coordinate_text(c) for c in _cosines(geometry).T.ravel()],
        "SliceThickness": between,
        "SpacingBetweenSlices": between,
    }


def patient_orientation(geometry: Geometry) -> Attributes:
    """Return PatientOrientation (C.7.6.1.1.1): where rows and columns run to, empty without a place in the patient.

    Only for images that need no Image Plane module, even where they have one.
    """
    if not geometry.placed:
        return {"PatientOrientation": ""}
    return {"PatientOrientation": [orientation_letters(cosine) for cosine in _cosines(geometry).T.tolist()]}


def slice_plane(geometry: Geometry, k: int) -> Attributes:
    """Return where slice `k` lies: ImagePositionPatient from k itself, never accumulated, and SliceLocation."""
    if not geometry.placed:
        return {}
    position = geometry.index_to_physical((0, 0, k))
    row, column = _cosines(geometry).T
    return {
        "ImagePositionPatient": [coordinate_text(c) for c in position],
        "SliceLocation": coordinate_text(float(np.dot(position, np.cross(row, column)))),
    }


def image_pixel(shape: Sequence[int], encoding: Encoding, photometric: str) -> Attributes:
    """Return the Image Pixel module (C.7.6.3) for slices of `shape` (columns, rows, ...)."""
    bits = encoding.dtype.itemsize * 8
    colour = photometric not in ("MONOCHROME1", "MONOCHROME2")
    return {
        "SamplesPerPixel": 3 if colour else 1,
        "PhotometricInterpretation": photometric,
        **({"PlanarConfiguration": 0} if colour else {}),
        "Rows": int(shape[1]),
        "Columns": int(shape[0]),
        "BitsAllocated": bits,
        "BitsStored": bits,
        "HighBit": bits - 1,
        "PixelRepresentation": int(encoding.dtype.kind == "i"),
    }


def of_storage(plan: SeriesPlan, slices: int) -> Attributes:
    """Return what the image module of the storage class demands beyond the general ones (C.8.2.1, C.8.3.1, ...)."""
    if plan.storage is CT:
        return {"ImageType": ["DERIVED", "SECONDARY", "AXIAL"], "KVP": "", "AcquisitionNumber": "", **_POSITION}
    if plan.storage is MR:
        return {
            "ImageType": ["DERIVED", "SECONDARY", "OTHER"],
            "ScanningSequence": "RM",
            "SequenceVariant": "NONE",
            **dict.fromkeys(("ScanOptions", "MRAcquisitionType", "RepetitionTime", "EchoTime", "EchoTrainLength"), ""),
            **_POSITION,
        }
    if plan.storage is PET:
        return _pet(slices)
    return {"ConversionType": "WSD"} if plan.storage is SECONDARY_CAPTURE else {}


#: Required, may not be empty in practice, and only needed to label the bed: head first, supine is what tools assume.
_POSITION: Attributes = {"PatientPosition": "HFS"}


def _pet(slices: int) -> Attributes:
    """Return the PET Series, Isotope and Image modules (C.8.9.1, .2, .4); PatientPosition has no place in them."""
    empty = ("ActualFrameDuration", "AcquisitionDate", "AcquisitionTime", "CollimatorType", "CorrectedImage")
    return {
        "ImageType": ["DERIVED", "PRIMARY"],
        "SeriesType": ["STATIC", "IMAGE"],
        "CountsSource": "EMISSION",
        "NumberOfSlices": slices,
        **dict.fromkeys(empty, ""),
        "RadiopharmaceuticalInformationSequence": [],
        "PatientOrientationCodeSequence": [],
        "PatientGantryRelationshipCodeSequence": [],
    }


def _cosines(geometry: Geometry) -> NDArray[np.float64]:
    """Return the (3, 2) directions of i and j, as nearly as may be those of `geometry`, at right angles."""
    cosines = geometry.direction[:, :2]
    if np.abs(cosines.T @ cosines - np.eye(2)).max() > _ORTHONORMAL:
        left, _, right = np.linalg.svd(cosines, full_matrices=False)
        return np.asarray(left @ right)
    return cosines


def line(text: str) -> str:
    """Return `text` as one value of at most 64 characters (LO, PN): a backslash would make it two."""
    printable = "".join(c if c.isprintable() else " " for c in text.replace("\\", "/"))
    return printable[:_LINE_LENGTH].strip()


def _date(now: datetime.datetime) -> str:
    return now.strftime("%Y%m%d")


def _time(now: datetime.datetime) -> str:
    return now.strftime("%H%M%S.%f")
