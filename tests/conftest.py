"""Shared fixtures: where the real data is, the sample, and a hypothesis profile with fixed seeds."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from twin.geo.city import City, read_city
from twin.geo.samples import sample_folder

settings.register_profile("fixed", derandomize=True, deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("fixed")

_skipped_real: list[str] = []


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


@pytest.fixture(scope="session")
def sample() -> City:
    """The embedded district."""
    return read_city(sample_folder())


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report = yield
    if report.skipped and item.get_closest_marker("realdata"):
        _skipped_real.append(item.nodeid)
    return report


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Where real files must be (CI), a test that skips for want of them is a failure."""
    if _skipped_real and os.environ.get("CI"):
        reporter = session.config.pluginmanager.get_plugin("terminalreporter")
        if reporter is not None:
            reporter.write_line(
                f"{len(_skipped_real)} tests with real data were skipped in CI, first: {_skipped_real[0]}", red=True
            )
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
