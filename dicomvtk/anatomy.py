"""The names of directions in the patient: L, P, S and their opposites.

Physical space is LPS millimetres everywhere: +x to the patient's left, +y to posterior, +z to superior
(DICOM PS3.3 C.7.6.2.1.1).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dicomvtk.errors import GeometryError

__all__ = ["LPS_LETTERS", "OPPOSITE", "axis_code", "letter_vector", "orientation_letters"]

#: (negative, positive) letter of each LPS axis, in the words of NIfTI tools (superior and inferior).
LPS_LETTERS: tuple[tuple[str, str], ...] = (("R", "L"), ("A", "P"), ("I", "S"))

OPPOSITE: dict[str, str] = {"L": "R", "R": "L", "P": "A", "A": "P", "S": "I", "I": "S", "H": "F", "F": "H"}

#: DICOM's PatientOrientation says head and feet where others say superior and inferior (PS3.3 C.7.6.1.1.1).
_DICOM_LETTER = {"S": "H", "I": "F"}

#: A component below this share of a unit vector is not worth a letter (sin of about 11 degrees).
_MINOR_COMPONENT = 0.2


def axis_code(vector: Sequence[float]) -> str:
    """Return the one letter of LRAPSI nearest to `vector`, a direction (3,) in LPS.

    >>> axis_code((0.9, 0.1, 0.0))
    'L'
    """
    v = np.asarray(vector, dtype=float)
    axis = int(np.argmax(np.abs(v)))
    return LPS_LETTERS[axis][int(v[axis] > 0)]


def letter_vector(letter: str) -> np.ndarray:
    """Return the LPS unit vector (3,) that `letter` (one of L R A P S I, or H F) points to.

    Raises GeometryError for any other letter.
    """
    wanted = {"H": "S", "F": "I"}.get(letter.upper(), letter.upper())
    for axis, pair in enumerate(LPS_LETTERS):
        if wanted in pair:
            vector = np.zeros(3)
            vector[axis] = 1.0 if wanted == pair[1] else -1.0
            return vector
    raise GeometryError(f"Unknown direction letter {letter!r}; expected one of L R A P S I H F.")


def orientation_letters(vector: Sequence[float]) -> str:
    """Return the letters of a direction (3,) in LPS as DICOM's PatientOrientation writes them, largest first.

    Oblique directions get two or three letters; components under about 11 degrees are left out. Head is H and
    feet F (PS3.3 C.7.6.1.1.1).

    >>> orientation_letters((0.0, 0.6, -0.8))
    'FP'
    """
    v = np.asarray(vector, dtype=float)
    length = float(np.linalg.norm(v))
    if length == 0.0:
        return ""
    v = v / length
    order = np.argsort(-np.abs(v), kind="stable")
    letters = [LPS_LETTERS[a][int(v[a] > 0)] for a in order if abs(v[a]) >= _MINOR_COMPONENT]
    return "".join(_DICOM_LETTER.get(letter, letter) for letter in letters)
