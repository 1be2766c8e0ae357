"""A volume as a new DICOM series, one file a slice, that validators and other readers accept.

The series is written whole or not at all. Integers come back exactly; floats within half a quantum, which the report
states. See docs/conventions.md for axes and space.
"""

from __future__ import annotations

import datetime
import os
import re
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dicomvtk.dicom import modules
from dicomvtk.dicom.derived import Source, kept_attributes, kept_of_slice, read_source
from dicomvtk.dicom.encode import Encoding
from dicomvtk.dicom.new_folder import new_folder
from dicomvtk.dicom.storage import PET, SECONDARY_CAPTURE, SeriesPlan, plan_series
from dicomvtk.dicom.template import HeaderTemplate, pixel_data_head
from dicomvtk.dicom.user_attributes import series_attributes, slice_attributes
from dicomvtk.dicom.value_modules import modality_values, window
from dicomvtk.dicom.writable import one_frame, placed, volume_of_array
from dicomvtk.geometry import Geometry
from dicomvtk.metadata import SeriesInfo
from dicomvtk.volume import Volume

if TYPE_CHECKING:
    from dicomvtk.dicom.stack import Stack

__all__ = ["WriteReport", "write_series"]

PathLike = str | os.PathLike[str]
_NO_ATTRIBUTES: Mapping[str, Any] = MappingProxyType({})

#: What a volume says of itself that describes the images and identifies nobody.
_CARRIED = ("BodyPartExamined", "Laterality", "PatientPosition", "BurnedInAnnotation")
_CARRIED_PET = ("Units", "DecayCorrection", "FrameReferenceTime", "DecayFactor", "CountsSource", "SeriesType")
_CARRIED_LOSSY = ("LossyImageCompression", "LossyImageCompressionRatio", "LossyImageCompressionMethod")
#: A value of VR CS (PS3.5 table 6.2-1).
_CODE = re.compile("[A-Z0-9_ ]{1,16}")
_NAME_DIGITS = 4


@dataclass(frozen=True)
class WriteReport:
    """What was written, and how close it is to what was given.

    `max_error` bounds the difference, in modality values, between what readers get back and what was given: 0.0 when
    exact. `note` says why the storage class is not the one of the modality, where that is so.
    """

    folder: Path
    files: tuple[Path, ...]
    sop_class_uid: str
    sop_class: str
    modality: str
    study_uid: str
    series_uid: str
    dtype: str
    slope: float
    intercept: float
    max_error: float
    note: str = ""

    def __str__(self) -> str:
        exact = "exact" if self.max_error == 0 else f"error at most {self.max_error:.3g}"
        note = f"; {self.note}" if self.note else ""
        kind = f"{self.sop_class} ({self.modality}, {self.dtype}, {exact})"
        return f"{len(self.files)} files of {kind} in {self.folder}{note}"


def write_series(
    volume: Volume | ArrayLike,
    folder: PathLike,
    *,
    like: Volume | Stack | PathLike | None = None,
    modality: str | None = None,
    spacing: Sequence[float] | None = None,
    origin: Sequence[float] | None = None,
    direction: ArrayLike | None = None,
    attributes: Mapping[Any, Any] = _NO_ATTRIBUTES,
    per_slice: Callable[[int], Mapping[Any, Any]] | None = None,
    overwrite: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> WriteReport:
    """Write a volume, or an array (i, j, k[, 3]), as a new series of one file a slice and return what was written.

    The storage class follows modality and values: CT, MR and PET where the values fit 16 bits (floats by one slope for
    the whole volume), Secondary Capture for all else (masks, RGB, 32-bit integers, other modalities). A PET image is
    made where Units, DecayCorrection and FrameReferenceTime are known.

    Identity: a new series in a new study. The patient is the one the volume names if it was not read from DICOM, else
    ``Anonymous^Patient`` with an ID of its own: who was scanned is passed on only with `like`. Then patient, study and
    frame of reference are kept, and every slice refers to its nearest source image.

    Parameters
    ----------
    volume : Volume or array
        An array (i, j) is one image; colour samples come last. Left-handed grids are written as they are.
    folder : path
        Made, with its parents; must be empty or absent unless `overwrite`. Whole or absent: on any failure what stood
        there still stands.
    like : Volume, entry of `find_series`, or path, optional
        The series this one is derived from.
    modality : str, optional
        ``"CT"``, ``"MR"``, ``"PT"``, ...; the volume's if left out, OT for an array. CT values of an array are HU.
    spacing, origin, direction : optional
        Millimetres (i, j, k), LPS position of the first voxel, (3, 3) LPS columns; they replace the volume's. An array
        with any of them has a place in the patient: the others are then 1 mm, (0, 0, 0) and the identity. An array
        with none takes the grid of `like`, if the shapes agree, and its modality, if deeper than 8 bits.
    attributes : mapping
        Further attributes, by keyword, ``(group, element)`` or ``"gggg,eeee"``; they win over all defaults.
    per_slice : callable
        Further attributes for slice k.
    overwrite : bool
        Replace all that `folder` holds, once the new series is complete.
    progress : callable
        Called with (done, total).

    Raises
    ------
    UnsupportedError
        For a dtype, rank, range or attribute that a DICOM image cannot hold.
    GeometryError
        For an irregular volume, and for CT, MR or PET without a place in the patient.
    WriteError
        Where the folder is taken, or the disk refuses.
    """
    source = None if like is None else read_source(like)
    if not isinstance(volume, Volume):
        volume = volume_of_array(volume, modality, like, source)
    volume = placed(one_frame(volume), spacing, origin, direction)
    names = _names(volume.geometry.shape[2])
    stated = series_attributes(attributes)
    stated_of_slices = [slice_attributes(per_slice(k) or {}, k) if per_slice else {} for k in range(len(names))]
    plan = plan_series(volume, modality, {**_known(volume.info, source), **stated, **stated_of_slices[0]})
    header = _series_header(volume, plan, source, stated)
    template = HeaderTemplate(header)
    with new_folder(folder, overwrite=overwrite) as filling:
        for k, name in enumerate(names):
            own = {**_slice_header(volume.geometry, plan, source, k), **stated_of_slices[k]}
            _write_image(filling / name, template.header(_new_uid(), own), _plane(volume, k), plan.encoding)
            if progress is not None:
                progress(k + 1, len(names))
    return _report(Path(folder), names, plan, header)


def _known(info: SeriesInfo, source: Source | None) -> dict[str, Any]:
    """Return what volume and source say of themselves, should they be a PET: of the series, and of some slice."""
    known = {**({"Units": info.unit} if info.unit else {}), **info.attributes}
    if source is not None:
        known.update({**kept_attributes(source, PET), **kept_of_slice(source, PET, np.zeros(3))})
    return known


def _series_header(
    volume: Volume, plan: SeriesPlan, source: Source | None, stated: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what all files share: modules made here, then what the volume knows, the source, and the caller."""
    info, geometry, now = volume.info, volume.geometry, datetime.datetime.now()
    study_uid, made_here = _new_uid(), not info.uid
    name = info.patient_name if made_here else ""
    identifier = info.patient_id if made_here else ""
    header: dict[str, Any] = {
        **modules.general_image(plan, now),
        **modules.patient(name or "Anonymous^Patient", identifier or f"ANON-{study_uid[-8:]}"),
        **modules.study(study_uid, info.study_description if made_here else "", now),
        **modules.series(_new_uid(), plan.modality, info.description, now),
        **modules.equipment(),
        **(modules.frame_of_reference(_new_uid()) if geometry.placed else {}),
        **modules.image_plane(geometry),
        **(modules.patient_orientation(geometry) if plan.storage is SECONDARY_CAPTURE else {}),
        **modules.image_pixel(volume.shape, plan.encoding, _photometric(volume)),
        **modality_values(plan, info.unit),
        **({} if volume.is_colour else window(plan.encoding, info.windows)),
        **modules.of_storage(plan, geometry.shape[2]),
        **({"BurnedInAnnotation": "NO"} if made_here else {}),
    }
    header.update(_carried(info, plan))
    if source is not None:
        kept = kept_attributes(source, plan.storage)
        header.update({k: v for k, v in kept.items() if geometry.placed or k not in modules.frame_of_reference("")})
        header["DerivationDescription"] = _derivation(volume.history, header.get("DerivationDescription", ""))
    if {"WindowCenter", "WindowWidth"} & set(stated):
        for keyword in ("VOILUTFunction", "WindowCenterWidthExplanation"):
            header.pop(keyword, None)
    header.update(stated)
    if "Laterality" not in stated:
        side = _text(header.pop("Laterality", ""))
        header.update(modules.laterality(_text(header.get("BodyPartExamined")), side))
    return header


def _carried(info: SeriesInfo, plan: SeriesPlan) -> dict[str, Any]:
    """Return what the volume says of its images, less codes that are none: they would make the new files wrong too."""
    codes = [keyword for keyword in _CARRIED if _CODE.fullmatch(_text(info.attributes.get(keyword)))]
    wanted = [*codes, *(_CARRIED_PET if plan.storage is PET else ())]
    if _text(info.attributes.get("LossyImageCompression")) == "01":
        wanted += _CARRIED_LOSSY
    if plan.storage is PET:  # which says it in PatientOrientationCodeSequence
        wanted = [keyword for keyword in wanted if keyword != "PatientPosition"]
    known = _known(info, None)
    return {keyword: known[keyword] for keyword in wanted if known.get(keyword) not in (None, "")}


def _derivation(history: Sequence[str], quantised: str) -> str:
    """Return what was done to the source, in the 1024 characters of DerivationDescription (ST)."""
    return "; ".join([*history, quantised] if quantised else history)[-1024:] or "Written by dicomvtk"


def _slice_header(geometry: Geometry, plan: SeriesPlan, source: Source | None, k: int) -> dict[str, Any]:
    own: dict[str, Any] = {"InstanceNumber": k + 1, **modules.slice_plane(geometry, k)}
    if plan.storage is PET:
        own["ImageIndex"] = k + 1
    if source is not None:
        own.update(kept_of_slice(source, plan.storage, geometry.index_to_physical((0, 0, k))))
    return own


def _plane(volume: Volume, k: int) -> NDArray[Any]:
    """Return slice `k` as rows of columns (j, i[, c]); a view."""
    plane = volume.array[:, :, k]
    return plane.transpose(1, 0, 2) if volume.is_colour else plane.T


def _write_image(path: Path, header: bytes, plane: NDArray[Any], encoding: Encoding) -> None:
    stored = encoding.stored(plane)
    padding = b"\x00" * (stored.nbytes % 2)  # values have even length (PS3.5 section 8)
    with open(path, "xb") as file:
        file.write(header + pixel_data_head(stored.nbytes + len(padding), encoding.dtype.itemsize * 8))
        file.write(stored.data.cast("B"))
        file.write(padding)


def _photometric(volume: Volume) -> str:
    if volume.is_colour:
        return "RGB"
    return "MONOCHROME1" if volume.info.photometric == "MONOCHROME1" else "MONOCHROME2"


def _names(count: int) -> list[str]:
    digits = max(_NAME_DIGITS, len(str(count)))
    return [f"IM{k + 1:0{digits}d}.dcm" for k in range(count)]


def _new_uid() -> str:
    """Return a UID nobody else has (PS3.5 B.2): no clock, no registered root."""
    return f"2.25.{uuid.uuid4().int}"


def _text(value: Any) -> str:
    """Return the text of a plain value or of a pydicom element."""
    return str(getattr(value, "value", value) or "")


def _report(folder: Path, names: Sequence[str], plan: SeriesPlan, header: Mapping[str, Any]) -> WriteReport:
    return WriteReport(
        folder=folder,
        files=tuple(folder / name for name in names),
        sop_class_uid=plan.storage.uid,
        sop_class=plan.storage.name,
        modality=plan.modality,
        study_uid=_text(header["StudyInstanceUID"]),
        series_uid=_text(header["SeriesInstanceUID"]),
        dtype=plan.encoding.dtype.name,
        slope=float(plan.encoding.slope),
        intercept=float(plan.encoding.intercept),
        max_error=plan.encoding.max_error,
        note=plan.note,
    )
