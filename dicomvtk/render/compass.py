"""A small cube in a corner of the 3-D pane whose faces carry the letters of the directions in the patient."""

from __future__ import annotations

import numpy as np
from vtkmodules.vtkRenderingAnnotation import vtkAnnotatedCubeActor
from vtkmodules.vtkRenderingCore import vtkRenderer

from dicomvtk.render.scene import Camera3D

__all__ = ["Compass"]

_FACE = (0.28, 0.33, 0.40)
_TEXT = (1.0, 0.80, 0.35)
_DISTANCE = 10.0
_HALF_HEIGHT = 0.95


class Compass:
    """A cube that turns with the camera, in a renderer for a layer above the pane; empty for an unplaced volume."""

    def __init__(self, *, placed: bool) -> None:
        self.renderer = vtkRenderer()
        self.renderer.SetLayer(1)
        self.renderer.InteractiveOff()
        self.renderer.GetActiveCamera().ParallelProjectionOn()
        if placed:
            self.renderer.AddActor(_cube())

    def apply(self, camera: Camera3D) -> None:
        """Turn the cube as `camera` sees the patient."""
        eye = self.renderer.GetActiveCamera()
        eye.SetFocalPoint(0.0, 0.0, 0.0)
        eye.SetPosition(*(-_DISTANCE * np.asarray(camera.direction)))
        eye.SetViewUp(*camera.up)
        eye.SetParallelScale(_HALF_HEIGHT)
        eye.SetClippingRange(_DISTANCE / 2, _DISTANCE * 2)


def _cube() -> vtkAnnotatedCubeActor:
    cube = vtkAnnotatedCubeActor()
    cube.SetXPlusFaceText("L")
    cube.SetXMinusFaceText("R")
    cube.SetYPlusFaceText("P")
    cube.SetYMinusFaceText("A")
    cube.SetZPlusFaceText("H")
    cube.SetZMinusFaceText("F")
    cube.SetFaceTextScale(0.62)
    # Upright for someone who looks from the side with the head up; VTK lays the text of the side faces down.
    cube.SetXFaceTextRotation(0)
    cube.SetYFaceTextRotation(0)
    cube.SetZFaceTextRotation(-90)
    cube.GetCubeProperty().SetColor(_FACE)
    cube.GetCubeProperty().SetInterpolationToFlat()  # as the letters: one program for both
    cube.SetTextEdgesVisibility(False)  # edges of no opacity are still drawn, in a pass of their own
    for face in (
        cube.GetXPlusFaceProperty(),
        cube.GetXMinusFaceProperty(),
        cube.GetYPlusFaceProperty(),
        cube.GetYMinusFaceProperty(),
        cube.GetZPlusFaceProperty(),
        cube.GetZMinusFaceProperty(),
    ):
        face.SetColor(_TEXT)
        face.SetInterpolationToFlat()
    return cube
