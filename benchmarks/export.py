"""Slices as pictures, beside the loop over pydicom and Pillow that people write: `python benchmarks/export.py`.

Whole processes in turn, imports included; a ratio above 1 says that the loop takes longer. Prints a Markdown table.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from ct_series import write_ct_series
from machine import describe_machine

#: One window for all slices, as `export` has it, and Pillow's own compression.
LOOP = """
import sys
from pathlib import Path
import numpy, pydicom
from PIL import Image
out = Path(sys.argv[2])
out.mkdir()
for path in sorted(Path(sys.argv[1]).iterdir()):
    data = pydicom.dcmread(path)
    values = data.pixel_array * float(data.RescaleSlope) + float(data.RescaleIntercept)
    grey = ((values - (40 - 200)) / 400 * 255).clip(0, 255).astype(numpy.uint8)
    Image.fromarray(grey).save(out / f"{data.InstanceNumber:04}.KIND")
"""
KINDS = ("png", "jpg")


def main() -> None:
    parser = argparse.ArgumentParser(description="Time the export of slices as pictures.")
    parser.add_argument("--slices", type=int, default=150, help="slices of 512 x 512 (default 150)")
    parser.add_argument("--runs", type=int, default=5, help="turns of each (default 5); the median counts")
    options = parser.parse_args()
    print(f"{describe_machine()}; {options.slices} slices of 512 x 512, {options.runs} turns\n")
    print("| format | dicomvtk export s | pydicom and Pillow s | ratio |")
    print("|---|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="dicomvtk-benchmark-") as scratch:
        folder, out = Path(scratch, "series"), Path(scratch, "out")
        write_ct_series(folder, options.slices)
        for kind in KINDS:
            export = ["-m", "dicomvtk", "export", str(folder), str(out), "--format", kind, "--window", "40,400"]
            loop = ["-c", LOOP.replace("KIND", kind), str(folder), str(out)]
            pairs = [
                (taken(export, out, options.slices), taken(loop, out, options.slices)) for _ in range(options.runs)
            ]
            ours, theirs = (statistics.median(column) for column in zip(*pairs, strict=True))
            ratio = statistics.median(other / own for own, other in pairs)
            print(f"| {kind} | {ours:.2f} | {theirs:.2f} | {ratio:.2f} |")


def taken(arguments: list[str], out: Path, expected: int) -> float:
    """Return the seconds of one process, which must have written `expected` pictures into `out`."""
    start = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
    seconds = time.perf_counter() - start
    found = sum(path.is_file() for path in out.rglob("*"))
    shutil.rmtree(out)
    if found != expected:
        raise SystemExit(f"{arguments[:3]} wrote {found} pictures; expected {expected}.")
    return seconds


if __name__ == "__main__":
    main()
