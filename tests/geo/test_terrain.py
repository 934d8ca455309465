"""What users expect of a terrain: labelled, sloped, cut out, resampled."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from twin.errors import GridError
from twin.geo.terrain import Terrain
from twin.grid import GridSpec

GRID = GridSpec(100.0, 240.0, 1.0, (40, 30), "EPSG:7415")


def plane(grid: GridSpec, east: float = 0.2, north: float = 0.1) -> Terrain:
    return Terrain(grid, (east * grid.x[None, :] + north * grid.y[:, None]).astype(np.float32), "dtm.tif")


def test_labels() -> None:
    labelled = plane(GRID).to_xarray()
    assert (labelled.dims, labelled.attrs["units"], labelled.attrs["crs"]) == (("y", "x"), "m", "EPSG:7415")
    assert_allclose(float(labelled.sel(x=110.5, y=220.5)), 0.2 * 110.5 + 0.1 * 220.5, rtol=1e-6)


@given(st.floats(-2, 2), st.floats(-2, 2), st.integers(1, 9), st.integers(1, 9), st.floats(0.25, 5))
def test_the_slope_of_a_plane_is_its_own_everywhere(east: float, north: float, rows: int, columns: int, cell: float) -> None:
    grid = GridSpec(0.0, 0.0, cell, (rows, columns))
    rise = np.hypot(east if columns > 1 else 0.0, north if rows > 1 else 0.0)
    assert_allclose(plane(grid, east, north).slope_deg(), np.degrees(np.arctan(rise)), atol=2e-3)


def test_slope_beside_the_unknown() -> None:
    heights = plane(GRID).height.copy()
    heights[5, 5] = np.nan
    slope = Terrain(GRID, heights).slope_deg()
    assert np.isnan(slope[5, 5])
    assert np.isfinite(slope).sum() == slope.size - 1
    assert_allclose(slope[np.isfinite(slope)], np.degrees(np.arctan(np.hypot(0.2, 0.1))), atol=1e-3)


def test_clipped_cells_are_the_same_ones() -> None:
    part = plane(GRID).clipped((105.2, 210.0, 111.0, 219.9))
    assert part.grid.bounds == (105.0, 210.0, 111.0, 220.0)
    assert_array_equal(part.height, plane(GRID).height[20:30, 5:11])
    assert plane(GRID).clipped((0, 0, 1000, 1000)).grid == GRID
    for box in ((0, 0, 1, 1), (110, 210, 105, 220)):
        with pytest.raises(GridError, match=r"beyond the terrain|no area"):
            plane(GRID).clipped(box)


def test_resampled() -> None:
    ground = plane(GRID)
    assert ground.resampled(GRID).height.tobytes() == ground.height.tobytes()
    finer = ground.resampled(GridSpec(102.25, 238.0, 0.5, (60, 40), "EPSG:7415"))
    assert_allclose(finer.height, plane(finer.grid).height, atol=1e-4)
    coarser = ground.resampled(GridSpec(100.0, 240.0, 4.0, (10, 7)))
    assert_allclose(coarser.height, plane(coarser.grid).height, atol=1e-4)
    beyond = ground.resampled(GridSpec(0.0, 240.0, 1.0, (4, 105)))
    assert_array_equal(np.isfinite(beyond.height[0]), np.arange(105) >= 100)
    with pytest.raises(GridError, match="EPSG:28992"):
        ground.resampled(GridSpec(100.0, 240.0, 4.0, (10, 7), "EPSG:28992"))


def test_many_points_are_looked_up_by_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    x, y = np.random.default_rng(1).uniform([95.0, 195.0], [135.0, 245.0], (1000, 2)).T
    at_once = plane(GRID).at(x, y)
    monkeypatch.setattr("twin.geo.terrain.AT_ONCE", 96)
    assert_array_equal(plane(GRID).at(x, y), at_once)
