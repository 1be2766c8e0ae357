"""A folder as a medium that is exchanged: a DICOMDIR that lists its images, and names that a medium allows (PS3.10)."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from pydicom import dcmread
from pydicom.fileset import FileSet

from dicomvtk.errors import UnsupportedError

__all__ = ["add_dicomdir"]

_FILE_SET_ID = "DICOMVTK"


def add_dicomdir(folder: Path, names: Sequence[str]) -> list[str]:
    """Make the images `names` of `folder` a file-set with a DICOMDIR; return their new names, in the same order.

    Names on a medium have up to 8 capitals and digits and no suffix, in folders of patient, study and series.
    """
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        images = FileSet()
        images.ID = _FILE_SET_ID
        for name in names:
            try:
                images.add(folder / name)
            except (ValueError, AttributeError, KeyError) as error:
                raise UnsupportedError(f"Cannot list the series in a DICOMDIR: {error}. Write it without.") from error
        images.write(Path(scratch))
        listed = {str(image.SOPInstanceUID): Path(image.path).relative_to(scratch) for image in images}
        order = [listed[str(_instance_uid(folder / name))] for name in names]
        for name in names:
            (folder / name).unlink()
        for entry in Path(scratch).iterdir():
            entry.rename(folder / entry.name)
    return [str(path) for path in order]


def _instance_uid(path: Path) -> str:
    return str(dcmread(path, specific_tags=["SOPInstanceUID"], stop_before_pixels=True).SOPInstanceUID)
