"""What a window says when a volume opens in it."""

from __future__ import annotations

from dicomvtk.metadata import Finding
from dicomvtk.volume import Volume

__all__ = ["findings_told", "first_words"]


def findings_told(volume: Volume) -> str:
    """Return what was odd about `volume`; empty text where nothing was."""
    told = [f"{finding.code}: {finding.message}" for finding in _odd(volume.findings)]
    return "Findings - " + "; ".join(told) if told else ""


def first_words(volume: Volume, series_count: int = 1) -> str:
    """Return what was odd about `volume`, and what else there is to see: series beside it, frames, the keys."""
    frames = max((len(axis) for axis in volume.axes), default=1)
    hints = [
        f"{series_count} series here, Tab lists them" if series_count > 1 else "",
        f"{frames} frames, p plays them" if frames > 1 else "",
        "H shows the keys",
    ]
    return "\n".join(part for part in (findings_told(volume), "; ".join(hint for hint in hints if hint) + ".") if part)


def _odd(findings: tuple[Finding, ...]) -> list[Finding]:
    odd = [finding for finding in findings if finding.severity != "info"]
    if any(finding.code == "repaired" for finding in odd):  # what was repaired is odd no longer
        odd = [finding for finding in odd if finding.severity == "warn"]
    return odd
