"""Values worth drawing: the window to begin with, the spread of a volume, the level of its surface."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dicomvtk.display import CT_WINDOWS, WindowLevel, auto_window
from dicomvtk.errors import UnsupportedError
from dicomvtk.metadata import LookupTable
from dicomvtk.processing.lungs import LUNG_LEVEL
from dicomvtk.volume import Volume

__all__ = [
    "TISSUE_LEVELS",
    "fitting_values",
    "histogram",
    "in_hounsfield",
    "lut_window",
    "noise_ceiling",
    "ray_spread",
    "surface_level",
    "tissue_level",
    "usual_window",
    "value_spread",
]

#: HU where bone begins for a surface, and where skin does in a CT without bone.
_CT_BONE_LEVEL = 250.0
_CT_SKIN_LEVEL = -300.0
#: HU above which nearly nothing lies, and below which something does, be it inside a bone.
_MOST_HU, _LOWEST_HU = 5000.0, 500.0
#: HU at which the surface of a tissue lies in CT: half way from it to what is around it, or a little less.
TISSUE_LEVELS: dict[str, float] = {"bone": _CT_BONE_LEVEL, "skin": _CT_SKIN_LEVEL, "lung": LUNG_LEVEL}
#: More samples than this do not move a histogram visibly, and cost time.
_SAMPLES = 250_000
#: Most of a volume is air: its bright end is a small share of the voxels.
_SPREAD_PERCENTILES = (1.0, 99.7)
#: Rays along the axes through so many samples tell how bright rays get; what is brighter is a few bright spots.
_RAY_SAMPLES = 2_000_000
_RAY_PERCENTILE = 99.0
_HISTOGRAM_BINS = 256
#: The share of voxels that must be air with noise for it to be told; how it is counted, and how far it goes.
_LEAST_NOISE, _NOISE_BINS, _NOISE_SIGMAS = 0.1, 64, 3.7
#: The widest window of a header that is taken to mean fractions where values have them: one step of it is all greys.
_STEPS_OF_FRACTIONS = 2.0
#: Thresholds that separate as well as the best, to the noise of the sample.
_PLATEAU = 0.999


def usual_window(volume: Volume) -> WindowLevel:
    """Return the window to begin with: the header's first, soft tissue for CT, the full range for colour, else auto."""
    if volume.is_colour:
        return _colour_window(volume.dtype)
    if volume.info.windows:
        return fitting_values(volume.info.windows[0], volume.array.dtype)
    if volume.info.modality == "CT":
        return CT_WINDOWS["CT-SOFT"]
    return auto_window(volume.array)


def fitting_values(window: WindowLevel, dtype: np.dtype[Any]) -> WindowLevel:
    """Return `window` of a header as it makes sense for values of `dtype`.

    ``LINEAR`` counts whole steps of integers (PS3.3 C.11.2.1.2.1): a width of 1, which headers of maps from 0 to 1
    give, would leave fractions nothing but black and white.
    """
    steps = window.function == "LINEAR" and window.width <= _STEPS_OF_FRACTIONS
    return replace(window, function="LINEAR_EXACT") if steps and dtype.kind == "f" else window


def lut_window(lut: LookupTable) -> WindowLevel:
    """Return the range of values that a VOI LUT is for, as a window to go on from."""
    return WindowLevel.from_range(lut.first, lut.first + len(lut.table) - 1, lut.explanation)


def value_spread(volume: Volume) -> WindowLevel:
    """Return the range that nearly all values of `volume` lie in, its bright end included."""
    sample = _sample(volume.array)
    if sample.size == 0:
        return WindowLevel(0.0, 1.0)
    low, high = np.percentile(sample, _SPREAD_PERCENTILES)
    if not high > low:
        low, high = sample.min(), sample.max()
    return WindowLevel.from_range(float(low), float(high))


def ray_spread(volume: Volume) -> WindowLevel:
    """Return the range for pictures of the largest value along rays: nearly all of these lie in it.

    They are brighter than the values of the volume: what is rare in it is in the way of many rays.
    """
    step = max(1, math.ceil((volume.array.size / _RAY_SAMPLES) ** (1 / 3)))
    sample = volume.array[::step, ::step, ::step].astype(np.float32)
    sample[~np.isfinite(sample)] = -np.inf
    largest = np.concatenate([sample.max(axis=axis).ravel() for axis in range(3)]) if sample.size else sample.ravel()
    largest = largest[np.isfinite(largest)]
    spread = value_spread(volume)
    if largest.size == 0:
        return spread
    return WindowLevel.from_range(spread.low, max(spread.high, float(np.percentile(largest, _RAY_PERCENTILE))))


def in_hounsfield(modality: str, spread: WindowLevel) -> bool:
    """Return whether values that mostly lie in `spread` can be HU of a CT, and not counts of a detector."""
    return modality == "CT" and spread.low <= _LOWEST_HU and spread.high <= _MOST_HU


def surface_level(volume: Volume) -> float:
    """Return a level that separates something worth seeing: bone or skin in CT, else figure from ground (Otsu).

    Otsu, A threshold selection method from gray-level histograms, IEEE Trans. SMC 9(1), 1979.
    """
    sample = _sample(volume.array)
    if sample.size == 0 or sample.min() == sample.max():
        return 0.0
    spread = value_spread(volume)
    if in_hounsfield(volume.info.modality, spread):
        return _CT_BONE_LEVEL if sample.max() > _CT_BONE_LEVEL else _CT_SKIN_LEVEL
    counts, edges = np.histogram(np.clip(sample, spread.low, spread.high), bins=_HISTOGRAM_BINS)
    middles = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(counts)
    sums = np.cumsum(counts * middles)
    above = below[-1] - below
    with np.errstate(divide="ignore", invalid="ignore"):
        apart = sums / below - (sums[-1] - sums) / above
        between = np.nan_to_num(below * above * apart**2)
    best = np.nonzero(between >= between.max() * _PLATEAU)[0]  # a gap between the two: its middle, away from noise
    return float(edges[(best[0] + best[-1]) // 2 + 1])


def noise_ceiling(volume: Volume) -> float:
    """Return the value that the noise of air stays below; minus infinity where there is no such noise.

    Air is the lower side of `surface_level`, its noise as wide above its most frequent value as below. In magnitude
    images it is Rayleigh distributed, which goes further: its most frequent value is its sigma, and a thousandth of it
    lies above 3.7 sigma (Gudbjartsson and Patz, The Rician distribution of noisy MRI data, MRM 34(6), 1995).
    """
    sample = _sample(volume.array)
    if sample.size == 0 or not sample.min() < sample.max():
        return -math.inf
    apart = surface_level(volume)
    air = sample[(sample > sample.min()) & (sample < apart)]
    if air.size < _LEAST_NOISE * sample.size:
        return -math.inf
    counts, edges = np.histogram(air, bins=_NOISE_BINS)
    fullest = int(np.argmax(np.convolve(counts, np.ones(3) / 3, mode="same")))
    most = float(edges[fullest] + edges[fullest + 1]) / 2
    below = most - air[air < most]
    width = math.sqrt(float(np.mean(below**2))) if fullest > 0 and below.size else 0.0
    if width == 0.0:
        return -math.inf
    rayleigh = sample.min() >= 0 and most < _NOISE_SIGMAS * width
    return min(_NOISE_SIGMAS * most if rayleigh else most + _NOISE_SIGMAS * width, apart)


def histogram(volume: Volume, bins: int = _HISTOGRAM_BINS) -> tuple[NDArray[np.int64], float, float]:
    """Return counts (bins,) of a sample of the values, and the lowest and highest value that they go between."""
    sample = _sample(volume.array)
    if sample.size == 0:
        return np.zeros(bins, np.int64), 0.0, 1.0
    low, high = float(sample.min()), float(sample.max())
    high = high if high > low else low + 1
    counts, _edges = np.histogram(sample, bins=bins, range=(low, high))
    return counts.astype(np.int64), low, high


def tissue_level(name: str, volume: Volume) -> float:
    """Return the level of a tissue's surface in HU.

    Raises UnsupportedError for a name that has none, and for values that are not those of CT.
    """
    if name not in TISSUE_LEVELS:
        raise UnsupportedError(f"Unknown tissue {name!r}; expected one of {', '.join(TISSUE_LEVELS)}.")
    if volume.info.modality != "CT":
        raise UnsupportedError(
            f"Cannot tell {name} by its value in {volume.info.modality or 'a volume of no modality'}: levels by name "
            "are HU of CT. Give a level."
        )
    return TISSUE_LEVELS[name]


def _colour_window(dtype: np.dtype[Any]) -> WindowLevel:
    if dtype.kind in "iu":
        return WindowLevel.from_range(0.0, float(np.iinfo(dtype).max))
    return WindowLevel.from_range(0.0, 1.0)


def _sample(array: NDArray[Any]) -> NDArray[np.float64]:
    flat = array.ravel(order="K")
    sample = flat[:: max(1, flat.size // _SAMPLES)].astype(np.float64)
    return sample[np.isfinite(sample)]
