"""Bounds of a city's heights, and where two cities may differ: never too little."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.impacts.places import block, plain, planted
from tests.impacts.towns import CHANGES, SIDE, other, towns
from twin.geo.city import City
from twin.geo.differing import where_heights_differ
from twin.geo.kernels import relief as kernels
from twin.geo.rasterize import Relief, rasterize
from twin.geo.skyline import skyline
from twin.geo.terrain import Terrain


def _largest(of: NDArray[Any], rows: NDArray[np.int64], columns: NDArray[np.int64], shape: tuple[int, int]) -> NDArray[np.float64]:
    made = np.full(shape, -np.inf)
    known = np.isfinite(of)
    inside = known & ((rows >= 0) & (rows < shape[0]))[:, None] & ((columns >= 0) & (columns < shape[1]))[None, :]
    r, c = np.nonzero(inside)
    np.maximum.at(made, (rows[r], columns[c]), of[r, c])
    return made


@settings(max_examples=25, deadline=None)
@given(towns(), st.sampled_from([0.5, 1.0, 3.0, 20.0]))
def test_no_height_is_beyond_its_bounds(city: City, cell: float) -> None:
    known, relief = skyline(city, cell), rasterize(city, cell)
    rows, _ = known.grid.index(relief.grid.x[0], relief.grid.y)
    _, columns = known.grid.index(relief.grid.x, relief.grid.y[0])
    for heights in (relief.surface, relief.crown_top):
        assert (_largest(heights, rows, columns, known.grid.shape) <= known.high + 1e-3).all()
    assert (-_largest(-relief.surface, rows, columns, known.grid.shape) >= known.low - 1e-3).all()


def test_far_from_what_is_high_the_bounds_are_near() -> None:
    known = skyline(block(plain(600), "tower", 20, 20, 30, 30, 90.0))
    assert known.high.max() == 92.0
    assert known.high[0, -1] == known.low.max() == 2.0
    assert (known.high == 92.0).sum() <= 9


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000))
def test_blocks_are_raised_as_corner_by_corner(seed: int) -> None:
    made = np.random.default_rng(seed)
    column, row, z = (made.uniform(-2, 8, (20, 3)) for _ in range(3))
    high, slow = np.zeros((6, 5)), np.zeros((6, 5))
    kernels.raise_blocks(column, row, z, high)
    for x, y, top in zip(column, row, z.max(axis=1), strict=True):
        for r in range(6):
            for c in range(5):
                if x.max() >= c and x.min() < c + 1 and y.max() >= r and y.min() < r + 1:
                    slow[r, c] = max(slow[r, c], top)
    np.testing.assert_array_equal(high, slow)


def _differing(one: Relief, two: Relief) -> NDArray[np.bool_]:
    differs = np.zeros(one.grid.shape, np.bool_)
    for name in ("ground", "surface", "crown_base", "crown_top"):
        a, b = getattr(one, name), getattr(two, name)
        differs |= ~((a == b) | (np.isnan(a) & np.isnan(b)))
    return differs


@settings(max_examples=60, deadline=None)
@given(
    towns(), st.integers(0, 10_000), st.sampled_from(CHANGES),
    st.sampled_from([0.5, 1.0, 3.0, 9.0]), st.booleans(),
)  # fmt: skip
def test_what_differs_lies_in_the_boxes(before: City, seed: int, what: str, cell: float, trees: bool) -> None:
    after = other(before, seed, what)
    boxes = where_heights_differ(before, after, cell, trees=trees)
    if boxes is None:
        return
    one, two = (rasterize(city, cell, bounds=before.bounds, trees=trees) for city in (before, after))
    left = _differing(one, two)
    for west, south, east, north in boxes:
        inside = ((one.grid.y > south) & (one.grid.y < north))[:, None] & ((one.grid.x > west) & (one.grid.x < east))[None, :]
        left &= ~inside
    assert not left.any()


@pytest.mark.parametrize("what", ["block", "gone", "higher", "dug", "felled", "planted"])
def test_a_small_change_has_small_boxes(what: str) -> None:
    trees = [{"x": 90.0 + 9 * k, "y": 80.0, "height_m": 8.0} for k in (0, 1)]
    city = planted(block(plain(SIDE), "hall", 20, 20, 30, 28, 12.0), trees)
    boxes = where_heights_differ(city, other(city, 5, what))
    assert boxes is not None
    assert 0 < sum((east - west) * (north - south) for west, south, east, north in boxes) < 0.05 * SIDE * SIDE
    assert where_heights_differ(city, city) == []
    assert where_heights_differ(city, replace(city)) == []
    assert where_heights_differ(city, plain(SIDE + 10)) is None


def _with_edges(edge: float) -> City:
    """A plain whose outermost columns are of another height, with sheds far beyond it to both sides."""
    city = block(block(plain(120), "east", 300, 50, 310, 60, 4.0), "west", -200, 50, -190, 60, 4.0)
    assert city.terrain is not None
    height = city.terrain.height.copy()
    height[:, [0, -1]] = edge
    return replace(city, terrain=Terrain(city.terrain.grid, height))


def test_beyond_the_terrain_the_ground_is_bounded_by_that_of_its_edge() -> None:
    city = _with_edges(-6.0)
    known = skyline(city)
    assert known.low[:, [0, -1]].max() <= rasterize(city).surface.min() == -6.0


def test_an_edge_that_differs_is_felt_as_far_as_the_city_reaches() -> None:
    one, two = _with_edges(-6.0), _with_edges(-7.0)
    boxes = where_heights_differ(one, two)
    assert boxes is not None
    west, _, east, _ = one.bounds
    assert min(box[0] for box in boxes) <= west
    assert max(box[2] for box in boxes) >= east


def test_where_a_city_ends_its_ground_does() -> None:
    """Of a city that reaches less far the ground between is no longer known, though nothing stood there."""
    one = _with_edges(-6.0)
    assert where_heights_differ(one, one.without(["east"])) is None
