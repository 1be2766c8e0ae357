"""What to draw, as data: a frozen `View` says it all, without VTK, and goes to JSON and back.

Whatever is None is left to `resolve`, which fills it in from the volume. Interaction replaces the view.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from dicomvtk.display import WindowLevel
from dicomvtk.errors import UnsupportedError
from dicomvtk.geometry import Float3
from dicomvtk.render.checks import check_flags, check_kinds, check_zoom, colour, finite, floats, indices, unit
from dicomvtk.render.colour_maps import check_colour_map
from dicomvtk.render.layers import Layer, SliceLayer, SurfaceLayer, VolumeLayer

__all__ = [
    "CLIP_SIDES",
    "LAYOUTS",
    "PLANES",
    "SLAB_BLENDS",
    "Camera3D",
    "Layer",
    "PaneCamera",
    "Slab",
    "SliceLayer",
    "SurfaceLayer",
    "View",
    "VolumeLayer",
    "checked_view",
]

#: The anatomical planes, in the order in which a layout of four shows them.
PLANES: tuple[str, ...] = ("axial", "sagittal", "coronal")
LAYOUTS: tuple[str, ...] = ("quad", "three", *PLANES, "3d")
SLAB_BLENDS: tuple[str, ...] = ("max", "min", "mean")
#: The sides of the patient that a slice may cut off the 3-D scene, with the slice that does.
CLIP_SIDES: dict[str, str] = {
    "A": "coronal",
    "P": "coronal",
    "L": "sagittal",
    "R": "sagittal",
    "H": "axial",
    "F": "axial",
}
#: Cosine of the angle between a camera's two vectors that is taken as a right one: JSON of 4 digits still passes.
_RIGHT_ANGLE_TOLERANCE = 1e-3
_FLAGS = (
    "invert",
    "neurological",
    "colour_bar",
    "crop_box",
    "annotations",
    "show_crosshair",
    "interpolation",
    "help_sheet",
)
#: Of the names in JSON; another number when a name comes to mean something else.
_VERSION = 1
_WHOLE_BOX = (0.0, 1.0, 0.0, 1.0, 0.0, 1.0)
_PLANES_ALONG: tuple[str, ...] = ("volume", "patient")


@dataclass(frozen=True)
class PaneCamera:
    """How a slice pane is looked at: `zoom` 1 fits the slice; `pan_mm` moves the eye to screen right and up."""

    zoom: float = 1.0
    pan_mm: tuple[float, float] = (0.0, 0.0)

    def __post_init__(self) -> None:
        check_zoom(self.zoom)
        object.__setattr__(self, "pan_mm", floats(self.pan_mm, 2, "pan_mm"))


@dataclass(frozen=True)
class Camera3D:
    """How the 3-D pane is looked at, whatever the size of the pane.

    `direction` (into the screen) and `up` are LPS vectors at right angles, of any length; the default looks from the
    front. `zoom` 1 fits the volume; `pan_mm` moves the eye to screen right and up.
    """

    direction: Float3 = (0.0, 1.0, 0.0)
    up: Float3 = (0.0, 0.0, 1.0)
    zoom: float = 1.0
    pan_mm: tuple[float, float] = (0.0, 0.0)

    def __post_init__(self) -> None:
        check_zoom(self.zoom)
        object.__setattr__(self, "pan_mm", floats(self.pan_mm, 2, "pan_mm"))
        object.__setattr__(self, "direction", unit(self.direction, "direction"))
        object.__setattr__(self, "up", unit(self.up, "up"))
        across = sum(a * b for a, b in zip(self.direction, self.up, strict=True))
        if abs(across) > _RIGHT_ANGLE_TOLERANCE:
            raise UnsupportedError(f"A camera's direction {self.direction} and up {self.up} are not at right angles.")


@dataclass(frozen=True)
class Slab:
    """How thick the slices on the screen are: `thickness_mm` 0 is one slice, else `blend` of all inside is shown.

    `blend` is ``"max"``, ``"min"`` or ``"mean"`` of the values across.
    """

    thickness_mm: float = 0.0
    blend: str = "max"

    def __post_init__(self) -> None:
        if not (finite(self.thickness_mm) and self.thickness_mm >= 0):
            raise UnsupportedError(f"A slab of {self.thickness_mm} mm; expected a finite thickness of 0 or more.")
        if self.blend not in SLAB_BLENDS:
            raise UnsupportedError(f"Unknown slab blend {self.blend!r}; expected one of {', '.join(SLAB_BLENDS)}.")


@dataclass(frozen=True)
class View:
    """Everything that decides a picture of a volume.

    Parameters
    ----------
    layout : ``"quad"``, ``"three"``, ``"axial"``, ``"sagittal"``, ``"coronal"`` or ``"3d"``
        Three is the slices without the 3-D pane. A volume of one slice shows that slice alone where several panes
        are asked for.
    crosshair : (x, y, z)
        The LPS point in mm that the slices go through; None = the middle voxel.
    window : WindowLevel
        None = the first VOI LUT of the header, else its first window, else soft tissue for CT, else from the values.
        Colour images are shown in their own colours, whatever it is.
    voi_lut : int
        Index of the VOI LUT of the header that is shown in place of the window; None = the window, where it is given.
    invert : bool
        White for low values; None = where the values are MONOCHROME1.
    along : ``"volume"`` or ``"patient"``
        Slices as acquired, each plane nearest to its name, or exactly along the patient's axes.
    tilt : (x, y, z)
        How the three planes are turned from there: a rotation vector in LPS, its length the angle in degrees.
    neurological : bool
        Axial from the head and coronal from behind: the patient's left on screen left; unplaced volumes stay.
    slab : Slab
        How thick the slices are.
    colour_map : str
        Colours of the slices by Matplotlib's name (`colour_maps`), ``_r`` for reversed; `colour_bar` shows them.
        None = those that are kept with the series (``info.attributes["colormap"]``), else greys.
    frame : tuple of int
        Index along each dimension past the slices; what is left out is 0.
    crop : (r, l, a, p, f, h)
        What of the 3-D scene is kept: from and to, as shares (0 to 1) of the volume towards L, P and H; `crop_box`
        draws that box.
    clip : ``"A"``, ``"P"``, ``"L"``, ``"R"``, ``"H"`` or ``"F"``
        The side that the slice through the crosshair cuts off the 3-D scene.
    background : (r, g, b)
        Behind slices and the 3-D scene, 0 to 1; None = dark.
    layers : tuple of layers
        None = slices and volume, the surface hidden.

    Raises
    ------
    UnsupportedError
        For names that are none of those above, and numbers that cannot be drawn.

    Examples
    --------
    >>> View.from_json(View(layout="axial").to_json()) == View(layout="axial")
    True
    """

    layout: str = "quad"
    crosshair: Float3 | None = None
    window: WindowLevel | None = None
    voi_lut: int | None = None
    invert: bool | None = None
    along: str = "volume"
    tilt: Float3 = (0.0, 0.0, 0.0)
    neurological: bool = False
    slab: Slab = Slab()
    colour_map: str | None = None
    colour_bar: bool = False
    frame: tuple[int, ...] = ()
    crop: tuple[float, ...] = _WHOLE_BOX
    crop_box: bool = False
    clip: str | None = None
    background: Float3 | None = None
    axial: PaneCamera = PaneCamera()
    sagittal: PaneCamera = PaneCamera()
    coronal: PaneCamera = PaneCamera()
    camera: Camera3D = Camera3D()
    layers: tuple[Layer, ...] | None = None
    annotations: bool = True
    show_crosshair: bool = True
    interpolation: bool = True
    help_sheet: bool = field(default=False)

    def __post_init__(self) -> None:
        if self.layout not in LAYOUTS:
            raise UnsupportedError(f"Unknown layout {self.layout!r}; expected one of {', '.join(LAYOUTS)}.")
        if self.along not in _PLANES_ALONG:
            raise UnsupportedError(f"Unknown planes along {self.along!r}; expected one of {', '.join(_PLANES_ALONG)}.")
        if self.crosshair is not None:
            object.__setattr__(self, "crosshair", floats(self.crosshair, 3, "crosshair"))
        object.__setattr__(self, "tilt", floats(self.tilt, 3, "tilt"))
        object.__setattr__(self, "frame", indices(self.frame, "frame"))
        object.__setattr__(self, "crop", _box(self.crop))
        check_kinds(vars(self), {**_PARTS, "colour_map": str})
        if self.colour_map is not None:
            check_colour_map(self.colour_map)
        if self.clip is not None and self.clip not in CLIP_SIDES:
            raise UnsupportedError(f"Unknown side to clip {self.clip!r}; expected one of {', '.join(CLIP_SIDES)}.")
        if self.background is not None:
            object.__setattr__(self, "background", colour(self.background, "background"))
        if self.voi_lut is not None and not (isinstance(self.voi_lut, int) and self.voi_lut >= 0):
            raise UnsupportedError(f"voi_lut is {self.voi_lut!r}; expected a whole number of 0 or more.")
        check_flags({name: getattr(self, name) for name in _FLAGS})
        if self.layers is not None:
            object.__setattr__(self, "layers", _layers(self.layers))

    def to_json(self) -> str:
        """Return this view as JSON text that `from_json` makes the same view of, to the last bit of its numbers."""
        values = {name: value for name, value in asdict(self).items() if name != "layers"}
        layers = None if self.layers is None else [{"kind": _kind(one), **asdict(one)} for one in self.layers]
        return json.dumps({"version": _VERSION, **values, "layers": layers}, indent=2)

    @staticmethod
    def from_json(text: str) -> View:
        """Return the view that JSON `text` describes; what it leaves out keeps its default.

        Raises UnsupportedError for text that is not a JSON object, for names and values that no view has, and for a
        ``version`` that is not known here.
        """
        try:
            return _view(json.loads(text))
        except json.JSONDecodeError as error:
            raise UnsupportedError(f"Cannot read a view: not JSON ({error}).") from error
        except UnsupportedError:
            raise
        except (TypeError, ValueError, AttributeError) as error:
            raise UnsupportedError(f"Cannot read a view: {error}.") from error

    def pane_camera(self, plane: str) -> PaneCamera:
        """Return how `plane` is looked at."""
        camera: PaneCamera = getattr(self, plane)
        return camera


def checked_view(view: View | None) -> View | None:
    """Return `view`; raise UnsupportedError for what is none: JSON text or the name of a layout is a likely mistake."""
    if view is not None and not isinstance(view, View):
        raise UnsupportedError(
            f"Expected a View, found {type(view).__name__} {view!r:.40}; View(layout=...) makes one, or View.from_json."
        )
    return view


def _box(crop: tuple[float, ...]) -> tuple[float, ...]:
    shares = floats(crop, 6, "crop")
    if any(not 0.0 <= low < high <= 1.0 for low, high in zip(shares[::2], shares[1::2], strict=True)):
        raise UnsupportedError(f"crop is {shares}; expected from and to for each of three axes, 0 <= from < to <= 1.")
    return shares


_LAYER_NAMES: dict[str, type[Layer]] = {"slice": SliceLayer, "surface": SurfaceLayer, "volume": VolumeLayer}


def _view(values: Any) -> View:
    version = values.get("version", _VERSION) if isinstance(values, Mapping) else _VERSION
    if version != _VERSION:
        raise UnsupportedError(f"Cannot read a view of version {version!r}; this dicomvtk knows version {_VERSION}.")
    made = _made(View, values, "a view", but="version")
    for name, kind in _PARTS.items():
        if name in made and made[name] is not None:
            made[name] = kind(**_made(kind, made[name], f"the {name} of a view"))
    if made.get("layers") is not None:
        made["layers"] = tuple(_layer(layer) for layer in made["layers"])
    return View(**made)


_PARTS: dict[str, type[Any]] = {
    "window": WindowLevel,
    "axial": PaneCamera,
    "sagittal": PaneCamera,
    "coronal": PaneCamera,
    "camera": Camera3D,
    "slab": Slab,
}


def _layers(layers: tuple[Layer, ...]) -> tuple[Layer, ...]:
    if not isinstance(layers, (tuple, list)) or not all(type(one) in _LAYER_NAMES.values() for one in layers):
        names = ", ".join(kind.__name__ for kind in _LAYER_NAMES.values())
        raise UnsupportedError(f"layers is {layers!r:.60}; expected a tuple of {names}.")
    return tuple(layers)


def _kind(layer: Layer) -> str:
    return next(name for name, kind in _LAYER_NAMES.items() if type(layer) is kind)


def _layer(values: Any) -> Layer:
    name = values.get("kind") if isinstance(values, Mapping) else None
    if name not in _LAYER_NAMES:
        raise UnsupportedError(f"Unknown layer {name!r} in a view; expected one of {', '.join(_LAYER_NAMES)}.")
    kind = _LAYER_NAMES[name]
    return kind(**_made(kind, values, f"a {name} layer", but="kind"))


def _made(kind: type[Any], values: Any, what: str, but: str = "") -> dict[str, Any]:
    """Return `values` as keyword arguments of `kind`: JSON lists of numbers become tuples, other names are refused.

    The value named `but` is none of them and left out.
    """
    if not isinstance(values, Mapping):
        raise UnsupportedError(f"Cannot read {what} from {values!r}; expected an object with named values.")
    known = [f.name for f in fields(kind)]
    unknown = sorted(set(values) - {*known, but})
    if unknown:
        raise UnsupportedError(f"Unknown name {unknown[0]!r} in {what}; expected some of {', '.join(known)}.")
    return {
        name: tuple(value) if isinstance(value, list) and name != "layers" else value
        for name, value in values.items()
        if name != but
    }
