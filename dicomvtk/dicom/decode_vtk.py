"""The same voxels by way of vtkDICOMImageReader, file by file, for who wants VTK's own reader in the path.

That reader (VTK 9.7) ignores a list of names, orders a folder downwards, gives no origin or direction, wraps rescaled
values at 16 bits, reads signed samples as unsigned where the slope is fractional, and ends the process on a missing
file or an empty attribute. So it is asked for one file at a time, only after the header was found safe for it; what
it took from the header is compared with what we did; and its rescale is undone, exactly or not at all, so that values
and dtype are those of every other decoder.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkIOImage import vtkDICOMImageReader

from dicomvtk.bridge.pipeline import quiet, run
from dicomvtk.dicom.elements import EXPLICIT_LITTLE, IMPLICIT_LITTLE
from dicomvtk.dicom.frames import Common, Frame
from dicomvtk.errors import PixelDecodeError, UnsupportedError, VtkError

__all__ = ["decode", "problem"]

#: VTK's messages are collected for the whole process: one reader at a time.
_lock = Lock()

_SYNTAXES = (IMPLICIT_LITTLE, EXPLICIT_LITTLE)
_ALLOCATED = (8, 16)
_GREY = ("MONOCHROME1", "MONOCHROME2")

#: Attributes whose empty value ends the process inside VTK.
_NEVER_EMPTY = ("SeriesInstanceUID", "PhotometricInterpretation", "PixelSpacing", "RescaleIntercept", "RescaleSlope")
#: Attributes read as two bytes without asking how many there are.
_TWO_BYTES = ("Rows", "Columns", "BitsAllocated", "PixelRepresentation")
#: Attributes scanned as one number, with what the scan accepts; anything else ends the process.
_DECIMAL = re.compile(rb" *[+-]?[0-9]{1,20}(\.[0-9]*)?([eE][+-]?0?[0-9])?[ \0]*")
_INTEGER = re.compile(rb" *[+-]?[0-9]{1,9}[ \0]*")
_NUMBERS = {
    "RescaleIntercept": _DECIMAL,
    "RescaleSlope": _DECIMAL,
    "GantryDetectorTilt": _DECIMAL,
    "InstanceNumber": _INTEGER,
}
_CHECKED = tuple(dict.fromkeys((*_NEVER_EMPTY, *_TWO_BYTES, *_NUMBERS)))

_INSTEAD = "Leave decoder= out to read it."


def problem(frame: Frame) -> str:
    """Return why vtkDICOMImageReader would not read this frame right, naming what it met; empty where it would."""
    return _pixel_problem(frame) or _header_problem(frame.path)


def decode(frame: Frame) -> NDArray[Any]:
    """Return one frame's stored samples (rows, columns[, 3]), row 0 at the top, from what VTK made of them."""
    why = problem(frame)
    if why:
        raise UnsupportedError(f"decoder='vtk' cannot read {frame.path}: {why}. {_INSTEAD}")
    with _lock:
        reader = vtkDICOMImageReader()
        reader.SetFileName(frame.path)
        _check_header(reader, frame)
        try:
            image = run(reader)
        except VtkError as error:
            raise PixelDecodeError(f"vtkDICOMImageReader cannot read {frame.path}: {error}") from error
        columns, rows, _ = image.GetDimensions()
        made = vtk_to_numpy(image.GetPointData().GetScalars()).reshape(rows, columns, -1)[::-1]
        samples = _without_rescale(made, reader.GetRescaleSlope(), reader.GetRescaleOffset(), frame)
    return samples if frame.common.samples > 1 else samples[:, :, 0]


def _pixel_problem(frame: Frame) -> str:
    """Return what about the stored pixels VTK would get wrong, from what is known of the frame."""
    common = frame.common
    checks: Sequence[tuple[bool, Callable[[], str]]] = (
        (common.transfer_syntax in _SYNTAXES, lambda: f"its transfer syntax is {common.transfer_syntax or 'unknown'}"),
        ((common.frames or 1) == 1, lambda: f"it holds {common.frames} frames, of which VTK reads the first"),
        (not common.float_pixels, lambda: "its pixels are floating point"),
        (
            common.bits_allocated in _ALLOCATED,
            lambda: f"BitsAllocated (0028,0100) is {common.bits_allocated}, not 8 or 16",
        ),
        (_is_plain(common), lambda: f"its pixels are {common.photometric}, planar configuration {common.planar}"),
        (frame.shortfall == 0, lambda: f"{frame.shortfall} bytes of its pixel data are missing"),
    )
    return next((text() for fine, text in checks if not fine), "")


def _is_plain(common: Common) -> bool:
    """True for grey, or colours interleaved: YBR and palettes come out of VTK as if they were RGB and grey."""
    if common.samples == 1:
        return common.photometric in _GREY
    return common.samples == 3 and common.photometric == "RGB" and common.planar == 0


def _header_problem(path: str) -> str:
    """Return what in the header would end the process or mislead VTK's parser."""
    import pydicom
    from pydicom.errors import InvalidDicomError

    try:
        path.encode()
        data_set = pydicom.dcmread(path, stop_before_pixels=True)
    except UnicodeEncodeError:
        return "its name is not valid UTF-8, as VTK wants it"
    except InvalidDicomError:
        return "it lacks the DICM prefix (PS3.10 section 7.1)"
    except OSError as error:
        return error.strerror or str(error)
    problems = (_value_problem(item, keyword) for item in _open_levels(data_set) for keyword in _CHECKED)
    return next((text for text in problems if text), "")


def _open_levels(data_set: Any) -> Iterator[Any]:
    """Yield the data set and the items of its sequences of undefined length, which VTK reads as if on the top level.

    Those of defined length are skipped by VTK as a whole, and still unread in pydicom's raw elements.
    """
    yield data_set
    for tag in data_set.keys():  # noqa: SIM118  # iterating a Dataset would parse every value
        element = data_set.get_item(tag)
        if element.VR == "SQ" and not isinstance(element.value, bytes):
            for item in element.value or ():
                yield from _open_levels(item)


def _value_problem(item: Any, keyword: str) -> str:
    """Return what about one attribute of a data set or item VTK would not survive, empty if nothing or absent."""
    if keyword not in item:
        return ""
    element = item.get_item(keyword)
    name = f"{keyword} {element.tag}"
    if not element.is_raw:  # pydicom itself has parsed PixelRepresentation by now
        return "" if isinstance(element.value, int) else f"{name} is not one number"
    raw = element.value or b""
    if keyword in _TWO_BYTES:
        return "" if len(raw) == 2 else f"{name} is {len(raw)} bytes long, not 2"
    if keyword in _NEVER_EMPTY and not raw.strip(b" \0"):
        return f"{name} is empty"
    form = _NUMBERS.get(keyword)
    if form is not None and raw and not form.fullmatch(raw):
        return f"{name} is {raw.decode('ascii', 'replace')!r}, which VTK cannot scan"
    return ""


def _check_header(reader: vtkDICOMImageReader, frame: Frame) -> None:
    """Raise unless VTK understands the header as we do; it takes nested attributes for the image's own."""
    common = frame.common
    with quiet() as said:
        reader.UpdateInformation()
    if said.errors:
        raise PixelDecodeError(f"vtkDICOMImageReader cannot read {frame.path}: {said.errors[0]}")
    for name, ours, theirs in (
        ("Columns", common.columns, reader.GetWidth()),
        ("Rows", common.rows, reader.GetHeight()),
        ("BitsAllocated", common.bits_allocated, reader.GetBitsAllocated()),
        ("PixelRepresentation", int(common.signed), reader.GetPixelRepresentation()),
        ("SamplesPerPixel", common.samples, reader.GetNumberOfComponents()),
    ):
        if ours != theirs:
            raise UnsupportedError(
                f"decoder='vtk' cannot read {frame.path}: {name} is {ours}, and VTK finds {theirs} "
                f"(it stops at a VR it does not know, and reads into sequences). {_INSTEAD}"
            )


def _without_rescale(made: NDArray[Any], slope: float, intercept: float, frame: Frame) -> NDArray[Any]:
    """Return the stored samples of VTK's rescaled values.

    VTK keeps whole slopes and intercepts in as many bits as are stored, so that its values are right but for a
    multiple of 2**bits; where the slope is odd the stored samples follow from them exactly. Otherwise it computes
    in float32 from the samples taken as unsigned.
    """
    bits = frame.common.bits_allocated or 0
    unsigned = np.dtype(f"u{bits // 8}")
    if made.dtype.kind == "f":
        stored = _unscaled(made, slope, intercept, bits, frame).astype(unsigned)
    elif int(slope) % 2:
        inverse, start = pow(int(slope), -1, 1 << bits), int(intercept) % (1 << bits)
        stored = (made.view(unsigned) - unsigned.type(start)) * unsigned.type(inverse)
    else:
        raise UnsupportedError(
            f"decoder='vtk' cannot read {frame.path}: RescaleSlope (0028,1053) is {slope:g}, by which VTK wraps values "
            f"at {bits} bits. {_INSTEAD}"
        )
    return stored.view(f"i{bits // 8}") if frame.common.signed else stored


def _unscaled(made: NDArray[Any], slope: float, intercept: float, bits: int, frame: Frame) -> NDArray[np.float64]:
    """Return (made - intercept) / slope as whole numbers, or raise where float32 has lost them."""
    largest = np.float32(abs(slope) * (1 << bits) + abs(intercept))
    if not 2 * np.spacing(largest) < abs(slope) / 4:  # a product and a sum, each rounded; a quarter step is certain
        raise UnsupportedError(
            f"decoder='vtk' cannot read {frame.path}: with RescaleSlope (0028,1053) {slope:g} and RescaleIntercept "
            f"(0028,1052) {intercept:g}, VTK's float32 values no longer tell neighbouring samples apart. {_INSTEAD}"
        )
    steps = (made.astype(np.float64) - intercept) / slope
    stored = np.rint(steps)
    if np.abs(steps - stored).max() > 0.25 or stored.min() < 0 or stored.max() >= 1 << bits:
        raise PixelDecodeError(
            f"vtkDICOMImageReader gave values for {frame.path} that RescaleSlope {slope:g} and RescaleIntercept "
            f"{intercept:g} do not make of {bits}-bit samples."
        )
    return stored
