"""Zip archives: their DICOM members as files in a private folder that lives as long as anything names one of them.

A reader reads members at many offsets, and twice (headers, then pixels), which a deflated stream does not allow; as
files they take the way of all others, and error messages name the archive and the member as parts of the path. What is
no DICOM by its first bytes is not unpacked. Nothing an archive says of itself is believed: its members' names become
plain names inside the folder, and it may not unpack to more than is plausible (`_limit`).
"""

from __future__ import annotations

import os
import re
import shutil
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from natsort import natsorted

from dicomvtk.dicom.files import Skipped, list_files
from dicomvtk.errors import UnsupportedError

__all__ = ["Found", "is_archive", "list_all"]

PathLike = str | os.PathLike[str]

_MAGIC = b"PK\x03\x04"
_EMPTY_MAGIC = b"PK\x05\x06"
#: Archives unpack to 1 GiB whatever their size; beyond, to 200 times it. Images deflate to a half or a third.
_FREELY_UNPACKED = 1 << 30
_MAX_RATIO = 200
#: As much of the disk is left to others.
_SPARED = 256 << 20
#: A study has some ten thousand images; the directory of an archive is held in memory.
_MOST_MEMBERS = 500_000
_BLOCK = 1 << 20
_HEAD = 132
_ENCRYPTED = 0x1
_IS_ENCRYPTED = "encrypted member of an archive"
#: What zipfile raises on an archive that is not what it says.
_DAMAGE = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, RuntimeError, ValueError, OverflowError)
#: Bytes of a file's name, and folders, so that no path is too long for a file system.
_LONGEST_NAME, _DEEPEST = 100, 20


@dataclass(frozen=True)
class Found:
    """The regular files under a path, and by (path, reason) the members of archives that could not be unpacked."""

    files: list[str]
    damaged: list[tuple[str, str]] = field(default_factory=list)


class _Member(str):
    """The path of an unpacked member: a text like any other, that keeps the folder it lies in."""

    folder: tempfile.TemporaryDirectory[str]

    def __reduce__(self) -> tuple[type[str], tuple[str]]:
        return str, (str(self),)


def list_all(path: PathLike | Iterable[PathLike], skipped: Skipped) -> Found:
    """Return the files under `path` as `list_files` does; those of an archive, where `path` is one or names some.

    Members that are encrypted, or archives themselves, are added to `skipped` by reason. Raises NoDicomError for a path
    that does not exist, UnsupportedError for an archive that cannot be unpacked, or would unpack to too much.
    """
    if isinstance(path, str | os.PathLike):
        path = [path]
    plain: list[PathLike] = []
    files: list[str] = []
    damaged: list[tuple[str, str]] = []
    for one in path:
        if not is_archive(os.fspath(one)):
            plain.append(one)
            continue
        unpacked = _unpacked(os.fspath(one), skipped)
        files += unpacked.files
        damaged += unpacked.damaged
    return Found([*(list_files(plain, skipped) if plain else []), *files], damaged)


def is_archive(path: str) -> bool:
    """True for a regular file that begins as a zip archive does."""
    if not os.path.isfile(path):
        return False
    try:
        with open(path, "rb") as file:
            head = file.read(_HEAD)
    except OSError:
        return False  # told by the way of all files
    return head.startswith((_MAGIC, _EMPTY_MAGIC)) and not _has_preamble(head)


def _unpacked(path: str, skipped: Skipped) -> Found:
    """Unpack the DICOM members of the archive at `path`."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
            _check(path, members)
            return _unpack(path, archive, members, skipped)
    except UnsupportedError:
        raise
    except (*_DAMAGE, OSError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise UnsupportedError(
            f"Cannot unpack {path}: {reason}. Expected a whole zip archive and room for it in {tempfile.gettempdir()}; "
            "unpack it by hand and name the folder."
        ) from error


def _check(path: str, members: list[zipfile.ZipInfo]) -> None:
    """Refuse an archive that states more members or bytes than is plausible; no member can give more than it states."""
    if len(members) > _MOST_MEMBERS:
        raise UnsupportedError(
            f"Cannot unpack {path}: it lists {len(members)} members; expected up to {_MOST_MEMBERS}."
        )
    stated = sum(member.file_size for member in members)
    limit, why = _limit(path)
    if stated > limit:
        raise UnsupportedError(
            f"Cannot unpack {path}: its {os.path.getsize(path)} bytes unpack to {stated >> 20} MiB; expected up to "
            f"{limit >> 20} MiB, {why}. Unpack it by hand if it is right, and name the folder."
        )


def _limit(path: str) -> tuple[int, str]:
    """Return how many bytes an archive may unpack to, and why."""
    room = max(0, shutil.disk_usage(tempfile.gettempdir()).free - _SPARED)
    plausible = max(_FREELY_UNPACKED, os.path.getsize(path) * _MAX_RATIO)
    if room < plausible:
        return room, f"the room in {tempfile.gettempdir()}"
    return plausible, f"{_MAX_RATIO} times its size or {_FREELY_UNPACKED >> 20} MiB"


def _unpack(path: str, archive: zipfile.ZipFile, members: list[zipfile.ZipInfo], skipped: Skipped) -> Found:
    folder = tempfile.TemporaryDirectory(prefix="dicomvtk-", ignore_cleanup_errors=True)
    top = os.path.join(folder.name, _plain_name(os.path.basename(path)) or "archive.zip")
    found, damaged = [], []
    taken: dict[str, bool] = {}
    for member in members:
        target = _place(top, member.filename, taken)
        try:
            reason = _write(archive, member, target)
        except _DAMAGE as error:
            skipped.setdefault("damaged", []).append(target)
            damaged.append((target, str(error)))
            if os.path.exists(target):
                os.remove(target)
            continue
        if reason == _IS_ENCRYPTED:
            damaged.append((target, "encrypted"))
        if reason:
            skipped.setdefault(reason, []).append(target)
        else:
            found.append(target)
    return Found([_held(file, folder) for file in natsorted(found)], damaged)


def _held(path: str, folder: tempfile.TemporaryDirectory[str]) -> _Member:
    member = _Member(path)
    member.folder = folder
    return member


def _write(archive: zipfile.ZipFile, member: zipfile.ZipInfo, target: str) -> str:
    """Write a member to `target` and return nothing, or say why it is left out."""
    if member.flag_bits & _ENCRYPTED:
        return _IS_ENCRYPTED
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):  # others may ask for gigabytes of memory
        raise zipfile.BadZipFile(f"compressed by method {member.compress_type}, expected deflate")
    with archive.open(member) as source:
        head = source.read(_HEAD)
        if head.startswith(_MAGIC) and not _has_preamble(head):
            return "archive in an archive"
        if not _may_be_dicom(head):
            return "not DICOM"
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(target, "xb") as file:
            file.write(head)
            file.writelines(_blocks(source))
    return ""


def _blocks(source: Any) -> Iterator[bytes]:
    """Yield what a member holds; zipfile stops at its stated size, and checks its sum there."""
    while block := source.read(_BLOCK):
        yield block


def _may_be_dicom(head: bytes) -> bool:
    """True for the preamble, or a data set that begins with group 0008, or 0002, of either byte order."""
    return _has_preamble(head) or head[:2] in (b"\x08\0", b"\0\x08", b"\x02\0")


def _has_preamble(head: bytes) -> bool:
    return head[128:132] == b"DICM"


def _place(top: str, name: str, taken: dict[str, bool]) -> str:
    """Return where a member goes: its own folders and name below `top`, made plain, and no other member's.

    `taken` holds the paths in use, in one case, True for a file and False for a folder.
    """
    parts = [plain for part in re.split(r"[/\\]", name) if (plain := _plain_name(part))][-_DEEPEST:] or ["member"]
    for base in ([], [f"({len(taken)})"]):
        steps = [top, *(os.path.join(top, *(base + parts)[: n + 1]).casefold() for n in range(len(base + parts)))]
        if steps[-1] not in taken and not any(taken.get(step) for step in steps[:-1]):
            break
    taken.update(dict.fromkeys(steps[:-1], False))
    taken[steps[-1]] = True
    return os.path.join(top, *base, *parts)


def _plain_name(part: str) -> str:
    """Return one part of a name without what leads elsewhere, cannot be shown, or is too long for a file system."""
    shown = "".join(character if character.isprintable() else "_" for character in part)
    shown = re.sub(r'[<>:"|?*]', "_", shown).strip(" .")
    encoded = shown.encode("utf-8", "replace")[:_LONGEST_NAME]
    return encoded.decode("utf-8", "ignore")
