"""Many small pictures on one: fitted into tiles of one size, with letters at their sides and a caption below."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkCommonDataModel import vtkImageData
from vtkmodules.vtkRenderingCore import vtkTextProperty, vtkTextRenderer

from dicomvtk.errors import UnsupportedError
from dicomvtk.render.fonts import readable, set_font

__all__ = ["Tile", "contact_sheet", "fitted", "text_picture"]

Picture = NDArray[np.uint8]

_GAP = 4
_TEXT_PIXELS = 12
_MARGIN = 3
_DPI = 72
_WHITE, _SHADE = 255, 90


@dataclass(frozen=True)
class Tile:
    """A picture (row, column[, 3]), its caption, and the letters at its left, right, top and bottom."""

    picture: Picture
    caption: str = ""
    letters: tuple[str, str, str, str] = ("", "", "", "")


def contact_sheet(tiles: Sequence[Tile], *, columns: int | None = None, size: int = 192) -> Picture:
    """Return all `tiles` as one picture (row, column, 3), `columns` in a row (about square if left out).

    Each picture is fitted into `size` x `size` pixels on black.
    """
    if not tiles:
        raise UnsupportedError("Cannot make a contact sheet of no pictures.")
    across = columns or int(np.ceil(np.sqrt(len(tiles))))
    down = -(-len(tiles) // across)
    band = _TEXT_PIXELS + 2 * _MARGIN if any(tile.caption for tile in tiles) else 0
    high, wide = size + band + _GAP, size + _GAP
    sheet = np.zeros((down * high + _GAP, across * wide + _GAP, 3), np.uint8)
    for n, tile in enumerate(tiles):
        top, left = _GAP + n // across * high, _GAP + n % across * wide
        _draw(sheet[top : top + size + band, left : left + size], tile, size)
    return sheet


def _draw(place: Picture, tile: Tile, size: int) -> None:
    picture = fitted(tile.picture, size)
    rows, columns = picture.shape[:2]
    top, left = (size - rows) // 2, (size - columns) // 2
    place[top : top + rows, left : left + columns] = picture if picture.ndim == 3 else picture[..., np.newaxis]
    middle = size // 2
    for letter, row, column, anchor in zip(
        tile.letters,
        (middle, middle, _MARGIN, size - _MARGIN - _TEXT_PIXELS),
        (_MARGIN, size - _MARGIN, middle, middle),
        (0.0, 1.0, 0.5, 0.5),
        strict=True,
    ):
        _write(place, letter, row, column, anchor)
    _write(place, tile.caption, size + _MARGIN, _MARGIN, 0.0)


def _write(place: Picture, text: str, row: int, column: int, anchor: float) -> None:
    """Put white text on a shade, its top at `row`, its left end, middle or right end (anchor 0, 0.5, 1) at `column`."""
    if not text:
        return
    ink = text_picture(text, _TEXT_PIXELS)[: place.shape[0] - row, : place.shape[1] - _MARGIN]
    start = max(0, column - round(anchor * ink.shape[1]))
    under = place[row : row + ink.shape[0], start : start + ink.shape[1]]
    ink = ink[: under.shape[0], : under.shape[1], np.newaxis]
    shaded = np.minimum(under, _SHADE)
    under[...] = (shaded + (_WHITE - shaded.astype(np.int32)) * ink // 255).astype(np.uint8)


def text_picture(text: str, pixels: int) -> NDArray[np.uint8]:
    """Return how much of each pixel one line of `text` covers, 0 to 255, (row, column); needs no window."""
    line = readable(text.replace("\n", " "))
    style = vtkTextProperty()
    style.SetFontSize(pixels)
    style.SetColor(1.0, 1.0, 1.0)
    set_font(style, line.font)
    image, size = vtkImageData(), [0, 0]
    drawn = vtkTextRenderer.GetInstance().RenderString(style, line.text, image, size, _DPI)
    if not drawn or image.GetPointData().GetScalars() is None:
        return np.zeros((pixels, 1), np.uint8)
    columns, rows, _ = image.GetDimensions()
    rgba = vtk_to_numpy(image.GetPointData().GetScalars()).reshape(rows, columns, 4)
    alpha: NDArray[np.uint8] = rgba[: size[1], : size[0], 3][::-1]  # VTK's rows go up
    return alpha


def fitted(picture: Picture, size: int) -> Picture:
    """Return `picture` with its longer side `size` pixels long; shrinking averages, so that nothing thin is lost."""
    rows, columns = picture.shape[:2]
    scale = size / max(rows, columns)
    high, wide = max(1, round(rows * scale)), max(1, round(columns * scale))
    values = np.tensordot(_weights(rows, high), picture.astype(np.float64), axes=(1, 0))
    values = np.moveaxis(np.tensordot(_weights(columns, wide), values, axes=(1, 1)), 0, 1)
    return np.rint(values).clip(0, 255).astype(np.uint8)


def _weights(old: int, new: int) -> NDArray[np.float64]:
    """Return (new, old) weights of a triangle as wide as a pixel of the coarser of the two."""
    scale = max(1.0, old / new)
    centres = (np.arange(new) + 0.5) * old / new - 0.5
    weights = np.clip(1 - np.abs(np.arange(old)[np.newaxis] - centres[:, np.newaxis]) / scale, 0, None)
    total: NDArray[np.float64] = weights / weights.sum(axis=1, keepdims=True)
    return total
