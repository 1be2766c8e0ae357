"""Which decoder reads a frame: one table, asked before anything is read, and then to read it."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from dicomvtk.dicom import decode_codecs, decode_native, decode_raw
from dicomvtk.dicom.colour import UNKNOWN_COLOUR
from dicomvtk.dicom.elements import EXPLICIT_LITTLE, IMPLICIT_LITTLE, UNDEFINED
from dicomvtk.dicom.frames import Frame
from dicomvtk.dicom.palette import palette_of
from dicomvtk.dicom.rescale import clean_bits
from dicomvtk.errors import PixelDecodeError

__all__ = ["decode", "decode_indices", "decoding_problem"]

_OURS = (decode_raw, decode_native, decode_codecs)


def decode(frame: Frame) -> NDArray[Any]:
    """Return one frame's stored samples (rows, columns[, 3]); palettes and YBR become RGB. Raises PixelDecodeError."""
    if any(decoder.handles(frame) for decoder in _OURS):
        samples = decode_indices(frame)
        return _coloured(frame, samples) if frame.common.photometric == "PALETTE COLOR" else samples
    from dicomvtk.dicom import decode_pydicom

    return decode_pydicom.decode(frame)


def decode_indices(frame: Frame) -> NDArray[Any]:
    """Return what `decode` does, but a palette's indices as stored. Raises PixelDecodeError."""
    for decoder in _OURS:
        if decoder.handles(frame):
            return decoder.decode(frame)
    raise PixelDecodeError(
        f"Cannot decode {frame.path} without its palette: TransferSyntaxUID (0002,0010) {frame.common.transfer_syntax} "
        "is left to pydicom."
    )


def _coloured(frame: Frame, samples: NDArray[Any]) -> NDArray[Any]:
    """Return palette indices as RGB."""
    if frame.common.bits_stored != frame.common.bits_allocated:
        samples = samples if samples.flags.writeable else samples.copy()
        clean_bits(samples, frame.common)
    return palette_of(frame.path, frame.common.signed).apply(samples)


def decoding_problem(frame: Frame) -> str:
    """Return why no decoder reads this frame, naming the syntax and what would; empty where one does."""
    common = frame.common
    if frame.length == UNDEFINED and common.transfer_syntax in (IMPLICIT_LITTLE, EXPLICIT_LITTLE):
        return (
            f"{frame.path} has its pixel data in fragments; its TransferSyntaxUID (0002,0010), "
            f"{common.transfer_syntax}, is an uncompressed one. What the fragments hold is not known."
        )
    if common.photometric in UNKNOWN_COLOUR:
        return (
            f"{frame.path} is in {common.photometric} (PhotometricInterpretation (0028,0004)), a retired coding of "
            "colour that nothing here turns to RGB. Convert it to RGB first, for example with gdcmimg."
        )
    if any(decoder.handles(frame) for decoder in _OURS):
        return ""
    from dicomvtk.dicom import decode_pydicom

    return decode_pydicom.problem(frame)
