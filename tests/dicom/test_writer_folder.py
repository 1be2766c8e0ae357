"""A series is there whole or not at all, and what stood in its place stands until it is."""

from __future__ import annotations

import os
import re
import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import dicomvtk
from dicomvtk import UnsupportedError, WriteError
from dicomvtk.atomic_folder import new_folder

ARRAY = np.arange(4 * 3 * 5, dtype=np.int16).reshape(4, 3, 5)


def snapshot(folder: Path) -> dict[str, bytes]:
    """Return every file under `folder` by its path in it."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def stop_at(files: int, error: BaseException) -> Callable[[int, int], None]:
    """Return a progress callback that raises `error` once so many files are written."""

    def progress(done: int, total: int) -> None:
        if done == files:
            raise error

    return progress


def test_missing_parents_are_made(tmp_path: Path) -> None:
    report = dicomvtk.write_series(ARRAY, tmp_path / "a" / "b" / "out")

    assert sorted(os.listdir(tmp_path / "a" / "b" / "out")) == [path.name for path in report.files]
    assert os.listdir(tmp_path / "a" / "b") == ["out"]


@pytest.mark.parametrize("error", [KeyboardInterrupt(), RuntimeError("no"), MemoryError()])
def test_nothing_is_left_of_a_run_that_stopped(error: BaseException, tmp_path: Path) -> None:
    with pytest.raises(type(error)):
        dicomvtk.write_series(ARRAY, tmp_path / "a" / "out", progress=stop_at(3, error))

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("error", [KeyboardInterrupt(), OSError(28, "No space left on device")])
def test_what_stood_there_stands_when_overwriting_stops(error: BaseException, tmp_path: Path) -> None:
    dicomvtk.write_series(ARRAY, tmp_path / "out")
    before = snapshot(tmp_path)

    with pytest.raises((KeyboardInterrupt, WriteError)):
        dicomvtk.write_series(ARRAY + 1, tmp_path / "out", overwrite=True, progress=stop_at(3, error))

    assert snapshot(tmp_path) == before
    assert os.listdir(tmp_path) == ["out"]


def test_full_disk_leaves_nothing_and_is_named(tmp_path: Path) -> None:
    big = np.zeros((512, 512, 2), np.int16)
    old_limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    old_handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, old_limit[1]))
    try:
        with pytest.raises(WriteError, match=re.escape(f"Cannot write the folder {tmp_path / 'out'}: File too large")):
            dicomvtk.write_series(big, tmp_path / "out")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old_limit)
        signal.signal(signal.SIGXFSZ, old_handler)

    assert list(tmp_path.iterdir()) == []


def test_folder_that_holds_something_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "notes.txt").write_text("mine")

    with pytest.raises(WriteError, match=r"already holds 1 entries \(notes.txt\).*overwrite=True"):
        dicomvtk.write_series(ARRAY, tmp_path / "out")

    assert snapshot(tmp_path) == {"out/notes.txt": b"mine"}


def test_overwriting_replaces_all_files(tmp_path: Path) -> None:
    dicomvtk.write_series(np.zeros((4, 3, 9), np.int16), tmp_path / "out")
    os.chmod(tmp_path / "out", 0o750)

    dicomvtk.write_series(ARRAY, tmp_path / "out", overwrite=True)

    assert sorted(os.listdir(tmp_path / "out")) == [f"IM000{n}.dcm" for n in range(1, 6)]
    assert os.listdir(tmp_path) == ["out"]
    assert (tmp_path / "out").stat().st_mode & 0o777 == 0o750


@pytest.mark.skipif(sys.platform != "linux", reason="needs renameat2")
def test_there_is_a_folder_at_every_moment_of_overwriting(tmp_path: Path) -> None:
    """Another process looks at the folder without a pause while it is replaced again and again."""
    place = tmp_path / "out"
    dicomvtk.write_series(ARRAY, place, modality="CT", spacing=(1, 1, 1))
    look = (
        "import os, sys\nabsent = looks = 0\nprint(flush=True)\n"
        "while not os.path.exists(sys.argv[2]):\n"
        "    looks += 1\n"
        "    try:\n        os.stat(sys.argv[1])\n"
        "    except FileNotFoundError:\n        absent += 1\n"
        "print(absent, looks)"
    )
    end = tmp_path / "end"
    words = [sys.executable, "-c", look, str(place), str(end)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as watcher:
        assert watcher.stdout is not None
        watcher.stdout.readline()
        for n in range(20):
            dicomvtk.write_series(ARRAY + n, place, modality="CT", spacing=(1, 1, 1), overwrite=True)
        end.touch()
        absent, looks = map(int, watcher.stdout.read().split())
    assert looks > 20
    assert absent == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["end", "out"]
    assert dicomvtk.read(place).array.max() == ARRAY.max() + 19


def test_where_names_cannot_be_exchanged_two_renames_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dicomvtk.atomic_folder._exchanged", lambda *_: False)
    dicomvtk.write_series(ARRAY, tmp_path / "out", modality="CT", spacing=(1, 1, 1))
    dicomvtk.write_series(ARRAY + 1, tmp_path / "out", modality="CT", spacing=(1, 1, 1), overwrite=True)
    np.testing.assert_array_equal(dicomvtk.read(tmp_path / "out").array, ARRAY + 1)
    before = snapshot(tmp_path)
    rename, calls = os.rename, []

    def refuses_the_second(source: Path, place: Path) -> None:
        calls.append(place)
        if len(calls) == 2:
            raise OSError(13, "Permission denied")
        rename(source, place)

    monkeypatch.setattr(os, "rename", refuses_the_second)
    with pytest.raises(WriteError, match="Permission denied"):
        dicomvtk.write_series(ARRAY, tmp_path / "out", overwrite=True)
    assert snapshot(tmp_path) == before


def test_folder_of_folders_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "home" / "photos").mkdir(parents=True)

    with pytest.raises(WriteError, match=r"holds folders \(photos\)"):
        dicomvtk.write_series(ARRAY, tmp_path / "home", overwrite=True)

    assert (tmp_path / "home" / "photos").is_dir()


def test_file_in_the_way_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine")

    with pytest.raises(WriteError, match="it is a file"):
        dicomvtk.write_series(ARRAY, tmp_path / "out", overwrite=True)

    assert (tmp_path / "out").read_text() == "mine"


def test_empty_folder_and_link_to_a_folder_are_filled(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")

    dicomvtk.write_series(ARRAY, tmp_path / "link")

    assert (tmp_path / "link").is_symlink()
    assert len(os.listdir(tmp_path / "real")) == 5


def test_folder_that_cannot_be_renamed_is_filled_in_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "mount"
    target.mkdir()
    (target / "old").write_text("old")
    monkeypatch.setattr(os.path, "ismount", lambda path: Path(path) == target)
    inode = target.stat().st_ino

    with new_folder(target, overwrite=True) as filling:
        (filling / "new").write_text("new")
        assert snapshot(target)["old"] == b"old"

    assert snapshot(target) == {"new": b"new"}
    assert os.listdir(target) == ["new"]
    assert target.stat().st_ino == inode


def test_working_folder_is_filled_in_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    inode = tmp_path.stat().st_ino

    dicomvtk.write_series(ARRAY, ".")

    assert tmp_path.stat().st_ino == inode
    assert sorted(os.listdir(".")) == [f"IM000{n}.dcm" for n in range(1, 6)]


def test_empty_path_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    with pytest.raises(WriteError, match="without a name"):
        dicomvtk.write_series(ARRAY, "")


def test_values_are_checked_before_the_folder_is_touched(tmp_path: Path) -> None:
    dicomvtk.write_series(ARRAY, tmp_path / "out")
    before = snapshot(tmp_path)

    with pytest.raises(UnsupportedError):
        dicomvtk.write_series(np.full((2, 2, 2), np.nan), tmp_path / "out", overwrite=True)

    assert snapshot(tmp_path) == before


def killed_writer(target: Path) -> Path:
    """Return the folder that a writer of `target` left when it was killed at its third file."""
    code = (
        "import os, signal, sys, numpy, dicomvtk\n"
        "def die(done, total): done == 3 and os.kill(os.getpid(), signal.SIGKILL)\n"
        "dicomvtk.write_series(numpy.zeros((4, 3, 50), 'i2'), sys.argv[1], progress=die)\n"
    )
    before = set(target.parent.iterdir())
    assert subprocess.run([sys.executable, "-c", code, str(target)], check=False).returncode == -signal.SIGKILL
    (left,) = set(target.parent.iterdir()) - before
    return left


def long_ago(folder: Path) -> None:
    os.utime(folder, (0, 0))


def test_what_a_killed_writer_left_long_ago_goes_with_the_next_write(tmp_path: Path) -> None:
    left = killed_writer(tmp_path / "out")
    long_ago(left)
    dicomvtk.write_series(ARRAY, tmp_path / "out")
    assert [entry.name for entry in tmp_path.iterdir()] == ["out"]


def test_what_may_be_of_another_writer_stays(tmp_path: Path) -> None:
    recent, elsewhere = killed_writer(tmp_path / "out"), killed_writer(tmp_path / "other")
    long_ago(elsewhere)
    alike = [tmp_path / ".out", tmp_path / ".0123456789ab-out-old", tmp_path / ".old.0123456789ab-out"]
    for folder in alike:
        folder.mkdir()
        long_ago(folder)
    with new_folder(tmp_path / "out") as filling:
        long_ago(filling)
        (entry,) = dicomvtk.find_series(dicomvtk.write_series(ARRAY, tmp_path / "out").folder)
        assert filling.is_dir()
        for file in entry.files:
            Path(file).unlink()
    assert all(folder.is_dir() for folder in (recent, elsewhere, *alike))
