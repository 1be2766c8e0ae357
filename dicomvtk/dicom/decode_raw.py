"""Uncompressed little-endian frames: read from the file straight into the array."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dicomvtk.dicom.elements import EXPLICIT_LITTLE, IMPLICIT_LITTLE
from dicomvtk.dicom.frames import Common, Frame
from dicomvtk.dicom.rescale import stored_dtype
from dicomvtk.errors import PixelDecodeError

__all__ = ["decode", "handles", "read_into"]

_SYNTAXES = frozenset({IMPLICIT_LITTLE, EXPLICIT_LITTLE})
_WHOLE_BYTES = (8, 16, 32, 64)
_PHOTOMETRIC = frozenset({"MONOCHROME1", "MONOCHROME2", "RGB"})


def handles(frame: Frame) -> bool:
    """True where the frame's bytes in the file are its samples, in the order of the array."""
    return frame.offset >= 0 and frame.common.transfer_syntax in _SYNTAXES and _plain(frame.common)


def _plain(common: Common) -> bool:
    return (
        common.bits_allocated in _WHOLE_BYTES
        and common.photometric in _PHOTOMETRIC
        and (common.samples == 1 or common.planar == 0)
    )


def decode(frame: Frame) -> NDArray[Any]:
    """Return a frame's samples in an array of their own, (rows, columns[, samples])."""
    common = frame.common
    colour = (common.samples,) if common.samples > 1 else ()
    out = np.empty((common.rows or 0, common.columns or 0, *colour), stored_dtype(common))
    fd = os.open(frame.path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
    try:
        read_into(fd, frame, out)
    finally:
        os.close(fd)
    return out


def read_into(fd: int, frame: Frame, out: NDArray[Any]) -> None:
    """Fill `out`, C-contiguous in the frame's stored dtype, from the open file; no copy in between.

    Bytes that the file lacks (`frame.shortfall`, seen and allowed before) become zeros. Raises PixelDecodeError where
    the file ends before it did when it was scanned.
    """
    view = memoryview(out.data).cast("B")
    wanted = max(0, frame.length - frame.shortfall)
    done = 0
    while done < wanted:
        count = os.preadv(fd, [view[done:wanted]], frame.offset + done)
        if count <= 0:
            raise PixelDecodeError(
                f"Cannot read {frame.path}: the file ends {wanted - done} bytes before the end of frame "
                f"{frame.number + 1}; it was longer when it was scanned."
            )
        done += count
    if done < len(view):
        view[done:] = bytes(len(view) - done)
