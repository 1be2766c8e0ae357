"""What hangs together in a mask: connected components, and the largest of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from vtkmodules.vtkImagingMorphological import vtkImageConnectivityFilter

from dicomvtk.bridge.images import from_vtk, to_vtk
from dicomvtk.bridge.pipeline import run
from dicomvtk.errors import UnsupportedError
from dicomvtk.geometry import Geometry
from dicomvtk.processing.by_frame import by_frame, check_real, check_regular
from dicomvtk.processing.intensity import mask_volume, without_values
from dicomvtk.volume import Volume

__all__ = ["connected_components", "largest_component"]

_FACES, _CORNERS = 6, 26


def connected_components(volume: Volume, *, connectivity: int = _FACES) -> Volume:
    """Return labels, int32: 0 where `volume` is 0, and 1, 2, ... for its connected parts, the largest first.

    Each frame of the further axes by itself. Voxels hang together across faces (`connectivity` 6, VTK), or across
    edges and corners too (26, needs SciPy).

    Raises UnsupportedError for colour, another connectivity, and 26 without SciPy.

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
    work = _by_faces if connectivity == _FACES else _by_corners
    array = by_frame(volume, lambda frame: work(frame.array != 0), dtype=np.int32)
    labelled = replace(volume, info=without_values(volume.info))
    return labelled.with_array(array, step=f"connected components, connectivity {connectivity}")


def largest_component(volume: Volume, *, connectivity: int = _FACES) -> Volume:
    """Return the mask, uint8, of the largest connected part; all 0 where there is none."""
    largest = connected_components(volume, connectivity=connectivity).array == 1
    return mask_volume(volume, largest, f"largest component, connectivity {connectivity}")


def _by_faces(mask: NDArray[np.bool_]) -> NDArray[Any]:
    if not mask.any():
        return np.zeros(mask.shape, np.int32)
    connect = vtkImageConnectivityFilter()
    connect.SetInputDataObject(to_vtk(Volume(np.asfortranarray(mask).view(np.uint8), Geometry(_three(mask)))))
    connect.SetScalarRange(1, 1)
    connect.SetExtractionModeToAllRegions()
    connect.SetLabelModeToSizeRank()
    connect.SetLabelScalarTypeToInt()
    run(connect)
    return from_vtk(connect.GetOutput()).array


def _by_corners(mask: NDArray[np.bool_]) -> NDArray[Any]:
    try:
        from scipy import ndimage
    except ImportError as missing:
        raise UnsupportedError("connectivity=26 needs SciPy: pip install scipy. connectivity=6 does not.") from missing
    labels, count = ndimage.label(mask, np.ones((3, 3, 3)))
    sizes = np.bincount(labels.ravel(order="K"), minlength=count + 1)[1:]
    rank = np.zeros(count + 1, np.int32)
    rank[1 + np.argsort(-sizes, kind="stable")] = np.arange(1, count + 1)
    return rank[labels]


def _three(mask: NDArray[np.bool_]) -> tuple[int, int, int]:
    i, j, k = mask.shape
    return (i, j, k)
