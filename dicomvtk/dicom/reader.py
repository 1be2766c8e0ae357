"""The recipe: a path in, one volume out."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from typing import Any

from numpy.typing import NDArray

from dicomvtk.dicom import decode_pydicom
from dicomvtk.dicom.axes import arrange_by
from dicomvtk.dicom.findings import check_codes, raise_first_stop
from dicomvtk.dicom.pixels import Decode, parts_of, read_block
from dicomvtk.dicom.real_world import MappedStack, mapped
from dicomvtk.dicom.repair import repair
from dicomvtk.dicom.rescale import ValuePlan, plan_values
from dicomvtk.dicom.scan import Scan, scan
from dicomvtk.dicom.segmentation import SEGMENT_AXIS, read_segmentation
from dicomvtk.dicom.series_info import real_world_info, series_info
from dicomvtk.dicom.stack import Stack
from dicomvtk.dicom.stacking import at_places, on_axes
from dicomvtk.errors import DicomVtkError, DicomVtkWarning, NoDicomError, SeriesError, UnsupportedError
from dicomvtk.geometry import Geometry
from dicomvtk.metadata import Finding, SeriesInfo
from dicomvtk.stream import VolumeStream
from dicomvtk.volume import Volume

__all__ = ["choose", "find_series", "read", "read_many", "stream"]

PathLike = str | os.PathLike[str]
Progress = Callable[[int, int], None]

#: So many volumes are listed in an error.
_MOST_LISTED = 30

_DECODERS = (None, "vtk", "pydicom")


def find_series(path: PathLike | Iterable[PathLike], *, progress: Progress | None = None) -> Scan:
    """Return one entry for each volume under `path`; raises NoDicomError where there is none."""
    found = scan(path, progress)
    if not found:
        raise NoDicomError(_nothing(path, found))
    return found


def read(
    path: PathLike | Iterable[PathLike] | Stack,
    *,
    series: Stack | str | int | None = None,
    allow: Collection[str] = (),
    fix: Collection[str] = (),
    stored: bool = False,
    dims: Sequence[str] | None = None,
    slices: slice | None = None,
    decoder: str | None = None,
    values: str | None = None,
    progress: Progress | None = None,
) -> Volume:
    """Return one series as a volume; see `dicomvtk.read`."""
    _check_options(decoder, stored, values)
    stack = _opened(path, series, allow, fix, dims, progress)
    if values is not None:
        volume = _real_world(mapped(_sliced(stack, slices), values, _name(stack)), decoder, progress)
    elif stack.common.segments and stack.geometry is not None:
        volume = _segmentation(stack, dims, slices)
    else:
        stack = _sliced(stack, slices)
        plan = plan_values(stack.frames, stored or "bad-rescale" in allow)
        volume = _volume(stack, _values(stack, plan, decoder, progress), series_info(stack, stored=stored))
    volume = repair(volume, {f.code for f in stack.findings} & set(fix))
    _warn(stack, volume.findings)
    return volume


def stream(
    path: PathLike | Iterable[PathLike] | Stack,
    *,
    series: Stack | str | int | None = None,
    allow: Collection[str] = (),
    fix: Collection[str] = (),
    dims: Sequence[str] | None = None,
    progress: Progress | None = None,
) -> VolumeStream | None:
    """Return the volume that `read` would, as parts that are read when they are asked for.

    None for what is only made of all its voxels: a Segmentation, slices to be repaired or that lie on no grid. Its
    parts raise WiderValuesError where the dtype depends on values that are yet to be read.
    """
    stack = _opened(path, series, allow, fix, dims, progress)
    to_repair = {f.code for f in stack.findings} & set(fix)
    if stack.common.segments or to_repair or not stack.regular or stack.geometry is None:
        return None
    as_stored = "bad-rescale" in allow
    plan = plan_values(stack.frames, as_stored)
    parts = parts_of(stack.frames, plan, _block_shape(stack))
    _warn(stack, stack.findings)
    return VolumeStream(stack.shape, plan.dtype, stack.geometry, series_info(stack), stack.findings, stack.axes, parts)


def _opened(
    path: PathLike | Iterable[PathLike] | Stack,
    series: Stack | str | int | None,
    allow: Collection[str],
    fix: Collection[str],
    dims: Sequence[str] | None,
    progress: Progress | None,
) -> Stack:
    """Return the stack to read, its axes in the order wanted; raises the error of what stops it."""
    check_codes(allow, fix)
    stack = choose(path, series, progress)
    if dims is not None and not stack.common.segments:
        stack = _rearranged(stack, dims)
    if dims is not None and stack.common.segments:
        stack = replace(stack, findings=tuple(f for f in stack.findings if f.code != "overlapping-segments"))
    raise_first_stop(_name(stack), stack.findings, allow, fix)
    return stack


def _warn(stack: Stack, findings: Iterable[Finding]) -> None:
    for found in findings:
        if found.severity == "warn":
            warnings.warn(f"{_name(stack)}: {found.message}", DicomVtkWarning, stacklevel=4)


def read_many(path: PathLike | Iterable[PathLike], *, progress: Progress | None = None) -> list[Volume]:
    """Return every readable volume under `path`; see `dicomvtk.read_many`."""
    volumes = []
    for stack in find_series(path):
        try:
            volumes.append(read(stack, progress=progress))
        except DicomVtkError as error:
            warnings.warn(f"Left out: {error}", DicomVtkWarning, stacklevel=3)
    return volumes


def header(volume: Volume, k: int = 0) -> Any:
    """Return the whole header behind slice `k` as a pydicom Dataset, pixels left out; see `dicomvtk.header`."""
    import pydicom

    sources = volume.info.sources
    if not sources:
        raise UnsupportedError("This volume was not read from DICOM, or its slices were resampled: it has no headers.")
    if not 0 <= k < len(sources):
        raise UnsupportedError(f"No slice {k}; expected 0 to {len(sources) - 1}.")
    return pydicom.dcmread(sources[k].file, stop_before_pixels=True, force=True)


def _check_options(decoder: str | None, stored: bool, values: str | None) -> None:
    if decoder not in _DECODERS:
        raise UnsupportedError(f"Unknown decoder {decoder!r}; expected 'vtk', 'pydicom' or none.")
    if decoder == "vtk" and (stored or values is not None):
        raise UnsupportedError(
            "decoder='vtk' cannot give stored values, nor map them: vtkDICOMImageReader always rescales. Leave it out."
        )
    if stored and values is not None:
        raise UnsupportedError(f"Cannot give stored values and values={values!r} at once; leave one of them out.")


def choose(path: Any, series: Stack | str | int | None = None, progress: Progress | None = None) -> Stack:
    """Return the entry under `path` that `series` names, or the only one; raises SeriesError with a list otherwise."""
    if isinstance(series, Stack):
        return series
    if isinstance(path, Stack):
        return path
    entries = find_series(path, progress=progress)
    if series is None:
        if len(entries) > 1:
            many = f"Cannot choose between {len(entries)} volumes in {_where(path)}"
            raise SeriesError(f"{many}; name one in series=:{_listing(entries)}{_torn(entries)}")
        return entries[0]
    return _matching(entries, series, path)


def _matching(entries: Scan, series: str | int, path: Any) -> Stack:
    """Return the one entry that `series` names: by key, then UID, then number, then a piece of the description."""
    text = str(series)
    tests: tuple[Callable[[Stack], bool], ...] = (
        lambda e: e.key == text,
        lambda e: e.uid == text,
        lambda e: str(e.number) == text,
        lambda e: bool(text) and text.casefold() in e.description.casefold(),
    )
    for test in tests:
        found = [entry for entry in entries if test(entry)]
        if len(found) == 1:
            return found[0]
        if found:
            raise SeriesError(f"{series!r} names {len(found)} volumes in {_where(path)}; use a key:{_listing(found)}")
    raise SeriesError(f"No series {series!r} in {_where(path)}; there are:{_listing(entries)}")


def _segmentation(stack: Stack, dims: Sequence[str] | None, slices: slice | None) -> Volume:
    """Return the labels of a Segmentation, or each segment by itself where `dims` names the axis of segments."""
    if dims not in (None, (SEGMENT_AXIS,), [SEGMENT_AXIS]):
        raise UnsupportedError(f"Cannot order a Segmentation by {dims!r}; dims= may be ({SEGMENT_AXIS!r},).")
    array, axes = read_segmentation(stack, apart=dims is not None)
    geometry = stack.geometry
    assert geometry is not None
    if slices is not None:
        start, stop, step = slices.indices(geometry.shape[2])
        if step != 1 or stop <= start:
            raise UnsupportedError(
                f"slices={slices} picks no run of {geometry.shape[2]} slices; expected some, step 1."
            )
        array = array[:, :, start:stop]
        geometry = geometry.cropped((0, 0, start), (*geometry.shape[:2], stop))
    info = replace(series_info(stack, stored=True), sources=())
    return Volume(array, geometry, info, stack.findings, axes=axes)


def _rearranged(stack: Stack, dims: Sequence[str]) -> Stack:
    """Return the stack with the dimensions past k that the caller named, in their order."""
    found = on_axes(arrange_by(at_places(stack), dims, _name(stack)))
    kept = tuple(f for f in stack.findings if f.code not in ("axis", "repeated-position", "incomplete-grid"))
    return replace(found, key=stack.key, findings=(*kept, *found.findings))


def _real_world(mapping: MappedStack, decoder: str | None, progress: Progress | None) -> Volume:
    """Return the volume of a stack read through its maps; raises where they do not hold for all of its values."""
    stack = mapping.stack
    block = _block(stack, mapping.plan, decoder, progress)
    mapping.check(block)
    volume = _volume(stack, _as_array(stack, block), real_world_info(mapping))
    return replace(volume, history=(f"real world values by map {mapping.label!r}",))


def _values(stack: Stack, plan: ValuePlan, decoder: str | None, progress: Progress | None) -> NDArray[Any]:
    """Return the array (i, j, k, *axes[, c]) of a stack."""
    return _as_array(stack, _block(stack, plan, decoder, progress))


def _block(stack: Stack, plan: ValuePlan, decoder: str | None, progress: Progress | None) -> NDArray[Any]:
    """Return the values of a stack by frame, (frame, row, column[, c])."""
    return read_block(stack.frames, plan, _block_shape(stack), decode=_named_decoder(decoder), progress=progress)


def _as_array(stack: Stack, block: NDArray[Any]) -> NDArray[Any]:
    """Return frames as (i, j, k, *axes[, c]), on the same memory."""
    shape = block.shape
    further = tuple(len(axis) for axis in reversed(stack.axes))
    block = block.reshape(*further, stack.slice_count, *shape[1:])
    grid = block.ndim - int(stack.is_colour)
    return block.transpose(*reversed(range(grid)), *range(grid, block.ndim))


def _block_shape(stack: Stack) -> tuple[int, ...]:
    """Return (frame, row, column[, sample])."""
    colour = (3,) if stack.is_colour else ()
    return (len(stack.frames), stack.common.rows or 0, stack.common.columns or 0, *colour)


def _named_decoder(name: str | None) -> Decode | None:
    """Return the decoder the caller named; imported only then, since VTK is not needed to read."""
    if name == "vtk":
        from dicomvtk.dicom import decode_vtk

        return decode_vtk.decode
    return decode_pydicom.decode if name == "pydicom" else None


def _volume(stack: Stack, array: NDArray[Any], info: SeriesInfo) -> Volume:
    geometry = stack.geometry
    if geometry is None:
        raise SeriesError(f"Cannot read {_name(stack)}: its headers describe no grid.")
    return Volume(array, geometry, info, stack.findings, axes=stack.axes, regular=stack.regular)


def _sliced(stack: Stack, slices: slice | None) -> Stack:
    """Return the stack of the wanted slices only."""
    if slices is None:
        return stack
    start, stop, step = slices.indices(stack.slice_count)
    wanted = range(start, stop, step)
    if step < 1 or len(wanted) == 0:
        raise UnsupportedError(
            f"slices={slices} picks none of {stack.slice_count} slices; expected some, in ascending order."
        )
    per_volume = stack.slice_count
    frames = tuple(frame for n, frame in enumerate(stack.frames) if n % per_volume in wanted)
    positions = None if stack.positions is None else stack.positions[start:stop:step]
    geometry = stack.geometry
    if geometry is not None:
        i, j, _ = geometry.shape
        x, y, z = geometry.spacing
        origin = geometry.index_to_physical((0, 0, start))
        geometry = Geometry((i, j, len(wanted)), (x, y, z * step), tuple(origin), geometry.direction, geometry.placed)
    return replace(stack, frames=frames, positions=positions, geometry=geometry)


def _name(stack: Stack) -> str:
    return (
        f"series {stack.key}"
        + (f" ({stack.description})" if stack.description else "")
        + (f" {stack.uid}" if stack.uid else "")
    )


def _where(path: Any) -> str:
    return os.fspath(path) if isinstance(path, str | os.PathLike) else "the files given"


def _listing(entries: Iterable[Stack]) -> str:
    lines = []
    entries = list(entries)
    for entry in entries[:_MOST_LISTED]:
        size = " x ".join(map(str, entry.shape))
        files = list(dict.fromkeys(os.path.basename(frame.path) for frame in entry.frames))
        named = files[0] if len(files) == 1 else f"{files[0]} and {len(files) - 1} more files"
        note = "" if entry.readable else "  (not readable as it is)"
        words = " ".join(filter(None, (entry.modality, size, entry.description)))
        lines.append(f"\n  {entry.key}: {words}, {named}{note}")
    if len(entries) > _MOST_LISTED:
        lines.append(f"\n  and {len(entries) - _MOST_LISTED} more")
    return "".join(lines)


def _torn(entries: Iterable[Stack]) -> str:
    """Say why one series is several volumes, where that is why there are several."""
    reasons = dict.fromkeys(f.message for entry in entries for f in entry.findings if f.code.startswith("mixed-"))
    apart = [reason for reason in reasons if "its own entry" in reason]
    return f"\n{apart[0]}" if apart else ""


def _nothing(path: Any, found: Scan) -> str:
    if not found.skipped_files:
        return f"No DICOM image in {_where(path)}: it holds no files."
    reasons = [
        f"{len(paths)} {reason} ({_first(paths, found)})" for reason, paths in sorted(found.skipped_files.items())
    ]
    return f"No DICOM image in {_where(path)}: {', '.join(reasons)}."


def _first(paths: Sequence[str], found: Scan) -> str:
    """Name the first of files passed over, and what is wrong with it where it is damaged."""
    why = found.damage.get(paths[0])
    return os.path.basename(paths[0]) + (f": {why}" if why else "") + (", ..." if len(paths) > 1 else "")
