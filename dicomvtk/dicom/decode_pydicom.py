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
from dicomvtk.dicom.frames import Frame
from dicomvtk.dicom.headers_pydicom import inflated_data_set, past_pixels
from dicomvtk.dicom.palette import palette_of
from dicomvtk.errors import PixelDecodeError

__all__ = ["decode", "problem"]

#: Keeps the data set of a multi-frame file from being parsed once a frame; pydicom data sets are not thread-safe.
_lock = Lock()

#: The most that is read of one file: an image of 4 GiB is the largest that a length can state (PS3.5 section 7.1).
_MOST_READ = 5 << 30
_HEAD = 4096


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
    array = _all_frames(frame.path, version)
    held = int(_data_set(frame.path, version).get("NumberOfFrames") or 1)
    if frame.number >= held:
        raise ValueError(f"NumberOfFrames (0028,0008) says {held}, the header describes more")
    if held > 1:
        array = array[frame.number]
    if frame.common.photometric == "PALETTE COLOR":  # pydicom takes palettes of big-endian files for little-endian ones
        return palette_of(frame.path, frame.common.signed).apply(array)
    return array


@lru_cache(maxsize=2)
def _data_set(path: str, version: tuple[int, ...]) -> Any:
    """Return the file's data set up to its pixels; `version` keeps an older one from being taken for it."""
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
    return _data_set(path, version).pixel_array


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
