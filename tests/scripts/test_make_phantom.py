"""The phantom script writes a series that another reader opens."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import SimpleITK

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "make_phantom.py"


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPT), *[str(a) for a in arguments]]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_script_writes_a_series_once(tmp_path: Path) -> None:
    arguments = (tmp_path / "out", "--shape", 12, 16, 5, "--orientation", "coronal", "--modality", "MR")

    first, second = run(*arguments), run(*arguments)

    assert (first.returncode, first.stderr) == (0, "")
    assert first.stdout == f"5 files of MR Image Storage (MR, int16, exact) in {tmp_path / 'out'}\n"
    image = SimpleITK.ReadImage(SimpleITK.ImageSeriesReader.GetGDCMSeriesFileNames(str(tmp_path / "out")))
    assert image.GetSize() == (12, 16, 5)
    assert second.returncode == 1
    assert "already holds 5 entries" in second.stderr
