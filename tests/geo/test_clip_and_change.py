"""Parts of a city, and a city changed: nothing is cut that must not be, and what is the same is shared."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from pyproj import CRS

from twin.errors import CRSError, GeometryError, ParameterError
from twin.geo.city import City, read_city
from twin.geo.mesh import TriangleMesh
from twin.geo.topology import object_use, signed_volumes

AREA = (136600.0, 455700.0, 136800.0, 455900.0)


def volumes(city: City) -> np.ndarray:
    return signed_volumes(city.surfaces, city.surfaces.owner.astype(np.int64), len(city.objects))


def test_a_part_of_the_sample(sample: City) -> None:
    part = sample.clip(AREA)
    box = shapely.box(*AREA)
    touching = sample.buildings.index[sample.buildings.intersects(box)]
    assert part.buildings.index.tolist() == touching.tolist()
    # buildings at the edge are whole, streets without triangles of their own are cut
    assert_allclose(part.buildings.area, sample.buildings.loc[touching].area)
    trees = sample.trees[sample.trees.intersects(box)]
    assert part.trees.index.tolist() == trees.index.tolist()
    green = sample.green.clip(box)
    assert part.green.area.sum() == pytest.approx(green.area.sum())
    assert part.green.within(box.buffer(1e-6)).all()
    assert part.terrain is not None
    assert sample.terrain is not None
    assert part.terrain.grid.bounds == AREA
    x, y = np.array([136650.3, 136799.0]), np.array([455750.9, 455701.0])
    assert_allclose(part.terrain.at(x, y), sample.terrain.at(x, y))
    assert part.sources == sample.sources


def test_solids_stay_closed_and_keep_their_volume(sample: City) -> None:
    part = sample.clip(shapely.Point(136700, 455800).buffer(60.0))
    assert 0 < len(part.buildings) < len(sample.buildings)
    before = dict(zip(sample.objects.index, volumes(sample), strict=True))
    after = dict(zip(part.objects.index, volumes(part), strict=True))
    for one, volume in after.items():
        assert volume == pytest.approx(before[one], abs=1e-6)
    closed = dict(zip(sample.objects.index, object_use(sample.surfaces, len(sample.objects)).closed, strict=True))
    for one, still in zip(part.objects.index, object_use(part.surfaces, len(part.objects)).closed, strict=True):
        assert still == closed[one]


@settings(max_examples=15)
@given(st.floats(136520, 136980), st.floats(455620, 455980), st.floats(20, 120))
def test_clipping_twice_is_clipping_once(sample: City, west: float, south: float, size: float) -> None:
    area = (west, south, west + size, south + size)
    once = sample.clip(area)
    twice = once.clip(area)
    for name in sample.layers:
        assert twice.layers[name].index.tolist() == once.layers[name].index.tolist()
    assert len(twice.surfaces) == len(once.surfaces)


def test_what_cannot_clip(sample: City) -> None:
    with pytest.raises(GeometryError, match="nothing of the city lies in the area"):
        sample.clip((0, 0, 10, 10))
    with pytest.raises(ParameterError, match="has no area"):
        sample.clip((136800, 455700, 136600, 455900))
    with pytest.raises(ParameterError, match="not a box"):
        sample.clip([1, 2, 3])
    with pytest.raises(ParameterError, match="LineString"):
        sample.clip(shapely.LineString([(0, 0), (1, 1)]))


def test_reading_with_a_clip_is_reading_and_clipping(sample: City, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = sample.save(tmp_path_factory.mktemp("city") / "sample")
    part = read_city(folder, clip=AREA)
    assert part.buildings.index.tolist() == sample.clip(AREA).buildings.index.tolist()


def test_a_higher_building(sample: City) -> None:
    one = str(sample.buildings.index[5])
    old = sample.buildings.loc[one]
    city = sample.change(one, height_m=40.0, use="tower")
    row = city.buildings.loc[one]
    assert (row.height_m, row.use, row.height_source) == (40.0, "tower", "stated")
    assert row.ground_m == old.ground_m
    assert row.roof_m == pytest.approx(old.ground_m + 40.0)
    assert city.buildings.index.tolist() == sample.buildings.index.tolist()
    where = list(city.objects.index).index(one)
    assert volumes(city)[where] == pytest.approx(40.0 * old.geometry.area, rel=1e-6)
    assert city.objects.loc[one, "lod"] == "1"
    # what did not change is shared, and the old city is as it was
    assert city.trees is sample.trees
    assert city.terrain is sample.terrain
    assert sample.buildings.loc[one].height_m == old.height_m


def test_other_attributes_and_outlines(sample: City) -> None:
    tree = str(sample.trees.index[0])
    city = sample.change(tree, height_m=21.5, species="Tilia")
    assert city.trees.loc[tree, "height_m"] == 21.5
    assert city.trees.loc[tree, "species"] == "Tilia"
    assert city.trees["species"].isna().sum() == len(city.trees) - 1
    assert "species" not in sample.trees
    moved = sample.change(tree, geometry=shapely.Point(136700, 455800))
    assert moved.trees.loc[tree].geometry.coords[0] == (136700.0, 455800.0)
    assert sample.trees.loc[tree].geometry.coords[0] != (136700.0, 455800.0)
    both = list(sample.trees.index[:2])
    assert sample.change(both, height_m=3.0).trees.loc[both, "height_m"].tolist() == [3.0, 3.0]


def test_changes_that_cannot_be(sample: City) -> None:
    tree, house = str(sample.trees.index[0]), str(sample.buildings.index[0])
    with pytest.raises(GeometryError, match="no object `nobody`"):
        sample.change("nobody", height_m=1.0)
    with pytest.raises(GeometryError, match="layers buildings, trees"):
        sample.change([tree, house], height_m=1.0)
    with pytest.raises(ParameterError, match="nothing is to be changed"):
        sample.change(tree)
    with pytest.raises(ParameterError, match="one outline"):
        sample.change(list(sample.trees.index[:2]), geometry=shapely.Point(0, 0))
    with pytest.raises(GeometryError, match="must be positive"):
        sample.change(house, height_m=-3.0)


def test_rows_in_the_plane_of_the_city_are_taken(house: dict[str, Any], put: Callable[..., Path]) -> None:
    """Every Dutch GIS file is in RD New, and cities are in RD New with NAP."""
    city = read_city(put(house))
    shape = shapely.box(136_030, 455_000, 136_040, 455_010)
    frame = gpd.GeoDataFrame({"height_m": [6.0], "geometry": [shape]}, index=pd.Index(["new"], name="id"), crs="EPSG:28992")
    assert city.with_buildings(frame).buildings.loc["new", "height_m"] == 6.0
    assert city.with_layer("green", frame).green.crs == city.crs
    for crs in ("EPSG:4326", "EPSG:25831", "EPSG:28992+5773"):
        with pytest.raises(CRSError, match=r"to_crs\(city\.crs\)"):
            city.with_buildings(frame.set_crs(crs, allow_override=True))


def test_the_public_writer_and_check(house: dict[str, Any], put: Callable[..., Path], tmp_path: Path) -> None:
    import twin

    city = read_city(put(house))
    again = twin.read_city(twin.write_city(city, tmp_path / "x.city.json"))
    assert again.objects.equals(city.objects)
    assert again.check().counts() == city.check().counts() == {}


def agree(city: City) -> None:
    """Every object with triangles has a row, itself or its whole, unless it is of the ground; every parent is there."""
    rows = {one for frame in city.layers.values() for one in frame.index}
    parent = city.objects["parent"]
    assert set(parent[parent != ""]) <= set(city.objects.index)
    for one in city.objects.index[np.unique(city.surfaces.owner)]:
        up = one
        while up not in rows and parent[up]:
            up = parent[up]
        assert up in rows or city.objects.loc[one, "layer"] == "terrain", one


def test_a_clip_of_a_road_leaves_no_triangles_of_parts_that_are_gone(real_data: Path) -> None:
    """Its 302 parts hang below one street: they are judged one by one."""
    city = read_city(real_data / "citygml" / "citygml3_roads_roundabout.gml")
    west, south, *_ = city.bounds
    part = city.clip((west, south, west + 100, south + 200))
    agree(part)
    drawn = part.objects.index[np.unique(part.surfaces.owner)]
    assert 0 < len(drawn) < 60
    assert set(part.objects.index) == set(part.roads.index)
    # the street and its sections have no shape of their own and stay with what is left of them
    assert "UUID_Drummond_Street_" in part.roads.index
    assert part.bounds[3] < city.bounds[3] - 100
    assert len(part.surfaces) < len(city.surfaces) / 2
    again = part.clip((west, south, west + 100, south + 200))
    assert again.objects.equals(part.objects)
    assert len(again.surfaces) == len(part.surfaces)


def test_each_kind_of_hierarchy_is_clipped_by_its_own_rule() -> None:
    """Row, parent, layer and west edge of a 10 m square of each object; None: no shape."""
    plan: dict[str, tuple[str, str, float | None]] = {
        "street": ("", "roads", None),
        "near": ("street", "roads", 0.0),
        "far": ("street", "roads", 100.0),
        "house": ("", "buildings", 0.0),
        "annex": ("house", "buildings", 200.0),
        "barn": ("", "buildings", 300.0),
        "lamp": ("barn", "furniture", 0.0),
        "porch": ("barn", "buildings", 0.0),
        "bell": ("house", "furniture", 400.0),
        "row": ("", "other", None),
        "shed": ("row", "buildings", 500.0),
        "loose": ("", "other", 0.0),
        "beyond": ("", "other", 600.0),
        "ground": ("", "terrain", 0.0),
        "ground beyond": ("", "terrain", 700.0),
    }
    rowless = {"annex", "porch", "loose", "beyond", "ground", "ground beyond"}
    crs = CRS("EPSG:7415")
    index = pd.Index(list(plan), name="id", dtype="str")
    objects = pd.DataFrame({"parent": [one[0] for one in plan.values()], "layer": [one[1] for one in plan.values()]}, index=index)
    objects = objects.assign(type="Thing", lod="1", geometry="MultiSurface")
    drawn = [(row, west) for row, (*_, west) in enumerate(plan.values()) if west is not None]
    corners = np.concatenate([[(west, 0, 0), (west + 10, 0, 0), (west + 10, 10, 0)] for _, west in drawn]).astype(float)
    count = len(drawn)
    mesh = TriangleMesh(
        corners, np.arange(3 * count, dtype="i4").reshape(-1, 3), np.array([row for row, _ in drawn], "i4"), np.zeros(count, "u1")
    )
    frames = {}
    for layer in ("roads", "buildings", "furniture", "other"):
        ids = [one for one, (_, of, _) in plan.items() if of == layer and one not in rowless]
        wests = [plan[one][2] for one in ids]
        shapes = [shapely.Polygon() if west is None else shapely.box(west, 0, west + 10, 10) for west in wests]
        frames[layer] = gpd.GeoDataFrame(geometry=shapes, index=pd.Index(ids, name="id", dtype="str"), crs=crs)
    part = City(crs, np.zeros(3), frames, mesh, objects).clip((-5, -5, 20, 20))
    agree_on = ["street", "near", "house", "annex", "lamp", "loose", "ground"]
    assert part.objects.index.tolist() == agree_on
    assert part.objects["parent"].tolist() == ["", "street", "", "house", "", "", ""]
    assert part.objects.index[np.unique(part.surfaces.owner)].tolist() == agree_on[1:]
    assert {name: frame.index.tolist() for name, frame in part.layers.items() if len(frame)} == {
        "roads": ["street", "near"], "buildings": ["house"], "furniture": ["lamp"],
    }  # fmt: skip


def test_objects_without_triangles_stay_with_their_rows(house: dict[str, Any], put: Callable[..., Path]) -> None:
    """A tree that is a point is an object too."""
    house["vertices"].append([0, 0, 0])
    point = {"type": "MultiPoint", "lod": "1", "boundaries": [len(house["vertices"]) - 1]}
    house["CityObjects"]["tree"] = {"type": "SolitaryVegetationObject", "geometry": [point]}
    city = read_city(put(house))
    x, y = city.trees.geometry.iloc[0].coords[0][:2]
    part = city.clip((x - 1, y - 1, x + 1, y + 1))
    assert part.trees.index.tolist() == ["tree"]
    assert "tree" in part.objects.index
