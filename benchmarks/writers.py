"""Ways to write one CT volume as a DICOM series of one file a slice, each as its own documentation says.

A volume here is what all of them start from: slices one after the other, rows of columns, int16.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

SPACING_MM = (0.7, 0.7, 1.25)
Pixels = NDArray[np.int16]


def by_dicomvtk(pixels: Pixels, folder: Path) -> None:
    import dicomvtk

    dicomvtk.write_series(pixels.T, folder, modality="CT", spacing=SPACING_MM)


def by_simpleitk(pixels: Pixels, folder: Path) -> None:
    """SimpleITK's example DicomSeriesFromArray, without its display."""
    import SimpleITK

    image = SimpleITK.GetImageFromArray(pixels)
    image.SetSpacing(SPACING_MM)
    now = datetime.datetime.now()
    date, time = now.strftime("%Y%m%d"), now.strftime("%H%M%S")
    direction = image.GetDirection()
    tags = [
        ("0008|0031", time),
        ("0008|0021", date),
        ("0008|0008", "DERIVED\\SECONDARY"),
        ("0020|000e", f"1.2.826.0.1.3680043.2.1125.{date}.1{time}"),
        ("0020|0037", "\\".join(str(direction[n]) for n in (0, 3, 6, 1, 4, 7))),
        ("0008|103e", "Created-SimpleITK"),
    ]
    writer = SimpleITK.ImageFileWriter()
    writer.KeepOriginalImageUIDOn()
    folder.mkdir()
    for k in range(image.GetDepth()):
        plane = image[:, :, k]
        for tag, value in tags:
            plane.SetMetaData(tag, value)
        plane.SetMetaData("0008|0012", date)
        plane.SetMetaData("0008|0013", time)
        plane.SetMetaData("0008|0060", "CT")
        plane.SetMetaData("0020|0032", "\\".join(map(str, image.TransformIndexToPhysicalPoint((0, 0, k)))))
        plane.SetMetaData("0020|0013", str(k))
        writer.SetFileName(str(folder / f"{k}.dcm"))
        writer.Execute(plane)


def by_pydicom(pixels: Pixels, folder: Path) -> None:
    """One dataset, of which every slice gets its own few attributes and is saved."""
    from ct_series import slice_file

    folder.mkdir()
    for k, plane in enumerate(pixels):
        data = slice_file(plane, k)
        data.PixelRepresentation = 1
        data.save_as(folder / f"IM{k + 1:04d}.dcm", enforce_file_format=True)


def as_raw_bytes(pixels: Pixels, folder: Path) -> None:
    """The same bytes in as many files, without a header: what the file system itself takes."""
    folder.mkdir()
    for k, plane in enumerate(pixels):
        with open(folder / f"{k}.raw", "wb", buffering=0) as file:
            file.write(np.ascontiguousarray(plane).data.cast("B"))


WRITERS: dict[str, Callable[[Pixels, Path], None]] = {
    "dicomvtk.write_series": by_dicomvtk,
    "SimpleITK ImageFileWriter": by_simpleitk,
    "pydicom save_as": by_pydicom,
    "bare write": as_raw_bytes,
}
