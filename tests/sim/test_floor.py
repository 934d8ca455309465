"""Floors: signed distance, blocked edges and wall buckets against looking at every pair."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.reference import floors as slow
from tests.sim.scenes import ground_of
from twin.errors import GridError
from twin.sim.crowd.surroundings import bucket_of, crosses, nearest_wall, wall_between
from twin.sim.floor import BUCKET_REACH_M, DISTANCE_CAP_M, Chain, Portals, _segments, build_floor

numbers = st.floats(0.3, 9.7, allow_nan=False)
lattice = st.integers(1, 38).map(lambda k: 0.25 * k)
points = st.one_of(st.tuples(numbers, numbers), st.tuples(lattice, lattice))
chains = st.lists(
    st.builds(
        lambda level, line, closed: Chain(level, np.array(line), closed and len(line) > 2),
        st.integers(0, 1),
        st.lists(points, min_size=2, max_size=5, unique=True),
        st.booleans(),
    ),
    min_size=1,
    max_size=4,
)


def floor_of(lines, cell=0.5):
    side = round(10 / cell)
    mask = np.ones((2, side, side), bool)
    mask[:, : side // 3, : side // 4] = False
    return build_floor(west=0.0, north=10.0, cell=cell, mask=mask, chains=lines)


@given(chains)
def test_signed_distance_is_the_distance_to_the_nearest_segment(lines):
    floor = floor_of(lines)
    segments, levels = _segments(lines)
    expected = slow.signed_distance(floor.mask, segments, levels, 0.0, 10.0, 0.5, DISTANCE_CAP_M)
    np.testing.assert_allclose(floor.distance, expected, rtol=1e-6, atol=1e-6)


@settings(max_examples=20)
@given(chains)
def test_blocked_edges_are_those_a_wall_touches(lines):
    floor = floor_of(lines)
    segments, levels = _segments(lines)
    expected = slow.blocked_edges(floor.mask.shape, segments, levels, 0.0, 10.0, 0.5)
    inside = np.s_[:, :-1, :-1]
    different = np.argwhere(floor.blocked[inside] != expected[inside])
    # a wall through a centre within rounding may fall to either side; it must block one of the two
    for level, r, c in different:
        x, y = (c + 0.5) * 0.5, 10.0 - (r + 0.5) * 0.5
        ends = [(x, y), (x + 0.5, y), (x, y - 0.5)]
        near = min(slow.distance_to_segment(*end, s) for end in ends for s in segments[levels == level])
        assert near < 1e-9


@given(chains)
def test_a_bucket_lists_every_segment_within_reach(lines):
    floor = floor_of(lines)
    segments, levels = _segments(lines)
    random = np.random.default_rng(1)
    for x, y in random.uniform(0.0, 10.0, (40, 2)):
        for level in (0, 1):
            b = bucket_of(floor, level, x, y)
            listed = {tuple(row) for row in floor.walls[floor.wall_start[b] : floor.wall_start[b + 1]]}
            assert len(listed) == floor.wall_start[b + 1] - floor.wall_start[b] or len(listed) < len(segments)
            for segment in segments[levels == level]:
                if slow.distance_to_segment(x, y, segment) <= BUCKET_REACH_M:
                    assert tuple(segment) in listed


@given(chains)
def test_nearest_wall_is_exact_within_reach(lines):
    floor = floor_of(lines)
    segments, levels = _segments(lines)
    mine = segments[levels == 0]
    for x, y in np.random.default_rng(2).uniform(0.0, 10.0, (40, 2)):
        expected = min((slow.distance_to_segment(x, y, s) for s in mine), default=np.inf)
        found, px, py = nearest_wall(floor, 0, x, y)
        if expected <= BUCKET_REACH_M:
            assert found == pytest.approx(expected, abs=1e-9)
            assert np.hypot(px - x, py - y) == pytest.approx(expected, abs=1e-9)
        else:
            assert found > BUCKET_REACH_M


@given(chains, st.lists(st.tuples(points, points), min_size=1, max_size=30))
def test_wall_between_finds_what_an_exact_test_finds(lines, pairs):
    floor = floor_of(lines)
    segments, levels = _segments(lines)
    mine = segments[levels == 1]
    for p, q in pairs:
        if p == q:
            continue
        close = min((slow.distance_to_segment(*end, s) for end in (p, q) for s in mine), default=1.0)
        ends = min((slow.distance_to_segment(*s[k : k + 2], np.array([*p, *q])) for s in mine for k in (0, 2)), default=1.0)
        if 0 < min(close, ends) < 1e-9:
            continue  # beyond what doubles can tell
        assert wall_between(floor, 1, *p, *q) == slow.wall_between(mine, p, q)


@given(points, points, points, points)
def test_crossing_does_not_depend_on_which_way_round(p, q, a, b):
    found = crosses(*p, *q, *a, *b)
    assert crosses(*q, *p, *a, *b) == found
    if p != q and a != b:
        expected = slow.touch(p, q, a, b)
        signs = [slow.distance_to_segment(*e, np.array([*f, *g])) for e, f, g in ((p, a, b), (q, a, b), (a, p, q), (b, p, q))]
        if not 0 < min(signs) < 1e-9:
            assert found == expected


def test_sliding_along_a_wall_is_no_crossing():
    assert not crosses(0.0, 0.0, 1.0, 0.0, -1.0, 0.0, 2.0, 0.0)
    assert crosses(0.0, -1.0, 0.0, 1.0, -1.0, 0.0, 2.0, 0.0)
    assert crosses(0.0, -1.0, 0.0, 0.0, -1.0, 0.0, 2.0, 0.0)


def test_the_corners_of_a_room_join():
    ground = ground_of(shapely.box(0, 0, 6, 4))
    walls = np.unique(ground.floor.walls, axis=0)
    assert len(walls) == 4
    np.testing.assert_allclose(np.hypot(walls[:, 4], walls[:, 5]), 1.0)


def test_arrays_that_do_not_fit_are_refused():
    mask = np.ones((1, 4, 5), bool)
    with pytest.raises(GridError, match=r"`height` has shape \(1, 4, 4\), the mask \(1, 4, 5\)"):
        build_floor(west=0, north=4, cell=1, mask=mask, chains=[], height=np.zeros((1, 4, 4), np.float32))
    with pytest.raises(GridError, match="levels, rows, columns"):
        build_floor(west=0, north=4, cell=1, mask=mask[0], chains=[])
    with pytest.raises(GridError, match="`portals`"):
        build_floor(west=0, north=4, cell=1, mask=mask, chains=[], portals=Portals.none((1, 2, 2)))


def test_a_floor_without_walls_is_possible():
    floor = build_floor(west=0, north=4, cell=1, mask=np.ones((1, 4, 5), bool), chains=[])
    assert len(floor.walls) == 0
    assert (floor.distance == DISTANCE_CAP_M).all()
    assert not floor.blocked.any()
