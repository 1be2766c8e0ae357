"""Enhanced objects made by hand: frames in any order, and macros that are absent, lie or disagree."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from odd_inputs.cases import add, case
from odd_inputs.known import INTERCEPT, KNOWN, SPACING, Known, affine_of, stored
from odd_inputs.write import Header, element, encode, header, item, part10, slices, write

__all__: list[str] = []

_ENHANCED = "1.2.840.10008.5.1.4.1.1.2.1"


def _enhanced(order: Sequence[int] = (2, 0, 4, 1, 3), tweak: Callable[[dict[str, Header], int], None] | None = None,
              stated: int | None = None, measures_shared: bool = True) -> Header:  # fmt: skip
    """The known volume as one object, its frames in `order`; `tweak` changes the macros of frame n."""
    base = header(0)
    base.drop("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "RescaleSlope", "RescaleIntercept",
              "SliceThickness")  # fmt: skip
    base.put("SOPClassUID", _ENHANCED).put("NumberOfFrames", len(order) if stated is None else stated)
    base.put("ImageType", "ORIGINAL\\PRIMARY\\VOLUME\\NONE")
    measures = Header().put("PixelSpacing", [SPACING[1], SPACING[0]]).put("SliceThickness", "2.5")
    orientation = Header().put("ImageOrientationPatient", "1\\0\\0\\0\\1\\0")
    rescale = Header().put("RescaleIntercept", INTERCEPT).put("RescaleSlope", 1).put("RescaleType", "HU")
    shared = _macro(0x00289110, measures) if measures_shared else b""
    shared += _macro(0x00209116, orientation)
    frames = b""
    for n, k in enumerate(order):
        own = Header() if measures_shared else Header(measures)
        place = Header().put("ImagePositionPatient", [*(affine_of() @ [0, 0, k, 1])[:3]])
        macros = {"position": place, "rescale": Header(rescale), "measures": own}
        if tweak is not None:
            tweak(macros, n)
        tags = {"position": 0x00209113, "rescale": 0x00289145, "measures": 0x00289110}
        frames += item(b"".join(_macro(tags[name], one) for name, one in sorted(
            macros.items(), key=lambda pair: tags[pair[0]]) if one))  # fmt: skip
    base[0x52009229] = (b"SQ", item(shared))
    base[0x52009230] = (b"SQ", frames)
    pixels = np.stack([stored()[:, :, k].T for k in order])
    return base.put("PixelData", pixels.astype("<u2").tobytes(), "OW")


def _macro(tag: int, content: Header) -> bytes:
    return element(tag, b"SQ", item(encode(content)))


def _enhanced_file(folder: Path, **how: object) -> None:
    (folder / "all.dcm").write_bytes(part10(encode(_enhanced(**how))))  # type: ignore[arg-type]


def _without(name: str, at: int) -> Callable[[dict[str, Header], int], None]:
    def tweak(macros: dict[str, Header], n: int) -> None:
        if n == at:
            macros[name] = Header()

    return tweak


def _changed(name: str, keyword: str, value: object, at: int) -> Callable[[dict[str, Header], int], None]:
    def tweak(macros: dict[str, Header], n: int) -> None:
        if n == at:
            macros[name].put(keyword, value)

    return tweak


add("frames_shuffled", "good", partial(_enhanced_file), group="enhanced")
add("measures_in_each_frame", "good", partial(_enhanced_file, measures_shared=False), group="enhanced")
for _name, _how in {
    "position_absent_in_one": {"tweak": _without("position", 3)},
    "rescale_absent_in_one": {"tweak": _without("rescale", 3)},
    "slope_zero_in_one": {"tweak": _changed("rescale", "RescaleSlope", "0", 1)},
    "measures_absent_in_one": {"tweak": _without("measures", 2), "measures_shared": False},
    "spacing_other_in_one": {"tweak": _changed("measures", "PixelSpacing", "0.75\\0.6", 2), "measures_shared": False},
    "position_text_in_one": {"tweak": _changed("position", "ImagePositionPatient", "x\\y\\z", 2)},
    "frame_absent": {"order": (0, 1, 2, 4)},
    "frame_twice": {"order": (0, 1, 2, 2, 3, 4)},
}.items():
    add(_name, "hostile", partial(_enhanced_file, **_how), group="enhanced")


for _name, _stated in {"fewer": 3, "more": 7, "one": 1}.items():
    add(f"says_{_name}_frames_than_it_describes", "refuse", partial(_enhanced_file, stated=_stated),
        group="enhanced", says="NumberOfFrames (0028,0008)")  # fmt: skip


@case("good")
def slope_other_in_one(folder: Path) -> Known:
    _enhanced_file(folder, tweak=_changed("rescale", "RescaleSlope", "2", 1))
    values = KNOWN.values.copy()
    values[:, :, 0] = stored()[:, :, 0] * 2.0 + INTERCEPT
    return Known(values, KNOWN.affine)


@case("hostile")
def beside_its_classic_twins(folder: Path) -> None:
    write(folder, slices())
    _enhanced_file(folder)
