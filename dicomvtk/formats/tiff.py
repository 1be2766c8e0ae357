"""TIFF: a stack of pages in one file, or numbered files of a page each, with their spacing as ImageJ has it.

A page is a slice, its first row at the top j = 0. TIFF has no origin and no direction: what is read is unplaced, and
what is written loses its place, which is said. Spacing in the plane is the resolution, that of slices ImageJ's.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray

from dicomvtk.atomic import atomic_file
from dicomvtk.atomic_folder import new_folder
from dicomvtk.errors import DicomVtkWarning, PixelDecodeError, UnsupportedError, WriteError
from dicomvtk.formats.blocks import array_of, with_plain_dtype
from dicomvtk.formats.numbered import is_numbered, numbered_files, numbered_name
from dicomvtk.geometry import Geometry
from dicomvtk.metadata import Finding, SeriesInfo
from dicomvtk.stream import block_of
from dicomvtk.version import __version__
from dicomvtk.volume import Volume

__all__ = ["load", "save"]

_MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_MM_PER_UNIT = {"mm": 1.0, "cm": 10.0, "micron": 1e-3, "um": 1e-3, "\u00b5m": 1e-3, "\\u00b5m": 1e-3, "inch": 25.4}
_NO_UNIT, _INCH, _CENTIMETRE = 1, 2, 3
#: Dots per inch of screens, which writers put where they know nothing.
_OF_SCREENS = (72.0, 96.0)
_MINISWHITE, _MINISBLACK, _RGB = 0, 1, 2
#: No lossless coding makes a file smaller than its pixels by more.
_BEST_COMPRESSION = 3000
#: Offsets of classic TIFF have 32 bits.
_LARGEST_CLASSIC = (1 << 32) - (1 << 25)
_DTYPES = tuple(np.dtype(name) for name in ("u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8"))


@dataclass(frozen=True)
class _Pages:
    """The pages of one file: their block (k, row, column[, sample]), mm along i, j and k or None where not stated."""

    block: NDArray[Any]
    inverted: bool
    spacing: tuple[float | None, float | None, float | None]


def load(path: Path) -> Volume:
    """Return the volume in a TIFF file, in a folder of numbered ones, or under a name like ``slices/%04d.tif``.

    Unplaced; a spacing that is not stated is taken as 1 mm, with a DicomVtkWarning and a finding.
    """
    files = [path] if path.is_file() else numbered_files(path)
    read = [_read(file) for file in files]
    first = read[0]
    if len(read) > 1:
        _check_alike(files, read)
    block = first.block if len(read) == 1 else np.concatenate([pages.block for pages in read])
    spacing = tuple(1.0 if size is None else size for size in first.spacing)
    findings = _findings(path, first.spacing, block.shape[0])
    for found in findings:
        if found.severity == "warn":
            warnings.warn(f"{path}: {found.message}", DicomVtkWarning, stacklevel=4)
    geometry = Geometry((block.shape[2], block.shape[1], block.shape[0]), spacing, placed=False)  # type: ignore[arg-type]
    info = SeriesInfo(description=path.name, photometric="MONOCHROME1" if first.inverted else "MONOCHROME2")
    return Volume(array_of(block, colour=block.ndim == 4), geometry, info, findings)


def save(volume: Volume, path: Path) -> None:
    """Write a TIFF of a page a slice, or numbered files in a folder of their own under ``slices/%04d.tif``.

    bool becomes uint8 and float16 float32; other dtypes are kept exactly. A DicomVtkWarning says where a place in the
    patient is lost.
    """
    if volume.axes:
        raise UnsupportedError(
            f"Cannot write {path}: a TIFF here holds one 3-D frame, and this volume has further axes "
            f"({', '.join(axis.keyword for axis in volume.axes)}): take one with volume.frame(...), or write .nii.gz."
        )
    volume = with_plain_dtype(volume)
    if volume.dtype.newbyteorder("=") not in _DTYPES or (volume.is_colour and volume.dtype.kind != "u"):
        raise UnsupportedError(f"Cannot write {path}: TIFF here has no {volume.dtype} voxels; convert them first.")
    block = block_of(volume)
    if is_numbered(path):
        with new_folder(path.parent) as folder:
            for k, page in enumerate(block):
                _write(folder / numbered_name(path.name, k + 1), page[None], volume)
    else:
        with atomic_file(path) as sibling:
            _write(sibling, block, volume)
    if volume.geometry.placed:
        warnings.warn(
            f"{path}: TIFF holds no place in the patient: origin and direction are lost; .nii.gz or .nrrd keeps them.",
            DicomVtkWarning,
            stacklevel=4,
        )


def _read(path: Path) -> _Pages:
    with path.open("rb") as file:
        start = file.read(4)
    if start not in _MAGIC:
        raise UnsupportedError(
            f"Cannot read {path}: it begins with {start!r}; a TIFF begins with II*, MM or a BigTIFF's."
        )
    with _complaints_raised(path), tifffile.TiffFile(path) as tiff:
        pages: list[Any] = list(tiff.pages)
        first = pages[0]
        described = _described(first)
        _check_pages(path, pages, described)
        samples = (first.samplesperpixel,) if first.photometric == _RGB else ()
        block = np.empty((len(pages), first.imagelength, first.imagewidth, *samples), first.dtype)
        for k, page in enumerate(pages):
            values = page.asarray()
            if samples and page.planarconfig == 2:
                values = np.moveaxis(values, 0, -1)
            block[k] = values.reshape(block.shape[1:])
        return _Pages(block, first.photometric == _MINISWHITE, _spacing(first, described))


def _described(page: Any) -> dict[str, str]:
    """Return what ImageJ's description says, by key; empty where it is another's."""
    text = page.description if isinstance(page.description, str) else ""
    if not text.startswith("ImageJ="):
        return {}
    pairs = (line.partition("=") for line in text.splitlines())
    return {key.strip(): value.strip() for key, _, value in pairs}


def _check_pages(path: Path, pages: Sequence[Any], described: dict[str, str]) -> None:
    first = pages[0]
    kinds = {(p.imagelength, p.imagewidth, p.samplesperpixel, str(p.dtype), int(p.photometric)) for p in pages}
    if len(kinds) > 1:
        raise UnsupportedError(
            f"Cannot read {path}: its pages are of {len(kinds)} sizes or kinds; expected slices alike."
        )
    if int(first.photometric) not in (_MINISWHITE, _MINISBLACK, _RGB) or first.dtype is None:
        raise UnsupportedError(f"Cannot read {path}: its pages are {first.photometric!r}; expected greys or RGB.")
    samples = first.samplesperpixel
    if samples not in ((3, 4) if first.photometric == _RGB else (1,)) or first.imagedepth != 1:
        raise UnsupportedError(f"Cannot read {path}: {samples} samples a pixel; expected 1 grey, or 3 or 4 of colour.")
    if any(described.get(axis, "1") != "1" for axis in ("channels", "frames")):
        raise UnsupportedError(f"Cannot read {path}: a hyperstack of channels or frames; expected slices alone.")
    if described.get("images", str(len(pages))) != str(len(pages)):
        raise PixelDecodeError(
            f"Cannot read {path}: {len(pages)} of its {described['images']} images; it is cut short."
        )
    on_disk, wanted = path.stat().st_size, sum(page.nbytes for page in pages)
    if wanted > on_disk * (1 if first.compression == 1 else _BEST_COMPRESSION):
        raise PixelDecodeError(f"Cannot read {path}: its pages are {wanted} bytes, and the file has {on_disk} in all.")
    for page in pages:
        ends = [at + size for at, size in zip(page.dataoffsets, page.databytecounts, strict=True)]
        if not ends or max(ends) > on_disk or (page.compression == 1 and sum(page.databytecounts) < page.nbytes):
            raise PixelDecodeError(f"Cannot read {path}: page {page.index} lies outside the file; it is cut short.")


def _spacing(page: Any, described: dict[str, str]) -> tuple[float | None, float | None, float | None]:
    unit = _MM_PER_UNIT.get(described.get("unit", ""))
    stated = int(page.tags["ResolutionUnit"].value) if "ResolutionUnit" in page.tags else _INCH
    per_unit = {_NO_UNIT: unit, _INCH: 25.4, _CENTIMETRE: 10.0}.get(stated)
    i, j = (_pixel_mm(page, name, per_unit, stated) for name in ("XResolution", "YResolution"))
    try:
        between = float(described["spacing"]) * unit if unit else None
    except (KeyError, ValueError):
        between = None
    return i, j, between if between and np.isfinite(between) and between > 0 else None


def _pixel_mm(page: Any, name: str, mm_per_unit: float | None, unit: int) -> float | None:
    if name not in page.tags or mm_per_unit is None:
        return None
    count, over = page.tags[name].value
    if not count or not over or (unit == _INCH and count / over in _OF_SCREENS):
        return None
    return float(mm_per_unit * over / count)


def _findings(path: Path, spacing: Sequence[float | None], count: int) -> tuple[Finding, ...]:
    found = [Finding("unplaced", "info", "TIFF states no place in a patient: no origin, no direction.", (str(path),))]
    if spacing[0] is None or spacing[1] is None:
        message = "the file states no size of its pixels; they are taken as 1 mm."
        found.append(Finding("assumed", "warn", message, (str(path),)))
    if spacing[2] is None and count > 1:
        message = "the file states no distance between its slices; it is taken as 1 mm."
        found.append(Finding("assumed", "warn", message, (str(path),)))
    return tuple(found)


def _check_alike(files: Sequence[Path], read: Sequence[_Pages]) -> None:
    first = read[0]
    for file, pages in zip(files, read, strict=True):
        same = pages.block.shape[1:] == first.block.shape[1:] and pages.block.dtype == first.block.dtype
        if not same or len(pages.block) != 1 or pages.spacing != first.spacing or pages.inverted != first.inverted:
            raise UnsupportedError(
                f"Cannot read {file} as a slice: {pages.block.shape} {pages.block.dtype}, spacing {pages.spacing}; "
                f"{files[0].name} has {first.block.shape} {first.block.dtype}, {first.spacing}. Expected a page each."
            )


def _write(path: Path, block: NDArray[Any], volume: Volume) -> None:
    """Write the pages of `block`; unit and resolution are in cm, which ImageJ and readers of plain TIFF both take."""
    i, j, k = volume.spacing
    count = len(block)
    described = f"ImageJ=1.54f\nimages={count}\nslices={count}\nunit=cm\nspacing={k / 10!r}\nloop=false\n"
    try:
        with tifffile.TiffWriter(path, byteorder="<", bigtiff=block.nbytes > _LARGEST_CLASSIC) as tiff:
            for n, page in enumerate(block):
                tiff.write(
                    page,
                    photometric="rgb" if volume.is_colour else _grey(volume),
                    planarconfig="contig" if volume.is_colour else None,
                    extrasamples=["unassalpha"] if volume.is_colour and page.shape[-1] == 4 else None,
                    resolution=(10 / i, 10 / j),
                    resolutionunit="CENTIMETER",
                    description=described if n == 0 else None,
                    software=f"dicomvtk {__version__}" if n == 0 else False,
                    metadata=None,
                )
    except OSError as error:
        raise WriteError(f"Cannot write {path}: {error.strerror or error}.") from error


def _grey(volume: Volume) -> str:
    return "miniswhite" if volume.info.photometric == "MONOCHROME1" else "minisblack"


class _Complaints(logging.Handler):
    """Keeps what tifffile only logs: it goes on with fewer pages."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(record.getMessage())


@contextmanager
def _complaints_raised(path: Path) -> Iterator[None]:
    """Raise PixelDecodeError for what tifffile logs, and for what it raises over damage."""
    logger = logging.getLogger("tifffile")
    heard = _Complaints()
    propagated, logger.propagate = logger.propagate, False
    logger.addHandler(heard)
    try:
        yield
    except tifffile.TiffFileError as error:
        raise PixelDecodeError(f"Cannot read {path}: {error}; the file is damaged.") from error
    finally:
        logger.removeHandler(heard)
        logger.propagate = propagated
    if heard.texts:
        raise PixelDecodeError(f"Cannot read {path}: {heard.texts[0]}; the file is damaged.")
