"""A series on the grid of another, in patient space: images interpolated, labels taken from the nearest voxel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dicomvtk.dicom import reader
from dicomvtk.dicom.stack import Stack
from dicomvtk.dicom.writer import write_series
from dicomvtk.errors import GeometryError, UnsupportedError
from dicomvtk.folder.arrays import read_files
from dicomvtk.geometry import Geometry
from dicomvtk.processing.resample import Interpolation, resample_to
from dicomvtk.volume import Volume

if TYPE_CHECKING:
    from dicomvtk.folder.series import Series

__all__ = ["map_mask_to", "map_to"]

_LABELS = (np.uint8, np.int16, np.uint16)
_DESCRIPTION_LENGTH = 64


def map_to(
    series: Series,
    target: Series | Volume,
    method: Interpolation = "linear",
    *,
    fill: float | None = None,
    across_frames: bool = False,
) -> Series:
    """Return a new series of the same study: `series` on the grid of `target`, derived, in memory till saved.

    Parameters
    ----------
    target : Series or Volume
        Whose grid to take: shape, spacing, position and orientation.
    method : ``"linear"``, ``"nearest"`` or ``"cubic"``
    fill : float
        The value outside `series`; its lowest if left out.
    across_frames : bool
        Map even where FrameOfReferenceUID differs, so that nothing says the positions are of one space.

    Raises
    ------
    GeometryError
        Where the two are not in one frame of reference, or one has no regular grid.
    """
    return _mapped(series, target, method, fill, across_frames)


def map_mask_to(series: Series, target: Series | Volume, *, across_frames: bool = False) -> Series:
    """Return a new series of the same study: the labels of `series` on the grid of `target`, 0 outside.

    Each voxel takes the label of the nearest one, so no label is made up between two. Raises UnsupportedError where
    the values are not whole numbers, and what `map_to` does.
    """
    return _mapped(series, target, "nearest", 0.0, across_frames, mask=True)


def _mapped(
    series: Series, target: Series | Volume, method: Any, fill: float | None, across: bool, *, mask: bool = False
) -> Series:
    grid, frame, name = _grid(target)
    place = series.folder.scratch() / "mapped"
    with read_files(series, always=True) as paths:
        source = reader.choose(list(paths.values()))
        _check_space(series, source, grid, frame, across)
        volume = reader.read(source)
        if mask:
            volume = volume.with_array(_labels(series, volume))
        mapped = resample_to(volume, grid, interpolation=method, fill=fill)
        write_series(mapped, place, like=source, modality=_modality(source, mask))
    description = f"{series.get('SeriesDescription') or ''} on {name}".strip()[:_DESCRIPTION_LENGTH]
    attributes = {"SeriesDescription": description, "SeriesNumber": series.folder.building.next_number(series.study)}
    if frame:
        attributes["FrameOfReferenceUID"] = frame
    return series.folder.building.taken_in(series.study, sorted(place.iterdir()), attributes)


def _grid(target: Series | Volume) -> tuple[Geometry, str, str]:
    """Return the grid of a target, its FrameOfReferenceUID and what to call it; no pixels are read."""
    if isinstance(target, Volume):
        if not target.regular:
            raise GeometryError("Cannot map onto a volume whose slices are not regular; read it with fix=.")
        return target.geometry, target.info.frame_of_reference_uid, target.info.description or "another grid"
    if not hasattr(target, "instances"):
        raise UnsupportedError(f"Cannot map onto {target!r:.60}; expected a series or a Volume.")
    with read_files(target, always=True) as paths:
        stack = reader.choose(list(paths.values()))
    if stack.geometry is None or not stack.regular:
        stops = [finding.message for finding in stack.findings if finding.severity == "stop"]
        raise GeometryError(f"Cannot map onto {target!r}: it has no regular grid. {' '.join(stops)}".strip())
    return stack.geometry, stack.common.frame_of_reference_uid, stack.description or f"series {stack.number}"


def _check_space(series: Series, source: Stack, grid: Geometry, frame: str, across: bool) -> None:
    if source.geometry is None or not (source.geometry.placed and grid.placed):
        raise GeometryError(f"Cannot map {series!r}: it or the target states no place in the patient.")
    own = source.common.frame_of_reference_uid
    if not across and (not own or own != frame):
        raise GeometryError(
            f"Cannot map {series!r}: FrameOfReferenceUID (0020,0052) is {own or 'absent'}, that of the target "
            f"{frame or 'absent'}, so positions may not be of one space. across_frames=True maps all the same."
        )


def _labels(series: Series, volume: Volume) -> Any:
    array = volume.array
    if array.dtype.kind == "f" and not np.all(np.rint(array) == array):
        raise UnsupportedError(f"Cannot map {series!r} as a mask: its values are not whole numbers; use map_to().")
    low, high = float(array.min()), float(array.max())
    for label in _LABELS:
        if np.iinfo(label).min <= low and high <= np.iinfo(label).max:
            return array.astype(label)
    raise UnsupportedError(f"Cannot map {series!r} as a mask: its labels go from {low:g} to {high:g}.")


def _modality(source: Stack, mask: bool) -> str | None:
    """Return the modality of a mapped series: labels of a Segmentation become an image of no modality."""
    return "OT" if mask and source.modality == "SEG" else None
