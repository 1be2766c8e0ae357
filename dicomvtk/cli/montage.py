"""``dicomvtk montage``: slices of a volume on one contact sheet."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import numpy as np

from dicomvtk.anatomy import OPPOSITE, orientation_letters
from dicomvtk.cli.console import Console
from dicomvtk.cli.pictures_of import one_scale
from dicomvtk.cli.source import Source, source_options
from dicomvtk.cli.values import Window
from dicomvtk.display import WindowLevel
from dicomvtk.errors import WriteError
from dicomvtk.volume import Volume

__all__ = ["montage"]


@click.command()
@source_options
@click.argument("out", type=click.Path())
@click.option("--plane", type=click.Choice(["axial", "sagittal", "coronal"]), help="Default: that of the slices.")
@click.option("--count", type=click.IntRange(min=1), default=20, show_default=True, help="How many slices, evenly.")
@click.option("--columns", type=click.IntRange(min=1), help="Pictures in a row.")
@click.option("--tile", type=click.IntRange(min=16), default=192, show_default=True, help="Pixels of a picture.")
@click.option(
    "--window",
    type=Window(),
    metavar="NAME|C,W|auto|dicom:N",
    help="CT-BONE, 40,400, auto, or the header's N-th (first).",
)
@click.option("--overwrite", is_flag=True, help="Replace OUT where it exists.")
@click.pass_obj
def montage(
    console: Console,
    /,
    out: str,
    plane: str | None,
    count: int,
    columns: int | None,
    tile: int,
    window: WindowLevel | str | None,
    overwrite: bool,
    **options: Any,
) -> None:
    """Save slices of the volume in SRC side by side as OUT (png, jpg, tiff, webp), with letters and captions."""
    from dicomvtk.formats.pictures import save_picture
    from dicomvtk.render.contact_sheet import contact_sheet

    if Path(out).exists() and not overwrite:
        raise WriteError(f"Cannot write {out}: it exists. --overwrite replaces it.")
    volume = Source.of(options).read(console, largest=True)
    shown = _on_screen(volume.frame(*(0 for _ in volume.axes)), plane)
    depth = shown.shape[2]
    wanted = np.unique(np.linspace(0, depth - 1, min(count, depth)).round().astype(int))
    sheet = contact_sheet(_tiles(shown, wanted.tolist(), window), columns=columns, size=tile)
    save_picture(sheet, out)
    console.done(f"{out}: {len(wanted)} of {depth} slices")


def _on_screen(volume: Volume, plane: str | None) -> Volume:
    """Return the volume with its slices as they lie on the screen; without a place in a patient, as they are."""
    if plane is None and not (volume.geometry.placed and volume.regular):
        return volume
    from dicomvtk.processing.planes import in_plane

    return in_plane(volume, plane or _plane_of(volume))


def _plane_of(volume: Volume) -> str:
    """Return the plane that the slices lie nearest to."""
    return ("sagittal", "coronal", "axial")[int(np.argmax(np.abs(volume.direction[:, 2])))]


def _tiles(volume: Volume, slices: list[int], window: WindowLevel | str | None) -> list[Any]:
    from dicomvtk.render.contact_sheet import Tile

    pictures = volume.display(one_scale([volume], window))
    letters = _letters(volume)
    return [Tile(pictures[:, :, k].swapaxes(0, 1), _caption(volume, k), letters) for k in slices]


def _letters(volume: Volume) -> tuple[str, str, str, str]:
    """Return the letters at left, right, top and bottom of the slices."""
    if not volume.geometry.placed:
        return ("", "", "", "")
    right, bottom = (orientation_letters(volume.direction[:, axis].tolist()) for axis in (0, 1))
    left, top = ("".join(OPPOSITE[letter] for letter in word) for word in (right, bottom))
    return (left, right, top, bottom)


def _caption(volume: Volume, k: int) -> str:
    number = f"{k + 1}/{volume.shape[2]}"
    if not volume.geometry.placed:
        return number
    axis = int(np.argmax(np.abs(volume.direction[:, 2])))
    position = volume.geometry.index_to_physical((0, 0, k))[axis]
    return f"{number}  {'LPH'[axis] if position >= 0 else 'RAF'[axis]} {abs(position):.1f} mm"
