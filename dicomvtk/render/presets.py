"""Colours and opacities for casting rays through a volume, by modality: our own tables, values in modality units."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from dicomvtk.display import WindowLevel
from dicomvtk.errors import UnsupportedError
from dicomvtk.geometry import Float3
from dicomvtk.render.layers import VolumeLayer
from dicomvtk.render.levels import in_hounsfield

__all__ = [
    "PRESETS",
    "Transfer",
    "adjusted",
    "is_shaded",
    "label_table",
    "next_preset",
    "preset_name",
    "transfer_table",
]

#: value, red, green, blue (0 to 1), opacity (0 to 1 over `Transfer.unit_mm`).
Point = tuple[float, float, float, float, float]


@dataclass(frozen=True)
class Transfer:
    """How values become colour and opacity along a ray.

    `points` are straight lines between (value, r, g, b, opacity); `unit_mm` is the length over which an opacity is
    meant; `shade` lights what is opaque; `blend` is how the values along a ray become one (`layers.BLENDS`);
    `background` is what it is drawn on where a view leaves that open, None being dark; `nearest` takes the values of
    voxels as they are, where nothing lies between two of them.
    """

    points: tuple[Point, ...]
    unit_mm: float = 1.0
    shade: bool = True
    blend: str = "composite"
    background: Float3 | None = None
    nearest: bool = False


_CT_BONE = Transfer(
    (
        (-1024.0, 0.0, 0.0, 0.0, 0.0),
        (170.0, 0.74, 0.46, 0.32, 0.0),
        (250.0, 0.84, 0.62, 0.46, 0.10),
        (420.0, 0.93, 0.83, 0.67, 0.50),
        (900.0, 0.98, 0.95, 0.86, 0.80),
        (3000.0, 1.0, 1.0, 1.0, 0.95),
    ),
    unit_mm=1.5,
)
_CT_SKIN = Transfer(
    (
        (-1024.0, 0.0, 0.0, 0.0, 0.0),
        (-500.0, 0.60, 0.38, 0.28, 0.0),
        (-250.0, 0.78, 0.54, 0.42, 0.35),
        (0.0, 0.86, 0.64, 0.52, 0.75),
        (300.0, 0.94, 0.84, 0.72, 0.90),
        (3000.0, 1.0, 1.0, 1.0, 1.0),
    ),
    unit_mm=2.0,
)

#: Tables of fixed values, for modalities whose values have a scale, and tables stretched over the volume's own values
#: (0 = dark end, 1 = bright end of `spread`), for those without one.
PRESETS: dict[str, Transfer] = {
    "ct-bone": _CT_BONE,
    "ct-skin": _CT_SKIN,
    "ct-lung": Transfer(
        (
            (-1024.0, 0.0, 0.0, 0.0, 0.0),
            (-920.0, 0.45, 0.60, 0.80, 0.0),
            (-780.0, 0.62, 0.78, 0.95, 0.20),
            (-600.0, 1.0, 0.86, 0.80, 0.48),
            (-450.0, 1.0, 0.70, 0.62, 0.30),
            (-350.0, 0.95, 0.60, 0.50, 0.0),
            (3000.0, 1.0, 1.0, 1.0, 0.0),
        ),
        unit_mm=3.0,
    ),
    "ct-vessels": Transfer(
        (
            (-1024.0, 0.0, 0.0, 0.0, 0.0),
            (130.0, 0.50, 0.05, 0.04, 0.0),
            (190.0, 0.80, 0.14, 0.10, 0.35),
            (320.0, 0.95, 0.40, 0.28, 0.70),
            (550.0, 0.97, 0.90, 0.78, 0.80),
            (3000.0, 1.0, 1.0, 1.0, 0.95),
        ),
        unit_mm=1.5,
    ),
    "ct-muscle": Transfer(
        (
            (-1024.0, 0.0, 0.0, 0.0, 0.0),
            (-20.0, 0.55, 0.20, 0.16, 0.0),
            (40.0, 0.72, 0.30, 0.24, 0.30),
            (120.0, 0.85, 0.48, 0.38, 0.55),
            (250.0, 0.93, 0.82, 0.68, 0.80),
            (3000.0, 1.0, 1.0, 1.0, 0.95),
        ),
        unit_mm=2.0,
    ),
    "ct-mip": Transfer(((-100.0, 1.0, 1.0, 1.0, 0.0), (900.0, 1.0, 1.0, 1.0, 1.0)), shade=False, blend="max"),
    "mr-mip": Transfer(((0.0, 1.0, 1.0, 1.0, 0.0), (1.0, 1.0, 1.0, 1.0, 1.0)), shade=False, blend="max"),
    "mr-brain": Transfer(
        (
            (0.0, 0.0, 0.0, 0.0, 0.0),
            (0.10, 0.45, 0.30, 0.24, 0.0),
            (0.23, 0.86, 0.68, 0.56, 0.25),
            (0.50, 0.97, 0.86, 0.75, 0.65),
            (1.0, 1.0, 0.98, 0.94, 0.90),
        ),
        unit_mm=1.5,
    ),
    # Black on white, as PET is read.
    "pet-mip": Transfer(
        ((0.0, 0.0, 0.0, 0.0, 0.0), (1.0, 0.0, 0.0, 0.0, 1.0)), shade=False, blend="max", background=(1.0, 1.0, 1.0)
    ),
    "default": Transfer(
        (
            (0.0, 0.0, 0.0, 0.0, 0.0),
            (0.12, 0.45, 0.48, 0.52, 0.0),
            (0.28, 0.68, 0.70, 0.73, 0.22),
            (0.55, 0.86, 0.87, 0.88, 0.60),
            (1.0, 1.0, 1.0, 1.0, 0.88),
        ),
        unit_mm=1.5,
    ),
    # Of the labels themselves, by `label_table`.
    "labels": Transfer(((0.0, 0.5, 0.5, 0.5, 0.0), (1.0, 0.5, 0.5, 0.5, 0.9)), nearest=True),
}
#: No noise takes more of the table than this.
_LATEST_BEGIN = 0.6
#: Between the colours of two labels.
_STEP = 1e-3
_STRETCHED = ("mr-brain", "mr-mip", "pet-mip", "default")
_LABEL_OPACITY = 0.9
_BY_MODALITY = {"CT": "ct-bone", "MR": "mr-brain", "PT": "pet-mip", "NM": "pet-mip"}


def preset_name(modality: str, spread: WindowLevel) -> str:
    """Return the table for a volume of `modality` whose values mostly lie inside `spread`.

    A CT without bone (nothing bright enough) is shown by its skin, one whose values are no HU like what has no scale.
    """
    name = _BY_MODALITY.get(modality, "default")
    if name == "ct-bone" and not in_hounsfield(modality, spread):
        return "default"
    return "ct-skin" if name == "ct-bone" and spread.high < _CT_BONE.points[2][0] else name


def transfer_table(name: str, spread: WindowLevel, noise: float = -math.inf) -> Transfer:
    """Return the table `name` in modality values; stretched ones go from ``spread.low`` to ``spread.high``.

    Those of them that shade let nothing be seen up to `noise`. Raises UnsupportedError for a name that no table has.
    """
    if name not in PRESETS:
        raise UnsupportedError(f"Unknown volume preset {name!r}; expected one of {', '.join(PRESETS)}.")
    table = PRESETS[name]
    if name not in _STRETCHED:
        return table
    shares = [point[0] for point in table.points]
    if table.shade and len(shares) > 1:
        begin = min(max(shares[1], (noise - spread.low) / spread.width), _LATEST_BEGIN)
        shares[1:] = [begin + (share - shares[1]) * (1 - begin) / (1 - shares[1]) for share in shares[1:]]
    points = tuple(
        (spread.low + share * spread.width, *point[1:]) for share, point in zip(shares, table.points, strict=True)
    )
    return replace(table, points=points)


def label_table(colours: Sequence[tuple[int, Float3]]) -> Transfer:
    """Return the table of a label map, from each label and its colour, in their order from 1."""
    points: list[Point] = [(0.5, *(colours[0][1] if colours else (0.5, 0.5, 0.5)), 0.0)]
    for label, colour in colours:
        points += [(label - 0.5 + _STEP, *colour, _LABEL_OPACITY), (label + 0.5, *colour, _LABEL_OPACITY)]
    return replace(PRESETS["labels"], points=tuple(points))


def adjusted(table: Transfer, layer: VolumeLayer, *, light: bool = False) -> Transfer:
    """Return `table` shifted, stretched, blended and shaded as `layer` says.

    Stretching leaves the value where opacity begins in its place. A largest or smallest value along rays is drawn
    white, or on a `light` background black.
    """
    begin = next((low[0] for low, high in itertools.pairwise(table.points) if high[4] > 0), table.points[0][0])
    points = tuple(
        (begin + (value - begin) * layer.stretch + layer.shift, r, g, b, opacity)
        for value, r, g, b, opacity in table.points
    )
    blend = table.blend if layer.blend is None else layer.blend
    if blend != "composite":
        # Along a largest or smallest value colour and opacity would darken twice: one colour, more of it to the end.
        if table.blend == "composite":
            shown = [point for point in points if point[4] > 0] or list(points)
            points = ((points[0][0] if blend == "min" else shown[0][0], 1, 1, 1, 0), (shown[-1][0], 1, 1, 1, 1))
        ink = 0.0 if light else 1.0
        points = tuple((value, ink, ink, ink, opacity) for value, *_colour, opacity in points)
    shade = table.shade if layer.shade is None else layer.shade
    return replace(table, points=points, shade=shade and blend == "composite", blend=blend)


def is_shaded(layer: VolumeLayer) -> bool:
    """Return whether light falls on `layer`: never on a largest or smallest value along rays."""
    return adjusted(PRESETS[layer.preset or "default"], layer).shade


def next_preset(name: str | None, modality: str) -> str:
    """Return the table after `name` among those for `modality`."""
    prefix = {"CT": "ct-", "MR": "mr-", "PT": "pet-"}.get(modality, "")
    names = [known for known in PRESETS if (prefix and known.startswith(prefix)) or known == "default"]
    return names[(names.index(name) + 1) % len(names)] if name in names else names[0]
