"""Oddities together, and duplicates, twins and near misses of what the other modules hold one at a time."""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from odd_inputs.cases import add, case
from odd_inputs.known import INTERCEPT, KNOWN, SPACING, Known, affine_of, stored
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

_MR = "1.2.840.10008.5.1.4.1.1.4"
_PIXELS = 0x7FE00010


def _turned(one: Header, k: int, affine: np.ndarray, orientation: Sequence[float]) -> Header:
    place = (affine @ [0, 0, k, 1])[:3]
    one.put("ImagePositionPatient", [f"{p:.9g}" for p in place])
    return one.put("ImageOrientationPatient", [f"{c:.9g}" for c in orientation])


def _oblique(first: float, second: float) -> list[float]:
    a, b = np.radians((first, second))
    turn = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]]) @ np.array(
        [[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]]
    )
    return [*turn[:, 0], *turn[:, 1]]


_PLACES: dict[str, Sequence[float]] = {
    "sagittal": (0, 1, 0, 0, 0, -1), "coronal_feet_first": (-1, 0, 0, 0, 0, -1), "prone_ff": (1, 0, 0, 0, -1, 0),
    "decubitus_right": (0, 1, 0, -1, 0, 0), "decubitus_left": (0, -1, 0, 1, 0, 0), "oblique": _oblique(31, -17),
}  # fmt: skip
_SYNTAXES = {"implicit": IMPLICIT, "big_endian": BIG, "deflated": DEFLATED, "explicit": EXPLICIT}


def _placed(folder: Path, place: str, syntax: str, change: Callable[[Header, int], None] | None = None) -> Known:
    orientation = _PLACES[place]
    affine = affine_of(orientation=orientation)

    def one(k: int) -> Header:
        made = _turned(header(k), k, affine, orientation)
        if change is not None:
            change(made, k)
        return made

    content = [_file(one(k), _SYNTAXES[syntax]) for k in reversed(range(5))]
    save(folder, content)
    return Known(KNOWN.values, affine)


def _file(one: Header, syntax: str) -> bytes:
    if syntax != DEFLATED:
        return part10(encode(one, syntax), syntax)
    import zlib

    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    packed = packer.compress(encode(one, EXPLICIT)) + packer.flush()
    return part10(packed + bytes(len(packed) % 2), DEFLATED)


def _signed_dirty(one: Header, k: int) -> None:
    """Signed 12 bits whose unused high bits are dirt, under the same modality values."""
    low = (stored()[:, :, k].T.astype(np.int32) + INTERCEPT) & 0x0FFF
    dirt = np.arange(low.size).reshape(low.shape) % 16 << 12
    one.put("PixelData", (low | dirt).astype("<u2").tobytes(), "OW")
    one.put("PixelRepresentation", 1).put("RescaleIntercept", "0").put("PhotometricInterpretation", "MONOCHROME1")


def _own_rescale(one: Header, k: int) -> None:
    """A slope and an intercept of each slice's own, the stored values chosen to mean the same."""
    slope = (1, 2, 0.5, 1, 4)[k]
    values = stored()[:, :, k].T * 4
    one.put("PixelData", (values / slope).astype("<u2").tobytes(), "OW").put("BitsStored", 16).put("HighBit", 15)
    one.put("RescaleSlope", f"{slope / 4}").put("RescaleIntercept", " -1024.0 ")


for _place in _PLACES:
    for _syntax, _change in (("implicit", _signed_dirty), ("big_endian", _own_rescale), ("deflated", _own_rescale)):
        if (_place, _syntax) == ("oblique", "implicit"):
            continue
        _what = "dirty_signed" if _change is _signed_dirty else "slope_per_slice"
        add(f"{_place}_{_syntax}_{_what}", "good", partial(_placed, place=_place, syntax=_syntax, change=_change),
            group="combined")  # fmt: skip


def _each(folder: Path, change: Callable[[Header, int], object]) -> None:
    write(folder, slices(change))


#: One attribute that differs from slice to slice and must neither split the stack nor move it.
_DIFFERING: dict[str, tuple[str, Sequence[object]]] = {
    "acquisition_numbers": ("AcquisitionNumber", (1, 1, 2, 2, 3)),
    "acquisition_times": ("AcquisitionTime", ("101010.1", "101012", "101014.55", "101016", "101018")),
    "series_uid_padding": ("SeriesInstanceUID", (b"1.2.3.2\0", b"1.2.3.2 ", b"1.2.3.2\0", b"1.2.3.2 ", b"1.2.3.2\0")),
    "patient_id_padding": ("PatientID", (b"ODD1", b"ODD1  ", b"ODD1", b" ODD1 ", b"ODD1")),
    "slope_spellings": ("RescaleSlope", ("1", "1.0", "1.000000", "+1", "1E0")),
    "intercept_spellings": ("RescaleIntercept", ("-1024", "-1024.0", "-1.024e3", "-1024.", " -1024")),
    "position_noughts": ("PatientPosition", ("HFS", "HFS ", "HFS", "HFS ", "HFS")),
    "exposures": ("XRayTubeCurrent", (100, 120, 140, 90, 80)),
    "bits_stored": ("BitsStored", (12, 12, 12, 12, 12)),
    "window_counts": ("WindowCenter", ("40", "40\\400", "", "40", "x")),
    "thicknesses": ("SliceThickness", ("2.5", "5", "1", "2.5", "2.50")),
    "character_sets": ("SpecificCharacterSet", ("ISO_IR 100", "", "ISO_IR 192", "\\ISO 2022 IR 87", "ISO_IR 999")),
    "spacing_spellings": ("PixelSpacing", ("0.75\\0.5", ".75\\.5", "0.750\\0.500", "7.5E-1\\5e-1", " 0.75 \\ 0.5 ")),
}  # fmt: skip
for _name, (_keyword, _values) in _DIFFERING.items():
    add(f"differing_{_name}", "good",
        partial(_each, change=lambda h, k, w=_keyword, v=_values: h.put(w, v[k])), group="combined")  # fmt: skip


@case("good")
def orientation_rounded_otherwise_in_each(folder: Path) -> Known:
    orientation = _oblique(12, 7)
    affine = affine_of(orientation=orientation)
    save(folder, [
        part10(encode(_turned(header(k), k, affine, np.round(orientation, 6 + k % 2)))) for k in range(5)
    ])  # fmt: skip
    return Known(KNOWN.values, affine)


@case("good", warns=True)
def bits_stored_twelve_and_sixteen(folder: Path) -> None:
    _each(folder, lambda h, k: h.put("BitsStored", 16).put("HighBit", 15) if k % 2 else None)


@case("good")
def slope_two_and_negative_intercept(folder: Path) -> Known:
    _each(folder, lambda h, k: h.put("RescaleSlope", "2").put("RescaleIntercept", "-5"))
    return Known(stored() * 2.0 - 5, KNOWN.affine)


def _mr(one: Header, echo: object, k: int) -> Header:
    return one.put("Modality", "MR").put("SOPClassUID", _MR).put("EchoTime", echo).put("InstanceNumber", k + 1)


@case("good")
def echo_time_jitters_from_slice_to_slice(folder: Path) -> None:
    """As scanners report an effective echo time: one volume, not one of five echoes."""
    _each(folder, lambda h, k: _mr(h, (4.9, 4.91, 4.9, 4.89, 4.9)[k], k))


@case("good")
def trigger_time_of_each_slice_its_own(folder: Path) -> None:
    _each(folder, lambda h, k: _mr(h, 4.9, k).put("TriggerTime", 100 + 37 * k))


@case("good")
def slabs_one_behind_the_other(folder: Path) -> None:
    """Three acquisitions that continue each other, numbered each from one."""
    _each(folder, lambda h, k: h.put("AcquisitionNumber", 1 + k // 2).put("InstanceNumber", 1 + k % 2))


def _five_dimensions(folder: Path) -> Known:
    """Two echoes at two times, each volume its own values, file names in no order."""
    order = np.random.default_rng(5).permutation(20)
    values = np.zeros((10, 8, 5, 2, 2))
    n = 0
    for time in range(2):
        for echo in range(2):
            for k in range(5):
                pixels = stored()[:, :, k].T + 2000 * time + 1000 * echo
                made = _mr(header(k, pixels.astype(np.uint16)), (4.9, 9.8)[echo], n)
                made.put("TemporalPositionIdentifier", time + 1).put("SOPInstanceUID", f"1.2.3.4.{n + 1}")
                made.put("BitsStored", 16).put("HighBit", 15)
                (folder / f"f{order[n]:02d}").write_bytes(part10(encode(made)))
                values[:, :, k, time, echo] = pixels.T.astype(float) + INTERCEPT
                n += 1
    return Known(values, KNOWN.affine)


@case("good")
def two_echoes_at_two_times(folder: Path) -> Known:
    return _five_dimensions(folder)


# The same element twice, which the standard forbids (PS3.5 section 7.1): which of them counts, nobody knows.
def _twice(folder: Path, keyword: str, other: object, first: bool, many: bool = True) -> None:
    """An element written twice, `other` as the first or the second of the two."""

    def one(k: int) -> bytes:
        made = header(k)
        if k != 2 and not many:
            return part10(encode(made))
        tag = next(iter(Header().put(keyword, other)))
        twin = Header().put(keyword, other)
        before = encode(Header({t: v for t, v in made.items() if t < tag}))
        own = encode(Header({tag: made[tag]}))
        after = encode(Header({t: v for t, v in made.items() if t > tag}))
        pair = encode(twin) + own if first else own + encode(twin)
        return part10(before + pair + after)

    save(folder, [one(k) for k in range(5)])


for _keyword, _other in {
    "PixelSpacing": "0.9\\0.9", "ImagePositionPatient": "1\\2\\3", "ImageOrientationPatient": "0\\1\\0\\1\\0\\0",
    "RescaleSlope": "3", "RescaleIntercept": "7", "Rows": 4, "PixelRepresentation": 1, "HighBit": 9,
}.items():  # fmt: skip
    for _first in (True, False):
        add(f"{_keyword}_twice_{'first' if _first else 'second'}_differs", "refuse",
            partial(_twice, keyword=_keyword, other=_other, first=_first), group="combined", says=_keyword)  # fmt: skip
add("PixelSpacing_twice_the_same", "good", partial(_twice, keyword="PixelSpacing", other=[SPACING[1], SPACING[0]],
    first=True), group="combined")  # fmt: skip
add("ImagePositionPatient_twice_in_one", "refuse", partial(_twice, keyword="ImagePositionPatient", other="1\\2\\3",
    first=False, many=False), group="combined", says="IM004.dcm")  # fmt: skip


# Values in a VR that is not theirs, the bytes as that VR packs them.
_AS_OTHER_VR: dict[str, tuple[str, str, bytes]] = {
    "PixelSpacing_as_fd": ("PixelSpacing", "FD", struct.pack("<2d", 0.75, 0.5)),
    "PixelSpacing_as_fl": ("PixelSpacing", "FL", struct.pack("<2f", 0.75, 0.5)),
    "ImagePositionPatient_as_fd": ("ImagePositionPatient", "FD", struct.pack("<3d", 1, 2, 3)),
    "Rows_as_text": ("Rows", "IS", b"8 "),
    "Rows_as_ss": ("Rows", "SS", struct.pack("<h", 8)),
    "RescaleSlope_as_fd": ("RescaleSlope", "FD", struct.pack("<d", 1.0)),
    "RescaleIntercept_as_ss": ("RescaleIntercept", "SS", struct.pack("<h", -1024)),
    "BitsStored_as_text": ("BitsStored", "IS", b"12"),
    "NumberOfFrames_as_us": ("NumberOfFrames", "US", struct.pack("<H", 1)),
    "InstanceNumber_as_us": ("InstanceNumber", "US", struct.pack("<H", 3)),
}
for _name, (_keyword, _vr, _raw) in _AS_OTHER_VR.items():
    add(_name, "hostile", partial(_each, change=lambda h, k, w=_keyword, v=_vr, r=_raw: h.put(w, r, v)),
        group="combined")  # fmt: skip


def _around(folder: Path, extra: bytes, at: int, syntax: str = EXPLICIT) -> None:
    """Every file with `extra` between its elements, before the first tag not below `at`."""

    def one(k: int) -> bytes:
        made = header(k)
        before = encode(Header({t: v for t, v in made.items() if t < at}), syntax)
        return part10(before + extra + encode(Header({t: v for t, v in made.items() if t >= at}), syntax), syntax)

    save(folder, [one(k) for k in range(5)])


def _sequence(tag: int, content: bytes, undefined: bool = True, vr: bytes = b"SQ") -> bytes:
    if not undefined:
        return element(tag, vr, item(content))
    end = struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)
    return element(tag, vr, item(content, undefined=True) + end, length=UNDEFINED)


_LURE = Header()
for _keyword, _value in {
    "ImagePositionPatient": "9\\9\\9", "ImageOrientationPatient": "0\\1\\0\\0\\0\\-1", "PixelSpacing": "9\\9",
    "Rows": 3, "Columns": 3, "BitsAllocated": 8, "RescaleSlope": "9", "RescaleIntercept": "9",
}.items():  # fmt: skip
    _LURE.put(_keyword, _value)
_LURE_PIXELS = element(_PIXELS, b"OB", bytes(10))
_ICON = (
    element(_PIXELS, b"OB", item(b"") + item(bytes(8)) + struct.pack("<HHI", 0xFFFE, 0xE0DD, 0), length=UNDEFINED)
)  # fmt: skip

for _name, _extra in {
    "icon_compressed_inside": (_sequence(0x00880200, encode(_LURE) + _ICON), 0x7FE00000),
    "icon_compressed_defined": (_sequence(0x00880200, encode(_LURE) + _ICON, undefined=False), 0x7FE00000),
    "lure_in_private_sequence": (
        element(0x00090010, b"LO", b"ODD ") + _sequence(0x00091001, encode(_LURE) + _LURE_PIXELS), 0x00100000),
    "lure_in_un_sequence": (
        element(0x00090010, b"LO", b"ODD ") + _sequence(0x00091001, encode(_LURE, IMPLICIT), vr=b"UN"), 0x00100000),
    "lure_in_referenced_image": (_sequence(0x00081140, encode(_LURE)), 0x00100000),
    "lure_in_original_attributes": (
        _sequence(0x04000561, _sequence(0x04000550, encode(_LURE))), 0x7FE00000),
    "lure_nested_thrice": (
        _sequence(0x00081140, _sequence(0x00081140, _sequence(0x00081140, encode(_LURE)), undefined=False)), 0x100000),
    "modality_lut_empty": (_sequence(0x00283000, b""), 0x7FE00000),
    "sequence_empty_of_position": (element(0x00209113, b"SQ", b""), 0x00280000),
    "pixel_data_of_another_kind_private": (
        element(0x7FDF0010, b"LO", b"ODD ") + element(0x7FDF1010, b"OW", bytes(160)), 0x7FE00000),
}.items():  # fmt: skip
    add(_name, "hostile" if _name == "modality_lut_empty" else "good",
        partial(_around, extra=_extra[0], at=_extra[1]), group="combined")  # fmt: skip


def _pixels_again(folder: Path, more: bytes) -> None:
    save(folder, [part10(encode(header(k)) + more) for k in range(5)])


add("pixel_data_twice", "hostile", partial(_pixels_again, more=element(_PIXELS, b"OW", bytes(160))), group="combined")
add("signatures_and_padding_after_pixels", "good", partial(_pixels_again,
    more=_sequence(0xFFFAFFFA, encode(_LURE)) + element(0xFFFCFFFC, b"OB", bytes(40))), group="combined")  # fmt: skip

for _name, _vr in {"ob": "OB", "un": "UN", "us": "US", "ol": "OL"}.items():
    add(f"pixels_as_{_name}", "hostile", partial(_each, change=lambda h, k, v=_vr: h.put(
        "PixelData", stored()[:, :, k].T.astype("<u2").tobytes(), v)), group="combined")  # fmt: skip


@case("hostile")
def float_and_integer_pixels_both(folder: Path) -> None:
    _each(folder, lambda h, k: h.put("FloatPixelData", np.zeros((8, 10), "<f4").tobytes(), "OF"))


@case("hostile")
def native_pixels_of_undefined_length(folder: Path) -> None:
    def one(k: int) -> bytes:
        made = header(k)
        raw = made.pop(_PIXELS)[1]
        end = struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)
        return part10(encode(made) + element(_PIXELS, b"OW", raw + end, length=UNDEFINED))

    save(folder, [one(k) for k in range(5)])


# One file of the five that is no longer any image: what is left is a whole stack of four, and must not pass for all.
def _one_lost(folder: Path, k: int, content: bytes) -> Known:
    files = [part10(encode(header(n))) for n in range(5)]
    files[k] = content if content != b"cut" else files[k][:200]
    save(folder, files)
    return Known(KNOWN.values[:, :, :4], KNOWN.affine)


for _name, _content in {"empty": b"", "zeros": bytes(900), "text": b"<html>404</html>", "cut": b"cut"}.items():
    add(f"last_slice_is_{_name}", "repairable", partial(_one_lost, k=4, content=_content), group="combined",
        code="unreadable")  # fmt: skip
    add(f"middle_slice_is_{_name}", "refuse", partial(_one_lost, k=2, content=_content), group="combined",
        error="GeometryError", says="IM004.dcm beside it cannot be read")  # fmt: skip


def _modality_lut(one: Header, first: int, table: Sequence[int], bits: int, entries: int | None = None) -> Header:
    one.drop("RescaleSlope", "RescaleIntercept")
    count = len(table) if entries is None else entries
    inner = Header().put("LUTDescriptor", [count, first, bits], "US")
    packed = np.asarray(table, "<u2" if bits > 8 else "u1").tobytes()
    inner.put("LUTData", packed + bytes(len(packed) % 2), "OW")
    inner[0x00283004] = (b"LO", b"HU")
    one[0x00283000] = (b"SQ", item(encode(inner)))
    return one


@case("good")
def modality_lut_clamps_at_both_ends(folder: Path) -> Known:
    """Stored values below the first mapped take the first entry, those past the last the last (PS3.3 C.11.1.1)."""
    table = [7 * n % 60000 for n in range(1000)]
    _each(folder, lambda h, k: _modality_lut(h, 400, table, 16))
    at = np.clip(stored().astype(int) - 400, 0, 999)
    return Known(np.asarray(table, float)[at], KNOWN.affine)


@case("repairable", code="assumed")
def modality_lut_and_rescale_both(folder: Path) -> Known:
    _each(
        folder, lambda h, k: _modality_lut(h, 0, range(4096), 16).put("RescaleSlope", "2").put("RescaleIntercept", "0")
    )
    return Known(stored().astype(float), KNOWN.affine)


@case("hostile")
def modality_lut_in_one_slice(folder: Path) -> None:
    _each(folder, lambda h, k: _modality_lut(h, 0, range(4096), 16) if k == 3 else None)


@case("hostile")
def modality_lut_shorter_than_it_says(folder: Path) -> None:
    _each(folder, lambda h, k: _modality_lut(h, 0, range(100), 16, entries=4096))


# Names on disk.
@case("good")
def a_folder_for_each_slice(folder: Path) -> None:
    for k in range(5):
        inner = folder / f"{(3 * k) % 5}" / "DICOM"
        inner.mkdir(parents=True)
        (inner / "IM0").write_bytes(part10(encode(header(k))))


@case("repairable", code="duplicate")
def hard_links_of_every_file(folder: Path) -> None:
    _each(folder, lambda h, k: None)
    for path in list(folder.iterdir()):
        os.link(path, folder / f"{path.name}.hard")
