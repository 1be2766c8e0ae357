"""Which decoder reads a frame: one table, asked before anything is read."""

from __future__ import annotations

from dicomvtk.dicom import decode_codecs, decode_raw
from dicomvtk.dicom.headers import Frame

__all__ = ["decoding_problem"]


def decoding_problem(frame: Frame) -> str:
    """Return why no decoder reads this frame, naming the syntax and what would; empty where one does."""
    if decode_raw.handles(frame) or decode_codecs.handles(frame):
        return ""
    from dicomvtk.dicom import decode_pydicom

    return decode_pydicom.problem(frame)
