"""A scene of three dimensions drawn into an array without OpenGL: surfaces, slices and the volume's rays.

In VTK's order: what is opaque, what lets through, the volumes, each hidden by what lies in front of it.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from vtkmodules.vtkCommonDataModel import vtkImageData
from vtkmodules.vtkRenderingAnnotation import vtkAnnotatedCubeActor
from vtkmodules.vtkRenderingCore import (
    vtkActor,
    vtkImageSlice,
    vtkProp,
    vtkPropCollection,
    vtkRenderer,
    vtkVolume,
)
from vtkmodules.vtkRenderingOpenGL2 import vtkGenericOpenGLRenderWindow
from vtkmodules.vtkRenderingVolume import vtkFixedPointRayCastImage

from dicomvtk.bridge.images import geometry_of
from dicomvtk.render.flat_actors import Canvas, lay_over
from dicomvtk.render.flat_slices import colours_of
from dicomvtk.render.flat_triangles import Depths, Lens, draw_triangles, lamps_of
from dicomvtk.render.sampling import sampled

__all__ = ["draw_scene"]

_LINEAR = 1
#: What is 1 in the numbers of 15 bits that VTK's rays give.
_ONE = 0x7FFF


def draw_scene(pane: Canvas, props: Sequence[vtkProp], renderer: vtkRenderer) -> None:
    """Draw those of the props of `renderer` that have a place in space into its pane."""
    height, width = pane.shape[:2]
    camera, lamps = renderer.GetActiveCamera(), lamps_of(renderer)
    lens = Lens.of(camera, (width, height))
    depths: Depths = np.ones((height, width), np.float32)
    actors = list(_actors(props))
    for actor in sorted(actors, key=lambda one: one.GetProperty().GetOpacity() < 1):
        draw_triangles(pane, depths, actor, lens, lamps)
    for prop in props:
        if isinstance(prop, vtkImageSlice):
            _draw_slice(pane, depths, prop, lens)
    for prop in props:
        if isinstance(prop, vtkVolume):
            _draw_rays(pane, depths, prop, renderer)


def _actors(props: Iterable[vtkProp]) -> Iterator[vtkActor]:
    for prop in props:
        if isinstance(prop, vtkActor):
            yield prop
        elif isinstance(prop, vtkAnnotatedCubeActor):
            prop.HasTranslucentPolygonalGeometry()  # which brings the parts to where they are
            parts = vtkPropCollection()
            prop.GetActors(parts)
            yield from (part for part in parts if isinstance(part, vtkActor) and part.GetVisibility())


def _draw_slice(pane: Canvas, depths: Depths, prop: vtkImageSlice, lens: Lens) -> None:
    """Draw a slice seen from anywhere: where the ray of each pixel meets its plane."""
    mapper = prop.GetMapper()
    plane = mapper.GetSlicePlane()
    points, depth = lens.on_plane(np.array(plane.GetOrigin()), np.array(plane.GetNormal()))
    image: vtkImageData = mapper.GetInput()
    index = geometry_of(image).physical_to_index(points)
    shape = np.array(image.GetDimensions())
    border = 0.5 if mapper.GetBorder() else 0.0
    seen = np.all((index >= -border) & (index <= shape - 1 + border), axis=-1) & (depth <= depths) & (depth >= 0)
    seen &= lens.kept(points, mapper.GetClippingPlanes())
    if not seen.any():
        return
    linear = prop.GetProperty().GetInterpolationType() == _LINEAR
    colours = colours_of(sampled(image, index[seen], linear=linear), prop.GetProperty())
    ink = np.zeros((*depths.shape, 4), np.float32)
    ink[seen] = colours
    lay_over(pane, ink)
    opaque = ink[..., 3] > 0
    depths[opaque] = depth[opaque]


def _draw_rays(pane: Canvas, depths: Depths, prop: vtkVolume, shown_by: vtkRenderer) -> None:
    """Cast rays by VTK's mapper for processors, step by step as it does itself but for showing them."""
    height, width = pane.shape[:2]
    window, renderer = vtkGenericOpenGLRenderWindow(), vtkRenderer()  # never drawn in: rays ask for a size alone
    window.SetSize(width, height)
    window.AddRenderer(renderer)
    renderer.SetActiveCamera(shown_by.GetActiveCamera())
    for lamp in shown_by.GetLights():
        renderer.AddLight(lamp)
    renderer.UpdateLightsGeometryToFollowCamera()
    mapper = prop.GetMapper()
    nowhere, nothing = [0.0, 0.0, 0.0], [0, 0, 0, 0, 0, 0]
    mapper.SetIntermixIntersectingGeometry(False)  # VTK would ask OpenGL for the depths
    mapper.PerImageInitialization(renderer, prop, 0, nowhere, nowhere, nothing)
    mapper.PerVolumeInitialization(renderer, prop)
    mapper.PerSubVolumeInitialization(renderer, prop, 0)
    cast = mapper.GetRayCastImage()
    (columns, rows), (left, low) = cast.GetImageInUseSize(), cast.GetImageOrigin()
    where = np.s_[low : low + rows, left : left + columns]
    if pane[where].shape[:2] == (rows, columns):  # else the volume is nowhere in the pane
        _hide_behind(cast, depths[where])
        mapper.RenderSubVolume()
        ink = _pixels_of(cast)
        pane[where] = np.minimum(pane[where] * (1 - ink[..., 3:]) + ink[..., :3], 1.0)
    window.RemoveRenderer(renderer)


def _hide_behind(cast: vtkFixedPointRayCastImage, depths: Depths) -> None:
    """Let rays end at `depths`, those of the pixels that `cast` has."""
    rows, columns = depths.shape
    cast.SetUseZBuffer(True)
    cast.SetZBufferOrigin(*cast.GetImageOrigin())
    cast.SetZBufferSize(columns, rows)
    cast.AllocateZBuffer()
    _array_at(cast.GetZBuffer(), ctypes.c_float, columns * rows)[:] = depths.ravel()


def _pixels_of(cast: vtkFixedPointRayCastImage) -> NDArray[np.float32]:
    """Return the pixels (rows, columns, RGBA) that the rays gave, their colours multiplied by their opacity."""
    (columns, rows), (width, height) = cast.GetImageInUseSize(), cast.GetImageMemorySize()
    pixels = _array_at(cast.GetImage(), ctypes.c_uint16, width * height * 4).reshape(height, width, 4)
    return pixels[:rows, :columns].astype(np.float32) / np.float32(_ONE)


def _array_at(pointer: Any, kind: type[Any], count: int) -> NDArray[Any]:
    """Return `count` numbers behind a pointer as VTK writes it for Python: ``_00005600cafe_p_void``."""
    address = int(str(pointer).split("_")[1], 16)
    return np.ctypeslib.as_array((kind * count).from_address(address))
