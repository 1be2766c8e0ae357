"""dump as a page that folds, and as the difference of two files."""

from __future__ import annotations

import copy
import html.parser
from pathlib import Path

import pydicom
import pytest
from pydicom.data import get_testdata_file

from dicomvtk.cli import main


def run(*argv: object) -> int:
    with pytest.raises(SystemExit) as ended:
        main([str(word) for word in argv])
    return int(ended.value.code or 0)


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    data_set = pydicom.Dataset()
    data_set.file_meta = pydicom.dataset.FileMetaDataset()
    data_set.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    data_set.SOPClassUID, data_set.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.7", "1.2.3"
    data_set.PatientName, data_set.ImageType = "<Roe>^Jane", ["ORIGINAL", "PRIMARY", "AXIAL"]
    items = [pydicom.Dataset() for _ in range(11)]
    for n, item in enumerate(items):
        item.CodeMeaning = f"meaning {n}"
    data_set.ConceptNameCodeSequence = items
    data_set.private_block(0x0099, "TESTS", create=True).add_new(1, "LO", "private")
    other = copy.deepcopy(data_set)
    other.PatientName = "Roe^Joan"
    other.ConceptNameCodeSequence[9].CodeMeaning = "changed"
    del other.ImageType
    other.StudyID = "7"
    for name, one in (("a.dcm", data_set), ("b.dcm", other)):
        pydicom.dcmwrite(tmp_path / name, one, enforce_file_format=True)
    return tmp_path / "a.dcm", tmp_path / "b.dcm"


def test_tag_vr_vm_keyword_and_value(files: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    assert run("dump", files[0]) == 0
    words = {line.split()[0]: line.split()[1:] for line in capsys.readouterr().out.splitlines()}
    assert words["(0008,0008)"] == ["CS", "3", "ImageType", "ORIGINAL\\PRIMARY\\AXIAL"]
    assert words["(0040,a043)"][:3] == ["SQ", "1", "ConceptNameCodeSequence"]
    assert words["(0099,1001)"][0:2] == ["LO", "1"]
    assert words["(0099,1001)"][-1] == "private"


def test_the_difference_and_no_more(files: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    assert run("dump", files[0], "--diff", files[1]) == 0
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert lines == [
        "- (0008,0008) CS 3 ImageType ORIGINAL\\PRIMARY\\AXIAL",
        "- (0010,0010) PN 1 PatientName <Roe>^Jane",
        "+ (0010,0010) PN 1 PatientName Roe^Joan",
        "+ (0020,0010) SH 1 StudyID 7",
        "(0040,a043) SQ 1 ConceptNameCodeSequence <11 items>",
        "item 10",
        "- (0008,0104) LO 1 CodeMeaning meaning 9",
        "+ (0008,0104) LO 1 CodeMeaning changed",
    ]
    assert run("dump", files[0], "--diff", files[0]) == 0
    assert capsys.readouterr().out == "no difference\n"


class Folds(html.parser.HTMLParser):
    """Checks that elements close in order, and collects the summaries by depth."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.summaries: list[tuple[int, str]] = []
        self.leaves: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "summary":
            self.summaries.append((self.open.count("details"), data))
        if self.open and self.open[-1] == "div":
            self.leaves.append(data)


def test_the_page_folds_sequences(files: tuple[Path, Path], tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    assert run("dump", files[0], "--tree", page) == 0
    folds = Folds(page.read_text(encoding="utf-8"))
    assert folds.open == []
    assert [(depth, " ".join(text.split()[:3])) for depth, text in folds.summaries[:2]] == [
        (1, "(0040,a043) SQ 1"),
        (2, "item 1"),
    ]
    assert sum("CodeMeaning" in leaf for leaf in folds.leaves) == 11
    assert any("<Roe>^Jane" in leaf for leaf in folds.leaves)
    assert run("dump", files[0], "--tree", page) == 1, "what is there is not replaced"
    assert run("dump", files[0], "--tree", tmp_path / "x.html", "--grep", "a") == 2


def test_every_element_of_a_real_file_is_on_the_page(tmp_path: Path) -> None:
    path = get_testdata_file("liver_1frame.dcm")
    assert run("dump", path, "--tree", tmp_path / "p.html") == 0
    text = (tmp_path / "p.html").read_text(encoding="utf-8")
    data_set = pydicom.dcmread(path)
    count = sum(1 for _ in data_set.iterall())
    assert sum(">(" in line for line in text.splitlines()) >= count


def test_what_is_no_file_is_said_to_be_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("dump", tmp_path / "none.dcm") == 1
    assert "none.dcm: there is none; expected a file" in capsys.readouterr().err
    assert run("dump", tmp_path) == 1
    assert "it is a folder; expected a file" in capsys.readouterr().err
