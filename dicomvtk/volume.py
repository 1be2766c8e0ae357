"""A volume: voxels, where they lie, where they came from, and what was found odd about them."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dicomvtk.display import WindowLevel, auto_window, screen
from dicomvtk.display.colormaps import Colormap, color_table
from dicomvtk.errors import GeometryError, RenderError, UnsupportedError
from dicomvtk.geometry import Float3, Geometry
from dicomvtk.memory_order import in_vtk_order
from dicomvtk.metadata import Axis, Finding, LookupTable, SeriesInfo

__all__ = ["Artist", "Still", "Volume", "let_volumes_show"]

_SPATIAL_AXES = 3
_COLOUR_SAMPLES = (3, 4)
#: Stands for "no geometry was given": the array's own shape, 1 mm, unplaced.
_UNPLACED = Geometry((1, 1, 1), placed=False)


@dataclass(frozen=True, eq=False)
class Volume:
    """Voxels with their geometry.

    Parameters
    ----------
    array : ndarray
        ``(i, j, k, *axes)`` in Fortran order: one block, i fastest, as VTK keeps it. Colour has one more, last,
        dimension of 3 or 4 samples that is the fastest in memory. Another layout is copied once into this one.
    geometry : Geometry, optional
        Where the voxels lie; unplaced, 1 mm, if left out.
    info : SeriesInfo
        The series they came from.
    findings : tuple of Finding
        What was odd about the data.
    history : tuple of str
        What was done since, a sentence a step.
    axes : tuple of Axis
        The dimensions past k, in order; colour samples are not an axis.
    regular : bool
        False where the slices were read in spite of a gap or tilt; `info.positions` then holds where each lies.

    Raises
    ------
    UnsupportedError
        For an array of fewer than two dimensions, a non-numeric dtype, or extra dimensions that `axes` does not name.
    GeometryError
        Where array and geometry differ in shape.

    Examples
    --------
    >>> v = Volume(np.zeros((4, 3, 2), np.int16, order="F"))
    >>> v.shape, v.spacing
    ((4, 3, 2), (1.0, 1.0, 1.0))
    """

    array: NDArray[Any]
    geometry: Geometry = _UNPLACED
    info: SeriesInfo = field(default_factory=SeriesInfo)
    findings: tuple[Finding, ...] = ()
    history: tuple[str, ...] = ()
    axes: tuple[Axis, ...] = ()
    regular: bool = True

    def __post_init__(self) -> None:
        array = np.asarray(self.array)
        if array.ndim == _SPATIAL_AXES - 1:
            array = array[:, :, np.newaxis]
        if array.ndim < _SPATIAL_AXES or array.dtype.kind not in "biufc":
            raise UnsupportedError(
                f"Cannot make a volume of an array of shape {array.shape} and dtype {array.dtype}; "
                "expected numbers of shape (i, j, k) or more."
            )
        array = _in_vtk_layout(array, self.axes)
        geometry = self.geometry
        if geometry is _UNPLACED:
            geometry = Geometry(_shape3(array), placed=False)
        if geometry.shape != array.shape[:_SPATIAL_AXES]:
            raise GeometryError(f"Array of shape {array.shape} does not fit a geometry of shape {geometry.shape}.")
        object.__setattr__(self, "array", array)
        object.__setattr__(self, "geometry", geometry)

    def __repr__(self) -> str:
        shape, spacing = (" x ".join(f"{n:g}" for n in numbers) for numbers in (self.shape, self.spacing))
        place = self.geometry.axis_codes if self.geometry.placed else "unplaced"
        words = (self.info.modality, self.info.description and f"{self.info.description!r}", self.info.unit)
        axes = [f"{axis.keyword} ({len(axis)})" for axis in self.axes]
        told = ", ".join(word for word in (*words, *axes) if word)
        return f"<Volume {shape} {self.dtype}, {spacing} mm, {place}{told and f': {told}'}>"

    @property
    def shape(self) -> tuple[int, ...]:
        return self.array.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.array.dtype

    @property
    def spacing(self) -> Float3:
        return self.geometry.spacing

    @property
    def origin(self) -> Float3:
        return self.geometry.origin

    @property
    def direction(self) -> NDArray[np.float64]:
        return self.geometry.direction

    @property
    def affine(self) -> NDArray[np.float64]:
        return self.geometry.affine

    @property
    def is_colour(self) -> bool:
        """True where the last dimension holds colour samples."""
        return self.array.ndim == _SPATIAL_AXES + len(self.axes) + 1

    def display(
        self,
        window: WindowLevel | LookupTable | str | None = None,
        *,
        voi: int | str | None = None,
        colormap: Colormap | None = None,
    ) -> NDArray[np.uint8]:
        """Return the voxels as a screen shows them: greys ``(i, j, k, *axes)``, or RGB with 3 samples last.

        One scale for all slices. The order is the standard's: modality values, then window or VOI LUT, then
        presentation: MONOCHROME1 is inverted here, and only here. Colour is as it was read, 16 bits by the upper byte.

        Parameters
        ----------
        window : WindowLevel, LookupTable or str, optional
            A window, the name of a CT window (``"CT-BONE"``), ``"40,400"``, or ``"auto"``: 1st to 99th percentile.
        voi : int or str, optional
            A VOI LUT or window of the header, by index (VOI LUTs first) or explanation, e.g. ``"WINDOW2"``.
            With neither, index 0; where the header has none, ``"auto"``.
        colormap : str, table (n, 3) or map of Matplotlib, optional
            Greys become these colours; see `display.colormaps`.

        Examples
        --------
        >>> Volume(np.array([[[-1000, 40, 1000]]], np.int16)).display("40,400").ravel().tolist()
        [0, 128, 255]
        """
        if self.is_colour:
            return _eight_bit(self.array)
        values = self.array
        if values.dtype.kind == "c":
            raise UnsupportedError("Cannot show complex values; show their magnitude.")
        if window == "auto" or not (window or voi is not None or self.info.windows or self.info.voi_luts):
            window = auto_window(values[~self.padding_mask()] if self.info.padding else values)
        greys = screen.as_greys(
            values,
            screen.chosen_voi(values, self.info, window, voi),
            inverted=self.info.photometric == "MONOCHROME1",
        )
        return greys if colormap is None else color_table(colormap)[greys]

    def show(self, view: Any = None, size: tuple[int, int] = (1000, 750)) -> Still | None:
        """Return the picture of this volume for the cell of a notebook; elsewhere open a window until it is closed.

        `view` is a `dicomvtk.View`, `size` that of the picture, (width, height) in pixels. Raises RenderError where no
        window can be opened: `dicomvtk.snapshot` draws without one.
        """
        if in_notebook():
            return Still(_artist().png(self, view, size))
        _artist().window(self, view)
        return None

    def _repr_png_(self) -> bytes | None:
        try:
            return _artist().png(self, None, (800, 600))
        except (GeometryError, UnsupportedError):  # the cell shows the text then, and `show` says why
            return None

    def padding_mask(self) -> NDArray[np.bool_]:
        """Return a mask of `shape`, True where a voxel holds padding (PixelPaddingValue, PS3.3 C.7.5.1.1.2).

        All False where the header names no padding. Meaningful for values as they were read.
        """
        pairs = self.info.padding
        if not pairs:
            return np.zeros(self.shape, dtype=bool, order="F")
        limits = np.asarray(pairs, dtype=np.float64).astype(self.dtype)
        low, high = limits[:, 0], limits[:, 1]
        if len(pairs) > 1:
            sizes = (1, 1, self.shape[2], *(len(axis) for axis in self.axes))
            low, high = low.reshape(sizes, order="F"), high.reshape(sizes, order="F")
        mask: NDArray[np.bool_] = (self.array >= low) & (self.array <= high)
        return mask

    def with_array(
        self,
        array: ArrayLike,
        geometry: Geometry | None = None,
        *,
        step: str = "",
        axes: tuple[Axis, ...] | None = None,
    ) -> Volume:
        """Return this volume with other voxels, and geometry where the grid changed; `step` joins the history."""
        return replace(
            self,
            array=np.asarray(array),
            geometry=self.geometry if geometry is None else geometry,
            history=(*self.history, step) if step else self.history,
            axes=self.axes if axes is None else axes,
        )

    def frame(self, *index: int) -> Volume:
        """Return the 3-D volume at one index of each further axis; a view, nothing is copied.

        A volume without further axes is its own only frame.
        """
        if len(index) != len(self.axes):
            names = ", ".join(f"{axis.keyword} ({len(axis)})" for axis in self.axes) or "none"
            raise UnsupportedError(f"frame() got {len(index)} indices; this volume's further axes are: {names}.")
        for number, axis in zip(index, self.axes, strict=True):
            if not 0 <= number < len(axis):
                raise UnsupportedError(f"No frame {number} along {axis.keyword}; expected 0 to {len(axis) - 1}.")
        if not index:
            return self
        sources = self.info.sources
        count = self.geometry.shape[2]
        if len(sources) == count * int(np.prod([len(axis) for axis in self.axes])):
            flat = int(np.ravel_multi_index(index, [len(axis) for axis in self.axes], order="F"))
            sources = sources[flat * count : (flat + 1) * count]
        info = replace(self.info, sources=sources)
        return replace(self, array=self.array[(slice(None),) * _SPATIAL_AXES + index], axes=(), info=info)

    def slice_at(self, index: int, axis: int = 2) -> Volume:
        """Return the one-voxel-thick volume at `index` along `axis` (0, 1, 2 for i, j, k), where it lies."""
        start = [0, 0, 0]
        stop = list(self.geometry.shape)
        if not 0 <= index < stop[axis]:
            raise UnsupportedError(f"No slice {index} along axis {axis}; expected 0 to {stop[axis] - 1}.")
        start[axis], stop[axis] = index, index + 1
        window = tuple(slice(a, b) for a, b in zip(start, stop, strict=True))
        return self.with_array(self.array[window], self.geometry.cropped(start, stop))


def _eight_bit(colours: NDArray[Any]) -> NDArray[np.uint8]:
    """Return colour samples of 8, 16 or 32 bits by their upper byte; 32 bits are read as float64, which holds them."""
    if colours.dtype == np.float64:
        return (colours / 2.0**24).astype(np.uint8)
    if colours.dtype.kind != "u":
        raise UnsupportedError(f"Cannot show colours of dtype {colours.dtype}; expected unsigned integers.")
    shift = (colours.dtype.itemsize - 1) * 8
    return colours if shift == 0 else (colours >> shift).astype(np.uint8)


class Artist(Protocol):
    """What draws volumes: it lies above this module, which therefore is given it."""

    def png(self, volume: Volume, shown: Any, size: tuple[int, int]) -> bytes:
        """Return the picture of `volume` as the bytes of a PNG file."""

    def window(self, volume: Volume, shown: Any) -> None:
        """Open a window on `volume` and return when it is closed."""


@dataclass(frozen=True)
class Still:
    """A picture that notebooks show: the bytes of a PNG file."""

    png: bytes = field(repr=False)

    def _repr_png_(self) -> bytes:
        return self.png


def in_notebook() -> bool:
    """Return whether a notebook's kernel runs this, whose cells show pictures."""
    ipython = sys.modules.get("IPython")
    return getattr(ipython and ipython.get_ipython(), "kernel", None) is not None


_artists: list[Artist] = []


def let_volumes_show(artist: Artist) -> None:
    """Let `artist` draw what `Volume.show` asks for; the last one does."""
    _artists.append(artist)


def _artist() -> Artist:
    if not _artists:
        raise RenderError("Cannot draw a volume: nothing that draws is loaded; import dicomvtk.api first.")
    return _artists[-1]


def _shape3(array: NDArray[Any]) -> tuple[int, int, int]:
    return (array.shape[0], array.shape[1], array.shape[2])


def _in_vtk_layout(array: NDArray[Any], axes: tuple[Axis, ...]) -> NDArray[Any]:
    """Return `array` in the memory order of the contract, copied only where it is in another."""
    named = _SPATIAL_AXES + len(axes)
    if array.shape[_SPATIAL_AXES:named] != tuple(len(axis) for axis in axes):
        raise UnsupportedError(
            f"Array of shape {array.shape} does not fit the axes {[(a.keyword, len(a)) for a in axes]} past (i, j, k)."
        )
    if array.ndim == named:
        return in_vtk_order(array, colour=False)
    if array.ndim == named + 1 and array.shape[-1] in _COLOUR_SAMPLES:
        return in_vtk_order(array, colour=True)
    raise UnsupportedError(
        f"Cannot tell what the dimensions past (i, j, k) of shape {array.shape} are: "
        "name them in axes=, or give 3 or 4 colour samples last."
    )
