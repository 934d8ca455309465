"""A run that was broken off goes on as if nothing had happened."""

from __future__ import annotations

import io

import numpy as np
import pytest
import shapely

from tests.sim.scenes import crowd_of, ground_of, journeys_of, people_of, scattered
from twin.errors import ParameterError
from twin.sim.crowd.footing import nodes_of
from twin.sim.crowd.models.collision_free_speed import CollisionFreeSpeed
from twin.sim.model import CHOOSE_WEIGHTED, STAGE_CHOOSE, STAGE_LEAVE, STAGE_QUEUE, STAGE_STAY, Choices, Doors, Hours, Queues

HALL = shapely.box(0, 0, 20, 8).difference(shapely.box(8, 3, 9, 5))


def make(seed=3, **settings):
    """People who come over time, queue, choose, stay and leave, past a turnstile."""
    random = np.random.default_rng(7)
    points = scattered(shapely.box(0.5, 0.5, 7, 7.5), 60, 2)
    start = np.sort(random.uniform(0.0, 20.0, len(points)))
    place = np.column_stack([14.0 - 0.6 * np.arange(8), np.full(8, 4.0)])
    queues = Queues(
        np.array([1]), np.array([0, 8]), place, np.array([3], np.int32), np.array([1.0]), np.array([1.0])
    )  # fmt: skip
    journeys = journeys_of(
        [(0, STAGE_QUEUE, np.inf), (0, STAGE_CHOOSE, np.inf)], [(0, STAGE_LEAVE, np.inf)],
        [(3, STAGE_STAY, 25.0), (2, STAGE_LEAVE, np.inf)],
    )  # fmt: skip
    choices = Choices(np.array([CHOOSE_WEIGHTED], np.int8), np.array([0, 2]), np.array([1, 2], np.int32), np.array([1.0, 1.0]))
    goals = [shapely.box(19, 0, 20, 8), shapely.box(9.5, 2.5, 14.5, 5.5), shapely.box(0, 0, 1, 8), shapely.box(15, 1, 18, 7)]
    open_ = Hours(np.array([3.0]), np.zeros((1, 1)), np.array([[1e9]]))
    doors = Doors(np.array([[7.5, 0.0, 7.5, 8.0]]), np.zeros(1, np.int32), open_)
    return crowd_of(
        ground_of(HALL), goals, people_of(points, start=start, speed=random.uniform(0.8, 1.6, len(points))), journeys=journeys,
        queues=queues, choices=choices, doors=doors, lines=np.array([[16.0, 0.0, 16.0, 8.0]]), seed=seed, **settings,
    )  # fmt: skip


def kept(state):
    """Through a file and back, with nothing in it that could run."""
    file = io.BytesIO()
    np.savez(file, **state)
    file.seek(0)
    with np.load(file, allow_pickle=False) as loaded:
        return dict(loaded)


@pytest.mark.parametrize("after", [1, 7, 137, 400, 801])
def test_a_resumed_run_is_the_same_to_the_bit(after):
    whole = make()
    whole.advance(after)
    state = kept(whole.state())
    resumed = make()
    resumed.restore(state)
    for _ in range(12):
        for one, two in zip(whole.snapshot(), resumed.snapshot(), strict=True):
            np.testing.assert_array_equal(one, two)
        whole.advance(83)
        resumed.advance(83)
    np.testing.assert_array_equal(whole.exit_time, resumed.exit_time)
    np.testing.assert_array_equal(whole.passed, resumed.passed)
    assert whole.referee.lines.served == resumed.referee.lines.served
    assert whole.left >= 20


@pytest.mark.parametrize(("dt", "after"), [(0.01, 401), (0.01, 402), (0.01, 1603), (0.05, 100), (0.05, 101)])
def test_between_two_looks_for_the_way_a_run_is_resumed_to_the_bit_too(dt, after):
    whole = make(dt=dt)
    assert whole._open_stride > 1
    whole.advance(after)
    resumed = make(dt=dt)
    resumed.restore(kept(whole.state()))
    for _ in range(40):
        whole.advance(31)
        resumed.advance(31)
        for one, two in zip(whole.snapshot(), resumed.snapshot(), strict=True):
            np.testing.assert_array_equal(one, two)


CORNER = shapely.box(0, 0, 20, 4).union(shapely.box(16, 0, 20, 20))
SQUARE = shapely.box(0, 0, 40, 40).difference(shapely.box(0, 15, 28, 40))


@pytest.mark.parametrize("dt", [0.01, 0.05])
@pytest.mark.parametrize(("area", "exit_"), [(CORNER, (16, 19, 20, 20)), (SQUARE, (28, 39, 40, 40))])
def test_looking_for_the_way_less_often_leads_the_same_way(area, exit_, dt):
    """Round a corner people walk within two centimetres of where they would if they looked at every step."""
    from twin.sim.crowd import engine

    people = people_of([(1.0, 1.0), (2.0, 3.0), (4.0, 2.0)], speed=1.3)
    paths, seen = [], []
    for reach, open_reach in ((engine.WAYS_M, engine.OPEN_WAYS_M), (0.0, 0.0)):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(engine, "WAYS_M", reach)
            patch.setattr(engine, "OPEN_WAYS_M", open_reach)
            crowd = crowd_of(ground_of(area), [shapely.box(*exit_)], people, dt=dt)
        path = []
        while not crowd.finished and crowd.time < 60:
            crowd.advance(round(0.5 / dt))
            shot = crowd.snapshot()
            path.append({int(i): (x, y) for i, x, y in zip(shot.id, shot.x, shot.y, strict=True)})
            seen += list(crowd.store.arrays["calm"][: crowd.store.n])
        paths.append(path)
    assert len(paths[0]) == len(paths[1])
    for one, two in zip(*paths, strict=True):
        assert one.keys() == two.keys()
        for person in one:
            assert np.hypot(*np.subtract(one[person], two[person])) < 0.02
    assert any(seen)
    assert not all(seen)


def test_where_somebody_stands_is_noted_at_every_step_but_for_the_calm():
    area = shapely.box(0, 0, 40, 40).difference(shapely.box(0, 15, 28, 40))
    points = scattered(area, 60, 3)
    crowd = crowd_of(ground_of(area), [shapely.box(28, 39, 40, 40)], people_of(points))
    calm = 0
    for _ in range(80):
        crowd.advance(3)
        a, here = crowd.store.arrays, crowd.store.here()
        node = nodes_of(crowd.floor, crowd.routes, a["x"][here], a["y"][here], a["level"][here])
        off, lately = a["node"][here] != node, a["calm"][here] > 0
        assert not (off & ~lately).any()
        calm += int((off & lately).sum())
        crowd._intend()
        np.testing.assert_array_equal(a["node"][here], node)
    assert calm


def test_keeping_the_state_changes_nothing():
    one, two = make(), make()
    for _ in range(30):
        one.advance(20)
        two.advance(20)
        one.state()
    for a, b in zip(one.snapshot(), two.snapshot(), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("other", [{"seed": 4}, {"dt": 0.04}, {"model": CollisionFreeSpeed(time_gap=0.6)}])
def test_the_state_of_another_run_is_refused(other):
    state = make().state()
    with pytest.raises(ParameterError, match="the checkpoint is of another run"):
        make(**other).restore(state)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("row_person", lambda v: v.__setitem__(3, 10_000)), ("row_person", lambda v: v.__setitem__(3, v[4])),
        ("row_level", lambda v: v.__setitem__(0, 2)), ("row_stage", lambda v: v.__setitem__(1, -1)),
        ("row_node", lambda v: v.__setitem__(2, 2**31 - 1)), ("row_ways", lambda v: v.__setitem__(0, 50)),
        ("row_slot", lambda v: v.__setitem__(0, 4000)), ("row_left_goal", lambda v: v.__setitem__(0, 77)),
        ("row_number", lambda v: v.__setitem__(0, 2**30)), ("row_first", lambda v: v.__setitem__(5, 0)),
        ("neighbour", lambda v: v.__setitem__(0, 2**31 - 1)), ("exit_goal", lambda v: v.__setitem__(0, -5)),
    ],
)  # fmt: skip
def test_a_state_that_points_at_what_is_not_there_is_refused(name, change):
    crowd = make()
    crowd.advance(137)
    state = kept(crowd.state())
    before = {key: value.copy() for key, value in crowd.state().items()}
    change(state[name])
    with pytest.raises(ParameterError, match=f"the checkpoint is damaged: `{name}` points at what is not there"):
        crowd.restore(state)
    for key, value in crowd.state().items():
        np.testing.assert_array_equal(value, before[key])


def test_a_state_with_numbers_that_are_none_or_arrays_of_other_lengths_is_refused():
    crowd = make()
    crowd.advance(20)
    for name, values in (
        ("row_level", np.zeros(crowd.store.n)), ("row_x", np.zeros(3)), ("waiting", np.array([np.nan])),
        ("room", np.array(2**40)), ("room", np.array(0)), ("neighbour", np.zeros(70, np.int32)), ("rows", np.array(10**9)),
    ):  # fmt: skip
        with pytest.raises(ParameterError, match=f"the checkpoint is damaged: `{name}`"):
            crowd.restore(kept(crowd.state()) | {name: values})
    state = kept(crowd.state())
    state["row_first"][-1], state["row_number"][-1] = len(state["neighbour"]), int(state["room"])
    with pytest.raises(ParameterError, match="the checkpoint is damaged: `row_first`"):
        crowd.restore(state)
