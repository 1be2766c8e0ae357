"""SUV by body weight: the arithmetic by hand, midnight, and refusals that name what is missing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import PositronEmissionTomographyImageStorage

import dicomvtk

MakeSeries = Callable[..., Path]
HALF_LIFE = 6586.2  # F-18, s


def pet(**changes: Any) -> dict[str, Any]:
    agent = Dataset()
    agent.RadionuclideTotalDose, agent.RadionuclideHalfLife = 370e6, HALF_LIFE
    agent.RadiopharmaceuticalStartTime = "233000"
    for keyword in list(changes):
        if keyword.startswith("Radio") and not keyword.endswith("Sequence"):
            setattr(agent, keyword, changes.pop(keyword))
    return {
        "SOPClassUID": PositronEmissionTomographyImageStorage,
        "Modality": "PT",
        "Units": "BQML",
        "DecayCorrection": "START",
        "PatientWeight": 70,
        "SeriesDate": "20260102",
        "SeriesTime": "003000",
        "AcquisitionDate": "20260102",
        "AcquisitionTime": "003000.5",
        "RescaleSlope": 2.5,
        "RadiopharmaceuticalInformationSequence": [agent],
        **changes,
    }


def test_dose_decays_from_injection_to_the_start_over_midnight(make_series: MakeSeries) -> None:
    volume = dicomvtk.read(make_series(**pet()))
    suv = dicomvtk.to_suv(volume)
    dose = 370e6 * 2 ** (-3600 / HALF_LIFE)
    np.testing.assert_allclose(suv.array, volume.array * 70_000 / dose, rtol=1e-6)
    assert suv.info.unit == "g/ml"
    assert suv.dtype == np.float32
    assert suv.history[-1].startswith("SUV by body weight")


def test_values_corrected_to_the_injection_need_no_decay(make_series: MakeSeries) -> None:
    volume = dicomvtk.read(make_series(**pet(DecayCorrection="ADMIN")))
    np.testing.assert_allclose(dicomvtk.to_suv(volume).array, volume.array * 70_000 / 370e6, rtol=1e-6)


def test_a_date_with_the_injection_counts(make_series: MakeSeries) -> None:
    volume = dicomvtk.read(make_series(**pet(RadiopharmaceuticalStartDateTime="20260101223000")))
    dose = 370e6 * 2 ** (-7200 / HALF_LIFE)
    np.testing.assert_allclose(dicomvtk.to_suv(volume).array, volume.array * 70_000 / dose, rtol=1e-6)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"Modality": "CT"}, "modality CT; expected PT"),
        ({"Units": "CNTS"}, r"Units \(0054,1001\) CNTS; expected BQML"),
        ({"PatientWeight": None}, r"PatientWeight \(0010,1030\) is missing"),
        ({"PatientWeight": 0}, r"PatientWeight \(0010,1030\) is 0"),
        ({"DecayCorrection": "NONE"}, r"DecayCorrection \(0054,1102\) is NONE"),
        ({"RadionuclideTotalDose": None}, r"RadionuclideTotalDose \(0018,1074\) is missing"),
        ({"RadiopharmaceuticalStartTime": ""}, r"RadiopharmaceuticalStartTime \(0018,1072\) is missing"),
        ({"RadiopharmaceuticalStartDateTime": "20250101223000"}, "not within a day"),
        ({"RadiopharmaceuticalInformationSequence": []}, "holds 0 items; expected 1"),
    ],
)
def test_what_is_missing_is_named(make_series: MakeSeries, changes: dict[str, Any], text: str) -> None:
    folder = make_series(**{k: v for k, v in pet(**changes).items() if v is not None})
    with pytest.raises(dicomvtk.UnsupportedError, match=text):
        dicomvtk.to_suv(dicomvtk.read(folder))


def test_a_real_body_has_an_uptake_of_about_one(shared_data: Path) -> None:
    volume = dicomvtk.read(shared_data / "pet_whole_body")
    try:
        suv = dicomvtk.to_suv(volume)
    except dicomvtk.UnsupportedError as refusal:
        assert "is missing" in str(refusal)  # noqa: PT017  # de-identified: it says which attribute
        return
    body = suv.array[suv.array > 0.1]
    assert 0.3 < body.mean() < 3
