"""Medians of three neighbours along some axes, by comparing whole rows of voxels with each other.

Sorting the neighbours along one axis after another (each sort keeps what those before brought into order) leaves a
neighbourhood that rises along all of them. What then has more than half of the others at or below it, or at or above
it, is not the median; a sorting network finds it among the rest. Comparisons that would order values already in order,
or that the median does not depend on, are left out. All sorts but the last are shared by neighbouring voxels.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["medians_of_three"]

#: What of each of the values of a neighbourhood is compared at a time: they are to stay in the processor's cache.
_BYTES_AT_A_TIME = 1 << 16

#: Of two values in a step, which goes to `out`.
_LESSER, _GREATER = 0, 1


@dataclass(frozen=True)
class _Step:
    """Put the lesser or the greater of registers `a` and `b` into register `out`."""

    which: int
    a: int
    b: int
    out: int


@dataclass(frozen=True)
class _Network:
    """Steps from the values of a neighbourhood, in the first `inputs` registers, to the median in register `median`."""

    inputs: int
    registers: int
    steps: tuple[_Step, ...]
    median: int


def medians_of_three(array: NDArray[Any], axes: Sequence[int]) -> NDArray[Any]:
    """Return the medians of the voxel and its two neighbours along each of `axes`, of (k, j, i); C order.

    Beyond the edges the outermost voxels go on. Where a NaN is among the neighbours the median is NaN.
    """
    rolled = min(axes)
    made = np.empty(array.shape, array.dtype)
    source, target = np.moveaxis(array, rolled, 0), np.moveaxis(made, rolled, 0)
    across = tuple(n for n, axis in enumerate([axis for axis in range(3) if axis != rolled]) if axis in axes)
    rows = max(_BYTES_AT_A_TIME // (source.shape[2] * source.itemsize), 1)
    starts = range(0, source.shape[1], rows)
    with ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="dicomvtk-median") as pool:
        list(pool.map(lambda start: _fill_rows(target, source, start, start + rows, across), starts))
    return made


def _fill_rows(target: NDArray[Any], source: NDArray[Any], start: int, stop: int, across: tuple[int, ...]) -> None:
    """Put the medians of rows `start` to `stop` of every plane into `target`."""
    out = target[:, start:stop]
    network = _network(len(across) + 1)
    scratch = [np.empty(out.shape[1:], out.dtype) for _ in range(network.registers - network.inputs)]
    first = _sorted_across(source[0], start, stop, across)
    before, here = first, first
    for n in range(len(source)):
        after = _sorted_across(source[n + 1], start, stop, across) if n + 1 < len(source) else here
        registers = [*before, *here, *after, *scratch]
        for step in network.steps:
            compare = np.minimum if step.which == _LESSER else np.maximum
            compare(registers[step.a], registers[step.b], out=registers[step.out])
        out[n] = registers[network.median]
        before, here = here, after


def _sorted_across(plane: NDArray[Any], start: int, stop: int, across: tuple[int, ...]) -> list[NDArray[Any]]:
    """Return the neighbours across a plane, sorted along its axes in turn: the first rises fastest."""
    values = [_with_edges(plane, start, stop, across)]
    for axis in reversed(across):
        low, middle, high = ((slice(None),) * axis + (slice(n, -2 + n or None),) for n in range(3))
        sorted_along = [_three_sorted(value[low], value[middle], value[high]) for value in values]
        values = [value for rank in zip(*sorted_along, strict=True) for value in rank]
    return values


def _with_edges(plane: NDArray[Any], start: int, stop: int, across: tuple[int, ...]) -> NDArray[Any]:
    """Return rows `start` to `stop` of a plane with one voxel more on each side of the axes in `across`."""
    more_rows, more_columns = int(0 in across), int(1 in across)
    first, last = max(start - more_rows, 0), min(stop + more_rows, len(plane))
    above, below = first - (start - more_rows), min(stop, len(plane)) + more_rows - last
    wider = np.empty((above + last - first + below, plane.shape[1] + 2 * more_columns), plane.dtype)
    inner = wider[:, more_columns : more_columns + plane.shape[1]]
    inner[above : above + last - first] = plane[first:last]
    if above:
        inner[0] = inner[1]
    if below:
        inner[-1] = inner[-2]
    if more_columns:
        wider[:, 0], wider[:, -1] = wider[:, 1], wider[:, -2]
    return wider


def _three_sorted(a: NDArray[Any], b: NDArray[Any], c: NDArray[Any]) -> tuple[NDArray[Any], ...]:
    low, high = np.minimum(a, b), np.maximum(a, b)
    middle = np.minimum(high, c)
    np.maximum(high, c, out=high)
    return np.minimum(low, middle), np.maximum(low, middle, out=middle), high


@functools.lru_cache(maxsize=3)
def _network(axes: int) -> _Network:
    """Return the median of 3 ** `axes` values that come as three sets, each rising along all axes but the last.

    Value `place * 3 ** (axes - 1) + n` is the n-th of set `place`.
    """
    wires = 3**axes
    cells = list(product(range(3), repeat=axes))
    below_half = wires // 2
    candidates = [
        wire
        for wire, cell in enumerate(cells)
        if np.prod(np.add(cell, 1)) - 1 <= below_half and np.prod(np.subtract(3, cell)) - 1 <= below_half
    ]
    # From what is low in many ways to what is high: near to the final order, so that few comparisons are left.
    candidates.sort(key=lambda wire: (sum(cells[wire]), cells[wire]))
    apart = wires // 3
    along_last = [(n + a * apart, n + b * apart) for n in range(apart) for a, b in ((0, 1), (1, 2), (0, 1))]
    among_rest = [(candidates[a], candidates[b]) for a, b in _odd_even_merge_sort(len(candidates))]
    useful = _that_swap(along_last + among_rest, axes)
    return _with_registers(useful, wires, candidates[len(candidates) // 2])


def _odd_even_merge_sort(count: int) -> Iterator[tuple[int, int]]:
    """Yield the comparisons of Batcher's network for `count` values (Knuth, TAOCP 3, 5.3.4)."""
    size = 1
    while size < count:
        apart = size
        while apart:
            for start in range(apart % size, count - apart, 2 * apart):
                for n in range(start, min(start + apart, count - apart)):
                    if n // (2 * size) == (n + apart) // (2 * size):
                        yield n, n + apart
            apart //= 2
        size *= 2


def _that_swap(comparisons: list[tuple[int, int]], axes: int) -> list[tuple[int, int]]:
    """Return those of `comparisons` that ever swap: by the 0-1 principle, all rising zeros and ones tell."""
    cells = list(product(range(3), repeat=axes - 1))
    rising = [
        values
        for values in product((False, True), repeat=len(cells))
        if all(
            values[a] <= values[b] for a, one in enumerate(cells) for b, other in enumerate(cells) if _below(one, other)
        )
    ]
    wires = np.array([sum(sets, ()) for sets in product(rising, repeat=3)]).T.copy()
    useful = []
    for low, high in comparisons:
        if np.any(wires[low] & ~wires[high]):
            wires[low], wires[high] = wires[low] & wires[high], wires[low] | wires[high]
            useful.append((low, high))
    return useful


def _below(one: tuple[int, ...], other: tuple[int, ...]) -> bool:
    return all(a <= b for a, b in zip(one, other, strict=True))


def _with_registers(comparisons: list[tuple[int, int]], wires: int, median: int) -> _Network:
    """Return the steps that the wire `median` depends on; no step overwrites what came in, others share registers."""
    wanted, kept = {median}, []
    for low, high in reversed(comparisons):
        results = [which for which, wire in ((_LESSER, low), (_GREATER, high)) if wire in wanted]
        if results:
            kept.append((low, high, results))
            wanted |= {low, high}
    register = list(range(wires))
    spare: list[int] = []
    registers = wires
    steps = []
    for low, high, results in reversed(kept):
        a, b = register[low], register[high]
        for which in results:
            if not spare:
                spare, registers = [registers], registers + 1
            out = spare.pop()
            steps.append(_Step(which, a, b, out))
            register[low if which == _LESSER else high] = out
        spare += [one for one in (a, b) if one >= wires]
    return _Network(wires, registers, tuple(steps), register[median])
