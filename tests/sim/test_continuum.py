"""The continuum: its kernels against loops, the laws that it keeps, and what it refuses."""

from __future__ import annotations

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.reference import continuum as slow
from tests.sim.continuum_scenes import STILL, WEIDMANN, column, floor_of, goals_at, sources_of
from twin.errors import ParameterError, StartError, UnreachableError
from twin.sim.crowd.continuum import Continuum
from twin.sim.crowd.continuum_kernels import NOBODY, occupied
from twin.sim.crowd.fundamental_diagram import FundamentalDiagram
from twin.sim.crowd.hughes import Hughes
from twin.sim.crowd.wayfinding import find_routes

# --- kernels against loops


def random_scene(seed, classes, crowded, size=9):
    """A floor with holes, goals in it, and people everywhere that something leads from."""
    random = np.random.default_rng(seed)
    mask = random.random((size, size + 2)) > 0.2
    free = np.argwhere(mask)
    goals = goals_at(*[[free[i]] for i in random.choice(len(free), classes)])
    floor = floor_of(mask, speed=random.choice([1.0, 1.0, 0.5], (1, *mask.shape)).astype(np.float32))
    routes = find_routes(floor, goals)
    shares = random.dirichlet(np.ones(classes), mask.shape).transpose(2, 0, 1)[:, None]
    density = shares * crowded * WEIDMANN.jam * np.sqrt(random.random(mask.shape)) * (random.random(mask.shape) > 0.2)
    for g in range(classes):
        time = routes.time[g][routes.node]
        density[g] = np.where((routes.node >= 0) & np.isfinite(time), density[g], 0.0)
    return floor, goals, density


@settings(max_examples=25)
@given(st.integers(0, 2**31), st.integers(1, 3), st.floats(0.05, 1.0), st.sampled_from([0.0, 0.2]), st.sampled_from([0.0, 0.5]))
def test_sweeps_are_those_of_the_equations(seed, classes, crowded, passing, aside):
    floor, goals, density = random_scene(seed, classes, crowded)
    crowd = Continuum(floor, goals, None, Hughes(ways_every=np.inf, passing=passing, aside=aside), parallel=False)
    crowd.capacity[:] = 0.0
    for g in range(classes):
        crowd.place(g, density[g])
    routes = find_routes(floor, goals)
    first = routes.node >= 0
    here, factor = np.zeros((len(routes.neighbour), classes)), np.zeros(len(routes.neighbour))
    factor[routes.node[first]] = floor.speed[first]
    toward = routes.direction.astype(float).transpose(2, 1, 0)
    for step in range(4):
        # from the same state each time: where a limiter turns, the error of the table grows
        here[routes.node[first]] = np.column_stack([crowd.density(g)[first] for g in range(classes)])
        for axis in (0, 1) if step % 2 == 0 else (1, 0):
            here = slow.sweep(here, toward, routes.neighbour, factor, axis, 0.5, 1.0, WEIDMANN, passing, aside)
        crowd.advance()
        for g in range(classes):
            np.testing.assert_allclose(crowd.density(g)[first], here[routes.node[first], g], atol=1e-4)


# --- laws


@settings(max_examples=60)
@given(st.integers(0, 2**31), st.integers(1, 4), st.floats(0.05, 1.0), st.floats(0.1, 2.0), st.sampled_from([0.0, 0.3, 1.0]))
def test_nobody_is_lost_and_no_density_is_impossible(seed, classes, crowded, dt, informed):
    floor, goals, density = random_scene(seed, classes, crowded)
    random = np.random.default_rng(seed)
    # with the second one a jam spreads faster than people walk
    diagram = (WEIDMANN, FundamentalDiagram(1.34, 4.0, 3.0))[seed % 2]
    density *= diagram.jam / WEIDMANN.jam
    passing = random.choice([0.0, diagram.capacity / diagram.jam])
    model = Hughes(diagram, ways_every=3.0, informed=informed, passing=passing, aside=random.choice([0.0, 0.5, 1.0]))
    capacity = random.choice([0.0, 0.3, np.inf], classes)
    crowd = Continuum(floor, goals, None, model, dt=dt, capacity=capacity)
    for g in range(classes):
        crowd.place(g, density[g])
    came = density.sum()
    assert crowd.came == pytest.approx(came, rel=1e-12)
    for _ in range(12):
        crowd.advance(4)
        assert crowd.present + crowd.left.sum() == pytest.approx(came, rel=1e-12)
        everybody = crowd.density()
        assert everybody.max() <= diagram.jam + 1e-9
        by_goal = [crowd.density(g) for g in range(classes)]
        assert min(part.min() for part in by_goal) >= 0.0
        np.testing.assert_allclose(sum(by_goal), everybody, atol=1e-12)
        assert (everybody[~floor.mask] == 0).all()
    assert (crowd.left[capacity == 0.0] == 0.0).all()
    assert (crowd.left <= capacity * crowd.time + 1e-9).all()


def room(turn=lambda a: a, **settings):
    """A room with a wall in it, two exits, and a crowd bound for each."""
    mask = np.ones((12, 17), bool)
    mask[3:8, 6:8] = False
    here, exits = np.zeros((2, 1, 12, 17)), np.zeros((2, 12, 17), bool)
    here[0, 0, 1:9, 1:5], here[1, 0, 4:9, 9:13] = 3.0, 2.5
    exits[0, 2:4, 16], exits[1, 11, 1:4] = True, True
    floor = floor_of(turn(mask).copy())
    crowd = Continuum(floor, goals_at(*[np.argwhere(turn(e)) for e in exits]), None, **settings)
    for g in range(2):
        crowd.place(g, turn(here[g]))
    return crowd


@pytest.mark.parametrize("turn", [lambda a: a[..., ::-1], lambda a: a[..., ::-1, :]])
def test_a_mirrored_room_has_mirrored_people(turn):
    one, two = room(), room(turn)
    for _ in range(8):
        one.advance(10)
        two.advance(10)
        np.testing.assert_allclose(turn(two.density()), one.density(), atol=1e-9)
        np.testing.assert_allclose(one.left, two.left, atol=1e-9)


def test_a_room_on_its_side_has_nearly_the_same_people():
    """The axes take turns to go first, so only the error of that differs."""
    one, two = room(), room(lambda a: np.swapaxes(a, -1, -2))
    one.advance(60)
    two.advance(60)
    np.testing.assert_allclose(one.left, two.left, rtol=0.03)
    assert np.abs(one.density() - np.swapaxes(two.density(), -1, -2)).mean() < 0.05


def test_serial_and_parallel_are_the_same_to_the_bit():
    serial, parallel = room(parallel=False), room(parallel=True)
    for _ in range(10):
        serial.advance(9)
        parallel.advance(9)
        np.testing.assert_array_equal(serial.density(), parallel.density())
    np.testing.assert_array_equal(serial.left, parallel.left)


@pytest.mark.skipif(numba.config.NUMBA_NUM_THREADS < 2, reason="one core")
def test_any_number_of_threads_gives_the_same():
    before = numba.get_num_threads()
    found = []
    try:
        for threads in (1, 2, numba.config.NUMBA_NUM_THREADS):
            numba.set_num_threads(threads)
            crowd = Continuum(
                floor_of(np.ones((80, 90))), goals_at(column(89, 80), [(0, 0)]), None, Hughes(ways_every=5.0), parallel=True
            )
            here = np.zeros((1, 80, 90))
            here[0, 10:60, 10:70] = np.random.default_rng(1).uniform(0.0, 2.0, (50, 60))
            for g in range(2):
                crowd.place(g, here)
            crowd.advance(40)
            found.append([crowd.density(0), crowd.density(1), crowd.left])
    finally:
        numba.set_num_threads(before)
    for other in found[1:]:
        for a, b in zip(found[0], other, strict=True):
            np.testing.assert_array_equal(a, b)


def test_a_run_in_pieces_that_is_looked_at_is_the_same():
    whole, pieces = room(), room()
    whole.advance(35)
    for _ in range(35):
        pieces.advance()
        assert pieces.density().sum() == pytest.approx(pieces.present)
        assert not pieces.finished
    np.testing.assert_array_equal(whole.density(), pieces.density())
    assert whole.time == pieces.time == 35 * 0.5
    times, left = pieces.history
    assert times[-1] == pieces.time
    np.testing.assert_array_equal(left[-1], pieces.left)
    assert (np.diff(left, axis=0) >= 0).all()


def test_everybody_gets_out_and_the_empty_city_is_not_worked_on():
    mask = np.ones((1, 300, 300), bool)
    crowd = Continuum(floor_of(mask), goals_at(column(299, 300)), None, STILL)
    here = np.zeros(mask.shape)
    here[0, 140:160, 250:270] = 1.0
    crowd.place(0, here)
    for _ in range(80):
        crowd.advance()
        assert crowd.worked_on < 8000
    crowd.advance(80)
    assert crowd.finished
    assert crowd.worked_on < 100
    assert crowd.left[0] == pytest.approx(400.0, abs=1e-3)
    assert crowd.present + crowd.left[0] == pytest.approx(400.0, rel=1e-12)


def test_what_is_worked_on_is_near_people_and_what_left_elsewhere_is_forgotten():
    crowd = Continuum(floor_of(np.ones((1, 60))), goals_at([(0, 59)]))
    neighbour = find_routes(crowd.floor, crowd.goals).neighbour
    total, out = np.zeros(60), np.ones((60, 1))
    total[20], total[40] = 1.0, 0.5 * NOBODY
    listed, found = np.ones(60, bool), np.empty(60, np.int32)
    count = occupied(60, np.arange(60, dtype=np.int32), np.array([50], np.int32), 2, neighbour, total, listed, out, found)
    near = [*range(18, 23), *range(48, 53)]
    assert found[:count].tolist() == np.flatnonzero(listed).tolist() == np.flatnonzero(out[:, 0]).tolist() == near


# --- bad input


FLOOR = floor_of(np.array([[1, 1, 1, 1, 0, 1, 1, 1]]))
EXIT = goals_at([(0, 0)])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"informed": 1.5}, "`informed` of the continuum model is 1.5"),
        ({"passing": 0.5}, "`passing` of the continuum model is 0.5"),
        ({"aside": np.nan}, "`aside` of the continuum model is nan"),
        ({"ways_every": 0.0}, "`ways_every` of the continuum model is 0.0 s"),
        ({"ways_every": np.nan}, "`ways_every` of the continuum model is nan s"),
        ({"diagram": FundamentalDiagram(jam=-1.0)}, "`jam` of the fundamental diagram is -1.0"),
        ({"diagram": FundamentalDiagram(free_speed=np.inf)}, "`free_speed` of the fundamental diagram is inf"),
    ],
)
def test_parameters_out_of_range_are_named(change, message):
    with pytest.raises(ParameterError, match=message):
        Continuum(FLOOR, EXIT, None, Hughes()._replace(**change))


@pytest.mark.parametrize("dt", [0.0, -1.0, np.nan, np.inf])
def test_a_step_must_be_positive(dt):
    with pytest.raises(ParameterError, match="a step of"):
        Continuum(FLOOR, EXIT, dt=dt)


@pytest.mark.parametrize("capacity", [np.array([1.0, 2.0]), np.array([-1.0]), np.array([np.nan])])
def test_capacities_are_one_a_goal(capacity):
    with pytest.raises(ParameterError, match="for each of 1 goals"):
        Continuum(FLOOR, EXIT, capacity=capacity)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"people": np.array([np.nan])}, ParameterError, "`people` of the sources is not a finite number"),
        ({"people": np.array([-1.0])}, ParameterError, "may not be negative"),
        ({"end": np.array([-1.0])}, ParameterError, "nor `end` before `begin`"),
        ({"goal": np.array([3])}, ParameterError, "source 0 is bound for goal 3, of the 1 goals"),
        ({"begin": np.zeros(2)}, ParameterError, r"`begin` of the sources has shape \(2,\), not \(1,\)"),
        ({"start": np.array([0, 2])}, ParameterError, "`start` of the sources"),
        ({"cells": np.zeros((1, 2))}, ParameterError, r"`cells` of the sources have shape \(1, 2\)"),
        ({"cells": np.array([[0, 0, 4]])}, StartError, r"source 0, cell \(0, 0, 4\): 1 cells .* are off the floor"),
        ({"cells": np.array([[0, 0, 99]])}, StartError, "are off the floor"),
        ({"cells": np.array([[1, 0, 0]])}, StartError, "are off the floor"),
        ({"cells": np.array([[0, 0, 6]])}, UnreachableError, "people of source 0 cannot reach goal 0"),
        ({"people": np.array([6.0])}, StartError, "6 people at once do not fit on 1 m2"),
    ],
)
def test_sources_that_cannot_be(change, error, message):
    sources = sources_of((2.0, 0.0, 0.0, 0, [(0, 0, 2)]))._replace(**change)
    with pytest.raises(error, match=message):
        Continuum(FLOOR, EXIT, sources)


@pytest.mark.parametrize(
    ("cell", "value", "goal", "error", "message"),
    [
        (2, np.nan, 0, ParameterError, "negative or no finite number"),
        (2, -1.0, 0, ParameterError, "negative or no finite number"),
        (2, 1.0, 1, ParameterError, "goal 1 is not one of the 1 goals"),
        (4, 1.0, 0, StartError, r"cell \(0, 0, 4\): people would stand on 1 cells off the floor"),
        (2, 6.0, 0, StartError, r"people would stand at 6.00 /m2, and in a jam at 5.4"),
        (6, 1.0, 0, UnreachableError, "placed on 1 cells from which nothing leads to goal 0"),
    ],
)
def test_people_that_cannot_be_placed(cell, value, goal, error, message):
    crowd = Continuum(FLOOR, EXIT)
    here = np.zeros((1, 1, 8))
    here[0, 0, cell] = value
    with pytest.raises(error, match=message):
        crowd.place(goal, here)
    with pytest.raises(ParameterError, match="`density` has shape"):
        crowd.place(0, here[0])
    assert crowd.present == 0.0
