"""``dicomvtk surface``: the surface of bone, or of whatever a level separates, for printing and modelling."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from dicomvtk.cli.console import Console
from dicomvtk.cli.source import Source, source_options
from dicomvtk.errors import UnsupportedError, WriteError
from dicomvtk.volume import Volume

__all__ = ["surface"]

#: Bone begins near here in CT.
_CT_BONE_HU = 300.0


@click.command()
@source_options
@click.argument("out", type=click.Path())
@click.option("--level", type=float, help="Value to follow; CT: 300 HU, else chosen by the values (Otsu) and said.")
@click.option("--overwrite", is_flag=True, help="Replace OUT where it exists.")
@click.pass_obj
def surface(
    console: Console,
    /,
    out: str,
    level: float | None,
    overwrite: bool,
    **options: Any,
) -> None:
    """Write the surface at a level of the volume in SRC to OUT (.stl .ply .obj .vtp), in LPS millimetres."""
    from dicomvtk.processing.surface import SURFACE_SUFFIXES, extract_surface, save_surface

    if Path(out).suffix.lower() not in SURFACE_SUFFIXES:
        raise UnsupportedError(
            f"Cannot write a surface to {out}; expected a name ending in {', '.join(SURFACE_SUFFIXES)}."
        )
    if Path(out).exists() and not overwrite:
        raise WriteError(f"Cannot write {out}: it exists. --overwrite replaces it.")
    volume = Source.of(options).read(console)
    if level is None:
        level = _usual_level(volume)
        console.note(f"level {level:g}{f' {volume.info.unit}' if volume.info.unit else ''}; --level chooses another")
    found = extract_surface(volume, level)
    save_surface(found, out)
    console.done(f"{out}: {found.GetNumberOfPolys()} triangles at level {level:g}")


def _usual_level(volume: Volume) -> float:
    if volume.info.modality == "CT":
        return _CT_BONE_HU
    from dicomvtk.render.levels import surface_level

    return surface_level(volume)
