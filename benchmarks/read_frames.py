"""How fast volumes of many frames are read, beside others reading the same files, in one run.

    python benchmarks/read_frames.py [--frames 500] [--times 50] [--slices 100] [--runs 5]

An enhanced multi-frame file beside highdicom and pydicom, and a series of one file for each slice and time beside
SimpleITK. Prints a Markdown table; benchmarks/README.md says what each column is.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from ct_series import INTERCEPT, SPACING_MM, slice_file
from machine import describe_machine
from pydicom.dataset import Dataset
from pydicom.uid import EnhancedCTImageStorage, MRImageStorage
from readers import read_dicomvtk, read_simpleitk, view_simpleitk

Read = Callable[[Path], Any]
ENHANCED_SIDE, SERIES_SIDE = 256, 128


def main() -> None:
    parser = argparse.ArgumentParser(description="Time the reading of many frames beside other readers.")
    parser.add_argument("--frames", type=int, default=500, help="frames of the enhanced file (default 500)")
    parser.add_argument("--times", type=int, default=50, help="times of the 4-D series (default 50)")
    parser.add_argument("--slices", type=int, default=100, help="slices of the 4-D series (default 100)")
    parser.add_argument("--runs", type=int, default=5, help="readings by each reader (default 5); the median counts")
    options = parser.parse_args()
    files = options.times * options.slices
    print(f"{describe_machine()}\n")
    print("| what | reader | s | times dicomvtk's | same sum of values |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="dicomvtk-benchmark-") as folder:
        write_enhanced(Path(folder) / "enhanced.dcm", options.frames)
        peers = {"highdicom, get_volume": read_highdicom, "pydicom, pixel_array": read_pydicom}
        print_rows(f"{options.frames} frames in a file", Path(folder), peers, options.runs)
    with tempfile.TemporaryDirectory(prefix="dicomvtk-benchmark-") as folder:
        write_times(Path(folder), options.times, options.slices)
        print_rows(f"{files} files, 4-D", Path(folder), {"SimpleITK, ImageSeriesReader": read_simpleitk}, options.runs)


def read_highdicom(folder: Path) -> Any:
    import highdicom

    return highdicom.imread(folder / "enhanced.dcm").get_volume()


def read_pydicom(folder: Path) -> np.ndarray:
    """Stored values, not rescaled, in the order of the file: all that pydicom itself gives."""
    import pydicom

    return pydicom.dcmread(folder / "enhanced.dcm").pixel_array


def voxels_of(result: Any) -> np.ndarray:
    """Return what was read as an array without a copy; `result` must outlive it."""
    if isinstance(result, np.ndarray):
        return result
    return result.array if hasattr(result, "array") else view_simpleitk(result)


def print_rows(what: str, folder: Path, peers: dict[str, Read], runs: int) -> None:
    """Print a line a reader: medians, the readers taking turns, each warmed by a reading that does not count."""
    readers: dict[str, Read] = {"dicomvtk": read_dicomvtk, **peers}
    seconds: dict[str, list[float]] = {name: [] for name in readers}
    sums: dict[str, float] = {}
    for run in range(runs + 1):
        for name, read in readers.items():
            start = time.perf_counter()
            result = read(folder)
            taken = time.perf_counter() - start
            if run:
                seconds[name].append(taken)
            voxels = voxels_of(result)
            sums[name] = float(voxels.sum(dtype=np.float64))
            if name.startswith("pydicom"):
                sums[name] += INTERCEPT * voxels.size
            del voxels, result
    for name, taken in seconds.items():
        ratio = statistics.median(a / b for a, b in zip(taken, seconds["dicomvtk"], strict=True))
        same = "yes" if sums[name] == sums["dicomvtk"] else "NO"
        print(f"| {what} | {name} | {statistics.median(taken):.3f} | {ratio:.1f} | {same} |", flush=True)


def picture(side: int, k: int) -> np.ndarray:
    """Return 12-bit values that differ from frame to frame, (row, column)."""
    row, column = np.ogrid[:side, :side]
    bowl = ((row - side / 2) ** 2 + (column - side / 2 - k % 40) ** 2) / side**2 * 4000
    return (bowl + k % 97).clip(0, 4095).astype(np.uint16)


def write_enhanced(path: Path, frames: int) -> None:
    """Write an Enhanced CT of `frames` slices, each with the functional groups that scanners write."""
    data = slice_file(picture(ENHANCED_SIDE, 0), 0)
    data.file_meta.MediaStorageSOPClassUID = data.SOPClassUID = EnhancedCTImageStorage
    for keyword in ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "SliceThickness"):
        delattr(data, keyword)
    del data.RescaleIntercept, data.RescaleSlope
    data.NumberOfFrames = frames
    data.SharedFunctionalGroupsSequence = [
        item(
            PixelMeasuresSequence=item(PixelSpacing=list(SPACING_MM[:2]), SliceThickness=SPACING_MM[2]),
            PlaneOrientationSequence=item(ImageOrientationPatient=[1, 0, 0, 0, 1, 0]),
            PixelValueTransformationSequence=item(RescaleIntercept=INTERCEPT, RescaleSlope=1, RescaleType="HU"),
        )
    ]
    data.PerFrameFunctionalGroupsSequence = [groups_of(k) for k in range(frames)]
    data.PixelData = b"".join(picture(ENHANCED_SIDE, k).tobytes() for k in range(frames))
    data.save_as(path, enforce_file_format=True)


def groups_of(k: int) -> Dataset:
    return item(
        FrameContentSequence=item(StackID="1", InStackPositionNumber=k + 1, DimensionIndexValues=[1, k + 1]),
        PlanePositionSequence=item(ImagePositionPatient=[-90.0, -90.0, k * SPACING_MM[2]]),
        FrameVOILUTSequence=item(WindowCenter=40, WindowWidth=400),
        CTExposureSequence=item(ExposureTimeInms=500.0, XRayTubeCurrentInmA=200.0, CTDIvol=10.0),
    )


def item(**attributes: Any) -> Dataset:
    """Return a data set of these attributes, a data set among them as a sequence of one item."""
    made = Dataset()
    for keyword, value in attributes.items():
        setattr(made, keyword, [value] if isinstance(value, Dataset) else value)
    return made


def write_times(folder: Path, times: int, slices: int) -> None:
    """Write an MR time series, one file for each slice of each time."""
    for t in range(times):
        for k in range(slices):
            data = slice_file(picture(SERIES_SIDE, k + t), k)
            n = t * slices + k + 1
            data.file_meta.MediaStorageSOPClassUID = data.SOPClassUID = MRImageStorage
            data.SOPInstanceUID = f"{data.SOPInstanceUID}.{t}"
            data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID
            data.Modality, data.InstanceNumber = "MR", n
            data.TemporalPositionIdentifier, data.NumberOfTemporalPositions = t + 1, times
            del data.RescaleIntercept, data.RescaleSlope
            data.save_as(folder / f"IM{n:05d}.dcm", enforce_file_format=True)


if __name__ == "__main__":
    sys.exit(main())
