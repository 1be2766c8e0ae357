"""A series read back before it gets its name: the same voxels, the same places, the same axes, or an error."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dicomvtk.dicom import reader
from dicomvtk.dicom.given import Given, as_given
from dicomvtk.errors import DicomVtkError, WriteError

__all__ = ["check_written"]

#: Positions are decimal strings of 16 characters; their rounding stays below this (mm, and per voxel of the affine).
_PLACE_TOLERANCE_MM = 1e-6
#: Rescaled values come back as float32, whose rounding is no error of the writer's.
_FLOAT32_ROUNDING = float(np.finfo(np.float32).eps)


def check_written(volume: Given, files: Sequence[Path], max_error: float) -> None:
    """Raise WriteError where `files` do not read back as `volume`, to `max_error` in modality values."""
    try:
        again = reader.read(files)
    except DicomVtkError as error:
        raise WriteError(f"Cannot verify what was written: it does not read back ({error}).") from error
    expected = _right_handed(volume)
    if again.shape != expected.shape:
        raise _differs(f"the shape is {again.shape}; expected {expected.shape}")
    if [(axis.keyword, len(axis)) for axis in again.axes] != [(axis.keyword, len(axis)) for axis in expected.axes]:
        found = [axis.keyword for axis in again.axes]
        raise _differs(f"the axes are {found}; expected {[axis.keyword for axis in expected.axes]}")
    if volume.geometry.placed:
        extent = max(expected.geometry.shape)
        apart = float(np.abs(again.affine - expected.geometry.affine).max()) * extent
        if apart > _PLACE_TOLERANCE_MM * max(1.0, float(np.abs(expected.geometry.affine).max())):
            raise _differs(f"voxels lie up to {apart:.3g} mm from their place")
    read_back = as_given(again)
    for index in np.ndindex(*(len(axis) for axis in volume.axes)):
        pairs = zip(read_back.slices(index), expected.slices(index), strict=True)
        for k, (plane, wanted) in enumerate(pairs):
            _check_slice(plane, wanted, k, max_error)


def _check_slice(found: NDArray[Any], expected: NDArray[Any], k: int, max_error: float) -> None:
    if np.array_equal(found, expected):
        return
    a, b = found.astype(np.float64), expected.astype(np.float64)
    same = (a == b) | (np.isnan(a) & np.isnan(b))
    with np.errstate(invalid="ignore"):  # infinities that are the same
        apart = np.abs(np.where(same, 0.0, a - b))
    worst = float(apart.max())
    room = max_error + _FLOAT32_ROUNDING * float(np.abs(np.where(np.isfinite(b), b, 0.0)).max())
    if not worst <= room * (1.0 + 1e-9):
        raise _differs(f"slice {k} differs by up to {worst:.6g}; expected at most {max_error:.6g}")


def _right_handed(volume: Given) -> Given:
    """Return `volume` as readers give it: k along row x column."""
    if volume.geometry.is_right_handed:
        return volume
    return replace(volume, array=volume.array[:, :, ::-1], geometry=volume.geometry.flipped(2))


def _differs(how: str) -> WriteError:
    return WriteError(f"Cannot keep what was written, it reads back differently: {how}.")
