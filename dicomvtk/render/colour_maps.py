"""Colours for values, by the names that Matplotlib gave them.

Those of `display.colormaps`, and four that are even to the eye: viridis, plasma, inferno and magma (N. Smith, S. van
der Walt and E. Firing; in the public domain by CC0). All others come from Matplotlib, where it is installed.
"""

from __future__ import annotations

import functools
import importlib.util

import numpy as np
from numpy.typing import NDArray

from dicomvtk.display.colormaps import COLORMAPS, color_table
from dicomvtk.errors import UnsupportedError

__all__ = ["COLOUR_MAPS", "GREYS", "check_colour_map", "colour_table"]

#: Seventeen colours at equal steps: straight lines between them stay within seven of 255 of the whole table.
_SAMPLED = {
    "viridis": "440154 48186a 472d7b 424086 3b528b 33638d 2c728e 26828e 21918c "
    "1fa088 28ae80 3fbc73 5ec962 84d44b addc30 d8e219 fde725",
    "plasma": "0d0887 310597 4c02a1 6600a7 7e03a8 9511a1 aa2395 bc3587 cc4778 "
    "da5a6a e66c5c f0804e f89540 fdac33 fdc527 f8df25 f0f921",
    "inferno": "000004 0b0724 210c4a 3d0965 57106e 71196e 8a226a a32c61 bc3754 "
    "d24644 e45a31 f1731d f98e09 fcac11 f9cb35 f2ea69 fcffa4",
    "magma": "000004 0a0822 1d1147 36106b 51127c 6a1c81 832681 9c2e7f b73779 "
    "d0416f e75263 f56b5c fc8961 fea772 fec488 fde2a3 fcfdbf",
}
COLOUR_MAPS: tuple[str, ...] = ("gray", *(n for n in COLORMAPS if n not in ("grey", "inverted")), *_SAMPLED)
#: What slices are shown in where nobody asks for colours.
GREYS = "gray"
_REVERSED = "_r"
_ENTRIES = 256


def check_colour_map(name: str) -> None:
    """Raise UnsupportedError for a name that no colour map has."""
    plain = name.removesuffix(_REVERSED)
    if plain not in COLOUR_MAPS and _from_matplotlib(plain) is None:
        more = "a name of Matplotlib's" if _has_matplotlib() else "with Matplotlib installed, any of its names"
        raise UnsupportedError(
            f"Unknown colour map {name!r}; expected one of {', '.join(COLOUR_MAPS)}, or {more}; "
            f"{_REVERSED} at the end reverses."
        )


def colour_table(name: str, *, inverted: bool = False) -> NDArray[np.float64]:
    """Return the (256, 3) colours, 0 to 1, of the colour map `name`, from the lowest value to the highest.

    Raises UnsupportedError for an unknown name.

    >>> colour_table("gray")[[0, 255]].tolist()
    [[0.0, 0.0, 0.0], [1.0, 1.0, 1.0]]
    """
    check_colour_map(name)
    plain = name.removesuffix(_REVERSED)
    if plain in _SAMPLED:
        table = _sampled(plain)
    else:
        theirs = None if plain in COLOUR_MAPS else _from_matplotlib(plain)
        table = color_table(plain) / 255 if theirs is None else theirs
    return table[::-1] if inverted != name.endswith(_REVERSED) else table


def _has_matplotlib() -> bool:
    return importlib.util.find_spec("matplotlib") is not None


def _from_matplotlib(name: str) -> NDArray[np.float64] | None:
    """Return the (256, 3) colours of a map of Matplotlib's; None for a name it does not have, and without it."""
    return _table_of_matplotlib(name) if _has_matplotlib() else None


@functools.lru_cache(maxsize=64)
def _table_of_matplotlib(name: str) -> NDArray[np.float64] | None:
    import matplotlib

    made = matplotlib.colormaps.get(name)
    return None if made is None else np.asarray(made(np.linspace(0.0, 1.0, _ENTRIES)), np.float64)[:, :3]


def _sampled(name: str) -> NDArray[np.float64]:
    colours = np.array([tuple(bytes.fromhex(text)) for text in _SAMPLED[name].split()]) / 255
    stops, shares = np.linspace(0.0, 1.0, len(colours)), np.linspace(0.0, 1.0, _ENTRIES)
    return np.column_stack([np.interp(shares, stops, channel) for channel in colours.T])
