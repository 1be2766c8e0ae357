"""Pictures from the command line; needs an OpenGL library, as drawing does."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkIOImage import vtkPNGReader

import dicomvtk
import dicomvtk.render.viewpoints
from dicomvtk.cli import main
from dicomvtk.errors import GeometryError, RenderError
from dicomvtk.render.scene import Slab, View


def run(*argv: object) -> int:
    with pytest.raises(SystemExit) as ended:
        main([str(word) for word in argv])
    return int(ended.value.code or 0)


def pixels(path: Path) -> object:
    reader = vtkPNGReader()
    reader.SetFileName(str(path))
    reader.Update()
    width, height, _ = reader.GetOutput().GetDimensions()
    return vtk_to_numpy(reader.GetOutput().GetPointData().GetScalars()).reshape(height, width, -1)[::-1, :, :3]


@pytest.fixture(scope="module")
def head(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pictures") / "head.nii.gz"
    dicomvtk.write(dicomvtk.phantom((48, 40, 32)), path)
    try:
        dicomvtk.snapshot(dicomvtk.load(path), size=(64, 48))
    except RenderError as error:
        pytest.skip(str(error))
    return path


def test_snapshot_and_view_with_output_are_the_same_picture(head: Path, tmp_path: Path) -> None:
    options = ["--size", "320x240", "--layout", "axial", "--window", "bone"]
    assert run("snapshot", head, tmp_path / "a.png", *options) == 0
    assert run("view", head, "--output", tmp_path / "b.png", *options) == 0
    wanted = dicomvtk.snapshot(
        dicomvtk.load(head), view=View(layout="axial", window=dicomvtk.WindowLevel(480, 2500, "bone")), size=(320, 240)
    )
    assert (pixels(tmp_path / "a.png") == pixels(tmp_path / "b.png")).all()
    assert (pixels(tmp_path / "a.png") == wanted).all()


def test_a_saved_view_is_replayed_and_options_go_before_it(head: Path, tmp_path: Path) -> None:
    (tmp_path / "view.json").write_text(View(layout="coronal", crosshair=(30.0, -10.0, 20.0)).to_json())
    assert run("snapshot", head, tmp_path / "a.png", "--view", tmp_path / "view.json", "--size", "160x120") == 0
    wanted = dicomvtk.snapshot(
        dicomvtk.load(head), view=View(layout="coronal", crosshair=(30.0, -10.0, 20.0)), size=(160, 120)
    )
    assert (pixels(tmp_path / "a.png") == wanted).all()
    size = ["--size", "160x120"]
    assert run("snapshot", head, tmp_path / "b.png", "--view", tmp_path / "view.json", "--layout", "axial", *size) == 0
    assert (pixels(tmp_path / "a.png") != pixels(tmp_path / "b.png")).any()


def test_the_series_of_most_slices_is_shown_and_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, slices in (("small", 8), ("large", 16)):
        attributes = {"SeriesDescription": f"{name} one"}
        dicomvtk.write_series(dicomvtk.phantom((24, 20, slices)), tmp_path / "two" / name, attributes=attributes)
    capsys.readouterr()
    code = run("snapshot", tmp_path / "two", tmp_path / "a.png", "--size", "64x48")
    told = capsys.readouterr().err
    assert "2 series" in told
    assert "large one" in told
    assert "(most slices)" in told
    assert code == 0


def test_that_a_longer_series_does_not_open_is_said_with_the_one_that_does(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, slices in (("small", 4), ("large", 16)):
        attributes = {"SeriesDescription": f"{name} one"}
        dicomvtk.write_series(dicomvtk.phantom((24, 20, slices)), tmp_path / "two" / name, attributes=attributes)
    sorted((tmp_path / "two" / "large").iterdir())[7].unlink()
    capsys.readouterr()
    code = run("snapshot", tmp_path / "two", tmp_path / "a.png", "--size", "64x48")
    told = capsys.readouterr().err
    assert "small one (most slices of those that open as they are)" in told
    assert code == 0


def test_a_picture_of_unknown_suffix_is_refused(head: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("snapshot", head, tmp_path / "a.bmpx", "--size", "64x48") == 1
    assert "a.bmpx" in capsys.readouterr().err


def test_plane_and_slice_are_found_by_place_and_by_number(head: Path, tmp_path: Path) -> None:
    size = ["--size", "160x120"]
    volume = dicomvtk.load(head)
    wanted = dicomvtk.render.viewpoints.on_slice(View(layout="sagittal"), volume, "sagittal", "12")
    assert run("snapshot", head, tmp_path / "a.png", "--plane", "sagittal", "--slice", "12", *size) == 0
    assert (pixels(tmp_path / "a.png") == dicomvtk.snapshot(volume, view=wanted, size=(160, 120))).all()
    assert run("snapshot", head, tmp_path / "b.png", "--plane", "axial", "--slice", "999mm", *size) == 1
    assert run("snapshot", head, tmp_path / "b.png", "--slice", "3", *size) == 2


def test_every_option_of_a_view_is_in_the_saved_view(head: Path, tmp_path: Path) -> None:
    options = [
        "--camera",
        "90,10",
        "--clip",
        "L",
        "--slab",
        "12mm,mean",
        "--colour-map",
        "hot_r",
        "--background",
        "#ff8000",
        "--preset",
        "ct-skin",
    ]
    more = ["--colour-bar", "--neurological", "--surface", "300", "--surface", "100", "--no-annotations"]
    first, again, saved = tmp_path / "a.png", tmp_path / "b.png", tmp_path / "v.json"
    assert run("snapshot", head, first, "--size", "160x120", *options, *more, "--save-view", saved) == 0
    view = View.from_json(saved.read_text())
    assert (view.clip, view.slab, view.colour_map) == ("L", Slab(12.0, "mean"), "hot_r")
    assert view.background == (1.0, 128 / 255, 0.0)
    assert (view.colour_bar, view.neurological, view.annotations) == (True, True, False)
    assert view.layers is not None
    kinds = [type(layer).__name__ for layer in view.layers]
    assert kinds == ["SliceLayer", "VolumeLayer", "SurfaceLayer", "SurfaceLayer"]
    assert run("snapshot", head, again, "--size", "160x120", "--view", saved) == 0
    assert (pixels(first) == pixels(again)).all()


@pytest.mark.parametrize(
    "options",
    [
        ["--slab", "thick"],
        ["--slab", "5mm,sum"],
        ["--slab", "-5"],
        ["--background", "reddish"],
        ["--preset", "wood"],
        ["--clip", "X"],
        ["--plane", "axial", "--slice", "abc"],
        ["--plane", "axial", "--slice", "0"],
        ["--plane", "axial", "--slice", "2.5"],
        ["--plane", "axial", "--slice", "nanmm"],
        ["--camera", "X"],
        ["--camera", "0,91"],
        ["--camera", "1,2,3"],
        ["--window", "abc"],
        ["--window", "40,0"],
        ["--window", "40"],
        ["--window", "nan,5"],
        ["--window", "dicom:"],
        ["--window", "dicom:0"],
        ["--colour-map", "rainbowish"],
        ["--surface", "muscle"],
        ["--surface", "nan"],
        ["--crosshair", "1,2"],
        ["--crosshair", "inf,0,0"],
        ["--size", "0x10"],
        ["--size", "99999x10"],
        ["--frame", "-1"],
        ["--frame", "x"],
        ["--layout", "five"],
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("command", ["snapshot", "view"])
def test_options_that_make_no_view_are_usage_errors(
    command: str, head: Path, tmp_path: Path, options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    out = ["--output"] if command == "view" else []
    assert run(command, head, *out, tmp_path / "a.png", *options) == 2
    said = capsys.readouterr().err.splitlines()
    assert said[0].startswith("Usage: ")
    assert f"{options[-2]}" in said[-1]
    assert not (tmp_path / "a.png").exists()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--plane", "axial", "--slice", "400mm"], "There is no axial slice 400mm: they lie from"),
        (["--plane", "axial", "--slice", "33"], "numbers 1 to 32"),
        (["--window", "dicom:9"], "the header has 0 of them"),
        (["--surface", "bone"], "levels by name are HU of CT"),
        (["--frame", "0"], "leave it out"),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(value),
)
def test_what_the_volume_does_not_have_is_one_line_and_code_1(
    head: Path, tmp_path: Path, options: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("snapshot", head, tmp_path / "a.png", *options) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("dicomvtk: ")
    assert words in line
    assert not (tmp_path / "a.png").exists()


def test_a_crosshair_outside_the_volume_is_told_with_where_the_volume_lies(
    head: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("snapshot", head, tmp_path / "a.png", "--size", "60x40", "--crosshair", "-400,0,0") == 0
    (line,) = capsys.readouterr().err.splitlines()
    low, high = np.array(dicomvtk.load(head).affine @ [[-0.5, 47.5], [-0.5, 39.5], [-0.5, 31.5], [1, 1]])[:3].T
    assert "R 400.0  P 0.0  H 0.0 mm lies outside the volume" in line
    assert f"from R {-low[0]:.1f}  A {-low[1]:.1f}  F {-low[2]:.1f} to L {high[0]:.1f}" in line
    assert run("snapshot", head, tmp_path / "a.png", "--size", "60x40", "--crosshair", f"{low[0]},0,0") == 0
    assert capsys.readouterr().err == "", "its faces are still in it"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--plane", "axial", "--surface", "300", "--clip", "L"], "--surface, --clip: not seen in --layout axial"),
        (["--layout", "3d", "--slab", "9mm", "--colour-bar"], "--colour-bar, --slab: not seen in --layout 3d"),
        (["--layout", "quad", "--slab", "9mm", "--clip", "L"], ""),
    ],
    ids=["3-D", "slices", "all"],
)
def test_an_option_that_the_layout_does_not_show_is_told(
    head: Path, tmp_path: Path, options: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("snapshot", head, tmp_path / "a.png", "--size", "60x40", *options) == 0
    assert words in capsys.readouterr().err


def test_the_layout_asked_for_goes_before_that_of_a_saved_view_for_its_slice(head: Path, tmp_path: Path) -> None:
    (tmp_path / "v.json").write_text(View(layout="axial").to_json())
    size = ["--size", "90x60"]
    assert (
        run(
            "snapshot",
            head,
            tmp_path / "a.png",
            *size,
            "--view",
            tmp_path / "v.json",
            "--layout",
            "coronal",
            "--slice",
            "5",
        )
        == 0
    )
    assert run("snapshot", head, tmp_path / "b.png", *size, "--plane", "coronal", "--slice", "5") == 0
    assert (pixels(tmp_path / "a.png") == pixels(tmp_path / "b.png")).all()


def test_what_cannot_be_is_said_before_anything_is_read_or_drawn(
    head: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shot = tmp_path / "a.png"
    for command in (["view", head, "--output", shot], ["snapshot", head, shot], ["view", head]):
        assert run(*command, "--save-view", tmp_path / "no" / "v.json", "--size", "64x48") == 1
        assert "there is no folder" in capsys.readouterr().err
    assert run("snapshot", head, shot, "--save-view", tmp_path / "." / "a.png") == 1
    assert "is given for both" in capsys.readouterr().err
    assert not shot.exists()
    assert run("snapshot", head, shot, "--plane", "axial", "--layout", "3d") == 2
    assert "--plane axial and --layout 3d: expected one of them" in capsys.readouterr().err
    assert run("snapshot", head, shot, "--plane", "axial", "--layout", "axial", "--size", "64x48") == 0


def test_no_annotations_leave_nothing_of_the_patient_in_the_file(tmp_path: Path) -> None:
    who = {"PatientName": "Secret^Sam", "PatientID": "SECRETID", "SeriesDescription": "SECRETSERIES"}
    for name, told in (("secret", who), ("other", {"PatientName": "Doe^Jane", "PatientID": "4711"})):
        dicomvtk.write_series(dicomvtk.phantom((24, 20, 8)), tmp_path / name, attributes=told)
    size = ["--no-annotations", "--size", "300x200"]
    for suffix in (".png", ".jpg", ".tif"):
        assert run("snapshot", tmp_path / "secret", tmp_path / f"a{suffix}", *size) == 0
        assert run("snapshot", tmp_path / "other", tmp_path / f"b{suffix}", *size) == 0
        assert (tmp_path / f"a{suffix}").read_bytes() == (tmp_path / f"b{suffix}").read_bytes()
    assert b"tEXt" not in (tmp_path / "a.png").read_bytes()


@pytest.mark.parametrize("size", ["1x1", "2x2", "3x1", "40x40", "150x90"])
def test_a_picture_of_any_size_has_that_size(head: Path, tmp_path: Path, size: str) -> None:
    assert run("snapshot", head, tmp_path / "a.png", "--size", size) == 0
    width, height = (int(number) for number in size.split("x"))
    assert pixels(tmp_path / "a.png").shape == (height, width, 3)


def test_files_and_folders_are_searched_together(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, slices in (("few", 4), ("many", 8)):
        dicomvtk.write_series(dicomvtk.phantom((24, 20, slices)), tmp_path / name)
    files, size = sorted((tmp_path / "few").iterdir()), ["--size", "90x60"]

    assert run("snapshot", *files, tmp_path / "a.png", *size) == 0
    assert (pixels(tmp_path / "a.png") == dicomvtk.snapshot(dicomvtk.read(tmp_path / "few"), size=(90, 60))).all()
    assert capsys.readouterr().err == ""
    assert run("view", tmp_path / "few", tmp_path / "many", "--output", tmp_path / "b.png", *size) == 0
    assert (pixels(tmp_path / "b.png") == dicomvtk.snapshot(dicomvtk.read(tmp_path / "many"), size=(90, 60))).all()
    assert "2 series in 2 paths" in capsys.readouterr().err


def test_a_file_to_be_read_is_never_overwritten_by_the_picture(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("a.tif", "b.tif"):
        dicomvtk.write(dicomvtk.Volume(np.zeros((16, 12, 3), np.int16)), tmp_path / name)
    before = (tmp_path / "b.tif").read_bytes()

    assert run("snapshot", tmp_path / "b.tif", tmp_path / "b.tif") == 1
    assert run("snapshot", tmp_path / "a.tif", tmp_path / "a.tif", tmp_path / "b.tif") == 1

    assert "may be one of the files to read" in capsys.readouterr().err
    assert (tmp_path / "b.tif").read_bytes() == before


def test_another_format_among_several_paths_is_named(
    head: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dicomvtk.write_series(dicomvtk.phantom((8, 8, 3)), tmp_path / "few")
    assert run("snapshot", tmp_path / "few", head, tmp_path / "a.png") == 1
    assert "head.nii.gz together with others: it is not DICOM" in capsys.readouterr().err


def test_options_of_reading_are_not_passed_over_where_formats_are_mixed(
    head: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dicomvtk.cli.view.check_screen", lambda: None)
    dicomvtk.write_series(dicomvtk.phantom((8, 8, 3)), tmp_path / "few")
    assert run("view", tmp_path / "few", head, "--allow", "gap") == 1
    assert "head.nii.gz together with others: it is not DICOM" in capsys.readouterr().err


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="displays are named so on Linux")
def test_without_a_display_nothing_is_read_for_a_window(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISPLAY", "nowhere.invalid:0")
    (tmp_path / "no image").write_text("which reading would tell")
    assert run("view", tmp_path / "no image") == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "Cannot open a window: " in line
    assert "--output" in line


@pytest.mark.parametrize("name", ["a.bmp", "a", "a.png.dcm"])
def test_a_suffix_of_no_picture_is_told_before_anything_is_read(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("snapshot", tmp_path / "not there", tmp_path / name) == 1
    assert "expected one of .png, .jpg" in capsys.readouterr().err


def test_a_picture_into_a_folder_that_is_not_there_is_one_line(
    head: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("snapshot", head, tmp_path / "no" / "a.png", "--size", "60x40") == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert str(tmp_path / "no") in line


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (["--window", "abc"], 2),
        (["--window", "40,0"], 2),
        (["--window", "bone"], 0),
        (["--window", "dicom:4"], 1),
        (["--tile", "3"], 2),
        (["--count", "0"], 2),
        (["--frame", "2"], 1),
    ],
    ids=lambda value: str(value) if isinstance(value, int) else " ".join(value),
)
def test_montage_takes_the_windows_of_view(head: Path, tmp_path: Path, options: list[str], code: int) -> None:
    assert run("montage", head, tmp_path / "a.png", *options) == code
    assert (tmp_path / "a.png").exists() == (code == 0)


@pytest.mark.parametrize(("window", "code"), [("abc", 2), ("40,0", 2), ("dicom:0", 2), ("bone", 0), ("40,400", 0)])
def test_export_takes_the_windows_of_view(tmp_path: Path, window: str, code: int) -> None:
    dicomvtk.write_series(dicomvtk.phantom((8, 8, 3)), tmp_path / "few")
    assert run("export", tmp_path / "few", tmp_path / "out", "--format", "png", "--window", window) == code


@pytest.mark.parametrize(
    "options",
    [["--reduce", "2"], ["--triangles", "0"], ["--level", "nan"], ["--level", "abc"], ["--space", "XYZ"]],
    ids=" ".join,
)
def test_surface_options_that_no_volume_takes_are_usage_errors(head: Path, tmp_path: Path, options: list[str]) -> None:
    assert run("surface", head, tmp_path / "a.stl", *options) == 2


def test_windows_of_the_values_and_of_the_header_are_shown_by_name(tmp_path: Path) -> None:
    folder, saved = tmp_path / "head", tmp_path / "v.json"
    stated = {"WindowCenter": [40, 480], "WindowWidth": [400, 2500], "WindowCenterWidthExplanation": ["SOFT", "HARD"]}
    dicomvtk.write_series(dicomvtk.phantom((32, 32, 8)), folder, attributes=stated)

    def shown(window: str) -> tuple[float, float]:
        assert (
            run("snapshot", folder, tmp_path / "a.png", "--size", "60x40", "--window", window, "--save-view", saved)
            == 0
        )
        chosen = View.from_json(saved.read_text()).window
        assert chosen is not None
        return (chosen.center, chosen.width)

    assert shown("dicom:2") == shown("dicom:HARD") == (480, 2500)
    low, high = np.percentile(dicomvtk.read(folder).array, (1, 99))
    center, width = shown("auto")
    assert (center - width / 2, center + width / 2) == pytest.approx((low, high), abs=2)
    assert run("snapshot", folder, tmp_path / "b.png", "--window", "dicom:3") == 1


def test_a_window_goes_before_the_voi_lut_of_a_saved_view(head: Path, tmp_path: Path) -> None:
    saved, again = tmp_path / "v.json", tmp_path / "w.json"
    saved.write_text(View(voi_lut=0).to_json())
    options = ("--size", "60x40", "--view", saved, "--window", "40,400", "--save-view", again)

    assert run("snapshot", head, tmp_path / "a.png", *options) == 0
    assert View.from_json(again.read_text()).voi_lut is None


@pytest.mark.parametrize("content", [b"[1]", b"\x89PNG", b'{"layot": "quad"}'], ids=["list", "picture", "unknown name"])
def test_a_file_that_is_no_view_is_named(
    head: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes
) -> None:
    (tmp_path / "odd.json").write_bytes(content)

    assert run("snapshot", head, tmp_path / "a.png", "--view", tmp_path / "odd.json") == 1
    assert "odd.json as a view" in capsys.readouterr().err


def test_a_surface_that_nothing_reaches_is_said(head: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ("--layout", "3d", "--size", "60x40", "--surface", "99999")

    assert run("snapshot", head, tmp_path / "a.png", *options) == 0
    assert "No surface at level 99999" in capsys.readouterr().err


def test_a_size_of_one_number_is_told_how_to_be_written(
    head: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("snapshot", head, tmp_path / "a.png", "--size", "1600") == 2
    assert "2 numbers above 0, at most 16384: WxH" in capsys.readouterr().err


def test_a_frame_of_a_single_volume_is_refused_in_words_of_the_option(
    head: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("snapshot", head, tmp_path / "a.png", "--frame", "3") == 1
    assert "--frame 3: this volume is 3-D" in capsys.readouterr().err


def test_a_surface_is_measured_and_reduced(head: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("surface", head, tmp_path / "a.glb", "--tissue", "bone", "--cap", "--triangles", "2000") == 1  # no CT
    assert "levels by name are HU of CT" in capsys.readouterr().err
    options = ["--level", "300", "--cap", "--space", "RAS"]
    assert run("surface", head, tmp_path / "a.ply", *options) == 0
    told = capsys.readouterr().out
    assert "RAS mm" in told
    assert "cm3" in told
    assert run("surface", head, tmp_path / "b.ply", *options, "--triangles", "2000") == 0
    triangles = re.search(r"(\d+) triangles at level 300", capsys.readouterr().out)
    assert triangles is not None
    assert 1990 <= int(triangles[1]) <= 2000
    assert run("surface", head, tmp_path / "a.ply", "--level", "99999", "--overwrite") == 1
    assert "the values of the volume go from" in capsys.readouterr().err
    assert run("surface", head, tmp_path / "c.ply", "--level", "1", "--labels") == 2


def test_what_a_window_of_the_command_line_cannot_open_is_told_with_options(
    head: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dicomvtk.write_series(dicomvtk.phantom((24, 20, 8)), tmp_path / "torn")
    sorted((tmp_path / "torn").iterdir())[4].unlink()
    handed: list[Any] = []
    monkeypatch.setattr("dicomvtk.cli.view.check_screen", lambda: None)
    monkeypatch.setattr("dicomvtk.view", lambda volume, view, *, around, size: handed.append(around) or View())
    assert run("view", head) == 0

    _volume, after = handed[0].open_paths((str(head),), lambda done, total: None)
    for around in (handed[0], after):
        with pytest.raises(GeometryError, match=r"--fix gap .*--allow gap") as raised:
            around.open_paths((str(tmp_path / "torn"),), lambda done, total: None)
        assert "={" not in str(raised.value)
