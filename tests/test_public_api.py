"""What `import dicomvtk` offers: every public name is there, where the table says, imported when first used."""

from __future__ import annotations

import ast
import doctest
import importlib
import inspect
import pkgutil
import subprocess
import sys
from collections.abc import Iterator

import numpy as np
import pytest

import dicomvtk
from dicomvtk import _HOME


def run(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.strip()


def modules() -> Iterator[str]:
    """Yield the dotted name of every module of the package but ``__main__``, which runs when imported."""
    yield "dicomvtk"
    for found in pkgutil.walk_packages(dicomvtk.__path__, "dicomvtk."):
        if not found.name.endswith("__main__"):
            yield found.name


@pytest.mark.parametrize("name", dicomvtk.__all__)
def test_a_public_name_is_there_and_says_what_it_is(name: str) -> None:
    value = getattr(dicomvtk, name)

    if name == "__version__":
        assert value.count(".") == 2
    else:
        assert value.__doc__
        assert value.__module__ == _HOME[name]
        assert value is getattr(importlib.import_module(_HOME[name]), name)


@pytest.mark.parametrize(
    ("wrong", "way"),
    [("head/", r"load\(path\) reads one"), (np.zeros((4, 4, 4)), r"Volume\(array, geometry\) makes one")],
)
def test_what_is_no_volume_is_told_how_to_become_one(wrong: object, way: str) -> None:
    for use in (dicomvtk.view, dicomvtk.snapshot, dicomvtk.overlays):
        with pytest.raises(dicomvtk.UnsupportedError, match=rf"Expected a Volume, found \w+; dicomvtk\.{way}"):
            use(wrong)


def test_the_names_listed_loaded_and_typed_are_the_same() -> None:
    tree = ast.parse(inspect.getsource(dicomvtk))
    typed = {
        alias.name
        for node in tree.body
        if isinstance(node, ast.If)
        for statement in node.body
        if isinstance(statement, ast.ImportFrom)
        for alias in statement.names
    }

    assert set(dicomvtk.__all__) == {*_HOME, "__version__"} == {*typed, "__version__"}
    assert dir(dicomvtk) == sorted(dicomvtk.__all__)


def test_a_wrong_name_is_an_attribute_error_that_names_it() -> None:
    with pytest.raises(AttributeError, match="module 'dicomvtk' has no attribute 'raed'"):
        dicomvtk.raed  # noqa: B018


def test_a_name_is_imported_when_it_is_first_used() -> None:
    said = run(
        "import dicomvtk, sys\n"
        "print('dicomvtk.geometry' in sys.modules, 'numpy' in sys.modules)\n"
        "dicomvtk.Geometry\n"
        "print('dicomvtk.geometry' in sys.modules, 'numpy' in sys.modules, 'vtkmodules' in sys.modules)"
    )

    assert said.splitlines() == ["False False", "True True False"]


def test_star_import_gives_the_public_names() -> None:
    said = run("from dicomvtk import *\nprint(sorted(n for n in globals() if not n.startswith('_')))")

    assert ast.literal_eval(said) == sorted(name for name in dicomvtk.__all__ if not name.startswith("_"))


def test_every_public_function_is_annotated() -> None:
    for name in dicomvtk.__all__:
        value = getattr(dicomvtk, name)
        if inspect.isfunction(value):
            hints = inspect.get_annotations(value)
            assert set(inspect.signature(value).parameters) | {"return"} == set(hints), name


def test_errors_are_one_family_and_the_builtin_a_caller_expects() -> None:
    builtin = {
        "NoDicomError": FileNotFoundError,
        "SeriesError": LookupError,
        "GeometryError": ValueError,
        "PixelDecodeError": RuntimeError,
        "UnsupportedError": ValueError,
        "VtkError": RuntimeError,
        "RenderError": RuntimeError,
        "WriteError": OSError,
    }
    family = {name for name in dicomvtk.__all__ if name.endswith("Error")}
    assert family == {*builtin, "DicomVtkError"}
    for name, expected in builtin.items():
        assert issubclass(getattr(dicomvtk, name), (expected,))
        assert issubclass(getattr(dicomvtk, name), dicomvtk.DicomVtkError)
    assert issubclass(dicomvtk.DicomVtkWarning, UserWarning)


@pytest.mark.parametrize("name", list(modules()))
def test_the_examples_in_docstrings_are_true(name: str) -> None:
    module = importlib.import_module(name)

    failures, _ = doctest.testmod(module, optionflags=doctest.ELLIPSIS)

    assert failures == 0
