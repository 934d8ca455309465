"""Doors, exits with hours and capacity, queues, choices, pre-movement, sending people elsewhere."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from tests.sim.scenes import closest_pair, crowd_of, goals_of, ground_of, journeys_of, leaving, people_of, scattered
from twin.errors import ParameterError
from twin.sim.crowd.engine import Crowd
from twin.sim.model import (
    CHOOSE_LEAST_CROWDED,
    CHOOSE_NEAREST,
    CHOOSE_WEIGHTED,
    STAGE_CHOOSE,
    STAGE_LEAVE,
    STAGE_PASS,
    STAGE_QUEUE,
    Choices,
    Doors,
    Hours,
    Queues,
)

HALL = shapely.box(0, 0, 20, 8)
EAST, WEST = shapely.box(19, 0, 20, 8), shapely.box(0, 0, 1, 8)
CROSS = np.array([[10.0, 0.0, 10.0, 8.0]])


def hours(per_s=np.inf, opens=0.0, closes=np.inf, count=1):
    return Hours(np.full(count, per_s), np.full((count, 1), opens), np.full((count, 1), closes))


def door(**how):
    return Doors(CROSS, np.zeros(1, np.int32), hours(**how))


def walkers(count=30, seed=1, **settings):
    return people_of(scattered(shapely.box(1, 1, 8, 7), count, seed), **settings)


def test_nobody_passes_a_closed_door_and_everybody_an_open_one():
    crowd = crowd_of(ground_of(HALL), [EAST], walkers(), doors=door(opens=30.0), lines=CROSS)
    while crowd.time < 30.0 - 1e-9:
        crowd.advance()
        assert (crowd.snapshot().x <= 10.0).all()
    assert not crowd.passed.any()
    crowd.advance(1500)
    assert crowd.left == 30
    # in a throng somebody may step back over the line
    assert (crowd.passed[:, 0, 0] - crowd.passed[:, 0, 1] == 1).all()
    assert crowd.passed[:, 0, 1].sum() <= 1


@pytest.mark.parametrize("per_s", [0.5, 1.33, 2.0])
def test_a_door_lets_through_so_many_a_second(per_s):
    crowd = crowd_of(ground_of(HALL), [EAST], walkers(40), doors=door(per_s=per_s))
    times = []
    while crowd.left < 40 and crowd.time < 150:
        before = crowd.snapshot()
        crowd.advance()
        after = crowd.snapshot()
        crossed = set(before.id[before.x <= 10.0]) & set(after.id[after.x > 10.0])
        times += [crowd.time] * len(crossed)
    assert len(times) == 40
    gaps = np.diff(np.array(times))
    assert gaps.min() >= 1.0 / per_s - 0.051
    assert (len(times) - 1) / (times[-1] - times[0]) == pytest.approx(per_s, rel=0.03)


def test_a_door_may_be_shut_by_hand():
    crowd = crowd_of(ground_of(HALL), [EAST], walkers(10), doors=door())
    crowd.open_door(0, False)
    crowd.advance(400)
    assert crowd.left == 0
    crowd.open_door(0, None)
    crowd.advance(600)
    assert crowd.left == 10


def test_an_exit_may_be_shut_by_hand_and_left_to_itself_again():
    crowd = crowd_of(ground_of(HALL), [EAST], walkers(5))
    crowd.open_exit(0, False)
    crowd.advance(500)
    assert crowd.left == 0
    crowd.open_exit(0, None)
    crowd.advance(200)
    assert crowd.left == 5


def test_an_exit_lets_out_so_many_in_the_order_in_which_they_came():
    crowd = crowd_of(ground_of(HALL), [EAST], walkers(30), exit_hours=hours(per_s=1.0))
    crowd.advance(1400)
    assert crowd.left == 30
    rising = np.sort(crowd.exit_time)
    assert np.diff(rising).min() >= 1.0 - 0.051
    assert rising[-1] - rising[0] == pytest.approx(29.0, abs=1.0)


def test_an_exit_that_is_closed_keeps_people_waiting_in_front_of_it():
    crowd = crowd_of(ground_of(HALL), [EAST], walkers(20), exit_hours=hours(opens=40.0))
    crowd.advance(790)
    shot = crowd.snapshot()
    assert crowd.left == 0
    assert shot.x.max() > 18.3
    assert closest_pair(shot.x, shot.y) > 0.3
    crowd.advance(300)
    assert crowd.left == 20


def two_ways(rule, weight=(1.0, 1.0)):
    """Journey 0 chooses between leaving by the east (journey 1) and by the west (journey 2)."""
    journeys = journeys_of([(0, STAGE_CHOOSE, np.inf)], [(0, STAGE_LEAVE, np.inf)], [(1, STAGE_LEAVE, np.inf)])
    return journeys, Choices(np.array([rule], np.int8), np.array([0, 2]), np.array([1, 2], np.int32), np.array(weight))


@pytest.mark.parametrize("weight", [(1.0, 1.0), (3.0, 1.0), (0.0, 2.0)])
def test_people_choose_by_weight(weight):
    journeys, choices = two_ways(CHOOSE_WEIGHTED, weight)
    people = people_of(scattered(shapely.box(2, 1, 18, 7), 200, 3, apart=0.41))
    crowd = crowd_of(ground_of(HALL), [EAST, WEST], people, journeys=journeys, choices=choices, seed=5)
    crowd.advance(1200)
    assert crowd.left == len(people.x)
    share = float((crowd.exit_goal == 0).mean())
    expected = weight[0] / sum(weight)
    assert share == pytest.approx(expected, abs=4.0 * np.sqrt(expected * (1 - expected) / len(people.x)) + 1e-12)


def test_people_choose_the_nearest():
    journeys, choices = two_ways(CHOOSE_NEAREST)
    people = people_of(scattered(shapely.box(2, 1, 18, 7), 60, 3))
    crowd = crowd_of(ground_of(HALL), [EAST, WEST], people, journeys=journeys, choices=choices)
    crowd.advance(1000)
    assert (crowd.exit_goal == np.where(people.x > 10.0, 0, 1))[abs(people.x - 10.0) > 0.5].all()


def test_people_choose_what_is_least_crowded():
    journeys, choices = two_ways(CHOOSE_LEAST_CROWDED)
    people = people_of(scattered(shapely.box(12, 1, 18, 7), 50, 3))
    crowd = crowd_of(ground_of(HALL), [EAST, WEST], people, journeys=journeys, choices=choices)
    crowd.advance(1400)
    assert sorted(np.bincount(crowd.exit_goal)) == [25, 25]


def test_who_is_on_the_way_to_an_exit_that_closes_takes_another():
    journeys, choices = two_ways(CHOOSE_NEAREST)
    exits = Hours(np.full(2, np.inf), np.zeros((2, 1)), np.array([[3.0], [np.inf]]))
    people = people_of(scattered(shapely.box(12, 1, 15, 7), 20, 3), speed=1.0)
    crowd = crowd_of(ground_of(HALL), [EAST, WEST], people, journeys=journeys, choices=choices, exit_hours=exits)
    crowd.advance(1400)
    assert (crowd.exit_goal == 1).all()


def counter(servers=1, service=2.0, spread=0.0, places=12):
    """A queue along y = 4 with its counter at x = 14, joined on the west side of it."""
    place = np.column_stack([14.0 - 0.6 * np.arange(places), np.full(places, 4.0)])
    return Queues(
        np.array([1]), np.array([0, places]), place, np.array([servers], np.int32), np.array([service]), np.array([spread])
    )  # fmt: skip


QUEUEING = journeys_of([(0, STAGE_QUEUE, np.inf), (0, STAGE_LEAVE, np.inf)])
JOIN = shapely.box(5.5, 2.5, 14.5, 5.5)


@pytest.mark.parametrize(("servers", "service"), [(1, 2.0), (2, 3.0)])
def test_a_queue_serves_one_after_the_other(servers, service):
    start = np.arange(12) * 1.2
    people = people_of(np.repeat([[1.5, 4.0]], 12, axis=0), start=start, speed=1.3)
    crowd = crowd_of(ground_of(HALL), [EAST, JOIN], people, journeys=QUEUEING, queues=counter(servers, service))
    joined = []
    while not crowd.finished and crowd.time < 120:
        crowd.advance()
        joined += [p for p in crowd.referee.lines.members[0] if p not in joined]
    assert crowd.left == 12
    assert joined == sorted(joined)
    # first come, first served, one in each service time and server
    order = np.argsort(crowd.exit_time, kind="stable")
    assert np.abs(order - np.arange(12)).max() <= servers - 1
    assert crowd.exit_time[order[-1]] - crowd.exit_time[order[0]] >= (12 / servers - 1) * service - 1.5
    assert crowd.referee.lines.served == [12]


def test_times_of_service_are_drawn_by_the_seed():
    ends = []
    for seed in (1, 1, 2):
        people = people_of(np.repeat([[1.5, 4.0]], 6, axis=0), start=np.arange(6) * 0.8)
        crowd = crowd_of(ground_of(HALL), [EAST, JOIN], people, journeys=QUEUEING, queues=counter(1, 4.0, 1.0), seed=seed)
        crowd.advance(3000)
        ends.append(crowd.exit_time.tolist())
    assert ends[0] == ends[1] != ends[2]


def test_who_is_sent_elsewhere_leaves_the_queue():
    journeys = journeys_of([(0, STAGE_QUEUE, np.inf), (0, STAGE_LEAVE, np.inf)], [(2, STAGE_LEAVE, np.inf)])
    # not in one line to a hair: people who walk at each other head on would stop there
    people = people_of([(1.5, 4.0 + y) for y in (0.0, 0.1, -0.1, 0.15, -0.05)], start=np.arange(5) * 0.8)
    crowd = crowd_of(ground_of(HALL), [EAST, JOIN, WEST], people, journeys=journeys, queues=counter(1, 60.0))
    crowd.advance(400)
    assert crowd.referee.lines.members[0] == [0, 1, 2, 3, 4]
    crowd.send([1, 3], 1)
    assert crowd.referee.lines.members[0] == [0, 2, 4]
    crowd.advance(600)
    assert crowd.exit_goal[[1, 3]].tolist() == [2, 2]


def test_nobody_moves_before_its_time():
    go = np.array([0.0, 5.0, 20.0])
    people = people_of([(2, 2), (2, 4), (2, 6)])._replace(go=go)
    crowd = crowd_of(ground_of(HALL), [EAST], people)
    moved = np.full(3, np.nan)
    for _ in range(900):
        crowd.advance()
        for i, x in zip(crowd.snapshot().id, crowd.snapshot().x, strict=True):
            if np.isnan(moved[i]) and x > 2.05:
                moved[i] = crowd.time
    np.testing.assert_allclose(moved, go, atol=0.15)
    assert crowd.left == 3


def test_people_wait_where_they_pass():
    journeys = journeys_of([(0, STAGE_PASS, np.inf), (1, STAGE_LEAVE, np.inf)])
    journeys = journeys._replace(wait=np.where(journeys.kind == STAGE_PASS, 12.0, 0.0))
    crowd = crowd_of(ground_of(HALL), [shapely.box(9, 0, 11, 8), EAST], people_of([(2.0, 4.0)], speed=1.3), journeys=journeys)
    still = 0
    while not crowd.finished:
        crowd.advance()
        shot = crowd.snapshot()
        still += int(len(shot.id) and shot.speed[0] < 1e-9)
    assert still * crowd.dt == pytest.approx(12.0, abs=0.11)
    assert crowd.exit_time[0] == pytest.approx(17.0 / 1.3 + 12.0, abs=1.0)


def test_serial_and_parallel_agree_on_all_of_it():
    def make(parallel):
        journeys = journeys_of(
            [(0, STAGE_QUEUE, np.inf), (0, STAGE_CHOOSE, np.inf)], [(0, STAGE_LEAVE, np.inf)], [(2, STAGE_LEAVE, np.inf)]
        )  # fmt: skip
        choices = Choices(np.zeros(1, np.int8), np.array([0, 2]), np.array([1, 2], np.int32), np.array([1.0, 2.0]))
        return crowd_of(
            ground_of(HALL), [EAST, JOIN, WEST], walkers(25, 4), journeys=journeys, choices=choices, queues=counter(2, 1.5, 1.0),
            doors=door(per_s=2.0, opens=2.0), exit_hours=hours(per_s=3.0, count=3), parallel=parallel,
        )  # fmt: skip

    one, two = make(False), make(True)
    for _ in range(40):
        one.advance(30)
        two.advance(30)
        a, b = one.snapshot(), two.snapshot()
        assert all(np.array_equal(p, q) for p, q in zip(a, b, strict=True))
    assert one.left == 25
    np.testing.assert_array_equal(one.exit_time, two.exit_time)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"doors": Doors(np.zeros((1, 3)), np.zeros(1, np.int32), hours())}, "`line` of the doors has shape"),
        ({"doors": Doors(np.full((1, 4), np.nan), np.zeros(1, np.int32), hours())}, "a door has an end"),
        ({"doors": door(per_s=-1.0)}, "the capacity of doors 0 is -1"),
        ({"doors": door(opens=5.0, closes=1.0)}, "closes before it opens"),
        ({"exit_hours": hours(count=3)}, "the hours of the exits"),
        ({"queues": counter(servers=0)}, "`servers` of queue 0 is 0"),
        ({"queues": counter(service=np.nan)}, "`service_s` of queue 0"),
        ({"queues": counter()}, "a queue is at a goal"),
    ],
)
def test_what_cannot_be_is_refused(given, message):
    with pytest.raises(ParameterError, match=message):
        crowd_of(ground_of(HALL), [EAST], walkers(3), journeys=leaving(1), **given)


def test_choices_that_lead_nowhere_are_refused():
    journeys, choices = two_ways(CHOOSE_WEIGHTED)
    ground = ground_of(HALL)
    goals, people = goals_of(ground, EAST, WEST), walkers(3)
    for wrong, message in (
        (choices._replace(journey=np.array([1, 7], np.int32)), "choice 0 is between journeys"),
        (choices._replace(weight=np.array([0.0, 0.0])), "the weights of choice 0"),
        (choices._replace(journey=np.array([0, 1], np.int32)), "leads to another choice at once"),
    ):
        with pytest.raises(ParameterError, match=message):
            Crowd(ground.floor, goals, journeys, people, choices=wrong)
    with pytest.raises(ParameterError, match="is choice 0, of the 0 there are"):
        Crowd(ground.floor, goals, journeys, people)
