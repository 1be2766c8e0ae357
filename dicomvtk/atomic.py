"""A file under its final name is a whole file: it is written beside its place and moved there when complete."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

from dicomvtk.errors import DicomVtkError, WriteError

__all__ = ["atomic_file", "check_place", "sync"]

#: As much of the final name as fits beside the token in the 255 bytes that file systems allow.
_NAME_TAIL = 48


@contextlib.contextmanager
def atomic_file(path: str | os.PathLike[str], *, durable: bool = True) -> Iterator[Path]:
    """Give the path of a hidden, empty sibling of `path` to write to, and move it to `path` when the block ends.

    The sibling ends like `path`, for writers that look at the suffix. Where the block raises, interrupts included, the
    sibling is removed and what stood at `path` still stands. A link at `path` is replaced, never written through.
    Where not `durable` a power cut soon after can cost the file its bytes: for one of many that can be made again, as
    waiting for the disk takes longer than making most of them.

    Raises
    ------
    WriteError
        For any OSError on the way, naming `path`.
    """
    target = Path(path)
    sibling = target.with_name(f".{secrets.token_hex(6)}-{target.name[-_NAME_TAIL:]}")
    try:
        _create(sibling, target)
        yield sibling
        if durable:
            sync(sibling)
        os.replace(sibling, target)
    except DicomVtkError:
        raise
    except OSError as error:
        raise WriteError(f"Cannot write {target}: {error.strerror or error}.") from error
    finally:
        with contextlib.suppress(OSError):
            sibling.unlink()


def _create(sibling: Path, target: Path) -> None:
    """Make an empty file with the permissions the user's umask gives, refusing one that exists."""
    check_place(target)
    os.close(os.open(sibling, os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_NOFOLLOW", 0), 0o666))


def check_place(path: str | os.PathLike[str]) -> None:
    """Raise WriteError where no file can be at `path`: its folder is missing, or it is a folder itself."""
    target = Path(path)
    if not target.parent.is_dir():
        raise WriteError(f"Cannot write {target}: there is no folder {target.parent}; make it first.")
    if target.is_dir():
        raise WriteError(f"Cannot write {target}: it is a folder; give the name of a file.")


def sync(path: Path) -> None:
    """Put the bytes on the disk before the name points to them: a rename can outlive them in a power cut."""
    descriptor = os.open(path, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
