"""Laws of the models: what one body does to another it gets back, nobody through a wall, symmetry, how people set off and turn."""

from __future__ import annotations

import math

import numba
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from numba.core.runtime import rtsys
from numba.core.runtime._nrt_python import memsys_disable_stats, memsys_enable_stats

from tests.sim.scenes import (
    closest_pair,
    crowd_of,
    ground_of,
    journeys_of,
    moved,
    people_of,
    scattered,
    wharf_and_street,
)
from twin.sim.crowd.models import model_named, model_names
from twin.sim.crowd.models.anticipation_velocity import AnticipationVelocity
from twin.sim.crowd.models.social_force import SocialForce, most_friction
from twin.sim.crowd.models.turning import turned, turned_plain
from twin.sim.model import STAGE_LEAVE, STAGE_PASS, STAGE_STAY, Doors, Hours

OURS = model_names()
NEW = ("social-force", "anticipation-velocity")
ROOM = shapely.box(0, 0, 16, 12).difference(shapely.box(6, 3, 8, 7))
EXITS = (shapely.box(15, 1, 16, 3), shapely.box(0, 0, 4, 0.75))


def same(one, two):
    return all(np.array_equal(a, b) for a, b in zip(one, two, strict=True))


def room_crowd(name, seed=3, count=120, **settings):
    """People of two journeys who mix in a room with a pillar; one in ten sets off late."""
    points = scattered(ROOM, count, seed)
    random = np.random.default_rng(seed)
    people = people_of(
        points, speed=random.uniform(0.8, 1.7, len(points)), radius=random.uniform(0.15, 0.21, len(points)),
        journey=random.integers(0, 2, len(points)).astype(np.int32),
    )._replace(go=np.where(random.random(len(points)) < 0.1, 3.0, 0.0))  # fmt: skip
    return crowd_of(ground_of(ROOM), EXITS, people, model=model_named(name), **settings)


@pytest.mark.slow
@pytest.mark.parametrize("name", OURS)
@settings(max_examples=8)
@given(st.integers(0, 2**31), st.sampled_from([0.01, 0.05]))
def test_one_thread_two_and_none_are_the_same_to_the_bit(name, seed, dt):
    before, shots = numba.get_num_threads(), []
    try:
        for threads in (0, 1, 2):
            numba.set_num_threads(min(max(threads, 1), before))
            crowd = room_crowd(name, seed, parallel=threads > 0, dt=dt)
            crowd.advance(80)
            shots.append(crowd.snapshot())
    finally:
        numba.set_num_threads(before)
    assert shots[0].speed.max() > 0.5
    assert same(shots[0], shots[1])
    assert same(shots[0], shots[2])


@pytest.mark.parametrize("name", OURS)
@settings(max_examples=8)
@given(st.integers(0, 2**31), st.integers(1, 89))
def test_a_run_goes_on_from_a_checkpoint_to_the_bit(name, seed, split):
    whole, before, after = (room_crowd(name, seed) for _ in range(3))
    whole.advance(90)
    before.advance(split)
    after.restore(before.state())
    after.advance(90 - split)
    assert same(whole.snapshot(), after.snapshot())
    np.testing.assert_array_equal(whole.exit_time, after.exit_time)


@pytest.mark.parametrize("name", OURS)
@settings(max_examples=8)
@given(st.integers(0, 2**31), st.sampled_from([0.01, 0.05]))
def test_a_mirrored_room_has_mirrored_people(name, seed, dt):
    """To rounding, for a second: later it may have grown. Who creeps draws lots, so nobody does."""
    points, speed = scattered(ROOM, 50, seed), np.random.default_rng(seed).uniform(0.8, 1.7, 50)
    turned = shapely.affinity.scale(ROOM, xfact=-1, origin=(0, 0))
    mirror = shapely.affinity.scale(EXITS[0], xfact=-1, origin=(0, 0))
    model = model_named(name, **({"creep_speed": 0.0} if name == "collision-free-speed" else {}))
    one = crowd_of(ground_of(ROOM), EXITS[:1], people_of(points, speed=speed), model=model, dt=dt)
    two = crowd_of(ground_of(turned), [mirror], people_of(points * [-1, 1], speed=speed), model=model, dt=dt)
    for crowd in (one, two):
        crowd.advance(round(1.0 / dt))
    a, b = one.snapshot(), two.snapshot()
    np.testing.assert_array_equal(a.id, b.id)
    np.testing.assert_allclose(a.x, -b.x, atol=1e-5)
    np.testing.assert_allclose(a.y, b.y, atol=1e-5)


@pytest.mark.parametrize("name", OURS)
def test_everybody_gets_out_and_is_counted_once(name):
    area = shapely.box(0, 0, 20, 8)
    points = scattered(shapely.box(1, 1, 9, 7), 60, 2)
    crowd = crowd_of(
        ground_of(area), [shapely.box(19, 0, 20, 8)], people_of(points), model=model_named(name),
        lines=np.array([[12.0, 0.0, 12.0, 8.0]]),
    )  # fmt: skip
    crowd.advance(800)
    assert crowd.finished
    assert (crowd.passed[:, 0] == [1, 0]).all()


@pytest.mark.parametrize("name", NEW)
def test_doors_let_through_so_many_and_waypoints_are_passed(name):
    area, cross = shapely.box(0, 0, 20, 8), np.array([[10.0, 0.0, 10.0, 8.0]])
    hours = Hours(np.array([1.0]), np.array([[10.0]]), np.array([[np.inf]]))
    journeys = journeys_of([(1, STAGE_PASS, np.inf), (0, STAGE_LEAVE, np.inf)])
    crowd = crowd_of(
        ground_of(area), [shapely.box(19, 0, 20, 8), shapely.box(13, 0, 14, 8)],
        people_of(scattered(shapely.box(1, 1, 8, 7), 20, 1)),
        journeys=journeys, model=model_named(name), doors=Doors(cross, np.zeros(1, np.int32), hours), lines=cross,
    )  # fmt: skip
    crossed = []
    while crowd.left < 20 and crowd.time < 60:
        before = crowd.passed.sum()
        crowd.advance()
        crossed += [crowd.time] * int(crowd.passed.sum() - before)
    assert len(crossed) == 20
    assert crossed[0] >= 10.0
    assert np.diff(crossed).min() >= 1.0 - 0.051


@pytest.mark.parametrize("name", NEW)
def test_nobody_slips_off_a_stair(name):
    ground = wharf_and_street()
    street, wharf = (ground.walkable.floors[level].buffer(1e-6) for level in ("street", "wharf"))
    up, down = scattered(shapely.box(0, -12, 20, -6), 20, 1), scattered(shapely.box(0, 0, 20, 10), 20, 2)
    people = people_of(
        np.vstack([up, down]), level=np.repeat([1, 0], [len(up), len(down)]), journey=np.repeat([0, 1], [len(up), len(down)])
    )
    exits = [shapely.box(0, 9, 20, 10), (shapely.box(0, -12, 20, -11), "wharf")]
    crowd = crowd_of(ground, exits, people, model=model_named(name))
    while not crowd.finished and crowd.time < 90:
        crowd.advance()
        shot = crowd.snapshot()
        on = [shapely.contains_xy(floor, shot.x, shot.y) for floor in (street, wharf)]
        assert np.where(shot.level == 0, *on).all()
    assert crowd.left == 40


def pressing(seed, count, room, corner, *, model=None, dt=0.05):
    """Everybody wants into a corner of a room, and nobody may leave."""
    never = Hours(np.full(1, np.inf), np.array([[1e9]]), np.array([[np.inf]]))
    people = people_of(scattered(room, count, seed))
    return crowd_of(ground_of(room), [corner], people, model=model or SocialForce(), exit_hours=never, dt=dt)


SQUARE = shapely.box(0, 0, 10, 10)
CORNERS = (
    (SQUARE, shapely.box(9.4, 9.4, 10, 10)),
    # a funnel with an acute end
    (shapely.Polygon([(0, 0), (14, 0), (14, 3), (10, 10), (6, 4), (0, 4)]), shapely.box(9.6, 8.8, 10.2, 9.4)),
    # a thin screen in front of the corner
    (SQUARE.difference(shapely.box(7.0, 7.0, 7.02, 9.0)), shapely.box(9.4, 9.4, 10, 10)),
)


@pytest.mark.parametrize("name", OURS)
@settings(max_examples=8)
@given(st.integers(0, 2**31), st.integers(0, len(CORNERS) - 1), st.sampled_from([0.01, 0.05]))
def test_nobody_passes_a_wall_in_a_crush(name, seed, which, dt):
    room, corner = CORNERS[which]
    crowd = pressing(seed, 250, room, corner, model=model_named(name), dt=dt)
    shapely.prepare(room)
    before = crowd.snapshot()
    people = len(before.id)
    assert people > 150
    for _ in range(120):
        crowd.advance()
        now = crowd.snapshot()
        assert len(now.id) == people
        moves = shapely.linestrings(np.stack([np.stack([before.x, before.y], 1), np.stack([now.x, now.y], 1)], 1))
        assert shapely.covers(room, moves).all()
        before = now


def test_a_crush_comes_to_rest_and_presses_most_where_all_push_to():
    crowd = pressing(1, 250, *CORNERS[0])
    crowd.advance(900)
    shot = crowd.snapshot()
    assert shot.speed.mean() < 0.02
    # bodies give way by centimetres, not more
    assert 0.25 < closest_pair(shot.x, shot.y) < 0.4
    far = np.hypot(10 - shot.x, 10 - shot.y)
    near, back = shot.pressure[far < 2.0].mean(), shot.pressure[far > np.quantile(far, 0.75)].mean()
    assert near > 5.0 * back
    assert near > 100.0
    for one in (shot.pressure.min(), shot.pressure.max()):
        assert 0.0 <= one < 2e4


@pytest.mark.parametrize("count", [1, 8])
def test_who_stands_first_in_a_file_bears_the_push_of_all(count):
    """Statics: the wall at the end of a corridor holds what drives everybody, n m v0 / tau."""
    model, room = SocialForce(), shapely.box(0, 0, 6, 0.5)
    points = [(5.75 - 0.42 * k, 0.25) for k in range(count)]
    crowd = crowd_of(ground_of(room, 0.1), [shapely.box(0, 0, 0.3, 0.5)], people_of(points, speed=1.34), model=model, dt=0.01)
    rows = crowd.store.arrays
    for _ in range(1500):
        if crowd.stale:
            crowd._build()
        crowd._intend()
        rows["want_x"][:count], rows["want_y"][:count], rows["want_speed"][:count] = 1.0, 0.0, 1.34
        crowd._move(0)
        crowd._settle(0)
        crowd.step += 1
    shot = crowd.snapshot()
    d = 6.0 - shot.x.max()
    driven = count * model.mass * 1.34 / model.reaction_time
    held = model.wall_strength * math.exp((0.2 - d) / model.range) + model.body_force * max(0.2 - d, 0.0)
    assert held == pytest.approx(driven, rel=0.02)
    if count == 1:
        assert shot.pressure[0] == 0.0
    else:
        first = shot.pressure[np.argmax(shot.x)]
        # contact at both sides: with the wall, and with the next behind
        gap = np.diff(np.sort(shot.x))[-1]
        normal = model.body_force * (max(0.2 - d, 0.0) + max(0.4 - gap, 0.0))
        assert first == pytest.approx(normal / (2 * math.pi * 0.2), rel=1e-3)


@settings(max_examples=30)
@given(st.integers(0, 2**31), st.floats(0.002, 0.02))
def test_what_a_body_does_to_another_it_gets_back(seed, dt):
    """Momentum: among people in the open only their own drive changes the sum."""
    field, model = shapely.box(0, 0, 40, 40), SocialForce()
    points = 20.0 + 0.75 * (scattered(shapely.box(18, 18, 22, 22), 40, seed, clear=0.0) - 20.0)
    count = len(points)
    random = np.random.default_rng(seed)
    people = people_of(20 + 8 * (points - 20), speed=3.0)
    crowd = crowd_of(ground_of(field), [shapely.box(39, 0, 40, 40)], people, model=model, dt=dt)
    rows = crowd.store.arrays
    order = rows["person"][:count]
    rows["x"][:count], rows["y"][:count] = points[order].T
    for name in ("vx", "vy"):
        rows[name][:count] = random.uniform(-1.0, 1.0, count)
    rows["desired"][:count] = 1e3  # nobody is too fast
    people, found = moved(crowd, field, dt)
    drive = (people.want_speed[:, None] * people.want - people.velocity) / model.reaction_time
    change = found.velocity - people.velocity - dt * drive
    scale = np.abs(change).sum()
    assert scale > 0.01
    assert np.abs(change.sum(axis=0)).max() < 1e-5 * scale
    assert (found.pressure > 0).any()


def test_friction_brings_sliding_bodies_to_one_speed_and_no_further():
    model = SocialForce()
    for dt in (0.001, 0.01):
        # twice the mass, since both bodies are slowed
        assert 2.0 * most_friction(model, dt) * dt / model.mass < 1.0
    room = shapely.box(0, 0, 30, 30)
    crowd = crowd_of(
        ground_of(room), [shapely.box(29, 0, 30, 30)], people_of([(10.0, 15.0), (10.0, 15.5)], speed=2.0), model=model, dt=0.01
    )
    rows = crowd.store.arrays
    rows["y"][:2] = np.where(rows["y"][:2] > 15.2, 15.39, 15.0)
    rows["vx"][:2] = np.where(rows["y"][:2] > 15.2, 1.0, 0.0)
    _, found = moved(crowd, room, 0.01)
    one, two = found.velocity[np.argsort(rows["y"][:2])][:, 0] - 0.01 * (2.0 - np.array([0.0, 1.0])) / 0.5
    assert 0.0 < one <= 0.5 <= two < 1.0
    assert one + two == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize("dt", [0.01, 0.05])
def test_alone_one_sets_off_with_the_reaction_time(dt):
    area = shapely.box(0, -5, 60, 5)
    model = SocialForce()
    crowd = crowd_of(ground_of(area), [shapely.box(59, -5, 60, 5)], people_of([(5.0, 0.0)], speed=1.3), model=model, dt=dt)
    for _ in range(round(2.0 / dt)):
        crowd.advance()
        # exact for the parts that a step is taken in; in the limit 1 - exp(-t / tau)
        parts = crowd.step * model.substeps(dt)
        expected = 1.3 * (1.0 - (1.0 - dt / model.substeps(dt) / 0.5) ** parts)
        assert crowd.snapshot().speed[0] == pytest.approx(expected, rel=1e-6)
        assert expected == pytest.approx(1.3 * (1.0 - math.exp(-crowd.time / 0.5)), abs=0.02)
    crowd.advance(round(3.0 / dt))
    assert crowd.snapshot().speed[0] == pytest.approx(1.3, rel=1e-3)


def test_alone_one_turns_with_the_reaction_time():
    area = shapely.box(-30, -30, 30, 30)
    crowd = crowd_of(
        ground_of(area), [shapely.box(29, -30, 30, 30)], people_of([(0.0, 0.0)], speed=1.2), model=AnticipationVelocity(), dt=0.01
    )
    rows = crowd.store.arrays
    rows["heading_x"][0], rows["heading_y"][0] = 0.0, 1.0
    speeds, angles = [], []
    for _ in range(200):
        crowd.advance()
        speeds.append(crowd.snapshot().speed[0])
        angles.append(math.atan2(rows["heading_y"][0], rows["heading_x"][0]))
    assert speeds == pytest.approx([1.2] * 200)
    assert np.all(np.diff(angles) < 0)
    # the unit vector follows de/dt = (e0 - e) / tau, made one long again: tan(angle / 2) falls as exp(-t / tau)
    times = 0.01 * np.arange(1, 201)
    np.testing.assert_allclose(np.tan(0.5 * np.array(angles)), np.exp(-times / 0.3), atol=0.015)


@pytest.mark.parametrize("name", ["collision-free-speed", "anticipation-velocity"])
@pytest.mark.parametrize("angle", [0.0, 0.5, 2.0, 3.0, -3.0, math.pi, -math.pi])
def test_whoever_faces_elsewhere_turns_and_goes(name, angle):
    """Straight back as well, where there is no shorter side."""
    area = shapely.box(-30, -30, 30, 30)
    crowd = crowd_of(ground_of(area), [shapely.box(29, -30, 30, 30)], people_of([(0.0, 0.0)], speed=1.2), model=model_named(name))
    rows = crowd.store.arrays
    crowd._intend()
    rows["heading_x"][0], rows["heading_y"][0] = np.cos(angle), np.sin(angle)
    crowd.advance(40)
    assert rows["heading_x"][0] > 0.99
    assert crowd.snapshot().x[0] > 0.5


@settings(max_examples=100)
@given(st.floats(-math.pi, math.pi), st.floats(-math.pi, math.pi), st.floats(0.01, 0.9))
def test_a_turn_ends_where_it_should_and_never_rests_before(facing, wanted, part):
    h, t = ((math.cos(angle), math.sin(angle)) for angle in (facing, wanted))
    plain = np.array(h)
    for k in range(math.ceil(12.0 / part)):
        before = h
        h = turned(*h, *t, part)
        if k == 0:
            np.testing.assert_allclose(h, turned_plain(plain, np.array(t), part), atol=1e-12)
            assert np.hypot(h[0] - before[0], h[1] - before[1]) > 0.0 or math.dist(h, t) < 1e-9
        assert math.hypot(*h) == pytest.approx(1.0)
    assert math.dist(h, t) < 1e-3


@pytest.mark.parametrize("offset", [0.0, 0.02, -0.3])
@pytest.mark.parametrize("dt", [0.01, 0.05])
def test_two_who_meet_head_on_step_aside_and_pass(offset, dt):
    area = shapely.box(0, 0, 24, 8)
    people = people_of([(4.0, 4.0), (20.0, 4.0 + offset)], journey=np.array([0, 1]), speed=1.2)
    exits = [shapely.box(23.5, 3, 24, 5), shapely.box(0, 3, 0.5, 5)]
    crowd = crowd_of(ground_of(area), exits, people, model=AnticipationVelocity(), dt=dt)
    apart, aside = math.inf, 0.0
    while not crowd.finished and crowd.time < 40.0:
        crowd.advance()
        shot = crowd.snapshot()
        if len(shot.id) == 2:
            apart = min(apart, closest_pair(shot.x, shot.y))
            aside = max(aside, abs(shot.y[0] - 4.0))
            if abs(shot.x[0] - shot.x[1]) < 0.3 and offset == 0.0:
                assert shot.y[0] < shot.y[1]  # each to its right
    assert crowd.finished
    assert apart > 0.4
    assert 0.05 < aside < 1.5
    assert crowd.time < 22.0 / 1.2 + 3.0


def test_somebody_beyond_sight_does_not_matter():
    area = shapely.box(0, 0, 40, 20)
    exits = [shapely.box(39, 0, 40, 20), shapely.box(0, 0, 1, 20)]
    alone = crowd_of(ground_of(area), exits, people_of([(10.0, 10.0)]), model=AnticipationVelocity(), dt=0.01)
    met = people_of([(10.0, 10.0), (15.0, 10.1)], journey=np.array([0, 1]))
    both = crowd_of(ground_of(area), exits, met, model=AnticipationVelocity(), dt=0.01)
    while both.snapshot().x[1] - both.snapshot().x[0] > 3.0:
        alone.advance()
        both.advance()
    assert (alone.snapshot().x[0], alone.snapshot().y[0]) == (both.snapshot().x[0], both.snapshot().y[0])
    alone.advance(10)
    both.advance(10)
    assert alone.snapshot().y[0] != both.snapshot().y[0]


@pytest.mark.parametrize("name", NEW)
def test_who_stands_lets_others_by(name):
    area = shapely.box(0, 0, 16, 3)
    points = np.vstack([[(6.0 + 1.1 * k, 0.5 + 0.95 * m) for k in range(3) for m in range(3)], [(1.5, 1.5)]])
    journeys = journeys_of([(1, STAGE_STAY, np.inf)], [(0, STAGE_LEAVE, np.inf)])
    people = people_of(points, journey=np.repeat([0, 1], [9, 1]))
    crowd = crowd_of(
        ground_of(area), [shapely.box(15, 0, 16, 3), shapely.box(5, 0, 10, 3)], people, journeys=journeys, model=model_named(name)
    )
    crowd.advance(100)
    shot = crowd.snapshot()
    assert np.median(shot.speed[:9]) < 0.05
    crowd.advance(900)
    assert crowd.left == 1


@pytest.mark.parametrize("name", OURS)
def test_only_bodies_that_touch_are_pressed(name):
    crowd = room_crowd(name, count=40)
    crowd.advance(5)
    shot = crowd.snapshot()
    assert shot.pressure.dtype == np.float32
    assert len(shot.pressure) == len(shot.id)
    assert not shot.pressure.any()


@pytest.mark.parametrize("name", OURS)
def test_more_people_take_no_more_memory_in_a_step(name):
    """What is allotted in a step is the same for a few people as for many, whose blocks would each want some."""

    def allotted(count):
        area = shapely.box(0, 0, 60, 60)
        crowd = crowd_of(ground_of(area), [shapely.box(59, 0, 60, 60)], people_of(lattice(count)), model=model_named(name))
        crowd.advance(2)
        assert not crowd.stale
        before = rtsys.get_allocation_stats()
        crowd._intend()
        crowd._move(0)
        crowd._settle(0)
        return rtsys.get_allocation_stats().mi_alloc - before.mi_alloc

    memsys_enable_stats()
    try:
        few, many = allotted(30), allotted(900)
    finally:
        memsys_disable_stats()
    assert 0 < many <= few


def lattice(count):
    x, y = np.meshgrid(np.arange(1.0, 31.0), np.arange(1.0, 31.0))
    return np.column_stack([x.ravel(), y.ravel()])[:count]
