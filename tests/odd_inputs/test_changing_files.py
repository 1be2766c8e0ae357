"""Files that change between scan and reading, or between two readings: told, and never the older pixels."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from odd_inputs.compressed import RLE, fragments, rle, with_pixels
from odd_inputs.known import INTERCEPT
from odd_inputs.write import BIG, EXPLICIT, Header, header, write

import dicomvtk
from dicomvtk.errors import PixelDecodeError

Make = Callable[[int, NDArray[np.uint16]], Header]


def native(k: int, pixels: NDArray[np.uint16]) -> Header:
    return header(k, pixels)


def compressed(k: int, pixels: NDArray[np.uint16]) -> Header:
    return with_pixels(header(k, pixels), fragments(rle(pixels)))


WAYS = [
    pytest.param(native, EXPLICIT, id="native"),
    pytest.param(native, BIG, id="by pydicom"),
    pytest.param(compressed, RLE, id="compressed"),
]


def write_flat(folder: Path, value: int, make: Make, syntax: str) -> None:
    """Three slices of one value; the compressed length depends on it, so that fragments move."""
    write(folder, [make(k, np.full((8, 4 + value), value, np.uint16)) for k in range(3)], syntax)


@pytest.mark.parametrize(("make", "syntax"), WAYS)
def test_a_file_written_anew_is_read_anew(make: Make, syntax: str, tmp_path: Path) -> None:
    write_flat(tmp_path, 1, make, syntax)
    first = dicomvtk.read(tmp_path)

    write_flat(tmp_path, 3, make, syntax)
    second = dicomvtk.read(tmp_path)

    assert np.all(first.array == 1 + INTERCEPT)
    assert second.shape == (7, 8, 3)
    assert np.all(second.array == 3 + INTERCEPT)


@pytest.mark.parametrize(("make", "syntax"), WAYS)
def test_a_file_that_vanished_since_the_scan_is_named(make: Make, syntax: str, tmp_path: Path) -> None:
    write_flat(tmp_path, 2, make, syntax)
    (entry,) = dicomvtk.find_series(tmp_path)
    (tmp_path / "IM000.dcm").unlink()

    with pytest.raises(PixelDecodeError, match=r"IM000\.dcm.*(No such file|when it was scanned)"):
        dicomvtk.read(entry)


@pytest.mark.parametrize(("make", "syntax"), WAYS)
def test_a_file_that_shrank_since_the_scan_is_named(make: Make, syntax: str, tmp_path: Path) -> None:
    write_flat(tmp_path, 2, make, syntax)
    (entry,) = dicomvtk.find_series(tmp_path)
    shrunk = tmp_path / "IM000.dcm"
    shrunk.write_bytes(shrunk.read_bytes()[:-40])

    with pytest.raises(PixelDecodeError, match=r"IM000\.dcm"):
        dicomvtk.read(entry)
