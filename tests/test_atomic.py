"""A file under its final name is whole, or it is what stood there before."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from dicomvtk.atomic import atomic_file
from dicomvtk.errors import UnsupportedError, WriteError


def test_the_file_appears_whole_with_the_usual_permissions(tmp_path: Path) -> None:
    target = tmp_path / "out.nii.gz"
    plain = tmp_path / "plain"
    plain.touch()
    with atomic_file(target) as sibling:
        assert sibling.parent == tmp_path
        assert sibling.name.endswith("out.nii.gz")
        sibling.write_bytes(b"whole")
        assert not target.exists()
    assert target.read_bytes() == b"whole"
    assert target.stat().st_mode == plain.stat().st_mode
    assert sorted(os.listdir(tmp_path)) == ["out.nii.gz", "plain"]


@pytest.mark.parametrize(
    "failure", [UnsupportedError("no"), KeyboardInterrupt(), OSError(28, "No space left on device")]
)
def test_what_stood_there_still_stands_after_a_failure(failure: BaseException, tmp_path: Path) -> None:
    target = tmp_path / "out.bin"
    target.write_bytes(b"before")

    def write_half() -> None:
        with atomic_file(target) as sibling:
            sibling.write_bytes(b"half")
            raise failure

    expected = WriteError if type(failure) is OSError else type(failure)
    with pytest.raises(expected) as caught:
        write_half()
    if expected is WriteError:
        assert str(caught.value) == f"Cannot write {target}: No space left on device."
    assert target.read_bytes() == b"before"
    assert os.listdir(tmp_path) == ["out.bin"]


def test_a_link_is_replaced_and_never_written_through(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_bytes(b"precious")
    target = tmp_path / "out"
    target.symlink_to(elsewhere)
    with atomic_file(target) as sibling:
        sibling.write_bytes(b"new")
    assert elsewhere.read_bytes() == b"precious"
    assert target.read_bytes() == b"new"
    assert not target.is_symlink()


def test_a_long_name_works(tmp_path: Path) -> None:
    target = tmp_path / ("n" * 245 + ".nii.gz")
    with atomic_file(target) as sibling:
        sibling.write_bytes(b"x")
    assert target.read_bytes() == b"x"
