"""From a path to its stacks: files, headers, series, stacks."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable

from dicomvtk.dicom.archives import list_all
from dicomvtk.dicom.elements import NotDicom
from dicomvtk.dicom.files import NOT_THERE, Skipped
from dicomvtk.dicom.findings import finding
from dicomvtk.dicom.frames import Frame
from dicomvtk.dicom.headers import DamagedImage, HeaderReader, NotAnImage
from dicomvtk.dicom.headers_pydicom import DamagedFile
from dicomvtk.dicom.series import FrameGroup, group_frames
from dicomvtk.dicom.stack import Stack
from dicomvtk.dicom.stacking import build_stack
from dicomvtk.dicom.tags import Tag

__all__ = ["Scan", "scan"]

Progress = Callable[[int, int], None]
PathLike = str | os.PathLike[str]

#: Progress is told once for so many headers.
_TELL_EVERY = 64


#: In a folder, the (file, reason) of what could not be read.
_Damage = dict[str, list[tuple[str, str]]]


class Scan(list[Stack]):
    """The stacks under a path, and what was passed over.

    `skipped` counts files by reason; `skipped_files` names them, and `damage` says of damaged ones what is wrong.
    """

    def __init__(self, stacks: Iterable[Stack], skipped_files: Skipped, damage: dict[str, str]) -> None:
        super().__init__(stacks)
        self.skipped_files = skipped_files
        self.damage = damage

    @property
    def skipped(self) -> dict[str, int]:
        return {reason: len(paths) for reason, paths in sorted(self.skipped_files.items())}


def scan(path: PathLike | Iterable[PathLike], progress: Progress | None = None) -> Scan:
    """Return every stack under `path`, in order of study, series number and first file.

    Raises NoDicomError for a path that does not exist; a path without DICOM gives an empty scan.
    """
    skipped: Skipped = {}
    found = list_all(path, skipped)
    frames, damaged, foreign = _read_headers(found.files, skipped, progress)
    for member, reason in found.damaged:
        damaged.setdefault(os.path.dirname(member), []).append((member, reason))
    for missing in skipped.get(NOT_THERE, []):
        damaged.setdefault(os.path.dirname(missing), []).append((missing, NOT_THERE))
    groups = [_with_damage(group, damaged, foreign) for group in group_frames(frames)]
    groups.sort(key=lambda group: _order(group.frames[0]))
    stacks = [build_stack(key, group) for key, group in zip(_keys(groups), groups, strict=True)]
    return Scan(stacks, skipped, dict(bad for folder in damaged.values() for bad in folder))


def _read_headers(
    files: list[str], skipped: Skipped, progress: Progress | None
) -> tuple[list[Frame], _Damage, _Damage]:
    """Return all frames, the DICOM files that could not be read, and the files that are no DICOM."""
    reader = HeaderReader()
    frames: list[Frame] = []
    damaged: _Damage = {}
    foreign: _Damage = {}
    for n, path in enumerate(files):
        try:
            frames += reader.frames(path)
        except NotDicom as no:
            skipped.setdefault(str(no), []).append(path)
            foreign.setdefault(os.path.dirname(path), []).append((path, str(no)))
        except NotAnImage as no:
            skipped.setdefault(str(no), []).append(path)
        except (DamagedFile, DamagedImage) as damage:
            skipped.setdefault("damaged", []).append(path)
            damaged.setdefault(os.path.dirname(path), []).append((path, str(damage)))
        except OSError as error:
            skipped.setdefault("unreadable", []).append(path)
            damaged.setdefault(os.path.dirname(path), []).append((path, error.strerror or str(error)))
        if progress is not None and n % _TELL_EVERY == 0:
            progress(n, len(files))
    if progress is not None and files:
        progress(len(files), len(files))
    return frames, damaged, foreign


def _with_damage(group: FrameGroup, damaged: _Damage, foreign: _Damage) -> FrameGroup:
    """Tell a series of the files beside it that could not be read: a slice of it may be among them.

    A file that is no DICOM counts where it is called as the slices are: an empty IM003.dcm was one of them.
    """
    paths = {frame.path for frame in group.frames}
    if len(paths) == 1:
        return group  # one file is all there is of it: no slice of it is elsewhere
    folders = dict.fromkeys(map(os.path.dirname, sorted(paths)))
    beside = [bad for folder in folders for bad in damaged.get(folder, [])]
    if any(folder in foreign for folder in folders):
        patterns = {_pattern(path) for path in paths}
        beside += [bad for folder in folders for bad in foreign.get(folder, []) if _pattern(bad[0]) in patterns]
    if not beside:
        return group
    path, reason = beside[0]
    message = f"{os.path.basename(path)} beside it cannot be read ({reason})" + (
        f", nor can {len(beside) - 1} more files." if len(beside) > 1 else "."
    )
    found = finding("unreadable", f"{message} A slice of this series may be among them.", [p for p, _ in beside])
    return FrameGroup(group.frames, (*group.findings, found))


def _pattern(path: str) -> str:
    """Return the path with each number in its name as one sign; a name without one is like no other."""
    folder, name = os.path.split(path)
    return os.path.join(folder, re.sub(r"\d+", "\0", name))


def _order(frame: Frame) -> tuple[str, str, str, float, str]:
    """Series by patient, then by the date of their study, then by number; UIDs where these do not tell."""
    common = frame.common
    number = float("inf") if common.series_number is None else common.series_number
    return (common.text(Tag.PatientID), common.text(Tag.StudyDate), common.study_uid, number, common.series_uid)


def _keys(groups: list[FrameGroup]) -> list[str]:
    """Return a short name for each group: its series number, a letter where the series makes several entries."""
    series: dict[tuple[str, str], list[int]] = {}
    for n, group in enumerate(groups):
        common = group.frames[0].common
        series.setdefault((common.study_uid, common.series_uid), []).append(n)
    keys = [""] * len(groups)
    used: set[str] = set()
    for members in series.values():
        number = groups[members[0]].frames[0].common.series_number
        stem = base = "x" if number is None else str(number)
        again = 2
        while stem in used:
            stem, again = f"{base}-{again}", again + 1
        used.add(stem)
        for n, member in enumerate(members):
            keys[member] = stem if len(members) == 1 else f"{stem}{_letters(n)}"
    return keys


def _letters(n: int) -> str:
    """a, b, ... z, aa, ab, ..."""
    text = ""
    n += 1
    while n:
        n, rest = divmod(n - 1, 26)
        text = chr(ord("a") + rest) + text
    return text
