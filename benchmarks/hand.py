"""How soon a hand sees what it does: `python benchmarks/hand.py [FOLDER]`; without one a CT of 300 x 512 x 512 is made.

Moves of a mouse come by the clock, one every 16 ms, to a window off screen that is served as the one on a screen is:
all that have come, then a turn to draw. A move waits from when it came until the frame that shows it is drawn, also
where the window was busy before it took it. The longest turn is how long the window hears nothing.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Iterator
from math import sin
from pathlib import Path

from ct_series import write_ct_series
from machine import describe_machine
from vtkmodules.vtkRenderingUI import vtkGenericRenderWindowInteractor

import dicomvtk
from dicomvtk.render.controls import Controls
from dicomvtk.render.layers import SurfaceLayer
from dicomvtk.render.layout import Rect
from dicomvtk.render.moves import toggled
from dicomvtk.render.opengl import offscreen_window
from dicomvtk.render.scene import View
from dicomvtk.render.session import Session
from dicomvtk.render.turns import Turns
from dicomvtk.volume import Volume

_EVERY_SECONDS = 0.016
#: As `dicomvtk.render.window` pauses between looks.
_PAUSE_SECONDS = 0.005
_SECONDS, _REST_SECONDS = 3.0, 1.5
#: Layout, size, the pane that is dragged in.
_WINDOWS = (
    ("quad", (1200, 900), "axial"),
    ("quad", (1200, 900), "3d"),
    ("3d", (1200, 900), "3d"),
    ("quad", (2400, 1800), "axial"),
)


class Hand:
    """A mouse over a window that is served as that on a screen is."""

    def __init__(self, volume: Volume, layout: str, size: tuple[int, int]) -> None:
        window = offscreen_window()
        window.SetSize(*size)
        self.session = Session(volume, View(layout=layout), window, in_thread=True)
        self._interactor = vtkGenericRenderWindowInteractor()
        self._interactor.SetRenderWindow(window)
        self._turns = Turns(self.session, Controls(self.session, self._interactor))
        self.waits: list[float] = []
        self.longest_turn = 0.0

    def turn(self) -> None:
        before = time.perf_counter()
        self._turns.take()
        self.longest_turn = max(self.longest_turn, time.perf_counter() - before)

    def rest(self, seconds: float) -> None:
        until = time.perf_counter() + seconds
        while time.perf_counter() < until:
            self.turn()
            time.sleep(_PAUSE_SECONDS)

    def event(self, name: str, at: tuple[int, int]) -> None:
        self._interactor.SetEventInformation(*at)
        self._interactor.InvokeEvent(name)

    def drag(self, pane: str) -> None:
        path = _path(self.session.rects[pane])
        self.event("LeftButtonPressEvent", next(path))
        due = time.perf_counter()
        end = due + _SECONDS
        while due < end:
            came = []
            while due <= time.perf_counter():
                self.event("MouseMoveEvent", next(path))
                came.append(due)
                due += _EVERY_SECONDS
            self.turn()
            self.waits += [time.perf_counter() - moment for moment in came]
            time.sleep(_PAUSE_SECONDS)
        self.event("LeftButtonReleaseEvent", next(path))

    def close(self) -> None:
        self._interactor.SetRenderWindow(None)
        self.session.release()


def _path(rect: Rect) -> Iterator[tuple[int, int]]:
    """Yield places around one beside the middle of a pane, where nothing is to be taken hold of, each another."""
    number = 0
    while True:
        across, up = sin(number * 0.13), sin(number * 0.22)
        yield (
            round(rect.x + rect.width * (0.62 + 0.15 * across)),
            round(rect.y + rect.height * (0.62 + 0.15 * up)) + number % 2,
        )
        number += 1


def report(volume: Volume, layout: str, size: tuple[int, int], pane: str) -> None:
    """Print the waits of drags at once after the first frame, in quiet, and while a surface is made."""
    hand = Hand(volume, layout, size)
    hand.turn()
    hand.longest_turn = 0.0
    print(f"{layout}, {size[0]} x {size[1]}, a drag in {pane}")
    try:
        _tell("at once", hand, pane)
        hand.rest(_REST_SECONDS)
        _tell("at rest before", hand, pane)
        hand.rest(_REST_SECONDS)
        hand.session.update(toggled(hand.session.state, SurfaceLayer))
        _tell("a surface being made", hand, pane)
    finally:
        hand.close()


def _tell(what: str, hand: Hand, pane: str) -> None:
    hand.drag(pane)
    waits = [1000 * wait for wait in sorted(hand.waits)]
    print(
        f"    {what:22s} median {statistics.median(waits):6.1f} ms   of twenty the slowest "
        f"{waits[int(0.95 * len(waits))]:6.1f} ms   worst {waits[-1]:6.1f} ms   "
        f"longest turn {1000 * hand.longest_turn:6.1f} ms"
    )
    hand.waits, hand.longest_turn = [], 0.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path)
    options = parser.parse_args()
    print(describe_machine())
    with tempfile.TemporaryDirectory() as name:
        folder = options.folder or Path(name) / "series"
        if options.folder is None:
            write_ct_series(folder)
        volume = dicomvtk.read(folder)
    for window in _WINDOWS:
        report(volume, *window)


if __name__ == "__main__":
    main()
