"""Labels as a Segmentation of the images they label (PS3.3 A.51), made by highdicom: the extra ``[seg]``."""

from __future__ import annotations

import datetime
import importlib
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydicom import dcmread

from dicomvtk.atomic_folder import new_folder
from dicomvtk.dicom.derived import read_source, source_geometry
from dicomvtk.dicom.given import as_given
from dicomvtk.dicom.identity import Identity
from dicomvtk.dicom.image_files import file_names
from dicomvtk.dicom.writable import writable
from dicomvtk.dicom.writer import WriteReport
from dicomvtk.errors import GeometryError, UnsupportedError
from dicomvtk.metadata import Segment
from dicomvtk.version import __version__
from dicomvtk.volume import Volume

if TYPE_CHECKING:
    from dicomvtk.dicom.stack import Stack

__all__ = ["write_segmentation"]

PathLike = str | os.PathLike[str]
_MOST_LABELS = 65535
_NUMBER_STEP = 1000


def write_segmentation(
    labels: Volume | ArrayLike,
    folder: PathLike,
    like: Volume | Stack | PathLike,
    *,
    names: Mapping[int, str] | None = None,
    label_map: bool = False,
    algorithm: str = "not stated",
    uids: str | Callable[[], str] | None = None,
    now: datetime.datetime | None = None,
    overwrite: bool = False,
) -> WriteReport:
    """Write labels as a Segmentation in one file and return what was written.

    Parameters
    ----------
    labels : Volume or array (i, j, k)
        Whole numbers, 0 where nothing is. An array lies on the grid of `like`.
    folder : path
        As for `write_series`.
    like : Volume, entry of `find_series`, or path
        The images that are labelled: patient, study and frame of reference are theirs, and frames refer to them.
    names : mapping, optional
        What each label stands for; those of ``labels.info.segments`` if left out, else ``Segment 1`` and so on.
    label_map : bool
        One image of labels (Label Map Segmentation, of 2023 and later) in place of a mask for each label. Fewer readers
        know it; those of the masks mostly know only one segment.
    algorithm : str
        What made the labels.
    uids, now, overwrite
        As for `write_series`.

    Raises
    ------
    UnsupportedError
        For values that are no labels, and where highdicom is not installed.
    GeometryError
        For an array whose shape is not that of `like`.
    """
    highdicom = _highdicom()
    volume = _labelled(labels, like)
    numbers = [int(n) for n in np.unique(volume.array) if n != 0]
    if not numbers:
        raise UnsupportedError("Cannot write a Segmentation without a label: every voxel is 0.")
    written = numbers if label_map else list(range(1, len(numbers) + 1))
    identity = Identity(uids, now or datetime.datetime.now())
    images = [dcmread(file, stop_before_pixels=True) for file in _files(like)]
    series_uid = identity.new_uid()
    dataset = highdicom.seg.Segmentation(
        source_images=images,
        pixel_array=_grid(highdicom, volume, _renumbered(volume.array, numbers, written), images[0]),
        segmentation_type="LABELMAP" if label_map else "BINARY",
        segment_descriptions=_descriptions(
            highdicom, volume, dict(zip(written, numbers, strict=True)), names, algorithm
        ),
        series_instance_uid=series_uid,
        series_number=int(images[0].get("SeriesNumber") or 0) + _NUMBER_STEP,
        sop_instance_uid=identity.new_uid(),
        instance_number=1,
        manufacturer="dicomvtk",
        manufacturer_model_name="dicomvtk",
        software_versions=__version__,
        device_serial_number=__version__,
        content_label="LABELS",
        series_description="Segmentation (dicomvtk)",
    )
    name = file_names(1)[0]
    with new_folder(folder, overwrite=overwrite) as filling:
        dataset.save_as(filling / name, enforce_file_format=True)
    return _report(Path(folder) / name, dataset, written != numbers)


def _highdicom() -> Any:
    try:
        return importlib.import_module("highdicom")
    except ImportError as error:
        raise UnsupportedError(
            "Cannot write a Segmentation: highdicom is not installed; pip install 'dicomvtk[seg]'."
        ) from error


def _labelled(labels: Volume | ArrayLike, like: Any) -> Volume:
    """Return the labels as a volume on a grid, unsigned; refuses what is no label."""
    volume = labels if isinstance(labels, Volume) else _on_grid_of(np.asarray(labels), like)
    array = volume.array
    if volume.is_colour or volume.axes or array.dtype.kind not in "biu":
        raise UnsupportedError(
            f"Cannot write values of dtype {array.dtype} and shape {array.shape} as labels; "
            "expected whole numbers of shape (i, j, k)."
        )
    low, high = int(array.min()), int(array.max())
    if low < 0 or high > _MOST_LABELS:
        raise UnsupportedError(f"Cannot write labels from {low} to {high}; expected 0 to {_MOST_LABELS}.")
    if not volume.geometry.placed:
        raise GeometryError("Cannot write labels without a place in the patient; give an array, or place the volume.")
    writable(as_given(volume))
    return volume


def _on_grid_of(array: NDArray[Any], like: Any) -> Volume:
    from dicomvtk.dicom.reader import choose

    grid = source_geometry(like, array.shape) if array.ndim == 3 else None
    if grid is None and isinstance(like, str | os.PathLike) and array.ndim == 3:
        grid = source_geometry(choose(like), array.shape)
    if grid is None:
        raise GeometryError(f"Cannot place labels of shape {array.shape}: {like!r:.80} has another grid.")
    return Volume(array, grid)


def _files(like: Any) -> list[str]:
    """Return the files of the one series that `like` is."""
    from dicomvtk.dicom.reader import choose

    read_source(like)  # refuses several series, and what is none
    if isinstance(like, Volume):
        return list(like.info.files)
    return list(choose(like).files)


def _renumbered(array: NDArray[Any], numbers: list[int], written: list[int]) -> NDArray[Any]:
    table = np.zeros(max(numbers) + 1, np.uint16 if max(written) > 255 else np.uint8)
    table[numbers] = written
    return table[array.astype(np.intp)] if array.dtype.kind != "b" else array.astype(np.uint8)


def _grid(highdicom: Any, volume: Volume, array: NDArray[Any], first: Any) -> Any:
    """Return highdicom's volume: index (k, j, i) in place of (i, j, k), LPS millimetres as here."""
    affine = volume.geometry.affine[:, [2, 1, 0, 3]]
    return highdicom.Volume(
        np.ascontiguousarray(array.T), affine, "PATIENT", frame_of_reference_uid=first.get("FrameOfReferenceUID")
    )


def _descriptions(
    highdicom: Any, volume: Volume, labels: Mapping[int, int], names: Mapping[int, str] | None, algorithm: str
) -> list[Any]:
    """Return what each segment is; nobody having said what kind of thing, a tissue."""
    from pydicom.sr.codedict import codes

    known: dict[int, Segment] = {segment.number: segment for segment in volume.info.segments}
    identification = highdicom.AlgorithmIdentificationSequence(
        name=algorithm, family=codes.DCM.ImageProcessing, version="not stated"
    )
    found = []
    for number, label in labels.items():
        segment = known.get(label)
        name = (names or {}).get(label) or (segment.label if segment else "") or f"Segment {label}"
        colour = segment.colour if segment else None
        found.append(
            highdicom.seg.SegmentDescription(
                segment_number=number,
                segment_label=name,
                segmented_property_category=codes.SCT.Tissue,
                segmented_property_type=codes.SCT.Tissue,
                algorithm_type="SEMIAUTOMATIC",
                algorithm_identification=identification,
                display_color=highdicom.color.CIELabColor.from_rgb(*colour) if colour else None,
            )
        )
    return found


def _report(file: Path, dataset: Any, renumbered: bool) -> WriteReport:
    return WriteReport(
        folder=file.parent,
        files=(file,),
        sop_class_uid=str(dataset.SOPClassUID),
        sop_class=str(dataset.SOPClassUID.name),
        modality="SEG",
        study_uid=str(dataset.StudyInstanceUID),
        series_uid=str(dataset.SeriesInstanceUID),
        dtype=f"uint{dataset.BitsAllocated}" if dataset.BitsAllocated > 1 else "bool",
        slope=1.0,
        intercept=0.0,
        max_error=0.0,
        note="labels counted on from 1, as segments must be" if renumbered else "",
    )
