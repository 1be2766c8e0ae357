"""Dimensions past k: which attributes tell images at one position apart, inferred from what varies.

The evidence is a finding. Where nothing tells them apart, or the grid has holes, that is said and nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, combinations, pairwise, product

from dicomvtk.dicom.dimensions import DIMENSIONS, SECONDS_A_DAY, Dimension, Value
from dicomvtk.dicom.findings import finding
from dicomvtk.dicom.frames import Frame
from dicomvtk.dicom.tags import Tag, describe
from dicomvtk.errors import SeriesError, UnsupportedError
from dicomvtk.metadata import Axis, Finding

__all__ = ["Arrangement", "arrange", "arrange_by", "describe_holes", "known_dimensions"]

#: Frames at each position: outer index the position along the normal, inner the order in which they were found.
Groups = Sequence[Sequence[Frame]]

#: No series has more dimensions past k than this worth inferring.
_MOST_AXES = 3
#: Holes named in a message.
_NAMED_HOLES = 4


@dataclass(frozen=True)
class Arrangement:
    """Frames in order of k, then of each axis (Fortran order), and the evidence for it."""

    frames: tuple[Frame, ...]
    axes: tuple[Axis, ...]
    findings: tuple[Finding, ...]


def known_dimensions() -> list[str]:
    """Return the keywords that `dims` may name."""
    return list(dict.fromkeys(dimension.keyword for dimension in DIMENSIONS))


def arrange(groups: Groups) -> Arrangement | None:
    """Return the frames on a grid of positions and inferred axes; None where nothing tells them apart evenly."""
    if len({len(group) for group in groups}) != 1:
        return None
    found = _separate([list(group) for group in groups], DIMENSIONS, _MOST_AXES)
    if found is None:
        return None
    return _arrangement(groups, _time_first(found))


def arrange_by(groups: Groups, dims: Sequence[str], what: str) -> Arrangement:
    """Return the frames on the grid of positions and the attributes that the caller named.

    Raises UnsupportedError for a keyword that is not known, SeriesError where the grid is not full.
    """
    if isinstance(dims, str):
        raise UnsupportedError(f'dims must be a sequence of keywords, e.g. dims=("{dims}",); found text {dims!r}.')
    chosen = [_named(keyword) for keyword in dims]
    return _arrangement(groups, chosen, what)


def describe_holes(groups: Groups) -> Finding | None:
    """Return the finding that lists what is absent from an incomplete grid; None where no attribute spans one."""
    varying = [d for d in DIMENSIONS if not d.ranked and _varies(groups, d)]
    images = sum(len(group) for group in groups)
    for chosen in chain.from_iterable(combinations(varying, n) for n in range(1, _MOST_AXES + 1)):
        found = [{tuple(d.of(frame) for d in chosen) for frame in group} for group in groups]
        if any(len(cells) < len(group) for cells, group in zip(found, groups, strict=True)):
            continue
        axes = [sorted({cell[n] or 0.0 for cells in found for cell in cells}) for n in range(len(chosen))]
        every = list(product(*axes))
        holes = [(cell, n) for n, cells in enumerate(found) for cell in every if cell not in cells]
        if not holes or (len(chosen) > 1 and len(holes) > images):  # mostly holes is no grid
            continue
        absent = [f"{_cell(chosen, cell)} at position {n + 1}" for cell, n in holes[:_NAMED_HOLES]]
        more = f" and {len(holes) - _NAMED_HOLES} more" if len(holes) > _NAMED_HOLES else ""
        takes = " and ".join(
            f"{describe(d.tag)} takes {len(axis)} values ({_range(axis, d.unit)})"
            for d, axis in zip(chosen, axes, strict=True)
        )
        return finding(
            "incomplete-grid",
            f"{takes} at {len(groups)} positions: {len(every) * len(groups)} images; found {images}. "
            f"Absent: {'; '.join(absent) if len(chosen) > 1 else ', '.join(absent)}{more}. "
            "dims= names other attributes.",
            [frame.path for n in dict.fromkeys(n for _, n in holes) for frame in groups[n]],
        )
    return None


def _varies(groups: Groups, dimension: Dimension) -> bool:
    """True where every image has a value, and not all the same."""
    found = {dimension.of(frame) for group in groups for frame in group}
    return None not in found and len(found) > 1


def _cell(chosen: Sequence[Dimension], cell: Sequence[Value]) -> str:
    """Return the values of a cell for a message, with the names of the dimensions where there are several."""
    if len(chosen) == 1:
        return _text(cell[0])
    return ", ".join(f"{d.keyword} {_text(value)}" for d, value in zip(chosen, cell, strict=True))


def _separate(groups: list[list[Frame]], dimensions: Sequence[Dimension], depth: int) -> list[Dimension] | None:
    """Return the dimensions that together tell the frames of every group apart, the fewest and most telling first."""
    count = len(groups[0])
    if count == 1:
        return []
    if depth == 0:
        return None
    telling = [d for d in dimensions if not d.ranked and _shared_values(groups, d)]
    for dimension in telling:
        if len(_shared_values(groups, dimension)) == count:
            return [dimension]
    for n, dimension in enumerate(telling):
        parts = _parts(groups, dimension)
        rest = _separate(parts, [*telling[n + 1 :], *(d for d in dimensions if d.ranked)], depth - 1)
        if rest is not None:
            return [dimension, *rest]
    return next(([d] for d in dimensions if d.ranked and _ranks(groups, d)), None)


def _shared_values(groups: list[list[Frame]], dimension: Dimension) -> list[Value]:
    """Return the values that every group has, each equally often; empty where they do not agree or do not vary."""
    first: list[Value] | None = None
    for group in groups:
        found = [dimension.of(frame) for frame in group]
        if None in found:
            return []
        distinct = sorted({value for value in found if value is not None})
        if first is None:
            first = distinct
        if distinct != first or any(found.count(value) * len(distinct) != len(found) for value in distinct):
            return []
    return first if first is not None and len(first) > 1 else []


def _ranks(groups: list[list[Frame]], dimension: Dimension) -> bool:
    """True where the attribute orders the frames of every group; numbers must also run evenly over the series."""
    rows = []
    for group in groups:
        found = [dimension.of(frame) for frame in group]
        if None in found or len(set(found)) < len(found):
            return False
        rows.append(sorted(value for value in found if value is not None))
    if dimension.date and _days_unclear(min(row[0] for row in rows), max(row[-1] for row in rows)):
        return False
    if dimension.tag != Tag.InstanceNumber:
        return True
    columns = list(zip(*rows, strict=True))
    volume_by_volume = all(max(a) < min(b) for a, b in pairwise(columns))
    by_slice = sorted(rows)
    slice_by_slice = all(a[-1] < b[0] for a, b in pairwise(by_slice))
    return volume_by_volume or slice_by_slice


def _days_unclear(first: Value, last: Value) -> bool:
    """True where some images state the day and others the time alone, or clocks of one day may have passed midnight."""
    days = last // SECONDS_A_DAY - first // SECONDS_A_DAY
    return first < SECONDS_A_DAY <= last or (days == 0 and last - first > SECONDS_A_DAY / 2)


def _parts(groups: list[list[Frame]], dimension: Dimension) -> list[list[Frame]]:
    """Return each group cut by the values of a dimension."""
    parts: list[list[Frame]] = []
    for group in groups:
        by_value: dict[Value | None, list[Frame]] = {}
        for frame in group:
            by_value.setdefault(dimension.of(frame), []).append(frame)
        parts += by_value.values()
    return parts


def _time_first(dimensions: Sequence[Dimension]) -> list[Dimension]:
    return sorted(dimensions, key=lambda dimension: not dimension.temporal)


def _named(keyword: str) -> Dimension:
    found = [dimension for dimension in DIMENSIONS if dimension.keyword == keyword]
    if not found:
        raise UnsupportedError(f"Cannot order by {keyword!r}; dims= may name: {', '.join(known_dimensions())}.")
    return found[-1]


def _arrangement(groups: Groups, dimensions: Sequence[Dimension], what: str = "") -> Arrangement:
    """Put every frame in its cell; raises SeriesError where a cell is empty or holds two."""
    axes: list[Axis] = []
    for dimension in dimensions:
        found = [dimension.of(frame) for frame in groups[0]]
        distinct = sorted({value for value in found if value is not None})
        axes.append(dimension.axis(distinct))
    columns = [_cells(group, dimensions) for group in groups]
    wanted = list(product(*(range(len(axis)) for axis in reversed(axes))))
    frames: list[Frame] = []
    for cell in wanted:
        key = tuple(reversed(cell))
        for n, column in enumerate(columns):
            held = column.get(key, [])
            if len(held) != 1:
                raise SeriesError(_not_full(what, axes, key, n, len(held)))
            frames.append(held[0])
    if len(frames) != sum(len(group) for group in groups):
        raise SeriesError(
            f"Cannot order {what} by {[a.keyword for a in axes]}: some images have values that others lack."
        )
    evidence = [_evidence(axis) for axis in axes]
    if len(groups) == 1 and [axis.keyword for axis in axes] == ["InstanceNumber"]:
        message = f"All {len(frames)} images lie at one position; only InstanceNumber (0020,0013) tells them apart."
        evidence.append(finding("by-number-alone", message))
    return Arrangement(tuple(frames), tuple(axes), tuple(evidence))


def _cells(group: Sequence[Frame], dimensions: Sequence[Dimension]) -> dict[tuple[int, ...], list[Frame]]:
    """Return the frames of one position by their index along each dimension: of shared values, or of rank.

    A rank counts among the frames that agree in every shared value.
    """
    found = [tuple(dimension.of(frame) for dimension in dimensions) for frame in group]
    shared = [n for n, dimension in enumerate(dimensions) if not dimension.ranked]
    peers: dict[tuple[Value | None, ...], list[tuple[Value | None, ...]]] = {}
    for own in found:
        peers.setdefault(tuple(own[n] for n in shared), []).append(own)
    orders = [_order(found, n) for n in range(len(dimensions))]
    by_peers = {
        key: [order if n in shared else _order(among, n) for n, order in enumerate(orders)]
        for key, among in peers.items()
    }
    cells: dict[tuple[int, ...], list[Frame]] = {}
    for frame, own in zip(group, found, strict=True):
        own_orders = by_peers[tuple(own[n] for n in shared)]
        cell = tuple(order.get(value, -1) for value, order in zip(own, own_orders, strict=True))
        cells.setdefault(cell, []).append(frame)
    return cells


def _order(among: Iterable[tuple[Value | None, ...]], n: int) -> dict[Value | None, int]:
    """Return where each value of dimension `n` comes in the order of the distinct ones; a missing one is in none."""
    distinct = sorted({value for own in among if (value := own[n]) is not None})
    return {value: index for index, value in enumerate(distinct)}


def _evidence(axis: Axis) -> Finding:
    return finding("axis", f"axis {axis.keyword}: {len(axis)} values {_range(axis.values, axis.unit)}")


def _range(found: Sequence[Value], unit: str) -> str:
    return f"from {_text(found[0])} to {_text(found[-1])} {unit}".rstrip()


def _text(value: Value) -> str:
    return f"{value:g}"


def _not_full(what: str, axes: Sequence[Axis], key: tuple[int, ...], position: int, held: int) -> str:
    if not axes:
        return f"Cannot order {what} by position alone: {held} images at position {position + 1}; expected 1."
    cell = ", ".join(
        f"{axis.keyword} {_text(axis.values[n]) if n < len(axis) else n}" for axis, n in zip(axes, key, strict=True)
    )
    return f"Cannot order {what} by {_dims(axes)}: {held} images at {cell}, position {position + 1}; expected 1."


def _dims(axes: Sequence[Axis]) -> str:
    """Return the axes' keywords for a message."""
    return ", ".join(axis.keyword for axis in axes)
