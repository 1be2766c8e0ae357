"""Maps to real world values that headers offer: the standard's (PS3.3 C.7.6.16.2.11) and Philips' own.

Philips states, beside the rescale to what its console displays, a ScaleSlope (2005,100E) to what the scanner
measured, equal between scans: FV = (SV * RS + RI) / (RS * SS) (Chenevert et al., Transl Oncol 2014, 7:65).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from dicomvtk.dicom import values
from dicomvtk.dicom.elements import Items, NotDicom, RawHeader, Unsure, walk_file
from dicomvtk.dicom.frames import Frame
from dicomvtk.dicom.tags import Tag, describe
from dicomvtk.dicom.values import BadValue
from dicomvtk.metadata import ValueMap

__all__ = ["PHILIPS_LABEL", "FileMaps", "offered_maps"]

#: The name of Philips' map: "floating point value" in its conformance statements.
PHILIPS_LABEL = "FV"
_PHILIPS = b"Philips MR Imaging DD 001"
_GROUP = 0x2005
_SCALE_SLOPE = 0x0E
_CREATORS = {block << 16 | _GROUP: block for block in range(0x10, 0x100)}
_SCALE_SLOPES = frozenset((block << 8 | _SCALE_SLOPE) << 16 | _GROUP for block in _CREATORS.values())
#: Where an enhanced object of Philips repeats the private attributes of a classic one, frame by frame.
_PHILIPS_FRAMES = 0x140F << 16 | _GROUP

_WANTED = frozenset({Tag.SpecificCharacterSet, *_CREATORS, *_SCALE_SLOPES})
_SEQUENCES = frozenset(
    {
        Tag.RealWorldValueMappingSequence,
        Tag.SharedFunctionalGroupsSequence,
        Tag.PerFrameFunctionalGroupsSequence,
        _PHILIPS_FRAMES,
    }
)

_Item = dict[int, "bytes | Items"]


class FileMaps:
    """The maps of one file, read from its header when made; raises OSError, or what a damaged file raises."""

    def __init__(self, path: str) -> None:
        self._header = _header(path)
        self._charset = values.text(self._header.values.get(Tag.SpecificCharacterSet))

    def of(self, frame: Frame) -> tuple[ValueMap, ...]:
        """Return the maps of one frame; raises BadValue for one that is damaged."""
        return tuple(self._maps(frame, strict=True))

    def sound(self, frame: Frame) -> tuple[ValueMap, ...]:
        """Return the maps of one frame, damaged ones left out."""
        return tuple(self._maps(frame, strict=False))

    def _maps(self, frame: Frame, *, strict: bool) -> Iterator[ValueMap]:
        for item in self._said_of(frame.number, Tag.RealWorldValueMappingSequence):
            try:
                yield _value_map(item, self._charset, signed=frame.common.signed)
            except BadValue:
                if strict:
                    raise
        philips = self._philips(frame)
        if philips is not None:
            yield philips

    def _said_of(self, number: int, tag: int) -> Items:
        """Return the items of a macro: of the frame, else shared by all frames, else of the image."""
        own = self._header.sequences.get(Tag.PerFrameFunctionalGroupsSequence, [])
        shared = self._header.sequences.get(Tag.SharedFunctionalGroupsSequence, [])
        for group in (own[number] if number < len(own) else {}, shared[0] if shared else {}, self._header.sequences):
            found = group.get(tag)
            if isinstance(found, list) and found:
                return found
        return []

    def _philips(self, frame: Frame) -> ValueMap | None:
        """Return the map to the values that a Philips scanner measured, None where its scale is not stated."""
        private = self._said_of(frame.number, _PHILIPS_FRAMES)
        scale = (_scale_slope(private[0]) if private else None) or _scale_slope(dict(self._header.values))
        if scale is None:
            return None
        try:
            slopes = values.decimals(frame.value(Tag.RescaleSlope), 1)
            intercepts = values.decimals(frame.value(Tag.RescaleIntercept), 1)
        except BadValue:
            return None
        slope, intercept = slopes[0] if slopes else 1.0, intercepts[0] if intercepts else 0.0
        if slope == 0:
            return None
        explanation = f"Philips: as measured, ScaleSlope (2005,100E) {scale:g}"
        return ValueMap(PHILIPS_LABEL, explanation=explanation, slope=1 / scale, intercept=intercept / (slope * scale))


def offered_maps(frame: Frame) -> tuple[ValueMap, ...]:
    """Return the maps of a frame as far as its file can be read, for what is told of a series."""
    try:
        return FileMaps(frame.path).sound(frame)
    except Exception:  # what pydicom raises on damage that the scan let pass; nothing but this list depends on it
        return ()


def _header(path: str) -> RawHeader:
    try:
        return walk_file(path, _WANTED, _SEQUENCES)
    except (Unsure, NotDicom) as doubt:
        from dicomvtk.dicom.headers_pydicom import read_header

        return read_header(path, str(doubt), _WANTED, _SEQUENCES)


def _scale_slope(item: _Item) -> float | None:
    """Return Philips' ScaleSlope of a data set, whatever block its private attributes lie in."""
    for tag, creator in item.items():
        block = _CREATORS.get(tag)
        if block is None or not isinstance(creator, bytes) or creator.rstrip(b" \0") != _PHILIPS:
            continue
        raw = item.get((block << 8 | _SCALE_SLOPE) << 16 | _GROUP)
        if isinstance(raw, bytes) and len(raw) == 4:
            scale = float(struct.unpack("<f", raw)[0])
            return scale if np.isfinite(scale) and scale != 0 else None
    return None


def _value_map(item: _Item, charset: str, *, signed: bool) -> ValueMap:
    """Return one item of a RealWorldValueMappingSequence; raises BadValue for a map that cannot be applied."""
    label = values.text(_bytes(item, Tag.LUTLabel), charset)
    first, last = _range(item, signed)
    units = item.get(Tag.MeasurementUnitsCodeSequence)
    unit = units[0] if isinstance(units, list) and units else {}
    said = ValueMap(
        label,
        unit=values.text(_bytes(unit, Tag.CodeValue)),
        meaning=values.text(_bytes(unit, Tag.CodeMeaning), charset),
        explanation=values.text(_bytes(item, Tag.LUTExplanation), charset),
        first=first,
        last=last,
    )
    data = _bytes(item, Tag.RealWorldValueLUTData)
    if data:
        table = np.frombuffer(data[: len(data) // 8 * 8], "<f8")
        if len(table) != last - first + 1:
            raise BadValue(
                f"{describe(Tag.RealWorldValueLUTData)} of map {label!r} holds {len(table)} values, "
                f"expected {last - first + 1:g} for stored values {first:g} to {last:g}"
            )
        return replace(said, table=table)
    slope, intercept = _double(item, Tag.RealWorldValueSlope), _double(item, Tag.RealWorldValueIntercept)
    if slope is None or intercept is None or slope == 0:
        raise BadValue(
            f"{describe(Tag.RealWorldValueSlope)} and {describe(Tag.RealWorldValueIntercept)} of map {label!r} are "
            f"{slope} and {intercept}, expected numbers, the slope not 0"
        )
    return replace(said, slope=slope, intercept=intercept)


def _range(item: _Item, signed: bool) -> tuple[float, float]:
    """Return the first and the last stored value that a map holds for."""
    first = _double(item, Tag.DoubleFloatRealWorldValueFirstValueMapped)
    last = _double(item, Tag.DoubleFloatRealWorldValueLastValueMapped)
    if first is None or last is None:
        ends = [
            values.short(_bytes(item, tag), signed=signed)
            for tag in (Tag.RealWorldValueFirstValueMapped, Tag.RealWorldValueLastValueMapped)
        ]
        if ends[0] is None or ends[1] is None:
            raise BadValue(f"{describe(Tag.RealWorldValueFirstValueMapped)} or its last value is missing")
        first, last = float(ends[0]), float(ends[1])
    if first > last:
        raise BadValue(f"a map of real world values holds from {first:g} to {last:g}, which is no range")
    return first, last


def _double(item: _Item, tag: int) -> float | None:
    raw = _bytes(item, tag)
    value = float(struct.unpack("<d", raw)[0]) if len(raw) == 8 else np.nan
    return value if np.isfinite(value) else None


def _bytes(item: _Item, tag: int) -> bytes:
    value = item.get(tag, b"")
    return value if isinstance(value, bytes) else b""
