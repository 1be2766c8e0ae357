"""Frames that belong together: by series, then by everything that must be one in a volume.

A stack needs one size, one kind of pixel (grey or colour), one orientation and one pixel spacing. Where a series holds
more than one, each becomes an entry of its own, and a finding says so.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from dicomvtk.dicom.findings import finding
from dicomvtk.dicom.frames import Common, Frame
from dicomvtk.dicom.segments import SEGMENTATION_CLASSES
from dicomvtk.dicom.tags import Tag
from dicomvtk.dicom.unplaced_stack import is_of_stack
from dicomvtk.metadata import Finding

__all__ = ["FrameGroup", "group_frames"]

#: Cosines of ImageOrientationPatient that differ by less are one orientation: DS rounding, and the tolerance to which
#: an orientation must be orthonormal.
_SAME_ORIENTATION = 1e-3
#: Pixel spacings that differ by less, relatively, are one spacing: they move no voxel of a 2,000-pixel row by a tenth.
_SAME_SPACING = 5e-5


#: CR, DX, mammography, US, SC, XA, RF and VL images: 2-D unless the file says where they lie (PS3.4 table B.5-1).
_UNPLACED_CLASSES = frozenset(
    f"1.2.840.10008.5.1.4.1.1.{n}"
    for n in (
        *("1", "1.1", "1.1.1", "1.2", "1.2.1", "1.3", "1.3.1", "3.1", "6.1", "3", "6", "12.1", "12.2"),
        *("7", "7.1", "7.2", "7.3", "7.4", "77.1.1", "77.1.2", "77.1.4", "77.1.5.1"),
    )
)


#: So many images with a series each, alike in all else, were one series once; two may be a pair of scouts.
_FEWEST_REJOINED = 3


@dataclass(frozen=True)
class FrameGroup:
    """Frames of one series that can share a grid, with what was found while setting them apart."""

    frames: tuple[Frame, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class _Kind:
    """What must be one in a stack, besides orientation and spacing."""

    rows: int | None
    columns: int | None
    colour: bool
    localizer: bool
    inverted: bool
    stack_id: str
    number: int | None
    alone: str
    contrast: tuple[object, ...] = ()


def group_frames(frames: Iterable[Frame]) -> list[FrameGroup]:
    """Return the groups of all frames, in order of first appearance; order within a group is that of `frames`."""
    series: dict[tuple[str, ...], list[Frame]] = {}
    keys: dict[int, tuple[str, ...]] = {}
    for frame in frames:
        common = frame.common
        key = keys.get(id(common)) if common.series_uid else None
        if key is None:
            key = keys[id(common)] = _series_key(frame)
        series.setdefault(key, []).append(frame)
    rejoined = _rejoined(series)
    groups = [group for members in series.values() for group in _split(members)]
    return groups + [_told(group) for members in rejoined for group in _split(members)]


def _rejoined(series: dict[tuple[str, ...], list[Frame]]) -> list[list[Frame]]:
    """Take from `series` the images that a writer gave a series each; return those that are alike in all else."""
    alike: dict[tuple[object, ...], list[tuple[str, ...]]] = {}
    for key, members in series.items():
        if len(members) == 1 and members[0].common.orientation and members[0].common.frame_of_reference_uid:
            alike.setdefault(_likeness(members[0]), []).append(key)
    torn = [keys for keys in alike.values() if len(keys) >= _FEWEST_REJOINED and _lie_apart(series, keys)]
    return [[frame for key in keys for frame in series.pop(key)] for keys in torn]


def _likeness(frame: Frame) -> tuple[object, ...]:
    """What the images of one series share, its UID apart."""
    common = frame.common
    own = (Tag.PatientID, Tag.SeriesDescription, Tag.ImageOrientationPatient, Tag.PixelSpacing)
    size = (common.rows, common.columns, common.samples)
    place = (common.study_uid, common.frame_of_reference_uid, os.path.dirname(frame.path))
    return (*place, common.modality, common.series_number, common.image_type, *size, *map(common.value, own))


def _lie_apart(series: dict[tuple[str, ...], list[Frame]], keys: list[tuple[str, ...]]) -> bool:
    positions = {series[key][0].where for key in keys}
    return len(positions) == len(keys) and not positions & {None, b""}


def _told(group: FrameGroup) -> FrameGroup:
    message = (
        f"Each of these {len(group.frames)} images has a SeriesInstanceUID (0020,000E) of its own; "
        "they are alike in all else that the images of a series share."
    )
    return FrameGroup(group.frames, (finding("series-per-image", message), *group.findings))


def _series_key(frame: Frame) -> tuple[str, ...]:
    """SeriesInstanceUID, with study, patient and modality, since it is reused; the folder where there is none."""
    common = frame.common
    owner = (common.study_uid, common.text(Tag.PatientID), common.modality)
    if common.series_uid:
        return (*owner, common.series_uid)
    return (*owner, "", os.path.dirname(frame.path), str(common.series_number))


def _split(frames: list[Frame]) -> list[FrameGroup]:
    splitter = _Splitter()
    parts: dict[tuple[_Kind, int, int], list[Frame]] = {}
    for frame in frames:
        kind, orientation, spacing = splitter.key(frame.common)
        if _stands_alone(frame.common) and not is_of_stack(frame.common):
            kind = replace(kind, alone=frame.path)
        parts.setdefault((kind, orientation, spacing), []).append(frame)
    parts = {key: members for old, found in parts.items() for key, members in _by_contrast(old, found).items()}
    findings = _differences(list(parts), splitter)
    return [
        FrameGroup(tuple(members), (*findings, *_localizer(key[0], members, len(parts))))
        for key, members in parts.items()
    ]


def _by_contrast(key: tuple[_Kind, int, int], members: list[Frame]) -> dict[tuple[_Kind, int, int], list[Frame]]:
    """Set magnitude, phase and the like apart where they lie at the same positions: their values do not compare."""
    positions = {frame.where for frame in members}
    if len(positions) == len(members):
        return {key: members}
    parts: dict[tuple[object, ...], list[Frame]] = {}
    for frame in members:
        parts.setdefault(_contrast(frame), []).append(frame)
    if len(parts) == 1 or len({len({f.where for f in part}) for part in parts.values()}) > 1:
        return {key: members}
    kind, orientation, spacing = key
    return {(replace(kind, contrast=contrast), orientation, spacing): part for contrast, part in parts.items()}


def _contrast(frame: Frame) -> tuple[object, ...]:
    """What an image shows: ImageType, ComplexImageComponent, and GE's private words for the same."""
    common = frame.common
    private = common.text(Tag.Manufacturer).upper().startswith("GE ")
    return (
        common.image_type,
        common.text(Tag.ComplexImageComponent),
        *((frame.value(Tag.GERawDataType), frame.value(Tag.GEVasCollapseFlag)) if private else ()),
    )


class _Splitter:
    """Gives frames that can share a grid one key; looks at each `Common` once."""

    def __init__(self) -> None:
        self.orientations: list[tuple[float, ...] | None] = []
        self.spacings: list[tuple[float, ...] | None] = []
        self._known: dict[int, tuple[_Kind, int, int]] = {}

    def key(self, common: Common) -> tuple[_Kind, int, int]:
        known = self._known.get(id(common))
        if known is None:
            kind = _Kind(
                common.rows,
                common.columns,
                common.samples > 1 or common.photometric == "PALETTE COLOR",
                "LOCALIZER" in common.image_type[2:3],
                common.photometric == "MONOCHROME1",
                common.stack_id,
                common.series_number,
                "",
            )
            orientation = _nearest(common.orientation, self.orientations, _same_orientation)
            spacing = _nearest(common.pixel_spacing, self.spacings, _same_spacing)
            known = self._known[id(common)] = (kind, orientation, spacing)
        return known


def _stands_alone(common: Common) -> bool:
    """True where each file is an entry of its own: a Segmentation, and projections, photographs, screens, ultrasound
    without a place.
    """
    if common.sop_class_uid in SEGMENTATION_CLASSES:
        return True
    return common.orientation is None and common.sop_class_uid in _UNPLACED_CLASSES


def _nearest(
    value: tuple[float, ...] | None,
    known: list[tuple[float, ...] | None],
    same: Callable[[tuple[float, ...], tuple[float, ...]], bool],
) -> int:
    """Return the index of the first of `known` that is the same as `value`, adding it where there is none."""
    for n, other in enumerate(known):
        if value is None or other is None:
            if value is other:
                return n
        elif same(value, other):
            return n
    known.append(value)
    return len(known) - 1


def _same_orientation(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    return all(abs(x - y) < _SAME_ORIENTATION for x, y in zip(a, b, strict=True))


def _same_spacing(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    return all(abs(x - y) <= _SAME_SPACING * abs(y) for x, y in zip(a, b, strict=True))


def _differences(keys: list[tuple[_Kind, int, int]], splitter: _Splitter) -> list[Finding]:
    """Say why a series became several entries."""
    if len(keys) == 1:
        return []
    found = []
    kinds = [kind for kind, _, _ in keys]
    sizes = dict.fromkeys(
        f"{kind.columns} x {kind.rows}" if kind.columns and kind.rows else "no stated size" for kind in kinds
    )
    if len(sizes) > 1:
        found.append(
            finding("mixed-size", f"The series holds images of {', '.join(sizes)}; each size is its own entry.")
        )
    contrasts = len({kind.contrast for kind in kinds})
    if contrasts > 1:
        found.append(
            finding(
                "mixed-contrast", f"The series holds {contrasts} kinds of image (ImageType); each is its own entry."
            )
        )
    if len({kind.colour for kind in kinds}) > 1:
        found.append(finding("mixed-kind", "The series holds grey and colour images; each kind is its own entry."))
    orientations = {orientation for _, orientation, _ in keys}
    if len(orientations) > 1:
        found.append(
            finding("mixed-orientation", f"The series holds {len(orientations)} orientations; each is its own entry.")
        )
    spacings = [splitter.spacings[n] for n in dict.fromkeys(spacing for _, _, spacing in keys)]
    if len(spacings) > 1:
        words = ", ".join("none" if s is None else f"{s[0]:g} x {s[1]:g} mm" for s in spacings)
        found.append(finding("mixed-spacing", f"The series holds pixel spacings {words}; each is its own entry."))
    return found


def _localizer(kind: _Kind, members: list[Frame], parts: int) -> list[Finding]:
    if not kind.localizer or parts == 1:
        return []
    return [finding("localizer", f"{len(members)} localizer images are set apart.", [f.path for f in members])]
