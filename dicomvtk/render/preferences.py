"""What a user wants of every window, from a small TOML file in the user's configuration folder.

``viewer.toml`` holds lines of ``name = value`` and comments, no tables: ``layout = "three"``, ``neurological = true``.
"""

from __future__ import annotations

import json
import os
import re
import sys
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from dicomvtk.errors import UnsupportedError
from dicomvtk.render.scene import View

__all__ = ["Preferences", "load_preferences", "preferences_path"]

_LINE = re.compile(r"""^\s*([A-Za-z_][\w-]*)\s*=\s*("(?:[^"\\]|\\.)*"|'[^']*'|true|false|[-+0-9.eE_]+)\s*(?:#.*)?$""")


@dataclass(frozen=True)
class Preferences:
    """The view to begin with, frames a second, and the name of screenshots.

    Without a `colour_map` a series is shown in its own, or in greys. `screenshot` may have ``{n}``, the first number
    that is free, ``{patient}``, ``{series}`` and ``{date}``.
    """

    layout: str = "quad"
    neurological: bool = False
    annotations: bool = True
    show_crosshair: bool = True
    interpolation: bool = True
    colour_map: str = ""
    colour_bar: bool = False
    fps: float = 8.0
    screenshot: str = "dicomvtk-{n}.png"

    def view(self) -> View:
        """Return the view that a window begins with."""
        names = {f.name for f in fields(self)} - {"fps", "screenshot"}
        values = {name: getattr(self, name) for name in names}
        return replace(View(), **{**values, "colour_map": self.colour_map or None})


def preferences_path() -> Path:
    """Return where the file is looked for: the configuration folder of the system, or of ``XDG_CONFIG_HOME``."""
    if sys.platform == "win32":
        folder = Path(os.environ.get("APPDATA", "~/AppData/Roaming"))
    elif sys.platform == "darwin":
        folder = Path("~/Library/Application Support")
    else:
        folder = Path(os.environ.get("XDG_CONFIG_HOME") or "~/.config")
    return folder.expanduser() / "dicomvtk" / "viewer.toml"


def load_preferences(path: Path | None = None) -> Preferences:
    """Return the preferences in `path`, by default the user's file; the usual ones where there is no file.

    Raises UnsupportedError, which names file and line, for what cannot be understood.
    """
    path = preferences_path() if path is None else path
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return Preferences()
    except (OSError, UnicodeDecodeError) as error:
        raise UnsupportedError(f"Cannot read the preferences in {path}: {error}.") from error
    values: dict[str, Any] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip() and not line.lstrip().startswith("#"):
            name, value = _pair(line, f"{path}, line {number}")
            try:
                Preferences(**{name: value}).view()
            except UnsupportedError as error:
                raise UnsupportedError(f"Cannot use {path}, line {number}: {error}") from error
            values[name] = value
    return Preferences(**values)


def _pair(line: str, where: str) -> tuple[str, Any]:
    match = _LINE.match(line)
    if match is None:
        raise UnsupportedError(f"Cannot read {where}: {line.strip()!r}; expected name = value, text in quotes.")
    name, text = match.groups()
    usual: dict[str, Any] = {f.name: f.default for f in fields(Preferences)}
    if name not in usual:
        raise UnsupportedError(f"Unknown name {name!r} in {where}; expected one of {', '.join(usual)}.")
    value = _value(text)
    wanted = type(usual[name])
    if wanted is float and type(value) is int:
        value = float(value)
    if type(value) is not wanted or (wanted is float and not value > 0):
        raise UnsupportedError(f"{name} is {text} in {where}; expected a value such as {json.dumps(usual[name])}.")
    return name, value


def _value(text: str) -> Any:
    if text.startswith("'"):
        return text[1:-1]
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text
