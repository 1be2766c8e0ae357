"""The pictures of a series: its slices as a screen shows them, on one scale, whatever else is wrong with them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

import dicomvtk
from dicomvtk.cli.console import Console
from dicomvtk.display import WindowLevel
from dicomvtk.errors import DicomVtkError, GeometryError, UnsupportedError
from dicomvtk.metadata import LookupTable
from dicomvtk.volume import Volume

if TYPE_CHECKING:
    from dicomvtk.dicom.stack import Stack

__all__ = ["Pages", "one_scale", "pages_of", "voi_of_header"]

#: Values that decide on an automatic window.
_SAMPLES = 250_000


@dataclass
class Pages:
    """The volumes that a series can be shown as, mostly one, and what could not be read: (file, why)."""

    volumes: list[Volume] = field(default_factory=list)
    failed: list[tuple[str, str]] = field(default_factory=list)

    def slices(self) -> Iterator[tuple[Volume, tuple[int, ...], int]]:
        """Yield (volume, index past i and j, running number) of each slice, in the order of its files."""
        for volume in self.volumes:
            further = volume.array.shape[2 : 3 + len(volume.axes)]
            for n in range(int(np.prod(further))):
                yield volume, tuple(int(x) for x in np.unravel_index(n, further, order="F")), n


def pages_of(console: Console, entry: Stack, *, stored: bool = False) -> Pages:
    """Return the pictures of a series; where it cannot be read as one volume, those of its files one by one.

    A gap between slices is none between pictures: what is odd about places alone is allowed, damaged pixels are not.
    """
    from dicomvtk.dicom.findings import RULES

    allowable = [need.partition("=")[2] for need in entry.needs if need.startswith("allow=")]
    allow = [code for code in allowable if RULES[code].error is GeometryError]
    try:
        with console.progress("reading") as progress:
            return Pages([dicomvtk.read(entry, allow=allow, stored=stored, progress=progress)])
    except DicomVtkError as error:
        if len(entry.files) == 1:
            return Pages(failed=[(entry.files[0], str(error))])
    pages = Pages()
    for path in entry.files:
        try:
            pages.volumes.append(dicomvtk.read(path, stored=stored))
        except DicomVtkError as error:
            pages.failed.append((path, str(error)))
    return pages


def one_scale(volumes: Sequence[Volume], window: WindowLevel | str | None) -> WindowLevel | LookupTable | None:
    """Return the window for all of `volumes`; None for colour.

    `window` is as `Volume.display` takes it, or ``dicom:N`` or ``dicom:NAME`` for one of the header's, counted from 1.
    """
    from dicomvtk.display.screen import chosen_voi

    grey = [volume for volume in volumes if not volume.is_colour]
    if not grey:
        return None
    if isinstance(window, WindowLevel):
        return window
    info = next((v.info for v in grey if v.info.windows or v.info.voi_luts), grey[0].info)
    voi = voi_of_header(window)
    stated = len(info.voi_luts) + len(info.windows)
    if isinstance(voi, int) and not 0 <= voi < stated:
        raise UnsupportedError(f"Cannot show window {window!r}: the header has {stated} of them, counted from dicom:1.")
    values = np.concatenate([_sample(volume) for volume in grey])
    return chosen_voi(values, info, None if voi is not None else window, voi)


def voi_of_header(window: str | None) -> int | str | None:
    """Return which of the header's windows ``dicom:...`` names: an index from 0, or an explanation."""
    if window is None or not window.lower().startswith("dicom:"):
        return None
    which = window[len("dicom:") :]
    return int(which) - 1 if which.isdigit() else which


def _sample(volume: Volume) -> NDArray[Any]:
    values = volume.array[~volume.padding_mask()] if volume.info.padding else volume.array.ravel(order="K")
    return values[:: max(1, values.size // _SAMPLES)]
