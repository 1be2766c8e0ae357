"""A function out of a user's script, called with a volume or its array, whichever it asks for."""

from __future__ import annotations

import ast
import importlib.util
import inspect
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from dicomvtk.errors import UnsupportedError
from dicomvtk.volume import Volume

__all__ = ["UserFunction", "load_function", "parsed_arguments"]


@dataclass(frozen=True)
class UserFunction:
    """`call` takes a volume, or its array where `takes_array`; `name` is ``script.py:function``."""

    name: str
    call: Callable[..., Any]
    takes_array: bool
    arguments: Mapping[str, Any]

    @property
    def step(self) -> str:
        """What the history says of it."""
        arguments = ", ".join(f"{key}={value!r}" for key, value in self.arguments.items())
        return f"apply {self.name}({arguments})"

    def __call__(self, volume: Volume) -> Volume:
        """Return what the function makes of `volume`. An array must be of the volume's shape to keep its grid."""
        made = self.call(volume.array if self.takes_array else volume, **self.arguments)
        if isinstance(made, Volume):
            return made.with_array(made.array, step=self.step)
        if not isinstance(made, np.ndarray):
            raise UnsupportedError(f"{self.name} returned {type(made).__name__}; expected a Volume or an array.")
        if made.shape != volume.shape:
            raise UnsupportedError(
                f"{self.name} returned an array of shape {made.shape} for a volume of shape {volume.shape}; where its "
                "voxels lie is not known. Return a Volume with its geometry."
            )
        return volume.with_array(made, step=self.step)


def load_function(text: str, arguments: Mapping[str, Any]) -> UserFunction:
    """Return the function that ``path/to/script.py:function`` names. The script is run; its folder is on the path.

    It gets the array where its first parameter is annotated as one or called ``array``, the volume otherwise. Raises
    UnsupportedError for a script that is not there or fails, and for arguments that the function does not take.
    """
    path, colon, name = text.rpartition(":")
    if not (colon and path and name.isidentifier()):
        raise UnsupportedError(f"Cannot run {text!r}; expected path/to/script.py:function.")
    module = _run_script(Path(path))
    function = getattr(module, name, None)
    if not callable(function):
        there = sorted(n for n, v in vars(module).items() if inspect.isfunction(v) and v.__module__ == module.__name__)
        raise UnsupportedError(f"{path} has no function {name!r}; it has: {', '.join(there) or 'none'}.")
    label = f"{Path(path).name}:{name}"
    parameters = _parameters(function, label, arguments)
    return UserFunction(label, function, _asks_for_array(parameters), arguments)


def parsed_arguments(words: tuple[str, ...]) -> dict[str, Any]:
    """Return ``key=value`` words as arguments: numbers, booleans, lists, None where they are so written, else text."""
    found: dict[str, Any] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals or not key.isidentifier():
            raise UnsupportedError(f"Cannot use --arg {word!r}; expected key=value.")
        try:
            found[key] = ast.literal_eval(value)
        except (ValueError, SyntaxError):
            found[key] = value
    return found


def _run_script(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(f"_dicomvtk_{path.stem}", path)
    if not path.is_file() or spec is None or spec.loader is None:
        raise UnsupportedError(f"Cannot run {path}: expected a Python file, with .py at its end.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[module.__name__] = module
    folder = str(path.resolve().parent)
    if folder not in sys.path:
        sys.path.insert(0, folder)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise UnsupportedError(f"Cannot run {path}: {type(error).__name__}: {error}.") from error
    return module


def _parameters(function: Callable[..., Any], label: str, arguments: Mapping[str, Any]) -> list[inspect.Parameter]:
    try:
        signature = inspect.signature(function)
    except ValueError:  # a builtin that does not tell: taken at its word
        return []
    try:
        signature.bind(None, **arguments)
    except TypeError as error:
        raise UnsupportedError(f"Cannot call {label}{signature} with one volume and {arguments}: {error}.") from error
    return list(signature.parameters.values())


def _asks_for_array(parameters: list[inspect.Parameter]) -> bool:
    if not parameters:
        return True
    first = parameters[0]
    if first.annotation is not inspect.Parameter.empty:
        annotation = first.annotation if isinstance(first.annotation, str) else str(first.annotation)
        return "Volume" not in annotation
    return first.name in ("array", "arr", "a", "x", "image", "values", "pixels")
