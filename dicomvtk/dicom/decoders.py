"""Which decoder reads a frame: one table, asked before anything is read."""

from __future__ import annotations

from dicomvtk.dicom import decode_codecs, decode_raw
from dicomvtk.dicom.elements import EXPLICIT_LITTLE, IMPLICIT_LITTLE, UNDEFINED
from dicomvtk.dicom.frames import Frame

__all__ = ["decoding_problem"]


def decoding_problem(frame: Frame) -> str:
    """Return why no decoder reads this frame, naming the syntax and what would; empty where one does."""
    if frame.length == UNDEFINED and frame.common.transfer_syntax in (IMPLICIT_LITTLE, EXPLICIT_LITTLE):
        return (
            f"{frame.path} has its pixel data in fragments; its TransferSyntaxUID (0002,0010), "
            f"{frame.common.transfer_syntax}, is an uncompressed one. What the fragments hold is not known."
        )
    if decode_raw.handles(frame) or decode_codecs.handles(frame):
        return ""
    from dicomvtk.dicom import decode_pydicom

    return decode_pydicom.problem(frame)
