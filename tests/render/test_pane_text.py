"""What is written in the panes can be read, and says what is true."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest
from vtkmodules.vtkRenderingCore import vtkActor2D, vtkPolyDataMapper2D, vtkRenderer, vtkTextActor, vtkTextProperty

import dicomvtk
from dicomvtk.display import WindowLevel
from dicomvtk.geometry import Geometry
from dicomvtk.metadata import Finding, FrameSource, SeriesInfo
from dicomvtk.render import fonts
from dicomvtk.render.annotations import pane_3d_corners, person_name, probe_lines, slice_corners, window_text
from dicomvtk.render.drawable import drawable
from dicomvtk.render.fonts import readable, text_bounds
from dicomvtk.render.help import HELP, help_columns
from dicomvtk.render.labels import fitted
from dicomvtk.render.opengl import offscreen_window
from dicomvtk.render.planes import slice_planes
from dicomvtk.render.resolve import resolve
from dicomvtk.render.scene import PLANES, SurfaceLayer, View, VolumeLayer
from dicomvtk.render.scene_3d import Detail
from dicomvtk.render.session import Session
from dicomvtk.volume import Volume

ARRAY = np.arange(4 * 5 * 6, dtype=np.int16).reshape(4, 5, 6)
VOLUME = Volume(
    ARRAY,
    Geometry((4, 5, 6), (1.0, 1.0, 2.5), (-1.0, -2.0, -30.0)),
    SeriesInfo(
        modality="CT",
        patient_name="Doe^Jane^^Dr",
        patient_id="4711",
        study_date="20240229",
        number=3,
        description="Head",
        unit="HU",
    ),
    findings=(Finding("jitter", "warn", "…"), Finding("tilt", "info", "…")),
)


def test_corners_of_the_first_pane_tell_who_what_where_and_how() -> None:
    state = resolve(View(crosshair=(1.0, 0.0, -25.0), window=WindowLevel(40, 400, "soft")), VOLUME)

    corners = slice_corners(VOLUME, state, slice_planes(VOLUME.geometry)["axial"], first=True)

    assert corners.top_left == ("Doe, Jane Dr", "4711", "2024-02-29")
    assert corners.top_right == ("CT", "3: Head", "Warning: jitter")
    # Index (2, 2, 2): its value is 2 * 30 + 2 * 6 + 2.
    assert corners.bottom_left == (
        "Axial 3/6",
        "F 25.0 mm   2.5 mm apart",
        "74 HU at L 1.0  P 0.0  F 25.0",
        "voxel 2, 2, 2",
    )
    assert corners.bottom_right == ("Zoom 1.00", "W 400  L 40  soft")


def test_the_probe_names_the_voxel_and_the_file_that_hold_its_value(tmp_path: Path) -> None:
    volume = dicomvtk.phantom((20, 16, 12), orientation="oblique")
    noisy = np.random.default_rng(4).integers(-1000, 2000, volume.shape).astype(np.int16)
    dicomvtk.write_series(volume.with_array(np.asfortranarray(noisy)), tmp_path / "made")
    for number, path in enumerate(sorted((tmp_path / "made").iterdir(), reverse=True)):
        path.rename(path.with_name(f"z{number:02}.dcm"))  # names against the order of the slices
    read = dicomvtk.read(tmp_path / "made")

    for index in ((3, 11, 2), (17, 4, 9), (0, 15, 0), (19, 0, 11)):
        point = read.geometry.index_to_physical(index)
        value, voxel, name = probe_lines(read, tuple(point))

        file = pydicom.dcmread(tmp_path / "made" / name)
        stored = file.pixel_array[index[1], index[0]] * file.RescaleSlope + file.RescaleIntercept
        row, column = (np.array(file.ImageOrientationPatient[n : n + 3], float) for n in (0, 3))
        across = row * file.PixelSpacing[1] * index[0] + column * file.PixelSpacing[0] * index[1]
        np.testing.assert_allclose(np.array(file.ImagePositionPatient, float) + across, point, atol=1e-3)
        assert value.startswith(f"{stored:.0f} HU at ")
        assert voxel == "voxel {}, {}, {}".format(*index)


def test_the_probe_of_a_later_frame_names_a_file_of_that_frame(shared_data: Path) -> None:
    series = shared_data / "mr_4d_classic_ge"
    volume = dicomvtk.read(series)
    drawn = drawable(volume, (7,))

    value, _voxel, name = probe_lines(drawn, tuple(drawn.geometry.index_to_physical((30, 20, 4))))

    file = pydicom.dcmread(next(series.rglob(name)))
    assert value.startswith(f"{file.pixel_array[20, 30]} at ")
    assert file.pixel_array[20, 30] == volume.array[30, 20, 4, 7]


def test_only_planes_that_run_across_the_grid_are_called_oblique() -> None:
    state = resolve(View(tilt=(0.0, 0.0, 30.0)), VOLUME)
    planes = slice_planes(VOLUME.geometry, tilt=state.tilt)

    first_lines = {
        name: slice_corners(VOLUME, state, plane, first=False).bottom_left[0] for name, plane in planes.items()
    }

    assert {name: "oblique" in line for name, line in first_lines.items()} == {
        "axial": False,
        "sagittal": True,
        "coronal": True,
    }


def test_planes_along_the_patient_are_not_oblique_whatever_the_grid_is() -> None:
    direction = np.array([[np.cos(0.2), -np.sin(0.2), 0.0], [np.sin(0.2), np.cos(0.2), 0.0], [0.0, 0.0, 1.0]])
    volume = replace(VOLUME, geometry=replace(VOLUME.geometry, direction=direction))
    for along in ("volume", "patient"):
        state = resolve(View(along=along), volume)
        for plane in slice_planes(volume.geometry, along).values():
            assert "oblique" not in slice_corners(volume, state, plane, first=False).bottom_left[0]


@pytest.mark.parametrize(("unit", "written"), [("BQML", "Bq/ml"), ("GML", "g/ml"), ("HU", "HU")])
def test_units_of_pet_are_written_as_people_do(unit: str, written: str) -> None:
    volume = replace(VOLUME, info=replace(VOLUME.info, modality="PT", unit=unit))
    state = resolve(View(crosshair=(1.0, 0.0, -25.0)), volume)

    corners = slice_corners(volume, state, slice_planes(volume.geometry)["axial"], first=True)

    assert corners.bottom_left[2] == f"74 {written} at L 1.0  P 0.0  F 25.0"


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_inverted_is_said_of_what_is_not_shown_as_the_header_means_it(photometric: str) -> None:
    volume = replace(VOLUME, info=replace(VOLUME.info, photometric=photometric))
    plane = slice_planes(volume.geometry)["axial"]
    meant = resolve(View(), volume)

    for state, said in ((meant, False), (replace(meant, invert=not meant.invert), True)):
        assert ("inverted" in slice_corners(volume, state, plane, first=True).bottom_right[1]) == said


def test_other_panes_do_not_repeat_who_and_what() -> None:
    corners = slice_corners(VOLUME, resolve(View(), VOLUME), slice_planes(VOLUME.geometry)["coronal"], first=False)

    assert corners.top_left == corners.top_right == ()
    assert corners.bottom_left[0] == "Coronal 3/5"


def test_unplaced_volume_has_numbers_without_letters() -> None:
    volume = replace(VOLUME, geometry=replace(VOLUME.geometry, placed=False))
    corners = slice_corners(volume, resolve(View(), volume), slice_planes(volume.geometry)["axial"], first=True)

    assert corners.bottom_left == ("Image 4/6", "-22.5 mm   2.5 mm apart", "75 HU at 1.0  0.0  -22.5", "voxel 2, 2, 3")


def test_a_single_slice_tells_its_place_and_one_without_a_place_none() -> None:
    one = replace(VOLUME, array=ARRAY[:, :, :1], geometry=replace(VOLUME.geometry, shape=(4, 5, 1)))
    unplaced = replace(one, geometry=replace(one.geometry, placed=False))

    for volume, second in ((one, "F 30.0 mm"), (unplaced, "72 HU at")):
        corners = slice_corners(volume, resolve(View(), volume), slice_planes(volume.geometry)["axial"], first=True)
        assert corners.bottom_left[1].startswith(second)
        assert "apart" not in corners.bottom_left[1]


def test_crosshair_outside_has_no_value() -> None:
    state = resolve(View(crosshair=(500.0, 0.0, 0.0)), VOLUME)

    corners = slice_corners(VOLUME, state, slice_planes(VOLUME.geometry)["axial"], first=True)

    assert len(corners.bottom_left) == 2


def test_3d_pane_tells_what_it_draws_and_what_it_leaves_out() -> None:
    state = resolve(View(layers=(VolumeLayer("ct-bone"), SurfaceLayer(250.0))), VOLUME)

    corners = pane_3d_corners(state, "HU", "3-D reduced to 2 x 2 x 3")

    assert corners.bottom_left == ("Volume: ct-bone", "Surface at 250 HU", "3-D reduced to 2 x 2 x 3")


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("", ()),
        ("Doe", ("Doe",)),
        ("Doe^", ("Doe",)),
        ("^Jane", ("Jane",)),
        ("Yamada^Tarou=山田^太郎=やまだ^たろう", ("Yamada, Tarou", "山田 太郎", "やまだ たろう")),
        ("=山田^太郎", ("山田 太郎",)),
    ],
)
def test_person_names(name: str, lines: tuple[str, ...]) -> None:
    assert person_name(name) == lines


def test_windows_of_small_values_keep_their_digits() -> None:
    assert window_text(WindowLevel(0.0123, 0.5)) == "W 0.5  L 0.0123"
    assert window_text(WindowLevel(1.0, 2.0), inverted=True) == "W 2  L 1  inverted"


@pytest.mark.parametrize(
    ("centre", "width", "text"),
    [
        (-5.5557, 2219.3, "W 2219  L -6"),
        (-0.2, 2219, "W 2219  L 0"),
        (40.5, 400, "W 400  L 40.5"),
        (8431, 15175, "W 15175  L 8431"),
    ],
)
def test_a_level_has_the_digits_that_its_width_leaves(centre: float, width: float, text: str) -> None:
    assert window_text(WindowLevel(centre, width)) == text


def drawn_width(text: str) -> int:
    shown = readable(text)
    style = vtkTextProperty()
    style.SetFontSize(30)
    fonts.set_font(style, shown.font)
    left, right, _bottom, _top = text_bounds(shown.text, style)
    return right - left


def test_latin_names_use_the_font_that_vtk_brings() -> None:
    assert readable("Müller, Jörg 4711") == fonts.Readable("Müller, Jörg 4711")


@pytest.mark.parametrize("name", ["山田 太郎", "Иванов Пётр", "김희중", "אברהם", "a\x01b\u200b", "\U0001f600"])
def test_no_letter_vanishes(name: str) -> None:
    for number, character in enumerate(name):
        rest = name[:number] + name[number + 1 :]
        if not character.isspace() and drawn_width(name) <= drawn_width(rest):
            pytest.fail(f"{character!r} of {name!r} is not drawn")


def test_without_fonts_letters_become_their_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "_system_fonts", tuple)

    assert readable("山田 T") == fonts.Readable(r"\u5C71\u7530 T")
    assert readable("a\nb\tc") == fonts.Readable("a\nb\\u0009c")
    assert readable("\U0001f600") == fonts.Readable(r"\U0001F600")


def test_latin_beside_letters_of_a_font_that_has_none_is_written_wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "_system_fonts", lambda: ("cjk",))
    monkeypatch.setattr(fonts, "_has", lambda font, c: c > "\u3000" if font else c.isascii())

    assert readable("3: \u982d\u90e8") == fonts.Readable("\uff13\uff1a \u982d\u90e8", "cjk")
    assert readable("3: \u00e9") == fonts.Readable("3: \\u00E9"), "no font has this one"


def test_help_sheet_has_a_meaning_for_every_line() -> None:
    left, right = help_columns()

    rows = [row for row in zip(left, right, strict=True) if any(row)]
    assert rows == [(keys, meaning) if keys else (meaning.upper(), "") for keys, meaning in HELP]
    assert all(meaning for _keys, meaning in HELP)


@pytest.mark.parametrize("rows", [1, 5, len(HELP), len(HELP) + 1])
def test_help_sheet_has_no_more_lines_than_there_is_room_for_and_says_so(rows: int) -> None:
    left, right = help_columns(rows)

    assert len(left) == len(right) <= rows
    assert (right[-1] == "a larger window shows all keys") == (rows < len(HELP))


def test_lines_too_long_lose_whole_words_and_file_names_their_middle() -> None:
    style = vtkTextProperty()
    style.SetFontSize(12)

    def shown(line: str, share: float) -> str:
        left, right, _bottom, _top = text_bounds(line, style)
        short = fitted(line, style, round(share * (right - left)))
        assert text_bounds(short, style)[1] <= share * (right - left) + 1
        return short

    assert shown("P 141.0 mm   0.781 mm apart", 0.6) == "P 141.0 mm..."
    name = shown("1.3.12.2.1107.5.2.43.67093.20220711.dcm frame 17", 0.7)
    assert name.startswith("1.3.12")
    assert name.endswith(".dcm frame 17")
    assert "..." in name
    assert shown("Wolfeschlegelsteinhausenbergerdorff, A", 0.5).startswith("Wolf")


@pytest.mark.parametrize(
    "size", [(400, 300), (600, 400), (1200, 900), (1390, 980), (700, 300), (1380, 200), (1380, 240)], ids=str
)
@pytest.mark.parametrize("layout", ["quad", "three", "axial"])
def test_no_text_covers_another_or_the_ruler(size: tuple[int, int], layout: str) -> None:
    names = SeriesInfo(
        modality="CT",
        patient_name="Wolfeschlegelsteinhausenbergerdorff^Hubert^Blaine",
        patient_id="1.2.840.113619.2.55.3.604688119.969.1268071029.320",
        description="Thorax portal venous phase, lung kernel, thin slices, second reconstruction",
        number=1204,
        unit="HU",
        sources=tuple(FrameSource(f"1.3.12.2.1107.5.2.43.67093.2022071112123439621{n:06d}.dcm") for n in range(60)),
    )
    volume = Volume(np.zeros((100, 100, 60), np.int16), Geometry((100, 100, 60), (0.78, 0.78, 1.0)), names)
    window = offscreen_window()
    window.SetSize(*size)
    session = Session(volume, View(layout=layout, tilt=(0.0, 20.0, 0.0)), window)
    try:
        session.draw(detail=Detail.NOTHING)
        for plane, rect in session.rects.items():
            renderer = next(
                one
                for one in window.GetRenderers()
                if one.GetOrigin() == (rect.x, rect.y) and one.GetSize() == (rect.width, rect.height)
            )
            boxes = _text_boxes(renderer)
            for number, (name, one) in enumerate(boxes):
                assert one[0] >= 0, f"{name} begins in the pane"
                assert one[2] <= rect.width, f"{name} ends in the pane"
                for other_name, other in boxes[number + 1 :]:
                    assert not _meet(one, other), f"{name} over {other_name} in {rect}"
            if min(rect.width, rect.height) >= 160 and plane in PLANES:
                assert any(name.endswith((" cm", " mm")) and len(name) < 8 for name, _ in boxes), "there is a ruler"
    finally:
        session.release()


def _text_boxes(renderer: vtkRenderer) -> list[tuple[str, tuple[float, ...]]]:
    """Return each text shown, and its edges in pixels of the pane; a ruler's reach from its label to its other end."""
    shapes = [prop.GetMapper() for prop in renderer.GetViewProps() if isinstance(prop, vtkActor2D)]
    lines = [m.GetInput().GetBounds() for m in shapes if isinstance(m, vtkPolyDataMapper2D)]
    boxes = []
    for prop in renderer.GetViewProps():
        if isinstance(prop, vtkTextActor) and prop.GetVisibility() and prop.GetInput():
            left, right, bottom, top = text_bounds(prop.GetInput(), prop.GetTextProperty())
            x, y = prop.GetPosition()
            ruler = [b[0] for b in lines if abs(b[1] - (x - 6)) < 2 and prop.GetInput()[-2:] in ("mm", "cm")]
            start = min([x + left, *ruler])
            boxes.append((prop.GetInput(), (start, y + bottom + 2, x + right, y + top - 2)))
    return boxes


def _meet(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
