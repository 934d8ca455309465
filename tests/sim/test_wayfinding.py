"""Ways to goals: the eikonal solver against exact distances, bounds and laws."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.reference import eikonal as slow
from tests.sim.scenes import goals_of, ground_of, wharf_and_street
from twin.sim.crowd.wayfinding import find_routes
from twin.sim.floor import Chain, build_floor
from twin.sim.model import Goals
from twin.verification import Run, Site
from twin.verification.walking import ground_of as site_ground


def open_floor(side, cell=1.0, chains=(), mask=None):
    mask = np.ones((1, side, side), bool) if mask is None else mask
    return build_floor(west=0.0, north=side * cell, cell=cell, mask=mask, chains=chains)


def goal(*cells):
    return Goals(np.array([0, len(cells)]), np.array([(0, *cell) for cell in cells], np.int32))


def time_map(floor, routes, g=0, level=0):
    node = routes.node[level]
    return np.where(node >= 0, routes.time[g][np.maximum(node, 0)], np.nan).astype(float)


@pytest.fixture(scope="module")
def radial():
    side, radius = 401, 20.0
    row, column = np.mgrid[:side, :side] - side // 2
    exact = np.hypot(row, column) - radius
    disc = np.argwhere(exact <= 0)
    routes = find_routes(open_floor(side), goal(*disc), wall_aversion=0.0)
    return exact, time_map(None, routes), routes


def test_times_around_a_disc_are_distances(radial):
    exact, time, _ = radial
    outside = exact > 0
    # the staircase edge of the disc stands up to half a cell inside the circle
    error = time[outside] - exact[outside]
    assert np.abs(error).mean() < 0.3
    assert -0.6 < error.min() <= error.max() < 0.7
    relative = np.abs(error) / exact[outside]
    assert relative[exact[outside] > 50].mean() < 0.0025


def test_directions_around_a_disc_point_to_its_centre(radial):
    exact, _, routes = radial
    side = exact.shape[0]
    row, column = np.mgrid[:side, :side] - side // 2
    far = exact > 30
    found = routes.direction[0][routes.node[0]][far]
    wanted = np.stack([-column[far], row[far]], axis=1) / np.hypot(row, column)[far][:, None]
    off = np.degrees(np.arccos(np.clip((found * wanted).sum(axis=1), -1.0, 1.0)))
    assert off.mean() < 1.0
    assert off.max() < 6.0
    np.testing.assert_allclose(np.hypot(*found.T), 1.0, atol=1e-6)


@pytest.mark.parametrize("turn", [np.fliplr, np.flipud, np.transpose])
def test_a_disc_looks_the_same_from_all_sides(radial, turn):
    _, time, _ = radial
    np.testing.assert_allclose(turn(time), time, atol=1e-4)


masks = st.integers(0, 2**32 - 1).map(lambda seed: np.random.default_rng(seed).random((1, 14, 17)) > 0.3)


def graph(floor, source):
    """Links and steps as the solver sees them."""
    goals = goal(source)
    routes = find_routes(floor, goals, wall_aversion=0.0)
    count = routes.neighbour.shape[0]
    return routes, np.full(count, floor.cell), routes.node[0][source]


def several_tiles(seed):
    """A floor of four tiles with obstacles, thin walls and speeds from 0.05 to 1, and a cell on it."""
    random = np.random.default_rng(seed)
    shape = (1, 22, 74)
    mask = random.random(shape) > random.choice([0.0, 0.1, 0.3])
    speed = [np.ones(shape), random.uniform(0.05, 1.0, shape), random.choice([0.05, 1.0], shape)][random.integers(3)]
    speed = np.where(np.arange(74) % 20 < 10, speed, 1.0)
    walls = np.where(random.random(shape) < random.choice([0.0, 0.1]), random.integers(1, 4, shape), 0)
    source = (int(random.integers(22)), int(random.integers(74)))
    mask[0, *source] = True
    floor = build_floor(west=0.0, north=22.0, cell=1.0, mask=mask, chains=[], speed=speed.astype(np.float32))
    return floor._replace(blocked=walls.astype(np.uint8)), source


seeds = st.integers(0, 2**32 - 1)


@settings(max_examples=15, deadline=None)
@given(seeds)
def test_times_are_those_of_the_slow_solver(seed):
    floor, source = several_tiles(seed)
    routes = find_routes(floor, goal(source), wall_aversion=0.0)
    step = 1.0 / floor.speed[floor.mask].astype(float)
    expected = slow.second_order(routes.neighbour, step, routes.node[0][source].reshape(1))
    np.testing.assert_allclose(routes.time[0], expected, rtol=1e-5, atol=1e-5)


@settings(max_examples=60, deadline=None)
@given(seeds)
def test_times_have_no_steps_and_no_hollows(seed):
    floor, source = several_tiles(seed)
    routes = find_routes(floor, goal(source), wall_aversion=0.0)
    time, around = routes.time[0], np.where(routes.neighbour >= 0, routes.time[0][routes.neighbour], np.inf)
    step = 1.0 / floor.speed[floor.mask]
    slowest = np.maximum(step, np.where(routes.neighbour >= 0, step[routes.neighbour], 0.0).max(axis=1))
    reached = np.isfinite(time) & (time > 0)
    assert (around.min(axis=1)[reached] < time[reached]).all()
    assert (time[reached] <= around.min(axis=1)[reached] + 1.5 * slowest[reached] * (1 + 1e-5)).all()


@pytest.mark.parametrize("turn", [np.s_[:, :, ::-1], np.s_[:, ::-1, :]])
@settings(max_examples=40, deadline=None)
@given(seed=seeds)
def test_mirrored_tiles_have_the_same_times_to_the_bit(seed, turn):
    floor, source = several_tiles(seed)
    floor = floor._replace(blocked=np.zeros_like(floor.blocked))
    seen = np.zeros(floor.mask.shape, bool)
    seen[0, *source] = True
    _, r, c = np.argwhere(seen[turn])[0]
    other = floor._replace(mask=floor.mask[turn].copy(), speed=floor.speed[turn].copy())
    one = time_map(floor, find_routes(floor, goal(source), wall_aversion=0.0))
    two = time_map(other, find_routes(other, goal((r, c)), wall_aversion=0.0))
    np.testing.assert_array_equal(two, one[None][turn][0])


def test_a_point_is_as_far_as_it_is():
    side = 513
    row, column = np.mgrid[:side, :side] - side // 2
    exact = np.hypot(row, column)
    routes = find_routes(open_floor(side), goal((side // 2, side // 2)), wall_aversion=0.0)
    error = np.abs(time_map(None, routes) - exact)
    # what second-order fast marching reaches as well (scikit-fmm 2025.6: 0.127 % and 0.329 cells)
    assert (error[exact > 0] / exact[exact > 0]).mean() < 0.0013
    assert error.max() < 0.33


@pytest.mark.parametrize(("near", "far"), [(1.0, 0.5), (1.0, 0.2), (1.0, 0.05), (0.5, 1.0), (0.2, 1.0)])
def test_ways_bend_where_the_floor_gets_slower_or_faster(near, far):
    side, border, source = 128, 64, (60, 30)
    speed = np.where(np.arange(side) < border, near, far) * np.ones((1, side, side))
    floor = open_floor(side)._replace(speed=speed.astype(np.float32))
    time = time_map(floor, find_routes(floor, goal(source), wall_aversion=0.0))
    # Fermat: the least time over all points of the border, which lies between two columns
    across = np.linspace(-side, 2 * side, 6001)
    first = np.hypot(border - 0.5 - source[1], across - source[0]) / near
    for c in (64, 70, 90, 127):
        exact = [(first + np.hypot(c - border + 0.5, across - r) / far).min() for r in range(side)]
        error = np.abs(time[:, c] - exact)
        # beside the border up to a third of the time across a slow cell, further away much less
        assert error.max() < 0.35 / min(near, far)
        assert c == border or (error / exact).mean() < 0.01


@settings(max_examples=40, deadline=None)
@given(masks, st.integers(0, 13), st.integers(0, 16))
def test_time_lies_between_the_first_order_bounds(mask, r, c):
    mask[0, r, c] = True
    floor = build_floor(west=0.0, north=14.0, cell=1.0, mask=mask, chains=[])
    routes, step, source = graph(floor, (r, c))
    upper = slow.along_axes(routes.neighbour, step, np.array([source]))
    godunov = slow.first_order(routes.neighbour, step, np.array([source]))
    time = routes.time[0].astype(float)
    reached = np.isfinite(time)
    np.testing.assert_array_equal(reached, np.isfinite(upper))
    assert (time[reached] <= upper[reached] + 1e-5).all()
    row, column = np.nonzero(mask[0])
    straight = np.hypot(row - r, column - c)
    # second order may undershoot the distance by a little; first order never does
    assert (time[reached] >= straight[reached] - 0.5).all()
    assert (godunov[reached] >= straight[reached] - 1e-9).all()
    off = np.abs(time[reached] - godunov[reached])
    assert off.max() < 1.0 + 0.1 * upper[reached].max()


@settings(max_examples=40)
@given(masks, st.integers(0, 13), st.integers(0, 16))
def test_every_way_leads_down(mask, r, c):
    mask[0, r, c] = True
    floor = build_floor(west=0.0, north=14.0, cell=1.0, mask=mask, chains=[])
    routes, _, source = graph(floor, (r, c))
    time, direction = routes.time[0], routes.direction[0]
    for k in range(len(time)):
        if not np.isfinite(time[k]):
            assert (direction[k] == 0).all()
            continue
        lower = [m for m in routes.neighbour[k] if m >= 0 and time[m] < time[k]]
        assert lower or k == source
        if k != source:
            assert np.hypot(*direction[k]) == pytest.approx(1.0, abs=1e-6)
            ahead = [(1, 0), (-1, 0), (0, 1), (0, -1)]
            for q, (dx, dy) in enumerate(ahead):
                # it never points at a wall or uphill
                m = routes.neighbour[k][q]
                if m < 0:
                    assert direction[k] @ np.array([dx, dy]) <= 1e-6


@settings(max_examples=30)
@given(masks, st.integers(0, 13), st.integers(0, 16), st.sampled_from([np.s_[:, :, ::-1], np.s_[:, ::-1, :]]))
def test_a_mirrored_floor_has_mirrored_times(mask, r, c, turn):
    mask[0, r, c] = True
    seen = np.zeros(mask.shape, bool)
    seen[0, r, c] = True
    one = build_floor(west=0.0, north=14.0, cell=1.0, mask=mask, chains=[])
    two = build_floor(west=0.0, north=14.0, cell=1.0, mask=mask[turn].copy(), chains=[])
    _, mr, mc = np.argwhere(seen[turn])[0]
    a = time_map(one, find_routes(one, goal((r, c)), wall_aversion=0.0))
    b = time_map(two, find_routes(two, goal((int(mr), int(mc))), wall_aversion=0.0))
    np.testing.assert_allclose(b, a[None][turn][0], atol=1e-4)


def test_links_are_those_between_floor_cells_that_no_wall_divides():
    ground = wharf_and_street()
    floor = ground.floor
    routes = find_routes(floor, goals_of(ground, shapely.box(0, 9, 20, 10)))
    expected = slow.links(floor.mask, floor.blocked, floor.portal, floor.portal_levels)
    for cell, others in expected.items():
        k = routes.node[cell]
        assert {int(m) for m in routes.neighbour[k] if m >= 0} == {int(routes.node[o]) for o in others}


def test_the_two_cells_of_a_portal_share_a_node():
    ground = wharf_and_street()
    floor = ground.floor
    routes = find_routes(floor, goals_of(ground, shapely.box(0, 9, 20, 10)))
    shared = np.argwhere(floor.portal[0] >= 0)
    assert len(shared) > 40
    for r, c in shared:
        assert routes.node[0, r, c] == routes.node[1, r, c] >= 0
    twins = np.count_nonzero(floor.portal[0] >= 0)
    assert len(np.unique(routes.node[routes.node >= 0])) == floor.mask.sum() - twins
    assert np.isfinite(routes.time).all()


def test_a_level_between_two_others_shares_its_nodes_with_both():
    # stairs on the same rows: the cells that the middle level shares with one and with the other follow each other in turn
    places = ((8, "b", 270.0), (24, "c", 90.0))
    stairs = tuple(Run(shapely.box(x, 2, x + 4, 5), "a", upper, azimuth) for x, upper, azimuth in places)
    floors = {"a": shapely.box(12, 0, 24, 8), "b": shapely.box(0, 0, 8, 8), "c": shapely.box(28, 0, 36, 8)}
    ground = site_ground(Site(floors, stairs=stairs, heights={"b": 3.0, "c": 3.0}), 0.25)
    routes = find_routes(ground.floor, goals_of(ground, (shapely.box(0, 0, 1, 8), "b")))
    assert routes.node.max() + 1 == len(np.unique(routes.node)) - 1
    shared = ground.floor.portal >= 0
    for other in (1, 2):
        both = shared[0] & shared[other]
        assert both.sum() == 6 * 12
        assert (routes.node[0][both] == routes.node[other][both]).all()
    assert np.isfinite(routes.time).all()
    around = np.where(routes.neighbour >= 0, routes.time[0][routes.neighbour], np.inf).min(axis=1)
    assert (around < routes.time[0])[routes.time[0] > 0].all()


def test_the_way_up_leads_over_the_stair():
    ground = wharf_and_street()
    routes = find_routes(ground.floor, goals_of(ground, shapely.box(0, 9, 20, 10)), wall_aversion=0.0)
    r, c = ground.grid.index(1.0, -11.0)
    speed = 0.65 / 1.34
    # from (1, -11) straight to the stair's western edge at (8, -6), up six metres of stair, nine of street
    exact = np.hypot(7, 5) + 6.0 / speed + 9.0
    assert routes.time[0][routes.node[ground.level_number("wharf"), r, c]] == pytest.approx(exact, rel=0.03)


def test_a_wall_thinner_than_a_cell_holds():
    wall = Chain(0, np.array([[5.03, -1.0], [5.03, 9.02]]), False)
    floor = open_floor(10, chains=[wall])
    time = time_map(floor, find_routes(floor, goal((9, 0)), wall_aversion=0.0))
    # the gap is the northernmost row only: from the south-east corner one walks up, through and down again
    assert time[9, 9] > 14.0
    assert time[0, 4] < time[0, 5] < time[9, 5]
    closed = open_floor(10, chains=[Chain(0, np.array([[5.03, -1.0], [5.03, 11.0]]), False)])
    time = time_map(closed, find_routes(closed, goal((9, 0)), wall_aversion=0.0))
    assert np.isinf(time[:, 5:]).all()
    assert np.isfinite(time[:, :5]).all()


@given(st.floats(0.0, 3.1), st.floats(-2.0, 2.0))
@settings(max_examples=40)
def test_a_closed_fence_at_any_angle_holds(angle, offset):
    along = np.array([np.cos(angle), np.sin(angle)])
    middle = np.array([10.0, 10.0]) + offset * np.array([-along[1], along[0]])
    floor = open_floor(20, chains=[Chain(0, np.array([middle - 40 * along, middle + 40 * along]), False)])
    x, y = np.arange(20) + 0.5, 20 - (np.arange(20) + 0.5)
    side = along[0] * (y[:, None] - middle[1]) - along[1] * (x[None, :] - middle[0])
    near = np.argwhere(side > 0.5)[0]
    time = time_map(floor, find_routes(floor, goal(tuple(near)), wall_aversion=0.0))
    assert np.isinf(time[side < -1e-9]).all()
    assert np.isfinite(time[side > 1e-9]).mean() > 0.95


def test_what_no_way_leads_to_is_infinitely_far():
    ground = ground_of(shapely.MultiPolygon([shapely.box(0, 0, 5, 5), shapely.box(7, 0, 12, 5)]))
    routes = find_routes(ground.floor, goals_of(ground, shapely.box(0, 0, 1, 5)))
    here = routes.node[0][ground.grid.index(3.0, 3.0)]
    there = routes.node[0][ground.grid.index(9.0, 3.0)]
    assert np.isfinite(routes.time[0, here])
    assert np.isinf(routes.time[0, there])
    assert (routes.direction[0, there] == 0).all()


def test_slow_floor_takes_longer():
    floor = open_floor(30)._replace(speed=np.full((1, 30, 30), 0.5, np.float32))
    time = time_map(floor, find_routes(floor, goal(*[(r, 0) for r in range(30)]), wall_aversion=0.0))
    np.testing.assert_allclose(time, np.broadcast_to(2.0 * np.arange(30), (30, 30)), rtol=1e-5)


def test_ways_keep_away_from_corners():
    area = shapely.box(0, 0, 20, 20).difference(shapely.box(0, 0, 10, 10))
    ground = ground_of(area)
    goals = goals_of(ground, shapely.box(19, 0, 20, 1))
    plain, averse = find_routes(ground.floor, goals, wall_aversion=0.0), find_routes(ground.floor, goals)
    r, c = ground.grid.index(0.5, 19.5)
    k = plain.node[0, r, c]
    assert plain.time[0, k] <= averse.time[0, k] < 1.2 * plain.time[0, k]


def test_several_goals_are_solved_as_if_alone():
    ground = ground_of(shapely.box(0, 0, 12, 9).difference(shapely.box(4, 3, 6, 9)))
    shapes = [shapely.box(0, 0, 1, 9), shapely.box(11, 0, 12, 9), shapely.box(3, 0, 9, 1)]
    together = find_routes(ground.floor, goals_of(ground, *shapes))
    for g, shape in enumerate(shapes):
        alone = find_routes(ground.floor, goals_of(ground, shape))
        np.testing.assert_array_equal(together.time[g], alone.time[0])
        np.testing.assert_array_equal(together.direction[g], alone.direction[0])
