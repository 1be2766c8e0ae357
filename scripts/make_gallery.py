"""Draw the pictures of docs/gallery: `python scripts/make_gallery.py [--folder FOLDER] [--chest SERIES]`.

All are of phantoms, but those of a chest, which are drawn where SERIES is a folder with slices of LIDC-IDRI-0314 (The
Cancer Imaging Archive, CC BY 3.0).
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator
from pathlib import Path

import dicomvtk
from dicomvtk import Camera3D, Slab, SliceLayer, SurfaceLayer, View, VolumeLayer

SIZE = (960, 720)
FOLDER = Path(__file__).resolve().parent.parent / "docs" / "gallery"
#: The lesion, left of the middle (LPS mm).
LESION = (35.0, -10.0, 20.0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where the pictures go")
    parser.add_argument("--chest", metavar="SERIES", help="slices of LIDC-IDRI-0314")
    options = parser.parse_args()
    folder: Path = options.folder
    folder.mkdir(parents=True, exist_ok=True)
    heads = {modality: dicomvtk.phantom((288, 288, 216), modality=modality) for modality in ("CT", "MR")}
    for name, modality, view in pictures():
        dicomvtk.snapshot(heads[modality], folder / f"{name}.png", view, SIZE)
        print(folder / f"{name}.png")
    if options.chest is not None:
        chest = dicomvtk.read(options.chest)
        for name, view in pictures_of_a_chest():
            dicomvtk.snapshot(chest, folder / f"{name}.png", view, SIZE)
            print(folder / f"{name}.png")


def camera_at(azimuth: float, elevation: float, zoom: float = 1.0) -> Camera3D:
    """Return the camera at `azimuth` degrees from the front to the patient's left, and `elevation` above."""
    a, e = math.radians(azimuth), math.radians(elevation)
    into = (-math.sin(a) * math.cos(e), math.cos(a) * math.cos(e), -math.sin(e))
    up = (-math.sin(a) * math.sin(e), math.cos(a) * math.sin(e), math.cos(e))
    return Camera3D(into, up, zoom)


def pictures() -> Iterator[tuple[str, str, View]]:
    """Yield the name of each picture, the modality of the head, and the view."""
    bone, skin = SurfaceLayer(300.0), SurfaceLayer(-300.0, (0.86, 0.66, 0.55), 0.3, name="skin")
    yield "quickstart", "CT", View(crosshair=LESION, camera=camera_at(25.0, 12.0))
    yield "oblique_slab", "CT", View(crosshair=LESION, tilt=(0.0, 0.0, 25.0), slab=Slab(8.0), layout="three")
    yield "colours", "MR", View(layout="axial", crosshair=LESION, colour_map="inferno", colour_bar=True)
    yield "surfaces", "CT", View(layout="3d", camera=camera_at(25.0, 12.0), layers=(SliceLayer(), bone, skin))
    yield (
        "cut",
        "MR",
        View(layout="3d", camera=camera_at(55.0, 15.0), clip="L", crosshair=LESION, layers=(VolumeLayer("mr-brain"),)),
    )
    top_off, above = (0.0, 1.0, 0.0, 1.0, 0.0, 0.62), camera_at(30.0, 50.0)
    yield "crop", "MR", View(layout="3d", camera=above, crop=top_off, layers=(VolumeLayer("mr-brain"),))


def pictures_of_a_chest() -> Iterator[tuple[str, View]]:
    """Yield the name of each picture of the chest, and the view."""
    for name, preset, camera in (
        ("chest_bone", "ct-bone", camera_at(-30.0, 25.0, 1.9)),
        ("chest_lung", "ct-lung", camera_at(15.0, 50.0, 1.7)),
    ):
        yield name, View(layout="3d", camera=camera, show_crosshair=False, layers=(VolumeLayer(preset),))


if __name__ == "__main__":
    main()
