"""Patients, studies and series with attributes: read, set and checked, the standard's and own ones."""

from __future__ import annotations

import datetime
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pydicom
import pytest

import dicomvtk
from dicomvtk.errors import DicomVtkError, UnsupportedError
from dicomvtk.folder import own_attributes
from dicomvtk.folder.attribute_path import MissingAttributeError, parse
from dicomvtk.folder.value_forms import element_of

#: Where Linux counts what a process reads, in its first line.
IO_COUNTS = Path("/proc/self/io")


@pytest.fixture(scope="module")
def mag_phase(shared_data: Path) -> Any:
    """A series of two echoes, magnitude and phase: 4 x 30 images."""
    return dicomvtk.open_folder(shared_data / "mr_mag_phase_2echo")


def test_the_tree_walks_from_folder_to_series(two_patients: Path) -> None:
    folder = dicomvtk.open_folder(two_patients)

    assert [len(level) for level in (folder.patients, folder.studies, folder.series)] == [2, 4, 8]
    assert [len(patient.studies) for patient in folder.patients] == [2, 2]
    assert [series.patient.PatientID for series in folder.series] == [["P1"]] * 4 + [["P2"]] * 4
    assert folder.studies[1].series[0].study is folder.studies[1]
    assert all(len(series) == 3 for series in folder.series)


def test_every_notation_reads_the_same(mag_phase: Any) -> None:
    series = mag_phase.series[0]

    assert series.Rows == series["Rows"] == series[(0x0028, 0x0010)] == series["0028,0010"] == 96
    assert series[["Rows", (0x28, 0x11), "EchoTime"]] == [96, 96, [7.001, 10.0]]
    assert series["Rows", "Columns"] == [96, 96]


def test_one_value_where_all_agree_else_the_sorted_list_and_always_a_list_above(
    mag_phase: Any, shared_data: Path
) -> None:
    series = mag_phase.series[0]
    truth = [pydicom.dcmread(file, stop_before_pixels=True) for file in series.files]

    assert series.SeriesInstanceUID == truth[0].SeriesInstanceUID
    assert series.InstanceNumber == sorted({int(header.InstanceNumber) for header in truth})
    assert series.RescaleSlope == sorted({float(header.RescaleSlope) for header in truth})
    assert series.ImageType == [
        ["ORIGINAL", "PRIMARY", "M_FFE", "M", "FFE"],
        ["ORIGINAL", "PRIMARY", "PHASE MAP", "P", "FFE"],
    ]
    assert mag_phase.patients[0].Rows == mag_phase.studies[0].Rows == mag_phase.Rows == [96]
    assert mag_phase.studies[0].EchoTime == [7.001, 10.0]


def test_an_attribute_that_some_files_lack_is_none_among_the_values(two_patients: Path) -> None:
    folder = dicomvtk.open_folder(two_patients)
    series = folder.series[0]
    series.instances[1].set_value("ImageComments", "seen")

    assert series.ImageComments == [None, "seen"]
    assert folder.ImageComments == ["seen"]
    assert folder.series[1].get("ImageComments", "no") == "no"
    with pytest.raises(MissingAttributeError, match="has ImageComments \\(0020,4000\\)"):
        folder.series[1].ImageComments  # noqa: B018
    for error in (AttributeError, KeyError, DicomVtkError):
        with pytest.raises(error):
            folder.series[1]["ImageComments"]
    assert folder.patients[1].ImageComments == []


def test_every_real_header_gives_what_pydicom_reads(shared_data: Path) -> None:
    names = ["PatientName", "StudyDate", "Modality", "Rows", "PixelSpacing", "InstanceNumber", "EchoTime", "ImageType"]
    seen = 0
    for item in ("pydicom_files/charset_files", "syntaxes_ct_and_pattern", "mr_mosaic_jpeg_lossless", "mr_uih_grid"):
        for instance in dicomvtk.open_folder(shared_data / item).instances:
            header = pydicom.dcmread(instance.source, stop_before_pixels=True, force=True)
            for name in names:
                expected = header.get(name)
                found = instance.get(name)
                if expected is None or expected == "":
                    assert found in (None, ""), (instance.source, name)
                else:
                    assert found == (list(expected) if isinstance(found, list) else expected), (instance.source, name)
                    seen += 1
    assert seen > 300


def test_private_elements_are_found_by_creator_wherever_their_block_lies(shared_data: Path) -> None:
    series = dicomvtk.open_folder(shared_data / "mr_mosaic_ax_ascending").series[0]
    header = pydicom.dcmread(series.files[0], stop_before_pixels=True)
    expected = header.private_block(0x0019, "SIEMENS MR HEADER")[0x0A].value

    assert expected == 35
    assert series["(0019,0A,SIEMENS MR HEADER)"] == series[(0x0019, 0x0A, "SIEMENS MR HEADER")] == expected
    assert series[(0x0019, 0x100A)] == expected
    assert series.TransferSyntaxUID == header.file_meta.TransferSyntaxUID


def test_nested_elements_are_read_and_set_by_path(two_patients: Path) -> None:
    folder = dicomvtk.open_folder(two_patients)
    series = folder.series[0]
    series.ReferencedImageSequence = [{"ReferencedSOPClassUID": "1.2", "ReferencedSOPInstanceUID": "1.2.3"}]
    series["ReferencedImageSequence[0].ReferencedSOPInstanceUID"] = "1.2.4"
    series["ReferencedImageSequence[1].ReferencedSOPInstanceUID"] = "1.2.5"
    series["(0019,0C,ACME 1.0)"] = [1, -2]
    folder.save()

    again = dicomvtk.open_folder(two_patients).series[0]
    header = pydicom.dcmread(again.files[0])

    assert [item.ReferencedSOPInstanceUID for item in header.ReferencedImageSequence] == ["1.2.4", "1.2.5"]
    assert header.private_block(0x0019, "ACME 1.0")[0x0C].value == [1, -2]
    assert again["ReferencedImageSequence[1].ReferencedSOPInstanceUID"] == "1.2.5"
    assert again["(0019,0C,ACME 1.0)"] == [1, -2]
    with pytest.raises(MissingAttributeError, match=r"say which item of ReferencedImageSequence"):
        again["ReferencedImageSequence.ReferencedSOPInstanceUID"]


def test_setting_changes_every_file_below(two_patients: Path) -> None:
    folder = dicomvtk.open_folder(two_patients)

    folder.series[0][["Rows", (0x28, 0x11)]] = [128, 192]
    folder.patients[1].PatientSex = "O"
    folder.studies[0].StudyDescription = "knee"

    assert folder.series[0][["Rows", "Columns"]] == [128, 192]
    assert folder.PatientSex == ["", "O"]
    assert [series.StudyDescription for series in folder.series[:3]] == ["knee", "knee", "brain"]
    del folder.series[0].StudyDescription
    assert folder.studies[0].StudyDescription == ["knee"]
    assert len(folder.patients) == 2


def test_moving_by_identity_keeps_the_objects(two_patients: Path) -> None:
    folder = dicomvtk.open_folder(two_patients)
    first, second = folder.patients

    first.PatientID = "P9"
    assert folder.patients == [first, second]
    folder.series[0].PatientID = "P2"
    assert len(second.series) == 5
    assert len(first.series) == 3
    folder.restore()
    assert folder.patients == [first, second]
    assert first.PatientID == ["P1"]
    assert [len(p.series) for p in folder.patients] == [4, 4]


@pytest.mark.parametrize(
    ("name", "given", "stored"),
    [
        ("StudyDate", datetime.date(2022, 11, 19), "20221119"),
        ("StudyDate", datetime.datetime(2022, 11, 19, 3), "20221119"),
        ("StudyTime", 3661.25, "010101.250000"),
        ("StudyTime", 52200, "143000"),
        ("StudyTime", 86399.9999999, "235959.999999"),
        ("StudyTime", datetime.time(14, 30), "143000"),
        ("AcquisitionDateTime", datetime.datetime(2022, 11, 19, 14, 30, 1, 500), "20221119143001.000500"),
        ("EchoTime", 1 / 3, 0.33333333333333),
        ("PixelSpacing", (0.5, 0.25), [0.5, 0.25]),
        ("SeriesNumber", 7, 7),
        ("ImageType", ["DERIVED", "SECONDARY"], ["DERIVED", "SECONDARY"]),
        ("PatientName", "Müller^Jürgen", "Müller^Jürgen"),
        ("SmallestImagePixelValue", -5, -5),
        ("EchoTime", None, None),
    ],
)
def test_values_are_given_the_form_of_their_vr(two_patients: Path, name: str, given: object, stored: object) -> None:
    folder = dicomvtk.open_folder(two_patients)
    series = folder.series[0]

    series[name] = given
    assert series[name] == stored
    series.save()

    again = pydicom.dcmread(series.files[0])
    (saved,) = dicomvtk.open_folder(two_patients).find(SeriesInstanceUID=series.SeriesInstanceUID)
    assert saved[name] == stored
    assert again[name].value == stored or again[name].value in (stored, None, "")


@pytest.mark.parametrize(
    ("name", "given", "said"),
    [
        ("StudyDate", "19112022", r"StudyDate \(0008,0020\) to '19112022': its VR is DA, YYYYMMDD, for example '2022"),
        ("StudyDate", "2022-11-19", "YYYYMMDD"),
        ("StudyDate", 20221119.5, "YYYYMMDD"),
        ("StudyTime", "2pm", "HHMMSS.FFFFFF"),
        ("StudyTime", 86400, "seconds since midnight are from 0 up to 86400"),
        ("Rows", 65536, "from 0 to 65535"),
        ("Rows", 1.5, "a whole number"),
        ("Rows", "many", "a whole number"),
        ("Modality", "mr", "at most 16 capitals"),
        ("PatientAge", "45", "'045Y'"),
        ("SeriesDescription", "x" * 65, "at most 64 characters"),
        ("PatientID", "a\\b", "a backslash separates values"),
        ("PixelSpacing", [1.0], r"it takes 2 values, found 1"),
        ("PixelSpacing", [1, 2, 3], r"it takes 2 values, found 3"),
        ("StudyInstanceUID", "1.02", "leading zero"),
        ("EchoTime", float("nan"), "finite"),
        ("EchoTime", "soon", "a number"),
        ("PixelData", b"", r"use set_ndarray\(\)"),
        ("TransferSyntaxUID", "1.2", "file meta information follows"),
        ("SOPInstanceUID", "1.2", "each needs its own"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_and_nothing_changes(
    two_patients: Path, name: str, given: object, said: str
) -> None:
    folder = dicomvtk.open_folder(two_patients)

    with pytest.raises(UnsupportedError, match=said):
        folder.series[0][["SeriesNumber", name]] = [99, given]

    assert folder.changes == []


def test_a_wrong_name_says_which_is_meant(two_patients: Path) -> None:
    series = dicomvtk.open_folder(two_patients).series[0]

    for wrong in (lambda: series.Rowz, lambda: series["Rowz"], lambda: setattr(series, "Rowz", 1)):
        with pytest.raises(MissingAttributeError, match=r"did you mean Rows\?"):
            wrong()
    with pytest.raises(AttributeError, match=r"did you mean colormap\?"):
        series.colormp  # noqa: B018
    with pytest.raises(AttributeError, match=r"did you mean PatientName\?"):
        series.patient_name = "Doe"
    with pytest.raises(AttributeError, match="register_attribute"):
        series.flavour = "mint"
    with pytest.raises(UnsupportedError, match="give 2 values"):
        series[["Rows", "Columns"]] = 7


def test_text_that_the_charset_lacks_turns_the_whole_header_to_utf_8(copied: Callable[[str], Path]) -> None:
    path = copied("pydicom_files/charset_files")
    folder = dicomvtk.open_folder(path)
    japanese = next(one for one in folder.instances if one.source.name == "chrH31.dcm")
    before = pydicom.dcmread(japanese.source)
    name = str(before.PatientName)
    assert not name.isascii()
    assert before.SpecificCharacterSet != "ISO_IR 192"

    japanese.set_value("PatientComments", "größer")
    folder.save()

    after = pydicom.dcmread(japanese.source)
    assert after.SpecificCharacterSet == "ISO_IR 192"
    assert after.PatientComments == "größer"
    assert str(after.PatientName) == name


def test_colormap_is_kept_in_a_private_block_and_photometric_is_not_touched(two_patients: Path) -> None:
    folder = dicomvtk.open_folder(two_patients)

    folder.series[0].colormap = "YlGnBu"
    assert folder.series[0].colormap == "YlGnBu"
    folder.save()

    again = dicomvtk.open_folder(two_patients)
    header = pydicom.dcmread(again.series[0].files[0])
    assert again.series[0].colormap == "YlGnBu"
    assert again.colormap == ["YlGnBu"]
    assert header.private_block(0x0913, "DICOMVTK")[0x01].value == "YlGnBu"
    assert header.PhotometricInterpretation == "MONOCHROME2"
    assert again.series[0].volume().info.attributes["colormap"] == "YlGnBu"
    assert dicomvtk.read(again.series[0].files).info.attributes["colormap"] == "YlGnBu"
    assert "colormap" not in dicomvtk.read(again.series[1].files).info.attributes
    with pytest.raises(UnsupportedError, match="did you mean 'viridis'"):
        again.series[0].colormap = "virids"
    again.series[0].colormap = None
    again.save()
    assert dicomvtk.open_folder(two_patients).colormap == []


def test_the_reader_finds_the_colormap_in_whatever_block_it_lies(two_patients: Path) -> None:
    files = dicomvtk.open_folder(two_patients).series[0].files
    for file in files:
        header = pydicom.dcmread(file)
        header.private_block(0x0913, "SOMEBODY ELSE", create=True).add_new(0x01, "LO", "hot")
        header.private_block(0x0913, "DICOMVTK", create=True).add_new(0x01, "LO", "magma_r")
        header.save_as(file)

    assert dicomvtk.read(files).info.attributes["colormap"] == "magma_r"
    assert dicomvtk.open_folder(two_patients).series[0].colormap == "magma_r"
    del header[0x09131101]
    header.save_as(file)
    assert "colormap" not in dicomvtk.read(files).info.attributes


def test_every_name_of_matplotlib_is_a_colormap(two_patients: Path) -> None:
    matplotlib = pytest.importorskip("matplotlib")
    series = dicomvtk.open_folder(two_patients).series[0]

    for name in matplotlib.colormaps:
        series.colormap = name
    assert series.colormap == name


@pytest.mark.parametrize(
    ("item", "expected"),
    [("mr_mag_phase_2echo", ["MAGNITUDE", "PHASE"]), ("mr_mosaic_ax_ascending", "MAGNITUDE"), ("ct_chest", None)],
)
def test_image_type_in_the_words_of_each_maker(shared_data: Path, item: str, expected: object) -> None:
    series = dicomvtk.open_folder(shared_data / item).series[0]

    assert (series.image_type if expected else getattr(series, "image_type", None)) == expected


@pytest.mark.parametrize("part", ["MAGNITUDE", "PHASE", "REAL", "IMAGINARY"])
def test_image_type_is_set_and_read_back(two_patients: Path, part: str) -> None:
    folder = dicomvtk.open_folder(two_patients)

    folder.series[1].image_type = part
    folder.save()

    again = dicomvtk.open_folder(two_patients).series[1]
    assert again.image_type == part
    assert again.ImageType[:3] == ["DERIVED", "SECONDARY", part[0]]
    with pytest.raises(UnsupportedError, match="MAGNITUDE, PHASE, REAL, IMAGINARY"):
        again.image_type = "LOUD"


def test_window_is_set_and_read_back(two_patients: Path) -> None:
    folder = dicomvtk.open_folder(two_patients)

    folder.series[0].window = (40, 400)
    folder.save()

    again = dicomvtk.open_folder(two_patients).series[0]
    assert (again.window.center, again.window.width) == (40, 400)
    assert again[["WindowCenter", "WindowWidth"]] == [40, 400]
    assert again.volume().info.windows[0].width == 400
    with pytest.raises(UnsupportedError, match=r"center, width"):
        again.window = (40, 0)


@pytest.fixture
def registry() -> Iterator[None]:
    before = dict(own_attributes._REGISTERED)
    yield
    own_attributes._REGISTERED.clear()
    own_attributes._REGISTERED.update(before)


@pytest.mark.usefixtures("registry")
def test_users_register_their_own(two_patients: Path) -> None:
    dicomvtk.register_attribute(
        "echo_s",
        lambda instance: (instance.get("EchoTime") or 0) / 1000,
        lambda instance, value: instance.set_value("EchoTime", value * 1000),
    )
    dicomvtk.register_attribute("area", lambda instance: instance.get("Rows") * instance.get("Columns"))
    folder = dicomvtk.open_folder(two_patients)

    folder.studies[0].echo_s = 0.02

    assert folder.series[0].EchoTime == 20
    assert folder.echo_s == [0, 0.02]
    assert folder.series[0].area == 48
    assert folder.find(echo_s=0.02) == folder.studies[0].series
    with pytest.raises(UnsupportedError, match="it follows from the other attributes"):
        folder.area = 3
    for taken, said in (("series", "already means"), ("Rows", "lower-case"), ("save", "already means")):
        with pytest.raises(UnsupportedError, match=said):
            dicomvtk.register_attribute(taken, lambda instance: None)


def test_reading_attributes_of_many_files_reads_no_pixels(two_patients: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are cut off where their pixels begin: all attributes are still there."""
    folder = dicomvtk.open_folder(two_patients)
    truth = {file: pydicom.dcmread(file) for file in folder.files}
    for file in folder.files:
        content = file.read_bytes()
        file.write_bytes(content[: content.rindex(b"\xe0\x7f\x10\x00") + 12])

    cut = dicomvtk.open_folder(two_patients)

    assert cut.files == folder.files
    for series in cut.series:
        assert series.SOPInstanceUID == sorted(str(truth[file].SOPInstanceUID) for file in series.files)
        assert series["SliceLocation"] == [0.0, 2.0, 4.0]
        assert series.header().PatientName == truth[series.files[0]].PatientName


@pytest.mark.skipif(not IO_COUNTS.exists(), reason="needs the counters of Linux")
def test_attributes_of_a_thousand_files_take_their_headers_from_the_disk(two_patients: Path, tmp_path: Path) -> None:
    """1,000 files of 1 MiB of pixels: what the system counts as read is the first block of each."""
    one = dicomvtk.open_folder(two_patients).series[0].files[0].read_bytes()
    (tmp_path / "many").mkdir()
    for n in range(1000):
        file = tmp_path / "many" / f"{n:04d}.dcm"
        file.write_bytes(one)
        os.truncate(file, len(one) + (1 << 20))
    series = dicomvtk.open_folder(tmp_path / "many").series[0]

    before = read_so_far()
    assert series[["Rows", "EchoTime", "SliceThickness"]] == [6, None, 2]
    plain = read_so_far() - before
    assert series.get("(0019,0C,ACME)") is None
    deep = read_so_far() - before - plain

    assert len(series) == 1000
    assert plain < 1000 * (17 << 10)
    assert deep < 1000 * (40 << 10)


def read_so_far() -> int:
    """Return the bytes that this process has asked of files, cached or not."""
    return int(IO_COUNTS.read_text().split()[1])


def test_a_value_of_an_unknown_private_element_takes_the_vr_of_its_kind() -> None:
    path = parse("(0019,0C,ACME 1.0)")

    assert [element_of(path, value).VR for value in (1, 1.5, "a", b"a", [{"Rows": 1}])] == [
        "SL",
        "FD",
        "LO",
        "OB",
        "SQ",
    ]


def test_an_item_past_the_next_is_refused_and_not_lost(two_patients: Path) -> None:
    series = dicomvtk.open_folder(two_patients).series[0]

    with pytest.raises(UnsupportedError, match=r"has 0 items, so \[0\] is the next"):
        series["ReferencedImageSequence[1].ReferencedSOPInstanceUID"] = "1.2.3"
    series["ReferencedImageSequence[0].ReferencedSOPInstanceUID"] = "1.2.3"
    series["ReferencedImageSequence[1].ReferencedSOPInstanceUID"] = "1.2.4"
    with pytest.raises(UnsupportedError, match=r"has 2 items, so \[2\] is the next"):
        series["ReferencedImageSequence[3].ReferencedSOPInstanceUID"] = "1.2.5"
    with pytest.raises(UnsupportedError, match=r"PatientName.* has VR PN, expected a sequence"):
        series["PatientName[0].PatientID"] = "P"
    assert series["ReferencedImageSequence[1].ReferencedSOPInstanceUID"] == "1.2.4"


def test_a_private_element_needs_a_creator(two_patients: Path) -> None:
    series = dicomvtk.open_folder(two_patients).series[0]

    for name in ((0x0009, 0x1001), "0009,0001"):
        with pytest.raises(UnsupportedError, match=r"no creator has reserved .*'\(0009,01,CREATOR\)'"):
            series[name] = "x"
    series["(0009,01,ACME)"] = "x"
    series[(0x0009, 0x1001)] = "y"
    series.save()

    header = pydicom.dcmread(series.files[0])
    assert header.private_block(0x0009, "ACME")[0x01].value == "y"


def test_a_level_is_asked_for_attributes_and_not_looped_over(two_patients: Path) -> None:
    folder = dicomvtk.open_folder(two_patients)

    for level in (folder, folder.patients[0], folder.studies[0], folder.series[0]):
        with pytest.raises(TypeError, match="not iterable"):
            iter(level)
        assert "Rows" in level
        assert (0x0028, 0x0010) in level
        assert "InversionTime" not in level
        with pytest.raises(MissingAttributeError, match="No DICOM attribute 0"):
            level[0]
    assert folder.series[0]["00280010"] == 6


def test_what_is_done_to_a_value_that_was_read_changes_nothing(two_patients: Path) -> None:
    """A value is set by an assignment, which is checked and told; not behind its back."""
    series = dicomvtk.open_folder(two_patients).series[0]
    series.ReferencedImageSequence = [{"ReferencedSOPClassUID": "1.2", "ReferencedSOPInstanceUID": "1.2.3"}]
    series.save()
    series = dicomvtk.open_folder(two_patients).series[0]

    for _ in range(2):  # read from the file, then remembered
        series.PixelSpacing[0] = 9.0
        series.ImageType.append("X")
        series.ImagePositionPatient[0][2] = 77.0
        series.ReferencedImageSequence[0].ReferencedSOPInstanceUID = "9.9"

    assert series.PixelSpacing == [1.0, 1.0]
    assert "X" not in series.ImageType
    assert [place[2] for place in series.ImagePositionPatient] == [0.0, 2.0, 4.0]
    assert series["ReferencedImageSequence[0].ReferencedSOPInstanceUID"] == "1.2.3"
    assert series.ReferencedImageSequence[0].ReferencedSOPInstanceUID == "1.2.3"
    assert series.changes == []
