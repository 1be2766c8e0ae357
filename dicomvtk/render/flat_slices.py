"""Slices cut without OpenGL: what a vtkImageSlice shows, as an array."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkCommonDataModel import vtkImageData
from vtkmodules.vtkImagingCore import vtkImageReslice
from vtkmodules.vtkRenderingCore import vtkCamera, vtkImageProperty, vtkImageSlice

from dicomvtk.bridge.images import geometry_of
from dicomvtk.bridge.pipeline import run

__all__ = ["colours_of", "slice_pixels"]

_LINEAR = 1
_BYTE = 255.0
#: Voxels that half a slab goes along an axis that it does not go along.
_FLAT = 1e-9

Vector = NDArray[np.float64]


def slice_pixels(prop: vtkImageSlice, camera: vtkCamera, size: tuple[int, int]) -> NDArray[np.float32]:
    """Return the pixels (height, width, RGBA), 0 to 1, row 0 at the bottom, of a slice that faces a parallel camera.

    `prop` has a vtkImageResliceMapper; `size` is that of its pane, (width, height) pixels. What lies in no voxel has
    an opacity of 0.
    """
    mapper, style = prop.GetMapper(), prop.GetProperty()
    image: vtkImageData = mapper.GetInput()
    into = np.array(camera.GetDirectionOfProjection())
    up = np.array(camera.GetViewUp())
    right = np.cross(into, up)
    width, height = size
    scale = 2 * camera.GetParallelScale() / height
    plane = mapper.GetSlicePlane()
    focus = np.array(camera.GetFocalPoint())
    focus = focus + float((np.array(plane.GetOrigin()) - focus) @ into) * into
    corner = focus - (width - 1) / 2 * scale * right - (height - 1) / 2 * scale * up
    reslice = vtkImageReslice()
    reslice.SetInputData(image)
    reslice.SetOutputDimensionality(2)
    reslice.SetResliceAxesDirectionCosines(*right, *up, *np.cross(right, up))
    reslice.SetResliceAxesOrigin(*corner)
    reslice.SetOutputOrigin(0.0, 0.0, 0.0)
    reslice.SetOutputSpacing(scale, scale, 1.0)
    reslice.SetOutputExtent(0, width - 1, 0, height - 1, 0, 0)
    reslice.SetOutputDirection(1, 0, 0, 0, 1, 0, 0, 0, 1)
    reslice.BorderOn()
    reslice.SetInterpolationMode(1 if style.GetInterpolationType() == _LINEAR else 0)
    _thicken(reslice, mapper, image, into)
    samples = image.GetNumberOfScalarComponents()
    values = vtk_to_numpy(run(reslice).GetPointData().GetScalars()).reshape(height, width, samples)
    pixels = colours_of(values, style)
    pixels[~_inside(image, corner, (scale * right, scale * up, mapper.GetSlabThickness() / 2 * into), size), 3] = 0.0
    return pixels


def _thicken(reslice: vtkImageReslice, mapper: Any, image: vtkImageData, into: Vector) -> None:
    """Let `reslice` blend as many slices as the mapper does: so many for each voxel that the slab crosses."""
    thickness = mapper.GetSlabThickness()
    if thickness <= 0:
        return
    along = np.abs(into @ geometry_of(image).direction)
    step = float(along @ np.array(image.GetSpacing())) / float(along.sum()) / mapper.GetSlabSampleFactor()
    count = max(1, math.ceil(thickness / step))
    reslice.SetSlabNumberOfSlices(count)
    reslice.SetSlabMode(mapper.GetSlabType())
    reslice.SetSlabSliceSpacingFraction(step)


def colours_of(values: NDArray[Any], style: vtkImageProperty) -> NDArray[np.float32]:
    """Return the colours (..., RGBA), 0 to 1, of `values` (..., samples) by window, level and table."""
    table = style.GetLookupTable()
    centre, width = style.GetColorLevel(), style.GetColorWindow()
    if table is not None and style.GetUseLookupTableScalarRange():
        low, high = table.GetTableRange()
        centre, width = (low + high) / 2, high - low
    shares = (values.astype(np.float32) - (centre - width / 2)) / width
    if values.shape[-1] == 1 and table is not None:
        entries = vtk_to_numpy(table.GetTable())
        index = np.clip(np.floor(shares[..., 0] * len(entries)), 0, len(entries) - 1).astype(np.intp)
        return entries[index].astype(np.float32) / np.float32(_BYTE)
    colours = np.ones((*values.shape[:-1], 4), np.float32)
    colours[..., :3] = np.clip(shares[..., :3], 0.0, 1.0)
    return colours


def _inside(
    image: vtkImageData, corner: Vector, steps: tuple[Vector, Vector, Vector], size: tuple[int, int]
) -> NDArray[np.bool_]:
    """Return which pixels (height, width) lie in a voxel, or have one before or behind them in the slab.

    `steps` are a pixel to the right, a pixel up, and half of the slab into the screen.
    """
    geometry = geometry_of(image)
    start = geometry.physical_to_index(corner)
    right, up, half = (geometry.physical_to_index(corner + step) - start for step in steps)
    width, height = size
    xs, ys = np.arange(width), np.arange(height)[:, np.newaxis]
    first, last = np.full((height, width), -1.0), np.full((height, width), 1.0)  # of the halves of the slab
    for axis, n in enumerate(image.GetDimensions()):
        index = start[axis] + xs * right[axis] + ys * up[axis]
        if abs(half[axis]) < _FLAT:
            last[(index < -0.5) | (index > n - 0.5)] = -np.inf
            continue
        ends = (-0.5 - index) / half[axis], (n - 0.5 - index) / half[axis]
        first, last = np.maximum(first, np.minimum(*ends)), np.minimum(last, np.maximum(*ends))
    return first <= last
