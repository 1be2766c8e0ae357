"""Every odd input, read in a process of its own: no crash or hang, never a wrong volume in silence."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from odd_inputs import every  # noqa: F401  # registers the cases
from odd_inputs.cases import CASES, Case

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="forks and limits its processes")

SECONDS = 15.0
MEGABYTES = 700.0

Verdict = dict[str, Any]


@pytest.fixture(scope="module")
def verdict_on() -> Iterator[Callable[[Case], Verdict]]:
    """Ask the server of cases, started once: it forks a process for each."""
    tests = Path(__file__).resolve().parent.parent
    command = [sys.executable, "-m", "odd_inputs.server", "odd_inputs.reading:read"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tests), os.environ.get("PYTHONPATH", "")])}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=tests, env=environment
    ) as server:
        assert server.stdin is not None
        assert server.stdout is not None

        def ask(case: Case) -> Verdict:
            assert server.stdin is not None
            assert server.stdout is not None
            server.stdin.write(f"{case.key}\n")
            server.stdin.flush()
            return dict(json.loads(server.stdout.readline()))

        yield ask
        server.stdin.close()


@pytest.mark.parametrize("key", CASES)
def test_odd_input(key: str, verdict_on: Callable[[Case], Verdict]) -> None:
    case = CASES[key]

    verdict = verdict_on(case)

    assert verdict["status"] in ("right", "refused"), verdict
    assert verdict["peak_mb"] < MEGABYTES, verdict
    {"good": _is_good, "repairable": _is_repairable, "refuse": _is_refused, "hostile": _is_survived}[case.kind](
        case, verdict
    )


def _is_good(case: Case, verdict: Verdict) -> None:
    assert verdict["status"] == "right", verdict
    assert case.warns or not verdict["words"], "a needless warning"


def _is_repairable(case: Case, verdict: Verdict) -> None:
    """Right at once with the finding told, or refused with the way on, which then leads to the right volume."""
    if verdict["status"] == "right":
        assert case.code in verdict["codes"], verdict
        return
    assert case.says in verdict["message"]
    for option in (*case.allow, *case.fix):
        assert f'{{"{option}"}}' in verdict["message"], "the message does not name the way on"
    assert verdict["repaired"].startswith("right"), verdict


def _is_refused(case: Case, verdict: Verdict) -> None:
    assert verdict["status"] == "refused", verdict
    assert case.error in ("", verdict["error"]), verdict
    assert case.says in verdict["message"]
    assert "Traceback" not in verdict["message"]


def _is_survived(case: Case, verdict: Verdict) -> None:
    assert not verdict["repaired"].startswith(("wrong", "foreign", "memory")), verdict


def test_there_are_cases_of_every_class() -> None:
    """Counted so that a module that no longer registers its cases is noticed."""
    counts = {kind: sum(case.kind == kind for case in CASES.values()) for kind in ("good", "repairable", "refuse")}
    groups = {case.group for case in CASES.values()}

    assert groups == {
        "combined",
        "enhanced",
        "file",
        "pixels",
        "rescale",
        "compressed",
        "geometry",
        "folder",
        "hostile",
    }
    assert len(CASES) >= 300
    assert all(count >= 30 for count in counts.values()), counts
