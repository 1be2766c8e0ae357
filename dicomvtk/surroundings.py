"""What a window is told about the place a volume came from: the series beside it, their thumbnails, the headers."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dicomvtk import formats
from dicomvtk.errors import DicomVtkError, NoDicomError
from dicomvtk.render.annotations import person_name
from dicomvtk.render.around import Around, SeriesCard, Thumbnail
from dicomvtk.render.errands import Progress
from dicomvtk.volume import Volume

if TYPE_CHECKING:
    from dicomvtk.dicom.stack import Stack

__all__ = ["around", "around_volume", "most_slices", "open_paths"]

_THUMBNAIL_PIXELS = 68


@dataclass(frozen=True)
class _Neighbour:
    """A volume that a window may open: how the list shows it, how it is read, and its thumbnail."""

    card: SeriesCard
    open: Callable[[Progress | None], Volume]
    thumbnail: Callable[[], Thumbnail | None] = lambda: None


def around(
    entries: Sequence[Stack],
    current: str,
    read: Callable[[Stack, Progress | None], Volume] | None = None,
    accepted: Sequence[str] = (),
) -> Around:
    """Return the series of `entries`, of which `current` is the key of the one shown, for a window to list and open.

    `read` opens one in place of `dicomvtk.read`; findings whose codes are `accepted` do not keep it from doing so.
    """
    return _listed(_of_all_series(entries, read or _read, accepted), current)


def around_volume(volume: Volume) -> Around:
    """Return what a window may be told of a volume alone: the headers behind its slices, and how to open others."""
    return Around(open_paths=open_paths, header=_header if volume.info.sources else None)


def open_paths(paths: Sequence[str], progress: Progress | None = None) -> tuple[Volume, Around]:
    """Return a volume under `paths`, files or folders of any format, and what is around it.

    Of several series of DICOM that of most slices; without DICOM the first file. Raises an error of this package where
    nothing can be read.
    """
    from dicomvtk.dicom import reader

    files = [path for path in paths if formats.reads(path)]
    others = [path for path in paths if path not in files]
    if not others and len(files) == 1:
        volume = formats.load(files[0])
        return volume, around_volume(volume)
    neighbours = [_of_file(path) for path in files]
    if not others:
        return neighbours[0].open(progress), _listed(neighbours, files[0])
    try:
        entries = reader.find_series(others[0] if len(others) == 1 else others, progress=progress)
    except NoDicomError:
        if not files:
            raise
        return neighbours[0].open(progress), _listed(neighbours, files[0])
    entry = most_slices(entries)
    return _read(entry, progress), _listed([*_of_all_series(entries, _read), *neighbours], entry.key)


def most_slices(entries: Sequence[Stack]) -> Stack:
    """Return the entry of most slices among the readable ones, or among all where none is."""
    return max([e for e in entries if e.readable] or entries, key=lambda e: (e.slice_count, math.prod(e.shape)))


def _listed(neighbours: Sequence[_Neighbour], current: str) -> Around:
    by_key = {one.card.key: one for one in neighbours}

    def open_series(key: str, progress: Progress | None = None) -> Volume:
        return by_key[key].open(progress)

    return Around(
        cards=tuple(one.card for one in neighbours),
        current=current,
        open_series=open_series,
        open_paths=open_paths,
        thumbnail=lambda key: by_key[key].thumbnail(),
        header=_header,
    )


def _of_all_series(
    entries: Sequence[Stack], read: Callable[[Stack, Progress | None], Volume], accepted: Sequence[str] = ()
) -> list[_Neighbour]:
    """Return each series; of several patients, each with whose it is."""
    several = len({(entry.patient_id, entry.patient_name) for entry in entries}) > 1
    return [_of_series(entry, read, accepted, _patient(entry) if several else "") for entry in entries]


def _patient(entry: Stack) -> str:
    return next(iter(person_name(entry.patient_name)), entry.patient_id) or "no patient named"


def _of_series(
    entry: Stack, read: Callable[[Stack, Progress | None], Volume], accepted: Sequence[str], patient: str
) -> _Neighbour:
    opens = entry.readable or any(need.partition("=")[2] in accepted for need in entry.needs)
    options = " or ".join(f"--{need.replace('=', ' ')}" for need in entry.needs)
    size = " x ".join(str(n) for n in entry.shape)
    what = f"{entry.key}: {entry.modality}"
    lines = (f"{what}  {size}", entry.description, patient) if patient else (what, entry.description, size)
    card = SeriesCard(entry.key, lines, needs="" if opens else options or "what no option gives")
    return _Neighbour(card, lambda progress: read(entry, progress), lambda: _thumbnail(entry))


def _of_file(path: str) -> _Neighbour:
    name = Path(path).name
    return _Neighbour(SeriesCard(path, (name, str(Path(path).parent))), lambda _progress: formats.load(path))


def _read(entry: Stack, progress: Progress | None) -> Volume:
    from dicomvtk.dicom import reader

    return reader.read(entry, progress=progress)


def _thumbnail(entry: Stack) -> Thumbnail | None:
    """Return the middle slice of a series as its pane shows it, small; None where it cannot be read."""
    from dicomvtk.dicom import reader
    from dicomvtk.render.thumbnails import thumbnail

    if not entry.readable:
        return None
    middle = entry.slice_count // 2
    try:
        return thumbnail(reader.read(entry, slices=slice(middle, middle + 1)), _THUMBNAIL_PIXELS)
    except DicomVtkError:
        return None


def _header(volume: Volume, k: int) -> tuple[str, ...]:
    """Return the attributes of the file behind slice `k`, a line each; none where no file of DICOM is."""
    from dicomvtk.dicom.dump import data_set_lines

    if k >= len(volume.info.sources):
        return ()
    return tuple("    " * line.depth + line.text for line in data_set_lines(volume.info.sources[k].file))
