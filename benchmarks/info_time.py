"""What `dicomvtk info` of a series costs, from process start to exit, and where the time goes.

    python benchmarks/info_time.py [--data FOLDER] [--slices 300] [--runs 11]

Prints a Markdown table; benchmarks/README.md says how it is taken.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from ct_series import write_ct_series
from machine import describe_machine
from readers import read_bytes

#: What each process runs; FOLDER is the first argument. Each is a superset of the one it is compared with.
STEPS = {
    "python that does nothing": ["-c", "pass"],
    "import numpy": ["-c", "import numpy"],
    "import click": ["-c", "import click"],
    "import dicomvtk.cli": ["-c", "import dicomvtk.cli"],
    "import dicomvtk.dicom.reader": ["-c", "import dicomvtk.dicom.reader"],
    "find_series": ["-c", "import dicomvtk, sys; dicomvtk.find_series(sys.argv[1])"],
    "dicomvtk info": ["-m", "dicomvtk", "info"],
    "dicomvtk info --json": ["-m", "dicomvtk", "info", "--json"],
}
EMPTY = "python that does nothing"


def main() -> None:
    parser = argparse.ArgumentParser(description="Time `dicomvtk info` and its parts.")
    parser.add_argument("--data", type=Path, help="a folder of DICOM; without it a CT series is made")
    parser.add_argument("--slices", type=int, default=300, help="slices of the series that is made (default 300)")
    parser.add_argument("--runs", type=int, default=11, help="processes for each step (default 11); the median counts")
    options = parser.parse_args()

    with tempfile.TemporaryDirectory(prefix="dicomvtk-benchmark-") as scratch:
        folder = options.data
        if folder is None:
            folder = Path(scratch) / "ct"
            write_ct_series(folder, slices=options.slices)
        read_bytes(folder)  # into the page cache
        times = measure(folder, options.runs)

    what = options.data or f"made: {options.slices} slices of 512 x 512 uint16, short headers"
    print(f"{describe_machine()}\n\nSeries: {what}.")
    print(f"Median of {options.runs} whole processes, files in the page cache.\n")
    print("| process | ms | ms beyond an empty Python |\n|---|--:|--:|")
    for step, seconds in times.items():
        print(f"| {step} | {seconds * 1e3:.0f} | {(seconds - times[EMPTY]) * 1e3:.0f} |")


def measure(folder: Path, runs: int) -> dict[str, float]:
    """Return the median seconds of each step; steps take turns, after one round that warms the caches."""
    times: dict[str, list[float]] = {step: [] for step in STEPS}
    for turn in range(runs + 1):
        for step, command in STEPS.items():
            start = time.perf_counter()
            subprocess.run([sys.executable, *command, str(folder)], check=True, capture_output=True)
            if turn:
                times[step].append(time.perf_counter() - start)
    return {step: statistics.median(seconds) for step, seconds in times.items()}


if __name__ == "__main__":
    main()
