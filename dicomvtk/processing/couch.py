"""What lies beside the patient in a CT: couch, head holder, blanket, wires. It stands before what one wants to see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dicomvtk.geometry import axis_moves
from dicomvtk.processing.components import connected_components
from dicomvtk.processing.runs import labels_by_size
from dicomvtk.volume import Volume

__all__ = ["Patient", "patient_in"]

#: HU above which there is something: below fat, above mattress, foam and clothes.
_SOLID = -250.0
#: Blocks of so many mm, each judged by one voxel, and at most so many of them.
_BLOCK_MM = 3.0
_BLOCKS = 4_000_000
#: Half of the thickness in mm up to which a thing that stands alone is no part of a body: shells of couches.
_THIN_MM = 8.0
#: How far from something thick what hangs on it is still the patient: noses, ears, fingers.
_REACH_MM = 40.0
#: A patient is most of what is solid. Where nothing is, it is another kind of thing that was scanned.
_LEAST_SHARE = 0.6
#: A piece smaller than this share of the largest is no patient.
_LEAST_PIECE = 0.02
#: Of what lies beside the patient and is not the couch, what is smaller is folds of a blanket.
_LEAST_MM3 = 4_000.0
_COUCH_WIDTH_MM = 150.0
#: A couch is in this share of the slices at least.
_COUCH_LENGTH = 0.9
_AIR = -1000.0
_ONE_LAYER = {0: 1, 1: 1, 2: 1}


@dataclass(frozen=True, eq=False)
class Patient:
    """Which blocks (i, j, k) of a CT are the patient's or air about the skin; each of `step` voxels an axis."""

    blocks: NDArray[np.bool_]
    step: tuple[int, int, int]

    def alone(self, array: NDArray[Any], factors: tuple[int, int, int] = (1, 1, 1)) -> NDArray[Any]:
        """Return `array` (i, j, k) in HU, the voxels that the patient was found in, with air beside the patient.

        With `factors`, so many of them along each axis are one voxel of `array`.
        """
        alone = array.copy(order="F")
        air = max(_AIR, float(array.min()))
        across, down, along = (
            (np.arange(n) * f + f // 2) // s for n, f, s in zip(array.shape, factors, self.step, strict=True)
        )
        for k, block in enumerate(along):
            alone[:, :, k][~self.blocks[:, :, block][np.ix_(across, down)]] = air
        return alone


def patient_in(volume: Volume) -> Patient | None:
    """Return where the patient is in `volume`, a 3-D frame of CT in HU; None where there is nothing else in it.

    A patient is thick; a couch is a shell that is there from the first slice to the last. What is thin and does not
    hang on something thick lies beside the patient, and stays where it is shorter than the volume. None also where most
    of what there is is thin, where nothing beside is as wide as a couch, and where the volume is no CT.
    """
    if volume.info.modality != "CT" or volume.is_colour or volume.axes or volume.array.size == 0:
        return None
    step = _step(volume)
    solid = np.ascontiguousarray(volume.array[:: step[0], :: step[1], :: step[2]] > _SOLID)
    block_mm = [s * mm for s, mm in zip(step, volume.spacing, strict=True)]
    along = axis_moves(volume.geometry, "LPS").order[2]
    across = [axis for axis in range(3) if axis != along]
    layers = {axis: round(_THIN_MM / block_mm[axis]) for axis in across}
    if not solid.any() or min(layers.values()) < 1:
        return None
    thick = _large_pieces(~_grown(~solid, layers), least=1)
    rounds = round(_REACH_MM / max(block_mm[axis] for axis in across))
    body = _hanging_on(thick, solid, rounds)
    if np.count_nonzero(body) < _LEAST_SHARE * np.count_nonzero(solid):
        return None
    kept = _grown(_filled(body, along), _ONE_LAYER)
    beside = solid & ~kept
    couch = _through_all_slices(beside, along)
    widest = max(np.ptp(np.nonzero(couch)[axis]) * block_mm[axis] for axis in across) if couch.any() else 0.0
    if widest < _COUCH_WIDTH_MM:
        return None
    block_mm3 = float(np.prod(block_mm))
    others = _large_pieces(beside & ~couch, least=_LEAST_MM3 / block_mm3)
    return Patient(kept | _grown(others, _ONE_LAYER), step)


def _step(volume: Volume) -> tuple[int, int, int]:
    step = [max(1, int(_BLOCK_MM / mm)) for mm in volume.spacing]
    while np.prod([-(-n // s) for n, s in zip(volume.shape, step, strict=True)]) > _BLOCKS:
        step = [s + 1 for s in step]
    return (step[0], step[1], step[2])


def _grown(mask: NDArray[np.bool_], layers: dict[int, int]) -> NDArray[np.bool_]:
    """Return `mask` with so many layers more around it along each axis, corners included."""
    grown = mask.copy()
    for axis, count in layers.items():
        for _layer in range(count):
            before, after = np.moveaxis(grown.copy(), axis, 0), np.moveaxis(grown, axis, 0)
            after[1:] |= before[:-1]
            after[:-1] |= before[1:]
    return grown


def _large_pieces(mask: NDArray[np.bool_], least: float) -> NDArray[np.bool_]:
    labels = connected_components(Volume(np.asfortranarray(mask).view(np.uint8))).array
    sizes = np.bincount(labels.ravel(order="K"))
    sizes[0] = 0
    return np.asarray((sizes >= max(1.0, least, _LEAST_PIECE * sizes.max()))[labels])


def _through_all_slices(mask: NDArray[np.bool_], along: int) -> NDArray[np.bool_]:
    """Return the parts of `mask` that are in nearly all slices across axis `along`."""
    labels = connected_components(Volume(np.asfortranarray(mask).view(np.uint8)), connectivity=26).array
    slices = np.zeros(int(labels.max()) + 1, np.int64)
    for part in np.moveaxis(labels, along, 0):
        slices[np.unique(part)] += 1
    slices[0] = 0
    return np.asarray((slices >= _COUCH_LENGTH * mask.shape[along])[labels])


def _hanging_on(thick: NDArray[np.bool_], solid: NDArray[np.bool_], rounds: int) -> NDArray[np.bool_]:
    """Return the parts of `solid` that `thick` reaches inside of it, a layer a round."""
    body = thick
    for _round in range(rounds):
        body = _grown(body, _ONE_LAYER) & solid
    return body


def _filled(body: NDArray[np.bool_], along: int) -> NDArray[np.bool_]:
    """Return `body` with what it encloses in the slices across axis `along`: lungs, bowel, sinuses."""
    filled = body.copy()
    for part in np.moveaxis(filled, along, 0):
        outside = labels_by_size(~part[np.newaxis], corners=False)[0]
        rims = [outside[0], outside[-1], outside[:, 0], outside[:, -1]]
        reached = np.zeros(int(outside.max()) + 1, bool)
        reached[np.unique(np.concatenate(rims))] = True
        reached[0] = False
        part[...] = ~reached[outside]
    return filled
