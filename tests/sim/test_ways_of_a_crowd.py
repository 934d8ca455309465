"""Profiles, shut doors, jams that some know of, escalators and lifts."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from tests.sim.scenes import crowd_of, goals_of, ground_of, leaving, people_of, scattered, wharf_and_street
from twin.errors import ParameterError, UnreachableError
from twin.sim.crowd.engine import Crowd
from twin.sim.crowd.profiles import profile_routes
from twin.sim.crowd.wayfinding import build_graph, find_routes
from twin.sim.model import STAGE_LEAVE, Doors, Hours, Journeys, Links, Rides

# two ways from west to east: a straight one in the south, a longer one in the north
RING = shapely.box(0, 0, 40, 20).difference(shapely.box(4, 3, 36, 17))
EAST, WEST = shapely.box(37, 0, 40, 2), shapely.box(0, 0, 3, 2)
SOUTH_DOOR = np.array([[20.0, 0.0, 20.0, 3.0]])


def hours(opens=0.0, closes=np.inf):
    return Hours(np.array([np.inf]), np.array([[opens]]), np.array([[closes]]))


def two_profiles(ground):
    """Speeds of who can take stairs and of who cannot, by node."""
    graph = build_graph(ground.floor)
    stair = ground.floor.speed.reshape(-1)[graph.first] < 1.0
    return np.stack([graph.speed, np.where(stair, np.float32(0.0), graph.speed)])


def by_the_north(crowd, steps=1500):
    north = set()
    for _ in range(steps // 10):
        crowd.advance(10)
        shot = crowd.snapshot()
        north |= set(shot.id[(shot.y > 16.5)].tolist())
    return north


def test_people_go_round_a_shut_door_and_through_it_when_it_opens():
    doors = Doors(SOUTH_DOOR, np.zeros(1, np.int32), hours(opens=20.0))
    early = people_of(scattered(shapely.box(0.5, 0.5, 3, 2.5), 6, 1))
    crowd = crowd_of(ground_of(RING), [EAST], early, doors=doors)
    assert by_the_north(crowd) == set(range(6))
    assert crowd.left == 6
    late = early._replace(start=np.full(6, 21.0))
    crowd = crowd_of(ground_of(RING), [EAST], late, doors=doors)
    assert by_the_north(crowd) == set()
    assert crowd.left == 6


def test_a_door_that_shuts_turns_people_at_once():
    hall = shapely.box(0, 0, 200, 3).union(shapely.box(0, 0, 3, 8))
    east, north = shapely.box(199, 0, 200, 3), shapely.box(0, 7, 3, 8)
    doors = Doors(np.array([[195.0, 0.0, 195.0, 3.0]]), np.zeros(1, np.int32), hours())
    crowd = crowd_of(ground_of(hall), [east.union(north)], people_of([(120.0, 1.5)]), doors=doors)
    crowd.advance(60)
    assert crowd.store.arrays["calm"][0] == 1
    assert crowd.store.arrays["want_x"][0] > 0.9
    crowd.open_door(0, False)
    crowd.advance()
    assert crowd.store.arrays["want_x"][0] < -0.9


def test_where_there_is_no_way_round_people_wait_at_the_door():
    hall = shapely.box(0, 0, 20, 6)
    doors = Doors(np.array([[10.0, 0.0, 10.0, 6.0]]), np.zeros(1, np.int32), hours(opens=30.0))
    crowd = crowd_of(ground_of(hall), [shapely.box(19, 0, 20, 6)], people_of([(2.0, 3.0), (2.0, 1.0)]), doors=doors)
    crowd.advance(500)
    assert (crowd.snapshot().x > 9.0).all()
    crowd.advance(600)
    assert crowd.left == 2


def test_who_cannot_take_the_stair_is_refused_or_goes_another_way():
    ground = wharf_and_street()
    up = goals_of(ground, shapely.box(0, 9, 20, 10))
    speeds = two_profiles(ground)
    people = people_of([(9.5, -9.0), (5.0, -9.0)], level=1)
    crowd = Crowd(ground.floor, up, leaving(), people, profile_speed=speeds)
    crowd.advance(1000)
    assert crowd.left == 2
    with pytest.raises(UnreachableError, match="1 people of journey 0 cannot reach goal 0"):
        Crowd(ground.floor, up, leaving(), people._replace(profile=np.array([0, 1])), profile_speed=speeds)
    with pytest.raises(ParameterError, match="`profile` of the people points past the 2 profiles"):
        Crowd(ground.floor, up, leaving(), people._replace(profile=np.array([0, 2])), profile_speed=speeds)


def lift(ground, ride=8.0, seats=3, every=10.0, per_s=np.inf):
    """From the wharf in the west up to the street above."""
    entry, exit_ = ground.cells(shapely.box(1, -8, 3, -6.5), "wharf"), ground.cells(shapely.box(1, 1, 3, 3), "street")
    links = Links(np.array([0, len(entry)]), entry, np.array([0, len(exit_)]), exit_, np.array([ride + 0.5 * every]))
    return Rides(links, np.array([ride]), np.array([per_s]), np.array([every]), np.array([seats], np.int32))


def test_a_lift_takes_those_who_cannot_take_the_stair_some_at_a_time():
    ground = wharf_and_street()
    up = goals_of(ground, shapely.box(0, 9, 20, 10))
    speeds = two_profiles(ground)
    people = people_of(scattered(shapely.box(8, -11, 12, -7), 8, 2), level=1)._replace(profile=np.ones(8, np.int32))
    crowd = Crowd(ground.floor, up, leaving(), people, profile_speed=speeds, rides=lift(ground))
    seen = []
    while not crowd.finished and crowd.time < 120:
        crowd.advance()
        aboard = crowd.riding
        assert crowd.present + crowd.waiting + crowd.left + aboard == 8
        seen.append(aboard)
    assert crowd.left == 8
    assert max(seen) == 3
    assert crowd.referee.carriage.carried.tolist() == [8]
    # nobody took the stair, on which the routes of this profile do not lead
    assert crowd.exit_time.min() > 8.0


def waiting_for_a_lift(people=6, **lift_of):
    """People who cannot take the stair, who have come to the lift and wait for it; and where it is entered."""
    ground = wharf_and_street()
    up = goals_of(ground, shapely.box(0, 9, 20, 10))
    points = scattered(shapely.box(0.5, -11.5, 6, -8.5), people, 2)
    rides = lift(ground, **lift_of)
    return Crowd(ground.floor, up, leaving(), people_of(points, level=1), rides=rides, profile_speed=two_profiles(ground)[1:])


def test_who_waits_for_a_lift_stands_where_it_is_entered_and_is_let_on():
    crowd = waiting_for_a_lift(seats=20, every=40.0)
    crowd.advance(500)
    before = crowd.snapshot()
    crowd.advance(200)
    now = crowd.snapshot()
    assert crowd.riding == 0
    inside = (now.x > 0.9) & (now.x < 3.1) & (now.y > -8.1) & (now.y < -6.4)
    assert inside.sum() == 6
    assert np.hypot(now.x - before.x, now.y - before.y).max() < 0.3
    assert (crowd.store.arrays["standing"][:6] == 1).all()
    crowd.advance(101)
    assert crowd.riding == 6


def test_a_lift_that_does_not_come_is_told():
    crowd = waiting_for_a_lift(every=300.0)
    crowd.advance(2400)
    assert {stall.why for stall in crowd.watch.stalled.values()} == {"ride"}
    assert len(crowd.watch.stalled) == 6


def test_who_waits_for_a_lift_goes_elsewhere_when_it_is_sent():
    ground = wharf_and_street()
    goals = goals_of(ground, shapely.box(0, 9, 20, 10), (shapely.box(18, -12, 20, -10), "wharf"))
    journeys = Journeys(np.array([[0], [1]], np.int32), np.full((2, 1), STAGE_LEAVE, np.int8), np.full((2, 1), np.inf))
    people = people_of([(2.0, -9.0), (1.5, -9.0)], level=1)
    speeds = two_profiles(ground)[1:]
    crowd = Crowd(ground.floor, goals, journeys, people, rides=lift(ground, every=300.0), profile_speed=speeds)
    crowd.advance(400)
    assert (crowd.store.arrays["standing"][:2] == 1).all()
    crowd.send([1], 1)
    crowd.advance(600)
    assert crowd.exit_goal.tolist() == [-1, 1]


def test_who_may_choose_takes_what_is_quicker():
    ground = wharf_and_street()
    up = goals_of(ground, shapely.box(0, 9, 20, 10))
    people = people_of([(2.0, -10.0), (9.5, -8.0)], level=1)
    crowd = Crowd(ground.floor, up, leaving(), people, rides=lift(ground, ride=12.0, every=0.0, per_s=1.0))
    crowd.advance(1200)
    assert crowd.left == 2
    assert crowd.referee.carriage.carried.tolist() == [1]  # who starts at the foot of the stair walks


def test_an_escalator_has_a_capacity():
    ground = wharf_and_street()
    up = goals_of(ground, shapely.box(0, 9, 20, 10))
    points = scattered(shapely.box(0.5, -11.5, 6, -8.5), 20, 2)
    rides = lift(ground, ride=3.0, every=0.0, per_s=0.5)
    speeds = two_profiles(ground)[1:]
    crowd = Crowd(ground.floor, up, leaving(), people_of(points, level=1), rides=rides, profile_speed=speeds)
    crowd.advance(round(60 / 0.05))
    assert crowd.left == 20
    assert np.ptp(crowd.exit_time) == pytest.approx(19 / 0.5, abs=3.0)


def everything(parallel=None):
    """People of two profiles, with a lift, a door that opens late, and some who know of jams."""
    ground = wharf_and_street()
    up = goals_of(ground, shapely.box(0, 9, 20, 10))
    points = scattered(shapely.box(0.5, -11.5, 8, -8.5), 30, 2)
    people = people_of(points, level=1)._replace(profile=np.arange(30, dtype=np.int32) % 2)
    doors = Doors(np.array([[0.0, 5.0, 14.0, 5.0]]), np.zeros(1, np.int32), hours(opens=25.0))
    return Crowd(
        ground.floor, up, leaving(), people, rides=lift(ground), rethink_s=3.0, informed=np.arange(30) % 3 > 0, doors=doors,
        profile_speed=two_profiles(ground), parallel=parallel,
    )  # fmt: skip


def same_until_the_end(one, two):
    for _ in range(20):
        for mine, theirs in zip(one.snapshot(), two.snapshot(), strict=True):
            np.testing.assert_array_equal(mine, theirs)
        one.advance(100)
        two.advance(100)
    np.testing.assert_array_equal(one.exit_time, two.exit_time)
    assert one.left == 30


@pytest.mark.parametrize("step", [100, 350, 520])
def test_a_resumed_run_knows_who_rides(step):
    whole = everything()
    whole.advance(step)
    assert whole.riding > 0 or step == 100
    resumed = everything()
    resumed.restore({name: values.copy() for name, values in whole.state().items()})
    assert resumed.riding == whole.riding
    same_until_the_end(whole, resumed)


def test_the_state_of_other_ways_is_refused():
    ground = wharf_and_street()
    up = goals_of(ground, shapely.box(0, 9, 20, 10))
    one, two = (
        Crowd(ground.floor, up, leaving(), people_of([(9.0, -9.0)], level=1), rides=lift(ground, ride=ride)) for ride in (8.0, 9.0)
    )
    with pytest.raises(ParameterError, match="of another run"):
        two.restore(one.state())


def test_any_number_of_cores_gives_the_same_bits():
    same_until_the_end(everything(parallel=False), everything(parallel=True))


def test_ways_that_are_given_are_left_as_they_are():
    ground = ground_of(RING)
    goals = goals_of(ground, EAST)
    doors = Doors(SOUTH_DOOR, np.zeros(1, np.int32), hours())
    routes = find_routes(ground.floor, goals)
    before = routes.time.copy()
    crowd = Crowd(ground.floor, goals, leaving(), people_of([(2.0, 1.5)]), doors=doors, routes=routes)
    assert crowd.routes is routes
    crowd.open_door(0, False)
    assert crowd.routes.time[0, crowd.store.arrays["node"][0]] > routes.time[0, crowd.store.arrays["node"][0]] + 5.0
    np.testing.assert_array_equal(routes.time, before)
    crowd.open_door(0, None)
    np.testing.assert_array_equal(crowd.routes.time, before)


def test_who_is_pushed_onto_a_stair_that_it_cannot_take_comes_off_it_again():
    ground = wharf_and_street()
    up = goals_of(ground, (shapely.box(0, -12, 2, -10), "wharf"))
    people = people_of([(9.5, -4.0)], level=1)._replace(profile=np.ones(1, np.int32))
    speeds = two_profiles(ground)
    routes = profile_routes(build_graph(ground.floor), up, speeds)
    off = speeds[1] == 0.0
    assert off.any()
    assert np.isinf(routes.time[1, off]).all()
    np.testing.assert_allclose(np.hypot(*routes.direction[1, off].T), 1.0)
    crowd = Crowd(ground.floor, up, leaving(), people._replace(profile=None), profile_speed=speeds)
    crowd.store.arrays["ways"][0] = 1  # as if it had been pushed there
    crowd.advance(800)
    assert crowd.left == 1


def test_a_profile_takes_only_what_it_may():
    ground = wharf_and_street()
    up = goals_of(ground, shapely.box(0, 9, 20, 10))
    people = people_of([(2.0, -10.0), (3.0, -10.0)], level=1)._replace(profile=np.array([0, 1], np.int32))
    rides = lift(ground, every=0.0, per_s=1.0)._replace(allowed=np.array([[True], [False]]))
    with pytest.raises(UnreachableError):
        Crowd(ground.floor, up, leaving(), people, profile_speed=two_profiles(ground), rides=rides)
    graph = build_graph(ground.floor)
    crowd = Crowd(ground.floor, up, leaving(), people, profile_speed=np.stack([graph.speed] * 2), rides=rides, graph=graph)
    crowd.advance(1200)
    assert crowd.left == 2
    assert crowd.referee.carriage.carried.tolist() == [1]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"per_s": np.array([0.0])}, "`per_s` of ride 0 is 0.0"),
        ({"seats": np.array([0])}, "`seats` of ride 0 is 0"),
        ({"every_s": np.array([1.0, 2.0])}, r"`every_s` of the rides has shape \(2,\)"),
        ({"allowed": np.ones((2, 1), bool)}, "`allowed` of the rides is of 2 profiles"),
        ({"allowed": np.ones(1, bool)}, "`allowed` of the rides has shape"),
    ],
)
def test_rides_that_cannot_be_are_refused(change, message):
    ground = wharf_and_street()
    up = goals_of(ground, shapely.box(0, 9, 20, 10))
    with pytest.raises(ParameterError, match=message):
        Crowd(ground.floor, up, leaving(), people_of([(9.0, -9.0)], level=1), rides=lift(ground)._replace(**change))


def test_who_knows_of_a_jam_goes_round_it():
    # the southern way has a neck; so many come that it jams
    necked = RING.difference(shapely.box(18, 0, 19, 2.2))
    start = np.sort(np.random.default_rng(1).uniform(0, 90, 300))
    points = np.random.default_rng(2).uniform([0.4, 0.4], [3, 2.6], (300, 2))
    people = people_of(points, start=start)
    knowing, not_ = (crowd_of(ground_of(necked), [EAST], people, rethink_s=rethink) for rethink in (2.0, None))
    took_north = by_the_north(knowing, 3000)
    assert by_the_north(not_, 3000) == set()
    assert 15 < len(took_north) < 285
    assert knowing.left > not_.left + 10


def test_only_the_informed_go_round():
    necked = RING.difference(shapely.box(18, 0, 19, 2.2))
    start = np.sort(np.random.default_rng(1).uniform(0, 90, 300))
    points = np.random.default_rng(2).uniform([0.4, 0.4], [3, 2.6], (300, 2))
    informed = np.arange(300) % 2 == 0
    crowd = crowd_of(ground_of(necked), [EAST], people_of(points, start=start), rethink_s=2.0, informed=informed)
    took = by_the_north(crowd, 3000)
    assert took
    assert all(informed[i] for i in took)
