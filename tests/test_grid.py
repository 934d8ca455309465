"""The grid that every raster shares."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.errors import GridError
from twin.grid import GridSpec

metres = st.floats(-1e5, 1e5)
cells = st.sampled_from([0.25, 0.5, 1.0, 2.5])


def test_row_0_is_north():
    grid = GridSpec(100.0, 50.0, 0.5, (4, 6))
    assert grid.bounds == (100.0, 48.0, 103.0, 50.0)
    assert grid.x[[0, -1]].tolist() == [100.25, 102.75]
    assert grid.y[[0, -1]].tolist() == [49.75, 48.25]
    row, column = grid.index(100.1, 49.9)
    assert (int(row), int(column)) == (0, 0)
    assert grid.gdal_transform() == (0.5, 0.0, 100.0, 0.0, -0.5, 50.0)


@given(metres, metres, cells, st.integers(1, 60), st.integers(1, 60))
def test_a_centre_lies_in_its_own_cell(west, north, cell, rows, columns):
    grid = GridSpec(west, north, cell, (rows, columns))
    row, column = grid.index(*np.meshgrid(grid.x, grid.y))
    np.testing.assert_array_equal(row, np.broadcast_to(np.arange(rows)[:, None], (rows, columns)))
    np.testing.assert_array_equal(column, np.broadcast_to(np.arange(columns), (rows, columns)))
    assert grid.contains(row, column).all()


@given(metres, metres, st.floats(0.1, 300), st.floats(0.1, 300), cells, st.floats(0, 5), st.booleans())
def test_a_box_is_covered_and_not_by_much_more(west, south, width, height, cell, margin, snap):
    bounds = (west, south, west + width, south + height)
    grid = GridSpec.from_bounds(bounds, cell, margin=margin, snap=snap)
    slack = 1e-6 * cell
    assert grid.west <= bounds[0] - margin + slack
    assert grid.south <= bounds[1] - margin + slack
    assert grid.east >= bounds[2] + margin - slack
    assert grid.north >= bounds[3] + margin - slack
    assert grid.columns * cell <= width + 2 * margin + 2 * cell + slack
    assert grid.rows * cell <= height + 2 * margin + 2 * cell + slack
    if snap:
        assert abs(grid.west / cell - round(grid.west / cell)) < 1e-6


def test_neighbouring_boxes_align():
    one, two = GridSpec.from_bounds((0.3, 0.3, 5.2, 5.2), 0.5), GridSpec.from_bounds((5.2, 5.2, 9.1, 9.9), 0.5)
    assert (two.west - one.west) % 0.5 == 0
    assert (two.north - one.north) % 0.5 == 0


@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 9))
def test_a_coarser_grid_covers_the_same(rows, columns, factor):
    fine = GridSpec(3.0, 8.0, 0.5, (rows, columns), "EPSG:7415")
    coarse = fine.coarsen(factor)
    assert (coarse.west, coarse.north, coarse.crs) == (3.0, 8.0, "EPSG:7415")
    assert coarse.east >= fine.east
    assert coarse.south <= fine.south
    assert (coarse.rows - 1) * factor < rows <= coarse.rows * factor
    assert (coarse.columns - 1) * factor < columns <= coarse.columns * factor


def test_points_outside_are_outside():
    grid = GridSpec(0.0, 2.0, 1.0, (2, 3))
    row, column = grid.index(np.array([-0.1, 3.0, 1.0, 1.0]), np.array([1.0, 1.0, 2.1, 0.0]))
    assert not grid.contains(row, column).any()


def test_a_grid_moves_as_a_whole():
    grid = GridSpec(0.0, 2.0, 1.0, (2, 3)).shifted(10.0, -5.0)
    assert grid.bounds == (10.0, -5.0, 13.0, -3.0)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: GridSpec(0, 0, 0.0, (2, 2)), "a cell of 0.0 m is not possible"),
        (lambda: GridSpec(0, 0, float("nan"), (2, 2)), "a cell of nan m"),
        (lambda: GridSpec(float("inf"), 0, 1.0, (2, 2)), "origin"),
        (lambda: GridSpec(0, 0, 1.0, (0, 2)), "0 x 2 cells is empty"),
        (lambda: GridSpec(0, 0, 1.0, (100_000, 100_000)), "too large"),
        (lambda: GridSpec(0, 0, 1.0, (2, 2)).coarsen(0), "coarsened 0 times"),
        (lambda: GridSpec.from_bounds((0, 0, float("nan"), 1), 1.0), "not finite"),
        (lambda: GridSpec.from_bounds((0, 0, 1, 1), -1.0), "a cell of -1.0 m"),
        (lambda: GridSpec.from_bounds((0, 0, 1e9, 1e9), 0.25), "too large"),
    ],
)
def test_grids_that_cannot_be(make, message):
    with pytest.raises(GridError, match=message):
        make()
