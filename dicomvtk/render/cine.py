"""Frames one after the other: what a clock does to a session with a volume of further axes."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Callable

from dicomvtk.metadata import Axis

__all__ = ["Cine", "natural_fps"]

_USUAL_FPS = 8.0
_SLOWEST, _FASTEST = 0.5, 60.0
#: Frames that were taken slower than this a second are played at the usual pace.
_NATURAL_SLOWEST = 3.0


def natural_fps(axes: tuple[Axis, ...]) -> float | None:
    """Return the frames a second at which the frames of the longest axis were taken, by its times in ms.

    None without such times, and for paces that no eye follows: those of a series of seconds to the frame.
    """
    longest = max(axes, key=len, default=None)
    if longest is None or longest.unit != "ms" or len(longest) < 2:
        return None
    times = [float(value) for value in longest.values if isinstance(value, (int, float))]
    steps = [after - before for before, after in itertools.pairwise(times)]
    step = statistics.median(steps) if len(times) == len(longest) else 0.0
    return 1000 / step if step > 0 and _NATURAL_SLOWEST <= 1000 / step <= _FASTEST else None


class Cine:
    """A clock that calls `advance` with a number of frames; it skips frames where drawing is slower than `fps`."""

    def __init__(self, advance: Callable[[int], None], fps: float = _USUAL_FPS) -> None:
        self.playing = False
        self.fps = fps
        self._advance = advance
        self._due: float | None = None

    def toggle(self) -> None:
        """Play, or stop."""
        self.playing, self._due = not self.playing, None

    def speed(self, factor: float) -> None:
        """Play so many times as fast."""
        self.fps = min(max(self.fps * factor, _SLOWEST), _FASTEST)

    def tick(self, now: float) -> None:
        """Advance by as many frames as are due at `now`, in seconds of any clock that goes on."""
        if not self.playing:
            return
        if self._due is None:
            self._due = now + 1 / self.fps
            return
        frames = int((now - self._due) * self.fps) + 1 if now >= self._due else 0
        if frames:
            self._due += frames / self.fps
            self._advance(frames)
