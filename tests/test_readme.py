"""What README.md tells people to type does what it says."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import dicomvtk

README = (Path(__file__).resolve().parent.parent / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)


def commands() -> list[list[str]]:
    """Return the lines of the README that call dicomvtk, but those that open a window."""
    lines = [shlex.split(line, comments=True) for block in blocks("sh") for line in block.splitlines()]
    calls = [words[1:] for words in lines if words and words[0] == "dicomvtk"]
    return [words for words in calls if words[0] != "view" or "--output" in words]


def test_the_commands_run_in_their_order(tmp_path: Path) -> None:
    np.save(tmp_path / "array.npy", np.zeros((8, 7, 6), np.int16))
    said = {}
    for words in commands():
        done = subprocess.run(
            [sys.executable, "-m", "dicomvtk", *words], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"dicomvtk {' '.join(words)}: {done.stderr}"
        said[words[0]] = done.stdout

    in_order = [
        "phantom",
        "info",
        "view",
        "convert",
        "convert",
        "convert",
        "write",
        "surface",
        "dump",
        "modify",
        "export",
    ]
    assert [words[0] for words in commands()] == in_order
    assert (tmp_path / "shot.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "skull.stl").stat().st_size > 100_000
    np.testing.assert_array_equal(dicomvtk.read(tmp_path / "again").array, dicomvtk.read(tmp_path / "head").array)
    assert "PixelSpacing" in said["dump"]
    assert "PatientName" not in said["dump"]
    assert "-> 'Doe^Jane' in" in said["modify"]
    assert "Doe^Jane" not in dicomvtk.open_folder(tmp_path / "head").PatientName
    assert dicomvtk.read(tmp_path / "mine").spacing == pytest.approx((0.9, 0.9, 1.2))
    assert len(list((tmp_path / "slices").rglob("*.png"))) == dicomvtk.read(tmp_path / "head").shape[2]


def test_the_python_examples_run_one_after_the_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[dicomvtk.Volume] = []
    dicomvtk.write_series(dicomvtk.phantom((40, 44, 36)), tmp_path / "head")
    shutil.copytree(tmp_path / "head", tmp_path / "study")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(dicomvtk, "view", shown.append)
    names = {"array": np.zeros((8, 7, 6), np.int16)}

    for block in blocks("python"):
        exec(compile(block, "README.md", "exec"), names)

    values = dict(names)
    assert shown == [values["volume"]]
    assert (tmp_path / "shot.png").exists()
    assert (tmp_path / "head.nii.gz").exists()
    assert dicomvtk.read("mine").spacing == pytest.approx((0.9, 0.9, 1.2))
    assert np.shares_memory(values["again"].array, values["volume"].array)
    assert values["skull"].GetNumberOfPoints() == values["surface"].GetOutput().GetNumberOfPoints() > 100
    written = sorted(path.name for path in tmp_path.iterdir())
    assert written == ["again", "head", "head.nii.gz", "mine", "shot.png", "study"]


def test_the_pages_it_links_to_are_there() -> None:
    root = Path(__file__).resolve().parent.parent
    links = re.findall(r"\]\(([^)#:]+)\)", README)

    assert len(links) >= 5
    assert [link for link in links if not (root / link).exists()] == []
