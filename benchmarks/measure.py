"""One reader, once, in this process: `python measure.py NAME FOLDER WARM_UP` prints what it took as JSON.

The reader first reads the small series in WARM_UP, so that imports and the first call's costs are not measured;
``-`` for WARM_UP leaves that out, for times of whole processes.
"""

from __future__ import annotations

import contextlib
import json
import resource
import shutil
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from readers import READERS

_KIB = 1024


def main() -> None:
    name, folder, warm_up = sys.argv[1:]
    reader = READERS[name]
    if warm_up == "-":
        clean_up(reader.read(Path(folder)))
        return
    clean_up(reader.read(Path(warm_up)))
    forget_peak()
    before = memory("VmRSS")

    start = time.perf_counter()
    result = reader.read(Path(folder))
    seconds = time.perf_counter() - start

    grown = memory("VmHWM") - before
    if name.startswith("dcm2niix"):  # a child's memory is its own: what counts is its peak
        grown = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * _KIB
    voxels = reader.voxels(result)
    facts = {"count": int(voxels.size), "sum": float(voxels.sum(dtype=np.float64)), "dtype": str(voxels.dtype)}
    print(json.dumps({"seconds": seconds, "peak_bytes": grown, "array_bytes": int(voxels.nbytes), **facts}))


def clean_up(result: Any) -> None:
    """Remove what a program left on the disk; an array is gone with its last name."""
    if isinstance(result, Path):
        shutil.rmtree(result)


def forget_peak() -> None:
    """Set the kernel's high-water mark of this process back to what it holds now (Linux)."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def memory(field: str) -> int:
    """Return ``VmRSS`` (held now) or ``VmHWM`` (the most held) in bytes; elsewhere than on Linux, the most held."""
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text().splitlines():
            if line.startswith(field + ":"):
                return int(line.split()[1]) * _KIB
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * _KIB


if __name__ == "__main__":
    main()
