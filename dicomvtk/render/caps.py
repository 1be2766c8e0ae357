"""The faces where the 3-D scene is cut, drawn as slices in the volume's own colours.

Rays shade by the gradient, and on a cut face that is noise, or nothing at all and black, never the face itself.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from vtkmodules.vtkCommonCore import vtkLookupTable
from vtkmodules.vtkCommonDataModel import vtkImageData, vtkPlane
from vtkmodules.vtkRenderingCore import vtkImageProperty, vtkImageSlice, vtkRenderer

from dicomvtk.render.cutting import HalfSpace, vtk_planes
from dicomvtk.render.presets import Transfer
from dicomvtk.render.slice_pane import slice_prop

__all__ = ["Caps", "is_closed"]

Point = NDArray[np.float64]

#: What is less opaque than this is left open, so that what lies behind shows; tables that stay below `_DENSE` are mist.
_SEEN = 0.1
_DENSE = 0.5
#: Of the light that falls straight on a surface, what the rays give back too.
_LIGHT = 0.88
_COLOURS = 1024


class Caps:
    """The slices that close a cut volume; `apply` brings them to where it is cut."""

    def __init__(self, renderer: vtkRenderer, image: vtkImageData) -> None:
        self._renderer = renderer
        self._image = image
        self._style = vtkImageProperty()
        self._style.SetAmbient(1.0)
        self._style.SetDiffuse(0.0)
        self._style.UseLookupTableScalarRangeOn()
        self._table: Transfer | None = None
        self._caps: list[tuple[vtkPlane, vtkImageSlice]] = []

    def set_image(self, image: vtkImageData) -> None:
        """Cut another frame on the same grid."""
        self._image = image
        for _plane, prop in self._caps:
            prop.GetMapper().SetInputData(image)

    def come_last(self) -> None:
        """Be drawn after what is in the renderer now: a face that lets through blends with what is there already."""
        for _plane, prop in self._caps:
            self._renderer.RemoveViewProp(prop)
            self._renderer.AddViewProp(prop)

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
            self._style.SetLookupTable(_lookup_table(table))
            self._table = table
        while len(self._caps) < len(faces):
            self._add()
        for number, (plane, prop) in enumerate(self._caps):
            prop.SetVisibility(number < len(faces))
            if number < len(faces):
                point, normal = faces[number]
                plane.SetOrigin(*point)
                plane.SetNormal(*normal)
                others = tuple(space for space in spaces if not _same(space, faces[number]))
                prop.GetMapper().SetClippingPlanes(vtk_planes(others))

    def hide(self) -> None:
        """Draw none of them until the next `apply`."""
        for _plane, prop in self._caps:
            prop.VisibilityOff()

    def set_coarse(self, coarse: bool) -> None:
        """Cut at the voxels' own fineness and not at the screen's, which would cut anew for every turn."""
        for _plane, prop in self._caps:
            prop.GetMapper().SetResampleToScreenPixels(not coarse)

    def _add(self) -> None:
        plane = vtkPlane()
        prop = slice_prop(self._image, plane, self._style)
        prop.GetMapper().BorderOff()
        self._renderer.AddViewProp(prop)
        self._caps.append((plane, prop))


def is_closed(table: Transfer, opacity: float) -> bool:
    """Return whether a cut face of a volume coloured by `table` is drawn where its voxels have this opacity."""
    return _closes(table) and opacity >= _SEEN


def _closes(table: Transfer) -> bool:
    return table.blend == "composite" and max(point[4] for point in table.points) >= _DENSE


def _same(one: HalfSpace, other: HalfSpace) -> bool:
    return bool(np.array_equal(one[0], other[0]) and np.array_equal(one[1], other[1]))


def _lookup_table(transfer: Transfer) -> vtkLookupTable:
    points: NDArray[np.float64] = np.array(transfer.points)
    values = np.linspace(points[0, 0], points[-1, 0], _COLOURS)
    red, green, blue, opacity = (np.interp(values, points[:, 0], points[:, column]) for column in range(1, 5))
    seen = opacity >= _SEEN
    # What is not seen has the colours of its nearest seen value: at an edge the two mix.
    red, green, blue = (np.interp(values, values[seen], shade[seen]) for shade in (red, green, blue))
    table = vtkLookupTable()
    table.SetNumberOfTableValues(_COLOURS)
    table.SetTableRange(float(values[0]), float(values[-1]))
    for number in range(_COLOURS):
        rgb = [_LIGHT * float(shade[number]) for shade in (red, green, blue)]
        table.SetTableValue(number, [*rgb, float(seen[number])])
    return table
