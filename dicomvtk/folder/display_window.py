"""The window a series is to be shown with: the first WindowCenter and WindowWidth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dicomvtk.display import VoiFunction, WindowLevel
from dicomvtk.errors import UnsupportedError
from dicomvtk.folder.attribute_path import parse
from dicomvtk.folder.header_values import ABSENT

if TYPE_CHECKING:
    from dicomvtk.folder.instance import Instance

__all__ = ["get", "set_"]

_CENTER, _WIDTH = parse("WindowCenter"), parse("WindowWidth")
_EXPLANATION, _FUNCTION = parse("WindowCenterWidthExplanation"), parse("VOILUTFunction")
#: How window centre and width are read (PS3.3 C.11.2.1.3); LINEAR where the file does not say.
_FUNCTIONS: tuple[VoiFunction, ...] = ("LINEAR", "LINEAR_EXACT", "SIGMOID")


def get(instance: Instance) -> WindowLevel | None:
    wanted = (_CENTER, _WIDTH, _EXPLANATION, _FUNCTION)
    found = instance.values(wanted)
    center, width, explanation, function = (_first(found[path]) for path in wanted)
    if center is None or width is None or not float(width) > 0:
        return None
    stated: VoiFunction = next((one for one in _FUNCTIONS if one == function), "LINEAR")
    return WindowLevel(float(center), float(width), str(explanation or ""), stated)


def set_(instance: Instance, value: Any) -> None:
    """Set one window: a WindowLevel or (center, width) in modality values; None takes all windows away."""
    if value is None:
        for path in (_CENTER, _WIDTH, _EXPLANATION, _FUNCTION):
            instance.set(path, None)
        return
    try:
        window = value if isinstance(value, WindowLevel) else _of_pair(value)
    except (TypeError, ValueError) as error:
        raise UnsupportedError(f"Cannot set window to {value!r}; expected a WindowLevel or (center, width).") from error
    instance.set_value(_CENTER, window.center)
    instance.set_value(_WIDTH, window.width)
    instance.set(_EXPLANATION, instance.element(_EXPLANATION, window.explanation or ABSENT))
    if window.function != "LINEAR" or instance.value(_FUNCTION) is not ABSENT:
        instance.set_value(_FUNCTION, window.function)


def _of_pair(value: Any) -> WindowLevel:
    center, width = value
    return WindowLevel(float(center), float(width))


def _first(value: Any) -> Any:
    if isinstance(value, list):
        return value[0] if value else None
    return None if value is ABSENT or value == "" else value
