"""How values become greys: windows, named and automatic. The chain to the screen is `display.screen`."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from dicomvtk.errors import UnsupportedError

__all__ = ["CT_WINDOWS", "VoiFunction", "WindowLevel", "auto_window", "rgb_of_cielab"]

#: VOILUTFunction (0028,1056).
VoiFunction = Literal["LINEAR", "LINEAR_EXACT", "SIGMOID"]

#: Shares of the sorted values left black and white by an automatic window: enough to ignore hot pixels and air.
_AUTO_PERCENTILES = (1.0, 99.0)
#: More samples than this do not move the percentiles visibly, and cost time.
_AUTO_SAMPLES = 250_000


_D50_WHITE = np.array([0.96422, 1.0, 0.82521])
_SRGB_OF_XYZ_D50 = np.array(
    [[3.1338561, -1.6168667, -0.4906146], [-0.9787684, 1.9161415, 0.0334540], [0.0719453, -0.2289914, 1.4052427]]
)


@dataclass(frozen=True)
class WindowLevel:
    """A range of modality values spread over black to white (PS3.3 C.11.2.1.2).

    `center` and `width` are in modality values (HU for CT); `explanation` is WindowCenterWidthExplanation, `function`
    is VOILUTFunction: ``LINEAR`` counts whole grey steps and puts white half a step lower on either side,
    ``LINEAR_EXACT`` and ``SIGMOID`` mean what centre and width say.
    """

    center: float
    width: float
    explanation: str = ""
    function: VoiFunction = "LINEAR"

    def __post_init__(self) -> None:
        if self.function not in get_args(VoiFunction):
            raise UnsupportedError(
                f"Unknown VOILUTFunction (0028,1056) {self.function!r}; expected {', '.join(get_args(VoiFunction))}."
            )
        if not (math.isfinite(self.center) and math.isfinite(self.width) and self.width > 0):
            raise UnsupportedError(
                f"Cannot use a window of centre {self.center} and width {self.width}; "
                "expected finite numbers and a width above 0."
            )

    @property
    def low(self) -> float:
        """The value drawn black."""
        return self.center - self.width / 2

    @property
    def high(self) -> float:
        """The value drawn white."""
        return self.center + self.width / 2

    @classmethod
    def from_range(cls, low: float, high: float, explanation: str = "") -> WindowLevel:
        """Return the window from black at `low` to white at `high`, both exact; an empty range gets a width of 1."""
        width = float(high) - float(low)
        return cls((float(low) + float(high)) / 2, width if width > 0 else 1.0, explanation, "LINEAR_EXACT")


#: Named CT windows in HU, in the order of their keys 1 to 5.
CT_WINDOWS: dict[str, WindowLevel] = {
    "CT-SOFT": WindowLevel(40, 400, "soft tissue"),
    "CT-LUNG": WindowLevel(-600, 1500, "lung"),
    "CT-LIVER": WindowLevel(90, 150, "liver"),
    "CT-BONE": WindowLevel(480, 2500, "bone"),
    "CT-BRAIN": WindowLevel(40, 80, "brain"),
}


def rgb_of_cielab(encoded: tuple[int, int, int]) -> tuple[int, int, int]:
    """Return sRGB (0 to 255) of a colour encoded as DICOM does: L*, a*, b* in 16 bits each (PS3.3 C.10.7.1.1).

    CIELab of illuminant D50, adapted to sRGB's D65 by the Bradford matrix (IEC 61966-2-1).
    """
    lightness = encoded[0] / 65535 * 100
    a, b = (value / 65535 * 255 - 128 for value in encoded[1:])
    fy = (lightness + 16) / 116
    f = np.array([fy + a / 500, fy, fy - b / 200])
    xyz = np.where(f > 6 / 29, f**3, 3 * (6 / 29) ** 2 * (f - 4 / 29)) * _D50_WHITE
    linear = np.clip(_SRGB_OF_XYZ_D50 @ xyz, 0.0, 1.0)
    srgb = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    red, green, blue = (round(float(value) * 255) for value in srgb)
    return (red, green, blue)


def auto_window(array: NDArray[np.generic]) -> WindowLevel:
    """Return a window from the 1st to the 99th percentile of the finite values of `array` (any shape).

    A regular subsample serves for large arrays. A constant or empty array gives a width of 1.
    """
    flat = array.ravel(order="K")
    sample = flat[:: max(1, flat.size // _AUTO_SAMPLES)].astype(np.float64)
    sample = sample[np.isfinite(sample)]
    if sample.size == 0:
        return WindowLevel(0.0, 1.0, "auto", "LINEAR_EXACT")
    low, high = np.percentile(sample, _AUTO_PERCENTILES)
    if not high > low:
        low, high = float(sample.min()), float(sample.max())
    return WindowLevel.from_range(float(low), float(high), "auto")
