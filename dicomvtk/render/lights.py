"""The lights of the 3-D scene: they go with the eye, so that turning the volume shows every side of it lit."""

from __future__ import annotations

from vtkmodules.vtkRenderingCore import vtkLight, vtkRenderer

__all__ = ["light"]

#: Where each comes from, to the right, up and towards the eye, and how bright it is: one over the left shoulder, whose
#: shadows tell depth, and a weaker one from the eye, so that nothing seen is black.
_LIGHTS = (((-0.45, 0.7, 1.0), 0.85), ((0.0, 0.0, 1.0), 0.45))


def light(renderer: vtkRenderer, *, software: bool) -> None:
    """Light what is in `renderer`, in place of VTK's own lamp.

    Where a graphics card casts the rays there is the lamp at the eye alone: its mapper turns the directions of others
    with the volume (VTK 9.7).
    """
    renderer.AutomaticLightCreationOff()
    renderer.RemoveAllLights()
    if not software:
        lamp = vtkLight()
        lamp.SetLightTypeToHeadlight()
        renderer.AddLight(lamp)
        return
    for place, brightness in _LIGHTS:
        lamp = vtkLight()
        lamp.SetLightTypeToCameraLight()
        lamp.SetFocalPoint(0.0, 0.0, 0.0)
        lamp.SetPosition(*place)
        lamp.SetIntensity(brightness)
        renderer.AddLight(lamp)
