"""docs/conformance.md is what a run gives; and the cases that a table of syntaxes does not show."""

from __future__ import annotations

import shutil
import struct
import subprocess
from pathlib import Path

import imagecodecs
import numpy as np
import pydicom
import pytest
from pydicom.encaps import encapsulate, encapsulate_extended
from pydicom.uid import UID

import dicomvtk
from dicomvtk.dicom.codestream_head import read_head
from dicomvtk.errors import PixelDecodeError
from tests.dicom import conformance
from tests.dicom.conformance import COLUMNS, KINDS, ROWS, SYNTAXES, Kind, NotAvailable, Syntax

BY_UID = {syntax.uid: syntax for syntax in SYNTAXES}
JPEG_LS, JPEG_2000, HTJ2K = (BY_UID[f"1.2.840.10008.1.2.4.{n}"] for n in (80, 90, 201))
RLE = BY_UID["1.2.840.10008.1.2.5"]
GREY = KINDS["12 bit"]


@pytest.mark.parametrize("syntax", SYNTAXES, ids=lambda syntax: syntax.name)
def test_the_committed_table_is_what_a_run_gives(syntax: Syntax) -> None:
    try:
        outcomes = dict(conformance.cells(syntax))
    except NotAvailable as program:
        pytest.skip(f"{program}, which encodes this syntax, is not installed")
    assert outcomes == conformance.committed()[syntax.uid]
    assert set(outcomes.values()) <= {"exact", "close", "refused"}


def test_the_committed_page_is_whole() -> None:
    page = conformance.PAGE.read_text(encoding="utf-8")
    assert page == conformance.page(conformance.committed())


def write(path: Path, syntax: Syntax, kind: Kind, streams: list[bytes]) -> Path:
    """Write these codestreams, one a frame."""
    path.write_bytes(conformance.as_file(syntax, kind, len(streams), b"", streams))
    return path


def stored(path: Path) -> np.ndarray:
    """Return stored values (frame, row, column)."""
    return dicomvtk.read(path, stored=True).array.reshape(COLUMNS, ROWS, -1).T


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("layout", ["no table", "basic table", "extended table", "no delimiter", "fragments"])
def test_frames_are_found_however_they_are_laid_out(tmp_path: Path, layout: str, count: int) -> None:
    frames = [GREY.frame(n) for n in range(count)]
    streams = [conformance.rle(GREY, frame) for frame in frames]
    data = conformance.described(GREY, count)
    data.file_meta = pydicom.dataset.FileMetaDataset()
    data.file_meta.TransferSyntaxUID = UID(RLE.uid)
    fragments = 3 if layout == "fragments" else 1
    data.PixelData = encapsulate(streams, fragments_per_frame=fragments, has_bot=layout in ("basic table", "fragments"))
    if layout == "extended table":
        data.PixelData, data.ExtendedOffsetTable, data.ExtendedOffsetTableLengths = encapsulate_extended(streams)
    data["PixelData"].VR = "OB"
    path = tmp_path / "frames.dcm"
    data.save_as(path, enforce_file_format=True)
    if layout == "no delimiter":
        path.write_bytes(path.read_bytes().removesuffix(struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)))
    np.testing.assert_array_equal(stored(path), np.stack(frames))


def test_an_extended_table_tells_frames_of_several_fragments_apart(tmp_path: Path) -> None:
    """One fragment a frame is all the standard allows with it; files with more exist, and RLE has no start to see."""
    frames = [GREY.frame(n) for n in range(3)]
    streams = [conformance.rle(GREY, frame) for frame in frames]
    parts = [[s[:100], s[100:200], s[200:] + b"\0" * (len(s) % 2)] for s in streams]
    starts = np.cumsum([0] + [sum(8 + len(part) for part in frame) for frame in parts])[:-1]
    data = conformance.described(GREY, 3)
    data.file_meta = pydicom.dataset.FileMetaDataset()
    data.file_meta.TransferSyntaxUID = UID(RLE.uid)
    items = [struct.pack("<HHI", 0xFFFE, 0xE000, len(part)) + part for frame in parts for part in frame]
    data.ExtendedOffsetTable = struct.pack("<3Q", *starts)
    data.ExtendedOffsetTableLengths = struct.pack("<3Q", *map(len, streams))
    data.PixelData = struct.pack("<HHI", 0xFFFE, 0xE000, 0) + b"".join(items)
    data["PixelData"].VR = "OB"
    data["PixelData"].is_undefined_length = True
    path = tmp_path / "frames.dcm"
    data.save_as(path, enforce_file_format=True)
    np.testing.assert_array_equal(stored(path), np.stack(frames))


def test_a_file_written_anew_under_its_name_gives_its_new_pixels(tmp_path: Path) -> None:
    for first in (0, 3):
        frames = [GREY.frame(first + n) for n in range(3)]
        path = write(tmp_path / "x.dcm", RLE, GREY, [conformance.rle(GREY, f) for f in frames])
        np.testing.assert_array_equal(stored(path), np.stack(frames))


#: By CharLS: 12 bits, 0 to 23 in the first row and 0xFFB in the others.
JPEG_LS_12_BIT = bytes.fromhex(
    "ffd8fff7000b0c0014001801011100ffda0008010100000000a0c1830c318c63333333333060c30c64c08208421088888888924924"
    "081fff7fff7fffd9"
)


def test_pixel_representation_decides_the_sign(tmp_path: Path) -> None:
    """Codestreams of 12 bits without a sign, of samples that the header calls signed, 16 bits stored."""
    values = np.full((ROWS, COLUMNS), -5, np.int16)
    values[0] = np.arange(COLUMNS)
    unsigned = values.astype(np.uint16) & 0xFFF
    streams = {
        JPEG_2000: imagecodecs.jpeg2k_encode(unsigned, level=0, codecformat="j2k", bitspersample=12),
        JPEG_LS: JPEG_LS_12_BIT,
    }
    for coding, stream in streams.items():
        path = write(tmp_path / "x.dcm", coding, Kind("", 16, 16, True), [stream])
        np.testing.assert_array_equal(stored(path)[0], values)


def test_a_signed_codestream_of_unsigned_pixels_keeps_its_bits(tmp_path: Path) -> None:
    values = GREY.frame(0)
    signed = (values.astype(np.int32) - ((values >= 2048) * 4096)).astype(np.int16)
    stream = imagecodecs.jpeg2k_encode(signed, level=0, codecformat="j2k", bitspersample=12)
    head = read_head(stream)
    assert head is not None
    assert head.signed
    assert head.bits == 12
    path = write(tmp_path / "x.dcm", JPEG_2000, Kind("", 16, 16), [stream])
    np.testing.assert_array_equal(stored(path)[0], values)


def test_what_a_lossy_coding_puts_past_the_range_stays_at_its_end(tmp_path: Path) -> None:
    """Sixteen-bit codestream, 12 bits stored: 4097 must not become 1."""
    values = np.full((ROWS, COLUMNS), 4095, np.uint16)
    values[::2] = 4090
    stream = imagecodecs.jpegls_encode(values + 3, level=2)
    assert imagecodecs.jpegls_decode(stream).max() > 4095
    path = write(tmp_path / "x.dcm", BY_UID["1.2.840.10008.1.2.4.81"], GREY, [stream])
    assert stored(path).min() >= 4088
    assert stored(path).max() == 4095


HEADS = {
    "jpeg": lambda image: imagecodecs.jpeg8_encode(image, bitspersample=12),
    "jpeg lossless": lambda image: imagecodecs.ljpeg_encode(image, bitspersample=12),
    "jpeg-ls": imagecodecs.jpegls_encode,
    "jpeg 2000": lambda image: imagecodecs.jpeg2k_encode(image, level=0, codecformat="j2k", bitspersample=12),
    "jp2": lambda image: imagecodecs.jpeg2k_encode(image, level=0, codecformat="jp2", bitspersample=12),
    "htj2k": lambda image: imagecodecs.htj2k_encode(image, reversible=True),
    "jpeg xl": lambda image: imagecodecs.jpegxl_encode(image, lossless=True),
    "jpeg xl 8 bit": lambda image: imagecodecs.jpegxl_encode(image.astype(np.uint8), lossless=True),
}


@pytest.mark.parametrize("shape", [(20, 24), (64, 64), (513, 7)])
@pytest.mark.parametrize("coding", HEADS)
def test_heads_tell_size_depth_and_loss(coding: str, shape: tuple[int, int]) -> None:
    head = read_head(HEADS[coding](np.full(shape, 1000, np.uint16)))
    assert head is not None
    assert (head.rows, head.columns) == shape
    assert head.components in (0, 1)
    assert head.bits in (0, 12, 16)
    assert head.lossy == (coding == "jpeg" or coding.startswith("jpeg xl"))


OTHER_SYNTAX = {"jpeg 2000": JPEG_2000, "jpeg-ls": JPEG_LS, "htj2k": HTJ2K}


@pytest.mark.parametrize("coding", OTHER_SYNTAX)
@pytest.mark.parametrize(
    ("image", "says"),
    [
        (np.zeros((ROWS + 1, COLUMNS), np.uint16), f"is 24 x 21, .* say 24 x {ROWS}"),
        (np.zeros((ROWS, COLUMNS, 3), np.uint16), "has 3 components, SamplesPerPixel .* says 1"),
        (np.zeros((ROWS, COLUMNS), np.uint16), "has 16 bits a sample, BitsAllocated .* says 8"),
    ],
)
def test_a_codestream_of_another_kind_is_refused_before_it_is_decoded(
    tmp_path: Path, coding: str, image: np.ndarray, says: str
) -> None:
    kind = KINDS["8 bit"] if "bits" in says else GREY
    encode = HEADS[coding] if coding != "jpeg 2000" else (
        lambda image: imagecodecs.jpeg2k_encode(image, level=0, codecformat="j2k")
    )  # fmt: skip
    path = write(tmp_path / "x.dcm", OTHER_SYNTAX[coding], kind, [encode(image)])
    with pytest.raises(PixelDecodeError, match=f"x.dcm, frame 1.*{says}"):
        dicomvtk.read(path)


@pytest.mark.parametrize("photometric", ["HSV", "ARGB", "CMYK"])
def test_a_retired_coding_of_colour_is_named(tmp_path: Path, photometric: str) -> None:
    kind = Kind("", 8, 8, photometric=photometric)
    content = conformance.as_file(SYNTAXES[1], kind, 1, bytes(ROWS * COLUMNS * 3), [])
    path = tmp_path / "x.dcm"
    path.write_bytes(content)
    with pytest.raises(PixelDecodeError, match=f"is in {photometric} .*PhotometricInterpretation"):
        dicomvtk.read(path)


def test_a_palette_that_is_absent_is_named(tmp_path: Path) -> None:
    kind = Kind("", 8, 8, photometric="PALETTE COLOR")
    path = tmp_path / "x.dcm"
    path.write_bytes(conformance.as_file(SYNTAXES[1], kind, 1, bytes(ROWS * COLUMNS), []))
    with pytest.raises(PixelDecodeError, match=r"RedPaletteColorLookupTableDescriptor \(0028,1101\) holds 0 numbers"):
        dicomvtk.read(path)


def test_indirect_segments_repeat_those_before_them(tmp_path: Path) -> None:
    """A ramp from 0 to 99, a step to 50, and the ramp's own two segments once more: 50, then 51 to ... 99 and so on."""
    kind = Kind("", 8, 8, photometric="PALETTE COLOR")
    data = conformance.described(kind, 1)
    ramp = [0, 1, 0, 1, 99, 99 << 8]
    segments = struct.pack("<10H", *ramp, 2, 2, 0, 0)
    for colour in ("Red", "Green", "Blue"):
        setattr(data, f"{colour}PaletteColorLookupTableDescriptor", [200, 0, 16])
        setattr(data, f"Segmented{colour}PaletteColorLookupTableData", segments)
    index = np.arange(ROWS * COLUMNS).reshape(ROWS, COLUMNS) % 200
    data.PixelData = index.astype(np.uint8).tobytes()
    data["PixelData"].VR = "OB"
    data.file_meta = pydicom.dataset.FileMetaDataset()
    data.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    path = tmp_path / "x.dcm"
    data.save_as(path, enforce_file_format=True)
    np.testing.assert_array_equal(dicomvtk.read(path).array[:, :, 0, 0].T, index % 100)


DCMTK = {"4.50": "dcmdjpeg", "4.51": "dcmdjpeg", "4.53": "dcmdjpeg", "4.55": "dcmdjpeg", "4.57": "dcmdjpeg",
         "4.70": "dcmdjpeg", "4.80": "dcmdjpls", "4.81": "dcmdjpls", ".5": "dcmdrle"}  # fmt: skip


@pytest.mark.parametrize("syntax", DCMTK)
def test_a_real_image_is_what_dcmtk_makes_of_it(shared_data: Path, tmp_path: Path, syntax: str) -> None:
    program = shutil.which(DCMTK[syntax])
    if program is None:
        pytest.skip(f"{DCMTK[syntax]} is not installed")
    [path] = (shared_data / "syntaxes_ct_and_pattern").glob(f"CTImage.dcm_*1.2.840.10008.1.2.{syntax.lstrip('.')}.dcm")
    plain = tmp_path / "plain.dcm"
    subprocess.run([program, str(path), str(plain)], check=True, capture_output=True)
    expected = pydicom.dcmread(plain).pixel_array
    np.testing.assert_array_equal(dicomvtk.read(path, stored=True).array[:, :, 0].T, expected)
