"""A city as rasters of heights: what stands where, how high, and whose it is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.impacts.places import CRS, SOUTH, WEST, block, plain, planted
from twin.errors import GeometryError, GridError
from twin.geo.city import City
from twin.geo.kernels import relief as kernels
from twin.geo.rasterize import CROWN_BASE_SHARE, rasterize
from twin.geo.terrain import Terrain
from twin.geo.trees import BASE_SHARE, DIAMETER_SHARE, HEIGHT_M, trees_of
from twin.grid import GridSpec


def test_a_block_stands_on_the_ground_by_its_cells() -> None:
    relief = rasterize(block(plain(), "hall", 20, 20, 30, 28, 12.0))
    assert relief.grid.shape == (60, 60)
    hall = relief.building == 0
    assert hall.sum() == 80
    rows, columns = np.nonzero(hall)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (60 - 28, 59 - 20, 20, 29)
    np.testing.assert_allclose(relief.surface[hall], 14.0)
    np.testing.assert_allclose(relief.surface[~hall], 2.0)
    np.testing.assert_allclose(relief.ground, 2.0)
    assert not relief.has_trees
    fields = relief.to_xarray()
    assert float(fields["surface_m"].sel(x=WEST + 25, y=SOUTH + 24, method="nearest")) == pytest.approx(14.0)


def test_the_sample_is_as_high_as_its_buildings_and_no_higher(sample: City) -> None:
    relief = rasterize(sample, 1.0)
    highest = sample.buildings["roof_m"].to_numpy(float)
    rows = np.unique(relief.building[relief.building >= 0])
    assert len(rows) > 0.97 * len(sample.buildings)
    for row in rows[::37]:
        roof = relief.surface[relief.building == row]
        assert roof.max() <= highest[row] + 0.01
        assert roof.max() > highest[row] - 3.0
    assert (relief.surface >= relief.ground - 1e-4).all()
    water = sample.water.geometry.iloc[0].representative_point()
    row, column = relief.grid.index(water.x, water.y)
    assert relief.surface[row, column] == pytest.approx(float(sample.water["z_m"].iloc[0]), abs=0.01)
    assert relief.has_trees
    covered = np.isfinite(relief.crown_top)
    assert (relief.crown_top > relief.crown_base)[covered].all()
    crowns = float((np.pi / 4 * sample.trees["crown_diameter_m"] ** 2).sum())
    assert 0.6 * crowns < covered.sum() < 1.1 * crowns


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 40), st.integers(0, 40), st.integers(5, 20), st.integers(5, 20), st.sampled_from([0.5, 1.0, 2.0]))
def test_a_part_is_what_the_whole_has_there(west: int, south: int, wide: int, deep: int, cell: float) -> None:
    city = planted(block(plain(), "hall", 20, 20, 30, 28, 12.0), [{"x": 40.0, "y": 31.0, "height_m": 9.0}])
    whole = rasterize(city, cell)
    bounds = (WEST + west, SOUTH + south, WEST + west + wide, SOUTH + south + deep)
    part = rasterize(city, cell, bounds=bounds)
    row, column = round((whole.grid.north - part.grid.north) / cell), round((part.grid.west - whole.grid.west) / cell)
    there = slice(row, row + part.grid.rows), slice(column, column + part.grid.columns)
    for name in ("ground", "surface", "crown_base", "crown_top", "building"):
        np.testing.assert_array_equal(getattr(part, name), getattr(whole, name)[there])


def test_beyond_the_city_nothing_is_known() -> None:
    relief = rasterize(plain(), bounds=(WEST - 10, SOUTH - 10, WEST + 5, SOUTH + 5))
    assert np.isnan(relief.surface[:, :10]).all()
    assert np.isnan(relief.surface[-10:]).all()
    assert np.isfinite(relief.surface[:5, 10:]).all()


def test_crowns_hang_over_their_foot_and_are_as_wide_as_stated() -> None:
    tall = {"x": 30.5, "y": 30.5, "height_m": 12.0, "crown_diameter_m": 7.0, "crown_base_m": 4.0, "z_m": 2.0}
    relief = rasterize(planted(plain(), [tall, {"x": 10.5, "y": 10.5, "height_m": 8.0, "crown_diameter_m": 0.2}]))
    covered = np.isfinite(relief.crown_top)
    assert abs(covered.sum() - 1 - np.pi / 4 * 49) < 4
    assert relief.crown_top[29, 30] == pytest.approx(14.0)
    assert relief.crown_base[29, 30] == pytest.approx(6.0)
    assert covered[49, 10], "a crown smaller than a cell is in the one that it stands in"
    assert len(relief.notes) == 1


def test_what_a_tree_does_not_state_is_assumed_and_counted() -> None:
    rows = [{"x": 1.0, "y": 1.0, "height_m": np.nan}, {"x": 2.0, "y": 2.0, "height_m": 10.0, "crown_diameter_m": -3.0},
            {"x": 3.0, "y": 3.0, "height_m": 10.0, "crown_diameter_m": 4.0, "crown_base_m": 9.9}]  # fmt: skip
    trees = trees_of(planted(plain(), rows))
    assert trees.assumed == 2
    assert trees.height_m.tolist() == [HEIGHT_M, 10.0, 10.0]
    assert trees.diameter_m.tolist() == pytest.approx([DIAMETER_SHARE * HEIGHT_M, DIAMETER_SHARE * 10.0, 4.0])
    assert trees.base_m.tolist() == pytest.approx([BASE_SHARE * HEIGHT_M, BASE_SHARE * 10.0, 8.0])
    assert len(trees_of(planted(plain(), rows), without={"tree-0", "tree-2"})) == 1
    assert len(trees_of(plain())) == 0


def test_a_surface_model_and_a_canopy_stand_in_for_what_there_is_no_model_of() -> None:
    grid = GridSpec(WEST, SOUTH + 60, 1.0, (60, 60), "EPSG:7415")
    high, leaves = np.full((60, 60), 2.0, np.float32), np.zeros((60, 60), np.float32)
    high[10:20, 10:20], leaves[40:45, 40:45], leaves[50, 50] = 9.0, 8.0, 0.4
    city = replace(plain(), dsm=Terrain(grid, high), canopy=Terrain(grid, leaves))
    relief = rasterize(city)
    assert (relief.surface == high).all()
    assert np.isfinite(relief.crown_top).sum() == 25
    assert relief.crown_top[42, 42] == pytest.approx(10.0)
    assert relief.crown_base[42, 42] == pytest.approx(2.0 + 8.0 * CROWN_BASE_SHARE)
    assert len(relief.notes) == 2
    built = rasterize(block(city, "hall", 20, 20, 30, 28, 12.0))
    assert built.surface[15, 15] == pytest.approx(2.0), "with buildings of its own the surface model is not asked"
    assert not np.isfinite(rasterize(city, trees=False).crown_top).any()


def test_the_highest_triangle_says_whose_a_cell_is() -> None:
    columns, rows = (np.array([corners] * 2) + 1.0 for corners in ([0.0, 4, 0], [0.0, 0, 4]))
    height, of = np.full((8, 8), np.nan, np.float32), np.full((8, 8), -1, np.int32)
    kernels.raise_to(columns, rows, np.array([[5.0] * 3, [3.0] * 3]), np.array([4, 2], np.int32), height, of)
    assert set(np.unique(of).tolist()) == {-1, 4}
    assert np.nanmax(height) == np.nanmin(height) == 5.0


def test_an_impossible_grid_is_refused() -> None:
    with pytest.raises(GridError, match="not possible"):
        rasterize(plain(), 0.0)
    with pytest.raises(GeometryError):
        rasterize(City(CRS, np.zeros(3)))
