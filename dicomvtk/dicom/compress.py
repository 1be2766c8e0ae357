"""Frames compressed without loss, and the encapsulated pixel data they make (PS3.5 sections 8.2 and A.4).

imagecodecs gives the interpreter lock back while it encodes, so frames are compressed side by side.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dicomvtk.errors import UnsupportedError

__all__ = ["CODINGS", "Coding", "check_coding", "coding_named", "encapsulated"]

_RLE_SEGMENTS = 15
_JPEG_LS_HEADERS = 1024
_ITEM = struct.Struct("<HHI")
_START_OF_IMAGE, _SPIFF = b"\xff\xd8", b"\xff\xe8"
_UINT32_MAX = 2**32 - 1


@dataclass(frozen=True)
class Coding:
    """A lossless transfer syntax: the caller's name for it, its UID, the widest sample in bits, and its encoder.

    `encode` takes one frame (rows, columns[, 3]); `colour` is the PhotometricInterpretation of what it makes of RGB.
    """

    name: str
    uid: str
    widest: int
    encode: Callable[[NDArray[Any]], bytes]
    colour: str = "RGB"


def coding_named(name: str) -> Coding:
    """Return the coding of that name; raises UnsupportedError with the names there are."""
    coding = CODINGS.get(name.lower())
    if coding is None:
        raise UnsupportedError(f"Unknown compression {name!r}; expected one of {', '.join(CODINGS)}.")
    return coding


def check_coding(coding: Coding, dtype: np.dtype[Any]) -> None:
    """Raise UnsupportedError where `coding` cannot hold stored values of `dtype` without loss."""
    if dtype.kind not in "iu" or dtype.itemsize * 8 > coding.widest:
        able = [other.name for other in CODINGS.values() if other.widest >= dtype.itemsize * 8 and dtype.kind in "iu"]
        raise UnsupportedError(
            f"Cannot compress {dtype.name} pixels as {coding.name}, which holds integers of {coding.widest} bits; "
            + (f"use {' or '.join(able)}, or leave them uncompressed." if able else "leave them uncompressed.")
        )


def encapsulated(frames: Sequence[bytes]) -> bytes:
    """Return the PixelData element of compressed frames: a basic offset table, one fragment a frame, and the end.

    The table is empty where it would not fit 32 bits: a fragment a frame is then enough to find them.
    """
    padded = [frame + b"\x00" * (len(frame) % 2) for frame in frames]
    starts = np.cumsum([0, *(len(frame) + _ITEM.size for frame in padded[:-1])])
    table = struct.pack(f"<{len(starts)}I", *starts.tolist()) if starts[-1] <= _UINT32_MAX else b""
    parts = [
        struct.pack("<HH2sHI", 0x7FE0, 0x0010, b"OB", 0, 0xFFFFFFFF),
        _ITEM.pack(0xFFFE, 0xE000, len(table)),
        table,
    ]
    for frame in padded:
        parts += [_ITEM.pack(0xFFFE, 0xE000, len(frame)), frame]
    return b"".join([*parts, _ITEM.pack(0xFFFE, 0xE0DD, 0)])


def _rle(plane: NDArray[Any]) -> bytes:
    """RLE Lossless (PS3.5 annex G): a segment for each byte of each sample, most significant first, row by row."""
    import imagecodecs

    rows, columns = plane.shape[:2]
    samples = plane.reshape(rows, columns, -1)
    big_endian = np.ascontiguousarray(samples, dtype=plane.dtype.newbyteorder(">")).view(np.uint8)
    segments = []
    for n in range(big_endian.shape[2]):
        packed = imagecodecs.packbits_encode(big_endian[:, :, n].copy(), axis=-1)
        segments.append(packed + b"\x00" * (len(packed) % 2))
    offsets = np.cumsum([64, *(len(segment) for segment in segments[:-1])]).tolist()
    unused = [0] * (_RLE_SEGMENTS - len(segments))
    return struct.pack("<16I", len(segments), *offsets, *unused) + b"".join(segments)


def _jpeg_ls(plane: NDArray[Any]) -> bytes:
    """JPEG-LS has no signed samples: the same bits are coded as unsigned, as PixelRepresentation tells readers."""
    import imagecodecs

    unsigned = plane.view(f"u{plane.dtype.itemsize}")
    room = 2 * plane.nbytes + _JPEG_LS_HEADERS  # noise grows; CharLS fails where it does not fit
    return _without_spiff(bytes(imagecodecs.jpegls_encode(unsigned, level=0, out=room)))


def _without_spiff(stream: bytes) -> bytes:
    """Return a JPEG-LS stream without the SPIFF header that CharLS writes: older decoders stumble over it."""
    position = len(_START_OF_IMAGE)
    while stream[position : position + 2] == _SPIFF:
        position += 2 + int.from_bytes(stream[position + 2 : position + 4], "big")
    return _START_OF_IMAGE + stream[position:]


def _jpeg_2000(plane: NDArray[Any]) -> bytes:
    import imagecodecs

    return bytes(imagecodecs.jpeg2k_encode(plane, level=0, codecformat="j2k", reversible=True, mct=plane.ndim > 2))


def _htj2k(plane: NDArray[Any]) -> bytes:
    import imagecodecs

    return bytes(imagecodecs.htj2k_encode(plane, reversible=True))


#: By the name a caller gives. JPEG 2000 holds more than 16 bits on paper only: OpenJPEG loses some of 32.
CODINGS = {
    coding.name: coding
    for coding in (
        Coding("rle", "1.2.840.10008.1.2.5", 32, _rle),
        Coding("jpegls", "1.2.840.10008.1.2.4.80", 16, _jpeg_ls),
        Coding("j2k", "1.2.840.10008.1.2.4.90", 16, _jpeg_2000, "YBR_RCT"),
        Coding("htj2k", "1.2.840.10008.1.2.4.201", 16, _htj2k, "YBR_RCT"),
    )
}
