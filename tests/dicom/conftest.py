"""Small DICOM made by pydicom, with geometry and values chosen by the test."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

ROWS, COLUMNS, SLICES = 5, 7, 4


def ct_slice(k: int, uids: dict[str, str], **changes: Any) -> Dataset:
    """Return slice k of an axial CT: 7 x 5 pixels, values 1000 k + 10 row + column, 2.5 mm apart."""
    data = Dataset()
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data.SOPClassUID = CTImageStorage
    data.SOPInstanceUID = generate_uid()
    data.StudyInstanceUID = uids["study"]
    data.SeriesInstanceUID = uids["series"]
    data.FrameOfReferenceUID = uids["frame"]
    data.Modality = "CT"
    data.PatientName, data.PatientID = "Test^Case", "1"
    data.SeriesNumber, data.InstanceNumber = 3, k + 1
    data.SeriesDescription = "small"
    data.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    data.ImagePositionPatient = [-10.0, -20.0, 30.0 + 2.5 * k]
    data.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    data.PixelSpacing = [0.5, 0.25]
    data.SliceThickness = 9
    data.Rows, data.Columns = ROWS, COLUMNS
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
    data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelRepresentation = 16, 16, 15, 1
    data.RescaleSlope, data.RescaleIntercept = 1, 0
    data.PixelData = plane(k).astype("<i2").tobytes()
    for keyword, value in changes.items():
        if value is None:
            delattr(data, keyword)
        else:
            setattr(data, keyword, value)
    return data


def plane(k: int) -> np.ndarray:
    """Return the values of slice k, (row, column)."""
    return 1000 * k + 10 * np.arange(ROWS)[:, None] + np.arange(COLUMNS)[None, :]


def volume_values(slices: int = SLICES) -> np.ndarray:
    """Return the values of the series, (column, row, slice)."""
    return np.stack([plane(k).T for k in range(slices)], axis=-1)


@pytest.fixture
def uids() -> dict[str, str]:
    return {"study": generate_uid(), "series": generate_uid(), "frame": generate_uid()}


@pytest.fixture
def make_series(tmp_path: Path, uids: dict[str, str]) -> Callable[..., Path]:
    """Return a function that writes a series of CT slices; `change(k)` gives slice k's own attributes."""

    def make(slices: int = SLICES, change: Callable[[int], dict[str, Any]] | None = None, **changes: Any) -> Path:
        folder = tmp_path / "series"
        folder.mkdir(exist_ok=True)
        for k in range(slices):
            own = {**changes, **(change(k) if change else {})}
            ct_slice(k, uids, **own).save_as(folder / f"{slices - k}.dcm", enforce_file_format=True)
        return folder

    return make
