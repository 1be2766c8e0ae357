"""Files of one series, written side by side: each its header, then its pixels, compressed where that is asked for."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from dicomvtk.dicom.compress import Coding, encapsulated
from dicomvtk.dicom.encode import Encoding
from dicomvtk.dicom.template import pixel_data_head

__all__ = ["ImageFile", "PixelWriter", "file_names", "write_files"]

_NAME_DIGITS = 4
#: Images waiting for each thread: enough to keep it busy, few enough to stop soon and to hold little.
_AHEAD = 4


@dataclass(frozen=True)
class ImageFile:
    """One file to write: its name, all bytes before its pixels, its planes, each (rows, columns[, 3]), and the
    number of samples in all of them.
    """

    name: str
    header: bytes
    planes: Iterable[NDArray[Any]]
    samples: int


@dataclass(frozen=True)
class PixelWriter:
    """How planes of modality values become the pixel data element of a file."""

    encoding: Encoding
    coding: Coding | None = None

    def write(self, image: ImageFile, folder: Path) -> None:
        with open(folder / image.name, "xb", buffering=0) as file:
            if self.coding is None:
                self._write_plain(file, image)
            else:
                frames = [self.coding.encode(self.encoding.stored(plane)) for plane in image.planes]
                _write_all(file, image.header, encapsulated(frames))

    def _write_plain(self, file: Any, image: ImageFile) -> None:
        length = image.samples * self.encoding.dtype.itemsize
        padding = length % 2  # values have even length (PS3.5 section 8)
        head = image.header + pixel_data_head(length + padding, self.encoding.dtype)
        for n, plane in enumerate(image.planes):
            pixels = self.encoding.stored(plane).data.cast("B")
            _write_all(file, *((head, pixels) if n == 0 else (pixels,)))
        if padding:
            _write_all(file, b"\x00")


def file_names(count: int) -> list[str]:
    """Return ``IM0001.dcm`` and so on, in digits enough that their order is the same by name and by number."""
    digits = max(_NAME_DIGITS, len(str(count)))
    return [f"IM{n + 1:0{digits}d}.dcm" for n in range(count)]


def write_files(
    images: Iterator[ImageFile],
    count: int,
    folder: Path,
    writer: PixelWriter,
    progress: Callable[[int, int], None] | None,
) -> None:
    """Write `count` images into `folder` on as many threads as there are cores; the first failure ends it."""
    threads = os.cpu_count() or 1
    waiting: list[Future[None]] = []
    done = 0
    with ThreadPoolExecutor(threads) as pool:
        try:
            for image in images:
                waiting.append(pool.submit(writer.write, image, folder))
                while len(waiting) > threads * _AHEAD:
                    waiting.pop(0).result()
                    done = _tell(progress, done, count)
            while waiting:
                waiting.pop(0).result()
                done = _tell(progress, done, count)
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise


def _tell(progress: Callable[[int, int], None] | None, done: int, count: int) -> int:
    if progress is not None:
        progress(done + 1, count)
    return done + 1


def _write_all(file: Any, *parts: bytes | memoryview) -> None:
    """Write every byte of `parts`: an unbuffered file may take fewer than it is given."""
    for part in parts:
        rest = memoryview(part)
        while rest.nbytes:
            rest = rest[file.write(rest) :]
