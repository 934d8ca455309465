"""Who is inside an area and who has crossed a line, against shapely and plain sums."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from twin.sim.crowd.counts import MOST_STRIPS, count_inside, count_passed, make_areas

seeds = st.integers(0, 2**31)


def rings_of(shape):
    return [shapely.get_coordinates(ring) for ring in shapely.get_rings(shapely.get_parts(shape))]


def star(random, corners, x=0.0, y=0.0, radius=10.0):
    """A polygon of any form round a point."""
    angle = np.sort(random.uniform(0.0, 2.0 * np.pi, corners))
    reach = random.uniform(0.2, 1.0, corners) * radius
    return shapely.Polygon(np.column_stack([x + reach * np.cos(angle), y + reach * np.sin(angle)])).buffer(0)


@given(seeds, st.integers(3, 400), st.integers(0, 300))
def test_inside_is_what_shapely_says(seed, corners, people):
    """Several areas on two levels, with holes and in parts, however many corners they have."""
    random = np.random.default_rng(seed)
    shapes = [
        star(random, corners), star(random, 5, 3.0, 1.0).difference(star(random, 4, 3.0, 1.0, 4.0)),
        shapely.union_all([star(random, 4, -15.0), star(random, corners, 15.0)]), shapely.box(-4, -4, 6, 2),
    ]  # fmt: skip
    shapes = [shape for shape in shapes if shape.area > 0]
    levels = [k % 2 for k in range(len(shapes))]
    x, y = random.uniform(-20.0, 20.0, people), random.uniform(-12.0, 12.0, people)
    level = random.integers(0, 2, people).astype(np.int32)
    found = count_inside(make_areas([rings_of(shape) for shape in shapes], levels), x, y, level)
    expected = [(shapely.contains_xy(shape, x, y) & (level == on)).sum() for shape, on in zip(shapes, levels, strict=True)]
    assert found.tolist() == expected


@given(seeds)
def test_areas_that_share_an_edge_share_nobody(seed):
    """On a grid of squares everybody is in exactly one, also who stands on an edge or a corner."""
    random = np.random.default_rng(seed)
    squares = [shapely.box(i, j, i + 1, j + 1) for i in range(4) for j in range(4)]
    x, y = random.integers(0, 16, 60) / 4.0, random.integers(0, 16, 60) / 4.0
    found = count_inside(make_areas([rings_of(s) for s in squares], [0] * 16), x, y, np.zeros(60, np.int32))
    assert found.sum() == 60


def test_many_corners_are_no_dearer_for_a_person():
    areas = make_areas([rings_of(shapely.Point(0, 0).buffer(10.0, quad_segs=5000))], [0])
    per_strip = np.diff(areas.first)
    assert len(per_strip) == MOST_STRIPS
    assert per_strip.max() < 20_000 / 20
    x = np.linspace(-11.0, 11.0, 1001)
    assert count_inside(areas, x, 0.3 + 0.0 * x, np.zeros(1001, np.int32))[0] == (np.hypot(x, 0.3) < 10.0).sum()


def test_no_area_counts_nobody():
    nobody = np.zeros(3), np.zeros(3), np.zeros(3, np.int32)
    assert count_inside(make_areas([], []), *nobody).tolist() == []
    assert count_inside(make_areas([[]], [0]), *nobody).tolist() == [0]


def test_an_area_without_height_holds_nobody():
    flat = np.array([[0.0, 1.0], [5.0, 1.0], [2.0, 1.0], [0.0, 1.0]])
    assert count_inside(make_areas([[flat]], [0]), np.array([1.0]), np.array([1.0]), np.zeros(1, np.int32))[0] == 0


@given(seeds, st.integers(0, 40), st.integers(0, 4))
def test_crossings_are_summed(seed, people, lines):
    passed = np.random.default_rng(seed).integers(0, 3, (people, lines, 2)).astype(np.int32)
    found = count_passed(passed)
    np.testing.assert_array_equal(found[:, :2], passed.sum(axis=0))
    np.testing.assert_array_equal(found[:, 2], (passed.sum(axis=2) > 0).sum(axis=0))


def test_strips_have_every_edge_that_they_meet():
    """Of a comb of needles no strip may lack one, or people in the gaps would be inside."""
    teeth = [(k, 5.0 if k % 2 else 0.0) for k in range(61)]
    comb = shapely.Polygon([*teeth, (60, -1), (0, -1)])
    random = np.random.default_rng(3)
    x, y = random.uniform(0, 60, 3000), random.uniform(-1, 5, 3000)
    found = count_inside(make_areas([rings_of(comb)], [0]), x, y, np.zeros(3000, np.int32))[0]
    assert found == shapely.contains_xy(comb, x, y).sum() > 500
    assert pytest.approx(comb.area / 360, rel=0.1) == found / 3000
