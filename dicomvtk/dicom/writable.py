"""What a caller gives to be written, as real numbers with a place in the patient, or a refusal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import cast

import numpy as np
from numpy.typing import ArrayLike

from dicomvtk.dicom.axis_attributes import check_axes
from dicomvtk.dicom.derived import Source, source_geometry
from dicomvtk.dicom.given import Given
from dicomvtk.errors import GeometryError, UnsupportedError
from dicomvtk.geometry import Float3, Geometry
from dicomvtk.metadata import SeriesInfo

__all__ = ["filled", "given_array", "placed", "writable"]

#: Rows and Columns are US, the length of PixelData 32 bits less the undefined length (PS3.5 sections 6.2 and 7.1).
_MAX_ROWS = 65535
_MAX_PIXEL_BYTES = 2**32 - 2


def given_array(given: ArrayLike, modality: str | None, like: object, source: Source | None, *, stated: bool) -> Given:
    """Return an array of any memory order as what is to be written: on the grid of `like`, of its modality if deep.

    Deep is more than 8 bits. `stated` is True where the caller gives a geometry; where not, raises GeometryError for
    an array of another shape than `like`.
    """
    if isinstance(given, np.ma.MaskedArray):
        raise UnsupportedError("Cannot write a masked array: DICOM has no mask. Give array.filled(value).")
    array = np.asarray(given)
    colour = array.ndim == 4 and array.shape[-1] in (3, 4)
    if array.dtype.kind not in "biufc" or not (array.ndim in (2, 3) or colour) or array.size == 0:
        raise UnsupportedError(
            f"Cannot write an array of shape {array.shape} and dtype {array.dtype} as a DICOM series; expected "
            "integers or floats of shape (i, j), (i, j, k), or (i, j, k, 3) for colour, no size 0; a Volume "
            "with axes= names further dimensions (--axis on the command line)."
        )
    if modality is None and source is not None and array.dtype.itemsize > 1:
        modality = str(source.header.get("Modality") or "")
    info = SeriesInfo(modality=modality or "", unit="HU" if modality == "CT" else "")
    geometry = source_geometry(like, array.shape) if array.ndim > 2 else None
    other = getattr(like, "geometry", None)
    if geometry is None and other is not None and other.placed and array.ndim > 2 and not stated:
        raise GeometryError(
            f"Cannot write an array of shape {array.shape} like a series of {other.shape}: it is on another grid. "
            "Give spacing=(i, j, k) in mm, and origin= and direction= where known."
        )
    if array.ndim == 2:
        array = array[:, :, np.newaxis]
    columns, rows, slices = array.shape[:3]
    return Given(array, geometry or Geometry((columns, rows, slices), placed=False), info)


def writable(volume: Given) -> Given:
    """Return `volume` if it is of real numbers, of a size that DICOM can say."""
    check_axes(volume.axes)
    if volume.axes and not volume.geometry.placed:
        raise GeometryError(
            "Cannot write a volume with further axes and no place in the patient: readers tell images of one place "
            "apart. Give spacing=(i, j, k) in mm, and origin= and direction= where known."
        )
    if volume.dtype.kind not in "biuf":
        raise UnsupportedError(
            f"Cannot write values of dtype {volume.dtype} as DICOM; expected integers, floats or bool. "
            "Write real and imaginary part, or magnitude and phase, as series of their own."
        )
    columns, rows, _ = volume.geometry.shape
    bytes_a_slice = columns * rows * (volume.shape[-1] if volume.is_colour else 1) * volume.dtype.itemsize
    if max(columns, rows) > _MAX_ROWS or bytes_a_slice > _MAX_PIXEL_BYTES:
        raise UnsupportedError(
            f"Cannot write slices of {columns} columns and {rows} rows: "
            f"a DICOM image has at most {_MAX_ROWS} of each, and 4 GiB of pixels."
        )
    return volume


def placed(
    volume: Given, spacing: Sequence[float] | None, origin: Sequence[float] | None, direction: ArrayLike | None
) -> Given:
    """Return `volume` with the geometry the caller states, where one is stated."""
    if spacing is None and origin is None and direction is None:
        return volume
    old = volume.geometry
    try:
        new = Geometry(
            old.shape,
            old.spacing if spacing is None else cast(Float3, tuple(spacing)),
            old.origin if origin is None else cast(Float3, tuple(origin)),
            old.direction if direction is None else np.asarray(direction, dtype=np.float64),
        )
    except (TypeError, ValueError) as error:
        if isinstance(error, GeometryError):
            raise
        raise GeometryError(
            f"Cannot use spacing={spacing!r}, origin={origin!r}, direction={direction!r}: expected numbers, "
            f"three, three and (3, 3) ({error})."
        ) from error
    return replace(volume, geometry=new)


def filled(volume: Given, fill: float | None) -> Given:
    """Return `volume` with `fill` for NaN and infinities, which the history then tells; itself where there are none."""
    if fill is None or volume.dtype.kind != "f":
        return volume
    if not np.isfinite(fill):
        raise UnsupportedError(f"Cannot use fill={fill!r}; expected a finite number.")
    odd = ~np.isfinite(volume.array)
    count = int(np.count_nonzero(odd))
    if not count:
        return volume
    array = volume.array.copy(order="K")
    array[odd] = fill
    told = f"{count} values that were NaN or infinite set to {fill:g}"
    return replace(volume, array=array, history=(*volume.history, told))
