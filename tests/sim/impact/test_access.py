"""Walking times beside exact ways, and laws that they obey."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.reference.access import cells_before, shortest_ways
from twin.discretize import Ground, discretize_area
from twin.sim.impact import access

SPEED = 1.34
BOXES = st.lists(
    st.tuples(st.integers(0, 8), st.integers(0, 8), st.integers(1, 6), st.integers(1, 6)), min_size=0, max_size=3
)


def _floor(boxes: list[tuple[int, int, int, int]]) -> shapely.Geometry:
    walls = [shapely.box(x + 2, y + 2, x + 2 + w, y + 2 + h) for x, y, w, h in boxes]
    return shapely.box(0, 0, 16, 16).difference(shapely.union_all(walls))


def _cell(ground: Ground, x: float, y: float) -> np.ndarray:
    row, column = (int(one) for one in ground.grid.index(x, y))
    return np.array([[0, row, column]], np.int32)


def _times(ground: Ground, x: float, y: float) -> np.ndarray:
    return access.walking_times(ground.floor, _cell(ground, x, y), SPEED)


def test_in_the_open_it_is_the_distance_over_the_speed() -> None:
    ground = discretize_area(shapely.box(0, 0, 100, 100), cell=0.5)
    times = _times(ground, 20.25, 30.25)[0]
    x, y = np.meshgrid(ground.grid.x, ground.grid.y)
    exact = np.hypot(x - 20.25, y - 30.25) / SPEED
    floor = ground.floor.mask[0]
    far = floor & (exact > 20.0 / SPEED)
    assert np.abs(times[far] / exact[far] - 1.0).max() < 0.01
    assert np.abs(times - exact)[floor].max() < 0.5 * 0.5 / SPEED, "half a cell right around a goal of one cell"
    assert np.isnan(times[~ground.floor.mask[0]]).all()


def test_round_the_end_of_a_wall_it_is_the_known_detour() -> None:
    ground = discretize_area(shapely.box(0, 0, 60, 60).difference(shapely.box(30, 0, 31, 45)), cell=0.25)
    times = _times(ground, 20.125, 20.125)
    row, column = _cell(ground, 41.125, 20.125)[0, 1:]
    exact = (2 * np.hypot(9.875, 24.875) + 1.0 + (np.hypot(10.125, 24.875) - np.hypot(9.875, 24.875))) / SPEED
    assert times[0, row, column] == pytest.approx(exact, rel=0.01)


@settings(max_examples=15, deadline=None)
@given(BOXES)
def test_times_are_those_of_the_exact_shortest_ways(boxes: list[tuple[int, int, int, int]]) -> None:
    floor = _floor(boxes)
    ground = discretize_area(floor, cell=0.25)
    times = _times(ground, 0.625, 0.625)[0]
    spots = np.argwhere(ground.floor.mask[0])[::61]
    points = np.column_stack([ground.grid.x[spots[:, 1]], ground.grid.y[spots[:, 0]]])
    exact = shortest_ways(floor, np.array([0.625, 0.625]), points) / SPEED
    found = times[spots[:, 0], spots[:, 1]]
    there = np.isfinite(exact)
    assert np.array_equal(there, np.isfinite(found))
    assert np.abs(found[there] - exact[there]).max() < 0.03 * exact[there].max() + 0.25 / SPEED


@settings(max_examples=15, deadline=None)
@given(BOXES, st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(1, 5), st.integers(1, 5)))
def test_closing_shortens_no_way_and_a_stop_makes_none_shorter(
    boxes: list[tuple[int, int, int, int]], more: tuple[int, int, int, int]
) -> None:
    before, after = (discretize_area(_floor(one), cell=0.5) for one in (boxes, [*boxes, more]))
    old, new = (_times(ground, 0.75, 0.75)[0] for ground in (before, after))
    both = np.isfinite(new)
    assert np.isfinite(old[both]).all(), "what is reached with less floor is reached with more"
    assert (new[both] >= old[both] * 0.99 - 0.1).all()
    via = _times(before, 15.25, 15.25)[0]
    through = old[tuple(_cell(before, 15.25, 15.25)[0, 1:])]
    there = np.isfinite(old)
    assert (old[there] <= (via[there] + through) * 1.02 + 0.3).all(), "the triangle inequality"


def test_what_is_shut_is_not_walked_on_and_what_lies_behind_is_never_reached() -> None:
    ground = discretize_area(shapely.box(0, 0, 20, 4), cell=0.5)
    shut = np.zeros(ground.floor.mask.shape, bool)
    column = int(_cell(ground, 10.25, 2)[0, 2])
    shut[:, :, column] = ground.floor.mask[:, :, column]
    times = access.walking_times(ground.floor, _cell(ground, 0.75, 0.75), SPEED, shut=shut)
    assert np.isnan(times[shut]).all()
    assert np.isposinf(times[0, :, column + 1 :][ground.floor.mask[0, :, column + 1 :]]).all()
    none = access.walking_times(ground.floor, np.empty((0, 3), np.int32), SPEED)
    assert np.isposinf(none[ground.floor.mask]).all()


def test_what_lies_before_buildings_is_the_floor_nearest_to_each() -> None:
    random = np.random.default_rng(3)
    building = np.full((24, 30), -1, np.int32)
    for k in range(5):
        row, column = random.integers(0, 20), random.integers(0, 26)
        building[row : row + 4, column : column + 3] = k
    floor = (random.random((2, 24, 30)) < 0.4) & (building < 0)
    found = access.fronts(building, floor, 0.5, 2.0)
    told = {(int(o), *map(int, c)) for o, c in zip(found.owner, found.cells, strict=True)}
    every = cells_before(building, floor, 0.5, 2.0)
    assert told <= every
    assert {spot[1:] for spot in told} >= {spot[1:] for spot in every if sum(s[1:] == spot[1:] for s in every) == 1}
    values = random.random(floor.shape).astype(np.float32)
    least = access.least_before(found, values, 6)
    assert np.isnan(least[5])
    for k in range(5):
        mine = [values[spot[1:]] for spot in told if spot[0] == k]
        assert least[k] == (pytest.approx(min(mine)) if mine else pytest.approx(np.nan, nan_ok=True))
    assert len(access.fronts(np.full((3, 3), -1, np.int32), np.ones((1, 3, 3), bool), 1.0, 5.0).owner) == 0
