"""Every failure this package reports, each also the builtin error a caller would expect.

A message says what was tried, which file or attribute, what was found, what was expected and what to do.
"""

from __future__ import annotations

__all__ = [
    "DicomVtkError",
    "DicomVtkWarning",
    "GeometryError",
    "NoDicomError",
    "PixelDecodeError",
    "RenderError",
    "SeriesError",
    "UnsupportedError",
    "VtkError",
    "WriteError",
]


class DicomVtkError(Exception):
    """Root of every error raised on purpose by dicomvtk."""


class NoDicomError(DicomVtkError, FileNotFoundError):
    """Nothing readable as DICOM where the caller pointed."""


class SeriesError(DicomVtkError, LookupError):
    """No series, or more than one, answers to what the caller asked for."""


class GeometryError(DicomVtkError, ValueError):
    """Positions, orientations or spacings that do not describe a regular grid."""


class PixelDecodeError(DicomVtkError, RuntimeError):
    """Pixel data that are truncated, corrupt, or in a coding nothing here decodes."""


class UnsupportedError(DicomVtkError, ValueError):
    """A dtype, rank, range or option that the operation cannot represent without loss."""


class VtkError(DicomVtkError, RuntimeError):
    """VTK reported an error while it ran; the message is VTK's."""


class RenderError(DicomVtkError, RuntimeError):
    """A picture or window could not be made, for example for want of an OpenGL library."""


class WriteError(DicomVtkError, OSError):
    """A file or folder could not be written; what stood there before still stands."""


class DicomVtkWarning(UserWarning):
    """The result stands, but the data were odd: the text is a finding's."""
