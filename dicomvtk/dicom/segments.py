"""The segments of a Segmentation (PS3.3 C.8.20): their numbers, names and colours."""

from __future__ import annotations

from dicomvtk.dicom import values
from dicomvtk.dicom.elements import Items
from dicomvtk.dicom.tags import Tag
from dicomvtk.display import rgb_of_cielab
from dicomvtk.metadata import Segment

__all__ = ["SEGMENTATION_CLASSES", "segments_of"]

_BINARY_OR_FRACTIONAL = "1.2.840.10008.5.1.4.1.1.66.4"
_LABEL_MAP = "1.2.840.10008.5.1.4.1.1.66.7"
SEGMENTATION_CLASSES = frozenset({_BINARY_OR_FRACTIONAL, _LABEL_MAP})


def segments_of(items: Items, charset: str) -> tuple[Segment, ...]:
    """Return the segments that a SegmentSequence describes, those without a number left out."""
    found = []
    for item in items:
        number = values.unsigned(_bytes(item, Tag.SegmentNumber))
        if number is None:
            continue
        colour = values.shorts(_bytes(item, Tag.RecommendedDisplayCIELabValue))
        rgb = rgb_of_cielab((colour[0], colour[1], colour[2])) if len(colour) == 3 else None
        found.append(Segment(number, values.text(_bytes(item, Tag.SegmentLabel), charset), rgb))
    return tuple(found)


def _bytes(item: dict[int, bytes | Items], tag: int) -> bytes:
    value = item.get(tag, b"")
    return value if isinstance(value, bytes) else b""
