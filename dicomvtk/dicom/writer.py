"""A volume as a new DICOM series, one file a slice, that validators and other readers accept.

The series is written whole or not at all. Integers come back exactly; floats within half a quantum, which the report
states. See docs/conventions.md for axes and space.
"""

from __future__ import annotations

import datetime
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from dicomvtk.atomic_folder import new_folder
from dicomvtk.dicom import modules
from dicomvtk.dicom.axis_attributes import frames_of, of_frame
from dicomvtk.dicom.compress import Coding, check_coding, coding_named
from dicomvtk.dicom.derived import Source, kept_of_slice, own_source, read_source
from dicomvtk.dicom.given import Given, as_given
from dicomvtk.dicom.identity import Identity
from dicomvtk.dicom.image_files import ImageFile, PixelWriter, file_names, write_files
from dicomvtk.dicom.media_directory_write import rename_as_file_set
from dicomvtk.dicom.multi_frame import derived_frames
from dicomvtk.dicom.provenance import contributing, nearest, references
from dicomvtk.dicom.reader import choose
from dicomvtk.dicom.series_header import known_facts, series_header, text_of
from dicomvtk.dicom.storage import PARAMETRIC_MAP, PET, SeriesPlan, Wishes, plan_series
from dicomvtk.dicom.template import HeaderTemplate
from dicomvtk.dicom.user_attributes import series_attributes, slice_attributes
from dicomvtk.dicom.verify import check_written
from dicomvtk.dicom.writable import filled, given_array, placed, writable
from dicomvtk.errors import UnsupportedError
from dicomvtk.volume import Volume

if TYPE_CHECKING:
    from dicomvtk.dicom.stack import Stack

__all__ = ["WriteReport", "write_series"]

PathLike = str | os.PathLike[str]
_NO_ATTRIBUTES: Mapping[str, Any] = MappingProxyType({})
_EXPLICIT_LITTLE = "1.2.840.10008.1.2.1"
#: The length of PixelData has 32 bits, the greatest of which means undefined (PS3.5 section 7.1).
_MAX_PIXEL_BYTES = 2**32 - 2


@dataclass(frozen=True)
class WriteReport:
    """What was written, and how close it is to what was given.

    `max_error` bounds the difference, in modality values, between what readers get back and what was given: 0.0 when
    exact. `note` says why the storage class is not the one of the modality, where that is so.
    """

    folder: Path
    files: tuple[Path, ...]
    sop_class_uid: str
    sop_class: str
    modality: str
    study_uid: str
    series_uid: str
    dtype: str
    slope: float
    intercept: float
    max_error: float
    note: str = ""
    transfer_syntax: str = _EXPLICIT_LITTLE

    def __str__(self) -> str:
        exact = "exact" if self.max_error == 0 else f"error at most {self.max_error:.3g}"
        note = f"; {self.note}" if self.note else ""
        kind = f"{self.sop_class} ({self.modality}, {self.dtype}, {exact})"
        count = f"{len(self.files)} file{'s' if len(self.files) != 1 else ''}"
        return f"{count} of {kind} in {self.folder}{note}"


def write_series(
    volume: Volume | ArrayLike,
    folder: PathLike,
    *,
    like: Volume | Stack | PathLike | Literal[False] | None = None,
    modality: str | None = None,
    spacing: Sequence[float] | None = None,
    origin: Sequence[float] | None = None,
    direction: ArrayLike | None = None,
    attributes: Mapping[Any, Any] = _NO_ATTRIBUTES,
    per_slice: Callable[[int], Mapping[Any, Any]] | None = None,
    slope: float | None = None,
    digits: int | None = None,
    fill: float | None = None,
    lossless: bool = False,
    multi_frame: bool = False,
    compress: str | None = None,
    uids: str | Callable[[], str] | None = None,
    now: datetime.datetime | None = None,
    overwrite: bool = False,
    verify: bool = False,
    dicomdir: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> WriteReport:
    """Write a volume, or an array (i, j, k[, 3]), as a new series of one file a slice and return what was written.

    The storage class follows modality and values: CT, MR and PET where the values fit 16 bits (floats by one slope for
    the whole volume), Secondary Capture for all else (masks, RGB, 32-bit integers, other modalities). A PET image is
    made where Units, DecayCorrection and FrameReferenceTime are known.

    Identity: a new series. A volume that was read from files which are still there is derived from them: patient, study
    and frame of reference are kept, and every slice refers to its source images; `like` names another source. Without
    one the study is new and the patient the one the volume names if it was not read from DICOM, else
    ``Anonymous^Patient`` with an ID of its own. See docs/identity.md.

    Parameters
    ----------
    volume : Volume or array
        An array (i, j) is one image; colour samples come last. Left-handed grids are written as they are. Further axes
        of a volume (EchoTime, TemporalPositionIdentifier, ...) become those attributes of its images.
    folder : path
        Made, with its parents; must be empty or absent unless `overwrite`. Whole or absent: on any failure what stood
        there still stands.
    like : Volume, entry of `find_series`, path or False, optional
        The series this one is derived from. False: from none, so that nobody is named.
    modality : str, optional
        ``"CT"``, ``"MR"``, ``"PT"``, ...; the volume's if left out, OT for an array. CT values of an array are HU.
    spacing, origin, direction : optional
        Millimetres (i, j, k), LPS position of the first voxel, (3, 3) LPS columns; they replace the volume's. An array
        with any of them has a place in the patient: the others are then 1 mm, (0, 0, 0) and the identity. An array
        with none takes the grid of `like`, if the shapes agree, and its modality, if deeper than 8 bits; without
        `like` it states no spacing, only that its images are one stack.
    attributes : mapping
        Further attributes, by keyword, ``(group, element)`` or ``"gggg,eeee"``; they win over all defaults.
    per_slice : callable
        Further attributes for slice k; slices of further axes count on, in Fortran order.
    slope, digits : float, int, optional
        The step in which floats are stored, or the decimals that are kept (a step of ``10**-digits``); the smallest
        possible step if left out.
    fill : float, optional
        What to write for NaN and infinities, which are refused otherwise.
    lossless : bool
        Floats bit by bit, as a Parametric Map, where 16-bit integers do not hold them exactly.
    multi_frame : bool
        All slices in one file: multi-frame Secondary Capture.
    compress : str, optional
        ``"rle"``, ``"jpegls"``, ``"j2k"`` or ``"htj2k"``, each without loss.
    uids : str or callable, optional
        The root of new UIDs, or what gives them; UUIDs under 2.25 if left out.
    now : datetime, optional
        The date and time of the whole series.
    overwrite : bool
        Replace all that `folder` holds, once the new series is complete.
    verify : bool
        Read the series back before it gets its name, and compare voxels, geometry and axes.
    dicomdir : bool
        A DICOMDIR beside the images, which then have names that a medium allows: ``PT000000/ST000000/...``.
    progress : callable
        Called with (done, total).

    Raises
    ------
    UnsupportedError
        For a dtype, rank, range or attribute that a DICOM image cannot hold.
    GeometryError
        For an irregular volume, and for CT, MR or PET without a place in the patient.
    WriteError
        Where the folder is taken, the disk refuses, or `verify` finds something else than was written.
    """
    source, note = _source(volume, like)
    if isinstance(like, str | os.PathLike):
        like = choose(like)
    moved = isinstance(volume, Volume) and not (origin is None and direction is None)
    if isinstance(volume, Volume):
        given = as_given(volume)
    else:
        by_caller = not (spacing is None and origin is None and direction is None)
        given = given_array(volume, modality, like, source, stated=by_caller)
    given = filled(writable(placed(given, spacing, origin, direction)), fill)
    moved = moved or _elsewhere(given, source)
    identity = Identity(uids, now or datetime.datetime.now())
    wishes = Wishes(_step(slope, digits), lossless, multi_frame)
    coding = None if compress is None else coding_named(compress)
    count = given.geometry.shape[2] * int(np.prod([len(axis) for axis in given.axes], dtype=int))
    stated = series_attributes(attributes)
    stated_of_slices = [slice_attributes(per_slice(n) or {}, n) if per_slice else {} for n in range(count)]
    plan = plan_series(given, modality, {**known_facts(given.info, source), **stated, **stated_of_slices[0]}, wishes)
    if count > 1 and not given.geometry.placed and not plan.note:
        note = "; ".join(text for text in (note, "one stack without a place in the patient") if text)
    if coding is not None:
        check_coding(coding, plan.encoding.dtype)
    header = series_header(given, plan, identity, source, stated, coding=coding, moved=moved)
    if plan.storage.multi_frame:
        _check_one_file(given, plan, per_slice)
        names = file_names(1)
        images = _one_image(given, plan, source, header, identity, coding)
    else:
        names = file_names(count)
        images = _images(given, plan, source, header, identity, coding, stated_of_slices)
    with new_folder(folder, overwrite=overwrite) as filling:
        write_files(images, len(names), filling, PixelWriter(plan.encoding, coding), progress)
        if verify:
            check_written(given, [filling / name for name in names], plan.encoding.max_error)
        if dicomdir:
            names = rename_as_file_set(filling, names)
    return _report(Path(folder), names, plan, header, coding, note)


def _source(volume: Volume | ArrayLike, like: Any) -> tuple[Source | None, str]:
    """Return what the series is derived from, and a remark where that could not be had."""
    if like is False:
        return None, ""
    if like is not None:
        return read_source(like), ""
    if not isinstance(volume, Volume) or not volume.info.files:
        return None, ""
    source = own_source(volume)
    return source, "" if source else "the files it was read from are gone, so patient and study are new"


def _elsewhere(volume: Given, source: Source | None) -> bool:
    """True where the volume says that it lies in another frame of reference than its source."""
    own = volume.info.frame_of_reference_uid
    return source is not None and bool(own) and own != str(source.header.get("FrameOfReferenceUID", own))


def _step(slope: float | None, digits: int | None) -> float | None:
    if digits is None:
        return slope
    if slope is not None:
        raise UnsupportedError("Cannot write with both slope= and digits=; give one of them.")
    return float(f"1e{-int(digits)}")


def _check_one_file(volume: Given, plan: SeriesPlan, per_slice: object) -> None:
    if volume.axes or per_slice is not None:
        found = "per_slice=" if per_slice is not None else f"the axis {volume.axes[0].keyword}"
        raise UnsupportedError(
            f"Cannot write {found} in one file of all slices ({plan.storage.name}); write one file a slice, "
            "or frame by frame: volume.frame(0), ..."
        )
    size = volume.array.size * plan.encoding.dtype.itemsize
    if size > _MAX_PIXEL_BYTES:
        raise UnsupportedError(f"Cannot write {size} bytes of pixels in one file of DICOM; it holds 4 GiB at most.")


def _one_image(
    volume: Given,
    plan: SeriesPlan,
    source: Source | None,
    header: Mapping[str, Any],
    identity: Identity,
    coding: Coding | None,
) -> Iterator[ImageFile]:
    """Yield the image of all slices."""
    own: dict[str, Any] = {}
    if source is not None:
        slices = range(volume.geometry.shape[2])
        used = dict.fromkeys(n for k in slices for n in contributing(source, volume.geometry, k))
        own = references(source, sorted(used))
        if plan.storage is PARAMETRIC_MAP:
            own.update(derived_frames(header, own.pop("SourceImageSequence")))
    template = HeaderTemplate(header, coding.uid if coding else _EXPLICIT_LITTLE)
    yield ImageFile(file_names(1)[0], template.header(identity.new_uid(), own), volume.slices(), volume.array.size)


def _images(
    volume: Given,
    plan: SeriesPlan,
    source: Source | None,
    header: Mapping[str, Any],
    identity: Identity,
    coding: Coding | None,
    stated: Sequence[Mapping[str, Any]],
) -> Iterator[ImageFile]:
    """Yield one image a slice: frame by frame along the further axes, from the first slice to the last."""
    geometry, slices = volume.geometry, volume.geometry.shape[2]
    template = HeaderTemplate(header, coding.uid if coding else _EXPLICIT_LITTLE)
    names = iter(file_names(len(stated)))
    for frame, index in enumerate(frames_of(volume.axes)):
        among = _own_images(volume, source, frame)
        for k, plane in enumerate(volume.slices(index)):
            n = frame * slices + k
            own: dict[str, Any] = {"InstanceNumber": n + 1, **modules.slice_plane(geometry, k)}
            own.update(of_frame(volume.axes, index))
            if plan.storage is PET:
                own["ImageIndex"] = n + 1
            if source is not None:
                own.update(_of_source(volume, plan, source, k, among))
            own.update(stated[n])
            given = own.pop("SOPInstanceUID", None)
            uid = identity.claim(str(given)) if given else identity.new_uid()
            yield ImageFile(next(names), template.header(uid, own), (plane,), plane.size)


def _own_images(volume: Given, source: Source | None, frame: int) -> slice | None:
    """Return which images of the source are those of one frame of further axes, where it has the same."""
    slices = volume.geometry.shape[2]
    frames = int(np.prod([len(axis) for axis in volume.axes], dtype=int))
    same = source is not None and frames > 1 and len(source.datasets) == slices * frames
    return slice(frame * slices, (frame + 1) * slices) if same else None


def _of_source(volume: Given, plan: SeriesPlan, source: Source, k: int, among: slice | None) -> dict[str, Any]:
    if among is None:
        used = contributing(source, volume.geometry, k)
    else:
        used = (nearest(source, volume.geometry.index_to_physical((0, 0, k)), among),)
    kept = kept_of_slice(source, plan.storage, used[0])
    axes = {keyword for axis in volume.axes for keyword in of_frame([axis], [0])}
    return {**{keyword: kept[keyword] for keyword in kept if keyword not in axes}, **references(source, used)}


def _report(
    folder: Path,
    names: Sequence[str],
    plan: SeriesPlan,
    header: Mapping[str, Any],
    coding: Coding | None,
    note: str,
) -> WriteReport:
    return WriteReport(
        folder=folder,
        files=tuple(folder / name for name in names),
        sop_class_uid=plan.storage.uid,
        sop_class=plan.storage.name,
        modality=plan.modality,
        study_uid=text_of(header["StudyInstanceUID"]),
        series_uid=text_of(header["SeriesInstanceUID"]),
        dtype=plan.encoding.dtype.name,
        slope=float(plan.encoding.slope),
        intercept=float(plan.encoding.intercept),
        max_error=plan.encoding.max_error,
        note="; ".join(text for text in (plan.note, note) if text),
        transfer_syntax=coding.uid if coding else _EXPLICIT_LITTLE,
    )
