"""A head to try everything on: known values at known places, left and right, front and back told apart."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from dicomvtk.display import CT_WINDOWS, WindowLevel
from dicomvtk.errors import UnsupportedError
from dicomvtk.geometry import Float3, Geometry, Int3
from dicomvtk.metadata import SeriesInfo
from dicomvtk.processing.phantom_parts import HALF_EXTENT_MM, LESION_LPS, Part, head_parts
from dicomvtk.processing.separable import Weights, weighted
from dicomvtk.volume import Volume

__all__ = ["LESION_LPS", "LESION_VALUE", "ORIENTATIONS", "TISSUES", "head_phantom"]

#: The value of every lesion voxel, in CT (HU) and in MR; no other tissue has it.
LESION_VALUE = 85

#: The value of each tissue by modality: HU for CT; for MR the arbitrary brightness of a T1-weighted scan with contrast.
TISSUES: Mapping[str, Mapping[str, int]] = MappingProxyType(
    {
        "CT": MappingProxyType(
            {
                "air": -1000,
                "skin": 60,
                "fat": -90,
                "muscle": 55,
                "bone": 1100,
                "diploe": 500,
                "teeth": 2000,
                "csf": 6,
                "grey": 40,
                "white": 28,
                "eye": 12,
                "lens": 100,
                "marker": 1600,
                "lesion": LESION_VALUE,
            }
        ),
        "MR": MappingProxyType(
            {
                "air": 0,
                "skin": 52,
                "fat": 120,
                "muscle": 44,
                "bone": 6,
                "diploe": 90,
                "teeth": 4,
                "csf": 20,
                "grey": 48,
                "white": 66,
                "eye": 24,
                "lens": 58,
                "marker": 140,
                "lesion": LESION_VALUE,
            }
        ),
    }
)

_WINDOWS: Mapping[str, tuple[WindowLevel, ...]] = MappingProxyType(
    {
        "CT": (CT_WINDOWS["CT-BRAIN"], CT_WINDOWS["CT-BONE"]),
        "MR": (WindowLevel(60, 120, "brain"),),
    }
)


def _turned(x_degrees: float, z_degrees: float) -> NDArray[np.float64]:
    """Return the axial directions turned about x, then about z."""
    (cx, sx), (cz, sz) = ((math.cos(a), math.sin(a)) for a in (math.radians(x_degrees), math.radians(z_degrees)))
    about_x = np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]])
    about_z = np.array([[cz, -sz, 0], [sz, cz, 0], [0, 0, 1]])
    return about_z @ about_x


#: The directions of i, j and k as columns, LPS, all right-handed: k along row x column.
ORIENTATIONS: Mapping[str, NDArray[np.float64]] = MappingProxyType(
    {
        "axial": np.eye(3),
        "sagittal": np.array([[0.0, 0.0, -1.0], [1.0, 0.0, 0.0], [0.0, -1.0, 0.0]]),
        "coronal": np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]]),
        "oblique": _turned(-18.0, 12.0),
    }
)

#: Automatic spacings are rounded up to this, so that they are exact in a DICOM decimal string.
_SPACING_STEP_MM = 0.01
#: The same for the origin: a micrometre's thousandth.
_ORIGIN_DECIMALS = 6
#: Voxels painted at a time: bounds the memory of the coordinate arrays.
_SLAB_VOXELS = 500_000
#: Half the width of a border in voxels: what a voxel holds of two tissues.
_HALF_BORDER = 0.5
#: The point spread along each axis: a standard deviation of half a voxel.
_SPREAD = (0.125, 0.75, 0.125)


def head_phantom(
    shape: Sequence[int] = (256, 256, 180),
    *,
    spacing: Sequence[float] | None = None,
    orientation: str = "axial",
    modality: str = "CT",
) -> Volume:
    """Return a head of known values (`TISSUES`): int16 voxels (i, j, k) in Fortran order, LPS mm, (0, 0, 0) mid-head.

    The same physical head is sampled whatever the grid. The lesion (`LESION_VALUE`) is at `LESION_LPS` in the patient's
    left hemisphere; markers shaped L and A are at the patient's left and in front, a pair lying to be read in axial
    slices and a pair standing to be read from the front. There is no noise. A voxel two or more from a border has its
    tissue's value, those nearer a mixture, as in a scan. Each voxel whose centre lies in the lesion has `LESION_VALUE`,
    and no other.

    Parameters
    ----------
    shape : (i, j, k)
        Columns, rows, slices.
    spacing : (i, j, k), optional
        Millimetres; chosen for each axis so that the whole head fits if left out.
    orientation : ``"axial"``, ``"sagittal"``, ``"coronal"`` or ``"oblique"``
        The plane of the slices; all are right-handed.
    modality : ``"CT"`` or ``"MR"``
        Which values the tissues get: HU, or those of a T1-weighted scan.

    Raises
    ------
    UnsupportedError
        For another orientation or modality.
    GeometryError
        For a shape or spacing that is no grid.

    Examples
    --------
    >>> head = head_phantom((32, 32, 32))
    >>> int(head.array[tuple(np.rint(head.geometry.physical_to_index(LESION_LPS)).astype(int))]) == LESION_VALUE
    True
    """
    if modality not in TISSUES:
        raise UnsupportedError(f"No phantom of modality {modality!r}; expected one of {', '.join(TISSUES)}.")
    geometry = _centred_grid(shape, spacing, orientation)
    values = TISSUES[modality]
    array = np.full(geometry.shape, values["air"], dtype=np.int16, order="F")
    *parts, lesion = head_parts()
    for part in parts:
        _paint(array, geometry, part, values[part.tissue])
    array = _blurred(array)
    _paint(array, geometry, lesion, LESION_VALUE)
    return Volume(array, geometry, _info(modality), history=(f"made a {orientation} {modality} head phantom",))


def _info(modality: str) -> SeriesInfo:
    return SeriesInfo(
        modality=modality,
        description="dicomvtk head phantom",
        patient_name="Phantom^Head",
        patient_id="PHANTOM-HEAD",
        unit="HU" if modality == "CT" else "",
        windows=_WINDOWS[modality],
        attributes=MappingProxyType({"BodyPartExamined": "HEAD", "PatientPosition": "HFS"}),
    )


def _centred_grid(shape: Sequence[int], spacing: Sequence[float] | None, orientation: str) -> Geometry:
    if orientation not in ORIENTATIONS:
        raise UnsupportedError(f"No phantom orientation {orientation!r}; expected one of {', '.join(ORIENTATIONS)}.")
    direction = ORIENTATIONS[orientation]
    unit = Geometry(cast(Int3, tuple(shape)), direction=direction)
    if spacing is None:
        needed = 2 * np.asarray(HALF_EXTENT_MM) @ np.abs(direction) / unit.shape
        spacing = np.round(np.ceil(needed / _SPACING_STEP_MM) * _SPACING_STEP_MM, 2).tolist()
    sized = Geometry(unit.shape, cast(Float3, tuple(spacing)), direction=direction)
    middle = sized.index_to_physical((np.asarray(sized.shape) - 1) / 2)
    origin = tuple(round(-float(m), _ORIGIN_DECIMALS) + 0.0 for m in middle)
    return replace(sized, origin=cast(Float3, origin))


def _paint(array: NDArray[np.int16], geometry: Geometry, part: Part, value: int) -> None:
    """Mix `value` into the voxels of `array` by their share of `part`, a few slices at a time."""
    start, stop = _index_box(geometry, part)
    if any(a >= b for a, b in zip(start, stop, strict=True)):
        return
    half = np.float32(0.0 if part.tissue == "lesion" else _HALF_BORDER * math.prod(geometry.spacing) ** (1 / 3))
    depth = max(1, _SLAB_VOXELS // ((stop[0] - start[0]) * (stop[1] - start[1])))
    for k in range(start[2], stop[2], depth):
        low, high = (start[0], start[1], k), (stop[0], stop[1], min(k + depth, stop[2]))
        # Transposed, (k, j, i): C order is what NumPy's broadcasting writes fastest.
        block = array[low[0] : high[0], low[1] : high[1], low[2] : high[2]].T
        inside = part.depth(*_coordinates(geometry, low, high))
        np.copyto(block, value, where=inside >= half)
        border = np.nonzero(np.broadcast_to(np.abs(inside) < half, block.shape))
        share = np.broadcast_to(inside, block.shape)[border] / (2 * half) + 0.5 if len(border[0]) else 0.0
        block[border] = _mixed(block[border], value, share)


def _blurred(array: NDArray[np.int16]) -> NDArray[np.int16]:
    """Return `array` as a scanner's point spread leaves it: without it shading follows the voxels, in rings.

    No voxel has by chance the value of the lesion, which has borders of its own.
    """
    blurred: NDArray[np.int16] = weighted(
        array, (_spread(array.shape[0]), _spread(array.shape[1]), _spread(array.shape[2]))
    )
    blurred[blurred == LESION_VALUE] += 1
    return blurred


def _spread(size: int) -> Weights:
    index = np.clip(np.arange(size)[:, None] + (-1, 0, 1), 0, size - 1)
    return Weights(index, np.broadcast_to(_SPREAD, index.shape))


def _mixed(old: NDArray[np.int16], value: int, share: Any) -> NDArray[np.int16]:
    """Return `share` of `value` and the rest of `old`."""
    return np.rint(old + share * (np.float32(value) - old)).astype(np.int16)


def _index_box(geometry: Geometry, part: Part) -> tuple[list[int], list[int]]:
    """Return first and past-the-last voxel index of the box around `part`, inside the grid."""
    corners = np.array(list(itertools.product(*zip(part.low, part.high, strict=True))))
    index = geometry.physical_to_index(corners)
    start = np.maximum(np.floor(index.min(axis=0)), 0).astype(int)
    stop = np.minimum(np.ceil(index.max(axis=0)) + 1, geometry.shape).astype(int)
    return start.tolist(), stop.tolist()


def _coordinates(geometry: Geometry, low: tuple[int, ...], high: tuple[int, ...]) -> tuple[NDArray[Any], ...]:
    """Return x, y and z (LPS mm) of the voxels [low, high), each broadcastable to (k, j, i)."""
    steps = geometry.affine[:3, :3]
    coordinates = []
    for axis in range(3):
        total = np.full((1, 1, 1), geometry.origin[axis])
        for index_axis in range(3):
            if steps[axis, index_axis] != 0.0:
                along = [1, 1, 1]
                along[2 - index_axis] = -1
                ramp = np.arange(low[index_axis], high[index_axis]) * steps[axis, index_axis]
                total = total + ramp.reshape(along)
        coordinates.append(total.astype(np.float32))
    return tuple(coordinates)
