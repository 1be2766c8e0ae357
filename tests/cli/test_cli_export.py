"""Pictures from the command line: what they show, what they are called, and what is told of those that failed."""

from __future__ import annotations

from pathlib import Path

import imagecodecs
import numpy as np
import pydicom
import pytest
from pydicom.multival import MultiValue
from pydicom.valuerep import DSfloat

import dicomvtk
from dicomvtk.cli import main
from dicomvtk.dicom.file_names import NameTemplate
from dicomvtk.errors import UnsupportedError
from dicomvtk.processing.phantom import LESION_LPS, LESION_VALUE

SHAPE = (24, 20, 16)


def run(*argv: object) -> int:
    with pytest.raises(SystemExit) as ended:
        main([str(word) for word in argv])
    return int(ended.value.code or 0)


def picture(path: Path) -> np.ndarray:
    return imagecodecs.imread(path)


def files_under(folder: Path) -> list[str]:
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


@pytest.fixture(scope="module")
def series(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("export") / "head"
    dicomvtk.write_series(
        dicomvtk.phantom(SHAPE), folder, attributes={"SeriesNumber": 7, "PatientID": "A/../B", "StudyDate": "20240229"}
    )
    return folder


def test_pictures_are_the_slices_in_one_window(series: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert run("export", series, out, "--window", "40,400") == 0

    volume = dicomvtk.read(series)
    assert files_under(out) == [f"7/{n:04}.png" for n in range(1, 17)]
    expected = volume.display("40,400")
    for path in sorted(out.rglob("*.png")):
        (k,) = [k for k in range(16) if int(dicomvtk.header(volume, k).InstanceNumber) == int(path.stem)]
        np.testing.assert_array_equal(picture(path), expected[:, :, k].T)


def test_one_scale_for_the_series_and_black_stays_black(series: Path, tmp_path: Path) -> None:
    assert run("export", series, tmp_path / "out", "--window", "auto") == 0
    pictures = [picture(p) for p in (tmp_path / "out").rglob("*.png")]
    volume = dicomvtk.read(series)
    assert {int(p.min()) for p in pictures} == {0}
    shown = {int(v): int(g) for p in [volume.display("auto")] for v, g in zip(volume.array.flat, p.flat, strict=True)}
    assert all(int(g) in shown.values() for p in pictures for g in np.unique(p))


@pytest.mark.parametrize("plane", ["axial", "coronal", "sagittal"])
@pytest.mark.parametrize("orientation", ["axial", "sagittal", "coronal", "oblique"])
def test_planes_lie_on_the_screen_as_radiologists_look(orientation: str, plane: str, tmp_path: Path) -> None:
    made = dicomvtk.phantom((48, 40, 32), orientation=orientation)
    index = np.argwhere(np.ones(made.shape, bool))
    x, y, z = (made.geometry.index_to_physical(index).reshape(*made.shape, 3) - made.geometry.index_to_physical(
        np.subtract(made.shape, 1) / 2)).transpose(3, 0, 1, 2)  # fmt: skip
    # Brighter to the right of the screen in one volume, and downwards in the other.
    right, down = {"axial": (x, y), "coronal": (x, -z), "sagittal": (y, -z)}[plane]
    for name, values in (("right", right), ("down", down)):
        dicomvtk.write(made.with_array(values.astype(np.float32)), tmp_path / f"{name}.nii.gz")
        out = tmp_path / name
        options = ("--plane", plane, "--window", "0,300", "--template", "{n}")
        assert run("export", tmp_path / f"{name}.nii.gz", out, *options) == 0
        middle = picture(sorted(out.rglob("*.png"))[len(files_under(out)) // 2]).astype(int)
        rows, columns = np.diff(middle, axis=0).sum(), np.diff(middle, axis=1).sum()
        assert (columns if name == "right" else rows) > 0
        assert abs(columns) > abs(rows) if name == "right" else abs(rows) > abs(columns)


def test_the_lesion_on_the_left_is_right_in_axial_and_coronal(tmp_path: Path) -> None:
    volume = dicomvtk.phantom((48, 40, 32), orientation="oblique")
    mask = volume.with_array((volume.array == LESION_VALUE).astype(np.uint8))
    dicomvtk.write(mask, tmp_path / "lesion.nii.gz")
    for plane in ("axial", "coronal"):
        out = tmp_path / plane
        assert (
            run("export", tmp_path / "lesion.nii.gz", out, "--plane", plane, "--window", "0.5,1", "--template", "{n}")
            == 0
        )
        together = np.max([picture(p) for p in out.rglob("*.png")], axis=0)
        columns = np.nonzero(together)[1]
        assert LESION_LPS[0] > 0
        assert columns.mean() > together.shape[1] / 2


def test_a_template_names_files_by_rule(series: Path, tmp_path: Path) -> None:
    template = "{PatientID}/{StudyDate}/{SeriesNumber}/{AccessionNumber}-{ProtocolName}.jpg"
    out = tmp_path / "deep" / "out"
    assert run("export", series, out, "--template", template, "--every", "6") == 0
    stem = "A_.._B/20240229/7/no-AccessionNumber-no-ProtocolName"
    assert files_under(out) == sorted([f"{stem}.jpg", f"{stem}-2.jpg", f"{stem}-3.jpg"])
    first = picture(out / f"{stem}.jpg")
    assert first.shape == (20, 24)


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("../../etc/passwd", "___.._etc_passwd"),
        ("..", "_"),
        ("/abs", "_abs"),
        ("a\\b:c*d?\x00", "a_b_c_d__"),
        (".hidden", "_hidden"),
        ("CON", "_CON"),
        ("Müller 山", "Müller 山"),
        ("x" * 300, "x" * 128),
        ("山" * 300, "山" * 80),
        (MultiValue(DSfloat, ["-201", "-59.5", "3"]), "-201_-59.5_3"),
        (f"CT-{'1.23456789' * 6}.123", f"CT-{'1.23456789' * 6}.123"),
    ],
)
def test_values_never_leave_the_folder(value: object, name: str, tmp_path: Path) -> None:
    header = {"PatientID": value}  # what matters of a data set is get()
    given = NameTemplate("{PatientID}/{n}", ("n",)).name(header, {"n": 1}, ".png")  # type: ignore[arg-type]
    assert given == f"{name}/1.png"
    assert (tmp_path / given).resolve().is_relative_to(tmp_path)


def test_a_template_of_no_keyword_is_refused() -> None:
    with pytest.raises(UnsupportedError, match="'PatientIdent' is no DICOM keyword"):
        NameTemplate("{PatientIdent}")
    with pytest.raises(UnsupportedError, match="names no file"):
        NameTemplate("/")
    with pytest.raises(UnsupportedError, match="Cannot use the template"):
        NameTemplate("{n")


def test_windows_of_the_header_by_number_and_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    windows = {"WindowCenter": [40, 480], "WindowWidth": [400, 2500], "WindowCenterWidthExplanation": ["SOFT", "BONE"]}
    dicomvtk.write_series(dicomvtk.phantom(SHAPE), tmp_path / "in", attributes=windows)
    volume = dicomvtk.read(tmp_path / "in")
    for name, window in (("dicom:2", "480,2500"), ("dicom:BONE", "480,2500"), ("dicom:1", "40,400")):
        out = tmp_path / name.replace(":", "-")
        assert run("export", tmp_path / "in", out, "--window", name, "--template", "{n}") == 0
        np.testing.assert_array_equal(picture(out / "0009.png"), volume.display(window)[:, :, 8].T)
    assert run("export", tmp_path / "in", tmp_path / "none", "--window", "dicom:3") == 1
    assert "'dicom:3': the header has 2 of them, counted from dicom:1" in capsys.readouterr().err


def test_raw_keeps_sixteen_bits(tmp_path: Path) -> None:
    values = np.arange(24 * 20 * 3, dtype=np.uint16).reshape(24, 20, 3) * 40
    dicomvtk.write_series(values, tmp_path / "in", modality="MR", spacing=(1, 1, 1))
    for kind in ("png", "tiff"):
        out = tmp_path / kind
        assert run("export", tmp_path / "in", out, "--raw", "--format", kind, "--template", "{n}") == 0
        stored = dicomvtk.read(tmp_path / "in", stored=True)
        for k in range(3):
            got = picture(out / f"{k + 1:04}.{kind}")
            assert got.dtype == np.uint16
            np.testing.assert_array_equal(got, stored.array[:, :, k].T)
    assert run("export", tmp_path / "in", tmp_path / "j", "--raw", "--format", "jpg") == 1


@pytest.mark.parametrize("kind", ["png", "tiff"])
@pytest.mark.parametrize(("low", "added"), [(0, 0), (-7, 32768)])
def test_raw_pictures_hold_what_the_file_stores(
    low: int, added: int, kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Twelve unsigned bits are int16 in a volume; what is added to signed ones is added to a whole series, and told."""
    values = np.arange(24 * 20 * 3, dtype=np.int16).reshape(24, 20, 3)
    values[0, 0, 1] = low
    dicomvtk.write_series(values, tmp_path / "in", modality="CT", spacing=(1, 1, 1))
    files = sorted((tmp_path / "in").iterdir())
    if low == 0:
        for path in files:
            data_set = pydicom.dcmread(path)
            data_set.PixelRepresentation, data_set.BitsStored, data_set.HighBit = 0, 12, 11
            data_set.save_as(path)
    capsys.readouterr()

    assert run("export", tmp_path / "in", tmp_path / "out", "--raw", "--format", kind, "--template", "{n}") == 0

    pictures = sorted((tmp_path / "out").iterdir())
    assert len(pictures) == len(files)
    for path, file in zip(pictures, files, strict=True):
        np.testing.assert_array_equal(picture(path).astype(int) - added, pydicom.dcmread(file).pixel_array)
    assert ("32768 is added to the stored values" in capsys.readouterr().err) == bool(added)


@pytest.mark.parametrize("kind", ["png", "jpg", "tiff", "webp"])
def test_every_format_in_grey_and_colour(kind: str, tmp_path: Path) -> None:
    ramp = np.broadcast_to(np.linspace(0, 255, 64).astype(np.uint8)[:, None, None], (64, 48, 1))
    dicomvtk.write_series(np.stack([ramp, ramp[::-1], ramp], axis=-1), tmp_path / "rgb")
    assert run("export", tmp_path / "rgb", tmp_path / "out", "--format", kind, "--template", "{n}") == 0
    got = picture(tmp_path / "out" / f"0001.{kind}").astype(int)
    assert got.shape == (48, 64, 3)
    assert np.abs(got[..., 0] - ramp[:, :, 0].T).max() <= (0 if kind in ("png", "tiff") else 12)


def test_a_damaged_image_is_named_and_the_rest_go_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    dicomvtk.write_series(dicomvtk.phantom(SHAPE), tmp_path / "in")
    bad = sorted((tmp_path / "in").iterdir())[5]
    bad.write_bytes(bad.read_bytes()[:-200])
    capsys.readouterr()

    assert run("export", tmp_path / "in", tmp_path / "out", "--template", "{InstanceNumber}") == 3

    told = capsys.readouterr()
    assert bad.name in told.err
    assert len(files_under(tmp_path / "out")) == 15
    assert "15 pictures, 1 images failed" in told.out


def test_pictures_there_before_stay(series: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine.png").write_text("mine")
    assert run("export", series, tmp_path) == 1
    assert "--overwrite" in capsys.readouterr().err
    assert files_under(tmp_path) == ["mine.png"]
    assert run("export", series, tmp_path, "--overwrite", "--every", "16") == 0
    assert len(files_under(tmp_path)) == 2


def test_a_dicomdir_is_a_source(shared_data: Path, tmp_path: Path) -> None:
    directory = shared_data / "pydicom_files" / "test_files" / "dicomdirtests" / "DICOMDIR"
    template = "{PatientID}/{StudyDate}/{SeriesNumber}/{InstanceNumber}.jpg"
    assert run("export", directory, tmp_path / "out", "--template", template) == 0
    expected = [p for p in directory.parent.rglob("*") if p.is_file() and "DICOMDIR" not in p.name]
    images = [p for p in expected if "PixelData" in pydicom.dcmread(p, force=True)]
    assert len(files_under(tmp_path / "out")) == len(images)


def test_frames_of_one_file_are_counted(shared_data: Path, tmp_path: Path) -> None:
    source = shared_data / "mr_enhanced_3d_sag"
    template = "{Modality}/{InstanceNumber:03}"
    assert run("export", source, tmp_path / "out", "--template", template, "--every", "30") == 0
    assert files_under(tmp_path / "out") == [f"MR/{n:03}.png" for n in (1, 31, 61, 91)]
    np.testing.assert_array_equal(
        picture(tmp_path / "out" / "MR" / "031.png"), dicomvtk.read(source).display()[:, :, 30].T
    )


def test_labels_of_a_segmentation_know_their_file(shared_data: Path, tmp_path: Path) -> None:
    source = shared_data / "seg_liver_1bit" / "liver.dcm"
    assert run("export", source, tmp_path / "out", "--template", "{Modality}-{InstanceNumber}") == 0
    assert files_under(tmp_path / "out") == ["SEG-1.png", "SEG-2.png", "SEG-3.png"]
