"""Draw the pictures of docs/gallery from the phantom: `python scripts/make_gallery.py [FOLDER]`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import dicomvtk
from dicomvtk import Camera3D, Slab, SliceLayer, SurfaceLayer, View, VolumeLayer

SIZE = (960, 720)
FOLDER = Path(__file__).resolve().parent.parent / "docs" / "gallery"
#: The lesion, left of the middle (LPS mm).
LESION = (35.0, -10.0, 20.0)
#: From the front, left and above.
CAMERA = Camera3D((-0.5, 0.75, -0.43301270), (-0.24019223, 0.36028835, 0.90138782))


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    head = dicomvtk.phantom((256, 256, 180))
    for name, view in pictures():
        dicomvtk.snapshot(head, folder / f"{name}.png", view, SIZE)
        print(folder / f"{name}.png")


def pictures() -> Iterator[tuple[str, View]]:
    """Yield the name and the view of each picture."""
    bone, skin = SurfaceLayer(300.0), SurfaceLayer(-300.0, (0.86, 0.66, 0.55), 0.3, name="skin")
    yield "quickstart", View(crosshair=LESION)
    yield "oblique_slab", View(crosshair=LESION, tilt=(0.0, 0.0, 25.0), slab=Slab(8.0), layout="three")
    yield "colours", View(layout="axial", crosshair=LESION, colour_map="inferno", colour_bar=True)
    yield "surfaces", View(layout="3d", camera=CAMERA, layers=(SliceLayer(), bone, skin))
    cut = (VolumeLayer("ct-skin", shade=False),)
    yield "cut", View(layout="3d", camera=CAMERA, clip="L", crosshair=LESION, layers=cut)


if __name__ == "__main__":
    main()
