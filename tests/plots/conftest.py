"""Runs that plots are made of: a small town, both sides, three seeds. And no figure stays open."""

from __future__ import annotations

from collections.abc import Iterator

import matplotlib
import matplotlib.pyplot as plt
import pytest

import twin
from tests.places import NORTH_CLOSED, town, town_scenario
from twin.compare import Comparison
from twin.ensemble import Ensemble
from twin.geo.city import City
from twin.result import Result

matplotlib.use("Agg")


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    plt.close("all")


@pytest.fixture(scope="session")
def place() -> City:
    return town()


@pytest.fixture(scope="session")
def both(place: City) -> Comparison:
    crowd = '  clock_start: "22:30"'
    return twin.compare(town_scenario(NORTH_CLOSED, crowd, people=60), seeds=2, city=place, progress=False)


@pytest.fixture(scope="session")
def result(both: Comparison) -> Result:
    return both.variant


@pytest.fixture(scope="session")
def many(place: City) -> Ensemble:
    return twin.ensemble(town_scenario(people=60), seeds=3, city=place, progress=False)
