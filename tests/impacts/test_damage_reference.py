"""Categories of damage by foundation, against a slow reckoning: wall by wall, and the boundaries of Boscardin and Cording."""

from __future__ import annotations

from itertools import pairwise

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.reference.ground import strains
from twin.impacts.ground_movement import damage_of, ground_around
from twin.sim.impact.pit.behind_wall import Moved
from twin.sim.impact.pit.damage import Lines

PIT = shapely.box(0.0, 0.0, 60.0, 30.0)
SHARES = {
    "shallow": (1.0, 1.0), "piles within": (1.0, 1.0), "wooden piles": (1.0, 1.0), "unknown": (1.0, 1.0), "piles below": (0.0, 1.0),
}  # fmt: skip
"""Of the settlement and of the horizontal movement, that a building goes along with."""

PERCENT = (0.05, 0.075, 0.15, 0.3)
"""Upper bounds of tensile strain of negligible, very slight, slight and moderate damage (Boscardin and Cording 1989)."""


def _category(percent: float) -> int:
    return sum(percent >= limit for limit in PERCENT)


@settings(max_examples=30, deadline=None)
@given(
    west=st.floats(-15.0, 60.0), away=st.floats(0.2, 25.0), wide=st.floats(3.0, 20.0), deep=st.floats(3.0, 20.0),
    tall=st.floats(3.0, 18.0), mm=st.floats(5.0, 150.0), kind=st.sampled_from(sorted(SHARES)),
    shape=st.sampled_from(["concave", "spandrel"]),
)  # fmt: skip
def test_a_building_has_the_category_of_the_wall_that_is_strained_most(
    west: float, away: float, wide: float, deep: float, tall: float, mm: float, kind: str, shape: str
) -> None:
    ground = ground_around(PIT, 7.0, largest_mm=mm, shape=shape)
    house = shapely.box(west, -away - deep, west + wide, -away)
    made = damage_of(gpd.GeoDataFrame({"height_m": [tall]}, geometry=[house]), ground, foundation=kind).iloc[0]
    down, sideways = SHARES[kind]
    ring, worst = np.asarray(house.exterior.coords), 0.0
    for start, end in pairwise(ring):
        share = np.linspace(0.0, 1.0, 32)
        moved = ground.at(start + share[:, None] * (end - start))
        length = float(np.hypot(*(end - start)))
        stretch = sideways * moved.horizontal @ ((end - start) / length)
        line = Lines(np.array([0, 32]), share * length, down * moved.settlement, stretch, np.array([tall]), np.array([2.6]),
                     moved.settlement)  # fmt: skip
        worst = max(worst, 100.0 * float(strains(line, 1.0)[0]))
    assert made["strain_percent"] == pytest.approx(worst, rel=1e-6, abs=1e-9)
    if min(abs(worst - limit) for limit in PERCENT) > 1e-6:
        assert made["category"] == _category(worst)


@pytest.mark.parametrize("kind", ["piles below", "shallow"])
@pytest.mark.parametrize("percent", [limit * part for limit in PERCENT for part in (0.999, 1.001)])
def test_ground_that_is_drawn_apart_strains_a_building_on_piles_as_much(kind: str, percent: float) -> None:
    def apart(points: np.ndarray) -> Moved:
        return Moved(np.full(len(points), 30.0), np.column_stack([10.0 * percent * points[:, 0], np.zeros(len(points))]))

    houses = gpd.GeoDataFrame({"height_m": [8.0]}, geometry=[shapely.box(0, 0, 10, 6)])
    found = damage_of(houses, apart, foundation=kind).iloc[0]
    assert found["strain_percent"] == pytest.approx(percent)
    assert found["category"] == found["distortion_category"] == _category(percent)
    assert found["settlement_mm"] == (0.0 if kind == "piles below" else 30.0)
