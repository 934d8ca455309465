"""Shared fixtures: where the real data is, and a hypothesis profile with fixed seeds."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "fixed", derandomize=True, deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("fixed")


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real files, or a skip with the reason."""
    folder = os.environ.get("STADSTWIN_REAL_DATA")
    if not folder:
        pytest.skip("STADSTWIN_REAL_DATA is not set: real files are not here")
    path = Path(folder)
    if not path.is_dir():
        pytest.fail(f"STADSTWIN_REAL_DATA={folder} is not a folder")
    return path
