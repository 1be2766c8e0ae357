"""The lungs in a CT: air inside the body, told from the air around it and from what lies beside the patient."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dicomvtk.errors import UnsupportedError
from dicomvtk.geometry import axis_moves
from dicomvtk.volume import Volume

__all__ = ["LUNG_LEVEL", "lungs"]

#: HU half way from lung to the tissue around it.
LUNG_LEVEL = -500.0
#: Voxels in which parts are told from each other: walls of the chest are centimetres thick.
_VOXELS = 2_000_000
#: A part smaller than this share of the largest, or than this, is bowel, a sinus or a bubble.
_LEAST_SHARE = 0.1
_LEAST_MM3 = 50_000.0
#: HU on average, below which a part holds air alone, such as the gap between patient and table.
_BARE_AIR = -960.0
#: HU around the level that are kept: the surface needs no more.
_REACH = 500


def lungs(volume: Volume) -> Volume:
    """Return `volume`, a CT in HU, so that its lungs alone lie above `LUNG_LEVEL`: int16, values mirrored about it.

    A surface at `LUNG_LEVEL` is that of the lungs, its normals point out of them, and where the grid cuts them it can
    be capped. Lungs are parts of air that do not reach the grid's sides, as the air outside does; they may reach its
    head or foot end.

    Raises UnsupportedError for another modality, and where no such part is found.
    """
    if volume.info.modality != "CT" or volume.axes or volume.is_colour:
        raise UnsupportedError(
            f"Cannot find lungs in {volume.info.modality or 'a volume of no modality'} of shape {volume.shape}; "
            "expected one 3-D frame of CT in HU."
        )
    step = max(1, int(np.ceil((volume.array.size / _VOXELS) ** (1 / 3))))
    near = _grown(_parts(volume, step))
    mirrored = np.clip(volume.array, LUNG_LEVEL - _REACH, LUNG_LEVEL + _REACH)
    np.subtract(2 * LUNG_LEVEL, mirrored, out=mirrored, casting="unsafe")
    across = np.arange(volume.shape[0]) // step
    down = np.arange(volume.shape[1]) // step
    for k in range(volume.shape[2]):
        mirrored[:, :, k][~near[:, :, k // step][np.ix_(across, down)]] = LUNG_LEVEL - _REACH
    return volume.with_array(mirrored.astype(np.int16, copy=False), step="lungs alone")


def _parts(volume: Volume, step: int) -> NDArray[np.bool_]:
    """Return which voxels, of every `step`-th along each axis, lie in a lung."""
    from dicomvtk.processing.components import connected_components  # VTK, which the level alone must not load

    thin = volume.array[::step, ::step, ::step]
    labels = connected_components(Volume(np.asfortranarray(thin < LUNG_LEVEL).view(np.uint8))).array
    sizes = np.bincount(labels.ravel(order="K"))
    sums = np.bincount(labels.ravel(order="K"), weights=thin.ravel(order="K"))
    sizes[0] = 0
    head_foot = axis_moves(volume.geometry, "LPS").order[2]
    for axis in {0, 1, 2} - {head_foot}:
        sizes[np.unique(labels.take((0, -1), axis))] = 0
    sizes[sums < _BARE_AIR * sizes] = 0
    sizes[sizes * (step**3 * float(np.prod(volume.spacing))) < _LEAST_MM3] = 0
    if not sizes.any():
        raise UnsupportedError(
            f"Found no lungs: no air below {LUNG_LEVEL:g} HU is enclosed by the body. Give a level for all air."
        )
    return np.asarray((sizes >= _LEAST_SHARE * sizes.max())[labels] & (labels > 0))


def _grown(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return `mask` with a layer around it, corners included."""
    grown = mask.copy()
    for axis in range(3):
        before, after = np.moveaxis(grown.copy(), axis, 0), np.moveaxis(grown, axis, 0)
        after[1:] |= before[:-1]
        after[:-1] |= before[1:]
    return grown
