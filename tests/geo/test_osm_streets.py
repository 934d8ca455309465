"""Streets, the floor they make, and all else that OpenStreetMap has of a city."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import shapely
from numpy.testing import assert_allclose

from tests.osm_document import OsmDocument
from twin.geo.city import City, read_city
from twin.geo.readers.osm_stairs import WALK_LAYER_M
from twin.geo.readers.osm_streets import LANE_M, WIDTH_M
from twin.geo.walkable import make_walkable

Put = Callable[..., Path]


def read(put: Put, document: OsmDocument) -> City:
    return read_city(put(document.text(), "streets.osm"))


def line(put: Put, tags: dict[str, str], length: float = 100.0) -> City:
    document = OsmDocument()
    document.way([(0, 0), (length, 0)], tags)
    return read(put, document)


@pytest.mark.parametrize(
    ("tags", "width", "source"),
    [
        ({"highway": "residential", "width": "7"}, 7.0, "tag"),
        ({"highway": "residential", "width": "20 ft"}, 6.096, "tag"),
        ({"highway": "residential", "est_width": "4"}, 4.0, "tag"),
        ({"highway": "residential", "width": "wide", "lanes": "2"}, 2 * LANE_M, "lanes"),
        ({"highway": "residential", "width": "500"}, WIDTH_M["residential"], "default"),
        ({"highway": "residential"}, WIDTH_M["residential"], "default"),
        ({"highway": "residential", "oneway": "yes"}, 3.58, "default"),
        ({"highway": "footway"}, WIDTH_M["footway"], "default"),
        ({"highway": "something new"}, WIDTH_M["road"], "default"),
    ],
)
def test_widths(put: Put, tags: dict[str, str], width: float, source: str) -> None:
    city = line(put, tags)
    row = city.streets.loc["way/1"]
    assert row["width_m"] == pytest.approx(width)
    assert row["width_source"] == source
    assert row["kind"] == tags["highway"]
    assert_allclose(row.geometry.length, 100, rtol=1e-3)
    # a round end on either side, inside a circle by the corners of its quadrants
    area = city.roads.loc["way/1"].geometry.area
    assert 100 * width + 0.95 * math.pi * width**2 / 4 < area * 1.002
    assert area < (100 * width + math.pi * width**2 / 4) * 1.002
    assert ("osm-width" in city.quality.counts()) == (tags.get("width") in ("wide", "500"))


def test_columns_of_a_street(put: Put) -> None:
    tags = {
        "highway": "steps", "name": "Trap", "step_count": "12", "incline": "up", "handrail": "yes", "surface": "asphalt",
        "maxspeed": "20 mph", "lit": "no", "foot": "designated", "motor_vehicle": "no", "oneway": "-1", "smoothness": "good",
        "maxweight": "3500 kg", "maxaxleload": "2", "maxwidth": "2,3 m", "maxheight": "3.8",
    }  # fmt: skip
    document = OsmDocument()
    document.way([(0, 0), (10, 0)], tags)
    document.way([(10, 0), (50, 0)], {"highway": "path", "bridge": "viaduct", "incline": "8%"})
    streets = read(put, document).streets
    row = streets.loc["way/1"]
    assert row["name"] == "Trap"
    assert row["steps"]
    assert row["step_count"] == 12
    assert row["handrail"]
    assert not row["lit"]
    assert row["maxspeed_km_h"] == pytest.approx(32.18688)
    assert (row["surface"], row["foot"], row["motor_vehicle"], row["oneway"]) == ("asphalt", "designated", "no", "-1")
    assert row["smoothness"] == "good"
    assert (row["level"], row["layer"], row["bridge"]) == ("street", 0, False)
    assert row[["max_weight_t", "max_axle_load_t", "max_width_m", "max_height_m"]].tolist() == [3.5, 2.0, 2.3, 3.8]
    row = streets.loc["way/2"]
    assert (row["level"], row["layer"], row["bridge"], row["tunnel"]) == ("level1", 1, True, False)
    assert row["slope"] == pytest.approx(0.08)
    assert row["bridge_attribute"] == "viaduct"


def test_motorways_and_railways_are_not_for_people(put: Put) -> None:
    document = OsmDocument()
    document.way([(0, 0), (100, 0)], {"highway": "motorway"})
    document.way([(0, 50), (100, 50)], {"railway": "rail"})
    document.way([(0, 100), (100, 100)], {"highway": "footway", "width": "2"})
    city = read(put, document)
    assert city.roads["surface"].to_dict() == {"way/1": "motorway", "way/2": "railway", "way/3": "footway"}
    assert city.streets.index.tolist() == ["way/1", "way/3"]
    floor = make_walkable(city).floors["street"]
    assert_allclose(floor.area, 200 + math.pi, rtol=0.01)


def test_ways_that_meet_are_one_floor(put: Put) -> None:
    document = OsmDocument()
    document.way([(0, 0), (50, 0)], {"highway": "residential"})
    document.way([(50, 0), (90, 40)], {"highway": "residential"})
    document.way([(50, 0), (50, -40)], {"highway": "footway"})
    document.box(90, 30, 130, 70, {"place": "square"})
    document.box(0, 4, 40, 14, {"building": "yes", "building:levels": "2"})
    city = read(put, document)
    walkable = make_walkable(city)
    assert walkable.levels == ("street",)
    floor = walkable.floors["street"]
    assert floor.geom_type == "Polygon"
    assert floor.area > 1600 + 50 * 5.5 + 56 * 5.5 + 35 * 1.8 - 100
    assert floor.intersection(city.buildings.geometry.iloc[0]).area < 0.01
    assert city.roads.loc["way/4", "surface"] == "square"


def test_sidewalks_lie_beside_the_carriageway(put: Put) -> None:
    city = line(put, {"highway": "tertiary", "width": "6", "sidewalk": "both", "sidewalk:left:width": "3"})
    roads = city.roads
    assert roads.index.tolist() == ["way/1", "way/1#sidewalk-left", "way/1#sidewalk-right"]
    assert_allclose(roads.area[1:], [300, 180], rtol=2e-3)
    # the way runs east: its left side is the north
    assert roads.geometry.iloc[1].centroid.y > roads.geometry.iloc[0].centroid.y > roads.geometry.iloc[2].centroid.y
    assert roads["surface"].tolist() == ["street", "footway", "footway"]
    assert line(put, {"highway": "tertiary", "sidewalk": "separate"}).roads.index.tolist() == ["way/1"]
    right = line(put, {"highway": "tertiary", "sidewalk": "right"})
    assert right.roads.index.tolist() == ["way/1", "way/1#sidewalk-right"]


def test_closed_ways_are_areas_only_when_they_say_so(put: Put) -> None:
    document = OsmDocument()
    document.box(0, 0, 40, 40, {"highway": "pedestrian"})
    document.box(100, 0, 140, 40, {"highway": "pedestrian", "area": "yes"})
    outer, inner = document.box(200, 0, 240, 40), document.box(210, 10, 230, 30)
    document.relation([("way", outer, "outer"), ("way", inner, "inner")], {"type": "multipolygon", "highway": "pedestrian"})
    document.box(300, 0, 340, 40, {"area:highway": "footway"})
    document.way([(400, 0), (440, 0), (420, 30)], {"junction": "roundabout", "highway": "tertiary"}, close=True)
    city = read(put, document)
    assert city.streets.index.tolist() == ["way/1", "way/6"]
    area = city.roads.area
    assert_allclose(area[["way/2", "relation/1", "way/5"]], [1600, 1200, 1600], rtol=2e-3)
    # a ring of 5 m round 40 m x 40 m: outside corners are round, inside ones sharp
    assert_allclose(area["way/1"], 45**2 - 35**2 - (4 - math.pi) * 2.5**2, rtol=3e-3)


def bridge(put: Put, height: str | None = None) -> City:
    document = OsmDocument()
    document.way([(-100, 0), (-20, 0)], {"highway": "residential"})
    document.way([(-20, 0), (20, 0)], {"highway": "residential", "bridge": "yes", "layer": "1"})
    document.way([(20, 0), (100, 0)], {"highway": "residential"})
    document.way([(0, -80), (0, 80)], {"waterway": "canal", "width": "20"})
    document.way([(-15, -80), (-15, 80)], {"highway": "footway"})
    return read(put, document)


def test_a_bridge_is_a_level_joined_to_the_street(put: Put) -> None:
    city = bridge(put)
    assert city.bridges["level"].tolist() == ["level1"]
    assert_allclose(city.bridges.area, 40 * 6.5, rtol=2e-3)
    assert_allclose(city.water.area, 160 * 20 + 0.97 * math.pi * 100, rtol=0.01)
    walkable = make_walkable(city)
    assert walkable.levels == ("street", "level1")
    assert [(stair.lower, stair.upper) for stair in walkable.stairs] == [("street", "level1")] * 2
    assert [round(stair.up[0]) for stair in walkable.stairs] == [1, -1]
    assert all(stair.bottom_z_m == stair.top_z_m == 0.0 for stair in walkable.stairs)
    # the wharf runs on under the bridge
    middle = shapely.box(*city.streets.loc["way/5"].geometry.bounds).centroid
    assert walkable.floors["street"].contains(middle)
    assert walkable.floors["level1"].contains(middle)


def test_a_tunnel_is_a_level_below(put: Put) -> None:
    document = OsmDocument()
    document.way([(-100, 0), (-20, 0)], {"highway": "footway"})
    document.way([(-20, 0), (20, 0)], {"highway": "footway", "tunnel": "yes"})
    document.way([(20, 0), (100, 0)], {"highway": "footway"})
    document.way([(0, -50), (0, 50)], {"highway": "motorway"})
    city = read(put, document)
    assert city.tunnels.index.tolist() == ["way/2"]
    walkable = make_walkable(city)
    assert set(walkable.levels) == {"street", "level-1"}
    assert [(stair.lower, stair.upper) for stair in walkable.stairs] == [("level-1", "street")] * 2
    assert [round(stair.up[0]) for stair in walkable.stairs] == [-1, 1]


@pytest.mark.parametrize(("steps", "rise"), [({"step_count": "20"}, 3.4), ({}, WALK_LAYER_M)])
def test_steps_join_two_levels(put: Put, steps: dict[str, str], rise: float) -> None:
    document = OsmDocument()
    document.way([(-50, 0), (0, 0)], {"highway": "footway"})
    document.way([(0, 0), (0, 12)], {"highway": "steps", "width": "3", **steps})
    document.way([(0, 12), (60, 12)], {"highway": "footway", "bridge": "yes", "layer": "1"})
    city = read(put, document)
    row = city.stairs.loc["way/2"]
    assert (row["bottom_level"], row["top_level"]) == ("street", "level1")
    assert_allclose([row["bottom_z_m"], row["top_z_m"]], [0, rise])
    assert_allclose(row["up_azimuth_deg"], 0, atol=0.5)
    assert_allclose(row.geometry.area, 36, rtol=5e-3)
    assert "osm-steps-height" in city.quality.counts()
    walkable = make_walkable(city)
    assert [stair.id for stair in walkable.stairs] == ["way/2"]


def test_steps_on_one_level_are_floor(put: Put) -> None:
    document = OsmDocument()
    document.way([(-50, 0), (0, 0)], {"highway": "footway"})
    document.way([(0, 0), (0, 12)], {"highway": "steps"})
    document.way([(0, 12), (60, 12)], {"highway": "footway"})
    city = read(put, document)
    assert len(city.stairs) == 0
    assert make_walkable(city).floors["street"].geom_type == "Polygon"


def test_stairs_stand_on_the_terrain_there_is(put: Put) -> None:
    from twin.geo.readers.rows import FROM_GROUND, on_ground
    from twin.geo.terrain import Terrain
    from twin.grid import GridSpec

    city = bridge(put)
    assert FROM_GROUND not in city.stairs
    west, _, _, north = city.bounds
    grid = GridSpec(west, north, 20.0, (20, 20), "EPSG:7415")
    slope = np.repeat(np.arange(20, dtype=np.float32)[None, :], 20, axis=0)
    higher = City(city.crs, city.origin, terrain=Terrain(grid, slope))
    frame = city.stairs.assign(**{FROM_GROUND: True})
    lifted = on_ground(frame, higher)
    middle = frame.centroid
    assert_allclose(lifted["top_z_m"], higher.ground_at(middle.x.to_numpy(), middle.y.to_numpy()))
    assert lifted["bottom_z_m"].iloc[0] != lifted["bottom_z_m"].iloc[1]


def test_trees_rows_and_crowns(put: Put) -> None:
    document = OsmDocument()
    document.node(0, 0, natural="tree", height="12 m", diameter_crown="8", species="Tilia x europaea", circumference="1.5")
    document.node(9, 0, natural="tree", height="a lot")
    document.way([(0, 20), (40, 20)], {"natural": "tree_row"})
    document.way([(0, 40), (40, 40)], {"natural": "tree_row", "count": "3", "height": "9"})
    trees = read(put, document).trees
    assert trees.loc["node/1", ["height_m", "crown_diameter_m", "girth_m"]].tolist() == [12.0, 8.0, 1.5]
    assert trees.loc["node/1", "species"] == "Tilia x europaea"
    assert math.isnan(trees.loc["node/2", "height_m"])
    rows = trees[trees.index.str.startswith("way/1#")]
    assert len(rows) in (5, 6)
    assert_allclose(rows.geometry.iloc[0].distance(rows.geometry.iloc[1]), 40 / (len(rows) - 1), rtol=2e-3)
    assert trees.index[trees.index.str.startswith("way/2#")].tolist() == ["way/2#1", "way/2#2", "way/2#3"]
    assert trees.loc["way/2#3", "height_m"] == 9


def test_water_green_and_land_use(put: Put) -> None:
    document = OsmDocument()
    outer, island = document.box(0, 0, 100, 100), document.box(40, 40, 60, 60)
    document.relation([("way", outer, "outer"), ("way", island, "inner")], {"type": "multipolygon", "natural": "water"})
    document.way([(200, 0), (300, 0)], {"waterway": "ditch"})
    document.way([(200, 20), (300, 20)], {"waterway": "stream", "tunnel": "culvert"})
    document.box(400, 0, 420, 20, {"landuse": "grass"})
    document.box(430, 0, 450, 20, {"leisure": "park", "landuse": "residential"})
    document.box(460, 0, 480, 20, {"landuse": "retail"})
    city = read(put, document)
    assert_allclose(city.water.area[["relation/1", "way/3"]], [9600, 150 + math.pi * 0.75**2], rtol=3e-3)
    assert "way/4" not in city.water.index
    assert city.green["kind"].to_dict() == {"way/5": "grass", "way/6": "park"}
    assert city.landuse["kind"].to_dict() == {"way/7": "retail"}
    text = next(one.message for one in city.quality.findings if one.code == "osm-not-read")
    assert "waterway=stream (1)" in text


def test_furniture_stops_and_barriers(put: Put) -> None:
    document = OsmDocument()
    document.node(0, 0, highway="street_lamp", height="4")
    document.node(1, 0, amenity="bench")
    document.node(2, 0, barrier="bollard")
    document.node(3, 0, highway="bus_stop", name="Neude", bench="yes")
    document.node(4, 0, railway="tram_stop", name="Stadhuis")
    document.node(5, 0, shop="bakery")
    document.node(6, 0, **{"addr:housenumber": "7"})
    document.way([(0, 9), (30, 9)], {"barrier": "wall", "height": "2"})
    city = read(put, document)
    assert city.furniture["kind"].tolist() == ["lamp", "bench", "bollard"]
    assert city.furniture.loc["node/1", "height_m"] == 4
    assert city.stops[["name", "mode"]].to_numpy().tolist() == [["Neude", "bus"], ["Stadhuis", "tram"]]
    assert city.other.loc["way/1", "kind"] == "wall"
    finding = next(one for one in city.quality.findings if one.code == "osm-not-read")
    assert finding.severity == "info"
    assert finding.message.startswith("2 objects are of kinds that are not read: ")
    assert "shop=bakery (1)" in finding.message
    assert "addr:* (1)" in finding.message


def test_levels_stay_with_areas(put: Put) -> None:
    document = OsmDocument()
    document.box(0, 0, 40, 40, {"highway": "pedestrian", "area": "yes", "layer": "1", "surface": "sett"})
    document.box(50, 0, 90, 40, {"man_made": "bridge", "layer": "2"})
    document.box(100, 0, 140, 40, {"amenity": "parking", "parking": "underground"})
    document.box(150, 0, 190, 40, {"amenity": "parking"})
    city = read(put, document)
    assert city.roads[["surface", "level"]].to_numpy().tolist() == [["pedestrian", "level1"], ["parking", "street"]]
    assert city.roads.loc["way/1", "paving"] == "sett"
    assert city.bridges["level"].tolist() == ["level2"]


def footbridge(*flights: tuple[float, dict[str, str]], bottom: str = "footway") -> OsmDocument:
    """A deck of 60 m with steps of 12 m to a street south of it, at each of some places [m]."""
    document = OsmDocument()
    deck = sorted({0.0, 60.0, *(x for x, _ in flights)})
    document.way([(x, 12) for x in deck], {"highway": "footway", "bridge": "yes", "layer": "1"})
    for x, tags in flights:
        document.way([(x, 0), (x, 12)], {"highway": "steps", "width": "3", **tags})
    document.way([(x, 0) for x in deck], {"highway": bottom})
    return document


def test_a_deck_is_as_high_as_the_steps_to_it(put: Put) -> None:
    document = footbridge((0, {"step_count": "20"}), (30, {}), (60, {"step_count": "22"}))
    document.box(-1, 10, 61, 14, {"man_made": "bridge", "layer": "1"})
    city = read(put, document)
    rise = 0.17 * 21
    assert_allclose(city.stairs["top_z_m"], rise)
    assert_allclose(city.stairs["bottom_z_m"], 0)
    assert_allclose(city.bridges["z_m"], rise)
    assert city.roads["z_m"].notna().tolist() == [name == "way/1" for name in city.roads.index]
    assert not {"z_of_deck", "z_of_top_deck", "z_of_bottom_deck", "z_from_ground"} & {*city.roads, *city.stairs, *city.bridges}
    told = {one.object_id: one.message for one in city.quality.findings if one.code == "osm-steps-height"}
    assert told["way/3"] == "layers 0 and 1 are taken to be 3.6 m apart; other steps there state their number"
    assert make_walkable(city).heights["level1"][0][1] == pytest.approx(rise)


def test_a_deck_above_a_deck_counts_from_it(put: Put) -> None:
    document = footbridge((0, {"step_count": "60"}))
    document.way([(60, 12), (60, 24)], {"highway": "steps", "width": "3", "step_count": "10"})
    document.way([(60, 24), (0, 24)], {"highway": "footway", "bridge": "yes", "layer": "2"})
    city = read(put, document)
    assert_allclose(city.bridges.loc[["way/1", "way/5"], "z_m"], [10.2, 11.9])
    assert_allclose(city.stairs.loc["way/4", ["bottom_z_m", "top_z_m"]].astype(float), [10.2, 11.9])
    assert set(make_walkable(city).levels) == {"street", "level1", "level2"}


def test_a_deck_is_level_above_a_slope(put: Put) -> None:
    from twin.geo.terrain import Terrain
    from twin.geo.writers.geotiff import write_geotiff
    from twin.grid import GridSpec

    path = put(footbridge((0, {"step_count": "20"}), (60, {"step_count": "20"})).text(), "streets.osm")
    flat = read_city(path)
    west, south, east, north = flat.bounds
    grid = GridSpec(west - 20, north + 20, 10.0, (int(north - south) // 10 + 5, int(east - west) // 10 + 5), "EPSG:28992")
    height = np.repeat(np.linspace(0, 3, grid.shape[1], dtype=np.float32)[None, :], grid.shape[0], axis=0)
    write_geotiff(City(flat.crs, flat.origin, terrain=Terrain(grid, height)), path.parent / "dtm.tif")
    city = read_city([path, path.parent / "dtm.tif"])
    (deck,) = city.bridges["z_m"]
    assert deck - 3.4 == pytest.approx(float(height.mean()), abs=0.3)
    assert_allclose(city.stairs["top_z_m"], deck)
    assert city.stairs["bottom_z_m"].max() - city.stairs["bottom_z_m"].min() > 1.0
    assert len(make_walkable(city).stairs) == 2


@pytest.mark.parametrize(("ramp", "raised"), [(12.0, False), (40.0, True)])
def test_a_deck_that_comes_down_at_once_lies_on_the_ground(put: Put, ramp: float, raised: bool) -> None:
    document = footbridge((0, {"step_count": "20"}))
    document.way([(60, 12), (60 + ramp, 12)], {"highway": "footway", "bridge": "yes", "layer": "1"})
    document.way([(60 + ramp, 12), (200, 12)], {"highway": "footway"})
    city = read(put, document)
    assert np.isfinite(city.bridges["z_m"]).tolist() == [raised, False]
    make_walkable(city)


def test_an_ordinary_bridge_stays_on_the_ground(put: Put) -> None:
    assert not np.isfinite(bridge(put).bridges["z_m"]).any()


def test_steps_that_lead_nowhere_are_told(put: Put) -> None:
    document = footbridge((0, {"step_count": "20"}))
    document.way([(60, 12), (60, 40)], {"highway": "steps"})
    document.way([(0, -20), (0, 0)], {"highway": "steps"})
    city = read(put, document)
    (told,) = [one for one in city.quality.findings if one.code == "osm-steps"]
    assert told.object_id == "way/4"
    assert "from layer 1 to where no way meets them" in told.message
    assert city.stairs.index.tolist() == ["way/2"]


@pytest.mark.parametrize(("layer", "told"), [("0", True), ("1", False)])
def test_steps_on_a_deck_state_its_layer(put: Put, layer: str, told: bool) -> None:
    document = OsmDocument()
    document.way([(0, 0), (40, 0)], {"highway": "footway", "bridge": "yes", "layer": "1"})
    document.way([(40, 0), (50, 0)], {"highway": "steps", "layer": layer})
    document.way([(50, 0), (90, 0)], {"highway": "footway", "bridge": "yes", "layer": "1"})
    assert ("osm-steps" in read(put, document).quality.counts()) == told


def test_steps_join_squares_too(put: Put) -> None:
    document = OsmDocument()
    document.box(-40, -40, 0, 0, {"highway": "pedestrian", "area": "yes"})
    document.way([(0, 0), (0, 12)], {"highway": "steps", "width": "3", "step_count": "20"})
    document.box(0, 12, 40, 52, {"highway": "pedestrian", "area": "yes", "layer": "1"})
    city = read(put, document)
    assert city.stairs.loc["way/2", ["bottom_level", "top_level"]].tolist() == ["street", "level1"]
    assert_allclose(city.roads.loc["way/3", "z_m"], 3.4)
    assert "osm-steps" not in city.quality.counts()
    make_walkable(city)
