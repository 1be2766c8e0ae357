"""New series of a folder: from an array, of parts of another, copied, moved and merged. In memory until saved."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from dicomvtk.dicom.writer import write_series
from dicomvtk.errors import SeriesError, UnsupportedError
from dicomvtk.folder.attribute_path import AttributePath, MissingAttributeError, parse
from dicomvtk.folder.conditions import compiled, reader
from dicomvtk.folder.header_values import ABSENT, read_plain
from dicomvtk.folder.instance import IDENTITY, Instance
from dicomvtk.folder.levels import PATIENT_ATTRIBUTES, STUDY_ATTRIBUTES, Patient, Study
from dicomvtk.folder.series import Series
from dicomvtk.folder.unique import unique
from dicomvtk.folder.value_forms import element_of
from dicomvtk.volume import Volume

if TYPE_CHECKING:
    from dicomvtk.folder.tree import Folder

__all__ = ["Building", "blank"]

_SERIES_UID, _SOP_UID = parse("SeriesInstanceUID"), parse("SOPInstanceUID")
_STUDY_UID, _PATIENT_ID = parse("StudyInstanceUID"), parse("PatientID")
_SERIES_NUMBER, _INSTANCE_NUMBER = parse("SeriesNumber"), parse("InstanceNumber")

#: How an array lies in the patient: given in lower case beside the attributes of a new series.
_GEOMETRY = ("spacing", "origin", "direction")
#: What the writer must know beforehand to make a PET image (PS3.3 C.8.9.1).
_OF_PET = ("Units", "DecayCorrection", "FrameReferenceTime", "CountsSource", "SeriesType")
#: Values named in a message.
_NAMED = 8
_UNIT_SPACING = (1.0, 1.0, 1.0)


def blank(shape: Sequence[int], dtype: DTypeLike = np.int16) -> NDArray[Any]:
    """Return zeros of `shape` (i, j, k), Fortran order; raises UnsupportedError for what is no shape."""
    try:
        return np.zeros(tuple(shape), dtype, order="F")
    except (TypeError, ValueError) as error:
        raise UnsupportedError(
            f"Cannot make a blank series of shape {shape!r:.60}: {error}; expected (i, j, k)."
        ) from error


class Building:
    """Makes the new patients, studies and series of one folder."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder

    def new_patient(self, attributes: Mapping[str, Any]) -> Patient:
        wanted = {"PatientID": f"P-{uuid.uuid4().hex[:8].upper()}", "PatientName": "Anonymous", **attributes}
        made = _elements(wanted)
        patient = Patient(self._folder, made)
        patient._key = (str(wanted["PatientID"]) or f"name {wanted['PatientName']}",)
        self._folder.add_draft(patient)
        return patient

    def new_study(self, patient: Patient, attributes: Mapping[str, Any]) -> Study:
        wanted = {"StudyInstanceUID": _new_uid(), **attributes}
        study = Study(self._folder, _elements(wanted))
        study._patient = patient
        study._key = (*patient._key, str(wanted["StudyInstanceUID"]))
        self._folder.add_draft(study)
        return study

    def new_series(
        self, study: Study, array: Volume | ArrayLike | None, shape: Sequence[int], attributes: Mapping[str, Any]
    ) -> Series:
        """Return a series of files written from `array` by the writer, then given what study and caller say."""
        content = blank(shape) if array is None else array
        geometry = {name: attributes[name] for name in _GEOMETRY if attributes.get(name) is not None}
        wanted = {name: value for name, value in attributes.items() if name not in _GEOMETRY}
        if not isinstance(content, Volume) and "spacing" not in geometry:
            geometry["spacing"] = _UNIT_SPACING
        modality = wanted.pop("Modality", None)
        pet = {name: wanted[name] for name in _OF_PET if name in wanted}
        place = self._folder.scratch() / "new"
        write_series(content, place, modality=modality, attributes=pet, **geometry)
        wanted.setdefault("SeriesNumber", self.next_number(study))
        return self.taken_in(study, sorted(place.iterdir()), wanted)

    def taken_in(self, study: Study, files: Sequence[Path], attributes: Mapping[str, Any]) -> Series:
        """Return the series of newly written `files`, as one of `study`."""
        instances = [Instance(path, None, read_plain(path, IDENTITY)) for path in files]
        return self._added(study, instances, attributes)

    def subseries(self, series: Series, conditions: Mapping[str, Any]) -> Series:
        tests = compiled(conditions)
        chosen = [one for one in series.instances if all(test(one) for test in tests)]
        if not chosen:
            raise SeriesError(f"No file of {series!r} has {_said(conditions)}; {_there_are(series, conditions)}.")
        return self._copies(series.study, chosen, {})

    def split(self, series: Series, name: Any) -> list[Series]:
        read = reader(name)
        values = [read(one) for one in series.instances]
        if all(value is ABSENT for value in values):
            raise MissingAttributeError(f"Cannot split {series!r} by {name}: none of its files has it.")
        parts = []
        for value in [*unique([v for v in values if v is not ABSENT]), ABSENT]:
            members = [one for one, own in zip(series.instances, values, strict=True) if _alike(own, value)]
            if members:
                parts.append(self._copies(series.study, members, {}))
        return parts

    def copied(self, series: Series, parent: Study | Patient | None, attributes: Mapping[str, Any]) -> Series:
        return self._copies(_study_of(parent or series.study), series.instances, attributes)

    def merged(self, study: Study, series: Sequence[Series], attributes: Mapping[str, Any]) -> Series:
        if not series:
            raise SeriesError("Nothing to merge; give one series or more.")
        for each in series:
            if not isinstance(each, Series):
                raise UnsupportedError(f"Cannot merge {each!r:.60}; expected a series.")
        instances = [one for each in series for one in each.instances]
        merged = self._copies(study, instances, attributes)
        for number, one in enumerate(merged.instances, 1):
            one.set_value(_INSTANCE_NUMBER, number)
        return merged

    def moved(self, series: Series, parent: Study | Patient) -> Series:
        study = _study_of(parent)
        if study.folder is not self._folder:
            raise UnsupportedError(f"Cannot move {series!r} to another folder; copy_to() it there, then delete() it.")
        inherited = _inherited(study)
        for one in series.instances:
            _adopt(one, inherited)
        self._folder.regroup()
        return series

    def delete(self, series: Series) -> None:
        for one in series.instances:
            one.deleted = True
        self._folder.forget([one for one in self._folder.all_instances if one.deleted and one.is_new])
        self._folder.regroup()

    def _copies(self, study: Study, instances: Sequence[Instance], attributes: Mapping[str, Any]) -> Series:
        copies = []
        for one in instances:
            copy = Instance(one.source, None)
            copy.edits, copy.pixels, copy.recode = dict(one.edits), one.pixels, one.recode
            copies.append(copy)
        wanted = {"SeriesNumber": study.folder.building.next_number(study), **attributes}
        return study.folder.building._added(study, copies, wanted)

    def _added(self, study: Study, instances: Sequence[Instance], attributes: Mapping[str, Any]) -> Series:
        """Take new files into a study: its patient and study attributes, UIDs of their own, and `attributes`."""
        inherited = _inherited(study)
        series_uid = _new_uid()
        for one in instances:
            _adopt(one, inherited)
            one.set_value(_SERIES_UID, series_uid)
            one.set_value(_SOP_UID, _new_uid())
        self._folder.add(instances)
        series: Series = instances[0].series
        try:
            for name, value in attributes.items():
                setattr(series, name, value)
        except BaseException:
            self._folder.forget(instances)
            self._folder.regroup()
            raise
        result: Series = instances[0].series
        return result

    def next_number(self, study: Study) -> int:
        found = [one.get(_SERIES_NUMBER) for one in study.instances]
        return max([number for number in found if isinstance(number, int)], default=0) + 1


def _study_of(parent: Study | Patient) -> Study:
    if isinstance(parent, Patient):
        return parent.new_study()
    if not isinstance(parent, Study):
        raise UnsupportedError(
            f"Cannot put a series into {parent!r:.60}; expected a study, or a patient for a new study."
        )
    return parent


def _inherited(study: Study) -> dict[AttributePath, Any]:
    """Return what a file of a study says of patient and study, ABSENT where the study has nothing to say."""
    found = {
        **dict.fromkeys((*PATIENT_ATTRIBUTES, *STUDY_ATTRIBUTES), ABSENT),
        **study.patient.inherited(PATIENT_ATTRIBUTES),
        **study.inherited(STUDY_ATTRIBUTES),
    }
    for keyword in ("StudyDate", "StudyTime", "StudyID", "AccessionNumber", "ReferringPhysicianName"):
        if found[parse(keyword)] is ABSENT:  # type 2: present, empty where unknown (PS3.3 C.7.2.1)
            found[parse(keyword)] = ""
    for keyword in ("PatientName", "PatientID", "PatientBirthDate", "PatientSex"):
        if found[parse(keyword)] is ABSENT:
            found[parse(keyword)] = ""
    return found


def _adopt(instance: Instance, inherited: Mapping[AttributePath, Any]) -> None:
    instance.on_disk(inherited)  # all by one walk
    for path, value in inherited.items():
        if value is not ABSENT or instance.value(path) is not ABSENT:
            instance.set(path, instance.element(path, value))


def _elements(wanted: Mapping[str, Any]) -> dict[AttributePath, Any]:
    return {parse(name): element_of(parse(name), value) for name, value in wanted.items()}


def _alike(a: Any, b: Any) -> bool:
    return a is b or (a is not ABSENT and b is not ABSENT and bool(a == b))


def _said(conditions: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in conditions.items())


def _there_are(series: Series, conditions: Mapping[str, Any]) -> str:
    """Return which values there are of the attributes asked for."""
    lines = []
    for name in conditions:
        read = reader(name)
        found = unique([value for one in series.instances if (value := read(one)) is not ABSENT])
        named = ", ".join(map(repr, found[:_NAMED])) + (", ..." if len(found) > _NAMED else "")
        lines.append(f"{name} is {named}" if found else f"{name} is absent")
    return "; ".join(lines)


def _new_uid() -> str:
    """Return a UID nobody else has (PS3.5 B.2)."""
    return f"2.25.{uuid.uuid4().int}"
