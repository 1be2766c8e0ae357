"""The faces where the 3-D scene is cut, drawn as slices in the volume's own colours.

Rays shade by the gradient, and on a cut face that is noise, or nothing at all and black, never the face itself.
"""

from __future__ import annotations

import itertools
import math

import numpy as np
from numpy.typing import NDArray
from vtkmodules.util.numpy_support import numpy_to_vtk, vtk_to_numpy
from vtkmodules.vtkCommonCore import VTK_FLOAT
from vtkmodules.vtkCommonDataModel import vtkImageData
from vtkmodules.vtkFiltersSources import vtkPlaneSource
from vtkmodules.vtkImagingCore import vtkImageReslice
from vtkmodules.vtkRenderingCore import vtkActor, vtkPolyDataMapper, vtkRenderer, vtkTexture

from dicomvtk.bridge.images import geometry_of
from dicomvtk.bridge.pipeline import run
from dicomvtk.render.cutting import HalfSpace, vtk_planes
from dicomvtk.render.presets import Transfer

__all__ = ["Caps", "is_closed"]

Point = NDArray[np.float64]

#: What is less opaque than this is left open, so that what lies behind shows; tables that stay below `_DENSE` are mist.
_SEEN = 0.1
_DENSE = 0.5
#: Of the light that falls straight on a surface, what the rays give back too.
_LIGHT = 0.88
_COLOURS = 8192
#: Pixels of a face along its longer side, at most.
_MOST_PIXELS = 1024
#: How far a face lies before the cut, in voxels: a graphics card casts a first sample at the cut itself (VTK 9.7).
_LIFT = 0.3
#: A pixel of a face is there or not: one that lets through would hide from the rays what lies behind it.
_THERE_OR_NOT = """//VTK::TCoord::Impl
  if (gl_FragData[0].a < 0.5) discard;
  gl_FragData[0].a = 1.0;
"""


class Caps:
    """The slices that close a cut volume; `apply` brings them to where it is cut."""

    def __init__(self, renderer: vtkRenderer, image: vtkImageData) -> None:
        self._renderer = renderer
        self._image = image
        #: Whether a processor casts the rays between the faces.
        self.software = True
        self._table: Transfer | None = None
        self._colours: NDArray[np.uint8] = np.zeros((_COLOURS, 4), np.uint8)
        self._caps: list[_Cap] = []

    def set_image(self, image: vtkImageData) -> None:
        """Cut another image of the same place."""
        if image is not self._image:
            self._image = image
            self._forget()

    def apply(
        self, table: Transfer | None, faces: tuple[HalfSpace, ...], spaces: tuple[HalfSpace, ...], eye: Point
    ) -> None:
        """Close a volume coloured by `table` at those of `faces` that `eye` sees, inside `spaces`; None closes nothing.

        A face bounds one of the spaces, or the grid. `eye` is in LPS mm.
        """
        faces = tuple((point, normal) for point, normal in faces if float((eye - point) @ normal) < 0)
        if table is None or not _closes(table):
            faces = ()
        elif table != self._table:
            self._table, self._colours = table, _colours(table)
            self._forget()
        while len(self._caps) < len(faces):
            self._caps.append(_Cap(self._renderer))
        # A face that is there already keeps its picture, whichever others come and go as the eye moves.
        free = [cap for cap in self._caps if not any(_same(cap.face, face) for face in faces)]
        for cap in free:
            cap.actor.VisibilityOff()
        for face in faces:
            cap = next((cap for cap in self._caps if _same(cap.face, face)), None) or free.pop()
            if not _same(cap.face, face) and table is not None:
                cap.cut(self._image, face, table, self._colours, 0.0 if self.software else _LIFT)
            cap.actor.VisibilityOn()
            others = tuple(space for space in spaces if not _same(space, face))
            cap.actor.GetMapper().SetClippingPlanes(vtk_planes(others))

    def hide(self) -> None:
        """Draw none of them until the next `apply`."""
        for cap in self._caps:
            cap.actor.VisibilityOff()

    def _forget(self) -> None:
        for cap in self._caps:
            cap.face = None


class _Cap:
    """One face: a picture on a rectangle."""

    def __init__(self, renderer: vtkRenderer) -> None:
        self.face: HalfSpace | None = None
        self._corners = vtkPlaneSource()
        self._texture = vtkTexture()
        self._texture.InterpolateOn()
        mapper = vtkPolyDataMapper()
        mapper.SetInputConnection(self._corners.GetOutputPort())
        self.actor = vtkActor()
        self.actor.SetMapper(mapper)
        self.actor.SetTexture(self._texture)
        self.actor.ForceOpaqueOn()
        self.actor.GetProperty().LightingOff()
        self.actor.GetShaderProperty().AddFragmentShaderReplacement("//VTK::TCoord::Impl", True, _THERE_OR_NOT, False)
        renderer.AddActor(self.actor)

    def cut(
        self, image: vtkImageData, face: HalfSpace, table: Transfer, colours: NDArray[np.uint8], lift: float
    ) -> None:
        """Show what `face` cuts of `image`, in `colours` from the first to the last value of `table`.

        It stands `lift` voxels before the cut.
        """
        point, normal = face
        corner, across, up, pixels, mm = _rectangle(image, point, normal)
        reslice = vtkImageReslice()
        reslice.SetInputData(image)
        reslice.SetResliceAxesDirectionCosines(*across, *up, *np.cross(across, up))
        reslice.SetResliceAxesOrigin(*corner)
        reslice.SetOutputOrigin(0, 0, 0)
        reslice.SetOutputSpacing(mm, mm, mm)
        reslice.SetOutputDirection(1, 0, 0, 0, 1, 0, 0, 0, 1)
        reslice.SetOutputExtent(0, pixels[0] - 1, 0, pixels[1] - 1, 0, 0)
        if table.nearest:
            reslice.SetInterpolationModeToNearestNeighbor()
        else:
            reslice.SetInterpolationModeToLinear()
        reslice.SetOutputScalarType(VTK_FLOAT)
        low, high = table.points[0][0], table.points[-1][0]
        reslice.SetBackgroundLevel(low)
        values = vtk_to_numpy(run(reslice).GetPointData().GetScalars())
        last = len(colours) - 1
        numbers = np.clip((values - low) * (last / (high - low)) + 0.5, 0, last).astype(np.int32)
        picture = vtkImageData()
        picture.SetDimensions(*pixels, 1)
        picture.GetPointData().SetScalars(numpy_to_vtk(colours[numbers], deep=True))
        self._texture.SetInputData(picture)
        half = mm / 2
        origin = corner - half * across - half * up - lift * min(image.GetSpacing()) * np.asarray(normal)
        self._corners.SetOrigin(*origin)
        self._corners.SetPoint1(*(origin + pixels[0] * mm * across))
        self._corners.SetPoint2(*(origin + pixels[1] * mm * up))
        self.face = face


def is_closed(table: Transfer, opacity: float) -> bool:
    """Return whether a cut face of a volume coloured by `table` is drawn where its voxels have this opacity."""
    return _closes(table) and opacity >= _SEEN


def _closes(table: Transfer) -> bool:
    return table.blend == "composite" and max(point[4] for point in table.points) >= _DENSE


def _same(one: HalfSpace | None, other: HalfSpace) -> bool:
    return one is not None and bool(np.array_equal(one[0], other[0]) and np.array_equal(one[1], other[1]))


def _rectangle(image: vtkImageData, point: Point, normal: Point) -> tuple[Point, Point, Point, tuple[int, int], float]:
    """Return the rectangle in the plane that holds all of `image` which the plane cuts.

    The centre of its first pixel, the unit vectors along its rows and up, its pixels along these, and their size in mm.
    """
    axes = geometry_of(image).direction.T
    along = axes[np.argsort(np.abs(axes @ normal))[0]]  # the axis that lies in the plane best: rows of voxels stay rows
    across = along - (along @ normal) * normal
    across /= np.linalg.norm(across)
    up = np.cross(normal, across)
    extent = np.reshape(image.GetExtent(), (3, 2)) * np.reshape(image.GetSpacing(), (3, 1))
    away = np.array(list(itertools.product(*extent))) @ axes + np.array(image.GetOrigin()) - point
    low = np.array([(away @ across).min(), (away @ up).min()])
    sides = np.array([(away @ across).max(), (away @ up).max()]) - low
    mm = max(min(image.GetSpacing()), float(sides.max()) / (_MOST_PIXELS - 1))
    pixels = (math.ceil(sides[0] / mm - 1e-6) + 1, math.ceil(sides[1] / mm - 1e-6) + 1)
    return point + low[0] * across + low[1] * up, across, up, pixels, mm


def _colours(transfer: Transfer) -> NDArray[np.uint8]:
    """Return the colours (_COLOURS, 4) of values from the first to the last of `transfer`, seen or not."""
    points: NDArray[np.float64] = np.array(transfer.points)
    values = np.linspace(points[0, 0], points[-1, 0], _COLOURS)
    red, green, blue, opacity = (np.interp(values, points[:, 0], points[:, column]) for column in range(1, 5))
    seen = opacity >= _SEEN
    # What is not seen has the colours of its nearest seen value: at an edge the two mix.
    light = _LIGHT if transfer.shade else 1.0
    rgb = [light * np.interp(values, values[seen], shade[seen]) for shade in (red, green, blue)]
    return np.rint(255 * np.column_stack([*rgb, seen])).astype(np.uint8)
