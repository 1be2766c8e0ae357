"""The tree over a folder's files: which patient, study and series each belongs to, by the attributes it has now."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from dicomvtk.folder.attribute_path import parse
from dicomvtk.folder.header_values import ABSENT
from dicomvtk.folder.instance import Instance
from dicomvtk.folder.levels import Patient, Study
from dicomvtk.folder.series import Series

if TYPE_CHECKING:
    from dicomvtk.folder.tree import Folder

__all__ = ["place", "regrouped"]

_NAMES = tuple(map(parse, ("PatientID", "PatientName", "StudyInstanceUID", "SeriesInstanceUID")))
_Node = TypeVar("_Node", Patient, Study, Series)
Key = tuple[str, ...]


def place(instance: Instance) -> tuple[str, str, str]:
    """Return what tells patient, study and series of a file from others."""
    found = instance.values(_NAMES)
    identifier, name, study, series = (str(found[path]) if found[path] is not ABSENT else "" for path in _NAMES)
    return (identifier or f"name {name}", study, series)


def regrouped(
    folder: Folder, patients: Sequence[Patient], studies: Sequence[Study]
) -> tuple[list[Patient], list[Study], list[Series]]:
    """Return the tree over the files that are not deleted; objects of the old tree stay those of the same files.

    Patients and studies without files are kept until they have some.
    """
    live: list[tuple[Instance, Key]] = [(one, place(one)) for one in folder.all_instances if not one.deleted]
    every = folder.all_instances
    old_series = _known([one.series for one in every] + [one.home for one in every])
    old_studies = _known([*studies, *(series._study for series in old_series)])
    old_patients = _known([*patients, *(study._patient for study in old_studies)])
    series = _matched(live, 3, old_series, lambda one: one.series, lambda: Series(folder))
    of_study = _matched(live, 2, old_studies, lambda one: one.series and one.series._study, lambda: Study(folder))
    of_patient = _matched(
        live, 1, old_patients, lambda one: one.series and one.series.study._patient, lambda: Patient(folder)
    )
    for one, key in live:
        one.series = series[key]
    for place_of_series, node in series.items():
        node._study = of_study[place_of_series[:2]]
    for place_of_study, study in of_study.items():
        study._patient = of_patient[place_of_study[:1]]
    drafts = [study for study in studies if study._drafted and study not in of_study.values()]
    draft_patients = [patient for patient in patients if patient._drafted and patient not in of_patient.values()]
    return (
        sorted([*of_patient.values(), *draft_patients], key=_age),
        sorted([*of_study.values(), *drafts], key=_age),
        sorted(series.values(), key=_age),
    )


def _age(node: Patient | Study | Series) -> int:
    return node._serial


def _matched(
    live: Iterable[tuple[Instance, Key]],
    depth: int,
    old: Sequence[_Node],
    before: Callable[[Instance], Any],
    make: Callable[[], _Node],
) -> dict[Key, _Node]:
    """Return the object of each group: the one that had its key, else one that its files had, else a new one."""
    groups: dict[Key, list[Instance]] = {}
    for one, key in live:
        groups.setdefault(key[:depth], []).append(one)
    by_key = {node._key: node for node in old if node._key}
    found: dict[Key, _Node] = {key: by_key[key] for key in groups if key in by_key}
    taken = {id(node) for node in found.values()}
    for key, members in groups.items():
        if key in found:
            continue
        free = (node for node in map(before, members) if node is not None and id(node) not in taken)
        found[key] = next(free, None) or make()
        taken.add(id(found[key]))
    for key, node in found.items():
        node._key = key
    return {key: found[key] for key in groups}


def _known(nodes: Iterable[_Node | None]) -> list[_Node]:
    """Return the different objects, in order."""
    return list({id(node): node for node in nodes if node is not None}.values())
