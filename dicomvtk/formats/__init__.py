"""Volumes in files other than DICOM: one family of formats a module, found by suffix."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Protocol, cast

from dicomvtk.errors import DicomVtkError, GeometryError, NoDicomError, PixelDecodeError, UnsupportedError
from dicomvtk.stream import VolumeStream
from dicomvtk.volume import Volume

__all__ = ["SUFFIXES", "handles", "load", "names_folder", "reads", "save", "save_stream", "streams", "unknown_suffix"]

PathLike = str | os.PathLike[str]
#: Called with (done, total) parts.
Progress = Callable[[int, int], None]


class _Family(Protocol):
    """What the module of a family offers."""

    def load(self, path: Path) -> Volume: ...
    def save(self, volume: Volume, path: Path) -> None: ...


class _Streaming(Protocol):
    """What the module of a family offers that is written part by part."""

    def save_stream(self, stream: VolumeStream, path: Path, progress: Progress | None) -> None: ...


#: The module of each suffix; it is imported when first used.
_FAMILIES = {
    ".nii.gz": "nifti",
    ".nii": "nifti",
    ".nrrd": "nrrd",
    ".mha": "metaimage",
    ".vti": "vti",
    ".npz": "npz",
    ".tif": "tiff",
    ".tiff": "tiff",
}

SUFFIXES = tuple(_FAMILIES)
#: Written part by part, with no more than a few parts in memory.
_STREAMED = (".nii.gz", ".nii", ".nrrd", ".mha")


def handles(path: PathLike) -> bool:
    """True where the suffix of `path` is that of a format here, in any case.

    >>> handles("head.NII.gz"), handles("head.dcm")
    (True, False)
    """
    return _suffix(path) is not None


def reads(path: PathLike) -> bool:
    """True where `load` is what reads `path`: a file by its suffix, or TIFF slices in files of their own.

    Those are a folder that holds nothing else, or a name such as ``slices/%04d.tif``.
    """
    if not Path(path).is_dir():
        return handles(path)
    names = [name for name in os.listdir(path) if not name.startswith(".")]
    return bool(names) and all(_suffix(name) in (".tif", ".tiff") for name in names)


def names_folder(path: PathLike) -> bool:
    """True where `path` is a folder, or is named as one: by a separator at its end, or for want of a suffix.

    >>> names_folder("out.v2/"), names_folder("out"), names_folder("out.nii.gz")
    (True, True, False)
    """
    text = os.fspath(path)
    return text.endswith(("/", os.sep)) or Path(text).is_dir() or not Path(text).suffix


def load(path: PathLike) -> Volume:
    """Return the volume in the file at `path`: array (i, j, k, *axes) in Fortran order, geometry in LPS mm.

    ``geometry.placed`` is False where the file states no position in a patient.

    Raises
    ------
    UnsupportedError
        For an unknown suffix, for what is not a file of that format, and for features of it not read here.
    PixelDecodeError
        Where the file is cut short or damaged.
    GeometryError
        Where its axes are not at right angles.
    NoDicomError
        Where there is no such file.
    """
    source = Path(path)
    if source.is_dir() or (not source.is_file() and "%" in source.name):
        family = _slices_in_files(source)
    else:
        family = _family(source)
        if not source.is_file():
            raise NoDicomError(f"Cannot read {source}: no such file.")
    try:
        return family.load(source)
    except GeometryError as error:
        if str(source) in str(error):
            raise
        raise GeometryError(f"Cannot read {source}: {error}") from error
    except DicomVtkError:
        raise
    except Exception as error:  # fields that say nonsense: what parsing them raises is as various as they are
        raise PixelDecodeError(f"Cannot read {source}: {error}; it is damaged, or no volume.") from error


def save(volume: Volume, path: PathLike) -> None:
    """Write `volume` to `path` in the format of its suffix. The file is whole or absent.

    No identifier goes with it: no name, number, date or UID. Raises UnsupportedError for an unknown suffix and for
    what the format cannot hold, GeometryError for slices that are not regular, WriteError where writing fails.
    """
    target = Path(path)
    family = _family(target)
    if not volume.regular:
        raise GeometryError(
            f"Cannot write {target}: the slices of this volume are not regular (it was read with allow=), and the "
            'file can only hold regular ones: read it with fix= of the same finding instead, for example fix={"gap"}.'
        )
    family.save(volume, target)


def streams(path: PathLike) -> bool:
    """True where the format of `path` can be written part by part, by `save_stream`.

    >>> streams("head.nii.gz"), streams("head.npz")
    (True, False)
    """
    return _suffix(path) in _STREAMED


def save_stream(stream: VolumeStream, path: PathLike, *, progress: Progress | None = None) -> None:
    """Write what `save` would of the same volume, while it is read: only a few parts are in memory at a time.

    Raises what `save` raises, what reading a part raises, and UnsupportedError for a format that is not streamed.
    """
    target = Path(path)
    family = _family(target)
    if not streams(target):
        raise UnsupportedError(f"Cannot write {target} part by part; expected a name in {', '.join(_STREAMED)}.")
    cast(_Streaming, family).save_stream(stream, target, progress)


def unknown_suffix(path: PathLike) -> UnsupportedError:
    """Return the error that says which suffixes there are."""
    return UnsupportedError(
        f"Cannot tell the format of {Path(path)}: expected a name ending in {', '.join(SUFFIXES)}, "
        "or a folder for DICOM."
    )


def _slices_in_files(path: Path) -> _Family:
    """Return the family that reads a folder, or a name with a place for a number, as slices."""
    from dicomvtk.formats import tiff
    from dicomvtk.formats.numbered import numbered_files

    if not numbered_files(path):
        raise NoDicomError(f"Cannot read {path}: there are no numbered TIFF files.")
    return cast(_Family, tiff)


def _suffix(path: PathLike) -> str | None:
    name = Path(path).name.lower()
    return next((suffix for suffix in SUFFIXES if name.endswith(suffix) and name != suffix), None)


def _family(path: Path) -> _Family:
    suffix = _suffix(path)
    if suffix is None:
        raise unknown_suffix(path)
    return cast(_Family, importlib.import_module(f"{__name__}.{_FAMILIES[suffix]}"))
