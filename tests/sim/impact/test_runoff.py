"""Rain on roofs: none is lost, and it comes to the cells beside."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin.sim.impact.inertial import OUTSIDE, WALL, WATER
from twin.sim.impact.runoff import deepest_beside, roof_supply


def test_a_roof_gives_its_rain_evenly_to_the_cells_beside_it() -> None:
    number = np.full((5, 6), -1, np.int32)
    number[1:3, 1:4] = 0
    kind = np.where(number >= 0, WALL, 3).astype(np.uint8)
    supply, lost = roof_supply(number, kind)
    assert lost == 0.0
    assert supply.sum() == pytest.approx(30)
    beside = [(0, 1), (0, 2), (0, 3), (3, 1), (3, 2), (3, 3), (1, 0), (2, 0), (1, 4), (2, 4)]
    assert all(supply[at] == pytest.approx(1.6) for at in beside)
    assert supply[0, 0] == 1.0


def test_a_house_amid_others_gives_its_rain_to_what_lies_around_the_block() -> None:
    number = np.full((5, 5), -1, np.int32)
    number[1:4, 1:4] = 0
    number[2, 2] = 1
    kind = np.where(number >= 0, WALL, 3).astype(np.uint8)
    supply, lost = roof_supply(number, kind)
    assert lost == 0.0
    assert supply[0, 1] == pytest.approx(1 + 9 / 12)
    assert supply.sum() == pytest.approx(25)


def test_a_block_from_edge_to_edge_loses_its_rain_and_says_so() -> None:
    supply, lost = roof_supply(np.zeros((3, 3), np.int32), np.full((3, 3), WALL, np.uint8))
    assert lost == 9.0
    assert not supply.any()


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_no_rain_is_lost_or_made(seed: int) -> None:
    rng = np.random.default_rng(seed)
    number = np.where(rng.random((12, 9)) < 0.6, rng.integers(0, 6, (12, 9)), -1).astype(np.int32)
    kind = np.where(number >= 0, WALL, rng.choice([3, 3, 4, WATER, OUTSIDE, WALL], number.shape)).astype(np.uint8)
    supply, lost = roof_supply(number, kind)
    fell = (number >= 0).sum() + ((kind != WALL) & (kind != OUTSIDE)).sum()
    assert supply.sum() + lost == pytest.approx(fell, rel=1e-12)
    assert not supply[(kind == WALL) | (kind == OUTSIDE)].any()


def test_the_deepest_water_beside_a_building_is_told() -> None:
    number = np.full((4, 6), -1, np.int32)
    number[1, 1], number[1, 4], number[2, 4] = 0, 2, 2
    depth = np.zeros(number.shape)
    depth[1, 2], depth[3, 4], depth[0, 0] = 0.2, 0.4, 9.0
    found = deepest_beside(number, depth, number < 0, 3)
    assert found[0] == 0.2
    assert np.isnan(found[1])
    assert found[2] == 0.4
