"""Every transfer syntax with every kind of pixels that it may hold: encoded, read by `dicomvtk.read`, compared.

    python -m tests.dicom.conformance

writes the outcome to docs/conformance.md; test_conformance.py holds that page to what a run gives.
"""

from __future__ import annotations

import io
import shutil
import struct
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import imagecodecs
import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate, generate_frames
from pydicom.pixels import get_encoder
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    RLELossless,
    generate_uid,
)

import dicomvtk
from dicomvtk.errors import DicomVtkError

PAGE = Path(__file__).resolve().parents[2] / "docs" / "conformance.md"
ROWS, COLUMNS, FRAMES = 20, 24, 3
#: A lossy image of the smooth pattern may be off by this share of the range.
LOSSY = 0.04

Image = NDArray[np.generic]
_PREFIX = "1.2.840.10008.1.2"


class NotAvailable(Exception):  # noqa: N818
    """A program that encodes is not installed here."""


@dataclass(frozen=True)
class Kind:
    """One kind of pixels: how they are stored, and the values that a reader must give back."""

    name: str
    allocated: int
    stored: int
    signed: bool = False
    photometric: str = "MONOCHROME2"
    planar: int = 0
    palette_bits: int = 0
    segmented: bool = False

    @property
    def samples(self) -> int:
        return 1 if self.photometric.startswith(("MONO", "PALETTE")) else 3

    @property
    def dtype(self) -> np.dtype:
        return np.dtype(f"<{'i' if self.signed else 'u'}{max(1, self.allocated // 8)}")

    def frame(self, n: int) -> Image:
        """Return the samples of frame n as stored, (row, column[, 3]); the full range where nothing is smooth."""
        rng = np.random.default_rng([n, self.stored])
        low = -(2 ** (self.stored - 1)) if self.signed else 0
        high = low + 2**self.stored - 1
        if self.photometric.startswith("PALETTE"):
            high = PALETTE_ENTRIES - 1
        shape = (ROWS, COLUMNS) if self.samples == 1 else (ROWS, COLUMNS, 3)
        image = rng.integers(low, high, shape, endpoint=True)
        image.flat[:2] = low, high
        if self.photometric in ("YBR_FULL_422", "YBR_PARTIAL_422"):
            image[:, 1::2, 1:] = image[:, ::2, 1:]
        if self.photometric.startswith("YBR_PARTIAL"):
            image = image.clip(16, 235)
        return image.astype(self.dtype)

    def smooth(self, n: int) -> Image:
        """Return the samples of frame n, smooth enough for a lossy coding to keep."""
        row, column = np.mgrid[:ROWS, :COLUMNS]
        low = -(2 ** (self.stored - 1)) if self.signed else 0
        share = (row / (ROWS - 1) + column / (COLUMNS - 1)) / 2  # from 0 to 1, which dcmtk would stretch any other to
        share = share[:, ::-1] if n % 2 else share
        planes = [share, 0.5 + 0.2 * (share - 0.5), 1 - share][: self.samples]
        image = np.stack(planes, axis=-1) * (2**self.stored - 1) + low
        return np.rint(image[..., 0] if self.samples == 1 else image).astype(self.dtype)


PALETTE_ENTRIES = 200
GREY = [
    Kind("1 bit", 1, 1),
    Kind("8 bit", 8, 8),
    Kind("8 bit signed", 8, 8, True),
    Kind("12 bit", 16, 12),
    Kind("12 bit signed", 16, 12, True),
    Kind("16 bit", 16, 16),
    Kind("16 bit signed", 16, 16, True),
    Kind("32 bit", 32, 32),
    Kind("32 bit signed", 32, 32, True),
]
COLOUR = [
    Kind("RGB", 8, 8, photometric="RGB"),
    Kind("RGB by plane", 8, 8, photometric="RGB", planar=1),
    Kind("RGB 16 bit", 16, 16, photometric="RGB"),
    Kind("YBR_FULL", 8, 8, photometric="YBR_FULL"),
    Kind("YBR_FULL by plane", 8, 8, photometric="YBR_FULL", planar=1),
    Kind("YBR_FULL_422", 8, 8, photometric="YBR_FULL_422"),
    Kind("YBR_PARTIAL_422", 8, 8, photometric="YBR_PARTIAL_422"),
    Kind("YBR_RCT", 8, 8, photometric="YBR_RCT"),
    Kind("YBR_ICT", 8, 8, photometric="YBR_ICT"),
    Kind("PALETTE 8 bit", 8, 8, photometric="PALETTE COLOR", palette_bits=8),
    Kind("PALETTE 16 bit", 16, 16, photometric="PALETTE COLOR", palette_bits=16),
    Kind("PALETTE segmented", 8, 8, photometric="PALETTE COLOR", palette_bits=16, segmented=True),
]
KINDS = {kind.name: kind for kind in (*GREY, *COLOUR)}
_PALETTES = ("PALETTE 8 bit", "PALETTE 16 bit", "PALETTE segmented")
_TO_16 = ("8 bit", "8 bit signed", "12 bit", "12 bit signed", "16 bit", "16 bit signed")
_RGB = ("RGB", "RGB 16 bit")


@dataclass(frozen=True)
class Syntax:
    """A transfer syntax, the kinds it may hold, and how a frame is encoded (None: as it is)."""

    uid: str
    name: str
    kinds: tuple[str, ...]
    encode: Callable[[Kind, Image], bytes] | None = None
    lossy: bool = False


def unsigned(image: Image) -> Image:
    return image.view(image.dtype.str.replace("i", "u"))


def low_bits(kind: Kind, image: Image) -> Image:
    """Return samples as a coding without signs holds them: two's complement of BitsStored."""
    return unsigned(image) & unsigned(image).dtype.type((1 << kind.stored) - 1)


def rle(kind: Kind, image: Image) -> bytes:
    described = {"rows": ROWS, "columns": COLUMNS, "samples_per_pixel": kind.samples, "number_of_frames": 1}
    bits = {"bits_allocated": kind.allocated, "bits_stored": kind.allocated, "pixel_representation": 0}
    colour = {"photometric_interpretation": "RGB", "planar_configuration": 0} if kind.samples > 1 else {
        "photometric_interpretation": "MONOCHROME2"
    }  # fmt: skip
    return get_encoder(RLELossless).encode(unsigned(image), encoding_plugin="pydicom", **described, **bits, **colour)


def jpeg(kind: Kind, image: Image) -> bytes:
    if kind.samples == 1:
        return imagecodecs.jpeg8_encode(image, level=98, bitspersample=kind.stored)
    ybr = kind.photometric != "RGB"
    return imagecodecs.jpeg8_encode(
        image,
        level=98,
        colorspace="YCBCR" if ybr else "RGB",
        outcolorspace="YCBCR" if ybr else "RGB",
        subsampling="422" if kind.photometric == "YBR_FULL_422" else "444",
    )


def lossless_first(kind: Kind, image: Image) -> bytes:
    """Predictor 1, which is all that .70 allows; .57 allows it too."""
    if kind.samples > 1:
        return imagecodecs.jpeg8_encode(image, lossless=True, predictor=1, colorspace="RGB", outcolorspace="RGB")
    return imagecodecs.ljpeg_encode(low_bits(kind, image), bitspersample=kind.stored)


def lossless_sixth(kind: Kind, image: Image) -> bytes:
    """Predictor 6, by dcmtk, whose lossless encoder is another one than that of the library we decode with."""
    if kind.samples > 1:
        return imagecodecs.jpeg8_encode(image, lossless=True, predictor=6, colorspace="RGB", outcolorspace="RGB")
    return dcmtk("dcmcjpeg", kind, image, "+el", "+sv", "6")


def spectral_selection(kind: Kind, image: Image) -> bytes:
    return dcmtk("dcmcjpeg", kind, image, "+es", "+q", "98", *(["+bt"] if kind.stored == 12 else ["+be"]))


def progressive(kind: Kind, image: Image) -> bytes:
    return dcmtk("dcmcjpeg", kind, image, "+ep", "+q", "98", *(["+bt"] if kind.stored == 12 else ["+be"]))


def jpeg_ls(kind: Kind, image: Image) -> bytes:
    if kind.samples == 1 and kind.stored != 8:
        return dcmtk("dcmcjpls", kind, image)
    return imagecodecs.jpegls_encode(unsigned(image))


def jpeg_ls_near(kind: Kind, image: Image) -> bytes:
    return imagecodecs.jpegls_encode(low_bits(kind, image), level=2)


def jpeg_2000(kind: Kind, image: Image) -> bytes:
    own = kind.photometric in ("YBR_RCT", "YBR_ICT")
    return imagecodecs.jpeg2k_encode(image, level=0, codecformat="j2k", bitspersample=kind.stored, mct=own)


def jpeg_2000_lossy(kind: Kind, image: Image) -> bytes:
    own = kind.photometric in ("YBR_RCT", "YBR_ICT")
    return imagecodecs.jpeg2k_encode(
        image, level=45 + 6 * max(0, kind.stored - 8), codecformat="j2k", bitspersample=kind.stored, mct=own,
        reversible=False,
    )  # fmt: skip


def htj2k(kind: Kind, image: Image) -> bytes:
    return imagecodecs.htj2k_encode(image, reversible=True, rgb=kind.photometric == "YBR_RCT")


def htj2k_lossy(kind: Kind, image: Image) -> bytes:
    return imagecodecs.htj2k_encode(image, reversible=False, level=0.0005, rgb=kind.photometric == "YBR_ICT")


def jpeg_xl(kind: Kind, image: Image) -> bytes:
    return imagecodecs.jpegxl_encode(image, lossless=True)


def jpeg_xl_lossy(kind: Kind, image: Image) -> bytes:
    return imagecodecs.jpegxl_encode(image, distance=0.05)


def deflated(kind: Kind, image: Image) -> bytes:
    deflater = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return deflater.compress(native(kind, image)) + deflater.flush()


def native(kind: Kind, image: Image) -> bytes:
    """Return a frame's bytes as an uncompressed syntax stores them (PS3.5 section 8.1)."""
    if kind.allocated == 1:
        return np.packbits(image, bitorder="little").tobytes()
    if kind.photometric in ("YBR_FULL_422", "YBR_PARTIAL_422"):
        y, cb, cr = image[..., 0], image[:, ::2, 1], image[:, ::2, 2]
        return np.stack([y[:, ::2], y[:, 1::2], cb, cr], axis=-1).tobytes()
    # Bits above BitsStored hold what a writer left there; a sign is not extended.
    stored = low_bits(kind, image) | unsigned(image).dtype.type((0xA << kind.stored) & ((1 << kind.allocated) - 1))
    return (stored.transpose(2, 0, 1) if kind.planar else stored).tobytes()


_NO_ICT = tuple(name for name in KINDS if name not in ("YBR_RCT", "YBR_ICT"))
_PLAIN = tuple(name for name in _NO_ICT if name not in ("1 bit", "YBR_FULL_422", "YBR_PARTIAL_422"))
_BY_PIXEL = tuple(name for name in _PLAIN if not name.endswith("by plane") and not name.startswith("32"))
_DCT_COLOUR = ("YBR_FULL", "YBR_FULL_422", "RGB")
SYNTAXES = [
    Syntax(ImplicitVRLittleEndian, "Implicit VR Little Endian", _NO_ICT),
    Syntax(ExplicitVRLittleEndian, "Explicit VR Little Endian", _NO_ICT),
    Syntax(ExplicitVRBigEndian, "Explicit VR Big Endian (retired)",
           tuple(n for n in _NO_ICT if n not in ("1 bit", "YBR_PARTIAL_422"))),
    Syntax(DeflatedExplicitVRLittleEndian, "Deflated Explicit VR Little Endian",
           tuple(n for n in _NO_ICT if n != "YBR_PARTIAL_422")),
    Syntax(f"{_PREFIX}.1.98", "Encapsulated Uncompressed", _NO_ICT, native),
    Syntax(f"{_PREFIX}.8.1", "Deflated Image Frame", _NO_ICT, deflated),
    Syntax(f"{_PREFIX}.5", "RLE Lossless", _BY_PIXEL, rle),
    Syntax(f"{_PREFIX}.4.50", "JPEG Baseline", ("8 bit", *_DCT_COLOUR), jpeg, True),
    Syntax(f"{_PREFIX}.4.51", "JPEG Extended", ("8 bit", "12 bit", *_DCT_COLOUR), jpeg, True),
    Syntax(f"{_PREFIX}.4.53", "JPEG Spectral Selection (retired)", ("8 bit", "12 bit"), spectral_selection, True),
    Syntax(f"{_PREFIX}.4.55", "JPEG Full Progression (retired)", ("8 bit", "12 bit"), progressive, True),
    Syntax(f"{_PREFIX}.4.57", "JPEG Lossless", (*_TO_16, "RGB", "YBR_FULL", "PALETTE 8 bit", "PALETTE 16 bit"),
           lossless_sixth),
    Syntax(f"{_PREFIX}.4.70", "JPEG Lossless SV1", (*_TO_16, "RGB", "YBR_FULL", *_PALETTES), lossless_first),
    Syntax(f"{_PREFIX}.4.80", "JPEG-LS Lossless", (*_TO_16, *_RGB, "YBR_FULL", *_PALETTES), jpeg_ls),
    Syntax(f"{_PREFIX}.4.81", "JPEG-LS Near-Lossless", ("8 bit", "12 bit", "16 bit", *_RGB, "YBR_FULL"),
           jpeg_ls_near, True),
    Syntax(f"{_PREFIX}.4.90", "JPEG 2000 Lossless",
           (*_TO_16, "32 bit", "32 bit signed", *_RGB, "YBR_RCT", "YBR_FULL", *_PALETTES), jpeg_2000),
    Syntax(f"{_PREFIX}.4.91", "JPEG 2000", (*_TO_16, *_RGB, "YBR_ICT"), jpeg_2000_lossy, True),
    Syntax(f"{_PREFIX}.4.201", "HTJ2K Lossless",
           (*_TO_16, "32 bit", "32 bit signed", *_RGB, "YBR_RCT", "YBR_FULL", *_PALETTES), htj2k),
    Syntax(f"{_PREFIX}.4.202", "HTJ2K Lossless RPCL", (*_TO_16, *_RGB, "YBR_RCT", *_PALETTES), htj2k),
    Syntax(f"{_PREFIX}.4.203", "HTJ2K", (*_TO_16, *_RGB, "YBR_ICT"), htj2k_lossy, True),
    Syntax(f"{_PREFIX}.4.110", "JPEG XL Lossless", ("8 bit", "12 bit", "16 bit", *_RGB, *_PALETTES), jpeg_xl),
    Syntax(f"{_PREFIX}.4.112", "JPEG XL", ("8 bit", "16 bit", *_RGB), jpeg_xl_lossy, True),
]  # fmt: skip


def cells(syntax: Syntax) -> Iterator[tuple[str, str]]:
    """Yield (kind, outcome) for each kind: ``exact``, ``close`` (lossy), ``refused``; anything else is a defect.

    Each is read as one frame and as several; an outcome is that of both. Raises NotAvailable.
    """
    for name in syntax.kinds:
        outcomes = {outcome(syntax, KINDS[name], count) for count in (1, FRAMES)}
        yield name, " / ".join(sorted(outcomes))


def outcome(syntax: Syntax, kind: Kind, count: int) -> str:
    frames = [kind.smooth(n) if syntax.lossy else kind.frame(n) for n in range(count)]
    if kind.allocated == 1 and syntax.encode is None:
        bits = np.concatenate([frame.ravel() for frame in frames])
        pixels = np.packbits(bits, bitorder="little").tobytes()
    else:
        pixels = b"".join(native(kind, frame) for frame in frames) if syntax.encode is None else b""
    streams = [syntax.encode(kind, frame) for frame in frames] if syntax.encode else []
    with tempfile.TemporaryDirectory(prefix="dicomvtk-conformance-") as folder:
        path = Path(folder) / "image.dcm"
        path.write_bytes(as_file(syntax, kind, count, pixels, streams))
        try:
            array = dicomvtk.read(path).array
        except DicomVtkError:
            return "refused"
    colour = kind.samples > 1 or kind.palette_bits
    array = np.moveaxis(array.reshape(COLUMNS, ROWS, count, *((3,) if colour else ())), (0, 1, 2), (2, 1, 0))
    expected = np.stack([values(kind, frame) for frame in frames])
    difference = np.abs(array.astype(float) - expected).max()
    if difference == 0:
        return "close" if syntax.lossy else "exact"
    limit = 2**kind.stored * LOSSY if syntax.lossy else 0
    return "close" if difference <= limit else f"off by {difference:g}"


def values(kind: Kind, frame: Image) -> NDArray[np.float64]:
    """Return what a reader must make of a frame: values, and colours by the standard's own formulas."""
    if kind.palette_bits:
        return np.stack(palette_colours(), axis=-1)[frame.astype(int)]
    if kind.photometric.startswith("YBR_FULL"):
        y, cb, cr = np.moveaxis(frame.astype(float), -1, 0)
        rgb = [y + 1.402 * (cr - 128), y - 0.344136 * (cb - 128) - 0.714136 * (cr - 128), y + 1.772 * (cb - 128)]
        return np.rint(np.stack(rgb, axis=-1)).clip(0, 255)
    if kind.photometric.startswith("YBR_PARTIAL"):
        y, cb, cr = np.moveaxis(frame.astype(float), -1, 0)
        y = 1.1644 * (y - 16)
        rgb = [y + 1.5960 * (cr - 128), y - 0.3917 * (cb - 128) - 0.8130 * (cr - 128), y + 2.0173 * (cb - 128)]
        return np.rint(np.stack(rgb, axis=-1)).clip(0, 255)
    return frame.astype(float)


def palette_colours() -> list[NDArray[np.int64]]:
    """Return the red, green and blue of each entry: two ramps and a step, which a segmented table holds exactly."""
    entry = np.arange(PALETTE_ENTRIES)
    return [entry, PALETTE_ENTRIES - entry, np.where(entry < PALETTE_ENTRIES // 2, 255, 0)]


def put_palette(data: Dataset, kind: Kind) -> None:
    for colour, table in zip(("Red", "Green", "Blue"), palette_colours(), strict=True):
        name = f"{colour}PaletteColorLookupTable"
        setattr(data, f"{name}Descriptor", [PALETTE_ENTRIES, 0, kind.palette_bits])
        words = table.astype(np.uint16) << (kind.palette_bits - 8)
        if not kind.segmented:
            setattr(data, f"{name}Data", words.astype(f"<u{kind.palette_bits // 8}").tobytes())
        elif colour == "Blue":  # a value, as many of it again, then a step: discrete, linear, discrete, linear
            half = PALETTE_ENTRIES // 2
            segments = [0, 1, 0xFF00, 1, half - 1, 0xFF00, 0, 1, 0, 1, half - 1, 0]
            setattr(data, f"Segmented{name}Data", struct.pack(f"<{len(segments)}H", *segments))
        else:
            segments = [0, 1, int(words[0]), 1, PALETTE_ENTRIES - 1, int(words[-1])]
            setattr(data, f"Segmented{name}Data", struct.pack("<6H", *segments))


def as_file(syntax: Syntax, kind: Kind, count: int, pixels: bytes, streams: list[bytes]) -> bytes:
    """Return a Secondary Capture file of these frames."""
    data = described(kind, count)
    implicit = syntax.uid == ImplicitVRLittleEndian
    little = syntax.uid != ExplicitVRBigEndian
    if streams:
        data.PixelData = encapsulate([s + b"\0" * (len(s) % 2) for s in streams])
        data["PixelData"].is_undefined_length = True
        data["PixelData"].VR = "OB"
    else:
        data.PixelData = pixels + b"\0" * (len(pixels) % 2)
        if not little and kind.allocated > 8:
            data.PixelData = np.frombuffer(pixels, kind.dtype).byteswap().tobytes()
        data["PixelData"].VR = "OW" if kind.allocated > 8 or implicit else "OB"
    if not little and kind.palette_bits:  # words of 16 bits (OW), whatever is in them
        for element in data:
            if element.keyword.endswith("TableData"):
                element.value = np.frombuffer(element.value, "<u2").byteswap().tobytes()
    body = io.BytesIO()
    pydicom.dcmwrite(body, data, implicit_vr=implicit, little_endian=little)
    content = body.getvalue()
    if syntax.uid == DeflatedExplicitVRLittleEndian:
        deflater = zlib.compressobj(wbits=-zlib.MAX_WBITS)
        content = deflater.compress(content) + deflater.flush()
    meta = FileMetaDataset()
    meta.TransferSyntaxUID, meta.MediaStorageSOPClassUID = syntax.uid, data.SOPClassUID
    meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID
    head = io.BytesIO()
    pydicom.filewriter.write_file_meta_info(head, meta)
    return bytes(128) + b"DICM" + head.getvalue() + content


def described(kind: Kind, count: int) -> Dataset:
    """Return the header of `count` frames, without their pixels."""
    data = Dataset()
    data.SOPClassUID, data.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.7.4", generate_uid()
    data.StudyInstanceUID, data.SeriesInstanceUID, data.Modality = generate_uid(), generate_uid(), "OT"
    data.SamplesPerPixel, data.PhotometricInterpretation = kind.samples, kind.photometric
    if kind.samples > 1:
        data.PlanarConfiguration = kind.planar
    data.NumberOfFrames, data.Rows, data.Columns = count, ROWS, COLUMNS
    data.BitsAllocated, data.BitsStored, data.HighBit = kind.allocated, kind.stored, kind.stored - 1
    data.PixelRepresentation = int(kind.signed)
    if kind.palette_bits:
        put_palette(data, kind)
    return data


def dcmtk(program: str, kind: Kind, image: Image, *options: str) -> bytes:
    """Return a codestream made by one of dcmtk's encoders."""
    found = shutil.which(program)
    if found is None:
        raise NotAvailable(program)
    grey = Kind(kind.name, kind.allocated, kind.stored, kind.signed)
    plain = Syntax(ExplicitVRLittleEndian, "", ())
    with tempfile.TemporaryDirectory(prefix="dicomvtk-conformance-") as folder:
        source, coded = Path(folder) / "source.dcm", Path(folder) / "coded.dcm"
        source.write_bytes(as_file(plain, grey, 1, low_bits(grey, image).tobytes(), []))
        subprocess.run([found, *options, str(source), str(coded)], check=True, capture_output=True)
        return next(generate_frames(pydicom.dcmread(coded).PixelData, number_of_frames=1))


def page(outcomes: dict[str, dict[str, str]]) -> str:
    """Return docs/conformance.md of the outcomes by syntax and kind."""
    parts = [_INTRODUCTION]
    for title, kinds in (("Grey", GREY), ("Colour", COLOUR)):
        names = [kind.name for kind in kinds]
        parts.append(f"\n## {title}\n\n| transfer syntax | {' | '.join(names)} |\n|---|{'---|' * len(names)}\n")
        for syntax in SYNTAXES:
            row = [outcomes[syntax.uid].get(name, "") for name in names]
            parts.append(f"| {syntax.name} `{_short(syntax.uid)}` | {' | '.join(row)} |\n")
    return "".join([*parts, _REMARKS])


def _short(uid: str) -> str:
    return uid.replace("1.2.840.10008.", "…", 1)


def committed() -> dict[str, dict[str, str]]:
    """Return the outcomes that the committed page holds."""
    by_name = {f"{syntax.name} `{_short(syntax.uid)}`": syntax.uid for syntax in SYNTAXES}
    found: dict[str, dict[str, str]] = {syntax.uid: {} for syntax in SYNTAXES}
    names: list[str] = []
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| transfer syntax"):
            names = cells[1:]
        elif cells[0] in by_name:
            row = {name: cell for name, cell in zip(names, cells[1:], strict=True) if cell}
            found[by_name[cells[0]]].update(row)
    return found


_INTRODUCTION = """# Conformance: which pixels are read

Written by `python -m tests.dicom.conformance`, and held to what a run gives by `tests/dicom/test_conformance.py`.
Each cell is made, not claimed: pixels of known values are encoded, as one frame and as several, read with
`dicomvtk.read`, and compared with what they were.

* **exact**: every value is the one that was encoded; noise over the whole range of BitsStored, its two ends among them.
  YBR and palettes are compared as RGB, by the formulas of PS3.3 C.7.6.3.1.2 rounded to the nearest.
* **close**: a lossy coding of a smooth image, each value within 4 % of the range.
* **refused**: `PixelDecodeError`, which names the syntax and the way on.
* empty: not tried; the standard does not allow it, or no encoder at hand makes it.
"""

_REMARKS = """
## What the cells do not show

* UIDs are shortened: `…1.2.4.70` is 1.2.840.10008.1.2.4.70.
* Encoders: imagecodecs (libjpeg-turbo, liblj92, CharLS, OpenJPEG, OpenJPH, libjxl), pydicom (RLE), dcmtk (JPEG Lossless
  of predictor 6, JPEG-LS of 12 and 16 bits, both progressive forms of JPEG). Uncompressed pixels are written by the
  test itself, with junk above BitsStored.
* JPEG 2000 of more than 24 bits is refused: OpenJPEG has not the room for more and would give other values without a
  word. HTJ2K is exact to 32.
* Real files in these syntaxes are compared with pydicom and dcmtk in the tests of the reader.
* What a codestream says of its size, depth and number of components is compared with the header before it is decoded.
* A sign that differs between codestream and header (JPEG 2000, HTJ2K), or that a coding cannot say (JPEG-LS), is
  PixelRepresentation's.
* What a lossy coding puts past an end of BitsStored's range stays at that end.
* 16-bit palettes come out as their upper byte; palette and YBR images are RGB of 8 bits.
* JPEG Hierarchical, MPEG and HEVC video, JPIP and SMPTE ST 2110 are refused; so are HSV, ARGB and CMYK.
"""


def main() -> None:
    outcomes: dict[str, dict[str, str]] = {}
    for syntax in SYNTAXES:
        outcomes[syntax.uid] = dict(cells(syntax))
        print(syntax.name, outcomes[syntax.uid], file=sys.stderr)
    PAGE.write_text(page(outcomes), encoding="utf-8")


if __name__ == "__main__":
    main()
