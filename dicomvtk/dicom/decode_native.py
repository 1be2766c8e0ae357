"""Uncompressed frames whose bytes are not yet the array: by plane, YBR, 1 bit, palette indices; and their wrappings.

The wrappings are Encapsulated Uncompressed (PS3.5 section A.4.11), a frame a fragment, and Deflated Image Frame
Compression (A.4.12), where each is deflated.
"""

from __future__ import annotations

import os
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dicomvtk.dicom.colour import from_422, is_ybr, ybr_to_rgb
from dicomvtk.dicom.elements import EXPLICIT_LITTLE, IMPLICIT_LITTLE, UNDEFINED
from dicomvtk.dicom.encapsulated import codestream
from dicomvtk.dicom.frames import Common, Frame, frame_bytes
from dicomvtk.dicom.rescale import stored_dtype
from dicomvtk.errors import PixelDecodeError

__all__ = ["decode", "handles"]

_PLAIN = frozenset({IMPLICIT_LITTLE, EXPLICIT_LITTLE})
_ENCAPSULATED = "1.2.840.10008.1.2.1.98"
_DEFLATED_FRAMES = "1.2.840.10008.1.2.8.1"
_ALLOCATED = (1, 8, 16, 32, 64)


def handles(frame: Frame) -> bool:
    """True for frames that are not compressed, or that are deflated one by one."""
    common = frame.common
    if frame.offset < 0 or common.bits_allocated not in _ALLOCATED:
        return False
    in_fragments = frame.length == UNDEFINED
    if common.transfer_syntax in _PLAIN:
        return not in_fragments
    return in_fragments and common.transfer_syntax in (_ENCAPSULATED, _DEFLATED_FRAMES)


def decode(frame: Frame) -> NDArray[Any]:
    """Return one frame's samples (rows, columns[, 3]) in the stored dtype; YBR becomes RGB, palettes stay indices.

    Bytes that the file lacks (`frame.shortfall`, seen and allowed before) become zeros. Raises PixelDecodeError.
    """
    common = frame.common
    if common.bits_allocated == 1:
        return _bits(frame)
    data = _data(frame, _size(common))
    rows, columns = common.rows or 0, common.columns or 0
    try:
        if _is_422(common):
            return ybr_to_rgb(from_422(np.frombuffer(data, np.uint8), rows, columns), common.photometric)
        samples = np.frombuffer(data, stored_dtype(common))
        if common.samples == 1:
            return samples.reshape(rows, columns)
        if common.planar:
            samples = samples.reshape(common.samples, rows, columns).transpose(1, 2, 0)
        samples = np.ascontiguousarray(samples.reshape(rows, columns, common.samples))
        return ybr_to_rgb(samples, common.photometric) if is_ybr(common.photometric) else samples
    except PixelDecodeError as error:
        raise PixelDecodeError(f"Cannot decode {frame.path}, frame {frame.number + 1}: {error}") from None


def _is_422(common: Common) -> bool:
    """Colour shared by two pixels: only where the samples are as they are is it stored so (PS3.5 section 8.1.2)."""
    return common.samples == 3 and common.photometric in ("YBR_FULL_422", "YBR_PARTIAL_422")


def _size(common: Common) -> int:
    pixels = (common.rows or 0) * (common.columns or 0)
    return pixels * 2 if _is_422(common) else pixels * common.samples * ((common.bits_allocated or 8) // 8)


def _data(frame: Frame, size: int) -> bytes:
    """Return the `size` bytes of a frame."""
    syntax = frame.common.transfer_syntax
    if syntax in _PLAIN:
        return _read(frame, frame.offset, size)
    data = codestream(frame)
    if syntax == _DEFLATED_FRAMES:
        data = _inflated(frame, data, size)
    if not size <= len(data) <= size + 1:  # an odd length is padded to an even one
        raise PixelDecodeError(
            f"Cannot decode {frame.path}, frame {frame.number + 1}: the frame holds {len(data)} bytes; Rows, Columns, "
            f"SamplesPerPixel and BitsAllocated say {size}."
        )
    return data[:size]


def _read(frame: Frame, offset: int, size: int) -> bytes:
    fd = os.open(frame.path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
    try:
        data = os.pread(fd, size, offset)
    finally:
        os.close(fd)
    if len(data) < size - frame.shortfall:
        raise PixelDecodeError(
            f"Cannot read {frame.path}: the file ends {size - frame.shortfall - len(data)} bytes before the end of "
            f"frame {frame.number + 1}; it was longer when it was scanned."
        )
    # What lies past the end of the pixel data belongs to other elements.
    return data if not frame.shortfall else data[: max(0, size - frame.shortfall)].ljust(size, b"\0")


def _inflated(frame: Frame, data: bytes, size: int) -> bytes:
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        return inflater.decompress(data, size + 2)
    except zlib.error as error:
        raise PixelDecodeError(
            f"Cannot decode {frame.path}, frame {frame.number + 1}: the deflated frame is damaged ({error})."
        ) from error


def _bits(frame: Frame) -> NDArray[np.uint8]:
    """Return 1-bit samples as 0 and 1; frames follow each other without a gap, the lowest bit first (section 8.1.1)."""
    common = frame.common
    pixels = (common.rows or 0) * (common.columns or 0) * common.samples
    if common.transfer_syntax in _PLAIN:
        first = frame.offset - frame_bytes(common, frame.number)
        start = pixels * frame.number
        data = _read(frame, first + start // 8, (start + pixels + 7) // 8 - start // 8)
        skip = start % 8
    else:
        data, skip = _data(frame, (pixels + 7) // 8), 0
    unpacked = np.unpackbits(np.frombuffer(data, np.uint8), count=skip + pixels, bitorder="little")[skip:]
    colour = (common.samples,) if common.samples > 1 else ()
    return unpacked.reshape(common.rows or 0, common.columns or 0, *colour)
