"""Grids to try everything on, and the same volume as SimpleITK has it."""

from __future__ import annotations

import numpy as np
import SimpleITK

from dicomvtk import Geometry, Volume

SHAPE = (23, 19, 11)
_C, _S = np.cos(np.radians(30)), np.sin(np.radians(30))
OBLIQUE = np.array([[_C, -_S, 0], [_S, _C, 0], [0, 0, 1]]) @ np.array([[1, 0, 0], [0, _C, -_S], [0, _S, _C]])
DIRECTIONS = {
    "axial": np.eye(3),
    "sagittal": np.array([[0.0, 0, 1], [1, 0, 0], [0, 1, 0]]),
    "oblique": OBLIQUE,
    "left-handed": OBLIQUE * [1, 1, -1],
}


def grid(name: str, shape: tuple[int, int, int] = SHAPE) -> Geometry:
    return Geometry(shape, (0.8, 1.1, 2.5), (-40.0, 12.5, 300.0), DIRECTIONS[name])


def smooth_volume(name: str, dtype: str = "float64", shape: tuple[int, int, int] = SHAPE) -> Volume:
    """Return values that tell every voxel from its neighbours, on a named grid."""
    i, j, k = np.meshgrid(*(np.arange(n) for n in shape), indexing="ij")
    values = 100 * np.sin(i / 3) + 80 * np.cos(j / 4) + 20 * k + 7 * ((i * 7 + j * 3 + k) % 5)
    return Volume(np.asfortranarray(values).astype(dtype), grid(name, shape))


def to_sitk(volume: Volume) -> SimpleITK.Image:
    image = SimpleITK.GetImageFromArray(np.ascontiguousarray(volume.array.T))
    image.SetSpacing(volume.spacing)
    image.SetOrigin(volume.origin)
    image.SetDirection(volume.direction.ravel().tolist())
    return image


def from_sitk(image: SimpleITK.Image) -> Volume:
    direction = np.reshape(image.GetDirection(), (3, 3))
    geometry = Geometry(image.GetSize(), image.GetSpacing(), image.GetOrigin(), direction)
    return Volume(SimpleITK.GetArrayFromImage(image).T, geometry)


def assert_same(ours: Volume, theirs: Volume, atol: float = 0.0) -> None:
    assert ours.geometry.is_close(theirs.geometry, 1e-9), (ours.geometry, theirs.geometry)
    np.testing.assert_allclose(ours.array, theirs.array, rtol=0, atol=atol)
