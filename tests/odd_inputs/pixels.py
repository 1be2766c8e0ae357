"""Pixels that are odd: Image Pixel attributes, data too long or short, colour, float, frames, rescale."""

from __future__ import annotations

import struct
from functools import partial
from pathlib import Path

import numpy as np
from odd_inputs.cases import add, case
from odd_inputs.known import INTERCEPT, KNOWN, Known, affine_of, stored
from odd_inputs.write import BIG, EXPLICIT, IMPLICIT, Header, encode, header, part10, slices, write

__all__: list[str] = []


def _all(folder: Path, keyword: str, value: object, vr: str = "") -> None:
    """One attribute set in every slice; None drops it."""
    write(folder, slices(partial(_set, keyword=keyword, value=value, vr=vr)))


def _set(one: Header, _: int, keyword: str, value: object, vr: str = "") -> None:
    if value is None:
        one.drop(keyword)
    else:
        one.put(keyword, value, vr)


# What the header cannot mean is refused, and the attribute is named.
_BAD_NUMBERS: dict[str, dict[str, object]] = {
    "Rows": {"missing": None, "zero": 0, "two": (8, 8), "empty": b"", "65535": 65535},
    "Columns": {"missing": None, "zero": 0, "65535": 65535, "odd_bytes": b"\x0a\0\0"},
    "BitsAllocated": {"missing": None, "zero": 0, "12": 12, "24": 24, "64": 64, "65535": 65535},
    "BitsStored": {"zero": 0, "17": 17},
    "HighBit": {"15_of_12": 15, "0": 0, "99": 99},
    "PixelRepresentation": {"7": 7, "two": (0, 1)},
    "SamplesPerPixel": {"zero": 0, "two": 2, "three": 3, "65535": 65535},
}
for _keyword, _values in _BAD_NUMBERS.items():
    for _name, _value in _values.items():
        add(f"{_keyword}_{_name}", "refuse", partial(_all, keyword=_keyword, value=_value), group="pixels",
            error="PixelDecodeError", says="" if _name in ("65535", "64", "three") else _keyword)  # fmt: skip

for _name, _value in {
    "zero": "0", "negative": "-3", "text": "many", "two": "1\\1", "billion": "1000000000",
    "huge": "1e300",
}.items():  # fmt: skip
    add(f"NumberOfFrames_{_name}", "refuse", partial(_all, keyword="NumberOfFrames", value=_value), group="pixels",
        error="PixelDecodeError")  # fmt: skip
add("NumberOfFrames_too_many", "refuse", partial(_all, keyword="NumberOfFrames", value="9"), group="pixels")
add("NumberOfFrames_empty", "good", partial(_all, keyword="NumberOfFrames", value=""), group="pixels")
add("NumberOfFrames_one", "good", partial(_all, keyword="NumberOfFrames", value="1"), group="pixels")

# Type 1 attributes that are absent but can only mean one thing, or were assumed and said.
add("BitsStored_missing", "refuse", partial(_all, keyword="BitsStored", value=None), group="pixels",
    error="PixelDecodeError", says="HighBit (0028,0102)")  # fmt: skip
add("HighBit_missing", "good", partial(_all, keyword="HighBit", value=None), group="pixels", warns=True)
add("SamplesPerPixel_missing", "good", partial(_all, keyword="SamplesPerPixel", value=None), group="pixels", warns=True)
for _keyword in ("PixelRepresentation", "PhotometricInterpretation"):
    add(f"{_keyword}_missing", "repairable", partial(_all, keyword=_keyword, value=None), group="pixels",
        code="assumed")  # fmt: skip
add("PhotometricInterpretation_garbage", "repairable", group="pixels", code="assumed",
    write=partial(_all, keyword="PhotometricInterpretation", value="MONOCHROM 2"))  # fmt: skip


@case("good")
def monochrome1(folder: Path) -> None:
    """Never inverted: display alone does that."""
    _all(folder, "PhotometricInterpretation", "MONOCHROME1")


@case("good")
def overlay_bits(folder: Path) -> None:
    """Bits above BitsStored hold an overlay."""
    write(folder, [header(k, stored()[:, :, k].T | 0xA000) for k in range(5)])


@case("good")
def signed_twelve_bits(folder: Path) -> Known:
    """Negative values of 12 bits, without sign extension."""
    values = stored().astype(np.int16) - 1000

    def one(k: int) -> Header:
        pixels = (values[:, :, k].T & 0x0FFF).astype(np.uint16)
        return header(k, pixels).put("PixelRepresentation", 1).put("RescaleIntercept", 0)

    write(folder, [one(k) for k in range(5)])
    return Known(values.astype(float), affine_of())


@case("repairable", code="mixed-pixels")
def signed_and_unsigned_mixed(folder: Path) -> Known:
    """Two slices say that 16 bits are signed, which changes none of their values."""
    write(folder, slices(lambda h, k: h.put("PixelRepresentation", k % 2).put("BitsStored", 16).put("HighBit", 15)))
    return KNOWN


@case("good")
def thirty_two_bits(folder: Path) -> Known:
    values = stored().astype(np.uint32) * 70_000

    def one(k: int) -> Header:
        made = header(k, values[:, :, k].T).put("RescaleIntercept", 0)
        return made.put("BitsAllocated", 32).put("BitsStored", 32).put("HighBit", 31)

    write(folder, [one(k) for k in range(5)])
    return Known(values.astype(float), affine_of())


@case("good")
def eight_bits_odd_length(folder: Path) -> Known:
    """Seven by five bytes and one of padding."""
    values = stored(7, 5).astype(np.uint16) // 10

    def one(k: int) -> Header:
        made = header(k, values[:, :, k].T.astype(np.uint8)).put("BitsAllocated", 8).put("BitsStored", 8)
        return made.put("HighBit", 7).put("PixelData", values[:, :, k].T.astype(np.uint8).tobytes() + b"\0", "OW")

    write(folder, [one(k) for k in range(5)])
    return Known(values.astype(float) + INTERCEPT, affine_of())


@case("good")
def eight_bits_big_endian(folder: Path) -> Known:
    """OW in big endian swaps bytes even where samples are bytes (PS3.5 section 8.1.1)."""
    values = stored() // 10

    def one(k: int) -> Header:
        made = header(k, values[:, :, k].T.astype(np.uint8)).put("BitsAllocated", 8).put("BitsStored", 8)
        return made.put("HighBit", 7)

    write(folder, [one(k) for k in range(5)], BIG)
    return Known(values.astype(float) + INTERCEPT, affine_of())


def _float(folder: Path, keyword: str, bits: int, syntax: str) -> Known:
    values = stored() / 8 - 100

    def one(k: int) -> Header:
        made = header(k).drop("PixelData", "BitsStored", "HighBit", "PixelRepresentation", "RescaleIntercept")
        data = values[:, :, k].T.astype(f"<f{bits // 8}").tobytes()
        return made.drop("RescaleSlope").put("BitsAllocated", bits).put(keyword, data)

    write(folder, [one(k) for k in range(5)], syntax)
    return Known(values, affine_of())


for _keyword, _bits in {"FloatPixelData": 32, "DoubleFloatPixelData": 64}.items():
    for _name, _syntax in {"explicit": EXPLICIT, "implicit": IMPLICIT}.items():
        add(f"{_keyword}_{_name}", "good", partial(_float, keyword=_keyword, bits=_bits, syntax=_syntax),
            group="pixels")  # fmt: skip


def _colour(folder: Path, planar: int) -> Known:
    grey = (stored() // 10).astype(np.uint8)
    values = np.stack([grey, grey // 2, 255 - grey], axis=-1)

    def one(k: int) -> Header:
        image = values[:, :, k].transpose(1, 0, 2)
        data = np.ascontiguousarray(image.transpose(2, 0, 1) if planar else image).tobytes()
        made = header(k, grey[:, :, k].T).put("SamplesPerPixel", 3).put("PhotometricInterpretation", "RGB")
        made.put("PlanarConfiguration", planar).put("BitsAllocated", 8).put("BitsStored", 8).put("HighBit", 7)
        return made.drop("RescaleSlope", "RescaleIntercept").put("PixelData", data, "OB")

    write(folder, [one(k) for k in range(5)])
    return Known(values.astype(float), affine_of())


add("rgb_by_pixel", "good", partial(_colour, planar=0), group="pixels")
add("rgb_by_plane", "good", partial(_colour, planar=1), group="pixels")


def _longer(folder: Path, extra: int) -> None:
    write(folder, slices(lambda h, _: h.put("PixelData", h[0x7FE00010][1] + bytes(extra), "OW")))


# Pixel data of another length than the header says: some value of the header may be wrong, and that is told.
add("longer_by_two_bytes", "repairable", partial(_longer, extra=2), group="pixels", code="excess")
add("longer_by_a_frame", "repairable", partial(_longer, extra=160), group="pixels", code="excess")
add("Rows_halved", "repairable", lambda folder: _halved(folder), group="pixels", code="excess")


def _halved(folder: Path) -> Known:
    _all(folder, "Rows", 4)
    return Known(KNOWN.values[:, :4], affine_of())


def _shorter(folder: Path) -> None:
    write(folder, slices(lambda h, k: h.put("PixelData", h[0x7FE00010][1][:100], "OW") if k == 1 else None))


add("shorter_in_one_slice", "refuse", _shorter, error="PixelDecodeError", says="IM000")


@case("repairable", code="truncated", allow=("truncated",), says="IM003")
def shorter_allowed(folder: Path) -> Known:
    write(folder, slices(lambda h, k: h.put("PixelData", h[0x7FE00010][1][:80], "OW") if k == 0 else None))
    values = KNOWN.values.copy()
    values[:, 4:, 0] = INTERCEPT
    return Known(values, affine_of())


@case("good")
def several_frames_without_place(folder: Path) -> Known:
    """A cine: frames are counted past k."""
    values = stored(slices=4)
    made = header(0, values[:, :, 0].T).drop("ImagePositionPatient", "ImageOrientationPatient", "SliceThickness")
    data = np.ascontiguousarray(values.T).tobytes()
    made.put("NumberOfFrames", "4").put("PixelData", data, "OW").put("SOPClassUID", "1.2.840.10008.5.1.4.1.1.7.3")
    (folder / "cine.dcm").write_bytes(part10(encode(made)))
    return Known(values[:, :, np.newaxis].astype(float) + INTERCEPT, None)


@case("refuse", error="PixelDecodeError", says="Palette")
def palette_colour_without_palette(folder: Path) -> None:
    _all(folder, "PhotometricInterpretation", "PALETTE COLOR")


@case("good")
def padding_value_and_windows(folder: Path) -> None:
    def change(one: Header, _: int) -> None:
        one.put("PixelPaddingValue", struct.pack("<h", -2000), "SS").put("WindowCenter", "40\\abc")
        one.put("WindowWidth", "")

    write(folder, slices(change))
