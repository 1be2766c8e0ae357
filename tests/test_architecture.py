"""Who may import whom: the layer table of docs/architecture.md, held over every import statement in the tree.

Imports inside functions and under TYPE_CHECKING count like any other.
"""

from __future__ import annotations

import ast
import graphlib
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
PACKAGE = "dicomvtk"

#: Every module or room of the package, with what else of the package it may import (itself always).
LAYER_0 = {"errors", "anatomy", "geometry", "display", "metadata", "atomic", "atomic_folder", "memory_order", "version"}
LAYER_1 = {"volume", "stream"}
BELOW_BRIDGE = LAYER_0 | LAYER_1
BELOW_ROOMS = BELOW_BRIDGE | {"bridge"}
ROOMS = {"dicom", "processing", "formats", "render", "folder"}
EVERYTHING = BELOW_ROOMS | ROOMS | {"surroundings", "api", "cli", "__init__", "__main__"}
MAY_IMPORT = {
    **dict.fromkeys(LAYER_0, LAYER_0),
    "volume": LAYER_0,
    "stream": LAYER_0 | {"volume"},
    "bridge": BELOW_BRIDGE,
    "dicom": BELOW_BRIDGE,
    "dicom.decode_vtk": BELOW_ROOMS,
    "dicom.series_source": BELOW_ROOMS,
    "processing": BELOW_ROOMS,
    "formats": BELOW_ROOMS,
    "render": BELOW_ROOMS | {"processing"},
    "folder": BELOW_ROOMS | {"dicom", "processing"},
    "surroundings": BELOW_ROOMS | ROOMS,
    "api": EVERYTHING - {"cli", "__init__", "__main__"},
    "cli": EVERYTHING - {"__main__"},
    "__init__": EVERYTHING - {"cli", "__main__"},
    "__main__": EVERYTHING,
}

#: Every distribution the package imports, with the modules or rooms that may.
VTK_ROOMS = {"bridge", "processing", "render", "formats", "dicom.decode_vtk", "dicom.series_source"}
MAY_BE_IMPORTED_BY = {
    "numpy": EVERYTHING,
    "vtkmodules": VTK_ROOMS,
    "matplotlib": {"render.colour_maps"},
    "pydicom": {"dicom", "folder"},
    "natsort": {"dicom"},
    "imagecodecs": {"dicom", "formats"},
    "isal": {"dicom", "formats"},
    "highdicom": {"dicom"},
    "nibabel": {"formats"},
    "nrrd": {"formats"},
    "tifffile": {"formats"},
    "click": {"cli"},
    "rich": {"cli"},
}
#: Names that only a type annotation needs: allowed further afield under TYPE_CHECKING.
ANNOTATED_WITH = {"vtkmodules": {"api", "cli"}, "pydicom": {"api", "cli"}, "dicom": {"api", "cli", "__init__"}}

NAMELESS = {"utils", "util", "helpers", "helper", "common", "base", "misc", "tools"}
LONGEST_MODULE = 400


@dataclass(frozen=True)
class Import:
    """One imported name: dotted, absolute, and whether only a type checker sees it."""

    name: str
    line: int
    for_types: bool


def problems(root: Path) -> list[str]:
    """Return what breaks the rules in the repository at `root`, a line each."""
    found = []
    for path in sorted((root / PACKAGE).rglob("*.py")):
        module = module_name(path, root / PACKAGE)
        found += [f"{path.relative_to(root)}: {text}" for text in problems_of_shape(path)]
        for imported in imports(path, f"{PACKAGE}.{module}"):
            text = problem_of_import(module, imported)
            if text:
                found.append(f"{path.relative_to(root)}:{imported.line}: {text}")
    for path in sorted((root / "scripts").glob("*.py")):
        for imported in imports(path, path.stem):
            if not is_public(imported.name):
                found.append(f"{path.relative_to(root)}:{imported.line}: imports {imported.name}, not a public name")
    return found


def module_name(path: Path, package: Path) -> str:
    """Return the dotted name inside the package: ``geometry``, ``dicom.reader``, ``dicom.__init__``, ``__init__``."""
    return ".".join(path.relative_to(package).with_suffix("").parts)


def problems_of_shape(path: Path) -> Iterator[str]:
    names = {path.stem, path.parent.name}
    for name in sorted(names & NAMELESS):
        yield f"{name!r} says nothing; name the noun it owns"
    lines = len(path.read_text(encoding="utf-8").splitlines())
    if lines > LONGEST_MODULE:
        yield f"{lines} lines, at most {LONGEST_MODULE}; which second noun lives here?"


def imports(path: Path, module: str) -> Iterator[Import]:
    """Yield every import of a file, relative ones made absolute; ``from a import b`` is the name ``a.b``."""
    tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
    typed = {id(node) for block in type_checking_blocks(tree) for node in ast.walk(block)}
    parts = module.split(".")
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(alias.name, node.lineno, id(node) in typed)
        elif isinstance(node, ast.ImportFrom):
            source = [*parts[: len(parts) - node.level], *([node.module] if node.module else [])] if node.level else []
            source_name = ".".join(source) if node.level else str(node.module)
            for alias in node.names:
                yield Import(f"{source_name}.{alias.name}", node.lineno, id(node) in typed)
        elif is_dynamic_import(node):
            yield Import(str(node.args[0].value), node.lineno, False)  # type: ignore[attr-defined]


def type_checking_blocks(tree: ast.Module) -> Iterator[ast.stmt]:
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) in {"TYPE_CHECKING", "typing.TYPE_CHECKING"}:
            yield from node.body


def is_dynamic_import(node: ast.AST) -> bool:
    """Return whether this is ``importlib.import_module("name")`` or ``__import__("name")`` of a literal name."""
    return (
        isinstance(node, ast.Call)
        and ast.unparse(node.func) in {"importlib.import_module", "import_module", "__import__"}
        and bool(node.args)
        and isinstance(node.args[0], ast.Constant)
    )


def problem_of_import(module: str, imported: Import) -> str | None:
    """Return why `module` may not import this, or None."""
    top, _, inside = imported.name.partition(".")
    if top == PACKAGE:
        return problem_inside(module, inside, imported.for_types)
    if top in sys.stdlib_module_names:
        return None
    if top not in MAY_BE_IMPORTED_BY:
        return f"imports {top}, which no room may (see docs/dependencies.md)"
    allowed = set(MAY_BE_IMPORTED_BY[top])
    if imported.for_types:
        allowed |= ANNOTATED_WITH.get(top, set())
    if allowed.isdisjoint({module, room(module)}):
        return f"imports {top}, which only {', '.join(sorted(allowed))} may"
    return None


def problem_inside(module: str, inside: str, for_types: bool) -> str | None:
    target = inside.split(".")[0]
    if target not in MAY_IMPORT:
        target = "__init__"  # a name of the package itself
    own = room(module)
    if own not in MAY_IMPORT:
        return f"{own} is in no layer; add it to the table in docs/architecture.md and to this test"
    if target == own or target in MAY_IMPORT.get(module, MAY_IMPORT[own]):
        return None
    if module == "__main__" or (for_types and own in ANNOTATED_WITH.get(target, set())):
        return None
    return f"{module} imports {PACKAGE}.{inside}: {target} is not in a layer above {own}"


def room(module: str) -> str:
    return module.split(".")[0]


def is_public(name: str) -> bool:
    """Return whether a script may import this: public names of the package, or anything outside it."""
    parts = name.split(".")
    if parts[0] != PACKAGE or len(parts) == 1:
        return True
    if parts[1] == "processing":
        return not any(part.startswith("_") for part in parts)
    return len(parts) == 2 and parts[1] in public_names()


def public_names() -> set[str]:
    import dicomvtk

    return set(dicomvtk.__all__)


def test_the_tree_keeps_the_layers() -> None:
    assert problems(REPOSITORY) == []


def test_every_module_of_the_tree_is_seen() -> None:
    seen = {module_name(path, REPOSITORY / PACKAGE) for path in (REPOSITORY / PACKAGE).rglob("*.py")}
    assert {"__init__", "geometry", "volume", "bridge.images"} <= seen


def test_the_page_lists_the_modules_of_this_table() -> None:
    page = (REPOSITORY / "docs" / "architecture.md").read_text(encoding="utf-8")
    rows = [line.split("|")[2] for line in page.splitlines() if re.match(r"\| L\d \|", line)]
    listed = {name.strip("/") for row in rows for span in re.findall(r"`([^`]+)`", row) for name in span.split()}
    assert {name for name in MAY_IMPORT if "." not in name} <= listed


def test_the_table_has_no_circle() -> None:
    graph = {own: allowed - {own} - LAYER_0 for own, allowed in MAY_IMPORT.items() if own not in LAYER_0}

    order = list(graphlib.TopologicalSorter(graph).static_order())

    assert order.index("volume") < order.index("bridge") < order.index("render") < order.index("api")


@pytest.mark.parametrize(
    ("file", "source", "complaint"),
    [
        ("dicomvtk/geometry.py", "from dicomvtk.volume import Volume", "volume is not in a layer above geometry"),
        ("dicomvtk/volume.py", "import vtkmodules.vtkCommonCore", "imports vtkmodules, which only"),
        ("dicomvtk/volume.py", "def f():\n    import pydicom", "imports pydicom, which only dicom, folder may"),
        ("dicomvtk/bridge/images.py", "from ..dicom import reader", "dicom is not in a layer above bridge"),
        ("dicomvtk/bridge/images.py", "from dicomvtk import Volume", "__init__ is not in a layer above bridge"),
        (
            "dicomvtk/dicom/reader.py",
            "from dicomvtk.bridge.images import to_vtk",
            "bridge is not in a layer above dicom",
        ),
        ("dicomvtk/dicom/reader.py", "from vtkmodules import vtkIOImage", "imports vtkmodules, which only"),
        ("dicomvtk/dicom/writer.py", "from dicomvtk.formats import save", "formats is not in a layer above dicom"),
        ("dicomvtk/formats/nifti.py", "import dicomvtk.dicom.stack", "dicom is not in a layer above formats"),
        ("dicomvtk/processing/surface.py", "from .. import formats", "formats is not in a layer above processing"),
        ("dicomvtk/render/viewer.py", "from dicomvtk.formats import load", "formats is not in a layer above render"),
        ("dicomvtk/render/viewer.py", "from dicomvtk.folder import tree", "folder is not in a layer above render"),
        ("dicomvtk/folder/tree.py", "from dicomvtk import render", "render is not in a layer above folder"),
        ("dicomvtk/folder/tree.py", "import vtkmodules.vtkImagingCore", "imports vtkmodules, which only"),
        (
            "dicomvtk/render/viewer.py",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from dicomvtk.dicom.stack import Stack",
            "dicom is not in a layer above render",
        ),
        ("dicomvtk/render/viewer.py", "import importlib\nimportlib.import_module('dicomvtk.dicom')", "dicom is not in"),
        ("dicomvtk/api.py", "from vtkmodules.vtkCommonDataModel import vtkImageData", "imports vtkmodules, which only"),
        ("dicomvtk/formats/nifti.py", "import pandas", "imports pandas, which no room may"),
        ("dicomvtk/formats/nifti.py", "import vtk", "imports vtk, which no room may"),
        ("dicomvtk/newroom/thing.py", "import dicomvtk.errors", "newroom is in no layer"),
        ("dicomvtk/dicom/utils.py", "", "'utils' says nothing"),
        ("dicomvtk/common/thing.py", "", "'common' says nothing"),
        ("dicomvtk/volume.py", "x = 1\n" * (LONGEST_MODULE + 1), "401 lines, at most 400"),
        ("scripts/smooth.py", "from dicomvtk.dicom.reader import read", "not a public name"),
        ("scripts/smooth.py", "from dicomvtk import api", "not a public name"),
    ],
)
def test_a_breach_is_found(file: str, source: str, complaint: str, tmp_path: Path) -> None:
    path = tmp_path / file
    path.parent.mkdir(parents=True)
    path.write_text(source)

    found = problems(tmp_path)

    assert len(found) == 1
    assert found[0].startswith(file)
    assert complaint in found[0]


@pytest.mark.parametrize(
    ("file", "source"),
    [
        ("dicomvtk/volume.py", "from dicomvtk.errors import GeometryError\nimport os, numpy as np"),
        ("dicomvtk/dicom/reader.py", "import pydicom\nfrom . import stack\nfrom dicomvtk.volume import Volume"),
        ("dicomvtk/dicom/series_source.py", "import vtkmodules.util.vtkAlgorithm\nfrom dicomvtk.bridge import images"),
        ("dicomvtk/render/viewer.py", "from dicomvtk.processing.surface import extract_surface"),
        (
            "dicomvtk/folder/arrays.py",
            "import pydicom\nfrom dicomvtk.dicom import reader",
        ),
        ("dicomvtk/api.py", "def f():\n    from dicomvtk.render import viewer\n    from dicomvtk.dicom import reader"),
        (
            "dicomvtk/api.py",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from vtkmodules.vtkCommonCore import vtkObject",
        ),
        ("dicomvtk/cli/info.py", "import click\nimport dicomvtk\nfrom dicomvtk import api"),
        ("scripts/smooth.py", "import dicomvtk\nfrom dicomvtk.processing.filters import gaussian\nimport argparse"),
    ],
)
def test_what_the_layers_allow_passes(file: str, source: str, tmp_path: Path) -> None:
    path = tmp_path / file
    path.parent.mkdir(parents=True)
    path.write_text(source)

    assert problems(tmp_path) == []


@pytest.mark.parametrize("module", ["dicomvtk", "dicomvtk.cli", "dicomvtk.api"])
def test_importing_it_pays_for_neither_vtk_nor_pydicom(module: str) -> None:
    code = f"import {module}, sys; print(sorted({{name.split('.')[0] for name in sys.modules}}))"

    loaded = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout

    heavy = {"vtk", "vtkmodules", "pydicom", "imagecodecs", "nibabel", "nrrd", "matplotlib", "scipy", "rich"}
    assert "dicomvtk" in ast.literal_eval(loaded)
    assert heavy.isdisjoint(ast.literal_eval(loaded))
