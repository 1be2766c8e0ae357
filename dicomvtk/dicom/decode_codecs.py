"""Compressed frames, decoded by imagecodecs: it releases the GIL, so frames decode side by side."""

from __future__ import annotations

import struct
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dicomvtk.dicom.codestream_head import CodestreamHead, read_head
from dicomvtk.dicom.colour import is_ybr, ybr_to_rgb
from dicomvtk.dicom.encapsulated import codestream
from dicomvtk.dicom.frames import Common, Frame
from dicomvtk.dicom.rescale import stored_bounds, stored_dtype
from dicomvtk.errors import PixelDecodeError

__all__ = ["decode", "handles"]

_RLE = "1.2.840.10008.1.2.5"
_JPEG = tuple(f"1.2.840.10008.1.2.4.{n}" for n in (50, 51, 53, 55))
_LOSSLESS = tuple(f"1.2.840.10008.1.2.4.{n}" for n in (57, 70))
_JPEG_LS = tuple(f"1.2.840.10008.1.2.4.{n}" for n in (80, 81))
_JPEG_2000 = tuple(f"1.2.840.10008.1.2.4.{n}" for n in (90, 91))
_HTJ2K = tuple(f"1.2.840.10008.1.2.4.{n}" for n in (201, 202, 203))
_JPEG_XL = tuple(f"1.2.840.10008.1.2.4.{n}" for n in (110, 111, 112))

_RLE_HEADER = 64
_JPEG_START, _JPEG_2000_START, _END_OF_IMAGE = b"\xff\xd8", b"\xff\x4f", b"\xff\xd9"
#: Some writers pad the last fragment with whatever their buffer held, to a multiple of 8 bytes.
_JUNK = 16
_WIDTHS = (8, 16, 32)
#: OpenJPEG keeps six fractional bits beside a sample's in 32 (2.5): of deeper samples it makes others without a word.
_DEEPEST_JPEG_2000 = 24


def handles(frame: Frame) -> bool:
    """True for grey, RGB, YBR and palette frames in the codings above."""
    common = frame.common
    return frame.offset >= 0 and common.transfer_syntax in _DECODERS and common.bits_allocated in _WIDTHS


def decode(frame: Frame) -> NDArray[Any]:
    """Return one frame's samples (rows, columns[, 3]) in the stored dtype; YBR becomes RGB, palettes stay indices.

    Raises PixelDecodeError where the codestream is damaged, or is of another size or kind than the header says.
    """
    common = frame.common
    data = codestream(frame)
    head = _checked_head(frame, data)
    _check_end(frame, data)
    try:
        array = np.asarray(_DECODERS[common.transfer_syntax](data, common, head))
        wanted = (common.rows, common.columns, *((common.samples,) if common.samples > 1 else ()))
        if array.shape != wanted:
            raise ValueError(f"the decoded image is {array.shape}; Rows, Columns and SamplesPerPixel say {wanted}")
        colour = common.samples == 3 and is_ybr(common.photometric) and common.transfer_syntax not in _OWN_COLOUR
        return ybr_to_rgb(array, common.photometric) if colour else _as_stored(array, common, head)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:
        raise PixelDecodeError(
            f"Cannot decode {frame.path}, frame {frame.number + 1}, transfer syntax {common.transfer_syntax}: "
            f"{type(error).__name__}: {error}. The compressed data are damaged."
        ) from error


def _checked_head(frame: Frame, data: bytes) -> CodestreamHead | None:
    """Compare what the codestream says of itself with the header before a decoder allocates anything."""
    common = frame.common
    if common.transfer_syntax == _RLE:
        return None
    head = read_head(data)
    if head is None:
        raise PixelDecodeError(
            f"Cannot decode {frame.path}, frame {frame.number + 1}: no compressed image begins with "
            f"{data[:4].hex(' ') or 'nothing'}; transfer syntax {common.transfer_syntax} says that one does."
        )
    asked = f"Cannot decode {frame.path}, frame {frame.number + 1}: the compressed image"
    if (head.rows, head.columns) != (common.rows, common.columns):
        raise PixelDecodeError(
            f"{asked} is {head.columns} x {head.rows}, "
            f"Columns (0028,0011) and Rows (0028,0010) say {common.columns} x {common.rows}."
        )
    if head.components not in (0, common.samples):
        raise PixelDecodeError(
            f"{asked} has {head.components} components, SamplesPerPixel (0028,0002) says {common.samples}."
        )
    if head.bits > (common.bits_allocated or 0):
        raise PixelDecodeError(
            f"{asked} has {head.bits} bits a sample, BitsAllocated (0028,0100) says {common.bits_allocated}."
        )
    if common.transfer_syntax in _JPEG_2000 and head.bits > _DEEPEST_JPEG_2000:
        raise PixelDecodeError(
            f"{asked} has {head.bits} bits a sample in transfer syntax {common.transfer_syntax} (JPEG 2000); "
            f"OpenJPEG is exact up to {_DEEPEST_JPEG_2000}. Convert it first with another decoder, for example Kakadu."
        )
    return head


def _check_end(frame: Frame, data: bytes) -> None:
    """Find the last marker of a JPEG or JPEG 2000 codestream: some decoders make up what a cut one lacks."""
    if data[:2] not in (_JPEG_START, _JPEG_2000_START):
        return
    if _END_OF_IMAGE not in data[-_JUNK:] and _END_OF_IMAGE not in data.rstrip(b"\0")[-_JUNK:]:
        raise PixelDecodeError(
            f"Cannot decode {frame.path}, frame {frame.number + 1}: the compressed image is cut short; "
            f"expected it to end with the marker FFD9."
        )


def _as_stored(array: NDArray[Any], common: Common, head: CodestreamHead | None) -> NDArray[Any]:
    """Return decoded samples in the stored dtype: the same bits where widths agree, the same values otherwise.

    The sign of a sample is PixelRepresentation's to say: where the codestream says otherwise, or cannot say, it is
    the highest of the codestream's bits.
    """
    dtype = stored_dtype(common)
    if array.dtype.itemsize > dtype.itemsize:
        low, high = int(array.min()), int(array.max())
        limits = np.iinfo(dtype)
        if low < limits.min or high > limits.max:
            raise ValueError(f"decoded values {low} to {high} do not fit BitsAllocated {common.bits_allocated}")
    if array.dtype != dtype:
        array = array.view(dtype) if array.dtype.itemsize == dtype.itemsize else array.astype(dtype)
    width = dtype.itemsize * 8
    if head is not None and common.transfer_syntax in _SIGN_BY_DEPTH and head.signed != common.signed:
        shift = dtype.type(width - head.bits)
        if shift:
            array = (array << shift) >> shift
    lossless = head is None or not head.lossy or common.transfer_syntax == _JPEG_XL[0]
    if lossless or (common.bits_stored or width) >= width:
        return array
    # What a lossy coding puts past an end of the range stays at that end; its bits are no overlay's.
    lowest, highest = stored_bounds(common)
    return array.clip(int(lowest), int(highest))


def _rle(data: bytes, common: Common, _: CodestreamHead | None) -> NDArray[Any]:
    """RLE Lossless (PS3.5 annex G): byte planes, most significant first, after a header of 64 bytes."""
    import imagecodecs

    dtype = np.dtype(f"<u{(common.bits_allocated or 8) // 8}")
    segments = int.from_bytes(data[:4], "little") if len(data) >= _RLE_HEADER else 0
    expected = common.samples * dtype.itemsize
    if segments != expected:
        raise ValueError(f"{segments} RLE segments; expected {expected}")
    starts = struct.unpack_from(f"<{segments}I", data, 4)
    if any(a >= b for a, b in pairwise((_RLE_HEADER - 1, *starts, len(data)))):  # the decoder would read outside
        raise ValueError(f"RLE segments start at {starts} in {len(data)} bytes; expected them in order after the head")
    pixels = (common.rows or 0) * (common.columns or 0)
    planes = np.frombuffer(imagecodecs.dicomrle_decode(data, dtype), dtype=dtype)
    if planes.size != pixels * common.samples:
        raise ValueError(f"{planes.size} samples; expected {pixels * common.samples}")
    if common.samples == 1:
        return planes.reshape(common.rows or 0, common.columns or 0)
    colour = planes.reshape(common.samples, common.rows or 0, common.columns or 0).transpose(1, 2, 0)
    return np.ascontiguousarray(colour)


def _jpeg(data: bytes, common: Common, head: CodestreamHead | None) -> NDArray[Any]:
    """Lossy JPEG. What the codestream says of its components goes before PhotometricInterpretation, as for pydicom."""
    import imagecodecs

    if common.samples == 1:
        return imagecodecs.jpeg8_decode(data)
    if common.photometric.startswith("YBR_PARTIAL"):
        return ybr_to_rgb(imagecodecs.jpeg8_decode(data, colorspace="YCBCR", outcolorspace="YCBCR"), common.photometric)
    stated = head.colour if head is not None else ""
    is_rgb = stated == "RGB" or (not stated and common.photometric == "RGB")
    return imagecodecs.jpeg8_decode(data, colorspace="RGB" if is_rgb else "YCBCR", outcolorspace="RGB")


def _jpeg_lossless(data: bytes, common: Common, _: CodestreamHead | None) -> NDArray[Any]:
    import imagecodecs

    if common.samples == 1:
        return imagecodecs.ljpeg_decode(data)
    return imagecodecs.jpeg8_decode(data, colorspace="RGB", outcolorspace="RGB")


def _jpeg_ls(data: bytes, common: Common, _: CodestreamHead | None) -> NDArray[Any]:
    import imagecodecs

    return imagecodecs.jpegls_decode(data)


def _jpeg_2000(data: bytes, common: Common, _: CodestreamHead | None) -> NDArray[Any]:
    import imagecodecs

    return imagecodecs.jpeg2k_decode(data)


def _htj2k(data: bytes, common: Common, _: CodestreamHead | None) -> NDArray[Any]:
    import imagecodecs

    array = imagecodecs.htj2k_decode(data)
    # Components without a colour transform come one after the other.
    return np.ascontiguousarray(np.moveaxis(array, 0, -1)) if array.shape == _by_plane(common) else array


def _by_plane(common: Common) -> tuple[int | None, ...]:
    return (common.samples, common.rows, common.columns)


def _jpeg_xl(data: bytes, common: Common, _: CodestreamHead | None) -> NDArray[Any]:
    import imagecodecs

    return imagecodecs.jpegxl_decode(data, numthreads=1)


_DECODERS: dict[str, Callable[[bytes, Common, CodestreamHead | None], NDArray[Any]]] = {
    _RLE: _rle,
    **dict.fromkeys(_JPEG, _jpeg),
    **dict.fromkeys(_LOSSLESS, _jpeg_lossless),
    **dict.fromkeys(_JPEG_LS, _jpeg_ls),
    **dict.fromkeys(_JPEG_2000, _jpeg_2000),
    **dict.fromkeys(_HTJ2K, _htj2k),
    **dict.fromkeys(_JPEG_XL, _jpeg_xl),
}
#: Codings whose decoder gives RGB whatever the components were.
_OWN_COLOUR = frozenset({*_JPEG, *_JPEG_XL})
#: Codings whose samples have the codestream's own depth and sign.
_SIGN_BY_DEPTH = frozenset({*_JPEG_LS, *_JPEG_2000, *_HTJ2K})
