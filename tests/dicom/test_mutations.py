"""Real files damaged at random never end or hang the process, nor get an exception of another kind out of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="forks and limits its processes")

MEGABYTES = 700.0


def verdicts(numbers: range, data: Path) -> list[dict[str, Any]]:
    """Return what became of each mutation, read in a process of its own."""
    tests = Path(__file__).resolve().parent.parent
    path = os.pathsep.join([str(tests), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-m", "odd_inputs.server", "odd_inputs.reading:read"],
        input="".join(f"mutation-{n}\n" for n in numbers),
        stdout=subprocess.PIPE,
        text=True,
        cwd=tests,
        env={**os.environ, "PYTHONPATH": path, "DICOMVTK_TEST_DATA": str(data)},
        check=True,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def check(numbers: range, data: Path) -> None:
    found = verdicts(numbers, data)

    assert len(found) == len(numbers)
    bad = [one for one in found if one["status"] not in ("right", "wrong", "refused") or one["peak_mb"] > MEGABYTES]
    assert not bad, bad
    # Some are refused, and some still read: damage to voxels, or to attributes that do not count.
    assert any(one["status"] == "refused" for one in found)
    assert any(one["status"] != "refused" for one in found)


def test_mutations(shared_data: Path) -> None:
    check(range(150), shared_data)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_many_mutations(shared_data: Path) -> None:
    check(range(1_000, 3_000), shared_data)


def test_a_mutation_is_always_the_same(shared_data: Path) -> None:
    first, again = (verdicts(range(7, 9), shared_data) for _ in range(2))

    told = ("key", "status", "error", "codes")
    assert [[one[key] for key in told] for one in first] == [[one[key] for key in told] for one in again]
