"""What scripts/quickstart says where it cannot go on: one line, before anything is made."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="bash scripts")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout of the scripts alone, in a path with a space."""
    folder = tmp_path / "my code"
    shutil.copytree(SCRIPTS, folder / "scripts", ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    return folder


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A folder for PATH with what the scripts call, but no Python and no package manager."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("bash", "cat", "cksum", "dirname", "env", "grep", "id", "sed", "tail", "uname"):
        found = shutil.which(name)
        assert found
        (folder / name).symlink_to(found)
    return folder


def fake_python(programs: Path, version: str, *, capable: bool, venv: bool = False) -> None:
    """Put a python3 on the path that says `version`, passes or fails the test of it, and has venv or not."""
    script = f"""#!/bin/sh
case "$*" in
    --version) echo Python {version} ;;
    *ensurepip*) exit {int(not venv)} ;;
    *version_info*) exit {int(not capable)} ;;
esac
"""
    (programs / "python3").write_text(script)
    (programs / "python3").chmod(0o755)


def quickstart(checkout: Path, programs: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(checkout / "scripts" / "quickstart"), *arguments],
        env={"PATH": str(programs), "HOME": str(checkout)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_an_old_python_is_named(checkout: Path, programs: Path) -> None:
    fake_python(programs, "3.9.18", capable=False)

    said = quickstart(checkout, programs)

    assert said.returncode == 1
    assert said.stderr.count("\n") == 1
    assert "needs Python 3.10 or newer, found Python 3.9.18" in said.stderr
    assert not (checkout / ".venv").exists()


def test_no_python_is_one_line_that_says_how_to_get_it(checkout: Path, programs: Path) -> None:
    said = quickstart(checkout, programs)

    assert said.returncode == 1
    assert said.stderr.count("\n") == 1
    assert "found none; install it (Debian, Ubuntu: apt-get install python3 python3-venv" in said.stderr


def test_a_python_without_venv_is_one_line_with_the_command(checkout: Path, programs: Path) -> None:
    fake_python(programs, "3.11.2", capable=True)

    said = quickstart(checkout, programs)

    assert said.returncode == 1
    assert said.stderr.count("\n") == 1
    assert "cannot make virtual environments; run: " in said.stderr
    assert "apt-get install -y python3-venv" in said.stderr
    assert ("sudo " in said.stderr) == (os.getuid() != 0)


def test_a_folder_that_is_not_there_is_told_before_anything_is_made(checkout: Path, programs: Path) -> None:
    said = quickstart(checkout, programs, "nowhere")

    assert said.returncode == 1
    assert said.stderr == "dicomvtk: cannot show nowhere: there is no such file or folder\n"
    assert not (checkout / ".venv").exists()


def test_help_says_what_it_does(checkout: Path, programs: Path) -> None:
    said = quickstart(checkout, programs, "--help")

    assert said.returncode == 0
    assert said.stdout.startswith("scripts/quickstart [DIR]:")
