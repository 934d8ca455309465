"""Settlement behind the wall of a pit: published curves, a slow twin, and the laws of the field around a pit."""

from __future__ import annotations

import numba
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.reference import ground as reference
from twin.sim.impact.pit.behind_wall import (
    REACHES,
    SHAPES,
    WALLS,
    _share,
    corner_factor,
    expected_settlement,
    ground_moves,
    merged,
    profile,
    tunnel_trough,
    walls_of,
)

BOX = np.array([[0.0, 0], [80, 0], [80, 30], [0, 30]])
CURVED = np.array([[0.0, 0], [20, -2], [40, 0], [55, 5], [60, 20], [50, 30], [25, 26], [0, 30], [-4, 15]])
BEND = np.array([[0.0, 0], [40, 0], [40, 20], [15, 20], [15, 50], [0, 50]])


def test_the_concave_curve_of_hsieh_and_ou():
    assert 30.0 * profile("concave", np.array([0.0, 0.5, 1.0, 2.0, 4.0])) == pytest.approx([15, 30, 21, 3, 0])


def test_the_spandrel_meets_a_tenth_at_two_depths():
    found = profile("spandrel", np.array([0.0, 2.0, np.nextafter(2.0, 3.0), 4.0, 5.0]))
    assert found == pytest.approx([1.0, 0.1, 0.1, 0.0, 0.0], abs=6e-4)


def test_the_curves_of_clough_and_o_rourke():
    assert profile("sand", np.array([0.0, 1.0, 2.0])) == pytest.approx([1, 0.5, 0])
    assert profile("stiff clay", np.array([0.0, 1.5, 3.0])) == pytest.approx([1, 0.5, 0])
    assert profile("soft clay", np.array([0.0, 0.75, 1.375, 2.0])) == pytest.approx([1, 1, 0.5, 0])


@pytest.mark.parametrize("kind", range(len(SHAPES)))
def test_every_curve_is_a_share_that_ends_where_it_says(kind):
    ratio = np.linspace(0.0, 6.0, 6001)
    found = profile(SHAPES[kind], ratio)
    assert found.min() >= 0.0
    assert found.max() == pytest.approx(1.0)
    assert np.abs(np.diff(found)).max() < 0.04
    assert (found[ratio >= REACHES[kind] + 1e-9] == 0.0).all()
    assert [_share(kind, one) for one in ratio] == pytest.approx(found, abs=1e-15)


def test_the_corner_of_roboski_and_finno():
    found = corner_factor(np.array([-200.0, 0.0, 4.622, 5.0, 10.0, 20.0, 40.0]), 80.0, 10.0)
    assert found == pytest.approx([0, 0.3408, 0.5, 0.5134, 0.6834, 0.9138, 0.9992], abs=5e-5)


def test_the_trough_above_a_tunnel():
    assert tunnel_trough(np.array([0.0, 7.5]), 6.0, 0.01, 7.5) == pytest.approx([15.0398, 15.0398 * np.exp(-0.5)], abs=1e-3)


def test_a_kind_of_wall_has_a_range():
    for wall in WALLS:
        low, middle, high = expected_settlement(wall, 10.0)
        assert 0.0 < low < middle < high
    assert expected_settlement("sheet-pile", 10.0) == pytest.approx((15, 50, 100))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("ring", [BOX, BEND, BEND[::-1], CURVED])
def test_it_is_as_the_slow_twin_says(shape, ring):
    walls = walls_of(ring, 8.0, 25.0, shape)
    points = np.random.default_rng(3).uniform(-45, 120, (400, 2))
    points = np.vstack([points, 0.5 * (ring + np.roll(ring, 1, axis=0)), ring])
    found, known = ground_moves(points, walls, 0.6), reference.moves(points, walls, 0.6)
    np.testing.assert_allclose(found.settlement, known.settlement, atol=1e-9)
    # where two walls meet the way towards them is that of either
    np.testing.assert_allclose(found.horizontal[: -len(ring)], known.horizontal[: -len(ring)], atol=1e-6)


def test_any_number_of_threads_gives_the_same_to_the_bit():
    walls = walls_of(BEND, 8.0, 25.0)
    points = np.random.default_rng(1).uniform(-45, 120, (20_000, 2))
    most, found = numba.get_num_threads(), []
    try:
        for threads in sorted({1, min(2, most)}):
            numba.set_num_threads(threads)
            found.append(ground_moves(points, walls))
    finally:
        numba.set_num_threads(most)
    for other in found[1:]:
        assert np.array_equal(found[0].settlement, other.settlement, equal_nan=True)
        assert np.array_equal(found[0].horizontal, other.horizontal, equal_nan=True)


@settings(max_examples=40, deadline=None)
@given(
    sides=st.tuples(st.floats(5, 150), st.floats(5, 150)), depth=st.floats(2, 20), shape=st.sampled_from(SHAPES),
    turn=st.floats(0, 6.3),
)  # fmt: skip
def test_laws_around_a_rectangle(sides, depth, shape, turn):
    """Never more than the largest, nothing beyond four depths, mirrored, and turned with the pit."""
    half = np.array(sides) / 2.0
    ring = half * np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])
    points = np.random.default_rng(7).uniform(-1, 1, (200, 2)) * (half + 5.0 * depth)
    walls = walls_of(ring, depth, 40.0, shape)
    found = ground_moves(points, walls)
    outside = np.isfinite(found.settlement)
    assert (outside == ~shapely.contains_xy(shapely.box(*-half, *half), *points.T)).all()
    assert (found.settlement[outside] <= 40.0).all()
    assert (found.settlement[outside] >= 0.0).all()
    away = shapely.distance(shapely.box(*-half, *half), shapely.points(points))
    assert (found.settlement[away >= 4.0 * depth] == 0.0).all()
    towards = (found.horizontal * (np.clip(points, -half, half) - points)).sum(axis=1)
    assert (towards[outside] >= -1e-9).all()
    np.testing.assert_allclose(np.hypot(*found.horizontal[outside].T), 0.75 * found.settlement[outside], atol=1e-9)
    for mirror in ((-1, 1), (1, -1)):
        other = ground_moves(points * mirror, walls)
        np.testing.assert_allclose(other.settlement, found.settlement, atol=1e-9)
        np.testing.assert_allclose(other.horizontal * mirror, found.horizontal, atol=1e-6)
    spin = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    other = ground_moves(points @ spin, walls_of(ring @ spin, depth, 40.0, shape))
    np.testing.assert_allclose(other.settlement[outside], found.settlement[outside], atol=1e-6)


@pytest.mark.parametrize("length", [60.0, 100.0, 400.0])
def test_in_the_middle_of_a_long_wall_it_is_the_curve_along_a_line(length):
    away = np.linspace(0.0, 40.0, 81)
    walls = walls_of(np.array([[0, 0], [length, 0], [length, 200.0], [0, 200.0]]), 10.0, 30.0)
    found = ground_moves(np.column_stack([np.full(81, length / 2), -away]), walls).settlement
    np.testing.assert_allclose(found, 30.0 * profile("concave", away / 10.0), atol=0.3)


def test_nothing_jumps_around_a_pit():
    """On rings around the pit, also where lines of walls are crossed."""
    for ring in (BOX, BEND, CURVED):
        walls = walls_of(ring, 10.0, 30.0)
        for away in (0.01, 1.0, 5.0, 15.0, 30.0):
            around = shapely.Polygon(ring).buffer(away, quad_segs=64).exterior
            points = shapely.get_coordinates(around.interpolate(np.arange(0.0, around.length, 0.02)))
            found = ground_moves(points, walls)
            assert np.abs(np.diff(found.settlement)).max() < 0.2
            if away >= 1.0:
                assert np.abs(np.diff(found.horizontal, axis=0)).max() < 0.5


def test_a_round_pit_has_no_corners():
    turn = 2.0 * np.pi * np.arange(48) / 48
    ring = 30.0 * np.column_stack([np.cos(turn), np.sin(turn)])
    walls = walls_of(ring, 10.0, 30.0)
    assert not walls.held.any()
    assert walls.whole == pytest.approx([walls.length.sum()])
    for away in (0.5, 5.0, 12.0):
        around = (30.0 + away) * np.column_stack([np.cos(turn + 0.03), np.sin(turn + 0.03)])
        known = 30.0 * profile("concave", np.array([away / 10.0]))[0]
        assert ground_moves(around, walls).settlement == pytest.approx(known, rel=0.01)


def test_walls_that_turn_a_little_go_on_as_one():
    bent = np.insert(BOX, 1, [[40.0, -3.0]], axis=0)
    walls = walls_of(bent, 10.0, 30.0)
    assert walls.first.tolist() == [0, 2, 3, 4, 5]
    assert walls.held.all()
    assert walls.whole[0] == pytest.approx(walls.length[:2].sum())
    assert walls.since[1] == walls.length[0]
    assert ground_moves(np.array([[40.0, -8.0]]), walls).settlement[0] == pytest.approx(30.0, rel=0.01)


def test_ground_that_stands_out_into_a_pit_is_not_held_at_its_corner():
    walls = walls_of(BEND, 10.0, 30.0)
    assert (~walls.held).sum() == 2
    found = ground_moves(np.array([[17.0, 22.0], [-1.5, -1.5]]), walls).settlement
    assert found[0] == pytest.approx(30.0 * 0.7, rel=0.01)
    assert found[1] < 0.6 * 30.0 * 0.7


def test_a_wall_in_pieces_is_one_wall():
    pieces = np.insert(BOX, [1, 1, 3], [[20.0, 0], [50, 0], [33, 30]], axis=0)
    assert np.array_equal(np.sort(merged(pieces), axis=0), np.sort(BOX, axis=0))
    points = np.random.default_rng(2).uniform(-40, 120, (500, 2))
    whole, cut = (ground_moves(points, walls_of(ring, 10.0, 30.0)) for ring in (BOX, pieces))
    assert np.array_equal(whole.settlement, cut.settlement, equal_nan=True)
    closed = np.vstack([BOX, BOX[:1]])
    assert np.array_equal(walls_of(closed, 10.0, 30.0).length, walls_of(BOX, 10.0, 30.0).length)


def test_no_points_are_no_movement():
    assert len(ground_moves(np.zeros((0, 2)), walls_of(BOX, 10.0, 30.0)).settlement) == 0
