"""MetaImage in one file, ``.mha``, as ITK reads and writes it: LPS there and here.

Its TransformMatrix lists the direction of i, then of j, then of k: the columns of `Geometry.direction`. VTK's own
reader and writer take it for rows (VTK 9.7), so they do not serve.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from dicomvtk.atomic import atomic_file
from dicomvtk.errors import PixelDecodeError, UnsupportedError
from dicomvtk.formats.blocks import (
    Progress,
    ZlibReader,
    array_of,
    damage_named,
    read_block,
    with_plain_dtype,
    write_parts,
)
from dicomvtk.geometry import Geometry
from dicomvtk.metadata import SeriesInfo
from dicomvtk.stream import VolumeStream
from dicomvtk.volume import Volume

__all__ = ["load", "save", "save_stream"]

_LONGEST_HEADER = 1 << 16

_ELEMENT_TYPES: dict[str, np.dtype[Any]] = {
    "MET_CHAR": np.dtype(np.int8),
    "MET_UCHAR": np.dtype(np.uint8),
    "MET_SHORT": np.dtype(np.int16),
    "MET_USHORT": np.dtype(np.uint16),
    "MET_INT": np.dtype(np.int32),
    "MET_UINT": np.dtype(np.uint32),
    "MET_LONG": np.dtype(np.int32),
    "MET_ULONG": np.dtype(np.uint32),
    "MET_LONG_LONG": np.dtype(np.int64),
    "MET_ULONG_LONG": np.dtype(np.uint64),
    "MET_FLOAT": np.dtype(np.float32),
    "MET_DOUBLE": np.dtype(np.float64),
}
#: The first name of each dtype is the one written: MET_LONG has had two sizes.
_TYPE_NAMES = {dtype: name for name, dtype in reversed(_ELEMENT_TYPES.items()) if name not in ("MET_LONG", "MET_ULONG")}

#: Says of a file of ours that its direction and origin are no place in a patient; other readers pass over it.
_UNPLACED = "dicomvtk_unplaced"


def load(path: Path) -> Volume:
    """Return the volume in a ``.mha`` file; unplaced where it has neither TransformMatrix nor Offset."""
    with damage_named(path), path.open("rb") as file:
        header = _read_header(file, path)
        shape, colour = _shape(header, path)
        zipped = _flag(header, "CompressedData")
        source: Any = ZlibReader(file) if zipped else file
        block = read_block(source, shape, _dtype(header, path), path, compressed=zipped)
    return Volume(array_of(block, colour=colour), _geometry(header, path), SeriesInfo(description=path.name))


def save(volume: Volume, path: Path) -> None:
    """Write a ``.mha`` file, uncompressed. bool becomes uint8 and float16 float32; other dtypes are kept exactly."""
    save_stream(VolumeStream.of(with_plain_dtype(volume)), path)


def save_stream(stream: VolumeStream, path: Path, progress: Progress | None = None) -> None:
    """Write a stream as `save` does a volume, without ever holding all of its voxels."""
    _check_storable(stream, path)
    with atomic_file(path) as sibling, sibling.open("wb") as file:
        file.write(_header_text(stream).encode("ascii"))
        write_parts(file, stream, progress)


def _read_header(file: BinaryIO, path: Path) -> dict[str, str]:
    """Return the fields of the header, and leave `file` at the first voxel."""
    header: dict[str, str] = {}
    while "ElementDataFile" not in header:
        line = file.readline(_LONGEST_HEADER)
        name, equals, value = line.decode("latin-1").partition("=")
        if not header and name.strip() not in ("ObjectType", "NDims", "Comment"):
            raise UnsupportedError(
                f"Cannot read {path}: it begins with {line[:16]!r}; a MetaImage with ObjectType = Image."
            )
        if not equals or file.tell() > _LONGEST_HEADER:
            raise PixelDecodeError(f"Cannot read {path}: its header has no ElementDataFile; the file is cut short.")
        header[name.strip()] = value.strip()
    if header["ElementDataFile"] != "LOCAL":
        raise UnsupportedError(
            f"Cannot read {path}: its voxels are in {header['ElementDataFile']!r}; expected LOCAL, in the file itself."
        )
    return header


def _shape(header: dict[str, str], path: Path) -> tuple[tuple[int, ...], bool]:
    """Return the shape of the block, and whether it has colour samples."""
    sizes = [int(n) for n in _numbers(header, "DimSize", path)]
    samples = int(_numbers(header, "ElementNumberOfChannels", path, "1")[0])
    if not 2 <= len(sizes) <= 3 or samples not in (1, 3, 4):
        raise UnsupportedError(
            f"Cannot read {path}: DimSize {sizes} of {samples} channels; expected 2 or 3 dimensions of 1, 3 or 4."
        )
    grid = tuple(reversed(sizes + [1] * (3 - len(sizes))))
    return ((*grid, samples), True) if samples > 1 else (grid, False)


def _dtype(header: dict[str, str], path: Path) -> np.dtype[Any]:
    name = header.get("ElementType", "")
    if name not in _ELEMENT_TYPES or not _flag(header, "BinaryData", "True"):
        raise UnsupportedError(
            f"Cannot read {path}: ElementType {name!r}, BinaryData {header.get('BinaryData')!r}; "
            f"expected binary data of {', '.join(_ELEMENT_TYPES)}."
        )
    most_significant_first = _flag(header, "BinaryDataByteOrderMSB") or _flag(header, "ElementByteOrderMSB")
    return _ELEMENT_TYPES[name].newbyteorder(">" if most_significant_first else "<")


def _geometry(header: dict[str, str], path: Path) -> Geometry:
    sizes = [int(n) for n in _numbers(header, "DimSize", path)]
    count = len(sizes)
    spacing = _numbers(header, "ElementSpacing", path, header.get("ElementSize", " ".join(["1"] * count)))
    matrix_name = next((n for n in ("TransformMatrix", "Rotation", "Orientation") if n in header), "TransformMatrix")
    origin_name = next((n for n in ("Offset", "Position", "Origin") if n in header), "Offset")
    identity = " ".join(str(n) for n in np.eye(count).ravel())
    matrix = _numbers(header, matrix_name, path, identity, count * count)
    origin = _numbers(header, origin_name, path, " ".join(["0"] * count), count)
    direction = np.eye(3)
    direction[:count, :count] = np.reshape(matrix, (count, count)).T
    filled = [1.0] * (3 - count)
    return Geometry(
        (sizes[0], sizes[1], sizes[2] if count > 2 else 1),
        _three(spacing[:count] + filled),
        _three(origin + [0.0] * (3 - count)),
        direction,
        placed=(matrix_name in header or origin_name in header) and not _flag(header, _UNPLACED),
    )


def _numbers(
    header: dict[str, str], name: str, path: Path, default: str | None = None, count: int | None = None
) -> list[float]:
    text = header.get(name, default)
    try:
        numbers = [float(word) for word in (text or "").split()]
    except ValueError:
        numbers = []
    if not numbers or not np.all(np.isfinite(numbers)) or (count is not None and len(numbers) != count):
        wanted = f"{count} numbers" if count else "numbers"
        raise UnsupportedError(f"Cannot read {path}: its header says {name} = {text!r}; expected {wanted}.")
    return numbers


def _flag(header: dict[str, str], name: str, default: str = "False") -> bool:
    return header.get(name, default)[:1] in ("T", "t", "1")


def _three(values: list[float]) -> tuple[float, float, float]:
    return (values[0], values[1], values[2])


def _check_storable(stream: VolumeStream, path: Path) -> None:
    """Refuse what MetaImage cannot hold."""
    if stream.axes:
        raise UnsupportedError(
            f"Cannot write {path}: a .mha here holds one 3-D frame, and this volume has further axes "
            f"({', '.join(axis.keyword for axis in stream.axes)}): take one with volume.frame(...), "
            "or write .nii.gz, .nrrd or .npz."
        )
    if stream.dtype.newbyteorder("=") not in _TYPE_NAMES:
        raise UnsupportedError(f"Cannot write {path}: MetaImage has no {stream.dtype} voxels.")


def _header_text(stream: VolumeStream) -> str:
    geometry = stream.geometry
    fields = {
        "ObjectType": "Image",
        "NDims": "3",
        "BinaryData": "True",
        "BinaryDataByteOrderMSB": "False",
        "CompressedData": "False",
        "TransformMatrix": _in_words(geometry.direction.T.ravel()),
        "Offset": _in_words(geometry.origin),
        "CenterOfRotation": "0 0 0",
        "ElementSpacing": _in_words(geometry.spacing),
        "DimSize": " ".join(str(n) for n in geometry.shape),
        "ElementType": _TYPE_NAMES[stream.dtype.newbyteorder("=")],
        "ElementDataFile": "LOCAL",
    }
    lines = [f"{name} = {value}" for name, value in fields.items()]
    if stream.is_colour:
        lines.insert(-2, f"ElementNumberOfChannels = {stream.shape[-1]}")
    if not geometry.placed:
        lines.insert(-2, f"{_UNPLACED} = True")
    return "\n".join(lines) + "\n"


def _in_words(values: NDArray[np.float64] | tuple[float, ...]) -> str:
    """Return numbers in as many digits as bring back the same float64."""
    return " ".join(repr(float(value)) for value in values)
