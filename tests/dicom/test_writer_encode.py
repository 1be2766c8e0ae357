"""Decimal strings are the nearest that fit, and quantised values are never further off than the encoding says."""

from __future__ import annotations

import math
from decimal import ROUND_CEILING, ROUND_FLOOR
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.valuerep import format_number_as_ds, is_valid_ds

from dicomvtk import UnsupportedError
from dicomvtk.dicom.decimal_strings import coordinate_text, ds_text
from dicomvtk.dicom.encode import encode_floats, encode_integers, finite_range, is_whole

finite = st.floats(allow_nan=False, allow_infinity=False)
moderate = st.floats(min_value=-1e12, max_value=1e12, allow_subnormal=False)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (100000.0, "100000"),
        (0.9, "0.9"),
        (-1 / 3, "-0.3333333333333"),
        (123456789.123456789, "123456789.123457"),
        (1.0000000000000002, "1"),
        (1e22, "1e22"),
        (1e-300, "1e-300"),
        (-1.2345678901234e-300, "-1.23456789e-300"),
        (2.2250738585e-313, "2.225073859e-313"),  # its shortest text is a tie, the number itself is not
    ],
)
def test_text_of_a_number(value: float, text: str) -> None:
    assert ds_text(value) == text


@given(finite)
def test_text_is_valid_and_as_near_as_pydicoms(value: float) -> None:
    text = ds_text(value)

    assert is_valid_ds(text)
    assert not text.lstrip("-").startswith("."), "vtkDICOMImageReader reads .9 as 0"
    theirs = abs(Fraction(format_number_as_ds(value)) - Fraction(value))
    assert abs(Fraction(text) - Fraction(value)) <= theirs


@given(finite)
def test_rounding_keeps_its_side(value: float) -> None:
    assert float(ds_text(value, ROUND_FLOOR)) <= value <= float(ds_text(value, ROUND_CEILING))


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_has_no_text(value: float) -> None:
    with pytest.raises(UnsupportedError, match="expected a finite number"):
        ds_text(value)


def test_dust_of_a_rotation_is_nothing() -> None:
    assert coordinate_text(-6.123e-17) == "0"
    assert coordinate_text(1e-9) == "0.000000001"


@given(st.lists(moderate, min_size=1, max_size=50), st.booleans())
def test_error_of_quantised_floats_is_within_its_bound(values: list[float], zero_intercept: bool) -> None:
    array = np.array(values)
    low, high = finite_range(array)

    encoding = encode_floats(low, high, zero_intercept=zero_intercept)

    stored = encoding.stored(array)
    back = stored * float(encoding.slope) + float(encoding.intercept)
    assert np.abs(back - array).max() <= encoding.max_error
    reach = max(abs(low), abs(high)) / 32767 if zero_intercept else (high - low) / 65535
    text_digits = 1e-8 * max(abs(low), abs(high))  # a long exponent leaves nine digits of sixteen characters
    assert encoding.max_error <= reach * 0.5 * (1 + 1e-6) + text_digits + 1e-300
    assert not zero_intercept or encoding.intercept == "0"


@pytest.mark.parametrize(
    ("low", "high", "unsigned", "bits", "dtype"),
    [
        (0, 255, True, 16, "uint16"),
        (0, 255, False, 16, "int16"),
        (0, 65535, False, 16, "uint16"),
        (-1, 5, True, 16, "int16"),
        (-32769, 0, False, 32, "int32"),
        (0, 2**32 - 1, False, 32, "uint32"),
        (0, 65536, True, 16, None),
        (-1, 32768, False, 16, None),
        (-1, 2**31, False, 32, None),
    ],
)
def test_integers_get_the_smallest_type_that_holds_them(
    low: int, high: int, unsigned: bool, bits: int, dtype: str | None
) -> None:
    encoding = encode_integers(low, high, unsigned=unsigned, bits=bits)

    assert (encoding.dtype.name if encoding else None) == dtype


def test_whole_numbers_are_told_from_others() -> None:
    array = np.zeros((2, 2, 3), np.float32)
    assert is_whole(array)
    array[1, 1, 2] = 0.5
    assert not is_whole(array)


def test_range_beyond_float64_is_refused() -> None:
    with pytest.raises(UnsupportedError, match="overflows float64"):
        encode_floats(-1.7e308, 1.7e308)
