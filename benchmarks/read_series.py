"""How fast dicomvtk reads a series, beside other readers and beside reading the bare bytes, in one run.

    python benchmarks/read_series.py [--data FOLDER] [--slices 300] [--runs 5] [--only NAME ...]

Prints a Markdown table; benchmarks/README.md says what each column is.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from ct_series import write_ct_series
from machine import describe_machine
from readers import READERS, read_bytes

HERE = Path(__file__).resolve().parent
BASELINE = "bare readinto"


@dataclass(frozen=True)
class Row:
    """What one reader took: medians over its runs, or the last line it said when it failed."""

    name: str
    seconds: float = 0.0
    whole_process: float = 0.0
    peak_bytes: float = 0.0
    array_bytes: int = 0
    result: tuple[int, float, str] = (0, 0.0, "")
    failure: str = ""


def main() -> None:
    parser = argparse.ArgumentParser(description="Time readers of a DICOM series beside each other.")
    parser.add_argument("--data", type=Path, help="a folder with one series; without it a CT series is made")
    parser.add_argument("--slices", type=int, default=300, help="slices of the series that is made (default 300)")
    parser.add_argument("--runs", type=int, default=5, help="processes for each reader (default 5); the median counts")
    parser.add_argument("--only", nargs="+", choices=list(READERS), default=list(READERS), metavar="NAME")
    options = parser.parse_args()

    with tempfile.TemporaryDirectory(prefix="dicomvtk-benchmark-") as scratch:
        warm_up = Path(scratch) / "warm-up"
        write_ct_series(warm_up, slices=3, side=64)
        folder = options.data
        if folder is None:
            folder = Path(scratch) / "ct"
            write_ct_series(folder, slices=options.slices)
        size = read_bytes(folder).nbytes  # also brings every file into the page cache
        rows = measure_all(list(dict.fromkeys([BASELINE, *options.only])), folder, warm_up, options.runs)

    what = options.data or f"made: {options.slices} slices of 512 x 512 uint16, RescaleIntercept -1024, short headers"
    print(f"{describe_machine()}\n\nSeries: {what}; {size / 1e6:.0f} MB.")
    print(f"Median of {options.runs} runs, files in the page cache.\n")
    print(table(rows))


def measure_all(names: list[str], folder: Path, warm_up: Path, runs: int) -> list[Row]:
    """Run every reader `runs` times, in turn, so that a slow minute of the machine slows all alike."""
    measured: dict[str, list[dict[str, float]]] = {name: [] for name in names}
    whole: dict[str, list[float]] = {name: [] for name in names}
    failures: dict[str, str] = {}
    for _ in range(runs):
        for name in names:
            if name in failures:
                continue
            try:
                measured[name].append(json.loads(run(name, folder, str(warm_up))))
                start = time.perf_counter()
                run(name, folder, "-")
                whole[name].append(time.perf_counter() - start)
            except (subprocess.CalledProcessError, json.JSONDecodeError) as error:
                failures[name] = last_words(error)
    return [
        Row(name, failure=failures[name]) if name in failures else summary(name, measured[name], whole[name])
        for name in names
    ]


def run(name: str, folder: Path, warm_up: str) -> str:
    command = [sys.executable, str(HERE / "measure.py"), name, str(folder), warm_up]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def last_words(error: Exception) -> str:
    said = (getattr(error, "stderr", "") or str(error)).strip().splitlines()
    return said[-1][:100] if said else f"ended with status {getattr(error, 'returncode', '?')}"


def summary(name: str, runs: list[dict[str, float]], whole: list[float]) -> Row:
    last = runs[-1]
    return Row(
        name,
        seconds=statistics.median(one["seconds"] for one in runs),
        whole_process=statistics.median(whole),
        peak_bytes=statistics.median(one["peak_bytes"] for one in runs),
        array_bytes=int(last["array_bytes"]),
        result=(int(last["count"]), last["sum"], str(last["dtype"])),
    )


def table(rows: list[Row]) -> str:
    """Return the rows as Markdown, with ratios to the bare bytes and to dicomvtk."""
    by_name = {row.name: row for row in rows}
    bare = by_name[BASELINE].seconds
    ours = by_name.get("dicomvtk", Row("dicomvtk", failure="not measured"))
    lines = [
        "| reader | version | s | x bare bytes | x dicomvtk | peak memory / array | whole process s | voxels |",
        "|---|---|--:|--:|--:|--:|--:|---|",
    ]
    for row in rows:
        version = READERS[row.name].version()
        if row.failure:
            lines.append(f"| {row.name} | {version} | failed | | | | | {row.failure} |")
            continue
        size = row.array_bytes if row.name == BASELINE else ours.array_bytes or row.array_bytes
        beside = f"{row.seconds / ours.seconds:.2f}" if ours.seconds else ""
        lines.append(
            f"| {row.name} | {version} | {row.seconds:.3f} | {row.seconds / bare:.2f} | {beside} "
            f"| {row.peak_bytes / size:.2f} | {row.whole_process:.2f} | {verdict(row, ours)} |"
        )
    return "\n".join(lines)


def verdict(row: Row, ours: Row) -> str:
    """Say the dtype that came out and whether the voxels add up to the same as dicomvtk's."""
    count, total, dtype = row.result
    if row.name == BASELINE:
        return "bytes"
    if not ours.seconds or row.name == ours.name:
        return dtype
    own_count, own_total, _ = ours.result
    same = count == own_count and abs(total - own_total) <= 1e-6 * max(1.0, abs(own_total))
    return f"{dtype}, {'the same' if same else 'DIFFERENT'}"


if __name__ == "__main__":
    main()
