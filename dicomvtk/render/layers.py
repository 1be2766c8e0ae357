"""What is drawn of a volume, one frozen value a layer: its slices, its surfaces, its rays."""

from __future__ import annotations

from dataclasses import dataclass

from dicomvtk.errors import UnsupportedError
from dicomvtk.geometry import Float3
from dicomvtk.render.checks import colour, finite

__all__ = ["BLENDS", "Layer", "SliceLayer", "SurfaceLayer", "VolumeLayer"]

#: How the values along a ray become one: mixed, or the largest, the smallest.
BLENDS: tuple[str, ...] = ("composite", "max", "min")


@dataclass(frozen=True)
class SliceLayer:
    """The volume in the slice panes; `in_3d` also shows the three slices in the 3-D pane."""

    visible: bool = True
    in_3d: bool = False


@dataclass(frozen=True)
class SurfaceLayer:
    """The isosurface at `level` (modality values; None = chosen from the volume) in the 3-D pane.

    `name` is what the pane calls it; where no level is given, the name of a tissue (bone, skin, lung) gives it.
    """

    level: float | None = None
    colour: Float3 = (0.92, 0.86, 0.74)
    opacity: float = 1.0
    visible: bool = True
    name: str = ""

    def __post_init__(self) -> None:
        if self.level is not None and not finite(self.level):
            raise UnsupportedError(f"A surface at level {self.level}; expected a finite modality value.")
        if not 0.0 <= self.opacity <= 1.0:
            raise UnsupportedError(f"A surface of opacity {self.opacity}; expected 0 to 1.")
        object.__setattr__(self, "colour", colour(self.colour, "colour"))


@dataclass(frozen=True)
class VolumeLayer:
    """The volume cast by rays in the 3-D pane, coloured by a table of `presets` (None = by modality).

    `shift` moves the table by so many modality values, `stretch` widens it; `blend` and `shade` are the table's own
    where None. `couch` also shows what lies beside the patient of a CT from the first slice to the last, in surfaces
    too.
    """

    preset: str | None = None
    visible: bool = True
    shift: float = 0.0
    stretch: float = 1.0
    blend: str | None = None
    shade: bool | None = None
    couch: bool = False

    def __post_init__(self) -> None:
        if not finite(self.shift):
            raise UnsupportedError(f"A volume shifted by {self.shift}; expected a finite modality value.")
        if not (finite(self.stretch) and self.stretch > 0):
            raise UnsupportedError(f"A volume stretched by {self.stretch}; expected a finite number above 0.")
        if self.blend is not None and self.blend not in BLENDS:
            raise UnsupportedError(f"Unknown blend {self.blend!r}; expected one of {', '.join(BLENDS)}.")


Layer = SliceLayer | SurfaceLayer | VolumeLayer
