"""``dicomvtk gallery``: one page with a picture, the size and the findings of each series."""

from __future__ import annotations

import base64
import html
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click
import numpy as np

import dicomvtk
from dicomvtk.atomic import atomic_file
from dicomvtk.cli.console import Console, as_options
from dicomvtk.cli.pictures_of import one_scale
from dicomvtk.errors import DicomVtkError, GeometryError, WriteError
from dicomvtk.version import __version__
from dicomvtk.volume import Volume

if TYPE_CHECKING:
    from dicomvtk.dicom.stack import Stack

__all__ = ["gallery"]

_SOME_DONE = 3
_THUMBNAIL = 256

#: No script, no font, no image from elsewhere: the page shows the same on any machine, offline.
_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ margin: 1.5rem; background: #14171a; color: #dde1e5; font: 14px/1.45 system-ui, sans-serif; }}
h1 {{ font-size: 1.2rem; }}
h2 {{ font-size: 1rem; margin: 1.5rem 0 .5rem; color: #9fb3c8; }}
main {{ display: grid; grid-template-columns: repeat(auto-fill, minmax(17rem, 1fr)); gap: 1rem; }}
article {{ background: #1e2328; border-radius: 6px; padding: .75rem; overflow-wrap: anywhere; }}
article img, .none {{ width: 100%; aspect-ratio: 1; object-fit: contain; background: #000; display: block; }}
.none {{ color: #777; display: grid; place-items: center; }}
h3 {{ font-size: .95rem; margin: .6rem 0 .2rem; }}
p, ul {{ margin: .2rem 0; padding: 0; list-style: none; }}
.stop {{ color: #ff8a80; }} .warn {{ color: #ffd180; }} .info {{ color: #90a4ae; }}
</style>
</head>
<body>
<h1>{title}</h1>
<p>{summary}</p>
{body}
<p class="info">dicomvtk {version}</p>
</body>
</html>
"""


@click.command()
@click.argument("src", type=click.Path())
@click.argument("out", type=click.Path())
@click.option("--names", is_flag=True, help="Show patients' names and IDs; left out otherwise.")
@click.option("--overwrite", is_flag=True, help="Replace OUT where it exists.")
@click.pass_context
def gallery(context: click.Context, /, src: str, out: str, names: bool, overwrite: bool) -> None:
    """Write a page, OUT (.html), that shows every series under SRC: a thumbnail, its size and what was found odd.

    One file, nothing from elsewhere. Exit code 3 where some series have no picture.
    """
    console: Console = context.obj
    if Path(out).exists() and not overwrite:
        raise WriteError(f"Cannot write {out}: it exists. --overwrite replaces it.")
    with console.progress("scanning") as progress:
        entries = dicomvtk.find_series(src, progress=progress)
    pictures: list[str] = []
    with console.progress("drawing") as progress:
        for entry in entries:
            pictures.append(_thumbnail(console, entry))
            if progress is not None:
                progress(len(pictures), len(entries))
    with atomic_file(out) as sibling:
        sibling.write_text(_page(src, entries, pictures, names=names), encoding="utf-8")
    console.done(f"{out}: {len(entries)} series")
    context.exit(0 if all(pictures) else _SOME_DONE)


def _thumbnail(console: Console, entry: Stack) -> str:
    """Return the middle slice as a data URL; nothing where it cannot be read, which is told."""
    from dicomvtk.formats.pictures import encode_picture
    from dicomvtk.render.contact_sheet import fitted

    try:
        try:
            volume = _middle_slice(entry)
        except DicomVtkError:  # what is odd about the series need not be odd about one image
            volume = dicomvtk.read(entry.files[len(entry.files) // 2])
            volume = volume.frame(*(0 for _ in volume.axes))
        picture = volume.display(one_scale([volume], None))[:, :, 0].swapaxes(0, 1)
    except DicomVtkError as error:
        console.failure(f"{entry.key}: {as_options(str(error))}")
        return ""
    x, y, _ = volume.spacing
    tall = np.repeat(picture, max(1, round(y / x)), axis=0)  # pixels that are far from square
    data = base64.b64encode(encode_picture(fitted(tall, _THUMBNAIL), ".png")).decode()
    return f"data:image/png;base64,{data}"


def _middle_slice(entry: Stack) -> Volume:
    """Return one slice of the series, the first of its further axes; what is odd about places does not matter here."""
    from dicomvtk.dicom.findings import RULES

    codes = [need.partition("=")[2] for need in entry.needs if need.startswith("allow=")]
    allow = [code for code in codes if RULES[code].error is GeometryError]
    middle = entry.slice_count // 2
    volume = dicomvtk.read(entry, allow=allow, slices=slice(middle, middle + 1))
    return volume.frame(*(0 for _ in volume.axes))


def _page(src: str, entries: Sequence[Stack], pictures: Sequence[str], *, names: bool) -> str:
    studies: dict[str, list[tuple[Stack, str]]] = {}
    for entry, picture in zip(entries, pictures, strict=True):
        studies.setdefault(entry.study_uid, []).append((entry, picture))
    title = html.escape(f"DICOM in {Path(src).resolve().name}")
    summary = f"{len(entries)} series in {len(studies)} {'study' if len(studies) == 1 else 'studies'}"
    body = "\n".join(line for members in studies.values() for line in _study(members, names))
    return _PAGE.format(title=title, summary=summary, body=body, version=__version__)


def _study(members: Sequence[tuple[Stack, str]], names: bool) -> Iterator[str]:
    first = members[0][0]
    who = [first.patient_name, first.patient_id] if names else []
    words = [*who, first.study_date, first.study_description]
    yield f"<h2>{html.escape(' · '.join(word for word in words if word) or 'Study')}</h2>"
    yield "<main>"
    for entry, picture in members:
        yield from _series(entry, picture)
    yield "</main>"


def _series(entry: Stack, picture: str) -> Iterator[str]:
    name = html.escape(f"{entry.key}: {entry.modality} {entry.description}".strip())
    yield "<article>"
    yield f'<img alt="{name}" src="{picture}">' if picture else '<div class="none">no picture</div>'
    yield f"<h3>{name}</h3>"
    size = " x ".join(map(str, entry.shape))
    spacing = " x ".join(f"{s:.4g}" for s in entry.spacing) + " mm" if entry.spacing else ""
    facts = [size, spacing, str(entry.dtype or ""), f"{len(entry.files)} files"]
    yield f"<p>{html.escape(', '.join(fact for fact in facts if fact))}</p>"
    yield "<ul>"
    for found in entry.findings:
        words = html.escape(f"{found.code}: {as_options(found.message)}")
        yield f'<li class="{html.escape(found.severity)}">{words}</li>'
    yield "</ul></article>"
