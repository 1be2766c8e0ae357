"""A file whose reading ends: what pydicom is given, since it believes every length and follows zeros to their end."""

from __future__ import annotations

import io

__all__ = ["BoundedFile", "TooMuchRead"]

#: Elements cost about three reads each; so many take seconds.
_MOST_READS = 3_000_000


class TooMuchRead(Exception):  # noqa: N818
    """A header asked for more bytes or more elements than any honest one has."""


class BoundedFile(io.BufferedReader):
    """A file open for reading that raises TooMuchRead once `most_bytes` were read, or millions of pieces."""

    def __init__(self, path: str, most_bytes: int) -> None:
        super().__init__(io.FileIO(path))
        self._bytes_left = most_bytes
        self._reads_left = _MOST_READS

    def read(self, size: int | None = -1, /) -> bytes:
        """Return at most `size` bytes; all that is left where it is negative or None."""
        self._reads_left -= 1
        wanted = self._bytes_left + 1 if size is None or size < 0 else size
        if wanted > self._bytes_left or self._reads_left < 0:
            held = super().read(min(wanted, self._bytes_left + 1)) if self._reads_left >= 0 else b""
            if self._reads_left < 0 or len(held) > self._bytes_left:
                raise TooMuchRead("it goes on for more bytes or elements than any header has")
            self._bytes_left -= len(held)
            return held
        data = super().read(wanted)
        self._bytes_left -= len(data)
        return data
