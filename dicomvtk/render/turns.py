"""When to draw, and how much: stand-ins with few rays while a hand moves, everything when it rests."""

from __future__ import annotations

import time

from dicomvtk.render.controls import Controls
from dicomvtk.render.scene_3d import Detail
from dicomvtk.render.session import Session

__all__ = ["Turns"]

#: Seconds without a change after which the small stand-in in 3-D is made, and after which all of it is.
_PROXY_AFTER, _FULL_AFTER = 0.03, 0.4
#: Seconds after the last frame of a move in 3-D for which few rays are cast: longer than the next move takes to come.
_FINE_AFTER = 0.15


class Turns:
    """The drawing of a window between its events: `take` a turn after each look for them."""

    def __init__(self, session: Session, controls: Controls) -> None:
        self._session = session
        self._controls = controls
        self._changed_at = self._fine_at = time.monotonic()

    def take(self) -> bool:
        """Draw what is due; return whether anything was drawn."""
        session = self._session
        session.cine.tick(time.monotonic())
        session.attend()
        now = time.monotonic()
        if session.undrawn:
            self._changed_at = now
        idle = now - self._changed_at
        # A hand that rests with its button held is no move.
        coarse = self._controls.moved_3d_at > self._fine_at and idle < _FINE_AFTER
        drawn = session.draw(coarse=coarse, detail=self._detail(idle))
        if drawn and not coarse:
            self._fine_at = time.monotonic()
        return drawn

    def _detail(self, idle: float) -> Detail:
        full_after = _FINE_AFTER if self._session.in_thread else _FULL_AFTER  # nobody waits for a thread
        if idle < _PROXY_AFTER:
            return Detail.NOTHING
        if idle < full_after or self._session.waits_for_fine():
            return Detail.PROXY
        return Detail.FULL
