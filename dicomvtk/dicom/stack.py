"""Stacks: the frames of one volume in order, where they lie, and everything that was found on the way.

A stack is what `find_series` returns: enough to know whether and how `read` will open it, without any pixel read.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dicomvtk.dicom.findings import needs
from dicomvtk.dicom.frames import Common, Frame
from dicomvtk.dicom.pixel_format import format_problem
from dicomvtk.dicom.rescale import plan_values
from dicomvtk.dicom.tags import Tag
from dicomvtk.dicom.value_maps import offered_maps
from dicomvtk.geometry import Float3, Geometry
from dicomvtk.metadata import Axis, Finding, ValueMap

__all__ = ["Stack"]


@dataclass(frozen=True, eq=False)
class Stack:
    """One volume as the headers describe it: an entry of `find_series`.

    `frames` are in order of k, then of each further axis (Fortran order). `geometry` is None where the headers do not
    describe a grid. `positions` (k, 3) holds the LPS mm of each slice's first voxel, None where unplaced. `slices` is
    given where slices are not one frame each (segmentations).
    """

    key: str
    frames: tuple[Frame, ...]
    geometry: Geometry | None
    positions: NDArray[np.float64] | None
    axes: tuple[Axis, ...]
    findings: tuple[Finding, ...]
    regular: bool
    slices: int | None = None

    @property
    def common(self) -> Common:
        """What the first frame shares with the others."""
        return self.frames[0].common

    @property
    def uid(self) -> str:
        return self.common.series_uid

    @property
    def study_uid(self) -> str:
        return self.common.study_uid

    @property
    def modality(self) -> str:
        return self.common.modality

    @property
    def number(self) -> int | None:
        return self.common.series_number

    @property
    def transfer_syntax(self) -> str:
        return self.common.transfer_syntax

    @property
    def description(self) -> str:
        return self.common.text(Tag.SeriesDescription)

    @property
    def study_description(self) -> str:
        return self.common.text(Tag.StudyDescription)

    @property
    def study_date(self) -> str:
        return self.common.text(Tag.StudyDate)

    @property
    def patient_name(self) -> str:
        return self.common.text(Tag.PatientName)

    @property
    def patient_id(self) -> str:
        return self.common.text(Tag.PatientID)

    @property
    def files(self) -> tuple[str, ...]:
        """The files that hold the frames, each once, in order of k."""
        return tuple(dict.fromkeys(frame.path for frame in self.frames))

    @property
    def is_colour(self) -> bool:
        return self.common.samples > 1 or self.common.photometric == "PALETTE COLOR"

    @property
    def slice_count(self) -> int:
        if self.slices is not None:
            return self.slices
        return len(self.frames) // int(np.prod([len(axis) for axis in self.axes], dtype=int))

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the array that `read` returns: (i, j, k, *axes), colour samples last."""
        colour = (3,) if self.is_colour else ()
        sizes = (self.common.columns or 0, self.common.rows or 0, self.slice_count)
        return (*sizes, *(len(axis) for axis in self.axes), *colour)

    @property
    def spacing(self) -> Float3 | None:
        return self.geometry.spacing if self.geometry else None

    @property
    def origin(self) -> Float3 | None:
        return self.geometry.origin if self.geometry else None

    @property
    def direction(self) -> NDArray[np.float64] | None:
        return self.geometry.direction if self.geometry else None

    @property
    def dtype(self) -> np.dtype | None:
        """The dtype that the headers let expect, None where they do not describe pixels."""
        if format_problem(self.common):
            return None
        return plan_values(self.frames).dtype

    @property
    def value_maps(self) -> tuple[ValueMap, ...]:
        """Maps to real world values that the middle slice offers; its file's header is read for this."""
        if self.is_colour or self.common.segments:
            return ()
        return offered_maps(self.frames[self.slice_count // 2])

    @property
    def readable(self) -> bool:
        """True where `read` opens it without `allow` or `fix`."""
        return not any(f.severity == "stop" for f in self.findings)

    @property
    def needs(self) -> tuple[str, ...]:
        """What would open it otherwise, e.g. ``("fix=gap", "allow=gap")``; empty if readable, or if nothing would."""
        return needs(self.findings)

    def __repr__(self) -> str:
        size = " x ".join(map(str, self.shape))
        note = "" if self.readable else " (not readable)"
        return f"<Stack {self.key!r} {self.modality} {size} {self.description!r}{note}>"
