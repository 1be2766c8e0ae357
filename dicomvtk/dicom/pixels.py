"""Pixels: every frame of a stack into one array, allocated once, in the memory order of the contract."""

from __future__ import annotations

import math
import os
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dicomvtk.dicom import decode_raw, decoders
from dicomvtk.dicom.frames import Common, Frame
from dicomvtk.dicom.rescale import (
    IDENTITY,
    Rescale,
    ValuePlan,
    clean_bits,
    narrowest_integer,
    stored_bounds,
    stored_dtype,
)
from dicomvtk.errors import PixelDecodeError, UnsupportedError
from dicomvtk.stream import Part, WiderValuesError

__all__ = ["parts_of", "read_block"]

Progress = Callable[[int, int], None]
#: A decoder named by the caller: a frame in, its stored samples (row, column[, sample]) out.
Decode = Callable[[Frame], NDArray[Any]]

#: Decoding and page faults run without the GIL; more threads than this gain nothing on one disk.
_MAX_THREADS = 8
#: Frames handed to a thread at a time, as they are or to be decoded: enough that handing over costs nothing.
_CHUNK, _DECODED_CHUNK = 8, 2
#: A block up to here is allocated whatever the files' size; a larger one only if they are not smaller by more than
#: what JPEG 2000 makes of an empty image.
_ALWAYS_BELIEVED = 256 << 20
_BEST_COMPRESSION = 3000
#: Frames are streamed in parts of at least this, and of one frame, so that each is worth handing over.
_PART_BYTES = 1 << 20


def read_block(
    frames: Sequence[Frame],
    plan: ValuePlan,
    shape: tuple[int, ...],
    *,
    decode: Decode | None = None,
    progress: Progress | None = None,
) -> NDArray[Any]:
    """Return the values of `frames` as one C-ordered block of `shape` (frame, row, column[, sample]).

    `plan` says the dtype. Where it left the choice to the values present, its narrow dtype is tried first, and only
    if a value does not fit are the frames read again, into 32 bits, and narrowed to what the values need. `decode`
    takes the place of our own decoders.
    """
    filler = _Filler(frames, plan, _room(frames, shape, plan.dtype), decode)
    _fill_all(filler, progress)
    if not filler.overflowed:
        return filler.block
    del filler.block
    wide = ValuePlan(_wide_dtype(plan), False, plan.rescales)
    filler = _Filler(frames, wide, _room(frames, shape, wide.dtype), decode)
    _fill_all(filler, progress)
    narrow = narrowest_integer((float(filler.block.min()), float(filler.block.max())))
    return filler.block.astype(narrow, copy=False)


def parts_of(frames: Sequence[Frame], plan: ValuePlan, shape: tuple[int, ...]) -> tuple[Part, ...]:
    """Return what reads the frames of a block of `shape` run by run, each in the thread that calls it.

    Such a part raises WiderValuesError where `plan` left the dtype to the values present and one does not fit.
    """
    most = max(1, _PART_BYTES // max(1, math.prod(shape[1:]) * plan.dtype.itemsize))
    starts = [0]
    for n in range(1, len(frames)):
        tiles_of_one = frames[n].whole is not None and frames[n].whole is frames[n - 1].whole
        if n - starts[-1] >= most and not tiles_of_one:
            starts.append(n)
    runs = [range(start, stop) for start, stop in zip(starts, [*starts[1:], len(frames)], strict=True)]
    return tuple(_part(frames[run.start : run.stop], plan, run, shape) for run in runs)


def _part(frames: Sequence[Frame], plan: ValuePlan, run: range, shape: tuple[int, ...]) -> Part:
    def read() -> NDArray[Any]:
        own = replace(plan, rescales=plan.rescales[run.start : run.stop])
        block = _room(frames, (len(run), *shape[1:]), plan.dtype)
        filler = _Filler(frames, own, block, None)
        filler.fill(range(len(run)), _Counter(len(run), None))
        if filler.overflowed:
            raise WiderValuesError(
                f"Cannot read {frames[0].path} slice by slice as {plan.dtype}: a value does not fit; read it whole."
            )
        return filler.block

    return read


def _room(frames: Sequence[Frame], shape: tuple[int, ...], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Return an empty block, unless no honest files of this size hold so much."""
    size = math.prod(shape) * dtype.itemsize
    if size > _ALWAYS_BELIEVED:
        held = sum(os.path.getsize(path) for path in dict.fromkeys(frame.path for frame in frames))
        if size > held * _BEST_COMPRESSION:
            raise PixelDecodeError(
                f"Cannot read {frames[0].path}: Rows (0028,0010), Columns (0028,0011) and NumberOfFrames (0028,0008) "
                f"ask for {size >> 20} MiB of pixels, its series has {held} bytes of files. The header is damaged."
            )
    try:
        return np.empty(shape, dtype)
    except MemoryError:
        raise UnsupportedError(
            f"Cannot read {frames[0].path} and its series: {shape} voxels of {dtype} need {size >> 20} MiB, more "
            "memory than there is. Read a part with slices=."
        ) from None


def _wide_dtype(plan: ValuePlan) -> np.dtype[Any]:
    """Return int32, or float64 (exact for 32-bit integers) where the headers allow more."""
    return np.dtype(np.int32) if plan.fits_32_bit else np.dtype(np.float64)


def _fill_all(filler: _Filler, progress: Progress | None) -> None:
    """Fill every frame, in threads, each of which takes the next few frames until none are left or one failed."""
    waiting = deque(_chunks(filler.frames))
    threads = min(_MAX_THREADS, os.cpu_count() or 1, len(waiting))
    counter = _Counter(len(filler.frames), progress)
    if threads <= 1:
        _fill(filler, waiting, counter)
        return
    with ThreadPoolExecutor(threads, thread_name_prefix="dicomvtk-pixels") as pool:
        workers = [pool.submit(_fill, filler, waiting, counter) for _ in range(threads)]
        try:
            for worker in workers:
                worker.result()
        finally:
            waiting.clear()


def _fill(filler: _Filler, waiting: deque[range], counter: _Counter) -> None:
    """Fill what waits, chunk by chunk; after a failure nothing waits any more."""
    try:
        while True:
            try:
                chunk = waiting.popleft()
            except IndexError:
                return
            filler.fill(chunk, counter)
    finally:
        waiting.clear()


def _chunks(frames: Sequence[Frame]) -> list[range]:
    """Return runs of frames for one thread each: a few, or all tiles of one mosaic, which is then decoded once."""
    starts = [0]
    for n in range(1, len(frames)):
        whole = frames[n].whole
        if whole is not None or frames[n - 1].whole is not None:
            new = whole is not frames[n - 1].whole
        else:
            new = n - starts[-1] >= (_CHUNK if decode_raw.handles(frames[n]) else _DECODED_CHUNK)
        if new:
            starts.append(n)
    return [range(start, stop) for start, stop in zip(starts, [*starts[1:], len(frames)], strict=True)]


class _Counter:
    """Counts frames done, from any thread."""

    def __init__(self, total: int, progress: Progress | None) -> None:
        self._lock = threading.Lock()
        self._done = 0
        self._total = total
        self._progress = progress

    def add(self, count: int) -> None:
        if self._progress is None:
            return
        with self._lock:
            self._done += count
            self._progress(self._done, self._total)


_UNSIGNED: dict[int, type[np.unsignedinteger[Any]]] = {1: np.uint8, 2: np.uint16, 4: np.uint32, 8: np.uint64}

#: A mosaic and its decoded samples.
_Mosaic = tuple[Frame, NDArray[Any]]


class _Filler:
    """Fills slices of one block, each from its frame: read or decode, clean the bits, rescale, in place."""

    def __init__(self, frames: Sequence[Frame], plan: ValuePlan, block: NDArray[Any], decode: Decode | None) -> None:
        self.frames = frames
        self.plan = plan
        self.block = block
        self.decode = decode
        self.overflowed = False

    def fill(self, chunk: range, counter: _Counter) -> None:
        """Fill the frames of `chunk`; `overflowed` is set where a value does not fit a dtype chosen by content."""
        path, fd = "", -1
        mosaic: _Mosaic | None = None
        try:
            for n in chunk:
                frame = self.frames[n]
                if self.overflowed:
                    return
                if frame.whole is not None:
                    mosaic = self._tile(n, frame, frame.whole, mosaic)
                elif self.decode is not None or not decode_raw.handles(frame):
                    self._decoded(n, frame)
                else:
                    if frame.path != path:
                        if fd >= 0:
                            os.close(fd)
                            fd = -1  # a descriptor closed twice may be another thread's
                        fd, path = os.open(frame.path, os.O_RDONLY | getattr(os, "O_BINARY", 0)), frame.path
                    self._raw(n, frame, fd)
                counter.add(1)
        except OSError as error:
            raise PixelDecodeError(
                f"Cannot read {frame.path}: {error.strerror or error}. It could be read when it was scanned."
            ) from error
        finally:
            if fd >= 0:
                os.close(fd)

    def _raw(self, n: int, frame: Frame, fd: int) -> None:
        """Read a frame straight into its place where the widths agree, else by way of one frame's scratch."""
        out, dtype = self.block[n], stored_dtype(frame.common)
        kind, size = self.block.dtype.kind, self.block.dtype.itemsize
        in_place = dtype.itemsize == size and (dtype.kind == "f") == (kind == "f")
        samples = out.view(dtype) if in_place else np.empty(out.shape, dtype)
        decode_raw.read_into(fd, frame, samples)
        self._place(n, frame.common, samples, in_place)

    def _tile(self, n: int, frame: Frame, whole: Frame, last: _Mosaic | None) -> _Mosaic:
        """Fill a frame that is a tile of a mosaic; return the decoded mosaic, which its other tiles need next."""
        if last is None or last[0] is not whole:
            last = (whole, self._samples(whole))
        top, left = frame.tile
        rows, columns = self.block.shape[1:3]
        self._place(n, frame.common, last[1][top : top + rows, left : left + columns].copy())
        return last

    def _samples(self, frame: Frame) -> NDArray[Any]:
        """Return the stored samples of a frame, by the decoder that handles it."""
        return decoders.decode(frame) if self.decode is None else self.decode(frame)

    def _decoded(self, n: int, frame: Frame) -> None:
        samples = self._samples(frame)
        if samples.shape != self.block.shape[1:]:
            raise PixelDecodeError(
                f"Cannot decode {frame.path}, frame {frame.number + 1}: the decoded image is of shape {samples.shape}, "
                f"Rows, Columns and SamplesPerPixel say {self.block.shape[1:]}."
            )
        if not samples.flags.writeable:
            samples = samples.copy()
        self._place(n, frame.common, samples)

    def _place(self, n: int, common: Common, samples: NDArray[Any], in_place: bool = False) -> None:
        """Turn stored samples into values in the block; where `in_place`, `samples` is the block's own memory."""
        out, rescale = self.block[n], self.plan.rescales[n]
        if common.photometric == "PALETTE COLOR":  # the palette's colours, which no bits and no slope describe
            out[...] = samples
            return
        clean_bits(samples, common)
        if self.plan.with_tables and common.modality_lut is not None:
            out[...] = common.modality_lut.apply(samples)
            return
        if self.plan.by_content and not _fits(samples, common, rescale[1], np.iinfo(out.dtype)):
            self.overflowed = True
            return
        _rescale(samples, rescale, out, in_place)


def _fits(samples: NDArray[Any], common: Common, intercept: float, limits: np.iinfo[Any]) -> bool:
    """True where all values present fit; an end that the header's bounds keep in range is not looked at."""
    low, high = stored_bounds(common)
    if low + intercept < limits.min and int(samples.min()) + intercept < limits.min:
        return False
    return high + intercept <= limits.max or int(samples.max()) + intercept <= limits.max


def _rescale(samples: NDArray[Any], rescale: Rescale, out: NDArray[Any], in_place: bool) -> None:
    """Write slope * samples + intercept to `out`: integers exactly, floats rounded once from double."""
    slope, intercept = rescale
    if out.dtype.kind in "iu":
        size = out.dtype.itemsize
        if not in_place:
            out[...] = samples if samples.dtype.itemsize <= size else samples.astype(out.dtype)
        if intercept:
            # Two's complement wraps back into range, since the sum fits `out`: the caller checked.
            unsigned = out.view(_UNSIGNED[size])
            np.add(unsigned, _UNSIGNED[size](int(intercept) & ((1 << size * 8) - 1)), out=unsigned)
        return
    if rescale == IDENTITY:
        if not in_place:
            out[...] = samples
        return
    scaled = np.multiply(samples, slope, dtype=np.float64)
    scaled += intercept
    out[...] = scaled
