"""What the window is told about the folder a volume came from: its series, their thumbnails, the headers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

import dicomvtk
from dicomvtk import formats
from dicomvtk.cli.source import most_slices
from dicomvtk.errors import DicomVtkError
from dicomvtk.render.around import Around, SeriesCard, Thumbnail
from dicomvtk.render.drawable import drawable, grey
from dicomvtk.render.levels import usual_window
from dicomvtk.volume import Volume

if TYPE_CHECKING:
    from dicomvtk.dicom.stack import Stack

__all__ = ["around", "open_paths"]

_THUMBNAIL_PIXELS = 68


def around(entries: Sequence[Stack], current: str) -> Around:
    """Return the series of `entries`, of which `current` is the key of the one shown, for a window to list and open."""
    by_key = {entry.key: entry for entry in entries}
    return Around(
        cards=tuple(_card(entry) for entry in entries),
        current=current,
        open_series=lambda key: dicomvtk.read(by_key[key]),
        open_paths=open_paths,
        thumbnail=lambda key: _thumbnail(by_key[key]),
        header=_header,
    )


def open_paths(paths: tuple[str, ...]) -> tuple[Volume, Around]:
    """Return the volume under `paths`, files or folders, of several series that of most slices, and what is around it.

    Raises an error of this package where nothing can be read.
    """
    if len(paths) == 1 and formats.handles(paths[0]) and not Path(paths[0]).is_dir():
        return formats.load(paths[0]), Around(open_paths=open_paths)
    entries = dicomvtk.find_series(paths[0] if len(paths) == 1 else paths)
    entry = most_slices(entries)
    return dicomvtk.read(entry), around(entries, entry.key)


def _card(entry: Stack) -> SeriesCard:
    size = " x ".join(str(n) for n in entry.shape)
    options = " or ".join(f"--{need.replace('=', ' ')}" for need in entry.needs)
    return SeriesCard(
        entry.key,
        (f"{entry.key}: {entry.modality}", entry.description, size),
        needs="" if entry.readable else options or "what no option gives",
    )


def _thumbnail(entry: Stack) -> Thumbnail | None:
    """Return the middle slice of a series, small; None where it cannot be read."""
    if not entry.readable:
        return None
    middle = entry.slice_count // 2
    try:
        volume = drawable(dicomvtk.read(entry, slices=slice(middle, middle + 1)))
    except DicomVtkError:
        return None
    window = usual_window(volume)
    rows = grey(volume).array[:, :, 0].T.astype(np.float32)
    step = max(1, -(-max(rows.shape) // _THUMBNAIL_PIXELS))
    shares = np.clip((rows[::step, ::step] - window.low) / window.width, 0.0, 1.0)
    if volume.info.photometric == "MONOCHROME1":
        shares = 1.0 - shares
    return np.rint(shares * 255).astype(np.uint8)


def _header(volume: Volume, k: int) -> tuple[str, ...]:
    """Return the attributes of the file behind slice `k`, a line each."""
    from dicomvtk.dicom.dump import data_set_lines

    if k >= len(volume.info.sources):
        return ("This volume was not read from DICOM.",)
    return tuple("    " * line.depth + line.text for line in data_set_lines(volume.info.sources[k].file))
