"""The crosshair in the 3-D pane: three short lines through its point, over all that is drawn."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
from vtkmodules.vtkRenderingCore import vtkRenderer

from dicomvtk.geometry import Float3
from dicomvtk.render.layout import Rect
from dicomvtk.render.lens import mm_per_pixel_3d, pixels_of
from dicomvtk.render.pixel_shapes import PixelLines, Segment
from dicomvtk.render.planes import SlicePlane
from dicomvtk.render.resolve import State, middle_voxel
from dicomvtk.volume import Volume

__all__ = ["Crosshair3D"]

_COLOUR, _HALO = (1.0, 0.80, 0.35), (0.0, 0.0, 0.0)
#: Length of an arm as a share of the pane's side, and what is left open in the middle.
_ARM_SHARE, _GAP_PIXELS = 0.05, 4.0


class Crosshair3D:
    """Lines along the normals of the slice planes; `apply` brings them to a state."""

    def __init__(self, renderer: vtkRenderer, volume: Volume) -> None:
        self._halo = PixelLines(renderer, _HALO, width=3.0, opacity=0.55)
        self._lines = PixelLines(renderer, _COLOUR)
        self._geometry = volume.geometry
        self._middle = middle_voxel(volume)

    def apply(self, state: State, planes: Iterable[SlicePlane], rect: Rect, point: Float3) -> None:
        """Mark `point`, LPS mm, in a pane that takes `rect`.

        A scene alone in its window has a mark only once somebody has put it somewhere.
        """
        shown = state.show_crosshair and (len(state.panes) > 1 or point != self._middle)
        segments = self._arms(state, planes, rect, point) if shown else []
        self._halo.draw(segments)
        self._lines.draw(segments)

    def _arms(self, state: State, planes: Iterable[SlicePlane], rect: Rect, point: Float3) -> list[Segment]:
        arm_mm = _ARM_SHARE * min(rect.width, rect.height) * mm_per_pixel_3d(self._geometry, state.camera, rect)
        at = np.asarray(point)
        ends = [at + sign * arm_mm * plane.normal for plane in planes for sign in (-1.0, 1.0)]
        middle, *tips = pixels_of(self._geometry, state.camera, rect, [at, *ends]) - (rect.x, rect.y)
        segments = []
        for tip in tips:
            away = tip - middle
            length = math.hypot(*away)
            if length > _GAP_PIXELS:  # not an arm that points at the eye, nor one behind it
                (x0, y0), (x1, y1) = middle + away * (_GAP_PIXELS / length), tip
                segments.append((float(x0), float(y0), float(x1), float(y1)))
        return segments
