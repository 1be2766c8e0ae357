"""The same images in another transfer syntax: the coding of the pixels changes, and nothing else.

SOPInstanceUID stays, since nothing is lost (PS3.4 B.4.1.2); what an earlier lossy compression did is told.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset, dcmread
from pydicom.errors import InvalidDicomError

from dicomvtk.atomic_folder import new_folder
from dicomvtk.dicom.compress import CODINGS, Coding, check_coding, coding_named, encapsulated
from dicomvtk.dicom.decimal_strings import ds_text
from dicomvtk.dicom.decoders import decode, decode_indices
from dicomvtk.dicom.elements import DEFLATED, EXPLICIT_BIG, EXPLICIT_LITTLE, IMPLICIT_LITTLE
from dicomvtk.dicom.files import list_files
from dicomvtk.dicom.frames import Frame
from dicomvtk.dicom.headers import HeaderReader
from dicomvtk.errors import NoDicomError, UnsupportedError

__all__ = ["SYNTAXES", "transcode"]

_EXPLICIT = "explicit"
#: Syntaxes whose pixels explicit VR little endian holds byte for byte.
_PLAIN = (IMPLICIT_LITTLE, EXPLICIT_LITTLE, DEFLATED)
_LOSSY_JPEG = tuple(f"1.2.840.10008.1.2.4.{n}" for n in (50, 51, 53, 55))
#: VRs of words in bytes, and the bytes of a word.
_WORDS = {"OW": 2, "OF": 4, "OL": 4, "OD": 8, "OV": 8}
#: The element head of PixelData, before its value: tag, VR, two reserved bytes, length.
_HEAD = 12

SYNTAXES = (_EXPLICIT, *CODINGS)


def transcode(
    path: str | os.PathLike[str],
    folder: str | os.PathLike[str],
    syntax: str,
    *,
    overwrite: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> int:
    """Write the DICOM files at `path` to `folder`, under the same names, with pixels in `syntax`; return how many.

    `syntax` is one of `SYNTAXES`: uncompressed (explicit VR little endian), or a coding without loss. A palette stays
    one, its indices coded. Objects without pixels are copied as they are; what is no DICOM is left out. All or nothing.

    Raises
    ------
    NoDicomError
        Where there is no DICOM file.
    UnsupportedError
        For an unknown syntax, and for pixels that it cannot hold.
    """
    coding = None if syntax == _EXPLICIT else _coding(syntax)
    files = list_files(path, {})
    top = Path(path) if Path(path).is_dir() else Path(path).parent
    done = 0
    with new_folder(folder, overwrite=overwrite) as filling:
        for n, file in enumerate(files):
            place = filling / Path(file).relative_to(top)
            place.parent.mkdir(parents=True, exist_ok=True)
            done += _transcode_file(file, place, coding)
            if progress is not None:
                progress(n + 1, len(files))
        if not done:
            raise NoDicomError(f"Cannot transcode {path}: none of its {len(files)} files is DICOM.")
    return done


def _coding(syntax: str) -> Coding:
    if syntax not in SYNTAXES:
        raise UnsupportedError(f"Unknown syntax {syntax!r}; expected one of {', '.join(SYNTAXES)}.")
    return coding_named(syntax)


def _transcode_file(file: str, place: Path, coding: Coding | None) -> int:
    """Write one file in the new coding; return 0 for what is no DICOM."""
    try:
        dataset = dcmread(file)
    except InvalidDicomError:
        return 0
    if "PixelData" not in dataset:
        shutil.copyfile(file, place)
        return 1
    syntax = dataset.file_meta.get("TransferSyntaxUID")
    if coding is None and syntax in _PLAIN:
        dataset.file_meta.TransferSyntaxUID = EXPLICIT_LITTLE
    else:
        samples_of = decode_indices if str(dataset.PhotometricInterpretation) == "PALETTE COLOR" else decode
        planes = [np.ascontiguousarray(samples_of(frame)) for frame in _images(file)]
        if syntax == EXPLICIT_BIG:
            dataset = _little(dataset)
        if syntax in _LOSSY_JPEG and dataset.get("LossyImageCompression") != "01":
            _tell_loss(dataset, sum(plane.nbytes for plane in planes) / len(dataset.PixelData))
        _put_pixels(dataset, planes, coding, file)
    dataset.save_as(place, enforce_file_format=True, implicit_vr=False, little_endian=True)
    return 1


def _images(file: str) -> list[Frame]:
    """Return the images of a file as it holds them: mosaics whole."""
    return list(dict.fromkeys(frame.whole or frame for frame in HeaderReader().frames(file)))


def _tell_loss(dataset: Dataset, ratio: float) -> None:
    """Say that pixels were compressed with loss (C.7.6.1.1.5), as nothing else does once they have another coding."""
    dataset.LossyImageCompression = "01"
    dataset.LossyImageCompressionRatio = ds_text(round(ratio, 3))
    dataset.LossyImageCompressionMethod = "ISO_10918_1"


def _little(dataset: Dataset) -> Dataset:
    """Return a big-endian data set as one that pydicom writes little-endian.

    Words that pydicom leaves as the bytes they are in the file are turned round (PS3.5 section 7.3).
    """
    for element in dataset.iterall():
        size = _WORDS.get(element.VR)
        if size is not None and isinstance(element.value, bytes):
            element.value = np.frombuffer(element.value, f">u{size}").astype(f"<u{size}").tobytes()
    little = Dataset(dataset)
    little.file_meta, little.preamble = dataset.file_meta, b"\0" * 128
    return little


def _put_pixels(dataset: Dataset, planes: list[NDArray[Any]], coding: Coding | None, file: str) -> None:
    if len(planes) != int(dataset.get("NumberOfFrames", 1) or 1):
        raise UnsupportedError(f"Cannot transcode {file}: it holds {len(planes)} images in another number of frames.")
    bits, of_a_bit = int(dataset.BitsAllocated), int(dataset.BitsAllocated) == 1
    if bits != 8 * planes[0].dtype.itemsize and (coding is not None or not of_a_bit):
        raise UnsupportedError(
            f"Cannot transcode {file}: no image of BitsAllocated (0028,0100) {bits} is written in "
            f"{'explicit' if coding is None else coding.name}; expected 8, 16 or 32"
            + (". Take --syntax explicit." if of_a_bit else ".")
        )
    if coding is not None:
        check_coding(coding, planes[0].dtype)
    dataset.file_meta.TransferSyntaxUID = coding.uid if coding else EXPLICIT_LITTLE
    if planes[0].ndim > 2:
        dataset.PhotometricInterpretation = coding.colour if coding else "RGB"
        dataset.PlanarConfiguration = 0
    for keyword in ("ExtendedOffsetTable", "ExtendedOffsetTableLengths"):
        if keyword in dataset:
            del dataset[keyword]
    if coding is not None:
        dataset.PixelData = encapsulated([coding.encode(plane) for plane in planes])[_HEAD:-8]
        dataset["PixelData"].VR = "OB"
        dataset["PixelData"].is_undefined_length = True
        return
    if of_a_bit:  # one after another, frames too (PS3.5 section 8.1.1)
        raw = np.packbits(np.stack(planes).ravel() != 0, bitorder="little").tobytes()
    else:
        raw = b"".join(plane.astype(plane.dtype.newbyteorder("<"), copy=False).tobytes() for plane in planes)
    dataset.PixelData = raw + b"\x00" * (len(raw) % 2)
    dataset["PixelData"].VR = "OB" if planes[0].dtype.itemsize == 1 else "OW"
    dataset["PixelData"].is_undefined_length = False
