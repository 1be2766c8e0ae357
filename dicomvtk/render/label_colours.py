"""Colours of label maps: each label its own, the segment's where the header gives one."""

from __future__ import annotations

import numpy as np

from dicomvtk.geometry import Float3
from dicomvtk.volume import Volume

__all__ = ["is_label_map", "label_colours"]

#: For labels without a colour, over and over: far from each other, and none of them grey.
_COLOURS: tuple[Float3, ...] = (
    (0.85, 0.42, 0.36),
    (0.40, 0.65, 0.88),
    (0.52, 0.77, 0.45),
    (0.93, 0.76, 0.36),
    (0.68, 0.50, 0.82),
    (0.33, 0.75, 0.72),
    (0.90, 0.55, 0.75),
    (0.75, 0.62, 0.45),
)
#: More labels than any segmentation has; what counts higher is no label.
_MOST_LABELS = 4096
_FULL = 255.0


def is_label_map(volume: Volume) -> bool:
    """Return whether the values of `volume`, a 3-D frame, are numbers of segments, 0 outside all."""
    said = bool(volume.info.segments) or volume.info.modality == "SEG"
    array = volume.array
    return said and array.dtype.kind in "iu" and array.size > 0 and array.min() >= 0 and array.max() <= _MOST_LABELS


def label_colours(volume: Volume) -> tuple[tuple[int, Float3], ...]:
    """Return each label of the label map `volume` from 1 to the highest, with its segment's colour (0 to 1) or ours."""
    given = {segment.number: segment.colour for segment in volume.info.segments if segment.colour is not None}
    labels = range(1, int(volume.array.max()) + 1)
    return tuple((label, _share(given.get(label)) or _COLOURS[(label - 1) % len(_COLOURS)]) for label in labels)


def _share(colour: tuple[int, int, int] | None) -> Float3 | None:
    if colour is None:
        return None
    red, green, blue = (float(np.clip(part / _FULL, 0.0, 1.0)) for part in colour)
    return (red, green, blue)
