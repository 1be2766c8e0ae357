"""What the values of a volume are: count, extremes, mean, spread, percentiles, and how many millilitres."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from dicomvtk.errors import UnsupportedError
from dicomvtk.processing.by_frame import check_real
from dicomvtk.volume import Volume

__all__ = ["Statistics", "statistics"]

_MM3_PER_ML = 1000.0


@dataclass(frozen=True)
class Statistics:
    """Modality values of some voxels; `std` is that of the values present (n in the denominator)."""

    count: int
    minimum: float
    maximum: float
    mean: float
    std: float
    percentile_5: float
    median: float
    percentile_95: float
    volume_ml: float
    unit: str = ""


def statistics(volume: Volume, mask: Volume | ArrayLike | None = None) -> Statistics:
    """Return the statistics of the finite values of `volume`, where `mask` (same grid) is not 0 if one is given.

    Padding is left out. Raises UnsupportedError for a mask of another shape or grid, and where no voxel is left.

    Examples
    --------
    >>> statistics(Volume(np.arange(8.0).reshape(2, 2, 2))).mean
    3.5
    """
    check_real(volume, "measure")
    wanted = ~volume.padding_mask()
    if mask is not None:
        wanted &= _checked_mask(volume, mask)
    values = volume.array[wanted].astype(np.float64)
    values = values[np.isfinite(values)]
    if values.size == 0:
        raise UnsupportedError("No voxel to measure: all are padding, not finite, or outside the mask.")
    low, middle, high = np.percentile(values, [5, 50, 95]).tolist()
    return Statistics(
        count=int(values.size),
        minimum=float(values.min()),
        maximum=float(values.max()),
        mean=float(values.mean()),
        std=float(values.std()),
        percentile_5=low,
        median=middle,
        percentile_95=high,
        volume_ml=values.size * float(np.prod(volume.spacing)) / _MM3_PER_ML,
        unit=volume.info.unit,
    )


def _checked_mask(volume: Volume, mask: Volume | ArrayLike) -> np.ndarray:
    if isinstance(mask, Volume):
        if not mask.geometry.is_close(volume.geometry):
            raise UnsupportedError("The mask lies on another grid than the volume; resample_like() brings it there.")
        mask = mask.array
    array = np.asarray(mask) != 0
    if array.shape != volume.shape:
        raise UnsupportedError(f"The mask is of shape {array.shape}, the volume of shape {volume.shape}.")
    return array
