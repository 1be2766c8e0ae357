"""A CT series to read: the same bytes every time, short headers, one file a slice."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

INTERCEPT = -1024
SPACING_MM = (0.7, 0.7, 1.25)
_ROOT = "1.2.826.0.1.3680043.8.498."


def write_ct_series(folder: Path, slices: int = 300, side: int = 512) -> None:
    """Write `slices` files of side x side uint16 (12 bits stored, RescaleIntercept -1024) into `folder`."""
    folder.mkdir(parents=True)
    noise = np.random.default_rng(1).integers(0, 64, (side, side), dtype=np.uint16)
    row, column = np.ogrid[:side, :side]
    for k in range(slices):
        bowl = ((row - side / 2) ** 2 + (column - side / 2 - k / 4) ** 2) / side**2 * 4000
        pixels = noise + (bowl + 3 * k).clip(0, 4031).astype(np.uint16)
        # The names sort against the slices, as they do on many a CD.
        slice_file(pixels, k).save_as(folder / f"IM{slices - k:04d}.dcm", enforce_file_format=True)


def slice_file(pixels: np.ndarray, k: int) -> FileDataset:
    """Return slice k as a CT Image Storage data set; `pixels` (row, column) are stored values."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = CTImageStorage
    meta.MediaStorageSOPInstanceUID = f"{_ROOT}1.{k + 1}"
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
    data.SOPClassUID = meta.MediaStorageSOPClassUID
    data.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
    data.StudyInstanceUID = f"{_ROOT}2"
    data.SeriesInstanceUID = f"{_ROOT}3"
    data.FrameOfReferenceUID = f"{_ROOT}4"
    data.StudyDate, data.StudyTime, data.StudyID = "20260101", "120000", "1"
    data.Modality, data.PatientName, data.PatientID = "CT", "Benchmark^Ct", "B1"
    data.SeriesNumber, data.InstanceNumber = 1, k + 1
    data.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    data.SliceThickness = SPACING_MM[2]
    data.ImagePositionPatient = [-179.0, -179.0, k * SPACING_MM[2]]
    data.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    data.PixelSpacing = list(SPACING_MM[:2])
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
    data.Rows, data.Columns = pixels.shape
    data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelRepresentation = 16, 12, 11, 0
    data.RescaleIntercept, data.RescaleSlope = INTERCEPT, 1
    data.PixelData = pixels.tobytes()
    return data
