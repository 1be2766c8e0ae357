"""What the caller gave to be written, in the memory order that the caller has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dicomvtk.errors import GeometryError
from dicomvtk.geometry import Geometry
from dicomvtk.memory_order import slice_rows
from dicomvtk.metadata import Axis, SeriesInfo
from dicomvtk.volume import Volume

__all__ = ["Given", "as_given"]


@dataclass(frozen=True, eq=False)
class Given:
    """Voxels as `Volume` has them, but of any strides: the array ``(i, j, k, *axes)``, colour samples past those.

    A volume would copy an array of another memory order, and so hold all voxels twice.
    """

    array: NDArray[Any]
    geometry: Geometry
    info: SeriesInfo = field(default_factory=SeriesInfo)
    history: tuple[str, ...] = ()
    axes: tuple[Axis, ...] = ()

    @property
    def shape(self) -> tuple[int, ...]:
        return self.array.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.array.dtype

    @property
    def is_colour(self) -> bool:
        """True where the last dimension holds colour samples."""
        return self.array.ndim == 3 + len(self.axes) + 1

    def slices(self, index: Sequence[int] = ()) -> Iterator[NDArray[Any]]:
        """Yield the slices at `index` along the further axes, first to last, each as rows (j, i[, c]) without gaps."""
        where: tuple[Any, ...] = (slice(None), slice(None), slice(None), *index)
        return slice_rows(self.array[where], colour=self.is_colour)


def as_given(volume: Volume) -> Given:
    """Return the voxels of `volume`, the same memory; raises GeometryError where its slices are on no regular grid."""
    if not volume.regular:
        raise GeometryError("Cannot write slices that are not on a regular grid; read them with fix= to get one.")
    return Given(volume.array, volume.geometry, volume.info, volume.history, volume.axes)
