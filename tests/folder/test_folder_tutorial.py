"""The tutorial says what happens: its lines are run in order, and what they print is compared."""

from __future__ import annotations

import doctest
import re
import shutil
from pathlib import Path

import pytest

from dicomvtk.folder import own_attributes

PAGE = Path(__file__).resolve().parents[2] / "docs" / "tutorials" / "folder.md"


def blocks() -> list[str]:
    return re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


def test_the_lines_of_the_tutorial_give_what_it_shows(
    shared_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(shared_data / "mr_mag_phase_2echo", tmp_path / "dual_echo", ignore=shutil.ignore_patterns("Ref*"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(own_attributes, "_REGISTERED", dict(own_attributes._REGISTERED))
    names: dict[str, object] = {}
    parser, said = doctest.DocTestParser(), []
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS, verbose=False)

    for block in blocks():
        test = parser.get_doctest(block, names, "folder.md", str(PAGE), 0)
        runner.run(test, out=said.append, clear_globs=False)
        names.update(test.globs)

    assert runner.failures == 0, "".join(said)
    assert runner.tries > 50
    assert {"clinic", "dual_echo", "head", "made"} == {path.name for path in tmp_path.iterdir()}
