"""``dicomvtk write``: an array from a .npy file as a DICOM series."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np
from numpy.typing import NDArray

import dicomvtk
from dicomvtk.cli.console import Console
from dicomvtk.cli.values import Numbers
from dicomvtk.errors import NoDicomError, PixelDecodeError, SeriesError, UnsupportedError
from dicomvtk.geometry import Geometry
from dicomvtk.metadata import Axis, SeriesInfo
from dicomvtk.volume import Volume

if TYPE_CHECKING:
    from dicomvtk.dicom.stack import Stack

__all__ = ["write"]

_DTYPES = "bool uint8 int8 uint16 int16 uint32 int32 float32 float64".split()  # noqa: SIM905
_CODINGS = ("rle", "jpegls", "j2k", "htj2k")


class _Pair(click.ParamType):  # type: ignore[type-arg]  # generic for type checkers of click 8.3 only
    """``NAME=VALUE``."""

    name = "pair"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        if isinstance(value, tuple):
            return value[0], value[1]
        name, equals, text = value.partition("=")
        if not (name and equals):
            self.fail(f"{value!r}; expected NAME=VALUE.", param, ctx)
        return name, text


@click.command()
@click.argument("array", type=click.Path())
@click.argument("out", type=click.Path())
@click.option("--spacing", type=Numbers(float, 3, above=0), metavar="I,J,K", help="mm between voxels.")
@click.option("--origin", type=Numbers(float, 3), metavar="X,Y,Z", help="LPS mm of the first voxel.")
@click.option(
    "--direction", type=Numbers(float, 9), metavar="9 NUMBERS", help="Row by row; its columns are where i, j, k grow."
)
@click.option("--dtype", type=click.Choice(_DTYPES), help="Convert first; refused where integers would not fit.")
@click.option("--modality", metavar="CODE", help="CT, MR, PT, OT, ...; that of --like, or OT, if left out.")
@click.option(
    "--attribute", "attributes", type=_Pair(), multiple=True, metavar="K=V", help="By keyword or gggg,eeee; repeatable."
)
@click.option(
    "--axis",
    "axes",
    type=_Pair(),
    multiple=True,
    metavar="K=V,V",
    help="Attribute along a dimension past k; repeatable.",
)
@click.option("--like", type=click.Path(exists=True), help="DICOM to take patient, study and grid from.")
@click.option("--slope", type=float, help="Step in which floats are stored.")
@click.option("--digits", type=int, help="Decimals of floats that are kept.")
@click.option("--fill", type=float, help="Value for NaN and infinities.")
@click.option("--lossless", is_flag=True, help="Floats bit by bit, as a Parametric Map.")
@click.option("--multi-frame", is_flag=True, help="All slices in one file.")
@click.option("--compress", type=click.Choice(_CODINGS), help="Compress without loss.")
@click.option("--uid-root", metavar="ROOT", help="Registered root of new UIDs.")
@click.option("--dicomdir", is_flag=True, help="A DICOMDIR, and names that a medium allows.")
@click.option("--verify", is_flag=True, help="Read back and compare before the folder gets its name.")
@click.option("--overwrite", is_flag=True, help="Replace what OUT holds.")
@click.pass_obj
def write(
    console: Console, /, array: str, out: str, dtype: str | None, axes: Any, attributes: Any, **options: Any
) -> None:
    """Write the array (i, j, k) in the .npy file ARRAY as a new DICOM series in the folder OUT.

    A 2-D array is one image; 3 samples of uint8 in the last dimension are colour.
    """
    given = _converted(_loaded(array), dtype)
    if options["direction"] is not None:
        options["direction"] = np.reshape(options["direction"], (3, 3))
    options["uids"] = options.pop("uid_root")
    volume = _with_axes(given, axes, options) if axes else given
    if options["like"] is not None and not axes:
        options["like"] = _like(options["like"])
    with console.progress("writing") as progress:
        report = dicomvtk.write_series(volume, out, attributes=dict(attributes), progress=progress, **options)
    console.done(str(report))


def _loaded(path: str) -> NDArray[Any]:
    if not Path(path).is_file():
        raise NoDicomError(f"Cannot read {path}: no such file.")
    if not path.lower().endswith(".npy"):
        raise UnsupportedError(f"Cannot read {path}: expected an array in a .npy file; convert takes other formats.")
    try:
        return np.asarray(np.load(path, allow_pickle=False))
    except (ValueError, EOFError, OSError) as error:
        raise PixelDecodeError(f"Cannot read {path}: {error}; expected what numpy.save wrote of numbers.") from error


def _converted(array: NDArray[Any], dtype: str | None) -> NDArray[Any]:
    """Return `array` as `dtype`, refused where an integer would become another number."""
    if dtype is None or array.size == 0 or array.dtype.kind not in "biuf":
        return array
    wanted = np.dtype(dtype)
    if array.dtype == wanted or (wanted.kind == "f" and array.dtype.kind == "f"):
        return array.astype(wanted)
    with np.errstate(invalid="ignore"):
        converted = array.astype(wanted)
    if not np.array_equal(converted, array):
        raise UnsupportedError(
            f"Cannot convert {array.dtype} values from {array.min()} to {array.max()} to {dtype} without loss. "
            "Leave --dtype out: integers are then kept as they are, floats scaled, and the step is told."
        )
    return converted


def _with_axes(array: NDArray[Any], pairs: Any, options: dict[str, Any]) -> Volume:
    """Return `array` as a volume with further axes; takes out of `options` what it then knows itself."""
    axes = tuple(Axis(name, tuple(_number(word) for word in text.split(","))) for name, text in pairs)
    shape = array.shape[:3]
    if len(shape) < 3:
        raise UnsupportedError(f"Cannot name axes past k of an array of shape {array.shape}; it has no more than two.")
    own = {key: value for key in ("spacing", "origin", "direction") if (value := options.pop(key)) is not None}
    modality = options.pop("modality") or ""
    geometry = Geometry((shape[0], shape[1], shape[2]), **own, placed=bool(own))
    return Volume(array, geometry, SeriesInfo(modality=modality, unit="HU" if modality == "CT" else ""), axes=axes)


def _number(word: str) -> float | str:
    try:
        return float(word)
    except ValueError:
        return word


def _like(path: str) -> Stack:
    """Return the only series at `path`, whose grid an array without one takes."""
    entries = dicomvtk.find_series(path)
    if len(entries) > 1:
        keys = ", ".join(entry.key for entry in entries[:4])
        raise SeriesError(f"Cannot choose between {len(entries)} series in {path} ({keys}); --like takes one.")
    return entries[0]
