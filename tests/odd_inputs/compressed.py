"""Compressed pixels: the codings themselves, fragments and offset tables that are odd, codestreams that are damaged."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from odd_inputs.cases import add, case
from odd_inputs.known import INTERCEPT, KNOWN, Known, affine_of, stored
from odd_inputs.write import EXPLICIT, Header, encode, header, item, part10, save, slices, write

__all__: list[str] = []

RLE = "1.2.840.10008.1.2.5"
BASELINE = "1.2.840.10008.1.2.4.50"
LOSSLESS = "1.2.840.10008.1.2.4.70"
JPEG_LS = "1.2.840.10008.1.2.4.80"
JPEG_2000 = "1.2.840.10008.1.2.4.90"
HTJ2K = "1.2.840.10008.1.2.4.201"

_END = struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)


def rle(image: NDArray[np.generic]) -> bytes:
    """Return an image (rows, columns) in RLE Lossless by literal runs alone (PS3.5 annex G)."""
    planes = image.astype(image.dtype.newbyteorder(">")).view(np.uint8).reshape(*image.shape, -1)
    segments = []
    for n in range(planes.shape[-1]):
        packed = b"".join(bytes([len(row) - 1]) + row.tobytes() for row in planes[..., n])
        segments.append(packed + b"\x80" * (len(packed) % 2))
    starts = [64]
    for one in segments[:-1]:
        starts.append(starts[-1] + len(one))
    head = struct.pack("<16I", len(segments), *starts, *[0] * (15 - len(segments)))
    return head + b"".join(segments)


Encode = Callable[[NDArray[np.generic]], bytes]
ENCODERS: dict[str, tuple[str, Encode]] = {
    "rle": (RLE, rle),
    "lossless": (LOSSLESS, lambda image: imagecodecs.ljpeg_encode(image, bitspersample=12)),
    "jpeg_ls": (JPEG_LS, lambda image: imagecodecs.jpegls_encode(image, level=0)),
    "jpeg_2000": (JPEG_2000, lambda image: imagecodecs.jpeg2k_encode(
        image, level=0, codecformat="j2k", bitspersample=12)),
    "htj2k": (HTJ2K, lambda image: imagecodecs.htj2k_encode(image, reversible=True)),
}  # fmt: skip


def image(k: int) -> NDArray[np.uint16]:
    return np.ascontiguousarray(stored()[:, :, k].T)


def even(data: bytes) -> bytes:
    return data + b"\0" * (len(data) % 2)


def fragments(*streams: bytes, table: bytes = b"") -> bytes:
    """Return encapsulated pixel data without the last delimiter, which `with_pixels` adds."""
    return item(table) + b"".join(item(even(one)) for one in streams)


def with_pixels(one: Header, data: bytes, end: bytes = _END) -> Header:
    return one.put("PixelData", data + end, "OB")


def _coded(folder: Path, coding: str, change: Callable[[bytes], bytes] | None = None) -> None:
    """The whole volume in one coding; `change` is what happens to the middle slice's codestream."""
    syntax, encoder = ENCODERS[coding]
    streams = [encoder(image(k)) for k in range(5)]
    if change is not None:
        streams[2] = change(streams[2])
    write(folder, [with_pixels(header(k), fragments(s)) for k, s in enumerate(streams)], syntax)


def _cut(share: float) -> Callable[[bytes], bytes]:
    return lambda stream: stream[: int(len(stream) * share)]


def _noise(stream: bytes) -> bytes:
    """The second half overwritten: what is left of the structure is its head."""
    half = max(len(stream) // 2, 64)
    return stream[:half] + bytes(b ^ 0x5A for b in stream[half:])


def _giant(stream: bytes) -> bytes:
    """The codestream's own head claims 60000 x 60000."""
    big = struct.pack(">H", 60000)
    at = stream.find(b"\xff\x51")
    if at > 0:
        return stream[: at + 6] + struct.pack(">II", 60000, 60000) + stream[at + 14 :]
    at = next(n for n in range(2, len(stream)) if stream[n] == 0xFF and stream[n + 1] in (0xC3, 0xF7))
    return stream[: at + 5] + big + big + stream[at + 9 :]


for _coding in ENCODERS:
    add(_coding, "good", partial(_coded, coding=_coding), group="compressed")
    for _name, _change in {"cut_half": _cut(0.5), "cut_tail": _cut(0.9), "empty": _cut(0), "noise": _noise}.items():
        add(f"{_coding}_{_name}", "refuse", partial(_coded, coding=_coding, change=_change), group="compressed",
            error="PixelDecodeError", says="IM004")  # fmt: skip
    if _coding != "rle":
        add(f"{_coding}_claims_60000", "refuse", partial(_coded, coding=_coding, change=_giant), group="compressed",
            error="PixelDecodeError", says="IM004")  # fmt: skip
        add(f"{_coding}_trailing_zeros", "good", partial(_coded, coding=_coding, change=lambda s: even(s) + bytes(8)),
            group="compressed")  # fmt: skip


@case("good")
def baseline_eight_bits(folder: Path) -> Known:
    """Lossy, but of a flat image that every decoder gives back as it was."""
    values = np.arange(5) * 40 + 20

    def one(k: int) -> Header:
        pixels = np.full((16, 16), values[k], np.uint8)
        made = header(k, pixels).put("BitsAllocated", 8).put("BitsStored", 8).put("HighBit", 7)
        return with_pixels(made, fragments(imagecodecs.jpeg8_encode(pixels, level=100)))

    write(folder, [one(k) for k in range(5)], BASELINE)
    return Known(np.broadcast_to(values.astype(float) + INTERCEPT, (16, 16, 5)), affine_of())


@case("good")
def signed_jpeg_2000(folder: Path) -> Known:
    values = stored().astype(np.int16) - 1000

    def one(k: int) -> Header:
        pixels = np.ascontiguousarray(values[:, :, k].T)
        made = header(k, pixels).put("PixelRepresentation", 1).put("BitsStored", 16).put("HighBit", 15)
        stream = imagecodecs.jpeg2k_encode(pixels, level=0, codecformat="j2k")
        return with_pixels(made.put("RescaleIntercept", 0), fragments(stream))

    write(folder, [one(k) for k in range(5)], JPEG_2000)
    return Known(values.astype(float), affine_of())


@case("good")
def jpeg_2000_in_a_jp2_file(folder: Path) -> None:
    """The file format's boxes around the codestream, which annex A.4.4 forbids and which occur."""
    streams = [imagecodecs.jpeg2k_encode(image(k), level=0, codecformat="jp2") for k in range(5)]
    write(folder, [with_pixels(header(k), fragments(s)) for k, s in enumerate(streams)], JPEG_2000)


@case("good")
def several_fragments(folder: Path) -> None:
    def one(k: int) -> Header:
        stream = even(imagecodecs.jpegls_encode(image(k)))
        third = len(stream) // 3 // 2 * 2
        return with_pixels(header(k), fragments(stream[:third], stream[third : 2 * third], stream[2 * third :]))

    write(folder, [one(k) for k in range(5)], JPEG_LS)


@case("good")
def offset_table_of_one(folder: Path) -> None:
    write(folder, [with_pixels(header(k), fragments(rle(image(k)), table=bytes(4))) for k in range(5)], RLE)


@case("good")
def offset_table_is_garbage(folder: Path) -> None:
    """One frame: whatever the table says, all fragments are its."""
    table = b"\xff" * 8
    write(folder, [with_pixels(header(k), fragments(rle(image(k)), table=table)) for k in range(5)], RLE)


@case("good")
def no_delimiter(folder: Path) -> None:
    write(folder, [with_pixels(header(k), fragments(rle(image(k))), end=b"") for k in range(5)], RLE)


@case("refuse", error="PixelDecodeError", says="IM003")
def rle_segments_padded(folder: Path) -> None:
    write(folder, [with_pixels(header(k), fragments(rle(image(k)) + bytes(10))) for k in range(5)], RLE)


def _middle(folder: Path, pixels: bytes, syntax: str = RLE, end: bytes = _END) -> None:
    """All slices in RLE; the middle one with these fragments instead."""
    made = [with_pixels(header(k), fragments(rle(image(k)))) for k in range(5)]
    made[2] = with_pixels(header(2), pixels, end)
    write(folder, made, syntax)


_GOOD = even(rle(image(2)))
for _name, _pixels in {
    "no_fragment": item(b""),
    "no_offset_table": _END,
    "wrong_item_tag": item(b"") + struct.pack("<HHI", 0x7FE0, 0x0010, len(_GOOD)) + _GOOD,
    "fragment_too_long": item(b"") + struct.pack("<HHI", 0xFFFE, 0xE000, len(_GOOD) + 10_000) + _GOOD,
    "fragment_of_4_gb": item(b"") + struct.pack("<HHI", 0xFFFE, 0xE000, 0xFFFFFFFE) + _GOOD,
    "empty_fragment": item(b"") + item(b""),
    "rle_no_segments": fragments(bytes(64)),
    "rle_one_segment_of_two": fragments(struct.pack("<I", 1) + _GOOD[4:]),
    "rle_offsets_past_end": fragments(struct.pack("<16I", 2, 64, 60_000, *[0] * 13) + _GOOD[64:]),
    "rle_offsets_gigabytes_past_end": fragments(struct.pack("<16I", 2, 64, 0xF000_0000, *[0] * 13) + _GOOD[64:]),
    "rle_offsets_backwards": fragments(struct.pack("<16I", 2, 150, 64, *[0] * 13) + _GOOD[64:]),
    "rle_sixteen_segments": fragments(struct.pack("<I", 16) + _GOOD[4:]),
}.items():  # fmt: skip
    add(_name, "refuse", partial(_middle, pixels=_pixels), group="compressed", error="PixelDecodeError", says="IM004")


@case("refuse", error="PixelDecodeError", says="IM004")
def another_coding_inside(folder: Path) -> None:
    """A JPEG where the syntax says RLE."""
    _middle(folder, fragments(imagecodecs.ljpeg_encode(image(2), bitspersample=12)))


@case("refuse", error="PixelDecodeError", says="IM004")
def another_size_inside(folder: Path) -> None:
    """A codestream of fewer rows than the header says."""
    syntax, encoder = ENCODERS["jpeg_ls"]
    made = [with_pixels(header(k), fragments(encoder(image(k)))) for k in range(5)]
    made[2] = with_pixels(header(2), fragments(encoder(np.ascontiguousarray(image(2)[:6]))))
    write(folder, made, syntax)


def _multiframe(folder: Path, pixels: bytes, syntax: str = RLE, count: int = 4) -> Known:
    """Frames without a place, in one file."""
    made = header(0).drop("ImagePositionPatient", "ImageOrientationPatient")
    made.put("SOPClassUID", "1.2.840.10008.5.1.4.1.1.7.3").put("NumberOfFrames", count)
    (folder / "frames.dcm").write_bytes(part10(encode(with_pixels(made, pixels), syntax), syntax))
    return Known(KNOWN.values[:, :, np.newaxis, :4], None)


def _table(starts: Iterable[int]) -> bytes:
    return struct.pack("<4I", *starts)


_FRAMES = [even(rle(image(k))) for k in range(4)]
_STARTS = [sum(len(f) + 8 for f in _FRAMES[:n]) for n in range(4)]
_SPLIT = [part for f in _FRAMES for part in (f[:80], f[80:])]
for _name, _pixels in {
    "frames_one_fragment_each": fragments(*_FRAMES),
    "frames_with_table": fragments(*_FRAMES, table=_table(_STARTS)),
    "frames_split_with_table": fragments(
        *_SPLIT, table=struct.pack("<4I", *[s + 8 * n for n, s in enumerate(_STARTS)])
    ),
}.items():
    add(_name, "good", partial(_multiframe, pixels=_pixels), group="compressed")
add("frames_jpeg_split_no_table", "good", lambda folder: _multiframe(folder, fragments(*[
    part for k in range(4) for s in [even(imagecodecs.jpegls_encode(image(k)))] for part in (s[:40], s[40:])
]), JPEG_LS), group="compressed")  # fmt: skip
add("frames_too_few_fragments", "refuse", partial(_multiframe, pixels=fragments(*_FRAMES[:2])), group="compressed",
    error="PixelDecodeError", says="frames.dcm")  # fmt: skip
add("frames_split_no_table", "refuse", partial(_multiframe, pixels=fragments(*_SPLIT)), group="compressed",
    error="PixelDecodeError", says="frames.dcm")  # fmt: skip
add("frames_table_lies", "refuse", partial(_multiframe, pixels=fragments(*_SPLIT, table=_table((0, 8, 16, 24)))),
    group="compressed", error="PixelDecodeError", says="frames.dcm")  # fmt: skip
add("frames_table_swapped", "refuse", partial(_multiframe, pixels=fragments(*_SPLIT, table=_table((0, 3, 5, 7)))),
    group="compressed", error="PixelDecodeError", says="frames.dcm")  # fmt: skip


@case("repairable", code="assumed")
def native_under_a_compressed_syntax(folder: Path) -> None:
    """A length of exactly one frame says that the pixels are as they are."""
    write(folder, slices(), JPEG_LS)


@case("refuse", error="PixelDecodeError", says="TransferSyntaxUID")
def fragments_under_a_native_syntax(folder: Path) -> None:
    write(folder, [with_pixels(header(k), fragments(rle(image(k)))) for k in range(5)], EXPLICIT)


@case("refuse", error="PixelDecodeError", says="1.2.840.10008.1.2.4.53")
def no_decoder_for_progressive(folder: Path) -> None:
    write(folder, [with_pixels(header(k), fragments(b"\xff\xd8\xff\xd9")) for k in range(5)], "1.2.840.10008.1.2.4.53")


@case("good")
def codings_mixed_in_a_series(folder: Path) -> None:
    made = []
    for k, (syntax, encoder) in enumerate(ENCODERS.values()):
        made.append(part10(encode(with_pixels(header(k), fragments(encoder(image(k)))), syntax), syntax))
    save(folder, made)
