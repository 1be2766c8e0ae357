"""Sheets over the window beside the help: the series of the folder, the header, the histogram; as data."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from dicomvtk.errors import DicomVtkError, SeriesError
from dicomvtk.render.annotations import unit_text
from dicomvtk.render.around import Around, SeriesCard, Thumbnail
from dicomvtk.render.drawable import grey
from dicomvtk.render.errands import Errands
from dicomvtk.render.levels import histogram
from dicomvtk.volume import Volume

__all__ = ["CARD_PIXELS", "LINE_PIXELS", "SERIES_PIXELS", "TITLE_PIXELS", "Panel", "Panels", "Sheet", "histogram_edges"]

#: Heights in pixels: of a line of text, and of a series with its thumbnail.
LINE_PIXELS = 18
CARD_PIXELS = 84
#: The title of a sheet stands in this many pixels at its top.
TITLE_PIXELS = 34
#: Width of the series list in pixels.
SERIES_PIXELS = 330
#: What comes so soon is waited for: quicker to see than a line that says it is being read.
_PATIENCE_SECONDS = 0.03
#: Counts, and the values that they go between.
Histogram = tuple[NDArray[np.int64], float, float]
#: Rows that a step of the wheel goes on by.
_WHEEL_ROWS = {"series": 1, "header": 3}
_SCROLL = {"Up": -1, "Down": 1, "Prior": -20, "Next": 20, "Home": -1_000_000, "End": 1_000_000}


@dataclass(frozen=True)
class Panel:
    """Which sheet is open, what is searched for in it, and how many rows of it are above its top."""

    name: str
    search: str = ""
    scroll: int = 0


@dataclass(frozen=True, eq=False)
class Sheet:
    """What a sheet shows: a title, and lines of text, or series with thumbnails, or counts of values."""

    name: str
    title: str
    lines: tuple[str, ...] = ()
    cards: tuple[tuple[SeriesCard, Thumbnail | None], ...] = ()
    current: str = ""
    counts: NDArray[np.int64] | None = None
    span: tuple[float, float] = (0.0, 1.0)
    marks: tuple[float, ...] = ()


class Panels:
    """The sheet that is open, if one is, and what keys and clicks mean while it is.

    With `in_thread` headers, thumbnails and histograms come when they are there (`news`), and the sheet goes without
    them until then.
    """

    def __init__(
        self,
        around: Around,
        open_series: Callable[[str], None],
        set_level: Callable[[float], None],
        *,
        in_thread: bool = False,
    ) -> None:
        self.around = around
        self.open: Panel | None = None
        self._open_series = open_series
        self._set_level = set_level
        self._thumbnails: dict[str, Thumbnail | None] = {}
        self._header: tuple[Volume, int, tuple[str, ...] | None] | None = None
        self._histogram: tuple[Volume, Histogram | None] | None = None
        self._pictures = Errands(in_thread=in_thread)
        self._readings = Errands(in_thread=in_thread)

    def news(self) -> bool:
        """Return whether something came that the open sheet went without."""
        came = [self._pictures.news(), self._readings.news()]
        return self.open is not None and any(came)

    def finish(self) -> None:
        """Let everything go that is on its way, and wait for the threads."""
        self._pictures.finish()
        self._readings.finish()

    def show(self, name: str) -> None:
        """Open the sheet `name`, or close it where it is open."""
        closes = self.open is not None and self.open.name == name
        self.open = None if closes else Panel(name, scroll=self._row_above_current() if name == "series" else 0)

    def _row_above_current(self) -> int:
        keys = [card.key for card in self.around.cards]
        return max(0, keys.index(self.around.current) - 1) if self.around.current in keys else 0

    def take(self, symbol: str, text: str, *, control: bool) -> bool:
        """Return whether the open sheet had a use for this key."""
        panel = self.open
        if panel is None or control:
            return False
        if symbol == "Escape" or (symbol == "Return" and panel.name != "header"):  # who searches may end words with it
            self.open = None
        elif symbol in _SCROLL:
            self.open = replace(panel, scroll=max(0, panel.scroll + _SCROLL[symbol]))
        elif panel.name == "header" and symbol == "BackSpace":
            self.open = replace(panel, search=panel.search[:-1], scroll=0)
        elif panel.name == "header" and symbol == "Return":
            pass
        elif panel.name == "header" and text and symbol != "Tab":
            self.open = replace(panel, search=panel.search + text, scroll=0)
        else:
            return False
        return True

    def wheeled(self, x: int, step: int) -> bool:
        """Return whether the wheel at window column `x` was over a sheet of rows, which then goes on by some."""
        panel = self.open
        if panel is None or panel.name == "histogram" or (panel.name == "series" and x > SERIES_PIXELS):
            return False
        self.open = replace(panel, scroll=max(0, panel.scroll + step * _WHEEL_ROWS[panel.name]))
        return True

    def clicked(self, x: int, y: int, size: tuple[int, int], sheet: Sheet) -> bool:
        """Return whether window pixel (x, y), from the lower left, is on `sheet`, and do what a click there does.

        Raises SeriesError for a series that needs an option to be read.
        """
        width, height = size
        if sheet.name == "series" and x > SERIES_PIXELS:
            return False
        if sheet.cards:
            row = (height - TITLE_PIXELS - y) // CARD_PIXELS
            if y < height - TITLE_PIXELS and row < len(sheet.cards):
                self._open(sheet.cards[row][0])
        elif sheet.counts is not None:
            low, high = sheet.span
            left, right = histogram_edges(width)
            share = min(max((x - left) / (right - left), 0.0), 1.0)
            self._set_level(low + share * (high - low))
        return True

    def _open(self, card: SeriesCard) -> None:
        if card.needs:
            raise SeriesError(f"Cannot open {' - '.join(card.lines[:2])} as it is: view it with {card.needs}.")
        self._open_series(card.key)

    def sheet(self, volume: Volume, k: int, levels: tuple[float, ...], height: int) -> Sheet | None:
        """Return the open sheet for `volume` in a window of `height` pixels; None without one.

        `k` is the slice whose header is shown, `levels` are marked in the histogram.
        """
        panel = self.open
        if panel is None:
            return None
        if panel.name == "histogram":
            return self._histogram_sheet(volume, levels)
        if panel.name == "series":
            sheet, row_pixels = self._series_sheet(), CARD_PIXELS
        else:
            sheet, row_pixels = self._header_sheet(volume, k, panel.search), LINE_PIXELS
        rows, count = max(1, (height - TITLE_PIXELS) // row_pixels), len(sheet.cards) or len(sheet.lines)
        top = min(panel.scroll, max(0, count - rows))
        self.open = replace(panel, scroll=top)
        cards = tuple((card, self._thumbnail(card)) for card, _ in sheet.cards[top : top + rows])
        title = f"{top + 1} to {top + rows} of {sheet.title}" if sheet.cards and count > rows else sheet.title
        return replace(sheet, title=title, lines=sheet.lines[top : top + rows], cards=cards)

    def _series_sheet(self) -> Sheet:
        around = self.around
        title = f"{len(around.cards)} series: click one" if len(around.cards) > 1 else "No other series here"
        return Sheet("series", title, cards=tuple((card, None) for card in around.cards), current=around.current)

    def _thumbnail(self, card: SeriesCard) -> Thumbnail | None:
        make = self.around.thumbnail
        if make is not None and card.key not in self._thumbnails:
            made = self._pictures.ask(card.key, lambda _progress: make(card.key))
            if made is not None:
                self._thumbnails[card.key] = made.value
        return self._thumbnails.get(card.key)

    def _header_lines(self, volume: Volume, k: int) -> tuple[str, ...] | None:
        """Return the header behind slice `k`, read once; None while it is being read."""
        known = self._header
        if known is None or known[0] is not volume or known[1] != k:
            self._readings.give_up()  # of another slice
            known = (volume, k, None)
        if known[2] is None:
            made = self._readings.ask(("header", k), lambda _progress: self._read_header(volume, k), _PATIENCE_SECONDS)
            known = (volume, k, None if made is None else made.value)
        self._header = known
        return known[2]

    def _read_header(self, volume: Volume, k: int) -> tuple[str, ...]:
        read = self.around.header
        try:
            return (read(volume, k) if read is not None else ()) or _info_lines(volume)
        except (DicomVtkError, OSError) as error:
            return (f"The header cannot be read: {error}",)

    def _histogram_sheet(self, volume: Volume, levels: tuple[float, ...]) -> Sheet:
        known = self._histogram
        if known is None or known[0] is not volume:
            self._readings.give_up()
            known = (volume, None)
        if known[1] is None:
            made = self._readings.ask("histogram", lambda _progress: histogram(grey(volume)), _PATIENCE_SECONDS)
            known = (volume, None if made is None else made.value)
        self._histogram = known
        if known[1] is None:
            return Sheet("histogram", "Counting the values ...", lines=("",))
        counts, low, high = known[1]
        shown = f"Surface at {', '.join(f'{level:.4g}' for level in levels)}; click another value" if levels else ""
        title = f"{shown or 'Click a value for the surface'}: {low:.4g} to {high:.4g} {unit_text(volume)}".rstrip()
        return Sheet("histogram", title, counts=counts, span=(low, high), marks=levels)

    def _header_sheet(self, volume: Volume, k: int, search: str) -> Sheet:
        lines = self._header_lines(volume, k)
        if lines is None:
            return Sheet("header", "Reading the header ...   (Esc closes)", lines=("",))
        found = tuple(line for line in lines if search.lower() in line.lower())
        what = (
            f"Search: {search}_   {len(found)} of {len(lines)} lines"
            if search
            else f"{_header_name(volume, k)}; type to search"
        )
        return Sheet("header", f"{what}   (Esc closes)", lines=found or ("nothing found",))


def _header_name(volume: Volume, k: int) -> str:
    sources = volume.info.sources
    return f"Header of {os.path.basename(sources[k].file)}" if k < len(sources) else "Header"


def histogram_edges(width: int) -> tuple[int, int]:
    """Return where the histogram begins and ends across a window of `width` pixels."""
    return round(0.08 * width), round(0.92 * width)


def _info_lines(volume: Volume) -> tuple[str, ...]:
    """Return what is known of a volume that no DICOM file stands behind."""
    info, geometry = volume.info, volume.geometry
    known = {
        "Modality": info.modality,
        "Series": info.description,
        "Patient": info.patient_name,
        "Shape": " x ".join(str(n) for n in volume.shape),
        "Spacing (mm)": " x ".join(f"{s:.6g}" for s in geometry.spacing),
        "Origin (LPS mm)": ", ".join(f"{v:.6g}" for v in geometry.origin),
        "Axes grow to": geometry.axis_codes if geometry.placed else "unplaced",
        "Type": str(volume.dtype),
        **{name: str(value) for name, value in info.attributes.items()},
    }
    return tuple(f"{name}: {value}" for name, value in known.items() if value)
