"""What a window opens when files are dropped on it: real folders and files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import dicomvtk
from dicomvtk.cli.around import open_paths
from dicomvtk.errors import NoDicomError
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
