"""From frames to stacks: ordered along the normal, measured, checked, and told of everything odd."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from dicomvtk.dicom import values
from dicomvtk.dicom.axes import Arrangement, arrange, describe_holes
from dicomvtk.dicom.decoders import decoding_problem
from dicomvtk.dicom.duplicates import drop_duplicates
from dicomvtk.dicom.findings import finding
from dicomvtk.dicom.frames import Common, Frame
from dicomvtk.dicom.pixel_format import assumptions, format_problem
from dicomvtk.dicom.positions import check_grid, same_place_groups, slice_normal
from dicomvtk.dicom.rescale import plan_values
from dicomvtk.dicom.segmentation import segmentation_stack
from dicomvtk.dicom.series import FrameGroup
from dicomvtk.dicom.stack import Stack
from dicomvtk.dicom.tags import Tag, describe
from dicomvtk.dicom.unplaced_stack import findings_of_stack
from dicomvtk.dicom.values import BadValue, has_comma, text
from dicomvtk.errors import GeometryError
from dicomvtk.geometry import Geometry
from dicomvtk.metadata import Axis, Finding

__all__ = ["at_places", "build_stack", "on_axes"]

#: SpacingBetweenSlices that differs from the measured spacing by more is worth a word.
_SPACING_TAG_TOLERANCE = 1e-2
#: Pixels from those of an electron microscope to ten metres; positions up to a kilometre.
_SPACING_RANGE_MM = (1e-7, 1e4)
_FARTHEST_MM = 1e6


def build_stack(key: str, group: FrameGroup) -> Stack:
    """Return the stack of one group of frames: ordered, measured, checked."""
    findings = list(group.findings)
    if group.frames[0].common.segments:
        stack = segmentation_stack(group.frames) or _loose_segments(group.frames)
    else:
        frames, dropped = drop_duplicates(group.frames)
        findings += dropped
        stack = _placed(frames) or _without_place(frames)
    findings += [*stack.findings, *_pixel_findings(stack.frames)]
    return replace(stack, key=key, findings=tuple(findings))


def _placed(frames: Sequence[Frame]) -> Stack | None:
    """Return the stack of frames that state position, orientation and spacing; None where some do not."""
    common = frames[0].common
    if common.orientation is None or common.pixel_spacing is None:
        return None
    places = []
    for frame in frames:
        try:
            places.append(frame.position)
        except BadValue as bad:
            where = os.path.basename(_frame_name(frame))
            message = f"ImagePositionPatient (0020,0032) is {bad} in {where}; expected 3 numbers."
            return _unusable(frames, finding("bad-geometry", message, [frame.path]))
    if any(place is None for place in places):
        return None
    positions = np.array(places, dtype=np.float64)
    problem = _plane_problem(common) or _far_away(frames, positions)
    if problem:
        return _unusable(frames, finding("bad-geometry", f"{problem} In {_some(frames)}.", _paths(frames)))
    normal = slice_normal(common.orientation)
    groups = same_place_groups(positions @ normal)
    if len(groups) < len(frames):
        return _repeated(frames, groups)
    order = [int(group[0]) for group in groups]
    return _stacked([frames[n] for n in order], positions[order], normal)


def _stacked(frames: Sequence[Frame], positions: NDArray[np.float64], normal: NDArray[np.float64]) -> Stack:
    """Return the stack of frames in order, one at each position."""
    common = frames[0].common
    findings: list[Finding] = []
    regular = True
    if len(frames) == 1:
        spacing, found = _single_slice_spacing(common)
        findings += found
    else:
        grid = check_grid(positions, normal, [_frame_name(f) for f in frames])
        spacing, regular = grid.spacing, grid.regular
        findings += grid.findings
        findings += _spacing_tag(common, spacing)
    findings += _reference_frames(frames)
    shape = (common.columns or 1, common.rows or 1, len(frames))
    geometry = Geometry.from_image_plane(
        shape, common.orientation or (), positions[0].tolist(), common.pixel_spacing or (), spacing
    )
    return Stack("", tuple(frames), geometry, positions, (), tuple(findings), regular)


def _repeated(frames: Sequence[Frame], groups: Sequence[NDArray[np.intp]]) -> Stack:
    """Several images at one position: on further axes where attributes tell them apart, else refused; never guessed."""
    places = [[frames[int(n)] for n in group] for group in groups]
    arranged = arrange(places)
    if arranged is not None:
        return on_axes(arranged)
    most = max(places, key=len)
    found = describe_holes(places)
    if found is None:
        named = ", ".join(os.path.basename(_frame_name(frame)) for frame in most[:3])
        more = ", ..." if len(most) > 3 else ""
        message = (
            f"{len(frames)} images lie at {len(groups)} positions, {len(most)} of them at one ({named}{more}), and no "
            "attribute tells them apart evenly. Keep one of each, or name the attributes that do in dims=."
        )
        found = finding("repeated-position", message, [frame.path for frame in most])
    return _unusable([frame for place in places for frame in place], found)


def on_axes(arranged: Arrangement) -> Stack:
    """Return the stack of frames on positions and further axes; its geometry is that of the first volume."""
    count = len(arranged.frames) // int(np.prod([len(axis) for axis in arranged.axes], dtype=int))
    first = arranged.frames[:count]
    positions = np.array([frame.position for frame in first], dtype=np.float64)
    stack = _stacked(first, positions, slice_normal(first[0].common.orientation or ()))
    findings = (*arranged.findings, *stack.findings)
    return replace(stack, frames=arranged.frames, axes=arranged.axes, findings=findings)


def at_places(stack: Stack) -> list[list[Frame]]:
    """Return the frames of a stack by position along the normal."""
    positions = np.array([frame.position or (0.0, 0.0, 0.0) for frame in stack.frames], dtype=np.float64)
    normal = slice_normal(stack.common.orientation or (1, 0, 0, 0, 1, 0))
    return [[stack.frames[int(n)] for n in group] for group in same_place_groups(positions @ normal)]


def _without_place(frames: Sequence[Frame]) -> Stack:
    """Return the stack of frames that do not all say where they lie: in order of InstanceNumber, then of file name."""
    common = frames[0].common
    numbered = sorted(range(len(frames)), key=lambda n: (_number(frames[n]), n))
    frames = [frames[n] for n in numbered]
    stated = findings_of_stack(frames)
    findings = stated if stated is not None else _absence(frames)
    spacing = common.pixel_spacing or (1.0, 1.0)
    if not all(s > 0 for s in spacing):
        return _unusable(
            frames,
            finding(
                "bad-geometry",
                f"PixelSpacing (0028,0030) is {list(spacing)} in {_some(frames)}; expected above 0.",
                _paths(frames),
            ),
        )
    axes: tuple[Axis, ...] = ()
    slices = len(frames)
    if stated is None and len(frames) > 1 and len({f.path for f in frames}) == 1:
        axes = (_cine_axis(common, len(frames)),)
        slices = 1
    between, _ = _single_slice_spacing(common)
    shape = (common.columns or 1, common.rows or 1, slices)
    geometry = Geometry(shape, (spacing[1], spacing[0], between), placed=False)
    return Stack("", tuple(frames), geometry, None, axes, tuple(findings), True)


def _loose_segments(frames: Sequence[Frame]) -> Stack:
    """Return the stack of segments drawn on an image without a place; none where only some of the place is stated."""
    if any(frame.value(Tag.ImagePositionPatient) for frame in frames):
        message = (
            "The frames of this Segmentation state where they lie (ImagePositionPatient (0020,0032)) without all of "
            f"ImageOrientationPatient (0020,0037), PixelSpacing (0028,0030) and every position, in {_some(frames)}."
        )
        return _unusable(frames, finding("bad-geometry", message, _paths(frames)))
    return _without_place(frames)


def _cine_axis(common: Common, count: int) -> Axis:
    """Return the axis of frames that follow each other in time: in ms where the time between them is stated.

    That is FrameTime, or FrameTimeVector from frame to frame, whose first number is 0 (PS3.3 C.7.6.5).
    """
    try:
        even = values.decimals(common.value(Tag.FrameTime), 1)
        each = values.decimals(common.value(Tag.FrameTimeVector), count)
    except BadValue:
        even = each = None
    if even is not None and even[0] > 0:
        return Axis("FrameTime", tuple(n * even[0] for n in range(count)), "ms")
    if each is not None and all(step > 0 for step in each[1:]):
        return Axis("FrameTime", tuple(accumulate(each[1:], initial=0.0)), "ms")
    return Axis("FrameNumber", tuple(range(1, count + 1)))


def _absence(frames: Sequence[Frame]) -> list[Finding]:
    """Say what is missing; a stop where several files would have to be stacked without knowing where they lie."""
    common = frames[0].common
    findings = []
    if common.spacing_attribute == "ImagerPixelSpacing":
        findings.append(
            finding("imager-spacing", "Spacing is ImagerPixelSpacing (0018,1164), at the detector, not in the patient.")
        )
    single = len({f.path for f in frames}) == 1
    if single and common.orientation is None:
        text = "The image states no place in a patient"
        if common.pixel_spacing is None:
            text += " and no pixel spacing; pixels count as 1 mm"
        return [*findings, finding("unplaced", f"{text}.", [frames[0].path])]
    if common.orientation is None:
        code, what = "missing-orientation", "ImageOrientationPatient (0020,0037)"
        lacking = list(frames)
    elif common.pixel_spacing is None:
        code, what = "missing-spacing", "PixelSpacing (0028,0030)"
        lacking = list(frames)
    else:
        code, what = "missing-position", "ImagePositionPatient (0020,0032)"
        lacking = [f for f in frames if not f.value(Tag.ImagePositionPatient)]
    files = list(dict.fromkeys(f.path for f in lacking))
    named = os.path.basename(files[0]) + (f" and {len(files) - 1} more files" if len(files) > 1 else "")
    message = f"{what} is missing in {named} of {len({f.path for f in frames})}."
    return [*findings, finding(code, message, files)]


def _number(frame: Frame) -> float:
    number = frame.instance_number
    return float("inf") if number is None else number


def _unusable(frames: Sequence[Frame], found: Finding) -> Stack:
    return Stack("", tuple(frames), None, None, (), (found,), False)


def _plane_problem(common: Common) -> str:
    low, high = _SPACING_RANGE_MM
    if not all(low <= s <= high for s in common.pixel_spacing or ()):
        return (
            f"{common.spacing_attribute} is {list(common.pixel_spacing or ())}; "
            f"expected two numbers from {low:g} to {high:g} mm."
        )
    try:
        Geometry.from_image_plane((1, 1, 1), common.orientation or (), (0, 0, 0), (1, 1), 1)
    except GeometryError as error:
        return str(error)
    return ""


def _far_away(frames: Sequence[Frame], positions: NDArray[np.float64]) -> str:
    """Return what is wrong with a position that no scanner has; numbers there have no room for millimetres."""
    worst = int(np.argmax(np.abs(positions).max(axis=1)))
    if float(np.abs(positions[worst]).max()) <= _FARTHEST_MM:
        return ""
    return (
        f"ImagePositionPatient (0020,0032) of {os.path.basename(frames[worst].path)} is {positions[worst].tolist()}; "
        f"expected numbers up to {_FARTHEST_MM:g} mm."
    )


def _single_slice_spacing(common: Common) -> tuple[float, list[Finding]]:
    """Return how thick one slice alone is: SpacingBetweenSlices, else SliceThickness, else 1 mm, and say so."""
    if common.spacing_between_slices and common.spacing_between_slices > 0:
        return common.spacing_between_slices, []
    if common.slice_thickness and common.slice_thickness > 0:
        return common.slice_thickness, [
            finding(
                "thickness-used",
                f"One slice alone: SliceThickness, {common.slice_thickness:g} mm, stands for its spacing.",
            )
        ]
    return 1.0, [finding("slice-spacing-unknown", "One slice alone, of no stated thickness; it is drawn 1 mm thick.")]


def _spacing_tag(common: Common, spacing: float) -> list[Finding]:
    stated = common.spacing_between_slices
    if stated is None or abs(abs(stated) - spacing) <= _SPACING_TAG_TOLERANCE * spacing:
        return []
    return [
        finding(
            "spacing-tag-disagrees",
            f"SpacingBetweenSlices (0018,0088) is {stated:g} mm, positions are {spacing:g} mm apart; positions count.",
        )
    ]


def _reference_frames(frames: Sequence[Frame]) -> list[Finding]:
    count = len({frame.common.frame_of_reference_uid for frame in frames})
    if count == 1:
        return []
    message = f"The {len(frames)} slices name {count} frames of reference (0020,0052); one was expected."
    code = "frame-of-reference-per-slice" if count == len(frames) else "several-frames-of-reference"
    return [finding(code, message)]


#: Numbers that place or scale voxels.
_PLACING = (Tag.PixelSpacing, Tag.ImagerPixelSpacing, Tag.ImageOrientationPatient, Tag.SpacingBetweenSlices)
_SCALING = (Tag.ImagePositionPatient, Tag.RescaleSlope, Tag.RescaleIntercept)


def _decimal_commas(frames: Sequence[Frame]) -> list[Finding]:
    """Say where numbers are written with commas: most likely a locale's decimal point, but the user must say so."""
    found: dict[tuple[int, str], bytes | None] = {}
    for tag in _SCALING:
        if any(map(has_comma, {f.value(tag) for f in frames})):
            found |= {(tag, f.path): f.value(tag) for f in frames if has_comma(f.value(tag))}
    commons = {id(frame.common): frame for frame in frames}.values()
    found |= {(tag, f.path): f.common.value(tag) for f in commons for tag in _PLACING if has_comma(f.common.value(tag))}
    if not found:
        return []
    (tag, path), raw = next(iter(found.items()))
    message = f"{describe(tag)} is {text(raw)!r} in {os.path.basename(path)}; DICOM writes decimals with a point."
    return [finding("decimal-comma", message, list(dict.fromkeys(path for _, path in found)))]


def _paths(frames: Sequence[Frame]) -> list[str]:
    return list(dict.fromkeys(frame.path for frame in frames))


def _some(frames: Sequence[Frame]) -> str:
    """Return the name of the first file, and how many more there are."""
    paths = _paths(frames)
    return os.path.basename(paths[0]) + (f" and {len(paths) - 1} more files" if len(paths) > 1 else "")


def _mixed_pixels(frames: Sequence[Frame]) -> list[Finding]:
    """Tell of images that mean their pixels otherwise than the most do: each is read by its own header."""
    findings: list[Finding] = []
    if len({id(frame.common) for frame in frames}) == 1:
        return findings
    for name, value in (
        ("PixelRepresentation (0028,0103)", lambda common: int(common.signed)),
        ("BitsStored (0028,0101)", lambda common: common.bits_stored),
        ("RescaleType (0028,1054)", lambda common: common.text(Tag.RescaleType)),
    ):
        groups: dict[object, list[Frame]] = {}
        for frame in frames:
            groups.setdefault(value(frame.common), []).append(frame)
        if len(groups) == 1:
            continue
        few = min(groups.values(), key=len)
        most = max(groups, key=lambda key: len(groups[key]))
        findings.append(
            finding(
                "mixed-pixels",
                f"{name} is {value(few[0].common)!r} in {_some(few)} and {most!r} in the others; "
                "each is read by its own header.",
                _paths(few),
            )
        )
    return findings


def _pixel_findings(frames: Sequence[Frame]) -> list[Finding]:
    """Check that the pixels can be there and can be decoded, as far as headers tell."""
    commons = {id(frame.common): frame for frame in frames}.values()
    for frame in commons:
        problem = format_problem(frame.common)
        if problem:
            return [finding("bad-header", f"{problem}, in {frame.path}.", [frame.path])]
    for frame in commons:
        problem = decoding_problem(frame)
        if problem:
            return [finding("undecodable", problem, [frame.path])]
    findings = [
        finding("assumed", f"{text}, in {f.path}.", [f.path]) for f in commons for text in assumptions(f.common)
    ]
    findings += _decimal_commas(frames)
    findings += _mixed_pixels(frames)
    findings += plan_values(frames).findings
    longer = [frame for frame in frames if frame.excess > 0]
    if longer:
        first = longer[0]
        message = (
            f"{os.path.basename(first.path)} has {first.excess} bytes of pixel data more than Rows (0028,0010), "
            "Columns (0028,0011) and NumberOfFrames (0028,0008) account for"
        )
        findings.append(finding("excess", f"{message}.", list(dict.fromkeys(frame.path for frame in longer))))
    short = [frame for frame in frames if frame.shortfall > 0]
    if short:
        first = short[0]
        findings.append(
            finding(
                "truncated",
                f"{os.path.basename(first.path)} lacks {first.shortfall} of {first.length} bytes of pixel data"
                + (f", and {len(short) - 1} more frames lack some" if len(short) > 1 else "")
                + ".",
                list(dict.fromkeys(frame.path for frame in short)),
            )
        )
    return findings


def _frame_name(frame: Frame) -> str:
    return frame.path if frame.number == 0 else f"{frame.path} frame {frame.number + 1}"
