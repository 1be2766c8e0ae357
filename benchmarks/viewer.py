"""How long the viewer takes to start and to move: `python benchmarks/viewer.py [--peers PYTHON]`.

`--peers` is a Python with f3d, PyVista and scikit-image (this one, if left out), for the first picture and the surface
of the same volume. A peer that is not installed is left out, and said.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from ct_series import write_ct_series
from machine import describe_machine

import dicomvtk

ROUNDS = 5
STEPS = 25

_IMPORTS = "import dicomvtk.render.viewer, dicomvtk; v = dicomvtk.read({folder!r})"
_PICTURE = (
    "import dicomvtk; from dicomvtk import View\n"
    "dicomvtk.snapshot(dicomvtk.read({folder!r}), {out!r}, View(layout={layout!r}), (1200, 900))"
)
_STEPS = """
import json, statistics, time
from dataclasses import replace
import dicomvtk
from dicomvtk.display import WindowLevel
from dicomvtk.render import moves
from dicomvtk.render.layers import SliceLayer, VolumeLayer
from dicomvtk.render.opengl import offscreen_window
from dicomvtk.render.scene_3d import Detail
from dicomvtk.render.scene import PLANES, View
from dicomvtk.render.session import Session

volume = dicomvtk.read({folder!r})
window = offscreen_window()
window.SetSize(*{size})
session = Session(volume, View(layout={layout!r}, layers=(SliceLayer(), VolumeLayer(shade={shade}))), window)
session.draw(detail=Detail.{detail})

def median(change):
    clock, worked = [], []
    for number in range({steps}):
        state = change(session.state, number)
        start, used = time.perf_counter(), time.process_time()
        session.update(state)
        session.draw(detail=Detail.NOTHING)
        clock.append(1000 * (time.perf_counter() - start))
        worked.append(1000 * (time.process_time() - used))
    return statistics.median(clock), min(clock), statistics.median(worked)

def scroll(plane):
    return lambda state, n: moves.scrolled(state, session.planes[plane], 1 if n % 2 else -1)

found = {{f"{{plane}} slice": median(scroll(plane)) for plane in PLANES if plane in session.rects}}
found["window and level"] = median(lambda state, n: replace(state, window=WindowLevel(40 + n, 400)))
found["crosshair"] = median(lambda state, n: replace(state, crosshair=tuple(c + (-1) ** n for c in state.crosshair)))
print(json.dumps(found))
"""
#: A window whose slice panes are 1200 x 900 each, one of that size in all, and what is drawn in 3-D.
_WINDOWS = (
    ("quad", (2400, 1800), "NOTHING", False),
    ("three", (1200, 900), "NOTHING", False),
    ("quad", (1200, 900), "PROXY", None),
    ("quad", (1200, 900), "FULL", False),
    ("quad", (1200, 900), "FULL", None),
)
#: Whole processes: the volume of a VTI file cast by rays, 1200 x 900, as each does it by itself.
_FIRST_PICTURES = {
    "dicomvtk": "import dicomvtk\n"
    "dicomvtk.snapshot(dicomvtk.load({vti!r}), {out!r}, dicomvtk.View(layout='3d'), (1200, 900))",
    "dicomvtk, without shading": "import dicomvtk\n"
    "view = dicomvtk.View(layout='3d', layers=(dicomvtk.VolumeLayer(shade=False),))\n"
    "dicomvtk.snapshot(dicomvtk.load({vti!r}), {out!r}, view, (1200, 900))",
    "f3d": "import f3d\nengine = f3d.Engine.create_egl(); engine.autoload_plugins()\n"
    "engine.options.update({{'model.volume.enable': True, 'model.coloring': 'scivis'}})\n"
    "engine.window.size = (1200, 900); engine.scene.add({vti!r})\n"
    "engine.window.render_to_image().save({out!r})",
    "PyVista": "import pyvista\nplotter = pyvista.Plotter(off_screen=True, window_size=(1200, 900))\n"
    "plotter.add_volume(pyvista.read({vti!r})); plotter.screenshot({out!r})",
}
_SURFACES = {
    "dicomvtk": "import dicomvtk, dicomvtk.processing.surface\n"
    "call = lambda: dicomvtk.extract_surface(dicomvtk.Volume(values.T), 250.0)",
    "PyVista contour": "import pyvista\n"
    "grid = pyvista.ImageData(dimensions=values.shape[::-1]); grid['v'] = values.ravel()\n"
    "call = lambda: grid.contour([250.0], scalars='v', method='flying_edges')",
    "PyVista contour with normals": "import pyvista\n"
    "grid = pyvista.ImageData(dimensions=values.shape[::-1]); grid['v'] = values.ravel()\n"
    "call = lambda: grid.contour([250.0], scalars='v', method='flying_edges', compute_normals=True)",
    "scikit-image marching_cubes": "from skimage.measure import marching_cubes\n"
    "call = lambda: marching_cubes(values, 250.0)",
}
_TIMED_SURFACE = """
import json, time, numpy as np
def memory(field):
    return next(int(line.split()[1]) * 1024 for line in open("/proc/self/status") if line.startswith(field))
values = np.load({path!r})
{call}
open("/proc/self/clear_refs", "w").write("5")
before = memory("VmRSS")
start = time.perf_counter()
kept = call()
seconds = time.perf_counter() - start
print(json.dumps([seconds, memory("VmHWM") - before]))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers", default=sys.executable, help="a Python with f3d, pyvista and scikit-image")
    parser.add_argument("--slices", type=int, default=300)
    parser.add_argument("--only", choices=["start", "steps", "pictures", "surfaces"], help="only this part")
    options = parser.parse_args()
    print(describe_machine())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "series"
        write_ct_series(folder, options.slices)
        if options.only in (None, "start"):
            report_start(str(folder), Path(name))
        if options.only in (None, "steps"):
            for layout, size, detail, shade in _WINDOWS:
                report_steps(str(folder), layout, size, detail, shade)
        if options.only in (None, "pictures"):
            report_first_pictures(Path(name), options.peers, options.slices)
        if options.only in (None, "surfaces"):
            report_surfaces(Path(name), options.peers)


def report_start(folder: str, scratch: Path) -> None:
    """Print whole processes: what is imported and read, and what ends with a picture."""
    codes = {"imports and read": _IMPORTS.format(folder=folder)}
    for layout in ("three", "quad"):
        codes[f"picture of {layout}"] = _PICTURE.format(folder=folder, out=str(scratch / "a.png"), layout=layout)
    report_processes({name: (sys.executable, code) for name, code in codes.items()})


def report_processes(processes: dict[str, tuple[str, str]]) -> None:
    """Print how long whole processes take, in turn, of clock and of processors, and how often the first fits in."""
    clock: dict[str, list[float]] = {name: [] for name in processes}
    worked: dict[str, list[float]] = {name: [] for name in processes}
    for _ in range(ROUNDS):
        for name, (python, code) in processes.items():
            start, used = time.perf_counter(), _children_worked()
            done = subprocess.run([python, "-c", code], capture_output=True)
            if done.returncode == 0:
                clock[name].append(time.perf_counter() - start)
                worked[name].append(_children_worked() - used)
    first = next(iter(processes))
    for name in processes:
        if len(clock[name]) < ROUNDS:
            print(f"{name:38s} did not run (not installed in {processes[name][0]}?)")
            continue
        print(
            f"{name:38s} {statistics.median(clock[name]):6.2f} s   x {_ratio(clock[name], clock[first]):.2f}"
            f"    processors {statistics.median(worked[name]):6.2f} s   x {_ratio(worked[name], worked[first]):.2f}"
        )


def _children_worked() -> float:
    """Return the seconds that processors worked for the processes ended so far: what a busy machine moves least."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _ratio(times: list[float], of: list[float]) -> float:
    return statistics.median(one / least for one, least in zip(times, of, strict=True))


def report_steps(folder: str, layout: str, size: tuple[int, int], detail: str, shade: bool | None) -> None:
    code = _STEPS.format(folder=folder, layout=layout, size=size, detail=detail, shade=shade, steps=STEPS)
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    found = json.loads(done.stdout)
    shaded = "" if detail == "NOTHING" else ", unshaded" if shade is False else ", shaded"
    print(f"{layout}, {size[0]} x {size[1]}, 3-D {detail.lower()}{shaded}")
    for name, (median, least, worked) in found.items():
        print(f"    {name:28s} {median:7.1f} ms   least {least:6.1f} ms   processors {worked:6.1f} ms")


def report_first_pictures(scratch: Path, peers: str, slices: int) -> None:
    """Print what the first picture of a head of 512 x 512 takes from a VTI file, to us and to others."""
    names = {"vti": str(scratch / "head.vti"), "out": str(scratch / "b.png")}
    dicomvtk.write(dicomvtk.phantom((512, 512, slices)), names["vti"])
    processes = {
        f"first picture, {name}": (sys.executable if name.startswith("dicomvtk") else peers, code.format(**names))
        for name, code in _FIRST_PICTURES.items()
    }
    report_processes(processes)


def report_surfaces(scratch: Path, peers: str) -> None:
    """Print time and peak memory of the skull of a head of 512 x 512 x 400, in turn."""
    path = scratch / "values.npy"
    values = np.ascontiguousarray(dicomvtk.phantom((512, 512, 400)).array.T)
    np.save(path, values)
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in _SURFACES}
    for _ in range(ROUNDS):
        for name, call in _SURFACES.items():
            python = sys.executable if name == "dicomvtk" else peers
            code = _TIMED_SURFACE.format(path=str(path), call=call)
            done = subprocess.run([python, "-c", code], capture_output=True, text=True)
            if done.returncode == 0:
                seconds, peak = json.loads(done.stdout)
                found[name].append((seconds, peak))
    for name, runs in found.items():
        if len(runs) < ROUNDS:
            print(f"surface, {name:28s} did not run (not installed in {peers}?)")
            continue
        ratio = _ratio([run[0] for run in runs], [run[0] for run in found["dicomvtk"]])
        seconds, peak = (statistics.median(run[n] for run in runs) for n in (0, 1))
        print(f"surface, {name:28s} {seconds:6.2f} s   x {ratio:.2f}   peak {peak / values.nbytes:.2f} x the array")


if __name__ == "__main__":
    main()
