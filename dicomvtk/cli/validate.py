"""``dicomvtk validate``: what is wrong with the DICOM files of a folder."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from dicomvtk.cli.console import Console
from dicomvtk.dicom.validate import Complaint
from dicomvtk.dicom.validate import validate as complaints_of

__all__ = ["validate"]

_FOUND = 1


@click.command()
@click.argument("src", type=click.Path())
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
@click.option("--own", is_flag=True, help="Without dciodvfy and dcentvfy.")
@click.pass_context
def validate(context: click.Context, /, src: str, as_json: bool, own: bool) -> None:
    """Check the DICOM files in SRC: values, identity, what a series shares, and whether it is a volume.

    dciodvfy and dcentvfy are asked too where they are installed. Exit code 1 where there is an error.
    """
    console: Console = context.obj
    with console.progress("validating") as progress:
        found = complaints_of(src, programs=not own, progress=progress)
    errors = sum(complaint.severity == "error" for complaint in found)
    if as_json:
        console.say(json.dumps({"path": src, "complaints": [asdict(complaint) for complaint in found]}))
    else:
        for complaint in found:
            console.say(_line(complaint))
        console.say(f"{errors} errors, {len(found) - errors} warnings")
    if errors:
        context.exit(_FOUND)


def _line(complaint: Complaint) -> str:
    where = f" [{complaint.files[0]}" if complaint.files else ""
    more = f" and {len(complaint.files) - 1} more" if len(complaint.files) > 1 else ""
    return f"{complaint.severity}: {complaint.check}: {complaint.message}{where}{more}{']' if where else ''}"
