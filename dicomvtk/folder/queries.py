"""Finding series by what their headers say, and the folder as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dicomvtk.folder import own_attributes
from dicomvtk.folder.attribute_path import parse
from dicomvtk.folder.conditions import compiled, reader
from dicomvtk.folder.header_values import ABSENT
from dicomvtk.folder.unique import one_or_unique

if TYPE_CHECKING:
    from dicomvtk.folder.series import Series
    from dicomvtk.folder.tree import Folder

__all__ = ["COLUMNS", "Row", "find", "table"]

#: One series: values by attribute.
Row = dict[str, Any]

#: The columns of a table, where none are named.
COLUMNS = (
    "PatientName",
    "PatientID",
    "StudyDate",
    "StudyDescription",
    "StudyInstanceUID",
    "Modality",
    "SeriesNumber",
    "SeriesDescription",
    "SeriesInstanceUID",
    "Rows",
    "Columns",
    "SliceThickness",
)


def find(folder: Folder, conditions: Mapping[Any, Any]) -> list[Series]:
    """Return the series of which some file answers to all conditions."""
    tests = compiled(conditions)
    return [series for series in folder.series if any(all(t(one) for t in tests) for one in series.instances)]


def table(folder: Folder, columns: Sequence[Any] | None = None) -> list[Row]:
    """Return a row for each series: the value its files agree on, a list of values where they do not, None for none.

    A last column, ``files``, counts the files.
    """
    names = list(COLUMNS if columns is None else columns)
    readers = {str(name): reader(name) for name in names}
    standard = [parse(name) for name in names if own_attributes.find(name) is None]
    rows: list[Row] = []
    for series in folder.series:
        instances = series.instances
        for one in instances:
            one.values(standard)  # all by one walk
        row: Row = {}
        for name, read in readers.items():
            found = [None if (value := read(one)) is ABSENT else value for one in instances]
            row[name] = one_or_unique(found)
        row["files"] = len(instances)
        rows.append(row)
    return rows
