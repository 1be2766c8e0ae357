"""How fast a series becomes a .nii.gz, how large, and in how much memory, beside other converters.

    python benchmarks/convert.py [--slices 300] [--runs 5] [--data FOLDER] [--dcm2niix PROGRAM]

Prints a Markdown table; benchmarks/README.md says what each column is.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from machine import describe_machine

import dicomvtk

OURS = "dicomvtk convert"
_SIDE = 512
_KIB = 1024
_NOISE = 20.0

_MAKE = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[3])
from convert import make_series
make_series(Path(sys.argv[1]), int(sys.argv[2]))
"""
#: Each tells the seconds of the work alone, imports left out.
_DICOMVTK = """
import sys, time
import dicomvtk.dicom.reader, dicomvtk.dicom.scan, dicomvtk.formats.nifti
from dicomvtk.cli import main
start = time.perf_counter()
try:
    main(["--quiet", "convert", sys.argv[1], sys.argv[2] + "/out.nii.gz"])
finally:
    print(time.perf_counter() - start)
"""
_SIMPLEITK = """
import sys, time, SimpleITK
start = time.perf_counter()
reader = SimpleITK.ImageSeriesReader()
reader.SetFileNames(reader.GetGDCMSeriesFileNames(sys.argv[1]))
SimpleITK.WriteImage(reader.Execute(), sys.argv[2] + "/out.nii.gz", True)
print(time.perf_counter() - start)
"""


@dataclass
class Found:
    """What the runs of one converter took."""

    seconds: list[float] = field(default_factory=list)
    work: list[float] = field(default_factory=list)
    peak_bytes: list[int] = field(default_factory=list)
    file_bytes: int = 0
    voxels: str = ""


def main() -> None:
    parser = argparse.ArgumentParser(description="Time converters of a series to .nii.gz beside each other.")
    parser.add_argument("--slices", type=int, default=300, help="slices of 512 x 512 int16 (default 300)")
    parser.add_argument("--runs", type=int, default=5, help="turns of each converter (default 5); the median counts")
    parser.add_argument("--data", type=Path, help="a folder of one series, in the place of the one made here")
    parser.add_argument("--dcm2niix", default="", help="the program; the one beside this Python if left out")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="dicomvtk-benchmark-") as scratch:
        series = options.data or Path(scratch) / "series"
        if options.data is None:  # in a process of its own: what this one has held, its children begin with
            words = [sys.executable, "-c", _MAKE, str(series), str(options.slices), str(Path(__file__).parent)]
            subprocess.run(words, check=True)
        size = int(np.prod(dicomvtk.find_series(series)[0].shape)) * 2
        found = run_all(commands(options.dcm2niix), series, Path(scratch) / "out", options.runs)
    print(f"{describe_machine()}\n\n{size / 1e6:.0f} MB of int16; median of {options.runs} turns.\n")
    print(table(found, size))


def make_series(folder: Path, slices: int) -> None:
    """Write the head phantom as CT with the noise of a scan, which no two voxels share."""
    volume = dicomvtk.phantom((_SIDE, _SIDE, slices))
    random = np.random.default_rng(1)
    for k in range(slices):
        noise = random.normal(0.0, _NOISE, (_SIDE, _SIDE))
        volume.array[:, :, k] += noise.round().astype(volume.dtype)
    dicomvtk.write_series(volume, folder)


def commands(dcm2niix: str) -> dict[str, list[str]]:
    """Return what to run by name; SRC and OUT stand for the folders."""
    known = {
        OURS: [sys.executable, "-c", _DICOMVTK, "SRC", "OUT"],
        "SimpleITK": [sys.executable, "-c", _SIMPLEITK, "SRC", "OUT"],
    }
    beside = Path(sys.executable).with_name("dcm2niix")
    program = dcm2niix or (str(beside) if beside.exists() else shutil.which("dcm2niix"))
    if program:
        for name, how in (("dcm2niix -z i (internal)", "i"), ("dcm2niix -z y (pigz)", "y")):
            known[name] = [program, "-b", "n", "-z", how, "-f", "out", "-o", "OUT", "SRC"]
    return known


def run_all(known: dict[str, list[str]], series: Path, out: Path, runs: int) -> dict[str, Found]:
    found = {name: Found() for name in known}
    for turn in range(runs + 1):  # the first fills the page cache
        for name, words in known.items():
            out.mkdir()
            call = [w.replace("SRC", str(series)).replace("OUT", str(out)) for w in words]
            seconds, work, peak = run_once(call)
            if turn:
                found[name].seconds.append(seconds)
                found[name].work.append(work)
                found[name].peak_bytes.append(peak)
            else:
                look(found[name], out)
            shutil.rmtree(out)
    return found


def run_once(words: list[str]) -> tuple[float, float, int]:
    """Return the seconds of a process, of its work alone, and the most memory it held, what it starts left out."""
    start = time.perf_counter()
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    said = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(words)[:200]} ended with {process.returncode}")
    work = float(said) if words[0] == sys.executable else seconds
    return seconds, work, usage.ru_maxrss * _KIB


def look(found: Found, out: Path) -> None:
    """Note the size of the file, and a checksum of its voxels as nibabel reads them, whatever the turn of the rows."""
    (path,) = out.glob("*.nii.gz")
    code = "import sys, nibabel, numpy as n; a = n.asarray(nibabel.load(sys.argv[1]).dataobj).astype(n.int64)"
    words = [sys.executable, "-c", code + "; print(a.size, a.sum(), (a * a).sum())", str(path)]
    found.file_bytes = path.stat().st_size
    found.voxels = subprocess.run(words, check=True, capture_output=True, text=True).stdout


def table(found: dict[str, Found], size: int) -> str:
    lines = ["| converter | s | work s | times ours | file MB | file / ours | peak memory / volume | voxels |"]
    lines.append("|" + "---|" * 8)
    ours = found[OURS]
    for name, one in found.items():
        ratio = statistics.median(other / own for other, own in zip(one.work, ours.work, strict=True))
        seconds, work = statistics.median(one.seconds), statistics.median(one.work)
        file = f"{one.file_bytes / 1e6:.1f} | {one.file_bytes / ours.file_bytes:.3f}"
        peak = statistics.median(one.peak_bytes) / size
        same = "same" if one.voxels == ours.voxels else "others"
        lines.append(f"| {name} | {seconds:.2f} | {work:.2f} | {ratio:.2f} | {file} | {peak:.2f} | {same} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
