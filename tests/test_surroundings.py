"""What a window is told and opens: the series of folders and files, those dropped on it, their thumbnails."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import dicomvtk
from dicomvtk.errors import NoDicomError
from dicomvtk.render.resolve import resolve
from dicomvtk.render.scene import View
from dicomvtk.surroundings import around, around_volume, open_paths
from dicomvtk.volume import Volume


@pytest.fixture
def two_series(tmp_path: Path) -> Path:
    for name, slices in (("few", 3), ("many", 7)):
        volume = dicomvtk.phantom((8, 8, slices))
        dicomvtk.write_series(volume, tmp_path / "study" / name, attributes={"SeriesDescription": name})
    return tmp_path / "study"


def test_a_folder_opens_at_its_series_of_most_slices_with_the_others_around(two_series: Path) -> None:
    volume, around = open_paths((str(two_series),))

    assert (volume.info.description, volume.shape) == ("many", (8, 8, 7))
    assert around.current == volume.info.key
    other = around.neighbour(around.current, 1)
    assert around.open_series is not None
    assert around.open_series(other).info.description == "few"
    assert around.open_paths is not None, "and more may be dropped"


def test_several_files_open_as_the_series_they_make(two_series: Path) -> None:
    files = sorted((two_series / "few").iterdir())
    volume, _around = open_paths(tuple(str(file) for file in files))
    assert (volume.info.description, volume.shape) == ("few", (8, 8, 3))


def test_a_file_of_another_format_opens_too(tmp_path: Path) -> None:
    path = tmp_path / "a.nii.gz"
    dicomvtk.write(Volume(np.arange(60, dtype=np.int16).reshape(3, 4, 5)), path)
    volume, around = open_paths((str(path),))
    assert (volume.shape, around.cards) == ((3, 4, 5), ())


def test_what_is_no_image_is_refused_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("not an image")
    with pytest.raises(NoDicomError, match=r"notes\.txt"):
        open_paths((str(tmp_path / "notes.txt"),))


def test_several_folders_list_all_their_series(two_series: Path, tmp_path: Path) -> None:
    dicomvtk.write_series(dicomvtk.phantom((8, 8, 5)), tmp_path / "elsewhere")
    volume, listed = open_paths((str(two_series / "few"), str(two_series / "many"), str(tmp_path / "elsewhere")))

    assert volume.shape == (8, 8, 7)
    assert sorted(card.lines[2] for card in listed.cards) == ["8 x 8 x 3", "8 x 8 x 5", "8 x 8 x 7"]


def test_files_of_other_formats_are_listed_beside_dicom(two_series: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.nii.gz"
    dicomvtk.write(Volume(np.arange(60, dtype=np.int16).reshape(3, 4, 5)), path)

    volume, listed = open_paths((str(path), str(two_series / "few")))

    assert volume.shape == (8, 8, 3)
    assert [card.lines[0] for card in listed.cards if card.key == str(path)] == ["a.nii.gz"]
    assert listed.open_series is not None
    assert listed.open_series(str(path)).shape == (3, 4, 5)


def test_files_of_other_formats_alone_open_at_the_first(tmp_path: Path) -> None:
    for name, size in (("a.nii.gz", 5), ("b.nrrd", 6)):
        dicomvtk.write(Volume(np.zeros((3, 4, size), np.int16)), tmp_path / name)

    volume, listed = open_paths((str(tmp_path / "a.nii.gz"), str(tmp_path / "b.nrrd")))

    assert volume.shape == (3, 4, 5)
    assert listed.neighbour(listed.current, 1) == str(tmp_path / "b.nrrd")


def test_a_volume_alone_has_its_headers_and_opens_what_is_dropped(two_series: Path) -> None:
    told = around_volume(dicomvtk.read(two_series / "few"))

    assert told.header is not None
    assert any(
        "SeriesDescription" in line and "few" in line for line in told.header(dicomvtk.read(two_series / "few"), 0)
    )
    assert told.open_paths is not None
    assert told.open_paths((str(two_series / "many"),))[0].shape == (8, 8, 7)
    assert around_volume(Volume(np.zeros((3, 4, 5), np.int16))).header is None


def thumbnail_of(folder: Path) -> np.ndarray:
    entries = dicomvtk.find_series(folder)
    told = around(entries, entries[0].key)
    assert told.thumbnail is not None
    made = told.thumbnail(entries[0].key)
    assert made is not None
    return made


def test_a_thumbnail_has_the_greys_of_the_slices_voi_lut(tmp_path: Path) -> None:
    ramp = np.repeat(np.arange(0, 160, 10, dtype=np.uint16)[:, np.newaxis], 16, axis=1)[:, :, np.newaxis].repeat(
        3, axis=2
    )
    dicomvtk.write_series(
        np.asfortranarray(ramp),
        tmp_path / "lut",
        modality="MR",
        spacing=(1, 1, 1),
        attributes={
            "VOILUTSequence": [
                {
                    "LUTDescriptor": [160, 0, 16],
                    "LUTData": np.array([65535 if 40 <= v < 80 else 0 for v in range(160)], "<u2").tobytes(),
                }
            ]
        },
    )
    volume = dicomvtk.read(tmp_path / "lut")
    assert resolve(View(), volume).voi_lut == 0, "the file's VOI LUT is what slices are shown by"

    made = thumbnail_of(tmp_path / "lut")

    greys = made[made.shape[0] // 2, :, 0].astype(int)
    columns = np.arange(len(greys)) / len(greys) * 16
    assert greys[(columns > 4.5) & (columns < 7)].min() == 255
    assert greys[(columns < 3) | (columns > 9)].max() == 0


def test_a_thumbnail_keeps_the_shape_of_pixels_and_lies_as_the_patient_does(tmp_path: Path) -> None:
    bright_right = np.zeros((20, 10, 3), np.int16)
    bright_right[:5] = 1000
    dicomvtk.write_series(bright_right, tmp_path / "flat", modality="CT", spacing=(1.0, 6.0, 2.0))

    made = thumbnail_of(tmp_path / "flat").max(axis=2)

    lit = np.argwhere(made > 128)
    assert np.ptp(lit[:, 0]) > 60, "60 mm high"
    assert np.ptp(lit[:, 1]) < 9, "5 mm wide"
    assert lit[:, 1].mean() < 34, "the patient's right is on the left"


def test_a_colour_series_has_a_thumbnail_in_colour(tmp_path: Path) -> None:
    array = np.zeros((12, 12, 3, 3), np.uint8)
    array[..., 0] = 200
    dicomvtk.write_series(dicomvtk.Volume(array), tmp_path / "red")

    assert thumbnail_of(tmp_path / "red")[34, 34].tolist() == [200, 0, 0]


def test_reading_another_series_tells_how_far_it_is_and_can_be_stopped(two_series: Path) -> None:
    class StoppedError(Exception):
        pass

    def stop(done: int, total: int) -> None:
        raise StoppedError(f"{done} of {total}")

    told: list[tuple[int, int]] = []
    _volume, listed = open_paths((str(two_series),), lambda done, total: told.append((done, total)))
    assert told[-1] == (7, 7)
    other = listed.neighbour(listed.current, 1)
    assert listed.open_series is not None
    with pytest.raises(StoppedError, match="of 3"):
        listed.open_series(other, stop)
    assert listed.open_series(other, lambda _done, _total: None).shape == (8, 8, 3), "and read again after that"


def test_series_of_several_patients_say_whose_they_are(tmp_path: Path) -> None:
    for name, patient in (("one", {"PatientName": "Doe^Jane"}), ("two", {"PatientName": "", "PatientID": "P7"})):
        dicomvtk.write_series(dicomvtk.phantom((8, 8, 3)), tmp_path / name, attributes=patient)

    alone, both = (open_paths((str(path),))[1] for path in (tmp_path / "one", tmp_path))

    assert not any("Doe, Jane" in line for card in alone.cards for line in card.lines)
    assert sorted(card.lines[2] for card in both.cards) == ["Doe, Jane", "P7"]
    assert all("8 x 8 x 3" in card.lines[0] for card in both.cards)
