"""The rule of heights: what decides, in which order, and what it says of itself."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import rasterio.features
import shapely
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from pyproj import CRS

from tests.reference import footprints as slow
from twin.geo.city import City
from twin.geo.extrude import blocks, lowest_along_each
from twin.geo.heights import footprint_heights, lengths
from twin.geo.kernels.footprint_cells import mark_inside, percentiles_inside
from twin.geo.readers import read
from twin.geo.readers.model import Findings
from twin.geo.readers.options import read_options
from twin.geo.surface_heights import _ragged, surface_heights
from twin.geo.terrain import Terrain
from twin.grid import GridSpec

RD = CRS.from_epsg(7415)
GRID = GridSpec(0.0, 60.0, 0.5, (120, 160), "EPSG:7415")
HOUSE = shapely.box(20, 20, 32, 30)


def hill(x: Any, y: Any) -> Any:
    return 2.0 + 0.05 * x + 0.0 * y


def ground() -> Terrain:
    return Terrain(GRID, np.asarray(hill(GRID.x[None, :], GRID.y[:, None])), "dtm.tif")


def surface(roof: float = 14.0) -> Terrain:
    """The hill with the house on it, its western third 3 m lower."""
    heights = ground().height.copy()
    inside = (GRID.x[None, :] > 20) & (GRID.x[None, :] < 32) & (GRID.y[:, None] > 20) & (GRID.y[:, None] < 30)
    heights[inside] = roof
    heights[inside & (GRID.x[None, :] < 23.5)] = roof - 3.0
    return Terrain(GRID, heights, "dsm.tif")


def frame(shapes: Any = (HOUSE,), **columns: Any) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(columns, geometry=list(shapes), index=[f"h{n}" for n in range(len(shapes))], crs=RD)


def city(**rasters: Any) -> City:
    return City(RD, np.zeros(3), **rasters)


def decided(table: gpd.GeoDataFrame, where: City, **more: Any) -> pd.Series:
    return footprint_heights(table, where, **more).iloc[0]


def test_surface_over_terrain() -> None:
    row = decided(frame(), city(terrain=ground(), dsm=surface()))
    assert row["height_source"] == "dsm:dsm.tif"
    assert_allclose(row["roof_m"], 14.0)
    assert_allclose(row["roof_max_m"], 14.0)
    # The lowest ground is along the western wall: 2 + 0.05 * 20.
    assert_allclose(row["ground_m"], 3.0, atol=1e-6)
    assert_allclose(row["height_m"], 11.0, atol=1e-6)


def test_the_seventieth_percentile_decides() -> None:
    # The lower third of the roof does not count, nor does a chimney of four cells.
    dsm = surface()
    heights = dsm.height.copy()
    heights[70:72, 50:52] = 20.0
    row = decided(frame(), city(terrain=ground(), dsm=replace(dsm, height=heights)))
    assert_allclose([row["roof_m"], row["roof_max_m"]], [14.0, 20.0])


def test_surface_without_terrain_looks_around() -> None:
    row = decided(frame(), city(dsm=surface()))
    assert row["height_source"] == "dsm:dsm.tif"
    assert 2.8 < row["ground_m"] < 3.2
    hemmed = frame([HOUSE, HOUSE.buffer(40, join_style="mitre").difference(HOUSE)])
    assert np.isnan(decided(hemmed, city(dsm=surface()))["ground_m"]), "built up all round: the ground is not guessed"


def test_mixed_cells_on_the_edge_do_not_count() -> None:
    # A house of 3 x 3 cells, askew: the middle cell alone is roof through and through.
    heights = np.full(GRID.shape, 5.0, dtype=np.float32)
    heights[60, 60] = 12.0
    x, y = GRID.x[60], GRID.y[60]
    small = shapely.box(x - 0.65, y - 0.65, x + 0.65, y + 0.65)
    found = surface_heights(np.array([small], dtype=object), Terrain(GRID, heights))
    assert_allclose(found.roof_m, [12.0])


def test_the_order() -> None:
    table = frame(height=[7.0], eaves=[5.5], roof_m=[13.0], storeys=[3])
    where = city(terrain=ground(), dsm=surface())
    assert decided(table, where, height="eaves")[["height_m", "height_source"]].tolist() == [5.5, "attribute:eaves"]
    assert decided(table, where)[["height_m", "height_source"]].tolist() == [7.0, "attribute:height"]
    row = decided(table.drop(columns="height"), where)
    assert_allclose(row["height_m"], 10.0, atol=1e-6)
    assert row["height_source"] == "attribute:roof_m"
    row = decided(table.drop(columns=["height", "roof_m"]), where)
    assert row["height_source"] == "dsm:dsm.tif"
    row = decided(table.drop(columns=["height", "roof_m"]), city(terrain=ground()))
    assert row[["height_m", "height_source"]].tolist() == [9.0, "storeys:storeys"]
    row = decided(frame(), city(terrain=ground()))
    assert row["height_source"] == "unknown"
    assert np.isnan(row["height_m"])


def test_gaps_of_one_source_are_filled_by_the_next() -> None:
    shapes = [HOUSE, shapely.affinity.translate(HOUSE, 0, 0), shapely.box(50, 5, 55, 10)]
    table = frame(shapes, height=[7.0, np.nan, np.nan], building_levels=[None, None, "2"])
    out = footprint_heights(table, city(terrain=ground(), dsm=surface()))
    assert out["height_source"].tolist() == ["attribute:height", "dsm:dsm.tif", "storeys:building_levels"]


def test_an_outline_in_space_is_a_roof_when_it_is_well_above_the_ground() -> None:
    assert decided(frame(outline_z_m=[11.0]), city(terrain=ground()))["height_source"] == "outline"
    assert decided(frame(outline_z_m=[3.1]), city(terrain=ground()))["height_source"] == "unknown"
    assert decided(frame(outline_z_m=[11.0]), city())["height_source"] == "unknown"


def test_what_cannot_be_is_not_used() -> None:
    findings = Findings()
    where = city(terrain=ground(), dsm=surface())
    assert decided(frame(height=[9999.0]), where, findings=findings)["height_source"] == "dsm:dsm.tif"
    assert decided(frame(height=[-1.0]), where)["height_source"] == "dsm:dsm.tif"
    decided(frame(heigth=[9.0]), where, height="height", findings=findings)
    assert [finding.code for finding in findings.collected()] == ["height-absurd", "height-column"]
    assert "did you mean `heigth`" in findings.collected()[1].message
    flat = Terrain(GRID, ground().height, "dsm.tif")
    assert decided(frame(), city(terrain=ground(), dsm=flat))["height_source"] == "unknown", "nothing stands there"


def test_a_building_beyond_the_rasters_is_not_known() -> None:
    far = frame([shapely.box(500, 500, 510, 510), shapely.box(70, 20, 100, 30)])
    out = footprint_heights(far, city(terrain=ground(), dsm=surface()))
    assert out["height_source"].tolist() == ["unknown", "unknown"]
    assert np.isnan(out["ground_m"].iloc[0])
    assert_allclose(out["ground_m"].iloc[1], hill(70, 0), atol=1e-6)


@pytest.mark.parametrize(
    ("text", "metres"),
    [("12.5", 12.5), ("12,5 m", 12.5), (" 41 ft", 41 * 0.3048), ("10'", 3.048), ("ca. 10", np.nan),
     ("", np.nan), (None, np.nan), ("nan", np.nan)],
)  # fmt: skip
def test_lengths_of_text(text: str | None, metres: float) -> None:
    assert_allclose(lengths(pd.Series([text, "1"], dtype="object")), [metres, 1.0])


def test_feet_in_the_name_of_a_column() -> None:
    assert_allclose(decided(frame(HEIGHT_FT=[100.0]), city())["height_m"], 30.48)


polygons = st.lists(st.floats(1.0, 9.0), min_size=3, max_size=9)


def star(lengths: list[float], x: float, y: float) -> shapely.Polygon:
    angle = 2 * np.pi / len(lengths)
    return shapely.Polygon([(x + r * np.cos(k * angle + 0.1), y + r * np.sin(k * angle + 0.1)) for k, r in enumerate(lengths)])


@given(st.lists(polygons, min_size=1, max_size=4), st.floats(0.31, 2.3), st.integers(0, 1000))
def test_kernel_equals_its_slow_twin(radii: list[list[float]], cell: float, seed: int) -> None:
    chance = np.random.default_rng(seed)
    height = chance.normal(size=(14, 17)).astype(np.float32)
    height[chance.random(height.shape) < 0.2] = np.nan
    excluded = chance.random(height.shape) < 0.3
    shapes = [star(one, *chance.uniform(-2, 22, 2)).buffer(0) for one in radii]
    shapes.append(shapes[0].difference(star([0.7, 0.9, 0.8, 0.6], *shapes[0].centroid.coords[0])))
    shapes.append(shapely.MultiPolygon([shapely.box(0.01, 0.02, 3, 4), shapely.box(5.01, 5.02, 9, 8)]))
    array = np.array(shapes, dtype=object)
    wanted = np.array([0.0, 10.0, 50.0, 70.0, 100.0])
    west, north = -1.234567, 19.87654
    for mask in (np.zeros((0, 0), dtype=np.bool_), excluded):
        found, cells = percentiles_inside(*_ragged(array), height, west, north, cell, mask, wanted)
        expected, counted = slow.percentiles_inside(shapes, height, west, north, cell, mask if mask.size else None, wanted)
        assert_array_equal(cells, counted)
        assert_allclose(found, expected, rtol=1e-6)
    marked = np.zeros(height.shape, dtype=np.bool_)
    mark_inside(*_ragged(array), west, north, cell, marked)
    each = [slow.percentiles_inside([one], height, west, north, cell, None, wanted)[1][0, 1] for one in shapes]
    assert marked.sum() <= sum(each)
    assert marked.sum() >= max(each)


@given(st.floats(-3, 20), st.floats(-3, 20), st.floats(0.4, 9), st.floats(0.4, 9))
def test_neighbours_share_no_cell_and_miss_none(x: float, y: float, wide: float, tall: float) -> None:
    """Law: a shape cut in two has the cells of its halves, also where the cut runs through centres."""
    height = np.ones((20, 20), dtype=np.float32)
    middle = np.round(x + wide / 2) + 0.5
    whole = shapely.box(middle - wide, y, middle + wide, y + tall)
    halves = [shapely.box(middle - wide, y, middle, y + tall), shapely.box(middle, y, middle + wide, y + tall)]
    cells = [
        percentiles_inside(
            *_ragged(np.array([one], dtype=object)), height, 0.0, 20.0, 1.0, np.zeros((0, 0), np.bool_), np.array([50.0])
        )[1][0, 1]
        for one in (whole, *halves)
    ]
    assert cells[0] == cells[1] + cells[2]


@given(st.lists(polygons, min_size=1, max_size=4), st.booleans(), st.integers(0, 99))
def test_blocks_equal_their_slow_twin(radii: list[list[float]], turned: bool, seed: int) -> None:
    chance = np.random.default_rng(seed)
    shapes = [star(one, *chance.uniform(0, 40, 2)).buffer(0) for one in radii]
    shapes[0] = shapes[0].difference(star([0.5, 0.6, 0.4], *shapes[0].centroid.coords[0]))
    shapes.append(shapely.union_all([shapely.box(0, 0, 3, 4), shapely.box(5, 5, 9, 8)]))
    # a corner that is there twice within a millimetre
    shapes.append(shapely.Polygon([(0, 0), (4, 0), (4, 0.0004), (4, 4), (0, 4)]))
    if turned:
        shapes = [shapely.reverse(one) for one in shapes]
    array = np.array(shapes, dtype=object)
    bottom = chance.uniform(0, 3, len(array))
    arguments = (array, bottom, bottom + chance.uniform(1, 30, len(array)), np.array([3.0, -2.0, 1.0]), 5)
    ours, theirs = blocks(*arguments), slow.blocks(*arguments)
    for name in ("vertices", "triangles", "owner", "semantic"):
        assert_array_equal(getattr(ours, name), getattr(theirs, name))


def test_lowest_ground_is_that_of_each_footprint_alone() -> None:
    chance = np.random.default_rng(3)
    terrain = Terrain(GRID, chance.normal(size=GRID.shape).astype(np.float32))
    shapes = np.array([star([3, 4, 5, 4], *chance.uniform(10, 50, 2)) for _ in range(40)], dtype=object)
    found = lowest_along_each(shapes, terrain)
    for shape, low in zip(shapes, found, strict=True):
        outline = shapely.get_coordinates(shapely.segmentize(shape.exterior, 1.0))
        assert low == terrain.at(outline[:, 0], outline[:, 1]).min()


@pytest.mark.realdata
def test_goteborg(real_data: Path) -> None:
    """Heights of real buildings against a computation that takes them one by one with rasterio's own masks."""
    folder = real_data / "raster" / "goteborg"
    files = [folder / name for name in ("buildings.shp", "DSM_KRbig.tif", "DEM_KRbig.tif", "CDSM_KRbig.tif")]
    found = read(files, read_options())
    assert len(found.buildings) == 137
    assert found.canopy is not None
    with rasterio.open(files[1]) as dsm, rasterio.open(files[2]) as dem:
        roof, soil, place, box = dsm.read(1).astype(float), dem.read(1).astype(float), dsm.transform, shapely.box(*dsm.bounds)
    stored = gpd.read_file(files[0])
    names = "buildings-" + stored["MI_PRINX"].astype(int).astype(str)
    known = 0
    for name, shape in zip(names, stored.geometry, strict=True):
        row = found.buildings.loc[name]
        shape = shapely.make_valid(shape)
        if shape.intersection(box).area < 0.5 * shape.area:
            assert row["height_source"] == "unknown"
            continue
        inner = shape.buffer(-np.sqrt(0.5), join_style="mitre")
        inside = rasterio.features.geometry_mask([inner], roof.shape, place, invert=True)
        if not inside.any():
            continue
        top = np.percentile(roof[inside], 70)
        outline = shapely.get_coordinates(shapely.segmentize(shape.intersection(box).buffer(-0.01).boundary, 1.0))
        rows, columns = (779 + 6398000 - outline[:, 1]).astype(int), (outline[:, 0] - 147720).astype(int)
        low = soil[np.clip(rows, 0, 222), np.clip(columns, 0, 233)].min()
        if top - low <= 1.5:
            assert row["height_source"] == "unknown" or row["height_m"] < 2.5
            continue
        known += 1
        assert row["height_source"] == "dsm:DSM_KRbig.tif"
        assert_allclose(row["roof_m"], top, atol=0.15)
        # By the nearest cell there, between cells here: within what the ground rises over a cell.
        assert_allclose(row["ground_m"], low, atol=0.8)
        assert row["roof_max_m"] >= row["roof_m"]
    assert known >= 28
    assert len(found.objects) == (found.buildings["height_m"] > 0).sum()
