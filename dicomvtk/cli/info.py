"""``dicomvtk info``: what there is under a path, without reading a pixel."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from itertools import groupby
from typing import TYPE_CHECKING, Any, cast

import click

import dicomvtk
from dicomvtk import formats
from dicomvtk.cli.console import Console, as_options
from dicomvtk.cli.directory import directory_at, directory_entry, directory_lines
from dicomvtk.cli.values import Words

if TYPE_CHECKING:
    from dicomvtk.dicom.scan import Scan
    from dicomvtk.dicom.stack import Stack
    from dicomvtk.metadata import Axis, ValueMap
    from dicomvtk.volume import Volume

__all__ = ["info"]


@click.command()
@click.argument("path", type=click.Path())
@click.option("--json", "as_json", is_flag=True, help="As JSON, for scripts.")
@click.option("--csv", "as_csv", is_flag=True, help="As CSV: a row for each series, its attributes in columns.")
@click.option("--columns", type=Words(), metavar="KEYWORD[,..]", help="Which attributes --csv shows.")
@click.pass_obj
def info(console: Console, path: str, as_json: bool, as_csv: bool, columns: tuple[str, ...] | None) -> None:
    """List the patients, studies and series under PATH: size, spacing, modality, and what is odd about them.

    PATH may also be a file of another format that convert writes.
    """
    if as_csv and as_json:
        raise click.UsageError("--csv or --json, not both.")
    if columns is not None and not as_csv:
        raise click.UsageError("--columns needs --csv.")
    if as_csv:
        from dicomvtk.cli.series_table import tell_table

        tell_table(console, path, columns)
        return
    if formats.handles(path) and not os.path.isdir(path):
        volume = formats.load(path)
        entries, skipped, lines = [_volume_entry(volume)], {}, _volume_lines(path, volume)
    else:
        if not as_json and (directory := directory_at(path)) is not None:
            for line in directory_lines(directory):
                console.say(line)
        with console.progress("scanning") as progress:
            scan = cast("Scan", dicomvtk.find_series(path, progress=progress))
        entries, skipped, lines = [_stack_entry(stack) for stack in scan], scan.skipped, _tree(path, scan)
    if as_json:
        indexed = directory_at(path)
        more = {} if indexed is None else {"dicomdir": directory_entry(indexed)}
        console.say(json.dumps({"path": path, "skipped": skipped, "series": entries, **more}, default=_plain))
        return
    for line in lines:
        console.say(line)


def _stack_entry(stack: Stack) -> dict[str, Any]:
    """Return a series as the JSON contract has it; what its headers do not say is null."""
    return {
        "key": stack.key,
        "uid": stack.uid,
        "description": stack.description,
        "modality": stack.modality,
        "files": len(stack.files),
        "shape": stack.shape,
        "spacing": stack.spacing,
        "origin": stack.origin,
        "direction": None if stack.direction is None else stack.direction.ravel().tolist(),
        "dtype": None if stack.dtype is None else stack.dtype.name,
        "transfer_syntax": stack.transfer_syntax,
        "axes": [_axis_entry(axis) for axis in stack.axes],
        "readable": stack.readable,
        "needs": stack.needs,
        "findings": [
            {"code": f.code, "severity": f.severity, "message": f.message, "files": f.files} for f in stack.findings
        ],
    }


def _volume_entry(volume: Volume) -> dict[str, Any]:
    return {
        "key": "",
        "uid": "",
        "description": volume.info.description,
        "modality": volume.info.modality,
        "files": 1,
        "shape": volume.shape,
        "spacing": volume.spacing,
        "origin": volume.origin if volume.geometry.placed else None,
        "direction": volume.direction.ravel().tolist() if volume.geometry.placed else None,
        "dtype": volume.dtype.name,
        "transfer_syntax": "",
        "axes": [_axis_entry(axis) for axis in volume.axes],
        "readable": True,
        "needs": [],
        "findings": [],
    }


def _axis_entry(axis: Axis) -> dict[str, Any]:
    return {"keyword": axis.keyword, "values": axis.values, "unit": axis.unit}


def _plain(value: object) -> object:
    """Return a NumPy number as Python's, anything else that JSON does not have as text."""
    return value.item() if hasattr(value, "item") else str(value)


def _tree(path: str, scan: Scan) -> Iterator[str]:
    yield f"{path}: {_counted(len(scan), 'series', 'series')}"
    by_patient = sorted(scan, key=lambda s: (s.patient_id, s.patient_name))
    for (patient_id, patient_name), of_patient in groupby(by_patient, key=lambda s: (s.patient_id, s.patient_name)):
        yield f"Patient {patient_name or 'without a name'}{f', ID {patient_id}' if patient_id else ''}"
        by_study = sorted(of_patient, key=lambda s: (s.study_date, s.study_uid))
        for _, of_study in groupby(by_study, key=lambda s: s.study_uid):
            stacks = list(of_study)
            words = (_date(stacks[0].study_date), stacks[0].study_description)
            yield f"  Study {' '.join(word for word in words if word) or stacks[0].study_uid or 'without a name'}"
            for stack in stacks:
                yield from _series_lines(stack)
    if scan.skipped:
        yield "skipped: " + ", ".join(f"{count} {reason}" for reason, count in scan.skipped.items())


def _series_lines(stack: Stack) -> Iterator[str]:
    yield f"    {stack.key}: {stack.modality} {stack.description}".rstrip()
    facts = [_size(stack.shape), _millimetres(stack.spacing), str(stack.dtype or "")]
    if stack.geometry is not None:
        facts.append(stack.geometry.axis_codes if stack.geometry.placed else "unplaced")
    facts.append(_counted(len(stack.files), "file", "files"))
    yield "      " + ", ".join(fact for fact in facts if fact)
    yield from (f"      {_axis_words(axis)}" for axis in stack.axes)
    maps = ", ".join(_map_words(one) for one in stack.value_maps)
    if maps:
        yield f"      real world values (--values): {maps}"
    yield from (f"      {f.severity} {f.code}: {as_options(f.message)}" for f in stack.findings)
    if not stack.readable:
        ways = " or ".join("--" + need.replace("=", " ") for need in stack.needs)
        yield f"      not readable without {ways}" if ways else "      not readable"


def _volume_lines(path: str, volume: Volume) -> Iterator[str]:
    codes = volume.geometry.axis_codes if volume.geometry.placed else "unplaced"
    yield f"{path}: {_size(volume.shape)}, {_millimetres(volume.spacing)}, {volume.dtype.name}, {codes}"
    yield from (f"  {_axis_words(axis)}" for axis in volume.axes)


def _size(shape: tuple[int, ...]) -> str:
    return " x ".join(str(n) for n in shape)


def _millimetres(spacing: tuple[float, ...] | None) -> str:
    return " x ".join(f"{s:.4g}" for s in spacing) + " mm" if spacing else ""


def _axis_words(axis: Axis) -> str:
    ends = f"{axis.values[0]}" + (f" to {axis.values[-1]}" if len(axis) > 1 else "")
    return f"{axis.keyword}: {len(axis)} values, {ends} {axis.unit}".rstrip()


def _map_words(one: ValueMap) -> str:
    return one.label + (f" in {one.unit}" if one.unit not in ("", "1") else "")


def _date(text: str) -> str:
    """Return a DA value (PS3.5 section 6.2) with dashes; anything else as it is."""
    return f"{text[:4]}-{text[4:6]}-{text[6:]}" if len(text) == 8 and text.isdigit() else text


def _counted(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"
