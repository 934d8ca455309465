"""Laws of the crowd: symmetry, the same on any number of cores, nobody lost, levels that do not touch."""

from __future__ import annotations

import numba
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sim.scenes import (
    STREET_Z,
    WHARF_Z,
    bridge_over_wharf,
    closest_pair,
    crowd_of,
    goals_of,
    ground_of,
    journeys_of,
    leaving,
    people_of,
    scattered,
    stair_in_the_street,
    wharf_and_street,
)
from twin.sim.crowd.engine import Crowd
from twin.sim.crowd.models.collision_free_speed import CollisionFreeSpeed
from twin.sim.model import STAGE_LEAVE, STAGE_PASS, STAGE_STAY

ROOM = shapely.box(0, 0, 16, 10).difference(shapely.box(6, 3, 8, 7))
EXITS = (shapely.box(15, 1, 16, 3), shapely.box(0, 0, 4, 0.75))


def same(one, two):
    return all(np.array_equal(a, b) for a, b in zip(one, two, strict=True))


def room_crowd(count=60, seed=3, **settings):
    points = scattered(ROOM, count, seed)
    random = np.random.default_rng(seed)
    people = people_of(points, speed=random.uniform(0.8, 1.7, count), journey=random.integers(0, 2, count).astype(np.int32))
    return crowd_of(ground_of(ROOM), EXITS, people, **settings)


def test_serial_and_parallel_are_the_same_to_the_bit():
    serial, parallel = room_crowd(parallel=False), room_crowd(parallel=True)
    for _ in range(20):
        serial.advance(10)
        parallel.advance(10)
        assert same(serial.snapshot(), parallel.snapshot())
    np.testing.assert_array_equal(serial.exit_time, parallel.exit_time)


def test_bodies_of_one_size_are_as_any_others():
    one, other = room_crowd(), room_crowd()
    assert one._alike
    other._alike = False
    for _ in range(40):
        one.advance(10)
        other.advance(10)
        assert same(one.snapshot(), other.snapshot())
    assert one.left > 10  # who has left is in nobody's way in either


@pytest.mark.skipif(numba.config.NUMBA_NUM_THREADS < 2, reason="one core")
def test_any_number_of_threads_gives_the_same():
    before = numba.get_num_threads()
    shots = []
    try:
        for threads in (1, 2, numba.config.NUMBA_NUM_THREADS):
            numba.set_num_threads(threads)
            crowd = room_crowd(parallel=True)
            crowd.advance(200)
            shots.append(crowd.snapshot())
    finally:
        numba.set_num_threads(before)
    assert all(same(shots[0], shot) for shot in shots[1:])


def test_two_runs_are_the_same_and_so_is_one_in_pieces():
    one, two, pieces = room_crowd(), room_crowd(), room_crowd()
    one.advance(150)
    two.advance(150)
    for _ in range(150):
        pieces.advance(1)
    assert same(one.snapshot(), two.snapshot())
    assert same(one.snapshot(), pieces.snapshot())
    assert one.time == pieces.time == 150 * 0.05


def test_looking_does_not_change_what_happens():
    watched, alone = room_crowd(), room_crowd()
    for _ in range(100):
        watched.advance()
        assert watched.snapshot().time == watched.time
        assert watched.present + watched.left == 60
    alone.advance(100)
    assert same(watched.snapshot(), alone.snapshot())


@pytest.mark.parametrize("dt", [0.01, 0.05])
def test_a_mirrored_room_has_mirrored_people(dt):
    points = scattered(ROOM, 50, 5)
    speed = np.random.default_rng(5).uniform(0.8, 1.7, 50)
    turned = shapely.affinity.scale(ROOM, xfact=-1, origin=(0, 0))
    one = crowd_of(ground_of(ROOM), EXITS[:1], people_of(points, speed=speed), dt=dt)
    mirror = [shapely.affinity.scale(EXITS[0], xfact=-1, origin=(0, 0))]
    two = crowd_of(ground_of(turned), mirror, people_of(points * [-1, 1], speed=speed), dt=dt)
    for _ in range(4):
        one.advance(round(0.5 / dt))
        two.advance(round(0.5 / dt))
        a, b = one.snapshot(), two.snapshot()
        np.testing.assert_array_equal(a.id, b.id)
        np.testing.assert_allclose(a.x, -b.x, atol=1e-9)
        np.testing.assert_allclose(a.y, b.y, atol=1e-9)


def test_it_does_not_matter_who_is_called_what():
    """Only the order of sums changes, so paths agree to rounding until that grows (here: two seconds)."""
    points = scattered(ROOM, 60, 7)
    speed = np.random.default_rng(7).uniform(0.8, 1.7, 60)
    order = np.random.default_rng(8).permutation(60)
    one = crowd_of(ground_of(ROOM), EXITS[:1], people_of(points, speed=speed))
    two = crowd_of(ground_of(ROOM), EXITS[:1], people_of(points[order], speed=speed[order]))
    one.advance(40)
    two.advance(40)
    a, b = one.snapshot(), two.snapshot()
    back = np.argsort(order[b.id])
    np.testing.assert_array_equal(a.id, order[b.id][back])
    np.testing.assert_allclose(a.x, b.x[back], atol=1e-7)
    np.testing.assert_allclose(a.y, b.y[back], atol=1e-7)


def test_where_the_origin_lies_does_not_matter():
    points = scattered(ROOM, 30, 9)
    here = crowd_of(ground_of(ROOM), EXITS[:1], people_of(points))
    shift = np.array([4096.0, -8192.0])
    moved = shapely.affinity.translate(ROOM, *shift)
    there = crowd_of(ground_of(moved), [shapely.affinity.translate(EXITS[0], *shift)], people_of(points + shift))
    here.advance(40)
    there.advance(40)
    np.testing.assert_allclose(here.snapshot().x, there.snapshot().x - shift[0], atol=1e-6)


@settings(max_examples=20)
@given(st.integers(0, 2**31), st.integers(1, 80), st.floats(0.0, 8.0))
def test_nobody_is_lost(seed, count, spread):
    random = np.random.default_rng(seed)
    # everybody comes out of a doorway where three fit at once
    points = np.column_stack([random.uniform(1.0, 2.0, count), random.uniform(8.0, 9.0, count)])
    start = np.sort(random.uniform(0.0, spread + 0.01, count))
    crowd = crowd_of(ground_of(ROOM), EXITS[:1], people_of(points, start=start))
    entered = 0
    for _ in range(60):
        crowd.advance(10)
        due = int((start <= crowd.time).sum())
        known = crowd.present + crowd.left + crowd.waiting
        # who became due within the last look at the source is not yet counted
        assert int((start <= crowd.time - 0.2).sum()) <= known <= due
        assert crowd.present + crowd.left >= entered
        entered = crowd.present + crowd.left
        shot = crowd.snapshot()
        assert len(shot.id) == crowd.present == len(np.unique(shot.id))
        assert crowd.left == np.isfinite(crowd.exit_time).sum() == (crowd.exit_goal >= 0).sum()
        assert np.isfinite(shot.x).all()
        assert np.isfinite(shot.speed).all()
    crowd.advance(3000)
    assert crowd.finished
    assert crowd.left == count
    assert (crowd.exit_time >= start).all()


def test_who_finds_the_place_taken_waits():
    people = people_of(np.repeat([[2.0, 8.0]], 20, axis=0), start=0.0)
    crowd = crowd_of(ground_of(ROOM), EXITS[:1], people)
    crowd.advance()
    assert (crowd.present, crowd.waiting) == (1, 19)
    for _ in range(20):
        crowd.advance(5)
        shot = crowd.snapshot()
        assert closest_pair(shot.x, shot.y) > 0.3
    assert 0 < crowd.waiting < 19
    crowd.advance(4000)
    assert crowd.finished


def test_who_waits_enters_in_order_and_on_time():
    start = np.array([0.0, 1.0, 2.5, 2.5])
    points = [(2.0, 8.0), (2.0, 1.5), (12.0, 8.0), (12.0, 2.0)]
    crowd = crowd_of(ground_of(ROOM), EXITS[:1], people_of(points, start=start))
    seen = {}
    for _ in range(80):
        crowd.advance()
        for i in crowd.snapshot().id:
            seen.setdefault(int(i), crowd.time)
    for i, first in seen.items():
        assert start[i] < first <= start[i] + 0.2 + 0.05 + 1e-9


# --- journeys


def test_a_waypoint_is_passed_before_the_exit():
    point = shapely.box(12, 8, 14, 10)
    journeys = journeys_of([(0, STAGE_PASS, np.inf), (1, STAGE_LEAVE, np.inf)])
    crowd = crowd_of(ground_of(ROOM), [point, EXITS[1]], people_of([(2, 2), (3, 8)]), journeys=journeys)
    reached = set()
    while not crowd.finished and crowd.time < 120:
        crowd.advance()
        shot = crowd.snapshot()
        reached |= {int(i) for i in shot.id[shapely.contains_xy(point.buffer(0.3), shot.x, shot.y)]}
    assert reached == {0, 1}
    assert crowd.exit_goal.tolist() == [1, 1]


def test_people_stay_until_the_end_and_then_leave():
    zone = shapely.box(9, 2, 15, 8)
    journeys = journeys_of([(0, STAGE_STAY, 40.0), (1, STAGE_LEAVE, np.inf)])
    points = scattered(shapely.box(0.5, 1, 5, 9), 25, 1)
    crowd = crowd_of(ground_of(ROOM), [zone, EXITS[1]], people_of(points), journeys=journeys, seed=4)
    crowd.advance(round(25 / 0.05))
    outside = []
    for _ in range(30):
        crowd.advance(10)
        shot = crowd.snapshot()
        outside.append(shapely.distance(shapely.points(shot.x, shot.y), zone))
    assert np.max(outside) < 1.25  # whoever passes a person at the edge may be one step out
    assert np.quantile(outside, 0.95) < 0.1
    assert crowd.left == 0
    assert np.median(shot.speed) < 0.1
    while not crowd.finished and crowd.time < 200:
        crowd.advance(20)
    assert crowd.left == 25
    assert crowd.exit_time.min() > 40.0


def test_whoever_others_keep_from_its_place_stands_beside_it():
    """In a full zone people come to rest, though places that are drawn by lot lie too near to each other."""
    zone = shapely.box(9, 2, 15, 8)
    journeys = journeys_of([(0, STAGE_STAY, 400.0), (1, STAGE_LEAVE, np.inf)])
    points = scattered(shapely.box(0.5, 0.5, 5.5, 9.5), 60, 1)
    crowd = crowd_of(ground_of(ROOM), [zone, EXITS[1]], people_of(points, radius=0.187), journeys=journeys, seed=4)
    crowd.advance(700)
    restless = []
    for _ in range(20):
        crowd.advance(20)
        restless.append((crowd.snapshot().speed > 0.05).mean())
    assert np.mean(restless) < 0.27


def test_who_is_late_for_a_stay_goes_straight_on():
    zone = shapely.box(12, 8, 14, 10)
    journeys = journeys_of([(0, STAGE_STAY, 2.0), (1, STAGE_LEAVE, np.inf)])
    crowd = crowd_of(ground_of(ROOM), [zone, EXITS[1]], people_of([(2.0, 2.0)]), journeys=journeys)
    crowd.advance(round(15 / 0.05))
    assert crowd.left == 1


def test_a_last_stage_that_is_passed_or_stayed_at_ends_the_journey():
    for kind in (STAGE_PASS, STAGE_STAY):
        rows = journeys_of([(0, kind, 10.0)])
        bare = rows._replace(goal=rows.goal[:, :1], kind=rows.kind[:, :1], until=rows.until[:, :1])
        crowd = crowd_of(ground_of(ROOM), [shapely.box(9, 2, 15, 8)], people_of([(2.0, 2.0)]), journeys=bare)
        crowd.advance(600)
        assert crowd.present == 1
        shot = crowd.snapshot()
        assert shot.speed[0] == 0.0
        assert shapely.contains_xy(ROOM, shot.x[0], shot.y[0])


def test_who_stands_in_a_place_is_where_the_seed_says():
    zone = shapely.box(9, 2, 15, 8)
    journeys = journeys_of([(1, STAGE_PASS, np.inf), (0, STAGE_STAY, 1e9)])
    spots = []
    for seed in (1, 1, 2):
        crowd = crowd_of(ground_of(ROOM), [zone, shapely.box(0, 0, 5, 10)], people_of([(1.0, 5.0)]), journeys=journeys, seed=seed)
        crowd.advance(800)
        spots.append((crowd.snapshot().x[0], crowd.snapshot().y[0]))
    assert spots[0] == spots[1] != spots[2]


# --- levels


def test_people_on_a_bridge_and_beneath_do_not_touch():
    ground = bridge_over_wharf()
    exits = [shapely.box(8, 15, 14, 16), (shapely.box(21, 0, 22, 6), "wharf")]
    deck, wharf = scattered(shapely.box(8, -10, 14, 4), 60, 1), scattered(shapely.box(0, 0, 14, 6), 60, 2)
    both = people_of(np.vstack([deck, wharf]), level=np.repeat([0, 1], 60), journey=np.repeat([0, 1], 60))
    model = CollisionFreeSpeed(creep_speed=0.0)  # in which direction somebody creeps hangs on its number
    together = crowd_of(ground, exits, both, model=model)
    above = crowd_of(ground, exits, people_of(deck), model=model)
    below = crowd_of(ground, exits, people_of(wharf, level=1, journey=1), model=model)
    met = 0
    for _ in range(25):
        for crowd in (together, above, below):
            crowd.advance(8)
        all_, up, down = together.snapshot(), above.snapshot(), below.snapshot()
        on_deck = all_.level == 0
        np.testing.assert_array_equal(all_.id[on_deck], up.id)
        np.testing.assert_array_equal(all_.x[on_deck], up.x)
        np.testing.assert_array_equal(all_.y[on_deck], up.y)
        np.testing.assert_array_equal(all_.id[~on_deck] - 60, down.id)
        np.testing.assert_array_equal(all_.x[~on_deck], down.x)
        np.testing.assert_array_equal(all_.y[~on_deck], down.y)
        if on_deck.any() and (~on_deck).any():
            apart = np.hypot(all_.x[on_deck][:, None] - all_.x[~on_deck], all_.y[on_deck][:, None] - all_.y[~on_deck])
            met += int((apart < 0.3).sum())
    assert met > 0  # in plan they stood in each other's place


@pytest.mark.parametrize("angle", [0.0, 13.0, 19.0, 37.0, 62.0])
def test_nobody_leaves_the_floor_of_its_level_at_a_stair(angle):
    """However the edge of the stair runs through the cells, who comes up is on the street, and who goes down on the wharf."""
    ground, turned = stair_in_the_street(angle)
    goals = goals_of(ground, turned(shapely.box(0, 8, 20, 10)), (turned(shapely.box(0, -14, 20, -13)), "wharf"))
    up, down = scattered(shapely.box(1, -12, 19, -7), 70, 1), scattered(shapely.box(12, -5, 19, 7), 30, 2)
    points = shapely.get_coordinates(turned(shapely.MultiPoint(np.vstack([up, down]))))
    people = people_of(points, level=np.repeat([1, 0], [70, 30]), journey=np.repeat([0, 1], [70, 30]))
    crowd = Crowd(ground.floor, goals, leaving(2), people)
    floor, off = ground.floor, 0.0
    while not crowd.finished and crowd.time < 150.0:
        crowd.advance()
        shot = crowd.snapshot()
        row, column = ((floor.north - shot.y) / floor.cell).astype(int), ((shot.x - floor.west) / floor.cell).astype(int)
        off = min(off, float(floor.distance[shot.level, row, column].min(initial=0.0)))
    assert crowd.left == 100
    assert off > -0.75 * floor.cell


def test_people_at_the_top_of_a_stair_see_each_other():
    ground = wharf_and_street()
    up = goals_of(ground, shapely.box(0, 9, 20, 10))
    # one on the wharf's level in the portal, one ahead of it on the street's
    people = people_of([(9.5, -0.9), (9.5, -0.25)], level=np.array([1, 0]), speed=np.array([1.5, 0.0]))
    crowd = Crowd(ground.floor, up, leaving(), people)
    apart = np.inf
    for _ in range(100):
        crowd.advance()
        shot = crowd.snapshot()
        if len(shot.id) == 2:
            apart = min(apart, closest_pair(shot.x, shot.y))
    assert 0.35 < apart < 0.8
    alone = Crowd(ground.floor, up, leaving(), people_of([(9.5, -0.9)], level=1, speed=1.5))
    alone.advance(5)
    crowd = Crowd(ground.floor, up, leaving(), people)
    crowd.advance(5)
    assert abs(crowd.snapshot().x[0] - alone.snapshot().x[0]) + abs(crowd.snapshot().y[0] - alone.snapshot().y[0]) > 0.05


@pytest.mark.parametrize("down", [False, True])
def test_a_stair_slows_and_lifts(down):
    ground = wharf_and_street()
    goals = goals_of(ground, (shapely.box(0, -12, 20, -11), "wharf") if down else shapely.box(0, 9, 20, 10))
    people = people_of([(9.5, 5.0 if down else -10.0)], level=0 if down else 1, speed=1.34)
    crowd = Crowd(ground.floor, goals, leaving(), people)
    on_stair, on_flat, heights = [], [], []
    while not crowd.finished and crowd.time < 60:
        crowd.advance()
        shot = crowd.snapshot()
        if len(shot.id):
            (on_stair if -5.5 < shot.y[0] < -0.5 else on_flat).append(shot.speed[0])
            heights.append(shot.z[0])
            if not -6.3 < shot.y[0] < 0.3:
                assert shot.level[0] == (0 if shot.y[0] > 0 else 1)
    assert crowd.left == 1
    assert np.median(on_stair) == pytest.approx(0.69 if down else 0.61, rel=0.01)
    assert np.median(on_flat) == pytest.approx(1.34, rel=0.01)
    steps = np.diff(heights) * (-1 if down else 1)
    assert steps.min() > -0.02
    assert abs(heights[-1] - heights[0]) == pytest.approx(STREET_Z - WHARF_Z, abs=0.01)


def test_passages_are_counted_by_side_and_level():
    area = shapely.box(0, 0, 20, 4)
    people = people_of([(2.0, 1.0), (2.0, 3.0), (18.0, 2.0)], journey=np.array([0, 0, 1]))
    lines = np.array([[10.0, 0.0, 10.0, 4.0], [10.0, 4.0, 10.0, 0.0], [5.0, 0.0, 5.0, 2.0]])
    crowd = crowd_of(ground_of(area), [shapely.box(19, 0, 20, 4), shapely.box(0, 0, 1, 4)], people, lines=lines)
    crowd.advance(600)
    assert crowd.finished
    # along the first line, northward, east is to the right
    assert crowd.passed[:, 0].tolist() == [[1, 0], [1, 0], [0, 1]]
    assert crowd.passed[:, 1].tolist() == [[0, 1], [0, 1], [1, 0]]
    assert crowd.passed[0, 2].tolist() == [1, 0]
    elsewhere = crowd_of(ground_of(area), [shapely.box(19, 0, 20, 4), shapely.box(0, 0, 1, 4)], people, lines=lines,
                         line_level=np.ones(3, np.int32))  # fmt: skip
    elsewhere.advance(600)
    assert not elsewhere.passed.any()


def test_nobody_at_all_is_possible():
    crowd = crowd_of(ground_of(ROOM), EXITS, people_of(np.empty((0, 2))), journeys=leaving(2))
    crowd.advance(3)
    assert crowd.finished
    assert crowd.step == 3
    assert len(crowd.snapshot().id) == 0


def test_people_leave_when_they_reach_the_exit_and_not_a_step_later():
    """Also in steps so short that what people want is asked again only after several."""
    points = np.column_stack([10.0 + 0.26 * np.arange(24), 1.0 + 0.8 * (np.arange(24) % 8)])
    crowd = crowd_of(ground_of(shapely.box(0, 0, 20, 8)), [shapely.box(19, 0, 20, 8)], people_of(points), dt=0.01)
    seen = np.full(24, np.nan)
    while not crowd.finished and crowd.time < 60.0:
        crowd.advance()
        seen = np.where(np.isnan(seen) & (crowd.exit_goal >= 0), crowd.time, seen)
    assert crowd.finished
    np.testing.assert_allclose(crowd.exit_time, seen, atol=1e-9)
