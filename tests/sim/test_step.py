"""One step of each model against its equations by loops over all pairs, and what steps stand on."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.reference import crowd as slow
from tests.sim.scenes import boundary_segments, crowd_of, ground_of, moved, people_of, scattered
from twin.sim.crowd.models import anticipation_velocity, collision_free_speed, social_force
from twin.sim.crowd.models.anticipation_velocity import AnticipationVelocity
from twin.sim.crowd.models.collision_free_speed import CollisionFreeSpeed
from twin.sim.crowd.models.plain import Plain, nearest_on_segment, wall_points
from twin.sim.crowd.models.social_force import SocialForce
from twin.sim.crowd.neighbours import find_cells, sort_by_cell
from twin.sim.crowd.state import GONE_RADIUS
from twin.sim.crowd.surroundings import exponential
from twin.sim.floor import Chain, build_floor

ROOM = shapely.box(0, 0, 12, 9).difference(shapely.box(5, 3, 6, 6)).difference(shapely.Polygon([(8, 2), (10, 2.5), (9, 4)]))
EXIT = shapely.box(0, 0, 0.75, 9)
OTHER_EXIT = shapely.box(11.25, 0, 12, 9)


MODELS = {
    "event": (CollisionFreeSpeed(), collision_free_speed.reference),
    "jupedsim": (CollisionFreeSpeed.presets()["jupedsim"].model, collision_free_speed.reference),
    "social-force": (SocialForce(), social_force.reference),
    "anticipation-velocity": (AnticipationVelocity(), anticipation_velocity.reference),
}


def crowd_in_motion(seed, count, model, *, body=2.2, dt=0.01, pressed=False):
    """People scattered in a room who look and walk in any direction, some of them standing; pressed ones overlap."""
    points = scattered(shapely.box(0, 0, 5, 3.5) if pressed else ROOM, count, seed, clear=0.15, apart=0.4)
    random = np.random.default_rng(seed)
    speed, radius = random.uniform(0.6, 1.6, len(points)), random.uniform(0.1, 0.1 * body, len(points))
    if seed % 3 == 0:  # bodies of one size go a way of their own
        radius[:] = radius[:1]
    bound = random.integers(0, 2, len(points)).astype(np.int32)
    people = people_of(points, speed=speed, radius=radius, journey=bound)
    crowd = crowd_of(ground_of(ROOM), [EXIT, OTHER_EXIT], people, model=model, dt=dt)
    rows, n = crowd.store.arrays, crowd.store.n
    if pressed:  # nobody may enter like that
        rows["x"][:n] *= 0.7
        rows["y"][:n] *= 0.7
    angle, walks = random.uniform(0, 2 * np.pi, n), random.random(n) < 0.9
    for k, name in enumerate(("x", "y")):
        rows[f"heading_{name}"][:n] = np.where(walks, (np.cos, np.sin)[k](angle), 0.0)
        rows[f"v{name}"][:n] = rows[f"heading_{name}"][:n] * random.uniform(0, 1.6, n)
    rows["hold"][:n] = np.where(random.random(n) < 0.1, 9.0, 0.0)
    return crowd


@settings(max_examples=30)
@pytest.mark.parametrize("name", list(MODELS))
@pytest.mark.parametrize("pressed", [False, True])
@given(st.integers(0, 2**31), st.sampled_from([45, 20, 5, 2]), st.floats(0.5, 1.5), st.floats(2.0, 3.0), st.floats(0.005, 0.05))
def test_a_step_is_what_the_equations_say(name, pressed, seed, count, other, body, dt):
    model, reference = MODELS[name]
    change = {"mass" if name == "social-force" else "time_gap": other * model[0], "range": 0.06 + 0.02 * other}
    model = model._replace(**change)
    crowd = crowd_in_motion(seed, count, model, body=body, dt=dt, pressed=pressed)
    people, found = moved(crowd, ROOM, dt)
    expected = reference(model, people, dt)
    assert np.isfinite(found.velocity).all()
    # distances and pushes are float32: where pushes all but cancel, a millionth of them still turns one a little, and those of
    # people pressed into each other are many times as strong; and places are rounded to a micrometre, over which the push of
    # bodies pressed by a decimetre changes by 0.01 m/s2
    turned = 1e-3 if pressed else 2e-4
    allowed = 0.02 * dt if name == "social-force" else turned
    off = np.hypot(*(found.velocity - expected.velocity).T) > allowed
    speed = np.hypot(*expected.velocity.T)
    aside = np.maximum(turned, allowed / np.maximum(speed, 1e-9)) if name == "social-force" else turned
    off |= (np.hypot(*(found.heading - expected.heading).T) > aside) & (speed > 0.05)
    off |= np.abs(found.pressure - expected.pressure) > 1e-5 * expected.pressure + 0.5
    for i in np.flatnonzero(off):
        assert near_tie(model, people, i, expected.heading[i], expected.velocity[i]), (i, found.velocity[i], expected.velocity[i])
    assert off.sum() <= 1 + len(off) // 10


@settings(max_examples=30)
@pytest.mark.parametrize("name", list(MODELS))
@given(st.integers(0, 2**31), st.integers(2, 80))
def test_what_is_out_of_reach_hardly_matters(name, seed, count):
    points = scattered(shapely.box(0, 0, 12, 9), count, seed, clear=0.3)
    n = len(points)
    ahead = np.tile([1.0, 0.0], (n, 1))
    people = Plain(
        points, 1.2 * ahead, ahead, np.full(n, 0.2), np.full(n, 1.2), ahead, np.full(n, 1.2), np.zeros(n, bool),
        np.ones((n, n), bool), boundary_segments(shapely.box(0, 0, 12, 9)), np.arange(n, dtype=np.int32),
        np.zeros(n, np.int32), 1, 0.0,
    )  # fmt: skip
    model, reference = MODELS[name]
    all_, near = (reference(model, people, 0.01, whole=whole) for whole in (True, False))
    # a negligible push may still decide who is ahead, so directions are compared; where pushes all but cancel it turns more
    turned = np.hypot(*(all_.heading - near.heading).T)
    assert np.sort(turned)[: max(1, n - 2)].max() < 0.02
    assert turned.max() < 0.2


def near_tie(model, people, i, e, velocity):
    """Whether somebody is all but exactly at the edge of what counts, so that rounding decides."""
    if isinstance(model, SocialForce):
        return False
    speed = float(np.hypot(*velocity))
    way, left = people.want[i], np.array([-people.want[i][1], people.want[i][0]])
    for j in range(len(people.at)):
        if j == i:
            continue
        apart = people.at[j] - people.at[i]
        edges = [e @ apart, abs(e[0] * apart[1] - e[1] * apart[0]) - people.radius[i] - people.radius[j]]
        if isinstance(model, CollisionFreeSpeed) and 0.0 < speed <= model.creep_speed:
            c = velocity / speed
            beside = model.shoulder * (people.radius[i] + people.radius[j])
            edges += [c @ apart, abs(c[0] * apart[1] - c[1] * apart[0]) - beside]
        if isinstance(model, AnticipationVelocity):
            there = apart + np.hypot(*people.velocity[j]) * people.heading[j] * model.anticipation_time
            edges += [way @ apart, people.heading[i] @ apart, there @ left, np.hypot(*apart) - model.sight]
        if min(abs(edge) for edge in edges) < 3e-5:
            return True
    return False


@given(st.floats(-40.0, 20.0))
def test_the_exponential_is_good_to_a_billionth(u):
    assert exponential(u) == pytest.approx(math.exp(u), rel=1e-9)


@pytest.mark.parametrize("each", [0.0, 0.5, 1.0])
@given(st.floats(-2.0, 8.0), st.floats(-2.0, 6.0), st.booleans())
def test_walls_push_a_corner_once_or_by_each(each, x, y, closed):
    corners = np.array([[1.0, 1.0], [5.0, 1.0], [5.0, 3.0], [2.0, 2.5]])
    chain = Chain(0, corners, closed)
    floor = build_floor(west=-3.0, north=7.0, cell=0.5, mask=np.ones((1, 20, 24), bool), chains=[chain])
    ends = np.roll(corners, -1, axis=0) if closed else corners[1:]
    segments = np.hstack([corners[: len(ends)], ends])
    once, every = wall_points(x, y, segments), [nearest_on_segment(x, y, segment) for segment in segments]
    expected, nearest = np.zeros(2), np.inf
    for points, weight in ((once, 1.0 - each), (every, each)):
        for point in points:
            away = np.array([x, y]) - point
            d = np.hypot(*away)
            nearest = min(nearest, d)
            if 1e-9 < d < 1.0:
                expected += weight * 5.0 * math.exp(min((0.2 - d) / 0.02, 20.0)) * away / d
    if nearest > 1e-6:
        model = CollisionFreeSpeed(wall_strength=5.0, wall_range=0.02, each_wall=each)
        found = collision_free_speed.wall_push(floor, 0, x, y, 0.2, model, 1.0)
        np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-9)


@given(st.integers(0, 2**31), st.integers(0, 60), st.floats(0.3, 4.0))
def test_sorting_lists_everybody_once(seed, count, side):
    random = np.random.default_rng(seed)
    x, y = random.uniform(-1.0, 11.0, count), random.uniform(-1.0, 11.0, count)
    gone = random.random(count) < 0.2
    rows, columns = math.ceil(10.0 / side), math.ceil(10.0 / (0.3 * side))
    start, order = np.zeros(rows * columns + 1, np.int32), np.full(count, -1, np.int32)
    body = np.where(gone, GONE_RADIUS, np.float32(0.2))
    cell = np.empty(count, np.int32)
    find_cells[seed % 2](count, x, y, body, 0.0, 10.0, side, 0.3 * side, rows, columns, cell)
    there = int(sort_by_cell(count, cell, start, order))
    assert there == count - gone.sum()
    kept = np.flatnonzero(~gone)
    expected = slow.sort_by_cell(x[kept], y[kept], 0.0, 10.0, side, 0.3 * side, rows, columns)
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
    assert gaps[-1] == pytest.approx(CollisionFreeSpeed().time_gap * 0.5, rel=0.02)


@pytest.mark.parametrize("creep", [0.0, 0.09])
@settings(max_examples=15)
@given(st.integers(0, 2**31))
def test_gaps_do_not_close_further_than_a_step(creep, seed):
    """Collision-free up to the step: nobody overlaps by more than two people walk towards each other in one step.

    Who creeps slips past those beside it, as far as shoulders allow; and who is kept off a wall at the width of its body may be
    moved into somebody, so here people may touch walls.
    """
    model = CollisionFreeSpeed(creep_speed=creep, clearance=0.05)
    area = shapely.box(0, 0, 8, 8)
    points = scattered(area, 60, seed)
    crowd = crowd_of(ground_of(area), [shapely.box(7.5, 3, 8, 5)], people_of(points, speed=1.34), model=model, dt=0.01)
    beside = 0.4 * (1.0 - model.shoulder) if creep else 0.0
    overlap = 0.0
    for _ in range(300):
        crowd.advance()
        shot = crowd.snapshot()
        if len(shot.id) > 1:
            apart = np.hypot(shot.x[:, None] - shot.x, shot.y[:, None] - shot.y)[np.triu_indices(len(shot.id), 1)]
            overlap = max(overlap, float((0.4 - apart).max()))
    assert overlap < beside + 2 * 1.34 * 0.01
