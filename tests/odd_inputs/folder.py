"""Folders that are odd: what lies beside a series, what the files are called, links, pipes, DICOMDIRs."""

from __future__ import annotations

import os
import socket
import struct
import zipfile
from functools import partial
from pathlib import Path

import numpy as np
from odd_inputs.cases import add, case
from odd_inputs.known import KNOWN, SPACING, Known, affine_of
from odd_inputs.write import EXPLICIT, UNDEFINED, Header, element, encode, header, item, part10, slices, write

__all__: list[str] = []

_DIRECTORY_CLASS = b"1.2.840.10008.1.3.10"


def _other_series(folder: Path, **changes: str) -> None:
    """A second series of two slices, with these attributes."""
    for k in range(2):
        made = header(k).put("SOPInstanceUID", f"1.2.3.4.9{k}").put("SeriesNumber", "8")
        made.put("SeriesInstanceUID", "1.2.3.2.8").put("SeriesDescription", "scout")
        for keyword, value in changes.items():
            made.put(keyword, value)
        (folder / f"other{k}.dcm").write_bytes(part10(encode(made)))


def _two(folder: Path, **changes: str) -> None:
    write(folder, slices())
    _other_series(folder, **changes)


for _name, _changes in {
    "two_series": {},
    "two_studies": {"StudyInstanceUID": "1.2.3.1.2"},
    "two_patients": {"PatientID": "ODD2", "StudyInstanceUID": "1.2.3.1.2"},
    "two_modalities": {"Modality": "MR", "SOPClassUID": "1.2.840.10008.5.1.4.1.1.4"},
    "two_series_of_one_number": {"SeriesNumber": "7"},
    "one_series_uid_in_two_studies": {"SeriesInstanceUID": "1.2.3.2", "StudyInstanceUID": "1.2.3.1.2"},
    "one_uid_for_two_patients": {"SeriesInstanceUID": "1.2.3.2", "PatientID": "ODD2", "PatientName": "Other"},
    "one_uid_for_two_modalities": {"SeriesInstanceUID": "1.2.3.2", "Modality": "PT", "SeriesNumber": "7"},
}.items():
    add(_name, "refuse", partial(_two, **_changes), group="folder", error="SeriesError", says="7")

for _name, _which in {"number": "7", "uid": "1.2.3.2", "description": "KNOWN vol"}.items():
    add(f"two_series_by_{_name}", "good", _two, group="folder", series=_which)


add("series_unknown", "refuse", _two, group="folder", error="SeriesError", says="No series", series="absent")


def _localizer(folder: Path) -> None:
    """Two coronal scouts of another size under the series' own UID."""
    write(folder, slices())
    for k in range(2):
        made = header(k, np.full((16, 12), 7, np.uint16)).put("ImageType", "ORIGINAL\\PRIMARY\\LOCALIZER")
        made.put("ImageOrientationPatient", "1\\0\\0\\0\\0\\-1").put("SOPInstanceUID", f"1.2.3.4.8{k}")
        (folder / f"scout{k}.dcm").write_bytes(part10(encode(made)))


add("localizer_in_the_series", "refuse", _localizer, error="SeriesError", says="Cannot choose")
add("localizer_set_apart", "good", _localizer, series="7a")


def _four_d(folder: Path, keyword: str, values: tuple[str, ...], mixed: bool) -> Known:
    """The volume at three times: shape (i, j, k, time)."""
    files = []
    for n, value in enumerate(values):
        for k in range(5):
            made = header(k, (KNOWN.values[:, :, k].T + 1024 + n).astype(np.uint16)).put(keyword, value)
            number = k * len(values) + n + 1 if mixed else n * 5 + k + 1
            files.append((number, made.put("InstanceNumber", number).put("SOPInstanceUID", f"1.2.3.4.{n}.{k}")))
    for number, made in files:
        (folder / f"{(number * 7) % 17:03d}.dcm").write_bytes(part10(encode(made)))
    return Known(np.stack([KNOWN.values + n for n in range(len(values))], axis=-1), affine_of())


add("four_d_by_time", "good", partial(_four_d, keyword="AcquisitionTime", mixed=True,
    values=("101500", "101502.5", "101505")), group="folder")  # fmt: skip
add("four_d_by_echo", "good", partial(_four_d, keyword="EchoTime", mixed=False, values=("4.9", "9.8", "14.7")),
    group="folder")  # fmt: skip
add("four_d_by_trigger", "good", partial(_four_d, keyword="TriggerTime", mixed=True, values=("0", "50", "100")),
    group="folder")  # fmt: skip


@case("refuse", error="SeriesError", says="EchoTime")
def four_d_with_a_hole(folder: Path) -> None:
    _four_d(folder, "EchoTime", ("4.9", "9.8", "14.7"), False)
    sorted(folder.iterdir())[6].unlink()


def _copies(folder: Path, subfolder: str, fresh_uid: bool) -> None:
    """Every file twice: the same bytes, or with another SOPInstanceUID."""
    write(folder, slices())
    (folder / subfolder).mkdir(exist_ok=True)
    for k in range(5):
        made = header(k)
        if fresh_uid:
            made.put("SOPInstanceUID", f"1.2.3.4.7{k}")
        (folder / subfolder / f"copy{k}.dcm").write_bytes(part10(encode(made)))


add("copies_of_all", "repairable", partial(_copies, subfolder=".", fresh_uid=False), group="folder", code="duplicate")
add("copies_in_a_subfolder", "repairable", partial(_copies, subfolder="backup", fresh_uid=False), group="folder",
    code="duplicate")  # fmt: skip
add("copies_with_fresh_uids", "repairable", partial(_copies, subfolder="again", fresh_uid=True), group="folder",
    code="duplicate")  # fmt: skip


@case("repairable", code="duplicate")
def one_copy_in_another_syntax(folder: Path) -> None:
    write(folder, slices())
    (folder / "copy.dcm").write_bytes(encode(header(2)))


@case("refuse", error="SeriesError", says="apart")
def two_images_at_one_position(folder: Path) -> None:
    write(folder, slices())
    other = header(2, (KNOWN.values[:, :, 2].T + 1100).astype(np.uint16)).put("SOPInstanceUID", "1.2.3.4.77")
    (folder / "other.dcm").write_bytes(part10(encode(other)))


@case("good")
def one_sop_uid_for_all(folder: Path) -> None:
    write(folder, slices(lambda h, _: h.put("SOPInstanceUID", "1.2.3.4.1")))


@case("good")
def no_sop_uids(folder: Path) -> None:
    write(folder, slices(lambda h, _: h.drop("SOPInstanceUID")))


@case("good")
def no_series_and_study_uids(folder: Path) -> None:
    write(folder, slices(lambda h, _: h.drop("SeriesInstanceUID", "StudyInstanceUID")))


@case("repairable", code="series-per-image", allow=("series-per-image",), says="SeriesInstanceUID (0020,000E)")
def one_series_uid_per_slice(folder: Path) -> None:
    write(folder, slices(lambda h, k: h.put("SeriesInstanceUID", f"1.2.3.2.{k}")))


@case("refuse", error="SeriesError", says="2 volumes")
def two_scouts_of_a_series_each(folder: Path) -> None:
    """Two images are no series that was torn apart."""
    write(folder, slices(lambda h, k: h.put("SeriesInstanceUID", f"1.2.3.2.{k}"), count=2))


@case("good", at="archive.zip")
def path_is_a_zip(folder: Path) -> None:
    with zipfile.ZipFile(folder / "archive.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for n, one in enumerate(slices()):
            archive.writestr(f"DICOM/S1/IM{n}", part10(encode(one)))


@case("good", at="archive.zip")
def zip_with_names_that_lead_outside(folder: Path) -> None:
    with zipfile.ZipFile(folder / "archive.zip", "w") as archive:
        for n, one in enumerate(slices()):
            archive.writestr(f"../../{'/' * (n % 2)}etc/IM{n}", part10(encode(one)))


@case("refuse", error="UnsupportedError", says="archive.zip", at="archive.zip")
def zip_cut_short(folder: Path) -> None:
    path_is_a_zip(folder)
    content = (folder / "archive.zip").read_bytes()
    (folder / "archive.zip").write_bytes(content[: len(content) // 2])


@case("refuse", error="UnsupportedError", says="unpack to", at="archive.zip")
def zip_that_states_gigabytes(folder: Path) -> None:
    with zipfile.ZipFile(folder / "archive.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for n in range(4):
            archive.writestr(f"IM{n}", part10(encode(header())))
            archive.filelist[n].file_size = 3 << 30


@case("good")
def one_frame_of_reference_per_slice(folder: Path) -> None:
    write(folder, slices(lambda h, k: h.put("FrameOfReferenceUID", f"1.2.3.3.{k}")))


@case("repairable", code="several-frames-of-reference")
def two_frames_of_reference(folder: Path) -> None:
    write(folder, slices(lambda h, k: h.put("FrameOfReferenceUID", f"1.2.3.3.{k // 3}")))


@case("good")
def junk_beside(folder: Path) -> None:
    write(folder, slices())
    for name, content in {
        "readme.txt": b"read me", "Thumbs.db": bytes(5000), ".DS_Store": b"\0\0\0\1Bud1", "._IM000.dcm": b"\0\5\x16\7",
        "report.pdf": b"%PDF-1.4", "a.jpg": b"\xff\xd8\xff\xe0JFIF", "empty.dcm": b"", "x.json": b"{}",
    }.items():  # fmt: skip
        (folder / name).write_bytes(content)


def _object(sop_class: str, modality: str) -> bytes:
    made = Header().put("SOPClassUID", sop_class).put("SOPInstanceUID", "1.2.3.5").put("Modality", modality)
    made.put("StudyInstanceUID", "1.2.3.1").put("SeriesInstanceUID", "1.2.3.2.5").put("PatientID", "ODD1")
    return part10(encode(made))


_OBJECTS = {"rtstruct": ("1.2.840.10008.5.1.4.1.1.481.3", "RTSTRUCT"), "sr": ("1.2.840.10008.5.1.4.1.1.88.11", "SR")}


def _with_object(folder: Path, data: bytes, series: bool) -> None:
    if series:
        write(folder, slices())
    (folder / "object.dcm").write_bytes(data)


for _kind, (_class, _modality) in _OBJECTS.items():
    _made = partial(_with_object, data=_object(_class, _modality))
    add(f"{_kind}_beside", "good", partial(_made, series=True), group="folder")
    add(f"{_kind}_alone", "refuse", partial(_made, series=False), group="folder", error="NoDicomError", says=_modality)


def _named(folder: Path, names: tuple[bytes, ...]) -> None:
    for k, name in enumerate(names):
        Path(os.fsdecode(os.fsencode(folder) + b"/" + name)).write_bytes(part10(encode(header(k))))


for _name, _names in {
    "shell_like": (b"$(touch x)", b"; rm -rf .", b"a && b|c", b"`id`", b"-rf"),
    "not_utf8": (b"\xff\xfe1", b"\xe9\xe8", b"\x80", b"\xc3(", b"ok"),
    "control_characters": (b"a\nb", b"\x1b[31mred", b"tab\t1", b"bell\x07", b" "),
    "long": tuple(b"%d" % k + b"x" * 250 for k in range(5)),
    "no_suffix": (b"I1", b"I2", b"I10", b"I3", b"I0"),
    "other_suffix": (b"1.txt", b"2.jpg", b"3.zip", b"4.IMA", b"5.nii.gz"),
    "quotes": (b"'", b'"', b"a'b", b"%s", b"{0}"),
}.items():
    add(f"names_{_name}", "good", partial(_named, names=_names), group="folder")


@case("good")
def deep_nesting(folder: Path) -> None:
    for k, one in enumerate(slices()):
        place = folder.joinpath(*[f"level{n}" for n in range(k * 12)])
        place.mkdir(parents=True, exist_ok=True)
        (place / "image").write_bytes(part10(encode(one)))


@case("good", at="tree")
def links_into_a_store(folder: Path) -> None:
    """The tree holds only links, to a store beside it."""
    store, tree = folder / "store", folder / "tree"
    store.mkdir()
    tree.mkdir()
    write(store, slices())
    for one in store.iterdir():
        (tree / f"link-{one.name}").symlink_to(one)


@case("good")
def linked_folder_beside_itself(folder: Path) -> None:
    """A link to the folder itself, and two folders that link to each other."""
    write(folder, slices())
    (folder / "self").symlink_to(folder)
    for one, other in (("a", "b"), ("b", "a")):
        (folder / one).mkdir()
        (folder / one / other).symlink_to(folder / other)


@case("good")
def dangling_and_looping_links(folder: Path) -> None:
    write(folder, slices())
    (folder / "gone.dcm").symlink_to(folder / "nowhere")
    (folder / "loop1").symlink_to(folder / "loop2")
    (folder / "loop2").symlink_to(folder / "loop1")


@case("good")
def pipes_sockets_and_devices(folder: Path) -> None:
    """None of which may be opened: a pipe without a writer never answers."""
    write(folder, slices())
    os.mkfifo(folder / "pipe.dcm")
    with socket.socket(socket.AF_UNIX) as one:
        here = os.getcwd()
        os.chdir(folder)
        one.bind("socket.dcm")
        os.chdir(here)
    (folder / "zero.dcm").symlink_to("/dev/zero")
    (folder / "random.dcm").symlink_to("/dev/urandom")
    (folder / "stdin.dcm").symlink_to("/dev/stdin")


@case("refuse", error="NoDicomError", says="regular file", at="pipe")
def path_is_a_pipe(folder: Path) -> None:
    os.mkfifo(folder / "pipe")


@case("refuse", error="NoDicomError", says="No such file", at="nowhere")
def path_is_absent(folder: Path) -> None:
    pass


@case("refuse", error="NoDicomError", says="holds no files")
def folder_is_empty(folder: Path) -> None:
    pass


@case("good", at="IM000.dcm")
def path_is_one_file(folder: Path) -> Known:
    write(folder, slices())
    return Known(KNOWN.values[:, :, 1:2], affine_of(origin=(-10, 20, 32.5)))


def _directory(folder: Path, names: tuple[str, ...], at: str = "DICOMDIR") -> None:
    """A DICOMDIR whose records point to `names`."""
    records = b""
    for name in names:
        record = Header().put("OffsetOfTheNextDirectoryRecord", 0).put("RecordInUseFlag", 0xFFFF)
        record.put("OffsetOfReferencedLowerLevelDirectoryEntity", 400)
        record.put("DirectoryRecordType", "IMAGE").put("ReferencedFileID", name)
        records += item(encode(record))
    end = struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)
    data_set = element(0x00041130, b"CS", b"ODD ") + element(0x00041220, b"SQ", records + end, EXPLICIT, UNDEFINED)
    content = part10(data_set)
    content = content.replace(b"1.2.840.10008.5.1.4.1.1.2\0", _DIRECTORY_CLASS + bytes(6), 1)
    (folder / at).write_bytes(content)


def _series_and_directory(folder: Path, names: tuple[str, ...]) -> None:
    write(folder, slices())
    _directory(folder, names)


for _name, _names in {
    "right": tuple(f"IM{n:03d}.dcm" for n in range(5)), "missing_files": ("NOT", "THERE"),
    "escaping": ("..\\..\\..\\etc\\passwd",), "absolute": ("\\etc\\passwd", "/etc/passwd"),
}.items():  # fmt: skip
    _indexed = partial(_series_and_directory, names=_names)
    add(f"dicomdir_{_name}", "good", _indexed, group="folder")
    add(f"dicomdir_{_name}_as_path", "good", _indexed, group="folder", at="DICOMDIR")


@case("hostile", at="DICOMDIR")
def dicomdir_pointing_to_itself(folder: Path) -> None:
    """The files beside it, or an error that it leads nowhere; but not for ever."""
    _series_and_directory(folder, ("DICOMDIR",))


@case("good", at="DICOMDIR")
def dicomdir_garbage(folder: Path) -> None:
    write(folder, slices())
    (folder / "DICOMDIR").write_bytes(bytes(range(256)) * 10)


@case("refuse", error="NoDicomError", says="DICOMDIR")
def dicomdir_alone(folder: Path) -> None:
    _directory(folder, ("A",))


@case("repairable", code="unreadable")
def damaged_file_beside(folder: Path) -> None:
    """The last slice's copy is cut in its header: told, since a slice may be missing."""
    write(folder, slices())
    (folder / "cut.dcm").write_bytes(part10(encode(header(4)))[:500])


@case("good")
def read_only_folder(folder: Path) -> None:
    write(folder, slices())
    folder.chmod(0o500)


@case("good")
def spacing_differs_in_the_last_digit(folder: Path) -> Known:
    """Rounded differently from slice to slice, as after a conversion."""
    write(folder, slices(lambda h, k: h.put("PixelSpacing", "0.75\\0.5" if k % 2 else "0.750000\\0.500001")))
    return Known(KNOWN.values, affine_of((0.500001, *SPACING[1:])))
