"""What a mapper is given to draw, one image after the other, without two threads waiting for each other."""

from __future__ import annotations

from typing import Any

from vtkmodules.vtkCommonCore import vtkObjectBase
from vtkmodules.vtkCommonDataModel import vtkImageData

__all__ = ["MapperInput"]


class MapperInput:
    """The images that a mapper is given; each is held until VTK has let go of it.

    A mapper lets go of its last image within ``Render``, which leaves Python to other threads. Were that the end of it,
    its array would wait for Python's lock while VTK's garbage collector is locked, and a thread that makes a VTK object
    meanwhile has the one lock and waits for the other: the window would hang for good (VTK 9.7).
    """

    def __init__(self, mapper: Any) -> None:
        self._mapper = mapper
        self._held: list[vtkObjectBase] = []

    def give(self, image: vtkImageData) -> None:
        """Let the mapper draw `image` from now on."""
        self.let_go()
        self._mapper.SetInputData(image)
        scalars = image.GetPointData().GetScalars()  # copies of the image that mappers make share them
        self._held += [image] if scalars is None else [image, scalars]

    def let_go(self) -> None:
        """Release what nothing but this holds any longer."""
        self._held = [held for held in self._held if held.GetReferenceCount() > 1]
