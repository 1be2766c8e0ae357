"""What hangs together in a mask: connected components, and the largest of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from dicomvtk.errors import UnsupportedError
from dicomvtk.processing.by_frame import by_frame, check_real, check_regular
from dicomvtk.processing.intensity import mask_volume, without_values
from dicomvtk.processing.runs import labels_by_size
from dicomvtk.volume import Volume

__all__ = ["connected_components", "largest_component"]

_FACES, _CORNERS = 6, 26


def connected_components(volume: Volume, *, connectivity: int = _FACES) -> Volume:
    """Return labels, int32: 0 where `volume` is 0, and 1, 2, ... for its connected parts, the largest first.

    Each frame of the further axes by itself. Voxels hang together across faces (`connectivity` 6), or across
    edges and corners too (26). Of parts of one size the one whose first voxel comes first has the lower label.

    Raises UnsupportedError for colour and another connectivity.

    Examples
    --------
    >>> row = Volume(np.array([1, 0, 1, 1]).reshape(4, 1, 1))
    >>> connected_components(row).array.ravel().tolist()
    [2, 0, 1, 1]
    """
    check_real(volume, "label")
    check_regular(volume, "label")
    if volume.is_colour:
        raise UnsupportedError("Cannot label colour; expected a mask of one sample a voxel.")
    if connectivity not in (_FACES, _CORNERS):
        raise UnsupportedError(f"Cannot label with connectivity {connectivity}; expected 6 or 26.")
    corners = connectivity == _CORNERS
    array = by_frame(volume, lambda frame: labels_by_size((frame.array != 0).T, corners=corners).T, dtype=np.int32)
    labelled = replace(volume, info=without_values(volume.info))
    return labelled.with_array(array, step=f"connected components, connectivity {connectivity}")


def largest_component(volume: Volume, *, connectivity: int = _FACES) -> Volume:
    """Return the mask, uint8, of the largest connected part; all 0 where there is none."""
    largest = connected_components(volume, connectivity=connectivity).array == 1
    return mask_volume(volume, largest, f"largest component, connectivity {connectivity}")
