"""The cube of letters in the 3-D pane, read as a person reads it: which letter, which way up, mirrored or not."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.path import Path
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkRenderingFreeType import vtkVectorText

from dicomvtk.geometry import Geometry
from dicomvtk.render.scene import View
from dicomvtk.render.viewer import snapshot
from dicomvtk.render.viewpoints import camera_from
from dicomvtk.volume import Volume

SIDE, CORNER, CELLS = 400, 100, 24


def shape_of(letter: str) -> np.ndarray:
    """Return the letter in the font of the cube as a mask, row 0 at the top, as large as its own edges."""
    text = vtkVectorText()
    text.SetText(letter)
    text.Update()
    points = vtk_to_numpy(text.GetOutput().GetPoints().GetData())[:, :2]
    corners = vtk_to_numpy(text.GetOutput().GetPolys().GetConnectivityArray()).reshape(-1, 3)
    (left, low), (right, high) = points.min(axis=0), points.max(axis=0)
    shares = (np.arange(CELLS) + 0.5) / CELLS
    xs, ys = np.meshgrid(left + shares * (right - left), high - shares * (high - low))
    cells = np.column_stack([xs.ravel(), ys.ravel()])
    return np.any([Path(points[one]).contains_points(cells) for one in corners], axis=0).reshape(CELLS, CELLS)


def letter_seen(side: str, volume: Volume) -> np.ndarray:
    """Return the letter that the cube shows to an eye on `side`, as `shape_of` does."""
    view = View(layout="3d", layers=(), camera=camera_from(side), show_crosshair=False)
    corner = snapshot(volume, view=view, size=(SIDE, SIDE))[-CORNER:, -CORNER:].astype(int)
    yellow = corner[..., 0] - corner[..., 2] > 60
    rows, columns = np.nonzero(yellow)
    y = np.linspace(rows.min(), rows.max(), CELLS).round().astype(int)
    x = np.linspace(columns.min(), columns.max(), CELLS).round().astype(int)
    return yellow[np.ix_(y, x)]


@pytest.mark.parametrize("side", "APLRHF")
def test_the_cube_shows_the_letter_of_the_side_that_the_eye_is_on(side: str) -> None:
    seen = letter_seen(side, Volume(np.zeros((8, 8, 8), np.int16), Geometry((8, 8, 8))))
    turns = {"": np.s_[:, :], "mirrored": np.s_[:, ::-1], "upside down": np.s_[::-1], "turned": np.s_[::-1, ::-1]}
    likeness = {
        (letter, turn): float((shape_of(letter)[how] == seen).mean())
        for letter in "APLRHF"
        for turn, how in turns.items()
    }

    best = max(likeness.values())
    assert likeness[side, ""] > best - 0.02, sorted(likeness, key=likeness.__getitem__)[-3:]  # A and H are symmetric
    assert best > 0.9
