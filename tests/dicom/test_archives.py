"""Zip archives read as the folders they hold, and nothing an archive says of itself believed."""

from __future__ import annotations

import gc
import json
import os
import pickle
import subprocess
import sys
import tempfile
import warnings
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import dicomvtk
from dicomvtk.dicom import archives

from .conftest import SLICES, volume_values

MakeSeries = Callable[..., Path]


@pytest.fixture(autouse=True)
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give temporary files a folder of their own, so that a test sees what is left there."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return folder


def zipped(path: Path, members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def slices_of(folder: Path, under: str = "") -> dict[str, bytes]:
    return {f"{under}{path.name}": path.read_bytes() for path in sorted(folder.iterdir())}


def left_in(folder: Path) -> list[str]:
    gc.collect()
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_an_archive_is_read_as_its_folder_is(make_series: MakeSeries, tmp_path: Path) -> None:
    folder = make_series()
    members = {**slices_of(folder, "study/a series/"), "study/notes.txt": b"none of it", "study/empty": b""}
    path = zipped(tmp_path / "study.zip", members)
    (entry,) = scan = dicomvtk.find_series(path)
    assert entry.readable
    assert len(entry.files) == SLICES
    assert scan.skipped == {"not DICOM": 2}  # type: ignore[attr-defined]
    volume, plain = dicomvtk.read(path), dicomvtk.read(folder)
    np.testing.assert_array_equal(volume.array, volume_values())
    assert volume.geometry.is_close(plain.geometry)
    assert volume.findings == plain.findings
    named = [source.file for source in volume.info.sources]
    assert [Path(file).name for file in named] == [Path(s.file).name for s in plain.info.sources]
    assert all("study.zip/study/a series/" in file for file in named)
    assert dicomvtk.header(volume, 1).InstanceNumber == 2


def test_an_archive_of_any_name_is_known_by_its_content(make_series: MakeSeries, tmp_path: Path) -> None:
    path = zipped(tmp_path / "study.bin", slices_of(make_series()), zipfile.ZIP_STORED)
    np.testing.assert_array_equal(dicomvtk.read([path]).array, volume_values())


def test_a_file_with_a_preamble_of_an_archive_is_the_image_it_holds(make_series: MakeSeries) -> None:
    folder = make_series()
    for path in folder.iterdir():
        content = path.read_bytes()
        path.write_bytes(b"PK\x03\x04" + content[4:])
    assert dicomvtk.read(next(folder.iterdir())).shape[2] == 1


def test_unpacked_files_live_as_long_as_what_names_them(make_series: MakeSeries, tmp_path: Path, room: Path) -> None:
    path = zipped(tmp_path / "study.zip", slices_of(make_series()))
    scan = dicomvtk.find_series(path)
    assert len([name for name in left_in(room) if name.endswith(".dcm")]) == SLICES
    volume = dicomvtk.read(scan[0])
    del scan
    first = volume.frame()
    del volume
    assert dicomvtk.header(first).InstanceNumber == 1
    assert type(pickle.loads(pickle.dumps(first.info.sources[0].file))) is str
    del first
    assert left_in(room) == []


def test_nothing_is_left_when_the_process_ends(make_series: MakeSeries, tmp_path: Path, room: Path) -> None:
    path = zipped(tmp_path / "study.zip", slices_of(make_series()))
    command = [sys.executable, "-m", "dicomvtk", "info", "--json", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ, "TMPDIR": str(room)})
    (series,) = json.loads(done.stdout)["series"]
    assert (series["files"], series["readable"]) == (SLICES, True)
    assert left_in(room) == []


def test_names_that_lead_elsewhere_stay_inside(make_series: MakeSeries, tmp_path: Path, room: Path) -> None:
    contents = list(slices_of(make_series()).values())
    names = ["../../../out.dcm", "/absolute/out.dcm", "C:\\out\\..\\up.dcm", "a\nb\x1b[2J/" + "n" * 400 + ".dcm"]
    path = zipped(tmp_path / "study.zip", dict(zip(names, contents, strict=True)))
    before = {file for file in tmp_path.rglob("*") if room not in file.parents}
    volume = dicomvtk.read(path)
    assert {file for file in tmp_path.rglob("*") if room not in file.parents} == before
    np.testing.assert_array_equal(volume.array, volume_values())
    assert all(room in Path(source.file).resolve().parents for source in volume.info.sources)
    assert all(source.file.isprintable() for source in volume.info.sources)


def test_members_of_one_name_and_folders_named_as_files_are_kept_apart(make_series: MakeSeries, tmp_path: Path) -> None:
    contents = list(slices_of(make_series()).values())
    path = tmp_path / "study.zip"
    with zipfile.ZipFile(path, "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the names, which are meant
        for name, content in zip(["IM", "IM", "im", "IM/IM"], contents, strict=True):
            archive.writestr(name, content)
    np.testing.assert_array_equal(dicomvtk.read(path).array, volume_values())


def test_encrypted_and_nested_members_are_told(make_series: MakeSeries, tmp_path: Path) -> None:
    members = slices_of(make_series())
    inner = zipped(tmp_path / "inner.zip", members).read_bytes()
    path = zipped(tmp_path / "study.zip", {**members, "more.zip": inner, "5.dcm": b"\0" * 128 + b"DICM"})
    content = bytearray(path.read_bytes())
    at = content.rindex(b"5.dcm") - 46 + 8  # flags in the central directory
    content[at] |= 1
    path.write_bytes(content)
    with pytest.warns(dicomvtk.DicomVtkWarning, match=r"5.dcm beside it cannot be read \(encrypted\)"):
        volume = dicomvtk.read(path)
    np.testing.assert_array_equal(volume.array, volume_values())
    skipped = dicomvtk.find_series(path).skipped  # type: ignore[attr-defined]
    assert skipped == {"archive in an archive": 1, "encrypted member of an archive": 1}


@pytest.mark.parametrize("harm", ["sum", "stream", "method"])
def test_a_damaged_member_is_told_and_never_half_read(make_series: MakeSeries, tmp_path: Path, harm: str) -> None:
    path = zipped(tmp_path / "study.zip", slices_of(make_series()))
    content = bytearray(path.read_bytes())
    directory = content.rindex(b"4.dcm") - 46
    if harm == "sum":
        content[directory + 16] ^= 0xFF
    elif harm == "method":
        content[directory + 10] = 14  # LZMA
    else:
        start = content.rindex(b"4.dcm", 0, directory) + 5
        content[start + 300 : start + 340] = bytes(40)
    path.write_bytes(content)
    with pytest.warns(dicomvtk.DicomVtkWarning, match=r"4.dcm beside it cannot be read"):
        volume = dicomvtk.read(path)
    np.testing.assert_array_equal(volume.array, volume_values()[:, :, 1:])


def test_an_archive_that_unpacks_to_too_much_is_refused(
    tmp_path: Path, room: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "_FREELY_UNPACKED", 1 << 20)
    bomb = b"\0" * 128 + b"DICM" + b"\0" * (8 << 20)
    path = zipped(tmp_path / "bomb.zip", {"a": bomb, "b": bomb})
    with pytest.raises(dicomvtk.UnsupportedError, match=r"bomb.zip: its \d+ bytes unpack to 16 MiB; expected up to"):
        dicomvtk.read(path)
    assert left_in(room) == []


def test_members_that_share_their_bytes_count_each(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Overlapping members, as in a bomb that has no other trick, state their sizes too."""
    monkeypatch.setattr(archives, "_FREELY_UNPACKED", 1 << 20)
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a", b"\0" * (1 << 19))
        one = archive.infolist()[0]
        for n in range(300):
            again = zipfile.ZipInfo(f"b{n}")
            for name in ("header_offset", "CRC", "compress_size", "file_size", "compress_type"):
                setattr(again, name, getattr(one, name))
            archive.filelist.append(again)
    with pytest.raises(dicomvtk.UnsupportedError, match="unpack to 150 MiB"):
        dicomvtk.find_series(path)


def test_a_member_longer_than_it_states_gives_no_more_than_it_states(tmp_path: Path, room: Path) -> None:
    content = b"\0" * 128 + b"DICM" + b"\0" * (4 << 20)
    path = zipped(tmp_path / "liar.zip", {"a.dcm": content})
    raw = bytearray(path.read_bytes())
    directory = raw.rindex(b"a.dcm") - 46
    raw[directory + 24 : directory + 28] = (1000).to_bytes(4, "little")
    raw[directory + 16 : directory + 20] = zlib.crc32(content[:1000]).to_bytes(4, "little")
    path.write_bytes(raw)
    with pytest.raises(dicomvtk.NoDicomError):
        dicomvtk.read(path)
    assert left_in(room) == []


@pytest.mark.parametrize("content", [b"PK\x03\x04", b"PK\x05\x06" + bytes(18), b"PK\x03\x04" + bytes(5000)])
def test_an_archive_that_is_none_or_empty_is_an_error(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "study.zip"
    path.write_bytes(content)
    with pytest.raises(dicomvtk.DicomVtkError, match=r"study.zip"):
        dicomvtk.read(path)


def test_a_cut_archive_is_refused_whole(make_series: MakeSeries, tmp_path: Path, room: Path) -> None:
    path = zipped(tmp_path / "study.zip", slices_of(make_series()))
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(dicomvtk.UnsupportedError, match=r"Cannot unpack .*study.zip: .*zip"):
        dicomvtk.read(path)
    assert left_in(room) == []


def test_a_disk_without_room_is_told_before_anything_is_written(
    make_series: MakeSeries, tmp_path: Path, room: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "_SPARED", 1 << 60)
    path = zipped(tmp_path / "study.zip", slices_of(make_series()))
    with pytest.raises(dicomvtk.UnsupportedError, match="the room in"):
        dicomvtk.read(path)
    assert left_in(room) == []
