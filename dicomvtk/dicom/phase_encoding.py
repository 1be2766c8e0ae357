"""How phase was encoded, as BIDS tells it: along which axis of the array, in which sense, and in what time.

The sense is no standard attribute: Siemens states it in the CSA image header, beside the bandwidth of a line.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dicomvtk.dicom.mosaics import csa_entry, csa_texts

if TYPE_CHECKING:
    from pydicom import Dataset

__all__ = ["phase_encoding"]

_AXES = {"ROW": "i", "COL": "j"}
_MR_HEADER, _BANDWIDTH = "SIEMENS MR HEADER", 0x28
_CSA_HEADER, _CSA_IMAGE = "SIEMENS CSA HEADER", 0x10
_POSITIVE = csa_entry(b"PhaseEncodingDirectionPositive")
_SENSE = {b"1": "", b"0": "-"}


def phase_encoding(header: Dataset, direction: str, shape: tuple[int, ...]) -> Mapping[str, Any]:
    """Return the fields of BIDS on phase encoding, those that the header states.

    `direction` is InPlanePhaseEncodingDirection, ``ROW`` or ``COL``; `shape` (i, j, ...) that of the array, whose rows
    run as those of the image, so that a positive sense is that of growing i or j (a tool that turns rows round, such
    as dcm2niix, has the other one for j). EffectiveEchoSpacing and TotalReadoutTime are in seconds, the latter between
    the centres of the first and the last line, as FSL has it.
    """
    axis = _AXES.get(direction)
    if axis is None:
        return {}
    told: dict[str, Any] = {"PhaseEncodingAxis": axis}
    sense = _SENSE.get(_stated_sense(header))
    if sense is not None:
        told["PhaseEncodingDirection"] = axis + sense
    bandwidth, lines = _bandwidth(header), shape["ij".index(axis)]
    if bandwidth and lines:
        spacing = 1.0 / (bandwidth * lines)
        told["BandwidthPerPixelPhaseEncode"], told["ReconMatrixPE"] = bandwidth, lines
        told["EffectiveEchoSpacing"] = float(f"{spacing:.9g}")
        told["TotalReadoutTime"] = float(f"{spacing * (lines - 1):.9g}")
    return told


def _stated_sense(header: Dataset) -> bytes:
    """Return PhaseEncodingDirectionPositive of the CSA image header, empty where it is not there."""
    csa = _private(header, 0x0029, _CSA_HEADER, _CSA_IMAGE)
    texts = csa_texts(csa, _POSITIVE) if isinstance(csa, bytes) else []
    return texts[0] if len(texts) == 1 else b""


def _bandwidth(header: Dataset) -> float:
    """Return the hertz of one line of the image along the phase, 0.0 where no number above 0 is stated."""
    try:
        hertz = float(_private(header, 0x0019, _MR_HEADER, _BANDWIDTH))
    except (TypeError, ValueError):
        return 0.0
    return hertz if math.isfinite(hertz) and hertz > 0 else 0.0


def _private(header: Dataset, group: int, creator: str, element: int) -> Any:
    try:
        return header.private_block(group, creator)[element].value
    except KeyError:
        return None
