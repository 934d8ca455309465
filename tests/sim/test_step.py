"""One step of the collision-free speed model against its equations by loops over all pairs."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.reference import crowd as slow
from tests.sim.scenes import crowd_of, ground_of, people_of, scattered
from twin.sim.crowd.models.collision_free_speed import CollisionFreeSpeed
from twin.sim.crowd.neighbours import sort_by_cell
from twin.sim.crowd.state import GONE_RADIUS
from twin.sim.crowd.surroundings import exponential, wall_repulsion
from twin.sim.floor import Chain, build_floor

ROOM = shapely.box(0, 0, 12, 9).difference(shapely.box(5, 3, 6, 6)).difference(shapely.Polygon([(8, 2), (10, 2.5), (9, 4)]))
EXIT = shapely.box(0, 0, 0.75, 9)


def wanted_directions(crowd):
    """e0 of everybody, from the crowd's own field at the cell or between cells: the reference tests the forces."""
    crowd.advance()
    rows = crowd.store.arrays
    out = np.full((len(crowd.people.x), 2), np.nan)
    out[rows["person"][: crowd.store.n]] = np.column_stack([rows["want_x"], rows["want_y"]])[: crowd.store.n]
    return out


@settings(max_examples=25)
@given(st.integers(0, 2**31), st.integers(2, 45), st.sampled_from([0.3, 0.5, 1.0]), st.floats(1.0, 3.0), st.floats(0.01, 0.05))
def test_a_step_is_what_the_equations_say(seed, count, time_gap, body, dt):
    points = scattered(ROOM, count, seed, clear=0.3, apart=0.4)
    random = np.random.default_rng(seed)
    speed = random.uniform(0.6, 1.6, len(points))
    radius = random.uniform(0.1, 0.1 * body, len(points)).clip(0.1, 0.22)
    model = CollisionFreeSpeed(time_gap=time_gap)
    people = people_of(points, speed=speed, radius=radius)
    crowd = crowd_of(ground_of(ROOM), [EXIT], people, model=model, dt=dt)
    assert np.isfinite(crowd.routes.time).all()
    # everybody in one room with a line of sight matters; a wall hides others, so the reference asks for the same
    wanted = wanted_directions(crowd)
    shot = crowd.snapshot()
    assert len(shot.id) + crowd.left + crowd.waiting == len(points)
    here = np.flatnonzero(np.isin(np.arange(len(points)), np.union1d(shot.id, np.flatnonzero(crowd.exit_goal >= 0))))
    walls = boundary_segments(ROOM)
    x, y = people.x[here], people.y[here]
    compared = 0
    for i in [int(np.flatnonzero(here == k)[0]) for k in shot.id]:
        seen = [j for j in range(len(here)) if j == i or not hidden(x[i], y[i], x[j], y[j])]
        me = seen.index(i)
        args = (x[seen], y[seen], radius[here][seen])
        e = slow.direction(
            me, *args, wanted[here][i], walls, strength=model.strength, reach=model.range, wall_strength=model.wall_strength,
            wall_reach=model.wall_range, cut=model.cut,
            wall_cut=model.wall_reach(radius.max()),
        )  # fmt: skip
        v = slow.speed(me, *args, e, desired=speed[here][i], time_gap=time_gap)
        expected = np.array([x[i], y[i]]) + v * dt * e
        k = int(np.flatnonzero(shot.id == here[i])[0])
        found = np.array([shot.x[k], shot.y[k]])
        if shapely.Point(expected).distance(ROOM.boundary) < radius[here][i] + 1e-9:
            continue  # pushed back to a radius from the wall: tested elsewhere
        # distances and pushes are float32: where pushes all but cancel, a millionth of them still turns one a little
        assert np.hypot(*(found - expected)) <= 5e-6 or near_tie(me, *args, e)
        compared += 1
        np.testing.assert_allclose(shot.speed[k], np.hypot(*(found - [x[i], y[i]])) / dt, atol=1e-9)
    assert compared >= len(shot.id) // 3


@settings(max_examples=30)
@given(st.integers(0, 2**31), st.integers(2, 80))
def test_what_is_out_of_reach_hardly_matters(seed, count):
    points = scattered(shapely.box(0, 0, 12, 9), count, seed, clear=0.3)
    model = CollisionFreeSpeed()
    walls = boundary_segments(shapely.box(0, 0, 12, 9))
    args = (0, points[:, 0], points[:, 1], np.full(len(points), 0.2), np.array([1.0, 0.0]), walls)
    how = {"strength": 8.0, "reach": 0.1, "wall_strength": 5.0, "wall_reach": 0.02}
    whole = slow.direction(*args, **how)
    cut = slow.direction(*args, **how, cut=model.cut, wall_cut=model.wall_reach(0.2))
    assert np.hypot(*(whole - cut)) < 0.02


def near_tie(i, x, y, radius, e):
    """Whether somebody is all but exactly at the edge of what counts as ahead, so that rounding decides."""
    for j in range(len(x)):
        if j != i:
            dx, dy = x[j] - x[i], y[j] - y[i]
            if abs(e[0] * dx + e[1] * dy) < 1e-6 or abs(abs(e[0] * dy - e[1] * dx) - radius[i] - radius[j]) < 1e-6:
                return True
    return False


def boundary_segments(area):
    rings = [area.exterior, *area.interiors]
    pieces = [np.hstack([c[:-1], c[1:]]) for c in (shapely.get_coordinates(r) for r in rings)]
    return np.vstack(pieces)


def hidden(x0, y0, x1, y1):
    return not ROOM.covers(shapely.LineString([(x0, y0), (x1, y1)]))


@given(st.floats(-40.0, 20.0))
def test_the_exponential_is_good_to_a_billionth(u):
    assert exponential(u) == pytest.approx(math.exp(u), rel=1e-9)


@given(st.floats(-2.0, 8.0), st.floats(-2.0, 6.0), st.booleans())
def test_wall_repulsion_counts_a_corner_once(x, y, closed):
    corners = np.array([[1.0, 1.0], [5.0, 1.0], [5.0, 3.0], [2.0, 2.5]])
    chain = Chain(0, corners, closed)
    floor = build_floor(west=-3.0, north=7.0, cell=0.5, mask=np.ones((1, 20, 24), bool), chains=[chain])
    ends = np.roll(corners, -1, axis=0) if closed else corners[1:]
    segments = np.hstack([corners[: len(ends)], ends])
    expected = np.zeros(2)
    nearest = np.inf
    for point in slow.wall_points(x, y, segments):
        away = np.array([x, y]) - point
        d = np.hypot(*away)
        nearest = min(nearest, d)
        if 1e-9 < d < 1.0:
            expected += 5.0 * math.exp(min((0.2 - d) / 0.02, 20.0)) * away / d
    if nearest > 1e-6:
        found = wall_repulsion(floor, 0, x, y, 0.2, 5.0, 0.02, 1.0)
        np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-9)


@given(st.integers(0, 2**31), st.integers(0, 60), st.floats(0.3, 4.0))
def test_sorting_lists_everybody_once(seed, count, side):
    random = np.random.default_rng(seed)
    x, y = random.uniform(-1.0, 11.0, count), random.uniform(-1.0, 11.0, count)
    gone = random.random(count) < 0.2
    rows = columns = math.ceil(10.0 / side)
    start, order = np.zeros(rows * columns + 1, np.int32), np.full(count, -1, np.int32)
    body = np.where(gone, GONE_RADIUS, np.float32(0.2))
    there = int(sort_by_cell(count, x, y, body, 0.0, 10.0, side, rows, columns, start, order))
    assert there == count - gone.sum()
    kept = np.flatnonzero(~gone)
    expected = slow.sort_by_cell(x[kept], y[kept], 0.0, 10.0, side, rows, columns)
    for k, members in enumerate(expected):
        assert order[start[k] : start[k + 1]].tolist() == kept[members].tolist()


def test_alone_in_the_open_one_walks_at_the_desired_speed():
    area = shapely.box(0, 0, 60, 4)
    crowd = crowd_of(ground_of(area), [shapely.box(59, 0, 60, 4)], people_of([(2.0, 2.0)], speed=1.1))
    crowd.advance(400)
    shot = crowd.snapshot()
    assert shot.x[0] == pytest.approx(2.0 + 1.1 * 20.0, rel=1e-6)
    assert shot.y[0] == pytest.approx(2.0, abs=1e-3)
    assert shot.speed[0] == pytest.approx(1.1)


@pytest.mark.parametrize("dt", [0.01, 0.05, 0.1])
def test_who_walks_behind_a_slow_one_keeps_the_headway(dt):
    # a corridor too narrow to pass
    area = shapely.box(0, 0, 40, 0.7)
    people = people_of([(1.0, 0.35), (2.5, 0.35)], speed=np.array([1.6, 0.5]))
    crowd = crowd_of(ground_of(area, 0.1), [shapely.box(39, 0, 40, 0.7)], people, dt=dt)
    gaps = []
    for _ in range(round(40.0 / dt)):
        crowd.advance()
        shot = crowd.snapshot()
        gaps.append(shot.x[1] - shot.x[0] - 0.4)
    assert min(gaps) > 0.0
    # in the steady state v = s / T
    assert gaps[-1] == pytest.approx(0.5 * 0.5, rel=0.02)


@settings(max_examples=15)
@given(st.integers(0, 2**31))
def test_gaps_do_not_close_further_than_a_step(seed):
    """Collision-free up to the step: nobody overlaps by more than two people walk towards each other in one step."""
    area = shapely.box(0, 0, 8, 8)
    points = scattered(area, 60, seed)
    crowd = crowd_of(ground_of(area), [shapely.box(7.5, 3, 8, 5)], people_of(points, speed=1.34), dt=0.01)
    overlap = 0.0
    for _ in range(300):
        crowd.advance()
        shot = crowd.snapshot()
        if len(shot.id) > 1:
            apart = np.hypot(shot.x[:, None] - shot.x, shot.y[:, None] - shot.y)[np.triu_indices(len(shot.id), 1)]
            overlap = max(overlap, float((0.4 - apart).max()))
    assert overlap < 2 * 1.34 * 0.01
