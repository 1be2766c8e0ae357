"""Modality values into the pixel data of files: by the slope and intercept they have, or by new ones for all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dicomvtk.dicom.encode import Encoding, encode_floats, encode_integers, finite_range
from dicomvtk.dicom.frames import Frame
from dicomvtk.dicom.pixel_format import format_problem
from dicomvtk.dicom.rescale import plan_values, stored_bounds, stored_dtype
from dicomvtk.errors import UnsupportedError
from dicomvtk.folder.attribute_path import parse
from dicomvtk.folder.grid import Image
from dicomvtk.folder.header_values import ABSENT
from dicomvtk.folder.instance import Instance, NewPixels

__all__ = ["stored_planes"]

#: Values that come back within this share of a step of the slope are held by it: rounding of float32 is below it.
_HELD = 1e-3
_WHOLE_BYTES = (8, 16, 32)
#: Up to here 16-bit values with slope and intercept stay within float32.
_LARGEST = 1e30
_EXTREMES = tuple(map(parse, ("SmallestImagePixelValue", "LargestImagePixelValue")))
_STORAGE = ("BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation")
_PLANAR = parse("PlanarConfiguration")
#: What is said of stored values, which another slope makes untrue: padding, and maps to real world values.
_OF_STORED = tuple(
    map(
        parse,
        (
            "PixelPaddingValue",
            "PixelPaddingRangeLimit",
            "RealWorldValueMappingSequence",
            (0x2005, 0x0E, "Philips MR Imaging DD 001"),
        ),
    )
)
_SLOPE, _INTERCEPT, _KIND = parse("RescaleSlope"), parse("RescaleIntercept"), parse("RescaleType")


def stored_planes(images: Sequence[Image], frames: Sequence[Frame], planes: NDArray[Any]) -> None:
    """Make `planes` (n, row, column[, c]), modality values, the pending pixels of the files of `images`.

    All files keep how they store values where that holds all new ones; else all get one new way. Raises
    UnsupportedError for what cannot be stored.
    """
    _check(images, frames, planes)
    held = _as_they_are(frames, planes)
    if held is not None:
        _put(images, held, None)
        return
    if any(frame.common.samples > 1 for frame in frames):
        raise UnsupportedError(
            f"Cannot store colour samples of {planes.dtype} from {planes.min()} to {planes.max()}; expected whole "
            f"numbers from 0 to {int(stored_bounds(frames[0].common)[1])}, as the files hold them."
        )
    if any(image.instance.get("PerFrameFunctionalGroupsSequence") for image in images[:1]):
        raise UnsupportedError(
            "Cannot store these values in an enhanced multi-frame file: its slopes and intercepts do not hold them. "
            "Use new_series() for them."
        )
    encoding = _new_encoding(planes)
    _put(images, [encoding.stored(plane) for plane in planes], encoding)


def _check(images: Sequence[Image], frames: Sequence[Frame], planes: NDArray[Any]) -> None:
    if planes.dtype.kind not in "biuf":
        raise UnsupportedError(f"Cannot store {planes.dtype} as pixels; expected numbers.")
    if planes.dtype.kind == "f":
        low, high = finite_range(planes)
        if max(-low, high) > _LARGEST:
            raise UnsupportedError(f"Cannot store values from {low:g} to {high:g}; expected none beyond {_LARGEST:g}.")
    for image, frame in zip(images, frames, strict=True):
        common = frame.common
        problem = format_problem(common)
        if not problem and common.modality_lut is not None:
            problem = "its values come from a Modality LUT"
        if common.photometric not in ("MONOCHROME1", "MONOCHROME2", "RGB"):
            problem = f"PhotometricInterpretation (0028,0004) is {common.photometric}"
        if common.float_pixels:
            problem = "it holds floating-point pixels"
        if problem:
            raise UnsupportedError(f"Cannot replace the pixels of {image.instance.path or frame.path}: {problem}.")


def _as_they_are(frames: Sequence[Frame], planes: NDArray[Any]) -> list[NDArray[Any]] | None:
    """Return the stored values by the slope and intercept of each frame, None where one of them does not hold them."""
    rescales = plan_values(frames).rescales
    found = []
    for frame, (slope, intercept), plane in zip(frames, rescales, planes, strict=True):
        if (frame.common.bits_allocated or 0) not in _WHOLE_BYTES:
            return None
        scaled = (plane.astype(np.float64) - intercept) / slope
        whole = np.rint(scaled)
        low, high = stored_bounds(frame.common)
        if np.abs(scaled - whole).max() > _HELD or whole.min() < low or whole.max() > high:
            return None
        found.append(whole.astype(stored_dtype(frame.common)))
    return found


def _new_encoding(planes: NDArray[Any]) -> Encoding:
    low, high = finite_range(planes)
    whole = planes.dtype.kind in "biu" or bool(np.all(np.rint(planes) == planes))
    if whole:
        found = encode_integers(int(low), int(high), unsigned=low >= 0, bits=16)
        if found is not None:
            return found
    if planes.dtype.kind in "biu":
        raise UnsupportedError(
            f"Cannot store integers from {low} to {high} in 16 bits exactly; give them as float to scale them."
        )
    return encode_floats(float(low), float(high))


def _put(images: Sequence[Image], stored: Sequence[NDArray[Any]], encoding: Encoding | None) -> None:
    """Give each file its pixels, frame after frame, and the attributes that say how they are stored."""
    by_file: dict[Instance, dict[int, NDArray[Any]]] = {}
    for image, plane in zip(images, stored, strict=True):
        by_file.setdefault(image.instance, {})[image.frame] = plane
    for instance, planes in by_file.items():
        ordered = [planes[n] for n in sorted(planes)]
        bits = ordered[0].dtype.itemsize * 8
        instance.pixels = NewPixels(b"".join(np.ascontiguousarray(plane).tobytes() for plane in ordered), bits)
        for path in _EXTREMES:
            if instance.value(path) is not ABSENT:
                instance.set(path, None)
        if instance.value(_PLANAR) not in (ABSENT, 0):
            instance.set_value(_PLANAR, 0)
        if encoding is not None:
            _describe(instance, encoding)


def _describe(instance: Instance, encoding: Encoding) -> None:
    bits = encoding.dtype.itemsize * 8
    signed = int(encoding.dtype.kind == "i")
    for name, value in zip(_STORAGE, (bits, bits, bits - 1, signed), strict=True):
        instance.set_value(name, value)
    for path in _OF_STORED:
        if instance.value(path) is not ABSENT:
            instance.set(path, None)
    if encoding.is_rescaled or instance.value(_SLOPE) is not ABSENT:
        instance.set_value(_SLOPE, encoding.slope)
        instance.set_value(_INTERCEPT, encoding.intercept)
        if instance.value(_KIND) is ABSENT:
            instance.set_value(_KIND, "US")
