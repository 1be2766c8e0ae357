"""Mosaics made here, of a known geometry: each tile where it lies, as nibabel places it, or the reason why not."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom import dcmread
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian, MRImageStorage

import dicomvtk
from dicomvtk.dicom.headers import HeaderReader

ROWS, COLUMNS, TILES, ACROSS = 4, 6, 7, 3
CORNER, SPACING, STEP = [-40.0, 25.5, 8.0], [1.5, 2.0], 3.25
ROW, COLUMN = np.array([np.cos(0.3), np.sin(0.3), 0.0]), np.array([-np.sin(0.3), np.cos(0.3), 0.0])
NORMAL = ["0.00000000", "0.00000000", "1.00000000"]
VRS = {"NumberOfImagesInMosaic": b"US", "SliceNormalVector": b"FD", "EchoLinePosition": b"IS"}
#: Items that each entry of a CSA header has: its first version counts them in each length.
ITEMS = 6


def csa(entries: dict[str, list[str]], *, second: bool) -> bytes:
    """Return a CSA header with these texts by name."""
    parts = [b"SV10\4\3\2\1"] if second else []
    parts.append(struct.pack("<II", len(entries), 77))
    for name, texts in entries.items():
        parts.append(struct.pack("<64si4s3i", name.encode(), len(texts), VRS.get(name, b"LO"), 6, ITEMS, 77))
        for n in range(ITEMS):
            text = texts[n].encode() + b"\0" if n < len(texts) else b""
            parts.append(struct.pack("<4i", len(text) + (0 if second else ITEMS), len(text), 77, len(text)))
            parts.append(text + bytes(-len(text) % 4))
    return b"".join(parts)


def entries(**changes: list[str]) -> dict[str, list[str]]:
    told = {
        "EchoLinePosition": ["32"],
        "AcquisitionMatrixText": [f"{ROWS}*{COLUMNS}"],
        "ImageComments": ["NumberOfImagesInMosaic"],
        "NumberOfImagesInMosaic": [str(TILES)],
        "SliceNormalVector": NORMAL,
        "ICE_Dims": ["X_1_1_1"],
    }
    return {name: texts for name, texts in {**told, **changes}.items() if texts}


def mosaic(path: Path, header: bytes, *, syntax: str = ExplicitVRLittleEndian, block: int = 0x10) -> Path:
    """Write a mosaic whose tile n is of pixels n + 1, the CSA header in private block `block`."""
    data = Dataset()
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = syntax
    data.SOPClassUID, data.SOPInstanceUID, data.Modality = MRImageStorage, "1.2.3.4", "MR"
    data.StudyInstanceUID, data.SeriesInstanceUID, data.FrameOfReferenceUID = "1.2.3", "1.2.3.1", "1.2.3.2"
    data.ImageType, data.SeriesNumber, data.InstanceNumber = ["ORIGINAL", "PRIMARY", "M", "ND", "MOSAIC"], 1, 1
    data.Manufacturer = "SIEMENS"
    data.ImageOrientationPatient = [f"{x:.12g}" for x in (*ROW, *COLUMN)]
    data.ImagePositionPatient, data.PixelSpacing = CORNER, SPACING
    data.SpacingBetweenSlices, data.SliceThickness = STEP, 3.0
    data.Rows, data.Columns = ROWS * ACROSS, COLUMNS * ACROSS
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
    data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelRepresentation = 16, 16, 15, 0
    data.add_new(0x00290000 | block, "LO", "SIEMENS CSA HEADER")
    data.add_new(0x00290000 | block << 8 | 0x10, "OB", header + bytes(len(header) % 2))
    tile = np.arange(ACROSS * ACROSS).reshape(ACROSS, ACROSS) + 1
    pixels = np.where(tile > TILES, 0, tile).repeat(ROWS, 0).repeat(COLUMNS, 1)
    data.PixelData = pixels.astype(">u2" if syntax == ExplicitVRBigEndian else "<u2").tobytes()
    data["PixelData"].VR = "OW"
    data.save_as(path, enforce_file_format=True)
    return path


def placed_by_nibabel(path: Path) -> NDArray[np.float64]:
    from nibabel.nicom.dicomwrappers import wrapper_from_data

    return wrapper_from_data(dcmread(path)).affine[:, [1, 0, 2, 3]]  # rows first there; LPS


@pytest.mark.filterwarnings("ignore:The DICOM readers are highly experimental:UserWarning")
@pytest.mark.parametrize("second", [True, False], ids=["SV10", "first version"])
@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian])
def test_tiles_lie_where_nibabel_places_them(tmp_path: Path, second: bool, syntax: str) -> None:
    header = csa(entries(), second=second)
    path = mosaic(tmp_path / "a.dcm", header, syntax=syntax)

    volume = dicomvtk.read(path)

    assert volume.array.shape == (COLUMNS, ROWS, TILES)
    assert [np.unique(volume.array[..., k]).tolist() for k in range(TILES)] == [[k + 1] for k in range(TILES)]
    surplus = (ACROSS - 1) / 2 * np.array([COLUMNS * SPACING[1], ROWS * SPACING[0]])
    first = np.array(CORNER) + surplus[0] * ROW + surplus[1] * COLUMN
    assert volume.geometry.affine[:3, 3] == pytest.approx(first)
    assert volume.geometry.affine[:3, 2] == pytest.approx([0, 0, STEP])
    if second and syntax != ExplicitVRBigEndian:  # the others nibabel does not read
        assert volume.geometry.affine == pytest.approx(placed_by_nibabel(path))


@pytest.mark.parametrize("block", [0x10, 0x11, 0x12])
def test_the_csa_header_is_found_in_each_private_block(tmp_path: Path, block: int) -> None:
    volume = dicomvtk.read(mosaic(tmp_path / "a.dcm", csa(entries(), second=True), block=block))

    assert volume.array.shape == (COLUMNS, ROWS, TILES)


def test_a_tile_tells_its_own_place_and_not_that_of_the_mosaic(tmp_path: Path) -> None:
    frames = HeaderReader().frames(str(mosaic(tmp_path / "a.dcm", csa(entries(), second=True))))

    assert len({frame.where for frame in frames}) == TILES
    for frame in frames:
        told = frame.value(0x00320020)
        assert told is not None
        assert frame.position == pytest.approx([float(part) for part in told.split(b"\\")])
        assert frame.whole is not None
        assert frame.whole.position == tuple(CORNER)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"SliceNormalVector": []}, "states no SliceNormalVector"),
        ({"SliceNormalVector": NORMAL[:2]}, "2 values"),
        ({"SliceNormalVector": ["0", "0", "nan"]}, "nan"),
        ({"SliceNormalVector": ["0", "0", "1e308"]}, "the last tile would lie at"),
        ({"SliceNormalVector": ["0", "0", "up"]}, "up"),
        ({"NumberOfImagesInMosaic": []}, "no number of tiles"),
        ({"NumberOfImagesInMosaic": ["0"]}, "0 tiles"),
        ({"NumberOfImagesInMosaic": ["seven"]}, "seven"),
        ({"NumberOfImagesInMosaic": ["11"]}, "do not fill"),
    ],
)
def test_a_mosaic_that_is_not_described_is_refused_with_the_reason(
    tmp_path: Path, changes: dict[str, Any], reason: str
) -> None:
    path = mosaic(tmp_path / "a.dcm", csa(entries(**changes), second=True))

    with pytest.raises(dicomvtk.DicomVtkError, match=reason):
        dicomvtk.read(path)


def test_a_csa_header_cut_anywhere_gives_all_tiles_or_a_reason(tmp_path: Path) -> None:
    header = csa(entries(), second=True)
    expected = dicomvtk.read(mosaic(tmp_path / "whole.dcm", header)).geometry

    for length in range(0, len(header), 13):
        [*frames] = HeaderReader().frames(str(mosaic(tmp_path / "cut.dcm", header[:length])))
        if len(frames) == 1:
            assert "the image is a mosaic of tiles" in frames[0].common.problem
        else:
            places = [frame.position for frame in frames]
            assert np.allclose(places, [expected.affine[:3] @ (0, 0, k, 1) for k in range(TILES)])
