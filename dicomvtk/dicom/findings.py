"""What can be odd about a series: one table of codes, and the tolerances that decide.

Each code has the stage that sees it, a severity, and what `allow` and `fix` do about it. A `stop` finding makes `read`
raise the code's error, with the finding's own sentence and the way on.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Literal

from dicomvtk.errors import DicomVtkError, GeometryError, PixelDecodeError, SeriesError, UnsupportedError
from dicomvtk.metadata import Finding, Severity

__all__ = [
    "JITTER_IGNORED",
    "JITTER_TOLERATED",
    "RULES",
    "Rule",
    "check_codes",
    "finding",
    "needs",
    "raise_first_stop",
]

#: Deviation of a slice from its place on the regular grid, as a share of the slice spacing: below the first nothing is
#: said (rounding of DS values, PS3.5 section 6.2), below the second a warning, beyond it the stack is not regular.
JITTER_IGNORED = 1e-3
JITTER_TOLERATED = 1e-2


@dataclass(frozen=True)
class Rule:
    """What a code means: where it is seen, how grave it is, and what the caller may do about it.

    `allow` and `fix` say what they do in words, empty where they do nothing; `error` is raised on a stop.
    """

    stage: Literal["scan", "decode"]
    severity: Severity
    allow: str = ""
    fix: str = ""
    error: type[DicomVtkError] = GeometryError


_AS_THEY_ARE = "reads the slices as they are, for NumPy alone (no grid, no 3-D)"
_BY_NUMBER = "orders by InstanceNumber, then file name, without a place in the patient"

RULES: dict[str, Rule] = {
    # geometry
    "gap": Rule("scan", "stop", _AS_THEY_ARE, "interpolates the absent slices"),
    "uneven": Rule("scan", "stop", _AS_THEY_ARE, "resamples to even spacing"),
    "tilt": Rule("scan", "stop", _AS_THEY_ARE, "undoes the shear slice by slice"),
    "repaired": Rule("decode", "warn"),
    "shifted": Rule("scan", "stop", _AS_THEY_ARE),
    "jitter": Rule("scan", "warn"),
    "missing-position": Rule("scan", "stop", _BY_NUMBER),
    "missing-orientation": Rule("scan", "stop", _BY_NUMBER),
    "missing-spacing": Rule("scan", "stop", "takes pixels as 1 mm, without a place in the patient"),
    "bad-geometry": Rule("scan", "stop"),
    "thickness-used": Rule("scan", "info"),
    "slice-spacing-unknown": Rule("scan", "info"),
    "spacing-tag-disagrees": Rule("scan", "info"),
    "unplaced": Rule("scan", "info"),
    "imager-spacing": Rule("scan", "info"),
    "several-frames-of-reference": Rule("scan", "warn"),
    "frame-of-reference-per-slice": Rule("scan", "info"),
    # what belongs together
    "duplicate": Rule("scan", "warn"),
    "overlapping-segments": Rule(
        "scan", "stop", "keeps the highest segment number where segments overlap", error=SeriesError
    ),
    "sparse": Rule("scan", "info"),
    "uneven-frames": Rule("scan", "stop"),
    "series-per-image": Rule("scan", "stop", "reads the images as one series", error=SeriesError),
    "repeated-position": Rule("scan", "stop", error=SeriesError),
    "incomplete-grid": Rule("scan", "stop", error=SeriesError),
    "axis": Rule("scan", "info"),
    "by-number-alone": Rule("scan", "warn"),
    "mixed-size": Rule("scan", "info"),
    "mixed-orientation": Rule("scan", "info"),
    "mixed-spacing": Rule("scan", "info"),
    "mixed-contrast": Rule("scan", "info"),
    "mixed-kind": Rule("scan", "info"),
    "mixed-pixels": Rule("scan", "warn"),
    "mixed-rescale": Rule("scan", "info"),
    "localizer": Rule("scan", "info"),
    "unreadable": Rule("scan", "warn"),
    # pixels
    "assumed": Rule("scan", "warn"),
    "excess": Rule("scan", "warn"),
    "bad-header": Rule("scan", "stop", error=PixelDecodeError),
    "decimal-comma": Rule("scan", "stop", "reads commas as decimal points", error=PixelDecodeError),
    "bad-rescale": Rule("scan", "stop", "reads stored values in the place of rescaled ones", error=PixelDecodeError),
    "truncated": Rule("scan", "stop", "fills the bytes that are absent with zeros", error=PixelDecodeError),
    "undecodable": Rule("scan", "stop", error=PixelDecodeError),
}


def finding(code: str, message: str, files: Iterable[str] = ()) -> Finding:
    """Return the finding of `code` with its severity from the table; a stop's message gets the way on added."""
    rule = RULES[code]
    if rule.severity == "stop":
        ways = [
            f'{name}={{"{code}"}} {effect}' for name, effect in (("fix", rule.fix), ("allow", rule.allow)) if effect
        ]
        if ways:
            message = f"{message} {'; '.join(ways)}."
    return Finding(code, rule.severity, message, tuple(files))


def needs(findings: Iterable[Finding]) -> tuple[str, ...]:
    """Return what would open a stack with these findings, e.g. ``("fix=gap", "allow=gap")``; empty if nothing would.

    One of the ways is needed for each stopping code.
    """
    stops = [f.code for f in findings if f.severity == "stop"]
    if any(not (RULES[code].allow or RULES[code].fix) for code in stops):
        return ()
    ways = []
    for code in dict.fromkeys(stops):
        ways += [
            f"{name}={code}" for name, effect in (("fix", RULES[code].fix), ("allow", RULES[code].allow)) if effect
        ]
    return tuple(ways)


def check_codes(allow: Collection[str], fix: Collection[str]) -> None:
    """Raise UnsupportedError for a code that does not exist, or that cannot be allowed or fixed."""
    for name, codes in (("allow", allow), ("fix", fix)):
        if isinstance(codes, str):
            raise UnsupportedError(
                f'{name} must be a collection of codes, e.g. {name}={{"{codes}"}}; found text {codes!r}.'
            )
        known = sorted(code for code, rule in RULES.items() if getattr(rule, name))
        for code in codes:
            if code not in known:
                raise UnsupportedError(f"Cannot {name} {code!r}; what can be is: {', '.join(known)}.")


def raise_first_stop(
    what: str, findings: Collection[Finding], allow: Collection[str] = (), fix: Collection[str] = ()
) -> None:
    """Raise the error of the first stopping finding that is neither allowed nor fixed; `what` names the series."""
    for found in findings:
        if found.severity != "stop":
            continue
        rule = RULES[found.code]
        if (found.code in allow and rule.allow) or (found.code in fix and rule.fix):
            continue
        raise rule.error(" ".join([f"Cannot read {what}: {found.message}", *_unreadable(findings)]))


def _unreadable(findings: Collection[Finding]) -> list[str]:
    """Say which files could not be read: one of them may be why slices are missing."""
    return [found.message for found in findings if found.code == "unreadable"]
