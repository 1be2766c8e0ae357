"""What a derived series keeps of its source: whose it is, where it lies, and how it was acquired.

Patient, study, frame of reference and the history of lossy compression stay; private attributes, overlays, lookup
tables and whatever describes stored values do not (PS3.3 C.7.6.1.1.3 and C.12.4 on derived images).
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError
from pydicom.tag import Tag

from dicomvtk.dicom.storage import CT, MR, PET, StorageClass
from dicomvtk.errors import NoDicomError, SeriesError
from dicomvtk.geometry import Geometry
from dicomvtk.volume import Volume

if TYPE_CHECKING:
    from dicomvtk.dicom.stack import Stack

__all__ = [
    "PATIENT_AND_STUDY",
    "Source",
    "kept_attributes",
    "kept_of_slice",
    "own_source",
    "read_source",
    "source_geometry",
]

_PATIENT = """PatientName PatientID IssuerOfPatientID PatientBirthDate PatientBirthTime PatientSex
    OtherPatientIDsSequence EthnicGroup PatientComments PatientSpeciesDescription PatientSpeciesCodeSequence
    PatientBreedDescription PatientBreedCodeSequence BreedRegistrationSequence ResponsiblePerson ResponsiblePersonRole
    ResponsibleOrganization QualityControlSubject PatientIdentityRemoved DeidentificationMethod
    DeidentificationMethodCodeSequence AnatomicalOrientationType"""
_TRIAL = """ClinicalTrialSponsorName ClinicalTrialProtocolID ClinicalTrialProtocolName ClinicalTrialSiteID
    ClinicalTrialSiteName ClinicalTrialSubjectID ClinicalTrialSubjectReadingID ClinicalTrialTimePointID
    ClinicalTrialTimePointDescription"""
_STUDY = """StudyInstanceUID StudyDate StudyTime ReferringPhysicianName AccessionNumber
    IssuerOfAccessionNumberSequence StudyID StudyDescription PhysiciansOfRecord NameOfPhysiciansReadingStudy
    ProcedureCodeSequence PatientAge PatientSize PatientWeight Occupation AdditionalPatientHistory
    AdmissionID TimezoneOffsetFromUTC"""
_SPACE = """FrameOfReferenceUID PositionReferenceIndicator BodyPartExamined Laterality PatientPosition"""
_IMAGE = """LossyImageCompression LossyImageCompressionRatio LossyImageCompressionMethod
    LongitudinalTemporalInformationModified"""
_KEPT = tuple(" ".join((_PATIENT, _TRIAL, _STUDY, _SPACE, _IMAGE)).split())
#: What describes a patient, a trial or a study: the same in all that belongs to them.
PATIENT_AND_STUDY = frozenset(" ".join((_PATIENT, _TRIAL, _STUDY)).split())

#: Type 2 attributes of patient and study: where the source leaves them empty, so does what is derived from it.
_NEVER_MADE_UP = """PatientName PatientID PatientBirthDate PatientSex StudyDate StudyTime StudyID AccessionNumber
    ReferringPhysicianName""".split()  # noqa: SIM905

#: How the source was acquired, kept where source and result are of one class and all source images agree.
_ACQUISITION = {
    CT.uid: ("KVP", "ContrastBolusAgent", "ContrastBolusAgentSequence"),
    MR.uid: (
        """ScanningSequence SequenceVariant ScanOptions MRAcquisitionType RepetitionTime EchoTime EchoTrainLength
        InversionTime MagneticFieldStrength FlipAngle ContrastBolusAgent ContrastBolusAgentSequence""".split()  # noqa: SIM905
    ),
    PET.uid: (
        """Units CountsSource SeriesType DecayCorrection CorrectedImage CollimatorType SUVType
        RadiopharmaceuticalInformationSequence PatientOrientationCodeSequence
        PatientGantryRelationshipCodeSequence""".split()  # noqa: SIM905
    ),
}
#: What a PET says of each slice, kept from the nearest.
_OF_PET_SLICE = ("AcquisitionDate", "AcquisitionTime", "ActualFrameDuration", "FrameReferenceTime", "DecayFactor")

#: UIDs that are told apart image by image.
_TOLD_APART = ("SeriesInstanceUID", "FrameOfReferenceUID", "SOPInstanceUID")
#: A derived series is numbered this much above its source, so that the two stay apart in a list.
_NUMBER_STEP = 1000


@dataclass(frozen=True, eq=False)
class Source:
    """The images something is derived from.

    `header` is that of the first, decoded; `datasets` hold the identity, position and timing of each;
    `positions` (n, 3) are the LPS mm of their first voxels, None where they have none.
    """

    header: Dataset
    datasets: tuple[Dataset, ...]
    positions: NDArray[np.float64] | None

    @property
    def normal(self) -> NDArray[np.float64] | None:
        """Row x column of the first image, a unit vector in LPS; None where it states no orientation."""
        cosines = self.datasets[0].get("ImageOrientationPatient")
        return np.cross([float(c) for c in cosines[:3]], [float(c) for c in cosines[3:]]) if cosines else None

    @property
    def uids(self) -> frozenset[str]:
        """UIDs of the study, the series, the frame of reference, and the images."""
        shared = (str(self.header.get(keyword, "")) for keyword in ("StudyInstanceUID", *_TOLD_APART))
        return frozenset((*shared, *(str(d.get(k, "")) for d in self.datasets for k in _TOLD_APART))) - {""}


def read_source(like: Volume | Stack | str | os.PathLike[str]) -> Source:
    """Return the headers of the series `like`: a volume read from DICOM, an entry of `find_series`, a file or a folder.

    Raises NoDicomError where no DICOM image is there, SeriesError where a folder holds several series.
    """
    files = _files(like)
    if not files:
        raise NoDicomError(f"Cannot derive from {like}: no DICOM image found there.")
    header = dcmread(files[0], stop_before_pixels=True)
    header.remove_private_tags()
    header.decode()
    datasets = tuple(dcmread(file, specific_tags=_tags_of_each(), stop_before_pixels=True) for file in files)
    uids = sorted({str(dataset.get("SeriesInstanceUID", "")) for dataset in datasets})
    if len(uids) > 1:
        raise SeriesError(
            f"Cannot derive from {like}: it holds {len(uids)} series ({', '.join(uids[:3])}); "
            "give like= the entry of find_series, or the volume, that is meant."
        )
    return Source(header, datasets, _positions(datasets))


def source_geometry(like: object, shape: Sequence[int]) -> Geometry | None:
    """Return the geometry of `like` (a volume or an entry of `find_series`) where it has the grid `shape`."""
    geometry = getattr(like, "geometry", None)
    if isinstance(geometry, Geometry) and geometry.shape == tuple(shape[:3]):
        return geometry
    return None


def kept_attributes(source: Source, storage: StorageClass) -> dict[str, Any]:
    """Return what all files of the derived series take over, by keyword."""
    header = source.header
    kept: dict[str, Any] = dict.fromkeys(_NEVER_MADE_UP, "")
    kept.update({k: header[k] for k in _KEPT if k in header and not header[k].is_empty})
    if not _all_agree(source, "FrameOfReferenceUID"):  # some anonymisers give every slice its own
        kept.pop("FrameOfReferenceUID", None)
    if storage is PET:
        kept.pop("PatientPosition", None)
    if str(header.get("SOPClassUID", "")) == storage.uid:
        for keyword in _ACQUISITION.get(storage.uid, ()):
            if keyword in header and not header[keyword].is_empty and _all_agree(source, keyword):
                kept[keyword] = header[keyword]
    if header.get("BurnedInAnnotation"):
        kept["BurnedInAnnotation"] = header["BurnedInAnnotation"]
    number = header.get("SeriesNumber")
    kept["SeriesNumber"] = (int(number) if number is not None else 0) + _NUMBER_STEP
    return kept


def kept_of_slice(source: Source, storage: StorageClass, nearest: int) -> dict[str, Any]:
    """Return what a slice takes over from its nearest source image: of a PET, when and how long it was acquired."""
    image = source.datasets[nearest]
    if storage is not PET or str(image.SOPClassUID) != PET.uid:
        return {}
    return {keyword: image[keyword] for keyword in _OF_PET_SLICE if keyword in image and not image[keyword].is_empty}


def own_source(volume: Volume) -> Source | None:
    """Return the source of a volume that was read from files which are still there; None for any other."""
    files = volume.info.files
    return read_source(volume) if files and all(os.path.isfile(file) for file in files) else None


def _files(like: Volume | Stack | str | os.PathLike[str]) -> list[str]:
    if isinstance(like, Volume):
        if not like.info.files:
            raise SeriesError("Cannot derive from this volume: it was not read from DICOM files; give like= a folder.")
        return list(like.info.files)
    if not isinstance(like, (str, os.PathLike)):
        return list(like.files)
    path = Path(like)
    if not path.exists():
        raise NoDicomError(f"Cannot derive from {path}: there is no such file or folder.")
    return [str(path)] if path.is_file() else [str(file) for file in _images_in(path)]


def _images_in(folder: Path) -> Iterator[Path]:
    for file in sorted(entry for entry in folder.rglob("*") if entry.is_file()):
        try:
            dataset = dcmread(file, specific_tags=[Tag("Rows")], stop_before_pixels=True)
        except (InvalidDicomError, OSError):
            continue
        if "Rows" in dataset:
            yield file


def _tags_of_each() -> list[Any]:
    acquisition = [keyword for keywords in _ACQUISITION.values() for keyword in keywords]
    identity = ["SOPClassUID", "SOPInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID"]
    plane = ["ImagePositionPatient", "ImageOrientationPatient"]
    return [Tag(keyword) for keyword in (*identity, *plane, *acquisition, *_OF_PET_SLICE)]


def _positions(datasets: Sequence[Dataset]) -> NDArray[np.float64] | None:
    if any(not dataset.get("ImagePositionPatient") for dataset in datasets):
        return None
    return np.array([[float(c) for c in dataset.ImagePositionPatient] for dataset in datasets])


def _all_agree(source: Source, keyword: str) -> bool:
    return len({str(dataset.get(keyword)) for dataset in source.datasets}) == 1
