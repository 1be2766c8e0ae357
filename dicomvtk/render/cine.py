"""Frames one after the other: what a clock does to a session with a volume of further axes."""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["Cine"]

_USUAL_FPS = 8.0
_SLOWEST, _FASTEST = 0.5, 60.0


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
