"""Plot an axial slice in millimetres with Matplotlib: anterior up, the patient's left on the right.

    python scripts/plot_slice.py PATH -o slice.png

PATH is a folder of DICOM or a file (.nii.gz, .nrrd, .mha, .vti, .npz); without one a phantom is plotted. Matplotlib is
asked for faces between voxels, `geometry.edges`, where it draws areas, and for centres, `geometry.centres`, where it
marks points: half a voxel apart, which is the mistake this example is here to avoid.
"""

from __future__ import annotations

import argparse

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

import dicomvtk


def main() -> None:
    parser = argparse.ArgumentParser(description="Plot an axial slice in millimetres.")
    parser.add_argument("path", nargs="?", help="folder of DICOM, or a volume file; a phantom if left out")
    parser.add_argument("-o", "--output", default="slice.png", help="picture to write (default: slice.png)")
    parser.add_argument(
        "--slice", type=int, help="which slice along the axis nearest to head-feet (default: the middle)"
    )
    options = parser.parse_args()

    volume = dicomvtk.load(options.path) if options.path else dicomvtk.phantom((128, 128, 90))
    figure, axes = plt.subplots(figsize=(7, 7))
    draw_axial(axes, volume.frame(*(0 for _ in volume.axes)), options.slice)
    figure.savefig(options.output, dpi=120, bbox_inches="tight")
    print(f"wrote {options.output}")


def draw_axial(axes: Axes, volume: dicomvtk.Volume, index: int | None = None) -> None:
    """Draw one slice of a grey 3-D `volume` into Matplotlib's `axes`, x and y in LPS millimetres.

    For an oblique volume x and y are measured along its own axes.
    """
    across, down, through = (nearest_axis(volume.geometry, letters) for letters in ("LR", "PA", "SI"))
    plane = volume.slice_at(volume.shape[through] // 2 if index is None else index, through)
    values = plane.array.transpose(through, down, across)[0]
    low, high = grey_range(volume)

    mesh = axes.pcolormesh(
        sign(volume.geometry, across, "L") * plane.geometry.edges(across),
        sign(volume.geometry, down, "P") * plane.geometry.edges(down),
        values,
        cmap="gray",
        vmin=low,
        vmax=high,
    )
    brightest = np.unravel_index(np.argmax(values), values.shape)
    axes.plot(
        sign(volume.geometry, across, "L") * plane.geometry.centres(across)[brightest[1]],
        sign(volume.geometry, down, "P") * plane.geometry.centres(down)[brightest[0]],
        "r+",
        label=f"brightest voxel: {values[brightest]:g} {volume.info.unit}",
    )

    axes.set_aspect("equal")
    axes.set_xlim(np.sort(axes.get_xlim()))  # +x is the patient's left: to the right
    axes.set_ylim(np.sort(axes.get_ylim())[::-1])  # +y is posterior: down
    placed = volume.geometry.placed
    axes.set_xlabel("x, mm (right \N{RIGHTWARDS ARROW} left)" if placed else "mm")
    axes.set_ylabel("y, mm (posterior \N{LEFTWARDS ARROW} anterior)" if placed else "mm")
    axes.legend(loc="lower right")
    axes.figure.colorbar(mesh, ax=axes, shrink=0.7, label=volume.info.unit or "value")


def nearest_axis(geometry: dicomvtk.Geometry, letters: str) -> int:
    """Return which of i, j, k runs nearest to a body axis, such as ``"LR"``."""
    return next(axis for axis, code in enumerate(geometry.axis_codes) if code in letters)


def sign(geometry: dicomvtk.Geometry, axis: int, letter: str) -> int:
    """Return 1 where `axis` grows towards `letter`, -1 where it grows away from it."""
    return 1 if geometry.axis_codes[axis] == letter else -1


def grey_range(volume: dicomvtk.Volume) -> tuple[float, float]:
    """Return the values drawn black and white: the first window of the header, or nearly all of the values."""
    if volume.info.windows:
        return volume.info.windows[0].low, volume.info.windows[0].high
    low, high = np.percentile(volume.array, (1, 99))
    return float(low), float(high)


if __name__ == "__main__":
    main()
