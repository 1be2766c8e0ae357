"""Slices that lie oddly: spacing, orientation, position, gaps, tilt, shift, and attributes that lie about them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from odd_inputs.cases import add, case
from odd_inputs.known import KNOWN, ORIGIN, SPACING, Known, affine_of, stored
from odd_inputs.write import Header, encode, header, part10, save, slices, write

__all__: list[str] = []


def _all(folder: Path, keyword: str, value: object) -> None:
    write(folder, slices(lambda h, _: _set(h, keyword, value)))


def _one(folder: Path, keyword: str, value: object, k: int = 2) -> None:
    write(folder, slices(lambda h, n: _set(h, keyword, value) if n == k else None))


def _set(one: Header, keyword: str, value: object) -> None:
    if value is None:
        one.drop(keyword)
    else:
        one.put(keyword, value)


# Numbers that are no numbers, or cannot be a spacing, an orientation, a position.
_BAD: dict[str, dict[str, object]] = {
    "PixelSpacing": {
        "zero": "0\\0", "negative": "-0.75\\0.5", "one": "0.75", "three": "1\\1\\1", "nan": "nan\\nan",
        "inf": "inf\\0.5", "text": "wide\\high", "1e-30": "1e-30\\1e-30", "1e30": "1e30\\1e30",
        "half": "0.75\\",
    },
    "ImageOrientationPatient": {
        "zero": "0\\0\\0\\0\\0\\0", "parallel": "1\\0\\0\\1\\0\\0", "oblique": "1\\0\\0\\0.5\\0.8660254\\0",
        "scaled": "2\\0\\0\\0\\2\\0", "five": "1\\0\\0\\0\\1", "nan": "nan\\0\\0\\0\\1\\0", "text": "L\\P",
    },
}  # fmt: skip
for _keyword, _values in _BAD.items():
    for _name, _value in _values.items():
        add(f"{_keyword}_{_name}", "refuse", partial(_all, keyword=_keyword, value=_value), group="geometry",
            says=_keyword)  # fmt: skip
for _name, _value in {
    "two": "1\\2", "nan": "nan\\0\\0", "1e30": "0\\0\\1e30", "text": "here\\there\\now",
    "inf": "0\\0\\inf",
}.items():  # fmt: skip
    add(f"ImagePositionPatient_{_name}", "refuse", partial(_one, keyword="ImagePositionPatient", value=_value),
        group="geometry", error="GeometryError",
        says="IM004" if _name == "1e30" else "ImagePositionPatient")  # fmt: skip

for _keyword, _value in {"PixelSpacing": "0,75\\0,5", "ImageOrientationPatient": "1,0\\0,0\\0\\0\\1,0\\0"}.items():
    add(f"{_keyword}_comma", "repairable", partial(_all, keyword=_keyword, value=_value), group="geometry",
        code="decimal-comma", allow=("decimal-comma",), says=_keyword)  # fmt: skip
add("ImagePositionPatient_comma", "repairable", partial(_one, keyword="ImagePositionPatient", value="-10,0\\20\\35,00"),
    group="geometry", code="decimal-comma", allow=("decimal-comma",), says="IM004")  # fmt: skip

_UNPLACED = Known(KNOWN.values, None)


def _numbered(folder: Path, keyword: str, k: int | None = None) -> Known:
    """An attribute of the place left out, in all slices or in one; InstanceNumber still tells the order."""
    if k is None:
        _all(folder, keyword, None)
    else:
        _one(folder, keyword, None, k)
    return _UNPLACED


for _keyword, _code in {
    "ImagePositionPatient": "missing-position", "ImageOrientationPatient": "missing-orientation",
    "PixelSpacing": "missing-spacing",
}.items():  # fmt: skip
    add(f"{_keyword}_missing", "repairable", partial(_numbered, keyword=_keyword), group="geometry", code=_code,
        allow=(_code,), says=_keyword)  # fmt: skip
add("ImagePositionPatient_missing_in_one", "repairable", partial(_numbered, keyword="ImagePositionPatient", k=1),
    group="geometry", code="missing-position", allow=("missing-position",), says="IM000")  # fmt: skip
add("PixelSpacing_empty", "repairable", lambda folder: _empty(folder, "PixelSpacing"), group="geometry",
    code="missing-spacing", allow=("missing-spacing",), says="PixelSpacing")  # fmt: skip
add("ImagePositionPatient_empty", "repairable", lambda folder: _empty(folder, "ImagePositionPatient"), group="geometry",
    code="missing-position", allow=("missing-position",), says="ImagePositionPatient")  # fmt: skip


def _empty(folder: Path, keyword: str) -> Known:
    _all(folder, keyword, "")
    return _UNPLACED


for _name, _value in {"missing": None, "flipped": "1\\0\\0\\0\\-1\\0", "turned": "0\\1\\0\\-1\\0\\0"}.items():
    add(f"orientation_{_name}_in_one", "refuse", partial(_one, keyword="ImageOrientationPatient", value=_value),
        group="geometry", error="SeriesError", says="Cannot choose")  # fmt: skip
add("spacing_other_in_one", "refuse", partial(_one, keyword="PixelSpacing", value="0.75\\0.6"), group="geometry",
    error="SeriesError", says="Cannot choose")  # fmt: skip

# What lies and must not be believed, since positions say otherwise; and what is odd but means the same.
_HARMLESS: dict[str, dict[str, object]] = {
    "SliceThickness": {"lies": "99", "text": "5mm", "zero": "0", "negative": "-1", "missing": None, "two": "1\\2"},
    "SpacingBetweenSlices": {"lies": "7", "negative": "-2.5", "text": "abc", "zero": "0"},
    "SliceLocation": {"lies": "42", "nan": "nan", "text": "top"},
    "InstanceNumber": {"same": "1", "text": "one", "comma": "1,000", "missing": None, "empty": "", "huge": "9" * 30},
    "ImageOrientationPatient": {"rounded": "0.9999\\0.0001\\0\\-0.0001\\0.9999\\0",
        "exponents": "1E0\\0e5\\-0\\0\\+1\\0"},
    "FrameOfReferenceUID": {"missing": None},
    "PatientPosition": {"ffp": "FFP"},
    "PixelSpacing": {"spaces": "  0.750000\\0.50 "},
}  # fmt: skip
for _keyword, _values in _HARMLESS.items():
    for _name, _value in _values.items():
        add(f"{_keyword}_{_name}", "good", partial(_all, keyword=_keyword, value=_value), group="geometry")


@case("good")
def instance_numbers_reversed(folder: Path) -> None:
    write(folder, slices(lambda h, k: h.put("InstanceNumber", 5 - k).put("SliceLocation", -10 * k)))


def _lying(folder: Path, orientation: Sequence[float], count: int = 5) -> Known:
    """The volume in another orientation, its slices dealt from the other end."""
    affine = affine_of(orientation=orientation)

    def one(k: int) -> Header:
        position = affine @ [0, 0, k, 1]
        made = header(k).put("ImagePositionPatient", [round(float(p), 9) for p in position[:3]])
        return made.put("ImageOrientationPatient", [round(float(c), 9) for c in orientation])

    write(folder, [one(k) for k in reversed(range(count))])
    return Known(KNOWN.values[:, :, :count], affine)


def _double_oblique() -> list[float]:
    a, b = np.radians(25), np.radians(-35)
    about_x = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    about_y = np.array([[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]])
    turned = about_x @ about_y
    return [*turned[:, 0], *turned[:, 1]]


for _name, _orientation in {
    "axial_dealt_backwards": [1, 0, 0, 0, 1, 0], "sagittal": [0, 1, 0, 0, 0, -1], "coronal": [1, 0, 0, 0, 0, -1],
    "prone": [-1, 0, 0, 0, -1, 0], "mirrored_axial": [1, 0, 0, 0, -1, 0], "double_oblique": _double_oblique(),
}.items():  # fmt: skip
    add(_name, "good", partial(_lying, orientation=_orientation), group="geometry")
add("two_slices", "good", partial(_lying, orientation=[1, 0, 0, 0, 1, 0], count=2), group="geometry")


@case("good")
def one_slice(folder: Path) -> Known:
    write(folder, [header(0)])
    return Known(KNOWN.values[:, :, :1], affine_of())


@case("repairable", code="slice-spacing-unknown")
def one_slice_of_no_thickness(folder: Path) -> Known:
    write(folder, [header(0).drop("SliceThickness")])
    return Known(KNOWN.values[:, :, :1], affine_of((*SPACING[:2], 1.0)))


@case("good")
def one_slice_with_spacing_and_thickness(folder: Path) -> Known:
    write(folder, [header(0).put("SpacingBetweenSlices", "3").put("SliceThickness", "2")])
    return Known(KNOWN.values[:, :, :1], affine_of((*SPACING[:2], 3.0)))


def _moved(folder: Path, place: Callable[[int], Sequence[float]], count: int = 5, skip: Sequence[int] = ()) -> None:
    """Slices at `place(k)`, offsets in mm from where the first lies."""
    made = []
    for k in range(count):
        if k not in skip:
            position = np.add(ORIGIN, place(k))
            made.append(
                (k, header(min(k, 4), stored(slices=count)[:, :, k].T).put("ImagePositionPatient", [*position]))
            )
    save(folder, [part10(encode(h)) for _, h in made], [f"IM{(7 * k) % 13:03d}.dcm" for k, _ in made])


def _straight(k: float) -> tuple[float, float, float]:
    return (0.0, 0.0, 2.5 * k)


@case("good")
def position_rounded(folder: Path) -> None:
    """Positions given to 0.001 mm."""
    _moved(folder, lambda k: (0, 0, round(2.5 * k + 0.0004 * (k % 2), 3)))


@case("repairable", code="jitter")
def position_jitter(folder: Path) -> None:
    _moved(folder, lambda k: (0, 0, 2.5 * k + (0.009 if k == 2 else 0)))


@case("repairable", code="gap", allow=("gap",), fix=("gap",), says="2 slices missing")
def gap_of_two(folder: Path) -> Known:
    """Values are linear along k, so that interpolation gives those that were left out."""
    _moved(folder, _straight, 9, skip=(4, 5))
    return Known(stored(slices=9).astype(float) - 1024, affine_of())


@case("repairable", code="gap", fix=("gap",), says="missing")
def every_other_missing_at_the_end(folder: Path) -> Known:
    _moved(folder, _straight, 9, skip=(5, 7))
    return Known(stored(slices=9).astype(float) - 1024, affine_of())


@case("repairable", code="uneven", allow=("uneven",), says="Steps between slices")
def growing_steps(folder: Path) -> Known:
    _moved(folder, lambda k: (0, 0, 2.5 * 1.2**k))
    return Known(KNOWN.values, None)


@case("refuse", error="GeometryError", says="Steps between slices")
def growing_steps_as_they_are(folder: Path) -> None:
    _moved(folder, lambda k: (0, 0, 2.5 * k + 0.2 * k * k))


@case("refuse", error="GeometryError", says="IM001")
def one_slice_off(folder: Path) -> None:
    _moved(folder, lambda k: (0, 0, 2.5 * k + (0.6 if k == 2 else 0)))


@case("refuse", error="GeometryError", says="sideways")
def one_slice_aside(folder: Path) -> None:
    _moved(folder, lambda k: (1.5 if k == 2 else 0, 0, 2.5 * k))


@case("refuse", error="GeometryError", says="sideways")
def every_slice_aside(folder: Path) -> None:
    _moved(folder, lambda k: ((0, 3, 1, 4, 0)[k], 0, 2.5 * k))


@case("repairable", code="tilt", fix=("tilt",), says="sheared by 16.70 degrees")
def gantry_tilt(folder: Path) -> Known:
    """Each slice one row further on: undone, rows are moved by whole pixels, on four rows more; air comes in."""
    _moved(folder, lambda k: (0, 0.75 * k, 2.5 * k))
    columns, rows, count = KNOWN.values.shape
    values = np.full((columns, rows + 4, count), KNOWN.values.min())
    for k in range(count):
        values[:, k : k + rows, k] = KNOWN.values[:, :, k]
    return Known(values, affine_of())


@case("refuse", error="GeometryError", says="sheared by 5.71 degrees")
def slight_tilt(folder: Path) -> None:
    _moved(folder, lambda k: (0, 0.25 * k, 2.5 * k))


@case("repairable", code="by-number-alone")
def same_position_for_all(folder: Path) -> Known:
    """A cine or a damaged series: read as images at one place, and said."""
    _moved(folder, lambda k: (0, 0, 0))
    return Known(KNOWN.values[:, :, np.newaxis], affine_of())


@case("good")
def tiny_voxels(folder: Path) -> Known:
    """Microscopy: 0.1 micrometre in the plane, 5 between planes."""
    size = (1e-4, 1e-4, 5e-3)
    write(
        folder, slices(lambda h, k: h.put("PixelSpacing", "1e-4\\1e-4").put("ImagePositionPatient", [0, 0, 5e-3 * k]))
    )
    return Known(KNOWN.values, affine_of(size, (0, 0, 0)))


@case("good")
def far_from_the_origin(folder: Path) -> Known:
    """A table position of ten metres."""
    write(folder, slices(lambda h, k: h.put("ImagePositionPatient", [0, 0, 9999.5 + 2.5 * k])))
    return Known(KNOWN.values, affine_of(origin=(0, 0, 9999.5)))


@case("refuse", error="GeometryError", says="ImagePositionPatient")
def one_slice_at_1e30(folder: Path) -> None:
    write(folder, [header(0).put("ImagePositionPatient", "0\\0\\1e30")])
