"""From a view with open questions to one without: a pure function of the view and the volume."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, fields, replace
from typing import TypeVar

import numpy as np

from dicomvtk.display import WindowLevel
from dicomvtk.errors import DicomVtkWarning, UnsupportedError
from dicomvtk.geometry import Float3
from dicomvtk.render.colour_maps import GREYS, check_colour_map
from dicomvtk.render.drawable import grey
from dicomvtk.render.label_colours import is_label_map
from dicomvtk.render.layout import PANES
from dicomvtk.render.levels import TISSUE_LEVELS, lut_window, surface_level, tissue_level, usual_window, value_spread
from dicomvtk.render.planes import flat_plane
from dicomvtk.render.presets import PRESETS, preset_name
from dicomvtk.render.scene import Layer, SliceLayer, SurfaceLayer, View, VolumeLayer
from dicomvtk.volume import Volume

__all__ = ["State", "resolve"]

_UNIT_WINDOW = WindowLevel(0.5, 1.0)

_L = TypeVar("_L", SliceLayer, SurfaceLayer, VolumeLayer)


@dataclass(frozen=True)
class State(View):
    """A view with nothing left open: the whole of what is on the screen."""

    crosshair: Float3 = (0.0, 0.0, 0.0)
    window: WindowLevel = _UNIT_WINDOW
    invert: bool = False
    colour_map: str = GREYS
    layers: tuple[Layer, ...] = ()

    @property
    def panes(self) -> tuple[str, ...]:
        """The names of the panes on the screen."""
        return PANES.get(self.layout, (self.layout,))

    @property
    def background_3d(self) -> Float3 | None:
        """What the 3-D scene is drawn on: what the table of the volume wants where `background` is open."""
        if self.background is not None:
            return self.background
        return next((PRESETS[layer.preset or "default"].background for layer in self.shown(VolumeLayer)), None)

    def shown(self, kind: type[_L]) -> tuple[_L, ...]:
        """Return the visible layers of one kind."""
        return tuple(layer for layer in self.layers if isinstance(layer, kind) and layer.visible)


def resolve(view: View, volume: Volume) -> State:
    """Return `view` with everything that it leaves open taken from `volume`, a real 3-D frame (see `drawable`).

    The crosshair given is kept as it is: nothing snaps it to a voxel.
    """
    values = {f.name: getattr(view, f.name) for f in fields(View)}
    flat = flat_plane(volume.geometry)
    if flat is not None and view.layout in (*PANES, "3d"):
        values["layout"] = flat
    if view.crosshair is None:
        values["crosshair"] = middle_voxel(volume)
    values["voi_lut"] = _voi_lut(view, volume)
    if values["voi_lut"] is not None:
        values["window"] = lut_window(volume.info.voi_luts[values["voi_lut"]])
    elif view.window is None or volume.is_colour:
        values["window"] = usual_window(volume)
    if view.colour_map is None:
        values["colour_map"] = _kept_colour_map(volume)
    if view.invert is None:
        values["invert"] = volume.info.photometric == "MONOCHROME1"
    layers = view.layers if view.layers is not None else (SliceLayer(), VolumeLayer(), SurfaceLayer(visible=False))
    values["layers"] = tuple(_resolved(layer, volume) for layer in layers)
    return State(**values)


def _kept_colour_map(volume: Volume) -> str:
    """Return the colour map that is kept with the series; greys without one, and where its colours are not here."""
    name = str(volume.info.attributes.get("colormap") or GREYS)
    try:
        check_colour_map(name)
    except UnsupportedError as error:
        warnings.warn(f"Shown in greys: the series asks for other colours. {error}", DicomVtkWarning, stacklevel=2)
        return GREYS
    return name


def _voi_lut(view: View, volume: Volume) -> int | None:
    luts = volume.info.voi_luts
    if volume.is_colour or (view.window is not None and view.voi_lut is None):
        return None
    if view.voi_lut is not None and view.voi_lut >= len(luts):
        raise UnsupportedError(f"There is no VOI LUT {view.voi_lut} in this header; it has {len(luts)}, from 0.")
    return 0 if view.voi_lut is None and luts else view.voi_lut


def middle_voxel(volume: Volume) -> Float3:
    """Return the LPS centre in mm of the voxel in the middle, so that acquired slices show unmixed.

    Of two in the middle the one further to L, P or S: the same place whichever way a grid is counted.
    """
    geometry = volume.geometry
    middle = (np.asarray(geometry.shape) - 1) / 2
    grows = [bool(column[np.argmax(np.abs(column))] > 0) for column in geometry.direction.T]
    x, y, z = (float(v) for v in geometry.index_to_physical(np.where(grows, np.ceil(middle), np.floor(middle))))
    return (x, y, z)


def _resolved(layer: Layer, volume: Volume) -> Layer:
    if isinstance(layer, SurfaceLayer) and layer.level is None:
        named = layer.name.lower() in TISSUE_LEVELS
        level = tissue_level(layer.name.lower(), volume) if named else surface_level(grey(volume))
        return replace(layer, level=level)
    if isinstance(layer, VolumeLayer) and layer.preset is None:
        by_values = "labels" if is_label_map(volume) else preset_name(volume.info.modality, value_spread(volume))
        return replace(layer, preset=by_values)
    return layer
