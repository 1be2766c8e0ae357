"""How fast dicomvtk writes a series, beside other writers and beside writing the bare bytes, in one run.

    python benchmarks/write_series.py [--slices 300] [--runs 7] [--fastest i] [--folder WHERE]

Prints a Markdown table; benchmarks/README.md says what each column is.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
from machine import describe_machine
from measure import forget_peak, memory
from writers import WRITERS, Pixels

OURS = "dicomvtk.write_series"
_SIDE = 512


def main() -> None:
    parser = argparse.ArgumentParser(description="Time writers of a DICOM series beside each other.")
    parser.add_argument("--slices", type=int, default=300, help="slices of 512 x 512 int16 (default 300)")
    parser.add_argument("--runs", type=int, default=7, help="turns of each writer (default 7); the median counts")
    parser.add_argument(
        "--fastest", choices=("i", "k"), default="i", help="index that is fastest in memory (default i)"
    )
    parser.add_argument("--folder", type=Path, help="where to write; a temporary folder if left out")
    options = parser.parse_args()

    shape = (options.slices, _SIDE, _SIDE)
    pixels = np.random.default_rng(1).integers(-1000, 2000, shape, dtype=np.int16)
    if options.fastest == "k":
        pixels = np.ascontiguousarray(pixels.T).T
    small = pixels[:3, :64, :64].copy()
    seconds: dict[str, list[float]] = {name: [] for name in WRITERS}
    peaks: dict[str, list[int]] = {name: [] for name in WRITERS}
    with tempfile.TemporaryDirectory(prefix="dicomvtk-benchmark-", dir=options.folder) as scratch:
        for name in WRITERS:
            timed(name, small, Path(scratch))
        for _ in range(options.runs):
            for name in WRITERS:
                took, peak = timed(name, pixels, Path(scratch))
                seconds[name].append(took)
                peaks[name].append(peak)

    print(
        f"{describe_machine()}\n\n{options.slices} slices of {_SIDE} x {_SIDE} int16, {pixels.nbytes / 1e6:.0f} MB, "
        f"{options.fastest} fastest in memory."
    )
    print(f"Median of {options.runs} turns, into the page cache.\n")
    print(table(seconds, peaks, pixels.nbytes))


def timed(name: str, pixels: Pixels, scratch: Path) -> tuple[float, int]:
    """Return the seconds of one series, and how much memory the process held beyond what it held before."""
    folder = scratch / "out"
    forget_peak()
    before = memory("VmRSS")
    start = time.perf_counter()
    WRITERS[name](pixels, folder)
    took = time.perf_counter() - start
    grown = memory("VmHWM") - before
    shutil.rmtree(folder)
    return took, grown


def table(seconds: dict[str, list[float]], peaks: dict[str, list[int]], size: int) -> str:
    """Return medians, and how many times longer than dicomvtk each writer took: the median over the turns."""
    lines = ["| writer | s | MB/s | times ours | extra memory / array |", "|---|---|---|---|---|"]
    for name, found in seconds.items():
        middle = statistics.median(found)
        ratio = statistics.median(other / ours for other, ours in zip(found, seconds[OURS], strict=True))
        extra = statistics.median(peaks[name]) / size
        lines.append(f"| {name} | {middle:.3f} | {size / middle / 1e6:.0f} | {ratio:.2f} | {extra:.2f} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
