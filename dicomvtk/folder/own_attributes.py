"""Attributes of this package and of its users, in lower case so that they are told from the standard's."""

from __future__ import annotations

import difflib
import keyword
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from dicomvtk.errors import UnsupportedError
from dicomvtk.folder import display_window, image_type, private_colormap, slice_position
from dicomvtk.folder.attribute_path import MissingAttributeError, spelled_alike
from dicomvtk.folder.instance import Instance

__all__ = ["RANK", "OwnAttribute", "find", "register_attribute", "set_for", "unknown"]

#: No attribute of a file, but a dimension of `folder.grid`.
RANK = "rank"

Getter = Callable[[Instance], Any]
Setter = Callable[[Instance, Any], None]


@dataclass(frozen=True)
class OwnAttribute:
    """A lower-case attribute: how one file gives it, and how it is set there (None where it cannot be)."""

    name: str
    get: Getter
    set: Setter | None


_REGISTERED: dict[str, OwnAttribute] = {
    "colormap": OwnAttribute("colormap", private_colormap.get, private_colormap.set_),
    "image_type": OwnAttribute("image_type", image_type.get, image_type.set_),
    "slice_position": OwnAttribute("slice_position", slice_position.get, None),
    "window": OwnAttribute("window", display_window.get, display_window.set_),
}


def register_attribute(name: str, getter: Getter, setter: Setter | None = None) -> None:
    """Give folders, patients, studies and series a lower-case attribute of your own.

    `getter(instance)` returns the value of one file, None where it has none; `setter(instance, value)` sets it, by
    ``instance.set_value("Keyword", value)``. As with the standard's attributes, a series gives the one value that its
    files agree on, or the sorted list of the different ones. Raises UnsupportedError for a name that cannot be one.

    Examples
    --------
    >>> register_attribute("voxel_area", lambda instance: instance.get("Rows", 0) * instance.get("Columns", 0))
    """
    from dicomvtk.folder.levels import Patient, Study
    from dicomvtk.folder.series import Series
    from dicomvtk.folder.tree import Folder

    if not name.isidentifier() or keyword.iskeyword(name) or name != name.lower() or name.startswith("_"):
        raise UnsupportedError(f"Cannot register {name!r}; expected a lower-case name such as 'flip_group'.")
    if name == RANK or any(hasattr(level, name) for level in (Folder, Patient, Study, Series)):
        raise UnsupportedError(f"Cannot register {name!r}: it already means something on a folder or a series.")
    _REGISTERED[name] = OwnAttribute(name, getter, setter)


def find(name: Any) -> OwnAttribute | None:
    """Return the own attribute of that name, None for names of the standard's."""
    return _REGISTERED.get(name) if isinstance(name, str) else None


def set_for(level: str, name: str, value: Any, instances: Sequence[Instance]) -> None:
    """Set an own attribute in every file; a value that one file refuses leaves all of them as they were."""
    own = _REGISTERED.get(name)
    if own is None:
        raise unknown(level, name)
    if own.set is None:
        raise UnsupportedError(f"Cannot set {name}: it follows from the other attributes.")
    before = [(one, dict(one.edits), one.recode) for one in instances]
    try:
        for instance in instances:
            own.set(instance, value)
    except BaseException:
        for one, edits, recode in before:
            one.edits, one.recode = edits, recode
        raise


def unknown(level: str, name: str) -> MissingAttributeError:
    """Return the error that says which own attributes there are."""
    near = difflib.get_close_matches(name, _REGISTERED, n=1) or spelled_alike(name)
    hint = f"; did you mean {near[0]}?" if near else "."
    return MissingAttributeError(
        f"{level} has no attribute {name!r}{hint} The standard's attributes are CamelCase keywords; own ones are "
        f"{', '.join(sorted(_REGISTERED))}, and those given to register_attribute()."
    )
