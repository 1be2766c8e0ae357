"""Options of the 3-D pane on the command line, and surfaces of label maps."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
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


def measured(said: str) -> tuple[float, float]:
    """Return the cm2 and cm3 that a line of `surface` tells."""
    words = said.replace(",", "").split()
    return float(words[words.index("cm2") - 1]), float(words[words.index("cm3") - 1])


def test_a_ball_is_measured_in_cm2_and_cm3(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    away = np.linalg.norm((np.stack(np.indices((60, 60, 60))) - 29.5), axis=0)
    for name, values in (("soft", 100 * (25 - away)), ("hard", np.where(away < 25, 1000, -1000))):
        dicomvtk.write(Volume(np.asfortranarray(values.astype(np.int16))), tmp_path / f"{name}.nii")
    told = {}
    for name, more in (("soft", []), ("hard", []), ("hard", ["--no-smooth"])):
        out = str(tmp_path / "a.ply")
        assert run("surface", str(tmp_path / f"{name}.nii"), out, "--level", "0", "--overwrite", *more) == 0
        told[name, bool(more)] = measured(capsys.readouterr().out)

    area, volume = 4 * np.pi * 2.5**2, 4 / 3 * np.pi * 2.5**3
    assert told["soft", False] == pytest.approx((area, volume), rel=0.01)
    assert told["hard", False] == pytest.approx((area, volume), rel=0.04)
    assert told["hard", True][0] > 1.05 * area  # its steps are there
    assert told["hard", True][1] == pytest.approx(volume, rel=0.01)


def test_labels_of_a_segmentation_are_told_by_their_names(
    shared_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("surface", str(shared_data / "seg_of_pet"), str(tmp_path / "a.stl"), "--labels", "--cap") == 0

    lines = [line.split(": ", 1)[1] for line in capsys.readouterr().err.splitlines() if ": label" in line]
    assert [line.split(":")[0] for line in lines] == ["label 1 Neoplasm, Primary", "label 2 Neoplasm, Secondary"]
    frames = pydicom.dcmread(next(path for path in (shared_data / "seg_of_pet").rglob("*") if path.is_file()))
    ((_area, primary), (_, secondary)) = map(measured, lines)
    measures = frames.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
    voxel_cm3 = np.prod([float(v) for v in measures.PixelSpacing]) * 3.375 / 1000  # slices 3.375 mm apart
    bits = frames.pixel_array.sum(axis=(1, 2))
    numbers = [
        frame.SegmentIdentificationSequence[0].ReferencedSegmentNumber
        for frame in frames.PerFrameFunctionalGroupsSequence
    ]
    for number, cm3 in ((1, primary), (2, secondary)):
        voxels = sum(int(count) for count, which in zip(bits, numbers, strict=True) if which == number)
        assert cm3 == pytest.approx(voxels * voxel_cm3, rel=0.05)
