"""The odd inputs of ``tests/odd_inputs``, read by dicomvtk and by other readers: a table of what became of them.

    python benchmarks/odd_inputs.py [--only READER ...] [--list READER]

Each case runs in a process of its own with 20 s and 4 GB. A reader that is not installed is left out, and said.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

_HERE = Path(__file__).resolve().parent
_TESTS = _HERE.parent / "tests"
sys.path[0] = str(_TESTS)  # in the place of this folder: the cases' package has this script's name

from odd_inputs import every  # noqa: E402, F401
from odd_inputs.cases import CASES, Case  # noqa: E402

#: Reader, what must be installed, and how the server of cases calls it.
READERS = {
    "dicomvtk": ("dicomvtk", "odd_inputs.reading:read"),
    "SimpleITK": ("SimpleITK", "odd_readers:simpleitk"),
    "vtkDICOMImageReader": ("vtkmodules", "odd_readers:vtk"),
    "dcm2niix": ("dcm2niix", "odd_readers:dcm2niix"),
    "highdicom": ("highdicom", "odd_readers:highdicom"),
    "dicom-numpy": ("dicom_numpy", "odd_readers:dicom_numpy"),
}

#: A case with nothing odd that any reader would speak of.
_PLAIN = "file-implicit"

Verdict = dict[str, Any]
Count = Callable[[Case, Verdict], bool]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="*", choices=READERS, help="these readers alone")
    parser.add_argument(
        "--list", choices=READERS, help="also print each case that this reader did not come out of clean"
    )
    options = parser.parse_args()
    results: dict[str, dict[str, Verdict]] = {}
    for name in options.only or READERS:
        package, function = READERS[name]
        if importlib.util.find_spec(package) is None:
            print(f"{name} is not installed and left out.", file=sys.stderr)
            continue
        results[name] = run(function)
    print(table(results))
    if options.list:
        print(unclean(results[options.list]))


def run(function: str) -> dict[str, Verdict]:
    """Return the verdict on every case."""
    paths = [str(_TESTS), str(_HERE), os.environ.get("PYTHONPATH", "")]
    done = subprocess.run(
        [sys.executable, "-m", "odd_inputs.server", function],
        input="".join(f"{key}\n" for key in CASES),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=_TESTS,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        check=True,
    )
    verdicts = {verdict["key"]: verdict for verdict in map(json.loads, done.stdout.splitlines())}
    usual = set(verdicts[_PLAIN]["words"])  # what the reader says of any volume of this maker is not about the case
    for verdict in verdicts.values():
        verdict["words"] = [words for words in verdict["words"] if words not in usual]
    return verdicts


def told(case: Case, verdict: Verdict) -> bool:
    """True where the reader said something, or has the finding that is due."""
    return bool(verdict["words"]) or (bool(case.code) and case.code in verdict["codes"])


def is_clean(case: Case, verdict: Verdict) -> bool:
    """The right volume, or a clean error or warning where one is due."""
    if verdict["status"] == "right":
        return case.kind != "repairable" or told(case, verdict)
    if case.kind == "good":
        return False
    return verdict["status"] == "refused" or (verdict["status"] == "wrong" and told(case, verdict))


def is_silent(case: Case, verdict: Verdict) -> bool:
    return verdict["status"] == "wrong" and not told(case, verdict)


def is_repaired(case: Case, verdict: Verdict) -> bool:
    """Right with a word, at once or by the way on that the message names."""
    return (verdict["status"] == "right" and told(case, verdict)) or verdict["repaired"].startswith("right")


def _percent(count: Count) -> Callable[[dict[str, Verdict]], str]:
    return lambda found: f"{100 * _counted(count, found) / len(CASES):.1f}"


def _number(count: Count) -> Callable[[dict[str, Verdict]], str]:
    return lambda found: str(_counted(count, found))


def _counted(count: Count, found: dict[str, Verdict]) -> int:
    return sum(count(CASES[key], verdict) for key, verdict in found.items())


def _of(kind: str) -> int:
    return sum(case.kind == kind for case in CASES.values())


def table(results: dict[str, dict[str, Verdict]]) -> str:
    """Return the counts as a Markdown table, a column for each reader."""
    rows = {
        "clean %": _percent(is_clean),
        "silently wrong or partial %": _percent(is_silent),
        "raw traceback": _number(lambda c, v: v["status"] == "foreign"),
        "crash, hang or out of memory": _number(lambda c, v: v["status"] in ("died", "hung", "memory")),
        f"oddities really loaded, of {_of('good')}": _number(lambda c, v: c.kind == "good" and v["status"] == "right"),
        f"repairable loaded right with a finding, of {_of('repairable')}": _number(
            lambda c, v: c.kind == "repairable" and is_repaired(c, v)
        ),
        f"hostile clean, of {_of('hostile')}": _number(lambda c, v: c.kind == "hostile" and is_clean(c, v)),
    }
    lines = [f"| {len(CASES)} cases | {' | '.join(results)} |", f"|---|{'---|' * len(results)}"]
    lines += [f"| {name} | {' | '.join(cell(found) for found in results.values())} |" for name, cell in rows.items()]
    return "\n".join(lines)


def unclean(found: dict[str, Verdict]) -> str:
    return "\n".join(
        f"{key}: {verdict['status']} {verdict['error']} {verdict['message'][:160]}"
        for key, verdict in found.items()
        if not is_clean(CASES[key], verdict)
    )


if __name__ == "__main__":
    main()
