"""Compressed frames, decoded by imagecodecs: it releases the GIL, so frames decode side by side."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dicomvtk.dicom.encapsulated import codestream
from dicomvtk.dicom.frames import Common, Frame
from dicomvtk.dicom.rescale import stored_dtype
from dicomvtk.errors import PixelDecodeError

__all__ = ["decode", "handles"]

_RLE = "1.2.840.10008.1.2.5"
_BASELINE = "1.2.840.10008.1.2.4.50"
_EXTENDED = "1.2.840.10008.1.2.4.51"
_LOSSLESS = ("1.2.840.10008.1.2.4.57", "1.2.840.10008.1.2.4.70")
_JPEG_LS = ("1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.81")
_JPEG_2000 = ("1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.91")
_HTJ2K = ("1.2.840.10008.1.2.4.201", "1.2.840.10008.1.2.4.202", "1.2.840.10008.1.2.4.203")

_RLE_HEADER = 64
_JPEG_START, _JPEG_2000_START, _END_OF_IMAGE = b"\xff\xd8", b"\xff\x4f", b"\xff\xd9"
#: Some writers pad the last fragment with whatever their buffer held, to a multiple of 8 bytes.
_JUNK = 16
_WIDTHS = (8, 16, 32)


def handles(frame: Frame) -> bool:
    """True for grey, RGB and YBR frames in the codings above."""
    common = frame.common
    known = common.transfer_syntax in _DECODERS and common.bits_allocated in _WIDTHS
    return frame.offset >= 0 and known and common.photometric != "PALETTE COLOR"


def decode(frame: Frame) -> NDArray[Any]:
    """Return one frame's samples (rows, columns[, 3]) in the stored dtype; colour is RGB.

    Raises PixelDecodeError where the codestream is damaged, or is of another size than the header says.
    """
    common = frame.common
    data = codestream(frame)
    _check_size(frame, data)
    _check_end(frame, data)
    try:
        array = np.asarray(_DECODERS[common.transfer_syntax](data, common))
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:
        raise PixelDecodeError(
            f"Cannot decode {frame.path}, frame {frame.number + 1}, transfer syntax {common.transfer_syntax}: "
            f"{type(error).__name__}: {error}. The compressed data are damaged."
        ) from error
    wanted = (common.rows, common.columns, *((common.samples,) if common.samples > 1 else ()))
    if array.shape != wanted:
        raise PixelDecodeError(
            f"Cannot decode {frame.path}, frame {frame.number + 1}: the compressed image is {array.shape}, "
            f"Rows, Columns and SamplesPerPixel say {wanted}."
        )
    return _as_stored(frame, array)


def _check_size(frame: Frame, data: bytes) -> None:
    """Compare the codestream's own size with Rows and Columns before a decoder allocates anything."""
    size = _stated_size(data)
    common = frame.common
    if size is not None and size != (common.rows, common.columns):
        raise PixelDecodeError(
            f"Cannot decode {frame.path}, frame {frame.number + 1}: the compressed image is {size[1]} x {size[0]}, "
            f"Columns (0028,0011) and Rows (0028,0010) say {common.columns} x {common.rows}."
        )


def _check_end(frame: Frame, data: bytes) -> None:
    """Find the last marker of a JPEG or JPEG 2000 codestream: some decoders make up what a cut one lacks."""
    if data[:2] in (_JPEG_START, _JPEG_2000_START) and _END_OF_IMAGE not in data.rstrip(b"\0")[-_JUNK:]:
        raise PixelDecodeError(
            f"Cannot decode {frame.path}, frame {frame.number + 1}: the compressed image is cut short; "
            f"expected it to end with the marker FFD9."
        )


def _stated_size(data: bytes) -> tuple[int, int] | None:
    """Return (rows, columns) from a JPEG, JPEG-LS or JPEG 2000 header; None where it is not found (RLE has none)."""
    if data[:4] == b"\xff\x4f\xff\x51" and len(data) >= 24:
        width, height, left, top = struct.unpack(">4I", data[8:24])
        return height - top, width - left
    if data[:2] != b"\xff\xd8":
        return None
    pos = 2
    while pos + 9 <= len(data):
        if data[pos] != 0xFF:
            return None
        marker = data[pos + 1]
        if marker == 0xFF:
            pos += 1
            continue
        if (0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC)) or marker == 0xF7:
            rows, columns = struct.unpack(">HH", data[pos + 5 : pos + 9])
            return rows, columns
        pos += 2 + int.from_bytes(data[pos + 2 : pos + 4], "big")
    return None


def _as_stored(frame: Frame, array: NDArray[Any]) -> NDArray[Any]:
    """Return decoded samples in the stored dtype: the same bits where widths agree, the same values otherwise."""
    dtype = stored_dtype(frame.common)
    if array.dtype == dtype:
        return array
    if array.dtype.itemsize == dtype.itemsize:
        return array.view(dtype) if array.dtype.kind in "iu" else array.astype(dtype)
    if array.dtype.itemsize < dtype.itemsize:
        return array.astype(dtype)
    low, high = int(array.min()), int(array.max())
    limits = np.iinfo(dtype)
    if low < limits.min or high > limits.max:
        raise PixelDecodeError(
            f"Cannot decode {frame.path}, frame {frame.number + 1}: decoded values {low} to {high} do not fit "
            f"BitsAllocated (0028,0100) {frame.common.bits_allocated}."
        )
    return array.astype(dtype)


def _rle(data: bytes, common: Common) -> NDArray[Any]:
    """RLE Lossless (PS3.5 annex G): byte planes, most significant first, after a header of 64 bytes."""
    import imagecodecs

    dtype = np.dtype(f"<u{(common.bits_allocated or 8) // 8}")
    segments = int.from_bytes(data[:4], "little") if len(data) >= _RLE_HEADER else 0
    expected = common.samples * dtype.itemsize
    if segments != expected:
        raise ValueError(f"{segments} RLE segments; expected {expected}")
    pixels = (common.rows or 0) * (common.columns or 0)
    planes = np.frombuffer(imagecodecs.dicomrle_decode(data, dtype), dtype=dtype)
    if planes.size != pixels * common.samples:
        raise ValueError(f"{planes.size} samples; expected {pixels * common.samples}")
    if common.samples == 1:
        return planes.reshape(common.rows or 0, common.columns or 0)
    colour = planes.reshape(common.samples, common.rows or 0, common.columns or 0).transpose(1, 2, 0)
    return _ybr_to_rgb(colour) if common.photometric.startswith("YBR_FULL") else np.ascontiguousarray(colour)


def _jpeg(data: bytes, common: Common) -> NDArray[Any]:
    import imagecodecs

    if common.samples == 1:
        return imagecodecs.jpeg8_decode(data)
    space = "RGB" if common.photometric == "RGB" else "YCBCR"
    return imagecodecs.jpeg8_decode(data, colorspace=space, outcolorspace="RGB")


def _jpeg_lossless(data: bytes, common: Common) -> NDArray[Any]:
    import imagecodecs

    if common.samples == 1:
        return imagecodecs.ljpeg_decode(data)
    return imagecodecs.jpeg8_decode(data, colorspace="RGB", outcolorspace="RGB")


def _jpeg_ls(data: bytes, common: Common) -> NDArray[Any]:
    import imagecodecs

    return imagecodecs.jpegls_decode(data)


def _jpeg_2000(data: bytes, common: Common) -> NDArray[Any]:
    import imagecodecs

    return imagecodecs.jpeg2k_decode(data)


def _htj2k(data: bytes, common: Common) -> NDArray[Any]:
    import imagecodecs

    return imagecodecs.htj2k_decode(data)


def _ybr_to_rgb(ybr: NDArray[Any]) -> NDArray[np.uint8]:
    """Return full-range YCbCr as RGB (PS3.3 C.7.6.3.1.2)."""
    y, cb, cr = (ybr[..., n].astype(np.float64) for n in range(3))
    cb -= 128.0
    cr -= 128.0
    rgb = np.stack([y + 1.402 * cr, y - 0.344136 * cb - 0.714136 * cr, y + 1.772 * cb], axis=-1)
    return np.clip(np.rint(rgb), 0, 255).astype(np.uint8)


_DECODERS: dict[str, Callable[[bytes, Common], NDArray[Any]]] = {
    _RLE: _rle,
    _BASELINE: _jpeg,
    _EXTENDED: _jpeg,
    **dict.fromkeys(_LOSSLESS, _jpeg_lossless),
    **dict.fromkeys(_JPEG_LS, _jpeg_ls),
    **dict.fromkeys(_JPEG_2000, _jpeg_2000),
    **dict.fromkeys(_HTJ2K, _htj2k),
}
