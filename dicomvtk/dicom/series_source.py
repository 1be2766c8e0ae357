"""A DICOM series at the head of a VTK pipeline: what vtkDICOMImageReader promises, kept."""

# ruff: noqa: N802  # VTK's spelling, since VTK and its users call these

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from vtkmodules.util.numpy_support import get_vtk_array_type
from vtkmodules.util.vtkAlgorithm import VTKPythonAlgorithmBase
from vtkmodules.vtkCommonCore import vtkOutputWindow, vtkStringArray
from vtkmodules.vtkCommonDataModel import vtkDataObject, vtkImageData
from vtkmodules.vtkCommonExecutionModel import vtkStreamingDemandDrivenPipeline
from vtkmodules.vtkCommonMisc import vtkErrorCode

from dicomvtk.bridge.images import to_vtk
from dicomvtk.dicom import reader
from dicomvtk.dicom.rescale import plan_values
from dicomvtk.dicom.stack import Stack
from dicomvtk.errors import NoDicomError, UnsupportedError
from dicomvtk.geometry import Geometry
from dicomvtk.volume import Volume

__all__ = ["SeriesSource"]

_EMPTY_EXTENT = (0, -1, 0, -1, 0, -1)


class SeriesSource(VTKPythonAlgorithmBase):
    """A source of vtkImageData for one DICOM series, of any transfer syntax.

    Slices are ordered along their normal, whatever their names; origin, spacing and DirectionMatrix (LPS mm) are
    those of `dicomvtk.read`, as are the values and their type. Extent, geometry and scalar type are known from the
    headers before any pixel is read; pixels are read once, and shared with the output. Only where the headers leave
    the scalar type to the values present does the first pass read them.

    What goes wrong becomes a VTK error: an ``ErrorEvent`` or VTK's output window, and `GetErrorCode`. Run the pipeline
    with `bridge.pipeline.run` to have it raised. Like every VTK source it must be kept in a variable until something
    is connected to it.

    Examples
    --------
    >>> source = SeriesSource()
    >>> source.SetDirectoryName("dir/")
    >>> source.GetDirectoryName()
    'dir/'
    """

    def __init__(self) -> None:
        super().__init__(nInputPorts=0, nOutputPorts=1, outputType="vtkImageData")
        self._directory: str | None = None
        self._names: tuple[str, ...] = ()
        self._series: str | int | None = None
        self._allow: frozenset[str] = frozenset()
        self._fix: frozenset[str] = frozenset()
        self._stack: Stack | None = None
        self._volume: Volume | None = None
        self._error_code: int = vtkErrorCode.NoError

    def SetDirectoryName(self, name: str | None) -> None:
        """Read a folder (or one file), recursively; takes the place of file names."""
        self._change(None if name is None else str(name), (), self._series)

    def GetDirectoryName(self) -> str | None:
        return self._directory

    def SetFileNames(self, names: vtkStringArray | Iterable[str] | None) -> None:
        """Read these files, in any order; takes the place of a folder.

        The names are taken now: set them again after changing the array.
        """
        self._change(None, _listed(names), self._series)

    def GetFileNames(self) -> vtkStringArray:
        """Return a new array of the names set."""
        names = vtkStringArray()
        for name in self._names:
            names.InsertNextValue(name)
        return names

    def SetSeries(self, series: str | int | None) -> None:
        """Choose a volume where there are several: by key, SeriesInstanceUID, SeriesNumber or piece of description."""
        self._change(self._directory, self._names, series)

    def GetSeries(self) -> str | int | None:
        return self._series

    def SetFix(self, *codes: str) -> None:
        """Repair what these findings name, as ``read(fix=...)`` does, for example ``SetFix("gap")``."""
        self._answer(self._allow, frozenset(codes))

    def SetAllow(self, *codes: str) -> None:
        """Accept what these findings name, as ``read(allow=...)`` does; slices off a regular grid stay refused."""
        self._answer(frozenset(codes), self._fix)

    def _answer(self, allow: frozenset[str], fix: frozenset[str]) -> None:
        if (allow, fix) != (self._allow, self._fix):
            self._allow, self._fix = allow, fix
            self.Modified()

    def GetOutput(self) -> vtkImageData:
        """Return the image, empty until the first update."""
        return self.GetOutputDataObject(0)

    def GetErrorCode(self) -> int:
        """Return the vtkErrorCode of the last update, 0 where it went well."""
        return self._error_code

    def RequestInformation(self, _request: Any, _inputs: Any, outputs: Any) -> int:
        """Tell the pipeline extent, geometry and scalar type, from the headers."""
        return self._guarded(self._tell, outputs)

    def RequestData(self, _request: Any, _inputs: Any, outputs: Any) -> int:
        """Read the pixels into the output."""
        return self._guarded(self._fill, outputs)

    def _change(self, directory: str | None, names: tuple[str, ...], series: str | int | None) -> None:
        if (directory, names, series) != (self._directory, self._names, self._series):
            self._directory, self._names, self._series = directory, names, series
            self.Modified()

    def _tell(self, outputs: Any) -> None:
        self._volume = self._stack = None
        self._stack = stack = self._open()
        dtype = stack.dtype
        geometry = stack.geometry
        if dtype is None or self._fix or self._allow or plan_values(stack.frames).by_content:
            self._volume = self._read(stack)
            dtype, geometry = self._volume.dtype, self._volume.geometry
        info = outputs.GetInformationObject(0)
        _tell_geometry(info, geometry)
        samples = 3 if stack.is_colour else 1
        vtkDataObject.SetPointDataActiveScalarInfo(info, get_vtk_array_type(dtype), samples)

    def _open(self) -> Stack:
        """Return the headers of the one volume asked for, or raise what `read` would."""
        where = self._names or self._directory
        if not where:
            raise NoDicomError("Nothing to read: call SetDirectoryName or SetFileNames first.")
        stack = reader.choose(where, self._series)
        if not stack.readable and not (self._fix or self._allow):
            self._read(stack)  # raises, and says why
        if stack.axes:
            names = ", ".join(f"{axis.keyword} ({len(axis)})" for axis in stack.axes)
            raise UnsupportedError(
                f"Series {stack.key} has further axes, {names}, and a VTK pipeline takes one 3-D frame at a time: "
                "read it with dicomvtk.read and hand on to_vtk(volume.frame(...))."
            )
        return stack

    def _read(self, stack: Stack) -> Volume:
        return reader.read(stack, allow=self._allow, fix=self._fix)

    def _fill(self, outputs: Any) -> None:
        stack = self._stack or self._open()  # VTK asks for data although the headers failed: let them say so again
        volume = self._volume if self._volume is not None else self._read(stack)
        self._volume = None  # the output keeps the memory from here on
        self.GetOutputData(outputs, 0).ShallowCopy(to_vtk(volume))

    def _guarded(self, work: Callable[[Any], None], outputs: Any) -> int:
        """Return 1 after `work`; 0 after telling VTK what it raised, since VTK drops a Python exception's text."""
        try:
            work(outputs)
        except Exception as error:  # whatever it is, it may not vanish into an empty image
            self._error_code = _vtk_code(error)
            outputs.GetInformationObject(0).Set(vtkStreamingDemandDrivenPipeline.WHOLE_EXTENT(), _EMPTY_EXTENT, 6)
            self.GetOutput().Initialize()  # an image of what was read before would pass for this one
            self._tell_error(str(error) or type(error).__name__)
            self.Modified()  # else the next update finds nothing to do, and the failure would be told once only
            return 0
        self._error_code = vtkErrorCode.NoError
        return 1

    def _tell_error(self, message: str) -> None:
        """Say `message` as VTK's own error macro does: to an observer, or to the output window."""
        text = f"{type(self).__name__}: {message}\n"
        if self.HasObserver("ErrorEvent"):
            self.InvokeEvent("ErrorEvent", text)
        else:
            vtkOutputWindow.GetInstance().DisplayErrorText(text)


def _listed(names: vtkStringArray | Iterable[str] | None) -> tuple[str, ...]:
    if names is None:
        return ()
    if isinstance(names, vtkStringArray):
        return tuple(names.GetValue(n) for n in range(names.GetNumberOfValues()))
    return tuple(str(name) for name in names)


def _tell_geometry(info: Any, geometry: Geometry | None) -> None:
    if geometry is None:
        raise UnsupportedError("The headers describe no grid.")
    i, j, k = geometry.shape
    info.Set(vtkStreamingDemandDrivenPipeline.WHOLE_EXTENT(), (0, i - 1, 0, j - 1, 0, k - 1), 6)
    info.Set(vtkDataObject.SPACING(), geometry.spacing, 3)
    info.Set(vtkDataObject.ORIGIN(), geometry.origin, 3)
    info.Set(vtkDataObject.DIRECTION(), geometry.direction.ravel().tolist(), 9)


def _vtk_code(error: Exception) -> int:
    return int(vtkErrorCode.FileNotFoundError if isinstance(error, NoDicomError) else vtkErrorCode.FileFormatError)
