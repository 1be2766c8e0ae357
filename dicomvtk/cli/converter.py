"""One volume from where it is read to where it is written, with what belongs beside it."""

from __future__ import annotations

import enum
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import dicomvtk
from dicomvtk import formats
from dicomvtk.atomic import atomic_file
from dicomvtk.cli.console import Console
from dicomvtk.cli.source import Source
from dicomvtk.errors import UnsupportedError, WriteError
from dicomvtk.stream import WiderValuesError
from dicomvtk.volume import Volume

if TYPE_CHECKING:
    from dicomvtk.dicom.stack import Stack

__all__ = ["Converter", "Existing"]


class Existing(enum.Enum):
    """What becomes of a file that is there already."""

    REFUSE = "refuse"
    REPLACE = "replace"
    KEEP = "keep"


@dataclass(frozen=True)
class Converter:
    """How volumes are written: what becomes of what exists, identity and `fill` of DICOM, and the sidecar."""

    console: Console
    existing: Existing
    like: str | None
    fill: float | None
    sidecar: bool
    identifiers: bool

    def convert(self, source: Source, out: str, entry: Stack | None = None) -> None:
        """Write the volume of `source`, or that `entry` of it, to `out`: a file by its suffix, or a folder of DICOM.

        Files are whole or absent, the volume last: where it exists, so does what belongs beside it. Raises WriteError
        where `out` exists, unless told otherwise.
        """
        to_file = not formats.names_folder(out)
        if self.existing is Existing.KEEP and (Path(out).is_file() if to_file else _holds_something(Path(out))):
            self.console.done(f"{out}: exists, left as it is")
            return
        if to_file:
            self._check_free(Path(out))
        if not source.is_dicom:
            if self.sidecar:
                raise UnsupportedError(
                    f"Cannot write a --sidecar for {source.src}: only DICOM says how it was acquired."
                )
            self._save(source.read(self.console), out)
            return
        entry = entry or source.choose(self.console)
        if self.sidecar and to_file:
            self._write_beside(entry, Path(out))
        if not formats.streams(out) or not self._streamed(source, entry, out):
            self._save(source.read_entry(self.console, entry), out)

    def _streamed(self, source: Source, entry: Stack, out: str) -> bool:
        """Write `entry` while it is read; False, and nothing written, where it has to be read whole."""
        stream = source.stream_entry(entry)
        if stream is None:
            return False
        try:
            with self.console.progress("converting") as progress:
                formats.save_stream(stream, out, progress=progress)
        except WiderValuesError:
            return False
        self.console.done(f"{out}: {' x '.join(map(str, stream.shape))} {stream.dtype.name}")
        return True

    def _save(self, volume: Volume, out: str) -> None:
        if not formats.names_folder(out):
            formats.save(volume, out)
            self.console.done(f"{out}: {' x '.join(map(str, volume.shape))} {volume.dtype.name}")
            return
        overwrite = self.existing is Existing.REPLACE
        with self.console.progress("writing") as progress:
            report = dicomvtk.write_series(
                volume, out, like=self.like or False, fill=self.fill, overwrite=overwrite, progress=progress
            )
        self.console.done(str(report))

    def _check_free(self, out: Path) -> None:
        beside = [_beside(out, suffix) for suffix in (".json", ".bval", ".bvec")] if self.sidecar else []
        for path in (out, *beside):
            if path.exists() and self.existing is Existing.REFUSE:
                raise WriteError(
                    f"Cannot write {path}: it exists. --overwrite replaces it, --resume leaves out what is done."
                )

    def _write_beside(self, entry: Stack, out: Path) -> None:
        """Write what the headers say of the acquisition; of diffusion in a NIfTI also what FSL wants."""
        from dicomvtk.dicom.diffusion import gradients
        from dicomvtk.dicom.sidecar import sidecar

        texts = {".json": json.dumps(sidecar(entry, identifiers=self.identifiers), indent=2) + "\n"}
        found = gradients(entry) if out.name.lower().endswith((".nii", ".nii.gz")) and len(entry.axes) < 2 else None
        if found is not None and entry.direction is not None:
            texts[".bval"] = found.bval()
            directions = found.bvec(entry.direction)
            if directions is not None:
                texts[".bvec"] = directions
            else:
                self.console.note(f"{out}: b-values without directions in the headers; no .bvec is written.")
        for suffix, text in texts.items():
            with atomic_file(_beside(out, suffix)) as sibling:
                sibling.write_text(text, encoding="utf-8")


def _beside(out: Path, suffix: str) -> Path:
    """Return the path of the same name with another suffix.

    >>> _beside(Path("a/head.v1.nii.gz"), ".json").as_posix()
    'a/head.v1.json'
    """
    longest = next((known for known in formats.SUFFIXES if out.name.lower().endswith(known)), out.suffix)
    return out.with_name(out.name[: len(out.name) - len(longest)] + suffix)


def _holds_something(folder: Path) -> bool:
    return folder.is_dir() and any(folder.iterdir())
