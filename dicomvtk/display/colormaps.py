"""Colour maps: tables of 256 colours, by name or from whoever has more of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dicomvtk.errors import UnsupportedError

__all__ = ["COLORMAPS", "Colormap", "color_table"]

#: A name of `COLORMAPS`, a table (n, 3 or 4), or a function from (n,) in 0..1 to (n, 3 or 4) as Matplotlib's maps are.
Colormap = str | ArrayLike | Callable[[NDArray[np.float64]], Any]

_ENTRIES = 256

#: Red, green and blue each as (position, level) nodes, straight lines between them.
_Nodes = tuple[tuple[float, float], ...]
_RAMP: _Nodes = ((0, 0), (1, 1))
_FALL: _Nodes = ((0, 1), (1, 0))
COLORMAPS: dict[str, tuple[_Nodes, _Nodes, _Nodes]] = {
    "grey": (_RAMP, _RAMP, _RAMP),
    "inverted": (_FALL, _FALL, _FALL),
    "hot": (
        ((0, 0.0416), (0.365079, 1), (1, 1)),
        ((0, 0), (0.365079, 0), (0.746032, 1), (1, 1)),
        ((0, 0), (0.746032, 0), (1, 1)),
    ),
    "bone": (
        ((0, 0), (0.746032, 0.652778), (1, 1)),
        ((0, 0), (0.365079, 0.319444), (0.746032, 0.777778), (1, 1)),
        ((0, 0), (0.365079, 0.444444), (1, 1)),
    ),
    "cool": (_RAMP, _FALL, ((0, 1), (1, 1))),
    "copper": (((0, 0), (0.809524, 1), (1, 1)), ((0, 0), (1, 0.7812)), ((0, 0), (1, 0.4975))),
    "jet": (
        ((0, 0), (0.35, 0), (0.66, 1), (0.89, 1), (1, 0.5)),
        ((0, 0), (0.125, 0), (0.375, 1), (0.64, 1), (0.91, 0), (1, 0)),
        ((0, 0.5), (0.11, 1), (0.34, 1), (0.65, 0), (1, 0)),
    ),
}
_OTHER_NAMES = {"gray": "grey", "gray_r": "inverted", "grey_r": "inverted"}


def color_table(colormap: Colormap) -> NDArray[np.uint8]:
    """Return the (256, 3) RGB table of a colour map.

    Raises UnsupportedError for an unknown name, and for a table or function of another shape. Floats are levels from 0
    to 1, integers from 0 to 255.

    Examples
    --------
    >>> color_table("grey")[128].tolist()
    [128, 128, 128]
    """
    if isinstance(colormap, str):
        return _named(colormap)
    made = colormap(np.linspace(0.0, 1.0, _ENTRIES)) if callable(colormap) else colormap
    table = np.asarray(made)
    if table.ndim != 2 or table.shape[1] not in (3, 4) or len(table) < 2 or table.dtype.kind not in "uif":
        raise UnsupportedError(f"Cannot use colours of shape {table.shape} and dtype {table.dtype}; expected (n, 3).")
    levels = table[:, :3] * (255.0 if table.dtype.kind == "f" else 1.0)
    if not (np.isfinite(levels).all() and levels.min() >= 0 and levels.max() <= 255):
        raise UnsupportedError("Cannot use colours beyond black and white; expected 0 to 1, or 0 to 255 as integers.")
    at, nodes = np.linspace(0, 1, _ENTRIES), np.linspace(0, 1, len(levels))
    return _rounded(np.column_stack([np.interp(at, nodes, levels[:, c]) for c in range(3)]))


def _named(name: str) -> NDArray[np.uint8]:
    key = name.casefold()
    nodes = COLORMAPS.get(_OTHER_NAMES.get(key, key))
    if nodes is None:
        raise UnsupportedError(
            f"Unknown colour map {name!r}; expected one of {', '.join(COLORMAPS)}, a table of colours, or a map of "
            "Matplotlib such as matplotlib.colormaps['viridis']."
        )
    at = np.linspace(0, 1, _ENTRIES)
    return _rounded(255 * np.column_stack([np.interp(at, *np.transpose(line)) for line in nodes]))


def _rounded(levels: NDArray[np.float64]) -> NDArray[np.uint8]:
    return np.rint(levels).astype(np.uint8)
