"""What to draw, as data: a frozen `View` says it all, without VTK, and goes to JSON and back.

Whatever is None is left to `resolve`, which fills it in from the volume. Interaction replaces the view.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from dicomvtk.display import WindowLevel
from dicomvtk.errors import UnsupportedError
from dicomvtk.geometry import Float3

__all__ = [
    "LAYOUTS",
    "PLANES",
    "Camera3D",
    "Layer",
    "PaneCamera",
    "SliceLayer",
    "SurfaceLayer",
    "View",
    "VolumeLayer",
    "from_json",
    "to_json",
]

#: The anatomical planes, in the order in which a layout of four shows them.
PLANES: tuple[str, ...] = ("axial", "sagittal", "coronal")
LAYOUTS: tuple[str, ...] = ("quad", *PLANES, "3d")
#: Cosine of the angle between a camera's two vectors that is taken as a right one: JSON of 4 digits still passes.
_RIGHT_ANGLE_TOLERANCE = 1e-3
_UNIT_TOLERANCE = 1e-12
_PLANES_ALONG: tuple[str, ...] = ("volume", "patient")


def _check_zoom(zoom: float) -> None:
    if not (math.isfinite(zoom) and zoom > 0):
        raise UnsupportedError(f"A zoom of {zoom}; expected a finite number above 0.")


def _floats(values: Sequence[float], count: int, name: str) -> tuple[float, ...]:
    """Return `values` as floats, refusing another number of them and what is not finite."""
    numbers = tuple(float(v) for v in values)
    if len(numbers) != count or not all(math.isfinite(v) for v in numbers):
        raise UnsupportedError(f"{name} is {tuple(values)}; expected {count} finite numbers.")
    return numbers


def _unit(vector: Sequence[float], name: str) -> tuple[float, ...]:
    numbers = _floats(vector, 3, name)
    length = math.hypot(*numbers)
    if length == 0:
        raise UnsupportedError(f"{name} is {numbers}; expected a direction, and this has no length.")
    # Left alone where it is one already, so that a view read back is the same to the last bit.
    return numbers if abs(length - 1) < _UNIT_TOLERANCE else tuple(v / length for v in numbers)


@dataclass(frozen=True)
class PaneCamera:
    """How a slice pane is looked at: `zoom` 1 fits the slice; `pan_mm` moves the eye to screen right and up."""

    zoom: float = 1.0
    pan_mm: tuple[float, float] = (0.0, 0.0)

    def __post_init__(self) -> None:
        _check_zoom(self.zoom)
        object.__setattr__(self, "pan_mm", _floats(self.pan_mm, 2, "pan_mm"))


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
        _check_zoom(self.zoom)
        object.__setattr__(self, "pan_mm", _floats(self.pan_mm, 2, "pan_mm"))
        object.__setattr__(self, "direction", _unit(self.direction, "direction"))
        object.__setattr__(self, "up", _unit(self.up, "up"))
        across = sum(a * b for a, b in zip(self.direction, self.up, strict=True))
        if abs(across) > _RIGHT_ANGLE_TOLERANCE:
            raise UnsupportedError(f"A camera's direction {self.direction} and up {self.up} are not at right angles.")


@dataclass(frozen=True)
class SliceLayer:
    """The volume in the slice panes; `in_3d` also shows the three slices in the 3-D pane."""

    visible: bool = True
    in_3d: bool = False


@dataclass(frozen=True)
class SurfaceLayer:
    """The isosurface at `level` (modality values; None = chosen from the volume) in the 3-D pane."""

    level: float | None = None
    colour: Float3 = (0.92, 0.86, 0.74)
    opacity: float = 1.0
    visible: bool = True

    def __post_init__(self) -> None:
        if self.level is not None and not math.isfinite(self.level):
            raise UnsupportedError(f"A surface at level {self.level}; expected a finite modality value.")
        if not 0.0 <= self.opacity <= 1.0:
            raise UnsupportedError(f"A surface of opacity {self.opacity}; expected 0 to 1.")
        object.__setattr__(self, "colour", _floats(self.colour, 3, "colour"))


@dataclass(frozen=True)
class VolumeLayer:
    """The volume cast by rays in the 3-D pane, coloured by a table of `presets` (None = by modality)."""

    preset: str | None = None
    visible: bool = True


Layer = SliceLayer | SurfaceLayer | VolumeLayer


@dataclass(frozen=True)
class View:
    """Everything that decides a picture of a volume.

    Parameters
    ----------
    layout : ``"quad"``, ``"axial"``, ``"sagittal"``, ``"coronal"`` or ``"3d"``
        A volume of one slice shows that slice alone where ``"quad"`` is asked for.
    crosshair : (x, y, z)
        The LPS point in mm that the slices go through; None = the middle voxel.
    window : WindowLevel
        None = the first window of the header, else soft tissue for CT, else from the values.
    invert : bool
        White for low values; None = where the values are MONOCHROME1.
    along : ``"volume"`` or ``"patient"``
        Slices as acquired, each plane nearest to its name, or exactly along the patient's axes.
    layers : tuple of layers
        None = slices and volume, the surface hidden.

    Raises
    ------
    UnsupportedError
        For an unknown layout or an unknown choice of planes.

    Examples
    --------
    >>> from_json(to_json(View(layout="axial"))) == View(layout="axial")
    True
    """

    layout: str = "quad"
    crosshair: Float3 | None = None
    window: WindowLevel | None = None
    invert: bool | None = None
    along: str = "volume"
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
            object.__setattr__(self, "crosshair", _floats(self.crosshair, 3, "crosshair"))
        if self.layers is not None:
            object.__setattr__(self, "layers", tuple(self.layers))

    def pane_camera(self, plane: str) -> PaneCamera:
        """Return how `plane` is looked at."""
        camera: PaneCamera = getattr(self, plane)
        return camera


_LAYER_NAMES: dict[str, type[Layer]] = {"slice": SliceLayer, "surface": SurfaceLayer, "volume": VolumeLayer}


def to_json(view: View) -> str:
    """Return `view` as JSON text that `from_json` makes the same view of."""
    values = asdict(view)
    if view.layers is not None:
        values["layers"] = [{"kind": _kind(layer), **asdict(layer)} for layer in view.layers]
    return json.dumps(values, indent=2)


def from_json(text: str) -> View:
    """Return the view that JSON `text` describes; what it leaves out keeps its default.

    Raises UnsupportedError for text that is not a JSON object and for names and values that no view has.
    """
    try:
        values = json.loads(text)
    except json.JSONDecodeError as error:
        raise UnsupportedError(f"Cannot read a view: not JSON ({error}).") from error
    try:
        return _view(values)
    except UnsupportedError:
        raise
    except (TypeError, ValueError) as error:
        raise UnsupportedError(f"Cannot read a view: {error}.") from error


def _view(values: Any) -> View:
    made = _made(View, values, "a view")
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
}


def _kind(layer: Layer) -> str:
    return next(name for name, kind in _LAYER_NAMES.items() if type(layer) is kind)


def _layer(values: Any) -> Layer:
    name = values.get("kind") if isinstance(values, Mapping) else None
    if name not in _LAYER_NAMES:
        raise UnsupportedError(f"Unknown layer {name!r} in a view; expected one of {', '.join(_LAYER_NAMES)}.")
    kind = _LAYER_NAMES[name]
    return kind(**_made(kind, {key: value for key, value in values.items() if key != "kind"}, f"a {name} layer"))


def _made(kind: type[Any], values: Any, what: str) -> dict[str, Any]:
    """Return `values` as keyword arguments of `kind`: JSON lists of numbers become tuples, other names are refused."""
    if not isinstance(values, Mapping):
        raise UnsupportedError(f"Cannot read {what} from {values!r}; expected an object with named values.")
    known = [f.name for f in fields(kind)]
    unknown = sorted(set(values) - set(known))
    if unknown:
        raise UnsupportedError(f"Unknown name {unknown[0]!r} in {what}; expected some of {', '.join(known)}.")
    return {
        name: tuple(value) if isinstance(value, list) and name != "layers" else value for name, value in values.items()
    }
