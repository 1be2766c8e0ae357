"""Casting rays through a volume: on the processor or the graphics card, whichever draws."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from vtkmodules.vtkCommonDataModel import vtkImageData, vtkPiecewiseFunction
from vtkmodules.vtkRenderingCore import (
    vtkColorTransferFunction,
    vtkRenderer,
    vtkRenderWindow,
    vtkVolume,
    vtkVolumeProperty,
)
from vtkmodules.vtkRenderingVolume import vtkFixedPointVolumeRayCastMapper
from vtkmodules.vtkRenderingVolumeOpenGL2 import vtkOpenGLGPUVolumeRayCastMapper

from dicomvtk.bridge.images import identity_image, to_vtk
from dicomvtk.bridge.mapper_input import MapperInput
from dicomvtk.render.cutting import HalfSpace, vtk_planes
from dicomvtk.render.label_colours import is_label_map, label_colours
from dicomvtk.render.layers import VolumeLayer
from dicomvtk.render.levels import noise_ceiling, ray_spread, value_spread
from dicomvtk.render.presets import PRESETS, Transfer, adjusted, label_table, transfer_table
from dicomvtk.render.ray_voxels import RayVoxels
from dicomvtk.volume import Volume

__all__ = ["Raycast"]

_CARD_MEMORY_BYTES = 2 * 1024**3
#: Distance between samples on a ray as a share of the smallest spacing: above it thin bone shows rings.
_SAMPLE_SHARE = 0.6
#: Smaller than this, the longest side of a volume holds no part of an adult.
_BODY_MM = 80.0
_PREPARED_PIXELS = 16


class Raycast:
    """A volume prop. VTK's GPU mapper on a software OpenGL takes ten times as long as the mapper for processors.

    The image goes in without its direction, which comes back as the prop's matrix: the processor's mapper ignores a
    DirectionMatrix, and picking fails on it (VTK 9.7).
    """

    def __init__(self, volume: Volume, *, software: bool, proxy: bool = False) -> None:
        self._voxels = RayVoxels(volume, software=software, proxy=proxy)
        self._look: tuple[VolumeLayer, bool] | None = None
        self._kind: tuple[bool, bool] | None = None
        #: The colours and opacities of the look set last.
        self.table: Transfer | None = None
        #: What is cast; and that only where a part of the volume is left out, None where all is cast.
        self.image: vtkImageData
        self.part: vtkImageData | None = None
        self._mapper = _processor_mapper() if software else _card_mapper()
        self._input = MapperInput(self._mapper)
        self._mapper.SetSampleDistance(_SAMPLE_SHARE * min(self._voxels.spacing))
        self.prop = vtkVolume()
        self.prop.SetMapper(self._mapper)
        self.set_rays(1.0)

    def note(self, layer: VolumeLayer) -> str:
        """Return what of `layer` is not as in the volume itself; empty where all is."""
        return self._voxels.note(layer)

    def set_look(self, layer: VolumeLayer, *, light: bool = False) -> None:
        """Colour the volume as `layer`, whose preset is one of `presets`, says, on a dark or a `light` background."""
        self._input.let_go()
        if (layer, light) == self._look:
            return
        self._look = (layer, light)
        self._cast(layer)
        self.table = table = adjusted(self._own_table(layer), layer, light=light)
        if table.blend == "max":
            self._mapper.SetBlendModeToMaximumIntensity()
        elif table.blend == "min":
            self._mapper.SetBlendModeToMinimumIntensity()
        else:
            self._mapper.SetBlendModeToComposite()
        self.prop.SetProperty(_volume_property(table))

    def _own_table(self, layer: VolumeLayer) -> Transfer:
        """Return the table of the preset of `layer` for the values of this volume."""
        volume, preset = self._voxels.own, layer.preset or "default"
        if preset == "labels" and is_label_map(volume):
            return label_table(label_colours(volume))
        if (layer.blend or PRESETS[preset].blend) == "max":
            return transfer_table(preset, ray_spread(volume))
        table = transfer_table(preset, value_spread(volume), noise_ceiling(volume))
        # Opacity is meant for bodies: through a specimen of a few millimetres one sees no more than through those.
        return replace(table, unit_mm=table.unit_mm * min(1.0, max(volume.geometry.extent_mm) / _BODY_MM))

    def _cast(self, layer: VolumeLayer) -> None:
        kind = self._voxels.kind(layer)
        if kind == self._kind:
            return
        self._kind, (_whole, alone) = kind, kind
        self.image = to_vtk(self._voxels.cast(layer))
        self.part = self.image if alone else None
        identity, matrix = identity_image(self.image)
        self._input.give(identity)
        self.prop.SetUserMatrix(matrix)

    def prepare(self, layer: VolumeLayer, window: vtkRenderWindow) -> None:
        """Make all that the first drawing of `layer` would, gradients among it, by a few pixels in `window`.

        Nothing of it stays in the window, so that another thread may draw this prop in its own.
        """
        self.set_look(layer)
        renderer = vtkRenderer()
        renderer.AddVolume(self.prop)
        window.SetSize(_PREPARED_PIXELS, _PREPARED_PIXELS)
        window.AddRenderer(renderer)
        window.Render()
        renderer.RemoveVolume(self.prop)
        window.RemoveRenderer(renderer)
        self.prop.ReleaseGraphicsResources(window)

    def cut(self, spaces: tuple[HalfSpace, ...]) -> None:
        """Show only what lies in all of these half spaces."""
        self._mapper.SetClippingPlanes(vtk_planes(spaces))

    def set_rays(self, pixels_apart: float) -> None:
        """Cast a ray for each pixel (1), or fewer rays so many pixels apart."""
        self._mapper.SetImageSampleDistance(pixels_apart)


def _processor_mapper() -> Any:
    mapper = vtkFixedPointVolumeRayCastMapper()
    mapper.AutoAdjustSampleDistancesOff()  # else the picture depends on how fast the machine is
    return mapper


def _card_mapper() -> Any:
    mapper = vtkOpenGLGPUVolumeRayCastMapper()
    mapper.SetMaxMemoryInBytes(_CARD_MEMORY_BYTES)
    mapper.SetMaxMemoryFraction(0.9)
    mapper.AutoAdjustSampleDistancesOff()
    return mapper


def _volume_property(table: Transfer) -> vtkVolumeProperty:
    colours, opacity = vtkColorTransferFunction(), vtkPiecewiseFunction()
    for value, red, green, blue, share in table.points:
        colours.AddRGBPoint(value, red, green, blue)
        opacity.AddPoint(value, share)
    style = vtkVolumeProperty()
    style.SetColor(colours)
    style.SetScalarOpacity(opacity)
    style.SetScalarOpacityUnitDistance(table.unit_mm)
    if table.nearest:
        style.SetInterpolationTypeToNearest()
    else:
        style.SetInterpolationTypeToLinear()
    style.SetShade(table.shade)
    style.SetAmbient(0.28)
    style.SetDiffuse(0.85)
    style.SetSpecular(0.20)
    style.SetSpecularPower(15)
    return style
