"""Imports every module of cases, so that `CASES` is whole."""

from __future__ import annotations

from odd_inputs import combined, compressed, enhanced, file, folder, geometry, hostile, pixels, rescale

__all__ = ["combined", "compressed", "enhanced", "file", "folder", "geometry", "hostile", "pixels", "rescale"]
