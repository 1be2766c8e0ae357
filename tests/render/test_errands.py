"""What takes long is made by a thread: the window goes on with what it has, and takes it when it is there."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest

from dicomvtk.errors import GeometryError, NoDicomError
from dicomvtk.processing.phantom import head_phantom
from dicomvtk.render.around import Around, SeriesCard, Thumbnail
from dicomvtk.render.errands import Errands, Made, Progress
from dicomvtk.render.opengl import offscreen_window
from dicomvtk.render.scene import View
from dicomvtk.render.scene_3d import Detail
from dicomvtk.render.session import Session
from dicomvtk.volume import Volume

PATIENCE_SECONDS = 60.0


class Gate:
    """Holds whoever passes through it in another thread until it is opened, and remembers who they were."""

    def __init__(self) -> None:
        self.opened = threading.Event()
        self.reached = threading.Event()
        self.threads: list[int] = []

    def passed(self) -> None:
        self.threads.append(threading.get_ident())
        self.reached.set()
        assert self.opened.wait(PATIENCE_SECONDS)


@pytest.fixture
def errands() -> Iterator[Errands]:
    made = Errands(in_thread=True)
    yield made
    made.finish()


def until(true: Callable[[], object]) -> None:
    patience = time.monotonic() + PATIENCE_SECONDS
    while not true():
        assert time.monotonic() < patience, "it never came"
        time.sleep(0.005)


def test_an_errand_is_made_in_another_thread_and_handed_over_once(errands: Errands) -> None:
    gate = Gate()

    def make(_progress: Progress) -> int:
        gate.passed()
        return 7

    assert errands.ask("seven", make) is None
    assert errands.ask("seven", make) is None, "asked for again it is not begun again"
    assert not errands.news()
    gate.opened.set()
    until(errands.news)
    made = errands.ask("seven", make)

    assert made is not None
    assert made.value == 7
    assert len(gate.threads) == 1
    assert gate.threads[0] != threading.get_ident()
    assert not errands.news(), "news is told once"


def test_what_comes_within_the_patience_is_there_at_once(errands: Errands) -> None:
    made = errands.ask("one", lambda _progress: None, PATIENCE_SECONDS)
    assert isinstance(made, Made)
    assert made.value is None


def test_what_goes_wrong_in_an_errand_is_raised_where_it_is_asked_for(errands: Errands) -> None:
    def fail(_progress: Progress) -> None:
        raise NoDicomError("nothing there")

    with pytest.raises(NoDicomError, match="nothing there"):
        errands.ask("wrong", fail, PATIENCE_SECONDS)
    made = errands.ask("next", lambda _progress: 1, PATIENCE_SECONDS)
    assert made is not None, "the thread goes on"


def test_what_nobody_wants_any_longer_ends_where_it_tells_how_far_it_is(errands: Errands) -> None:
    gate, past = Gate(), []

    def make(progress: Progress) -> None:
        progress(1, 4)
        gate.passed()
        progress(2, 4)
        past.append("the end")

    errands.ask("long", make)
    assert gate.reached.wait(PATIENCE_SECONDS)
    assert errands.share == 0.25
    errands.give_up()
    gate.opened.set()
    made = errands.ask("short", lambda _progress: "new", PATIENCE_SECONDS)

    assert made is not None
    assert made.value == "new"
    assert past == []


def test_without_a_thread_an_errand_is_made_where_it_is_asked_for() -> None:
    errands = Errands(in_thread=False)
    made = errands.ask("here", lambda _progress: threading.get_ident())
    assert made is not None
    assert made.value == threading.get_ident()


def still(description: str, modality: str = "CT", size: int = 24) -> Volume:
    volume = head_phantom((size, 24, 20))
    return replace(volume, info=replace(volume.info, description=description, modality=modality))


def cards(*keys: str) -> tuple[SeriesCard, ...]:
    return tuple(SeriesCard(key, (key, "head")) for key in keys)


def session_on(volume: Volume, around: Around) -> Session:
    window = offscreen_window()
    window.SetSize(320, 240)
    return Session(volume, View(layout="axial"), window, around, in_thread=True)


def brought(session: Session, true: Callable[[], object]) -> None:
    def attended() -> object:
        session.attend()
        session.draw(detail=Detail.NOTHING)
        return true()

    until(attended)


def test_the_window_scrolls_while_another_series_is_read() -> None:
    gate = Gate()

    def read(key: str, _progress: Progress) -> Volume:
        gate.passed()
        return still(key)

    session = session_on(still("first"), Around(cards("first", "second"), "first", read))
    try:
        session.open_neighbour(1)
        assert gate.reached.wait(PATIENCE_SECONDS)
        session.update(replace(session.state, invert=True))
        session.draw(detail=Detail.NOTHING)
        assert session.source.info.description == "first"
        assert session.state.invert
        assert "Reading second - head" in session._stage._message, "and it stays told"

        gate.opened.set()
        brought(session, lambda: session.source.info.description == "second")
        assert gate.threads != [threading.get_ident()]
        assert session._panels.around.current == "second"
        assert session._stage._message == ""
    finally:
        gate.opened.set()
        session.release()


def test_of_two_series_chosen_the_last_one_comes_and_a_step_goes_on_from_the_one_being_read() -> None:
    gate, read_keys = Gate(), []

    def read(key: str, _progress: Progress) -> Volume:
        read_keys.append(key)
        if key == "second":
            gate.passed()
        return still(key)

    session = session_on(still("first"), Around(cards("first", "second", "third"), "first", read))
    try:
        session.open_neighbour(1)
        assert gate.reached.wait(PATIENCE_SECONDS)
        session.open_neighbour(1)
        gate.opened.set()
        brought(session, lambda: session.source.info.description != "first")
        assert session.source.info.description == "third"
        assert read_keys == ["second", "third"]
    finally:
        gate.opened.set()
        session.release()


def test_what_cannot_be_shown_leaves_the_window_with_what_it_has() -> None:
    phantom = still("irregular")
    irregular = Volume(phantom.array, phantom.geometry, phantom.info, regular=False)
    session = session_on(still("first"), Around(cards("first", "second"), "first", lambda _key, _progress: irregular))
    try:
        session.open_series("second")
        with pytest.raises(GeometryError) as raised:
            until(session._opening.take)
        session.say(str(raised.value))
        assert session.source.info.description == "first"
        assert session.draw(detail=Detail.NOTHING), "it still draws"
        assert session._panels.around.current == "first"
    finally:
        session.release()


def test_thumbnails_and_headers_come_when_they_are_there() -> None:
    gate = Gate()

    def thumbnail(_key: str) -> Thumbnail:
        gate.passed()
        return np.full((8, 8), 200, np.uint8)

    def header(_volume: Volume, k: int) -> tuple[str, ...]:
        gate.passed()
        return (f"slice {k}",)

    around = Around(
        cards("first", "second"), "first", lambda key, _progress: still(key), thumbnail=thumbnail, header=header
    )
    session = session_on(still("first"), around)
    try:
        session.show_panel("series")
        session.draw(detail=Detail.NOTHING)
        sheet = session._sheet()
        assert sheet is not None
        assert [picture for _card, picture in sheet.cards] == [None, None]
        session.show_panel("header")
        session.draw(detail=Detail.NOTHING)
        sheet = session._sheet()
        assert sheet is not None
        assert "Reading" in sheet.title

        gate.opened.set()
        brought(session, lambda: (now := session._sheet()) is not None and now.lines[0].startswith("slice"))
        session.show_panel("series")
        brought(session, lambda: (now := session._sheet()) is not None and all(p is not None for _c, p in now.cards))
        assert threading.get_ident() not in gate.threads
    finally:
        gate.opened.set()
        session.release()


def test_a_header_that_cannot_be_read_is_said_in_its_place() -> None:
    def header(_volume: Volume, _k: int) -> tuple[str, ...]:
        raise FileNotFoundError("the disc is out")

    session = session_on(still("first"), Around(header=header))
    try:
        session.show_panel("header")
        brought(session, lambda: (now := session._sheet()) is not None and "the disc is out" in now.lines[0])
    finally:
        session.release()


def test_a_window_that_closes_stops_the_reading_of_a_series() -> None:
    reached, told = threading.Event(), []

    def read(key: str, progress: Progress) -> Volume:
        for number in range(1_000_000):
            told.append(number)
            progress(number, 1_000_000)
            reached.set()
            time.sleep(0.001)
        return still(key)

    session = session_on(still("first"), Around(cards("first", "second"), "first", read))
    session.open_neighbour(1)
    assert reached.wait(PATIENCE_SECONDS)
    session.release()

    assert len(told) < 1_000_000
    assert not [thread for thread in threading.enumerate() if thread.name == "dicomvtk-errands"]
