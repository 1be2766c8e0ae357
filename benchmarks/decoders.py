"""How fast a compressed series is read, beside SimpleITK reading the same files, for each coding in one run.

    python benchmarks/decoders.py [--slices 100] [--runs 5] [--only NAME ...]

Prints a Markdown table; benchmarks/README.md says what each column is.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import imagecodecs
import numpy as np
from ct_series import slice_file
from machine import describe_machine
from pydicom.encaps import encapsulate
from pydicom.uid import UID, RLELossless
from readers import read_dicomvtk, read_simpleitk, view_simpleitk

SIDE = 512
_PREFIX = "1.2.840.10008.1.2"

Encode = Callable[[np.ndarray], bytes]
#: Name, transfer syntax, and how a slice is encoded; None where it is as it is.
CODINGS: dict[str, tuple[str, Encode | None]] = {
    "uncompressed": (f"{_PREFIX}.1", None),
    "RLE": (f"{_PREFIX}.5", None),
    "JPEG lossless": (f"{_PREFIX}.4.70", lambda image: imagecodecs.ljpeg_encode(image, bitspersample=12)),
    "JPEG-LS": (f"{_PREFIX}.4.80", imagecodecs.jpegls_encode),
    "JPEG 2000": (
        f"{_PREFIX}.4.90",
        lambda image: imagecodecs.jpeg2k_encode(image, level=0, codecformat="j2k", bitspersample=12),
    ),
}
READERS = {"dicomvtk": read_dicomvtk, "SimpleITK": read_simpleitk}


def main() -> None:
    parser = argparse.ArgumentParser(description="Time the reading of compressed series beside SimpleITK.")
    parser.add_argument("--slices", type=int, default=100, help="slices of each series (default 100)")
    parser.add_argument("--runs", type=int, default=5, help="readings by each reader (default 5); the median counts")
    parser.add_argument("--only", nargs="+", choices=list(CODINGS), default=list(CODINGS), metavar="NAME")
    options = parser.parse_args()
    print(f"{options.slices} slices of {SIDE} x {SIDE}, 12 bits of 16, with noise. {describe_machine()}\n")
    print("| coding | MiB | dicomvtk s | SimpleITK s | SimpleITK / dicomvtk | same voxels |\n|---|---|---|---|---|---|")
    for name in options.only:
        with tempfile.TemporaryDirectory(prefix="dicomvtk-benchmark-") as folder:
            write_series(Path(folder), name, options.slices)
            print(row(name, Path(folder), options.runs), flush=True)


def write_series(folder: Path, name: str, slices: int) -> None:
    """Write a CT-like series in one coding."""
    syntax, encode = CODINGS[name]
    rng = np.random.default_rng(1)
    row, column = np.ogrid[:SIDE, :SIDE]
    for k in range(slices):
        bowl = ((row - SIDE / 2) ** 2 + (column - SIDE / 2 - k / 4) ** 2) / SIDE**2 * 4000
        image = (bowl + 3 * k + rng.normal(40, 12, (SIDE, SIDE))).clip(0, 4095).astype(np.uint16)
        data = slice_file(image, k)
        if syntax == RLELossless:
            data.compress(RLELossless, generate_instance_uid=False)
        elif encode is not None:
            stream = encode(image)
            data.PixelData = encapsulate([stream + b"\0" * (len(stream) % 2)])
            data["PixelData"].VR = "OB"
            data.file_meta.TransferSyntaxUID = UID(syntax)
        data.save_as(folder / f"IM{k:04d}.dcm", enforce_file_format=True)


def row(name: str, folder: Path, runs: int) -> str:
    """Return one line of the table: medians, the readers taking turns, each warmed by a reading that does not count."""
    seconds: dict[str, list[float]] = {reader: [] for reader in READERS}
    sums = {}
    for run in range(runs + 1):
        for reader, read in READERS.items():
            start = time.perf_counter()
            result = read(folder)
            taken = time.perf_counter() - start
            if run:
                seconds[reader].append(taken)
            voxels = result.array if reader == "dicomvtk" else view_simpleitk(result)
            sums[reader] = (voxels.size, float(voxels.sum(dtype=np.float64)), float(voxels.max()))
            del result, voxels
    ours, theirs = (statistics.median(seconds[reader]) for reader in READERS)
    # Run by run, so that a busy moment counts for both.
    ratio = statistics.median(b / a for a, b in zip(*seconds.values(), strict=True))
    size = sum(path.stat().st_size for path in folder.iterdir()) / 2**20
    same = "yes" if len(set(sums.values())) == 1 else "NO"
    return f"| {name} | {size:.0f} | {ours:.3f} | {theirs:.3f} | {ratio:.2f} | {same} |"


if __name__ == "__main__":
    sys.exit(main())
