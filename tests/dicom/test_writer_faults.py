"""What is left when writing is cut short: the target is whole or as it was, and the source is untouched."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import dicomvtk

#: Says when it begins to write, then writes 200 slices of 64 KiB.
PROGRAM = """
import sys, numpy as np, dicomvtk
import dicomvtk.dicom.writer
array = np.full((256, 128, 200), 7, np.int16, order="F")
print("go", flush=True)
dicomvtk.write_series(array, sys.argv[1], modality="CT", spacing=(1, 1, 1), overwrite=True)
print("done", flush=True)
"""


def held(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.mark.parametrize("milliseconds", [0, 5, 20, 60, 150])
def test_a_killed_writer_leaves_no_partial_series(milliseconds: int, tmp_path: Path) -> None:
    target = tmp_path / "out"
    process = subprocess.Popen([sys.executable, "-c", PROGRAM, str(target)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "go\n"
    time.sleep(milliseconds / 1000)
    process.send_signal(signal.SIGKILL)
    process.communicate()

    if target.exists():
        assert len(list(target.iterdir())) == 200
        assert np.all(dicomvtk.read(target).array == 7)
    left = [path.name for path in tmp_path.iterdir() if path != target]
    assert all(name.startswith(".") for name in left)


def test_interrupted_writing_leaves_nothing(tmp_path: Path) -> None:
    def stop(done: int, total: int) -> None:
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        dicomvtk.write_series(np.zeros((8, 8, 40), np.int16), tmp_path / "out", progress=stop)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_does_not_fit_leaves_what_was_there(tmp_path: Path) -> None:
    dicomvtk.write_series(np.ones((8, 8, 2), np.int16), tmp_path / "out")
    before = held(tmp_path / "out")
    program = (
        "import resource, signal, sys, numpy as np, dicomvtk\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100000, 100000))\n"
        "try:\n"
        "    dicomvtk.write_series(np.zeros((512, 512, 3), np.int16), sys.argv[1], overwrite=True)\n"
        "except dicomvtk.WriteError as error:\n"
        "    print(error)\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "out")], capture_output=True, text=True, check=False
    )
    assert result.stdout.startswith(f"Cannot write the folder {tmp_path / 'out'}: "), result.stderr
    assert held(tmp_path / "out") == before
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_full_disk_leaves_nothing(tmp_path: Path) -> None:
    place = tmp_path / "small"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("mounting a small file system needs root")
    try:
        with pytest.raises(dicomvtk.WriteError, match="No space left on device"):
            dicomvtk.write_series(np.zeros((512, 512, 4), np.int16), place / "out")
        assert list(place.iterdir()) == []
    finally:
        subprocess.run(["umount", str(place)], check=True)


def test_the_source_is_only_read(tmp_path: Path) -> None:
    dicomvtk.write_series(dicomvtk.phantom((16, 20, 4)), tmp_path / "source")
    before = held(tmp_path / "source")
    times = [path.stat().st_mtime_ns for path in sorted((tmp_path / "source").iterdir())]
    volume = dicomvtk.read(tmp_path / "source")

    dicomvtk.write_series(volume, tmp_path / "out")
    with pytest.raises(dicomvtk.WriteError, match="already holds 4 entries"):
        dicomvtk.write_series(volume, tmp_path / "source")

    assert held(tmp_path / "source") == before
    assert [path.stat().st_mtime_ns for path in sorted((tmp_path / "source").iterdir())] == times


def test_where_nobody_may_write(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may write anywhere")
    tmp_path.chmod(0o555)
    try:
        with pytest.raises(dicomvtk.WriteError, match="Permission denied"):
            dicomvtk.write_series(np.zeros((8, 8, 4), np.int16), tmp_path / "out")
    finally:
        tmp_path.chmod(0o755)
