"""Surfaces to draw, from the short ways in which people name them."""

from __future__ import annotations

from collections.abc import Iterable

from dicomvtk.errors import UnsupportedError
from dicomvtk.geometry import Float3
from dicomvtk.render.layers import SurfaceLayer
from dicomvtk.render.levels import TISSUE_LEVELS

__all__ = ["surface_layers"]

#: Colours of several surfaces, in their order, and of tissues.
_COLOURS: tuple[Float3, ...] = ((0.92, 0.86, 0.74), (0.86, 0.45, 0.40), (0.45, 0.66, 0.86), (0.55, 0.78, 0.50))
_TISSUE_COLOURS: dict[str, Float3] = {
    "bone": (0.92, 0.86, 0.74),
    "skin": (0.86, 0.66, 0.55),
    "lung": (0.62, 0.72, 0.86),
}
#: What lies outside others must let them be seen.
_SKIN_OPACITY = 0.35


def surface_layers(wanted: Iterable[SurfaceLayer | float | str]) -> tuple[SurfaceLayer, ...]:
    """Return a layer for each level (a number, also as text), name of a tissue, or layer of `wanted`.

    Raises UnsupportedError for text that is neither.

    >>> [layer.level for layer in surface_layers([300, "120"])]
    [300.0, 120.0]
    """
    return tuple(_layer(one, number) for number, one in enumerate(wanted))


def _layer(one: SurfaceLayer | float | str, number: int) -> SurfaceLayer:
    if isinstance(one, SurfaceLayer):
        return one
    name = one.lower() if isinstance(one, str) else ""
    if name in TISSUE_LEVELS:
        return SurfaceLayer(name=name, colour=_TISSUE_COLOURS[name], opacity=_SKIN_OPACITY if name == "skin" else 1.0)
    try:
        return SurfaceLayer(float(one), _COLOURS[number % len(_COLOURS)])
    except ValueError as error:
        raise UnsupportedError(
            f"Unknown surface {one!r}; expected a level or one of {', '.join(TISSUE_LEVELS)}."
        ) from error
