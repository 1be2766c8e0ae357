"""From values to the colours of a slice: a window's own function, or a VOI LUT, as one table over a range of values."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from vtkmodules.util.numpy_support import numpy_to_vtk
from vtkmodules.vtkCommonCore import vtkLookupTable

from dicomvtk.display import WindowLevel
from dicomvtk.display.screen import Voi, voi_levels
from dicomvtk.metadata import LookupTable
from dicomvtk.render.colour_maps import colour_table
from dicomvtk.render.resolve import State
from dicomvtk.volume import Volume

__all__ = ["ColourTables", "Range", "bar_colours", "shown_range", "voi_of"]

#: Entries of a table over a window: a step of it is a quarter of a grey.
_ENTRIES = 1024
#: A sigmoid is within a third of a grey of black and white so many widths from its centre.
_SIGMOID_WIDTHS = 2.0
#: The narrowest range: a window of width 1 is a step between two whole values.
_NARROWEST = 1e-3


@dataclass(frozen=True)
class Range:
    """The values that the table of a picture goes between; below and above are the colours at its ends."""

    low: float
    high: float

    @property
    def centre(self) -> float:
        return (self.low + self.high) / 2

    @property
    def width(self) -> float:
        return self.high - self.low


def voi_of(state: State, volume: Volume) -> Voi:
    """Return what turns the values of `volume` into levels: a VOI LUT of its header, or the window."""
    return state.window if state.voi_lut is None else volume.info.voi_luts[state.voi_lut]


def shown_range(voi: Voi) -> Range:
    """Return the values between which `voi` changes (PS3.3 C.11.2.1.2, C.11.2.1.3)."""
    if isinstance(voi, LookupTable):
        return Range(voi.first - 0.5, voi.first + len(voi.table) - 0.5)
    centre, width = voi.center, voi.width
    if voi.function == "SIGMOID":
        return Range(centre - _SIGMOID_WIDTHS * width, centre + _SIGMOID_WIDTHS * width)
    if voi.function == "LINEAR" and width >= 1:
        centre, width = centre - 0.5, max(width - 1, _NARROWEST)
    return Range(centre - width / 2, centre + width / 2)


def bar_colours(state: State, volume: Volume, count: int) -> tuple[Range, NDArray[np.float64]]:
    """Return the values at the ends of a colour bar, and `count` colours (count, 3), 0 to 1, between them."""
    voi = voi_of(state, volume)
    ends = shown_range(voi)
    colours = _colours(state, voi, ends, count)
    plain = isinstance(voi, WindowLevel) and voi.function != "SIGMOID"
    return (Range(state.window.low, state.window.high) if plain else ends), colours


class ColourTables:
    """VTK's tables for the slices of one volume, each made once."""

    def __init__(self) -> None:
        self._made: dict[tuple[str, bool, object], vtkLookupTable] = {}

    def table(self, state: State, volume: Volume) -> vtkLookupTable:
        """Return the table of `state`, to be spread over `shown_range`."""
        voi = voi_of(state, volume)
        # Windows of one kind have one table, wherever they lie and however wide they are.
        which: object = (state.voi_lut, id(voi)) if isinstance(voi, LookupTable) else voi.function == "SIGMOID"
        key = (state.colour_map, state.invert, which)
        if key not in self._made:
            count = len(voi.table) if isinstance(voi, LookupTable) else _ENTRIES
            self._made[key] = _vtk_table(_colours(state, voi, shown_range(voi), count))
        return self._made[key]


def _colours(state: State, voi: Voi, ends: Range, count: int) -> NDArray[np.float64]:
    """Return the colours (count, 3) in the middles of `count` equal parts of a range of values."""
    values = ends.low + (np.arange(count) + 0.5) / count * ends.width
    colours = colour_table(state.colour_map, inverted=state.invert)
    picked = np.rint(voi_levels(values, voi) * (len(colours) - 1)).astype(np.intp)
    return np.asarray(colours[picked])


def _vtk_table(colours: NDArray[np.float64]) -> vtkLookupTable:
    entries = np.full((len(colours), 4), 255, np.uint8)
    entries[:, :3] = np.rint(255 * colours)
    table = vtkLookupTable()
    table.SetTable(numpy_to_vtk(entries, deep=True))
    return table
