"""Slopes and intercepts: those that cannot be, those that are missing, and those of each slice."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
from odd_inputs.cases import add, case
from odd_inputs.known import INTERCEPT, Known, affine_of, stored
from odd_inputs.write import Header, header, slices, write

__all__: list[str] = []


def _all(folder: Path, keyword: str, value: object) -> None:
    """One attribute set in every slice; None drops it."""
    write(folder, slices(lambda h, _: _set(h, keyword, value)))


def _one(folder: Path, keyword: str, value: object) -> None:
    """One attribute set in the middle slice alone."""
    write(folder, slices(lambda h, k: _set(h, keyword, value) if k == 2 else None))


def _set(one: Header, keyword: str, value: object) -> None:
    if value is None:
        one.drop(keyword)
    else:
        one.put(keyword, value)


_SLOPES: dict[str, object] = {
    "zero": "0", "nan": "nan", "inf": "inf", "text": "one", "two": "1\\2", "1e308": "1e308",
    "1e-320": "1e-320", "underscore": "1_0",
}  # fmt: skip
for _name, _value in _SLOPES.items():
    add(f"RescaleSlope_{_name}", "refuse", partial(_all, keyword="RescaleSlope", value=_value), group="rescale",
        error="PixelDecodeError", says="RescaleSlope (0028,1053)")  # fmt: skip
add("RescaleIntercept_text", "refuse", partial(_all, keyword="RescaleIntercept", value="low"), group="rescale",
    error="PixelDecodeError", says="RescaleIntercept (0028,1052)")  # fmt: skip
add("RescaleIntercept_1e300", "refuse", partial(_all, keyword="RescaleIntercept", value="1e300"), group="rescale",
    error="PixelDecodeError", says="RescaleIntercept (0028,1052)")  # fmt: skip
add("RescaleSlope_zero_in_one", "refuse", partial(_one, keyword="RescaleSlope", value="0"), group="rescale",
    error="PixelDecodeError", says="IM004")  # fmt: skip


@case("refuse", error="PixelDecodeError", says="IM004")
def rescale_missing_in_one(folder: Path) -> None:
    write(folder, slices(lambda h, k: h.drop("RescaleSlope", "RescaleIntercept") if k == 2 else None))


@case("refuse", error="PixelDecodeError", says="RescaleIntercept (0028,1052) is missing in")
def intercept_missing_in_one(folder: Path) -> None:
    _one(folder, "RescaleIntercept", None)


@case("refuse", error="PixelDecodeError", says="RescaleSlope (0028,1053) is missing in")
def slope_missing_in_one(folder: Path) -> None:
    write(folder, slices(lambda h, k: h.drop("RescaleSlope") if k == 2 else h.put("RescaleSlope", 2)))


@case("repairable", code="bad-rescale", allow=("bad-rescale",), says="RescaleSlope")
def slope_zero_allowed(folder: Path) -> Known:
    _all(folder, "RescaleSlope", "0")
    return Known(stored().astype(float), affine_of())


for _name, _value in {"missing": None, "empty": ""}.items():
    add(f"RescaleSlope_{_name}", "repairable", partial(_all, keyword="RescaleSlope", value=_value), group="rescale",
        code="assumed")  # fmt: skip


@case("repairable", code="decimal-comma", allow=("decimal-comma",), says="RescaleSlope (0028,1053)")
def slope_with_a_comma(folder: Path) -> Known:
    _all(folder, "RescaleSlope", "1,5")
    return Known(stored() * 1.5 + INTERCEPT, affine_of())


@case("good")
def rescale_missing(folder: Path) -> Known:
    write(folder, slices(lambda h, _: h.drop("RescaleSlope", "RescaleIntercept")))
    return Known(stored().astype(float), affine_of())


@case("repairable", code="assumed")
def intercept_missing(folder: Path) -> Known:
    write(folder, slices(lambda h, _: h.put("RescaleSlope", "2.5").drop("RescaleIntercept")))
    return Known(stored() * 2.5, affine_of())


@case("good")
def slope_negative(folder: Path) -> Known:
    _all(folder, "RescaleSlope", "-0.25")
    return Known(stored() * -0.25 + INTERCEPT, affine_of())


@case("good")
def slope_per_slice(folder: Path) -> Known:
    """As PET series have it: each slice is scaled by its own."""
    write(folder, slices(lambda h, k: h.put("RescaleSlope", 0.5 + k).put("RescaleIntercept", -k)))
    slope = 0.5 + np.arange(5)
    return Known(stored() * slope - np.arange(5), affine_of())


@case("good")
def intercept_fraction(folder: Path) -> Known:
    _all(folder, "RescaleIntercept", "-1024.5")
    return Known(stored().astype(float) + INTERCEPT - 0.5, affine_of())


@case("good")
def values_beyond_sixteen_bits(folder: Path) -> Known:
    """All 16 bits unsigned and an intercept below zero: no 16-bit dtype holds what the header allows."""
    values = stored().astype(np.uint32) * 30

    def one(k: int) -> Header:
        pixels = values[:, :, k].T.astype(np.uint16)
        return header(k, pixels).put("BitsStored", 16).put("HighBit", 15).put("RescaleIntercept", -32768)

    write(folder, [one(k) for k in range(5)])
    return Known(values.astype(float) - 32768, affine_of())
