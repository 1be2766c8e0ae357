"""The 3-D pane: a scene, or a picture of it made elsewhere; its text, and a cube that says which way is which."""

from __future__ import annotations

from vtkmodules.vtkCommonDataModel import vtkImageData
from vtkmodules.vtkRenderingCore import vtkImageProperty, vtkTexture

from dicomvtk.geometry import Float3
from dicomvtk.render.annotations import Corners
from dicomvtk.render.compass import Compass
from dicomvtk.render.crop_box import CropBox
from dicomvtk.render.crosshair_3d import Crosshair3D
from dicomvtk.render.errands import Errands
from dicomvtk.render.frame import PLANE_COLOURS, PaneFrame
from dicomvtk.render.labels import PaneLabels
from dicomvtk.render.layout import Rect
from dicomvtk.render.pictures import Picture, vtk_picture
from dicomvtk.render.planes import SlicePlane
from dicomvtk.render.resolve import State
from dicomvtk.render.scene_3d import Scene3D
from dicomvtk.render.text import is_light
from dicomvtk.volume import Volume

__all__ = ["Pane3D"]


class Pane3D:
    """The VTK side of the 3-D pane; `apply` brings it to a state."""

    def __init__(
        self, volume: Volume, image: vtkImageData, style: vtkImageProperty, errands: Errands | None = None
    ) -> None:
        self.scene = Scene3D(volume, image, style, errands)
        self.renderer = self.scene.renderer
        self.compass = Compass(placed=volume.geometry.placed)
        self._geometry = volume.geometry
        self._labels = PaneLabels(self.renderer)
        self._crop_box = CropBox(self.renderer)
        self._crosshair = Crosshair3D(self.renderer, volume)
        self._frame = PaneFrame(self.renderer, PLANE_COLOURS["3d"])
        self._texture = vtkTexture()
        self._texture.InterpolateOff()  # pixel for pixel
        self._picture: Picture | None = None

    def apply(
        self,
        state: State,
        planes: dict[str, SlicePlane],
        corners: Corners,
        rect: Rect,
        picture: Picture | None = None,
        *,
        mark: Float3,
    ) -> None:
        """Show `state` in a pane that takes `rect` of the window: `picture`, of the same size, or what is built.

        The crosshair is drawn at `mark`, LPS mm.
        """
        self.scene.apply(state, planes, rect)
        self._show(picture)
        self.compass.apply(state.camera)
        self._crop_box.apply(state, self._geometry, rect)
        self._crosshair.apply(state, planes.values(), rect, mark)
        self._frame.apply(rect, visible=len(state.panes) > 1)
        light = is_light(state.background_3d)
        self._labels.apply(corners, ("", "", "", ""), rect, visible=state.annotations, light=light)

    def _show(self, picture: Picture | None) -> None:
        self.renderer.SetTexturedBackground(picture is not None)
        if picture is None:
            return
        self.scene.hide()
        if picture is not self._picture:
            self._texture.SetInputData(vtk_picture(picture))
            self.renderer.SetBackgroundTexture(self._texture)
            self._picture = picture
