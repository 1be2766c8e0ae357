"""A render window for machines without OpenGL: it draws what is in its renderers itself, by NumPy.

It has those methods of a vtkRenderWindow that a `Stage` calls, so that what is drawn is placed and coloured by what
places and colours it on a screen.
"""

# ruff: noqa: N802  # VTK's spelling, since what draws in a vtkRenderWindow calls these
from __future__ import annotations

import numpy as np
from vtkmodules.util.numpy_support import numpy_to_vtk
from vtkmodules.vtkCommonCore import vtkUnsignedCharArray
from vtkmodules.vtkRenderingCore import vtkActor2D, vtkImageSlice, vtkProp3D, vtkRenderer

from dicomvtk.render.flat_actors import Canvas, draw_actor, lay_over
from dicomvtk.render.flat_slices import slice_pixels

__all__ = ["FlatWindow"]


class FlatWindow:
    """A window of `size` (width, height) pixels, black before the first `Render`."""

    def __init__(self, size: tuple[int, int]) -> None:
        self._size = size
        self._renderers: list[vtkRenderer] = []
        self._canvas: Canvas = np.zeros((size[1], size[0], 3), np.float32)

    def GetPixelData(
        self, x0: int, y0: int, x1: int, y1: int, _front: int, pixels: vtkUnsignedCharArray, _right: int = 0
    ) -> None:
        """Put the colours from the lower left to the upper right pixel, both included, into `pixels`."""
        part = np.rint(self._canvas[y0 : y1 + 1, x0 : x1 + 1] * 255).astype(np.uint8)
        pixels.DeepCopy(numpy_to_vtk(part.reshape(-1, 3)))

    def GetSize(self) -> tuple[int, int]:
        return self._size

    def AddRenderer(self, renderer: vtkRenderer) -> None:
        self._renderers.append(renderer)

    def RemoveRenderer(self, renderer: vtkRenderer) -> None:
        self._renderers.remove(renderer)

    def HasRenderer(self, renderer: vtkRenderer) -> bool:
        return renderer in self._renderers

    def GetRenderers(self) -> list[vtkRenderer]:
        return list(self._renderers)

    def SetNumberOfLayers(self, _count: int) -> None:
        """Any number of them is there."""

    def SetMultiSamples(self, _count: int) -> None:
        """There are none."""

    def SetDPI(self, _dpi: int) -> None:
        """Text is drawn at 72."""

    def ReportCapabilities(self) -> str:
        """Return what `opengl.is_software` takes for a processor that draws."""
        return "software rasterizer"

    def Finalize(self) -> None:
        self._renderers.clear()

    def Render(self) -> None:
        for renderer in sorted(self._renderers, key=lambda one: one.GetLayer()):
            if renderer.GetDraw():
                self._draw(renderer)

    def _draw(self, renderer: vtkRenderer) -> None:
        width, height = self._size
        left, low, right, high = renderer.GetViewport()
        pane = self._canvas[
            int(low * height + 0.5) : int(high * height + 0.5), int(left * width + 0.5) : int(right * width + 0.5)
        ]
        if not pane.size:
            return
        if renderer.GetLayer() == 0:
            pane[:] = renderer.GetBackground()
        props = [prop for prop in renderer.GetViewProps() if prop.GetVisibility()]
        camera = renderer.GetActiveCamera()
        slices = [prop for prop in props if isinstance(prop, vtkImageSlice)]
        if slices and camera.GetParallelProjection():
            for prop in slices:
                lay_over(pane, slice_pixels(prop, camera, (pane.shape[1], pane.shape[0])))
        elif any(isinstance(prop, vtkProp3D) for prop in props):
            from dicomvtk.render.flat_scene import draw_scene  # with the libraries for rays

            draw_scene(pane, props, renderer)
        for prop in props:
            if isinstance(prop, vtkActor2D):
                draw_actor(pane, prop)
