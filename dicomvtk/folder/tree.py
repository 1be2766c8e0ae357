"""A folder of DICOM: its files in a tree of patients, studies and series, and where they are kept."""

from __future__ import annotations

import os
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dicomvtk.atomic_folder import new_folder
from dicomvtk.dicom.archives import is_archive
from dicomvtk.dicom.files import Skipped, list_files
from dicomvtk.errors import DicomVtkWarning, NoDicomError, UnsupportedError, WriteError
from dicomvtk.folder import journal
from dicomvtk.folder.attribute_path import parse
from dicomvtk.folder.building import Building
from dicomvtk.folder.conditions import compiled
from dicomvtk.folder.grouping import place, regrouped
from dicomvtk.folder.header_values import ABSENT, read_plain
from dicomvtk.folder.instance import IDENTITY, Instance, stamp
from dicomvtk.folder.levels import Level, Patient, Study, counted
from dicomvtk.folder.places import layout
from dicomvtk.folder.rewrite import write_instance
from dicomvtk.folder.selection import Selection
from dicomvtk.folder.series import Series

if TYPE_CHECKING:
    from dicomvtk.folder.queries import Row

__all__ = ["Folder", "new", "open_folder"]

PathLike = str | os.PathLike[str]
Progress = Callable[[int, int], None]

_STUDY, _SERIES = parse("StudyInstanceUID"), parse("SeriesInstanceUID")
_STUDY_ORDER = (parse("StudyDate"), parse("StudyTime"))
_SERIES_NUMBER, _INSTANCE_NUMBER = parse("SeriesNumber"), parse("InstanceNumber")
_SOP_CLASS = parse("SOPClassUID")
_DIRECTORY_CLASS = "1.2.840.10008.1.3.10"


class Folder(Level):
    """Patients, studies and series under a path, as objects; see `dicomvtk.open_folder`.

    `root` is where they are kept, None for a folder that was never saved. `skipped` counts the files passed over, by
    reason. Nothing on disk changes before `save`.
    """

    def __init__(self, root: Path | None = None, progress: Progress | None = None) -> None:
        self._folder = self
        self._root = root
        self._all: list[Instance] = []
        self._patients: list[Patient] = []
        self._studies: list[Study] = []
        self._series: list[Series] = []
        self._members: dict[Series, list[Instance]] = {}
        self._skipped: Skipped = {}
        self._interrupted: journal.Interrupted | None = None
        self._scratch: tempfile.TemporaryDirectory[str] | None = None
        self._progress = progress
        self._building = Building(self)

    @property
    def root(self) -> Path | None:
        return self._root

    @property
    def progress(self) -> Progress | None:
        return self._progress

    @property
    def building(self) -> Building:
        """What makes new series of old ones."""
        return self._building

    @property
    def all_instances(self) -> list[Instance]:
        """Every file, deleted ones too, in order."""
        return self._all

    @property
    def patients(self) -> list[Patient]:
        return list(self._patients)

    @property
    def studies(self) -> list[Study]:
        return list(self._studies)

    @property
    def series(self) -> list[Series]:
        return list(self._series)

    @property
    def skipped(self) -> dict[str, int]:
        return {reason: len(paths) for reason, paths in sorted(self._skipped.items())}

    @property
    def unsaved(self) -> list[Path]:
        """The files that a save which did not end has not yet saved; empty where there was none."""
        return list(self._interrupted.unsaved) if self._interrupted else []

    def finish_save(self) -> None:
        """Complete a save that was interrupted, and read the folder again."""
        if self._interrupted is not None:
            journal.finish(self._interrupted)
            self._reopen()

    def drop_save(self) -> None:
        """Forget a save that was interrupted: every file stays as it is."""
        if self._interrupted is not None:
            journal.drop(self._interrupted)
            self._interrupted = None

    def new_patient(self, **attributes: Any) -> Patient:
        """Return a new patient; it is written when it has a series."""
        return self._building.new_patient(attributes)

    def find(self, **conditions: Any) -> list[Series]:
        """Return the series of which some file matches all conditions.

        Texts may hold the wildcards ``*`` and ``?``, dates and times ranges (``"20200101-20201231"``, open at either
        end); a list matches any of its values. Names match whatever their case. Own attributes work too.
        """
        from dicomvtk.folder import queries

        return queries.find(self, conditions)

    def where(self, **conditions: Any) -> Selection:
        """Return the files that match all conditions, in whatever series, to read, set and save together.

        ``folder.where(Modality="CT").PatientSex = "F"``; conditions are those of `find`.
        """
        tests = compiled(conditions)
        return Selection(self, (one for one in self.instances if all(test(one) for test in tests)))

    def table(self, columns: Sequence[Any] | None = None) -> list[Row]:
        """Return a row for each series, attribute by attribute, as pandas.DataFrame takes them."""
        from dicomvtk.folder import queries

        return queries.table(self, columns)

    def add(self, instances: Iterable[Instance]) -> None:
        """Take files into the tree, behind those that are there."""
        self._all.extend(instances)
        self.regroup()

    def add_draft(self, draft: Patient | Study) -> None:
        """Take in a patient or study that has no files yet."""
        if isinstance(draft, Study):
            self._studies.append(draft)
        else:
            self._patients.append(draft)

    def forget(self, gone: Iterable[Instance]) -> None:
        """Let go of files that no longer are, nor will be."""
        lost = {id(one) for one in gone}
        self._all = [one for one in self._all if id(one) not in lost]

    def settle_drafts(self) -> None:
        """Patients and studies that have files on disk need no attributes of their own any more."""
        for parent in (*self._patients, *self._studies):
            if parent.files:
                parent.settle()

    def forget_drafts(self, level: Level) -> None:
        """Let go of the studies and patients below `level` that have no files."""
        whole = level is self
        empty = [s for s in self._studies if not s.series and (whole or s.patient is level)]
        self._studies = [study for study in self._studies if study not in empty]
        if whole:
            self._patients = [patient for patient in self._patients if patient.series]

    def scratch(self) -> Path:
        """Return a private temporary folder where new files lie until they are saved."""
        if self._scratch is None:
            self._scratch = tempfile.TemporaryDirectory(prefix="dicomvtk-")
        return Path(tempfile.mkdtemp(dir=self._scratch.name))

    def regroup(self) -> None:
        """Build the tree again from the attributes that make it; objects stay those of their files."""
        self._patients, self._studies, self._series = regrouped(self, self._patients, self._studies)
        self._members = {}
        for one in self._all:
            if not one.deleted:
                self._members.setdefault(one.series, []).append(one)

    def members(self, series: Series) -> list[Instance]:
        """Return the files of a series, in order; none where it is no longer in the tree."""
        return list(self._members.get(series, ()))

    def detach(self, files: set[Path]) -> None:
        """Keep what new files are made of, before `files` are written over."""
        for one in self._all:
            if one.is_new and one.source in files:
                kept = self.scratch() / one.source.name
                shutil.copyfile(one.source, kept)
                one.source, one.stamp = kept, stamp(kept)

    def save_as(self, level: Level, path: Path) -> None:
        """Write all files of `level` to the new folder `path`, whole or not at all.

        A folder that was only in memory is from then on the folder at `path`.
        """
        instances = level.instances
        if not instances:
            raise WriteError(f"Cannot save {level!r} to {path}: it has no files.")
        held = len(list(path.iterdir())) if path.is_dir() else 0
        if held:
            raise WriteError(
                f"Cannot save {level!r} to {path}: it already holds {held} entries. Give a new or empty folder; "
                "save() without a path changes the files where they are."
            )
        names = dict(layout(level, instances))
        with new_folder(path) as filling:
            for n, (one, name) in enumerate(names.items()):
                (filling / name).parent.mkdir(parents=True, exist_ok=True)
                write_instance(one, filling / name)
                if self._progress is not None:
                    self._progress(n + 1, len(names))
        if self._root is None and len(instances) == len(self.instances):
            self._root = Path(path)
            for one, name in names.items():
                one.settled(self._root / name)
            self.settle_drafts()

    def _reopen(self) -> None:
        assert self._root is not None
        fresh = open_folder(self._root, progress=self._progress)
        self._all, self._skipped, self._interrupted = fresh._all, fresh._skipped, fresh._interrupted
        self._patients, self._studies, self._series = [], [], []
        for one in self._all:
            one.series = None
        self.regroup()
        self.settle()

    def settle(self) -> None:
        """Take note that the tree is now as on disk."""
        for one in self._all:
            if not one.is_new:
                one.home = one.series

    def _covers(self, instance: Instance) -> bool:
        return True

    def _was_home(self, instance: Instance) -> bool:
        return True

    def __repr__(self) -> str:
        where = self._root or "in memory"
        patients = counted(len(self._patients), "patient", "patients")
        studies = counted(len(self._studies), "study", "studies")
        files = counted(len(self.instances), "file", "files")
        return f"<Folder {where}: {patients}, {studies}, {len(self._series)} series, {files}>"

    def __str__(self) -> str:
        lines = [repr(self)]
        for patient in self._patients:
            lines.append(f"  {patient!r}")
            for study in patient.studies:
                lines.append(f"    {study!r}")
                lines += [f"      {series!r}" for series in study.series]
        return "\n".join(lines)


def new() -> Folder:
    """Return an empty folder in memory; see `dicomvtk.new_folder`."""
    return Folder()


def open_folder(path: PathLike, *, progress: Progress | None = None) -> Folder:
    """Return the folder at `path`; see `dicomvtk.open_folder`."""
    top = Path(path)
    if is_archive(os.fspath(path)):
        raise UnsupportedError(
            f"Cannot open {top} as a folder: the files in a zip archive cannot be changed in place. Unpack it first; "
            "dicomvtk.read() and the list of dicomvtk info take it as it is."
        )
    skipped: Skipped = {}
    files = list_files(top, skipped)
    folder = Folder(top if top.is_dir() else top.parent, progress)
    folder._skipped = skipped
    instances = []
    for n, file in enumerate(files):
        try:
            instances.append(_opened(Path(file)))
        except NoDicomError as no:
            skipped.setdefault(_reason(no), []).append(file)
        except OSError as error:
            skipped.setdefault(f"unreadable ({error.strerror})", []).append(file)
        if progress is not None:
            progress(n + 1, len(files))
    if not instances:
        raise NoDicomError(
            f"No DICOM file in {top}: {counted(len(files), 'file', 'files')} of other kinds. "
            "dicomvtk.new_folder() makes a new one."
        )
    folder._all = _sorted(instances)
    folder.regroup()
    folder.settle()
    folder._interrupted = journal.interrupted(folder._root) if folder._root is not None else None
    if folder._interrupted is not None:
        warnings.warn(str(folder._interrupted), DicomVtkWarning, stacklevel=3)
    return folder


def _opened(path: Path) -> Instance:
    known = read_plain(path, IDENTITY)
    if known[_SOP_CLASS] == _DIRECTORY_CLASS:
        raise NoDicomError("DICOMDIR")
    if all(known[name] is ABSENT for name in (_SOP_CLASS, _STUDY, _SERIES)):
        raise NoDicomError("DICOMDIR" if path.name.upper() == "DICOMDIR" else "without UIDs of class, study and series")
    return Instance(path, path, known)


def _reason(no: NoDicomError) -> str:
    text = str(no)
    return "not DICOM" if text.startswith("Cannot read") else text


def _sorted(instances: list[Instance]) -> list[Instance]:
    """Return the files by patient as found, then by study date, series number and instance number."""
    first: dict[Any, int] = {}
    dates: dict[Any, tuple[str, ...]] = {}
    keys = {}
    for n, one in enumerate(instances):
        patient, study, series = place(one)
        known = one.values([*_STUDY_ORDER, _SERIES_NUMBER, _INSTANCE_NUMBER])
        date = tuple(str(known[name]) if known[name] is not ABSENT else "" for name in _STUDY_ORDER)
        keys[one] = (
            first.setdefault(patient, n),
            dates.setdefault((patient, study), date),
            first.setdefault((patient, study), n),
            _number(known[_SERIES_NUMBER]),
            first.setdefault((patient, study, series), n),
            _number(known[_INSTANCE_NUMBER]),
            n,
        )
    return sorted(instances, key=keys.__getitem__)


def _number(value: Any) -> float:
    return float(value) if isinstance(value, (int, float)) else float("inf")
