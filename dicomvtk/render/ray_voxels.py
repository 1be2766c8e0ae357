"""The voxels that rays go through: the volume's own where they can, fewer where each costs memory or time."""

from __future__ import annotations

import numpy as np

from dicomvtk.processing.couch import patient_in
from dicomvtk.render.drawable import Reduced, grey, reduced, reduction
from dicomvtk.render.layers import VolumeLayer
from dicomvtk.render.presets import is_shaded
from dicomvtk.volume import Volume

__all__ = ["COUCH_LEFT_OUT", "RayVoxels"]

#: What the pane says where what lies beside the patient is not shown.
COUCH_LEFT_OUT = "couch left out"

#: What the processor shades in about a second (shading keeps three bytes more a voxel), and what fits a graphics card.
_MOST_SOFTWARE = 20_000_000
_MOST_HARDWARE = 150_000_000
#: What the processor casts unshaded in less than a second: no copy of so many is made.
_MOST_UNSHADED = 160_000_000
#: What is cast first, so that nobody waits: shaded in a tenth of a second.
_PROXY = 1_500_000


class RayVoxels:
    """What is cast of a volume, a 3-D frame, by how it is to look.

    Unshaded rays on a processor share the volume's own memory. Everything else is means over blocks, at most so many
    that they are drawn in time; and what lies beside a patient is taken out of those, never of the volume.
    """

    def __init__(self, volume: Volume, *, software: bool, proxy: bool) -> None:
        self.own = grey(volume)
        self._most = _PROXY if proxy else _MOST_SOFTWARE if software else _MOST_HARDWARE
        self._shares = software and not proxy and self.own.array.size <= _MOST_UNSHADED
        self._patient = patient_in(volume)
        self._factors = reduction(volume.geometry, self._most)
        self._kept: Reduced | None = None

    @property
    def spacing(self) -> tuple[float, ...]:
        """mm from voxel to voxel where they are reduced: how fine the rays are to be, whichever voxels they meet."""
        return tuple(mm * n for mm, n in zip(self.own.spacing, self._factors, strict=True))

    def note(self, layer: VolumeLayer) -> str:
        """Return what of `layer` is not as in the volume itself; empty where all is."""
        whole, alone = self.kind(layer)
        shape = " x ".join(str(n // f) for n, f in zip(self.own.shape, self._factors, strict=True))
        notes = ("" if whole else f"3-D reduced to {shape}", COUCH_LEFT_OUT if alone else "")
        return ", ".join(note for note in notes if note)

    def kind(self, layer: VolumeLayer) -> tuple[bool, bool]:
        """Return whether `layer` shows every voxel, and whether the patient alone."""
        alone = self._patient is not None and not layer.couch
        whole = self._factors == (1, 1, 1) or (self._shares and not alone and not is_shaded(layer))
        return whole, alone

    def cast(self, layer: VolumeLayer) -> Volume:
        """Return what is to be cast to show `layer`: scalars (i, j, k) in their place, in LPS mm."""
        whole, alone = self.kind(layer)
        small = Reduced(self.own, (1, 1, 1)) if whole else self._reduced()
        if not alone or self._patient is None:
            return small.volume
        return small.volume.with_array(self._patient.alone(small.volume.array, small.factors))

    def _reduced(self) -> Reduced:
        if self._kept is not None:
            return self._kept
        small = reduced(self.own, self._most)
        if np.prod(small.volume.shape) <= _PROXY:  # few enough to be kept for the next look
            self._kept = small
        return small
