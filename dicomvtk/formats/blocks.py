"""The block of voxels in a file: an array to bytes and back, without a copy where memory lies as the file does.

Files here keep i fastest, or the colour samples, then i; so do volumes. A *block* is the C-ordered view of an array
that lies so: ``(..., k, j, i)`` or ``(..., k, j, i, c)``.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol, cast

import numpy as np
from isal import igzip_threaded, isal_zlib
from numpy.typing import NDArray

from dicomvtk.errors import PixelDecodeError
from dicomvtk.volume import Volume

__all__ = [
    "ZlibReader",
    "array_of",
    "block_of",
    "damage_named",
    "gzip_reader",
    "gzip_writer",
    "read_block",
    "write_block",
]

#: Deflate cannot do better (RFC 1951: 258 bytes for 2 bits), so a file never held more than this for each byte of it.
_MOST_BYTES_FROM_ONE = 1032
#: ISA-L's level 1 is as small as zlib's and many times faster.
_GZIP_LEVEL = 1
_CHUNK_BYTES = 1 << 22
#: gzip.BadGzipFile is an OSError.
_DAMAGE = (OSError, EOFError, zlib.error, cast(type[Exception], isal_zlib.IsalError))


class _Source(Protocol):
    def readinto(self, buffer: memoryview, /) -> int: ...


class _Sink(Protocol):
    def write(self, data: memoryview, /) -> object: ...


def block_of(volume: Volume) -> NDArray[Any]:
    """Return the voxels as a C-ordered, little-endian block, the same memory where that is how they lie."""
    block = volume.array.transpose(_reversed_grid(volume.array.ndim, volume.is_colour))
    return np.ascontiguousarray(block, dtype=block.dtype.newbyteorder("<"))


def array_of(block: NDArray[Any], *, colour: bool) -> NDArray[Any]:
    """Return the array ``(i, j, k, ...)`` of a block, the same memory, in the machine's byte order."""
    if not block.dtype.isnative:
        block = block.byteswap(inplace=True).view(block.dtype.newbyteorder("="))
    return block.transpose(_reversed_grid(block.ndim, colour))


def write_block(sink: _Sink, block: NDArray[Any]) -> None:
    """Write the bytes of a C-ordered `block`, in pieces that a compressor can take while the last is under way."""
    data = block.reshape(-1).view(np.uint8).data
    for start in range(0, len(data), _CHUNK_BYTES):
        sink.write(data[start : start + _CHUNK_BYTES])


def read_block(
    source: _Source, shape: Sequence[int], dtype: np.dtype[Any], path: Path, *, compressed: bool
) -> NDArray[Any]:
    """Return a new C-ordered block of `shape`, filled from `source`, which reads the file at `path`.

    Raises PixelDecodeError where the file cannot hold that much, before memory is taken, and where it ends early.
    """
    sizes = [int(n) for n in shape]
    if min(sizes) < 1:
        raise PixelDecodeError(f"Cannot read {path}: its header says sizes {sizes[::-1]}; expected 1 or more.")
    wanted = int(np.prod(sizes, dtype=object)) * dtype.itemsize
    on_disk = path.stat().st_size
    if wanted > on_disk * (_MOST_BYTES_FROM_ONE if compressed else 1):
        raise PixelDecodeError(
            f"Cannot read {path}: its header says {wanted} bytes of voxels, and the file has {on_disk} bytes in all; "
            "it is cut short, or the header is wrong."
        )
    block = np.empty(sizes, dtype)
    _fill(block.reshape(-1).view(np.uint8).data, source, path)
    return block


def gzip_reader(source: Any) -> Any:
    """Return a stream of what `source`, a path or an open file at its place, holds gzipped; inflated in a thread.

    It must be closed: left to the garbage collector, its thread is joined at a moment that can deadlock (isal 1.9).
    """
    return igzip_threaded.open(source, "rb")


def gzip_writer(sink: Any) -> Any:
    """Return a stream that gzips into `sink`, a path or an open file, in a thread of its own."""
    return igzip_threaded.open(sink, "wb", compresslevel=_GZIP_LEVEL, threads=1)


class ZlibReader:
    """A stream of what another holds as zlib data, inflated a piece at a time."""

    def __init__(self, source: Any) -> None:
        self._source = source
        self._inflate = zlib.decompressobj()

    def readinto(self, buffer: memoryview, /) -> int:
        limit = min(len(buffer), _CHUNK_BYTES)
        while not self._inflate.eof:
            data = self._inflate.unconsumed_tail or self._source.read(_CHUNK_BYTES)
            piece = self._inflate.decompress(data, limit)
            if piece:
                buffer[: len(piece)] = piece
                return len(piece)
            if not data:
                break
        return 0


@contextmanager
def damage_named(path: Path) -> Iterator[None]:
    """Turn what decompressors and the system raise over damaged files into PixelDecodeError that names the file."""
    try:
        yield
    except PixelDecodeError:
        raise
    except _DAMAGE as error:
        raise PixelDecodeError(f"Cannot read {path}: {error}; the file is cut short or damaged.") from error


def _reversed_grid(dimensions: int, colour: bool) -> tuple[int, ...]:
    """Return the order of axes that reverses the grid and leaves colour samples last."""
    grid = dimensions - 1 if colour else dimensions
    return (*reversed(range(grid)), *range(grid, dimensions))


def _fill(data: memoryview, source: _Source, path: Path) -> None:
    filled = 0
    while filled < len(data):
        count = source.readinto(data[filled:])
        if not count:
            raise PixelDecodeError(
                f"Cannot read {path}: its voxels end after {filled} of {len(data)} bytes; the file is cut short."
            )
        filled += count
