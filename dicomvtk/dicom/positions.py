"""Where the slices of a stack lie: their order along the normal, and whether they make a regular grid.

The normal is row x column of ImageOrientationPatient (PS3.3 C.7.6.2.1.1); slice spacing and tilt are measured from
ImagePositionPatient, never taken from a tag.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dicomvtk.dicom.findings import JITTER_IGNORED, JITTER_TOLERATED, finding
from dicomvtk.metadata import Finding

__all__ = ["Regularity", "check_grid", "same_place_groups", "slice_normal"]

#: Positions closer than this along the normal, in mm, are one place whatever the spacing: DS values of 4-D series are
#: rounded differently from volume to volume.
_SAME_PLACE_MM = 1e-3
#: ... and so are those closer than this share of the usual step.
_SAME_PLACE_SHARE = 1e-2
#: A shear below this (mm along the plane for each mm along the normal) is the rounding of the cosines; up to the
#: second it is told; beyond it the stack is tilted. 0.01 is 0.57 degrees.
_SHEAR_IGNORED = 1e-3
_SHEAR_TOLERATED = 1e-2
#: A step is a whole number of spacings (slices are absent) if it is this near to one.
_WHOLE_STEP = 5e-2


@dataclass(frozen=True)
class Regularity:
    """The grid that the slices are on, or nearly: spacing along the normal in mm, and what is wrong with it."""

    spacing: float
    regular: bool
    findings: tuple[Finding, ...]


def slice_normal(orientation: Sequence[float]) -> NDArray[np.float64]:
    """Return row x column (3,), the direction in which slices are counted."""
    return np.cross(np.asarray(orientation[:3], dtype=float), np.asarray(orientation[3:], dtype=float))


def same_place_groups(along: NDArray[np.float64]) -> list[NDArray[np.intp]]:
    """Return indices grouped by place along the normal, ascending; in a group the given order is kept.

    `along` (n,) holds the distance of each frame along the normal in mm.
    """
    order = np.argsort(along, kind="stable")
    steps = np.diff(along[order])
    real = steps[steps > _SAME_PLACE_MM]
    limit = max(_SAME_PLACE_MM, _SAME_PLACE_SHARE * _median(real)) if real.size else _SAME_PLACE_MM
    cuts = np.nonzero(steps > limit)[0] + 1
    if len(cuts) == len(steps):  # each alone, as in most series
        return list(order[:, np.newaxis])
    return [np.sort(group) for group in np.split(order, cuts)]


def check_grid(positions: NDArray[np.float64], normal: NDArray[np.float64], files: Sequence[str]) -> Regularity:
    """Return the regular grid of slices at `positions` (n, 3), in order along `normal`, n at least 2.

    A deviation under 0.1 % of the spacing is nothing, under 1 % a warning, beyond that a stop: `gap` where slices are
    absent, `uneven` where steps differ, `tilt` where every slice is shifted alike, `shifted` where some are.
    """
    along = positions @ normal
    steps = np.diff(along)
    spacing = float(along[-1] - along[0]) / (len(along) - 1)
    if len(steps) > 1 and float(np.max(np.abs(steps - spacing))) > JITTER_TOLERATED * spacing:
        spacing = _usual_step(steps)
        broken = _broken(along, steps, spacing, files)
        return Regularity(spacing, False, (broken, *_in_plane(positions, normal, spacing, files)))
    ideal = along[0] + spacing * np.arange(len(along))
    jitter = float(np.max(np.abs(along - ideal))) / spacing
    findings = list(_in_plane(positions, normal, spacing, files))
    if JITTER_IGNORED < jitter <= JITTER_TOLERATED:
        findings.append(
            finding(
                "jitter", f"Slice positions stray by up to {jitter * spacing:.4g} mm from even {spacing:.6g} mm steps."
            )
        )
    elif jitter > JITTER_TOLERATED:
        findings.insert(0, _broken(along, steps, spacing, files))
    return Regularity(spacing, not any(f.severity == "stop" for f in findings), tuple(findings))


def _usual_step(steps: NDArray[np.float64]) -> float:
    """Return the step that most slices keep: the median, or the smallest where all steps are multiples of it."""
    smallest = float(np.min(steps))
    return smallest if _are_whole(steps / smallest) else _median(steps)


def _median(values: NDArray[np.float64]) -> float:
    """Return the upper median; np.median would import numpy.ma, which takes longer than all else here."""
    return float(np.sort(values)[len(values) // 2])


def _are_whole(ratios: NDArray[np.float64]) -> bool:
    whole = np.rint(ratios)
    return bool(np.all(whole >= 1) and np.all(np.abs(ratios - whole) <= _WHOLE_STEP))


def _broken(along: NDArray[np.float64], steps: NDArray[np.float64], usual: float, files: Sequence[str]) -> Finding:
    """Say whether slices are absent or merely uneven."""
    whole = np.rint(steps / usual)
    if _are_whole(steps / usual) and np.max(whole) > 1:
        absent = int(np.sum(whole - 1))
        at = int(np.argmax(whole))
        first = along[at] + usual
        return finding(
            "gap",
            f"{_name(files, at)} and {_name(files, at + 1)} are {steps[at]:.2f} mm apart, the others {usual:.2f} mm: "
            f"{absent} slice{'s' if absent > 1 else ''} missing, the first at {first:.2f} mm along the normal.",
            (files[at], files[at + 1]),
        )
    low, high = int(np.argmin(steps)), int(np.argmax(steps))
    return finding(
        "uneven",
        f"Steps between slices go from {steps[low]:.3f} mm ({_name(files, low)} to {_name(files, low + 1)}) "
        f"to {steps[high]:.3f} mm ({_name(files, high)} to {_name(files, high + 1)}); expected even steps.",
        (files[low], files[high]),
    )


def _in_plane(
    positions: NDArray[np.float64], normal: NDArray[np.float64], spacing: float, files: Sequence[str]
) -> list[Finding]:
    """Measure how far the slices' corners run off the normal through the first: evenly (tilt) or not (shift)."""
    offsets = positions - positions[0]
    along = offsets @ normal
    sideways = offsets - np.outer(along, normal)
    total = float(along[-1])
    shear = sideways[-1] / total
    slope = float(np.linalg.norm(shear))
    stray = np.linalg.norm(sideways - np.outer(along, shear), axis=1)
    worst = int(np.argmax(stray))
    if float(stray[worst]) > JITTER_TOLERATED * spacing:
        return [
            finding(
                "shifted",
                f"{_name(files, worst)} lies {stray[worst]:.3g} mm sideways of the line through the other slices; "
                "expected all corners on one line.",
                (files[worst],),
            )
        ]
    degrees = float(np.degrees(np.arctan(slope)))
    if slope > _SHEAR_TOLERATED:
        ends = f"{_name(files, 0)} to {_name(files, len(files) - 1)}"
        message = f"The stack is sheared by {degrees:.2f} degrees (gantry tilt, measured from the positions of {ends})."
        return [finding("tilt", message, (files[0], files[-1]))]
    if slope > _SHEAR_IGNORED:
        return [finding("jitter", f"Slice corners run {degrees:.3f} degrees off the normal of the planes.")]
    return []


def _name(files: Sequence[str], n: int) -> str:
    return os.path.basename(files[n])
