"""NIfTI-1 and NIfTI-2 in one file, ``.nii`` and ``.nii.gz``: RAS there, LPS here.

The header is nibabel's; voxels go straight between memory and the file.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
from numpy.typing import NDArray

from dicomvtk.atomic import atomic_file
from dicomvtk.errors import GeometryError, UnsupportedError
from dicomvtk.formats.blocks import (
    Progress,
    array_of,
    damage_named,
    gzip_reader,
    read_block,
    with_plain_dtype,
    write_gzipped,
    write_parts,
)
from dicomvtk.formats.further_axes import passing_time, without_dates
from dicomvtk.geometry import Geometry
from dicomvtk.metadata import Axis, SeriesInfo
from dicomvtk.stream import VolumeStream
from dicomvtk.version import __version__
from dicomvtk.volume import Volume

__all__ = ["load", "save", "save_stream"]

#: Its own inverse: x and y point the other way.
_LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])

_GZIP_MAGIC = b"\x1f\x8b"
#: sizeof_hdr, which comes first, in either byte order, and where the magic of that version stands and what it is.
_SIZES = {348: (344, b"n+1\0"), 540: (4, b"n+2\0\r\n\x1a\n")}
#: The four bytes after the header that say "no extension follows".
_NO_EXTENSION = b"\0\0\0\0"
#: NIfTI-1 keeps sizes as signed 16-bit numbers.
_LONGEST_NIFTI1 = 32767
_SCANNER = 1
_DIMENSIONS_PAST_K = 4

_MM_PER_UNIT = {"mm": 1.0, "unknown": 1.0, "meter": 1000.0, "micron": 0.001}
#: Axes that count repetitions.
_REPETITIONS = (
    "InstanceNumber",
    "AcquisitionNumber",
    "TemporalPositionIdentifier",
    "TemporalPositionIndex",
    "DimensionIndexValues",
)
_SECONDS_PER_UNIT = {"sec": 1.0, "msec": 1e-3, "usec": 1e-6}

_COLOUR = {
    3: np.dtype([(name, "u1") for name in "RGB"]),
    4: np.dtype([(name, "u1") for name in "RGBA"]),
}


def load(path: Path) -> Volume:
    """Return the volume in a NIfTI file, values scaled by scl_slope and scl_inter.

    The sform places the voxels, else the qform; with neither the volume is unplaced. Integers that are not scaled keep
    their dtype. Dimensions past k become axes: ``Time`` in seconds where the header says a step, else ``Dimension4``
    and so on with their indices.
    """
    with damage_named(path), path.open("rb") as file:
        zipped = file.read(2) == _GZIP_MAGIC
        file.seek(0)
        with gzip_reader(file) if zipped else file as stream:
            header = _read_header(stream, path)
            shape = _shape(header)
            dtype, samples = _voxel_type(header, path)
            block_shape = (*reversed(shape), samples) if samples else tuple(reversed(shape))
            block = read_block(stream, block_shape, dtype, path, compressed=zipped)
    array = array_of(block, colour=samples > 0)
    if not samples:
        array = _scaled(array, *_slope_and_intercept(header, path))
    axes = _axes(header, shape)
    return Volume(array, _geometry(header, shape, path), SeriesInfo(description=path.name), axes=axes)


def save(volume: Volume, path: Path) -> None:
    """Write a NIfTI-1 file (NIfTI-2 where a size needs it) with the same affine as sform and qform, code 1 (scanner).

    An unplaced volume gets codes 0 and its spacing. bool becomes uint8 and float16 float32; other dtypes are kept
    exactly, scl_slope 1. A time axis of even steps keeps its times; of other axes only the order is kept.
    """
    save_stream(VolumeStream.of(with_plain_dtype(volume)), path)


def save_stream(stream: VolumeStream, path: Path, progress: Progress | None = None) -> None:
    """Write a stream as `save` does a volume, without ever holding all of its voxels."""
    _check_storable(stream, path)
    head = _made_header(stream).binaryblock + _NO_EXTENSION
    with atomic_file(path) as sibling, sibling.open("wb") as file:
        if path.name.lower().endswith(".gz"):
            write_gzipped(file, head, stream, progress)
        else:
            file.write(head)
            write_parts(file, stream, progress)


def _read_header(stream: Any, path: Path) -> Any:
    """Return nibabel's header of a NIfTI file, and leave `stream` at the first voxel."""
    start = stream.read(4)
    size = next((n for n in _SIZES for order in ("little", "big") if start == n.to_bytes(4, order)), None)
    if size is None:
        raise UnsupportedError(
            f"Cannot read {path}: it begins with {start!r}; a NIfTI file begins with its header's size, 348 or 540."
        )
    raw = start + _read_exactly(stream, size - 4)
    place, magic = _SIZES[size]
    if raw[place : place + len(magic)] != magic:
        raise UnsupportedError(
            f"Cannot read {path}: its magic is {raw[place : place + len(magic)]!r}; expected {magic!r}, a NIfTI file "
            "with header and voxels together (not Analyze, not a pair of .hdr and .img)."
        )
    kind = nibabel.Nifti1Header if size == min(_SIZES) else nibabel.Nifti2Header
    header = kind(raw, check=False)
    offset = float(header["vox_offset"])
    if not np.isfinite(offset) or offset != int(offset):
        raise UnsupportedError(f"Cannot read {path}: its vox_offset is {offset}; expected a whole number of bytes.")
    _read_exactly(stream, max(0, int(offset) - size))
    return header


def _read_exactly(stream: Any, count: int) -> bytes:
    kept = io.BytesIO()
    while kept.tell() < count:
        piece = stream.read(min(count - kept.tell(), io.DEFAULT_BUFFER_SIZE))
        if not piece:
            raise EOFError(f"the header ends after {kept.tell()} of {count} bytes")
        kept.write(piece)
    return kept.getvalue()


def _shape(header: Any) -> tuple[int, ...]:
    """Return the sizes of at least three dimensions; ones at the end past k are left out."""
    count = min(max(int(header["dim"][0]), 0), 3 + _DIMENSIONS_PAST_K)
    sizes = [int(n) for n in header["dim"][1 : 1 + count]]
    while len(sizes) > 3 and sizes[-1] == 1:
        sizes.pop()
    return tuple(sizes + [1] * (3 - len(sizes)))


def _voxel_type(header: Any, path: Path) -> tuple[np.dtype[Any], int]:
    """Return the dtype of one sample in the file, and the number of colour samples, 0 for none."""
    code = int(header["datatype"])
    try:
        dtype = header.get_data_dtype()
    except Exception as error:
        raise UnsupportedError(f"Cannot read {path}: its datatype {code} is no NIfTI type of voxel.") from error
    if dtype.fields is not None:
        return np.dtype(np.uint8), len(dtype.fields)
    if dtype.kind not in "iufc" or dtype.itemsize > 16 or (dtype.kind == "f" and dtype.itemsize > 8):
        raise UnsupportedError(f"Cannot read {path}: voxels of datatype {code} ({dtype}) are not read here.")
    return dtype, 0


def _slope_and_intercept(header: Any, path: Path) -> tuple[float, float]:
    """Return scl_slope and scl_inter; a slope of 0 says there is none (and nibabel writes NaN for it)."""
    slope, intercept = float(header["scl_slope"]), float(header["scl_inter"])
    if slope == 0.0 or np.isnan(slope):
        return 1.0, 0.0
    if not np.isfinite(slope) or not np.isfinite(intercept):
        raise UnsupportedError(
            f"Cannot read {path}: scl_slope is {slope} and scl_inter {intercept}; expected finite numbers."
        )
    return slope, intercept


def _scaled(array: NDArray[Any], slope: float, intercept: float) -> NDArray[Any]:
    """Return ``array * slope + intercept``: integers where nothing is lost by that, else floats wide enough."""
    if slope == 1.0 and intercept == 0.0:
        return array
    if array.dtype.kind in "iu" and slope == 1.0 and intercept.is_integer():
        limits = np.iinfo(array.dtype)
        low, high = limits.min + int(intercept), limits.max + int(intercept)
        for narrow in (np.int16, np.uint16, np.int32):
            if np.iinfo(narrow).min <= low and high <= np.iinfo(narrow).max:
                moved: NDArray[Any] = array.astype(narrow)
                moved += narrow(int(intercept))
                return moved
    wide = (
        array.dtype if array.dtype.kind in "fc" else np.dtype(np.float32 if array.dtype.itemsize <= 2 else np.float64)
    )
    values = array.astype(wide)
    values *= slope
    values += intercept
    return values


def _geometry(header: Any, shape: tuple[int, ...], path: Path) -> Geometry:
    mm = _MM_PER_UNIT.get(_units(header)[0], 1.0)
    try:
        ras = header.get_sform(coded=True)[0]
        if ras is None:
            ras = header.get_qform(coded=True)[0]
    except Exception as error:
        raise GeometryError(f"Cannot read {path}: its qform is no rotation ({error}).") from error
    if ras is None:
        i, j, k = (float(s) * mm for s in np.abs(header["pixdim"][1:4]))
        return Geometry((shape[0], shape[1], shape[2]), (i, j, k), placed=False)
    return Geometry.from_affine(_LPS_TO_RAS @ np.diag([mm, mm, mm, 1.0]) @ ras, shape[:3])


def _axes(header: Any, shape: tuple[int, ...]) -> tuple[Axis, ...]:
    axes = [Axis(f"Dimension{number}", tuple(range(n))) for number, n in enumerate(shape[3:], start=4)]
    seconds = _SECONDS_PER_UNIT.get(_units(header)[1])
    step = float(header["pixdim"][4])
    if axes and seconds is not None and step > 0:
        first = float(header["toffset"])
        axes[0] = Axis("Time", tuple((first + n * step) * seconds for n in range(shape[3])), "s")
    return tuple(axes)


def _units(header: Any) -> tuple[str, str]:
    try:
        space, time = header.get_xyzt_units()
    except KeyError:
        return "unknown", "unknown"
    return space, time


def _check_storable(stream: VolumeStream, path: Path) -> None:
    """Refuse what NIfTI cannot hold."""
    dtype = stream.dtype
    if stream.is_colour and dtype != np.uint8:
        raise UnsupportedError(f"Cannot write {path}: NIfTI has colour of uint8 only; these voxels are {dtype}.")
    if len(stream.axes) > _DIMENSIONS_PAST_K:
        raise UnsupportedError(f"Cannot write {path}: NIfTI has 4 dimensions past k; these are {len(stream.axes)}.")
    if (dtype.kind == "f" and dtype.itemsize > 8) or dtype.itemsize > 16:
        raise UnsupportedError(f"Cannot write {path}: {dtype} voxels are not portable; convert them to float64 first.")


def _made_header(stream: VolumeStream) -> Any:
    shape = stream.shape[: 3 + len(stream.axes)]
    kind = nibabel.Nifti1Header if max(shape) <= _LONGEST_NIFTI1 else nibabel.Nifti2Header
    header = kind(endianness="<")
    header.set_data_shape(shape)
    header.set_data_dtype(_COLOUR[stream.shape[-1]] if stream.is_colour else stream.dtype.newbyteorder("<"))
    header["vox_offset"] = header.sizeof_hdr + len(_NO_EXTENSION)
    header["scl_slope"], header["scl_inter"] = 1.0, 0.0
    header["descrip"] = f"dicomvtk {__version__}"
    _set_geometry(header, stream.geometry)
    _set_time(header, stream.axes, stream.info.attributes.get("RepetitionTime"))
    return header


def _set_geometry(header: Any, geometry: Geometry) -> None:
    header["pixdim"][1:4] = geometry.spacing
    header.set_xyzt_units("mm")
    if geometry.placed:
        ras = _LPS_TO_RAS @ geometry.affine
        header.set_qform(ras, _SCANNER)
        header.set_sform(ras, _SCANNER)


def _set_time(header: Any, axes: tuple[Axis, ...], repetition_ms: float | None) -> None:
    """Say the step and start of a first further axis that is a time of even steps.

    Where images are only counted (by number or position in time) the step is RepetitionTime, as a repetition takes.
    """
    if axes and not axes[0].unit and axes[0].keyword in _REPETITIONS and repetition_ms:
        header.set_xyzt_units("mm", "msec")
        header["pixdim"][4] = repetition_ms
    if not axes or not passing_time(axes[0]):
        return
    times = np.array([float(value) for value in without_dates(axes)[0].values])
    steps = np.diff(times)
    if steps.size and steps[0] > 0 and np.allclose(steps, steps[0], rtol=1e-3):
        header.set_xyzt_units("mm", {"s": "sec", "ms": "msec"}[axes[0].unit])
        header["pixdim"][4] = float(steps.mean())
        header["toffset"] = times[0]
