"""What a reader gives back for a case."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Attempt", "Refused"]


class Refused(Exception):  # noqa: N818
    """A reader's own error, as opposed to a traceback from inside; the text is the message."""


@dataclass(frozen=True)
class Attempt:
    """What a reader gave: values (i, j, k, ...), where they lie, and what it said about them.

    `affine` goes to LPS mm; a reader that has none may give `spacing` (i, j, k) alone.
    """

    values: NDArray[np.generic]
    affine: NDArray[np.float64] | None = None
    spacing: tuple[float, float, float] | None = None
    words: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
