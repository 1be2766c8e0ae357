"""SeriesSource: the volume of `read`, inside any VTK pipeline."""

from __future__ import annotations

import gc
from pathlib import Path

import numpy as np
import pytest
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkCommonCore import vtkStringArray
from vtkmodules.vtkCommonDataModel import vtkDataObject
from vtkmodules.vtkCommonExecutionModel import vtkStreamingDemandDrivenPipeline
from vtkmodules.vtkCommonMisc import vtkErrorCode
from vtkmodules.vtkFiltersCore import vtkFlyingEdges3D
from vtkmodules.vtkImagingCore import vtkImageReslice, vtkImageShiftScale

import dicomvtk
from dicomvtk.bridge.images import from_vtk
from dicomvtk.bridge.pipeline import quiet, run
from dicomvtk.dicom import reader
from dicomvtk.dicom.series_source import SeriesSource
from dicomvtk.errors import VtkError


@pytest.fixture
def phantom_folder(tmp_path: Path) -> Path:
    """Return a folder with an oblique phantom, its files named against their order in space."""
    folder = tmp_path / "phantom"
    dicomvtk.write_series(dicomvtk.phantom((32, 28, 20), orientation="oblique"), folder)
    for n, path in enumerate(sorted(folder.iterdir())):
        path.rename(folder / f"{(n * 7) % 20:02d}.dcm")
    return folder


@pytest.fixture
def phantom(phantom_folder: Path) -> dicomvtk.Volume:
    return dicomvtk.read(phantom_folder)


def source_of(folder: Path) -> SeriesSource:
    source = SeriesSource()
    source.SetDirectoryName(str(folder))
    return source


@pytest.fixture
def count_reads(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Return a list that grows by one with each reading of pixels."""
    calls: list[object] = []
    real = reader.read

    def counted(*args: object, **options: object) -> object:
        calls.append(args)
        return real(*args, **options)

    monkeypatch.setattr(reader, "read", counted)
    return calls


def test_the_image_is_the_volume(phantom_folder: Path, phantom: dicomvtk.Volume) -> None:
    made = from_vtk(run(source_of(phantom_folder)))

    assert made.dtype == phantom.dtype
    np.testing.assert_array_equal(made.array, phantom.array)
    assert made.geometry.is_close(phantom.geometry, 1e-9)
    assert phantom.geometry.axis_codes != "LPS" or not np.allclose(phantom.direction, np.eye(3))


def test_file_names_may_come_in_any_order(phantom_folder: Path, phantom: dicomvtk.Volume) -> None:
    names = vtkStringArray()
    for path in sorted(phantom_folder.iterdir(), reverse=True):
        names.InsertNextValue(str(path))
    source = SeriesSource()
    source.SetFileNames(names)

    np.testing.assert_array_equal(from_vtk(run(source)).array, phantom.array)
    assert source.GetFileNames().GetNumberOfValues() == 20
    assert source.GetFileNames().GetValue(0) == names.GetValue(0)
    assert source.GetDirectoryName() is None


def test_headers_tell_everything_before_pixels_are_read(
    phantom_folder: Path, phantom: dicomvtk.Volume, count_reads: list[object]
) -> None:
    source = source_of(phantom_folder)

    source.UpdateInformation()

    info = source.GetOutputInformation(0)
    assert info.Get(vtkStreamingDemandDrivenPipeline.WHOLE_EXTENT()) == (0, 31, 0, 27, 0, 19)
    assert info.Get(vtkDataObject.SPACING()) == pytest.approx(phantom.spacing)
    assert info.Get(vtkDataObject.ORIGIN()) == pytest.approx(phantom.origin)
    np.testing.assert_allclose(np.reshape(info.Get(vtkDataObject.DIRECTION()), (3, 3)), phantom.direction)
    assert vtkDataObject.GetActiveFieldInformation(info, 0, 0).Get(vtkDataObject.FIELD_ARRAY_TYPE()) == 4  # VTK_SHORT
    assert count_reads == []
    assert source.GetOutput().GetNumberOfPoints() == 0


def test_a_surface_is_where_the_patient_is(phantom_folder: Path, phantom: dicomvtk.Volume) -> None:
    source = source_of(phantom_folder)
    edges = vtkFlyingEdges3D()
    edges.SetInputConnection(source.GetOutputPort())
    edges.SetValue(0, -500)

    points = vtk_to_numpy(run(edges).GetPoints().GetData())

    inside = phantom.geometry.index_to_physical(np.argwhere(phantom.array > -500))
    assert len(points) > 100
    half_voxel = max(phantom.spacing)
    np.testing.assert_array_less(np.abs(points.min(axis=0) - inside.min(axis=0)), half_voxel)
    np.testing.assert_array_less(np.abs(points.max(axis=0) - inside.max(axis=0)), half_voxel)


def test_a_reslice_finds_the_values(phantom_folder: Path, phantom: dicomvtk.Volume) -> None:
    source = source_of(phantom_folder)
    index = (20, 9, 11)
    point = phantom.geometry.index_to_physical(index)
    reslice = vtkImageReslice()
    reslice.SetInputConnection(source.GetOutputPort())
    reslice.SetInterpolationModeToNearestNeighbor()
    reslice.SetOutputDirection(1, 0, 0, 0, 1, 0, 0, 0, 1)
    reslice.SetOutputOrigin(point)
    reslice.SetOutputExtent(0, 0, 0, 0, 0, 0)

    made = run(reslice)

    assert made.GetScalarTypeAsString() == "short"
    assert made.GetScalarComponentAsDouble(0, 0, 0, 0) == phantom.array[index]


def test_a_streaming_filter_gets_what_it_asks_for(phantom_folder: Path, phantom: dicomvtk.Volume) -> None:
    source = source_of(phantom_folder)
    shift = vtkImageShiftScale(shift=1)
    shift.SetInputConnection(source.GetOutputPort())
    shift.UpdateExtent((0, 31, 0, 27, 5, 5))

    made = shift.GetOutput().GetScalarComponentAsDouble(3, 4, 5, 0)

    assert made == phantom.array[3, 4, 5] + 1


def test_pixels_are_read_once_until_something_changes(phantom_folder: Path, count_reads: list[object]) -> None:
    source = source_of(phantom_folder)
    edges = vtkFlyingEdges3D()
    edges.SetInputConnection(source.GetOutputPort())

    run(edges)
    run(edges)
    edges.SetValue(0, 100)
    run(edges)
    source.SetDirectoryName(str(phantom_folder))
    source.SetSeries(None)
    run(edges)
    assert len(count_reads) == 1

    source.SetFileNames([str(path) for path in phantom_folder.iterdir()])
    run(edges)
    assert len(count_reads) == 2

    source.Modified()
    run(edges)
    assert len(count_reads) == 3


def test_the_output_is_the_memory_that_was_read(phantom_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    volumes: list[dicomvtk.Volume] = []
    real = reader.read
    monkeypatch.setattr(reader, "read", lambda *a, **o: volumes.append(real(*a, **o)) or volumes[-1])

    image = run(source_of(phantom_folder))

    assert np.shares_memory(from_vtk(image).array, volumes[0].array)


def test_the_source_lives_as_long_as_what_is_connected(phantom_folder: Path) -> None:
    source = source_of(phantom_folder)
    edges = vtkFlyingEdges3D()
    edges.SetInputConnection(source.GetOutputPort())
    edges.SetValue(0, -500)
    del source
    gc.collect()

    assert run(edges).GetNumberOfPoints() > 100


def test_a_series_is_chosen_among_several(tmp_path: Path) -> None:
    for number, name in ((12, "thick"), (14, "thin")):
        made = dicomvtk.phantom((16, 16, number))
        dicomvtk.write_series(made, tmp_path / name, attributes={"SeriesDescription": name, "SeriesNumber": number})
    source = source_of(tmp_path)
    with pytest.raises(VtkError, match=r"SeriesSource: Cannot choose between 2 volumes .*series=:") as caught:
        run(source)
    assert "\n  12: CT 16 x 16 x 12 thick" in str(caught.value)
    assert "\n  14: CT 16 x 16 x 14 thin" in str(caught.value)

    source.SetSeries("thin")

    assert run(source).GetDimensions() == (16, 16, 14)
    assert source.GetSeries() == "thin"
    assert source.GetErrorCode() == vtkErrorCode.NoError


@pytest.mark.parametrize("times", [1, 3])
def test_a_failure_is_told_each_time_with_its_words(
    times: int, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    source = source_of(tmp_path / "nowhere")
    edges = vtkFlyingEdges3D()
    edges.SetInputConnection(source.GetOutputPort())

    for _ in range(times):
        with pytest.raises(
            VtkError, match=r"^SeriesSource: Cannot read .*nowhere: No such file or directory"
        ) as caught:
            run(edges)
        assert str(caught.value).count("SeriesSource") == 1

    assert source.GetErrorCode() == vtkErrorCode.FileNotFoundError
    assert capfd.readouterr() == ("", "")


def test_nothing_set_is_an_error() -> None:
    with pytest.raises(VtkError, match=r"call SetDirectoryName or SetFileNames first"):
        run(SeriesSource())


def test_pixels_that_cannot_be_decoded_are_an_error(phantom_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = source_of(phantom_folder)
    source.UpdateInformation()
    first = min(phantom_folder.iterdir())
    first.write_bytes(first.read_bytes()[:-500])  # after the headers were read

    with pytest.raises(VtkError, match=r"SeriesSource: Cannot read .*\.dcm: the file ends \d+ bytes before"):
        run(source)

    assert source.GetErrorCode() == vtkErrorCode.FileFormatError


def test_plain_vtk_users_see_it_too(tmp_path: Path, phantom_folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    heard: list[str] = []

    def listen(_source: object, _event: str, text: str) -> None:
        heard.append(text)

    listen.CallDataType = "string0"
    source = source_of(tmp_path / "nowhere")

    source.Update()
    assert "SeriesSource: Cannot read" in capfd.readouterr().err

    source.AddObserver("ErrorEvent", listen)
    source.Modified()
    source.Update()
    assert "No such file or directory" in heard[0]

    source.SetDirectoryName(str(phantom_folder))
    source.Update()
    assert source.GetErrorCode() == 0
    assert source.GetOutput().GetDimensions() == (32, 28, 20)


def test_a_failure_leaves_no_old_image_behind(phantom_folder: Path, tmp_path: Path) -> None:
    source = source_of(phantom_folder)
    run(source)

    source.SetDirectoryName(str(tmp_path / "nowhere"))
    with pytest.raises(VtkError):
        run(source)

    assert source.GetOutput().GetNumberOfPoints() == 0


@pytest.mark.parametrize("kind", [vtkFlyingEdges3D, vtkImageReslice, vtkImageShiftScale])
def test_updates_after_a_failure_stay_harmless(kind: type, phantom_folder: Path, tmp_path: Path) -> None:
    source, consumer = source_of(phantom_folder), kind()
    consumer.SetInputConnection(source.GetOutputPort())
    run(consumer)
    source.SetDirectoryName(str(tmp_path / "nowhere"))

    with quiet() as said:
        for _ in range(3):
            consumer.Update()

    assert said.errors[0].startswith("SeriesSource: Cannot read")
    with pytest.raises(VtkError, match=r"^SeriesSource: Cannot read .*nowhere: No such file or directory"):
        run(consumer)


@pytest.mark.filterwarnings("ignore::dicomvtk.errors.DicomVtkWarning")
def test_what_headers_promise_is_what_pixels_keep(shared_data: Path) -> None:
    """Every real 3-D volume: the type and extent told first are those of the image, the values those of `read`."""
    kept = 0
    for entry in dicomvtk.find_series(shared_data):
        if not entry.readable or entry.axes or len(entry.files) > 60 or "embedded-sequence-delimiter" in entry.files[0]:
            continue
        source = SeriesSource()
        source.SetFileNames(entry.files)
        source.UpdateInformation()
        if source.GetErrorCode():
            continue  # one file may hold several volumes: then a series has to be named
        told = vtkDataObject.GetActiveFieldInformation(source.GetOutputInformation(0), 0, 0)
        image = run(source)
        assert image.GetScalarType() == told.Get(vtkDataObject.FIELD_ARRAY_TYPE()), entry.files[0]
        assert image.GetNumberOfScalarComponents() == told.Get(vtkDataObject.FIELD_NUMBER_OF_COMPONENTS())
        made, plain = from_vtk(image), dicomvtk.read(entry)
        np.testing.assert_array_equal(made.array, plain.array, err_msg=entry.files[0])
        assert made.geometry.is_close(plain.geometry)
        kept += 1
    assert kept > 60


def test_further_axes_are_refused_with_the_way_on(shared_data: Path) -> None:
    source = source_of(shared_data / "xa_cine")
    source.SetSeries("1-2")

    with pytest.raises(VtkError, match=r"further axes, FrameTime \(96\), .*volume\.frame"):
        run(source)


def test_a_stop_is_answered_as_read_answers_it(shared_data: Path) -> None:
    folder = shared_data / "ct_gantry_tilt"
    source = source_of(folder)
    with pytest.raises(VtkError, match=r"sheared by 18\.50 degrees"):
        run(source)
    source.SetFix("tilt")
    with pytest.warns(dicomvtk.DicomVtkWarning, match="gantry tilt undone"):
        expected = dicomvtk.read(folder, fix={"tilt"})
    with pytest.warns(dicomvtk.DicomVtkWarning, match="gantry tilt undone"):
        made = dicomvtk.from_vtk(run(source))
    np.testing.assert_array_equal(made.array, expected.array)
    assert made.geometry.is_close(expected.geometry, 1e-6)
    source.SetFix()
    source.SetAllow("tilt")
    with pytest.raises(VtkError, match="not on a regular grid"):
        run(source)
