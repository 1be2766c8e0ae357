"""Patients and studies, and what they share with folder and series: attributes, those of the files below."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike
from pydicom.dataelem import DataElement

from dicomvtk.errors import UnsupportedError
from dicomvtk.folder import own_attributes
from dicomvtk.folder.attribute_path import AttributePath, MissingAttributeError, Name, is_keyword, named, parse
from dicomvtk.folder.edits import Change, changes_of, restore, save
from dicomvtk.folder.header_values import ABSENT, plain
from dicomvtk.folder.instance import Instance
from dicomvtk.folder.unique import one_or_unique, unique
from dicomvtk.folder.value_forms import element_of
from dicomvtk.volume import Volume

if TYPE_CHECKING:
    from dicomvtk.folder.series import Series
    from dicomvtk.folder.tree import Folder

__all__ = ["PATIENT_ATTRIBUTES", "STUDY_ATTRIBUTES", "Level", "Patient", "Study", "counted", "serials"]

PathLike = str | os.PathLike[str]

#: What a new series takes from its patient and study (PS3.3 C.7.1.1, C.7.2.1 and C.7.2.2).
PATIENT_ATTRIBUTES = tuple(
    parse(keyword)
    for keyword in "PatientName PatientID IssuerOfPatientID PatientBirthDate PatientBirthTime PatientSex".split()  # noqa: SIM905
)
STUDY_ATTRIBUTES = tuple(
    parse(keyword)
    for keyword in """StudyInstanceUID StudyDate StudyTime ReferringPhysicianName StudyID AccessionNumber
        StudyDescription PatientAge PatientSize PatientWeight""".split()  # noqa: SIM905
)
#: Numbers the objects of all trees as they come.
serials = count(1)
_TREE = frozenset(map(parse, ("PatientID", "PatientName", "StudyInstanceUID", "SeriesInstanceUID")))
_OWN_EACH = parse("SOPInstanceUID")


def counted(number: int, one: str, many: str) -> str:
    """Return a number with its noun, for messages."""
    return f"{number} {one if number == 1 else many}"


class Level:
    """What folder, patient, study and series have in common: attributes to read and set, save and restore.

    CamelCase names are the standard's keywords; ``level["Rows"]``, ``level[(0x0028, 0x0010)]`` and a list of either
    read the same. lower_case attributes are this package's and yours (`register_attribute`).
    """

    _folder: Folder
    #: When it came into the folder: the order in which it is listed.
    _serial = 0
    #: True where one value stands for many files that agree; else the list of unique values is given.
    _single = False
    #: ``level[0]`` is no attribute, so Python must not count on from it: loop over .series, .instances and their like.
    __iter__: None = None

    @property
    def folder(self) -> Folder:
        return self._folder

    @property
    def instances(self) -> list[Instance]:
        """The files, in order."""
        return [instance for instance in self._folder.all_instances if not instance.deleted and self._covers(instance)]

    @property
    def files(self) -> list[Path]:
        """Where the files are, those not yet saved left out."""
        return [instance.path for instance in self.instances if instance.path is not None]

    @property
    def changes(self) -> list[Change]:
        """What `save` would do, an entry for each attribute of each file."""
        return changes_of(self._concerned())

    def save(self, path: PathLike | None = None) -> None:
        """Write all changes below this level; with `path`, write all files to that new folder.

        A file is never half written, and none is replaced before all new versions are whole on disk. Raises WriteError.
        """
        if path is None:
            save(self._folder, self._concerned())
        else:
            self._folder.save_as(self, Path(path))

    def restore(self) -> None:
        """Go back to what is on disk: edits are undone, new series vanish, moved and deleted ones return."""
        restore(self._folder, self._concerned())
        self._folder.forget_drafts(self)

    def get(self, name: Name, default: Any = None) -> Any:
        """Return an attribute, `default` where no file has it."""
        try:
            return self[name]
        except MissingAttributeError:
            return default

    def header(self, n: int = 0) -> Any:
        """Return the header of the n-th file as a pydicom Dataset with the edits made; a copy."""
        return self.instances[n].header()

    def __contains__(self, name: Name) -> bool:
        """Return whether any file has the attribute; raises MissingAttributeError for what is none of DICOM's."""
        return any(value is not ABSENT for value in self._values([parse(name)])[parse(name)])

    def __getitem__(self, names: Any) -> Any:
        paths, several = named(names)
        values = self._values(paths)
        results = [self._summary(path, values[path]) for path in paths]
        return results if several else results[0]

    def __setitem__(self, names: Any, value: Any) -> None:
        paths, several = named(names)
        if not several:
            self._set({paths[0]: value})
            return
        if not isinstance(value, (Sequence, np.ndarray)) or isinstance(value, str) or len(value) != len(paths):
            raise UnsupportedError(f"Cannot set {len(paths)} attributes to {value!r:.60}; give {len(paths)} values.")
        self._set(dict(zip(paths, value, strict=True)))

    def __delitem__(self, names: Any) -> None:
        paths, _ = named(names)
        self._set(dict.fromkeys(paths, ABSENT))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        if is_keyword(name) or name[:1].isupper():
            return self[name]
        own = own_attributes.find(name)
        if own is None:
            raise own_attributes.unknown(type(self).__name__, name)
        found = [own.get(instance) for instance in self.instances]
        return self._summed(name, [ABSENT if value is None else value for value in found])

    def __setattr__(self, name: str, value: Any) -> None:
        if name.startswith("_"):
            object.__setattr__(self, name, value)
        elif is_keyword(name) or name[:1].isupper():
            self[name] = value
        else:
            own_attributes.set_for(type(self).__name__, name, value, self.instances)

    def __delattr__(self, name: str) -> None:
        if name.startswith("_"):
            object.__delattr__(self, name)
        else:
            del self[name]

    def _covers(self, instance: Instance) -> bool:
        raise NotImplementedError

    def _concerned(self) -> list[Instance]:
        """Return all files that are, or were when last saved, below this level; deleted ones too."""
        return [one for one in self._folder.all_instances if self._covers(one) or self._was_home(one)]

    def _was_home(self, instance: Instance) -> bool:
        raise NotImplementedError

    def _values(self, paths: Sequence[AttributePath]) -> dict[AttributePath, list[Any]]:
        found: dict[AttributePath, list[Any]] = {path: [] for path in paths}
        for instance in self.instances:
            for path, value in instance.values(paths).items():
                found[path].append(value)
        return found

    def _summary(self, path: AttributePath, values: list[Any]) -> Any:
        return self._summed(path.spelled(), values)

    def _summed(self, name: str, values: list[Any]) -> Any:
        if not self._single:
            return unique([value for value in values if value is not ABSENT])
        if all(value is ABSENT for value in values):
            raise MissingAttributeError(f"No file of {self!r} has {name}.")
        return one_or_unique([None if value is ABSENT else value for value in values])

    def _set(self, wanted: dict[AttributePath, Any]) -> None:
        """Check all values against their VR, then set them in every file below."""
        instances = self.instances
        if _OWN_EACH in wanted and len(instances) > 1:
            raise UnsupportedError(
                f"Cannot set {_OWN_EACH.spelled()} of {len(instances)} files to one value: each needs its own."
            )
        elements = [(one, path, one.element(path, value)) for one in instances for path, value in wanted.items()]
        for instance in instances:
            instance.on_disk(wanted)  # all by one walk
        for instance, path, element in elements:
            instance.set(path, element)
        if _TREE & set(wanted):
            self._folder.regroup()


class _Parent(Level):
    """A level that may be made before any file is below it: its attributes then wait for the first series."""

    def __init__(self, folder: Folder, drafted: dict[AttributePath, DataElement] | None = None) -> None:
        self._folder = folder
        self._drafted: dict[AttributePath, DataElement] = drafted or {}
        self._serial = next(serials)
        self._key: tuple[str, ...] = ()

    def _values(self, paths: Sequence[AttributePath]) -> dict[AttributePath, list[Any]]:
        found = super()._values(paths)
        if not self.instances:
            return {path: [plain(self._drafted[path])] if path in self._drafted else [] for path in paths}
        return found

    def _set(self, wanted: dict[AttributePath, Any]) -> None:
        if self.instances:
            super()._set(wanted)
            return
        made = {path: element_of(path, value) for path, value in wanted.items() if value is not ABSENT}
        self._drafted = {path: e for path, e in self._drafted.items() if path not in wanted} | made

    def inherited(self, paths: Iterable[AttributePath]) -> dict[AttributePath, Any]:
        """Return what a new series below takes from this level, by path."""
        wanted = list(paths)
        instances = self.instances
        if not instances:
            return {path: plain(element) for path, element in self._drafted.items()}
        return {path: value for path, value in instances[0].values(wanted).items() if value is not ABSENT}

    @property
    def series(self) -> list[Series]:
        """The series below, in order."""
        raise NotImplementedError

    def delete(self) -> None:
        """Take all series away; their files are removed from the disk by `save`, and come back by `restore`."""
        self.settle()
        for one in self.series:
            one.delete()
        self._folder.regroup()

    def settle(self) -> None:
        """Take note that the attributes are those of the files below."""
        self._drafted = {}

    def _line(self, keywords: Sequence[str]) -> str:
        found = [[str(value) for value in self.get(keyword, []) if value not in ("", None)] for keyword in keywords]
        texts = [", ".join(values) for values in found]
        return " ".join(text for text in texts if text) or "-"


class Patient(_Parent):
    """One patient: the files of one PatientID (of one PatientName where the ID is empty)."""

    @property
    def studies(self) -> list[Study]:
        return [study for study in self._folder.studies if study.patient is self]

    @property
    def series(self) -> list[Series]:
        return [series for series in self._folder.series if series.patient is self]

    def new_study(self, **attributes: Any) -> Study:
        """Return a new study of this patient; it is written when it has a series."""
        return self._folder.building.new_study(self, attributes)

    def _covers(self, instance: Instance) -> bool:
        return instance.series.patient is self

    def _was_home(self, instance: Instance) -> bool:
        return instance.home is not None and instance.home.patient is self

    def __repr__(self) -> str:
        return f"<Patient {self._line(['PatientName', 'PatientID'])}: {counted(len(self.studies), 'study', 'studies')}>"


class Study(_Parent):
    """One study: the files of one StudyInstanceUID of a patient."""

    def __init__(self, folder: Folder, drafted: dict[AttributePath, DataElement] | None = None) -> None:
        super().__init__(folder, drafted)
        self._patient: Patient | None = None

    @property
    def patient(self) -> Patient:
        assert self._patient is not None
        return self._patient

    @property
    def series(self) -> list[Series]:
        return [series for series in self._folder.series if series.study is self]

    def new_series(
        self, array: Volume | ArrayLike | None = None, *, shape: Sequence[int] = (128, 128, 1), **attributes: Any
    ) -> Series:
        """Return a new series of this study: of `array` (i, j, k), or blank of `shape`. See `dicomvtk.as_series`."""
        return self._folder.building.new_series(self, array, shape, attributes)

    def merge(self, *series: Series, **attributes: Any) -> Series:
        """Return a new series of this study that holds copies of all files of `series`, numbered on."""
        return self._folder.building.merged(self, series, attributes)

    def _covers(self, instance: Instance) -> bool:
        return instance.series.study is self

    def _was_home(self, instance: Instance) -> bool:
        return instance.home is not None and instance.home.study is self

    def __repr__(self) -> str:
        return f"<Study {self._line(['StudyDate', 'StudyDescription'])}: {len(self.series)} series>"
