"""Frames that our own decoders leave alone, by pydicom: the reference, and the way of last resort."""

from __future__ import annotations

import io
import warnings
from functools import lru_cache
from threading import Lock
from typing import Any

from numpy.typing import NDArray

from dicomvtk.dicom.bounded_file import BoundedFile
from dicomvtk.dicom.elements import DEFLATED
from dicomvtk.dicom.files import file_version
from dicomvtk.dicom.frames import Frame, frame_bytes
from dicomvtk.dicom.headers_pydicom import inflated_data_set, past_pixels
from dicomvtk.dicom.palette import palette_of
from dicomvtk.errors import PixelDecodeError

__all__ = ["decode", "problem"]

#: Keeps the data set of a multi-frame file from being parsed once a frame; pydicom data sets are not thread-safe.
_lock = Lock()

#: The most that is read of one file: an image of 4 GiB is the largest that a length can state (PS3.5 section 7.1).
_MOST_READ = 5 << 30
_HEAD = 4096

_PIXELS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")


def problem(frame: Frame) -> str:
    """Return why pydicom cannot decode this frame's transfer syntax, empty where it can."""
    from pydicom.pixels import get_decoder
    from pydicom.uid import UID, DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian

    syntax = UID(frame.common.transfer_syntax)
    if syntax in (DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian):
        return ""
    try:
        decoder = get_decoder(syntax)
    except NotImplementedError:
        return (
            f"{frame.path} is in transfer syntax {syntax} ({syntax.name}), which nothing here decodes. "
            "Convert it to a lossless or uncompressed syntax first, for example with dcmdjpeg or gdcmconv --raw."
        )
    if decoder.is_available:
        return ""
    lacking = "; ".join(decoder.missing_dependencies)
    return f"{frame.path} is in transfer syntax {syntax} ({syntax.name}); to decode it install one of: {lacking}."


def decode(frame: Frame) -> NDArray[Any]:
    """Return one frame's samples (rows, columns[, 3]); palettes and YBR become RGB. Raises PixelDecodeError."""
    with _lock, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return _decode(frame)
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # plug-ins raise BaseException too
            raise PixelDecodeError(
                f"Cannot decode {frame.path}, frame {frame.number + 1}, syntax {frame.common.transfer_syntax}: "
                f"{type(error).__name__}: {error}"
            ) from error


def _decode(frame: Frame) -> NDArray[Any]:
    version = file_version(frame.path)
    data_set, held = _data_set(frame.path, version)
    described = int(data_set.get("NumberOfFrames") or 1)
    if frame.number >= described:
        raise ValueError(f"NumberOfFrames (0028,0008) says {described}, the header describes more")
    if held is not None:
        lacking = frame_bytes(frame.common, frame.number + 1) - held - frame.shortfall
        if lacking > 0:
            raise ValueError(f"{lacking} bytes of it are missing; the file was longer when it was scanned")
    array = _all_frames(frame.path, version)
    if described > 1:
        array = array[frame.number]
    if frame.common.photometric == "PALETTE COLOR":  # pydicom takes palettes of big-endian files for little-endian ones
        return palette_of(frame.path, frame.common.signed).apply(array)
    return array


@lru_cache(maxsize=2)
def _data_set(path: str, version: tuple[int, ...]) -> tuple[Any, int | None]:
    """Return the file's data set up to its pixels, and how many bytes of those it holds, None where compressed.

    Uncompressed pixels that are cut short are filled up with zeros, so that pydicom gives the frames that are whole.
    `version` keeps an older file from being taken for this one.
    """
    from pydicom.pixels.utils import get_expected_length

    data_set = _read(path)
    groups = data_set.get("PerFrameFunctionalGroupsSequence")
    if groups and not data_set.get("NumberOfFrames"):  # as `headers` counts them
        data_set.NumberOfFrames = len(groups)
    keyword = next((name for name in _PIXELS if name in data_set), "")
    if not keyword or data_set.file_meta.TransferSyntaxUID.is_encapsulated:
        return data_set, None
    element = data_set[keyword]
    held = len(element.value)
    needed = get_expected_length(data_set)
    element.value = element.value.ljust(needed + needed % 2, b"\0")
    return data_set, held


def _read(path: str) -> Any:
    from pydicom.filereader import read_partial

    with BoundedFile(path, _MOST_READ) as file:
        head = file.read(_HEAD)
        file.seek(0)
        if head[128:132] == b"DICM" and DEFLATED.encode() in head:
            return _inflated(path)
        data_set = read_partial(file, past_pixels(), force=True)
    if "TransferSyntaxUID" not in getattr(data_set, "file_meta", {}):
        from pydicom.dataset import FileMetaDataset
        from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

        data_set.file_meta = getattr(data_set, "file_meta", None) or FileMetaDataset()
        implicit = data_set.original_encoding[0]
        data_set.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian if implicit else ExplicitVRLittleEndian
    return data_set


@lru_cache(maxsize=1)
def _all_frames(path: str, version: tuple[int, ...]) -> NDArray[Any]:
    return _data_set(path, version)[0].pixel_array


def _inflated(path: str) -> Any:
    """Return the data set of a deflated file, inflated within bounds."""
    from pydicom.dataset import FileMetaDataset
    from pydicom.filereader import read_dataset
    from pydicom.uid import ExplicitVRLittleEndian

    data = io.BytesIO(inflated_data_set(path))
    data_set = read_dataset(data, is_implicit_VR=False, is_little_endian=True, stop_when=past_pixels())
    data_set.file_meta = FileMetaDataset()
    data_set.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data_set.set_original_encoding(False, True)
    return data_set
