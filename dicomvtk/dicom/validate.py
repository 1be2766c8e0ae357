"""What is wrong with the files of a folder: each against DICOM's own rules, and all of them against each other.

dciodvfy and dcentvfy (dicom3tools) are asked too where they are installed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from pydicom import Dataset, config, dcmread
from pydicom.datadict import dictionary_VM, keyword_for_tag
from pydicom.dataelem import RawDataElement
from pydicom.errors import InvalidDicomError
from pydicom.valuerep import validate_value

from dicomvtk.dicom.files import list_files
from dicomvtk.dicom.reader import find_series
from dicomvtk.errors import DicomVtkWarning, NoDicomError

__all__ = ["Complaint", "validate"]

#: What all images of one series agree in (PS3.3 A.1.2: they are attributes of patient, study, series and space).
_SHARED = (
    "PatientID",
    "PatientName",
    "StudyInstanceUID",
    "StudyDate",
    "StudyTime",
    "Modality",
    "SeriesNumber",
    "FrameOfReferenceUID",
    "SOPClassUID",
)
_ENTITIES = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "FrameOfReferenceUID")
_TEXTS = frozenset(["AE", "AS", "CS", "DA", "DS", "DT", "IS", "LO", "LT", "PN", "SH", "ST", "TM", "UI"])
_ONE_VALUE = frozenset(["LT", "ST", "UT"])
_DIRECTORY = "1.2.840.10008.1.3.10"
_ERROR, _WARNING = "Error", "Warning"
_SHOWN_CHARACTERS = 40


@dataclass(frozen=True)
class Complaint:
    """One thing wrong, and the files it is wrong in; `check` says who found it."""

    severity: Literal["error", "warning"]
    check: str
    message: str
    files: tuple[str, ...]


def validate(
    path: str | os.PathLike[str],
    *,
    programs: bool = True,
    progress: Callable[[int, int], None] | None = None,
) -> list[Complaint]:
    """Return what is wrong with the DICOM files at `path`, a file or a folder: errors first.

    `programs` asks dciodvfy and dcentvfy where they are installed. Raises NoDicomError where nothing is DICOM.
    """
    datasets: dict[str, Dataset] = {}
    found: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    files = list_files(path, {})
    for n, file in enumerate(files):
        dataset = _read(file)
        if dataset is not None:
            datasets[file] = dataset
            _collect(found, file, _of_values(dataset))
            if programs:
                _collect(found, file, _of_program("dciodvfy", [file]))
        if progress is not None:
            progress(n + 1, len(files))
    if not datasets:
        raise NoDicomError(f"Cannot validate {path}: none of its {len(files)} files is DICOM.")
    complaints = [_complaint(*key, names) for key, names in found.items()]
    complaints += [*_of_identity(datasets), *_of_series(datasets), *_of_grid(path)]
    if programs:
        together = _of_program("dcentvfy", list(datasets))
        complaints += [_complaint(severity, check, message, ()) for severity, check, message in together]
    return sorted(complaints, key=lambda complaint: complaint.severity != "error")


def _read(file: str) -> Dataset | None:
    """Return the header of a file, None where it is no DICOM, or a directory of such."""
    try:
        dataset = dcmread(file, stop_before_pixels=True)
    except (InvalidDicomError, OSError, EOFError):
        return None
    return None if str(dataset.file_meta.get("MediaStorageSOPClassUID")) == _DIRECTORY else dataset


def _collect(
    found: dict[tuple[str, str, str], list[str]], file: str, complaints: Iterable[tuple[str, str, str]]
) -> None:
    for key in dict.fromkeys(complaints):
        found[key].append(file)


def _of_values(dataset: Dataset) -> Iterator[tuple[str, str, str]]:
    """Yield what is wrong with single values: their length, their form, and how many there are."""
    for tag in sorted(dataset.keys()):
        raw = dataset.get_item(tag)
        if not isinstance(raw, RawDataElement) or raw.VR not in _TEXTS or raw.tag.is_private or not raw.value:
            continue
        text = raw.value.decode("latin-1").rstrip("\0 ")
        parts = [text] if raw.VR in _ONE_VALUE else text.split("\\")
        name = f"{keyword_for_tag(tag)} ({tag.group:04X},{tag.element:04X}) {raw.VR}"
        for part in parts:
            try:
                validate_value(raw.VR, part.strip() if raw.VR in ("DS", "IS", "CS") else part, config.RAISE)
            except ValueError as error:
                yield "error", "value", f"{name} holds {part[:_SHOWN_CHARACTERS]!r}: {error}"
        allowed = _multiplicity(int(tag))
        if text and not _fits(len(parts), allowed):
            yield "error", "value", f"{name} has {len(parts)} values; expected {allowed}"
    meta = str(dataset.file_meta.get("MediaStorageSOPInstanceUID", ""))
    if meta != str(dataset.get("SOPInstanceUID", "")):
        yield "error", "value", "MediaStorageSOPInstanceUID (0002,0003) is not SOPInstanceUID (0008,0018)"


def _multiplicity(tag: int) -> str:
    try:
        return str(dictionary_VM(tag))
    except KeyError:
        return "1-n"


def _fits(count: int, allowed: str) -> bool:
    """True where `count` values are as many as a VM of PS3.6 allows: ``1``, ``1-3``, ``2-2n``, ``1-n``."""
    if " or " in allowed:
        return any(_fits(count, one) for one in allowed.split(" or "))
    low, dash, high = allowed.partition("-")
    if not dash:
        return count == int(low)
    if high.endswith("n"):
        return count >= int(low) and count % int(high[:-1] or 1) == 0
    return int(low) <= count <= int(high)


def _of_identity(datasets: dict[str, Dataset]) -> Iterator[Complaint]:
    """Yield UIDs of images that are not their own, UIDs of two kinds of thing, and files of several studies."""
    owners: dict[str, set[str]] = defaultdict(set)
    files: dict[str, list[str]] = defaultdict(list)
    for file, dataset in datasets.items():
        for keyword in _ENTITIES:
            owners[str(dataset.get(keyword, ""))].add(keyword)
        files[str(dataset.get("SOPInstanceUID", ""))].append(file)
    for uid, names in files.items():
        if len(names) > 1:
            yield _complaint("error", "identity", f"SOPInstanceUID (0008,0018) {uid} is of {len(names)} files", names)
    for uid, keywords in owners.items():
        if uid and len(keywords) > 1:
            yield _complaint("error", "identity", f"the UID {uid} is {' and '.join(sorted(keywords))}", ())
    studies = {str(dataset.get("StudyInstanceUID", "")) for dataset in datasets.values()}
    if len(studies) > 1:
        message = f"{len(studies)} studies (StudyInstanceUID (0020,000D)); expected one"
        yield _complaint("error", "identity", message, ())


def _of_series(datasets: dict[str, Dataset]) -> Iterator[Complaint]:
    """Yield attributes in which the images of one series differ and must not."""
    series: dict[str, list[str]] = defaultdict(list)
    for file, dataset in datasets.items():
        series[str(dataset.get("SeriesInstanceUID", ""))].append(file)
    for uid, files in series.items():
        for keyword in _SHARED:
            values = dict.fromkeys(str(datasets[file].get(keyword, "")) for file in files)
            if len(values) > 1:
                shown = ", ".join(value[:_SHOWN_CHARACTERS] or "nothing" for value in list(values)[:3])
                message = f"{keyword} takes {len(values)} values in series {uid} ({shown}); expected one"
                yield _complaint("error", "series", message, files)


def _of_grid(path: str | os.PathLike[str]) -> Iterator[Complaint]:
    """Yield what stands in the way of a regular volume, as reading would tell it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DicomVtkWarning)
        try:
            entries = find_series(path)
        except NoDicomError:
            return
    for entry in entries:
        for finding in entry.findings:
            if finding.severity != "info":
                severity = "error" if finding.severity == "stop" else "warning"
                yield _complaint(severity, "grid", f"{entry.key}: {finding.message}", finding.files)


def _of_program(program: str, files: Sequence[str]) -> list[tuple[str, str, str]]:
    """Return what a validator of dicom3tools says of `files`; nothing where it is not installed."""
    if shutil.which(program) is None:
        return []
    result = subprocess.run([program, *files], capture_output=True, text=True, errors="replace", check=False)
    lines = (result.stdout + result.stderr).splitlines()
    told = [
        (line.split(" - ", 1)[0], line.split(" - ", 1)[-1]) for line in lines if line.startswith((_ERROR, _WARNING))
    ]
    found = [("error" if kind.startswith(_ERROR) else "warning", program, message) for kind, message in told]
    if result.returncode < 0:
        found.append(("warning", program, "the validator itself broke off; it does not know 32-bit pixels"))
    return found


def _complaint(severity: str, check: str, message: str, files: Iterable[str]) -> Complaint:
    return Complaint("error" if severity == "error" else "warning", check, message, tuple(files))
