"""Overlay planes as masks: pydicom's unpacking on real files, and planes made by hand whose pixels are known."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import ImplicitVRLittleEndian, JPEG2000Lossless, RLELossless

import dicomvtk
from dicomvtk.dicom.elements import DEFLATED, EXPLICIT_BIG

from .conftest import COLUMNS, ROWS, SLICES, ct_slice, plane

MakeSeries = Callable[..., Path]


def packed(*planes: NDArray[np.bool_]) -> bytes:
    """Return planes (row, column) as OverlayData: one after the other without a gap, padded to an even length."""
    data = np.packbits(np.concatenate([p.ravel() for p in planes]), bitorder="little").tobytes()
    return data + b"\0" * (len(data) % 2)


def pattern(seed: int, rows: int = ROWS, columns: int = COLUMNS) -> NDArray[np.bool_]:
    return np.random.default_rng(seed).random((rows, columns)) < 0.4


def add_plane(data: Dataset, bits: bytes, rows: int = ROWS, columns: int = COLUMNS, **changes: Any) -> None:
    """Give an image the overlay plane of `group`; keywords are those after "Overlay" or whole."""
    group = changes.pop("group", 0x6000)
    elements: dict[int, tuple[str, Any]] = {
        0x0010: ("US", rows),
        0x0011: ("US", columns),
        0x0040: ("CS", changes.pop("kind", "R")),
        0x0050: ("SS", changes.pop("origin", [1, 1])),
        0x0100: ("US", changes.pop("allocated", 1)),
        0x0102: ("US", changes.pop("bit", 0)),
    }
    for element, vr in ((0x0015, "IS"), (0x0022, "LO"), (0x0045, "LO"), (0x0051, "US"), (0x1500, "LO")):
        if element in changes.get("more", {}):
            elements[element] = (vr, changes["more"][element])
    if bits:
        elements[0x3000] = ("OW", bits)
    for element, (vr, value) in sorted(elements.items()):
        if value is not None:
            data.add_new((group, element), vr, value)


@pytest.fixture
def series(tmp_path: Path, uids: dict[str, str]) -> Callable[..., Path]:
    """Return a function that writes the small CT, `change(k, data)` called on each image first."""

    def make(change: Callable[[int, Dataset], None], syntax: str = "", **changes: Any) -> Path:
        folder = tmp_path / "series"
        folder.mkdir(exist_ok=True)
        for k in range(SLICES):
            data = ct_slice(k, uids, **changes)
            change(k, data)
            if syntax:
                data.file_meta.TransferSyntaxUID = syntax
            data.save_as(folder / f"{SLICES - k}.dcm", enforce_file_format=True)
        return folder

    return make


@pytest.mark.parametrize(
    "name",
    [
        "ct_mixed_series/I10",
        "ct_mixed_series/I20",
        "pydicom_files/test_files/examples_overlay.dcm",
        "pydicom_data/MR-SIEMENS-DICOM-WithOverlays.dcm",
    ],
)
def test_overlays_of_real_files_are_those_pydicom_unpacks(shared_data: Path, name: str) -> None:
    path = shared_data / name
    data = pydicom.dcmread(path)
    (found,) = dicomvtk.overlays(dicomvtk.read(path))
    assert (found.group, found.kind) == (0x6000, "G")
    assert found.description == str(data.get((0x6000, 0x0022), Dataset()).value if (0x6000, 0x0022) in data else "")
    expected = data.overlay_array(0x6000).T.astype(bool)
    np.testing.assert_array_equal(found.mask[:, :, 0], expected[: data.Columns, : data.Rows])
    assert found.mask.shape == (data.Columns, data.Rows, 1)


@pytest.mark.parametrize("syntax", ["", ImplicitVRLittleEndian, EXPLICIT_BIG, DEFLATED])
def test_each_slice_has_the_plane_of_its_own_file(series: Callable[..., Path], syntax: str) -> None:
    def change(k: int, data: Dataset) -> None:
        bits = packed(pattern(k))
        if syntax == EXPLICIT_BIG:
            data.PixelData = plane(k).astype(">i2").tobytes()
            bits = np.frombuffer(bits, "<u2").astype(">u2").tobytes()
        add_plane(data, bits, more={0x0022: "drawn by hand", 0x1500: "lesion", 0x0045: "USER"})

    (found,) = dicomvtk.overlays(dicomvtk.read(series(change, syntax)))
    assert (found.name, found.label, found.kind) == ("lesion", "lesion", "R")
    assert (found.description, found.subtype) == ("drawn by hand", "USER")
    np.testing.assert_array_equal(found.mask, np.stack([pattern(k).T for k in range(SLICES)], axis=-1))
    assert found.mask.flags.f_contiguous


def test_planes_of_some_slices_and_of_several_groups_keep_apart(series: Callable[..., Path]) -> None:
    def change(k: int, data: Dataset) -> None:
        if k == 2:
            add_plane(data, packed(pattern(1)))
        add_plane(data, packed(pattern(10 + k)), group=0x601E, kind="G", more={0x1500: f"of half {k // 2}"})

    found = {overlay.name: overlay.mask for overlay in dicomvtk.overlays(dicomvtk.read(series(change)))}
    assert list(found) == ["overlay 6000", "of half 0", "of half 1"]
    np.testing.assert_array_equal(found["overlay 6000"].any(axis=(0, 1)), [False, False, True, False])
    np.testing.assert_array_equal(found["overlay 6000"][:, :, 2], pattern(1).T)
    np.testing.assert_array_equal(found["of half 0"].any(axis=(0, 1)), [True, True, False, False])
    np.testing.assert_array_equal(found["of half 1"][:, :, 3], pattern(13).T)


def test_a_volume_without_overlay_planes_has_none(make_series: MakeSeries) -> None:
    assert dicomvtk.overlays(dicomvtk.read(make_series())) == ()


@pytest.mark.parametrize(
    ("origin", "rows", "columns"),
    [((1, 1), 3, 4), ((3, 2), 3, 4), ((-1, 0), 4, 5), ((4, 6), 9, 9), ((-10, -10), 30, 30), ((50, 50), 3, 3)],
)
def test_an_origin_off_the_image_cuts_the_plane_off(
    series: Callable[..., Path], origin: tuple[int, int], rows: int, columns: int
) -> None:
    bits = pattern(5, rows, columns)
    folder = series(lambda k, data: add_plane(data, packed(bits), rows, columns, origin=list(origin)))
    (found,) = dicomvtk.overlays(dicomvtk.read(folder))
    expected = np.zeros((COLUMNS, ROWS), bool)
    for (row, column), value in np.ndenumerate(bits):
        i, j = column + origin[1] - 1, row + origin[0] - 1  # 1\1 is the first pixel (PS3.3 C.9.2)
        if 0 <= i < COLUMNS and 0 <= j < ROWS:
            expected[i, j] = value
    for k in range(SLICES):
        np.testing.assert_array_equal(found.mask[:, :, k], expected)


@pytest.mark.parametrize("syntax", ["", RLELossless])
@pytest.mark.parametrize("bit", [12, 15])
def test_a_plane_in_unused_bits_of_the_pixel_cells_is_found(series: Callable[..., Path], syntax: str, bit: int) -> None:
    def change(k: int, data: Dataset) -> None:
        cells = (plane(k) & 0xFFF).astype("<u2") | pattern(k).astype("<u2") << bit
        data.PixelData, data.PixelRepresentation = cells.tobytes(), 0
        if syntax:
            data.compress(syntax, cells, generate_instance_uid=False)
        data.BitsStored, data.HighBit = 12, 11
        add_plane(data, b"", allocated=16, bit=bit)

    volume = dicomvtk.read(series(change))
    np.testing.assert_array_equal(volume.array[:, :, 1], plane(1).T & 0xFFF)
    (found,) = dicomvtk.overlays(volume)
    np.testing.assert_array_equal(found.mask, np.stack([pattern(k).T for k in range(SLICES)], axis=-1))


def test_unused_bits_that_a_coding_may_drop_are_refused(series: Callable[..., Path]) -> None:
    def change(k: int, data: Dataset) -> None:
        data.BitsStored, data.HighBit, data.PixelRepresentation = 12, 11, 0
        cells = (plane(k) & 0xFFF).astype("<u2")
        data.PixelData = encapsulate([imagecodecs.jpeg2k_encode(cells, codecformat="j2k", reversible=True)])
        data["PixelData"].VR, data["PixelData"].is_undefined_length = "OB", True
        data.file_meta.TransferSyntaxUID = JPEG2000Lossless
        add_plane(data, b"", allocated=16, bit=15)

    volume = dicomvtk.read(series(change))
    with pytest.raises(dicomvtk.PixelDecodeError, match=r"bit 15 of the pixel cells.*does not keep"):
        dicomvtk.overlays(volume)


@pytest.mark.parametrize(
    ("first", "count", "drawn"),
    [(None, None, [0, 0, 0, 0]), (None, 3, [0, 1, 2, None]), (3, 2, [None, None, 0, 1]), (2, 1, [None, 0, None, None])],
)
def test_frames_of_an_overlay_belong_to_frames_of_the_image(
    tmp_path: Path, uids: dict[str, str], first: int | None, count: int | None, drawn: list[int | None]
) -> None:
    data = ct_slice(0, uids, ImagePositionPatient=None, ImageOrientationPatient=None)
    data.NumberOfFrames = 4
    data.PixelData = b"".join(plane(k).astype("<i2").tobytes() for k in range(4))
    planes = [pattern(20 + n) for n in range(count or 1)]
    more = {key: value for key, value in ((0x0015, count), (0x0051, first)) if value}
    add_plane(data, packed(*planes), more=more)
    data.save_as(tmp_path / "cine.dcm", enforce_file_format=True)
    (found,) = dicomvtk.overlays(dicomvtk.read(tmp_path))
    assert found.mask.shape == (COLUMNS, ROWS, 1, 4)
    for t, n in enumerate(drawn):
        expected = np.zeros((COLUMNS, ROWS), bool) if n is None else planes[n].T
        np.testing.assert_array_equal(found.mask[:, :, 0, t], expected)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"rows": 0}, r"OverlayRows \(6000,0010\) is 0; expected 1 or more"),
        ({"columns": None}, r"OverlayColumns \(6000,0011\) is missing"),
        ({"rows": 50}, r"OverlayData \(6000,3000\) holds 6 bytes; expected 44 for 1 x 50 x 7"),
        ({"more": {0x0015: 2}}, r"OverlayData \(6000,3000\) holds 6 bytes; expected 9 for 2 x 5 x 7"),
        ({"more": {0x0015: -1}}, r"NumberOfFramesInOverlay \(6000,0015\) is -1; expected 1 or more"),
        ({"more": {0x0051: 0}}, r"ImageFrameOrigin \(6000,0051\) is 0; expected 1 or more"),
        ({"origin": [1]}, r"OverlayOrigin \(6000,0050\) holds 1 numbers; expected row and column"),
        ({"origin": None}, r"OverlayOrigin \(6000,0050\) is missing"),
        ({"bits": b""}, r"OverlayData \(6000,3000\) is missing; expected one bit a pixel"),
        ({"bits": b"", "allocated": 16, "bit": 4}, r"OverlayBitPosition \(6000,0102\) is 4; expected a bit outside"),
    ],
)
def test_a_damaged_plane_is_refused_by_name(series: Callable[..., Path], changes: dict[str, Any], text: str) -> None:
    bits = changes.get("bits", packed(pattern(0)))
    own = {key: value for key, value in changes.items() if key != "bits"}
    volume = dicomvtk.read(series(lambda k, data: add_plane(data, bits, **own)))
    with pytest.raises(dicomvtk.PixelDecodeError, match=text) as raised:
        dicomvtk.overlays(volume)
    assert ".dcm" in str(raised.value)


def test_a_turned_or_cropped_or_made_volume_has_no_overlays_to_give(series: Callable[..., Path]) -> None:
    from dicomvtk.processing.grid import flip

    volume = dicomvtk.read(series(lambda k, data: add_plane(data, packed(pattern(k)))))
    with pytest.raises(dicomvtk.UnsupportedError, match="turned or cropped"):
        dicomvtk.overlays(flip(volume, 0))
    with pytest.raises(dicomvtk.UnsupportedError, match="was not read from DICOM"):
        dicomvtk.overlays(dicomvtk.Volume(np.zeros((4, 4, 4))))
    (turned,) = dicomvtk.overlays(volume)
    later = dicomvtk.overlays(dicomvtk.read(volume.info.sources[0].file))[0]
    np.testing.assert_array_equal(turned.mask[:, :, 0], later.mask[:, :, 0])


def test_overlays_of_a_part_are_those_of_its_slices(series: Callable[..., Path]) -> None:
    folder = series(lambda k, data: add_plane(data, packed(pattern(k))))
    (found,) = dicomvtk.overlays(dicomvtk.read(folder, slices=slice(1, 3)))
    np.testing.assert_array_equal(found.mask, np.stack([pattern(k).T for k in (1, 2)], axis=-1))
