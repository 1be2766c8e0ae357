"""Running VTK so that its errors become Python's and its messages stay off stderr."""

from __future__ import annotations

import functools
import logging
import os
import re
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

from vtkmodules.vtkCommonCore import vtkLogger, vtkObject, vtkOutputWindow, vtkSMPTools, vtkStringOutputWindow
from vtkmodules.vtkCommonExecutionModel import vtkAlgorithm
from vtkmodules.vtkCommonMisc import vtkErrorCode

from dicomvtk.errors import VtkError

__all__ = ["Messages", "quiet", "run"]

logger = logging.getLogger(__name__)

#: Of `quiet`: what collects, by thread and in the order in which it was begun, and what lets VTK be heard again.
_turn = threading.Lock()
_collectors: list[tuple[int, Messages]] = []
_before: list[Callable[[], None]] = []

#: ``ERROR: In file.cxx, line 12`` before the text, and the address after the class name.
_WHERE = re.compile(r"^\s*(?:ERROR|Warning|Generic Warning): In .*?, line \d+\s*", re.DOTALL)
_ADDRESS = re.compile(r" \(0x[0-9a-fA-F]+\)")

#: What the executive adds after an algorithm has said what went wrong, and what is left of it here.
_ECHO = "returned failure for request"
_IS_ECHO = re.compile(r"\w+: Algorithm \w+ failed$")


@dataclass
class Messages:
    """What VTK said inside `quiet`, in order: class name and text, without addresses and places in its source."""

    errors: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def run(algorithm: vtkAlgorithm) -> Any:
    """Return the first output (vtkDataObject) of `algorithm` after updating it and all it depends on.

    A writer writes, and gives None.

    Raises
    ------
    VtkError
        Where any algorithm of the pipeline reported an error; the text is VTK's own. VTK itself would print it and
        return an empty or half-filled output.

    Examples
    --------
    >>> from vtkmodules.vtkImagingCore import vtkRTAnalyticSource
    >>> run(vtkRTAnalyticSource(whole_extent=(0, 3, 0, 2, 0, 1))).GetDimensions()
    (4, 3, 2)
    """
    _use_all_cores()
    sources = list(_upstream(algorithm))
    _try_again([source for source in sources if source.GetErrorCode()])
    with quiet() as said, ExitStack() as watching:
        for source in sources:
            watching.enter_context(_observed(source, said))
        done = algorithm.Write() if _is_writer(algorithm) else algorithm.Update()
    for warning in said.warnings:
        logger.debug("VTK: %s", warning)
    errors = said.errors or _error_codes(sources)
    if errors or done == 0:  # None where VTK does not say (before 9.7, and most writers)
        _try_again(sources)
        raise VtkError(_summary(errors) or f"{algorithm.GetClassName()} failed without a message.")
    return algorithm.GetOutputDataObject(0) if algorithm.GetNumberOfOutputPorts() else None


@contextmanager
def quiet() -> Iterator[Messages]:
    """Keep what VTK says off stderr, and collect it; nothing is raised. May be nested: the innermost collects.

    Global to the process, as VTK's output window and log are, until the last one ends; each thread collects what is
    said in it, and what is said in threads that collect nothing goes to the last one begun. VTK tells no one how loud
    stderr was before: it is set back to what the log as a whole was at, or to its default where that was more.

    Examples
    --------
    >>> from vtkmodules.vtkIOImage import vtkPNGReader
    >>> with quiet() as said:
    ...     updated = vtkPNGReader().Update()
    >>> len(said.errors) > 0
    True
    """
    collector = (threading.get_ident(), Messages())
    with _turn:
        if not _collectors:
            _before.append(_hushed())
        _collectors.append(collector)
    try:
        yield collector[1]
    finally:
        with _turn:
            _collectors[:] = [other for other in _collectors if other is not collector]
            if not _collectors:
                _before.pop()()


def _hushed() -> Callable[[], None]:
    """Keep what VTK says off stderr; return what lets it be heard again as before."""
    window = vtkStringOutputWindow()
    _observe(window, _collecting)
    before = vtkOutputWindow.GetInstance()
    verbosity = min(vtkLogger.GetCurrentVerbosityCutoff(), vtkLogger.VERBOSITY_INFO)
    shown = vtkObject.GetGlobalWarningDisplay()
    vtkOutputWindow.SetInstance(window)
    vtkLogger.SetStderrVerbosity(vtkLogger.VERBOSITY_OFF)
    vtkObject.SetGlobalWarningDisplay(True)  # off, VTK would not even say that it failed

    def give_back() -> None:
        vtkObject.SetGlobalWarningDisplay(shown)
        vtkLogger.SetStderrVerbosity(verbosity)
        vtkOutputWindow.SetInstance(before)

    return give_back


def _collecting() -> Messages:
    """Return what collects in this thread."""
    there = list(_collectors)
    here = [said for thread, said in there if thread == threading.get_ident()]
    return (here or [said for _thread, said in there] or [Messages()])[-1]


@functools.lru_cache(maxsize=1)
def _use_all_cores() -> None:
    """Let VTK's filters use every core: the wheels of PyPI start with one (VTK 9.7). An explicit choice is kept."""
    if not os.environ.get("VTK_SMP_BACKEND_IN_USE"):
        vtkSMPTools.SetBackend("STDThread")


def _try_again(sources: Iterable[vtkAlgorithm]) -> None:
    """Have algorithms run at the next update; after a failure VTK may find nothing to do, and give what it left."""
    for source in sources:
        source.Modified()


def _upstream(algorithm: vtkAlgorithm) -> Iterator[vtkAlgorithm]:
    """Yield `algorithm` and every algorithm that feeds it, each once."""
    waiting, seen = [algorithm], set()
    while waiting:
        current = waiting.pop()
        if current in seen:
            continue
        seen.add(current)
        yield current
        for port in range(current.GetNumberOfInputPorts()):
            for connection in range(current.GetNumberOfInputConnections(port)):
                source = current.GetInputAlgorithm(port, connection)
                if source is not None:
                    waiting.append(source)


def _is_writer(algorithm: vtkAlgorithm) -> bool:
    """True for what only ``Write()`` makes write: Update() of an image writer writes nothing."""
    return algorithm.GetNumberOfOutputPorts() == 0 and hasattr(algorithm, "Write")


@contextmanager
def _observed(algorithm: vtkAlgorithm, said: Messages) -> Iterator[None]:
    """Listen to one algorithm and its executive: an observer of the caller's keeps a message from the output window."""
    watched: list[Any] = [algorithm, algorithm.GetExecutive()]
    tags = [(item, tag) for item in watched for tag in _observe(item, lambda: said)]
    try:
        yield
    finally:
        for item, tag in tags:
            item.RemoveObserver(tag)


def _observe(item: Any, said: Callable[[], Messages]) -> list[int]:
    """Append what `item` reports to what `said` returns then; return the tags of the observers."""

    def on_error(_source: Any, _event: str, text: str) -> None:
        said().errors.append(_cleaned(text))

    def on_warning(_source: Any, _event: str, text: str) -> None:
        said().warnings.append(_cleaned(text))

    for callback in (on_error, on_warning):
        callback.CallDataType = "string0"  # type: ignore[attr-defined]  # how VTK is told to hand over the text
    return [item.AddObserver("ErrorEvent", on_error), item.AddObserver("WarningEvent", on_warning)]


def _cleaned(text: str | None) -> str:
    """Return VTK's message as its class name and its text, on as many lines as it means to have."""
    message = _ADDRESS.sub("", _WHERE.sub("", text or "")).strip()
    if _ECHO in message:
        return message.partition(_ECHO)[0] + "failed"  # then comes a dump of the request
    return message


def _error_codes(sources: list[vtkAlgorithm]) -> list[str]:
    """Return a sentence for each algorithm that is in error and did not say so now, such as after an earlier update."""
    return [
        f"{source.GetClassName()}: {vtkErrorCode.GetStringFromErrorCode(source.GetErrorCode())}"
        for source in sources
        if source.GetErrorCode()
    ]


def _summary(errors: list[str]) -> str:
    """Return the errors as one message, each once, without the executive's echo of what an algorithm said."""
    own = [error for error in errors if not _IS_ECHO.match(error)] or errors
    return "; ".join(dict.fromkeys(own))
