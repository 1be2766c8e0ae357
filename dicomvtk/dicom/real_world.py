"""Real world values in the place of modality values: which map, how a block is filled by it, and whether it covers all.

Maps go from stored values, each frame by its own (PS3.3 C.7.6.16.2.11): the Modality LUT and rescale have no part.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dicomvtk.dicom.elements import NotDicom
from dicomvtk.dicom.frames import Frame
from dicomvtk.dicom.headers_pydicom import DamagedFile
from dicomvtk.dicom.lut import ModalityLut
from dicomvtk.dicom.rescale import IDENTITY, ValuePlan, padding_range, plan_rescaled, stored_bounds
from dicomvtk.dicom.stack import Stack
from dicomvtk.dicom.value_maps import PHILIPS_LABEL, FileMaps
from dicomvtk.dicom.values import BadValue
from dicomvtk.errors import PixelDecodeError, UnsupportedError
from dicomvtk.metadata import ValueMap

__all__ = ["REAL_WORLD", "MappedStack", "mapped"]

#: Asks for the one map of the standard's sequence.
REAL_WORLD = "real-world"

_Maps = tuple[ValueMap, ...]


@dataclass(frozen=True, eq=False)
class MappedStack:
    """A stack whose frames are to be read through maps: with `plan` in the place of its own.

    `maps` are those of each frame, several where each holds for a part of the stored values.
    """

    stack: Stack
    plan: ValuePlan
    maps: tuple[_Maps, ...]

    @property
    def label(self) -> str:
        return self.maps[0][0].label

    @property
    def unit(self) -> str:
        """Code of the unit, empty where the map says that there is none."""
        unit = self.maps[0][0].unit
        return "" if unit == "1" else unit

    def check(self, block: NDArray[Any]) -> None:
        """Refuse values, by frame in `block`, that no map holds for; raises UnsupportedError."""
        for n, (frame, maps) in enumerate(zip(self.stack.frames, self.maps, strict=True)):
            outside = _outside(block[n], frame, maps, tables=self.plan.with_tables)
            if outside:
                ends = " and ".join(f"{each.first:g} to {each.last:g}" for each in maps)
                raise UnsupportedError(
                    f"Cannot give values by map {self.label!r}: {outside} voxels of {frame.path}, frame "
                    f"{frame.number + 1}, are stored as values outside {ends}, for which the map does not hold. Read "
                    "modality values instead (values= left out)."
                )


def mapped(stack: Stack, name: str, what: str) -> MappedStack:
    """Return how to read a stack by the map `name`: a label, a unit, or `REAL_WORLD`; `what` names the stack.

    Raises UnsupportedError where there is no such map, or several, PixelDecodeError where one is damaged.
    """
    if stack.is_colour or stack.common.segments:
        raise UnsupportedError(f"Cannot give {what} by a map of real world values: it holds no quantity.")
    maps = tuple(_chosen(each, name, what) for each in _maps_of(stack.frames))
    said = {(m.label, m.unit) for each in maps for m in each}
    if len(said) > 1:
        listed = ", ".join(sorted(map(_words, (m for each in maps for m in each))))
        raise UnsupportedError(f"Cannot give {what} by map {name!r}: its slices mean different ones by it: {listed}.")
    if all(len(each) == 1 and each[0].table is None for each in maps):
        return MappedStack(stack, plan_rescaled(stack.frames, [(m.slope, m.intercept) for (m,) in maps]), maps)
    frames = _with_tables(stack.frames, maps, what)
    plan = ValuePlan(np.dtype(np.float64), False, (IDENTITY,) * len(frames), with_tables=True)
    return MappedStack(replace(stack, frames=frames), plan, maps)


def _maps_of(frames: Sequence[Frame]) -> list[_Maps]:
    """Return the maps that each frame's file offers for it."""
    files: dict[str, FileMaps] = {}
    found = []
    for frame in frames:
        try:
            if frame.path not in files:
                files[frame.path] = FileMaps(frame.path)
            found.append(files[frame.path].of(frame))
        except (BadValue, DamagedFile, NotDicom, OSError) as bad:
            raise PixelDecodeError(f"Cannot map the values of {frame.path}: {bad}.") from None
    return found


def _chosen(maps: _Maps, name: str, what: str) -> _Maps:
    """Return the maps of one frame that `name` means."""
    if name == REAL_WORLD:
        found = tuple(m for m in maps if m.label != PHILIPS_LABEL)
    else:
        tests = (lambda m: m.label == name, lambda m: name in (m.unit, m.meaning), lambda m: m.explanation == name)
        found = next((chosen for test in tests if (chosen := tuple(filter(test, maps)))), ())
    listed = ", ".join(dict.fromkeys(map(_words, maps))) or "none"
    if not found:
        raise UnsupportedError(f"Cannot give {what} by map {name!r}: there is no such map. Its headers have: {listed}.")
    if len({(m.label, m.unit) for m in found}) > 1:
        raise UnsupportedError(f"Cannot give {what} by map {name!r}: several fit it, {listed}. Name one by its label.")
    return found


def _words(one: ValueMap) -> str:
    return f"{one.label!r}" + (f" in {one.unit}" if one.unit not in ("", "1") else "")


def _with_tables(frames: Sequence[Frame], maps: Sequence[_Maps], what: str) -> tuple[Frame, ...]:
    """Return the frames with their maps as one table each over all stored values.

    Infinite where no map holds, which `check` refuses; NaN where that is padding, which is no value.
    """
    known: dict[tuple[object, ...], Any] = {}
    found = []
    for frame, own in zip(frames, maps, strict=True):
        key = (id(frame.common), *map(_content, own))
        if key not in known:
            known[key] = replace(frame.common, modality_lut=_table(frame, own, what))
        found.append(frame._replace(common=known[key]))
    return tuple(found)


def _content(one: ValueMap) -> tuple[object, ...]:
    return one.first, one.last, one.slope, one.intercept, None if one.table is None else one.table.tobytes()


def _table(frame: Frame, maps: _Maps, what: str) -> ModalityLut:
    if frame.common.float_pixels or (frame.common.bits_allocated or 0) > 16:
        raise UnsupportedError(
            f"Cannot give {what} by map {maps[0].label!r}: it is a table or of several parts, and the pixels are not "
            "integers of up to 16 bits."
        )
    low, high = map(int, stored_bounds(frame.common))
    stored = np.arange(low, high + 1, dtype=np.float64)
    table = np.full(len(stored), np.inf)
    for one in sorted(maps, key=lambda m: m.first):
        held = (stored >= one.first) & (stored <= one.last)
        if not np.isinf(table[held]).all():
            raise UnsupportedError(
                f"Cannot give {what} by map {one.label!r}: two of that label hold for the same stored values, from "
                f"{one.first:g} on."
            )
        if one.table is None:
            table[held] = stored[held] * one.slope + one.intercept
        else:
            table[held] = one.table[(stored[held] - one.first).astype(np.int64)]
    padding = padding_range(frame.common)
    if padding is not None:
        table[(stored >= padding[0]) & (stored <= padding[1]) & np.isinf(table)] = np.nan
    return ModalityLut(low, table, maps[0].unit)


def _outside(out: NDArray[Any], frame: Frame, maps: _Maps, *, tables: bool) -> int:
    """Return how many values of a frame no map holds for, padding left out."""
    if tables:
        return int(np.isinf(out).sum())
    (one,) = maps
    low, high = stored_bounds(frame.common) if not frame.common.float_pixels else (-np.inf, np.inf)
    if one.first <= low and high <= one.last:
        return 0
    bounds = sorted((one.first * one.slope + one.intercept, one.last * one.slope + one.intercept))
    room = abs(one.slope) / 2 if not frame.common.float_pixels else 1e-6 * max(map(abs, bounds))
    bad = (out < bounds[0] - room) | (out > bounds[1] + room)  # NaN, of float pixels, is no value
    padding = padding_range(frame.common)
    if padding is not None and bad.any():
        ends = sorted(p * one.slope + one.intercept for p in padding)
        bad &= ~((out >= ends[0] - room) & (out <= ends[1] + room))
    return int(bad.sum())
