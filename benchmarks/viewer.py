"""How long the viewer takes to start, to move, and what it holds: `python benchmarks/viewer.py [--peers PYTHON]`.

`--peers` is a Python with PyVista and scikit-image, for the surface and the first picture of the same volume.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from ct_series import write_ct_series
from machine import describe_machine

ROUNDS = 5
STEPS = 25

_IMPORTS = "import dicomvtk.render.viewer, dicomvtk; v = dicomvtk.read({folder!r})"
_PICTURE = (
    "import dicomvtk; from dicomvtk import View\n"
    "dicomvtk.snapshot(dicomvtk.read({folder!r}), {out!r}, View(layout={layout!r}), (1200, 900))"
)
_STEPS = """
import json, resource, statistics, sys, time
from dataclasses import replace
import dicomvtk
from dicomvtk.display import WindowLevel
from dicomvtk.render import moves
from dicomvtk.render.opengl import offscreen_window
from dicomvtk.render.pane_3d import Detail
from dicomvtk.render.scene import PLANES, View
from dicomvtk.render.session import Session

def held():
    return next(int(line.split()[1]) * 1024 for line in open("/proc/self/status") if line.startswith("VmRSS"))

volume = dicomvtk.read({folder!r})
window = offscreen_window()
window.SetSize(1200, 900)
window.Render()
bare = held()
session = Session(volume, View(layout={layout!r}), window)
session.draw(detail=Detail.{detail})
grown = held() - bare

def median(change):
    times = []
    for number in range({steps}):
        state = change(session.state, number)
        start = time.perf_counter()
        session.update(state)
        session.draw(detail=Detail.NOTHING)
        times.append(1000 * (time.perf_counter() - start))
    return statistics.median(times)

def scroll(plane):
    return lambda state, n: moves.scrolled(state, session.planes[plane], 1 if n % 2 else -1)

found = {{f"{{plane}} slice": median(scroll(plane)) for plane in PLANES if plane in session.rects}}
found["window and level"] = median(lambda state, n: replace(state, window=WindowLevel(40 + n, 400)))
found["crosshair"] = median(lambda state, n: replace(state, crosshair=tuple(c + (-1) ** n for c in state.crosshair)))
print(json.dumps({{"steps": found, "grown": grown, "volume": volume.array.nbytes}}))
"""
_PEER_SURFACE = """
import sys, time, numpy as np
values = np.load({path!r})
start = time.perf_counter()
{call}
print(time.perf_counter() - start)
"""
_SURFACES = {
    "dicomvtk": "import dicomvtk\nstart = time.perf_counter()\n"
    "dicomvtk.extract_surface(dicomvtk.Volume(values.T), 250.0)",
    "PyVista contour": "import pyvista\nstart = time.perf_counter()\n"
    "grid = pyvista.ImageData(dimensions=values.shape[::-1]); grid['v'] = values.ravel()\n"
    "grid.contour([250.0], scalars='v', method='flying_edges')",
    "scikit-image marching_cubes": "from skimage.measure import marching_cubes\nstart = time.perf_counter()\n"
    "marching_cubes(values, 250.0)",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers", help="a Python with pyvista and scikit-image")
    parser.add_argument("--slices", type=int, default=300)
    options = parser.parse_args()
    print(describe_machine())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "series"
        write_ct_series(folder, options.slices)
        report_start(str(folder), Path(name))
        for layout, detail in (("three", "NOTHING"), ("quad", "PROXY"), ("quad", "FULL")):
            report_steps(str(folder), layout, detail)
        if options.peers:
            report_surfaces(str(folder), Path(name), options.peers)


def report_start(folder: str, scratch: Path) -> None:
    """Print whole processes: what is imported and read, and what ends with a picture."""
    codes = {"imports and read": _IMPORTS.format(folder=folder)}
    for layout in ("three", "quad"):
        codes[f"picture of {layout}"] = _PICTURE.format(folder=folder, out=str(scratch / "a.png"), layout=layout)
    times: dict[str, list[float]] = {name: [] for name in codes}
    for _ in range(ROUNDS):
        for name, code in codes.items():
            start = time.perf_counter()
            subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
            times[name].append(time.perf_counter() - start)
    least = statistics.median(times["imports and read"])
    for name, seconds in times.items():
        print(f"{name:32s} {statistics.median(seconds):7.2f} s   x {statistics.median(seconds) / least:.2f}")


def report_steps(folder: str, layout: str, detail: str) -> None:
    code = _STEPS.format(folder=folder, layout=layout, detail=detail, steps=STEPS)
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    found = json.loads(done.stdout)
    print(f"{layout}, 3-D {detail.lower()}: holds {found['grown'] / found['volume']:.2f} x the volume beside it")
    for name, milliseconds in found["steps"].items():
        print(f"    {name:28s} {milliseconds:7.1f} ms")


def report_surfaces(folder: str, scratch: Path, peers: str) -> None:
    import numpy as np

    import dicomvtk

    path = scratch / "values.npy"
    np.save(path, np.ascontiguousarray(dicomvtk.read(folder).array.T))
    for name, call in _SURFACES.items():
        python = sys.executable if name == "dicomvtk" else peers
        code = _PEER_SURFACE.format(path=str(path), call=call)
        done = [subprocess.run([python, "-c", code], capture_output=True, text=True) for _ in range(3)]
        times = [float(run.stdout) for run in done if run.returncode == 0]
        print(f"surface, {name:30s} {f'{statistics.median(times):.2f} s' if times else 'did not run'}")


if __name__ == "__main__":
    main()
