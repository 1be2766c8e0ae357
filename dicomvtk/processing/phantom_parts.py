"""The anatomy of the head phantom: solids in LPS millimetres, each of one tissue, in the order they are painted.

Each says how deep inside it a point lies, which gives the voxels that its border runs through their share of it.
Coordinates come as three arrays that broadcast against each other, so that on an axis-aligned grid most of the
arithmetic happens on single rows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["HALF_EXTENT_MM", "LESION_LPS", "Part", "head_parts"]

Float3 = tuple[float, float, float]
Coordinate = NDArray[np.float32]
Depth = Callable[[Coordinate, Coordinate, Coordinate], NDArray[np.float32]]

#: Half the size of the box around the origin that holds head and markers: x, y, z.
HALF_EXTENT_MM: Float3 = (120.0, 131.0, 118.0)

#: Centre of the lesion: in the patient's left (x > 0) hemisphere.
LESION_LPS: Float3 = (40.0, -12.0, 20.0)
_LESION_RADIUS_MM = 11.0

_BRAIN_CENTRE: Float3 = (0.0, 4.0, 22.0)
_BRAIN_RADII: Float3 = (63.0, 80.0, 74.0)
#: How much its level changes over a mm where white matter ends: that of the ellipsoid, and the folds' own.
_WHITE_SLOPE = 0.03
#: Keeps the middle of an ellipsoid, where nothing slopes, from being a division by 0.
_NO_SLOPE = np.float32(1e-12)
_FLOOR_MM = -HALF_EXTENT_MM[2]
#: Letters lie in axial slices at the height of the lesion, and stand beside and above those facing front.
_LYING_Z: tuple[float, float] = (8.0, 32.0)
_STANDING_L_Y: tuple[float, float] = (-6.0, 6.0)
_STANDING_A_Y: tuple[float, float] = (-114.0, -104.0)


@dataclass(frozen=True)
class Part:
    """A solid: its tissue, a box (LPS mm) that holds it, and how many mm inside it points lie, outside below 0.

    Near the border the depth is the distance to it; far from it only the sign counts.
    """

    tissue: str
    low: Float3
    high: Float3
    depth: Depth

    def minus(self, other: Part) -> Part:
        """Return this solid without `other`."""

        def depth(x: Coordinate, y: Coordinate, z: Coordinate) -> NDArray[np.float32]:
            return np.minimum(self.depth(x, y, z), -other.depth(x, y, z))

        return Part(self.tissue, self.low, self.high, depth)

    def within(self, other: Part) -> Part:
        """Return what this solid and `other` share."""

        def depth(x: Coordinate, y: Coordinate, z: Coordinate) -> NDArray[np.float32]:
            return np.minimum(self.depth(x, y, z), other.depth(x, y, z))

        low, high = np.maximum(self.low, other.low), np.minimum(self.high, other.high)
        return Part(self.tissue, _float3(low), _float3(high), depth)


def head_parts() -> tuple[Part, ...]:
    """Return every solid of the head, later ones painted over earlier ones."""
    return (*_outside(), *_skull(), *_neck(), *_brain(), *_face(), *_markers(), _lesion())


def _outside() -> list[Part]:
    skin, fat = [], []
    for centre, radii in (((0, 2, 17), (80, 98, 96)), ((0, -34, -48), (60, 62, 62)), ((0, -98, -30), (13, 19, 21))):
        skin.append(_ellipsoid("skin", centre, radii))
        fat.append(_ellipsoid("fat", centre, tuple(r - 2.5 for r in radii)))
    ears = [_ellipsoid("skin", (side * 81, 14, -12), (9, 18, 28)) for side in (-1, 1)]
    hollows = [_ellipsoid("air", (side * 91, 8, -12), (6, 10, 16)) for side in (-1, 1)]
    neck = [_column("skin", (0, 22), (54, 58), _FLOOR_MM, -45), _column("muscle", (0, 22), (49, 53), _FLOOR_MM, -45)]
    cheeks = [_ellipsoid("muscle", (0, -34, -50), (52, 54, 54))]
    return [*neck[:1], *ears, *hollows, *skin, *fat, *neck[1:], *cheeks]


def _skull() -> list[Part]:
    centre = (0, 4, 20)
    sinuses = [_ellipsoid("air", (side * 10, -81, 2), (8, 4, 9)) for side in (-1, 1)]
    return [
        _ellipsoid("bone", centre, (74, 91, 88)),
        _ellipsoid("diploe", centre, (71.5, 88.5, 85.5)),
        _ellipsoid("bone", centre, (69, 86, 83)),
        _cavity("csf"),
        *sinuses,
    ]


def _cavity(tissue: str) -> Part:
    """Return the inside of the skull: the vault down to a flat base."""
    vault = _ellipsoid(tissue, _BRAIN_CENTRE, (65.5, 82.5, 78))
    return vault.within(_box(tissue, (-80, -100, -48), (80, 110, 110)))


def _neck() -> list[Part]:
    cord_centre = (0.0, 44.0)
    vertebrae = []
    for n in range(4):
        top = -60.0 - 17.0 * n
        bottom = max(top - 13.0, _FLOOR_MM)
        vertebrae.append(_column("bone", (0, 20), (17, 13), bottom, top))
        vertebrae.append(_column("bone", cord_centre, (15, 15), bottom, top))
        vertebrae.append(_ellipsoid("bone", (0, 64, bottom + 5), (4, 12, 5)))
    canal = _column("csf", cord_centre, (9, 8), _FLOOR_MM, -45)
    cord = _column("white", cord_centre, (5.5, 4.5), _FLOOR_MM, -45)
    return [*vertebrae, canal, cord]


def _brain() -> list[Part]:
    cerebrum = _ellipsoid("grey", _BRAIN_CENTRE, _BRAIN_RADII)
    above = _box("grey", (-70, -90, -24), (70, 100, 110))
    inner = _ellipsoid("grey", (0, 4, 20), (64, 80, 78)).within(_cavity("grey"))
    temporal = [_ellipsoid("grey", (s * 34, -14, -24), (24, 36, 20)).within(inner) for s in (-1, 1)]
    core = [_ellipsoid("white", (s * 33, -14, -23), (16, 28, 12)).within(inner) for s in (-1, 1)]
    cerebellum = [_ellipsoid("grey", (s * 22, 42, -26), (27, 26, 21)).within(inner) for s in (-1, 1)]
    arbor = [_ellipsoid("white", (s * 22, 40, -26), (16, 17, 10)) for s in (-1, 1)]
    stem = [_ellipsoid("white", (0, 16, -20), (13, 13, 22)), _column("white", (0, 30), (8, 8), -70, -25)]
    callosum = _ellipsoid("csf", (0, 4, 16), (12, 60, 50))
    fissure = _box("csf", (-1.6, -90, 0), (1.6, 100, 110)).within(_ellipsoid("csf", _BRAIN_CENTRE, _BRAIN_RADII))
    ganglia = [_ellipsoid("grey", (s * 25, -2, 10), (8, 19, 12)) for s in (-1, 1)]
    ventricles = [
        part
        for s in (-1, 1)
        for part in (
            _ellipsoid("csf", (s * 12, -4, 24), (6, 30, 11)),
            _ellipsoid("csf", (s * 21, 34, 14), (7, 19, 9)),
        )
    ]
    third = _ellipsoid("csf", (0, 6, 4), (2.6, 14, 11))
    fourth = _ellipsoid("csf", (0, 33, -27), (6, 4, 9))
    return [
        cerebrum.within(above),
        _white_matter(),
        *temporal,
        *core,
        *cerebellum,
        *arbor,
        *stem,
        fissure.minus(callosum),
        *ganglia,
        *ventricles,
        third,
        fourth,
    ]


def _white_matter() -> Part:
    """Return the inside of the cerebrum: an ellipsoid whose surface is folded, so that grey matter winds around it."""
    cx, cy, cz = _BRAIN_CENTRE
    rx, ry, rz = _BRAIN_RADII

    def depth(x: Coordinate, y: Coordinate, z: Coordinate) -> NDArray[np.float32]:
        shell = ((x - cx) / rx) ** 2 + ((y - cy) / ry) ** 2 + ((z - cz) / rz) ** 2
        fold = np.cos(x / 4.2) + np.cos(y / 4.6) + np.cos(z / 4.4)
        return np.minimum((0.76 - shell - 0.055 * fold) / _WHITE_SLOPE, z + 16.0)

    return Part("white", (cx - rx, cy - ry, cz - rz), (cx + rx, cy + ry, cz + rz), depth)


def _face() -> list[Part]:
    orbits = [
        part
        for s in (-1, 1)
        for part in (
            _ellipsoid("bone", (s * 32, -62, -18), (21, 25, 20)).within(_box("bone", (-80, -82, -60), (80, 0, 40))),
            _ellipsoid("fat", (s * 32, -64, -18), (18, 24, 17)),
            _ellipsoid("muscle", (s * 28, -50, -18), (3, 14, 3)),
            _ellipsoid("eye", (s * 32, -72, -18), (12, 12, 12)),
            _ellipsoid("lens", (s * 32, -80.5, -18), (4.5, 2.6, 4.5)),
        )
    ]
    maxillae = [
        part
        for s in (-1, 1)
        for part in (
            _ellipsoid("bone", (s * 26, -62, -50), (16, 17, 17)),
            _ellipsoid("air", (s * 26, -61, -50), (13, 14, 14)),
        )
    ]
    septum = _box("muscle", (-1.3, -104, -58), (1.3, -50, -22)).within(_ellipsoid("air", (0, -78, -43), (8, 34, 17)))
    airways = [
        _ellipsoid("bone", (0, -72, -42), (11, 26, 22)),
        _ellipsoid("air", (0, -78, -43), (8, 34, 17)),
        septum,
        _ellipsoid("air", (0, -36, -56), (9, 22, 16)),
        _column("air", (0, -22), (9, 9), _FLOOR_MM, -56),
    ]
    jaw = _column("bone", (0, -32), (47, 54), -100, -80).minus(_column("bone", (0, -26), (38, 48), -110, -70))
    teeth = _column("teeth", (0, -34), (40, 49), -79, -67).minus(_column("teeth", (0, -28), (32, 43), -90, -56))
    front = _box("bone", (-80, -130, -110), (80, -22, -60))
    return [*orbits, *maxillae, *airways, jaw.within(front), teeth.within(front)]


def _markers() -> list[Part]:
    """Return the letters L (patient's left) and A (in front), lying for axial slices and standing for the front."""
    near, far, half = 97.0, 117.0, 14.0
    (low, high), (front, back) = _LYING_Z, _STANDING_L_Y
    return [
        _box("marker", (near, -half, low), (near + 6, half, high)),
        _box("marker", (near, half - 6, low), (far, half, high)),
        _box("marker", (near, front, -40), (near + 6, back, -12)),
        _box("marker", (near, front, -40), (far, back, -34)),
        _lying_a(),
        _standing_a(),
    ]


_A_HEIGHT_MM = 26.0
_A_REACH_MM = 18.0


def _lying_a() -> Part:
    """Return the A in front of the forehead whose top is anterior: up on the screen of an axial slice."""
    foot = -103.0

    def depth(x: Coordinate, y: Coordinate, z: Coordinate) -> NDArray[np.float32]:
        return np.minimum(_letter_a(x, (foot - y) / _A_HEIGHT_MM), _between(z, *_LYING_Z))

    low, high = (-_A_REACH_MM, foot - _A_HEIGHT_MM, _LYING_Z[0]), (_A_REACH_MM, foot, _LYING_Z[1])
    return Part("marker", low, high, depth)


def _standing_a() -> Part:
    """Return the A above it whose top is superior: up in a view from the front."""
    foot = 42.0

    def depth(x: Coordinate, y: Coordinate, z: Coordinate) -> NDArray[np.float32]:
        return np.minimum(_letter_a(x, (z - foot) / _A_HEIGHT_MM), _between(y, *_STANDING_A_Y))

    low, high = (-_A_REACH_MM, _STANDING_A_Y[0], foot), (_A_REACH_MM, _STANDING_A_Y[1], foot + _A_HEIGHT_MM)
    return Part("marker", low, high, depth)


def _letter_a(across: Coordinate, up: Coordinate) -> NDArray[np.float32]:
    """Return how deep points are in the letter: `across` in mm from its middle, `up` from 0 (feet) to 1 (top)."""
    stroke, half_width = 6.0, 12.0
    leg = half_width * (1.0 - up) - stroke / 2 * up
    side = np.abs(across)
    strokes = np.minimum(np.maximum(leg, 0) + stroke / 2 - side, side - leg + stroke / 2)
    bar = np.minimum(leg - side, stroke / 2.4 - np.abs(up - 0.34) * _A_HEIGHT_MM)
    return np.minimum(np.maximum(strokes, bar), _between(up, 0.0, 1.0) * _A_HEIGHT_MM)


def _lesion() -> Part:
    return _ellipsoid("lesion", LESION_LPS, (_LESION_RADIUS_MM,) * 3)


def _ellipsoid(tissue: str, centre: tuple[float, ...], radii: tuple[float, ...]) -> Part:
    (cx, cy, cz), (rx, ry, rz) = centre, radii

    def depth(x: Coordinate, y: Coordinate, z: Coordinate) -> NDArray[np.float32]:
        across, along, up = ((x - cx) / rx) ** 2, ((y - cy) / ry) ** 2, ((z - cz) / rz) ** 2
        return _to_first_order(across + along + up, across / rx**2 + along / ry**2 + up / rz**2)

    return Part(tissue, (cx - rx, cy - ry, cz - rz), (cx + rx, cy + ry, cz + rz), depth)


def _column(tissue: str, centre: tuple[float, float], radii: tuple[float, float], bottom: float, top: float) -> Part:
    """Return an elliptic cylinder along z; `centre` and `radii` are (x, y)."""
    (cx, cy), (rx, ry) = centre, radii

    def depth(x: Coordinate, y: Coordinate, z: Coordinate) -> NDArray[np.float32]:
        across, along = ((x - cx) / rx) ** 2, ((y - cy) / ry) ** 2
        round_about = _to_first_order(across + along, across / rx**2 + along / ry**2)
        return np.minimum(round_about, _between(z, bottom, top))

    return Part(tissue, (cx - rx, cy - ry, bottom), (cx + rx, cy + ry, top), depth)


def _box(tissue: str, low: Float3, high: Float3) -> Part:
    def depth(x: Coordinate, y: Coordinate, z: Coordinate) -> NDArray[np.float32]:
        flat = np.minimum(_between(x, low[0], high[0]), _between(y, low[1], high[1]))
        return np.minimum(flat, _between(z, low[2], high[2]))

    return Part(tissue, low, high, depth)


def _between(along: Coordinate, low: float, high: float) -> NDArray[np.float32]:
    """Return how far points lie between `low` and `high`."""
    return np.minimum(along - low, high - along)


def _to_first_order(level: NDArray[np.float32], slope: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the distance to where `level` is 1, a sum of squares; `slope` is its gradient squared, by 4."""
    return (1 - level) / np.sqrt(4 * slope + _NO_SLOPE)


def _float3(values: NDArray[Any]) -> Float3:
    x, y, z = (float(v) for v in values)
    return (x, y, z)
