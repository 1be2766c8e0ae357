"""The chain from modality values to the screen, against the standard's formulas and pydicom's."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.pixels import apply_color_lut, apply_modality_lut, apply_voi_lut

import dicomvtk
from dicomvtk import LookupTable, SeriesInfo, UnsupportedError, Volume, WindowLevel
from dicomvtk.display import CT_WINDOWS
from dicomvtk.display.colormaps import COLORMAPS, color_table
from dicomvtk.display.screen import chosen_voi, voi_levels

#: Of the long series a few files stand for the rest, unless `-m slow` asks for all.
FEW = 3


def volume(values: Any, dtype: str = "int16", **info: Any) -> Volume:
    return Volume(np.asarray(values, dtype).reshape(-1, 1, 1), info=SeriesInfo(**info))


def test_linear_is_the_formula_of_the_standard() -> None:
    # Note 2 of PS3.3 C.11.2.1.2.1: centre 2048, width 4096 shows 0 as black and 4095 as white.
    assert voi_levels(np.array([-1, 0, 4095, 5000]), WindowLevel(2048, 4096)).tolist() == [0, 0, 1, 1]
    # Centre 2048, width 1 is a step: below 2048 black, from there on white.
    assert voi_levels(np.array([2047, 2048]), WindowLevel(2048, 1)).tolist() == [0, 1]
    # Centre 0, width 100: black up to -50, white from 49 on.
    levels = voi_levels(np.array([-50, -49, 48, 49]), WindowLevel(0, 100))
    assert levels.tolist() == pytest.approx([0, 1 / 99, 98 / 99, 1])


def test_linear_exact_and_sigmoid_are_the_formulas_of_the_standard() -> None:
    exact = WindowLevel(0, 100, function="LINEAR_EXACT")
    assert voi_levels(np.array([-50, 0, 25, 50]), exact).tolist() == [0, 0.5, 0.75, 1]
    sigmoid = WindowLevel(10, 20, function="SIGMOID")
    assert voi_levels(np.array([10, 20]), sigmoid).tolist() == pytest.approx([0.5, 1 / (1 + np.exp(-2))])


def test_a_voi_lut_is_looked_up_and_holds_its_ends() -> None:
    lut = LookupTable(100, np.array([0, 1000, 4095], np.uint16), "curve", bits=12)
    assert voi_levels(np.array([-5, 100, 101, 102, 900]), lut).tolist() == [0, 0, 1000 / 4095, 1, 1]
    assert voi_levels(np.array([101.4, np.nan]), lut).tolist() == [1000 / 4095, 0]


def test_an_unknown_function_is_refused_by_its_tag() -> None:
    with pytest.raises(UnsupportedError, match=r"VOILUTFunction \(0028,1056\) 'LOG'; expected LINEAR"):
        WindowLevel(1, 2, function="LOG")  # type: ignore[arg-type]


def test_monochrome1_is_inverted_by_display_alone() -> None:
    window = WindowLevel(50, 100, function="LINEAR_EXACT")
    plain, inverted = volume([0, 100]), volume([0, 100], photometric="MONOCHROME1")
    assert plain.display(window).ravel().tolist() == [0, 255]
    assert inverted.display(window).ravel().tolist() == [255, 0]
    assert inverted.array.ravel().tolist() == [0, 100]


def test_the_table_for_many_voxels_says_what_the_formula_says() -> None:
    every = np.arange(-32768, 32768, dtype=np.int16)
    window = WindowLevel(-600, 1500)
    for dtype, values in (("int16", every), ("uint16", every.view(np.uint16))):
        many = np.repeat(values, 2)
        shown = volume(many, dtype).display(window).ravel()
        np.testing.assert_array_equal(shown, np.rint(255 * voi_levels(many, window)))


def test_windows_are_chosen_by_index_explanation_name_and_numbers() -> None:
    lut = LookupTable(0, np.array([0, 255], np.uint8), "CURVE", 8)
    first, second = WindowLevel(1, 2, "WINDOW1"), WindowLevel(3, 4, "WINDOW2")
    info, values = SeriesInfo(windows=(first, second), voi_luts=(lut,)), np.array([0, 10])
    assert chosen_voi(values, info) is lut
    assert chosen_voi(values, info, voi=2) is second
    assert chosen_voi(values, info, voi="window2") is second
    assert chosen_voi(values, info, "CT-BONE") == chosen_voi(values, info, "bone") == WindowLevel(480, 2500, "bone")
    assert chosen_voi(values, info, "40,400") == WindowLevel(40, 400)
    with pytest.raises(UnsupportedError, match="no VOI LUT or window 3; it has: 0 'CURVE', 1 'WINDOW1', 2 'WINDOW2'"):
        chosen_voi(values, info, voi=3)
    with pytest.raises(UnsupportedError, match="not both"):
        chosen_voi(values, info, "auto", 0)
    with pytest.raises(UnsupportedError, match=r"Unknown window 'skull'; expected CT-SOFT, .*auto or C,W"):
        chosen_voi(values, info, "skull")


def test_an_automatic_window_leaves_padding_out() -> None:
    padded = volume([-2000] * 50 + list(range(100)), padding=((-2000, -2000),))
    assert padded.display().ravel()[50:].tolist()[::99] == [0, 255]
    assert padded.display().ravel()[0] == 0


@pytest.mark.parametrize(("ours", "theirs"), [(n, {"grey": "gray", "inverted": "gray_r"}.get(n, n)) for n in COLORMAPS])
def test_named_colours_are_those_of_matplotlib(ours: str, theirs: str) -> None:
    expected = matplotlib.colormaps[theirs](np.linspace(0, 1, 256))[:, :3] * 255
    np.testing.assert_allclose(color_table(ours), expected, atol=1.0)


def test_a_map_of_matplotlib_is_taken_as_it_is() -> None:
    viridis = matplotlib.colormaps["viridis"]
    np.testing.assert_array_equal(color_table(viridis), np.rint(viridis(np.arange(256))[:, :3] * 255))
    shown = volume([0, 100]).display(WindowLevel(50, 100, function="LINEAR_EXACT"), colormap=viridis)
    assert shown.shape == (2, 1, 1, 3)
    assert shown[:, 0, 0].tolist() == [[68, 1, 84], [253, 231, 37]]
    with pytest.raises(UnsupportedError, match="Unknown colour map 'viridis'; expected one of grey"):
        color_table("viridis")


def images(folder: Path, few: int) -> Iterator[tuple[Path, Dataset]]:
    """Yield the files under `folder` that pydicom decodes and we read by themselves, `few` of each sub-folder."""
    for sub in [folder, *sorted(p for p in folder.rglob("*") if p.is_dir())]:
        paths = sorted(p for p in sub.iterdir() if p.is_file())
        for path in paths if folder.name.startswith(("pydicom", "syntaxes")) else paths[:few]:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                try:
                    data_set = pydicom.dcmread(path)
                    assert data_set.pixel_array is not None
                except Exception:  # what pydicom cannot decode has nothing to compare with
                    continue
            yield path, data_set


def read_alone(path: Path) -> Volume | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dicomvtk.DicomVtkWarning)
        try:
            return dicomvtk.read(path)
        except dicomvtk.DicomVtkError:
            return None


def pydicom_levels(modality: np.ndarray, data_set: Dataset) -> np.ndarray:
    """Return what pydicom's apply_voi_lut gives, brought from its output range to 0..1."""
    shown = apply_voi_lut(modality, data_set)
    if data_set.get("VOILUTSequence"):
        return shown / (2 ** data_set.VOILUTSequence[0].LUTDescriptor[2] - 1)
    bits = data_set.BitsStored
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if data_set.PixelRepresentation else (0, 2**bits - 1)
    if data_set.get("ModalityLUTSequence"):
        low, high = 0, 2 ** data_set.ModalityLUTSequence[0].LUTDescriptor[2] - 1
    elif data_set.get("RescaleSlope") is not None:
        slope, intercept = float(data_set.RescaleSlope), float(data_set.RescaleIntercept)
        low, high = low * slope + intercept, high * slope + intercept
    return (shown - low) / (high - low)


def in_little_endian(data_set: Dataset) -> Dataset:
    """Return the palettes as apply_color_lut takes them: those of big-endian files it reads the wrong way."""
    if data_set.file_meta.TransferSyntaxUID == pydicom.uid.ExplicitVRBigEndian:
        for colour in ("Red", "Green", "Blue"):
            element = data_set[f"{colour}PaletteColorLookupTableData"]
            element.value = np.frombuffer(element.value, ">u2").astype("<u2").tobytes()
    return data_set


def compare_with_pydicom(folder: Path, few: int) -> dict[str, int]:
    """Compare every image of `folder` with pydicom's chain; return how many had each step."""
    counts = {"modality": 0, "voi": 0, "palette": 0}
    for path, data_set in images(folder, few):
        ours = read_alone(path)
        if ours is None or ours.shape[2] != 1 or ours.axes:
            continue
        pixels = data_set.pixel_array
        if data_set.PhotometricInterpretation == "PALETTE COLOR":
            rgb = apply_color_lut(pixels, in_little_endian(data_set))
            expected = rgb if rgb.dtype == np.uint8 else (rgb >> 8).astype(np.uint8)
            np.testing.assert_array_equal(ours.display()[:, :, 0], expected.transpose(1, 0, 2), str(path))
            counts["palette"] += 1
            continue
        if ours.is_colour or "PixelData" not in data_set:
            continue
        if data_set.get("RescaleSlope") is not None or data_set.get("ModalityLUTSequence"):
            modality = apply_modality_lut(pixels, data_set)
            np.testing.assert_allclose(ours.array[:, :, 0].T, modality, rtol=1e-6, atol=1e-4, err_msg=str(path))
            counts["modality"] += 1
        else:
            modality = pixels
        stated = (*ours.info.voi_luts, *ours.info.windows)
        if stated and (data_set.get("WindowWidth") or data_set.get("VOILUTSequence")):
            expected = pydicom_levels(modality, data_set)
            np.testing.assert_allclose(voi_levels(ours.array[:, :, 0].T, stated[0]), expected, atol=1e-5, err_msg=path)
            counts["voi"] += 1
    return counts


def test_real_files_look_as_pydicom_has_them(shared_data: Path) -> None:
    counts = [compare_with_pydicom(folder, FEW) for folder in sorted(shared_data.iterdir()) if folder.is_dir()]
    total = {key: sum(one[key] for one in counts) for key in counts[0]}
    assert total["modality"] >= 30
    assert total["voi"] >= 30
    assert total["palette"] >= 5


@pytest.mark.slow
def test_every_real_file_looks_as_pydicom_has_it(shared_data: Path) -> None:
    counts = [compare_with_pydicom(folder, 10_000) for folder in sorted(shared_data.iterdir()) if folder.is_dir()]
    assert sum(one["voi"] for one in counts) > 400


@pytest.mark.parametrize("implicit", [True, False])
@pytest.mark.parametrize(
    ("signed", "intercept", "first"),
    [(0, -1024, -1000), (0, 0, 100), (0, 20000, 40000), (1, 0, -500), (1, 20000, 40000)],
)
def test_a_voi_lut_begins_where_modality_values_are(
    signed: int, intercept: int, first: int, implicit: bool, tmp_path: Path
) -> None:
    """The first value mapped is US or SS by what comes in, not by how pixels are stored: unsigned CT goes below 0."""
    dicomvtk.write_series(np.zeros((64, 64, 1), np.int16), tmp_path / "made", modality="CT", spacing=(1, 1, 1))
    data_set = pydicom.dcmread(next((tmp_path / "made").iterdir()))
    stored = np.arange(64 * 64, dtype="<u2") % 2000
    data_set.BitsStored, data_set.HighBit, data_set.PixelRepresentation = 12, 11, signed
    data_set.RescaleSlope, data_set.RescaleIntercept = 1, intercept
    data_set.PixelData = stored.tobytes()
    table = np.random.default_rng(5).integers(0, 4096, 3000, dtype="<u2")
    item = Dataset()
    item.add_new("LUTDescriptor", "SS" if first < 0 else "US", [len(table), first, 12])
    item.add_new("LUTData", "OW", table.tobytes())
    data_set.VOILUTSequence = [item]
    if implicit:
        data_set.file_meta.TransferSyntaxUID = pydicom.uid.ImplicitVRLittleEndian
    data_set.save_as(tmp_path / "one.dcm", implicit_vr=implicit, little_endian=True)

    values = stored.astype(int) + intercept
    expected = table[np.clip(values - first, 0, len(table) - 1)] / 4095 * 255
    shown = dicomvtk.read(tmp_path / "one.dcm").display()[:, :, 0].T.ravel()
    assert np.abs(shown - expected).max() <= 0.5


def test_what_is_no_window_is_refused_in_words() -> None:
    grey = volume([0, 100], windows=(WindowLevel(50, 100),))
    for window in ((40, 400), 5):
        with pytest.raises(UnsupportedError, match=r"Unknown window .*; expected WindowLevel\(C, W\)"):
            grey.display(window)  # type: ignore[arg-type]
    for voi in (True, 0.0, 1, -1, "BONE"):
        with pytest.raises(UnsupportedError, match="no VOI LUT or window"):
            grey.display(voi=voi)  # type: ignore[arg-type]


def test_the_windows_of_ct_are_those_of_the_clinic() -> None:
    """Centre and width in HU, by the keys 1 to 5, as OHIF's keys have them."""
    usual = {"SOFT": (40, 400), "LUNG": (-600, 1500), "LIVER": (90, 150), "BONE": (480, 2500), "BRAIN": (40, 80)}

    assert {name: (window.center, window.width) for name, window in CT_WINDOWS.items()} == {
        f"CT-{name}": numbers for name, numbers in usual.items()
    }
