"""Runs cases, each in a forked process with bounded time and memory: ``python -m odd_inputs.server READER``.

READER is ``module:function``; the function takes (path, case, repair) and returns an `Attempt`, or raises. Keys of
cases come in on standard input, one a line; a verdict goes out as one line of JSON for each. The imports of the reader
are paid once, in the server, which is why a case costs milliseconds.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import resource
import select
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
from odd_inputs import every  # noqa: F401  # registers the cases
from odd_inputs.attempt import Attempt, Refused
from odd_inputs.cases import CASES, Case
from odd_inputs.known import Known, same
from odd_inputs.mutations import PREFIX, mutation

__all__ = ["Verdict", "main"]

SECONDS = 20.0
MEMORY = 4 << 30

Status = Literal["right", "wrong", "refused", "foreign", "died", "hung", "memory"]


@dataclass(frozen=True)
class Verdict:
    """What became of one case. `repaired` is what the second try, with the case's allow and fix, came to."""

    key: str
    status: Status
    error: str = ""
    message: str = ""
    words: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    repaired: str = ""
    seconds: float = 0.0
    peak_mb: float = 0.0


Read = Callable[[Path, Case, bool], Attempt]


def main() -> None:
    module, _, name = sys.argv[1].partition(":")
    read: Read = getattr(importlib.import_module(module), name)
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what C code prints is not an answer
    for line in sys.stdin:
        answers.write(json.dumps(asdict(run(_case(line.strip()), read))) + "\n")


def _case(key: str) -> Case:
    return mutation(key) if key.startswith(PREFIX) else CASES[key]


def run(one: Case, read: Read) -> Verdict:
    """Make a case in a folder of its own, read it in a forked process, and judge."""
    folder = Path(tempfile.mkdtemp(prefix="odd-input-"))
    try:
        return _forked(one, folder, read)
    finally:
        _remove(folder)


def _forked(one: Case, folder: Path, read: Read) -> Verdict:
    back, to = os.pipe()
    start = time.perf_counter()
    child = os.fork()
    if child == 0:
        os.close(back)
        _child(one, folder, read, to)
    os.close(to)
    text = _answer(back, start + SECONDS)
    seconds = time.perf_counter() - start
    os.close(back)
    with contextlib.suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL if text is None else signal.SIGCONT)
    _, status, used = os.wait4(child, 0)
    if text is None:
        return Verdict(one.key, "hung", seconds=seconds)
    if not text:
        return Verdict(one.key, "died", message=f"wait status {status}", seconds=seconds)
    return Verdict(**{**json.loads(text), "peak_mb": used.ru_maxrss / 1024})


def _answer(back: int, until: float) -> str | None:
    """Return all that the child wrote, empty if it died before; None where its time ran out."""
    parts = []
    while True:
        left = until - time.perf_counter()
        if left <= 0 or not select.select([back], [], [], left)[0]:
            return None
        part = os.read(back, 1 << 16)
        if not part:
            return b"".join(parts).decode()
        parts.append(part)


def _child(one: Case, folder: Path, read: Read, to: int) -> None:
    """Write the verdict to the pipe and end, whatever happens: nothing of the server's must run twice."""
    try:
        os.setsid()
        known = one.make(folder)
        _limit_memory()
        start = time.perf_counter()
        verdict = judge(one, folder, known, read)
        os.write(to, json.dumps({**asdict(verdict), "seconds": time.perf_counter() - start}).encode())
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(0)


def _limit_memory() -> None:
    """Allow so much address space above what the server holds already."""
    held = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (held + MEMORY, held + MEMORY))


def judge(one: Case, folder: Path, known: Known, read: Read) -> Verdict:
    """Return the verdict on reading `one`, written in `folder`: as it is, then with what the case allows or fixes."""
    path = folder / one.at if one.at else folder
    first = _try(one, path, known, read, repair=False)
    if not (one.allow or one.fix):
        return first
    second = _try(one, path, known, read, repair=True)
    return replace(first, repaired=f"{second.status} {second.error} {second.message}".strip())


def _try(one: Case, path: Path, known: Known, read: Read, *, repair: bool) -> Verdict:
    try:
        attempt = read(path, one, repair)
    except Refused as no:
        return Verdict(one.key, "refused", type(no.__cause__).__name__, str(no))
    except MemoryError as error:
        return Verdict(one.key, "memory", "MemoryError", str(error))
    except BaseException as error:
        return Verdict(one.key, "foreign", type(error).__name__, str(error)[:2000])
    right = _right(attempt, known)
    return Verdict(one.key, "right" if right else "wrong", words=attempt.words, codes=attempt.codes)


def _right(attempt: Attempt, known: Known) -> bool:
    if attempt.spacing is not None and known.affine is not None:
        wanted = np.linalg.norm(known.affine[:3, :3], axis=0)
        if not np.allclose(attempt.spacing, wanted, rtol=1e-3):
            return False
    return same(np.asarray(attempt.values, np.float64), attempt.affine, known)


def _remove(folder: Path) -> None:
    for root, folders, _ in os.walk(folder):
        for name in folders:
            with contextlib.suppress(OSError):
                os.chmod(os.path.join(root, name), 0o700)
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
