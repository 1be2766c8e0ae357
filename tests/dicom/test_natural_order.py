"""The order of files is natsort's, whichever way it is found."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from natsort import natsorted

from dicomvtk.dicom.files import list_files, natural_order


@given(st.lists(st.text("aIM_-. 0129\u0660\u00e9", min_size=1, max_size=8), max_size=12))
def test_natural_order_of_mixed_names_is_that_of_natsort(names: list[str]) -> None:
    assert natural_order(names) == natsorted(names)


@given(
    st.lists(st.integers(0, 99_999), max_size=12), st.sampled_from(["IM{:05d}.dcm", "{:05d}", "1.2.{:06d}.3", "{}.x"])
)
def test_natural_order_of_numbered_names_is_that_of_their_numbers(numbers: list[int], pattern: str) -> None:
    assert natural_order([pattern.format(n) for n in numbers]) == [pattern.format(n) for n in sorted(numbers)]


def test_names_that_are_numbers_and_names_that_are_not_stand_in_one_folder(tmp_path: Path) -> None:
    names = ["2", "10", "IM2", "IM10", "IM010x", "a", "B"]
    for name in names:
        (tmp_path / name).write_bytes(b"x")

    listed = list_files(tmp_path, {})

    assert [Path(path).name for path in listed] == natsorted(names)
