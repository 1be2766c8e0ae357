"""Segmentations as label volumes: each voxel holds the number of its segment, 0 outside all.

Frames are where something was segmented: a position without a frame is empty, not missing (PS3.3 C.8.20.3); in a label
map it holds PixelPaddingValue. Segments
that overlap cannot share one label volume: then each is a volume of 0 and 1 along an axis, on request.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from dicomvtk.dicom import values
from dicomvtk.dicom.findings import finding
from dicomvtk.dicom.frames import Frame
from dicomvtk.dicom.pixels import read_block
from dicomvtk.dicom.positions import same_place_groups, slice_normal
from dicomvtk.dicom.rescale import plan_values
from dicomvtk.dicom.stack import Stack
from dicomvtk.dicom.tags import Tag
from dicomvtk.errors import SeriesError
from dicomvtk.geometry import Geometry
from dicomvtk.metadata import Axis, Finding

__all__ = ["SEGMENT_AXIS", "read_segmentation", "segmentation_stack"]

#: The dimension that `dims` names to keep segments apart.
SEGMENT_AXIS = "ReferencedSegmentNumber"

#: Steps between frames must be this near to a whole number of spacings.
_WHOLE_STEP = 1e-2


def segmentation_stack(frames: Sequence[Frame]) -> Stack | None:
    """Return the stack on the grid of the frames' positions, empty ones between them included; None if unplaced."""
    common = frames[0].common
    places = [frame.position for frame in frames]
    if common.orientation is None or common.pixel_spacing is None or any(place is None for place in places):
        return None
    positions = np.array(places, dtype=np.float64)
    normal = slice_normal(common.orientation)
    along = positions @ normal
    groups = same_place_groups(along)
    levels = np.array([along[group[0]] for group in groups])
    spacing = _spacing(common.spacing_between_slices, common.slice_thickness, levels)
    steps = np.rint((levels - levels[0]) / spacing).astype(int)
    findings = []
    if np.max(np.abs(levels - levels[0] - steps * spacing)) > _WHOLE_STEP * spacing:
        findings.append(
            finding("uneven-frames", f"Frames do not lie on even steps of {spacing:g} mm; expected a grid.")
        )
    absent = int(steps[-1]) + 1 - len(groups)
    if absent:
        findings.append(
            finding("sparse", f"{absent} of {int(steps[-1]) + 1} slices without a frame: nothing is segmented there.")
        )
    findings += _overlap([[frames[int(n)] for n in group] for group in groups])
    shape = (common.columns or 1, common.rows or 1, int(steps[-1]) + 1)
    first = positions[groups[0][0]]
    geometry = Geometry.from_image_plane(shape, common.orientation, first.tolist(), common.pixel_spacing, spacing)
    grid = first + np.outer(np.arange(shape[2]) * spacing, normal)
    ordered = tuple(frames[int(n)] for group in groups for n in group)
    return Stack("", ordered, geometry, grid, (), tuple(findings), True, slices=shape[2])


def read_segmentation(stack: Stack, apart: bool) -> tuple[NDArray[np.generic], tuple[Axis, ...]]:
    """Return the labels (i, j, k), and no axes; with `apart`, 0 and 1 (i, j, k, segment) and the axis of segments.

    A fractional segmentation gives fractions from 0 to 1, float32: of its only segment, or of each along the axis.
    """
    common = stack.common
    geometry = stack.geometry
    assert geometry is not None
    columns, rows, count = geometry.shape
    block = read_block(stack.frames, plan_values(stack.frames, stored=True), (len(stack.frames), rows, columns))
    levels = [_slice_of(frame, geometry) for frame in stack.frames]
    if common.segmentation_type == "LABELMAP":
        background = values.short(common.value(Tag.PixelPaddingValue), signed=False) or 0
        labels = np.full((count, rows, columns), background, block.dtype)
        labels[levels] = block
        if not apart:
            return labels.T, ()
        numbers = tuple(segment.number for segment in common.segments)
        return np.stack([labels == n for n in numbers]).astype(np.uint8).T, (_axis(numbers),)
    owners = [_owner(frame) for frame in stack.frames]
    numbers = tuple(sorted(set(owners)))
    fractional = common.segmentation_type == "FRACTIONAL"
    if apart or (fractional and len(numbers) > 1):
        layers = np.zeros((len(numbers), count, rows, columns), np.float32 if fractional else np.uint8)
        for mask, k, owner in zip(block, levels, owners, strict=True):
            layers[numbers.index(owner), k] = mask / common.fractional_maximum if fractional else mask
        return layers.T, (_axis(numbers),)
    if fractional:
        shares = np.zeros((count, rows, columns), np.float32)
        shares[levels] = block / np.float32(common.fractional_maximum)
        return shares.T, ()
    return _labels(block, levels, owners, count), ()


def _overlap(groups: Sequence[Sequence[Frame]]) -> list[Finding]:
    """Look for voxels of two segments, at the positions that have several frames: they are small, at a bit a pixel."""
    for k, group in enumerate(groups):
        if len(group) < 2 or group[0].common.segmentation_type != "BINARY":
            continue
        shape = (len(group), group[0].common.rows or 0, group[0].common.columns or 0)
        masks = read_block(group, plan_values(group, stored=True), shape) != 0
        shared = masks.sum(axis=0) > 1
        if shared.any():
            owners = [_owner(frame) for frame, mask in zip(group, masks, strict=True) if (mask & shared).any()]
            names = " and ".join(map(str, owners[:2]))
            message = f"Segments {names} overlap at position {k + 1}, and one label volume holds one segment a voxel."
            way = f'dims=("{SEGMENT_AXIS}",) reads each segment as a volume of its own along an axis;'
            return [finding("overlapping-segments", f"{message} {way}", [group[0].path])]
    return []


def _labels(
    block: NDArray[np.generic], levels: Sequence[int], owners: Sequence[int], count: int
) -> NDArray[np.generic]:
    """Return the label volume; where segments overlap the highest number stays."""
    labels = np.zeros((count, *block.shape[1:]), np.uint8 if max(owners) < 256 else np.uint16)
    for mask, k, owner in sorted(zip(block != 0, levels, owners, strict=True), key=lambda part: part[2]):
        labels[k][mask] = owner
    return labels.T


def _axis(numbers: Sequence[int]) -> Axis:
    return Axis(SEGMENT_AXIS, tuple(numbers))


def _owner(frame: Frame) -> int:
    raw = frame.value(Tag.ReferencedSegmentNumber)
    if raw is None or len(raw) != 2:
        raise SeriesError(f"Cannot read {frame.path}: frame {frame.number + 1} names no segment (0062,000B).")
    return int.from_bytes(raw, "little")


def _slice_of(frame: Frame, geometry: Geometry) -> int:
    return round(float(geometry.physical_to_index(frame.position or geometry.origin)[2]))


def _spacing(between: float | None, thickness: float | None, levels: NDArray[np.float64]) -> float:
    """Return the spacing of the grid: as stated where frames agree with it, else the smallest step between them."""
    if len(levels) == 1:
        return between or thickness or 1.0
    smallest = float(np.min(np.diff(levels)))
    if between and between > 0:
        ratio = smallest / between
        if round(ratio) >= 1 and abs(ratio - round(ratio)) <= _WHOLE_STEP:
            return between
    return smallest
