"""Groups stay together; who cannot get on is told, with where and why."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from tests.sim.scenes import crowd_of, ground_of, journeys_of, people_of, scattered
from twin.errors import ParameterError
from twin.sim.crowd.groups import groups_of
from twin.sim.crowd.watch import Crush
from twin.sim.model import STAGE_PASS, Doors, Hours

LONG = shapely.box(0, 0, 60, 6)
END = shapely.box(59, 0, 60, 6)


def spread_of(crowd, people):
    shot = crowd.snapshot()
    here = np.isin(shot.id, people)
    return np.hypot(shot.x[here] - shot.x[here].mean(), shot.y[here] - shot.y[here].mean()).max() if here.sum() > 1 else 0.0


def test_people_of_different_speeds_stay_together():
    points = [(2.0, 2.0), (2.0, 3.0), (2.0, 4.0)]
    speed = np.array([0.8, 1.3, 1.7])
    alone = crowd_of(ground_of(LONG), [END], people_of(points, speed=speed))
    group = crowd_of(ground_of(LONG), [END], people_of(points, speed=speed)._replace(group=np.array([5, 5, 5])))
    for crowd in (alone, group):
        crowd.advance(round(20 / 0.05))
    assert spread_of(alone, [0, 1, 2]) > 6.0
    assert spread_of(group, [0, 1, 2]) < 1.5
    group.advance(round(60 / 0.05))
    assert group.left == 3
    assert np.ptp(group.exit_time) < 2.5
    assert group.exit_time.max() == pytest.approx(57.0 / 0.8, rel=0.05)


@pytest.mark.parametrize("size", [1, 3, 5])
def test_companies_do_not_block_a_door(size):
    """A full room with a door of a metre empties in about the same time, whether people have company or not."""
    room = shapely.union_all([shapely.box(0, 0, 8, 8), shapely.box(3.5, -0.3, 4.5, 0), shapely.box(0, -4, 8, -0.3)])
    points = scattered(shapely.box(0.5, 0.5, 7.5, 7.5), 90, 1)
    order = np.lexsort((points[:, 1], np.floor(points[:, 0] / 1.2)))
    group = np.empty(90, np.int32)
    group[order] = np.arange(90) // size
    crowd = crowd_of(ground_of(room), [shapely.box(0, -4, 8, -3)], people_of(points)._replace(group=group))
    crowd.advance(round(90 / 0.05))
    assert crowd.left == 90
    assert 40.0 < crowd.exit_time.max() < 80.0


def test_who_has_furthest_to_go_does_not_wait_for_who_is_beyond_a_wall():
    """One before a door and one behind it, a wall between them: neither stands for good."""
    rooms = shapely.box(0, 0, 12, 12).difference(shapely.box(0, 5.8, 11, 6.2))
    people = people_of([(2.0, 6.8), (2.0, 5.2)])._replace(group=np.array([0, 0]))
    crowd = crowd_of(ground_of(rooms), [shapely.box(0, 0, 1, 1)], people)
    crowd.advance(round(90 / 0.05))
    assert crowd.left == 2
    assert np.ptp(crowd.exit_time) < 4.0


def test_a_group_that_starts_apart_comes_together():
    people = people_of([(2.0, 3.0), (12.0, 3.0)], speed=1.3)._replace(group=np.array([0, 0]))
    crowd = crowd_of(ground_of(LONG), [END], people)
    apart = []
    for _ in range(15):
        crowd.advance(20)
        apart.append(spread_of(crowd, [0, 1]))
    assert apart[-1] < 1.0
    assert np.diff(apart).max() < 0.05


def test_who_walks_alone_is_not_touched_by_groups():
    points = scattered(shapely.box(1, 0.5, 12, 5.5), 20, 1)
    group = np.full(20, -1)
    group[:4] = [7, 7, 9, -1]  # a pair, one whose company is not there, nobody
    found = groups_of(group.astype(np.int32), np.linspace(1.0, 1.5, 20))
    assert found.member.tolist() == [0, 1]
    assert found.speed.tolist() == [1.0]
    assert groups_of(np.full(20, -1, np.int32), np.ones(20)) is None
    far = people_of([*points, (40.0, 1.0), (40.0, 5.0)], speed=1.2)
    plain = crowd_of(ground_of(LONG), [END], far)
    grouped = crowd_of(ground_of(LONG), [END], far._replace(group=np.r_[np.full(20, -1), 3, 3]))
    plain.advance(100)
    grouped.advance(100)
    a, b = plain.snapshot(), grouped.snapshot()
    np.testing.assert_array_equal(a.x[:20], b.x[:20])
    assert a.y[-1] - a.y[-2] > b.y[-1] - b.y[-2] + 0.5


def test_groups_are_the_same_to_the_bit_on_any_number_of_cores():
    points = scattered(shapely.box(1, 0.5, 20, 5.5), 60, 4)
    people = people_of(points, speed=np.linspace(0.8, 1.6, len(points)))._replace(group=(np.arange(len(points)) // 3))
    one, two = (crowd_of(ground_of(LONG), [END], people, parallel=parallel) for parallel in (False, True))
    one.advance(300)
    two.advance(300)
    for a, b in zip(one.snapshot(), two.snapshot(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_group_has_no_number_below_minus_one():
    with pytest.raises(ParameterError, match="the number of a group is below -1"):
        groups_of(np.array([0, -2], np.int32), np.ones(2))


# --- who cannot get on


def stalled(crowd, seconds=80.0):
    crowd.advance(round(seconds / crowd.dt))
    return crowd.watch.stalled


def test_nobody_is_stalled_who_walks_stands_or_waits_for_its_time():
    people = people_of(scattered(shapely.box(1, 0.5, 20, 5.5), 20, 4))._replace(go=np.full(20, 90.0))
    assert stalled(crowd_of(ground_of(LONG), [END], people), 150.0) == {}


def test_who_waits_at_a_closed_door_is_told():
    late = Hours(np.array([np.inf]), np.array([[500.0]]), np.array([[600.0]]))
    doors = Doors(np.array([[30.0, 0.0, 30.0, 6.0]]), np.zeros(1, np.int32), late)
    crowd = crowd_of(ground_of(LONG), [END], people_of([(20.0, 3.0)]), doors=doors)
    found = stalled(crowd, 110.0)
    assert (found[0].why, found[0].number) == ("door", 0)
    assert found[0].x == pytest.approx(30.0, abs=0.2)
    assert 5.0 <= found[0].since <= 20.0


def test_who_has_come_to_the_end_of_its_journey_is_told():
    crowd = crowd_of(ground_of(LONG), [END], people_of([(50.0, 3.0)]), journeys=journeys_of([(0, STAGE_PASS, np.inf)]))
    assert stalled(crowd, 100.0)[0].why == "end of journey"


def test_who_stands_in_a_jam_is_told():
    # a hall whose only exit lets out one in a hundred seconds
    hall = shapely.box(0, 0, 6, 4)
    people = people_of(scattered(hall, 60, 2, apart=0.41))
    slow = Hours(np.array([0.01]), np.zeros((1, 1)), np.array([[1e9]]))
    crowd = crowd_of(ground_of(hall), [shapely.box(5.75, 1.5, 6, 2.5)], people, exit_hours=slow)
    whys = {stall.why for stall in stalled(crowd, 90.0).values()}
    assert "jam" in whys


def test_a_crush_is_told_with_its_place():
    # people are put into each other: more than the models say anything about
    points = [(10.0 + 0.19 * (i % 12), 2.0 + 0.19 * (i // 12)) for i in range(144)]
    crowd = crowd_of(ground_of(LONG), [END], people_of(points, radius=0.1))
    assert crowd.watch.crush is None
    crowd.watch.look(crowd)
    assert isinstance(crowd.watch.crush, Crush)
    assert crowd.watch.crush.density > 8.0
    assert abs(crowd.watch.crush.x - 11.0) < 1.0


def test_what_was_seen_survives_a_checkpoint():
    crowd = crowd_of(ground_of(LONG), [END], people_of([(50.0, 3.0)]), journeys=journeys_of([(0, STAGE_PASS, np.inf)]))
    stalled(crowd, 100.0)
    again = crowd_of(ground_of(LONG), [END], people_of([(50.0, 3.0)]), journeys=journeys_of([(0, STAGE_PASS, np.inf)]))
    again.restore(crowd.state())
    assert again.watch.stalled == crowd.watch.stalled
