"""Files made to exhaust or crash a reader: each must end in bounded time and memory, an error or the right volume."""

from __future__ import annotations

import os
import struct
import zlib
from functools import partial
from pathlib import Path

import imagecodecs
import numpy as np
from odd_inputs.cases import add, case
from odd_inputs.compressed import JPEG_2000, JPEG_LS, RLE, fragments, image, rle, with_pixels
from odd_inputs.known import KNOWN, Known
from odd_inputs.write import (
    BIG,
    DEFLATED,
    EXPLICIT,
    IMPLICIT,
    UNDEFINED,
    Header,
    element,
    encode,
    header,
    item,
    part10,
    slices,
    write,
)  # fmt: skip

__all__: list[str] = []


#: Where a hostile file can be read, its image is the first slice of the known volume.
_FIRST_SLICE = Known(KNOWN.values[:, :, :1], KNOWN.affine)


def _one(folder: Path, data_set: bytes, syntax: str = EXPLICIT) -> Known:
    (folder / "hostile.dcm").write_bytes(part10(data_set, syntax))
    return _FIRST_SLICE


def _before_pixels(middle: bytes, syntax: str = EXPLICIT) -> bytes:
    """A whole image with `middle` among its elements."""
    whole = header()
    front = Header({t: v for t, v in whole.items() if t < 0x00291010})
    back = Header({t: v for t, v in whole.items() if t > 0x00291010})
    return encode(front, syntax) + middle + encode(back, syntax)


def _deep(depth: int, tag: int = 0x00291010, syntax: str = EXPLICIT, closed: bool = True) -> bytes:
    """Sequences of undefined length in one another."""
    opening = element(tag, b"SQ", b"", syntax, UNDEFINED) + struct.pack("<HHI", 0xFFFE, 0xE000, UNDEFINED)
    closing = struct.pack("<HHI", 0xFFFE, 0xE00D, 0) + struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)
    return opening * depth + (closing * depth if closed else b"")


for _depth in (300, 5_000, 200_000):
    for _name, _syntax in {"explicit": EXPLICIT, "implicit": IMPLICIT, "big": BIG}.items():
        if _name == "big" and _depth > 300:
            continue
        add(f"nested_{_depth}_{_name}", "hostile", partial(lambda folder, depth, syntax: _one(folder, _before_pixels(
            _deep(depth, syntax=syntax), syntax), syntax), depth=_depth, syntax=_syntax), group="hostile")  # fmt: skip
    add(f"nested_{_depth}_open", "hostile", partial(lambda folder, depth: _one(folder, _before_pixels(
        _deep(depth, closed=False))), depth=_depth), group="hostile")  # fmt: skip
    # In the very sequence that is read for its frames.
    add(f"nested_{_depth}_in_functional_groups", "hostile", partial(lambda folder, depth: _one(folder, encode(
        Header({t: v for t, v in header().items() if t < 0x52009229})) + _deep(depth, 0x52009230)), depth=_depth),
        group="hostile")  # fmt: skip


def _lengths(folder: Path, tag: int, vr: bytes, length: int, syntax: str = EXPLICIT) -> Known:
    """An element that declares `length` bytes and has ten."""
    return _one(folder, _before_pixels(element(tag, vr, bytes(10), syntax, length), syntax), syntax)


for _name, (_tag, _vr, _length) in {
    "private_4_gb": (0x00291010, b"OB", 0xFFFFFFFE),
    "private_2_gb": (0x00291010, b"OB", 0x7FFFFFFF),
    "sequence_4_gb": (0x00291010, b"SQ", 0xFFFFFFF0),
    "groups_4_gb": (0x52009230, b"SQ", 0xFFFFFFF0),
    "text_4_gb": (0x00104000, b"UT", 0xFFFFFFFE),
    "table_4_gb": (0x7FE00001, b"OV", 0xFFFFFFF8),
}.items():
    add(f"declares_{_name}", "hostile", partial(_lengths, tag=_tag, vr=_vr, length=_length), group="hostile")
    add(f"declares_{_name}_implicit", "hostile", partial(_lengths, tag=_tag, vr=_vr, length=_length, syntax=IMPLICIT),
        group="hostile")  # fmt: skip


@case("hostile")
def pixels_declare_4_gb(folder: Path) -> Known:
    whole = header()
    pixels = element(0x7FE00010, b"OW", whole.pop(0x7FE00010)[1], EXPLICIT, 0xFFFFFFFE)
    return _one(folder, encode(whole) + pixels)


@case("hostile")
def two_hundred_thousand_elements(folder: Path) -> Known:
    many = b"".join(element(0x00291000 + n % 0xF000, b"LO", b"ab") for n in range(200_000))
    return _one(folder, _before_pixels(many))


@case("hostile")
def two_hundred_thousand_elements_of_unknown_vr(folder: Path) -> Known:
    """What a strict walk gives up on, so that a lenient one has to read them all."""
    many = b"".join(element(0x00291000 + n % 0xF000, b"ZZ", b"ab") for n in range(200_000))
    return _one(folder, _before_pixels(many))


@case("hostile")
def three_hundred_thousand_items(folder: Path) -> Known:
    return _one(folder, _before_pixels(element(0x00291010, b"SQ", item(b"") * 300_000)))


@case("hostile")
def three_hundred_thousand_frames_described(folder: Path) -> Known:
    """As many functional groups, each empty, for one frame of pixels."""
    whole = header().put("NumberOfFrames", "300000")
    groups = element(0x52009230, b"SQ", item(b"") * 300_000)
    return _one(folder, encode(Header({t: v for t, v in whole.items() if t < 0x52009230})) + groups
         + encode(Header({0x7FE00010: whole[0x7FE00010]})))  # fmt: skip


@case("hostile")
def three_hundred_thousand_fragments(folder: Path) -> Known:
    made = with_pixels(header().put("NumberOfFrames", "300000"), item(b"") + item(b"") * 300_000)
    return _one(folder, encode(made, RLE), RLE)


def _bomb(folder: Path, megabytes: int, where: str) -> Known:
    """Zeros that deflate to a thousandth: in a private element, in the pixels, or after them."""
    whole = header()
    front = encode(Header({t: v for t, v in whole.items() if t < 0x00290000}))
    back = encode(Header({t: v for t, v in whole.items() if t > 0x00290000}))
    if where == "private":
        parts = [front + element(0x00291010, b"OB", b"", EXPLICIT, megabytes << 20), back]
    elif where == "pixels":
        parts = [front + element(0x7FE00010, b"OW", b"", EXPLICIT, megabytes << 20), b""]
    else:
        parts = [front + back, b""]
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    start = packer.compress(parts[0]) + packer.flush(zlib.Z_FULL_FLUSH)
    zeros = packer.compress(bytes(1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)  # the same each time: flushed, no history
    return _one(folder, start + zeros * megabytes + packer.compress(parts[1]) + packer.flush(), DEFLATED)


for _where in ("private", "pixels", "tail"):
    add(f"inflate_bomb_in_{_where}", "hostile", partial(_bomb, megabytes=1500, where=_where), group="hostile")


def _huge(folder: Path, syntax: str = EXPLICIT, **attributes: object) -> Known:
    made = header()
    for keyword, value in attributes.items():
        made.put(keyword, value)
    if syntax == RLE:
        made = with_pixels(made, fragments(rle(image(0))))
    return _one(folder, encode(made, syntax), syntax)


_LARGEST = {"Rows": 65535, "Columns": 65535}
add("largest_image", "hostile", partial(_huge, **_LARGEST), group="hostile")
add("largest_image_allowed", "hostile", partial(_huge, **_LARGEST), group="hostile", allow=("truncated",))
add("largest_image_rle", "hostile", partial(_huge, syntax=RLE, **_LARGEST), group="hostile")
add("largest_image_big_endian", "hostile", partial(_huge, syntax=BIG, **_LARGEST), group="hostile")
add("largest_colour", "hostile", partial(_huge, SamplesPerPixel=3, PhotometricInterpretation="RGB", **_LARGEST),
    group="hostile")  # fmt: skip
add("most_frames", "hostile", partial(_huge, NumberOfFrames="2147483647"), group="hostile")
add("most_frames_rle", "hostile", partial(_huge, syntax=RLE, NumberOfFrames="2147483647"), group="hostile")
add("most_frames_big_endian", "hostile", partial(_huge, syntax=BIG, NumberOfFrames="2147483647"), group="hostile")
add("most_frames_of_one_bit", "hostile", partial(_huge, NumberOfFrames="2147483647", BitsAllocated=1, BitsStored=1,
    HighBit=0, Rows=1, Columns=1), group="hostile")  # fmt: skip


def _codestream(folder: Path, stream: bytes, syntax: str, **attributes: object) -> Known:
    made = header()
    for keyword, value in attributes.items():
        made.put(keyword, value)
    return _one(folder, encode(with_pixels(made, fragments(stream)), syntax), syntax)


def _huge_jpeg_2000() -> bytes:
    stream = imagecodecs.jpeg2k_encode(np.zeros((16, 16), np.uint16), level=0, codecformat="j2k")
    at = stream.find(b"\xff\x51")
    return stream[: at + 6] + struct.pack(">II", 65535, 65535) + stream[at + 14 : at + 22] + struct.pack(
        ">II", 65535, 65535) + stream[at + 30 :]  # fmt: skip


def _huge_jpeg_ls() -> bytes:
    stream = imagecodecs.jpegls_encode(np.zeros((16, 16), np.uint16))
    at = stream.find(b"\xff\xf7")
    return stream[: at + 5] + struct.pack(">HH", 65535, 65535) + stream[at + 9 :]


add("largest_jpeg_2000", "hostile", lambda folder: _codestream(folder, _huge_jpeg_2000(), JPEG_2000, **_LARGEST),
    group="hostile")  # fmt: skip
add("largest_jpeg_ls", "hostile", lambda folder: _codestream(folder, _huge_jpeg_ls(), JPEG_LS, **_LARGEST),
    group="hostile")  # fmt: skip


@case("hostile")
def jpeg_ls_of_noise(folder: Path) -> Known:
    """A good head and then what no encoder writes: a decoder in C must not end the process."""
    stream = imagecodecs.jpegls_encode(image(0))
    noise = bytes((n * 2654435761 >> 7) % 255 for n in range(600))
    return _codestream(folder, stream[:30] + noise + b"\xff\xd9", JPEG_LS)


def _sparse(folder: Path, start: bytes, gigabytes: int = 20) -> None:
    """A file that claims gigabytes and holds a few bytes: the rest is a hole of zeros."""
    with open(folder / "sparse.dcm", "wb") as file:
        file.write(start)
        file.truncate(gigabytes << 30)


@case("hostile")
def sparse_20_gb_of_nothing(folder: Path) -> None:
    _sparse(folder, b"")


@case("hostile")
def sparse_20_gb_after_an_image(folder: Path) -> Known | None:
    write(folder, slices())
    with open(folder / "IM004.dcm", "r+b") as file:
        file.truncate(20 << 30)
    return None


for _name, _syntax in {"explicit": EXPLICIT, "implicit": IMPLICIT, "big": BIG}.items():
    add(f"sparse_20_gb_in_a_header_{_name}", "hostile", partial(lambda folder, syntax: _sparse(folder, part10(encode(
        header().drop("PixelData"), syntax), syntax)), syntax=_syntax), group="hostile")  # fmt: skip
add("sparse_20_gb_after_meta", "hostile", lambda folder: _sparse(folder, part10(b"")), group="hostile")
add("sparse_20_gb_without_preamble", "hostile", lambda folder: _sparse(folder, encode(
    header().drop("PixelData"), IMPLICIT)), group="hostile")  # fmt: skip


@case("hostile")
def sparse_20_gb_deflated(folder: Path) -> Known:
    _sparse(folder, part10(zlib.compress(encode(header()))[2:-4], DEFLATED))
    return _FIRST_SLICE


@case("hostile")
def twenty_thousand_junk_files(folder: Path) -> None:
    write(folder, slices())
    junk = folder / "junk"
    junk.mkdir()
    (junk / "0").write_bytes(b"not DICOM, and long enough to be looked at")
    for n in range(1, 20_000):
        os.link(junk / "0", junk / str(n))


@case("hostile")
def two_thousand_images_at_one_position(folder: Path) -> None:
    """Each compared with each would be four million comparisons."""
    one = header(0, np.zeros((2, 2), np.uint16)).drop("InstanceNumber")
    for n in range(2_000):
        content = part10(encode(one.put("SOPInstanceUID", f"1.2.{n}").put("PixelData", struct.pack("<4H", n, 1, 2, 3))))
        (folder / f"{n}").write_bytes(content)


@case("hostile")
def two_thousand_orientations(folder: Path) -> None:
    """Every image in a plane of its own."""
    for n in range(2_000):
        angle = n * np.pi / 2_000
        one = header(0, np.zeros((2, 2), np.uint16)).put("SOPInstanceUID", f"1.2.{n}")
        one.put("ImageOrientationPatient", [round(np.cos(angle), 6), round(np.sin(angle), 6), 0, 0, 0, -1])
        (folder / f"{n}").write_bytes(part10(encode(one)))


@case("hostile")
def numbers_of_a_megabyte(folder: Path) -> Known:
    """A position of half a million values, in implicit VR where a length has 32 bits."""
    return _one(folder, encode(header().put("ImagePositionPatient", b"1\\" * 500_000), IMPLICIT), IMPLICIT)


@case("hostile")
def number_of_many_digits(folder: Path) -> Known:
    """An integer that takes long to convert where its digits are not counted."""
    return _one(folder, encode(header().put("InstanceNumber", b"9" * 900_000), IMPLICIT), IMPLICIT)
