"""VTK's errors become exceptions, and stderr stays clean."""

from __future__ import annotations

import logging
import threading
from pathlib import Path

import pytest
from vtkmodules.util.vtkAlgorithm import VTKPythonAlgorithmBase
from vtkmodules.vtkCommonCore import vtkObject, vtkOutputWindow, vtkSMPTools
from vtkmodules.vtkCommonDataModel import vtkImageData
from vtkmodules.vtkFiltersCore import vtkFlyingEdges3D
from vtkmodules.vtkImagingCore import vtkRTAnalyticSource
from vtkmodules.vtkIOImage import vtkMetaImageWriter, vtkPNGReader, vtkPNGWriter
from vtkmodules.vtkIOXML import vtkXMLImageDataWriter

from dicomvtk.bridge.pipeline import quiet, run
from dicomvtk.errors import DicomVtkError, VtkError

NOT_A_PNG = r"^vtkPNGReader: Unknown file type! Not a PNG file!"


class FailingSource(VTKPythonAlgorithmBase):
    """A source that says nothing and returns failure."""

    def __init__(self) -> None:
        super().__init__(nInputPorts=0, nOutputPorts=1, outputType="vtkImageData")

    def RequestData(self, request: object, inputs: object, outputs: object) -> int:
        return 0


@pytest.fixture
def broken_png(tmp_path: Path) -> vtkPNGReader:
    (tmp_path / "broken.png").write_bytes(b"no picture")
    return vtkPNGReader(file_name=str(tmp_path / "broken.png"))


def surface_of(source: object) -> vtkFlyingEdges3D:
    edges = vtkFlyingEdges3D()
    edges.SetInputConnection(source.GetOutputPort())
    return edges


def test_the_output_of_a_whole_pipeline_comes_back() -> None:
    edges = surface_of(vtkRTAnalyticSource(whole_extent=(0, 9, 0, 9, 0, 9)))
    edges.SetValue(0, 200)

    surface = run(edges)

    assert surface.GetClassName() == "vtkPolyData"
    assert surface.GetNumberOfPoints() > 0


@pytest.mark.parametrize(
    ("kind", "suffix"), [(vtkXMLImageDataWriter, ".vti"), (vtkMetaImageWriter, ".mha"), (vtkPNGWriter, ".png")]
)
def test_a_writer_writes_and_gives_none(kind: type, suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"written{suffix}"
    writer = kind(file_name=str(path))
    image = vtkImageData(dimensions=(4, 3, 1))
    image.AllocateScalars(3, 1)
    writer.SetInputData(image)

    assert run(writer) is None

    assert path.stat().st_size > 0


def test_a_writer_that_cannot_write_is_an_error(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    writer = vtkXMLImageDataWriter(file_name=str(tmp_path / "none" / "a.vti"))
    source = vtkRTAnalyticSource(whole_extent=(0, 1, 0, 1, 0, 0))  # a port does not keep its source alive
    writer.SetInputConnection(source.GetOutputPort())

    with pytest.raises(VtkError, match=r"Error opening output file .*a\.vti"):
        run(writer)

    assert capfd.readouterr().err == ""


def test_a_missing_input_is_an_error_with_vtks_words(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(VtkError, match=r"Input port 0 of algorithm vtkFlyingEdges3D .*has 0 connections") as caught:
        run(vtkFlyingEdges3D())

    assert "0x" not in str(caught.value)
    assert "line " not in str(caught.value)
    assert isinstance(caught.value, (DicomVtkError, RuntimeError))
    assert capfd.readouterr().err == ""


def test_an_error_far_upstream_is_told_every_time(broken_png: vtkPNGReader, capfd: pytest.CaptureFixture[str]) -> None:
    edges = surface_of(broken_png)

    for _ in range(3):  # left alone, VTK says it once and then returns an empty surface
        with pytest.raises(VtkError, match=NOT_A_PNG):
            run(edges)

    assert capfd.readouterr().err == ""


def test_an_error_of_an_update_before_is_told_again(broken_png: vtkPNGReader) -> None:
    edges = surface_of(broken_png)
    with quiet():
        broken_png.Update()

    with pytest.raises(VtkError, match=NOT_A_PNG):
        run(edges)


def test_a_silent_failure_is_an_error(capfd: pytest.CaptureFixture[str]) -> None:
    source = FailingSource()

    with pytest.raises(VtkError, match=r"Algorithm .* failed$"):
        run(source)

    assert capfd.readouterr().err == ""


def test_an_observer_of_the_caller_hears_it_too(broken_png: vtkPNGReader) -> None:
    heard: list[str] = []
    broken_png.AddObserver("ErrorEvent", lambda *_: heard.append("reader"))

    with pytest.raises(VtkError, match=NOT_A_PNG):
        run(broken_png)

    assert heard
    assert broken_png.HasObserver("WarningEvent") == 0


def test_errors_come_through_although_warnings_are_off(broken_png: vtkPNGReader) -> None:
    vtkObject.GlobalWarningDisplayOff()
    try:
        with pytest.raises(VtkError, match=NOT_A_PNG):
            run(broken_png)
        assert vtkObject.GetGlobalWarningDisplay() == 0
    finally:
        vtkObject.GlobalWarningDisplayOn()


def test_a_warning_is_only_logged(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> None:
    class Odd(FailingSource):
        def RequestData(self, request: object, inputs: object, outputs: object) -> int:
            vtkOutputWindow.GetInstance().DisplayWarningText("Warning: In odd.cxx, line 3\nOdd (0xabc): a bit odd\n\n")
            vtkImageData.GetData(outputs).SetDimensions(2, 2, 2)
            return 1

    with caplog.at_level(logging.DEBUG, "dicomvtk.bridge.pipeline"):
        assert run(Odd()).GetNumberOfPoints() == 8

    assert [record.message for record in caplog.records] == ["VTK: Odd: a bit odd"]
    assert capfd.readouterr().err == ""


def test_quiet_collects_and_gives_everything_back(capfd: pytest.CaptureFixture[str]) -> None:
    window = vtkOutputWindow.GetInstance()

    with quiet() as outer:
        with quiet() as inner:
            vtkPNGReader().Update()
        assert inner.errors
        assert outer.errors == []
        vtkPNGReader().Update()

    assert any("vtkPNGReader" in error for error in outer.errors)
    assert vtkOutputWindow.GetInstance() is window
    assert capfd.readouterr().err == ""
    vtkPNGReader().Update()
    assert "vtkPNGReader" in capfd.readouterr().err, "outside, VTK speaks again"


def test_quiet_gives_back_after_an_exception() -> None:
    window = vtkOutputWindow.GetInstance()

    with pytest.raises(KeyError), quiet():
        raise KeyError

    assert vtkOutputWindow.GetInstance() is window


def test_threads_collect_what_is_said_in_them_whichever_ends_first(capfd: pytest.CaptureFixture[str]) -> None:
    window = vtkOutputWindow.GetInstance()
    begun, go_on, found = threading.Event(), threading.Event(), []

    def other() -> None:
        with quiet() as said:
            begun.set()
            assert go_on.wait(60)
            vtkPNGWriter().Write()
        found.append(said)

    thread = threading.Thread(target=other)
    with quiet() as early:
        thread.start()
        assert begun.wait(60)
        vtkPNGReader().Update()
    go_on.set()
    thread.join()

    assert any("vtkPNGReader" in error for error in early.errors)
    assert not any("vtkPNGWriter" in error for error in early.errors)
    assert any("vtkPNGWriter" in error for error in found[0].errors)
    assert not any("vtkPNGReader" in error for error in found[0].errors)
    assert vtkOutputWindow.GetInstance() is window
    assert capfd.readouterr().err == ""
    vtkPNGReader().Update()
    assert "vtkPNGReader" in capfd.readouterr().err, "VTK speaks again when the last has ended"


def test_what_a_thread_says_that_collects_nothing_is_kept_by_who_does(capfd: pytest.CaptureFixture[str]) -> None:
    with quiet() as said:
        thread = threading.Thread(target=lambda: vtkPNGReader().Update())
        thread.start()
        thread.join()
    assert any("vtkPNGReader" in error for error in said.errors)
    assert capfd.readouterr().err == ""


def test_filters_may_use_every_core() -> None:
    run(vtkRTAnalyticSource(whole_extent=(0, 1, 0, 1, 0, 1)))

    assert vtkSMPTools.GetBackend() != "Sequential"
