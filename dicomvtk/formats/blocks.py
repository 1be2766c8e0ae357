"""The block of voxels in a file: an array to bytes and back, without a copy where memory lies as the file does.

Files here keep i fastest, or the colour samples, then i; so do volumes. A *block* is the C-ordered view of an array
that lies so: ``(..., k, j, i)`` or ``(..., k, j, i, c)``. A *part* is a run of it, as `stream` has them.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol, cast

import numpy as np
from isal import igzip_threaded, isal_zlib
from numpy.typing import NDArray

from dicomvtk.errors import PixelDecodeError
from dicomvtk.stream import VolumeStream, in_order
from dicomvtk.volume import Volume

__all__ = [
    "ZlibReader",
    "array_of",
    "damage_named",
    "gzip_reader",
    "read_block",
    "with_plain_dtype",
    "write_gzipped",
    "write_parts",
]

#: Deflate cannot do better (RFC 1951: 258 bytes for 2 bits), so a file never held more than this for each byte of it.
_MOST_BYTES_FROM_ONE = 1032
#: ISA-L's level 3 costs what its level 1 does on noise, and is within a few percent of zlib's level 6; more so the
#: smaller the buffer is for which it makes one table of codes: anatomy changes from one to the next.
_GZIP_LEVEL, _GZIP_MEMORY = 3, 3
#: Deflate, no extra fields, no time (which would make the same volume another file), unknown system (RFC 1952).
_GZIP_HEAD = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"
_CHUNK_BYTES = 1 << 22
#: gzip.BadGzipFile is an OSError.
_DAMAGE = (OSError, EOFError, zlib.error, cast(type[Exception], isal_zlib.IsalError))


class _Source(Protocol):
    def readinto(self, buffer: memoryview, /) -> int: ...


class _Sink(Protocol):
    def write(self, data: Any, /) -> object: ...


#: Called with (done, total) parts.
Progress = Callable[[int, int], None]


def with_plain_dtype(volume: Volume) -> Volume:
    """Return `volume` with bool as uint8 and float16 as float32, for formats that have neither."""
    if volume.dtype.kind == "b":
        return volume.with_array(volume.array.view(np.uint8))
    return volume.with_array(volume.array.astype(np.float32)) if volume.dtype == np.float16 else volume


def array_of(block: NDArray[Any], *, colour: bool) -> NDArray[Any]:
    """Return the array ``(i, j, k, ...)`` of a block, the same memory, in the machine's byte order."""
    if not block.dtype.isnative:
        block = block.byteswap(inplace=True).view(block.dtype.newbyteorder("="))
    return block.transpose(_reversed_grid(block.ndim, colour))


def write_parts(sink: _Sink, stream: VolumeStream, progress: Progress | None = None) -> None:
    """Write the bytes of all parts of `stream`, little-endian."""
    for n, data in enumerate(in_order(stream.parts, _bytes_of)):
        sink.write(data)
        if progress is not None:
            progress(n + 1, len(stream.parts))


def write_gzipped(sink: _Sink, head: bytes, stream: VolumeStream, progress: Progress | None = None) -> None:
    """Write `head` and the bytes of all parts of `stream` as one gzip member; parts are made and deflated in threads.

    The same voxels give the same file, whatever the number of threads: each part is deflated by itself.
    """
    sink.write(_GZIP_HEAD)
    data, checksum, size = _deflated(memoryview(head))
    sink.write(data)
    for n, (data, part_sum, count) in enumerate(in_order(stream.parts, lambda part: _deflated(_bytes_of(part)))):
        sink.write(data)
        checksum = isal_zlib.crc32_combine(checksum, part_sum, count)
        size += count
        if progress is not None:
            progress(n + 1, len(stream.parts))
    sink.write(isal_zlib.compress(b"", wbits=-zlib.MAX_WBITS))
    sink.write(struct.pack("<II", checksum, size & 0xFFFFFFFF))


def _bytes_of(part: NDArray[Any]) -> memoryview:
    little = np.ascontiguousarray(part, dtype=part.dtype.newbyteorder("<"))
    return little.reshape(-1).view(np.uint8).data


def _deflated(data: memoryview) -> tuple[bytes, int, int]:
    """Return `data` deflated up to a byte's end (more may follow), its CRC-32, and how many bytes it was."""
    deflate = isal_zlib.compressobj(_GZIP_LEVEL, wbits=-zlib.MAX_WBITS, memLevel=_GZIP_MEMORY)
    return deflate.compress(data) + deflate.flush(zlib.Z_SYNC_FLUSH), isal_zlib.crc32(data), len(data)


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
