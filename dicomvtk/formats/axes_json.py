"""The axes past k as one line of JSON, for formats with room for a text."""

from __future__ import annotations

import json

from dicomvtk.metadata import Axis

__all__ = ["axes_from_json", "axes_to_json"]


def axes_to_json(axes: tuple[Axis, ...]) -> str:
    """Return `axes` as ASCII JSON on one line; values that JSON does not have become text.

    >>> axes_to_json((Axis("EchoTime", (5.5, 11), "ms"),))
    '[{"keyword": "EchoTime", "values": [5.5, 11], "unit": "ms"}]'
    """
    return json.dumps(
        [{"keyword": axis.keyword, "values": list(axis.values), "unit": axis.unit} for axis in axes], default=str
    )


def axes_from_json(text: str) -> tuple[Axis, ...]:
    """Return the axes that `axes_to_json` wrote; none where the text is something else."""
    try:
        return tuple(
            Axis(str(item["keyword"]), tuple(_hashable(value) for value in item["values"]), str(item["unit"]))
            for item in json.loads(text or "[]")
        )
    except (ValueError, TypeError, KeyError, RecursionError):
        return ()


def _hashable(value: object) -> object:
    return tuple(_hashable(item) for item in value) if isinstance(value, list) else value
