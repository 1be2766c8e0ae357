"""One series: its files as arrays, and what can be made of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from numpy.typing import ArrayLike, NDArray

from dicomvtk.folder.attribute_path import Name, parse
from dicomvtk.folder.header_values import ABSENT
from dicomvtk.folder.instance import IDENTITY, Instance
from dicomvtk.folder.levels import Level, Patient, Study, counted, serials
from dicomvtk.volume import Volume

if TYPE_CHECKING:
    from dicomvtk.folder.tree import Folder
    from dicomvtk.metadata import Axis
    from dicomvtk.processing.resample import Interpolation

__all__ = ["Series"]


class Series(Level):
    """One series: the files of one SeriesInstanceUID of a study."""

    _single = True

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._study: Study | None = None
        self._serial = next(serials)
        self._key: tuple[str, ...] = ()

    @property
    def study(self) -> Study:
        assert self._study is not None
        return self._study

    @property
    def patient(self) -> Patient:
        return self.study.patient

    def ndarray(self, dims: Sequence[str] | None = None, *, stored: bool = False) -> NDArray[Any]:
        """Return the values, (i, j, n) in the order of the files, or (i, j, *dims) on the grid of these attributes.

        `dims` are DICOM attributes in any notation, own ones (``"image_type"``, ``"slice_position"``), or ``"rank"``,
        which numbers images that nothing else tells apart. Modality values unless `stored`; Fortran order, colour
        samples last. Raises SeriesError, which shows the grid, where it is not full.
        """
        from dicomvtk.folder import arrays

        return arrays.ndarray(self, dims, stored=stored)

    def coordinates(self, dims: Sequence[str]) -> tuple[Axis, ...]:
        """Return the values along each dimension of ``ndarray(dims)``."""
        from dicomvtk.folder import arrays

        return arrays.coordinates(self, dims)

    def set_ndarray(self, array: ArrayLike, dims: Sequence[str] | None = None) -> None:
        """Replace the values of all files: `array` as `ndarray` with the same `dims` gives it.

        Values that the present slope and intercept hold keep them; else all files get new ones. Raises
        UnsupportedError for what cannot be stored.
        """
        from dicomvtk.folder import arrays

        arrays.set_ndarray(self, array, dims)

    def volume(self, **options: Any) -> Volume:
        """Return the series, with its edits, as `dicomvtk.read` does; `options` are those of it."""
        from dicomvtk.folder import arrays

        return arrays.volume(self, options)

    def subseries(self, **conditions: Any) -> Series:
        """Return a new series of the same study: copies of the files that match all `conditions`, in memory till saved.

        ``series.subseries(FlipAngle=20, image_type="PHASE")``; texts may hold wildcards, dates and times ranges.
        """
        return self._folder.building.subseries(self, conditions)

    def split_by(self, name: Name) -> list[Series]:
        """Return a new series of the same study for each value of an attribute; this one stays as it is."""
        return self._folder.building.split(self, name)

    def copy_to(self, parent: Study | Patient | None = None, **attributes: Any) -> Series:
        """Return a copy as a new series of `parent` (of its own study if left out), with UIDs of its own."""
        return self._folder.building.copied(self, parent, attributes)

    def move_to(self, parent: Study | Patient) -> Series:
        """Make this a series of another study (a new one, for a patient) and return it; the files stay in place."""
        return self._folder.building.moved(self, parent)

    def merge(self, *others: Series, **attributes: Any) -> Series:
        """Return a new series of the same study that holds copies of all files of this and `others`."""
        return self.study.merge(self, *others, **attributes)

    def delete(self) -> None:
        """Take all files away; they are removed from the disk by `save`, and come back by `restore`."""
        self._folder.building.delete(self)

    def map_to(self, target: Series | Volume, method: Interpolation = "linear", **options: Any) -> Series:
        """Return a new series, derived from this, on the grid of `target`; see `folder.mapping`."""
        from dicomvtk.folder import mapping

        return mapping.map_to(self, target, method, **options)

    def map_mask_to(self, target: Series | Volume, **options: Any) -> Series:
        """Return a new series: the labels of this mask on the grid of `target`; see `folder.mapping`."""
        from dicomvtk.folder import mapping

        return mapping.map_mask_to(self, target, **options)

    @property
    def instances(self) -> list[Instance]:
        """The files, in order."""
        return self._folder.members(self)

    def _covers(self, instance: Instance) -> bool:
        return instance.series is self

    def _was_home(self, instance: Instance) -> bool:
        return instance.home is self

    def __len__(self) -> int:
        return len(self.instances)

    def __bool__(self) -> bool:
        return True

    def __repr__(self) -> str:
        files = self.instances
        instances = files or self._concerned()
        if not instances:
            return "<Series without files>"
        found = instances[0].values(IDENTITY)
        texts = [found[parse(keyword)] for keyword in ("SeriesNumber", "Modality", "SeriesDescription")]
        line = " ".join(str(text) for text in texts if text not in (ABSENT, "", None))
        return f"<Series {line or '-'}: {counted(len(files), 'file', 'files')}>"
