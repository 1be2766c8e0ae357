"""How dicomvtk reads a case, for the server of cases."""

from __future__ import annotations

import warnings
from pathlib import Path

# What a reading imports, paid once in the server and not in each case.
import imagecodecs  # noqa: F401
import natsort  # noqa: F401
import numpy as np
import pydicom.filereader
import pydicom.pixels  # noqa: F401
from odd_inputs.attempt import Attempt, Refused
from odd_inputs.cases import Case

from dicomvtk import api
from dicomvtk.errors import DicomVtkError, DicomVtkWarning

__all__ = ["read"]


def read(path: Path, case: Case, repair: bool) -> Attempt:
    """Read with the public function; everything but DicomVtkError is let through."""
    allow, fix = (case.allow, case.fix) if repair else ((), ())
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        try:
            volume = api.read(path, series=case.series, allow=allow, fix=fix)
        except DicomVtkError as error:
            raise Refused(str(error)) from error
    words = tuple(f"{w.category.__name__}: {w.message}" for w in told if not issubclass(w.category, ResourceWarning))
    foreign = [w for w in told if not issubclass(w.category, DicomVtkWarning | ResourceWarning)]
    if foreign:
        raise AssertionError(f"a warning that is not ours: {words}")
    affine = volume.affine if volume.geometry.placed else None
    return Attempt(np.asarray(volume.array), affine, None, words, tuple(f.code for f in volume.findings))
