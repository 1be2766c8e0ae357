"""What to show, from options of the command line: shared by `view` and `snapshot`."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click

from dicomvtk.atomic import atomic_file, check_place
from dicomvtk.cli.pictures_of import one_scale
from dicomvtk.cli.values import Checked, Colour, Numbers, SlicePlace, Thickness, Window
from dicomvtk.errors import DicomVtkWarning, UnsupportedError
from dicomvtk.metadata import LookupTable
from dicomvtk.render.colour_maps import COLOUR_MAPS, check_colour_map
from dicomvtk.render.layers import Layer, SliceLayer, SurfaceLayer, VolumeLayer
from dicomvtk.render.presets import PRESETS
from dicomvtk.render.scene import CLIP_SIDES, LAYOUTS, PLANES, View
from dicomvtk.render.surfaces import surface_layers
from dicomvtk.render.viewer import LONGEST_SIDE
from dicomvtk.render.viewpoints import camera_from, on_slice
from dicomvtk.volume import Volume

__all__ = ["DEFAULT_SIZE", "Wanted", "size_option", "view_options"]

DEFAULT_SIZE = (1600, 1200)
#: Options that change the 3-D pane alone, and slices alone.
_OF_3D = ("camera", "preset", "surface", "clip")
_OF_SLICES = ("window", "colour_map", "colour_bar", "slab", "neurological")
_WINDOW_HELP = "Centre and width; soft, lung, bone ...; by the values; the header's N-th."


def view_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that make a `View`; `Wanted.of` takes their values."""
    for decorate in (
        click.option("--save-view", type=click.Path(dir_okay=False), help="Write the view as JSON, for --view."),
        click.option("--view", "view_file", type=click.Path(exists=True, dir_okay=False), help="JSON of a saved view."),
        click.option("--background", type=Colour(), metavar="COLOUR", help="black, white, or #RRGGBB."),
        click.option(
            "--no-annotations", is_flag=True, help="Leave out letters and corner text: no name in the picture."
        ),
        click.option(
            "--camera",
            type=Checked(camera_from),
            metavar="SIDE|AZ,EL",
            help="3-D from A, P, L, R, S, I, or azimuth,elevation degrees.",
        ),
        click.option("--clip", type=click.Choice(list(CLIP_SIDES)), help="Cut this side off the 3-D scene."),
        click.option(
            "--surface",
            type=Checked(_check_surface),
            multiple=True,
            metavar="LEVEL|TISSUE",
            help="A surface in 3-D; may be repeated.",
        ),
        click.option("--couch", is_flag=True, help="Show the couch of a CT in 3-D too."),
        click.option("--preset", type=click.Choice(list(PRESETS)), help="Colours of the volume in 3-D."),
        click.option("--slab", type=Thickness(), metavar="MM[,BLEND]", help="Thick slices: max (default), min, mean."),
        click.option("--neurological", is_flag=True, help="Axial from the head: left on the left."),
        click.option("--colour-bar", is_flag=True, help="Show which colour is which value."),
        click.option(
            "--colour-map",
            type=Checked(check_colour_map),
            metavar="NAME",
            help=f"Colours of slices: {', '.join(COLOUR_MAPS)}, or Matplotlib's; _r reverses.",
        ),
        click.option(
            "--slice",
            "slice_at",
            type=SlicePlace(),
            metavar="40mm|N",
            help="Which slice of --plane, by place or number.",
        ),
        click.option("--plane", type=click.Choice(PLANES), help="One plane alone; same as --layout PLANE."),
        click.option("--crosshair", type=Numbers(float, 3), metavar="X,Y,Z", help="LPS point in mm to go through."),
        click.option("--window", type=Window(), metavar="C,W|NAME|auto|dicom:N", help=_WINDOW_HELP),
        click.option("--layout", type=click.Choice(LAYOUTS), help="What to show (default quad)."),
    ):
        command = decorate(command)
    return command


def size_option(of: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a command the size in pixels `of` what it shows; None where none is asked for."""
    return click.option(
        "--size", type=Numbers(int, 2, above=0, most=LONGEST_SIDE), metavar="WxH", help=f"Size in pixels of {of}."
    )


@dataclass(frozen=True)
class Wanted:
    """The view that the options ask for; which slice, and a window of the header or values, wait for the volume."""

    view: View
    plane: str | None
    slice_at: str | None
    window: str | None
    save_view: str | None

    @classmethod
    def of(cls, options: dict[str, Any], usual: View | None = None) -> Wanted:
        """Take out of `options` what `view_options` put there, over what the file of a saved view or `usual` says."""
        view_file = options.pop("view_file")
        view = _saved(view_file) if view_file else usual or View()
        plane, slice_at, save_view = (options.pop(name) for name in ("plane", "slice_at", "save_view"))
        camera, preset, surfaces, couch = (options.pop(name) for name in ("camera", "preset", "surface", "couch"))
        if slice_at is not None and plane is None:
            plane = options["layout"] or view.layout
            if plane not in PLANES:
                raise click.UsageError("--slice needs --plane axial, sagittal or coronal.")
        if plane is not None and options["layout"] not in (None, plane):
            raise click.UsageError(f"--plane {plane} and --layout {options['layout']}: expected one of them.")
        if plane is not None:
            options["layout"] = plane
        if save_view is not None:
            check_place(save_view)
        if options.pop("no_annotations"):
            options["annotations"] = False
        for name in ("neurological", "colour_bar"):
            options[name] = options[name] or None
        if camera is not None:
            options["camera"] = camera
        if preset or surfaces or couch:
            layers = _layers(view, preset, surfaces)
            options["layers"] = tuple(
                replace(layer, couch=True) if couch and isinstance(layer, VolumeLayer) else layer for layer in layers
            )
        window = options["window"]
        if window is not None:
            view = replace(view, voi_lut=None)  # which would go before it
        if isinstance(window, str):
            options["window"] = None
        view = replace(view, **{name: value for name, value in options.items() if value is not None})
        _warn_unseen({**options, "camera": camera, "preset": preset, "surface": surfaces, "window": window}, view)
        return cls(view, plane, slice_at, window if isinstance(window, str) else None, save_view)

    def on(self, volume: Volume) -> View:
        """Return the view of `volume`."""
        view = self.view if self.window is None else _in_window(self.view, volume, self.window)
        if self.slice_at is not None and self.plane is not None:
            return on_slice(view, volume, self.plane, self.slice_at)
        return view

    def save(self, view: View) -> None:
        """Write `view` as JSON where that was asked for."""
        if self.save_view is not None:
            with atomic_file(self.save_view) as sibling:
                sibling.write_text(view.to_json() + "\n", encoding="utf-8")


def _check_surface(wanted: str) -> None:
    surface_layers([wanted])


def _warn_unseen(options: dict[str, Any], view: View) -> None:
    """Say which options change what the layout does not show."""
    sliced = view.layout != "3d" or any(isinstance(layer, SliceLayer) and layer.in_3d for layer in view.layers or ())
    unseen = [name for name in _OF_3D if options[name] and view.layout not in ("quad", "3d")]
    unseen += [name for name in _OF_SLICES if options[name] and not sliced]
    if unseen:
        names = ", ".join(f"--{name.replace('_', '-')}" for name in unseen)
        warnings.warn(f"{names}: not seen in --layout {view.layout}.", DicomVtkWarning, stacklevel=3)


def _saved(path: str) -> View:
    try:
        return View.from_json(Path(path).read_text(encoding="utf-8"))
    except (UnsupportedError, UnicodeDecodeError) as error:
        raise UnsupportedError(f"Cannot use {path} as a view: {error}") from error


def _in_window(view: View, volume: Volume, window: str) -> View:
    """Return `view` in a window of the header of `volume`, or in one by its values."""
    chosen = one_scale([volume], window)
    if isinstance(chosen, LookupTable):
        return replace(view, voi_lut=next(n for n, lut in enumerate(volume.info.voi_luts) if lut is chosen))
    return view if chosen is None else replace(view, window=chosen)


def _layers(view: View, preset: str | None, surfaces: tuple[str, ...]) -> tuple[Layer, ...]:
    """Return the layers of `view` with these surfaces in place of its own, and its volume in `preset`."""
    layers = view.layers or (SliceLayer(), VolumeLayer(visible=not surfaces or preset is not None))
    if preset is not None:
        others = tuple(layer for layer in layers if not isinstance(layer, VolumeLayer))
        layers = (*others, VolumeLayer(preset))
    if surfaces:
        layers = tuple(layer for layer in layers if not isinstance(layer, SurfaceLayer))
    return (*layers, *surface_layers(surfaces))
