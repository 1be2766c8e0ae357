"""A view is data: it goes to JSON and back, and refuses what it is not."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from dicomvtk.display import WindowLevel
from dicomvtk.errors import UnsupportedError
from dicomvtk.render.scene import Camera3D, PaneCamera, Slab, SliceLayer, SurfaceLayer, View, VolumeLayer

FULL = View(
    layout="coronal",
    crosshair=(1.5, -2.0, 3.25),
    window=WindowLevel(40, 400, "soft tissue"),
    invert=True,
    along="patient",
    axial=PaneCamera(2.0, (3.0, -4.0)),
    camera=Camera3D((-1.0, 0.0, 0.0), (0.0, 0.0, 1.0), 1.5, (2.0, 0.0)),
    layers=(SliceLayer(in_3d=True), SurfaceLayer(300.0, (1.0, 0.5, 0.0), 0.5), VolumeLayer("ct-skin", visible=False)),
    annotations=False,
    show_crosshair=False,
    interpolation=False,
)


@pytest.mark.parametrize("view", [View(), FULL], ids=["default", "full"])
def test_view_survives_json(view: View) -> None:
    assert View.from_json(view.to_json()) == view


def test_json_is_plain_and_named() -> None:
    values = json.loads(FULL.to_json())

    window = {"center": 40, "width": 400, "explanation": "soft tissue", "function": "LINEAR"}
    assert values["window"] == window
    assert [layer["kind"] for layer in values["layers"]] == ["slice", "surface", "volume"]


def test_json_may_leave_out_what_keeps_its_default() -> None:
    assert View.from_json('{"layout": "3d"}') == View.from_json('{"version": 1, "layout": "3d"}') == View(layout="3d")
    assert View.from_json('{"axial": {"zoom": 2}}').axial == PaneCamera(2.0)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"window": (40, 400)}, r"window is \(40, 400\); expected a WindowLevel"),
        ({"window": "bone"}, "window is 'bone'; expected a WindowLevel"),
        ({"slab": 12.0}, "slab is 12.0; expected a Slab"),
        ({"camera": "L"}, "camera is 'L'; expected a Camera3D"),
        ({"axial": 2.0}, "axial is 2.0; expected a PaneCamera"),
        ({"background": "white"}, "background is 'white'; expected 3 finite numbers"),
        ({"crosshair": "123"}, "crosshair is '123'; expected 3 finite numbers"),
        ({"crosshair": 5}, "crosshair is 5; expected 3 finite numbers"),
        ({"frame": 3}, "frame is 3; expected whole numbers"),
        ({"frame": (float("nan"),)}, r"frame is \(nan,\); expected whole numbers"),
        ({"voi_lut": "x"}, "voi_lut is 'x'; expected a whole number"),
        ({"colour_map": 5}, "colour_map is 5; expected a str"),
        ({"layers": SliceLayer()}, "layers is SliceLayer.*; expected a tuple of SliceLayer"),
        ({"layers": ("volume",)}, r"layers is \('volume',\); expected a tuple of SliceLayer"),
    ],
    ids=str,
)
def test_a_view_is_made_of_its_own_kinds_of_values(values: dict[str, Any], words: str) -> None:
    with pytest.raises(UnsupportedError, match=words):
        View(**values)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Slab("thick"), "slab of thick mm"),  # type: ignore[arg-type]
        (lambda: SurfaceLayer("bone"), "level bone; expected a finite"),  # type: ignore[arg-type]
        (lambda: VolumeLayer(shift="x"), "shifted by x; expected a finite"),  # type: ignore[arg-type]
        (lambda: PaneCamera(zoom=None), "zoom of None; expected a finite"),  # type: ignore[arg-type]
    ],
)
def test_parts_of_a_view_refuse_what_is_no_number(make: Callable[[], object], words: str) -> None:
    with pytest.raises(UnsupportedError, match=words):
        make()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("not json", "not JSON"),
        ("[1]", "expected an object"),
        ('{"zom": 2}', "Unknown name 'zom'"),
        ('{"layout": "five"}', "expected one of quad"),
        ('{"along": "table"}', "volume, patient"),
        ('{"layers": [{"kind": "cloud"}]}', "Unknown layer 'cloud'"),
        ('{"axial": {"turn": 1}}', "Unknown name 'turn' in the axial of a view"),
        ('{"crosshair": [1, 2]}', "expected 3 finite numbers"),
        ('{"crosshair": ["a", 2, 3]}', "crosshair is ('a', 2, 3); expected 3 finite numbers"),
        ('{"coronal": {"zoom": 0}}', "expected a finite number above 0"),
        ('{"camera": {"up": [0, 1, 0]}}', "not at right angles"),
        ('{"camera": {"up": [0, 0, 0]}}', "no length"),
        ('{"layers": [{"kind": "surface", "opacity": 2}]}', "expected 0 to 1"),
        ('{"window": {"center": 0, "width": 0}}', "width above 0"),
        ('{"window": 5}', "expected an object"),
        ('{"layers": 5}', "Cannot read a view"),
        ('{"version": 2}', "version 2; this dicomvtk knows version 1"),
        ('{"neurological": "false"}', "neurological is 'false'; expected true or false"),
        ('{"background": [255, 255, 255]}', "each from 0 to 1"),
        ('{"voi_lut": -1}', "voi_lut is -1"),
    ],
)
def test_other_json_is_refused_by_name(text: str, words: str) -> None:
    with pytest.raises(UnsupportedError) as caught:
        View.from_json(text)
    assert words in str(caught.value)
