"""Surfaces to draw, from the short ways in which people name them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from dicomvtk.errors import UnsupportedError
from dicomvtk.geometry import Float3
from dicomvtk.render.layers import SliceLayer, SurfaceLayer, VolumeLayer
from dicomvtk.render.levels import TISSUE_LEVELS
from dicomvtk.render.scene import View, checked_view

__all__ = ["surface_layers", "with_surfaces"]

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


def with_surfaces(
    view: View | None, surfaces: Sequence[SurfaceLayer | float | str] | SurfaceLayer | float | str
) -> View | None:
    """Return `view` with these surfaces, or this one, in place of its own; the volume is hidden where nobody asked."""
    if isinstance(surfaces, str | float | int | SurfaceLayer):
        surfaces = (surfaces,)
    if not surfaces:
        return view
    given = checked_view(view) or View()
    layers = given.layers if given.layers is not None else (SliceLayer(), VolumeLayer(visible=False))
    others = tuple(layer for layer in layers if not isinstance(layer, SurfaceLayer))
    return replace(given, layers=(*others, *surface_layers(surfaces)))


def _layer(one: SurfaceLayer | float | str, number: int) -> SurfaceLayer:
    if isinstance(one, SurfaceLayer):
        return one
    name = one.lower() if isinstance(one, str) else ""
    if name in TISSUE_LEVELS:
        return SurfaceLayer(name=name, colour=_TISSUE_COLOURS[name], opacity=_SKIN_OPACITY if name == "skin" else 1.0)
    try:
        return SurfaceLayer(float(one), _COLOURS[number % len(_COLOURS)])
    except (TypeError, ValueError) as error:
        raise UnsupportedError(
            f"Unknown surface {one!r}; expected a level or one of {', '.join(TISSUE_LEVELS)}."
        ) from error
