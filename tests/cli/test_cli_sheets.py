"""Contact sheets and the gallery page: what is on them, and that the page needs nothing but itself."""

from __future__ import annotations

import base64
import html.parser
import re
import shutil
import subprocess
from pathlib import Path

import imagecodecs
import numpy as np
import pytest

import dicomvtk
from dicomvtk.cli import main
from dicomvtk.processing.phantom import LESION_LPS, LESION_VALUE
from dicomvtk.render.contact_sheet import Tile, contact_sheet, fitted, text_picture


def run(*argv: object) -> int:
    with pytest.raises(SystemExit) as ended:
        main([str(word) for word in argv])
    return int(ended.value.code or 0)


def test_a_sheet_has_each_picture_in_its_tile() -> None:
    tiles = [Tile(np.full((20, 40), 10 * n + 20, np.uint8)) for n in range(5)]

    sheet = contact_sheet(tiles, columns=3, size=64)

    assert sheet.shape == (2 * 68 + 4, 3 * 68 + 4, 3)
    for n in range(5):
        top, left = 4 + n // 3 * 68, 4 + n % 3 * 68
        tile = sheet[top : top + 64, left : left + 64]
        assert (tile[16:48] == 10 * n + 20).all(), "twice as wide as high: half the tile, in the middle"
        assert (tile[:16] == 0).all()
        assert (tile[48:] == 0).all()


def test_captions_and_letters_are_written_where_they_belong() -> None:
    blank = Tile(np.zeros((64, 64), np.uint8), "1/9", ("R", "L", "A", "P"))
    sheet = contact_sheet([blank], size=64)[4:, 4:, 0].astype(int)
    inked = sheet > 200
    assert inked[:, :12].any()
    assert inked[30:46, 50:62].any()
    assert inked[3:16, 28:40].any()
    assert inked[48:62, 28:40].any()
    assert inked[66:82].any()
    assert not inked[16:30].any()
    assert text_picture("mmmm", 12).shape[1] > 2 * text_picture("mm", 12).shape[1] - 4


def test_shrinking_averages_and_growing_interpolates() -> None:
    stripes = np.tile(np.array([0, 255], np.uint8), (64, 64))
    assert np.abs(fitted(stripes, 16)[:, 2:-2].astype(int) - 128).max() <= 2
    assert fitted(np.array([[0, 100]], np.uint8), 4)[0].tolist() == [0, 25, 75, 100]


def test_a_montage_shows_left_on_the_right(tmp_path: Path) -> None:
    volume = dicomvtk.phantom((64, 48, 40), orientation="sagittal")
    dicomvtk.write_series(volume.with_array((volume.array == LESION_VALUE).astype(np.int16) * 1000), tmp_path / "in")

    out = tmp_path / "m.png"
    assert (
        run(
            "montage",
            tmp_path / "in",
            out,
            "--plane",
            "axial",
            "--count",
            "1000",
            "--tile",
            "64",
            "--window",
            "500,100",
        )
        == 0
    )

    sheet = imagecodecs.imread(out)[..., 0]
    assert LESION_LPS[0] > 0
    tiles = [sheet[t : t + 64, s : s + 64] for t in range(4, sheet.shape[0], 86) for s in range(4, sheet.shape[1], 68)]
    inner = np.max([tile[18:46, 14:50] for tile in tiles if tile.shape == (64, 64)], axis=0)
    assert np.nonzero(inner > 200)[1].mean() + 14 > 32 + 1
    assert run("montage", tmp_path / "in", out) == 1, "what is there is not replaced unasked"


class Page(html.parser.HTMLParser):
    """Collects what a page shows and what it asks for."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.images: list[str] = []
        self.tags: list[str] = []
        self.links: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        found = dict(attrs)
        if tag == "img":
            self.images.append(str(found["src"]))
        self.links += [str(found[name]) for name in ("href", "src") if name in found]


@pytest.fixture
def gallery(tmp_path: Path) -> Path:
    for number in (1, 2):
        attributes = {"SeriesNumber": number, "SeriesDescription": f"<b>head</b> & {number}", "PatientName": "Roe^Jane"}
        dicomvtk.write_series(dicomvtk.phantom((40, 32, 8)), tmp_path / "in" / str(number), attributes=attributes)
    sorted((tmp_path / "in" / "2").iterdir())[4].unlink()
    assert run("gallery", tmp_path / "in", tmp_path / "page.html") == 0
    return tmp_path / "page.html"


def test_the_gallery_is_one_file_that_asks_for_nothing(gallery: Path) -> None:
    text = gallery.read_text(encoding="utf-8")
    page = Page(text)

    assert page.tags.count("article") == 2
    assert all(link.startswith("data:image/png;base64,") for link in page.links)
    assert "script" not in page.tags
    assert "b" not in page.tags, "descriptions are text"
    assert "&lt;b&gt;head&lt;/b&gt; &amp; 2" in text
    assert "40 x 32 x 8" in text
    assert re.search(r'class="stop">gap: .*--fix gap', text)
    assert "Jane" not in re.sub('base64,[^"]*', "", text)
    thumbnail = imagecodecs.png_decode(base64.b64decode(page.images[0].partition(",")[2]))
    assert max(thumbnail.shape[:2]) == 256
    assert thumbnail.std() > 20


def test_names_are_shown_on_request(gallery: Path) -> None:
    assert run("gallery", gallery.parent / "in", gallery, "--names", "--overwrite") == 0
    assert "Roe^Jane" in gallery.read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_gallery_opens_in_a_browser(gallery: Path, tmp_path: Path) -> None:
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    if browser is None:
        pytest.skip("no Chromium here")
    shot = tmp_path / "shot.png"
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--window-size=900,700", f"--user-data-dir={tmp_path}/c"]
    ran = subprocess.run(
        [browser, *options, "--enable-logging=stderr", f"--screenshot={shot}", gallery.as_uri()],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert "CONSOLE" not in ran.stderr, "no error, nothing blocked"
    picture = imagecodecs.imread(shot)
    dom = subprocess.run(
        [browser, *options, "--dump-dom", gallery.as_uri()], capture_output=True, text=True, timeout=120, check=True
    ).stdout
    assert Page(dom).tags.count("img") == 2
    # Both thumbnails are drawn: bright skull on black, beside each other under the headings.
    assert (picture[..., :3].max(axis=2) > 200).mean() > 0.01


def test_captions_say_head_and_feet_as_the_window_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    captions: list[str] = []

    def noted(picture: np.ndarray, caption: str, letters: tuple[str, str, str, str]) -> Tile:
        captions.append(caption)
        return Tile(picture, caption, letters)

    monkeypatch.setattr("dicomvtk.render.contact_sheet.Tile", noted)
    dicomvtk.write_series(dicomvtk.phantom((32, 32, 24)), tmp_path / "in")

    assert run("montage", tmp_path / "in", tmp_path / "m.png", "--count", "2", "--tile", "32") == 0

    assert [caption.split()[1] for caption in captions] == ["F", "H"]
