"""Real files with damage at random: each mutation is a number, and the same number is always the same mutation."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from random import Random

from odd_inputs.cases import Case
from odd_inputs.known import Known

__all__ = ["FILES", "PREFIX", "mutation"]

PREFIX = "mutation-"

_T, _S = "pydicom_files/test_files", "syntaxes_ct_and_pattern/CTImage.dcm_"
#: Small files of every encoding and coding that is read, compressed ones twice as often as not.
FILES = (
    f"{_T}/MR_small.dcm", f"{_T}/MR_small_implicit.dcm", f"{_T}/MR_small_bigendian.dcm", f"{_T}/MR_small_RLE.dcm",
    f"{_T}/MR_small_jp2klossless.dcm", f"{_T}/MR_small_jpeg_ls_lossless.dcm", f"{_T}/JPEGLSNearLossless_16.dcm",
    f"{_T}/JPEGLSNearLossless_08.dcm", f"{_T}/JPEG2000.dcm", f"{_T}/693_J2KI.dcm", f"{_T}/JPEG-lossy.dcm",
    f"{_T}/SC_rgb_jls_lossy_line.dcm", f"{_T}/SC_rgb_jls_lossy_sample.dcm", f"{_T}/SC_rgb_jpeg_dcmtk.dcm",
    f"{_T}/SC_rgb_rle_2frame.dcm", f"{_T}/SC_rgb_rle_16bit.dcm", f"{_T}/rtdose_rle.dcm",
    f"{_T}/SC_ybr_full_422_uncompressed.dcm", "pydicom_data/emri_small_RLE.dcm",
    "pydicom_data/emri_small_jpeg_2k_lossless.dcm", "pydicom_data/emri_small_jpeg_ls_lossless.dcm",
    f"{_S}JPEGProcess14TransferSyntax_1.2.840.10008.1.2.4.57.dcm",
    f"{_S}JPEGProcess14SV1TransferSyntax_1.2.840.10008.1.2.4.70.dcm",
    f"{_S}JPEGLSLossyTransferSyntax_1.2.840.10008.1.2.4.81.dcm",
    f"{_S}JPEGProcess2_4TransferSyntax_1.2.840.10008.1.2.4.51.dcm",
    f"{_S}JPEGProcess1TransferSyntax_1.2.840.10008.1.2.4.50.dcm",
    f"{_S}DeflatedExplicitVRLittleEndianTransferSyntax_1.2.840.10008.1.2.1.99.dcm",
    "syntaxes_ct_and_pattern/TestPattern_JPEG-LS-Lossless.dcm", "mr_mosaic_jpeg_lossless/jpg1.dcm",
    "float_pixels/parametric_map_float.dcm",
)  # fmt: skip


def mutation(key: str) -> Case:
    """Return the case of a key such as ``mutation-17``; the data are found by ``DICOMVTK_TEST_DATA``."""
    return Case("mutation", key.removeprefix(PREFIX), "hostile", partial(_write, number=int(key.removeprefix(PREFIX))))


def _write(folder: Path, number: int) -> Known | None:
    data = Path(os.environ["DICOMVTK_TEST_DATA"])
    files = [name for name in FILES if (data / name).is_file()]
    source = data / files[number % len(files)]
    (folder / source.name).write_bytes(_damaged(source.read_bytes(), Random(number)))
    return None


def _damaged(content: bytes, chance: Random) -> bytes:
    """Return the content after one to three injuries, in the header as often as anywhere."""
    changed = bytearray(content)
    for _ in range(chance.randint(1, 3)):
        end = len(changed) if chance.random() < 0.5 else min(len(changed), 4096)
        at = chance.randrange(132, max(133, end))
        length = chance.choice((1, 2, 4, 16, 200))
        match chance.choice(("flip", "flip", "noise", "fill", "cut", "insert", "remove", "repeat", "length")):
            case "flip":
                for _ in range(length):
                    where = chance.randrange(132, max(133, end))
                    if where < len(changed):
                        changed[where] ^= 1 << chance.randrange(8)
            case "noise":
                changed[at : at + length] = chance.randbytes(length)
            case "fill":
                changed[at : at + length] = chance.choice((b"\0", b"\xff")) * length
            case "cut":
                del changed[at:]
            case "insert":
                changed[at:at] = chance.randbytes(length)
            case "remove":
                del changed[at : at + length]
            case "repeat":
                changed[at:at] = changed[at : at + length]
            case "length":
                changed[at : at + 4] = chance.choice((b"\xff\xff\xff\xff", b"\xfe\xff\xff\xff", b"\0\0\0\x80"))
    return bytes(changed)
