"""Labels of what hangs together in a mask, by runs: stretches of voxels along i, of which there are far fewer.

Two runs touch where one, moved by a step to a neighbouring row, overlaps the other. Which of them hang together is then
a question of a graph, answered by joining each to its least neighbour and starting again with what is left.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["labels_by_size"]

_Indices = NDArray[np.intp]

#: Fewer voxels to a run than this are many runs.
_MANY = 64


def labels_by_size(mask: NDArray[np.bool_], *, corners: bool) -> NDArray[np.int32]:
    """Return labels of the shape of `mask` (k, j, i): 0 outside, and 1, 2, ... for its parts, the largest first.

    Voxels hang together across faces, with `corners` across edges and corners too. Of parts of one size the one whose
    first voxel comes first has the lower label.
    """
    slices, rows, columns = mask.shape
    # A voxel of nothing before the first and after each row, and a row of them after each slice: no step leaves by
    # one side and comes in by the other.
    row, plane = columns + 1, (rows + 1) * (columns + 1)
    flat = np.zeros(1 + slices * plane, bool)
    flat[1:].reshape(slices, rows + 1, row)[:, :rows, :columns] = mask
    starts, stops = np.flatnonzero(_begins(flat)) + 1, np.flatnonzero(_begins(~flat)) + 1
    part, count = _joined(len(starts), *_touching(flat, starts, _steps(row, plane, corners), corners))
    sizes = np.bincount(part, stops - starts, minlength=count)
    rank = np.empty(count, np.int32)
    rank[np.argsort(-sizes, kind="stable")] = np.arange(1, count + 1)
    before = (starts - 1) // row + (starts - 1) // plane * columns + 1
    return _painted(starts - before, stops - before, rank[part], mask.size).reshape(mask.shape)


def _steps(row: int, plane: int, corners: bool) -> list[int]:
    """Return the steps forward from a voxel to the rows around its own, at the same i."""
    return [row, plane - row, plane, plane + row] if corners else [row, plane]


def _begins(flat: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return whether a stretch of True begins, from the second voxel on."""
    return flat[1:] > flat[:-1]


def _touching(flat: NDArray[np.bool_], starts: _Indices, steps: list[int], corners: bool) -> tuple[_Indices, _Indices]:
    """Return the numbers of the runs that touch, as two lists."""
    firsts = np.append(False, _begins(flat))
    lasts = np.append(_begins(~flat), False)
    # Where there are many runs, a table of the run at each voxel is quicker than a search for each.
    numbers = np.cumsum(firsts, dtype=np.int32) - 1 if len(starts) * _MANY > len(flat) else None
    ones: list[NDArray[Any]] = []
    others: list[NDArray[Any]] = []

    def put(at: _Indices, step: int) -> None:
        for places, found in ((at, ones), (at + step, others)):
            found.append(np.searchsorted(starts, places, "right") - 1 if numbers is None else numbers[places])

    for step in steps:
        # Two runs side by side overlap in one stretch; those that meet at a corner end and begin next to each other.
        put(np.flatnonzero(_begins(flat[:-step] & flat[step:])) + 1, step)
        if corners:
            put(np.flatnonzero(lasts[: -step - 1] & firsts[step + 1 :]), step + 1)
            put(np.flatnonzero(firsts[: -step + 1] & lasts[step - 1 :]), step - 1)
    return np.concatenate(ones), np.concatenate(others)


def _joined(count: int, ones: _Indices, others: _Indices, *, least: bool = False) -> tuple[_Indices, int]:
    """Return the part of each of `count` nodes that edges join, numbered in the order of their first, and how many.

    Each node goes to a lesser neighbour, which settles nearly all edges, and what is left to its `least`, so that many
    neighbours of one node are settled together.
    """
    if not len(ones):
        return np.arange(count), count
    parent = np.arange(count)
    if least:
        np.minimum.at(parent, np.maximum(ones, others), np.minimum(ones, others))
    else:
        parent[np.maximum(ones, others)] = np.minimum(ones, others)
    further = parent[parent]
    while not np.array_equal(further, parent):
        parent, further = further, further[further]
    roots = parent == np.arange(count)
    label = (np.cumsum(roots) - 1)[parent]
    ones, others = label[ones], label[others]
    apart = ones != others
    part, parts = _joined(int(roots.sum()), ones[apart], others[apart], least=True)
    return part[label], parts


def _painted(starts: _Indices, stops: _Indices, values: NDArray[np.int32], size: int) -> NDArray[np.int32]:
    """Return `size` zeros with each run in its value."""
    ends = np.zeros(2 * len(starts) + 2, np.intp)
    ends[1:-1:2], ends[2:-1:2], ends[-1] = starts, stops, size
    colours = np.zeros(2 * len(starts) + 1, np.int32)
    colours[1::2] = values
    painted: NDArray[Any] = np.repeat(colours, np.diff(ends))
    return painted
