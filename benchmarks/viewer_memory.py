"""What the viewer holds in memory: `python benchmarks/viewer_memory.py [--slices 300 600]`.

Each figure is of a process of its own that reads a head of 512 x 512 and shows it at 1200 x 900, off screen and, where
Xvfb is installed, in a window.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from machine import describe_machine

import dicomvtk

MIB = 1024**2
#: What is shown, by layout and shading; the first four are VTK alone, the first two of them what is compared with.
_SHOWN = {
    "an empty window as VTK makes it": ("multisampled", True),
    "an empty window": ("empty", True),
    "a window with a line of text": ("text", True),
    "VTK's slices and rays, unshaded": ("plain", False),
    "slices": ("three", True),
    "slices and 3-D, unshaded": ("quad", False),
    "slices and 3-D, shaded": ("quad", True),
}
_PROCESS = '''
import json, time
import dicomvtk
import numpy as np
from vtkmodules import vtkRenderingCore as core
from vtkmodules.vtkCommonDataModel import vtkPiecewiseFunction, vtkPlane
from vtkmodules.vtkRenderingImage import vtkImageResliceMapper
from dicomvtk.bridge.images import identity_image, to_vtk
from dicomvtk.render import window as windows
from dicomvtk.render.layers import SliceLayer, VolumeLayer
from dicomvtk.render.opengl import offscreen_window, screen_window
from dicomvtk.render.scene import View
from dicomvtk.render.session import Session

folder, layout, shaded, on_screen = {arguments}
volume = dicomvtk.read(folder)
layers = (SliceLayer(), VolumeLayer(shade=None if shaded else False))

def held():
    return next(int(line.split()[1]) * 1024 for line in open("/proc/self/status") if line.startswith("VmRSS"))

def bare(window):
    window.SetSize(1200, 900)
    if layout != "multisampled":
        window.SetMultiSamples(0)  # as the viewer has it
    if layout == "text":
        with_text(window)
    if layout == "plain":
        plain(window)
    window.Render()
    return window

def with_text(window):
    text, renderer = core.vtkTextActor(), core.vtkRenderer()
    text.SetInput("hello")
    renderer.AddViewProp(text)
    window.AddRenderer(renderer)
    return renderer

def plain(window):
    """The least that shows three slices with a line of text each, and the volume by rays."""
    import vtkmodules.vtkRenderingVolumeOpenGL2
    from vtkmodules.vtkRenderingVolume import vtkFixedPointVolumeRayCastMapper
    image, centre = to_vtk(volume), volume.geometry.index_to_physical(np.array(volume.shape) // 2)
    for normal, up, viewport in (
        ((0, 0, 1), (0, -1, 0), (0, 0.5, 0.5, 1)),
        ((0, 1, 0), (0, 0, 1), (0, 0, 0.5, 0.5)),
        ((-1, 0, 0), (0, 0, 1), (0.5, 0.5, 1, 1)),
    ):
        plane, mapper, prop = vtkPlane(), vtkImageResliceMapper(), core.vtkImageSlice()
        plane.SetOrigin(*centre)
        plane.SetNormal(*normal)
        mapper.SetInputData(image)
        mapper.SetSlicePlane(plane)
        mapper.SliceFacesCameraOff()
        mapper.SliceAtFocalPointOff()
        prop.SetMapper(mapper)
        renderer = with_text(window)
        renderer.SetViewport(*viewport)
        renderer.AddViewProp(prop)
        camera = renderer.GetActiveCamera()
        camera.ParallelProjectionOn()
        camera.SetFocalPoint(*centre)
        camera.SetPosition(*(centre - 500 * np.array(normal)))
        camera.SetViewUp(*up)
        camera.SetParallelScale(130)
        renderer.ResetCameraClippingRange()
    mapper, prop = vtkFixedPointVolumeRayCastMapper(), core.vtkVolume()
    style, opacity = core.vtkVolumeProperty(), vtkPiecewiseFunction()
    identity, matrix = identity_image(image)
    mapper.SetInputData(identity)
    mapper.AutoAdjustSampleDistancesOff()
    opacity.AddPoint(200, 0)
    opacity.AddPoint(1000, 1)
    style.SetScalarOpacity(opacity)
    prop.SetMapper(mapper)
    prop.SetProperty(style)
    prop.SetUserMatrix(matrix)
    renderer = core.vtkRenderer()
    renderer.SetViewport(0.5, 0, 1, 0.5)
    renderer.AddVolume(prop)
    window.AddRenderer(renderer)
    renderer.ResetCamera()

if layout in ("multisampled", "empty", "text", "plain"):
    window = bare(screen_window() if on_screen else offscreen_window())
    if on_screen:
        interactor = core.vtkRenderWindowInteractor()
        interactor.SetRenderWindow(window)
        interactor.Initialize()
    print(held(), volume.array.nbytes)
elif not on_screen:
    window = offscreen_window()
    window.SetSize(1200, 900)
    session = Session(volume, View(layout=layout, layers=layers), window)
    session.draw()
    print(held(), volume.array.nbytes)
else:
    class Watched(Session):
        drawn_at = time.monotonic()

        def draw(self, **how):
            drawn = super().draw(**how)
            self.drawn_at = time.monotonic() if drawn else self.drawn_at
            if time.monotonic() - self.drawn_at > 3.0:  # at rest: the fine picture is there
                print(held(), volume.array.nbytes)
                self.close()
            return drawn

    windows.Session = Watched
    windows.run_window(volume, View(layout=layout, layers=layers))
'''


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--slices", type=int, nargs="+", default=[300, 600])
    options = parser.parse_args()
    print(describe_machine())
    with tempfile.TemporaryDirectory() as name, _screen() as screen:
        folders = [Path(name) / str(slices) for slices in options.slices]
        for folder, slices in zip(folders, options.slices, strict=True):
            dicomvtk.write_series(dicomvtk.phantom((512, 512, slices)), folder)
        for display in ("", screen) if screen else ("",):
            for folder in folders:
                report(folder, display)


def report(folder: Path, display: str) -> None:
    """Print what each thing shown holds, the volume included, beyond an empty window: VTK's, and one like ours."""
    found = {name: _held(folder, *shown, display) for name, shown in _SHOWN.items()}
    bare, like_ours = (found[name][0] for name in list(_SHOWN)[:2])
    volume = found["slices"][1]
    print(f"{'in a window' if display else 'off screen'}, {folder.name} slices, {volume / MIB:.0f} MiB")
    print("                                   x the volume, with VTK's own empty window; with one without samples")
    for name, (held, _volume) in list(found.items())[1:]:
        ratios = [1 + (held - empty) / volume for empty in (bare, like_ours)]
        print(f"    {name:32s} {ratios[0]:6.2f} {ratios[1]:6.2f}   {(held - like_ours) / MIB:6.1f} MiB")


def _held(folder: Path, layout: str, shaded: bool, display: str) -> tuple[int, int]:
    code = _PROCESS.format(arguments=repr((str(folder), layout, shaded, bool(display))))
    environment = {**os.environ, "DISPLAY": display}
    done = subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.PIPE, text=True, env=environment)
    held, volume = json.loads(f"[{','.join(done.stdout.split())}]")
    return held, volume


@contextlib.contextmanager
def _screen() -> Iterator[str]:
    """Yield the name of a display that nobody sees, as long as the context is open; empty without Xvfb."""
    if shutil.which("Xvfb") is None:
        yield ""
        return
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", "1", "-screen", "0", "1400x1000x24"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    try:
        assert server.stdout is not None
        yield f":{int(server.stdout.readline())}"
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    main()
