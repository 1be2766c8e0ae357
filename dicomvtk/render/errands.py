"""What takes long, made by a thread, one after the other, so that a window goes on meanwhile."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

__all__ = ["Errands", "Made", "Progress", "go_behind"]

T = TypeVar("T")

#: Of a thread that goes behind: an eighth of a processor's time, where the window wants all of it.
_NICENESS = 10

#: What whoever makes something calls with (done, total): it does not come back where nobody wants it any longer.
Progress = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class Made(Generic[T]):
    """What an errand brought."""

    value: T


class _GivenUpError(Exception):
    """Nobody wants it any longer."""


class Errands:
    """Makers on their way. None of them may draw: OpenGL belongs to the thread of the window.

    Without `in_thread` everything is made where it is asked for, and `progress` is told how far that is.
    """

    def __init__(self, *, in_thread: bool, progress: Progress | None = None) -> None:
        self._in_thread = in_thread
        self._progress = progress or _go_on
        self._turn = threading.Condition()
        self._thread: threading.Thread | None = None
        self._waiting: dict[Hashable, Callable[[Progress], Any]] = {}
        self._under_way: Hashable = None
        self._made: dict[Hashable, Made[Any] | BaseException] = {}
        self._wanted = True
        self._news = False
        #: Of what is being made, the share done, where its maker tells.
        self.share = 0.0

    def ask(self, key: Hashable, make: Callable[[Progress], T], patience_seconds: float = 0.0) -> Made[T] | None:
        """Return what `make` gives, handed over once; None while it is being made, which this begins for a new `key`.

        So long as `patience_seconds` it is waited for. Raises what `make` raised.
        """
        if not self._in_thread:
            return Made(make(self._progress))
        until = time.monotonic() + patience_seconds
        with self._turn:
            if key not in self._made and key not in self._waiting and key != self._under_way:
                self._waiting[key] = make
                self._begin()
            self._turn.wait_for(lambda: key in self._made, max(0.0, until - time.monotonic()))
            made = self._made.pop(key, None)
        if isinstance(made, BaseException):
            raise made
        return made

    @property
    def in_thread(self) -> bool:
        return self._in_thread

    def under_way(self, key: Hashable) -> bool:
        """Return whether `key` was asked for, and is not there yet."""
        with self._turn:
            return key in self._waiting or (key == self._under_way and key is not None)

    def news(self) -> bool:
        """Return whether something came since this was asked last."""
        with self._turn:
            news, self._news = self._news, False
            return news

    def give_up(self) -> None:
        """Forget everything asked for; what is being made ends as soon as its maker tells how far it is."""
        with self._turn:
            self._waiting.clear()
            self._made.clear()
            self._wanted, self._under_way = False, None

    def finish(self) -> None:
        """Give up, and wait for the thread: it must not be at work when the process ends."""
        self.give_up()
        with self._turn:
            thread, self._thread = self._thread, None
            self._turn.notify_all()
        if thread is not None:
            thread.join()

    def _begin(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._serve, name="dicomvtk-errands", daemon=True)
            self._thread.start()
        self._turn.notify_all()

    def _serve(self) -> None:
        go_behind()
        me = threading.current_thread()
        while True:
            with self._turn:
                self._turn.wait_for(lambda: self._waiting or self._thread is not me)
                if self._thread is not me:
                    return
                key = next(iter(self._waiting))
                make = self._waiting.pop(key)
                self._under_way, self._wanted, self.share = key, True, 0.0
            made = self._run(make)
            with self._turn:
                if self._wanted:
                    self._made[key], self._news = made, True
                    self._under_way = None
                self._turn.notify_all()
            del make, made  # not to be held while there is nothing to do

    def _run(self, make: Callable[[Progress], Any]) -> Made[Any] | BaseException:
        try:
            return Made(make(self._tell))
        except BaseException as error:
            return error

    def _tell(self, done: int, total: int) -> None:
        if not self._wanted:
            raise _GivenUpError
        self.share = done / total if total else 0.0


def go_behind() -> None:
    """Let the window go before this thread, where a thread can have a niceness; those that it starts have the same."""
    if sys.platform.startswith("linux"):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)


def _go_on(done: int, total: int) -> None:
    """Take how far a maker is that nobody stops."""
