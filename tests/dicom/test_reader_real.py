"""Real series beside the NIfTI published with them (or made by dcm2niix), and real pixels beside pydicom's."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest

import dicomvtk
from dicomvtk.dicom.decoders import decoding_problem
from dicomvtk.dicom.elements import EXPLICIT_BIG, NotDicom
from dicomvtk.dicom.frames import Frame
from dicomvtk.dicom.headers import DamagedImage, HeaderReader, NotAnImage
from dicomvtk.dicom.headers_pydicom import DamagedFile
from dicomvtk.dicom.pixel_format import format_problem
from dicomvtk.dicom.pixels import read_block
from dicomvtk.dicom.rescale import clean_bits, plan_values

LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])

#: (item, entry's key, NIfTI, largest difference of values: the NIfTI's own rounding to float32 or to a slope)
REFERENCES = [
    ("ibsi_orientation_phantom", "1", "RefGenerated/1_IBSI2_Phase1.nii.gz", 0),
    ("mr_decubitus_left", "2", "RefGenerated/2_t1_fl2d_sag.nii.gz", 0),
    ("mr_enhanced_3d_sag", "5", "Ref/5_anat-T1w_acq-tfl.nii", 0),
    ("mr_localizer_3_planes", "1a", "RefGenerated/1_Jaemin_Test_i00015.nii.gz", 0),
    ("mr_localizer_3_planes", "1b", "RefGenerated/1_Jaemin_Test_i00008.nii.gz", 0),
    ("mr_localizer_3_planes", "1c", "RefGenerated/1_Jaemin_Test_i00001.nii.gz", 0),
    ("pet_whole_body", "x", "RefGenerated/3471270653_PET_WB_0.nii.gz", 0.01),
    ("mr_enhanced_rgb", "14", "Ref/14_DWI_dir80_PA.nii", 0),
    ("mr_4d_classic_ge", "4", "Ref/DCM2NIIX_regression_test_4.nii", 0),
    ("mr_enhanced_siemens_4d", "6", "Ref/Siemens_REST1_w_SMS_PF7-8_6.nii", 0),
    ("mr_fieldmap_ge", "6a", "Ref/GE_6_CV_Neuro_HH_Adv.nii", 0),
    ("mr_fieldmap_ge", "6b", "Ref/GE_6_CV_Neuro_HH_Adv_fieldmaphz.nii", 0),
    ("mr_mosaic_ax_ascending", "6", "Ref/ax_asc_35sl_6.nii", 0),
    ("mr_mosaic_cor_interleaved", "15", "Ref/cor_int_36sl_15.nii", 0),
    ("mr_mosaic_sag_descending", "20", "Ref/sag_desc_36sl_20.nii", 0),
    ("mr_mosaic_jpeg_lossless", "25", "Ref/fMRI_MB_asc_25.nii", 0),
    ("mr_12bit_in_16", "2a", "Ref/2.nii", 0),
    ("mr_12bit_in_16", "2b", "Ref/3.nii", 0),
    ("mr_12bit_in_16", "2c", "Ref/4.nii", 0),
    ("mr_uih_grid", "12", "RefGenerated/12_dti_tra_dir16_PA_rot.nii.gz", 0),
    ("mr_enhanced_philips_fieldmap", "801b", "Ref/Philips_WIP_B0_NS_801_e2_fieldmaphz.nii", 0.01),
]

#: Philips: the NIfTI holds the values before the scanner's own scaling, ours after it; they are in proportion.
#: (item, key, index along the axes, NIfTI)
IN_PROPORTION = [
    ("mr_enhanced_philips_fieldmap", "801a", (), "Ref/Philips_WIP_B0_NS_801_e1.nii"),
    ("mr_mag_phase_2echo", "1301a", (0,), "Ref/Ph_727468159_1301_Dual-echo_iso_e1.nii"),
    ("mr_mag_phase_2echo", "1301a", (1,), "Ref/Ph_727468159_1301_Dual-echo_iso_e2.nii"),
    ("mr_mag_phase_2echo", "1301b", (0,), "Ref/Ph_727468159_1301_Dual-echo_iso_e1_ph.nii"),
    ("mr_mag_phase_2echo", "1301b", (1,), "Ref/Ph_727468159_1301_Dual-echo_iso_e2_ph.nii"),
]


def in_ras(array: np.ndarray, affine: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return voxels and affine with axes turned to RAS, so that two files of one grid can be compared."""
    turn = nibabel.io_orientation(affine)
    return nibabel.apply_orientation(array, turn), affine @ nibabel.orientations.inv_ornt_aff(turn, array.shape)


def nifti_voxels(path: Path) -> tuple[np.ndarray, np.ndarray]:
    image = nibabel.load(path)
    array = np.asarray(image.dataobj)
    if array.dtype.names:
        array = np.stack([array[name] for name in array.dtype.names], axis=-1)
    return in_ras(array, image.affine)


@pytest.mark.parametrize(("item", "key", "nifti", "tolerance"), REFERENCES)
def test_voxels_and_affine_are_those_of_the_nifti(
    shared_data: Path, item: str, key: str, nifti: str, tolerance: float
) -> None:
    volume = dicomvtk.read(shared_data / item, series=key)
    voxels, affine = in_ras(volume.array, LPS_TO_RAS @ volume.affine)
    expected, expected_affine = nifti_voxels(shared_data / item / nifti)
    np.testing.assert_allclose(affine, expected_affine, atol=1e-2)
    np.testing.assert_allclose(voxels.astype(float), expected.astype(float), rtol=0, atol=tolerance)


@pytest.mark.parametrize(("item", "key", "index", "nifti"), IN_PROPORTION)
def test_philips_values_are_in_proportion_to_the_nifti(
    shared_data: Path, item: str, key: str, index: tuple[int, ...], nifti: str
) -> None:
    volume = dicomvtk.read(shared_data / item, series=key).frame(*index)
    voxels, affine = in_ras(volume.array.astype(float), LPS_TO_RAS @ volume.affine)
    expected, expected_affine = nifti_voxels(shared_data / item / nifti)
    np.testing.assert_allclose(affine, expected_affine, atol=1e-2)
    slope, intercept = np.polyfit(voxels.ravel(), expected.ravel().astype(float), 1)
    assert np.max(np.abs(slope * voxels + intercept - expected)) < 1e-6 * np.max(np.abs(expected))


def test_echo_times_are_an_axis_with_values_and_unit(shared_data: Path) -> None:
    volume = dicomvtk.read(shared_data / "mr_mag_phase_2echo", series="1301b")
    [axis] = volume.axes
    assert (axis.keyword, axis.values, axis.unit) == ("EchoTime", (7.001, 10.0), "ms")
    assert volume.shape == (96, 96, 30, 2)
    assert volume.array.flags.f_contiguous
    assert volume.info.unit == "mrad"


def test_an_incomplete_grid_is_refused_with_its_holes(shared_data: Path) -> None:
    with pytest.raises(dicomvtk.SeriesError, match=r"9 images; found 7\. Absent: 40 at position 3, 60 at position 3"):
        dicomvtk.read(shared_data / "mr_variable_spacing_multiecho")


def real_frames(folder: Path) -> Iterator[tuple[Path, list[Frame]]]:
    reader = HeaderReader()
    for path in sorted(folder.rglob("*")):
        if not path.is_file():
            continue
        try:
            frames = reader.frames(str(path))
            yield path, [frames[0].whole] if frames[0].whole else frames
        except (NotDicom, NotAnImage, DamagedImage, DamagedFile):
            continue


def pydicom_pixels(path: Path, frames: list[Frame]) -> np.ndarray | None:
    """Return stored values, colour as RGB, one array a frame; None where pydicom lacks a plug-in or a header."""
    from pydicom.pixels import apply_color_lut

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            data_set = pydicom.dcmread(path, force=True)
            array = data_set.pixel_array
        except (RuntimeError, AttributeError, NotImplementedError):
            return None
        if int(data_set.get("NumberOfFrames") or 1) != len(frames):  # frames described, but their number left out
            return None
        common = frames[0].common
        if common.photometric == "PALETTE COLOR":
            if common.transfer_syntax == EXPLICIT_BIG:  # pydicom reads their palettes as if little-endian
                return None
            array = apply_color_lut(array, data_set)
            return (array >> 8 if array.dtype.itemsize > 1 else array).reshape(len(frames), *array.shape[-3:])
    shape = (len(frames), common.rows, common.columns, *((3,) if common.samples > 1 else ()))
    array = array.reshape(shape).copy()
    clean_bits(array, common)
    return array


def test_stored_pixels_are_those_of_pydicom_on_every_real_file(shared_data: Path) -> None:
    compared = 0
    for path, frames in real_frames(shared_data):
        common = frames[0].common
        if format_problem(common) or decoding_problem(frames[0]) or any(frame.shortfall for frame in frames):
            continue
        expected = pydicom_pixels(path, frames)
        if expected is None:
            continue
        block = read_block(frames, plan_values(frames, stored=True), expected.shape)
        lossy_colour = common.photometric.startswith("YBR") and common.transfer_syntax.endswith(".50")
        assert np.max(np.abs(block.astype(float) - expected)) <= (1 if lossy_colour else 0), path
        compared += 1
    assert compared > 950


def test_a_palette_is_the_same_in_either_byte_order(shared_data: Path) -> None:
    little, big = (dicomvtk.read(shared_data / "pydicom_data" / f"OBXXXX1A{end}.dcm") for end in ("", "_expb"))
    np.testing.assert_array_equal(big.array, little.array)
    assert little.array.max() > 200


#: The transfer syntaxes of one CT image, and how far each may be from the uncompressed original (lossy ones).
SAME_CT = {
    "LittleEndianImplicitTransferSyntax_1.2.840.10008.1.2": 0,
    "LittleEndianExplicitTransferSyntax_1.2.840.10008.1.2.1": 0,
    "BigEndianExplicitTransferSyntax_1.2.840.10008.1.2.2": 0,
    "DeflatedExplicitVRLittleEndianTransferSyntax_1.2.840.10008.1.2.1.99": 0,
    "RLELosslessTransferSyntax_1.2.840.10008.1.2.5": 0,
    "JPEGProcess14TransferSyntax_1.2.840.10008.1.2.4.57": 0,
    "JPEGProcess14SV1TransferSyntax_1.2.840.10008.1.2.4.70": 0,
    "JPEGLSLosslessTransferSyntax_1.2.840.10008.1.2.4.80": 0,
    "JPEGLSLossyTransferSyntax_1.2.840.10008.1.2.4.81": 5,
    "JPEG2000LosslessOnlyTransferSyntax_1.2.840.10008.1.2.4.90": 0,
}


@pytest.mark.parametrize("syntax", SAME_CT)
def test_one_ct_in_many_syntaxes_has_one_set_of_values(shared_data: Path, syntax: str) -> None:
    folder = shared_data / "syntaxes_ct_and_pattern"
    original = dicomvtk.read(folder / "CTImage.dcm")
    coded = dicomvtk.read(folder / f"CTImage.dcm_{syntax}.dcm")
    assert coded.dtype == original.dtype
    assert np.max(np.abs(coded.array.astype(int) - original.array)) <= SAME_CT[syntax]
    assert coded.geometry == original.geometry


JPEG_53 = "CTImage.dcm_JPEGProcess6_8TransferSyntax_1.2.840.10008.1.2.4.53"


def test_a_syntax_without_decoder_is_named_with_the_way_on(shared_data: Path, tmp_path: Path) -> None:
    source = shared_data / "syntaxes_ct_and_pattern" / f"{JPEG_53}.dcm"
    hierarchical = "1.2.840.10008.1.2.4.56"
    path = tmp_path / "hierarchical.dcm"
    path.write_bytes(source.read_bytes().replace(b"1.2.840.10008.1.2.4.53", hierarchical.encode(), 1))
    with pytest.raises(dicomvtk.PixelDecodeError, match=rf"transfer syntax {hierarchical}.*which nothing here decodes"):
        dicomvtk.read(path)


def test_real_gaps_and_tilts_are_seen(shared_data: Path) -> None:
    stops = {
        item: [
            f.code for entry in dicomvtk.find_series(shared_data / item) for f in entry.findings if f.severity == "stop"
        ]
        for item in ("mr_several_series_one_folder_gap", "ct_gantry_tilt", "ct_duplicate_positions")
    }
    assert stops["mr_several_series_one_folder_gap"].count("gap") == 2
    assert stops["ct_gantry_tilt"] == ["tilt"]
    assert stops["ct_duplicate_positions"] == ["uneven"]


def test_a_real_modality_lut_gives_what_pydicom_makes_of_it(shared_data: Path) -> None:
    from pydicom.pixels import apply_modality_lut

    path = shared_data / "pydicom_data" / "mlut_18.dcm"
    data_set = pydicom.dcmread(path)
    expected = apply_modality_lut(data_set.pixel_array, data_set)
    np.testing.assert_array_equal(dicomvtk.read(path).array[:, :, 0].T, expected)


def test_frames_without_positions_are_a_time_axis(shared_data: Path) -> None:
    [entry] = [entry for entry in dicomvtk.find_series(shared_data / "xa_cine") if entry.common.modality == "XA"]
    cine = dicomvtk.read(entry)
    assert cine.shape == (512, 512, 1, 96)
    [axis] = cine.axes
    assert axis.keyword in ("FrameTime", "FrameNumber")
    assert len(axis) == 96
    assert not cine.geometry.placed


def test_an_undone_tilt_is_where_dcm2niix_puts_it(shared_data: Path) -> None:
    ndimage = pytest.importorskip("scipy.ndimage")
    folder = shared_data / "ct_gantry_tilt"
    with pytest.warns(dicomvtk.DicomVtkWarning, match="gantry tilt undone"):
        volume = dicomvtk.read(folder, fix={"tilt"})
    image = nibabel.load(folder / "RefGenerated" / "201_1F_STEREOTAXIS_Head_Tilt_1.nii.gz")
    inside = np.stack(np.meshgrid(np.arange(100, 400, 7), np.arange(100, 400, 7), [0, 5, 11], indexing="ij"), axis=-1)
    points = volume.geometry.index_to_physical(inside) * [-1, -1, 1]
    index = nibabel.affines.apply_affine(np.linalg.inv(image.affine), points)
    np.testing.assert_allclose(index[..., 2], inside[..., 2], atol=1e-3)
    expected = ndimage.map_coordinates(
        np.asarray(image.dataobj, dtype=float), np.moveaxis(index, -1, 0), order=1, mode="nearest"
    )
    ours = volume.array[tuple(np.moveaxis(inside, -1, 0))]
    assert np.max(np.abs(ours - expected)) <= 1  # each rounded to whole HU once
