"""Files and folders dropped on a window: they open in it."""

from __future__ import annotations

from typing import Any

from vtkmodules.vtkCommonCore import VTK_OBJECT, vtkStringArray
from vtkmodules.vtkRenderingCore import vtkRenderWindowInteractor

from dicomvtk.render.session import Session

__all__ = ["open_what_is_dropped"]


def open_what_is_dropped(session: Session, interactor: vtkRenderWindowInteractor) -> int:
    """Let `session` open the paths of each ``DropFilesEvent``; return the observer's tag."""

    def observer(source: Any, event: str, names: vtkStringArray | None = None) -> None:
        paths = tuple(names.GetValue(n) for n in range(names.GetNumberOfValues())) if names is not None else ()
        session.guarded(lambda: session.open_paths(paths))(source, event)

    observer.CallDataType = VTK_OBJECT  # type: ignore[attr-defined]  # how VTK is told what comes with an event
    return int(interactor.AddObserver("DropFilesEvent", observer))
