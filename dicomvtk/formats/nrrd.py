"""NRRD with header and voxels in one file, ``.nrrd``: written in LPS, read from any anatomical space.

The header is read by pynrrd; voxels go straight between memory and the file.
"""

from __future__ import annotations

import bz2
import io
from contextlib import nullcontext
from pathlib import Path
from typing import Any, BinaryIO

import nrrd
import numpy as np
from numpy.typing import NDArray

from dicomvtk.atomic import atomic_file
from dicomvtk.errors import PixelDecodeError, UnsupportedError
from dicomvtk.formats.blocks import (
    Progress,
    array_of,
    damage_named,
    gzip_reader,
    read_block,
    with_plain_dtype,
    write_gzipped,
)
from dicomvtk.formats.further_axes import axes_from_json, axes_to_json
from dicomvtk.geometry import Geometry
from dicomvtk.metadata import Axis, SeriesInfo
from dicomvtk.stream import VolumeStream
from dicomvtk.volume import Volume

__all__ = ["load", "save", "save_stream"]

_MAGIC = b"NRRD000"
_LONGEST_HEADER = 1 << 20
_AXES_KEY = "dicomvtk axes"
_COLOUR_KINDS = {"rgb-color": 3, "rgba-color": 4, "3-color": 3, "4-color": 4}

_TYPES: dict[np.dtype[Any], tuple[str, ...]] = {
    np.dtype(np.int8): ("signed char", "int8", "int8_t"),
    np.dtype(np.uint8): ("unsigned char", "uchar", "uint8", "uint8_t"),
    np.dtype(np.int16): ("short", "short int", "signed short", "signed short int", "int16", "int16_t"),
    np.dtype(np.uint16): ("unsigned short", "ushort", "unsigned short int", "uint16", "uint16_t"),
    np.dtype(np.int32): ("int", "signed int", "int32", "int32_t"),
    np.dtype(np.uint32): ("unsigned int", "uint", "uint32", "uint32_t"),
    np.dtype(np.int64): (
        "long long int",
        "longlong",
        "long long",
        "signed long long",
        "signed long long int",
        "int64",
        "int64_t",
    ),
    np.dtype(np.uint64): (
        "unsigned long long int",
        "ulonglong",
        "unsigned long long",
        "uint64",
        "uint64_t",
    ),
    np.dtype(np.float32): ("float",),
    np.dtype(np.float64): ("double",),
}
_DTYPES: dict[str, np.dtype[Any]] = {name: dtype for dtype, names in _TYPES.items() for name in names}

#: What each axis of the named space is multiplied by to point to L, P and S.
_TO_LPS = {
    "left-posterior-superior": (1.0, 1.0, 1.0),
    "lps": (1.0, 1.0, 1.0),
    "right-anterior-superior": (-1.0, -1.0, 1.0),
    "ras": (-1.0, -1.0, 1.0),
    "left-anterior-superior": (1.0, -1.0, 1.0),
    "las": (1.0, -1.0, 1.0),
}
_MM_PER_UNIT = {"mm": 1.0, "millimeter": 1.0, "cm": 10.0, "m": 1000.0, "um": 0.001}


def load(path: Path) -> Volume:
    """Return the volume in a ``.nrrd`` file.

    Unplaced where its space is none of LPS, RAS and LAS. Axes without a space direction become axes of the volume, or
    its colour where their kind says so.
    """
    with damage_named(path), path.open("rb") as file:
        header = _read_header(file, path)
        dtype = _dtype(header, path)
        sizes = tuple(int(n) for n in header["sizes"])
        opened, zipped = _opened(file, header, path)
        with opened as source:
            block = read_block(source, sizes[::-1], dtype, path, compressed=zipped)
    grid, colour, further = _roles(header, path)
    array = array_of(block, colour=False).transpose(*grid, *further, *colour)
    shape = tuple(sizes[axis] for axis in grid)
    array = array.reshape(*shape, *(1,) * (3 - len(shape)), *array.shape[len(shape) :])
    axes = _axes(header, [sizes[axis] for axis in further])
    geometry = _geometry(header, grid, array.shape[:3], path)
    return Volume(array, geometry, SeriesInfo(description=path.name), axes=axes)


def save(volume: Volume, path: Path) -> None:
    """Write a gzipped ``.nrrd`` in LPS. bool becomes uint8 and float16 float32; other dtypes are kept exactly."""
    save_stream(VolumeStream.of(with_plain_dtype(volume)), path)


def save_stream(stream: VolumeStream, path: Path, progress: Progress | None = None) -> None:
    """Write a stream as `save` does a volume, without ever holding all of its voxels."""
    if stream.dtype.newbyteorder("=") not in _TYPES:
        raise UnsupportedError(f"Cannot write {path}: NRRD has no {stream.dtype} voxels.")
    with atomic_file(path) as sibling, sibling.open("wb") as file:
        file.write(_header_text(stream).encode("ascii"))
        write_gzipped(file, b"", stream, progress)


def _read_header(file: BinaryIO, path: Path) -> dict[str, Any]:
    """Return pynrrd's header, keys in small letters, and leave `file` at the first byte of the voxels."""
    start = file.read(_LONGEST_HEADER)
    if not start.startswith(_MAGIC):
        raise UnsupportedError(f"Cannot read {path}: it begins with {start[:8]!r}; a NRRD file begins with NRRD000.")
    ends = [start.find(blank) + len(blank) for blank in (b"\n\n", b"\n\r\n") if blank in start]
    if not ends:
        raise PixelDecodeError(f"Cannot read {path}: its header has no end; the file is cut short.")
    try:
        parsed = nrrd.read_header(io.BytesIO(start[: min(ends)]))
    except Exception as error:
        raise PixelDecodeError(f"Cannot read {path}: its header does not parse: {error}") from error
    header = {str(key).lower(): value for key, value in parsed.items()}
    for detached in ("data file", "datafile", "byte skip", "line skip"):
        if header.get(detached):
            raise UnsupportedError(f"Cannot read {path}: it has a {detached!r}; expected the voxels after the header.")
    sizes = header.get("sizes")
    if sizes is None or len(sizes) != header.get("dimension"):
        raise PixelDecodeError(f"Cannot read {path}: sizes {sizes} for dimension {header.get('dimension')}.")
    file.seek(min(ends))
    return header


def _dtype(header: dict[str, Any], path: Path) -> np.dtype[Any]:
    name = str(header.get("type", "")).lower()
    if name not in _DTYPES:
        raise UnsupportedError(f"Cannot read {path}: its voxels are of type {name!r}; expected a plain number type.")
    return _DTYPES[name].newbyteorder(">" if header.get("endian") == "big" else "<")


def _opened(file: BinaryIO, header: dict[str, Any], path: Path) -> tuple[Any, bool]:
    """Return what opens the stream of voxels, and whether it was compressed."""
    encoding = str(header.get("encoding", "")).lower()
    if encoding == "raw":
        return nullcontext(file), False
    if encoding in ("gzip", "gz"):
        return gzip_reader(file), True
    if encoding in ("bzip2", "bz2"):
        return bz2.open(file), True
    raise UnsupportedError(f"Cannot read {path}: its encoding is {encoding!r}; expected raw, gzip or bzip2.")


def _roles(header: dict[str, Any], path: Path) -> tuple[list[int], list[int], list[int]]:
    """Return which axes of the file are of the grid, of colour (one or none), and neither."""
    count = len(header["sizes"])
    kinds = [str(kind).lower() for kind in header.get("kinds") or ["???"] * count]
    colour = [axis for axis in range(count) if _COLOUR_KINDS.get(kinds[axis]) == header["sizes"][axis]]
    directions = header.get("space directions")
    if directions is not None:
        grid = [axis for axis in range(count) if not np.any(np.isnan(np.asarray(directions[axis], dtype=float)))]
    else:
        grid = [axis for axis in range(count) if axis not in colour and kinds[axis] not in ("list", "time", "vector")][
            :3
        ]
    if not 2 <= len(grid) <= 3 or len(colour) > 1 or set(grid) & set(colour):
        raise UnsupportedError(
            f"Cannot read {path}: {len(grid)} of its {count} axes are of space and {len(colour)} of colour; "
            "expected 2 or 3, and at most 1."
        )
    further = [axis for axis in range(count) if axis not in grid and axis not in colour]
    return grid, colour, further


def _axes(header: dict[str, Any], lengths: list[int]) -> tuple[Axis, ...]:
    kept = axes_from_json(str(header.get(_AXES_KEY, "")))
    if [len(axis) for axis in kept] == lengths:
        return kept
    return tuple(Axis(f"Dimension{number}", tuple(range(n))) for number, n in enumerate(lengths, start=4))


def _geometry(header: dict[str, Any], grid: list[int], shape: tuple[int, ...], path: Path) -> Geometry:
    space = str(header.get("space", "")).lower()
    directions = header.get("space directions")
    if directions is None or len(grid) < 3 or int(header.get("space dimension", 3)) != 3:
        spacings = np.asarray(header.get("spacings", []), dtype=float)
        stated = [float(spacings[a]) if a < spacings.size and np.isfinite(spacings[a]) else 1.0 for a in grid]
        i, j, k = (*stated, 1.0)[:3]
        return Geometry((shape[0], shape[1], shape[2]), (i, j, k), placed=False)
    to_lps = np.diag(_TO_LPS.get(space, (1.0, 1.0, 1.0)))
    units = header.get("space units") or ["mm"]
    scale = _MM_PER_UNIT.get(str(units[0]).strip('"').lower(), 1.0)
    affine = np.eye(4)
    try:
        affine[:3, :3] = scale * to_lps @ np.column_stack([np.asarray(directions[axis], float) for axis in grid])
        affine[:3, 3] = scale * to_lps @ np.asarray(header.get("space origin", (0.0, 0.0, 0.0)), float)
    except ValueError as error:
        raise PixelDecodeError(f"Cannot read {path}: its space directions or origin are no triples: {error}") from error
    return Geometry.from_affine(affine, shape, placed=space in _TO_LPS)


def _header_text(stream: VolumeStream) -> str:
    geometry = stream.geometry
    colour = [stream.shape[-1]] if stream.is_colour else []
    sizes = [*colour, *stream.shape[: 3 + len(stream.axes)]]
    before, after = ["none"] * len(colour), ["none"] * len(stream.axes)
    kinds = ["RGB-color" if n == 3 else "RGBA-color" for n in colour] + ["domain"] * 3 + ["list"] * len(stream.axes)
    lines = [
        "NRRD0005",
        f"type: {_TYPES[stream.dtype.newbyteorder('=')][0]}",
        f"dimension: {len(sizes)}",
        f"sizes: {' '.join(str(n) for n in sizes)}",
        f"kinds: {' '.join(kinds)}",
        "endian: little",
        "encoding: gzip",
    ]
    if geometry.placed:
        columns = [_vector(column) for column in (geometry.direction * np.asarray(geometry.spacing)).T]
        lines += [
            "space: left-posterior-superior",
            f"space directions: {' '.join([*before, *columns, *after])}",
            f"space origin: {_vector(np.asarray(geometry.origin))}",
        ]
    else:
        nan = "nan"
        spacings = [nan] * len(colour) + [repr(s) for s in geometry.spacing] + [nan] * len(stream.axes)
        lines.append(f"spacings: {' '.join(spacings)}")
    if stream.axes:
        lines.append(f"{_AXES_KEY}:={axes_to_json(stream.axes)}")
    return "\n".join(lines) + "\n\n"


def _vector(values: NDArray[np.float64]) -> str:
    return f"({','.join(repr(float(value)) for value in values)})"
