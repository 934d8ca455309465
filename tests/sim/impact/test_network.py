"""Networks: shortest and widest ways beside slow twins, and the medial axis of known shapes."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.reference import network as slow
from twin.impacts.streets import medial_axis_of
from twin.sim.impact import network


@st.composite
def _graphs(draw: st.DrawFn) -> tuple[int, np.ndarray, np.ndarray, np.ndarray]:
    count = draw(st.integers(2, 12))
    arcs = draw(st.integers(1, 40))
    node = st.integers(0, count - 1)
    ends = np.array(draw(st.lists(st.tuples(node, node), min_size=arcs, max_size=arcs)), np.int64)
    cost = st.one_of(st.integers(0, 9).map(float), st.floats(0.01, 50.0), st.just(float("inf")))
    return count, ends[:, 0], ends[:, 1], np.array(draw(st.lists(cost, min_size=arcs, max_size=arcs)))


@settings(max_examples=60, deadline=None)
@given(_graphs(), st.data())
def test_least_costs_are_those_of_dijkstra_and_the_way_has_them(graph: tuple, data: st.DataObject) -> None:
    count, tails, heads, cost = graph
    sources = data.draw(st.lists(st.integers(0, count - 1), min_size=1, max_size=3))
    found = network.shortest(count, tails, heads, cost, np.array(sources, np.int64))
    np.testing.assert_allclose(found.cost, slow.shortest(count, tails, heads, cost, sources), atol=1e-9)
    for node in range(count):
        way = found.to(node)
        if np.isfinite(found.cost[node]):
            assert cost[way].sum() == pytest.approx(found.cost[node], abs=1e-9)
            assert (tails[way[1:]] == heads[way[:-1]]).all()
            assert not len(way) or (heads[way[-1]] == node and tails[way[0]] in sources)
        else:
            assert not len(way)


@settings(max_examples=60, deadline=None)
@given(_graphs(), st.data())
def test_arcs_that_are_shut_only_lengthen_ways(graph: tuple, data: st.DataObject) -> None:
    count, tails, heads, cost = graph
    shut = np.array(data.draw(st.lists(st.booleans(), min_size=len(cost), max_size=len(cost))))
    source = np.array([0], np.int64)
    free = network.shortest(count, tails, heads, cost, source).cost
    less = network.shortest(count, tails, heads, np.where(shut, np.inf, cost), source).cost
    assert (less >= free - 1e-9).all()
    # both ways alike, from a to b is as long as from b to a
    both = np.concatenate([tails, heads]), np.concatenate([heads, tails]), np.concatenate([cost, cost])
    back = [network.shortest(count, *both, np.array([node], np.int64)).cost for node in range(count)]
    np.testing.assert_allclose(np.array(back), np.array(back).T, atol=1e-9)


@settings(max_examples=60, deadline=None)
@given(_graphs(), st.data())
def test_the_widest_way_is_that_at_which_a_wider_vehicle_no_longer_passes(graph: tuple, data: st.DataObject) -> None:
    count, tails, heads, cost = graph
    ends, width = np.stack([tails, heads], axis=1), np.where(np.isfinite(cost), cost, 0.0) + 0.5
    start, end = data.draw(st.integers(0, count - 1)), data.draw(st.integers(0, count - 1))
    loops = ends[:, 0] == ends[:, 1]
    found = network.widest(count, ends[~loops], width[~loops], start, end)
    assert found == slow.widest(count, ends, width, start, end)


def _axis(shape: shapely.Geometry, spacing: float = 0.5) -> tuple[network.Links, np.ndarray, network.Chains]:
    links, width = medial_axis_of(shape, spacing)
    return links, width, network.chains(len(links.points), links.ends)


@settings(max_examples=15, deadline=None)
@given(st.floats(1.5, 14.0), st.floats(0.0, 180.0))
def test_a_straight_street_has_one_line_in_its_middle_with_its_width(width: float, azimuth: float) -> None:
    street = shapely.affinity.rotate(shapely.box(0, 0, 80, width), azimuth, origin=(0, 0))
    links, wide, made = _axis(street)
    assert len(made) == 1
    away = np.hypot(*links.points[links.ends].mean(axis=1).T)
    inner = (away > width) & (away < 80 - width)
    np.testing.assert_allclose(wide[inner], width, atol=0.01)
    np.testing.assert_allclose(wide, width, atol=0.25)
    length = float(network.lengths(links).sum())
    assert length == pytest.approx(80 - width, abs=0.6), "up to half the width from its ends"
    middle = shapely.affinity.rotate(shapely.LineString([(0, width / 2), (80, width / 2)]), azimuth, origin=(0, 0))
    assert shapely.distance(middle, shapely.points(links.points)).max() < 0.03


def test_a_post_in_a_street_leaves_two_ways_and_a_wall_none() -> None:
    street = shapely.box(0, 0, 60, 6).difference(shapely.Point(30, 2).buffer(0.25))
    links, width, made = _axis(street)
    assert len(made) == 4, "to the post, round it on both sides, and on"
    assert network.widest(len(links.points), links.ends, width, _at(links, 5), _at(links, 55)) == pytest.approx(3.75, abs=0.02)
    gate = shapely.box(0, 0, 60, 6).difference(shapely.box(30, 0, 30.2, 1.5)).difference(shapely.box(30, 3.6, 30.2, 6))
    links, width, _ = _axis(gate)
    assert network.widest(len(links.points), links.ends, width, _at(links, 5), _at(links, 55)) == pytest.approx(2.1, abs=0.02)
    shut = shapely.box(0, 0, 60, 6).difference(shapely.box(30, -1, 30.2, 7))
    links, width, _ = _axis(shut)
    assert network.widest(len(links.points), links.ends, width, _at(links, 5), _at(links, 55)) == 0.0


def _at(links: network.Links, x: float) -> int:
    return int(np.argmin(np.hypot(links.points[:, 0] - x, links.points[:, 1] - 3.0)))


def test_a_grid_of_streets_has_a_node_at_each_crossing() -> None:
    blocks = [shapely.box(x, y, x + 40, y + 30) for x in (10, 60) for y in (10, 50)]
    links, width, _ = _axis(shapely.box(0, 0, 110, 90).difference(shapely.union_all(blocks)))
    degree = np.bincount(links.ends.reshape(-1))
    crossings = links.points[degree > 2]
    near = [min(np.hypot(*(crossings - np.array(at)).T)) for at in ((55, 45), (55, 5), (5, 45), (105, 45), (55, 85))]
    assert max(near) < 2.5
    corners = [[3, 3], [107, 87]]
    start, end = (int(np.argmin(np.hypot(*(links.points - np.array(at)).T))) for at in corners)
    span = network.lengths(links)
    both = np.concatenate([links.ends[:, 0], links.ends[:, 1]]), np.concatenate([links.ends[:, 1], links.ends[:, 0]])
    found = network.shortest(len(links.points), *both, np.concatenate([span, span]), np.array([start])).cost[end]
    assert found == pytest.approx(100 + 80, rel=0.06), "along the axes of the streets, corners cut"
    assert width.min() > 9.0


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**31))
def test_clearance_is_the_distance_to_the_nearest_wall(seed: int) -> None:
    rng = np.random.default_rng(seed)
    shape = shapely.convex_hull(shapely.multipoints(rng.uniform(0, 30, (8, 2))))
    xy = shapely.get_coordinates(shape)
    segments = np.concatenate([xy[:-1], xy[1:]], axis=1)
    points = rng.uniform(0, 30, (40, 2))
    found = network.clearance(network.walls(segments, 0.5), points)
    np.testing.assert_allclose(found, slow.clearance(segments, points), atol=0.02)


def test_chains_take_each_link_once_and_rings_too() -> None:
    ends = np.array([[0, 1], [1, 2], [2, 3], [2, 4], [5, 6], [6, 7], [7, 5]])
    made = network.chains(8, ends)
    ways = sorted(made.of(k).tolist() for k in range(len(made)))
    assert sum(len(way) - 1 for way in ways) == len(ends)
    assert [0, 1, 2] in ways
    ring = next(way for way in ways if way[0] == way[-1])
    assert sorted(ring[:-1]) == [5, 6, 7]
    assert network.parts(8, ends).tolist() == [0, 0, 0, 0, 0, 1, 1, 1]
    assert len(network.ridges(np.zeros((2, 2))).ends) == 0
    nowhere = network.shortest(3, ends[:2, 0], ends[:2, 1], np.ones(2), np.empty(0, np.int64))
    assert np.isinf(nowhere.cost).all()
