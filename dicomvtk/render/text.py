"""Lines of text over a picture, as VTK actors."""

from __future__ import annotations

from vtkmodules.vtkRenderingCore import vtkRenderer, vtkTextActor

from dicomvtk.geometry import Float3

__all__ = ["ink", "is_light", "text_actor"]

#: How dark the ground behind text is: over bright tissue white letters need it, over air it does not show.
_SHADE_OPACITY = 0.6
#: The same where the ground is bright: what is grey of a dark slice behind it must leave dark letters to be read.
_GLARE_OPACITY = 0.85
#: What is left of a bright colour where the ground is bright.
_DARKENED = 0.35


def text_actor(
    renderer: vtkRenderer, colour: Float3, *, justification: int = 0, vertical: int = 0, bold: bool = False
) -> vtkTextActor:
    """Add an actor for one line: `justification` 0 left, 1 centre, 2 right, `vertical` 0 bottom, 1 centre, 2 top."""
    actor = vtkTextActor()
    actor.SetTextScaleModeToNone()
    style = actor.GetTextProperty()
    style.SetColor(colour)
    style.SetBold(bold)
    style.ShadowOn()
    style.SetShadowOffset(1, -1)
    style.SetBackgroundOpacity(_SHADE_OPACITY)
    style.SetJustification(justification)
    style.SetVerticalJustification(vertical)
    renderer.AddViewProp(actor)
    return actor


def ink(actor: vtkTextActor, colour: Float3, *, light: bool) -> None:
    """Write in `colour`, or on a bright ground in a dark shade of it."""
    style = actor.GetTextProperty()
    style.SetColor(*((_DARKENED if light else 1.0) * c for c in colour))
    style.SetBackgroundColor(*(3 * [float(light)]))
    style.SetBackgroundOpacity(_GLARE_OPACITY if light else _SHADE_OPACITY)
    style.SetShadow(not light)


def is_light(background: Float3 | None) -> bool:
    """Return whether dark text is read better on `background`, None being dark."""
    return background is not None and sum(background) / 3 > 0.5
