"""Green in view, canopy cover and trees in sight: slow twins, known answers, laws."""

from __future__ import annotations

import math

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.reference.green import cover_round, green_index, tree_in_sight
from tests.sim.impact.test_shadow import town, trees
from twin.sim.impact import green, shadow

EVERYWHERE = np.ones((25, 27), bool)


def ring(inner: float, outer: float, base: float, top: float, size: int = 121) -> tuple[NDArray[np.float64], shadow.Crowns]:
    """A plain with crowns between two distances from its middle."""
    y, x = np.mgrid[:size, :size] - size // 2
    there = (np.hypot(x, y) >= inner) & (np.hypot(x, y) < outer)
    z = np.zeros((size, size))
    low, high = (np.where(there, one, np.nan).astype(np.float32) for one in (base, top))
    return z, shadow.Crowns(low, high)


def view(z: NDArray[np.float64], crowns: shadow.Crowns, directions: int = 16, **given: float) -> NDArray[np.float32]:
    return green.green_view(shadow.surface(z, 1.0, crowns), np.ones(z.shape, bool), directions, **given)


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 24), st.integers(0, 26), st.floats(4, 30))
def test_the_green_in_view_is_what_single_lines_of_sight_find(seed: int, row: int, column: int, reach: float) -> None:
    z = town(25, 27, seed, houses=5).astype(np.float32)
    crowns = trees(z, seed, 6)
    of = shadow.surface(z, 1.0, crowns)
    base, top = (np.asarray(one, np.float64) for one in of.crown_rows)
    found = green.green_view(of, EVERYWHERE, 12, reach_m=reach)[row, column]
    expected = green_index(z.astype(np.float64), base, top, row, column, 1.6, reach, 30.0, 12)
    assert found == pytest.approx(expected, abs=1.5e-3)


@pytest.mark.parametrize("eye", [0.5, 1.6, 7.0, 12.0])
def test_leaves_about_the_eye_and_below_it_count_as_single_lines_find(eye: float) -> None:
    z = town(25, 27, 5, houses=4).astype(np.float32)
    crowns = trees(z, 5, 25)
    of = shadow.surface(z, 1.0, crowns)
    base, top = (np.asarray(one, np.float64) for one in of.crown_rows)
    found = green.green_view(of, EVERYWHERE, 8, eye_m=eye, field_deg=100.0)
    for row, column in ((12, 13), (3, 20), (20, 5), (8, 8), (17, 22)):
        expected = green_index(z.astype(np.float64), base, top, row, column, eye, 100.0, 50.0, 8)
        assert found[row, column] == pytest.approx(expected, abs=1.5e-3)


def test_a_ring_of_crowns_fills_the_angles_between_its_foot_and_its_top() -> None:
    z, crowns = ring(20, 30, 4.0, 12.0)
    seen = view(z, crowns, 64)[60, 60]
    # the lowest leaves are those at the outer edge, the highest those at the inner one; a cell's edge lies within one cell of it
    low = math.atan(2.4 / 30.0)
    assert seen == pytest.approx((math.atan(10.4 / 19.7) - low) / math.radians(60.0), abs=0.006)


@pytest.mark.parametrize("turn", range(4))
def test_a_wall_before_the_trees_hides_them_and_one_behind_does_not(turn: int) -> None:
    z, crowns = ring(20, 30, 4.0, 12.0)
    y, x = np.mgrid[:121, :121] - 60
    east, before = x > np.abs(y), z.copy()
    before[(x == 10)] = 30.0
    behind = z.copy()
    behind[np.hypot(x, y) > 35] = 30.0
    free = view(z, crowns, 32)[60, 60]
    assert view(behind, crowns, 32)[60, 60] == free
    quarter = shadow.Crowns(*(np.rot90(np.where(east, one, np.nan), turn) for one in crowns))
    assert view(np.rot90(before, turn).copy(), quarter, 32)[60, 60] == 0.0
    low = z.copy()
    low[(x == 10)] = 3.0  # the line over it rises to 1.6 + 1.4 * 2 = 4.4 m at 20 m: only the lowest leaves go
    assert 0.15 * free < view(np.rot90(low, turn).copy(), quarter, 32)[60, 60] < 0.25 * free


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 12))
def test_more_leaves_are_never_less_green_and_more_walls_never_more(seed: int, count: int) -> None:
    z = town(40, 44, seed, houses=8)
    few, more = trees(z, seed, count), trees(z, seed + 1, 5)
    low, high = np.fmin(few.base, more.base), np.fmax(few.top, more.top)
    both = shadow.Crowns(low, high)
    one, two = view(z, few), view(z, both)
    assert (two >= one - 1e-6).all()
    rng = np.random.default_rng(seed)
    walled = z.copy()
    r, c = rng.integers(0, 36), rng.integers(0, 40)
    walled[r : r + 4, c : c + 4] += 9.0
    stands = walled == z
    of = shadow.surface(walled, 1.0, few)
    assert (green.green_view(of, stands, 16)[stands] <= one[stands] + 1e-6).all()


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 3))
def test_a_world_that_is_turned_has_its_view_turned(seed: int, turn: int) -> None:
    z = town(30, 34, seed, houses=6)
    crowns = trees(z, seed, 12)
    found = view(z, crowns, 16)
    turned = view(np.rot90(z, turn).copy(), shadow.Crowns(*(np.rot90(one, turn).copy() for one in crowns)), 16)
    assert np.abs(turned - np.rot90(found, turn)).max() < 1e-5


def test_nothing_green_is_none_and_leaves_all_round_are_all() -> None:
    z = np.zeros((30, 30))
    nothing = np.full(z.shape, np.nan, np.float32)
    of = shadow.surface(z, 1.0)
    assert not green.green_view(of, np.ones(z.shape, bool)).any()
    thick = shadow.Crowns(np.full(z.shape, 0.1, np.float32), np.full(z.shape, 40.0, np.float32))
    assert view(z, thick).min() == pytest.approx(1.0)
    some = np.zeros(z.shape, bool)
    some[3, 4] = True
    only = green.green_view(shadow.surface(z, 1.0, thick), some)
    assert np.isfinite(only).sum() == 1
    assert not view(z, shadow.Crowns(nothing, nothing)).any()


def test_a_part_comes_out_as_in_the_whole_on_any_number_of_threads() -> None:
    z = town(90, 100, 3, houses=40)
    crowns = trees(z, 3, 40)
    whole = view(z, crowns, 16, reach_m=20.0)
    part = (slice(20, 75), slice(15, 80))
    inner = (slice(42, 53), slice(37, 58))
    less = view(z[part].copy(), shadow.Crowns(*(one[part].copy() for one in crowns)), 16, reach_m=20.0)
    assert np.array_equal(less[22:33, 22:43], whole[inner])
    before = numba.get_num_threads()
    numba.set_num_threads(1)
    try:
        assert np.array_equal(view(z, crowns, 16, reach_m=20.0), whole)
    finally:
        numba.set_num_threads(before)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.floats(0, 14), st.floats(0, 1))
def test_cover_round_a_cell_is_what_is_counted_cell_by_cell(seed: int, radius: float, some: float) -> None:
    rng = np.random.default_rng(seed)
    what, known = rng.random((13, 17)) < some, rng.random((13, 17)) < 0.9
    found, expected = green.share_within(what, known, radius), cover_round(what, known, radius)
    assert np.array_equal(found, expected.astype(np.float32), equal_nan=True)


def test_cover_at_an_edge_is_of_what_is_known() -> None:
    everything = np.ones((20, 20), bool)
    assert (green.share_within(everything, everything, 7.0) == 1.0).all()


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.floats(5, 40))
def test_a_home_sees_a_tree_from_any_of_its_viewpoints(seed: int, reach: float) -> None:
    z = town(24, 26, seed, houses=6).astype(np.float32)
    rng = np.random.default_rng(seed)
    first = np.array([0, 2, 2, 5])
    row, column = rng.integers(0, 24, 5), rng.integers(0, 26, 5)
    i, j = rng.integers(0, 24, 9), rng.integers(0, 26, 9)
    height = z[i, j].astype(np.float64) + rng.uniform(2, 9, 9)
    found = green.trees_seen(shadow.surface(z, 1.0), first, row, column, (i, j, height), reach_m=reach)
    expected = [
        sum(
            any(
                math.hypot(row[v] - i[t], column[v] - j[t]) <= reach
                and tree_in_sight(z.astype(np.float64), row[v], column[v], i[t], j[t], 1.6, height[t])
                for v in range(first[h], first[h + 1])
            )
            for t in range(9)
        )
        for h in range(3)
    ]
    assert np.abs(found - np.array(expected)).sum() <= 1, "a line may graze a corner"
    assert found[1] == 0
