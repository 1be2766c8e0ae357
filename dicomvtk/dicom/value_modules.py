"""What stored values mean and how they are first shown: Modality LUT, Real World Value Mapping, VOI LUT."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dicomvtk.dicom.decimal_strings import ds_text
from dicomvtk.dicom.encode import Encoding
from dicomvtk.dicom.modules import Attributes
from dicomvtk.dicom.storage import CT, MR, PET, SECONDARY_CAPTURE, SeriesPlan
from dicomvtk.display import WindowLevel

__all__ = ["modality_values", "window"]

#: One of the 256 greys that a screen has.
_ONE_GREY = 1 / 255


def modality_values(plan: SeriesPlan, unit: str) -> Attributes:
    """Return how stored values become modality values: the Modality LUT module (C.11.1), always there in CT and PET.

    The MR image has none. Every reader applies it as a standard extension, and Real World Value Mapping
    (C.7.6.16.2.11), the standard's own way, says the same beside it. Secondary Capture may have one, and has where that
    keeps a unit.
    """
    encoding = plan.encoding
    if plan.storage.multi_frame:  # says it beside its frames
        return {}
    says_unit = bool(unit) and plan.storage is SECONDARY_CAPTURE and encoding.dtype.itemsize > 1
    if plan.storage not in (CT, PET) and not encoding.is_rescaled and not says_unit:
        return {}
    rescale: Attributes = {"RescaleSlope": encoding.slope, "RescaleIntercept": encoding.intercept}
    if plan.storage is not PET:  # PET says its unit in Units (C.8.9.1)
        rescale["RescaleType"] = unit or "US"
    if plan.storage is MR:
        rescale["RealWorldValueMappingSequence"] = [_real_world_values(encoding)]
    return rescale


def window(encoding: Encoding, windows: Sequence[WindowLevel]) -> Attributes:
    """Return the VOI LUT module (C.11.2) in modality values: `windows`, or the full range where none tells them apart.

    A mask keeps no window of the CT it was made of: all of it would be one grey.

    LINEAR wants a width of at least 1 and puts the centre half a step higher (C.11.2.1.2.1); floats and narrower
    windows are written as LINEAR_EXACT, which means what it says.
    """
    function: Attributes = {}
    low, high = encoding.low, encoding.high
    windows = [w for w in windows if low == high or _grey(w, high) - _grey(w, low) >= _ONE_GREY]
    whole = encoding.max_error == 0.0 and encoding.slope == "1"
    if not windows and whole:
        windows = [WindowLevel((low + high) / 2 + 0.5, high - low + 1)]
    elif not windows:
        windows = [WindowLevel.from_range(low, high)]
    functions = {w.function for w in windows}
    if functions == {"SIGMOID"}:
        function = {"VOILUTFunction": "SIGMOID"}
    elif functions == {"LINEAR_EXACT"} or any(w.width < 1 for w in windows):
        function = {"VOILUTFunction": "LINEAR_EXACT"}
    attributes: Attributes = {
        "WindowCenter": [ds_text(w.center) for w in windows],
        "WindowWidth": [ds_text(w.width) for w in windows],
        **function,
    }
    if any(w.explanation for w in windows):
        attributes["WindowCenterWidthExplanation"] = [w.explanation for w in windows]
    return attributes


def _grey(window: WindowLevel, value: float) -> float:
    """Return what a window shows a value as, 0 (black) to 1 (white)."""
    return min(max((value - window.low) / window.width, 0.0), 1.0)


def _real_world_values(encoding: Encoding) -> Attributes:
    limits = np.iinfo(encoding.dtype)
    return {
        "RealWorldValueFirstValueMapped": int(limits.min),
        "RealWorldValueLastValueMapped": int(limits.max),
        "RealWorldValueIntercept": float(encoding.intercept),
        "RealWorldValueSlope": float(encoding.slope),
        "LUTExplanation": "Modality values",
        "LUTLabel": "VALUES",
        "MeasurementUnitsCodeSequence": [
            {"CodeValue": "1", "CodingSchemeDesignator": "UCUM", "CodeMeaning": "no units"}
        ],
    }
