"""NumPy's ``.npz``: everything a volume has but identifiers, for NumPy alone to read.

Arrays ``array``, ``spacing``, ``origin``, ``direction``, ``placed`` and ``info``, a text of JSON. Nothing is pickled.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dicomvtk.atomic import atomic_file
from dicomvtk.display import WindowLevel
from dicomvtk.errors import UnsupportedError
from dicomvtk.formats.further_axes import axes_from_json, axes_to_json
from dicomvtk.geometry import Geometry
from dicomvtk.metadata import SeriesInfo
from dicomvtk.volume import Volume

__all__ = ["load", "save"]

_ZIP_MAGIC = b"PK\x03\x04"
_GRID = ("spacing", "origin", "direction", "placed")


def load(path: Path) -> Volume:
    """Return the volume in a ``.npz`` file; one that has only ``array`` becomes unplaced, 1 mm."""
    with path.open("rb") as file:
        start = file.read(4)
    if start != _ZIP_MAGIC:
        raise UnsupportedError(f"Cannot read {path}: it begins with {start!r}; a .npz is a zip of arrays.")
    with np.load(path, allow_pickle=False) as members:
        return _volume(members, path)


def save(volume: Volume, path: Path) -> None:
    """Write a ``.npz`` file, uncompressed. Every dtype is kept exactly."""
    geometry = volume.geometry
    with atomic_file(path) as sibling, sibling.open("wb") as file:
        np.savez(
            file,
            array=volume.array,
            spacing=np.asarray(geometry.spacing),
            origin=np.asarray(geometry.origin),
            direction=geometry.direction,
            placed=np.asarray(geometry.placed),
            info=np.asarray(_info_json(volume)),
        )


def _volume(members: Any, path: Path) -> Volume:
    if "array" not in members:
        raise UnsupportedError(f"Cannot read {path}: it has {sorted(members)}; expected an array named 'array'.")
    array: NDArray[Any] = members["array"]
    known = json.loads(str(members["info"])) if "info" in members else {}
    axes = axes_from_json(json.dumps(known.get("axes", [])))
    if array.ndim < 3 or not all(name in members for name in _GRID):
        return Volume(array, info=_info(known, path), axes=axes)
    geometry = Geometry(
        (array.shape[0], array.shape[1], array.shape[2]),
        tuple(members["spacing"].tolist()),
        tuple(members["origin"].tolist()),
        members["direction"],
        placed=bool(members["placed"]),
    )
    return Volume(array, geometry, _info(known, path), axes=axes)


def _info_json(volume: Volume) -> str:
    info = volume.info
    return json.dumps(
        {
            "modality": info.modality,
            "unit": info.unit,
            "photometric": info.photometric,
            "windows": [[w.center, w.width, w.explanation] for w in info.windows],
            "axes": json.loads(axes_to_json(volume.axes)),
        }
    )


def _info(known: dict[str, Any], path: Path) -> SeriesInfo:
    return SeriesInfo(
        description=path.name,
        modality=str(known.get("modality", "")),
        unit=str(known.get("unit", "")),
        photometric=str(known.get("photometric", "MONOCHROME2")),
        windows=tuple(WindowLevel(*window) for window in known.get("windows", [])),
    )
