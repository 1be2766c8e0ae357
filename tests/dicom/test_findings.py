"""The table of findings: complete, consistent, and documented."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dicomvtk.dicom import findings
from dicomvtk.dicom.findings import RULES, finding, needs, raise_first_stop
from dicomvtk.errors import GeometryError, UnsupportedError

_REPOSITORY = Path(__file__).resolve().parents[2]


def test_every_code_is_on_the_reference_page_as_it_is() -> None:
    page = (_REPOSITORY / "docs" / "findings.md").read_text()
    rows = {
        row[0]: row[1:]
        for row in re.findall(r"^\| `([\w-]+)` \| (\w+) \| (.*?) \| (.*?) \| (\w*) \|$", page, re.MULTILINE)
    }
    assert rows == {
        code: (rule.severity, rule.fix, rule.allow, rule.error.__name__ if rule.severity == "stop" else "")
        for code, rule in RULES.items()
    }


def test_every_code_is_used_and_every_code_used_is_in_the_table() -> None:
    folder = Path(findings.__file__).parent
    source = "\n".join(path.read_text() for path in folder.glob("*.py") if path.name != "findings.py")
    assert [code for code in RULES if f'"{code}"' not in source] == []
    used = set(re.findall(r'finding\(\s*"([\w-]+)"', source))
    assert used <= set(RULES)


def test_a_stop_tells_the_way_on() -> None:
    found = finding("gap", "Two slices are far apart.")
    assert found.severity == "stop"
    assert found.message.startswith('Two slices are far apart. fix={"gap"} interpolates')
    assert needs([found, finding("axis", "nothing")]) == ("fix=gap", "allow=gap")
    assert needs([found, finding("bad-geometry", "no way")]) == ()
    assert needs([]) == ()


def test_the_first_stop_that_is_not_answered_is_raised() -> None:
    stops = [finding("gap", "A gap."), finding("tilt", "A tilt.")]
    with pytest.raises(GeometryError, match=r"Cannot read it: A tilt\."):
        raise_first_stop("it", stops, allow={"gap"})
    raise_first_stop("it", stops, allow={"gap"}, fix={"tilt"})


def test_codes_are_not_given_as_text() -> None:
    with pytest.raises(UnsupportedError, match=r"collection"):
        findings.check_codes("gap", ())
