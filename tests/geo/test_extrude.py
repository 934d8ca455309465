"""Blocks on footprints: closed, of the right volume, on the right ground."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from pyproj import CRS

from twin.errors import CRSError, GeometryError
from twin.geo.city import City, read_city
from twin.geo.crs import local_plane
from twin.geo.extrude import blocks
from twin.geo.mesh import SEMANTICS
from twin.geo.quality import check
from twin.geo.terrain import Terrain
from twin.geo.topology import object_use, signed_volumes
from twin.grid import GridSpec

RD = CRS.from_epsg(7415)
SQUARE = shapely.box(136020, 455000, 136030, 455010)


@pytest.fixture
def city(house: dict[str, Any], put: Callable[..., Path]) -> City:
    return read_city(put(house))


def frame(shapes: list[Any], **columns: Any) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(columns, geometry=shapes, index=[f"new{n}" for n in range(len(shapes))], crs=RD)


def test_a_block_is_added(city: City) -> None:
    more = city.with_buildings(frame([SQUARE], height_m=[12.5], ground_m=[2.0], use=["library"]))
    assert len(city.buildings) == 1
    assert more.buildings.index.tolist() == ["house", "new0"]
    row = more.buildings.loc["new0"]
    assert (row.ground_m, row.roof_m, row.height_m, row.height_source) == (2.0, 14.5, 12.5, "stated")
    assert (row.type, row.use) == ("Building", "library")
    assert more.buildings.loc["house"].height_m == 10.0
    assert more.objects.loc["new0"].tolist() == ["Building", "buildings", "", "1", "Solid"]
    assert object_use(more.surfaces, 2).closed.all()
    assert_allclose(signed_volumes(more.surfaces, more.surfaces.owner.astype(np.int64), 2), [1000.0, 1250.0])
    own = more.surfaces.select(more.surfaces.owner == 1)
    up = own.normals()[own.semantic == SEMANTICS["RoofSurface"], 2]
    down = own.normals()[own.semantic == SEMANTICS["GroundSurface"], 2]
    assert_allclose(up, 1.0)
    assert_allclose(down, -1.0)
    assert_allclose(own.normals()[own.semantic == SEMANTICS["WallSurface"], 2], 0.0)
    assert_allclose(own.vertices[:, 2].min() + more.origin[2], 2.0)
    assert len(check(more)) == 0
    assert len(more.without(["new0"]).surfaces) == len(city.surfaces)


def test_ground_from_terrain_then_from_neighbours(city: City) -> None:
    slope = np.tile(np.linspace(3.0, 4.0, 40, dtype=np.float32), (40, 1))
    hill = replace(city, terrain=Terrain(GridSpec(136000, 455040, 1.0, (40, 40), "EPSG:7415"), slope))
    on_hill = hill.with_buildings(frame([SQUARE], height_m=[5.0]))
    lowest = hill.terrain.at(np.array([136020.0]), np.array([455005.0]))[0]
    assert_allclose(on_hill.buildings.loc["new0"].ground_m, lowest)
    beside = city.with_buildings(frame([SQUARE], height_m=[5.0], ground_m=[np.nan]))
    assert beside.buildings.loc["new0"].ground_m == 1.5
    bare = City(RD, np.zeros(3)).with_buildings(frame([SQUARE], height_m=[5.0]))
    assert bare.buildings.loc["new0"].ground_m == 0.0
    assert bare.quality.counts() == {"ground-assumed": 1}
    assert bare.bounds == SQUARE.bounds


def test_nothing_added_is_the_same_city(city: City) -> None:
    assert city.with_buildings(frame([], height_m=[])) is city


@pytest.mark.parametrize(
    ("shape", "columns", "message"),
    [
        (SQUARE, {}, "no column `height_m`"),
        (SQUARE, {"height_m": [0.0]}, "`new0` is 0.0 m; it must be positive"),
        (SQUARE, {"height_m": [np.nan]}, "must be positive"),
        (SQUARE, {"height_m": [np.inf]}, "must be positive"),
        (SQUARE, {"height_m": ["high"]}, "must be positive"),
        (shapely.Point(0, 0), {"height_m": [5.0]}, "is a Point, not a polygon"),
        (None, {"height_m": [5.0]}, "is missing, not a polygon"),
        (shapely.Polygon(), {"height_m": [5.0]}, "is empty"),
        (shapely.Polygon([(0, 0), (4, 4), (4, 0), (0, 4)]), {"height_m": [5.0]}, "Self-intersection"),
        (shapely.Polygon([(0, 0), (4, 4), (4, 0), (0, 4), (-1, 2)]), {"height_m": [5.0]}, "not a valid polygon"),
    ],
)
def test_what_cannot_be_built(city: City, shape: Any, columns: dict[str, Any], message: str) -> None:
    with pytest.raises(GeometryError, match=message):
        city.with_buildings(frame([shape], **columns))


def test_ids_and_crs_are_checked(city: City) -> None:
    new = frame([SQUARE], height_m=[5.0])
    with pytest.raises(GeometryError, match="already has an object `house`"):
        city.with_buildings(new.set_axis(["house"]))
    twice = frame([SQUARE, SQUARE], height_m=[5.0, 6.0]).set_axis(["a", "a"])
    with pytest.raises(GeometryError, match="two new buildings are called `a`"):
        city.with_buildings(twice)
    with pytest.raises(CRSError, match="EPSG:25831"):
        city.with_buildings(new.set_crs(25831, allow_override=True))
    with pytest.raises(CRSError, match="do not say in which coordinate reference system they are") as caught:
        city.with_buildings(new.set_crs(None, allow_override=True))
    assert caught.value.hint


def test_rows_without_a_system_stand_in_a_city_that_lies_nowhere() -> None:
    nowhere = City(crs=local_plane(), origin=np.zeros(3))
    new = frame([SQUARE], height_m=[5.0]).set_crs(None, allow_override=True)
    assert len(nowhere.with_buildings(new).buildings) == 1
    assert len(nowhere.with_layer("trees", new).trees) == 1


@given(
    st.lists(st.floats(3, 9), min_size=3, max_size=12),
    st.lists(st.floats(0.3, 1.0), min_size=3, max_size=6),
    st.floats(0.5, 80.0),
    st.booleans(),
)
def test_volume_is_area_times_height(radii: list[float], hole: list[float], height: float, second: bool) -> None:
    def star(lengths: list[float], x: float) -> list[tuple[float, float]]:
        angle = 2 * np.pi / len(lengths)
        return [(x + r * np.cos(k * angle), r * np.sin(k * angle)) for k, r in enumerate(lengths)]

    outer = shapely.Polygon(star(radii, 0.0))
    footprint = outer.difference(shapely.Polygon(star(hole, 0.1)))
    if second:
        footprint = footprint.union(shapely.Polygon(star(hole, 40.0)))
    mesh = blocks(np.array([footprint], dtype=object), np.array([2.0]), np.array([2.0 + height]), np.zeros(3))
    assert object_use(mesh, 1).closed.all()
    volume = signed_volumes(mesh, mesh.owner.astype(np.int64), 1)[0]
    assert_allclose(volume, footprint.area * height, rtol=1e-9)
    roof = mesh.semantic == SEMANTICS["RoofSurface"]
    assert_allclose(mesh.areas()[roof].sum(), footprint.area, rtol=1e-9)
