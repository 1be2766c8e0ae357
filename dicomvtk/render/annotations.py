"""What is written in the corners of the panes: text only, from the volume and the state on the screen."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass

import numpy as np

from dicomvtk.anatomy import orientation_letters
from dicomvtk.display import WindowLevel
from dicomvtk.geometry import Float3
from dicomvtk.render.planes import SlicePlane
from dicomvtk.render.resolve import State
from dicomvtk.render.scene import SurfaceLayer, View, VolumeLayer
from dicomvtk.volume import Volume

__all__ = [
    "Corners",
    "pane_3d_corners",
    "person_name",
    "position_text",
    "probe_lines",
    "slice_corners",
    "unit_text",
    "window_text",
]


#: Units of PET (PS3.3 C.8.9.1.1.3) as they are written.
_PET_UNITS = {"BQML": "Bq/ml", "GML": "g/ml", "CNTS": "counts", "CPS": "counts/s", "PROPCNTS": "", "CM2ML": "cm2/ml"}
#: Cosine above which a plane counts as lying along an axis.
_ALONG = 1 - 1e-9

_SLAB_NAMES = {"max": "MIP", "min": "MinIP", "mean": "Mean"}


#: What the planes of a volume without a place in a patient are called: the image itself, and the ways across it.
_UNPLACED_NAMES = {"axial": "image", "sagittal": "column", "coronal": "row"}


@dataclass(frozen=True)
class Corners:
    """Lines of text for the four corners of a pane, top to bottom."""

    top_left: tuple[str, ...] = ()
    top_right: tuple[str, ...] = ()
    bottom_left: tuple[str, ...] = ()
    bottom_right: tuple[str, ...] = ()


def slice_corners(volume: Volume, state: State, plane: SlicePlane, *, first: bool, note: str = "") -> Corners:
    """Return the corners of a slice pane; who and what is told in the `first` pane of the window only.

    `note` says what is shown of a volume with further axes.
    """
    index = plane.index_at(state.crosshair)
    name = plane.name if plane.placed else _UNPLACED_NAMES[plane.name]
    where = f"{name.capitalize()} {index + 1}/{plane.count}"
    if _is_oblique(volume, state, plane):
        where += "  oblique"
    offset = float(plane.shown_at(state.crosshair) @ plane.normal)
    apart = f"{plane.step_mm:.3g} mm apart" if plane.count > 1 else ""
    place = _along(plane, offset) if plane.placed or apart else ""
    lines = [where, "   ".join(part for part in (place, apart) if part)]
    if state.slab.thickness_mm > 0:
        lines.append(f"{_SLAB_NAMES[state.slab.blend]} of {state.slab.thickness_mm:g} mm")
    if first and state.show_crosshair:
        lines += probe_lines(volume, state.crosshair)
    zoom = state.pane_camera(plane.name).zoom
    return Corners(
        top_left=_lines(*_who(volume)) if first else (),
        top_right=_lines(*_what(volume, note)) if first else (),
        bottom_left=_lines(*lines),
        bottom_right=_lines(f"Zoom {zoom:.2f}", _voi_text(volume, state)),
    )


def pane_3d_corners(state: State, level_unit: str, note: str) -> Corners:
    """Return the corners of the 3-D pane: what is drawn and, in `note`, what was left out to draw it."""
    drawn = [_rays_text(layer, level_unit) for layer in state.shown(VolumeLayer)]
    drawn += [
        f"{layer.name.capitalize() or 'Surface'} at {layer.level:g} {level_unit}".rstrip()
        for layer in state.shown(SurfaceLayer)
    ]
    if state.clip is not None:
        drawn.append(f"Cut off: {state.clip}")
    if state.crop != View().crop:
        drawn.append("Cropped")
    return Corners(bottom_left=_lines(*drawn, note))


def person_name(name: str) -> tuple[str, ...]:
    """Return a DICOM person name (PS3.5 6.2.1) as people read it, family name first, each way of writing for itself.

    >>> person_name("Yamada^Tarou=山田^太郎")
    ('Yamada, Tarou', '山田 太郎')
    """
    return tuple(group for group in map(_readable_group, name.split("=")) if group)


def _voi_text(volume: Volume, state: State) -> str:
    if volume.is_colour:
        return ""
    # MONOCHROME1 is inverted to be shown as it is meant: only what differs from that is worth a word.
    inverted = state.invert != (volume.info.photometric == "MONOCHROME1")
    if state.voi_lut is None:
        return window_text(state.window, inverted=inverted)
    explanation = volume.info.voi_luts[state.voi_lut].explanation
    return "  ".join(part for part in ("VOI LUT", explanation, "inverted" if inverted else "") if part)


def window_text(window: WindowLevel, *, inverted: bool = False) -> str:
    """Return window and level as the screen shows them.

    >>> window_text(WindowLevel(40, 400, "soft tissue"))
    'W 400  L 40  soft tissue'
    """
    decimals = max(0, 3 - math.floor(math.log10(window.width)))  # of a level, what is a thousandth of the width
    text = f"W {number_text(window.width)}  L {number_text(round(window.center, decimals) + 0.0)}"
    curved = "sigmoid" if window.function == "SIGMOID" else ""
    return "  ".join(part for part in (text, curved, window.explanation, "inverted" if inverted else "") if part)


def probe_lines(volume: Volume, point: Float3) -> tuple[str, ...]:
    """Return what is at `point` (LPS mm): value and place, voxel index, and the file of that slice; none outside."""
    index = np.rint(volume.geometry.physical_to_index(point)).astype(int)
    if np.any(index < 0) or np.any(index >= volume.geometry.shape):
        return ()
    value = volume.array[tuple(index)]
    shown = ", ".join(number_text(float(v)) for v in value) if volume.is_colour else number_text(float(value))
    text = f"{shown} {unit_text(volume)}".rstrip() + " at " + position_text(point, placed=volume.geometry.placed)
    return _lines(text, f"voxel {', '.join(str(n) for n in index)}", _source_text(volume, int(index[2])))


def unit_text(volume: Volume) -> str:
    """Return the unit of the values as people write it; of PET the codes of Units (0054,1001) are others."""
    return _PET_UNITS.get(volume.info.unit, volume.info.unit) if volume.info.modality == "PT" else volume.info.unit


def _is_oblique(volume: Volume, state: State, plane: SlicePlane) -> bool:
    """Return whether the slices of `plane` are turned away from the grid, or from the patient where they follow it."""
    axes = volume.geometry.direction.T if state.along == "volume" else np.eye(3)
    return float(np.abs(axes @ plane.normal).max()) < _ALONG


def _source_text(volume: Volume, k: int) -> str:
    """Return the name of the file that slice `k` came from, and the frame in it where it holds several."""
    sources = volume.info.sources
    if k >= len(sources):
        return ""
    several = any(source.frame for source in sources)
    return os.path.basename(sources[k].file) + (f" frame {sources[k].frame + 1}" if several else "")


def position_text(point: Float3, *, placed: bool) -> str:
    """Return an LPS point in mm with the letters of its directions; plain numbers for an unplaced volume.

    >>> position_text((-12.5, 3.0, 40.0), placed=True)
    'R 12.5  P 3.0  H 40.0'
    """
    if not placed:
        return "  ".join(f"{v:.1f}" for v in point)
    letters = [
        orientation_letters([0.0] * n + [1.0 if v >= 0 else -1.0] + [0.0] * (2 - n)) for n, v in enumerate(point)
    ]
    return "  ".join(f"{letter} {abs(v):.1f}" for letter, v in zip(letters, point, strict=True))


def _rays_text(layer: VolumeLayer, unit: str) -> str:
    blend = {"max": "MIP", "min": "MinIP", "composite": "mixed"}.get(layer.blend or "", "")
    shift = f"{layer.shift:+.4g} {unit}".rstrip() if layer.shift else ""
    stretch = f"x {layer.stretch:.3g}" if layer.stretch != 1 else ""
    return "  ".join(part for part in (f"Volume: {layer.preset}", blend, shift, stretch) if part)


def _along(plane: SlicePlane, offset: float) -> str:
    """Return a position along the plane's normal, with the letter of the side that it lies on."""
    if not plane.placed:
        return f"{offset:.1f} mm"
    side = plane.normal if offset >= 0 else -plane.normal
    return f"{orientation_letters(side.tolist())} {abs(offset):.1f} mm"


def _who(volume: Volume) -> list[str]:
    info = volume.info
    names = person_name(info.patient_name)
    identifier = info.patient_id if info.patient_id not in names else ""
    return [*names, identifier, _date(info.study_date)]


def _what(volume: Volume, note: str) -> list[str]:
    info = volume.info
    series = f"{info.number}: {info.description}" if info.number is not None and info.description else info.description
    odd = sorted({finding.code for finding in volume.findings if finding.severity == "warn"})
    return [info.modality, series, note, f"Warning: {', '.join(odd)}" if odd else ""]


def _readable_group(group: str) -> str:
    family, *given = [part.strip() for part in group.split("^")]
    between = ", " if group.isascii() else " "
    return between.join(part for part in (family, " ".join(g for g in given if g)) if part)


def _date(text: str) -> str:
    return f"{text[:4]}-{text[4:6]}-{text[6:8]}" if len(text) == 8 and text.isdigit() else text


def number_text(value: float) -> str:
    """Return a value as the screen shows it: whole from 100 on, else with four digits."""
    return f"{value:.0f}" if abs(value) >= 100 or float(value).is_integer() else f"{value:.4g}"


def _lines(*lines: str) -> tuple[str, ...]:
    return tuple(line for line in lines if line)
