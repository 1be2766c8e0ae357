"""``dicomvtk surface``: the surface of bone, or of whatever a level separates, for printing and modelling."""

from __future__ import annotations

import math
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dicomvtk.cli.console import Console
from dicomvtk.cli.source import Source, source_options
from dicomvtk.errors import DicomVtkWarning, UnsupportedError, WriteError
from dicomvtk.volume import Volume

if TYPE_CHECKING:
    from vtkmodules.vtkCommonDataModel import vtkPolyData

    from dicomvtk.processing.mesh import MeshMeasures

__all__ = ["surface"]

#: Bone begins near here in CT.
_CT_BONE_HU = 300.0


@click.command()
@source_options
@click.argument("out", type=click.Path())
@click.option("--level", type=float, help="Value to follow; CT: 300 HU, else chosen by the values (Otsu) and said.")
@click.option(
    "--tissue",
    type=click.Choice(["bone", "skin", "lung"]),
    help="The level of a tissue in CT; lungs without the air outside.",
)
@click.option("--labels", is_flag=True, help="SRC is a label map: the surfaces of all its labels.")
@click.option("--cap", is_flag=True, help="Close the surface where the edge of the volume cuts it.")
@click.option("--no-smooth", is_flag=True, help="Leave the steps of the voxels.")
@click.option("--largest", is_flag=True, help="Only the largest piece.")
@click.option("--min-size", type=click.IntRange(0), default=0, help="Leave out pieces of fewer triangles.")
@click.option(
    "--reduce",
    type=click.FloatRange(0, 1, max_open=True),
    default=0.0,
    help="Share of the triangles to take away, such as 0.9.",
)
@click.option("--triangles", type=click.IntRange(1), help="As many triangles as there may be, in place of --reduce.")
@click.option("--space", type=click.Choice(["LPS", "RAS"]), default="LPS", show_default=True, help="Of coordinates.")
@click.option("--overwrite", is_flag=True, help="Replace OUT where it exists.")
@click.pass_obj
def surface(
    console: Console,
    /,
    out: str,
    space: str,
    overwrite: bool,
    **options: Any,
) -> None:
    """Write the surface at a level of the volume in SRC to OUT (.stl .ply .obj .vtp .glb), in millimetres."""
    from dicomvtk.processing.mesh import finished, measures
    from dicomvtk.processing.surface import SURFACE_SUFFIXES, save_surface

    if sum((options["level"] is not None, options["tissue"] is not None, options["labels"])) > 1:
        raise click.UsageError("--level, --tissue and --labels exclude each other.")
    if options["level"] is not None and not math.isfinite(options["level"]):
        raise click.UsageError(f"--level {options['level']}; expected a finite value.")
    if Path(out).suffix.lower() not in SURFACE_SUFFIXES:
        raise UnsupportedError(
            f"Cannot write a surface to {out}; expected a name ending in {', '.join(SURFACE_SUFFIXES)}."
        )
    if Path(out).exists() and not overwrite:
        raise WriteError(f"Cannot write {out}: it exists. --overwrite replaces it.")
    volume = Source.of(options).read(console)
    _check_kind(volume)
    if options["labels"]:
        mesh, size, what = _labels(volume, console, options)
    else:
        found, what = _extracted(volume, console, options)
        mesh = finished(found, reduce=options["reduce"], triangles=options["triangles"], **_finish(options))
        size = measures(mesh)
    save_surface(mesh, out, space)
    where = f"{space} mm" if Path(out).suffix.lower() != ".glb" else f"{space} mm in metres upright"
    console.done(f"{out}: {size.triangles} triangles {what}, {where}, {_told(size)}")


def _told(size: MeshMeasures) -> str:
    inside = f"{size.volume_mm3 / 1000:.6g} cm3" if size.closed else "not closed"
    return f"{size.area_mm2 / 100:.6g} cm2, {inside}"


def _check_kind(volume: Volume) -> None:
    if volume.axes:
        raise UnsupportedError(
            f"Cannot extract a surface from a volume of shape {volume.shape}, which has several frames; choose one "
            "with --frame."
        )
    if volume.is_colour:
        raise UnsupportedError(
            f"Cannot extract a surface from a volume of colours, shape {volume.shape}: no level separates them."
        )


def _finish(options: dict[str, Any]) -> dict[str, Any]:
    return {
        "smooth": not options["no_smooth"],
        "largest": options["largest"],
        "least_triangles": options["min_size"],
    }


def _labels(volume: Volume, console: Console, options: dict[str, Any]) -> tuple[vtkPolyData, MeshMeasures, str]:
    """Return the surfaces of all labels as one, what they measure together, and what they are."""
    from dicomvtk.processing.label_mesh import as_one, label_surfaces
    from dicomvtk.processing.mesh import capped, finished, measures, together

    surfaces = label_surfaces(capped(volume, 0) if options["cap"] else volume, smooth=not options["no_smooth"])
    if not surfaces:
        raise UnsupportedError("No label has a surface inside the volume; --cap closes what reaches its edge.")
    whole = sum(one.GetNumberOfPolys() for one in surfaces.values())
    share = options["reduce"]
    if options["triangles"] is not None:  # each label rounds down to its part of them
        share = max(0.0, 1.0 - max(1, options["triangles"] - len(surfaces)) / max(1, whole))
    finish = {**_finish(options), "smooth": False}  # one by one, neighbours would part
    made = {}
    for label, one in surfaces.items():
        try:
            made[label] = finished(one, reduce=share, **finish)
        except UnsupportedError as error:
            warnings.warn(f"Label {label} is left out: {error}", DicomVtkWarning, stacklevel=2)
    if not made:
        raise UnsupportedError(f"Nothing is left of {len(surfaces)} label{'s' * (len(surfaces) != 1)}.")
    sizes = {label: measures(one) for label, one in made.items()}
    names = {segment.number: segment.label for segment in volume.info.segments}
    for label, size in sizes.items():
        console.note(f"label {label}{f' {names[label]}' if label in names else ''}: {_told(size)}")
    return as_one(made), together(list(sizes.values())), f"of {len(made)} label{'s' * (len(made) != 1)}"


def _extracted(volume: Volume, console: Console, options: dict[str, Any]) -> tuple[vtkPolyData, str]:
    """Return the surface that the options ask for, and how it was found."""
    from dicomvtk.processing.lungs import lungs
    from dicomvtk.processing.mesh import capped
    from dicomvtk.processing.surface import extract_surface
    from dicomvtk.render.levels import tissue_level

    level: float | None = options["level"]
    if options["tissue"] == "lung":
        volume = lungs(volume)  # of all that is as thin as they are
    whole = capped(volume) if options["cap"] else volume
    if options["tissue"] is not None:
        level = tissue_level(options["tissue"], volume)
    if level is None:
        level = _usual_level(volume)
        console.note(f"level {level:g}{f' {volume.info.unit}' if volume.info.unit else ''}; --level chooses another")
    return extract_surface(whole, level), f"at level {level:g}"


def _usual_level(volume: Volume) -> float:
    from dicomvtk.render.levels import in_hounsfield, surface_level, value_spread

    return _CT_BONE_HU if in_hounsfield(volume.info.modality, value_spread(volume)) else surface_level(volume)
