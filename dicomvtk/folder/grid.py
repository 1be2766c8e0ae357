"""The images of a series on a grid of attributes: any attributes, any number of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from dicomvtk.errors import SeriesError, UnsupportedError
from dicomvtk.folder import own_attributes
from dicomvtk.folder.attribute_path import AttributePath, parse
from dicomvtk.folder.header_values import ABSENT, plain
from dicomvtk.folder.instance import Instance
from dicomvtk.folder.own_attributes import RANK
from dicomvtk.folder.slice_position import position_along_normal
from dicomvtk.folder.unique import frozen, order, unique
from dicomvtk.metadata import Axis

if TYPE_CHECKING:
    from dicomvtk.folder.series import Series

__all__ = ["Grid", "Image", "images", "on_grid"]

_FRAMES = parse("NumberOfFrames")
#: In what order images that nothing else tells apart were made.
_TURNS = (parse("InstanceNumber"), parse("AcquisitionTime"))
_UNITS = {
    "EchoTime": "ms",
    "RepetitionTime": "ms",
    "InversionTime": "ms",
    "TriggerTime": "ms",
    "FlipAngle": "degree",
    "DiffusionBValue": "s/mm2",
    "SliceLocation": "mm",
    "slice_position": "mm",
}
#: A grid shown in a message has at most so many rows and columns.
_SHOWN = 8


@dataclass(frozen=True, eq=False)
class Image:
    """One 2-D image: a file and the 0-based frame in it."""

    instance: Instance
    frame: int = 0


@dataclass(frozen=True, eq=False)
class Grid:
    """Images in Fortran order of `axes`."""

    images: tuple[Image, ...]
    axes: tuple[Axis, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(len(axis) for axis in self.axes)


def images(series: Series) -> list[Image]:
    """Return the images of a series in the order of its files."""
    found = []
    for one in series.instances:
        found += [Image(one, n) for n in range(_frame_count(one))]
    return found


def on_grid(series: Series, dims: Sequence[Any]) -> Grid:
    """Return the images of a series on the grid of the values of `dims`.

    The dimension ``rank`` numbers from 0 the images that the other dimensions do not tell apart, by InstanceNumber,
    then by AcquisitionTime, then in the order of the files.

    Raises SeriesError where an image lacks one of them, or the grid is not full, or holds two images in one cell; the
    message shows the grid.
    """
    if not dims:
        raise UnsupportedError(f"Cannot order {series!r} by nothing; name an attribute or more in dims.")
    every = images(series)
    names = [str(dim) if isinstance(dim, str) else str(parse(dim)) for dim in dims]
    if len(set(names)) < len(names):
        raise UnsupportedError(f"Cannot order {series!r} by {', '.join(names)}: each dimension once.")
    columns = [_column(every, dim) for dim in dims if dim != RANK]
    if RANK in names:
        columns.insert(names.index(RANK), _ranks(every, columns))
    for name, column in zip(names, columns, strict=True):
        lacking = sum(value is ABSENT for value in column)
        if lacking:
            raise SeriesError(
                f"Cannot order {series!r} by {name}: {lacking} of its {len(every)} images have none. "
                "Name other attributes, or take a subseries()."
            )
    axes = tuple(
        Axis(name, tuple(unique(column)), _UNITS.get(name, "")) for name, column in zip(names, columns, strict=True)
    )
    places = [{_key(value): n for n, value in enumerate(axis.values)} for axis in axes]
    cells: dict[tuple[int, ...], list[Image]] = {}
    for image, values in zip(every, zip(*columns, strict=True), strict=True):
        cell = tuple(place[_key(value)] for place, value in zip(places, values, strict=True))
        cells.setdefault(cell, []).append(image)
    wanted = [cell[::-1] for cell in product(*(range(len(axis)) for axis in reversed(axes)))]
    if any(len(cells.get(cell, [])) != 1 for cell in wanted):
        raise SeriesError(_not_full(series, axes, cells))
    return Grid(tuple(cells[cell][0] for cell in wanted), axes)


def _frame_count(instance: Instance) -> int:
    count = instance.get(_FRAMES)
    return max(1, count) if isinstance(count, int) else 1


def _column(every: Sequence[Image], dim: Any) -> list[Any]:
    """Return the value of one attribute for each image."""
    if dim == "slice_position":  # which each frame of a file has for itself
        planes = zip(_column(every, "ImagePositionPatient"), _column(every, "ImageOrientationPatient"), strict=True)
        return [ABSENT if (found := position_along_normal(*plane)) is None else found for plane in planes]
    own = own_attributes.find(dim)
    if own is not None:
        return [ABSENT if (value := own.get(image.instance)) is None else value for image in every]
    path = parse(dim)
    by_file: dict[int, list[Any]] = {}
    column = []
    for image in every:
        known = by_file.get(id(image.instance))
        if known is None:
            known = by_file[id(image.instance)] = _of_frames(image.instance, path)
        column.append(known[min(image.frame, len(known) - 1)])
    return column


def _ranks(every: Sequence[Image], others: Sequence[Sequence[Any]]) -> list[int]:
    """Return for each image how many come before it of those whose values in the other columns are the same."""
    when = [
        tuple(order(None if value is ABSENT else value) for value in image.instance.values(_TURNS).values())
        for image in every
    ]
    turns = sorted(range(len(every)), key=lambda n: (*when[n], n))
    seen: dict[tuple[Any, ...], int] = {}
    ranks = [0] * len(every)
    for n in turns:
        cell = tuple(_key(column[n]) for column in others)
        ranks[n] = seen.get(cell, 0)
        seen[cell] = ranks[n] + 1
    return ranks


def _of_frames(instance: Instance, path: AttributePath) -> list[Any]:
    """Return an attribute for each frame of a file: from its functional groups, else one for all."""
    count = _frame_count(instance)
    if count > 1 and path.is_plain:
        header = instance.header()
        groups = header.get("PerFrameFunctionalGroupsSequence", [])
        shared = header.get("SharedFunctionalGroupsSequence", [])
        if len(groups) == count:
            common = _inside(shared[0], path) if len(shared) else ABSENT
            found = [_inside(group, path) for group in groups]
            if any(value is not ABSENT for value in found) or common is not ABSENT:
                return [common if value is ABSENT else value for value in found]
    return [instance.value(path)]


def _inside(group: Dataset, path: AttributePath) -> Any:
    """Return an attribute from anywhere in a frame's functional groups, ABSENT where none has it."""
    for element in group:
        if element.tag == path.top.tag:
            return plain(element)
        if element.VR == "SQ":
            for item in element.value:
                found = _inside(item, path)
                if found is not ABSENT:
                    return found
    return ABSENT


def _key(value: Any) -> Any:
    key = frozen(value)
    return key if key is not None else str(value)


def _not_full(series: Series, axes: Sequence[Axis], cells: dict[tuple[int, ...], list[Image]]) -> str:
    """Return the message that shows how many images lie in each cell of the grid."""
    shape = tuple(len(axis) for axis in axes)
    counts: NDArray[np.intp] = np.zeros(shape, dtype=np.intp)
    for cell, held in cells.items():
        counts[cell] = len(held)
    empty, crowded = int((counts == 0).sum()), int((counts > 1).sum())
    sizes = " x ".join(f"{len(axis)} {axis.keyword}" for axis in axes)
    head = (
        f"Cannot order {series!r} by {', '.join(axis.keyword for axis in axes)}: {int(counts.sum())} images on a grid "
        f"of {sizes} ({counts.size} cells), {empty} cells empty and {crowded} with more than one. Images in each:"
    )
    way = (
        "Name a further attribute that tells images in one cell apart ('rank' numbers them), "
        "or take a subseries() that is complete."
    )
    return f"{head}\n{_drawn(axes, counts)}\n{way}"


def _drawn(axes: Sequence[Axis], counts: NDArray[np.intp]) -> str:
    """Return the counts as a table: the first axis down, all others across."""
    flat = counts.reshape(counts.shape[0], -1, order="F")
    others = list(product(*(axis.values for axis in reversed(axes[1:]))))
    heads = [", ".join(_short(value) for value in reversed(cell)) for cell in others] or ["images"]
    heads = heads[:_SHOWN] + (["..."] if len(heads) > _SHOWN else [])
    title = axes[0].keyword + (f" \\ {', '.join(axis.keyword for axis in axes[1:])}" if len(axes) > 1 else "")
    rows = [[title, *heads]]
    uneven = sorted(range(len(flat)), key=lambda n: (bool((flat[n] == 1).all()), n))[:_SHOWN]
    for n in sorted(uneven):
        numbers = [str(count) for count in flat[n][:_SHOWN]] + (["..."] if flat.shape[1] > _SHOWN else [])
        rows.append([_short(axes[0].values[n]), *numbers])
    if len(flat) > _SHOWN:
        rows.append([f"... {len(flat) - _SHOWN} more"] + [""] * len(heads))
    widths = [max(len(row[c]) for row in rows) for c in range(len(rows[0]))]
    lines = ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    return "\n".join(f"  {line}".rstrip() for line in lines)


def _short(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, list):
        return "\\".join(_short(one) for one in value)
    return str(value)[:24]
