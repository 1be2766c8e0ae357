"""The command line from outside: exit codes, what stands on which stream, and what lies on the disk afterwards."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest

import dicomvtk
from dicomvtk.cli import main
from dicomvtk.cli.console import printable

SHAPE = (24, 20, 16)


def run(*argv: object) -> int:
    """Return the exit code of a command line run in this process."""
    with pytest.raises(SystemExit) as ended:
        main([str(word) for word in argv])
    return int(ended.value.code or 0)


@pytest.fixture(scope="module")
def series(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cli") / "head"
    dicomvtk.write_series(dicomvtk.phantom(SHAPE), folder)
    return folder


@pytest.fixture(scope="module")
def two_series(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cli") / "two"
    for name, slices in (("small", 8), ("large", 16)):
        attributes = {"SeriesDescription": f"{name} one", "SeriesNumber": slices}
        dicomvtk.write_series(dicomvtk.phantom((24, 20, slices)), folder / name, attributes=attributes)
    return folder


@pytest.fixture
def out(capsys: pytest.CaptureFixture[str]) -> pytest.CaptureFixture[str]:
    capsys.readouterr()
    return capsys


def test_info_as_json_says_what_the_headers_say(series: Path, out: pytest.CaptureFixture[str]) -> None:
    (series / "notes.txt").write_text("not an image")
    assert run("info", series, "--json") == 0
    told = json.loads(out.readouterr().out)
    (series / "notes.txt").unlink()
    made = dicomvtk.phantom(SHAPE)
    assert told["path"] == str(series)
    assert sum(told["skipped"].values()) == 1
    (entry,) = told["series"]
    assert list(entry) == [
        "key",
        "uid",
        "description",
        "modality",
        "files",
        "shape",
        "spacing",
        "origin",
        "direction",
        "dtype",
        "transfer_syntax",
        "axes",
        "readable",
        "needs",
        "findings",
    ]
    assert (entry["files"], entry["shape"], entry["modality"], entry["dtype"]) == (16, list(SHAPE), "CT", "int16")
    np.testing.assert_allclose(entry["spacing"], made.spacing)
    np.testing.assert_allclose(entry["origin"], made.origin)
    np.testing.assert_allclose(entry["direction"], made.direction.ravel(), atol=1e-9)
    assert entry["readable"] is True
    assert entry["transfer_syntax"] == "1.2.840.10008.1.2.1"


def test_info_for_people_names_patient_size_and_findings(two_series: Path, out: pytest.CaptureFixture[str]) -> None:
    (removed := next((two_series / "large").glob("*8.dcm"))).rename(two_series.parent / "kept.dcm")
    assert run("info", two_series) == 0
    text = out.readouterr().out
    (two_series.parent / "kept.dcm").rename(removed)
    assert "Phantom^Head" in text
    assert "24 x 20 x 8" in text
    assert "stop gap" in text
    assert "not readable without --fix gap or --allow gap" in text
    assert "fix={" not in text


def test_info_of_a_file_of_another_format(tmp_path: Path, out: pytest.CaptureFixture[str]) -> None:
    dicomvtk.write(dicomvtk.phantom(SHAPE), tmp_path / "head.nrrd")
    assert run("info", tmp_path / "head.nrrd", "--json") == 0
    (entry,) = json.loads(out.readouterr().out)["series"]
    assert entry["shape"] == list(SHAPE)


@pytest.mark.parametrize("command", ["info", "view", "dump"])
def test_nothing_there_is_one_line_and_1(command: str, tmp_path: Path, out: pytest.CaptureFixture[str]) -> None:
    assert run(command, tmp_path / "absent") == 1
    told = out.readouterr()
    assert told.out == ""
    assert told.err.startswith("dicomvtk: ")
    assert "absent" in told.err
    assert told.err.count("\n") == 1


@pytest.mark.parametrize(
    "argv",
    [
        [],
        ["frobnicate"],
        ["info"],
        ["info", "x", "--frob"],
        ["phantom", "x", "--shape", "1,2"],
        ["phantom", "x", "--shape", "0,2,3"],
        ["view", "x", "--window", "bones"],
        ["view", "x", "--layout", "round"],
        ["convert", "x"],
    ],
)
def test_usage_is_2(argv: list[str], out: pytest.CaptureFixture[str]) -> None:
    assert run(*argv) == 2
    assert "Usage:" in out.readouterr().err


def test_help_and_version_are_0(out: pytest.CaptureFixture[str]) -> None:
    assert run("--help") == 0
    assert "convert" in out.readouterr().out
    assert run("--version") == 0
    assert dicomvtk.__version__ in out.readouterr().out
    for command in ("info", "view", "snapshot", "convert", "surface", "dump", "phantom"):
        assert run(command, "--help") == 0


def test_an_unexpected_error_has_no_traceback_without_debug(
    series: Path, monkeypatch: pytest.MonkeyPatch, out: pytest.CaptureFixture[str]
) -> None:
    def broken(*_args: object, **_options: object) -> None:
        raise ZeroDivisionError("by zero\x1b[2J")

    monkeypatch.setattr(dicomvtk, "find_series", broken)
    assert run("info", series) == 1
    told = out.readouterr().err
    assert told.startswith("dicomvtk: unexpected ZeroDivisionError: by zero\\x1b[2J")
    assert "Traceback" not in told
    with pytest.raises(ZeroDivisionError):
        main(["--debug", "info", str(series)])


@pytest.mark.parametrize("suffix", [".nii.gz", ".nii", ".nrrd", ".mha", ".vti", ".npz"])
def test_convert_there_and_back(suffix: str, series: Path, tmp_path: Path, out: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / f"head{suffix}"
    assert run("convert", series, target) == 0
    assert str(target) in out.readouterr().out
    made = dicomvtk.phantom(SHAPE)
    again = dicomvtk.load(target)
    np.testing.assert_array_equal(again.array, made.array)
    assert again.geometry.is_close(made.geometry, 1e-3)
    assert run("convert", target, tmp_path / "dicom", "--like", series) == 0
    back = dicomvtk.read(tmp_path / "dicom")
    np.testing.assert_array_equal(back.array, made.array)
    assert back.geometry.is_close(made.geometry, 1e-3)
    assert back.info.patient_name == "Phantom^Head"


def test_convert_to_dicom_names_nobody_unasked(series: Path, tmp_path: Path) -> None:
    assert run("convert", series, tmp_path / "out") == 0
    assert dicomvtk.read(series).info.patient_name == "Phantom^Head"
    assert dicomvtk.read(tmp_path / "out").info.patient_name == "Anonymous^Patient"


def test_convert_replaces_only_where_told(series: Path, tmp_path: Path, out: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "head.nii"
    target.write_text("precious")
    assert run("convert", series, target) == 1
    assert "--overwrite" in out.readouterr().err
    assert target.read_text() == "precious"
    assert run("convert", series, target, "--overwrite") == 0
    assert nibabel.load(target).shape == SHAPE


def test_convert_to_an_unknown_suffix_lists_the_known(
    series: Path, tmp_path: Path, out: pytest.CaptureFixture[str]
) -> None:
    assert run("convert", series, tmp_path / "head.xyz") == 1
    assert ".nii.gz, .nii" in out.readouterr().err
    assert not list(tmp_path.iterdir())


def test_several_series_are_listed_by_convert_and_chosen_by_series(
    two_series: Path, tmp_path: Path, out: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "head.nii"
    assert run("convert", two_series, target) == 1
    told = out.readouterr().err
    assert "small one" in told
    assert "large one" in told
    assert "--series" in told
    assert run("convert", two_series, target, "--series", "small") == 0
    assert nibabel.load(target).shape == (24, 20, 8)


def test_each_volume_of_a_folder_and_3_where_one_is_torn(
    two_series: Path, tmp_path: Path, out: pytest.CaptureFixture[str]
) -> None:
    assert run("convert", two_series, tmp_path / "all", "--to", ".nii.gz") == 0
    assert sorted(p.name for p in (tmp_path / "all").iterdir()) == ["16.nii.gz", "8.nii.gz"]
    (removed := next((two_series / "large").glob("*8.dcm"))).rename(tmp_path / "kept.dcm")
    out.readouterr()
    code = run("convert", two_series, tmp_path / "some", "--to", ".nrrd")
    only_torn = run("convert", two_series / "large", tmp_path / "none", "--to", ".nrrd")
    (tmp_path / "kept.dcm").rename(removed)
    assert (code, only_torn) == (3, 1)
    assert [p.name for p in (tmp_path / "some").iterdir()] == ["8.nrrd"]
    assert "two: 16: " in out.readouterr().err


def test_a_frame_is_taken_by_its_index(tmp_path: Path, out: pytest.CaptureFixture[str]) -> None:
    array = np.arange(2 * 4 * 4 * 4, dtype=np.int16).reshape((4, 4, 4, 2), order="F")
    volume = dicomvtk.Volume(array, axes=(dicomvtk.Axis("EchoTime", (5.0, 10.0), "ms"),))
    dicomvtk.write(volume, tmp_path / "two.npz")
    assert run("convert", tmp_path / "two.npz", tmp_path / "one.mha") == 1
    assert "EchoTime): take one with --frame" in out.readouterr().err
    assert run("convert", tmp_path / "two.npz", tmp_path / "one.mha", "--frame", "1") == 0
    np.testing.assert_array_equal(dicomvtk.load(tmp_path / "one.mha").array, array[..., 1])
    assert run("convert", tmp_path / "two.npz", tmp_path / "two.mha", "--frame", "2") == 1
    assert "EchoTime 0 to 1" in out.readouterr().err


def test_a_gap_stops_and_is_fixed_or_allowed_by_name(
    series: Path, tmp_path: Path, out: pytest.CaptureFixture[str]
) -> None:
    torn = tmp_path / "torn"
    torn.mkdir()
    for number, path in enumerate(sorted(series.glob("*.dcm"))):
        if number != 7:
            (torn / path.name).write_bytes(path.read_bytes())
    assert run("convert", torn, tmp_path / "a.nii") == 1
    assert "--fix gap" in out.readouterr().err
    assert run("convert", torn, tmp_path / "a.nii", "--fix", "gap") == 0
    assert nibabel.load(tmp_path / "a.nii").shape == SHAPE
    assert run("convert", torn, tmp_path / "b.nii", "--allow", "gap") == 1
    assert not (tmp_path / "b.nii").exists()


@pytest.mark.parametrize("suffix", [".stl", ".ply", ".obj", ".vtp"])
def test_surface_of_ct_is_bone_and_says_its_level(
    suffix: str, series: Path, tmp_path: Path, out: pytest.CaptureFixture[str]
) -> None:
    assert run("surface", series, tmp_path / f"skull{suffix}") == 0
    told = out.readouterr()
    assert "level 300 HU" in told.err
    assert "triangles" in told.out
    assert (tmp_path / f"skull{suffix}").stat().st_size > 1000
    assert run("surface", series, tmp_path / f"skull{suffix}") == 1
    assert run("surface", series, tmp_path / f"x{suffix}", "--level", 1e6) == 1
    assert "values of the volume go from" in out.readouterr().err


def test_surface_of_mr_takes_a_level_between_the_values(tmp_path: Path, out: pytest.CaptureFixture[str]) -> None:
    dicomvtk.write(dicomvtk.phantom(SHAPE, modality="MR"), tmp_path / "mr.npz")
    assert run("surface", tmp_path / "mr.npz", tmp_path / "head.stl") == 0
    assert "level" in out.readouterr().err


def test_dump_shows_every_attribute_and_finds_text(series: Path, out: pytest.CaptureFixture[str]) -> None:
    file = min(series.glob("*.dcm"))
    assert run("dump", file) == 0
    lines = out.readouterr().out.splitlines()
    data_set = pydicom.dcmread(file)
    for element in [*data_set.file_meta, *data_set]:
        assert any(
            line.startswith(f"({element.tag.group:04x},{element.tag.element:04x}) {element.VR}") for line in lines
        )
    assert run("dump", file, "--grep", "pixelSPACING") == 0
    (line,) = out.readouterr().out.splitlines()
    assert line.startswith("(0028,0030) DS 2 PixelSpacing")
    assert line.split()[-1] == "\\".join(str(v) for v in data_set.PixelSpacing)
    assert run("dump", file, "--grep", "no such text") == 1


def test_dump_indents_items_under_their_sequence(tmp_path: Path, out: pytest.CaptureFixture[str]) -> None:
    inner = pydicom.Dataset()
    inner.CodeMeaning = "inner \x1b[31mred"
    outer = pydicom.Dataset()
    outer.file_meta = pydicom.dataset.FileMetaDataset()
    outer.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    outer.SOPClassUID, outer.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.7", "1.2.3"
    middle = pydicom.Dataset()
    middle.ConceptNameCodeSequence = [inner]
    outer.ContentSequence = [middle, pydicom.Dataset()]
    pydicom.dcmwrite(tmp_path / "nested.dcm", outer, enforce_file_format=True)
    assert run("dump", tmp_path / "nested.dcm", "--grep", "RED") == 0
    text = out.readouterr().out
    assert "\x1b" not in text
    assert [line.split(")")[0].strip() for line in text.splitlines()] == [
        "(0040,a730",
        "item 1",
        "(0040,a043",
        "item 1",
        "(0008,0104",
    ]
    assert [len(line) - len(line.lstrip()) for line in text.splitlines()] == [0, 2, 4, 6, 8]


def test_dump_of_what_is_no_dicom_is_1(tmp_path: Path, out: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "notes.txt").write_text("hello\n" * 100)
    assert run("dump", tmp_path / "notes.txt") == 1
    assert "notes.txt" in out.readouterr().err


def test_phantom_as_a_file_or_folder(tmp_path: Path, out: pytest.CaptureFixture[str]) -> None:
    options = ["--shape", "20,24,28", "--orientation", "sagittal", "--modality", "MR"]
    assert run("phantom", tmp_path / "p.nii.gz", *options) == 0
    assert run("phantom", tmp_path / "p", *options) == 0
    np.testing.assert_array_equal(dicomvtk.read(tmp_path / "p").array, dicomvtk.load(tmp_path / "p.nii.gz").array)
    assert run("phantom", tmp_path / "p.nii.gz") == 1
    assert run("phantom", tmp_path / "q", "--shape", "20x24x28", "--spacing", "9,9.5,10") == 0
    np.testing.assert_allclose(dicomvtk.read(tmp_path / "q").spacing, (9, 9.5, 10))


def test_quiet_says_only_what_was_asked_for(two_series: Path, tmp_path: Path, out: pytest.CaptureFixture[str]) -> None:
    assert run("--quiet", "convert", two_series, tmp_path / "a.nii", "--series", "small") == 0
    assert run("--quiet", "surface", tmp_path / "a.nii", tmp_path / "a.stl") == 0
    told = out.readouterr()
    assert (told.out, told.err) == ("", "")


def test_control_characters_of_a_file_never_reach_the_terminal(
    series: Path, tmp_path: Path, out: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "hostile"
    folder.mkdir()
    for path in series.glob("*.dcm"):
        data_set = pydicom.dcmread(path)
        data_set.PatientName = "Evil\x1b]0;title\x07^\u202eName"
        data_set.SeriesDescription = "clear\x1b[2Jscreen"
        data_set.save_as(folder / path.name)
    assert run("info", folder) == 0
    text = out.readouterr().out
    assert "\x1b" not in text
    assert "\x07" not in text
    assert "\u202e" not in text
    assert "\\x1b[2Jscreen" in text
    assert printable("日本語 Müller") == "日本語 Müller"


def child(*argv: object, **options: object) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
    command = [sys.executable, "-m", "dicomvtk", *map(str, argv)]
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120, check=False, **options)


def test_info_imports_neither_vtk_nor_pydicom_nor_rich(series: Path) -> None:
    code = (
        "import sys\nfrom dicomvtk.cli import main\n"
        f"try:\n    main(['info', {str(series)!r}])\nexcept SystemExit as end:\n    assert end.code == 0\n"
        "print('imported', [n for n in ('vtkmodules', 'pydicom', 'rich', 'nibabel', 'nrrd') if n in sys.modules])"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.splitlines()[-1] == "imported []"


def test_a_closed_pipe_is_no_error(series: Path) -> None:
    command = f"{sys.executable} -m dicomvtk dump {min(series.glob('*.dcm'))} | head -1"
    told = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, check=False)
    assert told.returncode == 0
    assert told.stderr == ""
    assert told.stdout.count("\n") == 1


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_an_interrupt_is_130_and_leaves_nothing(
    series: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, out: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_args: object) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(10)

    monkeypatch.setattr("dicomvtk.formats.nifti.write_parts", interrupted)
    assert run("convert", series, tmp_path / "head.nii") == 130
    assert out.readouterr().err.strip() == "dicomvtk: interrupted"
    assert not list(tmp_path.iterdir())


def test_view_without_a_display_is_one_line_that_names_output(series: Path) -> None:
    if sys.platform != "linux":
        pytest.skip("a display is always there")
    told = child("view", series)
    assert told.returncode == 1
    assert "--output" in told.stderr
    assert told.stderr.count("\n") == 1
