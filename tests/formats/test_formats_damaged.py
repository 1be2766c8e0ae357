"""Damaged, cut and mistaken files end in one of our errors that names the file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dicomvtk import DicomVtkError, Geometry, NoDicomError, PixelDecodeError, UnsupportedError, Volume
from dicomvtk.formats import SUFFIXES, load, save

SHAPE = (24, 20, 16)


def whole_file(suffix: str, folder: Path) -> bytes:
    array = np.random.default_rng(3).integers(-1000, 3000, SHAPE).astype(np.int16)
    save(Volume(array, Geometry(SHAPE, placed=suffix not in (".tif", ".tiff"))), folder / f"whole{suffix}")
    return (folder / f"whole{suffix}").read_bytes()


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize(
    "content", [b"", b"hello, no image\n" * 50, b"\0" * 4096, b"<html>", b"\x1f\x8b\x08\0junk" * 9]
)
def test_what_is_no_such_file_is_refused_by_name(suffix: str, content: bytes, tmp_path: Path) -> None:
    path = tmp_path / f"wrong{suffix}"
    path.write_bytes(content)
    with pytest.raises((UnsupportedError, PixelDecodeError), match=r"wrong\."):
        load(path)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_missing_file_is_said(suffix: str, tmp_path: Path) -> None:
    with pytest.raises(NoDicomError, match="no such file"):
        load(tmp_path / f"absent{suffix}")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_every_cut_is_noticed(suffix: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    content = whole_file(suffix, tmp_path)
    path = tmp_path / f"cut{suffix}"
    for length in np.linspace(1, len(content) - 200, 40).astype(int):
        path.write_bytes(content[:length])
        with pytest.raises(DicomVtkError, match=r"cut\."):
            load(path)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_changed_bytes_never_end_in_a_foreign_error(suffix: str, tmp_path: Path) -> None:
    content = whole_file(suffix, tmp_path)
    random = np.random.default_rng(11)
    path = tmp_path / f"changed{suffix}"
    messages = []
    for _ in range(150):
        changed = bytearray(content)
        for place in random.integers(0, min(len(content), 700), 3):
            changed[place] = random.integers(0, 256)
        path.write_bytes(changed)
        try:
            load(path)
        except DicomVtkError as error:
            messages.append(str(error))
    assert messages
    assert all(path.name in message for message in messages)


def test_a_header_that_announces_too_much_takes_no_memory(tmp_path: Path) -> None:
    content = bytearray(whole_file(".nii", tmp_path))
    content[40:56] = np.array([4, 30000, 30000, 30000, 30000, 1, 1, 1], "<i2").tobytes()
    (tmp_path / "huge.nii").write_bytes(content)
    with pytest.raises(PixelDecodeError, match=r"huge\.nii.*bytes of voxels"):
        load(tmp_path / "huge.nii")


def test_pairs_of_files_are_refused_with_what_is_expected(tmp_path: Path) -> None:
    content = bytearray(whole_file(".nii", tmp_path))
    content[344:348] = b"ni1\0"
    (tmp_path / "pair.nii").write_bytes(content)
    with pytest.raises(UnsupportedError, match=r"\.hdr and \.img"):
        load(tmp_path / "pair.nii")
    (tmp_path / "detached.nrrd").write_bytes(
        b"NRRD0004\ntype: short\ndimension: 3\nsizes: 2 2 2\nencoding: raw\nendian: little\ndata file: ../x.raw\n\n"
    )
    with pytest.raises(UnsupportedError, match="data file"):
        load(tmp_path / "detached.nrrd")
    (tmp_path / "detached.mha").write_text("ObjectType = Image\nNDims = 3\nElementDataFile = x.raw\n")
    with pytest.raises(UnsupportedError, match="LOCAL"):
        load(tmp_path / "detached.mha")
