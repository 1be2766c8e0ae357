"""The colours a series is to be shown in: a name of Matplotlib's, kept in a private block of the files.

PhotometricInterpretation says how pixels are coded and is not touched.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from dicomvtk.dicom.stored_colormap import CREATOR, ELEMENT, GROUP
from dicomvtk.errors import UnsupportedError
from dicomvtk.folder.attribute_path import AttributePath, Step

if TYPE_CHECKING:
    from dicomvtk.folder.instance import Instance

__all__ = ["COLORMAP", "get", "set_"]

#: Where the name is kept; the reader finds it there.
COLORMAP = AttributePath((Step(GROUP, ELEMENT, CREATOR),))

_REVERSED = "_r"
_NAMES = frozenset(
    """Accent afmhot autumn berlin binary Blues bone BrBG brg BuGn BuPu bwr cividis CMRmap cool coolwarm copper
    cubehelix Dark2 flag gist_earth gist_gray gist_grey gist_heat gist_ncar gist_rainbow gist_stern gist_yarg
    gist_yerg GnBu gnuplot gnuplot2 gray Grays Greens grey Greys hot hsv inferno jet magma managua nipy_spectral
    ocean okabe_ito Oranges OrRd Paired Pastel1 Pastel2 pink PiYG plasma PRGn prism PuBu PuBuGn PuOr PuRd Purples
    rainbow RdBu RdGy RdPu RdYlBu RdYlGn Reds seismic Set1 Set2 Set3 Spectral spring summer tab10 tab20 tab20b
    tab20c terrain turbo twilight twilight_shifted vanimo viridis winter Wistia YlGn YlGnBu YlOrBr YlOrRd""".split()  # noqa: SIM905
)


def get(instance: Instance) -> str | None:
    found = instance.get(COLORMAP)
    return str(found) if found else None


def set_(instance: Instance, value: Any) -> None:
    """Keep the name of a colormap, ``_r`` for reversed; None takes it away."""
    if value is None:
        instance.set(COLORMAP, None)
        return
    name = str(value)
    plain = name.removesuffix(_REVERSED)
    if plain not in _NAMES:
        near = difflib.get_close_matches(name, _NAMES, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else "."
        raise UnsupportedError(
            f"Cannot set colormap to {name!r}{hint} Expected a name of Matplotlib's, such as 'gray', 'viridis' or "
            "'YlGnBu', with _r for reversed."
        )
    instance.set_value(COLORMAP, name)
