"""Options of the 3-D pane on the command line, and surfaces of label maps."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import dicomvtk
from dicomvtk import Geometry, View, Volume, VolumeLayer
from dicomvtk.cli import main


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as left:
        main(list(arguments))
    return int(left.value.code or 0)


def test_the_couch_is_shown_on_request_with_any_preset(tmp_path: Path) -> None:
    head = tmp_path / "head.nii"
    dicomvtk.write(dicomvtk.phantom((24, 24, 20)), head)
    for options, preset in (([], None), (["--preset", "ct-skin"], "ct-skin")):
        saved = tmp_path / "view.json"
        shot = ["--output", str(tmp_path / "a.png"), "--size", "90x70", "--save-view", str(saved)]
        assert run("view", str(head), "--couch", *options, *shot) == 0
        layers = View.from_json(saved.read_text()).layers or ()
        rays = [layer for layer in layers if isinstance(layer, VolumeLayer)]
        assert [(layer.couch, layer.preset) for layer in rays] == [(True, preset)]


def test_labels_are_measured_one_by_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    labels = np.zeros((40, 40, 40), np.uint8)
    labels[5:20, 5:35, 5:35], labels[20:35, 5:35, 5:35] = 1, 2
    dicomvtk.write(Volume(np.asfortranarray(labels), Geometry((40, 40, 40))), tmp_path / "labels.nii")

    assert run("surface", str(tmp_path / "labels.nii"), str(tmp_path / "a.stl"), "--labels") == 0

    said = capsys.readouterr()
    per_label = [float(line.split()[-2]) for line in said.err.splitlines() if ": label" in line]
    assert per_label == pytest.approx([13.5, 13.5], rel=0.03)  # cm3 of 15 x 30 x 30 mm
    assert float(said.out.split()[-2]) == pytest.approx(27.0, rel=0.03)
    assert "of 2 labels" in said.out
    assert run("surface", str(tmp_path / "labels.nii"), str(tmp_path / "b.stl"), "--labels", "--no-smooth") == 0
    assert float(capsys.readouterr().out.split()[-2]) == pytest.approx(27.0, rel=1e-4)


def test_labels_that_are_left_out_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    labels = np.zeros((30, 30, 30), np.uint8)
    labels[3:25, 3:25, 3:25], labels[27, 27, 27] = 4, 9
    source, full = str(tmp_path / "labels.nii"), str(tmp_path / "full.nii")
    dicomvtk.write(Volume(np.asfortranarray(labels), Geometry((30, 30, 30))), source)
    dicomvtk.write(Volume(np.ones((20, 20, 20), np.uint8, order="F"), Geometry((20, 20, 20))), full)

    assert run("surface", source, str(tmp_path / "a.stl"), "--labels", "--min-size", "100") == 0
    said = capsys.readouterr()
    assert "Label 9 is left out: No piece of the surface has 100 triangles" in said.err
    assert "of 1 label" in said.out
    assert run("surface", source, str(tmp_path / "b.stl"), "--labels", "--min-size", "100000") == 1
    assert "Nothing is left of 2 labels." in capsys.readouterr().err
    assert run("surface", full, str(tmp_path / "c.stl"), "--labels") == 1
    assert "--cap closes what reaches its edge" in capsys.readouterr().err
    assert run("surface", full, str(tmp_path / "c.stl"), "--labels", "--cap") == 0
    assert float(capsys.readouterr().out.split()[-2]) == pytest.approx(8.0, rel=0.01)
