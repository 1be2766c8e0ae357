"""The Matplotlib example draws voxels where they are and the patient the right way round."""

from __future__ import annotations

import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dicomvtk

pytest.importorskip("matplotlib")

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "plot_slice.py"


@pytest.fixture
def drawn() -> Any:
    """Return a function that draws a volume and gives the Matplotlib axes."""
    script = runpy.run_path(str(SCRIPT))
    from matplotlib import pyplot

    def draw(volume: dicomvtk.Volume) -> Any:
        _, axes = pyplot.subplots()
        script["draw_axial"](axes, volume)
        return axes

    yield draw
    pyplot.close("all")


def test_voxels_are_drawn_between_their_faces(drawn: Any) -> None:
    volume = dicomvtk.Volume(
        np.arange(24, dtype=np.int16).reshape((4, 3, 2), order="F"),
        dicomvtk.Geometry((4, 3, 2), (2.0, 3.0, 5.0), (10.0, 20.0, 30.0)),
    )

    axes = drawn(volume)

    assert axes.get_xlim() == (9.0, 17.0)
    assert axes.get_ylim() == (27.5, 18.5), "posterior is down"
    [mesh] = axes.collections
    assert mesh.get_coordinates()[0, 0].tolist() == [9.0, 18.5]
    assert np.asarray(mesh.get_array()).tolist() == volume.array[:, :, 1].T.tolist()
    [mark] = axes.lines
    assert mark.get_xydata().tolist() == [[16.0, 26.0]], "points are marked at voxel centres"


@pytest.mark.parametrize("codes", ["LPS", "RAS", "PSL", "AIR", "SLA"])
def test_left_stays_on_the_right_in_any_axis_order(drawn: Any, codes: str) -> None:
    array = np.zeros((5, 5, 5), np.int16, order="F")
    array[2, 2, 2] = 1
    geometry = dicomvtk.Geometry((5, 5, 5), origin=(-2, -2, -2)).reoriented(codes)
    lit = tuple(np.rint(geometry.physical_to_index((2, -1, 0))).astype(int))  # left, a little to the front
    array[lit] = 9

    [mark] = drawn(dicomvtk.Volume(array, geometry)).lines

    assert mark.get_xydata().tolist() == [[2.0, -1.0]]


def test_the_example_runs_as_it_says(tmp_path: Path) -> None:
    made = subprocess.run(
        [sys.executable, str(SCRIPT), "-o", str(tmp_path / "slice.png")], capture_output=True, text=True, check=False
    )

    assert made.returncode == 0, made.stderr
    assert made.stderr == ""
    assert (tmp_path / "slice.png").read_bytes().startswith(b"\x89PNG")
