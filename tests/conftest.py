"""Fixtures shared by all tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

_REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of real test data beside the checkout, or skip where there is none.

    ``DICOMVTK_TEST_DATA`` names another place.
    """
    folder = Path(os.environ.get("DICOMVTK_TEST_DATA", _REPOSITORY.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no real test data at {folder} (set DICOMVTK_TEST_DATA)")
    return folder
