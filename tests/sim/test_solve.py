"""Finding ways again on a floor that is made ready: speeds and doors of the moment, links, any number of cores."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.reference import eikonal as slow
from tests.sim.scenes import goals_of, wharf_and_street
from twin.errors import ParameterError
from twin.sim.crowd import wayfinding
from twin.sim.crowd.wayfinding import build_graph, find_routes, links_taken, make_scratch, solve
from twin.sim.floor import Portals, build_floor
from twin.sim.model import Goals, Links


def floor_of(mask, *, cell=1.0, **more):
    return build_floor(west=0.0, north=mask.shape[1] * cell, cell=cell, mask=mask, chains=[], **more)


def goals_at(*sets):
    return Goals(np.cumsum([0, *map(len, sets)]), np.concatenate([np.array(cells, np.int32).reshape(-1, 3) for cells in sets]))


def links_of(*rows):
    """Links from rows of entry cells, exit cells and seconds."""
    start = [np.cumsum([0, *(len(row[side]) for row in rows)]) for side in (0, 1)]
    entry, exit_ = (np.array([cell for row in rows for cell in row[side]], np.int32) for side in (0, 1))
    return Links(start[0], entry, start[1], exit_, np.array([row[2] for row in rows], np.float64))


def rooms(seed=3, shape=(1, 70, 150)):
    """A floor of fifteen tiles with boxes in it, and its goals."""
    random = np.random.default_rng(seed)
    mask = np.ones(shape, bool)
    for _ in range(30):
        r, c = random.integers(0, shape[1]), random.integers(0, shape[2])
        mask[:, r : r + random.integers(2, 20), c : c + random.integers(2, 30)] = False
    free = np.argwhere(mask)
    goals = goals_at(*([free[k]] for k in random.integers(0, len(free), 5)))
    return floor_of(mask), goals, random


def same(one, two):
    np.testing.assert_array_equal(one.time, two.time)
    np.testing.assert_array_equal(one.direction, two.direction)


@pytest.mark.parametrize("goal_count", [1, 2, 3, 5])
def test_any_number_of_cores_gives_the_same_bits(monkeypatch, goal_count):
    floor, goals, random = rooms()
    goals = Goals(goals.start[: goal_count + 1], goals.cells)
    graph = build_graph(floor)
    speed = random.uniform(0.05, 1.0, len(graph.first))
    alone = solve(graph, goals, speed=speed, scratch=make_scratch(graph, 1))
    same(solve(graph, goals, speed=speed, scratch=make_scratch(graph, 2)), alone)
    monkeypatch.setattr(wayfinding, "LARGE", 1)  # goals that are left over are taken by all cores together
    same(solve(graph, goals, speed=speed, scratch=make_scratch(graph, 2)), alone)
    same(solve(graph, goals, speed=speed, scratch=make_scratch(graph, 3)), alone)


def test_solving_again_is_like_solving_anew():
    floor, goals, random = rooms()
    graph = build_graph(floor, wall_aversion=0.0)
    scratch = make_scratch(graph)
    out = solve(graph, goals, scratch=scratch)
    same(out, find_routes(floor, goals, wall_aversion=0.0))
    time, direction = out.time, out.direction
    for _ in range(3):
        factor = random.uniform(0.05, 1.0, floor.mask.shape).astype(np.float32)
        again = solve(graph, goals, speed=factor[floor.mask], out=out, scratch=scratch)
        assert again.time is time
        assert again.direction is direction
        same(again, find_routes(floor._replace(speed=factor), goals, wall_aversion=0.0))


def test_speed_of_the_graph_is_that_of_the_floor_less_near_walls():
    mask = np.ones((1, 9, 9), bool)
    distance = np.full(mask.shape, 2.0, np.float32)
    distance[0, :, 0] = 0.0
    floor = floor_of(mask, speed=np.full(mask.shape, 0.5, np.float32))._replace(distance=distance)
    np.testing.assert_allclose(build_graph(floor, wall_aversion=0.4).speed.reshape(9, 9)[:, :2], [[0.2, 0.5]] * 9)
    np.testing.assert_allclose(build_graph(floor, wall_aversion=0.0).speed, 0.5)


def test_where_the_speed_is_nothing_nobody_passes():
    floor, goals, _ = rooms()
    graph = build_graph(floor)
    shut = floor.mask.copy()
    shut[:, :, 80:83] = False
    speed = np.where(shut[floor.mask], graph.speed, 0.0)
    narrow = build_graph(floor._replace(mask=shut))
    found = solve(graph, goals, speed=speed)
    expected = solve(narrow, goals, speed=graph.speed[shut[floor.mask]])
    np.testing.assert_array_equal(found.time[:, shut[floor.mask]], expected.time)
    np.testing.assert_array_equal(found.direction[:, shut[floor.mask]], expected.direction)
    assert np.isinf(found.time[:, ~shut[floor.mask]]).all()


def test_a_goal_on_impassable_floor_is_reached_by_nobody():
    floor = floor_of(np.ones((1, 5, 5), bool))
    graph = build_graph(floor)
    speed = np.ones(25)
    speed[12] = 0.0
    routes = solve(graph, goals_at([(0, 2, 2)], [(0, 2, 2), (0, 0, 0)]), speed=speed)
    assert np.isinf(routes.time[0]).all()
    assert np.isfinite(routes.time[1]).sum() == 24


def test_without_stairs_the_street_is_not_reached():
    ground = wharf_and_street()
    goals = goals_of(ground, shapely.box(0, 9, 20, 10))
    graph = build_graph(ground.floor)
    street = ground.level_number("street")
    on_stair = ground.floor.speed.reshape(-1)[graph.first] < 1.0
    assert on_stair.any()
    wheelchair = solve(graph, goals, speed=np.where(on_stair, 0.0, graph.speed))
    flat = np.setdiff1d(np.unique(graph.node[street][graph.node[street] >= 0]), np.flatnonzero(on_stair))
    assert np.isfinite(wheelchair.time[0, flat]).all()
    assert np.isfinite(wheelchair.time[0]).sum() == len(flat)


@pytest.mark.parametrize("bit", [1, 2])
def test_a_door_can_be_closed_for_once(bit):
    # a wall with a door of two cells; bit 1 closes steps to the east, bit 2 those to the south
    mask = np.ones((1, 20, 20), bool)
    blocked = np.zeros(mask.shape, np.uint8)
    wall, door = np.s_[0, :, 9], np.s_[0, 4:6, 9]
    if bit == 2:
        wall, door = np.s_[0, 9, :], np.s_[0, 9, 4:6]
    blocked[wall] = bit
    blocked[door] = 0
    graph = build_graph(floor_of(mask)._replace(blocked=blocked))
    goals = goals_at([(0, 0, 0)])
    closed = np.zeros_like(blocked)
    closed[door] = bit
    before = solve(graph, goals)
    during = solve(graph, goals, closed=closed)
    assert np.isfinite(before.time).all()
    beyond = np.zeros((20, 20), bool)
    beyond[np.s_[:, 10:] if bit == 1 else np.s_[10:]] = True
    np.testing.assert_array_equal(np.isinf(during.time[0]).reshape(20, 20), beyond)
    same(solve(graph, goals, scratch=make_scratch(graph)), before)


def stacked(levels=3, side=12):
    """Levels of 12 x 12 cells, each joined with the next one by two portal columns of cells at alternating ends."""
    mask = np.ones((levels, side, side), bool)
    portal = np.full(mask.shape, -1, np.int16)
    for p in range(levels - 1):
        columns = slice(side - 2, side) if p % 2 == 0 else slice(0, 2)
        portal[p : p + 2, :, columns] = p
    pairs = np.array([[p, p + 1] for p in range(levels - 1)], np.int32)
    return floor_of(mask, portals=Portals(portal, pairs, np.tile([1.0, 0.0], (levels - 1, 1))))


def test_a_way_over_several_levels_is_as_long_as_its_parts():
    floor = stacked(4)
    routes = find_routes(floor, goals_at([(0, r, 0) for r in range(12)]), wall_aversion=0.0)
    # straight along each level; one is on the next as soon as a cell belongs to both
    for time, (before, entry) in zip(routes.time[0][routes.node], [(0.0, 0), (10.0, 10), (19.0, 1), (28.0, 10)], strict=True):
        np.testing.assert_allclose(time, np.broadcast_to(before + np.abs(np.arange(12) - entry), (12, 12)), atol=1e-4)


def test_levels_agree_with_the_slow_solver_on_the_graph():
    ground = wharf_and_street()
    goals = goals_of(ground, (shapely.box(0, -12, 1, -10), "wharf"))
    routes = find_routes(ground.floor, goals, wall_aversion=0.0)
    sources = np.unique(routes.node[tuple(goals.cells.T)])
    step = np.float64(ground.floor.cell) / build_graph(ground.floor, wall_aversion=0.0).speed
    expected = slow.second_order(routes.neighbour, step, sources)
    # on the graph a node of two cells has neighbours on both levels at once; here either level's, which differs at corners
    np.testing.assert_allclose(routes.time[0], expected, atol=0.1 * ground.floor.cell)


def test_two_floors_joined_only_by_a_lift():
    floor = floor_of(np.ones((2, 15, 40), bool))
    goals = goals_at([(1, 7, 30)])
    lift = [(0, r, 5) for r in (6, 7, 8)], [(1, 7, 9)], 25.0
    assert np.isinf(find_routes(floor, goals).time[0][:600]).all()
    routes = find_routes(floor, goals, links=links_of(lift), wall_aversion=0.0)
    time = routes.time[0][routes.node]
    beyond = np.float32(time[1, 7, 9] + np.float32(25.0))
    assert time[1, 7, 9] == pytest.approx(21.0, abs=1e-4)
    assert time[0, 6, 5] == time[0, 7, 5] == time[0, 8, 5] == beyond
    # to the next entry, straight
    np.testing.assert_allclose(time[0, 7], beyond + np.abs(np.arange(40) - 5), rtol=1e-5)
    assert links_taken(routes, links_of(lift)).all()
    still = (routes.direction[0] == 0).all(axis=1)
    assert sorted(np.flatnonzero(still)) == sorted([*(routes.node[cell] for cell in lift[0]), routes.node[1, 7, 30]])
    # nobody comes down by the lift that goes up
    assert np.isinf(find_routes(floor, goals_at([(0, 0, 0)]), links=links_of(lift)).time[0][600:]).all()


def test_a_lift_up_and_down_is_two_links():
    floor = floor_of(np.ones((2, 9, 9), bool))
    below, above = [(0, 4, 4)], [(1, 4, 4)]
    links = links_of((below, above, 20.0), (above, below, 20.0))
    routes = find_routes(floor, goals_at([(0, 0, 4)], [(1, 0, 4)]), links=links, wall_aversion=0.0)
    np.testing.assert_array_equal(links_taken(routes, links), [[False, True], [True, False]])
    np.testing.assert_array_equal(routes.time[0][routes.node[0]], routes.time[1][routes.node[1]])
    np.testing.assert_array_equal(routes.time[0][routes.node[1]], routes.time[1][routes.node[0]])


@pytest.mark.parametrize(("seconds", "taken"), [(15.0, True), (35.0, False)])
def test_who_is_sooner_on_foot_walks(seconds, taken):
    floor = floor_of(np.ones((1, 5, 60), bool))
    goals = goals_at([(0, r, 50) for r in range(5)])
    walkway = links_of(([(0, r, 10) for r in range(5)], [(0, r, 40) for r in range(5)], seconds))
    on_foot = find_routes(floor, goals, wall_aversion=0.0)
    routes = find_routes(floor, goals, links=walkway, wall_aversion=0.0)
    assert links_taken(routes, walkway).all() == taken
    assert links_taken(routes, walkway).any() == taken
    if not taken:
        same(routes, on_foot)
        return
    row = routes.time[0][routes.node[0, 2]]
    np.testing.assert_allclose(row[:11], 10.0 + 15.0 + 10.0 - np.arange(11), rtol=1e-5)
    # in the middle of the walkway one turns back to its entry while that is sooner
    np.testing.assert_allclose(row, np.minimum(np.abs(np.arange(60) - 10) + 25.0, np.abs(np.arange(60) - 50.0)), atol=0.5)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_links_keep_the_law_of_times(seed):
    random = np.random.default_rng(seed)
    mask = random.random((3, 20, 70)) > 0.2
    floor = floor_of(mask, speed=random.uniform(0.3, 1.0, mask.shape).astype(np.float32))
    free = np.argwhere(mask)

    def some():
        return free[random.integers(0, len(free), random.integers(1, 4))]

    links = links_of(*((some(), some(), float(random.uniform(0.0, 20.0))) for _ in range(8)))
    source = free[random.integers(len(free))]
    routes = find_routes(floor, goals_at([source]), links=links, wall_aversion=0.0)
    time = routes.time[0]
    entry, exit_ = routes.node[tuple(links.entry_cells.T)], routes.node[tuple(links.exit_cells.T)]
    through = np.full(len(time), np.inf)
    for m in range(8):
        over = time[exit_[links.exit_start[m] : links.exit_start[m + 1]]].min() + np.float32(links.seconds[m])
        at = entry[links.entry_start[m] : links.entry_start[m + 1]]
        assert (time[at] <= over).all()
        through[at] = np.minimum(through[at], over)
    around = np.where(routes.neighbour >= 0, time[routes.neighbour], np.inf).min(axis=1)
    # the way leads to a neighbour that is nearer, or into a link
    onward = np.flatnonzero(np.isfinite(time) & (time > 0))
    assert ((around[onward] < time[onward]) | (through[onward] == time[onward])).all()
    assert time[routes.node[tuple(source)]] == 0.0
    # and all is reached from where a way leads there
    assert (np.isfinite(around) <= np.isfinite(time)).all()


def test_a_link_from_or_to_a_cell_of_two_levels():
    floor = stacked(2)
    goals = goals_at([(0, 0, 0)])
    # into the stair (columns 10 and 11), on the level above; out of it on the level below
    links = links_of(([(1, 6, 0)], [(1, 6, 11)], 1.0), ([(1, 3, 10)], [(0, 3, 1)], 2.0))
    routes = find_routes(floor, goals, links=links, wall_aversion=0.0)
    time = routes.time[0][routes.node]
    assert time[1, 6, 0] == time[0, 6, 11] + np.float32(1.0)
    assert time[0, 3, 10] == time[1, 3, 10] == time[0, 3, 1] + np.float32(2.0)
    np.testing.assert_array_equal(links_taken(routes, links), [[True, True]])


def test_what_does_not_fit_is_refused():
    floor, goals, _ = rooms()
    graph = build_graph(floor)
    nodes = len(graph.first)
    with pytest.raises(ParameterError, match="`speed` has shape"):
        solve(graph, goals, speed=np.ones(3))
    with pytest.raises(ParameterError, match="speed at node 7 is nan"):
        solve(graph, goals, speed=np.where(np.arange(nodes) == 7, np.nan, 1.0))
    with pytest.raises(ParameterError, match="speed at node 0 is -1"):
        solve(graph, goals, speed=-np.ones(nodes))
    with pytest.raises(ParameterError, match="`closed` has shape"):
        solve(graph, goals, closed=np.zeros((1, 2, 3), np.uint8))
    with pytest.raises(ParameterError, match="scratch is that of another floor"):
        solve(graph, goals, scratch=make_scratch(build_graph(floor_of(np.ones((1, 3, 3), bool)))))
    with pytest.raises(ParameterError, match="for 1 goals"):
        solve(graph, goals, out=solve(graph, goals_at([goals.cells[0]])))


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (([(0, 1, 1)], [(0, 2, 9)], 1.0), r"exit cell \(0, 2, 9\) of link 0 is not on the floor"),
        (([(0, 0, 0)], [(0, 2, 2)], 1.0), r"entry cell \(0, 0, 0\) of link 0 is not on the floor"),
        (([(0, -1, 1)], [(0, 2, 2)], 1.0), "not on the floor"),
        (([(0, 1, 1)], [(0, 2, 2)], -1.0), "takes -1.0 s"),
        (([(0, 1, 1)], [(0, 2, 2)], np.nan), "takes nan s"),
        (([(0, 1, 1)], [], 1.0), "exit cells"),
    ],
)
def test_links_that_lead_nowhere_are_refused(row, message):
    mask = np.ones((1, 5, 5), bool)
    mask[0, 0, 0] = False
    with pytest.raises(ParameterError, match=message):
        find_routes(floor_of(mask), goals_at([(0, 4, 4)]), links=links_of(row))
