"""Who the new objects are: their UIDs, and the one moment they were all made."""

from __future__ import annotations

import datetime
import re
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from dicomvtk.errors import UnsupportedError

__all__ = ["Identity"]

_UID = re.compile(r"(0|[1-9]\d*)(\.(0|[1-9]\d*))+")
_UID_LENGTH = 64
#: Decimal digits of a random part below which two programs might well draw the same (about 66 bits).
_FEWEST_DIGITS = 20
_UUID_ROOT = "2.25"


@dataclass
class Identity:
    """Gives each new object a UID that nothing else has (PS3.5 section 9), and all of them one date and time.

    Parameters
    ----------
    uids : str or callable, optional
        A registered root that new UIDs begin with, or a function that returns a new UID at each call. Left out, UIDs
        are UUIDs under 2.25 (PS3.5 B.2): no registration, no clock, no address of the machine.
    now : datetime, optional
        When the series is made; the time of the call if left out.

    Raises
    ------
    UnsupportedError
        For a root or UID that is none, for one given twice, and for a root that leaves no room.
    """

    uids: str | Callable[[], str] | None = None
    now: datetime.datetime = field(default_factory=datetime.datetime.now)
    _given: set[str] = field(default_factory=set, repr=False)
    _others: set[str] = field(default_factory=set, repr=False)

    def __post_init__(self) -> None:
        if isinstance(self.uids, str):
            _check(self.uids)
            if _UID_LENGTH - len(self.uids) - 1 < _FEWEST_DIGITS:
                raise UnsupportedError(
                    f"Cannot use the UID root {self.uids!r}: of the 64 characters of a UID it leaves fewer than "
                    f"{_FEWEST_DIGITS} to tell UIDs apart."
                )

    def new_uid(self) -> str:
        """Return a UID not given before."""
        return self.claim(self.uids() if callable(self.uids) else self._drawn())

    def keep_apart_from(self, uids: Iterable[str]) -> None:
        """Refuse from now on to give what others already have."""
        self._others.update(uids)

    def claim(self, uid: str) -> str:
        """Return `uid` once it is known to be one, and to be no other object's."""
        _check(uid)
        if uid in self._others:
            raise UnsupportedError(
                f"The UID {uid} is already that of an object of the source; a derived series and its images need UIDs "
                "of their own. A function given as uids= must not begin again where it began for the source."
            )
        if uid in self._given:
            raise UnsupportedError(f"The UID {uid} was given twice; every study, series, image needs its own.")
        self._given.add(uid)
        return uid

    def _drawn(self) -> str:
        root = self.uids if isinstance(self.uids, str) else _UUID_ROOT
        room = _UID_LENGTH - len(root) - 1
        return f"{root}.{uuid.uuid4().int % 10**room}"


def _check(uid: str) -> None:
    if not (isinstance(uid, str) and len(uid) <= _UID_LENGTH and _UID.fullmatch(uid)):
        raise UnsupportedError(
            f"{uid!r} is no UID; expected at most 64 characters: numbers without leading zeros, points between."
        )
