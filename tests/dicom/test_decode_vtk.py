"""decoder="vtk": the same voxels as the other ways, or a refusal; never other values, never a crash."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.sequence import Sequence

import dicomvtk
from dicomvtk.dicom.decode_vtk import decode, problem
from dicomvtk.dicom.frames import Frame
from dicomvtk.dicom.headers import HeaderReader
from dicomvtk.dicom.pixels import clean_bits
from dicomvtk.errors import DicomVtkError, UnsupportedError

EXPLICIT, IMPLICIT = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2"

#: Every 16-bit boundary case, and every 8-bit one.
SAMPLES = {
    "uint16": [0, 1, 200, 32767, 32768, 40000, 65535],
    "int16": [0, 1, -1, -50, 32767, -32768, 200],
    "uint8": [0, 1, 50, 127, 128, 200, 255],
    "int8": [0, 1, -1, -50, 127, -128, 5],
}


def image(stored: np.ndarray, syntax: str = EXPLICIT, **attributes: Any) -> FileDataset:
    """Return the smallest placed CT image of `stored` (rows, columns[, 3])."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
    meta.MediaStorageSOPInstanceUID = "1.2.3.4"
    meta.TransferSyntaxUID = syntax
    made = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    made.SOPClassUID, made.SOPInstanceUID, made.Modality = meta.MediaStorageSOPClassUID, "1.2.3.4", "CT"
    made.StudyInstanceUID, made.SeriesInstanceUID = "1.2.3", "1.2.3.1"
    made.SeriesNumber, made.InstanceNumber = 1, 1
    made.ImagePositionPatient, made.ImageOrientationPatient = [1, 2, 3], [1, 0, 0, 0, 1, 0]
    made.PixelSpacing, made.SliceThickness = [0.5, 0.6], 2
    made.Rows, made.Columns = stored.shape[:2]
    made.SamplesPerPixel = 1 if stored.ndim == 2 else 3
    made.PhotometricInterpretation = "MONOCHROME2" if stored.ndim == 2 else "RGB"
    if stored.ndim == 3:
        made.PlanarConfiguration = 0
    made.BitsAllocated = made.BitsStored = 8 * stored.dtype.itemsize
    made.HighBit, made.PixelRepresentation = made.BitsStored - 1, int(stored.dtype.kind == "i")
    for keyword, value in attributes.items():
        setattr(made, keyword, value)
    raw = stored.astype(stored.dtype.newbyteorder("<")).tobytes()
    made.add_new("PixelData", "OB" if stored.dtype.itemsize == 1 else "OW", raw + b"\0" * (len(raw) % 2))
    return made


def raw_value(data_set: Dataset, keyword: str, value: bytes) -> None:
    """Put bytes into an attribute as they are, as a careless writer would."""
    tag = pydicom.tag.Tag(keyword)
    vr = pydicom.datadict.dictionary_VR(tag)
    data_set._dict[tag] = RawDataElement(tag, "LO" if vr in ("IS", "DS") else vr, len(value), value, 0, False, True)


def saved(data_set: FileDataset, folder: Path) -> Path:
    path = folder / "image.dcm"
    data_set.save_as(path, enforce_file_format=True)
    return path


def frame_of(path: Path) -> Frame:
    [frame] = HeaderReader().frames(str(path))
    return frame


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT])
def test_rows_are_right_side_up(syntax: str, tmp_path: Path) -> None:
    stored = np.arange(12, dtype=np.uint16).reshape(4, 3)
    path = saved(image(stored, syntax), tmp_path)

    assert decode(frame_of(path)).tolist() == stored.tolist()
    assert dicomvtk.read(path, decoder="vtk").array[:, :, 0].T.tolist() == stored.tolist()


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_monochrome1_is_left_as_it_is(photometric: str, tmp_path: Path) -> None:
    stored = np.arange(12, dtype=np.uint8).reshape(4, 3)

    made = decode(frame_of(saved(image(stored, PhotometricInterpretation=photometric), tmp_path)))

    assert made.tolist() == stored.tolist()


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_interleaved_colours_are_kept(dtype: str, tmp_path: Path) -> None:
    stored = np.arange(36).astype(dtype).reshape(4, 3, 3)

    assert decode(frame_of(saved(image(stored), tmp_path))).tolist() == stored.tolist()


@pytest.mark.parametrize("dtype", SAMPLES)
@pytest.mark.parametrize(
    ("slope", "intercept"),
    [
        *((1, 0), (1, -1024), (1, 10), (1, 40000), (1, -70000), (-1, 0), (3, -7)),  # VTK keeps whole, and wraps
        *((1, -1024.5), (1.5, 0), (0.5, -100), (0.001, 0), (-0.25, 12.5)),  # VTK makes float
    ],
)
def test_values_that_vtk_wraps_come_out_right(dtype: str, slope: float, intercept: float, tmp_path: Path) -> None:
    stored = np.array([SAMPLES[dtype]], dtype)
    path = saved(image(stored, RescaleSlope=slope, RescaleIntercept=intercept), tmp_path)

    made = decode(frame_of(path))

    assert made.dtype == stored.dtype
    assert made.tolist() == stored.tolist()
    volume, plain = dicomvtk.read(path, decoder="vtk"), dicomvtk.read(path)
    assert volume.dtype == plain.dtype
    np.testing.assert_array_equal(volume.array, plain.array)
    expected = stored.astype(float) * slope + intercept
    np.testing.assert_allclose(volume.array[:, :, 0].T, expected, rtol=1e-6)


@pytest.mark.parametrize("slope", [2, -4])
def test_an_even_slope_is_refused(slope: int, tmp_path: Path) -> None:
    path = saved(image(np.array([[0, 40000]], np.uint16), RescaleSlope=slope, RescaleIntercept=0), tmp_path)

    with pytest.raises(
        UnsupportedError, match=rf"RescaleSlope \(0028,1053\) is {slope}, by which VTK wraps .* 16 bits"
    ):
        dicomvtk.read(path, decoder="vtk")


def test_a_slope_too_fine_for_float32_is_refused(tmp_path: Path) -> None:
    made = image(np.array([[0, 40000]], np.uint16), RescaleSlope="0.0001", RescaleIntercept="-1000")

    with pytest.raises(UnsupportedError, match="no longer tell neighbouring samples apart"):
        decode(frame_of(saved(made, tmp_path)))


def test_bits_above_those_stored_are_cleaned_as_elsewhere(tmp_path: Path) -> None:
    stored = np.array([[0x0123, 0xF123, 0x8FFF]], np.uint16)
    path = saved(image(stored, BitsStored=12, HighBit=11), tmp_path)

    assert dicomvtk.read(path, decoder="vtk").array.ravel().tolist() == [0x123, 0x123, 0xFFF]


@pytest.mark.parametrize(
    ("data_set", "message"),
    [
        (image(np.zeros((4, 3), np.uint32)), r"BitsAllocated \(0028,0100\) is 32, not 8 or 16"),
        (
            image(np.zeros((8, 3), np.uint16), NumberOfFrames=2, Rows=4),
            r"it holds 2 frames, of which VTK reads the first",
        ),
        (image(np.zeros((4, 3, 3), np.uint8), PlanarConfiguration=1), r"its pixels are RGB, planar configuration 1"),
        (image(np.zeros((4, 3, 3), np.uint8), PhotometricInterpretation="YBR_FULL"), r"its pixels are YBR_FULL"),
        (image(np.zeros((4, 3), np.uint8), PhotometricInterpretation="PALETTE COLOR"), r"its pixels are PALETTE COLOR"),
        (
            image(np.zeros((4, 3), np.uint16), "1.2.840.10008.1.2.1.99"),
            r"its transfer syntax is 1\.2\.840\.10008\.1\.2\.1\.99",
        ),
    ],
)
def test_pixels_that_vtk_reads_wrong_are_refused(data_set: FileDataset, message: str, tmp_path: Path) -> None:
    frame = HeaderReader().frames(str(saved(data_set, tmp_path)))[0]

    with pytest.raises(
        UnsupportedError, match=rf"decoder='vtk' cannot read .*image\.dcm: {message}.*Leave decoder= out"
    ):
        decode(frame)


def test_missing_pixels_are_refused(tmp_path: Path) -> None:
    path = saved(image(np.zeros((64, 64), np.uint16)), tmp_path)
    os.truncate(path, path.stat().st_size - 1000)

    assert problem(frame_of(path)) == "1000 bytes of its pixel data are missing"


def test_a_file_that_went_away_is_refused(tmp_path: Path) -> None:
    path = saved(image(np.zeros((4, 3), np.uint16)), tmp_path)
    frame = frame_of(path)
    path.unlink()

    with pytest.raises(UnsupportedError, match=r"image\.dcm: No such file or directory"):
        decode(frame)


def test_a_file_without_prefix_is_refused(tmp_path: Path) -> None:
    path = saved(image(np.zeros((4, 3), np.uint16)), tmp_path)
    path.write_bytes(path.read_bytes()[132:])

    [frame] = HeaderReader().frames(str(path))
    assert problem(frame) == "it lacks the DICM prefix (PS3.10 section 7.1)"


#: What ends the process inside VTK 9.7, or makes it read other values without a word.
DEADLY = [
    ("SeriesInstanceUID", b""),
    ("PhotometricInterpretation", b""),
    ("PixelSpacing", b""),
    ("PixelSpacing", b"  "),
    ("InstanceNumber", b"ABC "),
    ("InstanceNumber", b"99999999999 "),
    ("InstanceNumber", b".1e1"),
    ("GantryDetectorTilt", b"ABC "),
    ("GantryDetectorTilt", b".5"),
    ("RescaleSlope", b""),
    ("RescaleSlope", b"\\ "),
    ("RescaleSlope", b"1e39"),
    ("RescaleSlope", b"inf "),
    ("RescaleIntercept", b"  "),
    ("RescaleIntercept", b"-"),
    ("PixelRepresentation", b""),
]


@pytest.mark.parametrize(("keyword", "value"), DEADLY)
@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT])
def test_attributes_that_kill_vtk_are_refused(keyword: str, value: bytes, syntax: str, tmp_path: Path) -> None:
    made = image(np.zeros((4, 3), np.uint16), syntax, RescaleSlope=1, RescaleIntercept=0)
    raw_value(made, keyword, value)
    frame = frame_of(saved(made, tmp_path))

    assert problem(frame).startswith(f"{keyword} (")


@pytest.mark.parametrize(("keyword", "value"), DEADLY[:4])
def test_the_same_inside_an_open_sequence_is_refused(keyword: str, value: bytes, tmp_path: Path) -> None:
    made, item = image(np.zeros((4, 3), np.uint16)), Dataset()
    raw_value(item, keyword, value)
    made.RequestAttributesSequence = Sequence([item])
    made["RequestAttributesSequence"].is_undefined_length = True

    assert problem(frame_of(saved(made, tmp_path))).startswith(f"{keyword} (")


def test_vtk_really_dies_of_an_empty_slope(tmp_path: Path) -> None:
    """The reason for the screen; when this fails, VTK has learnt to live and the screen may go."""
    made = image(np.zeros((4, 3), np.uint16), RescaleIntercept=0)
    raw_value(made, "RescaleSlope", b"")
    path = saved(made, tmp_path)
    code = f"import vtkmodules.vtkIOImage as io; r = io.vtkDICOMImageReader(); r.SetFileName({str(path)!r}); r.Update()"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)

    assert done.returncode != 0


def test_an_icon_taken_for_the_image_is_refused(tmp_path: Path) -> None:
    made, icon = image(np.zeros((4, 3), np.uint16)), Dataset()
    icon.Rows = icon.Columns = 2
    icon.BitsAllocated = 8
    made.IconImageSequence = Sequence([icon])
    made["IconImageSequence"].is_undefined_length = True
    icon.is_undefined_length_sequence_item = True
    path = saved(made, tmp_path)

    with pytest.raises(UnsupportedError, match=r"Columns is 3, and VTK finds 2 .*reads into sequences"):
        decode(frame_of(path))


def test_a_vr_that_vtk_does_not_know_is_refused(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    made = image(np.zeros((4, 3), np.uint16))
    made.add_new(0x0008010E, "UR", "http://x")

    with pytest.raises(UnsupportedError, match=r"VTK finds 0 \(it stops at a VR it does not know"):
        decode(frame_of(saved(made, tmp_path)))

    assert capfd.readouterr().err == ""


def test_stored_values_are_refused(tmp_path: Path) -> None:
    path = saved(image(np.zeros((4, 3), np.uint16)), tmp_path)

    with pytest.raises(UnsupportedError, match="always rescales"):
        dicomvtk.read(path, decoder="vtk", stored=True)


def _is_refused(entry: Any) -> bool:
    try:
        dicomvtk.read(entry)
    except DicomVtkError:
        return True
    return False


@pytest.mark.filterwarnings("ignore::dicomvtk.errors.DicomVtkWarning")
def test_every_real_volume_is_the_same_or_refused(shared_data: Path) -> None:
    same = 0
    for entry in dicomvtk.find_series(shared_data):
        if not entry.readable:
            continue
        try:
            by_vtk = dicomvtk.read(entry, decoder="vtk")
        except DicomVtkError as error:
            assert "vtk" in str(error) or _is_refused(entry)  # noqa: PT017  # one refusal must not end the walk
            continue
        plain = dicomvtk.read(entry)
        assert by_vtk.dtype == plain.dtype, entry.files[0]
        np.testing.assert_array_equal(by_vtk.array, plain.array, err_msg=entry.files[0])
        same += 1
    assert same > 20


@pytest.mark.filterwarnings("ignore:The pixel data is")
def test_pydicom_agrees_sample_by_sample(shared_data: Path) -> None:
    agreed = 0
    for path in sorted((shared_data / "pydicom_files").rglob("*.dcm")):
        try:
            [frame] = HeaderReader().frames(str(path))
        except Exception:  # not one readable image
            continue
        if problem(frame):
            continue
        made, reference = decode(frame), pydicom.dcmread(path).pixel_array.copy()
        clean_bits(made, frame.common)
        clean_bits(reference, frame.common)
        np.testing.assert_array_equal(made, reference, err_msg=str(path))
        agreed += 1
    assert agreed > 10
