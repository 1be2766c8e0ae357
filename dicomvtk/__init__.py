"""See volumetric DICOM, compute on it, give it back.

>>> import dicomvtk
>>> volume = dicomvtk.read("dir/")                      # doctest: +SKIP
>>> dicomvtk.view(volume)                               # doctest: +SKIP
>>> dicomvtk.write(volume, "out.nii.gz")                # doctest: +SKIP

Names are imported when first used (PEP 562), so that what does not draw does not pay for VTK.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from dicomvtk.version import __version__

if TYPE_CHECKING:
    from dicomvtk.api import (
        as_series,
        extract_surface,
        find_series,
        from_vtk,
        header,
        load,
        new_folder,
        open_folder,
        overlays,
        phantom,
        read,
        read_many,
        register_attribute,
        series,
        snapshot,
        to_suv,
        to_vtk,
        view,
        write,
        write_series,
    )
    from dicomvtk.dicom.segmentation_writer import write_segmentation
    from dicomvtk.dicom.series_source import SeriesSource
    from dicomvtk.display import WindowLevel
    from dicomvtk.errors import (
        DicomVtkError,
        DicomVtkWarning,
        GeometryError,
        NoDicomError,
        PixelDecodeError,
        RenderError,
        SeriesError,
        UnsupportedError,
        VtkError,
        WriteError,
    )
    from dicomvtk.geometry import Geometry
    from dicomvtk.metadata import Axis, Finding, FrameSource, LookupTable, SeriesInfo
    from dicomvtk.processing.cohort import to_common_grid
    from dicomvtk.render.embedding import Viewer
    from dicomvtk.render.layers import SliceLayer, SurfaceLayer, VolumeLayer
    from dicomvtk.render.scene import Camera3D, Slab, View
    from dicomvtk.volume import Volume

_HOME = {
    **dict.fromkeys(
        [
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
        ],
        "dicomvtk.api",
    ),
    **dict.fromkeys(
        [
            "DicomVtkError",
            "DicomVtkWarning",
            "GeometryError",
            "NoDicomError",
            "PixelDecodeError",
            "RenderError",
            "SeriesError",
            "UnsupportedError",
            "VtkError",
            "WriteError",
        ],
        "dicomvtk.errors",
    ),
    **dict.fromkeys(["Axis", "Finding", "FrameSource", "LookupTable", "SeriesInfo"], "dicomvtk.metadata"),
    "Geometry": "dicomvtk.geometry",
    "SeriesSource": "dicomvtk.dicom.series_source",
    **dict.fromkeys(["SliceLayer", "SurfaceLayer", "VolumeLayer"], "dicomvtk.render.layers"),
    **dict.fromkeys(["Camera3D", "Slab", "View"], "dicomvtk.render.scene"),
    "Viewer": "dicomvtk.render.embedding",
    "Volume": "dicomvtk.volume",
    "WindowLevel": "dicomvtk.display",
    "to_common_grid": "dicomvtk.processing.cohort",
    "write_segmentation": "dicomvtk.dicom.segmentation_writer",
}

__all__ = [
    "Axis",
    "Camera3D",
    "DicomVtkError",
    "DicomVtkWarning",
    "Finding",
    "FrameSource",
    "Geometry",
    "GeometryError",
    "LookupTable",
    "NoDicomError",
    "PixelDecodeError",
    "RenderError",
    "SeriesError",
    "SeriesInfo",
    "SeriesSource",
    "Slab",
    "SliceLayer",
    "SurfaceLayer",
    "UnsupportedError",
    "View",
    "Viewer",
    "Volume",
    "VolumeLayer",
    "VtkError",
    "WindowLevel",
    "WriteError",
    "__version__",
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
    "to_common_grid",
    "to_suv",
    "to_vtk",
    "view",
    "write",
    "write_segmentation",
    "write_series",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'dicomvtk' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOME[name]), name)
    if name == "Volume":
        importlib.import_module("dicomvtk.api")  # it gives volumes what draws them in a notebook
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
