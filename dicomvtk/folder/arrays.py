"""The pixels of a series as one array, and an array as the pixels of a series."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dicomvtk.dicom import reader
from dicomvtk.dicom.frames import Frame
from dicomvtk.dicom.headers import DamagedImage, HeaderReader, NotAnImage
from dicomvtk.dicom.headers_pydicom import DamagedFile
from dicomvtk.dicom.pixel_format import format_problem
from dicomvtk.dicom.pixels import read_block
from dicomvtk.dicom.rescale import plan_values
from dicomvtk.errors import PixelDecodeError, SeriesError, UnsupportedError
from dicomvtk.folder.grid import Image, images, on_grid
from dicomvtk.folder.instance import Instance
from dicomvtk.folder.rewrite import write_instance
from dicomvtk.folder.stored_values import stored_planes
from dicomvtk.metadata import Axis, Finding
from dicomvtk.volume import Volume

if TYPE_CHECKING:
    from dicomvtk.folder.series import Series

__all__ = ["coordinates", "ndarray", "read_files", "set_ndarray", "volume"]

#: Groups whose attributes say how pixels are stored and scaled: edits there make another array.
_PIXEL_GROUPS = frozenset({0x0028, 0x5200})


def ndarray(series: Series, dims: Sequence[Any] | None = None, *, stored: bool = False) -> NDArray[Any]:
    """Return the values (i, j, n[, c]) in the order of the files, or (i, j, *dims[, c]); see `Series.ndarray`."""
    wanted, sizes = _ordered(series, dims)
    with read_files(series) as paths:
        frames = _frames(series, wanted, paths)
        common = frames[0].common
        colour = (3,) if common.samples > 1 or common.photometric == "PALETTE COLOR" else ()
        shape = (len(frames), common.rows or 0, common.columns or 0, *colour)
        for image, frame in zip(wanted, frames, strict=True):
            _check_pixels(image, frame)
        plan = plan_values(frames, stored)
        if not stored:
            _check_values(series, plan.findings)
        block = read_block(frames, plan, shape)
    return _folded(block, sizes, colour)


def coordinates(series: Series, dims: Sequence[Any]) -> tuple[Axis, ...]:
    """Return the values along each dimension."""
    return on_grid(series, dims).axes


def set_ndarray(series: Series, array: ArrayLike, dims: Sequence[Any] | None = None) -> None:
    """Replace the pixels of a series in memory; see `Series.set_ndarray`."""
    wanted, sizes = _ordered(series, dims)
    try:
        values = np.asarray(array)
    except ValueError as error:
        raise UnsupportedError(f"Cannot set {series!r} to this: {error}") from error
    with read_files(series) as paths:
        frames = _frames(series, wanted, paths)
    common = frames[0].common
    colour = (3,) if common.samples > 1 else ()
    expected = (common.columns or 0, common.rows or 0, *sizes, *colour)
    if values.shape != expected:
        raise UnsupportedError(
            f"Cannot set an array of shape {values.shape} on {series!r}; expected {expected}: the size of its images "
            "stays. Use new_series() for another size, map_to() for another grid."
        )
    grid = values.ndim - len(colour)
    block = values.transpose(*reversed(range(grid)), *range(grid, values.ndim))
    planes = block.reshape(len(frames), *block.shape[grid - 2 :])
    stored_planes(wanted, frames, planes)


def volume(series: Series, options: Mapping[str, Any]) -> Volume:
    """Return the series as `dicomvtk.read` reads it, its edits made."""
    instances = series.instances
    changed = any(one.is_changed for one in instances)
    with read_files(series, always=changed) as paths:
        found = reader.read(list(paths.values()), **options)
    return replace(found, info=replace(found.info, sources=())) if changed else found


def _ordered(series: Series, dims: Sequence[Any] | None) -> tuple[Sequence[Image], tuple[int, ...]]:
    if dims is None:
        every = images(series)
        if not every:
            raise SeriesError(f"{series!r} has no images.")
        return every, (len(every),)
    if isinstance(dims, str):
        raise UnsupportedError(f"dims must be several names, for example ({dims!r},); found the text {dims!r}.")
    grid = on_grid(series, dims)
    return grid.images, grid.shape


@contextlib.contextmanager
def read_files(series: Series, *, always: bool = False) -> Iterator[dict[Instance, Path]]:
    """Give a file for each instance that holds its pixels as edited: its own, or one written for the purpose."""
    paths: dict[Instance, Path] = {}
    scratch: Path | None = None
    try:
        for n, one in enumerate(series.instances):
            edited = one.pixels is not None or any(path.top.group in _PIXEL_GROUPS for path in one.edits)
            if not (edited or (always and one.edits)):
                paths[one] = one.source
                continue
            scratch = scratch or series.folder.scratch()
            paths[one] = scratch / f"{n:06d}.dcm"
            write_instance(one, paths[one])
        yield paths
    finally:
        for path in paths.values():
            if scratch is not None and path.parent == scratch:
                path.unlink(missing_ok=True)
        if scratch is not None:
            scratch.rmdir()


def _frames(series: Series, wanted: Sequence[Image], paths: Mapping[Instance, Path]) -> list[Frame]:
    """Return the frame of each image; raises where they cannot be one array."""
    headers = HeaderReader()
    by_file: dict[Instance, list[Frame]] = {}
    for image in wanted:
        if image.instance in by_file:
            continue
        path = paths[image.instance]
        try:
            found = headers.frames(str(path))
        except (NotAnImage, DamagedImage, DamagedFile) as no:
            raise PixelDecodeError(f"Cannot read the pixels of {image.instance.path or path}: {no}.") from None
        by_file[image.instance] = [found[0].whole] if found[0].whole is not None else found
    frames = [by_file[image.instance][image.frame] for image in wanted]
    kinds = {(f.common.rows, f.common.columns, f.common.samples) for f in frames}
    if len(kinds) > 1:
        sizes = ", ".join(f"{columns} x {rows}" + (f" x {c}" if c > 1 else "") for rows, columns, c in sorted(kinds))
        raise SeriesError(
            f"Cannot make one array of {series!r}: its images are of several sizes: {sizes} (subseries?)."
        )
    return frames


def _check_pixels(image: Image, frame: Frame) -> None:
    """Refuse an image whose pixels are not all there, or not coded as its header says."""
    problem = format_problem(frame.common)
    if not problem and frame.shortfall:
        problem = f"its pixel data lack {frame.shortfall} bytes"
    if problem:
        raise PixelDecodeError(
            f"Cannot read the pixels of {image.instance.path or frame.path}: {problem}. "
            "Leave it out by subseries(), or read the folder with dicomvtk.read(..., allow=)."
        )


def _check_values(series: Series, findings: Sequence[Finding]) -> None:
    """Refuse modality values that the headers do not give."""
    stops = [finding.message for finding in findings if finding.severity == "stop"]
    if stops:
        raise PixelDecodeError(f"Cannot read the values of {series!r}: {stops[0]} stored=True gives the stored values.")


def _folded(block: NDArray[Any], sizes: tuple[int, ...], colour: tuple[int, ...]) -> NDArray[Any]:
    """Return a block (n, row, column[, c]) as (i, j, *sizes[, c])."""
    block = block.reshape(*reversed(sizes), *block.shape[1:])
    grid = block.ndim - len(colour)
    return block.transpose(*reversed(range(grid)), *range(grid, block.ndim))
