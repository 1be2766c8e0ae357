"""Files that are odd as files: encodings, meta headers, lengths, sequences, cuts and junk."""

from __future__ import annotations

import gzip
import struct
import zlib
from functools import partial
from pathlib import Path

from odd_inputs.cases import add, case
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
    save,
    slices,
    write,
)  # fmt: skip

__all__: list[str] = []

_ICON = 0x00880200


def _in(folder: Path, syntax: str) -> None:
    write(folder, slices(), syntax)


add("implicit", "good", partial(_in, syntax=IMPLICIT), group="file")
add("big_endian", "good", partial(_in, syntax=BIG), group="file")


@case("good")
def deflated(folder: Path) -> None:
    files = []
    for one in slices():
        packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
        packed = packer.compress(encode(one)) + packer.flush()
        files.append(part10(packed + bytes(len(packed) % 2), DEFLATED))
    save(folder, files)


@case("good")
def encodings_mixed_in_a_series(folder: Path) -> None:
    kinds = (EXPLICIT, IMPLICIT, BIG, EXPLICIT, IMPLICIT)
    save(folder, [part10(encode(one, kind), kind) for one, kind in zip(slices(), kinds, strict=True)])


@case("good")
def no_preamble_explicit(folder: Path) -> None:
    save(folder, [encode(one) for one in slices()])


@case("good")
def no_preamble_implicit(folder: Path) -> None:
    save(folder, [encode(one, IMPLICIT) for one in slices()])


@case("good")
def meta_without_preamble(folder: Path) -> None:
    save(folder, [part10(encode(one))[132:] for one in slices()])


@case("good")
def preamble_without_meta(folder: Path) -> None:
    save(folder, [bytes(128) + b"DICM" + encode(one) for one in slices()])


@case("good")
def preamble_of_a_tiff(folder: Path) -> None:
    save(folder, [b"II*\0" + part10(encode(one))[4:] for one in slices()])


@case("good")
def no_names_but_numbers(folder: Path) -> None:
    save(folder, [part10(encode(one)) for one in slices()], ("10", "9", "2", "1", "33"))


def _group_length(folder: Path, length: int) -> None:
    save(folder, [part10(encode(one), group_length=length) for one in slices()])


for _name, _length in {"absent": -1, "zero": 0, "too_short": 10, "too_long": 5000}.items():
    add(f"meta_group_length_{_name}", "good", partial(_group_length, length=_length), group="file")


@case("good")
def no_transfer_syntax(folder: Path) -> None:
    save(folder, [part10(encode(one), "") for one in slices()])


def _lying(folder: Path, said: str, true: str) -> None:
    save(folder, [part10(encode(one, true), said) for one in slices()])


add("says_explicit_is_implicit", "good", partial(_lying, said=EXPLICIT, true=IMPLICIT), group="file")
add("says_implicit_is_explicit", "good", partial(_lying, said=IMPLICIT, true=EXPLICIT), group="file")
add("says_big_is_explicit", "repairable", partial(_lying, said=BIG, true=EXPLICIT), group="file", code="assumed")
add("says_explicit_is_big", "refuse", partial(_lying, said=EXPLICIT, true=BIG), group="file", error="NoDicomError",
    says="IM000.dcm")  # fmt: skip
add("unknown_transfer_syntax", "refuse", partial(_lying, said="1.2.3.4.5", true=EXPLICIT), group="file",
    error="PixelDecodeError", says="1.2.3.4.5")  # fmt: skip


@case("good")
def long_private_meta(folder: Path) -> None:
    more = element(0x00020100, b"UI", b"1.2.3.4\0") + element(0x00020102, b"OB", bytes(40_000))
    save(folder, [part10(encode(one), more_meta=more) for one in slices()])


def _with(folder: Path, tag: int, vr: bytes, value: bytes, syntax: str = EXPLICIT) -> None:
    write(folder, slices(lambda h, _: h.__setitem__(tag, (vr, value))), syntax)


def _nested(depth: int, undefined: bool, syntax: str = EXPLICIT) -> bytes:
    """Items in items, `depth` deep, with pixel data of their own at the bottom."""
    content = element(0x7FE00010, b"OW", b"\x01\x02" * 50, syntax)
    for _ in range(depth):
        inner = item(content, undefined=undefined)
        end = struct.pack("<HHI", 0xFFFE, 0xE0DD, 0) if undefined else b""
        content = element(0x00081140, b"SQ", inner + end, syntax, UNDEFINED if undefined else None)
    return item(content, undefined=undefined)


_END = struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)
for _name, (_tag, _vr, _value, _syntax) in {
    "empty_values": (0x00080050, b"SH", b"", EXPLICIT),
    "odd_length_value": (0x00080080, b"LO", b"Odd", EXPLICIT),
    "wrong_vr": (0x00280010, b"SS", b"\x08\0", EXPLICIT),
    "rows_as_ul": (0x00280010, b"UL", b"\x08\0\0\0", EXPLICIT),
    "rows_as_un": (0x00280010, b"UN", b"\x08\0", EXPLICIT),
    "spacing_as_lo": (0x00280030, b"LO", b"0.75\\0.5", EXPLICIT),
    "spacing_padded": (0x00280030, b"DS", b" 0.75 \\ 0.5 \0", EXPLICIT),
    "spacing_exponent": (0x00280030, b"DS", b"7.5E-01\\+5e-1", EXPLICIT),
    "number_as_decimal": (0x00200013, b"IS", b"1.0 ", EXPLICIT),
    "unknown_vr": (0x00091001, b"ZZ", b"abcd", EXPLICIT),
    "group_length_in_data": (0x00280000, b"UL", b"\x01\0\0\0", EXPLICIT),
    "private_without_creator": (0x00291010, b"OB", bytes(300), EXPLICIT),
    "un_private": (0x00291010, b"UN", bytes(70_000), EXPLICIT),
    "icon_defined": (_ICON, b"SQ", _nested(0, False), EXPLICIT),
    "nested_twelve": (_ICON, b"SQ", _nested(12, False), EXPLICIT),
    "nested_thirty": (_ICON, b"SQ", _nested(30, False), EXPLICIT),
    "nested_implicit": (_ICON, b"SQ", _nested(4, True, IMPLICIT), IMPLICIT),
    "overlay_group": (0x60003000, b"OW", bytes(20), EXPLICIT),
    "trailing_padding": (0xFFFCFFFC, b"OB", bytes(126), EXPLICIT),
    "element_after_pixels": (0x7FE10010, b"OB", b"after!", EXPLICIT),
    "signature_after_pixels": (0xFFFAFFFA, b"SQ", _nested(1, False), EXPLICIT),
}.items():  # fmt: skip
    add(_name, "good", partial(_with, tag=_tag, vr=_vr, value=_value, syntax=_syntax), group="file")


def _undefined(folder: Path, vr: bytes, content: bytes, tag: int = 0x00291010, syntax: str = EXPLICIT) -> None:
    """A sequence of undefined length among the elements before group 0040."""
    files = []
    for one in slices():
        before = Header({t: v for t, v in one.items() if t < tag})
        after = Header({t: v for t, v in one.items() if t > tag})
        middle = element(tag, vr, content + _END, syntax, UNDEFINED)
        files.append(part10(encode(before, syntax) + middle + encode(after, syntax), syntax))
    save(folder, files)


_undefined_kinds = {
    "sq_undefined": (b"SQ", _nested(3, True), EXPLICIT),
    "sq_undefined_items_defined": (b"SQ", _nested(3, False), EXPLICIT),
    "sq_undefined_empty": (b"SQ", b"", EXPLICIT),
    "un_undefined_holds_implicit": (b"UN", _nested(2, True, IMPLICIT), EXPLICIT),
    "implicit_undefined": (b"SQ", _nested(3, True, IMPLICIT), IMPLICIT),
    "sq_with_un_inside": (
        b"SQ", item(element(0x00291011, b"UN", _nested(1, True, IMPLICIT) + _END, EXPLICIT, UNDEFINED)), EXPLICIT,
    ),
}  # fmt: skip
for _name, (_vr, _value, _syntax) in _undefined_kinds.items():
    add(_name, "good", partial(_undefined, vr=_vr, content=_value, syntax=_syntax), group="file")


def _tail(folder: Path, tail: bytes) -> None:
    save(folder, [part10(encode(one)) + tail for one in slices()])


for _name, _bytes in {"byte": b"\0", "zeros": bytes(512), "garbage": bytes(range(1, 200)), "dicm": b"DICM" * 9}.items():
    add(f"tail_of_{_name}", "good", partial(_tail, tail=_bytes), group="file")


@case("good")
def elements_out_of_order(folder: Path) -> None:
    files = []
    for one in slices():
        front = Header({t: v for t, v in one.items() if t < 0x00280000})
        back = Header({t: v for t, v in one.items() if 0x00280000 <= t < 0x7FE00010})
        files.append(part10(encode(back) + encode(front) + encode(Header({0x7FE00010: one[0x7FE00010]}))))
    save(folder, files)


def _cut(folder: Path, keep: float, left: int = 0) -> None:
    """The middle slice ends early: at a share of its length, or `left` bytes before its end."""
    files = [part10(encode(one)) for one in slices()]
    files[2] = files[2][: len(files[2]) - left] if left else files[2][: int(len(files[2]) * keep)]
    save(folder, files)


# A slice that cannot be read leaves a gap, which is a stop; the file that caused it is named with it.
for _name, _keep in {"in_preamble": 0.05, "in_meta": 0.12, "in_header": 0.5, "at_the_start": 0.16}.items():
    add(f"cut_{_name}", "refuse", partial(_cut, keep=_keep), group="file", error="GeometryError", says="missing")
add("cut_before_pixels", "refuse", partial(_cut, keep=0, left=160 + 12), group="file", error="GeometryError",
    says="missing")  # fmt: skip
add("cut_in_pixels", "refuse", partial(_cut, keep=0, left=80), group="file", error="PixelDecodeError", says="IM004")
add("cut_one_byte", "refuse", partial(_cut, keep=0, left=1), group="file", error="PixelDecodeError", says="IM004")


@case("refuse", error="PixelDecodeError", says="single.dcm")
def cut_single_file(folder: Path) -> None:
    (folder / "single.dcm").write_bytes(part10(encode(header()))[:-60])


@case("refuse", error="GeometryError", says="missing")
def zeros_from_the_middle(folder: Path) -> None:
    files = [part10(encode(one)) for one in slices()]
    files[2] = files[2][:420] + bytes(len(files[2]) - 420)
    save(folder, files)


def _alone(folder: Path, content: bytes) -> None:
    (folder / "only.dcm").write_bytes(content)


for _name, _bytes in {
    "empty": b"", "one_byte": b"x", "text": b"Dear all,\nhere is the scan.\n", "html": b"<html><body>404</body></html>",
    "zeros": bytes(2000), "gzip": gzip.compress(part10(encode(header())), mtime=0),
    "png": b"\x89PNG\r\n\x1a\n" + bytes(99),
    "only_magic": bytes(128) + b"DICM", "only_meta": part10(b""),
    "noise": bytes((n * 7919 >> 3) % 256 for n in range(4096)),
    "zip": b"PK\x03\x04" + bytes(200), "nifti": struct.pack("<i", 348) + bytes(344), "eights": b"\x08\0" * 500,
}.items():  # fmt: skip
    add(f"only_{_name}" if not _name.startswith("only") else _name, "refuse", partial(_alone, content=_bytes),
        group="file", error="NoDicomError", says="No DICOM image")  # fmt: skip


@case("refuse", error="NoDicomError", says="only.dcm")
def deflate_damaged(folder: Path) -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = bytearray(packer.compress(encode(header())) + packer.flush())
    packed[len(packed) // 2 :] = b"\xff" * (len(packed) - len(packed) // 2)
    _alone(folder, part10(bytes(packed), DEFLATED))


@case("refuse", error="NoDicomError", says="only.dcm")
def deflate_cut(folder: Path) -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = packer.compress(encode(header())) + packer.flush()
    _alone(folder, part10(packed[: len(packed) * 2 // 3], DEFLATED))


def _damaged_end(folder: Path, at: int) -> Known:
    """A byte lost in the last slice's header: nothing but the file itself tells that there was a fifth slice."""
    files = [part10(encode(one)) for one in slices()]
    files[4] = files[4][:at] + files[4][at + 1 :]
    save(folder, files)
    return Known(KNOWN.values[:, :, :4], KNOWN.affine)


for _name, _at in {"meta": 165, "sop_class": 290}.items():
    add(f"byte_lost_in_{_name}_of_last_slice", "repairable", partial(_damaged_end, at=_at), group="file",
        code="unreadable")  # fmt: skip
