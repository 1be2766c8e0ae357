"""A folder under its final name is a whole folder: it is filled beside its place and moved there when complete."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import re
import secrets
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from dicomvtk.errors import DicomVtkError, WriteError

__all__ = ["new_folder"]

#: As much of the final name as fits beside the token in the 255 bytes that file systems allow.
_NAME_TAIL = 48
_TOKEN_BYTES = 6
#: A folder being filled gets a file now and then; one left alone so long, whose lock nobody holds, has lost its writer.
_ABANDONED_SECONDS = 3600.0
#: Of renameat2(2): relative to the working folder, and both names change places.
_AT_FDCWD, _RENAME_EXCHANGE = -100, 2


@contextlib.contextmanager
def new_folder(path: str | os.PathLike[str], *, overwrite: bool = False) -> Iterator[Path]:
    """Give a hidden, empty sibling of the folder `path` to fill, and move it to `path` when the block ends.

    Where the block raises, interrupts included, the sibling is removed and what stood at `path` still stands. Missing
    parents are made, and removed again on failure. An existing folder must be empty unless `overwrite`, which replaces
    all it holds; one that holds folders is never replaced. What writers of the same folder that were killed left
    beside it an hour ago or longer is removed.

    Raises
    ------
    WriteError
        Where `path` is taken, and for any OSError on the way, naming `path`.
    """
    if not os.fspath(path):
        raise WriteError("Cannot write a folder without a name; give a path.")
    target = Path(os.path.realpath(path))
    made: list[Path] = []
    try:
        _remove_abandoned(target)
        _check_free(target, overwrite)
        made = _make_parents(target)
        filling = _staging(target)
        try:
            filling.mkdir()
            with _locked(filling):
                yield filling
                _move(filling, target)
        finally:
            shutil.rmtree(filling, ignore_errors=True)
    except BaseException as error:
        for parent in reversed(made):
            with contextlib.suppress(OSError):
                parent.rmdir()
        if isinstance(error, OSError) and not isinstance(error, DicomVtkError):
            raise WriteError(f"Cannot write the folder {target}: {error.strerror or error}.") from error
        raise


def _check_free(target: Path, overwrite: bool) -> None:
    if not target.exists():
        return
    if not target.is_dir():
        raise WriteError(f"Cannot write the folder {target}: it is a file; give another name.")
    held = sorted(entry.name for entry in target.iterdir())
    if held and not overwrite:
        raise WriteError(
            f"Cannot write into {target}: it already holds {len(held)} entries ({', '.join(held[:3])}"
            f"{', ...' if len(held) > 3 else ''}). Give an empty folder, or overwrite=True to replace them all."
        )
    folders = [name for name in held if (target / name).is_dir()]
    if folders:
        raise WriteError(
            f"Cannot overwrite {target}: it holds folders ({', '.join(folders[:3])}), which a series does not; "
            "give another folder or remove them."
        )


def _make_parents(target: Path) -> list[Path]:
    """Make the missing parents of `target` and return them, outermost first."""
    missing = [parent for parent in target.parents if not parent.exists()][::-1]
    made = []
    for parent in missing:
        parent.mkdir()
        made.append(parent)
    return made


def _staging(target: Path) -> Path:
    """Return a name on the file system of `target`: beside it, or inside it where beside is not possible."""
    name = f".{secrets.token_hex(_TOKEN_BYTES)}-{target.name[-_NAME_TAIL:]}"
    stays = os.path.ismount(target) or target in (Path.cwd(), *Path.cwd().parents)
    inside = target.is_dir() and (stays or not os.access(target.parent, os.W_OK))
    return target / name if inside else target.with_name(name)


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[bool]:
    """Hold the lock of `folder`, which ends with the process at the latest; False where that cannot be had."""
    try:
        import fcntl

        descriptor = os.open(folder, os.O_RDONLY)
    except (ImportError, OSError):  # not on this system, or not on this file system
        yield False
        return
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            held = True
        except OSError:
            held = False
        yield held
    finally:
        os.close(descriptor)


def _remove_abandoned(target: Path) -> None:
    """Remove what killed writers of `target` left: untouched for long, and locked by nobody."""
    staged = re.compile(rf"\.[0-9a-f]{{{2 * _TOKEN_BYTES}}}-{re.escape(target.name[-_NAME_TAIL:])}")
    for place in (target.parent, target):
        with contextlib.suppress(OSError):
            for entry in [entry for entry in os.scandir(place) if staged.fullmatch(entry.name)]:
                is_old = time.time() - entry.stat(follow_symlinks=False).st_mtime > _ABANDONED_SECONDS
                if is_old and entry.is_dir(follow_symlinks=False):
                    with _locked(Path(entry.path)) as alone:
                        if alone:
                            shutil.rmtree(entry.path, ignore_errors=True)


def _aside(filled: Path) -> Path:
    """Return where what stood in the place of `filled` waits: never taken for a folder being filled."""
    return filled.with_name(f".old{filled.name}")


def _move(filled: Path, target: Path) -> None:
    if filled.parent == target:
        _move_entries(filled, target)
        return
    if not target.exists():
        os.rename(filled, target)
        return
    shutil.copymode(target, filled)
    if _exchanged(filled, target):  # what stood there is in `filled` now, which is removed in the end
        return
    aside = _aside(filled)
    os.rename(target, aside)
    try:
        os.rename(filled, target)
    except BaseException:
        os.rename(aside, target)
        raise
    shutil.rmtree(aside, ignore_errors=True)


def _exchanged(one: Path, other: Path) -> bool:
    """Let two folders change names in one step, so that one is always there; False where there is no such step."""
    if not sys.platform.startswith("linux"):
        return False
    renameat2 = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)  # glibc 2.28, musl 1.2.5
    if renameat2 is None:
        return False
    here = ctypes.c_int(_AT_FDCWD)
    if renameat2(here, os.fsencode(one), here, os.fsencode(other), ctypes.c_uint(_RENAME_EXCHANGE)) == 0:
        return True
    code = ctypes.get_errno()
    if code in (errno.ENOSYS, errno.EINVAL, errno.EPERM, errno.EOPNOTSUPP):  # not this kernel, or not this file system
        return False
    raise OSError(code, os.strerror(code), str(other))


def _move_entries(filled: Path, target: Path) -> None:
    """Replace the entries of `target`, which itself cannot be renamed, by those of `filled`; undone on failure."""
    aside = _aside(filled)
    aside.mkdir()
    old = [entry for entry in target.iterdir() if entry not in (filled, aside)]
    moved: list[tuple[Path, Path]] = []
    try:
        for source, place in [(e, aside / e.name) for e in old] + [(e, target / e.name) for e in filled.iterdir()]:
            os.rename(source, place)
            moved.append((place, source))
    except BaseException:
        for place, source in reversed(moved):
            os.rename(place, source)
        aside.rmdir()
        raise
    shutil.rmtree(aside, ignore_errors=True)
