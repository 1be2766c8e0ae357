"""Single pictures as PNG, JPEG, TIFF and WebP files."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dicomvtk.atomic import atomic_file
from dicomvtk.errors import UnsupportedError, WriteError

__all__ = ["DEEP_SUFFIXES", "PICTURE_SUFFIXES", "encode_picture", "save_picture"]

_JPEG_QUALITY = 92
_WEBP_QUALITY = 90


def encode_picture(picture: NDArray[Any], suffix: str) -> bytes:
    """Return `picture` (row, column[, 3]), row 0 at the top, as the bytes of a file of that suffix.

    uint8 for every format; uint16 greys for PNG and TIFF, which lose nothing. Raises UnsupportedError for another
    suffix or dtype.
    """
    encode = _ENCODERS.get(suffix.lower())
    if encode is None:
        raise UnsupportedError(f"Cannot save a picture as {suffix!r}; expected one of {', '.join(_ENCODERS)}.")
    deep = picture.dtype == np.uint16 and suffix.lower() in DEEP_SUFFIXES
    if picture.dtype != np.uint8 and not deep:
        raise UnsupportedError(
            f"Cannot save a picture of dtype {picture.dtype} as {suffix}; expected uint8, or uint16 as png or tiff."
        )
    return encode(np.ascontiguousarray(picture))


def save_picture(picture: NDArray[Any], path: str | os.PathLike[str], *, durable: bool = True) -> None:
    """Write `picture` to `path` by its suffix; the file is whole or absent. Raises UnsupportedError, WriteError.

    `durable` is that of `atomic_file`.
    """
    data = encode_picture(picture, Path(path).suffix)
    with atomic_file(path, durable=durable) as sibling:
        try:
            sibling.write_bytes(data)
        except OSError as error:
            raise WriteError(f"Cannot write {path}: {error.strerror or error}.") from error


def _png(picture: NDArray[Any]) -> bytes:
    import imagecodecs

    return bytes(imagecodecs.png_encode(picture))


def _jpeg(picture: NDArray[Any]) -> bytes:
    import imagecodecs

    return bytes(imagecodecs.jpeg8_encode(picture, level=_JPEG_QUALITY))


def _tiff(picture: NDArray[Any]) -> bytes:
    import imagecodecs

    photometric = "rgb" if picture.ndim == 3 else "minisblack"
    return bytes(imagecodecs.tiff_encode(picture, photometric=photometric))


def _webp(picture: NDArray[Any]) -> bytes:
    import imagecodecs

    rgb = picture if picture.ndim == 3 else np.repeat(picture[..., np.newaxis], 3, axis=2)
    return bytes(imagecodecs.webp_encode(rgb, level=_WEBP_QUALITY))


_ENCODERS: dict[str, Callable[[NDArray[Any]], bytes]] = {
    ".png": _png,
    ".jpg": _jpeg,
    ".jpeg": _jpeg,
    ".tif": _tiff,
    ".tiff": _tiff,
    ".webp": _webp,
}
PICTURE_SUFFIXES: tuple[str, ...] = tuple(_ENCODERS)
#: Formats that keep 16 bits.
DEEP_SUFFIXES: tuple[str, ...] = (".png", ".tif", ".tiff")
