"""Draw the pictures of docs/gallery from the phantom: `python scripts/make_gallery.py [FOLDER]`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import dicomvtk
from dicomvtk import SliceLayer, SurfaceLayer, View, VolumeLayer

SIZE = (960, 720)
FOLDER = Path(__file__).resolve().parent.parent / "docs" / "gallery"
#: The lesion, left of the middle (LPS mm).
LESION = (35.0, -10.0, 20.0)
#: From the front, left and above.
CAMERA = {"direction": (-0.5, 0.77, -0.4), "up": (-0.2182, 0.336, 0.9162)}


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
    yield "oblique_slab", View(crosshair=LESION, tilt=(0.0, 0.0, 25.0), slab=_slab(8.0), layout="three")
    yield "colours", View(layout="axial", crosshair=LESION, colour_map="inferno", colour_bar=True)
    camera = type(View().camera)(**_at_right_angles(CAMERA))
    yield "surfaces", View(layout="3d", camera=camera, layers=(SliceLayer(), bone, skin))
    yield "cut", View(layout="3d", camera=camera, clip="L", crosshair=LESION, layers=(VolumeLayer("ct-skin", shade=False),))


def _slab(thickness_mm: float) -> object:
    return type(View().slab)(thickness_mm, "max")


def _at_right_angles(vectors: dict[str, tuple[float, ...]]) -> dict[str, tuple[float, ...]]:
    """Return the vectors with up freed of what it shares with the direction."""
    into, up = vectors["direction"], vectors["up"]
    share = sum(a * b for a, b in zip(into, up, strict=True)) / sum(a * a for a in into)
    return {"direction": into, "up": tuple(b - share * a for a, b in zip(into, up, strict=True))}


if __name__ == "__main__":
    main()
