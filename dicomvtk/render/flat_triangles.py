"""Triangles drawn into an array without OpenGL, lit from the eye, hidden by what lies before them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkCommonDataModel import vtkPolyData
from vtkmodules.vtkFiltersCore import vtkTriangleFilter
from vtkmodules.vtkRenderingCore import vtkActor, vtkCamera, vtkRenderer

from dicomvtk.bridge.pipeline import run
from dicomvtk.render.flat_actors import Canvas

__all__ = ["Depths", "Lamp", "Lens", "draw_triangles", "lamps_of"]

#: Depth of each pixel, 0 near to 1 far, as OpenGL counts it, (height, width).
Depths = NDArray[np.float32]
Floats = NDArray[np.float64]

_BYTE = 255.0
#: A pixel of a picture on a surface that lets through more is not there.
_THERE = 0.5
#: Pixels that are tried at once.
_BATCH = 4_000_000


@dataclass(frozen=True, eq=False)
class Lens:
    """How a camera sees a pane of `size` (width, height): `matrix` (4, 4) takes the world to -1 to 1."""

    matrix: Floats
    eye: Floats
    into: Floats
    parallel: bool
    size: tuple[int, int]

    @classmethod
    def of(cls, camera: vtkCamera, size: tuple[int, int]) -> Lens:
        matrix = camera.GetCompositeProjectionTransformMatrix(size[0] / size[1], -1.0, 1.0)
        elements = np.array([[matrix.GetElement(r, c) for c in range(4)] for r in range(4)])
        eye, into = np.array(camera.GetPosition()), np.array(camera.GetDirectionOfProjection())
        return cls(elements, eye, into, bool(camera.GetParallelProjection()), size)

    def pixels(self, points: Floats) -> Floats:
        """Return x and y in pixels, the depth, and the distance from the eye (n, 4) of `points` (n, 3).

        Not a number behind the eye. The distance is 1 where all rays are parallel.
        """
        there = np.column_stack([points, np.ones(len(points))]) @ self.matrix.T
        weight = np.where(there[:, 3] > 0, there[:, 3], np.nan)
        seen = there[:, :3] / weight[:, np.newaxis]
        return np.column_stack([(seen + 1) / 2 * (*self.size, 1.0), weight])

    def on_plane(self, origin: Floats, normal: Floats) -> tuple[Floats, Floats]:
        """Return where the ray of each pixel meets a plane, (height, width, 3), and at which depth."""
        width, height = self.size
        back: Floats = np.linalg.inv(self.matrix).astype(np.float64)
        columns: Floats = (np.arange(width, dtype=np.float64) + 0.5) / width * 2 - 1
        rows: Floats = (np.arange(height, dtype=np.float64) + 0.5) / height * 2 - 1
        x, y = np.meshgrid(columns, rows)
        near, far = (self._back(back, x, y, depth) for depth in (-1.0, 1.0))
        along = far - near
        with np.errstate(divide="ignore", invalid="ignore"):
            share = ((origin - near) @ normal) / (along @ normal)
            points = near + share[..., np.newaxis] * along
            depth = self.pixels(points.reshape(-1, 3))[:, 2].reshape(height, width)
        return points, np.nan_to_num(depth, nan=2.0)

    @staticmethod
    def _back(back: Floats, x: Floats, y: Floats, depth: float) -> Floats:
        there = np.stack([x, y, np.full_like(x, depth), np.ones_like(x)], axis=-1) @ back.T
        return np.asarray(there[..., :3] / there[..., 3:])

    def towards_eye(self, points: Floats) -> Floats:
        """Return the unit vectors (n, 3) from `points` (n, 3) to the eye."""
        if self.parallel:
            return np.broadcast_to(-self.into, points.shape)
        away = self.eye - points
        return np.asarray(away / np.linalg.norm(away, axis=1, keepdims=True))

    @staticmethod
    def kept(points: Floats, planes: Any) -> NDArray[np.bool_]:
        """Return which of `points` (..., 3) a collection of clipping planes leaves."""
        kept = np.ones(points.shape[:-1], bool)
        for plane in planes or ():
            kept &= (points - np.array(plane.GetOrigin())) @ np.array(plane.GetNormal()) >= 0
        return kept


@dataclass(frozen=True, eq=False)
class Lamp:
    """A light from far away: which way it shines, a unit vector, and how bright it is."""

    along: Floats
    brightness: float


def lamps_of(renderer: vtkRenderer) -> list[Lamp]:
    """Return the lights of `renderer`; it is given VTK's own, at the eye, where it has none."""
    if not renderer.GetLights().GetNumberOfItems():
        renderer.CreateLight()
    renderer.UpdateLightsGeometryToFollowCamera()
    lamps = []
    for light in renderer.GetLights():
        along = np.array(light.GetTransformedFocalPoint()) - np.array(light.GetTransformedPosition())
        lamps.append(Lamp(along / np.linalg.norm(along), light.GetIntensity()))
    return lamps


def draw_triangles(pane: Canvas, depths: Depths, actor: vtkActor, lens: Lens, lamps: Sequence[Lamp]) -> None:
    """Draw the surface of `actor`; of one that lets through, what is nearest, and it hides nothing."""
    style = actor.GetProperty()
    surface = _surface(actor, lens, lamps) if style.GetOpacity() > 0 else None
    if surface is None:
        return
    nearest = np.full(depths.shape, np.inf, np.float32)
    colours = np.zeros((*depths.shape, 3), np.float32)
    for part in _parts(surface.corners, depths.shape):
        _rasterise(part, surface, nearest, colours)
    seen = nearest <= depths
    opacity = style.GetOpacity()
    pane[seen] = pane[seen] * (1 - opacity) + np.clip(colours[seen], 0, 1) * opacity
    if opacity >= 1:
        depths[seen] = nearest[seen]


@dataclass(frozen=True, eq=False)
class _Surface:
    """The triangles of an actor: x, y, depth and distance of each corner (n, 3, 4) on the screen, and what it has."""

    corners: Floats
    world: Floats
    normals: Floats
    on_picture: Floats | None
    actor: vtkActor
    lens: Lens
    lamps: Sequence[Lamp]

    def kept(self, points: Floats) -> NDArray[np.bool_]:
        return Lens.kept(points, self.actor.GetMapper().GetClippingPlanes())

    def coloured(self, points: Floats, normals: Floats, on_picture: Floats | None) -> NDArray[np.float32]:
        """Return the colours (n, RGBA) at `points` (n, 3), which are at these places of the picture on it."""
        style = self.actor.GetProperty()
        plain = np.ones((len(points), 4), np.float32)
        plain[:, :3] = style.GetColor()
        if on_picture is not None:
            plain *= _picture_at(self.actor, on_picture)
        if style.GetLighting():
            diffuse, specular = self._light(points, normals)
            plain[:, :3] *= (style.GetAmbient() + style.GetDiffuse() * diffuse)[:, np.newaxis]
            plain[:, :3] += style.GetSpecular() * specular[:, np.newaxis]
        return plain

    def _light(self, points: Floats, normals: Floats) -> tuple[Floats, Floats]:
        """Return how much light is scattered and how much is mirrored to the eye, as VTK's shaders have it."""
        length = np.linalg.norm(normals, axis=1, keepdims=True)
        facing = normals / np.where(length > 0, length, 1.0)
        towards_eye = self.lens.towards_eye(points)
        facing = np.where(np.einsum("nd,nd->n", facing, towards_eye)[:, np.newaxis] < 0, -facing, facing)
        diffuse, specular = np.zeros(len(points)), np.zeros(len(points))
        for lamp in self.lamps:
            straight = -(facing @ lamp.along)
            mirrored = lamp.along + 2 * straight[:, np.newaxis] * facing
            shine = np.clip(np.einsum("nd,nd->n", mirrored, towards_eye), 0, 1)
            diffuse += lamp.brightness * np.maximum(straight, 0)
            specular += (
                lamp.brightness * np.where(straight > 0, shine, 0) ** self.actor.GetProperty().GetSpecularPower()
            )
        return diffuse, specular


def _surface(actor: vtkActor, lens: Lens, lamps: Sequence[Lamp]) -> _Surface | None:
    mapper = actor.GetMapper()
    mapper.Update()
    triangles = vtkTriangleFilter()
    triangles.SetInputData(mapper.GetInput())
    data: vtkPolyData = run(triangles)
    if not data.GetNumberOfPolys():
        return None
    elements = actor.GetMatrix()
    matrix = np.array([[elements.GetElement(r, c) for c in range(4)] for r in range(4)])
    points = vtk_to_numpy(data.GetPoints().GetData()).astype(np.float64) @ matrix[:3, :3].T + matrix[:3, 3]
    of_corner = vtk_to_numpy(data.GetPolys().GetConnectivityArray()).reshape(-1, 3)
    normals = _normals(data, points, of_corner, matrix[:3, :3])
    places = data.GetPointData().GetTCoords() if actor.GetTexture() is not None else None
    on_picture = None if places is None else vtk_to_numpy(places)[:, :2].astype(np.float64)[of_corner]
    return _Surface(lens.pixels(points)[of_corner], points[of_corner], normals, on_picture, actor, lens, lamps)


def _normals(data: vtkPolyData, points: Floats, of_corner: NDArray[np.int64], turn: Floats) -> Floats:
    """Return the normal of each corner (n, 3, 3) of a triangle, of any length."""
    normals = data.GetPointData().GetNormals()
    if normals is None:
        a, b, c = (points[of_corner[:, n]] for n in range(3))
        return np.repeat(np.cross(b - a, c - a)[:, np.newaxis], 3, axis=1)
    return np.asarray((vtk_to_numpy(normals).astype(np.float64) @ np.linalg.inv(turn))[of_corner])


def _picture_at(actor: vtkActor, places: Floats) -> NDArray[np.float32]:
    """Return the colours (n, RGBA) of the picture on `actor` at `places` (n, 2), 0 to 1 across and up."""
    image = actor.GetTexture().GetInput()
    width, height, _ = image.GetDimensions()
    pixels = vtk_to_numpy(image.GetPointData().GetScalars()).reshape(height, width, -1)
    at = np.clip(places * (width, height) - 0.5, 0, (width - 1, height - 1))
    low = np.floor(at).astype(np.intp)
    high = np.minimum(low + 1, (width - 1, height - 1))
    share = at - low
    total = np.zeros((len(places), pixels.shape[2]))
    for across, up in np.ndindex(2, 2):
        weight = (share[:, 0] if across else 1 - share[:, 0]) * (share[:, 1] if up else 1 - share[:, 1])
        total += weight[:, np.newaxis] * pixels[(high if up else low)[:, 1], (high if across else low)[:, 0]]
    whole = np.ones((len(places), 4), np.float32)
    whole[:, : pixels.shape[2]] = total / _BYTE
    return whole


@dataclass(frozen=True, eq=False)
class _Part:
    """Triangles whose boxes all fit into `side` pixels: their numbers and lowest pixels (n, 2)."""

    numbers: NDArray[np.intp]
    lowest: NDArray[np.intp]
    side: int


def _parts(corners: Floats, shape: tuple[int, int]) -> list[_Part]:
    """Return the triangles (n, corner, x y depth distance) that touch the pane by size, each size in one array."""
    height, width = shape
    low, high = corners[..., :2].min(axis=1), corners[..., :2].max(axis=1)
    with np.errstate(invalid="ignore"):
        touching = np.all((high > 0) & (low < (width, height)), axis=1) & np.isfinite(corners).all(axis=(1, 2))
    first = np.zeros(low.shape, np.intp)
    first[touching] = np.floor(np.clip(low[touching], 0, (width, height)))
    sides = np.zeros(len(low), np.intp)
    last = np.floor(np.clip(high[touching], 0, (width, height))).astype(np.intp)
    sides[touching] = (last - first[touching]).max(axis=1) + 1
    parts, side = [], 1
    while touching.any():
        numbers = np.nonzero(touching & (sides <= side))[0]
        touching[numbers] = False
        step = max(1, _BATCH // side**2)
        for start in range(0, len(numbers), step):
            some = numbers[start : start + step]
            parts.append(_Part(some, first[some], side))
        side *= 2
    return parts


def _rasterise(part: _Part, surface: _Surface, nearest: Depths, colours: NDArray[np.float32]) -> None:
    """Keep for each pixel the nearest of the triangles of `part` and its colour."""
    height, width = nearest.shape
    grid = np.arange(part.side)
    xs = part.lowest[:, 0, np.newaxis, np.newaxis] + grid[np.newaxis, np.newaxis, :]
    ys = part.lowest[:, 1, np.newaxis, np.newaxis] + grid[np.newaxis, :, np.newaxis]
    at = surface.corners[part.numbers, :, :2, np.newaxis, np.newaxis]
    ax, ay, bx, by, cx, cy = (at[:, corner, axis] for corner in range(3) for axis in range(2))
    px, py = xs + 0.5, ys + 0.5
    with np.errstate(divide="ignore", invalid="ignore"):
        area = (bx - ax) * (cy - ay) - (cx - ax) * (by - ay)
        of_b = ((px - ax) * (cy - ay) - (cx - ax) * (py - ay)) / area
        of_c = ((bx - ax) * (py - ay) - (px - ax) * (by - ay)) / area
        of_a = 1 - of_b - of_c
        inside = (of_a >= 0) & (of_b >= 0) & (of_c >= 0) & (xs < width) & (ys < height)
    triangle, row, column = np.nonzero(inside)
    numbers = part.numbers[triangle]
    shares = np.column_stack([of_a[inside], of_b[inside], of_c[inside]])
    depth = _mixed(shares, surface.corners[numbers, :, 2])
    x, y = part.lowest[triangle, 0] + column, part.lowest[triangle, 1] + row
    shares /= surface.corners[numbers, :, 3]  # in space, of which the screen shows what is far smaller
    shares /= shares.sum(axis=1, keepdims=True)
    places = None if surface.on_picture is None else _mixed(shares, surface.on_picture[numbers])
    points = _mixed(shares, surface.world[numbers])
    ink = surface.coloured(points, _mixed(shares, surface.normals[numbers]), places)
    kept = surface.kept(points) & (ink[:, 3] >= _THERE)
    order = np.argsort(-depth[kept], kind="stable")  # of several writes to one pixel the last stays: the nearest
    x, y, depth, ink = (one[kept][order] for one in (x, y, depth, ink))
    closer = depth < nearest[y, x]
    nearest[y[closer], x[closer]] = depth[closer]
    colours[y[closer], x[closer]] = ink[closer, :3]


def _mixed(shares: Floats, corners: NDArray[Any]) -> NDArray[Any]:
    """Return what lies between three corners (n, 3, ...) by the share (n, 3) that each has."""
    return np.asarray(np.einsum("nc,nc...->n...", shares, corners))
