"""How fast headers are read, beside pydicom and GDCM's Scanner, in one run.

    python benchmarks/headers.py [--files 10000] [--data FOLDER] [--runs 5]

Prints a Markdown table; benchmarks/README.md says what each column is. GDCM is python-gdcm; without it the column is
empty.
"""

from __future__ import annotations

import argparse
import gc
import statistics
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from ct_series import slice_file
from machine import describe_machine

from dicomvtk.dicom.elements import NotDicom
from dicomvtk.dicom.headers import DamagedImage, HeaderReader, NotAnImage
from dicomvtk.dicom.headers_pydicom import DamagedFile

#: What GDCM is asked for: as much as a stack needs, and one tag past the functional groups, so that it reads those too.
ASKED = (
    (0x0008, 0x0060), (0x0018, 0x0081), (0x0020, 0x000D), (0x0020, 0x000E), (0x0020, 0x0013), (0x0020, 0x0032),
    (0x0020, 0x0037), (0x0028, 0x0010), (0x0028, 0x0011), (0x0028, 0x0030), (0x0028, 0x1052), (0x0028, 0x1053),
)  # fmt: skip
PAST_GROUPS = (0x5400, 0x0100)
_MOST_FILES = 60

Scan = Callable[[list[str]], object]


def main() -> None:
    parser = argparse.ArgumentParser(description="Time the reading of headers beside pydicom and GDCM.")
    parser.add_argument("--files", type=int, default=10_000, help="short headers that are made (default 10000)")
    parser.add_argument("--data", type=Path, help="a folder with one folder for each class of real headers")
    parser.add_argument("--runs", type=int, default=5, help="readings by each reader (default 5); the median counts")
    options = parser.parse_args()
    print(f"{describe_machine()}\n")
    print("| headers | files | frames | dicomvtk us/file | pydicom / dicomvtk | GDCM / dicomvtk | bytes/frame |")
    print("|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="dicomvtk-benchmark-") as folder:
        write_headers(Path(folder), options.files)
        print(row("short, made here", images(Path(folder), options.files), options.runs), flush=True)
    for item in sorted(options.data.iterdir()) if options.data else ():
        files = images(item, _MOST_FILES) if item.is_dir() else []
        if files:
            print(row(item.name, files, options.runs), flush=True)


def write_headers(folder: Path, count: int) -> None:
    """Write `count` short headers of one series with an image of 4 x 4."""
    first = slice_file(np.zeros((4, 4), np.uint16), 0)
    for k in range(count):
        first.SOPInstanceUID = first.file_meta.MediaStorageSOPInstanceUID = f"1.2.826.0.1.3680043.8.498.1.{k + 1}"
        first.InstanceNumber, first.ImagePositionPatient = k + 1, [-179.0, -179.0, k * 1.25]
        first.save_as(folder / f"IM{k:06d}.dcm", enforce_file_format=True)


def images(folder: Path, most: int) -> list[str]:
    """Return the image files under `folder` that begin as PS3.10 asks, at most so many: what all three can read."""
    reader, found = HeaderReader(), []
    for path in sorted(folder.rglob("*")):
        if len(found) == most or not path.is_file():
            continue
        with open(path, "rb") as file:
            if file.read(132)[128:] != b"DICM":
                continue
        try:
            reader.frames(str(path))
            pydicom.dcmread(path, stop_before_pixels=True)
        except (NotDicom, NotAnImage, DamagedImage, DamagedFile, ValueError):
            continue
        found.append(str(path))
    return found


def read_frames(files: list[str]) -> list[Any]:
    reader = HeaderReader()
    return [frame for path in files for frame in reader.frames(path)]


def read_pydicom(files: list[str]) -> None:
    for path in files:
        pydicom.dcmread(path, stop_before_pixels=True)


def gdcm_scan() -> Scan | None:
    """Return a scan by GDCM, None where it is not installed."""
    try:
        import gdcm
    except ImportError:
        return None

    def scan(files: list[str]) -> object:
        scanner = gdcm.Scanner()
        for group, element in (*ASKED, PAST_GROUPS):
            scanner.AddTag(gdcm.Tag(group, element))
        scanner.Scan(files)
        return scanner

    return scan


def row(name: str, files: list[str], runs: int) -> str:
    """Return one line of the table; the readers take turns, and each ratio is the median of the runs' own."""
    readers: dict[str, Scan] = {"dicomvtk": read_frames, "pydicom": read_pydicom}
    gdcm = gdcm_scan()
    if gdcm is not None:
        readers["GDCM"] = gdcm
    taken: dict[str, list[float]] = {reader: [] for reader in readers}
    for run in range(runs + 1):
        for reader, scan in readers.items():
            start = time.perf_counter()
            scan(files)
            if run:
                taken[reader].append(time.perf_counter() - start)
    ours = taken["dicomvtk"]
    each = statistics.median(ours) / len(files) * 1e6
    ratios = [
        f"{statistics.median(t / o for t, o in zip(taken[reader], ours, strict=True)):.1f}" if reader in taken else ""
        for reader in ("pydicom", "GDCM")
    ]
    count, held = memory(files)
    return f"| {name} | {len(files)} | {count} | {each:.0f} | {' | '.join(ratios)} | {held / count:.0f} |"


def memory(files: list[str]) -> tuple[int, int]:
    """Return the number of frames, and the bytes that they hold in memory."""
    gc.collect()
    tracemalloc.start()
    frames = read_frames(files)
    gc.collect()
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return len(frames), held


if __name__ == "__main__":
    sys.exit(main())
