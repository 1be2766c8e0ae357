"""What is known about a volume besides its voxels: the series it came from, its findings, its further axes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from dicomvtk.display import WindowLevel

__all__ = ["Axis", "Finding", "FrameSource", "LookupTable", "Segment", "SeriesInfo", "Severity", "ValueMap"]

Severity = Literal["info", "warn", "stop"]


@dataclass(frozen=True)
class Finding:
    """One thing worth saying about the data.

    `severity` is ``info`` (told when asked), ``warn`` (also a DicomVtkWarning) or ``stop`` (reading raises, with this
    message). `files` are the paths concerned, as text.
    """

    code: str
    severity: Severity
    message: str
    files: tuple[str, ...] = ()


@dataclass(frozen=True)
class FrameSource:
    """Where one slice came from: a file and the 0-based frame in it."""

    file: str
    frame: int = 0


@dataclass(frozen=True, eq=False)
class LookupTable:
    """A VOI LUT (PS3.3 C.11.2.1.1): `table[value - first]`, the ends held beyond it.

    `explanation` is LUTExplanation; `bits` is the third value of LUTDescriptor: white is ``2**bits - 1``.
    """

    first: int
    table: NDArray[np.integer[Any]]
    explanation: str = ""
    bits: int = 16


@dataclass(frozen=True, eq=False)
class ValueMap:
    """A map from stored values to real world values (PS3.3 C.7.6.16.2.11): ``slope * stored + intercept``, or a table.

    It holds for stored values from `first` to `last`; with a `table`, ``table[stored - first]``. `unit` is the code of
    the unit (UCUM, ``"1"`` for none), `meaning` its words, `label` and `explanation` the file's own.
    """

    label: str
    unit: str = ""
    meaning: str = ""
    explanation: str = ""
    first: float = -np.inf
    last: float = np.inf
    slope: float = 1.0
    intercept: float = 0.0
    table: NDArray[np.float64] | None = None


@dataclass(frozen=True)
class Segment:
    """One segment of a Segmentation: the number its voxels hold, its SegmentLabel, its colour (red, green, blue)."""

    number: int
    label: str
    colour: tuple[int, int, int] | None = None


@dataclass(frozen=True)
class Axis:
    """A dimension past k: the attribute's keyword, its value at each index, and the unit of the values."""

    keyword: str
    values: tuple[Any, ...]
    unit: str = ""

    def __len__(self) -> int:
        return len(self.values)


def _no_attributes() -> Mapping[str, Any]:
    return MappingProxyType({})


@dataclass(frozen=True)
class SeriesInfo:
    """The series a volume came from, in plain values; empty text and zero-length tuples where nothing is known.

    Parameters
    ----------
    key : str
        Short name of the volume inside what was scanned; `read(series=key)` opens it again.
    uid, study_uid, frame_of_reference_uid, sop_class_uid, transfer_syntax : str
        SeriesInstanceUID, StudyInstanceUID, FrameOfReferenceUID, SOPClassUID, TransferSyntaxUID.
    unit : str
        Unit of the modality values: ``HU`` for CT, RescaleType, Units of a PET, or empty.
    windows : tuple of WindowLevel
        WindowCenter and WindowWidth of the middle slice, in the order of the header.
    voi_luts : tuple of LookupTable
        VOILUTSequence of the middle slice, in the order of the header.
    padding : tuple of (low, high)
        PixelPaddingValue to PixelPaddingRangeLimit as modality values: one pair, or one for each of `sources` where
        slices are scaled differently; empty where the header names none. `Volume.padding_mask` uses it.
    value_maps : tuple of ValueMap
        Maps to real world values that the middle slice offers; `read(values=label)` applies one.
    segments : tuple of Segment
        What the labels of a Segmentation stand for.
    photometric : str
        PhotometricInterpretation. MONOCHROME1 values are left as they are: only display inverts them.
    sources : tuple of FrameSource
        File and frame of each slice k (then of each further axis, in Fortran order).
    made_from : tuple of str
        Files that the voxels were made from, where slices are no longer those of `sources`: resampled, projected, ...
    positions : (k, 3) array or None
        LPS millimetres of the first voxel of each slice, kept where the slices are not regular.
    attributes : mapping
        Further attributes by DICOM keyword, as Python values, that are the same in every frame; ``colormap`` is the
        name that `folder.series[0].colormap` was given.
    """

    key: str = ""
    uid: str = ""
    study_uid: str = ""
    frame_of_reference_uid: str = ""
    sop_class_uid: str = ""
    transfer_syntax: str = ""
    modality: str = ""
    description: str = ""
    number: int | None = None
    patient_name: str = ""
    patient_id: str = ""
    study_date: str = ""
    study_description: str = ""
    unit: str = ""
    windows: tuple[WindowLevel, ...] = ()
    voi_luts: tuple[LookupTable, ...] = field(default=(), compare=False)
    padding: tuple[tuple[float, float], ...] = ()
    value_maps: tuple[ValueMap, ...] = field(default=(), compare=False)
    segments: tuple[Segment, ...] = ()
    photometric: str = "MONOCHROME2"
    sources: tuple[FrameSource, ...] = ()
    made_from: tuple[str, ...] = ()
    positions: NDArray[np.float64] | None = field(default=None, compare=False)
    attributes: Mapping[str, Any] = field(default_factory=_no_attributes)

    @property
    def files(self) -> tuple[str, ...]:
        """Return the files of `sources`, each once; where there are none, those of `made_from`."""
        return tuple(dict.fromkeys(source.file for source in self.sources)) or self.made_from

    def without_sources(self) -> SeriesInfo:
        """Return this for slices that no file holds any more; the files they were made from are still named."""
        return replace(self, sources=(), made_from=self.files)
