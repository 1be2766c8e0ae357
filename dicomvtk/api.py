"""The functions a user calls. Each is a recipe over the rooms below; rooms are imported when first used."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from dicomvtk.errors import UnsupportedError
from dicomvtk.volume import Volume, let_volumes_show

if TYPE_CHECKING:
    from datetime import datetime

    from pydicom import Dataset
    from vtkmodules.vtkCommonDataModel import vtkImageData, vtkPolyData

    from dicomvtk.dicom.overlays import Overlay
    from dicomvtk.dicom.stack import Stack
    from dicomvtk.dicom.writer import WriteReport
    from dicomvtk.folder.instance import Instance
    from dicomvtk.folder.series import Series
    from dicomvtk.folder.tree import Folder
    from dicomvtk.render.around import Around
    from dicomvtk.render.layers import SurfaceLayer
    from dicomvtk.render.scene import View

__all__ = [
    "as_series",
    "extract_surface",
    "find_series",
    "from_vtk",
    "header",
    "load",
    "new_folder",
    "open_folder",
    "overlays",
    "phantom",
    "read",
    "read_many",
    "register_attribute",
    "series",
    "snapshot",
    "to_suv",
    "to_vtk",
    "view",
    "write",
    "write_series",
]

PathLike = str | os.PathLike[str]
#: Called with (done, total) while something long runs.
Progress = Callable[[int, int], None]


def find_series(path: PathLike | Iterable[PathLike], *, progress: Progress | None = None) -> list[Stack]:
    """Return one entry for each volume under `path`, readable or not, in the order of study, series and position.

    An entry has ``.key .uid .description .modality .shape .findings .readable .needs``; ``dicomvtk.read(entry)``
    reads it. Files are recognised by content, recursively, in natural order. Raises NoDicomError where there is none.
    """
    from dicomvtk.dicom import reader

    return reader.find_series(path, progress=progress)


def read(
    path: PathLike | Iterable[PathLike] | Stack,
    series: Stack | str | int | None = None,
    allow: Collection[str] = (),
    fix: Collection[str] = (),
    stored: bool = False,
    dims: Sequence[str] | None = None,
    slices: slice | None = None,
    decoder: str | None = None,
    values: str | None = None,
    *,
    progress: Progress | None = None,
) -> Volume:
    """Return one series of DICOM as a volume of modality values, array (i, j, k, *axes) in Fortran order, LPS mm.

    Parameters
    ----------
    path : folder, file, files, or an entry of `find_series`
    series : entry, key, SeriesInstanceUID, SeriesNumber or a piece of SeriesDescription
        Which volume, where there are several.
    allow, fix : collections of finding codes
        What to accept as it is, and what to repair; a ``stop`` finding names what would open it.
    stored : bool
        Stored values instead of modality values (no rescale).
    dims : sequence of keywords
        The attributes that separate the dimensions past k, where the default inference is not wanted.
    slices : slice
        Only these slices, counted along k.
    decoder : ``"vtk"`` or ``"pydicom"``
        Another way to the same voxels: vtkDICOMImageReader file by file, or pydicom's pixel_array.
    values : str
        Real world values by this map: its label or unit among ``volume.info.value_maps``, ``"FV"`` for what a Philips
        MR measured, or ``"real-world"`` where the headers have one map.

    Raises
    ------
    NoDicomError, SeriesError, GeometryError, PixelDecodeError, UnsupportedError
    """
    from dicomvtk.dicom import reader

    return reader.read(
        path,
        series=series,
        allow=allow,
        fix=fix,
        stored=stored,
        dims=dims,
        slices=slices,
        decoder=decoder,
        values=values,
        progress=progress,
    )


def read_many(path: PathLike | Iterable[PathLike], *, progress: Progress | None = None) -> list[Volume]:
    """Return every readable volume under `path`, a list; a DicomVtkWarning says why each of the others is left out."""
    from dicomvtk.dicom import reader

    return reader.read_many(path, progress=progress)


def header(volume: Volume, k: int = 0) -> Dataset:
    """Return the header of the file behind slice `k` of a volume read from DICOM, as a pydicom Dataset without pixels.

    Slices of further axes follow in Fortran order, as in ``volume.info.sources``, which names file and frame.
    """
    from dicomvtk.dicom import reader

    return reader.header(volume, k)


def overlays(volume: Volume) -> tuple[Overlay, ...]:
    """Return the overlay planes (60xx groups) of a volume read from DICOM, as masks of its shape; `dicom.overlays`."""
    _check_volume(volume)
    from dicomvtk.dicom import overlays as planes

    return planes.overlays(volume)


def load(path: PathLike, *, progress: Progress | None = None) -> Volume:
    """Return the volume in `path`: a NIfTI, NRRD, MetaImage, VTI, NPZ or TIFF file by its suffix, DICOM otherwise."""
    from dicomvtk import formats

    if formats.reads(path):
        return formats.load(path)
    return read(path, progress=progress)


def write(volume: Volume, path: PathLike) -> None:
    """Write `volume` to `path` by its suffix (``.nii .nii.gz .nrrd .mha .vti .npz .tif``); without one, to a folder.

    The file is whole or absent: it is written beside its place and renamed. Raises UnsupportedError for another
    suffix and for what the format cannot hold, WriteError where writing fails.
    """
    from dicomvtk import formats

    _check_volume(volume)
    if formats.names_folder(path):
        write_series(volume, path)
    elif formats.handles(path):
        formats.save(volume, path)
    else:
        raise formats.unknown_suffix(path)


def write_series(
    volume: Volume | ArrayLike,
    folder: PathLike,
    like: Volume | Stack | PathLike | Literal[False] | None = None,
    modality: str | None = None,
    spacing: Sequence[float] | None = None,
    origin: Sequence[float] | None = None,
    direction: ArrayLike | None = None,
    attributes: Mapping[Any, Any] | None = None,
    per_slice: Callable[[int], Mapping[Any, Any]] | None = None,
    *,
    slope: float | None = None,
    digits: int | None = None,
    fill: float | None = None,
    lossless: bool = False,
    multi_frame: bool = False,
    compress: str | None = None,
    uids: str | Callable[[], str] | None = None,
    now: datetime | None = None,
    overwrite: bool = False,
    verify: bool = False,
    dicomdir: bool = False,
    progress: Progress | None = None,
) -> WriteReport:
    """Write a volume, or an array (i, j, k), as a new DICOM series of one file a slice; see `dicom.writer`."""
    from dicomvtk.dicom import writer

    return writer.write_series(
        volume,
        folder,
        like=like,
        modality=modality,
        spacing=spacing,
        origin=origin,
        direction=direction,
        attributes=attributes or {},
        per_slice=per_slice,
        slope=slope,
        digits=digits,
        fill=fill,
        lossless=lossless,
        multi_frame=multi_frame,
        compress=compress,
        uids=uids,
        now=now,
        overwrite=overwrite,
        verify=verify,
        dicomdir=dicomdir,
        progress=progress,
    )


def open_folder(path: PathLike, *, progress: Progress | None = None) -> Folder:
    """Return the patients, studies and series under `path` as objects; only headers are read.

    ``folder.patients``, ``.studies`` and ``.series`` walk the tree; each of them, and the folder, reads and sets any
    DICOM attribute (``series.Rows``, ``study["StudyDate"]``, ``patient[["PatientName", (0x0010, 0x0020)]]``). Changes
    stay in memory until ``save()``; ``restore()`` takes them back. Raises NoDicomError where there is none; warns
    where the last save was interrupted.
    """
    from dicomvtk.folder import tree

    return tree.open_folder(path, progress=progress)


def new_folder() -> Folder:
    """Return an empty folder in memory, to be filled by ``new_patient``, ``new_study`` and ``new_series`` and saved."""
    from dicomvtk.folder import tree

    return tree.new()


def as_series(
    array: Volume | ArrayLike,
    *,
    spacing: Sequence[float] | None = None,
    origin: Sequence[float] | None = None,
    direction: ArrayLike | None = None,
    **attributes: Any,
) -> Series:
    """Return an array (i, j, k[, 3]) or a volume as a series in memory, to be given attributes and saved.

    Parameters
    ----------
    spacing, origin, direction : optional
        Millimetres along i, j, k, LPS position of the first voxel, (3, 3) LPS columns; those of a volume if left out,
        1 mm, (0, 0, 0) and the identity for an array.
    attributes
        By keyword (``Modality="MR", PatientName="Doe^Jane"``), and own lower-case ones.

    Examples
    --------
    >>> series = as_series(np.zeros((8, 6, 2), np.int16), Modality="MR", PatientName="Doe^Jane")
    >>> series.PatientName, series.Rows, series.ndarray().shape
    ('Doe^Jane', 6, (8, 6, 2))
    """
    from dicomvtk.folder import tree

    placed: dict[str, Any] = {"spacing": spacing, "origin": origin, "direction": direction}
    study = tree.new().new_patient().new_study()
    return study.new_series(array, **placed, **attributes)


def series(shape: Sequence[int], dtype: DTypeLike = np.int16, **attributes: Any) -> Series:
    """Return a blank series in memory of `shape` (i, j, k); see `as_series`."""
    from dicomvtk.folder.building import blank

    return as_series(blank(shape, dtype), **attributes)


def register_attribute(
    name: str, getter: Callable[[Instance], Any], setter: Callable[[Instance, Any], None] | None = None
) -> None:
    """Give folders, patients, studies and series a lower-case attribute of your own; see `folder.own_attributes`.

    `getter(instance)` gives the value of one file (None where it has none), from ``instance.get("Keyword")``;
    `setter(instance, value)` sets it, by ``instance.set_value("Keyword", value)``.
    """
    from dicomvtk.folder import own_attributes

    own_attributes.register_attribute(name, getter, setter)


def to_suv(volume: Volume) -> Volume:
    """Return a PET volume in standardized uptake values by body weight, g/ml; see `dicom.suv`.

    Needs Units BQML, PatientWeight, the dose, its half-life and times; raises UnsupportedError naming what is missing.
    """
    from dicomvtk.dicom import suv

    return suv.to_suv(volume)


def to_vtk(volume: Volume) -> vtkImageData:
    """Return `volume` as vtkImageData that shares its memory; see `bridge.images.to_vtk`."""
    _check_volume(volume)
    from dicomvtk.bridge import images

    return images.to_vtk(volume)


def from_vtk(image: vtkImageData, name: str | None = None) -> Volume:
    """Return a vtkImageData as a volume that shares its memory; see `bridge.images.from_vtk`."""
    from dicomvtk.bridge import images

    return images.from_vtk(image, name)


def extract_surface(volume: Volume, level: float) -> vtkPolyData:
    """Return the isosurface of `volume` at `level` (modality values) in LPS mm, normals outward."""
    _check_volume(volume)
    from dicomvtk.processing import surface

    return surface.extract_surface(volume, level)


def phantom(
    shape: Sequence[int] = (256, 256, 180),
    spacing: Sequence[float] | None = None,
    orientation: str = "axial",
    modality: str = "CT",
) -> Volume:
    """Return a head-like phantom with a lesion on its left; see `processing.phantom.head_phantom`."""
    from dicomvtk.processing.phantom import head_phantom

    return head_phantom(shape, spacing=spacing, orientation=orientation, modality=modality)


def view(
    volume: Volume,
    view: View | None = None,
    *,
    surfaces: Sequence[SurfaceLayer | float | str] = (),
    around: Around | None = None,
    size: tuple[int, int] | None = None,
) -> View:
    """Open a window on `volume` (axial, sagittal, coronal, 3-D) and return what it showed when it was closed.

    `surfaces` are drawn in 3-D: levels, names of tissues (``"bone"``, ``"skin"``, ``"lung"`` in CT) or layers with
    colour and opacity. `around` names other series (`render.around`); `size` is (width, height) in pixels, as far as
    the screen has them. RenderError where no window can be opened.
    """
    _check_volume(volume)
    from dicomvtk.render import viewer
    from dicomvtk.render.surfaces import with_surfaces
    from dicomvtk.surroundings import around_volume

    return viewer.show(volume, with_surfaces(view, surfaces), around or around_volume(volume), size)


def snapshot(
    volume: Volume,
    path: PathLike | None = None,
    view: View | None = None,
    size: tuple[int, int] = (1600, 1200),
    *,
    surfaces: Sequence[SurfaceLayer | float | str] = (),
) -> NDArray[np.uint8]:
    """Return the picture that `view` would show as an array (height, width, 3) uint8, row 0 at the top.

    Drawn off screen; with `path` also saved there (PNG, JPEG or TIFF by suffix). `surfaces` as in `view`.
    """
    _check_volume(volume)
    from dicomvtk.render import viewer
    from dicomvtk.render.surfaces import with_surfaces

    return viewer.snapshot(volume, path, with_surfaces(view, surfaces), size)


def _check_volume(volume: object) -> None:
    if not isinstance(volume, Volume):
        way = "load(path) reads" if isinstance(volume, str | os.PathLike) else "Volume(array, geometry) makes"
        raise UnsupportedError(f"Expected a Volume, found {type(volume).__name__}; dicomvtk.{way} one.")


class _Artist:
    def png(self, volume: Volume, shown: Any, size: tuple[int, int]) -> bytes:
        from dicomvtk.render import pictures

        return pictures.png_bytes(snapshot(volume, view=shown, size=size))

    def window(self, volume: Volume, shown: Any) -> None:
        view(volume, shown)


let_volumes_show(_Artist())
